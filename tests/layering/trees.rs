//! The reader of crates held against small trees of files whose arrows are known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::circles::circles;
use crate::source::Crate;

fn tree(files: &[(&str, &str)]) -> Crate {
    let files: BTreeMap<PathBuf, &str> =
        files.iter().map(|(path, text)| (PathBuf::from(path), *text)).collect();
    Crate::read(Path::new("lib.rs"), &|path| files.get(path).map(|text| (*text).to_owned()))
}

/// The arrows as `a.rs -> b.rs: Name`.
fn arrows(own: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for ((from, to), names) in own.ties() {
        for (name, _) in names {
            let (from, to) = (own.files[from].path.display(), own.files[to].path.display());
            found.push(format!("{from} -> {to}: {name}"));
        }
    }
    found.sort();
    found
}

#[test]
fn a_straight_tree_has_no_circle() {
    let own = tree(&[
        ("lib.rs", "pub mod a; pub mod b; mod c { pub fn inner() {} }"),
        ("a/mod.rs", "mod deep; mod flat; pub use deep::Deep; pub use self::flat::{flat, Kind as K};"),
        ("a/deep.rs", "use super::flat; pub struct Deep(u8); fn f() { flat::flat(); }"),
        ("a/flat.rs", "pub fn flat() {} pub enum Kind { A }"),
        ("b.rs", "use crate::{a::{self, K}, c}; fn g(k: K) { a::flat(); c::inner(); std::fs::read(1); }"),
    ]);
    assert_eq!(
        arrows(&own),
        [
            "a/deep.rs -> a/flat.rs: flat",
            "b.rs -> a/flat.rs: Kind",
            "b.rs -> a/flat.rs: flat",
            "b.rs -> lib.rs: inner"
        ]
    );
    assert_eq!(circles(&own), Vec::<String>::new());
    // A function called like a module is not what lies in the module.
    let own = tree(&[
        ("lib.rs", "mod room;"),
        ("room.rs", "mod chip; mod model; pub fn chip() -> chip::Chip { chip::Chip }"),
        ("room/chip.rs", "pub struct Chip;"),
        ("room/model.rs", "use super::chip::Chip; pub struct Model(Chip);"),
    ]);
    assert_eq!(arrows(&own), ["room.rs -> room/chip.rs: Chip", "room/model.rs -> room/chip.rs: Chip"]);
}

#[test]
fn a_circle_through_super_is_found() {
    let own = tree(&[
        ("lib.rs", "mod room;"),
        ("room/mod.rs", "mod part; pub struct Whole; pub fn f() { part::g(); }"),
        ("room/part.rs", "use super::Whole; pub fn g() -> Whole { Whole }"),
    ]);
    assert_eq!(
        circles(&own),
        ["A circle of 2 files:\n  pairs that name each other:\n    \
          room/mod.rs -> room/part.rs: g (line 1)\n    room/part.rs -> room/mod.rs: Whole (line 1)"]
    );
}

#[test]
fn a_circle_through_a_reexport_is_found() {
    let own = tree(&[
        ("lib.rs", "mod room;"),
        ("room/mod.rs", "mod a; mod b; pub use a::A as First; pub use b::B;"),
        ("room/a.rs", "use super::B; pub struct A(B);"),
        ("room/b.rs", "use crate::room; pub struct B; fn f(_: room::First) {}"),
    ]);
    assert_eq!(arrows(&own), ["room/a.rs -> room/b.rs: B", "room/b.rs -> room/a.rs: A"]);
    assert_eq!(circles(&own).len(), 1);
    // Whoever hands on and uses what it hands on uses it all the same.
    let own = tree(&[
        ("lib.rs", "mod room;"),
        ("room.rs", "mod a; pub use a::A; pub struct R(A); impl R { pub fn a(&self) {} }"),
        ("room/a.rs", "pub struct A(Option<Box<super::R>>);"),
    ]);
    assert_eq!(arrows(&own), ["room.rs -> room/a.rs: A", "room/a.rs -> room.rs: R"]);
}

#[test]
fn a_circle_through_inline_paths_macros_and_attributes_is_found() {
    let own = tree(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "pub fn f() { super::b::g() } pub const A: u8 = 1;"),
        ("b.rs", "pub fn g() { view!(<p>{crate::c::C}</p>); }"),
        ("c.rs", "pub const C: u8 = 1; #[serde(with = \"crate::d::with\")] struct S;"),
        ("d.rs", "pub mod with {} macro_rules! m { () => { $crate::a::A } }"),
    ]);
    assert_eq!(
        arrows(&own),
        ["a.rs -> b.rs: g", "b.rs -> c.rs: C", "d.rs -> a.rs: A"],
        "a module alone is no item"
    );
    assert_eq!(circles(&own), Vec::<String>::new());
    let own = tree(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "pub fn f() { super::b::g() } pub const A: u8 = 1;"),
        ("b.rs", "pub fn g() { view!(<p>{crate::c::C}</p>); }"),
        ("c.rs", "pub const C: u8 = 1; #[serde(with = \"crate::d::with\")] struct S;"),
        ("d.rs", "pub fn with() {} macro_rules! m { () => { $crate::a::A } }"),
    ]);
    let [circle] = &circles(&own)[..] else { panic!("one circle of four files is expected") };
    assert!(circle.starts_with("A circle of 4 files:"), "{circle}");
}

#[test]
fn a_circle_of_three_files_is_found() {
    let own = tree(&[
        ("lib.rs", "mod a; mod b; mod c; mod apart;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "use crate::c::{C as See, D}; pub struct B(See, D);"),
        ("c.rs", "use crate::{a::A}; pub struct C(A); pub struct D;"),
        ("apart.rs", "use crate::a::A; fn f(_: A) {}"),
    ]);
    assert_eq!(
        circles(&own),
        ["A circle of 3 files:\n  further arrows:\n    a.rs -> b.rs: B (line 1)\n    \
          c.rs -> a.rs: A (line 1)\n    b.rs -> c.rs: C (line 1), D (line 1)"]
    );
}

#[test]
fn tests_draw_no_arrow() {
    let own = tree(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod checks;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use super::*; use crate::b::B; }"),
        ("b.rs", "use crate::a::A; pub struct B(A); impl B { #[cfg(test)] fn t() { crate::checks::t(); } }"),
        ("checks.rs", "use crate::b::B; #[cfg(all(test, unix))] fn u() {} pub fn t() {}"),
    ]);
    assert_eq!(arrows(&own), ["b.rs -> a.rs: A"]);
    let own = tree(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; #[cfg(not(test))] use crate::b::B;"),
        ("b.rs", "use crate::a::A; pub struct B(A);"),
    ]);
    assert_eq!(circles(&own).len(), 1);
}

#[test]
fn variables_are_not_the_items_that_they_hide() {
    let own = tree(&[
        ("lib.rs", "pub mod room;"),
        ("room.rs", "mod a; mod cost; pub use cost::cost; fn f(cost: u8) -> u8 { g!(cost); cost + 1 }"),
        ("room/a.rs", "fn f() {}"),
        ("room/cost.rs", "pub fn cost() {}"),
    ]);
    assert_eq!(arrows(&own), Vec::<String>::new());
}

#[test]
fn a_macro_ties_to_the_file_that_defines_it() {
    let own = tree(&[
        ("lib.rs", "mod room;"),
        (
            "room.rs",
            "macro_rules! quantity { ($n:ident) => { pub struct $n; } } mod a; quantity!(Made); fn write() {}",
        ),
        ("room/a.rs", "use super::Made; quantity!(Other); fn f() { write!(); }"),
    ]);
    assert_eq!(arrows(&own), ["room/a.rs -> room.rs: Made", "room/a.rs -> room.rs: quantity"]);
}

#[test]
fn stars_are_found() {
    let own = tree(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::*; use leptos::prelude::*; use crate::b::Kind::*;"),
        ("b.rs", "pub enum Kind { A } #[cfg(test)] mod tests { use super::*; }"),
    ]);
    assert_eq!(own.globs(), [(1, 1)]);
    assert_eq!(arrows(&own), ["a.rs -> b.rs: Kind"]);
}

#[test]
fn files_are_found_where_a_path_says() {
    let own = tree(&[
        ("lib.rs", "#[path = \"data\"] mod room { mod a; mod b; } #[path = \"far/off.rs\"] mod c;"),
        ("data/a.rs", "use crate::c::C; pub struct A(C);"),
        ("data/b.rs", "use super::a::A; pub struct B(A);"),
        ("far/off.rs", "mod near; pub use near::C;"),
        ("far/near.rs", "pub struct C;"),
    ]);
    assert_eq!(arrows(&own), ["data/a.rs -> far/near.rs: C", "data/b.rs -> data/a.rs: A"]);
}

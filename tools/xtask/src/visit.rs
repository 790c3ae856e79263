//! Finds out which functions of the page a first visit runs, and writes the list of those that it does not run, for
//! `cold` to cut the page by.
//!
//! The page is built so that it notes which of its functions are called; `tests/e2e/visit.mjs` then opens it in a browser
//! as first visitors do, and moves its sliders. Nothing goes wrong where the list is old: a function that it does not
//! name is in the first half, and one that it names wrongly is fetched when it is called. But then a first visit weighs
//! more, or waits; the size budget and a browser test notice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::bundle::watched_bundle;
use crate::names::{Function, LIST};
use crate::serve::{Place, start};
use crate::setup;
use crate::site::Site;
use crate::step::{run_watched, step};

/// Names that make up fewer bytes than this are not worth a line.
const WORTH_A_LINE: usize = 30;

/// What stands at the top of the list.
const HEAD: &str = "\
# Functions of the page that a first visit does not run, or all whose names begin so. Written by `cargo xtask visit`;
# tools/xtask/src/visit.rs says what for.
";

/// Visits the page and writes the list.
pub fn visit(root: &Path) -> Result<()> {
    let folder = root.join("tests").join("e2e");
    setup::node()?;
    let chromium = setup::chromium()?;
    setup::npm_packages(&folder)?;
    let (site, functions) = watched_bundle(root)?;
    let called = step("visit the page", || called(&folder, &chromium, site))?;
    let list = list(&functions, &called);
    println!(
        "{} of {} functions are called; {LIST} has {} lines",
        called.len(),
        functions.len(),
        list.lines().count()
    );
    fs::write(root.join(LIST), list)?;
    Ok(())
}

/// The numbers of the functions that visits call.
fn called(folder: &Path, chromium: &Path, site: Site) -> Result<BTreeSet<usize>> {
    let at = Place { host: "127.0.0.1".to_owned(), port: 0, base: "/".to_owned() };
    let served = start(Arc::new(site), &at, false)?;
    let mut last = String::new();
    let mut node = Command::new("node");
    node.current_dir(folder)
        .arg("visit.mjs")
        .env("TANDEM_URL", &served.url)
        .env("TANDEM_DEEP_URL", &served.url)
        .env("CHROME", chromium);
    run_watched(&mut node, |line| line.clone_into(&mut last))?;
    let called: BTreeSet<usize> = serde_json::from_str(&last).context("the visits tell no numbers")?;
    if called.is_empty() {
        bail!("no function of the page was called");
    }
    Ok(called)
}

/// The list of what is never called, with one line for all names that begin alike.
fn list(functions: &[Function], called: &BTreeSet<usize>) -> String {
    let mut names: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for (number, function) in functions.iter().enumerate().filter(|(_, own)| !own.name.is_empty()) {
        let (bytes, hot) = names.entry(&function.name).or_default();
        *bytes += function.bytes;
        *hot |= called.contains(&number);
    }
    let names: Vec<(&str, usize, bool)> =
        names.into_iter().map(|(name, (bytes, hot))| (name, bytes, hot)).collect();
    let mut list = HEAD.to_owned();
    gather(&names, 0, &mut list);
    list
}

/// Adds lines for names that share their first `shared` bytes.
fn gather(mut names: &[(&str, usize, bool)], shared: usize, list: &mut String) {
    let cold = |names: &[(&str, usize, bool)]| {
        names.iter().filter(|(.., hot)| !hot).map(|(_, bytes, _)| bytes).sum()
    };
    let enough: usize = cold(names);
    if enough < WORTH_A_LINE {
        return;
    }
    let Some((one, ..)) = names.first() else { return };
    if shared > 0 && names.iter().all(|(.., hot)| !hot) {
        // Up to the next word, where all agree on what is before it.
        let end = one.get(shared..).and_then(|rest| rest.find(|letter| !divides(letter))).unwrap_or(0);
        let start = one.get(..shared + end).unwrap_or(one);
        let start = if names.iter().all(|(own, ..)| own.starts_with(start)) {
            start
        } else {
            one.get(..shared).unwrap_or(one)
        };
        let _ = writeln!(list, "{start}{}", if start.len() < one.len() { "*" } else { "" });
        return;
    }
    while let Some((name, _, hot)) = names.first() {
        let first = word(name, shared);
        let alike = names.iter().take_while(|(own, ..)| word(own, shared) == first).count();
        let (group, rest) = names.split_at(alike.max(1));
        if !first.is_empty() {
            gather(group, shared + first.len(), list);
        } else if !hot && cold(group) >= WORTH_A_LINE {
            let _ = writeln!(list, "{name}");
        }
        names = rest;
    }
}

/// The next word of a name, with the letter that divides it from another.
fn word(name: &str, from: usize) -> &str {
    let rest = name.get(from..).unwrap_or_default();
    match rest.char_indices().find(|(_, letter)| divides(*letter)) {
        Some((end, letter)) => rest.get(..end + letter.len_utf8()).unwrap_or(rest),
        None => rest,
    }
}

fn divides(letter: char) -> bool {
    !(letter.is_alphanumeric() || letter == '_' || letter == '#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;

    #[test]
    fn names_that_begin_alike_share_a_line() {
        let functions: Vec<Function> =
            ["a::hot", "a::b::one", "a::b::two", "a::c<d>", "small", "e::f", "e::f::{closure#0}", ""]
                .iter()
                .map(|name| Function {
                    name: (*name).to_owned(),
                    bytes: if *name == "small" { 9 } else { 500 },
                })
                .collect();
        let text = list(&functions, &BTreeSet::from([0, 6]));
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["a::b::*", "a::c<*", "e::f"]);
        let names = Names::of(&text);
        for (number, function) in functions.iter().enumerate() {
            assert_eq!(names.has(&function.name), [1, 2, 3, 5].contains(&number), "{}", function.name);
        }
        assert!(names.has("a::b::new"), "what begins like cold names is cold");
        assert!(!names.has("e::f::new"));
    }
}

//! The house keeps its shape: arrows point up, the core stays pure, and every file says what it is for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms as `src/lib.rs` lists them, from the first question to the last.
const ROOMS: [&str; 18] = [
    "units", "catalog", "scenario", "machine", "pass", "serve", "replay", "cost", "evidence", "evaluate",
    "check", "metric", "explore", "chart", "report", "figure", "jobs", "web",
];

/// Rooms below the core: they show results and may meet the outside world.
const FRONT: [&str; 1] = ["web"];

/// A file of the library.
struct Source {
    path: PathBuf,
    /// The room it is in; `None` for `lib.rs`.
    room: Option<String>,
    text: String,
}

impl Source {
    /// The lines with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| {
            let comment = line.trim_start().starts_with("//");
            (index + 1, if comment { "" } else { line.split(" // ").next().unwrap_or(line) })
        })
    }

    fn is_core(&self) -> bool {
        self.room.as_deref().is_none_or(|room| !FRONT.contains(&room))
    }
}

/// All files of the library: everything under `src` but the command line.
fn library() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&src, &mut paths);
    paths.sort();
    let sources: Vec<Source> = paths
        .into_iter()
        .filter(|path| !is_command_line(path))
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            let name = first.strip_suffix(".rs").unwrap_or(first);
            let room = (name != "lib").then(|| name.to_owned());
            let text = fs::read_to_string(&path).unwrap();
            Source { path, room, text }
        })
        .collect();
    assert!(sources.len() > 30, "only {} files found", sources.len());
    sources
}

fn is_command_line(path: &Path) -> bool {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path == src.join("main.rs") || path == src.join("cli.rs") || path.starts_with(src.join("cli"))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Names that follow `crate::` in a piece of code, also inside braces.
fn rooms_named(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let mut rest = code;
    while let Some((_, after)) = rest.split_once("crate::") {
        rest = after;
        if let Some(group) = after.strip_prefix('{') {
            // The first name of each item at the outermost level.
            let (mut depth, mut start) = (0, true);
            let mut name = String::new();
            for symbol in group.chars() {
                match symbol {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ => {}
                }
                if depth == 0 && start && (symbol.is_alphanumeric() || symbol == '_') {
                    name.push(symbol);
                } else if !name.is_empty() {
                    rooms.push(std::mem::take(&mut name));
                    start = false;
                }
            }
            rooms.extend((!name.is_empty()).then_some(name));
        } else {
            let end =
                after.find(|symbol: char| !symbol.is_alphanumeric() && symbol != '_').unwrap_or(after.len());
            rooms.push(after[..end].to_owned());
        }
    }
    rooms
}

#[test]
fn names_are_found_in_every_form_of_import() {
    assert_eq!(rooms_named("use crate::units::Seconds;"), ["units"]);
    assert_eq!(
        rooms_named("use crate::{units::{Bytes, Seconds}, catalog::Chip, pass};"),
        ["units", "catalog", "pass"]
    );
    assert_eq!(rooms_named("fn f(a: crate::cost::Costs) -> crate::units::Bytes"), ["cost", "units"]);
    assert_eq!(rooms_named("let crates = 3;"), Vec::<String>::new());
}

#[test]
fn the_map_lists_the_rooms_in_order() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let places: Vec<usize> = declared
        .iter()
        .map(|room| {
            ROOMS
                .iter()
                .position(|known| known == room)
                .unwrap_or_else(|| panic!("{room} is no room of the house"))
        })
        .collect();
    assert!(places.is_sorted(), "src/lib.rs declares rooms out of order: {declared:?}");
}

#[test]
fn arrows_point_up() {
    let mut wrong = Vec::new();
    for source in library() {
        let Some(room) = &source.room else { continue };
        let here = ROOMS
            .iter()
            .position(|known| known == room)
            .unwrap_or_else(|| panic!("{} is in no room of the house", source.path.display()));
        let code: Vec<(usize, &str)> = source.code().collect();
        for &(line, text) in &code {
            for used in rooms_named(text) {
                let above = ROOMS.iter().position(|known| *known == used).is_some_and(|there| there <= here);
                // A name that is no room is an item of lib.rs, which has none.
                if !above {
                    wrong.push(format!(
                        "{}:{line}: {room} uses {used}, which is below it",
                        source.path.display()
                    ));
                }
            }
        }
        // Imports over several lines.
        let joined: String = code.iter().map(|(_, text)| text.trim()).collect();
        for used in rooms_named(&joined) {
            let above = ROOMS.iter().position(|known| *known == used).is_some_and(|there| there <= here);
            if !above {
                wrong.push(format!("{}: {room} uses {used}, which is below it", source.path.display()));
            }
        }
        // The way out through `super` would hide an arrow from this test.
        let depth = module_depth(&source.path);
        let deepest = joined.matches("super::super::").count();
        if deepest > 0 && depth < 3 && !joined.contains("mod tests") {
            wrong.push(format!("{}: leaves its room through super::super::", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many modules deep a file is: 1 for `src/room.rs` and `src/room/mod.rs`.
fn module_depth(path: &Path) -> usize {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    inside.components().count() - usize::from(inside.ends_with("mod.rs"))
}

#[test]
fn the_command_line_uses_the_library_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in ["main.rs", "cli.rs"] {
        let text = fs::read_to_string(src.join(name)).unwrap();
        assert!(rooms_named(&text).is_empty(), "{name} reaches into the library by crate::");
        assert!(!text.contains("#[path"), "{name} includes a file of the library");
    }
}

#[test]
fn the_core_knows_no_browser_and_no_machine() {
    // No browser; no clock, files, network, threads or environment; no container whose order differs between runs.
    const FOREIGN: [&str; 17] = [
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "leptos",
        "gloo",
        "plotters_canvas",
        "std::fs",
        "std::net",
        "std::time",
        "std::thread",
        "std::env::",
        "std::process",
        "std::io",
        "Instant::now",
        "SystemTime",
        "HashMap",
        "HashSet",
    ];
    let mut wrong = Vec::new();
    for source in library().into_iter().filter(Source::is_core) {
        for (line, text) in source.code() {
            for name in FOREIGN.into_iter().filter(|name| text.contains(name)) {
                wrong.push(format!("{}:{line}: {name} has no place in the core", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The standard library takes these from the platform, so that their last digit may differ between native and WASM.
#[test]
fn transcendental_functions_come_from_libm() {
    const METHODS: [&str; 27] = [
        "ln", "log", "log2", "log10", "ln_1p", "exp", "exp2", "exp_m1", "powf", "powi", "sin", "cos", "tan",
        "sin_cos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
        "cbrt", "hypot", "gamma",
    ];
    let mut wrong = Vec::new();
    for source in library().into_iter().filter(Source::is_core) {
        for (line, text) in source.code() {
            for method in METHODS {
                // A path such as f64::exp must end there: f64::expand would be something else.
                let path = text.split(&format!("f64::{method}")).nth(1).is_some_and(|rest| {
                    !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
                });
                if path || text.contains(&format!(".{method}(")) {
                    wrong.push(format!("{}:{line}: use libm for {method}", source.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in library() {
        assert!(source.text.starts_with("//! "), "{} does not open with //!", source.path.display());
    }
    for name in ["main.rs", "cli.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
        assert!(fs::read_to_string(path).unwrap().starts_with("//! "), "{name} does not open with //!");
    }
}

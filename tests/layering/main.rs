//! The house keeps its shape: arrows point up, no circle of files, the core stays pure, functions stay short, and every
//! file says what it is for.
//!
//! | file | what |
//! |---|---|
//! | `source` | a crate as its source says it |
//! | `names` | what code names |
//! | `resolve` | where a name is defined |
//! | `circles` | files that name each other |
//! | `functions` | how long functions are and how much they ask for |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

mod circles;
mod functions;
mod names;
mod resolve;
mod source;
#[cfg(test)]
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use resolve::Target;
use source::{Crate, File, FileId};

/// The rooms as `src/lib.rs` lists them, from the first question to the last.
const ROOMS: [&str; 18] = [
    "units", "catalog", "scenario", "machine", "pass", "serve", "replay", "cost", "evidence", "evaluate",
    "check", "metric", "explore", "chart", "report", "figure", "jobs", "web",
];

/// Rooms below the core: they show results and may meet the outside world.
const FRONT: [&str; 1] = ["web"];

/// From its signature to its closing brace.
const LONGEST_FUNCTION: usize = 100;
/// With `self`; a component's properties are parameters.
const MOST_PARAMETERS: usize = 7;

/// Where crates are, beside the library's own `build.rs`.
const FOLDERS: [&str; 3] = ["src", "crates", "tools"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every crate of the workspace, read once: the library, the command line, build scripts, crates and tools.
fn crates() -> &'static [Crate] {
    static CRATES: OnceLock<Vec<Crate>> = OnceLock::new();
    CRATES.get_or_init(|| {
        let files = sources();
        let roots = files.iter().filter(|path| is_root(path));
        let read = |path: &Path| fs::read_to_string(root().join(path)).ok();
        roots.map(|path| Crate::read(path, &read)).collect()
    })
}

/// All Rust files under the folders of crates, tests of tools left out, from the root of the repository.
fn sources() -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from("build.rs")];
    for folder in FOLDERS {
        collect(Path::new(folder), &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 100, "only {} files found", paths.len());
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            if !path.ends_with("tests") && !path.ends_with("target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Whether the compiler starts a crate from this file.
fn is_root(path: &Path) -> bool {
    let name = path.file_name().unwrap();
    let folder = path.parent().unwrap();
    name == "build.rs"
        || folder.ends_with("libfuzzer")
        || folder.ends_with("src") && (name == "lib.rs" || name == "main.rs")
}

fn crate_of(path: &str) -> &'static Crate {
    let found =
        crates().iter().find(|own| own.files.first().is_some_and(|file| file.path == Path::new(path)));
    found.unwrap_or_else(|| panic!("no crate starts from {path}"))
}

fn library() -> &'static Crate {
    crate_of("src/lib.rs")
}

/// The room of a file of the library; `None` for `lib.rs`, which is the map.
fn room(file: &File) -> Option<usize> {
    let inside = file.path.strip_prefix("src").unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    let name = first.strip_suffix(".rs").unwrap_or(first);
    let place = ROOMS.iter().position(|known| *known == name);
    assert!(place.is_some() || name == "lib", "{} is in no room of the house", file.path.display());
    place
}

/// Files of the library that show nothing and meet nobody.
fn core() -> impl Iterator<Item = (FileId, &'static File)> {
    let shows = |file: &File| room(file).is_some_and(|place| FRONT.contains(&ROOMS[place]));
    library().files.iter().enumerate().filter(move |(_, file)| !shows(file))
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n{} in all", wrong.join("\n"), wrong.len());
}

#[test]
fn every_file_belongs_to_a_crate() {
    let read: BTreeSet<&Path> =
        crates().iter().flat_map(|own| own.files.iter().map(|file| &*file.path)).collect();
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|path| !read.contains(&***path))
        .map(|path| format!("{}: no mod leads to it", path.display()))
        .collect();
    none(&wrong);
}

#[test]
fn the_map_lists_the_rooms_in_order() {
    let lib = &library().files[0];
    let declared: Vec<&str> = library().modules[0].children.iter().map(|child| &*child.0).collect();
    assert_eq!(declared, ROOMS, "the modules of src/lib.rs");
    let told: Vec<&str> = lib
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split('|').next())
        .map(|cell| cell.trim().trim_matches(['[', ']', '`']))
        .filter(|cell| *cell != "room")
        .collect();
    assert_eq!(told, ROOMS, "the map in src/lib.rs");
}

#[test]
fn arrows_point_up() {
    let library = library();
    let mut wrong = Vec::new();
    for file in &library.files {
        let Some(here) = room(file) else { continue };
        for name in &file.names {
            for target in library.targets(name) {
                let there = match target {
                    Target::Module(0) => continue,
                    Target::Module(module) => library.modules[module].file,
                    Target::Item(there, _) => there,
                    Target::Foreign(_) => continue,
                };
                let there = room(&library.files[there]);
                if there.is_none_or(|there| there > here) {
                    let used = there.map_or("lib.rs", |place| ROOMS[place]);
                    wrong.push(format!(
                        "{}:{}: {} uses {}, and {used} is below it",
                        file.path.display(),
                        name.line,
                        ROOMS[here],
                        name.path.segments.join("::"),
                    ));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_files_run_in_circles() {
    none(&crates().iter().flat_map(circles::circles).collect::<Vec<_>>());
}

/// What a file imports by a star, nobody can follow.
#[test]
fn imports_are_named() {
    let mut wrong = Vec::new();
    for own in crates() {
        for (file, line) in own.globs() {
            wrong.push(format!("{}:{line}: name what is imported", own.files[file].path.display()));
        }
    }
    none(&wrong);
}

#[test]
fn functions_are_short() {
    let mut wrong = Vec::new();
    for (path, function) in functions() {
        if function.lines > LONGEST_FUNCTION {
            wrong.push(format!("{path}:{}: {} has {} lines", function.line, function.name, function.lines));
        }
    }
    none(&wrong);
}

#[test]
fn functions_ask_for_little() {
    let mut wrong = Vec::new();
    for (path, function) in functions() {
        if function.parameters > MOST_PARAMETERS && !function.excused {
            let (name, count) = (&function.name, function.parameters);
            wrong.push(format!(
                "{path}:{}: {name} has {count} parameters; say why in #[expect(clippy::too_many_arguments, reason = …)]",
                function.line
            ));
        }
    }
    none(&wrong);
}

/// All functions, each once even where two crates share a file.
fn functions() -> impl Iterator<Item = (std::path::Display<'static>, &'static functions::Function)> {
    let files: BTreeMap<&Path, &File> =
        crates().iter().flat_map(|own| &own.files).map(|file| (&*file.path, file)).collect();
    files
        .into_iter()
        .flat_map(|(path, file)| file.functions.iter().map(move |function| (path.display(), function)))
}

#[test]
fn the_command_line_uses_the_library_only() {
    for file in &crate_of("src/main.rs").files {
        let path = file.path.strip_prefix("src").unwrap();
        let own = path == Path::new("main.rs") || path == Path::new("cli.rs") || path.starts_with("cli");
        let shown = path.display();
        assert!(own, "{shown} is compiled a second time into the command line");
        assert!(!file.displaced, "{shown} includes a file of the library");
        let inside = file.names.iter().find(|name| name.path.segments[0] == "crate");
        assert!(inside.is_none(), "{shown} names something by crate::, as if it were in the library");
    }
}

#[test]
fn the_core_knows_no_browser_and_no_machine() {
    // No browser.
    const CRATES: [&str; 6] = ["web_sys", "js_sys", "wasm_bindgen", "leptos", "gloo", "plotters_canvas"];
    // No clock, files, network, threads or environment.
    const STANDARD: [&str; 7] = ["fs", "net", "time", "thread", "env", "process", "io"];
    // No container whose order differs between runs; and again no clock, by whatever path it comes.
    const TYPES: [&str; 4] = ["HashMap", "HashSet", "Instant", "SystemTime"];
    let mut wrong = Vec::new();
    for (_, file) in core() {
        for name in &file.names {
            for target in library().targets(name) {
                let Target::Foreign(path) = target else { continue };
                let foreign = match &path[..] {
                    [first, ..] if CRATES.contains(&&**first) => true,
                    [first, second, ..] if matches!(&**first, "std" | "core" | "alloc") => {
                        STANDARD.contains(&&**second) || path.iter().any(|part| TYPES.contains(&&**part))
                    }
                    _ => path.iter().any(|part| TYPES.contains(&&**part)),
                };
                if foreign {
                    let path = path.join("::");
                    let shown = file.path.display();
                    wrong.push(format!("{shown}:{}: {path} has no place in the core", name.line));
                }
            }
        }
    }
    none(&wrong);
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
    for (_, file) in core() {
        for (method, line) in file.methods.iter().filter(|(method, _)| METHODS.contains(&&**method)) {
            wrong.push(format!("{}:{line}: use libm for {method}", file.path.display()));
        }
    }
    none(&wrong);
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for file in crates().iter().flat_map(|own| &own.files) {
        if !file.text.starts_with("//! ") {
            wrong.push(format!("{} does not open with //!", file.path.display()));
        }
    }
    none(&wrong);
}

//! The fast half of the tests: formatting, lints for every target the code is built for, native tests.

use std::path::Path;

use anyhow::{Result, bail};

use crate::licences;
use crate::setup::{self, WASM};
use crate::step::{ask, cargo, run, run_watched, step};
use crate::tally::Tally;

/// Runs every check, cheapest first, and counts the tests.
pub fn check(root: &Path) -> Result<Tally> {
    setup::lint_tools(root)?;
    setup::wasm_target(root)?;
    step("formatting", || run(cargo(root).args(["fmt", "--all", "--check"])))?;
    step("licences", || licences::check(root))?;
    step("the library needs no browser", || no_browser_in_the_core(root))?;

    let clippy = |name: &str, args: &[&str]| {
        step(name, || run(cargo(root).arg("clippy").args(args).args(["--", "-D", "warnings"])))
    };
    clippy("lints, native", &["--package", "tandem", "--all-targets"])?;
    clippy("lints, native, calibrate", &["--package", "calibrate", "--all-targets"])?;
    clippy("lints, native, fuzz", &["--package", "fuzz", "--all-targets"])?;
    clippy("lints, native, xtask", &["--package", "xtask", "--all-targets"])?;
    clippy("lints, native, markup", &["--package", "markup", "--all-targets"])?;
    clippy("lints, wasm32", &["--package", "tandem", "--lib", "--target", WASM])?;
    clippy("lints, wasm32, page", &["--package", "tandem", "--lib", "--target", WASM, "--features", "web"])?;
    clippy(
        "lints, wasm32, jobs and benchmarks",
        &["--package", "worker", "--lib", "--target", WASM, "--features", "bench"],
    )?;

    // One package at a time: together, cargo would unite the features of their dependencies, and compile again what
    // it compiled to run this program.
    let mut tally = Tally::default();
    for package in ["tandem", "calibrate", "fuzz", "xtask"] {
        step(&format!("tests, native, {package}"), || {
            let mut command = cargo(root);
            run_watched(command.args(["test", "--package", package]), |line| tally += Tally::of_cargo(line))
        })?;
    }
    Ok(tally)
}

/// Without the feature `web` no browser crate may be in the library's graph, on the browser's own target least of all.
fn no_browser_in_the_core(root: &Path) -> Result<()> {
    let mut tree = cargo(root);
    tree.args(["tree", "--package", "tandem", "--target", WASM, "--edges", "normal", "--prefix", "none"]);
    let Some(tree) = ask(&mut tree) else { bail!("`cargo tree` failed") };
    for name in ["web-sys", "js-sys", "wasm-bindgen"] {
        if tree.lines().any(|line| line.split(' ').next() == Some(name)) {
            bail!("{name} is in the graph of the library without the feature `web`");
        }
    }
    Ok(())
}

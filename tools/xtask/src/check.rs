//! The fast half of the tests: formatting, lints for every target the code is built for, spelling, native tests.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::licences;
use crate::setup::{self, WASM};
use crate::step::{ask, cargo, run, run_watched, step};
use crate::tally::Tally;

/// The package that is made for a browser alone.
const BROWSER_ONLY: &str = "worker";

/// Runs every check, cheapest first, and counts the tests. Scripts are looked at where Node is there; `all` puts it in
/// place.
pub fn check(root: &Path, all: bool) -> Result<Tally> {
    setup::lint_tools(root)?;
    setup::wasm_target(root)?;
    step("formatting", || run(cargo(root).args(["fmt", "--all", "--check"])))?;
    if all || setup::has_node() {
        scripts(root)?;
    } else {
        println!("▸ scripts are not looked at: there is no Node here");
    }
    step("licences", || licences::check(root))?;
    step("the library needs no browser", || no_browser_in_the_core(root))?;
    step("spelling", || run(cargo(root).args(["run", "--quiet", "--package", "spelling"])))?;
    lints(root)?;

    // One package at a time: together, cargo would unite the features of their dependencies, and compile again what
    // it compiled to run this program.
    let mut tally = Tally::default();
    for package in ["tandem", "calibrate", "fuzz", "spelling", "xtask"] {
        step(&format!("tests, native, {package}"), || {
            let mut command = cargo(root);
            run_watched(command.args(["test", "--package", package]), |line| tally += Tally::of_cargo(line))
        })?;
    }
    Ok(tally)
}

/// Format and lints of the scripts, as `biome.jsonc` wants them.
fn scripts(root: &Path) -> Result<()> {
    let folder = root.join("tests").join("e2e");
    setup::node()?;
    setup::npm_packages(&folder)?;
    let biome = folder.join("node_modules").join("@biomejs").join("biome").join("bin").join("biome");
    step("format and lints of scripts", || {
        run(Command::new("node").current_dir(root).arg(biome).args(["check", "--error-on-warnings"]))
            .context("what can be mended without thought: `npx --prefix tests/e2e biome check --write`")
    })
}

/// Clippy over every package, natively and for the browser.
fn lints(root: &Path) -> Result<()> {
    let clippy = |name: &str, args: &[&str]| {
        step(name, || run(cargo(root).arg("clippy").args(args).args(["--", "-D", "warnings"])))
    };
    for package in members(root)?.iter().filter(|own| *own != BROWSER_ONLY) {
        clippy(&format!("lints, native, {package}"), &["--package", package, "--all-targets"])?;
    }
    clippy("lints, wasm32", &["--package", "tandem", "--lib", "--target", WASM])?;
    clippy("lints, wasm32, page", &["--package", "tandem", "--lib", "--target", WASM, "--features", "web"])?;
    clippy(
        "lints, wasm32, jobs and benchmarks",
        &["--package", BROWSER_ONLY, "--lib", "--target", WASM, "--features", "bench"],
    )
}

/// The packages of the workspace, so that none is forgotten.
fn members(root: &Path) -> Result<Vec<String>> {
    let mut metadata = cargo(root);
    metadata.args(["metadata", "--format-version", "1", "--no-deps"]);
    let text = ask(&mut metadata).context("`cargo metadata` failed")?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    Ok(packages.iter().filter_map(|own| own["name"].as_str()).map(str::to_owned).collect())
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

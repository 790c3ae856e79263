//! Puts in place what a fresh machine lacks: the wasm target, rustfmt and clippy, a browser, Node and its packages.
//! It asks before it acts, so that a machine that has everything pays milliseconds and needs no network.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step::{ask, cargo, run, step};

/// The target of the page.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The oldest Node the browser tests run on.
const NODE: u32 = 20;

/// Makes sure that the page can be compiled.
pub fn wasm_target(root: &Path) -> Result<()> {
    let mut libs = Command::new("rustc");
    libs.current_dir(root).args(["--print", "target-libdir", "--target", WASM]);
    if ask(&mut libs).is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    step(&format!("add the target {WASM}"), || {
        run(Command::new("rustup").current_dir(root).args(["target", "add", WASM]))
    })
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub fn lint_tools(root: &Path) -> Result<()> {
    for (verb, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if ask(cargo(root).args([verb, "--version"])).is_none() {
            step(&format!("add the component {component}"), || {
                run(Command::new("rustup").current_dir(root).args(["component", "add", component]))
            })?;
        }
    }
    Ok(())
}

/// A Chromium to test in: `$CHROME`, one under a common name, or else the one Debian has.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("CHROME names {}, which is no file", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find_chromium() {
        return Ok(path);
    }
    step("install chromium", || apt(&["chromium"]))
        .context("no Chromium found: install it, or set CHROME to the path of Chromium or Chrome")?;
    find_chromium().context("chromium was installed but is not on the PATH: set CHROME to its path")
}

/// A Firefox to test in: `$FIREFOX`, or one under a common name.
pub fn find_firefox() -> Option<PathBuf> {
    let named = std::env::var_os("FIREFOX").map(PathBuf::from);
    let mac = PathBuf::from("/Applications/Firefox.app/Contents/MacOS/firefox");
    named
        .filter(|path| path.is_file())
        .or_else(|| ["firefox-esr", "firefox"].iter().find_map(on_path))
        .or_else(|| mac.is_file().then_some(mac))
}

/// As [`find_firefox`], or else the one Debian has.
pub fn firefox() -> Result<PathBuf> {
    if let Some(path) = find_firefox() {
        return Ok(path);
    }
    step("install firefox", || apt(&["firefox-esr"]))
        .context("no Firefox found: install it, or set FIREFOX to its path")?;
    find_firefox().context("firefox-esr was installed but is not on the PATH: set FIREFOX to its path")
}

fn find_chromium() -> Option<PathBuf> {
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .find_map(on_path)
        .or_else(|| mac.is_file().then_some(mac))
}

/// The first number of Node's version, if it is there.
fn node_version() -> Option<u32> {
    let version = ask(Command::new("node").arg("--version"))?;
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Whether Node is there with npm, and new enough.
pub fn has_node() -> bool {
    node_version().is_some_and(|found| found >= NODE) && on_path("npm").is_some()
}

/// Makes sure that Node is there and new enough.
pub fn node() -> Result<()> {
    let wanted = format!("the browser tests need Node {NODE} or newer, with npm");
    match node_version() {
        _ if has_node() => Ok(()),
        Some(found) if found < NODE => bail!("{wanted}; this is Node {found}"),
        _ => {
            step("install node and npm", || apt(&["nodejs", "npm"])).context(wanted.clone())?;
            match node_version() {
                Some(found) if found >= NODE => Ok(()),
                found => bail!("{wanted}; the system's package is Node {}", found.unwrap_or(0)),
            }
        }
    }
}

/// Makes sure that the packages in the lock file of `folder` are there, and no others.
pub fn npm_packages(folder: &Path) -> Result<()> {
    let age = |file: &str| fs::metadata(folder.join(file)).and_then(|data| data.modified()).ok();
    // npm writes the first of the two at the end of an install.
    let fresh = age("node_modules/.package-lock.json")
        .is_some_and(|installed| age("package-lock.json").is_some_and(|locked| installed >= locked));
    if fresh {
        return Ok(());
    }
    step("install the packages of the browser tests", || {
        run(Command::new("npm").current_dir(folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))
    })
}

/// Installs packages with Debian's package manager, as root or through sudo.
fn apt(packages: &[&str]) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!("there is no apt-get here to install {} with", packages.join(" and "));
    }
    let is_root = ask(Command::new("id").arg("-u")).as_deref() == Some("0");
    let apt_get = |args: &[&str]| {
        let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            command.args(["-n", "apt-get"]);
        }
        run(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Where a program is, as a shell would find it.
fn on_path(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let program = program.as_ref();
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(|file| file.is_file())
}

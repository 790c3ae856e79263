//! The tests in a real browser: serves the site twice, at the top of a host and under a deep path, and lets
//! `node --test` drive Chromium over both.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::serve::{Place, start};
use crate::setup;
use crate::site::Site;
use crate::step::{cargo, run, run_watched, step};
use crate::tally::Tally;

/// A path such as a static host with many projects would give.
const DEEP: &str = "/some/sub/path/";

/// How many files with a failure are run a second time; more of them are no accident.
const SECOND_CHANCES: usize = 2;

/// Runs the test files whose name contains one of `filter`, or all. Firefox has its turn where it is installed, or wanted.
pub fn test(root: &Path, site: Site, filter: &[String], wants_firefox: bool) -> Result<Tally> {
    let folder = root.join("tests").join("e2e");
    setup::node()?;
    let chromium = setup::chromium()?;
    let firefox = if wants_firefox { Some(setup::firefox()?) } else { setup::find_firefox() };
    setup::npm_packages(&folder)?;

    let mut files = BTreeSet::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let wanted = filter.is_empty() || filter.iter().any(|part| name.contains(part));
        if name.ends_with(".test.mjs") && wanted {
            files.insert(name);
        }
    }
    if files.is_empty() {
        bail!("no test file in tests/e2e has a name with {}", filter.join(" or "));
    }

    // The page is held against the command line.
    step("build the command line", || {
        run(cargo(root).args(["build", "--package", "tandem", "--bin", "tandem"]))
    })?;
    let site = Arc::new(site);
    let serve = |base: &str| {
        let at = Place { host: "127.0.0.1".to_owned(), port: 0, base: base.to_owned() };
        start(Arc::clone(&site), &at, false)
    };
    let (top, deep) = (serve("/")?, serve(DEEP)?);
    let mut tally = Tally::default();
    let drive = |files: &BTreeSet<String>, look: &mut dyn FnMut(&str)| -> Result<()> {
        let mut node = Command::new("node");
        node.current_dir(&folder)
            // One file after another: a second browser would only take the processor from the first one's timings.
            .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
            .args(files)
            .env("TANDEM_URL", &top.url)
            .env("TANDEM_DEEP_URL", &deep.url)
            .env("TANDEM_BIN", std::env::current_exe()?.with_file_name("tandem"))
            .env("CHROME", &chromium);
        if let Some(firefox) = &firefox {
            node.env("FIREFOX", firefox);
        }
        run_watched(&mut node, look)
    };
    step("browser tests", || {
        let mut failed = BTreeSet::new();
        let first = drive(&files, &mut |line| {
            tally += Tally::of_node(line);
            failed.extend(failed_file(line));
        });
        let Err(reason) = first else { return Ok(()) };
        if failed.is_empty() || failed.len() > SECOND_CHANCES {
            return Err(reason);
        }
        // A machine that does other work at the same time can be too slow for a wait: a fault fails twice.
        let names = failed.iter().cloned().collect::<Vec<_>>().join(", ");
        println!("▸ a second time: {names}");
        let mut second = Tally::default();
        drive(&failed, &mut |line| second += Tally::of_node(line))?;
        println!("! passed only the second time, which is a race in the test or the page: {names}");
        tally.failed = 0;
        Ok(())
    })?;
    if tally.passed == 0 {
        bail!("no browser test ran");
    }
    Ok(tally)
}

/// The file that a line of the report of `node --test` names as failed: `test at charts.test.mjs:187:1`.
fn failed_file(line: &str) -> Option<String> {
    let place = line.trim().strip_prefix("test at ")?;
    let (file, _) = place.split_once(':')?;
    Some(file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_file_failed() {
        assert_eq!(failed_file("test at charts.test.mjs:187:1"), Some("charts.test.mjs".to_owned()));
        assert_eq!(failed_file("✖ latencies stand side by side (687.8 ms)"), None);
    }
}

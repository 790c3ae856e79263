//! The tests in a real browser: serves the site twice, at the top of a host and under a deep path, and lets
//! `node --test` drive Chromium over both.

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

/// Runs the test files whose name contains one of `filter`, or all. Firefox has its turn where it is installed, or wanted.
pub fn test(root: &Path, site: Site, filter: &[String], wants_firefox: bool) -> Result<Tally> {
    let folder = root.join("tests").join("e2e");
    setup::node()?;
    let chromium = setup::chromium()?;
    let firefox = if wants_firefox { Some(setup::firefox()?) } else { setup::find_firefox() };
    setup::npm_packages(&folder)?;

    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let wanted = filter.is_empty() || filter.iter().any(|part| name.contains(part));
        if name.ends_with(".test.mjs") && wanted {
            files.push(name);
        }
    }
    files.sort();
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
    step("browser tests", || {
        let mut node = Command::new("node");
        node.current_dir(&folder)
            // One file after another: a second browser would only take the processor from the first one's timings.
            .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
            .args(&files)
            .env("TANDEM_URL", &top.url)
            .env("TANDEM_DEEP_URL", &deep.url)
            .env("TANDEM_BIN", std::env::current_exe()?.with_file_name("tandem"))
            .env("CHROME", &chromium);
        if let Some(firefox) = &firefox {
            node.env("FIREFOX", firefox);
        }
        run_watched(&mut node, |line| tally += Tally::of_node(line))
    })?;
    if tally.passed == 0 {
        bail!("no browser test ran");
    }
    Ok(tally)
}

//! Takes golden files for what the code makes now: the snapshots of charts and reports, which insta keeps, and the
//! public files that are written from data. Git shows what became of them; read it before you commit it. A snapshot that
//! still agrees, within the tolerance of `tests/support/golden`, is left as it is.
//!
//! Golden links are not among them. They are out in the world, so `tests/links.rs` lets none of them go.

use std::path::Path;

use anyhow::Result;

use crate::step::{cargo, run, step};

/// The tests that hold golden files.
const TESTS: [&str; 6] = ["chart_golden", "chart_kinds", "report", "claims", "glossary", "styles"];

/// Writes them anew.
pub fn bless(root: &Path) -> Result<()> {
    step("golden files", || {
        let mut command = cargo(root);
        command.args(["test", "--quiet", "--package", "tandem"]);
        command.args(TESTS.iter().flat_map(|name| ["--test", name]));
        run(command.env("INSTA_UPDATE", "always").env("TANDEM_UPDATE", "1"))
    })
}

//! `catalog`, `import` and `keys`: what there is to ask about, and how a link says it.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tandem::catalog::import::model_from_config;
use tandem::report;

use super::failure::Failure;
use super::input::read_text;
use super::json::json;

#[derive(Args)]
pub(super) struct Catalog {
    /// What to list
    kind: Kind,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Chips
    Chips,
    /// Models
    Models,
}

impl Catalog {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        match (self.kind, self.json) {
            (Kind::Chips, true) => json(out, &report::catalog::named_chips()),
            (Kind::Models, true) => json(out, &report::catalog::named_models()),
            (Kind::Chips, false) => Ok(out.write_all(report::catalog::chips().as_bytes())?),
            (Kind::Models, false) => Ok(out.write_all(report::catalog::models().as_bytes())?),
        }
    }
}

#[derive(Args)]
pub(super) struct Import {
    /// The config.json; - for standard input
    file: PathBuf,
    /// Call the model so; letters, digits, dots and hyphens are kept
    #[arg(long)]
    name: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input =
            |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", self.file.display()));
        let imported = model_from_config(&read_text(&self.file)?).map_err(|error| input(&error))?;
        let imported = match &self.name {
            Some(name) => {
                imported.renamed(name).map_err(|error| Failure::Input(format!("--name {name}: {error}")))?
            }
            None => imported,
        };
        let summary = report::import::Summary::of(&imported);
        if self.json { json(out, &summary) } else { Ok(out.write_all(summary.text().as_bytes())?) }
    }
}

/// Every key of a link.
pub(super) fn keys(out: &mut impl Write) -> Result<(), Failure> {
    Ok(out.write_all(report::reference::markdown().as_bytes())?)
}

//! `catalog`, `import` and `keys`: what there is to ask about, and how a link says it.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tandem::catalog::import::model_from_config;
use tandem::catalog::{self, PriceBasis};
use tandem::report;

use super::failure::Failure;
use super::input::read_text;
use super::json::json;

#[derive(Args)]
pub(super) struct Catalog {
    /// What to list
    kind: Kind,
    /// What chips cost: market, list, contract, own or tco
    #[arg(long, value_name = "BASIS", default_value = "market", value_parser = basis)]
    price: PriceBasis,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// A basis of prices by its identifier.
fn basis(id: &str) -> Result<PriceBasis, String> {
    let known = || PriceBasis::ALL.map(PriceBasis::id).join(", ");
    PriceBasis::from_id(id).ok_or_else(|| format!("one of {} is expected", known()))
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Chips
    Chips,
    /// Models
    Models,
    /// List prices of models behind an API
    Prices,
    /// Scenarios to start from, as the gallery of the page has them
    Scenarios,
}

impl Catalog {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        match (self.kind, self.json) {
            (Kind::Chips, true) => json(out, &report::catalog::named_chips()),
            (Kind::Models, true) => json(out, &report::catalog::named_models()),
            (Kind::Prices, true) => json(out, &catalog::api_prices()),
            (Kind::Scenarios, true) => json(out, &report::catalog::starts()),
            (Kind::Scenarios, false) => Ok(out.write_all(report::catalog::scenarios().as_bytes())?),
            (Kind::Prices, false) => Ok(out.write_all(report::catalog::prices().as_bytes())?),
            (Kind::Chips, false) => Ok(out.write_all(report::catalog::chips(self.price).as_bytes())?),
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

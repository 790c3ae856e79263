//! What commands are given: links and files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use clap::Args;
use tandem::evaluate::evaluate;
use tandem::report::{Strictness, asked, words};
use tandem::scenario::Scenario;
use tandem::scenario::link::Parsed;

use super::failure::Failure;

/// How the parts of a link are taken that cannot be taken as they stand.
#[derive(Args, Clone, Copy)]
pub(super) struct Reading {
    /// Go on with the rest of a link of which a part is not understood; its default stands in for it
    #[arg(long, conflicts_with = "strict")]
    lenient: bool,
    /// Refuse a link of which any part cannot be taken as it stands, such as a key that does not exist
    #[arg(long)]
    strict: bool,
}

impl Reading {
    pub(super) const fn is_lenient(self) -> bool {
        self.lenient
    }

    pub(super) const fn strictness(self) -> Strictness {
        match (self.lenient, self.strict) {
            (true, _) => Strictness::Lenient,
            (_, true) => Strictness::Strict,
            _ => Strictness::Plain,
        }
    }
}

/// The scenario of a link, and what is to be said of the link.
pub(super) fn read(text: &str, reading: Reading) -> Result<(Scenario, Vec<String>), Failure> {
    let (parsed, notices) = asked(text, reading.strictness())?;
    Ok((parsed.scenario, notices))
}

/// As [`read`]; what is to be said is told on standard error.
pub(super) fn scenario(text: &str, reading: Reading) -> Result<Scenario, Failure> {
    Ok(noted(text, reading)?.scenario)
}

/// What a text was read as; what is to be said of it is told on standard error.
pub(super) fn noted(text: &str, reading: Reading) -> Result<Parsed, Failure> {
    let (parsed, notices) = asked(text, reading.strictness())?;
    note(&notices)?;
    Ok(parsed)
}

/// Tells on standard error.
pub(super) fn note(notices: &[String]) -> io::Result<()> {
    notices.iter().try_for_each(|notice| writeln!(io::stderr(), "Note: {notice}"))
}

/// A refusal when the scenario cannot be served as it stands.
pub(super) fn served(scenario: &Scenario) -> Result<(), Failure> {
    evaluate(scenario).map(|_| ()).map_err(|refusal| Failure::Input(words::refusal(&refusal)))
}

/// A file, or standard input for `-`.
pub(super) fn read_text(file: &Path) -> Result<String, Failure> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    }
    .map_err(|error| Failure::Input(format!("{}: {error}", file.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

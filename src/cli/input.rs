//! What commands are given: links and files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use tandem::evaluate::evaluate;
use tandem::report::{self, words};
use tandem::scenario::Scenario;
use tandem::scenario::link::{self, Parsed};

use super::failure::Failure;

pub(super) fn told_of(notices: &[link::Notice]) -> Vec<String> {
    notices.iter().map(ToString::to_string).collect()
}

/// The scenario of a link whose fields are all in range, and what of the link was dropped.
pub(super) fn read(text: &str) -> Result<(Scenario, Vec<String>), Failure> {
    let Parsed { scenario, notices, .. } = sound(text, link::parse(text))?;
    Ok((scenario, told_of(&notices)))
}

/// As [`read`]; what was dropped is told on standard error.
pub(super) fn scenario(text: &str) -> Result<Scenario, Failure> {
    Ok(noted(text, link::parse(text))?.scenario)
}

/// The link that a text was read as, if it is one and all its fields are in range; what of it was dropped is told on
/// standard error.
pub(super) fn noted(text: &str, parsed: Parsed) -> Result<Parsed, Failure> {
    let parsed = sound(text, parsed)?;
    for notice in &parsed.notices {
        writeln!(io::stderr(), "Note: {notice}")?;
    }
    Ok(parsed)
}

fn sound(text: &str, parsed: Parsed) -> Result<Parsed, Failure> {
    if let Some(reason) = report::no_link(text) {
        return Err(Failure::Input(reason.to_owned()));
    }
    match parsed.scenario.check().first() {
        Some(invalid) => Err(Failure::Input(format!("{invalid}."))),
        None => Ok(parsed),
    }
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

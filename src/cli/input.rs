//! What commands are given: links and files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use tandem::evaluate::evaluate;
use tandem::report::{self, words};
use tandem::scenario::{Scenario, link};

use super::failure::Failure;

pub(super) fn told_of(notices: &[link::Notice]) -> Vec<String> {
    notices.iter().map(ToString::to_string).collect()
}

/// The scenario of a link whose fields are all in range, and what of the link was dropped.
pub(super) fn read(text: &str) -> Result<(Scenario, Vec<String>), Failure> {
    if let Some(reason) = report::no_link(text) {
        return Err(Failure::Input(reason.to_owned()));
    }
    let parsed = link::parse(text);
    match parsed.scenario.check().first() {
        Some(invalid) => Err(Failure::Input(format!("{invalid}."))),
        None => Ok((parsed.scenario, told_of(&parsed.notices))),
    }
}

/// As [`read`]; what was dropped is told on standard error.
pub(super) fn scenario(text: &str) -> Result<Scenario, Failure> {
    let (scenario, notices) = read(text)?;
    for notice in notices {
        writeln!(io::stderr(), "Note: {notice}")?;
    }
    Ok(scenario)
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

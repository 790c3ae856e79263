//! A model read from a Hugging Face `config.json`: the answer is the model as links write it, with what to say of it.

use super::field::{Fields, Line};
use super::{Once, Work};
use crate::catalog::Model;
use crate::catalog::import::model_from_config;
use crate::scenario::link;

pub(super) const VERB: &str = "import";

/// What came of a text that ought to be a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A model, and what was taken for granted, a sentence each.
    Model(Box<Model>, Vec<String>),
    /// Why the text is none.
    BadText(String),
    /// Why the name can't be taken.
    BadName(String),
}

/// What to ask about a text; an empty name leaves the text's own.
#[must_use]
pub fn question(name: &str, text: &str) -> String {
    format!("{VERB}\n{}\n{text}", name.replace('\n', " "))
}

/// Reads the whole answer.
#[must_use]
pub fn read(answer: &str) -> Option<Read> {
    let mut lines = answer.lines();
    let mut fields = Fields::of(lines.next()?);
    let (kind, text) = (fields.text()?, fields.text()?);
    Some(match kind {
        "model" => {
            let model = link::read_model(text).ok()?;
            Read::Model(Box::new(model), lines.map(str::to_owned).collect())
        }
        "text" => Read::BadText(text.to_owned()),
        _ => Read::BadName(text.to_owned()),
    })
}

/// Bytes of a text beyond which it is not even read.
pub const LONGEST: f64 = crate::catalog::import::LONGEST as f64;

/// What to say of a longer one.
#[must_use]
pub fn too_long(bytes: f64) -> String {
    crate::catalog::import::ImportError::TooLong { bytes: bytes as usize }.to_string()
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (name, text) = rest.split_once('\n').unwrap_or(("", rest));
    let answer = answer(name.trim(), text);
    Box::new(Once(move || answer.clone()))
}

fn answer(name: &str, text: &str) -> String {
    let said = |kind: &str, text: &str| Line::default().text(kind).text(text).end();
    let mut imported = match model_from_config(text) {
        Ok(imported) => imported,
        Err(error) => return said("text", &error.to_string()),
    };
    if !name.is_empty() {
        imported = match imported.renamed(name) {
            Ok(imported) => imported,
            Err(error) => return said("name", &error.to_string()),
        };
    }
    let mut answer = said("model", &link::write_model(&imported.model));
    if let Some(known) = imported.same_as {
        answer += &Line::default().text(&format!("same architecture as {known} of the catalogue")).end();
    }
    for note in &imported.notes {
        answer += &Line::default().text(&note.to_string()).end();
    }
    answer
}

//! A model read from a Hugging Face `config.json`: the answer is the model as links write it, with what to say of it.

use super::slice::{Answered, Ask, Comes, Once, Work};
use super::wire::{Rest, last, line, message, tagged};
use crate::catalog::import::model_from_config;
use crate::scenario::link;

/// What to ask about a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What to call the model; empty for the text's own name.
    pub name: String,
    /// The text.
    pub text: Rest,
}

message!(Question { name, text });

/// A model that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The model, as links write it.
    pub model: String,
    /// What was taken for granted, a sentence each.
    pub notes: Vec<String>,
}

message!(Read { model, notes });

/// What came of a text that ought to be a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A model.
    Model(Read),
    /// Why the text is none.
    BadText(String),
    /// Why the name can't be taken.
    BadName(String),
}

tagged!(Answer { "model" Model, "text" BadText, "name" BadName });

impl Ask for Question {
    const VERB: &'static str = "import";
    const COMES: Comes = Comes::Whole;
    type Answer = Option<Answer>;

    fn answer(text: &str) -> Option<Answer> {
        last(text)
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        Vec::new()
    }

    fn start(self) -> Box<dyn Work> {
        Box::new(Once(move || line(&answer(self.name.trim(), &self.text.0))))
    }
}

/// Bytes of a text beyond which it is not even read.
pub const LONGEST: f64 = crate::catalog::import::LONGEST as f64;

/// What to say of a longer one.
#[must_use]
pub fn too_long(bytes: f64) -> String {
    crate::catalog::import::ImportError::TooLong { bytes: bytes as usize }.to_string()
}

fn answer(name: &str, text: &str) -> Answer {
    let mut imported = match model_from_config(text) {
        Ok(imported) => imported,
        Err(error) => return Answer::BadText(error.to_string()),
    };
    if !name.is_empty() {
        imported = match imported.renamed(name) {
            Ok(imported) => imported,
            Err(error) => return Answer::BadName(error.to_string()),
        };
    }
    let known = imported.same_as.map(|known| format!("same architecture as {known} of the catalogue"));
    let notes = imported.notes.iter().map(ToString::to_string);
    Answer::Model(Read {
        notes: known.into_iter().chain(notes).collect(),
        model: link::write_model(&imported.model),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question;

    fn asked(name: &str, text: &str) -> Answer {
        let question = Question { name: name.to_owned(), text: Rest(text.to_owned()) };
        Question::answer(&question::pieces(question).concat()).unwrap()
    }

    #[test]
    fn a_model_comes_over_with_its_notes() {
        let config = include_str!("../../tests/fixtures/configs/qwen3-32b.json");
        let direct = model_from_config(config).unwrap();
        let Answer::Model(read) = asked("", config) else { panic!("no model") };
        let model = link::read_model(&read.model).unwrap();
        assert_eq!(model.architecture(), direct.model.architecture());
        assert!(read.notes.len() >= direct.notes.len());
        let Answer::Model(read) = asked("mine", config) else { panic!("no model") };
        assert!(read.model.contains("mine"), "{}", read.model);
    }

    #[test]
    fn what_is_none_says_why() {
        assert!(matches!(asked("", "{\n"), Answer::BadText(_)));
        let config = include_str!("../../tests/fixtures/configs/qwen3-32b.json");
        assert!(matches!(asked("%%", config), Answer::BadName(_)));
    }
}

//! What can be wrong with a configuration, and what to know about one that was read.

use std::fmt;

use crate::units::limits::Invalid;

/// Longest text that is read, in bytes.
pub const LONGEST: usize = 1 << 20;

/// Most fields that a message lists one by one.
const MOST_LISTED: usize = 8;

/// Something to know about a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A field is missing and a value was taken in its place.
    Assumed {
        /// The field.
        field: &'static str,
        /// What it is for.
        what: &'static str,
        /// The value taken.
        value: String,
        /// Why that one.
        why: &'static str,
    },
    /// Nothing is known about this type; its fields were read as those of a decoder in the manner of Llama.
    UnknownType {
        /// `model_type`.
        model_type: String,
    },
    /// The quantisation is not known; 16-bit weights were assumed.
    UnknownFormat {
        /// How the configuration calls it.
        name: String,
    },
    /// A part of the model is read in a way worth knowing, or not counted.
    Reading {
        /// What, in a sentence without its full stop.
        text: &'static str,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assumed { field, what, value, why } => {
                write!(f, "{field} ({what}) is missing: {value} taken, {why}")
            }
            Self::UnknownType { model_type } if model_type.is_empty() => {
                f.write_str("model_type is missing: read by its fields as a decoder in the manner of Llama")
            }
            Self::UnknownType { model_type } => write!(
                f,
                "model_type {model_type} is not known here: read by its fields as a decoder in the manner of Llama"
            ),
            Self::UnknownFormat { name } => {
                write!(f, "quantization_config {name} is not known here: 16-bit weights assumed")
            }
            Self::Reading { text } => f.write_str(text),
        }
    }
}

/// Why no model can be made of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportError {
    /// The text is longer than any configuration.
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text is no JSON.
    NotJson {
        /// What the parser says.
        message: String,
    },
    /// The text is JSON, but no configuration of a model.
    NotAConfig,
    /// The architecture cannot be expressed.
    Unsupported {
        /// `model_type`.
        model_type: String,
        /// What cannot.
        reason: String,
    },
    /// Fields are missing or wrong.
    Fields {
        /// Each of them.
        problems: Vec<FieldProblem>,
    },
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldProblem {
    /// It is not there, and nothing can stand in for it.
    Missing {
        /// The field.
        field: &'static str,
        /// What it is for.
        what: &'static str,
    },
    /// It is of another kind.
    WrongKind {
        /// The field.
        field: &'static str,
        /// Its value, cut short.
        value: String,
        /// What is expected.
        expected: &'static str,
    },
    /// It is a number outside its range.
    OutOfRange {
        /// Field, value and range.
        invalid: Invalid,
    },
    /// It contradicts another field.
    Contradiction {
        /// The field.
        field: &'static str,
        /// What contradicts it.
        reason: String,
    },
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "the text has {} kB; a config.json has at most {} kB", bytes / 1024, LONGEST / 1024)
            }
            Self::NotJson { message } => write!(f, "this is no JSON: {message}"),
            Self::NotAConfig => f.write_str(
                "this is no config.json of a language model: it has neither hidden_size nor num_hidden_layers",
            ),
            Self::Unsupported { model_type, reason } if model_type.is_empty() => f.write_str(reason),
            Self::Unsupported { model_type, reason } => write!(f, "{model_type}: {reason}"),
            Self::Fields { problems } => {
                for (index, problem) in problems.iter().take(MOST_LISTED).enumerate() {
                    write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
                }
                match problems.len().saturating_sub(MOST_LISTED) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
        }
    }
}

impl std::error::Error for ImportError {}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field, what } => write!(f, "{field} ({what}) is missing"),
            Self::WrongKind { field, value, expected } => {
                write!(f, "{field} is {value}, expected {expected}")
            }
            Self::OutOfRange { invalid } => write!(f, "{invalid}"),
            Self::Contradiction { field, reason } => write!(f, "{field} {reason}"),
        }
    }
}

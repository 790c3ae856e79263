//! Lines of a trace that cannot be used: which, and what is wrong with them.

use std::fmt;

use crate::units::decimal::decimal;
use crate::units::format::excerpt;
use crate::units::limits::Limits;

/// Most problems that are listed one by one; the rest is counted.
const MOST_PROBLEMS: usize = 20;

/// Longest excerpt of a value.
const EXCERPT: usize = 60;

/// Something wrong in a line, which is left out. The rest of the trace holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1.
    pub line: u64,
    /// Field, as the file calls it; empty where it is about the whole line.
    pub field: String,
    /// What stands there, cut short.
    pub value: String,
    /// What is expected in its place.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match (self.field.as_str(), self.value.as_str()) {
            ("", "") => {}
            ("", value) => write!(f, "{value}: ")?,
            (field, "") => write!(f, "{field} is missing: ")?,
            (field, value) => write!(f, "{field} {value}: ")?,
        }
        write!(f, "expected {}", self.expected)
    }
}

/// What is wrong with a value, before its line is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) value: String,
    pub(super) expected: String,
}

impl Wrong {
    pub(super) fn new(field: &str, value: &str, expected: impl Into<String>) -> Self {
        Self { field: field.to_owned(), value: excerpt(value, EXCERPT), expected: expected.into() }
    }

    pub(super) fn at(self, line: u64) -> Problem {
        Problem { line, field: self.field, value: self.value, expected: self.expected }
    }
}

/// The problems of a trace, of which only the first are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problems {
    pub(super) listed: Vec<Problem>,
    pub(super) count: u64,
}

impl Problems {
    pub(super) fn push(&mut self, line: u64, wrong: Wrong) {
        if self.listed.len() < MOST_PROBLEMS {
            self.listed.push(wrong.at(line));
        }
        self.count += 1;
    }
}

/// A whole number of tokens within its limits, under the name that the file gives it.
pub(super) fn tokens(field: &str, text: &str, limits: &Limits) -> Result<u32, Wrong> {
    let value = text.parse::<u32>().ok().filter(|&value| limits.admit(f64::from(value)).is_ok());
    value.ok_or_else(|| {
        Wrong::new(field, text, format!("a whole number, {} to {} tokens", limits.low, limits.high))
    })
}

/// A time in seconds.
pub(super) fn seconds(field: &str, text: &str) -> Result<f64, Wrong> {
    let value = decimal(text).filter(|value| (-MOST_SECONDS..=MOST_SECONDS).contains(value));
    value.ok_or_else(|| Wrong::new(field, text, "a number of seconds"))
}

/// Some thirty thousand years.
pub(super) const MOST_SECONDS: f64 = 1e12;

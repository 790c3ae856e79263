//! What a link said that could not be taken at its word.

use std::fmt;

use crate::units::format::excerpt;

use super::problem::Problem;
use super::value;

/// Longest excerpt of a link in a notice.
const EXCERPT: usize = 80;

/// Longest reason.
const REASON: usize = 300;

/// One thing in a link that was dropped or read otherwise than it stands. The rest of the link holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The key, cut short; empty where the notice is about the whole link.
    pub key: String,
    /// The value as written, cut short.
    pub value: String,
    /// What is wrong.
    pub problem: Problem,
    /// What holds instead, as a link would write it.
    pub kept: Option<String>,
}

impl Notice {
    pub(super) fn new(key: &str, value: &str, mut problem: Problem) -> Self {
        if let Problem::Wrong { reason, .. } = &mut problem {
            // A reason may quote the link.
            *reason = excerpt(reason, REASON);
        }
        Self { key: excerpt(key, EXCERPT), value: excerpt(value, EXCERPT), problem, kept: None }
    }

    /// Whether the figures may rest on something else than the writer of the link meant.
    #[must_use]
    pub const fn changes_meaning(&self) -> bool {
        !matches!(self.problem, Problem::Repeated | Problem::NoUnit { .. } | Problem::OldName { .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, problem, kept } = self;
        match problem {
            Problem::OtherVersion => {
                return write!(f, "{key}: this link was made by another version of Tandem; read as v1");
            }
            Problem::TooLong { read } => {
                return write!(f, "the link is too long: only its first {} kB were read", read / 1024);
            }
            Problem::NoFragment => {
                return f.write_str("the address has no scenario: it is what follows # in the address");
            }
            Problem::More { count } => return write!(f, "and {count} more notices"),
            Problem::UnknownKey { .. } if key.is_empty() => {
                return write!(f, "={value}: a key is expected before the equals sign");
            }
            Problem::UnknownKey { nearest } => {
                write!(f, "{key}: no such key")?;
                return near(f, nearest);
            }
            _ => {}
        }
        write!(f, "{key}={value}: ")?;
        match problem {
            Problem::Unreadable { expected, nearest } => {
                write!(f, "expected {expected}")?;
                near(f, nearest)?;
            }
            Problem::Wrong { reason, nearest } => {
                f.write_str(reason)?;
                near(f, nearest)?;
            }
            Problem::OutOfRange { invalid } => {
                write!(f, "outside {}", value::range(&invalid.limits))?;
            }
            Problem::NoUnit { read_as } => write!(f, "no unit; read as {read_as}")?,
            Problem::OldName { read_as } => write!(f, "an older word; read as {read_as}")?,
            Problem::Repeated => f.write_str("written again further on; the last one counts")?,
            Problem::Unused { reason } => write!(f, "not used, {reason}")?,
            Problem::OtherVersion
            | Problem::TooLong { .. }
            | Problem::NoFragment
            | Problem::More { .. }
            | Problem::UnknownKey { .. } => {}
        }
        match kept {
            Some(kept) => write!(f, "; {kept} holds"),
            None => Ok(()),
        }
    }
}

fn near(f: &mut fmt::Formatter<'_>, nearest: &[String]) -> fmt::Result {
    if nearest.is_empty() { Ok(()) } else { write!(f, "; near: {}", nearest.join(", ")) }
}

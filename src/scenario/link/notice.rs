//! What a link said that could not be taken at its word, and what of it must be put right before anything is evaluated.

use std::fmt;

use crate::catalog::NumberFormat;
use crate::units::format::excerpt;

use super::names::NATIVE;
use super::problem::Problem;
use super::value;

/// Longest excerpt of a link in a notice.
const EXCERPT: usize = 80;

/// Longest reason.
const REASON: usize = 300;

/// One thing in a link that was dropped or read otherwise than it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The key, cut short; empty where the notice is about the whole link.
    pub key: String,
    /// The value as written, cut short.
    pub value: String,
    /// What is wrong.
    pub problem: Problem,
    /// What stands in the scenario instead, as a link would write it.
    pub kept: Option<String>,
}

/// A part of a link of which nobody knows what it means. While there is one, the scenario is not what was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The key; empty where the fault is of the whole link.
    pub key: String,
    /// The whole value as written.
    pub value: String,
    /// What is wrong, and what may have been meant.
    pub notice: Notice,
}

impl Notice {
    pub(super) fn new(key: &str, value: &str, mut problem: Problem) -> Self {
        if let Problem::Wrong { reason, .. } = &mut problem {
            // A reason may quote the link.
            *reason = excerpt(reason, REASON);
        }
        Self { key: excerpt(key, EXCERPT), value: excerpt(value, EXCERPT), problem, kept: None }
    }

    /// Whether it is unknown what was asked, so that nothing may be evaluated.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        self.problem.is_fault()
    }

    /// Whether the figures may rest on something else than the writer of the link meant.
    #[must_use]
    pub const fn changes_meaning(&self) -> bool {
        !matches!(
            self.problem,
            Problem::Repeated
                | Problem::NoUnit { .. }
                | Problem::ToTheLetter { .. }
                | Problem::OldName { .. }
                | Problem::ReadAs { .. }
        )
    }

    /// What is wrong, without what may have been meant.
    #[must_use]
    pub fn complaint(&self) -> String {
        let Self { key, value, problem, .. } = self;
        let what = match problem {
            Problem::OtherVersion => {
                return format!("{key}: this link was made by another version of Tandem; read as v1");
            }
            Problem::TooLong { read } => {
                return format!("the link is too long: only its first {} kB are read", read / 1024);
            }
            Problem::NoFragment => {
                return "the address has no scenario: it is what follows # in the address".to_owned();
            }
            Problem::More { count } => return format!("and {count} more notices"),
            Problem::UnknownKey { .. } if key.is_empty() => {
                return format!("={value}: a key is expected before the equals sign");
            }
            Problem::UnknownKey { .. } => return format!("{key}: no such key"),
            Problem::Unknown { what, name, .. } => format!("unknown {what} \"{name}\""),
            Problem::Unreadable { expected, .. } => format!("expected {expected}"),
            Problem::Wrong { reason, .. } => reason.clone(),
            Problem::OutOfRange { invalid, .. } => format!("outside {}", value::range(&invalid.limits)),
            Problem::NoUnit { read_as, .. } => format!("no unit; read as {read_as}"),
            Problem::ToTheLetter { read_as, .. } => format!("read as {read_as}"),
            Problem::ReadAs { id, weights: None } => format!("read as {id}"),
            Problem::ReadAs { id, weights: Some(format) } => {
                format!("read as {id} with weights={}", format.map_or(NATIVE, NumberFormat::id))
            }
            Problem::OldName { read_as } => format!("an older word; read as {read_as}"),
            Problem::Repeated => "written again further on; the last one counts".to_owned(),
            Problem::Unused { reason } => format!("not used, {reason}"),
        };
        format!("{key}={value}: {what}")
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.complaint())?;
        // An offer may hold as much as the link itself.
        let offers: Vec<String> =
            self.problem.nearest().iter().map(|offer| excerpt(offer, EXCERPT)).collect();
        if let Some((last, others)) = offers.split_last() {
            f.write_str(". Did you mean ")?;
            if !others.is_empty() {
                write!(f, "{} or ", others.join(", "))?;
            }
            write!(f, "{last}?")?;
        }
        if let Problem::Unknown { accepted, .. } = self.problem {
            let stop = if offers.is_empty() { "." } else { "" };
            write!(f, "{stop} Accepted: {accepted}")?;
        }
        Ok(())
    }
}

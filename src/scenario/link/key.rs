//! A key of a link: how it meets a scenario.

use crate::scenario::Scenario;

use super::problem::Problem;

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
    /// What holds when the key is absent, where the default scenario does not say it.
    pub(super) otherwise: &'static str,
    pub(super) range: fn() -> String,
    pub(super) access: Access,
}

impl Access {
    /// How the key is written.
    pub(super) const fn write(&self) -> fn(&Scenario) -> Option<String> {
        match self {
            Self::Field { write, .. } | Self::List { write, .. } => *write,
        }
    }
}

/// How a key meets a scenario.
pub(super) enum Access {
    /// It sets and shows a part of the scenario.
    Field { read: Read, write: fn(&Scenario) -> Option<String> },
    /// It adds to a list: values are separated by commas, and the key may be repeated.
    List { read: Read, write: fn(&Scenario) -> Option<String> },
}

/// Takes a value into the scenario.
pub(super) type Read = fn(&mut Scenario, &str) -> Result<Taken, Problem>;

/// A value was taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Taken {
    /// As it stands.
    Whole,
    /// With something to say about it.
    But(Problem),
}

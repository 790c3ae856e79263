//! A key of a link: how it meets a scenario.

use crate::scenario::Scenario;

use super::problem::Problem;

/// One key.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
    /// What holds when the key is absent, where the default scenario does not say it.
    pub(super) otherwise: &'static str,
    pub(super) range: fn() -> String,
    pub(super) access: Access,
}

/// Whether there is a reference of keys to write: the page has none, and its texts would be a hundredth of a first visit.
const EXPLAINED: bool = !cfg!(target_arch = "wasm32");

/// Keys, and for whom there is no reference, without its texts.
pub(super) const fn keys<const N: usize>(mut table: [Key; N]) -> [Key; N] {
    let mut rest = table.as_mut_slice();
    while let (false, Some((key, after))) = (EXPLAINED, rest.split_first_mut()) {
        *key = Key { meaning: "", example: "", otherwise: "", range: String::new, ..*key };
        rest = after;
    }
    table
}

/// The same of keys about the page: name, meaning, example.
pub(super) const fn view_keys<const N: usize>(mut table: [ViewKey; N]) -> [ViewKey; N] {
    let mut rest = table.as_mut_slice();
    while let (false, Some((key, after))) = (EXPLAINED, rest.split_first_mut()) {
        *key = (key.0, "", "");
        rest = after;
    }
    table
}

/// A key about the page: name, meaning, example.
pub(super) type ViewKey = (&'static str, &'static str, &'static str);

impl Access {
    /// How the key is written.
    pub(super) const fn write(&self) -> fn(&Scenario) -> Option<String> {
        match self {
            Self::Field { write, .. } | Self::List { write, .. } => *write,
        }
    }
}

/// How a key meets a scenario.
#[derive(Clone, Copy)]
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

impl From<Option<Problem>> for Taken {
    fn from(doubt: Option<Problem>) -> Self {
        doubt.map_or(Self::Whole, Self::But)
    }
}

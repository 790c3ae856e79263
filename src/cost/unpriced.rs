//! A cost or a power that is absent because nobody published what it needs.

use serde::Serialize;

use crate::catalog;

/// Why a cost is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unpriced {
    /// The chip.
    pub chip: String,
    /// What nobody published.
    pub figure: &'static str,
}

impl std::fmt::Display for Unpriced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A data sheet's name without what it adds in brackets; a chip of one's own goes by its identifier.
        let name = catalog::chip(&self.chip).map_or(self.chip.as_str(), |own| &own.name);
        let name = name.split_once(" (").map_or(name, |(short, _)| short);
        write!(f, "{name} has no public {}", self.figure)
    }
}

//! A cost or a power that is absent because nobody published what it needs.

use serde::Serialize;

use crate::catalog::{self, PriceBasis};

/// Why a cost is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unpriced {
    /// The chip.
    pub chip: String,
    /// What nobody published.
    pub figure: &'static str,
}

impl Unpriced {
    /// The bases on which the catalogue has a price of the chip all the same; none where another figure is missing.
    #[must_use]
    pub fn elsewhere(&self) -> Vec<PriceBasis> {
        let price = PriceBasis::ALL.iter().any(|basis| basis.figure() == self.figure);
        let chip = catalog::chip(&self.chip).filter(|_| price);
        chip.map_or_else(Vec::new, |own| own.price.bases().collect())
    }

    /// The reason with the name of the chip that a reader knows.
    #[must_use]
    pub fn reason(&self, name: &str) -> String {
        let bases: Vec<&str> = self.elsewhere().into_iter().map(PriceBasis::id).collect();
        let elsewhere =
            if bases.is_empty() { String::new() } else { format!("; it has one on: {}", bases.join(", ")) };
        format!("{name} has no public {}{elsewhere}", self.figure)
    }
}

impl std::fmt::Display for Unpriced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A data sheet's name without what it adds in brackets; a chip of one's own goes by its identifier.
        let name = catalog::chip(&self.chip).map_or(self.chip.as_str(), |own| &own.name);
        let name = name.split_once(" (").map_or(name, |(short, _)| short);
        f.write_str(&self.reason(name))
    }
}

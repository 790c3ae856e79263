//! A limit on the power of each chip.

use serde::{Deserialize, Serialize};

use crate::units::Watts;
use crate::units::format::{Precision, Unit};

/// A limit on the power of each chip, as its driver is told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerCap {
    /// The same watts on every chip.
    Power(Watts),
    /// A share of the thermal design power of each chip.
    Share(f64),
}

impl PowerCap {
    /// The cap as a share of a chip's thermal design power; none where that must be known and is not.
    #[must_use]
    pub fn share(self, tdp: Option<Watts>) -> Option<f64> {
        match self {
            Self::Power(watts) => tdp.map(|tdp| watts / tdp),
            Self::Share(share) => Some(share),
        }
    }
}

impl std::fmt::Display for PowerCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Power(watts) => f.write_str(&Unit::Watts.format(watts.get())),
            Self::Share(share) => write!(f, "{} of TDP", Unit::Percent.format_with(*share, Precision::SHORT)),
        }
    }
}

//! How far to trust a result: its evidence class and the band that class has earned on measured points.

use serde::Serialize;

use crate::cost::Spread;

mod class;
pub mod difference;
pub mod distance;
pub mod nearest;
pub mod rows;

pub use class::{class_among, judge};
pub use difference::{Difference, Differences};

/// What a result rests on, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceClass {
    /// The same model, chip, engine and format were measured at neighbouring lengths and loads.
    MeasuredNearby,
    /// Served models were measured on the same chip.
    SameChip,
    /// Kernels of the chip or of its family were measured, no served model.
    SameFamily,
    /// Only the data sheet is known.
    DatasheetOnly,
    /// The figures are the maker's own and nobody else measured them.
    VendorClaim,
}

impl EvidenceClass {
    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::MeasuredNearby => "measured-nearby",
            Self::SameChip => "same-chip",
            Self::SameFamily => "same-family",
            Self::DatasheetOnly => "datasheet-only",
            Self::VendorClaim => "vendor-claim",
        }
    }
}

/// Evidence and the bands that go with it: an 80 % interval is the estimate times `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The class.
    pub class: EvidenceClass,
    /// Band of TTFT.
    pub ttft: Band,
    /// Band of TPOT.
    pub tpot: Band,
    /// Band of throughput at full load.
    pub throughput: Band,
    /// Band of what is served, and through it of cost and, with that of the watts, energy per token: in an open loop nobody
    /// serves more than is offered.
    pub served: Band,
    /// What of the scenario no measured run near it had; nothing only where it was measured nearby.
    pub differs: Differences,
}

/// Factors of an 80 % interval around an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Factor of the low end, at most 1.
    pub low: f64,
    /// Factor of the high end, at least 1.
    pub high: f64,
}

impl Band {
    /// The band of one over the quantity.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { low: 1.0 / self.high, high: 1.0 / self.low }
    }

    /// The band of a product whose other factor errs on its own: the logarithms of the ends add as squares, so that the
    /// result holds either band.
    #[must_use]
    pub fn times(self, other: Spread) -> Self {
        let both = |own: f64, other: f64| {
            let (own, other) = (libm::log(own), libm::log(other));
            (own * own + other * other).sqrt()
        };
        Self { low: libm::exp(-both(self.low, other.low)), high: libm::exp(both(self.high, other.high)) }
    }
}

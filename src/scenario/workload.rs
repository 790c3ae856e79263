//! What requests look like on average, and how many there are.

use serde::{Deserialize, Serialize};

use crate::units::{RequestsPerSecond, Tokens};

/// Lengths and reuse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Nominal input sequence length.
    pub isl: Tokens,
    /// Nominal output sequence length.
    pub osl: Tokens,
    /// Lengths are drawn uniformly between this share of the nominal length and the nominal length; 1 = exact.
    pub spread: f64,
    /// Share of input tokens that the prefix cache serves, 0 to 1.
    pub hit: f64,
}

impl Workload {
    /// Mean share of the nominal length.
    #[must_use]
    pub fn mean_share(&self) -> f64 {
        f64::midpoint(1.0, self.spread)
    }

    /// Mean input length.
    #[must_use]
    pub fn mean_isl(&self) -> Tokens {
        self.isl * self.mean_share()
    }

    /// Mean output length, at least one token.
    #[must_use]
    pub fn mean_osl(&self) -> Tokens {
        (self.osl * self.mean_share()).max(Tokens::new(1.0))
    }
}

/// How many requests there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Closed loop: this many users, each sending the next request when the last is answered.
    Closed {
        /// Users over the whole deployment.
        concurrency: f64,
    },
    /// Open loop: requests arrive whether or not earlier ones are answered.
    Open {
        /// Mean arrival rate over the whole deployment.
        rate: RequestsPerSecond,
        /// Coefficient of variation of the gaps between arrivals; 1 = Poisson.
        cv: f64,
    },
}

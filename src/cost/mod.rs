//! Dollars and watts of a deployment, from rent or from ownership.

use serde::Serialize;

use crate::units::{Dollars, DollarsPerHour, Joules, Watts};

/// What a deployment costs in steady state. Absent figures carry the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costs {
    /// Price of the whole deployment per hour.
    pub per_hour: Result<DollarsPerHour, Unpriced>,
    /// Dollars per million tokens, input and output together.
    pub per_mtok_total: Result<Dollars, Unpriced>,
    /// Dollars per million input tokens, when prefill carries its share of the time.
    pub per_mtok_input: Result<Dollars, Unpriced>,
    /// Dollars per million output tokens, when decode carries its share of the time.
    pub per_mtok_output: Result<Dollars, Unpriced>,
    /// Dollars per million output tokens, when they carry everything.
    pub per_mtok_output_all: Result<Dollars, Unpriced>,
    /// Power of the deployment with its data centre.
    pub power: Result<Watts, Unpriced>,
    /// Energy per output token.
    pub joules_per_token: Result<Joules, Unpriced>,
}

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
        write!(f, "{} has no public {}", self.chip, self.figure)
    }
}

//! How far to trust a result: its evidence class and the band that class has earned on measured points.
//!
//! This room also puts the answer together: [`evaluate`] is what the page, the command line and the tests call.

use serde::Serialize;

pub mod check;
mod class;
pub mod nearest;

pub use class::judge;

use crate::cost::{Costs, costs};
use crate::machine::{Constants, constants};
use crate::scenario::Scenario;
use crate::serve::{Refusal, Steady, serve};

/// A scenario's result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Latency and throughput.
    pub steady: Steady,
    /// Dollars and watts.
    pub costs: Costs,
    /// What the result rests on.
    pub evidence: Evidence,
}

/// What a result rests on, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceClass {
    /// The same model, chip and engine were measured at a neighbouring load.
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

/// Evidence and the bands that go with it: an 80 % interval is the estimate times `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The class.
    pub class: EvidenceClass,
    /// Band of TTFT.
    pub ttft: Band,
    /// Band of TPOT.
    pub tpot: Band,
    /// Band of throughput, and through it of cost and energy per token.
    pub throughput: Band,
}

/// Factors of an 80 % interval around an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Factor of the low end, at most 1.
    pub low: f64,
    /// Factor of the high end, at least 1.
    pub high: f64,
}

/// Evaluates a scenario.
///
/// ```
/// use tandem::evidence::evaluate;
/// use tandem::scenario::link;
///
/// let scenario = link::parse("v1&model=llama3-8b&concurrency=8&pool=h100-sxm*1").scenario;
/// let evaluation = evaluate(&scenario)?;
/// // Eight users cannot be faster than one pass over the weights at the bandwidth of the data sheet.
/// assert!(evaluation.steady.tpot.get() > 8.0e9 / 3.35e12);
/// assert!(evaluation.evidence.tpot.low <= 1.0 && evaluation.evidence.tpot.high >= 1.0);
///
/// // What cannot be served says why.
/// let refusal = evaluate(&link::parse("v1&model=deepseek-v3&pool=h100-sxm*1").scenario);
/// assert!(refusal.is_err());
/// # Ok::<(), tandem::serve::Refusal>(())
/// ```
///
/// # Errors
/// [`Refusal`] says why there is no result and what to change.
pub fn evaluate(scenario: &Scenario) -> Result<Evaluation, Refusal> {
    evaluate_with(scenario, constants())
}

/// Evaluates a scenario with other constants than the fitted ones, as calibration does.
///
/// # Errors
/// [`Refusal`] says why there is no result and what to change.
pub fn evaluate_with(scenario: &Scenario, tables: &Constants) -> Result<Evaluation, Refusal> {
    let steady = serve(scenario, tables)?;
    let costs = costs(scenario, &steady);
    let evidence = judge(scenario, &steady);
    Ok(Evaluation { steady, costs, evidence })
}

impl Band {
    /// The band of one over the quantity.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { low: 1.0 / self.high, high: 1.0 / self.low }
    }
}

//! Scenario to evaluation: the door of the house. A deployment is served in steady state, priced, and judged by what is
//! known of its silicon.

use serde::Serialize;

use crate::cost::{Costs, Energy, costs, energy};
use crate::evidence::{Evidence, judge};
use crate::machine::{Constants, constants};
use crate::scenario::Scenario;
use crate::serve::{Refusal, Steady, serve};

/// A scenario's result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Latency and throughput.
    pub steady: Steady,
    /// Dollars.
    pub costs: Costs,
    /// Watts and joules.
    pub energy: Energy,
    /// What the result rests on.
    pub evidence: Evidence,
}

/// Evaluates a scenario.
///
/// ```
/// use tandem::evaluate::evaluate;
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
    let energy = energy(scenario, &steady, tables);
    let evidence = judge(scenario, &steady);
    Ok(Evaluation { steady, costs, energy, evidence })
}

//! Whether a deployment keeps its service level, and what breaks first.

use serde::Serialize;

use crate::evaluate::Evaluation;
use crate::scenario::{Load, Scenario, Slo};
use crate::units::RequestsPerSecond;

/// How a deployment misses its service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// More is offered than can be served.
    Saturated,
    /// The first token comes too late.
    Ttft,
    /// Tokens follow too slowly.
    Tpot,
}

/// What the deployment misses, if anything. Without any limit users of a closed loop may wait as long as they like, so
/// only an open loop can fail.
#[must_use]
pub fn miss(slo: &Slo, evaluation: &Evaluation) -> Option<Miss> {
    let steady = &evaluation.steady;
    if steady.saturation.is_some() {
        Some(Miss::Saturated)
    } else if slo.tpot.is_some_and(|limit| steady.tpot > limit) {
        Some(Miss::Tpot)
    } else if slo.ttft.is_some_and(|limit| steady.ttft > limit) {
        Some(Miss::Ttft)
    } else {
        None
    }
}

/// The scenario under a multiple of its load.
#[must_use]
pub(super) fn loaded(scenario: &Scenario, factor: f64) -> Scenario {
    let mut scenario = scenario.clone();
    match &mut scenario.load {
        Load::Closed { concurrency } => *concurrency *= factor,
        Load::Open { rate, .. } => *rate = RequestsPerSecond::new(rate.get() * factor),
    }
    scenario
}

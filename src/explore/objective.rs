//! Whether a deployment keeps its service level, and what breaks first.

use serde::Serialize;

use super::shape;
use crate::evaluate::{Evaluation, evaluate_with};
use crate::machine::Constants;
use crate::scenario::{Limit, Load, Pool, Role, Scenario, Slo};
use crate::serve::{PoolState, Steady};
use crate::units::{RequestsPerSecond, Seconds};

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
    missed(slo, &evaluation.steady)
}

/// The same of what is served, without what it costs and rests on.
#[must_use]
pub(super) fn missed(slo: &Slo, steady: &Steady) -> Option<Miss> {
    if steady.saturation.is_some() {
        Some(Miss::Saturated)
    } else if slo.tpot.is_some_and(|limit| steady.tpot_of(limit.percentile) > limit.at) {
        Some(Miss::Tpot)
    } else if slo.ttft.is_some_and(|limit| steady.ttft_of(limit.percentile) > limit.at) {
        Some(Miss::Ttft)
    } else {
        None
    }
}

/// How surely a deployment keeps its service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval of each estimate is within its limit.
    Meets,
    /// The estimates are, and an interval is not.
    Likely,
    /// An estimate is not, or more is offered than can be served.
    Misses,
}

/// How surely it does.
#[must_use]
pub fn verdict(slo: &Slo, evaluation: &Evaluation) -> Verdict {
    if miss(slo, evaluation).is_some() {
        return Verdict::Misses;
    }
    let Evaluation { steady, evidence, .. } = evaluation;
    let kept =
        |limit: Option<Limit>, value: Seconds, high: f64| limit.is_none_or(|limit| value * high <= limit.at);
    let of = |limit: Option<Limit>| limit.and_then(|own| own.percentile);
    let sure = kept(slo.ttft, steady.ttft_of(of(slo.ttft)), evidence.ttft.high)
        && kept(slo.tpot, steady.tpot_of(of(slo.tpot)), evidence.tpot.high);
    if sure { Verdict::Meets } else { Verdict::Likely }
}

/// A deployment with its reserve used up: under the load with headroom, and short of the replicas that may fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// How surely the service level is kept.
    pub verdict: Verdict,
    /// What is missed first.
    pub miss: Option<Miss>,
    /// The pool that is short of replicas, where that is the harder case.
    pub lost: Option<Role>,
    /// What is served then; absent where nothing is, as no replica is left.
    pub evaluation: Option<Evaluation>,
}

/// The scenario with its headroom used up, where it has any.
#[must_use]
pub fn at_headroom(scenario: &Scenario) -> Scenario {
    match scenario.reserve.headroom {
        Some(share) if share > 0.0 => loaded(scenario, 1.0 + share),
        _ => scenario.clone(),
    }
}

/// The scenario with so many replicas of a pool lost, each pool as `pools` has settled it; none where none is left.
#[must_use]
pub fn without(scenario: &Scenario, pools: &[PoolState], role: Role, lost: u32) -> Option<Scenario> {
    let mut fewer = scenario.clone();
    for state in pools {
        let Some(pool) = fewer.split.pool_mut(state.role) else { continue };
        let lost = if state.role == role { lost } else { 0 };
        let left = state.replicas.checked_sub(lost).filter(|&left| left > 0)?;
        *pool = Pool { layout: Some(state.layout), chips: left * state.layout.chips(), ..pool.clone() };
    }
    Some(fewer)
}

/// Whether a deployment keeps its service level with its reserve used up: the worst of all pools that may be short.
/// `evaluation` is what it serves as it stands, and says how its pools are laid out.
#[must_use]
pub fn holds(scenario: &Scenario, evaluation: &Evaluation, tables: &Constants) -> Held {
    let full = at_headroom(scenario);
    let judged = |lost: Option<Role>, evaluation: Option<Evaluation>| Held {
        verdict: evaluation.as_ref().map_or(Verdict::Misses, |own| verdict(&scenario.slo, own)),
        miss: evaluation.as_ref().map_or(Some(Miss::Saturated), |own| miss(&scenario.slo, own)),
        lost,
        evaluation,
    };
    let pools = &evaluation.steady.pools;
    let spare = scenario.reserve.spare;
    if spare == 0 {
        let same = full.load == scenario.load;
        // More load does not change how it is laid out.
        let more = || evaluate_with(&shape::laid_out(&full, pools), tables).ok();
        return judged(None, if same { Some(evaluation.clone()) } else { more() });
    }
    let short = pools.iter().map(|pool| {
        let fewer = without(&full, pools, pool.role, spare);
        judged(Some(pool.role), fewer.and_then(|fewer| evaluate_with(&fewer, tables).ok()))
    });
    short
        .reduce(|worst, own| if worse(&own, &worst) { own } else { worst })
        .unwrap_or_else(|| judged(None, None))
}

/// What a deployment misses with its reserve used up, if anything.
#[must_use]
pub(super) fn missing(scenario: &Scenario, evaluation: &Evaluation, tables: &Constants) -> Option<Miss> {
    let reserve = scenario.reserve;
    if !reserve.asks() {
        return miss(&scenario.slo, evaluation);
    }
    miss(&scenario.slo, evaluation).or_else(|| holds(scenario, evaluation, tables).miss)
}

/// Whether the first keeps the service level less well than the second.
fn worse(one: &Held, other: &Held) -> bool {
    let rank = |held: &Held| {
        let steady = held.evaluation.as_ref().map(|own| &own.steady);
        (held.verdict, steady.is_none(), steady.is_some_and(|own| own.saturation.is_some()))
    };
    let late = |held: &Held| held.evaluation.as_ref().map_or(f64::INFINITY, |own| own.steady.e2e.get());
    rank(one) > rank(other) || (rank(one) == rank(other) && late(one) > late(other))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::machine::constants;
    use crate::scenario::{Percentile, link};

    fn both(text: &str) -> (Scenario, Evaluation) {
        let scenario = link::parse(text).scenario;
        let evaluation = evaluate(&scenario).unwrap();
        (scenario, evaluation)
    }

    #[test]
    fn the_verdict_has_three_states() {
        let (scenario, evaluation) =
            both("v1&model=llama3-70b&isl=1k&osl=512&rate=4&pool=h100-sxm*8:tp4&tpot=none");
        let p95 = evaluation.steady.tails.ttft(Percentile::P95);
        let at = |factor: f64| {
            let slo = Slo { ttft: Some(Limit::p95(p95 * factor)), ..scenario.slo };
            verdict(&slo, &evaluation)
        };
        let high = evaluation.evidence.ttft.high;
        assert!(high > 1.0);
        assert_eq!(at(0.99), Verdict::Misses);
        assert_eq!(at(1.01), Verdict::Likely);
        assert_eq!(at(high * 1.01), Verdict::Meets);
        assert_eq!(verdict(&Slo::default(), &evaluation), Verdict::Meets);
    }

    #[test]
    fn a_percentile_is_stricter_than_the_mean() {
        let (scenario, evaluation) = both("v1&model=llama3-70b&isl=4k&osl=512&rate=2&pool=h100-sxm*8:tp4");
        let (mean, p99) = (evaluation.steady.ttft, evaluation.steady.tails.ttft(Percentile::P99));
        assert!(p99 > mean * 1.2);
        let between = (mean + p99) / 2.0;
        let of = |percentile| Slo { ttft: Some(Limit { at: between, percentile }), ..scenario.slo };
        assert_eq!(miss(&of(None), &evaluation), None);
        assert_eq!(miss(&of(Some(Percentile::P99)), &evaluation), Some(Miss::Ttft));
    }

    #[test]
    fn headroom_is_more_load_and_spare_is_fewer_replicas() {
        let base =
            "v1&model=llama3-70b&isl=1k&osl=512&rate=6&pool=h100-sxm*8:tp4&ttft=400ms@p95&tpot=40ms@p95";
        let (scenario, evaluation) = both(base);
        let plain = holds(&scenario, &evaluation, constants());
        assert_eq!((plain.miss, plain.lost), (None, None));
        let kept = |more: &str| {
            let (scenario, evaluation) = both(&format!("{base}&{more}"));
            holds(&scenario, &evaluation, constants())
        };
        let half = kept("headroom=50%");
        let rate = half.evaluation.as_ref().unwrap().steady.rate.get();
        assert!((rate - 9.0).abs() < 0.2, "{rate}");
        let spare = kept("spare=1");
        assert_eq!(spare.lost, Some(Role::Colocated));
        assert_eq!(spare.evaluation.as_ref().unwrap().steady.chips, 4);
        assert!(spare.verdict >= half.verdict);
        // Nothing is left of a single replica.
        let none = kept("spare=2");
        assert_eq!((none.verdict, none.evaluation), (Verdict::Misses, None));
    }

    #[test]
    fn the_weaker_pool_loses_the_replica() {
        let (scenario, evaluation) = both(
            "v1&model=llama3-70b&isl=4k&osl=256&rate=3&prefill=h100-sxm*8:tp4&decode=h200*16:tp4&spare=1",
        );
        let held = holds(&scenario, &evaluation, constants());
        assert_eq!(held.lost, Some(Role::Prefill));
        let own = held.evaluation.unwrap().steady;
        assert!(own.ttft > evaluation.steady.ttft);
    }
}

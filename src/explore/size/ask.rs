//! What is asked of a deployment: to keep the service level at the load with its headroom, with replicas to spare.

use super::answer::{Bought, Deployment, Times};
use super::plan::Plan;
use super::wanted::{Wanted, provisioned};
use crate::cost::chip_price;
use crate::evaluate::evaluate_with;
use crate::explore::deployed::Deployed;
use crate::explore::objective::{Miss, Verdict, at_headroom, holds, missed};
use crate::machine::Constants;
use crate::metric::Metric;
use crate::scenario::{Limit, Load, Percentile, Scenario, Split};
use crate::serve::survey::Offer;
use crate::serve::{Steady, serve};
use crate::units::{DollarsPerHour, Seconds};

/// The question, as every part of a search needs it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The scenario; its split is not looked at.
    pub(super) scenario: Scenario,
    /// The same with its reserve written down: what is usual where it states none.
    sized: Scenario,
    /// The same at the load with its headroom.
    pub(super) peak: Scenario,
    /// Replicas that each pool may lose.
    pub(super) spare: u32,
    pub(super) tables: &'static Constants,
    pub(super) wanted: Wanted,
}

/// A deployment that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) split: Split,
    pub(super) plan: Plan,
    pub(super) deployment: Deployment,
    /// How near it comes to its limits at the load with its headroom: 1 is at one.
    pub(super) pressure: f64,
}

impl Ask {
    pub(super) fn new(scenario: &Scenario, wanted: Wanted, tables: &'static Constants) -> Self {
        let reserve = scenario.reserve.of_sizing();
        let sized = Scenario { reserve, ..scenario.clone() };
        let peak = at_headroom(&sized);
        Self { scenario: scenario.clone(), sized, peak, spare: reserve.spare, tables, wanted }
    }

    /// The fewest of a chip that one can get.
    pub(super) fn unit(&self, id: &str) -> u32 {
        self.wanted.unit(&self.scenario, id)
    }

    pub(super) fn price(&self, id: &str) -> Option<f64> {
        chip_price(&self.scenario, id).ok().map(|own| own.get())
    }

    /// The share by which the load may grow.
    pub(super) fn sized_for(&self) -> f64 {
        self.sized.reserve.headroom.unwrap_or(0.0)
    }

    /// The scenario on these pools.
    pub(super) fn with(&self, split: Split) -> Scenario {
        Scenario { split, ..self.scenario.clone() }
    }

    /// These pools at the load with its headroom.
    pub(super) fn served(&self, split: Split) -> Option<Steady> {
        serve(&Scenario { split, ..self.peak.clone() }, self.tables).ok()
    }

    /// A plan at the load with its headroom, with no replica more than it needs.
    pub(super) fn at_peak(&self, plan: &Plan) -> Option<Steady> {
        self.served(plan.bare()?)
    }

    /// What these pools miss at that load; nothing where they keep the service level.
    pub(super) fn missed(&self, steady: &Steady) -> Option<Miss> {
        missed(&self.scenario.slo, steady)
    }

    /// Whether a plan keeps the service level at the load with its headroom.
    pub(super) fn holds(&self, plan: &Plan) -> bool {
        self.at_peak(plan).is_some_and(|own| self.missed(&own).is_none())
    }

    /// How near a steady state comes to its limits: 1 is at one.
    pub(super) fn pressure(&self, steady: &Steady) -> f64 {
        let slo = &self.scenario.slo;
        let of = |limit: Option<Limit>| limit.and_then(|own| own.percentile);
        let over = |time: Seconds, limit: Option<Limit>| limit.map_or(0.0, |limit| time / limit.at);
        let busy = steady.rate / steady.capacity;
        let busy = if steady.saturation.is_some() { f64::INFINITY } else { busy };
        let (ttft, tpot) = (steady.ttft_of(of(slo.ttft)), steady.tpot_of(of(slo.tpot)));
        over(ttft, slo.ttft).max(over(tpot, slo.tpot)).max(busy)
    }

    /// What a plan takes, in numbers that one can get.
    pub(super) fn bought(&self, plan: &Plan) -> Vec<Bought> {
        plan.bought(self.spare, |id| self.unit(id))
    }

    /// What that comes to: dollars per hour, and of chips without a price their number.
    pub(super) fn worth(&self, bought: &[Bought]) -> f64 {
        bought.iter().map(|own| f64::from(own.chips) * self.price(&own.chip).unwrap_or(1.0)).sum()
    }

    /// Dollars per hour; none where a chip has no price.
    fn per_hour(&self, bought: &[Bought]) -> Option<f64> {
        bought.iter().map(|own| Some(f64::from(own.chips) * self.price(&own.chip)?)).sum()
    }

    /// Whether a replica keeps the service level with one user at all.
    pub(super) fn may_keep(&self, offer: &Offer) -> bool {
        let slo = &self.scenario.slo;
        let token = offer.points.first().map_or(Seconds::ZERO, |at| at.step);
        let prompt = offer.prefill.map_or(Seconds::ZERO, |own| own.latency);
        let keeps = |time: Seconds, limit: Option<Limit>| limit.is_none_or(|limit| time <= mean(limit, 1.0));
        keeps(token, slo.tpot) && keeps(prompt, slo.ttft)
    }

    /// Requests per second at the load with its headroom when a token takes so long.
    pub(super) fn rate(&self, tpot: Seconds) -> f64 {
        match self.peak.load {
            Load::Open { rate, .. } => rate.get(),
            Load::Closed { concurrency } => {
                let tokens = (self.scenario.workload.mean_osl().get() - 1.0).max(1e-3);
                let first = self.scenario.slo.ttft.map_or(0.0, |limit| limit.at.get() * 0.6);
                let pause = self.scenario.pause().get();
                concurrency / (pause + first + tokens * tpot.get())
            }
        }
    }

    /// The deployment that a plan comes to, on all chips that are paid for; `None` where it does not keep the service level
    /// after all.
    pub(super) fn found(&self, plan: &Plan) -> Option<Found> {
        let bought = self.bought(plan);
        let split = plan.filled(self.spare, &bought)?;
        let at_peak = self.served(split.clone())?;
        if self.missed(&at_peak).is_some() {
            return None;
        }
        let scenario = self.with(split.clone());
        let evaluation = evaluate_with(&scenario, self.tables).ok()?;
        let sized = Scenario { split: split.clone(), ..self.sized.clone() };
        let held = holds(&sized, &evaluation, self.tables);
        let steady = &evaluation.steady;
        if held.verdict == Verdict::Misses || self.missed(steady).is_some() {
            return None;
        }
        let (ttft, tpot) = Times::of(steady);
        let deployment = Deployment {
            deployed: Deployed::of(&scenario),
            split: split.kind(),
            chips: split.chips(),
            per_hour: self.per_hour(&bought).map(DollarsPerHour::new),
            bought,
            per_mtok: Metric::CostTotal.read(&evaluation).ok().map(|own| own.value),
            power: provisioned(&evaluation.energy),
            ttft,
            tpot,
            verdict: held.verdict,
            evidence: evaluation.evidence,
            binding: steady.binding,
            headroom: None,
            runner_up: None,
        };
        Some(Found { split, plan: plan.clone(), deployment, pressure: self.pressure(&at_peak) })
    }
}

impl Found {
    /// The kind of its chips, where they are all of one.
    pub(super) fn only(&self) -> Option<&str> {
        match &self.deployment.bought[..] {
            [only] => Some(&only.chip),
            _ => None,
        }
    }

    /// The kinds of its chips, each once, in no order that a split gives them.
    pub(super) fn family(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.deployment.bought.iter().map(|own| own.chip.as_str()).collect();
        kinds.sort_unstable();
        kinds
    }
}

/// The mean at which a limit of a percentile may still be kept: where a search starts, and what it need not look at. Of
/// what lies below the median the mean may be longer.
pub(super) fn mean(limit: Limit, tail: f64) -> Seconds {
    match limit.percentile.map(Percentile::share) {
        None => limit.at,
        Some(share) if share < 0.75 => limit.at * 2.0,
        Some(_) => limit.at * tail,
    }
}

//! What users feel of a deployment in balance, and nothing of why: all that a choice between layouts looks at.
//!
//! A deployment that does worse than a rival needs not even that, as one point shows it. A balance asks at each number of
//! sequences in decode how many there would then be ([`super::root`]). Where it asks for fewer at the number that makes the
//! rival's rate, the rate stays below that: more sequences are more requests per second. In an open loop the same is so of the
//! rival's time per token: where the sequences that it takes at the rate make a token take longer, the deployment's takes longer. And
//! a load that a deployment does not carry is known by its wall alone.

use super::deployment::Deployment;
use super::first_token::FirstToken;
use super::half::Half;
use super::run::Changed;
use super::station::{Operating, Station};
use super::tails::Tails;
use crate::scenario::{Load, Percentile, Scenario};
use crate::units::Seconds;

/// By how much worse than its rival a deployment is shown to be, which roots found to a millionth do not blur.
const MARGIN: f64 = 1e-4;

/// Points that are tried: the first by a guess of the time per token.
const TRIES: usize = 3;

/// What users feel.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// Whether more is offered than can be served.
    pub saturated: bool,
    /// Requests per second over the deployment.
    pub rate: f64,
    /// Mean time to first token.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// How both spread, where a limit asks.
    tails: Option<Tails>,
}

impl Outline {
    /// Of a balance with these times and this rate, or what a run makes of it, and, where a limit of the scenario asks, these tails.
    pub(super) fn new(
        deployment: &Deployment<'_>,
        (first, each, served): (FirstToken, Seconds, f64),
        changed: Option<Changed>,
        (saturated, tails): (bool, Option<Tails>),
    ) -> Self {
        let (mut ttft, tpot, rate) =
            changed.map_or((first, each, served), |own| (own.ttft, own.tpot, own.rate));
        let tails = match changed {
            Some(own) => tails.map(|tails| tails.in_run(own.burst, (first.total(), ttft.total()))),
            None => tails,
        };
        let (unseen, seen) = deployment.unseen();
        let late = tpot * unseen;
        ttft.step += late;
        Self {
            saturated,
            rate,
            ttft: if saturated { Seconds::new(f64::INFINITY) } else { ttft.total() },
            tpot: tpot * seen,
            tails: tails.map(|own| own.seen(late, tpot, seen)),
        }
    }

    /// Time to first token and time per token in seconds: a percentile, or the mean.
    pub fn times(&self, percentile: Option<Percentile>) -> (f64, f64) {
        let Some((tails, percentile)) = self.tails.as_ref().zip(percentile) else {
            return (self.ttft.get(), self.tpot.get());
        };
        let ttft = if self.ttft.is_finite() { tails.ttft(percentile) } else { self.ttft };
        (ttft.get(), tails.tpot(percentile).get())
    }
}

/// Whether a limit of the scenario is on a percentile.
pub(super) fn asks_for_tails(scenario: &Scenario) -> bool {
    let limits = [scenario.slo.ttft, scenario.slo.tpot];
    limits.into_iter().flatten().any(|own| own.percentile.is_some())
}

/// Why a deployment surely falls short of a rival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// Its decode side is slower, whoever reads the prompts of an open loop.
    Slower,
    /// It carries less of an open loop.
    Full,
}

/// What a deployment has to come up to.
#[derive(Clone, Copy, Debug)]
pub struct Rival {
    /// Requests per second: that are served in a closed loop, and that may come for good in an open one.
    pub rate: f64,
    /// Time per token in an open one, in seconds; endless where any will do.
    pub tpot: f64,
    /// About how long a token takes at least where this is asked.
    pub guess: f64,
}

impl Rival {
    /// Whether replicas in a closed loop, of up to so many sequences in decode, stay below the rival's rate: `asks` says for how many
    /// the balance asks at a point.
    pub fn outruns(&self, station: &Station<'_, '_>, most: f64, asks: impl Fn(&Operating) -> f64) -> bool {
        // What a cache that spills makes slower may do more with fewer.
        if station.half.spills() {
            return false;
        }
        let rate = self.rate / station.replicas;
        let aim = rate * (1.0 - 2.0 * MARGIN);
        let with = |tpot: f64| (aim * station.tokens * tpot).min(most);
        let mut batch = with(self.guess);
        for _ in 0..TRIES {
            let at = station.at(batch);
            let below = at.rate < rate * (1.0 - MARGIN);
            if below && (batch >= most || asks(&at) < batch) {
                return true;
            }
            let next = with(at.tpot.get());
            if (next - batch).abs() <= MARGIN * batch {
                break;
            }
            batch = next;
        }
        false
    }

    /// Whether an open loop brings more than a decode side whose wall is there carries, and than makes up for that.
    pub fn bursts(&self, half: &Half<'_>, scenario: &Scenario, wall: f64) -> bool {
        let Load::Open { rate, .. } = scenario.load else { return false };
        // Steps in which pools take turns grow by jumps, and at one a balance may come to more than was meant.
        let jumps = self.rate.is_finite() && (half.partner.is_some() || half.draft.is_some());
        !jumps && wall < rate.get().min(self.rate * (1.0 - MARGIN))
    }

    /// Whether a token takes longer than the rival's in an open loop that brings so many requests per second to each replica.
    pub fn is_sooner(&self, station: &Station<'_, '_>, rate: f64, seen: f64) -> bool {
        if seen <= 0.0 || !self.tpot.is_finite() {
            return false;
        }
        let tpot = self.tpot / seen * (1.0 + MARGIN);
        let batch = rate * station.tokens * tpot;
        batch < station.fits && station.at(batch).tpot.get() > tpot
    }
}

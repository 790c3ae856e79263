//! What a deployment keeps back: the service level under more load, and with replicas lost.

use serde::Serialize;

use crate::evaluate::{Evaluation, evaluate};
use crate::explore::{self, at_headroom, holds, without};
use crate::machine::constants;
use crate::scenario::{Percentile, Role, Scenario};
use crate::units::format::{Precision, Unit};

use super::words;

/// What a deployment keeps back, and what happens when that is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReserveReport {
    /// Load beyond the stated one that the service level must bear, as a share of it.
    pub headroom: f64,
    /// Replicas of any one pool that may fail.
    pub spare: u32,
    /// How surely the service level holds with all of that used up.
    pub verdict: explore::Verdict,
    /// The same in a sentence; nothing is said where nothing is kept back.
    pub text: Option<String>,
    /// What is served when one replica of a pool is lost, at the stated load.
    pub lost: Vec<Lost>,
}

/// What is served when a pool is one replica short.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lost {
    /// The pool.
    pub role: Role,
    /// Replicas that it has as it stands.
    pub replicas: u32,
    /// Whether anything is served.
    pub served: bool,
    /// Whether more is offered than can be served.
    pub saturated: bool,
    /// Mean and 95th percentile of TTFT, in seconds.
    pub ttft: Option<[f64; 2]>,
    /// Mean and 95th percentile of TPOT, in seconds.
    pub tpot: Option<[f64; 2]>,
    /// How surely the service level is kept.
    pub verdict: explore::Verdict,
    /// All of it in a sentence.
    pub text: String,
}

impl ReserveReport {
    /// Of a scenario and what it serves as it stands.
    #[must_use]
    pub fn of(scenario: &Scenario, evaluation: &Evaluation) -> Self {
        let reserve = scenario.reserve;
        let held = holds(scenario, evaluation, constants());
        let lost = evaluation.steady.pools.iter().map(|pool| {
            let fewer = without(scenario, &evaluation.steady.pools, pool.role, 1);
            let own = fewer.and_then(|fewer| evaluate(&fewer).ok());
            Lost::new(scenario, pool.role, pool.replicas, own.as_ref())
        });
        let headroom = reserve.headroom.unwrap_or(0.0);
        Self {
            headroom,
            spare: reserve.spare,
            verdict: held.verdict,
            text: (headroom > 0.0 || reserve.spare > 0).then(|| used_up(scenario, &held)),
            lost: lost.collect(),
        }
    }
}

/// Which pool a replica is of, where there are several.
fn of(role: Role) -> String {
    match role {
        Role::Colocated => String::new(),
        Role::Ffn => format!(" of the {} pool", words::role(role)),
        _ => format!(" of the {} pool", words::role(role).to_lowercase()),
    }
}

/// What is left when all that is kept back is needed.
fn used_up(scenario: &Scenario, held: &explore::Held) -> String {
    let reserve = scenario.reserve;
    let more = reserve.headroom.filter(|share| *share > 0.0).map(|share| {
        let load = Unit::Percent.format_with(share, Precision::SHORT);
        format!("{load} more load")
    });
    let fewer = held.lost.map(|role| {
        let count =
            if reserve.spare == 1 { "one replica".to_owned() } else { format!("{} replicas", reserve.spare) };
        format!("{count}{} lost", of(role))
    });
    let under: Vec<String> = more.into_iter().chain(fewer).collect();
    let what = match &held.evaluation {
        Some(own) => level(&at_headroom(scenario), own),
        None => "nothing is served".to_owned(),
    };
    format!("With {}: {what}.", under.join(" and "))
}

/// What is served, and whether it is good enough.
fn level(scenario: &Scenario, evaluation: &Evaluation) -> String {
    let steady = &evaluation.steady;
    if let Some(saturation) = steady.saturation {
        return format!(
            "overloaded, {} of {} req/s served",
            Unit::Number.format_with(saturation.capacity.get(), Precision::SHORT),
            Unit::Number.format_with(saturation.offered.get(), Precision::SHORT)
        );
    }
    let time = |time: f64| Unit::Seconds.format_with(time, Precision::SHORT);
    let figures = format!(
        "p95 TTFT {}, p95 TPOT {}",
        time(steady.tails.ttft(Percentile::P95).get()),
        time(steady.tails.tpot(Percentile::P95).get())
    );
    if scenario.slo.ttft.is_none() && scenario.slo.tpot.is_none() {
        return figures;
    }
    let verdict = match explore::verdict(&scenario.slo, evaluation) {
        explore::Verdict::Meets => "meets",
        explore::Verdict::Likely => "likely meets",
        explore::Verdict::Misses => "misses",
    };
    format!("{figures}; {verdict} the service level")
}

impl Lost {
    fn new(scenario: &Scenario, role: Role, replicas: u32, own: Option<&Evaluation>) -> Self {
        let steady = own.map(|own| &own.steady);
        let saturated = steady.is_some_and(|own| own.saturation.is_some());
        let settled = steady.filter(|_| !saturated);
        let pool = of(role);
        let text = match own {
            Some(own) => format!("One of {replicas} replicas{pool} lost: {}.", level(scenario, own)),
            None if replicas <= 1 => format!("The only replica{pool} lost: nothing is served."),
            None => format!("One of {replicas} replicas{pool} lost: the rest cannot serve this."),
        };
        Self {
            role,
            replicas,
            served: own.is_some(),
            saturated,
            ttft: settled.map(|own| [own.ttft.get(), own.tails.ttft(Percentile::P95).get()]),
            tpot: settled.map(|own| [own.tpot.get(), own.tails.tpot(Percentile::P95).get()]),
            verdict: own.map_or(explore::Verdict::Misses, |own| explore::verdict(&scenario.slo, own)),
            text,
        }
    }
}

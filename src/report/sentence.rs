//! The answer in a sentence, and the verdict on the service level.

use serde::Serialize;

use crate::evaluate::Evaluation;
use crate::evidence::Band;
use crate::evidence::nearest::Run;
use crate::explore;
use crate::metric::Metric;
use crate::scenario::{Limit, Load, Percentile, Scenario, notation};
use crate::serve::Refusal;
use crate::units::DollarsPerHour;
use crate::units::format::{Precision, Unit};

use super::value::{Value, value};
use super::{departures, words};

/// A result in a few sentences: what the deployment does, for whom, at what price, what limits it, and what moves its numbers
/// away from catalogue and defaults.
#[must_use]
pub fn sentence(scenario: &Scenario, evaluation: &Evaluation) -> String {
    let told = result(scenario, evaluation);
    departures::line(scenario).map_or_else(|| told.clone(), |own| format!("{told} {own}"))
}

/// The same without the last: where that has a line of its own ([`departures::line`]).
#[must_use]
pub fn result(scenario: &Scenario, evaluation: &Evaluation) -> String {
    let steady = &evaluation.steady;
    let deployment = deployment(scenario);
    let one = scenario.split.chips() == 1;
    let lengths = lengths(scenario);
    let model = words::model(&scenario.model);
    let figures = figures(evaluation);
    let why = words::phases(steady);
    let rate = |rate: f64| Unit::RequestsPerSecond.format(rate);
    if let Some(saturation) = steady.saturation {
        return format!(
            "Saturated: {} offered, holds up to {}; {}. The queue grows without end, so TTFT has no steady state. \
             {deployment} at capacity, {model} at {lengths}: {figures}. {why}",
            rate(saturation.offered.get()),
            rate(saturation.capacity.get()),
            words::binding(saturation.binding),
        );
    }
    let load = match scenario.load {
        Load::Open { rate: offered, .. } => {
            format!("{} {} of {lengths}", if one { "holds" } else { "hold" }, rate(offered.get()))
        }
        Load::Closed { concurrency } => {
            let verb = if one { "serves" } else { "serve" };
            format!("{verb} {} at {lengths}", departures::concurrent(scenario, concurrency))
        }
    };
    let whole = words::whole(steady).map_or_else(String::new, |whole| format!(" {whole}"));
    format!("{deployment} {load} with {model}: {figures}. {why}{whole}")
}

/// The result of a scenario in a few sentences, whether there is one or not; without what moves its numbers away from
/// catalogue and defaults, which has a line of its own.
#[must_use]
pub fn answer(scenario: &Scenario, answered: &Result<Evaluation, Refusal>) -> String {
    match answered {
        Ok(evaluation) => result(scenario, evaluation),
        Err(refusal) => words::refusal(refusal),
    }
}

/// What to call a scenario: model and silicon.
#[must_use]
pub fn name(scenario: &Scenario) -> String {
    format!("{} on {}", words::model(&scenario.model), deployment(scenario))
}

/// The chips of a deployment: `8 × H100 SXM + 8 × H200 SXM`.
#[must_use]
pub fn deployment(scenario: &Scenario) -> String {
    let pool = |pool: &crate::scenario::Pool| words::chips(pool.chips, &pool.chip);
    let pools: Vec<String> = scenario.split.pools().into_iter().map(|(_, own)| pool(own)).collect();
    pools.join(" + ")
}

/// A measured run in a line: what ran on what, how fast it was, and whose it is.
#[must_use]
pub fn run(run: &Run) -> String {
    let scenario = &run.scenario;
    let layouts: Vec<String> = scenario
        .split
        .pools()
        .into_iter()
        .filter_map(|(_, pool)| pool.layout.as_ref().map(notation::write_layout))
        .collect();
    format!(
        "{} on {} ({}), {}, {}, {}: TTFT {}, TPOT {} ({})",
        words::model(&scenario.model),
        deployment(scenario),
        layouts.join(" + "),
        scenario.engine.name(),
        lengths(scenario),
        departures::load(scenario),
        Unit::Seconds.format(run.ttft.get()),
        Unit::Seconds.format(run.tpot.get()),
        origin(run),
    )
}

/// Whose run it is and of when.
#[must_use]
pub fn origin(run: &Run) -> String {
    format!("{} of {}, {}", run.source, run.date, run.id)
}

/// Input and output length: `8k/1k`.
#[must_use]
pub fn lengths(scenario: &Scenario) -> String {
    let tokens = |tokens: f64| Unit::Tokens.format(tokens);
    format!("{}/{}", tokens(scenario.workload.isl.get()), tokens(scenario.workload.osl.get()))
}

fn figures(evaluation: &Evaluation) -> String {
    let mut parts = Vec::new();
    for metric in [Metric::Ttft, Metric::Interactivity, Metric::CostTotal, Metric::PerHour] {
        match (metric, value(metric, evaluation)) {
            (Metric::Ttft, Value::Known { value, low, high, text, .. }) => {
                let tail = evaluation.steady.tails.ttft(Percentile::P95).get();
                let tail = format!("p95 {}", Unit::Seconds.format(tail));
                parts.push(format!("TTFT {text} ({})", joined([departures::band(value, low, high), tail])));
            }
            (Metric::Interactivity, Value::Known { value, low, high, text, .. }) => {
                parts.push(banded(text, departures::band(value, low, high)));
            }
            (Metric::CostTotal, Value::Known { value, low, high, text, .. }) => {
                let text = format!("{text} of input and output");
                parts.push(banded(text, departures::band(value, low, high)));
            }
            (Metric::PerHour, Value::Known { value, low, high, text, .. }) => {
                let month = Unit::DollarsPerMonth.format(DollarsPerHour::new(value).per_month().get());
                parts.push(format!("{text} ({})", joined([departures::band(value, low, high), month])));
            }
            (_, Value::Known { text, .. }) => parts.push(text),
            (Metric::CostTotal, Value::Absent { absent }) => {
                let reason = evaluation.costs.per_mtok_total.as_ref().err().map_or(absent, words::unpriced);
                parts.push(format!("no price ({reason})"));
            }
            (_, Value::Absent { .. }) => {}
        }
    }
    parts.join(", ")
}

/// What stands in brackets behind a number, without what is empty.
fn joined(own: [String; 2]) -> String {
    own.into_iter().filter(|own| !own.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A number with its band, where it has one.
fn banded(text: String, band: String) -> String {
    if band.is_empty() { text } else { format!("{text} ({band})") }
}

/// Whether a service level objective is met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether every objective is met by the estimate; true also when there is none.
    pub met: bool,
    /// How surely.
    pub verdict: explore::Verdict,
    /// The verdict in a sentence.
    pub text: String,
    /// Each objective that is set.
    pub objectives: Vec<Objective>,
}

/// One objective of a service level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Objective {
    /// `ttft` or `tpot`.
    pub metric: &'static str,
    /// The percentile that it is on, in percent; absent = the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Percentile>,
    /// The longest time that is good enough, in seconds.
    pub limit: f64,
    /// The estimate, in seconds.
    pub value: f64,
    /// High end of its 80 % interval, in seconds.
    pub high: f64,
    /// Whether the estimate is good enough.
    pub met: bool,
    /// How surely it is.
    pub verdict: explore::Verdict,
}

/// Judges a result by the service level objective of its scenario. A saturated deployment meets none.
#[must_use]
pub fn verdict(scenario: &Scenario, evaluation: &Evaluation) -> Verdict {
    let Evaluation { steady, evidence, .. } = evaluation;
    let saturated = steady.saturation.is_some();
    let of = |limit: Option<Limit>| limit.and_then(|own| own.percentile);
    let sides = [
        (Metric::Ttft, scenario.slo.ttft, steady.ttft_of(of(scenario.slo.ttft)), evidence.ttft),
        (Metric::Tpot, scenario.slo.tpot, steady.tpot_of(of(scenario.slo.tpot)), evidence.tpot),
    ];
    let judged: Vec<(String, Objective)> = sides
        .into_iter()
        .filter(|(.., value, _)| !value.get().is_nan())
        .filter_map(|(metric, limit, value, band)| {
            let limit = limit?;
            Some((limit.text(metric.short()), Objective::new(metric, &limit, value.get(), band, saturated)))
        })
        .collect();
    let verdict = judged.iter().map(|(_, own)| own.verdict).max().unwrap_or(explore::Verdict::Meets);
    let met = verdict != explore::Verdict::Misses;
    let text = if judged.is_empty() {
        "No service level is set.".to_owned()
    } else if let Some(own) = steady.saturation {
        let names: Vec<&str> = judged.iter().map(|(name, _)| &**name).collect();
        let holds = Unit::RequestsPerSecond.format(own.capacity.get());
        format!("Misses {}: more is offered than can be served, which is {holds}.", names.join(" and "))
    } else {
        said(&judged)
    };
    Verdict { met, verdict, text, objectives: judged.into_iter().map(|(_, own)| own).collect() }
}

/// What is missed and by how much, what is probably kept, and what is kept for sure.
fn said(judged: &[(String, Objective)]) -> String {
    let missed = |(name, own): &(String, Objective)| {
        let over = own.value - own.limit;
        format!(
            "{name} by {} ({})",
            Unit::Seconds.format_with(over, Precision::SHORT),
            Unit::Percent.format_change(over / own.limit, Precision::SHORT)
        )
    };
    let likely = |(name, own): &(String, Objective)| {
        // The value in the digits that it has everywhere; its band is good for two.
        let value = Unit::Seconds.format_with(own.value, Precision::STEADY);
        let high = Unit::Seconds.format_with(own.high, Precision::SHORT);
        format!("{name} ({value}, up to {high})")
    };
    let meets = |(name, _): &(String, Objective)| name.clone();
    let group = |state: explore::Verdict, verb: &str, words: &dyn Fn(&(String, Objective)) -> String| {
        let own: Vec<String> = judged.iter().filter(|(_, own)| own.verdict == state).map(words).collect();
        (!own.is_empty()).then(|| format!("{verb} {}", own.join(" and ")))
    };
    let groups = [
        group(explore::Verdict::Misses, "misses", &missed),
        group(explore::Verdict::Likely, "likely meets", &likely),
        group(explore::Verdict::Meets, "meets", &meets),
    ];
    let text = groups.into_iter().flatten().collect::<Vec<_>>().join("; ");
    format!("{}.", words::capital(&text))
}

impl Objective {
    fn new(metric: Metric, limit: &Limit, value: f64, band: Band, saturated: bool) -> Self {
        let (at, high) = (limit.at.get(), value * band.high);
        let verdict = if saturated || value > at {
            explore::Verdict::Misses
        } else if high > at {
            explore::Verdict::Likely
        } else {
            explore::Verdict::Meets
        };
        Self {
            metric: metric.id(),
            percentile: limit.percentile,
            limit: at,
            value,
            high,
            met: verdict != explore::Verdict::Misses,
            verdict,
        }
    }
}

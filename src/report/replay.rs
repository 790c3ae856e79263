//! A replay in words, tables and JSON.

use serde::Serialize;

use crate::evaluate::evaluate;
use crate::replay::statistics::{Distribution, Estimate};
use crate::replay::{Record, Replayed};
use crate::scenario::trace::Loaded;
use crate::scenario::{Load, Scenario, link};
use crate::serve::Refusal;
use crate::units::Seconds;
use crate::units::format::{Precision, Unit};

use super::sentence::deployment;
use super::words::{self, capital};

/// A replay as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayReport<'r> {
    /// The scenario as a link.
    pub link: String,
    /// The result in a few sentences.
    pub sentence: String,
    /// What the link or the trace said that could not be taken as it stands.
    pub notices: Vec<String>,
    /// Everything else; times in seconds.
    pub replay: &'r Replayed,
}

impl<'r> ReplayReport<'r> {
    /// Puts a replay into plain data.
    #[must_use]
    pub fn new(scenario: &Scenario, replay: &'r Replayed, notices: Vec<String>) -> Self {
        Self { link: link::write(scenario, &[]), sentence: sentence(scenario, replay), notices, replay }
    }
}

/// Share by which the mean of a replay may differ from the steady state without a word about it.
const ASIDE: f64 = 0.15;

fn time(value: Seconds) -> String {
    Unit::Seconds.format(value.get())
}

fn share(value: f64) -> String {
    Unit::Percent.format_with(value, Precision::SHORT)
}

/// Why there is no replay.
#[must_use]
pub fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Invalid { message } => message.clone(),
        other => words::refusal(other),
    }
}

/// The result in a few sentences.
#[must_use]
pub fn sentence(scenario: &Scenario, replay: &Replayed) -> String {
    let (Some(ttft), counts) = (&replay.ttft, replay.counts) else {
        return "No request was answered.".to_owned();
    };
    let mut text = format!(
        "{} answered {} of {} requests in {}: half got their first token within {} and 99 % within {}",
        deployment(scenario),
        Unit::Count.format(f64::from(counts.finished)),
        Unit::Count.format(f64::from(counts.arrived)),
        time(replay.time),
        time(ttft.p50.value),
        time(ttft.p99.value),
    );
    if let Some(tpot) = &replay.tpot {
        text.push_str(&format!("; a token took {} on average", time(tpot.mean.value)));
    }
    text.push('.');
    if replay.saturated {
        text.push_str(
            " Requests came faster than they were answered, so times grow for as long as that lasts.",
        );
    }
    if let Some((kept, ..)) = replay.kept.filter(|_| scenario.slo.ttft.or(scenario.slo.tpot).is_some()) {
        text.push_str(&format!(
            " {} kept the service level, {} of them.",
            Unit::RequestsPerSecond.format(replay.goodput.get()),
            share(kept)
        ));
    }
    text
}

/// Why the times of a replay of the scenario's own requests are not those of its steady state, where they are not.
#[must_use]
pub fn beside(scenario: &Scenario, replay: &Replayed) -> Option<String> {
    let steady = evaluate(scenario).ok()?.steady;
    let own = replay.ttft.as_ref()?.mean.value;
    if let Some(endless) = steady.saturation {
        return Some(format!(
            "There is {endless}: the longer the replay, the longer its times to the first token."
        ));
    }
    let mean = steady.ttft;
    ((own / mean - 1.0).abs() > ASIDE).then(|| {
        let why = match (scenario.load, scenario.flags.prompts) {
            (Load::Closed { .. }, Some(_)) => "the replay is one run, with its own lengths and order",
            (Load::Closed { .. }, None) => {
                "that is of users who have settled, while those of the replay all begin at once"
            }
            (Load::Open { .. }, _) => {
                "that is the mean over all times, while the replay is one sample of a finite length"
            }
        };
        format!("In steady state the mean time to the first token is {}: {why}.", time(mean))
    })
}

/// The result for a terminal.
#[must_use]
pub fn text(scenario: &Scenario, replay: &Replayed) -> String {
    let mut page = format!("{}\n\n", sentence(scenario, replay));
    page.push_str(&format!(
        "  {:<22}{:>32}{:>32}{:>10}{:>10}{:>32}{:>10}\n",
        "", "mean (95 %)", "p50 (95 %)", "p90", "p95", "p99 (95 %)", "longest"
    ));
    let estimate = |own: &Estimate| match own.interval {
        Some((low, high)) => format!("{} ({} to {})", time(own.value), time(low), time(high)),
        None => time(own.value),
    };
    let rows: [(&str, &Option<Distribution>); 4] = [
        ("Time to first token", &replay.ttft),
        ("Time per output token", &replay.tpot),
        ("Time to last token", &replay.e2e),
        ("Wait to be admitted", &replay.wait),
    ];
    for (name, own) in rows.into_iter().filter_map(|(name, own)| Some((name, own.as_ref()?))) {
        page.push_str(&format!(
            "  {name:<22}{:>32}{:>32}{:>10}{:>10}{:>32}{:>10}\n",
            estimate(&own.mean),
            estimate(&own.p50),
            time(own.p90.value),
            time(own.p95.value),
            estimate(&own.p99),
            time(own.longest)
        ));
    }
    if let Some(gaps) = &replay.itl {
        page.push_str(&format!(
            "  {:<22}{:>32}{:>32}{:>10}{:>10}{:>32}\n",
            "From token to token",
            time(gaps.mean),
            time(gaps.p50),
            time(gaps.p90),
            time(gaps.p95),
            time(gaps.p99)
        ));
    }
    page.push('\n');
    for line in fate(replay) {
        page.push_str(&format!("{line}\n"));
    }
    page.push_str(&format!("Link: {}\n", link::write(scenario, &[])));
    page
}

/// What [`figures`] do not say: what became of the requests, which of them count, and how each class fared.
#[must_use]
pub fn notes(replay: &Replayed) -> Vec<String> {
    let counts = replay.counts;
    let number = |value: u32| Unit::Count.format(f64::from(value));
    let mut fate = match (counts.rejected, counts.unfinished) {
        (0, 0) => "all completed".to_owned(),
        (rejected, unfinished) => format!(
            "{} completed, {} rejected, {} in flight at the end",
            number(counts.finished),
            number(rejected),
            number(unfinished)
        ),
    };
    if counts.preemptions > 0 {
        fate += &format!("; {} preemptions", Unit::Count.format(counts.preemptions as f64));
    }
    if counts.swaps > 0 {
        fate += &format!(", {} of them to the host's memory", Unit::Count.format(counts.swaps as f64));
    }
    let mut lines = vec![
        format!("{} requests: {fate}.", number(counts.arrived)),
        match replay.warm_up {
            0 => "All requests count, those that met an empty service too.".to_owned(),
            warm_up => format!(
                "The first {} are left out of the distributions: they met an empty service.",
                number(warm_up)
            ),
        },
    ];
    if let Some(run) = replay.benchmark {
        lines.push(format!(
            "All users of the run of {} requests begin at once, and the burst at its start counts.",
            number(run.requests)
        ));
    }
    for class in &replay.classes {
        if let Some(ttft) = &class.ttft {
            lines.push(format!(
                "Those {}: first token within {} for half of them and within {} for 99 %.",
                if class.urgent { "that go first" } else { "behind them" },
                time(ttft.p50.value),
                time(ttft.p99.value)
            ));
        }
    }
    lines
}

/// What became of the requests and what the pools did, a line each.
#[must_use]
pub fn fate(replay: &Replayed) -> Vec<String> {
    let mut lines = vec![format!(
        "{} while requests came, {}; {} under way on average.",
        Unit::RequestsPerSecond.format(replay.rate.get()),
        Unit::TokensPerSecond.format(replay.throughput.get()),
        Unit::Number.format(replay.in_flight.get())
    )];
    lines.extend(notes(replay));
    lines.push(format!(
        "Cached: {} of the input tokens, {} from beyond the chips' memory.",
        share(replay.hit),
        share(replay.loaded)
    ));
    let shared = replay.pools.iter().any(|pool| !pool.keeps_cache());
    for pool in &replay.pools {
        let many = |count: u32| if count == 1 { "1 replica".to_owned() } else { format!("{count} replicas") };
        if !pool.keeps_cache() {
            lines.push(format!(
                "{}: {} at work {} of the time ({} with prompts), for {} sequences in decode on average.",
                capital(pool.role.to_string()),
                many(pool.replicas),
                share(pool.utilisation),
                share(pool.prefill_share),
                Unit::Number.format(pool.batch)
            ));
            continue;
        }
        lines.push(format!(
            "{}: {} {} {} of the time ({} with prompts), {} sequences in decode on average, \
             {} of the room for cache in use (at most {}).",
            capital(pool.role.to_string()),
            many(pool.replicas),
            // Where others have a part in its steps, a step under way is not all its own.
            if shared { "at work" } else { "with a step under way" },
            share(pool.utilisation),
            share(pool.prefill_share),
            Unit::Number.format(pool.batch),
            share(pool.occupancy),
            share(pool.peak_occupancy)
        ));
    }
    if let Some(link) = &replay.link {
        lines.push(format!("Moved between pools: {}.", Unit::Bytes.format(link.moved.get())));
    }
    lines
}

/// A number and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// Its unit.
    pub unit: Unit,
    /// How many.
    pub value: f64,
    /// Its 95 % interval, where it is known.
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    fn new(label: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self { label: label.into(), unit, value, interval: None }
    }
}

/// What a replay comes to, beside times.
#[must_use]
pub fn figures(replay: &Replayed) -> Vec<Figure> {
    let kept = replay.kept.map(|(kept, low, high)| Figure {
        interval: Some((low, high)),
        ..Figure::new("Kept the service level", Unit::Percent, kept)
    });
    let rate = Unit::RequestsPerSecond;
    let mut figures = vec![Figure::new("Goodput at the service level", rate, replay.goodput.get())];
    figures.extend(kept);
    figures.extend([
        Figure::new("Answered", rate, replay.rate.get()),
        Figure::new("Output", Unit::TokensPerSecond, replay.throughput.get()),
        Figure::new("Input that was cached", Unit::Percent, replay.hit),
        Figure::new("of it from beyond the chips", Unit::Percent, replay.loaded),
        Figure::new("Requests under way", Unit::Number, replay.in_flight.get()),
    ]);
    for pool in &replay.pools {
        figures.push(Figure::new(format!("Busy, {}", pool.role), Unit::Percent, pool.utilisation));
        if pool.keeps_cache() {
            let label = format!("KV cache in use, {}", pool.role);
            figures.push(Figure::new(label, Unit::Percent, pool.occupancy));
        }
        figures.push(Figure::new(format!("Sequences in decode, {}", pool.role), Unit::Number, pool.batch));
    }
    let moved = replay.link.as_ref().map(|link| link.moved.get());
    figures.extend(moved.map(|bytes| Figure::new("Moved between pools", Unit::Bytes, bytes)));
    figures
}

/// A trace at a glance.
#[must_use]
pub fn preview(loaded: &Loaded) -> Vec<Figure> {
    let summary = loaded.trace.summary();
    let rate = summary.rate.map_or(f64::NAN, |rate| rate.get());
    vec![
        Figure::new("requests", Unit::Count, f64::from(summary.requests)),
        Figure::new("left out", Unit::Count, loaded.skipped as f64),
        Figure::new("from first to last", Unit::Seconds, summary.duration.get()),
        Figure::new("on average", Unit::RequestsPerSecond, rate),
        Figure::new("input p50", Unit::Tokens, summary.input.p50.get()),
        Figure::new("input p95", Unit::Tokens, summary.input.p95.get()),
        Figure::new("output p50", Unit::Tokens, summary.output.p50.get()),
        Figure::new("output p95", Unit::Tokens, summary.output.p95.get()),
        Figure::new("sessions", Unit::Count, f64::from(summary.sessions)),
    ]
}

/// Records as CSV, a piece at a time: the head, then a line each.
pub fn csv(records: &[Record]) -> impl Iterator<Item = String> {
    let head = std::iter::once(format!("{}\n", Record::COLUMNS));
    head.chain(records.chunks(1024).map(|chunk| {
        let mut text = String::with_capacity(chunk.len() * 96);
        for record in chunk {
            record.csv(&mut text);
        }
        text
    }))
}

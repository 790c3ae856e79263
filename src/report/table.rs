//! Tables of a result: for a terminal, as Markdown and as CSV.

use crate::catalog::Profile;
use crate::cost::{Energy, PoolPower};
use crate::evaluate::Evaluation;
use crate::explore::{Knob, Sample};
use crate::metric::{Metric, Quantity};
use crate::scenario::{Overlap, Role, Scenario, link, notation};
use crate::serve::{Cause, MemoryKind, Part, Per, PoolState, by_cause};
use crate::units::format::{Precision, Unit, format_plain};
use crate::units::{Seconds, Watts, order};

use super::remarks::remarks;
use super::room::room;
use super::sentence::{sentence, verdict};
use super::value::{Value, value};
use super::words;
use super::{FlagsReport, FormatsReport, ReserveReport, price};

/// The result for a terminal.
#[must_use]
pub fn text(scenario: &Scenario, evaluation: &Evaluation) -> String {
    let mut page = format!("{}\n{}\n\n", sentence(scenario, evaluation), verdict(scenario, evaluation).text);
    let rows: Vec<[String; 3]> = rows(evaluation).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for [name, value, range] in &rows {
        page.push_str(format!("  {name:first$}  {value:>second$}  {range}").trim_end());
        page.push('\n');
    }
    for (title, parts) in [
        ("Time to first token", &evaluation.steady.ttft_parts),
        ("Time per output token", &evaluation.steady.tpot_parts),
    ] {
        let endless = evaluation.steady.saturation.filter(|_| parts.is_empty());
        let parts = endless.map_or_else(|| breakdown(parts), |own| own.to_string());
        page.push_str(&format!("\n{title}: {parts}\n"));
    }
    page.push('\n');
    for own in &evaluation.steady.phases {
        let share = Unit::Percent.format_with(own.reason.share, Precision::SHORT);
        page.push_str(&format!("{}: {}; {share} of its time\n", words::role(own.phase), words::phase(own)));
    }
    page.push_str(&format!("\nFormats: {}\n", FormatsReport::of(scenario).text()));
    if let Some(share) = scenario.memory {
        page.push_str(&format!(
            "Memory share: {} as {} means it\n",
            Unit::Percent.format(share),
            scenario.engine.name()
        ));
    }
    if let Some(flags) = FlagsReport::of(scenario) {
        page.push_str(&format!("Flags: {}\n", flags.text(scenario)));
    }
    for (pool, power) in evaluation.steady.pools.iter().zip(&evaluation.energy.pools) {
        page.push_str(&format!("{}{}\n", pool_line(pool), power_words(power)));
        if let Some(own) = pool.overlap() {
            let chosen = if scenario.experts.overlap == Overlap::Auto { ", chosen" } else { "" };
            page.push_str(&format!("{}: overlap {}{chosen}\n", words::role(pool.role), words::overlap(own)));
        }
    }
    for line in room(&evaluation.steady) {
        page.push_str(&format!("{line}\n"));
    }
    let reserve = ReserveReport::of(scenario, evaluation);
    for line in reserve.text.into_iter().chain(reserve.lost.into_iter().map(|own| own.text)) {
        page.push_str(&format!("{line}\n"));
    }
    page.push_str(&format!("{}\n", power_line(scenario, &evaluation.energy)));
    if let Some(transfer) = evaluation.steady.transfer {
        page.push_str(&format!(
            "KV transfer: {} per request in {}, {} of it felt; link {} used\n",
            Unit::Bytes.format(transfer.bytes.get()),
            Unit::Seconds.format(transfer.time.get()),
            Unit::Seconds.format(transfer.exposed.get()),
            Unit::Percent.format_with(transfer.utilisation, Precision::SHORT)
        ));
    }
    for flow in evaluation.steady.flows.iter().filter(|flow| flow.per == Per::Token) {
        page.push_str(&format!(
            "{} to {}: {} per token, {} of each step on the way; link {} used\n",
            words::role(flow.from),
            words::role(flow.to),
            Unit::Bytes.format(flow.bytes.get()),
            Unit::Seconds.format(flow.exposed.get()),
            Unit::Percent.format_with(flow.utilisation, Precision::SHORT)
        ));
    }
    page.push_str(&format!("{}\n", price::line(scenario)));
    for warning in remarks(scenario, &evaluation.steady) {
        page.push_str(&format!("Warning: {warning}\n"));
    }
    page.push_str(&format!(
        "Evidence: {}\nLink: {}\n",
        words::evidence_explained(&evaluation.evidence),
        link::write(scenario, &[])
    ));
    page
}

/// The result as Markdown: the answer, the settings, the figures and the link. `address` is the page that opens links,
/// without `#`.
#[must_use]
pub fn markdown(scenario: &Scenario, evaluation: &Evaluation, address: &str) -> String {
    let link = link::write(scenario, &[]);
    let mut page =
        format!("{}\n\n{}\n\n", sentence(scenario, evaluation), verdict(scenario, evaluation).text);
    page.push_str("| setting | value |\n|---|---|\n");
    for (name, value) in settings(scenario) {
        page.push_str(&format!("| {name} | {value} |\n"));
    }
    page.push_str("\n| metric | value | 80 % interval |\n|---|---|---|\n");
    for [name, value, range] in rows(evaluation) {
        page.push_str(&format!("| {name} | {value} | {range} |\n"));
    }
    page.push_str(&format!("\n{}\n", price::line(scenario)));
    page.push_str(&format!(
        "\nEvidence: {} [Open in Tandem]({address}#{link})\n",
        words::evidence_explained(&evaluation.evidence)
    ));
    page
}

/// A swept curve as CSV, one row a sample: the value of the knob, then value, low and high of each metric in base units.
/// What is absent is an empty cell; the last column says why a sample has no figures, or no time to the first token, with the
/// load up to which there would be one.
#[must_use]
pub fn csv(knob: Knob, samples: &[Sample]) -> String {
    let mut page = knob.id().to_owned();
    for metric in Metric::ALL {
        let (id, unit) = (metric.id(), metric.unit().base());
        page.push_str(&format!(",{id} ({unit}),{id} low,{id} high"));
    }
    page.push_str(",refused\n");
    for sample in samples {
        page.push_str(&format_plain(sample.x));
        for metric in Metric::ALL {
            match sample.result.as_ref().map(|evaluation| value(metric, evaluation)) {
                Ok(Value::Known { value, low, high, .. }) => {
                    let [value, low, high] = [value, low, high].map(format_plain);
                    page.push_str(&format!(",{value},{low},{high}"));
                }
                Ok(Value::Absent { .. }) | Err(_) => page.push_str(",,,"),
            }
        }
        let refused = sample.result.as_ref().err().map(words::refusal);
        let reason = refused.or_else(|| sample.saturation().map(|own| own.to_string())).unwrap_or_default();
        page.push_str(&format!(",\"{}\"\n", reason.replace('"', "\"\"")));
    }
    page
}

/// The flags that are set, each with its name.
fn flags(scenario: &Scenario) -> impl Iterator<Item = (&'static str, String)> {
    let flags = scenario.flags;
    let named = (flags.profile != Profile::default()).then(|| flags.profile.name().to_owned());
    let count = |value: Option<u32>| value.map(|value| Unit::Count.format(f64::from(value)));
    [
        ("Profile", named),
        ("Tokens of a step", flags.chunk.map(|chunk| Unit::Tokens.format(chunk.get()))),
        ("Sequences of a step", count(flags.sequences)),
        ("Tokens of a message", count(flags.stream)),
        ("Requests of the run", count(flags.prompts)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// What was asked, in words.
#[must_use]
pub(super) fn settings(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let mut rows = vec![("Model", words::model(&scenario.model))];
    rows.push(("Formats", FormatsReport::of(scenario).text()));
    if let Some(share) = scenario.memory {
        rows.push(("Engine's memory share", Unit::Percent.format(share)));
    }
    rows.extend(flags(scenario));
    let workload = &scenario.workload;
    rows.push(("Input and output", super::sentence::lengths(scenario)));
    if workload.spread < 1.0 {
        rows.push(("Shortest length", Unit::Percent.format(workload.spread)));
    }
    if workload.hit > 0.0 {
        rows.push(("Prefix cache hits", Unit::Percent.format(workload.hit)));
    }
    rows.push(match scenario.load {
        crate::scenario::Load::Closed { concurrency } => {
            ("Concurrent requests", Unit::Count.format(concurrency))
        }
        crate::scenario::Load::Open { rate, .. } => ("Load", Unit::RequestsPerSecond.format(rate.get())),
    });
    rows.push(("Engine", scenario.engine.name().to_owned()));
    if let Some(cap) = scenario.cap {
        rows.push(("Power cap of a chip", cap.to_string()));
    }
    for (role, pool) in scenario.split.pools() {
        let layout = pool.layout.map_or("layout chosen".to_owned(), |layout| notation::write_layout(&layout));
        rows.push((words::role(role), format!("{}, {layout}", words::chips(pool.chips, &pool.chip))));
    }
    rows
}

/// Name, value and interval of every metric.
fn rows(evaluation: &Evaluation) -> impl Iterator<Item = [String; 3]> {
    Metric::ALL.into_iter().map(|metric| {
        let name = metric.label().to_owned();
        match value(metric, evaluation) {
            Value::Known { low, high, text, .. } if low < high => {
                // Cents are what a price is read by.
                let digits =
                    if matches!(metric.quantity(), Quantity::DollarsPerMtok | Quantity::DollarsPerHour) {
                        Precision::NORMAL
                    } else {
                        Precision::SHORT
                    };
                let write = |value: f64| metric.unit().format_with(value, digits);
                [name, text, format!("{} to {}", write(low), write(high))]
            }
            Value::Known { text, .. } => [name, text, String::new()],
            Value::Absent { absent } => [name, crate::units::format::ABSENT.to_owned(), absent],
        }
    })
}

fn breakdown(parts: &[Part]) -> String {
    let mut parts = by_cause(parts);
    order::sort_by(&mut parts, |left, right| right.1.get().total_cmp(&left.1.get()));
    let one = |(cause, time): &(Cause, Seconds)| {
        format!("{} {}", words::cause(*cause), Unit::Seconds.format_with(time.get(), Precision::SHORT))
    };
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a chip of a pool draws, by what it does.
fn power_words(power: &PoolPower) -> String {
    let watts = |watts: Watts| Unit::Watts.format(watts.get());
    let Ok(drawn) = power.drawn else { return String::new() };
    let phases = [("prefill", power.prefill), ("decode", power.decode), ("idle", power.idle)];
    let phases: Vec<String> = phases
        .into_iter()
        .filter_map(|(name, own)| own.map(|own| format!("{name} {}", watts(own))))
        .collect();
    format!("; draws {} a chip ({})", watts(drawn), phases.join(", "))
}

/// The power of the deployment: drawn, and provisioned with the shares of host and building.
fn power_line(scenario: &Scenario, energy: &Energy) -> String {
    let watts = |watts: Watts| Unit::Watts.format(watts.get());
    let drawn = match &energy.drawn {
        Ok(drawn) => format!("chips draw {}", watts(*drawn)),
        Err(missing) => format!("what the chips draw is unknown, as {missing}"),
    };
    let provisioned = match (&energy.it, &energy.provisioned) {
        (Ok(it), Ok(whole)) => {
            let (it, whole) = (watts(*it), watts(*whole));
            let pue = format_plain(scenario.pricing.pue);
            format!("provisioned {it} with host and network, {whole} with the building (PUE {pue})")
        }
        (Err(missing), _) | (_, Err(missing)) => format!("what is provisioned is unknown, as {missing}"),
    };
    format!("Power: {drawn}; {provisioned}")
}

fn pool_line(pool: &PoolState) -> String {
    let bytes = |bytes: crate::units::Bytes| Unit::Bytes.format(bytes.get());
    let batch = if pool.role == Role::Prefill {
        String::new()
    } else {
        format!(", batch {}", Unit::Number.format(pool.batch.get()))
    };
    let memory = match pool.memory.kind {
        MemoryKind::Main => "memory",
        MemoryKind::Sram => "SRAM",
    };
    let outside = if pool.memory.kv_outside.get() > 0.0 {
        format!(", and KV {} in main memory", bytes(pool.memory.kv_outside))
    } else {
        String::new()
    };
    format!(
        "{}: {} × {}, {} × {}{}, {} of capacity, busy {} of the time{batch}, step {}; {memory} {} of {} a chip (weights {}, KV {}, rest {}){outside}",
        words::role(pool.role),
        pool.chips,
        words::chip(&pool.chip),
        pool.replicas,
        notation::write_layout(&pool.layout),
        if pool.layout_chosen { " (chosen)" } else { "" },
        Unit::Percent.format_with(pool.utilisation, Precision::SHORT),
        Unit::Percent.format_with(pool.busy, Precision::SHORT),
        Unit::Seconds.format(pool.step.get()),
        bytes(pool.memory.weights + pool.memory.kv + pool.memory.overhead),
        bytes(pool.memory.capacity),
        bytes(pool.memory.weights),
        bytes(pool.memory.kv),
        bytes(pool.memory.overhead),
    )
}

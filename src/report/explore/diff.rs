//! The difference of two scenarios in words, as a table and as JSON.

use serde::Serialize;

use super::{columns, load, value};
use crate::explore::{self, Absent, Aspect, Diff, Difference, Share};
use crate::metric::Metric;
use crate::report::{Named, difference, finite, words};
use crate::scenario::{Role, Scenario, link};
use crate::serve::Binding;
use crate::units::format::Precision;

/// Shares of a difference that a line names.
const NAMED: usize = 4;

/// The metrics that are told.
const TOLD: [Metric; 4] = [Metric::Ttft, Metric::Tpot, Metric::Throughput, Metric::CostTotal];

/// What changed, inside a sentence. Pools are named by their role in the second scenario.
#[must_use]
pub fn aspect(aspect: Aspect, after: &Scenario) -> String {
    let of = |place: usize, what: &str| match after.split.pools().get(place) {
        None | Some((Role::Colocated, _)) => what.to_owned(),
        Some((role, _)) => format!("{} {what}", words::role(*role).to_ascii_lowercase()),
    };
    match aspect {
        Aspect::Key(key) => name(key).to_owned(),
        Aspect::Split => "pools".to_owned(),
        Aspect::Chip(place) => of(place, "chip"),
        Aspect::Chips(place) => of(place, "chip count"),
        Aspect::Layout(place) => of(place, "layout"),
    }
}

/// What stands under a key, in words where they say more than the key does.
fn name(key: &'static str) -> &'static str {
    match key {
        "weights" => "weight format",
        "kv" => "KV format",
        "isl" => "input length",
        "osl" => "output length",
        "spread" => "spread of lengths",
        "hit" => "prefix cache hit rate",
        "concurrency" => "load",
        "ttft" => "service level",
        "price" => "prices",
        "chip" => "own chips",
        "spec" => "speculation",
        "micro" => "micro-batches",
        "redundant" => "redundant experts",
        "cap" => "power cap",
        "memory" => "memory share",
        "chunk" => "tokens of a step",
        "max-seqs" => "sequences of a step",
        "stream-interval" => "tokens of a message",
        "prompts" => "requests of the run",
        "shared" => "shared tokens",
        "pause" => "pauses",
        "tier" => "cache tiers",
        "priority" => "sessions with priority",
        "preempt" => "preemption",
        "spare" => "spare replicas",
        _ => key,
    }
}

fn share(own: &Share, after: &Scenario) -> String {
    own.aspects.iter().map(|&own| aspect(own, after)).collect::<Vec<_>>().join(" and ")
}

/// One metric in a sentence.
#[must_use]
pub fn sentence(own: &Difference, after: &Scenario) -> String {
    let same = own.shares.iter().all(|share| share.change == 0.0);
    let whole = if same {
        " (no change)".to_owned()
    } else {
        let change = difference::change(own.metric, own.after, own.before);
        change.map_or_else(String::new, |own| format!(" ({})", own.text))
    };
    let shares = reasons(own, after, NAMED);
    let shares = if shares.is_empty() { String::new() } else { format!(": {shares}") };
    let limits = match (own.metric, own.limits.map(words::binding)) {
        (Metric::Ttft | Metric::Tpot, [before, after]) if before == after => {
            format!("; {after} before and after")
        }
        (Metric::Ttft | Metric::Tpot, [before, after]) => format!("; {before} before, {after} after"),
        _ => String::new(),
    };
    format!(
        "{} {} to {}{whole}{shares}{limits}.",
        own.metric.short(),
        value(own.metric, own.before),
        value(own.metric, own.after)
    )
}

/// What a difference is put down to, largest first: `chip −500 ms, layout +20 ms`.
#[must_use]
pub fn reasons(own: &Difference, after: &Scenario, most: usize) -> String {
    let moved = own.shares.iter().take(most).filter(|share| share.change != 0.0);
    let told = moved.map(|part| format!("{} {}", share(part, after), signed(own.metric, part.change)));
    told.collect::<Vec<_>>().join(", ")
}

fn signed(metric: Metric, own: f64) -> String {
    metric.unit().format_change(own, Precision::SHORT)
}

/// Why a metric has no value on one side or both.
#[must_use]
pub fn lacking(own: &Absent) -> String {
    let name = own.metric.short();
    match &own.reasons {
        [Some(before), Some(after)] if before == after => format!("{name}: {before}."),
        [Some(before), Some(after)] => format!("{name} before: {before}; after: {after}."),
        [Some(before), None] => format!("{name} before: {before}."),
        [None, Some(after)] => format!("{name} after: {after}."),
        [None, None] => String::new(),
    }
}

/// Whether any metric of the steady state changes.
fn moves(own: &Diff) -> bool {
    let one = |own: &Difference| own.shares.iter().any(|share| share.change != 0.0);
    own.differences.iter().any(one) || !own.absent.iter().all(Absent::alike)
}

/// What changed, and whether any metric of the steady state did.
#[must_use]
pub fn changed(own: &Diff, after: &Scenario) -> String {
    if own.aspects.is_empty() {
        return "The two scenarios are the same.".to_owned();
    }
    let changes: Vec<String> = own.aspects.iter().map(|&own| aspect(own, after)).collect();
    let none = if moves(own) { "" } else { " No metric of the steady state changes." };
    format!("Changed: {}.{none}", changes.join(", "))
}

/// What of the first scenario was put aside for that of the second, so that both are compared under one load.
#[must_use]
pub fn equal(own: &Scenario, held: &Scenario, after: &Scenario) -> Option<String> {
    let equal: Vec<String> = explore::changed(own, held).iter().map(|&own| aspect(own, after)).collect();
    (!equal.is_empty()).then(|| format!("Held equal: {}.", equal.join(", ")))
}

/// The metrics that matter most, each in a sentence.
pub fn sentences(own: &Diff, after: &Scenario) -> Vec<String> {
    let one = |metric: Metric| {
        let told = own.differences.iter().find(|own| own.metric == metric).map(|own| sentence(own, after));
        told.or_else(|| own.absent.iter().find(|own| own.metric == metric).map(lacking))
    };
    TOLD.into_iter().filter_map(one).collect()
}

/// The differences as a table: a line for each change, a column for each metric that matters most.
#[must_use]
pub fn text(own: &Diff, after: &Scenario) -> String {
    let mut page = String::new();
    // Changes stand in the table, unless there are none in it.
    if !moves(own) {
        page = format!("{}\n", changed(own, after));
    }
    if own.aspects.is_empty() {
        return page;
    }
    let shown: Vec<&Difference> = TOLD
        .into_iter()
        .filter_map(|metric| own.differences.iter().find(|own| own.metric == metric))
        .collect();
    for line in sentences(own, after) {
        page.push_str(&line);
        page.push('\n');
    }
    let mut head = vec![String::new()];
    head.extend(shown.iter().map(|own| own.metric.short().to_owned()));
    let mut rows = vec![head];
    let line = |title: &str, of: &dyn Fn(&Difference) -> String| {
        let mut row = vec![title.to_owned()];
        row.extend(shown.iter().map(|own| of(own)));
        row
    };
    rows.push(line("before", &|own| value(own.metric, own.before)));
    // Changes that only together leave one metric a value may stand apart in another.
    let mut order: Vec<&[Aspect]> = Vec::new();
    for share in shown.iter().flat_map(|own| &own.shares) {
        if !order.contains(&&*share.aspects) {
            order.push(&share.aspects);
        }
    }
    for aspects in order {
        let named = Share { aspects: aspects.to_vec(), change: 0.0 };
        rows.push(line(&share(&named, after), &|own| {
            let found = own.shares.iter().find(|own| own.aspects == *aspects);
            found.map_or_else(String::new, |found| signed(own.metric, found.change))
        }));
    }
    rows.push(line("after", &|own| value(own.metric, own.after)));
    page.push('\n');
    page.push_str(&columns(&rows));
    page.push_str(if own.exact {
        "\nEach share is the mean effect over all orders in which the changes can be made.\n"
    } else {
        "\nEach share is the mean effect over one order of the changes and its reverse.\n"
    });
    page
}

/// The metrics once more with the first scenario held to the load, lengths and service level of the second; nothing without
/// one that is.
#[must_use]
pub fn under(level: Option<(&Scenario, &Diff)>, after: &Scenario) -> String {
    let Some((_, found)) = level else { return String::new() };
    let mut page =
        format!("\nBoth under the load, lengths and service level of the second, {}:\n", load(after));
    for line in sentences(found, after) {
        page.push_str(&format!("{line}\n"));
    }
    page
}

/// The differences as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffReport {
    /// The first scenario.
    pub before: String,
    /// The second scenario.
    pub after: String,
    /// What changed, in words.
    pub changes: Vec<String>,
    /// Whether all orders of the changes were tried, rather than one and its reverse.
    pub exact: bool,
    /// The metrics.
    pub metrics: Vec<DifferenceReport>,
    /// Metrics without a value on one side.
    pub absent: Vec<AbsentReport>,
    /// The same with the first scenario held to the load, lengths and service level of the second, where they differ in these
    /// and in more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_load: Option<Box<DiffReport>>,
}

/// One metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferenceReport {
    /// Identifier.
    pub metric: &'static str,
    /// Value before, in the base unit.
    pub before: Option<f64>,
    /// Value after.
    pub after: Option<f64>,
    /// What limits it before and after.
    pub limits: [Named<Binding>; 2],
    /// The difference in words.
    pub sentence: String,
    /// What it is put down to, largest first; the changes add up to `after - before`.
    pub shares: Vec<ShareReport>,
}

/// What is put down to a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareReport {
    /// What changed.
    pub change_of: String,
    /// In the base unit of the metric.
    pub change: Option<f64>,
}

/// A metric without a value on one side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AbsentReport {
    /// Identifier.
    pub metric: &'static str,
    /// Why, in a sentence.
    pub reason: String,
    /// Why it has none before; null where it has one.
    pub before: Option<String>,
    /// Why it has none after; null where it has one.
    pub after: Option<String>,
}

impl DiffReport {
    /// With the same once more under one load.
    #[must_use]
    pub fn under(self, level: Option<(&Scenario, &Diff)>, after: &Scenario) -> Self {
        Self { same_load: level.map(|(held, found)| Box::new(Self::new(held, after, found))), ..self }
    }

    /// Puts a difference into plain data.
    #[must_use]
    pub fn new(before: &Scenario, after: &Scenario, own: &Diff) -> Self {
        let difference = |own: &Difference| DifferenceReport {
            metric: own.metric.id(),
            before: finite(own.before),
            after: finite(own.after),
            limits: own.limits.map(|id| Named { id, text: words::binding(id) }),
            sentence: sentence(own, after),
            shares: own
                .shares
                .iter()
                .map(|own| ShareReport { change_of: share(own, after), change: finite(own.change) })
                .collect(),
        };
        let absent = |own: &Absent| {
            let [before, after] = own.reasons.clone();
            AbsentReport { metric: own.metric.id(), reason: lacking(own), before, after }
        };
        Self {
            before: link::write(before, &[]),
            after: link::write(after, &[]),
            changes: own.aspects.iter().map(|&own| aspect(own, after)).collect(),
            exact: own.exact,
            metrics: own.differences.iter().map(difference).collect(),
            absent: own.absent.iter().map(absent).collect(),
            same_load: None,
        }
    }
}

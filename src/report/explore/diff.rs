//! The difference of two scenarios in words, as a table and as JSON.

use serde::Serialize;

use super::{change, columns, value};
use crate::explore::{Aspect, Diff, Difference, Share};
use crate::metric::Metric;
use crate::report::{Named, finite, words};
use crate::scenario::{Role, Scenario, link};
use crate::serve::Binding;
use crate::units::format::Precision;

/// Shares of a difference that a line names.
const NAMED: usize = 4;

/// What changed, inside a sentence. Pools are named by their role in the second scenario.
#[must_use]
pub fn aspect(aspect: Aspect, after: &Scenario) -> String {
    let of = |place: usize, what: &str| match after.split.pools().get(place) {
        None | Some((Role::Colocated, _)) => what.to_owned(),
        Some((role, _)) => format!("{} {what}", words::role(*role).to_ascii_lowercase()),
    };
    match aspect {
        Aspect::Model => "model".to_owned(),
        Aspect::Weights => "weight format".to_owned(),
        Aspect::Kv => "KV format".to_owned(),
        Aspect::Isl => "input length".to_owned(),
        Aspect::Osl => "output length".to_owned(),
        Aspect::Spread => "spread of lengths".to_owned(),
        Aspect::Hit => "prefix cache hit rate".to_owned(),
        Aspect::Load => "load".to_owned(),
        Aspect::Engine => "engine".to_owned(),
        Aspect::Split => "pools".to_owned(),
        Aspect::Chip(place) => of(place, "chip"),
        Aspect::Chips(place) => of(place, "chip count"),
        Aspect::Layout(place) => of(place, "layout"),
        Aspect::Link => "link".to_owned(),
        Aspect::Slo => "service level".to_owned(),
        Aspect::Pricing => "prices".to_owned(),
        Aspect::Custom => "own chips".to_owned(),
    }
}

fn share(own: &Share, after: &Scenario) -> String {
    own.aspects.iter().map(|&own| aspect(own, after)).collect::<Vec<_>>().join(" and ")
}

/// One metric in a sentence.
#[must_use]
pub fn sentence(own: &Difference, after: &Scenario) -> String {
    let whole = if own.before == 0.0 {
        String::new()
    } else {
        format!(" ({})", change(own.after / own.before - 1.0))
    };
    let shares: Vec<String> = own
        .shares
        .iter()
        .take(NAMED)
        .filter(|share| share.change != 0.0)
        .map(|part| format!("{} {}", share(part, after), signed(own.metric, part.change)))
        .collect();
    let shares = if shares.is_empty() { String::new() } else { format!(": {}", shares.join(", ")) };
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

fn signed(metric: Metric, own: f64) -> String {
    metric.unit().format_change(own, Precision::SHORT)
}

/// The differences as a table: a line for each change, a column for each metric that matters most.
#[must_use]
pub fn text(own: &Diff, after: &Scenario) -> String {
    if own.aspects.is_empty() {
        return "The two scenarios are the same.\n".to_owned();
    }
    let shown: Vec<&Difference> = [Metric::Ttft, Metric::Tpot, Metric::Throughput, Metric::CostTotal]
        .into_iter()
        .filter_map(|metric| own.differences.iter().find(|other| other.metric == metric))
        .collect();
    let mut page = String::new();
    for difference in &shown {
        page.push_str(&sentence(difference, after));
        page.push('\n');
    }
    for (metric, reason) in &own.absent {
        if *metric == Metric::CostTotal {
            page.push_str(&format!("{}: {reason}.\n", metric.short()));
        }
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
    let order =
        shown.first().map_or(Vec::new(), |own| own.shares.iter().map(|own| own.aspects.clone()).collect());
    for aspects in &order {
        let named = Share { aspects: aspects.clone(), change: 0.0 };
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
    /// Why.
    pub reason: String,
}

impl DiffReport {
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
        Self {
            before: link::write(before, &[]),
            after: link::write(after, &[]),
            changes: own.aspects.iter().map(|&own| aspect(own, after)).collect(),
            exact: own.exact,
            metrics: own.differences.iter().map(difference).collect(),
            absent: own
                .absent
                .iter()
                .map(|(metric, reason)| AbsentReport { metric: metric.id(), reason: reason.clone() })
                .collect(),
        }
    }
}

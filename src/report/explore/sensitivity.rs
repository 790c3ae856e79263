//! The tornado in words, as a table and as JSON.

use serde::Serialize;

use super::{change, columns, value};
use crate::explore::{BreakEven, Lever, NoBase, Outcome, Sensitivity, Swing};
use crate::report::{Named, finite, words};
use crate::serve::Binding;
use crate::units::format::Unit;

/// What a lever pulls, inside a sentence.
#[must_use]
pub const fn lever(lever: Lever) -> &'static str {
    match lever {
        Lever::Bandwidth => "memory bandwidth",
        Lever::Compute => "compute",
        Lever::Memory => "memory",
        Lever::ScaleUp => "scale-up link",
        Lever::Network => "network",
        Lever::PoolLink => "link between the pools",
        Lever::Price => "price",
    }
}

/// A bar's name: `H200 SXM memory bandwidth`.
#[must_use]
pub fn name(swing: &Swing) -> String {
    match &swing.chip {
        Some(chip) => format!("{} {}", words::chip(chip), lever(swing.lever)),
        None => lever(swing.lever).to_owned(),
    }
}

/// Why there is no tornado, in a sentence.
#[must_use]
pub fn no_base(reason: &NoBase) -> String {
    match reason {
        NoBase::Refused(refusal) => words::refusal(refusal),
        NoBase::Absent(reason) => format!("There is nothing to start from: {reason}."),
    }
}

/// The strongest lever, what it brings, and what binds after it.
#[must_use]
pub fn sentence(own: &Sensitivity) -> String {
    let held = own.held.map_or_else(String::new, |own| {
        format!(" at {}, the most that it carries", Unit::RequestsPerSecond.format(own))
    });
    let start = format!(
        "{} of {}: {}{held}, {}.",
        own.metric.label(),
        own.deployed.label,
        value(own.metric, own.value),
        words::binding(own.binding)
    );
    // A price moves a cost by its share and says nothing of the machine.
    let strongest = own.swings.iter().find(|swing| {
        let gain = swing.more.map_or(0.0, |more| gain(own, more));
        swing.lever != Lever::Price && gain > 1e-4
    });
    match strongest.and_then(|swing| Some((swing, swing.more?, swing.double?))) {
        None => format!("{start} A faster chip, link or more memory would not improve it."),
        Some((swing, more, double)) => {
            let after = if double.binding == own.binding {
                format!("still {}", words::binding(double.binding))
            } else {
                format!("then {}", words::binding(double.binding))
            };
            format!(
                "{start} Most is gained by {}: 10\u{a0}% more changes it by {}, twice as much by {}; {after}.",
                name(swing),
                change(more.change),
                change(double.change)
            )
        }
    }
}

fn gain(own: &Sensitivity, outcome: Outcome) -> f64 {
    if own.metric.more_is_better() { outcome.change } else { -outcome.change }
}

/// The tornado as a table.
#[must_use]
pub fn text(own: &Sensitivity, pays: Option<&BreakEven>) -> String {
    let mut rows = vec![["", "10 % less", "10 % more", "twice", "then"].map(str::to_owned).to_vec()];
    // What is less than a hundredth of a percent is rounding, or as good as nothing.
    let told = |share: f64| change(if share.abs() < 1e-4 { 0.0 } else { share });
    let cell = |outcome: Option<Outcome>| outcome.map_or_else(|| "–".to_owned(), |own| told(own.change));
    for swing in &own.swings {
        rows.push(vec![
            name(swing),
            cell(swing.less),
            cell(swing.more),
            cell(swing.double),
            swing.double.map_or_else(String::new, |own| words::binding(own.binding).to_owned()),
        ]);
    }
    let mut page = format!("{}\n\n{}", sentence(own), columns(&rows));
    if let Some(pays) = pays {
        page.push_str(&format!("\n{}.\n", super::size::pays_below(pays)));
    }
    page
}

/// The tornado as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SensitivityReport<'a> {
    /// The scenario with its layouts written down.
    pub link: &'a str,
    /// The strongest lever in words.
    pub sentence: String,
    /// The metric.
    pub metric: &'static str,
    /// Its value as things stand, in its base unit.
    pub value: Option<f64>,
    /// The most requests per second that the deployment carries, where the metric is read there: in an open loop, all that is
    /// no latency.
    pub held: Option<f64>,
    /// What limits the deployment as things stand.
    pub binding: Named<Binding>,
    /// The levers, widest swing first.
    pub swings: Vec<SwingReport<'a>>,
    /// The price below which the chip of the scenario that has none would pay.
    pub pays_below: Option<&'a BreakEven>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwingReport<'a> {
    /// Identifier of the lever.
    pub lever: Lever,
    /// The chip; null for the link between pools.
    pub chip: Option<&'a str>,
    /// Name for people.
    pub name: String,
    /// Divided by 1.1.
    pub less: Option<OutcomeReport>,
    /// Times 1.1.
    pub more: Option<OutcomeReport>,
    /// Times 2.
    pub double: Option<OutcomeReport>,
}

/// What a factor comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeReport {
    /// The metric, in its base unit.
    pub value: Option<f64>,
    /// Change as a share of the value before.
    pub change: Option<f64>,
    /// What limits the deployment then.
    pub binding: Named<Binding>,
}

impl<'a> SensitivityReport<'a> {
    /// A tornado with its words.
    #[must_use]
    pub fn new(own: &'a Sensitivity, pays_below: Option<&'a BreakEven>) -> Self {
        let named = |binding: Binding| Named { id: binding, text: words::binding(binding) };
        let outcome = |own: Outcome| OutcomeReport {
            value: finite(own.value),
            change: finite(own.change),
            binding: named(own.binding),
        };
        let swing = |swing: &'a Swing| SwingReport {
            lever: swing.lever,
            chip: swing.chip.as_deref(),
            name: name(swing),
            less: swing.less.map(outcome),
            more: swing.more.map(outcome),
            double: swing.double.map(outcome),
        };
        Self {
            link: &own.deployed.link,
            sentence: sentence(own),
            metric: own.metric.id(),
            value: finite(own.value),
            held: own.held.and_then(finite),
            binding: named(own.binding),
            swings: own.swings.iter().map(swing).collect(),
            pays_below,
        }
    }
}

//! What the searches over many scenarios found, as sentences, tables and JSON: the same for page and command line.

pub mod agents;
pub mod diff;
pub mod frontier;
pub mod map;
pub mod sensitivity;
pub mod size;

use crate::explore::Miss;
use crate::metric::Metric;
use crate::scenario::{Load, Scenario};
use crate::units::format::{Precision, Unit};

use super::sentence::{deployment, lengths};
use super::{departures, words};

/// The load: `64 concurrent requests at 8k/1k with Llama 3.1 70B`.
#[must_use]
pub fn load(scenario: &Scenario) -> String {
    let (lengths, model) = (lengths(scenario), words::model(&scenario.model));
    match scenario.load {
        Load::Closed { .. } => format!("{} at {lengths} with {model}", departures::load(scenario)),
        Load::Open { .. } => format!("{} of {lengths} with {model}", departures::load(scenario)),
    }
}

/// The service level: `TTFT ≤ 2 s and TPOT ≤ 50 ms`; empty where there is none.
#[must_use]
pub fn service_level(scenario: &Scenario) -> String {
    let limits = [(Metric::Ttft, scenario.slo.ttft), (Metric::Tpot, scenario.slo.tpot)];
    let texts = limits.into_iter().filter_map(|(metric, limit)| Some(limit?.text(metric.short())));
    texts.collect::<Vec<_>>().join(" and ")
}

/// Of what figures are, where the sentence is not shown that would say it: chips, load, service level, and what moves them
/// away from catalogue and defaults.
#[must_use]
pub fn figures_of(scenario: &Scenario) -> String {
    let level = service_level(scenario);
    let level = if level.is_empty() { level } else { format!(", {level}") };
    let own = departures::line(scenario).map_or_else(String::new, |own| format!(" {own}"));
    format!("{}: {}{level}.{own}", deployment(scenario), load(scenario))
}

/// What breaks first, as the subject of a sentence.
#[must_use]
pub const fn miss(miss: Miss) -> &'static str {
    match miss {
        Miss::Saturated => "capacity",
        Miss::Ttft => "TTFT",
        Miss::Tpot => "TPOT",
    }
}

/// A metric's value as a person reads it.
#[must_use]
pub fn value(metric: Metric, value: f64) -> String {
    metric.unit().format_with(value, Precision::STEADY)
}

/// A relative change: `+12 %`.
#[must_use]
pub fn change(share: f64) -> String {
    Unit::Percent.format_change(share, Precision::SHORT)
}

/// Lines of a table: columns as wide as their widest cell, the first left-aligned, the others right.
#[must_use]
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut page = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                line.push_str(&format!("  {cell:width$}"));
            } else {
                line.push_str(&format!("  {cell:>width$}"));
            }
        }
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn figures_say_of_what_they_are() {
        let told = figures_of(&link::parse("v1&pool=h200*8&hit=50%").scenario).replace('\u{a0}', " ");
        let start = "8 × H200 SXM: 64 concurrent requests at 8k/1k with Llama 3.1 / 3.3 70B, TTFT ≤ 2 s";
        assert!(told.starts_with(start) && told.ends_with("Own settings: 50 % prefix-cache hits."), "{told}");
    }
}

//! The frontier as a table and as JSON.

use serde::Serialize;

use super::{columns, label, value};
use crate::explore::{Candidate, Shape};
use crate::metric::Metric;
use crate::report::finite;
use crate::scenario::{Load, Scenario, link};
use crate::units::format::Unit;

/// The frontier as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrontierReport {
    /// What was searched.
    pub link: String,
    /// The metric against interactivity.
    pub metric: &'static str,
    /// The deployments, slowest for a user first.
    pub points: Vec<Point>,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its pools in words.
    pub label: String,
    /// The deployment as a link.
    pub link: String,
    /// Its split.
    pub split: Shape,
    /// Users.
    pub users: Option<f64>,
    /// Tokens per second of one user.
    pub interactivity: Option<f64>,
    /// Output tokens per second and chip.
    pub per_chip: Option<f64>,
    /// The metric, in its base unit.
    pub value: Option<f64>,
    /// Seconds to the first token.
    pub ttft: Option<f64>,
    /// Whether it keeps the limit on TTFT.
    pub keeps_ttft: bool,
    /// Whether no other deployment is better in both.
    pub on_frontier: bool,
}

impl FrontierReport {
    /// Puts what was found into plain data.
    #[must_use]
    pub fn new(scenario: &Scenario, metric: Metric, found: &[Candidate]) -> Self {
        let point = |own: &Candidate| Point {
            label: label(&own.scenario),
            link: link::write(&own.scenario, &[]),
            split: own.shape,
            users: match own.scenario.load {
                Load::Closed { concurrency } => finite(concurrency),
                Load::Open { .. } => None,
            },
            interactivity: finite(own.interactivity.get()),
            per_chip: finite(own.per_chip.get()),
            value: own.value.and_then(finite),
            ttft: finite(own.ttft.get()),
            keeps_ttft: own.keeps_ttft,
            on_frontier: own.on_frontier,
        };
        Self {
            link: link::write(scenario, &[]),
            metric: metric.id(),
            points: found.iter().map(point).collect(),
        }
    }
}

/// The frontier as a table, fastest for a user first.
#[must_use]
pub fn text(metric: Metric, found: &[Candidate]) -> String {
    let best: Vec<&Candidate> = found.iter().rev().filter(|own| own.on_frontier).collect();
    if best.is_empty() {
        return match found.iter().map(|own| own.ttft.get()).min_by(f64::total_cmp) {
            Some(ttft) => format!(
                "No deployment of these chips keeps the limit on TTFT; the nearest takes {}.\n",
                Unit::Seconds.format(ttft)
            ),
            None => {
                "No deployment of these chips serves the model with a known value of the metric.\n".to_owned()
            }
        };
    }
    let mut rows = vec![vec![
        "Deployment".to_owned(),
        "users".to_owned(),
        Metric::Interactivity.short().to_owned(),
        metric.short().to_owned(),
        "TTFT".to_owned(),
    ]];
    for own in &best {
        rows.push(vec![
            label(&own.scenario),
            match own.scenario.load {
                Load::Closed { concurrency } => Unit::Count.format(concurrency),
                Load::Open { .. } => String::new(),
            },
            value(Metric::Interactivity, own.interactivity.get()),
            own.value.map_or_else(String::new, |own| value(metric, own)),
            Unit::Seconds.format(own.ttft.get()),
        ]);
    }
    let noun = if best.len() == 1 { "deployment" } else { "deployments" };
    format!(
        "{} {noun} of {} served in full beat all others in one of {} and {}.\n\n{}",
        best.len(),
        found.len(),
        Metric::Interactivity.short(),
        metric.short(),
        columns(&rows)
    )
}

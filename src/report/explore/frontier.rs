//! The frontier as a table.

use super::{columns, value};
use crate::explore::{Candidate, Frontier};
use crate::metric::Metric;
use crate::units::format::Unit;

/// The frontier as a table, fastest for a user first.
#[must_use]
pub fn text(frontier: &Frontier) -> String {
    let Frontier { metric, points: found, .. } = frontier;
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
        "concurrent".to_owned(),
        Metric::Interactivity.short().to_owned(),
        metric.short().to_owned(),
        "TTFT".to_owned(),
    ]];
    for own in &best {
        rows.push(vec![
            own.deployed.label.clone(),
            own.users.map_or_else(String::new, |users| Unit::Count.format(users)),
            value(Metric::Interactivity, own.interactivity.get()),
            own.value.map_or_else(String::new, |own| value(*metric, own)),
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

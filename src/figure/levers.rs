//! What next: how a metric answers to more of each figure of the chips, and what limits then.

use crate::chart::frontier::Better;
use crate::chart::tornado::{self, Effect, Tornado};
use crate::metric::Metric;
use crate::units::format::{Precision, Unit};

/// What levers can move, the usual first.
pub const MOVED: [Metric; 13] = {
    let mut all = Metric::ALL;
    (all[0], all[5]) = (all[5], all[0]);
    all
};

/// The levers of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levers {
    /// The strongest in words, or why there are none.
    pub sentence: String,
    /// The metric as things stand, in its base unit; none without levers.
    pub value: Option<f64>,
    /// The levers that move it, widest swing first.
    pub levers: Vec<Lever>,
}

/// One lever. A value is no number where the deployment cannot be served so.
#[derive(Clone, Debug, PartialEq)]
pub struct Lever {
    /// Its name.
    pub name: String,
    /// The metric at a tenth less, a tenth more, and twice as much.
    pub values: [f64; 3],
    /// What limits at twice as much; empty where that is what limits now.
    pub then: String,
}

/// The levers as bars of a tenth less and a tenth more.
#[must_use]
pub fn tornado(levers: &Levers, metric: Metric) -> Tornado {
    let (unit, present) = (metric.unit(), levers.value.unwrap_or(f64::NAN));
    let lever = |own: &Lever| {
        let [less, more, double] = own.values;
        let twice = if double.is_finite() {
            let change = Unit::Percent.format_change(double / present - 1.0, Precision::SHORT);
            let then =
                if own.then.is_empty() { String::new() } else { format!("; then {} limits", own.then) };
            format!("Twice as much: {} ({change}){then}", unit.format(double))
        } else {
            "Twice as much cannot be served".to_owned()
        };
        let effect =
            |setting: &str, value: f64| Effect { note: Some(twice.clone()), ..Effect::new(setting, value) };
        tornado::Lever {
            label: own.name.clone(),
            low: effect("10 % less", less),
            high: effect("10 % more", more),
            next: (!own.then.is_empty()).then(|| format!("{} limits", own.then)),
        }
    };
    Tornado {
        title: format!("What moves {}", metric.label().to_ascii_lowercase()),
        metric: metric.label().to_owned(),
        unit,
        better: Some(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
        present,
        levers: levers.levers.iter().map(lever).collect(),
    }
}

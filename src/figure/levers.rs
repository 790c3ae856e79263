//! What next: how a metric answers to more of each figure of the chips, and what limits then.

use crate::chart::frontier::Better;
use crate::chart::tornado::{self, Effect, Tornado};
use crate::explore::{Outcome, Sensitivity, Swing};
use crate::metric::Metric;
use crate::report::explore::sensitivity::name;
use crate::report::words;
use crate::units::format::{Precision, Unit};

/// What levers can move, the usual first.
pub const MOVED: [Metric; Metric::ALL.len()] = {
    let mut all = Metric::ALL;
    (all[0], all[9]) = (all[9], all[0]);
    all
};

/// A change of the metric by less than this share is none.
const FELT: f64 = 1e-3;

/// The levers as bars of a tenth less and a tenth more, without those that change nothing.
#[must_use]
pub fn tornado(found: Option<&Sensitivity>, metric: Metric) -> Tornado {
    // Where more is offered than can be served, another metric stands for a latency.
    let metric = found.map_or(metric, |own| own.metric);
    let held = found.and_then(|own| own.held).map_or_else(String::new, |own| {
        format!(" at the most that it carries, {}", Unit::RequestsPerSecond.format(own))
    });
    let levers = found.map(|own| {
        let moving = own.swings.iter().filter(|swing| is_felt(swing));
        moving.map(|swing| lever(own, swing, metric)).collect()
    });
    Tornado {
        title: format!("What moves {}{held}", metric.label().to_ascii_lowercase()),
        metric: metric.label().to_owned(),
        unit: metric.unit(),
        better: Some(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
        present: found.map_or(f64::NAN, |own| own.value),
        levers: levers.unwrap_or_default(),
    }
}

fn is_felt(swing: &Swing) -> bool {
    let ends = [swing.less, swing.more, swing.double];
    ends.iter().any(Option::is_none) || ends.into_iter().flatten().any(|end| end.change.abs() >= FELT)
}

fn lever(own: &Sensitivity, swing: &Swing, metric: Metric) -> tornado::Lever {
    let unit = metric.unit();
    let then = swing.double.map(|double| double.binding).filter(|binding| *binding != own.binding);
    let then = then.map(words::binding);
    let twice = match swing.double {
        Some(double) => {
            let change = Unit::Percent.format_change(double.value / own.value - 1.0, Precision::SHORT);
            let then = then.map_or_else(String::new, |then| format!("; then {then}"));
            format!("Twice as much: {} ({change}){then}", unit.format(double.value))
        }
        None => "Twice as much cannot be served".to_owned(),
    };
    let effect = |setting: &str, end: Option<Outcome>| Effect {
        note: Some(twice.clone()),
        ..Effect::new(setting, end.map_or(f64::NAN, |own| own.value))
    };
    tornado::Lever {
        label: name(swing),
        low: effect("10 % less", swing.less),
        high: effect("10 % more", swing.more),
        next: then.map(str::to_owned),
    }
}

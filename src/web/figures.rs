//! How figures are shown: the value, its band, and the change against what is pinned.

use crate::evaluate::Evaluation;
use crate::metric::{Estimate, Metric, Quantity};
use crate::units::format::{ABSENT, Precision, Unit};

/// Changes smaller than this are called none.
const SAME: f64 = 5e-4;

/// The value with steady digits, so that it keeps its width under a moving slider.
#[must_use]
pub fn value(metric: Metric, estimate: Estimate) -> String {
    metric.unit().format_with(estimate.value, Precision::STEADY)
}

/// The value without the unit's name, for a tile whose title says it.
#[must_use]
pub fn bare(metric: Metric, estimate: Estimate) -> String {
    let unit = match metric {
        _ if metric.quantity() == Quantity::Time => metric.unit(),
        Metric::Utilisation => metric.unit(),
        Metric::CostTotal | Metric::CostInput | Metric::CostOutput | Metric::PerHour | Metric::PerMonth => {
            Unit::Dollars
        }
        Metric::EnergyDrawn | Metric::Energy => Unit::Joules,
        _ => Unit::Count,
    };
    unit.format_with(estimate.value, Precision::STEADY)
}

/// The band as a range, or nothing where there is none.
#[must_use]
pub fn band(metric: Metric, estimate: Estimate) -> String {
    if estimate.low >= estimate.high {
        return String::new();
    }
    let write = |value: f64| bare_short(metric, value);
    format!("{} – {}", write(estimate.low), write(estimate.high))
}

fn bare_short(metric: Metric, value: f64) -> String {
    let unit = match metric {
        _ if metric.quantity() == Quantity::Time => metric.unit(),
        Metric::Utilisation => metric.unit(),
        Metric::CostTotal | Metric::CostInput | Metric::CostOutput | Metric::PerHour | Metric::PerMonth => {
            Unit::Dollars
        }
        Metric::EnergyDrawn | Metric::Energy => Unit::Joules,
        _ => Unit::Count,
    };
    // Cents keep their zero: $0.60, not $0.6.
    if unit == Unit::Dollars && (0.1..100.0).contains(&value) {
        return format!("${value:.2}");
    }
    unit.format_with(value, Precision::SHORT)
}

/// How a figure compares with the one it is measured against.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `+12 %`, `−3 %`, `2.1×`, `same`.
    pub text: String,
    /// Whether it is better, worse, or neither.
    pub better: Option<bool>,
}

/// The change of a metric from a baseline.
#[must_use]
pub fn change(metric: Metric, now: f64, before: f64) -> Option<Change> {
    if !(now.is_finite() && before.is_finite() && before > 0.0 && now > 0.0) {
        return None;
    }
    let ratio = now / before;
    if (ratio - 1.0).abs() < SAME {
        return Some(Change { text: "same".to_owned(), better: None });
    }
    // Beyond a doubling, percents stop being readable.
    let text = if (0.5..2.0).contains(&ratio) {
        Unit::Percent.format_change(ratio - 1.0, Precision::SHORT)
    } else {
        Unit::Ratio.format_with(ratio, Precision::SHORT)
    };
    let better =
        if metric == Metric::Utilisation { None } else { Some((ratio > 1.0) == metric.more_is_better()) };
    Some(Change { text, better })
}

/// The metric of an answer, or the reason why there is none.
///
/// # Errors
/// The reason in words.
pub fn read(answer: &Result<Evaluation, crate::serve::Refusal>, metric: Metric) -> Result<Estimate, String> {
    match answer {
        Ok(evaluation) => metric.read(evaluation),
        Err(_) => Err(ABSENT.to_owned()),
    }
}

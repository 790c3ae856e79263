//! How figures are shown: the value, its band, and the change against what is pinned.

use crate::evaluate::Evaluation;
use crate::metric::{Estimate, Metric, Quantity};
pub use crate::report::difference::change;
use crate::units::format::{ABSENT, Precision, Unit};

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

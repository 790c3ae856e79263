//! How two values of a metric compare, said one way everywhere: `1.4× faster`, `1.2× dearer`, `same`.

use crate::metric::{Metric, Quantity};
use crate::units::format::{Precision, Unit};

/// Ratios nearer to one are none.
const SAME: f64 = 5e-4;

/// Ratios below show their hundredths.
const FINE: f64 = 1.1;

/// How one value compares with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `1.4× faster`, `same`.
    pub text: String,
    /// Whether it is better, worse, or neither.
    pub better: Option<bool>,
}

/// What is said of a value below another, and of one above.
const fn words(metric: Metric) -> [&'static str; 2] {
    match metric.quantity() {
        Quantity::Time => ["faster", "slower"],
        Quantity::DollarsPerMtok | Quantity::DollarsPerHour | Quantity::DollarsPerMonth => {
            ["cheaper", "dearer"]
        }
        Quantity::TokenRate if matches!(metric, Metric::Interactivity) => ["slower", "faster"],
        Quantity::TokenRate
        | Quantity::RequestRate
        | Quantity::Energy
        | Quantity::TokenRatePerMegawatt
        | Quantity::Share => ["lower", "higher"],
    }
}

/// What is said of the best of two by a metric, and of the best of more.
#[must_use]
pub const fn best(metric: Metric) -> [&'static str; 2] {
    match metric.quantity() {
        Quantity::Time => ["is faster", "is fastest"],
        Quantity::DollarsPerMtok | Quantity::DollarsPerHour | Quantity::DollarsPerMonth => {
            ["is cheaper", "is cheapest"]
        }
        Quantity::TokenRate if matches!(metric, Metric::Interactivity) => ["is faster", "is fastest"],
        Quantity::TokenRate | Quantity::RequestRate | Quantity::TokenRatePerMegawatt => {
            ["serves more", "serves most"]
        }
        Quantity::Energy => ["takes less energy", "takes least energy"],
        Quantity::Share => ["is less loaded", "is least loaded"],
    }
}

/// The change of a metric from a baseline; none where one of both is no positive number.
#[must_use]
pub fn change(metric: Metric, now: f64, before: f64) -> Option<Change> {
    if !(now.is_finite() && before.is_finite() && before > 0.0 && now > 0.0) {
        return None;
    }
    let ratio = (now / before).max(before / now);
    if ratio - 1.0 < SAME {
        return Some(Change { text: "same".to_owned(), better: None });
    }
    let precision = if ratio < FINE { Precision::NORMAL } else { Precision::SHORT };
    let [below, above] = words(metric);
    let word = if now < before { below } else { above };
    let better =
        if metric == Metric::Utilisation { None } else { Some((now > before) == metric.more_is_better()) };
    Some(Change { text: format!("{} {word}", Unit::Ratio.format_with(ratio, precision)), better })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_a_ratio_above_one_and_a_word() {
        let said = |metric, now, before| {
            let own = change(metric, now, before).unwrap();
            (own.text.replace('\u{a0}', " "), own.better)
        };
        let is = |text: &str, better| (text.to_owned(), better);
        assert_eq!(said(Metric::Ttft, 1.0, 1.4), is("1.4× faster", Some(true)));
        assert_eq!(said(Metric::Ttft, 1.4, 1.0), is("1.4× slower", Some(false)));
        assert_eq!(said(Metric::Interactivity, 140.0, 100.0), is("1.4× faster", Some(true)));
        assert_eq!(said(Metric::CostTotal, 0.5, 0.53), is("1.06× cheaper", Some(true)));
        assert_eq!(said(Metric::CostTotal, 12.0, 1.0), is("12× dearer", Some(false)));
        assert_eq!(said(Metric::Throughput, 1.0, 3.0), is("3× lower", Some(false)));
        assert_eq!(said(Metric::Energy, 1.0, 3.0), is("3× lower", Some(true)));
        assert_eq!(said(Metric::Utilisation, 0.2, 0.1), is("2× higher", None));
        assert_eq!(said(Metric::Ttft, 1.0, 1.0001), is("same", None));
        assert_eq!(change(Metric::Ttft, 0.0, 1.0), None);
        assert_eq!(change(Metric::Ttft, f64::NAN, 1.0), None);
    }
}

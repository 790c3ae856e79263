//! Where an axis is marked, and how its ends are rounded.
//!
//! Linear axes step by 1, 2 or 5 times a power of ten (by powers of two for tokens); log axes mark decades, with 2 and
//! 5 while there are few of them; binary axes mark powers of two. All tick values are computed from whole numbers, so
//! 0.3 is 0.3 and not 0.30000000000000004.

use crate::units::format::Unit;
use crate::units::{order, power_of_two};

use super::model::ScaleKind;
use super::scale::{Scale, mended};

/// A marked value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value, inside the domain.
    pub value: f64,
    /// What stands beside it; `None` for the small marks between.
    pub label: Option<String>,
}

/// The most ticks an axis gets, whatever is asked for.
const MOST: usize = 40;

/// Ticks for an axis with room for about `count` labels, in ascending order. There may be fewer and, where the nearest
/// round step asks for it, a few more, but never more than twice as many labels.
#[must_use]
pub(super) fn ticks(scale: &Scale, unit: Unit, count: usize) -> Vec<Tick> {
    let count = count.clamp(2, MOST / 2);
    let domain = scale.domain();
    let (major, minor, even) = match scale.kind() {
        ScaleKind::Linear => (linear(domain, count, unit.is_binary()), Vec::new(), true),
        ScaleKind::Log => log(domain, count),
        ScaleKind::Binary => binary(domain, count),
    };
    let labels = unit.tick_labels(&major, even);
    let labelled = major.into_iter().zip(labels).map(|(value, label)| Tick { value, label: Some(label) });
    let unlabelled = minor.into_iter().map(|value| Tick { value, label: None });
    let mut all: Vec<Tick> = labelled.chain(unlabelled).collect();
    order::sort_by(&mut all, |a, b| a.value.total_cmp(&b.value));
    all
}

/// The domain out to round values on both sides, for an axis with about `count` labels.
#[must_use]
pub(super) fn nice(kind: ScaleKind, domain: (f64, f64), count: usize, unit: Unit) -> (f64, f64) {
    let (low, high) = mended(kind, domain);
    let rounded = match kind {
        ScaleKind::Linear => {
            let step = linear_step(high - low, count.clamp(2, MOST / 2), unit.is_binary());
            let (first, last) =
                (libm::floor(low / step.size() + 1e-9), libm::ceil(high / step.size() - 1e-9));
            (step.times(first), step.times(last))
        }
        ScaleKind::Log => (round_below(low), round_above(high)),
        ScaleKind::Binary => {
            // A fraction of a doubling is given back, or an axis to 100k would run to 128k for nothing.
            let (first, last) = (libm::floor(libm::log2(low) + 1e-9), libm::ceil(libm::log2(high) - 1e-9));
            (power_of_two(first), power_of_two(last))
        }
    };
    let usable = rounded.0 < rounded.1 && rounded.0.is_finite() && rounded.1.is_finite();
    if usable && !(kind.is_log() && rounded.0 <= 0.0) { rounded } else { (low, high) }
}

/// A step that is `mantissa × base^exponent`, kept apart so that its multiples are exact.
#[derive(Clone, Copy)]
struct Step {
    mantissa: f64,
    /// The power of ten; zero for binary steps, whose mantissa says it all.
    exponent: i32,
}

impl Step {
    fn size(self) -> f64 {
        self.times(1.0)
    }

    /// A whole multiple, correctly rounded: 3 × 0.1 divides 3 by 10.
    fn times(self, factor: f64) -> f64 {
        let power = libm::pow(10.0, f64::from(self.exponent.abs()));
        let whole = self.mantissa * factor;
        let value = if self.exponent < 0 { whole / power } else { whole * power };
        // No negative zero on an axis.
        if value == 0.0 { 0.0 } else { value }
    }
}

/// The step for a span with about `count` labels.
fn linear_step(span: f64, count: usize, binary: bool) -> Step {
    let rough = span / count as f64;
    if binary && rough >= 1.0 {
        return Step { mantissa: power_of_two(libm::round(libm::log2(rough))), exponent: 0 };
    }
    let exponent = libm::floor(libm::log10(rough)).clamp(-300.0, 300.0);
    let fraction = rough / libm::pow(10.0, exponent);
    // The borders are the geometric means, so that the count comes out nearest to the wish.
    let mantissa = if fraction < std::f64::consts::SQRT_2 {
        1.0
    } else if fraction < 3.162_277_660_168_379_5 {
        2.0
    } else if fraction < 7.071_067_811_865_475 {
        5.0
    } else {
        10.0
    };
    Step { mantissa, exponent: exponent as i32 }
}

fn linear(domain: (f64, f64), count: usize, binary: bool) -> Vec<f64> {
    // A round step may fall so that only one tick lies inside; then a denser one is taken.
    let mut marks = multiples(domain, linear_step(domain.1 - domain.0, count, binary));
    for denser in [count + 1, count + 2, count * 2] {
        if marks.len() >= 2 {
            break;
        }
        marks = multiples(domain, linear_step(domain.1 - domain.0, denser, binary));
    }
    marks
}

fn multiples((low, high): (f64, f64), step: Step) -> Vec<f64> {
    let size = step.size();
    // The ends count although their own rounding may put them a hair outside.
    let first = libm::ceil(low / size - 1e-9);
    let last = libm::floor(high / size + 1e-9);
    let steps = (last - first).clamp(0.0, MOST as f64) as usize;
    (0..=steps).map(|index| step.times(first + index as f64).clamp(low, high)).collect()
}

/// The multiples within a decade that carry labels, from sparse to dense.
const LEVELS: [&[f64]; 3] = [&[1.0], &[1.0, 3.0], &[1.0, 2.0, 5.0]];

/// Labelled ticks, unlabelled ticks, and whether they are evenly spaced as numbers.
fn log((low, high): (f64, f64), count: usize) -> (Vec<f64>, Vec<f64>, bool) {
    let first = libm::floor(libm::log10(low)) as i32;
    let last = libm::ceil(libm::log10(high)) as i32;
    let inside = |value: &f64| low * (1.0 - 1e-12) <= *value && *value <= high * (1.0 + 1e-12);
    let marks = |multiples: &[f64], stride: i32| -> Vec<f64> {
        (first..=last)
            .filter(|exponent| exponent.rem_euclid(stride) == 0)
            .flat_map(|exponent| {
                multiples.iter().map(move |&mantissa| Step { mantissa, exponent }.size()).collect::<Vec<_>>()
            })
            .filter(inside)
            .map(|value| value.clamp(low, high))
            .collect()
    };
    let decades = libm::log10(high / low);
    let all = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    // The densest level that fits.
    for (level, multiples) in LEVELS.iter().enumerate().rev() {
        let major = marks(multiples, 1);
        let enough = if level == 0 { major.len() >= 2 } else { major.len() >= 3 && decades <= 3.0 };
        if enough && major.len() <= count + count / 4 {
            let minor = if decades <= 8.0 {
                marks(all, 1).into_iter().filter(|value| !major.contains(value)).collect()
            } else {
                Vec::new()
            };
            return (major, minor, false);
        }
    }
    let within_a_decade = decades < 1.5;
    if within_a_decade {
        // Too narrow for round decades: even steps say more.
        return (linear((low, high), count, false), Vec::new(), true);
    }
    for stride in 2..=400 {
        let major = marks(&[1.0], stride);
        if major.len() <= count {
            let minor = if decades <= 30.0 {
                marks(&[1.0], 1).into_iter().filter(|value| !major.contains(value)).collect()
            } else {
                Vec::new()
            };
            return (major, minor, false);
        }
    }
    (Vec::new(), Vec::new(), false)
}

/// As [`log`], for powers of two.
fn binary((low, high): (f64, f64), count: usize) -> (Vec<f64>, Vec<f64>, bool) {
    let first = libm::ceil(libm::log2(low) - 1e-9);
    let last = libm::floor(libm::log2(high) + 1e-9);
    let powers = last - first + 1.0;
    if powers < 2.0 || low < 1.0 {
        return if low < 1.0 && powers >= 2.0 {
            log((low, high), count)
        } else {
            (linear((low, high), count, true), Vec::new(), true)
        };
    }
    let stride = libm::ceil(powers / count as f64).max(1.0);
    let mark = |exponent: f64| power_of_two(exponent).clamp(low, high);
    let (mut major, mut minor) = (Vec::new(), Vec::new());
    for index in 0..(powers.min(1100.0) as usize) {
        let exponent = first + index as f64;
        // Strides hang from absolute exponents, so that ticks stay put while one end moves.
        if libm::fmod(exponent, stride) == 0.0 {
            major.push(mark(exponent));
        } else if powers <= 60.0 {
            minor.push(mark(exponent));
        }
    }
    (major, minor, false)
}

/// The largest of 1, 2, 5 × 10ⁿ not above a positive value.
fn round_below(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value)) as i32;
    (exponent - 1..=exponent + 1)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|mantissa| Step { mantissa, exponent }.size()))
        .filter(|&mark| mark <= value * (1.0 + 1e-9))
        .fold(value / 10.0, f64::max)
        .min(value)
}

/// The smallest of 1, 2, 5 × 10ⁿ not below a positive value.
fn round_above(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value)) as i32;
    (exponent - 1..=exponent + 1)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|mantissa| Step { mantissa, exponent }.size()))
        .filter(|&mark| mark >= value * (1.0 - 1e-9))
        .fold(value * 10.0, f64::min)
        .max(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(kind: ScaleKind, unit: Unit, domain: (f64, f64), count: usize, expect: &[&str]) {
        let ticks = ticks(&Scale::new(kind, domain, (0.0, 100.0)), unit, count);
        let labels: Vec<String> = ticks
            .into_iter()
            .filter_map(|tick| tick.label)
            .map(|label| label.replace(['\u{a0}', '\u{202f}'], " "))
            .collect();
        assert_eq!(labels, expect);
    }

    #[test]
    fn linear_axes_step_by_round_numbers() {
        check(ScaleKind::Linear, Unit::Number, (0.0, 1.0), 5, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(ScaleKind::Linear, Unit::Number, (-1.0, 1.0), 4, &["−1.0", "−0.5", "0", "0.5", "1.0"]);
        check(
            ScaleKind::Linear,
            Unit::Seconds,
            (0.0, 0.1),
            4,
            &["0", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"],
        );
        check(ScaleKind::Linear, Unit::Tokens, (0.0, 131_072.0), 4, &["0", "32k", "64k", "96k", "128k"]);
        check(ScaleKind::Linear, Unit::Number, (1.07, 1.13), 3, &["1.08", "1.10", "1.12"]);
    }

    #[test]
    fn log_axes_mark_decades_and_more_where_there_are_few() {
        check(ScaleKind::Log, Unit::Number, (1.0, 1e4), 6, &["1", "10", "100", "1,000", "10,000"]);
        check(
            ScaleKind::Log,
            Unit::Seconds,
            (1e-3, 0.1),
            8,
            &["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms"],
        );
        check(ScaleKind::Log, Unit::Number, (1.0, 1e12), 5, &["1", "1,000", "1,000,000", "1e9", "1e12"]);
        check(ScaleKind::Log, Unit::Dollars, (0.2, 6.0), 5, &["$0.20", "$0.50", "$1", "$2", "$5"]);
        check(ScaleKind::Log, Unit::Number, (11.0, 14.0), 4, &["11", "12", "13", "14"]);
    }

    #[test]
    fn token_axes_mark_powers_of_two() {
        check(
            ScaleKind::Binary,
            Unit::Tokens,
            (1024.0, 131_072.0),
            8,
            &["1k", "2k", "4k", "8k", "16k", "32k", "64k", "128k"],
        );
        check(
            ScaleKind::Binary,
            Unit::Tokens,
            (1024.0, 1_048_576.0),
            6,
            &["1k", "4k", "16k", "64k", "256k", "1M"],
        );
        check(ScaleKind::Binary, Unit::Tokens, (5000.0, 7000.0), 4, &["5k", "5,632", "6k", "6,656"]);
    }

    #[test]
    fn domains_round_outwards() {
        assert_eq!(nice(ScaleKind::Linear, (0.13, 9.2), 5, Unit::Number), (0.0, 10.0));
        assert_eq!(nice(ScaleKind::Log, (0.013, 9.2), 5, Unit::Number), (0.01, 10.0));
        assert_eq!(nice(ScaleKind::Log, (0.03, 3.0), 5, Unit::Number), (0.02, 5.0));
        assert_eq!(nice(ScaleKind::Binary, (1500.0, 8192.0), 5, Unit::Tokens), (1024.0, 8192.0));
        assert_eq!(nice(ScaleKind::Linear, (5.0, 5.0), 5, Unit::Number), (2.0, 8.0));
    }

    proptest! {
        #[test]
        fn ticks_are_few_inside_and_in_order(
            kind in prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary]),
            unit in prop::sample::select(&[Unit::Number, Unit::Seconds, Unit::Tokens, Unit::Dollars]),
            a in any::<f64>(), b in any::<f64>(), count in 0..50_usize,
        ) {
            let scale = Scale::new(kind, (a, b), (0.0, 100.0));
            let (low, high) = scale.domain();
            let ticks = ticks(&scale, unit, count);
            let labelled = ticks.iter().filter(|tick| tick.label.is_some()).count();
            prop_assert!(labelled <= 2 * count.max(2) + 1, "{labelled} for {count}");
            prop_assert!(ticks.iter().all(|tick| low <= tick.value && tick.value <= high));
            prop_assert!(ticks.windows(2).all(|pair| pair[0].value < pair[1].value), "{ticks:?}");
        }

        #[test]
        fn everyday_axes_have_enough_labels_and_all_differ(
            kind in prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary]),
            low in 1e-6..1e6_f64, ratio in 1.05..1e6_f64, count in 3..10_usize,
        ) {
            let unit = if kind == ScaleKind::Binary { Unit::Tokens } else { Unit::Seconds };
            let scale = Scale::new(kind, (low, low * ratio), (0.0, 100.0));
            let labels: Vec<String> = ticks(&scale, unit, count).into_iter().filter_map(|tick| tick.label).collect();
            prop_assert!(labels.len() >= 2, "{labels:?} {:?}", scale.domain());
            let mut distinct = labels.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert!(distinct.len() == labels.len(), "{labels:?}");
        }

        #[test]
        fn round_domains_contain_the_data(
            kind in prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary]),
            a in any::<f64>(), b in any::<f64>(), count in 2..12_usize,
        ) {
            let inner = mended(kind, (a, b));
            let outer = nice(kind, inner, count, Unit::Number);
            let slack = 1e-8 * (inner.1 - inner.0);
            prop_assert!(outer.0 <= inner.0 + slack && inner.1 <= outer.1 + slack, "{inner:?} {outer:?}");
        }
    }
}

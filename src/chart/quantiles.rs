//! How a latency spreads over requests: which share of them is done within a time, as step curves of one or more runs.
//!
//! The curve is the empirical distribution itself, without smoothing: it rises by one request at each value. A quantile
//! is read off it, so `p99` is the smallest value that at least 99 % of the requests stay within. Requests that never
//! finished keep the curve below 100 %. The picture is a [`Chart`].

use super::model::{Along, Axis, Chart, Dash, Domain, Join, Marker, Paint, Rule, Sample, Series};
use crate::units::format::{Precision, Unit};

/// The quantiles with a mark.
const MARKED: [f64; 3] = [0.5, 0.9, 0.99];
/// Curves of more steps are thinned to this many: more than there are pixels.
const STEPS: usize = 800;

/// Which way the curve runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// The share of requests over time: the cumulative distribution.
    #[default]
    Share,
    /// The time over the share of requests: the quantile function.
    Quantile,
}

/// One measure of one or more runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// What the chart shows, in a few words.
    pub title: String,
    /// What is measured: `TTFT`.
    pub metric: String,
    /// The unit of the values.
    pub unit: Unit,
    /// The runs.
    pub runs: Vec<Run>,
    /// The limit to meet, and what to call it.
    pub limit: Option<(f64, String)>,
    /// Whether the values go by their logarithm.
    pub log: bool,
    /// Which way the curve runs.
    pub view: View,
}

/// The values of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What the legend addresses it by; unique in the chart.
    pub id: String,
    /// What people read.
    pub label: String,
    /// One value per request, in any order; what is not finite counts as never finished.
    pub values: Vec<f64>,
    /// Requests without a value, because they were refused or not done in time.
    pub unfinished: usize,
}

/// The smallest of ascending values that at least this share of `count` requests stay within; `None` if so many never
/// finished.
#[must_use]
pub fn quantile(ascending: &[f64], count: usize, share: f64) -> Option<f64> {
    if count == 0 || !(0.0..=1.0).contains(&share) {
        return None;
    }
    // A hair less, or 0.9 × 10 could round up to the tenth.
    let rank = libm::ceil(share * count as f64 - 1e-9).max(1.0) as usize;
    ascending.get(rank - 1).copied()
}

impl Run {
    fn ascending(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.values.iter().copied().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn count(&self) -> usize {
        self.values.len().saturating_add(self.unfinished)
    }
}

impl Quantiles {
    /// The distributions as a chart: a step curve and marked quantiles for each run, and the limit.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let mut series = Vec::new();
        let mut marks = Vec::new();
        for (index, run) in self.runs.iter().enumerate() {
            let values = run.ascending();
            let count = run.count();
            let line = Series {
                join: match self.view {
                    View::Share => Join::StepAfter,
                    View::Quantile => Join::StepBefore,
                },
                marker: None,
                // The ends of all curves meet at 100 %; the marks have the labels.
                end_label: self.view == View::Quantile,
                ..Series::nth(index, run.id.clone(), run.label.clone(), self.curve(&values, count))
            };
            series.push(Series { dash: if self.runs.len() > 1 { line.dash } else { Dash::Solid }, ..line });
            let points: Vec<Sample> = MARKED
                .into_iter()
                .filter_map(|share| {
                    let value = quantile(&values, count, share)?;
                    let name = Unit::Number.format_with(share * 100.0, Precision::digits(4));
                    let label = format!("p{name} {}", self.unit.format(value));
                    Some(self.sample(value, share).with_label(label))
                })
                .collect();
            let id = format!("{}-quantiles", run.id);
            marks.push(Series::points(
                id,
                format!("{}: p50, p90, p99", run.label),
                Paint::Series(index),
                Marker::nth(index),
                points,
            ));
        }
        series.append(&mut marks);
        let values = if self.log {
            Axis::log(self.metric.clone(), self.unit)
        } else {
            Axis::linear(self.metric.clone(), self.unit).with_domain(Domain::FromZero)
        };
        // Above 100 % there is nothing but room for labels.
        let top = if self.view == View::Share { 1.1 } else { 1.0 };
        let shares = Axis::linear("Requests", Unit::Percent).with_domain(Domain::Fixed(0.0, top));
        let (x, y, along) = match self.view {
            View::Share => (values, shares, Along::X),
            View::Quantile => (shares, values, Along::Y),
        };
        let rules = self.limit.as_ref().map(|(value, label)| Rule {
            axis: along,
            value: *value,
            label: label.clone(),
            paint: Paint::Ink,
            fit: true,
        });
        Chart {
            title: self.title.clone(),
            x,
            y,
            series,
            rules: rules.into_iter().collect(),
            walls: Vec::new(),
        }
    }

    fn sample(&self, value: f64, share: f64) -> Sample {
        match self.view {
            View::Share => Sample::new(value, share),
            View::Quantile => Sample::new(share, value),
        }
    }

    /// The steps, with the marked quantiles among those that are kept.
    fn curve(&self, ascending: &[f64], count: usize) -> Vec<Sample> {
        let total = count.max(1) as f64;
        let stride = ascending.len().div_ceil(STEPS).max(1);
        let kept = |rank: usize| {
            rank == 1
                || rank == ascending.len()
                || rank.is_multiple_of(stride)
                || MARKED.iter().any(|share| libm::ceil(share * total - 1e-9) as usize == rank)
                // The last steps of the tail are few, and what one looks for.
                || rank + STEPS / 4 > ascending.len()
        };
        let first = ascending.first().map(|&value| self.sample(value, 0.0));
        let steps = ascending
            .iter()
            .enumerate()
            .map(|(index, value)| (index + 1, *value))
            .filter(|(rank, _)| kept(*rank))
            .map(|(rank, value)| self.sample(value, rank as f64 / total));
        first.into_iter().chain(steps).collect()
    }

    /// The quantiles of each run, and how many stay within the limit, as one sentence a run.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}. ", self.title) };
        let mut told = Vec::new();
        for run in &self.runs {
            let (values, count) = (run.ascending(), run.count());
            let figures: Vec<String> = MARKED
                .into_iter()
                .filter_map(|share| {
                    let name = Unit::Number.format_with(share * 100.0, Precision::digits(4));
                    Some(format!("p{name} {}", self.unit.format(quantile(&values, count, share)?)))
                })
                .collect();
            if count == 0 {
                continue;
            }
            let of = |part: usize| Unit::Percent.format_with(part as f64 / count as f64, Precision::NORMAL);
            let mut sentence = format!("{}: {} {}", run.label, self.metric, figures.join(", "));
            if figures.is_empty() {
                sentence = format!("{}: fewer than half of the requests finished", run.label);
            }
            if let Some((limit, label)) = &self.limit {
                let within = values.partition_point(|value| value <= limit);
                sentence.push_str(&format!("; {} within {label}", of(within)));
            }
            if values.len() < count {
                sentence.push_str(&format!("; {} never finished", of(count - values.len())));
            }
            told.push(format!("{sentence}."));
        }
        text.push_str(if told.is_empty() { "No data." } else { "" });
        text.push_str(&told.join(" "));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(count: usize, unfinished: usize) -> Quantiles {
        // A shuffle of 1 to `count` milliseconds.
        let values = (0..count).map(|index| ((index * 7 + 3) % count + 1) as f64 / 1000.0).collect();
        Quantiles {
            title: "TTFT".to_owned(),
            metric: "TTFT".to_owned(),
            unit: Unit::Seconds,
            runs: vec![Run { id: "a".to_owned(), label: "A".to_owned(), values, unfinished }],
            limit: Some((0.08, "80 ms".to_owned())),
            ..Quantiles::default()
        }
    }

    #[test]
    fn a_quantile_is_a_value_of_the_run() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(quantile(&values, 10, 0.5), Some(5.0));
        assert_eq!(quantile(&values, 10, 0.9), Some(9.0));
        assert_eq!(quantile(&values, 10, 0.91), Some(10.0));
        assert_eq!(quantile(&values, 10, 0.0), Some(1.0));
        assert_eq!(quantile(&values, 20, 0.6), None, "ten of twenty never finished");
        assert_eq!(quantile(&[], 0, 0.5), None);
    }

    #[test]
    fn the_curve_goes_through_its_marks() {
        for view in [View::Share, View::Quantile] {
            let chart = Quantiles { view, ..run(100, 0) }.chart();
            let (line, marks) = (&chart.series[0], &chart.series[1]);
            assert_eq!(marks.samples.len(), 3);
            for mark in &marks.samples {
                assert!(line.samples.iter().any(|step| step.x == mark.x && step.y == mark.y), "{mark:?}");
            }
        }
    }

    #[test]
    fn thousands_of_requests_keep_their_tail() {
        let chart = run(99_991, 0).chart();
        let line = &chart.series[0];
        assert!(line.samples.len() < 3 * STEPS, "{}", line.samples.len());
        assert_eq!(line.samples.last().and_then(|step| step.y), Some(1.0));
        assert!(line.samples.windows(2).all(|pair| pair[0].x <= pair[1].x && pair[0].y <= pair[1].y));
    }

    #[test]
    fn what_never_finished_keeps_the_curve_down() {
        let quantiles = run(100, 25);
        let chart = quantiles.chart();
        assert_eq!(chart.series[0].samples.last().and_then(|step| step.y), Some(0.8));
        let said = quantiles.sentence().replace('\u{a0}', " ");
        assert_eq!(said, "TTFT. A: TTFT p50 63 ms; 64 % within 80 ms; 20 % never finished.");
        assert_eq!(Quantiles::default().sentence(), "No data.");
    }
}

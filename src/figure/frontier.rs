//! What the same chips can do: throughput, cost or energy against interactivity, over layouts, mixes and loads.

use crate::chart::frontier::Better;
use crate::chart::model::{Axis, Chart, Domain, Emphasis, Join, Marker, Paint, Sample, Series};
use crate::evaluate::Evaluation;
use crate::explore::Candidate;
use crate::metric::{Metric, Quantity};
use crate::report::words::letter;
use crate::serve::Refusal;
use crate::units::format::Unit;

use super::curves::pin;

/// What can stand against interactivity.
pub const AGAINST: [Metric; 5] = [
    Metric::ThroughputPerChip,
    Metric::CostTotal,
    Metric::EnergyDrawn,
    Metric::Energy,
    Metric::ThroughputPerMegawatt,
];

/// What stands on the chart beside what was found.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'a> {
    /// What is shown against interactivity.
    pub metric: Metric,
    /// What the scenario comes to under its own load.
    pub answer: &'a Result<Evaluation, Refusal>,
    /// What the pinned scenarios come to.
    pub pinned: &'a [&'a Result<Evaluation, Refusal>],
}

/// The chart of all that was tried, with the best of it joined.
#[must_use]
pub fn chart(found: &[Candidate], stand: &Stand<'_>) -> Chart {
    let Stand { metric, answer, pinned } = *stand;
    let described = |own: &Candidate| {
        Sample::new(own.interactivity.get(), own.value.unwrap_or(f64::NAN)).with_note(describe(own))
    };
    let cloud = |keeps: bool| found.iter().filter(|own| own.keeps_ttft == keeps).map(described).collect();
    let best =
        found.iter().filter(|own| own.on_frontier).map(|own| described(own).with_label(users(own))).collect();
    let unit = metric.unit();
    let y = if metric.quantity() == Quantity::DollarsPerMtok {
        Axis::log(metric.label(), unit)
    } else {
        Axis::linear(metric.label(), unit).with_domain(Domain::FromZero)
    };
    let mut chart = Chart {
        title: title(metric),
        x: Axis::log("Interactivity", Unit::TokensPerSecondPerUser).with_better(Better::Higher),
        y: y.with_better(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
        ..Chart::default()
    };
    chart.series.push(Series {
        emphasis: Emphasis::Dim,
        ..Series::points("late", "Misses the TTFT limit", Paint::Muted, Marker::Cross, cloud(false))
    });
    chart.series.push(Series::points("tried", "Tried", Paint::Muted, Marker::Ring, cloud(true)));
    chart.series.push(Series {
        marker: Some(Marker::Disc),
        join: Join::Straight,
        end_label: false,
        ..Series::line("best", "Frontier", Paint::Series(0), best)
    });
    let place = |answer: &Result<Evaluation, Refusal>| {
        let own = answer.as_ref().ok()?;
        let value = metric.read(own).ok()?.value;
        Some(Sample::new(own.steady.interactivity().get(), value))
    };
    if let Some(here) = place(answer) {
        let (paint, marker) = (Paint::Series(1), Marker::Diamond);
        chart.series.push(Series::points("own", "This scenario", paint, marker, vec![here]));
    }
    for (index, sample) in pinned.iter().enumerate().filter_map(|(index, own)| Some((index, place(own)?))) {
        let (paint, marker) = (Paint::Series(index + 2), Marker::Triangle);
        let sample = sample.with_label(letter(index));
        let label = format!("Pin {}", letter(index));
        chart.series.push(Series::points(pin(index), label, paint, marker, vec![sample]));
    }
    chart
}

/// What the chart shows.
#[must_use]
pub fn title(metric: Metric) -> String {
    format!("{} against interactivity", metric.label())
}

fn users(own: &Candidate) -> String {
    match own.users.unwrap_or_default() {
        1.0 => "1 request".to_owned(),
        users => format!("{} requests", Unit::Count.format(users)),
    }
}

fn describe(own: &Candidate) -> String {
    format!("{} · {} · TTFT {}", users(own), own.deployed.label, Unit::Seconds.format(own.ttft.get()))
}

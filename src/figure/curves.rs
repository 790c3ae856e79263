//! A metric against a knob: the scenario with its band, pinned ones beside it, limits across.

use std::sync::Arc;

use super::view::View;
use crate::catalog::api_prices;
use crate::chart::describe;
use crate::chart::frontier::Better;
use crate::chart::model::{Along, Axis, Chart, Dash, Domain, Marker, Paint, Rule, Sample, Series, Wall};
use crate::evaluate::Evaluation;
use crate::evidence::nearest::{Library, Run, Swept as Varied};
use crate::explore::{self, Knob, price_lines};
use crate::metric::Metric;
use crate::report::words::letter;
use crate::report::{sentence, words};
use crate::scenario::{Load, Percentile, Scenario};
use crate::serve::Refusal;
use crate::units::format::Unit;
use crate::units::order;

/// Points of a curve.
pub const SAMPLES: usize = 96;

/// List prices drawn as lines.
const PRICES: usize = 3;

/// The series of the scenario's own curve.
pub const NOW: &str = "now";
/// The series that marks the scenario.
pub const HERE: &str = "here";
/// The series of measured runs.
pub const MEASURED: &str = "measured";
/// The series of the scenario's curve as it was when a movement began.
pub const BEFORE: &str = "before";

/// The series of a pinned scenario.
#[must_use]
pub fn pin(index: usize) -> String {
    format!("pin-{}", index + 1)
}

/// What a chart of curves is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Curves<'a> {
    /// What is shown against what.
    pub view: View,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its answer.
    pub answer: &'a Result<Evaluation, Refusal>,
    /// The values of the knob.
    pub values: &'a [f64],
    /// The scenario over the knob.
    pub now: &'a [explore::Sample],
    /// The pinned ones over the same values.
    pub pinned: &'a [Arc<Vec<explore::Sample>>],
    /// Measured runs on the scenario's curve.
    pub measured: &'a [Sample],
    /// The scenario over the knob as it was when a movement began, while one is under way.
    pub before: Option<&'a [explore::Sample]>,
    /// Whether the chart is one of several over the same knob: then it is small, and shows how a time spreads.
    pub among: bool,
}

/// Another reading of a metric, which stands beside it in a small chart.
struct Reading {
    /// The series.
    id: &'static str,
    label: &'static str,
    dash: Dash,
    read: fn(&Evaluation) -> Option<f64>,
}

/// Every so many samples carry the other readings: percentiles are worked out by bisection, and straight lines between
/// them look the same in a small chart.
const SPARSE: usize = 4;
/// But not where the metric itself changes by more than this between two, as a natural logarithm.
const BEND: f64 = 0.05;

/// What stands beside a metric in a small chart.
const fn beside(metric: Metric) -> &'static [Reading] {
    match metric {
        Metric::Ttft => &[
            Reading {
                id: "p50",
                label: "p50",
                dash: Dash::Dotted,
                read: |own| Some(own.steady.ttft_of(Some(Percentile::P50)).get()),
            },
            Reading {
                id: "p95",
                label: "p95",
                dash: Dash::Short,
                read: |own| Metric::TtftP95.read(own).ok().map(|own| own.value),
            },
        ],
        Metric::Tpot => &[Reading {
            id: "p95",
            label: "p95",
            dash: Dash::Short,
            read: |own| Metric::TpotP95.read(own).ok().map(|own| own.value),
        }],
        Metric::Energy => &[Reading {
            id: "drawn",
            label: "drawn",
            dash: Dash::Short,
            read: |own| Metric::EnergyDrawn.read(own).ok().map(|own| own.value),
        }],
        _ => &[],
    }
}

/// What the line of a metric is called where others stand beside it.
const fn plainly(metric: Metric) -> &'static str {
    match metric {
        Metric::Energy => "provisioned",
        _ => "mean",
    }
}

impl Curves<'_> {
    /// The chart.
    #[must_use]
    pub fn chart(self) -> Chart {
        let Curves { view, scenario, .. } = self;
        let (metric, knob, (log_x, log_y)) = (view.metric, view.knob, view.logs());
        // Also where nothing can be drawn, the axis says what was tried.
        let reach = match (self.values.first(), self.values.last()) {
            (Some(&low), Some(&high)) if low < high => Domain::Fixed(low, high),
            _ => Domain::Tight,
        };
        let mut chart = Chart {
            title: format!("{} against {}", metric.label(), lower(knob.label())),
            x: axis(knob_label(scenario, knob), knob_unit(scenario, knob), log_x).with_domain(reach),
            y: axis(metric.label().to_owned(), metric.unit(), log_y)
                .with_domain(if log_y { Domain::Auto } else { Domain::FromZero })
                .with_better(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
            ..Chart::default()
        };
        if self.among {
            let label = if metric == Metric::CostTotal { "Cost, in+out" } else { metric.short() };
            label.clone_into(&mut chart.y.label);
        }
        let unit = knob_unit(scenario, knob);
        chart.walls.extend(walls(self.now, unit, "", (Paint::Ink, true)));
        for (index, samples) in self.pinned.iter().enumerate() {
            let name = format!("{}: ", letter(index));
            chart.walls.extend(walls(samples, unit, &name, (Paint::Series(index + 1), false)));
            let label = format!("Pin {}", letter(index));
            let mut series = Series::nth(index + 1, pin(index), label, points(samples, metric, false));
            if series.dash == Dash::Solid {
                series.dash = Dash::Dotted;
            }
            series.end_label = true;
            chart.series.push(series);
        }
        if let Some(before) = self.before {
            let start = Series::line(BEFORE, "Before", Paint::Muted, points(before, metric, false));
            chart.series.push(Series { dash: Dash::Long, end_label: false, ..start });
        }
        let mut own = Series::line(NOW, "Now", Paint::Series(0), points(self.now, metric, true));
        own.end_label = !self.pinned.is_empty();
        let others = if self.among { beside(metric) } else { &[] };
        for Reading { id, label, dash, read } in others {
            let line = Series::line(*id, *label, Paint::Series(0), readings(self.now, metric, *read));
            chart.series.push(Series { dash: *dash, ..line });
            (own.label, own.end_label) = (plainly(metric).to_owned(), true);
        }
        chart.series.push(own);
        if !self.measured.is_empty() {
            let runs = self.measured.to_vec();
            chart.series.push(Series::points(MEASURED, "Measured", Paint::Ink, Marker::Ring, runs));
        }
        if let Some(limit) = metric.objective(&scenario.slo) {
            chart.rules.push(Rule {
                axis: Along::Y,
                value: limit.at.get(),
                label: limit.text(
                    if matches!(metric, Metric::Ttft | Metric::TtftP95 | Metric::TtftP99) {
                        Metric::Ttft
                    } else {
                        Metric::Tpot
                    }
                    .short(),
                ),
                paint: Paint::Muted,
                fit: false,
            });
        }
        let prices = list_prices(scenario, metric).into_iter();
        chart.rules.extend(prices.map(|own| if self.among { brief(own) } else { own }));
        if let Some(x) = knob.current(scenario) {
            chart.rules.push(Rule {
                axis: Along::X,
                value: x,
                label: knob_unit(scenario, knob).format(x),
                paint: Paint::Ink,
                fit: false,
            });
            if let Some(here) = self.answer.as_ref().ok().and_then(|own| metric.read(own).ok()) {
                let sample = Sample::new(x, here.value);
                chart.series.push(Series {
                    end_label: false,
                    ..Series::points(HERE, "This scenario", Paint::Series(0), Marker::Disc, vec![sample])
                });
            }
        }
        chart
    }
}

/// Gives the curves of pinned scenarios their names.
pub fn name_pins(chart: &mut Chart, names: &[String]) {
    for (index, name) in names.iter().enumerate() {
        let id = pin(index);
        for series in chart.series.iter_mut().filter(|own| own.id == id) {
            series.label.clone_from(name);
        }
    }
}

/// Where a curve has no steady state any more.
fn walls(samples: &[explore::Sample], unit: Unit, name: &str, (paint, hatched): (Paint, bool)) -> Vec<Wall> {
    let wall = |(x, above): (f64, bool)| {
        let held = if above { "holds up to" } else { "holds from" };
        Wall { x, above, label: format!("{name}{held} {}", unit.format(x)), paint, hatched }
    };
    explore::walls(samples).into_iter().map(wall).collect()
}

/// The measured runs on the curve of a scenario.
#[must_use]
pub fn measured(runs: &Library, scenario: &Scenario, knob: Knob, metric: Metric) -> Vec<Sample> {
    let Some(varied) = varied(knob) else { return Vec::new() };
    let sample =
        |x: f64, run: &Run| Some(Sample::new(x, told(run, metric)?).with_note(sentence::origin(run)));
    runs.on_curve(scenario, varied).into_iter().filter_map(|own| sample(own.x, own.run)).collect()
}

/// What others ask for the tokens of the scenario's model, as lines to compare costs with: the cheapest and the dearest.
#[must_use]
pub fn list_prices(scenario: &Scenario, metric: Metric) -> Vec<Rule> {
    let mut prices: Vec<(String, f64)> = match metric {
        Metric::CostTotal => {
            price_lines(scenario).into_iter().map(|own| (own.provider.to_owned(), own.per_mtok)).collect()
        }
        Metric::CostInput | Metric::CostOutput => api_prices()
            .iter()
            .filter(|own| own.model == Some(scenario.model.as_str()) && !own.ended)
            .map(|own| {
                let price = if metric == Metric::CostInput { own.input } else { own.output };
                (own.provider.to_owned(), price.get())
            })
            .collect(),
        _ => Vec::new(),
    };
    order::sort_by(&mut prices, |a, b| a.1.total_cmp(&b.1));
    if prices.len() > PRICES {
        prices.drain(PRICES - 1..prices.len() - 1);
    }
    let unit = metric.unit();
    let line = |(provider, price): (String, f64)| Rule {
        fit: true,
        ..Rule::reference(price, format!("{provider} list {}", unit.format(price)))
    };
    prices.into_iter().map(line).collect()
}

/// The line of a list price where there is little room: who asks how many dollars.
fn brief(mut price: Rule) -> Rule {
    let dollars = price.label.find('/').unwrap_or(price.label.len());
    price.label.truncate(dollars);
    price.label = price.label.replace(" list ", " ");
    price
}

fn axis(label: String, unit: Unit, log: bool) -> Axis {
    if log { Axis::log(label, unit) } else { Axis::linear(label, unit) }
}

/// The samples as points of a chart; what refuses is a gap with its reason.
fn points(samples: &[explore::Sample], metric: Metric, band: bool) -> Vec<Sample> {
    samples
        .iter()
        .map(|sample| match &sample.result {
            Ok(evaluation) => match metric.read(evaluation) {
                Ok(own) if band && own.low < own.high => {
                    Sample::new(sample.x, own.value).with_band(own.low, own.high)
                }
                Ok(own) => Sample::new(sample.x, own.value),
                Err(reason) => Sample::gap(sample.x, reason),
            },
            Err(refusal) => Sample::gap(sample.x, words::refusal(refusal)),
        })
        .collect()
}

/// A sparse reading of the samples; what has none is a gap. Where the metric itself bends, all are read.
fn readings(
    samples: &[explore::Sample],
    metric: Metric,
    read: fn(&Evaluation) -> Option<f64>,
) -> Vec<Sample> {
    fn served(own: &explore::Sample, metric: Metric) -> Option<(&Evaluation, f64)> {
        let answer = own.result.as_ref().ok().filter(|own| own.steady.saturation.is_none())?;
        Some((answer, metric.read(answer).ok()?.value))
    }
    let mut kept: Vec<Sample> = Vec::new();
    let mut last: Option<(usize, f64)> = None;
    for (at, own) in samples.iter().enumerate() {
        let Some((answer, value)) = served(own, metric) else {
            kept.push(Sample { x: own.x, ..Sample::default() });
            last = None;
            continue;
        };
        let next = samples.get(at + 1).and_then(|own| served(own, metric)).map(|own| own.1);
        let bends = |other: f64| libm::fabs(libm::log(other / value)) > BEND;
        let needed =
            next.is_none_or(bends) || last.is_none_or(|(before, old)| at - before >= SPARSE || bends(old));
        if needed {
            kept.push(
                read(answer)
                    .map_or_else(|| Sample { x: own.x, ..Sample::default() }, |y| Sample::new(own.x, y)),
            );
            last = Some((at, value));
        }
    }
    kept
}

/// Why a part of the curve is missing, if one is.
#[must_use]
pub fn gap(samples: &[explore::Sample], knob: Knob, metric: Metric, scenario: &Scenario) -> Option<String> {
    if samples.is_empty() {
        return Some(format!("{} means nothing for this scenario. Choose another knob.", knob.label()));
    }
    let unit = knob_unit(scenario, knob);
    // Where a part of the curve is beyond a wall, the wall says so.
    let ends = !explore::walls(samples).is_empty();
    samples.iter().filter(|own| !ends || own.saturation().is_none()).find_map(|sample| match &sample.result {
        Err(refusal) => Some(format!("No curve at {}: {}", unit.format(sample.x), words::refusal(refusal))),
        Ok(evaluation) => metric.read(evaluation).err().map(|reason| format!("No curve: {reason}.")),
    })
}

/// What a measured run must differ in to lie on the curve; no run tells of the other knobs.
const fn varied(knob: Knob) -> Option<Varied> {
    match knob {
        Knob::Isl => Some(Varied::Isl),
        Knob::Osl => Some(Varied::Osl),
        Knob::Load => Some(Varied::Users),
        Knob::ModelSize | Knob::Mix | Knob::Hit => None,
    }
}

/// What a run says of a metric, if anything.
fn told(run: &Run, metric: Metric) -> Option<f64> {
    Some(match metric {
        Metric::Ttft => run.ttft.get(),
        Metric::Tpot => run.tpot.get(),
        Metric::E2e => run.e2e().get(),
        Metric::Interactivity => 1.0 / run.tpot.get(),
        Metric::Throughput => run.throughput().get(),
        Metric::ThroughputPerChip => run.throughput_per_chip().get(),
        _ => return None,
    })
}

fn knob_unit(scenario: &Scenario, knob: Knob) -> Unit {
    match knob {
        Knob::Isl | Knob::Osl => Unit::Tokens,
        Knob::Load => match scenario.load {
            Load::Closed { .. } => Unit::Count,
            Load::Open { .. } => Unit::RequestsPerSecond,
        },
        Knob::ModelSize => Unit::Parameters,
        Knob::Mix | Knob::Hit => Unit::Percent,
    }
}

fn knob_label(scenario: &Scenario, knob: Knob) -> String {
    match (knob, scenario.load) {
        (Knob::Load, Load::Closed { .. }) => "Concurrent requests".to_owned(),
        (Knob::Load, Load::Open { .. }) => "Request rate".to_owned(),
        (Knob::ModelSize, _) => "Parameters".to_owned(),
        _ => knob.label().to_owned(),
    }
}

fn lower(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |first| std::iter::once(first.to_ascii_lowercase()).chain(rest).collect())
}

/// The chart in a sentence: where the current curve starts and ends.
#[must_use]
pub fn summary(chart: &Chart) -> String {
    let own = chart.series.iter().find(|series| series.id == NOW);
    let ends = own.and_then(|series| {
        let first = series.samples.iter().find_map(|sample| Some((sample.x, sample.y?)))?;
        let last = series.samples.iter().rev().find_map(|sample| Some((sample.x, sample.y?)))?;
        Some((first, last))
    });
    let text = match ends {
        Some(((x0, y0), (x1, y1))) => format!(
            "{}: from {} at {} to {} at {}.",
            chart.title,
            chart.y.unit.format(y0),
            chart.x.unit.format(x0),
            chart.y.unit.format(y1),
            chart.x.unit.format(x1)
        ),
        None => format!("{}: no values.", chart.title),
    };
    let moving = chart.series.iter().any(|series| series.id == BEFORE);
    let before = if moving { " The dashed line is where it was before." } else { "" };
    text + before + &describe::walls(chart)
}

//! A metric against a knob: the current scenario with its band, pinned ones beside it, limits across.

use std::sync::Arc;

use crate::web::lean::{flag, memo};
use leptos::prelude::*;

use super::plot::{HERE, MEASURED, Picked, Plot};
use crate::catalog::api_prices;
use crate::chart::frontier::Better;
use crate::chart::hit::HitMode;
use crate::chart::model::{Along, Axis, Chart, Dash, Domain, Marker, Paint, Rule, Sample, Series};
use crate::evidence::nearest::{Run, Swept as Varied};
use crate::explore::{self, Knob, price_lines, sweep};
use crate::metric::Metric;
use crate::report::{figure, sentence, words};
use crate::scenario::{Load, Scenario};
use crate::units::format::Unit;
use crate::units::order;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::stops::Stops;
use crate::web::pins::letter;
use crate::web::state::use_page;

/// Points of a curve.
const SAMPLES: usize = 96;

/// List prices drawn as lines.
const PRICES: usize = 3;

/// The swept samples of one scenario.
type Swept = Arc<Vec<explore::Sample>>;

/// The chart with what it is chosen by.
#[component]
pub fn Curves() -> impl IntoView {
    let page = use_page();
    let knob = memo(move || page.view.get().knob);
    let values = memo(move || Arc::new(page.scenario.with(|scenario| knob.get().values(scenario, SAMPLES))));
    // Always new when its inputs are: comparing evaluations would cost more than drawing them.
    let now: Memo<Swept> = Memo::new_with_compare(
        move |_| Arc::new(page.scenario.with(|scenario| sweep(scenario, knob.get(), &values.get()))),
        |_, _| true,
    );
    let pinned: Memo<Vec<Swept>> = Memo::new_with_compare(
        move |_| {
            let (knob, values) = (knob.get(), values.get());
            page.pins.with(|pins| {
                let swept = |scenario: &Scenario| Arc::new(sweep(scenario, knob, &values));
                pins.iter().map(|pin| swept(&pin.scenario)).collect()
            })
        },
        |_, _| true,
    );
    let runs = memo(move || {
        let (knob, metric) = (knob.get(), page.view.get().metric);
        page.runs.with(|runs| {
            let Some(varied) = varied(knob) else { return Vec::new() };
            let found = page.scenario.with(|scenario| runs.on_curve(scenario, varied));
            let sample = |x: f64, run: &Run| {
                Some(Sample::new(x, measured(run, metric)?).with_note(sentence::origin(run)))
            };
            found.into_iter().filter_map(|own| sample(own.x, own.run)).collect::<Vec<_>>()
        })
    });
    let chart = memo(move || {
        let view = page.view.get();
        let (metric, (log_x, log_y)) = (view.metric, view.logs());
        // Also where nothing can be drawn, the axis says what was tried.
        let reach = values.with(|values| match (values.first(), values.last()) {
            (Some(&low), Some(&high)) if low < high => Domain::Fixed(low, high),
            _ => Domain::Tight,
        });
        let mut chart = Chart {
            title: format!("{} against {}", metric.label(), lower(knob.get().label())),
            x: axis(
                knob_label(&page.scenario.get(), knob.get()),
                knob_unit(&page.scenario.get(), knob.get()),
                log_x,
            )
            .with_domain(reach),
            y: axis(metric.label().to_owned(), figure::unit(metric), log_y)
                .with_domain(if log_y { Domain::Auto } else { Domain::FromZero })
                .with_better(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
            ..Chart::default()
        };
        pinned.with(|pinned| {
            for (index, samples) in pinned.iter().enumerate() {
                let id = format!("pin-{}", index + 1);
                let mut series = Series::nth(
                    index + 1,
                    id,
                    format!("Pin {}", letter(index)),
                    points(samples, metric, false),
                );
                if series.dash == Dash::Solid {
                    series.dash = Dash::Dotted;
                }
                series.end_label = true;
                chart.series.push(series);
            }
        });
        let mut own =
            Series::line("now", "Now", Paint::Series(0), now.with(|samples| points(samples, metric, true)));
        own.end_label = !chart.series.is_empty();
        chart.series.push(own);
        runs.with(|runs| {
            if !runs.is_empty() {
                let series = Series::points(MEASURED, "Measured", Paint::Ink, Marker::Ring, runs.clone());
                chart.series.push(series);
            }
        });
        page.scenario.with(|scenario| {
            let limit = match metric {
                Metric::Ttft => scenario.slo.ttft,
                Metric::Tpot => scenario.slo.tpot,
                _ => None,
            };
            if let Some(limit) = limit {
                chart.rules.push(Rule {
                    axis: Along::Y,
                    value: limit.get(),
                    label: format!("{} ≤ {}", metric.short(), Unit::Seconds.format(limit.get())),
                    paint: Paint::Muted,
                    fit: false,
                });
            }
            chart.rules.extend(list_prices(scenario, metric));
            if let Some(x) = knob.get().current(scenario) {
                chart.rules.push(Rule {
                    axis: Along::X,
                    value: x,
                    label: knob_unit(scenario, knob.get()).format(x),
                    paint: Paint::Ink,
                    fit: false,
                });
                let here = page
                    .answer
                    .with(|answer| answer.as_ref().as_ref().ok().and_then(|own| metric.read(own).ok()));
                if let Some(here) = here {
                    let sample = Sample::new(x, here.value);
                    chart.series.push(Series {
                        end_label: false,
                        ..Series::points(HERE, "This scenario", Paint::Series(0), Marker::Disc, vec![sample])
                    });
                }
            }
        });
        Arc::new(chart)
    });
    let gap = memo(move || {
        now.with(|samples| gap(&samples[..], knob.get(), page.view.get().metric, &page.scenario.get()))
    });
    let summary = Signal::derive(move || chart.with(|chart| summary(chart)));

    let taken = move |Picked { x, done, .. }: Picked| {
        let knob = knob.get_untracked();
        let x = snap(knob, &page.scenario.get_untracked(), x);
        let next = page.scenario.with_untracked(|scenario| knob.apply(scenario, x));
        if let Some(next) = next {
            page.edit(|scenario| *scenario = next);
        }
        if done {
            page.commit();
        }
    };
    // The reach of a load curve follows the load, so dragging it would run away from the pointer.
    let live = Signal::derive(move || knob.get() != Knob::Load);

    let caption = Signal::derive(move || {
        let way = "Click to move the scenario there, or drag its line; drag elsewhere to zoom. The shade is the 80 % band.";
        let runs = match runs.with(Vec::len) {
            0 => String::new(),
            1 => " The ring is a measured run.".to_owned(),
            count => format!(" The rings are {count} measured runs."),
        };
        let metric = page.view.get().metric;
        let lists = page.scenario.with(|scenario| !list_prices(scenario, metric).is_empty());
        let lists = if lists { " The level lines are list prices of the same model." } else { "" };
        gap.get().unwrap_or_else(|| format!("{way}{runs}{lists}"))
    });

    view! {
        {(!page.embedded).then(|| view! { <Chooser/> })}
        <Plot chart=chart mode=HitMode::X summary pick=taken live caption/>
    }
}

/// What is shown against what, and on which scales.
#[component]
fn Chooser() -> impl IntoView {
    let page = use_page();
    let metrics = Metric::ALL.iter().map(|metric| Item::new(metric.id(), metric.label())).collect();
    let knobs = memo(move || {
        page.scenario.with(|scenario| {
            let item = |knob: Knob| Item {
                disabled: knob.current(scenario).is_none(),
                ..Item::new(knob.id(), knob.label())
            };
            vec![Group::flat(Knob::ALL.into_iter().map(item).collect())]
        })
    });
    let metric = memo(move || page.view.get().metric.id().to_owned());
    let knob = memo(move || page.view.get().knob.id().to_owned());
    let toggle = move |x: bool| {
        page.look(|view| {
            let (now_x, now_y) = view.logs();
            (view.log_x, view.log_y) = (Some(now_x ^ x), Some(now_y ^ !x));
        });
        page.commit();
    };
    view! {
        <div class="chooser">
            <Choice
                id="chart-y"
                label="Show"
                groups=Signal::stored(vec![Group::flat(metrics)])
                value=metric
                set={move |id: String| {
                    if let Some(metric) = Metric::from_id(&id) {
                        page.look(|view| (view.metric, view.log_y) = (metric, None));
                    }
                }}
            />
            <Choice
                id="chart-x"
                label="against"
                groups=knobs
                value=knob
                set={move |id: String| {
                    if let Some(knob) = Knob::from_id(&id) {
                        page.look(|view| (view.knob, view.log_x) = (knob, None));
                    }
                }}
            />
            <label class="check">
                <input type="checkbox" prop:checked={flag(move || page.view.get().logs().0)} on:change=move |_| toggle(true)/>
                <span>"log x"</span>
            </label>
            <label class="check">
                <input type="checkbox" prop:checked={flag(move || page.view.get().logs().1)} on:change=move |_| toggle(false)/>
                <span>"log y"</span>
            </label>
        </div>
    }
}

/// What others ask for the tokens of the scenario's model, as lines to compare costs with: the cheapest and the dearest.
fn list_prices(scenario: &Scenario, metric: Metric) -> Vec<Rule> {
    let mut prices: Vec<(String, f64)> = match metric {
        Metric::CostTotal => {
            price_lines(scenario).into_iter().map(|own| (own.provider.to_owned(), own.per_mtok)).collect()
        }
        Metric::CostInput | Metric::CostOutput => api_prices()
            .iter()
            .filter(|own| own.model == Some(scenario.model.as_str()))
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
    let unit = figure::unit(metric);
    let line = |(provider, price): (String, f64)| Rule {
        fit: true,
        ..Rule::reference(price, format!("{provider} list {}", unit.format(price)))
    };
    prices.into_iter().map(line).collect()
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

/// Why a part of the curve is missing, if one is.
fn gap(samples: &[explore::Sample], knob: Knob, metric: Metric, scenario: &Scenario) -> Option<String> {
    if samples.is_empty() {
        return Some(format!("{} means nothing for this scenario. Choose another knob.", knob.label()));
    }
    let unit = knob_unit(scenario, knob);
    samples.iter().find_map(|sample| match &sample.result {
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
fn measured(run: &Run, metric: Metric) -> Option<f64> {
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

/// A round value of the knob near to the pointer.
fn snap(knob: Knob, scenario: &Scenario, x: f64) -> f64 {
    let stops = match knob {
        Knob::Isl => Stops::tokens(128.0, 16_777_216.0),
        Knob::Osl => Stops::tokens(2.0, 1_048_576.0),
        Knob::Load => match scenario.load {
            Load::Closed { .. } => Stops::whole(1.0, 1e6),
            Load::Open { .. } => Stops::decimal(1e-4, 1e6),
        },
        Knob::ModelSize => Stops::decimal(1e9, 2e12),
        Knob::Hit => Stops::linear(0.0, 1.0, 100),
        Knob::Mix => return x,
    };
    stops.value(stops.index(x))
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
        (Knob::Load, Load::Closed { .. }) => "Concurrent users".to_owned(),
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
fn summary(chart: &Chart) -> String {
    let own = chart.series.iter().find(|series| series.id == "now");
    let ends = own.and_then(|series| {
        let first = series.samples.iter().find_map(|sample| Some((sample.x, sample.y?)))?;
        let last = series.samples.iter().rev().find_map(|sample| Some((sample.x, sample.y?)))?;
        Some((first, last))
    });
    match ends {
        Some(((x0, y0), (x1, y1))) => format!(
            "{}: from {} at {} to {} at {}.",
            chart.title,
            chart.y.unit.format(y0),
            chart.x.unit.format(x0),
            chart.y.unit.format(y1),
            chart.x.unit.format(x1)
        ),
        None => format!("{}: no values.", chart.title),
    }
}

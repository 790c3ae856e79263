//! Latency, cost and energy side by side over one knob, with one cursor through all. Any of them grows to the whole stage.
//!
//! The first follows the scenario in the same frame as the tiles. The others follow in the next, so that a slider waits for
//! none of them.

use std::sync::Arc;

use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Timeout;
use leptos::context::Provider;
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::curves::{Chooser, take};
use super::plot::{Joint, Manner, Picked, Plot};
use super::swept::{Material, material};
use super::table::Folded;
use crate::chart::hit::HitMode;
use crate::chart::model::{Chart, Join, Series};
use crate::figure::curves::{self, BEFORE, HERE, MEASURED};
use crate::figure::view::View;
use crate::metric::Metric;
use crate::units::format::{ABSENT, Unit};
use crate::web::late::{self, Late};
use crate::web::lean::{effect, memo, views};
use crate::web::state::{Page, use_page};

/// Points of a curve in a chart of this size.
const SAMPLES: usize = 48;

/// How many charts there are.
const CHARTS: usize = 4;

/// What is drawn from, once there is something.
type Drawn = Signal<Option<Arc<Material>>>;

/// The metric of each chart: energy where it is known, else what a chip does.
fn metrics(material: &Material) -> [Metric; CHARTS] {
    let energy = material.answer().as_ref().as_ref().is_ok_and(|own| Metric::Energy.read(own).is_err());
    let last = if energy { Metric::ThroughputPerChip } else { Metric::Energy };
    [Metric::Ttft, Metric::Tpot, Metric::CostTotal, last]
}

/// The charts, and what they are over.
pub fn multiples() -> AnyView {
    let page = use_page();
    let all = material(page, SAMPLES, true);
    let first: Drawn = Signal::derive(move || Some(all.get()));
    let rest: Drawn = one_frame_later(all).into();
    let charts =
        move || (0..CHARTS).map(|at| small(page, at, if at == 0 { first } else { rest })).collect_view();
    let content = Box::new(move || late::shown(load_figures(page, rest)));
    let caption = Signal::derive(move || {
        let part = rest.with(|own| {
            let own = own.as_ref()?;
            curves::gap(&own.now, own.knob, Metric::Tpot, own.scenario())
        });
        if let Some(part) = part {
            return part;
        }
        let runs = rest.with(|own| {
            let of =
                |own: &Arc<Material>| own.measured(&page, View { metric: Metric::Tpot, ..own.view() }).len();
            own.as_ref().map_or(0, of)
        });
        let runs = match runs {
            0 => String::new(),
            1 => " Ring: a measured run.".to_owned(),
            count => format!(" Rings: {count} measured runs."),
        };
        format!("Drag in a chart to move the scenario. Shade: 80 % band.{runs}")
    });
    view! {
        <Chooser/>
        // What the charts share must end with them: the view that comes next has the same place in the page.
        <Provider value=Joint(RwSignal::new(None))>
            <div class="multiples">{charts()}</div>
        </Provider>
        <Folded label="Figures of the charts" caption content/>
    }
    .into_any()
}

/// The material as it was when the last frame had been painted.
fn one_frame_later(all: Memo<Arc<Material>>) -> RwSignal<Option<Arc<Material>>> {
    let rest = RwSignal::new(None::<Arc<Material>>);
    let frame = StoredValue::new_local(None::<AnimationFrame>);
    let turn = StoredValue::new_local(None::<Timeout>);
    effect(move || {
        let now = all.get();
        // Replacing a frame that has not come yet cancels it. What is set within a frame would still be drawn before it is
        // shown, so it waits for the turn after.
        frame.set_value(Some(request_animation_frame(move |_| {
            let _ = turn.try_set_value(Some(Timeout::new(0, move || {
                let _ = rest.try_set(Some(now));
            })));
        })));
    });
    rest
}

/// One of the charts.
fn small(page: Page, at: usize, drawn: Drawn) -> impl IntoView {
    let metric = memo(move || {
        drawn.with(|own| {
            own.as_ref().map_or(Metric::Ttft, |own| metrics(own).get(at).copied().unwrap_or(Metric::Ttft))
        })
    });
    let chart = memo(move || {
        let metric = metric.get();
        Arc::new(drawn.with(|own| own.as_ref().map_or_else(Chart::default, |own| one(&page, own, metric))))
    });
    // Where there is a part of a curve, the words below the charts say what is missing of it.
    let gap = memo(move || {
        let own = drawn.get()?;
        let none =
            chart.with(|chart| !chart.series.iter().any(|own| own.samples.iter().any(|own| own.y.is_some())));
        if none { curves::gap(&own.now, own.knob, metric.get(), own.scenario()) } else { None }
    });
    let summary = Signal::derive(move || chart.with(|chart| curves::summary(chart)));
    let manner = Manner { live: true, motion: Some(page.motion), small: true, leave: None };
    let grow = move || {
        let metric = metric.get();
        let shown = move |_| {
            page.look(|view| view.grow(metric));
            page.commit();
            super::focus_later("shrink".to_owned());
        };
        view! {
            <button
                type="button"
                class="grow"
                id=format!("grow-{}", metric.id())
                aria-label=format!("{}: show it alone", metric.label())
                title="Show it alone"
                on:click=shown
            >
                "⤢"
            </button>
        }
    };
    view! {
        <div class="small-chart">
            <Plot
                chart
                mode=HitMode::X
                summary
                pick={move |own: Picked| take(page, &own)}
                manner
                caption=Signal::stored(String::new())
            />
            {views(grow)}
            {views(move || gap.get().map(|text| view! { <p class="gap">{text}</p> }))}
        </div>
    }
}

/// The chart of a metric.
fn one(page: &Page, own: &Material, metric: Metric) -> Chart {
    let view = View { metric, log_x: None, log_y: None, ..own.view() };
    own.chart(view, &own.measured(page, view))
}

/// All figures of the charts, a row for each value of the knob.
#[wasm_split(tables, fallible)]
fn load_figures(page: Page, drawn: Drawn) -> Late {
    Ok(views(move || drawn.get().map(|own| table(&metrics(&own).map(|metric| one(&page, &own, metric)))))
        .into_any())
}

fn table(charts: &[Chart]) -> AnyView {
    let lines = |chart: &Chart| -> Vec<Series> {
        let shown =
            |own: &&Series| own.join != Join::None && ![BEFORE, HERE, MEASURED].contains(&own.id.as_str());
        chart.series.iter().filter(shown).cloned().collect()
    };
    let columns: Vec<(String, Unit, Series)> = charts
        .iter()
        .flat_map(|chart| {
            let name = |own: &Series| format!("{}, {}", chart.y.label, own.label);
            lines(chart).into_iter().map(|own| (name(&own), chart.y.unit, own)).collect::<Vec<_>>()
        })
        .collect();
    let Some(first) = charts.first() else { return ().into_any() };
    let heads = columns.iter().map(|(name, ..)| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    // Every value at which all lines have a sample of their own.
    let sparse = columns.iter().map(|own| &own.2).min_by_key(|own| own.samples.len());
    let cell = |x: f64, (_, unit, series): &(String, Unit, Series)| {
        let own = series.samples.iter().find(|own| own.x.to_bits() == x.to_bits());
        let text = own.and_then(|own| own.y).map_or_else(|| ABSENT.to_owned(), |y| unit.format(y));
        view! { <td>{text}</td> }
    };
    let row = |x: f64| {
        let shown = if first.x.unit.is_binary() { libm::round(x) } else { x };
        let cells = columns.iter().map(|own| cell(x, own)).collect_view();
        view! { <tr><th scope="row">{first.x.unit.format(shown)}</th>{cells}</tr> }
    };
    let rows = sparse.map(|own| own.samples.iter().map(|own| row(own.x)).collect_view());
    let runs = charts.iter().flat_map(|chart| {
        let runs = chart.series.iter().filter(|own| own.id == MEASURED).flat_map(|own| &own.samples);
        runs.filter_map(|own| {
            let (x, y) = (chart.x.unit.format(own.x), chart.y.unit.format(own.y?));
            let note = own.note.as_deref().unwrap_or_default();
            Some(view! { <li>{format!("{} measured at {x}: {y} ({note})", chart.y.label)}</li> })
        })
    });
    view! {
        <ul class="measured">{runs.collect_view()}</ul>
        <table>
            <thead><tr><th scope="col">{first.x.label.clone()}</th>{heads}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

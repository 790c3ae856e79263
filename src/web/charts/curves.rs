//! A metric against a knob: the current scenario with its band, pinned ones beside it, limits across.

use std::sync::Arc;

use crate::web::lean::{flag, memo};
use leptos::prelude::*;
use markup::view;

use super::focus::focus_later;
use super::plot::{Manner, Picked, Plot};
use super::swept::material;
use crate::chart::hit::HitMode;
use crate::explore::Knob;
use crate::figure::curves::{self, SAMPLES};
use crate::metric::Metric;
use crate::scenario::{Load, Scenario};
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::stops::Stops;
use crate::web::lean::views;
use crate::web::state::{Page, use_page};

/// The chart with what it is chosen by.
#[component]
pub fn CurveChart() -> impl IntoView {
    let page = use_page();
    let material = material(page, SAMPLES, false);
    let runs = memo(move || material.with(|own| own.measured(&page, own.view())));
    let chart = memo(move || Arc::new(material.with(|own| own.chart(own.view(), &runs.get()))));
    let summary = Signal::derive(move || chart.with(|chart| curves::summary(chart)));
    let caption = Signal::derive(move || {
        let gap = material.with(|own| curves::gap(&own.now, own.knob, own.view().metric, own.scenario()));
        gap.unwrap_or_else(|| caption(&page, runs.with(Vec::len)))
    });
    let manner = Manner {
        live: true,
        motion: Some(page.motion),
        small: false,
        leave: (!page.embedded).then(|| Callback::new(move |()| back(page))),
    };
    view! {
        {(!page.embedded).then(|| view! { <Chooser/> })}
        <Plot chart=chart mode=HitMode::X summary pick={move |own: Picked| take(page, &own)} manner caption/>
    }
}

/// What there is to see beside the curve.
fn caption(page: &Page, runs: usize) -> String {
    let runs = match runs {
        0 => String::new(),
        1 => " Ring: a measured run.".to_owned(),
        count => format!(" Rings: {count} measured runs."),
    };
    let metric = page.view.get().metric;
    let lists = page.scenario.with(|scenario| !curves::list_prices(scenario, metric).is_empty());
    let lists = if lists { " Level lines: list prices." } else { "" };
    format!(
        "Click or drag the mark to move there; drag elsewhere zooms. Layouts stay while they hold. Shade: 80 % band.{runs}{lists}"
    )
}

/// Moves the scenario to a value of the knob.
pub fn take(page: Page, Picked { x, done, .. }: &Picked) {
    let knob = page.view.get_untracked().knob;
    let x = snap(knob, &page.scenario.get_untracked(), *x);
    if let Some(next) = page.scenario.with_untracked(|scenario| knob.apply(scenario, x)) {
        page.edit(|scenario| *scenario = next);
    }
    if *done {
        page.commit();
    }
}

/// Shows latency, cost and energy side by side again, and gives the focus to the one that was shown alone.
pub fn back(page: Page) {
    let metric = page.view.get_untracked().metric;
    page.look(crate::figure::view::View::shrink);
    page.commit();
    focus_later(format!("grow-{}", metric.id()));
}

/// What is shown against what, and on which scales.
#[component]
pub fn Chooser() -> impl IntoView {
    let page = use_page();
    let mut metrics = vec![Item::new("", "Latency, cost and energy")];
    metrics.extend(Metric::ALL.iter().map(|metric| Item::new(metric.id(), metric.label())));
    let grown = memo(move || page.view.get().grown);
    let knobs = memo(move || {
        page.scenario.with(|scenario| {
            let item = |knob: Knob| Item {
                disabled: knob.current(scenario).is_none(),
                ..Item::new(knob.id(), knob.label())
            };
            vec![Group::flat(Knob::ALL.into_iter().map(item).collect())]
        })
    });
    let metric = memo(move || {
        let view = page.view.get();
        if view.grown || view.present { view.metric.id().to_owned() } else { String::new() }
    });
    let knob = memo(move || page.view.get().knob.id().to_owned());
    view! {
        <div class="chooser">
            <Choice
                id="chart-y"
                label="Show"
                groups=Signal::stored(vec![Group::flat(metrics)])
                value=metric
                set={move |id: String| {
                    page.look(|view| match Metric::from_id(&id) {
                        Some(metric) => view.grow(metric),
                        None => view.shrink(),
                    });
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
            {views(move || grown.get().then(|| scales(page)))}
        </div>
    }
}

/// The scales of the one chart, and the way back to all of them.
fn scales(page: Page) -> impl IntoView {
    let toggle = move |x: bool| {
        page.look(|view| {
            let (now_x, now_y) = view.logs();
            (view.log_x, view.log_y) = (Some(now_x ^ x), Some(now_y ^ !x));
        });
        page.commit();
    };
    view! {
            <label class="check">
            <input type="checkbox" prop:checked={flag(move || page.view.get().logs().0)} on:change=move |_| toggle(true)/>
            <span>"log x"</span>
        </label>
        <label class="check">
            <input type="checkbox" prop:checked={flag(move || page.view.get().logs().1)} on:change=move |_| toggle(false)/>
            <span>"log y"</span>
        </label>
        <button type="button" class="small" id="shrink" title="All charts side by side (Escape)" on:click=move |_| back(page)>
            "All charts"
        </button>
    }
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

//! A metric against a knob: the current scenario with its band, pinned ones beside it, limits across.

use std::sync::Arc;

use crate::web::lean::{flag, memo};
use leptos::prelude::*;
use markup::view;

use super::plot::{Picked, Plot};
use crate::chart::hit::HitMode;
use crate::explore::{self, Knob, sweep};
use crate::figure::curves::{self, Curves, SAMPLES};
use crate::metric::Metric;
use crate::scenario::{Load, Scenario};
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::stops::Stops;
use crate::web::measured::Runs;
use crate::web::state::use_page;

/// The swept samples of one scenario.
type Swept = Arc<Vec<explore::Sample>>;

/// The chart with what it is chosen by.
#[component]
pub fn CurveChart() -> impl IntoView {
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
            page.beside.with(|pins| {
                let swept = |scenario: &Scenario| Arc::new(sweep(scenario, knob, &values));
                pins.iter().map(|pin| swept(&pin.scenario)).collect()
            })
        },
        |_, _| true,
    );
    let runs = memo(move || {
        let (knob, metric) = (knob.get(), page.view.get().metric);
        page.runs.with(|runs| match runs {
            Runs::Here(runs) => page.scenario.with(|scenario| runs.on_curve(scenario, knob, metric)),
            _ => Vec::new(),
        })
    });
    let chart = memo(move || {
        let curves = Curves {
            view: page.view.get(),
            scenario: &page.scenario.get(),
            answer: &page.answer.get(),
            values: &values.get(),
            now: &now.get(),
            pinned: &pinned.get(),
            measured: &runs.get(),
        };
        Arc::new(curves.chart())
    });
    let gap = memo(move || {
        now.with(|samples| {
            curves::gap(&samples[..], knob.get(), page.view.get().metric, &page.scenario.get())
        })
    });
    let summary = Signal::derive(move || chart.with(|chart| curves::summary(chart)));

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
        let way = "Click to move the scenario there, or drag its line; drag elsewhere to zoom. Layouts stay as they are now along the curve as far as they hold; the scenario there may choose others. The shade is the 80 % band.";
        let runs = match runs.with(Vec::len) {
            0 => String::new(),
            1 => " The ring is a measured run.".to_owned(),
            count => format!(" The rings are {count} measured runs."),
        };
        let metric = page.view.get().metric;
        let lists = page.scenario.with(|scenario| !curves::list_prices(scenario, metric).is_empty());
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

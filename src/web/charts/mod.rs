//! The main panel: curves and searches under tabs, painted on a canvas, with the cursor above it in the document.

mod agents;
mod breakeven;
mod by;
pub mod canvas;
mod curves;
mod focus;
mod frontier;
mod gesture;
mod lanes;
mod levers;
mod load;
mod multiples;
pub mod picture;
pub mod plot;
mod swept;
pub mod table;
mod traffic;

use crate::web::lean::{memo, words};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::late::{self, Late};
use super::reasons;
use super::state::{Tab, use_page};
use super::tabs::tabs;

/// The tabs and the chart in front.
#[component]
pub fn Charts() -> impl IntoView {
    let page = use_page();
    let tab = memo(move || page.view.get().tab);
    let chosen = memo(move || Tab::ALL.iter().position(|own| *own == tab.get()).unwrap_or_default());
    let go = Callback::new(move |index: usize| {
        if let Some(&to) = Tab::ALL.get(index) {
            page.look(|view| (view.tab, view.alone) = (to, false));
            page.commit();
        }
    });
    let all = Tab::ALL.into_iter().map(|own| (own.id(), own.label())).collect();
    let grown = memo(move || {
        let view = page.view.get();
        view.grown || view.present
    });
    let alone = memo(move || page.view.get().alone);
    let chart = move || match tab.get() {
        _ if alone.get() => reasons::shown(),
        // Where there is room for one chart only it is the one that the link is about.
        Tab::Curves if page.embedded || grown.get() => view! { <curves::CurveChart/> }.into_any(),
        Tab::Curves => multiples::multiples(),
        Tab::Frontier => late::shown(load_frontier()),
        Tab::BreakEven => late::shown(load_break_even()),
        Tab::Size => late::shown(load_size()),
        Tab::Sensitivity => late::shown(load_levers()),
        Tab::Replay => late::shown(load_replay()),
        Tab::Agents => late::shown(load_agents()),
    };
    if page.embedded {
        return view! { <section class="panel chart-panel" aria-label="Chart">{chart}</section> }.into_any();
    }
    view! {
        <section class="panel charts" aria-labelledby="charts-title">
            <h2 id="charts-title" class="unseen">"Charts"</h2>
            {tabs("Charts", "chart-panel", all, chosen, go)}
            <div
                id="chart-panel"
                class="chart-panel"
                role="tabpanel"
                aria-labelledby={words(move || format!("tab-{}", tab.get().id()))}
            >
                {chart}
            </div>
        </section>
    }
    .into_any()
}

/// The frontier of latency against throughput or cost.
#[wasm_split(searches, fallible)]
fn load_frontier() -> Late {
    Ok(view! { <frontier::FrontierChart/> }.into_any())
}

/// Who is best over two axes.
#[wasm_split(searches, fallible)]
fn load_break_even() -> Late {
    Ok(breakeven::break_even())
}

/// The cheapest deployments for the load.
#[wasm_split(searches, fallible)]
fn load_size() -> Late {
    Ok(super::size::sizing())
}

/// What more of each figure of the chips would bring.
#[wasm_split(searches, fallible)]
fn load_levers() -> Late {
    Ok(levers::lever_chart())
}

/// Requests one by one.
#[wasm_split(replay, fallible)]
fn load_replay() -> Late {
    Ok(view! { <load::ReplayChart/> }.into_any())
}

/// Agents against the state they need.
#[wasm_split(replay, fallible)]
fn load_agents() -> Late {
    Ok(agents::agents_chart())
}

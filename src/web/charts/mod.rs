//! The main panel: curves and searches under tabs, painted on a canvas, with the cursor above it in the document.

mod agents;
mod breakeven;
mod by;
mod canvas;
mod curves;
mod frontier;
mod gesture;
mod lanes;
mod levers;
mod load;
pub mod picture;
pub mod plot;
pub mod table;
mod traffic;

use crate::web::lean::{memo, words};
use leptos::prelude::*;
use markup::view;

use super::late;
use super::reasons;
use super::state::{Tab, use_page};
use super::tabs::tabs;

pub use agents::agents_chart as agents;
pub use breakeven::break_even;
pub use levers::lever_chart as levers;

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
    let alone = memo(move || page.view.get().alone);
    let chart = move || match tab.get() {
        _ if alone.get() => reasons::shown(),
        Tab::Curves => view! { <curves::CurveChart/> }.into_any(),
        Tab::Frontier => late::frontier(),
        Tab::BreakEven => late::break_even(),
        Tab::Sensitivity => late::levers(),
        Tab::Replay => late::replay(),
        Tab::Agents => late::agents(),
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
pub fn frontier() -> AnyView {
    view! { <frontier::FrontierChart/> }.into_any()
}

/// Requests one by one.
pub fn replay() -> AnyView {
    view! { <load::ReplayChart/> }.into_any()
}

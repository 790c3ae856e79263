//! The main panel: curves and searches under tabs, painted on a canvas, with the cursor above it in the document.

mod breakeven;
mod by;
mod canvas;
mod curves;
mod frontier;
mod levers;
mod load;
pub mod picture;
mod plot;
mod table;
mod traffic;

use crate::web::lean::{memo, words};
use leptos::prelude::*;

use super::late;
use super::state::{Tab, use_page};

pub use breakeven::break_even;
pub use levers::lever_chart as levers;

/// The tabs and the chart in front.
#[component]
pub fn Charts() -> impl IntoView {
    let page = use_page();
    let tab = memo(move || page.view.get().tab);
    let go = move |to: Tab| {
        page.look(|view| view.tab = to);
        page.commit();
    };
    let step = move |event: leptos::web_sys::KeyboardEvent| {
        let at = Tab::ALL.iter().position(|own| *own == tab.get_untracked()).unwrap_or(0);
        let last = Tab::ALL.len() - 1;
        let to = match event.key().as_str() {
            "ArrowRight" => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            "ArrowLeft" => {
                if at == 0 {
                    last
                } else {
                    at - 1
                }
            }
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        if let Some(&to) = Tab::ALL.get(to) {
            go(to);
            if let Some(button) = document().get_element_by_id(&format!("tab-{}", to.id())) {
                let _ = wasm_bindgen::JsCast::unchecked_into::<leptos::web_sys::HtmlElement>(button).focus();
            }
        }
    };
    let tabs = Tab::ALL
        .into_iter()
        .map(|own| {
            let id = format!("tab-{}", own.id());
            view! {
                <button
                    type="button"
                    role="tab"
                    id=id
                    aria-selected={words(move || if tab.get() == own { "true" } else { "false" })}
                    aria-controls="chart-panel"
                    tabindex={words(move || if tab.get() == own { "0" } else { "-1" })}
                    on:click=move |_| go(own)
                    on:keydown=step
                >
                    {own.label()}
                </button>
            }
        })
        .collect_view();
    let chart = move || match tab.get() {
        Tab::Curves => view! { <curves::CurveChart/> }.into_any(),
        Tab::Frontier => late::frontier(),
        Tab::BreakEven => late::break_even(),
        Tab::Sensitivity => late::levers(),
        Tab::Replay => late::replay(),
    };
    if page.embedded {
        return view! { <section class="panel chart-panel" aria-label="Chart">{chart}</section> }.into_any();
    }
    view! {
        <section class="panel charts" aria-labelledby="charts-title">
            <h2 id="charts-title" class="unseen">"Charts"</h2>
            <div class="tabs" role="tablist" aria-label="Charts">{tabs}</div>
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

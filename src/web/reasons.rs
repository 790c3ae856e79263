//! The panel below the charts: where the time goes, what each operation reaches, what fills the memory, what flows where.

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::flows::flows;
use super::late::{self, Late};
use super::lean::{memo, views, words};
use super::memory::memory;
use super::roofline::roofline;
use super::state::{Reason, use_page};
use super::tabs::tabs;
use super::why::why;
use crate::report::words::phases;

/// The view in front.
pub fn shown() -> AnyView {
    let page = use_page();
    let reason = memo(move || page.view.get().reason);
    let answered = memo(move || page.answer.with(|answer| answer.is_ok()));
    let shown = move || match reason.get() {
        _ if !answered.get() => {
            view! { <p class="caption">"The scenario has no answer, so there is nothing to explain."</p> }
                .into_any()
        }
        Reason::Why => why(),
        Reason::Roofline => late::shown(load_roofline()),
        Reason::Memory => late::shown(load_memory()),
        Reason::Flow => late::shown(load_flows()),
    };
    views(shown).into_any()
}

/// Why the phases take their time, above the figures that show it in their way.
fn told() -> impl IntoView {
    let page = use_page();
    page.answer.with(|answer| {
        answer.as_ref().as_ref().ok().map(|own| view! { <p class="caption">{phases(&own.steady)}</p> })
    })
}

/// The tabs and the view in front.
#[component]
pub fn Reasons() -> impl IntoView {
    let page = use_page();
    let reason = memo(move || page.view.get().reason);
    let chosen = memo(move || Reason::ALL.iter().position(|own| *own == reason.get()).unwrap_or_default());
    let go = Callback::new(move |index: usize| {
        if let Some(&to) = Reason::ALL.get(index) {
            page.look(|view| (view.reason, view.alone) = (to, false));
            page.commit();
        }
    });
    let all = Reason::ALL.into_iter().map(|own| (own.id(), own.label())).collect();
    view! {
        <section class="panel reasons" aria-labelledby="reasons-title">
            <h2 id="reasons-title" class="unseen">"Why it is so"</h2>
            {tabs("Reasons", "reason-panel", all, chosen, go)}
            <div
                id="reason-panel"
                class="reason-panel"
                role="tabpanel"
                aria-labelledby={words(move || format!("tab-{}", reason.get().id()))}
                data-reason={words(move || reason.get().id())}
            >
                {views(move || (reason.get() != Reason::Why).then(told))}
                {shown()}
            </div>
        </section>
    }
}

/// Each operation under the roof of its chip.
#[wasm_split(reasons, fallible)]
fn load_roofline() -> Late {
    Ok(roofline())
}

/// What fills the memory of each chip.
#[wasm_split(reasons, fallible)]
fn load_memory() -> Late {
    Ok(memory())
}

/// The deployment as a diagram.
#[wasm_split(reasons, fallible)]
fn load_flows() -> Late {
    Ok(flows())
}

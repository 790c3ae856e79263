//! Measured runs: those of a model are fetched when one may stand on its curves, all of them when a reader asks for the
//! nearest ones, so that they cost nothing where nobody sees them. The page works without them, as it must from a file or
//! offline.

use crate::web::lean::{effect, memo, views};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::Response;
use markup::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::measured::{Runs, load_runs};
use super::state::{Page, use_page};
use crate::evidence::EvidenceClass;
use crate::evidence::nearest::MEASURED_MODELS;

/// The file of all runs, beside the page wherever that is: a relative address counts from the document's base.
const FILE: &str = "measured.csv";
/// How long the page may settle before it asks for more, in milliseconds.
const SETTLED: u32 = 200;

/// The file of the runs of one model, which `cargo xtask build` cuts out of that of all.
fn file_of(model: &str) -> String {
    if model.is_empty() { FILE.to_owned() } else { format!("measured-{model}.csv") }
}

/// Fetches the runs of the model once the scenario is one of those that have been measured: only then can one stand on its
/// curve.
pub fn fetch_when_near(page: Page) {
    let near = memo(move || {
        let near = page.answer.with(|answer| {
            answer.as_ref().as_ref().is_ok_and(|own| own.evidence.class == EvidenceClass::MeasuredNearby)
        });
        let model = near.then(|| page.scenario.with(|scenario| scenario.model.clone()));
        model.filter(|model| MEASURED_MODELS.contains(&model.as_str()))
    });
    effect(move || {
        if let Some(model) = near.get() {
            Timeout::new(SETTLED, move || fetch(page.runs, model)).forget();
        }
    });
}

/// Fetches the runs of a model, or all of them, unless they are there or on their way.
fn fetch(into: RwSignal<Runs>, model: String) {
    let there = |runs: &Runs| match runs {
        Runs::Coming(own) | Runs::Here { model: own, .. } => *own == model,
        Runs::Unasked | Runs::Failed => false,
    };
    if into.with_untracked(there) {
        return;
    }
    into.set(Runs::Coming(model.clone()));
    spawn_local(async move {
        let read = match text(&file_of(&model)).await {
            Some(text) => load_runs(text).await.ok(),
            None => None,
        };
        // Others may have been asked for meanwhile.
        if into.with_untracked(|own| matches!(own, Runs::Coming(own) if *own == model)) {
            into.set(read.map_or(Runs::Failed, |runs| Runs::Here { model, runs }));
        }
    });
}

async fn text(file: &str) -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(file)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// The nearest runs in words, behind a summary. It is there from the first, so that nothing moves when they come.
#[component]
pub fn NearestRuns() -> impl IntoView {
    let page = use_page();
    let open = RwSignal::new(false);
    // Those of other models may be nearer than any of the same.
    let all = RwSignal::new(Runs::default());
    let lines = memo(move || {
        all.with(|runs| match runs {
            // Who does not look does not pay for the search.
            _ if !open.get() => Vec::new(),
            Runs::Unasked | Runs::Coming(_) => vec!["Loading …".to_owned()],
            Runs::Failed => {
                vec!["They could not be loaded. Check the connection and open this again.".to_owned()]
            }
            Runs::Here { runs, .. } => page.scenario.with(|scenario| runs.nearest(scenario)),
        })
    });
    let toggled = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            fetch(all, String::new());
        }
    };
    view! {
        <li class="runs">
            <details on:toggle=toggled>
                <summary>"Nearest measured runs"</summary>
                <ul>
                    {views(move || lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view())}
                </ul>
            </details>
        </li>
    }
}

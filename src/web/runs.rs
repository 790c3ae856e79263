//! Measured runs: fetched when one may stand on a curve or a reader asks for the nearest ones, so that they cost nothing
//! where nobody sees them. The page works without them, as it must from a file or offline.

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

/// The file, beside the page wherever that is: a relative address counts from the document's base.
const FILE: &str = "measured.csv";
/// How long the page may settle before it asks for more, in milliseconds.
const SETTLED: u32 = 200;
/// Fetches the runs once the scenario is one of those that have been measured: only then can one stand on its curve.
pub fn fetch_when_near(page: Page) {
    let near = memo(move || {
        page.answer.with(|answer| {
            answer.as_ref().as_ref().is_ok_and(|own| own.evidence.class == EvidenceClass::MeasuredNearby)
        })
    });
    effect(move || {
        if near.get() {
            Timeout::new(SETTLED, move || fetch(page)).forget();
        }
    });
}

/// Fetches the runs, unless they are there or on their way.
fn fetch(page: Page) {
    if page.runs.with_untracked(|runs| matches!(runs, Runs::Coming | Runs::Here(_))) {
        return;
    }
    page.runs.set(Runs::Coming);
    spawn_local(async move {
        let runs = match text().await {
            Some(text) => load_runs(text).await.map_or(Runs::Failed, Runs::Here),
            None => Runs::Failed,
        };
        page.runs.set(runs);
    });
}

async fn text() -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(FILE)).await.ok()?;
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
    let lines = memo(move || {
        page.runs.with(|runs| match runs {
            // Who does not look does not pay for the search.
            _ if !open.get() => Vec::new(),
            Runs::Unasked | Runs::Coming => vec!["Loading …".to_owned()],
            Runs::Failed => {
                vec!["They could not be loaded. Check the connection and open this again.".to_owned()]
            }
            Runs::Here(runs) => page.scenario.with(|scenario| runs.nearest(scenario)),
        })
    });
    let toggled = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            fetch(page);
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

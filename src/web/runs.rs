//! Measured runs: fetched once the page stands, so that they cost a first visit nothing, and the nearest ones in words.
//!
//! The page works without them, as it must from a file or offline.

use std::sync::Arc;

use crate::web::lean::{When, effect, memo, views};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::Response;
use markup::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::state::{Page, use_page};
use crate::evidence::nearest::Library;
use crate::report::sentence;

/// The file, beside the page wherever that is: a relative address counts from the document's base.
const FILE: &str = "measured.csv";
/// How long the page may settle before it asks for more, in milliseconds.
const SETTLED: u32 = 200;
/// Runs in words.
const SHOWN: usize = 3;

/// Fetches the runs after the first paint.
pub fn fetch_later(page: Page) {
    effect(move || {
        Timeout::new(SETTLED, move || {
            spawn_local(async move {
                if let Some(text) = fetch().await {
                    page.runs.set(Arc::new(Library::read(&text)));
                }
            });
        })
        .forget();
    });
}

async fn fetch() -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(FILE)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// The nearest runs in words, behind a summary; nothing while there are none.
#[component]
pub fn NearestRuns() -> impl IntoView {
    let page = use_page();
    let lines = memo(move || {
        page.runs.with(|runs| {
            page.scenario.with(|scenario| {
                let near = runs.nearest(scenario, SHOWN);
                near.iter().map(|own| sentence::run(own.run)).collect::<Vec<_>>()
            })
        })
    });
    let some = memo(move || lines.with(|lines| !lines.is_empty()));
    view! {
        <When on=some>
            <li class="runs">
                <details>
                    <summary>"Nearest measured runs"</summary>
                    <ul>
                        {views(move || lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view())}
                    </ul>
                </details>
            </li>
        </When>
    }
}

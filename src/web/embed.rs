//! The page inside another one: answer and chart, and the way out.

use leptos::prelude::*;

use super::answer::AnswerPanel;
use super::charts::Charts;
use super::history::{address, link_of};
use super::state::use_page;

/// Answer and chart only.
#[component]
pub fn Embed(
    /// Parts that are not wanted.
    hide: Vec<String>,
) -> impl IntoView {
    let page = use_page();
    let wanted = move |part: &str| !hide.iter().any(|hidden| hidden == part);
    let href = move || {
        link_of(&page);
        address(&page)
    };
    view! {
        <main class="embed">
            <h1 class="unseen">"Tandem"</h1>
            {wanted("sentence").then(|| view! { <AnswerPanel/> })}
            {wanted("chart").then(|| view! { <Charts/> })}
            <p class="way-out">
                <a href=href target="_blank" rel="noopener">"Open in playground"</a>
            </p>
        </main>
    }
}

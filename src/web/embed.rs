//! The page inside another one: answer and chart, and the way out.
//!
//! `public/host.js` speaks with the page around this one. What that page asks for arrives here as an event, `tandem-told`,
//! whose detail has a `link`, a `theme` or a `notice`; why a link is refused goes back in the detail as `refused`. Two
//! attributes of the root carry the rest: `data-parts` which parts are wanted, `data-link` the state as it is.

use js_sys::Reflect;
use leptos::prelude::*;
use markup::view;
use wasm_bindgen::JsValue;

use super::answer::{AnswerPanel, OwnSettings};
use super::charts::Charts;
use super::history::{address, link_of, take};
use super::lean::{When, effect, memo, words};
use super::misread::Misread;
use super::notices::Notices;
use super::state::use_page;
use super::theme::{self, Choice};
use super::tiles::Tiles;

/// What is shown when nothing else is asked for.
const PARTS: &str = "sentence chart";

/// Answer and chart, or what of them is wanted.
#[component]
pub fn Embed(
    /// The look.
    choice: RwSignal<Choice>,
) -> impl IntoView {
    let page = use_page();
    let parts = RwSignal::new(attribute("data-parts"));
    let told = window_event_listener_untyped("tandem-told", move |event| {
        let Ok(detail) = Reflect::get(&event, &"detail".into()) else { return };
        let text = |key: &str| Reflect::get(&detail, &key.into()).ok().and_then(|text| text.as_string());
        if let Some(link) = text("link")
            && let Err(reason) = take(&page, &link)
        {
            let _ = Reflect::set(&detail, &"refused".into(), &JsValue::from(reason));
        }
        if let Some(id) = text("theme") {
            theme::set(choice, &id);
        }
        if let Some(notice) = text("notice") {
            page.say(notice, false);
        }
        parts.set(attribute("data-parts"));
    });
    on_cleanup(move || told.remove());
    effect(move || {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-link", &link_of(&page));
        }
    });
    // While the link is not understood, nothing of it is shown.
    let understood = page.understood();
    let wanted = move |part: &'static str| {
        memo(move || {
            understood.get()
                && parts.with(|parts| {
                    parts.as_deref().unwrap_or(PARTS).split_ascii_whitespace().any(|own| own == part)
                })
        })
    };
    let told = wanted("sentence");
    let bare = memo(move || understood.get() && !told.get());
    let href = move || {
        link_of(&page);
        address(&page)
    };
    view! {
        <main class="embed">
            <h1 class="unseen">"Tandem"</h1>
            <Notices/>
            <Misread/>
            <When on={wanted("sentence")}><AnswerPanel/></When>
            <When on=bare><OwnSettings alone=true/></When>
            <When on={wanted("tiles")}><Tiles/></When>
            <When on={wanted("chart")}><Charts/></When>
            <p class="way-out">
                <a href={words(href)} target="_blank" rel="noopener">"Open in playground"</a>
            </p>
        </main>
    }
}

/// An attribute of the root, which a script sets before the page is mounted.
fn attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

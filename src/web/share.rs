//! Handing the scenario on: the link at once, all other ways in the panel of `public/share.js`, which comes when asked for.

use crate::web::lean::{When, effect, flag, memo, views};
use gloo::timers::callback::Timeout;
use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::web_sys::CustomEvent;
use markup::view;
use wasm_bindgen::prelude::*;
use wasm_split_helpers::wasm_split;

use super::history::address;
use super::late::{self, Late};
use super::state::{Page, use_page};

/// How long a button shows what came of it, in milliseconds.
const SHOWN: u32 = 2500;

/// What a copy came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    Not,
    Done,
    /// The text stands in a field, to be copied by hand.
    ByHand,
}

/// The link, since it is what most people want, and the way to the other ways to hand the scenario on.
#[component]
pub fn Share() -> impl IntoView {
    let page = use_page();
    let fallback = RwSignal::new(None::<String>);
    view! {
        <CopyButton label="Copy link" test="copy-link" text=|page: &Page| address(page) fallback/>
        <button type="button" data-testid="share" aria-haspopup="dialog" on:click=move |_| open(&page)>"Share"</button>
        <When on={memo(move || fallback.with(Option::is_some))}>
            {late::shown(load_by_hand(fallback))}
        </When>
    }
}

#[component]
fn CopyButton(
    /// What it does.
    label: &'static str,
    /// What tests call it.
    test: &'static str,
    /// What it copies.
    text: fn(&Page) -> String,
    /// Takes the text when the clipboard refuses it.
    fallback: RwSignal<Option<String>>,
) -> impl IntoView {
    let page = use_page();
    let state = RwSignal::new(Copied::Not);
    let pending = StoredValue::new_local(None::<Timeout>);
    let copy = move |_| {
        let text = text(&page);
        put(&text.clone(), move |done| {
            state.set(if done { Copied::Done } else { Copied::ByHand });
            fallback.set((!done).then_some(text));
            pending.set_value(Some(Timeout::new(SHOWN, move || state.set(Copied::Not))));
        });
    };
    view! {
        <button type="button" data-testid=test class:done={flag(move || state.get() == Copied::Done)} on:click=copy>
            <span aria-hidden="true">
                {views(move || match state.get() {
                    Copied::Not => label,
                    Copied::Done => "Copied",
                    Copied::ByHand => "Copy by hand",
                })}
            </span>
            <span class="unseen">{label}</span>
            <span class="unseen" role="status">
                {views(move || match state.get() {
                    Copied::Not => "",
                    Copied::Done => "Copied",
                    Copied::ByHand => "The clipboard is closed. The text stands in a field below.",
                })}
            </span>
        </button>
    }
}

/// The text in a field, selected, where the clipboard is closed to the page.
#[wasm_split(tables, fallible)]
fn load_by_hand(fallback: RwSignal<Option<String>>) -> Late {
    Ok(by_hand(fallback))
}

fn by_hand(fallback: RwSignal<Option<String>>) -> AnyView {
    let node = NodeRef::<Textarea>::new();
    effect(move || {
        if let Some(field) = node.get() {
            let _ = field.focus();
            field.select();
        }
    });
    view! {
        <div class="by-hand">
            <label for="by-hand">"The clipboard is closed to this page. Copy the text from here."</label>
            <textarea id="by-hand" node_ref=node readonly=true prop:value=move || fallback.get().unwrap_or_default()></textarea>
            <button type="button" class="quiet" on:click=move |_| fallback.set(None)>"Close"</button>
        </div>
    }
    .into_any()
}

/// Asks for a text on the clipboard, and tells `done` whether it got there: `public/boot.js` hears it.
fn put(text: &str, done: impl FnOnce(bool) + 'static) {
    tell("tandem-copy", &js_sys::Array::of2(&text.into(), &Closure::once_into_js(done)));
}

/// Asks for the panel: `public/boot.js` hears it.
fn open(page: &Page) {
    tell("tandem-share", &address(page).into());
}

/// An event for the scripts beside the page.
fn tell(name: &str, detail: &JsValue) {
    if let Ok(event) = CustomEvent::new(name) {
        event.init_custom_event_with_can_bubble_and_cancelable_and_detail(name, false, false, detail);
        let _ = document().dispatch_event(&event);
    }
}

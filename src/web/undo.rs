//! Undo and redo: steps along the entries that the page makes in the browser's history, so that they and the browser's
//! own back and forward are one and the same walk.

use crate::web::lean::flag;
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use markup::view;

use super::state::{Page, use_page};

/// Two buttons; keys press them (`public/assist.js`).
#[component]
pub fn UndoButtons() -> impl IntoView {
    let page = use_page();
    view! {
        <span class="undo">
            <button
                type="button"
                class="quiet"
                title="Undo (Ctrl+Z)"
                aria-label="Undo"
                data-key="undo"
                disabled={flag(move || page.place.get().0 == 0)}
                on:click=move |_| walk(page, -1)
            >
                <span aria-hidden="true">"↶"</span>
            </button>
            <button
                type="button"
                class="quiet"
                title="Redo (Ctrl+Shift+Z)"
                aria-label="Redo"
                data-key="redo"
                disabled={flag(move || page.place.get().0 >= page.place.get().1)}
                on:click=move |_| walk(page, 1)
            >
                <span aria-hidden="true">"↷"</span>
            </button>
        </span>
    }
}

/// Goes along the history, once what has not been written yet has an entry of its own.
pub fn walk(page: Page, by: i32) {
    page.commit();
    Timeout::new(0, move || {
        if let Ok(history) = window().history() {
            let _ = history.go_with_delta(by);
        }
    })
    .forget();
}

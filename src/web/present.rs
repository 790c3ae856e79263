//! One chart and three sliders, large enough for a projector. What is left out and how large the rest is stands in the
//! stylesheet, under `data-present` on the root.

use leptos::prelude::*;
use markup::view;

use super::lean::{effect, memo, words};
use super::state::use_page;

/// How much larger than usual everything is: 13 pixels become 18.
pub const LARGER: f64 = 1.385;

/// Turns the view for a projector on and off.
#[component]
pub fn PresentButton() -> impl IntoView {
    let page = use_page();
    let on = memo(move || page.view.get().present);
    effect(move || {
        if let Some(root) = document().document_element() {
            let _ = root.toggle_attribute_with_force("data-present", on.get());
        }
    });
    let turn = move |_| {
        page.look(|view| view.present = !view.present);
        page.commit();
    };
    view! {
        <button
            type="button"
            class="quiet"
            data-testid="present"
            title="One chart and three sliders, for a projector (F)"
            aria-pressed={words(move || if on.get() { "true" } else { "false" })}
            on:click=turn
        >
            "Present"
        </button>
    }
}

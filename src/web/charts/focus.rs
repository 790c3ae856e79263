//! Where the focus goes when a chart makes room for others, or they for it.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::HtmlElement;
use wasm_bindgen::JsCast;

/// Gives the focus to an element that is about to come.
pub fn focus_later(id: String) {
    Timeout::new(0, move || {
        let found = document().get_element_by_id(&id).and_then(|own| own.dyn_into::<HtmlElement>().ok());
        if let Some(found) = found {
            let _ = found.focus();
        }
    })
    .forget();
}

//! The Leptos front end. A stand-in, just enough for the build and the browser tests to have something to start.

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// Mounts the page into `#app`. Called once by `public/boot.js`.
#[wasm_bindgen]
pub fn start_page() {
    console_error_panic_hook::set_once();
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let Some(app) = document.get_element_by_id("app") else { return };
    let Ok(app) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(app) else { return };
    mount_to(app, || view! { <h1>"Tandem"</h1> }).forget();
    if let Some(root) = document.document_element() {
        let _ = root.set_attribute("data-ready", "true");
    }
}

/// Starts the worker side of the same module. Called once by `public/worker.js`.
#[wasm_bindgen]
pub fn start_worker() {
    console_error_panic_hook::set_once();
}

//! The Leptos front end (feature `web`, wasm32 only).
//!
//! | file | what |
//! |---|---|
//! | `app` | the page put together |
//! | `state` | one scenario, how it is looked at, what is pinned; the figures that follow |
//! | `history` | the address: the state is read from it and written to it |
//! | `door` | what this is in a line, and the ways in |
//! | `motion` | whether the reader is moving something |
//! | `controls` | what a scenario holds, as form elements |
//! | `mend` | what is said where a model does not fit |
//! | `answer`, `tiles`, `pools` | the answer in words, figures and machines |
//! | `reasons`, `why`, `roofline`, `memory`, `flows` | the panel that says why it is so |
//! | `figures` | numbers with their bands, as tiles and tables show them |
//! | `tabs` | a row of tabs over a panel |
//! | `size` | the cheapest deployments for the load |
//! | `board` | the chips of all pools, what moves between them and what each mix comes to |
//! | `charts` | curves, searches and diagrams on canvases, with their cursors and tables |
//! | `pins`, `pinned` | scenarios kept for comparison, and what they come to |
//! | `present` | one chart and three sliders, for a projector |
//! | `presets`, `undo`, `share`, `theme`, `notices` | the header, and what the reader must be told |
//! | `misread` | what of a link is not understood, in the place of all figures |
//! | `handle` | what the scripts beside the page may ask of it |
//! | `measured`, `runs` | measured runs, fetched where one can stand on a curve or a reader asks |
//! | `embed` | the page inside another one |
//! | `element` | elements of one type, as `view!` of the crate `markup` builds them |
//! | `lean` | reactive closures behind one type each |
//! | `late` | views whose code is loaded when they are first shown |
//! | `jobs` | long questions, answered elsewhere |
//!
//! A control changes the scenario, memos follow it, and effects paint in the next animation frame; nothing else keeps
//! figures. Colours come from the stylesheet and from `chart::theme`, which hold the same ones.

mod answer;
mod app;
mod board;
mod charts;
mod controls;
mod door;
mod element;
mod embed;
mod figures;
mod flows;
mod handle;
mod history;
mod jobs;
mod late;
mod lean;
mod measured;
mod memory;
mod mend;
mod misread;
mod motion;
mod notices;
mod pinned;
mod pins;
mod pools;
mod present;
mod presets;
mod reasons;
mod roofline;
mod runs;
mod share;
mod size;
mod state;
mod tabs;
mod theme;
mod tiles;
mod undo;
mod why;

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

/// Mounts the page into `#app`. Called once by `public/boot.js`, with its function for long questions. Returns what the
/// scripts beside the page may ask of it; nothing where the page stands in another one.
#[wasm_bindgen]
pub fn start_page(ask: js_sys::Function) -> Option<handle::Handle> {
    console_error_panic_hook::set_once();
    let app = document()
        .get_element_by_id("app")
        .and_then(|app| app.dyn_into::<leptos::web_sys::HtmlElement>().ok());
    let state = Rc::new(Cell::new(None));
    let kept = Rc::clone(&state);
    if let Some(app) = app {
        mount_to(app, move || app::page(ask, &|page| kept.set(Some(page)))).forget();
    }
    state.take().map(handle::Handle::new)
}

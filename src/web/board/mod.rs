//! The mix board: the chips of every pool in trays, a handle between each two that moves chips, and under it what each way
//! to share them out comes to.
//!
//! `mix` knows what moves and what it comes to, `place` where it is and how it is moved, `strip` shows it, and `picker` puts
//! other chips into the trays. All of it comes after the first paint, as a view of its own, into a place kept for it.

mod mix;
mod picker;
mod place;
mod strip;

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::late::{self, Late};
use super::lean::When;

/// The board, in its place.
#[component]
pub fn Board(
    /// Whether there is time for what is not read first.
    on: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <section class="panel board" aria-label="Mix board">
            <When on=on>{late::shown(load_board())}</When>
        </section>
    }
}

/// What is in it.
#[wasm_split(board, fallible)]
fn load_board() -> Late {
    Ok(strip::board(mix::Mix::new()))
}

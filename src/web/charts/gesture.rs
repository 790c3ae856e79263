//! What the pictures of the page share of pointers and zooms.

use leptos::prelude::*;
use leptos::web_sys::PointerEvent;
use markup::view;

use crate::chart::geometry::{Point, Rect};

/// What a key zooms by.
pub const TURN: f64 = 0.6;
/// How long a click in a zoomed chart waits for a second one, in milliseconds.
pub const DOUBLE: u32 = 260;

/// Where the pointer is, in CSS pixels of the chart.
pub fn place(event: &PointerEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

/// A button that zooms by a factor.
pub fn zoom_button(
    name: &'static str,
    sign: &'static str,
    turn: Callback<f64>,
    factor: f64,
) -> impl IntoView {
    view! {
        <button type="button" class="small" aria-label=name title=name on:click=move |_| turn.run(factor)>{sign}</button>
    }
}

/// What a drag would zoom to.
pub fn selection(rect: Rect) -> impl IntoView {
    view! {
        <span
            class="selection"
            style:left=format!("{:.1}px", rect.left)
            style:top=format!("{:.1}px", rect.top)
            style:width=format!("{:.1}px", rect.width())
            style:height=format!("{:.1}px", rect.height())
        ></span>
    }
}

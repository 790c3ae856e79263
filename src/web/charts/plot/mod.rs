//! A chart on the page: the canvas, and above it the cursor with its tooltip, for pointer, touch and keyboard.
//!
//! Moving the cursor repaints nothing. What it shows is also spoken, and stands in a table below.

mod joint;
mod keys;
mod legend;
mod pointer;
mod stage;
mod tip;

use std::sync::Arc;

use crate::web::lean::{flag, memo, views, words};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use markup::view;

use super::canvas::{keep_painted, watch_ratio};
use super::gesture::{TURN, selection, zoom_button};
use super::table::{DataTable, Folded};
use crate::chart::hit::HitMode;
use crate::chart::model::Chart;
use crate::web::motion::Motion;
use crate::web::present::LARGER;
use crate::web::state::use_page;
use joint::join;
use keys::Keys;
use legend::legend;
use pointer::{Picking, Pointer};
use stage::Stage;
use tip::{aloud, overlay};

pub use joint::Joint;
pub use pointer::Picked;

/// How a chart answers to movements, its own and those of others.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Whether dragging the mark of the scenario picks continuously.
    pub live: bool,
    /// The movement during which the ranges stand still.
    pub motion: Option<Motion>,
    /// Whether it is one of several small ones over the same knob: then it has neither legend, zoom nor table of its own,
    /// and a drag anywhere moves the scenario.
    pub small: bool,
    /// Where Escape leads when there is no zoom to leave.
    pub leave: Option<Callback<()>>,
}

/// A chart with its cursor, its legend and its table.
#[component]
pub fn Plot(
    /// What it shows.
    #[prop(into)]
    chart: Signal<Arc<Chart>>,
    /// How the cursor seeks.
    mode: HitMode,
    /// What it says, for those who do not see it.
    #[prop(into)]
    summary: Signal<String>,
    /// Takes what is clicked or, while `live`, dragged over.
    #[prop(optional, into)]
    pick: Option<Callback<Picked>>,
    /// How it answers to movements.
    #[prop(optional)]
    manner: Manner,
    /// What stands beside the way to the table.
    #[prop(into)]
    caption: Signal<String>,
    /// What stands in the table, where that is more than the lines.
    #[prop(optional)]
    figures: Option<Box<dyn Fn() -> AnyView + Send + Sync>>,
) -> impl IntoView {
    let (frame, field) = (NodeRef::<Div>::new(), NodeRef::<Div>::new());
    let canvas = NodeRef::<Canvas>::new();
    let page = use_page();
    let small = manner.small;
    let stage = Stage::new(chart, frame, manner.motion);
    let Stage { scene, zoomed, seen, .. } = stage;
    let drawing =
        Signal::derive(move || scene.with(|scene| scene.as_ref().map(|scene| scene.drawing.clone())));
    // The stylesheet enlarges what is presented, canvas and all.
    let ratio = watch_ratio();
    let larger = memo(move || if page.view.get().present { LARGER } else { 1.0 });
    keep_painted(canvas, drawing, Signal::derive(move || ratio.get() * larger.get()));
    let pointer = Pointer::new(stage, mode, Picking { pick, manner });
    if let Some(joint) = use_context::<Joint>() {
        join(joint, pointer, scene);
    }
    let keys = Keys::new(stage, pointer);
    let turn = Callback::new(move |factor: f64| keys.turn(factor));
    let spoken = move || match (pointer.keyed.get(), pointer.readout.get()) {
        (true, Some(readout)) => aloud(&readout, mode),
        _ => keys.said.get(),
    };
    let told = words(move || {
        let reach = zoomed.get().then(|| stage.reach()).flatten();
        reach.map_or_else(|| summary.get(), |reach| format!("{} In view: {reach}.", summary.get()))
    });
    let hint = if small {
        "Chart cursor: arrow keys move it, Enter takes its value"
    } else {
        "Chart cursor: arrow keys move it, Enter takes its value, plus and minus zoom, 0 shows the whole"
    };
    let selected = move || {
        let (from, to) = pointer.drag.get()?;
        Some(selection(scene.get()?.selection(from, to)?))
    };
    let out = move |_| {
        pointer.reset();
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    let zoom_keys = (!small).then(|| {
        view! {
            // A finger that drags scrolls the page, so it has buttons to zoom by.
            <span class="zoom-keys">
                {zoom_button("Zoom in", "+", turn, TURN)}
                {zoom_button("Zoom out", "−", turn, 1.0 / TURN)}
            </span>
        }
    });
    view! {
        <figure class="figure">
            {(!small).then(|| legend(stage))}
            <div class="plot" node_ref=frame>
                <canvas node_ref=canvas role="img" aria-label=told></canvas>
                <div
                    node_ref=field
                    class="cursor-field"
                    class:live={flag(move || !small && pointer.grip.get())}
                    tabindex="0"
                    role="application"
                    aria-label=hint
                    on:pointermove=move |event| pointer.moved(&event)
                    on:pointerdown=move |event| pointer.pressed(&event)
                    on:pointerup=move |event| pointer.released(&event)
                    on:pointercancel=move |_| pointer.cancelled()
                    on:dblclick=move |_| pointer.reset()
                    on:pointerleave=move |_| pointer.left()
                    on:keydown=move |event| keys.pressed(&event)
                    on:blur=move |_| pointer.blurred()
                ></div>
                {views(selected)}
                {views(move || Some(overlay(&*scene.get()?, &pointer.readout.get()?, mode, small && pointer.follows.get())))}
                {zoom_keys}
                {views(move || zoomed.get().then(|| view! {
                    <button type="button" class="reset-zoom" on:click=out>"Reset zoom"</button>
                }))}
            </div>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            {match figures {
                _ if small => ().into_any(),
                Some(content) => view! { <Folded label="Figures of the picture" caption content/> }.into_any(),
                None => view! { <DataTable chart=seen caption/> }.into_any(),
            }}
        </figure>
    }
}

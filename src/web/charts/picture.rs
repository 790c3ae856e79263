//! A picture with spots on the page: the canvas, and above it the mark and the facts of a spot, for pointer, touch and
//! keyboard. All pictures without curves share it; each only says how it is laid out.

use std::sync::Arc;

use crate::web::lean::{memo, views, words};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, PointerEvent};
use markup::view;

use super::canvas::{CanvasMeasure, keep_painted, watch_ratio, watch_size};
use super::plot::place;
use super::table::{Folded, plain};
use crate::chart::describe::Table;
use crate::chart::figure::{Fact, Facts, Figure, Spot};
use crate::chart::geometry::{Point, Rect, Size};
use crate::chart::hit::Step;
use crate::chart::text::TextMeasure;
use crate::chart::theme::Theme;
use crate::web::theme::Look;

/// Narrower pictures have their facts below the spot, over the whole width.
const NARROW: f64 = 560.0;
/// A pointer that moves farther while it is down drags, in CSS pixels.
const DRAG: f64 = 8.0;

/// A picture laid out, and the height that it wants where that follows from its width.
pub struct Laid {
    /// What is painted and pointed at.
    pub figure: Box<dyn Figure + Send + Sync>,
    /// In CSS pixels.
    pub height: Option<f64>,
}

/// What can be laid out, told and put into a table.
pub trait Shape: Send + Sync {
    /// Where everything goes.
    fn lay(&self, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Laid;
    /// What it says, for those who do not see it.
    fn told(&self) -> String;
    /// Its figures.
    fn figures(&self) -> Table;
}

/// A shape, or none yet. All pictures share this type, so that the framework is compiled for it once.
#[derive(Clone)]
pub struct Shown(pub Option<Arc<dyn Shape>>);

/// Each is another: comparing would cost more than drawing.
impl PartialEq for Shown {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

#[derive(Clone)]
struct Scene(Arc<Laid>);

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A picture with its cursor and its table.
#[component]
pub fn Picture(
    /// What it shows.
    shown: Memo<Shown>,
    /// Takes the spot that is clicked.
    #[prop(optional)]
    pick: Option<Callback<Spot>>,
    /// What its table holds, unlike any other on the page.
    label: &'static str,
    /// What stands beside the way to the table.
    caption: &'static str,
) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let size = watch_size(frame);
    let ratio = watch_ratio();
    let look = expect_context::<Look>();
    let measure = StoredValue::new_local(CanvasMeasure::new());
    let laid = memo(move || {
        let theme = look.theme();
        let size = size.get()?;
        let laid = shown
            .with(|shown| measure.with_value(|measure| Some(shown.0.as_ref()?.lay(size, theme, measure))))?;
        Some(Scene(Arc::new(laid)))
    });
    let drawing =
        Signal::derive(move || laid.with(|laid| laid.as_ref().map(|laid| laid.0.figure.drawing().clone())));
    keep_painted(canvas, drawing, ratio);

    let spot = RwSignal::new(None::<Spot>);
    let keyed = RwSignal::new(false);
    // A spot may be gone after a change; then there are no facts.
    let facts = memo(move || {
        let at = spot.get()?;
        laid.with(|laid| laid.as_ref()?.0.figure.facts(at))
    });
    let find =
        move |event: &PointerEvent| laid.with_untracked(|laid| laid.as_ref()?.0.figure.nearest(place(event)));
    // A finger has no way to look before it takes: what it touched is taken by a button.
    let touched = RwSignal::new(false);
    let moved = move |event: PointerEvent| {
        keyed.set(false);
        touched.set(event.pointer_type() == "touch");
        spot.set(find(&event));
    };
    // A drag is no click: it may select a part of the picture.
    let from = StoredValue::new(None::<Point>);
    let pressed = move |event: PointerEvent| from.set_value(Some(place(&event)));
    let clicked = move |event: PointerEvent| {
        let dragged = from.get_value().is_some_and(|from| from.distance(place(&event)) >= DRAG);
        from.set_value(None);
        moved(event);
        if dragged {
            return;
        }
        if let (Some(pick), Some(at), false) = (pick, spot.get_untracked(), touched.get_untracked()) {
            pick.run(at);
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(laid) = laid.get_untracked() else { return };
        let now = spot.get_untracked();
        let step = match event.key().as_str() {
            "ArrowRight" => Step::Next,
            "ArrowLeft" => Step::Previous,
            "ArrowUp" => Step::SeriesBefore,
            "ArrowDown" => Step::SeriesAfter,
            "Home" => Step::First,
            "End" => Step::Last,
            "Enter" | " " => {
                event.prevent_default();
                if let (Some(pick), Some(at)) = (pick, now) {
                    pick.run(at);
                }
                return;
            }
            "Escape" => {
                spot.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        keyed.set(true);
        spot.set(laid.0.figure.step(now, step));
    };
    let gone = move |_| spot.set(None);
    let left = move |_| {
        if !keyed.get_untracked() && !touched.get_untracked() {
            spot.set(None);
        }
    };
    let spoken = move || match (keyed.get(), facts.get()) {
        (true, Some(facts)) => facts.spoken(),
        _ => String::new(),
    };
    // Between two answers the room stays as it was.
    let last = StoredValue::new(None::<f64>);
    let height = move || {
        let own = laid.with(|laid| laid.as_ref().and_then(|laid| laid.0.height));
        last.update_value(|last| *last = own.or(*last));
        last.get_value().map(|height| format!("{height:.0}px"))
    };
    let hint = if pick.is_some() {
        "Cursor in the picture: arrow keys move it, Enter takes what it points at"
    } else {
        "Cursor in the picture: arrow keys move it"
    };
    let take = move |_| {
        if let (Some(pick), Some(at)) = (pick, spot.get_untracked()) {
            pick.run(at);
        }
    };
    let offered = move || facts.get().filter(|_| touched.get() && pick.is_some());
    let told = words(move || shown.with(|shown| shown.0.as_ref().map(|own| own.told())));
    let table = Box::new(move || {
        shown.with(|shown| shown.0.as_ref().map_or_else(|| ().into_any(), |own| plain(&own.figures())))
    });
    view! {
        <figure class="figure">
            <div class="plot" node_ref=frame style:height=height>
                <canvas node_ref=canvas role="img" aria-label=told></canvas>
                <div
                    class="cursor-field"
                    class:still=pick.is_none()
                    tabindex="0"
                    role="application"
                    aria-label=hint
                    on:pointermove=moved
                    on:pointerdown=pressed
                    on:pointerup=clicked
                    on:pointerleave=left
                    on:keydown=key
                    on:blur=gone
                ></div>
                {views(move || Some(overlay(&facts.get()?, size.get()?)))}
            </div>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            {views(move || offered().map(|facts| view! {
                <button type="button" class="take" tabindex="-1" on:pointerdown=take>
                    {format!("Make it the scenario: {}", facts.title)}
                </button>
            }))}
            <Folded label caption=Signal::stored(caption.to_owned()) content=table/>
        </figure>
    }
}

/// The mark around the spot, and its facts beside it.
fn overlay(facts: &Facts, size: Size) -> impl IntoView + use<> {
    let Rect { left, top, right, bottom } = facts.place;
    let px = |value: f64| format!("{value:.1}px");
    let narrow = size.width < NARROW;
    let (from, to) = if narrow {
        ("4px".to_owned(), "4px".to_owned())
    } else if facts.place.centre().x > size.width / 2.0 {
        ("auto".to_owned(), px(size.width - left + 10.0))
    } else {
        (px(right + 10.0), "auto".to_owned())
    };
    // Wide places leave no room beside them.
    let wide = !narrow && right - left > 0.6 * size.width;
    let (from, to) = if wide { (px(left + 10.0), "auto".to_owned()) } else { (from, to) };
    let below = if narrow || wide { bottom + 8.0 } else { (top - 8.0).min(size.height - 90.0).max(2.0) };
    let row = |fact: &Fact| {
        let Fact { label, text, hue } = fact.clone();
        view! {
            <span class="tip-row">
                {hue.map(|hue| view! { <span class="key" data-kind="line" style:color=hue.line.css()></span> })}
                <span class="tip-label">{label}</span>
                <b>{text}</b>
            </span>
        }
    };
    view! {
        <div class="overlay loose" aria-hidden="true">
            <span
                class="spot"
                style:left=px(left)
                style:top=px(top)
                style:width=px(right - left)
                style:height=px(bottom - top)
            ></span>
            <div class="tip" style:left=from style:right=to style:top=px(below)>
                <b>{facts.title.clone()}</b>
                {facts.rows.iter().map(row).collect_view()}
                {facts.note.clone().map(|note| view! { <span class="tip-note">{note}</span> })}
            </div>
        </div>
    }
}

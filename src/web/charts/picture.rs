//! A picture with spots on the page: the canvas, and above it the mark and the facts of a spot, for pointer, touch and
//! keyboard. All pictures without curves share it; each only says how it is laid out.

use std::any::Any;
use std::sync::Arc;

use crate::web::lean::{memo, views, words};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, PointerEvent};
use markup::view;

use super::canvas::{CanvasMeasure, keep_painted, watch_ratio, watch_size};
use super::gesture::place;
use super::table::{Folded, plain};
use crate::chart::figure::{Figure, Style};
use crate::chart::geometry::{Point, Rect, Size};
use crate::chart::hit::Step;
use crate::chart::layout::Options;
use crate::chart::spot::{Fact, Facts, LaidOut, Spot};
use crate::web::theme::Look;

/// Narrower pictures have their facts below the spot, over the whole width.
const NARROW: f64 = 560.0;
/// A pointer that moves farther while it is down drags, in CSS pixels.
const DRAG: f64 = 8.0;

/// What stands in a picture: swatches, where it has no other legend. The title is an element of the page.
const OPTIONS: Options = Options { title: false, legend: true, end_labels: true };

/// A figure, or none yet. All pictures share this type, so that the framework is compiled for it once.
#[derive(Clone)]
pub struct Shown(pub Option<Arc<dyn Figure>>);

/// A figure as it is laid out, for who knows its kind and asks it for more.
pub type Last = StoredValue<Option<Arc<dyn LaidOut>>>;

/// Looks at the last layout, if it is of this kind.
pub fn with_last<T: LaidOut, R>(last: Last, look: impl FnOnce(&T) -> Option<R>) -> Option<R> {
    last.with_value(|own| look((own.as_deref()? as &dyn Any).downcast_ref()?))
}

/// Each is another: comparing would cost more than drawing.
impl PartialEq for Shown {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// Where everything is, and how high that makes the picture, in CSS pixels.
#[derive(Clone)]
struct Layout {
    figure: Arc<dyn LaidOut>,
    height: f64,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.figure, &other.figure)
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
    /// Its height for a width in CSS pixels, where it is not the figure's own.
    #[prop(optional)]
    height: Option<fn(f64) -> f64>,
    /// Takes each layout.
    #[prop(optional)]
    last: Option<Last>,
) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let size = watch_size(frame);
    let ratio = watch_ratio();
    let laid = laid_out(shown, size, height, last);
    let drawing =
        Signal::derive(move || laid.with(|laid| laid.as_ref().map(|laid| laid.figure.drawing().clone())));
    keep_painted(canvas, drawing, ratio);
    let pointer = Pointing::new(laid, pick);
    let facts = pointer.facts;
    // Between two answers the room stays as it was.
    let kept = StoredValue::new(None::<f64>);
    let room = move || {
        let own = laid.with(|laid| laid.as_ref().map(|laid| laid.height));
        kept.update_value(|kept| *kept = own.or(*kept));
        kept.get_value().map(|height| format!("{height:.0}px"))
    };
    let hint = if pick.is_some() {
        "Cursor in the picture: arrow keys move it, Enter takes what it points at"
    } else {
        "Cursor in the picture: arrow keys move it"
    };
    let told = words(move || {
        shown.with(|shown| shown.0.as_ref().map_or_else(|| "Not drawn yet".to_owned(), |own| own.sentence()))
    });
    let table = Box::new(move || {
        let sheets = shown.with(|shown| shown.0.as_ref().map(|own| own.sheets()).unwrap_or_default());
        sheets.iter().map(plain).collect_view().into_any()
    });
    view! {
        <figure class="figure">
            <div class="plot" node_ref=frame style:height=room>
                <canvas node_ref=canvas role="img" aria-label=told></canvas>
                <div
                    class="cursor-field"
                    class:still=pick.is_none()
                    tabindex="0"
                    role="application"
                    aria-label=hint
                    on:pointermove=move |event| pointer.moved(&event)
                    on:pointerdown=move |event| pointer.pressed(&event)
                    on:pointerup=move |event| pointer.released(&event)
                    on:pointerleave=move |_| pointer.left()
                    on:keydown=move |event| pointer.key(&event)
                    on:blur=move |_| pointer.spot.set(None)
                ></div>
                {views(move || Some(overlay(&facts.get()?, size.get()?)))}
            </div>
            <p class="unseen" role="status" aria-live="polite">{move || pointer.spoken()}</p>
            {views(move || pointer.offered().map(|facts| view! {
                <button type="button" class="take" tabindex="-1" on:pointerdown=move |_| pointer.take()>
                    {format!("Make it the scenario: {}", facts.title)}
                </button>
            }))}
            <Folded label caption=Signal::stored(caption.to_owned()) content=table/>
        </figure>
    }
}

/// Lays the figure out whenever it, the room or the look changes.
fn laid_out(
    shown: Memo<Shown>,
    size: RwSignal<Option<Size>>,
    height: Option<fn(f64) -> f64>,
    last: Option<Last>,
) -> Memo<Option<Layout>> {
    let look = expect_context::<Look>();
    let measure = StoredValue::new_local(CanvasMeasure::new());
    memo(move || {
        let theme = look.theme();
        let width = size.get()?.width;
        let layout = shown.with(|shown| {
            let own = shown.0.as_ref()?;
            measure.with_value(|measure| {
                let style = Style { theme, measure, options: OPTIONS, flat: Style::FLAT };
                let height = height.map_or_else(|| own.height(width, &style), |of| of(width));
                Some(Layout { figure: own.lay_out(Size::new(width, height), &style).into(), height })
            })
        })?;
        if let Some(last) = last {
            last.set_value(Some(layout.figure.clone()));
        }
        Some(layout)
    })
}

/// What pointer, finger and keys point at.
#[derive(Clone, Copy)]
struct Pointing {
    laid: Memo<Option<Layout>>,
    pick: Option<Callback<Spot>>,
    spot: RwSignal<Option<Spot>>,
    facts: Memo<Option<Facts>>,
    /// Whether keys moved it last.
    keyed: RwSignal<bool>,
    /// Whether a finger did. A finger has no way to look before it takes: what it touched is taken by a button.
    touched: RwSignal<bool>,
    /// Where the pointer went down.
    from: StoredValue<Option<Point>>,
}

impl Pointing {
    fn new(laid: Memo<Option<Layout>>, pick: Option<Callback<Spot>>) -> Self {
        let spot = RwSignal::new(None::<Spot>);
        // A spot may be gone after a change; then there are no facts.
        let facts = memo(move || {
            let at = spot.get()?;
            laid.with(|laid| laid.as_ref()?.figure.facts(at))
        });
        let (keyed, touched) = (RwSignal::new(false), RwSignal::new(false));
        Self { laid, pick, spot, facts, keyed, touched, from: StoredValue::new(None) }
    }

    fn moved(self, event: &PointerEvent) {
        self.keyed.set(false);
        self.touched.set(event.pointer_type() == "touch");
        self.spot.set(self.laid.with_untracked(|laid| laid.as_ref()?.figure.nearest(place(event))));
    }

    fn pressed(self, event: &PointerEvent) {
        self.from.set_value(Some(place(event)));
    }

    fn released(self, event: &PointerEvent) {
        // A drag is no click: it may select a part of the picture.
        let dragged = self.from.get_value().is_some_and(|from| from.distance(place(event)) >= DRAG);
        self.from.set_value(None);
        self.moved(event);
        if !dragged && !self.touched.get_untracked() {
            self.take();
        }
    }

    fn left(self) {
        if !self.keyed.get_untracked() && !self.touched.get_untracked() {
            self.spot.set(None);
        }
    }

    fn key(self, event: &KeyboardEvent) {
        let Some(laid) = self.laid.get_untracked() else { return };
        let step = match event.key().as_str() {
            "ArrowRight" => Step::Next,
            "ArrowLeft" => Step::Previous,
            "ArrowUp" => Step::SeriesBefore,
            "ArrowDown" => Step::SeriesAfter,
            "Home" => Step::First,
            "End" => Step::Last,
            "Enter" | " " => {
                event.prevent_default();
                self.take();
                return;
            }
            "Escape" => {
                self.spot.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        self.keyed.set(true);
        self.spot.set(laid.figure.step(self.spot.get_untracked(), step));
    }

    /// Hands on what is pointed at.
    fn take(self) {
        if let (Some(pick), Some(at)) = (self.pick, self.spot.get_untracked()) {
            pick.run(at);
        }
    }

    /// What a screen reader says: only what keys moved to, the rest is seen.
    fn spoken(self) -> String {
        match (self.keyed.get(), self.facts.get()) {
            (true, Some(facts)) => facts.spoken(),
            _ => String::new(),
        }
    }

    /// What a finger can take.
    fn offered(self) -> Option<Facts> {
        self.facts.get().filter(|_| self.touched.get() && self.pick.is_some())
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

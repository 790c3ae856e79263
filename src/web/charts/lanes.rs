//! What each replica did when, to look closer at: by dragging, by buttons and by keys.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, PointerEvent};
use markup::view;

use super::gesture::place;
use super::picture::{Last, Picture, Shown, with_last};
use crate::chart::figure::Figure;
use crate::chart::geometry::Point;
use crate::chart::timeline::TimelineScene;
use crate::jobs::charts::timeline;
use crate::jobs::lanes::{Lanes, read};
use crate::units::format::Unit;
use crate::web::jobs::{Asked, Piece};
use crate::web::lean::{effect, flag, memo, views};

/// A drag of fewer pixels is a click.
const DRAG: f64 = 8.0;
/// The shortest window, in seconds.
const SHORTEST: f64 = 1e-3;

/// The whole replay, or a part of it in seconds.
type Window = Option<(f64, f64)>;

/// Asks what was done from one time to another.
pub type Ask = Box<dyn Fn((f64, f64), Box<dyn FnMut(Piece)>) -> Asked>;

/// The lanes with the ways to look closer. `ready` says that there is something to ask about, and changes with it.
pub fn lanes(ready: Memo<Option<u32>>, ask: Ask) -> AnyView {
    let window = RwSignal::new(None::<(f64, f64)>);
    let whole = RwSignal::new((0.0, 0.0));
    let found = RwSignal::new(Arc::new(Lanes::default()));
    let busy = RwSignal::new(false);
    let asked = StoredValue::new_local(None::<Asked>);
    effect(move || {
        let _ = ready.get();
        window.set(None);
    });
    effect(move || {
        let wanted = window.get();
        asked.set_value(None);
        if ready.get().is_none() {
            return;
        }
        busy.set(true);
        let mut text = String::new();
        let listener = move |piece| {
            let (more, last) = match piece {
                Piece::Text(more) => (more, false),
                Piece::Last(more) => (more, true),
                Piece::Failed(_) => (String::new(), true),
            };
            text.push_str(&more);
            if !more.is_empty() {
                let lanes = read(&text);
                if wanted.is_none() {
                    whole.set(lanes.window);
                }
                found.set(Arc::new(lanes));
            }
            busy.set(!last);
        };
        let (from, to) = wanted.unwrap_or((0.0, f64::INFINITY));
        asked.set_value(Some(ask((from, to), Box::new(listener))));
    });
    let last: Last = StoredValue::new(None);
    let shown = memo(move || {
        found.with(|own| Shown((!own.lanes.is_empty()).then(|| Arc::new(timeline(own)) as Arc<dyn Figure>)))
    });

    let look = move |wanted: Window| {
        let (start, end) = whole.get_untracked();
        window.set(wanted.and_then(|(from, to)| {
            let length = (to - from).clamp(SHORTEST, end - start);
            let from = from.clamp(start, end - length);
            (length < 0.999 * (end - start)).then_some((from, from + length))
        }));
    };
    // To so many lengths of the window, and so many of them later.
    let turn = move |length: f64, later: f64| {
        let (from, to) = window.get_untracked().unwrap_or_else(|| whole.get_untracked());
        let (middle, half) = ((from + to) / 2.0 + later * (to - from), length * (to - from) / 2.0);
        look(Some((middle - half, middle + half)));
    };
    let key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "+" | "=" => turn(0.5, 0.0),
            "-" => turn(2.0, 0.0),
            "0" => look(None),
            "PageUp" => turn(1.0, -0.5),
            "PageDown" => turn(1.0, 0.5),
            _ => return,
        }
        event.prevent_default();
    };
    // From where to where the pointer drags, in pixels of the picture.
    let drag = RwSignal::new(None::<(f64, f64)>);
    let pressed = move |event: PointerEvent| {
        if event.button() == 0 && event.pointer_type() != "touch" {
            let x = place(&event).x;
            drag.set(Some((x, x)));
        }
    };
    let moved = move |event: PointerEvent| {
        if let Some((from, _)) = drag.get_untracked() {
            drag.set(Some((from, place(&event).x)));
        }
    };
    let released = move |_: PointerEvent| {
        let Some((from, to)) = drag.get_untracked() else { return };
        drag.set(None);
        let at = |x: f64| Point::new(x, 0.0);
        look(
            with_last(last, |scene: &TimelineScene| scene.drag(at(from), at(to)))
                .or_else(|| window.get_untracked()),
        );
    };
    let band = move || {
        let (from, to) = drag.get().filter(|(from, to)| (from - to).abs() >= DRAG)?;
        let height = with_last(last, |scene: &TimelineScene| Some(scene.plot.bottom)).unwrap_or(0.0);
        Some(view! {
            <span
                class="band"
                aria-hidden="true"
                style:left=format!("{:.0}px", from.min(to))
                style:width=format!("{:.0}px", (from - to).abs())
                style:height=format!("{height:.0}px")
            ></span>
        })
    };
    let part = move || {
        let (from, to) = window.get().unwrap_or_else(|| whole.get());
        let seconds = |time| Unit::Seconds.format(time);
        format!("What was done from {} to {}", seconds(from), seconds(to))
    };
    let button = move |name: &'static str, sign: &'static str, act: Box<dyn Fn()>| {
        view! { <button type="button" class="small" aria-label=name title=name on:click=move |_| act()>{sign}</button> }
    };
    view! {
        <div class="chooser lanes-bar" hidden={flag(move || whole.get().1 <= 0.0)}>
            <h3 id="lanes-part" aria-busy={move || busy.get().to_string()}>{views(part)}</h3>
            {button("Zoom in", "+", Box::new(move || turn(0.5, 0.0)))}
            {button("Zoom out", "−", Box::new(move || turn(2.0, 0.0)))}
            {button("Earlier", "◀", Box::new(move || turn(1.0, -0.5)))}
            {button("Later", "▶", Box::new(move || turn(1.0, 0.5)))}
            {button("All of it", "All", Box::new(move || look(None)))}
        </div>
        <div
            class="lanes"
            on:keydown=key
            on:pointerdown=pressed
            on:pointermove=moved
            on:pointerup=released
            on:pointerleave=move |_| drag.set(None)
        >
            <Picture
                shown
                last
                label="Lanes of the replay"
                caption="Drag to look closer; + and − zoom, 0 shows all, page keys move."
            />
            {views(band)}
        </div>
    }
    .into_any()
}

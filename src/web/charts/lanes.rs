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
use crate::figure::replay::timeline;
use crate::jobs::replay;
use crate::replay::lanes::Lanes;
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
    let closer = Closer {
        window: RwSignal::new(None),
        whole: RwSignal::new((0.0, 0.0)),
        drag: RwSignal::new(None),
        last: StoredValue::new(None),
    };
    let busy = RwSignal::new(false);
    let found = asked(closer, ready, busy, ask);
    let shown = memo(move || {
        found.with(|own| {
            let drawn = || Arc::new(timeline(own)) as Arc<dyn Figure>;
            Shown((!own.lanes.is_empty()).then(drawn))
        })
    });
    let part = move || {
        let (from, to) = closer.window.get().unwrap_or_else(|| closer.whole.get());
        let seconds = |time| Unit::Seconds.format(time);
        format!("What was done from {} to {}", seconds(from), seconds(to))
    };
    let button = move |name: &'static str, sign: &'static str, act: Box<dyn Fn()>| {
        view! { <button type="button" class="small" aria-label=name title=name on:click=move |_| act()>{sign}</button> }
    };
    view! {
        <div class="chooser lanes-bar" hidden={flag(move || closer.whole.get().1 <= 0.0)}>
            <h3 id="lanes-part" aria-busy={move || busy.get().to_string()}>{views(part)}</h3>
            {button("Zoom in", "+", Box::new(move || closer.turn(0.5, 0.0)))}
            {button("Zoom out", "−", Box::new(move || closer.turn(2.0, 0.0)))}
            {button("Earlier", "◀", Box::new(move || closer.turn(1.0, -0.5)))}
            {button("Later", "▶", Box::new(move || closer.turn(1.0, 0.5)))}
            {button("All of it", "All", Box::new(move || closer.look(None)))}
        </div>
        <div
            class="lanes"
            on:keydown=move |event| closer.key(&event)
            on:pointerdown=move |event| closer.pressed(&event)
            on:pointermove=move |event| closer.moved(&event)
            on:pointerup=move |_: PointerEvent| closer.released()
            on:pointerleave=move |_| closer.drag.set(None)
        >
            <Picture
                shown
                last={closer.last}
                label="Lanes of the replay"
                caption="Drag to look closer; + and − zoom, 0 shows all, page keys move."
            />
            {views(move || closer.band())}
        </div>
    }
    .into_any()
}

/// What was done in the window, asked for whenever the window or what there is to ask about changes.
fn asked(
    Closer { window, whole, .. }: Closer,
    ready: Memo<Option<u32>>,
    busy: RwSignal<bool>,
    ask: Ask,
) -> RwSignal<Arc<Lanes>> {
    let found = RwSignal::new(Arc::new(Lanes::default()));
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
        let listener = move |piece| {
            let (text, last) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(_) => (String::new(), true),
            };
            if !text.is_empty() {
                let lanes = replay::lanes(&text);
                if wanted.is_none() {
                    whole.set(lanes.window);
                }
                found.set(Arc::new(lanes));
            }
            busy.set(!last);
        };
        asked.set_value(Some(ask(wanted.unwrap_or((0.0, f64::INFINITY)), Box::new(listener))));
    });
    found
}

/// What part of the replay is looked at, and how the pointer looks closer.
#[derive(Clone, Copy)]
struct Closer {
    window: RwSignal<Window>,
    whole: RwSignal<(f64, f64)>,
    /// From where to where the pointer drags, in pixels of the picture.
    drag: RwSignal<Option<(f64, f64)>>,
    last: Last,
}

impl Closer {
    fn look(self, wanted: Window) {
        let (start, end) = self.whole.get_untracked();
        self.window.set(wanted.and_then(|(from, to)| {
            let length = (to - from).clamp(SHORTEST, end - start);
            let from = from.clamp(start, end - length);
            (length < 0.999 * (end - start)).then_some((from, from + length))
        }));
    }

    /// To so many lengths of the window, and so many of them later.
    fn turn(self, length: f64, later: f64) {
        let (from, to) = self.window.get_untracked().unwrap_or_else(|| self.whole.get_untracked());
        let (middle, half) = ((from + to) / 2.0 + later * (to - from), length * (to - from) / 2.0);
        self.look(Some((middle - half, middle + half)));
    }

    fn key(self, event: &KeyboardEvent) {
        match event.key().as_str() {
            "+" | "=" => self.turn(0.5, 0.0),
            "-" => self.turn(2.0, 0.0),
            "0" => self.look(None),
            "PageUp" => self.turn(1.0, -0.5),
            "PageDown" => self.turn(1.0, 0.5),
            _ => return,
        }
        event.prevent_default();
    }

    fn pressed(self, event: &PointerEvent) {
        if event.button() == 0 && event.pointer_type() != "touch" {
            let x = place(event).x;
            self.drag.set(Some((x, x)));
        }
    }

    fn moved(self, event: &PointerEvent) {
        if let Some((from, _)) = self.drag.get_untracked() {
            self.drag.set(Some((from, place(event).x)));
        }
    }

    fn released(self) {
        let Some((from, to)) = self.drag.get_untracked() else { return };
        self.drag.set(None);
        let at = |x: f64| Point::new(x, 0.0);
        let dragged = with_last(self.last, |scene: &TimelineScene| scene.drag(at(from), at(to)));
        self.look(dragged.or_else(|| self.window.get_untracked()));
    }

    /// What a drag would look at.
    fn band(self) -> Option<impl IntoView> {
        let (from, to) = self.drag.get().filter(|(from, to)| (from - to).abs() >= DRAG)?;
        let height = with_last(self.last, |scene: &TimelineScene| Some(scene.plot.bottom)).unwrap_or(0.0);
        Some(view! {
            <span
                class="band"
                aria-hidden="true"
                style:left=format!("{:.0}px", from.min(to))
                style:width=format!("{:.0}px", (from - to).abs())
                style:height=format!("{height:.0}px")
            ></span>
        })
    }
}

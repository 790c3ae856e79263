//! The cursor of a chart, and the pointer that moves it: it picks values, drags the scenario along, or selects a part.
//!
//! A drag zooms, unless it starts on the scenario's own mark where that can be moved; a finger only moves the cursor, so
//! that the page scrolls.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::{Element, PointerEvent};
use wasm_bindgen::JsCast;

use super::super::gesture::{DOUBLE, place};
use super::Manner;
use super::stage::Stage;
use crate::chart::geometry::Point;
use crate::chart::hit::{Cursor, HitMode, Readout};
use crate::figure::curves::HERE;
use crate::web::lean::{effect, memo};

/// How close the pointer must come to a point that stands alone, in CSS pixels.
const REACH: f64 = 28.0;
/// How close it must come to the mark of the scenario to take hold of it, in CSS pixels.
const GRIP: f64 = 9.0;
/// A finger that moves less far taps, in CSS pixels.
const TAP: f64 = 10.0;

/// What was chosen on a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked {
    /// The sample.
    pub cursor: Cursor,
    /// The value under the pointer on the horizontal axis.
    pub x: f64,
    /// Whether the movement ends here.
    pub done: bool,
}

/// A pointer that is down.
#[derive(Clone, Copy)]
struct Press {
    from: Point,
    /// Whether it moves the scenario along the curve.
    holds: bool,
    /// Whether it is a finger.
    touch: bool,
}

/// Who takes what is chosen, and how.
#[derive(Clone, Copy)]
pub struct Picking {
    /// Takes what is clicked or, while `live`, dragged over.
    pub pick: Option<Callback<Picked>>,
    /// How the chart answers to movements.
    pub manner: Manner,
}

/// The cursor and what moves it.
#[derive(Clone, Copy)]
pub struct Pointer {
    stage: Stage,
    /// How the cursor seeks.
    pub mode: HitMode,
    picking: Picking,
    /// Where the cursor stands.
    pub cursor: RwSignal<Option<Cursor>>,
    /// What is read there.
    pub readout: Memo<Option<Readout>>,
    /// Whether keys moved it last.
    pub keyed: RwSignal<bool>,
    /// Whether it follows the cursor of another chart.
    pub follows: RwSignal<bool>,
    /// Whether the pointer is where it could take hold of the scenario.
    pub grip: RwSignal<bool>,
    /// From where to where the pointer drags.
    pub drag: RwSignal<Option<(Point, Point)>>,
    press: StoredValue<Option<Press>>,
    waiting: StoredValue<Option<Timeout>, LocalStorage>,
}

impl Pointer {
    /// A cursor on a chart.
    pub fn new(stage: Stage, mode: HitMode, picking: Picking) -> Self {
        let cursor = RwSignal::new(None::<Cursor>);
        // A cursor may point at what is no longer there; then there is no readout.
        let readout = memo(move || {
            let at = cursor.get()?;
            stage.scene.with(|scene| scene.as_ref()?.readout(at, mode))
        });
        let waiting = StoredValue::new_local(None::<Timeout>);
        // A part of another chart is not shown, so that nothing of it is waited for either.
        effect(move || {
            stage.zoomed.track();
            waiting.set_value(None);
        });
        let (keyed, grip, drag) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None));
        let (press, follows) = (StoredValue::new(None::<Press>), RwSignal::new(false));
        Self { stage, mode, picking, cursor, readout, keyed, follows, grip, drag, press, waiting }
    }

    /// The cursor of this chart is the one that the others follow.
    pub fn lead(self) {
        if self.follows.get_untracked() {
            self.follows.set(false);
        }
    }

    fn find(self, at: Point) -> Option<Cursor> {
        self.stage.scene.with_untracked(|scene| {
            let hit = scene.as_ref()?.nearest(at, self.mode)?;
            (self.mode == HitMode::X || hit.distance <= REACH).then_some(hit.cursor)
        })
    }

    /// Hands a choice on.
    pub fn pick(self, picked: Picked) {
        if let Some(pick) = self.picking.pick {
            pick.run(picked);
        }
    }

    fn report(self, cursor: Cursor, at: Point, done: bool) {
        let value = self.stage.scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            Some(scene.x.clamp(scene.x.invert(at.x)))
        });
        if let Some(x) = value {
            self.pick(Picked { cursor, x, done });
        }
    }

    fn click(self, at: Point) {
        if let Some(found) = self.find(at) {
            self.report(found, at, true);
        }
    }

    /// Leaves the zoom, or else the chart, where there is a way.
    pub fn escape(self) {
        let zoomed = self.stage.zoomed.get_untracked();
        self.reset();
        if let (false, Some(leave)) = (zoomed, self.picking.manner.leave) {
            leave.run(());
        }
    }

    /// Whether it is one of several small charts.
    pub fn small(self) -> bool {
        self.picking.manner.small
    }

    /// Shows the whole chart again; what was under way ends.
    pub fn reset(self) {
        self.waiting.set_value(None);
        self.drag.set(None);
        self.stage.reset();
    }

    fn holds(self, at: Point) -> bool {
        let scene = self.stage.scene;
        let reach = if self.small() { f64::INFINITY } else { GRIP };
        self.picking.manner.live
            && scene.with_untracked(|scene| scene.as_ref().is_some_and(|own| own.holds(HERE, at, reach)))
    }

    /// The pointer moves.
    pub fn moved(self, event: &PointerEvent) {
        let at = place(event);
        let found = self.find(at);
        self.keyed.set(false);
        self.lead();
        self.cursor.set(found);
        match self.press.get_value() {
            Some(Press { touch: true, .. }) => {}
            Some(Press { holds: true, .. }) => {
                if let Some(found) = found {
                    self.report(found, at, false);
                }
            }
            Some(_) if self.small() => {}
            Some(Press { from, .. }) => self.drag.set(Some((from, at))),
            None => self.grip.set(self.holds(at)),
        }
    }

    /// The pointer goes down.
    pub fn pressed(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let at = place(event);
        let touch = event.pointer_type() == "touch";
        let holds = !touch && self.holds(at);
        self.keyed.set(false);
        self.lead();
        self.cursor.set(self.find(at));
        self.press.set_value(Some(Press { from: at, holds, touch }));
        if let (false, Some(target)) = (touch, event.current_target()) {
            let _ = target.unchecked_into::<Element>().set_pointer_capture(event.pointer_id());
        }
    }

    /// The pointer goes up.
    pub fn released(self, event: &PointerEvent) {
        let Some(Press { from, holds, touch }) = self.press.get_value() else { return };
        self.cancelled();
        let at = place(event);
        if holds {
            self.click(at);
            return;
        }
        let scene = self.stage.scene.get_untracked();
        let selected = scene.as_ref().filter(|_| !self.small()).and_then(|scene| scene.drag(from, at));
        match (selected, scene) {
            _ if touch => {
                if from.distance(at) < TAP {
                    self.click(at);
                }
            }
            (Some(zoom), Some(scene)) => self.stage.viewport.update(|own| own.take(&scene, zoom)),
            // The first of two clicks must not take a value on the way out of a zoom.
            _ if self.stage.zoomed.get_untracked() => {
                self.waiting.set_value(Some(Timeout::new(DOUBLE, move || self.click(at))));
            }
            _ => self.click(at),
        }
    }

    /// The pointer is down no more.
    pub fn cancelled(self) {
        self.press.set_value(None);
        self.drag.set(None);
    }

    /// The pointer goes away.
    pub fn left(self) {
        if self.press.get_value().is_none() && !self.keyed.get_untracked() {
            self.cursor.set(None);
        }
    }

    /// The keys go to another element.
    pub fn blurred(self) {
        if self.keyed.get_untracked() {
            self.keyed.set(false);
            self.cursor.set(None);
        }
    }
}

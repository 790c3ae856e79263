//! Where everything on the board is, and what moves it: pointer, finger and keys.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{Element, KeyboardEvent, PointerEvent};
use wasm_bindgen::JsCast;

use super::mix::Mix;
use crate::figure::board::{Room, Tray, trays};
use crate::scenario::Role;
use crate::web::charts::canvas::watch_size;
use crate::web::lean::memo;

/// Height of the trays, in CSS pixels, as in the stylesheet.
const TRAY: f64 = 34.0;
/// Room for a handle, in CSS pixels, as in the stylesheet.
pub const HANDLE: f64 = 24.0;
/// A finger that moves less far taps, in CSS pixels.
const TAP: f64 = 10.0;
/// A large step of the keys is this part of all ways.
const PAGE: u32 = 8;

/// A pointer that is down.
#[derive(Clone, Copy)]
struct Press {
    /// Where it went down.
    from: f64,
    /// From the middle of the handle that it holds to it.
    off: f64,
    /// Whether it moves chips yet: a finger may want to scroll.
    moves: bool,
}

/// Where everything is.
#[derive(Clone, Copy)]
pub struct Strip {
    /// What moves.
    pub mix: Mix,
    /// Trays, handles and valley.
    pub frame: NodeRef<Div>,
    /// How wide they are, in CSS pixels.
    pub width: Memo<f64>,
    /// The trays.
    pub trays: Memo<Vec<Tray>>,
    press: StoredValue<Option<Press>>,
}

impl Strip {
    /// Over what moves, in a frame that is not in the document yet.
    pub fn new(mix: Mix) -> Self {
        let frame = NodeRef::<Div>::new();
        let size = watch_size(frame);
        let width = memo(move || size.get().map_or(0.0, |own| own.width));
        let trays = memo(move || {
            let pools: Vec<(u32, f64)> =
                mix.pools().into_iter().map(|(_, _, chips, weight)| (chips, weight)).collect();
            trays(&pools, Room { width: width.get(), height: TRAY, handle: HANDLE })
        });
        Self { mix, frame, width, trays, press: StoredValue::new(None) }
    }

    /// The middles of a handle at both ends of the room of its two pools.
    pub fn reach(self, at: usize) -> Option<(f64, f64)> {
        self.trays.with(|trays| {
            let (left, right) = (trays.get(at)?.span.0, trays.get(at + 1)?.span.1);
            Some((left + HANDLE / 2.0, right - HANDLE / 2.0))
        })
    }

    /// The middle of a handle.
    pub fn middle(self, at: usize) -> Option<f64> {
        self.trays.with(|trays| Some(trays.get(at)?.span.1 + HANDLE / 2.0))
    }

    /// The way at a place, of the handle in use.
    fn way(self, x: f64) -> Option<u32> {
        let exchange = self.mix.exchange.get_untracked()?;
        let (low, high) = untrack(|| self.reach(exchange.first()))?;
        Some(exchange.nearest((x - low) / (high - low).max(1.0)))
    }

    /// Which tray is at a place.
    pub fn tray(self, x: f64) -> Option<Role> {
        let at =
            self.trays.with_untracked(|trays| trays.iter().position(|own| x <= own.span.1 + HANDLE / 2.0))?;
        untrack(|| self.mix.pools()).get(at).map(|own| own.0)
    }

    /// Where a pointer is, from the left end.
    pub fn place(self, client_x: i32) -> f64 {
        let left = self.frame.get_untracked().map_or(0.0, |own| own.get_bounding_client_rect().left());
        f64::from(client_x) - left
    }

    /// The pointer goes down.
    pub fn pressed(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let x = self.place(event.client_x());
        let count = self.trays.with_untracked(Vec::len);
        let middles = (1..count).filter_map(|at| Some((at - 1, untrack(|| self.middle(at - 1))?)));
        let nearest = middles.min_by(|one, two| (one.1 - x).abs().total_cmp(&(two.1 - x).abs()));
        let Some((pair, middle)) = nearest else { return };
        self.mix.pair.set(pair);
        self.mix.pointed.set(None);
        let held = (x - middle).abs() <= HANDLE;
        let touch = event.pointer_type() == "touch";
        let off = if held { x - middle } else { 0.0 };
        self.press.set_value(Some(Press { from: x, off, moves: !touch }));
        if let Some(frame) = self.frame.get_untracked() {
            let _ = frame.unchecked_ref::<Element>().set_pointer_capture(event.pointer_id());
        }
        if !touch && !held {
            self.go(x);
        }
    }

    /// The pointer moves.
    pub fn moved(self, event: &PointerEvent) {
        let x = self.place(event.client_x());
        let Some(press) = self.press.get_value() else {
            if event.pointer_type() != "touch" {
                self.mix.pointed.set(self.way(x));
            }
            return;
        };
        let moves = press.moves || (x - press.from).abs() >= TAP;
        self.press.set_value(Some(Press { moves, ..press }));
        if moves {
            self.go(x - press.off);
        }
    }

    /// The pointer goes up.
    pub fn released(self, event: &PointerEvent) {
        let Some(press) = self.press.get_value() else { return };
        self.press.set_value(None);
        self.go(self.place(event.client_x()) - press.off);
        self.mix.page.commit();
    }

    /// The pointer is down no more.
    pub fn cancelled(self) {
        self.press.set_value(None);
    }

    fn go(self, x: f64) {
        if let Some(way) = self.way(x) {
            self.mix.go(way);
        }
    }

    /// A key on a handle.
    pub fn key(self, at: usize, event: &KeyboardEvent) {
        self.mix.pair.set(at);
        let Some(exchange) = self.mix.exchange.get_untracked() else { return };
        let (now, last) = (untrack(|| self.mix.standing()).unwrap_or_default(), exchange.ways() - 1);
        let page = (last / PAGE).max(1);
        let way = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => now.saturating_add(1),
            "ArrowLeft" | "ArrowDown" => now.saturating_sub(1),
            "PageUp" => now.saturating_add(page),
            "PageDown" => now.saturating_sub(page),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        self.mix.go(way.min(last));
    }
}

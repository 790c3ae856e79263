//! Whether the reader is moving something, such as a slider or the handle of a pool: from the first change until the pointer
//! is let go or, where keys move it, until they rest. Meanwhile charts keep their ranges, so that the change is seen.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::{Element, HtmlElement};
use wasm_bindgen::JsCast;

/// How long keys must rest, in milliseconds.
const REST: u32 = 700;

/// What keys can move.
const MOVED_BY_KEYS: &str = "input[type=range], [role=slider], [role=application]";

/// What is told on the root while something moves: the stylesheet then keeps headline and tiles as high as they
/// were.
const MOVING: &str = "data-moving";

/// The movement under way, if there is one.
#[derive(Clone, Copy)]
pub struct Motion {
    /// Whether a pointer is down.
    pressed: StoredValue<bool>,
    moving: RwSignal<bool>,
    rest: StoredValue<Option<Timeout>, LocalStorage>,
}

impl Motion {
    /// No movement.
    pub fn new() -> Self {
        Self {
            pressed: StoredValue::new(false),
            moving: RwSignal::new(false),
            rest: StoredValue::new_local(None),
        }
    }

    /// Learns of pointers from now on.
    pub fn watch(self) {
        let pressed = move |event: leptos::web_sys::PointerEvent| {
            if event.button() == 0 {
                self.pressed.set_value(true);
            }
        };
        let released = move |_| {
            self.pressed.set_value(false);
            self.settle();
        };
        let all = [
            window_event_listener(leptos::ev::pointerdown, pressed),
            window_event_listener(leptos::ev::pointerup, released),
            window_event_listener(leptos::ev::pointercancel, released),
        ];
        on_cleanup(move || all.into_iter().for_each(|own| own.remove()));
    }

    /// Whether a movement is under way.
    pub fn is(self) -> bool {
        self.moving.get()
    }

    /// The scenario is about to change: by a movement, if something is held or moved by keys.
    pub fn touch(self) {
        if !self.pressed.get_value() {
            let own = document().active_element();
            if !own.is_some_and(|own: Element| own.matches(MOVED_BY_KEYS).unwrap_or(false)) {
                return;
            }
            self.rest.set_value(Some(Timeout::new(REST, move || self.settle())));
        }
        if !self.moving.get_untracked() {
            self.tell(true);
        }
    }

    fn settle(self) {
        self.rest.set_value(None);
        if self.moving.get_untracked() {
            self.tell(false);
        }
    }

    fn tell(self, moving: bool) {
        self.moving.set(moving);
        let Some(root) = document().document_element() else { return };
        if let (true, Some(root)) = (moving, root.dyn_ref::<HtmlElement>()) {
            for (name, place) in [("--headline", ".answer"), ("--tiles", ".tiles")] {
                let element = document().query_selector(place).ok().flatten();
                let height = element.map_or(0.0, |own| own.get_bounding_client_rect().height());
                let _ = root.style().set_property(name, &format!("{height}px"));
            }
        }
        let _ = root.toggle_attribute_with_force(MOVING, moving);
    }
}

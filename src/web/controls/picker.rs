//! A model or a chip out of many: a text entry that opens a list of what matches (`picks`), in the pattern of a combobox.
//!
//! The entry shows what is chosen. A click, an arrow key or typing opens the list, whose code comes late; Enter takes the
//! marked entry, Escape leaves all as it was. The list stands in the top layer, so that no panel cuts it off.

use gloo::events::{EventListener, EventListenerOptions, EventListenerPhase};
use leptos::html::{Div, Input};
use leptos::prelude::*;
use leptos::web_sys;
use markup::view;
use wasm_bindgen::JsCast;
use wasm_split_helpers::wasm_split;

use super::picking::{Kind, Pick};
use super::picks;
use crate::web::late::{self, Late};
use crate::web::lean::{When, effect, words};
use crate::web::state::use_page;

/// A labelled combobox.
#[component]
pub fn Picker(
    /// Identifier of the entry, unique on the page.
    #[prop(into)]
    id: String,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// What is picked.
    kind: Kind,
    /// Identifier of what is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// Its name.
    #[prop(into)]
    name: Signal<String>,
    /// Takes another one.
    #[prop(into)]
    set: Callback<String>,
    /// Shows the label.
    #[prop(optional)]
    labelled: bool,
) -> impl IntoView {
    let page = use_page();
    let pick = Pick {
        kind,
        id: StoredValue::new(id.clone()),
        value,
        query: RwSignal::default(),
        open: RwSignal::new(false),
        found: RwSignal::default(),
        active: RwSignal::new(0),
        eager: RwSignal::new(false),
        set,
        // A choice for a question of its own is no step of the page.
        done: Callback::new(move |()| {
            if matches!(kind, Kind::Model | Kind::Chip(_)) {
                page.commit();
            }
        }),
    };
    let (root, entry) = (NodeRef::<Div>::new(), NodeRef::<Input>::new());
    let typed = RwSignal::new(false);
    let shown = move || if typed.get() { pick.query.get() } else { name.get() };
    // What is chosen stands in the entry again once the list is closed.
    effect(move || {
        if !pick.open.get() {
            typed.set(false);
        } else if let Some(entry) = entry.get_untracked().filter(|_| !typed.get_untracked()) {
            entry.select();
        }
    });
    let input = move |event| {
        typed.set(true);
        pick.open.set(true);
        pick.query.set(event_target_value(&event));
    };
    let left = move |event: web_sys::FocusEvent| {
        let to = event.related_target().and_then(|own| own.dyn_into::<web_sys::Node>().ok());
        let inside = root.get_untracked().is_some_and(|root| root.contains(to.as_ref()));
        // What was taken before the list was there is still to come.
        if !inside && !pick.eager.get_untracked() {
            pick.close();
        }
    };
    let listed = move || pick.open.get() && pick.found.with(|found| !found.is_empty());
    let marked = move || listed().then(|| pick.option_id(pick.active.get()));
    let controls = {
        let id = id.clone();
        move || listed().then(|| format!("{id}-list"))
    };
    view! {
        <div class="choice picker" class:quiet={!labelled} node_ref=root on:focusout=left>
            <label for=id.clone() class:unseen={!labelled}>{label}</label>
            <input
                id=id
                node_ref=entry
                type="text"
                class="entry picked"
                role="combobox"
                autocomplete="off"
                spellcheck="false"
                aria-autocomplete="list"
                aria-expanded={words(move || if pick.open.get() { "true" } else { "false" })}
                aria-controls={words(controls)}
                aria-activedescendant={words(marked)}
                data-value={words(move || value.get())}
                prop:value=shown
                on:click=move |_| pick.show()
                on:input=input
                on:keydown=move |event| pick.pressed(&event)
            />
            <When on={pick.open}>{popup(pick, entry)}</When>
        </div>
    }
}

/// The list in the top layer, beside its entry.
fn popup(pick: Pick, entry: NodeRef<Input>) -> AnyView {
    let node = NodeRef::<Div>::new();
    let moved = StoredValue::new_local(Vec::<EventListener>::new());
    effect(move || {
        let (Some(popup), Some(entry)) = (node.get(), entry.get_untracked()) else { return };
        let beside = popup.clone();
        let stand = move || place(&beside, &entry);
        stand();
        let _ = popup.show_popover();
        let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: true };
        let follow = |kind: &'static str| {
            let stand = stand.clone();
            EventListener::new_with_options(&window(), kind, options, move |_| stand())
        };
        moved.set_value(vec![follow("scroll"), follow("resize")]);
    });
    // Focus stays in the entry, but for the filters, which take it themselves.
    let keep = |event: web_sys::MouseEvent| {
        let tag =
            event.target().and_then(|own| own.dyn_into::<web_sys::Element>().ok()).map(|own| own.tag_name());
        if !tag.is_some_and(|tag| matches!(tag.as_str(), "SELECT" | "OPTION")) {
            event.prevent_default();
        }
    };
    // The filters have keys of their own, but for the way out.
    let pressed = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            pick.leave();
        }
    };
    view! {
        <div class="pop" popover="manual" node_ref=node on:mousedown=keep on:keydown=pressed>
            {late::shown(load_picks(pick))}
        </div>
    }
    .into_any()
}

#[wasm_split(controls, fallible)]
fn load_picks(pick: Pick) -> Late {
    Ok(picks::picks(pick))
}

/// Least room for a list, in pixels: with less below its entry it stands above.
const ROOM: f64 = 300.0;
/// How wide a list is at least, in pixels.
const WIDE: f64 = 400.0;
/// Between a list and what is beside it, in pixels.
const GAP: f64 = 8.0;

/// Puts the list below its entry, or above where there is more room.
fn place(popup: &web_sys::HtmlElement, entry: &web_sys::HtmlElement) {
    let size =
        |read: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| read.ok().and_then(|own| own.as_f64());
    let wide = size(window().inner_width()).unwrap_or(WIDE);
    let high = size(window().inner_height()).unwrap_or(ROOM);
    let at = entry.get_bounding_client_rect();
    let width = at.width().max(WIDE).min(wide - 2.0 * GAP);
    let left = at.left().min(wide - width - GAP).max(GAP);
    let (below, above) = (high - at.bottom() - GAP, at.top() - GAP);
    let (side, other, from, room) = if below >= ROOM || below >= above {
        ("top", "bottom", at.bottom() + 2.0, below)
    } else {
        ("bottom", "top", high - at.top() + 2.0, above)
    };
    let style = web_sys::HtmlElement::style(popup);
    for (name, value) in [("left", left), ("width", width), (side, from), ("max-height", room)] {
        let _ = style.set_property(name, &format!("{value:.0}px"));
    }
    let _ = style.set_property(other, "auto");
}

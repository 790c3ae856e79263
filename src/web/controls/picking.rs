//! How a picker stands: what is picked, typed, listed and marked, and what its keys do. What was picked last is kept in the
//! browser.

use leptos::prelude::*;
use leptos::web_sys;
use wasm_bindgen::JsCast;

use crate::scenario::Role;

/// What is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The scenario's model.
    Model,
    /// The chip of a pool.
    Chip(Role),
    /// A model of the catalogue, for a question of its own.
    AnyModel,
    /// A chip of the catalogue, for a question of its own.
    AnyChip,
}

impl Kind {
    /// Whether models are picked.
    pub const fn models(self) -> bool {
        matches!(self, Self::Model | Self::AnyModel)
    }

    /// Where the last picks are kept in the browser.
    const fn shelf(self) -> &'static str {
        if self.models() { "tandem-recent-models" } else { "tandem-recent-chips" }
    }
}

/// How a picker stands.
#[derive(Clone, Copy)]
pub struct Pick {
    /// What is picked.
    pub kind: Kind,
    /// Identifier of the entry.
    pub id: StoredValue<String>,
    /// What is chosen.
    pub value: Signal<String>,
    /// What is typed, until something is taken or left.
    pub query: RwSignal<String>,
    /// Whether the list is open.
    pub open: RwSignal<bool>,
    /// What the list shows, as identifiers from top to bottom; empty until its code is here.
    pub found: RwSignal<Vec<String>>,
    /// Which of them is marked.
    pub active: RwSignal<usize>,
    /// Whether the first that matches is to be taken as soon as the list is there.
    pub eager: RwSignal<bool>,
    /// Takes another one.
    pub set: Callback<String>,
    /// Ends the step.
    pub done: Callback<()>,
}

/// Most picks that are remembered.
const RECENT: usize = 5;

impl Pick {
    /// Takes an entry.
    pub fn take(self, id: &str) {
        remember(self.kind, id);
        // Who did not wait for the list may be in another entry by now.
        if self.eager.get_untracked() {
            self.close();
        } else {
            self.leave();
        }
        self.set.run(id.to_owned());
        self.done.run(());
    }

    /// Leaves all as it was.
    pub fn close(self) {
        self.open.set(false);
        self.query.set(String::new());
        self.found.set(Vec::new());
        self.eager.set(false);
    }

    /// The same, back in the entry.
    pub fn leave(self) {
        self.close();
        let entry = self.id.with_value(|id| document().get_element_by_id(id));
        if let Some(entry) = entry.and_then(|own| own.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = entry.focus();
        }
    }

    /// Nothing is like what was to be taken: the list says so to whoever is still in the entry.
    pub fn miss(self) {
        self.eager.set(false);
        let within = document().active_element().is_some_and(|own| self.id.with_value(|id| own.id() == *id));
        if !within {
            self.close();
        }
    }

    /// Opens the list at what is chosen.
    pub fn show(self) {
        if !self.open.get_untracked() {
            self.query.set(String::new());
            self.open.set(true);
        }
    }

    /// Walks the list, takes and leaves by key.
    pub fn pressed(self, event: &web_sys::KeyboardEvent) {
        let (open, count) = (self.open.get_untracked(), self.found.with_untracked(Vec::len));
        let at = self.active.get_untracked();
        let last = count.saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if !open => {
                self.show();
                at
            }
            "ArrowDown" => {
                if at >= last {
                    0
                } else {
                    at + 1
                }
            }
            "ArrowUp" => at.checked_sub(1).unwrap_or(last),
            "PageDown" if open => (at + 8).min(last),
            "PageUp" if open => at.saturating_sub(8),
            "Enter" if open => {
                match self.found.with_untracked(|found| found.get(at).cloned()) {
                    Some(id) => self.take(&id),
                    None => self.eager.set(self.query.with_untracked(|query| !query.is_empty())),
                }
                at
            }
            "Escape" if open => {
                self.close();
                event.stop_propagation();
                at
            }
            _ => return,
        };
        event.prevent_default();
        self.active.set(to);
    }

    /// The identifier of an option in the document.
    pub fn option_id(self, index: usize) -> String {
        self.id.with_value(|id| format!("{id}-option-{index}"))
    }
}

/// What was picked last, newest first.
pub fn recent(kind: Kind) -> Vec<String> {
    let storage = window().local_storage().ok().flatten();
    let text = storage.and_then(|own| own.get_item(kind.shelf()).ok().flatten()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Storage may be blocked; then nothing is remembered, and no more.
fn remember(kind: Kind, id: &str) {
    let mut all = recent(kind);
    all.retain(|own| own != id);
    all.insert(0, id.to_owned());
    all.truncate(RECENT);
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(kind.shelf(), &all.join("\n"));
    }
}

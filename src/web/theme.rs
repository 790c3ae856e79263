//! Dark or light: from the system, unless the reader or a link says otherwise.
//!
//! The stylesheet follows `data-theme` on the root; the charts take the same colours from `chart::theme`.

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;
use wasm_bindgen::JsCast;

use crate::chart::theme::{DARK, LIGHT, Theme};

/// Where the choice is kept between visits.
const KEY: &str = "tandem-theme";

/// What the reader chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// What the system asks for.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Choice {
    const fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_id(id: &str) -> Self {
        match id {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Auto => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// The look that charts paint with, as context.
#[derive(Clone, Copy)]
pub struct Look(pub Memo<bool>);

impl Look {
    /// The colours.
    #[must_use]
    pub fn theme(self) -> &'static Theme {
        if self.0.get() { &DARK } else { &LIGHT }
    }
}

/// Sets the look for this visit, as a link or an embed asks.
pub fn force(id: &str) {
    show(Choice::from_id(id));
}

/// Changes the look for this visit, as the page around an embed asks.
pub fn set(choice: RwSignal<Choice>, id: &str) {
    force(id);
    choice.set(Choice::from_id(id));
}

/// Follows the system and the attribute on the root; provides [`Look`].
pub fn provide(embedded: bool) -> RwSignal<Choice> {
    let first = attribute()
        .map_or_else(|| if embedded { Choice::Auto } else { remembered() }, |id| Choice::from_id(&id));
    let choice = RwSignal::new(first);
    let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let system = RwSignal::new(query.as_ref().is_some_and(leptos::web_sys::MediaQueryList::matches));
    if let Some(query) = query {
        let target: leptos::web_sys::EventTarget = query.clone().unchecked_into();
        let listener =
            gloo::events::EventListener::new(&target, "change", move |_| system.set(query.matches()));
        // The page lives as long as its document.
        listener.forget();
    }
    show(first);
    let dark = memo(move || match choice.get() {
        Choice::Auto => system.get(),
        Choice::Light => false,
        Choice::Dark => true,
    });
    provide_context(Look(dark));
    choice
}

/// Goes round the three choices.
#[component]
pub fn ThemeSwitch(
    /// What is chosen.
    choice: RwSignal<Choice>,
) -> impl IntoView {
    let turn = move |_| {
        choice.update(|choice| *choice = choice.next());
        let now = choice.get_untracked();
        show(now);
        remember(now);
    };
    view! {
        <button type="button" class="quiet" data-testid="theme" on:click=turn>
            <span aria-hidden="true">"◐ "</span>
            <span class="unseen">"Colours: "</span>
            <span class="theme-name">{views(move || choice.get().label())}</span>
        </button>
    }
}

fn root() -> Option<leptos::web_sys::Element> {
    document().document_element()
}

fn attribute() -> Option<String> {
    root()?.get_attribute("data-theme")
}

fn show(choice: Choice) {
    let Some(root) = root() else { return };
    let _ = match choice {
        Choice::Auto => root.remove_attribute("data-theme"),
        other => root.set_attribute("data-theme", other.id()),
    };
}

// Storage may be switched off, full or forbidden in a frame; then the choice lasts as long as the visit.

fn remembered() -> Choice {
    let storage = window().local_storage().ok().flatten();
    storage
        .and_then(|storage| storage.get_item(KEY).ok().flatten())
        .map_or(Choice::Auto, |id| Choice::from_id(&id))
}

fn remember(choice: Choice) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(KEY, choice.id());
    }
}

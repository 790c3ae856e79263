//! The front door: three ways in beside the stories, each a question of two or three fields whose answer opens on the page.

mod card;
mod claim;
mod size;

use leptos::prelude::*;
use leptos::web_sys;
use markup::view;
use wasm_bindgen::JsCast;
use wasm_split_helpers::wasm_split;

use super::late::{self, Late};
use super::lean::{When, flag, memo, views, words};
use super::presets::GalleryButton;

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Size,
    Claim,
    Card,
}

impl Way {
    const ALL: [Self; 3] = [Self::Size, Self::Claim, Self::Card];

    const fn title(self) -> &'static str {
        match self {
            Self::Size => "Size my deployment",
            Self::Claim => "Check a claim",
            Self::Card => "Will it run on my GPU?",
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Self::Size => "door-size",
            Self::Claim => "door-claim",
            Self::Card => "door-card",
        }
    }
}

/// The ways in, and the question that is open.
#[component]
pub fn FrontDoor() -> impl IntoView {
    let open = RwSignal::new(None::<Way>);
    let some = memo(move || open.with(Option::is_some));
    let ways = Way::ALL.map(|way| {
        let here = memo(move || open.get() == Some(way));
        view! {
            <button
                type="button"
                id=way.id()
                class:chosen={flag(move || here.get())}
                aria-expanded={words(move || if here.get() { "true" } else { "false" })}
                on:click=move |_| open.update(|open| *open = (*open != Some(way)).then_some(way))
            >
                {way.title()}
            </button>
        }
    });
    let close = move || {
        if let Some(way) = open.get_untracked() {
            open.set(None);
            focus(way.id());
        }
    };
    let pressed = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    view! {
        <nav class="door" aria-label="Ways in">
            <GalleryButton/>
            {ways.into_iter().collect_view()}
        </nav>
        <When on=some>
            <section class="panel door-panel" aria-labelledby="door-title" on:keydown=pressed>
                <div class="row">
                    <h2 id="door-title">{views(move || open.get().map(Way::title))}</h2>
                    <span class="spring"></span>
                    <button type="button" class="quiet small" aria-label="Close" on:click=move |_| close()>"✕"</button>
                </div>
                {views(move || open.get().map(|way| late::shown(load_question(way, Callback::new(move |()| open.set(None))))))}
            </section>
        </When>
    }
}

#[wasm_split(door, fallible)]
fn load_question(way: Way, done: Callback<()>) -> Late {
    Ok(match way {
        Way::Size => size::question(done),
        Way::Claim => claim::question(done),
        Way::Card => card::question(done),
    })
}

fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    if let Some(element) = element.and_then(|own| own.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

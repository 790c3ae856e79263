//! What is said where a scenario has no answer of its own: what would give it one, a click away, and what is shown greyed
//! meanwhile. And what is said where a choice let the pools grow.

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::late::{self, Late};
use super::lean::{When, effect, memo, views};
use super::state::{Tab, use_page};
use super::undo;
use crate::report::{mend, sentence, words};

/// Offers that make the scenario fit.
pub fn offers() -> AnyView {
    let page = use_page();
    let all = page.part(mend::offers);
    let button = move |own: mend::Offer| {
        let mend::Offer { label, detail, scenario } = own;
        view! {
            <button type="button" title=detail on:click=move |_| page.open(scenario.clone())>{label}</button>
        }
    };
    let shown = move || {
        page.answer.with(|answer| answer.is_ok()).then(|| {
            page.standing.with(|scenario| {
                let (model, chips) = (words::model(&scenario.model), sentence::deployment(scenario));
                view! { <p class="caption">{format!("Greyed below: {model} on {chips}, the last answer there was.")}</p> }
            })
        })
    };
    view! {
        <div class="mend">
            <p class="row">
                {views(move || all.get().into_iter().map(button).collect_view())}
                <button type="button" on:click=move |_| page.look(|view| view.tab = Tab::Size)>"Size it for me"</button>
            </p>
            {views(shown)}
        </div>
    }
    .into_any()
}

/// The notice that pools grew, until the reader goes on.
#[component]
pub fn GrownNotice() -> impl IntoView {
    let page = use_page();
    // Another change of the scenario makes it old news, once it is done: nothing moves under a drag.
    effect(move || {
        page.steps.track();
        let now = page.scenario.get_untracked();
        if page.grown.with_untracked(|own| own.as_ref().is_some_and(|own| own.after != now)) {
            page.grown.set(None);
        }
    });
    let some = memo(move || page.grown.with(Option::is_some));
    view! {
        <div role="status" class="grown-live">
            <When on=some>{late::shown(load_notice())}</When>
        </div>
    }
}

#[wasm_split(tables, fallible)]
fn load_notice() -> Late {
    let page = use_page();
    let text = move || page.grown.with(|own| own.as_ref().map(|own| own.text.clone()));
    let undo = move |_| {
        page.grown.set(None);
        undo::walk(page, -1);
    };
    Ok(view! {
        <p class="grown row">
            <span>{views(text)}</span>
            <button type="button" class="quiet small" on:click=undo>"Undo"</button>
            <button type="button" class="quiet small" aria-label="Dismiss the notice" on:click=move |_| page.grown.set(None)>
                "✕"
            </button>
        </p>
    }
    .into_any())
}

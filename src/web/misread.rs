//! What of a link is not understood, in the place of all figures: each part with what may have been meant, a click away.
//! Controls keep the rest of the scenario, and the address keeps what was written until it is put right.

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::history::{follow, view_of_page};
use super::late::{self, Late};
use super::lean::{When, effect, memo, views};
use super::state::{Page, use_page};
use crate::scenario::link;

/// There only while a part of the link is not understood.
#[component]
pub fn Misread() -> impl IntoView {
    let page = use_page();
    let some = memo(move || !page.misread.with(String::is_empty));
    view! { <When on=some>{late::shown(load_banner(page))}</When> }
}

#[wasm_split(tables, fallible)]
fn load_banner(page: Page) -> Late {
    Ok(banner(page))
}

/// Takes out of the link what a control has given another value since, and takes over what controls changed besides.
fn settled(page: Page) {
    let mut parsed = link::parse(&page.misread.get_untracked());
    let now = page.scenario.get();
    if now == parsed.scenario {
        return;
    }
    parsed.faults.retain(|own| link::value_of(&now, &own.key) == link::value_of(&parsed.scenario, &own.key));
    page.misread.set(if parsed.faults.is_empty() {
        String::new()
    } else {
        link::link_with(&now, &untrack(|| view_of_page(&page)), &parsed.stated, &parsed.faults, None)
    });
}

/// Puts a part of the link right, as a step of its own.
fn correct(page: Page, place: usize, value: &str) {
    let parsed = link::parse(&page.misread.get_untracked());
    let view = untrack(|| view_of_page(&page));
    let text = page.scenario.with_untracked(|now| {
        link::link_with(now, &view, &parsed.stated, &parsed.faults, Some((place, value)))
    });
    follow(&page, &text);
}

fn banner(page: Page) -> AnyView {
    // Nothing else is going to be on the screen.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-ready", "true");
    }
    effect(move || settled(page));
    let parts = move || {
        let faults = page.misread.with(|text| link::parse(text).faults).into_iter().enumerate();
        faults
            .map(|(place, fault)| {
                let offers = fault.notice.problem.nearest().iter().cloned().map(|near| {
                    let value = near.clone();
                    view! {
                        <button type="button" on:click=move |_| correct(page, place, &value)>{near}</button>
                    }
                });
                let offers: Vec<_> = offers.collect();
                let ask = (!offers.is_empty()).then(|| view! { <span>"Did you mean"</span> });
                view! { <li>{format!("{}.", fault.notice.complaint())} " " {ask} {offers}</li> }
            })
            .collect_view()
    };
    let give_up = move |_| {
        page.misread.set(String::new());
        page.commit();
    };
    view! {
        <section class="notices misread" role="alert" aria-label="What of the link is not understood">
            <p>"Nothing is calculated: this link is not understood."</p>
            <ul>{views(parts)}</ul>
            <p>
                <button type="button" class="quiet" on:click=give_up>"Ignore this and go on with the rest"</button>
            </p>
        </section>
    }
    .into_any()
}

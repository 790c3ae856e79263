//! What of a link is not understood, in the place of all figures: each part with what may have been meant, a click away.
//! Controls keep the rest of the scenario, and the address keeps what was written until it is put right.

use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::history::correct;
use super::late::{self, Late};
use super::lean::{When, memo, views};
use super::state::{Page, Waiting, use_page};

/// There only while a part of the link is not understood.
#[component]
pub fn Misread() -> impl IntoView {
    let page = use_page();
    let some = memo(move || page.waiting.with(|own| !own.faults.is_empty()));
    view! { <When on=some>{late::shown(load_banner(page))}</When> }
}

#[wasm_split(tables, fallible)]
fn load_banner(page: Page) -> Late {
    Ok(banner(page))
}

fn banner(page: Page) -> AnyView {
    // Nothing else is going to be on the screen.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-ready", "true");
    }
    let parts = move || {
        let faults = page.waiting.get().faults.into_iter().enumerate();
        faults
            .map(|(place, fault)| {
                let offers = fault.notice.problem.nearest().iter().cloned().map(|near| {
                    let value = near.clone();
                    view! {
                        <button type="button" on:click=move |_| correct(&page, place, &value)>{near}</button>
                    }
                });
                let offers: Vec<_> = offers.collect();
                let ask = (!offers.is_empty()).then(|| view! { <span>"Did you mean"</span> });
                view! { <li>{format!("{}.", fault.notice.complaint())} " " {ask} {offers}</li> }
            })
            .collect_view()
    };
    let give_up = move |_| {
        page.waiting.set(Waiting::default());
        page.commit();
    };
    view! {
        <section class="notices misread" role="alert" aria-label="What of the link is not understood">
            <p>"Nothing is calculated: this link is not understood."</p>
            <ul>{views(parts)}</ul>
            <p>
                <button type="button" class="quiet" on:click=give_up>"Ignore this and use what the controls show"</button>
            </p>
        </section>
    }
    .into_any()
}

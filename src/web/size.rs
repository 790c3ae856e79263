//! The cheapest deployments for the present load and service level: one sentence, and each of them a click away.

use crate::web::lean::{When, memo, views, words};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::jobs::{Show, follow};
use super::late::{self, Late};
use super::state::{Page, use_page};
use crate::jobs::size::{self, Offer, Sized};
use crate::scenario::{Scenario, link};
use crate::units::format::Unit;

/// Deployments that are listed before the rest is folded.
const SHOWN: usize = 8;

/// Opens the panel.
#[component]
pub fn SizeButton() -> impl IntoView {
    let page = use_page();
    let open = page.sizing;
    view! {
        <button
            type="button"
            class="quiet small"
            data-testid="size"
            title="The cheapest deployments for this load and service level, over all chips"
            aria-expanded={words(move || if open.get() { "true" } else { "false" })}
            on:click=move |_| open.update(|open| *open = !*open)
        >
            {views(move || if open.get() { "Close sizing" } else { "Size it" })}
        </button>
    }
}

/// The panel, while it is open.
#[component]
pub fn SizePanel() -> impl IntoView {
    let page = use_page();
    let open = memo(move || page.sizing.get());
    view! {
        <div class="sizing-live">
            <When on=open>
                {late::shown(load_panel())}
            </When>
        </div>
    }
}

/// What is in it.
#[wasm_split(tables, fallible)]
fn load_panel() -> Late {
    Ok(view! { <Panel/> }.into_any())
}

/// What the answer depends on: everything but the silicon, which it varies itself.
fn load_of(page: &Page) -> String {
    let split = Scenario::default().split;
    page.scenario.with(|scenario| link::write(&Scenario { split, ..scenario.clone() }, &[]))
}

#[component]
fn Panel() -> impl IntoView {
    let page = use_page();
    let asked = memo(move || load_of(&page));
    // The scenario as it stands when its load changes, and not when an offer is taken.
    let following = follow(page.desk, Show::Latest, move || {
        asked.track();
        size::question(&page.scenario.with_untracked(|scenario| link::write(scenario, &[])))
    });
    let sized = move || following.answer.with(|text| size::read(text)).unwrap_or_default();
    let progress = move || {
        let Sized { steps, deployments, .. } = sized();
        let (count, best) = (deployments.len(), deployments.first());
        let best = best
            .map_or_else(String::new, |own| format!(", from {}", Unit::DollarsPerHour.format(own.per_hour)));
        format!("Sizing: {steps:.0} steps, {count} deployments so far{best} …")
    };
    let done = memo(move || !following.busy.get());
    let busy = memo(move || following.busy.get());
    let said = move || match following.failed.get() {
        Some(reason) => reason,
        None => sized().sentence,
    };
    let some = memo(move || !sized().deployments.is_empty());
    let rest = memo(move || sized().sentence.len() > 1 && sized().unfit.len() + sized().pays.len() > 0);
    view! {
        <section class="panel sizing" aria-labelledby="sizing-title">
            <h2 id="sizing-title">"Cheapest deployments for this load"</h2>
            <When on=busy>
                <p class="row caption" role="status">
                    <span>{views(progress)}</span>
                    <button type="button" class="quiet small" on:click=move |_| following.cancel()>"Cancel"</button>
                </p>
            </When>
            <When on=done>
                <p data-testid="sizing" role="status">{views(said)}</p>
            </When>
            <When on=some>
                <div class="scroll" tabindex="0" role="region" aria-label="Deployments, cheapest first">
                    <table class="words">
                        <thead>
                            <tr>
                                <th scope="col">"Deployment"</th>
                                <th scope="col">"$/h"</th>
                                <th scope="col">"$/Mtok"</th>
                                <th scope="col">"TTFT"</th>
                                <th scope="col">"TPOT"</th>
                            </tr>
                        </thead>
                        <tbody>{views(move || sized().deployments.iter().take(SHOWN).map(|own| offer(page, own)).collect_view())}</tbody>
                    </table>
                </div>
            </When>
            <When on=rest>
                <details class="more">
                    <summary><span>"Chips without a price, and chips that do not carry it"</span></summary>
                    <ul class="reasons">
                        {views(move || sized().pays.into_iter().map(|(words, link)| {
                            let label = format!("Open: {words}");
                            view! {
                                <li>
                                    {words} " "
                                    <button type="button" class="quiet small" aria-label=label on:click=move |_| take(page, &link)>
                                        "Open"
                                    </button>
                                </li>
                            }
                        }).collect_view())}
                        {views(move || sized().unfit.into_iter().map(|(chip, why)| view! {
                            <li>{format!("{chip}: {why}")}</li>
                        }).collect_view())}
                    </ul>
                </details>
            </When>
        </section>
    }
}

fn offer(page: Page, own: &Offer) -> AnyView {
    let link = own.link.clone();
    let per_mtok = if own.per_mtok.is_finite() {
        Unit::DollarsPerMillionTokens.format(own.per_mtok)
    } else {
        String::new()
    };
    view! {
        <tr>
            <th scope="row">
                <button type="button" class="quiet small" on:click=move |_| take(page, &link)>{own.label.clone()}</button>
            </th>
            <td>{Unit::DollarsPerHour.format(own.per_hour)}</td>
            <td>{per_mtok}</td>
            <td>{Unit::Seconds.format(own.ttft)}</td>
            <td>{Unit::Seconds.format(own.tpot)}</td>
        </tr>
    }
    .into_any()
}

fn take(page: Page, text: &str) {
    page.open(link::parse(text).scenario);
}

//! The cheapest deployments for the present load and service level: one sentence, and each of them a click away.

use crate::web::lean::{When, memo, views, words};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::jobs::{Following, follow};
use super::late::{self, Late};
use super::state::{Page, use_page};
use crate::explore::{BreakEven, Deployment};
use crate::jobs::size::{Question, Told};
use crate::report::explore::size::pays_below;
use crate::scenario::{Scenario, link};
use crate::units::format::{Precision, Unit};

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
    let following = follow(page.desk, move || {
        asked.track();
        Some(Question { link: page.scenario.with_untracked(|scenario| link::write(scenario, &[])) })
    });
    let told = move || following.answer();
    let done = memo(move || !following.busy.get());
    let busy = memo(move || following.busy.get());
    let said = move || match following.failed.get() {
        Some(reason) => reason,
        None => told().sentence,
    };
    let some = memo(move || !told().deployments.is_empty());
    let rest = memo(move || {
        let Told { sentence, unfit, break_even, .. } = told();
        sentence.len() > 1 && unfit.len() + break_even.len() > 0
    });
    let offers = move || told().deployments.iter().take(SHOWN).map(|own| offer(page, own)).collect_view();
    view! {
        <section class="panel sizing" aria-labelledby="sizing-title">
            <h2 id="sizing-title">"Cheapest deployments for this load"</h2>
            <When on=busy>
                <p class="row caption" role="status">
                    <span>{views(move || progress(&told()))}</span>
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
                                <th scope="col">"$/month"</th>
                                <th scope="col">"$/Mtok in+out"</th>
                                <th scope="col">"TTFT"</th>
                                <th scope="col">"TPOT"</th>
                            </tr>
                        </thead>
                        <tbody>{views(offers)}</tbody>
                    </table>
                </div>
            </When>
            <When on=rest>{reasons(page, following)}</When>
        </section>
    }
}

fn progress(Told { steps, deployments, .. }: &Told) -> String {
    let best = deployments.first().map_or_else(String::new, |own| {
        format!(", from {}", Unit::DollarsPerHour.format(own.per_hour.get()))
    });
    format!("Sizing: {steps} steps, {} deployments so far{best} …", deployments.len())
}

/// What chips without a price would have to cost, and why others do not carry the load.
fn reasons(page: Page, following: Following<Question>) -> AnyView {
    let pays = move || {
        let pays = |own: BreakEven| {
            let (words, link) = (pays_below(&own), own.deployed.link);
            let label = format!("Open: {words}");
            view! {
                <li>
                    {words} " "
                    <button type="button" class="quiet small" aria-label=label on:click=move |_| take(page, &link)>
                        "Open"
                    </button>
                </li>
            }
        };
        following.answer().break_even.into_iter().map(pays).collect_view()
    };
    let unfit = move || {
        let unfit = |(chip, why)| view! { <li>{format!("{chip}: {why}")}</li> };
        following.answer().unfit.into_iter().map(unfit).collect_view()
    };
    view! {
        <details class="more">
            <summary><span>"Chips without a price, and chips that do not carry it"</span></summary>
            <ul class="reasons">
                {views(pays)}
                {views(unfit)}
            </ul>
        </details>
    }
    .into_any()
}

fn offer(page: Page, own: &Deployment) -> AnyView {
    let link = own.deployed.link.clone();
    let per_mtok = own.per_mtok.map_or_else(String::new, |own| Unit::DollarsPerMillionTokens.format(own));
    view! {
        <tr>
            <th scope="row">
                <button type="button" class="quiet small" on:click=move |_| take(page, &link)>
                    {own.deployed.label.clone()}
                </button>
            </th>
            <td>{Unit::DollarsPerHour.format(own.per_hour.get())}</td>
            <td>{Unit::DollarsPerMonth.format_with(own.per_hour.per_month().get(), Precision::STEADY)}</td>
            <td>{per_mtok}</td>
            <td>{Unit::Seconds.format(own.ttft.get())}</td>
            <td>{Unit::Seconds.format(own.tpot.get())}</td>
        </tr>
    }
    .into_any()
}

fn take(page: Page, text: &str) {
    page.open(link::parse(text).scenario);
}

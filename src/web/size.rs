//! The cheapest deployments for the present load and service level: one sentence, and each of them a click away.

use std::sync::Arc;

use crate::web::lean::{When, memo, views, words};
use leptos::prelude::*;

use super::jobs::{Heard, follow};
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
                <Panel/>
            </When>
        </div>
    }
}

/// What the answer depends on: everything but the silicon, which it varies itself.
fn load_of(page: &Page) -> String {
    let split = Scenario::default().split;
    page.scenario.with(|scenario| link::write(&Scenario { split, ..scenario.clone() }, &[]))
}

#[component]
fn Panel() -> impl IntoView {
    let page = use_page();
    let sized = RwSignal::new(Arc::new(Sized::default()));
    let asked = memo(move || load_of(&page));
    // The scenario as it stands when its load changes, and not when an offer is taken.
    let question = memo(move || {
        asked.track();
        Some(size::question(&page.scenario.with_untracked(|scenario| link::write(scenario, &[]))))
    });
    let following = follow(page.desk, question, move |heard| match heard {
        Heard::Anew => sized.set(Arc::default()),
        Heard::Lines(text, _) => {
            if let Some(own) = size::read(text) {
                sized.set(Arc::new(own));
            }
        }
    });
    let progress = move || {
        let (steps, count, best) = sized.with(|own| {
            (own.steps, own.deployments.len(), own.deployments.first().map(|own| own.per_hour))
        });
        let best = best.map_or_else(String::new, |best| format!(", from {}", Unit::DollarsPerHour.format(best)));
        format!("Sizing: {steps:.0} steps, {count} deployments so far{best} …")
    };
    let done = memo(move || !following.busy.get());
    let busy = memo(move || following.busy.get());
    let said = move || match following.failed.get() {
        Some(reason) => reason,
        None => sized.with(|own| own.sentence.clone()),
    };
    let some = memo(move || sized.with(|own| !own.deployments.is_empty()));
    let rest = memo(move || sized.with(|own| !own.pays.is_empty() || !own.unfit.is_empty()));
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
                        <tbody>{views(move || sized.with(|own| {
                            own.deployments.iter().take(SHOWN).map(|own| offer(page, own)).collect_view()
                        }))}</tbody>
                    </table>
                </div>
            </When>
            <When on=rest>
                <details class="more">
                    <summary><span>"Chips without a price, and chips that do not carry it"</span></summary>
                    <ul class="reasons">
                        {views(move || sized.with(|own| own.pays.iter().map(|(words, link)| {
                            let link = link.clone();
                            view! {
                                <li>
                                    {words.clone()} " "
                                    <button type="button" class="quiet small" on:click=move |_| take(page, &link)>
                                        "Open" <span class="unseen">{format!(": {words}")}</span>
                                    </button>
                                </li>
                            }
                        }).collect_view()))}
                        {views(move || sized.with(|own| own.unfit.iter().map(|(chip, why)| view! {
                            <li>{format!("{chip}: {why}")}</li>
                        }).collect_view()))}
                    </ul>
                </details>
            </When>
        </section>
    }
}

fn offer(page: Page, own: &Offer) -> impl IntoView + use<> {
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
}

fn take(page: Page, text: &str) {
    page.open(link::parse(text).scenario);
}

//! The cheapest deployments for the present load and service level: one sentence, and each of them a click away.

use crate::web::lean::{When, flag, memo, views, words};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::jobs::{Following, follow};
use super::late::{self, Late};
use super::state::{Page, use_page};
use crate::explore::Written;
use crate::jobs::size::{Question, Row, Told};
use crate::report::explore::size::HEADINGS;
use crate::scenario::{Scenario, link};

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
    let wanted = RwSignal::new(Written::default());
    // The scenario as it stands when its load changes, and not when an offer is taken.
    let following = follow(page.desk, move || {
        asked.track();
        let link = page.scenario.with_untracked(|scenario| link::write(scenario, &[]));
        Some(Question { written: wanted.get(), link })
    });
    let told = move || following.answer();
    let done = memo(move || !following.busy.get());
    let busy = memo(move || following.busy.get());
    let said = move || match following.failed.get() {
        Some(reason) => reason,
        None => told().sentence,
    };
    let some = memo(move || !told().rows.is_empty());
    let without = memo(move || !told().unpriced.is_empty());
    let rest = memo(move || {
        let Told { sentence, unfit, pays, .. } = told();
        sentence.len() > 1 && unfit.len() + pays.len() > 0
    });
    let priced = move || rows(page, &told().rows);
    let unpriced = move || rows(page, &told().unpriced);
    view! {
        <section class="panel sizing" aria-labelledby="sizing-title">
            <h2 id="sizing-title">"Cheapest deployments for this load"</h2>
            {filters(wanted)}
            <When on=busy>
                <p class="row caption" role="status">
                    <span>{views(move || told().progress)}</span>
                    <button type="button" class="quiet small" on:click=move |_| following.cancel()>"Cancel"</button>
                </p>
            </When>
            <When on=done>
                <p data-testid="sizing" role="status">{views(said)}</p>
            </When>
            <When on=some>{table("Deployments, cheapest first", "priced", views(priced))}</When>
            <When on=without>
                <details class="more">
                    <summary><span>"Chips without a price"</span></summary>
                    {table("Deployments of chips without a price", "unpriced", views(unpriced))}
                </details>
            </When>
            <When on=rest>{reasons(page, following)}</When>
        </section>
    }
}

/// What deployments must be.
fn filters(wanted: RwSignal<Written>) -> AnyView {
    let entry = move |id: &'static str, label, hint, of: fn(&mut Written) -> &mut String| {
        let take = move |text: String| wanted.update(|own| *of(own) = text);
        view! {
            <div class="wanted">
                <label for=id>{label}</label>
                <input
                    id=id
                    type="text"
                    class="entry"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=hint
                    on:change=move |event| take(event_target_value(&event))
                />
            </div>
        }
        .into_any()
    };
    let check = move |label, of: fn(&mut Written) -> &mut bool| {
        let on = memo(move || *of(&mut wanted.get()));
        view! {
            <label class="row">
                <input
                    type="checkbox"
                    prop:checked={flag(move || on.get())}
                    on:change=move |_| wanted.update(|own| *of(own) ^= true)
                />
                {label}
            </label>
        }
        .into_any()
    };
    view! {
        <div class="chooser" role="group" aria-label="Only deployments that">
            {entry("size-chips", "Chips", "any", |own| &mut own.chips)}
            {entry("size-vendors", "Vendors", "any", |own| &mut own.vendors)}
            {entry("size-max-chips", "Most chips", "no limit", |own| &mut own.max_chips)}
            {entry("size-budget", "$/month", "no limit", |own| &mut own.budget)}
            {entry("size-power", "MW", "no limit", |own| &mut own.power)}
            {check("one vendor", |own| &mut own.same_vendor)}
            {check("chips one by one", |own| &mut own.singly)}
        </div>
    }
    .into_any()
}

/// A table of deployments.
fn table<V: IntoView + 'static>(label: &'static str, name: &'static str, rows: V) -> AnyView {
    let headings = HEADINGS.map(|heading| view! { <th scope="col">{heading}</th> }.into_any());
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table class="words" data-testid=name>
                <thead>
                    <tr>
                        <th scope="col">"Deployment"</th>
                        {headings.into_iter().collect_view()}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What chips without a price would have to cost, and why others do not carry the load.
fn reasons(page: Page, following: Following<Question>) -> AnyView {
    let pays = move || {
        let pays = |(words, link): (String, String)| {
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
        following.answer().pays.into_iter().map(pays).collect_view()
    };
    let unfit = move || {
        let unfit = |(chip, why)| view! { <li>{format!("{chip}: {why}")}</li> };
        following.answer().unfit.into_iter().map(unfit).collect_view()
    };
    view! {
        <details class="more">
            <summary><span>"What chips without a price may cost, and chips that do not carry it"</span></summary>
            <ul class="reasons">
                {views(pays)}
                {views(unfit)}
            </ul>
        </details>
    }
    .into_any()
}

/// Deployments, each a click away.
fn rows(page: Page, own: &[Row]) -> AnyView {
    let row = |own: &Row| {
        let link = own.link.clone();
        let cells = own.cells.iter().map(|cell| view! { <td>{cell.clone()}</td> }.into_any());
        view! {
            <tr>
                <th scope="row">
                    <button type="button" class="quiet small" on:click=move |_| take(page, &link)>
                        {own.label.clone()}
                    </button>
                </th>
                {cells.collect_view()}
            </tr>
        }
        .into_any()
    };
    own.iter().map(row).collect_view().into_any()
}

fn take(page: Page, text: &str) {
    page.open(link::parse(text).scenario);
}

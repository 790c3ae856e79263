//! The view of sizing: which deployments carry the present load within its service level, what each costs, and what chips
//! without a price would have to cost. Each is a click away, to use it or to compare with it.

use std::sync::Arc;

use crate::web::lean::{When, flag, memo, views};
use leptos::prelude::*;
use markup::view;
use wasm_bindgen::JsCast;

use super::charts::picture::{Picture, Shown};
use super::controls::level;
use super::jobs::{Following, follow};
use super::state::{MOST_PINS, Page, Tab, use_page};
use crate::catalog;
use crate::chart::figure::Figure;
use crate::chart::spot::Spot;
use crate::explore::{Written, all_chips};
use crate::figure::size::{self as figure, Offer};
use crate::jobs::size::{Pays, Question, Row, Told};
use crate::report::explore::size::HEADINGS;
use crate::report::words;
use crate::scenario::{Scenario, link};

/// Opens the view.
#[component]
pub fn SizeButton() -> impl IntoView {
    let page = use_page();
    view! {
        <button
            type="button"
            class="quiet small"
            data-testid="size"
            title="The cheapest deployments for this load and service level, over all chips"
            on:click=move |_| {
                page.look(|view| (view.tab, view.alone) = (Tab::Size, false));
                page.commit();
                bring("tab-size");
            }
        >
            "Size it"
        </button>
    }
}

/// Brings a place of the page in sight and the keyboard to it: what was asked for may be answered below the screen.
pub fn bring(id: &str) {
    let Some(place) = document().get_element_by_id(id) else { return };
    place.scroll_into_view();
    if let Ok(place) = place.dyn_into::<leptos::web_sys::HtmlElement>() {
        let _ = place.focus();
    }
}

/// What the answer depends on: everything but the silicon, which it varies itself. So it is that of the scenario even where
/// that does not fit, and what is shown beside it belongs to another one.
fn load_of(page: &Page) -> String {
    let split = Scenario::default().split;
    page.scenario.with(|scenario| link::write(&Scenario { split, ..scenario.clone() }, &[]))
}

/// The view.
pub fn sizing() -> AnyView {
    let page = use_page();
    let asked = memo(move || load_of(&page));
    // The scenario as it stands when its load changes, and not when an offer is taken.
    let following = follow(page.desk, move || {
        asked.track();
        let link = page.scenario.with_untracked(|scenario| link::write(scenario, &[]));
        Some(Question { written: page.wanted.get(), link })
    });
    let told = move || following.answer();
    let done = memo(move || !following.busy.get());
    let busy = memo(move || following.busy.get());
    let said = move || match following.failed.get() {
        Some(reason) => reason,
        None => told().sentence,
    };
    // The cheapest is a click away where it is named.
    let best = move || {
        let row = told().rows.into_iter().next()?;
        let use_it = move |_| take(page, &row.link);
        Some(view! {
            <button type="button" class="primary" data-testid="use-best" on:click=use_it>"Use the cheapest"</button>
        })
    };
    // Who looks at a chip without a price asks first what it may cost.
    let own_pays = move || {
        let here = |chip: &str| {
            page.scenario.with(|own| own.split.pools().iter().any(|(_, pool)| pool.chip == chip))
        };
        let own = told().pays.into_iter().filter(|own| here(&own.chip));
        own.map(|own| paying(page, own)).collect_view()
    };
    let some = memo(move || !told().rows.is_empty());
    let without = memo(move || !told().unpriced.is_empty() || !told().pays.is_empty());
    let unsold = memo(move || !told().unpriced.is_empty());
    let rest = memo(move || done.get() && !told().unfit.is_empty());
    let priced = move || rows(page, &told().rows);
    let unpriced = move || rows(page, &told().unpriced);
    let shown = memo(move || {
        let offers = offers(&told());
        Shown((!offers.is_empty()).then(|| Arc::new(figure::ranking(&offers)) as Arc<dyn Figure>))
    });
    let pick = Callback::new(move |spot: Spot| {
        let link = untrack(told).rows.into_iter().nth(spot.row).map(|own| own.link);
        if let Some(link) = link {
            take(page, &link);
        }
    });
    view! {
        <div class="sizing">
            <When on=busy>
                <p class="row caption" role="status">
                    <span>{views(move || told().progress)}</span>
                    <button type="button" class="quiet small" on:click=move |_| following.cancel()>"Cancel"</button>
                </p>
            </When>
            <When on=done>
                <p class="found" data-testid="sizing" role="status">{views(said)}</p>
                <ul class="reasons" data-testid="own-pays">{views(own_pays)}</ul>
                <p class="row">{views(best)}</p>
            </When>
            {(!page.embedded).then(|| filters(page))}
            <When on=some>
                <Picture
                    label="Costs of the deployments"
                    shown
                    pick
                    caption="The bar is the price of the chips; the whisker also holds the error of the throughput, and with it of the chips that it takes. Click a bar to use it."
                />
                {table("Deployments, cheapest first", "priced", views(priced))}
            </When>
            <When on=without>{pays(page, following)}</When>
            <When on=unsold>{table("Deployments of chips without a price", "unpriced", views(unpriced))}</When>
            <When on=rest>{unfit(following)}</When>
        </div>
    }
    .into_any()
}

/// The rows that have a price, as bars.
fn offers(told: &Told) -> Vec<Offer> {
    let offer = |own: &Row| {
        let per_hour = <[f64; 3]>::try_from(own.per_hour.clone()).ok()?;
        Some(Offer { label: own.bought.clone(), split: own.split.clone(), per_hour, note: own.label.clone() })
    };
    told.rows.iter().filter_map(offer).collect()
}

/// What deployments must be.
fn filters(page: Page) -> AnyView {
    let entry = move |id: &'static str, label, hint, of: fn(&mut Written) -> &mut String| {
        let take = move |text: String| page.want(|own| *of(own) = text);
        let value = memo(move || of(&mut page.wanted.get()).clone());
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
                    prop:value=move || value.get()
                    on:change=move |event| take(event_target_value(&event))
                />
            </div>
        }
        .into_any()
    };
    let check = move |label, of: fn(&mut Written) -> &mut bool| {
        let on = memo(move || *of(&mut page.wanted.get()));
        view! {
            <label class="row">
                <input
                    type="checkbox"
                    prop:checked={flag(move || on.get())}
                    on:change=move |_| page.want(|own| *of(own) ^= true)
                />
                {label}
            </label>
        }
        .into_any()
    };
    view! {
        <div class="size-level">{level("size-")}</div>
        <div class="chooser" role="group" aria-label="Only deployments that">
            {entry("size-chips", "Chips", "any", |own| &mut own.chips)}
            {entry("size-vendors", "Vendors", "any", |own| &mut own.vendors)}
            {entry("size-max-chips", "Most chips", "no limit", |own| &mut own.max_chips)}
            {entry("size-budget", "$/month", "no limit", |own| &mut own.budget)}
            {entry("size-power", "MW", "no limit", |own| &mut own.power)}
            {check("one vendor", |own| &mut own.same_vendor)}
            {check("chips one by one", |own| &mut own.singly)}
        </div>
        {allowed(page)}
    }
    .into_any()
}

/// The chips that may be taken, by vendor, each to be allowed or not.
fn allowed(page: Page) -> AnyView {
    let all = page.scenario.with_untracked(all_chips);
    let mut vendors: Vec<(String, Vec<String>)> = Vec::new();
    for id in all {
        let vendor = catalog::chip(&id).map_or("own", |own| &*own.vendor).to_owned();
        match vendors.iter_mut().find(|own| own.0 == vendor) {
            Some((_, chips)) => chips.push(id),
            None => vendors.push((vendor, vec![id])),
        }
    }
    let count = memo(move || page.wanted.with(|own| listed(&own.chips).len()));
    let group = move |(vendor, chips): (String, Vec<String>)| {
        let boxes = chips.into_iter().map(|id| chip_box(page, id)).collect_view();
        view! {
            <fieldset class="allowed">
                <legend>{vendor}</legend>
                {boxes}
            </fieldset>
        }
    };
    view! {
        <details class="more" data-testid="allowed">
            <summary>
                <span>
                    {views(move || match count.get() {
                        0 => "Chips allowed: all".to_owned(),
                        1 => "Chips allowed: 1".to_owned(),
                        more => format!("Chips allowed: {more}"),
                    })}
                </span>
            </summary>
            <div class="allowed-all">{vendors.into_iter().map(group).collect_view()}</div>
        </details>
    }
    .into_any()
}

/// A chip that may be allowed: with none named, all are.
fn chip_box(page: Page, id: String) -> AnyView {
    let name = words::chip(&id).to_owned();
    let own = id.clone();
    let on = memo(move || page.wanted.with(|wanted| listed(&wanted.chips).contains(&own.as_str())));
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked={flag(move || on.get())}
                on:change=move |_| page.want(|wanted| {
                    let mut all: Vec<&str> = listed(&wanted.chips);
                    match all.iter().position(|own| *own == id) {
                        Some(place) => {
                            all.remove(place);
                        }
                        None => all.push(&id),
                    }
                    wanted.chips = all.join(",");
                })
            />
            <span>{name}</span>
        </label>
    }
    .into_any()
}

/// The names of a list.
fn listed(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|own| !own.is_empty()).collect()
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

/// What chips without a price would have to cost.
fn pays(page: Page, following: Following<Question>) -> AnyView {
    let pays = move || following.answer().pays.into_iter().map(|own| paying(page, own)).collect_view();
    view! {
        <h3>"Chips without a price"</h3>
        <ul class="reasons" data-testid="pays">{views(pays)}</ul>
    }
    .into_any()
}

fn paying(page: Page, own: Pays) -> AnyView {
    let Pays { words, link, .. } = own;
    let label = format!("Use: {words}");
    view! {
        <li>
            {words} " "
            <button type="button" class="quiet small" aria-label=label on:click=move |_| take(page, &link)>
                "Use"
            </button>
        </li>
    }
    .into_any()
}

/// Why other chips do not carry the load.
fn unfit(following: Following<Question>) -> AnyView {
    let unfit = move || {
        let unfit = |(chip, why)| view! { <li>{format!("{chip}: {why}")}</li> };
        following.answer().unfit.into_iter().map(unfit).collect_view()
    };
    view! {
        <details class="more">
            <summary><span>"Chips that do not carry this load alone"</span></summary>
            <ul class="reasons">{views(unfit)}</ul>
        </details>
    }
    .into_any()
}

/// Deployments, each to be used or compared with.
fn rows(page: Page, own: &[Row]) -> AnyView {
    let row = |own: &Row| {
        let (link, other, label) = (own.link.clone(), own.link.clone(), own.label.clone());
        let cells = own.cells.iter().map(|cell| view! { <td>{cell.clone()}</td> }.into_any());
        let full = flag(move || page.pins.with(Vec::len) >= MOST_PINS);
        view! {
            <tr>
                <th scope="row">
                    <span class="offer">{label.clone()}</span>
                    <button
                        type="button"
                        class="quiet small use"
                        aria-label=format!("Use {label}")
                        on:click=move |_| take(page, &link)
                    >
                        "Use"
                    </button>
                    <button
                        type="button"
                        class="quiet small pin"
                        aria-label=format!("Pin {label}")
                        disabled=full
                        on:click=move |_| page.pin(link::parse(&other).scenario)
                    >
                        "Pin"
                    </button>
                </th>
                {cells.collect_view()}
            </tr>
        }
        .into_any()
    };
    own.iter().map(row).collect_view().into_any()
}

/// Opens a deployment, and shows what the page says about it.
fn take(page: Page, text: &str) {
    page.open(link::parse(text).scenario);
    if let Some(root) = document().document_element() {
        root.scroll_into_view();
    }
}

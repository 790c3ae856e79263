//! Pinned scenarios: kept beside the current one, compared in a table and drawn on the curves.

use crate::web::lean::{When, flag, memo, views, words};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::figures::{change, read, value};
use super::jobs::follow;
use super::late::{self, Late};
use super::pinned::Pin;
use super::state::{MOST_PINS, Page, use_page};
use crate::figure::compare;
use crate::jobs::diff;
use crate::metric::Metric;
use crate::report::words::letter;
use crate::scenario::link;
use crate::units::format::ABSENT;

/// What is compared.
const HELD: &str = "Pinned scenarios are held to the load, lengths and service level of the current one; a pin that differs in \
                    nothing else keeps its own. Changes say how the current scenario differs from the pinned one.";
const APART: &str = "Pinned scenarios keep their own load, lengths and service level. Changes say how the current scenario \
                     differs from the pinned one.";

/// The metrics of the strip.
const STRIP: [Metric; 4] = [Metric::Ttft, Metric::Tpot, Metric::ThroughputPerChip, Metric::CostTotal];

/// The rows of the table.
const ROWS: [Metric; 9] = [
    Metric::Ttft,
    Metric::Tpot,
    Metric::E2e,
    Metric::Interactivity,
    Metric::Throughput,
    Metric::ThroughputPerChip,
    Metric::CostTotal,
    Metric::EnergyDrawn,
    Metric::Energy,
];

/// What is compared, above the charts and in sight while one scrolls: the scenarios as named, coloured chips, and what sets
/// the current one apart from one of them.
#[component]
pub fn CompareBar() -> impl IntoView {
    let page = use_page();
    let count = memo(move || page.pins.with(Vec::len));
    let some = memo(move || count.get() > 0);
    view! {
        <section class="compare-bar" class:empty={flag(move || !some.get())} aria-labelledby="compare-title">
            <h2 id="compare-title" class="unseen">"Compared scenarios"</h2>
            <div class="compare-chips">
                <When on=some>
                    {late::shown(load_chips())}
                </When>
                <button
                    type="button"
                    class="small"
                    data-testid="pin"
                    disabled={flag(move || count.get() >= MOST_PINS)}
                    title="Keep this scenario and compare others with it"
                    on:click=move |_| page.pin_current()
                >
                    {views(move || if some.get() { "+ Pin" } else { "Pin to compare" })}
                    <span class="unseen">" this scenario"</span>
                    {views(move || some.get().then(|| format!(" {}/{MOST_PINS}", count.get())))}
                </button>
            </div>
            <When on=some>
                {late::shown(load_strip())}
            </When>
        </section>
    }
}

/// The chips.
#[wasm_split(tables, fallible)]
fn load_chips() -> Late {
    Ok(chips())
}

/// The current scenario and the pinned ones, each a button.
fn chips() -> AnyView {
    let page = use_page();
    let now = memo(move || page.scenario.with(compare::present));
    let pins = move || {
        let names = page.names.get();
        let pins = page.pins.get().into_iter().zip(names).enumerate();
        pins.map(|(index, (pin, name))| chip(page, index, pin, &name)).collect_view()
    };
    view! {
        <span class="compare-chip now">
            <span class="swatch" data-series="1" aria-hidden="true"></span>
            {views(move || now.get())}
        </span>
        {views(pins)}
    }
    .into_any()
}

/// A pinned scenario: its name makes it the one that differences are counted from.
fn chip(page: Page, index: usize, pin: Pin, name: &str) -> AnyView {
    let Pin { key, scenario, .. } = pin;
    let chosen = move || page.baseline() == index;
    let hint = format!("Count differences from {name}");
    view! {
        <span class="compare-chip">
            <button
                type="button"
                class="quiet name"
                aria-pressed={words(move || if chosen() { "true" } else { "false" })}
                title=hint
                on:click=move |_| page.base.set(key)
            >
                <span class="swatch" data-series=index + 2 aria-hidden="true"></span>
                <b>{letter(index)}</b>
                " "
                {name.to_owned()}
            </button>
            <button
                type="button"
                class="quiet"
                aria-label=format!("Open {name}")
                title="Make it the scenario"
                on:click=move |_| page.open(scenario.clone())
            >
                "Open"
            </button>
            <button
                type="button"
                class="quiet"
                aria-label=format!("Unpin {name}")
                title="Unpin"
                on:click=move |_| page.unpin(key)
            >
                "×"
            </button>
        </span>
    }
    .into_any()
}

/// The strip of differences.
#[wasm_split(tables, fallible)]
fn load_strip() -> Late {
    Ok(strip())
}

/// How the current scenario differs from the chosen pin, and what each difference is put down to.
fn strip() -> AnyView {
    let page = use_page();
    let base = memo(move || page.baseline());
    let pinned = memo(move || {
        let index = base.get();
        page.pins.with(|pins| pins.get(index).map(|pin| link::write(&pin.scenario, &[])))
    });
    let following = follow(page.desk, move || {
        let before = pinned.get()?;
        let after = page.scenario.with(|scenario| link::write(scenario, &[]));
        let apart = page.view.get().apart;
        (before != after).then_some(diff::Question { before, after, apart })
    });
    let name = move || {
        let name = page.names.get().into_iter().nth(base.get()).unwrap_or_default();
        format!("Now against {} {name}:", letter(base.get()))
    };
    let item = move |metric: Metric| {
        let now = page.answer.with(|answer| read(answer, metric)).ok();
        let before = page.beside.with(|pins| read(&pins.get(base.get())?.answer, metric).ok());
        let delta = now.zip(before).and_then(|(now, before)| change(metric, now.value, before.value));
        let why = following.answer().reasons.into_iter().find(|own| own.0 == metric.id());
        let why = why.map(|own| own.1).filter(|own| !own.is_empty() && delta.is_some());
        view! {
            <li data-metric=metric.id()>
                <b>{metric.short()}</b>
                " "
                {match delta {
                    Some(delta) => view! {
                        <span
                            class="delta"
                            class:better=delta.better == Some(true)
                            class:worse=delta.better == Some(false)
                        >
                            {delta.text}
                        </span>
                    }.into_any(),
                    None => ABSENT.into_any(),
                }}
                {why.map(|text| view! { <span class="why-not">": " {text}</span> })}
            </li>
        }
    };
    view! {
        <div class="compare-strip" data-testid="strip">
            <span class="against">{views(name)}</span>
            <ul>{views(move || STRIP.into_iter().map(item).collect_view())}</ul>
        </div>
    }
    .into_any()
}

/// The table of pinned scenarios beside the current one.
#[component]
pub fn Comparison() -> impl IntoView {
    let page = use_page();
    let some = memo(move || page.pins.with(|pins| !pins.is_empty()));
    view! {
        <When on=some>
            {late::shown(load_comparison())}
        </When>
    }
}

/// The table itself.
#[wasm_split(tables, fallible)]
fn load_comparison() -> Late {
    Ok(comparison())
}

fn comparison() -> AnyView {
    let page = use_page();
    view! {
        <section class="panel comparison" aria-labelledby="comparison-title">
            <h2 id="comparison-title">"Compared"</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Table of compared figures">
                <table>
                    <thead>
                        <tr>
                            <th scope="col"><span class="unseen">"Metric"</span></th>
                            <th scope="col">"Now"</th>
                            {views(move || (0..page.pins.with(Vec::len)).map(|index| view! {
                                <PinHead index/>
                            }).collect_view())}
                        </tr>
                    </thead>
                    <tbody>
                        {ROWS.into_iter().map(|metric| view! { <Row metric/> }).collect_view()}
                    </tbody>
                </table>
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="pins-apart"
                    prop:checked={flag(move || page.view.get().apart)}
                    on:change=move |_| {
                        page.look(|view| view.apart = !view.apart);
                        page.commit();
                    }
                />
                <span>"Each with its own load, lengths and service level"</span>
            </label>
            <p class="caption">{views(move || if page.view.get().apart { APART } else { HELD })}</p>
            <div class="apart">
                {views(move || page.pins.get().into_iter().enumerate().map(|(index, pin)| view! {
                    <Differences index pin/>
                }).collect_view())}
            </div>
        </section>
    }
    .into_any()
}

/// What sets the current scenario apart from a pinned one, and what each change is worth.
#[component]
fn Differences(
    /// Place among the pins.
    index: usize,
    /// The pin.
    pin: Pin,
) -> impl IntoView {
    let page = use_page();
    let before = link::write(&pin.scenario, &[]);
    let apart = memo(move || page.view.get().apart);
    let following = follow(page.desk, move || {
        let after = page.scenario.with(|scenario| link::write(scenario, &[]));
        (before != after).then(|| diff::Question { before: before.clone(), after, apart: apart.get() })
    });
    let some = memo(move || following.some());
    let lines =
        move || following.answer().lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <When on=some>
            <div class="differences">
                <h3>{views(move || format!("From {} {} to now", letter(index), page.names.get().get(index).cloned().unwrap_or_default()))}</h3>
                <ul>
                    {views(lines)}
                </ul>
            </div>
        </When>
    }
}

#[component]
fn PinHead(
    /// Place among the pins, which decides the colour.
    index: usize,
) -> impl IntoView {
    let page = use_page();
    let name = move || page.names.get().get(index).cloned().unwrap_or_default();
    view! {
        <th scope="col">
            <span class="swatch" data-series=index + 2 aria-hidden="true"></span>
            <span class="pin-name"><b>{letter(index)}</b> " " {views(name)}</span>
        </th>
    }
}

#[component]
fn Row(
    /// What it compares.
    metric: Metric,
) -> impl IntoView {
    let page = use_page();
    let now = memo(move || page.answer.with(|answer| read(answer, metric)).ok());
    let cells = move || {
        page.beside
            .get()
            .into_iter()
            .map(|pin| {
                let own = read(&pin.answer, metric).ok();
                let delta = now.get().zip(own).and_then(|(now, own)| change(metric, now.value, own.value));
                view! {
                    <td>
                        {own.map_or_else(|| ABSENT.to_owned(), |own| value(metric, own))}
                        {delta.map(|delta| view! {
                            <span
                                class="delta"
                                class:better=delta.better == Some(true)
                                class:worse=delta.better == Some(false)
                            >
                                {delta.text}
                            </span>
                        })}
                    </td>
                }
            })
            .collect_view()
    };
    view! {
        <tr>
            <th scope="row">{metric.label()}</th>
            <td>{views(move || now.get().map_or_else(|| ABSENT.to_owned(), |own| value(metric, own)))}</td>
            {cells}
        </tr>
    }
}

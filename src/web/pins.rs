//! Pinned scenarios: kept beside the current one, compared in a table and drawn on the curves.

use crate::web::lean::{When, flag, memo, views};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::figures::{change, read, value};
use super::jobs::follow;
use super::late::{self, Late};
use super::pinned::Pin;
use super::state::{MOST_PINS, use_page};
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

/// The button that keeps the current scenario.
#[component]
pub fn PinButton() -> impl IntoView {
    let page = use_page();
    let count = memo(move || page.pins.with(Vec::len));
    view! {
        <button
            type="button"
            data-testid="pin"
            disabled={flag(move || count.get() >= MOST_PINS)}
            title="Keep this scenario and compare others with it"
            on:click=move |_| page.pin_current()
        >
            "Pin"
            <span class="unseen">" this scenario to compare"</span>
            {views(move || (count.get() > 0).then(|| format!(" {}/{MOST_PINS}", count.get())))}
        </button>
    }
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
                            {views(move || page.pins.get().into_iter().enumerate().map(|(index, pin)| view! {
                                <PinHead index pin/>
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
    let lines = move || following.answer().into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <When on=some>
            <div class="differences">
                <h3>{format!("From {} to now", letter(index))}</h3>
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
    /// The pin.
    pin: Pin,
) -> impl IntoView {
    let page = use_page();
    let Pin { key, name, scenario, .. } = pin;
    view! {
        <th scope="col">
            <span class="swatch" data-series=index + 2 aria-hidden="true"></span>
            <span class="pin-name"><b>{letter(index)}</b> " " {name.clone()}</span>
            <span class="row">
                <button
                    type="button"
                    class="quiet small"
                    aria-label=format!("Open {name}")
                    on:click=move |_| page.open(scenario.clone())
                >
                    "Open"
                </button>
                <button
                    type="button"
                    class="quiet small"
                    aria-label=format!("Unpin {name}")
                    on:click=move |_| page.unpin(key)
                >
                    "Unpin"
                </button>
            </span>
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

//! Pinned scenarios: kept beside the current one, compared in a table and drawn on the curves.

use std::sync::Arc;

use crate::web::lean::{When, flag, memo, views};
use leptos::prelude::*;
use markup::view;

use super::figures::{change, read, value};
use super::jobs::follow;
use super::late;
use super::state::{MAX_PINS, Pin, use_page};
use crate::evaluate::evaluate;
use crate::figure::view::letter;
use crate::jobs::diff;
use crate::metric::Metric;
use crate::report::{sentence, words};
use crate::scenario::link;
use crate::scenario::{Load, Scenario};
use crate::units::format::{ABSENT, Unit};

/// The rows of the table.
const ROWS: [Metric; 8] = [
    Metric::Ttft,
    Metric::Tpot,
    Metric::E2e,
    Metric::Interactivity,
    Metric::Throughput,
    Metric::ThroughputPerChip,
    Metric::CostTotal,
    Metric::Energy,
];

/// Scenarios from links, as pins; at most [`MAX_PINS`].
pub fn read_links<'a>(links: impl Iterator<Item = &'a str>) -> Vec<Pin> {
    let mut pins = Vec::new();
    for (key, text) in (1..).zip(links.take(MAX_PINS)) {
        let scenario = link::parse(text).scenario;
        let answer = Arc::new(evaluate(&scenario));
        let name = name(&scenario, &pins);
        pins.push(Pin { key, name, scenario, answer });
    }
    pins
}

/// What to call a scenario beside those already pinned: model and silicon, and what else sets it apart.
pub fn name(scenario: &Scenario, pins: &[Pin]) -> String {
    let mut name = format!("{} on {}", words::model(&scenario.model), sentence::deployment(scenario));
    if pins.iter().any(|pin| pin.name == name) {
        let load = match scenario.load {
            Load::Closed { concurrency } => format!("{} users", Unit::Count.format(concurrency)),
            Load::Open { rate, .. } => Unit::RequestsPerSecond.format(rate.get()),
        };
        name = format!("{name}, {}, {load}", sentence::lengths(scenario));
    }
    let mut number = 2;
    let stem = name.clone();
    while pins.iter().any(|pin| pin.name == name) {
        name = format!("{stem} ({number})");
        number += 1;
    }
    name
}

/// The button that keeps the current scenario.
#[component]
pub fn PinButton() -> impl IntoView {
    let page = use_page();
    let count = memo(move || page.pins.with(Vec::len));
    view! {
        <button
            type="button"
            data-testid="pin"
            disabled={flag(move || count.get() >= MAX_PINS)}
            title="Keep this scenario and compare others with it"
            on:click=move |_| page.pin_current()
        >
            "Pin"
            <span class="unseen">" this scenario to compare"</span>
            {views(move || (count.get() > 0).then(|| format!(" {}/{MAX_PINS}", count.get())))}
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
            {late::comparison()}
        </When>
    }
}

/// The table itself.
pub fn comparison() -> AnyView {
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
            <p class="caption">"Changes say how the current scenario differs from the pinned one."</p>
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
    let following = follow(page.desk, move || {
        let after = page.scenario.with(|scenario| link::write(scenario, &[]));
        (before != after).then(|| diff::Question { before: before.clone(), after })
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
        page.pins
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

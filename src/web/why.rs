//! Why the latencies are what they are: each as a bar of its parts, coloured by what limits them, the scenario above what is pinned.

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::charts::table::{Folded, plain};
use super::late::{self, Late};
use super::state::use_page;
use crate::figure::latency::{Breakdown, LATENCIES, Latency, Limited, Row, breakdown, table};
use crate::report::words;
use crate::serve::Binding;
use crate::units::format::{Precision, Unit};

/// Parts below this share of the longest bar are not labelled inside it.
const LABELLED: f64 = 0.12;

/// Parts below this share of a latency stand in the table only.
const NAMED: f64 = 0.01;

/// The bars of TTFT and TPOT, each with its legend, and all figures as a table.
pub fn why() -> AnyView {
    let latencies = LATENCIES.map(apart);
    let table = Box::new(move || late::shown(load_parts(latencies)));
    let caption = Signal::stored("The parts of a bar add up to the latency.".to_owned());
    let bars = LATENCIES.into_iter().zip(latencies).map(|((title, ..), own)| bars(title, own)).collect_view();
    view! {
        <div class="why">{bars}</div>
        <Folded label="Parts of the latencies" caption content=table/>
    }
    .into_any()
}

/// The parts of each latency.
type Latencies = [Memo<Breakdown>; 2];

/// All figures of the bars.
#[wasm_split(tables, fallible)]
fn load_parts(latencies: Latencies) -> Late {
    Ok(views(move || plain(&table(&latencies.map(|own| own.get())))).into_any())
}

/// A latency of the scenario first, then of the pins.
fn apart(latency: Latency) -> Memo<Breakdown> {
    let page = use_page();
    memo(move || {
        let now = page.answer.get();
        page.beside.with(|pins| {
            let pinned = page.names.get().into_iter().zip(pins.iter().map(|pin| &pin.answer));
            let all = [("Now".to_owned(), &now)].into_iter().chain(pinned);
            breakdown(
                latency,
                all.filter_map(|(name, own)| Some((name, &own.as_ref().as_ref().ok()?.steady))),
            )
        })
    })
}

fn bars(title: &'static str, latency: Memo<Breakdown>) -> AnyView {
    let longest = move || latency.with(|own| own.rows.iter().map(Row::total).fold(0.0, f64::max));
    let one = move || latency.with(|own| own.rows.len() < 2);
    let bar = move |row: Row| {
        let (total, longest) = (row.total(), longest());
        let rest = ((longest - total) / longest).max(0.0);
        let segments = row.limits.iter().map(|own| segment(own, total, longest)).collect_view();
        let name = (!one()).then(|| view! {
            <b class="whose">{row.name.clone()} " " {Unit::Seconds.format_with(total, Precision::STEADY)}</b>
        });
        view! {
            {name}
            <ul class="stack" aria-hidden="true">
                {segments}
                <li class="rest" style:flex-grow=format!("{rest:.5}")></li>
            </ul>
        }
    };
    let item = move |own: Limited| {
        let told = own.told();
        view! {
            <li>
                <span class="dot" data-limit=limit_id(own.limit) aria-hidden="true"></span>
                {words::capital(words::binding(own.limit).trim_start_matches("limited by "))}
                " "
                <b>{Unit::Seconds.format(own.time)}</b>
                {(!told.is_empty()).then(|| format!(" {told}"))}
            </li>
        }
    };
    let first = move || latency.with(|own| own.rows.first().cloned());
    view! {
        <div class="breakdown">
            <h3>
                {title}
                " "
                <span class="figure">
                    {views(move || latency.with(|own| own.rows.first().filter(|_| own.rows.len() == 1).map(|row| {
                        Unit::Seconds.format_with(row.total(), Precision::STEADY)
                    })))}
                </span>
            </h3>
            {views(move || latency.get().rows.into_iter().map(bar).collect_view())}
            <p class="reason">{views(move || first().map(|row| row.why))}</p>
            <ul class="legend" aria-label=format!("Parts of {title}")>
                {views(move || first().map(|row| {
                    let least = row.total() * NAMED;
                    row.ranked().into_iter().filter(|own| own.time >= least).map(item).collect_view()
                }))}
            </ul>
        </div>
    }
    .into_any()
}

fn segment(own: &Limited, total: f64, longest: f64) -> impl IntoView {
    let length = own.time / longest;
    let name = words::short(own.limit);
    let time = Unit::Seconds.format(own.time);
    let share = Unit::Percent.format_with(own.time / total, Precision::SHORT);
    view! {
        <li
            class="segment-of-time"
            data-limit=limit_id(own.limit)
            style:flex-grow=format!("{length:.5}")
            title=format!("{name}: {time}, {share}")
        >
            <span class:unseen={length < LABELLED}>{words::capital(name)}</span>
        </li>
    }
}

/// The colour of a limit in the stylesheet.
const fn limit_id(limit: Binding) -> &'static str {
    match limit {
        Binding::Weights => "weights",
        Binding::Kv => "kv",
        Binding::Activations => "activations",
        Binding::Compute => "compute",
        Binding::Collective | Binding::Link => "link",
        Binding::LatencyFloor => "overhead",
        Binding::CollectiveLatency | Binding::RoundTrips => "latency",
        Binding::Interference | Binding::Steps => "interference",
        _ => "queue",
    }
}

//! Why the latencies are what they are: each as a bar of its parts, coloured by cause, the scenario above what is pinned.

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;
use wasm_split_helpers::wasm_split;

use super::charts::table::{Folded, plain};
use super::late::{self, Late};
use super::state::use_page;
use crate::figure::latency::{Breakdown, LATENCIES, Latency, Row, breakdown, table};
use crate::report::words;
use crate::report::words::letter;
use crate::serve::{Cause, Part};
use crate::units::format::{Precision, Unit};
use crate::units::order;

/// Parts below this share of the longest bar are not labelled inside it.
const LABELLED: f64 = 0.12;

/// The bars of TTFT and TPOT, each with its legend, and all figures as a table.
pub fn why() -> AnyView {
    let latencies = LATENCIES.map(apart);
    let table = Box::new(move || late::shown(load_parts(latencies)));
    let caption = Signal::stored("The parts of a bar add up to the latency.".to_owned());
    let bars = LATENCIES.into_iter().zip(latencies).map(|((title, _), own)| bars(title, own)).collect_view();
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
        page.pins.with(|pins| {
            let pinned = pins.iter().enumerate();
            let pinned = pinned.map(|(index, pin)| (format!("Pin {}", letter(index)), &pin.answer));
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
        let segments = row.parts.iter().map(|part| segment(*part, total, longest)).collect_view();
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
    let item = move |part: Part| {
        view! {
            <li>
                <span class="dot" data-cause=cause_id(part.cause) aria-hidden="true"></span>
                {words::cause(part.cause)}
                " "
                <b>{Unit::Seconds.format(part.time.get())}</b>
            </li>
        }
    };
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
            <ul class="legend" aria-label=format!("Parts of {title}")>
                {views(move || {
                    let mut parts = latency.with(|own| own.rows.first().map(|row| row.parts.clone()).unwrap_or_default());
                    order::sort_by(&mut parts, |a, b| b.time.get().total_cmp(&a.time.get()));
                    parts.into_iter().map(item).collect_view()
                })}
            </ul>
        </div>
    }
    .into_any()
}

fn segment(part: Part, total: f64, longest: f64) -> impl IntoView {
    let length = part.time.get() / longest;
    let name = words::cause(part.cause);
    let time = Unit::Seconds.format(part.time.get());
    let share = Unit::Percent.format_with(part.time.get() / total, Precision::SHORT);
    view! {
        <li
            class="segment-of-time"
            data-cause=cause_id(part.cause)
            style:flex-grow=format!("{length:.5}")
            title=format!("{name}: {time}, {share}")
        >
            <span class:unseen={length < LABELLED}>{name}</span>
        </li>
    }
}

/// The colour of a cause in the stylesheet.
const fn cause_id(cause: Cause) -> &'static str {
    match cause {
        Cause::Queue => "queue",
        Cause::Request => "request",
        Cause::Interference => "interference",
        Cause::Dense => "dense",
        Cause::Attention => "attention",
        Cause::Experts => "experts",
        Cause::Collective => "collective",
        Cause::Elementwise => "elementwise",
        Cause::Pipeline => "pipeline",
        Cause::Transfer | Cause::Link => "transfer",
        Cause::Wait => "queue",
        Cause::Draft | Cause::Step => "step",
    }
}

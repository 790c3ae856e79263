//! Why the latencies are what they are: each as a bar of its parts, coloured by cause, the scenario above what is pinned.

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;

use super::charts::table::{Folded, plain};
use super::late;
use super::state::{Answer, use_page};
use crate::chart::describe::{Cell, Table};
use crate::figure::latency::{LATENCIES, Latency, parts};
use crate::figure::view::letter;
use crate::report::words;
use crate::serve::{Cause, Part};
use crate::units::format::{ABSENT, Precision, Unit};
use crate::units::order;

/// Parts below this share of the longest bar are not labelled inside it.
const LABELLED: f64 = 0.12;

/// The parts of one latency of one scenario.
#[derive(Clone, PartialEq)]
pub struct Row {
    /// `Now`, or the letter of a pin.
    name: String,
    parts: Vec<Part>,
}

impl Row {
    fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.time.get()).sum()
    }
}

/// The bars of TTFT and TPOT, each with its legend, and all figures as a table.
pub fn why() -> AnyView {
    let rows = LATENCIES.map(rows_of);
    let table = Box::new(move || late::parts(rows));
    let caption = Signal::stored("The parts of a bar add up to the latency.".to_owned());
    let bars = LATENCIES.into_iter().zip(rows).map(|((title, _), rows)| bars(title, rows)).collect_view();
    view! {
        <div class="why">{bars}</div>
        <Folded label="Parts of the latencies" caption content=table/>
    }
    .into_any()
}

/// The parts of each latency.
pub type Rows = [Memo<Vec<Row>>; 2];

/// All figures of the bars.
pub fn figures(rows: Rows) -> AnyView {
    views(move || plain(&table(&rows))).into_any()
}

/// The scenario first, then the pins.
fn rows_of(latency: Latency) -> Memo<Vec<Row>> {
    let page = use_page();
    let of = move |name: String, answer: &Answer| {
        let own = answer.as_ref().as_ref().ok()?;
        Some(Row { name, parts: parts(latency, &own.steady) })
    };
    memo(move || {
        let mut rows: Vec<Row> =
            page.answer.with(|answer| of("Now".to_owned(), answer)).into_iter().collect();
        page.pins.with(|pins| {
            let pinned = pins.iter().enumerate();
            rows.extend(pinned.filter_map(|(index, pin)| of(format!("Pin {}", letter(index)), &pin.answer)));
        });
        rows
    })
}

fn bars(title: &'static str, rows: Memo<Vec<Row>>) -> AnyView {
    let longest = move || rows.with(|rows| rows.iter().map(Row::total).fold(0.0, f64::max));
    let one = move || rows.with(|rows| rows.len() < 2);
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
                    {views(move || rows.with(|rows| rows.first().filter(|_| rows.len() == 1).map(|row| {
                        Unit::Seconds.format_with(row.total(), Precision::STEADY)
                    })))}
                </span>
            </h3>
            {views(move || rows.get().into_iter().map(bar).collect_view())}
            <ul class="legend" aria-label=format!("Parts of {title}")>
                {views(move || {
                    let mut parts = rows.with(|rows| rows.first().map(|row| row.parts.clone()).unwrap_or_default());
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

/// Every part of every bar; a column for each scenario.
fn table(all: &Rows) -> Table {
    let mut table = Table { headers: vec!["Latency".to_owned(), "Part".to_owned()], ..Table::default() };
    for ((title, _), rows) in LATENCIES.iter().zip(all) {
        let rows = rows.get();
        if table.headers.len() == 2 {
            table.headers.extend(rows.iter().map(|row| row.name.clone()));
        }
        let mut causes: Vec<Cause> = Vec::new();
        for part in rows.iter().flat_map(|row| &row.parts) {
            if !causes.contains(&part.cause) {
                causes.push(part.cause);
            }
        }
        for cause in causes {
            let figure = |row: &Row| match row.parts.iter().find(|part| part.cause == cause) {
                Some(part) => Cell::new(Unit::Seconds, part.time.get()),
                None => Cell::words(ABSENT),
            };
            let head = [Cell::words(*title), Cell::words(words::cause(cause))];
            table.rows.push(head.into_iter().chain(rows.iter().map(figure)).collect());
        }
    }
    table
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

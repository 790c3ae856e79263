//! Why the latencies are what they are: each as a bar of its parts, coloured by cause.

use crate::web::lean::{memo, views};
use leptos::prelude::*;

use super::state::use_page;
use crate::report::words;
use crate::serve::{Cause, Part, Steady};
use crate::units::format::{Precision, Unit};
use crate::units::order;

/// Parts below this share of their bar are not labelled inside it.
const LABELLED: f64 = 0.12;

/// The bars of TTFT and TPOT, with one legend.
#[component]
pub fn Why() -> impl IntoView {
    view! {
        <section class="panel why" aria-labelledby="why-title">
            <h2 id="why-title">"Where the time goes"</h2>
            <Bar title="TTFT" parts=|steady| &steady.ttft_parts/>
            <Bar title="TPOT" parts=|steady| &steady.tpot_parts/>
        </section>
    }
}

#[component]
fn Bar(
    /// What the bar adds up to.
    title: &'static str,
    /// The parts of it.
    parts: fn(&Steady) -> &Vec<Part>,
) -> impl IntoView {
    let page = use_page();
    let parts = memo(move || {
        page.answer.with(|answer| match answer.as_ref() {
            Ok(evaluation) => {
                let mut parts: Vec<Part> =
                    parts(&evaluation.steady).iter().copied().filter(|part| part.time.get() > 0.0).collect();
                order::sort_by_key(&mut parts, |part| part.cause);
                parts
            }
            Err(_) => Vec::new(),
        })
    });
    let total = memo(move || parts.with(|parts| parts.iter().map(|part| part.time.get()).sum::<f64>()));
    let segment = move |part: Part| {
        let share = part.time.get() / total.get();
        let name = words::cause(part.cause);
        let time = Unit::Seconds.format(part.time.get());
        view! {
            <li
                class="segment-of-time"
                data-cause=cause_id(part.cause)
                style:flex-grow=format!("{share:.5}")
                title=format!("{name}: {time}, {}", Unit::Percent.format_with(share, Precision::SHORT))
            >
                <span class:unseen={share < LABELLED}>{name}</span>
            </li>
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
                    {views(move || if parts.with(Vec::is_empty) { String::new() } else {
                        Unit::Seconds.format_with(total.get(), Precision::STEADY)
                    })}
                </span>
            </h3>
            <ul class="stack" aria-hidden="true">{views(move || parts.get().into_iter().map(segment).collect_view())}</ul>
            <ul class="legend" aria-label=format!("Parts of {title}")>
                {views(move || {
                    let mut parts = parts.get();
                    order::sort_by(&mut parts, |a, b| b.time.get().total_cmp(&a.time.get()));
                    parts.into_iter().map(item).collect_view()
                })}
            </ul>
        </div>
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

//! The scenario replayed event by event: how times spread over requests, what became of them, and what the pools did.
//!
//! The replay runs elsewhere and is told in lines; a change drops the one under way and asks anew.

use std::sync::Arc;

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::{DragEvent, Event, File, HtmlInputElement};
use markup::view;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::lanes::lanes;
use super::plot::Plot;
use super::traffic::TrafficFields;
use crate::chart::hit::HitMode;
use crate::jobs::charts::{LEVELS, TIMES, level, spread};
use crate::jobs::replay::{Answer, Figure, Kind, Outcome, Spread, Wish, question};
use crate::scenario::link;
use crate::units::format::{Precision, Unit};
use crate::web::jobs::{Asked, Piece};
use crate::web::lean::{When, effect, flag, memo, views, words};
use crate::web::state::use_page;

/// How long the scenario must rest before a replay, in milliseconds.
const REST: u32 = 150;
/// Bytes of a trace beyond which it is not even read: text of this size fits into a worker beside its requests.
const LONGEST: f64 = 200e6;

/// The time of which only quantiles are known: it has one value per token.
const GAPS: (&str, &str) = ("itl", "From token to token");
/// How many times as fast a trace can be replayed.
const SPEEDS: [f64; 5] = [0.5, 1.0, 2.0, 4.0, 8.0];
/// A trace that was dropped here.
#[derive(Clone)]
struct Dropped {
    name: String,
    text: js_sys::JsString,
}

/// Distributions, accounts and levels of a replay.
#[component]
pub fn ReplayChart() -> impl IntoView {
    let page = use_page();
    let outcome = RwSignal::new(Arc::new(Outcome::default()));
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<String>);
    let asked_for = StoredValue::new_local(None::<Asked>);
    let pending = StoredValue::new_local(None::<Timeout>);
    let dropped = RwSignal::new_local(None::<Dropped>);
    let speed = RwSignal::new(1.0_f64);
    let time = RwSignal::new(0_usize);
    let shown_level = RwSignal::new(0_usize);

    let asked = page.part(|scenario| link::write(scenario, &[]));
    // A question about the scenario, or about the trace on it; what comes before the verb is for the desk.
    let ask = move |before: &str, answer: Answer, listener: Box<dyn FnMut(Piece)>| {
        let wish = Wish { speed: speed.get_untracked(), answer };
        let head = format!("{before}{}", question(&asked.get_untracked(), wish));
        let text = dropped.with_untracked(|own| own.as_ref().map(|own| own.text.clone()));
        page.desk.ask_about(&head, text.as_ref(), listener)
    };
    let run = move || {
        let mut now = Outcome::default();
        let listener = move |piece| {
            let (text, done) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(reason) => {
                    failed.set(Some(reason));
                    (String::new(), true)
                }
            };
            text.lines().for_each(|line| now.take(line));
            outcome.set(Arc::new(now.clone()));
            if done {
                busy.set(false);
            }
        };
        asked_for.set_value(Some(ask("", Answer::Figures, Box::new(listener))));
    };
    effect(move || {
        asked.track();
        dropped.track();
        speed.track();
        asked_for.set_value(None);
        busy.set(true);
        failed.set(None);
        pending.set_value(Some(Timeout::new(REST, run)));
    });
    let stop = move |_| {
        pending.set_value(None);
        asked_for.set_value(None);
        busy.set(false);
    };

    let slo = page.part(|scenario| scenario.slo);
    let distribution = memo(move || outcome.with(|own| Arc::new(spread(own, time.get(), slo.get()))));
    let levels = memo(move || outcome.with(|own| Arc::new(level(own, shown_level.get()))));
    let summary = Signal::derive(move || outcome.with(|own| own.told.first().cloned().unwrap_or_default()));
    let over_time = Signal::derive(move || {
        LEVELS
            .get(shown_level.get())
            .map_or(String::new(), |(_, name, _)| format!("{name} over the replay's time"))
    });
    let state = move || {
        outcome.with(|own| match (failed.get().or_else(|| own.refused.clone()), busy.get()) {
            (Some(reason), _) => reason,
            (None, true) => {
                let far = own.far;
                let live = |name: &str, (p50, p99): (f64, f64)| {
                    if p50.is_finite() {
                        format!(
                            " · {name} p50 {}, p99 {}",
                            Unit::Seconds.format(p50),
                            Unit::Seconds.format(p99)
                        )
                    } else {
                        String::new()
                    }
                };
                format!(
                    "{} of {} requests answered in {}{}{}",
                    Unit::Count.format(far.finished),
                    Unit::Count.format(far.arrived),
                    Unit::Seconds.format(far.now),
                    live("TTFT", far.ttft),
                    live("TPOT", far.tpot)
                )
            }
            (None, false) if !own.done => "Stopped. Change the scenario to replay again.".to_owned(),
            (None, false) => own.told.first().cloned().unwrap_or_default(),
        })
    };
    let some = memo(move || outcome.with(|own| !own.spreads.is_empty()));
    // Counts whole replays, so that what follows from one is asked for again after the next.
    let rounds = StoredValue::new(0_u32);
    let ready = memo(move || {
        let whole = !busy.get() && outcome.with(|own| own.done);
        rounds.update_value(|own| *own += u32::from(whole));
        whole.then(|| rounds.get_value())
    });
    let saving = StoredValue::new_local(None::<Asked>);
    let saved = RwSignal::new(String::new());
    let save = move |_| {
        saved.set("Writing …".to_owned());
        let listener = move |piece| match piece {
            Piece::Text(_) => {}
            Piece::Last(_) => saved.set("Written.".to_owned()),
            Piece::Failed(reason) => saved.set(reason),
        };
        let asked = ask("save\ntandem-requests.csv\n", Answer::Records, Box::new(listener));
        saving.set_value(Some(asked));
    };
    let take = move |file: File| {
        if file.size() > LONGEST {
            failed.set(Some(format!(
                "{}: {} is above {}",
                file.name(),
                Unit::Bytes.format(file.size()),
                Unit::Bytes.format(LONGEST)
            )));
            return;
        }
        let name = file.name();
        let read = JsFuture::from(file.text());
        spawn_local(async move {
            match read.await.map(JsCast::dyn_into) {
                Ok(Ok(text)) => dropped.set(Some(Dropped { name, text })),
                _ => failed.set(Some(format!("{name}: the file cannot be read"))),
            }
        });
    };
    view! {
        <div
            class="replay"
            on:dragover=move |event: DragEvent| event.prevent_default()
            on:drop=move |event: DragEvent| {
                if let Some(file) = event.data_transfer().and_then(|own| own.files()).and_then(|own| own.get(0)) {
                    event.prevent_default();
                    take(file);
                }
            }
        >
            <p class="chooser note" id="replay-state" role="status">{views(state)}</p>
            <div class="chooser">
                {pick("replay-time", "Distribution of", TIMES.map(|(_, name, _)| name).to_vec(), time)}
                <progress
                    id="replay-progress"
                    aria-label="Replay"
                    max="1"
                    hidden={flag(move || !busy.get())}
                    prop:value=move || outcome.with(|own| own.far.share)
                ></progress>
                <button type="button" class="small" id="replay-cancel" hidden={flag(move || !busy.get())} on:click=stop>
                    "Cancel"
                </button>
            </div>
            <Plot
                chart=distribution
                mode=HitMode::X
                summary
                caption=Signal::stored("Up and to the left is better. Each request counts once.".to_owned())
            />
            <When on=some>
                <div class="scroll" tabindex="0" role="region" aria-label="Quantiles">
                    {views(move || outcome.with(|own| table(&own.spreads)))}
                    {views(move || outcome.with(|own| accounts(&own.figures)))}
                </div>
                <div class="chooser">
                    <button type="button" class="small" id="replay-csv" on:click=save>"Requests as CSV"</button>
                    <span class="note" id="replay-saved" role="status">{views(move || saved.get())}</span>
                </div>
            </When>
            <ul class="told">
                {views(move || outcome.with(|own| {
                    own.told.iter().skip(1).cloned().map(|line| view! { <li>{line}</li> }).collect_view()
                }))}
            </ul>
            <div class="chooser">
                {pick("replay-level", "Over time", LEVELS.map(|(_, name, _)| name).to_vec(), shown_level)}
            </div>
            <Plot
                chart=levels
                mode=HitMode::X
                summary=over_time
                caption=Signal::stored("Means over intervals of equal length and over all replicas.".to_owned())
            />
            {lanes(ready, Box::new(move |(from, to), listener| ask("", Answer::Lanes { from, to }, listener)))}
            <details class="more">
                <summary>
                    <span>"Replay a trace"</span>
                    <span class="now">
                        {views(move || dropped.with(|own| own.as_ref().map(|own| own.name.clone())))}
                    </span>
                </summary>
                <div class="field">
                    <label for="replay-trace">"Azure LLM, BurstGPT, Mooncake or AgentX file; it stays in this browser"</label>
                    <input
                        id="replay-trace"
                        type="file"
                        accept=".csv,.jsonl,.json,.txt"
                        on:change=move |event: Event| {
                            let input = event.target().and_then(|own| own.dyn_into::<HtmlInputElement>().ok());
                            if let Some(file) = input.and_then(|own| own.files()).and_then(|own| own.get(0)) {
                                take(file);
                            }
                        }
                    />
                </div>
                <div class="field">
                    <label for="replay-speed">"Speed, as a multiple of that recorded"</label>
                    <select
                        id="replay-speed"
                        on:change=move |event| speed.set(event_target_value(&event).parse().unwrap_or(1.0))
                        prop:value={words(move || speed.get().to_string())}
                    >
                        {SPEEDS.map(|own| view! { <option value=own.to_string()>{format!("×{own}")}</option> })
                            .collect_view()}
                    </select>
                </div>
                {views(move || dropped.with(|own| own.is_some().then(|| view! {
                    <button type="button" class="small" id="replay-no-trace" on:click=move |_| dropped.set(None)>
                        "Back to the scenario's own requests"
                    </button>
                })))}
                <p class="note" id="replay-preview">{views(move || outcome.with(|own| preview(&own.trace)))}</p>
                <ul class="told" id="replay-problems">
                    {views(move || outcome.with(|own| {
                        own.problems.iter().cloned().map(|line| view! { <li>{line}</li> }).collect_view()
                    }))}
                </ul>
            </details>
            <TrafficFields/>
        </div>
    }
}

fn pick(
    id: &'static str,
    label: &'static str,
    names: Vec<&'static str>,
    chosen: RwSignal<usize>,
) -> impl IntoView {
    let options = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| view! { <option value=index.to_string()>{name}</option> })
        .collect_view();
    view! {
        <div class="choice">
            <label for=id>{label}</label>
            <select
                id=id
                on:change=move |event| chosen.set(event_target_value(&event).parse().unwrap_or(0))
                prop:value={words(move || chosen.get().to_string())}
            >
                {options}
            </select>
        </div>
    }
}

fn table(spreads: &[Spread]) -> impl IntoView + use<> {
    let seconds = |value: f64| Unit::Seconds.format(value);
    let rows = spreads
        .iter()
        .map(|own| {
            let names = TIMES.iter().map(|(id, name, _)| (*id, *name)).chain([GAPS]);
            let name = names.into_iter().find(|(id, _)| *id == own.id).map_or("", |(_, name)| name);
            let cells = own
                .estimates
                .iter()
                .map(|(value, interval)| {
                    let interval =
                        interval.map(|(low, high)| format!(" ({} to {})", seconds(low), seconds(high)));
                    view! { <td><b>{seconds(*value)}</b>{interval}</td> }
                })
                .collect_view();
            view! {
                <tr data-time=own.id.clone()>
                    <th scope="row">{name}</th>
                    {cells}
                    <td>{own.longest.is_finite().then(|| seconds(own.longest))}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = ["Time (95 % interval)", "Mean", "p50", "p90", "p95", "p99", "Longest"]
        .map(|head| view! { <th scope="col">{head}</th> })
        .collect_view();
    view! { <table id="replay-quantiles"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }
}

/// What the replay comes to, beside times.
fn accounts(figures: &[Figure]) -> impl IntoView + use<> {
    let rows = figures
        .iter()
        .map(|own| {
            let unit = unit(own.kind);
            let range =
                own.interval.map(|(low, high)| format!(" ({} to {})", unit.format(low), unit.format(high)));
            view! {
                <tr>
                    <th scope="row">{own.label.clone()}</th>
                    <td><b>{unit.format(own.value)}</b>{range}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <table id="replay-accounts"><tbody>{rows}</tbody></table> }
}

const fn unit(kind: Kind) -> Unit {
    match kind {
        Kind::Count | Kind::Words => Unit::Number,
        Kind::Time => Unit::Seconds,
        Kind::Rate => Unit::RequestsPerSecond,
        Kind::Tokens => Unit::Tokens,
        Kind::Throughput => Unit::TokensPerSecond,
        Kind::Share => Unit::Percent,
    }
}

fn preview(trace: &[Figure]) -> String {
    let one = |own: &Figure| {
        let unit = match own.kind {
            Kind::Words => return Some(own.label.clone()),
            Kind::Count => Unit::Count,
            Kind::Share => return Some(Unit::Percent.format_with(own.value, Precision::SHORT)),
            other => unit(other),
        };
        let shown = own.value.is_finite() && (own.value > 0.0 || own.kind == Kind::Time);
        shown.then(|| format!("{} {}", own.label, unit.format(own.value)))
    };
    trace.iter().filter_map(one).collect::<Vec<_>>().join(" · ")
}

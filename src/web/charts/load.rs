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
use crate::figure::replay::{LEVELS, TIMES, level, spread};
use crate::jobs::Ask;
use crate::jobs::replay::{Far, Preview, Question, Told, Wish};
use crate::jobs::wire::Rest;
use crate::replay::overview::Spread;
use crate::report::replay::Figure;
use crate::scenario::link;
use crate::units::format::Unit;
use crate::web::jobs::{Asked, Piece};
use crate::web::lean::{When, effect, flag, memo, views, words};
use crate::web::state::{Page, use_page};

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

/// The replay that is shown, and what it is asked with.
#[derive(Clone, Copy)]
struct Replay {
    page: Page,
    told: RwSignal<Arc<Told>>,
    busy: RwSignal<bool>,
    failed: RwSignal<Option<String>>,
    /// The scenario as a link.
    link: Memo<String>,
    dropped: RwSignal<Option<Dropped>, LocalStorage>,
    speed: RwSignal<f64>,
    asked: StoredValue<Option<Asked>, LocalStorage>,
    pending: StoredValue<Option<Timeout>, LocalStorage>,
}

impl Replay {
    /// Replays the scenario, and again whenever it or the trace has changed and rested.
    fn new(page: Page) -> Self {
        let replay = Self {
            page,
            told: RwSignal::new(Arc::new(Told::default())),
            busy: RwSignal::new(false),
            failed: RwSignal::new(None),
            link: memo(move || page.standing.with(|scenario| link::write(scenario, &[]))),
            dropped: RwSignal::new_local(None),
            speed: RwSignal::new(1.0),
            asked: StoredValue::new_local(None),
            pending: StoredValue::new_local(None),
        };
        effect(move || {
            replay.link.track();
            replay.dropped.track();
            replay.speed.track();
            replay.asked.set_value(None);
            replay.busy.set(true);
            replay.failed.set(None);
            replay.pending.set_value(Some(Timeout::new(REST, move || replay.run())));
        });
        replay
    }

    /// A question about the scenario, or about the trace on it; what comes before the verb is for the desk.
    fn ask(self, before: &str, wish: Wish, listener: Box<dyn FnMut(Piece)>) -> Asked {
        let (speed, link) = (self.speed.get_untracked(), self.link.get_untracked());
        let question = Question { speed, wish, link, trace: Rest::default() };
        // The trace follows, and stays outside of the page's own memory.
        let text = self.dropped.with_untracked(|own| own.as_ref().map(|own| own.text.clone()));
        self.page.desk.ask_about(&format!("{before}{}", question.text()), text.as_ref(), listener)
    }

    fn run(self) {
        let mut now = Told::default();
        let listener = move |piece| {
            let (text, done) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(reason) => {
                    self.failed.set(Some(reason));
                    (String::new(), true)
                }
            };
            now.take(&text);
            self.told.set(Arc::new(now.clone()));
            if done {
                self.busy.set(false);
            }
        };
        self.asked.set_value(Some(self.ask("", Wish::Figures, Box::new(listener))));
    }

    fn stop(self) {
        self.pending.set_value(None);
        self.asked.set_value(None);
        self.busy.set(false);
    }

    /// How far it is, or what it came to, in a sentence.
    fn state(self) -> String {
        self.told.with(|own| match (self.failed.get().or_else(|| own.refused.clone()), self.busy.get()) {
            (Some(reason), _) => reason,
            (None, true) => progress(&own.far),
            (None, false) if !own.found.done => "Stopped. Change the scenario to replay again.".to_owned(),
            (None, false) => own.found.sentences.first().cloned().unwrap_or_default(),
        })
    }

    /// The number of whole replays so far, while the present one is whole: what follows from one is asked for again after
    /// the next.
    fn rounds(self) -> Memo<Option<u32>> {
        let rounds = StoredValue::new(0_u32);
        memo(move || {
            let whole = !self.busy.get() && self.told.with(|own| own.found.done);
            rounds.update_value(|own| *own += u32::from(whole));
            whole.then(|| rounds.get_value())
        })
    }

    /// Reads a file as a trace.
    fn take(self, file: &File) {
        let name = file.name();
        if file.size() > LONGEST {
            let (size, most) = (Unit::Bytes.format(file.size()), Unit::Bytes.format(LONGEST));
            self.failed.set(Some(format!("{name}: {size} is above {most}")));
            return;
        }
        let read = JsFuture::from(file.text());
        spawn_local(async move {
            match read.await.map(JsCast::dyn_into) {
                Ok(Ok(text)) => self.dropped.set(Some(Dropped { name, text })),
                _ => self.failed.set(Some(format!("{name}: the file cannot be read"))),
            }
        });
    }
}

fn progress(far: &Far) -> String {
    let live = |name: &str, own: Option<(f64, f64)>| {
        own.map_or_else(String::new, |(p50, p99)| {
            format!(" · {name} p50 {}, p99 {}", Unit::Seconds.format(p50), Unit::Seconds.format(p99))
        })
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

/// Distributions, accounts and levels of a replay.
#[component]
pub fn ReplayChart() -> impl IntoView {
    let replay = Replay::new(use_page());
    let ready = replay.rounds();
    let ask: super::lanes::Ask =
        Box::new(move |window, listener| replay.ask("", Wish::Lanes(window), listener));
    let sentences = move || {
        replay.told.with(|own| {
            own.found.sentences.iter().skip(1).cloned().map(|line| view! { <li>{line}</li> }).collect_view()
        })
    };
    view! {
        <div
            class="replay"
            on:dragover=move |event: DragEvent| event.prevent_default()
            on:drop=move |event: DragEvent| {
                if let Some(file) = event.data_transfer().and_then(|own| own.files()).and_then(|own| own.get(0)) {
                    event.prevent_default();
                    replay.take(&file);
                }
            }
        >
            <p class="chooser note" id="replay-state" role="status">{views(move || replay.state())}</p>
            {distribution(replay)}
            <ul class="told">{views(sentences)}</ul>
            {levels(replay)}
            {lanes(ready, ask)}
            {trace(replay)}
            <TrafficFields/>
        </div>
    }
}

/// How a time spreads over the requests, and what else the replay comes to.
fn distribution(replay: Replay) -> AnyView {
    let Replay { page, told, busy, .. } = replay;
    let time = RwSignal::new(0_usize);
    let slo = page.part(|scenario| scenario.slo);
    let chart = memo(move || told.with(|own| Arc::new(spread(&own.found.overview, time.get(), slo.get()))));
    let summary =
        Signal::derive(move || told.with(|own| own.found.sentences.first().cloned().unwrap_or_default()));
    let some = memo(move || told.with(|own| !own.found.overview.spreads.is_empty()));
    let saving = StoredValue::new_local(None::<Asked>);
    let saved = RwSignal::new(String::new());
    let save = move |_| {
        saved.set("Writing …".to_owned());
        let listener = move |piece| match piece {
            Piece::Text(_) => {}
            Piece::Last(_) => saved.set("Written.".to_owned()),
            Piece::Failed(reason) => saved.set(reason),
        };
        let asked = replay.ask("save\ntandem-requests.csv\n", Wish::Records, Box::new(listener));
        saving.set_value(Some(asked));
    };
    view! {
        <div class="chooser">
            {pick("replay-time", "Distribution of", TIMES.map(|(_, name, _)| name).to_vec(), time)}
            <progress
                id="replay-progress"
                aria-label="Replay"
                max="1"
                hidden={flag(move || !busy.get())}
                prop:value=move || told.with(|own| own.far.share)
            ></progress>
            <button
                type="button"
                class="small"
                id="replay-cancel"
                hidden={flag(move || !busy.get())}
                on:click=move |_| replay.stop()
            >
                "Cancel"
            </button>
        </div>
        <Plot
            chart
            mode=HitMode::X
            summary
            caption=Signal::stored("Up and to the left is better. Each request counts once.".to_owned())
        />
        <When on=some>
            <div class="scroll" tabindex="0" role="region" aria-label="Quantiles">
                {views(move || told.with(|own| table(&own.found.overview.spreads)))}
                {views(move || told.with(|own| accounts(&own.found.figures)))}
            </div>
            <div class="chooser">
                <button type="button" class="small" id="replay-csv" on:click=save>"Requests as CSV"</button>
                <span class="note" id="replay-saved" role="status">{views(move || saved.get())}</span>
            </div>
        </When>
    }
    .into_any()
}

/// A level over the replay's time.
fn levels(replay: Replay) -> AnyView {
    let shown = RwSignal::new(0_usize);
    let chart = memo(move || replay.told.with(|own| Arc::new(level(&own.found.overview, shown.get()))));
    let summary = Signal::derive(move || {
        let named = LEVELS.get(shown.get());
        named.map_or(String::new(), |(_, name, _)| format!("{name} over the replay's time"))
    });
    view! {
        <div class="chooser">
            {pick("replay-level", "Over time", LEVELS.map(|(_, name, _)| name).to_vec(), shown)}
        </div>
        <Plot
            chart
            mode=HitMode::X
            summary
            caption=Signal::stored("Means over intervals of equal length and over all replicas.".to_owned())
        />
    }
    .into_any()
}

/// A file of requests to replay in place of the scenario's own.
fn trace(replay: Replay) -> AnyView {
    let Replay { told, dropped, speed, .. } = replay;
    let problems = move || {
        told.with(|own| own.problems.iter().cloned().map(|line| view! { <li>{line}</li> }).collect_view())
    };
    view! {
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
                            replay.take(&file);
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
            <p class="note" id="replay-preview">
                {views(move || told.with(|own| own.trace.as_ref().map(preview)))}
            </p>
            <ul class="told" id="replay-problems">{views(problems)}</ul>
        </details>
    }
    .into_any()
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

/// The columns of the quantiles; on a phone each figure carries the name of its own.
const HEADS: [&str; 7] = ["Time (95 % interval)", "Mean", "p50", "p90", "p95", "p99", "Longest"];

fn table(spreads: &[Spread]) -> impl IntoView + use<> {
    let seconds = |value: f64| Unit::Seconds.format(value);
    let named = |at: usize| HEADS.get(at + 1).copied();
    let rows = spreads
        .iter()
        .map(|own| {
            let names = TIMES.iter().map(|(id, name, _)| (*id, *name)).chain([GAPS]);
            let name = names.into_iter().find(|(id, _)| *id == own.id).map_or("", |(_, name)| name);
            let cells = own
                .estimates
                .iter()
                .enumerate()
                .map(|(at, (value, interval))| {
                    let interval =
                        interval.map(|(low, high)| format!(" ({} to {})", seconds(low), seconds(high)));
                    view! { <td data-head=named(at)><b>{seconds(*value)}</b>{interval}</td> }
                })
                .collect_view();
            view! {
                <tr data-time=own.id.clone()>
                    <th scope="row">{name}</th>
                    {cells}
                    <td data-head=own.longest.map(|_| "Longest")>{own.longest.map(seconds)}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = HEADS.map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    view! { <table id="replay-quantiles"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }
}

/// What the replay comes to, beside times.
fn accounts(figures: &[Figure]) -> impl IntoView + use<> {
    let rows = figures
        .iter()
        .map(|own| {
            let unit = own.unit;
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

fn preview(own: &Preview) -> String {
    let one = |own: &Figure| {
        let shown = own.value.is_finite() && (own.value > 0.0 || own.unit == Unit::Seconds);
        shown.then(|| format!("{} {}", own.label, own.unit.format(own.value)))
    };
    std::iter::once(own.format.clone())
        .chain(own.figures.iter().filter_map(one))
        .collect::<Vec<_>>()
        .join(" · ")
}

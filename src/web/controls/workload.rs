//! The workload: how long requests are, how many, and which engine serves them.

use crate::web::lean::views;
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item, Segments};
use super::field::NumberField;
use super::fold::{Detail, fold};
use super::stops::Stops;
use crate::catalog::workload::{Arrivals, Workload as Preset, workload, workloads};
use crate::scenario::{Limit, Limits, Load, Scenario, Traffic};
use crate::units::format::{Unit, format_tokens};
use crate::units::{RequestsPerSecond, Tokens};
use crate::web::state::use_page;

/// Lengths, reuse, load and engine.
#[component]
pub fn WorkloadControls() -> impl IntoView {
    let page = use_page();
    let isl = page.part(|scenario| Some(scenario.workload.isl.get()));
    let osl = page.part(|scenario| Some(scenario.workload.osl.get()));
    let hit = page.part(|scenario| Some(scenario.workload.hit));
    let engine = page.part(|scenario| scenario.engine.name().to_owned());
    let shape = page.part(|scenario| preset_of(scenario).map_or("", |preset| preset.id).to_owned());
    let loop_kind = page.part(|scenario| match scenario.load {
        Load::Closed { .. } => "closed",
        Load::Open { .. } => "open",
    });

    let mut presets = vec![Item::new("", "Own lengths")];
    presets.extend(workloads().iter().map(|preset| {
        let lengths = format!(
            "{} · {}/{}",
            preset.name,
            format_tokens(preset.input.p50.get() as u64),
            format_tokens(preset.output.p50.get() as u64)
        );
        Item::new(preset.id, lengths)
    }));

    view! {
        <fieldset class="block">
            <legend>"Workload"</legend>
            <Choice
                id="workload"
                label="Typical workload"
                quiet=true
                groups=Signal::stored(vec![Group::flat(presets)])
                value=shape
                set={move |id: String| {
                    page.edit(|scenario| match workload(&id) {
                        Some(preset) => take(scenario, preset),
                        None => leave(scenario),
                    });
                }}
            />
            <NumberField
                id="isl"
                label="Input"
                unit=Unit::Tokens
                limits=Limits::ISL
                value=isl
                set={move |tokens: Option<f64>| page.edit(|scenario| put(&mut scenario.workload.isl, tokens))}
                stops=Signal::stored(Stops::tokens(128.0, 1_048_576.0))
                hint="ISL: tokens of a prompt"
            />
            <NumberField
                id="osl"
                label="Output"
                unit=Unit::Tokens
                limits=Limits::OSL
                value=osl
                set={move |tokens: Option<f64>| page.edit(|scenario| put(&mut scenario.workload.osl, tokens))}
                stops=Signal::stored(Stops::tokens(16.0, 65_536.0))
                hint="OSL: tokens of an answer"
            />
            <NumberField
                id="hit"
                label="Cache hits"
                unit=Unit::Percent
                limits=Limits::HIT
                value=hit
                set={move |share: Option<f64>| page.edit(|scenario| scenario.workload.hit = share.unwrap_or(0.0))}
                stops=Signal::stored(Stops::linear(0.0, 1.0, 100))
                hint="Share of input tokens that the prefix cache serves"
            />
            <Segments
                name="loop"
                legend="Load"
                options=vec![("closed", "Concurrency"), ("open", "Request rate")]
                value=loop_kind
                set={move |kind: &'static str| {
                    let rate = page.answer.with_untracked(|answer| {
                        answer.as_ref().as_ref().map_or(1.0, |evaluation| evaluation.steady.rate.get())
                    });
                    let in_flight = page.answer.with_untracked(|answer| {
                        answer.as_ref().as_ref().map_or(64.0, |evaluation| evaluation.steady.in_flight.get())
                    });
                    page.edit(|scenario| scenario.load = other_load(scenario.load, kind, rate, in_flight));
                }}
            />
            {views(move || match loop_kind.get() {
                "closed" => view! { <Concurrency/> }.into_any(),
                _ => view! { <Rate/> }.into_any(),
            })}
            {fold("Engine and spread", Some(engine.into()), Detail::Engine)}
        </fieldset>
    }
}

/// Users of a closed loop.
#[component]
fn Concurrency() -> impl IntoView {
    let page = use_page();
    let users = page.part(|scenario| match scenario.load {
        Load::Closed { concurrency } => Some(concurrency),
        Load::Open { .. } => None,
    });
    view! {
        <NumberField
            id="concurrency"
            label="Concurrency"
            unit=Unit::Count
            limits=Limits::CONCURRENCY
            value=users
            set={move |users: Option<f64>| {
                page.edit(|scenario| {
                    if let (Load::Closed { concurrency }, Some(users)) = (&mut scenario.load, users) {
                        *concurrency = users;
                    }
                });
            }}
            stops=Signal::stored(Stops::whole(1.0, 16_384.0))
            hint="Each sends the next request when the last is answered"
        />
    }
}

/// Arrivals of an open loop.
#[component]
fn Rate() -> impl IntoView {
    let page = use_page();
    let read = |scenario: &Scenario| match scenario.load {
        Load::Open { rate, cv } => Some((rate.get(), cv)),
        Load::Closed { .. } => None,
    };
    let rate = page.part(move |scenario| read(scenario).map(|(rate, _)| rate));
    let cv = page.part(move |scenario| read(scenario).map(|(_, cv)| cv));
    view! {
        <NumberField
            id="rate"
            label="Rate"
            unit=Unit::RequestsPerSecond
            limits=Limits::RATE
            value=rate
            set={move |value: Option<f64>| {
                page.edit(|scenario| {
                    if let (Load::Open { rate, .. }, Some(value)) = (&mut scenario.load, value) {
                        *rate = RequestsPerSecond::new(value);
                    }
                });
            }}
            stops=Signal::stored(Stops::decimal(0.01, 1000.0))
            hint="Mean arrivals, whether or not earlier requests are answered"
        />
        <NumberField
            id="cv"
            label="Burstiness"
            unit=Unit::Number
            limits=Limits::CV
            value=cv
            set={move |value: Option<f64>| {
                page.edit(|scenario| {
                    if let (Load::Open { cv, .. }, Some(value)) = (&mut scenario.load, value) {
                        *cv = value;
                    }
                });
            }}
            stops=Signal::stored(Stops::linear(0.0, 5.0, 50))
            hint="Coefficient of variation of the gaps between arrivals; 1 is Poisson"
        />
    }
}

fn put(tokens: &mut Tokens, value: Option<f64>) {
    if let Some(value) = value {
        *tokens = Tokens::new(libm::round(value).max(1.0));
    }
}

/// The load in the other loop, at the working point the deployment is at.
fn other_load(load: Load, kind: &str, rate: f64, in_flight: f64) -> Load {
    match (load, kind) {
        (Load::Closed { .. }, "open") => {
            let rounded = Stops::decimal(0.01, 1000.0);
            let rate = rounded.value(rounded.index(rate));
            Load::Open { rate: RequestsPerSecond::new(Limits::RATE.clamp(rate)), cv: 1.0 }
        }
        (Load::Open { .. }, "closed") => {
            Load::Closed { concurrency: Limits::CONCURRENCY.clamp(libm::round(in_flight)) }
        }
        _ => load,
    }
}

/// Takes lengths, hits and service level from a preset; the load stays.
pub fn take(scenario: &mut Scenario, preset: &Preset) {
    let (workload, traffic) = Traffic::typical(preset);
    scenario.workload = workload;
    let Traffic { lengths, sessions, shared, pause, .. } = traffic;
    scenario.traffic = Traffic { lengths, sessions, shared, pause, ..std::mem::take(&mut scenario.traffic) };
    scenario.slo.ttft = preset.slo.map(|slo| Limit::p95(slo.ttft));
    scenario.slo.tpot = preset.slo.map(|slo| Limit::p95(slo.tpot));
    if let (Load::Open { cv, .. }, Arrivals::OpenLoop { cv: typical }) = (&mut scenario.load, preset.arrivals)
    {
        *cv = typical;
    }
}

/// Keeps the lengths of a preset as one's own, and lets go of the sessions and pauses that came with it.
fn leave(scenario: &mut Scenario) {
    let Traffic { lengths, sessions, shared, pause, .. } = Traffic::default();
    scenario.traffic = Traffic { lengths, sessions, shared, pause, ..std::mem::take(&mut scenario.traffic) };
}

/// The preset whose lengths and hits the scenario has.
fn preset_of(scenario: &Scenario) -> Option<&'static Preset> {
    let work = &scenario.workload;
    workloads().iter().find(|preset| {
        let (typical, traffic) = Traffic::typical(preset);
        typical == *work && traffic.lengths == scenario.traffic.lengths
    })
}

//! The serving software, its command line, what it does about experts, and how lengths scatter. What holds where nothing is
//! stated stands in each entry.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::stops::Stops;
use crate::catalog::{Engine, Profile};
use crate::report::FlagsReport;
use crate::scenario::{Flags, Limits, Overlap, Scenario};
use crate::serve::find_model;
use crate::units::Tokens;
use crate::units::format::Unit;
use crate::web::lean::When;
use crate::web::state::{Page, use_page};

/// Which engine serves, and how lengths are spread.
pub fn engine() -> AnyView {
    let page = use_page();
    let engine = page.part(|scenario| scenario.engine.id().to_owned());
    let memory = page.part(|scenario| scenario.memory);
    let flags = page.part(|scenario| scenario.flags);
    let profile = page.part(|scenario| scenario.flags.profile.id().to_owned());
    let profiles = Profile::ALL.iter().map(|profile| Item::new(profile.id(), profile.name())).collect();
    let number =
        |of: fn(&Flags) -> Option<u32>| Signal::derive(move || flags.with(|own| of(own).map(f64::from)));
    let usual = page.part(usual);
    let otherwise = move |read: fn(&FlagsReport) -> Option<String>, word: &'static str| {
        Signal::derive(move || {
            usual.with(|own| own.as_ref().and_then(read)).unwrap_or_else(|| word.to_owned())
        })
    };
    let engines = Engine::ALL.iter().map(|engine| Item::new(engine.id(), engine.name())).collect();
    view! {
        <Choice
            id="engine"
            label="Engine"
            groups=Signal::stored(vec![Group::flat(engines)])
            value=engine
            set={move |id: String| {
                if let Some(engine) = Engine::from_id(&id) {
                    page.edit(|scenario| scenario.engine = engine);
                }
            }}
        />
        <NumberField
            id="memory-share"
            label="Memory share"
            unit=Unit::Percent
            limits=Limits::MEMORY_SHARE
            value=memory
            set={move |share: Option<f64>| page.edit(|scenario| scenario.memory = share)}
            empty=otherwise(|own| own.memory.map(|share| Unit::Percent.format(share)), "computed")
            hint="gpu-memory-utilization, mem-fraction-static or free_gpu_memory_fraction"
        />
        <Choice
            id="profile"
            label="Profile"
            groups=Signal::stored(vec![Group::flat(profiles)])
            value=profile
            set={move |id: String| {
                if let Some(profile) = Profile::from_id(&id) {
                    page.edit(|scenario| scenario.flags.profile = profile);
                }
            }}
        />
        <NumberField
            id="chunk"
            label="Step tokens"
            unit=Unit::Tokens
            limits=Limits::CHUNK
            value=Signal::derive(move || flags.with(|own| own.chunk.map(Tokens::get)))
            set={move |chunk: Option<f64>| page.edit(|scenario| scenario.flags.chunk = chunk.map(Tokens::new))}
            empty=otherwise(|own| own.chunk.map(|chunk| Unit::Tokens.format(chunk)), "default")
            hint="max-num-batched-tokens, chunked-prefill-size or max_num_tokens"
        />
        <NumberField
            id="max-seqs"
            label="Step sequences"
            unit=Unit::Count
            limits=Limits::MAX_SEQS
            value=number(|own| own.sequences)
            set={move |most: Option<f64>| page.edit(|scenario| scenario.flags.sequences = whole(most))}
            empty=otherwise(|own| own.max_seqs.map(|most| Unit::Count.format(most)), "no limit")
            hint="max-num-seqs, max-running-requests or max_batch_size"
        />
        <NumberField
            id="stream-interval"
            label="Message tokens"
            unit=Unit::Count
            limits=Limits::STREAM
            value=number(|own| own.stream)
            set={move |tokens: Option<f64>| page.edit(|scenario| scenario.flags.stream = whole(tokens))}
            empty=otherwise(|own| own.stream_interval.map(|tokens| Unit::Count.format(tokens)), "1")
            hint="stream-interval: tokens in a message to the user after the first"
        />
        <NumberField
            id="prompts"
            label="Run of"
            unit=Unit::Count
            limits=Limits::PROMPTS
            value=number(|own| own.prompts)
            set={move |count: Option<f64>| page.edit(|scenario| scenario.flags.prompts = whole(count))}
            empty=otherwise(|own| own.prompts.map(|count| Unit::Count.format(count)), "no end")
            hint="num-prompts: requests of a run that all users begin at once"
        />
        {experts(page)}
        {scatter(page)}
    }
    .into_any()
}

/// How lengths scatter.
fn scatter(page: Page) -> AnyView {
    let spread = page.part(|scenario| Some(scenario.workload.spread));
    view! {
        <NumberField
            id="spread"
            label="Shortest"
            unit=Unit::Percent
            limits=Limits::SPREAD
            value=spread
            set={move |share: Option<f64>| {
                page.edit(|scenario| scenario.workload.spread = share.unwrap_or(1.0));
            }}
            stops=Signal::stored(Stops::linear(0.0, 1.0, 20))
            hint="Lengths are drawn evenly between this share of the nominal length and the nominal length"
        />
    }
    .into_any()
}

/// What holds where the scenario states no flag.
fn usual(scenario: &Scenario) -> Option<FlagsReport> {
    let flags = Flags { profile: scenario.flags.profile, ..Flags::default() };
    FlagsReport::of(&Scenario { flags, memory: None, ..scenario.clone() })
}

/// What is done about the experts of a mixture.
fn experts(page: Page) -> AnyView {
    let routes = page.part(|scenario| find_model(scenario).is_ok_and(|model| model.has_moe()));
    let overlap = page.part(|scenario| scenario.experts.overlap.id().to_owned());
    let redundant = page.part(|scenario| scenario.experts.redundant.map(f64::from));
    let ways = [
        (Overlap::Auto, "The fastest there is"),
        (Overlap::None, "Nothing"),
        (Overlap::Sbo, "Shared experts (sbo)"),
        (Overlap::Tbo, "Other half of the batch (tbo)"),
        (Overlap::Fused, "Routed experts (fused)"),
    ];
    let ways = ways.map(|(own, name)| Item::new(own.id(), name));
    let ways = Signal::stored(vec![Group::flat(ways.into())]);
    view! {
        <When on=routes>
            <Choice
                id="overlap"
                label="Beside exchanges"
                groups=ways
                value=overlap
                set={move |id: String| {
                    if let Some(own) = Overlap::from_id(&id) {
                        page.edit(|scenario| scenario.experts.overlap = own);
                    }
                }}
            />
            <NumberField
                id="redundant"
                label="Redundant experts"
                unit=Unit::Count
                limits=Limits::REDUNDANT
                value=redundant
                set={move |copies: Option<f64>| page.edit(|scenario| scenario.experts.redundant = whole(copies))}
                empty=Signal::stored("auto".to_owned())
                hint="Copies of busy experts, in each layer: an eighth more beyond one node where nothing is stated"
            />
        </When>
    }
    .into_any()
}

/// A number of things.
fn whole(number: Option<f64>) -> Option<u32> {
    number.map(|number| number as u32)
}

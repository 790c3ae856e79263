//! The serving software, its memory share, and how lengths scatter.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::stops::Stops;
use crate::catalog::{Engine, Profile};
use crate::scenario::{Flags, Limits};
use crate::units::Tokens;
use crate::units::format::Unit;
use crate::web::state::use_page;

/// Which engine serves, and how lengths are spread.
pub fn engine() -> AnyView {
    let page = use_page();
    let engine = page.part(|scenario| scenario.engine.id().to_owned());
    let spread = page.part(|scenario| Some(scenario.workload.spread));
    let memory = page.part(|scenario| scenario.memory);
    let flags = page.part(|scenario| scenario.flags);
    let profile = page.part(|scenario| scenario.flags.profile.id().to_owned());
    let profiles = Profile::ALL.iter().map(|profile| Item::new(profile.id(), profile.name())).collect();
    let number =
        |of: fn(&Flags) -> Option<u32>| Signal::derive(move || flags.with(|own| of(own).map(f64::from)));
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
            empty=Signal::stored("default".to_owned())
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
            empty=Signal::stored("default".to_owned())
            hint="max-num-batched-tokens, chunked-prefill-size or max_num_tokens"
        />
        <NumberField
            id="max-seqs"
            label="Step sequences"
            unit=Unit::Count
            limits=Limits::MAX_SEQS
            value=number(|own| own.sequences)
            set={move |most: Option<f64>| page.edit(|scenario| scenario.flags.sequences = whole(most))}
            empty=Signal::stored("default".to_owned())
            hint="max-num-seqs, max-running-requests or max_batch_size"
        />
        <NumberField
            id="prompts"
            label="Run of"
            unit=Unit::Count
            limits=Limits::PROMPTS
            value=number(|own| own.prompts)
            set={move |count: Option<f64>| page.edit(|scenario| scenario.flags.prompts = whole(count))}
            empty=Signal::stored("no end".to_owned())
            hint="num-prompts: requests of a run that all users begin at once"
        />
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

/// A number of things.
fn whole(number: Option<f64>) -> Option<u32> {
    number.map(|number| number as u32)
}

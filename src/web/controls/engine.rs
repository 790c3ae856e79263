//! The serving software, its memory share, and how lengths scatter.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::stops::Stops;
use crate::catalog::Engine;
use crate::scenario::Limits;
use crate::units::format::Unit;
use crate::web::state::use_page;

/// Which engine serves, and how lengths are spread.
pub fn engine() -> AnyView {
    let page = use_page();
    let engine = page.part(|scenario| scenario.engine.id().to_owned());
    let spread = page.part(|scenario| Some(scenario.workload.spread));
    let memory = page.part(|scenario| scenario.memory);
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

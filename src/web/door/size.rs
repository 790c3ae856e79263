//! "Size my deployment": model, load and kind of work; the page then says which chips do it, cheapest first.

use leptos::prelude::*;
use markup::view;

use crate::catalog::workload::{workload, workloads};
use crate::report::words;
use crate::scenario::{Limits, Load};
use crate::units::RequestsPerSecond;
use crate::units::format::{Unit, format_tokens};
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::controls::field::NumberField;
use crate::web::controls::picker::Picker;
use crate::web::controls::picking::Kind;
use crate::web::controls::{sized, workload as work};
use crate::web::lean::memo;
use crate::web::size::bring;
use crate::web::state::{Tab, use_page};

/// Requests per second that stand there first, where the page has none.
const FIRST: f64 = 10.0;

/// The question.
pub fn question(done: Callback<()>) -> AnyView {
    let page = use_page();
    let (now, own) = page.scenario.with_untracked(|scenario| {
        let rate = match scenario.load {
            Load::Open { rate, .. } => rate.get(),
            Load::Closed { .. } => FIRST,
        };
        (scenario.model.clone(), rate)
    });
    let (chosen, rate, kind) = (RwSignal::new(now), RwSignal::new(Some(own)), RwSignal::new(String::new()));
    let name = memo(move || chosen.with(|id| words::model(id)));
    let mut kinds = vec![Item::new("", "As on the page")];
    kinds.extend(workloads().iter().map(|own| {
        let lengths = [own.input.p50, own.output.p50].map(|tokens| format_tokens(tokens.get() as u64));
        Item::new(own.id, format!("{} · {}", own.name, lengths.join("/")))
    }));
    let start = move |event: leptos::web_sys::SubmitEvent| {
        event.prevent_default();
        let mut next = page.scenario.get_untracked();
        let id = chosen.get_untracked();
        if id != next.model {
            sized::choose(&mut next, &id);
        }
        let cv = match next.load {
            Load::Open { cv, .. } => cv,
            Load::Closed { .. } => 1.0,
        };
        next.load = Load::Open { rate: RequestsPerSecond::new(rate.get_untracked().unwrap_or(FIRST)), cv };
        if let Some(own) = workload(&kind.get_untracked()) {
            work::take(&mut next, own);
        }
        page.choose(|scenario| *scenario = next);
        page.commit();
        page.look(|view| view.tab = Tab::Size);
        done.run(());
        bring("tab-size");
    };
    view! {
        <form class="question" on:submit=start>
            <Picker id="size-model" label="Model" kind=Kind::AnyModel value=chosen name=name labelled=true
                set={move |id: String| chosen.set(id)}/>
            <NumberField id="size-rate" label="Load" unit=Unit::RequestsPerSecond limits=Limits::RATE value=rate
                set={move |value: Option<f64>| rate.set(value)} hint="Requests per second at the busiest time"/>
            <Choice id="size-work" label="Work" groups=Signal::stored(vec![Group::flat(kinds)]) value=kind
                set={move |id: String| kind.set(id)}/>
            <button type="submit" class="primary">"Size it"</button>
        </form>
    }
    .into_any()
}

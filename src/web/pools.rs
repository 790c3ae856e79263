//! The pools as they run: how busy they are, how the model lies on them, and how much room they have. What fills their
//! memory stands in the panel of reasons.

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;

use super::controls::names;
use super::state::use_page;
use crate::cost::PoolPower;
use crate::report::words;
use crate::serve::{PoolState, find_model};
use crate::units::Watts;
use crate::units::format::{Precision, Unit};

/// A card for each pool. What moves between them stands in the diagram.
#[component]
pub fn Pools() -> impl IntoView {
    let page = use_page();
    let pools = memo(move || {
        page.answer
            .with(|answer| answer.as_ref().as_ref().map(|own| own.steady.pools.clone()).unwrap_or_default())
    });
    let powers = memo(move || {
        page.answer.with(|answer| {
            answer
                .as_ref()
                .as_ref()
                .map(|own| own.energy.pools.iter().map(drawn).collect::<Vec<String>>())
                .unwrap_or_default()
        })
    });
    let experts = page.part(|scenario| find_model(scenario).is_ok_and(|model| model.has_moe()));
    view! {
        <section class="panel pools" aria-labelledby="pools-title">
            <h2 id="pools-title">"Pools"</h2>
            <div class="cards">
                {views(move || {
                    let powers = powers.get();
                    let pools = pools.get().into_iter().zip(powers);
                    pools.map(|(state, power)| card(&state, power, experts.get())).collect_view()
                })}
            </div>
        </section>
    }
}

fn card(state: &PoolState, power: String, experts: bool) -> impl IntoView + use<> {
    let (role, title) = names(state.role);
    let busy = Unit::Percent.format_with(state.utilisation, Precision::SHORT);
    let layout = words::layout(&state.layout, experts);
    let replicas =
        if state.replicas == 1 { "1 replica".to_owned() } else { format!("{} replicas", state.replicas) };
    let batch = state.batch.get();
    let batch =
        (batch > 0.0).then(|| format!(" · batch {}", Unit::Number.format_with(batch, Precision::NORMAL)));
    view! {
        <div class="card" data-role=role>
            <h3>
                <span>{title}</span>
                <span class="what">{words::chips(state.chips, &state.chip)}</span>
            </h3>
            <p class="row">
                <span>{replicas} " of " {layout} {batch}</span>
            </p>
            <div class="meter">
                <span class="name">"Loaded"</span>
                <span class="gauge"><span style:width=format!("{:.1}%", 100.0 * state.utilisation.clamp(0.0, 1.0))></span></span>
                <span class="figure">{busy}</span>
            </div>
            {(!power.is_empty()).then(|| view! {
                <p class="row line">
                    <span class="name">"Power drawn per chip"</span>
                    <span class="figure">{power}</span>
                </p>
            })}
            {room(state)}
        </div>
    }
}

/// What a chip draws on average, and what is provisioned for it; nothing where nobody says what it draws.
fn drawn(power: &PoolPower) -> String {
    let watts = |watts: &Watts| Unit::Watts.format(watts.get());
    match (&power.drawn, &power.provisioned) {
        (Ok(drawn), Ok(whole)) => format!("{} of {} provisioned", watts(drawn), watts(whole)),
        (Ok(drawn), Err(_)) => watts(drawn),
        (Err(_), _) => String::new(),
    }
}

/// How much a replica still takes.
fn room(state: &PoolState) -> Option<impl IntoView + use<>> {
    let short = |unit: Unit, value: f64| unit.format_with(value, Precision::SHORT);
    let (tokens, sequences) = (state.memory.kv_capacity.get(), state.memory.sequences);
    (tokens > 0.0).then(|| {
        let room =
            format!("{} tokens, {} sequences", short(Unit::Count, tokens), short(Unit::Number, sequences));
        view! {
            <p class="row line">
                <span class="name">"Room per replica"</span>
                <span class="figure">{room}</span>
            </p>
        }
    })
}

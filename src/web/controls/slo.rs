//! The service level: how long people are ready to wait.

use leptos::prelude::*;
use markup::view;

use super::field::NumberField;
use crate::scenario::{Limit, Limits};
use crate::units::Seconds;
use crate::units::format::Unit;
use crate::web::state::use_page;

/// Limits of TTFT and TPOT.
#[component]
pub fn SloControls() -> impl IntoView {
    let page = use_page();
    let ttft = page.part(|scenario| scenario.slo.ttft.map(|limit| limit.at.get()));
    let tpot = page.part(|scenario| scenario.slo.tpot.map(|limit| limit.at.get()));
    let none = Signal::stored("no limit".to_owned());
    view! {
        <fieldset class="block">
            <legend>"Service level"</legend>
            <div class="pair">
                <NumberField
                    id="slo-ttft"
                    label="TTFT ≤"
                    unit=Unit::Seconds
                    limits=Limits::TTFT
                    value=ttft
                    set={move |time: Option<f64>| page.edit(|scenario| scenario.slo.ttft = typed(scenario.slo.ttft, time))}
                    empty=none
                    hint="Longest mean time to first token; empty for no limit"
                />
                <NumberField
                    id="slo-tpot"
                    label="TPOT ≤"
                    unit=Unit::Seconds
                    limits=Limits::TPOT
                    value=tpot
                    set={move |time: Option<f64>| page.edit(|scenario| scenario.slo.tpot = typed(scenario.slo.tpot, time))}
                    empty=none
                    hint="Longest mean time per output token; empty for no limit"
                />
            </div>
        </fieldset>
    }
}

/// The limit after a time was typed: of whom it was, and where there was none of 95 in 100 requests.
fn typed(before: Option<Limit>, time: Option<f64>) -> Option<Limit> {
    let at = Seconds::new(time?);
    Some(before.map_or_else(|| Limit::p95(at), |own| Limit { at, ..own }))
}

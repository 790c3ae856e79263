//! The service level: how long people are ready to wait, how many of them, and what is kept in reserve.

use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use crate::scenario::{Limit, Limits, Percentile, Slo};
use crate::units::Seconds;
use crate::units::format::Unit;
use crate::web::state::use_page;

/// Word for a limit on the mean.
const MEAN: &str = "mean";

/// Limits of TTFT and TPOT, headroom and spare replicas.
#[component]
pub fn SloControls() -> impl IntoView {
    let page = use_page();
    let headroom = page.part(|scenario| scenario.reserve.headroom);
    let spare = page.part(|scenario| Some(f64::from(scenario.reserve.spare)));
    let none = Signal::stored("none".to_owned());
    view! {
        <fieldset class="block">
            <legend>"Service level"</legend>
            {limit("slo-ttft", "TTFT ≤", Limits::TTFT, |slo| &mut slo.ttft)}
            {limit("slo-tpot", "TPOT ≤", Limits::TPOT, |slo| &mut slo.tpot)}
            <div class="pair">
                <NumberField
                    id="headroom"
                    label="Headroom"
                    unit=Unit::Percent
                    limits=Limits::HEADROOM
                    value=headroom
                    set={move |share: Option<f64>| page.edit(|scenario| scenario.reserve.headroom = share)}
                    empty=none
                    hint="More load that the service level must bear"
                />
                <NumberField
                    id="spare"
                    label="Spare replicas"
                    unit=Unit::Count
                    limits=Limits::SPARE
                    value=spare
                    set={move |count: Option<f64>| {
                        page.edit(|scenario| scenario.reserve.spare = libm::round(count.unwrap_or(0.0)) as u32);
                    }}
                    empty=none
                    hint="Replicas of any one pool that may fail without the service level"
                />
            </div>
        </fieldset>
    }
}

/// The service level once more, for a view that is about it: limits, percentiles and headroom.
pub fn level(prefix: &'static str) -> AnyView {
    let page = use_page();
    let headroom = page.part(|scenario| scenario.reserve.headroom);
    view! {
        {limit(&format!("{prefix}ttft"), "TTFT ≤", Limits::TTFT, |slo| &mut slo.ttft)}
        {limit(&format!("{prefix}tpot"), "TPOT ≤", Limits::TPOT, |slo| &mut slo.tpot)}
        <NumberField
            id=format!("{prefix}headroom")
            label="Headroom"
            unit=Unit::Percent
            limits=Limits::HEADROOM
            value=headroom
            set={move |share: Option<f64>| page.edit(|scenario| scenario.reserve.headroom = share)}
            empty=Signal::stored("20 %".to_owned())
            hint="More load that the service level must bear; 20 % where none is stated"
        />
    }
    .into_any()
}

/// A time and whose it is.
fn limit(
    id: &str,
    label: &'static str,
    limits: Limits,
    of: fn(&mut Slo) -> &mut Option<Limit>,
) -> impl IntoView + use<> {
    let page = use_page();
    let own = page.part(move |scenario| {
        let mut slo = scenario.slo;
        *of(&mut slo)
    });
    let at = Signal::derive(move || own.get().map(|limit| limit.at.get()));
    let name =
        |percentile: Option<Percentile>| percentile.map_or_else(|| MEAN.to_owned(), |own| own.to_string());
    let whose =
        Signal::derive(move || name(own.get().map_or(Some(Percentile::P95), |limit| limit.percentile)));
    let known =
        [Some(Percentile::P50), Some(Percentile::P90), Some(Percentile::P95), Some(Percentile::P99), None];
    let groups = Signal::derive(move || {
        let mut all = known.to_vec();
        // What a link says may be another.
        let linked = own.get().and_then(|limit| limit.percentile);
        if !all.contains(&linked) {
            all.insert(0, linked);
        }
        vec![Group::flat(all.into_iter().map(|one| Item::new(name(one), name(one))).collect())]
    });
    view! {
        <div class="pair">
            <NumberField
                id=id.to_owned()
                label=label
                unit=Unit::Seconds
                limits=limits
                value=at
                set={move |time: Option<f64>| {
                    page.edit(|scenario| {
                        let limit = of(&mut scenario.slo);
                        *limit = typed(*limit, time);
                    });
                }}
                empty=Signal::stored("no limit".to_owned())
                hint="Longest time that is good enough; empty for no limit"
            />
            <Choice
                id=format!("{id}-of")
                label=format!("Percentile of {}", label.trim_end_matches([' ', '≤']))
                quiet=true
                groups=groups
                value=whose
                set={move |word: String| {
                    let percentile = word.strip_prefix('p').and_then(|own| own.parse().ok()).and_then(Percentile::new);
                    page.edit(|scenario| {
                        if let Some(limit) = of(&mut scenario.slo) {
                            limit.percentile = percentile;
                        }
                    });
                }}
            />
        </div>
    }
}

/// The limit after a time was typed: of whom it was, and where there was none of 95 in 100 requests.
fn typed(before: Option<Limit>, time: Option<f64>) -> Option<Limit> {
    let at = Seconds::new(time?);
    Some(before.map_or_else(|| Limit::p95(at), |own| Limit { at, ..own }))
}

//! The silicon: which roles exist, the chips in each pool, and how they are shared out.

use crate::web::lean::{When, memo, views};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item, Segments};
use super::field::NumberField;
use super::fold::{Detail, fold};
use super::layout::summary;
use super::picker::Picker;
use super::picking::Kind;
use super::pool::{edit_pool, names, pool};
use super::speculation;
use super::stops::Stops;
use super::wires::wires;
use crate::catalog::chip::{Chip, Status};
use crate::cost::{chip_hour, chip_price};
use crate::report::words;
use crate::scenario::{Limits, Pool, Role, Scenario, Split, SplitKind};
use crate::units::format::{Precision, Unit};
use crate::web::state::use_page;

/// Split, pools, what connects them, speculation and mix.
#[component]
pub fn SiliconControls() -> impl IntoView {
    let page = use_page();
    let kind = page.part(|scenario| scenario.split.kind());
    let split = memo(move || kind.get().id().to_owned());
    let items = SplitKind::ALL.into_iter().map(|kind| Item::new(kind.id(), words::split(kind))).collect();
    let pools = move || {
        kind.track();
        let roles: Vec<Role> =
            page.scenario.with_untracked(|own| own.split.pools().into_iter().map(|(role, _)| role).collect());
        roles.into_iter().map(|role| view! { <PoolControls role=role/> }).collect_view()
    };
    let mixed = memo(move || kind.get() == SplitKind::Pd);
    let several = page.part(|scenario| scenario.split.pools().len() > 1);
    view! {
        <fieldset class="block">
            <legend>"Silicon"</legend>
            <Choice
                id="split"
                label="Split"
                quiet=true
                groups=Signal::stored(vec![Group::flat(items)])
                value=split
                set={move |kind: String| page.choose(|scenario| resplit(scenario, &kind))}
            />
            {views(pools)}
            <When on=mixed>{mix()}</When>
            <When on=several>{wires()}</When>
            {fold("Speculation", Some(speculation::summary().into()), Detail::Speculation)}
            {fold("Own chip…", None, Detail::OwnChip)}
        </fieldset>
    }
}

/// Chip, count and layout of one pool.
#[component]
fn PoolControls(
    /// The pool.
    role: Role,
) -> impl IntoView {
    let page = use_page();
    let (key, title) = names(role);
    let chip_id =
        page.part(move |scenario| pool(scenario, role).map(|pool| pool.chip.clone()).unwrap_or_default());
    let name = page.part(move |scenario| {
        let id = pool(scenario, role).map(|pool| pool.chip.clone()).unwrap_or_default();
        scenario.chip(&id).map_or(id.clone(), |chip| chip.name.to_string())
    });
    let count = page.part(move |scenario| pool(scenario, role).map(|pool| f64::from(pool.chips)));
    let about = page.part(move |scenario| {
        pool(scenario, role)
            .and_then(|pool| scenario.chip(&pool.chip))
            .map(|chip| about(chip, scenario))
            .unwrap_or_default()
    });
    view! {
        <div class="pool" data-role=key>
            <h3>{title}</h3>
            <Picker
                id=format!("{key}-chip")
                label=format!("Chip, {}", title.to_ascii_lowercase())
                kind=Kind::Chip(role)
                value=chip_id
                name=name
                set={move |id: String| {
                    page.choose(|scenario| {
                        edit_pool(scenario, role, |pool| {
                            pool.chip = id;
                            pool.layout = None;
                        });
                    });
                }}
            />
            <p class="about">{about}</p>
            <NumberField
                id=format!("{key}-count")
                label="Chips"
                unit=Unit::Count
                limits=Limits::CHIPS
                value=count
                set={move |count: Option<f64>| {
                    page.edit(|scenario| {
                        edit_pool(scenario, role, |pool| {
                            pool.chips = count.map_or(pool.chips, |count| libm::round(count) as u32);
                        });
                    });
                }}
                stops=Signal::stored(Stops::whole(1.0, 1024.0))
            />
            {fold("Layout", Some(summary(role)), Detail::Layout(role))}
        </div>
    }
}

/// Moves chips between prefill and decode.
fn mix() -> AnyView {
    let page = use_page();
    // What stays equal while the slider moves. Dollars are remembered, or rounding would eat them chip by chip.
    let by_cost = RwSignal::new(false);
    let budget = RwSignal::new(None::<(f64, Scenario)>);
    let totals = page.part(|scenario| match &scenario.split {
        Split::PrefillDecode { prefill, decode } => Some((prefill.chips, decode.chips)),
        _ => None,
    });
    let prices = page.part(prices);
    let share = memo(move || {
        totals.get().map(|(prefill, decode)| match (by_cost.get(), prices.get()) {
            (true, Some((a, b))) => {
                let (a, b) = (a * f64::from(prefill), b * f64::from(decode));
                a / (a + b)
            }
            _ => f64::from(prefill) / (f64::from(prefill) + f64::from(decode)),
        })
    });
    let stops = memo(move || {
        let (prefill, decode) = totals.get().unwrap_or((1, 1));
        let all = prefill.saturating_add(decode).max(2);
        if by_cost.get() || all > 200 {
            Stops::linear(0.01, 0.99, 98)
        } else {
            let edge = 1.0 / f64::from(all);
            Stops::linear(edge, 1.0 - edge, (all - 2).max(1))
        }
    });
    let moved = move |share: Option<f64>| {
        let Some(share) = share else { return };
        if by_cost.get_untracked() {
            let now = page.scenario.get_untracked();
            let total = budget.with_untracked(|budget| match budget {
                Some((total, last)) if last.split == now.split && last.pricing == now.pricing => Some(*total),
                _ => per_hour(&now),
            });
            let Some(total) = total else { return };
            page.edit(|scenario| spend(scenario, total, share));
            budget.set(Some((total, page.scenario.get_untracked())));
        } else {
            page.edit(|scenario| {
                if let Split::PrefillDecode { prefill, decode } = &mut scenario.split {
                    let all = prefill.chips.saturating_add(decode.chips).max(2);
                    let first = libm::round(share * f64::from(all)).clamp(1.0, f64::from(all - 1));
                    prefill.chips = first as u32;
                    decode.chips = all - prefill.chips;
                }
            });
        }
    };
    let limits = Limits { field: "mix", low: 0.0, high: 1.0, unit: "" };
    let kept = memo(move || if by_cost.get() { "cost" } else { "count" });
    view! {
        <div class="mix">
            <NumberField
                id="mix"
                label="Prefill share"
                unit=Unit::Percent
                limits
                value=share
                set=moved
                stops=stops
                hint="Moves chips from one pool to the other"
            />
            <div class="row ends" aria-hidden="true">
                <span data-role="decode">"all decode"</span>
                <span data-role="prefill">"all prefill"</span>
            </div>
            <When on={memo(move || prices.get().is_some())}>
                <Segments
                    name="kept"
                    legend="Keep"
                    options=vec![("count", "Chip count"), ("cost", "Dollars per hour")]
                    value=kept
                    set={move |kind: &'static str| by_cost.set(kind == "cost")}
                />
            </When>
        </div>
    }
    .into_any()
}

/// Status, memory, price and power of a chip in a line.
fn about(chip: &Chip, scenario: &Scenario) -> String {
    // What one can simply have needs no word.
    let mut parts = Vec::new();
    parts.extend((chip.status != Status::Shipping).then(|| chip.status.id().to_owned()));
    match (&chip.memory, &chip.sram) {
        (Some(memory), _) => parts.push(format!(
            "{} {}, {}",
            Unit::Bytes.format(memory.named.get()),
            memory.kind,
            Unit::BytesPerSecond.format(memory.bandwidth.get())
        )),
        (None, Some(sram)) => parts.push(format!("{} SRAM", Unit::Bytes.format(sram.capacity.get()))),
        (None, None) => {}
    }
    parts.push(match chip_hour(scenario, &chip.id) {
        Ok(hour) => {
            let price = Unit::DollarsPerHour.format_with(hour.value.get(), Precision::STEADY);
            if hour.origin.is_estimate() { format!("{price} estimated") } else { price }
        }
        Err(missing) => format!("no public {}", missing.figure),
    });
    parts.extend(chip.tdp.map(|power| Unit::Watts.format(power.get())));
    parts.join(" · ")
}

/// The other split over as many chips.
fn resplit(scenario: &mut Scenario, kind: &str) {
    if let Some(kind) = SplitKind::from_id(kind) {
        scenario.split.set_kind(kind);
    }
}

/// Price of a prefill and of a decode chip per hour, where both are known.
fn prices(scenario: &Scenario) -> Option<(f64, f64)> {
    let Split::PrefillDecode { prefill, decode } = &scenario.split else { return None };
    let price = |pool: &Pool| chip_price(scenario, &pool.chip).ok().map(|price| price.get());
    match (price(prefill)?, price(decode)?) {
        (a, b) if a > 0.0 && b > 0.0 => Some((a, b)),
        _ => None,
    }
}

fn per_hour(scenario: &Scenario) -> Option<f64> {
    let Split::PrefillDecode { prefill, decode } = &scenario.split else { return None };
    let (a, b) = prices(scenario)?;
    Some(a * f64::from(prefill.chips) + b * f64::from(decode.chips))
}

/// Spends a budget per hour on the two pools.
fn spend(scenario: &mut Scenario, total: f64, share: f64) {
    let Some((a, b)) = prices(scenario) else { return };
    let Split::PrefillDecode { prefill, decode } = &mut scenario.split else { return };
    let chips = |money: f64, price: f64| Limits::CHIPS.clamp(libm::round(money / price)) as u32;
    prefill.chips = chips(total * share, a);
    decode.chips = chips(total - f64::from(prefill.chips) * a, b);
}

//! The silicon: which roles exist and the chips in each pool. How they are shared out is moved on the board.

use crate::web::lean::{When, memo, views};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
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
use crate::cost::chip_hour;
use crate::report::words;
use crate::scenario::{Limits, Role, Scenario, SplitKind};
use crate::units::format::{Precision, Unit};
use crate::web::state::use_page;

/// Split, pools, what connects them and speculation.
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

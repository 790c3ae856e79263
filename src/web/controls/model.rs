//! The model: one of the catalogue, or a family at any size.

use crate::web::lean::{When, memo};
use leptos::prelude::*;
use markup::view;

use super::choice::{Choice, Group, Item};
use super::field::NumberField;
use super::fold::{Detail, fold};
use super::stops::Stops;
use crate::catalog::{Family, NumberFormat, family, models_by_vendor, parse_family_id, scaled};
use crate::explore::Knob;
use crate::scenario::{Custom, Formats, Limits, Scenario};
use crate::serve::find_model;
use crate::units::format::Unit;
use crate::web::state::use_page;

const SIZE: Limits =
    Limits { field: "size", low: family::MIN_TOTAL, high: family::MAX_TOTAL, unit: "parameters" };
const SHARE: Limits = Limits { field: "active share", low: family::MIN_SHARE, high: 1.0, unit: "" };

/// Model, size and number formats.
#[component]
pub fn ModelControls() -> impl IntoView {
    let page = use_page();
    let model = page.part(|scenario| match scaled_parts(&scenario.model) {
        Some((family, ..)) => family.id().to_owned(),
        None => scenario.model.clone(),
    });
    let size = page.part(|scenario| Knob::ModelSize.current(scenario));
    let share = page.part(|scenario| match scaled_parts(&scenario.model) {
        Some((Family::Moe | Family::MlaMoe, _, share)) => Some(share),
        _ => None,
    });
    let custom = page.part(|scenario| scenario.custom.clone());
    let models = memo(move || custom.with(menu));
    let about = page.part(about);
    let has_share = memo(move || share.get().is_some());
    let in_force = page.part(|scenario| {
        let name = |format: Option<NumberFormat>, otherwise| format.map_or(otherwise, NumberFormat::id);
        let Formats { weights, kv, .. } = &scenario.formats;
        format!("{} weights, {} KV", name(*weights, "native"), name(*kv, "auto"))
    });

    view! {
        <fieldset class="block">
            <legend>"Model"</legend>
            <Choice
                id="model"
                label="Model"
                quiet=true
                groups=models
                value=model
                set={move |id: String| page.edit(|scenario| choose(scenario, &id))}
            />
            <p class="about">{about}</p>
            <NumberField
                id="size"
                label="Parameters"
                unit=Unit::Parameters
                limits=SIZE
                value=size
                set={move |size: Option<f64>| page.edit(|scenario| resize(scenario, size))}
                stops=Signal::stored(Stops::decimal(SIZE.low, SIZE.high))
                hint="Moving this turns a catalogue model into its family, scaled to the size"
            />
            <When on=has_share>
                <NumberField
                    id="active"
                    label="Active"
                    unit=Unit::Percent
                    limits=SHARE
                    value=share
                    set={move |share: Option<f64>| page.edit(|scenario| sparsen(scenario, share))}
                    stops=Signal::stored(Stops::decimal(0.01, 1.0))
                    hint="Share of the parameters that each token uses"
                />
            </When>
            {fold("Number formats", Some(in_force.into()), Detail::Formats)}
            {fold("Own model…", None, Detail::OwnModel)}
        </fieldset>
    }
}

/// The catalogue by vendor, and the families.
fn menu(custom: &Custom) -> Vec<Group> {
    let families =
        Family::ALL.iter().map(|family| Item::new(family.id(), format!("{}, scaled", family.name())));
    let mut groups = vec![Group { label: "Any size".to_owned(), options: families.collect() }];
    if let Some(model) = &custom.model {
        let own = Item::new(model.id.as_ref(), model.name.as_ref());
        groups.push(Group { label: "Own".to_owned(), options: vec![own] });
    }
    groups.extend(models_by_vendor().map(|(vendor, models)| Group {
        label: vendor.to_owned(),
        options: models.iter().map(|model| Item::new(model.id.as_ref(), model.name.as_ref())).collect(),
    }));
    groups
}

/// Size, activity and context in a line.
fn about(scenario: &Scenario) -> String {
    let Ok(model) = find_model(scenario) else { return String::new() };
    let parameters = model.parameters();
    let (total, active) = (parameters.total(), parameters.active());
    let context = Unit::Tokens.format(model.max_context.get());
    if active < 0.9 * total {
        let (total, active) = (Unit::Parameters.format(total), Unit::Parameters.format(active));
        format!("{total} parameters, {active} active · {context} context")
    } else {
        format!("{} parameters, dense · {context} context", Unit::Parameters.format(total))
    }
}

/// Family, size and active share of a scaled model's identifier.
fn scaled_parts(id: &str) -> Option<(Family, f64, f64)> {
    let family = Family::from_id(id.split(':').next()?)?;
    let model = parse_family_id(id).ok()?;
    let size = Unit::Parameters.parse(id.split(':').nth(1)?).ok()?;
    let stated = id.split(':').nth(2).and_then(|text| Unit::Percent.parse(text).ok());
    let own = model.parameters();
    Some((family, size, stated.unwrap_or_else(|| own.active() / own.total())))
}

/// Another model, in the formats of its checkpoint and with layouts that suit it.
fn choose(scenario: &mut Scenario, id: &str) {
    scenario.model = match Family::from_id(id) {
        Some(family) => {
            let size = Knob::ModelSize.current(scenario).unwrap_or(70e9);
            scaled(family, size, None).id.into_owned()
        }
        None => id.to_owned(),
    };
    let first = Scenario::default();
    scenario.formats = if scenario.model == first.model { first.formats } else { Formats::default() };
    for pool in scenario.split.pools_mut() {
        pool.layout = None;
    }
}

fn resize(scenario: &mut Scenario, size: Option<f64>) {
    let Some(size) = size else { return };
    match scaled_parts(&scenario.model) {
        Some((family, _, share)) => {
            let stated = scenario.model.split(':').nth(2).map(|_| share);
            scenario.model = scaled(family, size, stated).id.into_owned();
        }
        None => {
            if let Some(other) = Knob::ModelSize.apply(scenario, size) {
                *scenario = other;
            }
        }
    }
}

fn sparsen(scenario: &mut Scenario, share: Option<f64>) {
    if let (Some((family, size, _)), Some(share)) = (scaled_parts(&scenario.model), share) {
        scenario.model = scaled(family, size, Some(share)).id.into_owned();
    }
}

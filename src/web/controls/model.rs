//! The model: one of the catalogue, or a family at any size.
//!
//! A model of the catalogue whose size is changed becomes its family at that size; where it came from is kept, so that the
//! slider has a stop at its own size and gives it back as it was, layouts included.

use crate::web::lean::{When, memo, views};
use leptos::prelude::*;
use markup::view;

use super::field::NumberField;
use super::fold::{Detail, fold};
use super::picker::Picker;
use super::picking::Kind;
use super::sized::{Origin, choose, resize, scaled_parts, sparsen};
use super::stops::Stops;
use crate::catalog::{Family, NumberFormat, family};
use crate::explore::Knob;
use crate::scenario::{Formats, Limits, Scenario};
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
    // What a scaled model came from, as long as nothing else is chosen.
    let origin = RwSignal::new(None::<Origin>);
    let from = page.part(move |scenario| origin.with(|own| own.clone().filter(|own| own.led_to(scenario))));
    let name = page.part(|scenario| {
        find_model(scenario).map_or_else(|_| scenario.model.clone(), |own| own.name.to_string())
    });
    let name = memo(move || from.get().map_or_else(|| name.get(), |own| format!("{}, resized", own.name)));
    // A model of the catalogue stands on a stop of its own, so that the slider can come back to it.
    let own_size = memo(move || from.with(|own| own.as_ref().map(|own| own.size)).or_else(|| size.get()));
    let stops = memo(move || {
        let stops = Stops::decimal(SIZE.low, SIZE.high);
        match own_size.get() {
            Some(size) => stops.and(size),
            None => stops,
        }
    });
    let resized = move |size: Option<f64>| {
        let Some(size) = size else { return };
        page.edit(|scenario| {
            let kept = Origin::of(scenario).or_else(|| from.get_untracked());
            match &kept {
                Some(own) if own.is_of(size) => own.restore(scenario),
                _ => resize(scenario, size),
            }
            origin.set(kept.map(|own| own.scaled_to(&scenario.model)));
        });
    };
    let back = move |_| {
        if let Some(own) = from.get_untracked() {
            page.edit(|scenario| own.restore(scenario));
            page.commit();
        }
    };
    let moved = memo(move || from.with(|own| own.as_ref().is_some_and(|own| own.is_scaled())));
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
            <Picker
                id="model"
                label="Model"
                kind=Kind::Model
                value=model
                name=name
                set={move |id: String| page.choose(|scenario| choose(scenario, &id))}
            />
            <p class="about">{about}</p>
            <NumberField
                id="size"
                label="Parameters"
                unit=Unit::Parameters
                limits=SIZE
                value=size
                set=resized
                stops=stops
                hint="Moving this turns a catalogue model into its family, scaled to the size"
            />
            <When on=moved>
                <p class="about">
                    <button type="button" class="quiet small" on:click=back>
                        {views(move || from.get().map(|own| format!("Back to {}", own.name)))}
                    </button>
                </p>
            </When>
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

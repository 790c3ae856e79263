//! The model: one of the catalogue, or a family at any size.
//!
//! A model of the catalogue whose size is changed becomes its family at that size; where it came from is kept, so that the
//! slider has a stop at its own size and gives it back as it was, layouts included.

use crate::web::lean::{When, memo, views};
use leptos::prelude::*;
use markup::view;

use super::field::NumberField;
use super::fold::{Detail, fold};
use super::picker::{Kind, Picker};
use super::stops::Stops;
use crate::catalog::{Family, NumberFormat, family, parse_family_id, scaled};
use crate::explore::Knob;
use crate::scenario::{Formats, Limits, Pool, Scenario};
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
            origin.set(kept.map(|own| Origin { scaled: scenario.model.clone(), ..own }));
        });
    };
    let back = move |_| {
        if let Some(own) = from.get_untracked() {
            page.edit(|scenario| own.restore(scenario));
            page.commit();
        }
    };
    let moved = memo(move || from.with(|own| own.as_ref().is_some_and(|own| own.scaled != own.id)));
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

/// What a scaled model came from.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    id: String,
    name: String,
    size: f64,
    /// Its pools, whose layouts scaling leaves to the tool.
    pools: Vec<Pool>,
    /// What it was last scaled to.
    scaled: String,
}

impl Origin {
    /// The scenario's model, unless it is a scaled one already.
    fn of(scenario: &Scenario) -> Option<Self> {
        if scaled_parts(&scenario.model).is_some() {
            return None;
        }
        Some(Self {
            id: scenario.model.clone(),
            name: find_model(scenario).ok()?.name.to_string(),
            size: Knob::ModelSize.current(scenario)?,
            pools: scenario.split.pools().into_iter().map(|(_, pool)| pool.clone()).collect(),
            scaled: scenario.model.clone(),
        })
    }

    /// Whether the scenario's model is what became of it.
    fn led_to(&self, scenario: &Scenario) -> bool {
        scenario.model == self.scaled || scenario.model == self.id
    }

    /// Whether a size is its own, as far as sizes are written out.
    fn is_of(&self, size: f64) -> bool {
        self.size == size || Unit::Parameters.format(self.size) == Unit::Parameters.format(size)
    }

    /// Gives the model back, with the layouts of pools that are as they were.
    fn restore(&self, scenario: &mut Scenario) {
        scenario.model.clone_from(&self.id);
        for (pool, own) in scenario.split.pools_mut().into_iter().zip(&self.pools) {
            if pool.chip == own.chip && pool.chips == own.chips {
                pool.layout = own.layout;
            }
        }
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
pub fn choose(scenario: &mut Scenario, id: &str) {
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

fn resize(scenario: &mut Scenario, size: f64) {
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

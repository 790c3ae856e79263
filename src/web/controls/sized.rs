//! Models by choice and by size: another model with what suits it, a family at any size, and the way back from one.

use crate::catalog::{Family, parse_family_id, scaled};
use crate::explore::Knob;
use crate::scenario::{Formats, Pool, Scenario};
use crate::serve::find_model;
use crate::units::format::Unit;

/// What a scaled model came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    id: String,
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub size: f64,
    /// Its pools, whose layouts scaling leaves to the tool.
    pools: Vec<Pool>,
    /// What it was last scaled to.
    scaled: String,
}

impl Origin {
    /// The scenario's model, unless it is a scaled one already.
    pub fn of(scenario: &Scenario) -> Option<Self> {
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

    /// The same after it was scaled to another model.
    pub fn scaled_to(self, model: &str) -> Self {
        Self { scaled: model.to_owned(), ..self }
    }

    /// Whether another size of it is served.
    pub fn is_scaled(&self) -> bool {
        self.scaled != self.id
    }

    /// Whether the scenario's model is what became of it.
    pub fn led_to(&self, scenario: &Scenario) -> bool {
        scenario.model == self.scaled || scenario.model == self.id
    }

    /// Whether a size is its own, as far as sizes are written out.
    pub fn is_of(&self, size: f64) -> bool {
        self.size == size || Unit::Parameters.format(self.size) == Unit::Parameters.format(size)
    }

    /// Gives the model back, with the layouts of pools that are as they were.
    pub fn restore(&self, scenario: &mut Scenario) {
        scenario.model.clone_from(&self.id);
        for (pool, own) in scenario.split.pools_mut().into_iter().zip(&self.pools) {
            if pool.chip == own.chip && pool.chips == own.chips {
                pool.layout = own.layout;
            }
        }
    }
}

/// Family, size and active share of a scaled model's identifier.
pub fn scaled_parts(id: &str) -> Option<(Family, f64, f64)> {
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

/// The family at another size; a model of the catalogue becomes its family.
pub fn resize(scenario: &mut Scenario, size: f64) {
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

/// Another share of the parameters that each token uses.
pub fn sparsen(scenario: &mut Scenario, share: Option<f64>) {
    if let (Some((family, size, _)), Some(share)) = (scaled_parts(&scenario.model), share) {
        scenario.model = scaled(family, size, Some(share)).id.into_owned();
    }
}

//! Chips and models that a scenario brings along, and the one place where names are looked up.
//!
//! The catalogue is asked first: a chip of one's own can never pass for one that was measured.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::limits::{Invalid, Limits};
use crate::catalog::{self, Chip, Model};
use crate::units::format::excerpt;

/// Most chips that a scenario brings along.
pub const MOST_CHIPS: usize = 8;

/// Longest excerpt of a name in a message.
const EXCERPT: usize = 60;

/// What a scenario knows beyond the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Custom {
    /// Chips, made by [`Chip::custom`]; pools name them by identifier.
    pub chips: Vec<Chip>,
    /// A model, made by [`Model::custom`] or [`catalog::import::model_from_config`]; it is served when the scenario's
    /// `model` names it.
    pub model: Option<Model>,
    /// Catalogue chips with other figures, which stand in for those of the same identifier. Only a search for what a
    /// better chip would bring sets them: no link and no page can pass one off as the chip that was measured.
    #[serde(skip)]
    pub tuned: Vec<Chip>,
}

/// No model has the name that a scenario asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownModel {
    /// What was asked for, and what comes near.
    pub message: String,
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnknownModel {}

impl Custom {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chips.is_empty() && self.model.is_none()
    }

    /// Every number that is out of range.
    #[must_use]
    pub fn check(&self) -> Vec<Invalid> {
        let most = Limits { field: "chips of one's own", low: 0.0, high: MOST_CHIPS as f64, unit: "" };
        let mut invalid: Vec<Invalid> = most.admit(self.chips.len() as f64).err().into_iter().collect();
        invalid.extend(self.chips.iter().flat_map(Chip::out_of_range));
        invalid.extend(self.model.iter().flat_map(Model::out_of_range));
        invalid
    }

    /// The chip with this identifier, from the catalogue or from here.
    #[must_use]
    pub fn chip(&self, id: &str) -> Option<&Chip> {
        let tuned = self.tuned.iter().find(|chip| chip.id == id);
        tuned.or_else(|| catalog::chip(id)).or_else(|| self.chips.iter().find(|chip| chip.id == id))
    }

    /// The model with this identifier, from the catalogue, from here, or a family scaled to a size.
    ///
    /// # Errors
    /// [`UnknownModel`] with what comes near.
    pub fn model(&self, id: &str) -> Result<Cow<'_, Model>, UnknownModel> {
        let known = catalog::model(id).or_else(|| self.model.as_ref().filter(|model| model.id == id));
        if let Some(model) = known {
            return Ok(Cow::Borrowed(model));
        }
        catalog::parse_family_id(id).map(Cow::Owned).map_err(|error| UnknownModel {
            message: if id.contains(':') {
                error.to_string()
            } else {
                let said = format!("no model is called {}", excerpt(id, EXCERPT));
                match catalog::nearest_model_ids(id)[..] {
                    [] => said,
                    [only] => format!("{said}; did you mean {only}?"),
                    [ref others @ .., last] => {
                        format!("{said}; did you mean {} or {last}?", others.join(", "))
                    }
                }
            },
        })
    }
}

//! The models that a scenario serves: the one it names and, where tokens are proposed, the one that proposes them.

use std::borrow::Cow;

use super::refusal::Refusal;
use crate::catalog::model::{AttentionLayers, FfnLayers, Model};
use crate::scenario::{Drafter, Scenario};

/// The models of a scenario.
#[derive(Clone, Debug)]
pub struct Models<'a> {
    /// The model that answers.
    pub model: Cow<'a, Model>,
    /// The model that proposes tokens.
    pub drafter: Option<Cow<'a, Model>>,
}

impl<'a> Models<'a> {
    /// The models that a scenario names.
    ///
    /// # Errors
    /// [`Refusal::UnknownModel`] with what comes near.
    pub fn of(scenario: &'a Scenario) -> Result<Self, Refusal> {
        let model = find_model(scenario)?;
        // A draft pool is there even when it is told to propose nothing.
        let pool = scenario.split.kind().has_draft();
        let speculation = scenario.speculation().filter(|own| own.tokens > 0 || pool);
        let drafter = match speculation.map(|own| own.drafter) {
            None => None,
            Some(Drafter::Mtp) => Some(Cow::Owned(head_of(&model))),
            Some(Drafter::Model(id)) => {
                let found = scenario.custom.model(&id);
                let found = found.map_err(|unknown| Refusal::UnknownModel { message: unknown.message })?;
                Some(Cow::Owned(found.into_owned()))
            }
        };
        Ok(Self { model, drafter })
    }
}

/// The model that a scenario names: of the catalogue, its own, or a family scaled to a size.
///
/// # Errors
/// [`Refusal::UnknownModel`] with what comes near.
pub fn find_model(scenario: &Scenario) -> Result<Cow<'_, Model>, Refusal> {
    scenario.model().map_err(|unknown| Refusal::UnknownModel { message: unknown.message })
}

/// A multi-token prediction head: one more layer like the model's last ones, and the model's own embedding and output
/// head. The projection that joins the two inputs of the layer, less than a hundredth of it, is left out.
fn head_of(model: &Model) -> Model {
    let attention: Vec<AttentionLayers> =
        model.attention.iter().last().map(|last| AttentionLayers { count: 1, ..*last }).into_iter().collect();
    let ffn: Vec<FfnLayers> =
        model.ffn.iter().last().map(|last| FfnLayers { count: 1, ..*last }).into_iter().collect();
    Model {
        name: Cow::Borrowed("MTP head"),
        published_parameters: None,
        published_active: None,
        layers: 1,
        attention: Cow::Owned(attention),
        ffn: Cow::Owned(ffn),
        ..model.clone()
    }
}

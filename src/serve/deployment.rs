//! A scenario settled on its silicon: the lengths it comes to, and for each pool the replica, its layout and the number
//! of copies. The closed form and the replay both start from here, so that they speak of the same deployment.

use super::half::Half;
use super::halves::Maker;
use super::lengths::Lengths;
use super::models::Models;
use super::refusal::Refusal;
use super::side::Side;
use super::transfer::{self, Path};
use crate::catalog::model::Model;
use crate::machine::{Constants, LinkKind};
use crate::pass::Numerics;
use crate::scenario::{Role, Scenario};

/// A scenario with every pool settled.
#[derive(Clone, Debug)]
pub struct Deployment<'a> {
    /// What is asked.
    pub scenario: &'a Scenario,
    /// The model.
    pub model: &'a Model,
    /// The formats in force.
    pub numerics: Numerics,
    /// The lengths.
    pub lengths: Lengths,
    /// The pool that only reads prompts, and the way from it to the pool that keeps the KV cache; none where prompts are
    /// read by the replicas that decode.
    pub prefill: Option<(Side<'a>, Path)>,
    /// The pools that decode, and read the prompts where no other does.
    pub decode: Half<'a>,
}

impl<'a> Deployment<'a> {
    /// The pool in a role.
    #[must_use]
    pub fn side(&self, role: Role) -> Option<&Side<'a>> {
        let half = &self.decode;
        let draft = half.draft.as_ref().and_then(|draft| draft.away.as_ref()).map(|away| &away.side);
        let all = [
            self.prefill.as_ref().map(|(side, _)| side),
            Some(&half.holder),
            half.partner.as_ref().map(|own| &own.side),
            draft,
        ];
        all.into_iter().flatten().find(|side| side.role == role)
    }

    /// Settles a scenario, which must be within its limits.
    ///
    /// # Errors
    /// [`Refusal`] when a pool can't hold its part of the model or no link is known.
    pub fn new(
        scenario: &'a Scenario,
        tables: &'a Constants,
        models: &'a Models<'a>,
    ) -> Result<Self, Refusal> {
        let model: &'a Model = &models.model;
        let numerics = Numerics::resolve(model, scenario.formats);
        let lengths = Lengths { window: model.max_context, ..Lengths::of(scenario) };
        let maker = Maker { scenario, tables, model, numerics };
        let reader = scenario.split.prefill().map(|pool| maker.side(pool, Role::Prefill)).transpose()?;
        let mut decode = maker.half(models.drafter.as_deref(), &lengths)?;
        let prefill = match reader {
            None => None,
            Some(from) => {
                let row = tables.link(LinkKind::Pool);
                let path =
                    transfer::path(scenario, row, model, numerics, lengths.isl, &from, &decode.holder)?;
                decode.share_link(path.bytes(), lengths.tokens);
                Some((from, path))
            }
        };
        Ok(Self { scenario, model, numerics, lengths, prefill, decode })
    }
}

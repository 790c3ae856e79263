//! A scenario settled on its silicon: the lengths it comes to, and for each pool the replica, its layout and the number
//! of copies. The closed form and the replay both start from here, so that they speak of the same deployment.

use super::half::Half;
use super::halves::Maker;
use super::lengths::Lengths;
use super::refusal::Refusal;
use super::side::Side;
use super::transfer::{self, Path};
use crate::catalog::model::Model;
use crate::machine::LinkKind;
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

    /// Tokens of an answer that users get with the first one, and the share of the time per token that is left to them.
    pub(super) fn unseen(&self) -> (f64, f64) {
        let tokens = self.lengths.tokens;
        let unseen = self.decode.holder.settled.replica.flags().unseen(self.prefill.is_some(), tokens);
        (unseen, if unseen > 0.0 { 1.0 - unseen / tokens } else { 1.0 })
    }

    /// The deployment of these pools.
    ///
    /// # Errors
    /// [`Refusal`] when no link between them is known.
    pub(super) fn of(
        maker: &Maker<'a>,
        lengths: Lengths,
        reader: Option<Side<'a>>,
        mut decode: Half<'a>,
    ) -> Result<Self, Refusal> {
        let Maker { scenario, tables, model, numerics } = *maker;
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

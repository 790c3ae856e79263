//! The splits that a search builds: the one place in this room that knows which splits there are.

use serde::Serialize;

use crate::scenario::{Layout, Pool, Scenario, Split, SplitKind};
use crate::serve::PoolState;

/// Which split a deployment has, whatever its chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One pool does everything.
    Colocated,
    /// Prefill on one pool, decode on another.
    PrefillDecode,
    /// A split that searches take as it stands, varying its load but not its chips.
    Other,
}

impl Shape {
    /// The shape in which a search takes a scenario: who speculates is taken as it stands.
    #[must_use]
    pub(super) fn searched(scenario: &Scenario) -> Self {
        if scenario.speculation().is_some() { Self::Other } else { Self::of(&scenario.split) }
    }

    /// The shape of a split.
    #[must_use]
    pub const fn of(split: &Split) -> Self {
        match split {
            Split::Colocated { .. } => Self::Colocated,
            Split::PrefillDecode { .. } => Self::PrefillDecode,
            _ => Self::Other,
        }
    }
}

/// A pool with a layout.
#[must_use]
pub(super) fn pool(chip: &str, chips: u32, layout: Layout) -> Pool {
    Pool { chip: chip.to_owned(), chips, layout: Some(layout) }
}

/// One pool that does everything.
#[must_use]
pub(super) const fn colocated(pool: Pool) -> Split {
    Split::Colocated { pool }
}

/// Prefill and decode apart.
#[must_use]
pub(super) const fn apart(prefill: Pool, decode: Pool) -> Split {
    Split::PrefillDecode { prefill, decode }
}

/// A split of this kind over pools in its order; `None` for another number of pools.
#[must_use]
pub(super) fn split(kind: SplitKind, pools: Vec<Pool>) -> Option<Split> {
    let mut pools = pools.into_iter();
    let mut next = || pools.next();
    let split = match kind {
        SplitKind::Colocated => Split::Colocated { pool: next()? },
        SplitKind::Pd => Split::PrefillDecode { prefill: next()?, decode: next()? },
        SplitKind::Afd => Split::AttentionFfn { attention: next()?, ffn: next()? },
        SplitKind::Draft => Split::DraftVerify { draft: next()?, verify: next()? },
        SplitKind::PdAfd => Split::PrefillAttentionFfn { prefill: next()?, attention: next()?, ffn: next()? },
        SplitKind::PdDraft => Split::PrefillDraftVerify { prefill: next()?, draft: next()?, verify: next()? },
    };
    next().is_none().then_some(split)
}

/// The kinds of chips that a scenario uses, in the order of its pools.
#[must_use]
pub fn kinds(scenario: &Scenario) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for (_, pool) in scenario.split.pools() {
        if !kinds.contains(&pool.chip) {
            kinds.push(pool.chip.clone());
        }
    }
    kinds
}

/// The scenario with each pool laid out as it was settled.
pub(super) fn laid_out(scenario: &Scenario, pools: &[PoolState]) -> Scenario {
    let mut own = scenario.clone();
    for (pool, state) in own.split.pools_mut().into_iter().zip(pools) {
        pool.layout = Some(state.layout);
    }
    own
}

//! Which roles exist, and the silicon in each.
//!
//! Two thoughts make a split: whether prompts are read on a pool of their own, and how the work of writing answers is
//! shared out ([`DecodeHalf`]): as a whole, by parts of each layer, or between a drafter and its verifier.

use serde::{Deserialize, Serialize};

use super::pool::Pool;

/// Which roles exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// One pool does everything.
    Colocated {
        /// The pool.
        pool: Pool,
    },
    /// Prefill on one pool, decode on another; the KV cache moves between them once per request.
    PrefillDecode {
        /// Pool that reads prompts.
        prefill: Pool,
        /// Pool that writes answers.
        decode: Pool,
    },
    /// Attention on one pool, feed-forward layers on another; activations go there and back in every layer.
    AttentionFfn {
        /// Pool that keeps the KV cache.
        attention: Pool,
        /// Pool that keeps the feed-forward weights.
        ffn: Pool,
    },
    /// One pool proposes tokens, another checks them in one pass.
    DraftVerify {
        /// Pool that proposes.
        draft: Pool,
        /// Pool that holds the model.
        verify: Pool,
    },
    /// Prefill on a pool of its own; decode is split into attention and feed-forward layers.
    PrefillAttentionFfn {
        /// Pool that reads prompts.
        prefill: Pool,
        /// Pool that keeps the KV cache.
        attention: Pool,
        /// Pool that keeps the feed-forward weights.
        ffn: Pool,
    },
    /// Prefill on a pool of its own; decode is split into proposing and checking.
    PrefillDraftVerify {
        /// Pool that reads prompts.
        prefill: Pool,
        /// Pool that proposes.
        draft: Pool,
        /// Pool that holds the model.
        verify: Pool,
    },
}

/// The role of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Prefill and decode.
    Colocated,
    /// Prefill only.
    Prefill,
    /// Decode only.
    Decode,
    /// The attention part of each layer, with the KV cache.
    Attention,
    /// The feed-forward part of each layer.
    Ffn,
    /// Proposes tokens.
    Draft,
    /// Checks proposed tokens.
    Verify,
}

/// The kind of a split, without its pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// One pool.
    Colocated,
    /// Prefill and decode.
    Pd,
    /// Attention and feed-forward layers.
    Afd,
    /// Draft and verify.
    Draft,
    /// Prefill, attention and feed-forward layers.
    PdAfd,
    /// Prefill, draft and verify.
    PdDraft,
}

/// How a split shares out the work of writing answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DecodeHalf<'a> {
    /// One pool runs whole layers.
    Whole(&'a Pool),
    /// Two pools share each layer.
    AttentionFfn {
        /// Pool that keeps the KV cache.
        attention: &'a Pool,
        /// Pool that keeps the feed-forward weights.
        ffn: &'a Pool,
    },
    /// One pool proposes, another checks.
    DraftVerify {
        /// Pool that proposes.
        draft: &'a Pool,
        /// Pool that holds the model.
        verify: &'a Pool,
    },
}

impl SplitKind {
    /// All kinds, in the order of menus.
    pub const ALL: [Self; 6] =
        [Self::Colocated, Self::Pd, Self::Afd, Self::Draft, Self::PdAfd, Self::PdDraft];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Colocated => "colocated",
            Self::Pd => "pd",
            Self::Afd => "afd",
            Self::Draft => "draft",
            Self::PdAfd => "pd-afd",
            Self::PdDraft => "pd-draft",
        }
    }

    /// The kind with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// Whether prompts are read on a pool of their own.
    #[must_use]
    pub const fn has_prefill(self) -> bool {
        matches!(self, Self::Pd | Self::PdAfd | Self::PdDraft)
    }

    /// Whether one pool proposes tokens for another.
    #[must_use]
    pub const fn has_draft(self) -> bool {
        matches!(self, Self::Draft | Self::PdDraft)
    }

    /// Whether each layer is shared by two pools.
    #[must_use]
    pub const fn has_ffn(self) -> bool {
        matches!(self, Self::Afd | Self::PdAfd)
    }
}

impl Split {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> SplitKind {
        match self {
            Self::Colocated { .. } => SplitKind::Colocated,
            Self::PrefillDecode { .. } => SplitKind::Pd,
            Self::AttentionFfn { .. } => SplitKind::Afd,
            Self::DraftVerify { .. } => SplitKind::Draft,
            Self::PrefillAttentionFfn { .. } => SplitKind::PdAfd,
            Self::PrefillDraftVerify { .. } => SplitKind::PdDraft,
        }
    }

    /// Becomes another kind over as many chips: a pool whose role stays stays as it is, chips of a role that goes join the
    /// pool that holds the model, and a new role takes half of that pool (a drafter a quarter).
    pub fn set_kind(&mut self, kind: SplitKind) {
        if kind == self.kind() {
            return;
        }
        let prefill = self.prefill().cloned();
        let (mut main, second, drafts) = match self.decode_half() {
            DecodeHalf::Whole(pool) => (pool.clone(), None, false),
            DecodeHalf::AttentionFfn { attention, ffn } => (attention.clone(), Some(ffn.clone()), false),
            DecodeHalf::DraftVerify { draft, verify } => (verify.clone(), Some(draft.clone()), true),
        };
        let join = |main: &mut Pool, gone: Option<Pool>| {
            if let Some(gone) = gone {
                *main = Pool::new(&main.chip, main.chips.saturating_add(gone.chips));
            }
        };
        let give = |main: &mut Pool, parts: u32| {
            let given = (main.chips / parts).max(1);
            *main = Pool::new(&main.chip, main.chips.saturating_sub(given).max(1));
            Pool::new(&main.chip, given)
        };
        let prefill = match (prefill, kind.has_prefill()) {
            (Some(own), true) => Some(own),
            (None, true) => Some(give(&mut main, 2)),
            (gone, false) => {
                join(&mut main, gone);
                None
            }
        };
        let second = match (second, kind.has_ffn() || kind.has_draft()) {
            (Some(own), true) if drafts == kind.has_draft() => Some(own),
            // Another part of the work wants another layout.
            (Some(own), true) => Some(Pool::new(&own.chip, own.chips)),
            (None, true) => Some(give(&mut main, if kind.has_draft() { 4 } else { 2 })),
            (gone, false) => {
                join(&mut main, gone);
                None
            }
        };
        *self = match (prefill, second, kind.has_draft()) {
            (None, None, _) => Self::Colocated { pool: main },
            (Some(prefill), None, _) => Self::PrefillDecode { prefill, decode: main },
            (None, Some(ffn), false) => Self::AttentionFfn { attention: main, ffn },
            (None, Some(draft), true) => Self::DraftVerify { draft, verify: main },
            (Some(prefill), Some(ffn), false) => Self::PrefillAttentionFfn { prefill, attention: main, ffn },
            (Some(prefill), Some(draft), true) => Self::PrefillDraftVerify { prefill, draft, verify: main },
        };
    }

    /// The pool that only reads prompts, where there is one.
    #[must_use]
    pub const fn prefill(&self) -> Option<&Pool> {
        match self {
            Self::PrefillDecode { prefill, .. }
            | Self::PrefillAttentionFfn { prefill, .. }
            | Self::PrefillDraftVerify { prefill, .. } => Some(prefill),
            Self::Colocated { .. } | Self::AttentionFfn { .. } | Self::DraftVerify { .. } => None,
        }
    }

    /// How the work of writing answers is shared out.
    #[must_use]
    pub const fn decode_half(&self) -> DecodeHalf<'_> {
        match self {
            Self::Colocated { pool } | Self::PrefillDecode { decode: pool, .. } => DecodeHalf::Whole(pool),
            Self::AttentionFfn { attention, ffn } | Self::PrefillAttentionFfn { attention, ffn, .. } => {
                DecodeHalf::AttentionFfn { attention, ffn }
            }
            Self::DraftVerify { draft, verify } | Self::PrefillDraftVerify { draft, verify, .. } => {
                DecodeHalf::DraftVerify { draft, verify }
            }
        }
    }

    /// The pools with their roles, in the order in which a request meets them.
    #[must_use]
    pub fn pools(&self) -> Vec<(Role, &Pool)> {
        match self {
            Self::Colocated { pool } => vec![(Role::Colocated, pool)],
            Self::PrefillDecode { prefill, decode } => vec![(Role::Prefill, prefill), (Role::Decode, decode)],
            Self::AttentionFfn { attention, ffn } => vec![(Role::Attention, attention), (Role::Ffn, ffn)],
            Self::DraftVerify { draft, verify } => vec![(Role::Draft, draft), (Role::Verify, verify)],
            Self::PrefillAttentionFfn { prefill, attention, ffn } => {
                vec![(Role::Prefill, prefill), (Role::Attention, attention), (Role::Ffn, ffn)]
            }
            Self::PrefillDraftVerify { prefill, draft, verify } => {
                vec![(Role::Prefill, prefill), (Role::Draft, draft), (Role::Verify, verify)]
            }
        }
    }

    /// The pools to change, in the order of [`Self::pools`].
    #[must_use]
    pub fn pools_mut(&mut self) -> Vec<&mut Pool> {
        match self {
            Self::Colocated { pool } => vec![pool],
            Self::PrefillDecode { prefill, decode } => vec![prefill, decode],
            Self::AttentionFfn { attention, ffn } => vec![attention, ffn],
            Self::DraftVerify { draft, verify } => vec![draft, verify],
            Self::PrefillAttentionFfn { prefill, attention, ffn } => vec![prefill, attention, ffn],
            Self::PrefillDraftVerify { prefill, draft, verify } => vec![prefill, draft, verify],
        }
    }

    /// The pool of a role, where there is one.
    #[must_use]
    pub fn pool_mut(&mut self, role: Role) -> Option<&mut Pool> {
        match (self, role) {
            (Self::Colocated { pool }, Role::Colocated)
            | (Self::PrefillDecode { decode: pool, .. }, Role::Decode)
            | (
                Self::PrefillDecode { prefill: pool, .. }
                | Self::PrefillAttentionFfn { prefill: pool, .. }
                | Self::PrefillDraftVerify { prefill: pool, .. },
                Role::Prefill,
            )
            | (
                Self::AttentionFfn { attention: pool, .. }
                | Self::PrefillAttentionFfn { attention: pool, .. },
                Role::Attention,
            )
            | (
                Self::AttentionFfn { ffn: pool, .. } | Self::PrefillAttentionFfn { ffn: pool, .. },
                Role::Ffn,
            )
            | (
                Self::DraftVerify { draft: pool, .. } | Self::PrefillDraftVerify { draft: pool, .. },
                Role::Draft,
            )
            | (
                Self::DraftVerify { verify: pool, .. } | Self::PrefillDraftVerify { verify: pool, .. },
                Role::Verify,
            ) => Some(pool),
            _ => None,
        }
    }

    /// The pool of a role, where there is one.
    #[must_use]
    pub fn pool(&self, role: Role) -> Option<&Pool> {
        self.pools().into_iter().find(|(own, _)| *own == role).map(|(_, pool)| pool)
    }

    /// Chips over all pools.
    #[must_use]
    pub fn chips(&self) -> u32 {
        self.pools().iter().fold(0, |sum, (_, pool)| sum.saturating_add(pool.chips))
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Colocated, Self::Prefill, Self::Decode, Self::Attention, Self::Ffn, Self::Draft, Self::Verify];

    /// What it is called before the word pool; one that does everything has no name of its own.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffn => "FFN",
            other => other.key(),
        }
    }

    /// The key of its pool in links.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Colocated => "pool",
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Attention => "attention",
            Self::Ffn => "ffn",
            Self::Draft => "draft",
            Self::Verify => "verify",
        }
    }
}

/// As one would say it: `prefill pool`.
impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        if *self == Self::Colocated { Ok(()) } else { f.write_str(" pool") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_kind_keeps_the_chips_and_the_pools_that_stay() {
        for from in SplitKind::ALL {
            for to in SplitKind::ALL {
                let mut split =
                    Split::PrefillDecode { prefill: Pool::new("b200", 8), decode: Pool::new("h200", 16) };
                split.set_kind(from);
                let before = split.clone();
                split.set_kind(to);
                assert_eq!((split.kind(), split.chips()), (to, 24), "{from:?} to {to:?}");
                if from.has_prefill() && to.has_prefill() {
                    assert_eq!(split.prefill(), before.prefill());
                }
                let pools = split.clone();
                for (role, pool) in pools.pools() {
                    assert_eq!(split.pool_mut(role).cloned().as_ref(), Some(pool));
                }
            }
        }
    }

    #[test]
    fn every_role_keeps_a_chip() {
        let mut split = Split::Colocated { pool: Pool::new("h200", 1) };
        split.set_kind(SplitKind::PdDraft);
        assert!(split.pools().iter().all(|(_, pool)| pool.chips == 1));
    }
}

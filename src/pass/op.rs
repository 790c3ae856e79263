//! One operation of a pass on one chip.

use serde::Serialize;

use super::numerics::Numerics;
use crate::catalog::ComputeType;
use crate::machine::Limit;
use crate::scenario::Overlap;
use crate::units::{Bytes, Flops, Seconds};

/// Equal operations of a pass, all layers that have them together, on one chip of the replica.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Op {
    /// What is done.
    pub kind: OpKind,
    /// How many times in the pass.
    pub count: u32,
    /// Arithmetic of all of them.
    pub flops: Flops,
    /// Memory traffic of all of them; for a collective, bytes on the link.
    pub bytes: Bytes,
    /// Time of all of them.
    pub time: Seconds,
    /// What binds each of them.
    pub limit: Limit,
    /// Time of all of them at the roof that binds: the full peak of the unit, or of the memory. Zero where nothing but
    /// latency is known of it.
    #[serde(skip)]
    pub roof: Seconds,
    /// Part of the time that is fixed: launches, the latency of messages, and where processors move them the time that takes.
    #[serde(skip)]
    pub fixed: Seconds,
    /// What the rest takes time by: the side of the ridge, or a link.
    #[serde(skip)]
    pub side: Limit,
    /// Of the rest the time by which the other side of the ridge takes part, where the two are near.
    #[serde(skip)]
    pub other: Seconds,
    /// The unit that does the arithmetic, where a kernel is known.
    #[serde(skip)]
    pub unit: Option<ComputeType>,
    /// The part of the time that passes beside other operations, and adds nothing to the pass.
    #[serde(skip)]
    pub hidden: Seconds,
    /// What runs beside an exchange of experts' tokens; none of other operations.
    #[serde(skip)]
    pub beside: Option<Overlap>,
}

impl Op {
    /// The share of the binding roof that is reached, where there is one.
    #[must_use]
    pub fn reached(&self) -> Option<f64> {
        let share = self.roof / self.time;
        (self.limit != Limit::Latency && share > 0.0).then_some(share)
    }

    /// What it adds to the time of the pass.
    #[must_use]
    pub fn exposed(&self) -> Seconds {
        self.time - self.hidden
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpKind {
    /// Projections of attention or of linear mixers.
    Projection,
    /// Attention over the prompt.
    PrefillAttention,
    /// Attention over the KV cache, one new token per sequence.
    DecodeAttention,
    /// State update of linear attention or Mamba.
    StateUpdate,
    /// Scoring of positions by a sparse indexer.
    Indexer,
    /// Feed-forward layer with the same weights for each token.
    DenseFfn,
    /// Choice of experts.
    Router,
    /// Routed experts.
    Experts,
    /// Experts that every token passes.
    SharedExperts,
    /// Output head.
    Head,
    /// Norms, rotary embedding, residuals, activation quantisation.
    Elementwise,
    /// Sum over tensor-parallel ranks.
    AllReduce,
    /// Tokens to and from the ranks of their experts.
    ExpertExchange,
    /// Activations from one pipeline stage to the next.
    StageHop,
    /// Keys and values, queries or partial outputs between ranks that share contexts out.
    ContextExchange,
}

impl OpKind {
    /// The type of number that the work is done in.
    #[must_use]
    pub const fn unit(self, numerics: Numerics) -> ComputeType {
        match self {
            Self::Projection => numerics.attention.compute_type(),
            Self::DenseFfn => numerics.dense.compute_type(),
            Self::SharedExperts => numerics.shared.compute_type(),
            Self::Experts => numerics.experts.compute_type(),
            _ => ComputeType::Bf16,
        }
    }

    /// Whether its bytes pass a link instead of the memory.
    #[must_use]
    pub const fn is_exchange(self) -> bool {
        matches!(self, Self::AllReduce | Self::ExpertExchange | Self::StageHop | Self::ContextExchange)
    }

    /// How many there are.
    pub(super) const COUNT: usize = Self::ContextExchange as usize + 1;
}

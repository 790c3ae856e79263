//! Where a time goes: operations as parts of it by cause, and as shares of it by what binds them.

use super::outcome::{Binding, Cause, Part};
use crate::pass::{Limit, Op, OpKind};
use crate::units::Seconds;

/// Where a step goes; both lists add up to it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The sequences in decode that the step is with.
    pub batch: f64,
    /// The step.
    pub step: Seconds,
    /// By cause.
    pub parts: Vec<Part>,
    /// By what binds.
    pub shares: Vec<(Binding, Seconds)>,
    /// The operations on the pool that keeps the cache.
    pub ops: Vec<Op>,
    /// The operations on the pool of the feed-forward layers, where it is another.
    pub partner_ops: Vec<Op>,
}

impl Account {
    /// Where the time per token goes when a step yields so many.
    #[must_use]
    pub fn per_token(&self, tokens_per_step: f64) -> Vec<Part> {
        self.parts.iter().map(|part| Part { time: part.time / tokens_per_step, ..*part }).collect()
    }
}

/// What the operations of a kind count as.
#[must_use]
pub fn cause(kind: OpKind) -> Cause {
    match kind {
        OpKind::Projection | OpKind::DenseFfn | OpKind::Router | OpKind::SharedExperts | OpKind::Head => {
            Cause::Dense
        }
        OpKind::PrefillAttention | OpKind::DecodeAttention | OpKind::StateUpdate | OpKind::Indexer => {
            Cause::Attention
        }
        OpKind::Experts => Cause::Experts,
        OpKind::Elementwise => Cause::Elementwise,
        OpKind::AllReduce | OpKind::ExpertExchange => Cause::Collective,
        OpKind::StageHop => Cause::Pipeline,
    }
}

/// The parts of a time that operations make up, with the rest of it put down to `rest`.
#[must_use]
pub fn parts<'o>(ops: impl Iterator<Item = &'o Op> + Clone, whole: Seconds, rest: Cause) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::with_capacity(8);
    let mut add = |cause: Cause, time: Seconds| {
        if time.get() > 0.0 {
            match parts.iter_mut().find(|part| part.cause == cause) {
                Some(part) => part.time += time,
                None => parts.push(Part { cause, time }),
            }
        }
    };
    let known: Seconds = ops.clone().map(Op::exposed).sum();
    // Rounding may put the sum of operations a hair above the whole.
    let factor = if known > whole { whole / known } else { 1.0 };
    for op in ops {
        add(cause(op.kind), op.exposed() * factor);
    }
    add(rest, whole - known * factor);
    parts
}

/// Adds a part that takes any time.
pub fn push(parts: &mut Vec<Part>, cause: Cause, time: Seconds) {
    // What rounding leaves of a difference is no part.
    if time.get() > 1e-12 {
        parts.push(Part { cause, time });
    }
}

/// What binds an operation of a kind with this limit.
#[must_use]
pub const fn op_binding(kind: OpKind, limit: Limit) -> Binding {
    match (kind, limit) {
        (_, Limit::Latency) => Binding::LatencyFloor,
        (OpKind::AllReduce | OpKind::ExpertExchange | OpKind::StageHop, _) | (_, Limit::Link) => {
            Binding::Collective
        }
        (_, Limit::Compute) => Binding::Compute,
        (
            OpKind::PrefillAttention | OpKind::DecodeAttention | OpKind::Indexer | OpKind::StateUpdate,
            Limit::Bandwidth,
        ) => Binding::Kv,
        (_, Limit::Bandwidth) => Binding::Weights,
    }
}

//! Where a time goes: its parts by cause and by what limits them. Figures, sentences and reasons all read these.

use super::outcome::{Binding, Cause, Part};
use crate::pass::{Limit, Op, OpKind};
use crate::units::Seconds;

/// Where a step goes; the parts add up to it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The sequences in decode that the step is with.
    pub batch: f64,
    /// The step.
    pub step: Seconds,
    /// By cause and limit.
    pub parts: Vec<Part>,
    /// The operations on the pool that keeps the cache.
    pub ops: Vec<Op>,
    /// The operations on the pool of the feed-forward layers, where it is another.
    pub partner_ops: Vec<Op>,
    /// The operations of one proposed token, where tokens are proposed.
    pub draft_ops: Vec<Op>,
    /// The time of proposing in the step.
    pub drafting: Seconds,
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
        OpKind::AllReduce | OpKind::ExpertExchange | OpKind::ContextExchange => Cause::Collective,
        OpKind::StageHop => Cause::Pipeline,
    }
}

/// The parts of a time that operations make up; the rest of it is overhead of the engine.
#[must_use]
pub fn parts<'o>(ops: impl Iterator<Item = &'o Op> + Clone, whole: Seconds) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::with_capacity(12);
    let known: Seconds = ops.clone().map(Op::exposed).sum();
    // Rounding may put the sum of operations a hair above the whole.
    let factor = if known > whole { whole / known } else { 1.0 };
    for op in ops {
        for (limit, time) in spent(op) {
            add(&mut parts, cause(op.kind), limit, time * factor);
        }
    }
    add(&mut parts, Cause::Step, Binding::LatencyFloor, whole - known * factor);
    parts
}

/// Adds to the part of a cause and limit, which is made where it is missing.
pub fn add(parts: &mut Vec<Part>, cause: Cause, limit: Binding, time: Seconds) {
    // What rounding leaves of a difference is no part.
    if time.get() > 1e-12 {
        match parts.iter_mut().find(|part| part.cause == cause && part.limit == limit) {
            Some(part) => part.time += time,
            None => parts.push(Part { cause, limit, time }),
        }
    }
}

/// The causes of a time, whatever limits them, in the order of first appearance.
#[must_use]
pub fn by_cause(parts: &[Part]) -> Vec<(Cause, Seconds)> {
    let mut all: Vec<(Cause, Seconds)> = Vec::new();
    for part in parts {
        match all.iter_mut().find(|own| own.0 == part.cause) {
            Some(own) => own.1 += part.time,
            None => all.push((part.cause, part.time)),
        }
    }
    all
}

/// A time that goes to one cause, put down to what limits the operations behind it in their proportion; what they don't
/// account for is overhead.
pub fn spread(parts: &mut Vec<Part>, cause: Cause, ops: &[Op], (repeats, whole): (f64, Seconds)) {
    let mut left = whole;
    for op in ops {
        for (limit, time) in spent(op) {
            add(parts, cause, limit, time * repeats);
            left = left - time * repeats;
        }
    }
    add(parts, cause, Binding::LatencyFloor, left);
}

/// What the time that an operation adds goes to: what is fixed of it, what the other side of the ridge has a part in, and the
/// rest. All pass beside others in proportion.
fn spent(op: &Op) -> [(Binding, Seconds); 3] {
    let exposed = op.exposed();
    let (fixed, other) = if op.time > op.fixed {
        let share = exposed / op.time;
        (op.fixed * share, op.other * share)
    } else {
        (exposed, Seconds::ZERO)
    };
    let across = if op.side == Limit::Compute { Limit::Bandwidth } else { Limit::Compute };
    [
        (binding(op.kind, Limit::Latency), fixed),
        (binding(op.kind, op.side), exposed - fixed - other),
        (binding(op.kind, across), other),
    ]
}

/// What limits an operation as a whole.
#[must_use]
pub const fn op_binding(op: &Op) -> Binding {
    binding(op.kind, op.limit)
}

const fn binding(kind: OpKind, limit: Limit) -> Binding {
    match (kind, limit) {
        (OpKind::AllReduce | OpKind::ExpertExchange | OpKind::ContextExchange, Limit::Latency) => {
            Binding::CollectiveLatency
        }
        (_, Limit::Latency) => Binding::LatencyFloor,
        (OpKind::AllReduce | OpKind::ExpertExchange | OpKind::StageHop, _) | (_, Limit::Link) => {
            Binding::Collective
        }
        (_, Limit::Compute) => Binding::Compute,
        (
            OpKind::PrefillAttention | OpKind::DecodeAttention | OpKind::Indexer | OpKind::StateUpdate,
            Limit::Bandwidth,
        ) => Binding::Kv,
        (OpKind::Elementwise, Limit::Bandwidth) => Binding::Activations,
        (_, Limit::Bandwidth) => Binding::Weights,
    }
}

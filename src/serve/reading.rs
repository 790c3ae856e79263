//! What it takes a replica to prefill a piece of a prompt.

use crate::units::Seconds;

/// Time of a piece of prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Time it takes from the replica.
    pub busy: Seconds,
    /// What the piece itself takes beyond that, because other data-parallel ranks read beside it.
    pub beside: Seconds,
    /// By how much sooner the piece itself is read than the replica is free: where replicas share a pool, a prompt has all
    /// of that while it is in it, and its replica none of it while the others have their turn.
    pub early: Seconds,
    /// From the end of the last piece until its first token: the later stages of a pipeline.
    pub drain: Seconds,
    /// Time of a pass that is there however many prompts share it: weights and launches, which a decode step has too.
    pub shared: Seconds,
    /// Passes of the replica that the piece comes to: fewer than one where ranks or stages work side by side.
    pub passes: f64,
}

impl Reading {
    /// What is saved when a decode step takes the piece in, by an engine that saves this share of what both do.
    #[must_use]
    pub fn saved(&self, decode: Seconds, mixing: f64) -> Seconds {
        self.shared.min(decode) * (self.passes * mixing)
    }
}

//! What the time to first token is made of.

use super::account::{add, parts};
use super::outcome::{Binding, Cause, Part};
use crate::pass::Op;
use crate::units::Seconds;

/// The waits and times that make up TTFT.
#[derive(Clone, Copy, Debug)]
pub struct FirstToken {
    /// For the prefill server.
    pub queue: Seconds,
    /// For room in the KV cache or, in an open loop, for a place in the batch.
    pub room: Seconds,
    /// The engine's work for the request.
    pub request: Seconds,
    /// Own prefill.
    pub prefill: Seconds,
    /// Until the running step ends and the first token reaches the user.
    pub step: Seconds,
    /// KV transfer that is not hidden.
    pub transfer: Seconds,
}

impl FirstToken {
    /// The whole of it.
    #[must_use]
    pub fn total(&self) -> Seconds {
        self.queue + self.room + self.request + self.prefill + self.step + self.transfer
    }

    /// Where it goes; the parts add up to the whole.
    #[must_use]
    pub fn parts(&self, prefill_ops: &[Op]) -> Vec<Part> {
        let mut all = Vec::with_capacity(16);
        add(&mut all, Cause::Queue, Binding::Queue, self.queue);
        add(&mut all, Cause::Queue, Binding::Capacity, self.room);
        add(&mut all, Cause::Request, Binding::LatencyFloor, self.request);
        all.extend(parts(prefill_ops.iter(), self.prefill));
        add(&mut all, Cause::Transfer, Binding::Link, self.transfer);
        add(&mut all, Cause::Step, Binding::Steps, self.step);
        all
    }
}

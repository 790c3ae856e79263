//! What the time to first token is made of.

use super::account::{add, parts};
use super::ahead::{Ahead, Others};
use super::outcome::{Binding, Cause, Part};
use super::replica::Prefill;
use super::station::Operating;
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
    /// Of a prompt that the replica which decodes reads too, among such others, when flags hold it for so long.
    #[must_use]
    pub(super) fn colocated(
        prefill: &Prefill,
        request: Seconds,
        at: &Operating,
        others: &Others,
        held: Seconds,
    ) -> Self {
        let Ahead { decoding, .. } = at.ahead;
        let read = others.read;
        // Where decode goes on, or waits, the engine's mixture may take longer than the prompt, or less.
        let mixture = Seconds::new(decoding * (at.stall - at.beside - at.occupancy) * read);
        let goes_on = at.step * (decoding * at.ahead.goes_on);
        Self {
            queue: Seconds::new(others.wait.queue),
            room: Seconds::ZERO,
            request,
            prefill: (prefill.latency_of(prefill.on_rank(read)) + mixture).max(Seconds::ZERO),
            step: Seconds::new(others.wait.step) + goes_on + held,
            transfer: Seconds::ZERO,
        }
    }

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

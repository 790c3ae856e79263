//! What the time to first token is made of.

use super::account::{parts, push};
use super::ahead::{Ahead, Others};
use super::outcome::{Cause, Part};
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
        let read = at.ahead.company(&others.stream);
        // Those who have met are read together.
        let read = read + others.again * (at.ahead.met.min(at.ahead.most) - read).max(0.0);
        // Where decode goes on, or waits, the engine's mixture may take longer than the prompt, or less.
        let mixture = Seconds::new(decoding * (at.stall - at.beside - at.occupancy) * read);
        let goes_on = at.step * (decoding * at.ahead.goes_on);
        Self {
            queue: Seconds::new(others.wait.queue),
            room: Seconds::ZERO,
            request,
            prefill: prefill.latency_of(prefill.on_rank(read)) + mixture,
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
        let mut all = Vec::with_capacity(12);
        push(&mut all, Cause::Queue, self.queue + self.room);
        push(&mut all, Cause::Request, self.request);
        all.extend(parts(prefill_ops.iter(), self.prefill, Cause::Step));
        push(&mut all, Cause::Transfer, self.transfer);
        match all.iter_mut().find(|part| part.cause == Cause::Step) {
            Some(part) => part.time += self.step,
            None => push(&mut all, Cause::Step, self.step),
        }
        all
    }
}

//! What the time to first token is made of.

use super::account::{parts, push};
use super::ahead::{Ahead, Others};
use super::replica::Prefill;
use super::station::Operating;
use super::outcome::{Cause, Part};
use crate::pass::Op;
use crate::units::Seconds;

/// Steps by which a command line lets first tokens be late; none by the engines' defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Late {
    /// Decode steps from the end of a prompt until its first token reaches the user, as tokens are streamed in batches. Answers
    /// that end before are streamed at their end.
    pub stream: f64,
    /// Decode steps that a prompt waits where attention is data-parallel, until the other ranks have one too.
    pub ranks: f64,
}

impl Late {
    /// Steps for an answer of so many tokens after the first, on so many data-parallel ranks that read its prompt.
    #[must_use]
    pub fn steps(&self, tokens: f64, ranks: f64) -> f64 {
        self.stream.min(tokens) + if ranks > 1.0 { self.ranks } else { 0.0 }
    }
}

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
    /// Of a prompt that the replica which decodes reads too, after this wait, among so many others a second, when the first
    /// token is late by so many steps.
    #[must_use]
    pub(super) fn colocated(prefill: &Prefill, request: Seconds, at: &Operating, others: &Others, late: f64) -> Self {
        let Ahead { decoding, .. } = at.ahead;
        let read = at.ahead.company(&others.stream);
        // Those who have met are read together.
        let read = read + others.again * (at.ahead.met.min(at.ahead.most) - read).max(0.0);
        // Where decode goes on, or waits, the engine's mixture may take longer than the prompt, or less.
        let mixture = Seconds::new(decoding * (at.stall - at.occupancy) * read);
        let goes_on = at.step * (decoding * at.ahead.goes_on);
        Self {
            queue: Seconds::new(others.wait.queue),
            room: Seconds::ZERO,
            request,
            prefill: prefill.latency_of(prefill.on_rank(read)) + mixture,
            step: Seconds::new(others.wait.step) + goes_on + at.tpot * late,
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

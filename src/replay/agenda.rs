//! What is due, in order of time, and of planning where times are equal.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::id::{ReplicaId, Slot};
use super::instant::Instant;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A replica's step or run of steps ends, unless it was planned anew since.
    Step {
        /// The replica.
        replica: ReplicaId,
        /// The plan.
        version: u32,
    },
    /// The blocks of a request are loaded from a farther tier.
    Loaded {
        /// The request.
        slot: Slot,
    },
    /// The last stages have read the prompt.
    Prefilled {
        /// The request.
        slot: Slot,
    },
    /// The KV cache has come over the link.
    Transferred {
        /// The request.
        slot: Slot,
    },
    /// A transfer ends, unless another began or ended since.
    Link {
        /// The state of the link.
        version: u32,
    },
}

/// The time that it is in the replay, and events to come.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    now: f64,
    heap: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    planned: u64,
}

impl Agenda {
    /// The time that it is, in seconds.
    #[must_use]
    pub const fn now(&self) -> f64 {
        self.now
    }

    /// Time goes on, never back.
    pub const fn advance(&mut self, time: f64) {
        self.now = self.now.max(time);
    }

    /// Plans an event.
    pub fn plan(&mut self, time: f64, event: Event) {
        self.heap.push(Reverse((Instant::new(time), self.planned, event)));
        self.planned += 1;
    }

    /// When the next event is due.
    #[must_use]
    pub fn peek(&self) -> Option<f64> {
        self.heap.peek().map(|Reverse((time, ..))| time.get())
    }

    /// Goes on to the next event.
    pub fn pop(&mut self) -> Option<Event> {
        let Reverse((time, _, event)) = self.heap.pop()?;
        self.advance(time.get());
        Some(event)
    }
}

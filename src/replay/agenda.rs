//! What is due, in order of time, and of planning where times are equal.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A time (or another number that is never negative) that orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// From seconds; what is negative or no number counts as 0.
    #[must_use]
    pub fn new(time: f64) -> Self {
        // The bits of numbers that are not negative order like the numbers.
        Self(if time > 0.0 { time.to_bits() } else { 0 })
    }

    /// In seconds.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A replica's step or run of steps ends, unless it was planned anew since.
    Step {
        /// Pool.
        pool: u32,
        /// Replica in it.
        worker: u32,
        /// The plan.
        version: u32,
    },
    /// The blocks of a request are loaded from a farther tier.
    Loaded {
        /// The request.
        slot: u32,
    },
    /// The last stages have read the prompt.
    Read {
        /// The request.
        slot: u32,
    },
    /// The cache has come over the link.
    Arrived {
        /// The request.
        slot: u32,
    },
    /// A transfer ends, unless another began or ended since.
    Wire {
        /// The state of the link.
        version: u32,
    },
}

/// Events to come.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    planned: u64,
}

impl Agenda {
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

    /// The next event.
    pub fn pop(&mut self) -> Option<(f64, Event)> {
        self.heap.pop().map(|Reverse((time, _, event))| (time.get(), event))
    }
}

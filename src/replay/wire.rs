//! The way of KV caches between two pools, shared fairly: every transfer under way gets the same bandwidth, at most what
//! one replica can send, and all together at most what the narrower pool carries (processor sharing).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::id::Slot;
use super::instant::Instant;
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// A shared link.
#[derive(Clone, Debug)]
pub struct Wire {
    /// What all transfers get together, in bytes per second.
    total: f64,
    /// What one gets at most.
    each: f64,
    latency: Seconds,
    /// Bytes that a transfer under way from the start would have moved.
    served: f64,
    clock: f64,
    /// Transfers by the value of `served` at which they are done.
    jobs: BinaryHeap<Reverse<(Instant, u64, Slot)>>,
    started: u64,
    moved: f64,
    /// Counts changes, so that outdated events are told apart.
    pub version: u32,
}

impl Wire {
    /// An idle link.
    #[must_use]
    pub fn new(each: BytesPerSecond, total: BytesPerSecond, latency: Seconds) -> Self {
        Self {
            total: total.get().max(1.0),
            each: each.get().max(1.0),
            latency,
            served: 0.0,
            clock: 0.0,
            jobs: BinaryHeap::new(),
            started: 0,
            moved: 0.0,
            version: 0,
        }
    }

    /// Time until the first byte arrives.
    #[must_use]
    pub fn latency(&self) -> f64 {
        self.latency.get()
    }

    /// Bytes moved so far.
    #[must_use]
    pub fn moved(&self) -> Bytes {
        Bytes::new(self.moved)
    }

    /// Transfers under way.
    #[must_use]
    pub fn active(&self) -> usize {
        self.jobs.len()
    }

    /// Share of the link in use.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.rate() * self.jobs.len() as f64 / self.total
    }

    fn rate(&self) -> f64 {
        self.each.min(self.total / self.jobs.len().max(1) as f64)
    }

    fn advance(&mut self, now: f64) {
        let passed = (now - self.clock).max(0.0);
        if !self.jobs.is_empty() {
            let served = self.rate() * passed;
            self.served += served;
            self.moved += served * self.jobs.len() as f64;
        } else {
            // Nothing is under way, so that the count may begin anew, which keeps it exact.
            self.served = 0.0;
        }
        self.clock = self.clock.max(now);
    }

    /// Starts a transfer.
    pub fn start(&mut self, now: f64, bytes: Bytes, slot: Slot) {
        self.advance(now);
        self.jobs.push(Reverse((Instant::new(self.served + bytes.get().max(0.0)), self.started, slot)));
        self.started += 1;
        self.version = self.version.wrapping_add(1);
    }

    /// When the next transfer will be done, if none starts before.
    #[must_use]
    pub fn next(&self) -> Option<f64> {
        let Reverse((at, ..)) = self.jobs.peek()?;
        Some(self.clock + (at.get() - self.served).max(0.0) / self.rate())
    }

    /// A transfer that is done by now.
    pub fn done(&mut self, now: f64) -> Option<Slot> {
        self.advance(now);
        let Reverse((at, _, slot)) = self.jobs.peek().copied()?;
        // Rounding leaves a fraction of a byte, and what moves within the smallest step of a clock that has run for long.
        let rounding = 1.0 + self.served * 1e-12 + self.rate() * self.clock * 2.0 * f64::EPSILON;
        if at.get() > self.served + rounding {
            return None;
        }
        self.moved += at.get() - self.served;
        self.jobs.pop();
        self.version = self.version.wrapping_add(1);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(place: u32) -> Slot {
        Slot::new(place, 0)
    }

    #[test]
    fn shares_by_hand() {
        // Two transfers of 100 bytes over 100 bytes/s, the second half a second later: the first has half of it done,
        // then both get 50 bytes/s; it is done at 1.5 s, the other at 2 s.
        let rate = BytesPerSecond::new(100.0);
        let mut wire = Wire::new(rate, rate, Seconds::ZERO);
        wire.start(0.0, Bytes::new(100.0), slot(1));
        wire.start(0.5, Bytes::new(100.0), slot(2));
        assert!((wire.next().unwrap() - 1.5).abs() < 1e-9);
        assert_eq!(wire.done(1.5), Some(slot(1)));
        assert_eq!(wire.done(1.5), None);
        assert!((wire.next().unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(wire.done(2.0), Some(slot(2)));
        assert!((wire.moved().get() - 200.0).abs() < 1e-6);
    }

    #[test]
    fn a_late_clock_does_not_keep_a_transfer_from_ending() {
        // After 100 days the clock steps by a nanosecond, in which a fast link moves kilobytes.
        let rate = BytesPerSecond::new(1e13);
        let mut wire = Wire::new(rate, rate, Seconds::ZERO);
        for index in 0..1000_u32 {
            let start = 8.64e6 + f64::from(index) * 1.37;
            wire.start(start, Bytes::new(1e9 + 7919.0 * f64::from(index)), slot(index));
            assert_eq!(wire.next().and_then(|end| wire.done(end)), Some(slot(index)));
        }
    }

    #[test]
    fn one_alone_gets_what_its_replica_sends() {
        let mut wire = Wire::new(BytesPerSecond::new(10.0), BytesPerSecond::new(100.0), Seconds::ZERO);
        wire.start(3.0, Bytes::new(100.0), slot(7));
        assert!((wire.next().unwrap() - 13.0).abs() < 1e-9);
    }
}

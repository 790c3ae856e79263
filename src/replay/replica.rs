//! One replica as its scheduler sees it: who waits, whose prompt is being read, who is in decode, and the blocks they
//! hold.
//!
//! Sequences in decode advance together, so that a count of steps tells everything: a sequence ends when the count
//! reaches a number known when it joined, and needs another block whenever the count has a certain remainder.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::cache::{ByPlace, Cache};
use super::id::Slot;
use super::table::Crowd;
use crate::scenario::traffic::Place;

/// What a replica is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activity {
    /// Nothing.
    Idle,
    /// A run of decode steps.
    Decode {
        /// Since when.
        since: f64,
        /// Steps.
        steps: u64,
        /// How long they take, with what comes before them.
        takes: f64,
        /// Time before the first of them.
        ahead: f64,
    },
    /// A step with chunks of prompts.
    Prefill {
        /// Since when.
        since: f64,
        /// How long it takes.
        takes: f64,
        /// Share of it that prompts take.
        share: f64,
        /// Tokens by which sequences in decode advance with it.
        steps: u64,
    },
}

/// A chunk of a prompt in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Whose.
    pub slot: Slot,
    /// Tokens.
    pub tokens: u32,
}

/// A replica.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Not admitted yet, first come first.
    pub waiting: VecDeque<Slot>,
    /// Whether the first in line found no room, so that it makes no sense to look again before something is given back.
    pub blocked: bool,
    /// Admitted, prompt being read.
    pub prefilling: VecDeque<Slot>,
    /// In the step that runs.
    pub chunks: Vec<Chunk>,
    /// Ready to join decode when the step that runs ends.
    pub joining: Vec<Slot>,
    /// Admitted, but neither being read nor in decode: loading, in the later stages, in transfer.
    pub in_transit: u32,
    /// Sequences in decode.
    pub decoding: u32,
    /// Tokens in their caches.
    pub context: u64,
    /// Tokens they still have to generate, less what a last step yielded beyond the ends of answers that have not left yet.
    pub left: i64,
    /// Tokens that each sequence could have generated so far.
    pub steps: u64,
    /// What its steps would have yielded beyond that, a fraction of a token, and what will be once the one that runs is over.
    pub carry: f64,
    /// See there.
    pub carries: f64,
    /// When sequences end, as a count of steps. Those that left before have stale handles.
    pub ending: BinaryHeap<Reverse<(u64, Slot)>>,
    /// Sequences in order of admission, among them stale handles of those that left.
    pub youngest: Vec<Slot>,
    /// Sequences by the remainder of the count of steps at which they need another block.
    pub phases: Vec<u32>,
    /// The blocks.
    pub cache: Cache,
    /// Blocks in use when last noted in the series.
    pub noted: u64,
    /// What runs.
    pub activity: Activity,
    /// The sequences that what runs was planned with.
    pub crowd: Crowd,
    /// Sequences in decode that those who share a pool with it know of.
    pub told: u32,
    /// Counts plans, so that outdated events are told apart.
    pub version: u32,
    /// Recent mean time between tokens.
    pub recent: f64,
    /// Requests sent here and not done.
    pub load: u32,
    /// Tokens of their prompts that are not read yet.
    pub unread: u64,
    /// Time that draft models still need for the prompts of those that have joined.
    pub owed: f64,
    /// When the link to each farther place is free.
    pub links: [f64; Place::ALL.len()],
}

impl Replica {
    /// An idle replica with so many blocks of room in each place.
    #[must_use]
    pub fn new(capacity: ByPlace, block: u32, recent: f64) -> Self {
        Self {
            waiting: VecDeque::new(),
            blocked: false,
            prefilling: VecDeque::new(),
            chunks: Vec::new(),
            joining: Vec::new(),
            in_transit: 0,
            decoding: 0,
            context: 0,
            left: 0,
            steps: 0,
            carry: 0.0,
            carries: 0.0,
            ending: BinaryHeap::new(),
            youngest: Vec::new(),
            phases: vec![0; block.max(1) as usize],
            cache: Cache::new(capacity),
            noted: 0,
            activity: Activity::Idle,
            crowd: Crowd::new(0, 0),
            told: 0,
            version: 0,
            recent,
            load: 0,
            unread: 0,
            owed: 0.0,
            links: [0.0; Place::ALL.len()],
        }
    }

    /// Sequences that hold blocks.
    #[must_use]
    pub fn admitted(&self) -> u32 {
        let prefilling = u32::try_from(self.prefilling.len() + self.joining.len()).unwrap_or(u32::MAX);
        self.decoding.saturating_add(self.in_transit).saturating_add(prefilling)
    }

    /// Tokens that those in decode still have to generate.
    #[must_use]
    pub fn still_to_write(&self) -> u64 {
        u64::try_from(self.left).unwrap_or(0)
    }

    /// When the link to a farther place is free.
    pub fn link_free(&mut self, place: Place) -> &mut f64 {
        let [hbm, dram, ssd, network] = &mut self.links;
        match place {
            Place::Hbm => hbm,
            Place::Dram => dram,
            Place::Ssd => ssd,
            Place::Network => network,
        }
    }

    /// Blocks of the chips' memory that can't give way.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.cache.pinned().saturating_add(self.cache.reserved())
    }

    /// The remainder of the count of steps at which a sequence needs another block that has so many tokens of its own
    /// now; below 0 are those that the last block of its prompt still takes.
    #[must_use]
    pub fn phase(&self, tokens: i64) -> usize {
        let block = self.phases.len() as u64;
        let steps = self.steps % block;
        let tokens = tokens.rem_euclid(block as i64).unsigned_abs();
        ((steps + block - tokens) % block) as usize
    }

    /// Blocks that so many steps need.
    #[must_use]
    pub fn growth(&self, steps: u64) -> u64 {
        let block = self.phases.len() as u64;
        let whole = (steps / block).saturating_mul(u64::from(self.decoding));
        let first = self.steps % block;
        let rest: u64 = (first..first + steps % block)
            .filter_map(|step| self.phases.get((step % block) as usize))
            .map(|&count| u64::from(count))
            .sum();
        whole + rest
    }

    /// Most steps for which so many free blocks are enough.
    #[must_use]
    pub fn affordable(&self, free: u64) -> u64 {
        if self.decoding == 0 {
            return u64::MAX;
        }
        let block = self.phases.len() as u64;
        let mut steps = (free / u64::from(self.decoding)).saturating_mul(block);
        let mut rest = free % u64::from(self.decoding);
        for _ in 0..block {
            let needs =
                self.phases.get((self.steps.wrapping_add(steps) % block) as usize).copied().unwrap_or(0);
            if u64::from(needs) > rest {
                break;
            }
            rest -= u64::from(needs);
            steps = steps.saturating_add(1);
        }
        steps
    }

    /// Puts a request in line, behind those of its class or, if it comes back, before them; `urgent` tells the class.
    pub fn enqueue(&mut self, slot: Slot, back: bool, urgent: impl Fn(Slot) -> bool) {
        // Those that go first are all before the others.
        let at = match (urgent(slot), back) {
            (true, true) => 0,
            (true, false) | (false, true) => self.waiting.iter().take_while(|&&other| urgent(other)).count(),
            (false, false) => self.waiting.len(),
        };
        self.waiting.insert(at, slot);
    }

    /// Takes note of the time that so many steps took.
    pub fn pace(&mut self, steps: u64, takes: f64) {
        if steps > 0 {
            let steps = steps as f64;
            let weight = steps / (steps + 64.0);
            self.recent += (takes / steps - self.recent) * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_by_steps_are_blocks_by_sequence() {
        let mut replica = Replica::new(ByPlace([1000, 0, 0, 0]), 16, 0.01);
        replica.steps = 5;
        let owned = [-7_i64, 0, 3, 16, 31, 32, 33, 47];
        let blocks = |own: i64| u64::try_from(own).unwrap_or(0).div_ceil(16);
        for own in owned {
            let phase = replica.phase(own);
            replica.phases[phase] += 1;
        }
        replica.decoding = owned.len() as u32;
        for steps in [0_u64, 1, 2, 13, 16, 40, 1000] {
            let by_hand: u64 = owned.iter().map(|own| blocks(own + steps as i64) - blocks(*own)).sum();
            assert_eq!(replica.growth(steps), by_hand, "{steps}");
        }
        for free in 0..40 {
            let most = replica.affordable(free);
            assert!(replica.growth(most) <= free && replica.growth(most + 1) > free, "{free}: {most}");
        }
    }
}

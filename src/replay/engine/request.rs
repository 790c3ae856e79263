//! A request in the system, and the arena that holds all of them.

use std::cell::Cell;

use crate::replay::id::{ReplicaId, Slot};
use crate::replay::requests::Request;

/// A request in the system.
#[derive(Clone, Debug)]
pub struct LiveRequest {
    /// What is asked.
    pub request: Request,
    /// The replica that reads the prompt.
    pub prefill: ReplicaId,
    /// The replica that generates the answer: the same where pools are not split, else known once it has room there.
    pub decode: ReplicaId,
    /// Tokens to read in all.
    pub todo: u32,
    /// Of those, tokens read.
    pub read: u32,
    /// Tokens before them that are cached.
    pub past: u32,
    /// Tokens generated.
    pub generated: u32,
    /// Blocks of its prompt that it pins in the cache of the replica which reads it; others may share them.
    pub held: u64,
    /// Blocks of its own there.
    pub own_blocks: u64,
    /// Blocks of its own in a decode pool.
    pub decode_blocks: u64,
    /// The replica's count of steps at which it ends.
    pub ends: u64,
    /// From the scheduler's to the user's time: tokens are streamed in batches.
    pub shift: f64,
    /// By how much sooner it was read than its replica was free for others.
    pub early: f64,
    /// Time between tokens before that step.
    pub pace: f64,
    /// When it was admitted first.
    pub admitted: Option<f64>,
    /// First token at the user.
    pub first: Option<f64>,
    /// From the end of its last chunk until its prompt is read: other ranks beside it, later stages.
    pub drain: f64,
    /// Since when it has been preempted.
    pub stalled: Option<f64>,
    /// Tokens of the prompt that were cached when it was admitted first.
    pub cached: u32,
    /// Of those, tokens from beyond the chips' memory.
    pub loaded: u32,
    /// How often it was preempted.
    pub preemptions: u8,
    /// Tokens of its cache that wait in the host's memory.
    pub swapped: u32,
    /// Where its cache is on its way from prefill to decode.
    pub transfer: Transfer,
}

/// Where the KV cache of a prompt is on its way from the prefill to the decode pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// No room in decode yet.
    #[default]
    Unplaced,
    /// The layers read so far are leaving.
    Streaming {
        /// Whether the prompt is read, so that only the rest is missing.
        read: bool,
    },
    /// All but the last layer has left before the prompt was read.
    Ahead,
    /// The rest is leaving.
    Last,
}

impl LiveRequest {
    /// A request that comes in line at a replica; it decodes there too unless it is handed over.
    pub(super) const fn new(request: Request, prefill: ReplicaId) -> Self {
        Self {
            prefill,
            decode: prefill,
            todo: request.input,
            read: 0,
            past: 0,
            generated: 0,
            held: 0,
            own_blocks: 0,
            decode_blocks: 0,
            ends: 0,
            shift: 0.0,
            early: 0.0,
            pace: 0.0,
            admitted: None,
            first: None,
            drain: 0.0,
            stalled: None,
            cached: 0,
            loaded: 0,
            preemptions: 0,
            swapped: 0,
            transfer: Transfer::Unplaced,
            request,
        }
    }

    /// Tokens of prompt and answer so far.
    pub(super) const fn length(&self) -> u64 {
        self.request.input as u64 + self.generated as u64
    }

    /// Tokens that are still to be generated.
    pub(super) const fn rest(&self) -> u32 {
        self.request.output.saturating_sub(self.generated)
    }

    /// Where its prompt is read: in the pool that took it or, once it was preempted, where its answer was being generated.
    pub(super) const fn reads_at(&self) -> ReplicaId {
        if self.preemptions > 0 { self.decode } else { self.prefill }
    }
}

/// The requests in the system.
///
/// Handles in queues, steps and transfers are of requests that are there ([`Self::at`]); only a replica's lists of ends and
/// of admissions keep handles of sequences that have left decode, and ask first ([`Self::find`]).
#[derive(Clone, Debug)]
pub struct Requests {
    entries: Vec<Entry>,
    spare: Vec<u32>,
    /// Stands in where a look-up misses, which only a mistake in the engine can make happen.
    nobody: LiveRequest,
    misses: Cell<u64>,
}

#[derive(Clone, Debug)]
struct Entry {
    generation: u32,
    live: Option<LiveRequest>,
}

impl Requests {
    /// None yet. `replica` is any.
    pub(super) fn new(replica: ReplicaId) -> Self {
        let nobody = LiveRequest::new(Request::default(), replica);
        Self { entries: Vec::new(), spare: Vec::new(), nobody, misses: Cell::new(0) }
    }

    /// Takes a request up.
    pub(super) fn insert(&mut self, live: LiveRequest) -> Slot {
        if let Some(place) = self.spare.pop()
            && let Some(entry) = self.entries.get_mut(place as usize)
        {
            entry.live = Some(live);
            return Slot::new(place, entry.generation);
        }
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { generation: 0, live: Some(live) });
        Slot::new(place, 0)
    }

    /// Takes a request that is done out; its handles are stale from here on.
    pub(super) fn remove(&mut self, slot: Slot) -> LiveRequest {
        let entry = self.entries.get_mut(slot.place()).filter(|entry| entry.generation == slot.generation());
        if let Some((entry, live)) = entry.and_then(|entry| entry.live.take().map(|live| (entry, live))) {
            entry.generation = slot.renewed().generation();
            self.spare.push(slot.place() as u32);
            return live;
        }
        self.missed();
        self.nobody.clone()
    }

    /// A sequence leaves decode: the handles that it had there are stale, and this is the new one.
    pub(super) fn renew(&mut self, slot: Slot) -> Slot {
        if let Some(entry) =
            self.entries.get_mut(slot.place()).filter(|entry| entry.generation == slot.generation())
        {
            entry.generation = slot.renewed().generation();
            return slot.renewed();
        }
        self.missed();
        slot
    }

    /// The request, unless the handle is stale: it has left decode since, or the system.
    pub(super) fn find(&self, slot: Slot) -> Option<&LiveRequest> {
        let entry = self.entries.get(slot.place())?;
        entry.live.as_ref().filter(|_| entry.generation == slot.generation())
    }

    /// The request of a handle that is not stale.
    pub(super) fn at(&self, slot: Slot) -> &LiveRequest {
        self.find(slot).unwrap_or_else(|| {
            self.missed();
            &self.nobody
        })
    }

    /// The request of a handle that is not stale, to change it.
    pub(super) fn at_mut(&mut self, slot: Slot) -> &mut LiveRequest {
        match self.entries.get_mut(slot.place()) {
            Some(Entry { generation, live: Some(live) }) if *generation == slot.generation() => live,
            _ => {
                self.misses.set(self.misses.get() + 1);
                debug_assert!(false, "{slot:?} is stale");
                &mut self.nobody
            }
        }
    }

    /// Whether a request goes before those that are not urgent.
    pub(super) fn is_urgent(&self, slot: Slot) -> bool {
        self.at(slot).request.urgent
    }

    /// Look-ups that found no request where there must be one: 0, or what the replay says is not to be trusted.
    pub(super) fn misses(&self) -> u64 {
        self.misses.get()
    }

    fn missed(&self) {
        self.misses.set(self.misses.get() + 1);
        debug_assert!(false, "a handle of a request that has gone");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::id::PoolId;

    fn request(index: u32) -> LiveRequest {
        let mut live = LiveRequest::new(Request::default(), ReplicaId::new(PoolId::Decode, 0));
        live.request.index = index;
        live
    }

    #[test]
    fn a_handle_is_stale_once_its_request_has_gone() {
        let mut requests = Requests::new(ReplicaId::new(PoolId::Decode, 0));
        let (first, second) = (requests.insert(request(1)), requests.insert(request(2)));
        assert_eq!(requests.remove(first).request.index, 1);
        let third = requests.insert(request(3));
        // The place is used again, but not for the old handle.
        assert_eq!(third.place(), first.place());
        assert!(requests.find(first).is_none());
        assert_eq!(requests.at(third).request.index, 3);
        assert_eq!(requests.at(second).request.index, 2);
        assert_eq!(requests.misses(), 0);
    }

    #[test]
    fn leaving_decode_makes_the_handles_there_stale() {
        let mut requests = Requests::new(ReplicaId::new(PoolId::Decode, 0));
        let before = requests.insert(request(7));
        let after = requests.renew(before);
        assert!(requests.find(before).is_none());
        assert_eq!(requests.at(after).request.index, 7);
    }
}

//! From the prefill pool to the decode pool: where a prompt gets room in decode, and its KV cache goes over the link.
//!
//! A prompt asks for room in decode when its reading begins. If there is some, its cache leaves layer by layer while it is
//! read; else it waits for room with its cache held, first come, first served, and a prefill pool full of such prompts
//! stands still (back-pressure).

use std::cmp::Reverse;

use super::batch;
use super::request::{LiveRequest, Transfer};
use super::state::State;
use crate::replay::agenda::Event;
use crate::replay::id::Slot;
use crate::replay::steps::Steps;
use crate::units::{Bytes, Tokens};

/// A prompt begins to be read: if decode has room, its cache leaves as it comes into being.
pub(super) fn stream(state: &mut State, steps: &impl Steps, slot: Slot) {
    if !state.waiting_for_decode.is_empty() || !find_room(state, slot) {
        return;
    }
    let live = state.requests.at_mut(slot);
    live.transfer = Transfer::Streaming { read: false };
    let bytes = cache_bytes(steps, live) * (1.0 - 1.0 / layers(state));
    send(state, slot, bytes);
}

/// A prompt is read in the prefill pool, where its blocks stay until the cache has left.
pub(super) fn hand_over(state: &mut State, steps: &impl Steps, slot: Slot) {
    let live = state.requests.at_mut(slot);
    let prefill = live.prefill;
    state.pools.replica_mut(prefill).in_transit += 1;
    match live.transfer {
        Transfer::Streaming { .. } => live.transfer = Transfer::Streaming { read: true },
        Transfer::Ahead => send_rest(state, steps, slot),
        Transfer::Unplaced | Transfer::Last => {
            state.waiting_for_decode.push_back(slot);
            place_in_decode(state, steps);
        }
    }
}

/// Prompts that wait for room in decode get it, first come, first served.
pub(super) fn place_in_decode(state: &mut State, steps: &impl Steps) {
    while let Some(&slot) = state.waiting_for_decode.front() {
        if !find_room(state, slot) {
            return;
        }
        state.waiting_for_decode.pop_front();
        let live = state.requests.at_mut(slot);
        live.transfer = Transfer::Last;
        let bytes = cache_bytes(steps, live);
        send(state, slot, bytes);
    }
}

/// Transfers end, unless another began or ended since that was planned.
pub(super) fn transfers_end(state: &mut State, steps: &impl Steps, version: u32) {
    let now = state.agenda.now();
    let Some(link) = state.link.as_mut().filter(|link| link.version == version) else { return };
    let before = link.load();
    let ended: Vec<Slot> = std::iter::from_fn(|| link.done(now)).collect();
    let latency = link.latency();
    state.meter.link_load.change(now, link.load() - before);
    for slot in ended {
        let live = state.requests.at_mut(slot);
        match live.transfer {
            Transfer::Streaming { read: false } => live.transfer = Transfer::Ahead,
            Transfer::Streaming { read: true } => send_rest(state, steps, slot),
            Transfer::Ahead | Transfer::Last | Transfer::Unplaced => {
                state.agenda.plan(now + latency, Event::Transferred { slot });
            }
        }
    }
    plan_link(state);
}

/// The cache of a prompt is in decode, and its blocks in the prefill pool are free.
pub(super) fn leave_prefill(state: &mut State, slot: Slot) {
    let live = state.requests.at_mut(slot);
    let pool = state.pools.get_mut(live.prefill.pool());
    let replica = pool.replicas.at_mut(live.prefill);
    replica.in_transit -= 1;
    replica.load = replica.load.saturating_sub(1);
    replica.blocked = false;
    batch::give_back(pool, live.prefill, live);
}

/// Looks for room in decode: the replica with the most, first in order where equal.
fn find_room(state: &mut State, slot: Slot) -> bool {
    let State { pools, requests, agenda, .. } = state;
    let pool = &mut pools.decode;
    let live = requests.at_mut(slot);
    let (input, output) = (u64::from(live.request.input), u64::from(live.request.output));
    let rules = pool.plan.scheduler;
    let needs = pool.blocks_of(if rules.evicts { input + 1 } else { input + output });
    let id = pool.replicas.least(|replica| (Reverse(replica.cache.available()), replica.load));
    let replica = pool.replicas.at(id);
    let later = |left: u64| (left as f64 * rules.reserve / f64::from(rules.block.max(1))).ceil() as u64;
    let ahead = if rules.evicts { later(replica.still_to_write() + output) } else { 0 };
    let keep = (pool.blocks as f64 * rules.watermark) as u64;
    let alone = replica.admitted() == 0 && replica.load == 0;
    let free = replica.cache.available();
    if (free < needs + ahead + keep && !(alone && free >= needs)) || replica.load >= rules.sequences {
        return false;
    }
    let replica = pool.replicas.at_mut(id);
    if replica.cache.reserve(needs).is_err() {
        return false;
    }
    replica.load += 1;
    live.decode = id;
    live.decode_blocks = needs;
    batch::note(pool, id, requests, agenda.now());
    true
}

/// The prompt is read and all but its last layer has left: that follows.
fn send_rest(state: &mut State, steps: &impl Steps, slot: Slot) {
    let live = state.requests.at_mut(slot);
    live.transfer = Transfer::Last;
    let bytes = cache_bytes(steps, live) / layers(state);
    send(state, slot, bytes);
}

fn send(state: &mut State, slot: Slot, bytes: f64) {
    let now = state.agenda.now();
    state.meter.tokens.sent += bytes;
    if let Some(link) = &mut state.link {
        let before = link.load();
        link.start(now, Bytes::new(bytes), slot);
        state.meter.link_load.change(now, link.load() - before);
    }
    plan_link(state);
}

/// Plans the end of the next transfer.
fn plan_link(state: &mut State) {
    if let Some(link) = &state.link
        && let Some(next) = link.next()
    {
        let time = next.max(state.agenda.now());
        state.agenda.plan(time, Event::Link { version: link.version });
    }
}

/// Bytes of the KV cache of a prompt, by the step times of the pool that reads it.
fn cache_bytes(steps: &impl Steps, live: &LiveRequest) -> f64 {
    steps.cache(Tokens::new(f64::from(live.request.input))).get()
}

fn layers(state: &State) -> f64 {
    f64::from(state.common.layers.max(1))
}

//! Where a request gets its blocks: it comes in line at a replica, and is admitted when there is room for it, with as much
//! of its prompt as a prefix cache has.
//!
//! FIFO within two classes: a request that waits for blocks also blocks those behind it.

use super::batch::{blocks_of, own_tokens};
use super::request::{LiveRequest, Requests};
use crate::replay::cache::Match;
use crate::replay::id::{ByPool, PoolId, ReplicaId, Slot};
use crate::replay::pool::Pool;
use crate::replay::requests::Request;
use crate::replay::steps::Steps;
use crate::scenario::Role;
use crate::scenario::traffic::Place;

/// Whether a replica of every pool can hold a request.
pub(super) fn fits(pools: &ByPool<Pool>, request: &Request) -> bool {
    let input = u64::from(request.input);
    pools.iter().all(|pool| {
        // Who only reads prompts keeps no room for answers.
        let answer = if pool.plan.role == Role::Prefill { 0 } else { u64::from(request.output) };
        pool.blocks_of(input + answer) <= pool.blocks
    })
}

/// A request comes in line at a replica of the pool that reads prompts.
pub(super) fn enqueue(pool: &mut Pool, requests: &mut Requests, request: Request, now: f64) -> ReplicaId {
    let block = pool.plan.scheduler.block;
    let id = pool
        .route(request.input, |replica| request.saved(replica.cache.lookup(&request.prompt).blocks(), block));
    let replica = pool.replicas.at_mut(id);
    replica.load += 1;
    replica.unread += u64::from(request.input);
    pool.queue.change(now, 1.0);
    let urgent = request.urgent;
    let slot = requests.insert(LiveRequest::new(request, id));
    if urgent {
        replica.enqueue(slot, false, |other| requests.is_urgent(other));
        replica.blocked &= replica.waiting.front() != Some(&slot);
    } else {
        replica.waiting.push_back(slot);
    }
    id
}

/// A request that was just admitted.
pub(super) struct Admitted {
    /// Which.
    pub slot: Slot,
    /// Tokens of its prompt that need not be read.
    pub cached: u32,
    /// Of those, tokens that come from beyond the chips' memory.
    pub loaded: u32,
    /// When those are there; none if nothing has to come.
    pub ready: Option<f64>,
}

/// Admits the first in line of a replica, which is blocked if there are no places or blocks for it.
pub(super) fn admit<S: Steps>(
    pool: &mut Pool,
    steps: &S,
    id: ReplicaId,
    requests: &mut Requests,
    anew: bool,
    now: f64,
) -> Option<Admitted> {
    let sequences = pool.plan.scheduler.sequences;
    let replica = pool.replicas.at_mut(id);
    if replica.blocked {
        return None;
    }
    let &slot = replica.waiting.front()?;
    let live = requests.at_mut(slot);
    let admitted =
        if replica.admitted() < sequences { take_blocks(pool, steps, id, live, anew, now) } else { None };
    let replica = pool.replicas.at_mut(id);
    let Some((loaded, ready)) = admitted else {
        replica.blocked = true;
        return None;
    };
    replica.waiting.pop_front();
    // Tokens that are cached need no reading.
    replica.unread = replica.unread.saturating_sub(u64::from(live.past));
    pool.queue.change(now, -1.0);
    Some(Admitted { slot, cached: live.past, loaded, ready })
}

/// Gives a request its blocks, with as much of its prompt as is cached, and says how many tokens come from farther places
/// and until when; none if there is no room. A decode pool has no prompts cached for those that it reads anew.
fn take_blocks<S: Steps>(
    pool: &mut Pool,
    steps: &S,
    id: ReplicaId,
    live: &mut LiveRequest,
    anew: bool,
    now: f64,
) -> Option<(u32, Option<f64>)> {
    let block = pool.plan.scheduler.block;
    let back = live.swapped;
    let named = !live.request.prompt.is_empty();
    let found = if named && !anew && back == 0 {
        pool.replicas.at(id).cache.lookup(&live.request.prompt)
    } else {
        Match::default()
    };
    let (held, wait) = worth_loading(pool, steps, id, live, &found, now);
    let way_back = if back > 0 { pool.load_time(steps, Place::Dram, f64::from(back)) } else { 0.0 };
    let needs = room_for(pool, id, live, held)?;
    let replica = pool.replicas.at_mut(id);
    if held > 0 {
        replica.cache.hold(&live.request.prompt, 0, held).ok()?;
    }
    if replica.cache.reserve(needs).is_err() {
        replica.cache.release(&live.request.prompt, 0, held);
        return None;
    }
    let cached = if back > 0 {
        // All but the last token, which the next step takes in any case.
        back.saturating_sub(1)
    } else if anew {
        0
    } else if named {
        live.request.saved(held, block)
    } else {
        live.request.given
    };
    let resident = live.request.saved(found.resident().min(held), block);
    let loaded = if named && back == 0 { cached.saturating_sub(resident) } else { 0 };
    live.held = held;
    if anew {
        live.decode_blocks = needs;
    } else {
        live.own_blocks = needs;
    }
    live.past = cached;
    live.read = 0;
    live.todo = u32::try_from(live.length()).unwrap_or(u32::MAX).saturating_sub(cached).max(1);
    (live.drain, live.early) = (0.0, 0.0);
    if live.admitted.is_none() {
        live.admitted = Some(now);
        live.cached = cached;
        live.loaded = loaded;
    }
    let mut ready = None;
    if back > 0 {
        live.swapped = 0;
        let link = replica.link_free(Place::Dram);
        *link = f64::max(*link, now) + way_back;
        ready = Some(*link);
    }
    for (link, until) in replica.links.iter_mut().zip(wait) {
        if until > 0.0 {
            *link = until;
            ready = Some(f64::max(ready.unwrap_or(now), until));
        }
    }
    Some((loaded, ready))
}

/// Blocks of its own that a request with so many blocks of its prompt needs on a replica; none if they, and what the
/// engine keeps free, are not there.
fn room_for(pool: &Pool, id: ReplicaId, live: &LiveRequest, held: u64) -> Option<u64> {
    let rules = pool.plan.scheduler;
    let replica = pool.replicas.at(id);
    // Who only reads prompts keeps no room for answers.
    let rest = if pool.plan.role == Role::Prefill { 0 } else { u64::from(live.rest()) };
    let length = if rules.evicts { live.length() } else { live.length() + rest };
    let needs = blocks_of(own_tokens(length + pool.fixed, held, rules.block), rules.block);
    let block = f64::from(rules.block.max(1));
    let later =
        if rules.evicts { (replica.still_to_write() + rest) as f64 * rules.reserve / block } else { 0.0 };
    // Those in decode keep a block each to go on with, or they would give way at once to whom they let in.
    let going_on = if rules.evicts { f64::from(replica.decoding) } else { 0.0 };
    let keep = f64::max(pool.blocks as f64 * rules.watermark, going_on) + later;
    let alone = replica.admitted() == 0;
    let free = replica.cache.available();
    let room = free >= needs && (alone || free as f64 >= needs as f64 + keep);
    room.then_some(needs)
}

/// How many of the found blocks to use, and until when the links to farther places are busy with them: loads what is
/// sooner there than it would be read anew.
fn worth_loading<S: Steps>(
    pool: &mut Pool,
    steps: &S,
    id: ReplicaId,
    live: &LiveRequest,
    found: &Match,
    now: f64,
) -> (u64, [f64; Place::ALL.len()]) {
    let none = [0.0; Place::ALL.len()];
    let block = pool.plan.scheduler.block;
    let resident = found.resident();
    if found.blocks() == resident {
        return (resident, none);
    }
    let links = pool.replicas.at(id).links;
    let budget = pool.plan.scheduler.chunk.get().max(1.0);
    let input = live.request.input.saturating_add(live.generated);
    let reading = |pool: &mut Pool, past: u32| {
        let new = f64::from(input.saturating_sub(past).max(1));
        let chunks = (new / budget).ceil().max(1.0);
        let each = f64::from(past) + (new - new / chunks) / 2.0;
        pool.read(steps, 1.0, new / chunks, each).busy.get() * chunks
    };
    let mut best = (reading(pool, live.request.saved(resident, block)), resident, none);
    let (mut blocks, mut until) = (0, none);
    for part in &found.segments {
        blocks += part.blocks;
        if part.place == Place::Hbm {
            continue;
        }
        let load = pool.load_time(steps, part.place, part.blocks as f64 * f64::from(block));
        if let (Some(until), Some(&link)) =
            (until.get_mut(part.place as usize), links.get(part.place as usize))
        {
            *until = f64::max(*until, link.max(now)) + load;
        }
        let loaded = until.iter().fold(now, |latest, &time| f64::max(latest, time)) - now;
        let time = loaded + reading(pool, live.request.saved(blocks, block));
        if time < best.0 {
            best = (time, blocks, until);
        }
    }
    (best.1, best.2)
}

/// A prompt was read: its full blocks are for others too from here on.
pub(super) fn share_prompt(pool: &mut Pool, id: ReplicaId, live: &mut LiveRequest) {
    let named = live.request.prompt_blocks();
    let fresh = named.saturating_sub(live.held);
    if fresh == 0 || fresh > live.own_blocks {
        return;
    }
    let cache = &mut pool.replicas.at_mut(id).cache;
    cache.unreserve(fresh);
    if cache.hold(&live.request.prompt, live.held, named).is_ok() {
        live.own_blocks -= fresh;
        live.held = named;
    } else {
        // They stay with the request alone; the room was its own a moment ago.
        let _ = cache.reserve(fresh);
    }
}

/// Whether a pool reads prompts anew that it has no prefixes of: a decode pool, for those that were preempted there.
pub(super) fn reads_anew(pools: &ByPool<Pool>, pool: PoolId) -> bool {
    pools.first() != pool
}

//! Sequences join a replica's decode batch and leave it, and what each holds of its blocks.

use std::cmp::Reverse;

use super::request::{LiveRequest, Requests};
use crate::replay::id::{ReplicaId, Slot};
use crate::replay::pool::Pool;
use crate::replay::steps::Steps;
use crate::units::Tokens;

/// Sequences of a replica that are ready join decode.
pub(super) fn join(
    pool: &mut Pool,
    steps: &impl Steps,
    id: ReplicaId,
    requests: &mut Requests,
    split: bool,
    now: f64,
) {
    let Pool { plan, replicas, batch, fixed, .. } = pool;
    let replica = replicas.at_mut(id);
    while let Some(slot) = replica.joining.pop() {
        let live = requests.at_mut(slot);
        if live.first.is_none() {
            // The first token came with the cache, and is passed on between two steps.
            live.first = Some(now);
        }
        let rest = u64::from(live.rest()).max(1);
        live.ends = replica.steps + rest;
        let held = if split { 0 } else { live.held };
        let phase = replica.phase(own_tokens(live.length() + *fixed, held, plan.scheduler.block));
        if let Some(count) = replica.phases.get_mut(phase) {
            *count += 1;
        }
        replica.decoding += 1;
        replica.context += live.length();
        replica.left = replica.left.saturating_add_unsigned(rest);
        let past = live.past.min(live.request.input.saturating_sub(1));
        let new = Tokens::new(f64::from(live.request.input - past));
        replica.owed += steps.joins(new, Tokens::new(f64::from(past))).get();
        replica.ending.push(Reverse((live.ends, slot)));
        replica.youngest.push(slot);
        batch.change(now, 1.0);
    }
}

/// Takes a sequence out of decode, finished or preempted. Handles of its time there are stale; the new one is returned. Tokens
/// that the last step yielded beyond its end count for nothing.
pub(super) fn leave(pool: &mut Pool, id: ReplicaId, requests: &mut Requests, slot: Slot, now: f64) -> Slot {
    let Pool { plan, replicas, batch, fixed, .. } = pool;
    let replica = replicas.at_mut(id);
    let slot = requests.renew(slot);
    let live = requests.at_mut(slot);
    let rest = live.ends.saturating_sub(replica.steps);
    let beyond = replica.steps.saturating_sub(live.ends);
    let generated = live.request.output.saturating_sub(u32::try_from(rest).unwrap_or(u32::MAX));
    live.generated = generated.max(live.generated);
    let held = if live.decode_blocks > 0 { 0 } else { live.held };
    let own_tokens = own_tokens(live.length() + *fixed, held, plan.scheduler.block);
    let stepped = own_tokens.saturating_add(i64::try_from(beyond).unwrap_or(i64::MAX));
    let phase = replica.phase(stepped);
    if let Some(count) = replica.phases.get_mut(phase) {
        *count = count.saturating_sub(1);
    }
    replica.decoding = replica.decoding.saturating_sub(1);
    replica.context = replica.context.saturating_sub(live.length() + beyond);
    replica.left = replica.left.saturating_add_unsigned(beyond).saturating_sub_unsigned(rest);
    if plan.scheduler.evicts {
        // It has grown by the blocks that its steps needed.
        let blocks = blocks_of(own_tokens, plan.scheduler.block);
        replica.cache.unreserve(blocks_of(stepped, plan.scheduler.block) - blocks);
        if live.decode_blocks > 0 {
            live.decode_blocks = live.decode_blocks.max(blocks);
        } else {
            live.own_blocks = live.own_blocks.max(blocks);
        }
    }
    batch.change(now, -1.0);
    slot
}

/// Gives back what a sequence holds on a replica of the pool that reads prompts.
pub(super) fn give_back(pool: &mut Pool, id: ReplicaId, live: &mut LiveRequest) {
    let replica = pool.replicas.at_mut(id);
    replica.cache.release(&live.request.prompt, 0, live.held);
    replica.cache.unreserve(live.own_blocks);
    (live.held, live.own_blocks) = (0, 0);
}

/// Notes how many blocks of a replica are in use.
pub(super) fn note(pool: &mut Pool, id: ReplicaId, requests: &Requests, now: f64) {
    let replica = pool.replicas.at_mut(id);
    let used = replica.used();
    if used != replica.noted {
        pool.used.change(now, used as f64 - replica.noted as f64);
        replica.noted = used;
    }
    // Entries of those that left would pile up under the young.
    if replica.youngest.len() > 64 && replica.youngest.len() > 4 * replica.decoding as usize {
        replica.youngest.retain(|&slot| requests.find(slot).is_some());
    }
}

/// Tokens of a sequence beyond the blocks of its prompt that it holds; below 0 where the last of those has room left, as
/// traces name blocks that are not full.
pub(super) fn own_tokens(all: u64, held: u64, block: u32) -> i64 {
    let named = held.saturating_mul(u64::from(block));
    i64::try_from(all).unwrap_or(i64::MAX).saturating_sub(i64::try_from(named).unwrap_or(i64::MAX))
}

/// Blocks for so many tokens of its own.
pub(super) fn blocks_of(tokens: i64, block: u32) -> u64 {
    u64::try_from(tokens).unwrap_or(0).div_ceil(u64::from(block.max(1)))
}

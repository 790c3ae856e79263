//! Where a request is preempted: who gives way when a replica has no block left for its next step, and what becomes of it.
//!
//! Whoever was admitted last gives way, of those that are not urgent if there are any, as in vLLM's priority policy. It is
//! computed anew, or swapped: kept in the host's memory where the scenario says so, a tier is there and the way there and
//! back takes less time.

use super::batch;
use super::request::{LiveRequest, Requests};
use crate::replay::id::ReplicaId;
use crate::replay::pool::Pool;
use crate::replay::steps::Steps;
use crate::scenario::traffic::Place;

/// One sequence of a replica gives way: its blocks are free, and it is first in line of its class, to be read again or to
/// come back from the host's memory.
pub(super) fn preempt<S: Steps>(
    pool: &mut Pool,
    steps: &S,
    id: ReplicaId,
    requests: &mut Requests,
    now: f64,
) {
    loop {
        let replica = pool.replicas.at_mut(id);
        let gives_way = |slot: &_| requests.find(*slot).is_some_and(|live| !live.request.urgent);
        // Where nobody goes first, this is the last but for those that have left.
        let last = replica.youngest.iter().rposition(gives_way).or(replica.youngest.len().checked_sub(1));
        let Some(last) = last else {
            // Nobody is left who could give way.
            replica.decoding = 0;
            return;
        };
        let slot = replica.youngest.remove(last);
        if requests.find(slot).is_none() {
            // It has left decode.
            continue;
        }
        let slot = batch::leave(pool, id, requests, slot, now);
        let live = requests.at_mut(slot);
        live.swapped = swapped(pool, steps, id, live, now);
        pool.preemptions += 1;
        pool.swaps += u64::from(live.swapped > 0);
        pool.queue.change(now, 1.0);
        if live.decode_blocks > 0 {
            pool.replicas.at_mut(id).cache.unreserve(live.decode_blocks);
            live.decode_blocks = 0;
            (live.held, live.own_blocks) = (0, 0);
        } else {
            batch::give_back(pool, id, live);
        }
        live.preemptions = live.preemptions.saturating_add(1);
        live.stalled = Some(now);
        let replica = pool.replicas.at_mut(id);
        replica.unread += live.length();
        if live.request.urgent {
            replica.waiting.push_front(slot);
        } else {
            replica.enqueue(slot, true, |other| requests.is_urgent(other));
        }
        replica.blocked = false;
        return;
    }
}

/// Tokens of a sequence that gives way whose cache goes to the host's memory: all, if the way there and back takes less
/// time than to compute them anew; else none.
fn swapped<S: Steps>(pool: &mut Pool, steps: &S, id: ReplicaId, live: &LiveRequest, now: f64) -> u32 {
    let all = live.request.input.saturating_add(live.generated);
    if !pool.plan.scheduler.swaps || !pool.plan.tiers.iter().any(|(place, ..)| *place == Place::Dram) {
        return 0;
    }
    let way = pool.load_time(steps, Place::Dram, f64::from(all));
    let budget = pool.plan.scheduler.chunk.get().max(1.0);
    let chunks = (f64::from(all) / budget).ceil().max(1.0);
    let chunk = f64::from(all) / chunks;
    let anew = pool.read(steps, 1.0, chunk, (f64::from(all) - chunk) / 2.0).busy.get() * chunks;
    let link = pool.replicas.at_mut(id).link_free(Place::Dram);
    let gone = f64::max(*link, now) + way;
    if gone + way - now >= anew {
        return 0;
    }
    *link = gone;
    all
}

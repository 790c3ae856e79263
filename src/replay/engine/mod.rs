//! The discrete-event engine: requests through queues, steps and links, one event after another.
//!
//! | where | what |
//! |---|---|
//! | here | the event loop: what happens at an arrival, at the end of a step, when a prompt is read, when an answer is complete |
//! | [`plan`] | which prompts and sequences a replica takes into its next step, and how long that takes |
//! | [`admission`] | when a waiting request gets its blocks |
//! | [`preemption`] | who gives way when blocks run out |
//! | [`handoff`] | from the prefill to the decode pool: room there, and the KV transfer |
//! | [`batch`] | sequences join decode and leave it |
//! | [`request`] | a request in the system, and the arena of all |
//!
//! Each uses those below it and none calls up: whatever has to happen next is said by the event loop.
//!
//! Each replica batches continuously. What the user sees comes a few steps after it was computed, as engines stream in
//! batches, which shifts first and last token alike. With prefill and decode in pools of their own, what decode generated is
//! there for the session's next turn in the prefix cache of the replica that read the prompt, as where both pools work on a
//! shared store (Mooncake, LMCache, Dynamo's block manager); it goes back over the other direction of the link, whose time
//! is far shorter than any pause.
//!
//! Two classes of requests, as in vLLM's priority policy: urgent ones are first in line and last to give way, first come,
//! first served within a class.
//!
//! The engine is a struct that goes on where it stopped, so that a page stays responsive and can cancel.

mod admission;
mod batch;
mod handoff;
mod plan;
mod preemption;
mod request;
mod state;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use self::request::LiveRequest;
pub use self::state::{Common, State};
use super::agenda::Event;
use super::id::{ByPool, PoolId, ReplicaId, Slot};
use super::pool::{Pool, PoolPlan};
use super::record::{End, Record};
use super::replica::Activity;
use super::requests::{Request, Source};
use super::steps::Steps;
use super::wire::Wire;
use crate::scenario::Role;
use crate::units::Seconds;

/// How far a replay is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Time in the replay.
    pub now: Seconds,
    /// Requests that came.
    pub arrived: u32,
    /// Requests answered.
    pub finished: u32,
    /// Requests rejected.
    pub rejected: u32,
    /// Events so far.
    pub events: u64,
    /// Output tokens so far.
    pub tokens: u64,
    /// Whether nothing is left to do.
    pub done: bool,
}

/// A replay under way: its state, and the step times of its pools.
#[derive(Clone, Debug)]
pub struct Engine<S> {
    pub(super) state: State,
    pub(super) steps: ByPool<S>,
}

impl<S: Steps> Engine<S> {
    /// A replay of requests on one pool that does everything.
    #[must_use]
    pub fn colocated(source: Source, pool: PoolPlan, steps: S, common: Common) -> Self {
        let pools = ByPool { prefill: None, decode: Pool::new(PoolId::Decode, pool, &steps) };
        Self {
            state: State::new(source, pools, None, common),
            steps: ByPool { prefill: None, decode: steps },
        }
    }

    /// A replay of requests on a pool that reads prompts and one that generates answers, with the link between them.
    #[must_use]
    pub fn disaggregated(
        source: Source,
        (prefill, prefill_steps): (PoolPlan, S),
        (decode, decode_steps): (PoolPlan, S),
        link: Wire,
        common: Common,
    ) -> Self {
        let pools = ByPool {
            prefill: Some(Pool::new(PoolId::Prefill, prefill, &prefill_steps)),
            decode: Pool::new(PoolId::Decode, decode, &decode_steps),
        };
        let steps = ByPool { prefill: Some(prefill_steps), decode: decode_steps };
        Self { state: State::new(source, pools, Some(link), common), steps }
    }

    /// How far the replay is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let State { source, agenda, meter, events, .. } = &self.state;
        Progress {
            now: Seconds::new(agenda.now()),
            arrived: source.issued(),
            finished: meter.finished,
            rejected: meter.rejected,
            events: *events,
            tokens: meter.tokens.written,
            done: agenda.peek().is_none() && source.peek().is_none(),
        }
    }

    /// Goes on for so many events at most.
    pub fn run(&mut self, events: u64) -> Progress {
        let until = self.state.events.saturating_add(events);
        while self.state.events < until && self.next() {}
        self.progress()
    }

    /// Requests that are done, in the order in which they were done.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.state.meter.records
    }

    /// The pools as they are now, prefill first.
    pub fn pools(&self) -> impl Iterator<Item = &Pool> + Clone {
        self.state.pools.iter()
    }

    /// The pools as they are now with their step times, prefill first.
    pub fn pools_with_steps(&self) -> impl Iterator<Item = (&Pool, &S)> + Clone {
        self.state.pools.iter().zip(self.steps.iter())
    }

    /// The link between pools as it is now.
    #[must_use]
    pub fn wire(&self) -> Option<&Wire> {
        self.state.link.as_ref()
    }

    /// Requests that came and are not done.
    #[must_use]
    pub fn unfinished(&self) -> u32 {
        self.state.source.issued() - self.state.meter.finished - self.state.meter.rejected
    }

    /// Look-ups that found no request where there must be one; anything but 0 is a mistake of the engine, whose results are
    /// then not to be trusted.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.state.requests.misses()
    }

    /// The next event; false when there is none.
    fn next(&mut self) -> bool {
        let State { source, agenda, common, events, .. } = &mut self.state;
        let arrival = source.peek().map(|time| (time, (time + common.overhead).get()));
        let planned = agenda.peek();
        match (arrival, planned) {
            (Some((time, due)), planned) if planned.is_none_or(|planned| due < planned) => {
                *events += 1;
                agenda.advance(due);
                if let Some(request) = source.next(time) {
                    self.arrive(request);
                }
                true
            }
            (_, Some(_)) => {
                *events += 1;
                if let Some(event) = agenda.pop() {
                    self.happen(event);
                }
                true
            }
            _ => false,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step { replica, version } => {
                if self.state.pools.replica(replica).version == version {
                    self.step_ends(replica);
                    plan::begin(&mut self.state, &self.steps, replica);
                }
            }
            Event::Loaded { slot } => {
                let id = self.state.requests.at(slot).reads_at();
                let replica = self.state.pools.replica_mut(id);
                replica.in_transit -= 1;
                replica.prefilling.push_back(slot);
                plan::wake(&mut self.state, &self.steps, id);
            }
            Event::Prefilled { slot } => {
                let id = self.state.requests.at(slot).reads_at();
                self.state.pools.replica_mut(id).in_transit -= 1;
                self.prompt_is_read(slot);
                plan::wake_idle(&mut self.state, &self.steps, id);
            }
            Event::Transferred { slot } => self.transferred(slot),
            Event::Link { version } => {
                handoff::transfers_end(&mut self.state, self.steps.get(PoolId::Prefill), version);
            }
        }
    }

    /// A request comes in line, unless some pool has no room for it however long it waits.
    fn arrive(&mut self, request: Request) {
        let State { source, pools, requests, agenda, meter, .. } = &mut self.state;
        let now = agenda.now();
        meter.inside.change(request.arrival.get(), 1.0);
        meter.tokens.input += u64::from(request.input);
        if !admission::fits(pools, &request) {
            meter.ends(Record::of(&request, End::Rejected), now, now);
            source.completed(&request, Seconds::new(now));
            return;
        }
        let pool = pools.get_mut(pools.first());
        let id = admission::enqueue(pool, requests, request, now);
        if !pool.replicas.at(id).blocked {
            plan::wake(&mut self.state, &self.steps, id);
        }
    }

    /// What was planned has happened: sequences end, and prompts are read.
    fn step_ends(&mut self, id: ReplicaId) {
        let State { pools, meter, .. } = &mut self.state;
        let pool = pools.get_mut(id.pool());
        if pool.replicas.at(id).activity == Activity::Idle {
            return;
        }
        plan::settle(pool, self.steps.get(id.pool()), id, meter);
        self.sequences_end(id);
        let replica = self.state.pools.replica_mut(id);
        let mut chunks = std::mem::take(&mut replica.chunks);
        for chunk in &chunks {
            let State { pools, requests, agenda, meter, .. } = &mut self.state;
            let live = requests.at_mut(chunk.slot);
            live.read += chunk.tokens;
            meter.tokens.read += u64::from(chunk.tokens);
            if live.preemptions > 0 {
                meter.tokens.again += u64::from(chunk.tokens);
            }
            let replica = pools.replica_mut(id);
            replica.unread = replica.unread.saturating_sub(u64::from(chunk.tokens));
            if live.read < live.todo {
                continue;
            }
            // First come, first served, but one rank may be done before another that began earlier.
            if let Some(at) = replica.prefilling.iter().position(|&slot| slot == chunk.slot) {
                replica.prefilling.remove(at);
            }
            if live.drain > 0.0 {
                replica.in_transit += 1;
                agenda.plan(agenda.now() + live.drain, Event::Prefilled { slot: chunk.slot });
            } else {
                self.prompt_is_read(chunk.slot);
            }
        }
        let replica = self.state.pools.replica_mut(id);
        // The vector is used again.
        chunks.clear();
        replica.chunks = chunks;
        // Only now: who became ready in between must not begin the next step, which takes up all that are.
        replica.activity = Activity::Idle;
    }

    /// Sequences of a replica whose last token is generated leave. Those that were preempted since are passed over: they
    /// have other handles now.
    fn sequences_end(&mut self, id: ReplicaId) {
        loop {
            let State { pools, requests, agenda, meter, .. } = &mut self.state;
            let pool = pools.get_mut(id.pool());
            let replica = pool.replicas.at_mut(id);
            let Some(&Reverse((ends, slot))) = replica.ending.peek() else { return };
            if ends > replica.steps {
                return;
            }
            replica.ending.pop();
            if requests.find(slot).is_some() {
                meter.tokens.written -= replica.steps - ends;
                let slot = batch::leave(pool, id, requests, slot, agenda.now());
                self.finish(id, slot);
            }
        }
    }

    /// The prompt is read, and with it the first token is known.
    fn prompt_is_read(&mut self, slot: Slot) {
        let split = self.state.is_split();
        let State { pools, requests, agenda, meter, .. } = &mut self.state;
        let now = agenda.now();
        let live = requests.at_mut(slot);
        let id = live.reads_at();
        let pool = pools.get_mut(id.pool());
        if id.pool() == self.steps.first() {
            admission::share_prompt(pool, id, live);
        }
        if let Some(since) = live.stalled.take() {
            meter.itl.add(now - since, 1.0);
        }
        if live.generated == 0 {
            live.generated = 1;
            meter.tokens.written += 1;
            if split {
                handoff::hand_over(&mut self.state, self.steps.get(PoolId::Prefill), slot);
                return;
            }
            // Pools that share a prompt's reading are done with it before the replica is free.
            live.shift = pool.plan.held * live.pace;
            live.first = Some((now + live.shift - live.early).max(live.request.arrival.get()));
        }
        if live.generated >= live.request.output {
            self.finish(id, slot);
            return;
        }
        let replica = pool.replicas.at_mut(id);
        replica.joining.push(slot);
        // In the middle of a step with prompts, or of planning one, the next step takes up all that are ready.
        let planned = matches!(replica.activity, Activity::Prefill { .. }) || !replica.chunks.is_empty();
        if !planned {
            plan::wake(&mut self.state, &self.steps, id);
        }
    }

    /// The KV cache of a prompt is in decode.
    fn transferred(&mut self, slot: Slot) {
        handoff::leave_prefill(&mut self.state, slot);
        let State { pools, requests, agenda, .. } = &mut self.state;
        let live = requests.at_mut(slot);
        let (prefill, decode) = (live.prefill, live.decode);
        let pool = pools.get_mut(decode.pool());
        let replica = pool.replicas.at_mut(decode);
        if live.rest() == 0 {
            live.first = Some(agenda.now());
            self.finish(decode, slot);
        } else {
            replica.joining.push(slot);
            plan::wake(&mut self.state, &self.steps, decode);
        }
        plan::wake_idle(&mut self.state, &self.steps, prefill);
    }

    /// The answer is complete.
    fn finish(&mut self, id: ReplicaId, slot: Slot) {
        let split = self.state.is_split();
        let State { source, common, pools, requests, agenda, meter, .. } = &mut self.state;
        let now = agenda.now();
        let mut live = requests.remove(slot);
        let pool = pools.get_mut(id.pool());
        let replica = pool.replicas.at_mut(id);
        replica.load = replica.load.saturating_sub(1);
        replica.blocked = false;
        if split {
            replica.cache.unreserve(live.decode_blocks);
        } else {
            batch::give_back(pool, id, &mut live);
        }
        if !live.request.answer.is_empty() {
            pools.replica_mut(live.prefill).cache.insert(&live.request.answer);
        }
        let first = live.first.unwrap_or(now);
        let end = (now + live.shift).max(first);
        let later = f64::from(live.request.output.saturating_sub(1).max(1));
        let first = first + (end - first) * (common.unseen / later).min(1.0);
        meter.ends(record(&live, &pools.decode, (now, first, end)), first, end);
        source.completed(&live.request, Seconds::new(end));
        if split {
            handoff::place_in_decode(&mut self.state, self.steps.get(PoolId::Prefill));
        }
    }
}

/// What is known of a request that is complete now, with its first and last token at the user.
fn record(live: &LiveRequest, decode: &Pool, (now, first, end): (f64, f64, f64)) -> Record {
    let beside = |role: Role| {
        let helper = decode.helpers.iter().find(|helper| helper.plan.role == role);
        helper.map(|helper| helper.plan.replica(live.decode.number()) as u16)
    };
    let came = live.request.arrival.get();
    Record {
        replicas: (live.prefill.number() as u16, live.decode.number() as u16),
        beside: [beside(Role::Ffn), beside(Role::Draft)],
        preemptions: live.preemptions,
        cached: live.cached,
        loaded: live.loaded,
        wait: (live.admitted.unwrap_or(now) - came) as f32,
        ttft: (first - came) as f32,
        e2e: (end - came) as f32,
        ..Record::of(&live.request, End::Finished)
    }
}

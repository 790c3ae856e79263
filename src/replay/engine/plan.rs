//! What a replica does next: which prompts and sequences are in its step, and how long that takes. Here decode attention's
//! time enters the replay, through [`Steps::token`]; what it is computed from stands in `pass/layers.rs`.
//!
//! A step holds one token of every sequence in decode and, as far as the token budget goes, chunks of prompts, first come,
//! first served; it takes as long as the decode alone plus what the closed form says the prompts stall it (`φ` times what
//! they take by themselves). Between arrivals, ends and shortage of blocks nothing changes but lengths, so a run of decode
//! steps is one event.

use std::cmp::Reverse;

use super::admission::{self, reads_anew};
use super::request::Requests;
use super::state::State;
use super::{batch, handoff, preemption};
use crate::replay::agenda::{Agenda, Event};
use crate::replay::id::{ByPool, PoolId, ReplicaId};
use crate::replay::meter::Meter;
use crate::replay::pool::Pool;
use crate::replay::replica::{Activity, Chunk, Replica};
use crate::replay::steps::Steps;
use crate::scenario::Role;
use crate::serve::Shares;
use crate::units::{Seconds, Tokens};

/// Something changed for a replica: an idle one begins, and a run of decode steps ends with the step under way.
pub(super) fn wake<S: Steps>(state: &mut State, steps: &ByPool<S>, id: ReplicaId) {
    let pool = state.pools.get_mut(id.pool());
    match pool.replicas.at(id).activity {
        Activity::Idle => begin(state, steps, id),
        Activity::Decode { .. } => cut_short(pool, steps.get(id.pool()), id, &mut state.agenda),
        Activity::Prefill { .. } => {}
    }
}

/// Lets a replica that stood still go on.
pub(super) fn wake_idle<S: Steps>(state: &mut State, steps: &ByPool<S>, id: ReplicaId) {
    if state.pools.replica(id).activity == Activity::Idle {
        begin(state, steps, id);
    }
}

/// A replica takes on what it can and begins its next step, or a run of them.
pub(super) fn begin<S: Steps>(state: &mut State, steps: &ByPool<S>, id: ReplicaId) {
    let (split, now) = (state.is_split(), state.agenda.now());
    let own = steps.get(id.pool());
    batch::join(state.pools.get_mut(id.pool()), own, id, &mut state.requests, split, now);
    take_prompts(state, steps, id);
    let State { pools, requests, agenda, .. } = state;
    let pool = pools.get_mut(id.pool());
    let replica = pool.replicas.at_mut(id);
    let takes = if !replica.chunks.is_empty() {
        Some(mixed_step(pool, own, id, requests, now))
    } else if replica.decoding > 0 {
        Some(decode_run(pool, own, id, requests, now))
    } else {
        replica.activity = Activity::Idle;
        None
    };
    if let Some(takes) = takes {
        plan_end(pool.replicas.at_mut(id), id, now + takes, agenda);
    }
    batch::note(pool, id, requests, now);
    tell_neighbours(pool, own, id, agenda);
}

/// Those who share a pool with a replica take its sequences into account from their next step on.
fn tell_neighbours<S: Steps>(pool: &mut Pool, steps: &S, id: ReplicaId, agenda: &mut Agenda) {
    let Some(plan) = pool.helpers.iter().map(|own| own.plan).find(|plan| plan.ratio > 1.0) else { return };
    let replica = pool.replicas.at_mut(id);
    if std::mem::replace(&mut replica.told, replica.decoding) == replica.decoding {
        return;
    }
    for other in pool.neighbours(plan, id) {
        let decodes = matches!(pool.replicas.at(other).activity, Activity::Decode { .. });
        if decodes && pool.crowd(other) != pool.replicas.at(other).crowd {
            cut_short(pool, steps, other, agenda);
        }
    }
}

/// Plans the end of what a replica does, in place of what was planned before.
fn plan_end(replica: &mut Replica, id: ReplicaId, end: f64, agenda: &mut Agenda) {
    replica.version = replica.version.wrapping_add(1);
    agenda.plan(end, Event::Step { replica: id, version: replica.version });
}

/// Prompts are taken into the next step as far as budget, places and blocks allow: first those being read, then those
/// that are admitted now.
fn take_prompts<S: Steps>(state: &mut State, steps: &ByPool<S>, id: ReplicaId) {
    let anew = reads_anew(&state.pools, id.pool());
    let now = state.agenda.now();
    let rules = state.pools.get(id.pool()).plan.scheduler;
    // As in the closed form, the budget counts tokens of prompts.
    let count = |tokens: Tokens| tokens.get().clamp(1.0, f64::from(u32::MAX)) as u32;
    let (mut budget, chunk) = (count(rules.budget), count(rules.chunk));
    state.pools.replica_mut(id).chunks.clear();
    let mut at = 0;
    loop {
        let pool = state.pools.get_mut(id.pool());
        let replica = pool.replicas.at_mut(id);
        if budget == 0 || replica.chunks.len() >= rules.prompts {
            return;
        }
        if let Some(&slot) = replica.prefilling.get(at) {
            at += 1;
            let live = state.requests.at(slot);
            let tokens = live.todo.saturating_sub(live.read).min(budget).min(chunk);
            budget -= tokens;
            replica.chunks.push(Chunk { slot, tokens });
            continue;
        }
        let own = steps.get(id.pool());
        let Some(new) = admission::admit(pool, own, id, &mut state.requests, anew, now) else { return };
        state.meter.tokens.cached += u64::from(new.cached);
        state.meter.tokens.loaded += u64::from(new.loaded);
        let replica = pool.replicas.at_mut(id);
        if let Some(ready) = new.ready {
            replica.in_transit += 1;
            state.agenda.plan(ready, Event::Loaded { slot: new.slot });
        } else {
            replica.prefilling.push_back(new.slot);
        }
        if state.is_split() && id.pool() == PoolId::Prefill {
            handoff::stream(state, own, new.slot);
        }
    }
}

/// Plans a run of decode steps, to the next end or as far as the blocks last, and says how long it takes.
fn decode_run<S: Steps>(pool: &mut Pool, steps: &S, id: ReplicaId, requests: &mut Requests, now: f64) -> f64 {
    let mut most = u64::MAX;
    if pool.plan.scheduler.evicts {
        loop {
            let replica = pool.replicas.at(id);
            most = replica.affordable(replica.cache.available());
            if most > 0 || replica.decoding == 0 {
                break;
            }
            preemption::preempt(pool, steps, id, requests, now);
        }
    }
    let crowd = pool.crowd(id);
    let Pool { table, replicas, .. } = pool;
    let replica = replicas.at_mut(id);
    replica.crowd = crowd;
    if replica.decoding == 0 {
        // All gave way to those whose prompts wait in memory.
        replica.activity = Activity::Decode { since: now, steps: 0, takes: 0.0, ahead: 0.0 };
        return 0.0;
    }
    // Tokens that are checked together come together, also those beyond the end of an answer, which are thrown away.
    let whole = Whole::steps(next_end(replica).max(1), steps.tokens_per_step(), replica.carry);
    let next = whole.tokens;
    let context = replica.context as f64 / f64::from(replica.decoding);
    let (run, takes) = table.run(steps, crowd, context, next.min(most.max(1)), f64::INFINITY);
    let takes = replica.keep(whole, run, takes);
    let ahead = std::mem::take(&mut replica.owed);
    let takes = ahead + takes;
    replica.activity = Activity::Decode { since: now, steps: run, takes, ahead };
    takes
}

/// Steps until the next sequence ends.
fn next_end(replica: &Replica) -> u64 {
    replica.ending.peek().map_or(1, |Reverse((ends, _))| ends.saturating_sub(replica.steps))
}

/// A run of decode steps ends with the step under way, so that others can join.
fn cut_short<S: Steps>(pool: &mut Pool, steps: &S, id: ReplicaId, agenda: &mut Agenda) {
    let Pool { table, replicas, .. } = pool;
    let replica = replicas.at_mut(id);
    let Activity::Decode { since, steps: planned, ahead: before, .. } = replica.activity else { return };
    let (crowd, context) = (replica.crowd, replica.context as f64 / f64::from(replica.decoding.max(1)));
    let until = (agenda.now() - since - before).max(1e-12);
    let mut run = table.run(steps, crowd, context, planned, until);
    // The step under way may have begun some of its tokens ago.
    let under_way = run.0 as f64 * (until / run.1.max(until)).min(1.0);
    let whole = match steps.tokens_per_step() {
        each if each > 1.0 => Whole::of(libm::ceil(under_way / each - 1e-9), each, replica.carry),
        each => Whole::steps(run.0, each, replica.carry),
    };
    if whole.tokens != run.0 {
        // Tokens that are checked together come together.
        run = table.run(steps, crowd, context, whole.tokens.min(planned), f64::INFINITY);
    }
    let fewer = run.0;
    if fewer < planned {
        let takes = before + replica.keep(whole, fewer, run.1).max(until);
        replica.activity = Activity::Decode { since, steps: fewer, takes, ahead: before };
        plan_end(replica, id, since + takes, agenda);
    }
}

/// Tokens of a sequence in whole steps, each of which yields so many on average.
#[derive(Clone, Copy, Debug)]
struct Whole {
    /// Tokens.
    tokens: u64,
    /// The same with fractions: what so many steps yield on average.
    mean: f64,
    /// Fractions that are left for the next steps.
    carry: f64,
}

impl Whole {
    /// So many tokens or more, where the steps before have left such a fraction of one.
    fn steps(tokens: u64, tokens_per_step: f64, carry: f64) -> Self {
        if tokens_per_step <= 1.0 {
            return Self { tokens, mean: tokens as f64, carry: 0.0 };
        }
        Self::of(libm::ceil((tokens as f64 - carry) / tokens_per_step - 1e-9), tokens_per_step, carry)
    }

    /// Those of so many steps, at least one.
    fn of(steps: f64, tokens_per_step: f64, carry: f64) -> Self {
        let mean = steps.max(1.0) * tokens_per_step;
        let whole = libm::floor(carry + mean + 1e-9).max(1.0);
        Self { tokens: whole as u64, mean, carry: (carry + mean - whole).max(0.0) }
    }
}

impl Replica {
    /// Keeps what steps leave that are planned to yield so many tokens of these, and says how long they take where each token
    /// took its share of so long: a step takes as long whether more of what was proposed holds or less.
    fn keep(&mut self, whole: Whole, tokens: u64, takes: f64) -> f64 {
        if tokens != whole.tokens {
            // Blocks end before the step does.
            self.carries = 0.0;
            return takes;
        }
        self.carries = whole.carry;
        takes * (whole.mean / whole.tokens.max(1) as f64)
    }
}

/// Plans a step with chunks of prompts, and says how long it takes.
fn mixed_step<S: Steps>(pool: &mut Pool, steps: &S, id: ReplicaId, requests: &mut Requests, now: f64) -> f64 {
    let rules = pool.plan.scheduler;
    // A mixed step needs blocks like any other.
    if rules.evicts && rules.mixed {
        loop {
            let replica = pool.replicas.at(id);
            if replica.decoding == 0 || replica.growth(1) <= replica.cache.available() {
                break;
            }
            preemption::preempt(pool, steps, id, requests, now);
        }
    }
    let replica = pool.replicas.at(id);
    let (mut tokens, mut past, mut prompts) = (0.0, 0.0, 0.0);
    for chunk in &replica.chunks {
        let live = requests.at(chunk.slot);
        let count = f64::from(chunk.tokens);
        tokens += count;
        past += count * f64::from(live.past.saturating_add(live.read));
        prompts += 1.0;
    }
    let (batch, context) = (replica.decoding, replica.context as f64 / f64::from(replica.decoding.max(1)));
    // A step yields as many tokens as hold, unless a block is missing.
    let mixed = rules.mixed && batch > 0;
    let whole = Whole::steps(1, steps.tokens_per_step(), replica.carry);
    let advance = if mixed {
        let blocks = if rules.evicts { replica.affordable(replica.cache.available()) } else { u64::MAX };
        whole.tokens.min(blocks).max(1)
    } else {
        0
    };
    let (tokens, prompts) = (f64::max(tokens, 1.0), f64::max(prompts, 1.0));
    let reading = pool.read(steps, prompts, tokens / prompts, past / tokens);
    let stall = if batch > 0 { pool.plan.interference.max(0.0) } else { 1.0 };
    let crowd = pool.crowd(id);
    let decode = if mixed {
        let takes = pool.table.step(steps, crowd, context) * advance as f64;
        pool.replicas.at_mut(id).keep(whole, advance, takes)
    } else {
        0.0
    };
    let saved = reading.saved(Seconds::new(decode), pool.plan.mixing).get();
    let prefill = (reading.busy.get() * stall - saved).max(0.0);
    let replica = pool.replicas.at_mut(id);
    replica.crowd = crowd;
    let owed = if mixed { std::mem::take(&mut replica.owed) } else { 0.0 };
    let decode = decode + owed;
    let takes = prefill + decode;
    let share = if takes > 0.0 { prefill / takes } else { 1.0 };
    replica.activity = Activity::Prefill { since: now, takes, share, steps: advance };
    for chunk in &replica.chunks {
        let live = requests.at_mut(chunk.slot);
        live.drain += reading.beside.get();
        live.early += reading.early.get();
        live.pace = replica.recent;
        if live.read + chunk.tokens >= live.todo {
            live.drain += reading.drain.get();
        }
    }
    takes
}

/// What a replica had planned is over: how busy that kept it and the pools beside it, and the tokens that decode
/// generated meanwhile.
pub(super) fn settle(pool: &mut Pool, steps: &impl Steps, id: ReplicaId, meter: &mut Meter) {
    let Pool { plan, replicas, shares, helpers, .. } = pool;
    let replica = replicas.at_mut(id);
    let (advance, takes) = match replica.activity {
        Activity::Idle => return,
        Activity::Decode { steps, takes, .. } | Activity::Prefill { steps, takes, .. } => (steps, takes),
    };
    // The other pools of the half work when their part of the step is due.
    let parts = if helpers.is_empty() || replica.decoding == 0 {
        Shares::WHOLE
    } else {
        shares.shares(steps, replica.crowd, replica.context)
    };
    if advance > 0 {
        let written = advance * u64::from(replica.decoding);
        if plan.scheduler.evicts {
            let growth = replica.growth(advance);
            // A run is never planned beyond what is available.
            let _ = replica.cache.reserve(growth);
        }
        meter.itl.add(takes / advance as f64, written as f64);
        meter.tokens.written += written;
        replica.pace(advance, takes);
        replica.steps += advance;
        replica.carry = replica.carries;
        replica.context += written;
        // Those beyond the ends of answers are put back when these leave, one after another.
        replica.left = replica.left.saturating_sub_unsigned(written);
    } else if matches!(replica.activity, Activity::Prefill { .. }) && replica.decoding > 0 {
        // Steps with prompts only stretch the gap before everybody's next token.
        replica.recent += takes / 64.0;
    }
    let activity = replica.activity;
    pool.steps += advance;
    note_work(pool, activity, parts);
}

/// Notes how busy an activity kept a replica and the pools beside it.
fn note_work(pool: &mut Pool, activity: Activity, parts: Shares) {
    let Pool { prefill_busy, decode_busy, helpers, reading_shares, .. } = pool;
    match activity {
        Activity::Idle => {}
        Activity::Decode { since, takes, ahead, .. } => {
            let (begins, end) = (since + ahead, since + takes);
            decode_busy.span(begins, end, parts.holder);
            for helper in helpers {
                if ahead > 0.0 && helper.plan.role == Role::Draft {
                    helper.prefills(since, begins, 1.0);
                }
                helper.decodes(begins, end, parts.of(helper.plan.role));
            }
        }
        Activity::Prefill { since, takes, share, steps } => {
            let end = since + takes;
            prefill_busy.span(since, end, share * reading_shares.holder);
            if steps > 0 {
                decode_busy.span(since, end, (1.0 - share) * parts.holder);
            }
            for helper in helpers {
                let role = helper.plan.role;
                helper.prefills(since, end, share * reading_shares.of(role));
                if steps > 0 {
                    helper.decodes(since, end, (1.0 - share) * parts.of(role));
                }
            }
        }
    }
}

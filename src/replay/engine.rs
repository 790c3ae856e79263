//! The discrete-event engine: requests through queues, steps and links, one event after another.
//!
//! Each replica batches continuously. A step holds one token of every sequence in decode and, as far as the token budget
//! goes, pieces of prompts, first come, first served; it takes as long as the decode alone plus what the closed form
//! says the prompts stall it (`φ` times what they take by themselves). Between arrivals, ends and shortage of blocks
//! nothing changes but lengths, so a run of decode steps is one event. What the user sees comes a few steps later, as
//! engines stream in batches, which shifts first and last token alike.
//!
//! With prefill and decode in pools of their own, a prompt asks for room in decode when its reading begins; if there is
//! some, its cache leaves layer by layer while it is read, else it waits for room with its cache held, and a prefill pool
//! full of such prompts stands still (back-pressure). What decode wrote is there for the session's next turn in the prefix
//! cache of the replica that read the prompt, as where both pools work on a shared store (Mooncake, LMCache, Dynamo's block
//! manager); it goes back over the other direction of the link, whose time is far shorter than any pause.
//!
//! Two classes of requests, as in vLLM's priority policy: those that go first are first in line and last to give way, first
//! come, first served within a class. Whoever gives way is computed anew, or kept in the host's memory where the scenario
//! says so, a tier is there and the way there and back takes less time.
//!
//! The engine is a struct that goes on where it stopped, so that a page stays responsive and can cancel.

use std::cmp::Reverse;

use super::agenda::{Agenda, Event};
use super::cache::{Cache, Match};
use super::histogram::Histogram;
use super::pool::{Pool, PoolPlan};
use super::record::{End, Record};
use super::requests::{Request, Source};
use super::series::Series;
use super::steps::Steps;
use super::wire::Wire;
use super::worker::{Doing, Piece, Worker};
use crate::scenario::Role;
use crate::scenario::traffic::Place;
use crate::serve::Shares;
use crate::units::{Seconds, Tokens};

/// Requests of each user in a benchmark run: `InferenceMAX` sends ten prompts per user at an infinite rate (README of its
/// repository, seen in a fork, 2026-11). A user then waits once for half of the others' prompts, 0.05 of them per request,
/// as the burst was fitted.
const PER_USER: u32 = 10;

/// A request under way.
#[derive(Clone, Debug)]
struct Live {
    request: Request,
    /// Replica of the first pool, and of the last.
    reader: u32,
    writer: u32,
    /// Tokens to read in all, those read, and those before them that are cached.
    todo: u32,
    read: u32,
    past: u32,
    /// Tokens written.
    written: u32,
    /// Blocks of the prompt held in the first pool, and blocks of its own there and in the last pool.
    held: u64,
    own: u64,
    own_writer: u64,
    /// Count of steps at which it ends.
    ends: u64,
    /// Counts times in decode, so that outdated entries are told apart.
    epoch: u32,
    /// From the scheduler's to the user's time.
    shift: f64,
    /// By how much more its pieces took than its prompt by itself, because steps with decode in them take longer.
    held_up: f64,
    /// Decode in the step of its last piece, and the time between tokens before it.
    beside_decode: f64,
    pace: f64,
    admitted: Option<f64>,
    /// First token at the user.
    first: Option<f64>,
    /// When the reading began, for the transfer that runs beside it.
    beside: f64,
    stalled: Option<f64>,
    cached: u32,
    loaded: u32,
    preemptions: u8,
    /// Tokens of its cache that wait in the host's memory.
    away: u32,
    way: Way,
}

/// Where the cache of a prompt is on its way from prefill to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// No room in decode yet.
    Homeless,
    /// The layers read so far are leaving.
    Streaming {
        /// Whether the prompt is read, so that only the rest is missing.
        read: bool,
    },
    /// All but the last layer has left before the reading ended.
    Ahead,
    /// The rest is leaving.
    Last,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Time in the replay.
    pub now: Seconds,
    /// Requests that came.
    pub arrived: u32,
    /// Requests answered.
    pub finished: u32,
    /// Requests turned away.
    pub rejected: u32,
    /// Events so far.
    pub events: u64,
    /// Output tokens so far.
    pub tokens: u64,
    /// Whether nothing is left to do.
    pub done: bool,
}

/// What the whole deployment has in common.
#[derive(Clone, Copy, Debug)]
pub struct Common {
    /// The engine's work for a request before it is in line.
    pub overhead: Seconds,
    /// Layers of the model, which leave one by one.
    pub layers: u32,
}

/// A replay under way.
#[derive(Clone, Debug)]
pub struct Engine<S> {
    source: Source,
    common: Common,
    pub(super) pools: Vec<Pool<S>>,
    pub(super) wire: Option<Wire>,
    agenda: Agenda,
    live: Vec<Option<Live>>,
    /// Free slots, and the epoch from which who gets one counts on: lists of some replica may still name who had it before.
    spare: Vec<(u32, u32)>,
    /// Read, but without room in decode.
    homeless: std::collections::VecDeque<u32>,
    pub(super) records: Vec<Record>,
    now: f64,
    /// Last token at a user so far.
    pub(super) last: f64,
    events: u64,
    pub(super) finished: u32,
    pub(super) rejected: u32,
    pub(super) tokens: Tally,
    /// Requests in the system, over time.
    pub(super) inside: Series,
    /// Times to first token, per token, from token to token, and in all.
    pub(super) ttft: Histogram,
    pub(super) tpot: Histogram,
    pub(super) itl: Histogram,
    pub(super) e2e: Histogram,
    pub(super) wire_load: Series,
}

/// Tokens and bytes, each counted where it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Tally {
    /// Tokens of prompts that were read, those of evicted requests again.
    pub read: u64,
    /// Of those, read again after an eviction.
    pub again: u64,
    /// Tokens of prompts that were cached.
    pub cached: u64,
    /// Of those, brought from beyond the chips' memory.
    pub loaded: u64,
    /// Tokens written.
    pub written: u64,
    /// Tokens of prompts asked.
    pub input: u64,
    /// Bytes that were to go over the link.
    pub sent: f64,
}

impl<S> Engine<S> {
    /// The same replay, as far as it is, with other step times for its pools, which are counted from 0.
    pub(super) fn with_steps<T>(self, mut steps: impl FnMut(usize) -> T) -> Engine<T> {
        Engine {
            pools: self
                .pools
                .into_iter()
                .enumerate()
                .map(|(index, pool)| pool.with_steps(steps(index)))
                .collect(),
            source: self.source,
            common: self.common,
            wire: self.wire,
            agenda: self.agenda,
            live: self.live,
            spare: self.spare,
            homeless: self.homeless,
            records: self.records,
            now: self.now,
            last: self.last,
            events: self.events,
            finished: self.finished,
            rejected: self.rejected,
            tokens: self.tokens,
            inside: self.inside,
            ttft: self.ttft,
            tpot: self.tpot,
            itl: self.itl,
            e2e: self.e2e,
            wire_load: self.wire_load,
        }
    }
}

impl<S: Steps> Engine<S> {
    /// A replay of requests on pools: one that does everything, or one that reads and one that writes, with the link
    /// between them.
    #[must_use]
    pub fn new(source: Source, pools: Vec<PoolPlan<S>>, wire: Option<Wire>, common: Common) -> Self {
        Self {
            source,
            common,
            pools: pools.into_iter().map(Pool::new).collect(),
            wire,
            agenda: Agenda::default(),
            live: Vec::new(),
            spare: Vec::new(),
            homeless: std::collections::VecDeque::new(),
            records: Vec::new(),
            now: 0.0,
            last: 0.0,
            events: 0,
            finished: 0,
            rejected: 0,
            tokens: Tally::default(),
            inside: Series::default(),
            ttft: Histogram::default(),
            tpot: Histogram::default(),
            itl: Histogram::default(),
            e2e: Histogram::default(),
            wire_load: Series::default(),
        }
    }

    /// How far the replay is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            now: Seconds::new(self.now),
            arrived: self.source.issued(),
            finished: self.finished,
            rejected: self.rejected,
            events: self.events,
            tokens: self.tokens.written,
            done: self.agenda.peek().is_none() && self.source.peek().is_none(),
        }
    }

    /// Goes on for so many events at most.
    pub fn run(&mut self, events: u64) -> Progress {
        let until = self.events.saturating_add(events);
        while self.events < until && self.next() {}
        self.progress()
    }

    /// Requests that a benchmark of the same closed loop would have sent.
    pub(super) fn of_benchmark(&self) -> Option<u32> {
        self.source.users().map(|users| users.saturating_mul(PER_USER))
    }

    /// Requests that are done, in the order in which they were done.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The pools as they are now, prefill first.
    #[must_use]
    pub fn pools(&self) -> &[Pool<S>] {
        &self.pools
    }

    /// The link between pools as it is now.
    #[must_use]
    pub fn wire(&self) -> Option<&Wire> {
        self.wire.as_ref()
    }

    /// Requests that came and are not done.
    #[must_use]
    pub fn unfinished(&self) -> u32 {
        self.source.issued() - self.finished - self.rejected
    }

    /// The next event; false when there is none.
    fn next(&mut self) -> bool {
        let arrival = self.source.peek().map(|time| (time, (time + self.common.overhead).get()));
        let planned = self.agenda.peek();
        match (arrival, planned) {
            (Some((time, due)), planned) if planned.is_none_or(|planned| due < planned) => {
                self.events += 1;
                self.now = self.now.max(due);
                if let Some(request) = self.source.next(time) {
                    self.arrive(request);
                }
                true
            }
            (_, Some(_)) => {
                self.events += 1;
                if let Some((time, event)) = self.agenda.pop() {
                    self.now = self.now.max(time);
                    self.happen(event);
                }
                true
            }
            _ => false,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step { pool, worker, version } => {
                let current = self.worker(pool, worker).is_some_and(|own| own.version == version);
                if current {
                    self.step_ends(pool, worker);
                    self.begin(pool, worker);
                }
            }
            Event::Loaded { slot } => {
                let (pool, reader) = self.place_of_reading(slot);
                if let Some(worker) = self.worker_mut(pool, reader) {
                    worker.aside -= 1;
                    worker.reading.push_back(slot);
                }
                self.wake(pool, reader);
            }
            Event::Read { slot } => {
                let (pool, reader) = self.place_of_reading(slot);
                if let Some(worker) = self.worker_mut(pool, reader) {
                    worker.aside -= 1;
                }
                self.ready(slot);
                self.wake_idle(pool, reader);
            }
            Event::Arrived { slot } => self.arrived(slot),
            Event::Wire { version } => self.transfers(version),
        }
    }

    fn worker(&self, pool: u32, worker: u32) -> Option<&Worker> {
        self.pools.get(pool as usize)?.workers.get(worker as usize)
    }

    fn worker_mut(&mut self, pool: u32, worker: u32) -> Option<&mut Worker> {
        self.pools.get_mut(pool as usize)?.workers.get_mut(worker as usize)
    }

    fn live(&self, slot: u32) -> Option<&Live> {
        self.live.get(slot as usize)?.as_ref()
    }

    /// The pool that writes answers.
    fn last_pool(&self) -> u32 {
        u32::try_from(self.pools.len().saturating_sub(1)).unwrap_or(0)
    }

    /// Pool and replica in which a prompt is read: of the first pool, or where it gave way while its answer was being
    /// written.
    fn place_of_reading(&self, slot: u32) -> (u32, u32) {
        match self.live(slot) {
            Some(live) if live.preemptions > 0 => (self.last_pool(), live.writer),
            Some(live) => (0, live.reader),
            None => (0, 0),
        }
    }

    /// A request comes in line.
    fn arrive(&mut self, request: Request) {
        let came = request.arrival.get();
        self.inside.change(came, 1.0);
        self.tokens.input += u64::from(request.input);
        let all = u64::from(request.input) + u64::from(request.output);
        let fits = self.pools.iter().all(|pool| {
            let needs = if pool.plan.role == Role::Prefill { u64::from(request.input) } else { all };
            pool.blocks_of(needs) <= pool.blocks
        });
        let Some(pool) = self.pools.first_mut() else { return };
        if !fits {
            self.rejected += 1;
            self.inside.change(self.now, -1.0);
            self.records.push(Record {
                index: request.index,
                replicas: (0, 0),
                beside: [None, None],
                end: End::Rejected,
                preemptions: 0,
                urgent: request.urgent,
                session: request.session,
                input: request.input,
                output: request.output,
                cached: 0,
                loaded: 0,
                arrival: came,
                wait: 0.0,
                ttft: 0.0,
                e2e: 0.0,
            });
            self.source.completed(&request, Seconds::new(self.now));
            return;
        }
        let block = pool.plan.scheduler.block;
        let reader = pool.route(request.input, |worker| {
            request.saved(worker.cache.lookup(&request.prompt).blocks(), block)
        });
        let live = Live {
            reader: u32::try_from(reader).unwrap_or(0),
            writer: u32::try_from(reader).unwrap_or(0),
            todo: request.input,
            read: 0,
            past: 0,
            written: 0,
            held: 0,
            own: 0,
            own_writer: 0,
            ends: 0,
            epoch: 0,
            shift: 0.0,
            held_up: 0.0,
            beside_decode: 0.0,
            pace: 0.0,
            admitted: None,
            first: None,
            beside: 0.0,
            stalled: None,
            cached: 0,
            loaded: 0,
            preemptions: 0,
            away: 0,
            way: Way::Homeless,
            request,
        };
        let Some(worker) = pool.workers.get_mut(reader) else { return };
        worker.load += 1;
        worker.unread += u64::from(live.todo);
        pool.queue.change(self.now, 1.0);
        let (reader, urgent) = (live.reader, live.request.urgent);
        let slot = match self.spare.pop() {
            Some((slot, epoch)) => {
                if let Some(place) = self.live.get_mut(slot as usize) {
                    *place = Some(Live { epoch, ..live });
                }
                slot
            }
            None => {
                self.live.push(Some(live));
                u32::try_from(self.live.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let Self { pools, live, .. } = self;
        let worker = pools.first_mut().and_then(|pool| pool.workers.get_mut(reader as usize));
        if let Some(worker) = worker {
            if urgent {
                worker.queue(slot, false, |other| is_urgent(live, other));
                worker.blocked &= worker.waiting.front() != Some(&slot);
            } else {
                worker.waiting.push_back(slot);
            }
            // Nobody overtakes who waits for room.
            if worker.blocked {
                return;
            }
        }
        self.wake(0, reader);
    }

    /// Something changed for a replica: an idle one begins, and a run of decode steps ends with the step under way.
    fn wake(&mut self, pool: u32, worker: u32) {
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Pool { plan, table, workers, .. } = own;
        let Some(state) = workers.get_mut(worker as usize) else { return };
        match state.doing {
            Doing::Nothing => self.begin(pool, worker),
            Doing::Decode { since, steps, ahead: before, .. } => {
                let context = state.context as f64 / f64::from(state.count.max(1));
                let until = (now - since - before).max(1e-12);
                let mut ahead = table.run(&plan.steps, state.count, context, steps, until);
                let whole = whole_steps(ahead.0, plan.steps.yields());
                if whole > ahead.0 {
                    // Tokens that are checked together come together.
                    let most = whole.min(steps);
                    ahead = table.run(&plan.steps, state.count, context, most, f64::INFINITY);
                }
                let (fewer, takes) = (ahead.0, before + ahead.1);
                if fewer < steps {
                    state.doing = Doing::Decode { since, steps: fewer, takes, ahead: before };
                    state.version = state.version.wrapping_add(1);
                    let version = state.version;
                    self.agenda.plan(since + takes, Event::Step { pool, worker, version });
                }
            }
            Doing::Reading { .. } => {}
        }
    }

    /// A replica takes on what it can and begins its next step, or a run of them.
    fn begin(&mut self, pool: u32, worker: u32) {
        self.join(pool, worker);
        self.admit(pool, worker);
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Some(state) = own.workers.get_mut(worker as usize) else { return };
        let plan = if state.pieces.is_empty() {
            if state.count == 0 {
                state.doing = Doing::Nothing;
                None
            } else {
                Some(self.decode(pool, worker))
            }
        } else {
            Some(self.mix(pool, worker))
        };
        let Some(takes) = plan else {
            self.note(pool, worker);
            return;
        };
        if let Some(state) = self.worker_mut(pool, worker) {
            state.version = state.version.wrapping_add(1);
            let version = state.version;
            self.agenda.plan(now + takes, Event::Step { pool, worker, version });
        }
        self.note(pool, worker);
    }

    /// Plans a run of decode steps: to the next end, or as far as the blocks last.
    fn decode(&mut self, pool: u32, worker: u32) -> f64 {
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return 0.0 };
        let evicts = own.plan.scheduler.evicts;
        let mut most = u64::MAX;
        if evicts {
            loop {
                let Some(state) = own.workers.get(worker as usize) else { return 0.0 };
                most = state.affordable(state.cache.available());
                if most > 0 || state.count == 0 {
                    break;
                }
                evict(own, worker, &mut self.live, now);
            }
        }
        let Pool { plan, table, workers, .. } = own;
        let Some(state) = workers.get_mut(worker as usize) else { return 0.0 };
        if state.count == 0 {
            // All gave way to those whose prompts wait in memory.
            state.doing = Doing::Decode { since: now, steps: 0, takes: 0.0, ahead: 0.0 };
            return 0.0;
        }
        let next =
            state.ending.peek().map_or(1, |Reverse((ends, ..))| ends.saturating_sub(state.steps).max(1));
        let context = state.context as f64 / f64::from(state.count);
        let (steps, takes) =
            table.run(&plan.steps, state.count, context, next.min(most.max(1)), f64::INFINITY);
        let ahead = std::mem::take(&mut state.owed);
        let takes = ahead + takes;
        state.doing = Doing::Decode { since: now, steps, takes, ahead };
        takes
    }

    /// Plans a step with pieces of prompts.
    fn mix(&mut self, pool: u32, worker: u32) -> f64 {
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return 0.0 };
        // A mixed step needs blocks like any other.
        if own.plan.scheduler.evicts && own.plan.scheduler.mixed {
            while own
                .workers
                .get(worker as usize)
                .is_some_and(|state| state.count > 0 && state.growth(1) > state.cache.available())
            {
                evict(own, worker, &mut self.live, now);
            }
        }
        let yields = own.plan.steps.yields();
        let Some(state) = own.workers.get(worker as usize) else { return 0.0 };
        let (mut tokens, mut past, mut prompts) = (0.0, 0.0, 0.0);
        for piece in &state.pieces {
            if let Some(Some(live)) = self.live.get(piece.slot as usize) {
                let count = f64::from(piece.tokens);
                tokens += count;
                past += count * f64::from(live.past.saturating_add(live.read));
                prompts += 1.0;
            }
        }
        let (count, context) = (state.count, state.context as f64 / f64::from(state.count.max(1)));
        // A step yields as many tokens as hold, but nobody's answer ends within it, and no block is missing.
        let mixed = own.plan.scheduler.mixed && count > 0;
        let steps = if mixed {
            let end = state.ending.peek().map_or(1, |Reverse((ends, ..))| ends.saturating_sub(state.steps));
            let blocks =
                if own.plan.scheduler.evicts { state.affordable(state.cache.available()) } else { end };
            whole_steps(1, yields).min(end).min(blocks).max(1)
        } else {
            0
        };
        let tokens = f64::max(tokens, 1.0);
        let reading = own.read(f64::max(prompts, 1.0), tokens / f64::max(prompts, 1.0), past / tokens);
        let stall = if count > 0 { own.plan.interference.max(0.0) } else { 1.0 };
        let decode = if mixed { own.table.step(&own.plan.steps, count, context) * steps as f64 } else { 0.0 };
        let saved = reading.saved(Seconds::new(decode), own.plan.mixing).get();
        let prefill = (reading.busy.get() * stall - saved).max(0.0);
        let owed = match own.workers.get_mut(worker as usize) {
            Some(state) if mixed => std::mem::take(&mut state.owed),
            _ => 0.0,
        };
        let decode = decode + owed;
        let takes = prefill + decode;
        if let Some(state) = own.workers.get_mut(worker as usize) {
            let share = if takes > 0.0 { prefill / takes } else { 1.0 };
            state.doing = Doing::Reading { since: now, takes, share, steps };
            let pace = state.recent;
            for piece in &state.pieces {
                if let Some(Some(live)) = self.live.get_mut(piece.slot as usize) {
                    live.beside += reading.beside.get();
                    // Those in decode feel what the mixture costs; the constants of the first token are of the prompt alone.
                    live.held_up += prefill - reading.busy.get() + reading.early.get();
                    live.pace = pace;
                    live.beside_decode = decode;
                    if live.read + piece.tokens >= live.todo {
                        live.beside += reading.drain.get();
                    }
                }
            }
        }
        takes
    }

    /// What was planned has happened.
    fn step_ends(&mut self, pool: u32, worker: u32) {
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Pool { plan, workers, reading, writing, helpers, shares, reading_shares, .. } = own;
        let Some(state) = workers.get_mut(worker as usize) else { return };
        // The other pools of the half work when their part of the step is due.
        let parts = if helpers.is_empty() || state.count == 0 {
            Shares::WHOLE
        } else {
            shares.shares(&plan.steps, state.count, state.context)
        };
        let (steps, takes) = match state.doing {
            Doing::Nothing => return,
            Doing::Decode { since, steps, takes, ahead } => {
                let (begins, end) = (since + ahead, since + takes);
                writing.span(begins, end, parts.holder);
                for helper in helpers {
                    if ahead > 0.0 && helper.plan.role == Role::Draft {
                        helper.reads(since, begins, 1.0);
                    }
                    helper.writes(begins, end, parts.of(helper.plan.role));
                }
                (steps, takes)
            }
            Doing::Reading { since, takes, share, steps } => {
                let end = since + takes;
                reading.span(since, end, share * reading_shares.holder);
                if steps > 0 {
                    writing.span(since, end, (1.0 - share) * parts.holder);
                }
                for helper in helpers {
                    let role = helper.plan.role;
                    helper.reads(since, end, share * reading_shares.of(role));
                    if steps > 0 {
                        helper.writes(since, end, (1.0 - share) * parts.of(role));
                    }
                }
                (steps, takes)
            }
        };
        let apart = matches!(state.doing, Doing::Reading { steps: 0, .. }) && state.count > 0;
        if steps > 0 {
            if plan.scheduler.evicts {
                let growth = state.growth(steps);
                // A run is never planned beyond what is available.
                let _ = state.cache.reserve(growth);
            }
            let gap = takes / steps as f64;
            let written = steps * u64::from(state.count);
            self.itl.add(gap, written as f64);
            self.tokens.written += written;
            state.pace(steps, takes);
            state.steps += steps;
            state.context += written;
            state.left = state.left.saturating_sub(written);
            own.steps += steps;
        } else if apart {
            // Steps with prompts only stretch the gap before everybody's next token.
            state.recent += takes / 64.0;
        }
        self.ends(pool, worker);
        let pieces = match self.worker_mut(pool, worker) {
            Some(state) => std::mem::take(&mut state.pieces),
            None => return,
        };
        for piece in &pieces {
            let Some(Some(live)) = self.live.get_mut(piece.slot as usize) else { continue };
            live.read += piece.tokens;
            let (done, delay) = (live.read >= live.todo, live.beside);
            self.tokens.read += u64::from(piece.tokens);
            if live.preemptions > 0 {
                self.tokens.again += u64::from(piece.tokens);
            }
            let Some(state) =
                self.pools.get_mut(pool as usize).and_then(|own| own.workers.get_mut(worker as usize))
            else {
                continue;
            };
            state.unread = state.unread.saturating_sub(u64::from(piece.tokens));
            if done {
                // First come, first served, but one rank may be done before another that began earlier.
                if let Some(at) = state.reading.iter().position(|&own| own == piece.slot) {
                    state.reading.remove(at);
                }
                if delay > 0.0 {
                    state.aside += 1;
                    self.agenda.plan(now + delay, Event::Read { slot: piece.slot });
                } else {
                    self.ready(piece.slot);
                }
            }
        }
        if let Some(state) = self.worker_mut(pool, worker) {
            // The vector is used again.
            state.pieces = pieces;
            state.pieces.clear();
            // Only now: who became ready in between must not begin the next step, which takes up all that are.
            state.doing = Doing::Nothing;
        }
    }

    /// Sequences whose last token is written leave.
    fn ends(&mut self, pool: u32, worker: u32) {
        loop {
            let Some(state) = self.worker_mut(pool, worker) else { return };
            let Some(&Reverse((ends, slot, epoch))) = state.ending.peek() else { return };
            if ends > state.steps {
                return;
            }
            state.ending.pop();
            let current = self.live(slot).is_some_and(|live| live.epoch == epoch);
            if current {
                self.leave_decode(pool, worker, slot);
                self.finish(pool, worker, slot);
            }
        }
    }

    fn leave_decode(&mut self, pool: u32, worker: u32, slot: u32) {
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Some(Some(live)) = self.live.get_mut(slot as usize) else { return };
        leave_decode(own, worker, live, self.now);
    }

    /// The answer is complete.
    fn finish(&mut self, pool: u32, worker: u32, slot: u32) {
        let now = self.now;
        let Some(live) = self.live.get_mut(slot as usize).and_then(Option::take) else { return };
        self.spare.push((slot, live.epoch.wrapping_add(1)));
        let split = self.pools.len() > 1;
        let mut answered = false;
        if let Some(state) = self.worker_mut(pool, worker) {
            state.load = state.load.saturating_sub(1);
            state.blocked = false;
            if split {
                state.cache.unreserve(live.own_writer);
                answered = !live.request.answer.is_empty();
            } else {
                state.cache.release(&live.request.prompt, 0, live.held);
                state.cache.unreserve(live.own);
                if !live.request.answer.is_empty() {
                    state.cache.insert(&live.request.answer);
                }
            }
        }
        if let Some(state) = self.worker_mut(0, live.reader).filter(|_| answered) {
            state.cache.insert(&live.request.answer);
        }
        let request = &live.request;
        let came = request.arrival.get();
        let helpers = self.pools.last().map_or(&[][..], |own| &own.helpers);
        let beside = |role: Role| {
            let helper = helpers.iter().find(|own| own.plan.role == role);
            helper.map(|own| own.plan.replica(live.writer) as u16)
        };
        let beside = [beside(Role::Ffn), beside(Role::Draft)];
        let first = live.first.unwrap_or(now);
        let end = (now + live.shift).max(first);
        self.inside.change(end, -1.0);
        self.last = self.last.max(end);
        self.finished += 1;
        let record = Record {
            index: request.index,
            replicas: (live.reader as u16, live.writer as u16),
            beside,
            end: End::Finished,
            preemptions: live.preemptions,
            urgent: request.urgent,
            session: request.session,
            input: request.input,
            output: request.output,
            cached: live.cached,
            loaded: live.loaded,
            arrival: came,
            wait: (live.admitted.unwrap_or(now) - came) as f32,
            ttft: (first - came) as f32,
            e2e: (end - came) as f32,
        };
        self.ttft.add(first - came, 1.0);
        self.e2e.add(end - came, 1.0);
        if let Some(tpot) = record.tpot() {
            self.tpot.add(tpot, 1.0);
        }
        self.records.push(record);
        self.source.completed(request, Seconds::new(end));
        if split {
            self.house();
        }
    }

    /// Prompts come in as far as budget, places and blocks allow; the pieces of the next step are laid out.
    fn admit(&mut self, pool: u32, worker: u32) {
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let rules = own.plan.scheduler;
        let Some(state) = own.workers.get_mut(worker as usize) else { return };
        // As in the closed form, the budget counts tokens of prompts.
        let count = |tokens: Tokens| tokens.get().clamp(1.0, f64::from(u32::MAX)) as u32;
        let (mut budget, chunk) = (count(rules.budget), count(rules.chunk));
        state.pieces.clear();
        let mut at = 0;
        loop {
            let Some(own) = self.pools.get_mut(pool as usize) else { return };
            let Some(state) = own.workers.get_mut(worker as usize) else { return };
            if budget == 0 || state.pieces.len() >= rules.prompts {
                return;
            }
            if let Some(&slot) = state.reading.get(at) {
                at += 1;
                let Some(Some(live)) = self.live.get(slot as usize) else { continue };
                let tokens = live.todo.saturating_sub(live.read).min(budget).min(chunk);
                budget -= tokens;
                state.pieces.push(Piece { slot, tokens });
                continue;
            }
            if state.blocked {
                return;
            }
            let Some(&slot) = state.waiting.front() else { return };
            if state.admitted() >= rules.sequences {
                state.blocked = true;
                return;
            }
            let Some(Some(live)) = self.live.get_mut(slot as usize) else {
                state.waiting.pop_front();
                continue;
            };
            let Some(loads) = take_in(own, worker, live, self.now, pool > 0) else {
                if let Some(state) = own.workers.get_mut(worker as usize) {
                    state.blocked = true;
                }
                return;
            };
            own.queue.change(self.now, -1.0);
            self.tokens.cached += u64::from(live.past);
            self.tokens.loaded += u64::from(loads.tokens);
            let Some(state) = own.workers.get_mut(worker as usize) else { return };
            state.waiting.pop_front();
            // Tokens that are cached need no reading.
            state.unread = state.unread.saturating_sub(u64::from(live.past));
            if let Some(ready) = loads.ready {
                state.aside += 1;
                self.agenda.plan(ready, Event::Loaded { slot });
            } else {
                state.reading.push_back(slot);
            }
            if pool < self.last_pool() {
                self.stream(slot);
            }
        }
    }

    /// The prompt is read, and with it the first token is known.
    fn ready(&mut self, slot: u32) {
        let now = self.now;
        let (pool, at) = self.place_of_reading(slot);
        let split = self.pools.len() > 1;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Some(Some(live)) = self.live.get_mut(slot as usize) else { return };
        let Some(state) = own.workers.get_mut(at as usize) else { return };
        if pool == 0 || !split {
            // Full blocks of the prompt are now for others too.
            let named = live.request.prompt_blocks();
            let fresh = named.saturating_sub(live.held);
            if fresh > 0 && fresh <= live.own {
                state.cache.unreserve(fresh);
                if state.cache.hold(&live.request.prompt, live.held, named).is_ok() {
                    live.own -= fresh;
                    live.held = named;
                } else {
                    // They stay with the request alone; the room was its own a moment ago.
                    let _ = state.cache.reserve(fresh);
                }
            }
        }
        if let Some(since) = live.stalled.take() {
            self.itl.add(now - since, 1.0);
        }
        if live.written == 0 {
            live.written = 1;
            self.tokens.written += 1;
            if split {
                self.hand_over(slot);
                return;
            }
            // The steps until the user sees it begin with the one that its last piece was part of.
            live.shift = (own.plan.first_steps * live.pace - live.beside_decode).max(0.0);
            live.first = Some((now + live.shift - live.held_up).max(live.request.arrival.get()));
        }
        if live.written >= live.request.output {
            self.finish(pool, at, slot);
            return;
        }
        let worker = at;
        if let Some(state) = self.worker_mut(pool, worker) {
            state.joining.push(slot);
            if matches!(state.doing, Doing::Reading { .. }) {
                return;
            }
        }
        self.wake_or_join(pool, worker);
    }

    /// Lets a replica take up what is ready, unless it is in the middle of being planned.
    fn wake_or_join(&mut self, pool: u32, worker: u32) {
        let planned = self.worker(pool, worker).is_some_and(|state| !state.pieces.is_empty());
        if !planned {
            self.wake(pool, worker);
        }
    }

    /// Sequences that are ready join decode.
    fn join(&mut self, pool: u32, worker: u32) {
        let now = self.now;
        let split = self.pools.len() > 1;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Pool { plan, workers, batch, fixed, .. } = own;
        let Some(state) = workers.get_mut(worker as usize) else { return };
        while let Some(slot) = state.joining.pop() {
            let Some(Some(live)) = self.live.get_mut(slot as usize) else { continue };
            if live.first.is_none() {
                // The first token came with the cache, in the middle of a step on average.
                live.shift = (plan.first_steps + 0.5 * plan.steps.yields()) * state.recent;
                live.first = Some(now + live.shift);
            }
            let all = u64::from(live.request.input) + u64::from(live.written);
            let rest = u64::from(live.request.output.saturating_sub(live.written)).max(1);
            live.epoch = live.epoch.wrapping_add(1);
            live.ends = state.steps + rest;
            let held = if split { 0 } else { live.held };
            let phase = state.phase(own_tokens(all + *fixed, held, plan.scheduler.block));
            if let Some(count) = state.phases.get_mut(phase) {
                *count += 1;
            }
            state.count += 1;
            state.context += all;
            state.left += rest;
            let past = live.past.min(live.request.input.saturating_sub(1));
            let new = Tokens::new(f64::from(live.request.input - past));
            state.owed += plan.steps.joins(new, Tokens::new(f64::from(past))).get();
            state.ending.push(Reverse((live.ends, slot, live.epoch)));
            state.youngest.push((slot, live.epoch));
            batch.change(now, 1.0);
        }
    }

    /// Notes how many blocks of a replica are in use.
    fn note(&mut self, pool: u32, worker: u32) {
        let now = self.now;
        let Some(own) = self.pools.get_mut(pool as usize) else { return };
        let Some(state) = own.workers.get_mut(worker as usize) else { return };
        let used = state.used();
        if used != state.noted {
            own.used.change(now, used as f64 - state.noted as f64);
            state.noted = used;
        }
        // Entries of those that left would pile up under the young.
        if state.youngest.len() > 64 && state.youngest.len() > 4 * state.count as usize {
            let live = &self.live;
            state.youngest.retain(
                |&(slot, epoch)| matches!(live.get(slot as usize), Some(Some(own)) if own.epoch == epoch),
            );
        }
    }

    // Prefill and decode apart.

    /// Bytes of a request's cache.
    fn bytes(&self, slot: u32) -> f64 {
        let input = self.live(slot).map_or(0, |live| live.request.input);
        let reader = self.pools.first();
        reader.map_or(0.0, |own| own.plan.steps.cache(Tokens::new(f64::from(input))).get())
    }

    /// Looks for room in decode.
    fn find_room(&mut self, slot: u32) -> bool {
        let last = self.last_pool();
        let Some(own) = self.pools.get_mut(last as usize) else { return false };
        let Some(Some(live)) = self.live.get_mut(slot as usize) else { return false };
        let (input, output) = (u64::from(live.request.input), u64::from(live.request.output));
        let rules = own.plan.scheduler;
        let now = if rules.evicts { input + 1 } else { input + output };
        let needs = own.blocks_of(now);
        let later = |left: u64| (left as f64 * rules.reserve / f64::from(rules.block.max(1))).ceil() as u64;
        // The replica with the most room, first in order where equal.
        let most =
            own.workers.iter().enumerate().max_by_key(|(index, worker)| {
                (worker.cache.available(), Reverse(worker.load), Reverse(*index))
            });
        let Some((index, _)) = most else { return false };
        let Some(state) = own.workers.get_mut(index) else { return false };
        let ahead = if rules.evicts { later(state.left + output) } else { 0 };
        let keep = (own.blocks as f64 * rules.watermark) as u64;
        let alone = state.admitted() == 0 && state.load == 0;
        let free = state.cache.available();
        if (free < needs + ahead + keep && !(alone && free >= needs)) || state.load >= rules.sequences {
            return false;
        }
        if state.cache.reserve(needs).is_err() {
            return false;
        }
        state.load += 1;
        live.writer = u32::try_from(index).unwrap_or(0);
        live.own_writer = needs;
        let writer = live.writer;
        self.note(last, writer);
        true
    }

    /// A prompt begins to be read: if decode has room, its cache leaves as it comes into being.
    fn stream(&mut self, slot: u32) {
        if !self.homeless.is_empty() || !self.find_room(slot) {
            return;
        }
        let layers = f64::from(self.common.layers.max(1));
        let bytes = self.bytes(slot) * (1.0 - 1.0 / layers);
        if let Some(Some(live)) = self.live.get_mut(slot as usize) {
            live.way = Way::Streaming { read: false };
        }
        self.send(slot, bytes);
    }

    fn send(&mut self, slot: u32, bytes: f64) {
        let now = self.now;
        self.tokens.sent += bytes;
        if let Some(wire) = &mut self.wire {
            let before = wire.load();
            wire.start(now, crate::units::Bytes::new(bytes), slot);
            self.wire_load.change(now, wire.load() - before);
        }
        self.plan_wire();
    }

    fn plan_wire(&mut self) {
        if let Some((wire, next)) = self.wire.as_ref().and_then(|wire| Some((wire, wire.next()?))) {
            self.agenda.plan(next.max(self.now), Event::Wire { version: wire.version });
        }
    }

    /// A prompt is read in the prefill pool.
    fn hand_over(&mut self, slot: u32) {
        let layers = f64::from(self.common.layers.max(1));
        let bytes = self.bytes(slot);
        let reader = {
            let Some(Some(live)) = self.live.get_mut(slot as usize) else { return };
            live.reader
        };
        if let Some(state) = self.worker_mut(0, reader) {
            // Its blocks stay here until the cache has left.
            state.aside += 1;
        }
        let Some(Some(live)) = self.live.get_mut(slot as usize) else { return };
        match live.way {
            Way::Streaming { .. } => live.way = Way::Streaming { read: true },
            Way::Ahead => {
                live.way = Way::Last;
                self.send(slot, bytes / layers);
            }
            Way::Homeless | Way::Last => {
                self.homeless.push_back(slot);
                self.house();
            }
        }
    }

    /// Prompts that wait for room in decode get it, first come, first served.
    fn house(&mut self) {
        while let Some(&slot) = self.homeless.front() {
            if !self.find_room(slot) {
                return;
            }
            self.homeless.pop_front();
            if let Some(Some(live)) = self.live.get_mut(slot as usize) {
                live.way = Way::Last;
            }
            let bytes = self.bytes(slot);
            self.send(slot, bytes);
        }
    }

    /// Transfers end.
    fn transfers(&mut self, version: u32) {
        let now = self.now;
        let layers = f64::from(self.common.layers.max(1));
        let mut ended = Vec::new();
        let Some(wire) = self.wire.as_mut().filter(|wire| wire.version == version) else { return };
        let before = wire.load();
        while let Some(slot) = wire.done(now) {
            ended.push(slot);
        }
        let latency = wire.latency();
        self.wire_load.change(now, wire.load() - before);
        for slot in ended {
            let bytes = self.bytes(slot);
            let Some(Some(live)) = self.live.get_mut(slot as usize) else { continue };
            match live.way {
                Way::Streaming { read: false } => live.way = Way::Ahead,
                Way::Streaming { read: true } => {
                    live.way = Way::Last;
                    self.send(slot, bytes / layers);
                }
                Way::Ahead | Way::Last | Way::Homeless => {
                    self.agenda.plan(now + latency, Event::Arrived { slot });
                }
            }
        }
        self.plan_wire();
    }

    /// The cache of a prompt is in decode.
    fn arrived(&mut self, slot: u32) {
        let now = self.now;
        let last = self.last_pool();
        let Some(Some(live)) = self.live.get_mut(slot as usize) else { return };
        let (reader, writer) = (live.reader, live.writer);
        let short = live.written >= live.request.output;
        if let Some(state) = self.pools.first_mut().and_then(|own| own.workers.get_mut(reader as usize)) {
            state.aside -= 1;
            state.load = state.load.saturating_sub(1);
            state.blocked = false;
            state.cache.release(&live.request.prompt, 0, live.held);
            state.cache.unreserve(live.own);
            (live.held, live.own) = (0, 0);
        }
        if short {
            if let Some(own) = self.pools.get(last as usize) {
                let recent = own.workers.get(writer as usize).map_or(0.0, |state| state.recent);
                live.shift = (own.plan.first_steps + 0.5 * own.plan.steps.yields()) * recent;
                live.first = Some(now + live.shift);
            }
            self.finish(last, writer, slot);
        } else {
            if let Some(state) = self.worker_mut(last, writer) {
                state.joining.push(slot);
            }
            self.wake(last, writer);
        }
        self.wake_idle(0, reader);
    }

    /// Lets a replica that stood still go on.
    fn wake_idle(&mut self, pool: u32, worker: u32) {
        let idle = self.worker(pool, worker).is_some_and(|state| state.doing == Doing::Nothing);
        if idle {
            self.begin(pool, worker);
        }
    }
}

/// Tokens of a sequence when so many or more are to be whole steps, each of which yields so many on average.
fn whole_steps(tokens: u64, yields: f64) -> u64 {
    if yields <= 1.0 {
        return tokens;
    }
    libm::round(libm::ceil(tokens as f64 / yields - 1e-9) * yields).max(1.0) as u64
}

fn is_urgent(lives: &[Option<Live>], slot: u32) -> bool {
    matches!(lives.get(slot as usize), Some(Some(live)) if live.request.urgent)
}

/// What must come from farther places before a prompt is read.
struct Loads {
    tokens: u32,
    /// When it is there; none if nothing has to come.
    ready: Option<f64>,
}

/// Gives the first in line its blocks, with as much of its prompt as is cached; none if there is no room. A decode pool
/// has no prompts cached for those that it has to read again.
fn take_in<S: Steps>(own: &mut Pool<S>, worker: u32, live: &mut Live, now: f64, anew: bool) -> Option<Loads> {
    let rules = own.plan.scheduler;
    let block = u64::from(rules.block.max(1));
    let all = u64::from(live.request.input) + u64::from(live.written);
    // Who only reads prompts keeps no room for answers.
    let answers = own.plan.role != Role::Prefill;
    let rest = if answers { u64::from(live.request.output.saturating_sub(live.written)) } else { 0 };
    let back = live.away;
    let found = match own.workers.get(worker as usize) {
        Some(state) if !live.request.prompt.is_empty() && !anew && back == 0 => {
            state.cache.lookup(&live.request.prompt)
        }
        _ => Match::default(),
    };
    let (held, wait) = cut(own, worker, live, &found, now);
    let way_back = if back > 0 { own.load_time(Place::Dram, f64::from(back)) } else { 0.0 };
    let state = own.workers.get(worker as usize)?;
    let final_length = if rules.evicts { all } else { all + rest };
    let needs = own_blocks(own_tokens(final_length + own.fixed, held, rules.block), rules.block);
    let later = if rules.evicts { (state.left + rest) as f64 * rules.reserve / block as f64 } else { 0.0 };
    // Those in decode keep a block each to go on with, or they would give way at once to whom they let in.
    let going_on = if rules.evicts { f64::from(state.count) } else { 0.0 };
    let keep = f64::max(own.blocks as f64 * rules.watermark, going_on) + later;
    let alone = state.admitted() == 0;
    let free = state.cache.available();
    if free < needs || (!alone && (free as f64) < needs as f64 + keep) {
        return None;
    }
    let state = own.workers.get_mut(worker as usize)?;
    let cache: &mut Cache = &mut state.cache;
    if held > 0 {
        cache.hold(&live.request.prompt, 0, held).ok()?;
    }
    if cache.reserve(needs).is_err() {
        cache.release(&live.request.prompt, 0, held);
        return None;
    }
    let cached = if back > 0 {
        // All but the last token, which the next step takes in any case.
        back.saturating_sub(1)
    } else if anew {
        0
    } else if live.request.prompt.is_empty() {
        live.request.given
    } else {
        live.request.saved(held, rules.block)
    };
    let resident = live.request.saved(found.resident().min(held), rules.block);
    let loads = if live.request.prompt.is_empty() || back > 0 { 0 } else { cached.saturating_sub(resident) };
    live.held = held;
    if anew {
        live.own_writer = needs;
    } else {
        live.own = needs;
    }
    live.past = cached;
    live.read = 0;
    live.todo = u32::try_from(all).unwrap_or(u32::MAX).saturating_sub(cached).max(1);
    live.beside = 0.0;
    live.held_up = 0.0;
    live.beside_decode = 0.0;
    if live.admitted.is_none() {
        live.admitted = Some(now);
        live.cached = cached;
        live.loaded = loads;
    }
    let mut ready = None;
    if back > 0 {
        live.away = 0;
        if let Some(link) = state.links.get_mut(Place::Dram as usize) {
            *link = f64::max(*link, now) + way_back;
            ready = Some(*link);
        }
    }
    for (link, until) in state.links.iter_mut().zip(wait) {
        if until > 0.0 {
            *link = until;
            ready = Some(f64::max(ready.unwrap_or(now), until));
        }
    }
    Some(Loads { tokens: loads, ready })
}

/// How many of the found blocks to use, and until when the links to farther places are busy with them: loads what is
/// sooner there than it would be read anew.
fn cut<S: Steps>(
    own: &mut Pool<S>,
    worker: u32,
    live: &Live,
    found: &Match,
    now: f64,
) -> (u64, [f64; Place::ALL.len()]) {
    let none = [0.0; Place::ALL.len()];
    let block = own.plan.scheduler.block;
    let resident = found.resident();
    if found.blocks() == resident {
        return (resident, none);
    }
    let links = own.workers.get(worker as usize).map_or(none, |state| state.links);
    let budget = own.plan.scheduler.chunk.get().max(1.0);
    let input = live.request.input.saturating_add(live.written);
    let mut read = |past: u32| {
        let new = f64::from(input.saturating_sub(past).max(1));
        let pieces = (new / budget).ceil().max(1.0);
        own.read(1.0, new / pieces, f64::from(past) + (new - new / pieces) / 2.0).busy.get() * pieces
    };
    let mut best = (read(live.request.saved(resident, block)), resident, none);
    let (mut blocks, mut until) = (0, none);
    let mut times = Vec::new();
    for part in &found.segments {
        blocks += part.blocks;
        times.push((part.place, part.blocks, blocks));
    }
    for (place, count, blocks) in times {
        if place == Place::Hbm {
            continue;
        }
        let load = own.load_time(place, count as f64 * f64::from(block));
        if let (Some(slot), Some(&link)) = (until.get_mut(place as usize), links.get(place as usize)) {
            *slot = f64::max(*slot, link.max(now)) + load;
        }
        let loaded = until.iter().fold(now, |latest, &time| f64::max(latest, time)) - now;
        let past = live.request.saved(blocks, block);
        let new = f64::from(input.saturating_sub(past).max(1));
        let pieces = (new / budget).ceil().max(1.0);
        let reading =
            own.read(1.0, new / pieces, f64::from(past) + (new - new / pieces) / 2.0).busy.get() * pieces;
        if loaded + reading < best.0 {
            best = (loaded + reading, blocks, until);
        }
    }
    (best.1, best.2)
}

/// Tokens of a sequence beyond the blocks of its prompt that it holds; below 0 where the last of those has room left, as
/// traces name blocks that are not full.
fn own_tokens(all: u64, held: u64, block: u32) -> i64 {
    let named = held.saturating_mul(u64::from(block));
    i64::try_from(all).unwrap_or(i64::MAX).saturating_sub(i64::try_from(named).unwrap_or(i64::MAX))
}

/// Blocks for so many tokens of its own.
fn own_blocks(tokens: i64, block: u32) -> u64 {
    u64::try_from(tokens).unwrap_or(0).div_ceil(u64::from(block.max(1)))
}

/// Takes a sequence out of decode.
fn leave_decode<S>(own: &mut Pool<S>, worker: u32, live: &mut Live, now: f64) {
    let Pool { plan, workers, batch, fixed, .. } = own;
    let Some(state) = workers.get_mut(worker as usize) else { return };
    let rest = live.ends.saturating_sub(state.steps);
    live.written =
        live.request.output.saturating_sub(u32::try_from(rest).unwrap_or(u32::MAX)).max(live.written);
    let all = u64::from(live.request.input) + u64::from(live.written);
    let held = if live.own_writer > 0 { 0 } else { live.held };
    let own_tokens = own_tokens(all + *fixed, held, plan.scheduler.block);
    let phase = state.phase(own_tokens);
    if let Some(count) = state.phases.get_mut(phase) {
        *count = count.saturating_sub(1);
    }
    state.count = state.count.saturating_sub(1);
    state.context = state.context.saturating_sub(all);
    state.left = state.left.saturating_sub(rest);
    live.epoch = live.epoch.wrapping_add(1);
    if plan.scheduler.evicts {
        // It has grown by the blocks that its steps needed.
        let blocks = own_blocks(own_tokens, plan.scheduler.block);
        if live.own_writer > 0 {
            live.own_writer = live.own_writer.max(blocks);
        } else {
            live.own = live.own.max(blocks);
        }
    }
    batch.change(now, -1.0);
}

/// Tokens of a sequence that gives way whose cache goes to the host's memory: all, if the way there and back takes less
/// time than to compute them anew; else none.
fn swapped<S: Steps>(own: &mut Pool<S>, worker: u32, live: &Live, now: f64) -> u32 {
    let all = live.request.input.saturating_add(live.written);
    if !own.plan.scheduler.swaps || !own.plan.tiers.iter().any(|(place, ..)| *place == Place::Dram) {
        return 0;
    }
    let way = own.load_time(Place::Dram, f64::from(all));
    let budget = own.plan.scheduler.chunk.get().max(1.0);
    let pieces = (f64::from(all) / budget).ceil().max(1.0);
    let piece = f64::from(all) / pieces;
    let anew = own.read(1.0, piece, (f64::from(all) - piece) / 2.0).busy.get() * pieces;
    let Some(link) =
        own.workers.get_mut(worker as usize).and_then(|state| state.links.get_mut(Place::Dram as usize))
    else {
        return 0;
    };
    let gone = f64::max(*link, now) + way;
    if gone + way - now >= anew {
        return 0;
    }
    *link = gone;
    all
}

/// The sequence admitted last gives way, of those that don't go first if there are any: its blocks are free, and it is
/// first in line of its class, to be read again or to come back from the host's memory.
fn evict<S: Steps>(own: &mut Pool<S>, worker: u32, lives: &mut [Option<Live>], now: f64) {
    loop {
        let Some(state) = own.workers.get_mut(worker as usize) else { return };
        let others = |&(slot, epoch): &(u32, u32)| matches!(lives.get(slot as usize), Some(Some(live)) if live.epoch == epoch && !live.request.urgent);
        // Where nobody goes first, this is the last but for those that have left.
        let last = state.youngest.iter().rposition(others).or(state.youngest.len().checked_sub(1));
        let Some(at) = last else {
            // Nobody is left who could give way.
            state.count = 0;
            return;
        };
        let (slot, epoch) = state.youngest.remove(at);
        let Some(Some(live)) = lives.get_mut(slot as usize) else { continue };
        if live.epoch != epoch {
            continue;
        }
        leave_decode(own, worker, live, now);
        live.away = swapped(own, worker, live, now);
        own.preemptions += 1;
        own.swaps += u64::from(live.away > 0);
        own.queue.change(now, 1.0);
        let Some(state) = own.workers.get_mut(worker as usize) else { return };
        if live.own_writer > 0 {
            state.cache.unreserve(live.own_writer);
            live.own_writer = 0;
        } else {
            state.cache.release(&live.request.prompt, 0, live.held);
            state.cache.unreserve(live.own);
        }
        (live.held, live.own) = (0, 0);
        live.preemptions = live.preemptions.saturating_add(1);
        live.stalled = Some(now);
        state.unread += u64::from(live.request.input) + u64::from(live.written);
        if live.request.urgent {
            state.waiting.push_front(slot);
        } else {
            state.queue(slot, true, |other| is_urgent(lives, other));
        }
        state.blocked = false;
        return;
    }
}

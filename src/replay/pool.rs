//! Equal replicas with one role, and what they share: step times, rules and the series of what they did.

use super::beside::{Helper, Remembered as Parts};
use super::cache::ByPlace;
use super::series::Series;
use super::steps::{Room, Steps};
use super::table::Table;
use super::worker::Worker;
use crate::scenario::Role;
use crate::scenario::traffic::{Place, Routing};
use crate::serve::scheduler::Scheduler;
use crate::serve::{Reading, Shares};
use crate::units::{BytesPerSecond, Seconds, Tokens};

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct PoolPlan<S> {
    /// What it does.
    pub role: Role,
    /// Step times of a replica.
    pub steps: S,
    /// Copies of it.
    pub replicas: u32,
    /// The rules.
    pub scheduler: Scheduler,
    /// Room for cache.
    pub room: Room,
    /// Room beyond the chips' memory, nearest first: tokens per replica, and a replica's bandwidth there and back.
    pub tiers: Vec<(Place, Tokens, BytesPerSecond)>,
    /// Share of a prefill that stalls running decodes.
    pub interference: f64,
    /// Share of what a decode step and a prompt both do that is saved when one step does both.
    pub mixing: f64,
    /// Mean decode steps from the first token until it reaches the user.
    pub first_steps: f64,
    /// Which replica takes a request.
    pub routing: Routing,
}

/// Entries of the memory of reading times; a power of two.
const REMEMBERED: usize = 512;

/// Bits of prompts, new and older tokens, and what reading them costs.
type Remembered = ((u64, u64, u64), Reading);

/// Equal replicas at work.
#[derive(Clone, Debug)]
pub struct Pool<S> {
    /// What it is made of.
    pub plan: PoolPlan<S>,
    /// Decode steps by batch and context.
    pub table: Table,
    /// Reading times asked for lately, so that equal prompts are computed once.
    remembered: Vec<Option<Remembered>>,
    /// The replicas.
    pub workers: Vec<Worker>,
    /// Whose turn it is.
    turn: usize,
    /// Tokens that a sequence takes beside its own.
    pub fixed: u64,
    /// Blocks of a replica.
    pub blocks: u64,
    /// Replicas that read prompts, over time.
    pub reading: Series,
    /// Replicas in decode, over time.
    pub writing: Series,
    /// Blocks in use, over time.
    pub used: Series,
    /// Requests that wait to be admitted, over time.
    pub queue: Series,
    /// Sequences in decode, over time.
    pub batch: Series,
    /// Decode steps, over all replicas.
    pub steps: u64,
    /// Times a sequence gave way.
    pub preemptions: u64,
    /// Of those, times its cache went to the host's memory.
    pub swaps: u64,
    /// The pools that have a part in its steps.
    pub helpers: Vec<Helper>,
    /// Their shares of a prompt's time, and of decode steps asked for lately.
    pub reading_shares: Shares,
    /// Of decode steps.
    pub shares: Parts,
}

impl<S> PoolPlan<S> {
    fn with_steps<T>(self, steps: T) -> PoolPlan<T> {
        PoolPlan {
            steps,
            role: self.role,
            replicas: self.replicas,
            scheduler: self.scheduler,
            room: self.room,
            tiers: self.tiers,
            interference: self.interference,
            mixing: self.mixing,
            first_steps: self.first_steps,
            routing: self.routing,
        }
    }
}

impl<S> Pool<S> {
    /// The same replicas in the same state, with other step times.
    #[must_use]
    pub fn with_steps<T>(self, steps: T) -> Pool<T> {
        Pool {
            plan: self.plan.with_steps(steps),
            table: self.table,
            remembered: self.remembered,
            workers: self.workers,
            turn: self.turn,
            fixed: self.fixed,
            blocks: self.blocks,
            reading: self.reading,
            writing: self.writing,
            used: self.used,
            queue: self.queue,
            batch: self.batch,
            steps: self.steps,
            preemptions: self.preemptions,
            swaps: self.swaps,
            helpers: self.helpers,
            reading_shares: self.reading_shares,
            shares: self.shares,
        }
    }
}

impl<S: Steps> Pool<S> {
    /// Idle replicas.
    #[must_use]
    pub fn new(plan: PoolPlan<S>) -> Self {
        let block = f64::from(plan.scheduler.block.max(1));
        let count = |tokens: f64| libm::floor(tokens / block).clamp(0.0, 1e15) as u64;
        let blocks = count(plan.room.tokens);
        let mut capacity = [blocks, 0, 0, 0];
        for (place, tokens, _) in &plan.tiers {
            if let Some(slot) = capacity.get_mut(*place as usize) {
                *slot = count(tokens.get());
            }
        }
        let recent = plan.steps.token(1.0, Tokens::new(1024.0)).get();
        let worker = Worker::new(ByPlace(capacity), plan.scheduler.block, recent);
        Self {
            workers: vec![worker; plan.replicas.max(1) as usize],
            table: Table::default(),
            remembered: vec![None; REMEMBERED],
            turn: 0,
            fixed: libm::round(plan.room.fixed).clamp(0.0, 1e12) as u64,
            blocks,
            reading: Series::default(),
            writing: Series::default(),
            used: Series::default(),
            queue: Series::default(),
            batch: Series::default(),
            steps: 0,
            preemptions: 0,
            swaps: 0,
            helpers: plan.steps.beside().into_iter().map(Helper::new).collect(),
            reading_shares: plan.steps.reading_shares(Tokens::new(4096.0), Tokens::ZERO),
            shares: Parts::default(),
            plan,
        }
    }

    /// Blocks that so many tokens of one sequence take, with what it takes beside them.
    #[must_use]
    pub fn blocks_of(&self, tokens: u64) -> u64 {
        (tokens + self.fixed).div_ceil(u64::from(self.plan.scheduler.block.max(1)))
    }

    /// What a step's worth of prompts costs.
    pub fn read(&mut self, prompts: f64, new: f64, past: f64) -> Reading {
        let key = (prompts.to_bits(), new.to_bits(), past.to_bits());
        let mixed =
            (key.0 ^ key.1.rotate_left(21) ^ key.2.rotate_left(42)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = self.remembered.get_mut((mixed >> 55) as usize % REMEMBERED);
        match slot {
            Some(Some((known, reading))) if *known == key => *reading,
            slot => {
                let reading = self.plan.steps.read(prompts, Tokens::new(new), Tokens::new(past));
                if let Some(slot) = slot {
                    *slot = Some((key, reading));
                }
                reading
            }
        }
    }

    /// Time to load so many tokens from a place.
    #[must_use]
    pub fn load_time(&self, place: Place, tokens: f64) -> f64 {
        let bytes = self.plan.steps.cache(Tokens::new(tokens));
        self.plan
            .tiers
            .iter()
            .find(|(own, ..)| *own == place)
            .map_or(Seconds::ZERO, |(.., bandwidth)| bytes / *bandwidth)
            .get()
    }

    /// The replica that takes a prompt of so many tokens; `cached` says how many of them a replica has.
    pub fn route(&mut self, input: u32, cached: impl Fn(&Worker) -> u32) -> usize {
        let count = self.workers.len().max(1);
        let by = |rank: &dyn Fn(&Worker) -> (u64, u32)| {
            let ranked = self.workers.iter().enumerate().map(|(index, worker)| (rank(worker), index));
            ranked.min().map_or(0, |(_, index)| index)
        };
        match self.plan.routing {
            Routing::RoundRobin => {
                let turn = self.turn;
                self.turn = (turn + 1) % count;
                turn
            }
            Routing::LeastLoaded => by(&|worker| (u64::from(worker.load), 0)),
            // Least to read: what others still have to, and of the prompt what is not there yet.
            Routing::Prefix => by(&|worker| {
                let own = u64::from(input.saturating_sub(cached(worker)));
                (worker.unread + own, worker.load)
            }),
        }
    }
}

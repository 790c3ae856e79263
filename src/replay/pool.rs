//! Equal replicas with one role, and what they share: step times, rules and the series of what they did.

use super::beside::{Helper, Remembered as Parts};
use super::cache::ByPlace;
use super::id::{ByPool, PoolId, ReplicaId};
use super::replica::Replica;
use super::series::Series;
use super::steps::{Room, Steps};
use super::table::{Crowd, Table};
use crate::scenario::Role;
use crate::scenario::traffic::{Place, Routing};
use crate::serve::{Beside, Reading, Scheduler, Shares};
use crate::units::{BytesPerSecond, Seconds, Tokens};

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// What it does.
    pub role: Role,
    /// Number of replicas.
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
    /// Decode steps for which flags hold a prompt.
    pub held: f64,
    /// Which replica takes a request.
    pub routing: Routing,
}

/// Entries of the memory of reading times; a power of two.
const REMEMBERED: usize = 512;

/// Bits of prompts, new and older tokens, and what reading them costs.
type Remembered = ((u64, u64, u64), Reading);

/// Equal replicas at work.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What it is made of.
    pub plan: PoolPlan,
    /// Decode steps by batch and context.
    pub table: Table,
    /// Reading times asked for lately, so that equal prompts are computed once.
    remembered: Vec<Option<Remembered>>,
    /// The replicas.
    pub replicas: Replicas,
    /// Whose turn it is.
    turn: u32,
    /// Tokens that a sequence takes beside its own.
    pub fixed: u64,
    /// Blocks of a replica.
    pub blocks: u64,
    /// Replicas that read prompts, over time.
    pub prefill_busy: Series,
    /// Replicas in decode, over time.
    pub decode_busy: Series,
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

/// The replicas of a pool, of which there is always one.
#[derive(Clone, Debug)]
pub struct Replicas {
    pool: PoolId,
    first: Replica,
    others: Vec<Replica>,
}

impl Replicas {
    fn new(pool: PoolId, each: Replica, count: u32) -> Self {
        Self { pool, others: vec![each.clone(); count.saturating_sub(1) as usize], first: each }
    }

    /// How many.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.others.len() + 1
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Replica> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The first of those that rank lowest.
    #[must_use]
    pub fn least<R: Ord>(&self, rank: impl Fn(&Replica) -> R) -> ReplicaId {
        let first = (rank(&self.first), 0);
        let (_, number) = (1..).zip(&self.others).fold(first, |least, (number, replica)| {
            let own = rank(replica);
            if own < least.0 { (own, number) } else { least }
        });
        ReplicaId::new(self.pool, number)
    }

    /// The one with this handle.
    #[must_use]
    pub fn at(&self, id: ReplicaId) -> &Replica {
        debug_assert!(
            id.pool() == self.pool && (id.number() as usize) < self.len(),
            "{id:?} is of another pool"
        );
        let later = id.number().checked_sub(1);
        later.and_then(|index| self.others.get(index as usize)).unwrap_or(&self.first)
    }

    /// The one with this handle, to change it.
    pub fn at_mut(&mut self, id: ReplicaId) -> &mut Replica {
        debug_assert!(
            id.pool() == self.pool && (id.number() as usize) < self.len(),
            "{id:?} is of another pool"
        );
        let later = id.number().checked_sub(1);
        later.and_then(|index| self.others.get_mut(index as usize)).unwrap_or(&mut self.first)
    }
}

impl ByPool<Pool> {
    /// A replica, of whichever pool it is.
    #[must_use]
    pub fn replica(&self, id: ReplicaId) -> &Replica {
        self.get(id.pool()).replicas.at(id)
    }

    /// A replica, of whichever pool it is, to change it.
    pub fn replica_mut(&mut self, id: ReplicaId) -> &mut Replica {
        self.get_mut(id.pool()).replicas.at_mut(id)
    }
}

impl Pool {
    /// Idle replicas.
    #[must_use]
    pub fn new(id: PoolId, plan: PoolPlan, steps: &impl Steps) -> Self {
        let block = f64::from(plan.scheduler.block.max(1));
        let count = |tokens: f64| libm::floor(tokens / block).clamp(0.0, 1e15) as u64;
        let blocks = count(plan.room.tokens);
        let mut capacity = [blocks, 0, 0, 0];
        for (place, tokens, _) in &plan.tiers {
            if let Some(slot) = capacity.get_mut(*place as usize) {
                *slot = count(tokens.get());
            }
        }
        let recent = steps.token(1.0, 0.0, Tokens::new(1024.0)).get();
        let replica = Replica::new(ByPlace(capacity), plan.scheduler.block, recent);
        Self {
            replicas: Replicas::new(id, replica, plan.replicas),
            table: Table::default(),
            remembered: vec![None; REMEMBERED],
            turn: 0,
            fixed: libm::round(plan.room.fixed).clamp(0.0, 1e12) as u64,
            blocks,
            prefill_busy: Series::default(),
            decode_busy: Series::default(),
            used: Series::default(),
            queue: Series::default(),
            batch: Series::default(),
            steps: 0,
            preemptions: 0,
            swaps: 0,
            helpers: steps.beside().into_iter().map(Helper::new).collect(),
            reading_shares: steps.reading_shares(Tokens::new(4096.0), Tokens::ZERO),
            shares: Parts::default(),
            plan,
        }
    }

    /// Sequences that a replica decodes and, of a pool beside it, all others that share it.
    #[must_use]
    pub(super) fn crowd(&self, id: ReplicaId) -> Crowd {
        let own = self.replicas.at(id).decoding;
        let shared = self.helpers.iter().filter(|helper| helper.plan.ratio > 1.0);
        let others = shared.map(|helper| {
            let neighbours = self.neighbours(helper.plan, id);
            let (count, all) = neighbours.fold((0_u32, 0_u32), |(count, all), other| {
                (count + 1, all.saturating_add(self.replicas.at(other).decoding))
            });
            // Of three replicas on two, each shares one with half of another.
            libm::round(f64::from(all) / f64::from(count.max(1)) * (helper.plan.ratio - 1.0)) as u32
        });
        Crowd::new(own, others.max().unwrap_or(0))
    }

    /// Replicas that share one of a pool beside them with this one: all others where that is no whole number of them.
    pub(super) fn neighbours(&self, plan: Beside, id: ReplicaId) -> impl Iterator<Item = ReplicaId> + use<> {
        let (own, pool) = (id.number(), self.replicas.pool);
        let whole = plan.ratio.fract() == 0.0;
        (0..self.plan.replicas)
            .filter(move |other| *other != own && (!whole || plan.replica(*other) == plan.replica(own)))
            .map(move |other| ReplicaId::new(pool, other))
    }

    /// Blocks that so many tokens of one sequence take, with what it takes beside them.
    #[must_use]
    pub(super) fn blocks_of(&self, tokens: u64) -> u64 {
        (tokens + self.fixed).div_ceil(u64::from(self.plan.scheduler.block.max(1)))
    }

    /// What a step's worth of prompts costs.
    pub fn read(&mut self, steps: &impl Steps, prompts: f64, new: f64, past: f64) -> Reading {
        let key = (prompts.to_bits(), new.to_bits(), past.to_bits());
        let mixed =
            (key.0 ^ key.1.rotate_left(21) ^ key.2.rotate_left(42)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = self.remembered.get_mut((mixed >> 55) as usize % REMEMBERED);
        match slot {
            Some(Some((known, reading))) if *known == key => *reading,
            slot => {
                let reading = steps.read(prompts, Tokens::new(new), Tokens::new(past));
                if let Some(slot) = slot {
                    *slot = Some((key, reading));
                }
                reading
            }
        }
    }

    /// Time to load so many tokens from a place.
    #[must_use]
    pub(super) fn load_time(&self, steps: &impl Steps, place: Place, tokens: f64) -> f64 {
        let bytes = steps.cache(Tokens::new(tokens));
        self.plan
            .tiers
            .iter()
            .find(|(tier, ..)| *tier == place)
            .map_or(Seconds::ZERO, |(.., bandwidth)| bytes / *bandwidth)
            .get()
    }

    /// The replica that takes a prompt of so many tokens; `cached` says how many of them a replica has.
    pub(super) fn route(&mut self, input: u32, cached: impl Fn(&Replica) -> u32) -> ReplicaId {
        match self.plan.routing {
            Routing::RoundRobin => {
                let turn = self.turn;
                self.turn = (turn + 1) % self.plan.replicas.max(1);
                ReplicaId::new(self.replicas.pool, turn)
            }
            Routing::LeastLoaded => self.replicas.least(|replica| replica.load),
            // Least to read: what others still have to, and of the prompt what is not there yet.
            Routing::Prefix => self.replicas.least(|replica| {
                let new = u64::from(input.saturating_sub(cached(replica)));
                (replica.unread + new, replica.load)
            }),
        }
    }
}

//! All of a replay but the step times of its pools, so that it can be laid aside without them.

use std::collections::VecDeque;

use super::request::Requests;
use crate::replay::agenda::Agenda;
use crate::replay::id::{ByPool, PoolId, ReplicaId, Slot};
use crate::replay::meter::Meter;
use crate::replay::pool::Pool;
use crate::replay::requests::Source;
use crate::replay::wire::Wire;
use crate::units::Seconds;

/// What the whole deployment has in common.
#[derive(Clone, Copy, Debug)]
pub struct Common {
    /// The engine's work for a request before it is in line.
    pub overhead: Seconds,
    /// Tokens after the first that an answer has to wait for until text reaches its user.
    pub unseen: f64,
    /// Layers of the model, whose KV cache leaves one by one.
    pub layers: u32,
}

/// The state of a replay.
#[derive(Clone, Debug)]
pub struct State {
    /// What is asked, and when.
    pub(in crate::replay) source: Source,
    pub(super) common: Common,
    /// The pools.
    pub(in crate::replay) pools: ByPool<Pool>,
    /// The link from the prefill to the decode pool, where there are both.
    pub(in crate::replay) link: Option<Wire>,
    /// Prompts that are read, but without room in decode.
    pub(super) waiting_for_decode: VecDeque<Slot>,
    pub(super) requests: Requests,
    pub(super) agenda: Agenda,
    /// What was measured so far.
    pub(in crate::replay) meter: Meter,
    /// Events so far.
    pub(super) events: u64,
}

impl State {
    /// Before the first event.
    pub(super) fn new(source: Source, pools: ByPool<Pool>, link: Option<Wire>, common: Common) -> Self {
        Self {
            source,
            common,
            pools,
            link,
            waiting_for_decode: VecDeque::new(),
            requests: Requests::new(ReplicaId::new(PoolId::Decode, 0)),
            agenda: Agenda::default(),
            meter: Meter::default(),
            events: 0,
        }
    }

    /// Whether prompts are read in a pool of their own.
    pub(super) const fn is_split(&self) -> bool {
        self.pools.prefill.is_some()
    }
}

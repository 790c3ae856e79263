//! Attention and feed-forward layers on pools of their own: each layer's activations go there and back, and micro-batches
//! take turns so that neither pool waits for the link.
//!
//! With m micro-batches and per layer times `a` for attention, `f` for the feed-forward layer and `c` for both ways of
//! the link, a micro-batch needs `R = a + f + c` per layer, and the busiest of both pools and of the two directions of the
//! link, at `x` per micro-batch, lets one pass every `x`:
//!
//! `t = (L − 1)·max(R, m·x) + R + (m − 1)·x`
//!
//! One micro-batch takes `L·R`; enough of them to hide everything take `R + x·(m·L − 1)`. A pool of several pipeline
//! stages works on as many micro-batches at once. Each token moves its activations in each layer, out in the format of the
//! products, back in 16 bits: to every rank that holds one of its experts where both pools share a scale-up domain, else to
//! every node that does, which hands them on over its own links meanwhile. The way is the exchange of experts' tokens: the FFN pool
//! has no other.
//! Source: MegaScale-Infer (2025-04), Step-3 (2025-07).

use super::connection::Connection;
use super::outcome::{Binding, Flow, Per};
use super::replica::{Prefill, Replica};
use super::shares::together;
use super::side::Side;
use crate::pass::Op;
use crate::scenario::Role;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

/// Most micro-batches that the tool tries.
const MOST: u32 = 4;

/// The pool of the feed-forward layers and the way to it.
#[derive(Clone, Debug)]
pub struct Partner<'a> {
    /// The pool.
    pub side: Side<'a>,
    /// The way from the attention pool.
    pub connection: Connection,
    /// What one attention replica has of the way.
    pub bandwidth: BytesPerSecond,
    /// Attention replicas for each replica of this pool.
    pub ratio: f64,
    /// Micro-batches that take turns, where their number is given; else as many as make a step shortest.
    pub micro: Option<u32>,
    /// Round trips of a pass: layers with a feed-forward part.
    pub trips: f64,
    /// Bytes of a token on its way to the feed-forward layer of one layer, all copies.
    pub out: Bytes,
    /// Bytes of a token on its way back, all copies.
    pub back: Bytes,
    /// Copies that the pool hands on inside its nodes, for each that comes, and what one attention replica has of the links
    /// there.
    pub handed: (f64, BytesPerSecond),
    /// KV cache that arrives over the same link, per output token.
    pub arriving: Bytes,
}

/// A step of micro-batches that take turns.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// Sequences of a micro-batch on one attention replica.
    pub group: f64,
    /// Sequences of a step on the pool of the feed-forward layers.
    shared: f64,
    /// Micro-batches of the attention replica, and those of the pool of the feed-forward layers.
    own: f64,
    micro: f64,
    trips: f64,
    /// Per layer and micro-batch.
    attention: Seconds,
    ffn: Seconds,
    out: Seconds,
    back: Seconds,
    /// KV cache that arrives meanwhile.
    arriving: Seconds,
    latency: Seconds,
    /// Micro-batches that each pool works on at once.
    lanes: [f64; 2],
    around: Seconds,
    bandwidth: BytesPerSecond,
    bytes: [Bytes; 2],
}

impl Partner<'_> {
    /// A step of so many sequences on an attention replica and on all others that share the pool, each with `width` tokens, of
    /// which `tokens_per_step` hold.
    ///
    /// More micro-batches hide more of each other and take longer in all, so that the first number that is no better ends
    /// the search; a tie goes to fewer. The number follows from the sequences of the step and from no load, so that all
    /// that is said of a full pool is the same under any.
    #[must_use]
    pub fn turns(
        &self,
        attention: &Replica<'_>,
        batch: (f64, f64),
        context: Tokens,
        (width, tokens_per_step): (f64, f64),
    ) -> Turns {
        let of = |micro: u32| self.taken_by(micro, attention, (batch, context), (width, tokens_per_step));
        if let Some(micro) = self.micro {
            return of(micro);
        }
        let mut best = of(1);
        for micro in 2..=MOST {
            let own = of(micro);
            if own.step() >= best.step() * (1.0 - 1e-9) {
                break;
            }
            best = own;
        }
        best
    }

    /// The same step by this number of micro-batches.
    fn taken_by(
        &self,
        micro: u32,
        attention: &Replica<'_>,
        ((batch, others), context): ((f64, f64), Tokens),
        (width, tokens_per_step): (f64, f64),
    ) -> Turns {
        let ffn = &self.side.settled.replica;
        // No micro-batch is smaller than one sequence; those of a replica with few join those of the others.
        let own = f64::from(micro).min(batch.max(1.0));
        let group = batch.max(1.0) / own;
        let shared = together(self.ratio, batch.max(1.0), others);
        let micro = f64::from(micro).min(shared / self.ratio.max(1e-9)).max(own);
        let trips = self.trips;
        let lanes = |replica: &Replica<'_>, micro: f64| f64::from(replica.layout().pp).min(micro).max(1.0);
        Turns {
            group,
            shared,
            own,
            micro,
            trips,
            attention: attention.group_time(group, batch, context, width) / trips,
            ffn: ffn.group_time(shared / micro, shared, context, width) / trips,
            out: self.way(self.out * (group * width)),
            back: self.way(self.back * (group * width)),
            arriving: self.arriving * (group * tokens_per_step / trips) / self.bandwidth,
            latency: self.connection.latency,
            lanes: [lanes(attention, own), lanes(ffn, micro)],
            around: attention.around(batch).max(ffn.around(0.0)),
            bandwidth: self.bandwidth,
            bytes: [self.out, self.back],
        }
    }

    /// Time of so many bytes on the way between the pools, and on those inside that hand them on meanwhile.
    fn way(&self, bytes: Bytes) -> Seconds {
        let (copies, links) = self.handed;
        (bytes / self.bandwidth).max(bytes * copies / links)
    }

    /// The operations of one micro-batch on this pool, all layers.
    #[must_use]
    pub fn ops(&self, turns: &Turns, context: Tokens, width: f64) -> Vec<Op> {
        self.side.settled.replica.group_ops(turns.shared / turns.micro, turns.shared, context, width)
    }

    /// Time that a prompt takes of this pool, per replica of attention.
    #[must_use]
    pub(super) fn prompt(&self, new: Tokens, past: Tokens) -> Seconds {
        self.side.settled.replica.prefill(new, past).occupancy * self.ratio
    }

    /// What a prompt costs on both pools, given what it costs on the attention replica: one after the other for the
    /// prompt itself; for the next one, whichever is busiest.
    #[must_use]
    pub fn prefill(&self, attention: Prefill, new: Tokens, past: Tokens) -> Prefill {
        let ffn = self.side.settled.replica.prefill(new, past);
        let wire = |bytes: Bytes| self.way(bytes * (new.get() * self.trips));
        let (out, back) = (wire(self.out), wire(self.back));
        let trips = self.connection.latency * (2.0 * self.trips);
        Prefill {
            latency: attention.latency + ffn.latency + out + back + trips,
            occupancy: attention.occupancy.max(ffn.occupancy * self.ratio).max(out).max(back),
            // Each prompt goes the rounds by itself.
            ..Prefill::NONE
        }
    }

    /// What flows between the two pools in a step.
    #[must_use]
    pub fn flows(&self, turns: &Turns, step: Seconds, busy: f64) -> [Flow; 2] {
        let one = |from, to, bytes: Bytes, wire: Seconds, used: Seconds| Flow {
            from,
            to,
            per: Per::Token,
            bytes: bytes * turns.trips,
            bandwidth: turns.bandwidth,
            time: (wire + turns.latency) * turns.trips,
            exposed: (wire + turns.latency) * turns.trips,
            utilisation: (busy * (used * (turns.trips * turns.own) / step)).min(1.0),
        };
        [
            one(Role::Attention, Role::Ffn, turns.bytes[0], turns.out, turns.out),
            one(Role::Ffn, Role::Attention, turns.bytes[1], turns.back, turns.back + turns.arriving),
        ]
    }
}

impl Turns {
    /// One micro-batch through one layer.
    fn round(&self) -> Seconds {
        self.attention + self.ffn + self.out + self.back + self.latency * 2.0
    }

    /// The least time in which all micro-batches pass a layer, and what sets it.
    fn pace(&self) -> (Seconds, Binding) {
        [
            (self.attention / self.lanes[0] * self.own, Binding::Attention),
            (self.ffn / self.lanes[1] * self.micro, Binding::Ffn),
            (self.out * self.own, Binding::Link),
            ((self.back + self.arriving) * self.own, Binding::Link),
        ]
        .into_iter()
        .fold((Seconds::ZERO, Binding::Attention), |most, own| if own.0 > most.0 { own } else { most })
    }

    fn whole(&self) -> Seconds {
        let (round, (pace, _)) = (self.round(), self.pace());
        round.max(pace) * (self.trips - 1.0) + round + pace * (1.0 - 1.0 / self.micro)
    }

    /// Time of the step.
    #[must_use]
    pub fn step(&self) -> Seconds {
        self.whole() + self.around
    }

    /// Time that a micro-batch waits for others.
    #[must_use]
    pub fn wait(&self) -> Seconds {
        (self.whole() - self.round() * self.trips).max(Seconds::ZERO)
    }

    /// What a micro-batch waits for.
    #[must_use]
    pub fn binding(&self) -> Binding {
        self.pace().1
    }

    /// Time of empty messages in a step.
    #[must_use]
    pub fn latency(&self) -> Seconds {
        self.latency * (2.0 * self.trips)
    }

    /// Time of activations on the wire in a step.
    #[must_use]
    pub fn wire(&self) -> Seconds {
        (self.out + self.back) * self.trips
    }

    /// Time of a step in which the attention pool is at work.
    #[must_use]
    pub(super) fn attention_busy(&self) -> Seconds {
        self.attention / self.lanes[0] * (self.trips * self.own)
    }

    /// Time of a step in which the FFN pool is at work.
    #[must_use]
    pub(super) fn ffn_busy(&self) -> Seconds {
        self.ffn / self.lanes[1] * (self.trips * self.micro)
    }
}

//! Who proposes tokens: a pool of its own, or the chips that also check.
//!
//! A step proposes k tokens one after another (k small decode steps for all sequences), then the model checks them. Between
//! pools go, per sequence and step, each proposed token with its probability there and the accepted one back, 8 bytes
//! each; a prediction head on another pool also needs the last hidden state. Source: Leviathan et al. (2023), DeepSeek-V3
//! report (2024-12).

use super::connection::Connection;
use super::outcome::{Flow, Per};
use super::reading::Reading;
use super::replica::{Prefill, Replica};
use super::shares::together;
use super::side::Side;
use crate::pass::Op;
use crate::scenario::Role;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

/// A token and its probability on a link.
const TOKEN: Bytes = Bytes::new(8.0);

/// Who proposes tokens.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// A replica of the drafter.
    pub replica: Replica<'a>,
    /// Its weights over the chips of the replica that checks, where they share them.
    pub weights: Bytes,
    /// Tokens proposed per step; a draft pool may be told to propose none.
    pub tokens: u32,
    /// Mean tokens that a step yields.
    pub tokens_per_step: f64,
    /// Replicas that check for each replica that proposes.
    pub ratio: f64,
    /// Bytes that a sequence needs from the check beside its token.
    pub hidden: Bytes,
    /// The pool of its own; none where the chips that check also propose.
    pub away: Option<Away<'a>>,
}

/// A draft pool and the way to it.
#[derive(Clone, Debug)]
pub struct Away<'a> {
    /// The pool.
    pub side: Side<'a>,
    /// The way to the pool that checks.
    pub connection: Connection,
    /// What one replica that checks has of the way.
    pub bandwidth: BytesPerSecond,
}

impl Draft<'_> {
    /// Tokens of a sequence that are checked in a step.
    #[must_use]
    pub fn width(&self) -> f64 {
        f64::from(self.tokens) + 1.0
    }

    /// Time of proposing, of empty messages and of bytes on the wire for so many sequences of a station and of all others that
    /// share the pool.
    #[must_use]
    pub fn parts(&self, (batch, others): (f64, f64), context: Tokens) -> (Seconds, Seconds, Seconds) {
        if self.tokens == 0 {
            return (Seconds::ZERO, Seconds::ZERO, Seconds::ZERO);
        }
        let sequences = together(self.ratio, batch, others);
        let one = self.replica.kernels(sequences, context, 1.0);
        let drafting = one * f64::from(self.tokens);
        match &self.away {
            None => (drafting, Seconds::ZERO, Seconds::ZERO),
            Some(away) => {
                let bytes = (self.there() + self.back()) * batch;
                (
                    drafting + self.replica.around(sequences),
                    away.connection.latency * 2.0,
                    bytes / away.bandwidth,
                )
            }
        }
    }

    /// The operations of proposing one token for so many sequences of a station, and of the others.
    #[must_use]
    pub(super) fn ops(&self, (batch, others): (f64, f64), context: Tokens) -> Vec<Op> {
        self.replica.kernel_ops(together(self.ratio, batch, others), context, 1.0)
    }

    /// All of it.
    #[must_use]
    pub fn time(&self, batch: (f64, f64), context: Tokens) -> Seconds {
        let (drafting, latency, wire) = self.parts(batch, context);
        drafting + latency + wire
    }

    /// Bytes of a sequence and step to the check.
    fn there(&self) -> Bytes {
        TOKEN * f64::from(self.tokens)
    }

    /// Bytes of a sequence and step from the check.
    fn back(&self) -> Bytes {
        TOKEN + self.hidden
    }

    /// Sequences that fit on a station where so many would fit without the drafter.
    #[must_use]
    pub fn fits(&self, checks: &Replica<'_>, without: f64, context: Tokens) -> f64 {
        if self.tokens == 0 {
            return without;
        }
        if self.away.is_some() {
            return without.min(self.replica.sequences_that_fit(context) / self.ratio);
        }
        let own = checks.cache(context).max(Bytes::new(1.0));
        let room = own * without - self.weights;
        (room / (own + self.replica.cache(context))).max(0.0)
    }

    /// What a prompt costs on chips that also propose; none where they are others.
    #[must_use]
    pub(super) fn prefill_beside(&self, new: Tokens, past: Tokens) -> Option<Prefill> {
        self.away.is_none().then(|| self.replica.prefill(new, past))
    }

    /// What a step's worth of prompts costs chips that also propose, the same prompts in one pass; none where they are others.
    #[must_use]
    pub(super) fn reading_beside(&self, prompts: f64, new: Tokens, past: Tokens) -> Option<Reading> {
        self.away.is_none().then(|| self.replica.reading(prompts, new, past))
    }

    /// Time that a prompt keeps a pool of its own from proposing, per replica that checks.
    #[must_use]
    pub fn prompt(&self, new: Tokens, past: Tokens) -> Seconds {
        if self.away.is_none() || self.tokens == 0 {
            return Seconds::ZERO;
        }
        self.replica.prefill(new, past).occupancy * self.ratio
    }

    /// What flows between the pools in a step.
    #[must_use]
    pub fn flows(&self, batch: f64, step: Seconds, busy: f64) -> Vec<Flow> {
        let Some(away) = self.away.as_ref().filter(|_| self.tokens > 0) else { return Vec::new() };
        let one = |from, to, bytes: Bytes| {
            let wire = bytes * batch / away.bandwidth;
            let time = wire + away.connection.latency;
            Flow {
                from,
                to,
                per: Per::Token,
                bytes: bytes / self.tokens_per_step,
                bandwidth: away.bandwidth,
                time,
                exposed: time,
                utilisation: (busy * (wire / step)).min(1.0),
            }
        };
        vec![one(Role::Draft, Role::Verify, self.there()), one(Role::Verify, Role::Draft, self.back())]
    }
}

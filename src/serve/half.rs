//! The decode side of a deployment, however its work is split.
//!
//! The closed forms and the replay see one interface: the time of a step at so many sequences and so much context, the
//! tokens it yields per sequence, the sequences that fit, and what a prompt costs where no other pool reads it. All of
//! it is per *station*: one replica of the pool that keeps the KV cache, with its share of the other pools.
//!
//! Three shapes share it. Whole layers on one pool. Attention and feed-forward layers on two ([`super::turns`]): every
//! layer's activations go there and back. Drafting ([`super::draft`]): k tokens are proposed one after another, then
//! k + 1 tokens per sequence are checked in one step, which reads weights and cache once; nothing overlaps.

use super::account::{Account, add, parts, spread};
use super::draft::Draft;
use super::outcome::{Binding, Cause, Flow, Part, PoolState, Warning};
use super::reading::Reading;
use super::replica::Prefill;
use super::shares::{Beside, Shares, alike, together};
use super::side::Side;
use super::turns::{Partner, Turns};
use crate::machine::EngineRow;
use crate::pass::Op;
use crate::scenario::Role;
use crate::units::{Bytes, Requests, Seconds, Tokens};

/// The pools that decode, or a prefill pool seen through the same interface.
#[derive(Clone, Debug)]
pub struct Half<'a> {
    /// The pool that keeps the KV cache: all of the half, the attention pool, or the verify pool.
    pub holder: Side<'a>,
    /// The pool of the feed-forward layers, where it is another.
    pub partner: Option<Partner<'a>>,
    /// Who proposes tokens.
    pub draft: Option<Draft<'a>>,
    /// Whether prompts are read here.
    pub prefills: bool,
}

impl<'a> Half<'a> {
    /// A pool that only reads prompts, seen through the same interface.
    #[must_use]
    pub fn reader(side: &Side<'a>) -> Self {
        Self { holder: side.clone(), partner: None, draft: None, prefills: true }
    }

    /// Stations: replicas of the pool that keeps the cache.
    #[must_use]
    pub fn replicas(&self) -> f64 {
        f64::from(self.holder.settled.replicas)
    }

    /// The engine's constants.
    #[must_use]
    pub fn engine(&self) -> &'a EngineRow {
        self.holder.settled.replica.engine()
    }

    /// New tokens of a sequence in a step: those proposed, and one.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.draft.as_ref().map_or(1.0, Draft::width)
    }

    /// Mean tokens that a step yields per sequence, at least 1.
    #[must_use]
    pub fn tokens_per_step(&self) -> f64 {
        self.draft.as_ref().map_or(1.0, |draft| draft.tokens_per_step)
    }

    /// Whether several stations share a pool beside them.
    #[must_use]
    pub(super) fn shares_pools(&self) -> bool {
        let partner = self.partner.as_ref().map_or(0.0, |own| own.ratio);
        let draft = self.draft.as_ref().map_or(0.0, |own| own.ratio);
        partner > 1.0 || draft > 1.0
    }

    /// Whether more sequences may make a replica slower by more than their share, as where a cache spills.
    #[must_use]
    pub(super) fn spills(&self) -> bool {
        let pools = [
            Some(&self.holder.settled.replica),
            self.partner.as_ref().map(|own| &own.side.settled.replica),
            self.draft.as_ref().map(|own| &own.replica),
        ];
        pools.into_iter().flatten().any(|own| own.pipeline().is_some())
    }

    /// Steps for each of so many tokens of an answer: the last one yields more than is left, half of what it has beyond the
    /// first on average.
    #[must_use]
    pub(super) fn steps_per_token(&self, tokens: f64) -> f64 {
        let each = self.tokens_per_step();
        (1.0 + (each - 1.0) / 2.0 * tokens.min(1.0) / tokens) / each
    }

    /// Sequences on all other stations that share a pool with one, where each has so many.
    #[must_use]
    pub(super) fn others(&self, each: f64) -> f64 {
        let partner = self.partner.as_ref().map_or(0.0, |own| alike(own.ratio, each));
        self.draft.as_ref().filter(|own| own.away.is_some()).map_or(partner, |own| alike(own.ratio, each))
    }

    /// Time of a step with so many sequences on each station and no prompt in between, drafting included.
    #[must_use]
    pub fn step(&self, batch: f64, context: Tokens) -> Seconds {
        self.step_among((batch, self.others(batch)), context)
    }

    /// Time of a step with so many sequences on the station, and on all others that share a pool with it.
    #[must_use]
    pub fn step_among(&self, (batch, others): (f64, f64), context: Tokens) -> Seconds {
        let replica = &self.holder.settled.replica;
        let active = self.draft.as_ref().filter(|draft| draft.tokens > 0);
        let checked = match (&self.partner, active) {
            (None, None) => return replica.decode_step(batch, context),
            (None, Some(draft)) => replica.step_of(replica.kernels(batch, context, draft.width()), batch),
            (Some(partner), _) => self.turns(partner, (batch, others), context).step(),
        };
        checked + active.map_or(Seconds::ZERO, |draft| draft.time((batch, others), context))
    }

    fn turns(&self, partner: &Partner<'a>, batch: (f64, f64), context: Tokens) -> Turns {
        partner.turns(&self.holder.settled.replica, batch, context, (self.width(), self.tokens_per_step()))
    }

    /// Sequences of this mean length that fit on a station.
    #[must_use]
    pub fn fits(&self, context: Tokens) -> f64 {
        let own = self.holder.settled.replica.sequences_that_fit(context);
        match &self.draft {
            None => own,
            Some(draft) => draft.fits(&self.holder.settled.replica, own, context),
        }
    }

    /// What a prompt costs where this half reads it.
    #[must_use]
    pub fn prefill(&self, new: Tokens, past: Tokens) -> Prefill {
        let mut prefill = self.holder.settled.replica.prefill(new, past);
        if let Some(partner) = &self.partner {
            prefill = partner.prefill(prefill, new, past);
        }
        if let Some(beside) = self.draft.as_ref().and_then(|draft| draft.prefill_beside(new, past)) {
            prefill = prefill.beside(&beside);
        }
        prefill
    }

    /// The same prompt, with how steps of more of them grow ([`Replica::bent`]).
    #[must_use]
    pub(super) fn bent(&self, prefill: Prefill, new: Tokens, past: Tokens) -> Prefill {
        if self.partner.is_some() {
            return prefill;
        }
        let Some((draft, beside)) =
            self.draft.as_ref().and_then(|own| Some((own, own.prefill_beside(new, past)?)))
        else {
            return self.holder.settled.replica.bent(prefill, new, past);
        };
        let alone = self.holder.settled.replica.prefill(new, past);
        let own = self.holder.settled.replica.bent(alone, new, past);
        own.beside(&draft.replica.bent(beside, new, past))
    }

    /// What a step's worth of prompts costs where this half reads it: so many prompts, of each so many new tokens behind
    /// so many older ones.
    #[must_use]
    pub fn reading(&self, prompts: f64, new: Tokens, past: Tokens) -> Reading {
        if self.partner.is_some() {
            let each = self.prefill(new, past);
            let beside = (each.latency - each.occupancy).max(Seconds::ZERO);
            let early = (each.occupancy - each.latency).max(Seconds::ZERO);
            return Reading { busy: each.occupancy * prompts, beside, early, ..Reading::default() };
        }
        let mut reading = self.holder.settled.replica.reading(prompts, new, past);
        if let Some(beside) = self.draft.as_ref().and_then(|draft| draft.reading_beside(prompts, new, past)) {
            reading.busy += beside.busy;
            reading.beside += beside.beside;
            reading.drain += beside.drain;
        }
        reading
    }

    /// The operations of a prompt that this half reads.
    #[must_use]
    pub fn prefill_ops(&self, new: Tokens, past: Tokens) -> Vec<Op> {
        let mut ops = self.holder.settled.replica.prefill_ops(new, past);
        if let Some(partner) = &self.partner {
            ops.extend(partner.side.settled.replica.prefill_ops(new, past));
        }
        ops
    }

    /// Time by which a prompt on one of the stations that share a pool holds up all of them, per station, but for its own.
    #[must_use]
    pub(super) fn prompt_elsewhere(&self, new: Tokens, past: Tokens) -> Seconds {
        let part = |ratio: f64| 1.0 - 1.0 / ratio.max(1.0);
        let draft = self.draft.as_ref().filter(|own| own.ratio > 1.0);
        let drafts = draft.map_or(Seconds::ZERO, |own| own.prompt(new, past) * part(own.ratio));
        let partner = self.partner.as_ref().filter(|own| self.prefills && own.ratio > 1.0);
        let layers = partner.map_or(Seconds::ZERO, |own| own.prompt(new, past) * part(own.ratio));
        drafts + layers * self.engine().interference
    }

    /// Time that the prompt of a request keeps a draft pool of its own from drafting, per station.
    #[must_use]
    pub fn drafter_prompt(&self, new: Tokens, past: Tokens) -> Seconds {
        self.draft.as_ref().map_or(Seconds::ZERO, |draft| draft.prompt(new, past))
    }

    /// The pools that have a part in the steps of the station.
    #[must_use]
    pub fn beside(&self) -> Vec<Beside> {
        let ffn = self.partner.as_ref().map(|own| Beside {
            role: own.side.role,
            replicas: own.side.settled.replicas,
            ratio: own.ratio,
        });
        let draft = self.draft.as_ref().and_then(|own| Some((own, own.away.as_ref()?)));
        let draft = draft.map(|(own, away)| Beside {
            role: away.side.role,
            replicas: away.side.settled.replicas,
            ratio: own.ratio,
        });
        ffn.into_iter().chain(draft).collect()
    }

    /// Shares of a step with so many sequences, and so many of the others that share a pool, in which the station is at work
    /// and the pools beside it are for each of these stations on average.
    #[must_use]
    pub fn shares(&self, (batch, others): (f64, f64), context: Tokens) -> Shares {
        let step = self.step_among((batch, others), context);
        // Who has more of its sequences has as much more of its time.
        let own = |ratio: f64, of: f64| {
            let all = together(ratio, batch, others);
            if all > 0.0 { of * (ratio.max(1.0) * batch * ratio.min(1.0) / all) } else { of }
        };
        let part = |time: Seconds| if step.get() > 0.0 { (time / step).clamp(0.0, 1.0) } else { 0.0 };
        let mut shares = Shares::WHOLE;
        if let Some(partner) = &self.partner {
            let turns = self.turns(partner, (batch, others), context);
            shares.holder = part(turns.attention_busy());
            shares.ffn = own(partner.ratio, part(turns.ffn_busy()));
        }
        if let Some(draft) = self.draft.as_ref().filter(|own| own.away.is_some() && own.tokens > 0) {
            shares.draft = own(draft.ratio, part(draft.parts((batch, others), context).0));
            if self.partner.is_none() {
                shares.holder = part(step - draft.time((batch, others), context));
            }
        }
        shares
    }

    /// The same of the time that a prompt takes from the station.
    #[must_use]
    pub fn reading_shares(&self, new: Tokens, past: Tokens) -> Shares {
        let Some(partner) = &self.partner else { return Shares::WHOLE };
        let own = self.holder.settled.replica.prefill(new, past);
        let whole = partner.prefill(own, new, past).occupancy;
        let ffn = partner.prompt(new, past);
        let part = |time: Seconds| if whole.get() > 0.0 { (time / whole).clamp(0.0, 1.0) } else { 0.0 };
        Shares { holder: part(own.occupancy), ffn: part(ffn), draft: 0.0 }
    }

    /// Where a step of this length goes that has so many sequences, and as many on all others that share a pool.
    #[must_use]
    pub(super) fn account(&self, (batch, others): (f64, f64), step: Seconds, context: Tokens) -> Account {
        let replica = &self.holder.settled.replica;
        let turns =
            self.partner.as_ref().map(|partner| (partner, self.turns(partner, (batch, others), context)));
        let (ops, partner_ops) = match &turns {
            None => (replica.kernel_ops(batch, context, self.width()), Vec::new()),
            Some((partner, turns)) => (
                replica.group_ops(turns.group, batch, context, self.width()),
                partner.ops(turns, context, self.width()),
            ),
        };
        let mut beside = Vec::new();
        if let Some((_, turns)) = &turns {
            add(&mut beside, Cause::Link, Binding::RoundTrips, turns.latency());
            add(&mut beside, Cause::Link, Binding::Link, turns.wire());
            // Micro-batches wait for the busiest part, whose own limit is theirs.
            match turns.binding() {
                Binding::Attention => waits(&mut beside, &ops, turns.wait()),
                Binding::Ffn => waits(&mut beside, &partner_ops, turns.wait()),
                other => add(&mut beside, Cause::Wait, other, turns.wait()),
            }
        }
        let (mut draft_ops, mut drafting) = (Vec::new(), Seconds::ZERO);
        if let Some(draft) = self.draft.as_ref().filter(|own| own.tokens > 0) {
            let (proposing, latency, wire) = draft.parts((batch, others), context);
            (draft_ops, drafting) = (draft.ops((batch, others), context), proposing);
            spread(&mut beside, Cause::Draft, &draft_ops, (f64::from(draft.tokens), drafting));
            add(&mut beside, Cause::Link, Binding::RoundTrips, latency);
            add(&mut beside, Cause::Link, Binding::Link, wire);
        }
        let all: Seconds = beside.iter().map(|part| part.time).sum();
        let mut within = parts(ops.iter().chain(&partner_ops), (step - all).max(Seconds::ZERO));
        within.append(&mut beside);
        Account { batch, step, parts: within, ops, partner_ops, draft_ops, drafting }
    }

    /// The pools with `batch` sequences in decode on average, whose typical step `account` is, and `admitted` in memory per
    /// station; `busy` is the share of time that the half is at work.
    #[must_use]
    pub fn pools(
        &self,
        account: &Account,
        batch: f64,
        admitted: f64,
        busy: f64,
        context: Tokens,
    ) -> Vec<PoolState> {
        let step = account.step;
        let replica = &self.holder.settled.replica;
        let mut holder = PoolState {
            busy,
            batch: Requests::new(batch),
            memory: replica.memory(admitted, context),
            step,
            ops: account.ops.clone(),
            ..self.holder.idle()
        };
        let company = (account.batch, self.others(batch));
        let drafting = self.draft.as_ref().map_or(Seconds::ZERO, |draft| draft.time(company, context));
        let mut others = Vec::new();
        if let Some(partner) = &self.partner {
            let turns = self.turns(partner, company, context);
            holder.step = turns.attention_busy();
            holder.busy = (busy * (turns.attention_busy() / step)).min(1.0);
            let mut other = PoolState {
                busy: (busy * (turns.ffn_busy() / step)).min(1.0),
                batch: Requests::new(batch * partner.ratio),
                memory: partner.side.settled.replica.memory(0.0, context),
                step: turns.ffn_busy(),
                ops: account.partner_ops.clone(),
                ..partner.side.idle()
            };
            other.memory.kv_capacity = Tokens::ZERO;
            other.memory.sequences = 0.0;
            others.push(other);
        }
        if let Some(draft) = &self.draft {
            match &draft.away {
                Some(away) => {
                    if self.partner.is_none() {
                        holder.busy = (busy * ((step - drafting) / step)).min(1.0);
                    }
                    others.push(PoolState {
                        busy: (busy * (draft.parts(company, context).0 / step)).min(1.0),
                        batch: Requests::new(batch * draft.ratio),
                        memory: draft.replica.memory(admitted * draft.ratio, context),
                        step: draft.parts(company, context).0,
                        ops: draft.ops(company, context),
                        ..away.side.idle()
                    });
                }
                None => {
                    let chips = f64::from(replica.layout().chips());
                    holder.memory.weights += draft.weights / chips;
                    holder.memory.kv += draft.replica.cache(context) * (admitted / chips);
                    let sequences = self.fits(context);
                    // A drafter takes the same share of the room for each sequence, however long.
                    let left = sequences / holder.memory.sequences.max(1e-9);
                    holder.memory.kv_capacity = holder.memory.kv_capacity * left.min(1.0);
                    holder.memory.sequences = sequences;
                }
            }
        }
        // A request meets the drafter before the check, and attention before the feed-forward layers.
        if self.draft.as_ref().is_some_and(|draft| draft.away.is_some()) {
            others.push(holder);
            others
        } else {
            let mut all = vec![holder];
            all.append(&mut others);
            all
        }
    }

    /// What flows between the pools of the half in a step of this length; `busy` as in [`Self::pools`].
    #[must_use]
    pub fn flows(&self, step: Seconds, (batch, others): (f64, f64), busy: f64, context: Tokens) -> Vec<Flow> {
        let mut flows = Vec::new();
        if let Some(partner) = &self.partner {
            flows.extend(partner.flows(&self.turns(partner, (batch, others), context), step, busy));
        }
        if let Some(draft) = &self.draft {
            flows.extend(draft.flows(batch, step, busy));
        }
        flows
    }

    /// What is unwise about the half whatever its load, and about its balance at this one.
    #[must_use]
    pub fn warnings(&self, batch: f64, context: Tokens) -> Vec<Warning> {
        let mut warnings = self.holder.warnings();
        let mut add = |more: Vec<Warning>| {
            for warning in more {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        };
        if let Some(partner) = &self.partner {
            add(partner.side.warnings());
            let turns = self.turns(partner, (batch, self.others(batch)), context);
            let step = self.step(batch, context);
            for (role, idle) in [
                (Role::Attention, 1.0 - turns.attention_busy() / step),
                (Role::Ffn, 1.0 - turns.ffn_busy() / step),
            ] {
                if idle > 0.5 {
                    add(vec![Warning::Unbalanced { role, idle }]);
                }
            }
            if partner.connection.apart {
                add(vec![Warning::NoSharedDomain]);
            }
        }
        if let Some(away) = self.draft.as_ref().and_then(|draft| draft.away.as_ref()) {
            add(away.side.warnings());
            if away.connection.apart {
                add(vec![Warning::NoSharedDomain]);
            }
        }
        warnings
    }

    /// Lets the KV cache of arriving requests take its share of the link between attention and FFN pool: so many bytes
    /// per request of so many output tokens.
    pub(super) fn share_link(&mut self, cache: Bytes, tokens: f64) {
        // The last step of an answer yields more than is left of it.
        let tokens = tokens.max(1.0);
        let yielded = tokens * self.steps_per_token(tokens) * self.tokens_per_step();
        if let Some(partner) = &mut self.partner {
            partner.arriving = cache / yielded;
        }
    }
}

/// A wait for a part of the deployment, put down to what limits that.
fn waits(parts: &mut Vec<Part>, ops: &[Op], time: Seconds) {
    let all: Seconds = ops.iter().map(|op| op.time).sum();
    spread(parts, Cause::Wait, ops, (if all.get() > 0.0 { time / all } else { 0.0 }, time));
}

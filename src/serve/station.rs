//! A pool of equal replicas as a queueing station: how its latency follows from the rate it serves.
//!
//! Per replica, prefill is a single server: prompts take it one after another. Decode is a batch: all sequences advance
//! together, and its step grows with their number. In a colocated replica each prefill stalls running decodes for a
//! share of its time, so over a request's n output tokens after the first
//!
//! `TPOT = t_step(b) + (φ·ω − μ·s)·b/n`, `X = b/(n·TPOT)`
//!
//! with b sequences in decode (where a step yields several tokens per sequence, t_step is its time per token), ω the time
//! a prompt takes from the replica, s what it saves by sharing a step, φ and μ the engine's constants for them and X the
//! requests per second. A request meets those others who are in decode and itself, and is stalled by who comes in the
//! meantime: in an open loop b and as many as come, fewer when replicas take them in turn ([`Spacing`]); in a closed loop the
//! others as they are on average (the arrival theorem). With each token the share 1/n of the sequences ends, and the
//! prompts that take their places share steps as far as the token budget goes: ω falls and the latency of a prompt grows
//! with their number ([`super::ahead`], which also says how long prompts wait). Those who were in line behind a request when its prompt was read hold it
//! up before its first steps; of a long answer that is a small part. While a request of a closed loop is there each other user
//! asks once, so that who was waited for does not stall the answer too.
//!
//! Users of a closed loop who pause are away for the rate times the pause (Little's law).
//!
//! All of it is a steady state. A run of so many requests that all users begin at once waits longer ([`super::run`]).
//! `tests/agreement.rs` holds it against the replay.

use super::ahead::{Ahead, Meeting, Order, Others, Spacing, Stream, Wait, again, meet};
use super::half::Half;
use super::lengths::Lengths;
use super::outcome::Warning;
use super::replica::Prefill;
use super::scheduler::Scheduler;
use crate::machine::EngineRow;
use crate::scenario::traffic::Routing;
use crate::scenario::{Load, Scenario};
use crate::units::{Seconds, Tokens};

/// Share of the capacity from which on an open loop counts as saturated: waits grow without bound beyond.
pub const SATURATED: f64 = 0.98;

/// What one replica does with the workload at hand.
#[derive(Clone, Debug)]
pub struct Station<'a, 'b> {
    /// The decode side.
    pub half: &'b Half<'a>,
    /// Number of decode replicas.
    pub replicas: f64,
    /// Cost of a prompt; none where the pool does not prefill.
    pub prefill: Option<Prefill>,
    /// Time that a prompt keeps a draft pool of its own from drafting.
    pub drafter_prompt: Seconds,
    /// Time by which prompts of other replicas that share a pool hold it up, beyond what is charged to each replica's own: a user
    /// alone on a replica meets so many sequences fewer there than users of others are.
    pub prompt_elsewhere: Seconds,
    /// Output tokens after the first; 0 where the pool does not decode.
    pub tokens: f64,
    /// Mean tokens in the cache of a sequence in decode.
    pub context: Tokens,
    /// Sequences one replica can hold.
    pub fits: f64,
    /// Whether the engine takes prompts and decode into the same step.
    pub mixes: bool,
    /// How arrivals are spaced in an open loop; none in a closed one.
    pub spacing: Option<Spacing>,
    /// In a closed loop, the share of a replica's sequences in decode that one of them meets beside its own: those of the
    /// other users. None where the users are not known, or so many that one more is none.
    pub meets: Option<f64>,
    /// In a closed loop, the share of all sequences in decode that are others to one of them.
    pub others: f64,
    /// Those users, of each replica.
    pub users: f64,
    /// Time from the end of an answer until its user's next request, in a closed loop.
    pub pause: Seconds,
    /// How much the lengths of answers scatter, in mean lengths.
    pub scatter: f64,
    /// How much the pauses do, in seconds.
    pub pause_scatter: f64,
    /// How much the room that a sequence takes varies: its squared coefficient of variation.
    pub uneven: f64,
}

/// A replica at a certain number of sequences in decode.
#[derive(Clone, Copy, Debug)]
pub struct Operating {
    /// Sequences in decode, on average over time.
    pub batch: f64,
    /// Sequences in decode as one of them sees it, itself included: more than on average where they come at random.
    pub company: f64,
    /// Time of a decode step without prompts in between.
    pub step: Seconds,
    /// Time per output token.
    pub tpot: Seconds,
    /// Requests per second of one replica.
    pub rate: f64,
    /// Prompts that share a step of a rank.
    pub together: f64,
    /// Time a prompt takes from the replica; nothing where the pool does not prefill.
    pub occupancy: f64,
    /// Time by which a prompt holds decode up.
    pub stall: f64,
    /// Of that, what a draft pool takes for it, after its first token.
    pub beside: f64,
    /// What a prompt finds before it.
    pub ahead: Ahead,
}

impl Operating {
    /// Share of a replica's time that prefill takes.
    #[must_use]
    pub(super) fn prefill_load(&self) -> f64 {
        self.rate * self.occupancy
    }
}

impl<'a, 'b> Station<'a, 'b> {
    /// The decode side as a queueing station for prompts and answers of these lengths.
    #[must_use]
    pub fn new(half: &'b Half<'a>, lengths: &Lengths) -> Self {
        Self::of(half, lengths, |own, new, past| half.bent(own, new, past))
    }

    /// The same where nobody asks how steps of some prompts grow, only those of one and of all.
    pub(super) fn unbent(half: &'b Half<'a>, lengths: &Lengths) -> Self {
        Self::of(half, lengths, |own, _, _| own)
    }

    fn of(half: &'b Half<'a>, lengths: &Lengths, bent: impl Fn(Prefill, Tokens, Tokens) -> Prefill) -> Self {
        let replica = &half.holder.settled.replica;
        let engine = half.engine().engine;
        let held = if Scheduler::evicts(engine) { lengths.context } else { lengths.isl + lengths.osl };
        let fits = replica.whole(half.fits(held));
        Self {
            half,
            replicas: half.replicas(),
            prefill: half.prefills.then(|| lengths.prefill(|new, past| half.prefill(new, past), bent)),
            drafter_prompt: half.drafter_prompt(lengths.new, lengths.past),
            prompt_elsewhere: half.prompt_elsewhere(lengths.new, lengths.past),
            tokens: lengths.tokens,
            context: lengths.context,
            fits: fits.min(replica.most()).max(1.0),
            mixes: half.holder.settled.replica.flags().mixed.unwrap_or_else(|| Scheduler::mixes(engine)),
            spacing: None,
            meets: None,
            others: 1.0,
            users: 1.0,
            pause: Seconds::ZERO,
            scatter: lengths.scatter,
            pause_scatter: 0.0,
            // Where places are counted all sequences are alike.
            uneven: if fits < replica.most() { lengths.uneven(Scheduler::evicts(engine)) } else { 0.0 },
        }
    }

    /// The same where it is full, whatever the load that filled it: of others, or of sequences of which one meets such a share.
    pub fn full(&self, meets: Option<f64>) -> Self {
        Self { spacing: None, meets, users: self.fits, ..self.clone() }
    }

    /// The same under a load: how arrivals are spaced, and whom a request meets.
    #[must_use]
    pub fn under(self, scenario: &Scenario) -> Self {
        match scenario.load {
            Load::Closed { concurrency } => {
                // Nobody is met for whom there is no room.
                let users = (concurrency / self.replicas).min(self.fits);
                let pause_scatter = scenario.traffic.pause_scatter().get();
                let own = all_but_one(users);
                let dealt = all_but_one(users * self.replicas) - own;
                let meets = Some(own + self.shuffled(scenario) * dealt);
                let others = all_but_one(concurrency);
                Self { meets, users, others, pause: scenario.pause(), pause_scatter, ..self }
            }
            Load::Open { cv, .. } => Self { spacing: Some(Spacing::new(cv, self.replicas)), ..self },
        }
    }

    /// How far users of replicas that take requests in turn change places, 0 to 1: with answers of equal length each comes back to
    /// the replica that it has just left and meets the same others; with lengths that scatter by more than a tenth, as many of all
    /// users as there are to each replica.
    fn shuffled(&self, scenario: &Scenario) -> f64 {
        if scenario.traffic.routing != Routing::RoundRobin {
            return 0.0;
        }
        let apart = self.scatter / 12.0_f64.sqrt();
        apart * apart / (0.01 + apart * apart)
    }

    /// What becomes of users whose answers have equal length.
    #[must_use]
    pub(super) const fn order(&self) -> Order {
        if self.mixes { Order::Stepped } else { Order::Bunched }
    }

    /// The engine's constants.
    #[must_use]
    pub fn engine(&self) -> &'a EngineRow {
        self.half.engine()
    }

    /// Time that flags keep a prompt from being read, at this point.
    #[must_use]
    pub fn held(&self, at: &Operating) -> Seconds {
        let replica = &self.half.holder.settled.replica;
        at.tpot * replica.flags().held((at.batch, at.ahead.decoding), replica.ranks(), self.tokens)
    }

    /// What to say when more users want a place in a step than there are: the flag or the cache keeps them out.
    #[must_use]
    pub fn crowded(&self, wanted: f64) -> Warning {
        let role = self.half.holder.role;
        let most = self.half.holder.settled.replica.most();
        if self.fits >= most {
            Warning::SequencesLimited { role, most, wanted }
        } else {
            Warning::KvLimited { role, fits: self.fits, wanted }
        }
    }

    /// The replica with so many sequences in decode.
    #[must_use]
    pub fn at(&self, batch: f64) -> Operating {
        let Some(spacing) = self.spacing else {
            return match self.meets {
                None => self.meeting(batch, (batch.max(1.0), batch), 1.0),
                Some(share) => {
                    let others = batch * share;
                    // Whether any of so many is there, when each is with the same probability.
                    let (each, count) = (batch / self.users.max(1.0), self.users.max(1.0) * share);
                    let decoding =
                        if count > 0.0 { others / (1.0 + (count - 1.0).max(0.0) * each) } else { 0.0 };
                    self.meeting(batch, (1.0 + others, others), decoding.min(1.0))
                }
            };
        };
        // Nobody is met for whom there is no room.
        let most = (self.fits - 1.0).max(0.0);
        // Who comes finds somebody else in decode.
        let decoding = -libm::expm1(-batch);
        let met = |spacing: Spacing| {
            // Whoever is in decode counts itself.
            let company = 1.0 + spacing.others(batch).min(most);
            self.meeting(batch, (company, spacing.arrivals(batch).min(most)), decoding)
        };
        // Prompts that queue for prefill leave it one right after another, however evenly they came.
        let Spacing(even) = spacing;
        let own = met(spacing);
        let load = own.prefill_load().min(1.0);
        if even.abs() * load > 0.0 { met(Spacing(even * (1.0 - load))) } else { own }
    }

    /// The replica with so many sequences in decode on average, of which one of them meets so many, itself included, while
    /// so many others come for each token of the answer, and this probability that somebody else is in decode.
    fn meeting(&self, batch: f64, (company, arrivals): (f64, f64), decoding: f64) -> Operating {
        let tokens_per_step = self.half.tokens_per_step();
        let engine = self.engine();
        let step = self.half.step_among((company, self.half.others(batch)), self.context);
        // With each token the share 1/n of the sequences ends, and as many prompts take their places.
        let prompts = arrivals / self.tokens;
        let of = |rate: f64, tpot: f64| Operating {
            batch,
            company,
            step,
            tpot: Seconds::new(tpot),
            rate,
            together: 1.0,
            occupancy: 0.0,
            stall: 0.0,
            beside: self.drafter_prompt.get(),
            ahead: Ahead { without: step.get(), decoding, ..Ahead::NONE },
        };
        let plain = step.get() * self.half.steps_per_token(self.tokens)
            + self.prompt_elsewhere.get() * (batch - arrivals).max(0.0) * self.others / self.tokens;
        let Some(prefill) = self.prefill else {
            let tpot = plain + self.drafter_prompt.get() * prompts;
            let at = of(batch / (self.tokens * tpot), tpot);
            return Operating { ahead: Ahead { come: prompts * tokens_per_step, ..at.ahead }, ..at };
        };
        let delay = if self.spacing.is_some() { f64::INFINITY } else { (engine.request + self.pause).get() };
        let come = prompts * tokens_per_step;
        let (met, again) = if self.spacing.is_some() { (1.0, 0.0) } else { self.met(come, step, &prefill) };
        let how = Meeting {
            step: step.get(),
            interference: engine.interference,
            mixing: engine.mixing,
            mixes: self.mixes,
            decoding,
            beside: self.drafter_prompt.get(),
            delay,
            in_step: 1.0 / self.replicas,
            met,
            again,
        };
        let (group, stall) = meet(&prefill, come, &how);
        let together = prefill.on_rank(group);
        let occupancy = prefill.occupancy_of(together).get();
        // Without others in decode nothing is held up but prompts.
        let taken = occupancy + decoding * (stall - occupancy);
        let goes_on = if self.mixes { decoding * step.get() * prefill.chunks } else { 0.0 };
        let most = if prefill.chunks > 1.0 { prefill.ranks } else { prefill.most * prefill.ranks };
        let least = prefill.occupancy_of(most / prefill.ranks).get() + decoding * (stall - occupancy);
        let ahead = Ahead {
            group,
            with: goes_on + taken * group,
            without: step.get(),
            decoding,
            most,
            full: goes_on + least * most,
            variation: prefill.variation / group,
            goes_on: if self.mixes { prefill.chunks } else { 0.0 },
            marginal: engine.interference * prefill.marginal(group).get(),
            reads: if self.mixes { (come / group).min(1.0) } else { -libm::expm1(-come) },
            delay,
            in_step: 1.0 / self.replicas,
            come: if self.spacing.is_some() { 0.0 } else { come },
            beside: self.drafter_prompt.get(),
        };
        let held_up = ahead.held_up((step.get(), stall), come, self.tokens.max(1.0) / tokens_per_step);
        let at = |stalled: f64| {
            let tpot = plain + stalled / self.tokens;
            Operating { together, occupancy, stall, ahead, ..of(batch / (self.tokens * tpot), tpot) }
        };
        let held_up = held_up * self.tokens.min(1.0);
        let own = at(stall * arrivals + held_up);
        // Who is not held up is so by no more than all.
        if stall <= 0.0 || held_up <= 0.0 {
            return own;
        }
        match self.in_line_behind(&own, arrivals) {
            Some(most) if held_up > stall * most => at(stall * (arrivals + most)),
            _ => own,
        }
    }

    /// Prompts in line behind one that has been read, at most. While a request of a closed loop is there each other user asks
    /// once on average: before it, behind it, or while it decodes.
    fn in_line_behind(&self, at: &Operating, arrivals: f64) -> Option<f64> {
        let others = match (self.spacing, self.meets) {
            (Some(_), _) => return None,
            (None, Some(share)) => self.users.max(1.0) * share,
            (None, None) => self.fits - 1.0,
        };
        let stream = Stream { rate: at.rate, replicas: self.replicas, cv: 1.0 };
        let before = self.settled(at, 1.0 + others, &stream);
        let waited = before.wait.queue / at.ahead.service().max(1e-12);
        Some((others - arrivals - waited).max(0.0))
    }

    /// Users of a closed loop who come together once all have met who do, where so many others come per decode step, and how
    /// much each round is like the one before.
    ///
    /// Answers of equal length keep their distance in steps. But while one prompt is read, the next ones of all come in line whose
    /// answers have ended within the delay before; they begin together from then on, and end together. Where prompts go
    /// first, so do all that come while prompts are read.
    fn met(&self, come: f64, step: Seconds, prefill: &Prefill) -> (f64, f64) {
        let step = step.get().max(1e-9);
        let delay = (self.engine().request + self.pause).get();
        let taken = come * prefill.occupancy.get();
        let load = (taken / (step + taken)).min(0.8);
        // The delay covers fewer steps where a long one falls into it, so that distances in steps change until they are
        // twice that. Where prompts go first, those who came while prompts were read have met at the beginning. Replicas that
        // take their turns share who comes together.
        let met = if self.mixes {
            1.0 + 2.0 * come * (1.0 + delay / step)
        } else {
            (1.0 + 2.0 * come * delay / step) / (1.0 - load)
        };
        let met = 1.0 + (met - 1.0) / self.replicas;
        let spread = self.scatter * self.tokens * (step + taken) / self.half.tokens_per_step();
        let reading = prefill.occupancy.get().max(step);
        (met, again(reading, spread + self.pause_scatter))
    }

    /// Whom one of so many users of a replica meets once they have settled. Nobody waits for those who are in decode
    /// meanwhile, unless they come together each time.
    #[must_use]
    pub(super) fn settled(&self, at: &Operating, users: f64, stream: &Stream) -> Others {
        let again = self.again(at.ahead.with, at.tpot);
        let (wait, read) = at.ahead.settled_wait(users, stream, again, self.order());
        let (others, service) = ((users - 1.0).max(0.0), at.ahead.service());
        let in_decode = at.batch * others / users.max(1.0);
        let in_line = others - in_decode + at.rate * service;
        let most = in_line.max(again * others / 2.0) * service;
        Others { wait: Wait { queue: wait.queue.min(most), ..wait }, read }
    }

    /// How much each round of a closed loop is like the one before, where prompts are read in so much time.
    #[must_use]
    pub(super) fn again(&self, reading: f64, tpot: Seconds) -> f64 {
        again(reading, self.dispersion(tpot))
    }

    /// Seconds over which the returns of users who were read together spread, by scattered lengths and pauses.
    #[must_use]
    pub(super) fn dispersion(&self, tpot: Seconds) -> f64 {
        self.scatter * self.tokens * tpot.get() + self.pause_scatter
    }
}

/// Of so many users the share that are others to one of them.
pub(super) fn all_but_one(users: f64) -> f64 {
    (1.0 - 1.0 / users).max(0.0)
}

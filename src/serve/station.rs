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
//! up before its first steps; of a long answer that is a small part.
//!
//! Users of a closed loop who pause are away for the rate times the pause (Little's law).
//!
//! All of it is a steady state: the start of a run, when all its users begin at once, is none of it.
//! `tests/agreement.rs` holds it against the replay.

use super::ahead::{Ahead, Meeting, meet};
use super::half::Half;
use super::lengths::Lengths;
use super::replica::Prefill;
use super::scheduler::Scheduler;
use crate::machine::EngineRow;
use crate::scenario::Load;
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
    /// Time from the end of an answer until its user's next request, in a closed loop.
    pub pause: Seconds,
}

/// How much more evenly than at random requests come to one replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing(f64);

impl Spacing {
    /// Of gaps with this coefficient of variation, dealt to so many replicas in turn.
    #[must_use]
    pub fn new(cv: f64, replicas: f64) -> Self {
        Self((1.0 - cv * cv / replicas.max(1.0)) / 2.0)
    }

    /// Mean arrivals while a request stays, if `batch` of them are there on average: as many for Poisson arrivals, fewer
    /// the more evenly they come. The renewal function, with its slope at 0 and its asymptote.
    fn arrivals(self, batch: f64) -> f64 {
        let Self(even) = self;
        if even.abs() < 1e-9 { batch } else { batch - even * (1.0 - libm::exp(-batch / even.abs())) }
    }

    /// Mean number of requests that one shares its stay with: the mean of arrivals before and after it.
    fn others(self, batch: f64) -> f64 {
        let Self(even) = self;
        if even.abs() < 1e-9 || batch <= 0.0 {
            return batch.max(0.0);
        }
        let fade = even.abs() / batch * (1.0 - libm::exp(-batch / even.abs()));
        batch - 2.0 * even * (1.0 - fade)
    }
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
        Self {
            half,
            replicas: half.replicas(),
            prefill: half.prefills.then(|| lengths.prefill(|new, past| half.prefill(new, past))),
            drafter_prompt: half.drafter_prompt(lengths.new, lengths.past),
            tokens: lengths.tokens,
            context: lengths.context,
            fits: half.holder.settled.replica.whole(half.fits(lengths.context)).max(1.0),
            mixes: Scheduler::mixes(half.engine().engine),
            spacing: None,
            meets: None,
            pause: Seconds::ZERO,
        }
    }

    /// The same under a load: how arrivals are spaced, and whom a request meets.
    #[must_use]
    pub fn under(self, load: Load, pause: Seconds) -> Self {
        match load {
            Load::Closed { concurrency } => {
                let meets = Some((1.0 - self.replicas / concurrency).max(0.0));
                Self { meets, pause, ..self }
            }
            Load::Open { cv, .. } => Self { spacing: Some(Spacing::new(cv, self.replicas)), ..self },
        }
    }

    /// The engine's constants.
    #[must_use]
    pub fn engine(&self) -> &'a EngineRow {
        self.half.engine()
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
                    let (each, count) = (batch * (1.0 - share), share / (1.0 - share).max(1e-9));
                    let decoding = if count > 0.0 { others / (1.0 + (count - 1.0).max(0.0) * each) } else { 0.0 };
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
        let step = self.half.step(company, self.context);
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
            ahead: Ahead { without: step.get(), decoding, ..Ahead::NONE },
        };
        let plain = step.get() / tokens_per_step;
        let Some(prefill) = self.prefill else {
            let tpot = plain + self.drafter_prompt.get() * prompts;
            return of(batch / (self.tokens * tpot), tpot);
        };
        let delay = engine.request.get() + self.pause.get();
        let how = Meeting {
            step: step.get(),
            interference: engine.interference,
            mixing: engine.mixing,
            mixes: self.mixes,
            decoding,
            beside: self.drafter_prompt.get(),
            // Answers end with steps; the later the next prompt follows, the less that tells.
            bound: if self.spacing.is_some() { 0.0 } else { 1.0 / (1.0 + delay / step.get().max(1e-9)) },
        };
        let come = prompts * tokens_per_step;
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
        };
        let tpot = plain + stall * prompts;
        let others = come / (step.get() + stall * come);
        // Those in line when a prompt has been read, beyond as many as come during steps without it.
        let behind = ahead.behind(others, step.get() + if self.mixes { stall * come } else { 0.0 });
        let held_up = stall * behind / (1.0 - (others * stall).min(0.9));
        let tpot = tpot + held_up / self.tokens.max(1.0);
        Operating { together, occupancy, stall, ahead, ..of(batch / (self.tokens * tpot), tpot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_arrivals_meet_fewer() {
        // Poisson to one replica: exactly b. Arrivals at equal gaps: none while b < 1 stays short.
        let (poisson, dealt) = (Spacing::new(1.0, 1.0), Spacing::new(1.0, 8.0));
        assert!((poisson.arrivals(0.3) - 0.3).abs() < 1e-12 && (poisson.others(0.3) - 0.3).abs() < 1e-12);
        // Gamma gaps of cv² 1/8: eight Poisson arrivals make one. P(at least 8 of mean 2.4) = 0.0033.
        assert!(dealt.arrivals(0.3) < 0.1);
        // Many: b − (1 − cv²)/2.
        assert!((dealt.arrivals(20.0) - (20.0 - 7.0 / 16.0)).abs() < 1e-9);
        assert!((dealt.others(1e6) - (1e6 - 7.0 / 8.0)).abs() < 1e-3);
        assert!(Spacing::new(3.0, 1.0).arrivals(1.0) > 1.0);
    }
}

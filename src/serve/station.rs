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
//! requests per second. That is for a closed loop. In an open one b is a mean over time, while a request in decode meets
//! those others and itself, and is stalled by who arrives in the meantime: b for Poisson arrivals, fewer when replicas
//! take them in turn ([`Spacing`]). With each token the share 1/n of the sequences ends, and the prompts that take their
//! places share the next step as far as its token budget goes: ω falls and the latency of a prompt grows with their
//! number ([`Prefill::together`]). Waiting for the prefill server follows M/D/1 for Poisson arrivals and Allen–Cunneen
//! for others; in a closed loop nobody waits for more prompts than there are other users.
//!
//! Users of a closed loop who pause are away for the rate times the pause (Little's law), and meet the others as they are
//! on average (the arrival theorem).
//!
//! A service that has run for long has left its start behind; its time is the settled one, which follows from what the steps
//! of the replica say ([`Ahead`]): what is in the way of a prompt, how prompts vary, and how much each round is like the one
//! before. A run of so many requests that all users begin at once waits longer ([`super::run`]). An open loop has no start
//! and is told by the same. `tests/agreement.rs` holds both against the replay.

use super::half::Half;
use super::lengths::Lengths;
use super::outcome::Warning;
use super::replica::Prefill;
use super::scheduler::Scheduler;
use crate::machine::EngineRow;
use crate::scenario::Load;
use crate::units::{Seconds, Tokens, power};

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
    /// Whose prompts stall a sequence, as a share of all: nobody stalls on their own, so none for a user alone in the
    /// deployment. From two users on the fitted constants account for it.
    pub others: f64,
    /// Where users of a closed loop pause at random, the share of a replica's sequences in decode that one of them meets
    /// beside its own: those of the other users. None where they don't pause and all are there all the time.
    pub meets: Option<f64>,
}

/// [`Station::others`] of a closed loop of so many users.
fn others(users: f64) -> f64 {
    (users - 1.0).clamp(0.0, 1.0)
}

/// [`Station::meets`] with so many users of a replica, who pause for some time.
fn meets(users: f64, pause: Seconds) -> Option<f64> {
    (pause > Seconds::ZERO).then(|| (1.0 - 1.0 / users).max(0.0))
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
    /// Prompts that share a step with this one, itself included.
    pub together: f64,
    /// Time a prompt takes from the replica; nothing where the pool does not prefill.
    pub occupancy: f64,
    /// Whether a decode step is under way, as a share of time.
    pub decoding: f64,
    /// What a prompt puts in the way of those behind it.
    pub ahead: Ahead,
}

/// What a prompt puts in the way of the prompts behind it: the time that it takes from decode, and where the engine mixes
/// them the decode steps that its pieces are part of.
#[derive(Clone, Copy, Debug)]
pub struct Ahead {
    /// Time that each takes.
    pub service: f64,
    /// Its squared coefficient of variation.
    pub variation: f64,
    /// Decode steps between the pieces of a prompt that the budget cuts, in time.
    pub between: f64,
    /// Where the same replica decodes, its steps.
    pub steps: Option<StepsAround>,
}

/// Steps of a replica that reads prompts and decodes.
#[derive(Clone, Copy, Debug)]
pub struct StepsAround {
    /// Time of a step with prompts.
    pub with: f64,
    /// Time of a step without.
    pub without: f64,
    /// Whether decode goes on in a step with prompts.
    pub mixes: bool,
    /// From the end of an answer until its user's next prompt is in line.
    pub delay: f64,
}

impl StepsAround {
    /// Share of the users who come while prompts are read, which takes this share of time. Answers end with steps, and
    /// steps with prompts are longer, so that fewer end during those; the later the next prompt follows, the less that
    /// tells.
    fn met(&self, load: f64) -> f64 {
        if !self.mixes {
            // Prompts go first and are read in a row: the replay bears out the plain share of time.
            return load;
        }
        let ending = load / self.with;
        let share = ending / (ending + (1.0 - load) / self.without);
        share + (load - share) * -libm::expm1(-self.delay / self.with)
    }
}

impl Ahead {
    /// Mean wait in an open loop: at so many replicas that take their turns, for so many requests a second each, whose gaps
    /// have this coefficient of variation. What services vary by no other replica evens out.
    #[must_use]
    pub(super) fn open_wait(&self, replicas: f64, rate: f64, cv: f64) -> f64 {
        let load = (rate * self.service).clamp(0.0, 0.999_999);
        self.between
            + allen_cunneen(self.service, replicas, load, cv)
            + self.variation / 2.0 * load / (1.0 - load) * self.service
    }

    /// Share of time in which no prompt is being read, at so many requests a second of a replica.
    #[must_use]
    pub fn idle(&self, rate: f64) -> f64 {
        (1.0 - rate * self.service).clamp(0.0, 1.0)
    }

    /// How much each round of a closed loop is like the one before, 0 to 1, when returns spread over so much time.
    #[must_use]
    pub fn again(&self, dispersion: f64) -> f64 {
        let (same, spread) = (self.service * self.service, dispersion * dispersion);
        if same > 0.0 { same / (same + spread) } else { 0.0 }
    }

    /// Mean wait of the users of a closed loop who have settled, so many on each of the replicas, which serve this rate
    /// each: arrivals are as random as they get among finitely many, and who comes does not meet itself. The less their
    /// returns spread (`dispersion`, in time), the more each round is like the one before.
    #[must_use]
    pub(super) fn settled_wait(
        &self,
        users: f64,
        replicas: f64,
        rate: f64,
        dispersion: f64,
        order: Order,
    ) -> f64 {
        let all = users * replicas;
        let load = (rate * self.service * (1.0 - 1.0 / all.max(1.0))).clamp(0.0, 0.999_999);
        let met = self.steps.map_or(load, |steps| steps.met(load));
        let random = self.open_wait(replicas, load / self.service.max(1e-12), 1.0) - self.between;
        let random = if load > 0.0 { random * (met / load).min(1.0) } else { random };
        let again = self.again(dispersion);
        let ordered = match order {
            // Those that once queued come spaced as they were read, and don't queue again.
            Order::Kept => 0.0,
            // Those read one after another end one step after another, and so queue again: everybody is in the busy
            // period of the first round for ever. Of those seen by a request the mean size is 1/(1 - load)^2 (Borel). The
            // load of that round is somewhere between its share of time and what those who come see of it.
            Order::Bunched => {
                let idle = 1.0 - f64::midpoint(load, met);
                (1.0 / (idle * idle) - 1.0) / 2.0 * self.service
            }
        };
        let wait = again * ordered + (1.0 - again) * random;
        self.between + wait.min((users - 1.0).max(0.0) / 2.0 * self.service)
    }
}

/// What becomes of users whose answers have equal length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Their distance in time stays, as decode goes on while prompts are read elsewhere.
    Kept,
    /// Decode stands still while prompts are read, or takes one step with each.
    Bunched,
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
        let replica = &half.holder.settled.replica;
        Self {
            half,
            replicas: half.replicas(),
            prefill: half.prefills.then(|| lengths.prefill(|new, past| half.prefill(new, past))),
            drafter_prompt: half.drafter_prompt(lengths.new, lengths.past),
            tokens: lengths.tokens,
            context: lengths.context,
            fits: replica.whole(half.fits(lengths.context)).min(replica.most()).max(1.0),
            mixes: Scheduler::mixes(half.engine().engine),
            spacing: None,
            others: 1.0,
            meets: None,
        }
    }

    /// The same under a load: how arrivals are spaced, and whom a request meets.
    #[must_use]
    pub fn under(self, load: Load, pause: Seconds) -> Self {
        match load {
            Load::Closed { concurrency } => {
                Self { others: others(concurrency), meets: meets(concurrency / self.replicas, pause), ..self }
            }
            Load::Open { cv, .. } => Self { spacing: Some(Spacing::new(cv, self.replicas)), ..self },
        }
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
        at.tpot * replica.flags().held((at.batch, at.decoding), replica.ranks(), self.tokens)
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
        let tokens_per_step = self.half.tokens_per_step();
        let prefill = self.prefill.unwrap_or(Prefill::NONE);
        let at = |company: f64, arrivals: f64| {
            let step = self.half.step(company, self.context);
            // With each token the share 1/n of the sequences ends, and as many prompts take their places.
            let prompts = arrivals / self.tokens;
            let together = prefill.together(prompts * tokens_per_step);
            let occupancy = prefill.occupancy_of(together).get();
            let saved = prefill.saved(together, step).get() * self.engine().mixing;
            let stall = self.engine().interference * occupancy - saved + self.drafter_prompt.get();
            let tpot = step / tokens_per_step + Seconds::new(stall * prompts * self.others);
            // Who comes finds somebody else in decode.
            let decoding = if self.spacing.is_some() { -libm::expm1(-batch) } else { self.others };
            let in_step = prefill.in_step(prompts * tokens_per_step);
            let mixed = if self.mixes { step.get() * prefill.chunks / in_step } else { 0.0 };
            let ahead = Ahead {
                service: occupancy + decoding * (stall - occupancy + mixed),
                variation: prefill.variation / together,
                between: if self.mixes { decoding * step.get() * (prefill.chunks - 1.0) } else { 0.0 },
                steps: None,
            };
            let engine = self.engine();
            let around = StepsAround {
                with: (ahead.service * in_step / prefill.chunks).max(step.get()),
                without: step.get().max(1e-12),
                mixes: self.mixes,
                delay: engine.request.get(),
            };
            let ahead = Ahead { steps: (decoding > 0.0).then_some(around), ..ahead };
            Operating {
                batch,
                company,
                step,
                tpot,
                rate: batch / (self.tokens * tpot.get()),
                together,
                occupancy,
                decoding,
                ahead,
            }
        };
        let Some(spacing) = self.spacing else {
            return match self.meets {
                None => at(batch, batch),
                // Whoever comes sees the others as they are on average (the arrival theorem), and joins them.
                Some(share) => at(1.0 + batch * share, batch * share),
            };
        };
        // Nobody is met for whom there is no room.
        let most = (self.fits - 1.0).max(0.0);
        let met = |spacing: Spacing| {
            // Whoever is in decode counts itself.
            at(1.0 + spacing.others(batch).min(most), spacing.arrivals(batch).min(most))
        };
        // Prompts that queue for prefill leave it one right after another, however evenly they came.
        let Spacing(even) = spacing;
        let own = met(spacing);
        let load = own.prefill_load().min(1.0);
        if even.abs() * load > 0.0 { met(Spacing(even * (1.0 - load))) } else { own }
    }
}

/// Mean wait for one of `servers` that each take `service`, at utilisation `load`, when the gaps between arrivals have
/// coefficient of variation `cv` and services do not vary (Allen–Cunneen; exact as M/D/1 for one server and cv 1).
#[must_use]
pub(super) fn allen_cunneen(service: f64, servers: f64, load: f64, cv: f64) -> f64 {
    let load = load.clamp(0.0, 0.999_999);
    let exponent = (2.0 * (servers + 1.0)).sqrt() - 1.0;
    cv * cv / 2.0 * power(load, exponent) / (servers * (1.0 - load)) * service
}

/// By how much less is waited where arrivals, whose gaps have this squared coefficient of variation, are more even than at
/// random (Kraemer and Langenbach-Belz 1976).
#[must_use]
pub fn even(arrivals: f64, services: f64, load: f64) -> f64 {
    if arrivals >= 1.0 {
        return 1.0;
    }
    let load = load.clamp(1e-6, 0.999_999);
    let short = (1.0 - arrivals) * (1.0 - arrivals) / (arrivals + services).max(1e-6);
    libm::exp(-2.0 * (1.0 - load) / (3.0 * load) * short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_with_poisson_arrivals_is_m_d_1() {
        // M/D/1: W = ρ·s / (2(1 − ρ)).
        for load in [0.1, 0.5, 0.9] {
            let theory = load * 2.0 / (2.0 * (1.0 - load));
            assert!((allen_cunneen(2.0, 1.0, load, 1.0) - theory).abs() < 1e-9);
        }
    }

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

    #[test]
    fn more_servers_wait_less() {
        assert!(allen_cunneen(1.0, 4.0, 0.8, 1.0) < allen_cunneen(1.0, 1.0, 0.8, 1.0));
    }
}

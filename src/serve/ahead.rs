//! What is in the way of a prompt at a replica that reads prompts, and how long it waits for that.
//!
//! Engines read prompts in steps: all that have come since the last step began and that the token budget takes are read
//! together, and whoever comes meanwhile waits for the step to end. So a wait has two parts: the rest of the step that is
//! under way, and further steps where more prompts are in line than a step takes.
//!
//! - The rest of a step: half of a step with prompts, as likely as prompts take time, else half of a decode step. (Of
//!   Poisson arrivals each meets what there is on average over time.)
//! - Further steps: none where a step takes all. Where it takes one, the wait is that of M/G/1 whose server goes on a vacation
//!   of a decode step whenever nobody is in line: with load ρ and reading time S,
//!   `ρ·S/(2(1 − ρ))` and half a decode step (decomposition, Fuhrmann and Cooper 1985). Steps that take m prompts stand in
//!   between; as for m servers, the power of the load is `√(2(m + 1)) − 1` (Sakasegawa 1977).
//!
//! How many are read together ([`meet`]) follows from what comes while a step lasts, where steps with prompts last longer:
//! with probability p of some prompt coming during a step without prompts and p′ during one with them, prompts are in
//! `p/(1 + p − p′)` of the steps of an engine that mixes prompts and decode, and in `p/(1 − p′)` steps after each decode step
//! of one that reads until nobody is in line.
//!
//! In a closed loop nobody waits for themselves: users meet the service as the others left it, and never more prompts in
//! line than there are others.

use super::replica::Prefill;
use crate::units::{Seconds, power};

/// What a prompt finds before it.
#[derive(Clone, Copy, Debug)]
pub struct Ahead {
    /// Prompts that are read together, over all ranks.
    pub group: f64,
    /// Time that their reading takes, with the decode steps that go on meanwhile.
    pub with: f64,
    /// Time of a decode step without prompts.
    pub without: f64,
    /// Whether a decode step is under way where no prompt is read, as a share of time.
    pub decoding: f64,
    /// Most prompts that are read together.
    pub most: f64,
    /// Time that so many take.
    pub full: f64,
    /// How much the time of a group varies: its squared coefficient of variation.
    pub variation: f64,
    /// Decode steps that go on while they are read: as many as the pieces that the token budget cuts a prompt into, or none
    /// where prompts go first.
    pub goes_on: f64,
}

/// The two parts of a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wait {
    /// For a decode step that is under way.
    pub step: f64,
    /// For prompts of others.
    pub queue: f64,
}

/// How arrivals come to a replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Requests a second of the replica.
    pub rate: f64,
    /// Replicas that take their turns.
    pub replicas: f64,
    /// Coefficient of variation of the gaps between all arrivals.
    pub cv: f64,
}

impl Ahead {
    /// Nothing.
    pub const NONE: Self = Self {
        group: 1.0,
        with: 0.0,
        without: 0.0,
        decoding: 0.0,
        most: 1.0,
        full: 0.0,
        variation: 0.0,
        goes_on: 0.0,
    };

    /// Time that each prompt takes.
    #[must_use]
    pub fn service(&self) -> f64 {
        self.with / self.group
    }

    /// Share of time in which prompts are being read.
    #[must_use]
    pub fn load(&self, rate: f64) -> f64 {
        (rate * self.service()).clamp(0.0, FULL)
    }

    /// Prompts that are read together with one that comes, itself included: it finds longer steps more often than there are.
    #[must_use]
    pub(super) fn company(&self, rate: f64) -> f64 {
        let load = self.load(rate);
        let lasts = load * self.with + (1.0 - load) * self.decoding * self.without;
        (1.0 + rate * lasts).min(self.most)
    }

    /// Mean wait of those who come in such a stream.
    #[must_use]
    pub(super) fn wait(&self, stream: &Stream) -> Wait {
        let Stream { rate, replicas, cv } = *stream;
        let load = self.load(rate);
        // Replicas that take their turns, and gaps that vary less, even arrivals out; but not what the prompts vary.
        let turns = if replicas > 1.0 {
            power(load, (2.0 * (replicas + 1.0)).sqrt() - 2.0) / replicas
        } else {
            1.0
        };
        let even = cv * cv * turns;
        let plain = self.decoding * self.without / 2.0;
        let step = (1.0 - load * even.min(1.0)) * plain;
        let reading = load * self.with / 2.0;
        let more = further(rate * self.full / self.most, self.most);
        let queue = reading + more * ((1.0 - load) * plain + reading);
        Wait { step, queue: even * queue + reading * self.variation * (1.0 + more) }
    }

    /// Prompts in line when one has been read that came among so many a second, beyond those that come in as much time of
    /// steps of this length.
    #[must_use]
    pub(super) fn behind(&self, rate: f64, step: f64) -> f64 {
        let load = self.load(rate);
        let reading = load * self.with / 2.0;
        let more = further(rate * self.full / self.most, self.most);
        let line = more * ((1.0 - load) * self.decoding * self.without / 2.0 + reading);
        rate * (self.with + line - self.goes_on.max(1.0) * step).max(0.0)
    }

    /// Mean wait of the users of a closed loop who have settled: so many of the replica, at this rate of it. Arrivals are as
    /// random as they get among finitely many, and who comes does not meet itself. The less their returns spread
    /// (`dispersion`, in time), the more each round is like the one before.
    #[must_use]
    pub(super) fn settled_wait(&self, users: f64, stream: &Stream, dispersion: f64, order: Order) -> Wait {
        let all = (users * stream.replicas).max(1.0);
        let others = Stream { rate: stream.rate * (1.0 - 1.0 / all), ..*stream };
        let random = self.wait(&others);
        let again = self.again(dispersion);
        let load = self.load(others.rate);
        let ordered = match order {
            // Those that once queued come spaced as they were read, and don't queue again.
            Order::Kept => 0.0,
            // Those read one after another end one step after another, and so queue again: everybody is in the busy
            // period of the first round for ever. Of those seen by a request the mean size is 1/(1 - load)^2 (Borel).
            Order::Bunched => {
                let idle = 1.0 - load;
                (1.0 / (idle * idle) - 1.0) / 2.0 * self.service()
            }
        };
        let queue = again * ordered + (1.0 - again) * random.queue;
        Wait { step: random.step, queue: queue.min((users - 1.0).max(0.0) / 2.0 * self.service()) }
    }

    /// How much each round of a closed loop is like the one before, 0 to 1, when returns spread over so much time.
    #[must_use]
    pub fn again(&self, dispersion: f64) -> f64 {
        let (same, spread) = (self.service() * self.service(), dispersion * dispersion);
        if same > 0.0 { same / (same + spread) } else { 0.0 }
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

/// Load from which on waits count as if it were this.
const FULL: f64 = 0.999_999;

/// Further steps to wait for, in steps, where one takes so many.
fn further(load: f64, most: f64) -> f64 {
    let load = load.clamp(0.0, FULL);
    power(load, (2.0 * (most + 1.0)).sqrt() - 1.0) / (most * (1.0 - load))
}

/// Mean wait for one of `servers` that each take `service`, at utilisation `load`, when the gaps between arrivals have
/// coefficient of variation `cv` and services do not vary (Allen–Cunneen; exact as M/D/1 for one server and cv 1).
#[must_use]
pub(super) fn allen_cunneen(service: f64, servers: f64, load: f64, cv: f64) -> f64 {
    let load = load.clamp(0.0, FULL);
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
    let load = load.clamp(1e-6, FULL);
    let short = (1.0 - arrivals) * (1.0 - arrivals) / (arrivals + services).max(1e-6);
    libm::exp(-2.0 * (1.0 - load) / (3.0 * load) * short)
}

/// The engine's side of a meeting of prompts and decode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    /// Time of a decode step without prompts.
    pub step: f64,
    /// Share of a prompt's time by which decode is held up.
    pub interference: f64,
    /// Share of what prompts and decode both do that is saved in a step that does both.
    pub mixing: f64,
    /// Whether steps do both; else prompts go first.
    pub mixes: bool,
    /// Whether a decode step is under way where no prompt is read, as a share of time.
    pub decoding: f64,
    /// Time that a prompt holds decode up beside that.
    pub beside: f64,
    /// How far arrivals keep to steps instead of coming evenly over time, 0 to 1.
    pub bound: f64,
}

/// Prompts that are read together, over all ranks, and the time by which each holds decode up, when so many come per decode
/// step.
#[must_use]
pub(super) fn meet(prefill: &Prefill, come: f64, how: &Meeting) -> (f64, f64) {
    let most = prefill.most * prefill.ranks;
    let mut group = 1.0;
    let mut stall = how.stall(prefill, group);
    if come < 1e-9 {
        return (group, stall);
    }
    for _ in 0..3 {
        let lasts = how.step + stall * come;
        let without = come * (how.bound + (1.0 - how.bound) * how.step / lasts);
        let reading = stall * group;
        let begins = some(without);
        let steps = if how.mixes {
            let with = come * (how.bound + (1.0 - how.bound) * (how.step + reading) / lasts);
            begins / (begins + 1.0 - some(with))
        } else {
            begins / (1.0 - some((1.0 - how.bound) * come * reading / lasts)).max(1e-9)
        };
        // Where nobody is in decode, whoever comes is read at once, and the next with those who come meanwhile.
        let meanwhile = come * reading / lasts;
        let at_once = (meanwhile + 1.0 - some(meanwhile)).min(most);
        group = at_once + how.decoding * ((come / steps).clamp(1.0, most) - at_once);
        stall = how.stall(prefill, group);
    }
    (group, stall)
}

/// Prompts that share a step of a pool which only reads, at so many requests per second of each of its replicas, and what each
/// puts in the way of the others. One begins a step where none came during the last, the more seldom the more replicas
/// take arrivals in turn.
#[must_use]
pub(super) fn reading(prefill: &Prefill, replicas: f64, rate: f64) -> Ahead {
    let most = prefill.most * prefill.ranks;
    let time = |group: f64| prefill.occupancy_of(prefill.on_rank(group)).get() * group;
    let mut group = 1.0;
    for _ in 0..4 {
        let come = rate * time(group);
        let least = come.max(1.0);
        group = (least + (come + 1.0 - some(come) - least) / replicas).clamp(1.0, most);
    }
    Ahead { group, with: time(group), most, full: time(most), variation: prefill.variation / group, ..Ahead::NONE }
}

impl Meeting {
    /// Time by which each of so many prompts holds decode up.
    fn stall(&self, prefill: &Prefill, group: f64) -> f64 {
        let on_rank = prefill.on_rank(group);
        let saved = if self.mixes { prefill.saved(on_rank, Seconds::new(self.step)).get() * self.mixing } else { 0.0 };
        self.interference * prefill.occupancy_of(on_rank).get() - saved + self.beside
    }
}

/// Probability that a Poisson number with this mean is not 0, to one part in a thousand and without an exponential: of
/// `x/(1 − e^−x) = x/2 + x/2·coth(x/2)` the second part is the root of its square, `y² + (y/sinh y)²`.
fn some(mean: f64) -> f64 {
    let y = mean / 2.0;
    let square = y * y;
    mean / (y + (square + 1.0 / (1.0 + square / 3.0 + square * square * (2.0 / 45.0))).sqrt()).max(1e-12)
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
            let ahead = Ahead { with: 2.0, full: 2.0, ..Ahead::NONE };
            let stream = Stream { rate: load / 2.0, replicas: 1.0, cv: 1.0 };
            assert!((ahead.wait(&stream).queue - theory).abs() < 1e-9);
            // With a decode step of 0.3 whenever nobody is in line: half of it more.
            let wait = Ahead { without: 0.3, decoding: 1.0, ..ahead }.wait(&stream);
            assert!((wait.queue + wait.step - theory - 0.15).abs() < 1e-9);
        }
    }

    #[test]
    fn more_servers_wait_less() {
        assert!(allen_cunneen(1.0, 4.0, 0.8, 1.0) < allen_cunneen(1.0, 1.0, 0.8, 1.0));
        let ahead = Ahead { with: 1.0, full: 1.0, ..Ahead::NONE };
        let wait = |replicas| ahead.wait(&Stream { rate: 0.8, replicas, cv: 1.0 }).queue;
        assert!(wait(4.0) < wait(1.0));
    }

    #[test]
    fn nobody_waits_for_themselves() {
        let ahead = Ahead { with: 1.0, full: 1.0, ..Ahead::NONE };
        let stream = Stream { rate: 0.9, replicas: 1.0, cv: 1.0 };
        for order in [Order::Kept, Order::Bunched] {
            assert!(ahead.settled_wait(1.0, &stream, 0.0, order).queue.abs() < 1e-12);
        }
    }

    #[test]
    fn a_share_that_is_not_zero_needs_no_exponential() {
        for tenth in 1..200 {
            let mean = f64::from(tenth) / 20.0;
            let exact = -libm::expm1(-mean);
            assert!((some(mean) / exact - 1.0).abs() < 2e-3, "{mean}: {} for {exact}", some(mean));
        }
    }
}

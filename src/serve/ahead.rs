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
//!   between: the power `ρ^(2m − 1)/(m(1 − ρ))` of further steps is within 7 % of simulated ones below 80 % load, and 20 %
//!   too long where steps take two prompts that share nothing.
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
    /// Time by which one prompt more lengthens a reading.
    pub marginal: f64,
    /// Share of all steps that prompts are read in.
    pub reads: f64,
    /// From the end of an answer until its user's next prompt is in line; endless in an open loop.
    pub delay: f64,
    /// Share of prompts that follow an answer of the replica that reads them: those of others come at any time of its steps.
    pub in_step: f64,
    /// Answers of others that end with each decode step, in a closed loop.
    pub come: f64,
    /// Time that a draft pool of its own takes for a prompt, which nothing else is done in.
    pub beside: f64,
}

/// The two parts of a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wait {
    /// For a decode step that is under way.
    pub step: f64,
    /// For prompts of others.
    pub queue: f64,
}

/// What a prompt finds that comes with the end of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Stepped {
    /// How far prompts come so, 0 to 1.
    bound: f64,
    /// How long it waits.
    wait: Wait,
    /// Prompts that are read together with it, itself included.
    read: f64,
}

/// Whom a prompt meets.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    /// How long it waits for them.
    pub wait: Wait,
    /// Prompts that are read together with it, itself included.
    pub read: f64,
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

impl Stream {
    /// Of those whom one of so many users of a replica meets.
    #[must_use]
    pub fn of_others(self, users: f64) -> Self {
        Self { rate: self.rate * (1.0 - 1.0 / (users * self.replicas).max(1.0)), ..self }
    }
}

/// How much each round of a closed loop is like the one before, 0 to 1, when readings take so long and returns spread over so much
/// time.
#[must_use]
pub fn again(reading: f64, dispersion: f64) -> f64 {
    let (same, spread) = (reading * reading, dispersion * dispersion);
    if same > 0.0 { same / (same + spread) } else { 0.0 }
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
        marginal: 0.0,
        reads: 0.0,
        delay: f64::INFINITY,
        in_step: 1.0,
        come: 0.0,
        beside: 0.0,
    };

    /// Time that each prompt takes.
    #[must_use]
    pub fn service(&self) -> f64 {
        self.with / self.group
    }

    /// How far prompts keep to the steps that answers end with, 0 to 1.
    fn bound(&self) -> f64 {
        self.in_step * bound(self.delay, self.with)
    }

    /// Share of time in which prompts are being read.
    #[must_use]
    pub fn load(&self, rate: f64) -> f64 {
        (rate * self.service()).clamp(0.0, FULL)
    }

    /// By how much longer a step lasts for who comes in it than it lasts on average, because the numbers of prompts in steps
    /// that have any vary, and each number follows from the one before: `λ·b²·v/(1 − (λ·b)²)`, where b is the time that a prompt
    /// adds. Of a Poisson number that is not 0 and has mean m, v is nearly `(m − 1)/(m − 0.2)` of what it is of all.
    pub(super) fn longer(&self, rate: f64) -> f64 {
        let more = (rate * self.marginal).min(0.97);
        let vary = (self.group - 1.0) / (self.group - 0.2) * (1.0 - 1.0 / self.most);
        more * self.marginal / (1.0 - more * more) * vary
    }

    /// Prompts that are read together with one that comes, itself included: it finds longer steps more often than there are.
    #[must_use]
    pub(super) fn company(&self, stream: &Stream) -> f64 {
        let Stream { rate, replicas, cv } = *stream;
        let load = self.load(rate);
        let lasts = load * self.with + (1.0 - load) * self.decoding * self.without + self.longer(rate);
        self.taken(Spacing::new(cv, replicas).arrivals(rate * lasts))
    }

    /// Prompts of a step that has one and so many others on average in line.
    fn taken(&self, others: f64) -> f64 {
        1.0 + least(others, self.most - 1.0)
    }

    /// Mean rests of a step without prompts and of one with them, for who comes, and how often there is as much again to
    /// wait for. Who comes soon after the end of an answer, with which a step ends, has most of the next one before it; and
    /// that is one with prompts as often as there are such steps, however long they are.
    fn rests(&self, rate: f64) -> (f64, f64, f64) {
        let load = self.load(rate);
        let bound = self.bound();
        let soon = (self.reads * (1.0 + self.delay / self.without.max(1e-12))).min(load);
        let left = |lasts: f64| (1.0 - self.delay / lasts.max(1e-12)).max(0.5);
        let reads = load + bound * (soon - load);
        let owed = rate * self.beside;
        let step = (1.0 - reads - owed).max(0.0) * self.decoding * self.without * left(self.without)
            + owed * self.beside * self.group / 2.0;
        let reading = self.with * ((1.0 - bound) * load / 2.0 + bound * soon * left(self.with));
        let more = further(rate * self.full / self.most, self.most);
        (step, reading + self.longer(rate) / 2.0, more)
    }

    /// Mean wait of those who come in such a stream.
    #[must_use]
    pub(super) fn wait(&self, stream: &Stream) -> Wait {
        let Stream { rate, replicas, cv } = *stream;
        let (step, reading, more) = self.rests(rate);
        // Replicas that take their turns, and gaps that vary less, even arrivals out; but not what the prompts vary.
        let load = self.load(rate);
        let turns =
            if replicas > 1.0 { power(load, (2.0 * (replicas + 1.0)).sqrt() - 2.0) / replicas } else { 1.0 };
        let even = cv * cv * turns;
        let varied = load * self.with / 2.0 * self.variation * (1.0 + more);
        Wait { step, queue: even * (reading + more * (step + reading)) + varied }
    }

    /// Prompts in line when one has been read that came among so many a second, beyond those in line at the end of an answer,
    /// where so many come per decode step, of this length without prompts.
    fn behind(&self, rate: f64, (come, step): (f64, f64)) -> f64 {
        let (step_left, reading, more) = self.rests(rate);
        // Those who came while it was read, and while it waited for further steps.
        let (during, before) = (rate * self.with, rate * more * (step_left + reading));
        let pieces = self.goes_on;
        if pieces <= 0.0 {
            return (during + before - rate * step).max(0.0);
        }
        // An answer ends with a decode step, and in so many of them a piece of a prompt is read: on average half of the pieces
        // before it were, and half of those who come meanwhile have come.
        let mixed = (come * pieces / self.group).min(1.0);
        let unread = self.group * (pieces - 1.0) / (2.0 * pieces);
        let came = during * (pieces + 1.0) / (2.0 * pieces) + before;
        (during + before - mixed * (unread + came) - (1.0 - mixed) * rate * step).max(0.0)
    }

    /// By how much those in line when a prompt has been read hold its answer up: so many others come per decode step, and the
    /// answer takes so many steps.
    #[must_use]
    pub(super) fn held_up(&self, (step, stall): (f64, f64), come: f64, steps: f64) -> f64 {
        let lasts = step + stall * come;
        let most = come / lasts;
        let held = stall * self.behind(most, (come, step));
        // Of a long answer that is nothing.
        if held <= 1e-3 * steps * lasts {
            return held;
        }
        // Who is held up longer has met as many in more time: at the rate that both agree on, which falls with what it gives.
        let beyond = |rate: f64| rate - come / (lasts + stall * self.behind(rate, (come, step)) / steps);
        let (mut low, mut high) = (0.0, most);
        let (mut below, mut above) = (-most, beyond(most));
        for turn in 0..12 {
            if high - low <= 1e-4 * high {
                break;
            }
            // Along the chord, and in the middle where that is slow.
            let along = if turn % 3 == 2 { 0.5 } else { (-below / (above - below)).clamp(0.02, 0.98) };
            let rate = low + (high - low) * along;
            let own = beyond(rate);
            if own < 0.0 {
                (low, below) = (rate, own);
            } else {
                (high, above) = (rate, own);
            }
        }
        // By the rate, which is known better than what rises steeply with it.
        let rate = low + (high - low) * (-below / (above - below).max(1e-300)).clamp(0.0, 1.0);
        (steps * (come / rate.max(1e-12 * most) - lasts)).max(0.0)
    }

    /// Mean wait of the users of a closed loop who have settled, and how many are read together: so many users of the replica,
    /// at this rate of it. Arrivals are as random as they get among finitely many, and who comes does not meet itself. So
    /// much (`again`, 0 to 1) each round is like the one before.
    #[must_use]
    pub(super) fn settled_wait(&self, users: f64, stream: &Stream, again: f64, order: Order) -> (Wait, f64) {
        self.settled_beside(&self.stepped(), users, stream, (again, order))
    }

    /// What a prompt finds that comes with the end of an answer: the same among any number of users.
    pub(super) fn stepped(&self) -> Stepped {
        let bound = if self.come > 0.0 { self.bound() } else { 0.0 };
        let (wait, read) = self.after_steps(bound);
        Stepped { bound, wait, read }
    }

    /// The wait of users who have settled, given what they find with the end of an answer.
    pub(super) fn settled_beside(
        &self,
        stepped: &Stepped,
        users: f64,
        stream: &Stream,
        (again, order): (f64, Order),
    ) -> (Wait, f64) {
        let others = stream.of_others(users);
        let bound = stepped.bound;
        let free = self.wait(&others);
        let mix = |bound_to: f64, free: f64| bound * bound_to + (1.0 - bound) * free;
        let random =
            Wait { step: mix(stepped.wait.step, free.step), queue: mix(stepped.wait.queue, free.queue) };
        let read = mix(stepped.read, if bound < 1.0 { self.company(&others) } else { 1.0 });
        let (ordered, joined) = match order {
            // Those that once queued come spaced as they were read, and don't queue again.
            Order::Kept { joined } => (joined * random.queue, read),
            Order::Stepped | Order::Bunched if again > 0.0 => {
                self.in_step(users, stream, order, (random.queue, read))
            }
            Order::Stepped | Order::Bunched => (random.queue, read),
        };
        let queue = again * ordered + (1.0 - again) * random.queue;
        let read = again * joined + (1.0 - again) * read;
        // Nobody waits for more than all others, and the fewer they are the sooner that tells.
        let most = (users - 1.0).max(0.0) * self.service();
        let queue = if most > 0.0 { queue * most / (queue + most) } else { 0.0 };
        (Wait { step: random.step, queue }, read)
    }

    /// The wait of who comes so soon after the end of an answer that answers end with steps, and how many are read with it.
    ///
    /// Of the answers that end with a step the next prompts begin a reading together, when the delay is over. Those whose
    /// answers ended since come while it lasts, and are read next. Where decode goes on meanwhile, further answers end with
    /// each step that has prompts in it, and theirs come during the next, if that has any.
    fn after_steps(&self, bound: f64) -> (Wait, f64) {
        if bound <= 0.0 {
            return (Wait::default(), 1.0);
        }
        let (step, come) = (self.without.max(1e-12), self.come.max(1e-9));
        let ended = whole(self.delay / step, 0.0);
        let lasts =
            |prompts: f64| (self.with + self.marginal * (prompts - self.group)).max(self.with / self.group);
        let (first, next) = (come / some(come), come * ended);
        let during = come * self.goes_on;
        let load = (during / self.most).min(0.97);
        let (chain, more) = if during > 0.0 {
            let goes_on = some(during).max(power(load, self.most)).min(FULL);
            (some(next) * during / (1.0 - goes_on), further(load, self.most) / 2.0)
        } else {
            (0.0, 0.0)
        };
        let all = first + next + chain;
        let (first, next, chain) = (first / all, next / all, chain / all);
        let (opens, follows, meets) = (self.taken(come), self.taken(come * ended), self.taken(during));
        let since = step * (ended - 1.0) / 2.0;
        let own = lasts(opens);
        let queue = next * (own - self.delay + since).max(0.0)
            + chain * ((lasts(meets) - self.delay).max(0.0) + more * self.full)
            + (first * self.overtaken(come) + next * self.overtaken(come * ended)) * self.full;
        let wait = Wait { step: first * self.decoding * (step * ended - self.delay).max(0.0), queue };
        (wait, first * opens + next * follows + chain * meets)
    }

    /// Full steps before the own one of who comes together with so many others, in no order: half of all that do not fit, and of
    /// few that may or may not fit a part.
    fn overtaken(&self, others: f64) -> f64 {
        let part = others / (others + self.most - 1.0).max(1e-12);
        others / (2.0 * self.most) * part * part.sqrt()
    }

    /// The order of users whose prompts are read apart from decode, where its steps take so long.
    #[must_use]
    pub(super) fn kept(&self, step: f64) -> Order {
        Order::Kept { joined: step / (step + self.with).max(1e-12) }
    }

    /// Prompts that are read together in such an order, of so many at random.
    #[must_use]
    pub(super) fn kept_company(&self, company: f64, again: f64, order: Order) -> f64 {
        let Order::Kept { joined } = order else { return company };
        1.0 + (company - 1.0) * (1.0 - again * (1.0 - joined))
    }

    /// Mean wait of users whose answers have equal length, and how many are read together, where it would be so much and so
    /// many of those that come at random.
    ///
    /// They keep their distance in steps, unless the delay of one covers fewer steps than that of another because a long
    /// one falls into it: then they have met, and come together from then on. Where decode goes on while prompts are read
    /// that is so for delays of more than one step, and else for any.
    fn in_step(&self, users: f64, stream: &Stream, order: Order, (queue, read): (f64, f64)) -> (f64, f64) {
        let late = self.delay / self.without.max(1e-12);
        // Steps vary, and the shortest of them decide in the long run.
        let pulled = if order == Order::Stepped {
            2.0 * (whole(late * 1.2, 0.0) - 1.0).max(0.0)
        } else {
            2.0 * whole(late, 0.0)
        };
        // Replicas that take their turns share who comes together.
        let met = self.come * pulled / stream.replicas.max(1.0).sqrt();
        // Of as many as there are at random each finds itself among more.
        let others = ((1.0 + 3.0 * met + met * met) / (1.0 + met)).min(users.max(1.0)) - 1.0;
        let line = self.overtaken(others) * self.full;
        let queue = if order == Order::Stepped { queue + line } else { queue.max(line) };
        (queue, read.max(self.taken(others)))
    }

    /// The same of prompts that come with so many others because their answers ended with the same step elsewhere, and of
    /// which so much comes at no other time.
    #[must_use]
    pub(super) fn beside_others(&self, (wait, read): (Wait, f64), others: f64, share: f64) -> (Wait, f64) {
        let queue = wait.queue + share * self.overtaken(others) * self.full;
        (Wait { queue, ..wait }, (read + share * least(others, self.most - 1.0)).min(self.most.max(1.0)))
    }
}

/// How much more evenly than at random requests come to one replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing(pub(super) f64);

impl Spacing {
    /// Of gaps with this coefficient of variation, dealt to so many replicas in turn.
    #[must_use]
    pub fn new(cv: f64, replicas: f64) -> Self {
        Self((1.0 - cv * cv / replicas.max(1.0)) / 2.0)
    }

    /// Mean arrivals while a request stays, if `batch` of them are there on average: as many for Poisson arrivals, fewer
    /// the more evenly they come. The renewal function, with its slope at 0 and its asymptote.
    pub(super) fn arrivals(self, batch: f64) -> f64 {
        let Self(even) = self;
        if even.abs() < 1e-9 {
            return batch;
        }
        // Of next to none rounding would leave less than none.
        (batch - even * (1.0 - libm::exp(-batch / even.abs()))).max(0.0)
    }

    /// Mean number of requests that one shares its stay with: the mean of arrivals before and after it.
    pub(super) fn others(self, batch: f64) -> f64 {
        let Self(even) = self;
        if even.abs() < 1e-9 || batch <= 0.0 {
            return batch.max(0.0);
        }
        let fade = even.abs() / batch * (1.0 - libm::exp(-batch / even.abs()));
        batch - 2.0 * even * (1.0 - fade)
    }
}

/// How far prompts keep to the steps that answers end with, instead of coming evenly over time, 0 to 1, when they follow after
/// such a delay and readings take so long.
fn bound(delay: f64, reading: f64) -> f64 {
    let late = delay / reading.max(1e-12);
    1.0 / (1.0 + late * late)
}

/// What becomes of users whose answers have equal length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// Their distance in time stays, as decode goes on while prompts are read elsewhere.
    Kept {
        /// But for the share of those whom a decode step joins.
        joined: f64,
    },
    /// Their distance in steps stays, as each step takes prompts and decode.
    Stepped,
    /// They come together, as decode stands still while prompts are read.
    Bunched,
}

/// The next whole number, where a number varies by a tenth, and by so much more.
pub(super) fn whole(number: f64, more: f64) -> f64 {
    let vary = 0.1 * number + 0.05 + more;
    // The integral of the next whole number.
    let sum = |to: f64| {
        let below = to.floor();
        below * (below + 1.0) / 2.0 + (below + 1.0) * (to - below)
    };
    let (low, high) = ((number - vary).max(0.0), number + vary);
    (sum(high) - sum(low)) / (high - low)
}

/// Mean of a number that varies as arrivals do, where it is cut off at so many: sharper the more there are.
fn least(mean: f64, most: f64) -> f64 {
    if most <= 0.0 || mean <= 0.0 {
        return 0.0;
    }
    let sharp = 1.5 * most.sqrt();
    // Far from the cut nothing is off the mean, which needs no logarithm to be known.
    if sharp * over_logarithm(mean / most) < -7.0 {
        return mean;
    }
    let over = power(mean / most, sharp);
    if over < 1e-3 { mean } else { mean / power(1.0 + over, 1.0 / sharp) }
}

/// Load from which on waits count as if it were this.
const FULL: f64 = 0.999_999;

/// Further steps to wait for, in steps, where one takes so many.
fn further(load: f64, most: f64) -> f64 {
    let load = load.clamp(0.0, FULL);
    let exponent = 2.0 * most - 1.0;
    // What is less than any digit that a wait has.
    if exponent * over_logarithm(load) < -60.0 {
        return 0.0;
    }
    power(load, exponent) / (most * (1.0 - load))
}

/// A number above the logarithm of one from 0 to 1, and near it near 1; nothing above 1.
fn over_logarithm(share: f64) -> f64 {
    if share < 1.0 { 2.0 * (share - 1.0) / (share + 1.0) } else { 0.0 }
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
    /// From the end of an answer until its user's next prompt is in line; endless in an open loop.
    pub delay: f64,
    /// Share of prompts that follow an answer of the replica that reads them.
    pub in_step: f64,
    /// Users who come together once all have met who do, and how much each round is like the one before, 0 to 1.
    pub met: f64,
    /// See there.
    pub again: f64,
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
        let reading = stall * group;
        let with = reading + if how.mixes { how.step } else { 0.0 };
        // Those come during a reading whose answers ended within the delay before it, or during it.
        let bound = how.in_step * bound(how.delay, with);
        let ended = how.delay / how.step.max(1e-12) + if how.mixes { 1.0 } else { 0.0 };
        let (bound, ended) = if bound > 0.0 { (bound, ended.min(with / lasts)) } else { (0.0, 0.0) };
        let meanwhile = come * (bound * ended + (1.0 - bound) * with / lasts);
        let together = if how.mixes {
            // Of all who come the others come in steps without prompts.
            let share = (come / group).min(0.999);
            let without = come * (1.0 - share * meanwhile / come) / (1.0 - share);
            let begins = some(without.max(1e-12));
            come * (begins + 1.0 - some(meanwhile)) / begins
        } else {
            // Readings follow each other until nobody came during one: `k·e^(λ·t·k) = come/begins` for t a prompt.
            let begins = some(come * (bound + (1.0 - bound) * how.step / lasts));
            let load = ((1.0 - bound) * come * stall / lasts).max(1e-6);
            lambert(load * come / begins * libm::exp(-bound * ended * come)) / load
        };
        // Where nobody is in decode, whoever comes is read at once, and the next with those who come meanwhile.
        let meanwhile = come * reading / lasts;
        let at_once = 1.0 + least(meanwhile - some(meanwhile), most - 1.0);
        // Answers that end with the same step are followed by prompts that come together.
        let ended = if how.delay.is_finite() { 1.0 + how.in_step * (come / some(come) - 1.0) } else { 1.0 };
        let together = 1.0 + least(together.max(ended) - 1.0, most - 1.0);
        group = at_once + how.decoding * (together - at_once);
        stall = how.stall(prefill, group);
    }
    // Those who have met come together, whatever comes while steps last.
    group += how.again * (how.met.min(most) - group).max(0.0);
    stall = how.stall(prefill, group);
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
        let met = least + (come + 1.0 - some(come) - least) / replicas;
        group = 1.0 + self::least(met - 1.0, most - 1.0);
    }
    let marginal = prefill.marginal(group).get();
    let variation = prefill.variation / group;
    Ahead { group, with: time(group), most, full: time(most), variation, marginal, ..Ahead::NONE }
}

impl Meeting {
    /// Time by which each of so many prompts holds decode up.
    fn stall(&self, prefill: &Prefill, group: f64) -> f64 {
        let on_rank = prefill.on_rank(group);
        let saved = if self.mixes {
            prefill.saved(on_rank, Seconds::new(self.step)).get() * self.mixing
        } else {
            0.0
        };
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

/// Where `y·e^y` is this: within 2 %, and exact at both ends (Winitzki 2003).
fn lambert(product: f64) -> f64 {
    let log = libm::log1p(product);
    log * (1.0 - libm::log1p(log) / (2.0 + log))
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
        let ahead = Ahead { with: 1.0, full: 1.0, ..Ahead::NONE };
        let wait = |replicas| ahead.wait(&Stream { rate: 0.8, replicas, cv: 1.0 }).queue;
        assert!(wait(4.0) < wait(1.0));
    }

    #[test]
    fn nobody_waits_for_themselves() {
        let ahead = Ahead { with: 1.0, full: 1.0, ..Ahead::NONE };
        let stream = Stream { rate: 0.9, replicas: 1.0, cv: 1.0 };
        for order in [Order::Kept { joined: 1.0 }, Order::Stepped, Order::Bunched] {
            assert!(ahead.settled_wait(1.0, &stream, 1.0, order).0.queue.abs() < 1e-12);
        }
    }

    #[test]
    fn the_root_of_a_product_with_an_exponential() {
        for tenth in 1..100 {
            let y = f64::from(tenth) / 10.0;
            assert!((lambert(y * libm::exp(y)) / y - 1.0).abs() < 0.02, "{y}");
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

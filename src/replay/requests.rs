//! What is asked, and when: the requests of a scenario, drawn from its seed, or those of a trace.
//!
//! A [`Source`] is pulled: [`Source::peek`] tells when the next request comes, [`Source::next`] hands it out, and
//! [`Source::completed`] tells it that an answer is done, on which the user's next request may depend.
//!
//! - **Open loop**: gaps between arrivals are gamma distributed with the scenario's coefficient of variation (1 =
//!   Poisson). With bursts, arrivals come in on-periods only, both periods exponential; the rate inside is raised so
//!   that the mean stays. With sessions the rate counts requests: sessions start at the rate over the requests of one.
//! - **Closed loop**: each user sends the next request a pause after the last answer. With sessions a user is one
//!   session after another, and the first ones start at turns spread evenly, as if the service had run before; what
//!   they bring along no cache has seen.
//! - **Sessions**: the prompt of a turn is the whole history (prompts and answers) and new tokens. Sub-agents start when
//!   a turn ends, run turns of their own and are waited for.
//!
//! Prompts name the full blocks that somebody else might share or come back to. A request that shares nothing names
//! none. Every session draws from a stream of its own, so that its content depends on the seed alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::scenario::trace::{BlockRun, Trace};
use crate::scenario::traffic::{Agents, Burst, Horizon, Pause, Sessions};
use crate::scenario::{Load, Scenario};
use crate::units::{Seconds, Tokens};

use super::instant::Instant;
use super::random::Stream;

/// One request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Counted from 0 in the order in which requests are handed out.
    pub index: u32,
    /// Session, sub-agent or user that asks, for routing and records. Numbers are never used twice.
    pub session: u64,
    /// Turn within the session, from 0.
    pub turn: u32,
    /// When it comes.
    pub arrival: Seconds,
    /// Tokens of the prompt, at least one.
    pub input: u32,
    /// Tokens of the answer, at least one.
    pub output: u32,
    /// Full blocks at the head of the prompt, in order; no block twice. Empty where nothing can be shared.
    pub prompt: Vec<BlockRun>,
    /// Blocks that are full when the answer is done and that a later turn comes back to; they follow those of the
    /// prompt.
    pub answer: Vec<BlockRun>,
    /// Tokens of the prompt that a prefix cache holds because the scenario says so (`hit`), where no blocks are named.
    pub given: u32,
    /// Whether it goes before those that are not.
    pub urgent: bool,
    /// Who waits for the answer.
    asker: Asker,
}

impl Request {
    /// Blocks that [`Self::prompt`] names.
    #[must_use]
    pub fn prompt_blocks(&self) -> u64 {
        self.prompt.iter().fold(0, |sum, run| sum + u64::from(run.count))
    }

    /// Tokens that so many blocks of a prompt's head save: never the last token, which must be computed to answer.
    #[must_use]
    pub fn saved(&self, blocks: u64, block: u32) -> u32 {
        let most = self.input.saturating_sub(1);
        u32::try_from(blocks.saturating_mul(u64::from(block))).unwrap_or(most).min(most)
    }
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asker {
    /// Nobody waits for it.
    #[default]
    Nobody,
    /// A user of a closed loop, or a session, by its place among those that are alive.
    Chain(u32),
    /// The session of a trace.
    Record(u32),
}

/// How a trace is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// At the recorded times, this many times as fast.
    Recorded {
        /// 1 = as recorded; 2 = twice the rate.
        speed: f64,
    },
    /// So many users, each a session of the trace after another, turn by turn: the next turn comes the recorded pause
    /// after the last answer, or the scenario's where none is recorded. Without sessions each request is one.
    Closed {
        /// Users.
        concurrency: u32,
    },
}

/// A source of requests.
#[derive(Clone, Debug)]
pub struct Source {
    block: u32,
    horizon: Horizon,
    /// Requests of the run that a closed loop is asked for.
    run: Option<u32>,
    issued: u32,
    /// What is going to be asked at a known time.
    due: BinaryHeap<Reverse<Due>>,
    /// Breaks ties in the order of planning.
    planned: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Drawn(Box<Drawn>),
    Traced(Box<Traced>),
}

/// Something to ask, ordered by time, then by when it was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    time: Instant,
    planned: u64,
    who: u32,
}

/// Requests drawn from a seed.
#[derive(Clone, Debug)]
struct Drawn {
    seed: u64,
    shape: Shape,
    /// Absent in a closed loop.
    arrivals: Option<Arrivals>,
    /// Of a closed loop.
    users: Option<u32>,
    /// Sessions under way, and users of a closed loop.
    chains: Vec<Chain>,
    spare: Vec<u32>,
    /// Number of the next session, sub-agent or lone request.
    next: u64,
}

/// What lengths a request has.
#[derive(Clone, Copy, Debug)]
struct Shape {
    input: Length,
    output: Length,
    growth: f64,
    shared: u32,
    hit: f64,
    pause: Option<Pause>,
    sessions: Option<Sessions>,
    seed: u64,
    priority: f64,
    /// Tokens of prompt and answer at most.
    window: u32,
}

/// How one length is drawn.
#[derive(Clone, Copy, Debug)]
enum Length {
    /// Evenly between two lengths.
    Even { low: f64, high: f64 },
    /// Log-normal.
    Tail { mean: f64, tail: f64 },
}

/// A session, a sub-agent, or a user of a closed loop.
#[derive(Clone, Debug)]
struct Chain {
    number: u64,
    stream: Stream,
    /// Turns in all, and those answered.
    turns: u32,
    turn: u32,
    /// Tokens of all prompts and answers so far.
    history: u32,
    /// The session that started it and waits for it.
    parent: Option<u32>,
    /// Sub-agents it waits for.
    waits: u32,
}

/// Arrivals of an open loop.
#[derive(Clone, Debug)]
struct Arrivals {
    stream: Stream,
    next: Seconds,
    gap: Seconds,
    cv: f64,
    burst: Option<Burst>,
    /// What is left of the present on-period.
    on: Seconds,
}

impl Source {
    /// The requests of a scenario, where the KV cache works in blocks of so many tokens.
    #[must_use]
    pub fn from_scenario(scenario: &Scenario, block: u32) -> Self {
        let shape = Shape::new(scenario);
        let requests = shape.sessions.map_or(1.0, |sessions| sessions.requests());
        let arrivals = match scenario.load {
            Load::Open { rate, cv } => {
                let gap = Seconds::new(requests / rate.get());
                Some(Arrivals::new(Stream::new(scenario.seed, 0), gap, cv, scenario.traffic.burst))
            }
            Load::Closed { .. } => None,
        };
        let users = match scenario.load {
            Load::Closed { concurrency } => Some(libm::round(concurrency).clamp(1.0, 1e6) as u32),
            Load::Open { .. } => None,
        };
        let drawn = Drawn {
            seed: scenario.seed,
            shape,
            arrivals,
            users,
            chains: Vec::new(),
            spare: Vec::new(),
            next: 1,
        };
        let mut source = Self {
            block: block.max(1),
            horizon: scenario.traffic.horizon.unwrap_or(Horizon::Requests { count: ENOUGH }),
            issued: 0,
            run: None,
            due: BinaryHeap::new(),
            planned: 0,
            kind: Kind::Drawn(Box::new(drawn)),
        };
        if let Some(users) = users {
            source.seat(users);
        }
        source
    }

    /// The requests of a trace. Pauses that it does not record, the horizon and, for sessions without blocks, the block
    /// size come from the scenario and the argument.
    #[must_use]
    pub fn from_trace(trace: Arc<Trace>, pacing: Pacing, scenario: &Scenario, block: u32) -> Self {
        let block = trace.block_tokens().unwrap_or(block).max(1);
        let (due, traced) = Traced::start(trace, pacing, scenario);
        let mut source = Self {
            block,
            horizon: scenario.traffic.horizon.unwrap_or(Horizon::Requests { count: u32::MAX }),
            issued: 0,
            run: None,
            due: BinaryHeap::new(),
            planned: 0,
            kind: Kind::Traced(Box::new(traced)),
        };
        for (time, record) in due {
            source.plan(time, record);
        }
        source
    }

    /// The same requests to a model whose window holds so many tokens: log-normal lengths have no end, and prompts do. What
    /// the scenario states is asked all the same.
    #[must_use]
    pub fn within(mut self, window: Tokens, scenario: &Scenario) -> Self {
        // Sessions grow as far as they are told to.
        if let Kind::Drawn(drawn) = &mut self.kind
            && drawn.shape.sessions.is_none()
        {
            let stated = scenario.traffic.longest_input(&scenario.workload) + scenario.workload.osl;
            drawn.shape.window = whole(window.max(stated).get());
        }
        self
    }

    /// The same requests, where the users of a closed loop, who all begin at once unless they pause, begin at random over
    /// some time instead.
    #[must_use]
    pub fn over(mut self, time: Seconds) -> Self {
        if let Kind::Drawn(drawn) = &mut self.kind
            && drawn.users.is_some()
            && drawn.shape.sessions.is_none()
            && time > Seconds::ZERO
        {
            let mut stream = Stream::new(drawn.seed, START);
            let first: Vec<_> = std::mem::take(&mut self.due).into_sorted_vec();
            for Reverse(due) in first.into_iter().rev() {
                self.plan(Seconds::new(due.time.get()) + time * stream.uniform(), due.who);
            }
        }
        self
    }

    /// The same requests of a run that a closed loop is asked for: it ends with so many.
    #[must_use]
    pub fn run(mut self, prompts: f64, scenario: &Scenario) -> Self {
        if self.users().is_some() {
            let count = whole(prompts);
            self.run = Some(count);
            if scenario.traffic.horizon.is_none() {
                self.horizon = Horizon::Requests { count };
            }
        }
        self
    }

    /// Requests of the run that a closed loop is asked for, as benchmarks are run.
    #[must_use]
    pub const fn of_benchmark(&self) -> Option<u32> {
        self.run
    }

    /// Users of a closed loop of requests that stand alone.
    #[must_use]
    pub const fn users(&self) -> Option<u32> {
        match &self.kind {
            Kind::Drawn(drawn) if drawn.shape.sessions.is_none() => drawn.users,
            _ => None,
        }
    }

    /// Tokens of a block.
    #[must_use]
    pub const fn block(&self) -> u32 {
        self.block
    }

    /// Requests handed out so far.
    #[must_use]
    pub(super) const fn issued(&self) -> u32 {
        self.issued
    }

    /// When the next request comes, as far as that is known now; nothing if it depends on answers, or if there is none.
    #[must_use]
    pub fn peek(&self) -> Option<Seconds> {
        let planned = self.due.peek().map(|Reverse(due)| Seconds::new(due.time.get()));
        let arriving = match &self.kind {
            Kind::Drawn(drawn) => drawn.arrivals.as_ref().map(|arrivals| arrivals.next),
            Kind::Traced(traced) => traced.arriving(),
        };
        let next = match (planned, arriving) {
            (Some(planned), Some(arriving)) => planned.min(arriving),
            (planned, arriving) => planned.or(arriving)?,
        };
        let open = match self.horizon {
            Horizon::Time { time } => next <= time,
            Horizon::Requests { count } => self.issued < count,
        };
        open.then_some(next)
    }

    /// The next request, if it has come by now.
    pub fn next(&mut self, now: Seconds) -> Option<Request> {
        let time = self.peek().filter(|&time| time <= now)?;
        // Planned requests go before arrivals of the same instant.
        let planned = self.due.peek().is_some_and(|Reverse(due)| Seconds::new(due.time.get()) <= time);
        let who = if planned { self.due.pop().map(|Reverse(due)| due.who) } else { None };
        let mut request = match &mut self.kind {
            Kind::Drawn(drawn) => drawn.ask(who, time, self.block),
            Kind::Traced(traced) => traced.ask(who, time, self.block),
        }?;
        request.index = self.issued;
        self.issued = self.issued.saturating_add(1);
        Some(request)
    }

    /// Tells that an answer is done (or given up), on which the user's next request may depend.
    pub fn completed(&mut self, request: &Request, now: Seconds) {
        let mut plan: Vec<(Seconds, u32)> = Vec::new();
        match (&mut self.kind, request.asker) {
            (Kind::Drawn(drawn), Asker::Chain(chain)) => {
                drawn.completed(chain, request, (now, self.run.is_some()), &mut plan);
            }
            (Kind::Traced(traced), Asker::Record(record)) => traced.completed(record, now, &mut plan),
            _ => {}
        }
        for (time, who) in plan {
            self.plan(time, who);
        }
    }

    fn plan(&mut self, time: Seconds, who: u32) {
        self.due.push(Reverse(Due { time: Instant::new(time.get()), planned: self.planned, who }));
        self.planned += 1;
    }

    /// Lets the users of a closed loop take their seats.
    fn seat(&mut self, users: u32) {
        let Kind::Drawn(drawn) = &mut self.kind else { return };
        let mut first = Vec::new();
        for user in 0..users {
            let chain = drawn.begin(None);
            // Somebody who has been at it before is somewhere within a pause, and within a session.
            let shape = drawn.shape;
            let Some(entry) = drawn.chains.get_mut(chain as usize) else { continue };
            let turns = u64::from(entry.turns) * u64::from(user) / u64::from(users.max(1));
            if turns > 0 {
                // Earlier turns by their means, so that taking seats takes no time.
                let (input, output) = shape.lengths(entry);
                let grown = (shape.growth + shape.output.mean()) * (turns - 1) as f64;
                entry.history = whole(f64::from(input) + f64::from(output) + grown);
                entry.turn = u32::try_from(turns).unwrap_or(0);
            }
            let start = shape.pause.map_or(Seconds::ZERO, |_| entry.stream.pause(shape.pause));
            first.push((start, chain));
        }
        for (start, chain) in first {
            self.plan(start, chain);
        }
    }
}

impl Arrivals {
    fn new(mut stream: Stream, gap: Seconds, cv: f64, burst: Option<Burst>) -> Self {
        // The mean over on and off stays: inside an on-period gaps are shorter.
        let gap = burst.map_or(gap, |burst| gap * (burst.on / (burst.on + burst.off)));
        let on = burst.map_or(Seconds::ZERO, |burst| burst.on * stream.exponential());
        let mut arrivals = Self { stream, next: Seconds::ZERO, gap, cv, burst, on };
        arrivals.advance();
        arrivals
    }

    /// Goes on to the next arrival.
    fn advance(&mut self) {
        let mut wait = self.gap * self.stream.gap(self.cv);
        if let Some(burst) = self.burst {
            // The clock of arrivals stands still while the process is off.
            let mut idle = Seconds::ZERO;
            let mut rest = wait;
            // Over a great many periods their mean says it all.
            let cycles = libm::floor(rest / burst.on);
            if cycles > MANY_PERIODS {
                idle += burst.off * cycles;
                rest = rest - burst.on * cycles;
            }
            while rest > self.on {
                rest = rest - self.on;
                idle += burst.off * self.stream.exponential();
                self.on = burst.on * self.stream.exponential();
            }
            self.on = self.on - rest;
            wait += idle;
        }
        self.next += wait;
    }
}

impl Length {
    /// Whether all lengths are the same.
    fn is_exact(self) -> bool {
        match self {
            Self::Even { low, high } => high - low < 1.0,
            Self::Tail { tail, .. } => tail <= 1.0,
        }
    }

    /// Mean, but for rounding.
    fn mean(self) -> f64 {
        match self {
            Self::Even { low, high } => f64::midpoint(low, high),
            Self::Tail { mean, .. } => mean,
        }
    }

    /// A length in whole tokens, at least one.
    fn draw(self, stream: &mut Stream) -> u32 {
        match self {
            Self::Even { low, high } if low >= high => whole(high),
            Self::Even { low, high } => whole(low + (high - low) * stream.uniform()),
            Self::Tail { mean, tail } => whole(mean * stream.log_normal(tail)),
        }
    }
}

/// More on-periods than these between two arrivals are not followed one by one.
const MANY_PERIODS: f64 = 1000.0;

/// Whole tokens, from one to as many as any context holds.
fn whole(tokens: f64) -> u32 {
    libm::round(tokens).clamp(1.0, f64::from(LONGEST)) as u32
}

/// Longest prompt or answer; beyond it a draw from a long tail is cut.
const LONGEST: u32 = 1 << 26;

impl Shape {
    fn new(scenario: &Scenario) -> Self {
        let (work, traffic) = (&scenario.workload, &scenario.traffic);
        let tails = traffic.lengths.as_ref().map(crate::scenario::traffic::Lengths::tails);
        let length = |nominal: f64, mean: f64, tail: Option<f64>| match tail {
            Some(tail) => Length::Tail { mean, tail },
            None => Length::Even { low: nominal * work.spread, high: nominal },
        };
        Self {
            input: length(work.isl.get(), work.mean_isl().get(), tails.map(|tails| tails.0)),
            output: length(work.osl.get(), work.mean_osl().get(), tails.map(|tails| tails.1)),
            growth: traffic.sessions.map_or(0.0, |sessions| sessions.growth.get()),
            shared: libm::floor(traffic.shared.get()).clamp(0.0, f64::from(LONGEST)) as u32,
            hit: work.hit,
            pause: traffic.pause,
            sessions: traffic.sessions,
            seed: scenario.seed,
            priority: traffic.priority,
            window: LONGEST,
        }
    }

    /// Whether a session goes first: drawn apart, so that its content stays what it is without.
    fn urgent(&self, session: u64) -> bool {
        self.priority > 0.0 && Stream::new(self.seed, session ^ CLASSES).uniform() < self.priority
    }

    /// Whether a request can share blocks with another.
    const fn shares(&self) -> bool {
        self.shared > 0 || self.sessions.is_some()
    }

    /// Prompt and answer of the next turn of a chain.
    fn lengths(&self, chain: &mut Chain) -> (u32, u32) {
        let stream = &mut chain.stream;
        let input = if chain.turn > 0 {
            chain.history.saturating_add(self.grown(stream))
        } else if chain.parent.is_some() {
            self.shared.saturating_add(self.grown(stream))
        } else {
            // The shared head is part of the prompt, and something must be asked.
            self.input.draw(stream).max(self.shared.saturating_add(1))
        };
        let output = self.output.draw(stream);
        let input = input.min(self.window.saturating_sub(output).max(self.window / 2)).max(1);
        (input, output.min(self.window.saturating_sub(input)).max(1))
    }

    /// New tokens of a later turn, scattered like inputs.
    fn grown(&self, stream: &mut Stream) -> u32 {
        let scaled = match self.input {
            Length::Even { low, high } => {
                let middle = f64::midpoint(low, high).max(f64::MIN_POSITIVE);
                Length::Even { low: self.growth * low / middle, high: self.growth * high / middle }
            }
            Length::Tail { tail, .. } => Length::Tail { mean: self.growth, tail },
        };
        scaled.draw(stream)
    }
}

/// Requests of a scenario that does not say how many to replay: a 99th percentile of them rests on a hundred.
pub const ENOUGH: u32 = 10_000;

/// Streams that say which sessions go first: numbers that count down, where those of sessions count up.
const CLASSES: u64 = u64::MAX;

/// The stream that says when the users of a closed loop begin.
const START: u64 = u64::MAX / 2;

/// Blocks of a session are numbered from here on; below are those of the shared head.
const SESSION: u32 = 32;

/// The full blocks of a chain between two token positions, behind the shared head.
fn blocks(number: u64, shared: u32, from: u32, to: u32) -> Option<BlockRun> {
    let (from, to) = (from.max(shared), to.max(shared));
    let first = (number << SESSION) + u64::from(from - shared);
    (from < to).then_some(BlockRun { first, count: to - from })
}

impl Drawn {
    /// Takes up a session (or a sub-agent, or a lone request somebody waits for).
    fn begin(&mut self, parent: Option<u32>) -> u32 {
        let number = self.next;
        self.next += 1;
        let turns = match (self.shape.sessions, parent) {
            (Some(Sessions { agents: Some(agents), .. }), Some(_)) => agents.turns,
            (Some(sessions), _) => sessions.turns,
            (None, _) => 1,
        };
        let chain = Chain {
            number,
            stream: Stream::new(self.seed, number),
            turns: turns.max(1),
            turn: 0,
            history: 0,
            parent,
            waits: 0,
        };
        match self.spare.pop() {
            Some(id) => {
                if let Some(slot) = self.chains.get_mut(id as usize) {
                    *slot = chain;
                }
                id
            }
            None => {
                self.chains.push(chain);
                u32::try_from(self.chains.len() - 1).unwrap_or(u32::MAX)
            }
        }
    }

    /// The next request of a chain, or of whoever arrives now.
    fn ask(&mut self, who: Option<u32>, time: Seconds, block: u32) -> Option<Request> {
        let shape = self.shape;
        let id = match who {
            Some(id) => id,
            None => {
                self.arrivals.as_mut()?.advance();
                if shape.sessions.is_none() {
                    // Nobody waits for it: it needs no place among those that are alive.
                    let mut lone = Chain {
                        number: self.next,
                        stream: Stream::new(self.seed, self.next),
                        turns: 1,
                        turn: 0,
                        history: 0,
                        parent: None,
                        waits: 0,
                    };
                    self.next += 1;
                    return Some(shape.request(&mut lone, Asker::Nobody, time, block));
                }
                self.begin(None)
            }
        };
        let chain = self.chains.get_mut(id as usize)?;
        Some(shape.request(chain, Asker::Chain(id), time, block))
    }

    /// An answer of a chain is done: what comes next.
    fn completed(
        &mut self,
        id: u32,
        request: &Request,
        (now, run): (Seconds, bool),
        plan: &mut Vec<(Seconds, u32)>,
    ) {
        let shape = self.shape;
        let Some(chain) = self.chains.get_mut(id as usize) else { return };
        if chain.number != request.session || chain.turn != request.turn {
            return;
        }
        chain.turn += 1;
        let agents = shape.sessions.and_then(|sessions| sessions.agents).filter(|_| chain.parent.is_none());
        let waits = agents.map_or(0, |agents| started(agents, chain.turns, chain.turn));
        chain.waits = waits;
        for _ in 0..waits {
            let agent = self.begin(Some(id));
            plan.push((now, agent));
        }
        if waits == 0 {
            let rest = if run { Seconds::ZERO } else { self.rest(id, now - request.arrival) };
            self.proceed(id, now + rest, plan);
        }
    }

    /// Answers of one length would keep the users that were read together in lock step for ever. That is
    /// what served runs show that begin with all users at once. The users of a service that has run for long began at any
    /// time: each of these rests once, after its first answer, for some part of the time which that took.
    fn rest(&mut self, id: u32, took: Seconds) -> Seconds {
        let Shape { output, pause, sessions, .. } = self.shape;
        let together = output.is_exact() && pause.is_none() && sessions.is_none();
        let users = self.users.filter(|&users| together && users > 1).map_or(0, u64::from);
        match self.chains.get_mut(id as usize) {
            // Users are numbered from 1, and each of their later requests has a number of its own.
            Some(chain) if chain.number <= users => took * chain.stream.uniform(),
            _ => Seconds::ZERO,
        }
    }

    /// A chain waits for nothing any more: it pauses and asks again, or is over.
    fn proceed(&mut self, id: u32, now: Seconds, plan: &mut Vec<(Seconds, u32)>) {
        let pause = self.shape.pause;
        let Some(chain) = self.chains.get_mut(id as usize) else { return };
        let parent = chain.parent;
        if chain.turn < chain.turns {
            plan.push((now + chain.stream.pause(pause), id));
            return;
        }
        if let Some(parent) = parent {
            self.spare.push(id);
            let Some(waiting) = self.chains.get_mut(parent as usize) else { return };
            waiting.waits = waiting.waits.saturating_sub(1);
            if waiting.waits == 0 {
                self.proceed(parent, now, plan);
            }
        } else if self.arrivals.is_none() {
            // The user of a closed loop begins anew.
            let wait = chain.stream.pause(pause);
            self.spare.push(id);
            let next = self.begin(None);
            plan.push((now + wait, next));
        } else {
            self.spare.push(id);
        }
    }
}

/// Sub-agents that start when so many turns of a session are done, so that they spread evenly and none comes after the
/// last turn unless there is only one.
fn started(agents: Agents, turns: u32, done: u32) -> u32 {
    let gaps = u64::from(turns.saturating_sub(1).max(1));
    let by = |turn: u32| u64::from(agents.count) * u64::from(turn).min(gaps) / gaps;
    u32::try_from(by(done) - by(done.saturating_sub(1))).unwrap_or(0)
}

impl Shape {
    fn request(&self, chain: &mut Chain, asker: Asker, time: Seconds, block: u32) -> Request {
        let (input, output) = self.lengths(chain);
        chain.history = input.saturating_add(output).min(LONGEST);
        let (mut prompt, mut answer) = (Vec::new(), Vec::new());
        if self.shares() {
            let shared = self.shared / block;
            let full = input / block;
            if shared.min(full) > 0 {
                prompt.push(BlockRun { first: 0, count: shared.min(full) });
            }
            if self.sessions.is_some() {
                prompt.extend(blocks(chain.number, shared, 0, full));
                // The last token of an answer is written down only when it is read again.
                let written = input.saturating_add(output).saturating_sub(1) / block;
                if chain.turn + 1 < chain.turns {
                    answer.extend(blocks(chain.number, shared, full, written));
                }
            }
        }
        let given = if self.shares() { 0.0 } else { libm::floor(self.hit * f64::from(input)) };
        Request {
            index: 0,
            session: chain.number,
            turn: chain.turn,
            arrival: time,
            input,
            output,
            prompt,
            answer,
            given: (given as u32).min(input.saturating_sub(1)),
            urgent: self.urgent(chain.number),
            asker,
        }
    }
}

/// Requests of a trace.
#[derive(Clone, Debug)]
struct Traced {
    trace: Arc<Trace>,
    pacing: Pacing,
    pause: Option<Pause>,
    seed: u64,
    priority: f64,
    stream: Stream,
    /// Next record of an open replay.
    at: u32,
    /// Which record waits for which, sorted; only where answers are waited for.
    edges: Vec<(u32, u32)>,
    /// Answers that each record still waits for.
    waits: Vec<u8>,
    /// Records that wait for none, each behind the first record of its session, in that order; those before `begun` have
    /// begun.
    starts: Vec<(u32, u32)>,
    begun: usize,
    /// Records of each session that are not answered yet.
    left: Vec<u32>,
    /// What each session has said, where the trace names no blocks.
    said: Vec<Said>,
    turns: Vec<u32>,
}

/// What a session of a trace has said so far, as blocks of one text.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// Tokens of its last prompt and answer.
    tokens: u32,
    /// Number of the text; a prompt shorter than what was said starts a new one.
    text: u32,
}

impl Traced {
    /// The trace, and the records that are due from the start.
    fn start(trace: Arc<Trace>, pacing: Pacing, scenario: &Scenario) -> (Vec<(Seconds, u32)>, Self) {
        let sessions = trace.sessions() as usize;
        let mut traced = Self {
            pause: scenario.traffic.pause,
            seed: scenario.seed,
            priority: scenario.traffic.priority,
            stream: Stream::new(scenario.seed, 0),
            at: 0,
            edges: Vec::new(),
            waits: Vec::new(),
            starts: Vec::new(),
            begun: 0,
            left: Vec::new(),
            said: vec![Said::default(); sessions],
            turns: vec![0; sessions],
            trace,
            pacing,
        };
        let mut due = Vec::new();
        if let Pacing::Closed { concurrency } = pacing {
            traced.link();
            for _ in 0..concurrency.clamp(1, traced.trace.len().max(1)) {
                traced.begin(Seconds::ZERO, &mut due);
            }
        }
        (due, traced)
    }

    /// Finds out who waits for whom: what the trace says, else for the record before in the session.
    fn link(&mut self) {
        let count = self.trace.len();
        let sessions = self.trace.sessions() as usize;
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); sessions];
        self.waits = vec![0; count as usize];
        self.left = vec![0; sessions];
        for number in 0..count {
            let Some(record) = self.trace.get(number) else { continue };
            let Some(member) = record.session.and_then(|session| members.get_mut(session as usize)) else {
                self.starts.push((number, number));
                continue;
            };
            let before = member.last().copied();
            member.push(number);
            let first = member.first().copied().unwrap_or(number);
            if let Some(left) = record.session.and_then(|session| self.left.get_mut(session as usize)) {
                *left += 1;
            }
            let waited = match record.waited {
                Some(waited) => {
                    waited.map(|place| place.and_then(|place| member.get(place as usize)).copied())
                }
                None => [before, None],
            };
            let mut waits = 0;
            for earlier in waited.into_iter().flatten().filter(|&earlier| earlier < number) {
                self.edges.push((earlier, number));
                waits += 1;
            }
            if waits == 0 {
                self.starts.push((first, number));
            }
            if let Some(slot) = self.waits.get_mut(number as usize) {
                *slot = waits;
            }
        }
        self.edges.sort_unstable();
        self.starts.sort_unstable();
    }

    /// Begins the next session.
    fn begin(&mut self, now: Seconds, plan: &mut Vec<(Seconds, u32)>) {
        let Some(&(session, _)) = self.starts.get(self.begun) else { return };
        let arrival = |record: u32| self.trace.get(record).map_or(Seconds::ZERO, |record| record.arrival);
        let origin = arrival(session);
        while let Some(&(_, record)) = self.starts.get(self.begun).filter(|(first, _)| *first == session) {
            plan.push((now + (arrival(record) - origin).max(Seconds::ZERO), record));
            self.begun += 1;
        }
    }

    /// When the next record of an open replay comes.
    fn arriving(&self) -> Option<Seconds> {
        match self.pacing {
            Pacing::Recorded { speed } => {
                Some(self.trace.get(self.at)?.arrival / speed.max(f64::MIN_POSITIVE))
            }
            Pacing::Closed { .. } => None,
        }
    }

    fn ask(&mut self, who: Option<u32>, time: Seconds, block: u32) -> Option<Request> {
        let number = who.unwrap_or(self.at);
        let record = self.trace.get(number)?;
        if who.is_none() {
            self.at += 1;
        }
        let (input, output) = (whole(record.input.get()), whole(record.output.get()));
        let (mut prompt, mut answer, mut turn) = (Vec::new(), Vec::new(), 0);
        if let Some(slot) = record.session.and_then(|session| self.turns.get_mut(session as usize)) {
            turn = *slot;
            *slot += 1;
        }
        if record.blocks.is_empty() {
            if let Some((session, said)) =
                record.session.and_then(|session| Some((session, self.said.get_mut(session as usize)?)))
            {
                if input < said.tokens {
                    said.text += 1;
                }
                said.tokens = input.saturating_add(output).min(LONGEST);
                // A trace has less than 2^24 sessions or less than 2^8 texts of each; beyond, texts might be mixed up.
                let text = (u64::from(session) << 8 | u64::from(said.text & 0xff)) + 1;
                prompt.extend(blocks(text, 0, 0, input / block));
                let written = input.saturating_add(output).saturating_sub(1) / block;
                answer.extend(blocks(text, 0, input / block, written));
            }
        } else {
            prompt.extend_from_slice(record.blocks);
        }
        Some(Request {
            index: 0,
            session: record.session.map_or(u64::from(number), u64::from),
            turn,
            arrival: time,
            input,
            output,
            prompt,
            answer,
            given: 0,
            urgent: self.priority > 0.0
                && Stream::new(self.seed, record.session.map_or(u64::from(number), u64::from) ^ CLASSES)
                    .uniform()
                    < self.priority,
            asker: Asker::Record(number),
        })
    }

    fn completed(&mut self, record: u32, now: Seconds, plan: &mut Vec<(Seconds, u32)>) {
        if matches!(self.pacing, Pacing::Recorded { .. }) {
            return;
        }
        let from = self.edges.partition_point(|&(earlier, _)| earlier < record);
        let mut next = Vec::new();
        for &(_, later) in self.edges.iter().skip(from).take_while(|&&(earlier, _)| earlier == record) {
            if let Some(waits) = self.waits.get_mut(later as usize).filter(|waits| **waits > 0) {
                *waits -= 1;
                if *waits == 0 {
                    next.push(later);
                }
            }
        }
        for later in next {
            let recorded = self.trace.get(later).and_then(|record| record.pause);
            let pause = recorded.unwrap_or_else(|| self.stream.pause(self.pause));
            plan.push((now + pause, later));
        }
        let session = self.trace.get(record).and_then(|record| record.session);
        let over = session.and_then(|session| self.left.get_mut(session as usize)).is_none_or(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if over {
            let pause = self.stream.pause(self.pause);
            self.begin(now + pause, plan);
        }
    }
}

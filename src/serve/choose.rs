//! Which layouts a deployment takes where its scenario leaves them open: those with which it serves its load best, by the
//! closed form that also answers.
//!
//! What carries the load comes before what does not, of which the one that carries most is best; then what keeps the service
//! level; then, in a closed loop, more requests per second, and in an open one less time per token; then less time to the
//! first. A closed loop's throughput and cost thus change with load and lengths as little as those of single layouts do,
//! except where the service level decides.
//!
//! To serve every combination of layouts would take too long. What one can come to at best is known from a few steps of its
//! pools by themselves: nobody waits for a prompt but by the work that it is, and sequences are no more than that takes.
//! Combinations are served in full in this order until none that is left can come before the best found.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::ahead::{Stream, reading};
use super::deployment::Deployment;
use super::half::Half;
use super::halves::Maker;
use super::lengths::Lengths;
use super::models::Models;
use super::outcome::Steady;
use super::outline::{Outline, Rival, Short};
use super::pairs;
use super::refusal::Refusal;
use super::side::Side;
use super::station::{SATURATED, Station, all_but_one};
use super::steady::outline;
use super::transfer::Ends;
use crate::catalog::Model;
use crate::machine::Constants;
use crate::pass::Numerics;
use crate::scenario::{Limit, Load, Percentile, Role, Scenario, Slo};
use crate::units::Seconds;

/// How near hope and what comes of it may lie for a combination still to be served.
const SLACK: f64 = 0.02;

/// The same for a limit.
const NEARLY: f64 = 0.05;

/// Most combinations whose balance is found.
const SERVED: usize = 256;

/// Most of those that one point shows to do worse than the best.
const SHORT: usize = 8 * SERVED;

/// How well a deployment serves its load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Whether it carries what is offered.
    carries: bool,
    /// Whether it keeps the service level.
    keeps: bool,
    /// Whether it keeps what is said of the time to first token.
    prompt: bool,
    /// Requests per second, or in an open loop that is carried tokens per second of a user.
    value: f64,
    /// Time to first token, in seconds.
    ttft: f64,
}

impl Standing {
    fn of(scenario: &Scenario, steady: &Steady) -> Self {
        let (carries, rate) = (steady.saturation.is_none(), steady.rate.get());
        let means = (steady.ttft.get(), steady.tpot.get());
        Self::new(scenario, carries, rate, means, |own| {
            (steady.ttft_of(own).get(), steady.tpot_of(own).get())
        })
    }

    fn outlined(scenario: &Scenario, own: &Outline) -> Self {
        let means = (own.ttft.get(), own.tpot.get());
        Self::new(scenario, !own.saturated, own.rate, means, |percentile| own.times(percentile))
    }

    /// Of what is hoped for: nothing is said of how times spread, and a limit may be kept that is nearly kept.
    fn hoped(scenario: &Scenario, carries: bool, rate: f64, (ttft, tpot): (f64, f64)) -> Self {
        let near = (ttft * (1.0 - NEARLY), tpot * (1.0 - NEARLY));
        Self::new(scenario, carries, rate, (ttft, tpot), |_| near)
    }

    fn new(
        scenario: &Scenario,
        carries: bool,
        rate: f64,
        (ttft, tpot): (f64, f64),
        at: impl Fn(Option<Percentile>) -> (f64, f64),
    ) -> Self {
        let open = matches!(scenario.load, Load::Open { .. });
        let value = if open && carries { 1.0 / tpot } else { rate };
        let Slo { ttft: first, tpot: each } = scenario.slo;
        let prompt = first.is_none_or(|limit| at(limit.percentile).0 <= limit.at.get());
        let token = each.is_none_or(|limit| at(limit.percentile).1 <= limit.at.get());
        Self { carries, keeps: carries && prompt && token, prompt, value, ttft }
    }

    /// Whether it comes before another.
    fn beats(&self, other: &Self) -> bool {
        let rank = (self.carries, self.keeps).cmp(&(other.carries, other.keeps));
        // Roots are found to a millionth.
        let near = (self.value - other.value).abs() <= 1e-6 * other.value;
        rank.then(if near { Ordering::Equal } else { self.value.total_cmp(&other.value) })
            .then(other.ttft.total_cmp(&self.ttft))
            == Ordering::Greater
    }

    /// Whether what this is the hope of can come before another.
    fn may_beat(&self, other: &Self) -> bool {
        match (self.carries, self.keeps).cmp(&(other.carries, other.keeps)) {
            Ordering::Equal => self.value > other.value * (1.0 - SLACK),
            order => order == Ordering::Greater,
        }
    }

    /// The better hope first.
    fn order(&self, other: &Self) -> Ordering {
        (other.carries, other.keeps)
            .cmp(&(self.carries, self.keeps))
            .then(other.value.total_cmp(&self.value))
            .then(self.ttft.total_cmp(&other.ttft))
    }
}

/// Whether a deployment serves a load better than another does, as layouts are chosen.
#[must_use]
pub fn does_better(scenario: &Scenario, own: &Steady, other: &Steady) -> bool {
    Standing::of(scenario, own).beats(&Standing::of(scenario, other))
}

/// What a pool of prompts does at best.
struct Reader<'a> {
    side: Side<'a>,
    /// From request to first token, in seconds.
    ttft: f64,
    /// Most requests per second.
    most: f64,
}

/// A decode side.
struct Writer<'a> {
    half: Half<'a>,
}

impl<'a> Deployment<'a> {
    /// Settles a scenario, which must be within its limits, in the layouts that it states or else in the best.
    ///
    /// # Errors
    /// [`Refusal`] when a pool can't hold its part of the model or no link is known.
    pub fn new(
        scenario: &'a Scenario,
        tables: &'a Constants,
        models: &'a Models<'a>,
    ) -> Result<Self, Refusal> {
        let model: &'a Model = &models.model;
        let numerics = Numerics::resolve(model, scenario.formats);
        let lengths = Lengths { window: model.max_context, ..Lengths::of(scenario) };
        choose(&Maker { scenario, tables, model, numerics }, models.drafter.as_deref(), &lengths)
    }
}

fn choose<'a>(
    maker: &Maker<'a>,
    drafter: Option<&'a Model>,
    lengths: &Lengths,
) -> Result<Deployment<'a>, Refusal> {
    let scenario = maker.scenario;
    let readers = scenario.split.prefill().map(|pool| maker.sides(pool, Role::Prefill)).transpose()?;
    let (pool, role) = maker.holder();
    let holders = maker.sides(pool, role)?;
    let seconds = maker.seconds(drafter)?;
    let single = |own: Option<&Vec<Side<'a>>>| own.is_none_or(|sides| sides.len() == 1);
    if single(readers.as_ref()) && holders.len() == 1 && single(seconds.as_ref()) {
        let one = |own: Option<Vec<Side<'a>>>| own.and_then(|mut sides| sides.pop());
        let (reader, holder, second) = (one(readers), one(Some(holders)), one(seconds));
        let holder = holder.ok_or(Refusal::TooFewChips { role, needs: 1, has: pool.chips })?;
        return Deployment::of(maker, *lengths, reader, maker.half(holder, second, drafter, lengths)?);
    }
    let writers = writers(maker, (holders, seconds), drafter, lengths)?;
    let readers = readers.map(|sides| front(sides, scenario, lengths));
    let ways = scenario.split.prefill().and_then(|from| maker.ways(from, pool));
    let search = Search { maker, lengths, readers, writers, ways };
    let found = search.best();
    found.unwrap_or(Err(Refusal::TooFewChips { role, needs: 1, has: pool.chips }))
}

/// A combination of layouts that may be the best.
#[derive(Clone, Copy, Debug)]
struct Hope {
    standing: Standing,
    writer: usize,
    /// Who reads its prompts where another pool does, once that is looked at.
    reader: Option<usize>,
    /// Whether it is known from more than a first look.
    known: bool,
    /// Time per token, in seconds, that it takes at least where decode is as full as it may be.
    tpot: f64,
}

/// What came of a decode side behind a pool of prompts.
#[derive(Clone, Copy, Debug)]
struct Come {
    /// Time of a prompt in that pool, and most of them per second.
    pool: (f64, f64),
    /// What came; none where that surely falls short of the best.
    standing: Option<Standing>,
}

impl Come {
    /// Whether what came behind pools that read more prompts sooner shows that no more comes behind this one than the best.
    fn is_outdone(seen: &[Self], pool: (f64, f64), best: &Standing) -> bool {
        let better = seen.iter().filter(|own| own.pool.0 <= pool.0 && own.pool.1 >= pool.1);
        let Some(came) = better.map(|own| own.standing).collect::<Option<Vec<Standing>>>() else {
            return true;
        };
        came.into_iter().min_by(Standing::order).is_some_and(|most| !most.may_beat(best))
    }
}

struct Search<'m, 'a> {
    maker: &'m Maker<'a>,
    lengths: &'m Lengths,
    readers: Option<Vec<Reader<'a>>>,
    writers: Vec<Writer<'a>>,
    /// The ends of the way of a cache between them.
    ways: Option<Ends>,
}

impl<'a> Search<'_, 'a> {
    /// The best deployment, if there is any combination, or why none can be.
    fn best(&self) -> Option<Result<Deployment<'a>, Refusal>> {
        let scenario = self.maker.scenario;
        let open = matches!(scenario.load, Load::Open { .. });
        let mut hopes = self.first_looks();
        let mut best: Option<(Standing, Deployment<'a>)> = None;
        let mut refused = None;
        // Decode sides that carry an open load, and whether in time for the first token: whoever reads the prompts, the time
        // per token is the same.
        let mut carrying = vec![None; self.writers.len()];
        let mut come: Vec<Vec<Come>> = vec![Vec::new(); self.writers.len()];
        let (mut served, mut short) = (0, 0);
        while let Some(hope) = hopes.pop() {
            let enough = served >= SERVED || short >= SHORT;
            if enough || best.as_ref().is_some_and(|(own, _)| !hope.standing.may_beat(own)) {
                break;
            }
            if !hope.known {
                self.look_closer(hope.writer, &mut hopes);
                continue;
            }
            let done = carrying.get(hope.writer).copied().flatten();
            if done.is_some_and(|prompt: bool| prompt || !hope.standing.prompt) {
                continue;
            }
            // Behind a pool that reads more prompts sooner, a decode side came to no more than it does behind this one.
            let pool = self.pool(&hope);
            let seen = come.get(hope.writer).map_or(&[][..], Vec::as_slice);
            if best.as_ref().is_some_and(|(own, _)| Come::is_outdone(seen, pool, own)) {
                continue;
            }
            let Some(deployment) = self.deployment(&hope) else { continue };
            let deployment = match deployment {
                Err(refusal) => {
                    served += 1;
                    refused.get_or_insert(refusal);
                    continue;
                }
                Ok(deployment) => deployment,
            };
            let ahead = best.as_ref().map(|own: &(Standing, Deployment<'a>)| own.0);
            let rival = ahead.and_then(|own| Some((own, self.rival(&own, &hope)?)));
            let found = match outline(&deployment, rival.as_ref().map(|own| &own.1)) {
                Ok(found) => found,
                Err(why) => {
                    short += 1;
                    let Some((ahead, _)) = rival else { continue };
                    match (carrying.get_mut(hope.writer), come.get_mut(hope.writer)) {
                        (Some(place), _) if open && ahead.keeps && why == Short::Slower => {
                            *place = Some(true);
                        }
                        (_, Some(come)) if !open => {
                            come.push(Come { pool, standing: None });
                        }
                        _ => {}
                    }
                    continue;
                }
            };
            served += 1;
            let standing = Standing::outlined(scenario, &found);
            if let Some(place) = carrying.get_mut(hope.writer).filter(|_| open && standing.carries) {
                *place = Some(standing.prompt);
            }
            if let Some(come) = come.get_mut(hope.writer) {
                come.push(Come { pool, standing: Some(standing) });
            }
            if best.as_ref().is_none_or(|(own, _)| standing.beats(own)) {
                best = Some((standing, deployment));
            }
        }
        best.map(|(_, deployment)| Ok(deployment)).or(refused.map(Err))
    }

    /// What a combination must come up to in order to be better than the best. In runs the value is not that of the balance.
    fn rival(&self, best: &Standing, hope: &Hope) -> Option<Rival> {
        let scenario = self.maker.scenario;
        let writer = self.writers.get(hope.writer)?;
        if writer.half.holder.settled.replica.flags().prompts.is_some() {
            return None;
        }
        // Whether it may be better in what counts more than the value.
        let above = (hope.standing.carries, hope.standing.keeps) > (best.carries, best.keeps);
        let guess = hope.tpot;
        Some(match scenario.load {
            Load::Closed { .. } => {
                let rate = if above { best.value.min(self.keeping()) } else { best.value };
                Rival { rate, tpot: f64::INFINITY, guess }
            }
            Load::Open { .. } if best.carries => {
                let tpot = if above { f64::INFINITY } else { 1.0 / best.value };
                Rival { rate: f64::INFINITY, tpot, guess }
            }
            // What does not carry the load is as good as the rate that it does.
            Load::Open { .. } => Rival { rate: best.value, tpot: f64::INFINITY, guess },
        })
    }

    /// Requests per second below which no closed loop keeps the service level: by Little's law its users are somewhere. Where a
    /// percentile is within a limit the mean is, or nearly; it is never twice that.
    fn keeping(&self) -> f64 {
        let scenario = self.maker.scenario;
        let Load::Closed { concurrency } = scenario.load else { return 0.0 };
        let most = |limit: Option<Limit>| {
            let twice = |own: Limit| if own.percentile.is_some() { 2.0 } else { 1.0 };
            limit.map_or(f64::INFINITY, |own| own.at.get() * twice(own))
        };
        let Slo { ttft, tpot } = scenario.slo;
        concurrency / (most(ttft) + self.lengths.tokens * most(tpot) + scenario.pause().get())
    }

    /// What each decode side comes to at best by a first look.
    fn first_looks(&self) -> BinaryHeap<Hope> {
        let scenario = self.maker.scenario;
        let readers = self.readers.iter().flatten();
        let before = readers.clone().map(|own| own.ttft).fold(f64::INFINITY, f64::min);
        let prompts = readers.map(|own| own.most).fold(0.0, f64::max);
        let before = if self.readers.is_some() { (before, prompts) } else { (0.0, f64::INFINITY) };
        let hope = |(index, writer): (usize, &Writer<'a>)| {
            let standing = writer.first_look(scenario, self.lengths).hope(scenario, self.lengths, before);
            Hope { standing, writer: index, reader: None, known: false, tpot: 0.0 }
        };
        self.writers.iter().enumerate().map(hope).collect()
    }

    /// Adds what a decode side comes to at best with each who may read its prompts.
    fn look_closer(&self, index: usize, hopes: &mut BinaryHeap<Hope>) {
        let scenario = self.maker.scenario;
        let Some(writer) = self.writers.get(index) else { return };
        let figures = writer.closer_look(scenario, self.lengths);
        let mut add = |reader, before| {
            let standing = figures.hope(scenario, self.lengths, before);
            hopes.push(Hope { standing, writer: index, reader, known: true, tpot: figures.tpot });
        };
        match &self.readers {
            None => add(None, (0.0, f64::INFINITY)),
            Some(readers) => {
                let holder = &writer.half.holder;
                for (at, reader) in readers.iter().enumerate() {
                    let path = self.ways.as_ref().map(|own| own.path(reader.side.size(), holder.size()));
                    let passed = path.map_or(f64::INFINITY, |own| own.most().get());
                    add(Some(at), (reader.ttft, reader.most.min(passed)));
                }
            }
        }
    }

    /// Time of a prompt where it is read for a decode side, and most of them per second; no limit where that is itself.
    fn pool(&self, hope: &Hope) -> (f64, f64) {
        let reader = hope.reader.and_then(|at| self.readers.as_ref()?.get(at));
        reader.map_or((0.0, f64::INFINITY), |own| (own.ttft, own.most))
    }

    fn deployment(&self, hope: &Hope) -> Option<Result<Deployment<'a>, Refusal>> {
        let writer = self.writers.get(hope.writer)?;
        let reader = hope.reader.and_then(|at| self.readers.as_ref()?.get(at)).map(|own| own.side.clone());
        Some(Deployment::of(self.maker, *self.lengths, reader, writer.half.clone()))
    }
}

impl Ord for Hope {
    /// The better hope is greater; of equals the first.
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |own: &Self| (own.writer, own.reader);
        other.standing.order(&self.standing).then(place(other).cmp(&place(self)))
    }
}

impl PartialOrd for Hope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hope {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Hope {}

/// The decode sides that these pools can make up.
fn writers<'a>(
    maker: &Maker<'a>,
    (holders, seconds): (Vec<Side<'a>>, Option<Vec<Side<'a>>>),
    drafter: Option<&'a Model>,
    lengths: &Lengths,
) -> Result<Vec<Writer<'a>>, Refusal> {
    let (holders, seconds): (_, Vec<Option<Side<'a>>>) = match seconds {
        None => (holders, vec![None]),
        Some(sides) => {
            let (holders, sides) = pairs::worth(maker, (holders, sides), lengths);
            (holders, sides.into_iter().map(Some).collect())
        }
    };
    let mut writers = Vec::new();
    let mut refused = None;
    for holder in holders {
        for second in &seconds {
            match maker.half(holder.clone(), second.clone(), drafter, lengths) {
                Ok(half) => writers.push(Writer { half }),
                Err(refusal) => refused = Some(refusal),
            }
        }
    }
    match refused {
        Some(refusal) if writers.is_empty() => Err(refusal),
        _ => Ok(writers),
    }
}

/// The layouts of a prefill pool that no other beats in the time to first token, in prompts per second and in the links that a
/// cache leaves by.
fn front<'a>(sides: Vec<Side<'a>>, scenario: &Scenario, lengths: &Lengths) -> Vec<Reader<'a>> {
    let mut readers: Vec<Reader<'a>> =
        sides.into_iter().map(|side| Reader::new(side, scenario, lengths)).collect();
    readers.sort_by(|a, b| a.ttft.total_cmp(&b.ttft).then(b.most.total_cmp(&a.most)));
    let open = matches!(scenario.load, Load::Open { .. });
    let mut kept: Vec<Reader<'a>> = Vec::new();
    for own in readers {
        let at = |reader: &Reader<'a>| reader.side.settled.replica.layout();
        let beats = |other: &Reader<'a>| {
            let (one, two) = (at(other), at(&own));
            // In a closed loop the way of a cache counts, which is short to ranks like its own.
            let alike = open || (one.tp, one.pp) == (two.tp, two.pp);
            other.most >= own.most && one.chips() >= two.chips() && alike
        };
        if !kept.iter().any(beats) {
            kept.push(own);
        }
    }
    kept
}

impl<'a> Reader<'a> {
    fn new(side: Side<'a>, scenario: &Scenario, lengths: &Lengths) -> Self {
        let replica = &side.settled.replica;
        let prefill = lengths
            .prefill(|new, past| replica.prefill(new, past), |own, new, past| replica.bent(own, new, past));
        let replicas = f64::from(side.settled.replicas);
        let most = replicas / prefill.least().get();
        let ttft = match scenario.load {
            // A loop takes fewer prompts the longer they wait, and is full of its own.
            Load::Closed { .. } => prefill.latency.get(),
            Load::Open { rate, cv } => {
                let each = rate.get().min(most * SATURATED) / replicas;
                let ahead = reading(&prefill, replicas, each);
                let stream = Stream { rate: each, replicas, cv };
                let together = prefill.on_rank(ahead.company(&stream));
                ahead.wait(&stream).queue + prefill.latency_of(together).get()
            }
        };
        Self { side, ttft, most }
    }
}

/// What a decode side does at best.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Most requests per second.
    most: f64,
    /// Time to first token but for what another pool takes, in seconds.
    ttft: f64,
    /// Time per token, in seconds.
    tpot: f64,
    /// Time per token of one sequence alone, and with how many the time per token is meant, on a replica.
    alone: f64,
    sequences: f64,
    /// Users whom there is room for.
    users: f64,
    replicas: f64,
}

impl Figures {
    /// What comes of it behind a pool that takes so long for the first token and reads so many prompts per second.
    fn hope(&self, scenario: &Scenario, lengths: &Lengths, (before, prompts): (f64, f64)) -> Standing {
        let (most, ttft) = (self.most.min(prompts), self.ttft + before);
        match scenario.load {
            Load::Open { rate, .. } => {
                let carries = rate.get() <= most * SATURATED * (1.0 + SLACK);
                Standing::hoped(scenario, carries, most.min(rate.get()), (ttft, self.tpot))
            }
            Load::Closed { concurrency } => {
                let decode = lengths.tokens * self.tpot;
                // Who waits for a pool of prompts takes no room in decode yet.
                let stay = if scenario.split.prefill().is_some() { decode } else { ttft + decode };
                let rate = (concurrency / (ttft + decode + scenario.pause().get())).min(self.users / stay);
                // Where prompts are what is scarce, fewer are in decode.
                let fewer = (most * decode / self.replicas).max(1.0);
                let share = if fewer < self.sequences { (fewer - 1.0) / (self.sequences - 1.0) } else { 1.0 };
                // Who waits longer for a first token than is hoped leaves fewer in decode: half of what company adds is sure.
                let tpot = self.alone + (self.tpot - self.alone) * share * 0.5;
                Standing::hoped(scenario, true, rate.min(most), (ttft, tpot))
            }
        }
    }
}

impl<'a> Writer<'a> {
    /// By a single step: of one sequence in an open loop, of all that there may be in a closed one.
    fn first_look(&self, scenario: &Scenario, lengths: &Lengths) -> Figures {
        let per_step = self.half.tokens_per_step();
        let step = |sequences: f64| self.half.step(sequences, lengths.context).get() / per_step;
        let none = Figures {
            most: f64::INFINITY,
            ttft: 0.0,
            tpot: 0.0,
            alone: 0.0,
            sequences: 1.0,
            users: f64::INFINITY,
            replicas: self.half.replicas(),
        };
        match scenario.load {
            Load::Open { .. } => Figures { tpot: step(1.0), ..none },
            Load::Closed { concurrency } => {
                let here = (concurrency / none.replicas).min(self.half.fits(lengths.context)).max(1.0);
                Figures { most: none.replicas * here / (lengths.tokens * step(here)), ..none }
            }
        }
    }

    /// By a few steps and prompts.
    fn closer_look(&self, scenario: &Scenario, lengths: &Lengths) -> Figures {
        let half = &self.half;
        let station = Station::unbent(half, lengths).under(scenario);
        let engine = station.engine();
        let (replicas, tokens, room) = (station.replicas, station.tokens, station.fits);
        let prompt = station.prefill.map_or(Seconds::ZERO, |own| own.latency) + engine.request;
        let (ttft, users) = (prompt.get(), replicas * room);
        // Time by which a prompt holds decode up at least: alone in a step or in a full one, of which it saves what it can.
        let stall = |step: Seconds| {
            let own = station.prefill.map_or(0.0, |prefill| {
                let of = |together: f64| {
                    let saved = if station.mixes { prefill.saved(together, step).get() } else { 0.0 };
                    engine.interference * prefill.occupancy_of(together).get() - engine.mixing * saved
                };
                of(1.0).min(of(prefill.most)).max(0.0)
            });
            own + station.drafter_prompt.get()
        };
        let prompts = station.prefill.map_or(f64::INFINITY, |own| 1.0 / own.least().get());
        // Prompts of others that come while an answer is written.
        let others = |sequences: f64| match (station.spacing, station.meets) {
            (Some(spacing), _) => spacing.arrivals(sequences),
            (None, Some(share)) => sequences * share,
            (None, None) => sequences,
        };
        // Sequences in decode where a token takes so long.
        let sequences = |tpot: f64| match scenario.load {
            Load::Open { rate, .. } => (rate.get() / replicas * tokens * tpot).min(room),
            Load::Closed { concurrency } => {
                let (users, share) = (concurrency / replicas, tokens * tpot / (ttft + tokens * tpot));
                let here = if half.prefills { users.min(room) * share } else { (users * share).min(room) };
                here.min(prompts * tokens * tpot)
            }
        };
        let per_step = half.tokens_per_step();
        // From below, so that it never takes longer than it does.
        let (mut alone, mut tpot) = (0.0, 0.0);
        for _ in 0..3 {
            let step = half.step(sequences(tpot).max(1.0), station.context);
            let (plain, stall) = (step.get() / per_step, stall(step));
            if alone <= 0.0 {
                alone = plain;
            }
            tpot = plain.max(tpot);
            for _ in 0..6 {
                tpot = plain + stall * others(sequences(tpot)) / tokens;
            }
        }
        let most = match scenario.load {
            Load::Open { .. } => {
                let full = half.step(room, station.context);
                replicas * room / (tokens * (full.get() / per_step) + stall(full) * room)
            }
            Load::Closed { concurrency } => {
                // No replica ever holds more, and one that holds more serves more.
                let users = (concurrency / replicas).min(room).max(1.0);
                let full = half.step(users, station.context);
                let busy = tokens * (full.get() / per_step) / users + stall(full) * all_but_one(users);
                replicas * prompts.min(busy.recip())
            }
        };
        Figures { most, ttft, tpot, alone, sequences: sequences(tpot).max(1.0), users, replicas }
    }
}

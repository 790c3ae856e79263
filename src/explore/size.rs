//! Sizing: the cheapest deployment that carries a load within a service level, for each split and each choice of chips.
//!
//! Replicas are measured once per layout ([`crate::serve::survey`]); from there on the number of replicas is found by
//! serving in full. Colocated pools are bisected. A split is first sized station by station from the rate that the load
//! comes to, then stepped down until neither pool can lose a replica.

use serde::Serialize;

use super::deployed::Deployed;
use super::objective::{Miss, loaded, miss};
use super::shape::{self, Shape};
use crate::catalog::{self, Status};
use crate::cost::chip_price;
use crate::evaluate::{Evaluation, evaluate_with};
use crate::machine::{Constants, constants};
use crate::metric::Metric;
use crate::scenario::{Load, Role, Scenario, Split};
use crate::serve::survey::{Offer, offers};
use crate::serve::{Binding, Refusal};
use crate::units::{DollarsPerHour, Seconds};

/// Most chips of a pool that sizing tries.
const MOST_CHIPS: u32 = 4096;

/// Largest replica whose layouts are measured.
const WIDEST: u32 = 1024;

/// Batch sizes at which a replica is measured.
const BATCHES: usize = 24;

/// Stations of each role that are paired with each other.
const STATIONS: usize = 10;

/// Layouts of a chip among them.
const PER_CHIP: usize = 2;

/// Layouts with which a chip without a price is tried beside priced ones.
const UNPRICED_LAYOUTS: usize = 6;

/// A deployment that carries the load within the service level, with no replica to spare.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    /// The deployment with its layouts written down.
    #[serde(flatten)]
    pub deployed: Deployed,
    /// Its split.
    pub split: Shape,
    /// Chips over all pools.
    pub chips: u32,
    /// What it costs per hour.
    pub per_hour: DollarsPerHour,
    /// Dollars per million tokens, input and output together.
    pub per_mtok: Option<f64>,
    /// Mean time to first token.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// What limits it.
    pub binding: Binding,
    /// How much more it carries; only for the deployments that an answer names.
    pub headroom: Option<Headroom>,
}

/// How much more load a deployment carries within its service level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Headroom {
    /// The share that the load may grow by; 0.2 = 20 %.
    pub share: f64,
    /// What breaks beyond; absent where nothing does at twice the load.
    pub breaks: Option<Miss>,
    /// What limits the deployment there.
    pub binding: Binding,
}

/// Why a chip is in no deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unfit {
    /// It cannot serve the model.
    Refused {
        /// Why not.
        refusal: Refusal,
    },
    /// The model fits on no number of chips.
    NoRoom,
    /// Even one user waits longer for a first token.
    Ttft {
        /// The shortest wait.
        best: Seconds,
    },
    /// Even one user waits longer for each token.
    Tpot {
        /// The shortest time.
        best: Seconds,
    },
    /// No number of chips that was tried carries the load.
    TooMany,
}

/// Below which price a chip without a public one would be part of the cheapest deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// The chip.
    pub chip: String,
    /// The price per chip-hour at which it costs as much as the cheapest deployment of priced chips.
    pub below: DollarsPerHour,
    /// Chips of it.
    pub chips: u32,
    /// The deployment it would be part of.
    #[serde(flatten)]
    pub deployed: Deployed,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    /// What was asked: the load, the model and the service level.
    pub scenario: Scenario,
    /// The cheapest deployment of each split and choice of chips, cheapest first.
    pub deployments: Vec<Deployment>,
    /// Chips that carry the load in no deployment alone, with the reason.
    pub unfit: Vec<(String, Unfit)>,
    /// What chips without a public price would have to cost, highest first.
    pub break_even: Vec<BreakEven>,
}

/// A layout of a priced chip in one role with the number of replicas that the load seems to take.
#[derive(Clone, Debug)]
struct Stationed {
    chip: usize,
    offer: usize,
    replicas: u32,
    /// Dollars per hour of all of them.
    cost: f64,
}

#[derive(Clone, Debug)]
enum Job {
    Chip { chip: usize },
    Rank,
    Pair { prefill: Stationed, decode: Stationed },
    Unpriced { chip: usize },
    Headroom { index: usize },
}

/// What is known of a chip.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    price: Option<f64>,
    prefill: Vec<Offer>,
    decode: Vec<Offer>,
    colocated: Vec<Offer>,
}

/// A deployment that was found, with its pools.
#[derive(Clone, Debug)]
struct Found {
    split: Split,
    deployment: Deployment,
}

impl Found {
    /// Whether another has the same split and the same kinds of chips.
    fn is_like(&self, other: &Self) -> bool {
        let kinds = |own: &Self| -> Vec<String> {
            own.split.pools().into_iter().map(|(_, pool)| pool.chip.clone()).collect()
        };
        self.deployment.split == other.deployment.split && kinds(self) == kinds(other)
    }
}

/// A search for the cheapest deployments that is taken in steps.
#[derive(Clone, Debug)]
pub struct Sizer {
    scenario: Scenario,
    tables: &'static Constants,
    chips: Vec<Known>,
    found: Vec<Found>,
    unfit: Vec<(String, Unfit)>,
    break_even: Vec<BreakEven>,
    jobs: Vec<Job>,
}

/// The chips that sizing considers when nobody names others: all of the catalogue that can be modelled and were not
/// withdrawn, and those that the scenario brings along.
#[must_use]
pub fn all_chips(scenario: &Scenario) -> Vec<String> {
    let own = scenario.custom.chips.iter();
    let all = catalog::chips().iter().filter(|chip| chip.status != Status::Shelved).chain(own);
    all.filter(|chip| chip.gap().is_none()).map(|chip| chip.id.to_string()).collect()
}

/// Sizes a deployment on these chips.
///
/// ```
/// use tandem::explore::size;
/// use tandem::scenario::link;
///
/// let asked = link::parse("v1&model=llama3-8b&rate=10&ttft=2s&tpot=30ms").scenario;
/// let sizing = size(&asked, &["h100-sxm".to_owned(), "h200".to_owned()]);
/// let cheapest = &sizing.deployments[0];
/// assert!(sizing.deployments.iter().all(|own| own.per_hour.get() >= cheapest.per_hour.get()));
/// println!("{}", cheapest.deployed.link);
/// ```
#[must_use]
pub fn size(scenario: &Scenario, chips: &[String]) -> Sizing {
    let mut sizer = Sizer::new(scenario, chips);
    while !sizer.step(64) {}
    sizer.answer()
}

impl Sizer {
    /// A search on these chips. Chips without a price get the one below which they would pay.
    #[must_use]
    pub fn new(scenario: &Scenario, chips: &[String]) -> Self {
        let known = |id: &String| Known {
            id: id.clone(),
            price: chip_price(scenario, id).ok().map(|own| own.get()),
            prefill: Vec::new(),
            decode: Vec::new(),
            colocated: Vec::new(),
        };
        let mut jobs = vec![Job::Rank];
        jobs.extend((0..chips.len()).rev().map(|chip| Job::Chip { chip }));
        Self {
            scenario: scenario.clone(),
            tables: constants(),
            chips: chips.iter().map(known).collect(),
            found: Vec::new(),
            unfit: Vec::new(),
            break_even: Vec::new(),
            jobs,
        }
    }

    /// Does so many jobs, each of a few milliseconds; whether the search is over.
    pub fn step(&mut self, jobs: usize) -> bool {
        for _ in 0..jobs {
            match self.jobs.pop() {
                None => return true,
                Some(Job::Chip { chip }) => self.chip(chip),
                Some(Job::Rank) => self.rank(),
                Some(Job::Pair { prefill, decode }) => self.pair(&prefill, &decode),
                Some(Job::Unpriced { chip }) => self.unpriced(chip),
                Some(Job::Headroom { index }) => self.headroom(index),
            }
        }
        self.jobs.is_empty()
    }

    /// What was found so far.
    #[must_use]
    pub fn answer(&self) -> Sizing {
        Sizing {
            scenario: self.scenario.clone(),
            deployments: self.best_of_each().into_iter().map(|own| own.deployment).collect(),
            unfit: self.unfit.clone(),
            break_even: self.break_even.clone(),
        }
    }

    /// The cheapest of each split and choice of chips, cheapest first.
    fn best_of_each(&self) -> Vec<Found> {
        let mut best: Vec<Found> = Vec::new();
        for own in &self.found {
            match best.iter_mut().find(|other| other.is_like(own)) {
                Some(other) if own.deployment.per_hour < other.deployment.per_hour => *other = own.clone(),
                Some(_) => {}
                None => best.push(own.clone()),
            }
        }
        best.sort_by(|a, b| {
            let (a, b) = (&a.deployment, &b.deployment);
            a.per_hour.get().total_cmp(&b.per_hour.get()).then(a.chips.cmp(&b.chips))
        });
        best
    }

    /// Dollars per hour of the cheapest deployment so far.
    fn cheapest(&self) -> f64 {
        self.found.iter().map(|own| own.deployment.per_hour.get()).fold(f64::INFINITY, f64::min)
    }

    fn price(&self, chip: usize) -> Option<f64> {
        self.chips.get(chip)?.price
    }

    fn with(&self, split: Split) -> Scenario {
        Scenario { split, ..self.scenario.clone() }
    }

    /// Serves a split; the evaluation when it keeps the service level.
    fn keeps(&self, split: Split) -> Option<Evaluation> {
        let evaluation = evaluate_with(&self.with(split), self.tables).ok()?;
        miss(&self.scenario.slo, &evaluation).is_none().then_some(evaluation)
    }

    /// Measures a chip in each role and sizes a pool that does everything on it.
    fn chip(&mut self, chip: usize) {
        let Some(id) = self.chips.get(chip).map(|own| own.id.clone()) else { return };
        let measure = |role| offers(&self.scenario, self.tables, &id, WIDEST, role, BATCHES);
        let measured = measure(Role::Colocated)
            .and_then(|colocated| Ok((colocated, measure(Role::Prefill)?, measure(Role::Decode)?)));
        let (mut colocated, prefill, decode) = match measured {
            Ok(measured) => measured,
            Err(refusal) => return self.unfit.push((id, Unfit::Refused { refusal })),
        };
        if colocated.is_empty() {
            self.unfit.push((id, Unfit::NoRoom));
        } else {
            let (tpot, ttft) = (fastest_token(&colocated), fastest_prompt(&colocated));
            let slo = self.scenario.slo;
            colocated.retain(|own| self.may_keep(own));
            let reason = if slo.tpot.is_some_and(|limit| tpot > limit.at) {
                Some(Unfit::Tpot { best: tpot })
            } else if slo.ttft.is_some_and(|limit| ttft > limit.at) {
                Some(Unfit::Ttft { best: ttft })
            } else {
                None
            };
            let sized = if reason.is_none() { self.fewest(&id, &colocated) } else { None };
            match (sized, self.price(chip)) {
                (Some((split, evaluation)), Some(price)) => {
                    let cost = price * f64::from(split.chips());
                    self.keep(split, &evaluation, cost);
                }
                (Some(_), None) => {}
                (None, _) => self.unfit.push((id, reason.unwrap_or(Unfit::TooMany))),
            }
        }
        if let Some(known) = self.chips.get_mut(chip) {
            known.prefill = prefill;
            known.decode = decode;
            known.colocated = colocated;
        }
    }

    /// Whether a replica keeps the service level with one user at all.
    fn may_keep(&self, offer: &Offer) -> bool {
        let slo = self.scenario.slo;
        let token = offer.points.first().map_or(Seconds::ZERO, |at| at.step);
        let prompt = offer.prefill.map_or(Seconds::ZERO, |own| own.latency);
        slo.tpot.is_none_or(|limit| token <= limit.at) && slo.ttft.is_none_or(|limit| prompt <= limit.at)
    }

    /// The pool of the fewest chips that does everything within the service level.
    fn fewest(&self, id: &str, offers: &[Offer]) -> Option<(Split, Evaluation)> {
        let mut best: Option<(Split, Evaluation)> = None;
        for offer in offers {
            let size = offer.chips.max(1);
            let most = match &best {
                Some((split, _)) => (split.chips() - 1) / size,
                None => MOST_CHIPS / size,
            };
            let pool = |replicas: u32| shape::colocated(shape::pool(id, replicas * size, offer.layout));
            let Some(mut kept) = (most > 0).then(|| self.keeps(pool(most))).flatten() else { continue };
            // Fewer replicas never serve better; the smallest number that serves is between these two.
            let (mut low, mut high) = (0, most);
            let mut guess = 1;
            while high - low > 1 {
                let middle = if guess < high && low < guess { guess } else { low + (high - low) / 2 };
                guess = guess.saturating_mul(4);
                match self.keeps(pool(middle)) {
                    Some(evaluation) => (high, kept) = (middle, evaluation),
                    None => low = middle,
                }
            }
            best = Some((pool(high), kept));
        }
        best
    }

    fn keep(&mut self, split: Split, evaluation: &Evaluation, cost: f64) {
        let steady = &evaluation.steady;
        let deployment = Deployment {
            deployed: Deployed::of(&self.with(split.clone())),
            split: Shape::of(&split),
            chips: split.chips(),
            per_hour: DollarsPerHour::new(cost),
            per_mtok: Metric::CostTotal.read(evaluation).ok().map(|own| own.value),
            ttft: steady.ttft,
            tpot: steady.tpot,
            binding: steady.binding,
            headroom: None,
        };
        self.found.push(Found { split, deployment });
    }

    /// Requests per second that the load comes to when a token takes so long.
    fn rate(&self, tpot: Seconds) -> f64 {
        match self.scenario.load {
            Load::Open { rate, .. } => rate.get(),
            Load::Closed { concurrency } => {
                let tokens = (self.scenario.workload.mean_osl().get() - 1.0).max(1e-3);
                let first = self.scenario.slo.ttft.map_or(0.0, |limit| limit.at.get() * 0.6);
                concurrency / (first + tokens * tpot.get())
            }
        }
    }

    /// Decode replicas that the load takes on an offer, and the rate they are made for.
    fn decodes(&self, offer: &Offer) -> Option<(u32, f64)> {
        let limit = self.scenario.slo.tpot;
        let at = offer.points.iter().rev().find(|at| limit.is_none_or(|limit| at.tpot <= limit.at))?;
        let rate = self.rate(at.tpot);
        Some((to_count(rate / at.rate)?, rate))
    }

    fn prefills(&self, offer: &Offer, rate: f64) -> Option<u32> {
        if !self.may_keep(offer) {
            return None;
        }
        to_count(rate / (0.85 * offer.prompts()))
    }

    /// Stations of a role, cheapest first, at most so many and few of each chip.
    fn stations(&self, role: Role, rate: f64, priced: bool) -> Vec<Stationed> {
        let mut all = Vec::new();
        for (chip, known) in self.chips.iter().enumerate() {
            let Some(price) = known.price.filter(|_| priced) else { continue };
            let offers = if role == Role::Prefill { &known.prefill } else { &known.decode };
            for (offer, own) in offers.iter().enumerate() {
                let replicas = match role {
                    Role::Prefill => self.prefills(own, rate),
                    _ => self.decodes(own).map(|(replicas, _)| replicas),
                };
                let Some(replicas) = replicas else { continue };
                let chips = replicas.saturating_mul(own.chips);
                if chips <= MOST_CHIPS {
                    all.push(Stationed { chip, offer, replicas, cost: price * f64::from(chips) });
                }
            }
        }
        all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let mut kept: Vec<Stationed> = Vec::new();
        for own in all {
            if kept.iter().filter(|other| other.chip == own.chip).count() < PER_CHIP {
                kept.push(own);
            }
        }
        kept
    }

    /// Pairs the cheapest stations, and leaves the rest of the work for later steps.
    fn rank(&mut self) {
        let decodes = self.stations(Role::Decode, 0.0, true);
        // All stations are sized for about the same rate; the fastest decode sees the most prompts.
        let rate = decodes
            .iter()
            .filter_map(|own| self.decodes(self.chips.get(own.chip)?.decode.get(own.offer)?))
            .map(|(_, rate)| rate)
            .fold(0.0, f64::max);
        let prefills = self.stations(Role::Prefill, rate, true);
        let mut pairs: Vec<(f64, Job)> = Vec::new();
        // Chips are mixed where they are cheap; each is tried beside its like, so that all kinds can be compared.
        for (place, prefill) in prefills.iter().enumerate() {
            for (other, decode) in decodes.iter().enumerate() {
                if prefill.chip != decode.chip && place.max(other) >= STATIONS {
                    continue;
                }
                let job = Job::Pair { prefill: prefill.clone(), decode: decode.clone() };
                pairs.push((prefill.cost + decode.cost, job));
            }
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut jobs: Vec<Job> = pairs.into_iter().map(|own| own.1).collect();
        let unpriced = self.chips.iter().enumerate().filter(|(_, known)| known.price.is_none());
        jobs.extend(unpriced.map(|(chip, _)| Job::Unpriced { chip }));
        jobs.push(Job::Headroom { index: 0 });
        jobs.reverse();
        self.jobs.extend(jobs);
    }

    fn pair(&mut self, prefill: &Stationed, decode: &Stationed) {
        let (Some(read), Some(write)) = (self.chips.get(prefill.chip), self.chips.get(decode.chip)) else {
            return;
        };
        let (Some(reader), Some(writer)) = (read.prefill.get(prefill.offer), write.decode.get(decode.offer))
        else {
            return;
        };
        let prices = (read.price.unwrap_or(0.0), write.price.unwrap_or(0.0));
        let best = self.cheapest();
        if prefill.chip != decode.chip && prefill.cost + decode.cost > best * 3.0 {
            return;
        }
        let start = (prefill.replicas, decode.replicas);
        let costs = (prices.0 * f64::from(reader.chips), prices.1 * f64::from(writer.chips));
        if let Some((split, evaluation, counts)) =
            self.tightest((&read.id, reader), (&write.id, writer), start, costs)
        {
            let cost = costs.0 * f64::from(counts.0) + costs.1 * f64::from(counts.1);
            self.keep(split, &evaluation, cost);
        }
    }

    /// From a guess of replicas up to a deployment that keeps the service level, and down until neither pool can lose
    /// one, the dearer pool first.
    fn tightest(
        &self,
        read: (&str, &Offer),
        write: (&str, &Offer),
        start: (u32, u32),
        costs: (f64, f64),
    ) -> Option<(Split, Evaluation, (u32, u32))> {
        let split = |(reads, writes): (u32, u32)| {
            shape::apart(
                shape::pool(read.0, reads * read.1.chips, read.1.layout),
                shape::pool(write.0, writes * write.1.chips, write.1.layout),
            )
        };
        let mut counts = (start.0.max(1), start.1.max(1));
        let mut kept = None;
        for _ in 0..32 {
            let evaluation = evaluate_with(&self.with(split(counts)), self.tables).ok()?;
            let Some(missed) = miss(&self.scenario.slo, &evaluation) else {
                kept = Some(evaluation);
                break;
            };
            let pools = &evaluation.steady.pools;
            let busy = |index: usize| pools.get(index).map_or(0.0, |own| own.utilisation);
            let grown = |count: u32| count + (count / 8).max(1);
            if missed == Miss::Tpot || missed != Miss::Tpot && busy(1) > busy(0) {
                counts.1 = grown(counts.1);
            } else {
                counts.0 = grown(counts.0);
            }
            if counts.0 * read.1.chips > MOST_CHIPS || counts.1 * write.1.chips > MOST_CHIPS {
                return None;
            }
        }
        let mut kept = kept?;
        loop {
            let fewer_reads = (counts.0 > 1).then_some((counts.0 - 1, counts.1));
            let fewer_writes = (counts.1 > 1).then_some((counts.0, counts.1 - 1));
            let order =
                if costs.0 > costs.1 { [fewer_reads, fewer_writes] } else { [fewer_writes, fewer_reads] };
            let fewer =
                order.into_iter().flatten().find_map(|counts| Some((counts, self.keeps(split(counts))?)));
            match fewer {
                Some((less, evaluation)) => (counts, kept) = (less, evaluation),
                None => return Some((split(counts), kept, counts)),
            }
        }
    }

    /// The price below which a chip without one would be in the cheapest deployment: alone, or in one of two pools.
    fn unpriced(&mut self, chip: usize) {
        let best = self.cheapest();
        let Some(known) = self.chips.get(chip).filter(|_| best.is_finite()) else { return };
        let mut worth: Option<BreakEven> = None;
        let mut consider = |split: Split, chips: u32, rest: f64| {
            let below = (best - rest) / f64::from(chips.max(1));
            if below > 0.0 && worth.as_ref().is_none_or(|own| below > own.below.get()) {
                worth = Some(BreakEven {
                    chip: known.id.clone(),
                    below: DollarsPerHour::new(below),
                    chips,
                    deployed: Deployed::of(&self.with(split)),
                });
            }
        };
        if let Some((split, _)) = self.fewest(&known.id, &known.colocated) {
            let chips = split.chips();
            consider(split, chips, 0.0);
        }
        let mut decodes: Vec<(u32, f64, &Offer)> = known
            .decode
            .iter()
            .filter_map(|own| self.decodes(own).map(|(replicas, rate)| (replicas, rate, own)))
            .collect();
        decodes.sort_by_key(|own| own.0.saturating_mul(own.2.chips));
        for (replicas, rate, writer) in decodes.into_iter().take(UNPRICED_LAYOUTS) {
            for reads in self.stations(Role::Prefill, rate, true).into_iter().take(PER_CHIP) {
                let Some(read) = self.chips.get(reads.chip) else { continue };
                let Some(reader) = read.prefill.get(reads.offer) else { continue };
                let each = read.price.unwrap_or(0.0) * f64::from(reader.chips);
                // The chip itself is what must be few, so its pool shrinks first.
                let costs = (each, f64::INFINITY);
                let start = (reads.replicas, replicas);
                if let Some((split, _, counts)) =
                    self.tightest((&read.id, reader), (&known.id, writer), start, costs)
                {
                    consider(split, counts.1 * writer.chips, each * f64::from(counts.0));
                }
            }
        }
        let writers = self.stations(Role::Decode, 0.0, true);
        for writes in writers.into_iter().take(PER_CHIP) {
            let Some(write) = self.chips.get(writes.chip) else { continue };
            let Some(writer) = write.decode.get(writes.offer) else { continue };
            let Some((_, rate)) = self.decodes(writer) else { continue };
            let mut readers: Vec<(u32, &Offer)> = known
                .prefill
                .iter()
                .filter_map(|own| self.prefills(own, rate).map(|replicas| (replicas, own)))
                .collect();
            readers.sort_by_key(|own| own.0.saturating_mul(own.1.chips));
            for (replicas, reader) in readers.into_iter().take(PER_CHIP) {
                let each = write.price.unwrap_or(0.0) * f64::from(writer.chips);
                let start = (replicas, writes.replicas);
                let costs = (f64::INFINITY, each);
                if let Some((split, _, counts)) =
                    self.tightest((&known.id, reader), (&write.id, writer), start, costs)
                {
                    consider(split, counts.0 * reader.chips, each * f64::from(counts.1));
                }
            }
        }
        if let Some(worth) = worth {
            self.break_even.push(worth);
            self.break_even.sort_by(|a, b| b.below.get().total_cmp(&a.below.get()));
        }
    }

    /// How much more the named deployments carry, one at a step.
    fn headroom(&mut self, index: usize) {
        if index == 0 {
            self.found = self.best_of_each();
        }
        let Some(own) = self.found.get(index) else { return };
        let room = headroom(&self.with(own.split.clone()), self.tables);
        if let Some(own) = self.found.get_mut(index) {
            own.deployment.headroom = room;
        }
        self.jobs.push(Job::Headroom { index: index + 1 });
    }
}

/// How much the load of a deployment may grow within its service level, looked for up to twice the load.
#[must_use]
pub fn headroom(scenario: &Scenario, tables: &Constants) -> Option<Headroom> {
    let at = |factor: f64| {
        let evaluation = evaluate_with(&loaded(scenario, factor), tables).ok()?;
        Some((miss(&scenario.slo, &evaluation), evaluation.steady.binding))
    };
    let (now, binding) = at(1.0)?;
    if now.is_some() {
        return None;
    }
    let (mut breaks, mut beyond) = at(2.0)?;
    if breaks.is_none() {
        return Some(Headroom { share: 1.0, breaks: None, binding });
    }
    let (mut low, mut high) = (1.0, 2.0);
    while high - low > 1.0 / 256.0 {
        let middle = f64::midpoint(low, high);
        match at(middle)? {
            (None, _) => low = middle,
            (missed, binding) => (high, breaks, beyond) = (middle, missed, binding),
        }
    }
    Some(Headroom { share: low - 1.0, breaks, binding: beyond })
}

fn fastest_token(offers: &[Offer]) -> Seconds {
    let steps = offers.iter().filter_map(|own| own.points.first()).map(|at| at.step.get());
    Seconds::new(steps.fold(f64::INFINITY, f64::min))
}

fn fastest_prompt(offers: &[Offer]) -> Seconds {
    let prompts = offers.iter().filter_map(|own| own.prefill).map(|own| own.latency.get());
    Seconds::new(prompts.fold(f64::INFINITY, f64::min))
}

/// A number of replicas, at least one; `None` where no whole number is meant.
fn to_count(replicas: f64) -> Option<u32> {
    (replicas.is_finite() && replicas <= f64::from(MOST_CHIPS)).then(|| replicas.ceil().max(1.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::link;

    fn sized(text: &str, chips: &[&str]) -> Sizing {
        let scenario = link::parse(text).scenario;
        let chips: Vec<String> = chips.iter().map(|&id| id.to_owned()).collect();
        size(&scenario, &chips)
    }

    #[test]
    fn each_answer_keeps_the_service_level_and_no_smaller_one_does() {
        for text in
            ["v1&concurrency=200", "v1&rate=4", "v1&model=gpt-oss-120b&concurrency=500&ttft=1s&tpot=20ms"]
        {
            let sizing = sized(text, &["h100-sxm", "h200", "b200"]);
            assert!(sizing.deployments.len() >= 4, "{text}: {}", sizing.deployments.len());
            for own in &sizing.deployments {
                let scenario = own.deployed.scenario();
                let evaluation = evaluate(&scenario).unwrap();
                assert_eq!(miss(&scenario.slo, &evaluation), None, "{text}");
                let per_hour = evaluation.costs.per_hour.unwrap();
                assert!((per_hour / own.per_hour - 1.0).abs() < 1e-9);
                for index in 0..scenario.split.pools().len() {
                    let mut fewer = scenario.clone();
                    fewer.split.pools_mut()[index].chips -= 1;
                    let fails =
                        evaluate(&fewer).is_ok_and(|evaluation| miss(&scenario.slo, &evaluation).is_none());
                    assert!(!fails, "{text}: {} has a chip to spare", own.deployed.label);
                }
            }
            assert!(sizing.deployments.windows(2).all(|pair| pair[0].per_hour <= pair[1].per_hour));
        }
    }

    #[test]
    fn the_fewest_colocated_chips_are_those_of_brute_force() {
        let sizing = sized("v1&model=llama3-8b&concurrency=300", &["h100-sxm"]);
        let colocated = sizing.deployments.iter().find(|own| own.split == Shape::Colocated).unwrap();
        let base = link::parse("v1&model=llama3-8b&concurrency=300").scenario;
        let model = crate::serve::find_model(&base).unwrap();
        let chip = base.chip("h100-sxm").unwrap();
        let fewest = (1..=colocated.chips).find(|&chips| {
            crate::serve::candidates(&model, chip, chips).into_iter().any(|layout| {
                let split = shape::colocated(shape::pool("h100-sxm", chips, layout));
                evaluate(&Scenario { split, ..base.clone() }).is_ok_and(|own| miss(&base.slo, &own).is_none())
            })
        });
        assert_eq!(fewest, Some(colocated.chips));
    }

    #[test]
    fn headroom_ends_where_the_service_level_breaks() {
        let sizing = sized("v1&rate=4", &["h200"]);
        for own in &sizing.deployments {
            let (headroom, scenario) = (own.headroom.unwrap(), own.deployed.scenario());
            let holds =
                |factor: f64| miss(&scenario.slo, &evaluate(&loaded(&scenario, factor)).unwrap()).is_none();
            assert!(holds(1.0 + headroom.share));
            assert!(headroom.breaks.is_none() || !holds(1.0 + headroom.share + 0.005));
        }
    }

    #[test]
    fn a_chip_pays_below_its_break_even_price_and_not_above() {
        let text = "v1&isl=4k&concurrency=16&tpot=10ms&link=50GB/s";
        let sizing = sized(text, &["h200", "b200", "groq3-lp30"]);
        let worth = sizing.break_even.iter().find(|own| own.chip == "groq3-lp30").unwrap();
        let cheapest = sizing.deployments[0].per_hour.get();
        for (factor, pays) in [(0.99, true), (1.01, false)] {
            let mut priced = worth.deployed.scenario();
            priced.pricing.rents.push(crate::scenario::ChipRent {
                chip: "groq3-lp30".to_owned(),
                rent: worth.below * factor,
            });
            let evaluation = evaluate(&priced).unwrap();
            assert_eq!(miss(&priced.slo, &evaluation), None);
            assert_eq!(evaluation.costs.per_hour.unwrap().get() < cheapest, pays, "{factor}");
        }
    }

    #[test]
    fn what_fits_nowhere_says_why() {
        let sizing = sized("v1&tpot=1ms", &["h200"]);
        assert!(sizing.deployments.is_empty());
        assert!(matches!(sizing.unfit[..], [(_, Unfit::Tpot { .. })]), "{:?}", sizing.unfit);
    }
}

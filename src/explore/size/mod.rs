//! Sizing: the cheapest deployments that carry a load within a service level, as a buyer asks for them. Chips come in the
//! numbers in which one can get them ([`plan`]), the load with its headroom, and replicas may be lost ([`ask`]).
//!
//! Replicas are measured once per layout ([`crate::serve::survey`]); from there on the number of replicas is found by
//! serving in full ([`stations`]). Of each kind of chip one pool and two pools are sized, then what splits of decode make of
//! as many chips ([`halves`]); kinds are mixed where they are cheap.

mod answer;
mod ask;
mod halves;
mod plan;
mod stations;
mod wanted;

use crate::evaluate::evaluate_with;
use crate::machine::{Constants, constants};
use crate::scenario::{Role, Scenario, SplitKind};
use crate::serve::Refusal;
use crate::serve::survey::{Offer, offers};
use crate::units::{DollarsPerHour, HOURS_PER_MONTH};

use super::deployed::Deployed;
use super::objective::{loaded, miss};
pub use answer::{Bought, BreakEven, Deployment, Headroom, RunnerUp, Sizing, Times, Unfit};
use ask::{Ask, Found};
use plan::{Part, Plan};
use stations::Stationed;
pub use wanted::{Wanted, Written, all_chips};

/// Largest replica whose layouts are measured.
const WIDEST: u32 = 1024;

/// Batch sizes at which a replica is measured.
const BATCHES: usize = 12;

/// Stations of each role that are paired with each other.
const STATIONS: usize = 8;

/// Layouts of a chip among them.
const PER_CHIP: usize = 2;

/// Layouts with which a chip without a price is tried beside priced ones.
const UNPRICED_LAYOUTS: usize = 4;

/// Times the cheapest from which a chip's splits of decode are not tried.
const DEAR: f64 = 2.5;

#[derive(Clone, Debug)]
enum Job {
    /// Measures a chip, and sizes one pool of it.
    Chip { chip: usize },
    /// Sizes two pools of a chip.
    Twins { chip: usize },
    /// Sizes a split of decode on a chip.
    Halves { chip: usize, kind: SplitKind },
    /// Looks which kinds are worth mixing.
    Rank,
    /// Prefill on one kind, decode on another.
    Pair { prefill: Stationed, decode: Stationed },
    /// Decode split over two kinds.
    Joined { kind: SplitKind, main: usize, second: usize },
    /// What a chip without a price would have to cost.
    Unpriced { chip: usize },
    /// Why chips are in no answer.
    Reasons,
    /// How much more the named deployments carry.
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
    /// Why it cannot serve the model.
    refused: Option<Refusal>,
}

/// A search for the cheapest deployments that is taken in steps.
#[derive(Clone, Debug)]
pub struct Sizer {
    ask: Ask,
    chips: Vec<Known>,
    found: Vec<Found>,
    /// What the answer names, once all is found: priced first.
    named: Option<Vec<Found>>,
    unfit: Vec<(String, Unfit)>,
    break_even: Vec<BreakEven>,
    jobs: Vec<Job>,
}

/// Sizes a deployment on these chips.
///
/// ```
/// use tandem::explore::{Wanted, size};
/// use tandem::scenario::link;
///
/// let asked = link::parse("v1&model=llama3-8b&rate=10&ttft=2s@p95&tpot=30ms").scenario;
/// let sizing = size(&asked, &Wanted::of(&["h100-sxm".to_owned(), "l40s".to_owned()]));
/// let cheapest = &sizing.deployments[0];
/// assert!(sizing.deployments.iter().all(|own| own.per_hour >= cheapest.per_hour));
/// println!("{}", cheapest.deployed.link);
/// ```
#[must_use]
pub fn size(scenario: &Scenario, wanted: &Wanted) -> Sizing {
    let mut sizer = Sizer::new(scenario, wanted);
    while !sizer.step(64) {}
    sizer.answer()
}

impl Sizer {
    /// A search for what is wanted. Chips without a price get the one below which they would pay.
    #[must_use]
    pub fn new(scenario: &Scenario, wanted: &Wanted) -> Self {
        let ask = Ask::new(scenario, wanted.clone(), constants());
        let known = |id: &String| Known {
            id: id.clone(),
            price: ask.price(id),
            prefill: Vec::new(),
            decode: Vec::new(),
            colocated: Vec::new(),
            refused: None,
        };
        let chips: Vec<Known> = wanted.chips.iter().map(known).collect();
        let mut jobs = vec![Job::Rank];
        for chip in (0..chips.len()).rev() {
            jobs.extend([Job::Twins { chip }, Job::Chip { chip }]);
        }
        let (found, named, unfit, break_even) = (Vec::new(), None, Vec::new(), Vec::new());
        Self { ask, chips, found, named, unfit, break_even, jobs }
    }

    /// Does so many jobs, each of a few milliseconds; whether the search is over.
    pub fn step(&mut self, jobs: usize) -> bool {
        for _ in 0..jobs {
            match self.jobs.pop() {
                None => return true,
                Some(Job::Chip { chip }) => self.chip(chip),
                Some(Job::Twins { chip }) => self.twins(chip),
                Some(Job::Halves { chip, kind }) => self.halves(chip, kind),
                Some(Job::Rank) => self.rank(),
                Some(Job::Pair { prefill, decode }) => self.pair(&prefill, &decode),
                Some(Job::Joined { kind, main, second }) => self.joined(kind, main, second),
                Some(Job::Unpriced { chip }) => self.unpriced(chip),
                Some(Job::Reasons) => self.reasons(),
                Some(Job::Headroom { index }) => self.headroom(index),
            }
        }
        self.jobs.is_empty()
    }

    /// What was found so far.
    #[must_use]
    pub fn answer(&self) -> Sizing {
        let named = self.named.clone().unwrap_or_else(|| self.rows());
        let deployments = named.into_iter().map(|own| own.deployment);
        let (deployments, unpriced) = deployments.partition(|own| own.per_hour.is_some());
        Sizing {
            scenario: self.ask.scenario.clone(),
            reserve: self.ask.scenario.reserve.of_sizing(),
            deployments,
            unpriced,
            unfit: self.unfit.clone(),
            break_even: self.break_even.clone(),
        }
    }

    /// What an answer names: of each kind of chip the cheapest with what comes next in another split, of each split the
    /// cheapest, and kinds together where they cost less than each alone. Cheapest first, then those without a price.
    fn rows(&self) -> Vec<Found> {
        let mut best: Vec<Found> = Vec::new();
        for own in self.found.iter().filter(|own| self.ask.wanted.bars(&own.deployment).is_none()) {
            let alike =
                |other: &&mut Found| other.plan.kind == own.plan.kind && other.family() == own.family();
            match best.iter_mut().find(alike) {
                Some(other) if self.cheaper(own, other) => *other = own.clone(),
                Some(_) => {}
                None => best.push(own.clone()),
            }
        }
        best.sort_by(|one, other| {
            let priced = |own: &Found| own.deployment.per_hour.is_none();
            let order = self.worth(one).total_cmp(&self.worth(other));
            priced(one).cmp(&priced(other)).then(order).then(one.pressure.total_cmp(&other.pressure))
        });
        let best = self.worthwhile(best);
        let mut rows: Vec<Found> = Vec::new();
        for own in &best {
            let family = own.family();
            let ahead = rows.iter().position(|other| other.family() == family);
            let first_of_kind = !rows.iter().any(|other| other.plan.kind == own.plan.kind);
            if let Some(at) = ahead {
                let dearer = self.worth(own) / self.worth(&rows[at]) - 1.0;
                let next = || RunnerUp {
                    deployed: own.deployment.deployed.clone(),
                    per_hour: own.deployment.per_hour,
                    dearer,
                };
                rows[at].deployment.runner_up.get_or_insert_with(next);
            }
            if ahead.is_none() || first_of_kind && own.deployment.per_hour.is_some() {
                rows.push(own.clone());
            }
        }
        rows
    }

    /// Of these, cheapest first, all on one kind of chip; of kinds together those that cost less than each alone, one for each
    /// kind that decodes.
    fn worthwhile(&self, best: Vec<Found>) -> Vec<Found> {
        let alone: Vec<(String, f64)> =
            best.iter().filter_map(|own| Some((own.only()?.to_owned(), self.worth(own)))).collect();
        let mut decoding: Vec<String> = Vec::new();
        let mut kept = Vec::new();
        for own in best {
            let dearer = |id: &&str| {
                let mut others = alone.iter().filter(|other| other.0 == **id);
                others.all(|other| self.worth(&own) < other.1)
            };
            let mixed = own.only().is_none();
            let last = own.plan.parts.last().map_or_else(String::new, |own| own.chip.clone());
            let pays = own.deployment.per_hour.is_some() && own.family().iter().all(dearer);
            if mixed && (!pays || decoding.contains(&last)) {
                continue;
            }
            if mixed {
                decoding.push(last);
            }
            kept.push(own);
        }
        kept
    }

    /// What a deployment is worth: dollars per hour, or chips where they have no price.
    fn worth(&self, own: &Found) -> f64 {
        self.ask.worth(&own.deployment.bought)
    }

    fn cheaper(&self, one: &Found, other: &Found) -> bool {
        let (own, its) = (self.worth(one), self.worth(other));
        own < its || own == its && one.pressure < other.pressure
    }

    /// What the cheapest deployment of a chip alone is worth so far.
    fn alone(&self, id: &str) -> f64 {
        let own = self.found.iter().filter(|own| own.only() == Some(id));
        own.map(|own| self.worth(own)).fold(f64::INFINITY, f64::min)
    }

    /// Dollars per hour of the cheapest deployment that is wanted, so far.
    fn cheapest(&self) -> f64 {
        let wanted = self.found.iter().filter(|own| self.ask.wanted.bars(&own.deployment).is_none());
        let priced = wanted.filter_map(|own| own.deployment.per_hour);
        priced.map(DollarsPerHour::get).fold(f64::INFINITY, f64::min)
    }

    /// Keeps what a plan comes to.
    fn keep(&mut self, plan: &Plan) {
        let Some(own) = self.ask.found(plan) else { return };
        self.found.push(own);
    }

    /// Measures a chip in each role and sizes a pool that does everything on it.
    fn chip(&mut self, chip: usize) {
        let Some(id) = self.chips.get(chip).map(|own| own.id.clone()) else { return };
        let ask = &self.ask;
        let measure = |role| offers(&ask.scenario, ask.tables, &id, WIDEST, role, BATCHES);
        let measured = measure(Role::Colocated)
            .and_then(|colocated| Ok((colocated, measure(Role::Prefill)?, measure(Role::Decode)?)));
        let Some(known) = self.chips.get_mut(chip) else { return };
        match measured {
            Ok((colocated, prefill, decode)) => {
                known.colocated = colocated;
                known.prefill = prefill;
                known.decode = decode;
            }
            Err(refusal) => known.refused = Some(refusal),
        }
        if let Some(plan) = self.ask.fewest(&known.id, &known.colocated) {
            self.keep(&plan);
        }
    }

    /// Two pools of one chip.
    fn twins(&mut self, chip: usize) {
        let stations = |role, rate| self.of_chip(chip, role, rate);
        let decodes = stations(Role::Decode, 0.0);
        let rate = self.fastest(&decodes);
        let prefills = stations(Role::Prefill, rate);
        let pairs = prefills.iter().flat_map(|prefill| decodes.iter().map(move |decode| (prefill, decode)));
        let plans: Vec<Plan> =
            pairs.filter_map(|(prefill, decode)| self.ask.pair(&prefill.part, &decode.part)).collect();
        for plan in plans {
            self.keep(&plan);
        }
    }

    /// The rate for which the fastest of these decodes: it sees the most prompts.
    fn fastest(&self, decodes: &[Stationed]) -> f64 {
        let rates = decodes.iter().filter_map(|own| {
            let offers = &self.chips.get(own.chip)?.decode;
            let offer = offers.iter().find(|offer| offer.layout == own.part.layout)?;
            Some(self.ask.decodes(offer)?.1)
        });
        rates.fold(0.0, f64::max)
    }

    /// Stations of a chip in a role, cheapest first, at most a few.
    fn of_chip(&self, chip: usize, role: Role, rate: f64) -> Vec<Stationed> {
        let Some(known) = self.chips.get(chip) else { return Vec::new() };
        let offers = if role == Role::Prefill { &known.prefill } else { &known.decode };
        let stationed =
            offers.iter().filter_map(|own| self.ask.stationed((chip, &known.id), own, role, rate));
        let mut all: Vec<Stationed> = stationed.collect();
        all.sort_by(|one, other| one.worth.total_cmp(&other.worth));
        all.truncate(PER_CHIP);
        all
    }

    /// Stations of all priced chips in a role, cheapest first.
    fn stations(&self, role: Role, rate: f64) -> Vec<Stationed> {
        let priced = (0..self.chips.len()).filter(|&chip| self.chips[chip].price.is_some());
        let mut all: Vec<Stationed> = priced.flat_map(|chip| self.of_chip(chip, role, rate)).collect();
        all.sort_by(|one, other| one.worth.total_cmp(&other.worth));
        all
    }

    /// The cheapest plan of a chip alone in a split.
    fn plan_of(&self, id: &str, kind: SplitKind) -> Option<&Found> {
        let own = self.found.iter().filter(|own| own.plan.kind == kind && own.only() == Some(id));
        own.min_by(|one, other| self.worth(one).total_cmp(&self.worth(other)))
    }

    /// Attention and FFN, or draft and verify, on one chip, where that takes fewer of them.
    fn halves(&mut self, chip: usize, kind: SplitKind) {
        let Some(known) = self.chips.get(chip).filter(|own| own.refused.is_none()) else { return };
        let id = known.id.clone();
        let prefill = if kind.has_prefill() {
            let Some(apart) = self.plan_of(&id, SplitKind::Pd) else { return };
            apart.plan.parts.first().cloned()
        } else {
            None
        };
        let below = self.alone(&id);
        if let Some(plan) = halves::on_one(&self.ask, kind, prefill.as_ref(), &id, below) {
            self.keep(&plan);
        }
    }

    /// Decode split over two kinds, where that costs less than either alone.
    fn joined(&mut self, kind: SplitKind, main: usize, second: usize) {
        let (Some(one), Some(other)) = (self.chips.get(main), self.chips.get(second)) else { return };
        let (one, other) = (one.id.clone(), other.id.clone());
        let prefill = if kind.has_prefill() {
            let Some(apart) = self.plan_of(&one, SplitKind::Pd) else { return };
            apart.plan.parts.first().cloned()
        } else {
            None
        };
        let below = self.alone(&one).min(self.alone(&other));
        if let Some(plan) = halves::on_two(&self.ask, kind, prefill.as_ref(), (&one, &other), below) {
            self.keep(&plan);
        }
    }

    /// Pairs the cheapest stations of unlike chips, and leaves the rest of the work for later steps.
    fn rank(&mut self) {
        let decodes = self.stations(Role::Decode, 0.0);
        let rate = self.fastest(&decodes);
        let prefills = self.stations(Role::Prefill, rate);
        let mut pairs: Vec<(f64, Job)> = Vec::new();
        for prefill in prefills.iter().take(STATIONS) {
            for decode in decodes.iter().take(STATIONS).filter(|own| own.chip != prefill.chip) {
                let may = self.ask.wanted.may_join(&self.ask.scenario, &prefill.part.chip, &decode.part.chip);
                if may {
                    let job = Job::Pair { prefill: prefill.clone(), decode: decode.clone() };
                    pairs.push((prefill.worth + decode.worth, job));
                }
            }
        }
        pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut jobs: Vec<Job> = self.apart();
        jobs.extend(pairs.into_iter().map(|own| own.1));
        let seconds = self.beside();
        for kind in halves::KINDS {
            for &(main, second) in &seconds {
                jobs.push(Job::Joined { kind, main, second });
            }
        }
        let unpriced = self.chips.iter().enumerate().filter(|(_, known)| known.price.is_none());
        jobs.extend(unpriced.map(|(chip, _)| Job::Unpriced { chip }));
        jobs.extend([Job::Reasons, Job::Headroom { index: 0 }]);
        jobs.reverse();
        self.jobs.extend(jobs);
    }

    /// Whether a chip keeps its weights in a pipeline of stages.
    fn streams(&self, chip: usize) -> bool {
        let known = self.chips.get(chip).and_then(|own| self.ask.scenario.chip(&own.id));
        known.is_some_and(|chip| self.ask.tables.sram(chip).is_some())
    }

    /// The priced chips that are cheapest alone.
    fn mains(&self) -> Vec<usize> {
        let mut alone: Vec<(f64, usize)> = (0..self.chips.len())
            .filter(|&chip| self.chips[chip].price.is_some())
            .map(|chip| (self.alone(&self.chips[chip].id), chip))
            .filter(|own| own.0.is_finite())
            .collect();
        alone.sort_by(|one, other| one.0.total_cmp(&other.0));
        alone.into_iter().map(|own| own.1).take(halves::MAINS).collect()
    }

    /// Splits of decode on chips where a line of theirs may matter: not far above the cheapest, or machines that stream weights.
    fn apart(&self) -> Vec<Job> {
        let alone: Vec<f64> = self.chips.iter().map(|own| self.alone(&own.id)).collect();
        let priced = self.chips.iter().zip(&alone).filter(|(own, _)| own.price.is_some());
        let least = priced.map(|own| *own.1).fold(f64::INFINITY, f64::min);
        let near = |chip: usize| {
            let priced = self.chips.get(chip).is_some_and(|own| own.price.is_some());
            priced && alone.get(chip).is_some_and(|own| *own <= least * DEAR)
        };
        let chips = (0..self.chips.len()).filter(|&chip| near(chip) || self.streams(chip));
        chips.flat_map(|chip| halves::KINDS.map(|kind| Job::Halves { chip, kind })).collect()
    }

    /// Pairs of priced chips that may share each layer or each step: the cheapest alone with each other, and with machines
    /// that keep weights in SRAM.
    fn beside(&self) -> Vec<(usize, usize)> {
        let mains = self.mains();
        let all = 0..self.chips.len();
        let seconds: Vec<usize> = all
            .filter(|&chip| self.chips[chip].price.is_some())
            .filter(|&chip| mains.contains(&chip) || self.streams(chip))
            .collect();
        let pairs = mains.iter().flat_map(|&main| seconds.iter().map(move |&second| (main, second)));
        pairs
            .filter(|&(main, second)| main != second)
            .filter(|&(main, second)| {
                let (one, other) = (&self.chips[main].id, &self.chips[second].id);
                self.ask.wanted.may_join(&self.ask.scenario, one, other)
            })
            .collect()
    }

    /// Prefill on one kind, decode on another, where that seems to cost less than either alone.
    fn pair(&mut self, prefill: &Stationed, decode: &Stationed) {
        let below = self.alone(&prefill.part.chip).min(self.alone(&decode.part.chip));
        if prefill.worth + decode.worth > below * 1.2 {
            return;
        }
        let Some(plan) = self.ask.pair(&prefill.part, &decode.part) else { return };
        if self.ask.worth(&self.ask.bought(&plan)) < below {
            self.keep(&plan);
        }
    }

    /// The price below which a chip without one would be in the cheapest deployment: alone, or with a priced one.
    fn unpriced(&mut self, chip: usize) {
        let budget = self.ask.wanted.budget.map_or(f64::INFINITY, |own| own.get() / HOURS_PER_MONTH);
        let best = self.cheapest().min(budget);
        let Some(known) = self.chips.get(chip).filter(|own| best.is_finite() && own.refused.is_none()) else {
            return;
        };
        let id = known.id.clone();
        let mut plans: Vec<Plan> = self
            .found
            .iter()
            .filter(|own| own.only() == Some(id.as_str()))
            .map(|own| own.plan.clone())
            .collect();
        plans.extend(self.beside_priced(chip));
        plans.extend(self.halves_beside(chip, best));
        let worth = plans.iter().filter_map(|plan| {
            let bought = self.ask.bought(plan);
            let (own, rest): (Vec<_>, Vec<_>) = bought.into_iter().partition(|own| own.chip == id);
            let chips: u32 = own.iter().map(|own| own.chips).sum();
            let below = (best - self.ask.worth(&rest)) / f64::from(chips.max(1));
            (below > 0.0).then_some((below, chips, plan))
        });
        let worth = worth.max_by(|one, other| one.0.total_cmp(&other.0));
        let Some((below, chips, plan)) = worth else { return };
        let Some(found) = self.ask.found(plan) else { return };
        let deployed: Deployed = found.deployment.deployed;
        self.break_even.push(BreakEven { chip: id, below: DollarsPerHour::new(below), chips, deployed });
        self.break_even.sort_by(|one, other| other.below.get().total_cmp(&one.below.get()));
    }

    /// Plans that pair a chip without a price with the cheapest priced ones, with as few of it as may be.
    fn beside_priced(&self, chip: usize) -> Vec<Plan> {
        let ask = &self.ask;
        let id = self.chips.get(chip).map_or("", |own| own.id.as_str());
        let may = |own: &&Stationed| ask.wanted.may_join(&ask.scenario, id, &own.part.chip);
        let mut plans = Vec::new();
        // The chip itself is what must be few, so its pool shrinks first.
        let mut consider = |prefill: &Part, decode: &Part, order| {
            let start = Plan { kind: SplitKind::Pd, parts: vec![prefill.clone(), decode.clone()] };
            plans.extend(ask.tightest(&start, order));
        };
        let own = |role, rate| {
            let Some(known) = self.chips.get(chip) else { return Vec::new() };
            let offers = if role == Role::Prefill { &known.prefill } else { &known.decode };
            let all = offers.iter().filter_map(|own| ask.stationed((chip, id), own, role, rate));
            let mut all: Vec<Stationed> = all.collect();
            all.sort_by(|one, other| one.worth.total_cmp(&other.worth));
            all.truncate(UNPRICED_LAYOUTS);
            all
        };
        for writes in own(Role::Decode, 0.0) {
            let rate = self.fastest(std::slice::from_ref(&writes));
            for reads in self.stations(Role::Prefill, rate).iter().filter(may).take(PER_CHIP) {
                consider(&reads.part, &writes.part, [1, 0]);
            }
        }
        for writes in self.stations(Role::Decode, 0.0).iter().filter(may).take(PER_CHIP) {
            let rate = self.fastest(std::slice::from_ref(writes));
            for reads in own(Role::Prefill, rate).iter().take(PER_CHIP) {
                consider(&reads.part, &writes.part, [0, 1]);
            }
        }
        plans
    }

    /// Plans in which a machine that streams its weights shares decode with the cheapest priced chips.
    fn halves_beside(&self, chip: usize, below: f64) -> Vec<Plan> {
        let mut plans = Vec::new();
        let Some(known) = self.chips.get(chip).filter(|_| self.streams(chip)) else { return plans };
        for main in self.mains() {
            let other = &self.chips[main].id;
            if !self.ask.wanted.may_join(&self.ask.scenario, other, &known.id) {
                continue;
            }
            let apart = self.plan_of(other, SplitKind::Pd).and_then(|own| own.plan.parts.first());
            for kind in halves::KINDS {
                let prefill = apart.filter(|_| kind.has_prefill());
                if prefill.is_some() == kind.has_prefill() {
                    plans.extend(halves::beside(&self.ask, kind, prefill, (other, &known.id), below));
                }
            }
        }
        plans
    }

    /// Why chips are in no deployment alone.
    fn reasons(&mut self) {
        let rows = self.rows();
        for known in &self.chips {
            if rows.iter().any(|own| own.only() == Some(known.id.as_str())) {
                continue;
            }
            let alone = self.found.iter().filter(|own| own.only() == Some(known.id.as_str()));
            let nearest = alone.min_by(|one, other| self.worth(one).total_cmp(&self.worth(other)));
            let barred = nearest.and_then(|own| self.ask.wanted.bars(&own.deployment));
            let reason = match (&known.refused, barred) {
                (Some(refusal), _) => Unfit::Refused { refusal: refusal.clone() },
                (None, Some(barred)) => barred,
                (None, None) => self.ask.too_slow(&known.id, &known.colocated, &known.decode),
            };
            self.unfit.push((known.id.clone(), reason));
        }
    }

    /// How much more the named deployments carry, one at a step.
    fn headroom(&mut self, index: usize) {
        let mut named = self.named.take().unwrap_or_else(|| self.rows());
        if let Some(own) = named.get_mut(index) {
            let scenario = self.ask.with(own.split.clone());
            own.deployment.headroom = headroom(&scenario, self.ask.sized_for(), self.ask.tables);
            self.jobs.push(Job::Headroom { index: index + 1 });
        }
        self.named = Some(named);
    }
}

/// How much the load of a deployment may grow within its service level, looked for up to twice the load. It is known to hold
/// when it grows by `known`.
#[must_use]
pub fn headroom(scenario: &Scenario, known: f64, tables: &Constants) -> Option<Headroom> {
    let at = |factor: f64| {
        let evaluation = evaluate_with(&loaded(scenario, factor), tables).ok()?;
        Some((miss(&scenario.slo, &evaluation), evaluation.steady.binding))
    };
    let (now, binding) = at(1.0)?;
    if now.is_some() {
        return None;
    }
    let most = known.max(1.0);
    let (mut breaks, mut beyond) = at(1.0 + most)?;
    if breaks.is_none() {
        return Some(Headroom { share: most, breaks: None, binding });
    }
    let held = at(1.0 + known)?.0.is_none();
    let (mut low, mut high) = (if held { known } else { 0.0 }, most);
    while high - low > 1.0 / 256.0 {
        let middle = f64::midpoint(low, high);
        match at(1.0 + middle)? {
            (None, _) => low = middle,
            (missed, binding) => (high, breaks, beyond) = (middle, missed, binding),
        }
    }
    Some(Headroom { share: low, breaks, binding: beyond })
}

#[cfg(test)]
mod tests;

//! The frontier: over layouts, mixes, splits and loads on the same chips, which trades of throughput for interactivity
//! no other choice beats in both.
//!
//! The search never walks the product of all choices. A replica is measured once per layout and batch size
//! ([`crate::serve::survey`]); whatever another replica of the same chips beats in every respect is dropped; and for a
//! pair of prefill and decode replicas at one batch only one mix can be on the frontier, since interactivity does not
//! depend on the mix: the one with the most decode replicas that prefill still feeds within the limit on TTFT, which a
//! bisection finds. What is left over is served in full, so every point handed out is what its scenario evaluates to.

use serde::Serialize;

use super::deployed::Deployed;
use super::objective::missing;
use super::shape::{self, Shape};
use crate::cost::{chip_power, chip_price};
use crate::evaluate::{Evaluation, evaluate_with};
use crate::machine::{Constants, constants};
use crate::metric::{Metric, Quantity};
use crate::scenario::{Layout, Load, Role, Scenario, Slo, Split, link};
use crate::serve::survey::{Offer, UserLatency, between, offers, populations, seldom, way};
use crate::serve::{Operating, Warning};
use crate::units::{Seconds, TokensPerSecond};

/// The frontier, as far as a search has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frontier {
    /// What was searched, as a link.
    pub link: String,
    /// The metric against interactivity, as it was asked for.
    #[serde(serialize_with = "super::plain::metric")]
    pub metric: Metric,
    /// The deployments that were tried, slowest for a user first.
    pub points: Vec<Candidate>,
    /// Steps of the search that are done.
    #[serde(skip)]
    pub done: usize,
    /// Steps known to remain; none once the answer is whole.
    #[serde(skip)]
    pub left: usize,
}

impl Default for Frontier {
    /// Nothing found yet.
    fn default() -> Self {
        let metric = Metric::ThroughputPerChip;
        Self { link: String::new(), metric, points: Vec::new(), done: 0, left: 0 }
    }
}

/// One deployment that was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The deployment with its layouts written down.
    #[serde(flatten)]
    pub deployed: Deployed,
    /// Its split.
    pub split: Shape,
    /// Concurrent requests of the closed loop.
    pub users: Option<f64>,
    /// 1 / TPOT.
    pub interactivity: TokensPerSecond,
    /// Output tokens per second and chip.
    pub per_chip: TokensPerSecond,
    /// The metric that the search is about, in its base unit; absent where a price or power is not published.
    pub value: Option<f64>,
    /// Mean time to first token.
    pub ttft: Seconds,
    /// Whether it keeps the service level's limit on TTFT, with its reserve used up where the scenario asks for one.
    pub keeps_ttft: bool,
    /// Whether no other candidate that keeps the limit is better in both.
    pub on_frontier: bool,
}

/// Batch sizes at which a replica is measured.
const BATCHES: usize = 128;

/// Buckets of interactivity per factor of e: each keeps its best deployment.
const BUCKETS: f64 = 32.0;

/// Points shown of a split and pair of chips that stays behind the frontier.
const SHOWN: usize = 10;

/// Points shown where none keeps the limit on TTFT.
const SHOWN_BEYOND: usize = 6;

/// Loads that are tried where a split is taken as it stands: doublings of the users.
const DOUBLINGS: u32 = 14;

/// Share of its sequences with which a replica that is mostly idle is looked at.
const SELDOM: f64 = 1.0 / 128.0;

/// Decode replicas up to which one more is tried at a smaller batch, and halvings of the way to it.
const FEW: u32 = 16;
/// See there.
const HALVES: u32 = 6;

/// How often a deployment that comes before all others is served with more users, by what share, and by how much those others
/// may be slower.
const AGAIN: u32 = 4;
/// See there.
const MORE_USERS: f64 = 0.05;
/// See there.
const AS_FAST: f64 = 0.005;

/// Users of whom one more is tried too.
const FEW_USERS: f64 = 32.0;

/// A deployment by its estimate.
#[derive(Clone, Debug)]
struct Estimate {
    /// 1 / TPOT.
    interactivity: f64,
    /// Output tokens per second and unit of what the metric divides by: chips, dollars per hour or watts.
    value: f64,
    users: f64,
    pools: Pools,
}

/// Kind, chips and layout of each pool, prefill first.
type Pools = [Option<(usize, u32, Layout)>; 2];

/// The deployments of one split on one choice of kinds: the best of each bucket of interactivity.
#[derive(Clone, Debug, Default)]
struct Family {
    within: Vec<Option<Estimate>>,
    beyond: Vec<Option<Estimate>>,
}

#[derive(Clone, Debug)]
enum Job {
    /// From here on replicas are measured as engines set themselves for so many users.
    Among {
        users: f64,
    },
    Survey {
        kind: usize,
        role: Role,
    },
    Colocated {
        kind: usize,
    },
    Pair {
        from: usize,
        to: usize,
        prefill: usize,
    },
    Choose,
    /// A deployment in full; where it does well, so often again with more users.
    Serve {
        split: Split,
        users: f64,
        again: u32,
    },
    AsItStands {
        doubling: u32,
    },
}

/// A search for the frontier that is taken in steps, so that a page or a worker stays responsive.
#[derive(Clone, Debug)]
pub struct Search {
    scenario: Scenario,
    /// The same with the users for whom replicas are measured.
    measured: Scenario,
    among: f64,
    tables: &'static Constants,
    asked: Metric,
    metric: Metric,
    kinds: Vec<String>,
    /// What a chip of each kind counts in the denominator of the metric.
    weights: Vec<Option<f64>>,
    chips: u32,
    colocated: Vec<Vec<Offer>>,
    prefill: Vec<Vec<Offer>>,
    decode: Vec<Vec<Offer>>,
    families: Vec<Family>,
    jobs: Vec<Job>,
    done: usize,
    found: Vec<Candidate>,
}

/// Whether a search can set a metric against interactivity: throughput per chip, a cost or an energy per token.
#[must_use]
pub fn stands(metric: Metric) -> bool {
    metric == Metric::ThroughputPerChip
        || matches!(
            metric.quantity(),
            Quantity::DollarsPerMtok | Quantity::Energy | Quantity::TokenRatePerMegawatt
        )
}

impl Search {
    /// A search over all ways to use as many chips of the scenario's kinds as it has. The metric against interactivity
    /// is throughput per chip, a cost or an energy; any other counts as throughput per chip.
    #[must_use]
    pub fn new(scenario: &Scenario, metric: Metric) -> Self {
        let kinds = shape::kinds(scenario);
        let asked = metric;
        let metric = if stands(metric) { metric } else { Metric::ThroughputPerChip };
        let weights = kinds
            .iter()
            .map(|id| match metric.quantity() {
                Quantity::DollarsPerMtok => chip_price(scenario, id).ok().map(|own| own.get()),
                Quantity::Energy | Quantity::TokenRatePerMegawatt => {
                    chip_power(scenario, id).ok().map(|own| own.get())
                }
                _ => Some(1.0),
            })
            .collect();
        let count = kinds.len();
        let mut jobs = Vec::new();
        if Shape::searched(scenario) == Shape::Other {
            jobs.push(Job::AsItStands { doubling: 0 });
        } else if scenario.check().is_empty() {
            for users in populations(scenario, constants(), &kinds) {
                jobs.push(Job::Among { users });
                for kind in 0..count {
                    for role in [Role::Prefill, Role::Decode, Role::Colocated] {
                        jobs.push(Job::Survey { kind, role });
                    }
                }
                for from in 0..count {
                    jobs.push(Job::Colocated { kind: from });
                    jobs.extend((0..count).map(|to| Job::Pair { from, to, prefill: 0 }));
                }
            }
            jobs.push(Job::Choose);
        }
        jobs.reverse();
        Self {
            scenario: scenario.clone(),
            measured: scenario.clone(),
            among: 0.0,
            tables: constants(),
            asked,
            metric,
            chips: scenario.split.chips(),
            colocated: vec![Vec::new(); count],
            prefill: vec![Vec::new(); count],
            decode: vec![Vec::new(); count],
            families: vec![Family::default(); count + count * count],
            kinds,
            weights,
            jobs,
            done: 0,
            found: Vec::new(),
        }
    }

    /// Does so many jobs, each well below a millisecond on a desktop; whether the search is over.
    pub fn step(&mut self, jobs: usize) -> bool {
        for _ in 0..jobs {
            let Some(job) = self.jobs.pop() else { return true };
            self.run(job);
            self.done += 1;
        }
        self.jobs.is_empty()
    }

    /// What was found so far, slowest first, with the frontier marked. Deployments that keep the limit on TTFT come for
    /// each split and choice of kinds; where none does, a few that miss it.
    #[must_use]
    pub fn answer(&self) -> Frontier {
        let mut points = self.found.clone();
        mark(&mut points, self.metric);
        Frontier {
            link: link::write(&self.scenario, &[]),
            metric: self.asked,
            points,
            done: self.done,
            left: self.jobs.len(),
        }
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::Among { users } => {
                self.among = users;
                self.measured.load = Load::Closed { concurrency: users };
            }
            Job::Survey { kind, role } => self.survey(kind, role),
            Job::Colocated { kind } => self.together(kind),
            Job::Pair { from, to, prefill } => self.pair(from, to, prefill),
            Job::Choose => self.choose(),
            Job::Serve { split, users, again } => {
                self.serve(split.clone(), users);
                if again > 0
                    && let Some(users) = self.next_users(users)
                {
                    self.jobs.push(Job::Serve { split, users, again: again - 1 });
                }
            }
            Job::AsItStands { doubling } => {
                let full = self.serve(self.scenario.split.clone(), f64::from(1_u32 << doubling));
                if !full && doubling + 1 < DOUBLINGS {
                    self.jobs.push(Job::AsItStands { doubling: doubling + 1 });
                }
            }
        }
    }

    fn survey(&mut self, kind: usize, role: Role) {
        let Some(id) = self.kinds.get(kind) else { return };
        // A pool beside another leaves it at least one chip.
        let chips = if role == Role::Colocated { self.chips } else { self.chips.saturating_sub(1) };
        let Ok(mut measured) = offers(&self.measured, self.tables, id, chips, role, BATCHES) else { return };
        if role == Role::Decode {
            drop_beaten_batches(&mut measured);
        }
        let place = match role {
            Role::Prefill => &mut self.prefill,
            Role::Decode => &mut self.decode,
            _ => &mut self.colocated,
        };
        if let Some(place) = place.get_mut(kind) {
            *place = measured;
        }
    }

    fn limit(&self) -> f64 {
        self.scenario.slo.ttft.map_or(f64::INFINITY, |limit| limit.at.get())
    }

    /// The share by which users may grow, and the replicas that a pool may lose.
    fn reserve(&self) -> (f64, u32) {
        (self.scenario.reserve.headroom.unwrap_or(0.0), self.scenario.reserve.spare)
    }

    fn together(&mut self, kind: usize) {
        let (Some(measured), Some(&Some(weight))) = (self.colocated.get(kind), self.weights.get(kind)) else {
            return;
        };
        let osl = self.scenario.workload.mean_osl().get();
        let ((more, spare), reserves, limit) = (self.reserve(), self.scenario.reserve.asks(), self.limit());
        let Some(family) = self.families.get_mut(kind) else { return };
        for offer in measured {
            let replicas = f64::from(self.chips / offer.chips.max(1));
            for at in &offer.points {
                let Some(felt) = offer.colocated(at, replicas).filter(|own| own.users >= self.among) else {
                    continue;
                };
                let pools = [Some((kind, self.chips, offer.layout)), None];
                let value = felt.rate * osl / (weight * f64::from(self.chips));
                let short = replicas - f64::from(spare);
                let at_peak = |users: f64| {
                    short > 0.0 && latest(&offer.points, users, |at| offer.colocated(at, short)) <= limit
                };
                let reserved = !reserves || at_peak(felt.users * (1.0 + more));
                family.take(&felt, value, pools, felt.ttft <= limit && reserved);
            }
        }
    }

    /// One prefill layout against all decode layouts of a kind.
    fn pair(&mut self, from: usize, to: usize, prefill: usize) {
        let (Some(reads), Some(writes)) = (self.prefill.get(from), self.decode.get(to)) else { return };
        let Some(reader) = reads.get(prefill) else { return };
        let weights = (self.weights.get(from).copied().flatten(), self.weights.get(to).copied().flatten());
        let (Some(read_weight), Some(write_weight)) = weights else { return };
        let (Some(read_chip), Some(write_chip)) = (self.kinds.get(from), self.kinds.get(to)) else { return };
        let Ok(ways) = way(&self.scenario, self.tables, read_chip, write_chip, self.chips) else { return };
        let osl = self.scenario.workload.mean_osl().get();
        let limit = self.limit();
        let ((more_users, spare), reserves) = (self.reserve(), self.scenario.reserve.asks());
        let among = self.among;
        let place = self.kinds.len() + from * self.kinds.len() + to;
        let Some(family) = self.families.get_mut(place) else { return };
        let occupancy = reader.prompts().max(1e-12).recip();
        for writer in writes {
            let Some(room) = self.chips.checked_sub(reader.chips) else { continue };
            let most = room / writer.chips.max(1);
            let mut before: Option<Operating> = None;
            for at in &writer.points {
                let before = before.replace(*at).unwrap_or_else(|| seldom(at, SELDOM));
                // What no mix can come to is not looked at.
                let reading = read_weight * f64::from(reader.chips) * at.rate * occupancy;
                let best = at.rate * osl / (write_weight * f64::from(writer.chips) + reading);
                let (slow, fast) = (at.tpot.get().recip(), before.tpot.get().recip());
                // Nor what lies between this batch and the one before.
                let nothing_between = bucket(slow) == bucket(fast) || family.has(fast, best);
                if family.has(slow, best) && nothing_between {
                    continue;
                }
                let counts = |decodes: u32| {
                    let left = self.chips - decodes * writer.chips;
                    [left / reader.chips.max(1), decodes]
                };
                let fed = |at: &Operating, [reads, writes]: [u32; 2]| {
                    reader.feeding(writer, at, &ways, (f64::from(reads), f64::from(writes)))
                };
                let feeds = |at: &Operating, decodes: u32| fed(at, counts(decodes));
                let reserved = |users: f64, [reads, writes]: [u32; 2]| {
                    let short =
                        [[reads.saturating_sub(spare), writes], [reads, writes.saturating_sub(spare)]];
                    let cases = if spare == 0 { 1 } else { 2 };
                    let users = users * (1.0 + more_users);
                    short.into_iter().take(cases).all(|left| {
                        !left.contains(&0) && latest(&writer.points, users, |at| fed(at, left)) <= limit
                    })
                };
                let keeps = |at: &Operating, decodes: u32| {
                    feeds(at, decodes).is_some_and(|felt| {
                        felt.ttft <= limit && (!reserves || reserved(felt.users, counts(decodes)))
                    })
                };
                let mut take = |at: &Operating, chosen: u32, within: bool| {
                    let Some(felt) = (chosen > 0).then(|| feeds(at, chosen)).flatten() else { return };
                    if felt.users < among {
                        return;
                    }
                    let writes_on = chosen * writer.chips;
                    let reads_on = self.chips - writes_on;
                    let whole = read_weight * f64::from(reads_on) + write_weight * f64::from(writes_on);
                    let pools = [Some((from, reads_on, reader.layout)), Some((to, writes_on, writer.layout))];
                    family.take(&felt, felt.rate * osl / whole, pools, within);
                };
                // As many as prompts last for, if they are to be read in full.
                let parts = f64::from(writer.chips) + f64::from(reader.chips) * at.rate * occupancy;
                let guess = ((f64::from(self.chips) / parts) as u32).max(spare + 1);
                let within = last(most, guess, |decodes| keeps(at, decodes));
                if within > 0 {
                    take(at, within, true);
                } else {
                    take(at, last(most, guess, |decodes| feeds(at, decodes).is_some()), false);
                }
                // One more keeps up where each has a little less to do, which of few counts.
                let more = within + 1;
                if more <= most.min(FEW) && keeps(&before, more) {
                    let (mut low, mut high) = (0.0, 1.0);
                    for _ in 0..HALVES {
                        let middle = f64::midpoint(low, high);
                        if keeps(&between(&before, at, middle), more) { low = middle } else { high = middle }
                    }
                    take(&between(&before, at, low), more, true);
                }
            }
        }
        if prefill + 1 < reads.len() {
            self.jobs.push(Job::Pair { from, to, prefill: prefill + 1 });
        }
    }

    /// Chooses what is served in full: what may be on the frontier, and a few points of each other family.
    fn choose(&mut self) {
        let fronts: Vec<(Vec<Estimate>, bool)> = self
            .families
            .iter()
            .map(|family| {
                let within = front(&family.within);
                if within.is_empty() { (front(&family.beyond), false) } else { (within, true) }
            })
            .collect();
        let all: Vec<Option<Estimate>> =
            fronts.iter().filter(|own| own.1).flat_map(|own| own.0.iter().cloned().map(Some)).collect();
        let best = front(&all);
        // Estimates come near, so what lies a little behind may turn out ahead.
        let promising = |own: &Estimate| {
            best.iter()
                .all(|other| other.interactivity < own.interactivity * 1.01 || other.value < own.value * 1.01)
        };
        let mut jobs = Vec::new();
        for (family, within) in &fronts {
            let shown = thinned(family.len(), if *within { SHOWN } else { SHOWN_BEYOND });
            for (index, estimate) in family.iter().enumerate() {
                let promising = *within && promising(estimate);
                if !(shown.contains(&index) || promising) {
                    continue;
                }
                let again = if promising { AGAIN } else { 0 };
                if let Some(split) = self.split(estimate) {
                    // Whole users; fewer of them never break a limit that more of them kept. Of few, one more may be nearer.
                    let users = estimate.users.floor().max(1.0);
                    if users < FEW_USERS {
                        jobs.push(Job::Serve { split: split.clone(), users: users + 1.0, again });
                    }
                    jobs.push(Job::Serve { split, users, again });
                }
            }
        }
        jobs.reverse();
        self.jobs.extend(jobs);
    }

    fn split(&self, estimate: &Estimate) -> Option<Split> {
        let pool = |(kind, chips, layout): (usize, u32, Layout)| {
            Some(shape::pool(self.kinds.get(kind)?, chips, layout))
        };
        match estimate.pools {
            [Some(only), None] => Some(shape::colocated(pool(only)?)),
            [Some(reads), Some(writes)] => Some(shape::apart(pool(reads)?, pool(writes)?)),
            _ => None,
        }
    }

    /// With how many users the deployment that was served last is served again: more where it comes before all others, and
    /// fewer where it does not keep its reserve, which estimates tell less nearly.
    fn next_users(&self, users: f64) -> Option<f64> {
        let step = (users * MORE_USERS).round().max(1.0);
        if self.does_well(users) {
            return Some(users + step);
        }
        let last = self.found.last().filter(|own| own.users == Some(users) && !own.keeps_ttft)?;
        let reserved = self.scenario.reserve.asks() && last.users > Some(step);
        reserved.then_some(users - step)
    }

    /// Whether the deployment that was served last keeps the limit and comes before all that were served: its estimate may
    /// have stopped short.
    fn does_well(&self, users: f64) -> bool {
        let sign = if self.metric.more_is_better() { 1.0 } else { -1.0 };
        let Some((own, before)) = self.found.split_last() else { return false };
        let Some(value) = own.value.filter(|_| own.keeps_ttft && own.users == Some(users)) else {
            return false;
        };
        let beats = |other: &Candidate| {
            other.keeps_ttft
                && other.interactivity >= own.interactivity * (1.0 - AS_FAST)
                && other.value.is_some_and(|other| other * sign >= value * sign)
        };
        !before.iter().any(beats)
    }

    /// Serves a deployment in full; whether more users would only wait.
    fn serve(&mut self, split: Split, users: f64) -> bool {
        let load = Load::Closed { concurrency: users };
        let scenario = Scenario { split, load, ..self.scenario.clone() };
        let Ok(evaluation) = evaluate_with(&scenario, self.tables) else { return true };
        let scenario = shape::laid_out(&scenario, &evaluation.steady.pools);
        let limited =
            |own: &Warning| matches!(own, Warning::KvLimited { .. } | Warning::SequencesLimited { .. });
        let full = evaluation.steady.warnings.iter().any(limited);
        // How fast tokens follow is what the frontier is about.
        let slo = Slo { tpot: None, ..scenario.slo };
        let level = Scenario { slo, ..scenario.clone() };
        let keeps = missing(&level, &evaluation, self.tables).is_none();
        self.found.push(Candidate::new(&scenario, &evaluation, (self.metric, keeps)));
        full
    }
}

impl Candidate {
    fn new(scenario: &Scenario, evaluation: &Evaluation, (metric, keeps): (Metric, bool)) -> Self {
        let steady = &evaluation.steady;
        Self {
            deployed: Deployed::of(scenario),
            split: Shape::of(&scenario.split),
            users: match scenario.load {
                Load::Closed { concurrency } => Some(concurrency),
                Load::Open { .. } => None,
            },
            keeps_ttft: keeps,
            interactivity: steady.interactivity(),
            per_chip: steady.throughput_per_chip(),
            value: metric.read(evaluation).ok().map(|own| own.value),
            ttft: steady.ttft,
            on_frontier: false,
        }
    }
}

impl Family {
    /// Whether a deployment as interactive does at least as well within the limit.
    fn has(&self, interactivity: f64, value: f64) -> bool {
        let best = bucket(interactivity).and_then(|bucket| self.within.get(bucket)?.as_ref());
        best.is_some_and(|own| own.value >= value)
    }

    fn take(&mut self, felt: &UserLatency, value: f64, pools: Pools, within: bool) {
        let interactivity = 1.0 / felt.tpot;
        let Some(bucket) = bucket(interactivity).filter(|_| value.is_finite()) else { return };
        let shelf = if within { &mut self.within } else { &mut self.beyond };
        if shelf.len() <= bucket {
            shelf.resize(bucket + 1, None);
        }
        let Some(place) = shelf.get_mut(bucket) else { return };
        let better = |own: &Estimate| (value, interactivity) > (own.value, own.interactivity);
        if place.as_ref().is_none_or(better) {
            *place = Some(Estimate { interactivity, value, users: felt.users, pools });
        }
    }
}

/// Mean time to first token among so many users, of replicas as they are felt at rising numbers of sequences. Who finds no
/// room waits, as Little's law says.
fn latest(points: &[Operating], users: f64, felt: impl Fn(&Operating) -> Option<UserLatency>) -> f64 {
    let fewer = |at: &Operating| felt(at).is_some_and(|own| own.users < users);
    let place = points.partition_point(fewer);
    let at = |index: usize| points.get(index).and_then(&felt);
    match (at(place.wrapping_sub(1)), at(place)) {
        (Some(own), Some(next)) => {
            let share = (users - own.users) / (next.users - own.users).max(1e-12);
            own.ttft + (next.ttft - own.ttft) * share.clamp(0.0, 1.0)
        }
        (Some(own), None) => own.ttft + (users - own.users) / own.rate.max(1e-12),
        (None, Some(own)) => own.ttft,
        (None, None) => f64::INFINITY,
    }
}

/// The bucket of an interactivity: from one token in an hour up; nothing is slower and of interest.
fn bucket(interactivity: f64) -> Option<usize> {
    let place = (libm::log(interactivity) + 8.0).clamp(0.0, 32.0) * BUCKETS;
    interactivity.is_finite().then_some(place as usize)
}

/// The largest count up to `most` for which a property holds that large counts lose, looked for around a guess; 0 when none
/// has it.
fn last(most: u32, guess: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, most.saturating_add(1));
    let (mut next, mut stride) = (guess.clamp(1, most.max(1)), 1);
    while low < next && next < high {
        if holds(next) {
            (low, next) = (next, next.saturating_add(stride));
        } else {
            (high, next) = (next, next.saturating_sub(stride));
        }
        stride *= 2;
        if high <= most && low > 0 {
            break;
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

/// The deployments that no other of the shelf beats, most interactive first.
fn front(shelf: &[Option<Estimate>]) -> Vec<Estimate> {
    let mut all: Vec<&Estimate> = shelf.iter().flatten().collect();
    all.sort_by(|a, b| b.interactivity.total_cmp(&a.interactivity).then(b.value.total_cmp(&a.value)));
    let mut best = 0.0;
    let mut front = Vec::new();
    for own in all {
        if own.value > best {
            best = own.value;
            front.push(own.clone());
        }
    }
    front
}

/// So many indices out of a list, both ends among them.
fn thinned(length: usize, most: usize) -> Vec<usize> {
    if length <= most {
        return (0..length).collect();
    }
    (0..most).map(|index| index * (length - 1) / (most - 1).max(1)).collect()
}

/// Drops the batches that some other layout of no more chips beats in step time and requests per chip.
fn drop_beaten_batches(offers: &mut Vec<Offer>) {
    // From small replicas to large ones, and of equal ones from quick steps to slow ones: what comes after one that serves
    // more is beaten, and every place remembers the most that a step as quick has served so far.
    let mut order: Vec<(u32, f64, f64, usize, usize)> = Vec::new();
    for (offer, own) in offers.iter().enumerate() {
        let chips = own.chips.max(1);
        let points = own.points.iter().enumerate();
        order.extend(
            points.map(|(at, point)| (chips, point.tpot.get(), point.rate / f64::from(chips), offer, at)),
        );
    }
    order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b.2.total_cmp(&a.2)));
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut kept: Vec<Vec<bool>> = offers.iter().map(|own| vec![false; own.points.len()]).collect();
    for (_, tpot, rate, offer, at) in order {
        let place = steps.partition_point(|own| own.0 <= tpot);
        if steps.get(place.wrapping_sub(1)).is_some_and(|own| own.1 >= rate) {
            continue;
        }
        if let Some(kept) = kept.get_mut(offer).and_then(|own| own.get_mut(at)) {
            *kept = true;
        }
        let beaten = steps.iter().skip(place).take_while(|own| own.1 <= rate).count();
        steps.splice(place..place + beaten, [(tpot, rate)]);
    }
    for (offer, kept) in offers.iter_mut().zip(kept) {
        let mut kept = kept.into_iter();
        offer.points.retain(|_| kept.next().unwrap_or(false));
    }
    offers.retain(|own| !own.points.is_empty());
}

/// Sorts by interactivity, slowest first, and marks the frontier.
fn mark(found: &mut [Candidate], metric: Metric) {
    let sign = if metric.more_is_better() { 1.0 } else { -1.0 };
    let value = |own: &Candidate| own.value.map_or(f64::NEG_INFINITY, |value| value * sign);
    found.sort_by(|a, b| {
        a.interactivity.get().total_cmp(&b.interactivity.get()).then(value(a).total_cmp(&value(b)))
    });
    // From the most interactive down, whoever does better than all before is on the frontier.
    let mut best = f64::NEG_INFINITY;
    for candidate in found.iter_mut().rev() {
        let own = value(candidate);
        candidate.on_frontier = candidate.keeps_ttft && own > best;
        if candidate.on_frontier {
            best = own;
        }
    }
}

/// Searches all layouts, mixes, splits and loads on the scenario's chips for throughput per chip against interactivity.
/// Sorted by interactivity, slowest first.
///
/// ```
/// use tandem::explore::frontier;
/// use tandem::scenario::link;
///
/// let scenario = link::parse("v1&model=llama3-8b&prefill=h100-sxm*2&decode=h200*2&concurrency=32").scenario;
/// let found = frontier(&scenario);
/// let best: Vec<_> = found.points.iter().filter(|own| own.on_frontier).collect();
/// // Along the frontier, speed for a user is paid for with throughput of a chip.
/// for pair in best.windows(2) {
///     let faster = pair[1].interactivity.get() - pair[0].interactivity.get();
///     let thriftier = pair[1].per_chip.get() - pair[0].per_chip.get();
///     assert!(faster * thriftier <= 0.0);
/// }
/// ```
#[must_use]
pub fn frontier(scenario: &Scenario) -> Frontier {
    frontier_of(scenario, Metric::ThroughputPerChip)
}

/// The same for another metric: a cost, an energy or a throughput per chip or megawatt.
#[must_use]
pub fn frontier_of(scenario: &Scenario, metric: Metric) -> Frontier {
    let mut search = Search::new(scenario, metric);
    while !search.step(64) {}
    search.answer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::Pool;
    use crate::serve::{candidates, find_model};

    fn scenario(text: &str) -> Scenario {
        link::parse(text).scenario
    }

    #[test]
    fn no_candidate_beats_one_on_the_frontier() {
        for metric in [Metric::ThroughputPerChip, Metric::CostTotal, Metric::Energy] {
            let tried = frontier_of(&Scenario::default(), metric).points;
            assert!(tried.iter().filter(|own| own.on_frontier).count() >= 8, "{metric:?}");
            for best in tried.iter().filter(|own| own.on_frontier) {
                assert!(best.keeps_ttft);
                for other in tried.iter().filter(|own| own.keeps_ttft) {
                    let (own, others) = (best.value.unwrap(), other.value.unwrap());
                    let better = if metric.more_is_better() { others > own } else { others < own };
                    assert!(!(other.interactivity > best.interactivity && better), "{metric:?}");
                }
            }
        }
    }

    #[test]
    fn every_point_is_what_its_scenario_evaluates_to() {
        let base = scenario("v1&model=gpt-oss-120b&prefill=h100-sxm*12&decode=b200*4&ttft=1s");
        for own in frontier(&base).points {
            let again = own.deployed.scenario();
            let evaluation = evaluate(&again).unwrap();
            assert_eq!(evaluation.steady.interactivity(), own.interactivity);
            assert_eq!(evaluation.steady.throughput_per_chip(), own.per_chip);
            assert_eq!(evaluation.steady.ttft, own.ttft);
            assert_eq!(again.split.chips(), 16);
        }
    }

    /// Every layout, mix and doubling of users, each evaluated in full.
    fn brute(base: &Scenario) -> Vec<(f64, f64, String)> {
        let model = find_model(base).unwrap();
        let total = base.split.chips();
        let kinds = shape::kinds(base);
        let layouts = |id: &str, chips: u32| candidates(&model, base.chip(id).unwrap(), chips);
        let mut splits = Vec::new();
        for a in &kinds {
            splits.extend(
                layouts(a, total).into_iter().map(|own| shape::colocated(shape::pool(a, total, own))),
            );
            for b in &kinds {
                for reads in 1..total {
                    for reader in layouts(a, reads) {
                        for writer in layouts(b, total - reads) {
                            let pools = [(a, reads, reader), (b, total - reads, writer)];
                            let [read, write] = pools.map(|(id, n, layout)| shape::pool(id, n, layout));
                            splits.push(shape::apart(read, write));
                        }
                    }
                }
            }
        }
        let mut points = Vec::new();
        for split in splits {
            for doubling in 0..11 {
                let load = Load::Closed { concurrency: f64::from(1_u32 << doubling) };
                let Ok(own) = evaluate(&Scenario { split: split.clone(), load, ..base.clone() }) else {
                    break;
                };
                if base.slo.ttft.is_none_or(|limit| own.steady.ttft_of(limit.percentile) <= limit.at) {
                    let (x, y) = (own.steady.interactivity().get(), own.steady.throughput_per_chip().get());
                    points.push((x, y, format!("{split:?} at {load:?}, {:?}", own.steady.ttft)));
                }
            }
        }
        points
    }

    #[test]
    fn nothing_that_brute_force_finds_lies_ahead_of_it() {
        for text in [
            "v1&model=llama3-8b&prefill=h100-sxm*3&decode=h200*3&isl=4k&ttft=500ms",
            "v1&model=gpt-oss-120b&prefill=h200*2&decode=b200*4",
        ] {
            let base = scenario(text);
            let best: Vec<Candidate> =
                frontier(&base).points.into_iter().filter(|own| own.on_frontier).collect();
            assert!(best.len() >= 8, "{text}: {}", best.len());
            for (interactivity, per_chip, what) in brute(&base) {
                // The deployment handed out is as good in both within the spacing of batches and buckets.
                let reach = best
                    .iter()
                    .map(|own| (own.interactivity.get() / interactivity).min(own.per_chip.get() / per_chip));
                let reach = reach.fold(0.0, f64::max);
                assert!(
                    reach > 0.95,
                    "{text}: {interactivity} tok/s/user at {per_chip} tok/s/chip is met to {reach}: {what}"
                );
            }
        }
    }

    #[test]
    fn steps_of_any_size_find_the_same() {
        let base = scenario("v1&prefill=h100-sxm*8&decode=h200*8");
        let mut small = Search::new(&base, Metric::ThroughputPerChip);
        let mut steps = 0;
        while !small.step(1) {
            steps += 1;
        }
        assert!(steps > 20);
        assert_eq!(small.answer(), frontier(&base));
    }

    #[test]
    fn machines_of_sram_and_chips_without_a_price_take_part() {
        let base = scenario("v1&isl=4k&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s");
        let found = frontier(&base).points;
        assert!(found.iter().any(|own| {
            own.on_frontier
                && own
                    .deployed
                    .scenario()
                    .split
                    .pools()
                    .iter()
                    .any(|(role, pool)| *role == Role::Decode && pool.chip == "groq3-lp30")
        }));
        // Without a price only what needs none has a cost.
        for own in frontier_of(&base, Metric::CostTotal).points {
            assert!(own.deployed.scenario().split.pools().iter().all(|(_, pool)| pool.chip == "h200"));
        }
    }

    #[test]
    fn the_frontier_keeps_the_reserve_that_is_asked_for() {
        for reserve in ["headroom=50%25", "spare=1", "headroom=20%25&spare=1"] {
            for pools in ["prefill=h100-sxm*8&decode=h200*8", "pool=h200*8"] {
                let text = format!("v1&model=llama3-70b&isl=4k&osl=256&ttft=700ms&{pools}");
                let base = scenario(&format!("{text}&{reserve}"));
                let best: Vec<Candidate> =
                    frontier(&base).points.into_iter().filter(|own| own.on_frontier).collect();
                assert!(best.len() >= 5, "{pools} {reserve}: {}", best.len());
                for own in &best {
                    let mut stands = own.deployed.scenario();
                    stands.slo.tpot = None;
                    let evaluation = evaluate(&stands).unwrap();
                    let held = crate::explore::holds(&stands, &evaluation, constants());
                    assert_eq!(held.miss, None, "{reserve}: {} with {:?}", own.deployed.label, own.users);
                }
                // Who keeps nothing in reserve serves more, and what is left is not far behind.
                let most = |all: &[Candidate]| all.iter().map(|own| own.per_chip.get()).fold(0.0, f64::max);
                let all: Vec<Candidate> =
                    frontier(&scenario(&text)).points.into_iter().filter(|own| own.on_frontier).collect();
                assert!(most(&best) < most(&all), "{pools} {reserve}");
                assert!(most(&best) > 0.3 * most(&all), "{pools} {reserve}: {} {}", most(&best), most(&all));
            }
        }
    }

    #[test]
    fn what_cannot_be_served_has_no_frontier() {
        let base = Scenario {
            split: shape::colocated(Pool::new("h100-sxm", 1)),
            model: "deepseek-v3".to_owned(),
            ..Scenario::default()
        };
        assert!(frontier(&base).points.is_empty());
        let unknown = Scenario { model: "nothing".to_owned(), ..Scenario::default() };
        assert!(frontier(&unknown).points.is_empty());
    }
}

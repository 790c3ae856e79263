//! How many agents a deployment carries: hit rate, time to first token and money per task against the number of sessions
//! at work, replayed with the chips' memory alone and with tiers of memory behind it.
//!
//! The number of sessions doubles from 1 until both have fallen off their cliff, then the steps around the cliffs are
//! halved. Each point is a closed loop of so many sessions, long enough for every session to pass through about a task
//! (fewer turns where there are very many, which begin at turns spread evenly all the same). The first two requests of
//! each session are left out, since they meet empty caches. Layouts stay as they are for the scenario itself, so a
//! curve shows one deployment.

use std::collections::VecDeque;

use serde::Serialize;

use super::knob::pin;
use crate::catalog;
use crate::cost::{Unpriced, chip_price};
use crate::replay::Asked;
use crate::replay::record::End;
use crate::replay::run::{Run, Seen};
use crate::scenario::traffic::{Horizon, Routing, Tier, Traffic};
use crate::scenario::{Load, Scenario, link};
use crate::serve::Refusal;

/// Events of a slice.
const EVENTS: u64 = 4096;
/// The workload of the catalogue for scenarios without sessions.
const TYPICAL: &str = "agent";
/// The tier that is drawn where the scenario has none: a host with 2 TB for 8 chips, behind PCIe 5 x16, of whose 63 GB/s
/// some 50 are reached. Source: NVIDIA's user guide of the DGX B200 (2 TB, to 4 TB), 2025-03; the reach is assumed.
const HOST: &str = "v1&tier=dram:250GB@50GB/s";
/// Requests of a point: at least, and at most where sessions are few enough.
const REQUESTS: (f64, f64) = (240.0, 2000.0);
/// Requests of each session: those that are left out, and those that count at the least.
const TURNS: (f64, f64) = (2.0, 4.0);
/// Most sessions.
const LAST: u32 = 4096;
/// The hit rate holds while it is above this share of the best.
const HOLDS: f64 = 0.9;
/// Times that a step around a cliff is halved.
const HALVED: u32 = 3;

/// How many agents a deployment carries, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agents {
    /// The points so far, in the order in which they came.
    pub points: Vec<Point>,
    /// Sessions up to which the hit rate holds in the chips' memory alone, once that is known.
    pub knee: Option<f64>,
}

/// A number of sessions, replayed. What is unknown is no number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Sessions at work.
    pub sessions: f64,
    /// Whether the tiers are there.
    pub tiered: bool,
    /// Share of the input that was cached, 0 to 1.
    pub hit: f64,
    /// Time to first token in seconds, half of all.
    pub p50: f64,
    /// The same, 95 % of all.
    pub p95: f64,
    /// Dollars per task.
    pub cost: f64,
    /// Tasks per hour.
    pub tasks: f64,
}

/// Sessions up to which a hit rate holds, and the fewest at which it does not any more; points in order of sessions.
#[must_use]
pub fn cliff(points: &[Point]) -> Option<(f64, f64)> {
    let mut best: f64 = 0.0;
    for pair in points.windows(2) {
        let [before, after] = pair else { continue };
        best = best.max(before.hit);
        if after.hit < HOLDS * best {
            return Some((before.sessions, after.sessions));
        }
    }
    None
}

/// What the ladder is climbed with.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The scenario with agents at work.
    pub scenario: Scenario,
    /// The tiers to compare with.
    pub tiers: Vec<Tier>,
    /// Name of the catalogue's workload whose sessions are taken, where the scenario has none.
    pub sessions_of: Option<&'static str>,
    /// Whether the tiers are those of a usual host, because the scenario has none.
    pub usual_tiers: bool,
    /// Dollars per hour of the whole deployment, or why there are none.
    pub price: Result<f64, Unpriced>,
}

impl Setup {
    fn of(mut scenario: Scenario) -> Self {
        let mut sessions_of = None;
        if let (None, Some(preset)) = (scenario.traffic.sessions, catalog::workload(TYPICAL)) {
            let (workload, typical) = Traffic::typical(preset);
            let tiers = std::mem::take(&mut scenario.traffic.tiers);
            (scenario.workload, scenario.traffic) = (workload, Traffic { tiers, ..typical });
            scenario.traffic.routing = Routing::Prefix;
            sessions_of = Some(preset.name);
        }
        let mut tiers = std::mem::take(&mut scenario.traffic.tiers);
        let usual_tiers = tiers.is_empty();
        if usual_tiers {
            tiers = link::parse(HOST).scenario.traffic.tiers;
        }
        scenario.traffic.burst = None;
        let pools = scenario.split.pools();
        let priced: Result<Vec<f64>, _> = pools
            .iter()
            .map(|(_, pool)| {
                chip_price(&scenario, &pool.chip).map(|price| price.get() * f64::from(pool.chips))
            })
            .collect();
        let price = priced.map(|all| all.iter().sum::<f64>() / scenario.pricing.utilisation);
        Self { scenario, tiers, sessions_of, usual_tiers, price }
    }
}

/// The ladder, climbed step by step.
#[derive(Debug)]
pub struct Ladder {
    setup: Setup,
    /// Whether the layouts are those chosen for the scenario.
    pinned: bool,
    /// Requests of a task.
    requests: f64,
    /// What comes next.
    due: VecDeque<(u32, bool)>,
    halved: u32,
    now: Option<(u32, bool, Box<Run>)>,
    plain: Vec<Point>,
    tiered: Vec<Point>,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The layouts are chosen, and nothing is assumed from now on.
    SetUp,
    /// Nothing yet.
    OnTheWay,
    /// Another point.
    Point(Point),
    /// So many sessions cannot be served, and more of them no better: the ladder ends here.
    Refused(u32, Refusal),
}

impl Ladder {
    /// A ladder for a scenario.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let setup = Setup::of(scenario);
        let requests = setup.scenario.traffic.sessions.map_or(1.0, |own| own.requests()).max(1.0);
        Self {
            setup,
            pinned: false,
            requests,
            due: VecDeque::from([(1, false), (1, true)]),
            halved: 0,
            now: None,
            plain: Vec::new(),
            tiered: Vec::new(),
        }
    }

    /// What it is climbed with.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The points in order of sessions, with the chips' memory alone and with tiers.
    #[must_use]
    pub fn points(&self) -> (&[Point], &[Point]) {
        (&self.plain, &self.tiered)
    }

    /// Sessions up to which the hit rate holds in the chips' memory alone, once that is known.
    #[must_use]
    pub fn knee(&self) -> Option<f64> {
        cliff(&self.plain).map(|(knee, _)| knee)
    }

    /// Whether the ladder is climbed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.pinned && self.now.is_none() && self.due.is_empty()
    }

    /// Goes on for some milliseconds.
    pub fn step(&mut self) -> Step {
        if !self.pinned {
            // Choosing layouts is a step of its own.
            self.setup.scenario = pin(&self.setup.scenario);
            self.pinned = true;
            return Step::SetUp;
        }
        let Some((sessions, tiered, mut run)) = self.now.take() else {
            if let Some((sessions, tiered)) = self.due.pop_front() {
                self.now = Some((sessions, tiered, Box::new(self.run(sessions, tiered))));
            }
            return Step::OnTheWay;
        };
        match run.go(EVENTS, |seen| seen.progress.done.then(|| self.point(&seen, sessions, tiered))) {
            Ok(None) => {
                self.now = Some((sessions, tiered, run));
                Step::OnTheWay
            }
            Ok(Some(point)) => {
                self.take(point);
                Step::Point(point)
            }
            Err(refusal) => {
                // With more sessions it would be no better.
                self.due.clear();
                self.halved = HALVED;
                Step::Refused(sessions, refusal)
            }
        }
    }

    /// A replay of so many sessions.
    fn run(&self, sessions: u32, tiered: bool) -> Run {
        let mut scenario = self.setup.scenario.clone();
        let sessions = f64::from(sessions);
        scenario.load = Load::Closed { concurrency: sessions };
        scenario.traffic.tiers = if tiered { self.setup.tiers.clone() } else { Vec::new() };
        let tasks = (sessions * self.requests).clamp(REQUESTS.0, REQUESTS.1);
        let count = tasks.max(TURNS.1 * sessions) + TURNS.0 * sessions;
        scenario.traffic.horizon = Some(Horizon::Requests { count: count as u32 });
        Run::new(scenario, Asked::Scenario)
    }

    fn point(&self, seen: &Seen<'_, '_>, sessions: u32, tiered: bool) -> Point {
        let warm_up = (TURNS.0 * f64::from(sessions)) as u32;
        let result = seen.engine.result(seen.scenario.slo, warm_up);
        let records = seen.engine.records();
        let counted = records.iter().filter(|own| own.end == End::Finished && own.index >= warm_up);
        let (cached, input) = counted.fold((0.0, 0.0), |(cached, input), own| {
            (cached + f64::from(own.cached), input + f64::from(own.input))
        });
        let (p50, p95) =
            result.ttft.map_or((f64::NAN, f64::NAN), |own| (own.p50.value.get(), own.p95.value.get()));
        let tasks = result.rate.get() / self.requests * 3600.0;
        let cost = self.setup.price.as_ref().map_or(f64::NAN, |price| price / tasks);
        let cost = if cost.is_finite() { cost } else { f64::NAN };
        Point {
            sessions: f64::from(sessions),
            tiered,
            hit: cached / f64::max(input, 1.0),
            p50,
            p95,
            cost,
            tasks,
        }
    }

    /// Takes a point in and decides what comes next.
    fn take(&mut self, point: Point) {
        let points = if point.tiered { &mut self.tiered } else { &mut self.plain };
        let at = points.partition_point(|own| own.sessions < point.sessions);
        points.insert(at, point);
        if !self.due.is_empty() {
            return;
        }
        let last = self.plain.last().map_or(1.0, |own| own.sessions);
        let fallen = |points: &[Point], by: f64| cliff(points).is_some_and(|(knee, _)| last >= by * knee);
        let enough = fallen(&self.plain, 4.0) && (fallen(&self.tiered, 2.0) || fallen(&self.plain, 16.0));
        if self.halved == 0 && !enough && last < f64::from(LAST) {
            let next = 2 * last as u32;
            self.due.extend([(next, false), (next, true)]);
            return;
        }
        while self.halved < HALVED && self.due.is_empty() {
            self.halved += 1;
            let mut between: Vec<u32> = [&self.plain, &self.tiered]
                .into_iter()
                .filter_map(|points| cliff(points))
                .map(|(low, high)| libm::round((low * high).sqrt()) as u32)
                .filter(|&middle| self.plain.iter().all(|own| own.sessions != f64::from(middle)))
                .collect();
            between.dedup();
            self.due.extend(between.into_iter().flat_map(|sessions| [(sessions, false), (sessions, true)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The published run's chips hold 3,249,215 tokens, which no 16-bit cache does; the share is the one that leaves as many.
    const K3: &str = "v1&model=kimi-k3&kv=fp8&memory=0.86&pool=b300*8:tp8:etp8&isl=200k&osl=400&sessions=60x4k&pause=5s&routing=prefix";

    /// All points of a ladder, and what it is climbed with.
    fn climbed(link: &str) -> (Agents, Ladder) {
        let mut ladder = Ladder::new(link::parse(link).scenario);
        let mut agents = Agents::default();
        while !ladder.is_done() {
            match ladder.step() {
                Step::Point(point) => agents.points.push(point),
                Step::Refused(_, refusal) => panic!("{refusal}"),
                Step::SetUp | Step::OnTheWay => {}
            }
        }
        agents.knee = ladder.knee();
        (agents, ladder)
    }

    /// Pairs of points with the same number of sessions, without and with tiers.
    fn pairs(outcome: &Agents) -> Vec<(Point, Point)> {
        let of = |tiered: bool| outcome.points.iter().filter(move |own| own.tiered == tiered);
        let pairs =
            of(false).map(|plain| (*plain, *of(true).find(|own| own.sessions == plain.sessions).unwrap()));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_by(|one, two| one.0.sessions.total_cmp(&two.0.sessions));
        pairs
    }

    fn lawful(outcome: &Agents) {
        let pairs = pairs(outcome);
        assert!(pairs.len() > 8, "{outcome:?}");
        let (first, with) = pairs[0];
        assert_eq!((first.hit, first.p50, first.cost), (with.hit, with.p50, with.cost), "one session fits");
        for (plain, tiered) in &pairs {
            assert!(tiered.hit >= plain.hit - 0.005, "{plain:?} {tiered:?}");
            for own in [plain, tiered] {
                assert!((0.0..=1.0).contains(&own.hit), "{own:?}");
                assert!(own.p50 > 0.0 && own.p95 >= own.p50, "{own:?}");
                assert!(own.cost > 0.0 && own.cost.is_finite(), "{own:?}");
            }
        }
    }

    #[test]
    fn kimi_k3_on_8_b300_falls_off_its_cliff_before_16_agents_and_dram_rescues_it() {
        let (outcome, _) = climbed(K3);
        lawful(&outcome);
        let all = pairs(&outcome);
        let (plain, tiered) = all.iter().find(|(own, _)| own.sessions == 16.0).unwrap();
        // Published: 86 s against 0.85 s.
        assert!(plain.p50 > 20.0 * tiered.p50 && tiered.p50 < 10.0, "{plain:?} {tiered:?}");
        assert!(plain.hit < 0.5 && tiered.hit > 0.9, "{plain:?} {tiered:?}");
        assert!(plain.cost > 2.0 * tiered.cost, "{plain:?} {tiered:?}");
        let (few, _) = all.iter().find(|(own, _)| own.sessions == 2.0).unwrap();
        assert!(few.hit > 0.9 && few.p50 < 2.0, "{few:?}");
        assert!(outcome.knee.is_some_and(|knee| (2.0..16.0).contains(&knee)), "{outcome:?}");
        assert_eq!(climbed(K3).0, outcome, "the same seed gives the same points");
        assert_ne!(climbed(&format!("{K3}&seed=2")).0, outcome, "another seed gives others");
    }

    #[test]
    fn scenarios_without_sessions_get_those_of_the_catalogue_and_keep_their_tiers() {
        let (outcome, ladder) = climbed("v1&model=kimi-k3&pool=b300*8&tier=dram:100GB@50GB/s");
        lawful(&outcome);
        let Setup { sessions_of, usual_tiers, tiers, .. } = ladder.setup();
        assert!(sessions_of.unwrap().contains("Coding agent") && !usual_tiers, "{sessions_of:?}");
        assert!((tiers[0].capacity.get() - 100e9).abs() < 1.0, "{tiers:?}");
        let (open, _) = climbed("v1&model=llama3-8b&pool=h100-sxm*1&rate=2");
        lawful(&open);
    }

    #[test]
    fn halves_apart_climb_too() {
        let (outcome, _) = climbed("v1&model=deepseek-v3&prefill=h200*16&decode=h200*16");
        lawful(&outcome);
    }

    #[test]
    fn money_is_that_of_all_chips_over_the_tasks_done() {
        let (one, _) = climbed(&format!("{K3}&rents=b300:4"));
        let (two, _) = climbed(&format!("{K3}&rents=b300:8"));
        for (one, two) in one.points.iter().zip(&two.points) {
            assert!((one.cost - 32.0 / one.tasks).abs() < 1e-9 * one.cost, "{one:?}");
            assert!((two.cost / one.cost - 2.0).abs() < 1e-9, "{one:?} {two:?}");
        }
    }

    #[test]
    fn what_cannot_be_served_ends_the_ladder() {
        let mut ladder = Ladder::new(link::parse("v1&model=deepseek-v3&pool=h100-sxm*1").scenario);
        let mut refused = 0;
        while !ladder.is_done() {
            refused += usize::from(matches!(
                ladder.step(),
                Step::Refused(1, Refusal::DoesNotFit { .. } | Refusal::TooFewChips { .. })
            ));
        }
        assert_eq!(refused, 1);
        assert!(ladder.points().0.is_empty());
    }
}

//! How many agents a deployment carries: hit rate, time to first token and money per task against the number of sessions
//! at work, replayed with the chips' memory alone and with tiers of memory behind it.
//!
//! The number of sessions doubles from 1 until both have fallen off their cliff, then the steps around the cliffs are
//! halved. Each point is a closed loop of so many sessions, long enough for every session to pass through about a task
//! (fewer turns where there are very many, which begin at turns spread evenly all the same). The first two requests of
//! each session are left out, since they meet empty caches. Layouts stay as they are for the scenario itself, so a
//! curve shows one deployment.

use std::collections::VecDeque;

use super::field::{Fields, Line};
use super::run::{Run, Seen};
use super::{Slice, Work};
use crate::catalog;
use crate::cost::chip_price;
use crate::explore::pin;

use crate::replay::Asked;
use crate::replay::record::End;
use crate::scenario::traffic::{Horizon, Place, Routing, Tier, Traffic};
use crate::scenario::{Load, Scenario, link, notation};
use crate::units::format::{Precision, Unit};

pub(super) const VERB: &str = "agents";

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

/// What to ask of a scenario, given as a link.
#[must_use]
pub fn question(link: &str) -> String {
    format!("{VERB}\n{link}")
}

/// What is known so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What was replayed, in sentences.
    pub notes: Vec<String>,
    /// The tiers in words.
    pub tiers: String,
    /// Why there is nothing, or nothing more.
    pub refused: Option<String>,
    /// Where the cliffs are, in words.
    pub told: String,
    /// The points so far, in the order in which they came.
    pub points: Vec<Point>,
    /// Sessions up to which the hit rate holds in the chips' memory alone, once that is known.
    pub knee: Option<f64>,
}

/// A number of sessions, replayed. What is unknown is no number.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// Reads an answer, as far as it is there.
#[must_use]
pub fn read(answer: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for line in answer.lines() {
        let mut fields = Fields::of(line);
        let kind = fields.text();
        if kind == Some("point") {
            if let &[sessions, tiered, hit, p50, p95, cost, tasks] = fields.numbers().as_slice() {
                let tiered = tiered > 0.0;
                outcome.points.push(Point { sessions, tiered, hit, p50, p95, cost, tasks });
            }
            continue;
        }
        let text = fields.text().unwrap_or_default().to_owned();
        match kind {
            Some("note") => outcome.notes.push(text),
            Some("tiers") => outcome.tiers = text,
            Some("refused") => outcome.refused = Some(text),
            Some("told") => {
                outcome.told = text;
                outcome.knee = fields.number();
            }
            _ => {}
        }
    }
    outcome
}

impl Point {
    fn line(&self) -> String {
        let numbers = [self.hit, self.p50, self.p95, self.cost, self.tasks];
        let line = Line::default().text("point").number(self.sessions).flag(self.tiered);
        numbers.into_iter().fold(line, Line::number).end()
    }
}

/// Sessions up to which a hit rate holds, and the fewest at which it does not any more; points in order of sessions.
fn cliff(points: &[Point]) -> Option<(f64, f64)> {
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

/// Where the cliffs are.
fn sentence(plain: &[Point], tiered: &[Point], tiers: &str) -> String {
    let count = |sessions: f64| match sessions {
        1.0 => "1 session".to_owned(),
        _ => format!("{} sessions", Unit::Count.format(sessions)),
    };
    let share = |value: f64| Unit::Percent.format_with(value, Precision::SHORT);
    let time = |value: f64| Unit::Seconds.format_with(value, Precision::SHORT);
    let Some(most) = plain.last() else { return String::new() };
    let mut text = match cliff(plain) {
        None => format!("Hit rate holds to {}, the most replayed so far.", count(most.sessions)),
        Some((knee, _)) => {
            // Of those that are near, within two doublings, the one that the tiers help most.
            let beside = |own: &Point| tiered.iter().find(|with| with.sessions == own.sessions);
            let helped = |own: &Point| beside(own).map_or(0.0, |with| own.p50 / with.p50);
            let near = plain.iter().filter(|own| own.sessions > knee && own.sessions <= 4.0 * knee);
            let worst = near.max_by(|one, two| helped(one).total_cmp(&helped(two))).unwrap_or(most);
            let with = beside(worst).map_or(String::new(), |own| format!("; with {tiers} {}", time(own.p50)));
            format!(
                "Hit rate holds to {}; past it the chips' memory is full: at {} {} of the input is cached and TTFT p50 \
                 is {}{with}.",
                count(knee),
                count(worst.sessions),
                share(worst.hit),
                time(worst.p50)
            )
        }
    };
    if let Some((knee, _)) = cliff(tiered) {
        text += &format!(" With the tiers it holds to {}.", count(knee));
    }
    let cheapest = |points: &[Point]| {
        let priced = points.iter().filter(|own| own.cost.is_finite());
        priced.min_by(|one, two| one.cost.total_cmp(&two.cost)).copied()
    };
    if let Some(own) = cheapest(plain) {
        text +=
            &format!(" A task costs least at {}: {}", count(own.sessions), Unit::Dollars.format(own.cost));
        let with = cheapest(tiered).filter(|with| with.cost < 0.99 * own.cost);
        text += &with.map_or(".".to_owned(), |with| {
            format!("; with the tiers at {}: {}.", count(with.sessions), Unit::Dollars.format(with.cost))
        });
    }
    text
}

fn in_words(tiers: &[Tier]) -> String {
    let one = |own: &Tier| {
        let (name, of) = match own.place {
            Place::Hbm => ("HBM", " per chip"),
            Place::Dram => ("DRAM", " per chip"),
            Place::Ssd => ("flash", " per chip"),
            Place::Network => ("network storage", ""),
        };
        let size = Unit::Bytes.format_with(own.capacity.get(), Precision::SHORT);
        let bandwidth = Unit::BytesPerSecond.format_with(own.bandwidth.get(), Precision::SHORT);
        format!("{size} of {name}{of} at {bandwidth}")
    };
    tiers.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// The scenario with agents at work, the tiers to compare with, and what has been assumed.
fn agents(mut scenario: Scenario) -> (Scenario, Vec<Tier>, Vec<String>) {
    let mut notes = Vec::new();
    if let (None, Some(preset)) = (scenario.traffic.sessions, catalog::workload(TYPICAL)) {
        let (workload, typical) = Traffic::typical(preset);
        let tiers = std::mem::take(&mut scenario.traffic.tiers);
        (scenario.workload, scenario.traffic) = (workload, Traffic { tiers, ..typical });
        scenario.traffic.routing = Routing::Prefix;
        notes.push(format!(
            "The scenario has no sessions, so these are those of the catalogue ({}), sent to the replica that knows them.",
            preset.name
        ));
    }
    let (turns, growth, agents) = scenario.traffic.sessions.map_or((1, 0.0, None), |own| {
        (own.turns, own.growth.get(), own.agents.map(|own| (own.count, own.turns)))
    });
    let tokens = |value: f64| Unit::Tokens.format_with(value, Precision::SHORT);
    let first = scenario.workload.mean_isl().get();
    let helpers = agents.map_or(String::new(), |(count, turns)| {
        format!(" It starts {count} sub-agents of {turns} turns each.")
    });
    notes.push(format!(
        "A task is a session of {turns} turns: the first prompt has {} tokens, each later one {} more and all that was said.{helpers}",
        tokens(first),
        tokens(growth)
    ));
    let mut tiers = std::mem::take(&mut scenario.traffic.tiers);
    if tiers.is_empty() {
        tiers = link::parse(HOST).scenario.traffic.tiers;
        notes.push(format!("The scenario has no tier, so {} is drawn beside it.", in_words(&tiers)));
    }
    scenario.traffic.burst = None;
    (scenario, tiers, notes)
}

/// The work.
struct Climbing {
    base: Scenario,
    tiers: Vec<Tier>,
    /// What is said first.
    head: String,
    /// Dollars per hour of the whole deployment.
    price: f64,
    /// Requests of a task.
    requests: f64,
    /// What comes next.
    due: VecDeque<(u32, bool)>,
    halved: u32,
    now: Option<(u32, bool, Box<Run>)>,
    plain: Vec<Point>,
    tiered: Vec<Point>,
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (base, tiers, notes) = agents(link::parse(rest).scenario);
    let mut head = Line::default().text("tiers").text(&in_words(&tiers)).end();
    let priced: Result<Vec<f64>, _> = base
        .split
        .pools()
        .iter()
        .map(|(_, pool)| chip_price(&base, &pool.chip).map(|price| price.get() * f64::from(pool.chips)))
        .collect();
    let unpriced = priced.as_ref().err().map(|own| format!("No money per task: {own}."));
    for note in notes.into_iter().chain(unpriced) {
        head += &Line::default().text("note").text(&note).end();
    }
    let price = priced.map_or(f64::NAN, |all| all.iter().sum::<f64>() / base.pricing.utilisation);
    let requests = base.traffic.sessions.map_or(1.0, |own| own.requests()).max(1.0);
    Box::new(Climbing {
        base,
        tiers,
        head,
        price,
        requests,
        due: VecDeque::from([(1, false), (1, true)]),
        halved: 0,
        now: None,
        plain: Vec::new(),
        tiered: Vec::new(),
    })
}

impl Work for Climbing {
    fn step(&mut self) -> Slice {
        let mut text = std::mem::take(&mut self.head);
        if !text.is_empty() {
            // Choosing layouts is a slice of its own.
            self.base = pin(&self.base);
            let layouts: Vec<String> = self
                .base
                .split
                .pools()
                .iter()
                .filter_map(|(_, pool)| Some(notation::write_layout(&pool.layout?)))
                .collect();
            if !layouts.is_empty() {
                let note = format!(
                    "Layouts are those chosen for this traffic, the same at every point: {}.",
                    layouts.iter().map(|own| own.to_ascii_uppercase()).collect::<Vec<_>>().join(" and ")
                );
                text += &Line::default().text("note").text(&note).end();
            }
            return Slice { text, done: false };
        }
        let Some((sessions, tiered, mut run)) = self.now.take() else {
            let Some((sessions, tiered)) = self.due.pop_front() else {
                return Slice { text, done: true };
            };
            self.now = Some((sessions, tiered, Box::new(self.run(sessions, tiered))));
            return Slice { text, done: false };
        };
        match run.go(EVENTS, |seen| seen.progress.done.then(|| self.point(&seen, sessions, tiered))) {
            Ok(None) => self.now = Some((sessions, tiered, run)),
            Ok(Some(point)) => {
                text += &point.line();
                self.take(point);
                let told = sentence(&self.plain, &self.tiered, &in_words(&self.tiers));
                let line = Line::default().text("told").text(&told);
                text += &cliff(&self.plain).into_iter().fold(line, |line, (knee, _)| line.number(knee)).end();
            }
            Err(reason) => {
                // With more sessions it would be no better.
                self.due.clear();
                self.halved = HALVED;
                let few = format!("{} sessions: {reason}", Unit::Count.format(f64::from(sessions)));
                text +=
                    &Line::default().text("refused").text(if sessions > 1 { &few } else { &reason }).end();
            }
        }
        let done = self.now.is_none() && self.due.is_empty();
        Slice { text, done }
    }
}

impl Climbing {
    /// A replay of so many sessions.
    fn run(&self, sessions: u32, tiered: bool) -> Run {
        let mut scenario = self.base.clone();
        let sessions = f64::from(sessions);
        scenario.load = Load::Closed { concurrency: sessions };
        scenario.traffic.tiers = if tiered { self.tiers.clone() } else { Vec::new() };
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
        let cost = self.price / tasks;
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
    use crate::jobs::Job;

    const K3: &str =
        "v1&model=kimi-k3&pool=b300*8:tp8:etp8&isl=200k&osl=400&sessions=60x4k&pause=5s&routing=prefix";

    fn answer(link: &str) -> (String, Outcome) {
        let mut job = Job::new(&question(link)).unwrap();
        let mut text = String::new();
        loop {
            let slice = job.step();
            text += &slice.text;
            if slice.done {
                let outcome = read(&text);
                return (text, outcome);
            }
        }
    }

    /// Pairs of points with the same number of sessions, without and with tiers.
    fn pairs(outcome: &Outcome) -> Vec<(Point, Point)> {
        let of = |tiered: bool| outcome.points.iter().filter(move |own| own.tiered == tiered);
        let pairs =
            of(false).map(|plain| (*plain, *of(true).find(|own| own.sessions == plain.sessions).unwrap()));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_by(|one, two| one.0.sessions.total_cmp(&two.0.sessions));
        pairs
    }

    fn lawful(outcome: &Outcome) {
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
        let (text, outcome) = answer(K3);
        lawful(&outcome);
        let all = pairs(&outcome);
        let (plain, tiered) = all.iter().find(|(own, _)| own.sessions == 16.0).unwrap();
        // Published: 86 s against 0.85 s.
        assert!(plain.p50 > 20.0 * tiered.p50 && tiered.p50 < 5.0, "{plain:?} {tiered:?}");
        assert!(plain.hit < 0.5 && tiered.hit > 0.9, "{plain:?} {tiered:?}");
        assert!(plain.cost > 2.0 * tiered.cost, "{plain:?} {tiered:?}");
        let (few, _) = all.iter().find(|(own, _)| own.sessions == 2.0).unwrap();
        assert!(few.hit > 0.9 && few.p50 < 2.0, "{few:?}");
        assert!(outcome.told.contains("Hit rate holds to"), "{}", outcome.told);
        assert!(outcome.told.contains("of DRAM per chip at"), "{}", outcome.told);
        assert_eq!(answer(K3).0, text, "the same seed gives the same bytes");
        assert_ne!(answer(&format!("{K3}&seed=2")).0, text, "another seed gives others");
    }

    #[test]
    fn scenarios_without_sessions_get_those_of_the_catalogue_and_keep_their_tiers() {
        let (_, outcome) = answer("v1&model=kimi-k3&pool=b300*8&tier=dram:100GB@50GB/s");
        lawful(&outcome);
        assert!(outcome.notes[0].contains("Coding agent"), "{:?}", outcome.notes);
        assert_eq!(outcome.tiers.replace('\u{a0}', " "), "100 GB of DRAM per chip at 50 GB/s");
        let (_, open) = answer("v1&model=llama3-8b&pool=h100-sxm*1&rate=2");
        lawful(&open);
    }

    #[test]
    fn halves_apart_climb_too() {
        let (_, outcome) = answer("v1&model=deepseek-v3&prefill=h200*16&decode=h200*16");
        assert_eq!(outcome.refused, None);
        lawful(&outcome);
    }

    #[test]
    fn money_is_that_of_all_chips_over_the_tasks_done() {
        let (_, one) = answer(&format!("{K3}&rents=b300:4"));
        let (_, two) = answer(&format!("{K3}&rents=b300:8"));
        for (one, two) in one.points.iter().zip(&two.points) {
            assert!((one.cost - 32.0 / one.tasks).abs() < 1e-9 * one.cost, "{one:?}");
            assert!((two.cost / one.cost - 2.0).abs() < 1e-9, "{one:?} {two:?}");
        }
    }

    #[test]
    fn what_cannot_be_served_says_why() {
        let (_, outcome) = answer("v1&model=deepseek-v3&pool=h100-sxm*1");
        assert!(outcome.refused.unwrap().contains("fit"));
        assert!(outcome.points.is_empty());
    }
}

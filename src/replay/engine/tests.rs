//! The engine against queueing theory and by hand, with replicas made for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says plainly what it expects")]

use super::*;
use crate::replay::result::Replayed;
use crate::replay::statistics::Distribution;
use crate::replay::steps::Room;
use crate::scenario::traffic::{Horizon, Place, Routing};
use crate::scenario::{Load, Scenario, Slo, Workload};
use crate::serve::{Beside, Reading, Scheduler};
use crate::units::{Bytes, BytesPerSecond, RequestsPerSecond, Tokens};

/// Goes on to the end, at which every request has ended somehow, every token was generated once and nothing is held.
fn ended<S: Steps>(mut engine: Engine<S>) -> (Replayed, Vec<Record>) {
    assert!(engine.run(u64::MAX).done);
    assert_eq!(engine.faults(), 0);
    let (result, records) = (engine.result(Slo::default(), 0), engine.records().to_vec());
    let counts = result.counts;
    assert_eq!((counts.arrived, counts.unfinished), (counts.finished + counts.rejected, 0));
    assert_eq!(records.len(), counts.arrived as usize);
    let finished = records.iter().filter(|record| record.end == End::Finished);
    assert_eq!(result.tokens.written, finished.map(|record| u64::from(record.output)).sum::<u64>());
    if counts.rejected == 0 && counts.preemptions == 0 {
        assert_eq!(result.tokens.read - result.tokens.again + result.tokens.cached, result.tokens.input);
    }
    assert!(result.pools.iter().all(|pool| pool.held == 0 && pool.peak_occupancy <= 1.0 + 1e-6));
    (result, records)
}

fn open(scenario: &Scenario, rate: f64) -> Scenario {
    Scenario { load: Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 }, ..scenario.clone() }
}

fn requests(mut scenario: Scenario, count: u32) -> Scenario {
    scenario.traffic.horizon = Some(Horizon::Requests { count });
    scenario
}

fn mean(distribution: Option<Distribution>) -> f64 {
    distribution.unwrap().mean.value.get()
}

// Queueing theory, with servers made for it.

/// A server that takes one prompt after another, for a time that a function of its length says.
#[derive(Clone, Copy)]
struct Server(fn(f64) -> f64);

impl Steps for Server {
    fn token(&self, _: f64, _: f64, _: Tokens) -> Seconds {
        Seconds::new(1.0)
    }
    fn read(&self, _: f64, new: Tokens, _: Tokens) -> Reading {
        Reading { busy: Seconds::new(self.0(new.get())), ..Reading::default() }
    }
    fn fits(&self, context: Tokens) -> f64 {
        1e12 / context.get().max(1.0)
    }
    fn cache(&self, context: Tokens) -> Bytes {
        Bytes::new(context.get())
    }
}

fn rules() -> Scheduler {
    Scheduler {
        budget: Tokens::new(1e9),
        chunk: Tokens::new(1e9),
        prompts: 1,
        sequences: u32::MAX,
        block: 16,
        watermark: 0.0,
        reserve: 0.0,
        evicts: true,
        swaps: false,
        mixed: true,
    }
}

fn plan(room: f64) -> PoolPlan {
    PoolPlan {
        role: Role::Colocated,
        replicas: 1,
        scheduler: rules(),
        room: Room { tokens: room, fixed: 0.0 },
        tiers: Vec::new(),
        interference: 1.0,
        mixing: 0.0,
        held: 0.0,
        routing: Routing::RoundRobin,
    }
}

fn common() -> Common {
    Common { overhead: Seconds::ZERO, unseen: 0.0, layers: 1 }
}

/// Requests of one output token that come at random and whose lengths are spread evenly up to a nominal one, or are all
/// of that length.
fn poisson(rate: f64, spread: f64, count: u32) -> Scenario {
    let workload = Workload { isl: Tokens::new(1e6), osl: Tokens::new(1.0), spread, hit: 0.0 };
    let scenario = Scenario { workload, ..Scenario::default() };
    requests(open(&scenario, rate), count)
}

/// Mean time in the system and mean number in it.
fn served(server: Server, scenario: &Scenario) -> (f64, f64) {
    let source = Source::from_scenario(scenario, 16);
    let (result, _) = ended(Engine::colocated(source, plan(1e12), server, common()));
    (mean(result.e2e), result.in_flight.get())
}

fn close(own: f64, theory: f64, tolerance: f64, what: &str) {
    assert!((own / theory - 1.0).abs() < tolerance, "{what}: {own}, theory says {theory}");
}

#[test]
fn constant_service_is_m_d_1() {
    for load in [0.3, 0.6, 0.8] {
        let (own, _) = served(Server(|_| 1.0), &poisson(load, 1.0, 200_000));
        close(own, 1.0 + load / (2.0 * (1.0 - load)), 0.03, "M/D/1");
    }
}

#[test]
fn exponential_service_is_m_m_1() {
    // Lengths are even up to a million, so that minus the logarithm of their share is exponential.
    for load in [0.3, 0.6, 0.8] {
        let server = Server(|length| -libm::log((length - 0.5) / 1e6));
        let (own, _) = served(server, &poisson(load, 0.0, 400_000));
        close(own, 1.0 / (1.0 - load), 0.04, "M/M/1");
    }
}

#[test]
fn even_service_is_m_g_1() {
    // Even between 0 and 2: mean 1, second moment 4/3. Pollaczek–Khinchine: W = λ·E[S²]/(2(1 − ρ)).
    for load in [0.4, 0.7] {
        let server = Server(|length| 2.0 * length / 1e6);
        let (own, _) = served(server, &poisson(load, 0.0, 200_000));
        close(own, 1.0 + load * (4.0 / 3.0) / (2.0 * (1.0 - load)), 0.03, "M/G/1");
    }
}

#[test]
fn number_in_the_system_is_rate_times_time() {
    // Little's law, between two accounts kept apart: the records, and the level over time.
    let scenario = poisson(0.7, 0.0, 50_000);
    let source = Source::from_scenario(&scenario, 16);
    let server = Server(|length| 2.0 * length / 1e6);
    let (result, records) = ended(Engine::colocated(source, plan(1e12), server, common()));
    let stays: f64 = records.iter().map(|own| f64::from(own.e2e)).sum();
    close(result.in_flight.get() * result.time.get(), stays, 1e-4, "Little");
}

/// Steps of a constant time: a replica that answers as many at once as it has room for.
#[derive(Clone, Copy)]
struct Constant {
    step: f64,
    read: f64,
}

impl Steps for Constant {
    fn token(&self, _: f64, _: f64, _: Tokens) -> Seconds {
        Seconds::new(self.step)
    }
    fn read(&self, prompts: f64, new: Tokens, _: Tokens) -> Reading {
        let busy = Seconds::new(self.read * prompts * new.get());
        Reading { busy, ..Reading::default() }
    }
    fn fits(&self, context: Tokens) -> f64 {
        1e12 / context.get().max(1.0)
    }
    fn cache(&self, context: Tokens) -> Bytes {
        Bytes::new(context.get() * 1e3)
    }
}

/// A closed loop of so many users with exact lengths.
fn users(count: f64, input: f64, output: f64, total: u32) -> Scenario {
    let workload = Workload { isl: Tokens::new(input), osl: Tokens::new(output), spread: 1.0, hit: 0.0 };
    let load = Load::Closed { concurrency: count };
    requests(Scenario { workload, load, ..Scenario::default() }, total)
}

#[test]
fn one_request_by_hand() {
    // 1,000 tokens at 1 ms each in pieces of 300, then 9 steps of 10 ms.
    let mut own = plan(1e6);
    own.scheduler.budget = Tokens::new(300.0);
    let source = Source::from_scenario(&users(1.0, 1000.0, 10.0, 1), 16);
    let steps = Constant { step: 0.01, read: 0.001 };
    let (_, records) = ended(Engine::colocated(source, own, steps, common()));
    let record = records[0];
    assert!((record.ttft - 1.0).abs() < 1e-5 && (record.e2e - 1.09).abs() < 1e-5, "{record:?}");
}

#[test]
fn who_is_short_of_blocks_gives_way_and_ends_all_the_same() {
    // Room for 10 blocks of 16; two sequences of 40 + 100 tokens need 9 each in the end.
    for evicts in [true, false] {
        let mut own = plan(160.0);
        own.scheduler.evicts = evicts;
        own.scheduler.prompts = 8;
        let source = Source::from_scenario(&users(2.0, 40.0, 100.0, 2), 16);
        let (result, _) = ended(Engine::colocated(source, own, BUSY, common()));
        assert_eq!(result.counts.finished, 2);
        assert_eq!(result.counts.preemptions > 0, evicts, "{:?}", result.counts);
        assert_eq!(result.tokens.written, 200);
        // What gave way is read again, with what it had written: 40 and some.
        assert_eq!(result.tokens.again > 40, evicts, "{:?}", result.tokens);
    }
}

/// Step times of the replays that run short of blocks.
const BUSY: Constant = Constant { step: 0.01, read: 0.0001 };

/// Replays users on a plan.
fn on(own: PoolPlan, scenario: &Scenario) -> (Replayed, Vec<Record>) {
    ended(Engine::colocated(Source::from_scenario(scenario, 16), own, BUSY, common()))
}

#[test]
fn caches_wait_in_the_host_where_that_is_sooner() {
    // The crowd of the test above with a host: 1 kB a token. A sequence of some 80 tokens takes 8 ms to read anew; over
    // 100 MB/s it is there and back in 1.6 ms, over 10 MB/s in 16 ms.
    let scenario = users(2.0, 40.0, 100.0, 2);
    let host = |bandwidth: f64| {
        let mut own = plan(160.0);
        own.scheduler.prompts = 8;
        own.scheduler.swaps = true;
        own.tiers = vec![(Place::Dram, Tokens::new(1e6), BytesPerSecond::new(bandwidth))];
        on(own, &scenario).0
    };
    let (near, far) = (host(100e6), host(10e6));
    assert!(near.counts.preemptions > 0 && near.counts.swaps == near.counts.preemptions, "{:?}", near.counts);
    // Nothing but the last token is read again.
    assert_eq!(near.tokens.again, near.counts.swaps);
    assert_eq!(far.counts.swaps, 0);
    assert!(far.tokens.again > 40);
    assert!(near.time < far.time, "{:?} {:?}", near.time, far.time);
    assert_eq!(near.tokens.written, far.tokens.written);
}

#[test]
fn those_that_go_first_wait_less_and_the_others_are_served_all_the_same() {
    // 60 users for room for some 10 of them.
    let mut scenario = users(60.0, 40.0, 100.0, 3000);
    let crowd = |scenario: &Scenario| {
        let mut own = plan(1600.0);
        own.scheduler.prompts = 8;
        on(own, scenario)
    };
    let (alike, _) = crowd(&scenario);
    assert_eq!(alike.classes, []);
    scenario.traffic.priority = 0.2;
    let (result, records) = crowd(&scenario);
    let [first, others] = &result.classes[..] else { panic!("{:?}", result.classes) };
    let share = records.iter().filter(|own| own.urgent).count() as f64 / records.len() as f64;
    assert!((share - 0.2).abs() < 0.03, "{share}");
    let (first, behind, all) = (mean(first.ttft), mean(others.ttft), mean(alike.ttft));
    assert!(first < 0.25 * all && behind > all, "{first} {behind} {all}");
    // Nobody is left out, and the work is the same: as many in as much time.
    assert_eq!(result.counts.finished, 3000);
    close(result.time.get(), alike.time.get(), 0.05, "time for all");
    // Within a class first come, first served, but for who gave way.
    for class in [true, false] {
        let mut own: Vec<_> =
            records.iter().filter(|own| own.urgent == class && own.preemptions == 0).collect();
        own.sort_by_key(|own| own.index);
        let admitted: Vec<f64> = own.iter().map(|own| own.arrival + f64::from(own.wait)).collect();
        let overtaken = admitted.windows(2).filter(|pair| pair[1] < pair[0] - 0.05).count();
        assert_eq!(overtaken, 0);
    }
    // Who goes first seldom gives way.
    let gave = |class: bool| {
        let own: Vec<_> = records.iter().filter(|own| own.urgent == class).collect();
        own.iter().map(|own| f64::from(own.preemptions)).sum::<f64>() / own.len() as f64
    };
    assert!(gave(true) <= 0.2 * gave(false), "{} {}", gave(true), gave(false));
}

#[test]
fn what_fits_nowhere_is_turned_away() {
    let source = Source::from_scenario(&users(3.0, 40.0, 500.0, 7), 16);
    let steps = Constant { step: 0.01, read: 0.0 };
    let (result, _) = ended(Engine::colocated(source, plan(160.0), steps, common()));
    assert_eq!((result.counts.rejected, result.counts.finished), (7, 0));
    assert_eq!(result.ttft, None);
}

/// Steps of 0.1 s, each of which yields 2.4 tokens on average.
#[derive(Clone, Copy)]
struct Checked;

impl Steps for Checked {
    fn token(&self, _: f64, _: f64, _: Tokens) -> Seconds {
        Seconds::new(0.1 / 2.4)
    }
    fn read(&self, prompts: f64, _: Tokens, _: Tokens) -> Reading {
        Reading { busy: Seconds::new(0.01 * prompts), ..Reading::default() }
    }
    fn fits(&self, context: Tokens) -> f64 {
        1e12 / context.get().max(1.0)
    }
    fn cache(&self, context: Tokens) -> Bytes {
        Bytes::new(context.get() * 1e3)
    }
    fn tokens_per_step(&self) -> f64 {
        2.4
    }
}

#[test]
fn a_step_takes_as_long_however_much_of_what_was_proposed_holds() {
    // 24 tokens after the first: ten steps of a tenth of a second. 25: one more.
    for (output, steps) in [(25.0, 10.0), (26.0, 11.0), (2.0, 1.0)] {
        let source = Source::from_scenario(&users(1.0, 100.0, output, 1), 16);
        let (_, records) = ended(Engine::colocated(source, plan(1e6), Checked, common()));
        let decode = f64::from(records[0].e2e - records[0].ttft);
        assert!((decode - 0.1 * steps).abs() < 1e-5, "{output} tokens in {decode} s");
    }
    // Whoever comes waits for the step under way and no further: at most 0.1 s, half of it on average.
    let workload = Workload { isl: Tokens::new(100.0), osl: Tokens::new(400.0), spread: 1.0, hit: 0.0 };
    let scenario = requests(open(&Scenario { workload, ..Scenario::default() }, 0.5), 4000);
    let mut own = plan(1e9);
    own.scheduler.mixed = false;
    let (result, records) =
        ended(Engine::colocated(Source::from_scenario(&scenario, 16), own, Checked, common()));
    let wait = |own: &&Record| f64::from(own.ttft) - 0.01;
    let most = records.iter().map(|own| wait(&own)).fold(0.0, f64::max);
    assert!(most < 0.14, "{most}");
    close(mean(result.ttft), 0.06, 0.05, "half a step and the prompt");
}

/// A step of a pool that others share: 1 ms for each sequence of its own, and of others.
#[derive(Clone, Copy)]
struct Sharing;

impl Steps for Sharing {
    fn token(&self, own: f64, others: f64, _: Tokens) -> Seconds {
        Seconds::new(0.001 * (own + others))
    }
    fn read(&self, _: f64, _: Tokens, _: Tokens) -> Reading {
        Reading { busy: Seconds::new(1e-6), ..Reading::default() }
    }
    fn fits(&self, context: Tokens) -> f64 {
        1e12 / context.get().max(1.0)
    }
    fn cache(&self, context: Tokens) -> Bytes {
        Bytes::new(context.get() * 1e3)
    }
    fn beside(&self) -> Vec<Beside> {
        vec![Beside { role: Role::Ffn, replicas: 1, ratio: 4.0 }]
    }
}

#[test]
fn replicas_that_share_a_pool_are_slowed_by_each_others_sequences() {
    // Eight users on four replicas, two on each: every step is one of eight sequences.
    let four = || PoolPlan { replicas: 4, ..plan(1e6) };
    let source = Source::from_scenario(&users(8.0, 100.0, 1001.0, 800), 16);
    let (result, _) = ended(Engine::colocated(source, four(), Sharing, common()));
    close(mean(result.tpot), 0.008, 0.03, "a token among eight");
    // A lone one has the pool to itself.
    let source = Source::from_scenario(&users(1.0, 100.0, 1001.0, 10), 16);
    let (result, _) = ended(Engine::colocated(source, four(), Sharing, common()));
    close(mean(result.tpot), 0.001, 0.01, "a token alone");
}

//! The replay against queueing theory, its own accounts, the closed form and published figures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use tandem::machine::constants;
use tandem::scenario::presets::PRESETS;
use tandem::scenario::traffic::{Horizon, Place, Routing, Sessions, Tier};
use tandem::scenario::{Load, Role, Scenario, Slo, Workload, link};
use tandem::serve::replay::engine::{Common, Engine};
use tandem::serve::replay::pool::PoolPlan;
use tandem::serve::replay::record::End;
use tandem::serve::replay::requests::Source;
use tandem::serve::replay::scheduler::Scheduler;
use tandem::serve::replay::steps::{Reading, Room, Steps};
use tandem::serve::replay::{Asked, Replay, Replayed};
use tandem::serve::{self, Deployment};
use tandem::units::{Bytes, BytesPerSecond, RequestsPerSecond, Seconds, Tokens};

/// Replays a scenario to its end.
fn replayed(scenario: &Scenario) -> Replayed {
    let model = serve::Models::of(scenario).unwrap();
    let deployment = Deployment::new(scenario, constants(), &model).unwrap();
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    let progress = engine.run(u64::MAX);
    assert!(progress.done);
    let result = engine.result(scenario.slo, Asked::Scenario.warm_up(scenario, progress.arrived));
    accounted(&result, &engine.records().iter().map(|own| (own.end, own.output)).collect::<Vec<_>>());
    result
}

/// Every request ended somehow, every token was written once and every byte arrived.
fn accounted(result: &Replayed, records: &[(End, u32)]) {
    let counts = result.counts;
    assert_eq!(counts.arrived, counts.finished + counts.rejected + counts.unfinished);
    assert_eq!(counts.unfinished, 0);
    assert_eq!(records.len(), counts.arrived as usize);
    let written: u64 = records.iter().filter(|own| own.0 == End::Finished).map(|own| u64::from(own.1)).sum();
    assert_eq!(result.tokens.written, written, "each token of each answer is written once");
    if counts.rejected == 0 && counts.preemptions == 0 {
        assert_eq!(
            result.tokens.read - result.tokens.again + result.tokens.cached,
            result.tokens.input,
            "each token of each prompt is read or cached"
        );
    }
    if let Some(link) = &result.link {
        let (sent, moved) = (link.sent.get(), link.moved.get());
        assert!((sent - moved).abs() <= 1e-6 * sent.max(1.0), "{sent} bytes sent, {moved} arrived");
    }
    for pool in &result.pools {
        assert!((0.0..=1.0 + 1e-9).contains(&pool.utilisation), "{}", pool.utilisation);
        assert!(pool.peak_occupancy <= 1.0 + 1e-6, "{}", pool.peak_occupancy);
        assert_eq!(pool.held, 0, "all blocks are given back");
        assert!(pool.used.iter().all(|own| own.is_finite() && *own > -1e-6));
    }
    assert!(result.inside.iter().all(|own| own.is_finite()));
}

fn parsed(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

fn open(scenario: &Scenario, rate: f64) -> Scenario {
    Scenario { load: Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 }, ..scenario.clone() }
}

fn requests(mut scenario: Scenario, count: u32) -> Scenario {
    scenario.traffic.horizon = Some(Horizon::Requests { count });
    scenario
}

fn mean(distribution: Option<tandem::serve::replay::statistics::Distribution>) -> f64 {
    distribution.unwrap().mean.value.get()
}

// Queueing theory, with servers made for it.

/// A server that takes one prompt after another, for a time that a function of its length says.
#[derive(Clone, Copy)]
struct Server(fn(f64) -> f64);

impl Steps for Server {
    fn token(&self, _: f64, _: Tokens) -> Seconds {
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
        prompts: 1,
        sequences: u32::MAX,
        block: 16,
        watermark: 0.0,
        reserve: 0.0,
        evicts: true,
        mixed: true,
    }
}

fn plan<S>(steps: S, room: f64) -> PoolPlan<S> {
    PoolPlan {
        role: Role::Colocated,
        steps,
        replicas: 1,
        scheduler: rules(),
        room: Room { tokens: room, fixed: 0.0 },
        tiers: Vec::new(),
        interference: 1.0,
        mixing: 0.0,
        first_steps: 0.0,
        routing: Routing::RoundRobin,
    }
}

fn common() -> Common {
    Common { overhead: Seconds::ZERO, layers: 1 }
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
    let mut engine = Engine::new(source, vec![plan(server, 1e12)], None, common());
    assert!(engine.run(u64::MAX).done);
    let result = engine.result(Slo::default(), 0);
    accounted(&result, &engine.records().iter().map(|own| (own.end, own.output)).collect::<Vec<_>>());
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
    let mut engine =
        Engine::new(source, vec![plan(Server(|length| 2.0 * length / 1e6), 1e12)], None, common());
    engine.run(u64::MAX);
    let result = engine.result(Slo::default(), 0);
    let stays: f64 = engine.records().iter().map(|own| f64::from(own.e2e)).sum();
    close(result.in_flight.get() * result.time.get(), stays, 1e-4, "Little");
    for preset in PRESETS {
        let result = replayed(&requests(parsed(preset.link), 300));
        let e2e = result.e2e.unwrap();
        let stays = e2e.mean.value.get() * e2e.count as f64;
        if result.warm_up == 0 {
            close(result.in_flight.get() * result.time.get(), stays, 1e-3, preset.id);
        }
    }
}

/// Steps of a constant time: a replica that answers as many at once as it has room for.
#[derive(Clone, Copy)]
struct Constant {
    step: f64,
    read: f64,
}

impl Steps for Constant {
    fn token(&self, _: f64, _: Tokens) -> Seconds {
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
    let mut own = plan(Constant { step: 0.01, read: 0.001 }, 1e6);
    own.scheduler.budget = Tokens::new(300.0);
    let source = Source::from_scenario(&users(1.0, 1000.0, 10.0, 1), 16);
    let mut engine = Engine::new(source, vec![own], None, common());
    engine.run(u64::MAX);
    let record = engine.records()[0];
    assert!((record.ttft - 1.0).abs() < 1e-5 && (record.e2e - 1.09).abs() < 1e-5, "{record:?}");
}

#[test]
fn who_is_short_of_blocks_gives_way_and_ends_all_the_same() {
    // Room for 10 blocks of 16; two sequences of 40 + 100 tokens need 9 each in the end.
    for evicts in [true, false] {
        let mut own = plan(Constant { step: 0.01, read: 0.0001 }, 160.0);
        own.scheduler.evicts = evicts;
        own.scheduler.prompts = 8;
        let source = Source::from_scenario(&users(2.0, 40.0, 100.0, 2), 16);
        let mut engine = Engine::new(source, vec![own], None, common());
        engine.run(u64::MAX);
        let result = engine.result(Slo::default(), 0);
        assert_eq!(result.counts.finished, 2);
        assert_eq!(result.counts.preemptions > 0, evicts, "{:?}", result.counts);
        assert_eq!(result.tokens.written, 200);
        // What gave way is read again, with what it had written: 40 and some.
        assert_eq!(result.tokens.again > 40, evicts, "{:?}", result.tokens);
    }
}

#[test]
fn what_fits_nowhere_is_turned_away() {
    let source = Source::from_scenario(&users(3.0, 40.0, 500.0, 7), 16);
    let mut engine =
        Engine::new(source, vec![plan(Constant { step: 0.01, read: 0.0 }, 160.0)], None, common());
    assert!(engine.run(u64::MAX).done);
    let result = engine.result(Slo::default(), 0);
    assert_eq!((result.counts.rejected, result.counts.finished), (7, 0));
    assert_eq!(result.ttft, None);
}

#[test]
fn a_stopped_replay_accounts_for_what_is_under_way() {
    let scenario = requests(parsed("v1&model=llama3-8b&rate=20&isl=1k&osl=200&pool=h100-sxm*1"), 1000);
    let model = serve::Models::of(&scenario).unwrap();
    let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    let progress = engine.run(500);
    assert!(!progress.done && progress.events == 500);
    let counts = engine.result(scenario.slo, 0).counts;
    assert_eq!(counts.arrived, counts.finished + counts.rejected + counts.unfinished);
    assert!(counts.unfinished > 0);
    assert!(engine.so_far().ttft.is_some());
}

// The same question to the closed form.

#[test]
fn closed_form_agrees_below_the_knee() {
    let mut apart = Vec::new();
    for preset in PRESETS {
        let scenario = parsed(preset.link);
        let capacity = serve::serve(&open(&scenario, 0.01), constants()).unwrap().capacity.get();
        for load in [0.25, 0.5] {
            let scenario = requests(open(&scenario, load * capacity), 6000);
            let closed = serve::serve(&scenario, constants()).unwrap();
            let own = replayed(&scenario);
            assert!(!own.saturated, "{} at {load}", preset.id);
            for (what, closed, own) in [
                ("TTFT", closed.ttft.get(), mean(own.ttft)),
                ("TPOT", closed.tpot.get(), mean(own.tpot)),
                ("rate", closed.rate.get(), own.rate.get()),
            ] {
                if (own / closed - 1.0).abs() > 0.1 {
                    apart.push(format!("{} at {load}: {what} {own} against {closed}", preset.id));
                }
            }
        }
    }
    assert_eq!(apart, Vec::<String>::new());
}

#[test]
fn closed_form_agrees_on_speed_and_throughput_of_closed_loops() {
    // Times to first token of a closed loop hang on how a benchmark begins, which the closed form fits.
    let mut apart = Vec::new();
    for preset in PRESETS {
        let mut scenario = parsed(preset.link);
        scenario.load = Load::Closed { concurrency: 4.0 };
        scenario.workload.spread = 0.8;
        let closed = serve::serve(&scenario, constants()).unwrap();
        // Where prefill takes most of the time, four users are beyond the knee.
        if closed.prefill_share > 0.5 {
            continue;
        }
        let own = replayed(&requests(scenario, 800));
        for (what, closed, own) in
            [("TPOT", closed.tpot.get(), mean(own.tpot)), ("rate", closed.rate.get(), own.rate.get())]
        {
            if (own / closed - 1.0).abs() > 0.1 {
                apart.push(format!("{}: {what} {own} against {closed}", preset.id));
            }
        }
    }
    assert_eq!(apart, Vec::<String>::new());
}

#[test]
fn same_seed_same_result_and_another_seed_another() {
    let scenario =
        requests(parsed("v1&model=qwen3-32b&weights=fp8&isl=4k&osl=512&rate=8&pool=h100-sxm*8"), 500);
    let (one, two) = (replayed(&scenario), replayed(&scenario));
    assert_eq!(one, two);
    let other = replayed(&Scenario { seed: scenario.seed + 1, ..scenario });
    assert_ne!(one.ttft, other.ttft);
}

#[test]
fn steps_of_the_replay_do_not_depend_on_how_often_it_stops() {
    let scenario = requests(parsed(PRESETS[0].link), 200);
    let model = serve::Models::of(&scenario).unwrap();
    let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
    let mut whole = Replay::start(&deployment, &Asked::Scenario);
    let mut pieces = whole.clone();
    whole.run(u64::MAX);
    while !pieces.run(7).done {}
    assert_eq!(whole.records(), pieces.records());
}

// Machines and loads off the beaten track.

#[test]
fn sram_machine_replays() {
    let result = replayed(&requests(parsed("v1&isl=4k&osl=512&rate=4&pool=groq3-lp30*512"), 500));
    assert_eq!(result.counts.finished, 500);
}

#[test]
fn mixture_of_experts_at_batch_one_replays() {
    let scenario = requests(parsed("v1&model=deepseek-v3&concurrency=1&pool=h200*8"), 20);
    let closed = serve::serve(&scenario, constants()).unwrap();
    let own = replayed(&scenario);
    close(mean(own.tpot), closed.tpot.get(), 0.1, "TPOT of one user");
    close(mean(own.ttft), closed.ttft.get(), 0.1, "TTFT of one user");
}

#[test]
fn context_of_a_million_tokens_replays() {
    let scenario = requests(parsed("v1&model=minimax-m1&isl=1M&osl=256&concurrency=2&pool=b200*8"), 6);
    let result = replayed(&scenario);
    assert_eq!(result.counts.finished, 6);
}

#[test]
fn saturated_queue_says_so_and_ends() {
    let scenario = requests(parsed("v1&model=llama3-8b&isl=4k&osl=512&rate=200&pool=h100-sxm*1"), 3000);
    let result = replayed(&scenario);
    assert!(result.saturated);
    assert_eq!(result.counts.finished, 3000);
}

#[test]
fn more_load_waits_longer() {
    let scenario = parsed("v1&model=llama3-8b&isl=2k&osl=256&pool=h100-sxm*1");
    let times: Vec<f64> =
        [2.0, 8.0, 14.0].map(|rate| mean(replayed(&requests(open(&scenario, rate), 3000)).ttft)).to_vec();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

#[test]
fn a_full_decode_pool_holds_prefill_back() {
    // Decode on one small chip with little room beside the weights; prefill on many fast ones.
    let scenario = parsed(
        "v1&model=llama3-8b&weights=fp8&isl=16k&osl=2k&rate=20&split=pd&prefill=b200*8&decode=l4*1&link=50GB/s",
    );
    let result = replayed(&requests(scenario, 300));
    assert!(result.saturated || mean(result.ttft) > 10.0);
    let prefill = &result.pools[0];
    assert!(prefill.peak_occupancy > 0.01, "prompts wait with their cache: {}", prefill.peak_occupancy);
}

// The cache.

/// Sessions on a deployment, with and without a tier of host memory.
fn agents(link: &str, sessions: f64, tier: bool) -> Replayed {
    let mut scenario = parsed(link);
    scenario.load = Load::Closed { concurrency: sessions };
    scenario.traffic.sessions = Some(Sessions { turns: 60, growth: Tokens::new(4000.0), agents: None });
    scenario.traffic.pause = Some(tandem::scenario::traffic::Pause::Exponential { mean: Seconds::new(5.0) });
    scenario.traffic.routing = Routing::Prefix;
    if tier {
        scenario.traffic.tiers = vec![Tier {
            place: Place::Dram,
            capacity: Bytes::giga(250.0),
            bandwidth: BytesPerSecond::new(50e9),
        }];
    }
    replayed(&requests(scenario, 1500))
}

#[test]
fn too_many_agents_fall_off_a_cliff_and_host_memory_rescues_them() {
    let link = "v1&model=kimi-k3&isl=200k&osl=400&pool=b300*8:tp8:etp8";
    let (few, many, rescued) =
        (agents(link, 2.0, false), agents(link, 16.0, false), agents(link, 16.0, true));
    let p50 = |own: &Replayed| own.ttft.unwrap().p50.value.get();
    assert!(few.hit > 0.9, "{}", few.hit);

    println!("{} {} {} / {} {} {}", few.hit, many.hit, rescued.hit, p50(&few), p50(&many), p50(&rescued));
    assert!(many.hit < rescued.hit - 0.3, "{} against {}", many.hit, rescued.hit);
    assert!(p50(&many) > 20.0 * p50(&rescued), "{} against {}", p50(&many), p50(&rescued));
}

#[test]
fn trace_replays_to_the_end_and_hits_what_the_cache_alone_would() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/traces/mooncake_first_500.jsonl");
    let mut reader = tandem::scenario::trace::Reader::new();
    reader.push(&std::fs::read(path).unwrap());
    let trace = std::sync::Arc::new(reader.finish().trace);
    // Each block is a hit if an earlier prompt has had it: no cache can do better.
    let (mut seen, mut hits, mut all) = (std::collections::BTreeSet::new(), 0_u32, 0_u32);
    for record in trace.records() {
        for block in record.blocks.iter().flat_map(|run| run.first..run.end()) {
            all += 1;
            hits += u32::from(!seen.insert(block));
        }
    }
    let ceiling = f64::from(hits) / f64::from(all);
    for (link, low) in [
        ("v1&model=llama3-8b&pool=b200*8:tp8", ceiling - 0.03),
        // Little room for cache: sequences give way to each other, blocks are lost, and all ends well nevertheless.
        ("v1&model=llama3-8b&pool=l40s*1", 0.0),
    ] {
        let scenario = parsed(link);
        let model = serve::Models::of(&scenario).unwrap();
        let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
        let pacing = tandem::serve::replay::requests::Pacing::Recorded { speed: 1.0 };
        let mut engine = Replay::start(&deployment, &Asked::Trace(std::sync::Arc::clone(&trace), pacing));
        assert!(engine.run(10_000_000).done);
        let result = engine.result(scenario.slo, 0);
        let ends: Vec<_> = engine.records().iter().map(|own| (own.end, own.output)).collect();
        accounted(&result, &ends);
        assert!(result.hit >= low && result.hit < ceiling + 0.03, "{} of {ceiling}", result.hit);
        assert_eq!(result.counts.rejected, 0);
    }
}

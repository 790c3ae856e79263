//! Percentiles of the closed form, held against those of replays: of each request its time to first token, and the mean over
//! its tokens of the time between them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use tandem::machine::constants;
use tandem::replay::statistics::Distribution;
use tandem::replay::{Asked, Replay};
use tandem::scenario::traffic::Horizon;
use tandem::scenario::{Load, Percentile, Role, Scenario, link};
use tandem::serve::{self, Deployment, Warning};
use tandem::units::RequestsPerSecond;

/// Deployments of every split, engine and kind of lengths.
const LINKS: [&str; 24] = [
    "v1&model=llama3-70b&isl=1k&osl=1k&pool=h100-sxm*4:tp4",
    "v1&model=llama3-70b&isl=8k&osl=1k&pool=h100-sxm*4:tp4",
    "v1&model=llama3-70b&isl=8k&osl=1k&engine=sglang&pool=b200*4:tp4",
    "v1&model=llama3-70b&isl=1k&osl=1k&engine=trtllm&pool=h100-sxm*4:tp4",
    "v1&model=llama3-70b&isl=4k&osl=256&engine=trtllm&pool=b200*2:tp2",
    "v1&model=llama3-8b&isl=2k&osl=256&pool=h100-sxm*4:tp1",
    "v1&model=llama3-8b&weights=fp8&isl=2k&osl=512&pool=rtx-5090*1",
    "v1&model=deepseek-v3&isl=1k&osl=1k&engine=sglang&pool=h200*8:tp8:etp8",
    "v1&model=deepseek-v3&isl=8k&osl=1k&pool=b200*8:tp8:etp8",
    "v1&model=deepseek-v3&isl=2k&osl=512&pool=h200*8:tp1:dp8:ep8",
    "v1&model=gpt-oss-120b&isl=1k&osl=1k&pool=h100-sxm*4",
    "v1&isl=4k&osl=512&pool=groq3-lp30*512",
    "v1&model=deepseek-v3&isl=4k&osl=1k&engine=sglang&pool=h200*8:tp8:etp8&spec=mtp:3",
    "v1&model=llama3-70b&isl=4k&osl=512&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
    "v1&model=llama3-70b&isl=4k&osl=512&engine=trtllm&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
    "v1&model=llama3-8b&isl=512&osl=512&engine=sglang&prefill=h100-sxm*2:tp1&decode=h100-sxm*2:tp1",
    "v1&model=deepseek-v3&isl=8k&osl=1k&engine=sglang&prefill=h200*16&decode=h200*16",
    "v1&isl=4k&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
    "v1&model=deepseek-v3&isl=4k&osl=1k&split=afd&attention=h200*8&ffn=h200*8",
    "v1&model=llama3-70b&kv=fp8&isl=8k&osl=1k&split=draft&draft=h100-sxm*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
    "v1&model=deepseek-v3&isl=8k&split=pd-afd&prefill=h200*8&attention=h200*8&ffn=h200*8",
    "v1&model=llama3-70b&isl=4k&split=pd-draft&prefill=h100-sxm*4:tp4&draft=l40s*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
    "v1&lengths=chat&model=llama3-70b&pool=h100-sxm*4:tp4",
    "v1&lengths=rag&model=llama3-70b&engine=trtllm&pool=h100-sxm*4:tp4",
];

const ASKED: [Percentile; 3] = [Percentile::P50, Percentile::P95, Percentile::P99];

fn parsed(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

/// Median, 95th and 99th percentile of TTFT, then of TPOT: means over so many replays.
fn replayed(scenario: &Scenario, seeds: u64, count: u32) -> [f64; 6] {
    let mut sum = [0.0; 6];
    for seed in 1..=seeds {
        let mut own = scenario.clone();
        own.seed = seed;
        if own.flags.prompts.is_none() {
            own.traffic.horizon = Some(Horizon::Requests { count });
        }
        let model = serve::Models::of(&own).unwrap();
        let deployment = Deployment::new(&own, constants(), &model).unwrap();
        let mut engine = Replay::start(&deployment, &Asked::Scenario);
        let progress = engine.run(u64::MAX);
        let got = engine.result(own.slo, Asked::Scenario.warm_up(&own, progress.arrived));
        let of = |own: &Distribution| [own.p50, own.p95, own.p99].map(|own| own.value.get());
        let both = [of(&got.ttft.unwrap()), of(&got.tpot.unwrap())].concat();
        for (sum, own) in sum.iter_mut().zip(both) {
            *sum += own / seeds as f64;
        }
    }
    sum
}

/// The same of the closed form.
fn told(scenario: &Scenario) -> [f64; 6] {
    let tails = serve::serve(scenario, constants()).unwrap().tails;
    let [a, b, c] = ASKED.map(|own| tails.ttft(own).get());
    let [d, e, f] = ASKED.map(|own| tails.tpot(own).get());
    [a, b, c, d, e, f]
}

/// The scenario under so much of what it carries, by rate or by users.
fn loaded(scenario: &Scenario, open: bool, share: f64) -> Option<Scenario> {
    let with = |load| Scenario { load, ..scenario.clone() };
    let at_rate = |rate: f64| with(Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 });
    let of = |own: &Scenario| serve::serve(own, constants()).ok();
    let capacity = of(&at_rate(1e-4))?.capacity.get();
    let own = if open {
        at_rate(share * capacity)
    } else {
        let users = |count: f64| with(Load::Closed { concurrency: count });
        let mut count: f64 = 1.0;
        while of(&users(count))?.rate.get() < share * capacity {
            count = (count * 1.2).ceil();
        }
        users(count)
    };
    let steady = of(&own)?;
    let full = |own: &Warning| matches!(own, Warning::KvLimited { .. } | Warning::SequencesLimited { .. });
    let below = steady.saturation.is_none() && !steady.warnings.iter().any(full) && own.check().is_empty();
    below.then_some(own)
}

/// Every link under these loads and spreads.
fn scenarios(spreads: &[f64], loads: &[(bool, f64)]) -> Vec<Scenario> {
    let mut all = Vec::new();
    for text in LINKS {
        let base = parsed(text);
        // A workload of the catalogue has lengths of its own.
        for &spread in if base.traffic.lengths.is_some() { &spreads[..1] } else { spreads } {
            let mut own = base.clone();
            own.workload.spread = spread;
            all.extend(loads.iter().filter_map(|&(open, share)| loaded(&own, open, share)));
        }
    }
    all
}

/// Shares of scenarios whose percentiles are within 15 %, in the order of [`told`].
fn agreement(all: &[Scenario], seeds: u64, count: u32) -> [f64; 6] {
    let mut near = [0.0; 6];
    let mut rows = Vec::new();
    for scenario in all {
        let (told, seen) = (told(scenario), replayed(scenario, seeds, count));
        let mut worst: f64 = 0.0;
        for ((near, told), seen) in near.iter_mut().zip(told).zip(seen) {
            let apart = (told / seen - 1.0).abs();
            worst = worst.max(apart);
            if apart <= 0.15 {
                *near += 1.0 / all.len() as f64;
            }
        }
        rows.push((worst, link::write(scenario, &[]), told, seen));
    }
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (_, link, told, seen) in rows.iter().take(12) {
        println!("{link}\n  closed form {told:.4?}\n  replays     {seen:.4?}");
    }
    println!("{} scenarios within 15 %: {near:.3?}", all.len());
    near
}

fn at_least(near: [f64; 6], least: [f64; 6]) {
    for (name, (near, least)) in ["TTFT p50", "TTFT p95", "TTFT p99", "TPOT p50", "TPOT p95", "TPOT p99"]
        .iter()
        .zip(near.iter().zip(least))
    {
        assert!(*near >= least, "{name}: {near} within 15 %, not {least}");
    }
}

#[test]
fn percentiles_agree_with_replays_in_an_open_loop() {
    let all = scenarios(&[1.0, 0.5], &[(true, 0.3), (true, 0.7)]);
    at_least(agreement(&all, 1, 6000), [0.93, 0.90, 0.80, 0.97, 0.95, 0.90]);
}

#[test]
fn percentiles_agree_with_replays_in_a_closed_loop() {
    // Users whose answers have equal length come in an order that depends on how they began.
    let all = scenarios(&[0.5], &[(false, 0.3), (false, 0.7)]);
    at_least(agreement(&all, 1, 6000), [0.85, 0.80, 0.65, 0.97, 0.95, 0.90]);
}

/// As the questions of a service level put it: five replays of 20,000 requests, over all splits. Takes some minutes.
#[test]
#[ignore = "minutes of replays; the tests above are the same in small"]
fn percentiles_agree_with_long_replays() {
    let open = scenarios(&[1.0, 0.5, 0.0], &[(true, 0.2), (true, 0.4), (true, 0.6), (true, 0.78)]);
    let open = agreement(&open, 5, 20_000);
    let closed = scenarios(&[1.0, 0.5, 0.0], &[(false, 0.2), (false, 0.5), (false, 0.75)]);
    let closed = agreement(&closed, 5, 20_000);
    println!("open {open:.3?}, closed {closed:.3?}");
    at_least(open, [0.92, 0.90, 0.80, 0.97, 0.94, 0.90]);
    at_least(closed, [0.80, 0.65, 0.60, 0.97, 0.95, 0.93]);
}

#[test]
fn a_run_of_benchmarks_has_the_percentiles_of_its_burst() {
    for text in [
        "v1&model=llama3-70b&isl=1k&osl=512&spread=0.8&concurrency=64&prompts=640&pool=h100-sxm*4:tp4",
        "v1&model=llama3-70b&isl=4k&osl=256&spread=0.8&concurrency=32&prompts=64&engine=sglang&pool=h100-sxm*4:tp4",
    ] {
        let scenario = parsed(text);
        let (told, seen) = (told(&scenario), replayed(&scenario, 3, 0));
        println!("{text}\n  closed form {told:.4?}\n  replays     {seen:.4?}");
        for (told, seen) in told.iter().zip(seen).skip(1).take(2) {
            assert!((told / seen).ln().abs() < 0.45, "{text}: {told} against {seen}");
        }
    }
}

/// The scenario with the layouts that are chosen for it at this load: at another one others may be better, and wait less.
fn kept(scenario: &Scenario, share: f64) -> Option<Scenario> {
    let at = loaded(scenario, true, share)?;
    let steady = serve::serve(&at, constants()).unwrap();
    let mut kept = scenario.clone();
    let roles: Vec<Role> = kept.split.pools().iter().map(|(role, _)| *role).collect();
    for (role, pool) in roles.into_iter().zip(kept.split.pools_mut()) {
        let own = steady.pools.iter().find(|own| own.role == role).unwrap();
        pool.layout = Some(own.layout);
    }
    Some(kept)
}

#[test]
fn percentiles_grow_with_the_share_and_the_load() {
    for text in LINKS {
        let mut last = [0.0; 6];
        let kept = kept(&parsed(text), 0.4).unwrap();
        for share in [0.1, 0.4, 0.7] {
            let Some(scenario) = loaded(&kept, true, share) else { continue };
            let own = told(&scenario);
            for side in own.chunks(3) {
                // Up to the digits that they are searched to.
                let grows = |low: f64, high: f64| low <= high * 1.0001;
                assert!(
                    side[0] > 0.0 && grows(side[0], side[1]) && grows(side[1], side[2]),
                    "{text}: {own:?}"
                );
            }
            // The median of what waits for nothing need not grow; what one in twenty waits for does.
            assert!(own[1] >= last[1] * 0.98 && own[4] >= last[4] * 0.98, "{text}: {last:?}, {own:?}");
            last = own;
        }
    }
}

#[test]
fn nobody_waits_alone() {
    // A lone user whose prompts are equal sees the same time each time, but for the rest of a step.
    let scenario = parsed("v1&model=llama3-70b&isl=4k&osl=512&concurrency=1&pool=h100-sxm*4:tp4");
    let steady = serve::serve(&scenario, constants()).unwrap();
    let [low, .., high] = ASKED.map(|own| steady.tails.ttft(own).get());
    assert!(high / low < 1.02 && (low / steady.ttft.get() - 1.0).abs() < 0.02, "{low} {high}");
    let [low, .., high] = ASKED.map(|own| steady.tails.tpot(own).get());
    assert!(high / low < 1.02 && (low / steady.tpot.get() - 1.0).abs() < 0.02, "{low} {high}");
}

/// One replay for each scenario, as a table: to see which kinds are apart.
#[test]
#[ignore = "prints the table"]
fn table() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let number = |name: &str, other: u32| std::env::var(name).map_or(other, |own| own.parse().unwrap());
    let (count, seeds) = (number("COUNT", 8000), u64::from(number("SEEDS", 1)));
    let closed = std::env::var("OPEN").is_err();
    let loads: Vec<(bool, f64)> = if closed {
        vec![(false, 0.2), (false, 0.5), (false, 0.75)]
    } else {
        vec![(true, 0.2), (true, 0.78)]
    };
    for scenario in scenarios(&[1.0, 0.5, 0.0], &loads) {
        let text = link::write(&scenario, &[]);
        if !text.contains(&only) {
            continue;
        }
        let (told, seen) = (told(&scenario), replayed(&scenario, seeds, count));
        let apart: Vec<String> = told
            .iter()
            .zip(seen)
            .map(|(told, seen)| {
                let apart = 100.0 * (told / seen - 1.0);
                format!("{apart:+6.1}{}", if apart.abs() > 15.0 { '*' } else { ' ' })
            })
            .collect();
        let mean = serve::serve(&scenario, constants()).unwrap().ttft.get();
        println!("{} | {mean:.4} | {told:.4?} | {seen:.4?} | {text}", apart.join(" "));
    }
}

//! Percentiles of the closed form, held against those of replays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::io::Write;

use tandem::machine::constants;
use tandem::replay::{Asked, Replay};
use tandem::scenario::traffic::Horizon;
use tandem::scenario::{Load, Percentile, Scenario, link};
use tandem::serve::{self, Deployment};
use tandem::units::RequestsPerSecond;

fn parsed(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

/// mean, p50, p90, p95, p99 of TTFT, then of TPOT, mean of some replays.
fn replayed(scenario: &Scenario, seeds: u64, count: u32) -> [f64; 10] {
    let mut sum = [0.0; 10];
    for seed in 1..=seeds {
        let mut own = scenario.clone();
        own.seed = seed;
        let asked = Asked::Scenario;
        own.traffic.horizon = Some(Horizon::Requests { count });
        let model = serve::Models::of(&own).unwrap();
        let deployment = Deployment::new(&own, constants(), &model).unwrap();
        let mut engine = Replay::start(&deployment, &asked);
        let progress = engine.run(u64::MAX);
        let got = engine.result(own.slo, asked.warm_up(&own, progress.arrived));
        for (at, dist) in [(0, got.ttft), (5, got.tpot)] {
            let Some(dist) = dist else { continue };
            for (slot, value) in [dist.mean, dist.p50, dist.p90, dist.p95, dist.p99].iter().enumerate() {
                sum[at + slot] += value.value.get() / seeds as f64;
            }
        }
    }
    sum
}

#[test]
#[ignore]
fn dump_replays() {
    let path = std::env::var("TAILS_LINKS").unwrap();
    let out = std::env::var("TAILS_OUT").unwrap();
    let seeds: u64 = std::env::var("TAILS_SEEDS").map_or(1, |own| own.parse().unwrap());
    let mut file = std::fs::File::create(out).unwrap();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let Some(scenario) = Some(link::parse(line).scenario) else { continue };
        let start = std::time::Instant::now();
        let own = replayed(&scenario, seeds, 20_000);
        let numbers: Vec<String> = own.iter().map(|own| format!("{own:.6e}")).collect();
        writeln!(file, "{line}\t{}\t{:.2}", numbers.join("\t"), start.elapsed().as_secs_f64()).unwrap();
    }
}

fn loaded(scenario: &Scenario, open: bool, share: f64) -> Option<Scenario> {
    let with = |load| Scenario { load, ..scenario.clone() };
    let at_rate = |rate: f64| with(Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 });
    let of = |own: &Scenario| serve::serve(own, constants()).ok();
    let capacity = of(&at_rate(1e-4))?.capacity.get();
    if open {
        let own = at_rate(share * capacity);
        return own.check().is_empty().then_some(own);
    }
    let users = |count: f64| with(Load::Closed { concurrency: count });
    let mut count: f64 = 1.0;
    while of(&users(count))?.rate.get() < share * capacity {
        count = (count * 1.2).ceil();
    }
    Some(users(count))
}

#[test]
#[ignore]
fn dump_links() {
    let path = std::env::var("TAILS_KINDS").unwrap();
    let out = std::env::var("TAILS_OUT").unwrap();
    let mut file = std::fs::File::create(out).unwrap();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        for spread in [1.0, 0.5, 0.0] {
            let mut base = parsed(line);
            if base.traffic.lengths.is_some() && spread < 1.0 {
                continue;
            }
            base.workload.spread = spread;
            for (open, share) in [
                (true, 0.2),
                (true, 0.4),
                (true, 0.6),
                (true, 0.78),
                (false, 0.2),
                (false, 0.5),
                (false, 0.75),
            ] {
                let Some(own) = loaded(&base, open, share) else { continue };
                let told = serve::serve(&own, constants()).unwrap();
                let full = told.warnings.iter().any(|own| {
                    matches!(own, serve::Warning::KvLimited { .. } | serve::Warning::SequencesLimited { .. })
                });
                if full || told.saturation.is_some() {
                    continue;
                }
                writeln!(file, "{}", link::write(&own, &[])).unwrap();
            }
        }
    }
}

#[test]
#[ignore]
fn dump_closed() {
    let path = std::env::var("TAILS_LINKS").unwrap();
    let out = std::env::var("TAILS_OUT").unwrap();
    let mut file = std::fs::File::create(out).unwrap();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let scenario = link::parse(line).scenario;
        let own = serve::serve(&scenario, constants()).unwrap();
        let of = |own: &dyn Fn(Percentile) -> f64| {
            [50.0, 90.0, 95.0, 99.0].map(|p| own(Percentile::new(p).unwrap()))
        };
        let numbers = [
            vec![own.ttft.get()],
            of(&|p| own.tails.ttft(p).get()).to_vec(),
            vec![own.tpot.get()],
            of(&|p| own.tails.tpot(p).get()).to_vec(),
        ];
        let text: Vec<String> = numbers.concat().iter().map(|own| format!("{own:.6e}")).collect();
        writeln!(file, "{line}\t{}", text.join("\t")).unwrap();
    }
}

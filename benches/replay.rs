//! How fast a replay is: events and output tokens per second of an hour of chat on one replica, and of a million requests
//! on a hundred.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark says what it measures, and its macros write no documentation"
)]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tandem::machine::constants;
use tandem::scenario::link;
use tandem::scenario::traffic::Horizon;
use tandem::serve::replay::{Asked, Progress, Replay};
use tandem::serve::{Deployment, Models};

/// Replays a link for so many requests and says how far it got.
fn replay(text: &str, requests: u32) -> Progress {
    let mut scenario = link::parse(text).scenario;
    scenario.traffic.horizon = Some(Horizon::Requests { count: requests });
    let models = Models::of(&scenario).expect("a model of the catalogue");
    let deployment = Deployment::new(&scenario, constants(), &models).expect("it fits");
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    engine.run(u64::MAX)
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay");
    group.measurement_time(Duration::from_secs(10)).sample_size(20);
    for (name, link, requests) in [
        (
            "an hour of chat, one replica",
            "v1&model=llama3-8b&isl=1k&osl=211&rate=4&pool=h100-sxm*1:tp1",
            14_400,
        ),
        ("an hour of chat, prefill and decode apart", "v1&isl=1k&osl=211&rate=4", 14_400),
    ] {
        let progress = replay(link, requests);
        println!("{name}: {} events, {} tokens", progress.events, progress.tokens);
        group.throughput(Throughput::Elements(progress.events));
        group.bench_function(format!("{name}, events"), |bencher| bencher.iter(|| replay(link, requests)));
        group.throughput(Throughput::Elements(progress.tokens));
        group.bench_function(format!("{name}, tokens"), |bencher| bencher.iter(|| replay(link, requests)));
    }
    group.sample_size(10);
    let link = "v1&model=llama3-8b&isl=1k&osl=211&rate=400&pool=h100-sxm*100:tp1";
    group.throughput(Throughput::Elements(replay(link, 1_000_000).events));
    group.bench_function("a million requests, 100 replicas, events", |bencher| {
        bencher.iter(|| replay(link, 1_000_000));
    });
    group.finish();
}

criterion_group!(replays, benches);
criterion_main!(replays);

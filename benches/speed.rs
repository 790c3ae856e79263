//! How fast the model, the searches and the replay are: `cargo bench --bench speed`, or `cargo xtask bench` with the
//! browser beside it.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark says what it measures, and its macros write no documentation"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod workloads;

fn benches(criterion: &mut Criterion) {
    // Criterion would leave out what is not named too, but only after it was done once.
    let named = std::env::args().skip(1).find(|own| !own.starts_with('-')).unwrap_or_default();
    let wanted = |id: &str| format!("{id}/time").contains(&named);
    for workload in workloads::ALL.iter().filter(|own| wanted(own.id)) {
        let run = (workload.prepare)();
        let done = run();
        assert!(done.sum.is_finite(), "{}: nothing was measured", workload.id);
        println!("{}: {} pieces, {} tokens", workload.id, done.count, done.tokens);
        let mut group = criterion.benchmark_group(workload.id);
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
        if workload.native_only {
            group.sample_size(10);
        } else {
            group.sample_size(20);
        }
        group.throughput(Throughput::Elements(done.count));
        group.bench_function("time", |bencher| bencher.iter(|| black_box(run())));
        if done.tokens > 0 {
            group.throughput(Throughput::Elements(done.tokens));
            group.bench_function("tokens", |bencher| bencher.iter(|| black_box(run())));
        }
        group.finish();
    }
}

criterion_group!(speed, benches);
criterion_main!(speed);

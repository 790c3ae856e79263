//! One reason for each phase, and the same wherever it is told: what binds follows from the roofline, and levers, figures
//! and sentences agree with it, over all chips, formats and many models.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::fmt::Write as _;

use tandem::catalog::model::Attention;
use tandem::catalog::{self, Chip};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::explore::{Lever, Sensitivity, sensitivity};
use tandem::figure::latency::{LATENCIES, breakdown};
use tandem::figure::{flow, roofline};
use tandem::metric::Metric;
use tandem::pass::{Limit, OpKind};
use tandem::report::{Report, sentence, words};
use tandem::scenario::{Load, Role, Scenario, link};
use tandem::serve::{Binding, Part, Phase, Resource, Steady};
use tandem::units::Seconds;

const MODELS: [&str; 9] = [
    "qwen3-0.6b",
    "llama3-8b",
    "gemma3-27b",
    "qwen3-32b",
    "llama3-70b",
    "gpt-oss-120b",
    "qwen3-next-80b-a3b",
    "minimax-m2",
    "deepseek-v3",
];

/// Splits, drafting and machines of SRAM, beside what the grids below hold.
const SPLITS: [&str; 9] = [
    "v1",
    "v1&kv=fp8&isl=32k&concurrency=16",
    "v1&model=deepseek-v3&prefill=b200*16&decode=h200*32&concurrency=512",
    "v1&model=deepseek-v3&attention=h200*32&ffn=h200*32",
    "v1&model=deepseek-v3&pool=b200*16&spec=mtp:3&concurrency=8",
    "v1&model=llama3-70b&pool=h200*8&spec=llama3-8b:4&concurrency=4",
    "v1&isl=4k&concurrency=64&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
    "v1&model=llama3-8b&weights=fp8&isl=2k&osl=512&concurrency=1&pool=groq3-lp30*32",
    "v1&model=llama3-70b&pool=h200*8&rate=8",
];

fn answer(text: &str) -> Option<(Scenario, Evaluation)> {
    let scenario = link::parse(text).understood().unwrap_or_else(|fault| panic!("{text}: {fault}")).scenario;
    let evaluation = evaluate(&scenario).ok()?;
    Some((scenario, evaluation))
}

/// Every chip with a model that fits on one, two or eight of them, under these loads.
fn grid(models: &[&str], loads: &[&str]) -> Vec<(String, Scenario, Evaluation)> {
    let mut all = Vec::new();
    for chip in catalog::chips() {
        for model in models {
            let Some(count) = [1, 2, 8].into_iter().find(|count| {
                answer(&format!("v1&model={model}&pool={}*{count}&concurrency=1&isl=2k", chip.id)).is_some()
            }) else {
                continue;
            };
            for load in loads {
                let text = format!("v1&model={model}&pool={}*{count}&{load}", chip.id);
                if let Some((scenario, evaluation)) = answer(&text) {
                    all.push((text, scenario, evaluation));
                }
            }
        }
    }
    all
}

fn phase(steady: &Steady, role: Role) -> &Phase {
    steady.phase(role).expect("prefill and decode always have a reason")
}

#[test]
fn decode_of_one_user_is_never_compute_bound() {
    let loads = [
        "concurrency=1&isl=2k",
        "concurrency=1&isl=16k&weights=bf16",
        "concurrency=1&isl=2k&weights=int4&experts=int4",
        "concurrency=1&isl=2k&weights=fp8&experts=fp8&kv=fp8",
        "concurrency=1&isl=2k&osl=64&spec=qwen3-0.6b:3",
    ];
    let grid = grid(&MODELS, &loads);
    assert!(grid.len() > 500, "{}", grid.len());
    for (text, _, own) in &grid {
        for phase in own.steady.phases.iter().filter(|own| own.phase != Role::Prefill) {
            assert!(phase.own().limit != Binding::Compute, "{text}: {phase:?}");
        }
    }
}

#[test]
fn decode_attention_of_grouped_queries_waits_for_memory_on_every_chip_with_hbm() {
    let hbm = |chip: &&Chip| chip.memory.as_ref().is_some_and(|own| own.kind.to_string().contains("HBM"));
    let grouped = |id: &&&str| {
        let model = catalog::model(id).unwrap();
        model.attention.iter().all(|own| matches!(own.kind, Attention::Grouped { .. }))
    };
    let models: Vec<&str> = MODELS.iter().filter(grouped).copied().collect();
    assert!(models.len() >= 5 && catalog::chips().iter().filter(hbm).count() > 20);
    for (text, scenario, own) in
        grid(&models, &["concurrency=1&isl=2k", "concurrency=64&isl=8k", "concurrency=64&isl=32k&kv=fp8"])
    {
        let pool = &own.steady.pools[0];
        let chip = scenario.chip(&pool.chip).unwrap();
        if !hbm(&chip) {
            continue;
        }
        let attention = pool.ops.iter().filter(|op| op.kind == OpKind::DecodeAttention);
        for op in attention {
            assert!(op.side == Limit::Bandwidth && op.limit != Limit::Compute, "{text}: {op:?}");
        }
    }
}

/// What a tenth more of a lever changes in a metric, over all chips that have it.
fn gain(own: &Sensitivity, levers: &[Lever]) -> f64 {
    let of = own.swings.iter().filter(|swing| levers.contains(&swing.lever));
    of.filter_map(|swing| swing.more).map(|more| more.change.abs()).sum()
}

/// The levers of a resource.
const fn levers(resource: Resource) -> &'static [Lever] {
    match resource {
        Resource::MemoryBandwidth => &[Lever::Bandwidth],
        Resource::Compute => &[Lever::Compute],
        Resource::Interconnect => &[Lever::ScaleUp, Lever::Network, Lever::PoolLink],
        _ => &[],
    }
}

#[test]
fn levers_agree_with_reasons() {
    let loads = [
        "concurrency=1&isl=2k",
        "concurrency=32&isl=8k",
        "concurrency=256&isl=1k&osl=256",
        "concurrency=16&isl=32k&kv=fp8",
    ];
    let mut all: Vec<(String, Scenario, Evaluation)> =
        grid(&["llama3-8b", "qwen3-32b", "gpt-oss-120b"], &loads);
    all.extend(SPLITS.iter().filter_map(|text| answer(text).map(|own| ((*text).to_owned(), own.0, own.1))));
    let (mut faults, mut asked, mut silent) = (String::new(), 0, 0);
    for (text, scenario, own) in &all {
        for (metric, role) in [(Metric::Tpot, Role::Decode), (Metric::Ttft, Role::Prefill)] {
            let phase = phase(&own.steady, role);
            let ours = levers(phase.reason.limit.resource());
            // Below 0.3 of the peak a kernel is held by something that is on no data sheet, such as too few rows for its tiles:
            // what binds is said by the roofline, and levers follow what holds it.
            if ours.is_empty() || phase.reason.of_peak.is_some_and(|share| share < 0.3) {
                continue;
            }
            let Ok(told) = sensitivity(scenario, metric) else { continue };
            // Where more is offered than can be served, what is carried stands for a wait without end.
            if told.metric != metric {
                continue;
            }
            assert_eq!(told.binding, phase.reason.limit, "{text}");
            asked += 1;
            let gained = gain(&told, ours);
            // The reason is that of the prompt's own work. Who waits for the steps of others gains by what those wait for, too:
            // a tenth more takes at most 1 − 1/1.1 of a wait away.
            let waits = |own: &&Part| matches!(own.limit, Binding::Queue | Binding::Steps);
            let waited = match metric {
                Metric::Ttft => {
                    own.steady.ttft_parts.iter().filter(waits).map(|own| own.time).sum::<Seconds>()
                }
                _ => Seconds::ZERO,
            };
            let by_waits = (1.0 - 1.0 / 1.1) * (waited / own.steady.ttft);
            silent += u32::from(by_waits > gained);
            for other in [Resource::MemoryBandwidth, Resource::Compute, Resource::Interconnect] {
                let theirs = levers(other);
                // Two that tie within a tenth may change places.
                if theirs != ours && gain(&told, theirs) > gained * 1.1 + by_waits + 1e-4 {
                    writeln!(
                        faults,
                        "{text}: {metric:?} is {} ({:.2}), but {other:?} gains {:.4}, not {gained:.4}",
                        words::phase(phase),
                        phase.reason.share,
                        gain(&told, theirs)
                    )
                    .unwrap();
                }
            }
        }
    }
    // Where waits are longer than what binds, levers say little.
    assert!(asked > 200 && silent * 5 < asked, "{silent} of {asked}");
    assert!(faults.is_empty(), "of {asked}:\n{faults}");
}

#[test]
fn all_tell_the_same_reason() {
    let loads = ["concurrency=1&isl=2k", "concurrency=64&isl=8k", "rate=1&isl=4k"];
    let mut all: Vec<(String, Scenario, Evaluation)> = grid(&["llama3-8b", "gpt-oss-120b"], &loads);
    all.extend(SPLITS.iter().filter_map(|text| answer(text).map(|own| ((*text).to_owned(), own.0, own.1))));
    for (text, scenario, own) in &all {
        let steady = &own.steady;
        let told = words::phases(steady);
        assert!(sentence(scenario, own).contains(&told), "{text}");
        assert!(roofline::roofline(scenario, steady).summary().contains(&told), "{text}");
        let report = Report::new(scenario, own);
        assert_eq!(report.phases.len(), steady.phases.len());
        for ((name, role, parts), metric) in LATENCIES.into_iter().zip([Metric::Ttft, Metric::Tpot]) {
            let phase = phase(steady, role);
            let words = words::phase(phase);
            assert!(told.contains(&words), "{text}: {words}");
            assert!(report.phases.iter().any(|own| own.phase == role && own.words == words), "{text}");
            assert_eq!(metric.limit(own), phase.reason.limit);
            // The bar's first entry is the reason, unless a wait tips the balance.
            let bar = breakdown((name, role, parts), [(String::new(), steady)]);
            if steady.saturation.is_some() && role == Role::Prefill {
                // Beyond capacity there is no time to the first token: its bar is empty, and says why.
                assert!(bar.rows[0].ranked().is_empty() && bar.rows[0].why.contains(&words), "{text}");
                assert_eq!(phase.reason.limit, Binding::Queue, "{text}");
                continue;
            }
            let first = bar.rows[0].ranked()[0].limit;
            assert!(bar.rows[0].why.contains(&words), "{text}");
            assert!(
                first == phase.reason.limit || phase.reason.limit.resource() == Resource::Waiting,
                "{text}: {name} is {words}, and its bar begins with {first:?}"
            );
            let whole = bar.rows[0].total();
            let latency = if role == Role::Prefill { steady.ttft } else { steady.tpot };
            assert!((whole / latency.get() - 1.0).abs() < 1e-6, "{text}: {name} of {whole} is {latency:?}");
            assert!((0.0..=1.0 + 1e-9).contains(&phase.reason.share), "{text}: {phase:?}");
            assert!(
                phase.reason.of_peak.is_none_or(|share| share > 0.0 && share <= 1.0),
                "{text}: {phase:?}"
            );
        }
        let diagram = flow::diagram(steady, false);
        assert!(
            diagram
                .pools
                .iter()
                .chain(&[])
                .filter_map(|own| own.note.as_ref())
                .all(|note| { steady.phases.iter().any(|own| note.contains(&words::phase(own))) })
        );
        // A pool is lit where the deployment is said to be limited by it, and only there.
        let lit = |role: Role| {
            diagram.pools.iter().zip(&steady.pools).any(|(own, pool)| own.bottleneck && pool.role == role)
        };
        let limit = steady.saturation.map_or(steady.binding, |own| own.binding);
        if let Some(prefill) = steady.pools.iter().find(|own| own.role == Role::Prefill) {
            assert_eq!(lit(prefill.role), limit == Binding::Prefill, "{text}");
        }
    }
}

/// Of an operation the roof follows from its intensity and the data sheet, whatever a kernel reaches of it.
#[test]
fn the_side_of_an_operation_follows_from_the_roofline() {
    for (text, scenario, own) in grid(&["llama3-8b", "gpt-oss-120b"], &["concurrency=64&isl=8k"]) {
        let drawn = roofline::roofline(&scenario, &own.steady);
        for dot in &drawn.roofline.ops {
            let roof = &drawn.roofline.roofs[dot.roof];
            let (intensity, ridge) = (dot.flops / dot.bytes, roof.peak / roof.bandwidth);
            let label = &dot.group.as_ref().unwrap().label;
            // Operations of a kind are drawn as one: near the ridge they may differ.
            if intensity < ridge * 0.2 {
                assert!(!label.contains("compute-bound"), "{text}: {label} at {intensity} of {ridge}");
            } else if intensity > ridge * 5.0 {
                assert!(!label.contains("memory"), "{text}: {label} at {intensity} of {ridge}");
            }
        }
    }
}

/// Users who wait for a prefill pool or a link that has no slack left wait for that, and not for room in a cache that has plenty.
#[test]
fn a_queue_at_a_busy_prefill_pool_is_not_for_want_of_room() {
    for (text, binding, limit) in [
        (
            "v1&model=llama3-70b&isl=8k&osl=64&prefill=h100-sxm*4:tp4&decode=h200*16:tp4&concurrency=200",
            Binding::Prefill,
            Binding::Queue,
        ),
        (
            "v1&model=llama3-70b&isl=8k&osl=64&prefill=h200*32:tp4&decode=h200*16:tp4&link=1GB/s&concurrency=400",
            Binding::Link,
            Binding::Link,
        ),
    ] {
        let (scenario, own) = answer(text).unwrap();
        let steady = &own.steady;
        let of = |limit| -> f64 {
            let parts = steady.ttft_parts.iter().filter(|part| part.limit == limit);
            parts.map(|part| part.time.get()).sum()
        };
        assert_eq!((steady.binding, of(Binding::Capacity)), (binding, 0.0), "{text}");
        assert!(of(limit) > 0.5 * steady.ttft.get(), "{text}: {:?}", steady.ttft_parts);
        assert_eq!(phase(steady, Role::Prefill).reason.limit, limit, "{text}");
        // All users are somewhere, by Little's law.
        let Load::Closed { concurrency } = scenario.load else { unreachable!("{text}") };
        let there = steady.rate.get() * steady.e2e.get();
        assert!((there / concurrency - 1.0).abs() < 0.02, "{text}: {there}");
    }
    // Where the cache is what is full, it is said as before.
    let text = "v1&model=llama3-70b&isl=32k&osl=1k&prefill=h200*32:tp4&decode=h100-sxm*4:tp4&concurrency=300";
    let (_, own) = answer(text).unwrap();
    assert_eq!(own.steady.binding, Binding::Capacity, "{text}");
}

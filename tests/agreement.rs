//! The closed form and the replay answer the same question; here they are held against each other, split by split,
//! engine by engine, load by load and from equal to widely scattered lengths.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use tandem::machine::constants;
use tandem::replay::{Asked, Replay};
use tandem::scenario::traffic::Horizon;
use tandem::scenario::{Load, Role, Scenario, link};
use tandem::serve::{self, Deployment, Steady};
use tandem::units::RequestsPerSecond;

/// A kind of deployment, and links of it.
const KINDS: [(&str, &[&str]); 12] = [
    (
        "dense",
        &[
            "v1",
            "v1&model=llama3-70b&isl=1k&osl=1k&pool=h100-sxm*4:tp4",
            "v1&model=llama3-70b&isl=8k&osl=1k&pool=h100-sxm*4:tp4",
            "v1&model=llama3-70b&isl=1k&osl=1k&engine=sglang&pool=h100-sxm*4:tp4",
            "v1&model=llama3-70b&isl=8k&osl=1k&engine=sglang&pool=b200*4:tp4",
            "v1&model=llama3-70b&isl=1k&osl=1k&engine=trtllm&pool=h100-sxm*4:tp4",
            "v1&model=llama3-70b&isl=4k&osl=256&engine=trtllm&pool=b200*2:tp2",
            "v1&model=llama3-8b&isl=2k&osl=256&pool=h100-sxm*4:tp1",
            "v1&model=llama3-8b&weights=fp8&isl=2k&osl=512&pool=rtx-5090*1",
            "v1&kv=fp8&isl=120k&pool=b200*8",
        ],
    ),
    (
        "experts",
        &[
            "v1&model=deepseek-v3&isl=1k&osl=1k&engine=sglang&pool=h200*8:tp8:etp8",
            "v1&model=deepseek-v3&isl=8k&osl=1k&pool=b200*8:tp8:etp8",
            "v1&model=deepseek-v3&isl=1k&osl=1k&engine=trtllm&pool=b200*8:tp8:etp8",
            "v1&model=deepseek-v3&isl=2k&osl=512&pool=h200*8:tp1:dp8:ep8",
            "v1&model=gpt-oss-120b&isl=1k&osl=1k&pool=h100-sxm*4",
            "v1&model=minimax-m2&isl=64k&osl=512&hit=0.9&pool=h200*8",
            "v1&model=qwen3-235b-a22b&weights=fp8&experts=fp8&pool=tpu-7x*8",
        ],
    ),
    (
        "workloads",
        &[
            "v1&lengths=chat&model=llama3-70b&pool=h100-sxm*4:tp4",
            "v1&lengths=rag&model=llama3-70b&engine=trtllm&pool=h100-sxm*4:tp4",
            "v1&lengths=reasoning&model=qwen3-32b&weights=fp8&pool=h100-sxm*2:tp2",
            "v1&lengths=summarisation&model=llama3-70b&prefill=h100-sxm*4:tp4&decode=h100-sxm*4:tp4",
            "v1&lengths=chat&model=deepseek-v3&engine=sglang&pool=h200*8:tp8:etp8",
        ],
    ),
    ("SRAM", &["v1&isl=4k&osl=512&pool=groq3-lp30*512", "v1&isl=1k&osl=1k&pool=wse3*8"]),
    (
        "prefill/decode",
        &[
            "v1&model=llama3-70b&isl=4k&osl=512&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
            "v1&model=llama3-70b&isl=4k&osl=512&engine=trtllm&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
            "v1&model=llama3-70b&isl=4k&osl=512&engine=sglang&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
            "v1&model=deepseek-v3&isl=8k&osl=1k&engine=sglang&prefill=h200*16&decode=h200*16",
            "v1&model=llama3-8b&isl=512&osl=512&prefill=h100-sxm*2:tp1&decode=h100-sxm*2:tp1",
        ],
    ),
    (
        "prefill, SRAM decode",
        &[
            "v1&isl=4k&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
            "v1&isl=16k&prefill=trn2*16&decode=wse3*8&link=efa",
        ],
    ),
    (
        "attention/FFN",
        &[
            "v1&model=deepseek-v3&isl=4k&osl=1k&split=afd&attention=h200*8&ffn=h200*8",
            "v1&model=deepseek-v3&isl=8k&osl=1k&split=afd&attention=b200*8&ffn=groq3-lp30*2048&link=eth800",
        ],
    ),
    (
        "draft/verify",
        &[
            "v1&model=llama3-70b&kv=fp8&isl=1k&osl=1k&split=draft&draft=l40s*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
            "v1&model=llama3-70b&kv=fp8&isl=8k&osl=1k&split=draft&draft=h100-sxm*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
        ],
    ),
    (
        "draft/verify, SRAM",
        &["v1&split=draft&draft=groq3-lp30*128&verify=vr200-nvl72*8:tp8&spec=llama3-8b:4:0.75&link=50GB/s"],
    ),
    (
        "own drafts",
        &[
            "v1&model=deepseek-v3&isl=4k&osl=1k&engine=sglang&pool=h200*8:tp8:etp8&spec=mtp:3",
            "v1&model=llama3-70b&isl=1k&osl=1k&pool=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
        ],
    ),
    (
        "prefill, attention/FFN",
        &["v1&model=deepseek-v3&isl=8k&split=pd-afd&prefill=h200*8&attention=h200*8&ffn=h200*8"],
    ),
    (
        "prefill, draft/verify",
        &[
            "v1&model=llama3-70b&isl=4k&split=pd-draft&prefill=h100-sxm*4:tp4&draft=l40s*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75",
        ],
    ),
];

fn parsed(text: &str) -> Scenario {
    let parsed = link::parse(text);
    assert_eq!(parsed.notices, [], "{text}");
    parsed.scenario
}

/// What one scenario came to, closed form and replay.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ttft: (f64, f64),
    benchmark: Option<(f64, f64)>,
    tpot: (f64, f64),
    rate: (f64, f64),
}

/// How far the replay is from the closed form.
fn error((closed, own): (f64, f64)) -> f64 {
    own / closed - 1.0
}

/// Below the knee: prompts take less than half of the time, and there is room for all, also where some are long.
fn below(scenario: &Scenario, closed: &Steady) -> bool {
    let full = closed.warnings.iter().any(|own| matches!(own, serve::Warning::KvLimited { .. }));
    let busy = closed.pools.iter().any(|pool| pool.role == Role::Prefill && pool.utilisation > 0.7);
    let longest = (scenario.workload.isl + scenario.workload.osl) * 4.0;
    let narrow = closed.pools.iter().any(|pool| {
        let room = pool.memory.kv_capacity;
        pool.batch.get() > 0.0 && room.get() > 0.0 && room < longest
    });
    closed.prefill_share < 0.5 && !full && !busy && !narrow && closed.saturation.is_none()
}

fn compare(scenario: &Scenario) -> Pair {
    let closed = serve::serve(scenario, constants()).unwrap();
    let users = match scenario.load {
        Load::Closed { concurrency } => Some(concurrency as u32),
        Load::Open { .. } => None,
    };
    let mut scenario = scenario.clone();
    let count = users.map_or(8000, |users| (100 * users).max(1500));
    scenario.traffic.horizon = Some(Horizon::Requests { count });
    let model = serve::Models::of(&scenario).unwrap();
    let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    assert!(engine.run(u64::MAX).done);
    let warm = users.map_or(count / 20, |users| 10 * users);
    let own = engine.result(scenario.slo, warm);
    let mean = |own: Option<tandem::replay::statistics::Distribution>| own.unwrap().mean.value.get();
    let benchmark = engine.result(scenario.slo, 0).benchmark;
    Pair {
        ttft: (closed.ttft_settled.get(), mean(own.ttft)),
        benchmark: benchmark.filter(|_| users > Some(1)).map(|own| {
            scenario.flags.prompts = Some(own.requests);
            let run = serve::serve(&scenario, constants()).unwrap();
            (run.ttft.get(), own.ttft.get())
        }),
        tpot: (closed.tpot.get(), mean(own.tpot)),
        rate: (closed.rate.get(), own.rate.get()),
    }
}

/// Loads of a scenario: users of a closed loop, and shares of the capacity of an open one.
fn loads(scenario: &Scenario) -> Vec<(String, Scenario)> {
    let closed =
        [1.0, 4.0, 16.0, 64.0].map(|users| (format!("{users} users"), Load::Closed { concurrency: users }));
    let light =
        Scenario { load: Load::Open { rate: RequestsPerSecond::new(1e-4), cv: 1.0 }, ..scenario.clone() };
    let capacity = serve::serve(&light, constants()).unwrap().capacity.get();
    let open = [0.25, 0.5].map(|share| {
        (format!("{share} load"), Load::Open { rate: RequestsPerSecond::new(share * capacity), cv: 1.0 })
    });
    closed
        .into_iter()
        .chain(open)
        .map(|(name, load)| (name, Scenario { load, ..scenario.clone() }))
        .filter(|(_, own)| below(own, &serve::serve(own, constants()).unwrap()))
        .collect()
}

/// How far the means of a kind may be apart with lengths that scatter: share of loads whose TTFT is within 10 %, the most of
/// any; the most of TPOT; the most of the rate.
const SCATTERED: [(&str, [f64; 4]); 12] = [
    ("dense", [0.95, 0.15, 0.10, 0.10]),
    ("experts", [0.95, 0.15, 0.08, 0.08]),
    ("workloads", [0.85, 0.26, 0.14, 0.08]),
    ("SRAM", [0.95, 0.12, 0.06, 0.06]),
    ("prefill/decode", [0.92, 0.18, 0.05, 0.09]),
    ("prefill, SRAM decode", [0.90, 0.15, 0.05, 0.08]),
    ("attention/FFN", [0.95, 0.12, 0.06, 0.06]),
    ("draft/verify", [0.75, 0.15, 0.08, 0.10]),
    ("draft/verify, SRAM", [0.95, 0.12, 0.06, 0.10]),
    ("own drafts", [0.80, 0.16, 0.10, 0.08]),
    ("prefill, attention/FFN", [0.95, 0.12, 0.10, 0.10]),
    ("prefill, draft/verify", [0.90, 0.12, 0.06, 0.06]),
];

/// Every load of every link of a kind, with lengths of so many spreads.
fn pairs(kind: &str, spreads: &[f64]) -> Vec<(String, Pair)> {
    let (_, links) = KINDS.iter().find(|(own, _)| *own == kind).unwrap();
    let mut pairs = Vec::new();
    for link in *links {
        // A workload of the catalogue has lengths of its own.
        for &spread in if kind == "workloads" { &spreads[..1] } else { spreads } {
            let mut scenario = parsed(link);
            scenario.workload.spread = spread;
            for (name, own) in loads(&scenario) {
                pairs.push((format!("{link}, spread {spread}, {name}"), compare(&own)));
            }
        }
    }
    pairs
}

fn within(pairs: &[(String, Pair)], most: f64) -> f64 {
    let near = pairs.iter().filter(|(_, own)| error(own.ttft).abs() <= most).count();
    near as f64 / pairs.len() as f64
}

#[test]
fn means_agree_below_the_knee_where_lengths_scatter() {
    let mut apart = Vec::new();
    let mut all = Vec::new();
    for (kind, [share, ttft, tpot, rate]) in SCATTERED {
        let own = pairs(kind, &[0.8, 0.5]);
        assert!(own.len() >= 4, "{kind}: {}", own.len());
        for (name, pair) in &own {
            for (what, both, most) in
                [("TTFT", pair.ttft, ttft), ("TPOT", pair.tpot, tpot), ("rate", pair.rate, rate)]
            {
                if error(both).abs() > most {
                    apart.push(format!("{name}: {what} {} against {}", both.1, both.0));
                }
            }
        }
        if within(&own, 0.1) < share {
            apart.push(format!("{kind}: {} within 10 %", within(&own, 0.1)));
        }
        all.extend(own);
    }
    println!("{} loads, TTFT within 10 %: {}", all.len(), within(&all, 0.1));
    assert!(within(&all, 0.1) > 0.96, "{}", within(&all, 0.1));
    assert_eq!(apart, Vec::<String>::new());
}

#[test]
fn means_agree_below_the_knee_where_answers_have_equal_length() {
    // What users who queued together do to each other in the next round is told by a rough law only.
    let mut all = Vec::new();
    for (kind, _) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for (name, pair) in pairs(kind, &[1.0]) {
            assert!(error(pair.ttft).abs() < 0.7, "{name}: TTFT {:?}", pair.ttft);
            assert!(error(pair.tpot).abs() < 0.1, "{name}: TPOT {:?}", pair.tpot);
            assert!(error(pair.rate).abs() < 0.15, "{name}: rate {:?}", pair.rate);
            all.push((name, pair));
        }
    }
    println!("{} loads, TTFT within 10 %: {}, 20 %: {}", all.len(), within(&all, 0.1), within(&all, 0.2));
    assert!(within(&all, 0.1) > 0.85 && within(&all, 0.2) > 0.93);
}

#[test]
fn means_agree_below_the_knee_where_lengths_scatter_from_nothing() {
    // TPOT is left out: the mean over requests is that of the shortest answers, which a prompt holds up all the more.
    let mut all = Vec::new();
    for (kind, _) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for (name, pair) in pairs(kind, &[0.0]) {
            assert!(error(pair.ttft).abs() < 0.22, "{name}: TTFT {:?}", pair.ttft);
            assert!(error(pair.rate).abs() < 0.1, "{name}: rate {:?}", pair.rate);
            all.push((name, pair));
        }
    }
    println!("{} loads, TTFT within 10 %: {}", all.len(), within(&all, 0.1));
    assert!(within(&all, 0.1) > 0.94);
}

#[test]
fn starts_of_benchmarks_agree() {
    // All users at once, ten requests of each.
    let (mut near, mut all) = (0, 0);
    for (kind, _) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for (name, pair) in pairs(kind, &[0.8]) {
            let Some(both) = pair.benchmark else { continue };
            assert!(error(both).abs() < 0.5, "{name}: {both:?}");
            all += 1;
            near += i32::from(error(both).abs() <= 0.2);
        }
    }
    println!("{near} of {all} within 20 %");
    assert!(near * 100 > all * 90);
}

#[test]
#[ignore = "prints the table"]
fn table() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for (kind, links) in KINDS {
        for link in links {
            if !kind.contains(&only) && !link.contains(&only) {
                continue;
            }
            println!("# {kind}: {link}");
            for spread in [1.0, 0.8, 0.5, 0.0] {
                let mut scenario = parsed(link);
                if kind == "workloads" && spread < 1.0 {
                    continue;
                }
                scenario.workload.spread = spread;
                for (name, own) in loads(&scenario) {
                    let closed = serve::serve(&own, constants()).unwrap();
                    let pair = compare(&own);
                    let flag = |own: f64| if own.abs() > 0.1 { '*' } else { ' ' };
                    let show = |own: (f64, f64)| format!("{:+6.1}{}", 100.0 * error(own), flag(error(own)));
                    println!(
                        "{spread:3} {name:9} TTFT {} begun {} TPOT {} rate {}  | ttft {:.4} own {:.4} bench {:.4} | tpot {:.5} batch {:.2} share {:.2}",
                        show(pair.ttft),
                        pair.benchmark.map_or("   –   ".to_owned(), show),
                        show(pair.tpot),
                        show(pair.rate),
                        pair.ttft.0,
                        pair.ttft.1,
                        pair.benchmark.map_or(0.0, |own| own.1),
                        pair.tpot.0,
                        closed.pools.last().unwrap().batch.get(),
                        closed.prefill_share,
                    );
                }
            }
        }
    }
}

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
    let busy = closed.pools.iter().any(|pool| pool.role == Role::Prefill && pool.busy > 0.7);
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
    Pair {
        ttft: (closed.ttft.get(), mean(own.ttft)),
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
    ("dense", [0.97, 0.12, 0.05, 0.04]),
    ("experts", [0.97, 0.20, 0.08, 0.04]),
    ("workloads", [0.92, 0.20, 0.06, 0.08]),
    ("SRAM", [0.95, 0.05, 0.03, 0.03]),
    ("prefill/decode", [0.92, 0.13, 0.03, 0.04]),
    ("prefill, SRAM decode", [0.95, 0.10, 0.03, 0.04]),
    // A replica with a single sequence has nothing to overlap with the other pool, and one with three gains less than it loses:
    // the closed form takes as many as there are on average.
    ("attention/FFN", [0.95, 0.06, 0.05, 0.03]),
    ("draft/verify", [0.95, 0.12, 0.06, 0.04]),
    ("draft/verify, SRAM", [0.95, 0.06, 0.03, 0.03]),
    ("own drafts", [0.88, 0.18, 0.05, 0.04]),
    ("prefill, attention/FFN", [0.95, 0.06, 0.03, 0.04]),
    ("prefill, draft/verify", [0.85, 0.14, 0.04, 0.04]),
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
    println!("{}", apart.join("\n"));
    assert!(within(&all, 0.1) > 0.96, "{}", within(&all, 0.1));
    assert!(apart.len() * 80 < all.len(), "{} apart", apart.len());
}

#[test]
fn means_agree_below_the_knee_where_answers_have_equal_length() {
    // Users who have met once stay together for ever, and how many do after some hundred rounds is told by a rough law only.
    let mut all = Vec::new();
    for (kind, _) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for (name, pair) in pairs(kind, &[1.0]) {
            assert!(error(pair.ttft).abs() < 0.8, "{name}: TTFT {:?}", pair.ttft);
            assert!(error(pair.tpot).abs() < 0.1, "{name}: TPOT {:?}", pair.tpot);
            assert!(error(pair.rate).abs() < 0.06, "{name}: rate {:?}", pair.rate);
            all.push((name, pair));
        }
    }
    println!("{} loads, TTFT within 10 %: {}, 20 %: {}", all.len(), within(&all, 0.1), within(&all, 0.2));
    assert!(within(&all, 0.1) > 0.86 && within(&all, 0.2) > 0.91);
}

#[test]
fn means_agree_below_the_knee_where_lengths_scatter_from_nothing() {
    // TPOT is left out: the mean over requests is that of the shortest answers, which a prompt holds up all the more.
    let mut all = Vec::new();
    for (kind, _) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for (name, pair) in pairs(kind, &[0.0]) {
            assert!(error(pair.ttft).abs() < 0.24, "{name}: TTFT {:?}", pair.ttft);
            assert!(error(pair.rate).abs() < 0.06, "{name}: rate {:?}", pair.rate);
            all.push((name, pair));
        }
    }
    println!("{} loads, TTFT within 10 %: {}", all.len(), within(&all, 0.1));
    assert!(within(&all, 0.1) > 0.96);
}

/// Models, and the pools that hold them.
const HELD: [(&str, &[&str]); 6] = [
    (
        "llama3-8b",
        &["h100-sxm*1:tp1", "h100-sxm*4:tp1", "h200*2:tp1", "b200*1:tp1", "l40s*2:tp1", "mi300x*2:tp1"],
    ),
    ("qwen3-32b", &["h100-sxm*2:tp2", "h200*4:tp2", "b200*2:tp1", "mi300x*4:tp1"]),
    ("llama3-70b", &["h100-sxm*4:tp4", "h100-sxm*8:tp4", "h200*8:tp8", "b200*2:tp2", "mi300x*8:tp4"]),
    ("gpt-oss-120b", &["h100-sxm*4:tp4", "b200*4:tp2", "h200*8:tp2", "b200*2:tp1", "h200*8:tp1:dp8:ep8"]),
    ("deepseek-v3", &["h200*8:tp8:etp8", "b200*8:tp8:etp8", "h200*16:tp1:dp16:ep16", "b200*8:tp1:dp8:ep8"]),
    ("qwen3-235b-a22b", &["h200*8:tp8:etp8", "b200*8:tp4:dp2:ep8", "h200*8:tp4:dp2:ep8"]),
];

/// Input and output lengths.
const LENGTHS: [(&str, &str); 14] = [
    ("128", "16"),
    ("128", "128"),
    ("256", "1k"),
    ("512", "512"),
    ("1k", "100"),
    ("1k", "1k"),
    ("1k", "4k"),
    ("2k", "256"),
    ("4k", "64"),
    ("8k", "1k"),
    ("8k", "128"),
    ("16k", "512"),
    ("32k", "2k"),
    ("64k", "4k"),
];

/// Numbers that are the same in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        for shift in [13_i32, -7, 17] {
            self.0 ^= if shift > 0 { self.0 << shift } else { self.0 >> -shift };
        }
        (self.0 >> 20) as usize % count
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Any deployment of those above, of any split and engine.
fn drawn(dice: &mut Dice) -> Scenario {
    let (model, pools) = dice.one(&HELD);
    let engine = dice.one(&["vllm", "sglang", "trtllm"]);
    let (isl, osl) = dice.one(&LENGTHS);
    let pool = dice.one(pools);
    let pools = match dice.below(10) {
        0..=5 => format!("pool={pool}"),
        6..=7 => format!("prefill={pool}&decode={}&link=50GB/s", dice.one(pools)),
        8 if model == "deepseek-v3" => format!("pool={pool}&spec=mtp:3"),
        8 => format!("pool={pool}&spec=dense:1B:3:0.7"),
        _ if model == "deepseek-v3" || model == "gpt-oss-120b" => "attention=h200*8&ffn=b200*8".to_owned(),
        _ => format!("split=draft&draft=h100-sxm*1&verify={pool}&spec=dense:1B:4:0.75"),
    };
    let spread = dice.one(&["", "", "&spread=0.8", "&spread=0.5"]);
    parsed(&format!("v1&model={model}&engine={engine}&isl={isl}&osl={osl}&{pools}{spread}"))
}

/// The same under a load of so much of what it carries, by rate or by users; none where one user is more than that.
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

/// TTFT, TPOT and throughput of the replay over those of the closed form, over a service that has run for long.
fn ratios(scenario: &Scenario) -> [f64; 3] {
    let closed = serve::serve(scenario, constants()).unwrap();
    let mut scenario = scenario.clone();
    let inside = closed.in_flight.get();
    let count = (24.0 * inside).clamp(4000.0, 60_000.0);
    scenario.traffic.horizon = Some(Horizon::Requests { count: count as u32 });
    let model = serve::Models::of(&scenario).unwrap();
    let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    assert!(engine.run(u64::MAX).done);
    let own = engine.result(scenario.slo, (4.0 * inside + 200.0) as u32);
    let mean = |own: Option<tandem::replay::statistics::Distribution>| own.unwrap().mean.value.get();
    let (ttft, e2e) = (mean(own.ttft), mean(own.e2e));
    // As the closed form has it: the mean answer over the mean length.
    let tpot = (e2e - ttft) / (closed.osl.get() - 1.0);
    [ttft / closed.ttft.get(), tpot / closed.tpot.get(), own.rate.get() / closed.rate.get()]
}

#[test]
fn any_deployment_is_told_alike() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for number in 0..400 {
        let scenario = drawn(&mut dice);
        let share = dice.one(&[0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
        let is_open = number % 2 == 0;
        let Some(scenario) = loaded(&scenario, is_open, share) else { continue };
        let told = serve::serve(&scenario, constants()).unwrap();
        let full = told.warnings.iter().any(|own| {
            matches!(own, serve::Warning::KvLimited { .. } | serve::Warning::SequencesLimited { .. })
        });
        if full || told.saturation.is_some() {
            continue;
        }
        let own = (format!("{} at {share}", link::write(&scenario, &[])), ratios(&scenario));
        if is_open { open.push(own) } else { closed.push(own) }
    }
    assert!(open.len() > 150 && closed.len() > 150, "{} {}", open.len(), closed.len());
    let near = |all: &[(String, [f64; 3])], what: usize, most: f64| {
        all.iter().filter(|(_, own)| (own[what] - 1.0).abs() <= most).count() as f64 / all.len() as f64
    };
    for (name, all) in [("open", &mut open), ("closed", &mut closed)] {
        let far = |own: &[f64; 3]| own.iter().map(|own| own.ln().abs()).fold(0.0, f64::max);
        all.sort_by(|one, other| far(&other.1).total_cmp(&far(&one.1)));
        for (what, of) in ["TTFT", "TPOT", "throughput"].iter().enumerate() {
            println!(
                "{name}: {of} within 10 %: {:.3}, 25 %: {:.3}",
                near(all, what, 0.1),
                near(all, what, 0.25)
            );
        }
        for (link, own) in all.iter().take(12) {
            println!("  {own:.2?} {link}");
        }
    }
    // Answers of equal length and few tokens in a closed loop are the hard ones: who meets whom there has a long memory.
    // Five draws of 200 had TTFT within 25 % in 0.915 to 0.945 of them.
    for (all, [ttft, tpot, far]) in [(&open, [0.94, 0.95, 0.98]), (&closed, [0.80, 0.94, 0.90])] {
        assert!(near(all, 0, 0.1) >= ttft && near(all, 1, 0.1) >= tpot && near(all, 2, 0.1) >= 0.95);
        assert!((0..3).all(|what| near(all, what, 0.25) >= far));
    }
}

/// A closed form at some load.
fn told(text: &str) -> Steady {
    serve::serve(&parsed(text), constants()).unwrap()
}

fn queue(steady: &Steady) -> f64 {
    steady
        .ttft_parts
        .iter()
        .filter(|part| part.cause == serve::Cause::Queue)
        .map(|part| part.time.get())
        .sum()
}

#[test]
fn nobody_waits_for_themselves() {
    for (pools, replicas) in [
        ("pool=h100-sxm*4:tp4", 1),
        ("pool=h100-sxm*8:tp2", 4),
        ("engine=sglang&pool=h100-sxm*8:tp2", 4),
        ("engine=trtllm&pool=h200*8:tp1:dp8", 1),
        ("prefill=h100-sxm*4:tp4&decode=h200*4:tp4", 1),
        ("prefill=h100-sxm*8:tp4&decode=h200*8:tp4", 2),
        ("attention=h200*8:tp8&ffn=h200*8:tp8", 1),
        ("split=draft&draft=h100-sxm*1&verify=h200*8:tp8&spec=llama3-8b:4:0.7", 1),
        ("split=pd-draft&prefill=h200*8:tp4&draft=h100-sxm*1&verify=h200*8:tp8&spec=llama3-8b:4:0.7", 2),
    ] {
        for lengths in ["isl=64k&osl=64", "isl=1k&osl=1k", "isl=512&osl=1"] {
            for users in 1..=replicas {
                let text = format!("v1&model=llama3-70b&kv=fp8&{lengths}&concurrency={users}&{pools}");
                let own = told(&text);
                assert!(queue(&own) < 1e-9, "{} s in line: {text}", queue(&own));
            }
        }
    }
}

#[test]
fn first_tokens_count_no_step_that_does_not_happen() {
    for pools in [
        "pool=h100-sxm*4:tp4",
        "engine=sglang&pool=h100-sxm*4:tp4",
        "engine=trtllm&pool=h200*8:tp1:dp8",
        "prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
        "attention=h200*8:tp8&ffn=h200*8:tp8",
    ] {
        for load in ["rate=0.001", "concurrency=1"] {
            let at = |osl: u32| told(&format!("v1&model=llama3-70b&kv=fp8&isl=1k&osl={osl}&{load}&{pools}"));
            let (one, many) = (at(1).ttft.get(), at(64).ttft.get());
            assert!((one / many - 1.0).abs() < 0.01, "{one} s and {many} s: {load} {pools}");
            // The prompt and what the engine does for a request, and nothing else.
            let part = |cause| {
                let parts = at(64).ttft_parts;
                parts.iter().filter(|own| own.cause == cause).map(|own| own.time.get()).sum::<f64>()
            };
            assert!(part(serve::Cause::Queue) < 0.01 * many, "{load} {pools}");
        }
    }
}

#[test]
fn waits_rise_with_the_load_and_without_a_jump() {
    for pools in [
        "pool=h100-sxm*4:tp4",
        "engine=sglang&pool=h100-sxm*8:tp4",
        "engine=trtllm&pool=h100-sxm*4:tp4",
        "prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
    ] {
        for lengths in ["isl=1k&osl=256", "isl=16k&osl=512"] {
            let at = |load: &str| told(&format!("v1&model=llama3-70b&kv=fp8&{lengths}&{load}&{pools}"));
            let capacity = at("rate=0.001").capacity.get();
            let mut before = at(&format!("rate={}", 0.02 * capacity)).ttft.get();
            let mut share = 0.02;
            while share < 0.8 {
                share *= 1.02;
                let own = at(&format!("rate={}", share * capacity)).ttft.get();
                assert!(own > before * (1.0 - 1e-4), "{own} after {before} at {share} of {pools}, {lengths}");
                assert!(own < before * 1.08, "{own} after {before} at {share} of {pools}, {lengths}");
                before = own;
            }
            // As much is carried whichever way it is asked for.
            let crowd = at("concurrency=4000");
            let told = crowd.capacity.get() / capacity;
            assert!((told - 1.0).abs() < 0.02, "{told} times the capacity of {pools}, {lengths}");
            let share = crowd.rate.get() / capacity;
            assert!((0.85..1.02).contains(&share), "{share} of the capacity of {pools}, {lengths}");
        }
    }
}

#[test]
fn times_are_continuous_in_users_and_lengths() {
    for pools in [
        "pool=h100-sxm*4:tp4",
        "engine=sglang&pool=h100-sxm*4:tp4",
        "prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
    ] {
        let at = |isl: f64, osl: f64, users: f64| {
            let isl = isl.round();
            let osl = osl.round();
            told(&format!("v1&model=llama3-70b&kv=fp8&isl={isl}&osl={osl}&concurrency={users}&{pools}"))
        };
        let close = |one: &Steady, other: &Steady, what: &str| {
            for (name, own, next) in [("TTFT", one.ttft, other.ttft), ("TPOT", one.tpot, other.tpot)] {
                let ratio = next / own;
                assert!((ratio - 1.0).abs() < 0.08, "{name} {own:?} to {next:?}: {what} of {pools}");
            }
        };
        for step in 0..100 {
            let isl = 1000.0 * 1.02_f64.powi(step);
            close(&at(isl, 512.0, 8.0), &at(isl * 1.02, 512.0, 8.0), &format!("isl {isl}"));
            let osl = 200.0 * 1.02_f64.powi(step);
            close(&at(4000.0, osl, 8.0), &at(4000.0, osl * 1.02, 8.0), &format!("osl {osl}"));
            let users = f64::from(step + 50);
            close(&at(4000.0, 512.0, users), &at(4000.0, 512.0, users + 1.0), &format!("{users} users"));
        }
    }
}

#[test]
fn runs_that_begin_at_once_agree() {
    // All users at once, ten requests of each.
    let (mut near, mut all) = (0, 0);
    for (kind, links) in KINDS.iter().filter(|(kind, _)| *kind != "workloads") {
        for link in *links {
            for users in [4_u32, 16, 64] {
                let text = format!("{link}&spread=0.8&concurrency={users}&prompts={}", 10 * users);
                let scenario = parsed(&text);
                let closed = serve::serve(&scenario, constants()).unwrap();
                if !below(&scenario, &closed) {
                    continue;
                }
                let model = serve::Models::of(&scenario).unwrap();
                let deployment = Deployment::new(&scenario, constants(), &model).unwrap();
                let mut engine = Replay::start(&deployment, &Asked::Scenario);
                assert!(engine.run(u64::MAX).done);
                let own = engine.result(scenario.slo, 0);
                assert_eq!(own.counts.finished, 10 * users);
                let own = own.ttft.unwrap().mean.value.get() / closed.ttft.get();
                assert!((own - 1.0).abs() < 0.6, "{kind} {text}: {own}");
                all += 1;
                near += i32::from((own - 1.0).abs() <= 0.2);
            }
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
                        "{spread:3} {name:9} TTFT {} TPOT {} rate {}  | ttft {:.4} own {:.4} | tpot {:.5} batch {:.2} share {:.2}",
                        show(pair.ttft),
                        show(pair.tpot),
                        show(pair.rate),
                        pair.ttft.0,
                        pair.ttft.1,
                        pair.tpot.0,
                        closed.pools.last().unwrap().batch.get(),
                        closed.prefill_share,
                    );
                }
            }
        }
    }
}

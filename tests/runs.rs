//! Runs that all users begin at once and that end after so many requests: the closed form against the replay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use tandem::machine::constants;
use tandem::replay::{Asked, Replay};
use tandem::scenario::{Load, Scenario, link};
use tandem::serve::{self, Deployment};

/// Deployments of each engine and split.
const LINKS: [&str; 12] = [
    "v1&model=llama3-70b&isl=1k&osl=1k&pool=h100-sxm*4:tp4",
    "v1&model=llama3-70b&isl=8k&osl=1k&pool=h200*8:tp4",
    "v1&model=llama3-8b&isl=2k&osl=256&pool=h100-sxm*2:tp1",
    "v1&model=deepseek-v3&isl=2k&osl=512&pool=h200*8:tp1:dp8:ep8",
    "v1&model=llama3-70b&isl=1k&osl=1k&engine=sglang&pool=h100-sxm*4:tp4",
    "v1&model=deepseek-v3&isl=8k&osl=1k&engine=sglang&pool=b200*8:tp8:etp8",
    "v1&model=llama3-70b&isl=4k&osl=256&engine=trtllm&pool=b200*2:tp2",
    "v1&model=gpt-oss-120b&isl=1k&osl=2k&engine=trtllm&pool=h200*4:tp4:etp4",
    "v1&model=qwen3-32b&weights=bf16&isl=1k&osl=512&engine=atom&pool=mi300x*2:tp2",
    "v1&model=llama3-70b&isl=4k&osl=512&prefill=h100-sxm*4:tp4&decode=h200*4:tp4",
    "v1&model=llama3-8b&isl=1k&osl=512&engine=sglang&prefill=h100-sxm*2:tp1&decode=h100-sxm*2:tp1",
    "v1&model=deepseek-v3&isl=8k&osl=1k&engine=trtllm&prefill=b200*8:tp8:ep8&decode=b200*8:tp8:ep8",
];

/// One run: closed form, and replay over the closed form, of TTFT, TPOT and the time that all take.
struct Run {
    name: String,
    requests: f64,
    rounds: u32,
    off: [f64; 3],
    told: [f64; 3],
}

fn run(scenario: &Scenario, name: String, rounds: u32) -> Option<Run> {
    let closed = serve::serve(scenario, constants()).unwrap();
    let limited = |own: &serve::Warning| {
        matches!(own, serve::Warning::KvLimited { .. } | serve::Warning::SequencesLimited { .. })
    };
    if closed.warnings.iter().any(limited) {
        return None;
    }
    let models = serve::Models::of(scenario).unwrap();
    let deployment = Deployment::new(scenario, constants(), &models).unwrap();
    let mut engine = Replay::start(&deployment, &Asked::Scenario);
    assert!(engine.run(u64::MAX).done);
    let own = engine.result(scenario.slo, 0);
    let count = f64::from(own.counts.arrived);
    let end = engine.records().iter().map(|own| own.arrival + f64::from(own.e2e)).fold(0.0, f64::max);
    let told = [closed.ttft.get(), closed.tpot.get(), closed.rate.get()];
    let found = [own.ttft.unwrap().mean.value.get(), own.tpot.unwrap().mean.value.get(), count / end];
    assert_eq!(count, f64::from(scenario.flags.prompts.unwrap()), "{name}");
    let off = [0, 1, 2].map(|at| told[at] / found[at] - 1.0);
    Some(Run { name, requests: count, rounds, off, told })
}

fn runs() -> Vec<Run> {
    let mut runs = Vec::new();
    for text in LINKS {
        for spread in [1.0, 0.8, 0.3] {
            for users in [1.0, 4.0, 16.0, 64.0, 128.0] {
                for rounds in [1, 2, 4, 10] {
                    let mut scenario = link::parse(text).understood().unwrap().scenario;
                    scenario.workload.spread = spread;
                    scenario.load = Load::Closed { concurrency: users };
                    scenario.flags.prompts = Some(users as u32 * rounds);
                    runs.extend(run(
                        &scenario,
                        format!("{text}, spread {spread}, {users} users x {rounds}"),
                        rounds,
                    ));
                }
            }
        }
    }
    runs
}

#[test]
#[ignore = "prints the table"]
fn table() {
    for own in runs() {
        let [ttft, tpot, rate] = own.off.map(|off| 100.0 * off);
        println!("{ttft:+7.1} {tpot:+7.1} {rate:+7.1} {:.3} {}", own.told[0], own.name);
    }
}

#[test]
fn runs_take_as_long_as_their_replay() {
    let (mut near, mut apart) = ([(0, 0); 3], Vec::new());
    for own in runs() {
        // A handful of drawn lengths is what it is.
        let exact = own.name.contains("spread 1,");
        if own.requests < 16.0 && !exact {
            continue;
        }
        // In a single round decode fills and empties, which the closed form of its steps does not see.
        let tpot = if own.rounds == 1 { 0.25 } else { 0.15 };
        for (at, (what, most)) in [("TTFT", 0.35), ("TPOT", tpot), ("rate", 0.3)].into_iter().enumerate() {
            if own.off[at].abs() >= most {
                apart.push(format!("{}: {what} is off by {:.3}", own.name, own.off[at]));
            }
            near[at].1 += 1;
            near[at].0 += i32::from(own.off[at].abs() <= 0.1);
        }
    }
    println!("within 10 %: {near:?}");
    assert!(apart.is_empty(), "{}", apart.join("\n"));
    let shares = near.map(|(near, all)| f64::from(near) / f64::from(all));
    assert!(shares[0] > 0.88 && shares[1] > 0.93 && shares[2] > 0.9, "{shares:?}");
}

fn seen(link: &str) -> serve::Steady {
    serve::serve(&link::parse(link).understood().unwrap().scenario, constants()).unwrap()
}

#[test]
fn long_runs_are_the_settled_service_and_short_ones_wait_longer() {
    for link in LINKS {
        let of = |flags: &str| seen(&format!("{link}&concurrency=32&spread=0.8{flags}"));
        let settled = of("");
        let mut last = f64::INFINITY;
        for prompts in [32, 64, 128, 320, 3200, 3_200_000] {
            let run = of(&format!("&prompts={prompts}"));
            // Where prompts take most of the time a burst is no worse than what follows.
            assert!(run.ttft.get() <= last * 1.01, "{link}, {prompts}");
            assert!(run.rate <= settled.rate * 1.05 || prompts == 32, "{link}, {prompts}");
            last = run.ttft.get();
        }
        assert!((last / settled.ttft.get() - 1.0).abs() < 1e-3, "{link}: {last} against {:?}", settled.ttft);
    }
}

#[test]
fn runs_of_fewer_requests_than_users_are_those_of_as_many_users() {
    let link = "v1&model=llama3-70b&isl=1k&osl=1k&pool=h100-sxm*4:tp4";
    let few = seen(&format!("{link}&concurrency=64&prompts=16"));
    assert_eq!(few, seen(&format!("{link}&concurrency=16&prompts=16")));
}

#[test]
fn flags_do_what_they_say() {
    let link = "v1&model=deepseek-v3&isl=1k&osl=1k&engine=trtllm&concurrency=64&pool=h200*8:tp1:dp8:ep8";
    let plain = seen(link);
    // Ranks wait for each other under the flag of the benchmark only.
    let waits = seen(&format!("{link}&profile=inferencex&prompts=1000000"));
    assert!(waits.ttft > plain.ttft * 2.0, "{:?} {:?}", waits.ttft, plain.ttft);
    // The interval of streaming changes no mean.
    assert_eq!(seen(&format!("{link}&stream-interval=20")), plain);
    // A larger step takes more prompts, a smaller one cuts them.
    let one = "v1&model=llama3-8b&isl=8k&osl=256&concurrency=1&pool=h100-sxm*1";
    assert!(seen(&format!("{one}&chunk=1k")).ttft > seen(one).ttft);
    // Who finds no place in a step waits, and it is said.
    let most = seen("v1&model=llama3-8b&isl=1k&osl=256&concurrency=64&max-seqs=16&pool=h100-sxm*1");
    let limited =
        |own: &serve::Warning| matches!(own, serve::Warning::SequencesLimited { most, .. } if *most == 16.0);
    assert!(most.warnings.iter().any(limited), "{:?}", most.warnings);
    assert!(most.pools[0].batch.get() <= 16.0);
}

#[test]
fn what_does_not_exist_is_said() {
    let warned = |link: &str, wanted: fn(&serve::Warning) -> bool| seen(link).warnings.iter().any(wanted);
    let engine = |own: &serve::Warning| matches!(own, serve::Warning::NoSuchEngine { .. });
    let head = |own: &serve::Warning| matches!(own, serve::Warning::NoHead { .. });
    let pool =
        |engine: &str, pool: &str| format!("v1&model=llama3-8b&engine={engine}&concurrency=4&pool={pool}");
    for (own, chip, exists) in [
        ("trtllm", "mi300x*1", false),
        ("trtllm", "b200*1", true),
        ("vllm", "m3-ultra*1", false),
        ("mlx", "m3-ultra*1", true),
        ("llamacpp", "m3-ultra*1", true),
        ("atom", "mi355x*1", true),
        ("atom", "h100-sxm*1", false),
        ("vllm-tpu", "tpu-v6e*1", true),
        ("neuron", "trn2*1", true),
        ("sglang", "trn2*1", false),
        ("vllm", "groq-lpu1*576", true),
    ] {
        assert_eq!(warned(&pool(own, chip), engine), !exists, "{own} {chip}");
    }
    assert!(warned("v1&model=llama3-70b&pool=h100-sxm*4&spec=mtp:2", head));
    assert!(!warned("v1&model=deepseek-v3&pool=h200*8&spec=mtp:2", head));
}

//! Laws of wide expert parallelism: what may run beside an exchange and what it can save, how unevenly experts load their
//! ranks, and where attention and experts meet.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Engine};
use tandem::evaluate::evaluate;
use tandem::machine::{Form, Grouped, Skew, constants};
use tandem::pass::{Numerics, Op, OpKind, Plan, Portion, Shape};
use tandem::scenario::{ExpertParallel, Formats, Layout, Overlap, link};
use tandem::serve::Steady;
use tandem::units::Tokens;

/// Models, chips and ranks: within a node, over nodes, and in one domain of many hosts.
const CASES: [(&str, &str, u32); 7] = [
    ("deepseek-v3", "h200", 8),
    ("deepseek-v3", "h800", 144),
    ("deepseek-v3", "gb200-nvl72", 32),
    ("qwen3-235b-a22b", "h100-sxm", 32),
    ("qwen3-235b-a22b", "mi300x", 16),
    ("gpt-oss-120b", "b200", 16),
    ("deepseek-v2-lite", "l40s", 4),
];

fn plan(model: &str, chip: &str, ranks: u32, engine: Engine, experts: ExpertParallel) -> Plan<'static> {
    let model = catalog::model(model).unwrap();
    let layout = Layout { dp: ranks, ep: ranks, ..Layout::SINGLE };
    let numerics = Numerics::resolve(model, Formats::default());
    let chip = catalog::chip(chip).unwrap();
    Plan::new(constants(), model, chip, engine, numerics, (layout, None)).unwrap().with_experts(experts)
}

fn asks(overlap: Overlap) -> ExpertParallel {
    ExpertParallel { overlap, redundant: None }
}

/// Loads of a rank: decode of few and many, fractions among them, and prompts.
fn loads(ranks: u32) -> Vec<Shape> {
    let context = Tokens::new(4096.0);
    let decode = [1.0, 1.01, 1.99, 2.0, 2.01, 8.0, 33.3, 128.0, 512.0];
    let mut loads: Vec<Shape> =
        decode.map(|own| Shape::decode(own, context, f64::from(ranks))).into_iter().collect();
    for prompt in [16.0, 512.0, 8192.0] {
        loads.push(Shape::prefill(Tokens::new(prompt), Tokens::ZERO, f64::from(ranks)));
    }
    loads
}

fn serve(text: &str) -> Steady {
    let parsed = link::parse(&format!("v1&{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    evaluate(&parsed.scenario).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).steady
}

/// What is chosen is never slower than one after the other; no way is faster than kernels or exchanges alone.
#[test]
fn no_overlap_loses_and_none_is_faster_than_its_longer_half() {
    for (model, chip, ranks) in CASES {
        for engine in Engine::ALL {
            let of = |overlap| plan(model, chip, ranks, engine, asks(overlap));
            let [auto, none, sbo, tbo, fused] = Overlap::ALL.map(of);
            for load in loads(ranks) {
                let what = format!("{model} on {ranks} {chip} under {engine:?}, {load:?}");
                let serial = none.time(&load).get();
                let exchange: f64 = none
                    .breakdown(&load)
                    .iter()
                    .filter(|op| op.kind == OpKind::ExpertExchange)
                    .map(|op| op.time.get())
                    .sum();
                assert!(exchange > 0.0, "{what}: ranks exchange tokens");
                let longer = exchange.max(serial - exchange) * (1.0 - 1e-9);
                for (name, own) in [("auto", &auto), ("sbo", &sbo), ("fused", &fused)] {
                    let time = own.time(&load).get();
                    assert!(time <= serial * (1.0 + 1e-9), "{what}: {name} takes {time} of {serial}");
                    assert!(time >= longer, "{what}: {name} takes {time}, less than {longer}");
                }
                let two = tbo.time(&load).get();
                assert!(two >= longer, "{what}: two batches take {two}, less than {longer}");
                let halves = Shape { prompts: load.prompts / 2.0, sequences: load.sequences / 2.0, ..load };
                let parted = load.prompts > 0.0 || load.sequences >= 2.0;
                let most = if parted { 2.0 * none.time(&halves).get() } else { f64::INFINITY };
                assert!(two <= most * (1.0 + 1e-9), "{what}: two batches take {two} of {most}");
                assert!(auto.time(&load).get() <= sbo.time(&load).get() * (1.0 + 1e-9), "{what}");
            }
        }
    }
}

/// What operations add to a pass makes up its time, whatever runs beside what, and hidden work stays work.
#[test]
fn exposed_times_make_up_the_pass() {
    for (model, chip, ranks) in CASES {
        for overlap in Overlap::ALL {
            let own = plan(model, chip, ranks, Engine::Sglang, asks(overlap));
            for load in loads(ranks) {
                let ops = own.breakdown(&load);
                let what = format!("{model} on {ranks} {chip}, {overlap:?}, {load:?}");
                let sum: f64 = ops.iter().map(|op| op.exposed().get()).sum();
                assert!((sum / own.time(&load).get() - 1.0).abs() < 1e-9, "{what}: {sum}");
                for op in &ops {
                    assert!(
                        (0.0..=op.time.get() * (1.0 + 1e-12)).contains(&op.hidden.get()),
                        "{what}: {op:?}"
                    );
                }
                let hidden: f64 = ops.iter().map(|op| op.hidden.get()).sum();
                assert!(overlap != Overlap::None || hidden == 0.0, "{what}");
            }
        }
    }
}

/// More sequences never take less time, and one percent more takes about one percent more: no cliff where a batch becomes
/// large enough to part.
#[test]
fn steps_grow_with_their_load_without_cliffs() {
    for (model, chip, ranks) in CASES {
        for overlap in Overlap::ALL {
            let own = plan(model, chip, ranks, Engine::Vllm, asks(overlap));
            let mut last = 0.0;
            let mut sequences: f64 = 1.0;
            while sequences < 600.0 {
                let time = own.time(&Shape::decode(sequences, Tokens::new(4096.0), f64::from(ranks))).get();
                let what = format!("{model} on {ranks} {chip}, {overlap:?}, {sequences}");
                assert!(time >= last * (1.0 - 1e-9), "{what}: {time} after {last}");
                assert!(last == 0.0 || time < last * 1.04, "{what}: {time} after {last}");
                last = time;
                sequences *= 1.01;
            }
        }
    }
}

/// Two batches pay beyond one node at large batches, and are not taken where they don't; engines without them take none.
#[test]
fn two_batches_are_taken_where_they_win() {
    let load = |batch| Shape::decode(batch, Tokens::new(4096.0), 144.0);
    let of = |engine, overlap| plan("deepseek-v3", "h800", 144, engine, asks(overlap));
    let wins = |engine, batch| {
        of(engine, Overlap::Auto).time(&load(batch)) < of(engine, Overlap::Sbo).time(&load(batch)) * 0.9
    };
    assert!(wins(Engine::Sglang, 128.0) && wins(Engine::Vllm, 128.0));
    assert!(!wins(Engine::Sglang, 2.0));
    assert!(!wins(Engine::Trtllm, 128.0));
    // One rank has nobody to exchange with.
    let alone = plan("deepseek-v2-lite", "h200", 1, Engine::Vllm, asks(Overlap::Tbo));
    let ops = alone.breakdown(&Shape::decode(64.0, Tokens::new(1024.0), 1.0));
    assert!(ops.iter().all(|op| op.kind != OpKind::ExpertExchange && op.hidden.get() == 0.0));
}

fn group(experts: f64, top_k: f64, ep: f64, copies: f64) -> Grouped {
    Grouped {
        experts,
        slots: experts + copies,
        top_k,
        ep,
        width: 4096.0,
        inter: 1536.0,
        matrices: 3.0,
        weight: 1.0,
        activation: 1.0,
    }
}

/// The busiest rank has at least the mean and at most all; one rank has it exactly; more ranks are more uneven, more tokens and
/// more redundant experts less; nothing jumps with tokens.
#[test]
fn skew_is_at_least_one_and_falls_with_tokens_and_copies() {
    for (experts, k) in [(8.0, 2.0), (128.0, 8.0), (256.0, 8.0), (384.0, 8.0)] {
        for skew in [Form::served(), Form::power_law(), Skew::NONE] {
            let busiest = |ep, copies, tokens| skew.busiest(&group(experts, k, ep, copies), tokens);
            assert!((busiest(1.0, 0.0, 64.0) - 1.0).abs() < 1e-12);
            let mut before = [1.0; 60];
            for ranks in [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0] {
                let mut last: Option<f64> = None;
                for (step, before) in before.iter_mut().enumerate() {
                    let tokens = 1.3_f64.powi(i32::try_from(step).unwrap());
                    let own = busiest(ranks, 0.0, tokens);
                    assert!(own >= 1.0 && own <= ranks, "{own} on {ranks}");
                    assert!(own >= *before - 1e-12, "{own} after {before} on {ranks} with {tokens}");
                    let steady = last.is_none_or(|last| own <= last + 1e-12 && own > last * 0.75);
                    assert!(steady, "{own} after {last:?} on {ranks} of {experts} with {tokens}: {skew:?}");
                    (*before, last) = (own, Some(own));
                }
            }
            let mut last = f64::INFINITY;
            for share in [0.0, 0.125, 0.25, 0.5, 1.0, 4.0, 32.0, 1024.0] {
                let own = busiest(8.0, share * experts, 1e9);
                assert!(own <= last, "{own} after {last} with {share}");
                last = own;
            }
            assert!(last < 1.02 || skew == Form::power_law(), "{last} with a thousand copies of each");
        }
    }
    // Every token takes every expert: nothing to choose.
    assert!((Form::served().busiest(&group(8.0, 8.0, 8.0, 0.0), 3.0) - 1.0).abs() < 1e-12);
}

/// Redundant experts take memory, and pay where many ranks have few experts each.
#[test]
fn redundant_experts_cost_memory_and_save_time() {
    let of = |redundant| {
        let experts = ExpertParallel { overlap: Overlap::None, redundant: Some(redundant) };
        plan("deepseek-v3", "h800", 32, Engine::Sglang, experts)
    };
    let (without, with) = (of(0), of(32));
    // 58 layers of one expert more on each rank: 3 x 7168 x 2048 weights of 1 byte and their scales.
    let more = with.weights().get() - without.weights().get();
    assert!((more / (58.0 * 3.0 * 7168.0 * 2048.0) - 1.0).abs() < 0.01, "{more}");
    let load = Shape::decode(256.0, Tokens::new(2048.0), 32.0);
    assert!(with.time(&load) < without.time(&load) * 0.9);
    // Beyond a node they are there by themselves; within one they are not.
    let auto =
        |ranks| plan("deepseek-v3", "h800", ranks, Engine::Sglang, ExpertParallel::default()).weights();
    assert_eq!(auto(32), with.weights());
    let none = ExpertParallel { overlap: Overlap::Auto, redundant: Some(0) };
    assert_eq!(auto(8), plan("deepseek-v3", "h800", 8, Engine::Sglang, none).weights());
}

/// Attention and experts on pools of their own have one exchange, the way between them; tokens go to as many ranks or nodes as
/// hold one of their experts.
#[test]
fn a_pool_of_experts_has_no_exchange_of_its_own() {
    let load = Shape::decode(64.0, Tokens::new(4096.0), 16.0);
    let ops = |portion| -> Vec<Op> {
        plan("deepseek-v3", "h800", 16, Engine::Sglang, ExpertParallel::default())
            .only(portion)
            .breakdown(&load)
    };
    let exchanged = |ops: Vec<Op>| ops.iter().any(|op| op.kind.is_exchange());
    assert!(exchanged(ops(Portion::Whole)));
    assert!(!exchanged(ops(Portion::Ffn)) && !exchanged(ops(Portion::Attention)));
    let bytes = |ffn: &str, connection: &str| {
        let text = format!(
            "model=deepseek-v3&isl=4k&osl=1k&concurrency=512&attention=h200*16:tp1&ffn={ffn}&link={connection}&micro=3"
        );
        serve(&text).flows.iter().map(|flow| flow.bytes.get()).fold(0.0, f64::max)
    };
    // Of two nodes a token of 8 experts reaches both, but for 1 in 128; of one node one.
    let (one, two) = (bytes("h200*8:tp1:dp8:ep8", "auto"), bytes("h200*16:tp1:dp16:ep16", "auto"));
    assert!((1.85..2.0).contains(&(two / one)), "{}", two / one);
}

/// DeepSeek-V3 decode on 144 H800 (arXiv 2507.19427: 2,324 tokens per second and chip at 50 ms) and on 72 H100 (LMSYS, 2025-05:
/// 22,282 a node with 256 sequences of 2,000 tokens a chip, 17,373 with 128 of 4,000).
#[test]
fn public_decode_of_wide_deployments() {
    let decode = |chip: &str, ranks: u32, each: u32, lengths: &str| {
        let users = ranks * each;
        let steady = serve(&format!(
            "model=deepseek-v3&engine=sglang&{lengths}&concurrency={users}&prefill={chip}*4096:tp1:dp32:ep32&\
             decode={chip}*{ranks}:tp1:dp{ranks}:ep{ranks}"
        ));
        steady.throughput().get() / f64::from(ranks)
    };
    for (rate, measured) in [
        (decode("h800", 144, 116, "isl=4k&osl=1k"), 2324.0),
        (decode("h100-sxm", 72, 256, "isl=2000&osl=100"), 22_282.0 / 8.0),
        (decode("h100-sxm", 72, 128, "isl=4000&osl=200"), 17_373.0 / 8.0),
    ] {
        assert!((rate / measured).ln().abs() < 1.35_f64.ln(), "{rate} against {measured}");
    }
}

/// Links say it, and what is no way is an error with the ways there are.
#[test]
fn links_say_how_experts_run() {
    let text = "v1&model=deepseek-v3&overlap=tbo&redundant=32&pool=h200*8:tp1:dp8:ep8";
    let scenario = link::parse(text).scenario;
    assert_eq!(scenario.experts, ExpertParallel { overlap: Overlap::Tbo, redundant: Some(32) });
    assert_eq!(link::parse(&link::write(&scenario, &[])).scenario, scenario);
    for (wrong, near) in [("overlap=tob", "tbo"), ("overlap=dbo", "tbo"), ("redundant=-1", "0 to 4096")] {
        let parsed = link::parse(&format!("v1&model=deepseek-v3&{wrong}&pool=h200*8:tp1:dp8:ep8"));
        let said = format!("{:?}", parsed.notices);
        assert!(said.contains(near), "{wrong}: {said}");
    }
}

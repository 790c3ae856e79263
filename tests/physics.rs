//! Laws of what is served, over all chips, engines and formats of the catalogue: whatever was fitted, a newer sibling is not
//! slower, a prefix leaves its attention to pay, an indexer does not make a model slower that it is there to make faster.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Chip, ComputeType, Engine, NumberFormat};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::machine::{
    Fabric, Grouped, Heads, Kernel, Limit, Operation, Operator, Skew, Work, constants, wire,
};
use tandem::pass::{Numerics, OpKind, Plan, Shape};
use tandem::scenario::{Formats, Layout, Wire, link};
use tandem::units::{Bytes, Seconds, Tokens};

/// Newer siblings after their elders: what the elder does, the newer does no slower.
const SIBLINGS: [(&str, &str); 15] = [
    ("h100-sxm", "h200"),
    ("b200", "b300"),
    ("gb200-nvl72", "gb300-nvl72"),
    ("gb300-nvl72", "vr200-nvl72"),
    ("a100-40", "a100-80"),
    ("mi300x", "mi325x"),
    ("mi325x", "mi355x"),
    ("mi355x", "mi455x"),
    ("tpu-v5e", "tpu-v6e"),
    ("tpu-v5p", "tpu-7x"),
    ("trn1", "trn2"),
    ("trn2", "trn3"),
    ("m4-max", "m5-max"),
    ("m3-ultra", "m5-ultra"),
    ("ascend-910b", "ascend-910c"),
];

fn chip(id: &str) -> &'static Chip {
    catalog::chip(id).unwrap()
}

/// Chips that kernel laws describe.
fn chips() -> Vec<&'static Chip> {
    let has_kernels = |chip: &&Chip| chip.gap().is_none() && constants().sram(chip).is_none();
    catalog::chips().iter().filter(has_kernels).collect()
}

/// What a link says, where the model fits.
fn served(text: &str) -> Option<Evaluation> {
    let parsed = link::parse(text);
    assert!(parsed.notices.is_empty(), "{text}: {:?}", parsed.notices);
    evaluate(&parsed.scenario).ok()
}

fn tp(degree: u32) -> Layout {
    Layout { tp: degree, etp: degree, ..Layout::SINGLE }
}

fn plan(
    model: &str,
    chip: &Chip,
    engine: Engine,
    weights: Option<NumberFormat>,
    layout: Layout,
) -> Option<Plan<'static>> {
    let model = catalog::model(model).unwrap();
    let numerics = Numerics::resolve(model, Formats { weights, ..Formats::default() });
    Plan::new(constants(), model, chip, engine, numerics, (layout, None))
}

/// Time of a kind of operation in a pass.
fn of(kind: OpKind, plan: &Plan<'_>, shape: &Shape) -> Seconds {
    plan.breakdown(shape)
        .iter()
        .filter(|op| op.kind == kind)
        .map(|op| op.time)
        .fold(Seconds::ZERO, |a, b| a + b)
}

#[test]
fn a_newer_sibling_never_serves_slower() {
    let mut seen = 0;
    for (elder, newer) in SIBLINGS {
        for (model, chips) in [
            ("llama3-8b", 1),
            ("llama3-70b", 8),
            ("qwen3-30b-a3b", 2),
            ("deepseek-v3", 16),
            ("gemma3-27b", 4),
        ] {
            for format in ["native", "bf16", "fp8", "int4", "nvfp4"] {
                for engine in ["vllm", "sglang", "trtllm"] {
                    for (users, lengths) in [
                        (1, "isl=512&osl=128"),
                        (1, "isl=64k&osl=64"),
                        (128, "isl=512&osl=128"),
                        (64, "isl=8k&osl=256"),
                    ] {
                        let at = |chip: &str| {
                            let own = served(&format!(
                                "v1&model={model}&weights={format}&engine={engine}&{lengths}&concurrency={users}&pool={chip}*{chips}:tp{chips}"
                            ))?;
                            Some((own.steady.tpot.get(), own.steady.rate.get()))
                        };
                        let (Some(old), Some(new)) = (at(elder), at(newer)) else { continue };
                        let what =
                            format!("{newer} after {elder}: {model} {format} {engine} {users} {lengths}");
                        assert!(new.1 >= old.1 / 1.02, "{what}: {} of {} requests a second", new.1, old.1);
                        assert!(
                            users > 1 || new.0 <= old.0 * 1.02,
                            "{what}: {} s a token, {} before",
                            new.0,
                            old.0
                        );
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 2000, "only {seen}");
}

/// A cached prefix spares the products of its tokens, not the attention of the new ones over it: of 64k at 90 %, whose new
/// tokens see 19 % of all pairs.
#[test]
fn a_prefix_from_cache_leaves_attention_over_it_to_pay() {
    for chip in chips() {
        for (model, degree) in [("llama3-8b", 1), ("llama3-70b", 8), ("deepseek-v3", 8)] {
            let Some(plan) = plan(model, chip, Engine::Vllm, None, tp(degree)) else { continue };
            let time = |new: f64, past: f64| {
                of(OpKind::PrefillAttention, &plan, &Shape::prefill(Tokens::new(new), Tokens::new(past), 1.0))
                    .get()
            };
            let all = time(65_536.0, 0.0);
            let rest = time(6554.0, 58_982.0);
            assert!((0.17..0.4).contains(&(rest / all)), "{} {model}: {} of it all", chip.id, rest / all);
            assert!(rest > 5.0 * time(6554.0, 0.0), "{} {model}: the prefix costs nothing", chip.id);
        }
    }
}

/// DeepSeek-V3.2 selects what it attends to. Each rank of tensor parallelism scores all of it again, which shorter prompts do
/// not earn back there.
#[test]
fn an_indexer_makes_long_prompts_faster() {
    let wide = Layout { dp: 8, ep: 8, ..Layout::SINGLE };
    // Where 8 bits are no faster than 16, ranks that score all of it again earn it back later still.
    let faster = |chip: &&Chip| {
        let peaks = chip.peaks.fp8.zip(chip.peaks.bf16);
        peaks.is_some_and(|(narrow, wide)| narrow.get() > wide.get() * 1.5)
    };
    for chip in chips().into_iter().filter(faster) {
        for (layout, prompts) in [(tp(8), [32_768.0, 131_072.0]), (wide, [8192.0, 65_536.0])] {
            let Some(with) = plan("deepseek-v3.2", chip, Engine::Sglang, None, layout) else { continue };
            let without = plan("deepseek-v3", chip, Engine::Sglang, None, layout).unwrap();
            for prompt in prompts {
                let shape = Shape::prefill(Tokens::new(prompt), Tokens::ZERO, 1.0);
                let (own, other) = (with.time(&shape).get(), without.time(&shape).get());
                assert!(own <= other * 1.02, "{} {layout:?} {prompt}: {own} against {other}", chip.id);
            }
        }
    }
}

/// Stages across nodes, ranks inside them, read 128k sooner than 32 ranks that sum over the network after every half layer.
#[test]
fn stages_across_nodes_read_long_prompts_sooner_than_ranks() {
    for chip in ["h20", "h800", "h100-sxm", "h200"] {
        for engine in ["vllm", "sglang"] {
            let at = |layout: &str| {
                let text = format!(
                    "v1&model=deepseek-v3&engine={engine}&isl=128k&osl=64&concurrency=1&pool={chip}*32:{layout}"
                );
                served(&text).unwrap().steady.ttft
            };
            let (stages, ranks) = (at("tp8:pp4"), at("tp32"));
            assert!(stages < ranks, "{chip} {engine}: {stages:?} against {ranks:?}");
        }
    }
}

/// An engine's own all-reduce does not leave the node: beyond it each costs the latency of the network twice.
#[test]
fn ranks_across_nodes_pay_the_network_in_every_layer() {
    for chip in chips().into_iter().filter(|chip| chip.scale_up.is_some_and(|up| up.domain == 8)) {
        let measured = constants().measured(&chip.id);
        for engine in Engine::ALL {
            let fabric = Fabric::new(constants(), chip, constants().engine(engine, &chip.id), measured);
            let time =
                |ranks| fabric.collective(Operation::AllReduce, ranks).time(Bytes::new(14_336.0)).0.get();
            let more = time(16) - time(8);
            assert!((30e-6..150e-6).contains(&more), "{} {engine:?}: {more} s more", chip.id);
        }
    }
}

/// The network adapters of AWS are shared by the chips of an instance: 3,200 Gb/s by sixteen Trainium2, 800 by sixteen
/// Trainium1, 100 by twelve Inferentia2.
#[test]
fn efa_is_shared_by_the_chips_of_an_instance() {
    for (chip, giga) in [("trn2", 25.0), ("trn1", 6.25), ("inf2", 1.04), ("h200", 50.0), ("a100-80", 6.25)] {
        let found = wire(Wire::Efa, chip).unwrap().bandwidth.unwrap().get() / 1e9;
        assert!((found - giga).abs() < 0.01, "{chip}: {found} GB/s");
    }
}

#[test]
fn attention_of_long_prompts_waits_for_arithmetic() {
    for chip in chips() {
        for format in [NumberFormat::Bf16, NumberFormat::Fp8] {
            let heads =
                Heads { q: 32.0, kv: 8.0, d: 128.0, v: 128.0, cached: 256.0, element: format.cached_bytes() };
            let law = Kernel::find(&constants().measured(&chip.id), Operator::PrefillAttention, chip, format)
                .unwrap();
            let bound = law.time(&Work::prefill(heads, 1.0, 16_384.0, 0.0, 8192.0));
            assert_eq!(bound.limit, Limit::Compute, "{} {format:?}", chip.id);
        }
    }
}

/// Grouped products of DeepSeek's experts at 128 to 512 rows each, on an H200: 380 to 394 TFLOPS in tables.
#[test]
fn experts_reach_what_tables_show() {
    let chip = chip("h200");
    let own = Grouped {
        experts: 256.0,
        slots: 256.0,
        top_k: 8.0,
        ep: 1.0,
        width: 7168.0,
        inter: 1024.0,
        matrices: 3.0,
        weight: NumberFormat::Fp8Block.weight_bytes(catalog::model::GROUP),
        activation: 1.0,
    };
    let law =
        Kernel::find(&constants().measured("h200"), Operator::Experts, chip, NumberFormat::Fp8Block).unwrap();
    for (tokens, tera) in [(4096.0, 380.0), (8192.0, 394.0), (16_384.0, 390.0)] {
        let work = Work::experts(own, tokens, Skew::NONE);
        let reached = work.flops().get() / law.time(&work).time.get() / 1e12;
        assert!((reached / tera - 1.0).abs() < 0.15, "{tokens} tokens: {reached} TFLOPS");
    }
}

/// Experts in mxfp4 beside 8-bit activations on a B200, of which kernels guess how many rows each gets: as if all tokens were
/// their rank's. With few experts of many on a rank the tiles are too high, and as good as empty.
#[test]
fn experts_on_many_ranks_run_in_tiles_too_high() {
    let chip = chip("b200");
    let law =
        Kernel::find(&constants().measured("b200"), Operator::Experts, chip, NumberFormat::Mxfp4).unwrap();
    assert_eq!(law.unit, ComputeType::Fp8);
    let micros = |experts: f64, ep: f64, tokens: f64| {
        let own = Grouped {
            experts,
            slots: experts,
            top_k: 4.0,
            ep,
            width: 2880.0,
            inter: 2880.0,
            matrices: 3.0,
            weight: NumberFormat::Mxfp4.weight_bytes(catalog::model::GROUP),
            activation: 1.0,
        };
        law.time(&Work::experts(own, tokens, Skew::NONE)).time.get() * 1e6
    };
    // Experts, ranks, tokens, and microseconds of the kernel (tables of aiconfigurator-core 0.12.0).
    for (experts, ep, tokens, measured) in [
        (128.0, 4.0, 1.0, 21.07),
        (128.0, 4.0, 4.0, 25.28),
        (128.0, 4.0, 64.0, 85.8),
        (128.0, 4.0, 128.0, 97.43),
        (32.0, 32.0, 4.0, 21.4),
        (32.0, 32.0, 64.0, 56.94),
        (32.0, 32.0, 512.0, 61.07),
    ] {
        let own = micros(experts, ep, tokens);
        assert!((own / measured - 1.0).abs() < 0.3, "{experts}/{ep}, {tokens} tokens: {own} us");
    }
    // The same rows for each of the same experts, of as many as before and of eight times as many.
    assert!(micros(256.0, 32.0, 256.0) > micros(32.0, 4.0, 32.0) * 1.2);
}

/// What is read again and again is found in a large L2, as tables show; weights of a serving step are not.
#[test]
fn a_large_l2_serves_tables_and_no_steps() {
    for id in ["l40s", "rtx-pro-6000-bw"] {
        let chip = chip(id);
        let measured = constants().measured(id);
        let unit = NumberFormat::Bf16.compute_type();
        let alone =
            Kernel::find_in(&measured, Operator::DecodeAttention, chip, NumberFormat::Bf16, unit).unwrap();
        let heads = Heads { q: 32.0, kv: 8.0, d: 128.0, v: 128.0, cached: 256.0, element: 2.0 };
        let bandwidth = chip.memory.as_ref().unwrap().bandwidth;
        let rate = |law: &Kernel, keys: f64| {
            let work = Work::decode(heads, 8.0, keys, 1.0);
            (work.bytes / law.time(&work).time).get() / bandwidth.get()
        };
        // 34 MB are in the L2, 1 GB is not.
        assert!(rate(&alone, 1024.0) > rate(&alone.in_a_step(), 1024.0) * 1.1, "{id}");
        assert!((rate(&alone, 32_768.0) / rate(&alone.in_a_step(), 32_768.0) - 1.0).abs() < 0.01, "{id}");
        assert!(rate(&alone.in_a_step(), 1024.0) <= 1.0, "{id}");
    }
}

/// vLLM and SGLang reach about half of an MI300X: for one user of a dense model, and far less where weights have block scales,
/// whose kernels do not split the depth.
#[test]
fn amd_serves_at_about_half_of_its_bandwidth() {
    for (id, engine) in [("mi300x", "vllm"), ("mi300x", "sglang"), ("mi325x", "vllm"), ("mi325x", "sglang")] {
        let text = |rest: &str| format!("v1&engine={engine}&isl=1k&osl=256&concurrency=1&{rest}");
        let dense = served(&text(&format!("model=llama3-70b&weights=bf16&pool={id}*1"))).unwrap();
        let read = 2.0 * catalog::model("llama3-70b").unwrap().parameters().total();
        let light = read / chip(id).memory.as_ref().unwrap().bandwidth.get();
        let reached = light / dense.steady.tpot.get();
        assert!((0.4..0.75).contains(&reached), "{id} {engine}: {reached} of the bandwidth");
        let tpot = |weights: &str| {
            served(&text(&format!("model=qwen3-30b-a3b&weights={weights}&pool={id}*1"))).unwrap().steady.tpot
        };
        assert!(tpot("fp8-block") > tpot("int8"), "{id} {engine}");
    }
}

//! Context parallelism: what sharing contexts out spares, what it costs, and what is known of it in public; and that the chips
//! of a host, a workstation or a rack are given tensor parallelism.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::catalog::{self, Chip, Engine};
use tandem::evaluate::evaluate;
use tandem::machine::{Fabric, Operation, constants};
use tandem::pass::{Numerics, OpKind, Plan, Shape};
use tandem::replay::{Asked, Replay};
use tandem::scenario::{Formats, Layout, link};
use tandem::serve::{self, Deployment, Steady, Warning};
use tandem::units::{Bytes, Seconds, Tokens};

/// Models of each kind of attention, with the tensor-parallel ranks of a replica and the ranks that hold copies of its cache.
const KINDS: [(&str, u32, u32); 7] = [
    ("deepseek-v3", 8, 8),
    ("deepseek-v3.2", 8, 8),
    ("deepseek-v4-pro", 8, 8),
    ("qwen3-235b-a22b", 8, 2),
    ("qwen3-30b-a3b", 8, 2),
    ("qwen3-next-80b-a3b", 8, 4),
    ("kimi-linear-48b", 4, 4),
];

fn serve(text: &str) -> Steady {
    let parsed = link::parse(&format!("v1&{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    evaluate(&parsed.scenario).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).steady
}

fn refused(text: &str) -> String {
    let parsed = link::parse(&format!("v1&{text}"));
    assert_eq!(parsed.notices, [], "{text}");
    evaluate(&parsed.scenario).expect_err(text).to_string()
}

fn plan(model: &str, chip: &str, engine: Engine, layout: Layout) -> Plan<'static> {
    let model = catalog::model(model).unwrap();
    let numerics = Numerics::resolve(model, Formats::default());
    let chip = catalog::chip(chip).unwrap();
    Plan::new(constants(), model, chip, engine, numerics, (layout, None)).unwrap()
}

fn tp(degree: u32) -> Layout {
    Layout { tp: degree, etp: degree, ..Layout::SINGLE }
}

/// Time of one kind of operation that adds to a pass, and its bytes.
fn of(plan: &Plan<'_>, shape: &Shape, kind: OpKind) -> (f64, f64) {
    let ops = plan.breakdown(shape);
    let own = ops.iter().filter(|op| op.kind == kind);
    own.fold((0.0, 0.0), |sum, op| (sum.0 + op.exposed().get(), sum.1 + op.bytes.get()))
}

fn prompt(tokens: f64, past: f64) -> Shape {
    Shape::prefill(Tokens::new(tokens), Tokens::new(past), 1.0)
}

fn close(a: f64, b: f64, share: f64, what: &str) {
    assert!((a / b - 1.0).abs() <= share, "{what}: {a} against {b}");
}

#[test]
fn degrees_of_one_are_the_layout_without_them() {
    for layout in ["tp8", "tp1:dp8", "tp4:pp2", "tp2:dp4:ep8"] {
        let of = |more: &str| serve(&format!("model=deepseek-v3&isl=32k&osl=512&pool=h200*8:{layout}{more}"));
        assert_eq!(of(""), of(":pcp1:dcp1"), "{layout}");
    }
}

/// `dcp` adds no chip and no weights, and divides the cache of a chip by itself as far as there are copies of it; `pcp` brings
/// chips with the same weights, and each holds its part.
#[test]
fn the_cache_is_spread_and_the_weights_are_not() {
    for (model, ranks, copies) in KINDS {
        let context = Tokens::new(65_536.0);
        let of = |pcp, dcp| plan(model, "b200", Engine::Vllm, Layout { pcp, dcp, ..tp(ranks) });
        let (alone, mut least) = (of(1, 1), 0.0);
        for dcp in (0..4).map(|power| 1_u32 << power).filter(|dcp| ranks.is_multiple_of(*dcp)) {
            let own = of(1, dcp);
            assert_eq!((own.layout().chips(), own.weights()), (ranks, alone.weights()), "{model} dcp{dcp}");
            let room = own.kv_capacity(context).get();
            assert!(room >= least, "{model}: dcp{dcp} leaves less room");
            least = room;
            let cache = alone.cache_per_sequence(context) / own.cache_per_sequence(context);
            let shards = f64::from(dcp.min(copies));
            // States of constant size are split by heads already, and layers differ in theirs.
            assert!(cache <= shards * (1.0 + 1e-9), "{model}: dcp{dcp} divides the cache by {cache}");
            if !catalog::model(model).unwrap().attention.iter().any(|own| own.kind.state_elements() > 0.0) {
                close(cache, shards, 1e-9, model);
                close(room / alone.kv_capacity(context).get(), shards, 1e-9, model);
            }
        }
        for pcp in [2, 4, 16] {
            let own = of(pcp, 1);
            assert_eq!(
                (own.layout().chips(), own.weights()),
                (ranks * pcp, alone.weights()),
                "{model} pcp{pcp}"
            );
            assert!(own.kv_capacity(context) > alone.kv_capacity(context), "{model} pcp{pcp}");
        }
    }
}

/// On eight chips a latent cache has nearly eight times the room, as vLLM says of `-tp 8 -dcp 8` (pull request 23734: the
/// cache's token budget grows by `dcp` times), and a context that no host holds fits where copies share it.
#[test]
fn eight_chips_hold_eight_times_the_context() {
    let room = |layout: &str| {
        let steady = serve(&format!("model=deepseek-v3&isl=8k&osl=1k&concurrency=4&pool=h200*8:{layout}"));
        let [pool] = steady.pools.as_slice() else { panic!("one pool") };
        let memory = pool.memory;
        assert_eq!(pool.chips, 8);
        assert!(memory.weights + memory.kv + memory.overhead <= memory.capacity * (1.0 + 1e-9), "{layout}");
        (memory.kv_capacity.get(), memory.kv.get())
    };
    let ((alone, held), (shared, part)) = (room("tp8"), room("tp8:dcp8"));
    close(shared / alone, 8.0, 0.02, "tokens of cache");
    close(held / part, 8.0, 0.2, "bytes of cache in use on a chip");
    // Qwen3-235B has four KV heads: eight ranks hold two copies (vLLM, context_parallel_deployment.md).
    let of = |layout| serve(&format!("model=qwen3-235b-a22b&isl=8k&pool=h200*8:{layout}")).pools[0].memory;
    close(of("tp8:dcp2").kv_capacity / of("tp8").kv_capacity, 2.0, 0.02, "two copies");
    let long = "model=llama3.1-405b&weights=fp8&isl=1500k&osl=256&concurrency=1";
    assert!(refused(&format!("{long}&pool=h200*8:tp8")).contains("does not fit"));
    assert!(serve(&format!("{long}&pool=h200*32:tp8:pcp4")).ttft.get() > 0.0);
}

/// A long prompt takes near its share of the time on so many copies of the chips, and never less than its attention does.
#[test]
fn long_prompts_fall_with_the_copies_that_share_them() {
    for (model, engine) in [
        ("llama3-70b", Engine::Vllm),
        ("llama3-70b", Engine::Sglang),
        ("llama3.1-405b", Engine::Vllm),
        ("gemma3-27b", Engine::Vllm),
        ("qwen3-next-80b-a3b", Engine::Sglang),
        ("deepseek-v3", Engine::Sglang),
        ("deepseek-v3.2", Engine::Vllm),
    ] {
        for chip in ["h200", "gb200-nvl72", "mi355x"] {
            let at = |pcp: u32, tokens: f64| {
                let own = plan(model, chip, engine, Layout { pcp, ..tp(8) });
                let shape = prompt(tokens, 0.0);
                (own.time(&shape).get(), of(&own, &shape, OpKind::PrefillAttention).0)
            };
            let long = 131_072.0;
            let (alone, attention) = at(1, long);
            let mut before = alone;
            for pcp in [2_u32, 4, 8, 16] {
                let parts = f64::from(pcp);
                let (time, _) = at(pcp, long);
                let what = format!("{model} on {chip} under {engine:?}, pcp{pcp}: {time} of {alone}");
                assert!(time < before, "{what}");
                assert!(time >= alone / parts * (1.0 - 1e-9), "{what}: nothing is done twice as well");
                assert!(time >= attention / parts, "{what}: attention alone takes longer");
                // Up to four copies little else is felt.
                assert!(pcp > 4 || time < alone / parts * 1.35, "{what}");
                before = time;
            }
            // A short prompt gains less: latencies stay.
            let gain = |tokens| at(1, tokens).0 / at(8, tokens).0;
            assert!(gain(256.0) < gain(long), "{model} on {chip}");
        }
    }
}

/// Bytes of keys and values that a rank gets of a prompt, by hand; where queries are fewer, they travel instead.
#[test]
fn keys_and_values_go_around_once() {
    let own = plan("llama3-70b", "h200", Engine::Vllm, Layout { pcp: 4, ..tp(8) });
    let (_, bytes) = of(&own, &prompt(8192.0, 0.0), OpKind::ContextExchange);
    // 80 layers, one KV head a rank, 128 elements of a key and as many of a value in 16 bits; three quarters are others'.
    close(bytes, 80.0 * 8192.0 * 256.0 * 2.0 * 0.75, 1e-9, "bytes of a prompt");
    let (_, behind) = of(&own, &prompt(64.0, 500_000.0), OpKind::ContextExchange);
    // 64 queries and outputs of eight heads are fewer than the keys of 500k tokens.
    close(behind, 80.0 * 64.0 * 8.0 * 256.0 * 2.0 * 0.75, 1e-9, "bytes of queries");
    // A layer with a window needs its neighbours only.
    let gemma = plan("gemma3-27b", "h200", Engine::Vllm, Layout { pcp: 4, ..tp(8) });
    let of_gemma = |tokens| of(&gemma, &prompt(tokens, 0.0), OpKind::ContextExchange).1;
    assert!(of_gemma(262_144.0) < 2.0 * of_gemma(65_536.0) * 2.0);
}

/// What is exchanged passes beside attention as far as that lasts; only its latency and the rest are felt.
#[test]
fn the_exchange_of_long_prompts_hides_behind_attention() {
    let own = plan("llama3-70b", "h100-sxm", Engine::Vllm, Layout { pcp: 8, ..tp(8) });
    let share = |tokens: f64| {
        let shape = prompt(tokens, 0.0);
        let ops = own.breakdown(&shape);
        let exchange = ops.iter().find(|op| op.kind == OpKind::ContextExchange).unwrap();
        assert!(exchange.hidden >= Seconds::ZERO && exchange.hidden <= exchange.time - exchange.fixed);
        let sum: Seconds = ops.iter().map(tandem::pass::Op::exposed).sum();
        close(sum.get(), own.time(&shape).get(), 1e-9, "operations make up the pass");
        exchange.hidden / exchange.time
    };
    assert!(share(1_000_000.0) > share(8192.0));
    assert!(share(1_000_000.0) > 0.8, "{}", share(1_000_000.0));
}

/// Ranks of the same place in each copy lie a whole group apart: beyond one domain they meet over the network.
#[test]
fn copies_meet_inside_a_rack_and_across_hosts() {
    let fabric = |id: &str| {
        let chip: &Chip = catalog::chip(id).unwrap();
        let engine = constants().engine(Engine::Vllm, &chip.id);
        Fabric::new(constants(), chip, engine, constants().measured(&chip.id))
    };
    let time = |id, stride| fabric(id).apart(Operation::AllGather, 4, stride).time(Bytes::mega(64.0)).0.get();
    close(time("gb200-nvl72", 1), time("gb200-nvl72", 8), 1e-12, "in a rack it does not matter");
    assert!(time("h200", 8) > 4.0 * time("h200", 1), "across four hosts");
    close(time("h200", 2), time("h200", 1), 1e-12, "four pairs of a host");
    let prefill = |chip: &str| {
        let of =
            |pcp| plan("llama3-8b", chip, Engine::Vllm, Layout { pcp, ..tp(8) }).time(&prompt(4096.0, 0.0));
        of(1) / of(4)
    };
    assert!(prefill("gb200-nvl72") > prefill("b200"), "a rack scales better than hosts");
}

/// At long contexts a step reads its part of the cache and gets faster; at short ones it pays for two exchanges a layer.
#[test]
fn decode_pays_a_latency_and_spares_the_cache() {
    for (model, ranks, copies) in KINDS {
        // An indexer selects as many positions however long the context is, and states do not grow.
        let dense = !["deepseek-v3.2", "deepseek-v4-pro"].contains(&model);
        for engine in [Engine::Vllm, Engine::Sglang, Engine::Trtllm] {
            let of = |dcp| plan(model, "h200", engine, Layout { dcp, ..tp(ranks) });
            let (alone, shared) = (of(1), of(copies));
            let step = |plan: &Plan<'_>, sequences, context| {
                plan.time(&Shape::decode(sequences, Tokens::new(context), 1.0)).get()
            };
            let what = format!("{model} under {engine:?}");
            assert!(step(&shared, 1.0, 128.0) > step(&alone, 1.0, 128.0), "{what}: the exchange is not free");
            let layers = f64::from(catalog::model(model).unwrap().layers);
            let paid = step(&shared, 1.0, 128.0) - step(&alone, 1.0, 128.0);
            assert!(paid < layers * 80e-6, "{what}: {paid} s");
            let read = |plan: &Plan<'_>| of_cache(plan, 32.0, 131_072.0);
            if dense {
                assert!(step(&shared, 32.0, 131_072.0) < step(&alone, 32.0, 131_072.0), "{what}");
                close(read(&alone) / read(&shared), f64::from(copies), 0.03, &what);
            }
        }
    }
}

/// Bytes that attention reads in a step, without queries and outputs.
fn of_cache(plan: &Plan<'_>, sequences: f64, context: f64) -> f64 {
    let at =
        |context| of(plan, &Shape::decode(sequences, Tokens::new(context), 1.0), OpKind::DecodeAttention).1;
    at(context) - at(1.0)
}

/// Copies that share prompts have the same new tokens in decode: the cache is read in parts, weights are not.
#[test]
fn copies_of_a_prompt_share_the_cache_in_decode() {
    let of = |pcp| plan("llama3-70b", "h200", Engine::Vllm, Layout { pcp, ..tp(8) });
    let shape = Shape::decode(16.0, Tokens::new(131_072.0), 1.0);
    let (alone, shared) = (of(1), of(4));
    close(of_cache(&alone, 16.0, 1e5) / of_cache(&shared, 16.0, 1e5), 4.0, 1e-9, "cache");
    let weights = |plan: &Plan<'_>| self::of(plan, &shape, OpKind::DenseFfn).0;
    close(weights(&alone), weights(&shared), 1e-9, "weights");
    assert!(shared.time(&shape) < alone.time(&shape));
}

/// Copies have all experts each, or one set between them, which takes an exchange and leaves room.
#[test]
fn copies_have_or_share_experts() {
    let own = Layout { pcp: 2, ..tp(8) };
    let shared = Layout { etp: 1, ep: 16, ..own };
    let (own, shared) = (Layout { etp: 1, ep: 8, ..own }, shared);
    let of = |layout| plan("deepseek-v3", "h200", Engine::Sglang, layout);
    assert!(of(shared).weights() < of(own).weights() * 0.6);
    let time = |layout, kind| self::of(&of(layout), &prompt(8192.0, 0.0), kind);
    assert_eq!(time(own, OpKind::ExpertExchange), (0.0, 0.0));
    assert!(time(shared, OpKind::ExpertExchange).0 > 0.0);
    let rows = |layout| of(layout).breakdown(&prompt(8192.0, 0.0));
    let flops = |layout| {
        let ops = rows(layout);
        ops.iter().find(|op| op.kind == OpKind::Experts).unwrap().flops.get()
    };
    // Each chip does the same share of the tokens' expert work; how uneven it is differs a little.
    close(flops(own), flops(shared), 0.35, "work of experts");
    assert!(
        refused("model=deepseek-v3&pool=h200*32:tp8:dp1:pcp2:etp4:ep8").contains("tp times dp times pcp")
    );
}

#[test]
fn what_cannot_be_is_said_with_the_nearest_that_can() {
    let error = refused("model=deepseek-v3&pool=h200*8:tp8:dcp3");
    assert!(error.contains("dcp3") && error.contains("tp8") && error.contains("dcp2 is nearest"), "{error}");
    let error = refused("model=qwen3-235b-a22b&pool=h200*8:tp8:dcp8");
    assert!(error.contains("the 2 ranks that hold copies") && error.contains("dcp2 is nearest"), "{error}");
    let error = refused("model=llama3-70b&pool=h200*8:tp8:dcp2");
    assert!(error.contains("dcp1 is nearest"), "{error}");
    let error = refused("model=llama3-70b&pool=wse3*4:tp1:pcp2");
    assert!(error.contains("pcp2") && error.contains("stream weights"), "{error}");
    let error = refused("model=deepseek-v3&split=afd&attention=h200*16:tp8&ffn=h200*16:tp8:pcp2");
    assert!(error.contains("FFN layers have none"), "{error}");
    let error = refused("model=llama3-70b&pool=h200*8:tp8:pcp2");
    assert!(error.contains("16 chips"), "{error}");
}

/// Engines without a way to do it are named; the others are not.
#[test]
fn engines_without_context_parallelism_are_named() {
    let said = |engine: &str, layout: &str| {
        let chips = if layout.contains("pcp2") { 16 } else { 8 };
        let steady = serve(&format!("model=qwen3-30b-a3b&engine={engine}&pool=h200*{chips}:{layout}"));
        let own = |warning: &Warning| matches!(warning, Warning::NoContextParallel { .. });
        steady.warnings.iter().filter(|own_| own(own_)).count()
    };
    for (engine, prompts, caches) in [
        ("vllm", 0, 0),
        ("sglang", 0, 0),
        ("atom", 0, 0),
        ("trtllm", 1, 0),
        ("llamacpp", 1, 1),
        ("mlx", 1, 1),
    ] {
        assert_eq!(said(engine, "tp8:pcp2"), prompts, "{engine}");
        assert_eq!(said(engine, "tp8:dcp2"), caches, "{engine}");
        assert_eq!(said(engine, "tp8"), 0, "{engine}");
    }
}

/// Every split, on every engine, replayed event by event too.
#[test]
fn every_split_takes_it_and_the_replay_agrees() {
    for link in [
        "model=deepseek-v3&isl=64k&osl=256&rate=0.002&pool=h200*8:tp8:dcp8",
        "model=llama3-70b&isl=64k&osl=256&rate=0.002&pool=h200*16:tp8:pcp2",
        "model=deepseek-v3&isl=64k&osl=256&rate=0.002&prefill=h200*16:tp8:pcp2&decode=h200*8:tp8:dcp4",
        "model=deepseek-v3&isl=64k&osl=256&rate=0.002&prefill=h200*16:tp8:pcp2:ep16&decode=h200*8:tp8:dcp8",
        "model=deepseek-v3&isl=16k&osl=256&rate=0.002&split=pd-afd&prefill=h200*16:tp8:pcp2&attention=h200*8:tp8:dcp8&ffn=h200*8:tp8",
    ] {
        let mut scenario = link::parse(&format!("v1&{link}")).scenario;
        scenario.traffic.horizon = Some(tandem::scenario::traffic::Horizon::Requests { count: 300 });
        let closed = evaluate(&scenario).unwrap_or_else(|refusal| panic!("{link}: {refusal}")).steady;
        let models = serve::Models::of(&scenario).unwrap();
        let deployment = Deployment::new(&scenario, constants(), &models).unwrap();
        let mut replay = Replay::start(&deployment, &Asked::Scenario);
        let progress = replay.run(u64::MAX);
        assert_eq!(replay.faults(), 0, "{link}");
        let result = replay.result(scenario.slo, Asked::Scenario.warm_up(&scenario, progress.arrived));
        close(result.tpot.unwrap().mean.value.get(), closed.tpot.get(), 0.05, link);
        close(result.ttft.unwrap().mean.value.get(), closed.ttft.get(), 0.1, link);
    }
}

/// Meta's context parallelism (arXiv 2411.01783): Llama 3 405B, tensor parallel in each of 16 hosts of eight H100 of 500 W, feed-forward
/// layers in 8 bits: a million tokens in 77 s, 128k in 3.8 s, both within a quarter; 93 % of linear from one host.
#[test]
fn a_million_tokens_on_128_h100() {
    let of = |tokens: u32| {
        let pool = "h100-sxm*128:tp8:pcp16&cap=500W";
        let tokens = format!("isl={tokens}&chunk={tokens}&osl=2&concurrency=1");
        serve(&format!("model=llama3.1-405b&weights=fp8&{tokens}&pool={pool}")).ttft.get()
    };
    close(of(1_000_000), 77.0, 0.25, "a million tokens");
    close(of(128_000), 3.8, 0.3, "128k tokens");
    // Linear from few copies to many.
    let pass = |pcp| {
        plan("llama3.1-405b", "h100-sxm", Engine::Vllm, Layout { pcp, ..tp(8) }).time(&prompt(1e6, 0.0))
    };
    let linear = pass(1) / pass(16) / 16.0;
    assert!((0.85..=1.0).contains(&linear), "{linear}");
}

/// vLLM pull request 25049 (2025-09): DeepSeek-R1 under tp8, 2k in and 1k out, as many requests as fit: 2,332 tok/s, 2,983 with
/// dcp4, 3,502 with dcp8. SGLang pull request 14982: Qwen3-235B on eight H20 at 32k, one request: dcp2 costs less than 10 %.
#[test]
fn decode_context_parallelism_as_published() {
    let of = |layout| {
        let text = format!("model=deepseek-v3&isl=2k&osl=1k&concurrency=4096&pool=h200*8:tp8{layout}");
        serve(&text).throughput().get()
    };
    let (alone, four, eight) = (of(""), of(":dcp4"), of(":dcp8"));
    assert!((1.15..1.6).contains(&(four / alone)), "1.28 published: {}", four / alone);
    assert!((1.2..1.75).contains(&(eight / alone)), "1.50 published: {}", eight / alone);
    let of = |layout| {
        let text = format!(
            "model=qwen3-235b-a22b&engine=sglang&isl=32k&osl=4k&concurrency=1&pool=h20*8:tp8{layout}"
        );
        serve(&text).tpot
    };
    let more = of(":dcp2") / of("");
    assert!((1.0..1.1).contains(&more), "{more}");
}

/// How many chips share a scale-up domain as they are built: each chip that people join has tensor parallelism up to it.
#[test]
fn domains_are_those_that_are_built() {
    for (id, chips) in [
        ("l40s", 8),
        ("l4", 8),
        ("rtx-pro-6000-bw", 8),
        ("h100-pcie", 8),
        ("h100-nvl", 8),
        ("rubin-cpx", 8),
        ("rtx-4090", 4),
        ("rtx-5090", 4),
        ("h200", 8),
        ("b300", 8),
        ("mi355x", 8),
        ("mi250x", 4),
        ("gaudi3", 8),
        ("gb200-nvl72", 72),
        ("gb300-nvl72", 72),
        ("vr200-nvl72", 72),
        ("trn1", 16),
        ("trn2", 16),
        ("inf2", 12),
    ] {
        assert_eq!(catalog::chip(id).unwrap().scale_up.unwrap().domain, chips, "{id}");
    }
    // A pair over its bridge, more of them over the host's bus.
    let sum = |ranks| {
        let chip = catalog::chip("h100-nvl").unwrap();
        let engine = constants().engine(Engine::Vllm, &chip.id);
        let fabric = Fabric::new(constants(), chip, engine, constants().measured(&chip.id));
        fabric.collective(Operation::AllReduce, ranks).time(Bytes::mega(64.0)).0
    };
    assert!(sum(4) > sum(2) * 4.0);
    // 70B in 8 bits on four L40S: tensor parallelism reads a prompt in a few seconds and writes nearly twice as fast.
    let of = |layout| {
        serve(&format!("model=llama3-70b&weights=fp8&isl=2k&osl=512&concurrency=1&pool=l40s*4:{layout}"))
    };
    assert!(of("tp4").ttft.get() < 4.0 && of("tp4").tpot < of("tp2:pp2").tpot * 0.65);
}

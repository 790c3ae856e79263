//! The names that people use, those that they mistype, and the one rule for what is not understood.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use tandem::catalog::{self, NumberFormat, chip_named, model_named};
use tandem::report::{Reply, Strictness, asked, reply};
use tandem::scenario::link::{self, Problem, parse};

/// Names of models as people write them, what each stands for, and the format that it states; the released checkpoint's
/// is `native`.
const MODELS: [(&str, &str, Option<&str>); 36] = [
    ("deepseek-ai/DeepSeek-V3-0324", "deepseek-v3", None),
    ("deepseek-ai/DeepSeek-R1", "deepseek-v3", None),
    ("deepseek-r1-0528", "deepseek-v3", None),
    ("DeepSeek-V3.1", "deepseek-v3", None),
    ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek-v3", Some("nvfp4")),
    ("nvidia/DeepSeek-V3-0324-FP4", "deepseek-v3", Some("nvfp4")),
    ("deepseek-ai/DeepSeek-V3.2-Exp", "deepseek-v3.2", None),
    ("meta-llama/Llama-3.3-70B-Instruct", "llama3-70b", None),
    ("meta-llama/Meta-Llama-3.1-8B-Instruct@main", "llama3-8b", None),
    ("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", "llama3-70b", Some("int4")),
    ("nvidia/Llama-3.1-405B-Instruct-FP8", "llama3.1-405b", Some("native")),
    ("amd/Llama-3.1-8B-Instruct-FP8-KV", "llama3-8b", Some("fp8")),
    ("llama3.1-70b", "llama3-70b", None),
    ("llama3.3:70b", "llama3-70b", None),
    ("meta-llama/Llama-3.2-1B", "llama3.2-1b", None),
    ("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "llama4-maverick", Some("native")),
    ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b", Some("fp8-block")),
    ("Qwen/Qwen3-30B-A3B-GPTQ-Int4", "qwen3-30b-a3b", Some("int4")),
    ("Qwen/Qwen2.5-72B-Instruct-AWQ", "qwen2.5-72b", Some("int4")),
    ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3-coder-480b", None),
    ("qwen3.6-27b", "qwen3.5-27b", None),
    ("qwen3.8-27b", "qwen3.5-27b", None),
    ("qwen3_32b", "qwen3-32b", None),
    ("openai/gpt-oss-120b", "gpt-oss-120b", None),
    ("gpt-oss:20b", "gpt-oss-20b", None),
    ("zai-org/GLM-4.6-FP8", "glm-4.5", Some("fp8")),
    ("glm-4.7", "glm-4.5", None),
    ("MiniMaxAI/MiniMax-M2.5", "minimax-m2", None),
    ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2", None),
    ("moonshotai/Kimi-K2.5", "kimi-k2", Some("int4")),
    ("nvidia/Kimi-K2.6-NVFP4", "kimi-k2", Some("nvfp4")),
    ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b", None),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b", None),
    ("google/gemma-3-27b-it", "gemma3-27b", None),
    ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "nemotron3-nano-30b", Some("native")),
    ("llama3-70b-bf16", "llama3-70b", Some("native")),
];

/// Names of chips as people and drivers write them.
const CHIPS: [(&str, &str); 32] = [
    ("h100", "h100-sxm"),
    ("H100-80GB", "h100-sxm"),
    ("NVIDIA H100 80GB HBM3", "h100-sxm"),
    ("h100_pcie", "h100-pcie"),
    ("h200-sxm", "h200"),
    ("NVIDIA H200", "h200"),
    ("b200-sxm", "b200"),
    ("hgx-b200", "b200"),
    ("gb200", "gb200-nvl72"),
    ("gb300", "gb300-nvl72"),
    ("NVIDIA A100-SXM4-80GB", "a100-80"),
    ("a100-40gb", "a100-40"),
    ("mi300", "mi300x"),
    ("AMD Instinct MI300X", "mi300x"),
    ("mi355", "mi355x"),
    ("5090", "rtx-5090"),
    ("rtx5090", "rtx-5090"),
    ("NVIDIA GeForce RTX 4090", "rtx-4090"),
    ("rtx-pro-6000", "rtx-pro-6000-bw"),
    ("tpu v6e", "tpu-v6e"),
    ("trillium", "tpu-v6e"),
    ("ironwood", "tpu-7x"),
    ("tpu7x", "tpu-7x"),
    ("trainium2", "trn2"),
    ("groq", "groq-lpu1"),
    ("m3ultra", "m3-ultra"),
    ("Apple M4 Max", "m4-max"),
    ("gaudi-3", "gaudi3"),
    ("intel-gaudi3", "gaudi3"),
    ("cs-3", "wse3"),
    ("wse-3", "wse3"),
    ("gb10", "dgx-spark"),
];

#[test]
fn names_people_use_are_read() {
    for (name, id, format) in MODELS {
        let own = model_named(name).unwrap_or_else(|| panic!("{name} is not read"));
        assert_eq!(own.model.id, id, "{name}");
        let said = own.format.map(|format| if own.released { "native" } else { format.id() });
        assert_eq!(said, format, "{name}");
        let parsed = parse(&format!("v1&model={name}"));
        assert_eq!(parsed.faults, [], "{name}");
        assert_eq!(parsed.scenario.model, id, "{name}");
        let [notice] = &parsed.notices[..] else { panic!("{name}: {:?}", parsed.notices) };
        assert!(!notice.changes_meaning() && matches!(notice.problem, Problem::ReadAs { .. }), "{notice}");
        if let Some(format) = format {
            assert_eq!(parsed.scenario.formats.weights.map_or("native", NumberFormat::id), format, "{name}");
            assert!(notice.to_string().ends_with(&format!("read as {id} with weights={format}")), "{notice}");
        }
        // Links are written with the identifier.
        let settled = parse(&parsed.link());
        assert_eq!((settled.notices.len(), &settled.scenario), (0, &parsed.scenario), "{name}");
    }
    for (name, id) in CHIPS {
        assert_eq!(chip_named(name).map(|chip| &*chip.id), Some(id), "{name}");
        let parsed = parse(&format!("v1&pool={name}*8:tp8"));
        assert_eq!(parsed.faults, [], "{name}");
        assert_eq!(link::value_of(&parsed.scenario, "pool"), Some(format!("{id}*8:tp8")), "{name}");
    }
}

#[test]
fn what_a_link_states_stands_before_what_a_name_says() {
    let parsed = parse("v1&model=deepseek-r1-nvfp4&weights=fp8");
    assert_eq!(parsed.scenario.formats.weights, Some(NumberFormat::Fp8));
    assert_eq!(parsed.notices[0].to_string(), "model=deepseek-r1-nvfp4: read as deepseek-v3");
    // A chip of one's own stands before another's second name.
    let own = parse("v1&chip=h100:bf16=1:mem=1:bw=50&pool=h100*8");
    assert_eq!((own.notices.len(), link::value_of(&own.scenario, "pool").as_deref()), (0, Some("h100*8")));
}

#[test]
fn names_of_other_shapes_and_of_several_stand_for_none() {
    for name in [
        "zai-org/GLM-5.3",
        "glm-5.2",
        "deepseek-ai/DeepSeek-V4.1-Flash",
        "nvidia/Llama-3_3-Nemotron-Super-49B-v1",
        "Qwen/Qwen2.5-3B-Instruct",
        "google/gemma-4-12B-it",
        "mistralai/Mistral-7B-Instruct-v0.1",
        "mistralai/Ministral-3-8B-Instruct-2512",
        "llama3",
        "qwen",
        "mixtral",
        "gpt-oss",
        "deepseek",
        "gpt-9",
        "",
        "-",
        "fp8",
        "instruct",
    ] {
        assert_eq!(model_named(name), None, "{name}");
    }
    for name in ["a100", "h100-96gb", "h200-80gb", "a10g", "mi300a", "h200-nvl", "rubin", "tpu", "80gb", ""] {
        assert_eq!(chip_named(name), None, "{name}");
    }
}

/// A key with a value that somebody mistyped, and the value that is offered first.
const MISTYPED: [(&str, &str, &str); 44] = [
    ("pool", "h10*8", "h100-sxm*8"),
    ("pool", "b20*8:tp8", "b200*8:tp8"),
    ("pool", "mi350x*8", "mi355x*8"),
    ("pool", "mi30x*8", "mi300x*8"),
    ("pool", "h20o*4", "h200*4"),
    ("pool", "gb300-nvl*72", "gb300-nvl72*72"),
    ("pool", "rtx4900*2", "rtx-4090*2"),
    ("pool", "h100x8", "h100-sxm*8"),
    ("pool", "8xh200:tp8", "h200*8:tp8"),
    ("pool", "8*h200", "h200*8"),
    ("pool", "h200", "h200*8"),
    ("pool", "h200*8:tp=8x", "h200*8:tp8"),
    ("pool", "h200*8:pt8", "h200*8:tp8"),
    ("rents", "h10:2.5,b200:4", "h100-sxm:2.5,b200:4"),
    ("decode", "grok3-lp30*64", "groq3-lp30*64"),
    ("prefill", "h100-smx*8", "h100-sxm*8"),
    ("model", "lama3-70b", "llama3-70b"),
    ("model", "llama370b", "llama3-70b"),
    ("model", "deepseekv3", "deepseek-v3"),
    ("model", "deapseek-v3", "deepseek-v3"),
    ("model", "qwen3-235", "qwen3-235b-a22b"),
    ("model", "qwen3-32", "qwen3-32b"),
    ("model", "qwen2.5-7", "qwen2.5-7b"),
    ("model", "gpt-os-120b", "gpt-oss-120b"),
    ("model", "mixtrl-8x7b", "mixtral-8x7b"),
    ("model", "kimi-2", "kimi-k2"),
    ("model", "glm-45", "glm-4.5"),
    ("model", "meta-llama/Lama-3.3-70B-Instruct", "llama3-70b"),
    ("model", "minimaxm2", "minimax-m2"),
    ("engine", "vlm", "vllm"),
    ("engine", "sglan", "sglang"),
    ("weights", "fp9", "fp8"),
    ("kv", "bf-16x", "bf16"),
    ("split", "pdd", "pd"),
    ("price", "onw", "own"),
    ("link", "pcie-5", "pcie5"),
    ("routing", "prefx", "prefix"),
    ("isl", "8kb", "8k"),
    ("isl", "0", "1"),
    ("hit", "120%", "1"),
    ("ttft", "2sec", "2s"),
    ("tpot", "50msec", "50ms"),
    ("spec", "llama3-8c:4", "llama3-8b:4"),
    ("tier", "ram:1TB@50GB/s", "dram:1TB@50GB/s"),
];

#[test]
fn what_is_mistyped_is_a_fault_with_the_right_offer() {
    for (key, value, right) in MISTYPED {
        let text = format!("v1&{key}={value}");
        let parsed = parse(&text);
        let [fault] = &parsed.faults[..] else { panic!("{text}: {:?}", parsed.faults) };
        assert_eq!((&*fault.key, &*fault.value), (key, value), "{text}");
        let offers = fault.notice.problem.nearest();
        assert_eq!(offers.first().map(String::as_str), Some(right), "{text}: {offers:?}");
        // Each offer is understood, and puts the link right.
        for offer in offers {
            let parsed = &parsed;
            let corrected =
                link::link_with(&parsed.scenario, &[], &parsed.stated, &parsed.faults, Some((0, offer)));
            let again = parse(&corrected);
            assert_eq!(again.faults, [], "{text}: {corrected}");
        }
        let Reply::Failure(failure) = reply(&text, Strictness::Plain) else { panic!("{text} is answered") };
        assert!(failure.misread && failure.error.contains(&format!("{key}={value}")), "{}", failure.error);
        assert_eq!(failure.faults[0].nearest.first().map(String::as_str), Some(right), "{text}");
        assert_eq!(parse(&failure.link).faults, parsed.faults, "{}", failure.link);
        // Who asks for it gets the rest.
        assert!(asked(&text, Strictness::Lenient).is_ok(), "{text}");
    }
}

#[test]
fn putting_a_part_right_changes_nothing_else() {
    for (text, place, value, right) in [
        ("v1&model=lama3-8b&weights=fp8&isl=8k", 0, "llama3-8b", "v1&model=llama3-8b&weights=fp8"),
        ("v1&lengths=chatt&isl=8k", 0, "chat", "v1&lengths=chat&isl=8k"),
        ("v1&pool=h10*8:tp8&osl=2k", 0, "h100-sxm*8:tp8", "v1&osl=2k&pool=h100-sxm*8:tp8"),
        (
            "v1&tier=ssd:8TB@10GB/s,ram:1TB@50GB/s",
            0,
            "dram:1TB@50GB/s",
            "v1&tier=dram:1TB@50GB/s,ssd:8TB@10GB/s",
        ),
        (
            "v1&pin=v1%26isl=4k&pin=v1%26model=lama3-8b",
            0,
            "v1&model=llama3-8b",
            "v1&pin=v1%26isl=4k&pin=v1%26model=llama3-8b",
        ),
        ("v1&split=afdd&ffn=b200*4", 0, "afd", "v1&split=afd&attention=h200*4&ffn=b200*4"),
    ] {
        let parsed = parse(text);
        assert!(
            parsed.faults[place].notice.problem.nearest().contains(&value.to_owned()),
            "{text}: {:?}",
            parsed.faults
        );
        let corrected = link::link_with(
            &parsed.scenario,
            &parsed.view,
            &parsed.stated,
            &parsed.faults,
            Some((place, value)),
        );
        let again = parse(&corrected);
        assert_eq!((again.faults.len(), &*link::write(&again.scenario, &again.view)), (0, right), "{text}");
    }
    // What is not understood is never lost on the way.
    for text in
        ["v1&model=foo&isl=4k&pool=bar*8&osl=x", "v1&chip=a:x=1&chip=b:bf16=1:mem=1:bw=50&pool=b*4&kv=8"]
    {
        let parsed = parse(text);
        let again = parse(&parsed.link());
        assert_eq!((&again.faults, &again.scenario), (&parsed.faults, &parsed.scenario), "{}", parsed.link());
    }
}

#[test]
fn unknown_keys_are_a_remark_and_faults_are_never_hidden_by_many() {
    let parsed = parse("v1&ils=8k");
    assert_eq!((parsed.faults.len(), parsed.notices.len()), (0, 1));
    assert!(matches!(reply("v1&ils=8k", Strictness::Plain), Reply::Report(_)));
    assert!(matches!(reply("v1&ils=8k", Strictness::Strict), Reply::Failure(_)));
    let many = format!("v1&{}isl=x", "a=b&".repeat(100));
    assert!(parse(&many).understood().is_err());
    assert!(parse(&format!("v1&{}", "x".repeat(link::LONGEST))).understood().is_err());
    let listed = format!("v1&tier={}", "x,".repeat(1000));
    let parsed = parse(&listed);
    assert!(parsed.faults.len() <= 8);
    assert_eq!(parse(&parsed.link()).faults, parsed.faults);
}

#[test]
fn every_alias_stands_for_its_entry_alone() {
    for chip in catalog::chips() {
        assert_eq!(chip_named(&chip.id).map(|own| &own.id), Some(&chip.id));
        for alias in catalog::chip_aliases(&chip.id) {
            assert_eq!(chip_named(alias).map(|own| &own.id), Some(&chip.id), "{alias}");
        }
    }
    for model in catalog::models() {
        assert_eq!(model_named(&model.id).map(|own| &own.model.id), Some(&model.id));
        for alias in catalog::model_aliases(&model.id) {
            assert_eq!(model_named(alias).map(|own| &own.model.id), Some(&model.id), "{alias}");
        }
    }
}

#[test]
fn a_name_stands_for_one_entry() {
    let names = |names: &[&str]| names.iter().map(|own| (*own).to_owned()).collect::<Vec<_>>();
    let shared = |one: &[&str], other: &[&str]| {
        catalog::schema::shared_names([("h100-sxm", &*names(one)), ("h200", &*names(other))].into_iter())
    };
    assert!(shared(&["h100", "h100-80gb"], &["h200-sxm"]).is_empty());
    // Twice, another's, and in another spelling.
    for (one, other) in [(&["h100", "h100"][..], &[][..]), (&["h100"], &["h100"]), (&[], &["h100sxm"])] {
        let said = shared(one, other);
        assert!(said.len() == 1 && said[0].contains("h100"), "{said:?}");
    }
}

/// A repository is what it holds: its maker's 8 bits are scaled by block, those of others by tensor or row, and a name
/// without a format is that of the wide weights.
#[test]
fn repositories_are_what_they_hold() {
    use tandem::catalog::NumberFormat;
    let formats = |name: &str| parse(&format!("v1&model={name}")).scenario.formats;
    for (name, weights) in [
        ("Qwen/Qwen3-32B-FP8", Some(NumberFormat::Fp8Block)),
        ("Qwen3-8B-FP8", Some(NumberFormat::Fp8Block)),
        ("nvidia/Qwen3-32B-FP8", Some(NumberFormat::Fp8)),
        ("RedHatAI/Qwen3-32B-FP8-dynamic", Some(NumberFormat::Fp8)),
        ("meta-llama/Llama-3.3-70B-Instruct", None),
        ("llama3-70b", Some(NumberFormat::Fp8)),
    ] {
        assert_eq!(formats(name).weights, weights, "{name}");
    }
    assert_eq!(formats("RedHatAI/Qwen3-32B-FP8-dynamic").kv, Some(NumberFormat::Bf16));
}

/// What the tables of the command line show is read back.
#[test]
fn names_that_are_shown_are_read() {
    for chip in tandem::catalog::chips() {
        assert_eq!(chip_named(&chip.name).map(|own| &*own.id), Some(&*chip.id), "{}", chip.name);
    }
    for model in tandem::catalog::models() {
        assert_eq!(model_named(&model.name).map(|own| &*own.model.id), Some(&*model.id), "{}", model.name);
    }
}

#[test]
fn words_of_the_field_are_offered_what_they_are_called_here() {
    for (text, offer) in [
        ("weights=fp16", "bf16"),
        ("weights=awq", "int4"),
        ("price=on-demand", "list"),
        ("estimate=yes", "on"),
        ("engine=tensorrt", "trtllm"),
        ("engine=ollama", "llamacpp"),
        ("engine=jetstream", "vllm-tpu"),
        ("engine=optimum-neuron", "neuron"),
        ("profile=inferencemax", "inferencex"),
        ("profile=infernecex", "inferencex"),
        ("link=nvlink", "domain"),
    ] {
        let parsed = parse(&format!("v1&{text}"));
        let first = parsed.faults.first().and_then(|fault| fault.notice.problem.nearest().first().cloned());
        assert_eq!(first.as_deref(), Some(offer), "{text}");
    }
    assert_eq!(parse("v1&kv=auto").faults, []);
    for (text, engine) in [
        ("llama.cpp", "llamacpp"),
        ("mlx-lm", "mlx"),
        ("TensorRT-LLM", "trtllm"),
        ("vLLM_TPU", "vllm-tpu"),
        ("ATOM", "atom"),
    ] {
        let parsed = parse(&format!("v1&engine={text}"));
        assert_eq!(parsed.faults, [], "{text}");
        assert_eq!(parsed.scenario.engine.id(), engine, "{text}");
    }
}

//! The catalogue agrees with what was published and counted elsewhere, and can be searched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use tandem::catalog::provenance::{Confidence, Provenance};
use tandem::catalog::schema::{AcceptanceFile, Checks, ChipFile, ModelFile, PricesFile, WorkloadsFile};
use tandem::catalog::workload::Arrivals;
use tandem::catalog::{
    Attention, ChipClass, Ffn, Model, NumberFormat, Status, api_price_sources, api_prices, assumptions,
    bounds, chip, chips, chips_by_vendor, file_provenance, model, models, models_by_vendor, nearest_chip_ids,
    nearest_model_ids, workload, workloads,
};
use tandem::scenario::{Pricing, link};
use tandem::units::{Bytes, BytesPerSecond, Dollars, FlopsPerSecond, Seconds, Tokens};

/// Independent counts made from transformers 5.23 classes and configuration files: total and active parameters in
/// billions, and cached elements that a token adds beyond all windows.
const COUNTED: [(&str, f64, f64, f64); 81] = [
    ("llama2-7b", 6.738, 6.738, 262144.0),
    ("llama2-13b", 13.016, 13.016, 409600.0),
    ("llama2-70b", 68.977, 68.977, 163840.0),
    ("llama3-8b", 8.03, 8.03, 65536.0),
    ("llama3-70b", 70.554, 70.554, 163840.0),
    ("llama3.1-405b", 405.853, 405.853, 258048.0),
    ("llama3.2-1b", 1.236, 1.236, 16384.0),
    ("llama3.2-3b", 3.213, 3.213, 57344.0),
    ("llama4-scout", 107.77, 17.173, 24576.0),
    ("llama4-maverick", 400.712, 17.185, 24576.0),
    ("mistral-7b", 7.248, 7.248, 65536.0),
    ("mistral-nemo-12b", 12.248, 12.248, 81920.0),
    ("mistral-small-3-24b", 23.572, 23.572, 81920.0),
    ("mistral-large-2-123b", 122.61, 122.61, 180224.0),
    ("mixtral-8x7b", 46.703, 12.88, 65536.0),
    ("mixtral-8x22b", 140.621, 39.152, 114688.0),
    ("mistral-large-3", 673.421, 39.947, 35136.0),
    ("mistral-small-4", 118.973, 6.633, 11520.0),
    ("mistral-large-4", 1050.118, 53.099, 50688.0),
    ("qwen2.5-0.5b", 0.494, 0.494, 6144.0),
    ("qwen2.5-1.5b", 1.544, 1.544, 14336.0),
    ("qwen2.5-7b", 7.616, 7.616, 28672.0),
    ("qwen2.5-14b", 14.77, 14.77, 98304.0),
    ("qwen2.5-32b", 32.764, 32.764, 131072.0),
    ("qwen2.5-72b", 72.706, 72.706, 163840.0),
    ("qwen3-0.6b", 0.596, 0.596, 57344.0),
    ("qwen3-1.7b", 1.721, 1.721, 57344.0),
    ("qwen3-4b", 4.022, 4.022, 73728.0),
    ("qwen3-8b", 8.191, 8.191, 73728.0),
    ("qwen3-14b", 14.768, 14.768, 81920.0),
    ("qwen3-32b", 32.762, 32.762, 131072.0),
    ("qwen3-30b-a3b", 30.532, 3.353, 49152.0),
    ("qwen3-235b-a22b", 235.094, 22.191, 96256.0),
    ("qwen3-coder-480b", 480.155, 35.475, 126976.0),
    ("qwen3-next-80b-a3b", 79.674, 3.875, 12288.0),
    ("qwen3.5-27b", 26.896, 26.896, 32768.0),
    ("qwen3.5-35b-a3b", 34.661, 3.455, 10240.0),
    ("qwen3.5-122b-a10b", 122.112, 9.771, 12288.0),
    ("qwen3.5-397b-a17b", 396.346, 17.349, 15360.0),
    ("qwen3.8-max", 2419.805, 95.288, 47104.0),
    ("deepseek-v2-lite", 15.706, 2.661, 15552.0),
    ("deepseek-v2", 235.741, 21.376, 34560.0),
    ("deepseek-v3", 671.026, 37.552, 35136.0),
    ("deepseek-v3.2", 671.878, 38.404, 42944.0),
    ("deepseek-v4-flash", 284.332, 13.8, 3440.0),
    ("deepseek-v4-pro", 1572.997, 49.779, 4924.0),
    ("kimi-k2", 1026.408, 32.861, 35136.0),
    ("kimi-k3", 2785.4, 111.0, 13824.0),
    ("kimi-linear-48b", 49.133, 3.495, 4032.0),
    ("glm-4.5-air", 106.852, 13.424, 94208.0),
    ("glm-4.5", 352.798, 33.632, 188416.0),
    ("glm-4.7-flash", 29.943, 3.897, 27072.0),
    ("glm-5", 743.911, 41.785, 54912.0),
    ("glm-5.3-flash", 313.327, 17.377, 5984.0),
    ("minimax-m1", 456.09, 48.403, 20480.0),
    ("minimax-m2", 228.69, 11.031, 126976.0),
    ("minimax-m3", 426.175, 25.962, 68736.0),
    ("gpt-oss-20b", 20.915, 4.187, 12288.0),
    ("gpt-oss-120b", 116.829, 5.712, 18432.0),
    ("gemma2-9b", 9.242, 9.242, 86016.0),
    ("gemma2-27b", 27.227, 27.227, 94208.0),
    ("gemma3-4b", 3.88, 3.88, 10240.0),
    ("gemma3-12b", 11.766, 11.766, 32768.0),
    ("gemma3-27b", 27.009, 27.009, 40960.0),
    ("gemma4-31b", 30.697, 30.697, 40960.0),
    ("gemma4-26b-a4b", 25.233, 3.823, 10240.0),
    ("phi-4", 14.66, 14.66, 102400.0),
    ("phi-4-mini", 3.836, 3.836, 65536.0),
    ("nemotron-h-56b", 56.324, 56.324, 20480.0),
    ("nemotron3-nano-30b", 31.578, 3.58, 3072.0),
    ("nemotron3-super-120b", 120.669, 12.77, 4096.0),
    ("nemotron3-ultra-550b", 549.309, 56.059, 6144.0),
    ("granite4-h-small", 32.207, 8.803, 8192.0),
    ("granite4-h-tiny", 6.939, 1.465, 4096.0),
    ("olmo2-32b", 32.234, 32.234, 131072.0),
    ("olmo3-7b", 7.298, 7.298, 65536.0),
    ("olmo3-32b", 32.234, 32.234, 32768.0),
    ("mimo-v2-flash", 308.779, 15.446, 11520.0),
    ("step-3.7-flash", 195.844, 10.876, 24576.0),
    ("muse-spark-open", 819.991, 46.091, 32768.0),
    ("muse-glimmer-30b", 27.855, 27.855, 6656.0),
];

/// Models whose count differs from the published total by more than 2 %, and why.
const EXCEPTIONS: [(&str, f64, &str); 4] = [
    ("gemma3-4b", -9.8, "vision tower of 0.42B"),
    ("gemma3-12b", -3.6, "vision tower of 0.42B"),
    ("glm-5.3-flash", -2.1, "MTP layer of about 7B"),
    ("mistral-large-4", 5.0, "the name rounds to 1T"),
];

/// Beyond every window.
const FAR: Tokens = Tokens::new(1e9);

#[test]
fn totals_agree_with_published_ones() {
    let mut outside = BTreeSet::new();
    for model in models() {
        let Some(published) = model.published_parameters else { continue };
        let deviation = 100.0 * (model.parameters().total() / published - 1.0);
        match EXCEPTIONS.iter().find(|(id, ..)| *id == model.id) {
            Some((id, expected, reason)) => {
                assert!((deviation - expected).abs() < 0.15, "{id}: {deviation:.2} % ({reason})");
                outside.insert(*id);
            }
            None => assert!(deviation.abs() < 2.0, "{}: {deviation:.2} %", model.id),
        }
    }
    assert_eq!(outside.len(), EXCEPTIONS.len());
}

#[test]
fn parameters_agree_with_an_independent_count() {
    assert_eq!(models().len(), COUNTED.len());
    for (id, total, active, _) in COUNTED {
        let parameters = model(id).unwrap().parameters();
        let off = |ours: f64, theirs: f64| (ours / 1e9 / theirs - 1.0).abs();
        assert!(off(parameters.total(), total) < 0.001, "{id}: {}", parameters.total());
        // The output gate of Kimi K3's latent attention has no place in the catalogue (2.1B of 111B active).
        let tolerance = if id == "kimi-k3" { 0.02 } else { 0.006 };
        assert!(off(parameters.active(), active) < tolerance, "{id}: {}", parameters.active());
    }
}

#[test]
fn cache_growth_agrees_with_an_independent_count() {
    for (id, _, _, elements) in COUNTED {
        assert_eq!(model(id).unwrap().kv_elements_per_token(FAR), elements, "{id}");
    }
}

#[test]
fn growth_is_the_slope_of_the_cache() {
    for model in models() {
        for context in [0.0, 100.0, 127.0, 128.0, 511.0, 1023.0, 1024.0, 4096.0, 100_000.0] {
            let slope = model.cached_elements(Tokens::new(context + 1.0))
                - model.cached_elements(Tokens::new(context));
            let growth = model.kv_elements_per_token(Tokens::new(context));
            assert!(
                (slope - growth).abs() <= 1e-6 * growth.max(1.0),
                "{} at {context}: {slope} {growth}",
                model.id
            );
        }
        let context = Tokens::new(10_000.0);
        assert!(model.index_elements(context) <= model.cached_elements(context), "{}", model.id);
        assert_eq!(model.cached_elements(Tokens::new(f64::NAN)), 0.0);
    }
}

#[test]
fn cache_of_well_known_models() {
    let kilobytes = |id: &str| model(id).unwrap().kv_elements_per_token(FAR) * 2.0 / 1e3;
    assert!((kilobytes("llama3-70b") - 328.0).abs() < 1.0);
    assert!((kilobytes("deepseek-v3") - 70.0).abs() < 1.0);
    // A window caps half of gpt-oss at 128 tokens.
    let cached = model("gpt-oss-120b").unwrap().cached_elements(Tokens::new(8192.0));
    assert_eq!(cached, 18.0 * 1024.0 * (8192.0 + 128.0));
    // DeepSeek-V3.2 caches 128 index elements beside each latent of 576.
    assert_eq!(model("deepseek-v3.2").unwrap().index_elements(Tokens::new(1000.0)), 61.0 * 128.0 * 1000.0);
    // Only hybrids keep a state.
    assert_eq!(model("llama3-8b").unwrap().state_elements(), 0.0);
    // 36 layers of 32 matrices of 128 x 128, with the 3 last inputs of 8192 convolved channels.
    assert_eq!(
        model("qwen3-next-80b-a3b").unwrap().state_elements(),
        36.0 * (32.0 * 128.0 * 128.0 + 3.0 * 8192.0)
    );
    // 23 Mamba-2 blocks of 64 heads x 64 with a state of 128.
    let nano = model("nemotron3-nano-30b").unwrap().state_elements();
    assert_eq!(nano, 23.0 * (64.0 * 64.0 * 128.0 + 3.0 * (4096.0 + 2.0 * 8.0 * 128.0)));
}

#[test]
fn heads_limit_tensor_parallelism() {
    let heads = |id: &str| (model(id).unwrap().attention_heads(), model(id).unwrap().kv_heads());
    assert_eq!(heads("llama3-70b"), (64, 8));
    assert_eq!(heads("deepseek-v3"), (128, 1));
    assert_eq!(heads("deepseek-v4-pro"), (128, 1));
    assert_eq!(heads("gemma4-31b"), (32, 4));
    assert_eq!(heads("mimo-v2-flash"), (64, 4));
    assert_eq!(heads("qwen3.5-397b-a17b"), (32, 2));
    assert!(model("gpt-oss-20b").unwrap().has_moe());
    assert!(!model("llama3-8b").unwrap().has_moe());
}

#[test]
fn special_architectures_are_kept() {
    let first = |id: &str| model(id).unwrap().attention[0].kind;
    assert!(matches!(
        first("gemma4-31b"),
        Attention::Grouped { shared_kv: true, kv_heads: 4, head_dim: 512, .. }
    ));
    assert!(matches!(first("qwen3-next-80b-a3b"), Attention::Grouped { output_gate: true, .. }));
    assert!(matches!(first("deepseek-v2-lite"), Attention::Latent { q_rank: None, .. }));
    let scout = model("llama4-scout").unwrap();
    assert!(matches!(scout.attention[1].kind, Attention::Grouped { window: Some(4096), .. }));
    let k3 = model("kimi-k3").unwrap();
    assert!(
        k3.ffn.iter().any(|layers| matches!(layers.kind, Ffn::Moe { width: Some(3584), experts: 896, .. }))
    );
    let gemma = model("gemma4-26b-a4b").unwrap();
    assert!(matches!(gemma.ffn[0].kind, Ffn::Moe { shared_inter: 2112, .. }));
    let oss = model("gpt-oss-120b").unwrap();
    let parts = oss.default_release().parts;
    assert_eq!((parts.attention, parts.experts), (NumberFormat::Bf16, NumberFormat::Mxfp4));
}

#[test]
fn every_model_is_plausible() {
    for Model { id, name, released, sources, published_parameters, published_active, .. } in models() {
        assert!(!name.is_empty() && !sources.is_empty() && !released.is_empty(), "{id}");
        if let (Some(total), Some(active)) = (published_parameters, published_active) {
            assert!(active <= total, "{id}");
        }
    }
}

#[test]
fn chips_carry_status_and_figures() {
    assert_eq!(chips().len(), 58);
    let h100 = chip("h100-sxm").unwrap();
    assert_eq!(h100.peaks.bf16, Some(FlopsPerSecond::tera(989.0)));
    assert_eq!(h100.peaks.fp4, None);
    let memory = h100.memory.as_ref().unwrap();
    assert_eq!(
        (&*memory.kind, memory.named, memory.bandwidth),
        ("HBM3", Bytes::giga(80.0), BytesPerSecond::giga(3350.0))
    );
    // 81,559 MiB, as nvidia-smi says.
    assert_eq!((memory.capacity, memory.usable), (Bytes::new(81_559.0 * 1_048_576.0), None));
    assert_eq!(h100.confidence, Confidence::High);
    assert!(h100.sources.ends_with("(read 2026-11)"), "{}", h100.sources);
    let status = |id: &str| chip(id).unwrap().status;
    assert_eq!(status("rubin-cpx"), Status::Shelved);
    assert_eq!(status("vr200-nvl72"), Status::Announced);
    assert_eq!(status("sohu"), Status::Estimate);
    assert_eq!(status("groq3-lp30"), Status::Shipping);
    let lpu = chip("groq3-lp30").unwrap();
    assert!(lpu.is_sram_machine() && lpu.memory.is_none());
    assert_eq!(lpu.sram.unwrap().bandwidth, Some(BytesPerSecond::giga(150_000.0)));
}

#[test]
fn unknown_stays_unknown() {
    let gaps: Vec<&str> = chips().iter().filter(|chip| chip.gap().is_some()).map(|chip| &*chip.id).collect();
    assert_eq!(gaps, ["m5-max", "m5-ultra", "cs4-wafer", "sohu", "crescent-island", "qc-ai200"]);
    let qc = chip("qc-ai200").unwrap();
    assert!(qc.memory.is_none() && qc.notes.starts_with("768 GB of LPDDR5X at an unpublished bandwidth."));
    assert_eq!(chip("sn40l").unwrap().scale_up, None);
    for chip in chips() {
        assert!(chip.memory.is_some() || chip.is_sram_machine() || chip.gap().is_some(), "{}", chip.id);
        assert!(chip.class != ChipClass::Wafer || chip.sram.is_some(), "{}", chip.id);
    }
}

#[test]
fn entries_are_found_by_identifier() {
    for entry in chips() {
        assert_eq!(chip(&entry.id).map(|found| &*found.id), Some(&*entry.id));
    }
    for entry in models() {
        assert_eq!(model(&entry.id).map(|found| &*found.id), Some(&*entry.id));
    }
    assert!(chip("h100").is_none() && model("").is_none());
    assert_eq!(nearest_chip_ids("h100"), ["h100-sxm", "h100-nvl", "h100-pcie"]);
    assert_eq!(nearest_chip_ids("b20").first(), Some(&"b200"));
    assert_eq!(nearest_model_ids("deepseek_v3"), ["deepseek-v3", "deepseek-v3.2", "deepseek-v2"]);
    assert_eq!(nearest_model_ids("llama-3-70b").first(), Some(&"llama3-70b"));
    assert!(nearest_model_ids("").is_empty());
}

#[test]
fn menus_are_sorted_and_complete() {
    let listed: Vec<_> =
        chips_by_vendor().flat_map(|(vendor, chips)| chips.iter().map(move |c| (vendor, c))).collect();
    assert_eq!(listed.len(), chips().len());
    assert!(listed.iter().all(|(vendor, chip)| *vendor == chip.vendor));
    assert!(chips_by_vendor().all(|(_, chips)| chips.is_sorted_by_key(|chip| chip.year)));
    let vendors: Vec<&str> = models_by_vendor().map(|(vendor, _)| vendor).collect();
    assert_eq!(vendors.iter().collect::<BTreeSet<_>>().len(), vendors.len(), "each vendor once: {vendors:?}");
    assert_eq!(models_by_vendor().map(|(_, models)| models.len()).sum::<usize>(), models().len());
    assert!(models_by_vendor().all(|(_, models)| models.is_sorted_by(|a, b| a.released <= b.released)));
}

#[test]
fn workloads_are_cited() {
    assert_eq!(workloads().len(), 11);
    let agent = workload("agent").unwrap();
    assert_eq!((agent.input.p50, agent.arrivals), (Tokens::new(75_000.0), Arrivals::ClosedLoop));
    let chat = workload("chat").unwrap();
    assert_eq!(chat.arrivals, Arrivals::OpenLoop { cv: 1.0 });
    assert_eq!(chat.slo.unwrap().ttft, Seconds::new(2.0));
    assert_eq!(chat.interactive.unwrap().tpot, Seconds::millis(30.0));
    assert!(workload("batch").unwrap().slo.is_none());
    assert!(workload("nothing").is_none());
    assert!(workloads().iter().all(|workload| !workload.sources.is_empty()));
}

#[test]
fn prices_have_ranges_and_sources() {
    let assumed = assumptions();
    assert_eq!(assumed.pue.value, 1.25);
    assert_eq!(assumed.electricity_per_kwh.value, Dollars::new(0.08));
    assert_eq!(assumed.amortisation_years.value, 4.0);
    assert_eq!(assumed.system_power_factor.value, 1.66);
    // What a scenario assumes unless it is told otherwise.
    let pricing = Pricing::default();
    assert_eq!((pricing.pue, pricing.dollars_per_kwh, pricing.years), (1.25, 0.08, 4.0));
    assert!(api_price_sources().contains("litellm"));
    let cerebras =
        api_prices().iter().find(|p| p.name == "gpt-oss-120b" && p.provider == "Cerebras").unwrap();
    assert_eq!((cerebras.cached, cerebras.model), (None, Some("gpt-oss-120b")));
    for price in api_prices() {
        assert!(price.model.is_none_or(|id| model(id).is_some()), "{}", price.name);
    }
}

const H100: &str = include_str!("../data/chips/h100-sxm.toml");
const DEEPSEEK: &str = include_str!("../data/models/deepseek-v3.toml");
const PRICES: &str = include_str!("../data/prices.toml");
const WORKLOADS: &str = include_str!("../data/workloads.toml");
const ACCEPTANCE: &str = include_str!("../data/acceptance.toml");

/// What the build says of a file whose text has `from` replaced by `to`.
fn wrong<T: DeserializeOwned>(
    (file, text): (&str, &str),
    (from, to): (&str, &str),
    check: impl Fn(&T, &mut Checks),
) -> String {
    assert!(text.contains(from), "{file} has no {from}");
    match toml::from_str::<T>(&text.replacen(from, to, 1)) {
        Ok(entry) => {
            let mut checks = Checks::new(file);
            check(&entry, &mut checks);
            checks.problems().join("\n")
        }
        Err(error) => error.to_string(),
    }
}

fn wrong_chip(from: &str, to: &str) -> String {
    wrong(("chips/h100-sxm.toml", H100), (from, to), ChipFile::check)
}

fn wrong_model(from: &str, to: &str) -> String {
    wrong(("models/deepseek-v3.toml", DEEPSEEK), (from, to), ModelFile::check)
}

#[test]
fn a_wrong_chip_is_told_with_file_field_value_and_range() {
    assert_eq!(wrong_chip("id", "id"), "");
    assert_eq!(
        wrong_chip("bf16_TFLOPS = 989", "bf16_TFLOPS = 989e12"),
        "data/chips/h100-sxm.toml: `peaks.bf16_TFLOPS = 989000000000000` is outside 0.1 to 1000000; check the unit, which \
         the key names\n\
         data/chips/h100-sxm.toml: a narrower float is slower than a wider one in [peaks]; are the columns swapped, or is \
         one peak sparse?"
    );
    for (from, to, expected) in [
        ("named_GB = 80", "named_GB = 0.05", "`memory.named_GB = 0.05` is outside 0.1 to 100000"),
        ("named_GB = 80", "named_GB = 160", "are not of the same memory"),
        ("domain_chips = 8", "domain_chips = 0", "`scale_up.domain_chips = 0` is outside 1 to 100000"),
        ("it_W = 1370", "it_W = 137", "`it_W = 137` includes the chip"),
        ("USD = 2.95", "USD = -2.95", "`price.market.USD = -2.95` is outside 0 to 1000000"),
        ("low_USD = 1.99", "low_USD = 19.9", "`price.market.low_USD = 19.9` is outside 0 to 2.25"),
        (
            "term = \"3-year\"",
            "term = \"on-demand\"",
            "`term = \"on-demand\"` does not belong to `basis = \"contract\"`",
        ),
        ("basis = \"market\"", "basis = \"rent\"", "unknown variant `rent`, expected one of `market`"),
        (
            "as_of = \"2026-05-20\"\n",
            "",
            "a row of price.market (AIMultiple) needs `source`, `url` and `as_of`",
        ),
        ("year = 2022", "year = 22", "`year = 22` is outside 2015 to 2035"),
        ("id = \"h100-sxm\"", "id = \"h100\"", "`id = \"h100\"` must equal the file name, \"h100-sxm\""),
        ("date = \"2026-11\"", "date = \"2026-13\"", "`date = \"2026-13\"` must be a month"),
        (
            "status = \"shipping\"",
            "status = \"shipped\"",
            "unknown variant `shipped`, expected one of `shipping`",
        ),
        ("class = \"gpu\"", "class = \"cpu\"", "unknown variant `cpu`, expected one of `gpu`"),
        ("tdp_W = 700", "tdp_kW = 0.7", "unknown field `tdp_kW`, expected one of `tdp_W`"),
    ] {
        assert!(wrong_chip(from, to).contains(expected), "{to}: {}", wrong_chip(from, to));
    }
}

#[test]
fn only_sram_machines_may_lack_a_memory() {
    let (head, rest) = H100.split_once("[memory]").unwrap();
    let (_, tail) = rest.split_once("[sram]").unwrap();
    let text = format!("{head}[sram]{tail}");
    let told = |from: &str, to: &str| wrong(("chips/h100-sxm.toml", &text), (from, to), ChipFile::check);
    assert!(
        told("id", "id").contains("a chip of class \"gpu\" needs a [memory] table"),
        "{}",
        told("id", "id")
    );
    assert_eq!(told("class = \"gpu\"", "class = \"wafer\""), "");
}

#[test]
fn what_a_block_says_of_its_origin_is_held_to_its_form() {
    let with = |keys: &str| wrong_chip("capacity_MB = 50", &format!("capacity_MB = 50\n{keys}"));
    assert_eq!(
        with(
            "source = \"data sheet\"\nurl = \"https://example.org/h100.pdf\"\nas_of = \"2026-11-30\"\nconfidence = \"high\""
        ),
        ""
    );
    for (keys, expected) in [
        ("source = \" \"", "`sram.source = \" \"` must be a line of text"),
        ("url = \"http://example.org\"", "`sram.url = \"http://example.org\"` must be an address"),
        ("url = \"https://nowhere\"", "must be an address such as"),
        ("as_of = \"2026\"", "`sram.as_of = \"2026\"` must be a month or a day"),
        ("as_of = \"2026-11-32\"", "must be a month or a day"),
        ("confidence = \"sure\"", "unknown variant `sure`, expected one of `high`, `medium`, `low`"),
    ] {
        assert!(with(keys).contains(expected), "{keys}: {}", with(keys));
    }
}

#[test]
fn a_wrong_model_is_told_with_file_field_value_and_range() {
    assert_eq!(wrong_model("id", "id"), "");
    assert_eq!(
        wrong_model("heads = 128", "heads = 12800"),
        "data/models/deepseek-v3.toml: [[attention]] 1, heads: 12800 is outside 1 to 4096"
    );
    for (from, to, expected) in [
        ("top_k = 8", "top_k = 512", "[[ffn]] 2, experts per token: 512 is outside 1 to 256"),
        ("hidden = 7168", "hidden = 716800", "`hidden = 716800` is outside 1 to 65536"),
        ("layers = 61", "layers = 60", "`layers = 60` fits neither 61 attention with 61 ffn layers in pairs"),
        (
            "latent = {",
            "grouped = { heads = 8, kv_heads = 8, head_dim = 8 }\nlatent = {",
            "needs exactly one of `grouped`",
        ),
        ("id = \"bf16\"", "id = \"fp8-block\"", "`id = \"fp8-block\"` stands before it"),
        ("kv = \"fp8\"", "kv = \"fp8\"\ngroup = 1", ".group = 1` is outside 8 to 4096"),
        ("published_active_B = 37", "published_active_B = 3700", "must be below the total"),
        ("id = \"fp8-block\"", "id = \"fp9\"", "unknown variant `fp9`"),
        ("v_dim = 128", "v_dims = 128", "unknown field `v_dims`"),
        ("released = \"2024-12\"", "released = \"December 2024\"", "must be a month"),
    ] {
        assert!(wrong_model(from, to).contains(expected), "{to}: {}", wrong_model(from, to));
    }
}

#[test]
fn wrong_presets_and_prices_are_told() {
    let known = ["deepseek-v4-pro", "kimi-k3"];
    let price = |from: &str, to: &str| {
        wrong(("prices.toml", PRICES), (from, to), |file: &PricesFile, c| file.check(&[], c))
    };
    assert!(
        price("value = 1.25", "value = 0.9")
            .contains("data/prices.toml: `pue.value = 0.9` is outside 1.05 to 1.6")
    );
    assert!(price("low = 1.05", "low = 0.5").contains("`pue.low = 0.5` is outside 1 to 3"));
    assert!(price("[system_power_factor]", "[system_power]").contains("unknown field `system_power`"));
    assert!(price("model = \"", "model = \"no-").contains("is not in models/"));
    assert!(
        price("as_of = \"2026-11-30\"", "as_of = \"2026-11\"")
            .contains("`as_of = \"2026-11\"` must be a day")
    );
    assert!(
        price("withdrawn = \"2026-08-14\"", "withdrawn = \"soon\"")
            .contains("withdrawn = \"soon\"` must be a day")
    );
    assert!(
        price("[spread_list]\nvalue = 1.0\nlow = 0.85", "[spread_list]\nvalue = 1.0\nlow = 0.01")
            .contains("spread_list.low")
    );
    let workload = |from: &str, to: &str| {
        wrong(("workloads.toml", WORKLOADS), (from, to), |file: &WorkloadsFile, c| file.check(c))
    };
    assert_eq!(workload("id", "id"), "");
    assert!(
        workload("p95 = 4000", "p95 = 400")
            .contains("`chat.input_tokens.p95 = 400` is outside 1000 to 10000000")
    );
    assert!(
        workload("ttft_s = 2,", "ttft_s = 2000,").contains("`chat.slo.ttft_s = 2000` is outside 0.01 to 600")
    );
    let curve = |from: &str, to: &str| {
        wrong(("acceptance.toml", ACCEPTANCE), (from, to), |file: &AcceptanceFile, c| file.check(&known, c))
    };
    assert!(curve("[1, 3, 5, 7]", "[1, 5, 3, 7]").contains("deepseek-v4-pro: draft_tokens must rise"));
    assert!(
        curve("id", "id").contains("neither a model of the catalogue nor"),
        "glm-5 is not among those known here"
    );
}

/// A file of the catalogue may say what a link may say, and no less.
#[test]
fn files_and_links_have_the_same_ranges() {
    for heads in [bounds::HEADS.high as u32, bounds::HEADS.high as u32 + 1] {
        let read = link::read_model(&format!("x:h=64:v=1000:mla={heads}x64x64x64x64:ffn=64"));
        let file = wrong_model("heads = 128", &format!("heads = {heads}"));
        assert_eq!(read.is_ok(), file.is_empty(), "{heads}: {file}");
    }
}

#[test]
fn blocks_say_where_they_come_from() {
    let h100 = chip("h100-sxm").unwrap();
    let blocks: Vec<&str> = h100.provenance.iter().map(|own| own.block).collect();
    assert_eq!(blocks[..6], ["peaks", "memory", "scale_up", "scale_out", "power", "sold"]);
    assert!(blocks[6..].iter().all(|own| own.split('.').next() == Some("price")), "{blocks:?}");
    let price = h100.provenance.iter().find(|own| own.block == "price.market").unwrap();
    assert_eq!((price.as_of, price.confidence), (Some("2026-07"), Some(Confidence::High)));
    let deepseek = model("deepseek-v3").unwrap();
    let blocks: Vec<&str> = deepseek.provenance.iter().map(|own| own.block).collect();
    assert_eq!(blocks[0], "architecture");
    // Each release says where its formats come from.
    assert_eq!(blocks[1..], vec!["releases"; deepseek.releases.len()]);
    // Every memory says where its capacity comes from.
    for chip in chips().iter().filter(|chip| chip.memory.is_some()) {
        assert!(chip.provenance.iter().any(|own| own.block == "memory"), "{}", chip.id);
    }
    assert_eq!(file_provenance("no-such-file.toml"), []);
    let well_formed = |own: &Provenance| own.url.is_none_or(|url| url.starts_with("https://"));
    assert!(chips().iter().flat_map(|chip| chip.provenance).all(well_formed));
}

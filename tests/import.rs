//! A `config.json` becomes the model that the catalogue has, and whatever else is given is answered in words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use tandem::catalog::import::{ImportError, Imported, LONGEST, Note, model_from_config};
use tandem::catalog::{self, NumberFormat};
use tandem::report::{Reply, Strictness, reply};
use tandem::scenario::{Scenario, link};
use tandem::units::Tokens;

macro_rules! fixtures {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("fixtures/configs/", $name, ".json")))),*]
    };
}

/// Needed fields of released configurations, each under the name of the same model in the catalogue.
const FIXTURES: [(&str, &str); 29] = fixtures!(
    "deepseek-v2-lite" "deepseek-v3" "deepseek-v3.2" "gemma2-27b" "gemma3-27b" "gemma4-31b" "glm-4.5" "glm-5"
    "gpt-oss-120b" "granite4-h-small" "kimi-k2" "kimi-linear-48b" "llama3-70b" "llama4-maverick" "llama4-scout"
    "mimo-v2-flash" "minimax-m1" "minimax-m2" "mistral-7b" "mixtral-8x7b" "nemotron-h-56b" "nemotron3-super-120b"
    "olmo3-32b" "qwen2.5-7b" "qwen3-235b-a22b" "qwen3-32b" "qwen3-next-80b-a3b" "qwen3.5-397b-a17b" "kimi-k2-int4"
);

fn fixture(name: &str) -> &'static str {
    FIXTURES.iter().find(|(own, _)| *own == name).unwrap().1
}

fn read(text: &str) -> Imported {
    model_from_config(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_configuration_is_the_catalogues_model() {
    for (name, text) in FIXTURES {
        let Imported { model, same_as, .. } =
            model_from_config(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let id = name.trim_end_matches("-int4");
        let known = catalog::model(id).unwrap();
        for (own, other) in [
            (model.parameters().total(), known.parameters().total()),
            (model.parameters().active(), known.parameters().active()),
        ] {
            assert!((own / other - 1.0).abs() < 0.001, "{name}: {own} against {other}");
        }
        assert_eq!(model.layers, known.layers, "{name}");
        for context in [1.0, 1000.0, 100_000.0].map(Tokens::new) {
            assert_eq!(model.kv_elements_per_token(context), known.kv_elements_per_token(context), "{name}");
        }
        assert_eq!(model.state_elements(), known.state_elements(), "{name}");
        assert_eq!(same_as, Some(id));
        if name == id {
            // Later releases of the same shape may support more.
            assert!(model.max_context <= known.max_context, "{name}");
        }
        assert!(catalog::model(&model.id).is_none() && !model.id.is_empty(), "{name}");
    }
}

#[test]
fn formats_are_those_of_the_checkpoint() {
    for (name, text) in FIXTURES {
        let model = read(text).model;
        let known = catalog::model(name.trim_end_matches("-int4")).unwrap();
        let parts = model.default_release().parts;
        let own = (parts.attention, parts.experts);
        match name {
            "kimi-k2-int4" => assert_eq!(own, (NumberFormat::Bf16, NumberFormat::Int4)),
            "nemotron3-super-120b" => assert_eq!(own, (NumberFormat::Nvfp4, NumberFormat::Nvfp4)),
            // The file may be that of another release than the one served by default.
            _ => assert!(
                known.releases.iter().any(|release| (release.parts.attention, release.parts.experts) == own),
                "{name}: {own:?}"
            ),
        }
    }
    let with = |quantisation: Value| {
        let mut config: Value = serde_json::from_str(fixture("llama3-70b")).unwrap();
        config["quantization_config"] = quantisation;
        let Imported { model, notes, .. } = read(&config.to_string());
        (
            model.default_release().parts.attention.id(),
            notes.iter().any(|note| matches!(note, Note::UnknownFormat { .. })),
        )
    };
    for (quantisation, format) in [
        (json!({"quant_method": "fp8"}), "fp8"),
        (json!({"quant_method": "fp8", "weight_block_size": [128, 128]}), "fp8-block"),
        (json!({"quant_method": "fbgemm_fp8"}), "fp8"),
        (json!({"quant_method": "awq", "bits": 4}), "int4"),
        (json!({"quant_method": "gptq", "bits": 8}), "int8"),
        (json!({"quant_method": "bitsandbytes", "load_in_4bit": true}), "int4"),
        (json!({"quant_method": "modelopt", "quant_algo": "NVFP4"}), "nvfp4"),
        (json!({"quant_method": "modelopt", "quant_algo": "FP8"}), "fp8"),
        (json!({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}), "nvfp4"),
        (
            json!({"quant_method": "compressed-tensors", "format": "float-quantized",
                   "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}}}),
            "fp8",
        ),
        (json!({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp4"}}}), "mxfp4"),
    ] {
        assert_eq!(with(quantisation.clone()), (format, false), "{quantisation}");
    }
    assert_eq!(with(json!({"quant_method": "<b>spiral</b>"})), ("bf16", true));
    assert_eq!(with(json!("fp8")), ("bf16", false));
}

#[test]
fn what_was_assumed_is_said() {
    let notes = |name: &str| read(fixture(name)).notes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(notes("llama3-70b"), Vec::<String>::new());
    let gemma = notes("gemma3-27b").join("\n");
    for said in [
        "vocab_size (vocabulary) is missing: 262208 taken, the default of its class in transformers",
        "sliding_window_pattern (which layers are full attention) is missing: 6 taken",
        "tie_word_embeddings",
        "only the text tower is read",
    ] {
        assert!(gemma.contains(said), "{said}: {gemma}");
    }
    assert_eq!(notes("deepseek-v3"), ["MTP layers are not counted"]);
    assert!(notes("llama4-maverick").join("\n").contains("half the chunk"));
    let unknown = read(&fixture("llama3-70b").replace("\"llama\"", "\"brandnew\""));
    assert_eq!(unknown.same_as, Some("llama3-70b"));
    assert_eq!(unknown.model.id, "brandnew-71b");
    assert!(unknown.notes[0].to_string().contains("brandnew is not known here"));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let error = |text: &str| model_from_config(text).unwrap_err().to_string();
    let without = |name: &str, field: &str| {
        let mut config: Value = serde_json::from_str(&fixture(name).replace("Infinity", "null")).unwrap();
        config.as_object_mut().unwrap().remove(field);
        config.to_string()
    };
    let with = |name: &str, field: &str, value: Value| {
        let mut config: Value = serde_json::from_str(&fixture(name).replace("Infinity", "null")).unwrap();
        config[field] = value;
        config.to_string()
    };
    assert_eq!(error(&without("llama3-70b", "vocab_size")), "vocab_size (vocabulary) is missing");
    assert_eq!(
        error(r#"{"model_type": "llama", "hidden_size": 4096}"#),
        "vocab_size (vocabulary) is missing; num_hidden_layers (layers) is missing; \
         num_attention_heads (query heads) is missing; intermediate_size (width of the feed-forward) is missing"
    );
    // Of many, some are enough.
    let many =
        error(&String::from_utf8_lossy(include_bytes!("../tools/fuzz/regressions/config/many_problems")));
    assert!(many.len() < 900 && many.ends_with("; and 13 more"), "{many}");
    assert_eq!(
        error(&with("llama3-70b", "hidden_size", json!("wide"))),
        "hidden_size is \"wide\", expected a whole number"
    );
    assert_eq!(
        error(&with("llama3-70b", "hidden_size", json!(1e300))),
        "hidden_size: 1e300 is outside 1 to 65536"
    );
    assert_eq!(
        error(&with("llama3-70b", "num_hidden_layers", json!(0))),
        "num_hidden_layers: 0 is outside 1 to 2000"
    );
    assert!(error(&with("llama3-70b", "num_key_value_heads", json!(7))).contains("cannot share evenly"));
    assert!(
        error(&with("mixtral-8x7b", "num_experts_per_tok", json!(9))).contains("more than the 8 experts")
    );
    assert!(
        error(&with("gpt-oss-120b", "layer_types", json!(["full_attention"])))
            .contains("1 entries for 36 layers")
    );
    assert!(error(&with("gpt-oss-120b", "layer_types", json!(vec!["warp"; 36]))).contains("\"warp\""));
    assert!(error(&with("nemotron-h-56b", "hybrid_override_pattern", json!("M?"))).contains("a layer ?"));
    assert!(error(&without("deepseek-v3", "v_head_dim")).contains("v_head_dim (width of a value head)"));
    for text in ["[]", "{}", "3", "\"config\"", r#"{"text_config": {}}"#, r#"{"model_type": "clip"}"#] {
        assert!(error(text).contains("no config.json of a language model"), "{text}");
    }
    assert!(error("hidden_size: 3").contains("no JSON"));
    assert!(error("").contains("no JSON"));
    assert!(error(&"[".repeat(100_000)).contains("no JSON"));
    assert!(matches!(model_from_config(&" ".repeat(LONGEST + 1)), Err(ImportError::TooLong { .. })));
    for (config, reason) in [
        (json!({"model_type": "t5", "is_encoder_decoder": true, "hidden_size": 1}), "encoder"),
        (json!({"model_type": "bert", "architectures": ["BertForMaskedLM"], "hidden_size": 1}), "no decoder"),
        (json!({"model_type": "deepseek_v4", "hidden_size": 1, "compress_ratios": [4]}), "compressed"),
        (
            json!({"model_type": "gemma3n_text", "hidden_size": 1, "num_kv_shared_layers": 15}),
            "share one KV cache",
        ),
    ] {
        assert!(error(&config.to_string()).contains(reason), "{config}");
    }
}

#[test]
fn python_writes_infinities() {
    assert!(fixture("nemotron-h-56b").contains("Infinity"));
    let text = r#"{"a": "Infinity \" NaN", "b": [-Infinity, NaN], "model_type": "llama", "hidden_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 100}"#;
    let imported = read(text);
    assert_eq!(imported.model.attention.len(), 1);
    assert!(imported.notes.iter().any(|note| note.to_string().contains("as many as query heads")));
}

#[test]
fn an_imported_model_travels_in_the_link() {
    for (name, text) in FIXTURES {
        let imported = read(text).renamed("Mine").unwrap();
        let mut scenario = Scenario::default();
        scenario.bring_model(imported.model);
        let link = link::write(&scenario, &[]);
        let parsed = link::parse(&link);
        assert_eq!((parsed.notices, &parsed.scenario), (Vec::new(), &scenario), "{name}: {link}");
        assert!(link.len() < 400, "{name}: {link}");
        // Enough chips for any of them.
        let Reply::Report(report) = reply(&format!("{link}&pool=gb300-nvl72*72"), Strictness::Strict) else {
            panic!("{name}: {link}")
        };
        assert!(report.sentence.contains("with mine"), "{}", report.sentence);
    }
}

#[test]
fn hostile_configurations_take_little_time() {
    let start = std::time::Instant::now();
    let layers: Vec<u32> = (0..100_000).collect();
    let llama = |more: &str| {
        let fields = "\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2000, \
             \"num_attention_heads\": 4, \"intermediate_size\": 128, \"vocab_size\": 100";
        format!("{{{fields}{more}}}")
    };
    for text in [
        "[".repeat(LONGEST),
        "{\"text_config\":".repeat(LONGEST / 15),
        "NaN".repeat(LONGEST / 3),
        format!("\"{}", "\\".repeat(LONGEST - 1)),
        llama(&format!(", \"hybrid_override_pattern\": \"{}\"", "M".repeat(LONGEST / 2))),
        llama(&format!(", \"linear_attn_config\": {{\"full_attn_layers\": {layers:?}}}")),
        llama(&format!(", \"num_experts\": 8, \"mlp_only_layers\": {layers:?}, \"num_experts_per_tok\": 2")),
        llama(&format!(", \"num_experts\": 8, \"moe_layers\": {layers:?}")),
        llama(&format!(
            ", \"sliding_window\": 9, \"sliding_window_pattern\": \"{}\"",
            "LG".repeat(LONGEST / 4)
        )),
    ] {
        sound(&text);
    }
    // Generous, for a slow machine.
    assert!(start.elapsed().as_secs() < 20);
}

/// A configuration with some of its values replaced, removed or moved.
fn damaged() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        (0_u32..5000).prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(|text| json!(text)),
        proptest::collection::vec(0_i64..3, 0..70).prop_map(|list| json!(list)),
        proptest::collection::vec("(full_attention|mamba|sliding_attention|linear_attention|moe|x)", 0..70)
            .prop_map(|list| json!(list)),
        Just(json!({"full_attn_layers": [1, 2, -3, 1e300], "num_heads": 0, "head_dim": 8})),
        Just(json!({"hidden_size": 4096})),
    ];
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), value, any::<bool>());
    let changes = proptest::collection::vec(change, 1..6);
    (prop::sample::select(FIXTURES.to_vec()), changes).prop_map(|((_, text), changes)| {
        let mut config: Value = serde_json::from_str(&text.replace("Infinity", "null")).unwrap();
        let foreign: Vec<String> = FIXTURES
            .iter()
            .filter_map(|(_, text)| serde_json::from_str::<Value>(text).ok())
            .flat_map(|config| config.as_object().unwrap().keys().cloned().collect::<Vec<_>>())
            .collect();
        for (which, other, value, own) in changes {
            let object = match config.get("text_config") {
                Some(Value::Object(_)) => config["text_config"].as_object_mut().unwrap(),
                _ => config.as_object_mut().unwrap(),
            };
            let keys: Vec<String> = object.keys().cloned().collect();
            let key = if own {
                keys[which.index(keys.len())].clone()
            } else {
                foreign[other.index(foreign.len())].clone()
            };
            object.insert(key, value);
        }
        config.to_string()
    })
}

fn sound(text: &str) {
    match model_from_config(text) {
        Ok(Imported { model, notes, .. }) => {
            assert_eq!(model.out_of_range(), [], "{text}");
            assert!(
                model.parameters().total().is_finite() && model.cached_elements(Tokens::new(1e9)).is_finite()
            );
            let mut scenario = Scenario::default();
            scenario.bring_model(model);
            assert_eq!(scenario.check(), []);
            let parsed = link::parse(&link::write(&scenario, &[]));
            assert_eq!((parsed.notices, parsed.scenario), (Vec::new(), scenario), "{text}");
            for note in notes {
                assert!(
                    note.to_string().chars().count() < 300 && !note.to_string().contains(char::is_control)
                );
            }
        }
        Err(error) => {
            let words = error.to_string();
            assert!(!words.is_empty() && words.chars().count() < 4000 && !words.contains('<'), "{words}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_configuration_is_answered(text in damaged()) {
        sound(&text);
    }

    #[test]
    fn a_cut_configuration_is_answered(which in prop::sample::select(FIXTURES.to_vec()), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut letters: Vec<char> = which.1.chars().collect();
        let place = at.index(letters.len());
        letters[place] = with;
        sound(&letters.iter().collect::<String>());
        letters.truncate(place);
        sound(&letters.iter().collect::<String>());
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        sound(&text);
    }
}

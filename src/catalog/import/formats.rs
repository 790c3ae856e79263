//! Number formats of a checkpoint and of its KV cache, from its `quantization_config`.

use serde_json::{Map, Value};

use super::fields::{Fields, printable};
use super::problem::Note;
use crate::catalog::number::NumberFormat;

/// Formats of the dense weights and of the experts.
pub(super) fn native(fields: &mut Fields<'_>, has_experts: bool) -> (NumberFormat, NumberFormat) {
    let plain = (NumberFormat::Bf16, NumberFormat::Bf16);
    let Some(config) = config(fields) else { return plain };
    let Some(format) = format(config) else {
        let word = |name: &str| config.get(name).and_then(Value::as_str);
        let words: Vec<&str> =
            ["quant_method", "quant_algo", "format"].into_iter().filter_map(word).collect();
        fields.notes.push(Note::UnknownFormat { name: printable(&words.join(" ")) });
        return plain;
    };
    if !has_experts {
        return (format, format);
    }
    // Where attention is left out of it, only the experts are narrow.
    if format == NumberFormat::Mxfp4 || leaves_attention_out(config) {
        return (NumberFormat::Bf16, format);
    }
    (format, format)
}

/// Format of the KV cache where the checkpoint carries its scales: compressed-tensors describes it as it does weights,
/// ModelOpt names an algorithm.
pub(super) fn cache(fields: &Fields<'_>) -> Option<NumberFormat> {
    let config = config(fields)?;
    let scheme = config.get("kv_cache_scheme").and_then(weights);
    let named = config.get("kv_cache_quant_algo").and_then(Value::as_str);
    scheme.or_else(|| match named?.to_ascii_lowercase().as_str() {
        "fp8" => Some(NumberFormat::Fp8),
        "nvfp4" => Some(NumberFormat::Nvfp4),
        "int8" => Some(NumberFormat::Int8),
        _ => None,
    })
}

fn config<'v>(fields: &Fields<'v>) -> Option<&'v Map<String, Value>> {
    let names = ["quantization_config", "compression_config"];
    names.iter().find_map(|name| fields.anywhere(name))?.as_object()
}

fn format(config: &Map<String, Value>) -> Option<NumberFormat> {
    let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let bits = config.get("bits").or_else(|| config.get("w_bit")).and_then(Value::as_u64);
    let integer = |bits: Option<u64>| match bits {
        Some(8) => NumberFormat::Int8,
        _ => NumberFormat::Int4,
    };
    let block = config.get("weight_block_size").is_some_and(Value::is_array);
    let fp8 = if block { NumberFormat::Fp8Block } else { NumberFormat::Fp8 };
    let method = text("quant_method");
    // ModelOpt writes its algorithm, compressed-tensors its format; both name nvfp4 and mxfp4 in full.
    let named = format!("{} {}", text("quant_algo"), text("format"));
    if named.contains("nvfp4") {
        return Some(NumberFormat::Nvfp4);
    }
    if named.contains("mxfp4") {
        return Some(NumberFormat::Mxfp4);
    }
    match method.as_str() {
        "fp8" => Some(fp8),
        "fbgemm_fp8" => Some(NumberFormat::Fp8),
        "mxfp4" => Some(NumberFormat::Mxfp4),
        "nvfp4" => Some(NumberFormat::Nvfp4),
        "awq" | "gptq" | "auto-round" | "intel/auto-round" | "gptq_marlin" | "awq_marlin" => {
            Some(integer(bits))
        }
        "bitsandbytes" => Some(match config.get("load_in_8bit").and_then(Value::as_bool) {
            Some(true) => NumberFormat::Int8,
            _ => NumberFormat::Int4,
        }),
        "modelopt" | "modelopt_fp4" => match text("quant_algo").as_str() {
            "fp8" => Some(NumberFormat::Fp8),
            "fp8_pb_wo" => Some(NumberFormat::Fp8Block),
            "w4a8_awq" | "w4a16_awq" => Some(NumberFormat::Int4),
            "w8a8_sq" => Some(NumberFormat::Int8),
            _ => None,
        },
        "compressed-tensors" => {
            let groups = config.get("config_groups")?.as_object()?;
            groups.values().find_map(|group| weights(group.get("weights")?))
        }
        "quark" => {
            let weight = config.get("global_quant_config")?.get("weight")?;
            match weight.get("dtype").and_then(Value::as_str)? {
                "fp4" => Some(NumberFormat::Mxfp4),
                "fp8_e4m3" => Some(NumberFormat::Fp8),
                "int4" | "uint4" => Some(NumberFormat::Int4),
                "int8" => Some(NumberFormat::Int8),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The format of a group of compressed-tensors.
fn weights(weights: &Value) -> Option<NumberFormat> {
    let word = |name: &str| weights.get(name).and_then(Value::as_str).unwrap_or_default();
    match (word("type"), weights.get("num_bits").and_then(Value::as_u64)?) {
        ("float", 8) if word("strategy") == "block" => Some(NumberFormat::Fp8Block),
        ("float", 8) => Some(NumberFormat::Fp8),
        ("float", 4) => Some(match weights.get("group_size").and_then(Value::as_u64) {
            Some(32) => NumberFormat::Mxfp4,
            _ => NumberFormat::Nvfp4,
        }),
        ("int", 8) => Some(NumberFormat::Int8),
        ("int", 4) => Some(NumberFormat::Int4),
        _ => None,
    }
}

fn leaves_attention_out(config: &Map<String, Value>) -> bool {
    ["ignore", "ignored_layers", "modules_to_not_convert", "exclude_modules", "exclude"].iter().any(|name| {
        config.get(*name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).any(
            |module| {
                // A single projection that is left out says nothing about the others.
                let end = module.trim_end_matches(['*', '.', '$']);
                end.ends_with("self_attn") || end.ends_with("attention")
            },
        )
    })
}

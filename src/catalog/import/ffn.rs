//! Which layers are dense, which have experts, and how wide they are.

use serde_json::Value;

use super::fields::{Fields, whole};
use crate::catalog::bounds;
use crate::catalog::model::Ffn;

/// Names of the number of routed experts.
const EXPERTS: [&str; 4] = ["n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts"];

/// The feed-forward of each layer.
pub(super) fn layers(fields: &mut Fields<'_>, layers: u32) -> Vec<Ffn> {
    if !fields.positive(&EXPERTS) {
        let kind = dense(fields);
        return vec![kind; layers as usize];
    }
    let sparse = sparse(fields, layers);
    let mut kinds = [None; 2];
    sparse
        .into_iter()
        .map(|sparse| {
            let [dense_kind, sparse_kind] = &mut kinds;
            if sparse {
                *sparse_kind.get_or_insert_with(|| experts(fields))
            } else {
                *dense_kind.get_or_insert_with(|| dense(fields))
            }
        })
        .collect()
}

/// Which layers have experts, by whichever field says so.
fn sparse(fields: &mut Fields<'_>, layers: u32) -> Vec<bool> {
    let each = |of: &dyn Fn(u32) -> bool| (0..layers).map(of).collect::<Vec<_>>();
    if let Some(list) = fields.per_layer("mlp_layer_types", layers) {
        return list.iter().map(|kind| kind.as_str() != Some("dense")).collect();
    }
    // Listed layers count from 0.
    let named_layers = fields.layers(fields.get(&["moe_layers"]));
    if !named_layers.is_empty() {
        return each(&|layer| named_layers.contains(&f64::from(layer)));
    }
    if let Some(step) = fields.optional_or_default(
        &["interleave_moe_layer_step"],
        "which layers have experts",
        bounds::LAYERS,
    ) {
        return each(&|layer| (layer + 1).is_multiple_of(step));
    }
    if let Some(Value::Array(_)) = fields.get(&["moe_layer_freq"]) {
        return match fields.per_layer("moe_layer_freq", layers) {
            Some(list) => list.iter().map(|flag| whole(flag) != Some(0.0)).collect(),
            None => each(&|_| true),
        };
    }
    let first = fields
        .optional(&["first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"], bounds::FEW)
        .unwrap_or(0);
    let every = fields.optional(&["moe_layer_freq", "decoder_sparse_step"], bounds::LAYERS).unwrap_or(1);
    let dense_layers = fields.layers(fields.get(&["mlp_only_layers"]));
    // DeepSeek counts the step from layer 0, Qwen from layer 1; all released models take every layer.
    let offset = u32::from(fields.get(&["decoder_sparse_step"]).is_some());
    each(&|layer| {
        layer >= first && (layer + offset).is_multiple_of(every) && !dense_layers.contains(&f64::from(layer))
    })
}

/// A dense feed-forward.
pub(super) fn dense(fields: &mut Fields<'_>) -> Ffn {
    let names: &[&'static str] = match fields.model_type.as_str() {
        "granitemoehybrid" => &["shared_intermediate_size", "intermediate_size"],
        "llama4" | "llama4_text" => &["intermediate_size_mlp"],
        _ => &["intermediate_size"],
    };
    let inter = fields.count(names, "width of the feed-forward", bounds::INTER);
    Ffn::Dense { inter, matrices: matrices(fields) }
}

/// Experts.
pub(super) fn experts(fields: &mut Fields<'_>) -> Ffn {
    let experts = fields.count(&EXPERTS, "routed experts", bounds::EXPERTS);
    let top_k = fields.count(
        &[
            "num_experts_per_tok",
            "experts_per_token",
            "num_experts_per_token",
            "top_k_experts",
            "moe_k",
            "moe_topk",
        ],
        "experts per token",
        bounds::EXPERTS,
    );
    if top_k > experts {
        let reason = format!("is {top_k}, more than the {experts} experts there are");
        fields.contradiction("num_experts_per_tok", reason);
    }
    let inter =
        fields.count(&["moe_intermediate_size", "intermediate_size"], "width of an expert", bounds::INTER);
    Ffn::Moe {
        experts,
        top_k: top_k.min(experts),
        inter,
        width: fields.optional(&["moe_latent_size"], bounds::HIDDEN),
        shared_inter: shared(fields, inter),
        matrices: matrices(fields),
    }
}

/// Summed width of what every token passes beside the routed experts.
fn shared(fields: &mut Fields<'_>, inter: u32) -> u32 {
    let stated = ["shared_expert_intermediate_size", "shared_intermediate_size"];
    if let Some(width) = fields.optional(&stated, bounds::SHARED) {
        return width;
    }
    let count = fields
        .optional(&["n_shared_experts", "num_shared_experts", "moe_num_shared_experts"], bounds::FEW)
        .unwrap_or(u32::from(fields.model_type.starts_with("llama4")));
    // Gemma 4 runs a dense feed-forward beside its experts.
    if fields.flag_quietly("enable_moe_block") == Some(true) {
        return fields.count(&["intermediate_size"], "width of the feed-forward", bounds::INTER);
    }
    let one = fields.optional(&["moe_shared_expert_intermediate_size"], bounds::SHARED).unwrap_or(inter);
    count.saturating_mul(one)
}

/// Three weight matrices where the activation is gated, two where it is not.
fn matrices(fields: &Fields<'_>) -> u32 {
    let squared = ["hidden_act", "mlp_hidden_act", "hidden_activation"]
        .iter()
        .any(|name| fields.text(name).is_some_and(|act| act == "relu2"));
    let plain = ["gpt_neox", "starcoder2", "phi", "nemotron", "apertus", "arcee", "nemotron_h"];
    if squared || plain.contains(&fields.model_type.as_str()) { 2 } else { 3 }
}

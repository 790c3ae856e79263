//! Which layers mix tokens, and how.

use serde_json::Value;

use super::fields::{Fields, excerpt, named, printable, whole};
use super::problem::{FieldProblem, ImportError};
use crate::catalog::bounds;
use crate::catalog::model::{Attention, Indexer};

/// What windows are for.
const WINDOW: &str = "tokens that a sliding layer sees";
/// What chunks are for.
const CHUNK: &str = "tokens in a chunk of attention";

/// How a layer mixes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mix {
    /// Softmax attention over everything.
    Full,
    /// Softmax attention over a window or a chunk.
    Local,
    /// Linear attention.
    Linear,
    /// Mamba-2.
    Mamba,
}

/// A layer that is one block by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// It mixes tokens.
    Mixing(Mix),
    /// A dense feed-forward.
    Dense,
    /// Experts.
    Experts,
}

/// The layers of a model that spells out single blocks (Nemotron-H); `None` for all others.
pub(super) fn blocks(fields: &mut Fields<'_>) -> Result<Option<Vec<Block>>, ImportError> {
    let mut blocks = Vec::new();
    if let Some(pattern) = fields.text("hybrid_override_pattern") {
        for letter in pattern.chars() {
            blocks.push(match letter {
                'M' => Block::Mixing(Mix::Mamba),
                '*' => Block::Mixing(Mix::Full),
                '-' => Block::Dense,
                'E' => Block::Experts,
                other => {
                    let other = printable(&other.to_string());
                    let reason =
                        format!("hybrid_override_pattern has a layer {other}; M, *, - and E are known");
                    return Err(fields.unsupported(reason));
                }
            });
        }
    } else if fields.model_type.starts_with("nemotron_h") {
        for kind in fields.list("layers_block_type") {
            blocks.push(match kind.as_str() {
                Some("mamba") => Block::Mixing(Mix::Mamba),
                Some("attention") => Block::Mixing(Mix::Full),
                Some("mlp") => Block::Dense,
                Some("moe") => Block::Experts,
                _ => {
                    let reason = format!(
                        "layers_block_type has {}; mamba, attention, mlp and moe are known",
                        excerpt(kind)
                    );
                    return Err(fields.unsupported(reason));
                }
            });
        }
        if blocks.is_empty() {
            let (field, what) = ("hybrid_override_pattern", "order of the layers");
            fields.problem(FieldProblem::Missing { field, what });
        }
    } else {
        return Ok(None);
    }
    if let Err(invalid) = named("hybrid_override_pattern", bounds::LAYERS).admit(blocks.len() as f64) {
        fields.problem(FieldProblem::OutOfRange { invalid });
        blocks.truncate(1);
    }
    Ok(Some(blocks))
}

/// How each layer mixes tokens, by whichever field says so.
pub(super) fn mixes(fields: &mut Fields<'_>, layers: u32) -> Result<Vec<Mix>, ImportError> {
    let each = |of: &dyn Fn(u32) -> Mix| (0..layers).map(of).collect::<Vec<_>>();
    let local_or = |local: bool| if local { Mix::Local } else { Mix::Full };
    for name in ["layer_types", "layers_block_type"] {
        if let Some(list) = fields.per_layer(name, layers) {
            return list.iter().map(|kind| mix(fields, kind)).collect();
        }
    }
    if let Some(list) = fields.per_layer("attn_type_list", layers) {
        let one = |kind: &Value| if whole(kind) == Some(0.0) { Mix::Linear } else { Mix::Full };
        return Ok(list.iter().map(one).collect());
    }
    if let Some(list) = fields.per_layer("hybrid_layer_pattern", layers) {
        return Ok(list.iter().map(|kind| local_or(whole(kind) == Some(1.0))).collect());
    }
    if let Some(Value::Object(linear)) = fields.get(&["linear_attn_config"]) {
        let full = fields.layers(linear.get("full_attn_layers"));
        // Layers are counted from 1 here.
        return Ok(each(&|layer| if full.contains(&f64::from(layer + 1)) { Mix::Full } else { Mix::Linear }));
    }
    if let Some(interval) = fields.optional_or_default(
        &["full_attention_interval"],
        "which layers are full attention",
        bounds::LAYERS,
    ) {
        return Ok(each(&|layer| if (layer + 1).is_multiple_of(interval) { Mix::Full } else { Mix::Linear }));
    }
    if fields.optional_or_default(&["attention_chunk_size"], CHUNK, bounds::WINDOW).is_some() {
        if let Some(list) = fields.per_layer("no_rope_layers", layers) {
            return Ok(list.iter().map(|rotated| local_or(whole(rotated) != Some(0.0))).collect());
        }
        let interval = fields
            .optional_or_default(
                &["no_rope_layer_interval"],
                "which layers are full attention",
                bounds::LAYERS,
            )
            .unwrap_or(4);
        return Ok(each(&|layer| local_or(!(layer + 1).is_multiple_of(interval))));
    }
    if let Some(Value::String(pattern)) = fields.get(&["sliding_window_pattern"]) {
        let letters: Vec<char> = pattern.chars().take(64).collect();
        return Ok(each(&|layer| local_or(letters.get(layer as usize % letters.len().max(1)) == Some(&'L'))));
    }
    let windows = fields
        .optional_or_default(&["sliding_window", "sliding_window_size"], WINDOW, bounds::WINDOW)
        .is_some();
    if !windows || fields.flag_quietly("use_sliding_window") == Some(false) {
        return Ok(each(&|_| Mix::Full));
    }
    let pattern = ["sliding_window_pattern", "_sliding_window_pattern"];
    if let Some(pattern) =
        fields.optional_or_default(&pattern, "which layers are full attention", bounds::LAYERS)
    {
        return Ok(each(&|layer| local_or(!(layer + 1).is_multiple_of(pattern))));
    }
    Ok(match fields.model_type.as_str() {
        "gemma2" | "gpt_oss" => each(&|layer| local_or(layer.is_multiple_of(2))),
        // These name a window that they do not use unless told to, and then only above some layer.
        kind if kind.starts_with("qwen") => {
            let used = fields.flag_quietly("use_sliding_window") == Some(true);
            let from = fields.optional(&["max_window_layers"], bounds::FEW).unwrap_or(0);
            each(&|layer| local_or(used && layer >= from))
        }
        _ => each(&|_| Mix::Local),
    })
}

fn mix(fields: &Fields<'_>, kind: &Value) -> Result<Mix, ImportError> {
    Ok(match kind.as_str() {
        Some("full_attention" | "attention" | "global_attention" | "global") => Mix::Full,
        Some("sliding_attention" | "chunked_attention" | "local_attention" | "local") => Mix::Local,
        Some("linear_attention") => Mix::Linear,
        Some("mamba" | "mamba2") => Mix::Mamba,
        _ => {
            let reason = format!(
                "layer_types has {}; full_attention, sliding_attention, chunked_attention, linear_attention, attention \
                 and mamba are known",
                excerpt(kind)
            );
            return Err(fields.unsupported(reason));
        }
    })
}

/// One layer that mixes tokens in this way.
pub(super) fn layer(fields: &mut Fields<'_>, mix: Mix, hidden: u32) -> Result<Attention, ImportError> {
    match mix {
        Mix::Full if fields.get(&["kv_lora_rank"]).is_some() => Ok(latent(fields)),
        Mix::Full => Ok(grouped(fields, hidden, None)),
        Mix::Local => {
            let window = window(fields);
            Ok(grouped(fields, hidden, Some(window)))
        }
        Mix::Linear => linear(fields, hidden),
        Mix::Mamba => Ok(mamba(fields, hidden)),
    }
}

fn window(fields: &mut Fields<'_>) -> u32 {
    if let Some(chunk) = fields.optional_or_default(&["attention_chunk_size"], CHUNK, bounds::WINDOW) {
        fields.note(
            "chunked attention is read as a window of half the chunk, which a position sees on average",
        );
        return (chunk / 2).max(1);
    }
    fields.count(&["sliding_window", "sliding_window_size"], WINDOW, bounds::WINDOW)
}

fn grouped(fields: &mut Fields<'_>, hidden: u32, window: Option<u32>) -> Attention {
    // A window that holds the whole context is none.
    let context = fields.get(&["max_position_embeddings"]).and_then(whole).unwrap_or(f64::INFINITY);
    let window = window.filter(|&window| f64::from(window) < context);
    // Where sliding and full layers differ in shape, one of them has names of its own.
    let sliding: [&[&'static str]; 4] = [
        &["swa_num_attention_heads", "num_attention_heads"],
        &["swa_num_key_value_heads", "num_key_value_heads"],
        &["swa_head_dim", "head_dim"],
        &["swa_v_head_dim", "v_head_dim"],
    ];
    let full: [&[&'static str]; 4] = [
        &["num_attention_heads"],
        &["num_global_key_value_heads", "num_key_value_heads"],
        &["global_head_dim", "head_dim"],
        &["v_head_dim"],
    ];
    let [heads, kv_heads, head_dim, v_dim] = if window.is_some() { sliding } else { full };
    let heads = fields.count(heads, "query heads", bounds::HEADS);
    let kv_heads = match fields.optional_or_default(kv_heads, "key and value heads", bounds::HEADS) {
        Some(kv_heads) => kv_heads,
        None if fields.flag_quietly("multi_query") == Some(true) => 1,
        None => {
            fields.assume("num_key_value_heads", "key and value heads", &heads, "as many as query heads");
            heads
        }
    };
    if !heads.is_multiple_of(kv_heads) {
        let reason = format!("is {kv_heads}, which {heads} query heads cannot share evenly");
        fields.contradiction("num_key_value_heads", reason);
    }
    let head_dim = match fields.optional_or_default(head_dim, "width of a head", bounds::HEAD_WIDTH) {
        Some(head_dim) => head_dim,
        None => {
            if !hidden.is_multiple_of(heads) {
                let reason =
                    format!("is missing, and {heads} heads do not divide the width of {hidden} evenly");
                fields.contradiction("head_dim", reason);
            }
            (hidden / heads).max(1)
        }
    };
    let shared_kv = window.is_none() && fields.flag_quietly("attention_k_eq_v") == Some(true);
    let v_dim = fields.optional(v_dim, bounds::HEAD_WIDTH).filter(|_| !shared_kv).unwrap_or(head_dim);
    Attention::Grouped {
        heads,
        kv_heads,
        head_dim,
        v_dim,
        window,
        shared_kv,
        output_gate: fields.flag_quietly("attn_output_gate").unwrap_or_else(|| {
            fields.model_type.starts_with("qwen3_next") || fields.model_type.starts_with("qwen3_5")
        }),
        indexer: indexer(fields),
    }
}

fn latent(fields: &mut Fields<'_>) -> Attention {
    Attention::Latent {
        heads: fields.count(&["num_attention_heads"], "query heads", bounds::HEADS),
        q_rank: fields.optional_or_default(&["q_lora_rank"], "rank of the query compression", bounds::RANK),
        kv_rank: fields.count(&["kv_lora_rank"], "rank of the cached latent", bounds::RANK),
        rope_dim: fields.count(&["qk_rope_head_dim"], "rotary part of a head", bounds::ROTARY),
        nope_dim: fields.count(&["qk_nope_head_dim"], "part of a head without rotation", bounds::HEAD_WIDTH),
        v_dim: fields.count(&["v_head_dim"], "width of a value head", bounds::HEAD_WIDTH),
        indexer: indexer(fields),
    }
}

fn indexer(fields: &mut Fields<'_>) -> Option<Indexer> {
    let top_k =
        fields.optional_or_default(&["index_topk"], "positions that the indexer selects", bounds::WINDOW)?;
    Some(Indexer {
        heads: fields.count(&["index_n_heads"], "heads of the indexer", bounds::HEADS),
        dim: fields.count(&["index_head_dim"], "width of an index key", bounds::HEAD_WIDTH),
        top_k,
    })
}

fn linear(fields: &mut Fields<'_>, hidden: u32) -> Result<Attention, ImportError> {
    let wide = |numbers: [u32; 2]| numbers.into_iter().map(f64::from).product::<f64>();
    let (key_heads, value_heads, key_dim, value_dim, extra);
    if fields.get(&["linear_num_value_heads"]).is_some() {
        // Gated DeltaNet: an output gate as wide as the values, two small projections per value head, a convolution
        // over queries, keys and values, decay and step bias per head, and a norm.
        key_heads = fields.count(&["linear_num_key_heads"], "key heads of linear attention", bounds::HEADS);
        value_heads =
            fields.count(&["linear_num_value_heads"], "value heads of linear attention", bounds::HEADS);
        key_dim = fields.count(&["linear_key_head_dim"], "width of a linear key head", bounds::HEAD_WIDTH);
        value_dim =
            fields.count(&["linear_value_head_dim"], "width of a linear value head", bounds::HEAD_WIDTH);
        let taps = fields.count(&["linear_conv_kernel_dim"], "taps of the convolution", bounds::HEADS);
        let (keys, values) = (wide([key_heads, key_dim]), wide([value_heads, value_dim]));
        let per_head = f64::from(value_heads);
        extra = f64::from(hidden) * (values + 2.0 * per_head)
            + f64::from(taps) * (2.0 * keys + values)
            + 2.0 * per_head
            + f64::from(value_dim);
    } else if let Some(Value::Object(config)) = fields.get(&["linear_attn_config"]) {
        // Kimi Delta Attention: gates of low rank, a step size per head, convolutions over queries, keys and values.
        let mut inner = Fields::new(config, config);
        key_heads = inner.count(&["num_heads"], "heads of linear attention", bounds::HEADS);
        key_dim = inner.count(&["head_dim"], "width of a linear head", bounds::HEAD_WIDTH);
        let taps = inner.count(&["short_conv_kernel_size"], "taps of the convolution", bounds::HEADS);
        inner.problems.into_iter().for_each(|problem| fields.problem(problem));
        (value_heads, value_dim) = (key_heads, key_dim);
        let width = wide([key_heads, key_dim]);
        extra = 2.0 * f64::from(key_dim) * (f64::from(hidden) + width)
            + f64::from(hidden) * f64::from(key_heads)
            + 3.0 * width * f64::from(taps);
    } else if fields.model_type.starts_with("minimax") {
        // Lightning attention: a gate as wide as the heads.
        key_heads = fields.count(&["num_attention_heads"], "query heads", bounds::HEADS);
        key_dim = fields.count(&["head_dim"], "width of a head", bounds::HEAD_WIDTH);
        (value_heads, value_dim) = (key_heads, key_dim);
        extra = f64::from(hidden) * wide([key_heads, key_dim]);
    } else {
        let reason = "linear attention of a kind that is not known here";
        return Err(fields.unsupported(reason.to_owned()));
    }
    let extra = bounds::EXTRA.admit(extra).unwrap_or_else(|invalid| {
        fields.problem(FieldProblem::OutOfRange { invalid });
        0.0
    });
    Ok(Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters: extra as u32 })
}

fn mamba(fields: &mut Fields<'_>, hidden: u32) -> Attention {
    let heads = fields.count(&["mamba_n_heads", "mamba_num_heads"], "Mamba heads", bounds::HEADS);
    let width = ["mamba_d_head", "mamba_head_dim"];
    let automatic = fields.get(&width).is_none_or(|value| value.as_str() == Some("auto"));
    let head_dim = if automatic {
        let expand = fields.count(
            &["mamba_expand", "expand"],
            "width of Mamba over the residual stream",
            bounds::HEADS,
        );
        hidden.saturating_mul(expand) / heads.max(1)
    } else {
        fields.count(&width, "width of a Mamba head", bounds::HEAD_WIDTH)
    };
    Attention::Mamba {
        heads,
        head_dim,
        state: fields.count(
            &["mamba_d_state", "ssm_state_size"],
            "state per Mamba channel",
            bounds::HEAD_WIDTH,
        ),
        groups: fields.count(&["mamba_n_groups", "n_groups"], "groups of B and C projections", bounds::HEADS),
    }
}

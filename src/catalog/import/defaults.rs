//! What the configuration classes of transformers say where a file does not: saved files leave out what equals the
//! default, above all nested ones. Only defaults that hold for every release of a family stand here.

/// Types whose fields are read as meant; others are read as decoders in the manner of Llama, with a note.
const KNOWN: [&str; 67] = [
    "apertus",
    "arcee",
    "cohere",
    "cohere2",
    "deepseek_v2",
    "deepseek_v3",
    "deepseek_v32",
    "ernie4_5",
    "exaone4",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "gemma4",
    "gemma4_text",
    "gemma4_unified",
    "gemma4_unified_text",
    "glm",
    "glm4",
    "glm4_moe",
    "glm4_moe_lite",
    "glm4v_moe_text",
    "glm_moe_dsa",
    "gpt_neox",
    "gpt_oss",
    "granite",
    "granitemoe",
    "granitemoehybrid",
    "granitemoeshared",
    "hunyuan_v1_dense",
    "internlm3",
    "kimi_k2",
    "kimi_linear",
    "llama",
    "llama4",
    "llama4_text",
    "mimo_v2_flash",
    "minimax",
    "minimax_m1",
    "minimax_m2",
    "minimax_text_01",
    "ministral",
    "ministral3",
    "mistral",
    "mixtral",
    "nemotron",
    "nemotron_h",
    "olmo",
    "olmo2",
    "olmo3",
    "olmoe",
    "phi",
    "phi3",
    "phimoe",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_5_moe_text",
    "qwen3_5_text",
    "qwen3_moe",
    "qwen3_next",
    "qwen3_vl_moe_text",
    "qwen3_vl_text",
    "seed_oss",
    "smollm3",
    "stablelm",
    "starcoder2",
];

/// Fields that only architectures have which the catalogue cannot express.
pub(super) const BEYOND: [(&str, &str); 10] = [
    (
        "compress_ratios",
        "compressed sparse attention cannot be read from a config.json yet; the catalogue has DeepSeek-V4",
    ),
    (
        "num_kv_shared_layers",
        "layers that share one KV cache, with embeddings of their own, are not modelled",
    ),
    ("conv_L_cache", "short convolutions in place of attention are not modelled"),
    ("lru_width", "recurrent layers of this kind are not modelled"),
    ("mamba_d_ssm", "attention and Mamba side by side in one layer are not modelled"),
    ("attn_layer_period", "Mamba-1 layers are not modelled"),
    ("ssm_cfg", "Mamba-1 layers are not modelled"),
    ("rescale_every", "RWKV is not modelled"),
    ("cross_attention_layers", "layers that attend to images are not modelled"),
    ("zero_expert_num", "experts that do nothing are not modelled"),
];

pub(super) fn is_known(model_type: &str) -> bool {
    KNOWN.contains(&model_type)
}

/// Whether the class ties head and embedding unless told otherwise.
pub(super) fn ties(model_type: &str) -> bool {
    model_type.starts_with("gemma") || model_type.starts_with("cohere")
}

/// The class default of the first of several names that has one.
pub(super) fn number(model_type: &str, names: &[&'static str]) -> Option<(&'static str, u32)> {
    let table: &[(&str, u32)] = match model_type {
        "gemma" => &[("head_dim", 256)],
        "gemma2" => &[("head_dim", 256), ("vocab_size", 256_000), ("sliding_window", 4096)],
        "gemma3" | "gemma3_text" => &[
            ("vocab_size", 262_208),
            ("hidden_size", 2304),
            ("intermediate_size", 9216),
            ("num_hidden_layers", 26),
            ("num_attention_heads", 8),
            ("num_key_value_heads", 4),
            ("head_dim", 256),
            ("max_position_embeddings", 131_072),
            ("sliding_window", 4096),
            ("sliding_window_pattern", 6),
        ],
        "mistral" | "mixtral" => &[("num_key_value_heads", 8)],
        "qwen3" => &[("head_dim", 128)],
        "qwen3_next" | "qwen3_5_text" | "qwen3_5_moe_text" => {
            &[("head_dim", 256), ("full_attention_interval", 4), ("linear_conv_kernel_dim", 4)]
        }
        "gpt_oss" => &[("head_dim", 64), ("sliding_window", 128)],
        "llama4" | "llama4_text" => &[
            ("head_dim", 128),
            ("attention_chunk_size", 8192),
            ("no_rope_layer_interval", 4),
            ("interleave_moe_layer_step", 1),
            ("intermediate_size_mlp", 16_384),
        ],
        "deepseek_v2" | "deepseek_v3" => &[("q_lora_rank", 1536)],
        "deepseek_v32" => {
            &[("q_lora_rank", 1536), ("index_n_heads", 64), ("index_head_dim", 128), ("index_topk", 2048)]
        }
        "glm_moe_dsa" => &[("index_n_heads", 32), ("index_head_dim", 128), ("index_topk", 2048)],
        _ => &[],
    };
    names.iter().find_map(|&name| table.iter().find(|(own, _)| *own == name).map(|&(_, value)| (name, value)))
}

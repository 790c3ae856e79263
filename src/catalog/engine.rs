//! Serving engines.

use serde::{Deserialize, Serialize};

/// The software that serves the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// TensorRT-LLM.
    Trtllm,
    /// AMD's engine.
    Atom,
    /// llama.cpp's server, which Ollama and LM Studio wrap.
    Llamacpp,
    /// Apple's MLX: the server of mlx-lm.
    Mlx,
    /// vLLM on Google's TPUs.
    #[serde(rename = "vllm-tpu")]
    VllmTpu,
    /// vLLM on AWS Neuron.
    Neuron,
}

impl Engine {
    /// All engines, in the order of menus.
    pub const ALL: [Self; 8] = [
        Self::Vllm,
        Self::Sglang,
        Self::Trtllm,
        Self::Atom,
        Self::Llamacpp,
        Self::Mlx,
        Self::VllmTpu,
        Self::Neuron,
    ];

    /// Those whose constants are fitted on served runs; the others have the priors of their family.
    pub const FITTED: [Self; 3] = [Self::Vllm, Self::Sglang, Self::Trtllm];

    /// The identifier in links and files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::Trtllm => "trtllm",
            Self::Atom => "atom",
            Self::Llamacpp => "llamacpp",
            Self::Mlx => "mlx",
            Self::VllmTpu => "vllm-tpu",
            Self::Neuron => "neuron",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vLLM",
            Self::Sglang => "SGLang",
            Self::Trtllm => "TensorRT-LLM",
            Self::Atom => "ATOM",
            Self::Llamacpp => "llama.cpp",
            Self::Mlx => "MLX",
            Self::VllmTpu => "vLLM TPU",
            Self::Neuron => "vLLM Neuron",
        }
    }

    /// The engine with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.id() == id)
    }

    /// Whether it spreads prompts over copies of the tensor-parallel group (prefill context parallelism). As of 2026-11: vLLM
    /// (`--prefill-context-parallel-size`, also on TPUs), SGLang (`--attn-cp-size`), ATOM and Neuron do; TensorRT-LLM shares
    /// contexts out in decode only (Helix), llama.cpp and MLX not at all.
    #[must_use]
    pub const fn spreads_prompts(self) -> bool {
        !matches!(self, Self::Trtllm | Self::Llamacpp | Self::Mlx)
    }

    /// Whether tensor-parallel ranks share a KV cache out that each would else copy (decode context parallelism). As of
    /// 2026-11: `--decode-context-parallel-size` of vLLM, SGLang, ATOM and Neuron, Helix of TensorRT-LLM.
    #[must_use]
    pub const fn spreads_caches(self) -> bool {
        !matches!(self, Self::Llamacpp | Self::Mlx)
    }

    /// The engine that people call so: by its identifier, its name, or what its project or its commands are called.
    #[must_use]
    pub fn called(text: &str) -> Option<Self> {
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        let wanted = plain(text);
        let known = |engine: &Self| wanted == plain(engine.id()) || wanted == plain(engine.name());
        let other = || CALLED.iter().find(|(name, _)| *name == wanted).map(|(_, engine)| *engine);
        Self::ALL.into_iter().find(known).or_else(other)
    }
}

/// What else engines are called: other names of the same software, without marks.
const CALLED: [(&str, Engine); 9] = [
    ("llama", Engine::Llamacpp),
    ("llamaserver", Engine::Llamacpp),
    ("gguf", Engine::Llamacpp),
    ("mlxlm", Engine::Mlx),
    ("tpuinference", Engine::VllmTpu),
    ("nxdi", Engine::Neuron),
    ("nxdinference", Engine::Neuron),
    ("neuronx", Engine::Neuron),
    ("rocmatom", Engine::Atom),
];

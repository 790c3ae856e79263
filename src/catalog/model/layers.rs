//! A model as its architecture describes it: which layers, how wide, what they keep in the KV cache.
//!
//! Attention and feed-forward layers are two lists of groups of equal layers. Their order inside the network does not
//! change the cost of a pass, so it is not kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::release::Release;
use crate::catalog::number::NumberFormat;
use crate::catalog::provenance::{Confidence, Provenance};
use crate::units::Tokens;

/// A transformer or hybrid language model (text tower).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Identifier in links and files, for example `deepseek-v3`.
    pub id: Cow<'static, str>,
    /// Name for people.
    pub name: Cow<'static, str>,
    /// Release month, `YYYY-MM`, as far as known.
    pub released: Cow<'static, str>,
    /// Published parameter count, where there is one.
    pub published_parameters: Option<f64>,
    /// Published active parameter count per token.
    pub published_active: Option<f64>,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Vocabulary.
    pub vocab: u32,
    /// Whether the output head is the input embedding.
    pub tied_embeddings: bool,
    /// Longest context the checkpoint supports.
    pub max_context: Tokens,
    /// Number of layers (blocks), for latency floors and pipeline stages.
    pub layers: u32,
    /// Token-mixing layers.
    pub attention: Cow<'static, [AttentionLayers]>,
    /// Feed-forward layers.
    pub ffn: Cow<'static, [FfnLayers]>,
    /// Checkpoints one can have, first the one that is served unless another is asked for.
    pub releases: Cow<'static, [Release]>,
    /// What they are called on Hugging Face, in the same order; empty where nobody says, and in browsers.
    #[serde(skip)]
    pub checkpoints: Cow<'static, [&'static str]>,
    /// Where the figures come from.
    pub sources: Cow<'static, str>,
    /// How far the figures are to be trusted.
    pub confidence: Confidence,
    /// What a reader must know beside the figures.
    pub notes: Cow<'static, str>,
    /// Where single blocks of the entry come from, as far as its file says; empty in browsers.
    #[serde(skip)]
    pub provenance: &'static [Provenance],
}

/// A group of equal token-mixing layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionLayers {
    /// How many of them.
    pub count: u32,
    /// What each of them is.
    pub kind: Attention,
}

/// A group of equal feed-forward layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FfnLayers {
    /// How many of them.
    pub count: u32,
    /// What each of them is.
    pub kind: Ffn,
}

/// One token-mixing layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attention {
    /// Multi-head, grouped-query or multi-query attention, full or windowed.
    Grouped {
        /// Query heads.
        heads: u32,
        /// Key and value heads.
        kv_heads: u32,
        /// Width of a query or key head.
        head_dim: u32,
        /// Width of a value head.
        v_dim: u32,
        /// Tokens that a position sees, when not all (sliding window, or the mean reach of chunked attention).
        window: Option<u32>,
        /// One projection makes keys and values; both are cached.
        shared_kv: bool,
        /// The output passes a gate as wide as the heads (Qwen3-Next and later).
        output_gate: bool,
        /// Only the positions that an indexer selects are read.
        indexer: Option<Indexer>,
    },
    /// Multi-head latent attention: expanded in prefill, absorbed in decode; one latent per token is cached.
    Latent {
        /// Query heads.
        heads: u32,
        /// Rank of the query compression, when there is one.
        q_rank: Option<u32>,
        /// Rank of the cached latent.
        kv_rank: u32,
        /// Rotary part of a head, cached once beside the latent.
        rope_dim: u32,
        /// Part of a query or key head without rotation.
        nope_dim: u32,
        /// Width of a value head.
        v_dim: u32,
        /// Only the positions that an indexer selects are read.
        indexer: Option<Indexer>,
    },
    /// Linear attention with a state of constant size (gated DeltaNet, KDA, lightning).
    Linear {
        /// Key heads.
        key_heads: u32,
        /// Value heads; the state is one matrix per value head.
        value_heads: u32,
        /// Width of a key head.
        key_dim: u32,
        /// Width of a value head.
        value_dim: u32,
        /// Weights of one layer beyond query, key, value and output projections (gates, convolutions).
        extra_parameters: u32,
    },
    /// Mamba-2 block.
    Mamba {
        /// Heads.
        heads: u32,
        /// Width of a head.
        head_dim: u32,
        /// State per channel.
        state: u32,
        /// Groups of B and C projections.
        groups: u32,
    },
    /// Compressed sparse attention (DeepSeek-V4): one shared key-value head, a short window at full resolution and the
    /// rest of the context at one entry per `ratio` tokens.
    Compressed {
        /// Query heads.
        heads: u32,
        /// Width of the one shared head.
        head_dim: u32,
        /// Rank of the query compression.
        q_rank: u32,
        /// Window at full resolution.
        window: u32,
        /// Tokens per compressed entry; none where the layer has only its window.
        ratio: Option<u32>,
        /// Groups of the output projection.
        out_groups: u32,
        /// Rank of each output group.
        out_rank: u32,
        /// Selection among the compressed entries.
        indexer: Option<Indexer>,
    },
}

/// A small attention that scores all positions and selects a few for the main one (DSA and block-sparse kin).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Indexer {
    /// Its heads.
    pub heads: u32,
    /// Width of a head; one key of this width is cached per token, in 8 bits.
    pub dim: u32,
    /// Positions it selects.
    pub top_k: u32,
}

/// One feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ffn {
    /// The same weights for each token.
    Dense {
        /// Intermediate width.
        inter: u32,
        /// Weight matrices: 3 when gated (SwiGLU, GeGLU), 2 when not.
        matrices: u32,
    },
    /// Mixture of experts.
    Moe {
        /// Routed experts.
        experts: u32,
        /// Routed experts per token.
        top_k: u32,
        /// Intermediate width of a routed expert.
        inter: u32,
        /// Width at which routed experts work when it is not the hidden width (latent MoE).
        width: Option<u32>,
        /// Summed intermediate width of what every token passes beside the routed experts; 0 for none.
        shared_inter: u32,
        /// Weight matrices of an expert: 3 when gated, 2 when not.
        matrices: u32,
    },
}

impl Model {
    /// The checkpoint that is served unless another is asked for.
    #[must_use]
    pub fn default_release(&self) -> Release {
        self.releases.first().copied().unwrap_or(Release::plain(NumberFormat::Bf16, NumberFormat::Bf16))
    }

    /// Whether a selection of positions, or their compression, comes before attention (DSA and its successors). Engines
    /// keep such a cache in 8 bits on their own, since their kernels read no other.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.attention.iter().any(|layers| {
            matches!(layers.kind, Attention::Latent { indexer: Some(_), .. } | Attention::Compressed { .. })
        })
    }

    /// Whether any layer is a mixture of experts.
    #[must_use]
    pub fn has_moe(&self) -> bool {
        self.ffn.iter().any(|layers| matches!(layers.kind, Ffn::Moe { .. }))
    }

    /// The fewest query heads of any softmax-attention layer, which limit how far tensor parallelism can split one;
    /// 1 for a model without such layers.
    #[must_use]
    pub fn attention_heads(&self) -> u32 {
        let heads = self.attention.iter().filter_map(|layers| match layers.kind {
            Attention::Grouped { heads, .. }
            | Attention::Latent { heads, .. }
            | Attention::Compressed { heads, .. } => Some(heads),
            Attention::Linear { .. } | Attention::Mamba { .. } => None,
        });
        heads.min().unwrap_or(1)
    }

    /// The fewest key-value heads of any softmax-attention layer: beyond this many ranks tensor parallelism copies the
    /// KV cache instead of splitting it. 1 for latent and compressed attention, whose one cached head all query heads
    /// share.
    #[must_use]
    pub fn kv_heads(&self) -> u32 {
        let heads = self.attention.iter().filter_map(|layers| match layers.kind {
            Attention::Grouped { kv_heads, .. } => Some(kv_heads),
            Attention::Latent { .. } | Attention::Compressed { .. } => Some(1),
            Attention::Linear { .. } | Attention::Mamba { .. } => None,
        });
        heads.min().unwrap_or(1)
    }

    /// The most of so many tensor-parallel ranks that hold copies of the same KV cache in any layer, at least 1: those that
    /// decode context parallelism can share it out among.
    #[must_use]
    pub fn cache_copies(&self, tp: u32) -> u32 {
        self.attention.iter().map(|layers| layers.kind.cache_copies(tp)).max().unwrap_or(1)
    }
}

impl Attention {
    /// Of so many tensor-parallel ranks those that hold copies of the same KV cache, at least 1. A state of constant size is
    /// split by its own heads.
    #[must_use]
    pub fn cache_copies(&self, tp: u32) -> u32 {
        match *self {
            Self::Grouped { kv_heads, .. } => (tp / kv_heads.max(1)).max(1),
            Self::Latent { .. } | Self::Compressed { .. } => tp.max(1),
            Self::Linear { .. } | Self::Mamba { .. } => 1,
        }
    }
}

//! Parameters counted from the architecture.
//!
//! Every matrix is counted; of the rest, norms of the residual stream, the convolution and per-head terms of Mamba.
//! Left out, below 0.02 % each: biases, norms of queries and keys, attention sinks. Left out by intent: MTP layers and
//! vision towers. Widths per layer kind are those of the reference implementations in transformers 5; for
//! DeepSeek-V4 those of its release (compressed entries come from two projections, doubled where windows overlap,
//! which they do in the layers with an indexer).

use super::layers::{Attention, Ffn, Indexer, Model};

/// Taps of the short convolution in Mamba blocks.
const CONVOLUTION: f64 = 4.0;

/// How many parameters a model has, by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Input embedding.
    pub embedding: f64,
    /// Output head; 0 where it is the input embedding.
    pub head: f64,
    /// Token-mixing layers, indexers included.
    pub attention: f64,
    /// Norms of the residual stream.
    pub norms: f64,
    /// Dense feed-forward layers.
    pub dense_ffn: f64,
    /// What every token passes in MoE layers: shared experts, and the projections to and from a narrower width.
    pub shared_ffn: f64,
    /// Routers.
    pub router: f64,
    /// All routed experts.
    pub routed_experts: f64,
    /// The routed experts that one token uses.
    pub active_routed: f64,
}

impl Parameters {
    /// All parameters.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.embedding
            + self.head
            + self.attention
            + self.norms
            + self.dense_ffn
            + self.shared_ffn
            + self.router
            + self.routed_experts
    }

    /// Parameters per token: all but the experts it is not routed to. Embedding and head count, as most makers do;
    /// notes of a model say where its maker's figure leaves them out.
    #[must_use]
    pub fn active(&self) -> f64 {
        self.total() - self.routed_experts + self.active_routed
    }
}

/// Parameters of one feed-forward layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FfnParameters {
    /// Dense feed-forward.
    pub dense: f64,
    /// Shared experts and the projections of a latent MoE.
    pub shared: f64,
    /// Router.
    pub router: f64,
    /// One routed expert.
    pub expert: f64,
    /// Number of routed experts.
    pub experts: f64,
    /// Routed experts per token.
    pub top_k: f64,
}

impl Model {
    /// Parameters counted from the architecture.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let hidden = f64::from(self.hidden);
        let embedding = f64::from(self.vocab) * hidden;
        let mut sum = Parameters {
            embedding,
            head: if self.tied_embeddings { 0.0 } else { embedding },
            norms: hidden,
            ..Parameters::default()
        };
        for layers in self.attention.iter() {
            let count = f64::from(layers.count);
            sum.attention += count * layers.kind.parameters(self.hidden);
            sum.norms += count * hidden;
        }
        for layers in self.ffn.iter() {
            let count = f64::from(layers.count);
            let one = layers.kind.parameters(self.hidden);
            sum.norms += count * hidden;
            sum.dense_ffn += count * one.dense;
            sum.shared_ffn += count * one.shared;
            sum.router += count * one.router;
            sum.routed_experts += count * one.experts * one.expert;
            sum.active_routed += count * one.top_k * one.expert;
        }
        sum
    }
}

impl Attention {
    /// Parameters of one layer in a residual stream of width `hidden`.
    #[must_use]
    pub fn parameters(&self, hidden: u32) -> f64 {
        let hidden = f64::from(hidden);
        match *self {
            Self::Grouped {
                heads,
                kv_heads,
                head_dim,
                v_dim,
                window: _,
                shared_kv,
                output_gate,
                indexer,
            } => {
                let [heads, kv_heads, head_dim, v_dim] = [heads, kv_heads, head_dim, v_dim].map(f64::from);
                let query = heads * head_dim;
                let key = kv_heads * head_dim;
                let value = if shared_kv { 0.0 } else { kv_heads * v_dim };
                let output = heads * v_dim;
                let gate = if output_gate { output } else { 0.0 };
                hidden * (query + key + value + output + gate) + index_parameters(indexer, hidden, hidden)
            }
            Self::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer } => {
                let [heads, kv_rank, rope_dim, nope_dim, v_dim] =
                    [heads, kv_rank, rope_dim, nope_dim, v_dim].map(f64::from);
                let query_width = heads * (nope_dim + rope_dim);
                let query_source = q_rank.map_or(hidden, f64::from);
                let query_down = q_rank.map_or(0.0, |rank| hidden * f64::from(rank));
                let kv = hidden * (kv_rank + rope_dim) + kv_rank * heads * (nope_dim + v_dim);
                query_down
                    + query_source * query_width
                    + kv
                    + heads * v_dim * hidden
                    + index_parameters(indexer, query_source, hidden)
            }
            Self::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters } => {
                let [key_heads, value_heads, key_dim, value_dim] =
                    [key_heads, value_heads, key_dim, value_dim].map(f64::from);
                2.0 * hidden * (key_heads * key_dim + value_heads * value_dim) + f64::from(extra_parameters)
            }
            Self::Mamba { heads, head_dim, state, groups } => {
                let [heads, head_dim, state, groups] = [heads, head_dim, state, groups].map(f64::from);
                let inner = heads * head_dim;
                let convolved = inner + 2.0 * groups * state;
                let projections = hidden * (inner + convolved + heads) + inner * hidden;
                // Convolution with its bias; decay, skip and step bias of each head; the gated norm.
                projections + (CONVOLUTION + 1.0) * convolved + 3.0 * heads + inner
            }
            Self::Compressed { heads, head_dim, q_rank, window: _, ratio, out_groups, out_rank, indexer } => {
                let [heads, head_dim, q_rank, out_groups, out_rank] =
                    [heads, head_dim, q_rank, out_groups, out_rank].map(f64::from);
                let width = heads * head_dim;
                let query = hidden * q_rank + q_rank * width;
                let output = width * out_rank + out_groups * out_rank * hidden;
                let overlap = if indexer.is_some() { 2.0 } else { 1.0 };
                let compressor = if ratio.is_some() { 2.0 * overlap * hidden * head_dim } else { 0.0 };
                let index = indexer.map_or(0.0, |Indexer { heads, dim, top_k: _ }| {
                    let [heads, dim] = [heads, dim].map(f64::from);
                    q_rank * heads * dim + hidden * heads + 2.0 * overlap * hidden * dim
                });
                query + hidden * head_dim + output + compressor + index
            }
        }
    }
}

impl Ffn {
    /// Parameters of one layer in a residual stream of width `hidden`.
    #[must_use]
    pub fn parameters(&self, hidden: u32) -> FfnParameters {
        let hidden = f64::from(hidden);
        match *self {
            Self::Dense { inter, matrices } => FfnParameters {
                dense: f64::from(matrices) * hidden * f64::from(inter),
                ..FfnParameters::default()
            },
            Self::Moe { experts, top_k, inter, width, shared_inter, matrices } => {
                let [experts, top_k, inter, shared_inter, matrices] =
                    [experts, top_k, inter, shared_inter, matrices].map(f64::from);
                let bridges = width.map_or(0.0, |width| 2.0 * hidden * f64::from(width));
                FfnParameters {
                    dense: 0.0,
                    shared: matrices * hidden * shared_inter + bridges,
                    router: hidden * experts,
                    expert: matrices * width.map_or(hidden, f64::from) * inter,
                    experts,
                    top_k,
                }
            }
        }
    }
}

/// Queries from their source, one key and one weight per head from the residual stream (DSA).
fn index_parameters(indexer: Option<Indexer>, query_source: f64, hidden: f64) -> f64 {
    indexer.map_or(0.0, |Indexer { heads, dim, top_k: _ }| {
        let [heads, dim] = [heads, dim].map(f64::from);
        query_source * heads * dim + hidden * (dim + heads)
    })
}

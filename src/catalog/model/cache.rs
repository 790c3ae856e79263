//! What a sequence keeps between tokens: cached elements that grow with the context, and states of constant size.
//!
//! Counted in elements, which depend on the architecture alone, and in bytes, which depend on the format of the cache too:
//! index keys stay in 8 bits, and a narrow cache of a selecting latent attention keeps its rotary part in 16 bits and
//! carries scales. Layouts: vLLM, `fp8_ds_mla` of DeepSeek-V3.2 (656 bytes a token) and of DeepSeek-V4 (584 bytes an
//! entry), indexer caches of 132 bytes a key, compressor states in 32 bits.

use super::layers::{Attention, Indexer, Model};
use crate::catalog::number::NumberFormat;
use crate::units::Tokens;

/// Inputs that a short convolution of 4 taps remembers.
const CONVOLUTION_MEMORY: f64 = 3.0;
/// Latent elements that share a scale, as elements of index keys do.
const SCALED: f64 = 128.0;
/// Bytes of such a scale.
const SCALE: f64 = 4.0;
/// Rotary elements of the shared head of compressed attention.
const ROTARY: f64 = 64.0;
/// Bytes of the scales of one entry of it, with their padding.
const ENTRY_SCALES: f64 = 8.0;
/// Bytes of an element of a compressor's state.
const STATE: f64 = 4.0;
/// Parts of that state: keys with values, and scores.
const STATE_PARTS: f64 = 2.0;

/// What an engine keeps of layers that need only a window of the context.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Kept {
    /// Tokens beyond the window, such as those of the step that reads a prompt.
    pub beyond: f64,
    /// At least this share of the context, where the memory of windowed layers is set aside at start.
    pub share: f64,
}

impl Kept {
    /// Of so many tokens with this window.
    fn tokens(self, context: f64, window: f64) -> f64 {
        context.min((window + self.beyond).max(context * self.share))
    }
}

impl Attention {
    /// Elements that one layer caches for a sequence of this length, index keys included. A window caps them; linear
    /// attention and Mamba cache none (see [`Attention::state_elements`]).
    #[must_use]
    pub fn cached_elements(&self, context: Tokens) -> f64 {
        self.main_elements(context) + self.index_elements(context)
    }

    /// The part of [`Attention::cached_elements`] that is index keys, which are kept in 8 bits.
    #[must_use]
    pub fn index_elements(&self, context: Tokens) -> f64 {
        let tokens = context.get().max(0.0);
        let key = |indexer: Option<Indexer>| indexer.map_or(0.0, |indexer| f64::from(indexer.dim));
        match *self {
            Self::Grouped { indexer, .. } | Self::Latent { indexer, .. } => tokens * key(indexer),
            Self::Compressed { ratio: Some(ratio), indexer, .. } => tokens / f64::from(ratio) * key(indexer),
            Self::Compressed { ratio: None, .. } | Self::Linear { .. } | Self::Mamba { .. } => 0.0,
        }
    }

    /// Elements of the state of constant size that one layer keeps for a sequence, with the last inputs of its
    /// convolution. 0 for softmax attention. Engines keep these states in 32 or 16 bits, whatever the KV format.
    #[must_use]
    pub fn state_elements(&self) -> f64 {
        match *self {
            Self::Grouped { .. } | Self::Latent { .. } | Self::Compressed { .. } => 0.0,
            Self::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters: _ } => {
                let [key_heads, value_heads, key_dim, value_dim] =
                    [key_heads, value_heads, key_dim, value_dim].map(f64::from);
                let convolved = 2.0 * key_heads * key_dim + value_heads * value_dim;
                value_heads * key_dim * value_dim + CONVOLUTION_MEMORY * convolved
            }
            Self::Mamba { heads, head_dim, state, groups } => {
                let [heads, head_dim, state, groups] = [heads, head_dim, state, groups].map(f64::from);
                let convolved = heads * head_dim + 2.0 * groups * state;
                heads * head_dim * state + CONVOLUTION_MEMORY * convolved
            }
        }
    }

    /// Elements that one further token adds to one layer's cache at this context.
    fn growth(&self, context: Tokens) -> f64 {
        let token = Tokens::new(1.0);
        match *self {
            Self::Grouped { window: Some(window), .. } if context.get() >= f64::from(window) => {
                self.index_elements(token)
            }
            Self::Compressed { head_dim, window, ratio, .. } => {
                let head_dim = f64::from(head_dim);
                let full = if context.get() < f64::from(window) { head_dim } else { 0.0 };
                full + ratio.map_or(0.0, |ratio| head_dim / f64::from(ratio)) + self.index_elements(token)
            }
            _ => self.cached_elements(token),
        }
    }

    /// Bytes that one layer caches for a sequence of this length with keys and values in this format, index keys and the
    /// state of a compressor included; without [`Attention::state_elements`].
    #[must_use]
    pub fn cached_bytes(&self, context: Tokens, format: NumberFormat, kept: Kept) -> f64 {
        let tokens = context.get().max(0.0);
        let keys =
            |indexer: Option<Indexer>| indexer.map_or(0.0, |own| f64::from(own.dim) * (1.0 + SCALE / SCALED));
        let element = format.cached_bytes();
        match *self {
            Self::Grouped { kv_heads, head_dim, v_dim, window, indexer, .. } => {
                let held = window.map_or(tokens, |window| kept.tokens(tokens, f64::from(window)));
                let width = f64::from(kv_heads) * (f64::from(head_dim) + f64::from(v_dim));
                held * width * element + tokens * keys(indexer)
            }
            Self::Latent { kv_rank, rope_dim, indexer, .. } => {
                let (rank, rope) = (f64::from(kv_rank), f64::from(rope_dim));
                let entry = if indexer.is_some() && format != NumberFormat::Bf16 {
                    rank + rank / SCALED * SCALE + rope * NumberFormat::Bf16.cached_bytes()
                } else {
                    (rank + rope) * element
                };
                tokens * (entry + keys(indexer))
            }
            Self::Compressed { head_dim, window, ratio, indexer, .. } => {
                let width = f64::from(head_dim);
                let entry = if format == NumberFormat::Bf16 {
                    width * element
                } else {
                    let rotary = ROTARY.min(width);
                    width - rotary + rotary * NumberFormat::Bf16.cached_bytes() + ENTRY_SCALES
                };
                let near = Kept { share: 0.0, ..kept };
                let far = ratio.map_or(0.0, |ratio| {
                    // Windows of a compressor overlap where an indexer selects among its entries.
                    let overlap = if indexer.is_some() { 2.0 } else { 1.0 };
                    let state = width + indexer.map_or(0.0, |own| f64::from(own.dim));
                    let ratio = f64::from(ratio);
                    tokens / ratio * (entry + keys(indexer))
                        + near.tokens(tokens, overlap * ratio) * STATE_PARTS * overlap * state * STATE
                });
                near.tokens(tokens, f64::from(window)) * entry + far
            }
            Self::Linear { .. } | Self::Mamba { .. } => 0.0,
        }
    }

    fn main_elements(&self, context: Tokens) -> f64 {
        let tokens = context.get().max(0.0);
        let within = |window: Option<u32>| window.map_or(tokens, |window| tokens.min(f64::from(window)));
        match *self {
            // One projection may make both, but both are kept.
            Self::Grouped { kv_heads, head_dim, v_dim, window, .. } => {
                within(window) * f64::from(kv_heads) * (f64::from(head_dim) + f64::from(v_dim))
            }
            Self::Latent { kv_rank, rope_dim, .. } => tokens * (f64::from(kv_rank) + f64::from(rope_dim)),
            Self::Compressed { head_dim, window, ratio, .. } => {
                let entries = ratio.map_or(0.0, |ratio| tokens / f64::from(ratio));
                (within(Some(window)) + entries) * f64::from(head_dim)
            }
            Self::Linear { .. } | Self::Mamba { .. } => 0.0,
        }
    }
}

impl Model {
    /// Elements that all layers cache for one sequence of this length, index keys included.
    #[must_use]
    pub fn cached_elements(&self, context: Tokens) -> f64 {
        self.sum(|kind| kind.cached_elements(context))
    }

    /// The part of [`Model::cached_elements`] that is index keys, which are kept in 8 bits.
    #[must_use]
    pub fn index_elements(&self, context: Tokens) -> f64 {
        self.sum(|kind| kind.index_elements(context))
    }

    /// Bytes that all layers cache for one sequence of this length with keys and values in this format, without states of
    /// constant size.
    #[must_use]
    pub fn cached_bytes(&self, context: Tokens, format: NumberFormat, kept: Kept) -> f64 {
        self.sum(|kind| kind.cached_bytes(context, format, kept))
    }

    /// Elements that one further token adds to the cache of a sequence of this length: beyond all windows only the
    /// layers that see the whole context grow.
    #[must_use]
    pub fn kv_elements_per_token(&self, context: Tokens) -> f64 {
        self.sum(|kind| kind.growth(context))
    }

    /// Elements of the states of constant size that one sequence keeps.
    #[must_use]
    pub fn state_elements(&self) -> f64 {
        self.sum(Attention::state_elements)
    }

    fn sum(&self, of: impl Fn(&Attention) -> f64) -> f64 {
        self.attention.iter().map(|layers| f64::from(layers.count) * of(&layers.kind)).sum()
    }
}

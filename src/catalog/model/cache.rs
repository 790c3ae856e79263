//! What a sequence keeps between tokens: cached elements that grow with the context, and states of constant size.
//!
//! Counted in elements, since the number format of the cache is the user's choice. Index keys are counted with the
//! rest and apart, since they stay in 8 bits.

use super::layers::{Attention, Indexer, Model};
use crate::units::Tokens;

/// Inputs that a short convolution of 4 taps remembers.
const CONVOLUTION_MEMORY: f64 = 3.0;

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

    fn main_elements(&self, context: Tokens) -> f64 {
        let tokens = context.get().max(0.0);
        let within = |window: Option<u32>| window.map_or(tokens, |window| tokens.min(f64::from(window)));
        match *self {
            Self::Grouped { kv_heads, head_dim, v_dim, window, shared_kv, .. } => {
                let width =
                    if shared_kv { f64::from(head_dim) } else { f64::from(head_dim) + f64::from(v_dim) };
                within(window) * f64::from(kv_heads) * width
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

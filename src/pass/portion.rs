//! Which part of each layer a replica computes.
//!
//! Beside whole layers there are two halves, for pools that share a layer between them: attention with its projections,
//! the KV cache, the embedding and the output head; and the feed-forward layers with router, routed and shared experts.
//! Together the halves are the whole: no operation and no weight is in both or in neither. Only the time per layer of a
//! machine that streams weights has no measured parts; each half is taken to have half of it.

use super::numerics::Numerics;
use crate::catalog::model::Model;
use crate::catalog::number::NumberFormat;
use crate::scenario::Layout;
use crate::units::Bytes;

/// A part of each layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Portion {
    /// All of it.
    #[default]
    Whole,
    /// Attention, KV cache, embedding and head.
    Attention,
    /// Feed-forward layers.
    Ffn,
}

impl Portion {
    /// Whether attention belongs to it.
    #[must_use]
    pub(super) const fn has_attention(self) -> bool {
        !matches!(self, Self::Ffn)
    }

    /// Whether the feed-forward layers belong to it.
    #[must_use]
    pub const fn has_ffn(self) -> bool {
        !matches!(self, Self::Attention)
    }

    /// Share of what every layer costs whatever is in it.
    #[must_use]
    pub(super) const fn of_layer(self) -> f64 {
        match self {
            Self::Whole => 1.0,
            Self::Attention | Self::Ffn => 0.5,
        }
    }
}

/// Weights on one chip: attention, dense layers and vocabulary over the tensor-parallel ranks, routed experts over the
/// expert ranks, layers over the stages. The fullest stage also holds the embedding or the head.
#[must_use]
pub fn weights_per_chip(model: &Model, numerics: Numerics, layout: Layout, portion: Portion) -> Bytes {
    let parameters = model.parameters();
    let tp = f64::from(layout.tp);
    let experts = f64::from(layout.etp) * f64::from(layout.ep);
    let (attention, vocabulary) = if portion.has_attention() {
        (parameters.attention, (parameters.embedding + parameters.head) / tp)
    } else {
        (0.0, 0.0)
    };
    let (ffn, shared, router, routed) = if portion.has_ffn() {
        (parameters.dense_ffn, parameters.shared_ffn, parameters.router, parameters.routed_experts)
    } else {
        (0.0, 0.0, 0.0, 0.0)
    };
    let dense = (attention + ffn + shared) / tp;
    let wide = NumberFormat::Bf16.bytes_per_element();
    Bytes::new(
        (dense * numerics.weights.bytes_per_element()
            + router * wide
            + routed / experts * numerics.experts.bytes_per_element())
            / f64::from(layout.pp)
            + vocabulary * wide,
    )
}

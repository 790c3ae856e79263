//! Which part of each layer a replica computes.
//!
//! Beside whole layers there are two halves, for pools that share a layer between them: attention with its projections,
//! the KV cache, the embedding and the output head; and the feed-forward layers with router, routed and shared experts.
//! Together the halves are the whole: no operation and no weight is in both or in neither. Only the time per layer of a
//! machine that streams weights has no measured parts; each half is taken to have half of it.

use super::numerics::Numerics;
use crate::catalog::model::{Ffn, Model};
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

/// Engines lay experts in mxfp4 out in tiles: the hidden width is padded to a multiple of the first, the intermediate width
/// of a rank to one of the second. Source: `vllm/model_executor/layers/quantization/mxfp4.py`; gpt-oss-120b loads as 65.97
/// GiB, not the 60.8 of its checkpoint (vLLM issue 23278).
const TILES: [f64; 2] = [256.0, 128.0];

/// Weights on one chip with the places for experts that `slots` makes of their number: attention, dense layers and vocabulary over the tensor-parallel ranks, routed experts over the
/// expert ranks, layers over the stages. Of several stages the fullest also holds the embedding or the head.
#[must_use]
pub fn weights_per_chip(
    model: &Model,
    numerics: Numerics,
    layout: Layout,
    portion: Portion,
    slots: &dyn Fn(f64) -> f64,
) -> Bytes {
    let parameters = model.parameters();
    let tp = f64::from(layout.tp);
    let mut layers = 0.0;
    let mut vocabulary = 0.0;
    if portion.has_attention() {
        layers += parameters.attention / tp * numerics.weight_bytes(numerics.attention);
        let (embedding, head) = (parameters.embedding, parameters.head);
        let held = if layout.pp > 1 { embedding.max(head) } else { embedding + head };
        vocabulary = held / tp * numerics.weight_bytes(numerics.head);
    }
    if portion.has_ffn() {
        layers += parameters.dense_ffn / tp * numerics.weight_bytes(numerics.dense)
            + parameters.shared_ffn / tp * numerics.weight_bytes(numerics.shared)
            + parameters.router * numerics.weight_bytes(NumberFormat::Bf16)
            + routed(model, numerics, layout, slots);
    }
    Bytes::new(layers / f64::from(layout.pp) + vocabulary)
}

/// Bytes of the routed experts of one rank in all layers.
fn routed(model: &Model, numerics: Numerics, layout: Layout, slots: &dyn Fn(f64) -> f64) -> f64 {
    let padded = |width: f64, tile: f64| match numerics.experts {
        NumberFormat::Mxfp4 => (width / tile).ceil() * tile,
        _ => width,
    };
    let groups = model.ffn.iter().map(|layers| match layers.kind {
        Ffn::Moe { experts, inter, width, matrices, .. } => {
            let own = padded(f64::from(width.unwrap_or(model.hidden)), TILES[0]);
            let inner = padded(f64::from(inter) / f64::from(layout.etp), TILES[1]);
            let one = f64::from(matrices) * own * inner;
            f64::from(layers.count) * slots(f64::from(experts)) / f64::from(layout.ep) * one
        }
        Ffn::Dense { .. } => 0.0,
    });
    groups.sum::<f64>() * numerics.weight_bytes(numerics.experts)
}

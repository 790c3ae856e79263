//! Which number format each part of the model runs in.
//!
//! Rules, as engines and checkpoints do it:
//! - a format names the release of the model in that format, with the parts that it leaves wide; without one, all linear
//!   layers are in it, and embedding, head and router in 16 bits (see [`Release::in_format`]);
//! - `fp8` of a fine-grained mixture (64 experts or more) means 128x128 block scales, as DeepSeek, Qwen3, GLM and
//!   MiniMax checkpoints carry, unless a release says otherwise;
//! - the KV cache is in the type of the activations, 16 bits, whatever the weights are in (`auto` of vLLM, SGLang and
//!   TensorRT-LLM), unless the checkpoint carries scales for it, or attention selects positions: such kernels read 8 bits.
//!
//! Source: `cache_dtype` in vLLM's `config/cache.py`; `kv_cache_scheme` and `kv_cache_quant_algo` of checkpoints.

use crate::catalog::model::{Ffn, Model, Release};
use crate::catalog::number::NumberFormat;
use crate::scenario::Formats;

/// Experts from which on a mixture counts as fine-grained.
const FINE_GRAINED: u32 = 64;

/// Bytes of an activation on a link or between kernels.
pub(super) const ACTIVATION: f64 = 2.0;

/// Formats in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numerics {
    /// Projections of attention and of linear mixers.
    pub attention: NumberFormat,
    /// Dense feed-forward layers.
    pub dense: NumberFormat,
    /// Shared experts.
    pub shared: NumberFormat,
    /// Routed experts.
    pub experts: NumberFormat,
    /// Input embedding and output head.
    pub head: NumberFormat,
    /// KV cache.
    pub kv: NumberFormat,
    /// Weights that share a scale where they are 4-bit integers.
    group: u32,
}

impl Numerics {
    /// The formats a model runs in.
    #[must_use]
    pub fn resolve(model: &Model, asked: Formats) -> Self {
        let released = model.default_release();
        let release = asked.weights.map_or(released, |format| {
            let block = block(model, format);
            let own = |id| model.releases.iter().copied().find(|own| own.id == id);
            own(format).or_else(|| own(block)).unwrap_or_else(|| released.in_format(block))
        });
        let Release { parts, kv, group, .. } = release;
        let (experts, group) = match asked.experts.map(|format| block(model, format)) {
            Some(format) => {
                let own = model.releases.iter().find(|own| own.id == format);
                (format, own.map_or(group, |own| own.group))
            }
            None => (parts.experts, group),
        };
        let usual = if model.selects() { NumberFormat::Fp8 } else { NumberFormat::Bf16 };
        Self {
            attention: parts.attention,
            dense: parts.dense,
            shared: parts.shared,
            experts,
            head: parts.head,
            kv: asked.kv.or(kv).unwrap_or(usual),
            group,
        }
    }

    /// Stored bytes of a weight in this format, scales included.
    #[must_use]
    pub const fn weight_bytes(&self, format: NumberFormat) -> f64 {
        format.weight_bytes(self.group)
    }

    /// The format that most of what every token passes is in, as measurement files name it.
    #[must_use]
    pub fn weights(&self, model: &Model) -> NumberFormat {
        let parameters = model.parameters();
        if parameters.dense_ffn > parameters.attention { self.dense } else { self.attention }
    }

    /// The linear layers that the model has, by the names of files, with their formats.
    pub fn linear(&self, model: &Model) -> impl Iterator<Item = (&'static str, NumberFormat)> + use<> {
        let parameters = model.parameters();
        let parts = [
            (parameters.attention, ("attention", self.attention)),
            (parameters.dense_ffn, ("dense", self.dense)),
            (parameters.shared_ffn, ("shared", self.shared)),
            (parameters.routed_experts, ("experts", self.experts)),
        ];
        parts.into_iter().filter(|(size, _)| *size > 0.0).map(|(_, part)| part)
    }

    /// The format whose attention kernels read the cache.
    #[must_use]
    pub(super) fn kv_kernel(&self) -> NumberFormat {
        if self.kv == NumberFormat::Bf16 { NumberFormat::Bf16 } else { NumberFormat::Fp8 }
    }
}

/// What `fp8` means for a model.
fn block(model: &Model, format: NumberFormat) -> NumberFormat {
    let fine = |kind: &Ffn| matches!(kind, Ffn::Moe { experts, .. } if *experts >= FINE_GRAINED);
    match format {
        NumberFormat::Fp8 if model.ffn.iter().any(|layers| fine(&layers.kind)) => NumberFormat::Fp8Block,
        other => other,
    }
}

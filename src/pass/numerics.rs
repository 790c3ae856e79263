//! Which number format each part of the model runs in.
//!
//! Rules where a scenario leaves a choice open, as engines and checkpoints do it:
//! - experts follow the dense weights, except in checkpoints that are released with 4-bit experts;
//! - `fp8` of a fine-grained mixture (64 experts or more) means 128x128 block scales, as DeepSeek, Qwen3, GLM and
//!   MiniMax checkpoints carry;
//! - the KV cache is kept in 8 bits beside 8-bit or 4-bit float weights, else in 16.

use crate::catalog::model::{Ffn, Model};
use crate::catalog::number::NumberFormat;
use crate::scenario::Formats;

/// Experts from which on a mixture counts as fine-grained.
const FINE_GRAINED: u32 = 64;

/// Formats in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numerics {
    /// Dense weights.
    pub weights: NumberFormat,
    /// Expert weights.
    pub experts: NumberFormat,
    /// KV cache.
    pub kv: NumberFormat,
}

impl Numerics {
    /// The formats a model runs in.
    #[must_use]
    pub fn resolve(model: &Model, asked: Formats) -> Self {
        let fine_grained = model
            .ffn
            .iter()
            .any(|layers| matches!(layers.kind, Ffn::Moe { experts, .. } if experts >= FINE_GRAINED));
        let block = |format| match format {
            NumberFormat::Fp8 if fine_grained => NumberFormat::Fp8Block,
            other => other,
        };
        let weights = block(asked.weights.unwrap_or(model.native_weights));
        let released_small = matches!(model.native_experts, NumberFormat::Mxfp4 | NumberFormat::Int4);
        let experts = match (asked.experts, asked.weights) {
            (Some(format), _) => block(format),
            (None, Some(_)) if !released_small => weights,
            (None, _) => block(model.native_experts),
        };
        let narrow = |format| !matches!(format, NumberFormat::Bf16 | NumberFormat::Int4 | NumberFormat::Int8);
        let kv = asked.kv.unwrap_or(if narrow(weights) || narrow(experts) {
            NumberFormat::Fp8
        } else {
            NumberFormat::Bf16
        });
        Self { weights, experts, kv }
    }

    /// Bytes of one cached element. The cache of a 4-bit format is kept in 8 bits: no engine attends over less.
    #[must_use]
    pub fn kv_bytes(&self) -> f64 {
        self.kv_kernel().bytes_per_element().clamp(1.0, 2.0)
    }

    /// The format whose attention kernels read the cache.
    #[must_use]
    pub(super) fn kv_kernel(&self) -> NumberFormat {
        if self.kv == NumberFormat::Bf16 { NumberFormat::Bf16 } else { NumberFormat::Fp8 }
    }
}

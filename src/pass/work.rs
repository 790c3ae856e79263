//! Arithmetic of attention proper, without its projections.

use crate::catalog::model::Attention;
use crate::units::Tokens;

/// FLOPs of one query of one layer over a cache of this length: two multiply-adds per key, head and element, one for
/// the score and one for the sum. Latent attention counts its absorbed form.
#[must_use]
pub(super) fn flops_per_query(kind: &Attention, context: Tokens) -> f64 {
    let seen = |window: Option<u32>, indexer: Option<u32>| {
        let window = window.map_or(f64::INFINITY, f64::from);
        context.get().min(window).min(indexer.map_or(f64::INFINITY, f64::from))
    };
    match *kind {
        Attention::Grouped { heads, head_dim, v_dim, window, indexer, .. } => {
            let keys = seen(window, indexer.map(|own| own.top_k));
            2.0 * f64::from(heads) * f64::from(head_dim + v_dim) * keys
        }
        Attention::Latent { heads, kv_rank, rope_dim, indexer, .. } => {
            let keys = seen(None, indexer.map(|own| own.top_k));
            2.0 * f64::from(heads) * f64::from(2 * kv_rank + rope_dim) * keys
        }
        Attention::Linear { value_heads, key_dim, value_dim, .. } => {
            6.0 * f64::from(value_heads) * f64::from(key_dim) * f64::from(value_dim)
        }
        Attention::Mamba { heads, head_dim, state, .. } => {
            6.0 * f64::from(heads) * f64::from(head_dim) * f64::from(state)
        }
        Attention::Compressed { heads, head_dim, window, ratio, indexer, .. } => {
            let far = ratio.map_or(0.0, |ratio| context.get() / f64::from(ratio));
            let keys =
                seen(Some(window), None) + far.min(indexer.map_or(f64::INFINITY, |own| f64::from(own.top_k)));
            4.0 * f64::from(heads) * f64::from(head_dim) * keys
        }
    }
}

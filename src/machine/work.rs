//! What a kernel has to do, counted from its shape.
//!
//! One count serves the operations of a pass, the kernels that the calibration fits on, and kernels that a user measured
//! (`tandem check`): a law means the same everywhere. Source of the counts: 2·m·n·k per matrix product, two multiply-adds
//! per query, key, head and element of attention; DeepSeek-V2/V3 reports for latent attention.

use super::routing::{Grouped, Skew};
use crate::units::{Bytes, Flops, larger, power, smaller};

/// Side of an output tile of a matrix kernel.
const TILE: f64 = 128.0;
/// Heads of latent attention that one core works on together.
const HEADS: f64 = 64.0;
/// Bytes of an activation between kernels.
const ACTIVATION: f64 = 2.0;

/// Work of one kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Arithmetic per row.
    pub flops_per_row: f64,
    /// Rows: tokens of a matrix product, queries of attention.
    pub rows: f64,
    /// Memory traffic.
    pub bytes: Bytes,
    /// The part of it that is read while the kernel computes: weights, cache.
    pub streamed: Bytes,
    /// The part of it that comes before and after: activations, outputs, rotary embedding, the write to the cache.
    pub beside: Bytes,
    /// Independent output tiles.
    pub tiles: f64,
    /// Length of the reduction, where a kernel may split it.
    pub depth: f64,
    /// What one core reads one after the other unless the kernel splits it: the columns of a tile, the cache of a head.
    pub stream: Bytes,
    /// Exponentials of the softmax, where the kernel computes enough of them for it to matter.
    pub exponentials: f64,
    /// Keys that a query sees; infinite where there are none.
    pub keys: f64,
    /// Rows that a kernel expects of each expert of its rank, which knows the tokens of all ranks and not where they go.
    pub guess: f64,
}

/// Heads of grouped attention on one chip, and their elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heads {
    /// Query heads.
    pub q: f64,
    /// Key and value heads.
    pub kv: f64,
    /// Elements of a query or key.
    pub d: f64,
    /// Elements of a value.
    pub v: f64,
    /// Elements that the cache holds per token and head.
    pub cached: f64,
    /// Bytes of a cached element.
    pub element: f64,
}

/// Heads of latent attention on one chip, and their elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latent {
    /// Heads.
    pub heads: f64,
    /// Elements of the latent.
    pub rank: f64,
    /// Elements of the rotary part of a key.
    pub rope: f64,
    /// Bytes of a cached element.
    pub element: f64,
}

impl Work {
    /// Nothing but memory traffic, with little arithmetic on its rows.
    #[must_use]
    pub const fn plain(flops_per_row: f64, rows: f64, bytes: Bytes) -> Self {
        Self {
            flops_per_row,
            rows,
            bytes,
            streamed: bytes,
            beside: Bytes::ZERO,
            tiles: 1.0,
            depth: 1.0,
            stream: Bytes::ZERO,
            exponentials: 0.0,
            keys: f64::INFINITY,
            guess: 0.0,
        }
    }

    /// A matrix product of `rows` by `k` with `k` by `n`, at so many bytes per weight and per activation.
    #[must_use]
    pub fn product(rows: f64, n: f64, k: f64, weight: f64, activation: f64) -> Self {
        let out = Bytes::new(rows * n * ACTIVATION);
        let bytes = Bytes::new(n * k * weight + rows * k * activation) + out;
        Self {
            beside: out,
            tiles: tiles(rows) * tiles(n),
            depth: k,
            stream: Bytes::new(k * TILE * weight),
            ..Self::plain(2.0 * n * k, rows, bytes)
        }
    }

    /// Grouped, multi-head or multi-query attention of `width` new tokens of each of `b` sequences over `keys` cached
    /// tokens. Tokens checked together share one read of the cache.
    #[must_use]
    pub fn decode(heads: Heads, b: f64, keys: f64, width: f64) -> Self {
        let Heads { q, kv, d, v, cached, element } = heads;
        let stream = Bytes::new(keys * cached * element);
        let bytes = stream * (b * kv) + Bytes::new(b * width * q * (d + v) * ACTIVATION);
        Self { tiles: b * kv, stream, ..Self::plain(2.0 * b * kv * (d + v) * keys, q / kv * width, bytes) }
    }

    /// The same by a kernel in which every query head reads the cache for itself.
    #[must_use]
    pub fn decode_by_head(heads: Heads, b: f64, keys: f64) -> Self {
        let own = Self::decode(heads, b, keys, 1.0);
        Self { streamed: own.stream * (b * heads.q), tiles: b * heads.q, ..own }
    }

    /// Causal attention of `new` tokens of each of `b` prompts, each of which sees `keys` tokens on average, after `past`
    /// tokens that the cache holds.
    #[must_use]
    pub fn prefill(heads: Heads, b: f64, new: f64, past: f64, keys: f64) -> Self {
        let Heads { q, kv, d, v, cached, element } = heads;
        let bytes = Bytes::new(
            b * (new * (q * (d + v) * ACTIVATION + kv * cached * (ACTIVATION + element))
                + past * kv * cached * element),
        );
        Self::prompts(2.0 * q * (d + v), q, b, [new, keys], bytes)
    }

    /// Latent attention of prompts, expanded to heads of `d` elements per query and key and `v` per value.
    #[must_use]
    pub fn prefill_latent(heads: f64, [d, v]: [f64; 2], b: f64, [new, past]: [f64; 2], keys: f64) -> Self {
        let bytes = Bytes::new(b * (2.0 * new + past) * heads * (d + v) * ACTIVATION);
        Self::prompts(2.0 * heads * (d + v), heads, b, [new, keys], bytes)
    }

    /// Attention of prompts at so many FLOPs per query and key.
    #[must_use]
    pub fn prompts(flops: f64, heads: f64, b: f64, [new, keys]: [f64; 2], bytes: Bytes) -> Self {
        Self {
            streamed: Bytes::ZERO,
            beside: bytes,
            tiles: b * heads * tiles(new),
            exponentials: b * heads * new * keys,
            keys,
            ..Self::plain(flops * b * keys, new, bytes)
        }
    }

    /// Latent attention of `width` new tokens of each of `b` sequences over `keys` cached tokens, absorbed.
    #[must_use]
    pub fn decode_latent(latent: Latent, b: f64, keys: f64, width: f64) -> Self {
        let Latent { heads, rank, rope, element } = latent;
        let stream = Bytes::new(keys * (rank + rope) * element);
        let bytes = stream * b + Bytes::new(b * width * heads * (2.0 * rank + rope) * ACTIVATION);
        Self {
            tiles: b * larger(heads * width / HEADS, 1.0),
            stream,
            ..Self::plain(2.0 * b * keys * (2.0 * rank + rope), heads * width, bytes)
        }
    }

    /// The routed experts of the busiest rank for `tokens` of the group of ranks.
    #[must_use]
    pub fn experts(own: Grouped, tokens: f64, skew: Skew) -> Self {
        let Grouped { slots, top_k, ep, width, inter, matrices, weight, activation, .. } = own;
        let rows = tokens * top_k / ep * skew.busiest(&own, tokens);
        // The experts of one token differ; later ones meet busy experts again. Popular experts are no more of them, but where
        // chance sends a rank more tokens it has more experts to read.
        let distinct = smaller(tokens, 1.0) + larger(tokens - 1.0, 0.0) * skew.reach;
        let reached = touched(slots, top_k, slots / ep, distinct * skew.by_chance(&own, tokens));
        let each = rows / reached;
        let weights = Bytes::new(reached * matrices * width * inter * weight);
        // Tokens are sorted by expert, quantised, read, written, and summed again; inner ones are written, gated and read.
        let outer = width * (5.0 * ACTIVATION + activation);
        let beside = Bytes::new(rows * (outer + 2.0 * matrices * inter * ACTIVATION));
        Self {
            streamed: weights,
            beside,
            tiles: reached * tiles(each) * tiles((matrices - 1.0) * inter),
            depth: width,
            stream: Bytes::new((width + inter) * TILE * weight),
            guess: tokens * top_k * ep / slots,
            ..Self::plain(2.0 * matrices * reached * width * inter, each, weights + beside)
        }
    }

    /// Arithmetic without padding.
    #[must_use]
    pub fn flops(&self) -> Flops {
        Flops::new(self.flops_per_row * self.rows)
    }
}

/// Tiles along one side. The rows of a mean step are a mean too, so the count is not rounded up: a curve over load would
/// otherwise jump where only single steps do.
fn tiles(length: f64) -> f64 {
    larger(length / TILE, 1.0)
}

/// Experts of one rank that at least one of so many tokens reaches, for uniform routing.
#[must_use]
pub fn touched(experts: f64, top_k: f64, local: f64, tokens: f64) -> f64 {
    // Of no tokens none is reached.
    let missed = if tokens > 0.0 { power(larger(1.0 - top_k / experts, 0.0), tokens) } else { 1.0 };
    let least = larger(smaller(smaller(local, 1.0), tokens * top_k * local / experts), 1e-9);
    larger(local * (1.0 - missed), least)
}

//! The one table of ranges: what the numbers of chips, models and prices may be, whether a file of the catalogue, a link or a
//! `config.json` gives them. Wide enough for anything that was ever built or announced, narrow enough to catch a wrong unit,
//! and that no sum or product of them leaves the finite numbers.

use super::chip::Chip;
use super::model::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer, Model};
use crate::units::limits::{Invalid, Limits};

const fn count(field: &'static str, low: f64, high: f64) -> Limits {
    Limits { field, low, high, unit: "" }
}

/// Arithmetic peak in 16 bits.
pub const BF16: Limits = Limits { field: "bf16", low: 1e11, high: 1e18, unit: "FLOP/s" };
/// Arithmetic peak in 8-bit floats.
pub const FP8: Limits = Limits { field: "fp8", ..BF16 };
/// Arithmetic peak in 4-bit floats.
pub const FP4: Limits = Limits { field: "fp4", ..BF16 };
/// Arithmetic peak in 8-bit integers.
pub const INT8: Limits = Limits { field: "int8", ..BF16 };
/// Weights that share a scale.
pub const GROUP: Limits = Limits { field: "group", low: 8.0, high: 4096.0, unit: "weights" };
/// Files of a checkpoint.
pub const CHECKPOINT: Limits = Limits { field: "checkpoint", low: 1e8, high: 1e14, unit: "B" };
/// Capacity of the main memory.
pub const MEMORY: Limits = Limits { field: "mem", low: 1e8, high: 1e14, unit: "B" };
/// Bandwidth of the main memory.
pub const BANDWIDTH: Limits = Limits { field: "bw", low: 1e9, high: 1e15, unit: "B/s" };
/// Bandwidth inside the scale-up domain.
pub const SCALE_UP: Limits = Limits { field: "up", low: 1e8, high: 1e14, unit: "B/s" };
/// Chips of the scale-up domain.
pub const DOMAIN: Limits = Limits { field: "up", low: 1.0, high: 100_000.0, unit: "chips" };
/// Bandwidth beyond the scale-up domain.
pub const SCALE_OUT: Limits = Limits { field: "out", low: 1e7, high: 1e14, unit: "B/s" };
/// Power of the chip alone.
pub const POWER: Limits = Limits { field: "w", low: 0.1, high: 1e6, unit: "W" };
/// Price of a chip.
pub const PRICE: Limits = Limits { field: "usd", low: 0.0, high: 1e6, unit: "$/h" };

/// The fewest chips that one can rent or buy.
pub const SOLD: Limits = Limits { field: "sold", low: 1.0, high: 1024.0, unit: "chips" };

/// Capacity of the memory on the die.
pub const SRAM: Limits = Limits { field: "sram", low: 1e6, high: 1e12, unit: "B" };
/// Bandwidth of the memory on the die.
pub const SRAM_BANDWIDTH: Limits = Limits { field: "sram", low: 1e12, high: 1e17, unit: "B/s" };
/// Purchase price of a chip with its share of the system around it.
pub const CAPEX: Limits = Limits { field: "capex", low: 100.0, high: 1e7, unit: "$" };
/// Year in which a chip was first shipped or announced.
pub const YEAR: Limits = count("year", 2015.0, 2035.0);

/// Published parameters of a model.
pub const PUBLISHED: Limits = count("published parameters", 1e7, 1e14);
/// Width of the residual stream.
pub const HIDDEN: Limits = count("hidden width", 1.0, 65_536.0);
/// Vocabulary.
pub const VOCABULARY: Limits = count("vocabulary", 1.0, 4e6);
/// Longest context.
pub const CONTEXT: Limits = Limits { field: "context", low: 1.0, high: 1e9, unit: "tokens" };
/// Layers of a model or of a group.
pub const LAYERS: Limits = count("layers", 1.0, 2000.0);
/// Groups of equal layers.
pub const GROUPS: Limits = count("groups of layers", 0.0, 64.0);
/// Heads of any kind.
pub const HEADS: Limits = count("heads", 1.0, 4096.0);
/// Things of which there may be none, such as shared experts.
pub const FEW: Limits = count("count", 0.0, 4096.0);
/// Width of a head of any kind.
pub const HEAD_WIDTH: Limits = count("head width", 1.0, 8192.0);
/// Width of a head's rotary part.
pub const ROTARY: Limits = count("rotary width", 0.0, 8192.0);
/// Rank of a compression.
pub const RANK: Limits = count("rank", 1.0, 65_536.0);
/// Window, or positions that an indexer selects.
pub const WINDOW: Limits = Limits { field: "window", low: 1.0, high: 1e9, unit: "tokens" };
/// Tokens per compressed entry.
pub const RATIO: Limits = count("compression ratio", 1.0, 1e6);
/// Weights of a linear layer beside its projections.
pub const EXTRA: Limits = count("further parameters of a layer", 0.0, 1e9);
/// Width of a feed-forward layer or of an expert.
pub const INTER: Limits = count("feed-forward width", 1.0, 1e6);
/// Width that every token passes beside the routed experts.
pub const SHARED: Limits = count("shared width", 0.0, 1e6);
/// Routed experts.
pub const EXPERTS: Limits = count("experts", 1.0, 16_384.0);
/// Weight matrices of a feed-forward layer.
pub const MATRICES: Limits = count("matrices", 2.0, 3.0);

/// Length of a typical request, or of a part of it.
pub const LENGTH: Limits = Limits { field: "length", low: 1.0, high: 1e7, unit: "tokens" };
/// A share.
pub const SHARE: Limits = count("share", 0.0, 1.0);
/// Coefficient of variation of the gaps between requests.
pub const ARRIVAL_CV: Limits = count("coefficient of variation", 0.0, 20.0);
/// Turns of a session.
pub const TURNS: Limits = count("turns", 2.0, 10_000.0);
/// Time between an answer and the next turn.
pub const PAUSE: Limits = Limits { field: "pause", low: 1e-3, high: 86_400.0, unit: "s" };
/// Time to first token that a service level asks for.
pub const SLO_TTFT: Limits = Limits { field: "ttft", low: 0.01, high: 600.0, unit: "s" };
/// Time per output token that a service level asks for.
pub const SLO_TPOT: Limits = Limits { field: "tpot", low: 1e-4, high: 10.0, unit: "s" };

/// Power of a data centre over power of its machines.
pub const PUE: Limits = count("pue", 1.0, 3.0);
/// Price of electricity.
pub const ELECTRICITY: Limits = Limits { field: "kwh", low: 0.0, high: 2.0, unit: "$/kWh" };
/// Time over which a purchase is written off.
pub const AMORTISATION: Limits = Limits { field: "years", low: 1.0, high: 20.0, unit: "years" };
/// Cost of capital per year.
pub const INTEREST: Limits = Limits { field: "interest", low: 0.0, high: 1.0, unit: "" };
/// What stands beside the servers, as a share of what they cost.
pub const BESIDE: Limits = Limits { field: "network", low: 0.0, high: 2.0, unit: "" };
/// A price over another of the same chip and basis.
pub const PRICE_RATIO: Limits = count("spread of prices", 0.05, 20.0);
/// Days after which a price is stale.
pub const STALE: Limits = Limits { field: "stale_days", low: 1.0, high: 3650.0, unit: "days" };
/// Power of a chip with its share of the system around it over its own.
pub const SYSTEM_POWER: Limits = count("system power", 1.0, 10.0);
/// List price of a million tokens.
pub const TOKEN_PRICE: Limits = Limits { field: "price", low: 0.001, high: 1000.0, unit: "$/Mtok" };

impl Chip {
    /// Every figure that is out of range, of those that can be given for a chip of one's own. Peak in 16 bits, memory
    /// and its bandwidth must be there.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<Invalid> {
        let memory = |of: fn(&super::chip::Memory) -> f64| self.memory.as_ref().map_or(0.0, of);
        let mut fields = vec![
            (BF16, self.peaks.bf16.map_or(0.0, |rate| rate.get())),
            (MEMORY, memory(|memory| memory.capacity.get())),
            (BANDWIDTH, memory(|memory| memory.bandwidth.get())),
        ];
        fields.extend(self.peaks.fp8.map(|rate| (FP8, rate.get())));
        fields.extend(self.peaks.fp4.map(|rate| (FP4, rate.get())));
        if let Some(up) = self.scale_up {
            fields.extend([(SCALE_UP, up.bandwidth.get()), (DOMAIN, f64::from(up.domain))]);
        }
        fields.extend(self.scale_out.map(|bandwidth| (SCALE_OUT, bandwidth.get())));
        fields.extend(self.tdp.map(|power| (POWER, power.get())));
        fields.extend(self.price.given.map(|price| (PRICE, price.get())));
        outside(fields)
    }
}

impl Model {
    /// Every number of the architecture that is out of range.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<Invalid> {
        let fields = vec![
            (HIDDEN, f64::from(self.hidden)),
            (VOCABULARY, f64::from(self.vocab)),
            (CONTEXT, self.max_context.get()),
            (LAYERS, f64::from(self.layers)),
            (GROUPS, self.attention.len() as f64),
            (GROUPS, self.ffn.len() as f64),
        ];
        let mut invalid = outside(fields);
        invalid.extend(self.attention.iter().flat_map(AttentionLayers::out_of_range));
        invalid.extend(self.ffn.iter().flat_map(FfnLayers::out_of_range));
        invalid
    }
}

impl AttentionLayers {
    /// Every number of the group that is out of range.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<Invalid> {
        let mut fields = vec![(LAYERS, f64::from(self.count))];
        attention(&self.kind, &mut |limits, value| fields.push((limits, f64::from(value))));
        outside(fields)
    }
}

impl FfnLayers {
    /// Every number of the group that is out of range.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<Invalid> {
        let mut fields = vec![(LAYERS, f64::from(self.count))];
        ffn(&self.kind, &mut |limits, value| fields.push((limits, f64::from(value))));
        outside(fields)
    }
}

fn outside(fields: Vec<(Limits, f64)>) -> Vec<Invalid> {
    fields.into_iter().filter_map(|(limits, value)| limits.admit(value).err()).collect()
}

fn attention(kind: &Attention, field: &mut impl FnMut(Limits, u32)) {
    let mut indexer = None;
    match *kind {
        Attention::Grouped { heads, kv_heads, head_dim, v_dim, window, indexer: own, .. } => {
            field(HEADS, heads);
            field(Limits { field: "key-value heads", ..HEADS }, kv_heads);
            field(HEAD_WIDTH, head_dim);
            field(HEAD_WIDTH, v_dim);
            if let Some(window) = window {
                field(WINDOW, window);
            }
            indexer = own;
        }
        Attention::Latent { heads, q_rank, kv_rank, rope_dim, nope_dim, v_dim, indexer: own } => {
            field(HEADS, heads);
            if let Some(rank) = q_rank {
                field(RANK, rank);
            }
            field(RANK, kv_rank);
            field(ROTARY, rope_dim);
            field(HEAD_WIDTH, nope_dim);
            field(HEAD_WIDTH, v_dim);
            indexer = own;
        }
        Attention::Linear { key_heads, value_heads, key_dim, value_dim, extra_parameters } => {
            field(HEADS, key_heads);
            field(HEADS, value_heads);
            field(HEAD_WIDTH, key_dim);
            field(HEAD_WIDTH, value_dim);
            field(EXTRA, extra_parameters);
        }
        Attention::Mamba { heads, head_dim, state, groups } => {
            field(HEADS, heads);
            field(HEAD_WIDTH, head_dim);
            field(Limits { field: "state", ..HEAD_WIDTH }, state);
            field(Limits { field: "groups of B and C", ..HEADS }, groups);
        }
        Attention::Compressed {
            heads,
            head_dim,
            q_rank,
            window,
            ratio,
            out_groups,
            out_rank,
            indexer: own,
        } => {
            field(HEADS, heads);
            field(HEAD_WIDTH, head_dim);
            field(RANK, q_rank);
            field(WINDOW, window);
            if let Some(ratio) = ratio {
                field(RATIO, ratio);
            }
            field(Limits { field: "output groups", ..HEADS }, out_groups);
            field(RANK, out_rank);
            indexer = own;
        }
    }
    if let Some(Indexer { heads, dim, top_k }) = indexer {
        field(Limits { field: "indexer heads", ..HEADS }, heads);
        field(Limits { field: "indexer width", ..HEAD_WIDTH }, dim);
        field(Limits { field: "positions the indexer selects", ..WINDOW }, top_k);
    }
}

fn ffn(kind: &Ffn, field: &mut impl FnMut(Limits, u32)) {
    match *kind {
        Ffn::Dense { inter, matrices } => {
            field(INTER, inter);
            field(MATRICES, matrices);
        }
        Ffn::Moe { experts, top_k, inter, width, shared_inter, matrices } => {
            field(EXPERTS, experts);
            field(count("experts per token", 1.0, f64::from(experts)), top_k);
            field(INTER, inter);
            if let Some(width) = width {
                field(Limits { field: "width of the experts", ..HIDDEN }, width);
            }
            field(SHARED, shared_inter);
            field(MATRICES, matrices);
        }
    }
}

//! A model on a machine that streams its weights through fixed stages instead of launching kernels: SRAM machines (Groq,
//! Cerebras, d-Matrix) and dataflow machines that read fused layers from their main memory (SambaNova).
//!
//! A token passes the layers one after another, so the bandwidth of one stage counts for its latency, never the sum over
//! the machine, and fixed times that no bandwidth shortens set the floor:
//!
//! `t_token = Σ_stages max(bytes/(BW·s), FLOPs/(peak·c)) + τ_t + (stages − 1)·τ_h + L·τ + L_moe·τ_e`
//!
//! `τ` is the way through one layer (instructions, fabric, synchronisation), `τ_e` the choice of experts at run time, which
//! a static schedule can't hide, `τ_h` the hop from one stage to the next, and `τ_t` what a token costs outside the layers:
//! sampling, its way to the host, and the drafting of services that speculate without saying so. Hops count the stages
//! that the weights need, so that chips beyond them never slow a token down.
//!
//! A stage is `tp` chips wide, which divides its reads; `pp` stages follow one another, and while there are fewer users
//! than stages none slows another down. Beyond, users share a stage: it reads its weights once for all of them, but the
//! cache and the arithmetic of each. The number of chips follows from capacity: weights and the KV cache of everybody in
//! flight share the SRAM, and cache that finds no room there goes to the main memory where the machine has one, at that
//! memory's bandwidth. The width of the model counts through its reads alone: on public speeds a time per element of it
//! comes out as nothing. Source: public single-stream speeds and what makers say, `constants/sram.csv`; `tests/sram.rs`
//! fits them, each model left out once.

use super::numerics::Numerics;
use super::op::{Op, OpKind};
use super::plan::{STATE, touched};
use super::portion::Portion;
use super::sink::repeated;
use super::work::flops_per_query;
use crate::catalog::model::{Ffn, Kept, Model};
use crate::catalog::{Chip, ComputeType, NumberFormat};
use crate::machine::{Bound, Constants, Limit, SramRow, WeightHome};
use crate::scenario::Layout;
use crate::units::{Bytes, BytesPerSecond, Flops, FlopsPerSecond, Seconds, Tokens};

/// A model laid out over the stages of a machine.
#[derive(Clone, Debug)]
pub struct Pipeline<'a> {
    model: &'a Model,
    numerics: Numerics,
    layout: Layout,
    portion: Portion,
    row: &'a SramRow,
    /// The memory that holds the weights.
    home: Store,
    /// The main memory that takes the cache which finds no room beside the weights.
    overflow: Option<Store>,
    peak: FlopsPerSecond,
    /// Peak of attention proper, which runs in 16 bits.
    wide_peak: FlopsPerSecond,
    assumed_rate: bool,
    /// Share of the clock at which the machine was measured.
    clock: f64,
    weights: Weights,
}

/// One memory of a chip, as far as weights and cache may use it.
#[derive(Clone, Copy, Debug)]
struct Store {
    /// All of it.
    capacity: Bytes,
    /// What reads reach.
    bandwidth: BytesPerSecond,
}

/// Weight bytes of the whole model by how a token uses them.
#[derive(Clone, Copy, Debug)]
struct Weights {
    /// Read for every token.
    always: Bytes,
    /// Routed experts, all of them.
    experts: Bytes,
    /// Parameters behind `always`.
    used: f64,
    /// Parameters of the routed experts that one token uses.
    routed: f64,
}

impl<'a> Pipeline<'a> {
    /// The pipeline of a model on a chip that has a law of its own. `None` when a figure of the chip is not published.
    #[must_use]
    pub fn new(
        tables: &'a Constants,
        model: &'a Model,
        chip: &Chip,
        numerics: Numerics,
        layout: Layout,
    ) -> Option<Self> {
        let row = tables.sram(chip)?;
        let main = chip.memory.as_ref().map(|memory| Store {
            capacity: memory.capacity,
            bandwidth: memory.bandwidth * if row.weights == WeightHome::Memory { row.share } else { 1.0 },
        });
        let (home, overflow) = match row.weights {
            WeightHome::Memory => (main?, None),
            WeightHome::Sram => {
                let sram = chip.sram?;
                let bandwidth = sram.bandwidth? * row.share;
                (Store { capacity: sram.capacity, bandwidth }, main)
            }
        };
        // A chip without any published rate may have one in the data file, where its maker gave a headline only.
        let rate = |wanted| {
            let known = chip.rate(wanted).map(|rate| (rate.peak, rate.assumed));
            known.or_else(|| row.peak.map(|peak| (peak, true)))
        };
        let (peak, assumed) = rate(numerics.weights(model).compute_type())?;
        let (wide_peak, wide_assumed) = rate(ComputeType::Bf16)?;
        Some(Self {
            model,
            numerics,
            layout,
            portion: Portion::Whole,
            row,
            home,
            overflow,
            peak,
            wide_peak,
            assumed_rate: assumed || wide_assumed,
            weights: weights(model, numerics, Portion::Whole),
            clock: 1.0,
        })
    }

    /// The same pipeline for a part of each layer.
    #[must_use]
    pub fn only(self, portion: Portion) -> Self {
        let weights = weights(self.model, self.numerics, portion);
        Self { portion, weights, ..self }
    }

    /// The same machine at a share of the clock at which it was measured: where the weights are in SRAM, all of it runs by
    /// that clock.
    #[must_use]
    pub fn at_clock(self, clock: f64) -> Self {
        let by_clock = if self.row.weights == WeightHome::Sram { clock } else { 1.0 };
        let home = Store { bandwidth: self.home.bandwidth * by_clock, ..self.home };
        Self {
            home,
            peak: self.peak * clock,
            wide_peak: self.wide_peak * clock,
            clock: self.clock * by_clock,
            ..self
        }
    }

    /// Share of its arithmetic peak that it reaches while prompts stream through it.
    #[must_use]
    pub fn reach(&self) -> f64 {
        self.row.compute
    }

    /// Bytes of all weights, the embedding included.
    #[must_use]
    pub fn total_weights(&self) -> Bytes {
        let parameters = self.model.parameters();
        let looked_up = if self.model.tied_embeddings || !self.portion.has_attention() {
            0.0
        } else {
            parameters.embedding
        };
        let embedding = looked_up * self.numerics.weight_bytes(self.numerics.head);
        self.weights.always + self.weights.experts + Bytes::new(embedding)
    }

    /// The layout: `pp` stages of `tp` chips.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The memory of one chip that holds the weights.
    #[must_use]
    pub fn memory(&self) -> Bytes {
        self.home.capacity
    }

    /// Which memory that is.
    #[must_use]
    pub fn home(&self) -> WeightHome {
        self.row.weights
    }

    /// The part of it that neither weights nor cache may take.
    #[must_use]
    pub fn overhead(&self) -> Bytes {
        self.home.capacity * (1.0 - self.row.usable)
    }

    /// Whether an arithmetic rate was inferred from that of another format.
    #[must_use]
    pub fn assumes_rate(&self) -> bool {
        self.assumed_rate
    }

    /// Weights on one chip, spread evenly.
    #[must_use]
    pub fn weights(&self) -> Bytes {
        self.total_weights() / f64::from(self.layout.chips().max(1))
    }

    /// Cache and state of one sequence over the whole replica.
    #[must_use]
    pub fn cache_per_sequence(&self, context: Tokens) -> Bytes {
        if !self.portion.has_attention() {
            return Bytes::ZERO;
        }
        let growing = self.model.cached_bytes(context, self.numerics.kv, Kept::default());
        Bytes::new(growing + self.model.state_elements() * STATE)
    }

    /// Sequences of this mean length whose cache the replica can hold, beside the weights or in its main memory.
    #[must_use]
    pub fn sequences_that_fit(&self, context: Tokens) -> f64 {
        let beside = self.room();
        if beside.get() <= 0.0 {
            return 0.0;
        }
        (beside + self.outer_room()) / self.cache_per_sequence(context).max(Bytes::new(1.0))
    }

    /// Share of the cache of so many sequences that lies in the main memory because the SRAM is full.
    #[must_use]
    pub fn outside(&self, sequences: f64, context: Tokens) -> f64 {
        let cache = self.cache_per_sequence(context) * sequences;
        if self.overflow.is_none() || cache.get() <= 0.0 {
            return 0.0;
        }
        (1.0 - self.room().max(Bytes::ZERO) / cache).max(0.0)
    }

    /// Chips that hold the weights and this many sequences of this length.
    #[must_use]
    pub fn chips_for(&self, sequences: f64, context: Tokens) -> f64 {
        let outer = self.overflow.map_or(Bytes::ZERO, |store| store.capacity);
        let all = self.total_weights() + self.cache_per_sequence(context) * sequences;
        let by_weights = self.total_weights() / (self.home.capacity * self.row.usable);
        let by_all = all / ((self.home.capacity + outer) * self.row.usable);
        by_weights.max(by_all).ceil()
    }

    /// What the weights leave of their memory, over the replica.
    fn room(&self) -> Bytes {
        self.home.capacity * (self.row.usable * f64::from(self.layout.chips())) - self.total_weights()
    }

    /// What the main memory holds of the cache, over the replica.
    fn outer_room(&self) -> Bytes {
        let outer = self.overflow.map_or(Bytes::ZERO, |store| store.capacity);
        outer * (self.row.usable * f64::from(self.layout.chips()))
    }

    /// The operations of one token's way through the machine, with `sequences` in flight over the replica.
    #[must_use]
    pub fn token(&self, sequences: f64, context: Tokens) -> Vec<Op> {
        self.wide_token(sequences, context, 1.0)
    }

    /// The same for `width` tokens of each sequence at once.
    #[must_use]
    pub fn wide_token(&self, sequences: f64, context: Tokens, width: f64) -> Vec<Op> {
        let ops = self.stream(self.per_stage(sequences), sequences, context, width);
        ops.into_iter().filter(|op| op.time.get() > 0.0).collect()
    }

    /// Time of one token's way through the machine.
    #[must_use]
    pub fn token_time(&self, sequences: f64, context: Tokens) -> Seconds {
        self.wide_token_time(sequences, context, 1.0)
    }

    /// The same for `width` tokens of each sequence at once: a stage reads weights and cache once for all of them.
    #[must_use]
    pub fn wide_token_time(&self, sequences: f64, context: Tokens, width: f64) -> Seconds {
        self.stream(self.per_stage(sequences), sequences, context, width).iter().map(|op| op.time).sum()
    }

    /// Time of a group of sequences that pass the machine together, of as many in flight.
    #[must_use]
    pub fn group_time(&self, group: f64, sequences: f64, context: Tokens, width: f64) -> Seconds {
        self.stream(group.max(1.0), sequences, context, width).iter().map(|op| op.time).sum()
    }

    /// The operations of such a group.
    #[must_use]
    pub fn group(&self, group: f64, sequences: f64, context: Tokens, width: f64) -> Vec<Op> {
        let ops = self.stream(group.max(1.0), sequences, context, width);
        ops.into_iter().filter(|op| op.time.get() > 0.0).collect()
    }

    /// Time that a prompt keeps the machine, once it streams, and the time until its first token.
    #[must_use]
    pub fn prefill(&self, new: Tokens, past: Tokens) -> (Seconds, Seconds) {
        let share = f64::from(self.layout.chips()) * self.row.compute;
        let Weights { used, routed, .. } = self.weights;
        let products = Flops::new(2.0 * (used + routed) * new.get()) / (self.peak * share);
        let attention = self.attention(past + new / 2.0) * new.get() / (self.wide_peak * share);
        let streaming = products + attention;
        (streaming, streaming + self.token_time(1.0, past + new))
    }

    /// Hops between the stages that the weights need.
    fn hops(&self) -> f64 {
        let stage = self.home.capacity * (self.row.usable * f64::from(self.layout.tp.max(1)));
        let needed = ((self.weights.always + self.weights.experts) / stage).ceil();
        (needed.min(f64::from(self.layout.pp)) - 1.0).max(0.0)
    }

    /// Users that share a stage: none wait while there are fewer than stages.
    fn per_stage(&self, sequences: f64) -> f64 {
        (sequences / f64::from(self.layout.pp.max(1))).max(1.0)
    }

    /// Arithmetic of one query over the cache, in all layers.
    fn attention(&self, keys: Tokens) -> Flops {
        if !self.portion.has_attention() {
            return Flops::ZERO;
        }
        let groups = self.model.attention.iter();
        Flops::new(groups.map(|own| f64::from(own.count) * flops_per_query(&own.kind, keys)).sum())
    }

    /// Share of the experts' weights that a stage reads for so many tokens.
    fn touched(&self, tokens: f64) -> f64 {
        let mixture = self.model.ffn.iter().find_map(|group| match group.kind {
            Ffn::Moe { experts, top_k, .. } => Some((f64::from(experts), f64::from(top_k))),
            Ffn::Dense { .. } => None,
        });
        mixture.map_or(0.0, |(experts, top_k)| touched(experts, top_k, experts, tokens) / experts)
    }

    fn mixture_layers(&self) -> u32 {
        if !self.portion.has_ffn() {
            return 0;
        }
        let mixtures = self.model.ffn.iter().filter(|group| matches!(group.kind, Ffn::Moe { .. }));
        mixtures.map(|group| group.count).sum()
    }

    /// The operations for `users` that share a stage, of `sequences` in flight, with `tokens` new ones each.
    fn stream(&self, users: f64, sequences: f64, context: Tokens, tokens: f64) -> [Op; 5] {
        let width = f64::from(self.layout.tp.max(1));
        let read = self.home.bandwidth * width;
        let op = |kind, flops: Flops, peak: FlopsPerSecond, bytes: Bytes, memory: Seconds| {
            let compute = flops / (peak * (width * self.row.compute));
            let (limit, roof) = if compute > memory {
                (Limit::Compute, compute * self.row.compute)
            } else {
                (Limit::Bandwidth, bytes / read)
            };
            repeated(kind, 1, flops, bytes, Bound { under: roof, ..(compute.max(memory), limit).into() })
        };
        let product = |kind, parameters: f64, bytes: Bytes| {
            op(kind, Flops::new(2.0 * parameters * (users * tokens)), self.peak, bytes, bytes / read)
        };
        let cache = self.cache_per_sequence(context) * users;
        let outside = self.outside(sequences, context);
        let slow = self.overflow.map_or(Seconds::ZERO, |store| cache * outside / (store.bandwidth * width));
        let reading = cache * (1.0 - outside) / read + slow;
        let floor =
            |kind, layers, time| repeated(kind, layers, Flops::ZERO, Bytes::ZERO, (time, Limit::Latency));
        let beside = if self.portion.has_attention() { self.row.token } else { Seconds::ZERO };
        let way = self.row.layer * self.portion.of_layer() * f64::from(self.model.layers);
        let way = beside + way + self.row.hop * self.hops();
        [
            product(OpKind::DenseFfn, self.weights.used, self.weights.always),
            product(
                OpKind::Experts,
                self.weights.routed,
                self.weights.experts * self.touched(users * tokens),
            ),
            op(
                OpKind::DecodeAttention,
                self.attention(context) * (users * tokens),
                self.wide_peak,
                cache,
                reading,
            ),
            Op { count: self.model.layers, ..floor(OpKind::StageHop, 1, way / self.clock) },
            floor(OpKind::ExpertExchange, self.mixture_layers(), self.row.experts / self.clock),
        ]
    }
}

/// Weights of a part of each layer.
fn weights(model: &Model, numerics: Numerics, portion: Portion) -> Weights {
    let parameters = model.parameters();
    // The embedding is a look-up of one row, unless it is the head too.
    let head = if model.tied_embeddings { parameters.embedding } else { parameters.head };
    let mut parts = Vec::with_capacity(5);
    if portion.has_attention() {
        parts.extend([(parameters.attention, numerics.attention), (head, numerics.head)]);
    }
    let (routed, active) = if portion.has_ffn() {
        parts.extend([
            (parameters.dense_ffn, numerics.dense),
            (parameters.shared_ffn, numerics.shared),
            (parameters.router, NumberFormat::Bf16),
        ]);
        (parameters.routed_experts, parameters.active_routed)
    } else {
        (0.0, 0.0)
    };
    let bytes = |(parameters, format): &(f64, NumberFormat)| parameters * numerics.weight_bytes(*format);
    Weights {
        always: Bytes::new(parts.iter().map(bytes).sum()),
        experts: Bytes::new(routed * numerics.weight_bytes(numerics.experts)),
        used: parts.iter().map(|(parameters, _)| parameters).sum(),
        routed: active,
    }
}

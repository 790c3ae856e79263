//! A model on a machine that keeps its weights in SRAM: a pipeline of stages, each with its share of the layers.
//!
//! A token passes the stages one after another, so the bandwidth of one stage counts for its latency, never the sum over
//! the machine, and a fixed time per layer (hop and synchronisation) sets the floor:
//!
//! `t_token = Σ_stages max(bytes/BW, FLOPs/peak) + L·τ`
//!
//! Speed comes from a small τ, throughput from filling the stages with other users' tokens, and the number of chips from
//! capacity: weights and the KV cache of everybody in flight share the SRAM. A stage may be several chips wide (`tp`),
//! which divides its reads. Source: public single-stream speeds, `constants/sram.csv`.

use super::numerics::Numerics;
use super::op::{Op, OpKind};
use super::plan::{STATE, touched};
use super::sink::repeated;
use super::work::flops_per_query;
use crate::catalog::Chip;
use crate::catalog::model::{Ffn, Model};
use crate::machine::{Constants, Limit, SramRow};
use crate::scenario::Layout;
use crate::units::{Bytes, BytesPerSecond, Flops, FlopsPerSecond, Seconds, Tokens};

/// A model laid out over a pipeline of SRAM chips.
#[derive(Clone, Debug)]
pub struct Pipeline<'a> {
    model: &'a Model,
    numerics: Numerics,
    layout: Layout,
    row: SramRow,
    capacity: Bytes,
    bandwidth: BytesPerSecond,
    peak: FlopsPerSecond,
    weights: Weights,
    /// Weights of the routed experts that one token uses.
    active_routed: f64,
}

/// Weight bytes of the whole model by how a token uses them.
#[derive(Clone, Copy, Debug)]
struct Weights {
    /// Read for every token.
    always: Bytes,
    /// Routed experts, all of them.
    experts: Bytes,
}

impl<'a> Pipeline<'a> {
    /// The pipeline of a model on an SRAM chip. `None` when a figure of the chip or its law is not published.
    #[must_use]
    pub fn new(
        tables: &Constants,
        model: &'a Model,
        chip: &Chip,
        numerics: Numerics,
        layout: Layout,
    ) -> Option<Self> {
        let sram = chip.sram?;
        let (_, peak) = chip.peak(numerics.weights.compute_type())?;
        let parameters = model.parameters();
        // The embedding is a look-up of one row, unless it is the head too.
        let head = if model.tied_embeddings { parameters.embedding } else { parameters.head };
        let dense = parameters.attention + parameters.dense_ffn + parameters.shared_ffn + head;
        let always = Bytes::new((dense + parameters.router) * numerics.weights.bytes_per_element());
        let experts = Bytes::new(parameters.routed_experts * numerics.experts.bytes_per_element());
        Some(Self {
            model,
            numerics,
            layout,
            row: *tables.sram(&chip.id)?,
            capacity: sram.capacity,
            bandwidth: sram.bandwidth?,
            peak,
            weights: Weights { always, experts },
            active_routed: parameters.active_routed,
        })
    }

    /// Bytes of all weights, the embedding included.
    #[must_use]
    pub fn total_weights(&self) -> Bytes {
        let parameters = self.model.parameters();
        let looked_up = if self.model.tied_embeddings { 0.0 } else { parameters.embedding };
        let embedding = looked_up * self.numerics.weights.bytes_per_element();
        self.weights.always + self.weights.experts + Bytes::new(embedding)
    }

    /// The layout: `pp` stages of `tp` chips.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The same model and chip in another layout.
    #[must_use]
    pub fn with_layout(&self, layout: Layout) -> Self {
        Self { layout, ..self.clone() }
    }

    /// SRAM of one chip.
    #[must_use]
    pub fn memory(&self) -> Bytes {
        self.capacity
    }

    /// SRAM of one chip that neither weights nor cache may take.
    #[must_use]
    pub fn overhead(&self) -> Bytes {
        self.capacity * (1.0 - self.row.usable)
    }

    /// Weights on one chip, spread evenly.
    #[must_use]
    pub fn weights(&self) -> Bytes {
        self.total_weights() / f64::from(self.layout.chips().max(1))
    }

    /// Cache and state of one sequence over the whole replica.
    #[must_use]
    pub fn cache_per_sequence(&self, context: Tokens) -> Bytes {
        let per_element = self.numerics.kv_bytes();
        Bytes::new(
            self.model
                .attention
                .iter()
                .map(|layers| {
                    let growing = layers.kind.cached_elements(context) * per_element;
                    f64::from(layers.count) * (growing + layers.kind.state_elements() * STATE)
                })
                .sum(),
        )
    }

    /// Sequences of this mean length whose cache the replica can hold beside the weights.
    #[must_use]
    pub fn sequences_that_fit(&self, context: Tokens) -> f64 {
        let usable = self.capacity * (self.row.usable * f64::from(self.layout.chips()));
        let room = usable - self.total_weights();
        if room.get() <= 0.0 { 0.0 } else { room / self.cache_per_sequence(context).max(Bytes::new(1.0)) }
    }

    /// Chips that hold the weights and this many sequences of this length.
    #[must_use]
    pub fn chips_for(&self, sequences: f64, context: Tokens) -> f64 {
        let needed = self.total_weights() + self.cache_per_sequence(context) * sequences;
        (needed / (self.capacity * self.row.usable)).ceil()
    }

    /// The operations of one token's way through the machine, with `sequences` in flight over the replica.
    #[must_use]
    pub fn token(&self, sequences: f64, context: Tokens) -> Vec<Op> {
        self.stream(self.per_stage(sequences), context).to_vec()
    }

    /// Time of one token's way through the machine.
    #[must_use]
    pub fn token_time(&self, sequences: f64, context: Tokens) -> Seconds {
        self.stream(self.per_stage(sequences), context).iter().map(|op| op.time).sum()
    }

    /// Time that a prompt keeps the machine, once it streams, and the time until its first token.
    #[must_use]
    pub fn prefill(&self, new: Tokens, past: Tokens) -> (Seconds, Seconds) {
        let flops = self.flops_per_token(past + new / 2.0) * new.get();
        let machine = self.peak * (f64::from(self.layout.chips()) * self.row.compute);
        let streaming = flops / machine;
        (streaming, streaming + self.token_time(1.0, past + new))
    }

    /// Users that share a stage: none wait while there are fewer than stages.
    fn per_stage(&self, sequences: f64) -> f64 {
        (sequences / f64::from(self.layout.pp.max(1))).max(1.0)
    }

    /// Arithmetic of one token: 2 per active weight, and 4·h·d per key for the attention proper.
    fn flops_per_token(&self, keys: Tokens) -> Flops {
        let cached: f64 = self
            .model
            .attention
            .iter()
            .map(|layers| f64::from(layers.count) * flops_per_query(&layers.kind, keys))
            .sum();
        let always = self.weights.always.get() / self.numerics.weights.bytes_per_element();
        Flops::new(2.0 * (always + self.active_routed) + cached)
    }

    fn stream(&self, users: f64, context: Tokens) -> [Op; 4] {
        let width = f64::from(self.layout.tp.max(1));
        let bandwidth = self.bandwidth * width;
        let peak = self.peak * width;
        let layers = self.model.layers;
        let share: f64 = self
            .model
            .ffn
            .iter()
            .find_map(|group| match group.kind {
                Ffn::Moe { experts, top_k, .. } => {
                    let all = f64::from(experts);
                    Some(touched(all, f64::from(top_k), all, users) / all)
                }
                Ffn::Dense { .. } => None,
            })
            .unwrap_or(0.0);
        let op = |kind, flops: Flops, bytes: Bytes| {
            let (compute, memory) = (flops / peak, bytes / bandwidth);
            let limit = if compute > memory { Limit::Compute } else { Limit::Bandwidth };
            repeated(kind, 1, flops, bytes, (compute.max(memory), limit))
        };
        let dense = self.weights.always.get() / self.numerics.weights.bytes_per_element();
        let routed = Flops::new(2.0 * self.active_routed * users);
        let attention: f64 = self
            .model
            .attention
            .iter()
            .map(|group| f64::from(group.count) * flops_per_query(&group.kind, context))
            .sum();
        [
            op(OpKind::DenseFfn, Flops::new(2.0 * dense * users), self.weights.always),
            op(OpKind::Experts, routed, self.weights.experts * share),
            op(
                OpKind::DecodeAttention,
                Flops::new(attention * users),
                self.cache_per_sequence(context) * users,
            ),
            repeated(OpKind::Elementwise, layers, Flops::ZERO, Bytes::ZERO, (self.row.layer, Limit::Latency)),
        ]
    }
}

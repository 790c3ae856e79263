//! A model sharded over a machine: everything about a forward pass that does not depend on its load.
//!
//! Work per operation follows the architecture exactly (2·T·N·K per matrix product, 4·h·d per query-key pair, touched
//! experts `E·(1−(1−k/E)^T)`); time follows the kernel law. Attention uses `tp` ranks in each of `dp` groups, experts
//! `etp` ranks in each of `ep` groups; a KV head that fewer ranks hold than there are is copied; the latent of MLA is
//! copied to every tensor-parallel rank. Source of the work formulas: JAX scaling book, DeepSeek-V2/V3 reports.

use super::numerics::Numerics;
use super::portion::{Portion, weights_per_chip};
use crate::catalog::model::{Attention, Ffn, Model};
use crate::catalog::number::NumberFormat;
use crate::catalog::{Chip, ComputeType, Engine};
pub use crate::machine::touched;
use crate::machine::{
    Collective, Constants, EngineRow, Fabric, Kernel, LinkKind, Measured, Operation, Operator,
};
use crate::scenario::Layout;
use crate::units::{Bytes, Seconds, Tokens};

/// Bytes of an activation on a link or between kernels.
pub(super) const ACTIVATION: f64 = 2.0;
/// Bytes of an element of a recurrent state, which engines keep in 32 bits.
pub(super) const STATE: f64 = 4.0;

/// A sharded model with the laws of its operations.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    pub(super) model: &'a Model,
    pub(super) layout: Layout,
    pub(super) portion: Portion,
    pub(super) numerics: Numerics,
    pub(super) engine: &'a EngineRow,
    pub(super) fabric: Fabric<'a>,
    pub(super) laws: Laws,
    pub(super) prefill_laws: Laws,
    /// Sum over the tensor-parallel ranks.
    pub(super) sum: Collective,
    /// Where data-parallel ranks share experts: all tokens to every rank, and the results back.
    pub(super) exchange: Option<[Collective; 2]>,
    pub(super) memory: Bytes,
    weights: Bytes,
}

/// The kernel laws a pass needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laws {
    pub(super) dense: Kernel,
    pub(super) wide: Kernel,
    pub(super) experts: Kernel,
    pub(super) prefill_attention: Kernel,
    pub(super) decode_attention: Kernel,
    pub(super) prefill_mla: Kernel,
    pub(super) decode_mla: Kernel,
    /// Scores of a sparse indexer, in 8 bits where the chip can.
    pub(super) indexer: Kernel,
    pub(super) elementwise: Kernel,
}

impl Laws {
    fn find(measured: &Measured<'_>, chip: &Chip, engine: Engine, numerics: Numerics) -> Option<Self> {
        let gemm = if engine == Engine::Vllm { Operator::GemmVllm } else { Operator::Gemm };
        let kv = numerics.kv_kernel();
        let law = |operator, format| Self::law(measured, operator, chip, format);
        Some(Self {
            dense: law(gemm, numerics.weights)?,
            wide: law(gemm, NumberFormat::Bf16)?,
            experts: law(Operator::Experts, numerics.experts)?,
            prefill_attention: law(Operator::PrefillAttention, kv)?,
            decode_attention: law(Operator::DecodeAttention, kv)?,
            prefill_mla: law(Operator::PrefillMla, kv)?,
            decode_mla: law(Operator::DecodeMla, kv)?,
            indexer: Kernel::find_in(
                measured,
                Operator::PrefillAttention,
                chip,
                NumberFormat::Fp8,
                ComputeType::Fp8,
            )?
            .in_a_step(),
            elementwise: law(Operator::Elementwise, NumberFormat::Bf16)?,
        })
    }

    /// The law of an operator in a format. An engine has several kernels to choose from: one that reads fewer bytes more
    /// slowly than the 16-bit one reads its own is not what it runs.
    fn law(measured: &Measured<'_>, operator: Operator, chip: &Chip, format: NumberFormat) -> Option<Kernel> {
        let own = Kernel::find(measured, operator, chip, format)?;
        if format == NumberFormat::Bf16 {
            return Some(own);
        }
        let wide = Kernel::find(measured, operator, chip, NumberFormat::Bf16)?;
        let share = format.bytes_per_element() / NumberFormat::Bf16.bytes_per_element();
        Some(own.at_least(&wide, share))
    }

    /// The laws inside an engine: floors, dense products, attention and expert products take so many times as long.
    fn inside(self, floor: f64, dense: f64, attention: f64, experts: f64) -> Self {
        Self {
            dense: self.dense.inside(floor, dense),
            wide: self.wide.inside(floor, dense),
            experts: self.experts.inside(floor, experts),
            prefill_attention: self.prefill_attention.inside(floor, attention),
            decode_attention: self.decode_attention.inside(floor, attention),
            prefill_mla: self.prefill_mla.inside(floor, attention),
            decode_mla: self.decode_mla.inside(floor, attention),
            indexer: self.indexer.inside(floor, attention),
            elementwise: self.elementwise.inside(floor, 1.0),
        }
    }
}

impl<'a> Plan<'a> {
    /// The plan of a model on a chip with main memory. `None` when the chip lacks a published peak or bandwidth.
    #[must_use]
    pub fn new(
        tables: &'a Constants,
        model: &'a Model,
        chip: &Chip,
        engine: Engine,
        numerics: Numerics,
        layout: Layout,
    ) -> Option<Self> {
        let measured = tables.measured(&chip.id);
        let row = tables.engine(engine, &chip.id);
        let laws = Laws::find(&measured, chip, engine, numerics)?;
        let fabric = Fabric::new(tables, chip, row, measured);
        let ranks = layout.tp.saturating_mul(layout.dp);
        let exchange = [Operation::AllGather, Operation::ReduceScatter];
        Some(Self {
            model,
            layout,
            portion: Portion::Whole,
            numerics,
            engine: row,
            laws: laws.inside(
                row.floor_scale,
                row.gemm_scale,
                row.attention_scale,
                row.experts(numerics.experts),
            ),
            prefill_laws: laws.inside(1.0, row.prefill_scale, row.prefill_scale, row.prefill_expert_scale),
            sum: fabric.collective(Operation::AllReduce, layout.tp),
            exchange: (layout.dp > 1).then(|| exchange.map(|own| fabric.collective(own, ranks))),
            memory: chip.memory.as_ref()?.capacity,
            weights: weights_per_chip(model, numerics, layout, Portion::Whole),
            fabric,
        })
    }

    /// The same plan for a part of each layer.
    #[must_use]
    pub fn only(self, portion: Portion) -> Self {
        let weights = weights_per_chip(self.model, self.numerics, self.layout, portion);
        Self { portion, weights, ..self }
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The engine's constants.
    #[must_use]
    pub fn engine(&self) -> &'a EngineRow {
        self.engine
    }

    /// Weights on one chip.
    #[must_use]
    pub fn weights(&self) -> Bytes {
        self.weights
    }

    /// Memory of one chip.
    #[must_use]
    pub fn memory(&self) -> Bytes {
        self.memory
    }

    /// What the engine keeps on each chip beside weights and cache: its own reserve (at most a tenth of a small chip)
    /// and the activations of one full step.
    #[must_use]
    pub fn overhead(&self) -> Bytes {
        let unused = self.memory * (1.0 - self.engine.memory_fraction);
        let activations =
            Bytes::new(self.engine.chunk.get() * f64::from(self.model.hidden) * ACTIVATION * 8.0);
        unused + self.engine.reserve.min(self.memory * 0.1) + activations.min(self.memory * 0.05)
    }

    /// KV cache and recurrent state of one sequence of this length, on one of the chips that hold it.
    #[must_use]
    pub fn cache_per_sequence(&self, context: Tokens) -> Bytes {
        if !self.portion.has_attention() {
            return Bytes::ZERO;
        }
        let per_element = self.numerics.kv_bytes();
        let elements: f64 = self
            .model
            .attention
            .iter()
            .map(|layers| {
                let growing =
                    layers.kind.cached_elements(context) / self.cache_shards(&layers.kind) * per_element;
                let state = layers.kind.state_elements() / f64::from(self.layout.tp) * STATE;
                f64::from(layers.count) * (growing + state)
            })
            .sum();
        Bytes::new(elements / f64::from(self.layout.pp))
    }

    /// Sequences of this mean length whose cache one replica can hold.
    #[must_use]
    pub fn sequences_that_fit(&self, context: Tokens) -> f64 {
        let room = self.memory - self.overhead() - self.weights;
        let per_sequence = self.cache_per_sequence(context);
        if room.get() <= 0.0 {
            return 0.0;
        }
        room / per_sequence.max(Bytes::new(1.0)) * f64::from(self.layout.dp)
    }

    /// Host time to launch a pass that runs outside graphs, as prefills do: the chip waits for it when it is faster.
    #[must_use]
    pub fn launch(&self) -> Seconds {
        let experts: u32 = self
            .model
            .ffn
            .iter()
            .filter(|layers| matches!(layers.kind, Ffn::Moe { .. }))
            .map(|layers| layers.count)
            .sum();
        let experts = if self.portion.has_ffn() { f64::from(experts) } else { 0.0 };
        self.engine.launch * (f64::from(self.model.layers) * self.portion.of_layer())
            + self.engine.expert_launch * experts
    }

    /// Whether the weights of the dense layers run in a unit of another type than their format's.
    #[must_use]
    pub fn emulated(&self) -> bool {
        self.laws.dense.unit != self.numerics.weights.compute_type()
    }

    /// Whether an arithmetic rate was inferred from that of another format.
    #[must_use]
    pub fn assumes_rate(&self) -> bool {
        let Laws { dense, wide, experts, decode_attention, .. } = self.laws;
        [dense, wide, experts, decode_attention].iter().any(|law| law.assumed_rate)
    }

    /// Latency and time of one hop of so many bytes to the next pipeline stage.
    pub(super) fn hop(&self, bytes: Bytes) -> (Seconds, Seconds) {
        let inside = self.layout.chips() <= self.fabric.domain();
        let link = self.fabric.tables().link(if inside { LinkKind::Domain } else { LinkKind::Network });
        let bandwidth = self.fabric.bandwidth(if inside { 2 } else { u32::MAX });
        (link.latency, link.latency + bytes / (bandwidth * link.efficiency))
    }

    /// Over how many tensor-parallel ranks the cache of a layer is spread.
    fn cache_shards(&self, kind: &Attention) -> f64 {
        match *kind {
            Attention::Grouped { kv_heads, .. } => f64::from(self.layout.tp.min(kv_heads).max(1)),
            _ => 1.0,
        }
    }
}

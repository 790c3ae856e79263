//! A model sharded over a machine: everything about a forward pass that does not depend on its load.
//!
//! Work per operation follows the architecture exactly (2·T·N·K per matrix product, 4·h·d per query-key pair, touched
//! experts `E·(1−(1−k/E)^T)`); time follows the kernel law. Attention uses `tp` ranks in each of `dp` groups, experts
//! `etp` ranks in each of `ep` groups; a KV head that fewer ranks hold than there are is copied; the latent of MLA is
//! copied to every tensor-parallel rank, unless those share contexts out ([`super::context`]). Source of the work formulas: JAX scaling book, DeepSeek-V2/V3 reports.

use std::sync::Arc;

use super::context::Context;
use super::memo::Memo;
use super::numerics::{ACTIVATION, Numerics};
use super::portion::{Portion, weights_per_chip};
use crate::catalog::model::{Attention, AttentionLayers, Ffn, Kept, Model};
use crate::catalog::number::NumberFormat;
use crate::catalog::{Chip, ComputeType, Engine};
use crate::machine::memory::Work as MemoryWork;
pub use crate::machine::touched;
use crate::machine::{
    Collective, Constants, EngineRow, Exchange, Fabric, Form, Kernel, Measured, MemoryRow, Operation,
    Operator,
};
use crate::scenario::{ExpertParallel, Layout};
use crate::units::{Bytes, Seconds, Tokens, larger};

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
    /// Of decode and of prefill, which layouts of the same chips share.
    pub(super) laws: Arc<[Laws; 2]>,
    /// Sum over the tensor-parallel ranks.
    pub(super) sum: Collective,
    /// Where data-parallel ranks share experts: all tokens to every rank, and the results back; or to just those that need them.
    pub(super) exchange: Option<([Collective; 2], Exchange<'a>)>,
    /// How contexts are shared out; none where they are not.
    pub(super) context: Option<Box<Context>>,
    /// Nodes that the ranks of the experts lie on.
    nodes: f64,
    /// What is asked about the experts.
    pub(super) experts: ExpertParallel,
    /// Of one chip: all of it, and what the driver lets an engine have.
    memory: (Bytes, Bytes),
    shares: &'a MemoryRow,
    /// The engine's memory share where one is asked for.
    share: Option<f64>,
    /// Token budget of a step where one is asked for.
    budget: Option<f64>,
    weights: Bytes,
    /// What is left of a chip's memory for the cache; below zero where the weights find no room.
    room: Bytes,
    /// Times of passes, where a search asks for them again and again.
    pub(super) memo: Memo,
}

/// The kernel laws a pass needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laws {
    /// Projections of attention.
    pub(super) attention: Kernel,
    /// Dense feed-forward layers.
    pub(super) dense: Kernel,
    /// Shared experts.
    pub(super) shared: Kernel,
    /// What stays in 16 bits.
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
    /// The laws that the layers of a model need. The others repeat one of these, and nothing runs by them.
    fn find(
        measured: &Measured<'_>,
        chip: &Chip,
        engine: Engine,
        (model, numerics): (&Model, Numerics),
    ) -> Option<Self> {
        let gemm = if engine == Engine::Vllm { Operator::GemmVllm } else { Operator::Gemm };
        let kv = numerics.kv_kernel();
        let law = |operator, format| Self::law(measured, operator, chip, (numerics, format), None);
        let wide = law(gemm, NumberFormat::Bf16)?;
        let narrow = |format| Self::law(measured, gemm, chip, (numerics, format), Some(wide));
        let attention = narrow(numerics.attention)?;
        // Most checkpoints have one format for all of them.
        let product = |format| match format {
            NumberFormat::Bf16 => Some(wide),
            _ if format == numerics.attention => Some(attention),
            _ => narrow(format),
        };
        let has = |wanted: fn(&Attention) -> bool| model.attention.iter().any(|own| wanted(&own.kind));
        let indexes = has(|kind| {
            use Attention::{Compressed, Grouped, Latent};
            let (Grouped { indexer, .. } | Latent { indexer, .. } | Compressed { indexer, .. }) = kind else {
                return false;
            };
            indexer.is_some()
        });
        let grouped = has(|kind| matches!(kind, Attention::Grouped { .. }));
        // The scores of an indexer are taken by the law of a latent cache.
        let latent =
            indexes || has(|kind| matches!(kind, Attention::Latent { .. } | Attention::Compressed { .. }));
        let needed = |needed: bool, operator, format| if needed { law(operator, format) } else { Some(wide) };
        let fp8 = (NumberFormat::Fp8, ComputeType::Fp8);
        let indexer = if indexes {
            Kernel::find_in(measured, Operator::PrefillAttention, chip, fp8.0, fp8.1)?.in_a_step()
        } else {
            wide
        };
        Some(Self {
            attention,
            dense: product(numerics.dense)?,
            shared: product(numerics.shared)?,
            wide,
            experts: needed(routes(model), Operator::Experts, numerics.experts)?,
            prefill_attention: needed(grouped, Operator::PrefillAttention, kv)?,
            decode_attention: needed(grouped, Operator::DecodeAttention, kv)?,
            prefill_mla: needed(latent, Operator::PrefillMla, kv)?,
            decode_mla: needed(latent, Operator::DecodeMla, kv)?,
            indexer,
            elementwise: law(Operator::Elementwise, NumberFormat::Bf16)?,
        })
    }

    /// The law of an operator in a format. An engine has several kernels to choose from: one that reads fewer bytes more
    /// slowly than the 16-bit one reads its own is not what it runs.
    fn law(
        measured: &Measured<'_>,
        operator: Operator,
        chip: &Chip,
        (numerics, format): (Numerics, NumberFormat),
        wide: Option<Kernel>,
    ) -> Option<Kernel> {
        if let Some(wide) = wide.filter(|_| format == NumberFormat::Bf16) {
            return Some(wide);
        }
        let own = Kernel::find(measured, operator, chip, format)?;
        if format == NumberFormat::Bf16 {
            return Some(own);
        }
        let wide = match wide {
            Some(wide) => wide,
            None => Kernel::find(measured, operator, chip, NumberFormat::Bf16)?,
        };
        let bytes = |format: NumberFormat| {
            if operator.is_attention() { format.cached_bytes() } else { numerics.weight_bytes(format) }
        };
        Some(own.at_least(&wide, bytes(format) / bytes(NumberFormat::Bf16)))
    }

    /// The laws inside an engine: floors, dense products, attention and expert products take so many times as long.
    fn inside(self, floor: f64, dense: f64, attention: f64, experts: f64) -> Self {
        Self {
            attention: self.attention.inside(floor, dense),
            dense: self.dense.inside(floor, dense),
            shared: self.shared.inside(floor, dense),
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

/// Whether a model has routed experts.
fn routes(model: &Model) -> bool {
    model.ffn.iter().any(|own| matches!(own.kind, Ffn::Moe { .. }))
}

/// Groups of ranks that share experts, their ranks, and those that have experts.
fn sharers(layout: Layout) -> (u32, u32, u32) {
    let copies = if layout.shares_experts() { layout.pcp } else { 1 };
    let groups = layout.dp.saturating_mul(copies);
    (groups, layout.tp.saturating_mul(groups), layout.etp.saturating_mul(layout.ep))
}

/// What data-parallel ranks exchange where they share experts.
fn exchange<'a>(
    model: &Model,
    fabric: &Fabric<'a>,
    layout: Layout,
) -> Option<([Collective; 2], Exchange<'a>)> {
    let (groups, ranks, experts) = sharers(layout);
    (groups > 1 && routes(model)).then(|| {
        let sparse = fabric.exchange(experts);
        ([Operation::AllGather, Operation::ReduceScatter].map(|own| fabric.collective(own, ranks)), sparse)
    })
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
        (layout, share): (Layout, Option<f64>),
    ) -> Option<Self> {
        let mut measured = tables.measured(&chip.id);
        if engine == Engine::Atom {
            // AMD's own kernels for block scales keep up with the others.
            measured.block = None;
        }
        let memory = chip.memory.as_ref()?;
        let row = tables.engine(engine, &chip.id);
        let laws = Laws::find(&measured, chip, engine, (model, numerics))?;
        // 4-bit experts of either code take the same kernels beside 16-bit activations.
        let mixed = numerics.experts == NumberFormat::Nvfp4 && laws.experts.unit != ComputeType::Fp4;
        let experts = row.experts(if mixed { NumberFormat::Mxfp4 } else { numerics.experts });
        let decode = laws.inside(row.floor_scale, row.gemm_scale, row.attention_scale, experts);
        let prefill = laws.inside(
            1.0,
            row.gemm_scale * row.prefill_scale,
            row.attention_scale * row.prefill_scale,
            experts * row.prefill_experts(numerics.experts),
        );
        let fabric = Fabric::new(tables, chip, row, measured);
        let plan = Self {
            model,
            layout,
            portion: Portion::Whole,
            numerics,
            engine: row,
            laws: Arc::new([decode, prefill]),
            sum: fabric.collective(Operation::AllReduce, layout.tp),
            exchange: exchange(model, &fabric, layout),
            context: Context::find(model, &fabric, layout),
            nodes: fabric.reach(layout.etp.saturating_mul(layout.ep)).nodes,
            experts: ExpertParallel::default(),
            memory: (memory.capacity, memory.usable.unwrap_or(memory.capacity)),
            shares: tables.memory(engine, &chip.id, memory.capacity),
            share,
            budget: None,
            weights: Bytes::ZERO,
            room: Bytes::ZERO,
            memo: Memo::default(),
            fabric,
        };
        Some(plan.only(Portion::Whole))
    }

    /// The same plan in another layout of the same chips. Collectives among as many ranks are the same.
    #[must_use]
    pub fn in_layout(&self, layout: Layout) -> Self {
        let same = layout.tp == self.layout.tp;
        let sum = if same { self.sum } else { self.fabric.collective(Operation::AllReduce, layout.tp) };
        let same = sharers(layout) == sharers(self.layout);
        let exchange = if same { self.exchange } else { exchange(self.model, &self.fabric, layout) };
        let plan = Self {
            layout,
            sum,
            exchange,
            context: Context::find(self.model, &self.fabric, layout),
            nodes: self.fabric.reach(layout.etp.saturating_mul(layout.ep)).nodes,
            ..self.clone()
        };
        plan.only(self.portion)
    }

    /// The same plan of an engine that is told how many tokens a step may have, for whose activations it keeps room.
    #[must_use]
    pub fn with_budget(self, budget: Tokens) -> Self {
        let portion = self.portion;
        Self { budget: Some(budget.get()), ..self }.only(portion)
    }

    /// The same plan for a part of each layer.
    #[must_use]
    pub fn only(self, portion: Portion) -> Self {
        let slots = |experts| self.slots(experts);
        let weights = weights_per_chip(self.model, self.numerics, self.layout, portion, &slots);
        let room = self.shares.room(self.memory.1, weights, &self.work(), self.share);
        Self { portion, weights, room, memo: Memo::default(), ..self }
    }

    /// The same plan, which keeps the times of its passes: for searches.
    #[must_use]
    pub fn remembering(self) -> Self {
        Self { memo: Memo::kept(), ..self }
    }

    /// The same plan with what is asked about the experts.
    #[must_use]
    pub fn with_experts(self, experts: ExpertParallel) -> Self {
        let portion = self.portion;
        Self { experts, ..self }.only(portion)
    }

    /// Places for so many experts of a layer: those and their redundant copies, as many on each rank. Unless it is said how
    /// many, all ranks have the same number of different experts; beyond one node, where people balance them, some have a
    /// copy: as many as come nearest to the usual share.
    pub(super) fn slots(&self, experts: f64) -> f64 {
        let ranks = f64::from(self.layout.ep);
        let wide = self.nodes > 1.0 && ranks > 1.0;
        // One rank has all experts already.
        if ranks <= 1.0 {
            return experts;
        }
        ranks
            * match self.experts.redundant {
                Some(copies) => ((experts + f64::from(copies)) / ranks).ceil(),
                None if wide => {
                    let usual = (experts * (1.0 + Form::redundant()) / ranks + 0.5).floor();
                    larger(usual, (experts / ranks).floor() + 1.0)
                }
                None => (experts / ranks).ceil(),
            }
    }

    /// Whether the ranks of the experts lie on several nodes.
    pub(super) fn is_wide(&self) -> bool {
        self.nodes > 1.0
    }

    /// What decides how much memory the engine needs for itself: activations are widest inside the feed-forward layers,
    /// where the residual stream, its sum, and what goes in and out of a layer are kept too.
    fn work(&self) -> MemoryWork {
        let Layout { tp, pp, dp, etp, pcp, .. } = self.layout;
        let stream = f64::from(self.model.hidden);
        let inner = self.model.ffn.iter().map(|layers| match layers.kind {
            Ffn::Dense { inter, matrices } => f64::from(inter) * f64::from(matrices) / f64::from(tp),
            Ffn::Moe { top_k, inter, width, matrices, .. } => {
                let width = width.map_or(stream, f64::from);
                f64::from(top_k) * (width + f64::from(inter) * f64::from(matrices) / f64::from(etp))
            }
        });
        let widest = inner.fold(0.0, f64::max);
        MemoryWork {
            ranks: (f64::from(tp) * f64::from(pp) * f64::from(dp) * f64::from(pcp), f64::from(dp)),
            layers: f64::from(self.model.layers) / f64::from(pp),
            token: Bytes::new((4.0 * stream + widest) * ACTIVATION / f64::from(pcp)),
            vocabulary: f64::from(self.model.vocab),
            budget: self.budget,
        }
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
        self.memory.0
    }

    /// What neither weights nor cache may take on each chip: what the engine leaves alone, and what its own work needs.
    #[must_use]
    pub fn overhead(&self) -> Bytes {
        self.memory.0 - self.weights - self.room
    }

    /// KV cache and recurrent state of one sequence of this length, on one of the chips that hold it.
    #[must_use]
    pub fn cache_per_sequence(&self, context: Tokens) -> Bytes {
        self.cache(context, 0.0)
    }

    /// The same while its prompt is read, when layers with a window keep a step's tokens beyond it.
    #[must_use]
    pub fn cache_in_prefill(&self, context: Tokens) -> Bytes {
        self.cache(context, self.shares.beyond * self.budget.unwrap_or(self.shares.tokens))
    }

    fn cache(&self, context: Tokens, beyond: f64) -> Bytes {
        if !self.portion.has_attention() {
            return Bytes::ZERO;
        }
        let kept = Kept { beyond, share: self.shares.held };
        let of = |layers: &AttentionLayers| {
            let growing = layers.kind.cached_bytes(context, self.numerics.kv, kept);
            let state = layers.kind.state_elements() / f64::from(self.layout.tp) * STATE;
            f64::from(layers.count) * (growing / self.cache_shards(&layers.kind) + state)
        };
        let bytes: f64 = self.model.attention.iter().map(of).sum();
        Bytes::new(bytes / f64::from(self.layout.pp))
    }

    /// Sequences of this mean length whose cache one replica can hold. One on each data-parallel rank is having its
    /// prompt read and takes as much as it then does; the others take what they need.
    #[must_use]
    pub fn sequences_that_fit(&self, context: Tokens) -> f64 {
        if self.room.get() <= 0.0 {
            return 0.0;
        }
        let least = Bytes::new(1.0);
        let first = self.cache_in_prefill(context).max(least);
        let others = self.cache_per_sequence(context).max(least);
        let fits = if self.room < first { self.room / first } else { 1.0 + (self.room - first) / others };
        fits * f64::from(self.layout.dp)
    }

    /// Tokens of KV cache that one replica can hold, as engines report it at start: in sequences of the longest context
    /// that the model supports, each of which may be having its prompt read. Where none of them fits, in one as long as
    /// `context`.
    #[must_use]
    pub fn kv_capacity(&self, context: Tokens) -> Tokens {
        let longest = self.model.max_context.max(context);
        let tokens = |length: Tokens| {
            let each = self.cache_in_prefill(length).max(Bytes::new(1.0));
            length * (self.room.max(Bytes::ZERO) / each)
        };
        let at_most = tokens(longest);
        let room = if at_most < longest { tokens(context) } else { at_most };
        room * f64::from(self.layout.dp)
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

    /// The format of linear layers that the chip has no unit for, if any, and the unit that does its work. Weights in mxfp4 are
    /// multiplied as they are by 4-bit units only.
    #[must_use]
    pub fn emulated(&self, chip: &Chip) -> Option<(NumberFormat, ComputeType)> {
        let Laws { attention, dense, shared, experts, .. } = self.laws[0];
        let law = |part: &str| match part {
            "attention" => attention,
            "dense" => dense,
            "shared" => shared,
            _ => experts,
        };
        let other = |(part, format): (&str, NumberFormat)| {
            let wanted = match format {
                NumberFormat::Mxfp4 => ComputeType::Fp4,
                own => own.compute_type(),
            };
            let lacks = chip.peak(wanted).is_none_or(|(unit, _)| unit != wanted);
            lacks.then_some((format, law(part).unit))
        };
        self.numerics.linear(self.model).find_map(other)
    }

    /// Whether an arithmetic rate was inferred from that of another format.
    #[must_use]
    pub fn assumes_rate(&self) -> bool {
        let Laws { attention, dense, shared, wide, experts, decode_attention, .. } = self.laws[0];
        [attention, dense, shared, wide, experts, decode_attention].iter().any(|law| law.assumed_rate)
    }

    /// Latency and time of one hop of so many bytes to the next pipeline stage.
    pub(super) fn hop(&self, bytes: Bytes) -> (Seconds, Seconds) {
        self.fabric.hop(self.layout.chips(), bytes)
    }

    /// Over how many ranks the cache of a layer is spread.
    fn cache_shards(&self, kind: &Attention) -> f64 {
        let Layout { tp, pcp, dcp, .. } = self.layout;
        let heads = match *kind {
            Attention::Grouped { kv_heads, .. } => f64::from(tp.min(kv_heads).max(1)),
            _ => 1.0,
        };
        if pcp == 1 && dcp == 1 {
            return heads;
        }
        heads * f64::from(pcp) * f64::from(dcp.min(kind.cache_copies(tp)))
    }
}

//! What a serving engine costs beside the kernels, by generation of silicon (`constants/engines.csv`).

use crate::catalog::columns::Engines;
use crate::catalog::{Engine, NumberFormat};
use crate::units::Seconds;

/// The rows of the file as constants, each called after its engine and generation.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/engines.rs"));
}

/// Generation of silicon: engines ship other kernels for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Every chip without a generation of its own.
    Any,
    /// NVIDIA Blackwell and later.
    Blackwell,
}

impl Generation {
    /// All generations.
    pub const ALL: [Self; 2] = [Self::Any, Self::Blackwell];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Blackwell => "blackwell",
        }
    }

    /// The generation with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.id() == id)
    }
}

/// One row of `engines.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EngineRow {
    /// Engine.
    pub engine: Engine,
    /// Generation of silicon.
    pub generation: Generation,
    /// Host work per step that the chip waits for.
    pub step: Seconds,
    /// Host work per step that goes on beside the chip: no step is shorter.
    pub host: Seconds,
    /// What each sequence adds to a step: sampling, detokenising, bookkeeping.
    pub sequence: Seconds,
    /// Small kernels and gaps per layer.
    pub layer: Seconds,
    /// Small kernels and gaps around the experts of a layer: choosing, sorting, quantising and putting together.
    pub expert_layer: Seconds,
    /// Floors of kernels in the engine's graphs against the floors of kernels alone.
    pub floor_scale: f64,
    /// Dense matrix products against the measured ones.
    pub gemm_scale: f64,
    /// Attention against the measured one.
    pub attention_scale: f64,
    /// Expert products against the measured ones, weights and activations in 16 or 8 bits.
    pub expert_scale: f64,
    /// The same with weights and activations in 4 bits.
    pub expert_fp4_scale: f64,
    /// The same with mxfp4 weights and wider activations.
    pub expert_mixed_scale: f64,
    /// Exchanges against the measured ones.
    pub link_scale: f64,
    /// Share of a prefill that stalls running decodes.
    pub interference: f64,
    /// Share of a decode step that a prompt in it saves.
    pub mixing: f64,
    /// Kernels of a prefill, against what the same scales give for decode.
    pub prefill_scale: f64,
    /// Expert kernels of a prefill with mxfp4 weights and wider activations, on top.
    pub prefill_mixed_scale: f64,
    /// Host time to launch a layer of a prefill.
    pub launch: Seconds,
    /// Host time to launch the experts of a layer of a prefill.
    pub expert_launch: Seconds,
    /// Work per request.
    pub request: Seconds,
}

/// The slower of two that go on side by side, with a soft corner where they are alike: work comes in pieces.
#[must_use]
pub fn slower(one: Seconds, other: Seconds) -> Seconds {
    let (one, other) = (one.get() * one.get(), other.get() * other.get());
    Seconds::new((one * one + other * other).sqrt().sqrt())
}

impl EngineRow {
    /// The row of an engine on a generation. Each engine that is fitted has one of each generation, and the others
    /// one of any: without it the library does not compile.
    #[must_use]
    pub fn new(engine: Engine, generation: Generation) -> Self {
        let row = match (engine, generation) {
            (Engine::Vllm, Generation::Any) => &rows::VLLM_ANY,
            (Engine::Vllm, Generation::Blackwell) => &rows::VLLM_BLACKWELL,
            (Engine::Sglang, Generation::Any) => &rows::SGLANG_ANY,
            (Engine::Sglang, Generation::Blackwell) => &rows::SGLANG_BLACKWELL,
            (Engine::Trtllm, Generation::Any) => &rows::TRTLLM_ANY,
            (Engine::Trtllm, Generation::Blackwell) => &rows::TRTLLM_BLACKWELL,
            // Nobody measured these by generation.
            (Engine::Atom, _) => &rows::ATOM_ANY,
            (Engine::Llamacpp, _) => &rows::LLAMACPP_ANY,
            (Engine::Mlx, _) => &rows::MLX_ANY,
            (Engine::VllmTpu, _) => &rows::VLLM_TPU_ANY,
            (Engine::Neuron, _) => &rows::NEURON_ANY,
        };
        Self {
            engine,
            generation,
            step: Seconds::micros(Engines::step_us.of(row)),
            host: Seconds::micros(Engines::host_us.of(row)),
            sequence: Seconds::micros(Engines::sequence_us.of(row)),
            layer: Seconds::micros(Engines::layer_us.of(row)),
            expert_layer: Seconds::micros(Engines::expert_layer_us.of(row)),
            floor_scale: Engines::floor.of(row),
            gemm_scale: Engines::gemm.of(row),
            attention_scale: Engines::attention.of(row),
            expert_scale: Engines::experts.of(row),
            expert_fp4_scale: Engines::experts_fp4.of(row),
            expert_mixed_scale: Engines::experts_mixed.of(row),
            link_scale: Engines::link.of(row),
            interference: Engines::interference.of(row),
            mixing: Engines::mixing.of(row),
            prefill_scale: Engines::prefill.of(row),
            prefill_mixed_scale: Engines::prefill_mixed.of(row),
            launch: Seconds::micros(Engines::launch_us.of(row)),
            expert_launch: Seconds::micros(Engines::launch_experts_us.of(row)),
            request: Seconds::millis(Engines::request_ms.of(row)),
        }
    }

    /// Time of a decode step whose kernels take so long, with so many sequences on each rank: the chip's part or the host's
    /// beside it, whichever is slower, and what neither does while the other works.
    #[must_use]
    pub fn decode_step(&self, kernels: Seconds, sequences: f64) -> Seconds {
        slower(kernels + self.sequence * sequences, self.host) + self.step
    }

    /// Kernels of a prefill against those of a decode step, of experts in this format.
    #[must_use]
    pub fn prefill_experts(&self, format: NumberFormat) -> f64 {
        let own = if format == NumberFormat::Mxfp4 { self.prefill_mixed_scale } else { 1.0 };
        self.prefill_scale * own
    }

    /// Expert products against the measured ones, in the kernels that a format takes.
    #[must_use]
    pub const fn experts(&self, format: NumberFormat) -> f64 {
        match format {
            NumberFormat::Nvfp4 => self.expert_fp4_scale,
            NumberFormat::Mxfp4 => self.expert_mixed_scale,
            // Nobody measured expert kernels with int4 weights; they inherit the law of 16 bits, and its scale.
            NumberFormat::Int4
            | NumberFormat::Bf16
            | NumberFormat::Fp8
            | NumberFormat::Fp8Block
            | NumberFormat::Int8 => self.expert_scale,
        }
    }
}

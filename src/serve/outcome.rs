//! What serving a scenario comes to in steady state: the figures users feel, where the time goes and what binds.

use serde::Serialize;

use super::duty::Duty;
use crate::pass::Op;
use crate::scenario::{Layout, Role};
use crate::units::{Bytes, BytesPerSecond, Requests, RequestsPerSecond, Seconds, Tokens, TokensPerSecond};

/// Steady state of one deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steady {
    /// Mean time to first token.
    pub ttft: Seconds,
    /// The same of a service that has run for long, where a run of so many requests is asked for.
    pub ttft_settled: Seconds,
    /// Mean time per output token after the first: (E2E − TTFT) / (OSL − 1).
    pub tpot: Seconds,
    /// Mean time from request to last token.
    pub e2e: Seconds,
    /// Where TTFT goes; the parts add up to it.
    pub ttft_parts: Vec<Part>,
    /// Where TPOT goes; the parts add up to it.
    pub tpot_parts: Vec<Part>,
    /// Requests completed per second.
    pub rate: RequestsPerSecond,
    /// Most requests per second the deployment could complete at this workload.
    pub capacity: RequestsPerSecond,
    /// Requests in flight, on average.
    pub in_flight: Requests,
    /// Mean input length.
    pub isl: Tokens,
    /// Mean output length.
    pub osl: Tokens,
    /// Chips over all pools.
    pub chips: u32,
    /// Share of the work that prefill is in a colocated pool, 0 to 1.
    pub prefill_share: f64,
    /// The pools, prefill first.
    pub pools: Vec<PoolState>,
    /// KV transfer between pools, where there is any.
    pub transfer: Option<Transfer>,
    /// All that flows between pools, in the order of the pools.
    pub flows: Vec<Flow>,
    /// What limits the deployment: a pool, a link or room that has no slack left, else what limits the phase that takes most
    /// of a request's time.
    pub binding: Binding,
    /// Why each phase takes its time: prefill, decode, then what decode is split into.
    pub phases: Vec<Phase>,
    /// Set when more is offered than can be served: latencies then describe the deployment at its capacity.
    pub saturation: Option<Saturation>,
    /// What is unwise but possible.
    pub warnings: Vec<Warning>,
}

/// A share of a time with its cause and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What the time goes to.
    pub cause: Cause,
    /// What would have to be faster for it to be less.
    pub limit: Binding,
    /// The time.
    pub time: Seconds,
}

/// What time goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Waiting for a free place.
    Queue,
    /// Per-request work of the engine: tokenising, scheduling, streaming.
    Request,
    /// Reading prompts of other requests, between one's own tokens.
    Interference,
    /// Multiplying dense weights.
    Dense,
    /// Attention and reading the KV cache.
    Attention,
    /// Multiplying expert weights.
    Experts,
    /// Exchange between the chips of a replica.
    Collective,
    /// Norms, rotary embedding, sampling and other elementwise work.
    Elementwise,
    /// Idle pipeline stages and stage-to-stage hops.
    Pipeline,
    /// Moving the KV cache between pools.
    Transfer,
    /// Proposing tokens.
    Draft,
    /// Activations or proposed tokens on the link between pools.
    Link,
    /// Waiting for the other micro-batches.
    Wait,
    /// Per-step work of the engine: launching, scheduling.
    Step,
}

/// What limits a deployment, a phase or an operation. In the order of bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// Reading weights.
    Weights,
    /// Reading the KV cache, or a recurrent state.
    Kv,
    /// Reading and writing activations.
    Activations,
    /// Arithmetic.
    Compute,
    /// Bandwidth of links inside a replica.
    Collective,
    /// The link between pools.
    Link,
    /// Launches, host work and other fixed times per kernel, layer or step.
    LatencyFloor,
    /// What no faster link would shorten of messages inside a replica: their latency, and the pace of processors that move
    /// them.
    CollectiveLatency,
    /// Round trips between pools, however few bytes they carry.
    RoundTrips,
    /// Prompts of other requests between one's own tokens.
    Interference,
    /// Decode steps under way that a first token waits for.
    Steps,
    /// Requests in line before.
    Queue,
    /// Room for KV cache.
    Capacity,
    /// Prefill cannot keep up.
    Prefill,
    /// Decode cannot keep up.
    Decode,
    /// The attention pool.
    Attention,
    /// The pool of the feed-forward layers.
    Ffn,
    /// Proposing tokens.
    Draft,
}

/// Why a phase takes its time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phase {
    /// Prefill or decode; attention, FFN, draft or verify where decode has them.
    pub phase: Role,
    /// The time that is explained: TTFT, TPOT, or the part of a step.
    pub time: Seconds,
    /// What it goes to most.
    pub reason: Reason,
    /// The same of the phase's own work, where it mostly waits for others.
    pub work: Option<Reason>,
}

/// A limit, how much of a time it takes, and how near to its roof that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// The limit.
    pub limit: Binding,
    /// Share of the time that its resource takes, 0 to 1.
    pub share: f64,
    /// Share of the peak that is reached meanwhile, 0 to 1, where the limit is bandwidth or compute.
    pub of_peak: Option<f64>,
}

/// What a limit is a limit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Bandwidth of the memory that holds weights and cache.
    MemoryBandwidth,
    /// Arithmetic.
    Compute,
    /// Bandwidth of links.
    Interconnect,
    /// Launches, host work, latency of messages.
    Overhead,
    /// Room for KV cache.
    KvCapacity,
    /// Other requests: in line before, or in between.
    Waiting,
    /// A pool that cannot keep up.
    Pool,
}

/// One pool in steady state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolState {
    /// Role.
    pub role: Role,
    /// Catalogue chip.
    pub chip: String,
    /// Chips of the pool.
    pub chips: u32,
    /// Copies of the model.
    pub replicas: u32,
    /// How a replica is spread.
    pub layout: Layout,
    /// Whether the tool chose the layout.
    pub layout_chosen: bool,
    /// Share of time the pool is busy, 0 to 1.
    pub utilisation: f64,
    /// Sequences in decode per replica, on average; 0 in a prefill pool.
    pub batch: Requests,
    /// Memory of one chip.
    pub memory: MemoryUse,
    /// Time of a typical step: a decode step, or the prefill of one prompt in a prefill pool.
    pub step: Seconds,
    /// The operations of that step on one chip, all layers together.
    pub ops: Vec<Op>,
    /// What its chips do over time.
    pub duty: Duty,
}

/// Which of a chip's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryKind {
    /// HBM, GDDR or LPDDR.
    Main,
    /// SRAM on the die.
    Sram,
}

/// Memory of one chip: the one that holds the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MemoryUse {
    /// Which memory that is.
    pub kind: MemoryKind,
    /// What the chip has of it.
    pub capacity: Bytes,
    /// Weights.
    pub weights: Bytes,
    /// KV cache of the sequences in flight, beside the weights.
    pub kv: Bytes,
    /// KV cache that lies in the main memory because the SRAM is full.
    pub kv_outside: Bytes,
    /// Activations, communication buffers and the engine itself.
    pub overhead: Bytes,
    /// Tokens of KV cache that a replica can hold, as its engine reports it at start.
    pub kv_capacity: Tokens,
    /// Sequences of the scenario's mean length that a replica can hold.
    pub sequences: f64,
}

/// KV transfer between pools.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Transfer {
    /// Bytes per request.
    pub bytes: Bytes,
    /// Bandwidth one request gets.
    pub bandwidth: BytesPerSecond,
    /// Time on the wire for one request.
    pub time: Seconds,
    /// Part of it that is not hidden behind the prefill.
    pub exposed: Seconds,
    /// Share of the link in use.
    pub utilisation: f64,
}

/// Something that flows between two pools.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// Role of the pool that sends.
    pub from: Role,
    /// Role of the pool that receives.
    pub to: Role,
    /// What the bytes belong to.
    pub per: Per,
    /// Bytes per request or per output token.
    pub bytes: Bytes,
    /// Bandwidth that one sending replica gets.
    pub bandwidth: BytesPerSecond,
    /// Time on the way, empty messages included: of one request, or in one step.
    pub time: Seconds,
    /// Part of it that is felt.
    pub exposed: Seconds,
    /// Share of the link in use in this direction, 0 to 1.
    pub utilisation: f64,
}

/// What the bytes of a flow belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// A request.
    Request,
    /// An output token.
    Token,
}

/// More is offered than can be served.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Saturation {
    /// What arrives.
    pub offered: RequestsPerSecond,
    /// What can be served.
    pub capacity: RequestsPerSecond,
    /// What limits it.
    pub binding: Binding,
}

/// Unwise but possible.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// Some users of a closed loop wait because their KV cache does not fit beside the others'.
    KvLimited {
        /// Role of the pool.
        role: Role,
        /// Sequences that fit.
        fits: f64,
        /// Sequences wanted.
        wanted: f64,
    },
    /// Some users of a closed loop wait because a step takes no more sequences.
    SequencesLimited {
        /// Role of the pool.
        role: Role,
        /// Sequences of a step at most.
        most: f64,
        /// Sequences wanted.
        wanted: f64,
    },
    /// Input and output are longer than the model was made for.
    BeyondContext {
        /// Longest context of the checkpoint.
        max_context: Tokens,
    },
    /// Chips that form no whole replica stay idle.
    IdleChips {
        /// Role of the pool.
        role: Role,
        /// How many.
        chips: u32,
    },
    /// Nobody has published a served run of such a split or of this kind of speculation.
    Unmeasured,
    /// A pool waits for the other one most of the time.
    Unbalanced {
        /// Role of the pool that waits.
        role: Role,
        /// Share of a step in which it does, 0 to 1.
        idle: f64,
    },
    /// The scenario asks for a scale-up domain that the pools do not share, so they meet over the network.
    NoSharedDomain,
    /// The chip has not been delivered to anyone.
    NotShipping {
        /// The chip.
        chip: String,
    },
    /// The chip draws more than the power cap at its lowest clock.
    CapNotKept {
        /// The chip.
        chip: String,
        /// The least that it keeps, as a share of its thermal design power.
        least: f64,
    },
    /// The SRAM is full, so part of the KV cache lies in the slower main memory.
    KvOutside {
        /// The chip.
        chip: String,
        /// That part, 0 to 1.
        share: f64,
    },
    /// An arithmetic rate that the work needs was never published and is inferred from that of another format.
    AssumedRate {
        /// The chip.
        chip: String,
    },
    /// The law of the chip is fitted on speeds of public services that do not say whether they speculate.
    UnstatedSpeculation {
        /// The chip.
        chip: String,
        /// Whether the scenario asks for speculation on top, which may then count twice.
        twice: bool,
    },
    /// The engine has no kernels for the chip: its scheduler and host stand before the kernels of the chip's family.
    NoSuchEngine {
        /// The chip.
        chip: String,
        /// The engine.
        engine: crate::catalog::Engine,
        /// Engines that run there.
        others: Vec<crate::catalog::Engine>,
    },
    /// All text of an answer reaches its user in one message, so that no time passes between its tokens.
    OneMessage {
        /// Tokens of a message.
        tokens: f64,
    },
    /// The model is released without a prediction head: one of the shape of its last layer is assumed.
    NoHead {
        /// The model.
        model: String,
    },
    /// The model's number format has no unit on the chip, so a wider one does the work.
    EmulatedFormat {
        /// The chip.
        chip: String,
        /// The format.
        format: crate::catalog::NumberFormat,
        /// The unit that does the work.
        unit: crate::catalog::ComputeType,
    },
}

impl PoolState {
    /// What runs in a typical step while tokens travel to their experts and back, chosen or stated; none where none travel.
    #[must_use]
    pub fn overlap(&self) -> Option<crate::scenario::Overlap> {
        self.ops.iter().find_map(|op| op.beside)
    }

    /// What to say when part of the KV cache found no room beside the weights.
    #[must_use]
    pub fn outside(&self) -> Option<Warning> {
        let all = self.memory.kv + self.memory.kv_outside;
        let share = if all.get() > 0.0 { self.memory.kv_outside / all } else { 0.0 };
        (share > 0.0).then(|| Warning::KvOutside { chip: self.chip.clone(), share })
    }
}

impl Steady {
    /// Output tokens per second over the deployment.
    #[must_use]
    pub fn throughput(&self) -> TokensPerSecond {
        TokensPerSecond::new(self.rate.get() * self.osl.get())
    }

    /// Output tokens per second and chip.
    #[must_use]
    pub fn throughput_per_chip(&self) -> TokensPerSecond {
        self.throughput() / f64::from(self.chips.max(1))
    }

    /// Why prefill or decode, or a part of it, takes its time.
    #[must_use]
    pub fn phase(&self, role: Role) -> Option<&Phase> {
        self.phases.iter().find(|own| own.phase == role)
    }

    /// Tokens per second that one user sees: 1 / TPOT.
    #[must_use]
    pub fn interactivity(&self) -> TokensPerSecond {
        Tokens::new(1.0) / self.tpot
    }
}

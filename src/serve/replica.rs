//! One copy of the model on its chips, whichever law its silicon follows: how long a decode step and a prompt take, and
//! how many sequences fit.

use std::rc::Rc;

use super::flags::Flags;
use super::outcome::{MemoryKind, MemoryUse};
use super::reading::Reading;
use super::refusal::Refusal;
use crate::catalog::model::Model;
use crate::catalog::{Chip, ComputeType, Engine, NumberFormat};
use crate::machine::{Constants, EngineRow, Limit, WeightHome, slower};
use crate::pass::{Numerics, Op, Pipeline, Plan, Shape};
use crate::scenario::{ExpertParallel, Layout, Role};
use crate::units::{Bytes, Flops, Seconds, Tokens, larger, smaller};

/// No bend between one prompt and as many as a step takes.
const STRAIGHT: [(f64, f64); 2] = [(1.0, 0.0); 2];

/// Prompts of a step up to which it grows evenly enough, and up to which one bend tells how it grows.
const FEW: f64 = 2.0;
const MANY: f64 = 8.0;

/// A replica.
#[derive(Clone, Debug)]
pub struct Replica<'a> {
    pub(super) silicon: Silicon<'a>,
    pub(super) engine: &'a EngineRow,
    pub(super) flags: Flags,
}

#[derive(Clone, Debug)]
pub(super) enum Silicon<'a> {
    /// Weights in main memory: the kernel laws.
    Memory(Rc<Plan<'a>>),
    /// Weights that stream through stages: the pipeline law.
    Sram(Box<Pipeline<'a>>),
}

/// What a prompt costs, alone and as one of the most that a step takes. Engines fill a step up to their token budget, so
/// that short prompts which wait together read the weights once between them; how a step grows with their number is bent
/// where arithmetic begins to take longer than that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prefill {
    /// From start to first token, when nothing else runs.
    pub latency: Seconds,
    /// Time the replica is kept from other prompts by one that shares its step with none on its rank.
    pub occupancy: Seconds,
    /// Prompts of this length that the budget of a step takes on each data-parallel rank, at least 1.
    pub most: f64,
    /// What each prompt more in the step of a rank adds to its latency, mean over as many as it takes.
    pub latency_more: Seconds,
    /// What each prompt more in the step of a rank keeps the replica from others, mean over as many as it takes.
    pub occupancy_more: Seconds,
    /// Prompts in the step of a rank, and which share they add of what as many as it takes add.
    pub bends: [(f64, f64); 2],
    /// Time of a step that is there however many prompts share it: weights and launches.
    pub shared: Seconds,
    /// Steps of the replica for the prompts of one step of all ranks.
    pub passes: f64,
    /// Data-parallel ranks that read prompts side by side.
    pub ranks: f64,
    /// Pieces that the token budget of a step cuts the prompt into, at least 1.
    pub chunks: f64,
    /// How much its time varies with the length: the squared coefficient of variation.
    pub variation: f64,
    /// Latencies of prompts of typical lengths, shortest first, where lengths scatter ([`super::lengths::Lengths::prefill`]).
    pub typical: [f64; 4],
}

impl Prefill {
    /// No prompts: a pool that does not prefill.
    pub const NONE: Self = Self {
        latency: Seconds::ZERO,
        occupancy: Seconds::ZERO,
        most: 1.0,
        latency_more: Seconds::ZERO,
        occupancy_more: Seconds::ZERO,
        bends: STRAIGHT,
        shared: Seconds::ZERO,
        passes: 1.0,
        ranks: 1.0,
        chunks: 1.0,
        variation: 0.0,
        typical: [0.0; 4],
    };

    /// The same where a drafter on the same chips reads each prompt too, as many in one pass.
    #[must_use]
    pub(super) fn beside(self, drafter: &Self) -> Self {
        let both = self.latency_more + drafter.latency_more;
        let share = if both.get() > 0.0 { drafter.latency_more / both } else { 0.0 };
        let [one, two] = self.bends;
        let mix = |own: (f64, f64), other: (f64, f64)| (own.0, own.1 + (other.1 - own.1) * share);
        Self {
            latency: self.latency + drafter.latency,
            occupancy: self.occupancy + drafter.occupancy,
            latency_more: both,
            occupancy_more: self.occupancy_more + drafter.occupancy_more,
            bends: [mix(one, drafter.bends[0]), mix(two, drafter.bends[1])],
            ..self
        }
    }

    /// Of prompts that share a step those that share a rank: ranks take prompts in turn, and not all of them have one.
    #[must_use]
    pub(super) fn on_rank(&self, group: f64) -> f64 {
        smaller(larger(group / self.ranks, 1.0), self.most)
    }

    /// From start to first token with so many prompts in the step of a rank.
    #[must_use]
    pub(super) fn latency_of(&self, together: f64) -> Seconds {
        self.latency + self.latency_more * self.more(together).0
    }

    /// Time that each of so many prompts in the step of a rank keeps the replica from others.
    #[must_use]
    pub(super) fn occupancy_of(&self, together: f64) -> Seconds {
        (self.occupancy + self.occupancy_more * self.more(together).0) / together
    }

    /// What so many prompts in the step of a rank add, in mean prompts more, and how much one more does.
    fn more(&self, together: f64) -> (f64, f64) {
        let all = self.most - 1.0;
        let [one, two] = self.bends;
        let (from, to) = if together < one.0 {
            ((1.0, 0.0), one)
        } else if together < two.0 {
            (one, two)
        } else {
            (two, (self.most, 1.0))
        };
        if to.0 <= from.0 {
            return (together - 1.0, 1.0);
        }
        let slope = (to.1 - from.1) / (to.0 - from.0) * all;
        (from.1 * all + (together - from.0) * slope, slope)
    }

    /// Time that each of so many prompts in the step of a rank saves when decode steps take the prompts in: what both do
    /// is done once.
    #[must_use]
    pub fn saved(&self, together: f64, decode_step: Seconds) -> Seconds {
        self.shared.min(decode_step) * (self.passes / together)
    }

    /// Time by which one prompt more lengthens a reading of so many: as long as ranks are without one, what one takes alone.
    #[must_use]
    pub(super) fn marginal(&self, group: f64) -> Seconds {
        let filled = (2.0 * group / self.ranks - 1.0).clamp(0.0, 1.0);
        let more = self.occupancy_more * self.more(self.on_rank(group)).1;
        self.occupancy + (more - self.occupancy) * filled
    }

    /// Time that each prompt keeps the replica from others in steps as full as can be.
    #[must_use]
    pub fn least(&self) -> Seconds {
        self.occupancy_of(self.most)
    }
}

impl<'a> Replica<'a> {
    /// A replica of the model on a chip, in a layout and under the flags of a command line.
    ///
    /// # Errors
    /// [`Refusal::MissingFigure`] or [`Refusal::NoUnit`] when the data sheet lacks what the law needs.
    pub fn new(
        tables: &'a Constants,
        model: &'a Model,
        chip: &Chip,
        engine: Engine,
        numerics: Numerics,
        (layout, flags): (Layout, Flags),
    ) -> Result<Self, Refusal> {
        let missing = |figure| Refusal::MissingFigure { chip: chip.id.to_string(), figure };
        let row = tables.sram(chip);
        let mut units = numerics.linear(model).map(|(_, format)| format.compute_type());
        if let Some(compute) = units.find(|&compute| chip.rate(compute).is_none())
            && row.is_none_or(|own| own.peak.is_none())
        {
            return Err(Refusal::NoUnit { chip: chip.id.to_string(), compute });
        }
        let silicon = if row.is_some() {
            let pipeline = Pipeline::new(tables, model, chip, numerics, layout);
            Silicon::Sram(Box::new(
                pipeline.ok_or_else(|| missing("bandwidth of the memory that holds the weights"))?,
            ))
        } else {
            if chip.memory.is_none() {
                return Err(missing("memory bandwidth"));
            }
            let plan = Plan::new(tables, model, chip, engine, numerics, (layout, flags.share))
                .ok_or_else(|| missing("16-bit arithmetic rate"))?;
            let plan = match flags.stated {
                Some(budget) => plan.with_budget(budget),
                None => plan,
            };
            Silicon::Memory(Rc::new(plan))
        };
        Ok(Self { silicon, engine: tables.engine(engine, &chip.id), flags })
    }

    /// The same replica in another layout of the same chips; `None` where weights stream through stages, whose pipeline is made
    /// anew for each.
    #[must_use]
    pub fn in_layout(&self, layout: Layout) -> Option<Self> {
        match &self.silicon {
            Silicon::Memory(plan) => {
                let silicon = Silicon::Memory(Rc::new(plan.in_layout(layout)));
                Some(Self { silicon, engine: self.engine, flags: self.flags })
            }
            Silicon::Sram(_) => None,
        }
    }

    /// The same replica on chips at a share of the clock at which they were measured.
    #[must_use]
    pub fn at_clock(self, clock: f64) -> Self {
        // Most chips are not capped.
        if clock >= 1.0 {
            return self;
        }
        let silicon = match self.silicon {
            Silicon::Memory(plan) => Silicon::Memory(Rc::new(Rc::unwrap_or_clone(plan).at_clock(clock))),
            Silicon::Sram(pipeline) => Silicon::Sram(Box::new(pipeline.at_clock(clock))),
        };
        Self { silicon, ..self }
    }

    /// The same replica with what is asked about its experts.
    #[must_use]
    pub fn with_experts(self, experts: ExpertParallel) -> Self {
        // Most scenarios leave it to the engine.
        match self.silicon {
            Silicon::Memory(plan) if !experts.is_default() => {
                let silicon = Silicon::Memory(Rc::new(Rc::unwrap_or_clone(plan).with_experts(experts)));
                Self { silicon, ..self }
            }
            silicon => Self { silicon, ..self },
        }
    }

    /// The same replica, which keeps the times of its passes: for searches, that ask for them again and again.
    #[must_use]
    pub(super) fn remembering(self) -> Self {
        match self.silicon {
            Silicon::Memory(plan) => {
                Self { silicon: Silicon::Memory(Rc::new(Rc::unwrap_or_clone(plan).remembering())), ..self }
            }
            silicon @ Silicon::Sram(_) => Self { silicon, ..self },
        }
    }

    /// How the replica is spread.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match &self.silicon {
            Silicon::Memory(plan) => plan.layout(),
            Silicon::Sram(pipeline) => pipeline.layout(),
        }
    }

    /// The pipeline, when the replica is one.
    #[must_use]
    pub fn pipeline(&self) -> Option<&Pipeline<'a>> {
        match &self.silicon {
            Silicon::Memory(_) => None,
            Silicon::Sram(pipeline) => Some(pipeline),
        }
    }

    /// The format of linear layers that the chip has no unit for, if any, and the unit that does its work.
    #[must_use]
    pub fn emulated(&self, chip: &Chip) -> Option<(NumberFormat, ComputeType)> {
        match &self.silicon {
            Silicon::Memory(plan) => plan.emulated(chip),
            Silicon::Sram(_) => None,
        }
    }

    /// Whether an arithmetic rate was inferred from that of another format.
    #[must_use]
    pub fn assumes_rate(&self) -> bool {
        match &self.silicon {
            Silicon::Memory(plan) => plan.assumes_rate(),
            Silicon::Sram(pipeline) => pipeline.assumes_rate(),
        }
    }

    /// The engine's constants.
    #[must_use]
    pub fn engine(&self) -> &'a EngineRow {
        self.engine
    }

    /// The flags in force.
    #[must_use]
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// Data-parallel ranks.
    #[must_use]
    pub fn ranks(&self) -> f64 {
        match &self.silicon {
            Silicon::Memory(plan) => f64::from(plan.layout().dp.max(1)),
            Silicon::Sram(_) => 1.0,
        }
    }

    /// Sequences in a step at most.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.flags.sequences(self.ranks())
    }

    /// Sequences of this mean length whose cache fits.
    #[must_use]
    pub fn sequences_that_fit(&self, context: Tokens) -> f64 {
        match &self.silicon {
            Silicon::Memory(plan) => plan.sequences_that_fit(context),
            Silicon::Sram(pipeline) => pipeline.sequences_that_fit(context),
        }
    }

    /// So many sequences in whole ones on each data-parallel rank: one and a half serve one at a time.
    #[must_use]
    pub fn whole(&self, sequences: f64) -> f64 {
        let ranks = self.ranks();
        (sequences / ranks).floor() * ranks
    }

    /// Bytes one replica has, and those it needs for weights, its own work and one sequence.
    #[must_use]
    pub fn need(&self, context: Tokens) -> (Bytes, Bytes) {
        let chips = f64::from(self.layout().chips());
        match &self.silicon {
            Silicon::Memory(plan) => {
                let needs = plan.weights() + plan.overhead() + plan.cache_in_prefill(context);
                (plan.memory() * chips, needs * chips)
            }
            Silicon::Sram(pipeline) => {
                let overhead = pipeline.overhead() * chips;
                let needs = pipeline.total_weights() + overhead + pipeline.cache_per_sequence(context);
                (pipeline.memory() * chips, needs)
            }
        }
    }

    /// Memory of one chip with so many sequences in flight.
    #[must_use]
    pub fn memory(&self, sequences: f64, context: Tokens) -> MemoryUse {
        let layout = self.layout();
        let fits = self.sequences_that_fit(context);
        match &self.silicon {
            Silicon::Memory(plan) => MemoryUse {
                capacity: plan.memory(),
                weights: plan.weights(),
                kv: plan.cache_per_sequence(context) * (sequences / f64::from(layout.dp)),
                overhead: plan.overhead(),
                kv_capacity: plan.kv_capacity(context),
                sequences: fits,
                kind: MemoryKind::Main,
                kv_outside: Bytes::ZERO,
            },
            Silicon::Sram(pipeline) => {
                let cache = pipeline.cache_per_sequence(context) * (sequences / f64::from(layout.chips()));
                let outside = cache * pipeline.outside(sequences, context);
                MemoryUse {
                    capacity: pipeline.memory(),
                    weights: pipeline.weights(),
                    kv: cache - outside,
                    overhead: pipeline.overhead(),
                    kv_capacity: context * fits,
                    sequences: fits,
                    kind: match pipeline.home() {
                        WeightHome::Sram => MemoryKind::Sram,
                        WeightHome::Memory => MemoryKind::Main,
                    },
                    kv_outside: outside,
                }
            }
        }
    }

    /// Time between two tokens of a user with so many sequences in decode on the replica and no prompt in between.
    #[must_use]
    pub(super) fn decode_step(&self, sequences: f64, context: Tokens) -> Seconds {
        match &self.silicon {
            Silicon::Memory(plan) => {
                let kernels = plan.time(&decode_shape(plan.layout(), sequences, context));
                self.engine.decode_step(kernels, sequences / f64::from(plan.layout().dp))
            }
            Silicon::Sram(pipeline) => pipeline.token_time(sequences, context),
        }
    }

    /// What a prompt of `new` tokens costs when `past` tokens before them are cached. Prompts longer than the engine's
    /// token budget are cut into chunks, each of which sees the ones before it.
    #[must_use]
    pub fn prefill(&self, new: Tokens, past: Tokens) -> Prefill {
        match &self.silicon {
            Silicon::Memory(plan) => {
                let (chunks, shape) = self.chunked(new, past);
                let stages = f64::from(plan.layout().pp);
                let ranks = f64::from(plan.layout().dp);
                let pass = |active_ranks: f64, prompts: f64| {
                    launched(plan, plan.time(&Shape { active_ranks, prompts, ..shape })) + self.engine.step
                };
                let alone = pass(1.0, 1.0);
                // A pipeline takes the next chunk when its first stage is free, and the last one, which sees all others, goes
                // through the later stages.
                let last = self
                    .last_chunk(new, past)
                    .map_or(alone, |last| launched(plan, plan.time(&last)) + self.engine.step);
                let latency = alone * (chunks / stages) + last * (1.0 - 1.0 / stages);
                // Data-parallel ranks read prompts side by side, in step with each other.
                let together = if ranks > 1.0 { pass(ranks, 1.0) } else { alone };
                let occupancy = together * (chunks / (stages * ranks));
                let most = (self.budget() / new).max(1.0);
                let more = if most > 1.0 {
                    ((pass(ranks, most) - together) / (most - 1.0)).max(Seconds::ZERO)
                } else {
                    Seconds::ZERO
                };
                Prefill {
                    latency,
                    occupancy,
                    most,
                    latency_more: more,
                    occupancy_more: more / (stages * ranks),
                    bends: STRAIGHT,
                    shared: together - more,
                    passes: chunks / (stages * ranks),
                    ranks,
                    chunks,
                    variation: 0.0,
                    typical: [0.0; 4],
                }
            }
            Silicon::Sram(pipeline) => {
                let (occupancy, latency) = pipeline.prefill(new, past);
                // Prompts stream through the stages one behind the other.
                Prefill { latency, occupancy, ..Prefill::NONE }
            }
        }
    }

    /// The same prompt, with how steps of more of them grow: so long as weights take longer to read than prompts to compute
    /// a few more add little, and then each as much.
    #[must_use]
    pub fn bent(&self, prefill: Prefill, new: Tokens, past: Tokens) -> Prefill {
        let Silicon::Memory(plan) = &self.silicon else { return prefill };
        let Prefill { most, ranks, latency_more, .. } = prefill;
        if most <= FEW || latency_more <= Seconds::ZERO {
            return prefill;
        }
        let pass = |prompts: f64| {
            let shape = Shape { active_ranks: ranks, prompts, ..Shape::prefill(new, past, 1.0) };
            launched(plan, plan.time(&shape)) + self.engine.step
        };
        let (one, all) = (prefill.shared + latency_more, latency_more * (most - 1.0));
        let bend = |prompts: f64| (prompts, ((pass(prompts) - one) / all).clamp(0.0, 1.0));
        let bends = if most > MANY {
            let third = libm::cbrt(most);
            [bend(third), bend(third * third)]
        } else {
            [bend(most.sqrt()); 2]
        };
        Prefill { bends, ..prefill }
    }

    /// What a step's worth of prompts costs beside the decode in it: so many prompts, of each so many new tokens behind so
    /// many older ones. For one prompt within the token budget it is what [`Self::prefill`] says; several in one step
    /// share its launches and the reads of the weights.
    #[must_use]
    pub fn reading(&self, prompts: f64, new: Tokens, past: Tokens) -> Reading {
        match &self.silicon {
            Silicon::Memory(plan) => {
                // Ranks take prompts in turn.
                let ranks = f64::from(plan.layout().dp);
                let on_rank = (prompts / ranks).max(1.0);
                let busy_ranks = (prompts / on_rank) / ranks;
                let shape = Shape { prompts: on_rank, ..Shape::prefill(new, past, 1.0) };
                let stages = f64::from(plan.layout().pp);
                let pass = |active_ranks: f64| {
                    launched(plan, plan.time(&Shape { active_ranks, ..shape })) + self.engine.step
                };
                let alone = pass(1.0);
                let together = if ranks > 1.0 { pass(ranks) * busy_ranks } else { alone };
                let each = self.prefill(new, past);
                Reading {
                    shared: each.shared,
                    passes: busy_ranks / stages,
                    busy: together / stages,
                    beside: (alone - together).max(Seconds::ZERO) / stages,
                    drain: alone * (1.0 - 1.0 / stages),
                    early: Seconds::ZERO,
                }
            }
            Silicon::Sram(pipeline) => {
                let (occupancy, latency) = pipeline.prefill(new, past);
                Reading { busy: occupancy * prompts, drain: latency - occupancy, ..Reading::default() }
            }
        }
    }

    /// The operations of one prompt on one chip.
    #[must_use]
    pub fn prefill_ops(&self, new: Tokens, past: Tokens) -> Vec<Op> {
        match &self.silicon {
            Silicon::Memory(plan) => {
                let (chunks, shape) = self.chunked(new, past);
                let stages = f64::from(plan.layout().pp);
                match self.last_chunk(new, past) {
                    None => scaled(plan.breakdown(&shape), 1.0 + (chunks - 1.0) / stages),
                    Some(last) => joined(
                        scaled(plan.breakdown(&shape), chunks / stages),
                        &scaled(plan.breakdown(&last), 1.0 - 1.0 / stages),
                    ),
                }
            }
            Silicon::Sram(pipeline) => {
                let (_, latency) = pipeline.prefill(new, past);
                let ops = pipeline.token(1.0, past + new);
                let total: Seconds = ops.iter().map(|op| op.time).sum();
                let streaming = latency - total;
                // The prompt itself streams through at the rate of the arithmetic.
                let (side, roof) = (Limit::Compute, streaming * pipeline.reach());
                let prompt = ops.first().map(|own| Op {
                    count: 1,
                    flops: Flops::ZERO,
                    bytes: Bytes::ZERO,
                    time: streaming,
                    limit: side,
                    roof,
                    fixed: Seconds::ZERO,
                    other: Seconds::ZERO,
                    side,
                    ..*own
                });
                prompt.into_iter().chain(ops).collect()
            }
        }
    }

    /// Tokens of prompts in a step of a rank, at most.
    fn budget(&self) -> Tokens {
        self.flags.chunk(self.ranks())
    }

    /// The last of several chunks where it goes through several stages.
    fn last_chunk(&self, new: Tokens, past: Tokens) -> Option<Shape> {
        let (chunks, _) = self.chunked(new, past);
        let piece = new / chunks;
        (chunks > 1.0 && self.layout().pp > 1).then(|| Shape::prefill(piece, past + new - piece, 1.0))
    }

    /// Chunks of a prompt, and the mean one of them.
    fn chunked(&self, new: Tokens, past: Tokens) -> (f64, Shape) {
        let chunks = (new / self.budget()).max(1.0);
        let piece = new / chunks;
        (chunks, Shape::prefill(piece, past + (new - piece) / 2.0, 1.0))
    }
}

/// Time of a pass outside graphs: the slower of the chip and the host that launches it.
fn launched(plan: &Plan<'_>, kernels: Seconds) -> Seconds {
    slower(kernels, plan.launch())
}

/// Decode of `sequences` over a replica: each data-parallel rank and each pipeline micro-batch has its share, at least
/// one sequence where there is any.
pub(super) fn decode_shape(layout: Layout, sequences: f64, context: Tokens) -> Shape {
    let ranks = f64::from(layout.dp);
    let share = sequences / (ranks * f64::from(layout.pp));
    Shape::decode(larger(share, 1.0), context, smaller(larger(sequences, 1.0), ranks))
}

/// The operations of one chunk as those of all: work and time grow alike, so that the rate of each stays.
fn scaled(mut ops: Vec<Op>, factor: f64) -> Vec<Op> {
    for op in &mut ops {
        op.time = op.time * factor;
        op.hidden = op.hidden * factor;
        op.flops = op.flops * factor;
        op.bytes = op.bytes * factor;
        op.roof = op.roof * factor;
        op.fixed = op.fixed * factor;
        op.other = op.other * factor;
    }
    ops
}

/// The operations of two chunks of a prompt as one.
fn joined(mut ops: Vec<Op>, others: &[Op]) -> Vec<Op> {
    for (op, other) in ops.iter_mut().zip(others) {
        op.time += other.time;
        op.hidden += other.hidden;
        op.flops += other.flops;
        op.bytes += other.bytes;
        op.roof += other.roof;
        op.fixed += other.fixed;
        op.other += other.other;
    }
    ops
}

/// A refusal for a replica that does not fit, with the number of chips that would do.
#[must_use]
pub(super) fn does_not_fit(
    role: Role,
    chip: &Chip,
    has: Bytes,
    needs: Bytes,
    more_chips: Option<u32>,
) -> Refusal {
    Refusal::DoesNotFit { role, chip: chip.id.to_string(), needs, has, more_chips }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Prefill = Prefill {
        latency: Seconds::millis(12.0),
        occupancy: Seconds::millis(10.0),
        most: 4.0,
        latency_more: Seconds::millis(2.0),
        occupancy_more: Seconds::millis(2.0),
        bends: STRAIGHT,
        shared: Seconds::millis(8.0),
        passes: 1.0,
        ranks: 1.0,
        chunks: 1.0,
        variation: 0.0,
        typical: [0.0; 4],
    };

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn prompts_of_a_step_by_hand() {
        close(SHORT.on_rank(2.0), 2.0);
        close(SHORT.on_rank(100.0), 4.0);
        // Two ranks take prompts in turn, and one of three may have none.
        close(Prefill { ranks: 2.0, ..SHORT }.on_rank(3.0), 1.5);
        close(Prefill { ranks: 4.0, ..SHORT }.on_rank(3.0), 1.0);
        // Four prompts take 10 + 3 x 2 ms between them.
        close(SHORT.occupancy_of(4.0).as_millis(), 4.0);
        close(SHORT.least().as_millis(), 4.0);
        close(SHORT.latency_of(4.0).as_millis(), 18.0);
        // The step saves its weights once for all four, at most itself.
        close(SHORT.saved(4.0, Seconds::millis(20.0)).as_millis(), 2.0);
        close(SHORT.saved(4.0, Seconds::millis(6.0)).as_millis(), 1.5);
    }
}

//! How a replica shares its time between prompts and decode, and what follows of it for the chips of each pool.
//!
//! The work of a pass over its time gives its rate: FLOPs against the peak of the unit that does them, memory traffic against
//! the bandwidth. Prompts that share a step share the reads of the weights. A pipeline of stages has all of them at work where
//! it has as many sequences as stages.

use super::deployment::Deployment;
use super::duty::Spell;
use super::outcome::PoolState;
use super::replica::Prefill;
use super::side::Side;
use crate::catalog::Chip;
use crate::pass::{Limit, Numerics, Op, OpKind};
use crate::scenario::Role;
use crate::units::Seconds;

/// How a replica shares its time between prompts and decode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace<'a> {
    /// Share of time in which a replica that reads prompts does.
    pub reading: f64,
    /// Share of time in which decode steps are under way.
    pub stepping: f64,
    /// Share of time in which [`PoolState::busy`] has the decode side at work.
    pub busy: f64,
    /// Sequences in decode on a station.
    pub sequences: f64,
    /// Cost of a prompt.
    pub prefill: &'a Prefill,
    /// Prompts that share a step of a rank.
    pub together: f64,
    /// The operations of a prompt where one pool reads it.
    pub prompt: &'a [Op],
}

impl Pace<'_> {
    /// Says of each pool what its chips do.
    pub(super) fn tell(&self, deployment: &Deployment<'_>, pools: &mut [PoolState]) {
        let apart = deployment.prefill.is_some();
        for pool in pools {
            let Some(side) = deployment.side(pool.role) else { continue };
            let numerics = deployment.numerics;
            if pool.role != Role::Prefill {
                pool.duty.decode = self.decode(pool, side, numerics);
            }
            let reads = match pool.role {
                Role::Prefill => true,
                Role::Draft => false,
                _ => !apart,
            };
            if reads {
                pool.duty.prefill = self.read(pool.role, side, deployment);
            }
            // Rounding, and prompts that share steps with decode, may make more of it than there is time.
            let all = pool.duty.prefill.share + pool.duty.decode.share;
            if all > 1.0 {
                pool.duty.prefill.share /= all;
                pool.duty.decode.share /= all;
            }
        }
    }

    fn decode(&self, pool: &PoolState, side: &Side<'_>, numerics: Numerics) -> Spell {
        // Pools that take turns are at work for a part of the step.
        let part = if self.busy > 0.0 { pool.busy / self.busy } else { 0.0 };
        let stages = f64::from(side.settled.replica.layout().pp.max(1));
        let filled = (self.sequences / stages).min(1.0);
        let time = match pool.role {
            // Their step holds several micro-batches, or several tokens that are proposed; the operations are those of one.
            Role::Attention | Role::Ffn | Role::Draft => pool.ops.iter().map(Op::exposed).sum(),
            _ => pool.step,
        };
        let share = (self.stepping * part).min(1.0) * filled;
        let (compute, memory) = rates(&pool.ops, side, numerics, time);
        Spell { share, compute, memory }
    }

    fn read(&self, role: Role, side: &Side<'_>, deployment: &Deployment<'_>) -> Spell {
        let Deployment { ref lengths, numerics, .. } = *deployment;
        let replica = &side.settled.replica;
        if let Some(pipeline) = replica.pipeline() {
            return Spell { share: self.reading.min(1.0), compute: pipeline.reach(), memory: 0.0 };
        }
        let shares = deployment.decode.reading_shares(lengths.new, lengths.past);
        let part = if role == Role::Prefill { 1.0 } else { shares.of(role) };
        let own;
        let (ops, time) = if matches!(role, Role::Attention | Role::Ffn) {
            own = replica.prefill_ops(lengths.new, lengths.past);
            (own.as_slice(), own.iter().map(Op::exposed).sum())
        } else {
            (self.prompt, self.prefill.latency_of(self.together))
        };
        let (compute, memory) = rates(ops, side, numerics, time);
        let share = (self.reading * part).min(1.0);
        Spell { share, compute: (compute * self.together).min(1.0), memory }
    }
}

/// Arithmetic and memory traffic of these operations in a time, over the peaks of a chip.
fn rates(ops: &[Op], side: &Side<'_>, numerics: Numerics, time: Seconds) -> (f64, f64) {
    let replica = &side.settled.replica;
    // A pipeline of stages adds up what all chips of a stage do.
    let width = replica.pipeline().map_or(1.0, |own| f64::from(own.layout().tp.max(1)));
    let time = time.get() * width;
    if time <= 0.0 {
        return (0.0, 0.0);
    }
    let bandwidth = bandwidth(side.chip).unwrap_or(f64::INFINITY);
    let (mut arithmetic, mut reading) = (0.0, 0.0);
    for op in ops.iter().filter(|op| !op.kind.is_exchange()) {
        if let Some(rate) = side.chip.rate(op.kind.unit(numerics)) {
            arithmetic += (op.flops / rate.peak).get();
        }
        // Attention over the cache keeps its units busy where it reads below the bandwidth, so that decode draws no less the
        // more of its time is attention: the fourth root of its share, as in the corner of the kernel law.
        let attends = op.kind == OpKind::DecodeAttention && op.limit != Limit::Latency;
        let own = op.bytes.get() / bandwidth;
        let time = op.time.get() * width;
        reading += if attends && own < time { time * (own / time).sqrt().sqrt() } else { own };
    }
    ((arithmetic / time).min(1.0), (reading / time).min(1.0))
}

/// Of the memory that holds weights and cache.
fn bandwidth(chip: &Chip) -> Option<f64> {
    let sram = chip.sram.filter(|_| chip.is_sram_machine()).and_then(|sram| sram.bandwidth);
    sram.or_else(|| chip.memory.as_ref().map(|memory| memory.bandwidth)).map(|own| own.get())
}

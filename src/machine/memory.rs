//! What a serving engine leaves for the KV cache of a chip's memory (`constants/memory.csv`): engines take a share of all of
//! it, or of what the weights leave, and measure or reckon what their own work needs beside.

use crate::catalog::Engine;
use crate::units::Bytes;

/// Bytes of a mebibyte.
const MIB: f64 = 1_048_576.0;

/// One row of `memory.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryRow {
    /// Engine.
    pub engine: Engine,
    /// Chip, or `*` for any.
    pub chip: &'static str,
    /// Least memory from which it holds.
    pub from: Bytes,
    /// What the share is of.
    pub of: ShareOf,
    /// The share; none where the engine computes it.
    pub share: Option<f64>,
    /// The share that deployments of more data-parallel ranks state than the computed one counts.
    pub wide: Option<f64>,
    /// Token budget of a step that the engine reckons with.
    pub tokens: f64,
    /// Sequences of the largest CUDA graph on less than four ranks, and on more.
    pub sequences: [f64; 2],
    /// What a computed share sets aside.
    pub aside: Aside,
    /// Driver and runtime.
    pub context: Bytes,
    /// Buffers of collectives.
    pub ranks: Bytes,
    /// CUDA graphs, a layer.
    pub graph: Bytes,
    /// Logits that the profiling run samples, in sequences, and bytes of each.
    pub logits: (f64, f64),
    /// Tokens that windowed layers keep beyond their window while a prompt is read, in budgets of a step.
    pub beyond: f64,
    /// Share of the context that windowed layers set aside at least.
    pub held: f64,
}

/// What an engine's memory share is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareOf {
    /// All memory: weights, cache and the engine's work lie inside.
    Total,
    /// What weights and the engine's work leave.
    Free,
}

/// What a computed share sets aside, in bytes per unit of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Aside {
    /// Whatever the deployment.
    pub fixed: f64,
    /// Per token of the budget.
    pub token: f64,
    /// Per sequence of the largest graph.
    pub sequence: f64,
    /// Per rank of a replica.
    pub rank: f64,
    /// Per sequence of the largest graph and data-parallel rank, where there are several.
    pub parallel: f64,
    /// Data-parallel ranks that count at most.
    pub most: f64,
    /// At least.
    pub floor: f64,
}

impl Aside {
    /// From mebibytes, with the data-parallel ranks that count at most.
    #[must_use]
    pub fn mebi([fixed, token, sequence, rank, parallel, floor]: [f64; 6], most: f64) -> Self {
        let [fixed, token, sequence, rank, parallel, floor] =
            [fixed, token, sequence, rank, parallel, floor].map(|value| value * MIB);
        Self { fixed, token, sequence, rank, parallel, most, floor }
    }
}

/// What decides how much of a chip's memory an engine needs for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Ranks of a replica, and how many of them are data-parallel groups.
    pub ranks: (f64, f64),
    /// Layers on the chip.
    pub layers: f64,
    /// Activations of a token where they are widest.
    pub token: Bytes,
    /// Vocabulary.
    pub vocabulary: f64,
    /// Token budget of a step, where it is not the engine's own.
    pub budget: Option<f64>,
}

impl MemoryRow {
    /// The engine's share of the memory of a chip.
    #[must_use]
    pub fn share(&self, capacity: Bytes, work: &Work) -> f64 {
        let Self { share, sequences, aside, .. } = *self;
        let tokens = work.budget.unwrap_or(self.tokens);
        let floor = aside.floor;
        let (ranks, groups) = work.ranks;
        let wide = self.wide.filter(|_| groups > aside.most);
        share.or(wide).unwrap_or_else(|| {
            let sequences = sequences[usize::from(ranks >= 4.0)];
            let parallel = if groups > 1.0 { sequences * groups.min(aside.most) } else { 0.0 };
            let aside = aside.fixed
                + aside.token * tokens
                + aside.sequence * sequences
                + aside.rank * ranks
                + aside.parallel * parallel;
            (1.0 - aside.max(floor) / capacity.get()).clamp(0.0, 1.0)
        })
    }

    /// What the engine's own work takes beside weights and cache: driver and collectives, graphs, and the larger of the
    /// activations of a full step and the logits sampled after it, which are not there at the same time.
    #[must_use]
    pub fn work(&self, work: &Work) -> Bytes {
        let (rows, bytes) = self.logits;
        let logits = Bytes::new(rows * bytes * work.vocabulary);
        // Where the share is computed it leaves room for activations, and for graphs.
        let peak = match self.share {
            Some(_) => (work.token * work.budget.unwrap_or(self.tokens)).max(logits),
            None => Bytes::ZERO,
        };
        let ranks = if work.ranks.0 > 1.0 { self.ranks } else { Bytes::ZERO };
        self.context + ranks + self.graph * work.layers + peak
    }

    /// What is left for the cache of a chip of whose memory the driver lets an engine have so much; below zero where the
    /// weights find no room. `asked` replaces the engine's share.
    #[must_use]
    pub fn room(&self, memory: Bytes, weights: Bytes, work: &Work, asked: Option<f64>) -> Bytes {
        let share = asked.unwrap_or_else(|| self.share(memory, work));
        let taken = weights + self.work(work);
        match self.of {
            ShareOf::Total => memory * share - taken,
            ShareOf::Free => {
                let free = memory - taken;
                if free.get() > 0.0 { free * share } else { free }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::constants;

    const WORK: Work = Work {
        ranks: (1.0, 1.0),
        layers: 32.0,
        token: Bytes::new(100_000.0),
        vocabulary: 128_256.0,
        budget: None,
    };

    fn row(engine: Engine, chip: &str, gib: f64) -> &'static MemoryRow {
        constants().memory(engine, chip, Bytes::new(gib * 1024.0 * MIB))
    }

    #[test]
    fn shares_are_those_of_the_engines() {
        let of = |engine, chip, gib: f64, ranks| {
            let work = Work { ranks: (ranks, 1.0), ..WORK };
            row(engine, chip, gib).share(Bytes::new(gib * 1024.0 * MIB), &work)
        };
        assert_eq!(of(Engine::Vllm, "h100-sxm", 79.6, 1.0), 0.92);
        // SGLang on 80 GB: 512 + 1.5 x 8192 + 2 x 512 + 8 x 128 MiB set aside.
        let aside = (512.0 + 12_288.0 + 1024.0 + 1024.0) / (79.6 * 1024.0);
        assert!((of(Engine::Sglang, "h100-sxm", 79.6, 8.0) - (1.0 - aside)).abs() < 1e-12);
        assert!(of(Engine::Sglang, "rtx-4090", 24.0, 1.0) > 0.84);
        // 72 data-parallel ranks would set aside 180 GiB of each.
        let wide = Work { ranks: (72.0, 72.0), ..WORK };
        assert_eq!(row(Engine::Sglang, "h100-sxm", 79.6).share(Bytes::giga(85.5), &wide), 0.835);
        assert_eq!(row(Engine::Vllm, "a100-80", 80.0).logits.0, 256.0);
        assert_eq!(row(Engine::Vllm, "h100-sxm", 79.6).logits.0, 1024.0);
        assert_eq!(row(Engine::Vllm, "rtx-4090", 24.0).logits.0, 256.0);
    }

    #[test]
    fn room_grows_with_the_share_and_falls_with_the_weights() {
        for engine in Engine::ALL {
            let row = row(engine, "h200", 140.4);
            let all = Bytes::giga(150.0);
            let room = |weights, share| row.room(all, Bytes::giga(weights), &WORK, Some(share)).get();
            assert!(room(50.0, 0.95) > room(50.0, 0.9), "{engine:?}");
            assert!(room(50.0, 0.9) > room(60.0, 0.9), "{engine:?}");
            assert!(room(160.0, 0.9) < 0.0, "{engine:?}");
            let less = Bytes::giga(100.0);
            assert!(row.room(less, Bytes::giga(50.0), &WORK, None).get() < 50e9, "{engine:?}");
        }
    }
}

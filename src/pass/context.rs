//! What ranks that share contexts out send each other.
//!
//! Prefill context parallelism: `P` copies of the tensor-parallel group have a part of every prompt each, in two chunks that
//! balance the causal work (the first with the last, the second with the last but one), and keep its cache. Keys and values go
//! around, `(P − 1)/P` of them to each, or queries and partial outputs where those are fewer bytes, as behind a long cached
//! prefix (Meta's pass-KV and pass-Q). Parts that are there are worked on while others come, so that only the first of `P` has
//! nothing to pass beside; latency and the partial outputs are felt. In decode every copy has all new tokens and its own part
//! of the cache, and partial outputs are gathered.
//!
//! Decode context parallelism: `K` of the tensor-parallel ranks would hold the same cache, and each keeps every `K`th token
//! instead. A step gathers the queries of their heads, and exchanges the partial outputs with the logarithms of their sums of
//! exponentials: two collectives a layer. A prompt gathers what is cached before it.
//!
//! Sources: vLLM issue 25749 (2025-09) and its `docs/serving/context_parallel_deployment.md`; SGLang's documentation, prefill
//! and decode context parallelism (2026); Meta, arXiv 2411.01783; NVIDIA's Helix, arXiv 2507.07120.

use crate::catalog::model::Model;
use crate::machine::{Collective, Fabric, Operation};
use crate::scenario::Layout;
use crate::units::{Bytes, Seconds};

/// Bytes of the logarithm of a sum of exponentials, one per head and query.
const SUM: f64 = 4.0;

/// How a replica shares contexts out.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// Copies of the tensor-parallel group that share prompts and their cache out.
    pub(super) copies: f64,
    /// Gathers and scatters over the copies.
    spread: [Collective; 2],
    /// Of each group of attention layers.
    layers: Vec<Sharing>,
}

/// How tensor-parallel ranks share the cache of a layer out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sharing {
    /// Ranks that do, at least 1.
    pub(super) ranks: f64,
    /// Gathers and exchanges among them.
    among: [Collective; 2],
}

/// What a message costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    pub(super) time: Seconds,
    /// Of it what passes however few bytes there are.
    pub(super) floor: Seconds,
    /// What may pass beside attention.
    pub(super) beside: Seconds,
    pub(super) bytes: Bytes,
}

/// Bytes of the prompts of a pass that one tensor-parallel rank has to do with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prompts {
    /// Keys and values of new tokens.
    pub(super) fresh: Bytes,
    /// Of tokens cached before them.
    pub(super) past: Bytes,
    /// Queries and partial outputs; none where they are never sent instead.
    pub(super) instead: Option<[Bytes; 2]>,
}

impl Context {
    /// How a layout shares contexts out; none where it does not.
    pub(super) fn find(model: &Model, fabric: &Fabric<'_>, layout: Layout) -> Option<Box<Self>> {
        let Layout { tp, pcp, dcp, .. } = layout;
        (layout.context() > 1).then(|| {
            // Ranks of a copy are neighbours, so that those of the same place in each copy lie a whole group apart.
            let spread = |operation| fabric.apart(operation, pcp, tp);
            let among = |ranks: u32| {
                let among = [Operation::AllGather, Operation::AllToAll];
                Sharing { ranks: f64::from(ranks), among: among.map(|own| fabric.collective(own, ranks)) }
            };
            // Most models have as many KV heads in all layers.
            let mut last = among(1);
            let layers = model.attention.iter().map(|own| {
                let ranks = dcp.min(own.kind.cache_copies(tp));
                if f64::from(ranks) != last.ranks {
                    last = among(ranks);
                }
                last
            });
            Box::new(Self {
                copies: f64::from(pcp),
                spread: [Operation::AllGather, Operation::ReduceScatter].map(spread),
                layers: layers.collect(),
            })
        })
    }

    /// How the layers of one group do.
    pub(super) fn layer(&self, group: usize) -> Option<&Sharing> {
        self.layers.get(group)
    }

    /// Keys and values of prompts, or queries and outputs instead of them, to those who need them.
    pub(super) fn prompt(&self, own: &Sharing, bytes: &Prompts) -> Passed {
        let among = sent(&own.among[0], bytes.past / self.copies, own.ranks);
        if self.copies <= 1.0 {
            return among;
        }
        let [gather, scatter] = &self.spread;
        let keys = sent(gather, bytes.fresh + bytes.past, self.copies);
        let keys = Passed { beside: keys.time - keys.floor, ..keys };
        let others = bytes.instead.map(|[queries, outputs]| {
            let asked = sent(gather, queries, self.copies);
            let told = sent(scatter, outputs, self.copies);
            Passed { beside: asked.time - asked.floor, ..asked.and(told) }
        });
        let sooner = others.filter(|own| own.time < keys.time);
        among.and(sooner.unwrap_or(keys))
    }

    /// Queries of a decode step, and partial outputs of them, of the heads of one tensor-parallel rank; so many heads and tokens
    /// have their sums of exponentials beside.
    pub(super) fn step(&self, own: &Sharing, queries: Bytes, outputs: Bytes, sums: f64) -> Passed {
        let outputs = outputs + Bytes::new(sums * SUM);
        let [gather, exchange] = &own.among;
        let among = sent(gather, queries * own.ranks, own.ranks);
        let back = sent(exchange, outputs * own.ranks, own.ranks);
        among.and(back).and(sent(&self.spread[0], outputs * self.copies, self.copies))
    }

    /// What each of all ranks found best in its part of the cache, so many bytes, to all of them.
    pub(super) fn candidates(&self, own: &Sharing, bytes: Bytes) -> Passed {
        let among = sent(&own.among[0], bytes * own.ranks, own.ranks);
        among.and(sent(&self.spread[0], bytes * self.copies, self.copies))
    }

    /// The end state of each copy's part of a prompt to all of them.
    pub(super) fn states(&self, bytes: Bytes) -> Passed {
        sent(&self.spread[0], bytes * self.copies, self.copies)
    }
}

impl Passed {
    fn and(self, other: Self) -> Self {
        Self {
            time: self.time + other.time,
            floor: self.floor + other.floor,
            beside: self.beside + other.beside,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// A collective over so many ranks.
fn sent(collective: &Collective, bytes: Bytes, ranks: f64) -> Passed {
    let (time, _) = collective.time(bytes);
    if time.get() <= 0.0 {
        return Passed::default();
    }
    let floor = collective.latency().min(time);
    Passed { time, floor, beside: Seconds::ZERO, bytes: bytes * ((ranks - 1.0) / ranks) }
}

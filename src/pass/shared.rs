//! The operations between ranks that share contexts out: how many bytes go around for the layers at hand, and what of it passes
//! beside attention. What a message costs is [`super::context`]'s.

use super::context::{Context, Passed, Prompts, Sharing};
use super::numerics::ACTIVATION;
use super::op::{Op, OpKind};
use super::shape::Shape;
use super::sink::link_op;
use crate::machine::{Heads, Kernel, Work};
use crate::units::{Bytes, Seconds};

/// Bytes of the score and the place of a position that an indexer selects.
const CANDIDATE: f64 = 8.0;

/// The ranks that share out the contexts of a group of layers, and the load of the pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'p> {
    context: &'p Context,
    sharing: &'p Sharing,
    shape: &'p Shape,
}

impl<'p> Shared<'p> {
    /// Of a group of attention layers.
    pub(super) fn of(context: &'p Context, group: usize, shape: &'p Shape) -> Option<Self> {
        Some(Self { context, sharing: context.layer(group)?, shape })
    }

    /// Ranks whose query heads come together on each of them.
    pub(super) fn ranks(&self) -> f64 {
        self.sharing.ranks
    }

    /// Parts of a sequence's cache beyond its heads.
    pub(super) fn shards(&self) -> f64 {
        self.context.copies * self.sharing.ranks
    }

    /// Keys and values of prompts, or queries and outputs instead.
    pub(super) fn prompts(
        &self,
        count: u32,
        attention: (&Kernel, &Work),
        own: &Heads,
        window: Option<u32>,
    ) -> Op {
        let Shape { prompts, prompt, past, .. } = *self.shape;
        // Each part begins behind at most a window of its neighbours' tokens.
        let most = window.map_or(f64::INFINITY, |window| 2.0 * f64::from(window) * self.context.copies);
        let bytes = |tokens: f64, width: f64| Bytes::new(prompts * tokens * width);
        let (new, past) = (prompt.get(), past.get());
        let width = own.kv * own.cached;
        let message = Prompts {
            fresh: bytes(new.min(most), width * ACTIVATION),
            past: bytes(past.min(most), width * own.element),
            instead: Some([bytes(new, own.q * own.d * ACTIVATION), bytes(new, own.q * own.v * ACTIVATION)]),
        };
        self.beside(count, &message, attention)
    }

    /// The same of a cache with one entry of so many elements for each `ratio` tokens.
    pub(super) fn entries(&self, count: u32, attention: (&Kernel, &Work), elements: f64, ratio: f64) -> Op {
        let Shape { prompts, prompt, past, .. } = *self.shape;
        let bytes = |tokens: f64| Bytes::new(prompts * tokens / ratio * elements * ACTIVATION);
        let message = Prompts { fresh: bytes(prompt.get()), past: bytes(past.get()), instead: None };
        self.beside(count, &message, attention)
    }

    /// Queries and partial outputs of so many heads of a rank in a decode step.
    pub(super) fn step(&self, count: u32, heads: f64, [query, output]: [f64; 2]) -> Op {
        let rows = self.shape.sequences * self.shape.width * heads;
        let bytes = |elements: f64| Bytes::new(rows * elements * ACTIVATION);
        op(count, self.context.step(self.sharing, bytes(query), bytes(output), rows), Seconds::ZERO)
    }

    /// What an indexer found best in each part of the cache, so many positions.
    pub(super) fn candidates(&self, count: u32, best: f64) -> Op {
        let bytes = Bytes::new(self.shape.sequences * self.shape.width * best * CANDIDATE);
        op(count, self.context.candidates(self.sharing, bytes), Seconds::ZERO)
    }

    /// The states in which each copy's part of the prompts ends, so many bytes each.
    pub(super) fn states(&self, count: u32, each: f64) -> Op {
        op(count, self.context.states(Bytes::new(self.shape.prompts * each)), Seconds::ZERO)
    }

    /// A message beside attention, of which the first of the parts has nothing to wait beside.
    fn beside(&self, count: u32, message: &Prompts, (law, work): (&Kernel, &Work)) -> Op {
        let passed = self.context.prompt(self.sharing, message);
        op(count, passed, law.seconds(work) * (1.0 - 1.0 / self.context.copies))
    }
}

/// What ranks send each other, of which some may pass beside other work of so long.
fn op(count: u32, passed: Passed, beside: Seconds) -> Op {
    let Passed { time, floor, bytes, .. } = passed;
    let hidden = passed.beside.min(beside) * f64::from(count);
    Op { hidden, ..link_op(OpKind::ContextExchange, count, bytes, time, floor) }
}

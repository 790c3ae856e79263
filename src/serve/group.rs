//! What the ways to split decode ask of a replica beyond a plain step: a part of each layer, several tokens of a sequence
//! at once, and groups of sequences that pass the replica together.

use std::rc::Rc;

use super::replica::{Replica, Silicon, decode_shape};
use crate::pass::{Op, Portion, Shape};
use crate::units::{Bytes, Seconds, Tokens};

impl Replica<'_> {
    /// The same replica for a part of each layer.
    #[must_use]
    pub fn only(self, portion: Portion) -> Self {
        let silicon = match self.silicon {
            Silicon::Memory(plan) => Silicon::Memory(Rc::new(Rc::unwrap_or_clone(plan).only(portion))),
            Silicon::Sram(pipeline) => Silicon::Sram(Box::new(pipeline.only(portion))),
        };
        Self { silicon, ..self }
    }

    /// Kernels and collectives of a decode step with so many sequences, `width` tokens each, without the engine's work
    /// around it.
    #[must_use]
    pub fn kernels(&self, sequences: f64, context: Tokens, width: f64) -> Seconds {
        match &self.silicon {
            Silicon::Memory(plan) => {
                plan.time(&Shape { width, ..decode_shape(plan.layout(), sequences, context) })
            }
            Silicon::Sram(pipeline) => pipeline.wide_token_time(sequences, context, width),
        }
    }

    /// The operations behind [`Self::kernels`].
    #[must_use]
    pub(super) fn kernel_ops(&self, sequences: f64, context: Tokens, width: f64) -> Vec<Op> {
        match &self.silicon {
            Silicon::Memory(plan) => {
                plan.breakdown(&Shape { width, ..decode_shape(plan.layout(), sequences, context) })
            }
            Silicon::Sram(pipeline) => pipeline.wide_token(sequences, context, width),
        }
    }

    /// The engine's work around a step of so many sequences; none where weights stream without an engine in between.
    #[must_use]
    pub fn around(&self, sequences: f64) -> Seconds {
        match &self.silicon {
            Silicon::Memory(plan) => {
                self.engine.step + self.engine.sequence * (sequences / f64::from(plan.layout().dp))
            }
            Silicon::Sram(_) => Seconds::ZERO,
        }
    }

    /// Time of a step whose kernels take so long, with so many sequences on the replica.
    #[must_use]
    pub fn step_of(&self, kernels: Seconds, sequences: f64) -> Seconds {
        match &self.silicon {
            Silicon::Memory(plan) => {
                self.engine.decode_step(kernels, sequences / f64::from(plan.layout().dp))
            }
            Silicon::Sram(_) => kernels,
        }
    }

    /// Time of a group that passes all layers of the replica together, of so many sequences in flight.
    #[must_use]
    pub fn group_time(&self, group: f64, sequences: f64, context: Tokens, width: f64) -> Seconds {
        match &self.silicon {
            Silicon::Memory(plan) => plan.time(&group_shape(plan.layout().dp, group, context, width)),
            Silicon::Sram(pipeline) => pipeline.group_time(group, sequences, context, width),
        }
    }

    /// The operations behind [`Self::group_time`].
    #[must_use]
    pub(super) fn group_ops(&self, group: f64, sequences: f64, context: Tokens, width: f64) -> Vec<Op> {
        match &self.silicon {
            Silicon::Memory(plan) => plan.breakdown(&group_shape(plan.layout().dp, group, context, width)),
            Silicon::Sram(pipeline) => pipeline.group(group, sequences, context, width),
        }
    }

    /// Cache of one sequence over all chips that hold a part of it.
    #[must_use]
    pub fn cache(&self, context: Tokens) -> Bytes {
        let layout = self.layout();
        match &self.silicon {
            Silicon::Memory(plan) => {
                plan.cache_per_sequence(context)
                    * (f64::from(layout.tp) * f64::from(layout.pp) * f64::from(layout.pcp))
            }
            Silicon::Sram(pipeline) => pipeline.cache_per_sequence(context),
        }
    }
}

/// A group spread over the data-parallel ranks, at least one sequence where there is any.
fn group_shape(ranks: u32, group: f64, context: Tokens, width: f64) -> Shape {
    let ranks = f64::from(ranks);
    Shape { width, ..Shape::decode((group / ranks).max(1.0), context, group.clamp(1.0, ranks)) }
}

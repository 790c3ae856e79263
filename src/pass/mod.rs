//! What one forward pass costs: a model sharded over a machine as a list of operations, each with work, time and
//! binding limit.
//!
//! - `plan` is the sharded model: layout, kernel laws, weights, what does not depend on the load ([`Plan`]).
//! - `layers` walks a pass operation by operation: the work and time of attention in prefill and decode (a method
//!   per kind: `grouped`, `latent`, `recurrent`, `compressed`), experts, collectives and the rest.
//! - `context` and `shared` are what ranks that share contexts out send each other.
//! - `overlap` says what of it passes beside the exchange of experts' tokens.
//! - `memo` keeps times that a search asks for again.
//! - `sram` is the other kind of machine, whose weights stream through stages ([`Pipeline`]).

mod clock;
mod context;
mod layers;
mod memo;
mod numerics;
mod op;
mod overlap;
mod plan;
mod portion;
mod shape;
mod shared;
mod sink;
mod sram;
mod work;

pub use numerics::Numerics;
pub use op::{Op, OpKind};
pub use plan::{Plan, touched};
pub use portion::{Portion, weights_per_chip};
pub use shape::Shape;
pub use sram::Pipeline;

pub use crate::machine::Limit;

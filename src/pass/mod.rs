//! What one forward pass costs: a model sharded over a machine as a list of operations, each with work, time and
//! binding limit.

mod layers;
mod numerics;
mod op;
mod plan;
mod portion;
mod shape;
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

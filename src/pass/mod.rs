//! What one forward pass costs: a model sharded over a machine as a list of operations, each with work, time and
//! binding limit.

mod op;

pub use op::{Limit, Op, OpKind};

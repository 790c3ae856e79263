//! What users feel: latency and throughput of the splits in steady state (closed form).

mod outcome;
mod refusal;

pub use outcome::{Binding, Cause, MemoryUse, Part, PoolState, Saturation, Steady, Transfer, Warning};
pub use refusal::Refusal;

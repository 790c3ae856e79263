//! Many scenarios: one knob swept along a curve, and the frontier over layouts.

mod frontier;
mod knob;
mod shape;

pub use frontier::{Candidate, Search, frontier, frontier_of};
pub use knob::{Knob, Sample, pin, sweep};
pub use shape::{Shape, kinds};

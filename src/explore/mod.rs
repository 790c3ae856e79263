//! Many scenarios: one knob swept along a curve, and the frontier over layouts.

mod frontier;
mod knob;

pub use frontier::{Candidate, frontier};
pub use knob::{Knob, Sample, pin, sweep};

//! Many scenarios: one knob swept along a curve, and the frontier over layouts.

pub mod knob;

pub use knob::{Knob, Sample, sweep};

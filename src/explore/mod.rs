//! Many scenarios: one knob swept along a curve, the frontier over layouts, and the cheapest deployment for a load.

mod frontier;
mod knob;
mod objective;
mod shape;
mod size;

pub use frontier::{Candidate, Search, frontier, frontier_of};
pub use knob::{Knob, Sample, pin, sweep};
pub use objective::{Miss, miss};
pub use shape::{Shape, kinds};
pub use size::{BreakEven, Deployment, Headroom, Sizer, Sizing, Unfit, all_chips, headroom, size};

//! Many scenarios: one knob swept along a curve, the frontier over layouts, the cheapest deployment for a load, and maps
//! of which deployment is best.

mod axis;
mod frontier;
mod knob;
mod map;
mod objective;
mod shape;
mod size;

pub use axis::Axis;
pub use frontier::{Candidate, Search, frontier, frontier_of};
pub use knob::{Knob, Sample, pin, sweep};
pub use map::{Cell, Fare, Map, Segment};
pub use objective::{Miss, miss};
pub use shape::{Shape, kinds};
pub use size::{BreakEven, Deployment, Headroom, Sizer, Sizing, Unfit, all_chips, headroom, size};

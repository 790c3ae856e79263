//! Many scenarios: one knob swept along a curve, the frontier over layouts, the cheapest deployment for a load, maps of
//! which deployment is best, what more of a chip would bring, what two scenarios differ by, how many agents one carries,
//! and what makers claim.
//!
//! Each question has one type for its answer ([`Frontier`], [`Sizing`], [`Map`], [`Sensitivity`], [`Diff`],
//! [`agents::Agents`]), which figures, reports and the command line read, and the page as far as it needs it: of a difference, the words. A deployment in it goes by its name and
//! its link ([`Deployed`]).
//!
//! Whatever takes longer than a frame is a struct with `step`, which does a little at a time: a page calls it between
//! frames, a worker between messages, and either shows what there is so far.

pub mod agents;
mod axis;
pub mod claims;
mod deployed;
mod diff;
mod frontier;
mod knob;
mod map;
mod money;
mod objective;
mod plain;
mod rivals;
mod sensitivity;
mod shape;
mod shared;
mod size;

pub use axis::{Axis, priced};
pub use deployed::Deployed;
pub use diff::{Absent, Aspect, Diff, Difference, Share, changed, diff};
pub use frontier::{Candidate, Frontier, Search, frontier, frontier_of, stands};
pub use knob::{Knob, Sample, pin, sweep, walls};
pub use map::{AxisValues, Cell, CellOutcome, Excluded, Map, MapSearch, Reason, Segment, Sure};
pub use money::{PriceLine, break_even_price, pays_below, price_lines, priced_rivals};
pub use objective::{Held, Miss, Verdict, at_headroom, holds, miss, verdict, without};
pub use rivals::{opened, rivals};
pub use sensitivity::{Lever, NoBase, Outcome, Sensitivity, Swing, sensitivity};
pub use shape::{Shape, kinds};
pub use shared::{compared, shared};
pub use size::{
    Bought, BreakEven, Deployment, Headroom, RunnerUp, Sizer, Sizing, Times, Unfit, Wanted, Written,
    all_chips, headroom, size,
};

//! The figures of a scenario: which chart a view shows, built once for the page and for files.
//!
//! Each file makes the chart model ([`crate::chart`]) of one view out of a scenario and what was found out about it.
//! [`making`] finds out what a view needs and then makes its figure, whichever view it is.

pub mod agents;
pub mod board;
pub mod compare;
pub mod curves;
pub mod flow;
pub mod frontier;
pub mod latency;
pub mod levers;
pub mod making;
pub mod map;
pub mod memory;
pub mod replay;
pub mod roofline;
pub mod size;
pub mod view;

//! The figures of a scenario: which chart a view shows, built once for the page and for files.
//!
//! A figure is a pure chart model ([`crate::chart`]) made of a scenario and what was found out about it. What takes long
//! to find out comes from [`crate::jobs`].

pub mod agents;
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
pub mod view;

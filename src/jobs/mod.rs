//! Long questions, answered in slices, so that neither a frame nor a worker is held up and any question can be dropped.
//!
//! The page does not hold this code: it comes as a module of its own (`crates/worker`) when the first question is asked,
//! and runs in a worker, or beside the page in slices where no worker can be had. What is computed, and what it comes to,
//! belongs to the rooms above: [`crate::explore`], [`crate::replay`], [`crate::catalog`]. Here each question has a file
//! that says what the page asks, how the work is cut, and which messages the answer crosses the port in ([`wire`]).

pub mod agents;
pub mod claims;
pub mod diff;
pub mod frontier;
pub mod import;
pub mod map;
pub mod pays;
mod question;
pub mod replay;
pub mod sensitivity;
#[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
pub mod share;
pub mod size;
mod slice;
pub mod wire;

pub use question::{Job, Question};
pub use slice::{Ask, Comes, Slice};

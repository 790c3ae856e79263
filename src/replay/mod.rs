//! The scenario replayed event by event: what means hide.
//!
//! - [`requests`] says what is asked and when, from a scenario and its seed or from a trace; answers feed back into it
//!   where users wait for them.
//! - [`cache`] knows which prefix blocks lie where, so that the hit rate is a result.
//! - [`engine`] takes requests through queues, steps and links, on the step times that the closed form uses ([`steps`]).

mod agenda;
mod benchmark;
pub mod beside;
pub mod cache;
pub mod engine;
mod histogram;
pub mod id;
mod instant;
mod meter;
pub mod pool;
mod random;
pub mod record;
pub mod replica;
pub mod requests;
pub mod result;
mod series;
mod start;
pub mod statistics;
pub mod steps;
mod table;
pub mod wire;

pub use engine::Progress;
pub use record::Record;
pub use result::Replayed;
pub use start::{Asked, Parked, Replay};

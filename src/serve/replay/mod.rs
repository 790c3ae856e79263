//! The scenario replayed event by event: what means hide.
//!
//! - [`requests`] says what is asked and when, from a scenario and its seed or from a trace; answers feed back into it
//!   where users wait for them.
//! - [`cache`] knows which prefix blocks lie where, so that the hit rate is a result.

pub mod cache;
mod random;
pub mod requests;

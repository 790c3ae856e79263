//! The scenario replayed event by event: what means hide.
//!
//! - [`requests`] says what is asked and when, from a scenario and its seed or from a trace; answers feed back into it
//!   where users wait for them.
//! - [`cache`] knows which prefix blocks lie where, so that the hit rate is a result.
//! - `engine` takes requests through queues, steps and links, on the step times that the closed form uses (`steps`): when
//!   they are admitted, in whose step they are, who is preempted, and how they go from prefill to decode.
//! - [`Replay`] is that [`Engine`] on a deployment, and [`Replayed`] what it comes to. An engine takes step times of other
//!   makes too ([`Steps`]).

mod agenda;
mod beside;
pub mod cache;
mod engine;
mod histogram;
mod id;
mod instant;
pub mod lanes;
mod meter;
pub mod overview;
mod pool;
mod random;
pub mod record;
mod replica;
pub mod requests;
pub mod result;
pub mod run;
mod series;
mod start;
pub mod statistics;
mod steps;
mod table;
mod wire;

pub use engine::{Common, Engine, Progress};
pub use pool::PoolPlan;
pub use record::Record;
pub use result::Replayed;
pub use start::{Asked, Parked, Replay};
pub use steps::{Room, Steps};
pub use wire::Wire;

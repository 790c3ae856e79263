//! What users feel: latency and throughput of the splits in steady state (closed form).
//!
//! - [`Deployment`] settles a scenario: for each pool a replica, its layout and how many there are ([`Side`]).
//! - [`Half`] is the decode side however it is split, and how long its steps and prompts take.
//! - `station` is a replica of it, `ahead` what prompts wait for there; `colocated` and `disaggregated` find its balance,
//!   `served` reports it.
//! - `choose` takes the best of all layouts, of whose balance it looks at the `outline`.
//! - [`Phase`] says why prefill and decode take their time; `binding` what limits the deployment as a whole.

mod account;
mod ahead;
mod binding;
mod capped;
mod choose;
mod colocated;
mod connection;
mod deployment;
mod disaggregated;
mod draft;
mod duty;
mod first_token;
mod flags;
mod group;
mod half;
mod halves;
mod layouts;
mod lengths;
mod models;
mod outcome;
mod outline;
mod pace;
mod pairs;
mod phase;
mod reading;
mod refusal;
mod replica;
mod root;
mod run;
mod scheduler;
mod served;
mod shares;
mod side;
mod spread;
mod station;
mod steady;
pub mod survey;
mod tails;
mod transfer;
mod turns;

pub use account::{Account, by_cause, op_binding};
pub use capped::cap;
pub use choose::does_better;
pub use deployment::Deployment;
pub use draft::{Away, Draft};
pub use duty::{Duty, Spell};
pub use flags::Flags;
pub use half::Half;
pub use layouts::{Settled, candidates};
pub use lengths::Lengths;
pub use models::{Models, find_model};
pub use outcome::{
    Binding, Cause, Flow, MemoryKind, MemoryUse, Part, Per, Phase, PoolState, Reason, Resource, Saturation,
    Steady, Transfer, Warning,
};
pub use reading::Reading;
pub use refusal::Refusal;
pub use scheduler::Scheduler;
pub use shares::{Beside, Shares};
pub use side::Side;
pub use station::Operating;
pub use steady::{balanced, serve};
pub use tails::Tails;
pub use transfer::{Ends, cache_bytes};
pub use turns::{Partner, Turns};

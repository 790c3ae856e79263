//! What users feel: latency and throughput of the splits in steady state (closed form).

mod binding;
mod colocated;
mod connection;
mod deployment;
mod disaggregated;
mod draft;
mod first_token;
mod group;
mod half;
mod halves;
mod layouts;
mod models;
mod outcome;
mod reading;
mod refusal;
mod replica;
mod root;
pub mod scheduler;
mod shares;
mod station;
mod steady;
pub mod survey;
mod transfer;
mod turns;

pub use deployment::{Deployment, Lengths, Side};
pub use draft::{Away, Draft};
pub use half::{Account, Half};
pub use layouts::{Settled, candidates};
pub use models::Models;
pub use outcome::{
    Binding, Cause, Flow, MemoryKind, MemoryUse, Part, Per, PoolState, Saturation, Steady, Transfer, Warning,
};
pub use reading::Reading;
pub use refusal::Refusal;
pub use shares::{Beside, Shares};
pub use station::Operating;
pub use steady::serve;
pub use transfer::{Ends, cache_bytes};
pub use turns::{Partner, Turns};

use std::borrow::Cow;

use crate::catalog::model::Model;
use crate::scenario::Scenario;

/// The model that a scenario names: of the catalogue, its own, or a family scaled to a size.
///
/// # Errors
/// [`Refusal::UnknownModel`] with what comes near.
pub fn find_model(scenario: &Scenario) -> Result<Cow<'_, Model>, Refusal> {
    scenario.model().map_err(|unknown| Refusal::UnknownModel { message: unknown.message })
}

//! What users feel: latency and throughput of the splits in steady state (closed form).

mod binding;
mod colocated;
mod deployment;
mod disaggregated;
mod first_token;
mod layouts;
mod outcome;
mod refusal;
pub mod replay;
mod replica;
mod root;
mod station;
mod steady;
mod transfer;

pub use deployment::{Deployment, Lengths, Side};
pub use layouts::{Settled, candidates};
pub use outcome::{
    Binding, Cause, MemoryKind, MemoryUse, Part, PoolState, Saturation, Steady, Transfer, Warning,
};
pub use refusal::Refusal;
pub use steady::serve;

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

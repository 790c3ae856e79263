//! What users feel: latency and throughput of the splits in steady state (closed form).

mod layouts;
mod outcome;
mod refusal;
mod replica;
mod root;
mod station;
mod steady;
mod transfer;

pub use layouts::candidates;
pub use outcome::{Binding, Cause, MemoryUse, Part, PoolState, Saturation, Steady, Transfer, Warning};
pub use refusal::Refusal;
pub use steady::serve;

use std::borrow::Cow;

use crate::catalog;
use crate::catalog::model::Model;

/// The model that a scenario names: from the catalogue, or a family scaled to a size.
///
/// # Errors
/// [`Refusal::UnknownModel`] with what comes near.
pub fn find_model(id: &str) -> Result<Cow<'static, Model>, Refusal> {
    if let Some(model) = catalog::model(id) {
        return Ok(Cow::Borrowed(model));
    }
    catalog::family::parse_family_id(id).map(Cow::Owned).map_err(|error| Refusal::UnknownModel {
        message: if id.contains(':') {
            error.to_string()
        } else {
            format!("no model is called {id}; near: {}", catalog::nearest_model_ids(id).join(", "))
        },
    })
}

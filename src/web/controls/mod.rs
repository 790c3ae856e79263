//! The controls: everything that a scenario holds, as native form elements.

pub mod choice;
pub mod field;
mod model;
mod own;
mod prices;
mod silicon;
mod slo;
mod speculation;
pub mod stops;
mod wires;
mod workload;

use leptos::prelude::*;

pub use prices::{PaysBelow, keep_pays};
pub use silicon::names;

/// All controls, in the order of the questions people ask.
#[component]
pub fn Controls() -> impl IntoView {
    view! {
        <model::ModelControls/>
        <workload::WorkloadControls/>
        <silicon::SiliconControls/>
        <slo::SloControls/>
        <prices::PriceControls/>
    }
}

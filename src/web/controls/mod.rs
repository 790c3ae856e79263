//! The controls: everything that a scenario holds, as native form elements.
//!
//! | file | what |
//! |---|---|
//! | `model`, `workload`, `silicon`, `slo`, `prices` | the groups that stand open |
//! | `wires` | what joins pools |
//! | `fold` | what is folded away and comes late |
//! | `formats`, `engine`, `layout`, `speculation`, `rents`, `cap`, `own` | those late parts |
//! | `pool` | the pool of a role |
//! | `choice`, `field`, `stops` | the elements that they are made of |
//! | `sized` | models by choice and by size |
//! | `picker`, `picking`, `picks` | a model or a chip out of many, how picking stands, and the list |

mod cap;
pub mod choice;
mod engine;
pub mod field;
mod fold;
mod formats;
mod layout;
mod model;
mod own;
pub mod picker;
pub mod picking;
mod picks;
mod pool;
mod prices;
mod rents;
mod silicon;
pub mod sized;
mod slo;
mod speculation;
pub mod stops;
mod wires;
pub mod workload;

use leptos::prelude::*;
use markup::view;

pub use fold::{Detail, detail};
pub use pool::names;
pub use prices::{PaysBelow, keep_pays};
pub use rents::unlisted;
pub use slo::level;

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

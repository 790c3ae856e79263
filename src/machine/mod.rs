//! How fast one chip does one thing: kernel laws, collectives, links between chips and pools, and the constants of SRAM
//! machines, whose pipelines are in [`crate::pass`].

pub mod collective;
pub mod constants;
pub mod engine;
pub mod kernel;
pub mod link;
pub mod wire;
pub mod work;

pub use collective::{Collective, Fabric};
pub use constants::{
    CollectiveRow, Constants, FamilyRow, Form, KernelRow, Measured, On, Operation, Operator, SramRow,
    WeightHome, constants,
};
pub use engine::{EngineRow, Generation};
pub use kernel::{Bound, Kernel, Limit, Provenance};
pub use link::{LinkKind, LinkRow};
pub use wire::{WireRow, wire};
pub use work::{Grouped, Heads, Latent, Skew, Work, touched};

//! How fast one chip does one thing: kernel law, collectives, links and SRAM pipelines.

pub mod collective;
pub mod constants;
pub mod kernel;
pub mod wire;

pub use collective::{Collective, Fabric, Operation};
pub use constants::{
    CollectiveRow, Constants, EngineRow, FamilyRow, KernelRow, LinkRow, Measured, On, Operator, SramRow,
    WeightHome, constants,
};
pub use kernel::{Kernel, Limit, Provenance, Work};
pub use wire::{WireRow, wire};

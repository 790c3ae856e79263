//! How fast one chip does one thing: what a kernel has to do and by which law it takes its time, collectives, links between
//! chips and pools, what chips draw and how a power cap slows them, and the constants of SRAM machines, whose pipelines are
//! in [`crate::pass`].

pub mod collective;
pub mod constants;
pub mod engine;
pub mod exchange;
pub mod kernel;
pub mod link;
pub mod memory;
pub mod power;
pub mod profile;
pub mod routing;
pub mod wire;
pub mod work;

pub use collective::{Collective, Exchange, Fabric};
pub use constants::{
    CollectiveLaw, CollectiveRow, Constants, FabricRow, FamilyRow, Form, KernelRow, Measured, On, Operation,
    Operator, SramRow, Topology, WeightHome, constants,
};
pub use engine::{EngineRow, Generation, slower};
pub use exchange::{ExchangeKernel, ExchangePart, ExchangeRow, Parcel, Reach, holders};
pub use kernel::{Bound, Kernel, Limit, Provenance};
pub use link::{LinkKind, LinkRow};
pub use memory::{MemoryRow, ShareOf};
pub use power::PowerRow;
pub use profile::ProfileRow;
pub use routing::{Grouped, Skew};
pub use wire::{WireRow, wire};
pub use work::{Heads, Latent, Work, touched};

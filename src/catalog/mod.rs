//! What exists: chips, models, engines and workloads, as dated and cited TOML files beside the code that reads them.
//!
//! `build.rs` reads and checks the files, so a wrong entry stops the build with a message, and nothing is parsed at
//! run time. A figure that no source gives is absent, never guessed.

pub mod chip;
pub mod engine;
pub mod model;
pub mod number;

pub use chip::{Chip, ChipClass, Status};
pub use engine::Engine;
pub use model::{Attention, Ffn, Model};
pub use number::{ComputeType, NumberFormat};

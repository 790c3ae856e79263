//! A model as its architecture describes it (`layers`), its parameters and what a sequence keeps in
//! memory, counted from that, and the formats its checkpoints come in (`release`).

mod cache;
mod layers;
mod parameters;
mod release;

pub use cache::Kept;
pub use layers::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer, Model};
pub use parameters::{FfnParameters, Parameters};
pub use release::{GROUP, Parts, Release};

//! A model as its architecture describes it (`layers`), its parameters and what a sequence keeps in memory, counted from that.

mod cache;
mod layers;
mod parameters;

pub use layers::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer, Model};
pub use parameters::{FfnParameters, Parameters};

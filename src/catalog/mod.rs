//! What exists: chips, models, engines, workloads and prices, as dated and cited TOML files beside the code that reads
//! them.
//!
//! `build.rs` reads and checks the files, so a wrong entry stops the build with a message, and nothing can fail at run
//! time. A figure that no source gives is absent, never guessed. What is built for browsers lacks sources and notes.
//!
//! # The files
//!
//! - `chips/ID.toml`, `models/ID.toml`: one entry each; the file name is the identifier in links. Keys carry their unit
//!   (`bandwidth_GBps`). `date` is the month in which the figures were gathered; it is appended to the sources. Peaks
//!   are dense. All bandwidths of links are per chip and direction. To add an entry, add a file.
//! - `workloads.toml`, `acceptance.toml`, `prices.toml`: presets and assumptions.
//!
//! What the files lack, a person may describe: [`custom`] makes a chip of its figures and a model of its architecture,
//! [`import`] a model of a Hugging Face `config.json`.
//!
//! A chip may lack what an estimate needs; then [`Chip::gap`] says what. A memory without a published bandwidth and a
//! scale-up link without a published speed or reach are kept in the file but absent from the entry.
//!
//! # Left out
//!
//! - DeepSeek-V4.1-Flash (2026-10): its release is unconfirmed, no total was published, and it shares KV between layers
//!   and adds n-gram tables, which nobody could count.
//! - LongCat-Flash 560B-A27B (2025-08): the figures at hand are recalled, and those of the reference code give 741B.
//!
//! # Readings
//!
//! - Chunked attention (Llama 4) is a window of half the chunk. In a chunk of 8192 a position sees from 1 to 8192
//!   tokens, 4096 on average over a long text, so reads and arithmetic come out right; the cache of such a layer may
//!   hold up to twice that, which the full layers dwarf at any context where it matters.
//! - Block-sparse attention (MiniMax-M3) is an indexer that selects 16 blocks of 128 tokens: 2048 positions.
//! - A feed-forward that runs beside the experts for every token is shared width, whatever its maker calls it.
//! - Parameters leave out MTP layers, vision towers and hyper-connections.

pub mod acceptance;
pub mod bounds;
pub mod chip;
pub mod custom;
pub mod engine;
pub mod family;
pub mod import;
mod lookup;
pub mod model;
pub mod number;
pub mod prices;
mod table;
pub mod workload;

pub use chip::{Chip, ChipClass, Rate, Status};
pub use custom::{Architecture, ChipFigures};
pub use engine::Engine;
pub use family::{Family, FamilyError, parse_family_id, scaled};
pub use model::{Attention, Ffn, Model, Parameters};
pub use number::{ComputeType, NumberFormat};
pub use prices::{ApiPrice, Ownership, api_price_sources, api_prices, ownership};
pub use workload::{Workload, workload, workloads};

/// What `build.rs` made of the files.
mod generated {
    use super::acceptance::AcceptanceCurve;
    use super::prices::{ApiPrice, Assumption, Ownership, YEAR};
    use super::workload::{Arrivals, Lengths, Session, Slo, Workload};
    use crate::units::{Dollars, Seconds, Tokens};

    include!(concat!(env!("OUT_DIR"), "/catalog.rs"));
}

/// All chips, by vendor, then year.
#[must_use]
pub fn chips() -> &'static [Chip] {
    &table::chips().entries
}

/// All models, by vendor, then release.
#[must_use]
pub fn models() -> &'static [Model] {
    &table::models().entries
}

/// The chip with this identifier.
///
/// ```
/// let chip = tandem::catalog::chip("h100-sxm").unwrap();
/// assert_eq!(chip.vendor, "NVIDIA");
/// assert!(tandem::catalog::nearest_chip_ids("h100-sxn").contains(&"h100-sxm"));
/// ```
#[must_use]
pub fn chip(id: &str) -> Option<&'static Chip> {
    table::chips().find(id)
}

/// The model with this identifier. Scaled families have theirs too: see [`parse_family_id`].
#[must_use]
pub fn model(id: &str) -> Option<&'static Model> {
    table::models().find(id)
}

/// The chips of each vendor, for menus.
pub fn chips_by_vendor() -> impl Iterator<Item = (&'static str, &'static [Chip])> {
    table::chips().by_vendor()
}

/// The models of each vendor, for menus.
pub fn models_by_vendor() -> impl Iterator<Item = (&'static str, &'static [Model])> {
    table::models().by_vendor()
}

/// Identifiers of chips that may have been meant by an unknown one, nearest first, at most three.
#[must_use]
pub fn nearest_chip_ids(id: &str) -> Vec<&'static str> {
    lookup::nearest(&table::chips().ids, id)
}

/// Identifiers of models that may have been meant by an unknown one, nearest first, at most three.
#[must_use]
pub fn nearest_model_ids(id: &str) -> Vec<&'static str> {
    lookup::nearest(&table::models().ids, id)
}

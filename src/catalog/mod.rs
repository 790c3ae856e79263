//! What exists: chips, models, engines, workloads and prices, from the dated and cited files of `data/` (`data/README.md`).
//!
//! `build.rs` reads and checks the files, so a wrong entry stops the build with a message, and nothing can fail at run
//! time. A figure that no source gives is absent, never guessed. What is built for browsers lacks sources and notes.
//!
//! | file | thought |
//! |---|---|
//! | [`chip`], [`model`], [`engine`], [`number`] | what a chip, a model, an engine, a number format is |
//! | [`workload`], [`acceptance`], [`prices`] | presets and assumptions, list prices of APIs; a chip's own price is in its file, and [`crate::cost`] chooses by basis |
//! | [`architecture`] | the one notation of a model's architecture, in links and in what `build.rs` writes |
//! | [`schema`], [`bounds`], [`columns`] | keys of the files, ranges of numbers, columns of tables; part of `build.rs` too |
//! | `table`, [`lookup`] | the entries as built in, how they are found, and what comes near to a name that is not there |
//! | [`named`], [`spelling`] | entries by the names that people use |
//! | [`provenance`] | where single blocks of an entry come from |
//! | [`family`] | models of any size by a rule |
//! | [`custom`], [`import`] | what the files lack: a chip by its figures, a model by its architecture or a `config.json` |
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
pub mod architecture;
pub mod bounds;
pub mod chip;
pub mod columns;
pub mod custom;
pub mod engine;
pub mod family;
pub mod import;
pub mod lookup;
pub mod model;
pub mod named;
pub mod number;
pub mod prices;
pub mod profile;
pub mod provenance;
pub mod quote;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
pub mod spelling;
mod table;
pub mod workload;

pub use architecture::Architecture;
pub use chip::{Chip, ChipClass, Rate, Status};
pub use custom::ChipFigures;
pub use engine::Engine;
pub use family::{Family, FamilyError, parse_family_id, scaled};
pub use model::{Attention, Ffn, Model, Parameters};
pub use named::{ModelName, chip_named, model_named, nearest_chip_ids, nearest_model_ids};
pub use number::{ComputeType, NumberFormat};
pub use prices::{ApiPrice, Assumptions, api_price_sources, api_prices, assumptions, read_on, stale_days};
pub use profile::Profile;
pub use quote::{PriceBasis, PriceClass, PriceTerm, Quote};
pub use table::{
    chip, chip_aliases, chips, chips_by_vendor, file_provenance, model, model_aliases, models,
    models_by_vendor,
};
pub use workload::{Workload, workload, workloads};

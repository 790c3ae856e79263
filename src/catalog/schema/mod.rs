//! The files of `data/` as they are written: their tables and keys, what must hold of each, and the cells that `build.rs`
//! makes of chips and models.
//!
//! `build.rs` includes this module, so that what it checks is what tests check. Ranges are those of
//! [`super::bounds`], for files as for links. Browsers never see it.
//!
//! A figure that no source gives is an absent key. Any block (a table such as `[memory]`, or a row such as `[[api]]`) may say
//! where it comes from: `source`, `url`, `as_of`, `confidence`.

mod checks;
mod chip;
mod model;
mod prices;
mod workload;

pub use checks::{Checks, Cited, Origin, days, shared_names};
pub use chip::{
    ChipFile, HourlyFile, MemoryFile, PeaksFile, PowerFile, PriceFile, ScaleOutFile, ScaleUpFile, SramFile,
};
pub use model::{
    AttentionFile, Compressed, Dense, FfnFile, Grouped, IndexerFile, Latent, Linear, Mamba, ModelFile, Moe,
    ReleaseFile,
};
pub use prices::{ApiEntry, AssumptionEntry, PricesFile};
pub use workload::{
    AcceptanceEntry, AcceptanceFile, LengthsEntry, SessionEntry, SloEntry, WorkloadEntry, WorkloadsFile,
};

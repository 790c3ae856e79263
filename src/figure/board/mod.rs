//! The mix board: the chips of every pool in trays, what moves between two of them, and what each way to share them out
//! comes to.
//!
//! `exchange` says which ways there are at equal chips, equal dollars or equal power, `valley` what a metric comes to over
//! all of them and which is best, `trays` where each chip is drawn, and `told` has the words.

mod exchange;
pub mod told;
mod trays;
mod valley;

pub use exchange::{Exchange, Kept, put};
pub use trays::{Room, Tray, trays, unit};
pub use valley::{Mark, Point, Standing, Valley};

//! How far a figure may lie off to either side, as factors of it.

use serde::Serialize;

/// Factors of the ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Of the low end, at most 1.
    pub low: f64,
    /// Of the high end, at least 1.
    pub high: f64,
}

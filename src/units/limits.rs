//! Ranges of numeric fields, and values that fall outside them.
//!
//! They stand beside the quantities because every room that takes numbers from outside says so in the same words:
//! field, value, range.

use std::fmt;

/// An inclusive range of a numeric field, in the unit of the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Key of the field in links.
    pub field: &'static str,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Unit of both.
    pub unit: &'static str,
}

impl Limits {
    /// The value if it lies in the range.
    ///
    /// # Errors
    /// [`Invalid`] names field, value and range otherwise, also for NaN and infinity.
    pub fn admit(&self, value: f64) -> Result<f64, Invalid> {
        if value >= self.low && value <= self.high {
            Ok(value)
        } else {
            Err(Invalid { limits: *self, value })
        }
    }

    /// The nearest value in the range; the low end for NaN.
    #[must_use]
    pub fn clamp(&self, value: f64) -> f64 {
        if value >= self.low { value.min(self.high) } else { self.low }
    }
}

/// A value that cannot be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Invalid {
    /// Field and range.
    pub limits: Limits,
    /// The offending value.
    pub value: f64,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limits { field, low, high, unit } = self.limits;
        let value = self.value;
        // Written out, a number may have three hundred digits.
        if value == 0.0 || (1e-9..1e18).contains(&value.abs()) || !value.is_finite() {
            write!(f, "{field}: {value} is outside {low} to {high}")?;
        } else {
            write!(f, "{field}: {value:?} is outside {low} to {high}")?;
        }
        if unit.is_empty() { Ok(()) } else { write!(f, " {unit}") }
    }
}

impl std::error::Error for Invalid {}

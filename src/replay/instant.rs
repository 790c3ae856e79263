//! A number that is never negative, with the order that a heap needs.

/// A time (or another number that is never negative) that orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// From seconds; what is negative or no number counts as 0.
    #[must_use]
    pub fn new(time: f64) -> Self {
        // The bits of numbers that are not negative order like the numbers.
        Self(if time > 0.0 { time.to_bits() } else { 0 })
    }

    /// In seconds.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

//! How far a figure may lie off to either side, as factors of it, and sums over pools that carry it.

use serde::Serialize;

use super::unpriced::Unpriced;

/// Factors of the ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Of the low end, at most 1.
    pub low: f64,
    /// Of the high end, at least 1.
    pub high: f64,
}

impl Spread {
    /// Nothing is uncertain.
    pub(super) const NONE: Self = Self { low: 1.0, high: 1.0 };

    /// With another that errs on its own: logarithms of the ends add as squares.
    pub(super) fn times(self, other: Self) -> Self {
        let both = |own: f64, other: f64| {
            let (own, other) = (libm::log(own), libm::log(other));
            (own * own + other * other).sqrt()
        };
        Self { low: libm::exp(-both(self.low, other.low)), high: libm::exp(both(self.high, other.high)) }
    }
}

/// A sum with the ends of its interval, which add as well: pools of one kind err alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    value: f64,
    low: f64,
    high: f64,
    /// The first figure that is missing from it.
    missing: Option<Unpriced>,
}

impl Sum {
    /// One figure more, from its value to its ends.
    pub fn add(&mut self, [value, low, high]: [f64; 3]) {
        self.value += value;
        self.low += low;
        self.high += high;
    }

    /// A figure that nobody published.
    pub fn lack(&mut self, missing: Unpriced) {
        self.missing.get_or_insert(missing);
    }

    /// The rest of a sum that is as whole as the part.
    pub fn without(&self, part: &Self) -> Self {
        Self {
            value: self.value - part.value,
            low: self.low - part.low,
            high: self.high - part.high,
            missing: self.missing.clone(),
        }
    }

    /// The sum, if nothing is missing.
    pub fn whole(&self) -> Result<f64, Unpriced> {
        self.missing.clone().map_or(Ok(self.value), Err)
    }

    /// The ends as factors; what comes to nothing has none.
    pub fn spread(&self) -> Spread {
        if self.missing.is_none() && self.value > 0.0 {
            Spread { low: self.low / self.value, high: self.high / self.value }
        } else {
            Spread::NONE
        }
    }
}

//! The stops of a slider: round values, evenly spaced under the thumb, so that each arrow key goes to the next one.
//!
//! A value typed beside the slider need not be a stop; the thumb then stands at the nearest.

use crate::units::power_of_two;

/// Round values, smallest first; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Stops(Vec<f64>);

/// Mantissas of decimal stops.
const DECADE: [f64; 21] =
    [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0];

impl Stops {
    /// Evenly spaced, both ends included.
    #[must_use]
    pub fn linear(low: f64, high: f64, steps: u32) -> Self {
        let steps = steps.max(1);
        let at = |step: u32| low + (high - low) * f64::from(step) / f64::from(steps);
        Self::of((0..=steps).map(at), low)
    }

    /// Two digits, over decades.
    #[must_use]
    pub fn decimal(low: f64, high: f64) -> Self {
        let first = decade_of(low);
        let values = (first..=decade_of(high)).flat_map(|exponent| {
            // Division by a power of ten is exact where a product with its inverse is not: 0.3, not 0.30000000000000004.
            DECADE.into_iter().map(move |mantissa| {
                let ten = libm::pow(10.0, f64::from(exponent.abs()));
                if exponent < 0 { mantissa / ten } else { mantissa * ten }
            })
        });
        Self::of(values.filter(|&value| value >= low && value <= high), low)
    }

    /// Whole numbers; from sixteen on, eight to an octave: 16, 18, 20 … 32, 36 … 64, 72.
    #[must_use]
    pub fn whole(low: f64, high: f64) -> Self {
        Self::octaves(low, high, 8.0, 16.0)
    }

    /// Token counts: powers of two and round values between, four to an octave and eight beyond 8k.
    #[must_use]
    pub fn tokens(low: f64, high: f64) -> Self {
        let coarse = Self::octaves(low, high.min(8192.0), 4.0, 4.0).0;
        let fine = Self::octaves(8192.0, high, 8.0, 16.0).0;
        Self::of(coarse.into_iter().chain(fine.into_iter().filter(|&value| value > 8192.0)), low)
    }

    /// Whole numbers up to `dense`, then `steps` to an octave.
    fn octaves(low: f64, high: f64, steps: f64, dense: f64) -> Self {
        let mut values = Vec::new();
        let mut value = low.max(1.0);
        while value <= high {
            values.push(value);
            let octave = power_of_two(libm::log2(value));
            let step = if value < dense { 1.0 } else { (octave / steps).max(1.0) };
            value = (libm::floor(value / step) + 1.0) * step;
        }
        if values.last().is_none_or(|&last| last < high) {
            values.push(high);
        }
        Self::of(values.into_iter(), low)
    }

    /// With one stop more, in its place.
    #[must_use]
    pub fn and(mut self, value: f64) -> Self {
        let at = self.0.partition_point(|&stop| stop < value);
        if value.is_finite() && self.0.get(at) != Some(&value) {
            self.0.insert(at, value);
        }
        self
    }

    fn of(values: impl Iterator<Item = f64>, otherwise: f64) -> Self {
        let mut values: Vec<f64> = values.collect();
        if values.is_empty() {
            values.push(otherwise);
        }
        Self(values)
    }

    /// Index of the last stop.
    #[must_use]
    pub fn last(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// The stop nearest to a value.
    #[must_use]
    pub fn index(&self, value: f64) -> usize {
        let above = self.0.partition_point(|&stop| stop < value);
        let distance = |index: usize| self.0.get(index).map_or(f64::INFINITY, |&stop| (stop - value).abs());
        if above > 0 && distance(above - 1) < distance(above) { above - 1 } else { above.min(self.last()) }
    }

    /// The value of a stop.
    #[must_use]
    pub fn value(&self, index: usize) -> f64 {
        self.0.get(index.min(self.last())).copied().unwrap_or(f64::NAN)
    }
}

/// Exponent of ten of a positive number.
fn decade_of(value: f64) -> i32 {
    libm::floor(libm::log10(value.max(1e-300)) + 1e-9) as i32
}

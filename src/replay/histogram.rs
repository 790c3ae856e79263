//! A histogram of times with buckets of equal width on a logarithmic scale, as fine as one part in 32: quantiles while a
//! replay runs, at the price of one addition per value.

/// Buckets per doubling, as a power of two.
const FINE: u32 = 5;
/// Exponent of the shortest time that is told from shorter ones: 2^-20 s, a microsecond.
const LOWEST: i32 = -20;
/// Doublings covered, up to 2^24 s.
const DOUBLINGS: usize = 44;
const BUCKETS: usize = DOUBLINGS << FINE;

/// Weighted values, in seconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Vec<f64>,
    count: f64,
    sum: f64,
    largest: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0.0; BUCKETS], count: 0.0, sum: 0.0, largest: 0.0 }
    }
}

fn bucket(value: f64) -> usize {
    let lowest = f64::from_bits(((1023 + i64::from(LOWEST)) as u64) << 52);
    if value <= lowest {
        return 0;
    }
    let shift = 52 - FINE;
    ((value.to_bits() >> shift) - (lowest.to_bits() >> shift)).min(BUCKETS as u64 - 1) as usize
}

/// Lower end of a bucket.
fn start(bucket: usize) -> f64 {
    let shift = 52 - FINE;
    let base = (((1023 + i64::from(LOWEST)) as u64) << 52) >> shift;
    f64::from_bits((base + bucket as u64) << shift)
}

impl Histogram {
    /// Adds a value so many times.
    pub fn add(&mut self, value: f64, weight: f64) {
        if let Some(slot) = self.buckets.get_mut(bucket(value)) {
            *slot += weight;
        }
        self.count += weight;
        self.sum += value * weight;
        self.largest = self.largest.max(value);
    }

    /// How many values.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Their mean; nothing where there is none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    /// The value that this share of all stays below, to one part in 64.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if self.count <= 0.0 {
            return None;
        }
        let wanted = self.count * share;
        let mut below = 0.0;
        for (index, &weight) in self.buckets.iter().enumerate() {
            if weight > 0.0 && below + weight >= wanted {
                let (low, high) = (start(index), start(index + 1));
                return Some((low + (high - low) * (wanted - below) / weight).min(self.largest));
            }
            below += weight;
        }
        Some(self.largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_as_fine_as_promised() {
        let mut histogram = Histogram::default();
        for value in 1..=10_000 {
            histogram.add(f64::from(value) * 1e-3, 1.0);
        }
        for share in [0.01, 0.5, 0.9, 0.99] {
            let exact = share * 10.0;
            let own = histogram.quantile(share).unwrap();
            assert!((own / exact - 1.0).abs() < 1.0 / 64.0, "{share}: {own} for {exact}");
        }
        assert!((histogram.mean().unwrap() - 5.0005).abs() < 1e-9);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn out_of_range_is_kept_at_the_ends() {
        let mut histogram = Histogram::default();
        histogram.add(0.0, 1.0);
        histogram.add(1e12, 1.0);
        assert!((histogram.count() - 2.0).abs() < f64::EPSILON);
        assert!(histogram.quantile(0.99).unwrap() <= 1e12);
    }
}

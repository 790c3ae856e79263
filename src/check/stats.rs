//! Predictions with their intervals, and their errors summed up.

use serde::Serialize;

/// An estimate with its 80 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// Errors of one quantity over many points, in percent; absent without points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Median absolute error.
    pub median_ape: Option<f64>,
    /// Mean absolute error.
    pub mean_ape: Option<f64>,
    /// 90th percentile of absolute errors.
    pub p90_ape: Option<f64>,
    /// Median of signed errors; positive when predictions are too high.
    pub bias: Option<f64>,
    /// Share of points within 20 %.
    pub within_20: Option<f64>,
    /// Share of points within 25 %.
    pub within_25: Option<f64>,
    /// Share of measured values inside their 80 % interval.
    pub coverage_80: Option<f64>,
}

impl Stats {
    /// Sums up measured and predicted values; pairs without a measured value do not count.
    pub fn of(pairs: impl Iterator<Item = (Option<f64>, Interval)>) -> Self {
        let mut signed = Vec::new();
        let mut covered = 0.0;
        for (measured, predicted) in pairs {
            let Some(measured) = measured else { continue };
            signed.push((predicted.value - measured) / measured * 100.0);
            if (predicted.low..=predicted.high).contains(&measured) {
                covered += 1.0;
            }
        }
        if signed.is_empty() {
            return Self::default();
        }
        let count = signed.len() as f64;
        signed.sort_by(f64::total_cmp);
        let mut sizes: Vec<f64> = signed.iter().map(|error| error.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let within = |limit: f64| sizes.partition_point(|size| *size <= limit) as f64 / count;
        Self {
            median_ape: percentile(&sizes, 0.5),
            mean_ape: Some(sizes.iter().sum::<f64>() / count),
            p90_ape: percentile(&sizes, 0.9),
            bias: percentile(&signed, 0.5),
            within_20: Some(within(20.0)),
            within_25: Some(within(25.0)),
            coverage_80: Some(covered / count),
        }
    }
}

/// The percentile of sorted values, linear between the nearest ranks.
pub(super) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = share * sorted.len().checked_sub(1)? as f64;
    let below = libm::floor(rank);
    let low = *sorted.get(below as usize)?;
    let high = sorted.get(below as usize + 1).copied().unwrap_or(low);
    Some(low + (high - low) * (rank - below))
}

/// Pairs of (measured, predicted) whose measured values differ by more than a factor, and how many of them the
/// predictions order alike. Equal predictions name neither and agree with nothing.
pub(super) fn ordered_pairs(group: &[(f64, f64)], factor: f64) -> (u64, u64) {
    let mut by_measured = group.to_vec();
    by_measured.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut predictions: Vec<f64> = group.iter().map(|pair| pair.1).collect();
    predictions.sort_by(f64::total_cmp);
    // A Fenwick tree over ranks of predictions counts, among the slower measured, those predicted slower as well.
    let mut tree = vec![0_u64; predictions.len() + 1];
    let (mut pairs, mut agree) = (0, 0);
    let mut slower = 0;
    for &(measured, predicted) in &by_measured {
        while let Some(&(other, other_predicted)) = by_measured.get(slower)
            && other * factor < measured
        {
            let mut at = predictions.partition_point(|value| *value < other_predicted) + 1;
            while let Some(count) = tree.get_mut(at) {
                *count += 1;
                at += at & at.wrapping_neg();
            }
            slower += 1;
        }
        pairs += slower as u64;
        let mut at = predictions.partition_point(|value| *value < predicted);
        while at > 0 {
            agree += tree.get(at).copied().unwrap_or_default();
            at &= at - 1;
        }
    }
    (pairs, agree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate() {
        let values = [1.0, 2.0, 3.0, 10.0];
        assert_eq!(percentile(&values, 0.5), Some(2.5));
        assert!((percentile(&values, 0.9).unwrap() - 7.9).abs() < 1e-12);
        assert_eq!(percentile(&[5.0], 0.9), Some(5.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn errors_are_summed_up() {
        let pair = |measured: f64, value: f64| {
            (Some(measured), Interval { value, low: value * 0.9, high: value * 1.1 })
        };
        let stats = Stats::of([pair(100.0, 110.0), pair(100.0, 78.0), pair(100.0, 130.0)].into_iter());
        assert_eq!(stats.median_ape, Some(22.0));
        assert_eq!(stats.bias, Some(10.0));
        assert_eq!(stats.within_20, Some(1.0 / 3.0));
        assert_eq!(stats.within_25, Some(2.0 / 3.0));
        assert_eq!(stats.coverage_80, Some(1.0 / 3.0));
        assert_eq!(Stats::of(std::iter::empty()), Stats::default());
    }

    /// By counting all pairs.
    fn slow(group: &[(f64, f64)]) -> (u64, u64) {
        let (mut pairs, mut agree) = (0, 0);
        for left in group {
            for right in group {
                if left.0 * 1.15 < right.0 {
                    pairs += 1;
                    agree += u64::from(left.1 < right.1);
                }
            }
        }
        (pairs, agree)
    }

    #[test]
    fn pairs_are_counted_like_by_hand() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 60) as f64 + 1.0
        };
        for count in 0..60 {
            let group: Vec<(f64, f64)> = (0..count).map(|_| (random(), random())).collect();
            assert_eq!(ordered_pairs(&group, 1.15), slow(&group));
        }
    }
}

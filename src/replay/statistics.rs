//! Means and quantiles with their 95 % confidence intervals.
//!
//! Neighbouring requests wait in the same queue, so their times are alike and a plain standard error would be too small.
//! The mean's interval comes from the means of 20 batches in order of arrival, which hardly depend on each other
//! (Student's t with 19 degrees of freedom); a quantile's from the order statistics between which it lies by the
//! binomial law. Source: Law, Simulation Modeling and Analysis, chapter 9.

use serde::Serialize;

use crate::units::Seconds;

/// An estimate with its 95 % interval; none where there are too few values to tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Best guess.
    pub value: Seconds,
    /// From where to where it may be.
    pub interval: Option<(Seconds, Seconds)>,
}

/// How times are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Values.
    pub count: u64,
    /// Mean.
    pub mean: Estimate,
    /// Half of all are shorter.
    pub p50: Estimate,
    /// 90 % are shorter.
    pub p90: Estimate,
    /// 95 % are shorter.
    pub p95: Estimate,
    /// 99 % are shorter.
    pub p99: Estimate,
    /// Longest.
    pub longest: Seconds,
}

/// Batches of the mean's interval.
const BATCHES: usize = 20;
/// Student's t, 19 degrees of freedom, 97.5 %.
const T19: f64 = 2.093;
/// The normal law's 97.5 % point.
const Z: f64 = 1.96;

/// The distribution of values in order of arrival; none where there are none.
#[must_use]
pub fn distribution(values: &[f64]) -> Option<Distribution> {
    if values.is_empty() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let quantile = |share: f64| quantile(&sorted, share);
    Some(Distribution {
        count: values.len() as u64,
        mean: mean(values),
        p50: quantile(0.50),
        p90: quantile(0.90),
        p95: quantile(0.95),
        p99: quantile(0.99),
        longest: Seconds::new(sorted.last().copied().unwrap_or(0.0)),
    })
}

fn mean(values: &[f64]) -> Estimate {
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let value = average(values);
    let size = values.len() / BATCHES;
    let interval = (size >= 2).then(|| {
        let means: Vec<f64> = values.chunks_exact(size).take(BATCHES).map(average).collect();
        let centre = average(&means);
        let variance =
            means.iter().map(|own| (own - centre) * (own - centre)).sum::<f64>() / (BATCHES - 1) as f64;
        let half = T19 * (variance / BATCHES as f64).sqrt();
        (Seconds::new((value - half).max(0.0)), Seconds::new(value + half))
    });
    Estimate { value: Seconds::new(value), interval }
}

fn quantile(sorted: &[f64], share: f64) -> Estimate {
    let count = sorted.len() as f64;
    // The value of a rank between two neighbours lies between theirs.
    let at = |rank: f64| {
        let rank = rank.clamp(0.0, count - 1.0);
        let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
        let value = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
        Seconds::new(value(low) + (value(high) - value(low)) * (rank - rank.floor()))
    };
    let half = Z * (count * share * (1.0 - share)).sqrt();
    let (low, high) = (count * share - half, count * share + half);
    let interval = (low >= 0.0 && high <= count).then(|| (at(low.floor()), at(high.ceil())));
    Estimate { value: at(share * (count - 1.0)), interval }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp() {
        let values: Vec<f64> = (0..=1000).map(f64::from).collect();
        let own = distribution(&values).unwrap();
        assert!((own.p50.value.get() - 500.0).abs() < 1e-9);
        assert!((own.p99.value.get() - 990.0).abs() < 1e-9);
        // 1001 values: 500.5 ± 1.96·√(1001/4) = 469.5 … 531.5.
        let (low, high) = own.p50.interval.unwrap();
        assert!((low.get() - 469.0).abs() < 1.5 && (high.get() - 532.0).abs() < 1.5, "{low:?} {high:?}");
        assert!((own.longest.get() - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn few_values_have_no_interval() {
        let own = distribution(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(own.mean.interval, None);
        assert_eq!(own.p99.interval, None);
        assert_eq!(distribution(&[]), None);
    }

    #[test]
    fn batches_that_differ_widen_the_interval() {
        let steady: Vec<f64> = (0..2000).map(|index| f64::from(index % 2)).collect();
        let drifting: Vec<f64> = (0..2000).map(|index| f64::from(u8::from(index >= 1000))).collect();
        let width = |values: &[f64]| {
            let (low, high) = distribution(values).unwrap().mean.interval.unwrap();
            (high - low).get()
        };
        assert!(width(&steady) < 1e-9);
        assert!(width(&drifting) > 0.3);
    }
}

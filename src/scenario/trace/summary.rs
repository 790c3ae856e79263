//! A trace at a glance: how many requests, over how long, how long they are and how evenly they come.

use super::Trace;
use crate::units::{RequestsPerSecond, Seconds, Tokens};

/// What a person looks at before replaying a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of requests.
    pub requests: u32,
    /// From the first to the last request.
    pub duration: Seconds,
    /// Mean rate; absent where all come at once.
    pub rate: Option<RequestsPerSecond>,
    /// Coefficient of variation of the gaps between requests; 1 = Poisson. Absent where there is no gap.
    pub gap_cv: Option<f64>,
    /// Prompts.
    pub input: Quantiles,
    /// Answers.
    pub output: Quantiles,
    /// Sessions, where the trace has any.
    pub sessions: u32,
    /// Tokens of a prefix block, where the trace has any.
    pub block: Option<u32>,
}

/// A distribution of lengths; zeros where there is no request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// Mean.
    pub mean: Tokens,
    /// Median.
    pub p50: Tokens,
    /// 90th percentile.
    pub p90: Tokens,
    /// 95th percentile.
    pub p95: Tokens,
    /// 99th percentile.
    pub p99: Tokens,
    /// Longest.
    pub max: Tokens,
}

impl Quantiles {
    fn of(lengths: &[u32]) -> Self {
        let mut sorted = lengths.to_vec();
        sorted.sort_unstable();
        let Some(&max) = sorted.last() else { return Self::default() };
        let count = sorted.len() as f64;
        // Between two neighbours, as most tools do it.
        let at = |share: f64| {
            let place = share * (count - 1.0);
            let below = libm::floor(place);
            let value = |place: f64| f64::from(sorted.get(place as usize).copied().unwrap_or(max));
            Tokens::new(value(below) + (place - below) * (value(below + 1.0) - value(below)))
        };
        Self {
            mean: Tokens::new(sorted.iter().map(|&length| f64::from(length)).sum::<f64>() / count),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            max: Tokens::new(f64::from(max)),
        }
    }
}

impl Trace {
    /// The trace at a glance.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let duration = self.arrivals.last().copied().unwrap_or(0.0);
        let gaps = f64::from(self.len().saturating_sub(1));
        let mean = duration / gaps;
        let squares: f64 = self
            .arrivals
            .iter()
            .zip(self.arrivals.iter().skip(1))
            .map(|(a, b)| (b - a - mean) * (b - a - mean))
            .sum();
        // Over less than a nanosecond there is no rate to speak of.
        let spread = duration > 1e-9;
        Summary {
            requests: self.len(),
            duration: Seconds::new(duration),
            rate: spread.then(|| RequestsPerSecond::new(gaps / duration)),
            gap_cv: spread.then(|| libm::sqrt(squares / gaps) / mean),
            input: Quantiles::of(&self.inputs),
            output: Quantiles::of(&self.outputs),
            sessions: self.count,
            block: self.block,
        }
    }
}

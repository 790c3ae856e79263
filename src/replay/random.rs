//! Random draws that come out the same on every machine: xoshiro256++ for bits, libm for the rest.
//!
//! Every session and every purpose has a stream of its own, seeded from the scenario's seed and a number. What one
//! session draws so never depends on how fast another one is served.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::scenario::traffic::{Pause, mean_over_median, sigma};
use crate::units::Seconds;

/// A stream of random draws.
#[derive(Clone, Debug)]
pub(super) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream with this number under a seed.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        // Weyl steps keep neighbouring numbers apart; the generator's own seeding mixes the bits.
        Self(Xoshiro256PlusPlus::seed_from_u64(
            seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17),
        ))
    }

    /// Evenly distributed in (0, 1), never 0 or 1.
    pub(super) fn uniform(&mut self) -> f64 {
        // 52 bits and half a step, all of which a double holds exactly.
        let bits = self.0.next_u64() >> 12;
        (bits as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform())
    }

    /// Standard normal (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Log-normal with mean 1 and this ratio of the 95th percentile over the median.
    pub(super) fn log_normal(&mut self, tail: f64) -> f64 {
        if tail <= 1.0 {
            return 1.0;
        }
        libm::exp(sigma(tail) * self.normal()) / mean_over_median(tail)
    }

    /// Gamma with mean 1 and this coefficient of variation (Marsaglia and Tsang, 2000).
    pub(super) fn gap(&mut self, cv: f64) -> f64 {
        if cv <= 0.0 {
            return 1.0;
        }
        if cv == 1.0 {
            return self.exponential();
        }
        let shape = 1.0 / (cv * cv);
        // Below shape 1 draw at one more, and come back by a power of a uniform variable.
        let (raised, back) =
            if shape < 1.0 { (shape + 1.0, libm::pow(self.uniform(), 1.0 / shape)) } else { (shape, 1.0) };
        let d = raised - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if libm::log(self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * back / shape;
            }
        }
    }

    /// A pause.
    pub(super) fn pause(&mut self, pause: Option<Pause>) -> Seconds {
        match pause {
            None => Seconds::ZERO,
            Some(Pause::Exponential { mean }) => mean * self.exponential(),
            Some(pause @ Pause::Quantiles { p50, p95 }) => pause.mean() * self.log_normal(p95 / p50),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 200_000;

    fn draws(mut draw: impl FnMut(&mut Stream) -> f64) -> Vec<f64> {
        let mut stream = Stream::new(7, 3);
        let mut values: Vec<f64> = (0..DRAWS).map(|_| draw(&mut stream)).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn cv(values: &[f64]) -> f64 {
        let mean = mean(values);
        (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64).sqrt() / mean
    }

    #[test]
    fn the_stream_is_what_it_was() {
        // The first draws of two streams, to the last bit: a link must give the same replay for ever, on every machine.
        let first = |number| {
            let mut stream = Stream::new(1, number);
            [stream.uniform(), stream.normal(), stream.gap(2.0)].map(f64::to_bits)
        };
        assert_eq!([first(0), first(1)], FIRST);
    }

    const FIRST: [[u64; 3]; 2] = [
        [4_605_485_571_977_896_057, 4_603_735_790_719_543_685, 4_613_143_129_413_084_341],
        [4_606_987_015_014_973_755, 4_607_811_172_694_964_674, 4_583_527_902_896_804_251],
    ];

    #[test]
    fn gamma_gaps_have_their_mean_and_cv() {
        for asked in [0.2, 0.7, 1.0, 1.5, 3.0] {
            let values = draws(|stream| stream.gap(asked));
            assert!((mean(&values) - 1.0).abs() < 0.02 * asked.max(1.0), "{asked}: {}", mean(&values));
            assert!((cv(&values) / asked - 1.0).abs() < 0.04, "{asked}: {}", cv(&values));
        }
        assert!(draws(|stream| stream.gap(0.0)).iter().all(|&gap| gap == 1.0));
    }

    #[test]
    fn log_normal_lengths_have_their_quantiles_and_mean() {
        for tail in [1.5, 4.0, 11.0] {
            let values = draws(|stream| stream.log_normal(tail));
            let (p50, p95) = (values[DRAWS / 2], values[DRAWS * 95 / 100]);
            assert!((p95 / p50 / tail - 1.0).abs() < 0.03, "{tail}: {}", p95 / p50);
            assert!((p50 * mean_over_median(tail) - 1.0).abs() < 0.02, "{tail}: {p50}");
            assert!((mean(&values) - 1.0).abs() < 0.03, "{tail}: {}", mean(&values));
        }
        assert!(draws(|stream| stream.log_normal(1.0)).iter().all(|&x| x == 1.0));
    }

    #[test]
    fn uniform_draws_fill_the_open_interval() {
        let values = draws(Stream::uniform);
        assert!(values[0] > 0.0 && values[DRAWS - 1] < 1.0);
        for tenth in 1..10 {
            let share = values.partition_point(|&x| x < f64::from(tenth) / 10.0) as f64 / DRAWS as f64;
            assert!((share - f64::from(tenth) / 10.0).abs() < 0.005, "{tenth}: {share}");
        }
    }

    #[test]
    fn pauses_have_their_means() {
        let exponential = Pause::Exponential { mean: Seconds::new(5.0) };
        let tool = Pause::Quantiles { p50: Seconds::new(2.0), p95: Seconds::new(30.0) };
        for pause in [exponential, tool] {
            let values = draws(|stream| stream.pause(Some(pause)).get());
            assert!((mean(&values) / pause.mean().get() - 1.0).abs() < 0.04, "{pause:?}: {}", mean(&values));
        }
        let values = draws(|stream| stream.pause(Some(tool)).get());
        assert!((values[DRAWS / 2] / 2.0 - 1.0).abs() < 0.03);
        assert!((values[DRAWS * 95 / 100] / 30.0 - 1.0).abs() < 0.04);
    }
}

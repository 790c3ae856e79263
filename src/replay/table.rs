//! Runs of decode steps in one go. For a given batch, the time of a step is nearly straight in the mean context, so a
//! table keeps it at a few contexts per batch size, computed when first asked for, and sums of steps have closed forms. Where
//! replicas share a pool it does so at a few numbers of sequences on the others.

use super::steps::Steps;
use crate::units::Tokens;

/// Contexts below this lie on one line.
const FIRST: f64 = 64.0;
/// Knots of a row: four per doubling, from [`FIRST`] to 2^27 tokens, and 0.
const KNOTS: usize = 86;

/// Times of decode steps by batch size and context.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Option<Box<[f64; KNOTS]>>>>,
}

/// Sequences of a step: those of the replica, and how many there are on the others that share a pool with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Its own.
    pub own: u32,
    /// A number for about so many others.
    others: u32,
}

/// Others are told apart one by one below it, and then sixteen times for each doubling.
const FINE: u32 = 32;

impl Crowd {
    /// So many of its own, and of others.
    #[must_use]
    pub fn new(own: u32, others: u32) -> Self {
        let coarse = others.max(FINE).ilog2() - FINE.ilog2();
        let part = (others >> (coarse + 1)) & 15;
        Self { own, others: if others < FINE { others } else { FINE + coarse * 16 + part } }
    }

    /// Others, in the middle of those that are not told apart.
    #[must_use]
    pub fn others(self) -> f64 {
        let Some(above) = self.others.checked_sub(FINE) else { return f64::from(self.others) };
        let width = libm::exp2(f64::from(above / 16 + 1));
        width * f64::from(above % 16 + 16) + (width - 1.0) / 2.0
    }
}

/// Context at a knot.
fn knot(index: usize) -> f64 {
    let Some(above) = index.checked_sub(1) else { return 0.0 };
    let quarter = (above % 4) as f64 / 4.0;
    // At most 2^27.
    (FIRST * (1_u64 << (above / 4)) as f64) * (1.0 + quarter)
}

/// The knot at or before a context: exponent and first two bits of the fraction count the quarters of doublings.
fn segment(context: f64) -> usize {
    if context < FIRST {
        return 0;
    }
    let quarters = (context.to_bits() >> 50) - (FIRST.to_bits() >> 50);
    (quarters as usize + 1).min(KNOTS - 2)
}

impl Table {
    /// Time of a step, how it grows per token of context, and the context up to which this holds.
    fn line(&mut self, steps: &impl Steps, crowd: Crowd, context: f64) -> (f64, f64, f64) {
        let (at, others) = (crowd.own as usize, crowd.others as usize);
        if self.rows.len() <= others {
            self.rows.resize(others + 1, Vec::new());
        }
        let mut rows = self.rows.get_mut(others);
        if let Some(rows) = rows.as_mut().filter(|rows| rows.len() <= at) {
            rows.resize(at + 1, None);
        }
        let before = segment(context);
        let (low, high) = (knot(before), knot(before + 1));
        let mut value = |index: usize, at_context: f64| -> f64 {
            let row = rows.as_mut().and_then(|rows| rows.get_mut(at));
            let row = row.map(|row| row.get_or_insert_with(|| Box::new([f64::NAN; KNOTS])));
            let compute =
                || steps.token(f64::from(crowd.own), crowd.others(), Tokens::new(at_context)).get().max(1e-9);
            match row.and_then(|row| row.get_mut(index)) {
                Some(slot) => {
                    if slot.is_nan() {
                        *slot = compute();
                    }
                    *slot
                }
                None => compute(),
            }
        };
        let (from, to) = (value(before, low), value(before + 1, high));
        let slope = (to - from) / (high - low);
        (from + slope * (context - low), slope, high)
    }

    /// Time of one step.
    pub fn step(&mut self, steps: &impl Steps, crowd: Crowd, context: f64) -> f64 {
        self.line(steps, crowd, context).0
    }

    /// So many steps at most, each with one more token of mean context than the one before, but no more than are
    /// needed to pass a time: their number and how long they take.
    pub fn run(
        &mut self,
        steps: &impl Steps,
        crowd: Crowd,
        context: f64,
        most: u64,
        until: f64,
    ) -> (u64, f64) {
        let (mut done, mut time, mut context) = (0_u64, 0.0, context);
        while done < most && time < until {
            let (step, slope, end) = self.line(steps, crowd, context);
            let here = (end - context).ceil().max(1.0) as u64;
            let here = if context >= end { most - done } else { here.min(most - done) };
            let sum = |count: u64| {
                let count = count as f64;
                count * step + slope * count * (count - 1.0) / 2.0
            };
            let whole = sum(here);
            if time + whole >= until {
                let count = covering(step, slope, until - time).clamp(1.0, here as f64) as u64;
                // Rounding may miss by one either way.
                let count = match count {
                    count if count < here && time + sum(count) < until => count + 1,
                    count if count > 1 && time + sum(count - 1) >= until => count - 1,
                    count => count,
                };
                return (done + count, time + sum(count));
            }
            done += here;
            time += whole;
            context += here as f64;
        }
        (done, time)
    }
}

/// The number of steps, of which each takes `slope` longer than the one before, that fill a time.
fn covering(step: f64, slope: f64, time: f64) -> f64 {
    let half = slope / 2.0;
    let linear = step - half;
    if half.abs() * time < 1e-12 * linear * linear {
        return (time / linear).ceil();
    }
    let root = (linear * linear + 4.0 * half * time).max(0.0).sqrt();
    (2.0 * time / (linear + root)).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Reading;
    use crate::units::{Bytes, Seconds};

    struct Straight;

    impl Steps for Straight {
        fn token(&self, sequences: f64, _: f64, context: Tokens) -> Seconds {
            Seconds::new(0.01 + 1e-4 * sequences + 1e-7 * sequences * context.get())
        }
        fn read(&self, _: f64, _: Tokens, _: Tokens) -> Reading {
            Reading::default()
        }
        fn fits(&self, _: Tokens) -> f64 {
            1.0
        }
        fn cache(&self, _: Tokens) -> Bytes {
            Bytes::ZERO
        }
    }

    #[test]
    fn a_run_is_the_sum_of_its_steps() {
        let mut table = Table::default();
        for (batch, context, most) in [(1, 0.0, 3_u64), (7, 63.5, 500), (32, 1000.25, 4000)] {
            let (count, time) = table.run(&Straight, Crowd::new(batch, 0), context, most, f64::INFINITY);
            let by_hand: f64 = (0..most)
                .map(|step| Straight.token(f64::from(batch), 0.0, Tokens::new(context + step as f64)).get())
                .sum();
            assert_eq!(count, most);
            assert!((time / by_hand - 1.0).abs() < 1e-9, "{time} {by_hand}");
        }
    }

    #[test]
    fn a_run_stops_with_the_step_that_passes_the_time() {
        let (mut table, five) = (Table::default(), Crowd::new(5, 0));
        for until in [1e-6, 0.0104, 0.5, 3.3, 17.0] {
            let (count, time) = table.run(&Straight, five, 900.0, 100_000, until);
            let (_, before) = table.run(&Straight, five, 900.0, count - 1, f64::INFINITY);
            assert!(time >= until && before < until, "{count} steps: {before} {until} {time}");
        }
        assert_eq!(table.run(&Straight, five, 900.0, 10, 0.0).0, 0);
    }

    #[test]
    fn others_are_told_apart_by_a_sixteenth() {
        let mut before = Crowd::new(1, 0);
        for others in 0..10_000 {
            let own = Crowd::new(1, others);
            let apart = (own.others() - f64::from(others)).abs();
            assert!(apart <= f64::from(others) / 32.0 && (others >= FINE || apart < 1e-12), "{others}");
            assert!(own.others >= before.others && own.others <= before.others + 1, "{others}");
            before = own;
        }
        assert!(Crowd::new(1, u32::MAX).others() > 4e9);
    }

    #[test]
    fn knots_are_where_segments_begin() {
        for index in 0..KNOTS - 1 {
            assert_eq!(segment(knot(index)), index.min(KNOTS - 2));
            assert!(knot(index + 1) > knot(index));
        }
    }
}

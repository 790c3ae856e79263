//! Gauss–Newton under Gaussian priors and a robust loss, for problems whose residuals each hang on few of many unknowns.
//!
//! Unknowns are logarithms around 0; each has a prior of a stated spread. A residual of size 1 is ordinary; beyond, it
//! counts less and less (Cauchy's loss by reweighting).

use nalgebra::{DMatrix, DVector};

/// Threads that share work.
const THREADS: usize = 2;
/// Longest move of an unknown in a round.
const REACH: f64 = 0.5;
/// A round that moves no unknown farther ends the search.
const STILL: f64 = 2e-3;

/// How far off something is, over what is ordinary, and how much it counts.
#[derive(Clone, Copy, Debug)]
pub struct Residual {
    /// How far off.
    pub value: f64,
    /// How much it counts.
    pub weight: f64,
}

/// What is to be fitted.
pub trait Problem: Sync {
    /// All residuals at a point.
    fn residuals(&self, at: &[f64]) -> Vec<Residual>;
    /// Of each residual the unknowns it hangs on, with its derivatives.
    fn jacobian(&self, at: &[f64]) -> Vec<Vec<(usize, f64)>>;
}

/// Applies a function to all, on two threads; results in order.
pub fn side_by_side<T: Sync, R: Send>(all: &[T], function: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // In turn, as neighbours are alike in how long they take.
    let share = |own: usize| -> Vec<R> { all.iter().skip(own).step_by(THREADS).map(&function).collect() };
    let shares: Vec<Vec<R>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|own| scope.spawn(move || share(own))).collect::<Vec<_>>();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    let mut results = Vec::with_capacity(all.len());
    for place in 0..all.len() {
        results.extend(shares.get_mut(place % THREADS).and_then(Iterator::next));
    }
    results
}

/// The loss: Cauchy's for residuals, squares for the unknowns over their spreads.
fn loss(residuals: &[Residual], at: &[f64], spreads: &[f64]) -> f64 {
    let data: f64 = residuals.iter().map(|own| own.weight * (own.value * own.value).ln_1p()).sum();
    let prior: f64 = at.iter().zip(spreads).map(|(own, spread)| (own / spread).powi(2)).sum();
    data + prior
}

/// The unknowns of least loss, searched from a point for at most so many rounds, and of each the share of its prior's
/// variance that the residuals took away.
pub fn solve(
    problem: &impl Problem,
    start: Vec<f64>,
    spreads: &[f64],
    rounds: usize,
) -> (Vec<f64>, Vec<f64>) {
    let mut at = start;
    let mut told = vec![0.0; at.len()];
    for _ in 0..rounds {
        let residuals = problem.residuals(&at);
        let here = loss(&residuals, &at, spreads);
        let jacobian = problem.jacobian(&at);
        let mut normal = DMatrix::<f64>::zeros(at.len(), at.len());
        let mut right = DVector::<f64>::zeros(at.len());
        for (place, (own, spread)) in at.iter().zip(spreads).enumerate() {
            normal[(place, place)] += 1.0 / (spread * spread);
            right[place] -= own / (spread * spread);
        }
        for (own, slopes) in residuals.iter().zip(&jacobian) {
            let weight = own.weight / (1.0 + own.value * own.value);
            for &(one, slope) in slopes {
                right[one] -= weight * slope * own.value;
                for &(other, second) in slopes {
                    normal[(one, other)] += weight * slope * second;
                }
            }
        }
        let Some(cholesky) = normal.cholesky() else { return (at, told) };
        let step = cholesky.solve(&right);
        let left = cholesky.inverse();
        for (place, (told, spread)) in told.iter_mut().zip(spreads).enumerate() {
            *told = 1.0 - left[(place, place)] / (spread * spread);
        }
        let longest = step.iter().fold(0.0_f64, |longest, own| longest.max(own.abs()));
        let mut share = (REACH / longest.max(1e-12)).min(1.0);
        let moved = |share: f64| -> Vec<f64> {
            at.iter().zip(step.iter()).map(|(own, step)| own + share * step).collect()
        };
        let mut next = moved(share);
        let mut better = loss(&problem.residuals(&next), &next, spreads);
        for _ in 0..4 {
            if better < here {
                break;
            }
            share *= 0.4;
            next = moved(share);
            better = loss(&problem.residuals(&next), &next, spreads);
        }
        if better >= here {
            break;
        }
        at = next;
        if longest * share < STILL {
            break;
        }
    }
    (at, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two unknowns seen through their sum, and one of them alone; a third is seen by nothing.
    struct Seen;

    impl Problem for Seen {
        fn residuals(&self, at: &[f64]) -> Vec<Residual> {
            let off = [at[0] + at[1] - 0.3, at[0] - 0.1, at[0] - 0.1 + 30.0];
            let weights = [1e4, 1e4, 1e-2];
            off.into_iter().zip(weights).map(|(value, weight)| Residual { value, weight }).collect()
        }

        fn jacobian(&self, _: &[f64]) -> Vec<Vec<(usize, f64)>> {
            vec![vec![(0, 1.0), (1, 1.0)], vec![(0, 1.0)], vec![(0, 1.0)]]
        }
    }

    #[test]
    fn what_is_seen_is_found_and_the_rest_stays() {
        let (found, told) = solve(&Seen, vec![0.0; 3], &[1.0; 3], 20);
        assert!((found[0] - 0.1).abs() < 1e-2 && (found[1] - 0.2).abs() < 1e-2, "{found:?}");
        assert!(found[2].abs() < 1e-12 && told[2].abs() < 1e-9 && told[0] > 0.99, "{told:?}");
    }

    #[test]
    fn results_keep_their_order() {
        assert_eq!(side_by_side(&[1, 2, 3, 4, 5], |own| own * 10), [10, 20, 30, 40, 50]);
    }
}

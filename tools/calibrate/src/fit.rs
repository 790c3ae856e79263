//! Robust least squares under bounds.
//!
//! The unknowns are logarithms of positive constants. A logistic map keeps each inside its bounds, so that the solver
//! (Levenberg–Marquardt, MINPACK's) sees a problem without any; derivatives are forward differences.

use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::{DMatrix, DVector, Dyn, Owned, U1};

/// Step of the differences, in the solver's unknowns.
const STEP: f64 = 1e-3;
/// Length of the first step at most, against the length of the start: a long one ends beyond recall near a bound.
const STEP_BOUND: f64 = 0.3;
/// How strongly bounds repel: next to nothing, but the map is flat there and nothing else would lead back.
const AWAY: f64 = 1e-3;
/// Weight of a constant that is a spread away from its centre, against a point that is off by as much.
const PRIOR: f64 = 0.3;
const PRIOR_SCALE: f64 = 0.1;
/// Threads that share the columns of a Jacobian.
const THREADS: usize = 2;

/// Lowest and highest value of a constant.
pub type Bounds = (f64, f64);

/// Shrinks large residuals to their square root's growth: pseudo-Huber, quadratic below `scale`.
pub fn robust(residual: f64, scale: f64) -> f64 {
    let ratio = residual / scale;
    let shrunk = residual * (2.0 / ((1.0 + ratio * ratio).sqrt() + 1.0)).sqrt();
    if shrunk.is_finite() { shrunk } else { 0.0 }
}

/// How far constants are from what physics leads one to expect, as residuals beside those of the points. A constant that
/// the points hold far from there pulls little more.
pub fn priors(numbers: &[f64], centres: &[f64], spreads: &[f64]) -> Vec<f64> {
    let far = |((number, centre), spread): ((&f64, &f64), &f64)| {
        robust((number / centre).ln() / spread * PRIOR, PRIOR_SCALE)
    };
    numbers.iter().zip(centres).zip(spreads).map(far).collect()
}

/// Says which constants the data pushed to the end of their range.
pub fn tell_bounds(what: &str, names: &[&str], numbers: &[f64], bounds: &[Bounds]) {
    for ((name, &number), &(low, high)) in names.iter().zip(numbers).zip(bounds) {
        if number < low * 1.02 || number > high * 0.98 {
            eprintln!("{what}: {name} = {number:.3} is at the end of {low} to {high}");
        }
    }
}

/// The constants that make the squares of `residuals` least, and that sum.
pub fn least_squares(
    start: &[f64],
    bounds: &[Bounds],
    tolerance: f64,
    residuals: impl Fn(&[f64]) -> Vec<f64> + Sync,
) -> (Vec<f64>, f64) {
    let point = start.iter().zip(bounds).map(|(&value, &bounds)| outside(value, bounds));
    let mut problem = Problem {
        point: DVector::from_iterator(start.len(), point),
        bounds,
        residuals: &residuals,
        at_point: Vec::new(),
    };
    problem.at_point = problem.at(problem.point.as_slice());
    let solver = LevenbergMarquardt::new()
        .with_patience(40)
        .with_stepbound(STEP_BOUND)
        .with_ftol(tolerance)
        .with_xtol(1e-6);
    let (problem, report) = solver.minimize(problem);
    (problem.inside(problem.point.as_slice()), report.objective_function * 2.0)
}

fn outside(value: f64, (low, high): Bounds) -> f64 {
    let share = ((value / low).ln() / (high / low).ln()).clamp(0.002, 0.998);
    (share / (1.0 - share)).ln()
}

fn inside(point: f64, (low, high): Bounds) -> f64 {
    let share = 1.0 / (1.0 + (-point).exp());
    low * (high / low).powf(share)
}

struct Problem<'a, F> {
    point: DVector<f64>,
    bounds: &'a [Bounds],
    residuals: &'a F,
    at_point: Vec<f64>,
}

impl<F: Fn(&[f64]) -> Vec<f64> + Sync> Problem<'_, F> {
    fn inside(&self, point: &[f64]) -> Vec<f64> {
        point.iter().zip(self.bounds).map(|(&point, &bounds)| inside(point, bounds)).collect()
    }

    fn at(&self, point: &[f64]) -> Vec<f64> {
        let mut residuals = (self.residuals)(&self.inside(point));
        residuals.extend(point.iter().map(|own| AWAY * own));
        residuals
    }

    fn column(&self, index: usize) -> Vec<f64> {
        let mut moved = self.point.as_slice().to_vec();
        if let Some(own) = moved.get_mut(index) {
            *own += STEP;
        }
        self.at(&moved).iter().zip(&self.at_point).map(|(moved, own)| (moved - own) / STEP).collect()
    }
}

impl<F: Fn(&[f64]) -> Vec<f64> + Sync> LeastSquaresProblem<f64, Dyn, Dyn> for Problem<'_, F> {
    type ResidualStorage = Owned<f64, Dyn, U1>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;
    type ParameterStorage = Owned<f64, Dyn, U1>;

    fn set_params(&mut self, point: &DVector<f64>) {
        self.point.clone_from(point);
        self.at_point = self.at(point.as_slice());
    }

    fn params(&self) -> DVector<f64> {
        self.point.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        Some(DVector::from_column_slice(&self.at_point))
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let count = self.point.len();
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); count];
        let share = count.div_ceil(THREADS).max(1);
        std::thread::scope(|scope| {
            for (block, own) in columns.chunks_mut(share).enumerate() {
                scope.spawn(move || {
                    for (offset, column) in own.iter_mut().enumerate() {
                        *column = self.column(block * share + offset);
                    }
                });
            }
        });
        Some(DMatrix::from_columns(&columns.into_iter().map(DVector::from_vec).collect::<Vec<_>>()))
    }
}

/// The value below which a share of the sorted values lies, linear between neighbours.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * (place - place.floor()),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_law_is_found_again() {
        let law = |p: &[f64], x: f64| p[0] + p[1] * x;
        let (found, _) = least_squares(&[1.0, 1.0], &[(0.1, 10.0), (0.1, 10.0)], 1e-9, |p| {
            (1..20).map(|x| (law(p, f64::from(x)) / law(&[3.0, 0.5], f64::from(x))).ln()).collect()
        });
        assert!((found[0] - 3.0).abs() < 1e-3 && (found[1] - 0.5).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn quantiles_by_hand() {
        assert!((quantile(&[3.0, 1.0, 2.0], 0.5) - 2.0).abs() < 1e-12);
        assert!((quantile(&[1.0, 2.0], 0.25) - 1.25).abs() < 1e-12);
    }
}

//! The root of a rising function, for the fixed points of steady state.

/// Finds x in `low..=high` with `f(x) = 0` for a function that rises; the end of the range where it does not cross.
/// Illinois variant of regula falsi: brackets always hold, convergence is superlinear, and the number of evaluations is
/// bounded, so the same input takes the same path everywhere.
#[must_use]
pub fn rising_root(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (mut a, mut b) = (low, high);
    let mut fa = f(a);
    if fa >= 0.0 {
        return a;
    }
    let mut fb = f(b);
    if fb <= 0.0 {
        return b;
    }
    let mut last_side = 0;
    for _ in 0..40 {
        let x = (a * fb - b * fa) / (fb - fa);
        // A flat or overflowing step falls back to the middle.
        let x = if x > a && x < b { x } else { f64::midpoint(a, b) };
        let fx = f(x);
        if fx == 0.0 || (b - a) <= 1e-10 * b.abs() {
            return x;
        }
        if fx < 0.0 {
            (a, fa) = (x, fx);
            if last_side == -1 {
                fb /= 2.0;
            }
            last_side = -1;
        } else {
            (b, fb) = (x, fx);
            if last_side == 1 {
                fa /= 2.0;
            }
            last_side = 1;
        }
        if (b - a) <= 1e-10 * b.abs() {
            break;
        }
    }
    f64::midpoint(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_root_of_steep_and_flat_functions() {
        assert!((rising_root(0.0, 10.0, |x| x * x - 2.0) - 2.0_f64.sqrt()).abs() < 1e-8);
        assert!((rising_root(0.0, 1.0, |x| x / (1.0 - x) - 1e6) - (1.0 - 1e-6)).abs() < 1e-7);
        assert!((rising_root(0.0, 1e6, |x| x - 1.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn stays_at_the_ends_when_nothing_crosses() {
        assert!((rising_root(1.0, 2.0, |x| x) - 1.0).abs() < f64::EPSILON);
        assert!((rising_root(1.0, 2.0, |x| x - 5.0) - 2.0).abs() < f64::EPSILON);
    }
}

//! The root of a rising function, for the fixed points of steady state.

/// Finds x in `low..=high` with `f(x) = 0` for a function that rises; the end of the range where it does not cross.
/// Secants inside a bracket (Illinois variant of regula falsi), each followed by a bisection where it did not halve the
/// bracket: convergence is superlinear on tame functions and never worse than bisection, and the number of evaluations is
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
    for _ in 0..60 {
        let width = b - a;
        let x = (a * fb - b * fa) / (fb - fa);
        for x in [x, middle(a, b)] {
            // The secant may leave the bracket, and where it shortened the bracket well no middle is needed.
            if !(x > a && x < b) || b - a < width / 2.0 {
                continue;
            }
            let fx = f(x);
            if fx == 0.0 {
                return x;
            }
            let side = if fx < 0.0 { -1 } else { 1 };
            if side == -1 {
                (a, fa) = (x, fx);
            } else {
                (b, fb) = (x, fx);
            }
            if side == last_side {
                // Halving the value at the end that stays pulls the next secant towards it.
                if side == -1 { fb /= 2.0 } else { fa /= 2.0 }
            }
            last_side = side;
        }
        if b - a <= 1e-8 * b.abs() {
            break;
        }
    }
    f64::midpoint(a, b)
}

/// The middle of a bracket: of its logarithm when it spans orders of magnitude.
fn middle(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 4.0 * a { (a * b).sqrt() } else { f64::midpoint(a, b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_root_of_steep_and_flat_functions() {
        assert!((rising_root(0.0, 10.0, |x| x * x - 2.0) - 2.0_f64.sqrt()).abs() < 1e-7);
        assert!((rising_root(0.0, 1.0, |x| x / (1.0 - x) - 1e6) - (1.0 - 1e-6)).abs() < 1e-7);
        assert!((rising_root(0.0, 1e6, |x| x - 1.0) - 1.0).abs() < 1e-6);
        // A rate that saturates: linear at first, flat over most of a wide bracket.
        let saturating = rising_root(1e-9, 1e7, |x| x / (1.0 + x) - 0.25);
        assert!((saturating - 1.0 / 3.0).abs() < 1e-7, "{saturating}");
    }

    #[test]
    fn stays_at_the_ends_when_nothing_crosses() {
        assert!((rising_root(1.0, 2.0, |x| x) - 1.0).abs() < f64::EPSILON);
        assert!((rising_root(1.0, 2.0, |x| x - 5.0) - 2.0).abs() < f64::EPSILON);
    }
}

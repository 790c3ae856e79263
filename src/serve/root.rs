//! The root of a rising function, for the fixed points of steady state.

/// Finds x in `low..=high` with `f(x) = 0` for a function that rises; the end of the range where it does not cross.
///
/// Inverse quadratic interpolation inside a bracket where the last three points lie on a tame curve, else the middle
/// (Chandrupatla, Advances in Engineering Software 28, 1997): about half the evaluations of secants with bisections, on
/// which nearly all of an evaluation's time goes. Their number is bounded, so the same input takes the same path
/// everywhere.
#[must_use]
pub fn rising_root(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    // `a` is the latest point, `b` the end on the other side of the root, `c` the point before.
    let (mut a, mut fa) = (low, f(low));
    if fa >= 0.0 {
        return a;
    }
    let (mut b, mut fb) = (high, f(high));
    if fb <= 0.0 {
        return b;
    }
    let mut x = middle(a, b);
    for _ in 0..MOST {
        let fx = f(x);
        if fx == 0.0 {
            return x;
        }
        let (c, fc) = if (fx > 0.0) == (fa > 0.0) {
            (a, fa)
        } else {
            let before = (b, fb);
            (b, fb) = (a, fa);
            before
        };
        (a, fa) = (x, fx);
        let (start, end) = (a.min(b), a.max(b));
        let near = NEAR * end.abs();
        if end - start <= near {
            break;
        }
        let (along, up) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
        let tame = up * up < along && (1.0 - up) * (1.0 - up) < 1.0 - along;
        let next = if tame {
            a + (b - a) * (fa / (fb - fa) * (fc / (fb - fc))) + (c - a) * (fa / (fc - fa) * (fb / (fc - fb)))
        } else {
            middle(start, end)
        };
        // A step that lands beside an end would never close the bracket from the other side.
        x = next.clamp(start + near / 2.0, end - near / 2.0);
    }
    if fa.abs() <= fb.abs() { a } else { b }
}

/// Width of the bracket that is narrow enough, as a share of its end.
const NEAR: f64 = 1e-8;

/// Most evaluations inside the bracket: bisection alone needs 60 for the widest.
const MOST: usize = 100;

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

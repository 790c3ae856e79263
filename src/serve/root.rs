//! Where a falling or gently rising function meets its own argument, for the balances of steady state.

/// Finds x in `0..=high` with `x = g(x)` where `x - g(x)` rises; `high` where `g` lies above it there, which only a search
/// that starts there notices.
///
/// Secants through the last two points, the second of which is what `g` makes of the first, and halves of the bracket
/// where a secant leaves it or the point before gained little. A balance says in this form how many sequences the times at
/// some number of them ask for; times grow slowly with that number, so that four points are enough, and nearly all of an
/// evaluation's time goes into points. Their number is bounded, and the same input takes the same path everywhere.
#[must_use]
pub(super) fn fixed_point(start: f64, high: f64, mut g: impl FnMut(f64) -> f64) -> f64 {
    let (mut low, mut end) = (0.0, high);
    let mut x = start;
    let mut before: Option<(f64, f64)> = None;
    for _ in 0..MOST {
        let f = x - g(x);
        if f <= 0.0 {
            if x >= high {
                return high;
            }
            low = x;
        } else {
            end = x;
        }
        let (next, gained) = match before {
            None => (x - f, true),
            Some((x0, f0)) => (x - f * ((x - x0) / (f - f0)), f.abs() < 0.5 * f0.abs()),
        };
        let inside = low < next && next < end;
        if inside && f.abs().max((next - x).abs()) <= NEAR * x {
            return next;
        }
        before = Some((x, f));
        x = if inside && gained { next } else { f64::midpoint(low, end) };
        if end - low <= NEAR * NEAR * end {
            break;
        }
    }
    x
}

/// A last step that is short enough, and what a point may miss, as shares of the number: after that step it is far less.
const NEAR: f64 = 1e-6;

/// Most points: halves alone need 60 for the widest range.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_where_a_function_meets_its_argument() {
        // The square root of 2, as 2 / x.
        assert!((fixed_point(10.0, 10.0, |x| 2.0 / x) - 2.0_f64.sqrt()).abs() < 1e-9);
        // Time per token that grows with the batch, from an empty one.
        assert!((fixed_point(1e-9, 1e7, |x| 0.25 * (1.0 + x)) - 1.0 / 3.0).abs() < 1e-9);
        // A queue in front of a station that is full at 3.
        let queue = fixed_point(1e3, 1e3, |x| 50.0 / (1.0 + 0.1 / (1.0 - x / 3.0).max(1e-6)));
        assert!((queue + 0.1 * queue / (1.0 - queue / 3.0) - 50.0).abs() < 1e-4, "{queue}");
        // A corner.
        assert!((fixed_point(8.0, 8.0, |x| (7.0 - x).min(3.0)) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn stays_at_the_end_when_more_is_asked_for() {
        assert!((fixed_point(2.0, 2.0, |_| 5.0) - 2.0).abs() < f64::EPSILON);
    }
}

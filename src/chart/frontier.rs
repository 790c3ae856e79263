//! The points that no other point beats in both of two metrics (the Pareto set).

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Better {
    /// More is better, as of throughput.
    Higher,
    /// Less is better, as of cost.
    Lower,
}

impl Better {
    /// The value turned so that more is better.
    fn turned(self, value: f64) -> f64 {
        match self {
            Self::Higher => value,
            Self::Lower => -value,
        }
    }
}

/// The indices of the points that no other point beats, by ascending x.
///
/// A point is beaten by one that is at least as good in both metrics and better in one. Of equal points the first is
/// kept. Points that are not finite are never on the frontier.
#[must_use]
pub fn pareto(points: &[(f64, f64)], x: Better, y: Better) -> Vec<usize> {
    let mut order: Vec<(usize, f64, f64)> = points
        .iter()
        .enumerate()
        .filter(|(_, (px, py))| px.is_finite() && py.is_finite())
        .map(|(index, &(px, py))| (index, x.turned(px), y.turned(py)))
        .collect();
    // Best x first and, at equal x, best y first: then a point is on the frontier when it beats every y before it.
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.2.total_cmp(&a.2)).then(a.0.cmp(&b.0)));
    let mut best = f64::NEG_INFINITY;
    let mut front: Vec<usize> = order
        .into_iter()
        .filter(|&(_, _, value)| {
            let beats = value > best;
            best = best.max(value);
            beats
        })
        .map(|(index, _, _)| index)
        .collect();
    if x == Better::Higher {
        front.reverse();
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beaten_points_are_left_out() {
        let points = [(1.0, 10.0), (2.0, 8.0), (2.0, 9.0), (3.0, 9.5), (4.0, 1.0), (0.5, 9.0)];
        assert_eq!(pareto(&points, Better::Higher, Better::Higher), [0, 3, 4]);
        assert_eq!(pareto(&points, Better::Lower, Better::Higher), [5, 0]);
        assert_eq!(pareto(&points, Better::Higher, Better::Lower), [4]);
    }

    #[test]
    fn equal_points_count_once_and_odd_ones_never() {
        let points = [(1.0, 1.0), (1.0, 1.0), (f64::NAN, 9.0), (9.0, f64::INFINITY), (0.0, -0.0)];
        assert_eq!(pareto(&points, Better::Higher, Better::Higher), [0]);
        assert!(pareto(&[], Better::Lower, Better::Lower).is_empty());
    }
}

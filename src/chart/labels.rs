//! Where labels go so that none covers another.

use super::geometry::{Point, Rect};
use crate::units::order;

/// Moves level labels apart, each as little as can be.
///
/// Takes the wished-for centres and the height of a label, and gives the centres in the same order: at least a height
/// apart and within the bounds, with the smallest sum of squared moves. When they cannot all fit, they are spread
/// evenly and overlap; leave some out before calling.
#[must_use]
pub fn spread(wishes: &[f64], height: f64, bounds: (f64, f64)) -> Vec<f64> {
    /// Labels that touch and so move as one.
    struct Cluster {
        /// The sum over its labels of the wish, taken back to the cluster's first label.
        sum: f64,
        count: usize,
        first: usize,
    }
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    let wish = |index: usize| wishes.get(index).copied().filter(|y| y.is_finite()).unwrap_or(bounds.0);
    order::sort_by(&mut order, |&a, &b| wish(a).total_cmp(&wish(b)).then(a.cmp(&b)));

    let (low, high) = (bounds.0 + height / 2.0, bounds.1 - height / 2.0);
    let last = wishes.len().saturating_sub(1) as f64;
    let spacing = if last > 0.0 { height.min((high - low).max(0.0) / last) } else { height };
    let place = |cluster: &Cluster| {
        let extent = (cluster.count.saturating_sub(1)) as f64 * spacing;
        (cluster.sum / cluster.count as f64).min(high - extent).max(low)
    };
    let mut clusters: Vec<Cluster> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut cluster = Cluster { sum: wish(index), count: 1, first: rank };
        while let Some(above) = clusters.pop() {
            let bottom = place(&above) + above.count as f64 * spacing;
            // A hair of slack, or rounding would merge clusters that only touch.
            if bottom <= place(&cluster) + 1e-9 {
                clusters.push(above);
                break;
            }
            let shift = above.count as f64 * spacing * cluster.count as f64;
            cluster = Cluster {
                sum: above.sum + cluster.sum - shift,
                count: above.count + cluster.count,
                first: above.first,
            };
        }
        clusters.push(cluster);
    }
    let mut centres = vec![low; wishes.len()];
    for cluster in &clusters {
        let top = place(cluster);
        for offset in 0..cluster.count {
            if let Some(centre) = order.get(cluster.first + offset).and_then(|&index| centres.get_mut(index))
            {
                *centre = top + offset as f64 * spacing;
            }
        }
    }
    centres
}

/// Finds room for a label beside its point: to the right, above, below or to the left, clear of the obstacles and
/// within the bounds.
#[must_use]
pub fn beside(
    at: Point,
    width: f64,
    height: f64,
    gap: f64,
    obstacles: &[Rect],
    bounds: &Rect,
) -> Option<Rect> {
    let (half_width, half_height) = (width / 2.0, height / 2.0);
    let centres = [
        Point::new(at.x + gap + half_width, at.y - half_height),
        Point::new(at.x + gap + half_width, at.y),
        Point::new(at.x, at.y - gap - half_height),
        Point::new(at.x + gap + half_width, at.y + half_height),
        Point::new(at.x - gap - half_width, at.y - half_height),
        Point::new(at.x, at.y + gap + half_height),
        Point::new(at.x - gap - half_width, at.y),
        Point::new(at.x - gap - half_width, at.y + half_height),
        // A little further off, for a point on a level line.
        Point::new(at.x + gap + half_width, at.y - half_height - gap),
        Point::new(at.x - gap - half_width, at.y - half_height - gap),
        Point::new(at.x + gap + half_width, at.y + half_height + gap),
        Point::new(at.x - gap - half_width, at.y + half_height + gap),
    ];
    centres
        .into_iter()
        .map(|centre| {
            Rect::new(
                centre.x - half_width,
                centre.y - half_height,
                centre.x + half_width,
                centre.y + half_height,
            )
        })
        .find(|place| {
            bounds.left <= place.left
                && place.right <= bounds.right
                && bounds.top <= place.top
                && place.bottom <= bounds.bottom
                && !obstacles.iter().any(|obstacle| obstacle.overlaps(place))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(spread(&[50.0, 10.0], 10.0, (0.0, 100.0)), [50.0, 10.0]);
    }

    #[test]
    fn crowded_labels_share_the_move() {
        assert_eq!(spread(&[50.0, 50.0], 10.0, (0.0, 100.0)), [45.0, 55.0]);
        assert_eq!(spread(&[52.0, 48.0, 50.0], 10.0, (0.0, 100.0)), [60.0, 40.0, 50.0]);
        assert_eq!(spread(&[0.0, 0.0], 10.0, (0.0, 100.0)), [5.0, 15.0]);
        assert_eq!(spread(&[200.0, 99.0], 10.0, (0.0, 100.0)), [95.0, 85.0]);
    }

    #[test]
    fn a_label_avoids_what_is_there() {
        let bounds = Rect::new(0.0, 0.0, 100.0, 100.0);
        let at = Point::new(50.0, 50.0);
        let first = beside(at, 20.0, 10.0, 5.0, &[], &bounds);
        assert_eq!(first, Some(Rect::new(55.0, 40.0, 75.0, 50.0)));
        let taken = Rect::new(55.0, 0.0, 100.0, 100.0);
        let second = beside(at, 20.0, 10.0, 5.0, &[taken], &bounds);
        assert_eq!(
            second,
            Some(Rect::new(40.0, 35.0, 60.0, 45.0))
                .filter(|place| !place.overlaps(&taken))
                .or(Some(Rect::new(25.0, 40.0, 45.0, 50.0)))
        );
        assert_eq!(beside(at, 200.0, 10.0, 5.0, &[], &bounds), None);
    }

    proptest! {
        #[test]
        fn labels_that_fit_never_overlap_and_stay_inside(
            wishes in prop::collection::vec(-50.0..250.0_f64, 0..12), height in 1.0..16.0_f64,
        ) {
            let centres = spread(&wishes, height, (0.0, 200.0));
            prop_assert_eq!(centres.len(), wishes.len());
            let mut sorted = centres.clone();
            sorted.sort_by(f64::total_cmp);
            for pair in sorted.windows(2) {
                prop_assert!(pair[1] - pair[0] >= height - 1e-6);
            }
            for centre in &centres {
                prop_assert!(*centre >= height / 2.0 - 1e-6 && *centre <= 200.0 - height / 2.0 + 1e-6);
            }
            // Order is kept.
            for (i, a) in wishes.iter().enumerate() {
                for (j, b) in wishes.iter().enumerate() {
                    prop_assert!(a >= b || centres[i] < centres[j]);
                }
            }
        }
    }
}

//! Levels over time (queue length, occupancy, work) in a fixed number of intervals that grow with the time covered.
//!
//! A level is a step function. For each interval the series keeps how much the level changed in it and the area that
//! these changes add until the interval's end, so that a change costs the same however long it lasts, and two neighbours
//! merge exactly.

/// Most intervals.
pub const INTERVALS: usize = 512;
/// Length of the first intervals, in seconds.
const SHORTEST: f64 = 1.0 / 64.0;

/// A level over time.
#[derive(Clone, Debug)]
pub struct Series {
    width: f64,
    changes: Vec<f64>,
    areas: Vec<f64>,
}

impl Default for Series {
    fn default() -> Self {
        Self { width: SHORTEST, changes: vec![0.0; INTERVALS], areas: vec![0.0; INTERVALS] }
    }
}

impl Series {
    /// The level changes by so much at a time, which must not be negative; times need not be in order.
    pub fn change(&mut self, time: f64, by: f64) {
        if time.is_nan() || time >= 1e15 {
            return;
        }
        while time >= self.width * INTERVALS as f64 {
            self.widen();
        }
        let index = (time / self.width) as usize;
        if let (Some(change), Some(area)) = (self.changes.get_mut(index), self.areas.get_mut(index)) {
            *change += by;
            *area += by * ((index + 1) as f64 * self.width - time);
        }
    }

    /// A level that lasts from one time to another.
    pub fn span(&mut self, from: f64, to: f64, level: f64) {
        self.change(from, level);
        self.change(to, -level);
    }

    fn widen(&mut self) {
        for index in 0..INTERVALS {
            let (first, second) = (2 * index, 2 * index + 1);
            let merged = match (self.changes.get(first), self.changes.get(second)) {
                (Some(&one), Some(&two)) => {
                    let areas = self.areas.get(first).copied().unwrap_or(0.0)
                        + self.areas.get(second).copied().unwrap_or(0.0);
                    (one + two, areas + one * self.width)
                }
                _ => (0.0, 0.0),
            };
            if let (Some(change), Some(area)) = (self.changes.get_mut(index), self.areas.get_mut(index)) {
                (*change, *area) = merged;
            }
        }
        self.width *= 2.0;
    }

    /// Makes intervals at least this long, so that several series can be laid side by side.
    pub(super) fn widen_to(&mut self, width: f64) {
        while self.width < width {
            self.widen();
        }
    }

    /// Length of an interval.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Mean level in each interval up to a time.
    #[must_use]
    pub fn means(&self, until: f64) -> Vec<f64> {
        let count = ((until / self.width).ceil().max(1.0) as usize).min(INTERVALS);
        let mut level = 0.0;
        let mut means = Vec::with_capacity(count);
        for (change, area) in self.changes.iter().zip(&self.areas).take(count) {
            means.push(level + area / self.width);
            level += change;
        }
        // The last interval is over before its end, and nothing counts beyond.
        if let Some(last) = means.last_mut() {
            let inside = until - (count - 1) as f64 * self.width;
            if inside > 0.0 && inside < self.width {
                *last = *last * self.width / inside;
                // What the level still is at the end filled the rest of the interval.
                *last -= level * (self.width - inside) / inside;
            }
        }
        means
    }

    /// Area under the level up to a time after the last change.
    #[must_use]
    pub fn area(&self, until: f64) -> f64 {
        let means = self.means(until);
        let whole: f64 = means.iter().map(|mean| mean * self.width).sum();
        let over = means.len() as f64 * self.width - until;
        whole - means.last().map_or(0.0, |last| last * over.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_survives_growth() {
        let mut series = Series::default();
        let mut by_hand = 0.0;
        for index in 0..1000 {
            let from = f64::from(index) * 1.37;
            let to = from + f64::from(index % 7) * 3.1;
            series.span(from, to, f64::from(index % 3));
            by_hand += (to - from) * f64::from(index % 3);
        }
        assert!((series.area(5000.0) - by_hand).abs() < 1e-6 * by_hand, "{}", series.area(5000.0));
        assert!(series.means(5000.0).len() <= INTERVALS);
    }

    #[test]
    fn means_by_hand() {
        let mut series = Series::default();
        series.span(0.0, 4.0, 2.0);
        series.widen_to(1.0);
        let means = series.means(5.0);
        assert_eq!(means, [2.0, 2.0, 2.0, 2.0, 0.0]);
        let cut = series.means(3.5);
        assert!((cut[3] - 2.0).abs() < 1e-9, "{cut:?}");
    }
}

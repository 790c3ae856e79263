//! Points, rectangles and what is done to outlines before they are painted: clipping and dashing.
//!
//! Everything is in CSS pixels, x to the right and y down, from the upper left corner of the chart.

use crate::units::order;

/// A place on the chart, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// At these coordinates.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// How far away the other point is.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        libm::hypot(self.x - other.x, self.y - other.y)
    }

    /// The point this share of the way to the other.
    #[must_use]
    fn towards(self, other: Self, share: f64) -> Self {
        Self::new(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }
}

/// The extent of a chart, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Left to right.
    pub width: f64,
    /// Top to bottom.
    pub height: f64,
}

impl Size {
    /// Of this width and height; what cannot be an extent becomes one pixel.
    #[must_use]
    pub fn new(width: f64, height: f64) -> Self {
        let extent = |value: f64| if value.is_finite() { value.clamp(1.0, 16_384.0) } else { 1.0 };
        Self { width: extent(width), height: extent(height) }
    }
}

/// A rectangle, in CSS pixels; right is never left of left, nor bottom above top.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl Rect {
    /// Between two corners, given in any order.
    #[must_use]
    pub fn between(a: Point, b: Point) -> Self {
        Self { left: a.x.min(b.x), top: a.y.min(b.y), right: a.x.max(b.x), bottom: a.y.max(b.y) }
    }

    /// From edges; an edge beyond its opposite collapses onto it.
    #[must_use]
    pub fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right: right.max(left), bottom: bottom.max(top) }
    }

    /// Left to right.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Top to bottom.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The middle.
    #[must_use]
    pub fn centre(&self) -> Point {
        Point::new(f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }

    /// Whether the point lies inside or on an edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        self.left <= point.x && point.x <= self.right && self.top <= point.y && point.y <= self.bottom
    }

    /// The nearest point inside.
    #[must_use]
    pub fn clamp(&self, point: Point) -> Point {
        Point::new(point.x.max(self.left).min(self.right), point.y.max(self.top).min(self.bottom))
    }

    /// The rectangle grown by a margin on every side.
    #[must_use]
    pub fn grown(&self, margin: f64) -> Self {
        Self::new(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)
    }

    /// Whether the two share more than an edge.
    #[must_use]
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// The part of a segment inside the rectangle (Liang–Barsky), or nothing.
fn clip_segment(from: Point, to: Point, rect: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let edges = [
        (-dx, from.x - rect.left),
        (dx, rect.right - from.x),
        (-dy, from.y - rect.top),
        (dy, rect.bottom - from.y),
    ];
    for (speed, room) in edges {
        if speed == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(room / speed);
        } else {
            leave = leave.min(room / speed);
        }
    }
    // The clamp keeps rounding from leaving a point a hair outside.
    (enter <= leave).then(|| (rect.clamp(from.towards(to, enter)), rect.clamp(from.towards(to, leave))))
}

/// The parts of a polyline inside the rectangle, each a polyline of at least two points.
#[must_use]
pub(super) fn clip_line(points: &[Point], rect: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open: Vec<Point> = Vec::new();
    for pair in points.windows(2) {
        let [from, to] = pair else { continue };
        match clip_segment(*from, *to, rect) {
            Some((start, end)) => {
                if open.last() != Some(&start) {
                    flush(&mut parts, &mut open);
                    open.push(start);
                }
                open.push(end);
            }
            None => flush(&mut parts, &mut open),
        }
    }
    flush(&mut parts, &mut open);
    parts
}

fn flush(parts: &mut Vec<Vec<Point>>, open: &mut Vec<Point>) {
    if open.len() >= 2 {
        parts.push(std::mem::take(open));
    } else {
        open.clear();
    }
}

/// The part of a polygon inside the rectangle (Sutherland–Hodgman); empty if nothing is left.
#[must_use]
pub(super) fn clip_polygon(points: &[Point], rect: &Rect) -> Vec<Point> {
    /// How far inside one edge a point lies.
    type Depth<'a> = &'a dyn Fn(Point) -> f64;
    let edges: [Depth<'_>; 4] =
        [&|p| p.x - rect.left, &|p| rect.right - p.x, &|p| p.y - rect.top, &|p| rect.bottom - p.y];
    let mut outline = points.to_vec();
    for depth in edges {
        let mut inside = Vec::with_capacity(outline.len() + 4);
        let Some(&last) = outline.last() else { break };
        let mut previous = last;
        for &point in &outline {
            let (a, b) = (depth(previous), depth(point));
            if (a < 0.0) != (b < 0.0) {
                inside.push(previous.towards(point, a / (a - b)));
            }
            if b >= 0.0 {
                inside.push(point);
            }
            previous = point;
        }
        outline = inside;
    }
    if outline.len() < 3 {
        return Vec::new();
    }
    outline.iter().map(|&point| rect.clamp(point)).collect()
}

/// Between the strokes of a hatching, across the canvas.
pub(super) const HATCH: f64 = 7.0;

/// The strokes of a hatching over boxes: oblique lines `spacing` apart along the horizontal, the same for every box, so
/// that the strokes of neighbours join. Strokes that touch are one.
#[must_use]
pub(super) fn hatch(boxes: &[Rect], spacing: f64) -> Vec<[Point; 2]> {
    let reach = |rect: &Rect| (rect.left + rect.top, rect.right + rect.bottom);
    let low = boxes.iter().map(|rect| reach(rect).0).fold(f64::INFINITY, f64::min);
    let high = boxes.iter().map(|rect| reach(rect).1).fold(f64::NEG_INFINITY, f64::max);
    let count = libm::floor((high - low) / spacing);
    if !(0.0..=1e5).contains(&count) || !low.is_finite() {
        return Vec::new();
    }
    let first = libm::ceil(low / spacing);
    let mut strokes: Vec<[Point; 2]> = Vec::new();
    for index in 0..=(count as usize) {
        // Along a stroke, x and y add up to the same.
        let sum = (first + index as f64) * spacing;
        let mut parts: Vec<(f64, f64)> = boxes
            .iter()
            .map(|rect| (rect.left.max(sum - rect.bottom), rect.right.min(sum - rect.top)))
            .filter(|(from, to)| from < to)
            .collect();
        order::sort_by(&mut parts, |a, b| a.0.total_cmp(&b.0));
        let mut joined: Vec<(f64, f64)> = Vec::new();
        for (from, to) in parts {
            match joined.last_mut() {
                Some(last) if from <= last.1 + 0.01 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        strokes.extend(
            joined.into_iter().map(|(from, to)| [Point::new(from, sum - from), Point::new(to, sum - to)]),
        );
    }
    strokes
}

/// Cuts a polyline into dashes by arc length. The pattern alternates drawn and left-out lengths; an empty or
/// impossible pattern gives the line back whole.
#[must_use]
pub fn dash(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let total: f64 = pattern.iter().sum();
    let valid = pattern.iter().all(|length| length.is_finite() && *length > 0.0);
    if pattern.len() < 2 || !valid || total < 0.5 {
        return if points.len() < 2 { Vec::new() } else { vec![points.to_vec()] };
    }
    let mut dashes: Vec<Vec<Point>> = Vec::new();
    let mut lengths = pattern.iter().copied().cycle();
    let mut left = lengths.next().unwrap_or(total);
    let mut drawn = true;
    let mut open: Vec<Point> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let [from, to] = pair else { continue };
        let length = from.distance(*to);
        // Beyond any canvas; walking it dash by dash would take for ever.
        if !length.is_finite() || length > 1e6 {
            continue;
        }
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let cut = from.towards(*to, walked / length);
            if drawn {
                open.push(cut);
                flush(&mut dashes, &mut open);
            }
            open.clear();
            open.push(cut);
            drawn = !drawn;
            left = lengths.next().unwrap_or(total);
        }
        left -= length - walked;
        if drawn {
            open.push(*to);
        }
    }
    if drawn {
        flush(&mut dashes, &mut open);
    }
    dashes
}

/// How long a polyline is.
#[must_use]
pub fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| if let [from, to] = pair { from.distance(*to) } else { 0.0 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hatching_runs_on_through_neighbours() {
        let boxes = [Rect::new(0.0, 0.0, 10.0, 10.0), Rect::new(10.0, 0.0, 20.0, 10.0)];
        let strokes = hatch(&boxes, 5.0);
        let whole = hatch(&[Rect::new(0.0, 0.0, 20.0, 10.0)], 5.0);
        assert_eq!(strokes, whole);
        assert_eq!(strokes.len(), 5);
        for [from, to] in strokes {
            assert!((from.x + from.y - to.x - to.y).abs() < 1e-9);
        }
        assert!(hatch(&[], 5.0).is_empty());
        assert!(hatch(&[Rect::new(f64::NAN, 0.0, 1.0, 1.0)], 5.0).is_empty());
    }

    const BOX: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    fn line(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn a_line_through_the_box_is_cut_at_its_edges() {
        let parts = clip_line(&line(&[(-5.0, 5.0), (15.0, 5.0)]), &BOX);
        assert_eq!(parts, vec![line(&[(0.0, 5.0), (10.0, 5.0)])]);
    }

    #[test]
    fn a_line_that_leaves_and_returns_has_two_parts() {
        let parts = clip_line(&line(&[(2.0, 5.0), (2.0, 20.0), (8.0, 20.0), (8.0, 5.0)]), &BOX);
        assert_eq!(parts, vec![line(&[(2.0, 5.0), (2.0, 10.0)]), line(&[(8.0, 10.0), (8.0, 5.0)])]);
    }

    #[test]
    fn a_line_outside_is_gone() {
        assert!(clip_line(&line(&[(-5.0, -5.0), (-1.0, 30.0)]), &BOX).is_empty());
        assert!(clip_line(&line(&[(5.0, 5.0)]), &BOX).is_empty());
    }

    #[test]
    fn a_polygon_around_the_box_becomes_the_box() {
        let clipped = clip_polygon(&line(&[(-5.0, -5.0), (20.0, -5.0), (20.0, 20.0), (-5.0, 20.0)]), &BOX);
        assert_eq!(clipped.len(), 4);
        assert!(clipped.iter().all(|point| BOX.contains(*point)));
        assert!(clip_polygon(&line(&[(11.0, 0.0), (12.0, 0.0), (12.0, 5.0)]), &BOX).is_empty());
    }

    #[test]
    fn dashes_follow_the_line_round_a_corner() {
        let dashes = dash(&line(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]), &[6.0, 2.0]);
        let expect = vec![
            line(&[(0.0, 0.0), (6.0, 0.0)]),
            line(&[(8.0, 0.0), (10.0, 0.0), (10.0, 4.0)]),
            line(&[(10.0, 6.0), (10.0, 10.0)]),
        ];
        assert_eq!(dashes, expect);
    }

    #[test]
    fn drawn_dashes_add_up_to_their_share() {
        let path = line(&[(0.0, 0.0), (30.0, 40.0), (30.0, 140.0), (-20.0, 140.0)]);
        let drawn: f64 = dash(&path, &[3.0, 1.0]).iter().map(|part| length(part)).sum();
        assert!((drawn - 150.0).abs() < 1e-9, "{drawn}");
    }

    #[test]
    fn an_impossible_pattern_draws_the_line_whole() {
        let path = line(&[(0.0, 0.0), (10.0, 0.0)]);
        for pattern in [&[][..], &[3.0], &[0.0, 0.0], &[f64::NAN, 1.0], &[1e-9, 1e-9]] {
            assert_eq!(dash(&path, pattern), vec![path.clone()]);
        }
        assert!(dash(&[], &[3.0, 1.0]).is_empty());
    }
}

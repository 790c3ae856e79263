//! The regions of a map as polygons: who wins where, and where that is sure, with borders that run between the points of the
//! grid instead of along the edges of its cells.
//!
//! Each square between four points is cut where the winner changes along its sides (marching squares; where more than two
//! regions meet, all lines run to the middle). Along a side two winners of known distance meet where the distances do, and a
//! wall of the service level stands where a search between the points found it. Every region is as far from sure as the
//! estimates lie from the border, less the reach of their error bands: where that is below zero, the region is pale.

use std::collections::BTreeMap;

use super::geometry::{Point, Rect};

/// Islands of no more points that are not sure are noise of the search: they belong to what surrounds them.
const ISLAND: usize = 6;

/// More than this is as sure as can be: a factor of e^10.
const WHOLLY: f64 = 10.0;

/// How often each point takes on a part of its neighbours: layouts change from point to point, which leaves steps in values that
/// have none.
const PASSES: usize = 2;

/// Who wins at each point of a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ground<'a> {
    /// The values of the columns, ascending.
    pub xs: &'a [f64],
    /// The values of the rows, ascending from the bottom.
    pub ys: &'a [f64],
    /// Whether the axes go by the logarithm.
    pub logs: (bool, bool),
    /// The points, row by row from the bottom, each row from the left.
    pub places: Vec<Place>,
    /// Where two winners draw, as polylines of values on the axes.
    pub boundaries: &'a [Vec<(f64, f64)>],
}

/// One point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Who wins; none where nobody does.
    pub winner: Option<usize>,
    /// How far it is from being another, as logarithm of a ratio.
    pub distance: f64,
    /// How far the error bands reach of that.
    pub reach: f64,
}

impl Ground<'_> {
    fn place(&self, column: usize, row: usize) -> Option<&Place> {
        self.places.get(row * self.xs.len() + column)
    }
}

/// What is drawn of a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Regions {
    /// Where each winner wins; every place once.
    pub won: Vec<(usize, Vec<Point>)>,
    /// Where it surely does.
    pub sure: Vec<(usize, Vec<Point>)>,
    /// What holds all places at which nobody wins, and some beside them.
    pub bare: Vec<Rect>,
    /// The borders between winners, and to where nobody wins.
    pub borders: Vec<Vec<Point>>,
}

/// A grid of points on the canvas: those of the map, and one more at each edge of the plot.
struct Grid<'a> {
    map: &'a Ground<'a>,
    winners: Vec<Option<usize>>,
    /// What is left of the distance to another winner beyond the reach of the error bands.
    left: Vec<f64>,
    px: Vec<f64>,
    py: Vec<f64>,
    /// Where the winner changes between two neighbours, by column, row and whether they lie side by side.
    crossings: BTreeMap<(usize, usize, bool), f64>,
}

/// A corner of a square: its place on the canvas, and its place in the map.
#[derive(Clone, Copy)]
struct Corner {
    at: Point,
    column: usize,
    row: usize,
}

impl Regions {
    /// Of a map whose points lie at these places of the canvas, in a plot.
    pub fn of(map: &Ground<'_>, places: (&[f64], &[f64]), plot: &Rect) -> Self {
        let grid = Grid::new(map, places, plot);
        let mut own = Self::default();
        for row in 0..grid.py.len().saturating_sub(1) {
            let mut runs = Runs::default();
            let mut surely = Runs::default();
            let mut bare = Runs::default();
            for column in 0..grid.px.len().saturating_sub(1) {
                let Some(corners) = grid.corners(column, row) else { continue };
                let labels = corners.map(|own| grid.winner(own.column, own.row));
                let rect = Rect::between(corners[0].at, corners[2].at);
                bare.take(labels.contains(&None).then_some(0), rect);
                let same = labels.iter().all(|own| *own == labels[0]);
                runs.take(labels[0].filter(|_| same), rect);
                if !same {
                    let (parts, lines) = cut(corners.map(|own| own.at), labels, &|from, to| {
                        grid.crossing(&corners[from], &corners[to])
                    });
                    own.won.extend(parts.into_iter().filter_map(|(label, part)| Some((label?, part))));
                    own.borders.extend(lines);
                }
                let sure = corners.map(|own| grid.left(own.column, own.row) > 0.0);
                let whole = same && sure.iter().all(|own| *own);
                surely.take(labels[0].filter(|_| whole), rect);
                if !whole {
                    own.sure.extend(grid.surely(corners, labels));
                }
            }
            own.won.extend(runs.end());
            own.sure.extend(surely.end());
            own.bare.extend(bare.end().into_iter().map(|(_, part)| around(&part)));
        }
        own.borders = chained(&own.borders);
        own
    }
}

/// Squares in a row that look alike, as one rectangle.
#[derive(Default)]
struct Runs {
    done: Vec<(usize, Rect)>,
    open: Option<(usize, Rect)>,
}

impl Runs {
    fn take(&mut self, label: Option<usize>, rect: Rect) {
        match (&mut self.open, label) {
            (Some((own, run)), Some(label)) if *own == label => run.right = rect.right,
            (open, label) => {
                self.done.extend(open.take());
                *open = label.map(|label| (label, rect));
            }
        }
    }

    fn end(mut self) -> Vec<(usize, Vec<Point>)> {
        self.done.extend(self.open.take());
        let corners = |rect: Rect| {
            let Rect { left, top, right, bottom } = rect;
            vec![
                Point::new(left, top),
                Point::new(right, top),
                Point::new(right, bottom),
                Point::new(left, bottom),
            ]
        };
        self.done.into_iter().map(|(label, rect)| (label, corners(rect))).collect()
    }
}

/// The rectangle around some points.
fn around(points: &[Point]) -> Rect {
    let ends = |of: fn(&Point) -> f64| {
        let all = points.iter().map(of);
        (all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (top, bottom)) = (ends(|own| own.x), ends(|own| own.y));
    Rect::new(left, top, right, bottom)
}

/// A square with a label at each corner, cut into a part for each stretch of equal corners, with the lines between the parts.
/// `crossing` says where between two corners the label changes.
type Cut<L> = (Vec<(L, Vec<Point>)>, Vec<Vec<Point>>);

fn cut<L: Copy + PartialEq>(
    corners: [Point; 4],
    labels: [L; 4],
    crossing: &dyn Fn(usize, usize) -> Point,
) -> Cut<L> {
    let next = |side: usize| (side + 1) % 4;
    let sides: Vec<usize> = (0..4).filter(|&side| labels[side] != labels[next(side)]).collect();
    let crossings: Vec<Point> = sides.iter().map(|&side| crossing(side, next(side))).collect();
    let count = crossings.len().max(1) as f64;
    let sum = crossings.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.x, sum.1 + own.y));
    let middle = (crossings.len() > 2).then(|| Point::new(sum.0 / count, sum.1 / count));
    let mut parts = Vec::new();
    for (place, &side) in sides.iter().enumerate() {
        // From the crossing on this side to that on the next one with another label.
        let end = sides.get((place + 1) % sides.len()).copied().unwrap_or(side);
        let mut part = vec![crossings[place]];
        let mut corner = next(side);
        loop {
            part.push(corners[corner]);
            if corner == end {
                break;
            }
            corner = next(corner);
        }
        part.push(crossings[(place + 1) % crossings.len()]);
        part.extend(middle);
        parts.push((labels[next(side)], part));
    }
    let lines = match (middle, &crossings[..]) {
        (None, [one, two]) => vec![vec![*one, *two]],
        (Some(middle), all) => all.iter().map(|own| vec![*own, middle]).collect(),
        _ => Vec::new(),
    };
    (parts, lines)
}

impl<'a> Grid<'a> {
    fn new(map: &'a Ground<'a>, (xs, ys): (&[f64], &[f64]), plot: &Rect) -> Self {
        let framed = |low: f64, all: &[f64], high: f64| -> Vec<f64> {
            // Whole pixels, or neighbours would leave a seam.
            let inner = all.iter().map(|own| own.round());
            std::iter::once(low).chain(inner).chain(std::iter::once(high)).collect()
        };
        let winners = mended(map);
        let mut own = Self {
            map,
            left: smoothed(map, &winners),
            winners,
            px: framed(plot.left, xs, plot.right),
            py: framed(plot.bottom, ys, plot.top),
            crossings: BTreeMap::new(),
        };
        own.crossings = own.found();
        own
    }

    /// Where the boundaries of the map cross the lines between its points.
    fn found(&self) -> BTreeMap<(usize, usize, bool), f64> {
        let (xs, ys) = (self.map.xs, self.map.ys);
        let on = |all: &[f64], value: f64| {
            let near = all.partition_point(|own| *own < value * (1.0 - 1e-9));
            all.get(near).filter(|own| (*own - value).abs() <= 1e-9 * value.abs()).map(|_| near)
        };
        let after = |all: &[f64], value: f64| {
            let past = all.partition_point(|own| *own <= value);
            past.checked_sub(1).filter(|_| past < all.len())
        };
        let share = |log: bool, all: &[f64], index: usize, value: f64| {
            let (low, high) = (*all.get(index)?, *all.get(index + 1)?);
            let share = if log && low > 0.0 && value > 0.0 {
                libm::log(value / low) / libm::log(high / low)
            } else {
                (value - low) / (high - low)
            };
            Some(share.clamp(0.0, 1.0))
        };
        let mut found = BTreeMap::new();
        for &(x, y) in self.map.boundaries.iter().flatten() {
            if let (Some(row), Some(column)) = (on(ys, y), after(xs, x))
                && on(xs, x).is_none()
                && let Some(share) = share(self.map.logs.0, xs, column, x)
            {
                found.insert((column, row, true), share);
            } else if let (Some(column), Some(row)) = (on(xs, x), after(ys, y))
                && let Some(share) = share(self.map.logs.1, ys, row, y)
            {
                found.insert((column, row, false), share);
            }
        }
        found
    }

    fn winner(&self, column: usize, row: usize) -> Option<usize> {
        *self.winners.get(row * self.map.xs.len() + column)?
    }

    /// The square to the right of and above a point of the framed grid.
    fn corners(&self, column: usize, row: usize) -> Option<[Corner; 4]> {
        let corner = |column: usize, row: usize| {
            let of = |framed: usize, count: usize| framed.saturating_sub(1).min(count.saturating_sub(1));
            Some(Corner {
                at: Point::new(*self.px.get(column)?, *self.py.get(row)?),
                column: of(column, self.map.xs.len()),
                row: of(row, self.map.ys.len()),
            })
        };
        Some([
            corner(column, row)?,
            corner(column + 1, row)?,
            corner(column + 1, row + 1)?,
            corner(column, row + 1)?,
        ])
    }

    /// How far along from one point to its neighbour the winner changes.
    fn share(&self, from: &Corner, to: &Corner) -> f64 {
        let beside = from.row == to.row;
        let key = (from.column.min(to.column), from.row.min(to.row), beside);
        let back = from.column > to.column || from.row > to.row;
        let share = self.crossings.get(&key).copied().unwrap_or(0.5);
        if back { 1.0 - share } else { share }
    }

    fn crossing(&self, from: &Corner, to: &Corner) -> Point {
        between(from.at, to.at, self.share(from, to))
    }

    /// What is left of the distance to another winner beyond the reach of the error bands.
    fn left(&self, column: usize, row: usize) -> f64 {
        self.left.get(row * self.map.xs.len() + column).copied().unwrap_or(-1.0)
    }

    /// The parts of a square in which each of its winners surely wins.
    fn surely(&self, corners: [Corner; 4], labels: [Option<usize>; 4]) -> Vec<(usize, Vec<Point>)> {
        let mut all = Vec::new();
        let mut seen: Vec<usize> = labels.into_iter().flatten().collect();
        seen.sort_unstable();
        seen.dedup();
        for winner in seen {
            let holds = |own: &Corner| {
                self.winner(own.column, own.row) == Some(winner) && self.left(own.column, own.row) > 0.0
            };
            let inside = [holds(&corners[0]), holds(&corners[1]), holds(&corners[2]), holds(&corners[3])];
            let edge = |from: usize, to: usize| {
                let (own, other, back) = if inside[from] {
                    (&corners[from], &corners[to], false)
                } else {
                    (&corners[to], &corners[from], true)
                };
                let share = self.sure_share(own, other);
                if back { between(other.at, own.at, 1.0 - share) } else { between(own.at, other.at, share) }
            };
            let (parts, _) = cut(corners.map(|own| own.at), inside, &edge);
            all.extend(parts.into_iter().filter(|(own, _)| *own).map(|(_, part)| (winner, part)));
        }
        all
    }

    /// How far from a point at which its winner is sure the next one is no longer.
    fn sure_share(&self, own: &Corner, other: &Corner) -> f64 {
        let here = self.left(own.column, own.row);
        if self.winner(own.column, own.row) == self.winner(other.column, other.row) {
            let there = self.left(other.column, other.row);
            return (here / (here - there)).clamp(0.0, 1.0);
        }
        // At the border nothing is left but the reach.
        let reach = self.map.place(own.column, own.row).map_or(0.0, |own| own.reach.max(0.0));
        self.share(own, other) * (here / (here + reach)).clamp(0.0, 1.0)
    }
}

fn between(from: Point, to: Point, share: f64) -> Point {
    Point::new(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share)
}

/// The points of a grid beside one.
fn beside(columns: usize, rows: usize, index: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (index % columns.max(1), index / columns.max(1));
    let left = (column > 0).then(|| index - 1);
    let right = (column + 1 < columns).then_some(index + 1);
    let below = (row > 0).then(|| index - columns);
    let above = (row + 1 < rows).then_some(index + columns);
    [left, right, below, above].into_iter().flatten()
}

/// What is left at each point of the distance to another winner beyond the reach of the error bands, without the noise of a
/// search: a mean over neighbours, and no islands of a few points. Below zero where nobody wins.
fn smoothed(map: &Ground<'_>, winners: &[Option<usize>]) -> Vec<f64> {
    let (columns, rows) = (map.xs.len(), map.ys.len());
    let own = |index: usize| map.places.get(index).filter(|own| own.winner.is_some());
    let won = |index: usize| winners.get(index).copied().flatten();
    let mut left: Vec<f64> = (0..columns * rows)
        .map(|index| match own(index) {
            Some(cell) if cell.winner == won(index) => cell.distance.min(WHOLLY) - cell.reach,
            _ => -1.0,
        })
        .collect();
    for _ in 0..PASSES {
        let before = left.clone();
        let value = |index: usize| before.get(index).copied().unwrap_or(-1.0);
        for (index, place) in left.iter_mut().enumerate().filter(|(index, _)| won(*index).is_some()) {
            let (here, reach) = (value(index), own(index).map_or(0.0, |own| own.reach));
            let (mut sum, mut weight) = (4.0 * here, 4.0);
            for other in beside(columns, rows, index) {
                // Beyond a border the distance goes on below zero; a wall says nothing.
                let there = match won(other) {
                    Some(winner) if Some(winner) == won(index) => value(other),
                    Some(_) => -(value(other) + own(other).map_or(0.0, |own| own.reach)) - reach,
                    None => here,
                };
                (sum, weight) = (sum + there, weight + 1.0);
            }
            *place = sum / weight;
        }
    }
    let mut seen = vec![false; left.len()];
    for start in 0..left.len() {
        let (mut island, mut next) = (Vec::new(), vec![start]);
        while let Some(index) = next.pop() {
            if left.get(index).is_none_or(|own| *own <= 0.0) {
                continue;
            }
            let Some(place) = seen.get_mut(index) else { continue };
            if !std::mem::replace(place, true) {
                island.push(index);
                next.extend(beside(columns, rows, index).filter(|other| won(*other) == won(index)));
            }
        }
        if island.len() <= ISLAND && island.len() < left.len() / 8 {
            for index in island {
                if let Some(place) = left.get_mut(index) {
                    *place = 0.0;
                }
            }
        }
    }
    left
}

/// Who wins at each point, without islands that are too small and too unsure to be more than noise.
fn mended(map: &Ground<'_>) -> Vec<Option<usize>> {
    let (columns, rows) = (map.xs.len(), map.ys.len());
    let mut winners: Vec<Option<usize>> =
        (0..columns * rows).map(|index| map.places.get(index)?.winner).collect();
    let mut seen = vec![false; winners.len()];
    for start in 0..winners.len() {
        if seen.get(start).copied().unwrap_or(true) {
            continue;
        }
        let label = winners.get(start).copied().flatten();
        let (mut island, mut shore, mut next) = (Vec::new(), Vec::new(), vec![start]);
        while let Some(index) = next.pop() {
            let Some(place) = seen.get_mut(index) else { continue };
            if std::mem::replace(place, true) {
                continue;
            }
            island.push(index);
            for other in beside(columns, rows, index) {
                let own = winners.get(other).copied().flatten();
                if own == label { next.push(other) } else { shore.extend(own) }
            }
        }
        let sure = |index: &usize| {
            map.places.get(*index).is_some_and(|own| own.winner.is_some() && own.distance > own.reach)
        };
        shore.sort_unstable();
        let most = |own: &usize| shore.iter().filter(|other| *other == own).count();
        if label.is_some()
            && island.len() <= ISLAND
            && !island.iter().any(sure)
            && let Some(&other) = shore.iter().max_by_key(|own| most(own))
        {
            for index in island {
                if let Some(place) = winners.get_mut(index) {
                    *place = Some(other);
                }
            }
        }
    }
    winners
}

/// Lines joined where they end at the same place.
fn chained(lines: &[Vec<Point>]) -> Vec<Vec<Point>> {
    let key = |own: &Point| (libm::round(own.x * 64.0) as i64, libm::round(own.y * 64.0) as i64);
    let mut ends: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        for end in line.first().into_iter().chain(line.last()) {
            ends.entry(key(end)).or_default().push(index);
        }
    }
    let mut used = vec![false; lines.len()];
    let mut all = Vec::new();
    for start in 0..lines.len() {
        if std::mem::replace(&mut used[start], true) {
            continue;
        }
        let mut chain: Vec<Point> = lines[start].clone();
        for _ in 0..2 {
            // On from the last point as far as there is just one way, then from the other end.
            while let Some(last) = chain.last().copied()
                && let Some(at) = ends.get(&key(&last)).filter(|own| own.len() == 2)
                && let Some(&other) = at.iter().find(|own| !used[**own])
            {
                used[other] = true;
                let mut line = lines[other].clone();
                if line.last().is_some_and(|own| key(own) == key(&last)) {
                    line.reverse();
                }
                chain.extend(line.into_iter().skip(1));
            }
            chain.reverse();
        }
        all.push(chain);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(points: &[Point]) -> f64 {
        let pairs = points.iter().zip(points.iter().cycle().skip(1));
        (pairs.map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f64>() / 2.0).abs()
    }

    /// A map that owns what it is made of.
    #[derive(Clone)]
    struct Map {
        middles: Vec<f64>,
        places: Vec<Place>,
        boundaries: Vec<Vec<(f64, f64)>>,
    }

    /// Two winners on a grid of `side` points, the first left of `border`, each as sure as it is far from it.
    fn map(side: usize, border: f64, reach: f64) -> Map {
        let middles: Vec<f64> = (0..side).map(|own| own as f64).collect();
        let place =
            |x: f64| Place { winner: Some(usize::from(x > border)), distance: (x - border).abs(), reach };
        Map {
            places: (0..side).flat_map(|_| middles.iter().map(|x| place(*x))).collect(),
            boundaries: middles.windows(2).map(|pair| vec![(border, pair[0]), (border, pair[1])]).collect(),
            middles,
        }
    }

    fn regions(map: &Map) -> Regions {
        let places: Vec<f64> = map.middles.iter().map(|own| 50.0 + own * 100.0).collect();
        let up: Vec<f64> = places.iter().rev().copied().collect();
        let end = map.middles.len() as f64 * 100.0;
        let ground = Ground {
            xs: &map.middles,
            ys: &map.middles,
            logs: (false, false),
            places: map.places.clone(),
            boundaries: &map.boundaries,
        };
        Regions::of(&ground, (&places, &up), &Rect::new(0.0, 0.0, end, end))
    }

    #[test]
    fn regions_fill_the_plot_and_meet_at_the_border() {
        let map = map(6, 2.3, 0.0);
        let all = regions(&map);
        let of = |winner: usize, parts: &[(usize, Vec<Point>)]| -> f64 {
            parts.iter().filter(|own| own.0 == winner).map(|own| area(&own.1)).sum()
        };
        // The border is at 50 + 2.3 * 100 of 600 pixels.
        assert!((of(0, &all.won) - 280.0 * 600.0).abs() < 1.0, "{}", of(0, &all.won));
        assert!((of(1, &all.won) - 320.0 * 600.0).abs() < 1.0);
        assert!(all.bare.is_empty());
        assert_eq!(all.borders.len(), 1, "{:?}", all.borders);
        assert!(all.borders[0].iter().all(|own| (own.x - 280.0).abs() < 1e-6));
        // Without any reach all is sure.
        assert!((of(0, &all.sure) - of(0, &all.won)).abs() < 1.0);
    }

    #[test]
    fn a_pale_zone_is_as_wide_as_the_bands_reach() {
        let all = regions(&map(6, 2.3, 0.5));
        let sure: f64 = all.sure.iter().filter(|own| own.0 == 0).map(|own| area(&own.1)).sum();
        assert!((sure - (280.0 - 50.0) * 600.0).abs() < 600.0, "{sure}");
        let none = regions(&map(6, 2.3, 9.0));
        assert!(none.sure.is_empty());
    }

    #[test]
    fn noise_of_a_search_leaves_no_steps_in_the_pale_zone() {
        let mut noisy = map(9, 5.3, 0.9);
        // One point far from the border that is not sure, and one beyond it that is: neither shows.
        noisy.places[2 * 9 + 1].distance = 0.7;
        noisy.places[6 * 9 + 6].distance = 1.2;
        let of = |map: &Map, winner: usize| -> f64 {
            regions(map).sure.iter().filter(|own| own.0 == winner).map(|own| area(&own.1)).sum()
        };
        let plain = map(9, 5.3, 0.9);
        for winner in [0, 1] {
            let (noisy, plain) = (of(&noisy, winner), of(&plain, winner));
            assert!((noisy / plain - 1.0).abs() < 0.05, "{winner}: {noisy} and {plain}");
        }
    }

    #[test]
    fn small_unsure_islands_are_noise_and_sure_ones_are_not() {
        let mut noisy = map(9, 20.0, 0.5);
        noisy.boundaries.clear();
        let island = 4 * 9 + 4;
        noisy.places[island] = Place { winner: Some(1), distance: 0.1, reach: 0.5 };
        assert!(regions(&noisy).borders.is_empty());
        assert!(regions(&noisy).won.iter().all(|own| own.0 == 0));
        noisy.places[island].distance = 2.0;
        assert_eq!(regions(&noisy).borders.len(), 1);
        // Where nobody wins is never filled up.
        noisy.places[island] = Place::default();
        let all = regions(&noisy);
        assert_eq!(all.borders.len(), 1);
        assert_eq!(all.bare.len(), 2, "{:?}", all.bare);
    }
}

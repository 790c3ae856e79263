//! What is under the pointer, where the keyboard stands, and what a drag selects.
//!
//! A [`Cursor`] names a sample by its indices in the chart, so it survives a new layout. A [`Readout`] is what crosshair
//! and tooltip show there.

use super::geometry::{Point, Rect};
use super::layout::{Scene, Trace, interpolated};
use super::model::{Chart, Dash, Domain, Join, Marker, Sample, Series};
use super::theme::Hue;

/// Shorter drags are clicks.
pub(super) const LEAST_DRAG: f64 = 8.0;
/// Samples this near on the screen count as one place, in CSS pixels.
const SAME_PLACE: f64 = 3.0;

/// One sample of one series, by their indices in the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The index of the series.
    pub series: usize,
    /// The index of the sample in the series.
    pub sample: usize,
}

/// What "nearest" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HitMode {
    /// The nearest x over all series, for curves; the other axis only breaks ties.
    #[default]
    X,
    /// The nearest point on the screen, for clouds and frontiers.
    Xy,
}

/// The sample nearest to the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Which sample.
    pub cursor: Cursor,
    /// Where it is drawn.
    pub at: Point,
    /// How far the pointer is from it, in CSS pixels.
    pub distance: f64,
}

/// What crosshair and tooltip say at one x.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// The value on the horizontal axis.
    pub x: f64,
    /// The same, formatted.
    pub x_text: String,
    /// Where the crosshair stands.
    pub at: Point,
    /// The value of each series there, in the order of the chart.
    pub rows: Vec<ReadoutRow>,
}

/// One series in a readout.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadoutRow {
    /// The index of the series in the chart.
    pub series: usize,
    /// What people read: the series, and the point if it has a label of its own.
    pub label: String,
    /// Its colours.
    pub hue: Hue,
    /// Its stroke.
    pub dash: Dash,
    /// Its symbol.
    pub marker: Option<Marker>,
    /// The value; `None` in a gap.
    pub value: Option<f64>,
    /// The value, formatted, or why there is none.
    pub text: String,
    /// The interval, formatted.
    pub band: Option<String>,
    /// What the sample has to add.
    pub note: Option<String>,
    /// Where a dot goes; `None` in a gap or outside the plot.
    pub at: Option<Point>,
    /// Whether the value lies between two samples.
    pub interpolated: bool,
    /// Whether the cursor stands on this series.
    pub focus: bool,
}

/// A move of the keyboard cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the sample before: the left arrow.
    Previous,
    /// To the sample after: the right arrow.
    Next,
    /// To the first sample in view: Home.
    First,
    /// To the last sample in view: End.
    Last,
    /// To the series above in the legend, at about the same x: the up arrow.
    SeriesBefore,
    /// To the series below in the legend, at about the same x: the down arrow.
    SeriesAfter,
}

/// New domains after a drag or a turn of the wheel; `None` leaves an axis as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zoom {
    /// The horizontal domain.
    pub x: Option<(f64, f64)>,
    /// The vertical domain.
    pub y: Option<(f64, f64)>,
}

impl Zoom {
    /// Fixes the domains of a chart to what was selected. To zoom out, give the chart its own domains back.
    pub fn apply(&self, chart: &mut Chart) {
        if let Some((low, high)) = self.x {
            chart.x.domain = Domain::Fixed(low, high);
        }
        if let Some((low, high)) = self.y {
            chart.y.domain = Domain::Fixed(low, high);
        }
    }
}

impl Scene {
    /// The sample nearest to the pointer, if any is in view.
    #[must_use]
    pub fn nearest(&self, pointer: Point, mode: HitMode) -> Option<Hit> {
        let measure = |at: Point| match mode {
            // A hundredth of the other distance decides between samples of the same x.
            HitMode::X => (at.x - pointer.x).abs() + (at.y - pointer.y).abs() / 100.0,
            HitMode::Xy => at.distance(pointer),
        };
        let mut best: Option<(f64, Hit)> = None;
        for trace in &self.traces {
            for (sample, place) in trace.places.iter().enumerate() {
                let Some(at) = place.filter(|at| self.in_view(*at, mode)) else { continue };
                let score = measure(at);
                if best.as_ref().is_none_or(|(least, _)| score < *least) {
                    let cursor = Cursor { series: trace.series, sample };
                    best = Some((score, Hit { cursor, at, distance: at.distance(pointer) }));
                }
            }
        }
        best.map(|(_, hit)| hit)
    }

    /// The sample nearest to a value of the horizontal axis, for a crosshair that follows another chart's.
    #[must_use]
    pub fn nearest_to_value(&self, x: f64) -> Option<Cursor> {
        let at = Point::new(self.x.map(x)?, self.plot.centre().y);
        self.nearest(at, HitMode::X).map(|hit| hit.cursor)
    }

    /// Where a cursor stands, if its sample has a place.
    #[must_use]
    pub fn place(&self, cursor: Cursor) -> Option<Point> {
        let trace = self.traces.iter().find(|trace| trace.series == cursor.series)?;
        trace.places.get(cursor.sample).copied().flatten()
    }

    /// What to show at a cursor: every series at its x, or only the points at its place.
    #[must_use]
    pub fn readout(&self, cursor: Cursor, mode: HitMode) -> Option<Readout> {
        let series = self.chart.series.get(cursor.series).filter(|series| series.visible)?;
        let sample = series.samples.get(cursor.sample)?;
        let column = self.x.map(sample.x)?;
        let at = self.place(cursor).unwrap_or(Point::new(column, self.plot.bottom));
        let rows = self
            .traces
            .iter()
            .filter_map(|trace| match mode {
                HitMode::X => self.row_at_x(trace, sample.x, column, cursor),
                HitMode::Xy => self.row_at_place(trace, at, cursor),
            })
            .collect();
        Some(Readout { x: sample.x, x_text: self.chart.x.unit.format(sample.x), at, rows })
    }

    /// What every series says at any value of the horizontal axis, sample or not.
    #[must_use]
    pub fn readout_at(&self, x: f64) -> Option<Readout> {
        let column = self.x.map(x).filter(|_| self.x.contains(x))?;
        let nobody = Cursor { series: usize::MAX, sample: usize::MAX };
        let rows = self.traces.iter().filter_map(|trace| self.row_at_x(trace, x, column, nobody)).collect();
        let at = Point::new(column, self.plot.bottom);
        Some(Readout { x, x_text: self.chart.x.unit.format(x), at, rows })
    }

    /// The cursor after a move. Without a cursor, the first move lands on the first sample in view, or the last for
    /// moves that go backwards. Samples without a value are passed over, unless they say why they have none.
    #[must_use]
    pub fn step(&self, cursor: Option<Cursor>, step: Step) -> Option<Cursor> {
        let Some((row, current)) = cursor.and_then(|cursor| {
            let row = self.traces.iter().position(|trace| trace.series == cursor.series)?;
            Some((row, cursor))
        }) else {
            // The series of the cursor may have been hidden meanwhile; then it starts over.
            let backwards = matches!(step, Step::Previous | Step::Last);
            return self.traces.iter().find_map(|trace| {
                let mut stops = self.stops(trace);
                let sample = if backwards { stops.next_back() } else { stops.next() }?;
                Some(Cursor { series: trace.series, sample })
            });
        };
        let trace = self.traces.get(row)?;
        let sample = match step {
            Step::Previous => self.stops(trace).rfind(|sample| *sample < current.sample),
            Step::Next => self.stops(trace).find(|sample| *sample > current.sample),
            Step::First => self.stops(trace).next(),
            Step::Last => self.stops(trace).next_back(),
            Step::SeriesBefore => return self.nearby(self.traces.get(..row)?.iter().rev(), current),
            Step::SeriesAfter => return self.nearby(self.traces.get(row + 1..)?.iter(), current),
        };
        // At the end of the line the cursor stays.
        Some(Cursor { series: current.series, sample: sample.unwrap_or(current.sample) })
    }

    /// The rectangle to show while dragging from one point to another: what [`Scene::drag`] would zoom to.
    #[must_use]
    pub fn selection(&self, from: Point, to: Point) -> Option<Rect> {
        let rect = Rect::between(self.plot.clamp(from), self.plot.clamp(to));
        let (wide, high) = (rect.width() >= LEAST_DRAG, rect.height() >= LEAST_DRAG);
        // A drag along one axis zooms that axis alone.
        let flat = rect.height() < 2.0 * LEAST_DRAG || rect.height() * 6.0 < rect.width();
        let slim = rect.width() < 2.0 * LEAST_DRAG || rect.width() * 6.0 < rect.height();
        match (wide, high) {
            (true, _) if flat => Some(Rect { top: self.plot.top, bottom: self.plot.bottom, ..rect }),
            (_, true) if slim => Some(Rect { left: self.plot.left, right: self.plot.right, ..rect }),
            (true, true) => Some(rect),
            _ => None,
        }
    }

    /// The domains a drag selects; `None` if it was too short to mean anything.
    #[must_use]
    pub fn drag(&self, from: Point, to: Point) -> Option<Zoom> {
        let rect = self.selection(from, to)?;
        let whole_x = rect.left <= self.plot.left && rect.right >= self.plot.right;
        let whole_y = rect.top <= self.plot.top && rect.bottom >= self.plot.bottom;
        Some(Zoom {
            x: (!whole_x).then(|| self.x.zoomed(rect.left, rect.right)),
            y: (!whole_y).then(|| self.y.zoomed(rect.top, rect.bottom)),
        })
    }

    fn in_view(&self, at: Point, mode: HitMode) -> bool {
        // Half a pixel of grace for samples on the very edge.
        match mode {
            HitMode::X => self.plot.left - 0.5 <= at.x && at.x <= self.plot.right + 0.5,
            HitMode::Xy => self.plot.grown(0.5).contains(at),
        }
    }

    /// The samples a keyboard cursor stops at.
    fn stops<'a>(&'a self, trace: &'a Trace) -> impl DoubleEndedIterator<Item = usize> + 'a {
        let samples = self.series(trace).map(|series| series.samples.as_slice()).unwrap_or_default();
        samples
            .iter()
            .enumerate()
            .filter(|(_, sample)| self.x.contains(sample.x) && (sample.y.is_some() || sample.note.is_some()))
            .map(|(index, _)| index)
    }

    /// The stop nearest in x on the first of these series that has any.
    fn nearby<'a>(&'a self, mut traces: impl Iterator<Item = &'a Trace>, current: Cursor) -> Option<Cursor> {
        let x = self.chart.series.get(current.series)?.samples.get(current.sample)?.x;
        let column = self.x.map(x)?;
        let found = traces.find_map(|trace| {
            let series = self.series(trace)?;
            let distance = |sample: &usize| {
                let place = series.samples.get(*sample).and_then(|sample| self.x.map(sample.x));
                place.map_or(f64::INFINITY, |place| (place - column).abs())
            };
            let sample = self.stops(trace).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
            Some(Cursor { series: trace.series, sample })
        });
        Some(found.unwrap_or(current))
    }

    fn row_at_x(&self, trace: &Trace, x: f64, column: f64, cursor: Cursor) -> Option<ReadoutRow> {
        let series = self.series(trace)?;
        if cursor.series == trace.series {
            let sample = series.samples.get(cursor.sample)?;
            return Some(self.row(trace, series, sample, false, true));
        }
        let near = series
            .samples
            .iter()
            .filter_map(|sample| Some((sample, (self.x.map(sample.x)? - column).abs())))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let reach = if series.join == Join::None { SAME_PLACE } else { 0.25 };
        if let Some((sample, _)) = near.filter(|(_, distance)| *distance <= reach) {
            return Some(self.row(trace, series, sample, false, false));
        }
        if series.join == Join::None {
            return None;
        }
        let (a, b) = series.samples.windows(2).find_map(|pair| match pair {
            [a, b] if a.x <= x && x <= b.x => Some((a, b)),
            _ => None,
        })?;
        let value = match series.join {
            Join::StepAfter => a.y,
            Join::StepBefore => b.y,
            Join::Straight | Join::None => interpolated(a, b, x, &self.x, self.chart.y.scale),
        };
        // The reason stands on the sample that is missing.
        let missing = [a, b].into_iter().find(|sample| sample.y.is_none());
        let note = if value.is_none() { missing.and_then(|sample| sample.note.clone()) } else { None };
        let between = Sample { x, y: value, note, ..Sample::default() };
        Some(self.row(trace, series, &between, true, false))
    }

    fn row_at_place(&self, trace: &Trace, at: Point, cursor: Cursor) -> Option<ReadoutRow> {
        let series = self.series(trace)?;
        let focus = cursor.series == trace.series;
        let sample = if focus {
            cursor.sample
        } else {
            let close = |place: &Option<Point>| place.is_some_and(|place| place.distance(at) <= SAME_PLACE);
            trace.places.iter().position(close)?
        };
        Some(self.row(trace, series, series.samples.get(sample)?, false, focus))
    }

    fn row(
        &self,
        trace: &Trace,
        series: &Series,
        sample: &Sample,
        interpolated: bool,
        focus: bool,
    ) -> ReadoutRow {
        let unit = self.chart.y.unit;
        let label = match &sample.label {
            Some(label) if !label.is_empty() => format!("{}, {label}", series.label),
            _ => series.label.clone(),
        };
        let reason = || sample.note.clone().unwrap_or_else(|| crate::units::format::ABSENT.to_owned());
        let place = sample.y.and_then(|y| Some(Point::new(self.x.map(sample.x)?, self.y.map(y)?)));
        ReadoutRow {
            series: trace.series,
            label,
            hue: trace.hue,
            dash: series.dash,
            marker: series.marker,
            value: sample.y,
            text: sample.y.map_or_else(reason, |value| unit.format(value)),
            band: sample.band.map(|(low, high)| format!("{} to {}", unit.format(low), unit.format(high))),
            note: sample.y.and(sample.note.clone()),
            at: place.filter(|place| self.plot.grown(0.5).contains(*place)),
            interpolated,
            focus,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::geometry::Size;
    use crate::chart::model::{Axis, Paint};
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;
    use crate::units::format::Unit;

    fn scene() -> Scene {
        let a = [(1.0, 10.0), (2.0, 20.0), (3.0, 30.0), (4.0, 40.0)].map(|(x, y)| Sample::new(x, y));
        let b = vec![
            Sample::new(1.0, 5.0),
            Sample::new(2.5, 8.0).with_note("chunked"),
            Sample::gap(4.0, "saturated"),
        ];
        let cloud = vec![Sample::new(2.0, 33.0).with_label("TP8"), Sample::new(3.5, 12.0).with_label("TP4")];
        let chart = Chart {
            title: "t".to_owned(),
            x: Axis::linear("x", Unit::Number).with_domain(Domain::Fixed(0.0, 5.0)),
            y: Axis::linear("y", Unit::Seconds).with_domain(Domain::Fixed(0.0, 50.0)),
            series: vec![
                Series::nth(0, "a", "A", a.to_vec()),
                Series::nth(1, "b", "B", b),
                Series::points("c", "C", Paint::Series(2), Marker::Ring, cloud),
            ],
            ..Chart::default()
        };
        Scene::new(&chart, Size::new(600.0, 300.0), &LIGHT, &TableMeasure)
    }

    fn at(scene: &Scene, x: f64, y: f64) -> Point {
        Point::new(scene.x.map(x).unwrap_or(0.0), scene.y.map(y).unwrap_or(0.0))
    }

    #[test]
    fn curves_snap_to_the_nearest_x() {
        let scene = scene();
        let hit = scene.nearest(at(&scene, 2.9, 1.0), HitMode::X).map(|hit| hit.cursor);
        assert_eq!(hit, Some(Cursor { series: 0, sample: 2 }));
        // At the same x, the nearer point wins.
        let hit = scene.nearest(at(&scene, 1.0, 6.0), HitMode::X).map(|hit| hit.cursor);
        assert_eq!(hit, Some(Cursor { series: 1, sample: 0 }));
    }

    #[test]
    fn clouds_snap_to_the_nearest_point() {
        let scene = scene();
        let hit = scene.nearest(at(&scene, 3.4, 13.0), HitMode::Xy);
        assert_eq!(hit.map(|hit| hit.cursor), Some(Cursor { series: 2, sample: 1 }));
        let readout = hit.and_then(|hit| scene.readout(hit.cursor, HitMode::Xy));
        let labels: Vec<String> = readout.iter().flat_map(|r| &r.rows).map(|row| row.label.clone()).collect();
        assert_eq!(labels, ["C, TP4"]);
    }

    #[test]
    fn a_readout_has_every_series_sampled_or_between() {
        let scene = scene();
        let rows = scene
            .readout(Cursor { series: 0, sample: 1 }, HitMode::X)
            .map(|readout| readout.rows)
            .unwrap_or_default();
        let said: Vec<(String, bool, bool)> =
            rows.iter().map(|row| (row.text.replace('\u{a0}', " "), row.interpolated, row.focus)).collect();
        assert_eq!(
            said,
            [
                ("20 s".to_owned(), false, true),
                ("7 s".to_owned(), true, false),
                ("33 s".to_owned(), false, false),
            ]
        );
    }

    #[test]
    fn a_gap_says_why() {
        let scene = scene();
        let rows = scene.readout_at(3.9).map(|readout| readout.rows).unwrap_or_default();
        assert_eq!(rows.get(1).map(|row| (row.text.as_str(), row.value)), Some(("saturated", None)));
        assert!(scene.readout_at(7.0).is_none());
    }

    #[test]
    fn arrows_walk_samples_and_series() {
        let scene = scene();
        let mut cursor = None;
        let mut walk = |step: Step| {
            cursor = scene.step(cursor, step);
            cursor.map(|cursor| (cursor.series, cursor.sample))
        };
        assert_eq!(walk(Step::Next), Some((0, 0)));
        assert_eq!(walk(Step::Next), Some((0, 1)));
        assert_eq!(walk(Step::SeriesAfter), Some((1, 1)));
        assert_eq!(walk(Step::Next), Some((1, 2)));
        assert_eq!(walk(Step::Next), Some((1, 2)));
        assert_eq!(walk(Step::SeriesAfter), Some((2, 1)));
        assert_eq!(walk(Step::SeriesAfter), Some((2, 1)));
        assert_eq!(walk(Step::SeriesBefore), Some((1, 2)));
        assert_eq!(walk(Step::First), Some((1, 0)));
        assert_eq!(walk(Step::Last), Some((1, 2)));
        let lost = Some(Cursor { series: 9, sample: 9 });
        assert_eq!(scene.step(lost, Step::Previous), Some(Cursor { series: 0, sample: 3 }));
    }

    #[test]
    fn a_drag_zooms_what_it_covers() {
        let scene = scene();
        let (from, to) = (at(&scene, 1.0, 10.0), at(&scene, 3.0, 30.0));
        let zoom = scene.drag(from, to).unwrap_or_default();
        let near = |pair: Option<(f64, f64)>, low: f64, high: f64| {
            pair.is_some_and(|(a, b)| (a - low).abs() < 1e-9 && (b - high).abs() < 1e-9)
        };
        assert!(near(zoom.x, 1.0, 3.0) && near(zoom.y, 10.0, 30.0), "{zoom:?}");
        let flat = scene.drag(from, Point::new(to.x, from.y + 3.0)).unwrap_or_default();
        assert!(near(flat.x, 1.0, 3.0) && flat.y.is_none(), "{flat:?}");
        assert!(scene.drag(from, Point::new(from.x + 4.0, from.y + 4.0)).is_none());

        let mut chart = scene.chart.clone();
        zoom.apply(&mut chart);
        let zoomed = Scene::new(&chart, scene.size, &LIGHT, &TableMeasure);
        assert!(near(Some(zoomed.x.domain()), 1.0, 3.0) && near(Some(zoomed.y.domain()), 10.0, 30.0));
    }

    #[test]
    fn a_hidden_series_is_out_of_reach() {
        let mut chart = scene().chart;
        if let Some(series) = chart.series.first_mut() {
            series.visible = false;
        }
        let scene = Scene::new(&chart, Size::new(600.0, 300.0), &LIGHT, &TableMeasure);
        let hit = scene.nearest(at(&scene, 3.0, 30.0), HitMode::X);
        assert!(hit.is_some_and(|hit| hit.cursor.series != 0));
        assert!(scene.readout(Cursor { series: 0, sample: 0 }, HitMode::X).is_none());
        assert_eq!(scene.legend.len(), 3);
        assert_eq!(scene.traces.len(), 2);
    }
}

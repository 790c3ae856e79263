//! Which part of a chart is in view and which of its series: what a drag, the keys and the legend change.
//!
//! A zoom is kept in the values of the axes, so it stays where it is while a slider moves the curves. It belongs to one
//! chart, by its title: what shows another metric or another knob is seen whole again.

use super::geometry::Point;
use super::hit::Zoom;
use super::layout::Scene;
use super::model::{Chart, Domain, Join, Sample, ScaleKind, Series};
use super::ticks::nice;

/// Narrower domains say no more: their ends would read the same.
const NARROWEST: f64 = 1e-3;

/// How a chart is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Viewport {
    about: String,
    zoom: Zoom,
    hidden: Vec<String>,
}

impl Viewport {
    /// The chart as it is seen.
    #[must_use]
    pub fn of(&self, chart: &Chart) -> Chart {
        let mut seen = chart.clone();
        for series in seen.series.iter_mut().filter(|series| self.hides(&series.id)) {
            series.visible = false;
        }
        if self.zooms(&seen) {
            self.zoom.apply(&mut seen);
        }
        seen
    }

    /// Whether a part of this chart is in view, not the whole: the zoom is about it and there is something to see.
    #[must_use]
    pub fn zooms(&self, chart: &Chart) -> bool {
        let some = self.zoom.x.is_some() || self.zoom.y.is_some();
        let shown = |series: &Series| series.visible && !self.hides(&series.id);
        some && self.about == chart.title
            && chart.series.iter().any(|series| shown(series) && self.meets(series))
    }

    /// Whether a series is left out.
    #[must_use]
    pub fn hides(&self, id: &str) -> bool {
        self.hidden.iter().any(|own| own == id)
    }

    /// Leaves a series out, or takes it in again.
    pub fn toggle(&mut self, id: &str) {
        if self.hides(id) {
            self.hidden.retain(|own| own != id);
        } else {
            self.hidden.push(id.to_owned());
        }
    }

    /// Shows the whole chart again.
    pub fn reset(&mut self) {
        self.zoom = Zoom::default();
    }

    /// Zooms to what was selected on a scene. An axis that was not selected stays as it is; where there is nothing to see,
    /// all does.
    pub fn take(&mut self, scene: &Scene, zoom: Zoom) {
        let before = if self.about == scene.chart.title { self.zoom } else { Zoom::default() };
        let wide = |new: Option<(f64, f64)>, log: bool| new.filter(|domain| is_wide(*domain, log));
        let x = wide(zoom.x, scene.x.kind().is_log()).or(before.x);
        let y = wide(zoom.y, scene.y.kind().is_log()).or(before.y);
        let about = scene.chart.title.clone();
        let next = Self { about, zoom: Zoom { x, y }, hidden: std::mem::take(&mut self.hidden) };
        if next.zooms(&scene.chart) {
            *self = next;
        } else {
            self.hidden = next.hidden;
        }
    }

    /// Zooms in (a factor below 1) or out about a point, along the horizontal axis or along both, never beyond `whole`, the
    /// scene without any zoom.
    pub fn turn(&mut self, scene: &Scene, whole: &Scene, about: Point, factor: f64, both: bool) {
        let within = |domain: (f64, f64), all: (f64, f64)| {
            let domain = (domain.0.max(all.0), domain.1.min(all.1));
            (domain.0 < domain.1 && (domain.0 > all.0 || domain.1 < all.1)).then_some(domain)
        };
        let x = within(scene.x.zoomed_about(about.x, factor), whole.x.domain());
        let y = if both { within(scene.y.zoomed_about(about.y, factor), whole.y.domain()) } else { None };
        if factor > 1.0 {
            self.about.clone_from(&scene.chart.title);
            self.zoom = Zoom { x, y: if both { y } else { self.zoom.y.filter(|_| x.is_some()) } };
        } else {
            self.take(scene, Zoom { x, y });
        }
    }

    /// Whether a part of a series lies in view.
    fn meets(&self, series: &Series) -> bool {
        let overlaps = |a: f64, b: f64, domain: Option<(f64, f64)>| {
            domain.is_none_or(|(low, high)| a.min(b) <= high && low <= a.max(b))
        };
        let met = |a: &Sample, b: &Sample| match (a.y, b.y) {
            (Some(from), Some(to)) => overlaps(a.x, b.x, self.zoom.x) && overlaps(from, to, self.zoom.y),
            _ => false,
        };
        series.samples.iter().any(|own| met(own, own))
            || (series.join != Join::None
                && series.samples.windows(2).any(|pair| matches!(pair, [a, b] if met(a, b))))
    }
}

/// The ends of the vertical axis while something moves: they stand still, so that a change is seen as one of the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Still {
    about: String,
    kind: ScaleKind,
    ends: (f64, f64),
}

/// About how many ticks the ends are rounded to where they have to give way.
const TICKS: usize = 5;

impl Still {
    /// As they are on a scene.
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        Self { about: scene.chart.title.clone(), kind: scene.y.kind(), ends: scene.y.domain() }
    }

    /// The chart between the same ends. They give way, in round steps, only where the one sample of the series `mark`
    /// would leave the plot. Nothing if they are those of another chart, or its ends are fixed already.
    #[must_use]
    pub fn hold(&mut self, chart: &Chart, mark: &str) -> Option<Chart> {
        let (low, high) = self.ends;
        let free = !matches!(chart.y.domain, Domain::Fixed(..));
        if !(free && low < high && self.about == chart.title && self.kind == chart.y.scale) {
            return None;
        }
        let marked = chart.series.iter().find(|series| series.id == mark);
        let value = marked.and_then(|series| series.samples.first()?.y);
        let value = value.filter(|own| own.is_finite() && (!self.kind.is_log() || *own > 0.0));
        if let Some(value) = value.filter(|own| *own < low || *own > high) {
            self.ends = nice(self.kind, (low.min(value), high.max(value)), TICKS, chart.y.unit);
        }
        let mut held = chart.clone();
        held.y.domain = Domain::Fixed(self.ends.0, self.ends.1);
        Some(held)
    }
}

/// Whether two ends of an axis can be told apart.
fn is_wide((low, high): (f64, f64), log: bool) -> bool {
    let size = if log { low.abs() } else { low.abs().max(high.abs()) };
    high - low > NARROWEST * size
}

impl Scene {
    /// Whether the pointer is over the column of the only sample of this series, as one takes hold of it to move it.
    #[must_use]
    pub fn holds(&self, id: &str, pointer: Point, reach: f64) -> bool {
        let series = self.chart.series.iter().find(|series| series.id == id && series.visible);
        let place = series.and_then(|series| self.x.map(series.samples.first()?.x));
        place.is_some_and(|x| (x - pointer.x).abs() <= reach)
    }

    /// What is in view along the horizontal axis: `1k to 32k`.
    #[must_use]
    pub fn reach(&self) -> String {
        let (low, high) = self.x.domain();
        let whole = |value: f64| if self.chart.x.unit.is_binary() { libm::round(value) } else { value };
        format!("{} to {}", self.chart.x.unit.format(whole(low)), self.chart.x.unit.format(whole(high)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::geometry::Size;
    use crate::chart::model::Axis;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;
    use crate::units::format::Unit;
    use proptest::prelude::*;

    fn chart(slope: f64) -> Chart {
        let samples = (1..=64).map(|x| Sample::new(f64::from(x), slope * f64::from(x))).collect::<Vec<_>>();
        let twice = samples.iter().map(|own| Sample::new(own.x, 2.0 * own.y.unwrap())).collect();
        Chart {
            title: "TPOT against load".to_owned(),
            x: Axis::linear("Load", Unit::Number).with_domain(Domain::Tight),
            y: Axis::linear("TPOT", Unit::Seconds),
            series: vec![Series::nth(0, "now", "Now", samples), Series::nth(1, "pin-1", "Pin A", twice)],
            rules: Vec::new(),
            walls: Vec::new(),
        }
    }

    fn scene(chart: &Chart) -> Scene {
        Scene::new(chart, Size::new(800.0, 320.0), &LIGHT, &TableMeasure)
    }

    fn at(scene: &Scene, x: f64, y: f64) -> Point {
        Point::new(scene.x.map(x).unwrap(), scene.y.map(y).unwrap())
    }

    fn near(domain: (f64, f64), low: f64, high: f64) -> bool {
        (domain.0 - low).abs() < 1e-6 && (domain.1 - high).abs() < 1e-6
    }

    #[test]
    fn a_zoom_stays_in_the_values_of_the_axes_while_curves_move() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        let whole = scene(&chart);
        let zoom = whole.drag(at(&whole, 16.0, 60.0), at(&whole, 32.0, 60.0)).unwrap();
        viewport.take(&whole, zoom);
        assert!(near(scene(&viewport.of(&chart)).x.domain(), 16.0, 32.0));
        let moved = scene(&viewport.of(&super::tests::chart(3.0)));
        assert!(near(moved.x.domain(), 16.0, 32.0));
        assert!(moved.y.domain().1 >= 2.0 * 3.0 * 32.0, "the other axis follows the curves");
        viewport.reset();
        assert_eq!(viewport.of(&chart), chart);
    }

    #[test]
    fn ends_stand_still_until_the_mark_would_leave() {
        let marked = |slope: f64| {
            let mut chart = chart(slope);
            chart.series.push(Series::measured("here", "Here", vec![Sample::new(32.0, 32.0 * slope)]));
            chart
        };
        let rest = scene(&marked(1.0));
        let (low, high) = rest.y.domain();
        let mut still = Still::of(&rest);
        for slope in [1.5, 2.0, 0.3, 0.001] {
            let held = still.hold(&marked(slope), "here").unwrap();
            assert_eq!(scene(&held).y.domain(), (low, high), "{slope}");
        }
        let grown = scene(&still.hold(&marked(9.0), "here").unwrap()).y.domain();
        assert!(grown.0 <= low && grown.1 >= 9.0 * 32.0, "{grown:?}");
        // What gave way once does not come back while the movement lasts.
        assert_eq!(scene(&still.hold(&marked(1.0), "here").unwrap()).y.domain(), grown);
        let other = Chart { title: "TTFT against load".to_owned(), ..marked(1.0) };
        assert_eq!(still.hold(&other, "here"), None);
    }

    #[test]
    fn a_zoom_goes_with_the_chart_it_is_about() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        viewport.take(&scene(&chart), Zoom { x: Some((16.0, 32.0)), y: None });
        let other = Chart { title: "TTFT against load".to_owned(), ..chart.clone() };
        assert_eq!(viewport.of(&other), other);
        assert!(viewport.zooms(&chart) && !viewport.zooms(&other));
        // Where nothing is, there is nothing to zoom to.
        let before = viewport.clone();
        viewport.take(&scene(&chart), Zoom { x: Some((20.0, 30.0)), y: Some((1e6, 2e6)) });
        assert_eq!(viewport, before);
        // Another zoom on the other chart starts from its whole.
        viewport.take(&scene(&other), Zoom { x: None, y: Some((10.0, 20.0)) });
        assert!(near(scene(&viewport.of(&other)).x.domain(), 1.0, 64.0));
    }

    #[test]
    fn a_zoom_on_nothing_shows_the_whole() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        viewport.take(&scene(&chart), Zoom { x: Some((16.0, 32.0)), y: Some((16.0, 32.0)) });
        assert!(viewport.zooms(&chart));
        assert!(!viewport.zooms(&super::tests::chart(1000.0)), "the curve ran out of the window");
    }

    #[test]
    fn a_drag_in_a_zoomed_chart_zooms_further_and_keeps_the_other_axis() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        viewport.take(&scene(&chart), Zoom { x: Some((16.0, 48.0)), y: Some((10.0, 90.0)) });
        let zoomed = scene(&viewport.of(&chart));
        let zoom = zoomed.drag(at(&zoomed, 20.0, 50.0), at(&zoomed, 30.0, 50.0)).unwrap();
        viewport.take(&zoomed, zoom);
        let twice = scene(&viewport.of(&chart));
        assert!(near(twice.x.domain(), 20.0, 30.0) && near(twice.y.domain(), 10.0, 90.0));
    }

    #[test]
    fn keys_zoom_in_and_out_but_not_beyond_the_whole() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        let whole = scene(&chart);
        let about = at(&whole, 32.5, 60.0);
        viewport.turn(&whole, &whole, about, 0.5, false);
        let half = scene(&viewport.of(&chart));
        assert!((half.x.domain().1 - half.x.domain().0 - 31.5).abs() < 0.5, "{:?}", half.x.domain());
        for _ in 0..20 {
            let now = scene(&viewport.of(&chart));
            viewport.turn(&now, &whole, about, 0.5, false);
        }
        let (low, high) = scene(&viewport.of(&chart)).x.domain();
        assert!(low < high && high - low < 1.0);
        for _ in 0..30 {
            let now = scene(&viewport.of(&chart));
            viewport.turn(&now, &whole, now.plot.centre(), 2.0, true);
        }
        assert!(!viewport.zooms(&chart), "zoomed out is the whole: {viewport:?}");
    }

    #[test]
    fn hidden_series_leave_the_scale_and_come_back() {
        let (chart, mut viewport) = (chart(1.0), Viewport::default());
        viewport.toggle("pin-1");
        let seen = scene(&viewport.of(&chart));
        assert!(seen.y.domain().1 < 80.0 && seen.traces.len() == 1 && seen.legend.len() == 2);
        viewport.toggle("pin-1");
        assert_eq!(viewport.of(&chart), chart);
    }

    #[test]
    fn the_scenario_is_held_by_its_column() {
        let mut chart = chart(1.0);
        chart.series.push(Series::nth(2, "here", "This", vec![Sample::new(20.0, 20.0)]));
        let scene = scene(&chart);
        let x = scene.x.map(20.0).unwrap();
        assert!(scene.holds("here", Point::new(x + 5.0, 0.0), 8.0));
        assert!(
            !scene.holds("here", Point::new(x + 12.0, 0.0), 8.0)
                && !scene.holds("no", Point::new(x, 0.0), 8.0)
        );
    }

    proptest! {
        /// Wherever one zooms, both axes keep at least two labels; that none touch is tested with the layout.
        #[test]
        fn a_zoomed_axis_can_be_read(
            kind in prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary]),
            unit in prop::sample::select(&[
                Unit::Seconds, Unit::Tokens, Unit::DollarsPerMillionTokens, Unit::Number, Unit::TokensPerSecond,
            ]),
            from in 0.0..0.9_f64, steps in 0..10_i32, width in 340.0..1400.0_f64,
        ) {
            let mut chart = chart(1.0);
            let samples = (0..=40).map(|step| {
                let value = 128.0 * libm::exp2(f64::from(step) / 4.0);
                Sample::new(value, value)
            });
            chart.series = vec![Series::nth(0, "now", "Now", samples.collect())];
            let axis = Axis { label: "x".to_owned(), unit, scale: kind, domain: Domain::Auto, better: None };
            (chart.x, chart.y) = (axis.clone(), axis);
            let lay = |chart: &Chart| Scene::new(chart, Size::new(width, 300.0), &LIGHT, &TableMeasure);
            let whole = lay(&chart);
            let mut viewport = Viewport::default();
            let mut now = whole.clone();
            for _ in 0..steps {
                let about = Point::new(now.plot.left + from * now.plot.width(), now.plot.centre().y);
                viewport.turn(&now, &whole, about, 0.5, true);
                now = lay(&viewport.of(&chart));
            }
            for ticks in [&now.x_ticks, &now.y_ticks] {
                let labels: Vec<_> = ticks.iter().filter_map(|tick| tick.label.as_deref()).collect();
                prop_assert!(labels.len() >= 2, "{labels:?} on {:?} and {:?}", now.x.domain(), now.y.domain());
                prop_assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
            }
        }
    }
}

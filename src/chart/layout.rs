//! Where everything goes: from a [`Chart`] and a size to a [`Scene`] of scales, margins, ticks, labels and outlines.
//!
//! The axes fit the visible series only. The left margin is as wide as the widest tick label, the right one as wide as
//! the labels at the ends of the lines; on a narrow chart those move into the plot. Labels that find no room are left
//! out rather than drawn over each other, for legend and tooltip still have them.

use super::geometry::{HATCH, Point, Rect, Size, clip_line, clip_polygon, dash, hatch};
use super::labels::{beside, spread};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{
    Along, Axis, Chart, Dash, Domain, Emphasis, Join, Marker, Rule, Sample, ScaleKind, Series, Wall,
};
use super::scale::Scale;
use super::text::{TextMeasure, ellipsis};
use super::theme::{Colour, Hue, Theme};
use super::ticks::{Tick, nice, ticks};
use crate::units::format::Unit;
use crate::units::order;

/// The font size of axes and labels, in CSS pixels.
pub const TEXT: f64 = 12.0;
/// The font size of a painted title.
pub const TITLE: f64 = 15.0;
/// The height a line of text takes.
pub(super) const LINE: f64 = 16.0;
/// Between a mark and its text.
pub(super) const GAP: f64 = 6.0;
/// The space around everything.
pub(super) const EDGE: f64 = 6.0;
/// Between the end of a line and its label, where a leader joins them if the label had to move.
const LEADER: f64 = 12.0;
/// Narrower charts put the end labels into the plot.
const NARROW: f64 = 480.0;
/// How strong the strokes are of what lies beyond a wall.
const HATCHING: f64 = 0.4;
/// Smaller plots are not worth drawing.
const LEAST: f64 = 24.0;

/// What a picture brings along itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the title is painted.
    pub title: bool,
    /// Whether a legend is painted.
    pub legend: bool,
    /// Whether labels stand at the ends of the lines.
    pub end_labels: bool,
}

impl Options {
    /// For the page, where title and legend are elements of their own.
    pub const PAGE: Self = Self { title: false, legend: false, end_labels: true };
    /// For a picture that stands alone.
    pub const STANDALONE: Self = Self { title: true, legend: true, end_labels: true };
}

/// A laid-out chart: geometry for the painter and for the pointer, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The chart it shows.
    pub chart: Chart,
    /// The extent of the picture.
    pub size: Size,
    /// The rectangle between the axes.
    pub plot: Rect,
    /// From values to places along the horizontal axis.
    pub x: Scale,
    /// From values to places along the vertical axis.
    pub y: Scale,
    /// The marks of the horizontal axis.
    pub x_ticks: Vec<Tick>,
    /// The marks of the vertical axis.
    pub y_ticks: Vec<Tick>,
    /// The visible series with the places of their samples, in the order of the chart.
    pub traces: Vec<Trace>,
    /// All series, also hidden ones, as a legend lists them.
    pub legend: Vec<LegendEntry>,
    /// What to paint.
    pub drawing: Drawing,
}

/// The places of the samples of one visible series.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The index of the series in the chart.
    pub series: usize,
    /// Its colours.
    pub hue: Hue,
    /// The place of each sample, also outside the plot; `None` for gaps and values without a place.
    pub places: Vec<Option<Point>>,
}

/// One line of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendEntry {
    /// The index of the series in the chart.
    pub series: usize,
    /// The identifier of the series.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its colours.
    pub hue: Hue,
    /// Its stroke.
    pub dash: Dash,
    /// Its symbol.
    pub marker: Option<Marker>,
    /// Whether it has a line.
    pub joined: bool,
    /// Whether it is shown.
    pub visible: bool,
    /// How loud it is.
    pub emphasis: Emphasis,
}

impl Scene {
    /// Lays a chart out for the page.
    #[must_use]
    pub fn new(chart: &Chart, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Self {
        Self::with_options(chart, size, theme, measure, Options::PAGE)
    }

    /// Lays a chart out with or without its title, legend and end labels.
    #[must_use]
    pub fn with_options(
        chart: &Chart,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        Self::laid_out(chart, size, theme, measure, options, true)
    }

    /// Lays a chart out, with or without a grid: what fills the whole plot needs none.
    pub(super) fn laid_out(
        chart: &Chart,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
        grid: bool,
    ) -> Self {
        let legend = legend_of(chart, theme);
        let head = Head::new(chart, &legend, size, measure, options);
        let ends = EndLabels::plan(chart, size, measure, options);

        // Heights first: they do not depend on widths, but the width of the y labels depends on the height.
        let top = head.bottom;
        let bottom = (size.height - EDGE - 2.0 * LINE - GAP).max(top);
        let (x_domain, y_domain) = domains(chart);
        let y_count = count_for(bottom - top, 44.0);
        let y_domain = rounded(&chart.y, y_domain, y_count);
        let y = Scale::new(chart.y.scale, y_domain, (bottom, top));
        let y_ticks = fitting(&y, chart.y.unit, y_count, &|_, place| (place, LINE / 2.0));
        let widest = widest_label(&y_ticks, measure);
        let left = (widest + EDGE + GAP).min(size.width / 2.0);

        let right = (size.width - ends.margin.max(EDGE + 4.0)).max(left);
        let plot = Rect::new(left, top, right, bottom);
        // Powers of two have short labels.
        let x_room = if chart.x.scale == ScaleKind::Binary { 48.0 } else { 76.0 };
        let x_count = count_for(plot.width(), x_room);
        let x_domain = rounded(&chart.x, x_domain, x_count);
        let x = Scale::new(chart.x.scale, x_domain, (left, right));
        let x_ticks = fitting(&x, chart.x.unit, x_count, &|label, place| {
            let half = measure.width(label, TEXT) / 2.0;
            (leaning(place, half, size.width), half + 6.0)
        });

        let traces = traces_of(chart, theme, &x, &y);
        let mut scene = Self {
            chart: chart.clone(),
            size,
            plot,
            x,
            y,
            x_ticks,
            y_ticks,
            traces,
            legend,
            drawing: Drawing::new(size, theme),
        };
        if plot.width() >= LEAST && plot.height() >= LEAST {
            scene.draw(theme, measure, &head, &ends, grid);
        }
        scene
    }

    /// The series of a trace.
    #[must_use]
    pub fn series(&self, trace: &Trace) -> Option<&Series> {
        self.chart.series.get(trace.series)
    }

    fn draw(&mut self, theme: &Theme, measure: &dyn TextMeasure, head: &Head, ends: &EndLabels, grid: bool) {
        let mut marks = Vec::new();
        if grid {
            self.draw_grid(theme, &mut marks);
        }
        let under = 0..marks.len();
        // Quiet series first, so that what is brought forward lies on top.
        let mut order: Vec<&Trace> = self.traces.iter().collect();
        order::sort_by_key(&mut order, |trace| match self.series(trace).map(|series| series.emphasis) {
            Some(Emphasis::Dim) | None => 0,
            Some(Emphasis::Normal) => 1,
            Some(Emphasis::Strong) => 2,
        });
        for trace in &order {
            self.draw_band(trace, &mut marks);
        }
        for wall in &self.chart.walls {
            self.draw_wall(wall, theme, &mut marks);
        }
        for rule in &self.chart.rules {
            self.draw_rule(rule, theme, &mut marks);
        }
        for trace in &order {
            self.draw_line(trace, &mut marks);
        }
        for trace in &order {
            self.draw_symbols(trace, theme, &mut marks);
        }
        let from = marks.len();
        self.draw_axes(theme, measure, &mut marks);
        self.drawing.axes = [under, from..marks.len()];
        let mut taken = Vec::new();
        // The ends of lines cannot choose their place, rules have a few to choose from, points many.
        self.draw_end_labels(ends, theme, measure, &mut taken, &mut marks);
        // The label of one rule keeps off the line of another.
        let walls: Vec<Rule> = self.chart.walls.iter().map(Wall::rule).collect();
        let rules: Vec<&Rule> = walls.iter().chain(&self.chart.rules).collect();
        let lines = rules.iter().filter_map(|rule| self.rule_ends(rule));
        taken.extend(lines.map(|(from, to)| Rect::between(from, to).grown(0.5)));
        for rule in rules {
            self.draw_rule_label(rule, theme, measure, &mut taken, &mut marks);
        }
        self.draw_point_labels(theme, measure, &mut taken, &mut marks);
        head.draw(&self.legend, self.size, theme, measure, &mut marks);
        self.drawing.marks = marks;
    }

    fn draw_grid(&self, theme: &Theme, marks: &mut Vec<Mark>) {
        let plot = &self.plot;
        let mut hair = |from: Point, to: Point, tick: &Tick| {
            let colour = if tick.label.is_some() { theme.grid } else { theme.grid.faded(0.45) };
            marks.push(Mark::Hair { from, to, width: 1.0, colour, dash: Dash::Solid });
        };
        for tick in &self.y_ticks {
            if let Some(y) = self.y.map(tick.value) {
                hair(Point::new(plot.left, y), Point::new(plot.right, y), tick);
            }
        }
        for tick in &self.x_ticks {
            if let Some(x) = self.x.map(tick.value) {
                hair(Point::new(x, plot.top), Point::new(x, plot.bottom), tick);
            }
        }
    }

    fn draw_axes(&self, theme: &Theme, measure: &dyn TextMeasure, marks: &mut Vec<Mark>) {
        let plot = &self.plot;
        marks.push(Mark::Hair {
            from: Point::new(plot.left, plot.bottom),
            to: Point::new(plot.right, plot.bottom),
            width: 1.0,
            colour: theme.axis,
            dash: Dash::Solid,
        });
        let text = |text: &str, at: Point, anchor: Anchor| Mark::Text {
            text: text.to_owned(),
            at,
            size: TEXT,
            bold: false,
            colour: theme.muted,
            anchor,
        };
        for tick in &self.y_ticks {
            if let (Some(label), Some(y)) = (&tick.label, self.y.map(tick.value)) {
                let label = ellipsis(label, TEXT, plot.left - EDGE - GAP + 0.5, measure);
                marks.push(text(&label, Point::new(plot.left - GAP, y), Anchor::End));
            }
        }
        let below = plot.bottom + GAP + LINE / 2.0;
        for tick in &self.x_ticks {
            if let (Some(label), Some(x)) = (&tick.label, self.x.map(tick.value)) {
                let label = ellipsis(label, TEXT, self.size.width - 2.0, measure);
                let half = measure.width(&label, TEXT) / 2.0;
                marks.push(Mark::Hair {
                    from: Point::new(x, plot.bottom),
                    to: Point::new(x, plot.bottom + 4.0),
                    width: 1.0,
                    colour: theme.axis,
                    dash: Dash::Solid,
                });
                let x = leaning(x, half, self.size.width);
                marks.push(text(&label, Point::new(x, below), Anchor::Middle));
            }
        }
        let title = ellipsis(&self.chart.x.title(), TEXT, self.size.width - 2.0 * EDGE, measure);
        let half = measure.width(&title, TEXT) / 2.0;
        let middle = plot.centre().x.min(self.size.width - EDGE - half).max(EDGE + half);
        marks.push(text(&title, Point::new(middle, below + LINE), Anchor::Middle));
        let title = ellipsis(&self.chart.y.title(), TEXT, self.size.width - 2.0 * EDGE, measure);
        marks.push(text(&title, Point::new(EDGE, plot.top - GAP - 4.0 - LINE / 2.0), Anchor::Start));
    }

    fn draw_band(&self, trace: &Trace, marks: &mut Vec<Mark>) {
        let Some(series) = self.series(trace) else { return };
        if series.join == Join::None {
            return;
        }
        let strength = if series.emphasis == Emphasis::Dim { 0.05 } else { 0.15 };
        let colour = trace.hue.line.faded(strength);
        let mut low_side = Vec::new();
        let mut high_side = Vec::new();
        let mut close = |low_side: &mut Vec<Point>, high_side: &mut Vec<Point>| {
            let low = stepped(low_side, series.join);
            let mut outline = stepped(high_side, series.join);
            outline.extend(low.into_iter().rev());
            let points = clip_polygon(&outline, &self.plot);
            if points.len() >= 3 {
                marks.push(Mark::Area { points, colour });
            }
            low_side.clear();
            high_side.clear();
        };
        for sample in &series.samples {
            let ends = sample.band.and_then(|(low, high)| {
                let x = self.x.map(sample.x)?;
                // A lower end that a log axis cannot show lies at its foot.
                let foot = self.y.range().0;
                let low = self.y.map(low).unwrap_or(foot);
                Some((Point::new(x, low), Point::new(x, self.y.map(high)?)))
            });
            match ends {
                Some((low, high)) => {
                    low_side.push(low);
                    high_side.push(high);
                }
                None => close(&mut low_side, &mut high_side),
            }
        }
        close(&mut low_side, &mut high_side);
    }

    /// A wall with what lies beyond it in view.
    fn draw_wall(&self, wall: &Wall, theme: &Theme, marks: &mut Vec<Mark>) {
        if let Some((from, to)) = self.rule_ends(&wall.rule()) {
            let colour = theme.hue(wall.paint).line;
            marks.push(Mark::Hair { from, to, width: 2.0, colour, dash: Dash::Solid });
        }
        let (plot, place) = (self.plot, self.x.map(self.x.clamp(wall.x)));
        let Some(place) = place.filter(|_| wall.hatched) else { return };
        let (left, right) = if wall.above { (place, plot.right) } else { (plot.left, place) };
        let beyond = Rect::new(left, plot.top, right, plot.bottom);
        let colour = theme.muted.faded(HATCHING);
        marks.extend(hatch(&[beyond], HATCH).into_iter().map(|[from, to]| Mark::Line {
            points: vec![from, to],
            width: 1.0,
            colour,
            dash: Dash::Solid,
        }));
    }

    fn draw_rule(&self, rule: &Rule, theme: &Theme, marks: &mut Vec<Mark>) {
        let colour = theme.hue(rule.paint).line;
        if let Some((from, to)) = self.rule_ends(rule) {
            marks.push(Mark::Hair { from, to, width: 1.5, colour, dash: Dash::Short });
        }
    }

    /// The ends of the line of a rule, if its value is in view.
    fn rule_ends(&self, rule: &Rule) -> Option<(Point, Point)> {
        let plot = &self.plot;
        match rule.axis {
            Along::X if self.x.contains(rule.value) => {
                self.x.map(rule.value).map(|x| (Point::new(x, plot.top), Point::new(x, plot.bottom)))
            }
            Along::Y if self.y.contains(rule.value) => {
                self.y.map(rule.value).map(|y| (Point::new(plot.left, y), Point::new(plot.right, y)))
            }
            _ => None,
        }
    }

    fn draw_rule_label(
        &self,
        rule: &Rule,
        theme: &Theme,
        measure: &dyn TextMeasure,
        taken: &mut Vec<Rect>,
        marks: &mut Vec<Mark>,
    ) {
        if rule.label.is_empty() || !rule.value.is_finite() {
            return;
        }
        let plot = &self.plot;
        let scale = match rule.axis {
            Along::X => &self.x,
            Along::Y => &self.y,
        };
        let (low, high) = scale.domain();
        // A limit beyond the edge is still worth a word: an arrow says which way it lies.
        let label = match rule.axis {
            _ if scale.contains(rule.value) => rule.label.clone(),
            Along::X if rule.value < low => format!("← {}", rule.label),
            Along::X => format!("{} →", rule.label),
            Along::Y if rule.value > high => format!("↑ {}", rule.label),
            Along::Y => format!("↓ {}", rule.label),
        };
        let label = ellipsis(&label, TEXT, plot.width() - 2.0 * GAP, measure);
        if label.is_empty() {
            return;
        }
        let width = measure.width(&label, TEXT);
        let Some(place) = scale.map(scale.clamp(rule.value)) else { return };
        let candidates: Vec<Rect> = match rule.axis {
            Along::Y => {
                let middle = plot.centre().x - width / 2.0;
                [plot.left + GAP, plot.right - GAP - width, middle]
                    .into_iter()
                    .flat_map(|left| {
                        [place - LINE - 1.0, place + 1.0]
                            .map(|top| Rect::new(left, top, left + width, top + LINE))
                    })
                    .collect()
            }
            Along::X => (0..6)
                .map(|row| plot.top + 2.0 + f64::from(row) * LINE)
                .flat_map(|top| {
                    [place + GAP, place - GAP - width]
                        .map(|left| Rect::new(left, top, left + width, top + LINE))
                })
                .collect(),
        };
        let inside = |rect: &Rect| {
            plot.left <= rect.left
                && rect.right <= plot.right
                && plot.top <= rect.top
                && rect.bottom <= plot.bottom
        };
        let free = candidates
            .into_iter()
            .find(|rect| inside(rect) && !taken.iter().any(|other| other.overlaps(rect)));
        if let Some(rect) = free {
            plate(rect, theme, marks);
            marks.push(Mark::Text {
                text: label,
                at: Point::new(rect.left, rect.centre().y),
                size: TEXT,
                bold: false,
                colour: theme.hue(rule.paint).text,
                anchor: Anchor::Start,
            });
            taken.push(rect);
        }
    }

    fn draw_line(&self, trace: &Trace, marks: &mut Vec<Mark>) {
        let Some(series) = self.series(trace) else { return };
        let (colour, width) = loudness(series.emphasis, trace.hue.line);
        if series.join == Join::None {
            for (sample, place) in series.samples.iter().zip(&trace.places) {
                self.draw_whisker(sample, *place, colour, marks);
            }
            return;
        }
        for run in runs(&trace.places) {
            for points in clip_line(&stepped(&run, series.join), &self.plot) {
                marks.push(Mark::Line { points, width, colour, dash: series.dash });
            }
        }
    }

    /// The interval of an unjoined sample, as an upright line with feet.
    fn draw_whisker(&self, sample: &Sample, place: Option<Point>, colour: Colour, marks: &mut Vec<Mark>) {
        let (Some((low, high)), Some(at)) = (sample.band, place) else { return };
        if at.x < self.plot.left || at.x > self.plot.right {
            return;
        }
        let low = self.y.map(self.y.clamp(low)).unwrap_or(self.plot.bottom);
        let high = self.y.map(self.y.clamp(high)).unwrap_or(self.plot.top);
        if low - high < 1.0 {
            return;
        }
        let mut hair = |from: Point, to: Point| {
            marks.push(Mark::Hair { from, to, width: 1.5, colour: colour.faded(0.7), dash: Dash::Solid });
        };
        hair(Point::new(at.x, high), Point::new(at.x, low));
        for y in [high, low] {
            let foot = |x: f64| self.plot.clamp(Point::new(x, y));
            hair(foot(at.x - 3.0), foot(at.x + 3.0));
        }
    }

    fn draw_symbols(&self, trace: &Trace, theme: &Theme, marks: &mut Vec<Mark>) {
        let Some(series) = self.series(trace) else { return };
        let Some(marker) = series.marker else { return };
        let (colour, _) = loudness(series.emphasis, trace.hue.line);
        let radius = if series.emphasis == Emphasis::Strong { 5.0 } else { 4.0 };
        let labelled = series.samples.iter().any(|sample| sample.label.is_some());
        let every = series.join == Join::None || labelled || series.samples.len() <= 12;
        // Dense lines carry a symbol now and then, at other places than their neighbours'.
        let step = 72.0;
        let mut next = self.plot.left + 18.0 + (trace.series % 4) as f64 * step / 4.0;
        for at in trace.places.iter().flatten() {
            if !self.plot.contains(*at) || (!every && at.x < next) {
                continue;
            }
            next = at.x + step;
            marks.push(Mark::Symbol { marker, at: *at, radius, colour, halo: theme.surface });
        }
    }

    fn draw_end_labels(
        &self,
        ends: &EndLabels,
        theme: &Theme,
        measure: &dyn TextMeasure,
        taken: &mut Vec<Rect>,
        marks: &mut Vec<Mark>,
    ) {
        if !ends.shown {
            return;
        }
        struct Label<'a> {
            series: &'a Series,
            text: String,
            width: f64,
            end: Point,
            colour: Colour,
            left: f64,
        }
        let room = if ends.inside { self.plot.width() * 0.6 } else { ends.margin - LEADER - EDGE };
        let mut labels: Vec<Label<'_>> = Vec::new();
        for trace in &self.traces {
            let Some(series) = self.series(trace).filter(|series| series.end_label) else { continue };
            let Some(end) = self.end_of(trace, series) else { continue };
            let text = ellipsis(&series.label, TEXT, room, measure);
            if text.is_empty() {
                continue;
            }
            let width = measure.width(&text, TEXT);
            let left = if ends.inside {
                (end.x - width).max(self.plot.left + 2.0)
            } else {
                (end.x + LEADER).min(self.size.width - EDGE - width)
            };
            let colour = if series.emphasis == Emphasis::Dim { theme.muted } else { trace.hue.text };
            labels.push(Label { series, text, width, end, colour, left });
        }
        // Too many for the height: the quiet and the last give way.
        let fitting = (self.plot.height() / LINE).max(0.0) as usize;
        if labels.len() > fitting {
            order::sort_by_key(&mut labels, |label| match label.series.emphasis {
                Emphasis::Strong => 0,
                Emphasis::Normal => 1,
                Emphasis::Dim => 2,
            });
            labels.truncate(fitting);
        }
        let lift = if ends.inside { LINE / 2.0 + 2.0 } else { 0.0 };
        let wishes: Vec<f64> = labels.iter().map(|label| label.end.y - lift).collect();
        let bounds = if ends.inside {
            (self.plot.top, self.plot.bottom)
        } else {
            (self.plot.top - LINE / 2.0, self.plot.bottom + LINE / 2.0)
        };
        // Inside the plot a label must neither lie over points nor, pushed away by others, name another line than its own;
        // the legend has its name.
        let points: Vec<Point> = if ends.inside {
            let alone = |trace: &&Trace| self.series(trace).is_some_and(|series| series.join == Join::None);
            self.traces
                .iter()
                .filter(alone)
                .flat_map(|trace| trace.places.iter().flatten().copied())
                .collect()
        } else {
            Vec::new()
        };
        for ((label, wish), y) in labels.iter().zip(&wishes).zip(spread(&wishes, LINE, bounds)) {
            let rect = Rect::new(label.left, y - LINE / 2.0, label.left + label.width, y + LINE / 2.0);
            if ends.inside {
                let covers = points.iter().any(|at| rect.grown(4.0).contains(*at));
                if covers || (y - wish).abs() > LINE || taken.iter().any(|other| other.overlaps(&rect)) {
                    continue;
                }
                plate(rect, theme, marks);
            } else if (y - label.end.y).abs() > 4.0 {
                let from = Point::new(label.end.x + 2.0, label.end.y);
                let to = Point::new(label.left - 2.0, y);
                let colour = label.colour.faded(0.6);
                marks.push(Mark::Line { points: vec![from, to], width: 1.0, colour, dash: Dash::Solid });
            }
            marks.push(Mark::Text {
                text: label.text.clone(),
                at: Point::new(label.left, y),
                size: TEXT,
                bold: label.series.emphasis == Emphasis::Strong,
                colour: label.colour,
                anchor: Anchor::Start,
            });
            taken.push(rect);
        }
    }

    /// Where the line of a series ends inside the plot.
    fn end_of(&self, trace: &Trace, series: &Series) -> Option<Point> {
        if series.join == Join::None {
            let inside = trace.places.iter().flatten().filter(|at| self.plot.contains(**at));
            return inside.copied().max_by(|a, b| a.x.total_cmp(&b.x));
        }
        let last_run = |places: &[Option<Point>]| {
            runs(places)
                .into_iter()
                .flat_map(|run| clip_line(&stepped(&run, series.join), &self.plot))
                .filter_map(|part| part.last().copied())
                .next_back()
        };
        last_run(&trace.places)
    }

    fn draw_point_labels(
        &self,
        theme: &Theme,
        measure: &dyn TextMeasure,
        taken: &mut Vec<Rect>,
        marks: &mut Vec<Mark>,
    ) {
        let labelled = |trace: &Trace| {
            self.series(trace)
                .is_some_and(|series| series.samples.iter().any(|sample| sample.label.is_some()))
        };
        if !self.traces.iter().any(labelled) {
            return;
        }
        // No label may hide a point, labelled or not, nor lie on a line.
        for trace in &self.traces {
            if let Some(series) = self.series(trace).filter(|series| series.join != Join::None) {
                for run in runs(&trace.places) {
                    for part in clip_line(&stepped(&run, series.join), &self.plot) {
                        // Dashes of nearly no gap, boxed, follow the line closely enough.
                        for piece in dash(&part, &[5.0, 0.1]) {
                            if let (Some(&a), Some(&b)) = (piece.first(), piece.last()) {
                                taken.push(Rect::between(a, b).grown(1.0));
                            }
                        }
                    }
                }
            }
            if self.series(trace).is_some_and(|series| series.marker.is_some() && series.samples.len() <= 200)
            {
                for at in trace.places.iter().flatten() {
                    taken.push(Rect::between(*at, *at).grown(3.0));
                }
            }
        }
        for trace in &self.traces {
            let Some(series) = self.series(trace) else { continue };
            let colour = if series.emphasis == Emphasis::Dim { theme.muted } else { trace.hue.text };
            for (sample, place) in series.samples.iter().zip(&trace.places) {
                let (Some(label), Some(at)) = (&sample.label, place) else { continue };
                if label.is_empty() || !self.plot.contains(*at) {
                    continue;
                }
                let size = TEXT - 1.0;
                let width = measure.width(label, size);
                // Reaching into the right margin is fine as long as the picture holds it.
                let bounds = Rect::new(
                    self.plot.left + 1.0,
                    self.plot.top - LINE / 2.0,
                    (self.size.width - EDGE).max(self.plot.left + 1.0),
                    self.plot.bottom,
                );
                if let Some(rect) = beside(*at, width, LINE - 2.0, GAP, taken, &bounds) {
                    marks.push(Mark::Text {
                        text: label.clone(),
                        at: Point::new(rect.left, rect.centre().y),
                        size,
                        bold: false,
                        colour,
                        anchor: Anchor::Start,
                    });
                    taken.push(rect);
                }
            }
        }
    }
}

/// Title, legend and the line of the y title, above the plot.
struct Head {
    title: Option<f64>,
    /// The upper left corner of each painted legend entry, by its place in the legend.
    entries: Vec<(usize, Point)>,
    title_text: String,
    bottom: f64,
}

/// The painted swatch of a legend entry.
const SWATCH: f64 = 22.0;

impl Head {
    fn new(
        chart: &Chart,
        legend: &[LegendEntry],
        size: Size,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let mut y = EDGE;
        let title = (options.title && !chart.title.is_empty()).then_some(y + LINE / 2.0);
        if title.is_some() {
            y += LINE + GAP;
        }
        let shown = legend.iter().filter(|entry| entry.visible).count();
        let mut entries = Vec::new();
        if options.legend && shown > 1 {
            let mut x = EDGE;
            for (index, entry) in legend.iter().enumerate().filter(|(_, entry)| entry.visible) {
                let width = SWATCH + GAP + measure.width(&entry.label, TEXT);
                if x > EDGE && x + width > size.width - EDGE {
                    x = EDGE;
                    y += LINE + 2.0;
                }
                entries.push((index, Point::new(x, y)));
                x += width + 2.0 * GAP + 4.0;
            }
            y += LINE + GAP;
        }
        // The bold cut runs wider than what is measured.
        let title_text = ellipsis(&chart.title, TITLE * 1.1, size.width - 2.0 * EDGE, measure);
        Self { title, entries, title_text, bottom: y + LINE + GAP + 4.0 }
    }

    fn draw(
        &self,
        legend: &[LegendEntry],
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        marks: &mut Vec<Mark>,
    ) {
        if let Some(y) = self.title {
            marks.push(Mark::Text {
                text: self.title_text.clone(),
                at: Point::new(EDGE, y),
                size: TITLE,
                bold: true,
                colour: theme.ink,
                anchor: Anchor::Start,
            });
        }
        for &(index, at) in &self.entries {
            let Some(entry) = legend.get(index) else { continue };
            let y = at.y + LINE / 2.0;
            let (colour, width) = loudness(entry.emphasis, entry.hue.line);
            if entry.joined {
                let points = vec![Point::new(at.x, y), Point::new(at.x + SWATCH, y)];
                marks.push(Mark::Line { points, width, colour, dash: entry.dash });
            }
            if let Some(marker) = entry.marker {
                let at = Point::new(at.x + SWATCH / 2.0, y);
                marks.push(Mark::Symbol {
                    marker,
                    at,
                    radius: 4.0,
                    colour: entry.hue.line,
                    halo: theme.surface,
                });
            }
            let left = at.x + SWATCH + GAP;
            let text = ellipsis(&entry.label, TEXT, size.width - EDGE - left, measure);
            marks.push(Mark::Text {
                text,
                at: Point::new(left, y),
                size: TEXT,
                bold: false,
                colour: theme.ink,
                anchor: Anchor::Start,
            });
        }
    }
}

/// Whether and where the labels at the ends of lines go.
struct EndLabels {
    shown: bool,
    inside: bool,
    /// The right margin they need.
    margin: f64,
}

impl EndLabels {
    fn plan(chart: &Chart, size: Size, measure: &dyn TextMeasure, options: Options) -> Self {
        let labelled = chart.series.iter().filter(|series| series.visible && series.end_label);
        let widest = labelled.map(|series| measure.width(&series.label, TEXT)).fold(0.0, f64::max);
        let shown = options.end_labels && widest > 0.0;
        let inside = size.width < NARROW;
        let margin = if shown && !inside { widest.min(size.width * 0.28) + LEADER + EDGE } else { 0.0 };
        Self { shown, inside, margin }
    }
}

/// A patch of ground that keeps a label readable over lines.
fn plate(rect: Rect, theme: &Theme, marks: &mut Vec<Mark>) {
    let rect = Rect::new(rect.left - 2.0, rect.top + 1.0, rect.right + 2.0, rect.bottom - 1.0);
    marks.push(Mark::Fill { rect, colour: theme.surface.faded(0.8) });
}

fn loudness(emphasis: Emphasis, colour: Colour) -> (Colour, f64) {
    match emphasis {
        Emphasis::Dim => (colour.faded(0.3), 1.5),
        Emphasis::Normal => (colour, 2.0),
        Emphasis::Strong => (colour, 3.0),
    }
}

fn legend_of(chart: &Chart, theme: &Theme) -> Vec<LegendEntry> {
    let entry = |(index, series): (usize, &Series)| LegendEntry {
        series: index,
        id: series.id.clone(),
        label: series.label.clone(),
        hue: theme.hue(series.paint),
        dash: series.dash,
        marker: series.marker,
        joined: series.join != Join::None,
        visible: series.visible,
        emphasis: series.emphasis,
    };
    chart.series.iter().enumerate().map(entry).collect()
}

fn traces_of(chart: &Chart, theme: &Theme, x: &Scale, y: &Scale) -> Vec<Trace> {
    let place = |sample: &Sample| Some(Point::new(x.map(sample.x)?, y.map(sample.y?)?));
    chart
        .series
        .iter()
        .enumerate()
        .filter(|(_, series)| series.visible)
        .map(|(index, series)| Trace {
            series: index,
            hue: theme.hue(series.paint),
            places: series.samples.iter().map(place).collect(),
        })
        .collect()
}

/// The stretches without a gap.
fn runs(places: &[Option<Point>]) -> Vec<Vec<Point>> {
    places
        .split(Option::is_none)
        .map(|run| run.iter().flatten().copied().collect::<Vec<_>>())
        .filter(|run| !run.is_empty())
        .collect()
}

/// The corners of the line through points, with steps written out.
fn stepped(points: &[Point], join: Join) -> Vec<Point> {
    let mut line: Vec<Point> = Vec::with_capacity(points.len() * 2);
    for &point in points {
        if let Some(&last) = line.last() {
            match join {
                Join::StepAfter => line.push(Point::new(point.x, last.y)),
                Join::StepBefore => line.push(Point::new(last.x, point.y)),
                Join::Straight | Join::None => {}
            }
        }
        line.push(point);
    }
    line
}

/// How many labels fit along a length when each wants this much room.
fn count_for(length: f64, room: f64) -> usize {
    ((length / room).clamp(2.0, 12.0)) as usize
}

fn widest_label(ticks: &[Tick], measure: &dyn TextMeasure) -> f64 {
    ticks
        .iter()
        .filter_map(|tick| tick.label.as_ref())
        .map(|label| measure.width(label, TEXT))
        .fold(0.0, f64::max)
}

/// Where a label of this half width goes so that the picture holds it: the outermost lean inwards.
pub(super) fn leaning(place: f64, half: f64, width: f64) -> f64 {
    place.min(width - half - 1.0).max(half + 1.0)
}

/// Ticks whose labels do not touch: fewer are tried until they fit, and as a last resort some stay blank.
///
/// `extent` says for a label and the place of its tick where the label's middle lies and how far it reaches either way.
pub(super) fn fitting(
    scale: &Scale,
    unit: Unit,
    count: usize,
    extent: &dyn Fn(&str, f64) -> (f64, f64),
) -> Vec<Tick> {
    let place = |tick: &Tick| Some(extent(tick.label.as_ref()?, scale.map(tick.value)?));
    let touching = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < a.1 + b.1;
    for fewer in (2..=count).rev() {
        let marks = ticks(scale, unit, fewer);
        let places: Vec<(f64, f64)> = marks.iter().filter_map(place).collect();
        let crowded = places.windows(2).any(|pair| match pair {
            [a, b] => touching(*a, *b),
            _ => false,
        });
        if !crowded {
            return marks;
        }
    }
    let mut last: Option<(f64, f64)> = None;
    let mut marks = ticks(scale, unit, 2);
    for tick in &mut marks {
        let Some(here) = place(tick) else { continue };
        if last.is_some_and(|last| touching(last, here)) {
            tick.label = None;
        } else {
            last = Some(here);
        }
    }
    marks
}

/// What the visible series and the fitted rules need of each axis, before rounding.
fn domains(chart: &Chart) -> ((f64, f64), (f64, f64)) {
    let visible = || chart.series.iter().filter(|series| series.visible);
    let mut x = Extent::new(chart.x.scale);
    for series in visible() {
        series.samples.iter().filter(|sample| sample.y.is_some()).for_each(|sample| x.add(sample.x));
    }
    rules_into(&mut x, chart, Along::X);
    let x_domain = match chart.x.domain {
        Domain::Fixed(low, high) => (low, high),
        _ => x.ends(chart.x.domain),
    };

    let mut y = Extent::new(chart.y.scale);
    let x_scale = Scale::new(chart.x.scale, x_domain, (0.0, 1.0));
    for series in visible() {
        for sample in series.samples.iter().filter(|sample| x_scale.contains(sample.x)) {
            let Some(value) = sample.y else { continue };
            y.add(value);
            if let Some((low, high)) = sample.band {
                y.add(low);
                y.add(high);
            }
        }
        // Where a zoom cuts a line between two samples, the cut is visible too.
        if series.join == Join::Straight {
            let (low, high) = x_scale.domain();
            for pair in series.samples.windows(2) {
                let [a, b] = pair else { continue };
                for edge in [low, high] {
                    if a.x < edge && edge < b.x {
                        y.add(interpolated(a, b, edge, &x_scale, chart.y.scale).unwrap_or(f64::NAN));
                    }
                }
            }
        }
    }
    rules_into(&mut y, chart, Along::Y);
    let y_domain = match chart.y.domain {
        Domain::Fixed(low, high) => (low, high),
        _ => y.ends(chart.y.domain),
    };
    (x_domain, y_domain)
}

/// The value of a line between two samples, straight on the screen.
pub(super) fn interpolated(
    a: &Sample,
    b: &Sample,
    x: f64,
    x_scale: &Scale,
    y_kind: ScaleKind,
) -> Option<f64> {
    let (from, to) = (x_scale.forward(a.x)?, x_scale.forward(b.x)?);
    let share = if to > from { (x_scale.forward(x)? - from) / (to - from) } else { 0.0 };
    let (low, high) = (a.y?, b.y?);
    let y_scale = Scale::new(y_kind, (low.min(high), low.max(high)), (0.0, 1.0));
    let value = y_scale.between(low, high, share);
    value.is_finite().then_some(value)
}

fn rules_into(extent: &mut Extent, chart: &Chart, axis: Along) {
    chart.rules.iter().filter(|rule| rule.axis == axis && rule.fit).for_each(|rule| extent.add(rule.value));
}

/// The lowest and the highest value an axis can show.
struct Extent {
    kind: ScaleKind,
    low: f64,
    high: f64,
}

impl Extent {
    const fn new(kind: ScaleKind) -> Self {
        Self { kind, low: f64::INFINITY, high: f64::NEG_INFINITY }
    }

    fn add(&mut self, value: f64) {
        if value.is_finite() && (!self.kind.is_log() || value > 0.0) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    fn ends(&self, domain: Domain) -> (f64, f64) {
        if self.low > self.high {
            return (f64::NAN, f64::NAN);
        }
        if domain == Domain::FromZero && !self.kind.is_log() {
            return (self.low.min(0.0), self.high.max(0.0));
        }
        (self.low, self.high)
    }
}

fn rounded(axis: &Axis, domain: (f64, f64), count: usize) -> (f64, f64) {
    match axis.domain {
        Domain::Auto | Domain::FromZero if domain.0.is_finite() => nice(axis.scale, domain, count, axis.unit),
        _ => domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::model::Paint;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;
    use proptest::prelude::*;

    fn line(index: usize, name: &str, value: impl Fn(f64) -> f64) -> Series {
        let samples = (0..=40).map(|x| Sample::new(f64::from(x), value(f64::from(x)))).collect();
        Series::nth(index, name, name, samples)
    }

    fn chart() -> Chart {
        Chart {
            title: "t".to_owned(),
            x: Axis::linear("Load", Unit::RequestsPerSecond).with_domain(Domain::Tight),
            y: Axis::linear("TTFT", Unit::Seconds),
            series: vec![line(0, "small", |x| x / 100.0), line(1, "large", |x| 100.0 + x * x)],
            rules: Vec::new(),
            walls: Vec::new(),
        }
    }

    fn scene(chart: &Chart, width: f64) -> Scene {
        Scene::new(chart, Size::new(width, 300.0), &LIGHT, &TableMeasure)
    }

    fn texts(scene: &Scene) -> Vec<(String, Rect)> {
        let place = |mark: &Mark| match mark {
            Mark::Text { text, at, size, anchor, .. } => {
                let width = TableMeasure.width(text, *size);
                let left = anchor.left(at.x, width);
                Some((text.clone(), Rect::new(left, at.y - size / 2.0, left + width, at.y + size / 2.0)))
            }
            _ => None,
        };
        scene.drawing.marks.iter().filter_map(place).collect()
    }

    #[test]
    fn axes_fit_what_is_visible() {
        let mut chart = chart();
        assert_eq!(scene(&chart, 600.0).y.domain(), (0.0, 2000.0));
        if let Some(series) = chart.series.last_mut() {
            series.visible = false;
        }
        assert_eq!(scene(&chart, 600.0).y.domain(), (0.0, 0.4));
    }

    #[test]
    fn a_zoom_along_x_fits_y_to_what_is_left() {
        let mut chart = chart();
        chart.series.truncate(1);
        chart.x.domain = Domain::Fixed(10.2, 10.8);
        // No sample lies inside, but the line between two of them does.
        let (low, high) = scene(&chart, 600.0).y.domain();
        assert!(low <= 0.102 && high >= 0.108 && high - low < 0.02, "{low} {high}");
    }

    #[test]
    fn a_band_and_a_fitted_rule_stretch_the_axis() {
        let mut chart = chart();
        chart.series = vec![Series::line(
            "a",
            "a",
            Paint::Ink,
            vec![Sample::new(0.0, 1.0).with_band(0.5, 3.0), Sample::new(1.0, 1.2)],
        )];
        assert_eq!(scene(&chart, 600.0).y.domain(), (0.5, 3.0));
        let rule = |fit| Rule { axis: Along::Y, value: 9.0, label: "SLO".to_owned(), paint: Paint::Ink, fit };
        chart.rules = vec![rule(false)];
        let outside = scene(&chart, 600.0);
        assert_eq!(outside.y.domain(), (0.5, 3.0));
        assert!(
            texts(&outside).iter().any(|(text, _)| text == "↑ SLO"),
            "the edge says where the limit lies"
        );
        chart.rules = vec![rule(true)];
        assert_eq!(scene(&chart, 600.0).y.domain(), (0.0, 10.0));
    }

    #[test]
    fn margins_hold_their_labels() {
        for width in [340.0, 600.0, 1200.0] {
            let scene = scene(&chart(), width);
            for (text, rect) in texts(&scene) {
                assert!(rect.left >= 0.0 && rect.right <= width, "{text} sticks out at {width}");
            }
            for name in ["small", "large"] {
                assert!(texts(&scene).iter().any(|(text, _)| text == name), "{name} has no label at {width}");
            }
        }
    }

    #[test]
    fn gaps_split_a_line_and_its_band() {
        let samples = [1.0, 2.0, f64::NAN, 4.0, 5.0]
            .into_iter()
            .enumerate()
            .map(|(x, y)| {
                let sample = Sample::new(x as f64, y);
                if y.is_nan() { sample } else { sample.with_band(y - 0.5, y + 0.5) }
            })
            .collect();
        let mut chart = chart();
        chart.series = vec![Series::line("a", "a", Paint::Ink, samples)];
        let marks = scene(&chart, 600.0).drawing.marks;
        assert_eq!(marks.iter().filter(|mark| matches!(mark, Mark::Area { .. })).count(), 2);
        let lines = marks.iter().filter(|mark| matches!(mark, Mark::Line { width, .. } if *width > 1.5));
        assert_eq!(lines.count(), 2);
    }

    proptest! {
        #[test]
        fn tick_labels_never_touch(
            kind in prop::sample::select(&[ScaleKind::Linear, ScaleKind::Log, ScaleKind::Binary]),
            unit in prop::sample::select(&[Unit::Seconds, Unit::Tokens, Unit::DollarsPerMillionTokens, Unit::Number]),
            low in 1e-4..1e4_f64, ratio in 1.1..1e5_f64, width in 200.0..1400.0_f64, height in 140.0..800.0_f64,
        ) {
            let axis = Axis { label: "x".to_owned(), unit, scale: kind, domain: Domain::Fixed(low, low * ratio), better: None };
            let chart = Chart { x: axis.clone(), y: axis, ..Chart::default() };
            let scene = Scene::new(&chart, Size::new(width, height), &LIGHT, &TableMeasure);
            let all = texts(&scene);
            for (index, (a, first)) in all.iter().enumerate() {
                for (b, second) in all.iter().skip(index + 1) {
                    // The two outermost labels may lean inwards, but not onto their neighbours.
                    prop_assert!(!first.overlaps(second), "{a} {first:?} and {b} {second:?}");
                }
            }
            prop_assert!(scene.x_ticks.iter().filter(|tick| tick.label.is_some()).count() >= 1);
        }
    }

    #[test]
    fn beyond_a_wall_is_hatched() {
        let mut chart = Chart {
            x: Axis::linear("load", Unit::RequestsPerSecond).with_domain(Domain::Fixed(0.0, 10.0)),
            y: Axis::linear("y", Unit::Seconds),
            series: vec![Series::nth(0, "a", "A", vec![Sample::new(1.0, 1.0), Sample::new(4.0, 2.0)])],
            ..Chart::default()
        };
        let strokes = |chart: &Chart| -> Vec<f64> {
            let scene = Scene::new(chart, Size::new(600.0, 300.0), &LIGHT, &TableMeasure);
            let faint = LIGHT.muted.faded(HATCHING);
            let marks = scene.drawing.marks.iter();
            let ends = marks.filter_map(|mark| match mark {
                Mark::Line { points, colour, .. } if *colour == faint => Some(points.iter().map(|own| own.x)),
                _ => None,
            });
            ends.flatten().map(|x| scene.x.invert(x)).collect()
        };
        assert!(strokes(&chart).is_empty());
        for above in [true, false] {
            let label = "holds up to 4 req/s".to_owned();
            chart.walls = vec![Wall { x: 4.0, above, label, paint: Paint::Ink, hatched: true }];
            let strokes = strokes(&chart);
            assert!(strokes.len() > 20);
            assert!(
                strokes.iter().all(|x| if above { *x >= 4.0 - 1e-6 } else { *x <= 4.0 + 1e-6 }),
                "{strokes:?}"
            );
            let told = crate::chart::describe::sentence(&chart);
            assert!(told.contains("holds up to 4 req/s"), "{told}");
        }
    }
}

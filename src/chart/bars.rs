//! Stacked horizontal bars: their layout, and what is under the pointer.

use super::describe::{self, Table};
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::hit::Step;
use super::layout::{EDGE, GAP, LINE, Options, TEXT, TITLE};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{Bar, BarScale, Bars, Dash, ScaleKind, Segment};
use super::scale::Scale;
use super::spot::{Facts, LaidOut, Spot};
use super::text::{TextMeasure, ellipsis};
use super::theme::{Hue, Theme};
use super::ticks::{nice, ticks};
use crate::units::format::Unit;

/// Narrower pictures put the name of a bar above it.
const NARROW: f64 = 420.0;
/// The usual thickness of a bar.
const BAR: f64 = 28.0;
/// Between bars.
const BETWEEN: f64 = 10.0;
/// Narrower pictures stay empty.
const LEAST: f64 = 64.0;
/// The gap between segments, so that neighbours differ by more than colour.
const SEAM: f64 = 1.0;

/// One segment, by its indices in the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BarCursor {
    /// The index of the bar.
    pub bar: usize,
    /// The index of the segment in the bar.
    pub segment: usize,
}

/// What a tooltip says about a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct BarReadout {
    /// The bar: `TTFT`.
    pub bar: String,
    /// The segment: `weights`.
    pub label: String,
    /// Its colours.
    pub hue: Hue,
    /// Its size, formatted.
    pub text: String,
    /// Its share of the bar, formatted.
    pub share: String,
    /// What it has to add.
    pub note: Option<String>,
    /// Where it is.
    pub rect: Rect,
}

/// One entry of a legend of segments.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentEntry {
    /// The identifier of the segment.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its colours.
    pub hue: Hue,
}

/// Laid-out bars, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct BarScene {
    /// What they show.
    pub bars: Bars,
    /// The extent of the picture.
    pub size: Size,
    /// The place of each bar with those of its segments.
    pub rows: Vec<BarRow>,
    /// Each kind of segment once, in order of appearance.
    pub legend: Vec<SegmentEntry>,
    /// What to paint.
    pub drawing: Drawing,
    theme: Theme,
}

/// The place of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct BarRow {
    /// The whole bar.
    pub rect: Rect,
    /// Its segments, in the order of the chart; those without size have no width.
    pub segments: Vec<Rect>,
}

impl BarScene {
    /// The height at which bars of this width have their usual thickness.
    #[must_use]
    pub fn height_for(bars: &Bars, width: f64, options: Options) -> f64 {
        let fixed = Frame::new(bars, width, options).fixed();
        fixed + bars.bars.len() as f64 * BAR
    }

    /// Lays bars out for the page.
    #[must_use]
    pub fn new(bars: &Bars, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Self {
        Self::with_options(bars, size, theme, measure, Options::PAGE)
    }

    /// Lays bars out with or without title and legend.
    #[must_use]
    pub fn with_options(
        bars: &Bars,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let mut scene = Self {
            bars: bars.clone(),
            size,
            rows: Vec::new(),
            legend: legend_of(bars, theme),
            drawing: Drawing::new(size, theme),
            theme: *theme,
        };
        scene.draw(theme, measure, options);
        scene
    }

    /// The segment under the pointer; a sliver answers for the pixels around it.
    #[must_use]
    pub fn nearest(&self, pointer: Point) -> Option<BarCursor> {
        let (bar, row) =
            self.rows.iter().enumerate().find(|(_, row)| row.rect.grown(BETWEEN / 2.0).contains(pointer))?;
        let distance = |rect: &Rect| (rect.left - pointer.x).max(pointer.x - rect.right).max(0.0);
        let reachable = row.segments.iter().enumerate().filter(|(_, rect)| rect.width() > 0.0);
        // Of a sliver and its wide neighbour, the sliver is the harder to hit.
        let score = |rect: &Rect| if rect.width() < 6.0 { distance(rect) - 3.0 } else { distance(rect) };
        let (segment, rect) = reachable.min_by(|a, b| score(a.1).total_cmp(&score(b.1)))?;
        (distance(rect) <= 4.0).then_some(BarCursor { bar, segment })
    }

    /// What to show at a cursor.
    #[must_use]
    pub fn readout(&self, cursor: BarCursor) -> Option<BarReadout> {
        let bar = self.bars.bars.get(cursor.bar)?;
        let segment = bar.segments.get(cursor.segment)?;
        let rect = self.rows.get(cursor.bar)?.segments.get(cursor.segment).copied()?;
        Some(BarReadout {
            bar: bar.label.clone(),
            label: segment.label.clone(),
            hue: self.theme.hue(segment.paint),
            text: self.bars.unit.format(segment.value),
            share: Unit::Percent.format_with(share(segment, bar), crate::units::format::Precision::SHORT),
            note: segment.note.clone(),
            rect,
        })
    }

    /// The cursor after a move: left and right along a bar, up and down between bars.
    #[must_use]
    pub fn step(&self, cursor: Option<BarCursor>, step: Step) -> Option<BarCursor> {
        let segments =
            |bar: usize| self.bars.bars.get(bar).map(|bar| bar.segments.as_slice()).unwrap_or_default();
        let stops = |bar: usize| {
            segments(bar)
                .iter()
                .enumerate()
                .filter(|(_, segment)| segment.size() > 0.0)
                .map(|(index, _)| index)
        };
        let count = self.bars.bars.len();
        let Some(current) = cursor.filter(|cursor| cursor.bar < count) else {
            return (0..count).find_map(|bar| stops(bar).next().map(|segment| BarCursor { bar, segment }));
        };
        let nearest_in = |bar: usize| {
            stops(bar)
                .min_by_key(|segment| segment.abs_diff(current.segment))
                .map(|segment| BarCursor { bar, segment })
        };
        let along = |segment: Option<usize>| {
            Some(BarCursor { segment: segment.unwrap_or(current.segment), ..current })
        };
        match step {
            Step::Previous => along(stops(current.bar).rfind(|segment| *segment < current.segment)),
            Step::Next => along(stops(current.bar).find(|segment| *segment > current.segment)),
            Step::First => along(stops(current.bar).next()),
            Step::Last => along(stops(current.bar).next_back()),
            Step::SeriesBefore => (0..current.bar).rev().find_map(nearest_in).or(Some(current)),
            Step::SeriesAfter => (current.bar + 1..count).find_map(nearest_in).or(Some(current)),
        }
    }

    fn draw(&mut self, theme: &Theme, measure: &dyn TextMeasure, options: Options) {
        let frame = Frame::new(&self.bars, self.size.width, options);
        let mut marks = Vec::new();
        let top = self.draw_head(&frame, theme, measure, options, &mut marks);
        let columns = Columns::new(&self.bars, self.size, &frame, measure);
        let bottom = self.draw_rows(top, &frame, &columns, measure, &mut marks);
        if self.size.width < LEAST {
            return;
        }
        let mut all = Vec::new();
        if self.bars.scale == BarScale::Shared && !self.bars.bars.is_empty() {
            self.draw_axis((top, bottom), &columns, measure, &mut all);
        }
        all.append(&mut marks);
        // In less height than the fixed parts need, what would stick out is left off.
        let bottom = self.size.height;
        all.retain(|mark| match mark {
            Mark::Fill { rect, .. } => rect.bottom <= bottom,
            Mark::Text { at, size, .. } => at.y + size * 0.6 <= bottom,
            Mark::Hair { to, .. } => to.y <= bottom,
            Mark::Line { .. } | Mark::Area { .. } | Mark::Symbol { .. } => true,
        });
        self.drawing.marks = all;
    }

    /// Paints title and legend and gives the height below them.
    fn draw_head(
        &self,
        frame: &Frame,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
        marks: &mut Vec<Mark>,
    ) -> f64 {
        let mut y = EDGE;
        if options.title && !self.bars.title.is_empty() {
            let title = ellipsis(&self.bars.title, TITLE * 1.1, self.size.width - 2.0 * EDGE, measure);
            let mut mark = text(title, Point::new(EDGE, y + LINE / 2.0), theme.ink, Anchor::Start);
            if let Mark::Text { size, bold, .. } = &mut mark {
                *size = TITLE;
                *bold = true;
            }
            marks.push(mark);
            y += LINE + GAP;
        }
        if frame.legend_rows > 0.0 { self.draw_legend(y, theme, measure, marks) } else { y }
    }

    /// Paints the bars with their names and totals and gives the height below them.
    fn draw_rows(
        &mut self,
        top: f64,
        frame: &Frame,
        columns: &Columns,
        measure: &dyn TextMeasure,
        marks: &mut Vec<Mark>,
    ) -> f64 {
        let theme = self.theme;
        let Columns { left, right, names, .. } = *columns;
        let count = self.bars.bars.len();
        let thickness = ((self.size.height - frame.fixed()) / count.max(1) as f64).clamp(4.0, 2.0 * BAR);
        let mut y = top;
        for (bar, total) in self.bars.bars.iter().zip(&columns.totals) {
            let domain = match self.bars.scale {
                BarScale::Shared => columns.domain,
                BarScale::Own => (0.0, extent(std::iter::once(bar))),
            };
            let scale = Scale::new(ScaleKind::Linear, domain, (left, right));
            if frame.above > 0.0 {
                if frame.narrow {
                    let name = ellipsis(&bar.label, TEXT, self.size.width * 0.6, measure);
                    marks.push(text(name, Point::new(EDGE, y + LINE / 2.0), theme.ink, Anchor::Start));
                }
                y += LINE;
            }
            let rect = Rect::new(left, y, right, y + thickness);
            if !frame.narrow {
                let name = ellipsis(&bar.label, TEXT, names - GAP, measure);
                marks.push(text(name, Point::new(left - GAP, rect.centre().y), theme.ink, Anchor::End));
            }
            let row = draw_bar(bar, rect, &scale, self.bars.unit, &theme, measure, marks);
            let mut end = row.segments.iter().map(|rect| rect.right).fold(left, f64::max);
            // A limit just past the end would strike the total through.
            let limit = bar.limit.as_ref().and_then(|(value, _)| scale.map(scale.clamp(*value)));
            if let Some(x) = limit
                && (end - 2.0..end + 2.0 * GAP + measure.width(total, TEXT)).contains(&x)
            {
                end = end.max(x);
            }
            let at = Point::new(end + GAP, rect.centre().y);
            marks.push(text(total.clone(), at, theme.ink, Anchor::Start));
            self.rows.push(row);
            y += thickness + BETWEEN;
        }
        y
    }

    /// Paints the lines of the grid behind the bars, from one height to another, and the labels below them.
    fn draw_axis(
        &self,
        (top, bottom): (f64, f64),
        columns: &Columns,
        measure: &dyn TextMeasure,
        marks: &mut Vec<Mark>,
    ) {
        let scale = Scale::new(ScaleKind::Linear, columns.domain, (columns.left, columns.right));
        for tick in ticks(&scale, self.bars.unit, columns.ticks) {
            let (Some(label), Some(x)) = (tick.label, scale.map(tick.value)) else { continue };
            marks.push(Mark::Hair {
                from: Point::new(x, top),
                to: Point::new(x, bottom - BETWEEN / 2.0),
                width: 1.0,
                colour: self.theme.grid,
                dash: Dash::Solid,
            });
            let label = ellipsis(&label, TEXT, self.size.width - 2.0, measure);
            let half = measure.width(&label, TEXT) / 2.0;
            let x = x.min(self.size.width - half - 1.0).max(half + 1.0);
            marks.push(text(label, Point::new(x, bottom + LINE / 2.0), self.theme.muted, Anchor::Middle));
        }
    }

    /// Paints swatches and names in rows and gives the height below them.
    fn draw_legend(&self, top: f64, theme: &Theme, measure: &dyn TextMeasure, marks: &mut Vec<Mark>) -> f64 {
        let (mut x, mut y) = (EDGE, top);
        for entry in &self.legend {
            let width = 12.0 + GAP + measure.width(&entry.label, TEXT);
            if x > EDGE && x + width > self.size.width - EDGE {
                x = EDGE;
                y += LINE + 2.0;
            }
            let middle = y + LINE / 2.0;
            let rect = Rect::new(x, middle - 6.0, x + 12.0, middle + 6.0);
            marks.push(Mark::Fill { rect, colour: entry.hue.line });
            let label = ellipsis(&entry.label, TEXT, self.size.width - EDGE - rect.right - GAP, measure);
            marks.push(text(label, Point::new(rect.right + GAP, middle), theme.ink, Anchor::Start));
            x += width + 2.0 * GAP + 4.0;
        }
        y + LINE + GAP
    }
}

impl Figure for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        BarScene::height_for(self, width, style.options)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(BarScene::with_options(self, size, style.theme, style.measure, style.options))
    }

    fn sentence(&self) -> String {
        describe::bars_sentence(self)
    }

    fn sheets(&self) -> Vec<Table> {
        vec![describe::bars_table(self)]
    }
}

impl LaidOut for BarScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        self.nearest(pointer).map(Spot::from)
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let own = self.readout(BarCursor { bar: spot.row, segment: spot.column })?;
        let facts = Facts::new(format!("{}, {}", own.bar, own.label), own.rect);
        Some(facts.with("", format!("{}, {}", own.text, own.share)).because(own.note.as_ref()))
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        let cursor = spot.map(|spot| BarCursor { bar: spot.row, segment: spot.column });
        self.step(cursor, step).map(Spot::from)
    }
}

impl From<BarCursor> for Spot {
    fn from(own: BarCursor) -> Self {
        Self::new(own.bar, own.segment)
    }
}

/// The parts of the picture whose height does not change.
struct Frame {
    narrow: bool,
    /// Above each bar, for its name or its limit.
    above: f64,
    head: f64,
    legend_rows: f64,
    axis: f64,
    count: f64,
}

/// What stands beside each other: names, bars, totals.
struct Columns {
    /// The room for names; none where they stand above the bars.
    names: f64,
    left: f64,
    right: f64,
    /// What stands behind each bar.
    totals: Vec<String>,
    /// The axis that bars share.
    domain: (f64, f64),
    /// About how many labels it has.
    ticks: usize,
}

impl Columns {
    fn new(bars: &Bars, size: Size, frame: &Frame, measure: &dyn TextMeasure) -> Self {
        let room = size.width * 0.3;
        let totals: Vec<String> = bars
            .bars
            .iter()
            .map(|bar| ellipsis(&bars.unit.format(bar.total()), TEXT, room, measure))
            .collect();
        let widest = |texts: &mut dyn Iterator<Item = &String>| {
            texts.map(|text| measure.width(text, TEXT)).fold(0.0, f64::max)
        };
        let names = if frame.narrow {
            0.0
        } else {
            widest(&mut bars.bars.iter().map(|bar| &bar.label)).min(room) + GAP
        };
        let left = EDGE + names;
        let right = (size.width - EDGE - GAP - widest(&mut totals.iter())).max(left + 1.0);
        let ticks = ((right - left) / 80.0).clamp(2.0, 10.0) as usize;
        let domain = nice(ScaleKind::Linear, (0.0, extent(bars.bars.iter())), ticks, bars.unit);
        Self { names, left, right, totals, domain, ticks }
    }
}

impl Frame {
    fn new(bars: &Bars, width: f64, options: Options) -> Self {
        let narrow = width < NARROW;
        let limited = bars.bars.iter().any(|bar| bar.limit.is_some());
        let above = if narrow || limited { LINE } else { 0.0 };
        let title = if options.title && !bars.title.is_empty() { LINE + GAP } else { 0.0 };
        // A guess that errs on the safe side: a painted legend of many entries takes two rows, or more when narrow.
        let names: usize = legend_labels(bars).iter().map(|label| label.chars().count() + 5).sum();
        let rows = libm::ceil(names as f64 * TEXT * 0.62 / width.max(1.0));
        let legend_rows = if options.legend { rows } else { 0.0 };
        let axis = if bars.scale == BarScale::Shared { LINE + GAP } else { 0.0 };
        Self { narrow, above, head: EDGE + title, legend_rows, axis, count: bars.bars.len() as f64 }
    }

    fn fixed(&self) -> f64 {
        let legend = if self.legend_rows > 0.0 { self.legend_rows * (LINE + 2.0) + GAP } else { 0.0 };
        self.head + legend + self.count * (self.above + BETWEEN) + self.axis + EDGE
    }
}

fn text(text: String, at: Point, colour: super::theme::Colour, anchor: Anchor) -> Mark {
    Mark::Text { text, at, size: TEXT, bold: false, colour, anchor }
}

/// How long the longest of the bars or limits is; never zero.
fn extent<'a>(bars: impl Iterator<Item = &'a Bar>) -> f64 {
    let reach = |bar: &Bar| {
        let limit = bar.limit.as_ref().map_or(0.0, |(value, _)| if value.is_finite() { *value } else { 0.0 });
        bar.total().max(limit)
    };
    let longest = bars.map(reach).fold(0.0, f64::max);
    if longest > 0.0 { longest } else { 1.0 }
}

fn share(segment: &Segment, bar: &Bar) -> f64 {
    let total = bar.total();
    if total > 0.0 { segment.size() / total } else { 0.0 }
}

fn draw_bar(
    bar: &Bar,
    rect: Rect,
    scale: &Scale,
    unit: Unit,
    theme: &Theme,
    measure: &dyn TextMeasure,
    marks: &mut Vec<Mark>,
) -> BarRow {
    let mut sum = 0.0;
    let mut segments = Vec::with_capacity(bar.segments.len());
    for segment in &bar.segments {
        let from = scale.map(scale.clamp(sum)).unwrap_or(rect.left);
        sum += segment.size();
        let to = scale.map(scale.clamp(sum)).unwrap_or(from);
        let place = Rect::new(from, rect.top, to, rect.bottom);
        segments.push(place);
        if place.width() <= 0.0 {
            continue;
        }
        let seam = if place.width() > 3.0 * SEAM { SEAM } else { 0.0 };
        let colour = theme.hue(segment.paint).line;
        marks.push(Mark::Fill { rect: Rect { right: place.right - seam, ..place }, colour });
        // As much of name and value as fits; the legend and the tooltip have the rest.
        let room = place.width() - 2.0 * GAP;
        let full = format!("{} {}", segment.label, unit.format(segment.size()));
        let label =
            [full, segment.label.clone()].into_iter().find(|label| measure.width(label, TEXT) <= room);
        if let Some(label) = label.filter(|_| rect.height() >= LINE) {
            let at = Point::new(place.left + GAP, place.centre().y);
            marks.push(text(label, at, colour.ink_on(), Anchor::Start));
        }
    }
    if let Some((value, label)) = &bar.limit
        && let Some(x) = scale.map(scale.clamp(*value))
    {
        marks.push(Mark::Hair {
            from: Point::new(x, rect.top - 4.0),
            to: Point::new(x, rect.bottom + 3.0),
            width: 2.0,
            colour: theme.ink,
            dash: Dash::Solid,
        });
        let label = ellipsis(label, TEXT, rect.width() * 0.6, measure);
        let width = measure.width(&label, TEXT);
        let left = (x - width / 2.0).min(rect.right - width).max(rect.left + rect.width() * 0.3);
        marks.push(text(label, Point::new(left, rect.top - LINE / 2.0 - 2.0), theme.muted, Anchor::Start));
    }
    BarRow { rect, segments }
}

fn legend_labels(bars: &Bars) -> Vec<&str> {
    let mut labels: Vec<(&str, &str)> = Vec::new();
    for segment in bars.bars.iter().flat_map(|bar| &bar.segments) {
        if segment.size() > 0.0 && !labels.iter().any(|(id, _)| *id == segment.id) {
            labels.push((&segment.id, &segment.label));
        }
    }
    labels.into_iter().map(|(_, label)| label).collect()
}

fn legend_of(bars: &Bars, theme: &Theme) -> Vec<SegmentEntry> {
    let mut entries: Vec<SegmentEntry> = Vec::new();
    for segment in bars.bars.iter().flat_map(|bar| &bar.segments) {
        if segment.size() > 0.0 && !entries.iter().any(|entry| entry.id == segment.id) {
            entries.push(SegmentEntry {
                id: segment.id.clone(),
                label: segment.label.clone(),
                hue: theme.hue(segment.paint),
            });
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::model::{Paint, Tint};
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn bars(scale: BarScale) -> Bars {
        let bar = |label: &str, values: &[f64]| Bar {
            label: label.to_owned(),
            segments: values
                .iter()
                .enumerate()
                .map(|(index, &value)| {
                    Segment::new(
                        format!("s{index}"),
                        format!("part {index}"),
                        value,
                        Paint::Tint(Tint::ALL[index]),
                    )
                })
                .collect(),
            limit: None,
        };
        Bars {
            title: "Why".to_owned(),
            unit: Unit::Seconds,
            bars: vec![bar("TTFT", &[0.4, 0.0, 0.1]), bar("TPOT", &[0.01, f64::NAN, -3.0, 0.0001])],
            scale,
        }
    }

    fn scene(scale: BarScale) -> BarScene {
        BarScene::new(&bars(scale), Size::new(600.0, 120.0), &LIGHT, &TableMeasure)
    }

    #[test]
    fn segments_lie_end_to_end() {
        let scene = scene(BarScale::Own);
        for row in &scene.rows {
            let mut edge = row.rect.left;
            for segment in &row.segments {
                assert!((segment.left - edge).abs() < 1e-9);
                edge = segment.right;
            }
            assert!((edge - row.rect.right).abs() < 1e-9, "an own scale fills the width");
        }
    }

    #[test]
    fn slivers_can_be_hit() {
        let scene = scene(BarScale::Own);
        let sliver = scene.rows[1].segments[3];
        let pointer = Point::new(sliver.left - 2.0, sliver.centre().y);
        assert_eq!(scene.nearest(pointer), Some(BarCursor { bar: 1, segment: 3 }));
        assert_eq!(scene.nearest(Point::new(-50.0, 300.0)), None);
    }

    #[test]
    fn arrows_walk_what_has_size() {
        let scene = scene(BarScale::Shared);
        let mut cursor = None;
        let mut walk = |step: Step| {
            cursor = scene.step(cursor, step);
            cursor.map(|cursor| (cursor.bar, cursor.segment))
        };
        assert_eq!(walk(Step::Next), Some((0, 0)));
        assert_eq!(walk(Step::Next), Some((0, 2)));
        assert_eq!(walk(Step::Next), Some((0, 2)));
        assert_eq!(walk(Step::SeriesAfter), Some((1, 3)));
        assert_eq!(walk(Step::First), Some((1, 0)));
        assert_eq!(walk(Step::SeriesBefore), Some((0, 0)));
    }

    #[test]
    fn a_readout_names_size_and_share() {
        let readout = scene(BarScale::Shared).readout(BarCursor { bar: 0, segment: 0 });
        let said =
            readout.map(|r| (r.bar, r.label, r.text.replace('\u{a0}', " "), r.share.replace('\u{a0}', " ")));
        assert_eq!(said, Some(("TTFT".into(), "part 0".into(), "400 ms".into(), "80 %".into())));
    }

    #[test]
    fn no_bars_and_no_room_are_survived() {
        for size in [Size::new(1.0, 1.0), Size::new(600.0, 8.0), Size::new(30.0, 500.0)] {
            let empty = BarScene::new(&Bars::default(), size, &LIGHT, &TableMeasure);
            assert!(empty.rows.is_empty() && empty.step(None, Step::Next).is_none());
            let _ = BarScene::with_options(
                &bars(BarScale::Own),
                size,
                &LIGHT,
                &TableMeasure,
                Options::STANDALONE,
            );
        }
    }
}

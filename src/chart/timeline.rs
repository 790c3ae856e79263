//! What ran when: lanes of coloured spans over time, and below them what waited and what filled up.
//!
//! A replay has thousands of spans to a pixel. A pixel column that one span fills is drawn in its colour; one that holds
//! several is divided by their shares of its time, so a picture never shows more of an activity than there was. The
//! window in view is given, so zooming lays out anew and finds more.

use super::describe::{Cell, Table, join_words};
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::hit::Step;
use super::layout::{EDGE, GAP, LINE, Options, TEXT};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{Dash, Paint, ScaleKind, Tint};
use super::pen::{Key, Pen, legend_places};
use super::scale::Scale;
use super::spot::{Facts, LaidOut, Spot, walk};
use super::text::TextMeasure;
use super::theme::Theme;
use super::ticks::nice;
use crate::units::format::{Precision, Unit};

/// Narrower pictures put the name of a lane above it.
const NARROW: f64 = 520.0;
/// The usual thickness of a lane.
const LANE: f64 = 20.0;
/// Between lanes.
const BETWEEN: f64 = 4.0;
/// The usual height of a track.
const TRACK: f64 = 64.0;
/// How many activities there are.
const KINDS: usize = Activity::ALL.len();
/// How many lanes a sentence tells of.
const MOST: usize = 6;

/// What a lane does during a span. Idle is what no span covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activity {
    /// Reading prompts.
    Prefill,
    /// Writing answers.
    Decode,
    /// Reading prompts and writing answers in one step.
    Mixed,
    /// Moving a KV cache or weights.
    Transfer,
    /// Proposing tokens.
    Draft,
    /// Checking proposed tokens.
    Verify,
    /// Put back because memory ran out.
    Preempted,
}

impl Activity {
    /// All activities, as a divided column stacks them from the bottom.
    pub const ALL: [Self; 7] = [
        Self::Prefill,
        Self::Mixed,
        Self::Decode,
        Self::Draft,
        Self::Verify,
        Self::Transfer,
        Self::Preempted,
    ];

    /// What people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Mixed => "prefill + decode",
            Self::Transfer => "transfer",
            Self::Draft => "draft",
            Self::Verify => "verify",
            Self::Preempted => "preempted",
        }
    }

    /// Its colour; a preempted request waits, and a mixed step wears a hue that no other activity has.
    #[must_use]
    pub const fn paint(self) -> Paint {
        Paint::Tint(match self {
            Self::Prefill => Tint::Prefill,
            Self::Decode => Tint::Decode,
            Self::Mixed => Tint::Attention,
            Self::Transfer => Tint::Link,
            Self::Draft => Tint::Draft,
            Self::Verify => Tint::Verify,
            Self::Preempted => Tint::Queue,
        })
    }

    fn slot(self) -> usize {
        Self::ALL.iter().position(|other| *other == self).unwrap_or(0)
    }
}

/// Lanes and tracks over one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What the chart shows, in a few words.
    pub title: String,
    /// Pools or replicas, top to bottom.
    pub lanes: Vec<Lane>,
    /// What is counted over the same time, below the lanes.
    pub tracks: Vec<Track>,
    /// The seconds in view; all there is without.
    pub window: Option<(f64, f64)>,
}

/// One pool or replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// What people read.
    pub label: String,
    /// What it does, in order of time and not overlapping.
    pub spans: Vec<Span>,
}

/// One activity from its start to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// When it starts, in seconds.
    pub start: f64,
    /// When it ends, in seconds.
    pub end: f64,
    /// What is done.
    pub activity: Activity,
    /// More for the tooltip: the batch, the request.
    pub note: Option<String>,
}

impl Span {
    /// From `start` to `end`, in seconds.
    #[must_use]
    pub const fn new(start: f64, end: f64, activity: Activity) -> Self {
        Self { start, end, activity, note: None }
    }

    fn sound(&self) -> bool {
        self.start.is_finite() && self.end.is_finite() && self.start <= self.end
    }
}

/// Stacked quantities that keep each value until the next time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// What people read: `Queue`.
    pub label: String,
    /// The unit of the values.
    pub unit: Unit,
    /// When the values change, ascending, in seconds.
    pub times: Vec<f64>,
    /// What is stacked, from the bottom.
    pub parts: Vec<TrackPart>,
    /// A limit, such as the capacity, and what to call it.
    pub limit: Option<(f64, String)>,
}

/// One layer of a track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackPart {
    /// What people read.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// The value from each time on; negative and missing ones count as zero.
    pub values: Vec<f64>,
}

impl TrackPart {
    fn at(&self, index: usize) -> f64 {
        self.values.get(index).copied().filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0)
    }
}

impl Track {
    fn total(&self, index: usize) -> f64 {
        self.parts.iter().map(|part| part.at(index)).sum()
    }

    /// The highest total and when it is reached.
    fn peak(&self) -> Option<(f64, f64)> {
        let mut peak: Option<(f64, f64)> = None;
        for (index, &time) in self.times.iter().enumerate() {
            let total = self.total(index);
            if peak.is_none_or(|(most, _)| total > most) {
                peak = Some((total, time));
            }
        }
        peak
    }

    /// The time-weighted mean of the total from the first time to this end.
    fn mean(&self, end: f64) -> f64 {
        let first = self.times.first().copied().unwrap_or(end);
        let mut sum = 0.0;
        for (index, &time) in self.times.iter().enumerate() {
            let until = self.times.get(index + 1).copied().unwrap_or(end).min(end);
            sum += self.total(index) * (until - time).max(0.0);
        }
        if end > first { sum / (end - first) } else { self.total(0) }
    }
}

impl Timeline {
    /// The first and the last moment of all lanes and tracks.
    #[must_use]
    pub(super) fn extent(&self) -> Option<(f64, f64)> {
        let spans = self.lanes.iter().flat_map(|lane| &lane.spans).filter(|span| span.sound());
        let times = self.tracks.iter().flat_map(|track| &track.times).copied();
        let all = spans.flat_map(|span| [span.start, span.end]).chain(times).filter(|time| time.is_finite());
        all.fold(None, |extent: Option<(f64, f64)>, time| {
            Some(extent.map_or((time, time), |(low, high)| (low.min(time), high.max(time))))
        })
    }

    /// How long a lane does each activity, in seconds, in the order of [`Activity::ALL`].
    fn times(lane: &Lane) -> [f64; KINDS] {
        let mut times = [0.0; KINDS];
        for span in lane.spans.iter().filter(|span| span.sound()) {
            if let Some(time) = times.get_mut(span.activity.slot()) {
                *time += span.end - span.start;
            }
        }
        times
    }

    /// Two tables: the seconds of each activity by lane, and the peak and mean of each track.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let (start, end) = self.extent().unwrap_or((0.0, 0.0));
        let mut headers = vec!["Lane".to_owned()];
        headers.extend(Activity::ALL.map(|activity| activity.name().to_owned()));
        headers.push("idle".to_owned());
        let rows = self.lanes.iter().map(|lane| {
            let times = Self::times(lane);
            let idle = (end - start - times.iter().sum::<f64>()).max(0.0);
            let times = times.into_iter().chain([idle]).map(|time| Cell::new(Unit::Seconds, time));
            std::iter::once(Cell::words(lane.label.clone())).chain(times).collect()
        });
        let lanes = Table { caption: self.title.clone(), headers, rows: rows.collect() };
        let rows = self.tracks.iter().filter_map(|track| {
            let (peak, time) = track.peak()?;
            Some(vec![
                Cell::words(track.label.clone()),
                Cell::new(track.unit, peak),
                Cell::new(Unit::Seconds, time),
                Cell::new(track.unit, track.mean(end)),
            ])
        });
        let tracks = Table {
            caption: self.title.clone(),
            headers: ["Track", "Peak", "At", "Mean"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        };
        [lanes, tracks].into_iter().filter(|table| !table.rows.is_empty()).collect()
    }

    /// All in one table: the lanes, and below them a sentence for each track. Activities that do not occur are left out.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut tables = self.tables().into_iter();
        let mut all =
            if self.lanes.is_empty() { Table::default() } else { tables.next().unwrap_or_default() };
        let occurs = |column: usize| {
            let activity = column.checked_sub(1).and_then(|index| Activity::ALL.get(index));
            let has = |lane: &Lane| lane.spans.iter().any(|span| Some(&span.activity) == activity);
            activity.is_none() || self.lanes.iter().any(has)
        };
        let kept: Vec<bool> = (0..all.headers.len()).map(occurs).collect();
        for row in &mut all.rows {
            let mut keep = kept.iter();
            row.retain(|_| keep.next().copied().unwrap_or(true));
        }
        let mut keep = kept.iter();
        all.headers.retain(|_| keep.next().copied().unwrap_or(true));
        for row in tables.flat_map(|own| own.rows) {
            let words: Vec<_> = row.iter().map(|cell| cell.text.as_str()).collect();
            if let [label, peak, at, mean] = words[..] {
                all.rows
                    .push(vec![Cell::words(format!("{label}: at most {peak} at {at}, {mean} on average"))]);
            }
        }
        all
    }

    /// The activities that occur, for a legend.
    fn keys(&self, theme: &Theme) -> Vec<Key> {
        let mut seen = [false; KINDS];
        for span in self.lanes.iter().flat_map(|lane| &lane.spans) {
            if let Some(seen) = seen.get_mut(span.activity.slot()) {
                *seen = true;
            }
        }
        let occurring = Activity::ALL.into_iter().zip(seen).filter(|(_, seen)| *seen);
        let key = |label: &str, paint: Paint| Key {
            label: label.to_owned(),
            colour: theme.hue(paint).line,
            hatched: false,
        };
        let mut keys: Vec<Key> =
            occurring.map(|(activity, _)| key(activity.name(), activity.paint())).collect();
        for part in self.tracks.iter().filter(|track| track.parts.len() > 1).flat_map(|track| &track.parts) {
            if !keys.iter().any(|key| key.label == part.label) {
                keys.push(key(&part.label, part.paint));
            }
        }
        keys
    }
}

/// A laid-out timeline, in CSS pixels. A spot's row counts the lanes and then the tracks; its column the spans of a lane
/// or the times of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineScene {
    /// What it shows.
    pub timeline: Timeline,
    /// The rectangle that spans share with tracks.
    pub plot: Rect,
    /// From seconds to places.
    pub x: Scale,
    /// The place of each lane.
    lanes: Vec<Rect>,
    /// The place of each track and its scale.
    tracks: Vec<(Rect, Scale)>,
    drawing: Drawing,
    theme: Theme,
}

/// The heights that do not change with the size.
struct Frame {
    /// Above each lane, for its name.
    above: f64,
    /// Above all, after title and legend.
    top: f64,
    keys: Vec<Key>,
}

impl Frame {
    fn new(
        timeline: &Timeline,
        width: f64,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let above = if width < NARROW { LINE } else { 0.0 };
        let title = if options.title && !timeline.title.is_empty() { LINE + GAP } else { 0.0 };
        let keys = timeline.keys(theme);
        let places = legend_places(&keys, width, EDGE + title, measure);
        let legend = places.last().filter(|_| options.legend);
        let top = legend.map_or(EDGE + title, |last| last.y + LINE + GAP);
        Self { above, top, keys }
    }
}

impl TimelineScene {
    /// The height at which lanes and tracks have their usual size.
    #[must_use]
    pub fn height_for(
        timeline: &Timeline,
        width: f64,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> f64 {
        let frame = Frame::new(timeline, width, theme, measure, options);
        frame.top
            + timeline.lanes.len() as f64 * (frame.above + LANE + BETWEEN)
            + timeline.tracks.len() as f64 * (LINE + TRACK + GAP)
            + 2.0 * LINE
            + GAP
            + EDGE
    }

    /// Lays a timeline out, with or without its title and legend.
    #[must_use]
    pub fn new(
        timeline: &Timeline,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let frame = Frame::new(timeline, size.width, theme, measure, options);
        let narrow = frame.above > 0.0;
        let mut pen = Pen::new(size, theme, measure);
        let below_title = pen.title(&timeline.title, options);
        if options.legend {
            pen.legend(&frame.keys, below_title);
        }
        let names = if narrow {
            0.0
        } else {
            let lanes = timeline.lanes.iter().map(|lane| &lane.label);
            let widest = lanes.map(|label| measure.width(label, TEXT)).fold(40.0, f64::max);
            widest.min(size.width * 0.22) + GAP
        };
        let (left, right) = (EDGE + names, (size.width - EDGE - GAP).max(EDGE + names + 1.0));
        let bottom = (size.height - EDGE - 2.0 * LINE - GAP).max(frame.top);
        let plot = Rect::new(left, frame.top, right, bottom);
        let window = timeline.window.or_else(|| timeline.extent()).unwrap_or((f64::NAN, f64::NAN));
        let x = Scale::new(ScaleKind::Linear, window, (left, right));
        pen.x_axis(&x, Unit::Seconds, "Time", &plot, f64::NEG_INFINITY);

        // Tracks and lanes shrink and grow together.
        let (lane_count, track_count) = (timeline.lanes.len() as f64, timeline.tracks.len() as f64);
        let fixed = lane_count * (frame.above + BETWEEN) + track_count * (LINE + GAP);
        let usual = lane_count * LANE + track_count * TRACK;
        let share = if usual > 0.0 { ((plot.height() - fixed) / usual).clamp(0.1, 1.6) } else { 1.0 };
        let mut scene = Self {
            timeline: timeline.clone(),
            plot,
            x,
            lanes: Vec::new(),
            tracks: Vec::new(),
            drawing: Drawing::new(size, theme),
            theme: *theme,
        };
        let mut y = frame.top;
        // Names closer than their own height are thinned out.
        let every = if narrow { 1 } else { libm::ceil(LINE / (LANE * share + BETWEEN)).max(1.0) as usize };
        for (index, lane) in timeline.lanes.iter().enumerate() {
            let rect = Rect::new(left, y + frame.above, right, y + frame.above + LANE * share);
            let ink = theme.ink;
            if narrow {
                pen.text(&lane.label, Point::new(EDGE, y + LINE / 2.0), Anchor::Start, ink, right - EDGE);
            } else if index.is_multiple_of(every) {
                let at = Point::new(left - GAP, rect.centre().y);
                pen.text(&lane.label, at, Anchor::End, ink, names - GAP);
            }
            scene.draw_lane(lane, rect, &mut pen);
            scene.lanes.push(rect);
            y = rect.bottom + BETWEEN;
        }
        for track in &timeline.tracks {
            let rect = Rect::new(left, y + LINE, right, y + LINE + TRACK * share);
            let scale = scene.draw_track(track, rect, &mut pen);
            scene.tracks.push((rect, scale));
            y = rect.bottom + GAP;
        }
        scene.drawing = pen.finish();
        scene
    }

    /// The window that a drag from one place to another selects; `None` if it was too short to mean anything.
    #[must_use]
    pub fn drag(&self, from: Point, to: Point) -> Option<(f64, f64)> {
        ((from.x - to.x).abs() >= 8.0).then(|| self.x.zoomed(from.x, to.x))
    }

    /// The window after a turn of the wheel over a place; a factor below 1 zooms in.
    #[must_use]
    pub fn wheel(&self, about: Point, factor: f64) -> (f64, f64) {
        self.x.zoomed_about(about.x, factor)
    }

    /// The window after moving its content by so many pixels to the right.
    #[must_use]
    pub fn pan(&self, pixels: f64) -> (f64, f64) {
        let (left, right) = self.x.range();
        (self.x.invert(left - pixels), self.x.invert(right - pixels))
    }

    /// The spans that reach into the window.
    fn in_view<'a>(&self, lane: &'a Lane) -> &'a [Span] {
        let (from, to) = self.x.domain();
        let first = lane.spans.partition_point(|span| span.end < from);
        let last = lane.spans.partition_point(|span| span.start <= to);
        lane.spans.get(first..last.max(first)).unwrap_or_default()
    }

    fn draw_lane(&self, lane: &Lane, rect: Rect, pen: &mut Pen<'_>) {
        pen.fill(rect, self.theme.grid.faded(0.6));
        let count = libm::ceil(rect.width()).max(1.0) as usize;
        let mut columns = vec![Column::default(); count];
        let mut labels = Vec::new();
        for span in self.in_view(lane).iter().filter(|span| span.sound()) {
            let (Some(from), Some(to)) =
                (self.x.map(self.x.clamp(span.start)), self.x.map(self.x.clamp(span.end)))
            else {
                continue;
            };
            let (from, to) = (from - rect.left, to - rect.left);
            let (first, last) = (from.max(0.0) as usize, (to.max(0.0) as usize).min(count - 1));
            let slot = span.activity.slot();
            for (index, column) in columns.iter_mut().enumerate().take(last + 1).skip(first) {
                let place = index as f64;
                let share = (to.min(place + 1.0) - from.max(place)).max(0.0);
                if let Some(sum) = column.shares.get_mut(slot) {
                    *sum += share;
                }
                column.starts += u16::from(from >= place && index == first);
                column.whole_spans += u16::from(first == last);
            }
            if to - from > 40.0 {
                labels.push((span.activity, Rect { left: rect.left + from, right: rect.left + to, ..rect }));
            }
        }
        // Columns that look alike become one rectangle.
        let height = libm::round(rect.height()).max(1.0);
        let mut run: Option<(usize, [u16; KINDS])> = None;
        for index in 0..=count {
            let look = columns.get(index).map(|column| column.look(height));
            if run.map(|run| run.1) == look {
                continue;
            }
            if let Some((first, look)) = run {
                let (left, right) = (rect.left + first as f64, (rect.left + index as f64).min(rect.right));
                let mut bottom = rect.bottom;
                for (activity, pixels) in Activity::ALL.into_iter().zip(look).filter(|part| part.1 > 0) {
                    let top = (bottom - f64::from(pixels) * rect.height() / height).max(rect.top);
                    pen.fill(Rect::new(left, top, right, bottom), self.theme.hue(activity.paint()).line);
                    bottom = top;
                }
            }
            run = look.map(|look| (index, look));
        }
        for (activity, place) in labels {
            let room = place.width() - 2.0 * GAP;
            if rect.height() >= LINE - 2.0 && pen.width(activity.name()) <= room {
                let colour = self.theme.hue(activity.paint()).line.ink_on();
                let at = Point::new(place.left + GAP, place.centre().y);
                pen.text(activity.name(), at, Anchor::Start, colour, room);
            }
        }
    }

    /// Stacked areas of the mean of each pixel column, under a line of its highest total.
    fn draw_track(&self, track: &Track, rect: Rect, pen: &mut Pen<'_>) -> Scale {
        let (from, to) = self.x.domain();
        let ordered = track.times.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
        let first = track.times.partition_point(|time| *time <= from).saturating_sub(1);
        let last = track.times.partition_point(|time| *time <= to);
        let visible = if ordered { first..last.max(first) } else { 0..0 };
        let peak = visible.clone().map(|index| track.total(index)).fold(0.0, f64::max);
        let limit = track.limit.as_ref().map(|limit| limit.0).filter(|limit| limit.is_finite());
        // A limit is shown if the values come anywhere near it.
        let most = limit.filter(|limit| *limit <= 4.0 * peak).map_or(peak, |limit| limit.max(peak));
        let most = if most > 0.0 { most } else { 1.0 };
        let domain = nice(ScaleKind::Linear, (0.0, most), 2, track.unit);
        let scale = Scale::new(ScaleKind::Linear, domain, (rect.bottom, rect.top));
        let place = |value: f64| scale.map(scale.clamp(value)).unwrap_or(rect.bottom);

        // The last value holds until the end of all.
        let end_of_all = self.timeline.extent().map_or(to, |extent| extent.1);
        let count = libm::ceil(rect.width()).max(1.0) as usize;
        let mut means = vec![vec![0.0; count]; track.parts.len()];
        let mut peaks: Vec<Option<f64>> = vec![None; count];
        for index in visible {
            let start = track.times.get(index).copied().unwrap_or(to);
            let end = track.times.get(index + 1).copied().unwrap_or(end_of_all);
            let ends = [start, end.max(start)].map(|time| self.x.map(self.x.clamp(time)));
            let [Some(a), Some(b)] = ends else { continue };
            let (a, b) = (a - rect.left, b - rect.left);
            let total = track.total(index);
            let (low, high) = (a.max(0.0) as usize, (b.max(0.0) as usize).min(count - 1));
            for column in low..=high {
                let share = (b.min(column as f64 + 1.0) - a.max(column as f64)).max(0.0);
                for (means, part) in means.iter_mut().zip(&track.parts) {
                    if let Some(mean) = means.get_mut(column) {
                        *mean += part.at(index) * share;
                    }
                }
                if let Some(peak) = peaks.get_mut(column).filter(|_| share > 0.0) {
                    *peak = Some(peak.map_or(total, |peak: f64| peak.max(total)));
                }
            }
        }
        let mut below = vec![0.0; count];
        for (part, means) in track.parts.iter().zip(&means) {
            let above: Vec<f64> = below.iter().zip(means).map(|(below, mean)| below + mean).collect();
            let colour = self.theme.hue(part.paint).line.faded(0.45);
            let mut outline = stairs(&above, &rect, &place);
            outline.extend(stairs(&below, &rect, &place).into_iter().rev());
            if above.iter().any(|value| *value > 0.0) {
                pen.marks.push(Mark::Area { points: outline, colour });
            }
            below = above;
        }
        let paint = track.parts.last().map_or(Paint::Muted, |part| part.paint);
        let colour = self.theme.hue(paint).line;
        for run in peaks.split(Option::is_none).scan(0_usize, |at, run| {
            let start = *at;
            *at += run.len() + 1;
            Some((start, run))
        }) {
            let (start, run) = run;
            let values: Vec<f64> = run.iter().flatten().copied().collect();
            let part = Rect { left: rect.left + start as f64, ..rect };
            let points = stairs(&values, &part, &place);
            if points.len() >= 2 {
                pen.marks.push(Mark::Line { points, width: 1.5, colour, dash: Dash::Solid });
            }
        }
        self.draw_track_frame(track, rect, &scale, pen);
        scale
    }

    fn draw_track_frame(&self, track: &Track, rect: Rect, scale: &Scale, pen: &mut Pen<'_>) {
        let (ink, muted, axis) = (self.theme.ink, self.theme.muted, self.theme.axis);
        let foot = |y: f64| (Point::new(rect.left, y), Point::new(rect.right, y));
        let (from, to) = foot(rect.bottom);
        pen.hair(from, to, 1.0, axis, Dash::Solid);
        let heading = rect.top - LINE / 2.0;
        let taken =
            pen.bold(&track.label, Point::new(rect.left, heading), Anchor::Start, ink, rect.width() * 0.5);
        let top = track.unit.format(scale.domain().1);
        let (from, to) = foot(rect.top);
        pen.hair(from, to, 1.0, self.theme.grid, Dash::Solid);
        if rect.left - EDGE > 40.0 {
            let room = rect.left - EDGE - GAP;
            pen.text(&top, Point::new(rect.left - GAP, rect.top), Anchor::End, muted, room);
            pen.text("0", Point::new(rect.left - GAP, rect.bottom - 3.0), Anchor::End, muted, room);
        } else {
            let room = rect.width() - taken - 2.0 * GAP;
            pen.text(&format!("0 to {top}"), Point::new(rect.right, heading), Anchor::End, muted, room);
        }
        if let Some((limit, label)) = &track.limit
            && let Some(y) = scale.map(*limit).filter(|_| scale.contains(*limit))
        {
            let (from, to) = foot(y);
            pen.hair(from, to, 1.5, ink, Dash::Short);
            let width = pen.width(label).min(rect.width() * 0.5);
            let below = y + 1.0 + LINE <= rect.bottom;
            let top = if below { y + 1.0 } else { y - LINE - 1.0 };
            let place = Rect::new(rect.right - GAP - width, top, rect.right - GAP, top + LINE);
            pen.plate(place);
            pen.text(label, Point::new(place.right, place.centre().y), Anchor::End, ink, width + 0.5);
        }
    }
}

/// A pixel column of a lane.
#[derive(Clone, Copy, Default)]
struct Column {
    /// The share of its time that goes to each activity.
    shares: [f64; KINDS],
    /// How many spans start in it.
    starts: u16,
    /// How many of them also end in it.
    whole_spans: u16,
}

impl Column {
    /// How many pixels high each activity stands.
    fn look(&self, height: f64) -> [u16; KINDS] {
        let mut pixels = [0; KINDS];
        if self.whole_spans == 0 && self.starts <= 1 {
            // The edge between two long spans: the one with more of the column has it all.
            let (slot, share) = self
                .shares
                .iter()
                .copied()
                .enumerate()
                .fold((0, 0.0), |most, part| if part.1 > most.1 { part } else { most });
            if share >= 0.5
                && let Some(pixels) = pixels.get_mut(slot)
            {
                *pixels = height as u16;
            }
            return pixels;
        }
        for (pixels, share) in pixels.iter_mut().zip(self.shares) {
            if share > 0.0 {
                // The least is a pixel: what happened does not vanish.
                *pixels = libm::round(share * height).max(1.0) as u16;
            }
        }
        pixels
    }
}

/// The corners of steps a pixel wide at these values, without those on a level run.
fn stairs(values: &[f64], rect: &Rect, place: &dyn Fn(f64) -> f64) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let mut last: Option<f64> = None;
    for (index, &value) in values.iter().enumerate() {
        let (x, y) = ((rect.left + index as f64).min(rect.right), place(value));
        if last.is_some_and(|last| (last - y).abs() < 0.01) {
            continue;
        }
        if let Some(last) = last {
            points.push(Point::new(x, last));
        }
        points.push(Point::new(x, y));
        last = Some(y);
    }
    if let Some(last) = last {
        points.push(Point::new((rect.left + values.len() as f64).min(rect.right), last));
    }
    points
}

impl Figure for Timeline {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        TimelineScene::height_for(self, width, style.theme, style.measure, style.options)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(TimelineScene::new(self, size, style.theme, style.measure, style.options))
    }

    /// The chart as a few sentences: what each lane does for how much of the time, and how high each track gets.
    fn sentence(&self) -> String {
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}. ", self.title) };
        let Some((start, end)) = self.extent() else {
            text.push_str("No data.");
            return text;
        };
        let seconds = |time: f64| Unit::Seconds.format(time);
        let lanes = match self.lanes.len() {
            1 => "1 lane".to_owned(),
            count => format!("{count} lanes"),
        };
        text.push_str(&format!("{lanes} from {} to {}.", seconds(start), seconds(end)));
        for lane in self.lanes.iter().take(MOST) {
            let times = Self::times(lane);
            let share = |time: f64| {
                Unit::Percent
                    .format_with(if end > start { time / (end - start) } else { 0.0 }, Precision::SHORT)
            };
            let mut parts: Vec<String> = Activity::ALL
                .into_iter()
                .zip(times)
                .filter(|(_, time)| *time > 0.0)
                .map(|(activity, time)| format!("{} {}", share(time), activity.name()))
                .collect();
            let idle = end - start - times.iter().sum::<f64>();
            if idle > 0.0 {
                parts.push(format!("{} idle", share(idle)));
            }
            text.push_str(&format!(" {}: {}.", lane.label, join_words(&parts)));
        }
        if self.lanes.len() > MOST {
            text.push_str(&format!(" And {} more.", self.lanes.len() - MOST));
        }
        for track in &self.tracks {
            let Some((peak, time)) = track.peak() else { continue };
            let limit = match &track.limit {
                Some((limit, label)) if peak > *limit => format!(", above {label}"),
                Some((_, label)) => format!(", within {label}"),
                None => String::new(),
            };
            let mean = track.unit.format(track.mean(end));
            let peak = track.unit.format(peak);
            text.push_str(&format!(
                " {} peaks at {peak} at {}{limit}, {mean} on average.",
                track.label,
                seconds(time)
            ));
        }
        text
    }

    fn sheets(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

impl LaidOut for TimelineScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        if pointer.x < self.plot.left - 4.0 || pointer.x > self.plot.right + 4.0 {
            return None;
        }
        let time = self.x.invert(pointer.x);
        if let Some(row) = self.lanes.iter().position(|lane| lane.grown(BETWEEN / 2.0).contains(pointer)) {
            let column = self.span_near(row, time)?;
            return Some(Spot::new(row, column));
        }
        let track = self.tracks.iter().position(|(rect, _)| rect.grown(2.0).contains(pointer))?;
        let times = &self.timeline.tracks.get(track)?.times;
        let column = times.partition_point(|start| *start <= time).checked_sub(1)?;
        Some(Spot::new(self.lanes.len() + track, column))
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let seconds = |time: f64| Unit::Seconds.format(time);
        if let Some(lane) = self.timeline.lanes.get(spot.row) {
            let span = lane.spans.get(spot.column)?;
            let facts = Facts::new(format!("{}, {}", lane.label, span.activity.name()), self.place(spot)?)
                .with("from", seconds(span.start))
                .with("to", seconds(span.end))
                .with("for", seconds(span.end - span.start));
            let mut facts = facts.because(span.note.as_ref());
            if let Some(fact) = facts.rows.get_mut(2) {
                fact.hue = Some(self.theme.hue(span.activity.paint()));
            }
            return Some(facts);
        }
        let track = self.timeline.tracks.get(spot.row.checked_sub(self.timeline.lanes.len())?)?;
        let time = track.times.get(spot.column)?;
        let mut facts = Facts::new(track.label.clone(), self.place(spot)?)
            .with("at", seconds(*time))
            .with("", track.unit.format(track.total(spot.column)));
        if track.parts.len() > 1 {
            for part in &track.parts {
                facts = facts.with(part.label.clone(), track.unit.format(part.at(spot.column)));
                if let Some(fact) = facts.rows.last_mut() {
                    fact.hue = Some(self.theme.hue(part.paint));
                }
            }
        }
        Some(facts)
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        let lengths: Vec<usize> = self
            .timeline
            .lanes
            .iter()
            .map(|lane| lane.spans.len())
            .chain(self.timeline.tracks.iter().map(|track| track.times.len()))
            .collect();
        let Some(current) = spot else {
            // The first in view, not of all time.
            let start = self.x.domain().0;
            let row = lengths.iter().position(|length| *length > 0)?;
            return Some(Spot::new(row, self.near(row, start).unwrap_or(0)));
        };
        let next = walk(&lengths, spot, step)?;
        if next.row == current.row || !matches!(step, Step::SeriesBefore | Step::SeriesAfter) {
            return Some(next);
        }
        // To another row at the same time, not at the same count.
        let time = self.time(current)?;
        Some(Spot { column: self.near(next.row, time).unwrap_or(next.column), ..next })
    }
}

impl TimelineScene {
    /// The span at a time, or one within a few pixels of it.
    fn span_near(&self, row: usize, time: f64) -> Option<usize> {
        let spans = &self.timeline.lanes.get(row)?.spans;
        let column = self.near(row, time)?;
        let span = spans.get(column)?;
        let (from, to) = (self.x.map(span.start)?, self.x.map(span.end)?);
        let at = self.x.map(time)?;
        (from - 4.0 <= at && at <= to + 4.0).then_some(column)
    }

    /// The span or time of a row nearest to a time.
    fn near(&self, row: usize, time: f64) -> Option<usize> {
        let lanes = self.timeline.lanes.len();
        if let Some(lane) = self.timeline.lanes.get(row) {
            let after = lane.spans.partition_point(|span| span.start <= time);
            let distance = |index: &usize| {
                lane.spans
                    .get(*index)
                    .map_or(f64::INFINITY, |span| (span.start - time).max(time - span.end).max(0.0))
            };
            let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten();
            return candidates
                .filter(|index| *index < lane.spans.len())
                .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        }
        let track = self.timeline.tracks.get(row.checked_sub(lanes)?)?;
        Some(track.times.partition_point(|start| *start <= time).saturating_sub(1))
    }

    /// The time of a spot: the middle of a span, the start of a value.
    fn time(&self, spot: Spot) -> Option<f64> {
        if let Some(lane) = self.timeline.lanes.get(spot.row) {
            return lane.spans.get(spot.column).map(|span| f64::midpoint(span.start, span.end));
        }
        let track = self.timeline.tracks.get(spot.row.checked_sub(self.timeline.lanes.len())?)?;
        track.times.get(spot.column).copied()
    }

    /// The rectangle of a spot, as far as it is in view.
    fn place(&self, spot: Spot) -> Option<Rect> {
        let along = |time: f64| self.x.map(self.x.clamp(time));
        if let Some(rect) = self.lanes.get(spot.row) {
            let span = self.timeline.lanes.get(spot.row)?.spans.get(spot.column)?;
            return Some(Rect::new(along(span.start)?, rect.top, along(span.end)?, rect.bottom));
        }
        let (rect, scale) = self.tracks.get(spot.row.checked_sub(self.lanes.len())?)?;
        let track = self.timeline.tracks.get(spot.row.checked_sub(self.lanes.len())?)?;
        let (x, y) = (along(*track.times.get(spot.column)?)?, scale.map(track.total(spot.column))?);
        Some(Rect::new(x, y.max(rect.top), x, rect.bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn timeline() -> Timeline {
        let lane = |label: &str, spans: &[(f64, f64, Activity)]| Lane {
            label: label.to_owned(),
            spans: spans.iter().map(|&(start, end, activity)| Span::new(start, end, activity)).collect(),
        };
        Timeline {
            title: "Replay".to_owned(),
            lanes: vec![
                lane("Prefill", &[(0.0, 2.0, Activity::Prefill), (2.0, 3.0, Activity::Transfer)]),
                lane("Decode", &[(3.0, 10.0, Activity::Decode)]),
            ],
            tracks: vec![Track {
                label: "Queue".to_owned(),
                unit: Unit::Count,
                times: vec![0.0, 2.0, 4.0],
                parts: vec![TrackPart {
                    label: "waiting".to_owned(),
                    paint: Paint::Tint(Tint::Queue),
                    values: vec![1.0, 4.0, 0.0],
                }],
                limit: None,
            }],
            window: None,
        }
    }

    fn scene(timeline: &Timeline) -> TimelineScene {
        TimelineScene::new(timeline, Size::new(700.0, 240.0), &LIGHT, &TableMeasure, Options::PAGE)
    }

    #[test]
    fn a_span_answers_where_it_lies() {
        let scene = scene(&timeline());
        let at = |row: usize, time: f64| {
            scene.nearest(Point::new(scene.x.map(time).unwrap(), scene.lanes[row].centre().y))
        };
        assert_eq!(at(0, 1.0), Some(Spot::new(0, 0)));
        assert_eq!(at(0, 2.5), Some(Spot::new(0, 1)));
        assert_eq!(at(0, 6.0), None);
        assert_eq!(at(1, 6.0), Some(Spot::new(1, 0)));
        let said = scene.facts(Spot::new(0, 1)).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said, "Prefill, transfer: from 2 s, to 3 s, for 1 s");
        let queue = Point::new(scene.x.map(3.0).unwrap(), scene.tracks[0].0.centre().y);
        assert_eq!(scene.nearest(queue), Some(Spot::new(2, 1)));
        assert_eq!(scene.facts(Spot::new(2, 1)).unwrap().spoken().replace('\u{a0}', " "), "Queue: at 2 s, 4");
    }

    #[test]
    fn arrows_keep_to_the_time_across_lanes() {
        let scene = scene(&timeline());
        let start = scene.step(None, Step::Next);
        assert_eq!(start, Some(Spot::new(0, 0)));
        let transfer = scene.step(start, Step::Next);
        assert_eq!(transfer, Some(Spot::new(0, 1)));
        assert_eq!(scene.step(transfer, Step::SeriesAfter), Some(Spot::new(1, 0)));
        // The decode span's middle is at 6.5 s, when the queue has its last value.
        assert_eq!(scene.step(Some(Spot::new(1, 0)), Step::SeriesAfter), Some(Spot::new(2, 2)));
    }

    #[test]
    fn thousands_of_spans_become_columns_of_their_shares() {
        let spans = (0..40_000).map(|index| {
            let start = f64::from(index) * 0.001;
            // Three quarters of each millisecond.
            Span::new(
                start,
                start + 0.000_75,
                if index % 2 == 0 { Activity::Prefill } else { Activity::Decode },
            )
        });
        let lanes = vec![Lane { label: "Pool".to_owned(), spans: spans.collect() }];
        let mut timeline = Timeline { lanes, ..Timeline::default() };
        let drawn = scene(&timeline);
        let area = |scene: &TimelineScene, activity: Activity| -> f64 {
            let own = LIGHT.hue(activity.paint()).line;
            let fills = scene.drawing.marks.iter().filter_map(|mark| match mark {
                Mark::Fill { rect, colour } if *colour == own => Some(rect.width() * rect.height()),
                _ => None,
            });
            fills.sum::<f64>() / (scene.lanes[0].width() * scene.lanes[0].height())
        };
        for activity in [Activity::Prefill, Activity::Decode] {
            assert!((area(&drawn, activity) - 0.375).abs() < 0.03, "{}", area(&drawn, activity));
        }
        assert!(drawn.drawing.marks.len() < 3000, "{}", drawn.drawing.marks.len());
        // Zoomed in, each span has its own rectangle over the whole height.
        timeline.window = Some((1.0, 1.02));
        let zoomed = scene(&timeline);
        let whole = zoomed.drawing.marks.iter().filter(|mark| {
            matches!(mark, Mark::Fill { rect, .. } if (rect.height() - zoomed.lanes[0].height()).abs() < 1e-6
                && (20.0..30.0).contains(&rect.width()))
        });
        assert_eq!(whole.count(), 20);
    }

    #[test]
    fn the_sentence_tells_shares_and_peaks() {
        let said = timeline().sentence().replace('\u{a0}', " ");
        assert_eq!(
            said,
            "Replay. 2 lanes from 0 s to 10 s. Prefill: 20 % prefill, 10 % transfer and 70 % idle. Decode: 70 % decode \
             and 30 % idle. Queue peaks at 4 at 2 s, 1 on average."
        );
        assert_eq!(Timeline::default().sentence(), "No data.");
    }

    #[test]
    fn windows_zoom_and_pan() {
        let scene = scene(&timeline());
        let place = |time: f64| Point::new(scene.x.map(time).unwrap(), 50.0);
        let (from, to) = scene.drag(place(2.0), place(5.0)).unwrap();
        assert!((from - 2.0).abs() < 1e-9 && (to - 5.0).abs() < 1e-9);
        assert_eq!(scene.drag(place(2.0), place(2.01)), None);
        let (from, to) = scene.wheel(place(5.0), 0.5);
        assert!((from - 2.5).abs() < 1e-9 && (to - 7.5).abs() < 1e-9);
        let (from, to) = scene.pan(scene.plot.width() / 10.0);
        assert!((from + 1.0).abs() < 1e-9 && (to - 9.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_disorder_are_survived() {
        for window in [None, Some((5.0, 5.0)), Some((f64::NAN, 1.0))] {
            let empty = scene(&Timeline { window, ..Timeline::default() });
            assert_eq!(empty.step(None, Step::Next), None);
            let mut odd = timeline();
            odd.window = window;
            odd.lanes[0].spans.push(Span::new(f64::NAN, 1.0, Activity::Draft));
            odd.lanes[0].spans.push(Span::new(9.0, -4.0, Activity::Verify));
            odd.tracks[0].times = vec![3.0, 1.0, f64::NAN];
            let _ = scene(&odd);
            assert!(!odd.sentence().contains("NaN"));
        }
    }
}

//! A pen for pictures made of boxes and labels: it puts down marks with text that fits, and keeps all of them on the
//! canvas.

use super::geometry::{HATCH, Point, Rect, Size, hatch};
use super::layout::{EDGE, GAP, LINE, Options, TEXT, TITLE, fitting, leaning};
use super::mark::{Anchor, Drawing, Mark};
use super::model::Dash;
use super::scale::Scale;
use super::text::{TextMeasure, ellipsis, wrapped};
use super::theme::{Colour, Theme};
use crate::units::format::Unit;

/// The painted square of a legend entry.
const SWATCH: f64 = 12.0;

/// Marks under way.
pub(super) struct Pen<'a> {
    pub theme: &'a Theme,
    pub measure: &'a dyn TextMeasure,
    pub size: Size,
    pub marks: Vec<Mark>,
}

/// A colour and what it stands for.
pub(super) struct Key {
    pub label: String,
    pub colour: Colour,
    pub hatched: bool,
}

impl<'a> Pen<'a> {
    pub fn new(size: Size, theme: &'a Theme, measure: &'a dyn TextMeasure) -> Self {
        Self { theme, measure, size, marks: Vec::new() }
    }

    pub fn width(&self, text: &str) -> f64 {
        self.measure.width(text, TEXT)
    }

    /// A label in no more than this room; gives the width it takes.
    pub fn text(&mut self, text: &str, at: Point, anchor: Anchor, colour: Colour, room: f64) -> f64 {
        self.words(text, at, anchor, colour, room, TEXT, false)
    }

    /// A bold label; the bold cut runs wider than what is measured.
    pub fn bold(&mut self, text: &str, at: Point, anchor: Anchor, colour: Colour, room: f64) -> f64 {
        self.words(text, at, anchor, colour, room / 1.1, TEXT, true) * 1.1
    }

    #[expect(clippy::too_many_arguments, reason = "each is a property of one mark")]
    fn words(
        &mut self,
        text: &str,
        at: Point,
        anchor: Anchor,
        colour: Colour,
        room: f64,
        size: f64,
        bold: bool,
    ) -> f64 {
        let text = ellipsis(text, size, room, self.measure);
        let width = self.measure.width(&text, size);
        if !text.is_empty() {
            self.marks.push(Mark::Text { text, at, size, bold, colour, anchor });
        }
        width
    }

    /// A label over up to `most` lines, the first centred on `at`; gives how many it took.
    pub fn lines(
        &mut self,
        text: &str,
        at: Point,
        anchor: Anchor,
        colour: Colour,
        room: f64,
        most: usize,
    ) -> usize {
        let lines = wrapped(text, TEXT, room, most, self.measure);
        for (index, line) in lines.iter().enumerate() {
            self.text(line, Point::new(at.x, at.y + index as f64 * LINE), anchor, colour, room);
        }
        lines.len()
    }

    pub fn fill(&mut self, rect: Rect, colour: Colour) {
        if rect.width() > 0.0 && rect.height() > 0.0 {
            self.marks.push(Mark::Fill { rect, colour });
        }
    }

    /// A sharp level or upright line.
    pub(super) fn hair(&mut self, from: Point, to: Point, width: f64, colour: Colour, dash: Dash) {
        self.marks.push(Mark::Hair { from, to, width, colour, dash });
    }

    /// The outline of a box, inside its edges.
    pub fn frame(&mut self, rect: Rect, width: f64, colour: Colour) {
        let Rect { left, top, right, bottom } = rect;
        self.fill(Rect::new(left, top, right, top + width), colour);
        self.fill(Rect::new(left, bottom - width, right, bottom), colour);
        self.fill(Rect::new(left, top + width, left + width, bottom - width), colour);
        self.fill(Rect::new(right - width, top + width, right, bottom - width), colour);
    }

    /// Oblique strokes over boxes, in step with those of every other box.
    pub(super) fn hatch(&mut self, boxes: &[Rect], colour: Colour) {
        for [from, to] in hatch(boxes, HATCH) {
            self.marks.push(Mark::Line { points: vec![from, to], width: 1.0, colour, dash: Dash::Solid });
        }
    }

    /// A patch of ground that keeps a label readable over what is below.
    pub(super) fn plate(&mut self, rect: Rect) {
        let rect = Rect::new(rect.left - 3.0, rect.top, rect.right + 3.0, rect.bottom);
        self.fill(rect, self.theme.surface.faded(0.85));
    }

    /// A label on a patch of ground, beginning at a point.
    pub(super) fn plated(&mut self, text: &str, at: Point, colour: Colour, room: f64) {
        let width = self.width(text).min(room);
        self.plate(Rect::new(at.x, at.y - LINE / 2.0, at.x + width, at.y + LINE / 2.0));
        self.text(text, at, Anchor::Start, colour, room);
    }

    /// The title, if the picture brings its own; gives where the rest begins.
    pub fn title(&mut self, title: &str, options: Options) -> f64 {
        if !options.title || title.is_empty() {
            return EDGE;
        }
        let (at, room) = (Point::new(EDGE, EDGE + LINE / 2.0), (self.size.width - 2.0 * EDGE) / 1.1);
        self.words(title, at, Anchor::Start, self.theme.ink, room, TITLE, true);
        EDGE + LINE + GAP
    }

    /// Squares and what they stand for, in rows; gives where the rest begins.
    pub fn legend(&mut self, keys: &[Key], top: f64) -> f64 {
        let places = legend_places(keys, self.size.width, top, self.measure);
        for (key, at) in keys.iter().zip(&places) {
            let rect = Rect::new(at.x, at.y + 2.0, at.x + SWATCH, at.y + 2.0 + SWATCH);
            if key.hatched {
                self.frame(rect, 1.0, key.colour);
                self.hatch(&[rect], key.colour);
            } else {
                self.fill(rect, key.colour);
            }
            let left = rect.right + GAP;
            let at = Point::new(left, rect.centre().y);
            self.text(&key.label, at, Anchor::Start, self.theme.ink, self.size.width - EDGE - left);
        }
        places.last().map_or(top, |last| last.y + LINE + GAP)
    }

    /// Ticks from `least` on with grid lines through the plot, labels and a title below it.
    pub(super) fn x_axis(&mut self, scale: &Scale, unit: Unit, title: &str, plot: &Rect, least: f64) {
        let count = ((plot.width() / 76.0).clamp(2.0, 12.0)) as usize;
        let (width, measure) = (self.size.width, self.measure);
        let ticks = fitting(scale, unit, count, &|label, place| {
            let half = measure.width(label, TEXT) / 2.0;
            (leaning(place, half, width), half + 6.0)
        });
        let below = plot.bottom + GAP + LINE / 2.0;
        for tick in ticks.into_iter().filter(|tick| tick.value >= least) {
            let (Some(label), Some(x)) = (tick.label, scale.map(tick.value)) else { continue };
            let (from, to) = (Point::new(x, plot.top), Point::new(x, plot.bottom + 4.0));
            self.hair(from, to, 1.0, self.theme.grid, Dash::Solid);
            let x = leaning(x, self.width(&label) / 2.0, width);
            self.text(&label, Point::new(x, below), Anchor::Middle, self.theme.muted, width - 2.0);
        }
        let half = self.width(title).min(width - 2.0 * EDGE) / 2.0;
        let middle = plot.centre().x.min(width - EDGE - half).max(EDGE + half);
        let at = Point::new(middle, below + LINE);
        self.text(title, at, Anchor::Middle, self.theme.muted, width - 2.0 * EDGE);
    }

    /// The picture; what would stick out of the canvas is cut or, where it cannot be cut, left off.
    pub fn finish(mut self) -> Drawing {
        let mut drawing = Drawing::new(self.size, self.theme);
        keep_inside(&mut self.marks, self.size, self.measure);
        drawing.marks = self.marks;
        drawing
    }
}

/// The upper left corner of each entry of a legend; they tell its height before it is drawn.
pub(super) fn legend_places(keys: &[Key], width: f64, top: f64, measure: &dyn TextMeasure) -> Vec<Point> {
    let (mut x, mut y) = (EDGE, top);
    let mut places = Vec::with_capacity(keys.len());
    for key in keys {
        let wide = SWATCH + GAP + measure.width(&key.label, TEXT);
        if x > EDGE && x + wide > width - EDGE {
            x = EDGE;
            y += LINE + 2.0;
        }
        places.push(Point::new(x, y));
        x += wide + 2.0 * GAP + 4.0;
    }
    places
}

/// Cuts fills and areas at the edge of the canvas and drops other marks that cross it.
pub(super) fn keep_inside(marks: &mut Vec<Mark>, size: Size, measure: &dyn TextMeasure) {
    let canvas = Rect::new(0.0, 0.0, size.width, size.height);
    let inside = |rect: Rect| {
        canvas.left <= rect.left
            && rect.right <= canvas.right
            && canvas.top <= rect.top
            && rect.bottom <= canvas.bottom
    };
    marks.retain_mut(|mark| match mark {
        Mark::Fill { rect, .. } => {
            let (from, to) = (Point::new(rect.left, rect.top), Point::new(rect.right, rect.bottom));
            *rect = Rect::between(canvas.clamp(from), canvas.clamp(to));
            rect.width() > 0.0 && rect.height() > 0.0
        }
        Mark::Hair { from, to, width, .. } => inside(Rect::between(*from, *to).grown(*width / 2.0)),
        Mark::Line { points, width, .. } => {
            points.iter().all(|&point| inside(Rect::between(point, point).grown(*width / 2.0)))
        }
        Mark::Area { points, .. } => points.iter().all(|&point| canvas.contains(point)),
        Mark::Symbol { at, radius, .. } => inside(Rect::between(*at, *at).grown(*radius * 1.3 + 2.0)),
        Mark::Text { text, at, size, anchor, .. } => {
            let left = anchor.left(at.x, measure.width(text, *size));
            let right = left + measure.width(text, *size);
            inside(Rect::new(left, at.y - *size * 0.6, right, at.y + *size * 0.6))
        }
    });
}

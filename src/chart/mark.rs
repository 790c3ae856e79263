//! What a laid-out chart comes down to: a list of shapes with places and colours, which any painter can draw in order.

use std::ops::Range;

use super::geometry::{Point, Rect, Size};
use super::model::{Dash, Marker};
use super::theme::{Colour, Theme};

/// A picture in CSS pixels: a ground and the shapes on it, first to last.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// How large it is.
    pub size: Size,
    /// The colour behind everything.
    pub ground: Colour,
    /// The font stack of all text.
    pub font: &'static str,
    /// The shapes, in painting order.
    pub marks: Vec<Mark>,
    /// Which of them are grid and axes: they stay as they are while only curves move, and nothing lies under them that
    /// does.
    pub axes: [Range<usize>; 2],
}

impl Drawing {
    /// An empty picture in the colours of a theme.
    #[must_use]
    pub fn new(size: Size, theme: &Theme) -> Self {
        Self { size, ground: theme.surface, font: theme.font, marks: Vec::new(), axes: [0..0, 0..0] }
    }
}

impl Drawing {
    /// Grid and axes, or all else, in painting order.
    pub(super) fn layer(&self, axes: bool) -> impl Iterator<Item = &Mark> {
        let marks = self.marks.iter().enumerate();
        let own = move |at: usize| self.axes.iter().any(|range| range.contains(&at)) == axes;
        marks.filter(move |(at, _)| own(*at)).map(|(_, mark)| mark)
    }

    /// Whether grid and axes are those of another drawing, on the same ground.
    #[must_use]
    pub fn stands_on(&self, other: &Self) -> bool {
        let same = |a: &Self, b: &Self| (a.size, a.ground, a.font) == (b.size, b.ground, b.font);
        same(self, other) && self.layer(true).eq(other.layer(true))
    }

    /// Only grid and axes.
    #[must_use]
    pub fn bare(&self) -> Self {
        let marks: Vec<Mark> = self.layer(true).cloned().collect();
        let axes = [0..marks.len(), 0..0];
        Self { marks, axes, ..self.clone() }
    }
}

/// One shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A filled rectangle.
    Fill {
        /// Its edges.
        rect: Rect,
        /// Its colour.
        colour: Colour,
    },
    /// A level or upright line, painted sharply on whole pixels.
    Hair {
        /// One end.
        from: Point,
        /// The other end, level with or straight below the first.
        to: Point,
        /// Its thickness in CSS pixels.
        width: f64,
        /// Its colour.
        colour: Colour,
        /// Its stroke.
        dash: Dash,
    },
    /// A polyline.
    Line {
        /// Its corners.
        points: Vec<Point>,
        /// Its thickness in CSS pixels.
        width: f64,
        /// Its colour.
        colour: Colour,
        /// Its stroke.
        dash: Dash,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<Point>,
        /// Its colour.
        colour: Colour,
    },
    /// The symbol of a point.
    Symbol {
        /// Which symbol.
        marker: Marker,
        /// Its centre.
        at: Point,
        /// From the centre to the edge.
        radius: f64,
        /// Its colour.
        colour: Colour,
        /// The colour that sets it off from what lies below.
        halo: Colour,
    },
    /// A line of text.
    Text {
        /// What it says.
        text: String,
        /// The end or middle of the text, as the anchor says, at half its height.
        at: Point,
        /// The font size in CSS pixels.
        size: f64,
        /// Whether it is bold.
        bold: bool,
        /// Its colour.
        colour: Colour,
        /// Which part of the text stands at the point.
        anchor: Anchor,
    },
}

/// Which part of a text stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Anchor {
    /// The left edge of a text of this width whose anchor is at `x`.
    #[must_use]
    pub fn left(self, x: f64, width: f64) -> f64 {
        match self {
            Self::Start => x,
            Self::Middle => x - width / 2.0,
            Self::End => x - width,
        }
    }
}

//! Figures one below the other: together they are a figure.

use super::describe::Table;
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::mark::{Drawing, Mark};
use super::spot::LaidOut;

/// The height of a chart among others as a share of its width.
const FLAT: f64 = 0.34;

/// Several figures under a title of their own, which is not drawn.
pub struct Stack {
    /// What they show together.
    pub title: String,
    /// From top to bottom.
    pub parts: Vec<Box<dyn Figure>>,
}

impl Stack {
    /// The height that suits each part, in whole pixels.
    fn heights(&self, width: f64, style: &Style<'_>) -> Vec<f64> {
        let style = Style { flat: FLAT, ..*style };
        self.parts.iter().map(|own| libm::ceil(own.height(width, &style))).collect()
    }
}

impl Figure for Stack {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        self.heights(width, style).iter().sum()
    }

    /// In a height that does not suit them, each part has the share that it would have had.
    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        let heights = self.heights(size.width, style);
        let whole: f64 = heights.iter().sum();
        let mut all = Drawing::new(size, style.theme);
        let mut top = 0.0;
        for (own, wanted) in self.parts.iter().zip(heights) {
            let height = libm::floor(wanted * size.height / whole);
            let part = own.lay_out(Size::new(size.width, height), style);
            all.marks.extend(part.drawing().marks.iter().cloned().map(|mark| lowered(mark, top)));
            top += height;
        }
        Box::new(all)
    }

    fn sentence(&self) -> String {
        self.parts.iter().map(|own| own.sentence()).collect::<Vec<_>>().join(" ")
    }

    fn sheets(&self) -> Vec<Table> {
        self.parts.iter().flat_map(|own| own.sheets()).collect()
    }
}

/// A drawing by itself, with nothing to point at.
impl LaidOut for Drawing {
    fn drawing(&self) -> &Drawing {
        self
    }
}

/// A shape so much further down.
fn lowered(mark: Mark, by: f64) -> Mark {
    let point = |own: Point| Point::new(own.x, own.y + by);
    let points = |all: Vec<Point>| all.into_iter().map(point).collect();
    match mark {
        Mark::Fill { rect, colour } => {
            Mark::Fill { rect: Rect { top: rect.top + by, bottom: rect.bottom + by, ..rect }, colour }
        }
        Mark::Hair { from, to, width, colour, dash } => {
            Mark::Hair { from: point(from), to: point(to), width, colour, dash }
        }
        Mark::Line { points: all, width, colour, dash } => {
            Mark::Line { points: points(all), width, colour, dash }
        }
        Mark::Area { points: all, colour } => Mark::Area { points: points(all), colour },
        Mark::Symbol { marker, at, radius, colour, halo } => {
            Mark::Symbol { marker, at: point(at), radius, colour, halo }
        }
        Mark::Text { text, at, size, bold, colour, anchor } => {
            Mark::Text { text, at: point(at), size, bold, colour, anchor }
        }
    }
}

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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]
mod tests {
    use super::*;
    use crate::chart::layout::Options;
    use crate::chart::model::{Axis, Bar, Bars, Chart, Paint, Sample, Segment, Series};
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;
    use crate::units::format::Unit;

    fn stack() -> Stack {
        let chart = Chart {
            title: "Latency".to_owned(),
            x: Axis::linear("Load", Unit::Number),
            y: Axis::linear("TPOT", Unit::Seconds),
            series: vec![Series::nth(0, "a", "A, B", vec![Sample::new(1.0, 0.02), Sample::gap(2.0, "full")])],
            rules: Vec::new(),
            walls: Vec::new(),
        };
        let bar = Bar {
            label: "TTFT".to_owned(),
            segments: vec![Segment::new("q", "queue", 0.5, Paint::Ink)],
            limit: None,
        };
        let bars =
            Bars { title: "Parts".to_owned(), unit: Unit::Seconds, bars: vec![bar], ..Bars::default() };
        Stack { title: "Both".to_owned(), parts: vec![Box::new(chart), Box::new(bars)] }
    }

    fn style() -> Style<'static> {
        Style { theme: &LIGHT, measure: &TableMeasure, options: Options::STANDALONE, flat: Style::FLAT }
    }

    #[test]
    fn each_part_has_its_share_of_the_height() {
        let (stack, style) = (stack(), style());
        let suits = stack.height(600.0, &style);
        let first = libm::ceil(FLAT * 600.0);
        assert!(suits > first, "{suits}");
        for height in [suits, 2.0 * suits] {
            let laid = stack.lay_out(Size::new(600.0, height), &style);
            assert_eq!(laid.drawing().size.height, height);
            let mut tops = laid.drawing().marks.iter().filter_map(|mark| match mark {
                Mark::Text { text, at, .. } if text == "Parts" => Some(at.y),
                _ => None,
            });
            // The title of the second part stands right below the first.
            let top = tops.next_back().unwrap() - first * height / suits;
            assert!((0.0..40.0).contains(&top), "{top}");
        }
    }

    #[test]
    fn a_stack_says_what_its_parts_say() {
        let stack = stack();
        let told = stack.sentence();
        assert!(told.starts_with("Latency.") && told.contains(" Parts."), "{told}");
        let sheets = (&stack as &dyn Figure).csv();
        let (first, second) = sheets.split_once("\n\n").unwrap();
        assert_eq!(first, "series,Load,TPOT (s),low,high,note\n\"A, B\",1,0.02,,,\n\"A, B\",2,,,,full");
        assert!(second.starts_with("Bar,Part,Size,Share\nTTFT,queue,0.5,1"), "{second}");
    }
}

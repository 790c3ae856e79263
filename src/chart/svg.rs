//! A drawing as an SVG text: for files, for documents without scripts, and for tests that compare pictures.
//!
//! The same drawing gives the same bytes on every machine. plotters-svg writes whole numbers only, so the picture is
//! painted on a grid of quarter pixels under a view box that shrinks it back.

use plotters::drawing::IntoDrawingArea as _;
use plotters_svg::SVGBackend;

use super::figure::{Figure, Style};
use super::geometry::Size;
use super::layout::Options;
use super::mark::Drawing;
use super::paint::{Measured, Pixels, paint};
use super::text::TableMeasure;
use super::theme::Theme;

/// The width of a picture where none is asked for, in CSS pixels.
pub const WIDTH: f64 = 960.0;

/// Widths and heights that a picture can have, in CSS pixels.
pub const SIZES: (f64, f64) = (240.0, 4096.0);

/// Steps of the grid in a CSS pixel.
const STEPS: u8 = 4;

/// plotters-svg divides the font size by this on its way out.
const SHRUNK_TEXT: f64 = 1.24;

impl dyn Figure + '_ {
    /// The figure as a picture that stands alone. Without a height it has the one that suits it.
    #[must_use]
    pub fn svg(&self, width: f64, height: Option<f64>, theme: &Theme) -> String {
        let style = Style { theme, measure: &TableMeasure, options: Options::STANDALONE, flat: Style::FLAT };
        let height = height.unwrap_or_else(|| libm::ceil(self.height(width, &style)));
        let picture = self.lay_out(Size::new(width, height), &style);
        svg(picture.drawing(), self.title(), &self.sentence())
    }
}

/// The drawing as a self-contained SVG, with a title and a description for those who cannot see it.
///
/// An empty text leaves its element out. The picture is empty if the writer fails, which it does not in memory.
#[must_use]
pub fn svg(drawing: &Drawing, title: &str, description: &str) -> String {
    let pixels = Pixels::fine(1.0, STEPS).with_text_factor(SHRUNK_TEXT);
    let (width, height) = pixels.device(drawing.size);
    let (fine_width, fine_height) = (width * u32::from(STEPS), height * u32::from(STEPS));
    let mut body = String::new();
    {
        let backend = SVGBackend::with_string(&mut body, (fine_width, fine_height));
        let root = Measured::new(backend, TableMeasure).into_drawing_area();
        if paint(drawing, pixels, &root).is_err() {
            return String::new();
        }
    }
    // The backend's own opening tag gives way to one with the size in CSS pixels and a name.
    let shapes = body.split_once(">\n").map_or("", |(_, rest)| rest);
    let mut head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {fine_width} {fine_height}\" role=\"img\" stroke-linejoin=\"round\" \
         stroke-linecap=\"butt\">\n"
    );
    for (tag, text) in [("title", title), ("desc", description)] {
        if !text.is_empty() {
            head.push_str(&format!("<{tag}>{}</{tag}>\n", escaped(text)));
        }
    }
    // The backend puts breaks around text, which would show as spaces at the anchored end of a label.
    for line in shapes.lines() {
        head.push_str(&line.replace("opacity=\"1\" ", ""));
        if !(line.starts_with("<text") || line.starts_with("</svg")) || line == "</text>" {
            head.push('\n');
        }
    }
    head.replace("\n</text>", "</text>") + "\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! A drawing as an SVG text: for files, for documents without scripts, and for tests that compare pictures.
//!
//! The same drawing gives the same bytes on every machine. plotters-svg writes whole numbers only, so the picture is
//! painted on a grid of quarter pixels under a view box that shrinks it back.

use plotters_svg::SVGBackend;

use super::mark::Drawing;
use super::paint::{Measured, Pixels, paint};
use super::text::TableMeasure;

/// Steps of the grid in a CSS pixel.
const STEPS: u8 = 4;

/// plotters-svg divides the font size by this on its way out.
const SHRUNK_TEXT: f64 = 1.24;

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
        let mut root = Measured::new(backend, TableMeasure);
        if paint(drawing, pixels, &mut root).is_err() {
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

//! The one painter: a [`Drawing`] through plotters onto any of its backends, canvas or SVG.
//!
//! Backends take whole pixels only. So a drawing is painted on a grid finer than the target's pixels, and the target
//! is scaled down by the same factor: a canvas by its context's transform, an SVG by its view box. Curves then stay
//! smooth at any device pixel ratio, while hairlines and fills still snap to whole device pixels and stay sharp.
//!
//! Only plotters' elements are used. Its axes, legend and captions measure text through the DOM, which costs a forced
//! layout per label and breaks a strict content policy; its `Text` element only hands text to the backend, which
//! anchors it by itself. [`Measured`] makes sure that nobody asks for more.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::geometry::{Point, Rect, dash};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{Dash, Marker};
use super::text::TextMeasure;
use super::theme::Colour;

/// The grid a drawing is painted on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixels {
    ratio: f64,
    subpixels: i32,
    text: f64,
}

impl Pixels {
    /// One whole target pixel for each of `ratio × ratio` device pixels in a CSS pixel, and nothing in between.
    #[must_use]
    pub fn whole(ratio: f64) -> Self {
        Self::fine(ratio, 1)
    }

    /// A grid with `subpixels` steps to the device pixel; the caller scales the target down by [`Pixels::shrink`].
    #[must_use]
    pub fn fine(ratio: f64, subpixels: u8) -> Self {
        let ratio = if ratio.is_finite() { ratio.clamp(0.25, 8.0) } else { 1.0 };
        Self { ratio, subpixels: i32::from(subpixels.clamp(1, 16)), text: 1.0 }
    }

    /// The same grid, for a backend that shows text at another size than asked.
    #[must_use]
    pub(super) fn with_text_factor(self, text: f64) -> Self {
        Self { text, ..self }
    }

    /// By how much the target must be scaled down: `ctx.setTransform(s, 0, 0, s, 0, 0)`.
    #[must_use]
    pub fn shrink(&self) -> f64 {
        1.0 / f64::from(self.subpixels)
    }

    /// The extent of the target in device pixels, for a size in CSS pixels: the canvas's own width and height.
    #[must_use]
    pub fn device(&self, size: super::geometry::Size) -> (u32, u32) {
        let pixels = |length: f64| libm::round(length * self.ratio).max(1.0) as u32;
        (pixels(size.width), pixels(size.height))
    }

    /// The extent of the grid in steps.
    #[must_use]
    pub fn grid(&self, size: super::geometry::Size) -> (u32, u32) {
        let (width, height) = self.device(size);
        let steps = self.subpixels.unsigned_abs();
        (width.saturating_mul(steps), height.saturating_mul(steps))
    }

    /// Steps of the grid per CSS pixel.
    fn scale(&self) -> f64 {
        self.ratio * f64::from(self.subpixels)
    }

    fn place(&self, point: Point) -> BackendCoord {
        (self.length(point.x), self.length(point.y))
    }

    fn length(&self, value: f64) -> i32 {
        // Casting saturates, so no value can wrap.
        libm::round(value * self.scale()) as i32
    }

    /// The edge of a device pixel nearest to a length.
    fn edge(&self, value: f64) -> i32 {
        (libm::round(value * self.ratio) as i32).saturating_mul(self.subpixels)
    }

    /// A thickness in grid steps: whole device pixels for hairlines, at least one.
    fn whole_width(&self, width: f64) -> i32 {
        (libm::round(width * self.ratio).max(1.0) as i32).saturating_mul(self.subpixels)
    }

    fn stroke(&self, width: f64) -> u32 {
        libm::round(width * self.scale()).max(1.0) as u32
    }
}

/// What can go wrong: only what the backend itself reports.
pub type PaintError<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// Paints a drawing, its ground included, onto a drawing area whose origin is the backend's.
///
/// # Errors
///
/// When the backend fails.
pub fn paint<DB: DrawingBackend>(
    drawing: &Drawing,
    pixels: Pixels,
    root: &DrawingArea<DB, Shift>,
) -> Result<(), PaintError<DB>> {
    let painter = Painter { pixels, font: drawing.font, root };
    let whole = Rect::new(0.0, 0.0, drawing.size.width, drawing.size.height);
    painter.fill(&whole, drawing.ground)?;
    for mark in &drawing.marks {
        painter.mark(mark)?;
    }
    root.present()
}

/// Paints what lies above the ground, the grid and the axes, which are there already.
///
/// # Errors
///
/// When the backend fails.
pub fn paint_over<DB: DrawingBackend>(
    drawing: &Drawing,
    pixels: Pixels,
    root: &DrawingArea<DB, Shift>,
) -> Result<(), PaintError<DB>> {
    let painter = Painter { pixels, font: drawing.font, root };
    drawing.layer(false).try_for_each(|mark| painter.mark(mark))?;
    root.present()
}

struct Painter<'a, DB: DrawingBackend> {
    pixels: Pixels,
    font: &'static str,
    root: &'a DrawingArea<DB, Shift>,
}

impl<DB: DrawingBackend> Painter<'_, DB> {
    fn mark(&self, mark: &Mark) -> Result<(), PaintError<DB>> {
        match mark {
            Mark::Fill { rect, colour } => self.fill(rect, *colour),
            Mark::Hair { from, to, width, colour, dash } => self.hair(*from, *to, *width, *colour, *dash),
            Mark::Line { points, width, colour, dash } => self.line(points, *width, *colour, *dash),
            Mark::Area { points, colour } => self.area(points, *colour),
            Mark::Symbol { marker, at, radius, colour, halo } => {
                self.symbol(*marker, *at, *radius, *colour, *halo)
            }
            // A label may come out empty where there was no room for it.
            Mark::Text { text, .. } if text.is_empty() => Ok(()),
            Mark::Text { text, at, size, bold, colour, anchor } => {
                let style = if *bold { FontStyle::Bold } else { FontStyle::Normal };
                let size = size * self.pixels.scale() * self.pixels.text;
                let horizontal = match anchor {
                    Anchor::Start => HPos::Left,
                    Anchor::Middle => HPos::Center,
                    Anchor::End => HPos::Right,
                };
                let style = TextStyle {
                    font: FontDesc::new(FontFamily::Name(self.font), size, style),
                    color: rgba(*colour).to_backend_color(),
                    pos: Pos::new(horizontal, VPos::Center),
                };
                self.root.draw(&Text::new(text.as_str(), self.pixels.place(*at), style))
            }
        }
    }

    fn fill(&self, rect: &Rect, colour: Colour) -> Result<(), PaintError<DB>> {
        let pixels = &self.pixels;
        let (left, top) = (pixels.edge(rect.left), pixels.edge(rect.top));
        let (right, bottom) = (pixels.edge(rect.right), pixels.edge(rect.bottom));
        if right <= left || bottom <= top {
            return Ok(());
        }
        self.root.draw(&Rectangle::new([(left, top), (right, bottom)], filled(colour)))
    }

    fn hair(
        &self,
        from: Point,
        to: Point,
        width: f64,
        colour: Colour,
        stroke: Dash,
    ) -> Result<(), PaintError<DB>> {
        let pixels = &self.pixels;
        let thick = pixels.whole_width(width);
        let level = (from.y - to.y).abs() <= (from.x - to.x).abs();
        // The line's own place is the middle of its thickness, so half of it lies on either side.
        let before = |place: f64| {
            let device = libm::round(place * pixels.ratio - f64::from(thick / pixels.subpixels) / 2.0);
            (device as i32).saturating_mul(pixels.subpixels)
        };
        for part in dash(&[from, to], stroke.pattern()) {
            let (Some(&a), Some(&b)) = (part.first(), part.last()) else { continue };
            let area = Rect::between(a, b);
            let [start, end] = if level {
                let top = before(a.y);
                [(pixels.edge(area.left), top), (pixels.edge(area.right), top.saturating_add(thick))]
            } else {
                let left = before(a.x);
                [(left, pixels.edge(area.top)), (left.saturating_add(thick), pixels.edge(area.bottom))]
            };
            if end.0 > start.0 && end.1 > start.1 {
                self.root.draw(&Rectangle::new([start, end], filled(colour)))?;
            }
        }
        Ok(())
    }

    fn line(&self, points: &[Point], width: f64, colour: Colour, stroke: Dash) -> Result<(), PaintError<DB>> {
        let style =
            ShapeStyle { color: rgba(colour), filled: false, stroke_width: self.pixels.stroke(width) };
        for part in dash(points, stroke.pattern()) {
            let path = self.path(&part);
            if path.len() >= 2 {
                self.root.draw(&PathElement::new(path, style))?;
            }
        }
        Ok(())
    }

    fn area(&self, points: &[Point], colour: Colour) -> Result<(), PaintError<DB>> {
        let path = self.path(points);
        if path.len() < 3 { Ok(()) } else { self.root.draw(&Polygon::new(path, filled(colour))) }
    }

    fn symbol(
        &self,
        marker: Marker,
        at: Point,
        radius: f64,
        colour: Colour,
        halo: Colour,
    ) -> Result<(), PaintError<DB>> {
        let disc = |radius: f64, colour: Colour| {
            let radius = self.pixels.length(radius).max(1);
            self.root.draw(&Circle::new(self.pixels.place(at), radius, filled(colour)))
        };
        // Equal areas look equally large, so corners reach further out than the circle.
        let polygon = |corners: &[(f64, f64)], grow: f64, colour: Colour| {
            let reach = |share: f64| share * radius + if share == 0.0 { 0.0 } else { grow.copysign(share) };
            let points: Vec<Point> =
                corners.iter().map(|&(x, y)| Point::new(at.x + reach(x), at.y + reach(y))).collect();
            self.area(&points, colour)
        };
        let strokes = |ends: [[(f64, f64); 2]; 2]| -> Result<(), PaintError<DB>> {
            for (width, colour) in [(4.0, halo), (2.0, colour)] {
                for [a, b] in ends {
                    let end = |(x, y): (f64, f64)| Point::new(at.x + x * radius, at.y + y * radius);
                    self.line(&[end(a), end(b)], width, colour, Dash::Solid)?;
                }
            }
            Ok(())
        };
        let corners: &[(f64, f64)] = match marker {
            Marker::Disc => {
                disc(radius + 1.0, halo)?;
                return disc(radius, colour);
            }
            Marker::Ring => {
                disc(radius + 1.0, colour)?;
                return disc((radius - 1.0).max(1.0), halo);
            }
            Marker::Cross => return strokes([[(-0.9, -0.9), (0.9, 0.9)], [(-0.9, 0.9), (0.9, -0.9)]]),
            Marker::Plus => return strokes([[(-1.2, 0.0), (1.2, 0.0)], [(0.0, -1.2), (0.0, 1.2)]]),
            Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Marker::Triangle => &[(0.0, -1.2), (1.15, 0.8), (-1.15, 0.8)],
            Marker::Wedge => &[(0.0, 1.2), (-1.15, -0.8), (1.15, -0.8)],
            Marker::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        };
        polygon(corners, 1.2, halo)?;
        polygon(corners, 0.0, colour)
    }

    /// The points on the grid, without repetitions.
    fn path(&self, points: &[Point]) -> Vec<BackendCoord> {
        let mut path: Vec<BackendCoord> = points.iter().map(|&point| self.pixels.place(point)).collect();
        path.dedup();
        path
    }
}

fn rgba(colour: Colour) -> RGBAColor {
    RGBAColor(colour.red, colour.green, colour.blue, colour.alpha.clamp(0.0, 1.0))
}

fn filled(colour: Colour) -> ShapeStyle {
    rgba(colour).filled()
}

/// A backend whose text is measured by us: everything else goes straight through.
///
/// In the browser, plotters answers [`DrawingBackend::estimate_text_size`] by putting a styled element into the page.
///
/// A drawing area keeps every point within its backend's extent, which on a finer grid is larger than the target's own:
/// [`Measured::spanning`] says so.
pub struct Measured<B, M> {
    backend: B,
    measure: M,
    extent: Option<(u32, u32)>,
}

impl<B: DrawingBackend, M: TextMeasure> Measured<B, M> {
    /// Wraps a backend.
    pub const fn new(backend: B, measure: M) -> Self {
        Self { backend, measure, extent: None }
    }

    /// The same backend over a grid of this extent: see [`Pixels::grid`].
    #[must_use]
    pub fn spanning(self, extent: (u32, u32)) -> Self {
        Self { extent: Some(extent), ..self }
    }
}

impl<B: DrawingBackend, M: TextMeasure> DrawingBackend for Measured<B, M> {
    type ErrorType = B::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.extent.unwrap_or_else(|| self.backend.get_size())
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.ensure_prepared()
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.present()
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.fill_polygon(vert, style)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.draw_text(text, style, pos)
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let size = style.size();
        Ok((self.measure.width(text, size).max(0.0) as u32, (size * 1.2).max(0.0) as u32))
    }

    fn blit_bitmap(
        &mut self,
        pos: BackendCoord,
        size: (u32, u32),
        src: &[u8],
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.backend.blit_bitmap(pos, size, src)
    }
}

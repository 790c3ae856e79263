//! The canvas under a chart: as many pixels as the screen has, painted once per animation frame.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::web::lean::effect;
use gloo::events::EventListener;
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Timeout;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::chart::geometry::Size;
use crate::chart::mark::Drawing;
use crate::chart::paint::{Measured, PaintError, Pixels, paint, paint_over};
use crate::chart::text::{TableMeasure, TextMeasure};
use crate::chart::theme::FONT;

/// Steps of the painter to a device pixel, so that shallow curves stay smooth.
const STEPS: u8 = 4;

/// Paints a drawing, whenever it changes, in the next animation frame.
pub fn keep_painted(node: NodeRef<Canvas>, drawing: Signal<Option<Drawing>>, ratio: Signal<f64>) {
    let frame = StoredValue::new_local(None::<AnimationFrame>);
    let axes = StoredValue::new_local(None::<Axes>);
    effect(move || {
        drawing.track();
        ratio.track();
        if node.get().is_none() {
            return;
        }
        // Replacing a frame that has not come yet cancels it: many changes, one painting.
        frame.set_value(Some(request_animation_frame(move |_| {
            let Some(Some(canvas)) = node.try_get_untracked() else { return };
            drawing.with_untracked(|drawing| {
                if let Some(drawing) = drawing {
                    axes.update_value(|axes| put(&canvas, drawing, ratio.get_untracked(), axes));
                    mark_ready();
                }
            });
        })));
    });
}

/// Grid and axes as they were painted last, on a canvas that is never shown.
struct Axes {
    canvas: web_sys::HtmlCanvasElement,
    drawing: Drawing,
    ratio: f64,
}

/// Paints a drawing; its grid and axes anew only if they have changed.
fn put(canvas: &web_sys::HtmlCanvasElement, drawing: &Drawing, ratio: f64, axes: &mut Option<Axes>) {
    let pixels = Pixels::fine(ratio, STEPS);
    fit(canvas, drawing, pixels);
    if drawing.axes.iter().all(std::ops::Range::is_empty) {
        on(canvas, drawing, pixels, |area| paint(drawing, pixels, area));
        return;
    }
    let known = axes
        .as_ref()
        .is_some_and(|own| own.ratio.to_bits() == ratio.to_bits() && own.drawing.stands_on(drawing));
    if !known {
        let hidden = axes.take().map(|own| own.canvas).or_else(|| {
            document().create_element("canvas").ok()?.dyn_into::<web_sys::HtmlCanvasElement>().ok()
        });
        let Some(hidden) = hidden else { return };
        fit(&hidden, drawing, pixels);
        let bare = drawing.bare();
        on(&hidden, &bare, pixels, |area| paint(&bare, pixels, area));
        *axes = Some(Axes { canvas: hidden, drawing: bare, ratio });
    }
    if let (Some(context), Some(axes)) = (context(canvas), axes) {
        let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let _ = context.draw_image_with_html_canvas_element(&axes.canvas, 0.0, 0.0);
    }
    on(canvas, drawing, pixels, |area| paint_over(drawing, pixels, area));
}

/// Gives a canvas as many pixels as a drawing takes.
fn fit(canvas: &web_sys::HtmlCanvasElement, drawing: &Drawing, pixels: Pixels) {
    let (width, height) = pixels.device(drawing.size);
    if canvas.width() != width {
        canvas.set_width(width);
    }
    if canvas.height() != height {
        canvas.set_height(height);
    }
}

/// Lets a painter onto the fine grid of a canvas.
fn on(
    canvas: &web_sys::HtmlCanvasElement,
    drawing: &Drawing,
    pixels: Pixels,
    painter: impl FnOnce(&Area) -> Result<(), PaintError<Ground>>,
) {
    let Some(context) = context(canvas) else { return };
    let shrink = pixels.shrink();
    let _ = context.set_transform(shrink, 0.0, 0.0, shrink, 0.0, 0.0);
    context.set_line_join("round");
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let area = Measured::new(backend, TableMeasure).spanning(pixels.grid(drawing.size)).into_drawing_area();
    // A canvas does not fail; if it did, the next frame paints again.
    let _ = painter(&area);
}

/// What is painted on.
type Ground = Measured<CanvasBackend, TableMeasure>;
type Area = DrawingArea<Ground, Shift>;

fn context(canvas: &web_sys::HtmlCanvasElement) -> Option<web_sys::CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// Tells whoever waits (tests, screenshots) that figures are on the screen, once, and in a turn after the one that builds
/// the rest of the page.
pub fn mark_ready() {
    let Some(root) = document().document_element() else { return };
    if !root.has_attribute("data-ready") {
        Timeout::new(0, move || {
            let _ = root.set_attribute("data-ready", "true");
        })
        .forget();
    }
}

/// The size of an element, kept up to date.
pub fn watch_size(node: NodeRef<Div>) -> RwSignal<Option<Size>> {
    let size = RwSignal::new(None::<Size>);
    let observer =
        StoredValue::new_local(None::<(web_sys::ResizeObserver, Closure<dyn FnMut(js_sys::Array)>)>);
    effect(move || {
        let Some(element) = node.get() else { return };
        let measure = {
            let element: web_sys::HtmlElement = element.clone().into();
            move || {
                let (width, height) = (element.client_width(), element.client_height());
                let new = (width > 0 && height > 0).then(|| Size::new(f64::from(width), f64::from(height)));
                if new.is_some() && size.try_get_untracked().is_some_and(|old| old != new) {
                    size.set(new);
                }
            }
        };
        // The observer calls at once, after the layout that comes anyway; to ask here would force one more.
        let changed: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |_| measure());
        if let Ok(watcher) = web_sys::ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            watcher.observe(&element);
            observer.set_value(Some((watcher, changed)));
        }
    });
    on_cleanup(move || {
        observer.update_value(|observer| {
            if let Some((watcher, _)) = observer.take() {
                watcher.disconnect();
            }
        });
    });
    size
}

/// Device pixels in a CSS pixel, kept up to date: it changes with zoom and with the screen a window is on.
pub fn watch_ratio() -> Signal<f64> {
    let ratio = RwSignal::new(window().device_pixel_ratio());
    let listener = StoredValue::new_local(None::<EventListener>);
    // A query holds for one ratio, so each change arms the next.
    effect(move || {
        let query = format!("(resolution: {}dppx)", ratio.get());
        let Ok(Some(query)) = window().match_media(&query) else { return };
        let target: web_sys::EventTarget = query.unchecked_into();
        let changed = move |_: &web_sys::Event| ratio.set(window().device_pixel_ratio());
        listener.set_value(Some(EventListener::new(&target, "change", changed)));
    });
    // Not every browser tells of each change of the query, but all resize the window when the page is zoomed.
    let resized = window_event_listener(leptos::ev::resize, move |_| {
        let now = window().device_pixel_ratio();
        if ratio.get_untracked().to_bits() != now.to_bits() {
            ratio.set(now);
        }
    });
    on_cleanup(move || resized.remove());
    ratio.into()
}

/// Asks a canvas how wide text is, and remembers: charts ask for the same labels again and again.
#[derive(Clone)]
pub struct CanvasMeasure {
    context: Option<web_sys::CanvasRenderingContext2d>,
    known: Rc<RefCell<BTreeMap<(String, u32), f64>>>,
}

impl CanvasMeasure {
    /// Most widths that are remembered.
    const MOST: usize = 4000;

    /// A measure over a canvas that is never shown.
    pub fn new() -> Self {
        let canvas = document().create_element("canvas").ok();
        let canvas = canvas.and_then(|canvas| canvas.dyn_into::<web_sys::HtmlCanvasElement>().ok());
        Self { context: canvas.as_ref().and_then(context), known: Rc::default() }
    }
}

impl TextMeasure for CanvasMeasure {
    fn width(&self, text: &str, size: f64) -> f64 {
        let Some(context) = &self.context else { return TableMeasure.width(text, size) };
        let key = (text.to_owned(), (size * 16.0) as u32);
        if let Some(&width) = self.known.borrow().get(&key) {
            return width;
        }
        context.set_font(&format!("{size}px {FONT}"));
        let width = context
            .measure_text(text)
            .map_or_else(|_: JsValue| TableMeasure.width(text, size), |own| own.width());
        let mut known = self.known.borrow_mut();
        if known.len() > Self::MOST {
            known.clear();
        }
        known.insert(key, width);
        width
    }
}

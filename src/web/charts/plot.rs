//! A chart on the page: the canvas, and above it the cursor with its tooltip, for pointer, touch and keyboard.
//!
//! Moving the cursor repaints nothing. What it shows is also spoken, and stands in a table below.

use std::sync::Arc;

use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, PointerEvent};

use super::canvas::{CanvasMeasure, keep_painted, watch_ratio, watch_size};
use super::table::DataTable;
use crate::chart::layout::Scene;
use crate::chart::model::{Chart, Join};
use crate::units::format::Precision;
use crate::web::theme::Look;

/// How close the pointer must come to a point that stands alone, in CSS pixels.
const REACH: f64 = 28.0;

/// A sample under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Index of the series in the chart.
    pub series: usize,
    /// Index of the sample in the series.
    pub sample: usize,
}

/// How the cursor finds what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// All series at one place along the horizontal axis.
    Column,
    /// The nearest point.
    Nearest,
}

/// A chart with its cursor, its legend and its table.
#[component]
pub fn Plot(
    /// What it shows.
    #[prop(into)]
    chart: Signal<Arc<Chart>>,
    /// How the cursor works.
    seek: Seek,
    /// What it says, for those who do not see it.
    #[prop(into)]
    summary: Signal<String>,
    /// Takes the place that was clicked or, while `live`, dragged over; the flag ends the movement.
    #[prop(into)]
    pick: Callback<(At, f64, bool)>,
    /// Whether dragging picks continuously.
    #[prop(into)]
    live: Signal<bool>,
) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let size = watch_size(frame);
    let ratio = watch_ratio();
    let Look(dark) = expect_context::<Look>();
    let measure = StoredValue::new_local(CanvasMeasure::new());
    let scene = Memo::new(move |_| {
        let theme = Look(dark).theme();
        let size = size.get()?;
        let scene = chart.with(|chart| measure.with_value(|measure| Scene::new(chart, size, theme, measure)));
        Some(Arc::new(scene))
    });
    let drawing = Signal::derive(move || scene.with(|scene| scene.as_ref().map(|scene| scene.drawing.clone())));
    keep_painted(canvas, drawing, ratio);

    let cursor = RwSignal::new(None::<At>);
    let dragging = RwSignal::new(false);
    let keyed = RwSignal::new(false);
    // A cursor may point at what is no longer there.
    let shown = Memo::new(move |_| {
        let at = cursor.get()?;
        chart.with(|chart| chart.series.get(at.series)?.samples.get(at.sample).map(|_| at))
    });

    let place_of = move |event: &PointerEvent| (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let find = move |x: f64, y: f64| {
        scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            match seek {
                Seek::Column => in_column(scene, x),
                Seek::Nearest => nearest(scene, x, y),
            }
        })
    };
    let report = move |at: At, x: f64, done: bool| {
        let value = scene.with_untracked(|scene| {
            scene.as_ref().map(|scene| scene.x.clamp(scene.x.invert(x)))
        });
        if let Some(value) = value {
            pick.run((at, value, done));
        }
    };
    let moved = move |event: PointerEvent| {
        let (x, y) = place_of(&event);
        let at = find(x, y);
        keyed.set(false);
        cursor.set(at);
        if let (true, true, Some(at)) = (dragging.get_untracked(), live.get_untracked(), at) {
            report(at, x, false);
        }
    };
    let pressed = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let (x, y) = place_of(&event);
        let Some(at) = find(x, y) else { return };
        cursor.set(Some(at));
        dragging.set(true);
        if live.get_untracked() {
            if let Some(target) = event.current_target() {
                let target: leptos::web_sys::Element = wasm_bindgen::JsCast::unchecked_into(target);
                let _ = target.set_pointer_capture(event.pointer_id());
            }
            report(at, x, false);
        }
    };
    let released = move |event: PointerEvent| {
        if dragging.get_untracked() {
            dragging.set(false);
            let (x, y) = place_of(&event);
            if let Some(at) = find(x, y) {
                report(at, x, true);
            }
        }
    };
    let left = move |_| {
        if !dragging.get_untracked() {
            cursor.set(None);
        }
    };
    let key = move |event: KeyboardEvent| {
        let handled = chart.with_untracked(|chart| {
            let first = chart.series.iter().position(|series| series.visible && !series.samples.is_empty());
            let at = shown.get_untracked().or(first.map(|series| At { series, sample: 0 }));
            let Some(at) = at else { return false };
            let Some(series) = chart.series.get(at.series) else { return false };
            let last = series.samples.len().saturating_sub(1);
            let to = |sample: usize| Some(At { series: at.series, sample: sample.min(last) });
            let next = match event.key().as_str() {
                "ArrowRight" if cursor.get_untracked().is_none() => Some(at),
                "ArrowRight" => to(at.sample + 1),
                "ArrowLeft" => to(at.sample.saturating_sub(1)),
                "PageUp" => to(at.sample + 10),
                "PageDown" => to(at.sample.saturating_sub(10)),
                "Home" => to(0),
                "End" => to(last),
                "ArrowDown" => other_series(chart, at, 1),
                "ArrowUp" => other_series(chart, at, chart.series.len().saturating_sub(1)),
                "Enter" | " " => {
                    if let Some(sample) = series.samples.get(at.sample) {
                        pick.run((at, sample.x, true));
                    }
                    Some(at)
                }
                "Escape" => None,
                _ => return false,
            };
            keyed.set(true);
            cursor.set(next);
            true
        });
        if handled {
            event.prevent_default();
        }
    };

    let lines = Memo::new(move |_| shown.get().map(|at| chart.with(|chart| read_out(chart, at, seek))));
    let spoken = move || match (keyed.get(), lines.get()) {
        (true, Some(lines)) => lines.join(", "),
        _ => String::new(),
    };
    view! {
        <figure class="figure">
            <div class="plot" node_ref=frame>
                <canvas node_ref=canvas role="img" aria-label=summary></canvas>
                <div
                    class="cursor-field"
                    class:live=live
                    tabindex="0"
                    role="application"
                    aria-label="Chart cursor: arrow keys move it, Enter takes its value"
                    on:pointermove=moved
                    on:pointerdown=pressed
                    on:pointerup=released
                    on:pointercancel=move |_| dragging.set(false)
                    on:pointerleave=left
                    on:keydown=key
                    on:blur=move |_| {
                        if keyed.get_untracked() {
                            cursor.set(None);
                        }
                    }
                ></div>
                {move || {
                    let at = shown.get()?;
                    let scene = scene.get()?;
                    Some(overlay(&scene, at, seek, lines.get().unwrap_or_default()))
                }}
            </div>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            <DataTable chart/>
        </figure>
    }
}

/// Crosshair, dots and tooltip.
fn overlay(scene: &Scene, at: At, seek: Seek, lines: Vec<String>) -> Option<impl IntoView + use<>> {
    let trace = scene.traces.iter().find(|trace| trace.series == at.series)?;
    let sample = scene.chart.series.get(at.series)?.samples.get(at.sample)?;
    let x = scene.x.map(sample.x)?;
    let anchor = trace.places.get(at.sample).copied().flatten();
    let dots = scene
        .traces
        .iter()
        .filter(|own| seek == Seek::Column || own.series == at.series)
        .filter_map(|own| {
            let places = &own.places;
            let place = if own.series == at.series { anchor? } else { (*places.get(sample_at(scene, own.series, sample.x)?)?)? };
            scene.plot.contains(place).then(|| {
                view! {
                    <span
                        class="cursor-dot"
                        style:left=format!("{:.1}px", place.x)
                        style:top=format!("{:.1}px", place.y)
                        style:color=own.hue.line.css()
                    ></span>
                }
            })
        })
        .collect_view();
    let plot = scene.plot;
    let right = x > plot.centre().x;
    let top = anchor.map_or(plot.top + 12.0, |place| place.y).min(plot.bottom - 90.0).max(plot.top + 4.0);
    let (left, right) = if right {
        ("auto".to_owned(), format!("{:.1}px", scene.size.width - x + 14.0))
    } else {
        (format!("{:.1}px", x + 14.0), "auto".to_owned())
    };
    let mut lines = lines.into_iter();
    let head = lines.next().unwrap_or_default();
    Some(view! {
        <div class="overlay" aria-hidden="true">
            <span
                class="crosshair"
                style:left=format!("{x:.1}px")
                style:top=format!("{:.1}px", plot.top)
                style:height=format!("{:.1}px", plot.height())
            ></span>
            {dots}
            <div class="tip" style:left=left style:right=right style:top=format!("{top:.1}px")>
                <b>{head}</b>
                {lines.map(|line| view! { <span>{line}</span> }).collect_view()}
            </div>
        </div>
    })
}

/// What the cursor says: the place first, then each series.
fn read_out(chart: &Chart, at: At, seek: Seek) -> Vec<String> {
    let Some(series) = chart.series.get(at.series) else { return Vec::new() };
    let Some(sample) = series.samples.get(at.sample) else { return Vec::new() };
    let mut lines = Vec::new();
    match seek {
        Seek::Column => {
            lines.push(format!("{} {}", chart.x.label, chart.x.unit.format(round_for(chart, sample.x))));
            for series in chart.series.iter().filter(|series| series.visible && series.join != Join::None) {
                let Some(own) = nearest_by_x(&series.samples, sample.x).and_then(|i| series.samples.get(i)) else { continue };
                let label = if chart.series.len() > 1 { format!("{}: ", series.label) } else { String::new() };
                lines.push(match (own.y, own.band) {
                    (Some(y), Some((low, high))) => format!(
                        "{label}{} ({} – {})",
                        chart.y.unit.format(y),
                        chart.y.unit.format_with(low, Precision::SHORT),
                        chart.y.unit.format_with(high, Precision::SHORT)
                    ),
                    (Some(y), None) => format!("{label}{}", chart.y.unit.format(y)),
                    (None, _) => format!("{label}{}", own.note.as_deref().unwrap_or("no value")),
                });
            }
        }
        Seek::Nearest => {
            lines.push(sample.label.clone().unwrap_or_else(|| series.label.clone()));
            lines.push(format!("{}: {}", chart.x.label, chart.x.unit.format(sample.x)));
            if let Some(y) = sample.y {
                lines.push(format!("{}: {}", chart.y.label, chart.y.unit.format(y)));
            }
            lines.extend(sample.note.clone());
        }
    }
    lines
}

/// A knob of whole tokens is read out in whole tokens.
fn round_for(chart: &Chart, x: f64) -> f64 {
    if chart.x.unit.is_binary() { libm::round(x) } else { x }
}

fn in_column(scene: &Scene, x: f64) -> Option<At> {
    let value = scene.x.invert(x);
    let trace = scene.traces.iter().find(|trace| scene.series(trace).is_some_and(|own| own.join != Join::None))?;
    let sample = sample_at(scene, trace.series, value)?;
    Some(At { series: trace.series, sample })
}

fn sample_at(scene: &Scene, series: usize, value: f64) -> Option<usize> {
    let series = scene.chart.series.get(series)?;
    if series.join == Join::None {
        return None;
    }
    // Nearest as the eye sees it, on a log axis too.
    let place = scene.x.map(value)?;
    let distance = |index: usize| {
        series.samples.get(index).and_then(|own| scene.x.map(own.x)).map_or(f64::INFINITY, |own| (own - place).abs())
    };
    let above = series.samples.partition_point(|own| own.x < value);
    let below = above.saturating_sub(1);
    let best = if distance(below) <= distance(above) { below } else { above };
    (best < series.samples.len()).then_some(best)
}

fn nearest_by_x(samples: &[crate::chart::model::Sample], x: f64) -> Option<usize> {
    let above = samples.partition_point(|own| own.x < x);
    let distance = |index: usize| samples.get(index).map_or(f64::INFINITY, |own| (own.x - x).abs());
    let below = above.saturating_sub(1);
    let best = if distance(below) <= distance(above) { below } else { above };
    (best < samples.len()).then_some(best)
}

fn nearest(scene: &Scene, x: f64, y: f64) -> Option<At> {
    let mut best: Option<(f64, At)> = None;
    for trace in &scene.traces {
        for (sample, place) in trace.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let distance = libm::hypot(place.x - x, place.y - y);
            // Later series lie on top.
            if distance <= REACH && best.is_none_or(|(least, _)| distance <= least) {
                best = Some((distance, At { series: trace.series, sample }));
            }
        }
    }
    best.map(|(_, at)| at)
}

fn other_series(chart: &Chart, at: At, step: usize) -> Option<At> {
    let count = chart.series.len().max(1);
    let x = chart.series.get(at.series)?.samples.get(at.sample)?.x;
    let mut series = at.series;
    for _ in 0..count {
        series = (series + step) % count;
        let own = chart.series.get(series)?;
        if own.visible
            && let Some(sample) = nearest_by_x(&own.samples, x)
        {
            return Some(At { series, sample });
        }
    }
    Some(at)
}

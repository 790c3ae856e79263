//! A chart on the page: the canvas, and above it the cursor with its tooltip, for pointer, touch and keyboard.
//!
//! Moving the cursor repaints nothing. What it shows is also spoken, and stands in a table below.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys::{Element, KeyboardEvent, PointerEvent};
use wasm_bindgen::JsCast;

use super::canvas::{CanvasMeasure, keep_painted, watch_ratio, watch_size};
use super::table::DataTable;
use crate::chart::geometry::Point;
use crate::chart::hit::{Cursor, HitMode, Readout, ReadoutRow, Step};
use crate::chart::layout::{LegendEntry, Scene};
use crate::chart::model::Chart;
use crate::figure::curves::HERE;
use crate::web::theme::Look;

/// How close the pointer must come to a point that stands alone, in CSS pixels.
const REACH: f64 = 28.0;
/// Steps of a page key.
const LEAP: usize = 10;
/// Rows of a tooltip.
const ROWS: usize = 7;

/// What was chosen on a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked {
    /// The sample.
    pub cursor: Cursor,
    /// The value under the pointer on the horizontal axis.
    pub x: f64,
    /// Whether the movement ends here.
    pub done: bool,
}

/// A chart with its cursor, its legend and its table.
#[component]
pub fn Plot(
    /// What it shows.
    #[prop(into)]
    chart: Signal<Arc<Chart>>,
    /// How the cursor seeks.
    mode: HitMode,
    /// What it says, for those who do not see it.
    #[prop(into)]
    summary: Signal<String>,
    /// Takes what is clicked or, while `live`, dragged over.
    #[prop(into)]
    pick: Callback<Picked>,
    /// Whether dragging picks continuously.
    #[prop(into)]
    live: Signal<bool>,
    /// What stands beside the way to the table.
    #[prop(into)]
    caption: Signal<String>,
) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let size = watch_size(frame);
    let ratio = watch_ratio();
    let look = expect_context::<Look>();
    let measure = StoredValue::new_local(CanvasMeasure::new());
    let scene = memo(move || {
        let theme = look.theme();
        let size = size.get()?;
        let scene = chart.with(|chart| measure.with_value(|measure| Scene::new(chart, size, theme, measure)));
        Some(Arc::new(scene))
    });
    let drawing =
        Signal::derive(move || scene.with(|scene| scene.as_ref().map(|scene| scene.drawing.clone())));
    keep_painted(canvas, drawing, ratio);

    let cursor = RwSignal::new(None::<Cursor>);
    let dragging = RwSignal::new(false);
    let keyed = RwSignal::new(false);
    // A cursor may point at what is no longer there; then there is no readout.
    let readout = memo(move || {
        let at = cursor.get()?;
        scene.with(|scene| scene.as_ref()?.readout(at, mode))
    });

    let find = move |at: Point| {
        scene.with_untracked(|scene| {
            let hit = scene.as_ref()?.nearest(at, mode)?;
            (mode == HitMode::X || hit.distance <= REACH).then_some(hit.cursor)
        })
    };
    let report = move |cursor: Cursor, at: Point, done: bool| {
        let x = scene.with_untracked(|scene| scene.as_ref().map(|scene| scene.x.clamp(scene.x.invert(at.x))));
        if let Some(x) = x {
            pick.run(Picked { cursor, x, done });
        }
    };
    let moved = move |event: PointerEvent| {
        let at = place(&event);
        let found = find(at);
        keyed.set(false);
        cursor.set(found);
        if let (true, true, Some(found)) = (dragging.get_untracked(), live.get_untracked(), found) {
            report(found, at, false);
        }
    };
    let pressed = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let at = place(&event);
        let Some(found) = find(at) else { return };
        keyed.set(false);
        cursor.set(Some(found));
        dragging.set(true);
        if live.get_untracked() {
            if let Some(target) = event.current_target() {
                let _ = target.unchecked_into::<Element>().set_pointer_capture(event.pointer_id());
            }
            report(found, at, false);
        }
    };
    let released = move |event: PointerEvent| {
        if dragging.get_untracked() {
            dragging.set(false);
            let at = place(&event);
            if let Some(found) = find(at) {
                report(found, at, true);
            }
        }
    };
    let left = move |_| {
        if !dragging.get_untracked() && !keyed.get_untracked() {
            cursor.set(None);
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(scene) = scene.get_untracked() else { return };
        let now = cursor.get_untracked();
        let leap = |step: Step| (0..LEAP).fold(now, |at, _| scene.step(at, step));
        let next = match event.key().as_str() {
            "ArrowRight" => scene.step(now, Step::Next),
            "ArrowLeft" => scene.step(now, Step::Previous),
            "ArrowUp" => scene.step(now, Step::SeriesBefore),
            "ArrowDown" => scene.step(now, Step::SeriesAfter),
            "Home" => scene.step(now, Step::First),
            "End" => scene.step(now, Step::Last),
            "PageUp" => leap(Step::Next),
            "PageDown" => leap(Step::Previous),
            "Enter" | " " => {
                let sample = now.and_then(|at| scene.chart.series.get(at.series)?.samples.get(at.sample));
                if let (Some(cursor), Some(sample)) = (now, sample) {
                    pick.run(Picked { cursor, x: sample.x, done: true });
                }
                now
            }
            "Escape" => None,
            _ => return,
        };
        event.prevent_default();
        keyed.set(true);
        cursor.set(next);
    };
    let blurred = move |_| {
        if keyed.get_untracked() {
            keyed.set(false);
            cursor.set(None);
        }
    };

    let spoken = move || match (keyed.get(), readout.get()) {
        (true, Some(readout)) => aloud(&readout, mode),
        _ => String::new(),
    };
    let legend = memo(move || {
        scene.with(|scene| scene.as_ref().map(|scene| scene.legend.clone()).unwrap_or_default())
    });
    view! {
        <figure class="figure">
            {views(move || {
                let entries = legend.get();
                let entries: Vec<_> = entries.into_iter().filter(|own| own.id != HERE).collect();
                (entries.len() > 1).then(|| view! {
                    <ul class="legend series-legend">{entries.into_iter().map(entry).collect_view()}</ul>
                })
            })}
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
                    on:blur=blurred
                ></div>
                {views(move || Some(overlay(&*scene.get()?, &readout.get()?, mode)))}
            </div>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            <DataTable chart caption/>
        </figure>
    }
}

/// Where the pointer is, in CSS pixels of the chart.
pub fn place(event: &PointerEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

fn entry(own: LegendEntry) -> impl IntoView {
    let line = if own.joined { "line" } else { "point" };
    view! {
        <li>
            <span class="key" data-kind=line style:color=own.hue.line.css() aria-hidden="true"></span>
            {own.label}
        </li>
    }
}

/// Crosshair, dots and tooltip.
fn overlay(scene: &Scene, readout: &Readout, mode: HitMode) -> impl IntoView + use<> {
    let plot = scene.plot;
    let (x, y) = (readout.at.x, readout.at.y);
    let dots = readout
        .rows
        .iter()
        .filter_map(|row| {
            let at = row.at?;
            Some(view! {
                <span
                    class="cursor-dot"
                    style:left=format!("{:.1}px", at.x)
                    style:top=format!("{:.1}px", at.y)
                    style:color=row.hue.line.css()
                ></span>
            })
        })
        .collect_view();
    // On the side with more room.
    let (left, right) = if x > plot.centre().x {
        ("auto".to_owned(), format!("{:.1}px", scene.size.width - x + 14.0))
    } else {
        (format!("{:.1}px", x + 14.0), "auto".to_owned())
    };
    let top = (y - 20.0).min(plot.bottom - 84.0).max(plot.top + 2.0);
    let rows = rows_of(scene, readout, mode).into_iter().map(row).collect_view();
    let head = match mode {
        HitMode::X => format!("{} {}", scene.chart.x.label, readout.x_text),
        HitMode::Xy => {
            format!("{} at {}", readout.rows.first().map_or("", |row| row.text.as_str()), readout.x_text)
        }
    };
    let crosshair = (mode == HitMode::X).then(|| {
        view! {
            <span
                class="crosshair"
                style:left=format!("{x:.1}px")
                style:top=format!("{:.1}px", plot.top)
                style:height=format!("{:.1}px", plot.height())
            ></span>
        }
    });
    view! {
        <div class="overlay" aria-hidden="true">
            {crosshair}
            {dots}
            <div class="tip" style:left=left style:right=right style:top=format!("{top:.1}px")>
                <b>{head}</b>
                {rows}
            </div>
        </div>
    }
}

/// Every line of a tooltip. The point of the scenario itself repeats its curve, so it goes where the curve is read.
fn rows_of(scene: &Scene, readout: &Readout, mode: HitMode) -> Vec<ReadoutRow> {
    let here = |row: &ReadoutRow| scene.chart.series.get(row.series).is_some_and(|series| series.id == HERE);
    readout.rows.iter().filter(|row| mode == HitMode::Xy || !here(row)).take(ROWS).cloned().collect()
}

fn row(row: ReadoutRow) -> impl IntoView {
    let ReadoutRow { label, text, band, note, hue, .. } = row;
    view! {
        <span class="tip-row">
            <span class="key" data-kind="line" style:color=hue.line.css()></span>
            <span class="tip-label">{label}</span>
            <b>{text}</b>
            {band.map(|band| view! { <i>{band}</i> })}
            {note.map(|note| view! { <span class="tip-note">{note}</span> })}
        </span>
    }
}

fn aloud(readout: &Readout, mode: HitMode) -> String {
    let mut words = vec![readout.x_text.clone()];
    let focus_only = mode == HitMode::Xy;
    for row in readout.rows.iter().filter(|row| row.focus || !focus_only) {
        words.push(format!("{}: {}", row.label, row.text));
        words.extend(row.note.clone());
    }
    words.join(", ")
}

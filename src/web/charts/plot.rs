//! A chart on the page: the canvas, and above it the cursor with its tooltip, for pointer, touch and keyboard.
//!
//! Moving the cursor repaints nothing. What it shows is also spoken, and stands in a table below. A drag zooms, unless it
//! starts on the scenario's own mark where that can be moved; a finger only moves the cursor, so that the page scrolls.

use std::sync::Arc;

use crate::web::lean::{effect, flag, memo, views, words};
use gloo::timers::callback::Timeout;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos::web_sys::{Element, KeyboardEvent, PointerEvent};
use markup::view;
use wasm_bindgen::JsCast;

use super::canvas::{CanvasMeasure, keep_painted, watch_ratio, watch_size};
use super::table::{DataTable, Folded};
use crate::chart::geometry::{Point, Rect};
use crate::chart::hit::{Cursor, HitMode, Readout, ReadoutRow, Step};
use crate::chart::layout::{LegendEntry, Scene};
use crate::chart::model::{Chart, Marker};
use crate::chart::zoom::Viewport;
use crate::figure::curves::HERE;
use crate::web::theme::Look;

/// How close the pointer must come to a point that stands alone, in CSS pixels.
const REACH: f64 = 28.0;
/// How close it must come to the mark of the scenario to take hold of it, in CSS pixels.
const GRIP: f64 = 9.0;
/// A finger that moves less far taps, in CSS pixels.
const TAP: f64 = 10.0;
/// What a key zooms by.
pub const TURN: f64 = 0.6;
/// How long a click in a zoomed chart waits for a second one, in milliseconds.
pub const DOUBLE: u32 = 260;
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

/// The value under the cursors of charts that stand together over one axis, where they are given one in common.
#[derive(Clone, Copy)]
pub struct Joint(pub RwSignal<Option<f64>>);

/// A pointer that is down.
#[derive(Clone, Copy)]
struct Press {
    from: Point,
    /// Whether it moves the scenario along the curve.
    holds: bool,
    /// Whether it is a finger.
    touch: bool,
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
    /// What stands in the table, where that is more than the lines.
    #[prop(optional)]
    figures: Option<Box<dyn Fn() -> AnyView + Send + Sync>>,
) -> impl IntoView {
    let frame = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let size = watch_size(frame);
    let ratio = watch_ratio();
    let look = expect_context::<Look>();
    let measure = StoredValue::new_local(CanvasMeasure::new());
    let viewport = RwSignal::new(Viewport::default());
    let seen = memo(move || {
        let chart = chart.get();
        viewport.with(|viewport| {
            if *viewport == Viewport::default() { chart.clone() } else { Arc::new(viewport.of(&chart)) }
        })
    });
    let lay = move |chart: &Chart| {
        let theme = look.theme();
        let size = size.get()?;
        Some(Arc::new(measure.with_value(|measure| Scene::new(chart, size, theme, measure))))
    };
    let scene = memo(move || seen.with(|chart| lay(chart)));
    let zoomed = memo(move || chart.with(|chart| viewport.with(|viewport| viewport.zooms(chart))));
    let drawing =
        Signal::derive(move || scene.with(|scene| scene.as_ref().map(|scene| scene.drawing.clone())));
    keep_painted(canvas, drawing, ratio);

    let cursor = RwSignal::new(None::<Cursor>);
    let press = StoredValue::new(None::<Press>);
    let drag = RwSignal::new(None::<(Point, Point)>);
    let grip = RwSignal::new(false);
    let said = RwSignal::new(String::new());
    let waiting = StoredValue::new_local(None::<Timeout>);
    let field = NodeRef::<Div>::new();
    let keyed = RwSignal::new(false);
    // A cursor may point at what is no longer there; then there is no readout.
    let readout = memo(move || {
        let at = cursor.get()?;
        scene.with(|scene| scene.as_ref()?.readout(at, mode))
    });

    if let Some(Joint(joint)) = use_context::<Joint>() {
        join(joint, cursor, scene);
    }

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
    let click = move |at: Point| {
        if let Some(found) = find(at) {
            report(found, at, true);
        }
    };
    let reset = move || {
        waiting.set_value(None);
        drag.set(None);
        if viewport.with_untracked(|own| *own != Viewport::default()) {
            viewport.update(Viewport::reset);
        }
    };
    let holds = move |at: Point| {
        live.get_untracked()
            && scene.with_untracked(|scene| scene.as_ref().is_some_and(|own| own.holds(HERE, at, GRIP)))
    };
    let moved = move |event: PointerEvent| {
        let at = place(&event);
        let found = find(at);
        keyed.set(false);
        cursor.set(found);
        match press.get_value() {
            Some(Press { touch: true, .. }) => {}
            Some(Press { holds: true, .. }) => {
                if let Some(found) = found {
                    report(found, at, false);
                }
            }
            Some(Press { from, .. }) => drag.set(Some((from, at))),
            None => grip.set(holds(at)),
        }
    };
    let pressed = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let at = place(&event);
        let touch = event.pointer_type() == "touch";
        let held = !touch && holds(at);
        keyed.set(false);
        cursor.set(find(at));
        press.set_value(Some(Press { from: at, holds: held, touch }));
        if let (false, Some(target)) = (touch, event.current_target()) {
            let _ = target.unchecked_into::<Element>().set_pointer_capture(event.pointer_id());
        }
    };
    let released = move |event: PointerEvent| {
        let Some(Press { from, holds, touch }) = press.get_value() else { return };
        press.set_value(None);
        drag.set(None);
        let at = place(&event);
        if holds {
            click(at);
            return;
        }
        let selected = scene.with_untracked(|scene| scene.as_ref()?.drag(from, at));
        match selected {
            _ if touch => {
                if from.distance(at) < TAP {
                    click(at);
                }
            }
            Some(zoom) => scene.with_untracked(|scene| {
                if let Some(scene) = scene {
                    viewport.update(|viewport| viewport.take(scene, zoom));
                }
            }),
            // The first of two clicks must not take a value on the way out of a zoom.
            None if zoomed.get_untracked() => {
                waiting.set_value(Some(Timeout::new(DOUBLE, move || click(at))));
            }
            None => click(at),
        }
    };
    let cancelled = move |_| {
        press.set_value(None);
        drag.set(None);
    };
    let left = move |_| {
        if press.get_value().is_none() && !keyed.get_untracked() {
            cursor.set(None);
        }
    };
    // A part of another chart is not shown, so that nothing of it is waited for either.
    effect(move || {
        zoomed.track();
        waiting.set_value(None);
    });
    let turn = Callback::new(move |factor: f64| {
        let Some(now) = scene.get_untracked() else { return };
        let whole = untrack(|| {
            let mut own = viewport.get();
            own.reset();
            chart.with(|chart| lay(&own.of(chart)))
        });
        let Some(whole) = whole else { return };
        let about = cursor.get_untracked().and_then(|at| now.place(at)).unwrap_or(now.plot.centre());
        viewport.update(|viewport| viewport.turn(&now, &whole, about, factor, mode == HitMode::Xy));
        keyed.set(false);
        let reach = untrack(|| scene.with(|scene| scene.as_ref().map(|own| own.reach()))).unwrap_or_default();
        said.set(format!("In view: {reach}"));
    });
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
            "Escape" => {
                reset();
                None
            }
            "+" | "=" | "-" | "_" | "0" if !(event.ctrl_key() || event.meta_key() || event.alt_key()) => {
                event.prevent_default();
                match event.key().as_str() {
                    "0" => {
                        reset();
                        said.set("The whole is in view".to_owned());
                    }
                    "-" | "_" => turn.run(1.0 / TURN),
                    _ => turn.run(TURN),
                }
                return;
            }
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
        _ => said.get(),
    };
    // Without what is hidden: a button that was just pressed must stay the same one.
    let legend = memo(move || {
        let mut entries =
            scene.with(|scene| scene.as_ref().map(|scene| scene.legend.clone()).unwrap_or_default());
        entries.retain(|own| own.id != HERE);
        entries.iter_mut().for_each(|own| own.visible = true);
        entries
    });
    let told = words(move || {
        let reach = zoomed.get().then(|| scene.with(|scene| scene.as_ref().map(|own| own.reach()))).flatten();
        reach.map_or_else(|| summary.get(), |reach| format!("{} In view: {reach}.", summary.get()))
    });
    let out = move |_| {
        reset();
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    view! {
        <figure class="figure">
            {views(move || {
                let entries = legend.get();
                let entry = move |own: LegendEntry| entry(own, viewport);
                (entries.len() > 1).then(|| view! {
                    <ul class="legend series-legend" aria-label="Series shown">
                        {entries.into_iter().map(entry).collect_view()}
                    </ul>
                })
            })}
            <div class="plot" node_ref=frame>
                <canvas node_ref=canvas role="img" aria-label=told></canvas>
                <div
                    node_ref=field
                    class="cursor-field"
                    class:live={flag(move || grip.get())}
                    tabindex="0"
                    role="application"
                    aria-label="Chart cursor: arrow keys move it, Enter takes its value, plus and minus zoom, 0 shows the whole"
                    on:pointermove=moved
                    on:pointerdown=pressed
                    on:pointerup=released
                    on:pointercancel=cancelled
                    on:dblclick=move |_| reset()
                    on:pointerleave=left
                    on:keydown=key
                    on:blur=blurred
                ></div>
                {views(move || Some(selection(scene.get()?.selection(drag.get()?.0, drag.get()?.1)?)))}
                {views(move || Some(overlay(&*scene.get()?, &readout.get()?, mode)))}
                // A finger that drags scrolls the page, so it has buttons to zoom by.
                <span class="zoom-keys">
                    {zoom_button("Zoom in", "+", turn, TURN)}
                    {zoom_button("Zoom out", "−", turn, 1.0 / TURN)}
                </span>
                {views(move || zoomed.get().then(|| view! {
                    <button type="button" class="reset-zoom" on:click=out>"Reset zoom"</button>
                }))}
            </div>
            <p class="unseen" role="status" aria-live="polite">{spoken}</p>
            {match figures {
                Some(content) => view! { <Folded label="Figures of the picture" caption content/> }.into_any(),
                None => view! { <DataTable chart=seen caption/> }.into_any(),
            }}
        </figure>
    }
}

/// Keeps the cursor of a chart and that of its fellows at one value.
fn join(joint: RwSignal<Option<f64>>, cursor: RwSignal<Option<Cursor>>, scene: Memo<Option<Arc<Scene>>>) {
    let value = move |at: Cursor| {
        scene.with_untracked(|own| Some(own.as_ref()?.chart.series.get(at.series)?.samples.get(at.sample)?.x))
    };
    let led = StoredValue::new(false);
    effect(move || {
        let own = cursor.get().and_then(value);
        // Who follows does not lead back: charts of unlike samples would never come to rest.
        if led.get_value() {
            led.set_value(false);
        } else if joint.get_untracked() != own {
            joint.set(own);
        }
    });
    effect(move || {
        let wanted = joint.get();
        if cursor.get_untracked().and_then(value) != wanted {
            led.set_value(true);
            cursor.set(wanted.and_then(|x| scene.with_untracked(|own| own.as_ref()?.nearest_to_value(x))));
        }
    });
}

/// Where the pointer is, in CSS pixels of the chart.
pub fn place(event: &PointerEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

/// A button that zooms by a factor.
pub fn zoom_button(
    name: &'static str,
    sign: &'static str,
    turn: Callback<f64>,
    factor: f64,
) -> impl IntoView {
    view! {
        <button type="button" class="small" aria-label=name title=name on:click=move |_| turn.run(factor)>{sign}</button>
    }
}

/// What a drag would zoom to.
pub fn selection(rect: Rect) -> impl IntoView {
    view! {
        <span
            class="selection"
            style:left=format!("{:.1}px", rect.left)
            style:top=format!("{:.1}px", rect.top)
            style:width=format!("{:.1}px", rect.width())
            style:height=format!("{:.1}px", rect.height())
        ></span>
    }
}

/// A series in the legend: a button that hides it and shows it again, with its stroke and its symbol.
fn entry(own: LegendEntry, viewport: RwSignal<Viewport>) -> impl IntoView {
    let LegendEntry { id, label, hue, dash, marker, joined, .. } = own;
    let pattern: Vec<String> = dash.pattern().iter().map(f64::to_string).collect();
    let line = joined.then(|| view! {
        <path d="M1 6H27" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray=pattern.join(" ")></path>
    });
    let symbol = marker.map(|marker| {
        let (path, filled) = symbol(marker);
        let fill = if filled { "currentColor" } else { "none" };
        view! { <path d=path fill=fill stroke="currentColor" stroke-width="1.5"></path> }
    });
    let toggled = id.clone();
    view! {
        <li>
            <button
                type="button"
                class="toggle"
                aria-pressed={words(move || if viewport.with(|own| own.hides(&id)) { "false" } else { "true" })}
                on:click=move |_| viewport.update(|own| own.toggle(&toggled))
            >
                <svg class="swatch-line" viewBox="0 0 28 12" style:color=hue.line.css() aria-hidden="true">
                    {line}
                    {symbol}
                </svg>
                {label}
            </button>
        </li>
    }
}

/// The outline of a symbol in the middle of a legend's swatch, and whether it is filled.
const fn symbol(marker: Marker) -> (&'static str, bool) {
    match marker {
        Marker::Disc => ("M10 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", true),
        Marker::Square => ("M10.5 2.5h7v7h-7z", true),
        Marker::Triangle => ("M14 2l4.2 7.4h-8.4z", true),
        Marker::Diamond => ("M14 1.5l4.5 4.5l-4.5 4.5l-4.5-4.5z", true),
        Marker::Wedge => ("M14 10l4.2-7.4h-8.4z", true),
        Marker::Ring => ("M10.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", false),
        Marker::Cross => ("M11 3l6 6M17 3l-6 6", false),
        Marker::Plus => ("M14 2v8M10 6h8", false),
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

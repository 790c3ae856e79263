//! What the cursor of a chart shows: crosshair, dots and tooltip, and the same aloud.

use leptos::prelude::*;
use markup::view;

use crate::chart::hit::{HitMode, Readout, ReadoutRow};
use crate::chart::layout::Scene;
use crate::figure::curves::{BEFORE, HERE, NOW};

/// Rows of a tooltip.
const ROWS: usize = 7;

/// Crosshair, dots and tooltip.
///
/// A cursor that follows that of another chart says its value and no more.
pub fn overlay(scene: &Scene, readout: &Readout, mode: HitMode, follows: bool) -> impl IntoView + use<> {
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
    let rows = rows_of(scene, readout, mode).into_iter();
    let rows = if follows {
        let named = |row: &ReadoutRow, id: &str| {
            scene.chart.series.get(row.series).is_some_and(|series| series.id == id)
        };
        rows.filter(|own| named(own, NOW)).map(|own| view! { <b>{own.text}</b> }.into_any()).collect_view()
    } else {
        rows.map(|own| row(own).into_any()).collect_view()
    };
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
                {(!follows).then(|| view! { <b>{head}</b> })}
                {rows}
            </div>
        </div>
    }
}

/// Every line of a tooltip. The point of the scenario itself repeats its curve, so it goes where the curve
/// is read; so does the curve that was.
fn rows_of(scene: &Scene, readout: &Readout, mode: HitMode) -> Vec<ReadoutRow> {
    let own = |row: &ReadoutRow| {
        let series = scene.chart.series.get(row.series);
        series.is_some_and(|series| [HERE, BEFORE].contains(&series.id.as_str()))
    };
    readout.rows.iter().filter(|row| mode == HitMode::Xy || !own(row)).take(ROWS).cloned().collect()
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

/// What a screen reader says at the cursor.
pub fn aloud(readout: &Readout, mode: HitMode) -> String {
    let mut words = vec![readout.x_text.clone()];
    let focus_only = mode == HitMode::Xy;
    for row in readout.rows.iter().filter(|row| row.focus || !focus_only) {
        words.push(format!("{}: {}", row.label, row.text));
        words.extend(row.note.clone());
    }
    words.join(", ")
}

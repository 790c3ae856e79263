//! The legend of a chart: buttons that hide a series and show it again.

use leptos::prelude::*;
use markup::view;

use super::stage::Stage;
use crate::chart::layout::LegendEntry;
use crate::chart::model::Marker;
use crate::chart::zoom::Viewport;
use crate::figure::curves::{BEFORE, HERE};
use crate::web::lean::{memo, views, words};

/// The legend, where there is more than one series. The mark of the scenario repeats its curve and is left
/// out, and so is the curve that was when a movement began.
pub fn legend(stage: Stage) -> impl IntoView {
    // Without what is hidden: a button that was just pressed must stay the same one.
    let entries = memo(move || {
        let mut entries =
            stage.scene.with(|scene| scene.as_ref().map(|scene| scene.legend.clone()).unwrap_or_default());
        entries.retain(|own| ![HERE, BEFORE].contains(&own.id.as_str()));
        entries.iter_mut().for_each(|own| own.visible = true);
        entries
    });
    views(move || {
        let entries = entries.get();
        let entry = move |own: LegendEntry| entry(own, stage.viewport);
        (entries.len() > 1).then(|| {
            view! {
                <ul class="legend series-legend" aria-label="Series shown">
                    {entries.into_iter().map(entry).collect_view()}
                </ul>
            }
        })
    })
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

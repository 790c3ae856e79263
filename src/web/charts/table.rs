//! The figures of a chart as a table, for those who do not see it and for those who want to copy them.

use std::sync::Arc;

use crate::web::lean::{When, views, words};
use leptos::prelude::*;
use leptos::web_sys;
use markup::view;
use wasm_bindgen::JsCast;
use wasm_split_helpers::wasm_split;

use crate::chart::describe::{Cell, Table};
use crate::chart::model::{Chart, Domain, Join, Sample, Series};
use crate::figure::curves::{BEFORE, MEASURED};
use crate::units::format::ABSENT;
use crate::web::late::{self, Late};

/// Rows beyond this are thinned out.
const MOST: usize = 40;
/// Rows of a table of words beyond this are thinned out.
const LONGEST: usize = 200;

/// A table that is built when it is opened.
#[component]
pub fn Folded(
    /// What it holds.
    label: &'static str,
    /// What stands beside the way to it.
    #[prop(into)]
    caption: Signal<String>,
    /// The table.
    content: Box<dyn Fn() -> AnyView + Send + Sync>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let toggled = move |event: web_sys::Event| {
        let now = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        open.set(now.is_some_and(|details| details.has_attribute("open")));
    };
    let content = StoredValue::new(content);
    view! {
        <details class="more data" on:toggle=toggled>
            <summary>
                <span>"Figures as a table"</span>
                <span class="caption" title={words(move || caption.get())}>{caption}</span>
            </summary>
            <When on=open>
                <div class="scroll" tabindex="0" role="region" aria-label=label>
                    {views(move || content.with_value(|content| content()))}
                </div>
            </When>
        </details>
    }
}

/// The figures of a chart.
#[component]
pub fn DataTable(
    /// The chart.
    #[prop(into)]
    chart: Signal<Arc<Chart>>,
    /// What stands beside the way to it.
    #[prop(into)]
    caption: Signal<String>,
) -> impl IntoView {
    let content = Box::new(move || late::shown(load_figures(chart)));
    view! { <Folded label="Figures of the chart" caption content/> }
}

/// The chart that a table follows.
type Figures = Signal<Arc<Chart>>;

/// The table itself.
#[wasm_split(tables, fallible)]
fn load_figures(chart: Figures) -> Late {
    Ok(views(move || chart.with(|chart| table(chart))).into_any())
}

/// A table as it stands, thinned out where it is very long.
pub fn plain(table: &Table) -> AnyView {
    let step = table.rows.len().div_ceil(LONGEST).max(1);
    let heads = table.headers.iter().map(|head| view! { <th scope="col">{head.clone()}</th> }).collect_view();
    let row = |row: &Vec<Cell>| {
        let cells = row.iter().map(|cell| view! { <td>{cell.text.clone()}</td> }).collect_view();
        view! { <tr>{cells}</tr> }
    };
    let rows = table.rows.iter().step_by(step).map(row).collect_view();
    view! { <table class="words"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }.into_any()
}

fn table(chart: &Chart) -> AnyView {
    let now = |series: &&Series| series.visible && series.join != Join::None && series.id != BEFORE;
    let lines: Vec<_> = chart.series.iter().filter(now).collect();
    let Some(first) = lines.first() else { return view! { <p>"Nothing to show."</p> }.into_any() };
    let inside = |sample: &&Sample| match chart.x.domain {
        Domain::Fixed(low, high) => low <= sample.x && sample.x <= high,
        _ => true,
    };
    let step = first.samples.iter().filter(inside).count().div_ceil(MOST).max(1);
    let rows = first
        .samples
        .iter()
        .filter(inside)
        .step_by(step)
        .map(|sample| {
            let cells = lines
                .iter()
                .map(|series| {
                    let own = series.samples.iter().find(|own| own.x == sample.x);
                    let text = match own {
                        Some(own) => own.y.map_or_else(
                            || own.note.clone().unwrap_or_else(|| ABSENT.to_owned()),
                            |y| chart.y.unit.format(y),
                        ),
                        None => ABSENT.to_owned(),
                    };
                    view! { <td>{text}</td> }
                })
                .collect_view();
            let x = if chart.x.unit.is_binary() { libm::round(sample.x) } else { sample.x };
            view! { <tr><th scope="row">{chart.x.unit.format(x)}</th>{cells}</tr> }
        })
        .collect_view();
    let heads = lines
        .iter()
        .map(|series| view! { <th scope="col">{format!("{}, {}", chart.y.label, series.label)}</th> })
        .collect_view();
    let measured = chart
        .series
        .iter()
        .filter(|series| series.id == MEASURED)
        .flat_map(|series| &series.samples)
        .filter_map(|sample| {
            let (x, y) = (chart.x.unit.format(sample.x), chart.y.unit.format(sample.y?));
            let note = sample.note.as_deref().unwrap_or_default();
            Some(view! { <li>{format!("Measured at {x}: {y} ({note})")}</li> })
        })
        .collect_view();
    view! {
        <ul class="measured">{measured}</ul>
        <table>
            <thead><tr><th scope="col">{chart.x.label.clone()}</th>{heads}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

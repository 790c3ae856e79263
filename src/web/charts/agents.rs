//! How many agents a deployment carries: hit rate, time to first token and money per task against their number.

use std::sync::Arc;

use crate::web::lean::{flag, memo, views};
use leptos::context::Provider;
use leptos::prelude::*;
use markup::view;

use super::plot::{Joint, Plot};
use crate::chart::hit::HitMode;
use crate::chart::model::{Along, Axis, Chart, Dash, Domain, Marker, Paint, Rule, Sample, Series};
use crate::jobs::agents::{Outcome, Point, question, read};
use crate::scenario::link;
use crate::units::format::Unit;
use crate::web::jobs::{Show, follow};
use crate::web::state::use_page;

/// A line of a chart: what it is called, whether tiers are there, how it is dashed, and its values.
type Drawn = (&'static str, bool, Dash, fn(&Point) -> f64);

/// The curves, in three charts.
const CHARTS: [(&str, Unit, &[Drawn]); 3] = [
    (
        "Input that was cached",
        Unit::Percent,
        &[
            ("chips' memory alone", false, Dash::Solid, |own| own.hit),
            ("with tiers", true, Dash::Solid, |own| own.hit),
        ],
    ),
    (
        "Time to first token",
        Unit::Seconds,
        &[
            ("p50 alone", false, Dash::Solid, |own| own.p50),
            ("p95 alone", false, Dash::Short, |own| own.p95),
            ("p50 with tiers", true, Dash::Solid, |own| own.p50),
            ("p95 with tiers", true, Dash::Short, |own| own.p95),
        ],
    ),
    (
        "Money per task",
        Unit::Dollars,
        &[
            ("chips' memory alone", false, Dash::Solid, |own| own.cost),
            ("with tiers", true, Dash::Solid, |own| own.cost),
        ],
    ),
];

/// The charts, what they say, and what was assumed.
pub fn agents_chart() -> AnyView {
    let page = use_page();
    let following = follow(page.desk, Show::Growing("point"), move || {
        question(&page.scenario.with(|scenario| link::write(scenario, &[])))
    });
    let outcome = memo(move || following.answer.with(|text| read(text)));
    let state = move || {
        outcome.with(|own| match following.failed.get().or_else(|| own.refused.clone()) {
            Some(reason) if own.points.is_empty() => reason,
            Some(reason) => format!("{} {reason}", own.told),
            None if own.points.is_empty() => "Setting agents to work …".to_owned(),
            None => own.told.clone(),
        })
    };
    let summary = Signal::derive(move || outcome.with(|own| own.told.clone()));
    let charts = move || {
        CHARTS
            .iter()
            .map(|&(title, unit, lines)| {
                let chart = memo(move || outcome.with(|own| Arc::new(draw(own, title, unit, lines))));
                view! {
                    <h3>{title}</h3>
                    <Plot
                        chart
                        mode=HitMode::X
                        summary
                        pick=|_| ()
                        live=Signal::stored(false)
                        caption=Signal::stored(String::new())
                    />
                }
            })
            .collect_view()
    };
    view! {
        <div class="replay agents">
            <p class="chooser note" id="agents-state" role="status">{views(state)}</p>
            <div class="chooser" hidden={flag(move || !following.busy.get())}>
                <progress aria-label="Agents"></progress>
                <button type="button" class="small" id="agents-cancel" on:click=move |_| following.cancel()>
                    "Cancel"
                </button>
            </div>
            // What the charts share must end with them: the view that comes next has the same place in the page.
            <Provider value=Joint(RwSignal::new(None))>{charts()}</Provider>
            <ul class="told" id="agents-notes">
                {views(move || outcome.with(|own| {
                    own.notes.iter().cloned().map(|line| view! { <li>{line}</li> }).collect_view()
                }))}
            </ul>
        </div>
    }
    .into_any()
}

fn draw(outcome: &Outcome, title: &str, unit: Unit, lines: &[Drawn]) -> Chart {
    let series = lines.iter().map(|&(label, tiered, dash, value)| {
        let mut points: Vec<&Point> = outcome.points.iter().filter(|own| own.tiered == tiered).collect();
        points.sort_by(|one, two| one.sessions.total_cmp(&two.sessions));
        let samples = points.iter().map(|own| Sample::new(own.sessions, value(own))).collect();
        let paint = Paint::Series(usize::from(tiered));
        // Where both are the same, the one above must let the other be seen.
        let marker = Some(if tiered { Marker::Ring } else { Marker::Disc });
        Series { dash, marker, end_label: false, ..Series::line(label, label, paint, samples) }
    });
    let y = match unit {
        Unit::Percent => Axis::linear(title, unit).with_domain(Domain::Fixed(0.0, 1.05)),
        _ => Axis::log(title, unit),
    };
    let knee = outcome.knee.map(|knee| Rule {
        axis: Along::X,
        value: knee,
        label: format!("holds to {}", Unit::Count.format(knee)),
        paint: Paint::Ink,
        fit: false,
    });
    Chart {
        title: title.to_owned(),
        x: Axis::log("Agent sessions at work", Unit::Count),
        y,
        series: series.collect(),
        rules: knee.into_iter().collect(),
    }
}

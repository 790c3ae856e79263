//! What the same chips can do: throughput, cost or energy against interactivity, over layouts, mixes and loads.
//!
//! The search takes longer than a frame, so it is asked for and its answer drawn when it is there.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::prelude::*;

use super::by::By;
use super::plot::{Picked, Plot};
use crate::chart::frontier::Better;
use crate::chart::hit::HitMode;
use crate::chart::model::{Axis, Chart, Domain, Emphasis, Join, Marker, Paint, Sample, Series};
use crate::jobs::frontier::{Found, Picture, question, read};
use crate::metric::{Metric, Quantity};
use crate::report::figure;
use crate::scenario::{Load, Scenario, link};
use crate::units::format::Unit;
use crate::web::jobs::{Heard, follow};
use crate::web::state::use_page;

/// What can stand against interactivity.
const AGAINST: [Metric; 4] =
    [Metric::ThroughputPerChip, Metric::CostTotal, Metric::Energy, Metric::ThroughputPerMegawatt];

/// The chart of all that was tried, with the best of it joined.
#[component]
pub fn FrontierChart() -> impl IntoView {
    let page = use_page();
    let picture = RwSignal::new(Arc::new(Picture::default()));
    let metric = memo(move || {
        let by = page.view.get().by;
        by.filter(|own| AGAINST.contains(own)).unwrap_or(Metric::ThroughputPerChip)
    });
    // What the search depends on: not the load, which it varies itself.
    let asked = memo(move || {
        let load = Load::Closed { concurrency: 1.0 };
        let link = page.scenario.with(|scenario| link::write(&Scenario { load, ..scenario.clone() }, &[]));
        Some(question(&link, metric.get()))
    });
    let mut last_picture = None;
    let following = follow(page.desk, asked, move |heard| match heard {
        Heard::Anew => last_picture = None,
        Heard::Lines(text, last) => {
            last_picture = read(text).or(last_picture.take());
            // Before there are points, what was found for another question stays.
            if let Some(own) = last_picture.take_if(|own| last || !own.found.is_empty()) {
                picture.set(Arc::new(own));
            }
        }
    });
    let found = picture;

    let chart = memo(move || {
        let metric = metric.get();
        let described = |own: &Found| Sample::new(own.interactivity, own.value).with_note(describe(own));
        found.with(|picture| {
            let found = &picture.found;
            let cloud =
                |keeps: bool| found.iter().filter(|own| own.keeps_ttft == keeps).map(described).collect();
            let best = found
                .iter()
                .filter(|own| own.on_frontier)
                .map(|own| described(own).with_label(title(own)))
                .collect();
            let unit = figure::unit(metric);
            let y = if metric.quantity() == Quantity::DollarsPerMtok {
                Axis::log(metric.label(), unit)
            } else {
                Axis::linear(metric.label(), unit).with_domain(Domain::FromZero)
            };
            let mut chart = Chart {
                title: against(metric),
                x: Axis::log("Interactivity", Unit::TokensPerSecondPerUser).with_better(Better::Higher),
                y: y.with_better(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
                ..Chart::default()
            };
            chart.series.push(Series {
                emphasis: Emphasis::Dim,
                ..Series::points("late", "Misses the TTFT limit", Paint::Muted, Marker::Cross, cloud(false))
            });
            chart.series.push(Series::points("tried", "Tried", Paint::Muted, Marker::Ring, cloud(true)));
            chart.series.push(Series {
                marker: Some(Marker::Disc),
                join: Join::Straight,
                end_label: false,
                ..Series::line("best", "Frontier", Paint::Series(0), best)
            });
            let here = page.answer.with(|answer| {
                let own = answer.as_ref().as_ref().ok()?;
                let value = metric.read(own).ok()?.value;
                Some(Sample::new(own.steady.interactivity().get(), value))
            });
            if let Some(here) = here {
                chart.series.push(Series::points(
                    "own",
                    "This scenario",
                    Paint::Series(1),
                    Marker::Diamond,
                    vec![here],
                ));
            }
            Arc::new(chart)
        })
    });
    let summary = Signal::derive(move || {
        found.with(|picture| {
            let best = picture.found.iter().filter(|own| own.on_frontier).count();
            let (title, tried) = (against(metric.get()), picture.found.len());
            format!("{title}: {tried} deployments tried, {best} on the frontier.")
        })
    });
    let taken = move |Picked { cursor, done, .. }: Picked| {
        if !done {
            return;
        }
        let of = |found: &[Found], wanted: fn(&Found) -> bool| {
            found.iter().filter(|own| wanted(own)).nth(cursor.sample).map(|own| own.link.clone())
        };
        let link = found.with_untracked(|picture| match (cursor.series, &picture.found[..]) {
            (0, found) => of(found, |own| !own.keeps_ttft),
            (1, found) => of(found, |own| own.keeps_ttft),
            (2, found) => of(found, |own| own.on_frontier),
            _ => None,
        });
        if let Some(link) = link {
            page.open(link::parse(&link).scenario);
        }
    };
    let note = move || {
        let (count, (done, left)) = found.with(|picture| (picture.found.len(), picture.progress));
        match (following.failed.get(), following.busy.get(), count) {
            (Some(reason), ..) => reason,
            (_, true, 0) => "Searching layouts, mixes and loads …".to_owned(),
            (_, true, count) if left > 0.0 => {
                let share = Unit::Percent.format(libm::round(100.0 * done / (done + left)) / 100.0);
                format!("Searching: {count} deployments so far, {share} done …")
            }
            (_, _, 0) => "No layout of these chips holds the model.".to_owned(),
            (_, _, count) => format!(
                "{count} deployments of the same chips. The line joins those that no other beats and that keep the TTFT limit."
            ),
        }
    };
    let better = memo(move || if metric.get().more_is_better() { "Up" } else { "Down" });
    let caption = Signal::derive(move || {
        format!("{} and to the right is better. Click a point to make it the scenario.", better.get())
    });
    view! {
        {(!page.embedded).then(|| view! {
            <div class="chooser">
                <By id="frontier-by" label="Against interactivity" options=AGAINST.to_vec() value=metric/>
            </div>
        })}
        <p class="chooser note" role="status">{views(note)}</p>
        <Plot chart=chart mode=HitMode::Xy summary pick=taken live=Signal::stored(false) caption/>
    }
}

fn against(metric: Metric) -> String {
    format!("{} against interactivity", metric.label())
}

fn title(own: &Found) -> String {
    format!("{} users", Unit::Count.format(own.users))
}

fn describe(own: &Found) -> String {
    format!("{} · {} · TTFT {}", title(own), own.label, Unit::Seconds.format(own.ttft))
}

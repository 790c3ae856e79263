//! What the same chips can do: throughput per chip against interactivity, over layouts, mixes and loads.
//!
//! The search takes longer than a frame, so it is asked for and its answer drawn when it is there.

use std::sync::Arc;

use crate::web::lean::{effect, memo, views};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use super::plot::{Picked, Plot};
use crate::chart::frontier::Better;
use crate::chart::hit::HitMode;
use crate::chart::model::{Axis, Chart, Domain, Emphasis, Join, Marker, Paint, Sample, Series};
use crate::jobs::frontier::{Found, question, read};
use crate::report::sentence;
use crate::scenario::{Load, Scenario, link};
use crate::serve::find_model;
use crate::units::format::Unit;
use crate::web::controls::layout_name;
use crate::web::jobs::{Asked, Piece};
use crate::web::state::use_page;

/// How long the scenario must rest before a search, in milliseconds.
const REST: u32 = 150;

/// The chart of all that was tried, with the best of it joined.
#[component]
pub fn FrontierChart() -> impl IntoView {
    let page = use_page();
    let found = RwSignal::new(Arc::new(Vec::<Found>::new()));
    let busy = RwSignal::new(true);
    let failed = RwSignal::new(None::<String>);
    let asked_for = StoredValue::new_local(None::<Asked>);
    let search = move |link: &str| {
        let mut answer = Vec::new();
        let asked = page.desk.ask(&question(link), move |piece| {
            let (text, done) = match piece {
                Piece::Text(text) => (text, false),
                Piece::Last(text) => (text, true),
                Piece::Failed(reason) => {
                    failed.set(Some(reason));
                    (String::new(), true)
                }
            };
            answer.extend(text.lines().filter_map(read));
            if done {
                found.set(Arc::new(std::mem::take(&mut answer)));
                busy.set(false);
            }
        });
        asked_for.set_value(Some(asked));
    };
    let pending = StoredValue::new_local(None::<Timeout>);
    // What the search depends on: not the load, which it varies itself.
    let asked = page.part(|scenario| {
        let load = Load::Closed { concurrency: 1.0 };
        link::write(&Scenario { load, ..scenario.clone() }, &[])
    });
    effect(move || {
        let link = asked.get();
        busy.set(true);
        failed.set(None);
        pending.set_value(Some(Timeout::new(REST, move || search(&link))));
    });

    let chart = memo(move || {
        let described = |own: &Found| {
            let scenario = link::parse(&own.link).scenario;
            Sample::new(own.interactivity, own.per_chip).with_note(describe(&scenario, own))
        };
        found.with(|found| {
            let cloud =
                |keeps: bool| found.iter().filter(|own| own.keeps_ttft == keeps).map(described).collect();
            let best = found
                .iter()
                .filter(|own| own.on_frontier)
                .map(|own| described(own).with_label(title(own)))
                .collect();
            let mut chart = Chart {
                title: "Throughput per chip against interactivity".to_owned(),
                x: Axis::log("Interactivity", Unit::TokensPerSecondPerUser).with_better(Better::Higher),
                y: Axis::linear("Throughput per chip", Unit::TokensPerSecondPerChip)
                    .with_domain(Domain::FromZero)
                    .with_better(Better::Higher),
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
                answer.as_ref().as_ref().ok().map(|own| {
                    let steady = &own.steady;
                    Sample::new(steady.interactivity().get(), steady.throughput_per_chip().get())
                })
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
        found.with(|found| {
            let best = found.iter().filter(|own| own.on_frontier).count();
            format!(
                "Throughput per chip against interactivity: {} deployments tried, {best} on the frontier.",
                found.len()
            )
        })
    });
    let taken = move |Picked { cursor, done, .. }: Picked| {
        if !done {
            return;
        }
        let of = |found: &[Found], wanted: fn(&Found) -> bool| {
            found.iter().filter(|own| wanted(own)).nth(cursor.sample).map(|own| own.link.clone())
        };
        let link = found.with_untracked(|found| match cursor.series {
            0 => of(found, |own| !own.keeps_ttft),
            1 => of(found, |own| own.keeps_ttft),
            2 => of(found, |own| own.on_frontier),
            _ => None,
        });
        if let Some(link) = link {
            page.open(link::parse(&link).scenario);
        }
    };
    view! {
        <p class="chooser note">
            {views(move || match (busy.get(), found.with(|found| found.len())) {
                _ if failed.with(Option::is_some) => failed.get().unwrap_or_default(),
                (true, _) => "Searching layouts, mixes and loads …".to_owned(),
                (false, 0) => "No layout of these chips holds the model.".to_owned(),
                (false, count) => format!("{count} deployments of the same chips. The line joins those that no other beats and that keep the TTFT limit."),
            })}
        </p>
        <Plot
            chart=chart
            mode=HitMode::Xy
            summary
            pick=taken
            live=Signal::stored(false)
            caption=Signal::stored("Up and to the right is better. Click a point to make it the scenario.".to_owned())
        />
    }
}

fn title(own: &Found) -> String {
    format!("{} users", Unit::Count.format(own.users))
}

fn describe(scenario: &Scenario, own: &Found) -> String {
    let experts = find_model(scenario).is_ok_and(|model| model.has_moe());
    let layouts: Vec<String> = scenario
        .split
        .pools()
        .into_iter()
        .filter_map(|(_, pool)| pool.layout.map(|layout| layout_name(&layout, experts)))
        .collect();
    format!(
        "{} · {} · {} · TTFT {}",
        title(own),
        sentence::deployment(scenario),
        layouts.join(" | "),
        Unit::Seconds.format(own.ttft)
    )
}

//! What the same chips can do: throughput, cost or energy against interactivity, over layouts, mixes and loads.
//!
//! The search takes longer than a frame, so it is asked for and its answer drawn when it is there.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;

use super::by::{by, chosen};
use super::plot::{Picked, Plot};
use crate::chart::hit::HitMode;
use crate::explore::{Candidate, Frontier};
use crate::figure::curves;
use crate::figure::frontier::{self as figure, AGAINST, Stand};
use crate::jobs::frontier::Question;
use crate::scenario::{Load, Scenario, link};
use crate::units::format::Unit;
use crate::web::jobs::follow;
use crate::web::state::use_page;

/// The chart of all that was tried, with the best of it joined.
#[component]
pub fn FrontierChart() -> impl IntoView {
    let page = use_page();
    // What the search depends on: not the load, which it varies itself.
    let following = follow(page.desk, move || {
        let load = Load::Closed { concurrency: 1.0 };
        let link = page.standing.with(|scenario| link::write(&Scenario { load, ..scenario.clone() }, &[]));
        Some(Question { metric: chosen(&page, &AGAINST), link })
    });
    let metric = move || chosen(&page, &AGAINST);
    let found = move || following.answer();

    let chart = memo(move || {
        let beside = page.beside.get();
        let pinned: Vec<_> = beside.iter().map(|pin| pin.answer.as_ref()).collect();
        let answer = page.answer.get();
        let stand = Stand { metric: metric(), answer: &answer, pinned: &pinned };
        let mut chart = figure::chart(&found().points, &stand);
        curves::name_pins(&mut chart, &page.names.get());
        Arc::new(chart)
    });
    let summary = Signal::derive(move || {
        let found = found().points;
        let best = found.iter().filter(|own| own.on_frontier).count();
        format!("{}: {} deployments tried, {best} on the frontier.", figure::title(metric()), found.len())
    });
    let taken = move |Picked { cursor, done, .. }: Picked| {
        if !done {
            return;
        }
        let of = |found: &[Candidate], wanted: fn(&Candidate) -> bool| {
            found.iter().filter(|own| wanted(own)).nth(cursor.sample).map(|own| own.deployed.link.clone())
        };
        let found = untrack(found).points;
        let link = match (cursor.series, &found[..]) {
            (0, found) => of(found, |own| !own.keeps_ttft),
            (1, found) => of(found, |own| own.keeps_ttft),
            (2, found) => of(found, |own| own.on_frontier),
            _ => None,
        };
        if let Some(link) = link {
            page.open(link::parse(&link).scenario);
        }
    };
    let note = move || {
        let Frontier { points, done, left, .. } = found();
        let count = points.len();
        match (following.failed.get(), following.busy.get(), count) {
            (Some(reason), ..) => reason,
            (_, true, 0) => "Searching layouts, mixes and loads …".to_owned(),
            (_, true, count) if left > 0 => {
                let (done, left) = (done as f64, left as f64);
                let share = Unit::Percent.format(libm::round(100.0 * done / (done + left)) / 100.0);
                format!("Searching: {count} deployments so far, {share} done …")
            }
            (_, _, 0) => "No layout of these chips holds the model.".to_owned(),
            (_, _, count) => format!(
                "{count} deployments of the same chips. The line joins those that no other beats and that keep the TTFT limit."
            ),
        }
    };
    let caption = Signal::derive(move || {
        let better = if metric().more_is_better() { "Up" } else { "Down" };
        format!("{better} and to the right is better. Click a point to make it the scenario.")
    });
    view! {
        <div class="chooser">{by("Against interactivity", &AGAINST)}</div>
        <p class="chooser note" role="status">{views(note)}</p>
        <Plot chart=chart mode=HitMode::Xy summary pick=taken caption/>
    }
}

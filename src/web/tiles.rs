//! The headline figures, each with its band and its change against the first pinned scenario.

use crate::web::lean::{When, flag, memo, views, words};
use leptos::prelude::*;
use markup::view;

use super::controls::{Detail, detail, unlisted};
use super::figures::{band, bare, change, read};
use super::state::{Page, Tab, use_page};
use crate::metric::Metric;
use crate::units::DollarsPerHour;
use crate::units::format::{ABSENT, Precision, Unit};

/// What the tiles show.
const HEADLINE: [Metric; 7] = [
    Metric::Ttft,
    Metric::Tpot,
    Metric::Interactivity,
    Metric::ThroughputPerChip,
    Metric::CostTotal,
    Metric::PerHour,
    Metric::Energy,
];

/// A row of tiles. A click puts the metric on the chart.
#[component]
pub fn Tiles() -> impl IntoView {
    let tiles = HEADLINE.into_iter().map(|metric| view! { <Tile metric/> }).collect_view();
    let page = use_page();
    let stale = page.stale();
    let label = move || if stale.get() { "Headline figures of the last answer" } else { "Headline figures" };
    view! { <ul class="tiles" class:stale=stale aria-label={words(label)}>{tiles}</ul> }
}

/// What the chips draw stands beside what is provisioned for them, and the tail of a latency beside its mean.
const fn second(metric: Metric) -> Option<(Metric, &'static str)> {
    match metric {
        Metric::Energy => Some((Metric::EnergyDrawn, "drawn")),
        Metric::Ttft => Some((Metric::TtftP95, "p95")),
        Metric::Tpot => Some((Metric::TpotP95, "p95")),
        _ => None,
    }
}

/// Puts a metric on the chart in front.
fn show(page: Page, metric: Metric) {
    page.look(|view| match view.tab {
        // The tile of what is shown alone leads back to all of them.
        Tab::Curves if view.grown && view.metric == metric => view.shrink(),
        // The replay shows times of its own; the tile leads back to the curves.
        Tab::Curves | Tab::Replay | Tab::Agents | Tab::Size => {
            view.tab = Tab::Curves;
            view.grow(metric);
        }
        Tab::Frontier | Tab::BreakEven | Tab::Sensitivity => view.by = Some(metric),
    });
    page.commit();
}

#[component]
fn Tile(
    /// What it shows.
    metric: Metric,
) -> impl IntoView {
    let page = use_page();
    let estimate = memo(move || page.answer.with(|answer| read(answer, metric)));
    let limit = page.part(move |scenario| metric.objective(&scenario.slo));
    let beside = second(metric)
        .map(|(second, name)| (second, name, memo(move || page.answer.with(|answer| read(answer, second)))));
    let missed = move || {
        let Some(limit) = limit.get() else { return false };
        page.answer.with(|answer| {
            answer.as_ref().as_ref().is_ok_and(|own| {
                let value = match metric {
                    Metric::Ttft => own.steady.ttft_of(limit.percentile),
                    _ => own.steady.tpot_of(limit.percentile),
                };
                value > limit.at
            })
        })
    };
    let delta = memo(move || {
        let now = estimate.get().ok()?;
        page.beside.with(|pins| {
            let base = pins.get(page.baseline())?;
            let before = read(&base.answer, metric).ok()?;
            change(metric, now.value, before.value)
        })
    });
    // A price that nobody publishes is asked for where it is missing.
    let unpriced = page.part(move |scenario| !page.embedded && unlisted(scenario));
    let chosen = move || {
        let view = page.view.get();
        if view.tab == Tab::Curves { view.grown && view.metric == metric } else { view.by == Some(metric) }
    };
    view! {
        <li>
            <button
                type="button"
                class="tile"
                class:missed={flag(missed)}
                class:chosen={flag(chosen)}
                data-metric=metric.id()
                title=format!("{}: show on the chart", metric.label())
                on:click=move |_| show(page, metric)
            >
                <span class="name">
                    {metric.short()}
                    {beside.map(|(second, name, beside)| view! {
                        <span class="beside">
                            {views(move || beside.get().map_or_else(|_| String::new(), |own| format!("{name} {}", bare(second, own))))}
                        </span>
                    })}
                </span>
                <span class="value">{views(move || estimate.get().map_or_else(|_| ABSENT.to_owned(), |own| bare(metric, own)))}</span>
                <span class="band">
                    {views(move || match estimate.get() {
                        Ok(own) if metric == Metric::PerHour => {
                            let month = DollarsPerHour::new(own.value).per_month();
                            Unit::DollarsPerMonth.format_with(month.get(), Precision::STEADY)
                        }
                        Ok(own) => band(metric, own),
                        // The tile of costs before it has the same reason.
                        Err(reason) if reason != ABSENT && metric != Metric::PerHour => reason,
                        Err(_) => String::new(),
                    })}
                </span>
                {views(move || delta.get().map(|delta| view! {
                    <span
                        class="delta"
                        class:better=delta.better == Some(true)
                        class:worse=delta.better == Some(false)
                    >
                        {delta.text}
                        <span class="unseen">
                            {match delta.better {
                                Some(true) => ", better than pinned",
                                Some(false) => ", worse than pinned",
                                None => " as pinned",
                            }}
                        </span>
                    </span>
                }))}
            </button>
            {(metric == Metric::CostTotal).then(|| view! { <When on=unpriced>{detail(Detail::TilePrice)}</When> })}
        </li>
    }
}

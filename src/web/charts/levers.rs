//! What next: how a metric answers to more of each figure of the chips, and what limits then.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::prelude::*;

use super::by::By;
use super::picture::{Laid, Picture};
use crate::chart::figure::Figure;
use crate::chart::frontier::Better;
use crate::chart::geometry::Size;
use crate::chart::layout::Options;
use crate::chart::text::TextMeasure;
use crate::chart::theme::Theme;
use crate::chart::tornado::{Effect, Lever, Tornado, TornadoScene};
use crate::jobs::sensitivity::{self, Levers};
use crate::metric::Metric;
use crate::report::figure;
use crate::scenario::link;
use crate::units::format::{Precision, Unit};
use crate::web::controls::PaysBelow;
use crate::web::jobs::{Heard, follow};
use crate::web::state::use_page;

/// The tornado with what it is chosen by.
#[component]
pub fn LeverChart() -> impl IntoView {
    let page = use_page();
    let levers = RwSignal::new(Arc::new(Levers::default()));
    let metric = memo(move || page.view.get().by.unwrap_or(Metric::ThroughputPerChip));
    let question = memo(move || {
        let link = page.scenario.with(|scenario| link::write(scenario, &[]));
        Some(sensitivity::question(&link, metric.get()))
    });
    let following = follow(page.desk, question, move |heard| {
        if let Heard::Lines(text, true) = heard
            && !text.is_empty()
        {
            levers.set(Arc::new(sensitivity::read(text)));
        }
    });
    let tornado = memo(move || levers.with(|levers| Arc::new(tornado(levers, metric.get()))));
    let layout = move |size: Size, theme: &Theme, measure: &dyn TextMeasure| {
        let options = Options { title: false, legend: true, end_labels: true };
        tornado.with(|tornado| {
            let height = TornadoScene::height_for(tornado, size.width, theme, measure, options);
            let size = Size::new(size.width, height);
            let scene = TornadoScene::new(tornado, size, theme, measure, options);
            let figure: Arc<dyn Figure + Send + Sync> = Arc::new(scene);
            Some(Laid { figure, height: Some(height) })
        })
    };
    let note = move || match (following.failed.get(), following.busy.get()) {
        (Some(reason), _) => reason,
        (None, true) if levers.with(|own| own.sentence.is_empty()) => "Pulling every lever …".to_owned(),
        (None, _) => levers.with(|own| own.sentence.clone()),
    };
    let some = memo(move || levers.with(|own| own.value.is_some()));
    let caption = Signal::stored("Layouts stay as they are. A tooltip says what twice as much would do.".to_owned());
    view! {
        {(!page.embedded).then(|| view! {
            <div class="chooser">
                <By id="levers-by" label="What moves" options=Metric::ALL.to_vec() value=metric/>
            </div>
        })}
        <p class="chooser note" role="status">{views(note)}</p>
        <PaysBelow/>
        {views(move || some.get().then(|| view! {
            <Picture
                layout=Box::new(layout)
                summary=Signal::derive(move || tornado.with(|own| own.sentence()))
                table=Box::new(move || tornado.with(|own| own.table()))
                caption
            />
        }))}
    }
}

/// The levers as bars of a tenth less and a tenth more.
fn tornado(levers: &Levers, metric: Metric) -> Tornado {
    let (unit, present) = (figure::unit(metric), levers.value.unwrap_or(f64::NAN));
    let lever = |own: &sensitivity::Lever| {
        let [less, more, double] = own.values;
        let twice = if double.is_finite() {
            let change = Unit::Percent.format_change(double / present - 1.0, Precision::SHORT);
            let then = if own.then.is_empty() { String::new() } else { format!("; then {} limits", own.then) };
            format!("Twice as much: {} ({change}){then}", unit.format(double))
        } else {
            "Twice as much cannot be served".to_owned()
        };
        let effect = |setting: &str, value: f64| Effect { note: Some(twice.clone()), ..Effect::new(setting, value) };
        Lever {
            label: own.name.clone(),
            low: effect("10 % less", less),
            high: effect("10 % more", more),
            next: (!own.then.is_empty()).then(|| format!("{} limits", own.then)),
        }
    };
    Tornado {
        title: format!("What moves {}", metric.label().to_lowercase()),
        metric: metric.label().to_owned(),
        unit,
        better: Some(if metric.more_is_better() { Better::Higher } else { Better::Lower }),
        present,
        levers: levers.levers.iter().map(lever).collect(),
    }
}

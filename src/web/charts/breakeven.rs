//! Who is best where: the break-even map over two axes, of the scenario, what is pinned, or what else its chips could be.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::prelude::*;

use super::by::By;
use super::picture::{Laid, Picture};
use crate::chart::figure::{Figure, Spot};
use crate::chart::geometry::Size;
use crate::chart::heat::{HeatMap, HeatScene, MapCell, Winner};
use crate::chart::layout::Options;
use crate::chart::model::{self, Paint};
use crate::chart::text::TextMeasure;
use crate::chart::theme::Theme;
use crate::explore::{Axis, Knob};
use crate::jobs::map::{self, Field};
use crate::metric::Metric;
use crate::report::explore::map::axis_unit;
use crate::report::explore::service_level;
use crate::scenario::{Scenario, link};
use crate::units::format::Unit;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::jobs::{Heard, follow};
use crate::web::state::{Page, use_page};

/// From this margin on the colour is full.
const FULL: f64 = 0.5;

/// The map with what it is chosen by.
#[component]
pub fn BreakEven() -> impl IntoView {
    let page = use_page();
    let field = RwSignal::new(Arc::new(Field::default()));
    let metric = memo(move || page.view.get().by.unwrap_or(Metric::CostTotal));
    let axes = memo(move || page.view.get().map);
    let who = memo(move || contenders(&page, axes.get()));
    let missing = memo(move || {
        let axes = axes.get();
        page.scenario.with(|scenario| {
            let lacks = |axis: &&Axis| matches!(axis, Axis::Knob(_)) && axis.current(scenario).is_none();
            [axes.0, axes.1].iter().find(lacks).map(|axis| axis.label())
        })
    });
    let question = memo(move || {
        let links = who.with(|who| who.iter().map(|own| own.link.clone()).collect::<Vec<_>>());
        missing.get().is_none().then(|| map::question(metric.get(), axes.get(), &links))
    });
    let mut coming = Field::default();
    let following = follow(page.desk, question, move |heard| match heard {
        Heard::Anew => coming = Field::default(),
        Heard::Lines(text, last) => {
            map::read(&mut coming, text);
            // Reasons change no picture, so they wait for the last of them.
            if !coming.cells.is_empty() && (last || coming.reasons.is_empty()) {
                field.set(Arc::new(coming.clone()));
            }
        }
    });

    let heat = memo(move || {
        let (axes, metric) = (axes.get(), metric.get());
        Arc::new(page.scenario.with(|scenario| {
            field.with(|field| who.with(|who| heat(field, scenario, axes, metric, who)))
        }))
    });
    let layout = move |size: Size, theme: &Theme, measure: &dyn TextMeasure| {
        let options = Options { title: false, legend: true, end_labels: true };
        let scene = heat.with(|heat| HeatScene::new(heat, size, theme, measure, options));
        let figure: Arc<dyn Figure + Send + Sync> = Arc::new(scene);
        Some(Laid { figure, height: None })
    };
    let pick = Callback::new(move |spot: Spot| {
        let chosen = field.with_untracked(|field| {
            let index = spot.row * field.xs.len() + spot.column;
            let winner = field.cells.get(index)?.0?;
            let (x, y) = (*field.xs.get(spot.column)?, *field.ys.get(spot.row)?);
            let own = link::parse(&field.contenders.get(winner)?.1).scenario;
            let (first, second) = axes.get_untracked();
            second.apply(&first.apply(&own, x)?, y)
        });
        if let Some(chosen) = chosen {
            page.open(chosen);
        }
    });
    let note = move || {
        if let Some(reason) = following.failed.get() {
            return reason;
        }
        if let Some(axis) = missing.get() {
            return format!("{axis} means nothing for this scenario. Choose another axis.");
        }
        let level = page.scenario.with(service_level);
        let level = if level.is_empty() { "no service level".to_owned() } else { level };
        match (following.busy.get(), field.with(|field| field.evaluated)) {
            (true, 0.0) => "Drawing the map …".to_owned(),
            (true, points) => format!("{points:.0} points served so far …"),
            (false, points) => format!(
                "{points:.0} points served: the best by {} among those that keep {level}.",
                metric.get().short()
            ),
        }
    };
    let caption = Signal::stored(
        "The darker, the clearer it wins; hatched where nothing keeps the limits. Click to make the winner the scenario."
            .to_owned(),
    );
    view! {
        {(!page.embedded).then(|| view! {
            <div class="chooser">
                <By id="map-by" label="Best by" options=Metric::ALL.to_vec() value=metric/>
                <Along id="map-x" label="over" place=0/>
                <Along id="map-y" label="and" place=1/>
            </div>
        })}
        <p class="chooser note" role="status">{views(note)}</p>
        <Picture
            layout=Box::new(layout)
            summary=Signal::derive(move || heat.with(|heat| heat.sentence()))
            table=Box::new(move || heat.with(|heat| heat.table()))
            pick
            caption
        />
    }
}

/// A select of an axis.
#[component]
fn Along(
    /// Identifier of the select.
    id: &'static str,
    /// What is asked.
    label: &'static str,
    /// 0 for the horizontal axis, 1 for the vertical one.
    place: usize,
) -> impl IntoView {
    let page = use_page();
    let of = move |axes: (Axis, Axis)| if place == 0 { axes } else { (axes.1, axes.0) };
    let groups = memo(move || {
        let other = of(page.view.get().map).1;
        page.scenario.with(|scenario| {
            let item = |axis: Axis| Item {
                disabled: axis == other || matches!(axis, Axis::Knob(_)) && axis.current(scenario).is_none(),
                ..Item::new(axis.id(), axis.label())
            };
            vec![Group::flat(Axis::ALL.into_iter().map(item).collect())]
        })
    });
    let value = memo(move || of(page.view.get().map).0.id().to_owned());
    let set = move |id: String| {
        if let Some(axis) = Axis::from_id(&id) {
            page.look(|view| view.map = of((axis, of(view.map).1)));
        }
    };
    view! { <Choice id label groups value set/> }
}

/// Somebody who competes.
#[derive(Clone, Debug, PartialEq)]
struct Contender {
    link: String,
    paint: Paint,
}

/// The pinned scenarios and the present one, all at the same place on the axes, so that moving along an axis leaves the
/// map as it is. The present one comes last, so that letters are those of the pins.
fn contenders(page: &Page, axes: (Axis, Axis)) -> Vec<Contender> {
    let placed = |scenario: &Scenario| {
        let first = standing(axes.0, scenario);
        link::write(&standing(axes.1, &first), &[])
    };
    let mut all: Vec<Contender> = page.pins.with(|pins| {
        let pinned = pins.iter().enumerate();
        pinned.map(|(index, pin)| Contender { link: placed(&pin.scenario), paint: Paint::Series(index + 1) }).collect()
    });
    let now = page.scenario.with(placed);
    if !all.iter().any(|own| own.link == now) {
        all.push(Contender { link: now, paint: Paint::Series(0) });
    }
    all
}

/// The scenario at a usual place on an axis, unless it stands beyond what is shown from there.
fn standing(axis: Axis, scenario: &Scenario) -> Scenario {
    let usual = match axis {
        Axis::Knob(Knob::Isl) => 8192.0,
        Axis::Knob(Knob::Osl) => 1024.0,
        Axis::Knob(Knob::Load) => match scenario.load {
            crate::scenario::Load::Closed { .. } => 64.0,
            crate::scenario::Load::Open { .. } => 8.0,
        },
        Axis::Knob(Knob::Mix) => 0.5,
        Axis::Knob(Knob::Hit) => 0.0,
        // Another size is another model, and is another name.
        Axis::Knob(Knob::ModelSize) => return scenario.clone(),
        Axis::Ttft => 2.0,
        Axis::Tpot => 0.05,
    };
    let placed = axis.apply(scenario, usual);
    let reaches = |placed: &Scenario| {
        let ends = axis.values(placed, 2);
        let current = axis.current(scenario).unwrap_or(usual);
        matches!(ends[..], [low, high] if low <= current && current <= high) || axis == Axis::Knob(Knob::Mix)
    };
    placed.filter(reaches).unwrap_or_else(|| scenario.clone())
}

/// The map as a picture.
fn heat(field: &Field, scenario: &Scenario, axes: (Axis, Axis), metric: Metric, who: &[Contender]) -> HeatMap {
    let axis = |axis: Axis| {
        let unit = axis_unit(axis, scenario);
        if axis.is_logarithmic() { model::Axis::log(axis.label(), unit) } else { model::Axis::linear(axis.label(), unit) }
    };
    let winner = |(index, own): (usize, &(String, String))| Winner {
        id: index.to_string(),
        label: own.0.clone(),
        // What else the chips could be has no colour of its own.
        paint: if who.len() > 1 { who.get(index).map_or(Paint::Muted, |own| own.paint) } else { Paint::Series(index) },
    };
    let cell = |(index, &(winner, margin)): (usize, &(Option<usize>, f64))| MapCell {
        winner,
        margin: if margin.is_finite() { margin } else { FULL },
        note: field.reasons.get(index).cloned().flatten(),
    };
    let present = axes.0.current(scenario).zip(axes.1.current(scenario));
    HeatMap {
        title: format!("Best by {}", metric.label().to_lowercase()),
        x: axis(axes.0),
        y: axis(axes.1),
        xs: field.xs.clone(),
        ys: field.ys.clone(),
        winners: field.contenders.iter().enumerate().map(winner).collect(),
        cells: field.cells.iter().enumerate().map(cell).collect(),
        margin: "ahead of the next by".to_owned(),
        unit: Unit::Percent,
        full: FULL,
        boundaries: field.boundary.iter().map(|ends| ends.to_vec()).collect(),
        present: present.map(|(x, y)| (x, y, "This scenario".to_owned())),
    }
}

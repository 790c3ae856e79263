//! Who is best where: the break-even map over two axes, of the scenario, what is pinned, or what else its chips could be.

use std::sync::Arc;

use crate::web::lean::{memo, views};
use leptos::prelude::*;
use markup::view;

use super::by::{by, chosen};
use super::picture::{Laid, Picture, Shape, Shown};
use crate::chart::describe::Table;
use crate::chart::figure::Spot;
use crate::chart::geometry::Size;
use crate::chart::heat::{HeatMap, HeatScene};
use crate::chart::layout::Options;
use crate::chart::model::Paint;
use crate::chart::text::TextMeasure;
use crate::chart::theme::Theme;
use crate::explore::{Axis, Knob};
use crate::figure::map::{self as figure, DECIDES};
use crate::jobs::map::{self, Field};
use crate::report::explore::service_level;
use crate::scenario::{Scenario, link};
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::jobs::{Show, follow};
use crate::web::state::{Page, use_page};

/// The height of the map as a share of its width.
const FLAT: f64 = 0.42;

/// The map with what it is chosen by.
pub fn break_even() -> AnyView {
    let page = use_page();
    let missing = move || {
        let axes = page.view.get().map;
        page.scenario.with(|scenario| {
            let lacks = |axis: &&Axis| matches!(axis, Axis::Knob(_)) && axis.current(scenario).is_none();
            [axes.0, axes.1].iter().find(lacks).map(|axis| axis.label())
        })
    };
    let following = follow(page.desk, Show::Growing("map"), move || {
        if missing().is_some() {
            return String::new();
        }
        let axes = page.view.get().map;
        let links: Vec<String> = contenders(&page, axes).into_iter().map(|own| own.0).collect();
        map::question(chosen(&page, &DECIDES), axes, &links)
    });
    let shown = memo(move || {
        let (axes, metric) = (page.view.get().map, chosen(&page, &DECIDES));
        let field = following.answer.with(|text| field(text));
        let paints: Vec<Paint> = contenders(&page, axes).into_iter().map(|own| own.1).collect();
        let heat = page.scenario.with(|scenario| figure::heat(&field, scenario, axes, metric, &paints));
        Shown(Some(Arc::new(heat)))
    });
    let pick = Callback::new(move |spot: Spot| {
        let field = following.answer.with_untracked(|text| field(text));
        let chosen = || {
            let winner = field.cells.get(spot.row * field.xs.len() + spot.column)?.0?;
            let (x, y) = (*field.xs.get(spot.column)?, *field.ys.get(spot.row)?);
            let own = link::parse(&field.contenders.get(winner)?.1).scenario;
            let (first, second) = page.view.get_untracked().map;
            second.apply(&first.apply(&own, whole(first, x))?, whole(second, y))
        };
        if let Some(chosen) = chosen() {
            page.open(chosen);
        }
    });
    let note = move || {
        if let Some(reason) = following.failed.get() {
            return reason;
        }
        if let Some(axis) = missing() {
            return format!("{axis} means nothing for this scenario. Choose another axis.");
        }
        let level = page.scenario.with(service_level);
        let level = if level.is_empty() { "no service level".to_owned() } else { level };
        match (following.busy.get(), following.answer.with(|text| field(text).evaluated)) {
            (true, 0.0) => "Drawing the map …".to_owned(),
            (true, points) => format!("{points:.0} points served so far …"),
            (false, points) => format!(
                "{points:.0} points served: the best by {} among those that keep {level}.",
                chosen(&page, &DECIDES).short()
            ),
        }
    };
    let caption = "The stronger the colour, the clearer it wins; hatched where nothing keeps the limits. Click to make the winner the scenario.";
    view! {
        {(!page.embedded).then(|| view! {
            <div class="chooser">
                {by("Best by", &DECIDES)}
                <Along id="map-x" label="over" place=0/>
                <Along id="map-y" label="and" place=1/>
            </div>
        })}
        <p class="chooser note" role="status">{views(note)}</p>
        <Picture label="Figures of the map" shown pick caption/>
    }
    .into_any()
}

/// The value as people would set it: lengths and users are whole.
fn whole(axis: Axis, value: f64) -> f64 {
    match axis {
        Axis::Knob(Knob::Isl | Knob::Osl) => libm::round(value),
        Axis::Knob(Knob::Load) if value >= 1.0 => libm::round(value),
        _ => value,
    }
}

/// What the answer says so far.
fn field(text: &str) -> Field {
    let mut field = Field::default();
    map::read(&mut field, text);
    field
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

/// The pinned scenarios and the present one.
fn contenders(page: &Page, axes: (Axis, Axis)) -> Vec<(String, Paint)> {
    let pins: Vec<Scenario> = page.pins.with(|pins| pins.iter().map(|pin| pin.scenario.clone()).collect());
    page.scenario.with(|scenario| figure::contenders(scenario, &pins, axes))
}

impl Shape for HeatMap {
    fn lay(&self, size: Size, theme: &Theme, measure: &dyn TextMeasure) -> Laid {
        let options = Options { title: false, legend: true, end_labels: true };
        let height = (FLAT * size.width).clamp(320.0, 460.0);
        let size = Size::new(size.width, height);
        Laid { figure: Box::new(HeatScene::new(self, size, theme, measure, options)), height: Some(height) }
    }

    fn told(&self) -> String {
        self.sentence()
    }

    fn figures(&self) -> Table {
        self.table()
    }
}

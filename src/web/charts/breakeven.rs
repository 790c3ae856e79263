//! Who is best where: the break-even map over two axes, of the scenario, what is pinned, or what else its chips could be.

use std::sync::Arc;

use crate::web::lean::{When, effect, flag, memo, views};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::web_sys::{Element, KeyboardEvent, PointerEvent};
use markup::view;
use wasm_bindgen::JsCast;

use super::by::{by, chosen};
use super::gesture::{DOUBLE, TURN, place, selection, zoom_button};
use super::picture::{Last, Picture, Shown, with_last};
use crate::chart::geometry::Point;
use crate::chart::heat::{HeatMap, HeatScene};
use crate::chart::hit::Zoom;
use crate::chart::spot::Spot;
use crate::explore::{Axis, Knob, opened};
use crate::figure::map::{self as figure, Contender, DECIDES};
use crate::figure::view::View;
use crate::jobs::map::Question;
use crate::report::explore::map as words;
use crate::report::explore::service_level;
use crate::scenario::{Load, Scenario};
use crate::units::format::Unit;
use crate::web::controls::choice::{Choice, Group, Item};
use crate::web::jobs::{Following, follow};
use crate::web::state::{Page, use_page};

/// The height of the map for a width, in CSS pixels.
fn height(width: f64) -> f64 {
    (0.42 * width).clamp(320.0, 460.0)
}

/// The map with what it is chosen by.
pub fn break_even() -> AnyView {
    let page = use_page();
    let following = follow(page.desk, move || {
        if missing(&page).is_some() {
            return None;
        }
        let (x, y) = page.view.get().map;
        let links = contenders(&page).into_iter().map(|own| own.link).collect();
        Some(Question { metric: chosen(&page, &DECIDES), x, y, links })
    });
    let map = Drawing { page, following, zoom: RwSignal::new(Zoom::default()), last: StoredValue::new(None) };
    // A part of other axes means nothing.
    effect(move || {
        page.view.track();
        map.zoom.set(Zoom::default());
    });
    let shown = memo(move || Shown(Some(Arc::new(map.heat()))));
    let turn = Callback::new(move |factor: f64| {
        if let Some(wanted) = with_last(map.last, |scene: &HeatScene| Some(scene.turned(factor))) {
            map.look(wanted);
        }
    });
    let note = move || match following.failed.get() {
        Some(reason) => reason,
        None => map.note(shown),
    };
    let said = memo(move || map.said());
    view! {
        {(!page.embedded).then(|| view! {
            <div class="chooser">
                {by("Best by", &DECIDES)}
                <Along id="map-x" label="over" place=0/>
                <Along id="map-y" label="and" place=1/>
                <Loop/>
            </div>
        })}
        {views(move || said.get().map(|(first, rest)| view! {
            <p class="found" data-testid="breakeven"><b>{first}</b> " " {rest}</p>
        }))}
        <div class="chooser map-bar">
            <p class="note" role="status">{views(note)}</p>
            {zoom_button("Zoom in", "+", turn, TURN)}
            {zoom_button("Zoom out", "−", turn, 1.0 / TURN)}
            {zoom_button("All of it", "All", turn, f64::INFINITY)}
        </div>
        {picture(map, shown, turn)}
        {views(move || {
            let told = map.excluded();
            (!told.is_empty()).then(|| view! { <p class="caption" data-testid="excluded">{told}</p> })
        })}
    }
    .into_any()
}

/// The picture, with all that a pointer and keys do to it.
fn picture(map: Drawing, shown: Memo<Shown>, turn: Callback<f64>) -> AnyView {
    let waiting = StoredValue::new_local(None::<Timeout>);
    let pick = Callback::new(move |spot: Spot| {
        // The first of two clicks must not take a point on the way out of a zoom.
        if untrack(|| map.zoomed()) {
            waiting.set_value(Some(Timeout::new(DOUBLE, move || map.take(spot))));
        } else {
            map.take(spot);
        }
    });
    let key = move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "+" | "=" => turn.run(TURN),
            "-" | "_" => turn.run(1.0 / TURN),
            "0" => turn.run(f64::INFINITY),
            _ => return,
        }
        event.prevent_default();
    };
    let drag = RwSignal::new(None::<(Point, Point)>);
    let pressed = move |event: PointerEvent| {
        if event.button() == 0 && event.pointer_type() != "touch" && on_map(&event) {
            let at = place(&event);
            drag.set(Some((at, at)));
        }
    };
    let moved = move |event: PointerEvent| {
        if let (Some((from, _)), true) = (drag.get_untracked(), on_map(&event)) {
            drag.set(Some((from, place(&event))));
        }
    };
    let released = move |_: PointerEvent| {
        let Some((from, to)) = drag.get_untracked() else { return };
        drag.set(None);
        if let Some(wanted) = with_last(map.last, |scene: &HeatScene| scene.drag(from, to)) {
            map.look(wanted);
        }
    };
    let selected = move || {
        let (from, to) = drag.get()?;
        with_last(map.last, |scene: &HeatScene| scene.selection(from, to)).map(selection)
    };
    let caption = "Click to use the winner; drag to look closer, double-click for all.";
    view! {
        <div
            class="lanes"
            on:keydown=key
            on:dblclick=move |_| {
                waiting.set_value(None);
                turn.run(f64::INFINITY);
            }
            on:pointerdown=pressed
            on:pointermove=moved
            on:pointerup=released
            on:pointerleave=move |_| drag.set(None)
        >
            <Picture label="Figures of the map" shown pick caption height last={map.last}/>
            {views(selected)}
        </div>
    }
    .into_any()
}

/// The axis that means nothing for the scenario, if there is one.
fn missing(page: &Page) -> Option<&'static str> {
    let axes = page.view.get().map;
    page.standing.with(|scenario| {
        let lacks = |axis: &&Axis| matches!(axis, Axis::Knob(_)) && axis.current(scenario).is_none();
        [axes.0, axes.1].iter().find(lacks).map(|axis| axis.label())
    })
}

/// The map as it is drawn.
#[derive(Clone, Copy)]
struct Drawing {
    page: Page,
    following: Following<Question>,
    zoom: RwSignal<Zoom>,
    last: Last,
}

impl Drawing {
    /// The part of the map that is looked at.
    fn heat(self) -> HeatMap {
        let Self { page, following, zoom, .. } = self;
        let view = View { by: Some(chosen(&page, &DECIDES)), ..page.view.get() };
        let map = following.answer();
        let contenders = contenders(&page);
        let names = figure::names(&map, &contenders, &page.names.get());
        figure::heat(&map, &offered(&page), view, &contenders, &names).within(&zoom.get())
    }

    /// What the map says, once it is whole: the answer, and what there is to add.
    fn said(self) -> Option<(String, String)> {
        let Self { page, following, .. } = self;
        if !self.whole() {
            return None;
        }
        let map = following.answer();
        let names = figure::names(&map, &contenders(&page), &page.names.get());
        let all = words::sentences(&map, &offered(&page), &names);
        all.split_first().map(|(first, rest)| (first.clone(), rest.join(" ")))
    }

    /// Whether every point is known; what follows are the reasons.
    fn whole(self) -> bool {
        let Self { following, .. } = self;
        !following.busy.get() || !following.answer().reasons.is_empty()
    }

    /// Who wins nowhere, and why.
    fn excluded(self) -> String {
        let Self { page, following, .. } = self;
        let map = following.answer();
        words::excluded_line(&map, &figure::names(&map, &contenders(&page), &page.names.get()))
    }

    fn zoomed(self) -> bool {
        self.zoom.get() != Zoom::default()
    }

    /// How far the map is, or what it says.
    fn note(self, shown: Memo<Shown>) -> String {
        let Self { page, following, .. } = self;
        if let Some(axis) = missing(&page) {
            return format!("{axis} means nothing for this scenario. Choose another axis.");
        }
        let level = page.standing.with(service_level);
        let level = if level.is_empty() {
            "; no service level is set".to_owned()
        } else {
            format!(" of those that meet {level}")
        };
        let part = self.zoomed().then(|| shown.with(|_| part(self.last))).flatten().unwrap_or_default();
        match (following.busy.get(), following.answer().evaluated) {
            (true, 0) => "Drawing the map …".to_owned(),
            (true, points) => format!("{points} points so far …"),
            (false, _) => {
                format!("Best by {}{level}.{part}", chosen(&page, &DECIDES).short())
            }
        }
    }

    /// Makes the winner of a cell the scenario.
    fn take(self, spot: Spot) {
        let answer = untrack(|| self.following.answer());
        let chosen = || {
            let (winner, x, y) = with_last(self.last, |scene: &HeatScene| {
                let map = &scene.map;
                let winner = map.cell(spot.column, spot.row)?.winner?;
                Some((winner, *map.xs.get(spot.column)?, *map.ys.get(spot.row)?))
            })?;
            let own = answer.contenders.get(winner)?.scenario();
            let (first, second) = self.page.view.get_untracked().map;
            // On the map a winner is one of these; behind it stand all its contenders.
            let chip = answer.priced.as_deref().unwrap_or_default();
            second.apply_to(&first.apply_to(&own, chip, whole(first, x))?, chip, whole(second, y))
        };
        if let Some(chosen) = chosen() {
            self.page.open(chosen);
        }
    }

    /// Looks at a part of the axes. One without two columns and two rows of cells says nothing.
    fn look(self, wanted: Zoom) {
        let map = untrack(|| self.following.answer());
        let (xs, ys) = (&map.x.values, &map.y.values);
        let count = |all: &[f64], domain: Option<(f64, f64)>| {
            all.iter().filter(|own| domain.is_none_or(|(low, high)| low <= **own && **own <= high)).count()
        };
        let (columns, rows) = (count(xs, wanted.x), count(ys, wanted.y));
        if columns == xs.len() && rows == ys.len() {
            self.zoom.set(Zoom::default());
        } else if columns > 1 && rows > 1 {
            self.zoom.set(wanted);
        }
    }
}

/// Whether the pointer is on the picture itself, not on what stands below it.
fn on_map(event: &PointerEvent) -> bool {
    let target = event.target().and_then(|own| own.dyn_into::<Element>().ok());
    target.is_some_and(|own| own.class_list().contains("cursor-field"))
}

/// What part of the axes is in view.
fn part(last: Last) -> Option<String> {
    with_last(last, |scene: &HeatScene| {
        let map = &scene.map;
        let reach = |unit: Unit, all: &[f64]| {
            Some(format!("{} to {}", unit.format(*all.first()?), unit.format(*all.last()?)))
        };
        let (x, y) = (reach(map.x.unit, &map.xs)?, reach(map.y.unit, &map.ys)?);
        Some(format!(
            " In view: {} {x}, {} {y}.",
            map.x.label.to_ascii_lowercase(),
            map.y.label.to_ascii_lowercase()
        ))
    })
}

/// The value as people would set it: lengths and users are whole.
fn whole(axis: Axis, value: f64) -> f64 {
    match axis {
        Axis::Knob(Knob::Isl | Knob::Osl) => libm::round(value),
        Axis::Knob(Knob::Load) if value >= 1.0 => libm::round(value),
        _ => value,
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

/// Which loop a map of a closed one is drawn in; an open one has no choice.
#[component]
fn Loop() -> impl IntoView {
    let page = use_page();
    let closed = page.part(|scenario| matches!(scenario.load, Load::Closed { .. }));
    let keeps = flag(move || page.view.get().closed);
    view! {
        <When on=closed>
            <label class="check" title="Else all are offered the requests per second that this scenario serves">
                <input
                    id="map-loop"
                    type="checkbox"
                    prop:checked=keeps
                    on:change=move |_| {
                        page.look(|view| view.closed = !view.closed);
                        page.commit();
                    }
                />
                <span>"equal concurrency"</span>
            </label>
        </When>
    }
}

/// The pinned scenarios and the present one, or where that has no answer the last one that had: the one that is shown.
fn contenders(page: &Page) -> Vec<Contender> {
    let pins: Vec<Scenario> = page.pins.with(|pins| pins.iter().map(|pin| pin.scenario.clone()).collect());
    let view = page.view.get();
    page.standing.with(|scenario| figure::contenders(scenario, &pins, view))
}

/// The scenario as it competes.
fn offered(page: &Page) -> Scenario {
    let closed = page.view.get().closed;
    page.standing.with(|scenario| if closed { scenario.clone() } else { opened(scenario) })
}

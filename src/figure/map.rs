//! Who is best where: the break-even map over two axes, of a scenario, what is pinned, or what else its chips could be.

use crate::chart::heat::{HeatMap, MapCell, Winner};
use crate::chart::model::{self, Paint};
use crate::explore::{Axis, Knob, Map, opened, shared};
use crate::metric::Metric;
use crate::report::explore::map::{self as words, axis_unit};
use crate::scenario::{Load, Scenario, link};
use crate::units::format::Unit;

use super::view::View;

/// Points of the map each way: four halvings of the first spacing.
pub const POINTS: usize = 33;

/// The margin of one that has no rival.
const FULL: f64 = 0.5;

/// What can decide, the usual first.
pub const DECIDES: [Metric; Metric::ALL.len()] = {
    let mut all = Metric::ALL;
    (all[0], all[11]) = (all[11], all[0]);
    all
};

/// Somebody who competes.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// The link of its scenario.
    pub link: String,
    /// Its colour.
    pub paint: Paint,
    /// Its place among the pins; none for the present scenario.
    pub pin: Option<usize>,
}

/// Who competes: the pinned scenarios and the present one, all at the same place on the axes, so that moving along an axis
/// leaves the map as it is. The pinned ones are held to the load, lengths and service level of the present one, unless each
/// has its own (`apart`). The present one comes last, so that letters are those of the pins. What is offered is a rate, unless
/// the view says otherwise.
#[must_use]
pub fn contenders(scenario: &Scenario, pins: &[Scenario], view: View) -> Vec<Contender> {
    let View { map: axes, apart, closed, .. } = view;
    let offered = |own: &Scenario| if closed { own.clone() } else { opened(own) };
    let scenario = &offered(scenario);
    let placed = |scenario: &Scenario| {
        let first = standing(axes.0, scenario);
        link::write(&standing(axes.1, &first), &[])
    };
    let held = |pin: &Scenario| if apart { offered(pin) } else { shared(pin, scenario) };
    let pinned = |(index, pin): (usize, &Scenario)| Contender {
        link: placed(&held(pin)),
        paint: Paint::Series(index + 1),
        pin: Some(index),
    };
    let present = Contender { link: placed(scenario), paint: Paint::Series(0), pin: None };
    let mut all: Vec<Contender> = Vec::new();
    // What differs in nothing but its place on the axes is one contender: of equals none wins.
    for own in pins.iter().enumerate().map(pinned).chain([present]) {
        if !all.iter().any(|other| other.link == own.link) {
            all.push(own);
        }
    }
    all
}

/// What the contenders of a map are called: as they are pinned, the present one as such, and what else its chips could be by
/// its chips.
#[must_use]
pub fn names(map: &Map, contenders: &[Contender], pinned: &[String]) -> Vec<String> {
    let mut names = words::names(map);
    if contenders.len() > 1 {
        for (name, own) in names.iter_mut().zip(contenders) {
            if let Some(pin) = own.pin.and_then(|index| pinned.get(index)) {
                name.clone_from(pin);
            }
        }
    }
    names
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
        // The price is set for all that have the chip, wherever it stands.
        Axis::Price => return scenario.clone(),
    };
    let placed = axis.apply(scenario, usual);
    let reaches = |placed: &Scenario| {
        let ends = axis.values(placed, 2);
        let current = axis.current(scenario).unwrap_or(usual);
        matches!(ends[..], [low, high] if low <= current && current <= high) || axis == Axis::Knob(Knob::Mix)
    };
    placed.filter(reaches).unwrap_or_else(|| scenario.clone())
}

/// The map as a picture. The scenario is the one that competes: in an open loop, unless the view keeps the closed one.
#[must_use]
pub fn heat(
    map: &Map,
    scenario: &Scenario,
    view: View,
    contenders: &[Contender],
    names: &[String],
) -> HeatMap {
    let (axes, metric) = (view.map, view.chosen(&DECIDES));
    let axis = |axis: Axis| {
        let unit = axis_unit(axis, scenario);
        let label = match (axis, &map.priced) {
            (Axis::Price, Some(chip)) => format!("Price of {}", crate::report::words::chip(chip)),
            (Axis::Knob(Knob::Load), _) => match scenario.load {
                Load::Closed { .. } => "Concurrent requests".to_owned(),
                Load::Open { .. } => "Request rate".to_owned(),
            },
            _ => axis.label().to_owned(),
        };
        if axis.is_logarithmic() { model::Axis::log(label, unit) } else { model::Axis::linear(label, unit) }
    };
    let present = words::standing(map, axes.0, scenario).zip(words::standing(map, axes.1, scenario));
    HeatMap {
        title: format!("Best by {}", metric.label().to_ascii_lowercase()),
        x: axis(axes.0),
        y: axis(axes.1),
        xs: map.x.values.clone(),
        ys: map.y.values.clone(),
        winners: winners(contenders, names),
        cells: cells(map),
        margin: "ahead of the next by".to_owned(),
        unit: Unit::Percent,
        boundaries: map.boundary.iter().map(|own| vec![own.from, own.to]).collect(),
        present: present.map(|(x, y)| (x, y, "This scenario".to_owned())),
    }
}

fn winners(contenders: &[Contender], names: &[String]) -> Vec<Winner> {
    let winner = |(index, label): (usize, &String)| Winner {
        id: index.to_string(),
        label: label.clone(),
        // What else the chips could be has no colour of its own.
        paint: contenders
            .get(index)
            .filter(|_| contenders.len() > 1)
            .map_or(Paint::Series(index), |own| own.paint),
    };
    names.iter().enumerate().map(winner).collect()
}

/// The points of the map, row by row from the smallest y.
fn cells(map: &Map) -> Vec<MapCell> {
    let at = |of: &[Vec<Option<f64>>], x: usize, y: usize| of.get(y).and_then(|row| *row.get(x)?);
    let row = |(y, row): (usize, &Vec<Option<usize>>)| -> Vec<MapCell> {
        let cell = |(x, &winner): (usize, &Option<usize>)| MapCell {
            winner,
            margin: at(&map.margins, x, y).unwrap_or(FULL),
            distance: at(&map.distances, x, y).unwrap_or(f64::INFINITY),
            reach: at(&map.reaches, x, y).unwrap_or(0.0),
            note: None,
        };
        row.iter().enumerate().map(cell).collect()
    };
    let mut cells: Vec<MapCell> = map.winners.iter().enumerate().flat_map(row).collect();
    for own in &map.reasons {
        if let Some(cell) = cells.get_mut(own.y * map.x.values.len() + own.x) {
            cell.note = Some(own.reason.clone());
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Scenario {
        link::parse(text).scenario
    }

    #[test]
    fn pins_that_differ_only_along_the_axes_are_one_contender() {
        let view = |map, apart| View { map, apart, ..View::default() };
        let axes = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load));
        let pins = [of("v1&isl=2k"), of("v1&isl=32k&concurrency=8"), of("v1&pool=h200*8&osl=64&ttft=9s")];
        for apart in [false, true] {
            let all = contenders(&of("v1"), &pins, view(axes, apart));
            assert_eq!(all.len(), 2, "{all:?}");
            assert_eq!((all[0].paint, all[1].paint), (Paint::Series(1), Paint::Series(3)));
            assert_eq!((all[0].pin, all[1].pin), (Some(0), Some(2)));
            assert_ne!(all[0].link, all[1].link);
            // What is not mapped is that of the present scenario, or its own.
            let own = &all[1].link;
            assert_eq!(own.contains("osl=64") && own.contains("ttft=9s"), apart, "{all:?}");
        }
        // Over other axes they are three and the scenario itself, if each has its own load and lengths.
        let axes = (Axis::Ttft, Axis::Tpot);
        assert_eq!(contenders(&of("v1"), &pins, view(axes, true)).len(), 4);
        assert_eq!(contenders(&of("v1"), &pins, view(axes, false)).len(), 2);
    }

    #[test]
    fn a_rate_is_offered_unless_the_view_keeps_the_closed_loop() {
        let view = View { map: (Axis::Ttft, Axis::Tpot), ..View::default() };
        let own = &contenders(&of("v1"), &[], view)[0].link;
        assert!(own.contains("rate="), "{own}");
        let own = &contenders(&of("v1"), &[], View { closed: true, ..view })[0].link;
        assert!(!own.contains("rate="), "{own}");
    }
}

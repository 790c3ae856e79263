//! Who is best where: the break-even map over two axes, of a scenario, what is pinned, or what else its chips could be.

use crate::chart::heat::{HeatMap, MapCell, Winner};
use crate::chart::model::{self, Paint};
use crate::explore::{Axis, Deployed, Knob, Map, shared};
use crate::metric::Metric;
use crate::report::explore::map::{axis_unit, is_twin};
use crate::report::words::letter;
use crate::scenario::{Scenario, link};
use crate::units::format::Unit;

/// Points of the map each way: four halvings of the first spacing.
pub const POINTS: usize = 33;

/// From this margin on the colour is full.
const FULL: f64 = 0.5;

/// What can decide, the usual first.
pub const DECIDES: [Metric; Metric::ALL.len()] = {
    let mut all = Metric::ALL;
    (all[0], all[11]) = (all[11], all[0]);
    all
};

/// Who competes, as links: the pinned scenarios and the present one, all at the same place on the axes, so that moving
/// along an axis leaves the map as it is. The pinned ones are held to the load, lengths and service level of the present
/// one, unless each has its own (`apart`). The present one comes last, so that letters are those of the pins.
#[must_use]
pub fn contenders(
    scenario: &Scenario,
    pins: &[Scenario],
    axes: (Axis, Axis),
    apart: bool,
) -> Vec<(String, Paint)> {
    let placed = |scenario: &Scenario| {
        let first = standing(axes.0, scenario);
        link::write(&standing(axes.1, &first), &[])
    };
    let held = |pin: &Scenario| if apart { pin.clone() } else { shared(pin, scenario) };
    let pinned = |(index, pin): (usize, &Scenario)| (placed(&held(pin)), Paint::Series(index + 1));
    let mut all: Vec<(String, Paint)> = Vec::new();
    // What differs in nothing but its place on the axes is one contender: of equals none wins.
    for own in pins.iter().enumerate().map(pinned).chain([(placed(scenario), Paint::Series(0))]) {
        if !all.iter().any(|other| other.0 == own.0) {
            all.push(own);
        }
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
#[must_use]
pub fn heat(map: &Map, scenario: &Scenario, axes: (Axis, Axis), metric: Metric, paints: &[Paint]) -> HeatMap {
    let axis = |axis: Axis| {
        let unit = axis_unit(axis, scenario);
        if axis.is_logarithmic() {
            model::Axis::log(axis.label(), unit)
        } else {
            model::Axis::linear(axis.label(), unit)
        }
    };
    let present = axes.0.current(scenario).zip(axes.1.current(scenario));
    HeatMap {
        title: format!("Best by {}", metric.label().to_ascii_lowercase()),
        x: axis(axes.0),
        y: axis(axes.1),
        xs: map.x.values.clone(),
        ys: map.y.values.clone(),
        winners: winners(map, paints),
        cells: cells(map),
        margin: "ahead of the next by".to_owned(),
        unit: Unit::Percent,
        full: FULL,
        boundaries: map.boundary.iter().map(|own| vec![own.from, own.to]).collect(),
        present: present.map(|(x, y)| (x, y, "This scenario".to_owned())),
    }
}

fn winners(map: &Map, paints: &[Paint]) -> Vec<Winner> {
    let winner = |(index, own): (usize, &Deployed)| {
        let twin = is_twin(map.contenders.iter().map(|own| &own.label), &own.label);
        Winner {
            id: index.to_string(),
            label: if twin { format!("{}: {}", letter(index), own.label) } else { own.label.clone() },
            // What else the chips could be has no colour of its own.
            paint: paints.get(index).filter(|_| paints.len() > 1).copied().unwrap_or(Paint::Series(index)),
        }
    };
    map.contenders.iter().enumerate().map(winner).collect()
}

/// The points of the map, row by row from the smallest y.
fn cells(map: &Map) -> Vec<MapCell> {
    let points = map.winners.iter().flatten().zip(map.margins.iter().flatten());
    let cell = |(&winner, &margin): (&Option<usize>, &Option<f64>)| MapCell {
        winner,
        margin: margin.unwrap_or(FULL),
        note: None,
    };
    let mut cells: Vec<MapCell> = points.map(cell).collect();
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

    #[test]
    fn pins_that_differ_only_along_the_axes_are_one_contender() {
        let of = |text: &str| link::parse(text).scenario;
        let axes = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load));
        let pins = [of("v1&isl=2k"), of("v1&isl=32k&concurrency=8"), of("v1&pool=h200*8&osl=64&ttft=9s")];
        for apart in [false, true] {
            let all = contenders(&of("v1"), &pins, axes, apart);
            assert_eq!(all.len(), 2, "{all:?}");
            assert_eq!((all[0].1, all[1].1), (Paint::Series(1), Paint::Series(3)));
            assert_ne!(all[0].0, all[1].0);
            // What is not mapped is that of the present scenario, or its own.
            assert_eq!(all[1].0.contains("osl=64") && all[1].0.contains("ttft=9s"), apart, "{all:?}");
        }
        // Over other axes they are three and the scenario itself, if each has its own load and lengths.
        let axes = (Axis::Ttft, Axis::Tpot);
        assert_eq!(contenders(&of("v1"), &pins, axes, true).len(), 4);
        assert_eq!(contenders(&of("v1"), &pins, axes, false).len(), 2);
    }
}

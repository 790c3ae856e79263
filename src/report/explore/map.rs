//! The break-even map as characters, sentences and JSON.

use serde::Serialize;

use super::{change, label, miss, value};
use crate::explore::{Axis, Fare, Knob, Map, Segment};
use crate::report::{finite, words};
use crate::scenario::{Load, Scenario, link};
use crate::units::format::{Precision, Unit};

/// How values of an axis are written.
#[must_use]
pub const fn axis_unit(axis: Axis, scenario: &Scenario) -> Unit {
    match axis {
        Axis::Knob(Knob::Isl | Knob::Osl) => Unit::Tokens,
        Axis::Knob(Knob::Load) => match scenario.load {
            Load::Closed { .. } => Unit::Count,
            Load::Open { .. } => Unit::RequestsPerSecond,
        },
        Axis::Knob(Knob::ModelSize) => Unit::Parameters,
        Axis::Knob(Knob::Mix | Knob::Hit) => Unit::Percent,
        Axis::Ttft | Axis::Tpot => Unit::Seconds,
    }
}

/// The letter of a contender: A, B, C and so on.
#[must_use]
pub fn letter(contender: usize) -> char {
    u8::try_from(contender).ok().filter(|own| *own < 26).map_or('*', |own| char::from(b'A' + own))
}

/// How a contender fares, in words.
#[must_use]
pub fn fare(map: &Map, fare: &Fare) -> String {
    match fare {
        Fare::Keeps { value: own } => value(map.metric(), *own),
        Fare::Misses { miss: own } => format!("misses the service level: {}", miss(*own)),
        Fare::Refused { refusal } => words::refusal(refusal),
        Fare::Unknown { reason } => reason.clone(),
    }
}

/// What there is to say of a point: who wins by how much, or why nobody does.
#[must_use]
pub fn reason(map: &Map, x: usize, y: usize) -> String {
    let name =
        |index: usize| map.contenders().get(index).map_or_else(String::new, |own| own_label(map, own, index));
    let cell = map.cell(x, y);
    let fares = match cell {
        Some(cell) if !cell.fares.is_empty() => cell.fares.clone(),
        _ => map.fares(x, y),
    };
    let others = |winner: Option<usize>| {
        let texts = fares
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != winner)
            .map(|(index, own)| format!("{}: {}", name(index), fare(map, own).trim_end_matches('.')));
        texts.collect::<Vec<_>>().join("; ")
    };
    match cell.and_then(|cell| Some((cell.winner?, cell.margin))) {
        Some((winner, margin)) => {
            let own = fares.get(winner).map_or_else(String::new, |own| fare(map, own));
            let by = margin.map_or_else(String::new, |margin| {
                format!(", {} ahead", change(margin).trim_start_matches('+'))
            });
            format!("{} wins with {own}{by}. {}.", name(winner), others(Some(winner)))
        }
        None => format!("Nothing keeps the service level. {}.", others(None)),
    }
}

fn own_label(map: &Map, scenario: &Scenario, index: usize) -> String {
    let own = label(scenario);
    // Contenders of equal chips differ in something else, which only their letter tells apart.
    let twins = map.contenders().iter().filter(|other| label(other) == own).count() > 1;
    if twins { format!("{} ({own})", letter(index)) } else { own }
}

/// The map in letters, largest y on top, with what they mean.
#[must_use]
pub fn text(map: &Map) -> String {
    let (xs, ys) = map.values();
    let (wins, none) = map.tally();
    let all = (xs.len() * ys.len()).max(1) as f64;
    let mut page = format!("Best by {} within the service level.\n\n", map.metric().short());
    for (index, contender) in map.contenders().iter().enumerate() {
        let share = wins.get(index).copied().unwrap_or(0) as f64 / all;
        let share = Unit::Percent.format_with(share, Precision::SHORT);
        page.push_str(&format!("  {}  {}, best on {share} of the map\n", letter(index), label(contender)));
    }
    let share = Unit::Percent.format_with(none as f64 / all, Precision::SHORT);
    page.push_str(&format!("  ·  nothing keeps the service level, {share} of the map\n\n"));
    let Some(scenario) = map.contenders().first() else { return page };
    let (x_unit, y_unit) = (axis_unit(map.axes().0, scenario), axis_unit(map.axes().1, scenario));
    let labels: Vec<String> = ys.iter().map(|&own| y_unit.format(own)).collect();
    let width = labels.iter().map(|own| own.chars().count()).max().unwrap_or(0);
    for y in (0..ys.len()).rev() {
        let shown = y % 4 == 0 || y + 1 == ys.len();
        let tick = labels.get(y).filter(|_| shown).map_or("", String::as_str);
        page.push_str(&format!("  {tick:>width$} "));
        for x in 0..xs.len() {
            page.push(match map.cell(x, y).map(|cell| cell.winner) {
                Some(Some(winner)) => letter(winner),
                Some(None) => '·',
                None => ' ',
            });
        }
        page.push('\n');
    }
    if let (Some(&first), Some(&last)) = (xs.first(), xs.last()) {
        page.push_str(&format!(
            "\n  {} from {} to {} across, {} upwards.\n",
            map.axes().0.label(),
            x_unit.format(first),
            x_unit.format(last),
            lower(map.axes().1.label())
        ));
    }
    page
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// The map as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapReport {
    /// The contenders.
    pub contenders: Vec<Contender>,
    /// The metric that decides.
    pub metric: &'static str,
    /// The horizontal axis.
    pub x: AxisReport,
    /// The vertical axis.
    pub y: AxisReport,
    /// Index of the winner at each point, row by row from the smallest y; null where nothing keeps the service level.
    pub winners: Vec<Vec<Option<usize>>>,
    /// How far the runner-up is behind; null where there is none.
    pub margins: Vec<Vec<Option<f64>>>,
    /// Lines along which the winner changes.
    pub boundary: Vec<Segment>,
    /// Points that were evaluated; the others follow their neighbours.
    pub evaluated: usize,
    /// Points at which nothing keeps the service level, with the reason of each contender.
    pub empty: Vec<Empty>,
}

/// One contender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contender {
    /// Its pools in words.
    pub label: String,
    /// Its scenario.
    pub link: String,
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisReport {
    /// Identifier.
    pub id: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Values, smallest first.
    pub values: Vec<f64>,
}

/// A point at which nothing keeps the service level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Empty {
    /// Position among the values of x.
    pub x: usize,
    /// Position among the values of y.
    pub y: usize,
    /// Why.
    pub reason: String,
}

impl MapReport {
    /// Puts a map into plain data.
    #[must_use]
    pub fn new(map: &Map) -> Self {
        let (xs, ys) = map.values();
        let axis = |axis: Axis, values: &[f64]| AxisReport {
            id: axis.id(),
            label: axis.label(),
            values: values.to_vec(),
        };
        let rows = |of: &dyn Fn(usize, usize) -> Option<f64>| -> Vec<Vec<Option<f64>>> {
            (0..ys.len()).map(|y| (0..xs.len()).map(|x| of(x, y)).collect()).collect()
        };
        let winners =
            (0..ys.len()).map(|y| (0..xs.len()).map(|x| map.cell(x, y).and_then(|own| own.winner)).collect());
        let mut empty = Vec::new();
        for y in 0..ys.len() {
            for x in 0..xs.len() {
                // Only points that were evaluated, so that writing a map never takes longer than making it.
                if map.cell(x, y).is_some_and(|own| own.winner.is_none() && !own.fares.is_empty()) {
                    empty.push(Empty { x, y, reason: reason(map, x, y) });
                }
            }
        }
        Self {
            contenders: map
                .contenders()
                .iter()
                .map(|own| Contender { label: label(own), link: link::write(own, &[]) })
                .collect(),
            metric: map.metric().id(),
            x: axis(map.axes().0, xs),
            y: axis(map.axes().1, ys),
            winners: winners.collect(),
            margins: rows(&|x, y| map.cell(x, y).and_then(|own| own.margin).and_then(finite)),
            boundary: map.boundary(),
            evaluated: map.evaluated(),
            empty,
        }
    }
}

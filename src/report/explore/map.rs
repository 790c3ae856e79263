//! The break-even map as characters and sentences.

use super::{change, miss, value};
use crate::explore::{Axis, CellOutcome, Deployed, Knob, Map, MapSearch, Reason};
use crate::report::words::{self, letter};
use crate::scenario::{Load, Scenario};
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

/// What a contender comes to, in words.
fn outcome(map: &MapSearch, outcome: &CellOutcome) -> String {
    match outcome {
        CellOutcome::Keeps { value: own } => value(map.metric(), *own),
        CellOutcome::Misses { saturation: Some(own), .. } => own.to_string(),
        CellOutcome::Misses { miss: own, .. } => format!("misses the service level: {}", miss(*own)),
        CellOutcome::Refused { refusal } => words::refusal(refusal),
        CellOutcome::Unknown { reason } => reason.clone(),
    }
}

/// What there is to say of a point: who wins by how much, or why nobody does.
#[must_use]
pub fn reason(map: &MapSearch, x: usize, y: usize) -> String {
    let labels: Vec<String> = map.contenders().iter().map(|own| Deployed::of(own).label).collect();
    let name = |index: usize| {
        let own = labels.get(index).map_or("", String::as_str);
        // Contenders of equal chips differ in something else, which only their letter tells apart.
        if is_twin(labels.iter(), own) { format!("{} ({own})", letter(index)) } else { own.to_owned() }
    };
    let cell = map.cell(x, y);
    let outcomes = match cell {
        Some(cell) if !cell.outcomes.is_empty() => cell.outcomes.clone(),
        _ => map.outcomes(x, y),
    };
    let others = |winner: Option<usize>| {
        let texts = outcomes
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != winner)
            .map(|(index, own)| format!("{}: {}", name(index), outcome(map, own).trim_end_matches('.')));
        texts.collect::<Vec<_>>().join("; ")
    };
    match cell.and_then(|cell| Some((cell.winner?, cell.margin))) {
        Some((winner, margin)) => {
            let own = outcomes.get(winner).map_or_else(String::new, |own| outcome(map, own));
            let by = margin.map_or_else(String::new, |margin| {
                format!(", {} ahead", change(margin).trim_start_matches('+'))
            });
            format!("{} wins with {own}{by}. {}.", name(winner), others(Some(winner)))
        }
        None => format!("Nothing keeps the service level. {}.", others(None)),
    }
}

/// Whether several contenders have this label.
pub fn is_twin<'a>(labels: impl Iterator<Item = &'a String>, label: &str) -> bool {
    labels.filter(|own| *own == label).count() > 1
}

/// The map in letters, largest y on top, with what they mean.
#[must_use]
pub fn text(map: &MapSearch) -> String {
    let (xs, ys) = map.values();
    let (wins, none) = map.tally();
    let all = (xs.len() * ys.len()).max(1) as f64;
    let mut page = format!("Best by {} within the service level.\n\n", map.metric().short());
    for (index, contender) in map.contenders().iter().enumerate() {
        let share = wins.get(index).copied().unwrap_or(0) as f64 / all;
        let share = Unit::Percent.format_with(share, Precision::SHORT);
        page.push_str(&format!(
            "  {}  {}, best on {share} of the map\n",
            letter(index),
            Deployed::of(contender).label
        ));
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

/// The map with the reasons why points are empty: of evaluated points only, so that telling never takes longer than the
/// map itself.
#[must_use]
pub fn answer(map: &MapSearch) -> Map {
    let mut answer = map.answer();
    let (xs, ys) = map.values();
    for y in 0..ys.len() {
        for x in 0..xs.len() {
            if map.cell(x, y).is_some_and(|own| own.winner.is_none() && !own.outcomes.is_empty()) {
                answer.reasons.push(Reason { x, y, reason: reason(map, x, y) });
            }
        }
    }
    answer
}

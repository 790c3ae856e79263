//! The break-even map as characters and sentences.

use super::{change, miss, service_level, value};
use crate::cost::chip_price;
use crate::explore::{Axis, AxisValues, CellOutcome, Deployed, Excluded, Knob, Map, MapSearch, Reason};
use crate::report::difference::best;
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
        Axis::Price => Unit::DollarsPerHour,
    }
}

/// What a contender comes to, in words.
fn outcome(map: &MapSearch, outcome: &CellOutcome) -> String {
    match outcome {
        CellOutcome::Keeps { value: own, .. } => value(map.metric(), *own),
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

/// What the contenders are called: their deployments, and of equal chips their letter besides.
#[must_use]
pub fn names(map: &Map) -> Vec<String> {
    let labels = || map.contenders.iter().map(|own| &own.label);
    let name = |(index, own): (usize, &Deployed)| {
        if is_twin(labels(), &own.label) {
            format!("{}: {}", letter(index), own.label)
        } else {
            own.label.clone()
        }
    };
    map.contenders.iter().enumerate().map(name).collect()
}

/// Where a scenario stands on an axis of a map.
#[must_use]
pub fn standing(map: &Map, axis: Axis, scenario: &Scenario) -> Option<f64> {
    match (axis, &map.priced) {
        (Axis::Price, Some(chip)) => chip_price(scenario, chip).ok().map(|own| own.get()),
        _ => axis.current(scenario),
    }
}

/// What is shorter than this ratio of its ends is not worth a word.
const SLIVER: f64 = 1.08;

/// A stretch of a row or column with one winner, and where it begins and ends, if not at the edge of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    winner: Option<usize>,
    from: Option<f64>,
    to: Option<f64>,
}

/// One line through a map: the values along it, and what it crosses.
struct Line<'a> {
    map: &'a Map,
    /// Whether it runs along x, at this place among the values of y, or the other way round.
    across: bool,
    at: usize,
}

impl Line<'_> {
    fn axis(&self) -> &AxisValues {
        if self.across { &self.map.x } else { &self.map.y }
    }

    /// The value at which it crosses the other axis.
    fn place(&self) -> f64 {
        let other = if self.across { &self.map.y } else { &self.map.x };
        other.values.get(self.at).copied().unwrap_or(f64::NAN)
    }

    fn winner(&self, index: usize) -> Option<usize> {
        let (x, y) = if self.across { (index, self.at) } else { (self.at, index) };
        *self.map.winners.get(y)?.get(x)?
    }

    /// Where the winner changes between two values that follow each other: on the boundary, else in the middle.
    fn crossing(&self, low: f64, high: f64) -> f64 {
        let place = self.place();
        let ends = self.map.boundary.iter().flat_map(|own| [own.from, own.to]);
        let along = ends.map(|(x, y)| if self.across { (x, y) } else { (y, x) });
        let on = |&(own, other): &(f64, f64)| {
            (other - place).abs() <= 1e-9 * place.abs() && low <= own && own <= high
        };
        let middle =
            if self.axis().axis.is_logarithmic() { (low * high).sqrt() } else { f64::midpoint(low, high) };
        along.filter(on).map(|own| own.0).next().unwrap_or(middle)
    }

    fn stretches(&self) -> Vec<Stretch> {
        let values = &self.axis().values;
        let mut all: Vec<Stretch> = Vec::new();
        for (index, &value) in values.iter().enumerate() {
            let winner = self.winner(index);
            match all.last_mut() {
                Some(last) if last.winner == winner => {}
                Some(last) => {
                    let before = index.checked_sub(1).and_then(|own| values.get(own)).copied();
                    let at = self.crossing(before.unwrap_or(value), value);
                    last.to = Some(at);
                    all.push(Stretch { winner, from: Some(at), to: None });
                }
                None => all.push(Stretch { winner, from: None, to: None }),
            }
        }
        self.without_slivers(all)
    }

    /// Without stretches that are too short to be worth a word: what is before them goes on to their middle.
    fn without_slivers(&self, all: Vec<Stretch>) -> Vec<Stretch> {
        let log = self.axis().axis.is_logarithmic();
        let whole = self.axis().values.first().zip(self.axis().values.last());
        let short = |from: f64, to: f64| match whole {
            Some(_) if log => to / from < SLIVER,
            Some((low, high)) => (to - from) / (high - low) < SLIVER - 1.0,
            None => false,
        };
        let mut kept: Vec<Stretch> = Vec::new();
        for own in all {
            let place = match (own.from, own.to) {
                (Some(from), Some(to)) if short(from, to) => {
                    Some(if log { (from * to).sqrt() } else { f64::midpoint(from, to) })
                }
                _ => None,
            };
            match (place, kept.last_mut()) {
                (Some(place), Some(last)) => last.to = Some(place),
                (_, Some(last)) if last.winner == own.winner => last.to = own.to,
                (_, last) => {
                    let from = last.map_or(own.from, |last| last.to);
                    kept.push(Stretch { from, ..own });
                }
            }
        }
        kept
    }
}

/// A place on an axis, after "at": `8k input`, `4 req/s`.
fn place(map: &Map, axis: Axis, scenario: &Scenario, value: f64) -> String {
    let text = axis_unit(axis, scenario).format_with(value, Precision::SHORT);
    match axis {
        Axis::Knob(Knob::Isl) => format!("{text} input tokens"),
        Axis::Knob(Knob::Osl) => format!("{text} output tokens"),
        Axis::Knob(Knob::Load) => match scenario.load {
            Load::Closed { .. } => format!("{text} concurrent requests"),
            Load::Open { .. } => text,
        },
        Axis::Knob(Knob::ModelSize) => format!("{text} parameters"),
        Axis::Knob(Knob::Mix) => format!("{text} of the chips in prefill"),
        Axis::Knob(Knob::Hit) => format!("{text} cache hits"),
        Axis::Ttft => format!("a TTFT limit of {text}"),
        Axis::Tpot => format!("a TPOT limit of {text}"),
        Axis::Price => {
            let chip = map.priced.as_deref().map_or("a chip", words::chip);
            format!("{text} for {chip}")
        }
    }
}

/// A place on an axis that stands for that of the scenario: `about 8k input tokens`.
fn near(map: &Map, axis: Axis, scenario: &Scenario, value: f64) -> String {
    match standing(map, axis, scenario) {
        // Half the way to the next point.
        Some(own) if (own / value).max(value / own) < 1.25 => {
            let about = if (own / value - 1.0).abs() < 5e-3 { "" } else { "about " };
            format!("{about}{}", place(map, axis, scenario, own))
        }
        _ => place(map, axis, scenario, value),
    }
}

/// Who is best along a line: `B200 is cheaper below 12k input, H200 above`.
fn along(line: &Line<'_>, scenario: &Scenario, names: &[String], several: bool) -> String {
    let map = line.map;
    let axis = line.axis().axis;
    let verb = best(map.metric)[usize::from(several)];
    let name = |own: usize| names.get(own).map_or("", String::as_str);
    let at = |value: f64| place(map, axis, scenario, value);
    let all = line.stretches();
    let mut said = false;
    let parts: Vec<String> = all
        .iter()
        .map(|own| {
            let reach = match (own.from, own.to) {
                (None, None) => format!("at every {} shown", along_all(map, axis)),
                (None, Some(to)) => format!("below {}", at(to)),
                (Some(from), None) if all.len() == 2 && said => {
                    let _ = from;
                    "above".to_owned()
                }
                (Some(from), None) => format!("above {}", at(from)),
                (Some(from), Some(to)) => format!("from {} to {}", at(from), at(to)),
            };
            match own.winner {
                Some(winner) if said => format!("{} {reach}", name(winner)),
                Some(winner) => {
                    said = true;
                    format!("{} {verb} {reach}", name(winner))
                }
                None => format!("none keeps the service level {reach}"),
            }
        })
        .collect();
    parts.join(", ")
}

/// What an axis varies, inside a sentence.
fn along_all(map: &Map, axis: Axis) -> String {
    match (axis, &map.priced) {
        (Axis::Price, Some(chip)) => format!("price of {}", words::chip(chip)),
        _ => lower(axis.label()),
    }
}

/// The price below which the contender with the chip of the price axis is best, where that varies along a line.
fn price_along(line: &Line<'_>) -> Option<(usize, Option<f64>)> {
    let all = line.stretches();
    let chip = line.map.priced.as_deref()?;
    let has = |own: &Stretch| {
        let winner = own.winner?;
        let scenario = line.map.contenders.get(winner)?.scenario();
        crate::explore::kinds(&scenario).iter().any(|own| own == chip).then_some(winner)
    };
    let first = all.first()?;
    Some((has(first)?, first.to))
}

/// The map in a sentence or two, about the place of the scenario: who is best, from where on it is another, and for a chip
/// whose price varies, the price it would have to have.
#[must_use]
pub fn sentence(map: &Map, scenario: &Scenario, names: &[String]) -> String {
    sentences(map, scenario, names).join(" ")
}

/// The same apart, the answer first.
#[must_use]
pub fn sentences(map: &Map, scenario: &Scenario, names: &[String]) -> Vec<String> {
    let nearest = |axis: &AxisValues| {
        let middle = axis.values.len() / 2;
        let Some(own) = standing(map, axis.axis, scenario) else { return middle };
        let past = axis.values.partition_point(|value| *value < own);
        let far = |index: usize| {
            let value = axis.values.get(index).copied().unwrap_or(f64::NAN);
            if axis.axis.is_logarithmic() { libm::log(value / own).abs() } else { (value - own).abs() }
        };
        let before = past.saturating_sub(1);
        if past < axis.values.len() && far(past) <= far(before) { past } else { before }
    };
    if map.winners.is_empty() {
        return Vec::new();
    }
    let several = map.contenders.len() > 2;
    let row = Line { map, across: true, at: nearest(&map.y) };
    let column = Line { map, across: false, at: nearest(&map.x) };
    let other = |line: &Line<'_>| {
        let axis = if line.across { &map.y } else { &map.x };
        near(map, axis.axis, scenario, line.place())
    };
    let lines = match (map.x.axis, map.y.axis) {
        (Axis::Price, _) => [&row, &column],
        (_, Axis::Price) => [&column, &row],
        _ => [&row, &column],
    };
    let mut told = Vec::new();
    if map.priced.is_some() {
        told.push(priced(map, scenario, names, &telling(lines[0]), several));
        let known = standing(map, Axis::Price, scenario).is_some();
        if known {
            told.push(format!("At {}, {}.", other(lines[1]), along(lines[1], scenario, names, several)));
        }
    } else {
        told.extend(
            lines.map(|line| format!("At {}, {}.", other(line), along(line, scenario, names, several))),
        );
    }
    let here = (row.at, column.at);
    let left = |of: &[Vec<Option<f64>>]| *of.get(here.0)?.get(here.1)?;
    if left(&map.distances).zip(left(&map.reaches)).is_some_and(|(distance, reach)| distance < reach) {
        told.push("Here the error bands overlap: too close to call.".to_owned());
    }
    told
}

/// The line of prices nearest to this one on which the price decides; this one where there is none.
fn telling<'a>(line: &Line<'a>) -> Line<'a> {
    let Line { map, across, at } = *line;
    let count = if across { map.y.values.len() } else { map.x.values.len() };
    let mut all: Vec<usize> = (0..count).collect();
    all.sort_by_key(|own| own.abs_diff(at));
    let decides = |at: &usize| matches!(price_along(&Line { map, across, at: *at }), Some((_, Some(_))));
    let at = all.into_iter().find(decides).unwrap_or(at);
    Line { map, across, at }
}

/// `8 × B200 SXM is cheaper at 8k input tokens if B200 SXM rents under $3.2/h; under $4/h at 512 input tokens, at no price at 128k
/// input tokens.`
fn priced(map: &Map, scenario: &Scenario, names: &[String], line: &Line<'_>, several: bool) -> String {
    let chip = map.priced.as_deref().map_or("", words::chip);
    let verb = best(map.metric)[usize::from(several)];
    let other = if line.across { &map.y } else { &map.x };
    let price = |own: f64| Unit::DollarsPerHour.format_with(own, Precision::SHORT);
    let name = |own: usize| names.get(own).map_or("", String::as_str);
    let ends = [0, other.values.len().saturating_sub(1)].into_iter().filter(|own| *own != line.at);
    let ends: Vec<Line<'_>> = ends.map(|at| Line { map, across: line.across, at }).collect();
    let at = |line: &Line<'_>| place(map, other.axis, scenario, line.place());
    let here = near(map, other.axis, scenario, line.place());
    if let Some((winner, Some(to))) = price_along(line) {
        let rest = ends.iter().map(|own| match price_along(own) {
            Some((_, Some(to))) => format!("under {} at {}", price(to), at(own)),
            Some((_, None)) => format!("at any price shown at {}", at(own)),
            None => format!("at no price shown at {}", at(own)),
        });
        let rest: Vec<String> = rest.collect();
        let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(", ")) };
        return format!("{} {verb} at {here} if {chip} rents under {}{rest}.", name(winner), price(to));
    }
    format!("At {here}, {}.", along(line, scenario, names, several))
}

/// Who wins nowhere, and why: what most of the points at which it competed say.
#[must_use]
pub fn excluded(map: &MapSearch) -> Vec<Excluded> {
    let (wins, _) = map.tally();
    let lost = wins.iter().enumerate().filter(|(_, wins)| **wins == 0).map(|(index, _)| index);
    let reason = |contender: usize| {
        let outcomes = map.cells().iter().flatten().filter_map(|cell| cell.outcomes.get(contender));
        let mut reasons: Vec<(String, usize)> = Vec::new();
        for own in outcomes {
            let told = match own {
                CellOutcome::Keeps { .. } => {
                    format!("never {}", best(map.metric())[1].trim_start_matches("is "))
                }
                CellOutcome::Misses { miss: own, .. } => format!("misses the service level: {}", miss(*own)),
                other => outcome(map, other).trim_end_matches('.').to_owned(),
            };
            match reasons.iter_mut().find(|(own, _)| *own == told) {
                Some((_, count)) => *count += 1,
                None => reasons.push((told, 1)),
            }
        }
        reasons.into_iter().max_by_key(|(_, count)| *count).map(|(reason, _)| reason).unwrap_or_default()
    };
    lost.map(|contender| Excluded { contender, reason: reason(contender) }).collect()
}

/// The same in a line; nothing where everybody wins somewhere.
#[must_use]
pub fn excluded_line(map: &Map, names: &[String]) -> String {
    let one = |own: &Excluded| {
        let name = names.get(own.contender).map_or("", String::as_str);
        format!("{name} ({})", own.reason)
    };
    let all: Vec<String> = map.excluded.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!("Wins nowhere: {}.", all.join("; ")) }
}

/// The map in letters, largest y on top, with what they mean.
#[must_use]
pub fn text(map: &MapSearch) -> String {
    let (xs, ys) = map.values();
    let (wins, none) = map.tally();
    let all = (xs.len() * ys.len()).max(1) as f64;
    let found = answer(map);
    let called = names(&found);
    let first = map.contenders().first();
    let level = first.map(service_level).filter(|own| !own.is_empty());
    let level = level.map_or_else(String::new, |own| format!(" among those that keep {own}"));
    let mut page = first.map_or_else(String::new, |own| format!("{}\n", sentence(&found, own, &called)));
    page.push_str(&format!("Best by {}{level}.\n\n", map.metric().short()));
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
    let out = excluded_line(&found, &called);
    if !out.is_empty() {
        page.push_str(&format!("{out}\n\n"));
    }
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
    let mut answer = Map { excluded: excluded(map), ..map.answer() };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;
    use crate::scenario::link;

    fn of(links: &[&str], axes: (Axis, Axis)) -> (Map, Scenario, Vec<String>) {
        let all: Vec<Scenario> = links.iter().map(|own| link::parse(own).scenario).collect();
        let mut search = MapSearch::new(&all, Metric::CostTotal, axes, 17);
        while !search.step(100) {}
        let map = answer(&search);
        let names = names(&map);
        (map, all[1].clone(), names)
    }

    fn plain(text: &str) -> String {
        text.replace(['\u{a0}', '\u{202f}'], " ")
    }

    const FREE: &str = "v1&model=llama3-70b&rate=1&ttft=none&tpot=none";

    /// The price that is told is the one at which both cost the same, and who is out says why.
    #[test]
    fn a_sentence_tells_the_price_at_which_it_turns() {
        let links = [&*format!("{FREE}&pool=h200*8"), &format!("{FREE}&pool=b200*8")];
        let (map, scenario, names) = of(&links, (Axis::Knob(Knob::Isl), Axis::Price));
        let told = plain(&sentences(&map, &scenario, &names)[0]);
        let h200 = chip_price(&scenario, "h200").unwrap().get();
        let price = plain(&Unit::DollarsPerHour.format_with(h200, Precision::SHORT));
        let start =
            format!("8 × B200 SXM is cheaper at about 8k input tokens if B200 SXM rents under {price}");
        assert!(told.starts_with(&start), "{told}");
        assert_eq!(excluded_line(&map, &names), "");
    }

    #[test]
    fn a_sentence_tells_from_where_on_another_is_best() {
        // The second keeps the limits up to more load; it costs more where both do.
        let links = [
            "v1&model=llama3-70b&rate=2&pool=h200*8:tp8&tpot=none",
            "v1&model=llama3-70b&rate=2&pool=b200*16:tp8&tpot=none",
        ];
        let (map, scenario, names) = of(&links, (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load)));
        let told = plain(&sentence(&map, &scenario, &names));
        assert!(
            told.contains("8 × H200 SXM tp8 is cheaper below ") && told.contains("16 × B200 SXM tp8 "),
            "{told}"
        );
        let line = Line { map: &map, across: false, at: 8 };
        let all = line.stretches();
        let [first, ..] = &all[..] else { panic!("nobody wins") };
        // Up to there the first keeps the limits, and no further.
        let at = |load: f64| {
            let isl = map.x.values[8];
            let own = Axis::Knob(Knob::Isl).apply(&map.contenders[0].scenario(), isl).unwrap();
            let own = Axis::Knob(Knob::Load).apply(&own, load).unwrap();
            let evaluation = crate::evaluate::evaluate(&own).unwrap();
            crate::explore::miss(&own.slo, &evaluation).is_none()
        };
        assert_eq!(first.winner, Some(0));
        let to = first.to.unwrap();
        assert!(at(to * 0.97) && !at(to * 1.03), "{to}");
    }

    #[test]
    fn who_has_no_price_is_excluded_and_why() {
        let links = [
            &*format!("{FREE}&pool=h200*8"),
            &format!("{FREE}&prefill=h200*8&decode=groq3-lp30*512&link=50GB/s"),
        ];
        let (map, _, names) = of(&links, (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load)));
        let told = plain(&excluded_line(&map, &names));
        assert!(
            told.starts_with("Wins nowhere: ") && told.contains("Groq 3 LPU") && told.contains("price"),
            "{told}"
        );
    }

    #[test]
    fn slivers_are_not_worth_a_word() {
        let map = Map::default();
        let line = Line { map: &map, across: true, at: 0 };
        let map =
            Map { x: AxisValues { axis: Axis::Knob(Knob::Isl), values: vec![1.0, 1000.0] }, ..map.clone() };
        let line = Line { map: &map, ..line };
        let own = |winner, from, to| Stretch { winner, from, to };
        let all = vec![
            own(Some(0), None, Some(100.0)),
            own(Some(1), Some(100.0), Some(104.0)),
            own(None, Some(104.0), None),
        ];
        let kept = line.without_slivers(all);
        let place = kept[0].to.unwrap();
        assert!(
            kept.len() == 2 && (100.0..104.0).contains(&place) && kept[1].from == Some(place),
            "{kept:?}"
        );
        let wide = vec![own(Some(0), None, Some(100.0)), own(Some(1), Some(100.0), None)];
        assert_eq!(line.without_slivers(wide.clone()), wide);
    }
}

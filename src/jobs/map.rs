//! The break-even map: who is best where, first roughly and then in detail, and at last why.

use super::field::{Fields, Line};
use super::{Slice, Work, ask_of};
use crate::explore::{Axis, Map, rivals};
pub use crate::figure::map::Field;
use crate::metric::Metric;
use crate::report::explore as told;
use crate::scenario::link;

pub(super) const VERB: &str = "map";

/// Points of the map each way: four halvings of the first spacing.
const SIZE: usize = 33;

/// Points evaluated before the map is first shown; from then on, each time that half as many have come.
const FIRST: usize = 25;

/// Points whose reasons are told in one slice.
const REASONS: usize = 4;

/// What to ask: the links of those who compete. One alone is compared with what else its chips could be.
#[must_use]
pub fn question(metric: Metric, axes: (Axis, Axis), links: &[String]) -> String {
    format!("{VERB}\n{}\n{}\n{}\n{}", metric.id(), axes.0.id(), axes.1.id(), links.join("\n"))
}

/// Takes a piece of the answer into what is known.
pub fn read(field: &mut Field, piece: &str) {
    for line in piece.lines() {
        let _ = read_line(field, &mut Fields::of(line));
    }
}

fn read_line(field: &mut Field, fields: &mut Fields<'_>) -> Option<()> {
    match fields.text()? {
        "who" => field.contenders.push((fields.text()?.to_owned(), fields.text()?.to_owned())),
        "x" => field.xs = fields.numbers(),
        "y" => field.ys = fields.numbers(),
        "map" => {
            field.evaluated = fields.number()?;
            field.cells.clear();
            field.boundary.clear();
        }
        "row" => {
            while let Some(winner) = fields.number() {
                let winner = (winner >= 0.0).then_some(winner as usize);
                field.cells.push((winner, fields.number()?));
            }
        }
        "line" => {
            let ends = fields.numbers();
            if let [a, b, c, d] = ends[..] {
                field.boundary.push([(a, b), (c, d)]);
            }
        }
        _ => {
            let index = fields.number()? as usize;
            field.reasons.resize(field.cells.len(), None);
            *field.reasons.get_mut(index)? = Some(fields.text()?.to_owned());
        }
    }
    Some(())
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let mut lines = rest.lines();
    let metric = lines.next().and_then(Metric::from_id).unwrap_or(Metric::CostTotal);
    let mut axis = || lines.next().and_then(Axis::from_id).unwrap_or(Axis::ALL[0]);
    let axes = (axis(), axis());
    let mut contenders: Vec<_> = lines.map(ask_of).collect();
    if let [only] = &contenders[..] {
        contenders = rivals(only);
    }
    Box::new(Drawing { map: Map::new(&contenders, metric, axes, SIZE), due: 0, told: None })
}

struct Drawing {
    map: Map,
    /// Evaluated points at which the map is shown next.
    due: usize,
    /// Points whose reason was told, once the map is complete.
    told: Option<usize>,
}

impl Work for Drawing {
    fn step(&mut self) -> Slice {
        let (xs, ys) = self.map.values();
        let (width, count) = (xs.len(), xs.len() * ys.len());
        if let Some(first) = self.told {
            let last = (first + REASONS).min(count);
            self.told = Some(last);
            let why = |index: usize| {
                let reason = told::map::reason(&self.map, index % width.max(1), index / width.max(1));
                Line::default().text("why").number(index as f64).text(&reason).end()
            };
            return Slice { text: (first..last).map(why).collect(), done: last == count };
        }
        let mut text = if self.due == 0 { self.head() } else { String::new() };
        self.due = self.due.max(FIRST);
        let done = self.map.step(1);
        if done {
            self.told = Some(0);
        }
        if done || self.map.evaluated() >= self.due {
            self.due = self.due.max(self.map.evaluated()) * 3 / 2;
            text += &self.picture();
        }
        Slice { text, done: done && count == 0 }
    }
}

impl Drawing {
    /// Who competes over what.
    fn head(&self) -> String {
        let contenders = self.map.contenders();
        let labels: Vec<String> = contenders.iter().map(told::label).collect();
        let mut text = String::new();
        for (index, (label, scenario)) in labels.iter().zip(contenders).enumerate() {
            let twins = labels.iter().filter(|other| *other == label).count() > 1;
            let letter = if twins { format!("{}: ", told::map::letter(index)) } else { String::new() };
            let line = Line::default().text("who").text(&format!("{letter}{label}"));
            text += &line.text(&link::write(scenario, &[])).end();
        }
        let (xs, ys) = self.map.values();
        for (name, values) in [("x", xs), ("y", ys)] {
            text += &values.iter().fold(Line::default().text(name), |line, &own| line.number(own)).end();
        }
        text
    }

    /// The map as far as it is known.
    fn picture(&self) -> String {
        let (xs, ys) = self.map.values();
        let mut text = Line::default().text("map").number(self.map.evaluated() as f64).end();
        for y in 0..ys.len() {
            let mut line = Line::default().text("row");
            for x in 0..xs.len() {
                let cell = self.map.cell(x, y);
                let winner = cell.and_then(|own| own.winner).map_or(-1.0, |own| own as f64);
                line = line.number(winner).number(cell.and_then(|own| own.margin).unwrap_or(f64::NAN));
            }
            text += &line.end();
        }
        for own in self.map.boundary() {
            let ends = [own.from.0, own.from.1, own.to.0, own.to.1];
            text += &ends.into_iter().fold(Line::default().text("line"), Line::number).end();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Knob;
    use crate::jobs::tests::pieces;

    #[test]
    fn the_map_is_that_of_the_library() {
        let axes = (Axis::Knob(Knob::Isl), Axis::Tpot);
        let links =
            ["v1&model=llama3-8b&pool=h200*8".to_owned(), "v1&model=llama3-8b&pool=b200*4".to_owned()];
        let pieces = pieces(&question(Metric::CostTotal, axes, &links));
        let mut field = Field::default();
        let mut shown = 0;
        for piece in &pieces {
            read(&mut field, piece);
            shown += piece.lines().filter(|line| line.starts_with("map")).count();
        }
        assert!(shown > 2, "the map comes step by step");
        let contenders: Vec<_> = links.iter().map(|own| link::parse(own).scenario).collect();
        let mut map = Map::new(&contenders, Metric::CostTotal, axes, SIZE);
        while !map.step(100) {}
        assert_eq!((&field.xs[..], &field.ys[..]), map.values());
        assert_eq!(field.contenders.len(), 2);
        for (index, own) in field.cells.iter().enumerate() {
            let cell = map.cell(index % SIZE, index / SIZE).unwrap();
            assert_eq!(own.0, cell.winner);
            assert!(cell.margin.is_none_or(|margin| margin == own.1));
        }
        assert_eq!(field.boundary.len(), map.boundary().len());
        assert!(field.reasons.len() == SIZE * SIZE && field.reasons.iter().all(Option::is_some));
        let (at, winner) = field.cells.iter().enumerate().find_map(|(at, own)| Some((at, own.0?))).unwrap();
        let reason = field.reasons[at].clone().unwrap();
        assert!(reason.starts_with(&field.contenders[winner].0), "{reason}");
    }

    #[test]
    fn one_alone_meets_what_else_its_chips_could_be() {
        let axes = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Mix));
        let mut field = Field::default();
        pieces(&question(Metric::CostTotal, axes, &["v1".to_owned()]))
            .iter()
            .for_each(|own| read(&mut field, own));
        assert_eq!(field.contenders.len(), 3);
        // An axis that the first has not makes no map, and an end.
        let only = ["v1&pool=h200*8".to_owned()];
        let mut empty = Field::default();
        pieces(&question(Metric::CostTotal, axes, &only)).iter().for_each(|own| read(&mut empty, own));
        assert!(empty.cells.is_empty() && empty.contenders.len() == 2);
    }
}

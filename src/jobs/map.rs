//! The break-even map: who is best where, first roughly and then in detail, and at last why.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{line, message, messages, tagged};
use crate::explore::{Axis, AxisValues, Excluded, Map, MapSearch, Reason, Segment, rivals};
use crate::figure::map::POINTS;
use crate::metric::Metric;
use crate::report::explore::map::{excluded, reason};
use crate::scenario::{Scenario, link};

/// Points evaluated before the map is first shown; from then on, each time that half as many have come.
const FIRST: usize = 25;

/// Points whose reasons are told in one slice.
const REASONS: usize = 4;

/// What to ask of those who compete. One alone is compared with what else its chips could be.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What decides.
    pub metric: Metric,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The scenarios that compete.
    pub links: Vec<String>,
}

message!(Question { metric, x, y, links });
message!(Map {
    contenders,
    metric,
    x,
    y,
    winners,
    margins,
    distances,
    reaches,
    boundary,
    evaluated,
    priced,
    excluded,
    reasons
});
message!(Excluded { contender, reason });
message!(AxisValues { axis, values });
message!(Segment { from, to, between });
message!(Reason { x, y, reason });

/// What comes over.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::large_enum_variant, reason = "each is written or read at once, and none is kept")
)]
enum Piece {
    /// The map as far as it is known, without reasons.
    Map(Map),
    /// Why a point of the whole map is as it is.
    Why(Reason),
}

tagged!(Piece { "map" Map, "why" Why });

impl Ask for Question {
    const VERB: &'static str = "map";
    const COMES: Comes = Comes::Growing("map");
    type Answer = Map;

    fn answer(text: &str) -> Map {
        let mut map = Map::default();
        for piece in messages(text) {
            match piece {
                Piece::Map(own) => map = own,
                Piece::Why(own) => map.reasons.push(own),
            }
        }
        map
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        self.links.iter().map(String::as_str).collect()
    }

    fn start(self) -> Box<dyn Work> {
        let mut contenders: Vec<Scenario> = self.links.iter().map(|own| link::parse(own).scenario).collect();
        if let [only] = &contenders[..] {
            contenders = rivals(only);
        }
        let map = MapSearch::new(&contenders, self.metric, (self.x, self.y), POINTS);
        Box::new(Drawing { map, due: FIRST, told: None })
    }
}

struct Drawing {
    map: MapSearch,
    /// Evaluated points at which the map is shown next.
    due: usize,
    /// Points whose reason was told, once the map is complete.
    told: Option<usize>,
}

impl Work for Drawing {
    fn step(&mut self) -> Slice {
        let (xs, ys) = self.map.values();
        let (width, count) = (xs.len().max(1), xs.len() * ys.len());
        if let Some(first) = self.told {
            let last = (first + REASONS).min(count);
            self.told = Some(last);
            let why = |index: usize| {
                let (x, y) = (index % width, index / width);
                line(&Piece::Why(Reason { x, y, reason: reason(&self.map, x, y) }))
            };
            return Slice { text: (first..last).map(why).collect(), done: last == count };
        }
        let done = self.map.step(1);
        if done {
            self.told = Some(0);
        }
        let mut text = String::new();
        if done || self.map.evaluated() >= self.due {
            self.due = self.due.max(self.map.evaluated()) * 3 / 2;
            let excluded = if done { excluded(&self.map) } else { Vec::new() };
            text = line(&Piece::Map(Map { excluded, ..self.map.answer() }));
        }
        Slice { text, done: done && count == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Knob;
    use crate::jobs::question::pieces;

    #[test]
    fn the_map_is_that_of_the_library() {
        let (x, y) = (Axis::Knob(Knob::Isl), Axis::Tpot);
        let links =
            ["v1&model=llama3-8b&pool=h200*8".to_owned(), "v1&model=llama3-8b&pool=b200*4".to_owned()];
        let metric = Metric::CostTotal;
        let pieces = pieces(Question { metric, x, y, links: links.to_vec() });
        let shown = pieces.iter().filter(|piece| piece.starts_with("map")).count();
        assert!(shown > 2, "the map comes step by step");
        let answer = Question::answer(&pieces.concat());
        let contenders: Vec<_> = links.iter().map(|own| link::parse(own).scenario).collect();
        let mut map = MapSearch::new(&contenders, metric, (x, y), POINTS);
        while !map.step(100) {}
        assert_eq!(Map { reasons: Vec::new(), excluded: Vec::new(), ..answer.clone() }, map.answer());
        assert_eq!(answer.excluded, excluded(&map));
        assert_eq!(answer.reasons.len(), POINTS * POINTS);
        let winner = |own: &Reason| answer.winners[own.y][own.x];
        let (own, winner) = answer.reasons.iter().find_map(|own| Some((own, winner(own)?))).unwrap();
        assert!(own.reason.starts_with(&answer.contenders[winner].label), "{}", own.reason);
    }

    #[test]
    fn one_alone_meets_what_else_its_chips_could_be() {
        let (x, y) = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Mix));
        let asked = |link: &str| {
            let question = Question { metric: Metric::CostTotal, x, y, links: vec![link.to_owned()] };
            Question::answer(&pieces(question).concat())
        };
        assert_eq!(asked("v1").contenders.len(), 3);
        // An axis that the first has not makes no map, and an end.
        let empty = asked("v1&pool=h200*8");
        assert!(empty.winners.is_empty() && empty.contenders.len() == 2);
    }
}

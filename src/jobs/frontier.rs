//! What the same chips can do over layouts, mixes and loads. The answer comes anew each time, as far as the search is.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{last, line, message};
use crate::explore::{Candidate, Frontier, Search};
use crate::metric::Metric;
use crate::scenario::link;

/// Steps of the search between two pictures of it.
const BETWEEN: usize = 24;

/// What to ask around a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What stands against interactivity.
    pub metric: Metric,
    /// The scenario.
    pub link: String,
}

message!(Question { metric, link });
message!(Frontier { link, metric, points, done, left });
message!(Candidate { deployed, split, users, interactivity, per_chip, value, ttft, keeps_ttft, on_frontier });

impl Ask for Question {
    const VERB: &'static str = "frontier";
    const COMES: Comes = Comes::Anew;
    type Answer = Frontier;

    fn answer(text: &str) -> Frontier {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        let scenario = link::parse(&self.link).scenario;
        Box::new(Searching { search: Search::new(&scenario, self.metric), steps: 0 })
    }
}

struct Searching {
    search: Search,
    steps: usize,
}

impl Work for Searching {
    fn step(&mut self) -> Slice {
        let done = self.search.step(1);
        self.steps += 1;
        if !done && !self.steps.is_multiple_of(BETWEEN) {
            return Slice::default();
        }
        Slice { text: line(&self.search.answer()), done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::frontier_of;
    use crate::jobs::question::pieces;

    /// The pictures of a search.
    fn pictures(link: &str, metric: Metric) -> Vec<Frontier> {
        let pieces = pieces(Question { metric, link: link.to_owned() });
        pieces.iter().filter(|own| !own.is_empty()).map(|own| Question::answer(own)).collect()
    }

    #[test]
    fn the_page_reads_what_the_search_finds() {
        let link = "v1&model=llama3-8b&pool=h200*8";
        for metric in [Metric::ThroughputPerChip, Metric::CostTotal] {
            let pictures = pictures(link, metric);
            let last = pictures.last().unwrap();
            let direct = frontier_of(&link::parse(link).scenario, metric);
            assert!(direct.points.len() > 10 && direct.left == 0);
            assert_eq!(*last, direct);
            // The picture grows.
            assert!(pictures.windows(2).all(|pair| pair[0].points.len() <= pair[1].points.len()));
            let part = |own: &Frontier| !own.points.is_empty() && own.points.len() < last.points.len();
            assert!(pictures.iter().any(part));
        }
    }

    #[test]
    fn every_split_has_an_answer() {
        for split in ["afd", "draft", "pd-afd", "pd-draft"] {
            let link = format!("v1&model=llama3-8b&split={split}");
            let pictures = pictures(&link, Metric::ThroughputPerChip);
            assert!(!pictures.last().unwrap().points.is_empty(), "{split}");
        }
    }
}

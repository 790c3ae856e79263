//! What the same chips can do over layouts, mixes and loads.
//!
//! The answer comes as pictures of the search: each begins with a line of progress, and the deployments found so far
//! follow, so that the last picture is the whole answer.

use super::field::{Fields, Line};
use super::{Slice, Work, ask_of};
use crate::explore::{Candidate, Search};
pub use crate::figure::frontier::Found;
use crate::metric::Metric;
use crate::report::explore as told;
use crate::scenario::{Load, link};

pub(super) const VERB: &str = "frontier";

/// Steps of the search between two pictures of it.
const BETWEEN: usize = 24;

/// A picture of the search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Steps done, and steps known to remain.
    pub progress: (f64, f64),
    /// The deployments so far, slowest for a user first.
    pub found: Vec<Found>,
}

/// What to ask around a scenario, given as a link.
#[must_use]
pub fn question(link: &str, metric: Metric) -> String {
    format!("{VERB}\n{}\n{link}", metric.id())
}

/// The last whole picture of a piece of the answer; none where the piece has none.
#[must_use]
pub fn read(piece: &str) -> Option<Picture> {
    let mut picture: Option<Picture> = None;
    for line in piece.lines() {
        let mut fields = Fields::of(line);
        match fields.text()? {
            "at" => {
                let progress = (fields.number()?, fields.number()?);
                picture = Some(Picture { progress, found: Vec::new() });
            }
            _ => {
                if let (Some(picture), Some(found)) = (&mut picture, found(&mut fields)) {
                    picture.found.push(found);
                }
            }
        }
    }
    picture
}

fn found(fields: &mut Fields<'_>) -> Option<Found> {
    Some(Found {
        users: fields.number()?,
        interactivity: fields.number()?,
        value: fields.number()?,
        ttft: fields.number()?,
        keeps_ttft: fields.flag()?,
        on_frontier: fields.flag()?,
        label: fields.text()?.to_owned(),
        link: fields.text()?.to_owned(),
    })
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (metric, link) = rest.split_once('\n').unwrap_or(("", rest));
    let metric = Metric::from_id(metric).unwrap_or(Metric::ThroughputPerChip);
    Box::new(Searching { search: Search::new(&ask_of(link), metric), steps: 0 })
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
        let (behind, ahead) = self.search.progress();
        let mut text = Line::default().text("at").number(behind as f64).number(ahead as f64).end();
        text.extend(self.search.found().iter().map(line));
        Slice { text, done }
    }
}

fn line(own: &Candidate) -> String {
    let users = match own.scenario.load {
        Load::Closed { concurrency } => concurrency,
        Load::Open { .. } => 0.0,
    };
    Line::default()
        .text("is")
        .number(users)
        .number(own.interactivity.get())
        .number(own.value.unwrap_or(f64::NAN))
        .number(own.ttft.get())
        .flag(own.keeps_ttft)
        .flag(own.on_frontier)
        .text(&told::label(&own.scenario))
        .text(&link::write(&own.scenario, &[]))
        .end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::frontier_of;
    use crate::jobs::tests::pieces;

    #[test]
    fn the_page_reads_what_the_job_writes() {
        let link = "v1&model=llama3-8b&pool=h200*8";
        for metric in [Metric::ThroughputPerChip, Metric::CostTotal] {
            let pieces = pieces(&question(link, metric));
            let read: Vec<Picture> = pieces.iter().filter_map(|piece| read(piece)).collect();
            let last = read.last().unwrap();
            let direct = frontier_of(&link::parse(link).scenario, metric);
            assert!(direct.len() > 10);
            assert_eq!((last.progress.1, last.found.len()), (0.0, direct.len()));
            for (read, direct) in last.found.iter().zip(&direct) {
                assert_eq!(link::parse(&read.link).scenario, direct.scenario);
                assert_eq!(read.value, direct.value.unwrap());
                assert_eq!(read.on_frontier, direct.on_frontier);
            }
            // The picture grows.
            assert!(read.windows(2).all(|pair| pair[0].found.len() <= pair[1].found.len()));
            assert!(read.iter().any(|own| !own.found.is_empty() && own.found.len() < last.found.len()));
        }
    }

    #[test]
    fn every_split_has_an_answer() {
        for split in ["afd", "draft", "pd-afd", "pd-draft"] {
            let pieces =
                pieces(&question(&format!("v1&model=llama3-8b&split={split}"), Metric::ThroughputPerChip));
            let last = pieces.iter().rev().find_map(|piece| read(piece)).unwrap();
            assert!(!last.found.is_empty(), "{split}");
        }
    }
}

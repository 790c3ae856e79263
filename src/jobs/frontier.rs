//! What the same chips can do over layouts, mixes and loads.

use super::field::{Fields, Line};
use super::{Once, Work};
use crate::explore::{Candidate, frontier};
use crate::scenario::{Load, link};

pub(super) const VERB: &str = "frontier";

/// A deployment that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The scenario as a link.
    pub link: String,
    /// Users of the closed loop.
    pub users: f64,
    /// Tokens per second and user.
    pub interactivity: f64,
    /// Tokens per second and chip.
    pub per_chip: f64,
    /// Mean time to first token in seconds.
    pub ttft: f64,
    /// Whether it keeps the limit on TTFT.
    pub keeps_ttft: bool,
    /// Whether no other beats it.
    pub on_frontier: bool,
}

/// What to ask around a scenario, given as a link.
#[must_use]
pub fn question(link: &str) -> String {
    format!("{VERB}\n{link}")
}

/// Reads a line of the answer.
#[must_use]
pub fn read(line: &str) -> Option<Found> {
    let mut fields = Fields::of(line);
    Some(Found {
        users: fields.number()?,
        interactivity: fields.number()?,
        per_chip: fields.number()?,
        ttft: fields.number()?,
        keeps_ttft: fields.flag()?,
        on_frontier: fields.flag()?,
        link: fields.text()?.to_owned(),
    })
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let scenario = link::parse(rest).scenario;
    Box::new(Once(move || frontier(&scenario).iter().map(line).collect()))
}

fn line(own: &Candidate) -> String {
    let users = match own.scenario.load {
        Load::Closed { concurrency } => concurrency,
        Load::Open { .. } => 0.0,
    };
    Line::default()
        .number(users)
        .number(own.interactivity.get())
        .number(own.per_chip.get())
        .number(own.ttft.get())
        .flag(own.keeps_ttft)
        .flag(own.on_frontier)
        .text(&link::write(&own.scenario, &[]))
        .end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Job;

    #[test]
    fn the_page_reads_what_the_job_writes() {
        let link = "v1&model=llama3-8b&pool=h200*8";
        let mut job = Job::new(&question(link)).unwrap();
        let answer = job.step().text;
        let read: Vec<Found> = answer.lines().filter_map(read).collect();
        let direct = frontier(&link::parse(link).scenario);
        assert!(read.len() > 10);
        assert_eq!(read.len(), direct.len());
        for (read, direct) in read.iter().zip(&direct) {
            assert_eq!(link::parse(&read.link).scenario, direct.scenario);
            assert_eq!(read.per_chip, direct.per_chip.get());
            assert_eq!(read.on_frontier, direct.on_frontier);
        }
    }
}

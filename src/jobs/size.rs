//! The cheapest deployments for a load within its service level. The answer comes anew each time, as far as sizing is.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{choice, last, line, message};
use crate::explore::{BreakEven, Deployment, Headroom, Miss, Sizer, all_chips};
use crate::report::explore::size as told;
use crate::report::words;
use crate::scenario::link;

/// Steps between two reports of progress.
const BETWEEN: usize = 16;

/// What to ask for the load of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The scenario.
    pub link: String,
}

/// The answer, or how far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The answer in a few sentences; empty until it is there.
    pub sentence: String,
    /// Steps done so far.
    pub steps: usize,
    /// The deployments so far, cheapest first.
    pub deployments: Vec<Deployment>,
    /// What chips without a public price would have to cost.
    pub break_even: Vec<BreakEven>,
    /// Chips that carry the load in no deployment alone, and why, in words.
    pub unfit: Vec<(String, String)>,
}

message!(Question { link });
message!(Told { sentence, steps, deployments, break_even, unfit });
message!(Deployment { deployed, split, chips, per_hour, per_mtok, ttft, tpot, binding, headroom });
message!(Headroom { share, breaks, binding });
message!(BreakEven { chip, below, chips, deployed });
choice!(Miss { Saturated, Ttft, Tpot });

impl Ask for Question {
    const VERB: &'static str = "size";
    const COMES: Comes = Comes::Anew;
    type Answer = Told;

    fn answer(text: &str) -> Told {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        let scenario = link::parse(&self.link).scenario;
        Box::new(Sizing { sizer: Sizer::new(&scenario, &all_chips(&scenario)), steps: 0 })
    }
}

struct Sizing {
    sizer: Sizer,
    steps: usize,
}

impl Work for Sizing {
    fn step(&mut self) -> Slice {
        let done = self.sizer.step(1);
        self.steps += 1;
        if !done && !self.steps.is_multiple_of(BETWEEN) {
            return Slice::default();
        }
        let answer = self.sizer.answer();
        let mut told = Told { steps: self.steps, ..Told::default() };
        if done {
            told.sentence = told::sentence(&answer);
            let unfit = answer.unfit.iter();
            told.unfit = unfit.map(|(chip, why)| (words::chip(chip).to_owned(), told::unfit(why))).collect();
            told.break_even = answer.break_even;
        }
        told.deployments = answer.deployments;
        Slice { text: line(&told), done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::size;
    use crate::jobs::question::pieces;

    #[test]
    fn the_answer_is_that_of_the_command_line() {
        let link = "v1&model=llama3-8b&concurrency=32".to_owned();
        let scenario = link::parse(&link).scenario;
        let direct = size(&scenario, &all_chips(&scenario));
        let pieces = pieces(Question { link });
        let reports: Vec<Told> =
            pieces.iter().filter(|own| !own.is_empty()).map(|own| Question::answer(own)).collect();
        let last = reports.last().unwrap();
        assert_eq!(last.sentence, told::sentence(&direct));
        assert_eq!(last.deployments, direct.deployments);
        assert_eq!(last.break_even, direct.break_even);
        assert_eq!(last.unfit.len(), direct.unfit.len());
        assert!(reports.len() > 2 && reports[0].sentence.is_empty(), "progress comes before the answer");
    }
}

//! What more of a figure of the chips would bring, and what limits then.

use super::slice::{Answered, Ask, Comes, Once, Work};
use super::wire::{choice, last, line, message};
use crate::explore::{Lever, Outcome, Sensitivity, Swing, sensitivity};
use crate::metric::Metric;
use crate::report::explore::sensitivity as told;
use crate::scenario::link;

/// What to ask around a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What the levers move.
    pub metric: Metric,
    /// The scenario.
    pub link: String,
}

/// The levers, with what there is to say of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The strongest in words, or why there are none.
    pub sentence: String,
    /// The levers.
    pub found: Option<Sensitivity>,
}

message!(Question { metric, link });
message!(Told { sentence, found });
message!(Sensitivity { deployed, metric, value, held, binding, swings });
message!(Swing { lever, chip, less, more, double });
message!(Outcome { factor, value, change, binding });
choice!(Lever { Bandwidth, Compute, Memory, ScaleUp, Network, PoolLink, Price });

impl Ask for Question {
    const VERB: &'static str = "sensitivity";
    const COMES: Comes = Comes::Whole;
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
        Box::new(Once(move || {
            line(&match sensitivity(&scenario, self.metric) {
                Err(reason) => Told { sentence: told::no_base(&reason), found: None },
                Ok(own) => Told { sentence: told::sentence(&own), found: Some(own) },
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;

    fn asked(link: &str) -> Told {
        let question = Question { metric: Metric::Tpot, link: link.to_owned() };
        Question::answer(&pieces(question).concat())
    }

    #[test]
    fn levers_are_those_of_the_library() {
        let text = "v1&model=llama3-8b&pool=h200*8";
        let direct = sensitivity(&link::parse(text).scenario, Metric::Tpot).unwrap();
        let read = asked(text);
        assert_eq!(read.sentence, told::sentence(&direct));
        assert_eq!(read.found, Some(direct));
    }

    #[test]
    fn what_has_no_value_says_so() {
        let read = asked("v1&model=llama3.1-405b&pool=h100-sxm*1");
        assert_eq!(read.found, None);
        assert!(read.sentence.contains("fit"), "{}", read.sentence);
    }
}

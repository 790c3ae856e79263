//! What sets two scenarios apart, and which change each metric's difference is put down to. The page shows sentences, so
//! that is what crosses the port.

use super::slice::{Answered, Ask, Comes, Once, Work};
use super::wire::{last, line, message};
use crate::explore::{compared, diff};
use crate::report::explore::diff as told;
use crate::report::words;
use crate::scenario::{Scenario, link};

/// What to ask about two scenarios.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The one that changes are counted from.
    pub before: String,
    /// The other.
    pub after: String,
    /// Whether each keeps its own load, lengths and service level.
    pub apart: bool,
}

message!(Question { before, after, apart });

impl Ask for Question {
    const VERB: &'static str = "diff";
    const COMES: Comes = Comes::Whole;
    /// What changed in a sentence, then a sentence for each metric.
    type Answer = Vec<String>;

    fn answer(text: &str) -> Vec<String> {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.before, &self.after]
    }

    fn start(self) -> Box<dyn Work> {
        let [before, after] = [&self.before, &self.after].map(|own| link::parse(own).scenario);
        Box::new(Once(move || line(&sentences(&before, &after, self.apart))))
    }
}

fn sentences(own: &Scenario, after: &Scenario, apart: bool) -> Vec<String> {
    let before = &compared(own, after, apart);
    let equal = told::equal(own, before, after);
    let own = match diff(before, after) {
        Ok(own) => own,
        Err(refusal) => return vec![words::refusal(&refusal)],
    };
    if own.aspects.is_empty() {
        return vec![told::changed(&own, after)];
    }
    std::iter::once(told::changed(&own, after)).chain(told::sentences(&own, after)).chain(equal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;

    #[test]
    fn changes_are_named_with_their_shares() {
        let asked = |before: &str, after: &str, apart| {
            let question = Question { before: before.to_owned(), after: after.to_owned(), apart };
            Question::answer(&pieces(question).concat())
        };
        let told = |before: &str, after: &str| asked(before, after, true);
        let ends = ("v1&model=llama3-8b&pool=h200*8", "v1&model=llama3-8b&pool=b200*8&isl=2k");
        let lines = asked(ends.0, ends.1, false);
        assert_eq!(lines[0], "Changed: chip.");
        assert_eq!(lines.last().unwrap(), "Held equal: input length.");
        // Nothing else differs.
        assert_eq!(asked("v1", "v1&isl=2k", false)[0], "Changed: input length.");
        let lines = told(ends.0, ends.1);
        assert!(lines[0].starts_with("Changed: ") && lines[0].contains("input length"), "{lines:?}");
        assert!(
            lines.len() > 3 && lines[1].starts_with("TTFT") && lines[1].contains("input length"),
            "{lines:?}"
        );
        assert_eq!(told("v1", "v1"), ["The two scenarios are the same."]);
        let refused = told("v1&model=llama3.1-405b&pool=h100-sxm*1", "v1");
        assert!(refused.len() == 1 && refused[0].contains("fit"), "{refused:?}");
    }
}

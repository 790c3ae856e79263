//! What sets two scenarios apart, and which change each metric's difference is put down to. The page shows sentences, so
//! that is what crosses the port.

use super::slice::{Answered, Ask, Comes, Once, Work};
use super::wire::{last, line, message};
use crate::explore::{Difference, compared, diff};
use crate::report::explore::diff as told;
use crate::report::words;
use crate::scenario::{Scenario, link};

/// What a difference is put down to at most, in a few words.
const REASONS: usize = 2;

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

/// What sets them apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What changed in a sentence, then a sentence for each metric.
    pub lines: Vec<String>,
    /// For each metric by its identifier what its difference is put down to, in a few words.
    pub reasons: Vec<(String, String)>,
}

message!(Question { before, after, apart });
message!(Told { lines, reasons });

impl Ask for Question {
    const VERB: &'static str = "diff";
    const COMES: Comes = Comes::Whole;
    type Answer = Told;

    fn answer(text: &str) -> Told {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.before, &self.after]
    }

    fn start(self) -> Box<dyn Work> {
        let [before, after] = [&self.before, &self.after].map(|own| link::parse(own).scenario);
        Box::new(Once(move || line(&said(&before, &after, self.apart))))
    }
}

fn said(own: &Scenario, after: &Scenario, apart: bool) -> Told {
    let before = &compared(own, after, apart);
    let equal = told::equal(own, before, after);
    let only = |line: String| Told { lines: vec![line], reasons: Vec::new() };
    let own = match diff(before, after) {
        Ok(own) => own,
        Err(refusal) => return only(words::refusal(&refusal)),
    };
    if own.aspects.is_empty() {
        return only(told::changed(&own, after));
    }
    let first = std::iter::once(told::changed(&own, after));
    let lines = first.chain(told::sentences(&own, after)).chain(equal).collect();
    let reason = |own: &Difference| (own.metric.id().to_owned(), told::reasons(own, after, REASONS));
    Told { lines, reasons: own.differences.iter().map(reason).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;

    #[test]
    fn changes_are_named_with_their_shares() {
        let asked = |before: &str, after: &str, apart| {
            let question = Question { before: before.to_owned(), after: after.to_owned(), apart };
            Question::answer(&pieces(question).concat()).lines
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
        let question = Question { before: ends.0.to_owned(), after: ends.1.to_owned(), apart: true };
        let whole = Question::answer(&pieces(question).concat());
        let ttft = whole.reasons.iter().find(|own| own.0 == "ttft").unwrap();
        assert!(ttft.1.contains("input length −"), "{ttft:?}");
        let refused = told("v1&model=llama3.1-405b&pool=h100-sxm*1", "v1");
        assert!(refused.len() == 1 && refused[0].contains("fit"), "{refused:?}");
    }
}

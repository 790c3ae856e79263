//! What sets two scenarios apart, and which change each metric's difference is put down to.

use super::field::Line;
use super::{Once, Work, ask_of};
use crate::explore::diff;
use crate::metric::Metric;
use crate::report::explore::diff as told;
use crate::report::words;

pub(super) const VERB: &str = "diff";

/// The metrics that are told.
const TOLD: [Metric; 4] = [Metric::Ttft, Metric::Tpot, Metric::Throughput, Metric::CostTotal];

/// What to ask about two scenarios, given as links.
#[must_use]
pub fn question(before: &str, after: &str) -> String {
    format!("{VERB}\n{before}\n{after}")
}

/// Reads the whole answer: what changed in a sentence, then a sentence for each metric.
#[must_use]
pub fn read(answer: &str) -> Vec<String> {
    answer.lines().map(str::to_owned).collect()
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (before, after) = rest.split_once('\n').unwrap_or((rest, ""));
    let (before, after) = (ask_of(before), ask_of(after));
    Box::new(Once(move || {
        let own = match diff(&before, &after) {
            Ok(own) => own,
            Err(refusal) => return Line::default().text(&words::refusal(&refusal)).end(),
        };
        if own.aspects.is_empty() {
            return Line::default().text("The two are the same.").end();
        }
        let changes: Vec<String> = own.aspects.iter().map(|&aspect| told::aspect(aspect, &after)).collect();
        let mut text = Line::default().text(&format!("Changed: {}.", changes.join(", "))).end();
        for metric in TOLD {
            if let Some(difference) = own.differences.iter().find(|other| other.metric == metric) {
                text += &Line::default().text(&told::sentence(difference, &after)).end();
            }
        }
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::tests::pieces;

    #[test]
    fn changes_are_named_with_their_shares() {
        let told = |before: &str, after: &str| read(&pieces(&question(before, after)).concat());
        let lines = told("v1&model=llama3-8b&pool=h200*8", "v1&model=llama3-8b&pool=b200*8&isl=2k");
        assert!(lines[0].starts_with("Changed: ") && lines[0].contains("input length"), "{lines:?}");
        assert!(
            lines.len() > 3 && lines[1].starts_with("TTFT") && lines[1].contains("input length"),
            "{lines:?}"
        );
        assert_eq!(told("v1", "v1"), ["The two are the same."]);
        let refused = told("v1&model=llama3.1-405b&pool=h100-sxm*1", "v1");
        assert!(refused.len() == 1 && refused[0].contains("fit"), "{refused:?}");
    }
}

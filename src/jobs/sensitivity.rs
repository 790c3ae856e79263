//! What more of a figure of the chips would bring, and what limits then.

use super::field::{Fields, Line};
use super::{Once, Work, ask_of};
use crate::explore::{Outcome, Swing, sensitivity};
pub use crate::figure::levers::{Lever, Levers};
use crate::metric::Metric;
use crate::report::explore::sensitivity as told;
use crate::report::words;

pub(super) const VERB: &str = "sensitivity";

/// A change of the metric by less than this share is none.
const FELT: f64 = 1e-3;

/// What to ask around a scenario, given as a link.
#[must_use]
pub fn question(link: &str, metric: Metric) -> String {
    format!("{VERB}\n{}\n{link}", metric.id())
}

/// Reads the whole answer.
#[must_use]
pub fn read(answer: &str) -> Levers {
    let mut lines = answer.lines();
    let mut head = Fields::of(lines.next().unwrap_or_default());
    let sentence = head.text().unwrap_or_default().to_owned();
    let value = head.number();
    let lever = |line: &str| {
        let mut fields = Fields::of(line);
        Some(Lever {
            values: [fields.number()?, fields.number()?, fields.number()?],
            name: fields.text()?.to_owned(),
            then: fields.text()?.to_owned(),
        })
    };
    Levers { sentence, value, levers: lines.filter_map(lever).collect() }
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (metric, link) = rest.split_once('\n').unwrap_or(("", rest));
    let metric = Metric::from_id(metric).unwrap_or(Metric::ThroughputPerChip);
    let scenario = ask_of(link);
    Box::new(Once(move || match sensitivity(&scenario, metric) {
        Err(reason) => Line::default().text(&told::no_base(&reason)).end(),
        Ok(own) => {
            let line = |swing: &Swing| {
                let value = |outcome: Option<Outcome>| outcome.map_or(f64::NAN, |own| own.value);
                let then = swing.double.filter(|double| double.binding != own.binding);
                Line::default()
                    .number(value(swing.less))
                    .number(value(swing.more))
                    .number(value(swing.double))
                    .text(&told::name(swing))
                    .text(then.map_or("", |double| words::binding(double.binding)))
                    .end()
            };
            let head = Line::default().text(&told::sentence(&own)).number(own.value).end();
            let felt = |swing: &&Swing| {
                let ends = [swing.less, swing.more, swing.double];
                ends.iter().any(Option::is_none)
                    || ends.into_iter().flatten().any(|end| end.change.abs() >= FELT)
            };
            head + &own.swings.iter().filter(felt).map(line).collect::<String>()
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::tests::pieces;
    use crate::scenario::link;

    #[test]
    fn levers_are_those_of_the_library() {
        let (text, metric) = ("v1&model=llama3-8b&pool=h200*8", Metric::Tpot);
        let read = read(&pieces(&question(text, metric)).concat());
        let direct = sensitivity(&link::parse(text).scenario, metric).unwrap();
        assert_eq!(read.value, Some(direct.value));
        assert!(read.levers.len() > 1 && read.levers.len() < direct.swings.len());
        assert_eq!(read.sentence, told::sentence(&direct));
        for own in &direct.swings {
            let read = read.levers.iter().find(|read| read.name == told::name(own));
            let felt = own.double.is_none_or(|double| double.change.abs() >= FELT);
            assert!(read.is_some() || !felt, "{own:?}");
            assert!(read.is_none_or(|read| read.values[1] == own.more.unwrap().value));
        }
    }

    #[test]
    fn what_has_no_value_says_so() {
        let read = read(&pieces(&question("v1&model=llama3.1-405b&pool=h100-sxm*1", Metric::Tpot)).concat());
        assert_eq!((read.value, read.levers.len()), (None, 0));
        assert!(read.sentence.contains("fit"), "{}", read.sentence);
    }
}

//! A claim held against the model: one that a maker published, or one of the reader's own as two scenarios and a factor.

use super::slice::{Answered, Ask, Comes, Once, Work};
use super::wire::{last, line, message};
use crate::explore::claims::{Claim, Extent, claims, judge};
use crate::metric::Metric;
use crate::report::{claims as told, words};
use crate::scenario::link;

/// What to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which published claim; empty for one's own, or for the list of them.
    pub id: String,
    /// How many times better one's own says.
    pub factor: f64,
    /// By which metric.
    pub metric: Metric,
    /// The deployment that is praised; empty for the list.
    pub praised: String,
    /// The other.
    pub against: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Published claims, where they were asked for.
    pub all: Vec<Listed>,
    /// What the model makes of the claim, in a sentence; empty where none was asked about or it is not known.
    pub verdict: String,
    /// What of the deployments nobody states.
    pub unstated: String,
    /// Both deployments on one chart, as a link.
    pub link: String,
}

/// A published claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// Identifier.
    pub id: String,
    /// Whose it is, and when it was made.
    pub who: String,
    /// What is claimed.
    pub said: String,
}

message!(Question { id, factor, metric, praised, against });
message!(Told { all, verdict, unstated, link });
message!(Listed { id, who, said });

impl Ask for Question {
    const VERB: &'static str = "claim";
    const COMES: Comes = Comes::Whole;
    type Answer = Told;

    fn answer(text: &str) -> Told {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        [&*self.praised, &*self.against].into_iter().filter(|link| !link.is_empty()).collect()
    }

    fn start(self) -> Box<dyn Work> {
        Box::new(Once(move || line(&answer(&self))))
    }
}

fn answer(question: &Question) -> Told {
    if question.id.is_empty() && question.praised.is_empty() {
        let listed =
            |own: Claim| Listed { id: own.id, who: format!("{}, {}", own.who, own.date), said: own.said };
        return Told { all: claims().into_iter().map(listed).collect(), ..Told::default() };
    }
    let published = || claims().into_iter().find(|own| own.id == question.id);
    let own = || {
        let scenario = |text: &str| link::parse(text).scenario;
        let against = Box::new(scenario(&question.against));
        Some(Claim {
            id: String::new(),
            who: String::new(),
            date: String::new(),
            said: String::new(),
            extent: Extent::Times { factor: question.factor, against },
            metric: question.metric,
            speed: None,
            praised: scenario(&question.praised),
            unstated: String::new(),
            source: String::new(),
            remark: String::new(),
        })
    };
    let Some(claim) = (if question.id.is_empty() { own() } else { published() }) else {
        return Told::default();
    };
    let judged = judge(&claim);
    let mut view = vec![("x".to_owned(), "load".to_owned()), ("y".to_owned(), claim.metric.id().to_owned())];
    if let Extent::Times { against, .. } = &claim.extent {
        view.push(("pin".to_owned(), link::write(against, &[])));
    }
    Told {
        all: Vec::new(),
        verdict: words::capital(told::sentence(&judged)),
        link: link::write(&claim.praised, &view),
        unstated: claim.unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;

    fn asked(id: &str, factor: f64, praised: &str, against: &str) -> Told {
        let [id, praised, against] = [id, praised, against].map(str::to_owned);
        let question = Question { id, factor, metric: Metric::CostTotal, praised, against };
        Question::answer(&pieces(question).concat())
    }

    #[test]
    fn published_claims_are_listed_and_judged() {
        let list = asked("", 1.0, "", "").all;
        assert_eq!(list.len(), claims().len());
        let one = &list[0];
        let told = asked(&one.id, 1.0, "", "");
        assert_eq!(told.verdict, words::capital(told::sentence(&judge(&claims()[0]))));
        let parsed = link::parse(&told.link);
        assert!(parsed.notices.is_empty(), "{:?}", parsed.notices);
        assert_eq!(parsed.scenario, claims()[0].praised);
    }

    #[test]
    fn a_claim_of_ones_own_is_judged_at_its_factor() {
        let [better, worse] = ["v1&pool=h200*8", "v1&pool=h100-sxm*8"];
        let told = asked("", 100.0, better, worse);
        assert!(told.verdict.starts_with("Not reproduced"), "{}", told.verdict);
        assert!(asked("", 1.0, better, better).verdict.contains("Within the band"), "equal sides");
        assert!(told.link.contains("pin="), "{}", told.link);
        assert_eq!(asked("no such claim", 1.0, "", ""), Told::default());
    }
}

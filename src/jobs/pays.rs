//! Below which price a scenario's one chip without a price would be part of the cheapest deployment. The page shows a
//! sentence beside its prices from the first visit on, so that is what crosses the port.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{last, line, message};
use crate::cost::chip_price;
use crate::evaluate::evaluate;
use crate::explore::{Sizer, kinds, miss, pays_below, priced_rivals};
use crate::report::explore::size as told;
use crate::scenario::{Scenario, link};

/// What to ask of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The scenario.
    pub link: String,
}

message!(Question { link });

impl Ask for Question {
    const VERB: &'static str = "pays";
    const COMES: Comes = Comes::Whole;
    /// A sentence without its full stop; empty where there is no such price.
    type Answer = String;

    fn answer(text: &str) -> String {
        last(text).unwrap_or_default()
    }
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        let scenario = link::parse(&self.link).scenario;
        let unpriced = kinds(&scenario).into_iter().filter(|id| chip_price(&scenario, id).is_err()).count();
        let keeps = || evaluate(&scenario).is_ok_and(|own| miss(&scenario.slo, &own).is_none());
        let sizer = (unpriced == 1 && keeps()).then(|| {
            let (asked, wanted) = priced_rivals(&scenario);
            Sizer::new(&asked, &wanted)
        });
        Box::new(Paying { scenario, sizer })
    }
}

struct Paying {
    scenario: Scenario,
    sizer: Option<Sizer>,
}

impl Work for Paying {
    fn step(&mut self) -> Slice {
        let Some(sizer) = &mut self.sizer else { return Slice { text: String::new(), done: true } };
        if !sizer.step(1) {
            return Slice::default();
        }
        let best = sizer.answer().deployments.into_iter().next();
        let own = best.and_then(|best| pays_below(&self.scenario, &best));
        Slice { text: own.map_or_else(String::new, |own| line(&told::pays_below(&own))), done: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::break_even_price;
    use crate::jobs::question::pieces;

    #[test]
    fn a_chip_without_a_price_pays_below_one() {
        let told = |link: &str| Question::answer(&pieces(Question { link: link.to_owned() }).concat());
        let text = "v1&model=llama3-8b&isl=4k&concurrency=4&prefill=h200*4&decode=groq3-lp30*256&link=50GB/s";
        let direct = break_even_price(&link::parse(text).scenario);
        assert_eq!(told(text), direct.as_ref().map_or_else(String::new, told::pays_below));
        assert!(told("v1").is_empty(), "all chips have a price");
    }
}

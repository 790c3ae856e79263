//! The cheapest deployments for a load within its service level, and below which price a chip without one would pay.

use super::field::{Fields, Line};
use super::{Slice, Work, ask_of};
use crate::cost::chip_price;
use crate::evaluate::evaluate;
use crate::explore::{Deployment, Sizer, all_chips, kinds, miss, pays_below};
use crate::report::explore as told;
use crate::scenario::{Scenario, link};

pub(super) const VERB: &str = "size";
pub(super) const PAYS: &str = "pays";

/// Steps between two reports of progress.
const BETWEEN: usize = 16;

/// The answer, or how far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sized {
    /// The answer in a few sentences; empty until it is there.
    pub sentence: String,
    /// Steps done so far.
    pub steps: f64,
    /// The deployments so far, cheapest first.
    pub deployments: Vec<Offer>,
    /// What chips without a public price would have to cost: words, and the link of the deployment.
    pub pays: Vec<(String, String)>,
    /// Chips that carry the load in no deployment alone, and why.
    pub unfit: Vec<(String, String)>,
}

/// A deployment that carries the load.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its pools in words.
    pub label: String,
    /// The scenario as a link.
    pub link: String,
    /// Dollars per hour.
    pub per_hour: f64,
    /// Dollars per million tokens; no number where unknown.
    pub per_mtok: f64,
    /// Seconds to the first token.
    pub ttft: f64,
    /// Seconds per output token.
    pub tpot: f64,
}

/// What to ask for the load of a scenario, given as a link.
#[must_use]
pub fn question(link: &str) -> String {
    format!("{VERB}\n{link}")
}

/// What to ask for the price below which the scenario's chip without one would pay.
#[must_use]
pub fn pays_question(link: &str) -> String {
    format!("{PAYS}\n{link}")
}

/// The last report of a piece of the answer; none where the piece has none.
#[must_use]
pub fn read(piece: &str) -> Option<Sized> {
    let mut sized: Option<Sized> = None;
    for line in piece.lines() {
        let mut fields = Fields::of(line);
        let kind = fields.text()?;
        if kind == "at" {
            let steps = fields.number()?;
            sized = Some(Sized { sentence: fields.text()?.to_owned(), steps, ..Sized::default() });
            continue;
        }
        let Some(sized) = &mut sized else { continue };
        match kind {
            "is" => sized.deployments.push(Offer {
                per_hour: fields.number()?,
                per_mtok: fields.number()?,
                ttft: fields.number()?,
                tpot: fields.number()?,
                label: fields.text()?.to_owned(),
                link: fields.text()?.to_owned(),
            }),
            "pays" => sized.pays.push((fields.text()?.to_owned(), fields.text()?.to_owned())),
            _ => sized.unfit.push((fields.text()?.to_owned(), fields.text()?.to_owned())),
        }
    }
    sized
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let scenario = ask_of(rest);
    Box::new(Sizing { sizer: Sizer::new(&scenario, &all_chips(&scenario)), steps: 0 })
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
        let sentence = if done { told::size::sentence(&answer) } else { String::new() };
        let mut text = Line::default().text("at").number(self.steps as f64).text(&sentence).end();
        text.extend(answer.deployments.iter().map(offer));
        if done {
            for own in &answer.break_even {
                let line = Line::default().text("pays").text(&told::size::pays_below(own));
                text += &line.text(&link::write(&own.scenario, &[])).end();
            }
            for (chip, why) in &answer.unfit {
                let name = crate::report::words::chip(chip);
                text += &Line::default().text("no").text(name).text(&told::size::unfit(why)).end();
            }
        }
        Slice { text, done }
    }
}

fn offer(own: &Deployment) -> String {
    Line::default()
        .text("is")
        .number(own.per_hour.get())
        .number(own.per_mtok.unwrap_or(f64::NAN))
        .number(own.ttft.get())
        .number(own.tpot.get())
        .text(&told::label(&own.scenario))
        .text(&link::write(&own.scenario, &[]))
        .end()
}

/// Starts the search for the price below which a scenario's one chip without a price pays. The answer is a sentence, or
/// nothing where there is no such price.
pub(super) fn start_pays(rest: &str) -> Box<dyn Work> {
    let scenario = ask_of(rest);
    let unpriced = kinds(&scenario).into_iter().filter(|id| chip_price(&scenario, id).is_err()).count();
    let keeps = || evaluate(&scenario).is_ok_and(|own| miss(&scenario.slo, &own).is_none());
    let sizer = (unpriced == 1 && keeps()).then(|| {
        let mut priced = all_chips(&scenario);
        priced.retain(|id| chip_price(&scenario, id).is_ok());
        Sizer::new(&scenario, &priced)
    });
    Box::new(Paying { scenario, sizer })
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
        let text =
            own.map_or_else(String::new, |own| Line::default().text(&told::size::pays_below(&own)).end());
        Slice { text, done: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{break_even_price, size};
    use crate::jobs::tests::pieces;

    #[test]
    fn the_sentence_is_that_of_the_command_line() {
        let text = "v1&model=llama3-8b&concurrency=32";
        let scenario = link::parse(text).scenario;
        let direct = size(&scenario, &all_chips(&scenario));
        let reports: Vec<Sized> = pieces(&question(text)).iter().filter_map(|piece| read(piece)).collect();
        let last = reports.last().unwrap();
        assert_eq!(last.sentence, told::size::sentence(&direct));
        assert_eq!(last.deployments.len(), direct.deployments.len());
        assert_eq!((last.pays.len(), last.unfit.len()), (direct.break_even.len(), direct.unfit.len()));
        for (read, direct) in last.deployments.iter().zip(&direct.deployments) {
            assert_eq!(link::parse(&read.link).scenario, direct.scenario);
            assert_eq!(read.per_hour, direct.per_hour.get());
        }
        assert!(reports.len() > 2 && reports[0].sentence.is_empty(), "progress comes before the answer");
    }

    #[test]
    fn a_chip_without_a_price_pays_below_one() {
        let text = "v1&model=llama3-8b&isl=4k&concurrency=4&prefill=h200*4&decode=groq3-lp30*256&link=50GB/s";
        let told = pieces(&pays_question(text)).concat();
        let direct = break_even_price(&link::parse(text).scenario);
        assert_eq!(told.trim_end(), direct.as_ref().map_or_else(String::new, told::size::pays_below));
        assert!(pieces(&pays_question("v1")).concat().is_empty(), "all chips have a price");
    }
}

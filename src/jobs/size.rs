//! The cheapest deployments for a load within its service level. The answer comes anew each time, as far as sizing is, in
//! the words and cells that the command line prints.

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{last, line, message};
use crate::explore::{BreakEven, Deployment, Sizer, Wanted, Written};
use crate::report::explore::size as told;
use crate::report::words;
use crate::scenario::link;
use crate::units::format::Unit;

/// Steps between two reports of progress.
const BETWEEN: usize = 16;

/// What to ask for the load of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which deployments are wanted.
    pub written: Written,
    /// The scenario.
    pub link: String,
}

/// The answer, or how far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The answer in a sentence, or what is wrong with the question; empty until it is there.
    pub sentence: String,
    /// How far it is, in words; empty once it is there.
    pub progress: String,
    /// The deployments so far, cheapest first.
    pub rows: Vec<Row>,
    /// Those of chips without a price.
    pub unpriced: Vec<Row>,
    /// What chips without a public price would have to cost.
    pub pays: Vec<Pays>,
    /// Chips that carry the load in no deployment alone, and why, in words.
    pub unfit: Vec<(String, String)>,
}

/// What a chip without a public price would have to cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pays {
    /// Identifier of the chip.
    pub chip: String,
    /// Below which price it would be cheapest, and in which deployment.
    pub words: String,
    /// What a click opens.
    pub link: String,
}

/// A deployment as a row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its pools.
    pub label: String,
    /// What a click opens.
    pub link: String,
    /// Its chips by kind.
    pub bought: String,
    /// How it is split, in words.
    pub split: String,
    /// Dollars per hour with the ends of their 80 % interval; empty without a price.
    pub per_hour: Vec<f64>,
    /// The cells under [`told::HEADINGS`].
    pub cells: Vec<String>,
}

message!(Written { chips, vendors, same_vendor, max_chips, budget, power, singly });
message!(Question { written, link });
message!(Told { sentence, progress, rows, unpriced, pays, unfit });
message!(Pays { chip, words, link });
message!(Row { label, link, bought, split, per_hour, cells });
message!(BreakEven { chip, below, chips, deployed });

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
        let sizer = Wanted::read(&self.written, &scenario, "").map(|wanted| Sizer::new(&scenario, &wanted));
        Box::new(Sizing { sizer: sizer.map(Box::new), steps: 0 })
    }
}

struct Sizing {
    sizer: Result<Box<Sizer>, String>,
    steps: usize,
}

impl Work for Sizing {
    fn step(&mut self) -> Slice {
        let sizer = match &mut self.sizer {
            Ok(sizer) => sizer,
            Err(problem) => {
                let told = Told { sentence: words::capital(problem.clone()), ..Told::default() };
                return Slice { text: line(&told), done: true };
            }
        };
        let done = sizer.step(1);
        self.steps += 1;
        if !done && !self.steps.is_multiple_of(BETWEEN) {
            return Slice::default();
        }
        let answer = sizer.answer();
        let mut told = Told::default();
        if done {
            told.sentence = told::sentence(&answer);
            let unfit = answer.unfit.iter();
            let why = |reason| told::unfit(&answer.scenario, reason);
            told.unfit = unfit.map(|(chip, own)| (words::chip(chip).to_owned(), why(own))).collect();
            let pays = answer.break_even.iter();
            told.pays = pays.map(paying).collect();
        } else {
            told.progress = progress(self.steps, &answer.deployments);
        }
        told.rows = answer.deployments.iter().map(row).collect();
        told.unpriced = answer.unpriced.iter().map(row).collect();
        Slice { text: line(&told), done }
    }
}

fn paying(own: &BreakEven) -> Pays {
    Pays { chip: own.chip.clone(), words: told::pays_below(own), link: own.deployed.link.clone() }
}

fn row(own: &Deployment) -> Row {
    Row {
        label: own.deployed.label.clone(),
        link: own.deployed.link.clone(),
        bought: told::bought(&own.bought),
        split: words::split(own.split).to_owned(),
        per_hour: told::per_hour(own).map_or_else(Vec::new, Vec::from),
        cells: told::cells(own),
    }
}

/// How far sizing is: `Sizing: 32 steps, 5 deployments so far, from $12/h …`.
fn progress(steps: usize, deployments: &[Deployment]) -> String {
    let best = deployments
        .first()
        .and_then(|own| own.per_hour)
        .map_or_else(String::new, |own| format!(", from {}", Unit::DollarsPerHour.format(own.get())));
    format!("Sizing: {steps} steps, {} deployments so far{best} …", deployments.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{all_chips, size};
    use crate::jobs::question::pieces;

    /// All reports of a question.
    fn reports(written: Written, link: &str) -> Vec<Told> {
        let pieces = pieces(Question { written, link: link.to_owned() });
        pieces.iter().filter(|own| !own.is_empty()).map(|own| Question::answer(own)).collect()
    }

    #[test]
    fn the_answer_is_that_of_the_command_line() {
        let link = "v1&model=llama3-8b&concurrency=32";
        let scenario = link::parse(link).scenario;
        let direct = size(&scenario, &Wanted::of(&all_chips(&scenario)));
        let reports = reports(Written::default(), link);
        let last = reports.last().unwrap();
        assert_eq!(last.sentence, told::sentence(&direct));
        assert_eq!(last.rows, direct.deployments.iter().map(row).collect::<Vec<_>>());
        assert_eq!(last.unpriced.len(), direct.unpriced.len());
        assert_eq!(last.pays, direct.break_even.iter().map(paying).collect::<Vec<_>>());
        assert_eq!(last.unfit.len(), direct.unfit.len());
        assert!(reports.len() > 2 && reports[0].sentence.is_empty(), "progress comes before the answer");
        assert!(reports[0].progress.starts_with("Sizing: "), "{:?}", reports[0]);
    }

    #[test]
    fn what_is_wanted_is_read_by_the_worker_and_what_is_wrong_is_said() {
        let link = "v1&model=llama3-8b&concurrency=8";
        let written = Written { vendors: "amd".to_owned(), ..Written::default() };
        let told = reports(written, link).pop().unwrap();
        assert!(!told.rows.is_empty() && told.rows.iter().all(|own| own.label.contains("MI")), "{told:?}");
        let written = Written { chips: "h10".to_owned(), ..Written::default() };
        let told = reports(written, link).pop().unwrap();
        assert!(told.sentence.contains("unknown chip \"h10\". Did you mean h100-sxm"), "{}", told.sentence);
        assert!(told.rows.is_empty() && told.progress.is_empty());
    }
}

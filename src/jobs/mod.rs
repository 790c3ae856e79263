//! Long questions, answered in slices, so that neither a frame nor a worker is held up and any question can be dropped.
//!
//! The page does not hold this code: it comes as a module of its own (`worker/`) when the first question is asked, and
//! runs in a worker, or beside the page in slices where no worker can be had. Questions and answers are text. A question
//! is a verb with its arguments, one a line; an answer comes in pieces of whole lines, whose fields are separated by
//! tabs. Each question has a file that holds both ends: what the page asks and reads, and what the job does.

pub mod agents;
pub mod charts;
pub mod diff;
pub mod field;
pub mod frontier;
pub mod import;
pub mod lanes;
pub mod map;
pub mod replay;
mod run;
pub mod sensitivity;
#[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
pub mod share;
pub mod size;

use crate::scenario::{Scenario, link};

/// A question under way.
pub struct Job {
    /// What is left of the work; none once all is done.
    work: Option<Box<dyn Work>>,
}

/// What a job does slice by slice. A slice takes a few milliseconds at most.
trait Work {
    /// Does a slice.
    fn step(&mut self) -> Slice;
}

/// What a slice came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Lines of the answer; often none yet.
    pub text: String,
    /// Whether the answer is whole.
    pub done: bool,
}

impl Job {
    /// Takes a question up.
    ///
    /// # Errors
    /// A question that nothing here answers, in words.
    pub fn new(question: &str) -> Result<Self, String> {
        let (verb, rest) = question.split_once('\n').unwrap_or((question, ""));
        let work: Box<dyn Work> = match verb {
            agents::VERB => agents::start(rest),
            diff::VERB => diff::start(rest),
            frontier::VERB => frontier::start(rest),
            import::VERB => import::start(rest),
            map::VERB => map::start(rest),
            sensitivity::VERB => sensitivity::start(rest),
            #[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
            share::VERB => share::start(rest)?,
            size::VERB => size::start(rest),
            size::PAYS => size::start_pays(rest),
            replay::VERB => replay::start(rest),
            _ => return Err(format!("no job is called {verb}")),
        };
        Ok(Self { work: Some(work) })
    }

    /// Does a slice of the work. After the last one there is nothing more.
    pub fn step(&mut self) -> Slice {
        let Some(work) = &mut self.work else { return Slice { text: String::new(), done: true } };
        let slice = work.step();
        if slice.done {
            self.work = None;
        }
        slice
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("done", &self.work.is_none()).finish()
    }
}

/// The scenario that a line of a question names.
fn ask_of(text: &str) -> Scenario {
    link::parse(text).scenario
}

/// Work that is done in one slice.
struct Once<F: FnMut() -> String>(F);

impl<F: FnMut() -> String> Work for Once<F> {
    fn step(&mut self) -> Slice {
        Slice { text: (self.0)(), done: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pieces of an answer.
    pub(super) fn pieces(question: &str) -> Vec<String> {
        let mut job = Job::new(question).unwrap();
        let mut pieces = Vec::new();
        loop {
            let slice = job.step();
            pieces.push(slice.text);
            if slice.done {
                return pieces;
            }
            assert!(pieces.len() < 1_000_000, "the job never ends");
        }
    }

    #[test]
    fn an_unknown_question_is_named() {
        assert_eq!(Job::new("dance\nv1").unwrap_err(), "no job is called dance");
    }

    #[test]
    fn a_job_ends_once() {
        let mut job = Job::new(&size::pays_question("v1&pool=h200*8")).unwrap();
        let mut pieces = 0;
        while !job.step().done {
            pieces += 1;
            assert!(pieces < 1_000_000, "the job never ends");
        }
        assert_eq!(job.step(), Slice { text: String::new(), done: true });
    }
}

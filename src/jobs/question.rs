//! All questions that the page asks, and the driver that answers any of them slice by slice.

#[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
use super::share;
use super::slice::{Answered, Ask, Slice, Work};
use super::{agents, claims, diff, frontier, import, map, pays, replay, sensitivity, size};
use crate::scenario::link;

/// Makes the one enum out of the questions, each of which knows its verb.
macro_rules! questions {
    ($($(#[doc = $doc:literal])* $(#[cfg($on:meta)])? $variant:ident($own:ty)),* $(,)?) => {
        /// A question, whichever it is.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Question {
            $($(#[doc = $doc])* $(#[cfg($on)])? $variant($own)),*
        }

        impl Question {
            /// The question as text.
            #[must_use]
            pub fn text(&self) -> String {
                match self {
                    $($(#[cfg($on)])? Self::$variant(own) => own.text()),*
                }
            }

            /// Reads a question.
            ///
            /// # Errors
            /// A text that is no question, or one about a link that is not understood, in words.
            pub fn read(text: &str) -> Result<Self, String> {
                let (verb, rest) = text.split_once('\n').unwrap_or((text, ""));
                let question = match verb {
                    $($(#[cfg($on)])? <$own as Ask>::VERB => <$own as Ask>::of(rest).map(Self::$variant),)*
                    _ => return Err(format!("no job is called {verb}")),
                };
                let question = question.ok_or_else(|| format!("{verb}: what follows is no such question"))?;
                for link in question.links() {
                    link::parse(link).understood().map_err(|misread| misread.to_string())?;
                }
                Ok(question)
            }

            fn links(&self) -> Vec<&str> {
                match self {
                    $($(#[cfg($on)])? Self::$variant(own) => own.links()),*
                }
            }

            fn start(self) -> Box<dyn Work> {
                match self {
                    $($(#[cfg($on)])? Self::$variant(own) => own.start()),*
                }
            }
        }

        $($(#[cfg($on)])? impl From<$own> for Question {
            fn from(own: $own) -> Self {
                Self::$variant(own)
            }
        })*
    };
}

questions! {
    /// How many agents a deployment carries.
    Agents(agents::Question),
    /// A claim held against the model.
    Claim(claims::Question),
    /// What sets two scenarios apart.
    Diff(diff::Question),
    /// What the same chips can do.
    Frontier(frontier::Question),
    /// A model out of a `config.json`.
    Import(import::Question),
    /// Who is best where.
    Map(map::Question),
    /// Below which price a chip without one would be part of the cheapest deployment.
    Pays(pays::Question),
    /// Requests one by one.
    Replay(replay::Question),
    /// What more of a figure of the chips would bring.
    Sensitivity(sensitivity::Question),
    /// What is handed on.
    #[cfg(any(not(target_arch = "wasm32"), feature = "paint"))]
    Share(share::Question),
    /// The cheapest deployments for a load.
    Size(size::Question),
}

/// A question under way.
pub struct Job {
    /// What is left of the work; none once all is done.
    work: Option<Box<dyn Work>>,
}

impl Job {
    /// Takes a question up.
    #[must_use]
    pub fn new(question: Question) -> Self {
        Self { work: Some(question.start()) }
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

/// All pieces of an answer.
#[cfg(test)]
pub(super) fn pieces(question: impl Into<Question>) -> Vec<String> {
    let question = question.into();
    assert_eq!(Question::read(&question.text()), Ok(question.clone()), "a question reads back");
    let mut job = Job::new(question);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_question_is_named() {
        assert_eq!(Question::read("dance\nv1").unwrap_err(), "no job is called dance");
        for text in ["frontier", "frontier\nbeauty\nv1", "map\ncost\nisl\nload\n9\nv1", "replay\nfast\nv1"] {
            assert!(Question::read(text).unwrap_err().contains("no such question"), "{text}");
        }
        for text in [
            "agents\nv1&model=lama3-8b",
            "frontier\ncost\nv1&model=lama3-8b",
            "diff\nv1\nv1&model=lama3-8b\n1",
        ] {
            let error = Question::read(text).unwrap_err();
            assert!(error.contains("Did you mean llama3-8b"), "{text}: {error}");
        }
    }

    #[test]
    fn a_job_ends_once() {
        let mut job = Job::new(pays::Question { link: "v1&pool=h200*8".to_owned() }.into());
        let mut pieces = 0;
        while !job.step().done {
            pieces += 1;
            assert!(pieces < 1_000_000, "the job never ends");
        }
        assert_eq!(job.step(), Slice { text: String::new(), done: true });
    }
}

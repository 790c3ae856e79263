//! What every question has in common: how it is asked, how its answer comes, and how the work for it is cut.

use super::wire::{Field, Fields, Line};

/// A question as the page asks it.
pub trait Ask: Field {
    /// The first line of its text.
    const VERB: &'static str;

    /// How its answer comes.
    const COMES: Comes;

    /// What it is answered with; the default is what is known before anything came.
    type Answer: Default;

    /// The question as text.
    fn text(&self) -> String {
        let mut line = Line::question(Self::VERB);
        self.write(&mut line);
        line.end()
    }

    /// Reads what follows the verb; `None` where it is no such question.
    fn of(rest: &str) -> Option<Self> {
        Fields::of_lines(rest).read()
    }

    /// Reads an answer, as far as it came.
    fn answer(text: &str) -> Self::Answer;
}

/// A question as it is answered.
pub(super) trait Answered: Ask {
    /// The links that it is about.
    fn links(&self) -> Vec<&str>;

    /// Takes the question up.
    fn start(self) -> Box<dyn Work>;
}

/// How an answer comes, and so what of it is worth showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// In one piece.
    Whole,
    /// In pieces that each stand for all of it so far.
    Anew,
    /// In pieces that add to each other; those with a line under this tag are worth showing.
    Growing(&'static str),
}

/// What a job does slice by slice. A slice takes a few milliseconds at most.
pub(super) trait Work {
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

/// Work that is done in one slice.
pub(super) struct Once<F: FnMut() -> String>(pub(super) F);

impl<F: FnMut() -> String> Work for Once<F> {
    fn step(&mut self) -> Slice {
        Slice { text: (self.0)(), done: true }
    }
}

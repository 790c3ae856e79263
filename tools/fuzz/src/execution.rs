//! One execution of a target: which of the long forms it has, and what came of it.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Which of the forms that take long an input has its turn with. By the input itself, so that it is the same whenever
/// the input comes, and each form meets its share of any number of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// With all: inputs to start from, those that once broke a promise, and one that is being cut down.
    All,
    /// By a hash of the input.
    By(u64),
}

impl Turn {
    /// The turn of an input that is one of millions.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::By(kind(&bytes))
    }

    /// Whether it is the turn of the form `which`, which one input of `every` has.
    #[must_use]
    pub fn has(self, which: u64, every: u64) -> bool {
        match self {
            Self::All => true,
            // Forms with different numbers are drawn independently of each other.
            Self::By(hash) => hash.rotate_left(8 * which as u32 % 64).is_multiple_of(every.max(1)),
        }
    }
}

/// What came of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What kind of answer it had.
    pub kind: u64,
    /// Whether it was taken for what it should be, at least in part, and not only refused.
    pub taken: bool,
}

impl Told {
    /// An input that was taken, and what kind of answer it had.
    pub(crate) fn taken(what: &impl Hash) -> Self {
        Self { kind: kind(what), taken: true }
    }

    /// An input that was refused, and what kind of answer it had.
    pub(crate) fn refused(what: &impl Hash) -> Self {
        Self { kind: kind(what), taken: false }
    }
}

/// The kind of an answer: things that are equal in what they are, not in their values.
#[must_use]
pub fn kind(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The name of a variant.
#[must_use]
pub fn variant(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(|symbol: char| !symbol.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

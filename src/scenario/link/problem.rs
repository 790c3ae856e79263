//! What can be wrong with a part of a link.

use crate::scenario::Invalid;

/// What can be wrong with a part of a link.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// No such key.
    UnknownKey {
        /// Keys that come near.
        nearest: Vec<String>,
    },
    /// The value cannot be read.
    Unreadable {
        /// What is expected in its place.
        expected: String,
        /// Values that come near.
        nearest: Vec<String>,
    },
    /// The value is of the right kind, but wrong inside.
    Wrong {
        /// What is wrong with it, in words.
        reason: String,
        /// Values that come near.
        nearest: Vec<String>,
    },
    /// The value is a number outside its range.
    OutOfRange {
        /// Value and range.
        invalid: Invalid,
    },
    /// The value has no unit where units matter.
    NoUnit {
        /// As what it was read.
        read_as: &'static str,
    },
    /// The value is a word of an older version.
    OldName {
        /// As what it was read.
        read_as: &'static str,
    },
    /// The key occurs again further on, and the last one counts.
    Repeated,
    /// Has no meaning beside another key.
    Unused {
        /// Why.
        reason: &'static str,
    },
    /// The link was made by another version.
    OtherVersion,
    /// The link is longer than links are read.
    TooLong {
        /// How many bytes are read.
        read: usize,
    },
    /// The address has no scenario in it.
    NoFragment,
    /// There are more notices than are worth listing.
    More {
        /// How many more.
        count: usize,
    },
}

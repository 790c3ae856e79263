//! What can be wrong with a part of a link.

use crate::catalog::NumberFormat;
use crate::scenario::Invalid;

/// What can be wrong with a part of a link.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// No such key.
    UnknownKey {
        /// Keys that come near.
        nearest: Vec<String>,
    },
    /// A name that stands for nothing.
    Unknown {
        /// What it should name: `chip`, `model`.
        what: &'static str,
        /// The name, cut short.
        name: String,
        /// What is accepted.
        accepted: &'static str,
        /// Values of the key that come near.
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
        /// Values that come near.
        nearest: Vec<String>,
    },
    /// The value has no unit where units matter.
    NoUnit {
        /// As what it was read.
        read_as: &'static str,
        /// What may have been meant otherwise.
        nearest: Vec<String>,
    },
    /// The value was taken as links have it, while most people would mean something else by it.
    ToTheLetter {
        /// As what it was read.
        read_as: String,
        /// What may have been meant otherwise.
        nearest: Vec<String>,
    },
    /// A name that people use for what has another one here.
    ReadAs {
        /// The identifier.
        id: String,
        /// The format of the weights that the name states; `Some(None)` is the released checkpoint's.
        weights: Option<Option<NumberFormat>>,
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

impl Problem {
    /// Whether what was asked is not known: then nothing may be evaluated.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::Unreadable { .. }
                | Self::Wrong { .. }
                | Self::OutOfRange { .. }
                | Self::TooLong { .. }
        )
    }

    /// What may have been meant, nearest first.
    #[must_use]
    pub fn nearest(&self) -> &[String] {
        match self {
            Self::UnknownKey { nearest }
            | Self::Unknown { nearest, .. }
            | Self::Unreadable { nearest, .. }
            | Self::Wrong { nearest, .. }
            | Self::OutOfRange { nearest, .. }
            | Self::NoUnit { nearest, .. }
            | Self::ToTheLetter { nearest, .. } => nearest,
            _ => &[],
        }
    }

    pub(super) fn nearest_mut(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Self::UnknownKey { nearest }
            | Self::Unknown { nearest, .. }
            | Self::Unreadable { nearest, .. }
            | Self::Wrong { nearest, .. }
            | Self::OutOfRange { nearest, .. }
            | Self::NoUnit { nearest, .. }
            | Self::ToTheLetter { nearest, .. } => Some(nearest),
            _ => None,
        }
    }

    /// The same of a value of which what was read is a part.
    pub(super) fn within(mut self, whole: impl Fn(&str) -> String) -> Self {
        if let Some(nearest) = self.nearest_mut() {
            for near in nearest {
                *near = whole(near);
            }
        }
        self
    }

    /// The same of a text of which what was read is a part.
    pub(super) fn inside(self, text: &str, part: &str) -> Self {
        self.within(|near| text.trim().replacen(part.trim(), near, 1))
    }
}

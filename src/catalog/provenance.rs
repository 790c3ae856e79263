//! Where the blocks of a catalogue entry come from: source, address, date and how far to trust them, block by block.
//!
//! A file may say so for any of its blocks (`source`, `url`, `as_of`, `confidence`; see `schema`); the `sources` of a whole
//! entry stand beside it. Native builds carry them, browsers do not.

use serde::{Deserialize, Serialize};

/// How far figures are to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Read in a data sheet or a maintained table.
    High,
    /// Secondary source or partly recalled.
    Medium,
    /// Single or indirect source.
    Low,
}

/// Where one block of a file comes from. What the file does not say is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The block: a table of the file such as `memory`, or the name of one of its rows.
    pub block: &'static str,
    /// Who says so.
    pub source: Option<&'static str>,
    /// Where to read it.
    pub url: Option<&'static str>,
    /// Month or day to which it is true, `2026-11` or `2026-11-30`.
    pub as_of: Option<&'static str>,
    /// How far to trust it.
    pub confidence: Option<Confidence>,
}

impl Confidence {
    /// All degrees, best first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The degree with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|confidence| confidence.id() == id)
    }
}

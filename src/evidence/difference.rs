//! What of a scenario no measured run near it had.
//!
//! A set of few kinds, as each evaluation makes one.

use serde::ser::{Serialize, SerializeSeq, Serializer};

/// Something that no measured run near a scenario had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// Another model.
    Model,
    /// Another engine.
    Engine,
    /// Another number format of the experts, or of most weights.
    Format,
    /// Another format of the KV cache.
    Cache,
    /// One pool where two were measured, or the other way round.
    Split,
    /// Lengths, users per chip or ranks far outside what was measured.
    Load,
    /// More context than the model was made for.
    Context,
    /// Hits of a prefix cache.
    Hits,
    /// Lengths that scatter more, or less.
    Lengths,
    /// Requests that do not arrive independently of each other.
    Arrivals,
    /// Users who pause between requests.
    Pauses,
    /// Flags of the engine that neither it nor the profile sets so.
    Flags,
    /// A limit on power that lowers the clock.
    Cap,
    /// An overlap or a number of redundant experts of one's own.
    Experting,
    /// A link between pools of one's own.
    Link,
    /// A model of one's own.
    OwnModel,
    /// A chip of one's own.
    OwnChip,
    /// Chips of several kinds.
    Mixed,
    /// Speculation, or a split that nobody published a run of.
    Unpublished,
    /// An acceptance of one's own.
    Acceptance,
}

impl Difference {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 20] = [
        Self::OwnChip,
        Self::OwnModel,
        Self::Model,
        Self::Engine,
        Self::Format,
        Self::Cache,
        Self::Mixed,
        Self::Split,
        Self::Unpublished,
        Self::Acceptance,
        Self::Load,
        Self::Context,
        Self::Hits,
        Self::Lengths,
        Self::Arrivals,
        Self::Pauses,
        Self::Flags,
        Self::Experting,
        Self::Link,
        Self::Cap,
    ];

    /// The identifier in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Engine => "engine",
            Self::Format => "weights-format",
            Self::Cache => "kv-format",
            Self::Split => "split",
            Self::Load => "load",
            Self::Context => "context-window",
            Self::Hits => "cache-hits",
            Self::Lengths => "length-spread",
            Self::Arrivals => "arrivals",
            Self::Pauses => "pauses",
            Self::Flags => "flags",
            Self::Cap => "power-cap",
            Self::Experting => "expert-parallelism",
            Self::Link => "pool-link",
            Self::OwnModel => "own-model",
            Self::OwnChip => "own-chip",
            Self::Mixed => "mixed-chips",
            Self::Unpublished => "speculation-or-split",
            Self::Acceptance => "own-acceptance",
        }
    }

    /// Whether it is a change of what was measured, which widens a band; the others have a distance or a class of their own.
    const fn is_change(self) -> bool {
        matches!(
            self,
            Self::Cache
                | Self::Hits
                | Self::Lengths
                | Self::Arrivals
                | Self::Pauses
                | Self::Flags
                | Self::Cap
                | Self::Experting
                | Self::Link
                | Self::OwnModel
        )
    }
}

/// A set of differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences(u32);

impl Differences {
    /// None.
    pub const NONE: Self = Self(0);

    /// With one more, where it holds.
    #[must_use]
    pub const fn with(self, difference: Difference, holds: bool) -> Self {
        if holds { Self(self.0 | 1 << difference as u32) } else { self }
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has this one.
    #[must_use]
    pub const fn has(self, difference: Difference) -> bool {
        self.0 & 1 << difference as u32 != 0
    }

    /// Each.
    pub fn iter(self) -> impl Iterator<Item = Difference> {
        Difference::ALL.into_iter().filter(move |own| self.has(*own))
    }

    /// How many of them widen a band.
    #[must_use]
    pub fn changes(self) -> f64 {
        self.iter().filter(|own| own.is_change()).count() as f64
    }
}

/// As a list of identifiers.
impl Serialize for Differences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for own in self.iter() {
            list.serialize_element(own.id())?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_under_its_own_name() {
        let mut all = Differences::NONE;
        for own in Difference::ALL {
            assert!(!all.has(own), "{own:?}");
            all = all.with(own, true);
        }
        let mut ids: Vec<&str> = all.iter().map(Difference::id).collect();
        assert_eq!(ids.len(), Difference::ALL.len());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Difference::ALL.len());
        assert_eq!(Differences::NONE.iter().count(), 0);
    }
}

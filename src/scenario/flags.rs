//! What the command line of the engine and of the benchmark sets.

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use crate::catalog::Profile;
use crate::units::Tokens;

/// Flags; absent ones are as the profile has them, and where that leaves them open as the engine does on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flags {
    /// The command line that the rest differs from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: Profile,
    /// Tokens of a step at most, as the engine means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<Tokens>,
    /// Sequences in a step at most, as the engine means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<u32>,
    /// Tokens in a message to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<u32>,
    /// Requests of a run that all users begin at once; absent = a service that has run for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<u32>,
}

fn is_default(profile: &Profile) -> bool {
    *profile == Profile::default()
}

impl Flags {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The numbers with their ranges.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Limits, f64)> {
        let of = |limits: Limits, value: Option<u32>| value.map(|value| (limits, f64::from(value)));
        [
            self.chunk.map(|chunk| (Limits::CHUNK, chunk.get())),
            of(Limits::MAX_SEQS, self.sequences),
            of(Limits::STREAM, self.stream),
            of(Limits::PROMPTS, self.prompts),
        ]
        .into_iter()
        .flatten()
    }
}

impl Limits {
    /// Tokens of a step.
    pub const CHUNK: Self = Self { field: "chunk", low: 16.0, high: 1_048_576.0, unit: "tokens" };
    /// Sequences in a step.
    pub const MAX_SEQS: Self = Self { field: "max-seqs", low: 1.0, high: 1e6, unit: "sequences" };
    /// Tokens in a message.
    pub const STREAM: Self = Self { field: "stream-interval", low: 1.0, high: 10_000.0, unit: "tokens" };
    /// Requests of a run.
    pub const PROMPTS: Self = Self { field: "prompts", low: 1.0, high: 1e7, unit: "requests" };
}

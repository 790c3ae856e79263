//! Profiles: command lines that many runs share.

use serde::{Deserialize, Serialize};

/// Who wrote the command line. What each sets is in `constants/profiles.csv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Nobody: the engine's own defaults, in a service that has run for long.
    #[default]
    Defaults,
    /// `InferenceX` (`InferenceMAX` until 2026), the benchmark of `SemiAnalysis`.
    Inferencex,
    /// NVIDIA's own sweeps of deployments, with `AIPerf`.
    NvidiaSweep,
}

impl Profile {
    /// All profiles, in the order of menus.
    pub const ALL: [Self; 3] = [Self::Defaults, Self::Inferencex, Self::NvidiaSweep];

    /// The identifier in links and files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Defaults => "defaults",
            Self::Inferencex => "inferencex",
            Self::NvidiaSweep => "nvidia-sweep",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Defaults => "Engine's defaults",
            Self::Inferencex => "InferenceX",
            Self::NvidiaSweep => "NVIDIA sweep",
        }
    }

    /// The profile with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.id() == id)
    }
}

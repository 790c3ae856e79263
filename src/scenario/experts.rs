//! How experts lie on their ranks, and what runs beside the exchange of their tokens.

use serde::{Deserialize, Serialize};

/// What a deployment does about the experts of a mixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertParallel {
    /// What runs while tokens are on their way to their experts and back.
    #[serde(default)]
    pub overlap: Overlap,
    /// Copies of busy experts beside the experts; absent = what such deployments usually keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundant: Option<u32>,
}

impl ExpertParallel {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What runs while tokens are on their way to their experts and back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// What is fastest of what the engine does: shared experts, and beyond one node the other half of the batch.
    #[default]
    Auto,
    /// Nothing: one after the other.
    None,
    /// Single-batch overlap: the shared experts.
    Sbo,
    /// Two-batch overlap: everything of the other half of the batch.
    Tbo,
    /// Kernels that send, multiply and return in one: the routed experts.
    Fused,
}

impl Overlap {
    /// All ways, in the order of menus.
    pub const ALL: [Self; 5] = [Self::Auto, Self::None, Self::Sbo, Self::Tbo, Self::Fused];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Sbo => "sbo",
            Self::Tbo => "tbo",
            Self::Fused => "fused",
        }
    }

    /// The way with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.id() == id)
    }
}

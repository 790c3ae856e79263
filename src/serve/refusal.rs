//! Why a scenario has no result, in words that say what to change.

use std::fmt;

use serde::Serialize;

use crate::catalog::ComputeType;
use crate::scenario::{Layout, Role};
use crate::units::Bytes;
use crate::units::format::excerpt;

/// Longest excerpt of a name in a message.
const EXCERPT: usize = 60;

/// Why a scenario can't be evaluated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A field is out of range.
    Invalid {
        /// What [`crate::scenario::Invalid`] says.
        message: String,
    },
    /// No such model.
    UnknownModel {
        /// What was asked for, and what comes near.
        message: String,
    },
    /// No such chip.
    UnknownChip {
        /// The identifier.
        chip: String,
        /// Identifiers that come near.
        nearest: Vec<String>,
    },
    /// The chip lacks a published figure that the model needs.
    MissingFigure {
        /// The chip.
        chip: String,
        /// The figure.
        figure: &'static str,
    },
    /// The chip cannot multiply this type and no wider unit is published either.
    NoUnit {
        /// The chip.
        chip: String,
        /// The type.
        compute: ComputeType,
    },
    /// The layout cannot be.
    BadLayout {
        /// Role of the pool.
        role: Role,
        /// The layout.
        layout: Layout,
        /// Why not.
        reason: String,
    },
    /// The pool has fewer chips than one replica of the layout.
    TooFewChips {
        /// Role of the pool.
        role: Role,
        /// Chips one replica takes.
        needs: u32,
        /// Chips the pool has.
        has: u32,
    },
    /// Weights, activations and the KV cache of one sequence exceed the memory.
    DoesNotFit {
        /// Role of the pool.
        role: Role,
        /// The chip.
        chip: String,
        /// Bytes one replica needs at least.
        needs: Bytes,
        /// Bytes one replica has.
        has: Bytes,
        /// How many more chips would hold it; absent when no number does with this layout.
        more_chips: Option<u32>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { message } | Self::UnknownModel { message } => f.write_str(message),
            Self::UnknownChip { chip, nearest } if nearest.is_empty() => {
                write!(f, "no chip is called {}", excerpt(chip, EXCERPT))
            }
            Self::UnknownChip { chip, nearest } => {
                write!(
                    f,
                    "no chip is called {}; did you mean {}?",
                    excerpt(chip, EXCERPT),
                    nearest.join(" or ")
                )
            }
            Self::MissingFigure { chip, figure } => {
                write!(f, "{chip} has no published {figure}, so nothing can be computed on it")
            }
            Self::NoUnit { chip, compute } => {
                write!(f, "{chip} has no published rate for {compute:?} arithmetic")
            }
            Self::BadLayout { role, layout, reason } => {
                write!(f, "{role}: layout {} {reason}", crate::scenario::notation::write_layout(layout))
            }
            Self::TooFewChips { role, needs, has } => {
                write!(f, "{role}: one replica takes {needs} chips, the pool has {has}")
            }
            Self::DoesNotFit { role, chip, needs, has, more_chips } => {
                write!(
                    f,
                    "{role}: does not fit on {chip}: one replica needs {:.1} GB and has {:.1} GB",
                    needs.as_giga(),
                    has.as_giga()
                )?;
                match more_chips {
                    Some(1) => f.write_str("; needs 1 more chip"),
                    Some(more) => write!(f, "; needs {more} more chips"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for Refusal {}

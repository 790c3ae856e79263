//! Number formats: what an element occupies in memory and which arithmetic unit multiplies it.

use serde::{Deserialize, Serialize};

/// Number format of weights, experts or KV cache. The identifiers are those of measurement files and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberFormat {
    /// 16-bit brain float.
    Bf16,
    /// 8-bit float, one scale per tensor.
    Fp8,
    /// 8-bit float, one 32-bit scale per 128x128 block (DeepSeek-style checkpoints).
    Fp8Block,
    /// 8-bit integer weights and activations.
    Int8,
    /// 4-bit float with one 8-bit scale per 16 elements; activations in the same format.
    Nvfp4,
    /// 4-bit float with one 8-bit scale per 32 elements; weight only, activations stay 16 bits.
    Mxfp4,
    /// 4-bit integer with one 16-bit scale per group, weight only: the multiplication runs in 16 bits.
    Int4,
}

/// Which arithmetic unit a format keeps busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComputeType {
    /// 16-bit float.
    Bf16,
    /// 8-bit float.
    Fp8,
    /// 8-bit integer.
    Int8,
    /// 4-bit float.
    Fp4,
}

impl NumberFormat {
    /// All formats, in the order of menus.
    pub const ALL: [Self; 7] =
        [Self::Bf16, Self::Fp8, Self::Fp8Block, Self::Int8, Self::Nvfp4, Self::Mxfp4, Self::Int4];

    /// The identifier in links and files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Fp8Block => "fp8-block",
            Self::Int8 => "int8",
            Self::Nvfp4 => "nvfp4",
            Self::Mxfp4 => "mxfp4",
            Self::Int4 => "int4",
        }
    }

    /// The format with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.id() == id)
    }

    /// The letter that stands for it where space counts.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Bf16 => 'b',
            Self::Fp8 => 'f',
            Self::Fp8Block => 'k',
            Self::Int8 => 'i',
            Self::Nvfp4 => 'n',
            Self::Mxfp4 => 'm',
            Self::Int4 => 'q',
        }
    }

    /// The format with this letter.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.letter() == letter)
    }

    /// Stored bytes of a weight, scales included: a 4-bit element with an 8-bit scale per 16 takes 0.5625 bytes. Integers
    /// of 4 bits share a 16-bit scale among `group` of them.
    #[must_use]
    pub const fn weight_bytes(self, group: u32) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / (128.0 * 128.0),
            Self::Nvfp4 => 0.5625,
            Self::Mxfp4 => 0.53125,
            Self::Int4 => 0.5 + 2.0 / (if group == 0 { 1 } else { group }) as f64,
        }
    }

    /// Bytes of a cached key or value, beside the scales of its layer. A cache in 4 bits is kept in 8: no engine attends
    /// over less.
    #[must_use]
    pub const fn cached_bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            _ => 1.0,
        }
    }

    /// The arithmetic unit that multiplies weights of this format.
    #[must_use]
    pub const fn compute_type(self) -> ComputeType {
        match self {
            Self::Bf16 | Self::Int4 | Self::Mxfp4 => ComputeType::Bf16,
            Self::Fp8 | Self::Fp8Block => ComputeType::Fp8,
            Self::Int8 => ComputeType::Int8,
            Self::Nvfp4 => ComputeType::Fp4,
        }
    }
}

impl ComputeType {
    /// All units.
    pub const ALL: [Self; 4] = [Self::Bf16, Self::Fp8, Self::Int8, Self::Fp4];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::Fp4 => "fp4",
        }
    }

    /// The unit with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.id() == id)
    }

    /// The format whose weights the unit is made for.
    #[must_use]
    pub const fn own_format(self) -> NumberFormat {
        match self {
            Self::Bf16 => NumberFormat::Bf16,
            Self::Fp8 => NumberFormat::Fp8,
            Self::Int8 => NumberFormat::Int8,
            Self::Fp4 => NumberFormat::Nvfp4,
        }
    }

    /// Bytes per element of the activations that enter a multiplication of this type.
    #[must_use]
    pub const fn activation_bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp4 => 0.5625,
        }
    }
}

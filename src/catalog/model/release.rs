//! A checkpoint of a model: the number format of each part, and of the KV cache where the checkpoint fixes it.
//!
//! Checkpoints seldom narrow everything: embedding and output head stay in 16 bits in nearly all, and many leave attention
//! or shared experts wide. Without a release of the wanted format a plain one stands in: all linear layers in that format,
//! the vocabulary in 16 bits, the experts as the default release has them where it has them in 4 bits for good.

use serde::{Deserialize, Serialize};

use crate::catalog::number::NumberFormat;

/// Weights that share a scale in integer checkpoints which do not say (AWQ and GPTQ).
pub const GROUP: u32 = 128;

/// A checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What names it in links: the format most of its weights are in.
    pub id: NumberFormat,
    /// Format of each part.
    pub parts: Parts,
    /// Format of the KV cache, where the checkpoint carries its scales; else engines keep it in the type of the
    /// activations.
    pub kv: Option<NumberFormat>,
    /// Weights that share a scale where they are 4-bit integers.
    pub group: u32,
}

/// Number format of each part of the weights. Routers are always in 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Projections of attention and of linear mixers.
    pub attention: NumberFormat,
    /// Dense feed-forward layers.
    pub dense: NumberFormat,
    /// Shared experts.
    pub shared: NumberFormat,
    /// Routed experts.
    pub experts: NumberFormat,
    /// Input embedding and output head.
    pub head: NumberFormat,
}

impl Parts {
    /// Linear layers in one format, routed experts in another, the vocabulary in 16 bits.
    #[must_use]
    pub const fn plain(weights: NumberFormat, experts: NumberFormat) -> Self {
        Self { attention: weights, dense: weights, shared: weights, experts, head: NumberFormat::Bf16 }
    }

    /// The parts with their names, in the order of files.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, NumberFormat); 5] {
        [
            ("attention", self.attention),
            ("dense", self.dense),
            ("shared", self.shared),
            ("experts", self.experts),
            ("head", self.head),
        ]
    }
}

impl Release {
    /// A checkpoint of which only the formats of linear layers and experts are known.
    #[must_use]
    pub const fn plain(weights: NumberFormat, experts: NumberFormat) -> Self {
        let id = match experts {
            NumberFormat::Bf16 => weights,
            narrow => narrow,
        };
        Self { id, parts: Parts::plain(weights, experts), kv: None, group: GROUP }
    }

    /// The checkpoint that stands in for a release of this format which nobody made.
    #[must_use]
    pub const fn in_format(&self, format: NumberFormat) -> Self {
        // Nobody widens experts that were trained or released in 4 bits.
        let experts = match self.parts.experts {
            NumberFormat::Mxfp4 | NumberFormat::Int4 => self.parts.experts,
            _ => format,
        };
        Self { id: format, parts: Parts::plain(format, experts), kv: None, group: self.group }
    }

    /// In a few letters: the name, the parts, the cache, and the group where it is not the usual one.
    #[must_use]
    pub fn code(&self) -> String {
        let Self { id, parts, kv, group } = *self;
        let parts = parts.named().map(|(_, format)| format);
        let formats = std::iter::once(id).chain(parts).chain(kv);
        let mut code: String = formats.map(NumberFormat::letter).collect();
        if group != GROUP {
            code.push_str(&group.to_string());
        }
        code
    }

    /// The release that [`Self::code`] wrote.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let digits = code.find(|symbol: char| symbol.is_ascii_digit()).unwrap_or(code.len());
        let (letters, group) = code.split_at_checked(digits)?;
        let group = if group.is_empty() { GROUP } else { group.parse().ok()? };
        let mut formats = letters.chars().map(NumberFormat::from_letter);
        let mut next = || formats.next().flatten();
        let id = next()?;
        let parts =
            Parts { attention: next()?, dense: next()?, shared: next()?, experts: next()?, head: next()? };
        let kv = next();
        Some(Self { id, parts, kv, group })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_they_were_written() {
        for id in NumberFormat::ALL {
            for kv in [None, Some(NumberFormat::Fp8)] {
                for group in [GROUP, 32] {
                    let release = Release { kv, group, ..Release::plain(NumberFormat::Bf16, id) };
                    assert_eq!(Release::from_code(&release.code()), Some(release), "{}", release.code());
                }
            }
        }
        for wrong in ["", "b", "bbbbb", "zbbbbb", "bbbbbb3x"] {
            assert_eq!(Release::from_code(wrong), None, "{wrong}");
        }
    }
}

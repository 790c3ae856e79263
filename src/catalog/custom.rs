//! Chips and models that the catalogue does not have, as their owner describes them.
//!
//! Their name is their identifier. It goes into links, pages and terminals, so nothing but small letters, digits, `.`
//! and `-` is left of what a person types, and no name of the catalogue can be taken: what is measured about a chip
//! must not be said about another.

use std::borrow::Cow;
use std::fmt;

use super::architecture::Architecture;
use super::chip::{Chip, ChipClass, ChipPrice, Memory, Peaks, ScaleUp, Sold, Status};
use super::model::{Model, Release};
use super::provenance::Confidence;
use super::table;
use crate::units::{Bytes, BytesPerSecond, DollarsPerHour, FlopsPerSecond, Watts};

/// Longest name, in characters.
pub const LONGEST_NAME: usize = 40;

/// Who says so.
const SOURCE: &str = "given by the user";

/// Why a name cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No letter or digit is in it.
    Empty,
    /// The catalogue has it.
    Taken {
        /// The name.
        name: String,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(
                f,
                "a name comes first, of at most {LONGEST_NAME} letters, digits, dots and hyphens, such as my-npu"
            ),
            Self::Taken { name } => write!(f, "{name} stands in the catalogue; choose another name"),
        }
    }
}

impl std::error::Error for NameError {}

/// What is left of a name when only what a link and a page can carry is kept: `My NPU (v2)` becomes `my-npu-v2`.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    // Whoever writes more than a name is not heard out.
    for symbol in name.chars().take(10 * LONGEST_NAME).map(|own| own.to_ascii_lowercase()) {
        match symbol {
            'a'..='z' | '0'..='9' => slug.push(symbol),
            '.' if !slug.is_empty() && !slug.ends_with(['.', '-']) => slug.push('.'),
            _ if !slug.is_empty() && !slug.ends_with(['.', '-']) => slug.push('-'),
            _ => {}
        }
        if slug.len() == LONGEST_NAME {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches(['.', '-']).len());
    slug
}

/// The name of a chip of one's own.
///
/// # Errors
/// [`NameError`] when nothing is left of it or the catalogue has it.
pub fn chip_name(name: &str) -> Result<String, NameError> {
    free(slug(name), |name| table::chip(name).is_some())
}

/// The name of a model of one's own.
///
/// # Errors
/// [`NameError`] when nothing is left of it or the catalogue has it.
pub fn model_name(name: &str) -> Result<String, NameError> {
    free(slug(name), |name| table::model(name).is_some())
}

fn free(name: String, taken: impl Fn(&str) -> bool) -> Result<String, NameError> {
    if name.is_empty() {
        Err(NameError::Empty)
    } else if taken(&name) {
        Err(NameError::Taken { name })
    } else {
        Ok(name)
    }
}

/// What must be known of a chip to model it, and what helps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChipFigures {
    /// Dense arithmetic peak in 16 bits.
    pub bf16: FlopsPerSecond,
    /// In 8-bit floats, where the chip has units for them.
    pub fp8: Option<FlopsPerSecond>,
    /// In 4-bit floats, where the chip has units for them.
    pub fp4: Option<FlopsPerSecond>,
    /// Capacity of the main memory.
    pub memory: Bytes,
    /// Bandwidth of the main memory.
    pub bandwidth: BytesPerSecond,
    /// The fast link domain.
    pub scale_up: Option<ScaleUp>,
    /// Network beyond it, per chip and direction.
    pub scale_out: Option<BytesPerSecond>,
    /// Power of the chip alone.
    pub power: Option<Watts>,
    /// What a chip costs per hour, whoever pays.
    pub price: Option<DollarsPerHour>,
}

impl Chip {
    /// A chip with a main memory of which only these figures are known. The laws that apply to it are those fitted over
    /// all chips.
    #[must_use]
    pub fn custom(name: &str, figures: &ChipFigures) -> Self {
        let &ChipFigures { bf16, fp8, fp4, memory, bandwidth, scale_up, scale_out, power, price } = figures;
        Self {
            id: Cow::Owned(name.to_owned()),
            name: Cow::Owned(name.to_owned()),
            vendor: Cow::Borrowed("Own"),
            class: ChipClass::Asic,
            year: 0,
            status: Status::Estimate,
            peaks: Peaks { fp4, fp8, bf16: Some(bf16), ..Peaks::default() },
            memory: Some(Memory {
                kind: Cow::Borrowed("memory"),
                named: memory,
                capacity: memory,
                usable: None,
                bandwidth,
            }),
            sram: None,
            scale_up,
            scale_out,
            tdp: power,
            it_power: None,
            sold: Sold::default(),
            // As with any price that the user states, it holds whether chips are rented or owned.
            price: ChipPrice { given: price, ..ChipPrice::default() },
            sources: Cow::Borrowed(SOURCE),
            confidence: Confidence::Low,
            notes: Cow::Borrowed(""),
            provenance: &[],
        }
    }

    /// The figures that make up a chip of one's own; `None` where one that must be known is not.
    #[must_use]
    pub fn figures(&self) -> Option<ChipFigures> {
        let memory = self.memory.as_ref()?;
        Some(ChipFigures {
            bf16: self.peaks.bf16?,
            fp8: self.peaks.fp8,
            fp4: self.peaks.fp4,
            memory: memory.capacity,
            bandwidth: memory.bandwidth,
            scale_up: self.scale_up,
            scale_out: self.scale_out,
            power: self.tdp,
            price: self.price.given,
        })
    }
}

impl Model {
    /// A model of which only the architecture is known.
    #[must_use]
    pub fn custom(name: &str, architecture: Architecture) -> Self {
        let Architecture {
            hidden,
            vocab,
            tied_embeddings,
            max_context,
            layers,
            attention,
            ffn,
            native_weights,
            native_experts,
            native_kv,
        } = architecture;
        Self {
            id: Cow::Owned(name.to_owned()),
            name: Cow::Owned(name.to_owned()),
            released: Cow::Borrowed(""),
            published_parameters: None,
            published_active: None,
            hidden,
            vocab,
            tied_embeddings,
            max_context,
            layers,
            attention: Cow::Owned(attention),
            ffn: Cow::Owned(ffn),
            releases: Cow::Owned(vec![Release {
                kv: native_kv,
                ..Release::plain(native_weights, native_experts)
            }]),
            checkpoints: Cow::Borrowed(&[]),
            sources: Cow::Borrowed(SOURCE),
            confidence: Confidence::Low,
            notes: Cow::Borrowed(""),
            provenance: &[],
        }
    }

    /// The catalogue's model of the same architecture, whatever formats its weights come in.
    #[must_use]
    pub(super) fn in_catalog(&self) -> Option<&'static Self> {
        let same = |other: &&Self| {
            self.hidden == other.hidden
                && self.vocab == other.vocab
                && self.tied_embeddings == other.tied_embeddings
                && self.layers == other.layers
                && self.attention.len() == other.attention.len()
                && self.ffn.len() == other.ffn.len()
                && self.attention.iter().all(|group| other.attention.contains(group))
                && self.ffn.iter().all(|group| other.ffn.contains(group))
        };
        table::models().iter().find(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_links_and_pages_cannot_carry() {
        for (name, left) in [
            ("my-npu", "my-npu"),
            ("My NPU (v2)", "my-npu-v2"),
            ("<b>x</b>", "b-x-b"),
            ("../../etc", "etc"),
            ("a\u{202e}b\u{0}c", "a-b-c"),
            ("Llama-3.1", "llama-3.1"),
            // What is beyond ASCII has no place in a link, whatever its case.
            ("\u{130}stanbul \u{c9}1", "stanbul-1"),
            ("---", ""),
        ] {
            assert_eq!(slug(name), left);
        }
        assert_eq!(slug(&"x".repeat(100)).len(), LONGEST_NAME);
        assert_eq!(slug(&slug("A b.-c")), slug("A b.-c"));
    }

    #[test]
    fn names_of_the_catalogue_are_taken() {
        assert_eq!(chip_name("H200"), Err(NameError::Taken { name: "h200".to_owned() }));
        assert_eq!(model_name("deepseek v3"), Err(NameError::Taken { name: "deepseek-v3".to_owned() }));
        assert_eq!(chip_name("?"), Err(NameError::Empty));
        assert_eq!(chip_name("my npu").as_deref(), Ok("my-npu"));
    }

    #[test]
    fn the_catalogue_knows_its_own_models() {
        for model in crate::catalog::models() {
            let found = model.in_catalog().map(|found| found.architecture());
            let own = model.architecture();
            assert!(
                found.is_some_and(|found| found.hidden == own.hidden && found.ffn == own.ffn),
                "{}",
                model.id
            );
            assert_eq!(model.out_of_range(), [], "{}", model.id);
        }
    }
}

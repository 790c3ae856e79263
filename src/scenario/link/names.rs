//! Names in a link: which exist, and which come near to one that does not.

use crate::catalog::{Engine, NumberFormat};

use super::notice::Problem;

/// Longest name that is compared with others; the comparison takes time in proportion to the product of lengths.
const LONGEST: usize = 64;

/// How many near names a notice lists.
const NEAR: usize = 3;

/// A chip of the catalogue.
pub(super) fn chip(text: &str) -> Result<String, Problem> {
    let id = text.trim().to_ascii_lowercase();
    if CHIPS.contains(&id.as_str()) {
        return Ok(id);
    }
    Err(Problem::Unreadable {
        expected: "a chip of the catalogue".to_owned(),
        nearest: nearest(&id, CHIPS.iter().copied()),
    })
}

/// A model of the catalogue or a family scaled to a size.
pub(super) fn model(text: &str) -> Result<String, Problem> {
    let id = text.trim();
    if MODELS.contains(&id.to_ascii_lowercase().as_str()) {
        return Ok(id.to_ascii_lowercase());
    }
    Err(Problem::Unreadable {
        expected: "a model of the catalogue or a family with a size such as dense:70B".to_owned(),
        nearest: nearest(id, MODELS.iter().copied()),
    })
}

const CHIPS: &[&str] =
    &["h100-sxm", "h200", "b200", "b300", "groq3-lp30", "vr200-nvl72", "tpu-7x", "mi355x", "rtx-5090"];
const MODELS: &[&str] = &["llama3-70b", "llama3-8b", "deepseek-v3", "gpt-oss-120b", "qwen3-32b", "kimi-k2"];

/// A number format; `native` is the released checkpoint's.
pub(super) fn format(text: &str) -> Result<Option<NumberFormat>, Problem> {
    let id = text.trim().to_ascii_lowercase();
    if id == NATIVE {
        return Ok(None);
    }
    NumberFormat::from_id(&id).map(Some).ok_or_else(|| {
        let ids = NumberFormat::ALL.map(NumberFormat::id);
        choice(&id, std::iter::once(NATIVE).chain(ids))
    })
}

/// The word for the released checkpoint's number format.
pub(super) const NATIVE: &str = "native";

/// A serving engine.
pub(super) fn engine(text: &str) -> Result<Engine, Problem> {
    let id = text.trim().to_ascii_lowercase();
    Engine::from_id(&id).ok_or_else(|| choice(&id, Engine::ALL.into_iter().map(Engine::id)))
}

/// The problem of a word that is none of a few.
pub(super) fn choice<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Problem {
    let words: Vec<&str> = words.collect();
    let nearest = nearest(text, words.iter().copied());
    Problem::Unreadable { expected: format!("one of {}", words.join(", ")), nearest }
}

/// Names that come near to a text, nearest first.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let text = text.trim().to_ascii_lowercase();
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let distance = if name.contains(&text) || text.contains(name) {
                // Part of a name says more than a like-sounding one: h100 is h100-sxm rather than h20.
                1
            } else {
                strsim::osa_distance(&text, name) * 2
            };
            (distance <= length.max(2)).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect()
}

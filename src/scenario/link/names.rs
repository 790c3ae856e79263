//! Names in a link: which exist, and which come near to one that does not.

use crate::catalog::{self, Engine, NumberFormat, custom::slug};
use crate::scenario::Custom;

use super::problem::Problem;

/// Longest name that is compared with others; the comparison takes time in proportion to the product of lengths.
const LONGEST: usize = 64;

/// How many near names a notice lists.
const NEAR: usize = 3;

/// A chip of the catalogue or of the link's own.
pub(super) fn chip(custom: &Custom, text: &str) -> Result<String, Problem> {
    let id = text.trim().to_ascii_lowercase();
    let own = || Some(slug(&id)).filter(|own| custom.chip(own).is_some());
    match custom.chip(&id).map(|_| id.clone()).or_else(own) {
        Some(id) => Ok(id),
        None => Err(Problem::Unreadable {
            expected: "a chip of the catalogue, or one that chip= describes".to_owned(),
            nearest: owned(&catalog::nearest_chip_ids(&id)),
        }),
    }
}

/// A model of the catalogue or of the link's own, or a family scaled to a size, by its canonical identifier.
pub(super) fn model(custom: &Custom, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let id = text.to_ascii_lowercase();
    if catalog::model(&id).is_some() {
        return Ok(id);
    }
    if let Some(own) = custom.model.as_ref().filter(|own| own.id == id || own.id == slug(&id)) {
        return Ok(own.id.clone().into_owned());
    }
    catalog::parse_family_id(text).map(|model| model.id.into_owned()).map_err(|error| {
        if text.contains(':') {
            return Problem::Wrong { reason: error.to_string(), nearest: Vec::new() };
        }
        Problem::Unreadable {
            expected: "a model of the catalogue, one that arch= describes, or a family with a size such as dense:70B".to_owned(),
            nearest: owned(&catalog::nearest_model_ids(&id)),
        }
    })
}

fn owned(ids: &[&'static str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

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
    let allowed = length.max(2);
    let letters = letters(&text);
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            if name.contains(&text) || text.contains(name) {
                return Some((1, name));
            }
            // Fewer edits than letters that the other one lacks will not do, and these are counted at once.
            if apart(&letters, &self::letters(name)) * 2 > allowed {
                return None;
            }
            let distance = strsim::osa_distance(&text, name) * 2;
            (distance <= allowed).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect()
}

/// How often each letter stands in a text, of those that share a place here all together.
fn letters(text: &str) -> [u8; 32] {
    let mut counts = [0_u8; 32];
    for symbol in text.chars() {
        if let Some(count) = counts.get_mut(symbol as usize % 32) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// Fewest edits between texts with these letters: each adds one letter at most, and drops one.
fn apart(one: &[u8; 32], other: &[u8; 32]) -> usize {
    let (mut lacks, mut spare) = (0, 0);
    for (one, other) in one.iter().zip(other) {
        lacks += usize::from(other.saturating_sub(*one));
        spare += usize::from(one.saturating_sub(*other));
    }
    lacks.max(spare)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not compared is what would have been too far away.
    #[test]
    fn few_comparisons_find_the_same_names() {
        let names =
            || super::super::keys::KEYS.iter().map(|key| key.name).chain(["nvfp4", "fp8-block", "pcie5"]);
        let plain = |text: &str| {
            let length = text.chars().count();
            let mut near: Vec<(usize, &str)> = names()
                .filter_map(|name| {
                    let part = name.contains(text) || text.contains(name);
                    let distance = if part { 1 } else { strsim::osa_distance(text, name) * 2 };
                    (distance <= length.max(2)).then_some((distance, name))
                })
                .collect();
            near.sort_unstable();
            near.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect::<Vec<_>>()
        };
        let mut texts: Vec<String> =
            ["a", "zz", "pcie", "fp9", "concurency", "sessoins", "éé", "isl=8k", "@`"]
                .map(str::to_owned)
                .to_vec();
        for name in names() {
            texts.push(name.chars().rev().collect());
            texts.push(name.replace('e', "é"));
            texts.push(format!("{name}{name}x"));
            texts.push(name.chars().skip(1).chain(['q']).collect());
        }
        for text in texts {
            assert_eq!(nearest(&text, names()), plain(&text), "{text}");
        }
        assert_eq!(nearest(&"isl".repeat(30), names()), Vec::<String>::new());
    }
}

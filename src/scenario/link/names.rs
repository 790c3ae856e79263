//! Names in a link: which exist, and which come near to one that does not.

use crate::catalog::{self, Engine, NumberFormat, custom::slug};
use crate::scenario::Custom;

use super::notice::Problem;

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
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let part = name.contains(&text) || text.contains(name);
            let distance = if part { 1 } else { strsim::osa_distance(&text, name) * 2 };
            (distance <= length.max(2)).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect()
}

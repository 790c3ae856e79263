//! Finding an entry by its identifier or by another name, and what may have been meant by one that is not there.

use std::borrow::Cow;

use super::spelling;
use crate::units::order;

/// Position of an identifier in a table sorted by identifier. An evaluation asks some twenty times: most comparisons are told by
/// the first eight bytes, as one number.
pub(super) fn position<I: AsRef<str>>(ids: &[(I, usize)], id: &str) -> Option<usize> {
    let wanted = head(id);
    ids.binary_search_by(|(known, _)| {
        let known = known.as_ref();
        head(known).cmp(&wanted).then_with(|| known.cmp(id))
    })
    .ok()
    .and_then(|found| ids.get(found))
    .map(|&(_, at)| at)
}

/// The first eight bytes, in the order of which texts stand; a shorter text ends in zeros, which stand before all others.
fn head(text: &str) -> u64 {
    match text.as_bytes().first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            text.bytes().fold((0, 56), |(sum, shift), byte| (sum | u64::from(byte) << shift, shift - 8)).0
        }
    }
}

/// Longest name that is compared with others, in characters: comparison takes time in proportion to the product of
/// lengths, and nobody misspells more.
const LONGEST: usize = 64;

/// Most names that are suggested.
const NEAR: usize = 3;

/// Of these names, at most three that may have been meant, nearest first: those that begin with what is written, those
/// that a few keystrokes turn into it, whole or as far as they go, and those that contain it or begin it.
#[must_use]
pub fn nearest<'a>(wanted: &str, mut names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_of(wanted, &mut || names.next().map(|name| (Cow::Owned(spelling::key(name)), name)))
}

/// As [`nearest`], of spellings and what each stands for, one after another; what several stand for is named once. Compiled
/// once for all lists.
pub(super) fn nearest_of<'a>(
    wanted: &str,
    next: &mut dyn FnMut() -> Option<(Cow<'a, str>, &'a str)>,
) -> Vec<&'a str> {
    let wanted = wanted.trim();
    if wanted.is_empty() || wanted.chars().count() > LONGEST {
        return Vec::new();
    }
    let key = spelling::key(wanted);
    let letters: Vec<char> = key.chars().collect();
    let own = Letters::of(&key);
    let mut row = Vec::new();
    let mut near: Vec<(Rank, &str)> = std::iter::from_fn(next)
        .filter_map(|(spelling, name)| Some((rank(&letters, &own, &spelling, &mut row)?, name)))
        .collect();
    order::sort_by(&mut near, Ord::cmp);
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in near {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == NEAR {
            break;
        }
    }
    names
}

/// How far a name is: the lower, the nearer. Names equally far are told apart by the digits that they lack, since those
/// are sizes and generations, then by what they share at the beginning, then by their length.
type Rank = (usize, usize, std::cmp::Reverse<usize>, usize);

fn rank(wanted: &[char], letters: &Letters, name: &str, row: &mut Vec<[usize; 2]>) -> Option<Rank> {
    let shared = wanted.iter().zip(name.chars()).take_while(|(one, other)| **one == *other).count();
    let length = name.chars().count();
    let rank = |far| {
        let lost = digits_lost(wanted, name);
        Some((far, lost, std::cmp::Reverse(shared), length.abs_diff(wanted.len())))
    };
    if shared == wanted.len() {
        return if length == shared { rank(0) } else { rank(1) };
    }
    let allowed = (wanted.len() / 3).max(1);
    // A letter that the name lacks costs an edit at least, and these are counted at once.
    let theirs = Letters::of(name);
    let lacks = letters.beyond(&theirs);
    if lacks <= allowed {
        let (whole, part) = edits(wanted, name, row);
        if whole <= allowed {
            // The right letters in a wrong order are nearer than a wrong letter.
            let swapped = lacks == 0 && theirs.beyond(letters) == 0;
            return rank(2 * whole - usize::from(swapped));
        }
        if part <= allowed && wanted.len() >= 3 {
            return rank(2 * part + 1);
        }
    }
    // Enough of both that it is no chance.
    let begins = shared == length && length >= 3;
    let contains = wanted.len() >= 3 && {
        let text: String = wanted.iter().collect();
        name.contains(&text)
    };
    (begins || contains).then(|| rank(2 * allowed + 2)).flatten()
}

/// Digits of one text that the other lacks.
fn digits_lost(wanted: &[char], name: &str) -> usize {
    let lost = |digit: char| {
        let own = wanted.iter().filter(|own| **own == digit).count();
        own.saturating_sub(name.chars().filter(|own| *own == digit).count())
    };
    ('0'..='9').map(lost).sum()
}

/// How often each letter stands in a text, of those that share a place here all together.
struct Letters([u8; 32]);

impl Letters {
    fn of(text: &str) -> Self {
        let mut counts = [0_u8; 32];
        for symbol in text.chars() {
            if let Some(count) = counts.get_mut(symbol as usize % 32) {
                *count = count.saturating_add(1);
            }
        }
        Self(counts)
    }

    /// Letters that the other text lacks.
    fn beyond(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(own, other)| usize::from(own.saturating_sub(*other))).sum()
    }
}

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    edits(&one.chars().collect::<Vec<_>>(), other, &mut Vec::new()).0
}

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other, and into a
/// beginning of the other (optimal string alignment). `rows` is room to work in: the last two rows of the table, for
/// beginnings of `from`.
fn edits(from: &[char], to: &str, rows: &mut Vec<[usize; 2]>) -> (usize, usize) {
    rows.clear();
    // Of each beginning of `from`, its distance to what was read of `to` so far, and to that without its last letter.
    rows.extend((0..=from.len()).map(|length| [length, usize::MAX]));
    let mut part = from.len();
    let mut last = None;
    for (line, letter) in to.chars().enumerate() {
        let mut corner = [usize::MAX; 2];
        let mut above = [line, usize::MAX];
        let mut left = line + 1;
        if let Some(first) = rows.first_mut() {
            above = std::mem::replace(first, [left, first[0]]);
        }
        let mut before = None;
        for (cell, &other) in rows.iter_mut().skip(1).zip(from) {
            let replaced = above[0] + usize::from(letter != other);
            let mut least = replaced.min(cell[0] + 1).min(left + 1);
            if before == Some(letter) && last == Some(other) {
                least = least.min(corner[1].saturating_add(1));
            }
            corner = above;
            above = std::mem::replace(cell, [least, cell[0]]);
            left = least;
            before = Some(other);
        }
        part = part.min(left);
        last = Some(letter);
    }
    (rows.last().map_or(0, |own| own[0]), part)
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest, position};

    const IDS: [(&str, usize); 4] = [("b200", 2), ("h100-pcie", 0), ("h100-sxm", 1), ("mi300x", 3)];

    fn near(wanted: &str) -> Vec<&'static str> {
        nearest(wanted, IDS.iter().map(|(id, _)| *id))
    }

    #[test]
    fn finds_exact_identifiers_only() {
        assert_eq!(position(&IDS, "h100-sxm"), Some(1));
        assert_eq!(position(&IDS, "h100"), None);
        assert_eq!(position(&IDS, ""), None);
    }

    #[test]
    fn counts_edits() {
        let count = |from: &str, to: &str| edits(&from.chars().collect::<Vec<_>>(), to, &mut Vec::new());
        assert_eq!(count("kitten", "sitting"), (3, 2));
        assert_eq!(count("", "abc"), (3, 0));
        assert_eq!(count("abc", ""), (3, 3));
        assert_eq!(count("abc", "abcdef"), (3, 0));
        assert_eq!(count("ils", "isl"), (1, 1));
        assert_eq!(count("a10g", "a100-80"), (4, 1));
    }

    /// The table is that of the textbook.
    #[test]
    fn edits_are_those_of_the_reference() {
        let words =
            ["", "a", "ab", "ba", "abcd", "acbd", "qwen3-32b", "qwne3-3b2", "kimi-k2", "imki2k", "éa", "aé"];
        for one in words {
            for other in words {
                let (whole, part) = edits(&one.chars().collect::<Vec<_>>(), other, &mut Vec::new());
                assert_eq!(whole, strsim::osa_distance(one, other), "{one} {other}");
                let least = (0..=other.chars().count())
                    .map(|length| strsim::osa_distance(one, &other.chars().take(length).collect::<String>()))
                    .min();
                assert_eq!(Some(part), least, "{one} {other}");
            }
        }
    }

    #[test]
    fn suggests_what_may_have_been_meant() {
        assert_eq!(near("H100"), ["h100-sxm", "h100-pcie"]);
        assert_eq!(near("h100sxm")[0], "h100-sxm");
        assert_eq!(near("mi300"), ["mi300x"]);
        assert_eq!(near("sxm"), ["h100-sxm"]);
        assert_eq!(near("00x"), ["mi300x"]);
        assert_eq!(near("h10-sxm5")[0], "h100-sxm");
        assert!(near("zzzzzz").is_empty());
        assert!(near("").is_empty());
        assert!(near(&"x".repeat(100_000)).is_empty());
    }

    #[test]
    fn the_nearest_comes_first() {
        let of =
            |wanted: &str, names: &[&'static str]| nearest(wanted, names.iter().copied()).first().copied();
        assert_eq!(of("mi350x", &["mi300x", "mi325x", "mi355x"]), Some("mi355x"));
        assert_eq!(of("qwen2.5-7", &["qwen2.5-72b", "qwen2.5-7b"]), Some("qwen2.5-7b"));
        assert_eq!(of("b20", &["h20", "gb200", "b200"]), Some("b200"));
        assert_eq!(of("pcie", &["pcie4", "pcie5"]), Some("pcie4"));
        assert_eq!(of("ils", &["osl", "isl"]), Some("isl"));
        assert_eq!(of("pt", &["pp", "tp"]), Some("tp"));
        assert_eq!(of("gpt-os-120b", &["gpt-oss-20b", "gpt-oss-120b"]), Some("gpt-oss-120b"));
    }
}

//! Finding an entry by its identifier, and what may have been meant by one that is not there.

/// Position of an identifier in a table sorted by identifier.
pub(super) fn position(ids: &[(&'static str, usize)], id: &str) -> Option<usize> {
    ids.binary_search_by(|(known, _)| (*known).cmp(id))
        .ok()
        .and_then(|found| ids.get(found))
        .map(|&(_, at)| at)
}

/// At most three known identifiers close to `wanted`, nearest first: those that a few keystrokes turn into it, or that
/// contain it (`h100` for `h100-sxm`).
pub(super) fn nearest(ids: &[(&'static str, usize)], wanted: &str) -> Vec<&'static str> {
    // A link may hold anything; nobody misspells sixty characters.
    let wanted: Vec<char> = wanted.chars().take(60).map(|letter| letter.to_ascii_lowercase()).collect();
    let squeezed: String = wanted.iter().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    let allowed = (wanted.len() / 3).max(1);
    let mut near: Vec<(usize, &'static str)> = ids
        .iter()
        .filter_map(|&(id, _)| {
            let letters = || id.bytes().filter(u8::is_ascii_alphanumeric);
            if squeezed.len() >= 2 && starts(letters(), &squeezed) {
                return Some((0, id));
            }
            // Identifiers are ASCII. One that is too long or too short is not worth a comparison.
            let edits = (id.len().abs_diff(wanted.len()) <= allowed).then(|| edits(&wanted, id));
            if let Some(distance) = edits.filter(|distance| *distance <= allowed) {
                return Some((distance, id));
            }
            let contains = squeezed.len() >= 3
                && (0..id.len().saturating_sub(squeezed.len()))
                    .any(|at| starts(letters().skip(at + 1), &squeezed));
            contains.then_some((allowed + 1, id))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// Whether letters begin with a text.
fn starts(mut letters: impl Iterator<Item = u8>, text: &str) -> bool {
    text.bytes().all(|letter| letters.next() == Some(letter))
}

/// Fewest insertions, deletions and replacements of a character that turn one text into the other (Levenshtein).
fn edits(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, letter) in to.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, &other) in row.iter_mut().skip(1).zip(from) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest, position};

    const IDS: [(&str, usize); 4] = [("b200", 2), ("h100-pcie", 0), ("h100-sxm", 1), ("mi300x", 3)];

    #[test]
    fn finds_exact_identifiers_only() {
        assert_eq!(position(&IDS, "h100-sxm"), Some(1));
        assert_eq!(position(&IDS, "h100"), None);
        assert_eq!(position(&IDS, ""), None);
    }

    #[test]
    fn counts_edits() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(edits(&letters("kitten"), "sitting"), 3);
        assert_eq!(edits(&letters(""), "abc"), 3);
        assert_eq!(edits(&letters("abc"), ""), 3);
        assert_eq!(edits(&letters("abc"), "abc"), 0);
    }

    #[test]
    fn suggests_what_may_have_been_meant() {
        assert_eq!(nearest(&IDS, "H100"), ["h100-pcie", "h100-sxm"]);
        assert_eq!(nearest(&IDS, "h100sxm"), ["h100-sxm"]);
        assert_eq!(nearest(&IDS, "mi300"), ["mi300x"]);
        assert_eq!(nearest(&IDS, "sxm"), ["h100-sxm"]);
        assert_eq!(nearest(&IDS, "00x"), ["mi300x"]);
        assert_eq!(nearest(&IDS, "100p"), ["h100-pcie"]);
        assert_eq!(nearest(&IDS, "h10-sxm5"), ["h100-sxm"]);
        assert!(nearest(&IDS, "zzzzzz").is_empty());
        assert!(nearest(&IDS, "").is_empty());
        assert!(nearest(&IDS, &"x".repeat(100_000)).is_empty());
    }
}

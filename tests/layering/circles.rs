//! Circles of files: each names, directly or through others, what the others define, so that none can be read first.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Ties;
use crate::source::{Crate, FileId};

/// The circles of a crate, each told with the names that tie it; empty when there is none.
pub fn circles(own: &Crate) -> Vec<String> {
    let ties = own.ties();
    groups(&ties).iter().map(|group| told(own, &ties, group)).collect()
}

/// Files that reach each other.
fn groups(ties: &Ties) -> Vec<BTreeSet<FileId>> {
    let mut next: BTreeMap<FileId, Vec<FileId>> = BTreeMap::new();
    for &(from, to) in ties.keys() {
        next.entry(from).or_default().push(to);
    }
    let reached: BTreeMap<FileId, BTreeSet<FileId>> =
        next.keys().map(|&from| (from, reach(&next, from))).collect();
    let mut groups = Vec::new();
    let mut seen: BTreeSet<FileId> = BTreeSet::new();
    for (&file, far) in &reached {
        if far.contains(&file) && !seen.contains(&file) {
            let back = |other: &FileId| reached.get(other).is_some_and(|theirs| theirs.contains(&file));
            let group: BTreeSet<FileId> = far.iter().copied().filter(back).collect();
            seen.extend(&group);
            groups.push(group);
        }
    }
    groups
}

/// All that can be reached from a file by one arrow or more.
fn reach(next: &BTreeMap<FileId, Vec<FileId>>, from: FileId) -> BTreeSet<FileId> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        for &to in next.get(&file).into_iter().flatten() {
            if reached.insert(to) {
                waiting.push(to);
            }
        }
    }
    reached
}

/// A circle in words: an arrow a line, those that point both ways first.
fn told(own: &Crate, ties: &Ties, group: &BTreeSet<FileId>) -> String {
    let inside: Vec<_> =
        ties.iter().filter(|((from, to), _)| group.contains(from) && group.contains(to)).collect();
    let (mutual, other): (Vec<_>, Vec<_>) =
        inside.into_iter().partition(|((from, to), _)| ties.contains_key(&(*to, *from)));
    let mut text = format!("A circle of {} files:", group.len());
    for (heading, mut arrows) in [("pairs that name each other", mutual), ("further arrows", other)] {
        if arrows.is_empty() {
            continue;
        }
        text += &format!("\n  {heading}:");
        arrows.sort_by_key(|((from, to), _)| (from.min(to), from.max(to), from > to));
        for ((from, to), names) in arrows {
            let names: Vec<String> =
                names.iter().map(|(name, line)| format!("{name} (line {line})")).collect();
            let (from, to) = (own.files[*from].path.display(), own.files[*to].path.display());
            text += &format!("\n    {from} -> {to}: {}", names.join(", "));
        }
    }
    text
}

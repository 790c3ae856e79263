//! What scenarios are called that are compared: by what sets each apart from the present one and from those before it.

use crate::report::departures::{departures, load};
use crate::report::sentence::{deployment, lengths, name};
use crate::scenario::Scenario;

/// Most things that a name says beside the chips.
const MOST: usize = 2;

/// A name for each of the pinned scenarios: their chips, their model where it is another, and where that leaves two alike
/// what else is not the same.
#[must_use]
pub fn names(present: &Scenario, pins: &[Scenario]) -> Vec<String> {
    let mut taken = vec![(plain(present, present), present)];
    let mut names: Vec<String> = Vec::new();
    for pin in pins {
        let mut own = plain(pin, present);
        if let Some((_, other)) = taken.iter().find(|(name, _)| *name == own) {
            let apart = apart(pin, other);
            if !apart.is_empty() {
                own = format!("{own}, {}", apart.join(", "));
            }
        }
        let (stem, mut number) = (own.clone(), 2);
        while taken.iter().any(|(name, _)| *name == own) {
            own = format!("{stem} ({number})");
            number += 1;
        }
        taken.push((own.clone(), pin));
        names.push(own);
    }
    names
}

/// What the present scenario is called beside pinned ones.
#[must_use]
pub fn present(scenario: &Scenario) -> String {
    format!("Now: {}", deployment(scenario))
}

fn plain(own: &Scenario, present: &Scenario) -> String {
    if own.model == present.model { deployment(own) } else { name(own) }
}

/// What a scenario has that another of the same chips has not.
fn apart(own: &Scenario, other: &Scenario) -> Vec<String> {
    let theirs = departures(other);
    let mut apart: Vec<String> = departures(own).into_iter().filter(|own| !theirs.contains(own)).collect();
    if apart.is_empty() && !theirs.is_empty() && departures(own).len() < theirs.len() {
        let mine = departures(own);
        apart = theirs
            .into_iter()
            .filter(|own| !mine.contains(own))
            .map(|own| format!("without {own}"))
            .collect();
    }
    for (mine, theirs) in [(lengths(own), lengths(other)), (load(own), load(other))] {
        if mine != theirs {
            apart.push(mine);
        }
    }
    apart.truncate(MOST);
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link::parse;

    #[test]
    fn a_name_says_what_sets_it_apart() {
        let called = |present: &str, pins: &[&str]| {
            let pins: Vec<Scenario> = pins.iter().map(|own| parse(own).scenario).collect();
            let names = names(&parse(present).scenario, &pins);
            names.into_iter().map(|own| own.replace(['\u{a0}', '\u{202f}'], " ")).collect::<Vec<_>>()
        };
        assert_eq!(called("v1&pool=h200*8", &["v1&pool=b200*8"]), ["8 × B200 SXM"]);
        assert_eq!(
            called("v1&pool=h200*8", &["v1&pool=h200*8&hit=50%"]),
            ["8 × H200 SXM, 50 % prefix-cache hits"]
        );
        assert_eq!(
            called("v1&pool=h200*8&engine=sglang", &["v1&pool=h200*8"]),
            ["8 × H200 SXM, without SGLang"]
        );
        assert_eq!(called("v1&pool=h200*8", &["v1&pool=h200*8&isl=1k"]), ["8 × H200 SXM, 1k/1k"]);
        assert_eq!(called("v1&pool=h200*8", &["v1&pool=h200*8&ttft=1s"]), ["8 × H200 SXM (2)"]);
        let two = called("v1", &["v1&pool=h200*8", "v1&model=llama3-8b&pool=h200*8"]);
        assert!(
            two[0] == "8 × H200 SXM" && two[1].starts_with("Llama") && two[1].ends_with("8 × H200 SXM"),
            "{two:?}"
        );
    }
}

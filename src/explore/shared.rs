//! What a comparison holds equal: a deployment that is compared with another is held to its load, lengths and service
//! level, unless each is to keep its own.

use crate::scenario::{Scenario, link};

/// The keys of a link that say what is asked of a deployment. All others say what it is; a new key does, until it is put
/// here.
const ASKED: [&str; 20] = [
    "lengths",
    "isl",
    "osl",
    "spread",
    "hit",
    "concurrency",
    "rate",
    "cv",
    "burst",
    "prompts",
    "sessions",
    "agents",
    "shared",
    "pause",
    "priority",
    "ttft",
    "tpot",
    "headroom",
    "spare",
    "horizon",
];

/// A deployment under the load, lengths and service level of another.
#[must_use]
pub fn shared(own: &Scenario, with: &Scenario) -> Scenario {
    // What is asked names no chip and no model, so nothing stands in its way.
    link::mixed(own, with, |key| ASKED.contains(&key)).unwrap_or_else(|| own.clone())
}

/// A deployment as it is compared with another: under the same load, lengths and service level, unless each has its own.
/// Two that differ in nothing else are compared in that.
#[must_use]
pub fn compared(own: &Scenario, with: &Scenario, apart: bool) -> Scenario {
    if apart {
        return own.clone();
    }
    let held = shared(own, with);
    if link::differing(&held, with).is_empty() { own.clone() } else { held }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Scenario {
        link::parse(text).scenario
    }

    #[test]
    fn what_is_asked_is_held_equal_and_all_else_kept() {
        for (own, with, held) in [
            ("v1&pool=b200*8&isl=2k&concurrency=8", "v1", "v1&pool=b200*8"),
            ("v1&pool=b200*8", "v1&rate=4&cv=2&ttft=1s@p95", "v1&rate=4&cv=2&pool=b200*8&ttft=1s@p95"),
            (
                "v1&pool=b200*8&rate=4&hit=0.5&ttft=none",
                "v1&sessions=20x1k&pause=5s",
                "v1&pool=b200*8&sessions=20x1k&pause=5s",
            ),
            (
                "v1&model=gpt-oss-120b&engine=sglang&spec=mtp:1&chunk=4k&routing=prefix&price=list&seed=3",
                "v1&isl=2k",
                "v1&model=gpt-oss-120b&isl=2k&engine=sglang&spec=mtp:1&chunk=4k&routing=prefix&price=list&seed=3",
            ),
            ("v1&pool=b200*8&prompts=640", "v1&rate=3", "v1&pool=b200*8&rate=3"),
        ] {
            let told = shared(&of(own), &of(with));
            assert_eq!(told, of(held), "{own} with {with}: {}", link::write(&told, &[]));
            assert_eq!(compared(&of(own), &of(with), false), told);
            assert_eq!(compared(&of(own), &of(with), true), of(own));
        }
        // Nothing would be left to compare.
        assert_eq!(compared(&of("v1&isl=2k&rate=3"), &of("v1"), false), of("v1&isl=2k&rate=3"));
    }

    #[test]
    fn every_key_that_is_asked_exists() {
        for key in ASKED {
            assert!(link::place_of(key).is_some(), "{key}");
        }
    }
}

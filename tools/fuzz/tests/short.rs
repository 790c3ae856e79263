//! A little of each target in every run of the tests, and inputs that once broke a promise.

#![allow(clippy::panic, reason = "a test says plainly what it expects")]

use std::time::Duration;

use fuzz::execution::Told;
use fuzz::run::{Plan, run};
use fuzz::targets::{TARGETS, Target};
use fuzz::{corpus, pairs};

/// Each target has so much time, which is some thousand inputs of a fast one; seeds come first and always all.
const TIME: Duration = Duration::from_millis(700);

fn plan(runs: u64, time: Duration) -> Plan {
    // Unoptimised code on a busy machine gets more time for one input than the runner by hand gives it.
    Plan {
        runs,
        seed: 20_260_401,
        jobs: 1,
        time,
        longest: 4096,
        slow: Duration::from_secs(10),
        memory: 2 << 30,
    }
}

/// One after the other: the runner takes the place of the process's panic hook.
#[test]
fn no_target_breaks_a_promise() {
    for target in &TARGETS {
        let seeds = (target.seeds)().len() as u64;
        assert!(seeds > 3, "{} has nothing to start from", target.name);
        for (runs, time) in [(seeds, Duration::from_secs(600)), (50_000, TIME)] {
            let ran = run(target, &plan(runs, time));
            let said: Vec<_> =
                ran.findings.iter().map(|own| (&own.what, String::from_utf8_lossy(&own.input))).collect();
            assert!(said.is_empty(), "{}: {said:#?}", target.name);
            assert!(ran.runs >= seeds.min(runs) / 2, "{} ran {} inputs only", target.name, ran.runs);
        }
    }
    // The runner itself: it finds what is broken, and cuts the input down to what breaks it.
    let broken = Target {
        name: "broken",
        about: "a target that does not like one word",
        check: |bytes, _| {
            assert!(!bytes.windows(3).any(|own| own == b"tp8"), "there it is");
            Told { kind: bytes.len() as u64, taken: true }
        },
        seeds: corpus::links,
        words: corpus::link_words,
    };
    let ran = run(&broken, &plan(2000, Duration::from_secs(60)));
    let [finding] = &ran.findings[..] else { panic!("{ran:?}") };
    assert!(finding.what.contains("there it is") && finding.input == b"tp8", "{finding:?}");
    // The same seed does the same again.
    let again = run(&broken, &plan(2000, Duration::from_secs(60)));
    assert_eq!((again.runs, again.kinds), (ran.runs, ran.kinds));
    // Two threads share the work and tell of the same place once.
    let both = run(&broken, &Plan { jobs: 2, ..plan(2001, Duration::from_secs(60)) });
    assert_eq!((both.runs, both.findings.len()), (2001, 1), "{both:?}");
}

/// A sample of what `cargo xtask fuzz pairs` goes through in full.
#[test]
fn pairs_of_chips_evaluate_or_say_why_not() {
    for way in pairs::WAYS {
        let found = pairs::go(way, 17, 401);
        assert_eq!(found.broken, [""; 0], "{way}");
        assert!(
            found.answers.get("served").is_some_and(|served| *served > 100),
            "{way}: {:?}",
            found.answers
        );
    }
}

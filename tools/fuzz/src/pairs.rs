//! Each pair of chips with each model, in each way two chips can share the work: all of them evaluate or say why not.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use tandem::catalog::{self, Chip, Model};
use tandem::scenario::{Formats, Load, Pool, Scenario, Slo, Split, Workload};
use tandem::units::Tokens;

use crate::targets::stands;

/// Ways in which two chips share the work.
pub const WAYS: [&str; 3] = ["pd", "afd", "draft"];

/// What came of all: how many of each answer, and the scenarios that broke a promise.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Answers by kind.
    pub answers: BTreeMap<String, u64>,
    /// Links of those that panicked.
    pub broken: Vec<String>,
}

/// The scenario of a pair.
#[must_use]
pub fn scenario(way: &str, first: &Chip, second: &Chip, model: &Model) -> Scenario {
    // So many that most models fit, and SRAM machines have a chance.
    let pool = |chip: &Chip| Pool::new(&chip.id, if chip.memory.is_some() { 16 } else { 1024 });
    let (first, second) = (pool(first), pool(second));
    Scenario {
        model: model.id.to_string(),
        formats: Formats::default(),
        workload: Workload { isl: Tokens::new(2048.0), osl: Tokens::new(256.0), spread: 0.8, hit: 0.3 },
        load: Load::Closed { concurrency: 8.0 },
        split: match way {
            "afd" => Split::AttentionFfn { attention: first, ffn: second },
            "draft" => Split::DraftVerify { draft: first, verify: second },
            _ => Split::PrefillDecode { prefill: first, decode: second },
        },
        slo: Slo::default(),
        ..Scenario::default()
    }
}

/// Goes through one of `every` scenarios of a way, starting with number `first`, over all pairs and models.
#[must_use]
pub fn go(way: &str, first: usize, every: usize) -> Found {
    let mut found = Found::default();
    let pairs = catalog::chips().iter().flat_map(|one| catalog::chips().iter().map(move |two| (one, two)));
    let all = pairs.flat_map(|(one, two)| catalog::models().iter().map(move |model| (one, two, model)));
    for (one, two, model) in all.skip(first).step_by(every.max(1)) {
        let own = scenario(way, one, two, model);
        match panic::catch_unwind(AssertUnwindSafe(|| stands(&own))) {
            Ok(answer) => *found.answers.entry(answer).or_default() += 1,
            Err(_) => found.broken.push(tandem::scenario::link::write(&own, &[])),
        }
    }
    found
}

//! The frontier: over layouts, mixes and loads on the same chips, which trades of throughput for interactivity no other
//! choice beats in both.

use serde::Serialize;

use super::knob::Knob;
use crate::evidence::evaluate;
use crate::machine::constants;
use crate::scenario::{Load, Scenario, Split};
use crate::serve::{candidates, find_model};
use crate::units::{Seconds, TokensPerSecond};

/// One deployment that was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The deployment with its layouts written down: what a click makes the scenario.
    pub scenario: Scenario,
    /// 1 / TPOT.
    pub interactivity: TokensPerSecond,
    /// Output tokens per second and chip.
    pub per_chip: TokensPerSecond,
    /// Mean time to first token.
    pub ttft: Seconds,
    /// Whether it keeps the service level's limit on TTFT.
    pub keeps_ttft: bool,
    /// Whether no other candidate that keeps the limit is better in both.
    pub on_frontier: bool,
}

/// Most mixes of prefill and decode chips that are tried.
const MIXES: usize = 8;

/// Loads that are tried: doublings of the users per deployment.
const DOUBLINGS: u32 = 14;

/// Tries every layout, a few mixes and a range of loads on the scenario's chips. Sorted by interactivity, slowest first.
#[must_use]
pub fn frontier(scenario: &Scenario) -> Vec<Candidate> {
    let mut tried = Vec::new();
    for split in splits(scenario) {
        for doubling in 0..DOUBLINGS {
            let concurrency = f64::from(1_u32 << doubling);
            let load = Load::Closed { concurrency };
            let candidate = Scenario { split: split.clone(), load, ..scenario.clone() };
            let Ok(evaluation) = evaluate(&candidate) else { break };
            let steady = &evaluation.steady;
            let mut pinned = candidate;
            for (pool, state) in pinned.split.pools_mut().into_iter().zip(&steady.pools) {
                pool.layout = Some(state.layout);
            }
            tried.push(Candidate {
                scenario: pinned,
                interactivity: steady.interactivity(),
                per_chip: steady.throughput_per_chip(),
                ttft: steady.ttft,
                keeps_ttft: scenario.slo.ttft.is_none_or(|limit| steady.ttft <= limit),
                on_frontier: false,
            });
            // More users than the cache has room for only wait; nothing new lies beyond.
            if steady
                .warnings
                .iter()
                .any(|warning| matches!(warning, crate::serve::Warning::KvLimited { .. }))
            {
                break;
            }
        }
    }
    tried.sort_by(|a, b| {
        a.interactivity
            .get()
            .total_cmp(&b.interactivity.get())
            .then(a.per_chip.get().total_cmp(&b.per_chip.get()))
    });
    // From the most interactive down, whoever serves more than all before is on the frontier.
    let mut best = 0.0;
    for candidate in tried.iter_mut().rev() {
        if candidate.keeps_ttft && candidate.per_chip.get() > best {
            best = candidate.per_chip.get();
            candidate.on_frontier = true;
        }
    }
    tried
}

/// The deployments of the same chips: each layout of the pool that decodes, each mix; the prefill layout follows the
/// service level.
fn splits(scenario: &Scenario) -> Vec<Split> {
    let Ok(model) = find_model(scenario) else { return Vec::new() };
    let mixed: Vec<Scenario> = match scenario.split {
        Split::PrefillDecode { .. } => {
            let mut mixed = vec![scenario.clone()];
            let others = Knob::Mix.values(scenario, MIXES);
            mixed.extend(others.into_iter().filter_map(|share| Knob::Mix.apply(scenario, share)));
            mixed
        }
        _ => vec![scenario.clone()],
    };
    let mut splits = Vec::new();
    for own in mixed {
        let mut split = own.split;
        let mut pools = split.pools_mut();
        let Some(last) = pools.pop() else { continue };
        if let Some(first) = pools.pop() {
            first.layout = None;
        }
        let Some(chip) = scenario.chip(&last.chip) else { continue };
        let mut layouts: Vec<_> = vec![None];
        if constants().sram(chip).is_none() {
            layouts.extend(candidates(&model, chip, last.chips).into_iter().map(Some));
        }
        layouts.push(last.layout);
        for layout in layouts {
            let mut variant = split.clone();
            if let Some(pool) = variant.pools_mut().pop() {
                pool.layout = layout;
            }
            if !splits.contains(&variant) {
                splits.push(variant);
            }
        }
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_candidate_beats_one_on_the_frontier() {
        let tried = frontier(&Scenario::default());
        assert!(tried.iter().filter(|own| own.on_frontier).count() >= 4);
        for best in tried.iter().filter(|own| own.on_frontier) {
            for other in tried.iter().filter(|own| own.keeps_ttft) {
                assert!(!(other.interactivity > best.interactivity && other.per_chip > best.per_chip));
            }
        }
    }
}

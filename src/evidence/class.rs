//! Evidence class of a scenario, and the band that goes with it.
//!
//! A deployment is as well founded as its weakest pool, and one that pairs unlike chips never better than by the same
//! chips alone: nobody has published a measurement of such a pair. Prefill and decode in pools of their own have bands of
//! their own. Bands are data (`bands.csv`): measured over predicted on points
//! outside the fit where a class has such points, a stated widening of the next better class where it has none.

use std::sync::OnceLock;

use super::{Band, Evidence, EvidenceClass};
use crate::machine::constants;
use crate::scenario::Scenario;
use crate::serve::{Steady, Warning};
use crate::units::decimal::decimal;

/// Judges what a result rests on.
#[must_use]
pub fn judge(scenario: &Scenario, steady: &Steady) -> Evidence {
    let class = steady
        .pools
        .iter()
        .map(|pool| chip_class(scenario, &pool.chip))
        .max()
        .unwrap_or(EvidenceClass::DatasheetOnly);
    let mixed = steady.pools.windows(2).any(|pair| pair[0].chip != pair[1].chip);
    let class = if mixed { class.max(EvidenceClass::SameChip) } else { class };
    // Nobody has published a served run of the other splits, or of speculation on these.
    let class = if steady.warnings.contains(&Warning::Unmeasured) {
        class.max(EvidenceClass::DatasheetOnly)
    } else {
        class
    };
    let split = scenario.split.prefill().is_some();
    let own = bands().iter().find(|(is_split, own)| *is_split == split && own.class == class);
    own.map(|(_, evidence)| *evidence).unwrap_or(Evidence {
        class,
        ttft: Band { low: 0.3, high: 4.0 },
        tpot: Band { low: 0.4, high: 3.0 },
        throughput: Band { low: 0.35, high: 2.0 },
    })
}

/// What is known of a chip.
fn chip_class(scenario: &Scenario, id: &str) -> EvidenceClass {
    let (model, engine) = (scenario.model.as_str(), scenario.engine.id());
    let tables = constants();
    let Some(chip) = scenario.chip(id) else { return EvidenceClass::VendorClaim };
    if let Some(row) = tables.sram(chip) {
        // A few public speeds fix the floor of a machine, no more: nobody measured it under load.
        return if row.measured { EvidenceClass::DatasheetOnly } else { EvidenceClass::VendorClaim };
    }
    if served().any(|own| own == (id, model, engine)) {
        EvidenceClass::MeasuredNearby
    } else if served().any(|(own, _, _)| own == id) {
        EvidenceClass::SameChip
    } else if tables.has_measured_kernels(id) {
        EvidenceClass::SameFamily
    } else {
        EvidenceClass::DatasheetOnly
    }
}

/// Chip, model and engine of the served points behind the calibration, read once: each evaluation asks.
fn served() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    type Rows = Vec<(&'static str, &'static str, &'static str)>;
    static SERVED: OnceLock<Rows> = OnceLock::new();
    let rows = SERVED.get_or_init(|| {
        let lines = include_str!(concat!(env!("OUT_DIR"), "/served.csv")).lines().skip(1);
        lines
            .filter_map(|line| {
                let mut cells = line.split(',');
                Some((cells.next()?, cells.next()?, cells.next()?))
            })
            .collect()
    });
    rows.iter().copied()
}

/// Bands with whether they are those of prefill and decode in pools of their own.
fn bands() -> &'static [(bool, Evidence)] {
    static BANDS: OnceLock<Vec<(bool, Evidence)>> = OnceLock::new();
    BANDS.get_or_init(|| {
        include_str!(concat!(env!("OUT_DIR"), "/bands.csv")).lines().skip(1).filter_map(band).collect()
    })
}

fn band(line: &str) -> Option<(bool, Evidence)> {
    let mut cells = line.split(',');
    let class = match cells.next()? {
        "measured-nearby" => EvidenceClass::MeasuredNearby,
        "same-chip" => EvidenceClass::SameChip,
        "same-family" => EvidenceClass::SameFamily,
        "datasheet-only" => EvidenceClass::DatasheetOnly,
        "vendor-claim" => EvidenceClass::VendorClaim,
        _ => return None,
    };
    let split = cells.next()? == "prefill-decode";
    let mut next = || decimal(cells.next()?);
    let mut pair = || Some(Band { low: next()?, high: next()? });
    Some((split, Evidence { class, ttft: pair()?, tpot: pair()?, throughput: pair()? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{self, Engine};

    #[test]
    fn each_class_has_a_band_around_one() {
        assert_eq!(bands().len(), 10);
        for (_, evidence) in bands() {
            for band in [evidence.ttft, evidence.tpot, evidence.throughput] {
                assert!(band.low > 0.0 && band.low <= 1.0 && band.high >= 1.0, "{evidence:?}");
            }
        }
    }

    #[test]
    fn a_pair_of_unlike_chips_is_never_measured_nearby() {
        let mixed = Scenario::default();
        let steady = crate::serve::serve(&mixed, constants()).expect("the default is served");
        assert_eq!(judge(&mixed, &steady).class, EvidenceClass::SameChip);
    }

    #[test]
    fn bands_widen_from_class_to_class() {
        for pair in bands().windows(2) {
            if let [(split, better), (other, worse)] = pair
                && split == other
            {
                assert!(better.class < worse.class);
                for (better, worse) in [
                    (better.ttft, worse.ttft),
                    (better.tpot, worse.tpot),
                    (better.throughput, worse.throughput),
                ] {
                    assert!(worse.high >= better.high && worse.low <= better.low, "{worse:?} in {better:?}");
                }
            }
        }
    }

    #[test]
    fn each_served_chip_model_and_engine_is_in_the_catalogue() {
        assert!(served().count() > 10);
        for (chip, model, engine) in served() {
            assert!(catalog::chip(chip).is_some(), "{chip}");
            assert!(catalog::model(model).is_some(), "{model}");
            assert!(Engine::from_id(engine).is_some(), "{engine}");
        }
    }

    #[test]
    fn a_model_under_an_engine_that_never_served_it_is_not_measured_nearby() {
        let scenario = |engine| Scenario { model: "kimi-k2".to_owned(), engine, ..Scenario::default() };
        assert_eq!(chip_class(&scenario(Engine::Vllm), "h200"), EvidenceClass::MeasuredNearby);
        assert_eq!(chip_class(&scenario(Engine::Trtllm), "h200"), EvidenceClass::SameChip);
    }
}

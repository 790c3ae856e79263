//! Evidence class of a scenario, and the band that goes with it.
//!
//! A deployment is as well founded as its weakest pool, and one that pairs unlike chips never better than by the same
//! chips alone: nobody has published a measurement of such a pair. Prefill and decode in pools of their own have bands of
//! their own. Bands are data (`bands.csv`): measured over predicted on points
//! outside the fit where a class has such points, a stated widening of the next better class where it has none. Machines
//! that stream their weights have a spread of their own beside (`sram.csv`), which counts where it is wider.

use std::sync::OnceLock;

use super::{Band, Evidence, EvidenceClass};
use crate::catalog::columns::Bands;
use crate::machine::constants;
use crate::scenario::{Role, Scenario};
use crate::serve::{Steady, Warning};

/// The rows of `bands.csv` as constants, each called after its class and split.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/bands.rs"));
}

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
    let evidence = bands(class, scenario.split.prefill().is_some());
    let decoding = steady.pools.iter().filter(|pool| pool.role != Role::Prefill);
    let rows = decoding.filter_map(|pool| constants().sram(scenario.chip(&pool.chip)?));
    rows.fold(evidence, |own, row| own.with_spread(row.spread))
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
        // In the order of `catalog::columns::Served`.
        include_str!(concat!(env!("OUT_DIR"), "/served.csv"))
            .lines()
            .filter_map(|line| {
                let mut cells = line.split(',');
                Some((cells.next()?, cells.next()?, cells.next()?))
            })
            .collect()
    });
    rows.iter().copied()
}

impl Evidence {
    /// Widened to what public speeds of a machine that streams its weights leave of its law: too few to make a class of,
    /// and of services that do not say how they come by them. A user who gets tokens later also gets fewer of them.
    fn with_spread(self, (low, high): (f64, f64)) -> Self {
        let wider =
            |band: Band, low: f64, high: f64| Band { low: band.low.min(low), high: band.high.max(high) };
        Self {
            tpot: wider(self.tpot, low, high),
            throughput: wider(self.throughput, 1.0 / high, 1.0 / low),
            ..self
        }
    }
}

/// The bands of a class, where prefill and decode have pools of their own or not.
fn bands(class: EvidenceClass, split: bool) -> Evidence {
    let row = match (class, split) {
        (EvidenceClass::MeasuredNearby, false) => &rows::MEASURED_NEARBY_COLOCATED,
        (EvidenceClass::SameChip, false) => &rows::SAME_CHIP_COLOCATED,
        (EvidenceClass::SameFamily, false) => &rows::SAME_FAMILY_COLOCATED,
        (EvidenceClass::DatasheetOnly, false) => &rows::DATASHEET_ONLY_COLOCATED,
        (EvidenceClass::VendorClaim, false) => &rows::VENDOR_CLAIM_COLOCATED,
        (EvidenceClass::MeasuredNearby, true) => &rows::MEASURED_NEARBY_PREFILL_DECODE,
        (EvidenceClass::SameChip, true) => &rows::SAME_CHIP_PREFILL_DECODE,
        (EvidenceClass::SameFamily, true) => &rows::SAME_FAMILY_PREFILL_DECODE,
        (EvidenceClass::DatasheetOnly, true) => &rows::DATASHEET_ONLY_PREFILL_DECODE,
        (EvidenceClass::VendorClaim, true) => &rows::VENDOR_CLAIM_PREFILL_DECODE,
    };
    let band = |low: Bands, high: Bands| Band { low: low.of(row), high: high.of(row) };
    Evidence {
        class,
        ttft: band(Bands::ttft_low, Bands::ttft_high),
        tpot: band(Bands::tpot_low, Bands::tpot_high),
        throughput: band(Bands::throughput_low, Bands::throughput_high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{self, Engine};

    const CLASSES: [EvidenceClass; 5] = [
        EvidenceClass::MeasuredNearby,
        EvidenceClass::SameChip,
        EvidenceClass::SameFamily,
        EvidenceClass::DatasheetOnly,
        EvidenceClass::VendorClaim,
    ];

    fn all() -> impl Iterator<Item = Evidence> {
        [false, true].into_iter().flat_map(|split| CLASSES.map(|class| bands(class, split)))
    }

    #[test]
    fn each_class_has_a_band_around_one() {
        for evidence in all() {
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
        for split in [false, true] {
            for pair in CLASSES.windows(2) {
                let [better, worse] = [pair[0], pair[1]].map(|class| bands(class, split));
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

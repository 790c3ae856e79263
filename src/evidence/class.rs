//! Evidence class of a scenario, and the band that goes with it.
//!
//! A deployment is as well founded as its weakest pool, and one that pairs unlike chips never better than by the same
//! chips alone: nobody has published a measurement of such a pair. Prefill and decode in pools of their own have bands of
//! their own. Bands are data (`bands.csv`): measured over predicted on points
//! outside the fit where a class has such points, a stated widening of the next better class where it has none. Machines
//! that stream their weights have a spread of their own beside (`sram.csv`), which counts where it is wider. Within a class a
//! band grows with the distance from what was measured ([`super::distance`]).

use super::distance::{self, Group, Parts, Place};
use super::{Band, Evidence, EvidenceClass};
use crate::catalog::columns::Bands;
use crate::machine::constants;
use crate::scenario::{Load, Role, Scenario};
use crate::serve::{PoolState, Steady, Warning};

/// The rows of `bands.csv` as constants, each called after its class and split.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/bands.rs"));
}

/// Judges what a result rests on.
#[must_use]
pub fn judge(scenario: &Scenario, steady: &Steady) -> Evidence {
    let place = Place::new(scenario, steady);
    let weakest = |(class, wide): (EvidenceClass, f64), pool: &PoolState| {
        let own = chip_class(scenario, &pool.chip, place.as_ref());
        (class.max(own.0), wide.max(own.1))
    };
    let (class, wide) = steady.pools.iter().fold((EvidenceClass::MeasuredNearby, 1.0), weakest);
    let mixed = steady.pools.windows(2).any(|pair| pair[0].chip != pair[1].chip);
    let class = if mixed { class.max(EvidenceClass::SameChip) } else { class };
    // Nobody has published a served run of the other splits, or of speculation on these.
    let class = if steady.warnings.contains(&Warning::Unmeasured) {
        class.max(EvidenceClass::DatasheetOnly)
    } else {
        class
    };
    let evidence = bands(class, scenario.split.prefill().is_some()).widened(wide);
    let decoding = steady.pools.iter().filter(|pool| pool.role != Role::Prefill);
    let rows = decoding.filter_map(|pool| constants().sram(scenario.chip(&pool.chip)?));
    rows.fold(evidence, |own, row| own.with_spread(row.spread)).within(scenario.load, steady)
}

/// What is known of a chip, and by how much the distance from it widens a band.
fn chip_class(scenario: &Scenario, id: &str, place: Option<&Place>) -> (EvidenceClass, f64) {
    let tables = constants();
    let Some(chip) = scenario.chip(id) else { return (EvidenceClass::VendorClaim, 1.0) };
    if let Some(row) = tables.sram(chip) {
        // A few public speeds fix the floor of a machine, no more: nobody measured it under load.
        let class = if row.measured { EvidenceClass::DatasheetOnly } else { EvidenceClass::VendorClaim };
        return (class, 1.0);
    }
    let Some(place) = place else { return (EvidenceClass::DatasheetOnly, 1.0) };
    let (class, parts) = class_among(place, id, distance::groups(), distance::slopes());
    (class, distance::widening(&parts, distance::slopes()))
}

/// What is known of a chip with main memory among these measured groups, and how far away the nearest is.
#[must_use]
pub fn class_among(place: &Place, chip: &str, groups: &[Group], slopes: &Parts) -> (EvidenceClass, Parts) {
    if let Some(parts) = place.nearest(groups.iter().filter(|own| own.chip == chip), slopes) {
        let near = distance::near(&parts);
        return (if near { EvidenceClass::MeasuredNearby } else { EvidenceClass::SameChip }, parts);
    }
    let kernels = constants().has_measured_kernels(chip);
    let class = if kernels { EvidenceClass::SameFamily } else { EvidenceClass::DatasheetOnly };
    (class, place.nearest(groups.iter(), slopes).unwrap_or_default())
}

impl Evidence {
    /// Half-widths so many times as large, as logarithms.
    fn widened(self, by: f64) -> Self {
        let wide = |band: Band| {
            let end = |end: f64| libm::exp(by * libm::log(end));
            Band { low: end(band.low), high: end(band.high) }
        };
        let [ttft, tpot, throughput] = [self.ttft, self.tpot, self.throughput].map(wide);
        Self { ttft, tpot, throughput, served: throughput, ..self }
    }

    /// Nobody serves more than they are asked for, and who could serve more loses nothing of what they do.
    fn within(self, load: Load, steady: &Steady) -> Self {
        let Load::Open { rate, .. } = load else { return Self { served: self.throughput, ..self } };
        let served = steady.rate.get().max(1e-12);
        let spare = (steady.capacity.get() / served).max(1.0);
        let high = self.throughput.high.min((rate.get() / served).max(1.0));
        Self { served: Band { low: (self.throughput.low * spare).min(1.0), high }, ..self }
    }

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
    let throughput = band(Bands::throughput_low, Bands::throughput_high);
    Evidence {
        class,
        ttft: band(Bands::ttft_low, Bands::ttft_high),
        tpot: band(Bands::tpot_low, Bands::tpot_high),
        throughput,
        served: throughput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

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
    fn each_measured_group_is_in_the_catalogue() {
        let lines = include_str!(concat!(env!("OUT_DIR"), "/served.csv")).lines().count();
        assert!(lines > 10 && distance::groups().len() == lines);
        for group in distance::groups() {
            assert!(catalog::chip(&group.chip).is_some(), "{}", group.chip);
            assert!(catalog::model(&group.kind.model).is_some(), "{}", group.kind.model);
            assert!(group.range.iter().all(|(low, high)| low <= high), "{group:?}");
        }
    }

    /// The judgement of a link.
    fn judged(link: &str) -> Evidence {
        let scenario = crate::scenario::link::parse(link).scenario;
        let steady = crate::serve::serve(&scenario, constants()).expect("it is served");
        judge(&scenario, &steady)
    }

    fn width(band: Band) -> f64 {
        band.high / band.low
    }

    #[test]
    fn nearby_means_nearby() {
        let near = "v1&model=llama3-70b&weights=fp8&engine=vllm&pool=h200*8:tp8&isl=8k&osl=1k&spread=0.8&concurrency=64";
        assert_eq!(judged(near).class, EvidenceClass::MeasuredNearby);
        for changed in ["&hit=0.5", "&isl=100k", "&weights=bf16", "&chunk=4k"] {
            let own = judged(&format!("{near}{changed}"));
            assert_eq!(own.class, EvidenceClass::SameChip, "{changed}");
            assert!(width(own.tpot) > width(judged(near).tpot), "{changed}");
        }
    }

    #[test]
    fn a_context_beyond_the_window_has_a_wide_band() {
        let near = judged("v1&model=llama3-8b&isl=8k&osl=64&concurrency=1&pool=h200*8:tp8");
        let far = judged("v1&model=llama3-8b&isl=1M&osl=64&concurrency=1&pool=h200*8:tp8");
        assert!(width(far.tpot) >= 2.5 && width(far.tpot) > width(near.tpot), "{far:?}");
    }

    #[test]
    fn nobody_serves_more_than_is_offered() {
        for rate in ["0.1", "1", "100"] {
            let link = format!("v1&model=llama3-8b&isl=1k&osl=256&rate={rate}&pool=h100-sxm*1");
            let scenario = crate::scenario::link::parse(&link).scenario;
            let steady = crate::serve::serve(&scenario, constants()).expect("it is served");
            let evidence = judge(&scenario, &steady);
            let Load::Open { rate, .. } = scenario.load else { panic!("an open loop") };
            assert!(
                steady.rate.get() * evidence.served.high <= rate.get() * (1.0 + 1e-9),
                "{rate:?}: {evidence:?}"
            );
            assert!(evidence.served.low <= 1.0 && evidence.served.high >= 1.0);
        }
    }
}

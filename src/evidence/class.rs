//! Evidence class of a scenario, and the band that goes with it.
//!
//! A deployment is as well founded as its weakest pool, and one that pairs unlike chips never better than by the same
//! chips alone: nobody has published a measurement of such a pair. Prefill and decode in pools of their own have bands of
//! their own. Bands are data (`bands.csv`): measured over predicted on points
//! outside the fit where a class has such points, a stated widening of the next better class where it has none. Machines
//! that stream their weights have a spread of their own beside (`sram.csv`), which counts where it is wider. Within a class a
//! band grows with the distance from what was measured ([`super::distance`]).

use super::difference::{Difference, Differences};
use super::distance::{self, Group, Parts, Place};
use super::{Band, Evidence, EvidenceClass};
use crate::catalog::columns::Bands;
use crate::catalog::{self, Chip};
use crate::machine::constants;
use crate::scenario::{Acceptance, Flags as Asked, Load, Role, Scenario};
use crate::serve::{Flags, PoolState, Steady, Warning, cap};
use crate::units::Bytes;

/// The rows of `bands.csv` as constants, each called after its class and split.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/bands.rs"));
}

/// Judges what a result rests on.
#[must_use]
pub fn judge(scenario: &Scenario, steady: &Steady) -> Evidence {
    let place = Place::new(scenario, steady);
    let known = steady.pools.iter().map(|pool| Known::of(scenario, pool, place.as_ref()));
    let known = known.fold(Known::BEST, Known::and);
    let mixed = steady.pools.windows(2).any(|pair| pair[0].chip != pair[1].chip);
    // Nobody has published a served run of the other splits, or of speculation on these.
    let unpublished = steady.warnings.contains(&Warning::Unmeasured);
    let acceptance = scenario.speculation().filter(|own| own.tokens > 0).map(|own| own.acceptance);
    let differs = known
        .differs
        .with(Difference::Mixed, mixed)
        .with(Difference::Unpublished, unpublished)
        .with(Difference::Acceptance, acceptance.is_some_and(|own| own != Acceptance::Published));
    let least = if unpublished {
        EvidenceClass::DatasheetOnly
    } else if differs.is_empty() {
        EvidenceClass::MeasuredNearby
    } else {
        EvidenceClass::SameChip
    };
    let class = known.class.max(least);
    let evidence =
        Evidence { differs, ..bands(class, scenario.split.prefill().is_some()) }.widened(known.wide);
    let decoding = steady.pools.iter().filter(|pool| pool.role != Role::Prefill);
    let rows = decoding.filter_map(|pool| constants().sram(scenario.chip(&pool.chip)?));
    rows.fold(evidence, |own, row| own.with_spread(row.spread)).within(scenario.load, steady)
}

/// What is known of the chip of a pool.
#[derive(Clone, Copy)]
struct Known {
    class: EvidenceClass,
    /// By how much the distance from what was measured widens a band.
    wide: f64,
    differs: Differences,
}

impl Known {
    /// All that can be.
    const BEST: Self = Self { class: EvidenceClass::MeasuredNearby, wide: 1.0, differs: Differences::NONE };

    fn of(scenario: &Scenario, pool: &PoolState, place: Option<&Place>) -> Self {
        let tables = constants();
        let listed = catalog::chip(&pool.chip).is_some();
        let differs = place.map_or(Differences::NONE, |own| own.differs).with(Difference::OwnChip, !listed);
        let known = |class| Self { class, wide: 1.0, differs };
        let Some(chip) = scenario.chip(&pool.chip) else { return known(EvidenceClass::VendorClaim) };
        if let Some(row) = tables.sram(chip) {
            // A few public speeds fix the floor of a machine, no more: nobody measured it under load.
            return known(if row.measured {
                EvidenceClass::DatasheetOnly
            } else {
                EvidenceClass::VendorClaim
            });
        }
        let Some(place) = place else { return known(EvidenceClass::DatasheetOnly) };
        let held = place.with(of_chip(scenario, chip));
        let (class, parts, near) = class_among(&held, &pool.chip, distance::groups(), distance::slopes());
        // What differs from runs on other chips says nothing where there are none on this one.
        let differs = match class {
            EvidenceClass::MeasuredNearby | EvidenceClass::SameChip => near,
            _ => held.differs.with(Difference::OwnChip, !listed),
        };
        Self { class, wide: distance::widening(&parts, distance::slopes()), differs }
    }

    fn and(self, other: Self) -> Self {
        Self {
            class: self.class.max(other.class),
            wide: self.wide.max(other.wide),
            differs: self.differs.and(other.differs),
        }
    }
}

/// What of a scenario differs on one of its chips: flags that neither the engine nor the profile sets so there, and a cap that
/// lowers its clock.
fn of_chip(scenario: &Scenario, chip: &Chip) -> Differences {
    let asked = &scenario.flags;
    let stated = asked.chunk.is_some() || asked.sequences.is_some() || asked.stream.is_some();
    let flagged = (stated || scenario.memory.is_some()) && {
        let tables = constants();
        let plain = Asked { chunk: None, sequences: None, stream: None, ..*asked };
        let plain = Scenario { flags: plain, memory: None, ..scenario.clone() };
        let (own, usual) = (Flags::of(scenario, tables, chip), Flags::of(&plain, tables, chip));
        let capacity = chip.memory.as_ref().map_or(Bytes::ZERO, |memory| memory.capacity);
        let share = usual.share.or(tables.memory(scenario.engine, &chip.id, capacity).share);
        let same = |own: f64, usual: f64| (own - usual).abs() <= 1e-9 * usual.abs();
        asked.chunk.is_some_and(|_| !same(own.chunk.get(), usual.chunk.get()))
            || asked.sequences.is_some_and(|_| !same(own.sequences, usual.sequences))
            || !same(own.stream, usual.stream)
            || scenario.memory.is_some_and(|own| share.is_none_or(|share| !same(own, share)))
    };
    Differences::NONE
        .with(Difference::Flags, flagged)
        .with(Difference::Cap, scenario.cap.is_some() && cap(scenario, chip).is_ok_and(|share| share < 1.0))
}

/// What is known of a chip with main memory among these measured groups, how far away the nearest is, and what differs from it.
#[must_use]
pub fn class_among(
    place: &Place,
    chip: &str,
    groups: &[Group],
    slopes: &Parts,
) -> (EvidenceClass, Parts, Differences) {
    if let Some((parts, differs)) = place.nearest(groups.iter().filter(|own| own.chip == chip), slopes) {
        let near = differs.is_empty();
        let class = if near { EvidenceClass::MeasuredNearby } else { EvidenceClass::SameChip };
        return (class, parts, differs);
    }
    let kernels = constants().has_measured_kernels(chip);
    let class = if kernels { EvidenceClass::SameFamily } else { EvidenceClass::DatasheetOnly };
    let (parts, differs) = place.nearest(groups.iter(), slopes).unwrap_or_default();
    (class, parts, differs)
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
        differs: Differences::NONE,
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

    const NEAR: &str =
        "v1&model=llama3-70b&weights=fp8&engine=vllm&pool=h200*8:tp8&isl=8k&osl=1k&spread=0.8&concurrency=64";

    /// Whatever a link changes that was not so in the measured runs lowers the class, says so, and widens the band.
    #[test]
    fn nearby_means_nearby() {
        let near = judged(NEAR);
        assert_eq!((near.class, near.differs), (EvidenceClass::MeasuredNearby, Differences::NONE));
        for (changed, why) in [
            ("&hit=0.5", Difference::Hits),
            ("&shared=4k", Difference::Hits),
            ("&sessions=8x1k", Difference::Hits),
            ("&isl=100k", Difference::Load),
            ("&concurrency=20k", Difference::Load),
            ("&weights=int8", Difference::Format),
            ("&weights=nvfp4", Difference::Format),
            ("&kv=bf16", Difference::Cache),
            ("&kv=int8", Difference::Cache),
            ("&spread=0.2", Difference::Lengths),
            ("&lengths=4/3.5", Difference::Lengths),
            ("&chunk=4k", Difference::Flags),
            ("&max-seqs=128", Difference::Flags),
            ("&memory=0.8", Difference::Flags),
            ("&stream-interval=16", Difference::Flags),
            ("&cap=60%25", Difference::Cap),
            ("&pause=5s", Difference::Pauses),
            ("&model=dense:70B", Difference::OwnModel),
            ("&model=llama2-70b", Difference::Model),
            ("&engine=sglang", Difference::Engine),
            ("&concurrency=64&rate=2&cv=3", Difference::Arrivals),
        ] {
            let own = judged(&format!("{NEAR}{changed}"));
            assert_eq!(own.class, EvidenceClass::SameChip, "{changed}");
            assert!(own.differs.has(why), "{changed}: {:?}", own.differs.iter().collect::<Vec<_>>());
            assert!(width(own.tpot) > width(near.tpot), "{changed}");
        }
    }

    /// Speculation, a chip of one's own, a link and experts of one's own.
    #[test]
    fn what_nobody_published_says_so() {
        for (link, why) in [
            (format!("{NEAR}&spec=dense:1B:4:0.7"), Difference::Acceptance),
            (format!("{NEAR}&spec=dense:1B:4"), Difference::Unpublished),
            (
                format!("{NEAR}&chip=mine:bf16=1000:fp8=2000:mem=141:bw=4800:up=450x8&pool=mine*8:tp8"),
                Difference::OwnChip,
            ),
            (
                "v1&model=llama3-70b&weights=fp8&prefill=h200*8:tp8&decode=h200*8:tp8&link=10GB/s".to_owned(),
                Difference::Link,
            ),
            (
                "v1&model=llama3-70b&weights=fp8&prefill=h100-sxm*8&decode=h200*8".to_owned(),
                Difference::Mixed,
            ),
            (
                "v1&model=deepseek-v3&pool=h200*8:tp1:dp8:ep8&isl=1k&osl=1k&concurrency=64&redundant=32"
                    .to_owned(),
                Difference::Experting,
            ),
            (
                "v1&model=deepseek-v3&pool=h200*8:tp1:dp8:ep8&isl=1k&osl=1k&concurrency=64&overlap=tbo"
                    .to_owned(),
                Difference::Experting,
            ),
            (
                "v1&model=llama3-8b&isl=1M&osl=64&concurrency=1&pool=h200*8:tp8".to_owned(),
                Difference::Context,
            ),
        ] {
            let own = judged(&link);
            assert!(own.class > EvidenceClass::MeasuredNearby && own.differs.has(why), "{link}: {own:?}");
        }
    }

    /// A flag that says what holds anyway changes nothing.
    #[test]
    fn what_holds_anyway_is_no_difference() {
        for same in
            ["&chunk=8k", "&max-seqs=1024", "&memory=0.92", "&stream-interval=1", "&cap=none", "&cap=100%25"]
        {
            assert_eq!(judged(&format!("{NEAR}{same}")).class, EvidenceClass::MeasuredNearby, "{same}");
        }
    }

    /// Two pools are not known by runs of one.
    #[test]
    fn a_split_is_near_to_runs_of_splits_only() {
        let split = judged(
            "v1&model=llama3-8b&weights=bf16&prefill=a100-80*1:tp1&decode=a100-80*1:tp1&isl=1k&osl=256&concurrency=8",
        );
        assert_eq!(split.class, EvidenceClass::SameChip);
        assert!(split.differs.has(Difference::Split));
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

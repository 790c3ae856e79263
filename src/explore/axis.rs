//! What a map varies: a knob of a curve, a limit of the service level, or the price of a chip.

use serde::Serialize;

use super::knob::{Knob, geometric};
use super::shape::kinds;
use crate::cost::chip_price;
use crate::scenario::{ChipRent, Limit, Limits, Scenario};
use crate::units::{DollarsPerHour, Seconds};

/// One axis of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// A knob.
    Knob(Knob),
    /// The longest acceptable time to first token.
    Ttft,
    /// The longest acceptable time per output token.
    Tpot,
    /// The price of a chip: that of [`priced`].
    Price,
}

impl Axis {
    /// All axes, in the order of menus.
    pub const ALL: [Self; 9] = [
        Self::Knob(Knob::Isl),
        Self::Knob(Knob::Osl),
        Self::Knob(Knob::Load),
        Self::Knob(Knob::ModelSize),
        Self::Knob(Knob::Mix),
        Self::Knob(Knob::Hit),
        Self::Ttft,
        Self::Tpot,
        Self::Price,
    ];

    /// Identifier on the command line and in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Knob(knob) => knob.id(),
            Self::Ttft => "ttft",
            Self::Tpot => "tpot",
            Self::Price => "price",
        }
    }

    /// The axis with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Knob(knob) => knob.label(),
            Self::Ttft => "Limit on the time to first token",
            Self::Tpot => "Limit on the time per output token",
            Self::Price => "Price of a chip",
        }
    }

    /// Whether values are best spread at equal ratios.
    #[must_use]
    pub const fn is_logarithmic(self) -> bool {
        !matches!(self, Self::Knob(Knob::Mix | Knob::Hit))
    }

    /// Values worth a map for this scenario, smallest first; empty where the axis does not apply.
    #[must_use]
    pub fn values(self, scenario: &Scenario, samples: usize) -> Vec<f64> {
        match self {
            // A map needs room, so lengths stop short of what hardly anybody sends.
            Self::Knob(knob @ (Knob::Isl | Knob::Osl)) => {
                let all = knob.values(scenario, 2);
                let most = knob.current(scenario).unwrap_or(0.0).max(131_072.0);
                match all[..] {
                    [low, high] => geometric(low, high.min(most), samples),
                    _ => all,
                }
            }
            Self::Knob(knob) => knob.values(scenario, samples),
            Self::Price => {
                let own = std::slice::from_ref(scenario);
                prices(own, &priced(own), samples)
            }
            Self::Ttft => geometric(0.1, 60.0, samples),
            Self::Tpot => geometric(0.002, 0.2, samples),
        }
    }

    /// Where the scenario stands on this axis.
    #[must_use]
    pub fn current(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Knob(knob) => knob.current(scenario),
            Self::Ttft => scenario.slo.ttft.map(|limit| limit.at.get()),
            Self::Tpot => scenario.slo.tpot.map(|limit| limit.at.get()),
            Self::Price => {
                let chip = priced(std::slice::from_ref(scenario));
                chip_price(scenario, &chip).ok().map(DollarsPerHour::get)
            }
        }
    }

    /// The scenario at this value; `None` where the axis does not apply.
    #[must_use]
    pub fn apply(self, scenario: &Scenario, x: f64) -> Option<Scenario> {
        self.apply_to(scenario, &priced(std::slice::from_ref(scenario)), x)
    }

    /// The same among several that compete, whose axis is the price of `chip`, if it is a price.
    #[must_use]
    pub fn apply_to(self, scenario: &Scenario, chip: &str, x: f64) -> Option<Scenario> {
        let mut changed = scenario.clone();
        match self {
            Self::Knob(knob) => return knob.apply(scenario, x),
            Self::Ttft => changed.slo.ttft = Some(Limit::moved(changed.slo.ttft, Seconds::new(x))),
            Self::Tpot => changed.slo.tpot = Some(Limit::moved(changed.slo.tpot, Seconds::new(x))),
            Self::Price => {
                let rents = &mut changed.pricing.rents;
                rents.retain(|own| own.chip != chip);
                // What has none of these chips costs what it did.
                if kinds(scenario).iter().any(|own| own == chip) {
                    rents.push(ChipRent { chip: chip.to_owned(), rent: DollarsPerHour::new(x) });
                }
            }
        }
        Some(changed)
    }
}

/// The chip whose price a map over prices varies: the first without one; else the first of the last contender that not all
/// have, as that is what sets it apart; else its first. Empty where nobody competes.
#[must_use]
pub fn priced(contenders: &[Scenario]) -> String {
    let all: Vec<Vec<String>> = contenders.iter().map(kinds).collect();
    let unpriced = contenders
        .iter()
        .zip(&all)
        .find_map(|(own, kinds)| kinds.iter().find(|chip| chip_price(own, chip).is_err()));
    let apart = || {
        let rare = |chip: &&String| !all.iter().all(|kinds| kinds.contains(chip));
        all.iter().rev().find_map(|kinds| kinds.iter().find(rare))
    };
    let found = unpriced.or_else(apart).or_else(|| all.last().and_then(|kinds| kinds.first()));
    found.cloned().unwrap_or_default()
}

/// Prices worth a map: around the one that the chip has, and around those at which a deployment with it costs as much as one
/// that it competes with; else all that is usual.
pub(super) fn prices(contenders: &[Scenario], chip: &str, samples: usize) -> Vec<f64> {
    let known = contenders.iter().find_map(|own| chip_price(own, chip).ok()).map(DollarsPerHour::get);
    // Chips of this kind, and what the others cost; none where one of them has no price.
    let parts = |own: &Scenario| {
        let (mut count, mut rest) = (0.0, 0.0);
        for (_, pool) in own.split.pools() {
            if pool.chip == chip {
                count += f64::from(pool.chips);
            } else {
                rest += chip_price(own, &pool.chip).ok()?.get() * f64::from(pool.chips);
            }
        }
        Some((count, rest))
    };
    let all: Vec<(f64, f64)> = contenders.iter().filter_map(parts).collect();
    let without = all.iter().filter(|own| own.0 == 0.0);
    let even = without.flat_map(|other| {
        let with = all.iter().filter(|own| own.0 > 0.0);
        with.map(move |own| (other.1 - own.1) / own.0)
    });
    let around: Vec<f64> = known.into_iter().chain(even).filter(|own| *own > 0.0).collect();
    let from = around.iter().copied().fold(f64::INFINITY, f64::min) / 8.0;
    let to = around.iter().copied().fold(0.0, f64::max) * 4.0;
    let (from, to) = if around.is_empty() { (0.05, 50.0) } else { (from, to) };
    geometric(from.max(Limits::RENT.low.max(1e-4)), to.min(Limits::RENT.high), samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn the_price_is_that_of_the_chip_that_sets_contenders_apart() {
        let chip =
            |links: &[&str]| priced(&links.iter().map(|own| link::parse(own).scenario).collect::<Vec<_>>());
        assert_eq!(chip(&["v1&pool=h200*8", "v1&pool=b200*8"]), "b200");
        assert_eq!(chip(&["v1&prefill=h200*8&decode=groq3-lp30*64", "v1&pool=b200*8"]), "groq3-lp30");
        assert_eq!(chip(&["v1&pool=h200*8", "v1&prefill=h200*4&decode=h200*4"]), "h200");
        assert_eq!(chip(&[]), "");
        let of = |text: &str| link::parse(text).scenario;
        let own = Axis::Price.apply_to(&of("v1&pool=b200*8"), "b200", 1.5).unwrap();
        assert_eq!(chip_price(&own, "b200").unwrap().get(), 1.5);
        assert_eq!(Axis::Price.current(&own), Some(1.5));
        // A deployment without the chip stays as it is.
        assert_eq!(Axis::Price.apply_to(&of("v1&pool=h200*8"), "b200", 1.5), Some(of("v1&pool=h200*8")));
        let values = Axis::Price.values(&of("v1&pool=groq3-lp30*64"), 5);
        assert!(values.len() == 5 && values[0] < 0.1 && values[4] > 20.0, "{values:?}");
        // 256 chips beside four others cost as much as eight of these at a few cents.
        let both = ["v1&prefill=h200*4&decode=groq3-lp30*256", "v1&pool=h200*8"].map(of);
        let (values, h200) = (prices(&both, "groq3-lp30", 5), chip_price(&both[1], "h200").unwrap().get());
        let even = 4.0 * h200 / 256.0;
        assert!(
            (values[0] * 8.0 / even - 1.0).abs() < 1e-9 && (values[4] / 4.0 / even - 1.0).abs() < 1e-9,
            "{values:?}"
        );
    }
}

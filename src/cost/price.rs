//! Price of one chip under a pricing.
//!
//! A price the user states wins; else the catalogue's on the basis that the scenario chooses, and where it has none there
//! the cost is absent with the reason. No basis is filled from another: a rental market, a price list, a contract and
//! ownership differ by factors of two to four, so that a chip priced on one of them and its neighbour on another compare
//! as nothing real. Who wants a figure all the same asks for an estimate (`super::estimate`), which is marked as one.
//!
//! Ownership is one method for all chips: the purchase with its network and storage, paid back as an annuity over the years
//! at the cost of capital, and electricity through the meter. What others published as a total cost of ownership has its
//! own write-off, power and margins inside, so it is a basis of its own and never stands in for the purchase.
//!
//! A price of one's own is what an hour costs; what a token costs is less certain by it. It is one quote, and leaves open
//! what of host, network, storage, support and unused hours is in it: as far as the chip's prices on the basis lie apart, and
//! once more as far as those of a chip usually do, logarithms added as squares. An assumption of one's own about ownership
//! (years, interest, network, storage, PUE, electricity) is no better founded than the catalogue's: for each the ends reach
//! as much further as it moves the price away from the one that the catalogue's assumption gives.
//!
//! The catalogue's prices are `[price]` of `data/chips/ID.toml`; what ownership adds, and how far prices of a basis usually
//! lie apart where a chip has a single one, is in `data/prices.toml`.

use serde::Serialize;

use super::energy::chip_power;
use super::estimate::{Known, estimated, usual_spread};
use super::spread::Spread;
use super::unpriced::Unpriced;
use crate::catalog::{Chip, PriceBasis, assumptions};
use crate::scenario::{Pricing, Scenario};
use crate::units::{Dollars, DollarsPerHour, HOURS_PER_MONTH, Watts};

/// What an hour of a chip costs, and how far prices for it lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChipHour {
    /// The price that is reckoned with.
    pub value: DollarsPerHour,
    /// Lowest price.
    pub low: DollarsPerHour,
    /// Highest price.
    pub high: DollarsPerHour,
    /// What it leaves open of the cost of a token, beyond its ends: more than nothing only for a price of one's own.
    pub open: Spread,
    /// Where it comes from.
    pub origin: PriceOrigin,
}

/// Where the price of a chip comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceOrigin {
    /// The user says so.
    Given,
    /// The catalogue has it.
    Catalogue,
    /// Its source calls it an estimate.
    SourceEstimate,
    /// Scaled from the price of the chip on another basis.
    Scaled {
        /// That basis.
        from: PriceBasis,
    },
}

impl PriceOrigin {
    /// Whether nobody asks this price.
    #[must_use]
    pub const fn is_estimate(self) -> bool {
        matches!(self, Self::SourceEstimate | Self::Scaled { .. })
    }
}

impl ChipHour {
    /// A price that the user states, on a basis on which the catalogue has this one.
    fn given(value: DollarsPerHour, listed: Option<Self>, basis: PriceBasis) -> Self {
        let apart = listed
            .filter(|own| own.value.get() > 0.0)
            .map_or(Spread::NONE, |own| Spread { low: own.low / own.value, high: own.high / own.value });
        let open = apart.times(usual_spread(basis));
        Self { value, low: value, high: value, open, origin: PriceOrigin::Given }
    }

    /// A price of the catalogue, with the usual spread of the basis where the chip has a single one.
    fn listed(known: Known, basis: PriceBasis, origin: PriceOrigin) -> Self {
        let Known { value, low, high } = known.with_usual_spread(basis);
        let dollars = DollarsPerHour::new;
        Self { value: dollars(value), low: dollars(low), high: dollars(high), open: Spread::NONE, origin }
    }
}

/// Price of one chip per hour.
///
/// # Errors
/// [`Unpriced`] names the chip and the figure nobody published.
pub fn chip_price(scenario: &Scenario, id: &str) -> Result<DollarsPerHour, Unpriced> {
    chip_hour(scenario, id).map(|own| own.value)
}

/// Price of one chip per hour with its spread and origin.
///
/// # Errors
/// [`Unpriced`] names the chip and the figure nobody published.
pub fn chip_hour(scenario: &Scenario, id: &str) -> Result<ChipHour, Unpriced> {
    let pricing = &scenario.pricing;
    let given = pricing.rents.iter().rev().find(|own| own.chip == id).map(|own| own.rent);
    let given = given.or_else(|| scenario.chip(id).and_then(|chip| chip.price.given));
    match given {
        Some(value) => Ok(ChipHour::given(value, listed(scenario, id).ok(), pricing.basis)),
        None => listed(scenario, id),
    }
}

/// The price that the catalogue gives a chip on the basis, whatever the user says.
fn listed(scenario: &Scenario, id: &str) -> Result<ChipHour, Unpriced> {
    let pricing = &scenario.pricing;
    let missing = || Unpriced { chip: id.to_owned(), figure: pricing.basis.figure() };
    let chip = scenario.chip(id).ok_or_else(missing)?;
    let (known, origin) = known(chip, pricing).ok_or_else(missing)?;
    if pricing.basis == PriceBasis::Own {
        let power = chip_power(scenario, id)?;
        let hour = |capex: f64| ownership(Dollars::new(capex), power, Terms::of(pricing));
        let Known { value, low, high } = known.with_usual_spread(PriceBasis::Own);
        let assumed = assumed(Dollars::new(value), power, pricing);
        return Ok(ChipHour {
            value: hour(value),
            low: hour(low) * assumed.low,
            high: hour(high) * assumed.high,
            open: Spread::NONE,
            origin,
        });
    }
    Ok(ChipHour::listed(known, pricing.basis, origin))
}

/// How much further the ends of a price of ownership reach for each assumption that is not the catalogue's: as far as that one
/// moves the price.
fn assumed(capex: Dollars, power: Watts, pricing: &Pricing) -> Spread {
    let (own, usual) = (Terms::of(pricing), Terms::usual());
    if own == usual {
        return Spread::NONE;
    }
    let price = ownership(capex, power, own).get();
    let one = |at: usize| {
        let mut terms = own;
        terms.0[at] = usual.0[at];
        ownership(capex, power, terms).get() / price
    };
    // A gift has no ratios.
    let ratios = (0..own.0.len()).map(one).filter(|ratio| ratio.is_finite() && *ratio > 0.0);
    ratios.fold(Spread::NONE, |all, ratio| Spread {
        low: all.low * ratio.min(1.0),
        high: all.high * ratio.max(1.0),
    })
}

/// What ownership assumes: years, interest, network, storage, PUE, dollars per kilowatt-hour.
#[derive(Clone, Copy, PartialEq)]
struct Terms([f64; 6]);

impl Terms {
    fn of(own: &Pricing) -> Self {
        Self([own.years, own.interest, own.network, own.storage, own.pue, own.dollars_per_kwh])
    }

    /// The catalogue's.
    fn usual() -> Self {
        let own = assumptions();
        Self([
            own.amortisation_years.value,
            own.interest.value,
            own.network.value,
            own.storage.value,
            own.pue.value,
            own.electricity_per_kwh.value.get(),
        ])
    }
}

/// The catalogue's figure for a chip on the basis: dollars per hour, for ownership dollars.
fn known(chip: &Chip, pricing: &Pricing) -> Option<(Known, PriceOrigin)> {
    if let Some(known) = Known::of(chip, pricing.basis) {
        return Some((known, PriceOrigin::Catalogue));
    }
    if !pricing.estimate {
        return None;
    }
    if let Some(quote) = chip.price.quote(pricing.basis) {
        let known = Known::quoted(quote).with_usual_spread(pricing.basis).widened();
        return Some((known, PriceOrigin::SourceEstimate));
    }
    estimated(chip, pricing.basis).map(|(known, from)| (known, PriceOrigin::Scaled { from }))
}

/// What ownership comes to per hour: the purchase with what stands beside it, paid back with interest over its years, and
/// power through the meter.
fn ownership(capex: Dollars, power: Watts, terms: Terms) -> DollarsPerHour {
    let Terms([years, interest, network, storage, pue, dollars_per_kwh]) = terms;
    let purchase = capex.get() * (1.0 + network + storage);
    let capital = purchase * annuity(interest, years) / (12.0 * HOURS_PER_MONTH);
    let electricity = power.get() * 1e-3 * pue * dollars_per_kwh;
    DollarsPerHour::new(capital + electricity)
}

/// The share of a loan to pay each year so that it is paid back with interest after so many.
fn annuity(interest: f64, years: f64) -> f64 {
    // Below this the loss of digits in 1 - (1 + r)^-n outweighs what interest adds.
    if interest < 1e-6 {
        return 1.0 / years;
    }
    interest / (1.0 - libm::pow(1.0 + interest, -years))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annuity_pays_back_what_was_lent() {
        assert!((annuity(0.0, 4.0) - 0.25).abs() < 1e-12);
        assert!((annuity(1e-6, 4.0) - 0.25).abs() < 1e-6);
        // 8 % over four years: the textbook's factor.
        assert!((annuity(0.08, 4.0) - 0.301_920_8).abs() < 1e-6);
        let (rate, years) = (0.1, 7);
        let mut debt = 1.0;
        for _ in 0..years {
            debt = debt * (1.0 + rate) - annuity(rate, f64::from(years));
        }
        assert!(debt.abs() < 1e-12);
    }

    #[test]
    fn no_basis_is_filled_from_another() {
        for chip in crate::catalog::chips() {
            for basis in PriceBasis::ALL {
                let mut scenario = Scenario::default();
                scenario.pricing.basis = basis;
                let hour = chip_hour(&scenario, &chip.id);
                let has = match basis {
                    PriceBasis::Own => chip.price.capex.is_some() && chip_power(&scenario, &chip.id).is_ok(),
                    _ => chip.price.quote(basis).is_some_and(|own| !own.estimate),
                };
                assert_eq!(hour.is_ok(), has, "{} {}", chip.id, basis.id());
                match (hour, chip.price.quote(basis)) {
                    (Ok(hour), Some(quote)) => assert_eq!(hour.value, quote.value, "{}", chip.id),
                    (Ok(_), None) => assert_eq!(basis, PriceBasis::Own),
                    (Err(missing), _) => assert_eq!(missing.chip, chip.id),
                }
            }
        }
    }

    #[test]
    fn an_estimate_must_be_asked_for_and_is_wider() {
        let mut scenario = Scenario::default();
        assert_eq!(chip_hour(&scenario, "tpu-7x").map_err(|own| own.elsewhere().len()), Err(3));
        scenario.pricing.estimate = true;
        let estimate = chip_hour(&scenario, "tpu-7x").unwrap();
        assert!(estimate.origin.is_estimate());
        assert!(estimate.low < estimate.value && estimate.value < estimate.high);
        let listed = chip_hour(&scenario, "b300").unwrap();
        assert_eq!(listed.origin, PriceOrigin::Catalogue);
        assert!(estimate.high / estimate.low > listed.high / listed.low);
        // Nobody says anything of it, so there is nothing to scale.
        assert!(chip_hour(&scenario, "maia200").is_err());
    }
}

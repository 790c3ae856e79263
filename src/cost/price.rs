//! Price of one chip under a pricing.
//!
//! A price the user states wins; else the catalogue's, and where it has none the cost is absent with the reason. Nothing
//! is guessed: a chip that nobody rents out and nobody priced has no cost until the user gives one. The catalogue's prices
//! are `[price]` of `data/chips/ID.toml`, what ownership adds is in `data/prices.toml`.

use super::energy::chip_power;
use super::unpriced::Unpriced;
use crate::scenario::{PriceBasis, Pricing, Scenario};
use crate::units::{Dollars, DollarsPerHour, Watts};

/// Price of one chip per hour.
///
/// # Errors
/// [`Unpriced`] names the chip and the figure nobody published.
pub fn chip_price(scenario: &Scenario, id: &str) -> Result<DollarsPerHour, Unpriced> {
    let pricing = &scenario.pricing;
    if let Some(own) = pricing.rents.iter().rev().find(|own| own.chip == id) {
        return Ok(own.rent);
    }
    let missing = |figure| Unpriced { chip: id.to_owned(), figure };
    let chip = scenario.chip(id).ok_or_else(|| missing("price"))?;
    let price = &chip.price;
    match pricing.basis {
        PriceBasis::Rent => price.rent_typical.or(price.rent_low).ok_or_else(|| missing("rent")),
        PriceBasis::RentLow => price.rent_low.or(price.rent_typical).ok_or_else(|| missing("rent")),
        PriceBasis::Own => match price.capex {
            Some(capex) => Ok(ownership(capex, chip_power(scenario, id)?, pricing)),
            // A published total cost of ownership already has its own write-off and power.
            None => price.owner.ok_or_else(|| missing("purchase price")),
        },
    }
}

/// Hours of a year of 365.25 days.
const HOURS_PER_YEAR: f64 = 8766.0;

/// What ownership comes to per hour: the purchase over its years, and power through the meter.
fn ownership(capex: Dollars, power: Watts, pricing: &Pricing) -> DollarsPerHour {
    let capital = capex.get() / (pricing.years * HOURS_PER_YEAR);
    let electricity = power.get() * 1e-3 * pricing.pue * pricing.dollars_per_kwh;
    DollarsPerHour::new(capital + electricity)
}

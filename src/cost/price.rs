//! Price and power of one chip under a pricing.
//!
//! A price the user states wins; else the catalogue's, and where it has none the cost is absent with the reason. Nothing
//! is guessed: a chip that nobody rents out and nobody priced has no cost until the user gives one.

use super::{Unpriced, ownership};
use crate::scenario::{PriceBasis, Scenario};
use crate::units::{DollarsPerHour, Watts};

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

/// Power of one chip with its share of the system around it, before PUE.
///
/// # Errors
/// [`Unpriced`] when neither the all-in power nor the chip's own is published.
pub fn chip_power(scenario: &Scenario, id: &str) -> Result<Watts, Unpriced> {
    let missing = || Unpriced { chip: id.to_owned(), figure: "power" };
    let chip = scenario.chip(id).ok_or_else(missing)?;
    // Where only the chip's own power is known, the system around it adds as much as it does around measured ones.
    chip.all_in_power.or_else(|| chip.tdp.map(|own| own * SYSTEM_FACTOR)).ok_or_else(missing)
}

/// All-in power over the chip's own: 1.5 to 2.5 in the catalogue's measured systems (InferenceX, April 2026).
const SYSTEM_FACTOR: f64 = 2.0;

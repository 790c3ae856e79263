//! What the chips of a scenario cost and whose price it is: for a terminal, for JSON, and as warnings where a price is an
//! estimate or old.

use serde::Serialize;

use super::words;
use crate::catalog::{Chip, PriceBasis, PriceClass, PriceTerm, read_on, stale_days};
use crate::cost::{ChipHour, PriceOrigin, chip_hour};
use crate::scenario::Scenario;
use crate::units::format::{Precision, Unit};

/// The price of a kind of chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriceReport {
    /// Catalogue chip.
    pub chip: String,
    /// The way to pay.
    pub basis: PriceBasis,
    /// Dollars per chip-hour; null where the chip has no price on the basis.
    pub per_hour: Option<f64>,
    /// Lowest price.
    pub lowest: Option<f64>,
    /// Highest price.
    pub highest: Option<f64>,
    /// Where it comes from: given, of the catalogue, an estimate of its source, or scaled from another basis.
    pub origin: Option<PriceOrigin>,
    /// Month or day to which it is true.
    pub as_of: Option<String>,
    /// Whether that was longer before the day of the catalogue than prices may be.
    pub stale: bool,
    /// Who asks it.
    pub class: Option<PriceClass>,
    /// For how long one commits.
    pub term: Option<PriceTerm>,
    /// Where to read it.
    pub url: Option<String>,
    /// Why there is no price.
    pub absent: Option<String>,
    /// The bases on which the chip has one.
    pub bases: Vec<PriceBasis>,
}

/// Where a price stands in the catalogue.
struct Standing<'a> {
    basis: PriceBasis,
    as_of: &'a str,
    stale: bool,
    class: Option<PriceClass>,
    term: Option<PriceTerm>,
    url: &'a str,
}

/// The kinds of chip of a scenario, in the order of its pools, each once.
fn kinds(scenario: &Scenario) -> Vec<&str> {
    let mut kinds: Vec<&str> = Vec::new();
    for (_, pool) in scenario.split.pools() {
        if !kinds.contains(&pool.chip.as_str()) {
            kinds.push(&pool.chip);
        }
    }
    kinds
}

/// The entry of the catalogue on which a price rests; none where the user states it.
fn standing<'a>(chip: &'a Chip, hour: &ChipHour, basis: PriceBasis) -> Option<Standing<'a>> {
    let basis = match hour.origin {
        PriceOrigin::Given => return None,
        PriceOrigin::Catalogue | PriceOrigin::SourceEstimate => basis,
        PriceOrigin::Scaled { from } => from,
    };
    if let Some(own) = chip.price.quote(basis) {
        let (class, term) = (Some(own.class), Some(own.term));
        return Some(Standing { basis, as_of: &own.as_of, stale: own.stale, class, term, url: &own.url });
    }
    let price = &chip.price;
    price.capex.map(|_| Standing {
        basis,
        as_of: &price.capex_as_of,
        stale: price.capex_stale,
        class: None,
        term: None,
        url: "",
    })
}

/// The prices of a scenario's chips.
#[must_use]
pub fn prices(scenario: &Scenario) -> Vec<PriceReport> {
    kinds(scenario).into_iter().map(|id| price(scenario, id)).collect()
}

/// The price of a chip under the pricing of a scenario.
pub(super) fn price(scenario: &Scenario, id: &str) -> PriceReport {
    let basis = scenario.pricing.basis;
    let hour = chip_hour(scenario, id);
    let chip = scenario.chip(id);
    let known = hour.as_ref().ok();
    let stands = known.zip(chip).and_then(|(hour, chip)| standing(chip, hour, basis));
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PriceReport {
        chip: id.to_owned(),
        basis,
        per_hour: known.map(|own| own.value.get()),
        lowest: known.map(|own| own.low.get()),
        highest: known.map(|own| own.high.get()),
        origin: known.map(|own| own.origin),
        as_of: stands.as_ref().and_then(|own| text(own.as_of)),
        stale: stands.as_ref().is_some_and(|own| own.stale),
        class: stands.as_ref().and_then(|own| own.class),
        term: stands.as_ref().and_then(|own| own.term),
        url: stands.as_ref().and_then(|own| text(own.url)),
        absent: hour.as_ref().err().map(words::unpriced),
        bases: chip.map_or_else(Vec::new, |own| own.price.bases().collect()),
    }
}

/// The prices in a line: `Prices (rental market): H100 SXM $2.00/h (1.99 to 2.95; survey, on-demand, 2026-07)`.
#[must_use]
pub fn line(scenario: &Scenario) -> String {
    let basis = scenario.pricing.basis;
    let one = |own: PriceReport| {
        let name = words::chip(&own.chip);
        match (own.per_hour, own.lowest, own.highest) {
            (Some(value), Some(low), Some(high)) => {
                let mut about = Vec::new();
                if low < high {
                    let end = |price: f64| Unit::DollarsPerHour.format_with(price, Precision::NORMAL);
                    about.push(format!("{} to {}", end(low), end(high)));
                }
                match own.origin {
                    Some(PriceOrigin::Given) => about.push("own price".to_owned()),
                    Some(PriceOrigin::SourceEstimate) => about.push("estimate of its source".to_owned()),
                    Some(PriceOrigin::Scaled { from }) => {
                        about.push(format!("estimate from its {}", from.figure()));
                    }
                    Some(PriceOrigin::Catalogue) | None => {}
                }
                about.extend(own.class.map(|class| class.id().to_owned()));
                about.extend(
                    own.term.filter(|term| *term != PriceTerm::None).map(|term| term.id().to_owned()),
                );
                about.extend(own.as_of);
                format!("{name} {} ({})", Unit::DollarsPerHour.format(value), about.join(", "))
            }
            _ => own.absent.unwrap_or_default(),
        }
    };
    let all: Vec<String> = prices(scenario).into_iter().map(one).collect();
    format!("Prices ({}): {}", basis.label(), all.join("; "))
}

/// What to warn of: prices that are estimates, and prices that are old.
#[must_use]
pub fn warnings(scenario: &Scenario) -> Vec<String> {
    let mut told = Vec::new();
    for id in kinds(scenario) {
        let Some((hour, chip)) = chip_hour(scenario, id).ok().zip(scenario.chip(id)) else { continue };
        let (name, basis) = (words::chip(id), scenario.pricing.basis);
        match hour.origin {
            PriceOrigin::Scaled { from } => told.push(format!(
                "The {} of {name} is an estimate: nobody publishes one; it is scaled from its {}.",
                basis.figure(),
                from.figure()
            )),
            PriceOrigin::SourceEstimate => told.push(format!(
                "The {} of {name} is an estimate of its source: nobody asks it.",
                basis.figure()
            )),
            PriceOrigin::Given | PriceOrigin::Catalogue => {}
        }
        if let Some(own) = standing(chip, &hour, basis).filter(|own| own.stale) {
            told.push(format!(
                "The {} of {name} is stale: it is of {}, more than {} days before {}.",
                own.basis.figure(),
                own.as_of,
                stale_days(),
                read_on()
            ));
        }
    }
    told
}

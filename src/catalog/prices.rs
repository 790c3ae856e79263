//! What it costs to run a chip beside the chip itself, and what others ask for tokens (`data/prices.toml`).
//!
//! Where the price of a chip comes from: `[price]` of `data/chips/ID.toml`, read into [`super::chip::ChipPrice`]; which of
//! its figures applies and what ownership adds, `cost::chip_price` decides.

use serde::Serialize;

use crate::units::Dollars;

include!(concat!(env!("OUT_DIR"), "/prices.rs"));

/// A figure that no data sheet gives: a default and the range that people argue about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumption<T> {
    /// Default.
    pub value: T,
    /// Low end of what is seen.
    pub low: T,
    /// High end of what is seen.
    pub high: T,
    /// Where it comes from.
    pub sources: &'static str,
}

/// Assumptions about owning hardware. The defaults of a scenario's pricing are these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// Power usage effectiveness: power of the data centre over power of its machines.
    pub pue: Assumption<f64>,
    /// Price of a kilowatt-hour.
    pub electricity_per_kwh: Assumption<Dollars>,
    /// Years over which the purchase price is written off.
    pub amortisation_years: Assumption<f64>,
    /// Cost of capital per year, paid as an annuity over the write-off.
    pub interest: Assumption<f64>,
    /// Scale-out network, as a share of what the chips with their servers cost.
    pub network: Assumption<f64>,
    /// Storage, as a share of the same.
    pub storage: Assumption<f64>,
    /// Load beyond the stated one that a deployment is sized for, as a share of it.
    pub headroom: Assumption<f64>,
    /// How far prices of a chip lie apart where only one is known, by basis in the order of
    /// [`super::PriceBasis::ALL`]: factors of
    /// the price.
    pub spread: [Assumption<f64>; 5],
    /// Power of a chip with its share of the system around it over its own, where only that is known.
    pub system_power_factor: Assumption<f64>,
}

/// List price of a model behind an API, per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ApiPrice {
    /// Name of the offer.
    pub name: &'static str,
    /// Who sells it.
    pub provider: &'static str,
    /// The model in this catalogue, when it is an open one.
    pub model: Option<&'static str>,
    /// A million input tokens.
    pub input: Dollars,
    /// A million input tokens that the provider's cache holds.
    pub cached: Option<Dollars>,
    /// A million output tokens.
    pub output: Dollars,
    /// Month or day to which it is true.
    pub as_of: &'static str,
    /// Day on which the offer ends or ended, where one was announced.
    pub withdrawn: Option<&'static str>,
    /// Whether it had ended on the day of the catalogue ([`read_on`]).
    pub ended: bool,
}

/// Assumptions about owning hardware.
#[must_use]
pub fn assumptions() -> &'static Assumptions {
    &ASSUMPTIONS
}

/// Day to which the catalogue is true, `2026-11-30`.
#[must_use]
pub fn read_on() -> &'static str {
    READ_ON
}

/// Days after which a price is stale.
#[must_use]
pub fn stale_days() -> u32 {
    STALE_DAYS
}

/// List prices: the vendors of closed models first, then open models by vendor or host.
#[must_use]
pub fn api_prices() -> &'static [ApiPrice] {
    &API_PRICES
}

/// Source and date of [`api_prices`].
#[must_use]
pub fn api_price_sources() -> &'static str {
    API_SOURCES
}

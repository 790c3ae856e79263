//! What it costs to run a chip beside the chip itself, and what others ask for tokens (`prices.toml`).

use super::generated;
use crate::units::{Dollars, Seconds};

/// Seconds in a year of 365.25 days.
pub(super) const YEAR: f64 = 365.25 * 24.0 * 3600.0;

/// A figure that the user may change: a default and the range that people argue about.
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

/// Assumptions about owning hardware.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ownership {
    /// Power usage effectiveness: power of the data centre over power of its machines.
    pub pue: Assumption<f64>,
    /// Price of a kilowatt-hour.
    pub electricity_per_kwh: Assumption<Dollars>,
    /// Time over which the purchase price is written off.
    pub amortisation: Assumption<Seconds>,
}

/// List price of a model behind an API, per million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

/// Assumptions about owning hardware.
#[must_use]
pub fn ownership() -> &'static Ownership {
    &generated::OWNERSHIP
}

/// List prices: the vendors of closed models first, then open models by vendor or host.
#[must_use]
pub fn api_prices() -> &'static [ApiPrice] {
    &generated::API_PRICES
}

/// Source and date of [`api_prices`].
#[must_use]
pub fn api_price_sources() -> &'static str {
    generated::API_SOURCES
}

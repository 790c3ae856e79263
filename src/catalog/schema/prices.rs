//! `data/prices.toml`: what running a chip costs beside the chip, and what others ask for tokens.

use serde::Deserialize;

use super::checks::{Checks, Cited, block};
use crate::catalog::bounds;

/// All prices that belong to no chip.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "keys carry their unit")]
pub struct PricesFile {
    /// Power of the data centre over power of its machines.
    pub pue: AssumptionEntry,
    /// Price of a kilowatt-hour.
    pub electricity_USD_per_kWh: AssumptionEntry,
    /// Years over which a purchase is written off.
    pub amortisation_years: AssumptionEntry,
    /// Power of a chip with its share of the system around it over its own, where only that is known.
    pub system_power_factor: AssumptionEntry,
    /// Where the list prices come from.
    pub api_sources: String,
    /// Month in which they were read.
    pub api_date: String,
    /// List prices.
    pub api: Vec<ApiEntry>,
}

block! {
    /// A figure that no data sheet gives, with the range that people argue about.
    AssumptionEntry {
        /// Default.
        value: f64,
        /// Low end.
        low: f64,
        /// High end.
        high: f64,
        /// Where it comes from.
        sources: String,
    }
}

block! {
    /// A list price, per million tokens.
    ApiEntry {
        /// Name of the offer.
        name: String,
        /// Who sells it.
        provider: String,
        /// The model's entry in this catalogue, when it has one.
        model: Option<String>,
        /// Input.
        input_USD_per_Mtok: f64,
        /// Input that the provider's cache holds.
        cached_USD_per_Mtok: Option<f64>,
        /// Output.
        output_USD_per_Mtok: f64,
    }
}

impl PricesFile {
    /// Whether it makes sense, with the models of these identifiers.
    pub fn check(&self, models: &[&str], c: &mut Checks) {
        for (row, cited) in self.blocks() {
            c.cited(&row, cited);
        }
        let assumptions = [
            ("pue", &self.pue, bounds::PUE),
            ("electricity_USD_per_kWh", &self.electricity_USD_per_kWh, bounds::ELECTRICITY),
            ("amortisation_years", &self.amortisation_years, bounds::AMORTISATION),
            ("system_power_factor", &self.system_power_factor, bounds::SYSTEM_POWER),
        ];
        for (field, assumption, limits) in assumptions {
            c.text(&format!("{field}.sources"), &assumption.sources);
            c.range(&format!("{field}.low"), assumption.low, limits, 1.0);
            c.range(&format!("{field}.high"), assumption.high, limits, 1.0);
            c.between(&format!("{field}.value"), assumption.value, assumption.low, assumption.high);
        }
        c.text("api_sources", &self.api_sources);
        c.month("api_date", &self.api_date, false);
        for entry in &self.api {
            let name = &entry.name;
            c.text("api.name", name);
            c.text("api.provider", &entry.provider);
            c.range(
                &format!("{name}: input_USD_per_Mtok"),
                entry.input_USD_per_Mtok,
                bounds::TOKEN_PRICE,
                1.0,
            );
            c.between(
                &format!("{name}: output_USD_per_Mtok"),
                entry.output_USD_per_Mtok,
                entry.input_USD_per_Mtok,
                bounds::TOKEN_PRICE.high,
            );
            c.between(
                &format!("{name}: cached_USD_per_Mtok"),
                entry.cached_USD_per_Mtok,
                0.1 * bounds::TOKEN_PRICE.low,
                entry.input_USD_per_Mtok,
            );
            if let Some(model) = &entry.model {
                c.ensure(models.contains(&&**model), || {
                    format!("{name}: `model = {model:?}` is not in models/")
                });
            }
        }
    }

    /// The assumptions and rows that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(String, Cited<'_>)> {
        let assumptions = [
            ("pue", &self.pue),
            ("electricity_USD_per_kWh", &self.electricity_USD_per_kWh),
            ("amortisation_years", &self.amortisation_years),
            ("system_power_factor", &self.system_power_factor),
        ];
        let assumptions = assumptions.into_iter().map(|(name, own)| (name.to_owned(), own.cited()));
        let rows = self.api.iter().map(|row| (format!("{} by {}", row.name, row.provider), row.cited()));
        assumptions.chain(rows).filter(|(_, cited)| !cited.is_empty()).collect()
    }
}

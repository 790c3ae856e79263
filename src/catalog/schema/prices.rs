//! `data/prices.toml`: what running a chip costs beside the chip, and what others ask for tokens.

use serde::Deserialize;

use super::checks::{Checks, Cited, block, days};
use crate::catalog::bounds;
use crate::units::limits::Limits;

/// All prices that belong to no chip.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "keys carry their unit")]
pub struct PricesFile {
    /// Day to which the catalogue is true.
    pub as_of: String,
    /// Days after which a price is stale.
    pub stale_days: u32,
    /// Power of the data centre over power of its machines.
    pub pue: AssumptionEntry,
    /// Price of a kilowatt-hour.
    pub electricity_USD_per_kWh: AssumptionEntry,
    /// Years over which a purchase is written off.
    pub amortisation_years: AssumptionEntry,
    /// Cost of capital per year.
    pub interest: AssumptionEntry,
    /// Scale-out network, as a share of what the chips with their servers cost.
    pub network: AssumptionEntry,
    /// Storage, as a share of the same.
    pub storage: AssumptionEntry,
    /// Load beyond the stated one that a deployment is sized for, as a share of it.
    pub headroom: AssumptionEntry,
    /// How far prices of the rental market lie apart.
    pub spread_market: AssumptionEntry,
    /// How far cloud lists lie apart.
    pub spread_list: AssumptionEntry,
    /// How far contracts lie apart.
    pub spread_contract: AssumptionEntry,
    /// How far published costs of ownership lie apart.
    pub spread_tco: AssumptionEntry,
    /// How far purchase prices lie apart.
    pub spread_purchase: AssumptionEntry,
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
        /// Day on which it ends or ended.
        withdrawn: Option<String>,
    }
}

impl PricesFile {
    /// Whether it makes sense, with the models of these identifiers.
    pub fn check(&self, models: &[&str], c: &mut Checks) {
        for (row, cited) in self.blocks() {
            c.cited(&row, cited);
        }
        c.day("as_of", &self.as_of);
        c.count("stale_days", self.stale_days, bounds::STALE);
        for (field, assumption, limits) in self.assumptions() {
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
            c.ensure(entry.url.is_some() && entry.as_of.is_some(), || {
                format!("{name} by {}: a list price needs `url` and `as_of`", entry.provider)
            });
            if let Some(day) = &entry.withdrawn {
                c.day(&format!("{name}: withdrawn"), day);
            }
            if let Some(model) = &entry.model {
                c.ensure(models.contains(&&**model), || {
                    format!("{name}: `model = {model:?}` is not in models/")
                });
            }
        }
    }

    /// All assumptions, with what they may be.
    fn assumptions(&self) -> [(&'static str, &AssumptionEntry, Limits); 13] {
        [
            ("pue", &self.pue, bounds::PUE),
            ("electricity_USD_per_kWh", &self.electricity_USD_per_kWh, bounds::ELECTRICITY),
            ("amortisation_years", &self.amortisation_years, bounds::AMORTISATION),
            ("interest", &self.interest, bounds::INTEREST),
            ("network", &self.network, bounds::BESIDE),
            ("storage", &self.storage, bounds::BESIDE),
            ("headroom", &self.headroom, bounds::BESIDE),
            ("spread_market", &self.spread_market, bounds::PRICE_RATIO),
            ("spread_list", &self.spread_list, bounds::PRICE_RATIO),
            ("spread_contract", &self.spread_contract, bounds::PRICE_RATIO),
            ("spread_tco", &self.spread_tco, bounds::PRICE_RATIO),
            ("spread_purchase", &self.spread_purchase, bounds::PRICE_RATIO),
            ("system_power_factor", &self.system_power_factor, bounds::SYSTEM_POWER),
        ]
    }

    /// Whether a date was longer ago on the day of the catalogue than prices may be. What is no date is not.
    #[must_use]
    pub fn is_stale(&self, date: &str) -> bool {
        match (days(&self.as_of), days(date)) {
            (Some(today), Some(then)) => today - then > i64::from(self.stale_days),
            _ => false,
        }
    }

    /// Whether an offer had ended on the day of the catalogue.
    #[must_use]
    pub fn has_ended(&self, offer: &ApiEntry) -> bool {
        offer.withdrawn.as_ref().is_some_and(|day| *day <= self.as_of)
    }

    /// The assumptions and rows that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(String, Cited<'_>)> {
        let assumptions = self.assumptions();
        let assumptions = assumptions.into_iter().map(|(name, own, _)| (name.to_owned(), own.cited()));
        let rows = self.api.iter().map(|row| (format!("{} by {}", row.name, row.provider), row.cited()));
        assumptions.chain(rows).filter(|(_, cited)| !cited.is_empty()).collect()
    }
}

//! What a deployment in steady state costs, in all and per token.

use serde::Serialize;

use super::price::chip_hour;
use super::spread::{Spread, Sum};
use super::unpriced::Unpriced;
use crate::scenario::{Role, Scenario};
use crate::serve::Steady;
use crate::units::{Dollars, DollarsPerHour, Seconds};

/// What a deployment costs in steady state. Absent figures carry the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costs {
    /// Price of the whole deployment per hour.
    pub per_hour: Result<DollarsPerHour, Unpriced>,
    /// Dollars per million tokens, input and output together.
    pub per_mtok_total: Result<Dollars, Unpriced>,
    /// Dollars per million input tokens, when prefill carries its share of the time.
    pub per_mtok_input: Result<Dollars, Unpriced>,
    /// Dollars per million output tokens, when decode carries its share of the time.
    pub per_mtok_output: Result<Dollars, Unpriced>,
    /// Dollars per million output tokens, when they carry everything.
    pub per_mtok_output_all: Result<Dollars, Unpriced>,
    /// How far prices of the chips lie apart, as factors of the price of the whole deployment.
    pub spread: Spread,
    /// The same of the cost of a token, with what prices of one's own leave open.
    pub spread_total: Spread,
    /// The same of the cost of input.
    pub spread_input: Spread,
    /// The same of the cost of output.
    pub spread_output: Spread,
}

/// What a served scenario costs.
///
/// The whole deployment is paid for all the time, and for more than its busy time when utilisation is below 1. Input
/// tokens carry the prefill pool, or the share of a colocated pool's work that prefill is; output tokens carry the rest.
#[must_use]
pub fn costs(scenario: &Scenario, steady: &Steady) -> Costs {
    let pricing = &scenario.pricing;
    let hour = Seconds::new(3600.0);
    let (mut hourly, mut all, mut input) = (Sum::default(), Sum::default(), Sum::default());
    for pool in &steady.pools {
        let chips = f64::from(pool.chips);
        let share = match pool.role {
            Role::Prefill => 1.0,
            // A pool that writes answers reads prompts too where no other does; the share is 0 elsewhere.
            Role::Decode | Role::Colocated | Role::Attention | Role::Ffn | Role::Draft | Role::Verify => {
                steady.prefill_share
            }
        };
        match chip_hour(scenario, &pool.chip) {
            Ok(hour) => {
                let own = [hour.value, hour.low, hour.high].map(|own| own.get() * chips);
                hourly.add(own);
                let own = [own[0], own[1] * hour.open.low, own[2] * hour.open.high];
                all.add(own);
                input.add(own.map(|own| own * share));
            }
            Err(missing) => {
                hourly.lack(missing.clone());
                all.lack(missing.clone());
                input.lack(missing);
            }
        }
    }
    let per_hour_tokens = |tokens: f64| steady.rate.get() * tokens * hour.get() * 1e-6;
    let priced = |sum: &Sum| sum.whole().map(DollarsPerHour::new);
    let per_mtok = |sum: &Sum, tokens: f64| {
        priced(sum).map(|price| price.over(hour) / (per_hour_tokens(tokens) * pricing.utilisation))
    };
    let (isl, osl) = (steady.isl.get(), steady.osl.get());
    let output = all.without(&input);
    Costs {
        per_mtok_total: per_mtok(&all, isl + osl),
        per_mtok_input: per_mtok(&input, isl),
        per_mtok_output: per_mtok(&output, osl),
        per_mtok_output_all: per_mtok(&all, osl),
        per_hour: priced(&hourly),
        spread: hourly.spread(),
        spread_total: all.spread(),
        spread_input: input.spread(),
        spread_output: output.spread(),
    }
}

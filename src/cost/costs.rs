//! What a deployment in steady state costs, in all and per token.

use serde::Serialize;

use super::price::chip_price;
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
}

/// What a served scenario costs.
///
/// The whole deployment is paid for all the time, and for more than its busy time when utilisation is below 1. Input
/// tokens carry the prefill pool, or the share of a colocated pool's work that prefill is; output tokens carry the rest.
#[must_use]
pub fn costs(scenario: &Scenario, steady: &Steady) -> Costs {
    let pricing = &scenario.pricing;
    let hour = Seconds::new(3600.0);
    let mut all = Ok(DollarsPerHour::ZERO);
    let mut input = Ok(DollarsPerHour::ZERO);
    for pool in &steady.pools {
        let chips = f64::from(pool.chips);
        let price = chip_price(scenario, &pool.chip).map(|price| price * chips);
        let share = match pool.role {
            Role::Prefill => 1.0,
            // A pool that writes answers reads prompts too where no other does; the share is 0 elsewhere.
            Role::Decode | Role::Colocated | Role::Attention | Role::Ffn | Role::Draft | Role::Verify => {
                steady.prefill_share
            }
        };
        all = sum(all, price.clone());
        input = sum(input, price.map(|price| price * share));
    }
    let per_hour_tokens = |tokens: f64| steady.rate.get() * tokens * hour.get() * 1e-6;
    let per_mtok = |price: Result<DollarsPerHour, Unpriced>, tokens: f64| {
        price.map(|price| price.over(hour) / (per_hour_tokens(tokens) * pricing.utilisation))
    };
    let (isl, osl) = (steady.isl.get(), steady.osl.get());
    let output = match (&all, &input) {
        (Ok(all), Ok(input)) => Ok(*all - *input),
        (Err(missing), _) | (_, Err(missing)) => Err(missing.clone()),
    };
    Costs {
        per_mtok_total: per_mtok(all.clone(), isl + osl),
        per_mtok_input: per_mtok(input, isl),
        per_mtok_output: per_mtok(output, osl),
        per_mtok_output_all: per_mtok(all.clone(), osl),
        per_hour: all,
    }
}

fn sum(
    left: Result<DollarsPerHour, Unpriced>,
    right: Result<DollarsPerHour, Unpriced>,
) -> Result<DollarsPerHour, Unpriced> {
    match (left, right) {
        (Ok(left), Ok(right)) => Ok(left + right),
        (Err(missing), _) | (_, Err(missing)) => Err(missing),
    }
}

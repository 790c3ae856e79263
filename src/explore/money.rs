//! What a cost compares with: list prices of the same model behind an API, and the price at which a chip that has none
//! would pay.

use serde::Serialize;

use super::deployed::Deployed;
use super::objective::miss;
use super::shape::kinds;
use super::size::{BreakEven, Deployment, Wanted, all_chips, size};
use crate::catalog::api_prices;
use crate::cost::chip_price;
use crate::evaluate::evaluate;
use crate::scenario::Scenario;
use crate::units::{DollarsPerHour, order};

/// A list price as a line on a chart of costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriceLine {
    /// Name of the offer.
    pub name: &'static str,
    /// Who sells it.
    pub provider: &'static str,
    /// Dollars per million tokens at the scenario's mix of input, cached input and output.
    pub per_mtok: f64,
    /// Month or day to which it is true.
    pub as_of: &'static str,
    /// Day on which the offer ends, where one was announced.
    pub withdrawn: Option<&'static str>,
}

/// List prices of the scenario's model at its mix of tokens, cheapest first; offers that have ended are none.
#[must_use]
pub fn price_lines(scenario: &Scenario) -> Vec<PriceLine> {
    let (isl, osl) = (scenario.mean_input().get(), scenario.workload.mean_osl().get());
    let hit = scenario.cached_share();
    let offers = api_prices().iter().filter(|own| own.model == Some(scenario.model.as_str()) && !own.ended);
    let mut lines: Vec<PriceLine> = offers
        .map(|own| {
            let cached = own.cached.unwrap_or(own.input).get();
            let input = isl * ((1.0 - hit) * own.input.get() + hit * cached);
            let per_mtok = (input + osl * own.output.get()) / (isl + osl);
            PriceLine {
                name: own.name,
                provider: own.provider,
                per_mtok,
                as_of: own.as_of,
                withdrawn: own.withdrawn,
            }
        })
        .collect();
    order::sort_by(&mut lines, |a, b| a.per_mtok.total_cmp(&b.per_mtok));
    lines
}

/// The price per chip-hour at which a scenario costs as much as the best deployment of priced chips for the same load
/// and service level; `None` unless exactly one kind of its chips has no price, and where even free chips would not pay.
#[must_use]
pub fn pays_below(scenario: &Scenario, best: &Deployment) -> Option<BreakEven> {
    let mut unpriced: Option<(&str, u32)> = None;
    let mut rest = 0.0;
    for (_, pool) in scenario.split.pools() {
        match (chip_price(scenario, &pool.chip), &mut unpriced) {
            (Ok(price), _) => rest += price.get() * f64::from(pool.chips),
            (Err(_), Some((chip, chips))) if *chip == pool.chip => *chips = chips.saturating_add(pool.chips),
            (Err(_), Some(_)) => return None,
            (Err(_), none) => *none = Some((&pool.chip, pool.chips)),
        }
    }
    let (chip, chips) = unpriced?;
    let below = (best.per_hour?.get() - rest) / f64::from(chips.max(1));
    (below > 0.0).then(|| BreakEven {
        chip: chip.to_owned(),
        below: DollarsPerHour::new(below),
        chips,
        deployed: Deployed::of(scenario),
    })
}

/// What to size to find what a scenario competes with: priced chips, under its own reserve and no more.
#[must_use]
pub fn priced_rivals(scenario: &Scenario) -> (Scenario, Wanted) {
    let mut asked = scenario.clone();
    asked.reserve.headroom.get_or_insert(0.0);
    let mut priced = all_chips(scenario);
    priced.retain(|id| chip_price(scenario, id).is_ok());
    (asked, Wanted::of(&priced))
}

/// The same against the cheapest deployment of any priced chips, where the scenario has exactly one kind of chip without a
/// price and keeps its service level.
#[must_use]
pub fn break_even_price(scenario: &Scenario) -> Option<BreakEven> {
    let free = kinds(scenario).into_iter().filter(|id| chip_price(scenario, id).is_err()).count();
    if free != 1 {
        return None;
    }
    let evaluation = evaluate(scenario).ok()?;
    if miss(&scenario.slo, &evaluation).is_some() {
        return None;
    }
    let (asked, wanted) = priced_rivals(scenario);
    pays_below(scenario, size(&asked, &wanted).deployments.first()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn lines_lie_between_input_and_output_price() {
        let offers = api_prices().iter().filter(|own| !own.ended).filter_map(|own| Some((own, own.model?)));
        let mut seen = 0;
        for (offer, model) in offers {
            let scenario = Scenario { model: model.to_owned(), ..Scenario::default() };
            let lines = price_lines(&scenario);
            let line =
                lines.iter().find(|own| own.name == offer.name && own.provider == offer.provider).unwrap();
            assert!(line.per_mtok >= offer.input.min(offer.output).get() - 1e-12);
            assert!(line.per_mtok <= offer.input.max(offer.output).get() + 1e-12);
            seen += 1;
        }
        assert!(seen > 3);
        let llama = price_lines(&Scenario::default());
        assert!(llama.iter().all(|own| own.provider != "Together" && own.as_of >= "2026-11"), "{llama:?}");
        assert!(price_lines(&Scenario { model: "dense:33B".to_owned(), ..Scenario::default() }).is_empty());
    }

    #[test]
    fn at_the_break_even_price_both_cost_the_same() {
        let scenario =
            link::parse("v1&isl=4k&concurrency=4&prefill=h200*4&decode=groq3-lp30*256&link=50GB/s").scenario;
        let best = size(&scenario, &Wanted::of(&["h200".to_owned()])).deployments.remove(0);
        let rest = 4.0 * chip_price(&scenario, "h200").unwrap().get();
        match pays_below(&scenario, &best) {
            Some(own) => {
                assert_eq!((own.chip.as_str(), own.chips), ("groq3-lp30", 256));
                assert!((own.below.get() * 256.0 + rest - best.per_hour.unwrap().get()).abs() < 1e-9);
            }
            None => assert!(best.per_hour.unwrap().get() <= rest),
        }
        assert_eq!(pays_below(&Scenario::default(), &best), None);
    }
}

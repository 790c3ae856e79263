//! Who a deployment is compared with when nobody names others, and under which load.

use super::shape::{self, Shape, kinds};
use crate::evaluate::evaluate;
use crate::scenario::{Limits, Load, Pool, Scenario};
use crate::units::RequestsPerSecond;

/// The scenario in an open loop: as many requests per second are offered as it serves in its closed loop. Deployments that
/// compete are then asked for the same work; in a closed loop a faster one is asked for more.
#[must_use]
pub fn opened(scenario: &Scenario) -> Scenario {
    let Load::Closed { .. } = scenario.load else { return scenario.clone() };
    let Ok(evaluation) = evaluate(scenario) else { return scenario.clone() };
    let rate = evaluation.steady.rate.get();
    if !(rate.is_finite() && rate > 0.0) {
        return scenario.clone();
    }
    // Three digits, as a person would write it.
    let fine = libm::pow(10.0, (2.0 - libm::floor(libm::log10(rate))).max(0.0));
    let rate = Limits::RATE.clamp(libm::round(rate * fine) / fine);
    Scenario { load: Load::Open { rate: RequestsPerSecond::new(rate), cv: 1.0 }, ..scenario.clone() }
}

/// The scenario and what else its chips could be: each kind alone doing everything, and a pool's own halves apart. Equal
/// numbers of chips, layouts left to the tool.
#[must_use]
pub fn rivals(scenario: &Scenario) -> Vec<Scenario> {
    let chips = scenario.split.chips();
    let mut all = vec![scenario.clone()];
    for id in kinds(scenario) {
        if Shape::of(&scenario.split) == Shape::Colocated && chips >= 2 {
            let halves = (Pool::new(&id, chips / 2), Pool::new(&id, chips - chips / 2));
            all.push(Scenario { split: shape::apart(halves.0, halves.1), ..scenario.clone() });
        } else {
            let split = shape::colocated(Pool::new(&id, chips));
            all.push(Scenario { split, ..scenario.clone() });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::link;

    #[test]
    fn an_open_loop_offers_what_the_closed_one_serves() {
        let scenario = link::parse("v1&model=llama3-8b&pool=h200*2&concurrency=32").scenario;
        let Load::Open { rate, cv } = opened(&scenario).load else { panic!("still closed") };
        let served = evaluate(&scenario).unwrap().steady.rate.get();
        assert!((rate.get() / served - 1.0).abs() < 0.006 && cv == 1.0, "{rate:?} and {served}");
        let text = link::write(&opened(&scenario), &[]);
        assert!(text.len() < 60, "{text}");
        assert_eq!(opened(&opened(&scenario)), opened(&scenario));
    }
}

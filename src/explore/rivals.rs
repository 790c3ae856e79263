//! Who a deployment is compared with when nobody names others.

use super::shape::{self, Shape, kinds};
use crate::scenario::{Pool, Scenario};

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

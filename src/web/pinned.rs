//! Scenarios kept beside the current one: what each is called and what it comes to.

use std::sync::Arc;

use crate::evaluate::{Evaluation, evaluate};
use crate::explore::compared;
use crate::report::{departures, sentence};
use crate::scenario::Scenario;
use crate::scenario::link::{self, MOST_PINS};
use crate::serve::Refusal;

/// A result, shared between the memos that read it.
pub type Answer = Arc<Result<Evaluation, Refusal>>;

/// A scenario kept for comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// Tells pins apart while others come and go.
    pub key: u32,
    /// What it is called: what sets it apart from the others.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
    /// Its result.
    pub answer: Answer,
}

impl Pin {
    /// The pin as it is compared with a scenario.
    pub fn beside(self, scenario: &Scenario, apart: bool) -> Self {
        let held = compared(&self.scenario, scenario, apart);
        if held == self.scenario {
            return self;
        }
        Self { answer: Arc::new(evaluate(&held)), scenario: held, ..self }
    }
}

/// Scenarios from links, as pins; at most [`MOST_PINS`].
pub fn read_links<'a>(links: impl Iterator<Item = &'a str>) -> Vec<Pin> {
    let mut pins = Vec::new();
    for (key, text) in (1..).zip(links.take(MOST_PINS)) {
        let scenario = link::parse(text).scenario;
        let answer = Arc::new(evaluate(&scenario));
        let name = name(&scenario, &pins);
        pins.push(Pin { key, name, scenario, answer });
    }
    pins
}

/// What to call a scenario beside those already pinned: model and silicon, and what else sets it apart.
pub fn name(scenario: &Scenario, pins: &[Pin]) -> String {
    let mut name = sentence::name(scenario);
    if pins.iter().any(|pin| pin.name == name) {
        name = format!("{name}, {}, {}", sentence::lengths(scenario), departures::load(scenario));
    }
    let mut number = 2;
    let stem = name.clone();
    while pins.iter().any(|pin| pin.name == name) {
        name = format!("{stem} ({number})");
        number += 1;
    }
    name
}

//! The command line in force, on the pool that keeps the KV cache.

use serde::Serialize;

use crate::catalog::Profile;
use crate::machine::constants;
use crate::scenario::Scenario;
use crate::serve::Flags;
use crate::units::format::{Unit, format_plain};

/// What the command lines of engine and benchmark set, stated or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagsReport {
    /// The command line that the rest differs from.
    pub profile: Profile,
    /// Version of the engine whose defaults stand where nothing else is said.
    pub engine_version: &'static str,
    /// Tokens of a step at most, as the engine means it.
    pub chunk: Option<f64>,
    /// Sequences in a step at most, as the engine means it.
    pub max_seqs: Option<f64>,
    /// Tokens in a message to the user.
    pub stream_interval: Option<f64>,
    /// Requests of the run; absent for a service that has run for long.
    pub prompts: Option<f64>,
}

impl FlagsReport {
    /// Of a scenario whose chip is known; nothing of another, nor of machines with software of their own.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let (_, pool) = scenario.split.pools().into_iter().next_back()?;
        let chip = scenario.chip(&pool.chip).filter(|chip| constants().sram(chip).is_none())?;
        let flags = Flags::of(scenario, constants(), chip);
        let finite = |value: f64| value.is_finite().then_some(value);
        Some(Self {
            profile: scenario.flags.profile,
            engine_version: flags.version,
            chunk: finite(flags.chunk.get()),
            max_seqs: finite(flags.sequences),
            stream_interval: finite(flags.stream),
            prompts: flags.prompts,
        })
    }

    /// In a line.
    #[must_use]
    pub fn text(&self, scenario: &Scenario) -> String {
        let number = |value: Option<f64>| value.map(|value| format_plain(value.round()));
        let profile = match self.profile {
            Profile::Defaults => String::new(),
            own => format!("{}, ", own.name()),
        };
        let mut text = format!("{profile}defaults of {} {}", scenario.engine.name(), self.engine_version);
        for (name, value) in [
            ("chunk", self.chunk.map(|chunk| Unit::Tokens.format(chunk))),
            ("max-seqs", number(self.max_seqs)),
            ("prompts", number(self.prompts)),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(", {name} {value}"));
            }
        }
        text
    }
}

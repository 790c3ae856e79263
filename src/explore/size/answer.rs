//! What sizing answers: deployments as a buyer compares them, what chips without a price would have to cost, and why others
//! are not among them.

use serde::Serialize;

use crate::evidence::Evidence;
use crate::explore::deployed::Deployed;
use crate::explore::objective::{Miss, Verdict};
use crate::scenario::{Percentile, Reserve, Scenario, SplitKind};
use crate::serve::{Binding, Refusal, Steady};
use crate::units::{DollarsPerHour, Seconds, Watts};

/// A deployment that carries the load within the service level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    /// The deployment with its layouts written down.
    #[serde(flatten)]
    pub deployed: Deployed,
    /// Its split.
    pub split: SplitKind,
    /// Chips over all pools.
    pub chips: u32,
    /// The same by kind, each a multiple of what one can get.
    pub bought: Vec<Bought>,
    /// What it costs per hour; none where a chip of it has no price.
    pub per_hour: Option<DollarsPerHour>,
    /// Dollars per million tokens, input and output together.
    pub per_mtok: Option<f64>,
    /// Power to provision, through the meter of the building; none where nobody published a chip's.
    pub power: Option<Watts>,
    /// Time to first token.
    pub ttft: Times,
    /// Time per output token, of each request its mean.
    pub tpot: Times,
    /// How surely the service level is kept with the reserve used up.
    pub verdict: Verdict,
    /// What the estimates rest on, with their bands.
    pub evidence: Evidence,
    /// What limits it.
    pub binding: Binding,
    /// How much more it carries; only for the deployments that an answer names.
    pub headroom: Option<Headroom>,
    /// The next cheapest of the same chips in another split.
    pub runner_up: Option<RunnerUp>,
}

/// A time that users feel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Mean.
    pub mean: Seconds,
    /// Nineteen requests in twenty take no longer.
    pub p95: Seconds,
}

impl Times {
    /// The time to first token of a steady state, and its time per token.
    pub(super) fn of(steady: &Steady) -> (Self, Self) {
        let p95 = Some(Percentile::P95);
        (
            Self { mean: steady.ttft, p95: steady.ttft_of(p95) },
            Self { mean: steady.tpot, p95: steady.tpot_of(p95) },
        )
    }
}

/// Chips of a kind in a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bought {
    /// The chip.
    pub chip: String,
    /// How many, over all pools.
    pub chips: u32,
    /// The fewest that one can get, of which this is a multiple.
    pub unit: u32,
}

/// What comes next.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunnerUp {
    /// The deployment.
    #[serde(flatten)]
    pub deployed: Deployed,
    /// What it costs per hour; none where a chip of it has no price.
    pub per_hour: Option<DollarsPerHour>,
    /// Its chips over those of the deployment that it comes behind, less one: what it costs more.
    pub dearer: f64,
}

/// How much more load a deployment carries within its service level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Headroom {
    /// The share that the load may grow by; 0.2 = 20 %.
    pub share: f64,
    /// What breaks beyond; absent where nothing does at twice the load.
    pub breaks: Option<Miss>,
    /// What limits the deployment there.
    pub binding: Binding,
}

/// Why a chip carries the load in no deployment of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unfit {
    /// It cannot serve the model.
    Refused {
        /// Why not.
        refusal: Refusal,
    },
    /// The model fits on no number of chips.
    NoRoom,
    /// Even one user waits longer for a first token.
    Ttft {
        /// The shortest wait.
        best: Seconds,
    },
    /// Even one user waits longer for each token.
    Tpot {
        /// The shortest time.
        best: Seconds,
    },
    /// Some layout keeps each limit for one user, none keeps both.
    Both {
        /// The shortest wait for a first token.
        ttft: Seconds,
        /// The shortest time per token.
        tpot: Seconds,
    },
    /// One user is served within the service level, but no number of chips that was tried carries the load.
    TooMany {
        /// Most chips that were tried.
        most: u32,
    },
    /// It takes more chips than are allowed.
    Chips {
        /// How many.
        needs: u32,
    },
    /// It costs more per month than is allowed.
    Budget {
        /// What it costs.
        per_hour: DollarsPerHour,
    },
    /// It draws more than is allowed.
    Power {
        /// What must be provisioned; none where nobody published it.
        needs: Option<Watts>,
    },
}

/// Below which price a chip without a public one would be part of the cheapest deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// The chip.
    pub chip: String,
    /// The price per chip-hour at which it costs as much as the cheapest deployment of priced chips.
    pub below: DollarsPerHour,
    /// Chips of it.
    pub chips: u32,
    /// The deployment it would be part of.
    #[serde(flatten)]
    pub deployed: Deployed,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    /// What was asked: the load, the model and the service level.
    pub scenario: Scenario,
    /// The reserve that was sized for: what is usual where none was stated.
    pub reserve: Reserve,
    /// The cheapest deployment of each kind of chip, of each split where it costs least, and of kinds together where they
    /// cost less than each alone; cheapest first.
    pub deployments: Vec<Deployment>,
    /// The same of chips without a price, fewest chips first.
    pub unpriced: Vec<Deployment>,
    /// Chips that carry the load in no deployment alone, with the reason.
    pub unfit: Vec<(String, Unfit)>,
    /// What chips without a public price would have to cost, highest first.
    pub break_even: Vec<BreakEven>,
}

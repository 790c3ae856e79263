//! What is asked: a model, a workload, the silicon it runs on, prices and service levels.
//!
//! A [`Scenario`] is plain data and may hold anything; [`Scenario::check`] says what is out of range, and evaluation
//! refuses what cannot be. Catalogue entries are named by identifier so that a scenario survives as a short link.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use crate::catalog::PriceBasis;
use crate::catalog::{Chip, Engine, Model, NumberFormat, assumptions};
use crate::units::{DollarsPerHour, Seconds, Tokens};

mod cap;
pub mod custom;
mod experts;
mod flags;
pub mod limits;
pub mod link;
pub mod notation;
mod pool;
pub mod presets;
mod slo;
mod speculation;
mod split;
pub mod trace;
pub mod traffic;
mod workload;

pub use cap::PowerCap;
pub use custom::{Custom, UnknownModel};
pub use experts::{ExpertParallel, Overlap};
pub use flags::Flags;
pub use limits::{Invalid, Limits};
pub use pool::{Layout, Pool, PoolLink, Wire};
pub use slo::{Limit, Percentile, Reserve, Slo};
pub use speculation::{Acceptance, Drafter, Speculation};
pub use split::{DecodeHalf, Role, Split, SplitKind};
pub use traffic::Traffic;
pub use workload::{Load, Workload};

/// Everything that decides a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Catalogue model, the scenario's own, or a family scaled to a size such as `dense:70B`.
    pub model: String,
    /// Number formats.
    pub formats: Formats,
    /// Lengths and reuse.
    pub workload: Workload,
    /// How many requests there are.
    pub load: Load,
    /// Serving software.
    pub engine: Engine,
    /// Which roles exist, and the silicon in each.
    pub split: Split,
    /// What carries data between pools.
    pub link: PoolLink,
    /// Speculative decoding; absent means none, or in a split with a draft pool what such a pool usually does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Speculation>,
    /// Micro-batches that take turns between an attention and an FFN pool; absent = chosen by the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro: Option<u32>,
    /// How experts lie on their ranks, and what runs beside the exchange of their tokens.
    #[serde(default, skip_serializing_if = "ExpertParallel::is_default")]
    pub experts: ExpertParallel,
    /// The engine's memory share, in the engine's own meaning; absent = its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<f64>,
    /// What the command lines of engine and benchmark set beside it.
    #[serde(default, skip_serializing_if = "Flags::is_default")]
    pub flags: Flags,
    /// Limit on the power of each chip; absent means its thermal design power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<PowerCap>,
    /// Service level objective.
    pub slo: Slo,
    /// What is kept back for more load and lost replicas.
    #[serde(default, skip_serializing_if = "Reserve::is_default")]
    pub reserve: Reserve,
    /// What things cost.
    pub pricing: Pricing,
    /// Seed of everything random.
    pub seed: u64,
    /// Chips and a model beyond the catalogue.
    #[serde(default, skip_serializing_if = "Custom::is_empty")]
    pub custom: Custom,
    /// How requests come one by one, which a replay follows.
    #[serde(default, skip_serializing_if = "Traffic::is_default")]
    pub traffic: Traffic,
}

/// Number formats; absent means the default release's, and for the KV cache what the engine keeps on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// Release of the model, by the format that names it.
    pub weights: Option<NumberFormat>,
    /// Routed experts, where they are in another format.
    pub experts: Option<NumberFormat>,
    /// KV cache.
    pub kv: Option<NumberFormat>,
}

/// What things cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pricing {
    /// The way to pay. A chip that has no price on it has no cost, unless estimates are asked for.
    pub basis: PriceBasis,
    /// Whether a chip without a price on the basis gets an estimate, scaled from one on another basis.
    pub estimate: bool,
    /// Prices per chip-hour that replace the catalogue's, by chip.
    pub rents: Vec<ChipRent>,
    /// Years over which a purchase is written off.
    pub years: f64,
    /// Cost of the money that a purchase ties up, per year.
    pub interest: f64,
    /// Scale-out network, as a share of what the chips with their servers cost.
    pub network: f64,
    /// Storage, as a share of the same.
    pub storage: f64,
    /// Power usage effectiveness of the data centre.
    pub pue: f64,
    /// Electricity, dollars per kilowatt-hour.
    pub dollars_per_kwh: f64,
    /// Share of paid time that serves requests.
    pub utilisation: f64,
}

/// A price per chip-hour given by the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipRent {
    /// Catalogue chip.
    pub chip: String,
    /// Its price.
    pub rent: DollarsPerHour,
}

impl Default for Scenario {
    /// The first thing a visitor sees: one pool of chips for prefill and another for decode, at equal count.
    fn default() -> Self {
        Self {
            model: "llama3-70b".to_owned(),
            formats: Formats { weights: Some(NumberFormat::Fp8), experts: None, kv: None },
            workload: Workload { isl: Tokens::new(8192.0), osl: Tokens::new(1024.0), spread: 1.0, hit: 0.0 },
            load: Load::Closed { concurrency: 64.0 },
            engine: Engine::Vllm,
            split: Split::PrefillDecode { prefill: Pool::new("h100-sxm", 8), decode: Pool::new("h200", 8) },
            link: PoolLink::Auto,
            spec: None,
            micro: None,
            experts: ExpertParallel::default(),
            memory: None,
            flags: Flags::default(),
            cap: None,
            slo: Slo {
                ttft: Some(Limit::mean(Seconds::new(2.0))),
                tpot: Some(Limit::mean(Seconds::millis(50.0))),
            },
            reserve: Reserve::default(),
            pricing: Pricing::default(),
            seed: 1,
            custom: Custom::default(),
            traffic: Traffic::default(),
        }
    }
}

impl Default for Pricing {
    fn default() -> Self {
        let assumed = assumptions();
        Self {
            basis: PriceBasis::default(),
            estimate: false,
            rents: Vec::new(),
            years: assumed.amortisation_years.value,
            interest: assumed.interest.value,
            network: assumed.network.value,
            storage: assumed.storage.value,
            pue: assumed.pue.value,
            dollars_per_kwh: assumed.electricity_per_kwh.value.get(),
            utilisation: 1.0,
        }
    }
}

impl Scenario {
    /// The chip with this identifier, from the catalogue or from what the scenario brings along.
    #[must_use]
    pub fn chip(&self, id: &str) -> Option<&Chip> {
        self.custom.chip(id)
    }

    /// The model that the scenario names: of the catalogue, its own, or a family scaled to a size.
    ///
    /// # Errors
    /// [`UnknownModel`] with what comes near.
    pub fn model(&self) -> Result<Cow<'_, Model>, UnknownModel> {
        self.custom.model(&self.model)
    }

    /// Brings a model along and serves it, in the formats of its checkpoint.
    pub fn bring_model(&mut self, model: Model) {
        self.model = model.id.clone().into_owned();
        self.formats = Formats::default();
        self.custom.model = Some(model);
    }

    /// Brings a chip along, in place of an earlier one of the same name. Pools have to name it to use it.
    pub fn bring_chip(&mut self, chip: Chip) {
        match self.custom.chips.iter_mut().find(|own| own.id == chip.id) {
            Some(own) => *own = chip,
            None => self.custom.chips.push(chip),
        }
    }

    /// The speculation in force: the one stated, or in a split with a draft pool what such a pool usually does.
    #[must_use]
    pub fn speculation(&self) -> Option<Speculation> {
        let usual = || self.split.kind().has_draft().then(Speculation::of_a_draft_pool);
        self.spec.clone().or_else(usual)
    }

    /// Mean input of one request: `isl` where requests stand alone, the mean over all turns in sessions.
    #[must_use]
    pub fn mean_input(&self) -> Tokens {
        self.traffic.mean_input(&self.workload)
    }

    /// Share of the input that is cached in the closed form.
    #[must_use]
    pub fn cached_share(&self) -> f64 {
        self.traffic.cached_share(&self.workload)
    }

    /// Think time of a user in a closed loop.
    #[must_use]
    pub fn pause(&self) -> Seconds {
        self.traffic.pause.map_or(Seconds::ZERO, |pause| pause.mean())
    }
}

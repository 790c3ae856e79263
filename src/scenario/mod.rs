//! What is asked: a model, a workload, the silicon it runs on, prices and service levels.
//!
//! A [`Scenario`] is plain data and may hold anything; [`Scenario::check`] says what is out of range, and evaluation
//! refuses what cannot be. Catalogue entries are named by identifier so that a scenario survives as a short link.

use serde::{Deserialize, Serialize};

use crate::catalog::{Engine, NumberFormat, assumptions};
use crate::units::{BytesPerSecond, DollarsPerHour, RequestsPerSecond, Seconds, Tokens};

pub mod custom;
pub mod limits;
pub mod link;
pub mod notation;
pub mod presets;
mod speculation;
mod split;
pub mod trace;
pub mod traffic;

pub use custom::{Custom, UnknownModel};
pub use limits::{Invalid, Limits};
pub use speculation::{Acceptance, Drafter, Speculation};
pub use split::{DecodeHalf, Role, Split, SplitKind};
pub use traffic::Traffic;

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
    /// Service level objective.
    pub slo: Slo,
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

/// Number formats; absent means the released checkpoint's, and for the KV cache the one that suits the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// Dense weights.
    pub weights: Option<NumberFormat>,
    /// Expert weights.
    pub experts: Option<NumberFormat>,
    /// KV cache.
    pub kv: Option<NumberFormat>,
}

/// Lengths and reuse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Nominal input sequence length.
    pub isl: Tokens,
    /// Nominal output sequence length.
    pub osl: Tokens,
    /// Lengths are drawn uniformly between this share of the nominal length and the nominal length; 1 = exact.
    pub spread: f64,
    /// Share of input tokens that the prefix cache serves, 0 to 1.
    pub hit: f64,
}

/// How many requests there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// Closed loop: this many users, each sending the next request when the last is answered.
    Closed {
        /// Users over the whole deployment.
        concurrency: f64,
    },
    /// Open loop: requests arrive whether or not earlier ones are answered.
    Open {
        /// Mean arrival rate over the whole deployment.
        rate: RequestsPerSecond,
        /// Coefficient of variation of the gaps between arrivals; 1 = Poisson.
        cv: f64,
    },
}

/// Equal chips with one role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Chip of the catalogue or of the scenario's own.
    pub chip: String,
    /// How many of them.
    pub chips: u32,
    /// How the model is spread over them; absent = chosen by the tool.
    pub layout: Option<Layout>,
}

/// How one replica is spread over chips. Attention uses `tp * dp` ranks in each of `pp` stages, experts `etp * ep`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Layout {
    /// Tensor parallel ranks of attention and dense layers.
    pub tp: u32,
    /// Pipeline stages.
    pub pp: u32,
    /// Data parallel attention ranks.
    pub dp: u32,
    /// Tensor parallel ranks inside an expert.
    pub etp: u32,
    /// Expert parallel ranks.
    pub ep: u32,
}

/// What carries data between pools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolLink {
    /// The slower of what the two chips have: the scale-up domain when both pools share one, else the network.
    #[default]
    Auto,
    /// A well-known kind of link.
    Wire(Wire),
    /// A stated bandwidth per chip and direction.
    Custom {
        /// Bandwidth per chip.
        bandwidth: BytesPerSecond,
        /// Time of an empty message; absent = that of a transfer between pools over a network.
        latency: Option<Seconds>,
    },
}

/// Kinds of links between pools. Their figures are in the tables of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// The scale-up domain, where equal chips share one.
    Domain,
    /// PCI Express 5, sixteen lanes per chip.
    Pcie5,
    /// InfiniBand, 400 Gb/s per chip.
    Ib400,
    /// RDMA over Ethernet, 400 Gb/s per chip.
    Eth400,
    /// RDMA over Ethernet, 800 Gb/s per chip.
    Eth800,
    /// Elastic Fabric Adapter, 400 Gb/s per chip.
    Efa,
}

/// Service level objective; absent limits always hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    /// Longest mean time to first token.
    pub ttft: Option<Seconds>,
    /// Longest mean time per output token.
    pub tpot: Option<Seconds>,
}

/// What things cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pricing {
    /// Rent or ownership.
    pub basis: PriceBasis,
    /// Prices per chip-hour that replace the catalogue's, by chip.
    pub rents: Vec<ChipRent>,
    /// Years over which a purchase is written off.
    pub years: f64,
    /// Power usage effectiveness of the data centre.
    pub pue: f64,
    /// Electricity, dollars per kilowatt-hour.
    pub dollars_per_kwh: f64,
    /// Share of paid time that serves requests.
    pub utilisation: f64,
}

/// Rent or ownership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceBasis {
    /// Typical on-demand rent.
    #[default]
    Rent,
    /// The low end of rents.
    RentLow,
    /// Purchase written off over some years, plus power.
    Own,
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
            slo: Slo { ttft: Some(Seconds::new(2.0)), tpot: Some(Seconds::millis(50.0)) },
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
            basis: PriceBasis::Rent,
            rents: Vec::new(),
            years: assumed.amortisation_years.value,
            pue: assumed.pue.value,
            dollars_per_kwh: assumed.electricity_per_kwh.value.get(),
            utilisation: 1.0,
        }
    }
}

impl Pool {
    /// So many of a chip, with a layout that the tool chooses.
    #[must_use]
    pub fn new(chip: &str, chips: u32) -> Self {
        Self { chip: chip.to_owned(), chips, layout: None }
    }
}

impl Layout {
    /// One chip holds everything.
    pub const SINGLE: Self = Self { tp: 1, pp: 1, dp: 1, etp: 1, ep: 1 };

    /// Chips of one replica.
    #[must_use]
    pub const fn chips(&self) -> u32 {
        self.tp.saturating_mul(self.pp).saturating_mul(self.dp)
    }
}

impl Wire {
    /// All wires, in the order of menus.
    pub const ALL: [Self; 6] =
        [Self::Domain, Self::Pcie5, Self::Ib400, Self::Eth400, Self::Eth800, Self::Efa];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Pcie5 => "pcie5",
            Self::Ib400 => "ib400",
            Self::Eth400 => "eth400",
            Self::Eth800 => "eth800",
            Self::Efa => "efa",
        }
    }

    /// The wire with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wire| wire.id() == id)
    }
}

impl Scenario {
    /// The speculation in force: the one stated, or in a split with a draft pool what such a pool usually does.
    #[must_use]
    pub fn speculation(&self) -> Option<Speculation> {
        let usual = || self.split.kind().has_draft().then(Speculation::of_a_draft_pool);
        self.spec.clone().or_else(usual)
    }
}

impl Workload {
    /// Mean share of the nominal length.
    #[must_use]
    pub fn mean_share(&self) -> f64 {
        f64::midpoint(1.0, self.spread)
    }

    /// Mean input length.
    #[must_use]
    pub fn mean_isl(&self) -> Tokens {
        self.isl * self.mean_share()
    }

    /// Mean output length, at least one token.
    #[must_use]
    pub fn mean_osl(&self) -> Tokens {
        (self.osl * self.mean_share()).max(Tokens::new(1.0))
    }
}

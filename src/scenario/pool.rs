//! Pools of equal chips, how a replica is spread over them, and what joins them.

use serde::{Deserialize, Serialize};

use crate::units::{BytesPerSecond, Seconds};

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

impl Pool {
    /// So many of a chip, with a layout that the tool chooses.
    #[must_use]
    pub fn new(chip: &str, chips: u32) -> Self {
        Self { chip: chip.to_owned(), chips, layout: None }
    }
}

/// How one replica is spread over chips. Attention uses `tp * dp` ranks in each of `pp` stages, experts `etp * ep`; all of
/// that stands `pcp` times, each copy of which has a part of every context.
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
    /// Prefill context parallel ranks: each has a part of every prompt and of its KV cache, and chips of its own.
    #[serde(default = "alone")]
    pub pcp: u32,
    /// Decode context parallel ranks: so many of the tensor-parallel ranks share out a KV cache that each would else copy.
    /// Divides `tp` and adds no chips.
    #[serde(default = "alone")]
    pub dcp: u32,
}

/// The degree of what is not spread.
const fn alone() -> u32 {
    1
}

impl Layout {
    /// One chip holds everything.
    pub const SINGLE: Self = Self { tp: 1, pp: 1, dp: 1, etp: 1, ep: 1, pcp: 1, dcp: 1 };

    /// Chips of one replica.
    #[must_use]
    pub const fn chips(&self) -> u32 {
        self.tp.saturating_mul(self.pp).saturating_mul(self.dp).saturating_mul(self.pcp)
    }

    /// Ranks that a context is spread over beyond the heads of its KV cache.
    #[must_use]
    pub const fn context(&self) -> u32 {
        self.pcp.saturating_mul(self.dcp)
    }

    /// Whether the ranks of the experts are those of attention: `etp * ep` equals `tp * dp` where each context-parallel copy
    /// has all experts, and `tp * dp * pcp` where the copies share them.
    #[must_use]
    pub const fn matched(&self) -> bool {
        let (attention, experts) = (self.tp.saturating_mul(self.dp), self.etp.saturating_mul(self.ep));
        attention == experts || attention.saturating_mul(self.pcp) == experts
    }

    /// Whether context-parallel copies share one set of experts.
    #[must_use]
    pub const fn shares_experts(&self) -> bool {
        self.pcp > 1 && self.etp.saturating_mul(self.ep) > self.tp.saturating_mul(self.dp)
    }
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
    /// InfiniBand HDR, 200 Gb/s per chip.
    Ib200,
    /// InfiniBand NDR, 400 Gb/s per chip.
    Ib400,
    /// InfiniBand XDR, 800 Gb/s per chip.
    Ib800,
    /// RDMA over Ethernet, 400 Gb/s per chip.
    Eth400,
    /// RDMA over Ethernet, 800 Gb/s per chip.
    Eth800,
    /// Elastic Fabric Adapter of AWS: what an instance has, divided among its chips.
    Efa,
}

impl Wire {
    /// All wires, in the order of menus.
    pub const ALL: [Self; 8] = [
        Self::Domain,
        Self::Pcie5,
        Self::Ib400,
        Self::Ib800,
        Self::Ib200,
        Self::Eth400,
        Self::Eth800,
        Self::Efa,
    ];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Pcie5 => "pcie5",
            Self::Ib200 => "ib200",
            Self::Ib400 => "ib400",
            Self::Ib800 => "ib800",
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

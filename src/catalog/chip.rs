//! A chip as its data sheet describes it: peaks, memories, links, power and price, each absent where no source gives it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::number::ComputeType;
pub use super::provenance::Confidence;
use super::provenance::Provenance;
use super::quote::{PriceBasis, Quote};
use crate::units::{Bytes, BytesPerSecond, Dollars, DollarsPerHour, FlopsPerSecond, Watts};

/// One accelerator: the unit that a pool counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chip {
    /// Identifier in links and files, for example `h100-sxm`.
    pub id: Cow<'static, str>,
    /// Name for people.
    pub name: Cow<'static, str>,
    /// Maker.
    pub vendor: Cow<'static, str>,
    /// Family of architecture, which decides the laws that apply.
    pub class: ChipClass,
    /// Year of first shipment or announcement.
    pub year: u16,
    /// Whether one can have it.
    pub status: Status,
    /// Dense arithmetic peaks.
    pub peaks: Peaks,
    /// Main memory outside the die (HBM, GDDR, LPDDR); absent for pure SRAM machines.
    pub memory: Option<Memory>,
    /// Memory on the die: an SRAM machine keeps its weights here, a GPU uses it as L2.
    pub sram: Option<Sram>,
    /// The fast link domain (NVLink, ICI, NeuronLink …).
    pub scale_up: Option<ScaleUp>,
    /// Network beyond the scale-up domain, per chip and direction.
    pub scale_out: Option<BytesPerSecond>,
    /// Thermal design power of the chip alone.
    pub tdp: Option<Watts>,
    /// IT power that is provisioned for the chip with its share of host and network, before PUE. Of a whole machine (a
    /// wafer, a desktop) the machine's own.
    pub it_power: Option<Watts>,
    /// The fewest that one can get.
    #[serde(default)]
    pub sold: Sold,
    /// What a chip costs, in several ways.
    pub price: ChipPrice,
    /// Where the figures come from.
    pub sources: Cow<'static, str>,
    /// How far the figures are to be trusted.
    pub confidence: Confidence,
    /// What a reader must know beside the figures.
    pub notes: Cow<'static, str>,
    /// Where single blocks of the entry come from, as far as its file says; empty in browsers.
    #[serde(skip)]
    pub provenance: &'static [Provenance],
}

/// Dense arithmetic peaks by unit. Absent means that the chip lacks the unit or nobody published the figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peaks {
    /// 4-bit float.
    pub fp4: Option<FlopsPerSecond>,
    /// 8-bit float.
    pub fp8: Option<FlopsPerSecond>,
    /// 8-bit integer.
    pub int8: Option<FlopsPerSecond>,
    /// 16-bit float.
    pub bf16: Option<FlopsPerSecond>,
    /// 16-bit float as its maker's other chips suggest, where only narrower units are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed_bf16: Option<FlopsPerSecond>,
}

/// Main memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Technology, for example `HBM3e`.
    pub kind: Cow<'static, str>,
    /// Capacity as its maker names it, in GB of 10⁹ bytes: what a card is called by.
    pub named: Bytes,
    /// Capacity as driver and tools report it.
    pub capacity: Bytes,
    /// What the driver lets one process have of it, where that is less (unified memory).
    pub usable: Option<Bytes>,
    /// Peak bandwidth.
    pub bandwidth: BytesPerSecond,
}

/// On-die memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sram {
    /// Capacity.
    pub capacity: Bytes,
    /// Peak bandwidth, where published.
    pub bandwidth: Option<BytesPerSecond>,
}

/// The scale-up domain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleUp {
    /// Bandwidth per chip and direction.
    pub bandwidth: BytesPerSecond,
    /// Chips that reach each other at that bandwidth.
    pub domain: u32,
}

/// The fewest chips that one can get, of which any deployment takes a multiple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// By renting: an instance, a node.
    pub rented: u32,
    /// By buying: a card, a node, a rack.
    pub bought: u32,
}

impl Default for Sold {
    /// One by one.
    fn default() -> Self {
        Self { rented: 1, bought: 1 }
    }
}

impl Sold {
    /// In the way to pay that a basis is.
    #[must_use]
    pub const fn on(self, basis: PriceBasis) -> u32 {
        match basis {
            PriceBasis::Market | PriceBasis::List | PriceBasis::Contract => self.rented,
            PriceBasis::Own | PriceBasis::Tco => self.bought,
        }
    }
}

/// Prices of one chip with its share of the system around it, a basis each; no basis is ever filled from another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChipPrice {
    /// Share of a system's purchase price.
    pub capex: Option<Dollars>,
    /// Month or day to which it is true.
    pub capex_as_of: Cow<'static, str>,
    /// Whether that is longer ago than prices may be.
    pub capex_stale: bool,
    /// On the rental market.
    pub market: Option<Quote>,
    /// On the lists of clouds.
    pub list: Option<Quote>,
    /// By contract.
    pub contract: Option<Quote>,
    /// Total cost of ownership, as published.
    pub tco: Option<Quote>,
    /// What the owner of a chip says that it costs, whoever pays; only chips of one's own have it.
    pub given: Option<DollarsPerHour>,
}

impl ChipPrice {
    /// The price per hour on a basis, where the catalogue has one. Ownership has none: it follows from the purchase.
    #[must_use]
    pub fn quote(&self, basis: PriceBasis) -> Option<&Quote> {
        match basis {
            PriceBasis::Market => self.market.as_ref(),
            PriceBasis::List => self.list.as_ref(),
            PriceBasis::Contract => self.contract.as_ref(),
            PriceBasis::Tco => self.tco.as_ref(),
            PriceBasis::Own => None,
        }
    }

    /// The bases on which the chip has a price that is no estimate.
    pub fn bases(&self) -> impl Iterator<Item = PriceBasis> + '_ {
        PriceBasis::ALL.into_iter().filter(|basis| match basis {
            PriceBasis::Own => self.capex.is_some(),
            _ => self.quote(*basis).is_some_and(|own| !own.estimate),
        })
    }
}

/// How fast a chip multiplies numbers of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The unit that does it.
    pub unit: ComputeType,
    /// Its dense peak.
    pub peak: FlopsPerSecond,
    /// Whether the peak is inferred from that of a narrower unit.
    pub assumed: bool,
}

/// Family of architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipClass {
    /// Data-centre GPU.
    Gpu,
    /// GPU made for prefill (Rubin CPX).
    ContextGpu,
    /// Google TPU.
    Tpu,
    /// Other accelerator with a main memory.
    Asic,
    /// SRAM machine built of many chips in a pipeline (Groq, d-Matrix).
    LpuSram,
    /// SRAM machine that is a whole wafer (Cerebras).
    Wafer,
    /// Workstation and desktop silicon.
    Edge,
}

/// Whether one can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Sold or rented today.
    Shipping,
    /// Announced by its maker, not yet delivered.
    Announced,
    /// Figures are outside estimates.
    Estimate,
    /// Announced once, then withdrawn.
    Shelved,
}

impl ChipClass {
    /// All classes.
    pub const ALL: [Self; 7] =
        [Self::Gpu, Self::ContextGpu, Self::Tpu, Self::Asic, Self::LpuSram, Self::Wafer, Self::Edge];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::ContextGpu => "context-gpu",
            Self::Tpu => "tpu",
            Self::Asic => "asic",
            Self::LpuSram => "lpu-sram",
            Self::Wafer => "wafer",
            Self::Edge => "edge",
        }
    }

    /// The class with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.id() == id)
    }
}

impl Status {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Shipping, Self::Announced, Self::Estimate, Self::Shelved];

    /// The identifier in files, which is also the word for people.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Announced => "announced",
            Self::Estimate => "estimate",
            Self::Shelved => "shelved",
        }
    }

    /// The status with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.id() == id)
    }
}

impl Chip {
    /// The name without what its data sheet adds in brackets.
    #[must_use]
    pub fn short_name(&self) -> &str {
        let name = self.name.split_once(" (").map_or(&*self.name, |(short, _)| short);
        name.split_once(" in ").map_or(name, |(short, _)| short)
    }

    /// Whether the chip keeps its weights in SRAM, so that the pipeline law applies instead of the roofline.
    #[must_use]
    pub fn is_sram_machine(&self) -> bool {
        matches!(self.class, ChipClass::LpuSram | ChipClass::Wafer)
    }

    /// The fastest published rate at which the chip can multiply numbers of this type, with the unit that does it:
    /// a chip without fp8 units runs fp8 weights through its 16-bit units.
    #[must_use]
    pub fn peak(&self, wanted: ComputeType) -> Option<(ComputeType, FlopsPerSecond)> {
        let own = |unit: ComputeType| match unit {
            ComputeType::Bf16 => self.peaks.bf16,
            ComputeType::Fp8 => self.peaks.fp8,
            ComputeType::Int8 => self.peaks.int8,
            ComputeType::Fp4 => self.peaks.fp4,
        };
        let fallbacks: &[ComputeType] = match wanted {
            // Kernels for 4-bit weights on chips without 4-bit units (Marlin) unpack them to 16 bits, whatever else there is.
            ComputeType::Fp4 => &[ComputeType::Fp4, ComputeType::Bf16, ComputeType::Fp8, ComputeType::Int8],
            ComputeType::Fp8 => &[ComputeType::Fp8, ComputeType::Bf16, ComputeType::Int8],
            ComputeType::Int8 => &[ComputeType::Int8, ComputeType::Fp8, ComputeType::Bf16],
            ComputeType::Bf16 => &[ComputeType::Bf16],
        };
        fallbacks.iter().find_map(|&unit| own(unit).map(|rate| (unit, rate)))
    }

    /// The rate for numbers of this type: the published one, or one inferred from a narrower unit's where the data sheet
    /// gives nothing wider. Each halving of the width doubles the rate, as on the median of the chips that publish all of
    /// theirs, unless the catalogue knows better of the chip's kin.
    #[must_use]
    pub fn rate(&self, wanted: ComputeType) -> Option<Rate> {
        if let Some((unit, peak)) = self.peak(wanted) {
            return Some(Rate { unit, peak, assumed: false });
        }
        let eight = self.peaks.fp8.or(self.peaks.int8).or_else(|| self.peaks.fp4.map(|rate| rate * 0.5))?;
        let (unit, peak) = match wanted {
            ComputeType::Bf16 => (ComputeType::Bf16, self.peaks.assumed_bf16.unwrap_or(eight * 0.5)),
            ComputeType::Fp4 | ComputeType::Fp8 | ComputeType::Int8 => (ComputeType::Fp8, eight),
        };
        Some(Rate { unit, peak, assumed: true })
    }

    /// Why the chip can't be modelled, when a figure that every estimate needs was never published.
    #[must_use]
    pub fn gap(&self) -> Option<&'static str> {
        let Peaks { fp4, fp8, int8, bf16, .. } = self.peaks;
        if [fp4, fp8, int8, bf16].iter().all(Option::is_none) {
            return Some("no arithmetic rate was published");
        }
        if self.is_sram_machine() {
            let bandwidth = self.sram.and_then(|sram| sram.bandwidth);
            return bandwidth.is_none().then_some("no SRAM bandwidth was published");
        }
        self.memory.is_none().then_some("no memory bandwidth was published")
    }
}

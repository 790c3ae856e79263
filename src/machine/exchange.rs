//! Time of an expert exchange by the kernels that engines use for it (`constants/exchanges.csv`; the file explains them).
//!
//! A rank sends its tokens to the ranks that hold their experts (dispatch) and gets the results back (combine):
//!
//! `t = t0 + hop·log2 n + node·log2 nodes + tokens·bytes·max((c_link + base)/(link·e), c_network/(network·e'))`
//!
//! `c` counts the copies of a token that leave a chip. Low-latency kernels send one for each of the k experts, straight to
//! its rank: `k·(1 − 1/n)`, of which `k·(1 − 1/nodes)` over the network. The others send one to each rank that holds one of
//! them, `(n − 1)·(1 − (1 − 1/n)^k)`, and one to each node, where the receiver passes it on.
//! Source: DeepEP and TensorRT-LLM, measured on Hopper and Blackwell.

use crate::units::{Bytes, BytesPerSecond, Seconds, larger, power, smaller};

/// Kernels of an expert exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeKernel {
    /// DeepEP, low latency: RDMA from rank to rank, inside graphs.
    Low,
    /// The same, called and timed from the host.
    LowCalled,
    /// DeepEP, high throughput, as its authors time it: NVLink inside a node, RDMA between nodes.
    Normal,
    /// The same, called from an engine with all it prepares.
    NormalCalled,
    /// The second version of DeepEP, low latency.
    LowSecond,
    /// The second version of DeepEP, high throughput.
    NormalSecond,
    /// TensorRT-LLM's low-latency kernels from DeepEP.
    TrtllmLow,
    /// TensorRT-LLM's high-throughput kernels from DeepEP.
    TrtllmNormal,
    /// TensorRT-LLM over NVLink, where the sender writes into the receiver's memory.
    NvlinkOneSided,
    /// TensorRT-LLM over NVLink, where both sides hand packets through a buffer.
    NvlinkTwoSided,
}

/// Part of an expert exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangePart {
    /// Where each token goes is worked out and told.
    Prepare,
    /// Tokens to their experts.
    Dispatch,
    /// Results back, in 16 bits.
    Combine,
    /// Results back in the format of the dispatch.
    CombineNarrow,
}

/// One row of `exchanges.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExchangeRow {
    /// Kernels.
    pub kernel: ExchangeKernel,
    /// Which part.
    pub part: ExchangePart,
    /// Chip, or `*` for the median of the measured ones.
    pub chip: &'static str,
    /// Latency among ranks of one node that are nearly none.
    pub t0: Seconds,
    /// Latency for each doubling of ranks inside the domain.
    pub hop: Seconds,
    /// Share of the scale-up bandwidth.
    pub efficiency: f64,
    /// Copies of a token that a chip makes for itself, at the pace of those it sends.
    pub base: f64,
    /// Processors of a chip that the kernel takes, where it moves the data with them; else zero.
    pub sms: f64,
    /// What one of them moves.
    pub per_sm: BytesPerSecond,
    /// Latency for each doubling of nodes.
    pub node: Seconds,
    /// Share of the network's bandwidth.
    pub network: f64,
    /// How fast that share falls with nodes beyond four.
    pub crowd: f64,
}

/// Ranks of an exchange and what lies between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Ranks.
    pub ranks: f64,
    /// Nodes, of which each is a scale-up domain: 1 where one holds all ranks.
    pub nodes: f64,
    /// Scale-up bandwidth of a chip.
    pub link: BytesPerSecond,
    /// Network bandwidth of a chip.
    pub network: BytesPerSecond,
}

/// What a rank sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parcel {
    /// Tokens of the rank.
    pub tokens: f64,
    /// Experts of each.
    pub top_k: f64,
    /// Bytes of each.
    pub bytes: Bytes,
}

impl ExchangeKernel {
    /// All kernels.
    pub const ALL: [Self; 10] = [
        Self::Low,
        Self::LowCalled,
        Self::Normal,
        Self::NormalCalled,
        Self::LowSecond,
        Self::NormalSecond,
        Self::TrtllmLow,
        Self::TrtllmNormal,
        Self::NvlinkOneSided,
        Self::NvlinkTwoSided,
    ];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::LowCalled => "low-called",
            Self::Normal => "normal",
            Self::NormalCalled => "normal-called",
            Self::LowSecond => "low-2",
            Self::NormalSecond => "normal-2",
            Self::TrtllmLow => "trtllm-low",
            Self::TrtllmNormal => "trtllm-normal",
            Self::NvlinkOneSided => "one-sided",
            Self::NvlinkTwoSided => "two-sided",
        }
    }

    /// The kernels with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.id() == id)
    }

    /// The kernels that tables of measurements call by this name, with the format that they give; DeepEP's from an engine are
    /// told by the lack of one.
    #[must_use]
    pub fn from_measured(name: &str, format: &str) -> Option<Self> {
        Some(match name {
            "deepep_ll" if format == "default" => Self::LowCalled,
            "deepep_ll" => Self::Low,
            "deepep_normal" => Self::Normal,
            "deepep_ht" => Self::NormalCalled,
            "deepep_v2_generation" => Self::LowSecond,
            "deepep_v2_context" => Self::NormalSecond,
            "trtllm_deepep_ll" => Self::TrtllmLow,
            "trtllm_deepep_ht" => Self::TrtllmNormal,
            "NVLinkOneSided" => Self::NvlinkOneSided,
            "NVLinkTwoSided" => Self::NvlinkTwoSided,
            _ => return None,
        })
    }

    /// Whether processors of the chip move the data, so that their number limits the pace.
    #[must_use]
    pub const fn takes_processors(self) -> bool {
        matches!(self, Self::Normal | Self::NormalCalled | Self::NormalSecond | Self::TrtllmNormal)
    }

    /// Whether each expert of a token gets a copy of its own, straight from the sender.
    const fn is_low(self) -> bool {
        matches!(self, Self::Low | Self::LowCalled | Self::LowSecond | Self::TrtllmLow)
    }
}

impl ExchangePart {
    /// All parts.
    pub const ALL: [Self; 4] = [Self::Prepare, Self::Dispatch, Self::Combine, Self::CombineNarrow];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Dispatch => "dispatch",
            Self::Combine => "combine",
            Self::CombineNarrow => "combine-narrow",
        }
    }

    /// The part that tables of measurements call by this name.
    #[must_use]
    pub fn from_measured(name: &str) -> Option<Self> {
        Some(match name {
            "prepare" => Self::Prepare,
            "dispatch" => Self::Dispatch,
            "combine" => Self::Combine,
            "combine_lowp" => Self::CombineNarrow,
            _ => return None,
        })
    }

    /// Bytes of a token of so many elements in a format. Scales: 32 bits for 128 elements of 8 bits, 8 bits for 16 of 4 bits;
    /// results go back in 16 bits; what tells where a token goes is an index and a weight for each expert.
    #[must_use]
    pub fn bytes(self, elements: f64, top_k: f64, format: &str) -> Bytes {
        Bytes::new(match (self, format) {
            (Self::Prepare, _) => 8.0 * top_k,
            (Self::Combine, _) | (_, "bf16") => 2.0 * elements,
            (_, "nvfp4" | "fp4") => 0.5625 * elements,
            _ => (1.0 + 4.0 / 128.0) * elements,
        })
    }

    /// The part with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.id() == id)
    }
}

impl ExchangeRow {
    /// Time of an empty exchange.
    #[must_use]
    pub fn latency(&self, reach: &Reach) -> Seconds {
        let inside = larger(reach.ranks / reach.nodes, 1.0);
        self.t0 + self.hop * doublings(inside) + self.node * doublings(reach.nodes)
    }

    /// Time of one part. `sms`: processors that the kernel may take, absent = as many as it takes of itself.
    #[must_use]
    pub fn time(&self, reach: &Reach, parcel: &Parcel, sms: Option<f64>) -> Seconds {
        if reach.ranks <= 1.0 || parcel.tokens <= 0.0 {
            return Seconds::ZERO;
        }
        let (inside, outside) = self.copies(reach, parcel.top_k);
        let bytes = parcel.bytes * parcel.tokens;
        let mut link = reach.link * self.efficiency;
        if self.sms > 0.0 {
            link = link.min(self.per_sm * sms.unwrap_or(self.sms));
        }
        let mut time = bytes * (inside + self.base) / link;
        // No law makes a link faster than it is, whatever the processors would move.
        time = time.max(bytes * inside / reach.link);
        if outside > 0.0 {
            let crowd = if reach.nodes > 4.0 { power(4.0 / reach.nodes, self.crowd) } else { 1.0 };
            let share = self.network * smaller(crowd, 1.0);
            time = time.max(bytes * outside / (reach.network * share));
        }
        self.latency(reach) + time
    }

    /// Of that time what no faster link would shorten: all of it where the processors that move the data set the pace.
    #[must_use]
    pub fn unlinked(&self, reach: &Reach, parcel: &Parcel, time: Seconds) -> Seconds {
        let latency = self.latency(reach).min(time);
        let pace = self.per_sm * self.sms;
        if self.sms <= 0.0 || pace >= reach.link * self.efficiency {
            return latency;
        }
        let (inside, _) = self.copies(reach, parcel.top_k);
        let moving = parcel.bytes * parcel.tokens * (inside + self.base) / pace;
        if latency + moving >= time * (1.0 - 1e-9) { time } else { latency }
    }

    /// Time for which it keeps the processors of a chip from other work, of all of which it takes: the share of those that
    /// move data with them; the start of the others, which leave the data to the network.
    #[must_use]
    pub fn held(&self, time: Seconds, processors: f64) -> Seconds {
        let moving = time * smaller(self.sms / processors, 1.0);
        moving.max(self.t0.min(time))
    }

    /// Copies of a token that leave a chip over its links and over the network.
    fn copies(&self, reach: &Reach, top_k: f64) -> (f64, f64) {
        let Reach { ranks, nodes, .. } = *reach;
        if self.kernel.is_low() {
            (top_k * (1.0 / nodes - 1.0 / ranks), top_k * (1.0 - 1.0 / nodes))
        } else {
            (reached(ranks, top_k), reached(nodes, top_k))
        }
    }
}

/// Logarithm to the base of two.
fn doublings(ranks: f64) -> f64 {
    if ranks <= 1.0 { 0.0 } else { libm::log2(ranks) }
}

/// How many of the others hold at least one of so many experts, for uniform routing.
fn reached(all: f64, top_k: f64) -> f64 {
    if all <= 1.0 { 0.0 } else { holders(all, top_k) * (1.0 - 1.0 / all) }
}

/// How many of so many ranks or nodes hold at least one of a token's experts, for uniform routing.
#[must_use]
pub fn holders(all: f64, top_k: f64) -> f64 {
    if all <= 1.0 { 1.0 } else { all * (1.0 - power(1.0 - 1.0 / all, top_k)) }
}

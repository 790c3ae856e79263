//! Exchanges that no fit covers (`constants/links.csv`; the file explains them).

use crate::catalog::Engine;
use crate::catalog::columns::Links;
use crate::units::Seconds;

/// The rows of the file as constants, each called after its link.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/links.rs"));
}

/// Kind of exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A hop between pipeline stages inside a scale-up domain.
    Domain,
    /// A message across nodes, in a collective of TensorRT-LLM or between pipeline stages.
    Network,
    /// A message across nodes in a collective of vLLM or SGLang, which call NCCL through PyTorch.
    Across,
    /// A transfer between pools.
    Pool,
}

/// What an exchange costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkRow {
    /// Latency of an empty message.
    pub latency: Seconds,
    /// Share of the link's bandwidth.
    pub efficiency: f64,
}

impl LinkKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Domain, Self::Network, Self::Across, Self::Pool];

    /// What a collective of the engine takes across nodes.
    #[must_use]
    pub fn across(engine: Engine) -> Self {
        if engine == Engine::Trtllm { Self::Network } else { Self::Across }
    }
}

impl LinkRow {
    /// The row of a kind of exchange.
    #[must_use]
    pub fn new(kind: LinkKind) -> Self {
        let row = match kind {
            LinkKind::Domain => &rows::DOMAIN,
            LinkKind::Network => &rows::NETWORK,
            LinkKind::Across => &rows::ACROSS,
            LinkKind::Pool => &rows::POOL,
        };
        Self { latency: Seconds::micros(Links::latency_us.of(row)), efficiency: Links::efficiency.of(row) }
    }
}

//! What a scenario may ask: one table of limits for the page, the link and the evaluation.

use super::{Acceptance, Layout, Load, PoolLink, PowerCap, Scenario};

pub use super::custom::MOST_CHIPS;
pub use crate::units::limits::{Invalid, Limits};

impl Limits {
    /// Input sequence length.
    pub const ISL: Self = Self { field: "isl", low: 1.0, high: 16_777_216.0, unit: "tokens" };
    /// Output sequence length.
    pub const OSL: Self = Self { field: "osl", low: 1.0, high: 1_048_576.0, unit: "tokens" };
    /// Spread of lengths.
    pub const SPREAD: Self = Self { field: "spread", low: 0.0, high: 1.0, unit: "" };
    /// Prefix cache hit rate.
    pub const HIT: Self = Self { field: "hit", low: 0.0, high: 1.0, unit: "" };
    /// Closed-loop users.
    pub const CONCURRENCY: Self =
        Self { field: "concurrency", low: 1.0, high: 1e6, unit: "concurrent requests" };
    /// Arrival rate.
    pub const RATE: Self = Self { field: "rate", low: 1e-4, high: 1e6, unit: "req/s" };
    /// Coefficient of variation of arrival gaps.
    pub const CV: Self = Self { field: "cv", low: 0.0, high: 20.0, unit: "" };
    /// Chips of a pool.
    pub const CHIPS: Self = Self { field: "chips", low: 1.0, high: 100_000.0, unit: "chips" };
    /// A parallelism degree.
    pub const DEGREE: Self = Self { field: "layout", low: 1.0, high: 10_000.0, unit: "ranks" };
    /// Custom link bandwidth.
    pub const LINK: Self = Self { field: "link", low: 1e6, high: 1e14, unit: "B/s" };
    /// Custom link latency.
    pub const LATENCY: Self = Self { field: "link", low: 0.0, high: 1.0, unit: "s" };
    /// Draft tokens per step.
    pub const DRAFT: Self = Self { field: "spec", low: 0.0, high: 16.0, unit: "draft tokens" };
    /// Acceptance per draft token.
    pub const ACCEPTANCE: Self = Self { field: "spec", low: 0.0, high: 1.0, unit: "" };
    /// Micro-batches between an attention and an FFN pool.
    pub const MICRO: Self = Self { field: "micro", low: 1.0, high: 16.0, unit: "micro-batches" };
    /// Redundant experts.
    pub const REDUNDANT: Self = Self { field: "redundant", low: 0.0, high: 4096.0, unit: "experts" };
    /// Memory share of an engine.
    pub const MEMORY_SHARE: Self = Self { field: "memory", low: 0.1, high: 1.0, unit: "" };
    /// Time to first token objective.
    pub const TTFT: Self = Self { field: "ttft", low: 1e-4, high: 86_400.0, unit: "s" };
    /// Time per output token objective.
    pub const TPOT: Self = Self { field: "tpot", low: 1e-6, high: 3600.0, unit: "s" };
    /// Write-off time.
    pub const YEARS: Self = Self { field: "years", low: 0.25, high: 20.0, unit: "years" };
    /// Power usage effectiveness.
    pub const PUE: Self = Self { field: "pue", low: 1.0, high: 3.0, unit: "" };
    /// Cost of capital per year.
    pub const INTEREST: Self = Self { field: "interest", low: 0.0, high: 1.0, unit: "" };
    /// Scale-out network, as a share of the purchase.
    pub const NETWORK: Self = Self { field: "network", low: 0.0, high: 2.0, unit: "" };
    /// Storage, as a share of the purchase.
    pub const STORAGE: Self = Self { field: "storage", low: 0.0, high: 2.0, unit: "" };
    /// Electricity price.
    pub const KWH: Self = Self { field: "kwh", low: 0.0, high: 10.0, unit: "$/kWh" };
    /// Utilisation of paid time.
    pub const UTILISATION: Self = Self { field: "util", low: 0.01, high: 1.0, unit: "" };
    /// Power cap of a chip.
    pub const CAP: Self = Self { field: "cap", low: 1.0, high: 1e6, unit: "W" };
    /// Power cap of a chip, as a share of its thermal design power.
    pub const CAP_SHARE: Self = Self { field: "cap", low: 0.1, high: 1.0, unit: "" };
    /// Rent of a chip.
    pub const RENT: Self = Self { field: "rent", low: 0.0, high: 1e6, unit: "$/h" };
}

impl Scenario {
    /// Every field that is out of range.
    #[must_use]
    pub fn check(&self) -> Vec<Invalid> {
        let mut fields = Vec::with_capacity(32);
        fields.extend([
            (Limits::ISL, self.workload.isl.get()),
            (Limits::OSL, self.workload.osl.get()),
            (Limits::SPREAD, self.workload.spread),
            (Limits::HIT, self.workload.hit),
            (Limits::YEARS, self.pricing.years),
            (Limits::INTEREST, self.pricing.interest),
            (Limits::NETWORK, self.pricing.network),
            (Limits::STORAGE, self.pricing.storage),
            (Limits::PUE, self.pricing.pue),
            (Limits::KWH, self.pricing.dollars_per_kwh),
            (Limits::UTILISATION, self.pricing.utilisation),
        ]);
        match self.load {
            Load::Closed { concurrency } => fields.push((Limits::CONCURRENCY, concurrency)),
            Load::Open { rate, cv } => fields.extend([(Limits::RATE, rate.get()), (Limits::CV, cv)]),
        }
        for (_, pool) in self.split.pools() {
            fields.push((Limits::CHIPS, f64::from(pool.chips)));
            if let Some(layout) = pool.layout {
                let Layout { tp, pp, dp, etp, ep, pcp, dcp } = layout;
                let degrees = [tp, pp, dp, etp, ep, pcp, dcp];
                fields.extend(degrees.map(|degree| (Limits::DEGREE, f64::from(degree))));
            }
        }
        if let PoolLink::Custom { bandwidth, latency } = self.link {
            fields.push((Limits::LINK, bandwidth.get()));
            fields.extend(latency.map(|latency| (Limits::LATENCY, latency.get())));
        }
        if let Some(spec) = &self.spec {
            fields.push((Limits::DRAFT, f64::from(spec.tokens)));
            if let Acceptance::PerToken(share) = spec.acceptance {
                fields.push((Limits::ACCEPTANCE, share));
            }
        }
        fields.extend(self.cap.map(|cap| match cap {
            PowerCap::Power(watts) => (Limits::CAP, watts.get()),
            PowerCap::Share(share) => (Limits::CAP_SHARE, share),
        }));
        fields.extend(self.micro.map(|micro| (Limits::MICRO, f64::from(micro))));
        fields.extend(self.experts.redundant.map(|copies| (Limits::REDUNDANT, f64::from(copies))));
        fields.extend(self.memory.map(|share| (Limits::MEMORY_SHARE, share)));
        fields.extend(self.flags.fields());
        fields.extend(self.slo.ttft.map(|ttft| (Limits::TTFT, ttft.at.get())));
        fields.extend(self.slo.tpot.map(|tpot| (Limits::TPOT, tpot.at.get())));
        fields.extend(self.reserve.headroom.map(|share| (Limits::HEADROOM, share)));
        fields.push((Limits::SPARE, f64::from(self.reserve.spare)));
        fields.extend(self.pricing.rents.iter().map(|entry| (Limits::RENT, entry.rent.get())));
        let mut invalid: Vec<Invalid> =
            fields.into_iter().filter_map(|(limits, value)| limits.admit(value).err()).collect();
        invalid.extend(self.custom.check());
        invalid.extend(self.traffic.check());
        invalid
    }
}

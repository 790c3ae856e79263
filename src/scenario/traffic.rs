//! How requests come, one by one: what a replay needs to know beyond a rate and two mean lengths.
//!
//! The closed form works with means: the mean prompt over the turns of a session, the share of it that an endless cache
//! holds, the mean pause. The rest it leaves aside. Every field has a default that says nothing. Lengths keep their means
//! from `isl` and `osl`, so that both ways of computing answer the same question:
//!
//! - [`Lengths`] gives the two lengths a tail: log-normal around the mean, as wide as two percentiles say.
//! - [`Sessions`] makes `isl` the first prompt of a session; each later prompt repeats all that went before and adds to it.
//! - [`Burst`] lets an open loop pause: arrivals come in on-periods only, at a rate that keeps the mean.

use serde::{Deserialize, Serialize};

use super::{Invalid, Limits, Workload};
use crate::catalog;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

/// How requests come and what keeps their state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// How lengths scatter around their means; absent = as [`Workload::spread`] says.
    pub lengths: Option<Lengths>,
    /// On- and off-periods of an open loop; absent = steady.
    pub burst: Option<Burst>,
    /// Several turns per session; absent = every request stands alone.
    pub sessions: Option<Sessions>,
    /// Tokens at the head of every prompt that all requests share: system prompt and tools.
    pub shared: Tokens,
    /// From the end of an answer to the next request of the same user or session; absent = none.
    pub pause: Option<Pause>,
    /// Where KV blocks go when the chips' own memory is full, nearest first, each place once.
    pub tiers: Vec<Tier>,
    /// Which replica takes a request.
    pub routing: Routing,
    /// Share of the sessions (or lone requests) that go before all others, as somebody waits for them, 0 to 1.
    pub priority: f64,
    /// Where the cache of a sequence goes that gives way to others.
    pub preemption: Preemption,
    /// When a replay stops to take requests; absent = after 10,000, or at the end of a trace.
    pub horizon: Option<Horizon>,
}

/// How lengths scatter: log-normal, by the ratio of two percentiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lengths {
    /// As a workload of the catalogue has it.
    Preset {
        /// Its identifier.
        id: String,
    },
    /// Stated by the user.
    Tails {
        /// 95th percentile over median of the input.
        input: f64,
        /// 95th percentile over median of the output.
        output: f64,
    },
}

/// On- and off-periods, both exponentially distributed (an interrupted arrival process).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Mean length of a period with arrivals.
    pub on: Seconds,
    /// Mean length of a period without.
    pub off: Seconds,
}

/// Sessions of several turns, each prompt the whole history and something new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// Turns of a session, which are its requests without those of sub-agents.
    pub turns: u32,
    /// Mean of the new input tokens of each turn after the first: a question, the result of a tool.
    pub growth: Tokens,
    /// Sub-agents; absent = none.
    #[serde(default)]
    pub agents: Option<Agents>,
}

/// Sub-agents: sessions that a session starts and waits for. They begin with the shared head and a task of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agents {
    /// How many a session starts, spread evenly over its turns.
    pub count: u32,
    /// Turns of each.
    pub turns: u32,
}

/// Think time of a person, or the time a tool takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// Exponentially distributed.
    Exponential {
        /// Mean.
        mean: Seconds,
    },
    /// Log-normal: many short ones and a long tail, as tools have it.
    Quantiles {
        /// Median.
        p50: Seconds,
        /// 95th percentile.
        p95: Seconds,
    },
}

/// A place for KV blocks beyond the chips' own memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    /// What it is.
    pub place: Place,
    /// Room for KV: per chip for DRAM and SSD, over the whole deployment for the network.
    pub capacity: Bytes,
    /// Bandwidth to and from the chips' memory, per chip and direction.
    pub bandwidth: BytesPerSecond,
}

/// Where KV blocks lie, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The chips' own memory.
    Hbm,
    /// Memory of the host.
    Dram,
    /// Local flash.
    Ssd,
    /// Shared storage.
    Network,
}

/// Which replica takes a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The one with the least to do.
    LeastLoaded,
    /// The one that holds most of the prompt, unless it has much more to do than another.
    Prefix,
}

/// What becomes of the cache of a sequence that gives way to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preemption {
    /// It is given up, and computed anew later.
    #[default]
    Recompute,
    /// It goes to the host's memory, which must be among the tiers, where that is sooner back than computed anew.
    Swap,
}

/// When a replay stops to take requests; those under way are still answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Horizon {
    /// After a time.
    Time {
        /// How long.
        time: Seconds,
    },
    /// After a number of requests.
    Requests {
        /// How many.
        count: u32,
    },
}

impl Place {
    /// All, nearest first.
    pub const ALL: [Self; 4] = [Self::Hbm, Self::Dram, Self::Ssd, Self::Network];

    /// Its word in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Hbm => "hbm",
            Self::Dram => "dram",
            Self::Ssd => "ssd",
            Self::Network => "network",
        }
    }
}

impl Preemption {
    /// All.
    pub const ALL: [Self; 2] = [Self::Recompute, Self::Swap];

    /// Its word in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Recompute => "recompute",
            Self::Swap => "swap",
        }
    }
}

impl Routing {
    /// All.
    pub const ALL: [Self; 3] = [Self::RoundRobin, Self::LeastLoaded, Self::Prefix];

    /// Its word in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::LeastLoaded => "least-loaded",
            Self::Prefix => "prefix",
        }
    }
}

/// A standard normal variable stays below this in 95 of 100 draws.
const Z95: f64 = 1.644_853_626_951_472_7;

/// Standard deviation of the logarithm of a log-normal variable, from its 95th percentile over its median.
#[must_use]
pub fn sigma(tail: f64) -> f64 {
    libm::log(tail.max(1.0)) / Z95
}

/// Mean over median of a log-normal variable, from its 95th percentile over its median.
#[must_use]
pub fn mean_over_median(tail: f64) -> f64 {
    let sigma = sigma(tail);
    libm::exp(sigma * sigma / 2.0)
}

/// Lengths that stand for all of a log-normal variable of this sigma, in means, and the share of each: Gauss and Hermite's
/// seven points.
#[must_use]
pub fn typical(sigma: f64) -> [(f64, f64); 7] {
    const POINTS: [(f64, f64); 4] = [
        (0.0, 0.457_142_857_142_857),
        (1.154_405_394_739_968, 0.240_123_178_605_013),
        (2.366_759_410_734_541, 0.030_757_123_967_586),
        (3.750_439_717_725_742, 0.000_548_268_855_972),
    ];
    let at = |index: usize, sign: f64| {
        let (point, share) = POINTS.get(index).copied().unwrap_or_default();
        (libm::exp(sigma * sign * point - sigma * sigma / 2.0), share)
    };
    [at(3, -1.0), at(2, -1.0), at(1, -1.0), at(0, 1.0), at(1, 1.0), at(2, 1.0), at(3, 1.0)]
}

/// The same of an even distribution with this squared coefficient of variation: Gauss and Legendre's three points.
#[must_use]
pub fn even(variation: f64) -> [(f64, f64); 3] {
    // Half the width is the root of three times the variance, and the outer points lie at the root of 3/5 of it.
    let apart = libm::sqrt(3.0 * variation) * 0.774_596_669_241_483;
    [(1.0 - apart, 5.0 / 18.0), (1.0, 8.0 / 18.0), (1.0 + apart, 5.0 / 18.0)]
}

impl Lengths {
    /// 95th percentile over median, of input and output; (1, 1) for a preset that does not exist.
    #[must_use]
    pub fn tails(&self) -> (f64, f64) {
        match self {
            Self::Tails { input, output } => (*input, *output),
            Self::Preset { id } => catalog::workload(id).map_or((1.0, 1.0), |preset| {
                (preset.input.p95 / preset.input.p50, preset.output.p95 / preset.output.p50)
            }),
        }
    }

    /// Mean input and output of a preset, in whole tokens.
    #[must_use]
    pub fn means(&self) -> Option<(Tokens, Tokens)> {
        let Self::Preset { id } = self else { return None };
        let preset = catalog::workload(id)?;
        let (input, output) = self.tails();
        let mean = |p50: Tokens, tail| Tokens::new(libm::round(p50.get() * mean_over_median(tail)));
        Some((mean(preset.input.p50, input), mean(preset.output.p50, output)))
    }
}

impl Pause {
    /// Its mean.
    #[must_use]
    pub fn mean(&self) -> Seconds {
        match self {
            Self::Exponential { mean } => *mean,
            Self::Quantiles { p50, p95 } if p50.get() > 0.0 => *p50 * mean_over_median(*p95 / *p50),
            Self::Quantiles { p50, .. } => *p50,
        }
    }
}

impl Sessions {
    /// Requests of a session, those of its sub-agents included.
    #[must_use]
    pub fn requests(&self) -> f64 {
        let agents = self.agents.map_or(0.0, |agents| f64::from(agents.count) * f64::from(agents.turns));
        f64::from(self.turns) + agents
    }
}

impl Traffic {
    /// Lengths, reuse and traffic of a workload of the catalogue. Where it has sessions, `isl` is their first prompt.
    #[must_use]
    pub fn typical(preset: &catalog::Workload) -> (Workload, Self) {
        let lengths = Lengths::Preset { id: preset.id.to_owned() };
        let (isl, osl) = lengths.means().unwrap_or((preset.input.p50, preset.output.p50));
        let session = preset.session;
        let workload = Workload {
            isl: session.map_or(isl, |session| session.first),
            osl,
            spread: 1.0,
            hit: preset.cached_share,
        };
        let traffic = Self {
            lengths: Some(lengths),
            sessions: session.map(|session| Sessions {
                turns: session.turns,
                growth: session.growth,
                agents: None,
            }),
            shared: session.map_or(Tokens::ZERO, |session| session.shared),
            pause: session.map(|session| Pause::Quantiles { p50: session.pause_p50, p95: session.pause_p95 }),
            ..Self::default()
        };
        (workload, traffic)
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Mean input of one request: with sessions, over all turns and sub-agents.
    #[must_use]
    pub fn mean_input(&self, workload: &Workload) -> Tokens {
        let first = workload.mean_isl();
        let Some(sessions) = self.sessions else { return first };
        let grown = sessions.growth + workload.mean_osl();
        let chain = |first: Tokens, turns: u32| {
            let turns = f64::from(turns);
            (first + grown * ((turns - 1.0) / 2.0)) * turns
        };
        let own = chain(first, sessions.turns);
        let agents = sessions.agents.map_or(Tokens::ZERO, |agents| {
            chain(self.shared + sessions.growth, agents.turns) * f64::from(agents.count)
        });
        (own + agents) / sessions.requests().max(1.0)
    }

    /// Longest prompt of a session, by the nominal lengths: that of its last turn, or of a sub-agent's.
    #[must_use]
    pub fn longest_input(&self, workload: &Workload) -> Tokens {
        let Some(sessions) = self.sessions else { return workload.isl };
        let grown = sessions.growth + workload.osl;
        let last = |first: Tokens, turns: u32| first + grown * (f64::from(turns) - 1.0).max(0.0);
        let agents = sessions.agents.map(|agents| last(self.shared + sessions.growth, agents.turns));
        last(workload.isl, sessions.turns).max(agents.unwrap_or(Tokens::ZERO))
    }

    /// Share of the input that the closed form takes as cached: what is stated where it can be, and where prompts share
    /// something and nothing is stated, all that a cache with room for everything serves to requests that are sent where
    /// their prefix is.
    #[must_use]
    pub fn cached_share(&self, workload: &Workload) -> f64 {
        if self.sessions.is_none() && self.shared.get() <= 0.0 {
            return workload.hit;
        }
        let ceiling = self.reuse_ceiling(workload);
        if workload.hit > 0.0 { workload.hit.min(ceiling) } else { ceiling }
    }

    /// How much lengths vary, prompts and answers: their squared coefficients of variation.
    #[must_use]
    pub fn variation(&self, workload: &Workload) -> (f64, f64) {
        match &self.lengths {
            Some(lengths) => {
                let (input, output) = lengths.tails();
                let of = |tail: f64| libm::expm1(sigma(tail) * sigma(tail));
                (of(input), of(output))
            }
            None => {
                let width = (1.0 - workload.spread) / (1.0 + workload.spread);
                (width * width / 3.0, width * width / 3.0)
            }
        }
    }

    /// Width of the answers' lengths, in mean lengths: that of an even distribution which scatters as much.
    #[must_use]
    pub fn scatter(&self, workload: &Workload) -> f64 {
        self.lengths.as_ref().map_or(1.0 - workload.spread, |lengths| {
            let sigma = sigma(lengths.tails().1);
            libm::sqrt(12.0 * libm::expm1(sigma * sigma))
        })
    }

    /// Width of the pauses: that of an even distribution which scatters as much.
    #[must_use]
    pub fn pause_scatter(&self) -> Seconds {
        let cv = match self.pause {
            None => return Seconds::ZERO,
            Some(Pause::Exponential { .. }) => 1.0,
            Some(Pause::Quantiles { p50, p95 }) => {
                let sigma = if p50.get() > 0.0 { sigma(p95 / p50) } else { 0.0 };
                libm::sqrt(libm::expm1(sigma * sigma))
            }
        };
        self.pause.map_or(Seconds::ZERO, |pause| pause.mean() * (libm::sqrt(12.0) * cv))
    }

    /// The largest share of input tokens that a prefix cache can serve: all but what no earlier prompt held.
    #[must_use]
    pub fn reuse_ceiling(&self, workload: &Workload) -> f64 {
        let requests = self.sessions.map_or(1.0, |sessions| sessions.requests()).max(1.0);
        let input = self.mean_input(workload) * requests;
        let first = (workload.mean_isl() - self.shared).max(Tokens::ZERO);
        let fresh = self.sessions.map_or(first, |sessions| {
            let agents =
                sessions.agents.map_or(0.0, |agents| f64::from(agents.count) * f64::from(agents.turns));
            first + sessions.growth * (f64::from(sessions.turns) - 1.0 + agents)
        });
        (1.0 - fresh / input).clamp(0.0, 1.0)
    }

    /// Every number that is out of range.
    pub(super) fn check(&self) -> Vec<Invalid> {
        let mut fields = vec![(Limits::SHARED, self.shared.get()), (Limits::PRIORITY, self.priority)];
        if let Some(Lengths::Tails { input, output }) = self.lengths {
            fields.extend([(Limits::LENGTHS, input), (Limits::LENGTHS, output)]);
        }
        if let Some(Burst { on, off }) = self.burst {
            fields.extend([(Limits::BURST, on.get()), (Limits::BURST, off.get())]);
        }
        if let Some(sessions) = self.sessions {
            fields.extend([
                (Limits::TURNS, f64::from(sessions.turns)),
                (Limits::GROWTH, sessions.growth.get()),
            ]);
            if let Some(agents) = sessions.agents {
                fields.extend([
                    (Limits::AGENTS, f64::from(agents.count)),
                    (Limits::AGENTS, f64::from(agents.turns)),
                ]);
            }
        }
        match self.pause {
            Some(Pause::Exponential { mean }) => fields.push((Limits::PAUSE, mean.get())),
            Some(Pause::Quantiles { p50, p95 }) => {
                fields.extend([
                    (Limits::PAUSE, p50.get()),
                    (Limits { low: p50.get(), ..Limits::PAUSE }, p95.get()),
                ]);
            }
            None => {}
        }
        for tier in &self.tiers {
            fields.extend([
                (Limits::TIER, tier.capacity.get()),
                (Limits::TIER_BANDWIDTH, tier.bandwidth.get()),
            ]);
        }
        fields.extend(self.horizon.map(|horizon| match horizon {
            Horizon::Time { time } => (Limits::HORIZON, time.get()),
            Horizon::Requests { count } => (Limits::HORIZON_REQUESTS, f64::from(count)),
        }));
        fields.into_iter().filter_map(|(limits, value)| limits.admit(value).err()).collect()
    }
}

impl Limits {
    /// 95th percentile over median.
    pub const LENGTHS: Self = Self { field: "lengths", low: 1.0, high: 1000.0, unit: "" };
    /// Mean on- and off-periods.
    pub const BURST: Self = Self { field: "burst", low: 1e-3, high: 86_400.0, unit: "s" };
    /// Turns of a session.
    pub const TURNS: Self = Self { field: "sessions", low: 1.0, high: 10_000.0, unit: "turns" };
    /// New tokens of a turn.
    pub const GROWTH: Self = Self { field: "sessions", low: 1.0, high: 1_048_576.0, unit: "tokens" };
    /// Sub-agents of a session, and turns of each.
    pub const AGENTS: Self = Self { field: "agents", low: 1.0, high: 1000.0, unit: "" };
    /// Tokens that all prompts share.
    pub const SHARED: Self = Self { field: "shared", low: 0.0, high: 16_777_216.0, unit: "tokens" };
    /// Share of sessions that go first.
    pub const PRIORITY: Self = Self { field: "priority", low: 0.0, high: 1.0, unit: "" };
    /// Think time or tool time.
    pub const PAUSE: Self = Self { field: "pause", low: 1e-3, high: 86_400.0, unit: "s" };
    /// Room for KV in a tier.
    pub const TIER: Self = Self { field: "tier", low: 1e6, high: 1e18, unit: "B" };
    /// Bandwidth of a tier.
    pub const TIER_BANDWIDTH: Self = Self { field: "tier", low: 1e6, high: 1e14, unit: "B/s" };
    /// Time that is replayed.
    pub const HORIZON: Self = Self { field: "horizon", low: 1.0, high: 2_678_400.0, unit: "s" };
    /// Requests that are replayed.
    pub const HORIZON_REQUESTS: Self = Self { field: "horizon", low: 1.0, high: 1e7, unit: "requests" };
}

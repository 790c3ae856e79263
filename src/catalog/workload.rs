//! Workloads: how long requests are, how they arrive and how fast they must be answered, as presets from public traces
//! and benchmarks (`data/workloads.toml`).

use crate::units::{Seconds, Tokens};

include!(concat!(env!("OUT_DIR"), "/workloads.rs"));

/// A typical load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Identifier, for example `rag`.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Input of one request, cached part included.
    pub input: Lengths,
    /// Output of one request.
    pub output: Lengths,
    /// Share of the input that the prefix cache holds, 0 to 1.
    pub cached_share: f64,
    /// How requests arrive.
    pub arrivals: Arrivals,
    /// The session that requests belong to, where they come in such; `input` is over all its turns.
    pub session: Option<Session>,
    /// The service level people expect; none where nobody waits.
    pub slo: Option<Slo>,
    /// A stricter service level, where one is common.
    pub interactive: Option<Slo>,
    /// Where the figures come from, and which of them are assumed.
    pub sources: &'static str,
}

/// A distribution of lengths by two of its percentiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lengths {
    /// Median.
    pub p50: Tokens,
    /// 95th percentile.
    pub p95: Tokens,
}

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// A fixed number of users, each of whom sends the next request after the last answer.
    ClosedLoop,
    /// Requests come at a rate, whatever the system does.
    OpenLoop {
        /// Coefficient of variation of the gaps between requests; 1 is Poisson.
        cv: f64,
    },
}

/// A typical session: each turn sends the whole history again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Session {
    /// Turns, each a request.
    pub turns: u32,
    /// First prompt, with what all sessions share.
    pub first: Tokens,
    /// Head of all prompts: system prompt and tools.
    pub shared: Tokens,
    /// New input of a later turn.
    pub growth: Tokens,
    /// Time between an answer and the next turn, median.
    pub pause_p50: Seconds,
    /// The same, 95th percentile.
    pub pause_p95: Seconds,
}

/// Service level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// Time to first token.
    pub ttft: Seconds,
    /// Time per output token after the first.
    pub tpot: Seconds,
}

/// All workload presets, in the order of menus.
#[must_use]
pub fn workloads() -> &'static [Workload] {
    &WORKLOADS
}

/// The workload with this identifier.
#[must_use]
pub fn workload(id: &str) -> Option<&'static Workload> {
    workloads().iter().find(|workload| workload.id == id)
}

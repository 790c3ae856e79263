//! Traces: what was asked of a real service, request by request.
//!
//! A [`Trace`] holds requests in order of arrival, column by column: some 24 bytes per request and 16 per run of prefix
//! blocks, so that a day of a busy service fits into a browser tab.
//!
//! A [`Reader`] takes a file in pieces and finds the format by itself: the traces of Azure, `BurstGPT`, Mooncake and the
//! agent sessions of AgentX.

use std::fmt;

use crate::units::{Seconds, Tokens};

mod clock;
mod json;
mod problem;
mod read;
mod rows;
mod summary;
mod table;

pub use problem::Problem;
pub use read::{Loaded, Reader};
pub use summary::{Quantiles, Summary};

/// A format of traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV of the Azure LLM inference traces: time of day, tokens in, tokens out.
    Azure,
    /// CSV of `BurstGPT`: seconds, tokens in, tokens out, perhaps a session.
    BurstGpt,
    /// Lines of JSON as in Mooncake's release: milliseconds, lengths, prefix blocks.
    Mooncake,
    /// Lines of JSON, each a session of a coding agent with its sub-agents, as AgentX replays them.
    AgentX,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Azure => "Azure LLM trace",
            Self::BurstGpt => "BurstGPT trace",
            Self::Mooncake => "Mooncake trace",
            Self::AgentX => "AgentX sessions",
        })
    }
}

/// Consecutive prefix blocks, `first`, `first + 1`, …: equal numbers mean equal tokens behind equal tokens.
///
/// Numbers are global to a trace or a scenario. Naming blocks in the order in which they appear makes runs long, and all
/// work on them goes with runs, not blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockRun {
    /// Number of the first block.
    pub first: u64,
    /// How many blocks; at least one.
    pub count: u32,
}

impl BlockRun {
    /// The block after the last.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }
}

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// When it came, counted from the first request.
    pub arrival: Seconds,
    /// Prompt.
    pub input: Tokens,
    /// Answer.
    pub output: Tokens,
    /// Prefix blocks of the prompt; empty where the trace does not say.
    pub blocks: &'a [BlockRun],
    /// Which conversation it belongs to, counted from 0 in order of appearance, where the trace says.
    pub session: Option<u32>,
    /// From the end of the last answer that it waited for, where the trace says.
    pub pause: Option<Seconds>,
    /// Requests of its session that it waited for, counted from 0 in order of arrival, where the trace says so: the one
    /// before it, and the last of the sub-agents it started, or the one that started it.
    pub waited: Option<[Option<u32>; 2]>,
}

/// Requests in order of arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    arrivals: Vec<f64>,
    inputs: Vec<u32>,
    outputs: Vec<u32>,
    /// Empty, or one for each request, [`NONE`] where there is none.
    sessions: Vec<u32>,
    /// Empty, or one for each request, negative where there is none.
    pauses: Vec<f32>,
    /// Empty, or two for each request, [`NONE`] where there is none.
    waits: Vec<[u32; 2]>,
    /// Empty, or where the runs of each request end.
    ends: Vec<u32>,
    runs: Vec<BlockRun>,
    count: u32,
    block: Option<u32>,
}

/// No session, or no request.
const NONE: u32 = u32::MAX;

impl Trace {
    /// Number of requests.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is no request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// Number of sessions, of which each has a request.
    #[must_use]
    pub const fn sessions(&self) -> u32 {
        self.count
    }

    /// Tokens of a prefix block, where the trace names any.
    #[must_use]
    pub const fn block_tokens(&self) -> Option<u32> {
        self.block
    }

    /// A request by its place in the order of arrival.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<Record<'_>> {
        let at = index as usize;
        let end = |at: usize| self.ends.get(at).map_or(0, |&end| end as usize);
        let from = at.checked_sub(1).map_or(0, end);
        Some(Record {
            arrival: Seconds::new(*self.arrivals.get(at)?),
            input: Tokens::new(f64::from(*self.inputs.get(at)?)),
            output: Tokens::new(f64::from(*self.outputs.get(at)?)),
            blocks: self.runs.get(from..end(at)).unwrap_or_default(),
            session: self.sessions.get(at).copied().filter(|&session| session != NONE),
            pause: self
                .pauses
                .get(at)
                .filter(|&&pause| pause >= 0.0)
                .map(|&pause| Seconds::new(f64::from(pause))),
            waited: self.waits.get(at).map(|waits| waits.map(|wait| Some(wait).filter(|&wait| wait != NONE))),
        })
    }

    /// All requests in order of arrival.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

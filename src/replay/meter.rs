//! What is counted and measured while a replay runs: tokens and bytes where they move, times where a request ends.

use super::histogram::Histogram;
use super::record::{End, Record};
use super::series::Series;

/// Tokens and bytes, each counted where it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Tally {
    /// Tokens of prompts that were read, those of evicted requests again.
    pub read: u64,
    /// Of those, read again after an eviction.
    pub again: u64,
    /// Tokens of prompts that were cached.
    pub cached: u64,
    /// Of those, brought from beyond the chips' memory.
    pub loaded: u64,
    /// Tokens written.
    pub written: u64,
    /// Tokens of prompts asked.
    pub input: u64,
    /// Bytes that were to go over the link.
    pub sent: f64,
}

/// All that is measured of a replay as a whole; pools keep what they do themselves.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// Requests that are done, in the order in which they were done.
    pub records: Vec<Record>,
    /// Requests answered.
    pub finished: u32,
    /// Requests rejected.
    pub rejected: u32,
    /// Tokens and bytes.
    pub tokens: Tally,
    /// Last token at a user so far.
    pub last: f64,
    /// Requests in the system, over time.
    pub inside: Series,
    /// Share of the link between pools in use, over time.
    pub link_load: Series,
    /// Times to first token.
    pub ttft: Histogram,
    /// Times per token, by request.
    pub tpot: Histogram,
    /// Times from token to token.
    pub itl: Histogram,
    /// Times in all.
    pub e2e: Histogram,
}

impl Meter {
    /// A request ends, its last token (or the refusal) at the user at this time; `first` is when the first one was.
    pub fn ends(&mut self, record: Record, first: f64, end: f64) {
        self.inside.change(end, -1.0);
        match record.end {
            End::Rejected => self.rejected += 1,
            End::Finished => {
                self.finished += 1;
                self.last = self.last.max(end);
                self.ttft.add(first - record.arrival, 1.0);
                self.e2e.add(end - record.arrival, 1.0);
                if let Some(tpot) = record.tpot() {
                    self.tpot.add(tpot, 1.0);
                }
            }
        }
        self.records.push(record);
    }
}

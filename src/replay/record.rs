//! What is known of a request when it is done: one small record, and its line in a CSV file.

use std::fmt::Write;

use serde::Serialize;

use super::requests::Request;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Its whole answer was written.
    Finished,
    /// It is longer than any replica has room for.
    Rejected,
}

/// A request that is done. Times are in seconds, as small as a million of them ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Counted from 0 in order of arrival.
    pub index: u32,
    /// Replica that read the prompt, and the one that wrote the answer.
    pub replicas: (u16, u16),
    /// Replica of the feed-forward layers, and of the drafter, where they are pools of their own.
    pub beside: [Option<u16>; 2],
    /// How it ended.
    pub end: End,
    /// How often it gave way to others.
    pub preemptions: u8,
    /// Whether it went before those that are not.
    pub urgent: bool,
    /// Session it belongs to.
    pub session: u64,
    /// Prompt, in tokens.
    pub input: u32,
    /// Answer, in tokens.
    pub output: u32,
    /// Tokens of the prompt that were cached, wherever.
    pub cached: u32,
    /// Of those, tokens that came from beyond the chips' memory.
    pub loaded: u32,
    /// When it came.
    pub arrival: f64,
    /// Until it was admitted.
    pub wait: f32,
    /// Until its first token reached the user.
    pub ttft: f32,
    /// Until its last token did.
    pub e2e: f32,
}

impl Record {
    /// A request that ends like this, with no time taken yet.
    #[must_use]
    pub(super) fn of(request: &Request, end: End) -> Self {
        Self {
            index: request.index,
            replicas: (0, 0),
            beside: [None, None],
            end,
            preemptions: 0,
            urgent: request.urgent,
            session: request.session,
            input: request.input,
            output: request.output,
            cached: 0,
            loaded: 0,
            arrival: request.arrival.get(),
            wait: 0.0,
            ttft: 0.0,
            e2e: 0.0,
        }
    }

    /// Mean time between tokens after the first; nothing for an answer of one token.
    #[must_use]
    pub fn tpot(&self) -> Option<f64> {
        (self.output > 1 && self.end == End::Finished)
            .then(|| f64::from(self.e2e - self.ttft).max(0.0) / f64::from(self.output - 1))
    }

    /// The columns of [`Self::csv`].
    pub const COLUMNS: &'static str = "index,session,arrival_s,input_tokens,output_tokens,cached_tokens,loaded_tokens,\
                                       prefill_replica,decode_replica,end,preemptions,wait_s,ttft_s,tpot_s,e2e_s,priority,\
                                       ffn_replica,draft_replica";

    /// A line of CSV, with its end.
    pub fn csv(&self, out: &mut String) {
        let end = match self.end {
            End::Finished => "finished",
            End::Rejected => "rejected",
        };
        let times = |time: f32| if self.end == End::Finished { format!("{time:.6}") } else { String::new() };
        let number = |own: Option<u16>| own.map_or_else(String::new, |own| own.to_string());
        let tpot = self.tpot().map_or_else(String::new, |tpot| format!("{tpot:.7}"));
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "{},{},{:.6},{},{},{},{},{},{},{end},{},{},{},{tpot},{},{},{},{}",
            self.index,
            self.session,
            self.arrival,
            self.input,
            self.output,
            self.cached,
            self.loaded,
            self.replicas.0,
            self.replicas.1,
            self.preemptions,
            times(self.wait),
            times(self.ttft),
            times(self.e2e),
            u8::from(self.urgent),
            number(self.beside[0]),
            number(self.beside[1]),
        );
    }
}

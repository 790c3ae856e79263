//! Reading a trace in pieces: bytes go in as they come, requests stand in columns when they end.
//!
//! The format shows in the first line that has one. A line that cannot be used is left out, counted and, for the first
//! of them, named; the rest survives. Nothing is held of the text but the line under way.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{MOST_SECONDS, Problem, Problems, Wrong};
use super::table::Columns;
use super::{BlockRun, Format, NONE, Trace, json};

/// Longest line that is read: a long session of a coding agent has some megabytes.
const LONGEST_LINE: usize = 64 << 20;

/// Most requests of a trace.
const MOST_REQUESTS: usize = 50_000_000;

/// A trace under way.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    kind: Option<Kind>,
    /// The line under way, as far as it has come.
    carry: Vec<u8>,
    /// The line under way is too long and goes unread to its end.
    skipping: bool,
    line: u64,
    bytes: u64,
    rows: Rows,
    problems: Problems,
}

#[derive(Clone, Debug)]
enum Kind {
    Table(Columns),
    Requests,
    Sessions,
}

/// What has been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The requests, in order of arrival, the first at 0.
    pub trace: Trace,
    /// The format, if any line had one.
    pub format: Option<Format>,
    /// Lines, also blank ones and headers.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
    /// Requests or lines that were left out.
    pub skipped: u64,
    /// What was wrong with the first of them.
    pub problems: Vec<Problem>,
}

/// One request before all are in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) arrival: f64,
    pub(super) input: u32,
    pub(super) output: u32,
    pub(super) session: Option<u32>,
    pub(super) pause: Option<f64>,
}

/// The requests so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    trace: Trace,
    sessions: BTreeMap<Box<str>, u32>,
    first: Option<i64>,
    /// Most tokens per block of a prompt, which the size of a block is at least.
    most_per_block: u32,
    size: Option<u32>,
    pending: Vec<BlockRun>,
    /// Arrivals went back in time somewhere.
    unsorted: bool,
}

impl Rows {
    /// Whole seconds since the first time of day in the file.
    pub(super) fn since_first(&mut self, whole: i64) -> f64 {
        let since = whole - *self.first.get_or_insert(whole);
        since as f64
    }

    /// The number of a session.
    pub(super) fn session(&mut self, id: &str) -> u32 {
        if let Some(&number) = self.sessions.get(id) {
            return number;
        }
        let number = self.sessions();
        self.sessions.insert(id.into(), number);
        number
    }

    /// Sessions so far.
    pub(super) fn sessions(&self) -> u32 {
        u32::try_from(self.sessions.len()).unwrap_or(NONE - 1)
    }

    /// Tokens of a block, where the file says.
    pub(super) fn block_size(&mut self, size: Option<u32>) {
        self.size = self.size.max(size);
    }

    /// Prefix blocks of the next request, in runs, up to the first that stands twice: a block names all that is before
    /// it, so that the same one cannot come again.
    pub(super) fn blocks(&mut self, input: u32, ids: impl Iterator<Item = u64>) {
        self.pending.clear();
        let mut count = 0_u32;
        let mut highest = None;
        let mut seen: Option<BTreeSet<u64>> = None;
        for id in ids {
            if seen.is_none() && highest.is_some_and(|highest| id <= highest) {
                seen = Some(self.pending.iter().flat_map(|run| run.first..run.end()).collect());
            }
            if seen.as_mut().is_some_and(|seen| !seen.insert(id)) {
                break;
            }
            highest = highest.max(Some(id));
            count = count.saturating_add(1);
            match self.pending.last_mut() {
                Some(run) if run.end() == id && run.count < u32::MAX => run.count += 1,
                _ => self.pending.push(BlockRun { first: id, count: 1 }),
            }
        }
        if count > 0 {
            self.most_per_block = self.most_per_block.max(input.div_ceil(count));
        }
    }

    /// Takes in a request, with the blocks said before.
    pub(super) fn push(&mut self, row: Row) {
        let trace = &mut self.trace;
        let before = trace.arrivals.len();
        if before >= MOST_REQUESTS {
            self.pending.clear();
            return;
        }
        self.unsorted |= trace.arrivals.last().is_some_and(|&last| last > row.arrival);
        trace.arrivals.push(row.arrival);
        trace.inputs.push(row.input);
        trace.outputs.push(row.output);
        // Columns that no row has used yet are empty, and so filled up to here by the first that does.
        if row.session.is_some() || !trace.sessions.is_empty() {
            trace.sessions.resize(before, NONE);
            trace.sessions.push(row.session.unwrap_or(NONE));
        }
        if row.pause.is_some() || !trace.pauses.is_empty() {
            trace.pauses.resize(before, -1.0);
            trace.pauses.push(row.pause.map_or(-1.0, |pause| pause.min(MOST_SECONDS) as f32));
        }
        if !self.pending.is_empty() || !trace.ends.is_empty() {
            let end = trace.ends.last().copied().unwrap_or(0);
            trace.ends.resize(before, end);
            trace.runs.append(&mut self.pending);
            trace.ends.push(u32::try_from(trace.runs.len()).unwrap_or(u32::MAX));
        }
    }

    /// The requests in order, the first at 0.
    fn finish(mut self) -> Trace {
        if !self.trace.runs.is_empty() {
            // Blocks of public traces are powers of two: 16 to 512 tokens.
            self.trace.block =
                Some(self.size.unwrap_or_else(|| self.most_per_block.max(1).next_power_of_two()));
        }
        if self.unsorted {
            self.trace = sorted(&self.trace);
        }
        self.trace.count = self.sessions();
        let first = self.trace.arrivals.first().copied().unwrap_or(0.0);
        for arrival in &mut self.trace.arrivals {
            *arrival -= first;
        }
        self.trace
    }
}

/// The same requests in order of arrival; those of one instant stay as they stand.
fn sorted(trace: &Trace) -> Trace {
    let mut order: Vec<u32> = (0..trace.len()).collect();
    let arrival = |index: &u32| trace.arrivals.get(*index as usize).copied().unwrap_or(0.0);
    order.sort_by(|a, b| arrival(a).total_cmp(&arrival(b)));
    let mut rows = Rows::default();
    for index in order {
        let Some(record) = trace.get(index) else { continue };
        rows.pending = record.blocks.to_vec();
        rows.push(Row {
            arrival: record.arrival.get(),
            input: record.input.get() as u32,
            output: record.output.get() as u32,
            session: record.session,
            pause: record.pause.map(|pause| pause.get()),
        });
    }
    Trace { block: trace.block, ..rows.trace }
}

impl Reader {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next bytes of the file; lines may be cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (head, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = tail.get(1..).unwrap_or_default();
            if self.carry.is_empty() && !self.skipping {
                self.take(head);
            } else {
                self.keep(head);
                self.end_line();
            }
        }
        self.keep(rest);
    }

    /// The end of the file.
    #[must_use]
    pub fn finish(mut self) -> Loaded {
        if !self.carry.is_empty() || self.skipping {
            self.end_line();
        }
        if self.kind.is_none() && self.problems.count == 0 {
            self.problems.push(self.line.max(1), Wrong::new("", "", FORMATS));
        }
        let format = self.format();
        Loaded {
            trace: self.rows.finish(),
            format,
            lines: self.line,
            bytes: self.bytes,
            skipped: self.problems.count,
            problems: self.problems.listed,
        }
    }

    /// The format, as soon as it shows.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match self.kind.as_ref()? {
            Kind::Table(columns) => Some(columns.format()),
            Kind::Requests => Some(Format::Mooncake),
            Kind::Sessions => Some(Format::AgentX),
        }
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.rows.trace.len()
    }

    /// Requests or lines left out so far.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.problems.count
    }

    /// What has been read so far, as if the file ended here.
    #[must_use]
    pub fn so_far(&self) -> Loaded {
        let mut copy = self.clone();
        (copy.carry, copy.skipping) = (Vec::new(), false);
        copy.finish()
    }

    /// Keeps a part of a line until it ends.
    fn keep(&mut self, part: &[u8]) {
        if self.skipping {
            return;
        }
        if self.carry.len().saturating_add(part.len()) > LONGEST_LINE {
            self.carry = Vec::new();
            self.skipping = true;
        } else {
            self.carry.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) {
        if self.skipping {
            self.skipping = false;
            self.line += 1;
            let expected = format!("a line of at most {} MB", LONGEST_LINE >> 20);
            self.problems.push(self.line, Wrong::new("", "", expected));
            return;
        }
        let line = std::mem::take(&mut self.carry);
        self.take(&line);
        // The room is used again.
        self.carry = line;
        self.carry.clear();
    }

    fn take(&mut self, line: &[u8]) {
        self.line += 1;
        let Ok(text) = str::from_utf8(line) else {
            self.problems.push(self.line, Wrong::new("", "", "UTF-8 text"));
            return;
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return;
        }
        if self.kind.is_none() {
            if let Some(columns) = Columns::of(text) {
                self.kind = Some(Kind::Table(columns));
                return;
            }
            self.kind = match json::format(text) {
                Some(Format::Mooncake) => Some(Kind::Requests),
                Some(Format::AgentX) => Some(Kind::Sessions),
                _ => None,
            };
        }
        let (rows, problems, line) = (&mut self.rows, &mut self.problems, self.line);
        let taken = match &self.kind {
            None => Err(Wrong::new("", text, FORMATS)),
            Some(Kind::Table(columns)) => columns.take(text, rows),
            Some(Kind::Requests) => json::take_request(text, rows),
            Some(Kind::Sessions) => json::take_session(text, rows, |wrong| problems.push(line, wrong)),
        };
        if let Err(wrong) = taken {
            problems.push(line, wrong);
        }
    }
}

/// What a file can be.
const FORMATS: &str = "a trace: CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens (Azure) or Timestamp,…,Request \
                       tokens,Response tokens (BurstGPT), or lines of JSON with input_length and output_length (Mooncake) \
                       or requests (AgentX)";

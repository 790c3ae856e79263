//! Reading a trace in pieces: bytes go in as they come, requests stand in columns when they end.
//!
//! The format shows in the first line that has one. A line that cannot be used is left out, counted and, for the first
//! of them, named; the rest survives. Nothing is held of the text but the line under way.

use super::problem::{Problem, Problems, Wrong};
use super::rows::Rows;
use super::table::Columns;
use super::{Format, Trace, json};

/// Longest line that is read: a long session of a coding agent has some megabytes.
const LONGEST_LINE: usize = 64 << 20;

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
        self.rows.len()
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

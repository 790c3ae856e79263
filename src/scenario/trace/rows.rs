//! The requests of a trace under way, in the order of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::MOST_SECONDS;
use super::{BlockRun, NONE, Trace};

/// Most requests of a trace.
const MOST_REQUESTS: usize = 50_000_000;

/// One request before all are in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) arrival: f64,
    pub(super) input: u32,
    pub(super) output: u32,
    pub(super) session: Option<u32>,
    pub(super) pause: Option<f64>,
    pub(super) waited: Option<[Option<u32>; 2]>,
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

    /// Requests so far.
    pub(super) fn len(&self) -> u32 {
        self.trace.len()
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
        if row.waited.is_some() || !trace.waits.is_empty() {
            trace.waits.resize(before, [NONE; 2]);
            trace.waits.push(row.waited.unwrap_or_default().map(|wait| wait.unwrap_or(NONE)));
        }
        if !self.pending.is_empty() || !trace.ends.is_empty() {
            let end = trace.ends.last().copied().unwrap_or(0);
            trace.ends.resize(before, end);
            trace.runs.append(&mut self.pending);
            trace.ends.push(u32::try_from(trace.runs.len()).unwrap_or(u32::MAX));
        }
    }

    /// The requests in order, the first at 0.
    pub(super) fn finish(mut self) -> Trace {
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
            waited: record.waited,
        });
    }
    Trace { block: trace.block, ..rows.trace }
}

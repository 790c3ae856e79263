//! Traces as lines of JSON: requests with prefix blocks (Mooncake), and whole sessions of coding agents (AgentX).

use serde::Deserialize;
use serde_json::Value;

use crate::scenario::Limits;

use super::Format;
use super::problem::{Wrong, seconds, tokens};
use super::rows::{Row, Rows};

/// A request of Mooncake's kind.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    timestamp: Value,
    #[serde(default)]
    input_length: Value,
    #[serde(default)]
    output_length: Value,
    #[serde(default)]
    hash_ids: Vec<u64>,
    #[serde(default)]
    session_id: Value,
    /// Where it stands, times are in seconds.
    #[serde(default)]
    chat_id: Value,
}

/// A session of AgentX's kind.
#[derive(Deserialize)]
struct Session {
    #[serde(default)]
    block_size: Value,
    #[serde(default)]
    hash_id_scope: Option<String>,
    requests: Vec<Entry>,
}

/// A request of a session, or a sub-agent with requests of its own.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    t: Value,
    #[serde(default, rename = "in")]
    input: Value,
    #[serde(default, rename = "out")]
    output: Value,
    #[serde(default)]
    hash_ids: Vec<u64>,
    #[serde(default)]
    api_time: Option<f64>,
    #[serde(default)]
    requests: Option<Vec<Self>>,
}

/// Which kind a line is, if any.
pub(super) fn format(line: &str) -> Option<Format> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return None };
    if fields.contains_key("input_length") {
        Some(Format::Mooncake)
    } else if fields.get("requests").is_some_and(Value::is_array) {
        Some(Format::AgentX)
    } else {
        None
    }
}

/// Takes in a line that is one request.
pub(super) fn take_request(line: &str, rows: &mut Rows) -> Result<(), Wrong> {
    let request: Request = parse(line)?;
    // Mooncake's times are milliseconds; the chat traces that use its fields have seconds.
    let chat = text(&request.chat_id);
    let unit = if chat.is_empty() { 1e-3 } else { 1.0 };
    let arrival = seconds("timestamp", &text(&request.timestamp))? * unit;
    let input = tokens("input_length", &text(&request.input_length), &Limits::ISL)?;
    let output = tokens("output_length", &text(&request.output_length), &Limits::OSL)?;
    let id = text(&request.session_id);
    let session = [id, chat].into_iter().find(|id| !id.is_empty()).map(|id| rows.session(&id));
    rows.blocks(input, request.hash_ids.iter().copied());
    rows.push(Row { arrival, input, output, session, pause: None, waited: None });
    Ok(())
}

/// Takes in a line that is a session, as far as its requests are good; says what is wrong with the others.
pub(super) fn take_session(line: &str, rows: &mut Rows, mut wrong: impl FnMut(Wrong)) -> Result<(), Wrong> {
    let session: Session = parse(line)?;
    let size = match &session.block_size {
        Value::Null => None,
        size => {
            let most = Limits { field: "block_size", low: 1.0, high: 65_536.0, unit: "tokens" };
            Some(tokens("block_size", &text(size), &most)?)
        }
    };
    // Each line is a session of its own, whatever it calls itself.
    let number = rows.session(&format!("\u{0}{}", rows.sessions()));
    // Ids are unique within one session unless they say to be global.
    let global = session.hash_id_scope.as_deref() == Some("global");
    let base = if global { 0 } else { (u64::from(number) + 1) << 32 };
    let mut strands = vec![Strand::default()];
    let mut asked = Vec::new();
    gather(session.requests, "requests", 0, &mut strands, &mut asked, &mut wrong);
    asked.sort_by(|a: &Asked, b: &Asked| a.arrival.total_cmp(&b.arrival));
    let waits = waits(&asked, &mut strands);
    for (asked, (waited, pause)) in asked.into_iter().zip(waits) {
        rows.block_size(size);
        let inside = |id: u64| if global { id } else { base | (id & 0xffff_ffff) };
        rows.blocks(asked.input, asked.ids.into_iter().map(inside));
        rows.push(Row {
            arrival: asked.arrival,
            input: asked.input,
            output: asked.output,
            session: Some(number),
            pause,
            waited: Some(waited),
        });
    }
    Ok(())
}

/// A request of a session.
struct Asked {
    arrival: f64,
    input: u32,
    output: u32,
    /// When it was answered.
    end: f64,
    ids: Vec<u64>,
    strand: usize,
}

/// The session itself or one of its sub-agents: requests one after another.
#[derive(Clone, Debug, Default)]
struct Strand {
    /// Who started it; itself for the session.
    parent: usize,
    /// Its last request so far, by place and end.
    last: Option<(u32, f64)>,
    /// Sub-agents that it started and that are over, by when.
    over: Vec<(f64, u32)>,
    /// How many of those its requests have gone past.
    past: usize,
}

/// What each request waited for, and how long after that it came.
fn waits(asked: &[Asked], strands: &mut [Strand]) -> Vec<([Option<u32>; 2], Option<f64>)> {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX - 1);
    for (at, asked) in asked.iter().enumerate() {
        if let Some(strand) = strands.get_mut(asked.strand) {
            strand.last = Some((place(at), asked.end));
        }
    }
    let over: Vec<(usize, f64, u32)> = strands
        .iter()
        .skip(1)
        .filter_map(|strand| strand.last.map(|(at, end)| (strand.parent, end, at)))
        .collect();
    for (parent, end, at) in over {
        if let Some(parent) = strands.get_mut(parent) {
            parent.over.push((end, at));
        }
    }
    for strand in strands.iter_mut() {
        strand.over.sort_by(|a, b| a.0.total_cmp(&b.0));
        strand.last = None;
    }
    let mut waits = Vec::with_capacity(asked.len());
    for (at, request) in asked.iter().enumerate() {
        let Some(strand) = strands.get_mut(request.strand) else { continue };
        let before = strand.last;
        let other = if before.is_some() {
            // The last of its sub-agents that was back by then.
            let start = strand.past;
            while strand.over.get(strand.past).is_some_and(|(end, _)| *end <= request.arrival) {
                strand.past += 1;
            }
            strand
                .past
                .checked_sub(1)
                .filter(|_| strand.past > start)
                .and_then(|last| strand.over.get(last))
                .map(|&(end, at)| (at, end))
        } else {
            let parent = strand.parent;
            strands.get(parent).and_then(|parent| parent.last)
        };
        let end = [before, other].into_iter().flatten().map(|(_, end)| end).reduce(f64::max);
        waits.push((
            [before.map(|(at, _)| at), other.map(|(at, _)| at)],
            end.map(|end| (request.arrival - end).max(0.0)),
        ));
        if let Some(strand) = strands.get_mut(request.strand) {
            strand.last = Some((place(at), request.end));
        }
    }
    waits
}

/// The requests of a session and its sub-agents, whose times are on the session's clock too.
fn gather(
    entries: Vec<Entry>,
    path: &str,
    strand: usize,
    strands: &mut Vec<Strand>,
    asked: &mut Vec<Asked>,
    wrong: &mut dyn FnMut(Wrong),
) {
    for (position, entry) in entries.into_iter().enumerate() {
        let path = format!("{path}[{position}]");
        if let Some(inner) = entry.requests {
            // The reader of JSON bounds how deep entries nest.
            strands.push(Strand { parent: strand, ..Strand::default() });
            let own = strands.len() - 1;
            gather(inner, &format!("{path}.requests"), own, strands, asked, wrong);
            continue;
        }
        let read = || {
            let arrival = seconds(&format!("{path}.t"), &text(&entry.t))?;
            let input = tokens(&format!("{path}.in"), &text(&entry.input), &Limits::ISL)?;
            let output = tokens(&format!("{path}.out"), &text(&entry.output), &Limits::OSL)?;
            Ok((arrival, input, output))
        };
        match read() {
            Ok((arrival, input, output)) => {
                let took = entry.api_time.filter(|took| took.is_finite()).unwrap_or(0.0).max(0.0);
                asked.push(Asked {
                    arrival,
                    input,
                    output,
                    end: arrival + took,
                    ids: entry.hash_ids,
                    strand,
                });
            }
            Err(problem) => wrong(problem),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Wrong> {
    serde_json::from_str(line).map_err(|error| Wrong::new("", line, format!("a request as JSON ({error})")))
}

/// A number or a text as it is written; empty where there is none.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

//! Traces as lines of JSON: requests with prefix blocks (Mooncake), and whole sessions of coding agents (AgentX).

use serde::Deserialize;
use serde_json::Value;

use crate::scenario::Limits;

use super::Format;
use super::problem::{Wrong, seconds, tokens};
use super::read::{Row, Rows};

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
    id: Value,
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
    rows.push(Row { arrival, input, output, session, pause: None });
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
    let id = match text(&session.id) {
        id if id.is_empty() => format!("\u{0}{}", rows.sessions()),
        id => id,
    };
    let number = rows.session(&id);
    // Ids are unique within one session unless they say to be global.
    let global = session.hash_id_scope.as_deref() == Some("global");
    let base = if global { 0 } else { (u64::from(number) + 1) << 32 };
    let mut good: Vec<(f64, u32, u32, f64, Vec<u64>)> = Vec::new();
    gather(session.requests, "requests", &mut good, &mut wrong);
    good.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut end: Option<f64> = None;
    for (arrival, input, output, took, ids) in good {
        rows.block_size(size);
        let inside = |id: u64| if global { id } else { base | (id & 0xffff_ffff) };
        rows.blocks(input, ids.into_iter().map(inside));
        // A session waits from one answer to its next request; requests of sub-agents may overlap.
        let pause = end.map(|end| (arrival - end).max(0.0));
        rows.push(Row { arrival, input, output, session: Some(number), pause });
        end = Some(end.map_or(arrival + took, |end| end.max(arrival + took)));
    }
    Ok(())
}

/// The requests of a session and its sub-agents, whose times are on the session's clock too.
fn gather(
    entries: Vec<Entry>,
    path: &str,
    good: &mut Vec<(f64, u32, u32, f64, Vec<u64>)>,
    wrong: &mut impl FnMut(Wrong),
) {
    for (position, entry) in entries.into_iter().enumerate() {
        let path = format!("{path}[{position}]");
        if let Some(inner) = entry.requests {
            gather_boxed(inner, &path, good, wrong);
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
                good.push((arrival, input, output, took, entry.hash_ids));
            }
            Err(problem) => wrong(problem),
        }
    }
}

/// As [`gather`]; the reader of JSON bounds how deep entries nest.
fn gather_boxed(
    entries: Vec<Entry>,
    path: &str,
    good: &mut Vec<(f64, u32, u32, f64, Vec<u64>)>,
    wrong: &mut dyn FnMut(Wrong),
) {
    let mut wrong: &mut dyn FnMut(Wrong) = wrong;
    gather(entries, &format!("{path}.requests"), good, &mut wrong);
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

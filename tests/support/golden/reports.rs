//! Reports as goldens: a line per value under the link that was asked, so that a changed number is one changed line.

use tandem::report::Reply;

use super::{Difference, Form};

/// By what share of itself a number may differ: far above rounding, far below what a constant or a law does.
pub const RELATIVE: f64 = 1e-6;

/// What is nothing in any unit of a report: a picosecond, a millionth of a millionth of a byte, token or dollar.
pub const FLOOR: f64 = 1e-12;

/// A value of a report.
pub struct Entry {
    link: String,
    path: String,
    value: String,
}

/// Reports of links, laid out as `path = value`.
pub struct Reports;

impl Form for Reports {
    type Line = Entry;

    fn lines(text: &str) -> Vec<Entry> {
        let mut link = "";
        let mut entries = Vec::new();
        for line in text.lines() {
            let (path, value) = match line.strip_prefix("  ") {
                Some(entry) => entry.split_once(" = ").unwrap_or((entry, "")),
                None => {
                    link = line;
                    ("", line)
                }
            };
            entries.push(Entry { link: link.to_owned(), path: path.to_owned(), value: value.to_owned() });
        }
        entries
    }

    fn beside(old: &Entry, new: &Entry) -> bool {
        old.path == new.path && old.link == new.link
    }

    fn akin(old: &Entry, new: &Entry) -> bool {
        Self::beside(old, new)
    }

    fn difference(old: &Entry, new: &Entry) -> Option<Difference> {
        if old.value == new.value {
            return None;
        }
        let share = match (number(&old.value), number(&new.value)) {
            (Some(old), Some(new)) if agree(old, new) => return None,
            (Some(old), Some(new)) if old != 0.0 => Some((new - old) / old.abs()),
            _ => None,
        };
        Some(Difference {
            place: Self::place(new).0,
            old: Some(old.value.clone()),
            new: Some(new.value.clone()),
            size: share.map(f64::abs),
            change: share.map(percent).unwrap_or_default(),
        })
    }

    fn place(line: &Entry) -> (String, String) {
        (format!("{} of {}", line.path, line.link), line.value.clone())
    }
}

/// A value that is a number. A text is not, whatever it says: it is rounded already.
fn number(value: &str) -> Option<f64> {
    value.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A change in three digits.
fn percent(share: f64) -> String {
    let digits = format!("{:.2e}", share.abs() * 100.0);
    let sign = if share < 0.0 { '−' } else { '+' };
    format!(" ({sign}{} %)", digits.parse().unwrap_or(f64::INFINITY))
}

fn agree(old: f64, new: f64) -> bool {
    (new - old).abs() <= (old.abs().max(new.abs()) * RELATIVE).max(FLOOR)
}

/// The link, and below it a line for each value of its report, in the order of the JSON and to its last digit.
pub fn laid_out(link: &str, reply: &Reply) -> String {
    let json = serde_json::to_string_pretty(reply).unwrap_or_default();
    let mut page = format!("{link}\n");
    // What the values stand in: its path, and for a list how many came before.
    let mut around: Vec<(String, Option<usize>)> = Vec::new();
    for line in json.lines() {
        let line = line.trim_start().trim_end_matches(',');
        if matches!(line, "}" | "]") {
            around.pop();
            continue;
        }
        let (path, value) = match around.last_mut() {
            None => (String::new(), line),
            Some((path, Some(count))) => {
                *count += 1;
                (format!("{path}[{}]", *count - 1), line)
            }
            Some((path, None)) => {
                let (key, value) = line.split_once(": ").unwrap_or((line, ""));
                let dot = if path.is_empty() { "" } else { "." };
                (format!("{path}{dot}{}", key.trim_matches('"')), value)
            }
        };
        match value {
            "{" => around.push((path, None)),
            "[" => around.push((path, Some(0))),
            value => page.push_str(&format!("  {path} = {value}\n")),
        }
    }
    page
}

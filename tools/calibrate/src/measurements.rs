//! The rows of both tables in one, as they are committed under `data/measurements/`.

use std::path::Path;

use anyhow::Result;

use crate::served::Point;
use crate::table;

/// Columns in the order of the file.
const COLUMNS: [&str; 22] = [
    "id", "model", "engine", "weights", "experts", "kv", "isl", "osl", "length_spread", "concurrency", "prompts", "pool", "prefill",
    "decode", "ttft_ms", "tpot_ms", "out_tok_s", "measured", "profile", "source", "flag", "note",
];

/// Writes the rows that a fit counts or could count: those that its rule calls mis-described stay out.
pub fn write(file: &Path, points: &[Point]) -> Result<()> {
    let line = |point: &Point| {
        let cell = |column: &&str| {
            let text = match *column {
                "engine" => point.scenario.engine.id(),
                other => point.line.text(other),
            };
            if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
        };
        COLUMNS.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = points.iter().filter(|point| !point.is_suspect()).map(line).collect();
    table::write(file, &format!("on {} served points", lines.len()), &COLUMNS.join(","), &lines)
}

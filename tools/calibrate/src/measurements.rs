//! The rows of both tables in one, as they are committed under `data/measurements/`.

use std::path::Path;

use anyhow::Result;

use crate::residuals::medians;
use crate::served::{Point, Speed};
use crate::table;

/// Columns in the order of the file.
const COLUMNS: [&str; 22] = [
    "id",
    "model",
    "engine",
    "weights",
    "experts",
    "kv",
    "isl",
    "osl",
    "length_spread",
    "concurrency",
    "prompts",
    "pool",
    "prefill",
    "decode",
    "ttft_ms",
    "tpot_ms",
    "out_tok_s",
    "measured",
    "profile",
    "source",
    "flag",
    "note",
];

/// Writes the rows that a fit counts or could count: those that its rule calls mis-described stay out.
pub fn write(file: &Path, points: &[Point]) -> Result<()> {
    let line = |point: &Point| {
        let cell = |column: &&str| {
            let text = match *column {
                "engine" => point.scenario.engine.id().to_owned(),
                "prompts" => point.scenario.flags.prompts.map_or_else(String::new, |own| own.to_string()),
                other => point.line.text(other).to_owned(),
            };
            if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        };
        COLUMNS.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    let lines: Vec<String> = points.iter().filter(|point| !point.is_suspect()).map(line).collect();
    table::write(file, &format!("on {} served points", lines.len()), &COLUMNS.join(","), &lines)
}

/// Writes the yardsticks that the committed rows are held to: medians of absolute errors in percent, in sample.
pub fn write_yardsticks(file: &Path, points: &[Point], seen: &[Option<Speed>]) -> Result<()> {
    let mut lines = Vec::new();
    for (group, chosen) in [
        (
            "others",
            (|point: &Point| point.independent && point.line.text("flag") == "ok") as fn(&Point) -> bool,
        ),
        ("one-pool", |point| !point.independent && !point.is_split()),
        ("two-pools", |point| !point.independent && point.is_split()),
    ] {
        for (figure, median) in ["ttft", "tpot", "throughput"].into_iter().zip(medians(points, seen, chosen))
        {
            lines.push(format!("{group},{figure},{median:.1}"));
        }
    }
    table::write(file, &format!("on {} served points", points.len()), "group,figure,median", &lines)
}

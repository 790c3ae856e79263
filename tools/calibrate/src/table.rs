//! Reads tables by the names of their columns and writes the files of constants.
//!
//! A file of constants opens with comments for people. They stay as they are; lines that tell of a fit, which begin with
//! `# Fitted by`, `# Held out` or `# On a bound`, and everything below them is replaced. Nothing of the day or the machine goes in: equal input, equal bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// One line of a table.
#[derive(Clone, Debug, Default)]
pub struct Line(BTreeMap<String, String>);

impl Line {
    /// The text of a column, empty when there is none.
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    /// The number of a column.
    pub fn number(&self, column: &str) -> Result<f64> {
        let text = self.text(column);
        text.parse().with_context(|| format!("`{column}` is {text:?}, not a number"))
    }
}

/// All lines of a table.
pub fn read(path: &Path) -> Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    reader
        .records()
        .map(|record| {
            let record = record.with_context(|| format!("in {}", path.display()))?;
            Ok(Line(names.iter().cloned().zip(record.iter().map(str::to_owned)).collect()))
        })
        .collect()
}

/// Puts `lines` under the comments of the file.
pub fn write(path: &Path, stamp: &str, header: &str, lines: &[String]) -> Result<()> {
    let old = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut text = String::new();
    let told = ["# Fitted by", "# Held out", "# On a bound"];
    let stays = |line: &&str| line.starts_with('#') && !told.iter().any(|own| line.starts_with(own));
    for line in old.lines().filter(stays) {
        text += line;
        text.push('\n');
    }
    text += &format!("# Fitted by `cargo xtask calibrate` {stamp}.\n{header}\n");
    for line in lines {
        text += line;
        text.push('\n');
    }
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    eprintln!("wrote {}: {} rows", path.display(), lines.len());
    Ok(())
}

/// Four significant digits, without needless zeros.
pub fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(0.123_456), "0.1235");
        assert_eq!(short(12.0), "12");
        assert_eq!(short(87_134.2), "87130");
        assert_eq!(short(3.0e-5), "0.00003");
    }
}

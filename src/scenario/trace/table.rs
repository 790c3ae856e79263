//! Traces as CSV: those of Azure and `BurstGPT`, each told by its header.

use crate::scenario::Limits;

use super::problem::{Wrong, seconds, tokens};
use super::rows::{Row, Rows};
use super::{Format, clock};

/// Columns that are looked at; these traces have eight at most.
const MOST_COLUMNS: usize = 16;

/// Where the fields of a table stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    format: Format,
    time: Column,
    input: Column,
    output: Column,
    session: Option<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    at: usize,
    name: &'static str,
}

impl Columns {
    /// The columns of a header, if it is one.
    pub(super) fn of(header: &str) -> Option<Self> {
        let names: Vec<String> =
            fields(header).map(|name| name.to_ascii_lowercase().replace([' ', '_'], "")).collect();
        let find = |name: &'static str| {
            let plain = name.to_ascii_lowercase().replace([' ', '_'], "");
            let at = names.iter().take(MOST_COLUMNS).position(|known| *known == plain)?;
            Some(Column { at, name })
        };
        let azure = || {
            Some(Self {
                format: Format::Azure,
                time: find("TIMESTAMP")?,
                input: find("ContextTokens")?,
                output: find("GeneratedTokens")?,
                session: None,
            })
        };
        let burst = || {
            Some(Self {
                format: Format::BurstGpt,
                time: find("Timestamp")?,
                input: find("Request tokens")?,
                output: find("Response tokens")?,
                session: find("Session ID"),
            })
        };
        azure().or_else(burst)
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// Takes in one line.
    pub(super) fn take(&self, line: &str, rows: &mut Rows) -> Result<(), Wrong> {
        // One walk along the line, however many columns are asked for.
        let mut cells = [""; MOST_COLUMNS];
        for (cell, text) in cells.iter_mut().zip(fields(line)) {
            *cell = text;
        }
        let field = |column: &Column| cells.get(column.at).copied().unwrap_or_default();
        let time = field(&self.time);
        let arrival = match self.format {
            Format::BurstGpt => seconds(self.time.name, time)?,
            _ => {
                let (whole, fraction) = clock::parse(time).ok_or_else(|| {
                    Wrong::new(self.time.name, time, "a time such as 2023-11-16 18:17:03.97")
                })?;
                rows.since_first(whole) + fraction
            }
        };
        let input = tokens(self.input.name, field(&self.input), &Limits::ISL)?;
        let output = tokens(self.output.name, field(&self.output), &Limits::OSL)?;
        let session = self.session.as_ref().map(field).filter(|id| !id.is_empty());
        let session = session.map(|id| rows.session(id));
        rows.push(Row { arrival, input, output, session, pause: None, waited: None });
        Ok(())
    }
}

/// The fields of a line; quotes around one are dropped. No field of these traces holds a comma.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

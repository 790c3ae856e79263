//! Traces as CSV: those of Azure and `BurstGPT`, each told by its header.

use crate::scenario::Limits;

use super::problem::{Wrong, seconds, tokens};
use super::read::{Row, Rows};
use super::{Format, clock};

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
            names.iter().position(|known| *known == plain).map(|at| Column { at, name })
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
        let field = |column: &Column| fields(line).nth(column.at).unwrap_or_default();
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
        rows.push(Row { arrival, input, output, session, pause: None });
        Ok(())
    }
}

/// The fields of a line; quotes around one are dropped. No field of these traces holds a comma.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

//! Why the latencies are what they are: each as a bar of its parts, coloured by cause, the scenario above what is pinned.

use crate::chart::describe::{Cell, Table};
use crate::chart::model::{Bar, Bars, Paint, Segment, Tint};
use crate::report::words;
use crate::serve::{Cause, Part, Steady};
use crate::units::format::{ABSENT, Unit};
use crate::units::order;

/// A latency: its name, and what it adds up.
pub type Latency = (&'static str, fn(&Steady) -> &Vec<Part>);

/// The latencies, in the order in which users feel them.
pub const LATENCIES: [Latency; 2] = [("TTFT", |own| &own.ttft_parts), ("TPOT", |own| &own.tpot_parts)];

/// A latency of each of several answers, in its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakdown {
    /// The name of the latency.
    pub name: &'static str,
    /// The answers.
    pub rows: Vec<Row>,
}

/// A latency of one answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose it is.
    pub name: String,
    /// What takes time, that of one cause always in the same place.
    pub parts: Vec<Part>,
}

impl Row {
    /// The latency in seconds.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.time.get()).sum()
    }
}

/// Takes one latency of named answers apart.
pub fn breakdown<'a>(
    (name, parts): Latency,
    answers: impl IntoIterator<Item = (String, &'a Steady)>,
) -> Breakdown {
    let row = |(name, steady): (String, &Steady)| {
        let mut parts: Vec<Part> =
            parts(steady).iter().copied().filter(|part| part.time.get() > 0.0).collect();
        order::sort_by_key(&mut parts, |part| part.cause);
        Row { name, parts }
    };
    Breakdown { name, rows: answers.into_iter().map(row).collect() }
}

impl Breakdown {
    /// A bar for each answer.
    #[must_use]
    pub fn bars(&self) -> Bars {
        let segment = |part: &Part| {
            Segment::new(
                format!("{:?}", part.cause),
                words::cause(part.cause),
                part.time.get(),
                paint(part.cause),
            )
        };
        let bar = |row: &Row| Bar {
            label: row.name.clone(),
            segments: row.parts.iter().map(segment).collect(),
            limit: None,
        };
        Bars {
            title: format!("Where {} goes", self.name),
            unit: Unit::Seconds,
            bars: self.rows.iter().map(bar).collect(),
            ..Bars::default()
        }
    }
}

/// Every part of several latencies of the same answers; a column for each answer.
#[must_use]
pub fn table(all: &[Breakdown]) -> Table {
    let mut table = Table { headers: vec!["Latency".to_owned(), "Part".to_owned()], ..Table::default() };
    let rows = all.first().map(|own| own.rows.iter()).into_iter().flatten();
    table.headers.extend(rows.map(|row| row.name.clone()));
    for Breakdown { name, rows } in all {
        let mut causes: Vec<Cause> = Vec::new();
        for part in rows.iter().flat_map(|row| &row.parts) {
            if !causes.contains(&part.cause) {
                causes.push(part.cause);
            }
        }
        for cause in causes {
            let value = |row: &Row| match row.parts.iter().find(|part| part.cause == cause) {
                Some(part) => Cell::new(Unit::Seconds, part.time.get()),
                None => Cell::words(ABSENT),
            };
            let head = [Cell::words(*name), Cell::words(words::cause(cause))];
            table.rows.push(head.into_iter().chain(rows.iter().map(value)).collect());
        }
    }
    table
}

/// The colour of a cause, as near to that of the page as the eight roles come: what the page shows paler is set apart by
/// its neighbours and its name.
const fn paint(cause: Cause) -> Paint {
    Paint::Tint(match cause {
        Cause::Queue | Cause::Wait => Tint::Queue,
        Cause::Interference => Tint::Prefill,
        Cause::Dense => Tint::Ffn,
        Cause::Attention => Tint::Attention,
        Cause::Collective | Cause::Transfer | Cause::Link => Tint::Link,
        Cause::Elementwise => Tint::Draft,
        Cause::Draft | Cause::Step => Tint::Verify,
        Cause::Experts => Tint::Decode,
        Cause::Request | Cause::Pipeline => return Paint::Muted,
    })
}

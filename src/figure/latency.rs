//! Why the latencies are what they are: each as a bar of its parts, coloured by what limits them, the scenario above what is
//! pinned.

use crate::chart::describe::{Cell, Table};
use crate::chart::model::{Bar, Bars, Paint, Segment, Tint};
use crate::report::words;
use crate::scenario::Role;
use crate::serve::{Binding, Cause, Part, PoolState, Resource, Steady};
use crate::units::format::{ABSENT, Precision, Unit};
use crate::units::order;

/// A latency: its name, the phase that it is of, and what it adds up.
pub type Latency = (&'static str, Role, fn(&Steady) -> &Vec<Part>);

/// The latencies, in the order in which users feel them.
pub const LATENCIES: [Latency; 2] =
    [("TTFT", Role::Prefill, |own| &own.ttft_parts), ("TPOT", Role::Decode, |own| &own.tpot_parts)];

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
    /// Why it is so long, in a sentence.
    pub why: String,
    /// What takes time, by limit, that of one limit always in the same place.
    pub limits: Vec<Limited>,
}

/// What one limit takes of a latency.
#[derive(Clone, Debug, PartialEq)]
pub struct Limited {
    /// The limit.
    pub limit: Binding,
    /// Its time in seconds.
    pub time: f64,
    /// What the time goes to.
    pub causes: Vec<(Cause, f64)>,
}

impl Limited {
    /// What the time goes to, where the limit does not say it.
    #[must_use]
    pub fn told(&self) -> String {
        let name = |cause: Cause| words::small(words::cause(cause));
        let one = |own: &(Cause, f64)| {
            format!("{} {}", name(own.0), Unit::Seconds.format_with(own.1, Precision::SHORT))
        };
        // A part that is next to nothing of it stands in the table.
        let large: Vec<&(Cause, f64)> = self.causes.iter().filter(|own| own.1 > self.time * 0.05).collect();
        match large.as_slice() {
            [(cause, _)] if words::binding(self.limit).contains(&name(*cause)) => String::new(),
            [(cause, _)] if !matches!(self.limit.resource(), Resource::Waiting | Resource::KvCapacity) => {
                name(*cause)
            }
            [_] => String::new(),
            all => all.iter().map(|own| one(own)).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Row {
    /// The latency in seconds; not a number where it has no parts, as it has no steady state.
    #[must_use]
    pub fn total(&self) -> f64 {
        if self.limits.is_empty() {
            return f64::NAN;
        }
        self.limits.iter().map(|own| own.time).sum()
    }

    /// The limits, those that add up to the most first.
    #[must_use]
    pub fn ranked(&self) -> Vec<Limited> {
        let of = |own: &Limited| -> f64 {
            self.limits.iter().filter(|other| other.limit.alike(own.limit)).map(|own| own.time).sum()
        };
        let mut all = self.limits.clone();
        order::sort_by(&mut all, |a, b| of(b).total_cmp(&of(a)).then(b.time.total_cmp(&a.time)));
        all
    }
}

/// Takes one latency of named answers apart.
pub fn breakdown<'a>(
    (name, role, parts): Latency,
    answers: impl IntoIterator<Item = (String, &'a Steady)>,
) -> Breakdown {
    let row = |(name, steady): (String, &Steady)| {
        let mut limits: Vec<Limited> = Vec::new();
        for part in parts(steady).iter().filter(|part| part.time.get() > 0.0) {
            let (own, time) = ((part.cause, part.time.get()), part.time.get());
            match limits.iter_mut().find(|own| own.limit == part.limit) {
                Some(limit) => {
                    limit.time += time;
                    limit.causes.push(own);
                }
                None => limits.push(Limited { limit: part.limit, time, causes: vec![own] }),
            }
        }
        for own in &mut limits {
            order::sort_by(&mut own.causes, |a, b| b.1.total_cmp(&a.1));
        }
        order::sort_by_key(&mut limits, |own| own.limit);
        let why = steady.phase(role).map_or_else(String::new, |own| {
            let share = Unit::Percent.format_with(own.reason.share, Precision::SHORT);
            let pool = steady.pools.iter().find(|own| (own.role == Role::Prefill) == (role == Role::Prefill));
            let beside =
                pool.or(steady.pools.last()).and_then(PoolState::overlap).map_or_else(String::new, |own| {
                    format!(" Beside the exchange of experts' tokens: {}.", words::overlap(own))
                });
            format!("{} is {}: {share} of its time.{beside}", words::role(role), words::phase(own))
        });
        Row { name, why, limits }
    };
    Breakdown { name, rows: answers.into_iter().map(row).collect() }
}

impl Breakdown {
    /// A bar for each answer.
    #[must_use]
    pub fn bars(&self) -> Bars {
        let segment = |own: &Limited| {
            let told = own.told();
            Segment {
                note: (!told.is_empty()).then_some(told),
                ..Segment::new(
                    format!("{:?}", own.limit),
                    words::capital(words::short(own.limit)),
                    own.time,
                    paint(own.limit),
                )
            }
        };
        let bar = |row: &Row| Bar {
            label: row.name.clone(),
            segments: row.limits.iter().map(segment).collect(),
            limit: None,
        };
        Bars {
            title: format!("Where {} goes", self.name),
            unit: Unit::Seconds,
            bars: self.rows.iter().filter(|row| !row.limits.is_empty()).map(bar).collect(),
            ..Bars::default()
        }
    }
}

/// Every part of several latencies of the same answers; a column for each answer.
#[must_use]
pub fn table(all: &[Breakdown]) -> Table {
    let headers = ["Latency", "Limit", "Part"].map(str::to_owned).to_vec();
    let mut table = Table { headers, ..Table::default() };
    let rows = all.first().map(|own| own.rows.iter()).into_iter().flatten();
    table.headers.extend(rows.map(|row| row.name.clone()));
    for Breakdown { name, rows } in all {
        let mut keys: Vec<(Binding, Cause)> = Vec::new();
        for own in rows.iter().flat_map(|row| &row.limits) {
            keys.extend(own.causes.iter().map(|(cause, _)| (own.limit, *cause)));
        }
        order::sort_by_key(&mut keys, |own| *own);
        keys.dedup();
        for (limit, cause) in keys {
            let value = |row: &Row| {
                let of = row.limits.iter().find(|own| own.limit == limit);
                match of.and_then(|own| own.causes.iter().find(|own| own.0 == cause)) {
                    Some((_, time)) => Cell::new(Unit::Seconds, *time),
                    None => Cell::words(ABSENT),
                }
            };
            let head = [*name, words::short(limit), words::cause(cause)].map(Cell::words);
            table.rows.push(head.into_iter().chain(rows.iter().map(value)).collect());
        }
    }
    table
}

/// The colour of a limit, the same in bars, memory and roofline. That of compute is no role's, for either phase can be bound
/// by it.
#[must_use]
pub const fn paint(limit: Binding) -> Paint {
    Paint::Tint(match limit {
        Binding::Compute => return Paint::Ink,
        Binding::Weights | Binding::Ffn => Tint::Ffn,
        Binding::Kv | Binding::Attention => Tint::Attention,
        Binding::Activations | Binding::Draft => Tint::Draft,
        Binding::Prefill => Tint::Prefill,
        Binding::Collective | Binding::Link => Tint::Link,
        Binding::LatencyFloor | Binding::CollectiveLatency | Binding::RoundTrips => Tint::Verify,
        Binding::Interference | Binding::Steps | Binding::Queue | Binding::Capacity => Tint::Queue,
        Binding::Decode => Tint::Decode,
    })
}

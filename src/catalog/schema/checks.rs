//! What is wrong with a file, said so that its writer finds the place: file, field, value and what is accepted.

use std::fmt::Display;

use serde::Deserialize;

use crate::catalog::number::NumberFormat;
use crate::catalog::provenance::Confidence;
use crate::catalog::spelling;
use crate::units::limits::Limits;

/// Most other names of an entry.
const MOST_ALIASES: usize = 24;

/// Longest other name.
const LONGEST_ALIAS: usize = 64;

/// Names that stand for more than one of these entries, or twice for one: each with its other names. Spellings that are
/// read alike count as one name.
pub fn shared_names<'a>(entries: impl Iterator<Item = (&'a str, &'a [String])>) -> Vec<String> {
    let mut names: Vec<(String, &str, &str)> = Vec::new();
    for (id, aliases) in entries {
        names.push((spelling::key(id), id, id));
        names.extend(aliases.iter().map(|alias| (spelling::key(bare(alias)), bare(alias), id)));
    }
    names.sort();
    let pairs = names.iter().zip(names.iter().skip(1)).filter(|(one, other)| one.0 == other.0);
    pairs
        .map(|((_, name, id), (_, again, other))| {
            format!("{again:?} of {other} is read like {name:?} of {id}: a name stands for one entry, and is listed once")
        })
        .collect()
}

/// An alias without the format that it stands for.
fn bare(alias: &str) -> &str {
    alias.split(':').next().unwrap_or(alias)
}

/// The checks of one file.
#[derive(Clone, Debug)]
pub struct Checks {
    file: String,
    problems: Vec<String>,
}

/// Where a block comes from, as far as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cited<'a> {
    /// Who says so.
    pub source: Option<&'a str>,
    /// Where to read it.
    pub url: Option<&'a str>,
    /// Month or day to which it is true.
    pub as_of: Option<&'a str>,
    /// How far to trust it.
    pub confidence: Option<Confidence>,
}

/// A block of a file: its keys, and those that say where they come from.
macro_rules! block {
    ($(#[$meta:meta])* $name:ident { $($(#[$key_meta:meta])* $key:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(non_snake_case, reason = "keys carry their unit")]
        pub struct $name {
            $($(#[$key_meta])* pub $key: $type,)*
            /// Who says so.
            pub source: Option<String>,
            /// Where to read it.
            pub url: Option<String>,
            /// Month or day to which it is true.
            pub as_of: Option<String>,
            /// How far to trust it.
            pub confidence: Option<$crate::catalog::provenance::Confidence>,
        }

        impl $name {
            /// Where it comes from.
            #[must_use]
            pub fn cited(&self) -> $crate::catalog::schema::Cited<'_> {
                $crate::catalog::schema::Cited {
                    source: self.source.as_deref(),
                    url: self.url.as_deref(),
                    as_of: self.as_of.as_deref(),
                    confidence: self.confidence,
                }
            }
        }
    };
}
pub(super) use block;

block! {
    /// Where keys come from that stand elsewhere in the file.
    Origin {}
}

impl Cited<'_> {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Checks {
    /// Those of the file of this name.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), problems: Vec::new() }
    }

    /// What is wrong, one message a problem.
    #[must_use]
    pub fn problems(self) -> Vec<String> {
        self.problems
    }

    /// Something is wrong.
    pub fn add(&mut self, message: impl Display) {
        self.problems.push(format!("data/{}: {message}", self.file));
    }

    pub(super) fn ensure(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.add(message());
        }
    }

    /// A number in its range; `unit` is what the key's unit is of the range's.
    pub(super) fn range(&mut self, field: &str, value: impl Into<Option<f64>>, limits: Limits, unit: f64) {
        self.between(field, value, limits.low / unit, limits.high / unit);
    }

    pub(super) fn between(&mut self, field: &str, value: impl Into<Option<f64>>, low: f64, high: f64) {
        if let Some(value) = value.into()
            && !(low..=high).contains(&value)
        {
            self.add(format!(
                "`{field} = {value}` is outside {low} to {high}; check the unit, which the key names"
            ));
        }
    }

    pub(super) fn count(&mut self, field: &str, value: impl Into<Option<u32>>, limits: Limits) {
        self.range(field, value.into().map(f64::from), limits, 1.0);
    }

    pub(super) fn text(&mut self, field: &str, value: &str) {
        self.ensure(
            !value.trim().is_empty() && value.trim() == value && !value.contains(['\t', '\n']),
            || format!("`{field} = {value:?}` must be a line of text without blanks at its ends and tabs"),
        );
    }

    /// A month; a year where that suffices.
    pub(super) fn month(&mut self, field: &str, value: &str, year_suffices: bool) {
        let good = match parts_of_date(value).as_deref() {
            Some([_]) => year_suffices,
            Some([_, _]) => true,
            _ => false,
        };
        self.ensure(good, || format!("`{field} = {value:?}` must be a month, for example \"2026-11\""));
    }

    /// A day.
    pub(super) fn day(&mut self, field: &str, value: &str) {
        let good = parts_of_date(value).is_some_and(|parts| parts.len() == 3);
        self.ensure(good, || format!("`{field} = {value:?}` must be a day, for example \"2026-11-30\""));
    }

    /// The form of what a block says of its origin.
    pub(super) fn cited(&mut self, block: &str, cited: Cited<'_>) {
        if let Some(source) = cited.source {
            self.text(&format!("{block}.source"), source);
        }
        if let Some(url) = cited.url {
            let host = url.strip_prefix("https://").unwrap_or_default().split('/').next().unwrap_or_default();
            let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
            self.ensure(plain && host.contains('.'), || {
                format!("`{block}.url = {url:?}` must be an address such as \"https://example.org/page\"")
            });
        }
        if let Some(date) = cited.as_of {
            let good = parts_of_date(date).is_some_and(|parts| parts.len() > 1);
            self.ensure(good, || {
                format!(
                    "`{block}.as_of = {date:?}` must be a month or a day, for example \"2026-11\" or \"2026-11-30\""
                )
            });
        }
    }

    /// The form of other names. That no two entries share one is checked of all of them ([`shared_names`]).
    pub(super) fn aliases(&mut self, aliases: &[String]) {
        self.ensure(aliases.len() <= MOST_ALIASES, || format!("at most {MOST_ALIASES} `aliases` are listed"));
        for alias in aliases {
            if let Some((_, format)) = alias.split_once(':') {
                self.ensure(NumberFormat::from_id(format).is_some(), || {
                    let known = NumberFormat::ALL.map(NumberFormat::id).join(", ");
                    format!("`aliases`: behind the colon of {alias:?} stands one of {known}")
                });
            }
            let alias = bare(alias);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
            let good = (2..=LONGEST_ALIAS).contains(&alias.len())
                && alias.bytes().all(plain)
                && !alias.starts_with(['-', '.'])
                && !alias.ends_with(['-', '.']);
            self.ensure(good, || {
                format!("`aliases`: {alias:?} must be 2 to {LONGEST_ALIAS} of a-z, 0-9, `-` and `.`, such as \"h100\"")
            });
        }
    }

    /// What every chip and model must say about itself.
    pub(super) fn identity(&mut self, id: &str, name: &str, vendor: &str, date: &str, sources: &str) {
        let file = self.file.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
        let expected = file.unwrap_or_default().to_owned();
        self.ensure(id == expected, || format!("`id = {id:?}` must equal the file name, {expected:?}"));
        self.ensure(
            !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)),
            || format!("`id = {id:?}` goes into links: only a-z, 0-9, `-` and `.` may stand in it"),
        );
        self.text("name", name);
        self.text("vendor", vendor);
        self.text("sources", sources);
        self.month("date", date, false);
    }
}

/// A number as a cell, or nothing.
pub(super) fn cell(value: impl Into<Option<f64>>) -> String {
    value.into().map_or_else(String::new, |value| format!("{value}"))
}

/// Words as a cell, which a browser does without.
pub(super) fn words(text: &str, browser: bool) -> String {
    if browser { String::new() } else { text.trim_end().replace(['\t', '\n'], " ") }
}

/// Days from the beginning of the year 0 to a date; to the last day of a month that stands without a day, so that nothing
/// counts as older than it surely is. `None` for anything else.
#[must_use]
pub fn days(date: &str) -> Option<i64> {
    let parts = parts_of_date(date)?;
    let (year, month, day) = match parts[..] {
        [year, month] => (year, month, 31),
        [year, month, day] => (year, month, day),
        _ => return None,
    };
    // Years begin in March here, which puts the leap day last (Hinnant, "chrono-compatible low-level date algorithms").
    let year = i64::from(year) - i64::from(month < 3);
    let month = (i64::from(month) + 9) % 12;
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(day) - 1)
}

/// Year, month and day of a date, as far as it goes; `None` for anything else.
fn parts_of_date(text: &str) -> Option<Vec<u32>> {
    let part = |(place, part): (usize, &str)| {
        let (width, range) = [(4, 1900..=2999), (2, 1..=12), (2, 1..=31)].into_iter().nth(place)?;
        let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number| digits && range.contains(number))
    };
    text.split('-').enumerate().map(part).collect()
}

//! Values of a link: numbers with units, read strictly and written so that they read back exactly.

use crate::catalog::lookup;
use crate::scenario::Limits;
use crate::units::format::{Unit, format_plain};
use crate::units::typed;

use super::problem::Problem;

/// What a number in a link stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tokens, `8k` being 8192.
    Tokens,
    /// Users.
    Count,
    /// Requests per second.
    Rate,
    /// A share; 90 % is 0.9.
    Share,
    /// A bare number.
    Plain,
    /// Time.
    Time,
    /// Bytes per second; a small b stands for bits.
    Bandwidth,
    /// Dollars.
    Dollars,
    /// Years.
    Years,
    /// Arithmetic of a chip; a bare number is TFLOPS.
    Arithmetic,
    /// Memory of a chip; a bare number is GB of 10⁹ bytes.
    Memory,
    /// Bandwidth of a chip; a bare number is GB/s.
    Traffic,
    /// Watts.
    Power,
    /// Room for data; a bare number is GB.
    Room,
}

/// What a suffix is worth: times the first number, divided by the second. Both are exact, so that one rounding at most
/// happens.
type Suffix = (&'static str, f64, f64);

impl Kind {
    /// What to write, for a person who wrote something else.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Tokens => "a number of tokens such as 8k or 1500",
            Self::Count => "a number such as 64 or 1.5k",
            Self::Rate => "requests per second such as 12 or 0.5",
            Self::Share => "a share such as 0.9 or 90%",
            Self::Plain => "a number such as 1.25",
            Self::Time => "a time such as 50ms or 2s",
            Self::Bandwidth => "a bandwidth such as 50GB/s or 400Gb/s",
            Self::Dollars => "dollars such as 2.50",
            Self::Years => "a number of years such as 4",
            Self::Arithmetic => "TFLOPS such as 500",
            Self::Memory => "GB such as 96, or 79.6GiB",
            Self::Traffic => "GB/s such as 4000",
            Self::Power => "watts such as 700",
            Self::Room => "room such as 512GB or 2TB",
        }
    }

    /// What may follow the digits.
    const fn suffixes(self) -> &'static [Suffix] {
        match self {
            Self::Tokens => {
                &[("", 1.0, 1.0), ("k", 1024.0, 1.0), ("K", 1024.0, 1.0), ("M", MEBI, 1.0), ("m", MEBI, 1.0)]
            }
            Self::Count => &[("", 1.0, 1.0), ("k", 1e3, 1.0), ("K", 1e3, 1.0), ("M", 1e6, 1.0)],
            Self::Rate => &[
                ("", 1.0, 1.0),
                ("/s", 1.0, 1.0),
                ("req/s", 1.0, 1.0),
                ("rps", 1.0, 1.0),
                ("qps", 1.0, 1.0),
                ("k", 1e3, 1.0),
                ("/min", 1.0, 60.0),
            ],
            Self::Share => &[("", 1.0, 1.0), ("%", 1.0, 100.0)],
            Self::Plain => &[("", 1.0, 1.0)],
            Self::Time => &[
                ("", 1.0, 1.0),
                ("s", 1.0, 1.0),
                ("ms", 1.0, 1e3),
                ("us", 1.0, 1e6),
                ("µs", 1.0, 1e6),
                ("μs", 1.0, 1e6),
                ("min", 60.0, 1.0),
                ("h", 3600.0, 1.0),
            ],
            Self::Bandwidth => &[
                ("", 1.0, 1.0),
                ("B/s", 1.0, 1.0),
                ("MB/s", 1e6, 1.0),
                ("GB/s", 1e9, 1.0),
                ("TB/s", 1e12, 1.0),
                ("M", 1e6, 1.0),
                ("G", 1e9, 1.0),
                ("T", 1e12, 1.0),
                ("Mb/s", 1e6, 8.0),
                ("Gb/s", 1e9, 8.0),
                ("Tb/s", 1e12, 8.0),
                ("Mbps", 1e6, 8.0),
                ("Gbps", 1e9, 8.0),
                ("Tbps", 1e12, 8.0),
                ("Gbit/s", 1e9, 8.0),
            ],
            Self::Dollars => &[("", 1.0, 1.0), ("/h", 1.0, 1.0), ("/kWh", 1.0, 1.0)],
            Self::Years => &[("", 1.0, 1.0), ("y", 1.0, 1.0)],
            Self::Arithmetic => &[
                ("", 1e12, 1.0),
                ("FLOPS", 1.0, 1.0),
                ("TFLOPS", 1e12, 1.0),
                ("PFLOPS", 1e15, 1.0),
                ("T", 1e12, 1.0),
                ("P", 1e15, 1.0),
            ],
            Self::Memory => &[
                ("", 1e9, 1.0),
                ("B", 1.0, 1.0),
                ("GB", 1e9, 1.0),
                ("TB", 1e12, 1.0),
                ("MiB", MEBI, 1.0),
                ("GiB", MEBI * 1024.0, 1.0),
            ],
            Self::Traffic => &[
                ("", 1e9, 1.0),
                ("B/s", 1.0, 1.0),
                ("GB/s", 1e9, 1.0),
                ("TB/s", 1e12, 1.0),
                ("Gb/s", 1e9, 8.0),
            ],
            Self::Power => &[("", 1.0, 1.0), ("W", 1.0, 1.0), ("kW", 1e3, 1.0)],
            Self::Room => &[
                ("", 1e9, 1.0),
                ("B", 1.0, 1.0),
                ("MB", 1e6, 1.0),
                ("GB", 1e9, 1.0),
                ("TB", 1e12, 1.0),
                ("PB", 1e15, 1.0),
            ],
        }
    }

    /// Suffixes to write, largest first; the last one always serves.
    const fn written(self) -> &'static [&'static str] {
        match self {
            Self::Tokens => &["M", "k", ""],
            Self::Time => &["s", "ms", "us", "s"],
            Self::Bandwidth => &["TB/s", "GB/s", "MB/s", "B/s"],
            Self::Arithmetic => &["", "FLOPS"],
            Self::Memory => &["", "B"],
            Self::Traffic => &["", "B/s"],
            Self::Room => &["PB", "TB", "GB", "MB", "B"],
            Self::Count
            | Self::Rate
            | Self::Share
            | Self::Plain
            | Self::Dollars
            | Self::Years
            | Self::Power => &[""],
        }
    }

    /// From where on a number is better read with a unit than with the next smaller one.
    const fn smallest(self) -> f64 {
        match self {
            // Nobody counts a chip in single bytes.
            Self::Arithmetic | Self::Memory | Self::Traffic => 0.001,
            _ => 1.0,
        }
    }

    /// The value of a text, and whether a unit is missing where one should stand.
    fn parse(self, text: &str) -> Option<(f64, bool)> {
        let text = text.trim();
        // The longest suffix that fits, so that `ms` is not taken for `s`.
        let (suffix, times, over) = *self
            .suffixes()
            .iter()
            .filter(|(suffix, ..)| text.ends_with(suffix))
            .max_by_key(|(suffix, ..)| suffix.len())?;
        let digits = text.strip_suffix(suffix)?.trim_end();
        // Nothing but a number may be left, so that no unit of another kind slips through.
        if digits.trim_end_matches(|symbol: char| symbol.is_ascii_digit() || symbol == '.') == digits {
            return None;
        }
        let number = Unit::Number.parse(digits).ok()?;
        Some((number * times / over, suffix.is_empty() && self == Self::Time))
    }
}

impl Kind {
    /// The text with the nearest unit that there is, where it begins with a number.
    fn repaired(self, text: &str) -> Option<String> {
        let text: String =
            text.trim().chars().filter(|symbol| !matches!(symbol, '$' | ' ')).take(24).collect();
        let digits =
            text.trim_start_matches(|symbol: char| symbol.is_ascii_digit() || matches!(symbol, '.' | ','));
        let number = text.get(..text.len() - digits.len()).filter(|number| !number.is_empty())?;
        let far = |unit: &str| {
            let shared = unit.chars().zip(digits.chars()).take_while(|(one, other)| one == other).count();
            (lookup::distance(digits, unit), std::cmp::Reverse(shared))
        };
        let (unit, ..) = self.suffixes().iter().min_by_key(|(unit, ..)| far(unit))?;
        // A unit of another kind is no slip of the hand.
        let near = far(unit).0 * 2 <= digits.chars().count() + 1;
        near.then(|| format!("{number}{unit}")).filter(|near| self.parse(near).is_some())
    }
}

impl Kind {
    /// What a field of the page makes of the text, the likeliest first; nothing where it would not understand it either.
    fn typed(self, limits: Limits, text: &str) -> Vec<f64> {
        let unit = match self {
            Self::Tokens => Unit::Tokens,
            Self::Count => Unit::Count,
            Self::Rate => Unit::RequestsPerSecond,
            Self::Share => Unit::Percent,
            Self::Time => Unit::Seconds,
            Self::Dollars => Unit::DollarsPerHour,
            Self::Bandwidth => Unit::BytesPerSecond,
            _ => return Vec::new(),
        };
        typed::read(unit, limits, text).unwrap_or_default()
    }

    /// What a text may mean that cannot be read: what a field of the page makes of it, or nearly a unit that links have.
    fn offers(self, limits: Limits, text: &str) -> Vec<String> {
        let typed = self.typed(limits, text);
        if typed.is_empty() {
            self.repaired(text).into_iter().collect()
        } else {
            typed.into_iter().map(|value| write(self, value)).collect()
        }
    }

    /// What may have been meant by a text that was read: one without its unit, or one that a field of the page would take
    /// for something else in the first place.
    fn doubt(self, limits: Limits, text: &str, value: f64, no_unit: bool) -> Option<Problem> {
        let read_as = write(self, value);
        // As links are written, a headroom of 1.5 is no 1.5 %; only of things that are counted is 8.192 no number.
        let counted = matches!(self, Self::Tokens | Self::Count);
        if !no_unit && !counted && read_as == text.trim() {
            return None;
        }
        let same = |other: &f64| (other - value).abs() <= value.abs() * SAME;
        let typed = self.typed(limits, text);
        let likely = typed.first().is_some_and(|first| !same(first));
        let nearest = typed.into_iter().filter(|own| !same(own)).map(|own| write(self, own)).collect();
        if no_unit {
            Some(Problem::NoUnit { read_as: "seconds", nearest })
        } else {
            likely.then_some(Problem::ToTheLetter { read_as, nearest })
        }
    }
}

const MEBI: f64 = 1024.0 * 1024.0;

/// How far two readings of one text may round apart.
const SAME: f64 = 1e-9;

/// A number, and what to say about how it was read.
pub(super) type Read = (f64, Option<Problem>);

/// Reads a number of some kind within its limits.
pub(super) fn read(kind: Kind, limits: Limits, text: &str) -> Result<Read, Problem> {
    let (value, no_unit) = kind.parse(text).ok_or_else(|| Problem::Unreadable {
        expected: format!("{}, {}", kind.expected(), range(&limits)),
        nearest: kind.offers(limits, text),
    })?;
    let value = limits.admit(value).map_err(|invalid| {
        let typed = kind.typed(limits, text);
        let near = if typed.is_empty() { vec![limits.clamp(value)] } else { typed };
        Problem::OutOfRange { invalid, nearest: near.into_iter().map(|near| write(kind, near)).collect() }
    })?;
    Ok((value, kind.doubt(limits, text, value, no_unit)))
}

/// As [`read`], of a part of a text.
pub(super) fn read_in(whole: &str, kind: Kind, limits: Limits, part: &str) -> Result<Read, Problem> {
    let inside = |problem: Problem| problem.inside(whole, part);
    read(kind, limits, part).map(|(value, doubt)| (value, doubt.map(inside))).map_err(inside)
}

/// The number as a link writes it: readable, and exact when read back.
pub(super) fn write(kind: Kind, value: f64) -> String {
    let exact = |suffix: &str| {
        let (_, times, over) = *kind.suffixes().iter().find(|(name, ..)| *name == suffix)?;
        let number = value / times * over;
        // Tokens are scaled only to whole numbers: 1536 is not better read as 1.5k.
        let readable = number >= kind.smallest() && (kind != Kind::Tokens || libm::floor(number) == number);
        let text = format!("{}{suffix}", format_plain(number));
        (readable && text.len() <= 12 && kind.parse(&text)?.0 == value).then_some(text)
    };
    let base = kind.written().last().copied().unwrap_or_default();
    let mut text = kind
        .written()
        .iter()
        .find_map(|suffix| exact(suffix))
        .unwrap_or_else(|| format!("{}{base}", format_plain(value)));
    // Three digits behind a point may be thousands to a reader, four may not.
    let behind = text.split_once('.').map_or("", |(_, behind)| behind);
    if matches!(kind, Kind::Tokens | Kind::Count)
        && behind.len() == 3
        && behind.bytes().all(|own| own.is_ascii_digit())
    {
        text.push('0');
    }
    text
}

/// A range in the units of links.
pub(super) fn range(limits: &Limits) -> String {
    let (kind, unit) = match limits.unit {
        "tokens" => (Kind::Tokens, " tokens"),
        "s" => (Kind::Time, ""),
        "B/s" => (Kind::Bandwidth, ""),
        "B" => (Kind::Memory, " GB"),
        "FLOP/s" => (Kind::Arithmetic, " TFLOPS"),
        "" => (Kind::Plain, ""),
        unit => {
            return format!("{} to {} {unit}", limits.low, limits.high);
        }
    };
    format!("{} to {}{unit}", write(kind, limits.low), write(kind, limits.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_numbers_in_many_ways() {
        let value = |kind: Kind, text: &str| kind.parse(text).map(|(value, _)| value);
        assert_eq!(value(Kind::Tokens, "128k"), Some(131_072.0));
        assert_eq!(value(Kind::Tokens, "1.5K"), Some(1536.0));
        assert_eq!(value(Kind::Tokens, "12,000"), Some(12_000.0));
        assert_eq!(value(Kind::Tokens, "1M"), Some(1_048_576.0));
        assert_eq!(value(Kind::Count, "1.5k"), Some(1500.0));
        assert_eq!(value(Kind::Share, "90%"), Some(0.9));
        assert_eq!(value(Kind::Share, "90 %"), Some(0.9));
        assert_eq!(value(Kind::Time, "50ms"), Some(0.05));
        assert_eq!(value(Kind::Time, "340µs"), Some(0.00034));
        assert_eq!(value(Kind::Time, "2"), Some(2.0));
        assert_eq!(value(Kind::Bandwidth, "400Gb/s"), Some(50e9));
        assert_eq!(value(Kind::Bandwidth, "50GB/s"), Some(50e9));
        assert_eq!(value(Kind::Dollars, "$2.50"), Some(2.5));
        assert_eq!(value(Kind::Rate, "30/min"), Some(0.5));
        assert_eq!(value(Kind::Count, "1e3"), Some(1000.0));
    }

    #[test]
    fn units_of_another_kind_are_refused() {
        for (kind, text) in [
            (Kind::Time, "50GB"),
            (Kind::Time, "ms"),
            (Kind::Time, "50 W"),
            (Kind::Share, "90s"),
            (Kind::Tokens, "8kB"),
            (Kind::Tokens, "8kk"),
            (Kind::Count, ""),
            (Kind::Count, "inf"),
            (Kind::Count, "nan"),
            (Kind::Plain, "2x"),
        ] {
            assert_eq!(kind.parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_field_would_understand_is_offered() {
        let offers = |kind: Kind, limits, text: &str| match read(kind, limits, text) {
            Err(Problem::Unreadable { nearest, .. }) => nearest,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(offers(Kind::Time, Limits::TPOT, "20 tok/s"), ["50ms"]);
        assert_eq!(offers(Kind::Rate, Limits::RATE, "40 requests per second"), ["40"]);
        assert_eq!(offers(Kind::Share, Limits::HIT, "90 percent"), ["0.9"]);
        assert_eq!(offers(Kind::Count, Limits::CONCURRENCY, "64 users"), ["64"]);
        assert_eq!(offers(Kind::Tokens, Limits::ISL, "8192tok"), ["8k"]);
        assert_eq!(offers(Kind::Tokens, Limits::ISL, "8kB"), ["8k"]);
        assert!(offers(Kind::Time, Limits::TTFT, "20 tok/s").is_empty());
    }

    #[test]
    fn what_lies_outside_is_offered_as_a_field_would_take_it() {
        let offers = |kind: Kind, limits, text: &str| match read(kind, limits, text) {
            Err(Problem::OutOfRange { nearest, .. }) => nearest,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(offers(Kind::Share, Limits::HIT, "90"), ["0.9"]);
        assert_eq!(offers(Kind::Share, Limits::MEMORY_SHARE, "85"), ["0.85"]);
        assert_eq!(offers(Kind::Share, Limits::HIT, "250"), ["1"]);
        assert_eq!(offers(Kind::Bandwidth, Limits::LINK, "400"), ["50GB/s", "400GB/s"]);
        assert_eq!(offers(Kind::Time, Limits::TPOT, "9000"), ["9s"]);
    }

    #[test]
    fn what_is_read_to_the_letter_says_what_else_it_may_mean() {
        let doubt = |kind: Kind, limits, text: &str| read(kind, limits, text).unwrap().1;
        let letter = |read_as: &str, nearest: &str| {
            Some(Problem::ToTheLetter { read_as: read_as.to_owned(), nearest: vec![nearest.to_owned()] })
        };
        let bare = |nearest: &[&str]| {
            let nearest = nearest.iter().map(|&own| own.to_owned()).collect();
            Some(Problem::NoUnit { read_as: "seconds", nearest })
        };
        assert_eq!(doubt(Kind::Bandwidth, Limits::LINK, "400G"), letter("400GB/s", "50GB/s"));
        assert_eq!(doubt(Kind::Tokens, Limits::ISL, "8.192"), letter("8.1920", "8k"));
        assert_eq!(doubt(Kind::Count, Limits::CONCURRENCY, "1.000"), letter("1", "1000"));
        assert_eq!(doubt(Kind::Time, Limits::TPOT, "50"), bare(&["50ms"]));
        assert_eq!(doubt(Kind::Time, Limits::TTFT, "50"), bare(&["50ms"]));
        assert_eq!(doubt(Kind::Time, Limits::TTFT, "2"), bare(&[]));
        for (kind, limits, text) in [
            (Kind::Rate, Limits::RATE, "10/min"),
            (Kind::Rate, Limits::RATE, "1.50"),
            (Kind::Share, Limits::HIT, "90 %"),
            (Kind::Share, Limits::HIT, "1.0"),
            (Kind::Share, Limits::HEADROOM, "1.5"),
            (Kind::Tokens, Limits::ISL, "8,192"),
            (Kind::Tokens, Limits::ISL, "1.5K"),
            (Kind::Time, Limits::TPOT, "0.05s"),
            (Kind::Bandwidth, Limits::LINK, "400Gbps"),
            (Kind::Dollars, Limits::RENT, "$2.50"),
        ] {
            assert_eq!(doubt(kind, limits, text), None, "{text}");
        }
    }

    #[test]
    fn written_numbers_read_well() {
        assert_eq!(write(Kind::Tokens, 131_072.0), "128k");
        assert_eq!(write(Kind::Tokens, 1500.0), "1500");
        assert_eq!(write(Kind::Tokens, 6.862), "6.8620");
        assert_eq!(write(Kind::Count, 1.125), "1.1250");
        assert_eq!(write(Kind::Time, 0.05), "50ms");
        assert_eq!(write(Kind::Time, 2.0), "2s");
        assert_eq!(write(Kind::Time, 1e-6), "1us");
        assert_eq!(write(Kind::Bandwidth, 50e9), "50GB/s");
        assert_eq!(write(Kind::Share, 0.9), "0.9");
        assert_eq!(range(&Limits::ISL), "1 to 16M tokens");
        assert_eq!(range(&Limits::TPOT), "1us to 3600s");
        assert_eq!(range(&Limits::HIT), "0 to 1");
        assert_eq!(range(&Limits::KWH), "0 to 10 $/kWh");
    }
}

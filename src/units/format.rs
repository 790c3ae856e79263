//! How quantities are written for people and read back: engineering units, true minus, no false precision.
//!
//! Rounding is decimal and exact (the digits come from the standard library's correctly rounded printer), so the same
//! number gives the same text on every machine. What [`Unit::format`] writes, [`Unit::parse`] reads.
//!
//! Lengths in tokens follow the field, where `8k` means 8192 and `128k` means 131,072; everything else counts in
//! thousands. So token counts have their own form, [`format_tokens`], which [`Unit::parse`] reads back exactly.

use std::error::Error;
use std::fmt;

use super::decimal::decimal;

/// What stands where a number is missing or is not a number.
pub const ABSENT: &str = "–";

/// The true minus sign, as wide as the plus.
const MINUS: char = '\u{2212}';

/// Between a number and its unit: a space at which no line breaks.
const UNIT_SPACE: char = '\u{a0}';

/// Between groups of three digits, as [`super::typed::echo`] has it.
const GROUP_MARK: char = ',';

/// Tokens in `1k`, as the field counts sequence lengths.
const TOKENS_PER_K: u64 = 1024;
/// Tokens in `1M`.
const TOKENS_PER_M: u64 = 1024 * 1024;

/// How many digits a number shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Precision {
    digits: u8,
    keep_zeros: bool,
}

impl Precision {
    /// Two significant digits: `1.2 ms`, `31 kW`.
    pub const SHORT: Self = Self { digits: 2, keep_zeros: false };
    /// Three significant digits without trailing zeros: `1.23 ms`, `4.8 TB/s`. The usual choice.
    pub const NORMAL: Self = Self { digits: 3, keep_zeros: false };
    /// Always three significant digits, so that a figure under a moving slider keeps its width: `1.20 ms`.
    pub const STEADY: Self = Self { digits: 3, keep_zeros: true };

    /// This many significant digits, at least one and at most fifteen, without trailing zeros.
    #[must_use]
    pub const fn digits(digits: u8) -> Self {
        let digits = if digits < 1 {
            1
        } else if digits > 15 {
            15
        } else {
            digits
        };
        Self { digits, keep_zeros: false }
    }
}

/// The unit a number is shown in. The number itself is in the base that the variant names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A bare number.
    #[default]
    Number,
    /// A count of things, exact as far as it is short: `64`, `12,000`, `1.2M`.
    Count,
    /// A number of parameters: `70B`, `671B`, `1.04T`.
    Parameters,
    /// A length in tokens, `8k` being 8192.
    Tokens,
    /// Time, in seconds: `340 µs`, `1.2 ms`, `0.9 s` as `900 ms`, `12 min`.
    Seconds,
    /// Tokens per second: `310 tok/s`, `12.3k tok/s`.
    TokensPerSecond,
    /// Tokens per second for one user (interactivity).
    TokensPerSecondPerUser,
    /// Tokens per second for one chip.
    TokensPerSecondPerChip,
    /// Tokens per second for one megawatt.
    TokensPerSecondPerMegawatt,
    /// Requests per second.
    RequestsPerSecond,
    /// US dollars: `$0.42`, `$1.2k`.
    Dollars,
    /// US dollars per hour.
    DollarsPerHour,
    /// US dollars per month.
    DollarsPerMonth,
    /// US dollars per million tokens.
    DollarsPerMillionTokens,
    /// Bytes, counted in thousands: `141 GB`.
    Bytes,
    /// Bytes per second: `4.8 TB/s`.
    BytesPerSecond,
    /// Floating-point operations.
    Flops,
    /// Floating-point operations per second: `989 TFLOP/s`.
    FlopsPerSecond,
    /// Arithmetic intensity, FLOP per byte.
    FlopsPerByte,
    /// Power: `31.2 kW`.
    Watts,
    /// Energy.
    Joules,
    /// Energy per token: `0.4 J/tok` as `400 mJ/tok`.
    JoulesPerToken,
    /// A share; 0.3 is written `30 %`.
    Percent,
    /// A ratio: `1.7×`.
    Ratio,
}

/// Where the prefix of a unit goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// No prefixes at all.
    None,
    /// On the number: `12.3k tok/s`.
    Number,
    /// On the unit: `12.3 kW`.
    Unit,
}

/// The parts of which a formatted quantity is put together.
struct Shape {
    before: &'static str,
    after: &'static str,
    /// What an axis says once in its title instead of on each tick; `after` is then left out there.
    note: &'static str,
    prefix: Prefix,
    /// The powers of thousand that occur, lowest and highest, as exponents of ten.
    span: (i32, i32),
}

/// The relative change from which on a factor is written.
const TENFOLD: f64 = 9.0;

/// The relative change below which there is none: what adding and fixed points leave of equal values.
const ROUNDING: f64 = 1e-9;

impl Unit {
    const fn shape(self) -> Shape {
        const fn shape(
            before: &'static str,
            after: &'static str,
            note: &'static str,
            prefix: Prefix,
            span: (i32, i32),
        ) -> Shape {
            Shape { before, after, note, prefix, span }
        }
        match self {
            Self::Number => shape("", "", "", Prefix::None, (0, 0)),
            Self::Count | Self::Parameters => shape("", "", "", Prefix::Number, (0, 12)),
            Self::Tokens => shape("", "", "tokens", Prefix::None, (0, 0)),
            Self::Seconds => shape("", "s", "", Prefix::Unit, (-9, 0)),
            Self::TokensPerSecond => shape("", "tok/s", "tok/s", Prefix::Number, (0, 12)),
            Self::TokensPerSecondPerUser => shape("", "tok/s/user", "tok/s/user", Prefix::Number, (0, 12)),
            Self::TokensPerSecondPerChip => shape("", "tok/s/chip", "tok/s/chip", Prefix::Number, (0, 12)),
            Self::TokensPerSecondPerMegawatt => shape("", "tok/s/MW", "tok/s/MW", Prefix::Number, (0, 12)),
            Self::RequestsPerSecond => shape("", "req/s", "req/s", Prefix::Number, (0, 12)),
            Self::Dollars => shape("$", "", "", Prefix::Number, (0, 12)),
            Self::DollarsPerHour => shape("$", "/h", "per hour", Prefix::Number, (0, 12)),
            Self::DollarsPerMonth => shape("$", "/month", "per month", Prefix::Number, (0, 12)),
            Self::DollarsPerMillionTokens => shape("$", "/Mtok", "per Mtok", Prefix::Number, (0, 12)),
            Self::Bytes => shape("", "B", "", Prefix::Unit, (0, 18)),
            Self::BytesPerSecond => shape("", "B/s", "", Prefix::Unit, (0, 18)),
            Self::Flops => shape("", "FLOP", "", Prefix::Unit, (0, 24)),
            Self::FlopsPerSecond => shape("", "FLOP/s", "", Prefix::Unit, (0, 24)),
            Self::FlopsPerByte => shape("", "FLOP/B", "FLOP/B", Prefix::None, (0, 0)),
            Self::Watts => shape("", "W", "", Prefix::Unit, (-3, 12)),
            Self::Joules => shape("", "J", "", Prefix::Unit, (-6, 12)),
            Self::JoulesPerToken => shape("", "J/tok", "", Prefix::Unit, (-6, 12)),
            Self::Percent => shape("", "%", "", Prefix::None, (0, 0)),
            Self::Ratio => shape("", "×", "", Prefix::None, (0, 0)),
        }
    }

    /// Whether ticks of this unit fall on powers of two.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Tokens)
    }

    /// What an axis in this unit adds to its title, if its ticks leave it out: `tok/s`, `per Mtok`.
    #[must_use]
    pub const fn axis_note(self) -> Option<&'static str> {
        let note = self.shape().note;
        if note.is_empty() { None } else { Some(note) }
    }

    /// The unit of the plain number, for machines: `s`, `tok/s`, `1` for a share. Empty where the number is bare or its
    /// unit stands in no file.
    #[must_use]
    pub const fn base(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Tokens => "tokens",
            Self::Bytes => "B",
            Self::TokensPerSecond => "tok/s",
            Self::TokensPerSecondPerUser => "tok/s/user",
            Self::TokensPerSecondPerChip => "tok/s/chip",
            Self::TokensPerSecondPerMegawatt => "tok/s/MW",
            Self::RequestsPerSecond => "req/s",
            Self::DollarsPerMillionTokens => "$/Mtok",
            Self::JoulesPerToken => "J/tok",
            Self::Percent => "1",
            _ => "",
        }
    }

    /// The value as a person reads it, with three significant digits: `1.23 ms`, `128k`, `$0.42`, `–` if it is not a
    /// number.
    #[must_use]
    pub fn format(self, value: f64) -> String {
        self.format_with(value, Precision::NORMAL)
    }

    /// The value with a chosen number of digits.
    #[must_use]
    pub fn format_with(self, value: f64, precision: Precision) -> String {
        match self {
            Self::Tokens => format_token_mean(value, precision),
            Self::Seconds if value.is_finite() && value.abs() >= 600.0 => format_long_time(value, precision),
            Self::Count if value.is_finite() && value.abs() < 99_999.5 && is_whole(value) => {
                signed(value < 0.0, &group(&format!("{:.0}", value.abs())))
            }
            _ => format_shape(&self.shape(), self, value, precision),
        }
    }

    /// The value with a sign that is always there, for differences: `+1.2 ms`, `−3 %`. Zero has none. From tenfold on a
    /// relative change is written as the factor it comes to, since nobody reads `+24,000 %`: `241×`.
    #[must_use]
    pub fn format_change(self, value: f64, precision: Precision) -> String {
        // Less than rounding makes of equal values is no change.
        let value = if self == Self::Percent && value.abs() < ROUNDING { 0.0 } else { value };
        if self == Self::Percent && value.is_finite() && value >= TENFOLD {
            return Self::Ratio.format_with(1.0 + value, precision);
        }
        let text = self.format_with(value, precision);
        if value > 0.0 { format!("+{text}") } else { text }
    }

    /// Labels for the ticks of one axis, which fit each other: on an evenly spaced axis all carry the same prefix and
    /// the same number of decimals; otherwise each its own. What [`Unit::axis_note`] says is left out.
    #[must_use]
    pub fn tick_labels(self, values: &[f64], even: bool) -> Vec<String> {
        let shape = self.shape();
        let after = if shape.note.is_empty() { shape.after } else { "" };
        let scale = if self == Self::Percent { 100.0 } else { 1.0 };
        let largest =
            values.iter().filter(|value| value.is_finite()).fold(0.0_f64, |max, v| max.max(v.abs()));
        let shift = prefix_power(largest, &shape, 15);
        // The fewest decimals that tell every tick apart from its rounded neighbours.
        let decimals = (0..=9)
            .find(|&decimals| {
                values.iter().all(|value| {
                    let scaled = value * scale * ten_to(-shift);
                    let unit = ten_to(-decimals);
                    (scaled / unit - libm::round(scaled / unit)).abs() < 1e-3
                })
            })
            .unwrap_or(9);
        let label = |&value: &f64| {
            if self == Self::Tokens {
                return format_token_mean(value, Precision::NORMAL);
            }
            if value == 0.0 {
                return format!("{}0", shape.before);
            }
            if even && largest * scale < 1e15 && shift.abs() <= 24 {
                let width = usize::try_from(decimals).unwrap_or(0);
                let digits = format!("{:.width$}", (value * scale * ten_to(-shift)).abs());
                // Only zeros: the tick is nought but for rounding in its making.
                let negative =
                    value < 0.0 && digits.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0');
                assemble(&shape, after, negative, &group(&digits), shift)
            } else {
                let tick = Shape { after, ..self.shape() };
                // A tick stands on a round number, so cents that say nothing are noise there.
                format_shape(&tick, self, value, Precision::NORMAL).replace(".00", "")
            }
        };
        values.iter().map(label).collect()
    }

    /// Reads a typed-in value into the base of this unit: `1.2k`, `70B`, `50 ms`, `340 µs`, `30%`, `$2.10/Mtok`,
    /// `4.8 TB/s`, `12 000`, `12_000`, `1,250.5`. `k` is a thousand, but 1024 tokens; `B` is a billion, but bytes where the
    /// unit is bytes; a bare number under [`Unit::Percent`] is a percentage.
    ///
    /// # Errors
    ///
    /// When the text is not a number with a known unit.
    pub fn parse(self, text: &str) -> Result<f64, ParseError> {
        match self {
            Self::Tokens => {
                let (number, unit) = split(text)?;
                let factor =
                    token_factor(&unit).ok_or_else(|| ParseError::UnknownUnit { unit: unit.clone() })?;
                finite(number.value()? * factor as f64, text)
            }
            Self::Percent => {
                let (number, unit) = split(text)?;
                if unit.is_empty() { finite(number.value()? / 100.0, text) } else { parse_with(text, self) }
            }
            _ => parse_with(text, self),
        }
    }

    /// Whether a unit that measures this may be typed where this one is asked for. A bare number may be anything.
    fn takes(self, measured: &str) -> bool {
        let own = match self {
            Self::Number => return true,
            Self::Seconds => "s",
            Self::Bytes | Self::BytesPerSecond => "B",
            Self::Watts => "W",
            Self::Joules | Self::JoulesPerToken => "J",
            Self::Flops | Self::FlopsPerSecond | Self::FlopsPerByte => "FLOP",
            Self::RequestsPerSecond => "req",
            Self::Tokens
            | Self::TokensPerSecond
            | Self::TokensPerSecondPerUser
            | Self::TokensPerSecondPerChip
            | Self::TokensPerSecondPerMegawatt => "tok",
            Self::Percent => "%",
            Self::Ratio => "x",
            Self::Count
            | Self::Parameters
            | Self::Dollars
            | Self::DollarsPerHour
            | Self::DollarsPerMonth
            | Self::DollarsPerMillionTokens => "",
        };
        measured.is_empty() || measured == own
    }
}

/// A number of tokens in the shortest exact form of the field: 8192 is `8k`, 131072 is `128k`, 1000 is `1000`.
#[must_use]
pub fn format_tokens(tokens: u64) -> String {
    if tokens > 0 && tokens.is_multiple_of(TOKENS_PER_M) {
        format!("{}M", tokens / TOKENS_PER_M)
    } else if tokens > 0 && tokens.is_multiple_of(TOKENS_PER_K) {
        format!("{}k", tokens / TOKENS_PER_K)
    } else {
        format!("{tokens}")
    }
}

/// A number in few digits that read back as the very same number, without grouping: for links and files.
#[must_use]
pub fn format_plain(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let plain = format!("{value}");
    // A few more characters are worth it: 0.009 is easier to edit by hand than 9e-3, which has the fewest there are.
    if plain.len() <= 6 {
        return plain;
    }
    let scientific = format!("{value:e}");
    if scientific.len() + 3 < plain.len() { scientific } else { plain }
}

/// Why a typed-in number was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// There is nothing to read.
    Empty,
    /// The text does not begin with a number, or the number is malformed.
    NotANumber {
        /// The text, cut short.
        text: String,
    },
    /// The number is followed by something that is no known unit.
    UnknownUnit {
        /// What follows the number.
        unit: String,
    },
    /// The number is too large, or negative where only counts make sense.
    OutOfRange {
        /// The text, cut short.
        text: String,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(out, "no number given"),
            Self::NotANumber { text } => write!(out, "“{text}” is not a number; write 8k, 1.5, 50 ms or 30%"),
            Self::UnknownUnit { unit } => {
                write!(out, "“{unit}” is not a unit known here; k, M, B, T, µs, ms, s, min, h, % and $ are")
            }
            Self::OutOfRange { text } => write!(out, "“{text}” is out of range"),
        }
    }
}

impl Error for ParseError {}

// Writing.

/// A positive number rounded to some significant digits: `digits[0].digits[1..] × 10^exponent`.
struct Rounded {
    digits: String,
    exponent: i32,
}

/// Rounds half to even on the exact decimal expansion; zero and what is not finite must be sorted out before.
fn round(value: f64, digits: u8) -> Rounded {
    let width = usize::from(digits.max(1)) - 1;
    let text = format!("{:.width$e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    Rounded {
        digits: mantissa.chars().filter(char::is_ascii_digit).collect(),
        exponent: exponent.parse().unwrap_or(0),
    }
}

/// The rounded number divided by `10^shift`, in plain decimals.
fn decimals(number: &Rounded, shift: i32, keep_zeros: bool) -> String {
    let point = number.exponent - shift + 1;
    let digits = &number.digits;
    let mut text = match usize::try_from(point) {
        Ok(before) if before >= digits.len() => format!("{digits}{}", "0".repeat(before - digits.len())),
        Ok(before) if before > 0 => {
            let (whole, fraction) = digits.split_at_checked(before).unwrap_or((digits, ""));
            format!("{whole}.{fraction}")
        }
        _ => format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
    };
    if !keep_zeros && text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    group(&text)
}

/// Thin spaces between the thousands of a whole part of five digits or more.
fn group(digits: &str) -> String {
    let whole = digits.split('.').next().map_or(0, str::len);
    let mut text = String::with_capacity(digits.len() + 8);
    for (index, digit) in digits.char_indices() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            text.push(GROUP_MARK);
        }
        text.push(digit);
    }
    text
}

fn signed(negative: bool, text: &str) -> String {
    if negative { format!("{MINUS}{text}") } else { text.to_owned() }
}

fn is_whole(value: f64) -> bool {
    value == libm::trunc(value)
}

/// A power of ten with an exact exponent; reading it rounds correctly where a product of tens would not.
fn ten_to(exponent: i32) -> f64 {
    decimal(&format!("1e{exponent}")).unwrap_or(1.0)
}

/// The power of thousand in which the value shows between 1 and 999 after rounding, within what the unit has.
fn prefix_power(value: f64, shape: &Shape, digits: u8) -> i32 {
    if shape.prefix == Prefix::None || value == 0.0 || !value.is_finite() {
        return 0;
    }
    (round(value, digits).exponent.div_euclid(3) * 3).clamp(shape.span.0, shape.span.1)
}

fn prefix_name(power: i32, shape: &Shape) -> &'static str {
    match (power, shape.prefix) {
        (-9, _) => "n",
        (-6, _) => "µ",
        (-3, _) => "m",
        (3, _) => "k",
        (6, _) => "M",
        (9, Prefix::Unit) => "G",
        // Counts and money go in billions.
        (9, _) => "B",
        (12, _) => "T",
        (15, _) => "P",
        (18, _) => "E",
        (21, _) => "Z",
        (24, _) => "Y",
        _ => "",
    }
}

fn assemble(shape: &Shape, after: &str, negative: bool, digits: &str, power: i32) -> String {
    let sign = if negative { String::from(MINUS) } else { String::new() };
    let prefix = prefix_name(power, shape);
    let before = shape.before;
    // `$2/h`, `1.7×` and `$1.2k/Mtok` close up, words and symbols of units stand apart.
    let closed = after.is_empty() || after.starts_with('/') || after == "×";
    match shape.prefix {
        Prefix::Unit => format!("{sign}{before}{digits}{UNIT_SPACE}{prefix}{after}"),
        _ if closed => format!("{sign}{before}{digits}{prefix}{after}"),
        _ => format!("{sign}{before}{digits}{prefix}{UNIT_SPACE}{after}"),
    }
}

fn format_shape(shape: &Shape, unit: Unit, value: f64, precision: Precision) -> String {
    if value.is_nan() {
        return ABSENT.to_owned();
    }
    let negative = value < 0.0;
    if value.is_infinite() {
        return signed(negative, "∞");
    }
    let value = if unit == Unit::Percent { value * 100.0 } else { value };
    if value == 0.0 || !value.is_finite() {
        let digits = if value == 0.0 { "0" } else { "∞" };
        return assemble(shape, shape.after, negative && value != 0.0, digits, 0);
    }
    let mut number = round(value, precision.digits);
    // Cents are written out as long as they matter, and no finer.
    let dollars = shape.before == "$";
    let cents = dollars && precision.digits >= 3 && (0.0995..99.995).contains(&value.abs());
    if cents {
        let text = format!("{:.2}", value.abs());
        return assemble(shape, shape.after, negative, &text, 0);
    }
    if dollars && value.abs() < 0.1 {
        number = round(value, precision.digits.min(2));
    }
    let power = prefix_power(value, shape, precision.digits);
    let place = number.exponent - power;
    // Six places either way are still read at a glance; beyond them an exponent is clearer.
    if !(-6..=8).contains(&place) {
        let mantissa = decimals(&number, number.exponent, precision.keep_zeros);
        let exponent = number.exponent - power;
        let exponent = signed(exponent < 0, &exponent.unsigned_abs().to_string());
        return assemble(shape, shape.after, negative, &format!("{mantissa}e{exponent}"), power);
    }
    assemble(shape, shape.after, negative, &decimals(&number, power, precision.keep_zeros), power)
}

/// Minutes, hours and days, where seconds would be long numbers.
fn format_long_time(seconds: f64, precision: Precision) -> String {
    let (factor, unit) = match seconds.abs() {
        time if time < 7_200.0 => (60.0, "min"),
        time if time < 172_800.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    let shape = Shape { before: "", after: unit, note: "", prefix: Prefix::None, span: (0, 0) };
    format_shape(&shape, Unit::Number, seconds / factor, precision)
}

/// Whole numbers of tokens are exact; a mean is rounded.
fn format_token_mean(value: f64, precision: Precision) -> String {
    if !value.is_finite() || !is_whole(value) || value.abs() >= 9_007_199_254_740_992.0 {
        return format_shape(&Unit::Number.shape(), Unit::Number, value, precision);
    }
    let tokens = value.abs() as u64;
    let text =
        if tokens.is_multiple_of(TOKENS_PER_K) { format_tokens(tokens) } else { group(&tokens.to_string()) };
    signed(value < 0.0, &text)
}

// Reading.

/// A number as typed, without sign and separators.
struct Typed {
    negative: bool,
    digits: String,
}

impl Typed {
    fn value(&self) -> Result<f64, ParseError> {
        let value =
            decimal(&self.digits).ok_or_else(|| ParseError::NotANumber { text: clip(&self.digits) })?;
        Ok(if self.negative && value != 0.0 { -value } else { value })
    }
}

/// Enough of a text to recognise it in a message.
fn clip(text: &str) -> String {
    excerpt(text.trim(), 24)
}

/// At most so many characters of a foreign text, for a message: without anything that could upset a terminal or turn the
/// words around it.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let plain = |symbol: char| {
        let turns = matches!(symbol, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if symbol.is_control() || turns { char::REPLACEMENT_CHARACTER } else { symbol }
    };
    let mut short: String = text.chars().take(most).map(plain).collect();
    if text.chars().count() > most {
        short.push('…');
    }
    short
}

/// Splits a text into its number and its unit, the unit without spaces.
fn split(text: &str) -> Result<(Typed, String), ParseError> {
    let not_a_number = || ParseError::NotANumber { text: clip(text) };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(ParseError::Empty);
    }
    let mut negative = false;
    let mut signs = 0;
    let mut dollars = 0;
    loop {
        let Some(first) = rest.chars().next() else { return Err(not_a_number()) };
        match first {
            '-' | '+' | MINUS => {
                negative = first != '+';
                signs += 1;
            }
            '$' => dollars += 1,
            _ => break,
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default().trim_start();
    }
    if signs > 1 || dollars > 1 {
        return Err(not_a_number());
    }

    let mut digits = String::new();
    let mut end = 0;
    // A separator counts only between digits; a comma or a space only before exactly three of them.
    let mut strict_group: Option<usize> = None;
    let mut fraction = false;
    for (index, symbol) in rest.char_indices() {
        let followed = rest
            .get(index + symbol.len_utf8()..)
            .is_some_and(|tail| tail.starts_with(|next: char| next.is_ascii_digit()));
        match symbol {
            '0'..='9' => {
                digits.push(symbol);
                if let Some(count) = &mut strict_group {
                    *count += 1;
                }
            }
            '.' if !fraction => {
                fraction = true;
                if strict_group.is_some_and(|count| count != 3) {
                    return Err(not_a_number());
                }
                strict_group = None;
                digits.push('.');
            }
            '_' if followed && !digits.is_empty() => {}
            separator
                if (separator == ',' || separator.is_whitespace())
                    && followed
                    && !digits.is_empty()
                    && !fraction =>
            {
                if strict_group.is_some_and(|count| count != 3) {
                    return Err(not_a_number());
                }
                strict_group = Some(0);
            }
            'e' | 'E' if !digits.is_empty() => {
                // An exponent only if digits follow; otherwise the letter belongs to the unit.
                let tail = rest.get(index + 1..).unwrap_or_default();
                let (sign, tail) = match tail.chars().next() {
                    Some('-' | MINUS) => ("-", tail.trim_start_matches(['-', MINUS])),
                    Some('+') => ("", tail.trim_start_matches('+')),
                    _ => ("", tail),
                };
                let exponent: String = tail.chars().take_while(char::is_ascii_digit).collect();
                if exponent.is_empty() {
                    break;
                }
                digits.push('e');
                digits.push_str(sign);
                digits.push_str(&exponent);
                end = rest.len() - tail.len() + exponent.len();
                break;
            }
            _ => break,
        }
        end = index + symbol.len_utf8();
    }
    if strict_group.is_some_and(|count| count != 3) || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number());
    }
    let unit = rest.get(end..).unwrap_or_default().chars().filter(|symbol| !symbol.is_whitespace()).collect();
    Ok((Typed { negative, digits }, unit))
}

fn token_factor(unit: &str) -> Option<u64> {
    let unit = unit.strip_suffix("tokens").or_else(|| unit.strip_suffix("tok")).unwrap_or(unit);
    match unit {
        "" => Some(1),
        "k" | "K" => Some(TOKENS_PER_K),
        "m" | "M" => Some(TOKENS_PER_M),
        _ => None,
    }
}

fn parse_with(text: &str, wanted: Unit) -> Result<f64, ParseError> {
    let (number, unit) = split(text)?;
    let bytes = matches!(wanted, Unit::Bytes | Unit::BytesPerSecond);
    let factor = unit_factor(&unit, bytes).filter(|_| wanted.takes(measured(&unit, bytes)));
    let factor = factor.ok_or_else(|| ParseError::UnknownUnit { unit: clip(&unit) })?;
    let value = number.value()?;
    // Dividing by an exact power of ten rounds once, where multiplying by its inverse would round twice.
    finite(if factor < 1.0 { value / libm::round(1.0 / factor) } else { value * factor }, text)
}

fn finite(value: f64, text: &str) -> Result<f64, ParseError> {
    if value.is_finite() { Ok(value) } else { Err(ParseError::OutOfRange { text: clip(text) }) }
}

/// What a unit that has a worth measures, as the name of its base; nothing where it only counts.
fn measured(unit: &str, bytes: bool) -> &'static str {
    match unit.split('/').next().unwrap_or_default() {
        "%" => "%",
        "x" | "×" => "x",
        "s" | "sec" | "ms" | "us" | "µs" | "μs" | "ns" | "min" | "h" | "hr" | "d" => "s",
        "B" if !bytes => "",
        head if head.ends_with(['B', 'b']) && head != "b" => "B",
        head if head.ends_with('W') => "W",
        head if head.ends_with('J') => "J",
        head if head.ends_with("tok") || head.ends_with("tokens") => "tok",
        head if head.ends_with("req") => "req",
        head if head.contains("FLOP") => "FLOP",
        _ => "",
    }
}

/// What a unit is worth in its base; denominators only say what is counted and change nothing.
fn unit_factor(unit: &str, bytes: bool) -> Option<f64> {
    let mut parts = unit.split('/');
    let head = parts.next().unwrap_or_default();
    let known = |part: &str| {
        matches!(
            part,
            "s" | "h"
                | "hr"
                | "hour"
                | "month"
                | "user"
                | "chip"
                | "GPU"
                | "tok"
                | "token"
                | "Mtok"
                | "B"
                | "byte"
                | "MW"
        )
    };
    if !parts.all(known) {
        return None;
    }
    let exact = match head {
        "" | "x" | "×" => Some(1.0),
        "%" => Some(0.01),
        "s" | "sec" => Some(1.0),
        "ms" => Some(1e-3),
        "us" | "µs" | "μs" => Some(1e-6),
        "ns" => Some(1e-9),
        "min" => Some(60.0),
        "h" | "hr" => Some(3_600.0),
        "d" => Some(86_400.0),
        "b" | "B" | "bn" if !bytes => Some(1e9),
        "KiB" => Some(1024.0),
        "MiB" => Some(1024.0 * 1024.0),
        "GiB" => Some(1024.0 * 1024.0 * 1024.0),
        "TiB" => Some(1024.0 * 1024.0 * 1024.0 * 1024.0),
        _ => None,
    };
    if exact.is_some() {
        return exact;
    }
    let name = ["tokens", "tok", "req", "FLOPS", "FLOPs", "FLOP", "B", "W", "J"]
        .into_iter()
        .find(|name| head.ends_with(name))
        .unwrap_or_default();
    let prefix = head.get(..head.len() - name.len()).unwrap_or_default();
    match prefix {
        "" => Some(1.0),
        "n" if !name.is_empty() => Some(1e-9),
        "u" | "µ" | "μ" if !name.is_empty() => Some(1e-6),
        "m" if !name.is_empty() => Some(1e-3),
        "k" | "K" => Some(1e3),
        "M" => Some(1e6),
        "G" => Some(1e9),
        "B" if !name.is_empty() => Some(1e9),
        "T" => Some(1e12),
        "P" => Some(1e15),
        "E" => Some(1e18),
        "Z" => Some(1e21),
        "Y" => Some(1e24),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Readable expectations: plain spaces for the special ones.
    fn plain(text: &str) -> String {
        text.replace(UNIT_SPACE, " ")
    }

    #[track_caller]
    fn check(unit: Unit, value: f64, expect: &str) {
        assert_eq!(plain(&unit.format(value)), expect);
    }

    #[test]
    fn quantities_read_as_an_engineer_writes_them() {
        check(Unit::Seconds, 0.0012, "1.2 ms");
        check(Unit::Seconds, 0.000_34, "340 µs");
        check(Unit::Seconds, 0.9, "900 ms");
        check(Unit::Seconds, 1.234, "1.23 s");
        check(Unit::Seconds, 12e-9, "12 ns");
        check(Unit::Seconds, 900.0, "15 min");
        check(Unit::Seconds, 86_400.0, "24 h");
        check(Unit::Tokens, 131_072.0, "128k");
        check(Unit::Tokens, 12_000.0, "12,000");
        check(Unit::Tokens, 1000.0, "1,000");
        check(Unit::Tokens, 812.25, "812");
        check(Unit::Dollars, 0.42, "$0.42");
        check(Unit::Dollars, 1200.0, "$1.2k");
        check(Unit::Dollars, 0.0423, "$0.042");
        check(Unit::Dollars, 3e9, "$3B");
        check(Unit::DollarsPerMillionTokens, 2.1, "$2.10/Mtok");
        check(Unit::DollarsPerHour, 98.0, "$98.00/h");
        check(Unit::DollarsPerHour, 980.0, "$980/h");
        check(Unit::Watts, 31_200.0, "31.2 kW");
        check(Unit::BytesPerSecond, 4.8e12, "4.8 TB/s");
        check(Unit::Bytes, 141e9, "141 GB");
        check(Unit::TokensPerSecond, 310.0, "310 tok/s");
        check(Unit::TokensPerSecond, 12_345.0, "12.3k tok/s");
        check(Unit::FlopsPerSecond, 989e12, "989 TFLOP/s");
        check(Unit::JoulesPerToken, 0.4, "400 mJ/tok");
        check(Unit::Percent, 0.3, "30 %");
        check(Unit::Ratio, 1.7, "1.7×");
        check(Unit::Parameters, 70.6e9, "70.6B");
        check(Unit::Parameters, 1.04e12, "1.04T");
        check(Unit::Count, 64.0, "64");
        check(Unit::Count, 12_345.0, "12,345");
        check(Unit::Count, 1_234_567.0, "1.23M");
        check(Unit::Number, 12_345.6, "12,300");
        check(Unit::Number, 1.5e-9, "1.5e−9");
    }

    #[test]
    fn rounding_carries_into_the_next_prefix() {
        check(Unit::Seconds, 0.999_6, "1 s");
        check(Unit::Seconds, 0.000_999_6, "1 ms");
        check(Unit::TokensPerSecond, 999.7, "1k tok/s");
        check(Unit::Dollars, 99.996, "$100");
    }

    #[test]
    fn odd_values_have_a_face() {
        check(Unit::Seconds, f64::NAN, "–");
        check(Unit::Seconds, f64::INFINITY, "∞");
        check(Unit::Seconds, f64::NEG_INFINITY, "−∞");
        check(Unit::Seconds, 0.0, "0 s");
        check(Unit::Seconds, -0.0, "0 s");
        check(Unit::Count, -0.0, "0");
        check(Unit::Tokens, -0.0, "0");
        check(Unit::Tokens, f64::NAN, "–");
        check(Unit::Percent, -0.03, "−3 %");
        check(Unit::Dollars, -1.5, "−$1.50");
        assert_eq!(plain(&Unit::Percent.format_change(0.03, Precision::NORMAL)), "+3 %");
        assert_eq!(plain(&Unit::Percent.format_change(-2.1e-13, Precision::SHORT)), "0 %");
        assert_eq!(plain(&Unit::Percent.format_change(8.9, Precision::SHORT)), "+890 %");
        assert_eq!(plain(&Unit::Percent.format_change(9.0, Precision::SHORT)), "10×");
        assert_eq!(plain(&Unit::Percent.format_change(239.0, Precision::SHORT)), "240×");
        assert_eq!(plain(&Unit::Seconds.format_change(-0.002, Precision::SHORT)), "−2 ms");
        assert_eq!(plain(&Unit::Seconds.format_change(0.0, Precision::SHORT)), "0 s");
    }

    #[test]
    fn precision_is_chosen() {
        assert_eq!(plain(&Unit::Seconds.format_with(0.001_234_5, Precision::SHORT)), "1.2 ms");
        assert_eq!(plain(&Unit::Seconds.format_with(0.001_2, Precision::STEADY)), "1.20 ms");
        assert_eq!(plain(&Unit::Seconds.format_with(0.001_234_5, Precision::digits(4))), "1.234 ms");
    }

    #[test]
    fn ticks_of_one_axis_fit_each_other() {
        #[track_caller]
        fn check(unit: Unit, values: &[f64], even: bool, expect: &[&str]) {
            let labels: Vec<String> =
                unit.tick_labels(values, even).iter().map(|label| plain(label)).collect();
            assert_eq!(labels, expect);
        }
        check(Unit::Seconds, &[0.0, 0.05, 0.1], true, &["0", "50 ms", "100 ms"]);
        check(Unit::Seconds, &[0.0, 0.5, 1.0, 1.5], true, &["0", "0.5 s", "1.0 s", "1.5 s"]);
        check(Unit::Seconds, &[0.000_1, 0.001, 0.01], false, &["100 µs", "1 ms", "10 ms"]);
        check(Unit::Seconds, &[10.0, 100.0, 1000.0], false, &["10 s", "100 s", "1,000 s"]);
        check(Unit::TokensPerSecond, &[0.0, 500.0, 1000.0], true, &["0", "0.5k", "1.0k"]);
        check(Unit::Percent, &[0.0, 0.5, 1.0], true, &["0", "50 %", "100 %"]);
        check(Unit::Tokens, &[1024.0, 131_072.0, 1_048_576.0], false, &["1k", "128k", "1M"]);
        check(Unit::DollarsPerMillionTokens, &[0.1, 1.0, 10.0], false, &["$0.10", "$1", "$10"]);
        check(Unit::Number, &[-1.0, -0.5, 0.0, 0.5], true, &["−1.0", "−0.5", "0", "0.5"]);
    }

    #[test]
    fn typed_values_are_understood() {
        #[track_caller]
        fn check(text: &str, expect: f64) {
            assert_eq!(Unit::Number.parse(text), Ok(expect), "{text}");
        }
        check("128k", 128_000.0);
        check("1.5", 1.5);
        check(" 50 ms ", 0.05);
        check("340µs", 340e-6);
        check("340 μs", 340e-6);
        check("340us", 340e-6);
        check("2s", 2.0);
        check("30%", 0.3);
        check("$2.10/Mtok", 2.1);
        check("−$1.5k", -1500.0);
        check("-3", -3.0);
        check("70B", 70e9);
        check("1T", 1e12);
        check("4.8 TB/s", 4.8e12);
        check("31.2 kW", 31_200.0);
        check("12 000", 12_000.0);
        check("12,000.5", 12_000.5);
        check("12_000", 12_000.0);
        check("12.3k tok/s", 12_300.0);
        check("1e-3", 0.001);
        check("2e3 ms", 2.0);
        check("1.7×", 1.7);
        check(".5", 0.5);
        check("15 min", 900.0);
        check("80 GiB", 80.0 * 1_073_741_824.0);
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        // What measures something else is no unit of this.
        for (unit, text) in [
            (Unit::Watts, "1GB"),
            (Unit::Watts, "3 s"),
            (Unit::Seconds, "5 W"),
            (Unit::Bytes, "2 ms"),
            (Unit::Joules, "1 kW"),
            (Unit::RequestsPerSecond, "40 tok/s"),
            (Unit::DollarsPerMonth, "20 GB"),
            (Unit::Parameters, "70 GB"),
        ] {
            assert!(matches!(unit.parse(text), Err(ParseError::UnknownUnit { .. })), "{unit:?}: {text}");
        }
        assert_eq!(Unit::Number.parse("  "), Err(ParseError::Empty));
        assert!(matches!(Unit::Number.parse("abc"), Err(ParseError::NotANumber { .. })));
        assert!(matches!(Unit::Number.parse("--3"), Err(ParseError::NotANumber { .. })));
        assert!(matches!(Unit::Number.parse("1,5"), Err(ParseError::NotANumber { .. })));
        assert!(matches!(Unit::Number.parse("12 34"), Err(ParseError::NotANumber { .. })));
        assert!(matches!(Unit::Number.parse("3 parsec"), Err(ParseError::UnknownUnit { .. })));
        assert!(matches!(Unit::Number.parse("1.2.3"), Err(ParseError::UnknownUnit { .. })));
        assert!(matches!(Unit::Number.parse("1e999"), Err(ParseError::OutOfRange { .. })));
        assert!(matches!(Unit::Number.parse("NaN"), Err(ParseError::NotANumber { .. })));
        assert!(Unit::Number.parse("3 parsec").is_err_and(|error| error.to_string().contains("parsec")));
    }

    #[test]
    fn tokens_count_as_the_field_does() {
        for (tokens, text) in
            [(8192, "8k"), (131_072, "128k"), (1000, "1000"), (12_000, "12000"), (1_048_576, "1M"), (0, "0")]
        {
            assert_eq!(format_tokens(tokens), text);
            assert_eq!(Unit::Tokens.parse(text), Ok(tokens as f64));
        }
        assert_eq!(Unit::Tokens.parse("1.5k"), Ok(1536.0));
        assert_eq!(Unit::Tokens.parse("128K tokens"), Ok(131_072.0));
        assert_eq!(Unit::Tokens.parse("12 000"), Ok(12_000.0));
        assert_eq!(Unit::Tokens.parse("8k"), Ok(8192.0));
        assert_eq!(Unit::Bytes.parse("512 B"), Ok(512.0));
        assert_eq!(Unit::Watts.parse("2 MW"), Ok(2e6));
        assert_eq!(Unit::Watts.parse("2M"), Ok(2e6));
        assert_eq!(Unit::Parameters.parse("70B"), Ok(70e9));
        assert_eq!(Unit::Percent.parse("30"), Ok(0.3));
    }

    #[test]
    fn plain_numbers_are_short_and_exact() {
        assert_eq!(format_plain(0.1), "0.1");
        assert_eq!(format_plain(-0.0), "0");
        assert_eq!(format_plain(1e21), "1e21");
        assert_eq!(format_plain(1500.0), "1500");
        assert_eq!(format_plain(0.009), "0.009");
        assert_eq!(format_plain(1e-7), "1e-7");
    }

    proptest! {
        #[test]
        fn token_counts_come_back_exactly(tokens in any::<u64>(), small in 0..5_000_000_u64, k in 0..4096_u64) {
            for tokens in [tokens, small, k * 1024, k * 1_048_576] {
                prop_assert_eq!(Unit::Tokens.parse(&format_tokens(tokens)), Ok(tokens as f64));
            }
        }

        #[test]
        fn plain_numbers_come_back_exactly(value in any::<f64>()) {
            let value = if value.is_finite() { value } else { 0.0 };
            prop_assert_eq!(format_plain(value).parse::<f64>(), Ok(value));
            prop_assert_eq!(Unit::Number.parse(&format_plain(value)), Ok(value));
        }

        #[test]
        fn what_is_written_is_read(
            unit in prop::sample::select(&ALL_UNITS), mantissa in 1.0..10.0_f64, exponent in -5..12_i32,
            negative in any::<bool>(), digits in 2..6_u8,
        ) {
            let value = mantissa * ten_to(exponent) * if negative { -1.0 } else { 1.0 };
            let text = unit.format_with(value, Precision::digits(digits));
            let back = unit.parse(&text);
            let error = back.clone().map(|back| (back - value).abs() / value.abs());
            // Small money is cut to two digits.
            prop_assert!(error.is_ok_and(|error| error <= 0.051), "{value} → {text} → {back:?}");
        }

        #[test]
        fn any_text_and_any_number_are_survived(text in ".{0,24}", value in any::<f64>()) {
            let _ = (Unit::Number.parse(&text), Unit::Tokens.parse(&text), Unit::Number.parse(&format!("{value}{text}")));
            for unit in ALL_UNITS {
                let text = unit.format(value);
                prop_assert!(!text.contains("NaN") && !text.starts_with("-") && text != "−0", "{text}");
                let _ = unit.tick_labels(&[value, -value, 0.0], true);
            }
        }
    }

    const ALL_UNITS: [Unit; 24] = [
        Unit::Number,
        Unit::Count,
        Unit::Parameters,
        Unit::Tokens,
        Unit::Seconds,
        Unit::TokensPerSecond,
        Unit::TokensPerSecondPerUser,
        Unit::TokensPerSecondPerChip,
        Unit::TokensPerSecondPerMegawatt,
        Unit::RequestsPerSecond,
        Unit::Dollars,
        Unit::DollarsPerHour,
        Unit::DollarsPerMonth,
        Unit::DollarsPerMillionTokens,
        Unit::Bytes,
        Unit::BytesPerSecond,
        Unit::Flops,
        Unit::FlopsPerSecond,
        Unit::FlopsPerByte,
        Unit::Watts,
        Unit::Joules,
        Unit::JoulesPerToken,
        Unit::Percent,
        Unit::Ratio,
    ];
}

//! What a person types into a field of the page: understood, or asked about.
//!
//! Links are strict ([`super::format::Unit::parse`] and the codec of links): a number without its unit has one meaning there.
//! A field knows what it asks, so that more can be understood: `50` of a time per token means milliseconds, `20 tok/s` is
//! 50 ms, `0.9` of a share 90 %, `70` of parameters 70B. A text that can mean several things, such as `1.000` of a rate, has
//! several meanings, and the field asks which. `k` is 1,024 in lengths, as in links, and 1,000 elsewhere.

use super::decimal::decimal;
use super::format::{Precision, Unit, excerpt};
use super::limits::Limits;

/// Meanings that a text may have, the likeliest first; never empty.
pub type Meanings = Vec<f64>;

/// Longest text that is shown in a message.
const EXCERPT: usize = 24;

/// Times that are usual in a field, by its key: a number without a unit that lies in this range in one unit only is read
/// in it. From a token in half a millisecond to one in a second; a first token from 20 ms to a minute.
const USUAL: [(&str, f64, f64); 3] = [("tpot", 5e-4, 1.0), ("ttft", 0.02, 60.0), ("link", 5e-7, 1e-3)];

/// Reads a text as a number in the base of the unit, within the limits.
///
/// ```
/// use tandem::units::format::Unit;
/// use tandem::units::limits::Limits;
/// use tandem::units::typed::read;
///
/// let tpot = Limits { field: "tpot", low: 1e-6, high: 3600.0, unit: "s" };
/// assert_eq!(read(Unit::Seconds, tpot, "50"), Ok(vec![0.05]));
/// assert_eq!(read(Unit::Seconds, tpot, "20 tok/s"), Ok(vec![0.05]));
/// let rate = Limits { field: "rate", low: 1e-4, high: 1e6, unit: "req/s" };
/// assert_eq!(read(Unit::RequestsPerSecond, rate, "1.000"), Ok(vec![1.0, 1000.0]));
/// ```
///
/// # Errors
/// What is wrong with it and what would be right, as a phrase that begins with a capital.
pub fn read(unit: Unit, limits: Limits, text: &str) -> Result<Meanings, String> {
    let found = meanings(unit, limits, text).ok_or_else(|| {
        format!("“{}” is not understood. {}", excerpt(text.trim(), EXCERPT), expected(unit, limits))
    })?;
    let mut admitted: Meanings = Vec::new();
    for &value in &found {
        if limits.admit(value).is_ok() && !admitted.contains(&value) {
            admitted.push(value);
        }
    }
    match found.first() {
        Some(&first) if admitted.is_empty() => {
            Err(format!("{} is outside {}", echo(unit, limits, first), range(unit, limits)))
        }
        _ => Ok(admitted),
    }
}

/// What a field understood, in full: `8,192 tokens`, `40 req/s`, `50 ms (20 tok/s)`, `64 users`.
#[must_use]
pub fn echo(unit: Unit, limits: Limits, value: f64) -> String {
    match unit {
        Unit::Tokens | Unit::Count => {
            let noun = if unit == Unit::Tokens { "tokens" } else { limits.unit };
            let noun = if value == 1.0 { noun.strip_suffix('s').unwrap_or(noun) } else { noun };
            format!("{} {noun}", grouped(value)).trim_end().to_owned()
        }
        Unit::BytesPerSecond => {
            let bits = unit.format(value * 8.0).replace("B/s", "b/s");
            format!("{} ({bits})", unit.format(value))
        }
        Unit::Seconds if limits.field == "tpot" && value > 0.0 => {
            let speed = Unit::TokensPerSecond.format_with(1.0 / value, Precision::NORMAL);
            format!("{} ({speed})", unit.format(value))
        }
        _ => unit.format(value),
    }
}

/// From the lowest to the highest value of a field.
#[must_use]
pub fn range(unit: Unit, limits: Limits) -> String {
    format!("{} to {}", unit.format(limits.low), unit.format(limits.high))
}

/// What to type, for a person who typed something else.
fn expected(unit: Unit, limits: Limits) -> String {
    let like = match unit {
        Unit::Tokens => "a length, for example 8k or 1500".to_owned(),
        Unit::Count if limits.unit.is_empty() => "a number, for example 64".to_owned(),
        Unit::Count => format!("a number of {}, for example 64", limits.unit),
        Unit::Seconds if limits.field == "tpot" => {
            "a time or a speed, for example 50 ms or 20 tok/s".to_owned()
        }
        Unit::Seconds => "a time, for example 500 ms or 2 s".to_owned(),
        Unit::RequestsPerSecond => "requests per second, for example 40".to_owned(),
        Unit::Percent => "a share, for example 90 % or 0.9".to_owned(),
        Unit::Parameters => "a size, for example 70B".to_owned(),
        Unit::BytesPerSecond => "a bandwidth, for example 50 GB/s or 400 Gb/s".to_owned(),
        Unit::Dollars | Unit::DollarsPerHour | Unit::DollarsPerMonth => {
            "dollars, for example 2.50".to_owned()
        }
        _ => "a number, for example 1.5".to_owned(),
    };
    format!("Enter {like} ({})", range(unit, limits))
}

/// Everything that the text may mean, whether or not the field admits it.
fn meanings(unit: Unit, limits: Limits, text: &str) -> Option<Meanings> {
    let text = text.trim().trim_start_matches(['≤', '<', '=', '~', '≈', '×']).trim_start();
    let (number, rest) = split(text)?;
    let words = plain(rest);
    let scaled =
        words.chars().next().is_some_and(|first| "kmbtg%".contains(first)) && !words.starts_with("ms");
    let whole = matches!(unit, Unit::Tokens | Unit::Count);
    let numbers = numbers(number, whole, scaled)?;
    let mut all = Vec::new();
    for number in numbers {
        all.extend(match unit {
            Unit::Seconds => times(limits, number, &words)?,
            Unit::Tokens => {
                vec![number * scale(nameless(&words, &["tokens", "token", "toks", "tok"]), 1024.0)?]
            }
            Unit::Count => vec![number * scale(nameless(&words, nouns(limits)), 1000.0)?],
            Unit::RequestsPerSecond => vec![number * per_second(&words)?],
            Unit::Percent => shares(number, &words)?,
            Unit::Parameters => sizes(limits, number, &words)?,
            Unit::BytesPerSecond => bandwidths(limits, number, rest)?,
            Unit::Dollars | Unit::DollarsPerHour | Unit::DollarsPerMonth => vec![number * dollars(&words)?],
            _ => vec![other(unit, number, rest)?],
        });
    }
    Some(all)
}

/// The digits with what separates them, and what follows.
fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$').unwrap_or(text).trim_start();
    let mut end = 0;
    for (at, symbol) in text.char_indices() {
        let after = text.get(at + symbol.len_utf8()..).unwrap_or_default();
        let digit_next = after.starts_with(|next: char| next.is_ascii_digit());
        let part = match symbol {
            '0'..='9' => true,
            '.' => digit_next || end > 0,
            ',' | '_' | '\'' | '’' => digit_next && end > 0,
            'e' | 'E' => {
                let power = after.trim_start_matches(['-', '+', '\u{2212}']);
                end > 0 && power.starts_with(|next: char| next.is_ascii_digit())
            }
            '-' | '+' | '\u{2212}' => at == 0 || text.get(..at).is_some_and(|own| own.ends_with(['e', 'E'])),
            // Only before three digits: what comes after other blanks is a unit.
            blank if blank.is_whitespace() => {
                let three = after.chars().take_while(char::is_ascii_digit).count() == 3;
                end > 0 && three
            }
            _ => false,
        };
        if !part {
            break;
        }
        end = at + symbol.len_utf8();
    }
    text.split_at_checked(end).filter(|(number, _)| number.bytes().any(|own| own.is_ascii_digit()))
}

/// A unit in small letters, without blanks and with `per` as a stroke.
fn plain(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let text = words
        .iter()
        .map(|word| if word == "per" || word == "a" { "/" } else { word.as_str() })
        .collect::<String>();
    text.trim_end_matches('.')
        .replace("//", "/")
        .replace("second", "sec")
        .replace("hour", "h")
        .replace("minute", "min")
}

/// What the digits may be. A dot or comma before three digits may group them; before others, or after a zero, it stands
/// before a fraction. Of things that are counted there is no thousandth, and a number with a prefix (`1.000k`) has a fraction.
fn numbers(text: &str, whole: bool, scaled: bool) -> Option<Vec<f64>> {
    let text = text.replace('\u{2212}', "-");
    let (mantissa, power) = text.split_at(text.find(['e', 'E']).unwrap_or(text.len()));
    let grouping = |symbol: char| symbol.is_whitespace() || matches!(symbol, '_' | '\'' | '’');
    if mantissa
        .split(grouping)
        .skip(1)
        .any(|part| part.split(['.', ',']).next().is_none_or(|own| own.len() != 3))
    {
        return None;
    }
    let digits: String = mantissa.chars().filter(|&symbol| !grouping(symbol)).collect();
    let read = |digits: &str| decimal(&format!("{digits}{power}"));
    let marks: Vec<(usize, char)> =
        digits.char_indices().filter(|(_, own)| matches!(own, '.' | ',')).collect();
    let fraction = |at: usize| {
        let (before, after) = digits.split_at(at);
        read(&format!("{}.{}", before.replace(['.', ','], ""), &after[1..]))
    };
    let without = || read(&digits.replace(['.', ','], ""));
    let head = digits.split(['.', ',']).next().unwrap_or_default();
    let triples = (1..=3).contains(&head.trim_start_matches(['-', '+']).len())
        && digits.split(['.', ',']).skip(1).all(|part| part.len() == 3);
    match marks[..] {
        [] => Some(vec![read(&digits)?]),
        [(at, mark)] => {
            let grouped = triples && head.trim_start_matches(['-', '+']) != "0" && power.is_empty();
            Some(match mark {
                _ if !grouped || scaled => vec![fraction(at)?],
                ',' => vec![without()?],
                _ if whole => vec![without()?],
                _ => vec![fraction(at)?, without()?],
            })
        }
        // Several of one kind group; of two kinds the last stands before the fraction.
        [.., (at, mark)] => {
            if marks.iter().all(|own| own.1 == mark) {
                return Some(vec![triples.then(without)??]);
            }
            let last_alone = marks.iter().filter(|own| own.1 == mark).count() == 1;
            let groups = digits.get(..at)?.split(['.', ',']).skip(1).all(|part| part.len() == 3);
            Some(vec![(last_alone && groups).then(|| fraction(at))??])
        }
    }
}

/// What a time may be: in its unit, as the time of a token at a speed, or without a unit as is usual in the field.
fn times(limits: Limits, number: f64, words: &str) -> Option<Vec<f64>> {
    let paced = limits.field == "tpot";
    let tokens = ["tokens", "token", "toks", "tok", "t"];
    let per_token = tokens.iter().find_map(|name| words.strip_suffix(&format!("/{name}")));
    let words = if paced { per_token.unwrap_or(words) } else { words };
    let speed = words.trim_end_matches("/user");
    let speeds = ["/s", "/sec", "ps"];
    let is_speed =
        tokens.iter().any(|name| speed.strip_prefix(name).is_some_and(|own| speeds.contains(&own)));
    if paced && is_speed {
        return (number > 0.0).then(|| vec![1.0 / number]);
    }
    if words.is_empty() {
        return Some(bare_time(limits, number));
    }
    // Dividing by a power of ten rounds once, where multiplying by its inverse would round twice.
    Some(vec![match words {
        "ns" => number / 1e9,
        "us" | "µs" | "μs" | "microsec" | "microsecs" | "microsecond" | "microseconds" => number / 1e6,
        "ms" | "msec" | "msecs" | "millisec" | "millisecs" | "millisecond" | "milliseconds" => number / 1e3,
        "s" | "sec" | "secs" | "second" | "seconds" => number,
        "m" | "min" | "mins" => number * 60.0,
        "h" | "hr" | "hrs" | "hs" => number * 3_600.0,
        "d" | "day" | "days" => number * 86_400.0,
        _ => return None,
    }])
}

/// A time without a unit: in whichever is usual, or in seconds where nothing is usual or the number is zero.
fn bare_time(limits: Limits, number: f64) -> Vec<f64> {
    let Some((_, low, high)) = USUAL.iter().find(|own| own.0 == limits.field) else { return vec![number] };
    let all = [number, number / 1e3];
    let those = |holds: &dyn Fn(f64) -> bool| all.into_iter().filter(|time| holds(*time)).collect::<Vec<_>>();
    [those(&|time| (*low..*high).contains(&time)), those(&|time| limits.admit(time).is_ok())]
        .into_iter()
        .find(|own| !own.is_empty())
        .unwrap_or_else(|| vec![number])
}

/// A share: a number below one as it is, above one in percent. One may be either.
fn shares(number: f64, words: &str) -> Option<Vec<f64>> {
    Some(match words {
        "%" | "percent" | "pct" => vec![number / 100.0],
        "" if number == 1.0 => vec![1.0, 0.01],
        "" if number.abs() < 1.0 => vec![number],
        "" => vec![number / 100.0],
        _ => return None,
    })
}

/// A number of parameters: without a unit in billions, unless it is as large as a model already.
fn sizes(limits: Limits, number: f64, words: &str) -> Option<Vec<f64>> {
    let words = nameless(words, &["parameters", "params", "parameter", "param"]);
    Some(vec![match words {
        "" if number >= limits.low => number,
        "" | "b" | "bn" | "billion" | "g" => number * 1e9,
        "k" => number * 1e3,
        "m" | "mn" | "million" => number * 1e6,
        "t" | "tn" | "trillion" => number * 1e12,
        _ => return None,
    }])
}

/// What a rate of requests is worth per second: `rps`, `req/s`, `k/min`, `M requests/day`.
fn per_second(words: &str) -> Option<f64> {
    let over = |unit: &str| match unit {
        "s" | "sec" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" | "hr" => Some(3_600.0),
        "d" | "day" => Some(86_400.0),
        _ => None,
    };
    let (count, time) = match words.split_once('/') {
        Some((count, unit)) => (count, over(unit)?),
        // `rps` and its kin: the letter at the end is the time.
        None if ["rps", "qps", "rpm", "qpm", "rph", "rpd", "hz"].iter().any(|own| words.ends_with(own)) => {
            let (count, unit) = words.split_at(words.len() - if words.ends_with("hz") { 2 } else { 3 });
            (count, if unit == "hz" { 1.0 } else { over(unit.trim_start_matches(['r', 'q', 'p']))? })
        }
        None => (words, 1.0),
    };
    let names = ["requests", "request", "reqs", "req", "queries", "query", "calls", "r", "q"];
    Some(scale(nameless(count, &names), 1000.0)? / time)
}

/// What dollars may be said per; the field says what it means.
fn dollars(words: &str) -> Option<f64> {
    let words = words.trim_start_matches("usd").trim_start_matches("dollars").trim_start_matches("dollar");
    let mut parts = words.split('/');
    let factor = scale(parts.next().unwrap_or_default().trim_start_matches('$'), 1000.0)?;
    let known =
        ["", "h", "hr", "gpu", "chip", "card", "month", "mo", "kwh", "mtok", "gpuh", "gpu-h", "chip-h"];
    parts.all(|part| known.contains(&part)).then_some(factor)
}

/// What a bandwidth may be: in its unit; `400G` as networks are sold, in bits, or in bytes; and so a number without a unit
/// that is far too small to be bytes.
fn bandwidths(limits: Limits, number: f64, rest: &str) -> Option<Vec<f64>> {
    let rest: String = rest.chars().filter(|own| !own.is_whitespace()).collect();
    let bytes = match &*rest {
        "M" | "m" => 1e6,
        "G" | "g" => 1e9,
        "T" | "t" => 1e12,
        "" if number < limits.low => 1e9,
        _ => return Some(vec![bits(number, &rest).or_else(|| other(Unit::BytesPerSecond, number, &rest))?]),
    };
    Some(vec![number * bytes / 8.0, number * bytes])
}

/// Bits per second, whose `b` is small.
fn bits(number: f64, rest: &str) -> Option<f64> {
    let bits = ["bit/s", "b/s", "bps"].iter().find_map(|end| rest.strip_suffix(end))?;
    let prefix = match bits {
        "M" | "m" => 1e6,
        "G" | "g" => 1e9,
        "T" | "t" => 1e12,
        _ => return None,
    };
    Some(number * prefix / 8.0)
}

/// As the unit itself reads what follows a number.
fn other(unit: Unit, number: f64, rest: &str) -> Option<f64> {
    unit.parse(&format!("{number}{rest}")).ok()
}

/// The word of a prefix without the noun behind it.
fn nameless<'a>(words: &'a str, nouns: &[&str]) -> &'a str {
    nouns.iter().find_map(|noun| words.strip_suffix(noun)).unwrap_or(words)
}

/// What the things of a field may be called.
fn nouns(limits: Limits) -> &'static [&'static str] {
    match limits.unit {
        "users" | "concurrent requests" => &[
            "users",
            "user",
            "concurrentrequests",
            "concurrentusers",
            "concurrent",
            "requests",
            "request",
            "sessions",
        ],
        "chips" => &[
            "chips",
            "chip",
            "gpus",
            "gpu",
            "cards",
            "card",
            "accelerators",
            "tpus",
            "npus",
            "lpus",
            "x",
            "×",
        ],
        "replicas" => &["replicas", "replica"],
        _ => &["requests", "sequences", "seqs", "tokens", "experts", "x", "×"],
    }
}

/// What a prefix multiplies by.
fn scale(prefix: &str, thousand: f64) -> Option<f64> {
    match prefix {
        "" => Some(1.0),
        "k" | "thousand" => Some(thousand),
        "m" | "mn" | "million" => Some(thousand * thousand),
        _ => None,
    }
}

/// With commas between the thousands, as prose has them.
fn grouped(value: f64) -> String {
    if !value.is_finite() || value != libm::trunc(value) || value.abs() >= 1e15 {
        return Unit::Number.format(value);
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + 4);
    if value < 0.0 {
        text.push('\u{2212}');
    }
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn limits(field: &'static str, low: f64, high: f64, unit: &'static str) -> Limits {
        Limits { field, low, high, unit }
    }

    const TPOT: Limits = limits("tpot", 1e-6, 3600.0, "s");
    const TTFT: Limits = limits("ttft", 1e-4, 86_400.0, "s");
    const ISL: Limits = limits("isl", 1.0, 16_777_216.0, "tokens");
    const USERS: Limits = limits("concurrency", 1.0, 1e6, "users");
    const CHIPS: Limits = limits("chips", 1.0, 100_000.0, "chips");
    const RATE: Limits = limits("rate", 1e-4, 1e6, "req/s");
    const HIT: Limits = limits("hit", 0.0, 1.0, "");
    const UTIL: Limits = limits("util", 0.05, 1.0, "");
    const SIZE: Limits = limits("size", 1e9, 2e12, "parameters");
    const RENT: Limits = limits("rent", 0.0, 1e6, "$/h");
    const LINK: Limits = limits("link", 1e6, 1e14, "B/s");

    #[track_caller]
    fn means(unit: Unit, limits: Limits, text: &str, expect: &[f64]) {
        assert_eq!(read(unit, limits, text).as_deref(), Ok(expect), "{text}");
    }

    #[test]
    fn times_are_understood_by_what_is_usual() {
        for text in [
            "50",
            "50ms",
            "50 ms",
            "0.05",
            "0.05 s",
            "0,05 s",
            "20 tok/s",
            "20 tok/s/user",
            "20 tps",
            "20 t/s",
            "20 tokens per second",
            "≤ 50 ms",
            "50 msec",
            "50 ms/token",
            "50 milliseconds",
        ] {
            means(Unit::Seconds, TPOT, text, &[0.05]);
        }
        means(Unit::Seconds, TPOT, "1", &[1e-3]);
        means(Unit::Seconds, TPOT, "0.9", &[0.9, 9e-4]);
        means(Unit::Seconds, TPOT, "2 s", &[2.0]);
        for text in ["2", "2s", "2 s", "2000", "2,000 ms", "2 sec", "2 seconds", "2.0"] {
            means(Unit::Seconds, TTFT, text, &[2.0]);
        }
        means(Unit::Seconds, TTFT, "0.5", &[0.5]);
        means(Unit::Seconds, TTFT, "500", &[0.5]);
        means(Unit::Seconds, TTFT, "50", &[50.0, 0.05]);
        means(Unit::Seconds, TTFT, "3 min", &[180.0]);
        for text in ["20 tok/s", "fast", "2 parsec", "", "ms", "2 GB", "0 tok/s"] {
            assert!(read(Unit::Seconds, TTFT, text).is_err(), "{text}");
        }
        assert!(read(Unit::Seconds, TPOT, "0 tok/s").is_err());
    }

    #[test]
    fn thousands_are_understood_or_asked() {
        for text in
            ["1000", "1,000", "1.000", "1 000", "1\u{202f}000", "1'000", "1_000", "1e3", "1k users", "1K"]
        {
            means(Unit::Count, USERS, text, &[1000.0]);
        }
        for text in ["1000", "1,000", "1.000", "1 000 tokens"] {
            means(Unit::Tokens, ISL, text, &[1000.0]);
        }
        means(Unit::RequestsPerSecond, RATE, "1,000", &[1000.0]);
        means(Unit::RequestsPerSecond, RATE, "1.000", &[1.0, 1000.0]);
        means(Unit::RequestsPerSecond, RATE, "0.125", &[0.125]);
        means(Unit::RequestsPerSecond, RATE, "0,5", &[0.5]);
        means(Unit::RequestsPerSecond, RATE, "1.5", &[1.5]);
        means(Unit::RequestsPerSecond, RATE, "1.000,5", &[1000.5]);
        means(Unit::RequestsPerSecond, RATE, "1,000.5", &[1000.5]);
        means(Unit::Count, USERS, "1.000.000", &[1e6]);
        means(Unit::Tokens, ISL, "1.500k", &[1536.0]);
        for text in ["1,00,0", "1.2.3", "12 34", "1..5", "1,5.2,3", "--3", "NaN", "1e999"] {
            assert!(read(Unit::RequestsPerSecond, RATE, text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_field_knows_its_own_words() {
        for text in ["8k", "8 k", "8192", "8,192", "8K tokens", "8.192", "8k tok"] {
            means(Unit::Tokens, ISL, text, &[8192.0]);
        }
        for text in [
            "40",
            "40 rps",
            "40 req/s",
            "40 qps",
            "40/s",
            "40 requests per second",
            "2400/min",
            "2.4k rpm",
            "144k requests/hour",
            "3.456M per day",
        ] {
            means(Unit::RequestsPerSecond, RATE, text, &[40.0]);
        }
        for text in ["8", "8 chips", "8 GPUs", "8x", "8 ×", "8 cards"] {
            means(Unit::Count, CHIPS, text, &[8.0]);
        }
        for text in ["90", "90%", "90 %", "0.9", "0,9", ".9", "90 percent"] {
            means(Unit::Percent, HIT, text, &[0.9]);
        }
        means(Unit::Percent, HIT, "1", &[1.0, 0.01]);
        means(Unit::Percent, UTIL, "1", &[1.0]);
        means(Unit::Percent, HIT, "0", &[0.0]);
        means(Unit::Percent, HIT, "0.5 %", &[0.005]);
        for text in ["70", "70B", "70b", "70 billion", "70e9", "0.07T", "70000M", "70 B params"] {
            means(Unit::Parameters, SIZE, text, &[70e9]);
        }
        for text in ["2.5", "$2.50", "2,50", "2.50/h", "$2.50 per hour", "2.5 $/GPU/h", "2.5 USD"] {
            means(Unit::DollarsPerHour, RENT, text, &[2.5]);
        }
        means(Unit::BytesPerSecond, LINK, "400 Gb/s", &[50e9]);
        means(Unit::BytesPerSecond, LINK, "50 GB/s", &[50e9]);
        means(Unit::BytesPerSecond, LINK, "400G", &[50e9, 400e9]);
        means(Unit::BytesPerSecond, LINK, "400", &[50e9, 400e9]);
        means(Unit::BytesPerSecond, LINK, "50e9", &[50e9]);
        assert!(read(Unit::RequestsPerSecond, RATE, "40 tok/s").is_err());
        assert!(read(Unit::Count, CHIPS, "8 users").is_err());
    }

    #[test]
    fn what_was_understood_is_said() {
        let says = |unit: Unit, limits, value| echo(unit, limits, value).replace('\u{a0}', " ");
        assert_eq!(says(Unit::Tokens, ISL, 8192.0), "8,192 tokens");
        assert_eq!(says(Unit::Count, USERS, 1.0), "1 user");
        assert_eq!(says(Unit::Count, USERS, 1.5), "1.5 users");
        assert_eq!(says(Unit::RequestsPerSecond, RATE, 40.0), "40 req/s");
        assert_eq!(says(Unit::Seconds, TPOT, 0.05), "50 ms (20 tok/s)");
        assert_eq!(says(Unit::Seconds, TTFT, 2.0), "2 s");
        assert_eq!(says(Unit::Percent, HIT, 0.9), "90 %");
        assert_eq!(says(Unit::Parameters, SIZE, 70e9), "70B");
        assert_eq!(says(Unit::BytesPerSecond, LINK, 50e9), "50 GB/s (400 Gb/s)");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_right() {
        let wrong = |unit, limits, text| read(unit, limits, text).unwrap_err().replace('\u{a0}', " ");
        assert_eq!(
            wrong(Unit::RequestsPerSecond, RATE, "many"),
            "“many” is not understood. Enter requests per second, for example 40 (0.0001 req/s to 1M req/s)"
        );
        assert_eq!(wrong(Unit::Percent, HIT, "150"), "150 % is outside 0 % to 100 %");
        assert!(wrong(Unit::Seconds, TPOT, "2 GB").contains("50 ms or 20 tok/s"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_what_is_read_is_admitted(text in ".{0,24}|[0-9.,' k%/a-z]{0,12}") {
            let fields = [(Unit::Seconds, TPOT), (Unit::Seconds, TTFT), (Unit::Tokens, ISL), (Unit::Count, USERS),
                (Unit::RequestsPerSecond, RATE), (Unit::Percent, HIT), (Unit::Parameters, SIZE), (Unit::DollarsPerHour, RENT),
                (Unit::BytesPerSecond, LINK)];
            for (unit, limits) in fields {
                if let Ok(all) = read(unit, limits, &text) {
                    prop_assert!(!all.is_empty() && all.iter().all(|value| limits.admit(*value).is_ok()), "{text}");
                }
            }
        }

        #[test]
        fn what_a_field_shows_it_reads_back(exponent in -3.0..5.0_f64) {
            let value = libm::exp10(exponent);
            for (unit, limits) in [(Unit::Seconds, TTFT), (Unit::Count, USERS), (Unit::RequestsPerSecond, RATE)] {
                if limits.admit(value).is_err() { continue }
                let shown = unit.format(value);
                let back = read(unit, limits, &shown);
                // Beyond three digits it is rounded.
                prop_assert!(back.as_ref().is_ok_and(|all| all.iter().any(|own| (own / value - 1.0).abs() < 0.006)),
                    "{shown} {back:?}");
            }
        }
    }
}

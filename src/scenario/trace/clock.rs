//! Times of day in traces: `2023-11-16 18:17:03.9799600`, also with `T` between and a zone behind.

/// Days from 1970-01-01 to a date of the Gregorian calendar, years counted from March so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A time of day as whole seconds since 1970 and a fraction of a second.
pub(super) fn parse(text: &str) -> Option<(i64, f64)> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut parts = date.splitn(3, '-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (time, zone) = zone(time.trim())?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute, second) = (number(parts.next()?)?, number(parts.next()?)?, parts.next()?);
    let (whole, fraction) = second.split_once('.').unwrap_or((second, ""));
    let fraction = match fraction {
        "" => 0.0,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => format!("0.{digits}").parse().ok()?,
        _ => return None,
    };
    let whole = number(whole)?;
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&whole);
    valid.then(|| (days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + whole - zone, fraction))
}

/// A time without its zone, and how many seconds that zone is ahead of UTC.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':').unwrap_or((zone.get(1..)?, "0"));
    Some((time, sign * (number(hours)? * 3600 + number(minutes)? * 60)))
}

/// A number of digits alone.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_count_from_1970() {
        assert_eq!(parse("1970-01-01 00:00:00"), Some((0, 0.0)));
        assert_eq!(parse("2023-11-16 18:17:03.9799600"), Some((1_700_158_623, 0.979_96)));
        assert_eq!(parse("2024-05-10T00:00:00.009930+00:00"), Some((1_715_299_200, 0.009_93)));
        assert_eq!(parse("2024-02-29 12:00:00Z"), Some((1_709_208_000, 0.0)));
        assert_eq!(parse("2024-03-01 00:00:00-08:00"), Some((1_709_280_000, 0.0)));
        assert_eq!(parse("2000-03-01 00:00:00").map(|(seconds, _)| seconds % 86_400), Some(0));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2023-11-16",
            "18:17:03",
            "2023-13-01 00:00:00",
            "2023-11-16 25:00:00",
            "2023-11-16 1:2:x",
            "a b",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

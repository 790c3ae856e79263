//! How old the prices of the catalogue are today. A price that is too old is told of here and in CI, and stops no build:
//! nobody who wants to change a chart has to look up rents first.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use toml::{Table, Value};
use walkdir::WalkDir;

/// Days from the beginning of the year 0 to the beginning of 1970, in years that begin in March.
const EPOCH: i64 = 719_468;
/// Seconds of a day.
const DAY: u64 = 86_400;

/// A row that should be looked at.
struct Old {
    /// File and row.
    place: String,
    /// Its date.
    date: String,
    /// What is the matter.
    what: String,
}

/// Prints every price that is older than `stale_days` of `data/prices.toml` today, and every offer that has ended.
pub fn tell(root: &Path) -> Result<()> {
    let today = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / DAY)? + EPOCH;
    let (rows, old) = old(root, today)?;
    for Old { place, date, what } in &old {
        println!("{place}: {what} ({date})");
    }
    println!("{rows} prices, {} to look at", old.len());
    Ok(())
}

/// How many prices there are, and those to look at on a day.
fn old(root: &Path, today: i64) -> Result<(usize, Vec<Old>)> {
    let data = root.join("data");
    let prices = read(&data.join("prices.toml"))?;
    let most = prices.get("stale_days").and_then(Value::as_integer).context("stale_days is missing")?;
    let (mut rows, mut old) = (0, Vec::new());
    let mut look = |place: String, row: &Table| {
        rows += 1;
        let date = text(row, "as_of");
        match days(date).map(|then| today - then) {
            Some(age) if age > most => {
                old.push(Old {
                    place: place.clone(),
                    date: date.to_owned(),
                    what: format!("{age} days old"),
                });
            }
            Some(_) => {}
            None => old.push(Old { place: place.clone(), date: date.to_owned(), what: "no date".to_owned() }),
        }
        let end = text(row, "withdrawn");
        if days(end).is_some_and(|end| end <= today) {
            old.push(Old { place, date: end.to_owned(), what: "withdrawn".to_owned() });
        }
    };
    for entry in WalkDir::new(data.join("chips")).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let chip = read(entry.path())?;
        let Some(price) = chip.get("price").and_then(Value::as_table) else { continue };
        if price.contains_key("capex_USD") {
            look(format!("chips/{name}: purchase"), price);
        }
        for row in tables(price.get("per_hour")) {
            look(format!("chips/{name}: {}, {}", text(row, "basis"), text(row, "provider")), row);
        }
    }
    for row in tables(prices.get("api")) {
        look(format!("prices.toml: {} by {}", text(row, "name"), text(row, "provider")), row);
    }
    Ok((rows, old))
}

fn read(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

fn tables(rows: Option<&Value>) -> impl Iterator<Item = &Table> {
    rows.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Days to a date, as `src/catalog/schema/checks.rs` counts them: a month without a day counts to its end.
fn days(date: &str) -> Option<i64> {
    let parts: Vec<i64> = date.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (year, month, day) = match parts[..] {
        [year, month] => (year, month, 31),
        [year, month, day] => (year, month, day),
        _ => return None,
    };
    let year = year - i64::from(month < 3);
    let month = (month + 9) % 12;
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(days("1970-01-01"), Some(EPOCH));
        assert_eq!(days("2026-11-30").zip(days("2026-06-03")).map(|(a, b)| a - b), Some(180));
        assert_eq!(days("2024-03-01").zip(days("2024-02-28")).map(|(a, b)| a - b), Some(2));
        assert_eq!(days("2026-07"), days("2026-07-31"));
        assert_eq!(days("soon"), None);
    }

    #[test]
    fn what_is_old_grows_with_the_day() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
        let on = |day: &str| old(root, days(day).unwrap_or_default()).map(|(rows, old)| (rows, old.len()));
        let ((rows, now), (_, later)) = (on("2026-11-30").unwrap(), on("2036-11-30").unwrap());
        assert!(rows > 100 && now < rows, "{now} of {rows}");
        assert!(later >= rows, "everything is old after ten years");
        let (_, told) = old(root, days("2026-11-30").unwrap()).unwrap();
        assert!(told.iter().any(|own| own.place.starts_with("chips/h800.toml: market")));
    }
}

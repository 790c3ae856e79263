//! Counts tests out of the summaries that `cargo test` and `node --test` print.

use std::fmt;
use std::ops::{Add, AddAssign};

/// How many tests passed, failed, or were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Tally {
    /// Reads a line of `cargo test`: `test result: ok. 12 passed; 0 failed; 1 ignored; …`. Other lines count nothing.
    pub fn of_cargo(line: &str) -> Self {
        let Some((_, counts)) = line.split_once("test result: ") else { return Self::default() };
        let count = |what: &str| {
            counts
                .split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
                .unwrap_or(0)
        };
        Self { passed: count("passed"), failed: count("failed"), skipped: count("ignored") }
    }

    /// Reads a line of the summary of `node --test`: `ℹ pass 12`. Other lines count nothing.
    pub fn of_node(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let (Some("ℹ" | "#"), Some(what), Some(count), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Self::default();
        };
        let count = count.parse().unwrap_or(0);
        match what {
            "pass" => Self { passed: count, ..Self::default() },
            "fail" | "cancelled" => Self { failed: count, ..Self::default() },
            "skipped" | "todo" => Self { skipped: count, ..Self::default() },
            _ => Self::default(),
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn reads_the_summary_of_cargo() {
        let line =
            "test result: ok. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.03s";
        assert_eq!(Tally::of_cargo(line), Tally { passed: 12, failed: 3, skipped: 1 });
        assert_eq!(Tally::of_cargo("test units::adds ... ok"), Tally::default());
    }

    #[test]
    fn reads_the_summary_of_node() {
        assert_eq!(Tally::of_node("ℹ pass 5"), Tally { passed: 5, ..Tally::default() });
        assert_eq!(Tally::of_node("# fail 2"), Tally { failed: 2, ..Tally::default() });
        assert_eq!(Tally::of_node("ℹ duration_ms 12.5"), Tally::default());
        assert_eq!(Tally::of_node("✔ pass 5 balls"), Tally::default());
    }
}

//! Fields of a line between page and worker: numbers as Rust writes them, which reads back to the same bits.

use crate::units::decimal::decimal;

/// The fields of a line, taken one after another.
#[derive(Clone, Debug)]
pub struct Fields<'a>(std::str::Split<'a, char>);

impl<'a> Fields<'a> {
    /// The fields of a line.
    #[must_use]
    pub fn of(line: &'a str) -> Self {
        Self(line.split('\t'))
    }

    /// The next field as text.
    pub fn text(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    /// The next field as a number.
    pub fn number(&mut self) -> Option<f64> {
        decimal(self.text()?)
    }

    /// All fields that are left, as numbers; what is none ends them.
    pub fn numbers(&mut self) -> Vec<f64> {
        std::iter::from_fn(|| self.number()).collect()
    }

    /// The next field as a flag.
    pub fn flag(&mut self) -> Option<bool> {
        Some(self.text()? == "1")
    }
}

/// A line being written.
#[derive(Clone, Debug, Default)]
pub struct Line(String);

impl Line {
    /// Adds text, whose tabs and line breaks become spaces.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.part();
        self.0.extend(text.chars().map(|own| if matches!(own, '\t' | '\n' | '\r') { ' ' } else { own }));
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(mut self, number: f64) -> Self {
        self.part();
        self.0 += &number.to_string();
        self
    }

    /// Adds a flag.
    #[must_use]
    pub fn flag(self, flag: bool) -> Self {
        self.text(if flag { "1" } else { "0" })
    }

    /// The line with its end.
    #[must_use]
    pub fn end(mut self) -> String {
        self.0.push('\n');
        self.0
    }

    fn part(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\t');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let line = Line::default().number(0.1 + 0.2).flag(true).text("a\tb\nc").number(-1e-300).end();
        let mut fields = Fields::of(line.trim_end());
        assert_eq!(fields.number(), Some(0.1 + 0.2));
        assert_eq!(fields.flag(), Some(true));
        assert_eq!(fields.text(), Some("a b c"));
        assert_eq!(fields.number(), Some(-1e-300));
        assert_eq!(fields.text(), None);
    }
}

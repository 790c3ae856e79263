//! Tables: without comments, and but for those that are read by their header at run time, with only the columns that the
//! library reads.

use std::fmt::Write as _;

use crate::Build;
use crate::catalog::chip::ChipClass;
use crate::catalog::columns::{NAMED_ROWS, NamedRows, Power, TABLES, Table, WITH_HEADER};
use crate::catalog::engine::Engine;

/// The cells of a file, its header first.
type Lines = Vec<Vec<String>>;

impl Build {
    /// Writes all tables. Chips that they name must be in the catalogue.
    pub fn tables(&mut self, chips: &[&str]) {
        for Table { file, columns } in TABLES {
            let rows = self.columns(file, columns);
            if let Some(column) = columns.iter().position(|name| *name == "chip") {
                for chip in rows.iter().map(|row| &row[column]) {
                    if chip != "*" && !chips.contains(&&**chip) {
                        self.wrong(file, &format!("`chip = {chip}` is not in chips/"));
                    }
                }
            }
            let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
            self.write(file, text);
        }
        for table in NAMED_ROWS {
            self.named_rows(&table);
        }
        self.engines();
        self.power(chips);
        for file in WITH_HEADER {
            let text = self.text(file).unwrap_or_default();
            let text: String =
                text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
            self.write(file, text);
        }
    }

    /// Every engine that is fitted has a row for each generation of silicon that a chip may be of, and the others one of any.
    fn engines(&mut self) {
        let rows = self.columns("engines.csv", &["engine", "generation"]);
        let mut generations: Vec<String> =
            self.columns("families.csv", &["generation"]).into_iter().flatten().collect();
        generations.push("any".to_owned());
        generations.sort();
        generations.dedup();
        for engine in Engine::ALL {
            let fitted = Engine::FITTED.contains(&engine);
            let engine = engine.id();
            for generation in generations.iter().filter(|own| fitted || *own == "any") {
                let found = rows.iter().filter(|row| row[0] == engine && row[1] == *generation).count();
                if found != 1 {
                    let what = format!(
                        "{found} rows for engine `{engine}`, generation `{generation}`: one is needed"
                    );
                    self.wrong("engines.csv", &what);
                }
            }
        }
    }

    /// Every class of chips has a row of what it draws, and no row more than a chip can.
    fn power(&mut self, chips: &[&str]) {
        let generations: Vec<String> =
            self.columns("families.csv", &["generation"]).into_iter().flatten().collect();
        let rows = self.columns("power.csv", &Power::NAMES);
        for class in ChipClass::ALL.map(ChipClass::id) {
            if !rows.iter().any(|row| row[Power::silicon as usize] == class) {
                self.wrong("power.csv", &format!("no row for chips of class `{class}`"));
            }
        }
        for row in rows {
            let silicon = &row[Power::silicon as usize];
            let known = chips.contains(&&**silicon)
                || generations.contains(silicon)
                || ChipClass::from_id(silicon).is_some();
            if !known {
                self.wrong("power.csv", &format!("`{silicon}` is no chip, generation or class"));
            }
            let number = |column: Power| row[column as usize].parse::<f64>().unwrap_or(f64::NAN);
            let within = |column: Power, low: f64, high: f64| (low..=high).contains(&number(column));
            let sound = within(Power::idle, 0.01, 0.9)
                && number(Power::idle) + number(Power::awake) <= 1.0
                && within(Power::awake, 0.0, 1.0)
                && within(Power::compute, 0.0, 3.0)
                && within(Power::bend, 0.3, 1.0)
                && within(Power::memory, 0.0, 1.0)
                && within(Power::held, number(Power::idle), 0.9)
                && within(Power::knee, 0.3, 1.0)
                && within(Power::slowest, 0.01, number(Power::knee))
                && within(Power::low, 0.3, 1.0)
                && within(Power::high, 1.0, 3.0);
            if !sound {
                self.wrong("power.csv", &format!("the row `{silicon}` has shares that can't be"));
            }
        }
    }

    /// Writes each row as a constant of its numbers, called after its names.
    fn named_rows(&mut self, table: &NamedRows) {
        let NamedRows { file, names, numbers } = *table;
        let columns: Vec<&str> = names.iter().chain(numbers).copied().collect();
        let mut code = String::new();
        for row in self.columns(file, &columns) {
            let (own, cells) = row.split_at(names.len());
            let symbol = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
            let name: String = own.join("_").to_uppercase().chars().map(symbol).collect();
            let mut values = Vec::new();
            for (column, cell) in numbers.iter().zip(cells) {
                match cell.parse::<f64>() {
                    Ok(value) if value.is_finite() => values.push(value),
                    _ => self.wrong(file, &format!("`{column} = {cell}` of {} is no number", own.join(" "))),
                }
            }
            // A fitted number may come near one of mathematics.
            let _ = writeln!(
                code,
                "#[allow(clippy::approx_constant, reason = \"a fitted number\")]\npub static {name}: [f64; {}] = {values:?};",
                numbers.len()
            );
        }
        self.write(&file.replace(".csv", ".rs"), code);
    }

    /// The cells of these columns in all rows of a table; a row that lacks one is left out and told of.
    fn columns(&mut self, file: &str, columns: &[&str]) -> Lines {
        let mut lines = self.lines(file).into_iter();
        let header = lines.next().unwrap_or_default();
        let mut places = Vec::new();
        for column in columns {
            match header.iter().position(|name| name == column) {
                Some(place) => places.push(place),
                None => self.wrong(file, &format!("no column is called `{column}`")),
            }
        }
        let mut rows = Vec::new();
        for line in lines {
            match places.iter().map(|place| line.get(*place).cloned()).collect() {
                Some(row) => rows.push(row),
                None => self.wrong(file, &format!("the row `{}` is too short", line.join(","))),
            }
        }
        if places.len() == columns.len() { rows } else { Lines::new() }
    }

    /// The cells of all lines but comments.
    fn lines(&mut self, file: &str) -> Lines {
        let text = self.text(&format!("constants/{file}")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        lines.map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect()
    }

    fn wrong(&mut self, file: &str, what: &str) {
        self.problems.push(format!("data/constants/{file}: {what}"));
    }
}

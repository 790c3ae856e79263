//! Names of functions: which of the page's are cold, and short ones for what modules share.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The list of cold ones, from the top of the repository.
pub const LIST: &str = "tools/xtask/cold.txt";

/// A function of the page.
pub struct Function {
    pub name: String,
    pub bytes: usize,
}

/// Which functions are cold, by their names.
pub struct Names {
    whole: BTreeSet<String>,
    starts: Vec<String>,
}

impl Names {
    /// The list of the repository.
    pub fn read(root: &Path) -> Result<Self> {
        Ok(Self::of(&fs::read_to_string(root.join(LIST)).context(LIST)?))
    }

    pub fn of(list: &str) -> Self {
        let lines = || list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let starts = lines().filter_map(|line| line.strip_suffix('*')).map(str::to_owned).collect();
        Self { whole: lines().map(str::to_owned).collect(), starts }
    }

    pub fn has(&self, name: &str) -> bool {
        self.whole.contains(name) || self.starts.iter().any(|start| name.starts_with(start))
    }
}

/// The shortest names there are, one after another.
pub fn brief(mut number: usize) -> String {
    let mut name = String::from("_");
    loop {
        name.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return name;
        }
    }
}

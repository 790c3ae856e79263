//! Finds words that are known to be wrong, as the program `typos` does, with its dictionary and its configuration:
//! in code, documentation and public texts. Run by `cargo xtask check`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use typos::tokens::{Case, Identifier, TokenizerBuilder, Word};
use typos::{Dictionary, Status};
use unicase::UniCase;
use walkdir::WalkDir;

/// What is left out, as `typos` reads it too.
const CONFIGURATION: &str = "typos.toml";

/// Below this many files the check must have looked in the wrong place.
const FEWEST: usize = 100;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    match check(root) {
        Ok(found) if found.is_empty() => ExitCode::SUCCESS,
        Ok(found) => {
            eprintln!("{}\nWhat is meant so stands in {CONFIGURATION}.", found.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("spelling: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is wrong in the texts under a folder, a line each.
fn check(root: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(CONFIGURATION)).context(CONFIGURATION)?;
    let rules = Rules::read(&text).context(CONFIGURATION)?;
    let files = rules.files(root)?;
    if files.len() < FEWEST {
        bail!("only {} files under {}", files.len(), root.display());
    }
    let mut found = Vec::new();
    for file in files {
        // What is no text has no words.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        found.extend(rules.wrong(&text).into_iter().map(|(line, what)| format!("{name}:{line}: {what}")));
    }
    Ok(found)
}

/// What the configuration says.
struct Rules {
    /// Folders, with a slash at the end, and names of files.
    excluded: Vec<String>,
    /// Words in small letters that are meant so.
    meant: BTreeSet<String>,
}

impl Rules {
    fn read(text: &str) -> Result<Self> {
        let all: toml::Table = text.parse()?;
        let part = |first: &str, second: &str| all.get(first).and_then(|own| own.get(second));
        let excluded = part("files", "extend-exclude").and_then(toml::Value::as_array).into_iter().flatten();
        let words = part("default", "extend-words").and_then(toml::Value::as_table).into_iter().flatten();
        let meant = words.filter(|(word, right)| right.as_str() == Some(word)).map(|(word, _)| word.clone());
        Ok(Self {
            excluded: excluded.filter_map(toml::Value::as_str).map(str::to_owned).collect(),
            meant: meant.collect(),
        })
    }

    /// All files but those left out and those that are hidden.
    fn files(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let wanted = |entry: &walkdir::DirEntry| {
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let name = entry.file_name().to_string_lossy();
            let inside = format!("/{}/", path.display());
            let out = self.excluded.iter().any(|own| match own.ends_with('/') {
                true => inside.contains(&format!("/{own}")),
                false => *own == name,
            });
            entry.depth() == 0 || !(out || name.starts_with('.'))
        };
        let mut files = Vec::new();
        for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(wanted) {
            let entry = entry?;
            if entry.file_type().is_file() {
                files.push(entry.into_path());
            }
        }
        Ok(files)
    }

    /// The words of a text that are wrong: the line of each, and what it should be.
    fn wrong(&self, text: &str) -> Vec<(usize, String)> {
        let tokenizer = TokenizerBuilder::new().build();
        let told = |own: typos::Typo<'_>| {
            let line = 1 + text.bytes().take(own.byte_offset).filter(|byte| *byte == b'\n').count();
            let right = match &own.corrections {
                Status::Corrections(words) => words.join(" or "),
                _ => "another word".to_owned(),
            };
            (line, format!("{} should be {right}", own.typo))
        };
        typos::check_str(text, &tokenizer, self).map(told).collect()
    }
}

impl Dictionary for Rules {
    fn correct_ident<'s>(&'s self, _: Identifier<'_>) -> Option<Status<'s>> {
        None
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let text = word.token();
        // Without letters there is nothing to spell.
        if word.case() == Case::None || self.meant.contains(&text.to_lowercase()) {
            return None;
        }
        let right = typos_dict::WORD.find(&UniCase::new(text))?;
        Some(Status::Corrections(right.iter().map(|own| (*own).into()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    const RULES: &str =
        "[files]\nextend-exclude = [\"out/\", \"a.lock\"]\n[default.extend-words]\nstlyes = \"stlyes\"\n";

    #[test]
    fn a_wrong_word_is_found_wherever_it_stands() {
        let rules = Rules::read(RULES).unwrap();
        let text = "A right line,\nthen teh wrong one: fn recieve_all(recieveAll: &Stlyes)";
        let lines: Vec<_> =
            rules.wrong(text).into_iter().map(|(line, what)| format!("{line} {what}")).collect();
        assert_eq!(
            lines,
            ["2 teh should be the", "2 recieve should be receive", "2 recieve should be receive"]
        );
    }

    #[test]
    fn what_is_left_out_is_not_read() {
        let root = std::env::temp_dir().join(format!("tandem-spelling-{}", std::process::id()));
        for name in ["a.md", "a.lock", ".hidden", "out/b.md", "in/c.md", "in/out/d.md", "about/e.md"] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "teh").unwrap();
        }
        let files = Rules::read(RULES).unwrap().files(&root).unwrap();
        let names: Vec<_> =
            files.iter().map(|own| own.strip_prefix(&root).unwrap().display().to_string()).collect();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(names, ["a.md", "about/e.md", "in/c.md"]);
    }
}

//! Golden files: what links, charts and reports must come to. `tests/golden/digests.txt` holds a digest of each, so that
//! none changes by accident: an editor, a merge or an eager update fails a test until `cargo xtask bless` is run on
//! purpose, and the change of the digest stands in the commit for whoever reads it.
//!
//! Links are out in the world, so blessing adds lines to their file and takes none away.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::site::hex;
use crate::step::{cargo, run, step};

/// The digests, a line each: digest, number of lines, file.
const MANIFEST: &str = "tests/golden/digests.txt";

/// Links that must load for ever.
const LINKS: &str = "tests/golden/links.txt";

/// Links whose whole report is golden, and the reports.
const REPORTED: [&str; 2] = ["tests/golden/reported.txt", "tests/golden/reports.jsonl"];

/// Folders whose files are golden.
const FOLDERS: [&str; 4] = ["tests/golden", "tests/snapshots", "tests/fixtures", "tools/fuzz/regressions"];

/// A golden file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Golden {
    digest: String,
    lines: usize,
    file: String,
}

impl Golden {
    fn of(file: String, bytes: &[u8]) -> Self {
        let lines = bytes.split_inclusive(|&byte| byte == b'\n').count();
        Self { digest: digest(bytes), lines, file }
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes golden reports, charts and digests anew.
pub fn bless(root: &Path) -> Result<()> {
    let before = manifest(root)?;
    keeps_links(root, &before)?;
    step("golden reports", || reports(root))?;
    step("golden charts", || {
        let mut command = cargo(root);
        command.args([
            "test",
            "--quiet",
            "--package",
            "tandem",
            "--test",
            "chart_golden",
            "--test",
            "chart_kinds",
        ]);
        run(command.env("INSTA_UPDATE", "always"))
    })?;
    let now = present(root)?;
    for change in changes(&before, &now) {
        println!("{change}");
    }
    let lines = now.iter().map(|own| format!("{} {:>5} {}\n", own.digest, own.lines, own.file));
    fs::write(root.join(MANIFEST), lines.collect::<String>()).context(MANIFEST)
}

/// Evaluates the links whose reports are golden, as anyone would.
fn reports(root: &Path) -> Result<()> {
    run(cargo(root).args(["build", "--package", "tandem", "--bin", "tandem"]))?;
    let tandem = std::env::current_exe()?.with_file_name("tandem");
    let [links, reports] = REPORTED.map(|file| root.join(file));
    let output = Command::new(tandem)
        .args(["eval", "--batch"])
        .stdin(Stdio::from(fs::File::open(links)?))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("`tandem eval --batch` ended with {}", output.status);
    }
    Ok(fs::write(reports, output.stdout)?)
}

/// Lines may be added to the file of links, and no line may go.
fn keeps_links(root: &Path, before: &[Golden]) -> Result<()> {
    let Some(known) = before.iter().find(|own| own.file == LINKS) else { return Ok(()) };
    let bytes = fs::read(root.join(LINKS)).context(LINKS)?;
    let kept: Vec<u8> =
        bytes.split_inclusive(|&byte| byte == b'\n').take(known.lines).flatten().copied().collect();
    if digest(&kept) == known.digest {
        Ok(())
    } else {
        bail!(
            "one of the first {} lines of {LINKS} has changed: they must load for ever; add new ones below",
            known.lines
        )
    }
}

/// The digests as they were blessed.
fn manifest(root: &Path) -> Result<Vec<Golden>> {
    let text = match fs::read_to_string(root.join(MANIFEST)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.context(MANIFEST)?,
    };
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (digest, lines, file) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        Some(Golden { digest: digest.to_owned(), lines, file: file.to_owned() })
    };
    text.lines().map(|own| line(own).with_context(|| format!("{MANIFEST}: cannot read {own}"))).collect()
}

/// The golden files as they are, by name.
fn present(root: &Path) -> Result<Vec<Golden>> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let entry = entry?;
            let inside = entry.path().strip_prefix(root)?;
            let name = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            // A test that fails leaves the chart it drew beside the golden one.
            if entry.file_type().is_file() && name != MANIFEST && !name.ends_with(".snap.new") {
                all.push(Golden::of(name, &fs::read(entry.path())?));
            }
        }
    }
    all.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(all)
}

/// What differs, a line each.
fn changes(before: &[Golden], now: &[Golden]) -> Vec<String> {
    let in_both = |own: &Golden, others: &[Golden]| others.iter().any(|other| other.file == own.file);
    let gone = before.iter().filter(|own| !in_both(own, now)).map(|own| format!("{} is gone", own.file));
    let new = now.iter().filter(|own| !in_both(own, before)).map(|own| format!("{} is new", own.file));
    let other = now
        .iter()
        .filter(|own| in_both(own, before) && !before.contains(own))
        .map(|own| format!("{} has changed", own.file));
    gone.chain(new).chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_files_are_as_they_were_blessed() {
        let root = crate::root();
        let (before, now) = (manifest(&root).unwrap(), present(&root).unwrap());
        assert!(now.len() > 60, "golden files were lost: {} left", now.len());
        let found = changes(&before, &now);
        assert!(found.is_empty(), "{}\nIf that is meant, run `cargo xtask bless`.", found.join("\n"));
    }

    #[test]
    fn any_byte_of_any_file_counts() {
        let file = |name: &str, text: &str| Golden::of(name.to_owned(), text.as_bytes());
        let before = [file("a", "one\ntwo\n"), file("b", "x")];
        assert!(changes(&before, &before).is_empty());
        assert_eq!(changes(&before, &[file("a", "one\ntwO\n"), file("b", "x")]), ["a has changed"]);
        assert_eq!(
            changes(&before, &[file("a", "one\ntwo\n\n"), file("c", "x")]),
            ["b is gone", "c is new", "a has changed"]
        );
    }

    #[test]
    fn a_link_is_added_and_never_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(LINKS);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = [Golden::of(LINKS.to_owned(), b"v1 -> v1\nisl=16k -> v1&isl=16k\n")];
        for (text, kept) in [
            ("v1 -> v1\nisl=16k -> v1&isl=16k\n", true),
            ("v1 -> v1\nisl=16k -> v1&isl=16k\nv1& -> v1\n", true),
            ("v1 -> v1\n", false),
            ("v1 -> v1\nisl=16k -> v1&isl=16K\n", false),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(keeps_links(root.path(), &before).is_ok(), kept, "{text}");
        }
    }
}

//! Notices changed sources by looking at their times once a second: no dependency, and it works on every file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use walkdir::WalkDir;

/// What the page is made from.
const SOURCES: [&str; 11] = [
    "src",
    "crates",
    "data",
    "public",
    ".cargo",
    "index.html",
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "build",
    "rust-toolchain.toml",
];

/// Time and size of every source at one moment.
#[derive(PartialEq)]
pub struct Snapshot(BTreeMap<PathBuf, (SystemTime, u64)>);

impl Snapshot {
    pub fn take(root: &Path) -> Self {
        let files = SOURCES
            .iter()
            .flat_map(|source| WalkDir::new(root.join(source)))
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file() && !is_scratch(&entry.file_name().to_string_lossy()))
            .filter_map(|entry| {
                let data = entry.metadata().ok()?;
                Some((entry.into_path(), (data.modified().ok()?, data.len())))
            });
        Self(files.collect())
    }

    /// Waits until a source differs from this snapshot and the writing has stopped; names one that changed.
    pub fn wait_for_change(&self, root: &Path) -> PathBuf {
        loop {
            sleep(Duration::from_secs(1));
            let mut now = Self::take(root);
            let Some(changed) = self.difference(&now) else { continue };
            loop {
                sleep(Duration::from_millis(200));
                let later = Self::take(root);
                if later == now {
                    return changed.strip_prefix(root).unwrap_or(&changed).to_path_buf();
                }
                now = later;
            }
        }
    }

    fn difference(&self, other: &Self) -> Option<PathBuf> {
        let changed = other.0.iter().find(|(path, state)| self.0.get(*path) != Some(state));
        let gone = || self.0.keys().find(|path| !other.0.contains_key(*path));
        changed.map(|(path, _)| path).or_else(gone).cloned()
    }
}

/// Files that editors leave while they work.
fn is_scratch(name: &str) -> bool {
    name.starts_with('.') || name.starts_with('#') || name.ends_with('~') || name.ends_with(".swp")
}

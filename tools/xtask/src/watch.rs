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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{SOURCES, Snapshot};

    #[test]
    fn all_that_is_watched_is_there() {
        for source in SOURCES {
            assert!(crate::root().join(source).exists(), "{source} was moved: what is watched in its place?");
        }
    }

    #[test]
    fn a_change_is_seen_wherever_the_page_is_made_from() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let sources =
            ["src/lib.rs", "crates/markup/src/lib.rs", "data/chips/a.toml", ".cargo/config.toml", "build.rs"];
        for name in sources {
            write(name, "");
        }
        for name in sources {
            let before = Snapshot::take(root.path());
            write(name, "longer");
            let after = Snapshot::take(root.path());
            assert_eq!(before.difference(&after), Some(root.path().join(name)));
            assert_eq!(after.difference(&Snapshot::take(root.path())), None);
        }
        let before = Snapshot::take(root.path());
        write("src/.lib.rs.swp", "an editor's own");
        write("tests/a.rs", "no part of the page");
        assert_eq!(before.difference(&Snapshot::take(root.path())), None);
        fs::remove_file(root.path().join("build.rs")).unwrap();
        assert_eq!(before.difference(&Snapshot::take(root.path())), Some(root.path().join("build.rs")));
    }
}

//! The files of `dist/` in memory, each with what a server must know of it: media type, tag, whether its name changes
//! with its content, and its compressed forms, each made once.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// How many hex digits of its hash stand in a file's name.
const HASH_DIGITS: usize = 12;

/// Below this many bytes a compressed form saves nothing.
const COMPRESS_FROM: usize = 200;

/// All files, by their path from the top of the site (`/` between folders on every system).
pub struct Site {
    pub assets: BTreeMap<String, Asset>,
    /// One tag for the whole, as it was built.
    pub tag: String,
}

/// One file.
pub struct Asset {
    pub bytes: Vec<u8>,
    pub mime: &'static str,
    /// The hash of the content.
    pub tag: String,
    /// The name changes whenever the content does, so that a copy is good for ever.
    pub immutable: bool,
    brotli: OnceLock<Option<Vec<u8>>>,
    gzip: OnceLock<Option<Vec<u8>>>,
}

impl Site {
    pub fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut all = Sha256::new();
        let mut assets = BTreeMap::new();
        for (name, bytes) in files {
            let asset = Asset::new(&name, bytes);
            all.update(&name);
            all.update(&asset.tag);
            assets.insert(name, asset);
        }
        Self { assets, tag: hex(&all.finalize()) }
    }

    /// Reads a folder that was built before.
    pub fn read(folder: &Path) -> Result<Self> {
        let files = read_tree(folder)?;
        if !files.contains_key("index.html") {
            bail!("{} has no index.html: run `cargo xtask build` first", folder.display());
        }
        Ok(Self::new(files))
    }

    /// Makes `folder` hold these files and no others. What is new comes first and what is old goes last, so that a
    /// server that reads the folder meanwhile finds a whole page.
    pub fn write(&self, folder: &Path) -> Result<()> {
        for (name, asset) in &self.assets {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &asset.bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        for name in read_names(folder)? {
            if !self.assets.contains_key(&name) {
                fs::remove_file(folder.join(name))?;
            }
        }
        Ok(())
    }
}

impl Asset {
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            tag: hash(&bytes),
            mime: mime(name),
            immutable: is_hashed_name(name),
            bytes,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    /// The file in brotli's tightest form, unless that is no smaller.
    pub fn brotli(&self) -> Option<&[u8]> {
        let make = || {
            let params = brotli::enc::BrotliEncoderParams {
                quality: 11,
                lgwin: 22,
                size_hint: self.bytes.len(),
                ..Default::default()
            };
            let mut out = Vec::new();
            brotli::BrotliCompress(&mut self.bytes.as_slice(), &mut out, &params).ok()?;
            Some(out)
        };
        self.brotli.get_or_init(|| self.compressed(make)).as_deref()
    }

    /// The file in gzip's tightest form, unless that is no smaller.
    pub fn gzip(&self) -> Option<&[u8]> {
        let make = || {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&self.bytes).ok()?;
            encoder.finish().ok()
        };
        self.gzip.get_or_init(|| self.compressed(make)).as_deref()
    }

    fn compressed(&self, make: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let packed_already = self.mime.starts_with("image/") && !self.mime.contains("svg");
        if packed_already || self.bytes.len() < COMPRESS_FROM {
            return None;
        }
        make().filter(|out| out.len() < self.bytes.len())
    }
}

/// All files under a folder, by their path from it; files whose name begins with a dot stay out.
pub fn read_tree(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let read = |name: String| {
        let path = folder.join(&name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((name, bytes))
    };
    read_names(folder)?.into_iter().map(read).collect()
}

fn read_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        if entry.file_type().is_file() {
            let parts = entry.path().strip_prefix(folder)?.components();
            names.push(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    Ok(names)
}

/// `styles.css` becomes `styles-0123456789ab.css`.
pub fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = hash(bytes);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

pub fn is_hashed_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == HASH_DIGITS && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn hex(digest: &[u8]) -> String {
    digest.iter().take(HASH_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "csv" => "text/csv; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{Asset, hashed_name, is_hashed_name};

    #[test]
    fn a_hashed_name_is_known_as_one() {
        let name = hashed_name("styles.css", b"p { color: red }");
        assert!(name.starts_with("styles-") && name.ends_with(".css"), "{name}");
        assert!(is_hashed_name(&name));
        assert!(!is_hashed_name("styles.css"));
        assert!(!is_hashed_name("break-even.css"));
    }

    #[test]
    fn only_what_shrinks_is_compressed() {
        let text = Asset::new("a.css", b"a { margin: 0 } ".repeat(100));
        assert!(text.brotli().is_some_and(|small| small.len() < 100));
        assert!(text.gzip().is_some_and(|small| small.len() < 200));
        assert!(Asset::new("a.css", b"a{}".to_vec()).brotli().is_none());
        assert!(Asset::new("a.png", vec![0; 1000]).brotli().is_none());
    }
}

//! Reads the files of `data/`, checks them and writes what the library includes: chips and models as lines of text, presets
//! and prices as constants, tables without comments. A wrong entry stops the build with a message that says what to put
//! right. Sources and notes stay out of what is built for browsers, which show neither.
//!
//! What the files may hold is in `src/catalog/schema`, ranges in `src/catalog/bounds.rs`, columns of tables in
//! `src/catalog/columns.rs`; all three are part of the library too. `data/README.md` is for those who edit the files.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use serde::de::DeserializeOwned;

use catalog::provenance::Confidence;
use catalog::schema::{
    AcceptanceFile, Checks, ChipFile, Cited, ModelFile, PricesFile, WorkloadsFile, shared_names,
};

#[path = "build/presets.rs"]
mod presets;
#[path = "build/tables.rs"]
mod tables;

/// The part of the library that knows the files.
#[allow(dead_code, unused_imports, unreachable_pub, reason = "the rest of the library uses it")]
#[path = "src/catalog"]
mod catalog {
    pub mod architecture;
    pub mod bounds;
    pub mod chip;
    pub mod columns;
    pub mod engine;
    pub mod model;
    pub mod number;
    pub mod provenance;
    pub mod quote;
    pub mod schema;
    pub mod spelling;
}

/// What that part needs.
#[allow(dead_code, unreachable_pub, reason = "the rest of the library uses it")]
#[path = "src/units/mod.rs"]
mod units;

/// Where the files are.
const DATA: &str = "data";

fn main() -> ExitCode {
    let mut build = Build::new();
    println!("cargo:rerun-if-changed={DATA}");
    build.everything();
    if !build.problems.is_empty() {
        eprintln!("The catalogue has {} wrong entries:\n", build.problems.len());
        for problem in &build.problems {
            eprintln!("  {problem}");
        }
        eprintln!("\nAn unknown figure is left out, never guessed; data/README.md describes the files.");
        return ExitCode::FAILURE;
    }
    let Some(out) = env::var_os("OUT_DIR") else {
        eprintln!("OUT_DIR is not set: run this through cargo");
        return ExitCode::FAILURE;
    };
    for (name, text) in &build.written {
        if let Err(error) = fs::write(Path::new(&out).join(name), text) {
            eprintln!("cannot write {name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What was read so far.
struct Build {
    /// Whether a browser reads what is written.
    browser: bool,
    /// What is wrong, a message each.
    problems: Vec<String>,
    /// Files for the library, by name.
    written: Vec<(String, String)>,
}

impl Build {
    fn new() -> Self {
        let browser = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32");
        Self { browser, problems: Vec::new(), written: Vec::new() }
    }

    fn everything(&mut self) {
        let mut chips: Vec<ChipFile> = self.entries("chips", ChipFile::check);
        let mut models: Vec<ModelFile> = self.entries("models", ModelFile::check);
        chips.sort_by(|a, b| {
            (a.vendor.to_lowercase(), a.year, &a.id).cmp(&(b.vendor.to_lowercase(), b.year, &b.id))
        });
        models.sort_by(|a, b| {
            let size = |model: &ModelFile| model.published_total_B.unwrap_or(f64::INFINITY);
            (a.vendor.to_lowercase(), &a.released)
                .cmp(&(b.vendor.to_lowercase(), &b.released))
                .then(size(a).total_cmp(&size(b)))
                .then(a.id.cmp(&b.id))
        });
        let browser = self.browser;
        self.write("models.txt", lines(models.iter().map(|own| (&*own.vendor, own.cells(browser)))));
        self.aliases("chip", chips.iter().map(|own| (&*own.id, &*own.aliases)).collect());
        self.aliases("model", models.iter().map(|own| (&*own.id, &*own.aliases)).collect());

        let known: Vec<&str> = models.iter().map(|model| &*model.id).collect();
        let workloads: Option<WorkloadsFile> = self.file("workloads.toml", WorkloadsFile::check);
        let acceptance: Option<AcceptanceFile> =
            self.file("acceptance.toml", |file: &AcceptanceFile, c| file.check(&known, c));
        let prices: Option<PricesFile> =
            self.file("prices.toml", |file: &PricesFile, c| file.check(&known, c));
        let stale = |date: &str| prices.as_ref().is_some_and(|own| own.is_stale(date));
        self.write("chips.txt", lines(chips.iter().map(|own| (&*own.vendor, own.cells(browser, &stale)))));
        let mut files = Vec::new();
        if let Some(own) = &workloads {
            self.write("workloads.rs", presets::workloads(own, browser));
            files.push(("workloads.toml", own.blocks()));
        }
        if let Some(own) = &acceptance {
            self.write("acceptance.rs", presets::acceptance(own, browser));
            files.push(("acceptance.toml", own.blocks()));
        }
        if let Some(own) = &prices {
            self.write("prices.rs", presets::prices(own, browser));
            files.push(("prices.toml", own.blocks()));
        }
        let named = |blocks: Vec<(&'static str, _)>| {
            blocks.into_iter().map(|(block, cited)| (block.to_owned(), cited)).collect()
        };
        let code = [
            blocks("CHIP_BLOCKS", chips.iter().map(|own| (&*own.id, named(own.blocks()))), browser),
            blocks("MODEL_BLOCKS", models.iter().map(|own| (&*own.id, named(own.blocks()))), browser),
            blocks("FILE_BLOCKS", files.into_iter(), browser),
        ];
        self.write("provenance.rs", code.concat());

        let chips: Vec<&str> = chips.iter().map(|chip| &*chip.id).collect();
        self.tables(&chips);
    }

    /// Writes a line for each entry that has other names: its identifier, then they.
    fn aliases(&mut self, kind: &str, entries: Vec<(&str, &[String])>) {
        let shared = shared_names(entries.iter().copied());
        self.problems.extend(shared.into_iter().map(|problem| format!("{DATA}/{kind}s: {problem}")));
        let named = entries.into_iter().filter(|(_, aliases)| !aliases.is_empty());
        let text = named.map(|(id, aliases)| format!("{id} {}\n", aliases.join(" "))).collect();
        self.write(&format!("{kind}-aliases.txt"), text);
    }

    fn write(&mut self, name: &str, text: String) {
        self.written.push((name.to_owned(), text));
    }

    /// All entries of a folder, a file each.
    fn entries<T: DeserializeOwned>(&mut self, folder: &str, check: fn(&T, &mut Checks)) -> Vec<T> {
        let mut names = Vec::new();
        match fs::read_dir(Path::new(DATA).join(folder)) {
            Ok(files) => names.extend(files.flatten().filter_map(|file| file.file_name().into_string().ok())),
            Err(error) => self.problems.push(format!("{DATA}/{folder} cannot be listed: {error}")),
        }
        names.sort();
        let mut entries = Vec::new();
        for name in names {
            if name.ends_with(".toml") {
                entries.extend(self.file(&format!("{folder}/{name}"), check));
            } else {
                self.problems.push(format!("{DATA}/{folder}/{name}: only `.toml` files belong here"));
            }
        }
        if entries.is_empty() {
            self.problems.push(format!("{DATA}/{folder} holds no entry"));
        }
        entries
    }

    fn file<T: DeserializeOwned>(&mut self, file: &str, check: impl Fn(&T, &mut Checks)) -> Option<T> {
        let text = self.text(file)?;
        match toml::from_str(&text) {
            Ok(entry) => {
                let mut checks = Checks::new(file);
                check(&entry, &mut checks);
                self.problems.extend(checks.problems());
                Some(entry)
            }
            Err(error) => {
                self.problems.push(format!("{DATA}/{file}: {error}"));
                None
            }
        }
    }

    fn text(&mut self, file: &str) -> Option<String> {
        let text = fs::read_to_string(Path::new(DATA).join(file));
        text.map_err(|error| self.problems.push(format!("{DATA}/{file} cannot be read: {error}"))).ok()
    }
}

/// An entry a line; a line of its own names the vendor of those below it.
fn lines<'a>(entries: impl Iterator<Item = (&'a str, Vec<String>)>) -> String {
    let mut text = String::new();
    let mut last = "";
    for (vendor, cells) in entries {
        if last != vendor {
            let _ = writeln!(text, "{vendor}");
            last = vendor;
        }
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    text
}

/// Where blocks of entries come from, as a constant; an empty one for browsers.
fn blocks<'a>(
    name: &str,
    entries: impl Iterator<Item = (&'a str, Vec<(String, Cited<'a>)>)>,
    browser: bool,
) -> String {
    let mut code = format!("const {name}: Blocks = &[\n");
    for (id, blocks) in entries.filter(|(_, blocks)| !browser && !blocks.is_empty()) {
        let _ = writeln!(code, "({id:?}, &[");
        for (block, Cited { source, url, as_of, confidence }) in blocks {
            let confidence = match confidence {
                Some(Confidence::High) => "Some(Confidence::High)",
                Some(Confidence::Medium) => "Some(Confidence::Medium)",
                Some(Confidence::Low) => "Some(Confidence::Low)",
                None => "None",
            };
            let _ = writeln!(
                code,
                "Provenance {{ block: {block:?}, source: {source:?}, url: {url:?}, as_of: {as_of:?}, \
                 confidence: {confidence} }},"
            );
        }
        code += "]),\n";
    }
    code + "];\n"
}

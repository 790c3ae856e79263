//! Compiles the page and writes `dist/`, which any static host can serve from any path.
//!
//! Three sources meet: `index.html` (the page's one template), the files of `public/`, and two compiled modules, each
//! WASM with its JavaScript glue: the page, and the jobs that it has done elsewhere. A placeholder such as `{{styles}}`
//! in a text file stands for another file: `glue` and `wasm` for the page's module, `jobs-glue` and `jobs-wasm` for
//! the other, any other word for the file of that name at the top of `public/`, with its extension or without. A file
//! that is named so gets a hash of its content into its name, and the placeholder becomes that name; a file that nobody
//! names so keeps its name.
//!
//! Three words stand for no file: `site` for the address that the site will have, if it is known, `site-files` for the
//! names of all files that the page can need, to stand in a list between quotes, and `site-tag` for one hash of them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::cold;
use crate::gallery;
use crate::names::{Function, Names, brief};
use crate::order;
use crate::setup;
use crate::site::{Site, hashed_name, is_hashed_name, read_tree};
use crate::step::{cargo, run, step};

/// A compiled module: what cargo is told, and the names of what comes of it before they are hashed.
struct Module {
    what: &'static str,
    cargo: &'static [&'static str],
    /// The file cargo leaves.
    compiled: &'static str,
    wasm: &'static str,
    glue: &'static str,
    /// The placeholder for the WASM.
    word: &'static str,
    /// Whether parts of it come later.
    split: bool,
}

const PAGE: Module = Module {
    what: "the page",
    cargo: &["--package", "tandem", "--lib", "--crate-type", "cdylib", "--features", "web"],
    compiled: "tandem.wasm",
    wasm: "tandem.wasm",
    glue: "tandem.js",
    word: "wasm",
    split: true,
};

/// The loader of late parts, as the cut module names it.
const LOADER: &str = "./parts.js";

const JOBS: Module = Module {
    what: "the jobs",
    cargo: &["--package", "worker", "--lib"],
    compiled: "worker.wasm",
    wasm: "later.wasm",
    glue: "later.js",
    word: "jobs-wasm",
    split: false,
};

/// The jobs' package again, with what `cargo xtask bench` runs in a browser.
const BENCH: Module = Module {
    what: "the benchmarks",
    cargo: &["--package", "worker", "--lib", "--features", "bench"],
    compiled: "worker.wasm",
    wasm: "bench.wasm",
    glue: "bench.js",
    word: "bench.wasm",
    split: false,
};

/// The measured runs in `public/`.
const RUNS: &str = "measured.csv";

/// What fetches the cold functions; it stands behind the loader.
const COLD_LOADER: &str = include_str!("cold.js");

/// The module of cold functions.
const COLD: &str = "cold.wasm";

/// What becomes of the page's functions.
enum Ends<'a> {
    /// Those of these names come with the first touch.
    Cut(&'a Names),
    /// Each notes that it was called; here is what they are.
    Watch(&'a mut Vec<Function>),
}

/// The words that stand for no file.
const ADDRESS: &str = "site";
const FILES: &str = "site-files";
const TAG: &str = "site-tag";

/// Files that no reader of the page ever asks for: the service worker itself, and what other sites read. Nor does anyone
/// need the pictures of the gallery, which says the same in words.
const NOT_OFFLINE: [&str; 3] = ["sw.js", "og.png", "oembed.json"];

/// Builds all and leaves it in `dist/`. `address` is where the site will be, with a slash at the end; without it the
/// few addresses that would have to be whole are relative.
pub fn bundle(root: &Path, address: &str) -> Result<Site> {
    let pictures = step("draw the gallery", || gallery::draw(root))?;
    written(root, address, pictures)
}

/// The same with the pictures of the gallery as they stand in `dist/`: while one works on the page they can wait.
pub fn rebundle(root: &Path) -> Result<Site> {
    let mut pictures = read_tree(&root.join("dist"))?;
    pictures.retain(|name, _| name.starts_with(gallery::FOLDER));
    written(root, "", pictures)
}

fn written(root: &Path, address: &str, pictures: BTreeMap<String, Vec<u8>>) -> Result<Site> {
    let names = Names::read(root)?;
    let site = site(root, address, Ends::Cut(&names), pictures)?;
    step("write dist/", || site.write(&root.join("dist")))?;
    Ok(site)
}

/// The site with a page whose functions note that they are called, and these functions.
pub fn watched_bundle(root: &Path) -> Result<(Site, Vec<Function>)> {
    let mut functions = Vec::new();
    let site = site(root, "", Ends::Watch(&mut functions), BTreeMap::new())?;
    Ok((site, functions))
}

fn site(root: &Path, address: &str, mut ends: Ends<'_>, pictures: BTreeMap<String, Vec<u8>>) -> Result<Site> {
    setup::wasm_target(root)?;
    let mut files = read_tree(&root.join("public"))?;
    files.extend(pictures);
    for module in [&PAGE, &JOBS] {
        let compiled = step(&format!("compile {} to WASM", module.what), || compile(root, module))?;
        for (name, bytes) in step("bind it to JavaScript", || bind(&compiled, module, &mut ends))? {
            if files.insert(name.clone(), bytes).is_some() {
                bail!("public/{name} has the name of a compiled file");
            }
        }
    }
    let runs = files.get(RUNS).context("public/ has no measured runs")?;
    files.extend(by_model(std::str::from_utf8(runs)?)?);
    files.insert("index.html".to_owned(), fs::read(root.join("index.html")).context("index.html")?);
    Ok(Site::new(assemble(&files, address)?))
}

/// The measured runs of each model as a file of its own: who sees one model on its curves needs no others.
fn by_model(runs: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let (notes, rows): (Vec<&str>, Vec<&str>) = runs.lines().partition(|line| line.starts_with('#'));
    let (head, rows) = rows.split_first().context("the measured runs have no header")?;
    let column =
        head.split(',').position(|name| name == "model").context("the measured runs name no model")?;
    let mut files = BTreeMap::new();
    for row in rows {
        let model = row.split(',').nth(column).with_context(|| format!("no model: {row}"))?;
        let file = files.entry(format!("measured-{model}.csv")).or_insert_with(|| {
            let mut file = notes.join("\n").into_bytes();
            file.extend(format!("\n{head}\n").into_bytes());
            file
        });
        file.extend(format!("{row}\n").into_bytes());
    }
    Ok(files)
}

/// The benchmarks as a module beside the page, for `cargo xtask bench`.
pub fn benchmarks(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let compiled = step(&format!("compile {} to WASM", BENCH.what), || compile(root, &BENCH))?;
    bind(&compiled, &BENCH, &mut Ends::Watch(&mut Vec::new()))
}

fn compile(root: &Path, module: &Module) -> Result<PathBuf> {
    let mut compile = cargo(root);
    compile.arg("rustc").args(module.cargo).args(["--target", setup::WASM, "--profile", "web"]);
    if module.split {
        // What is cut must know who calls whom, and for which types: names of the older kind leave types out.
        compile.args(["--", "-C", "link-args=--emit-relocs", "-C", "symbol-mangling-version=v0"]);
    }
    run(&mut compile)?;
    // Cargo put this very program into TARGET/debug.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program is not in cargo's target folder")?;
    Ok(target.join(setup::WASM).join("web").join(module.compiled))
}

/// The module, its glue, and any JavaScript that dependencies bring.
fn bind(compiled: &Path, module: &Module, ends: &mut Ends<'_>) -> Result<BTreeMap<String, Vec<u8>>> {
    let bytes = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
    let mut files = BTreeMap::new();
    let bytes = if module.split { cut(&bytes, &mut files)? } else { bytes };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("tandem", bytes)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .keep_lld_exports(module.split)
        .remove_name_section(!module.split)
        .demangle(false)
        .remove_producers_section(true);
    let mut output = bindgen.generate_output()?;
    let script = output.js().to_owned();
    let mut short = BTreeMap::new();
    for import in output.wasm_mut().imports.iter_mut().filter(|import| import.name.starts_with("__wb")) {
        let name = brief(short.len());
        short.insert(std::mem::replace(&mut import.name, name.clone()), name);
    }
    let script = terse(&script, &mut short)?;
    let whole = output.wasm_mut().emit_wasm();
    let first = if module.split { first(&whole, ends, &mut files)? } else { whole };
    files.insert(module.wasm.to_owned(), order::alike(&first)?);
    let placeholder = format!("{{{{{}}}}}", module.word);
    let glue = script.replace("tandem_bg.wasm", &placeholder);
    // Only where the script is fetched from changes, not the name that the module asks for.
    let glue = glue.replace(&format!("from \"{LOADER}\""), "from \"./{{parts}}\"");
    files.insert(module.glue.to_owned(), glue.into_bytes());
    for (library, scripts) in output.snippets() {
        for (index, script) in scripts.iter().enumerate() {
            let name = format!("snippets/{library}/inline{index}.js");
            files.insert(name, script.clone().into_bytes());
        }
    }
    for (path, script) in output.local_modules() {
        files.insert(format!("snippets/{path}"), script.clone().into_bytes());
    }
    Ok(files)
}

/// The half of a module that comes first; the other one, if there is one, goes to `files`.
fn first(whole: &[u8], ends: &mut Ends<'_>, files: &mut BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>> {
    match ends {
        Ends::Cut(names) => {
            let cold::Halves { first, cold } = cold::halves(whole, LOADER, |name| names.has(name))?;
            files.insert(COLD.to_owned(), order::alike(&cold)?);
            Ok(first)
        }
        Ends::Watch(functions) => {
            let (watched, own) = cold::watched(whole)?;
            **functions = own;
            // The loader wants one.
            files.insert(COLD.to_owned(), wasm_encoder::Module::new().finish());
            bare(&watched).context("the watched page is no WASM")
        }
    }
}

/// The glue with short names for what the module imports, which carry long hashes, and without comments and indentation:
/// a third of it over the wire, and two kilobytes of the module.
fn terse(script: &str, short: &mut BTreeMap<String, String>) -> Result<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut text = String::with_capacity(script.len());
    for mut rest in code_lines(script) {
        while let Some(start) = rest.find(is_word) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|letter| !is_word(letter)).unwrap_or(from.len()));
            // Each import is a key of one object and stands nowhere else.
            text.push_str(before);
            text.push_str(&short.remove(word).unwrap_or_else(|| word.to_owned()));
            rest = after;
        }
        text.push_str(rest);
        text.push('\n');
    }
    if let Some(name) = short.keys().next() {
        bail!("the glue has no {name}, which the module imports: see `terse`");
    }
    Ok(text)
}

/// The lines of a script without indentation, and without those that are comments.
fn code_lines(script: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut comment = false;
    for line in script.lines().map(str::trim) {
        comment |= line.starts_with("/*");
        if !comment && !line.is_empty() && !line.starts_with("//") {
            lines.push(line);
        }
        comment &= !line.ends_with("*/");
    }
    lines
}

/// Cuts a module at its split points: returns what is needed first, and adds the parts and their loader to `files`.
fn cut(bytes: &[u8], files: &mut BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let main = folder.path().join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(bytes);
    options.output_dir = folder.path();
    options.main_out_path = &main;
    options.link_name = LOADER;
    options.main_module = "MAIN";
    let parts = wasm_split_cli_support::transform(options).map_err(|reason| anyhow!("{reason:#}"))?;
    let mut loader = fs::read_to_string(folder.path().join(LOADER))?;
    // The page names its loader, so the loader cannot name the page: boot.js tells it where the page is.
    let import = "import { initSync } from \"MAIN\";";
    if !loader.contains(import) {
        bail!("the loader of late parts no longer begins as it did: see `cut`");
    }
    loader = loader.replace(import, "let initSync;\nexport const attach = (page) => { initSync = page; };");
    for part in parts.split_modules {
        let name = part.file_name().and_then(|name| name.to_str()).context("a part without a name")?;
        let own = format!("part-{name}");
        loader = loader.replace(&format!("\"./{name}\""), &format!("\"./{{{{{own}}}}}\""));
        let bare = bare(&fs::read(&part)?).with_context(|| format!("{name} is no WASM"))?;
        files.insert(own, order::alike(&bare)?);
    }
    loader += COLD_LOADER;
    files.insert("parts.js".to_owned(), loader.into_bytes());
    Ok(fs::read(main)?)
}

/// A module without its custom sections: names of functions, which weigh as much as a third of the code, and the like.
fn bare(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8)?;
    let mut bare = head.to_vec();
    while let Some((&kind, after)) = rest.split_first() {
        // The length of a section is a number of seven bits a byte, lowest first.
        let bytes = after.iter().position(|byte| byte & 0x80 == 0)? + 1;
        let length = after.iter().take(bytes).rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        let (section, next) = rest.split_at_checked(1 + bytes + length)?;
        if kind != 0 {
            bare.extend_from_slice(section);
        }
        rest = next;
    }
    Some(bare)
}

/// Fills the placeholders, and gives every file its last name.
fn assemble(sources: &BTreeMap<String, Vec<u8>>, address: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let sources: BTreeMap<_, _> =
        sources.iter().map(|(name, bytes)| (name.clone(), filled(name, bytes, ADDRESS, address))).collect();
    let sources = &sources;
    let mut named = BTreeSet::new();
    for (name, bytes) in sources {
        for word in placeholders(name, bytes) {
            named.insert(resolve(word, sources).with_context(|| format!("in {name}"))?.to_owned());
        }
    }
    if named.contains("index.html") {
        bail!("index.html is the way in: its name stays, and no placeholder can stand for it");
    }
    let mut work = Assembly { sources, named: &named, done: BTreeMap::new(), under_way: Vec::new() };
    for name in sources.keys() {
        work.finish(name)?;
    }
    let mut done: BTreeMap<String, Vec<u8>> = work.done.into_values().collect();
    let (list, tag) = inventory(&done);
    for (name, bytes) in &mut done {
        if !is_hashed_name(name) {
            *bytes = filled(name, &filled(name, bytes, FILES, &list), TAG, &tag);
        }
    }
    Ok(done)
}

/// The names of all files that the page can need, as a JavaScript list has them between its first and its last quote,
/// and one hash of their names and contents.
fn inventory(files: &BTreeMap<String, Vec<u8>>) -> (String, String) {
    let kept = |name: &str| !NOT_OFFLINE.contains(&name) && !name.starts_with(gallery::FOLDER);
    let wanted = || files.iter().filter(|(name, _)| kept(name));
    let names: Vec<_> = wanted().map(|(name, _)| name.as_str()).collect();
    let all = Site::new(wanted().map(|(name, bytes)| (name.clone(), bytes.clone())).collect());
    (names.join("\", \""), all.tag)
}

/// A file with its placeholders of one word filled.
fn filled(name: &str, bytes: &[u8], word: &str, text: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(own) if is_text(name) => own.replace(&format!("{{{{{word}}}}}"), text).into_bytes(),
        _ => bytes.to_vec(),
    }
}

/// A stylesheet or a script without comments and indentation. What others may read under its own name keeps both.
fn without_remarks(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(bytes) };
    if name.ends_with(".css") {
        let mut parts = text.split("/*");
        let first = parts.next().unwrap_or_default();
        let rest = parts.map(|part| part.split_once("*/").map_or("", |(_, code)| code));
        let code: String = std::iter::once(first).chain(rest).collect();
        let lines: Vec<_> = code.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        Ok(lines.join("\n").into_bytes())
    } else if name.ends_with(".js") {
        Ok(code_of(text).with_context(|| name.to_owned())?.into_bytes())
    } else {
        Ok(bytes)
    }
}

/// A script without what only people read. What cannot be told from a remark by its line alone is refused.
fn code_of(script: &str) -> Result<String> {
    if let Some(line) = script.lines().find(|line| line.matches('`').count() % 2 == 1) {
        bail!("a text over several lines would lose its indentation: {line}");
    }
    if let Some(line) =
        script.lines().find(|line| line.split_once("*/").is_some_and(|(_, rest)| !rest.is_empty()))
    {
        bail!("code behind a comment would be taken for one: {line}");
    }
    Ok(code_lines(script).join("\n"))
}

struct Assembly<'a> {
    sources: &'a BTreeMap<String, Vec<u8>>,
    /// Sources that some placeholder stands for.
    named: &'a BTreeSet<String>,
    /// Source name to last name and content.
    done: BTreeMap<String, (String, Vec<u8>)>,
    under_way: Vec<String>,
}

impl Assembly<'_> {
    /// Brings a file, and first all those it names, to its last form. Returns its last name.
    fn finish(&mut self, name: &str) -> Result<String> {
        if let Some((last_name, _)) = self.done.get(name) {
            return Ok(last_name.clone());
        }
        if self.under_way.iter().any(|other| other == name) {
            bail!("{} and {name} name each other, so neither can carry a hash", self.under_way.join(", "));
        }
        self.under_way.push(name.to_owned());
        let mut bytes = self.sources.get(name).cloned().unwrap_or_default();
        let words: BTreeSet<String> = placeholders(name, &bytes).map(str::to_owned).collect();
        for word in words {
            let last_name = self.finish(resolve(&word, self.sources)?)?;
            bytes = String::from_utf8(bytes)?.replace(&format!("{{{{{word}}}}}"), &last_name).into_bytes();
        }
        self.under_way.pop();
        let named = self.named.contains(name);
        let bytes = if named { without_remarks(name, bytes)? } else { bytes };
        let last_name = if named { hashed_name(name, &bytes) } else { name.to_owned() };
        self.done.insert(name.to_owned(), (last_name.clone(), bytes));
        Ok(last_name)
    }
}

/// The words between double braces in a text file.
fn placeholders<'a>(name: &str, bytes: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let text = if is_text(name) { std::str::from_utf8(bytes).unwrap_or_default() } else { "" };
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(word, _)| word).filter(|word| {
        let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        is_word && !["", ADDRESS, FILES, TAG].contains(word)
    })
}

fn is_text(name: &str) -> bool {
    ["html", "js", "mjs", "css", "svg", "json", "webmanifest"]
        .contains(&name.rsplit('.').next().unwrap_or_default())
}

/// The source that a placeholder stands for.
fn resolve<'a>(word: &str, sources: &'a BTreeMap<String, Vec<u8>>) -> Result<&'a str> {
    let wanted = match word {
        "wasm" => PAGE.wasm,
        "glue" => PAGE.glue,
        "jobs-wasm" => JOBS.wasm,
        "jobs-glue" => JOBS.glue,
        other => other,
    };
    let fits = |name: &&String| {
        name.as_str() == wanted || name.rsplit_once('.').is_some_and(|(stem, _)| stem == wanted)
    };
    let found: Vec<_> = sources.keys().filter(fits).collect();
    match found.as_slice() {
        [name] => Ok(name),
        [] => bail!("{{{{{word}}}}} stands for no file: public/ has none of that name"),
        several => bail!("{{{{{word}}}}} may stand for {several:?}: write it with the extension"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{assemble, bare, brief, code_of, terse};

    fn files(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_change_deep_down_renames_all_that_lead_to_it() {
        let page = |wasm: &str| {
            files(&[
                ("index.html", "<script src={{boot}}></script>"),
                ("boot.js", "import './{{glue}}'"),
                ("tandem.js", "fetch('{{wasm}}')"),
                ("tandem.wasm", wasm),
                ("embed.js", "plain"),
            ])
        };
        let one = assemble(&page("one"), "").unwrap();
        let two = assemble(&page("two"), "").unwrap();
        let kept: Vec<_> = one.keys().filter(|name| two.contains_key(*name)).collect();
        assert_eq!(kept, ["embed.js", "index.html"]);
        assert_ne!(one["index.html"], two["index.html"]);
        assert!(!String::from_utf8(one["index.html"].clone()).unwrap().contains("{{"));
    }

    #[test]
    fn a_file_can_list_the_site() {
        let page = |text: &str| {
            files(&[
                ("index.html", "<link href={{styles}}> {{site}}og.png"),
                ("styles.css", text),
                ("sw.js", "keep([\"{{site-files}}\"], \"{{site-tag}}\")"),
            ])
        };
        let one = assemble(&page("a {}"), "https://example.org/").unwrap();
        let two = assemble(&page("b {}"), "").unwrap();
        let text =
            |site: &BTreeMap<String, Vec<u8>>, name: &str| String::from_utf8(site[name].clone()).unwrap();
        let style = one.keys().find(|name| name.starts_with("styles-")).unwrap();
        assert!(text(&one, "sw.js").starts_with(&format!("keep([\"index.html\", \"{style}\"], \"")));
        assert_ne!(text(&one, "sw.js"), text(&two, "sw.js"));
        assert!(text(&one, "index.html").ends_with(" https://example.org/og.png"));
        assert!(text(&two, "index.html").ends_with(" og.png"));
    }

    #[test]
    fn glue_loses_what_only_people_read() {
        let script = "/**\n * What it does.\n */\nimports = {\n    // A note.\n    __wbg_get_0a: function(a) { return `${a} __wbg`; },\n};\n";
        let mut short = BTreeMap::from([("__wbg_get_0a".to_owned(), brief(0))]);
        let text = terse(script, &mut short).unwrap();
        assert_eq!(text, "imports = {\n_a: function(a) { return `${a} __wbg`; },\n};\n");
        assert!(terse("", &mut BTreeMap::from([("__wbg_get_0a".to_owned(), brief(0))])).is_err());
        let names: Vec<_> = (0..800).map(brief).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn remarks_stay_behind_in_what_is_named() {
        let page = files(&[
            ("index.html", "{{styles}} {{boot}}"),
            ("styles.css", "/* All. */\na {\n    b: c; /* why */\n}\n"),
            (
                "boot.js",
                "// Starts.\n\n/** What\n * it does. */\nif (a) {\n  let url = `//x`;\n  /** One. */\n  b();\n}\n",
            ),
            ("embed.js", "// Ours.\n"),
        ]);
        let done = assemble(&page, "").unwrap();
        let text = |start: &str| {
            let (_, bytes) = done.iter().find(|(name, _)| name.starts_with(start)).unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        assert_eq!(text("styles-"), "a {\nb: c;\n}");
        assert_eq!(text("boot-"), "if (a) {\nlet url = `//x`;\nb();\n}");
        assert_eq!(text("embed"), "// Ours.\n");
        assert!(code_of("let two = `a\n  b`;").is_err(), "indentation of a text is no remark");
        assert!(code_of("/** Why. */ go();").is_err(), "code is no remark");
    }

    #[test]
    fn a_module_loses_its_custom_sections_only() {
        let name = [&[0, 0x82, 0x01][..], &[7; 130]].concat();
        let module = [&b"\0asm\x01\0\0\0"[..], &name, &[1, 2, 5, 6], &[0, 1, 9]].concat();
        assert_eq!(bare(&module).unwrap(), b"\0asm\x01\0\0\0\x01\x02\x05\x06");
        assert_eq!(bare(&module[..20]), None);
    }

    #[test]
    fn a_placeholder_for_nothing_is_an_error() {
        let error = assemble(&files(&[("index.html", "{{stlyes}}"), ("styles.css", "")]), "").unwrap_err();
        assert!(format!("{error:#}").contains("{{stlyes}} stands for no file"), "{error:#}");
    }

    #[test]
    fn files_that_name_each_other_are_an_error() {
        let error = assemble(&files(&[("a.js", "{{b}}"), ("b.js", "{{a}}")]), "").unwrap_err();
        assert!(format!("{error:#}").contains("name each other"), "{error:#}");
    }

    #[test]
    fn braces_that_are_code_stay() {
        let done = assemble(&files(&[("index.html", "{{ x }} {{{}}}")]), "").unwrap();
        assert_eq!(done["index.html"], b"{{ x }} {{{}}}");
    }
}

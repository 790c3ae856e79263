//! Every word that the page uses as a label has an entry in the glossary, and the glossary page says what the data say.
//! After a change of the data, `TANDEM_UPDATE=1 cargo test --test glossary` brings the page up to date.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test says plainly what it expects"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tandem::metric::Metric;
use tandem::report::html::{escaped, page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Glossary {
    terms: Vec<Term>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    id: String,
    term: String,
    labels: Vec<String>,
    definition: String,
    formula: Option<String>,
    source: String,
}

/// Labels that say what they are: names of a reader's own things, and words of plain language.
const PLAIN: [&str; 5] = ["Copy link", "Copy as Markdown", "Copy embed code", "Own", "Small models"];

fn terms() -> Vec<Term> {
    serde_json::from_str::<Glossary>(include_str!("../public/glossary.json")).unwrap().terms
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The labels of fields, choices and legends in the page's source.
fn labels() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/controls"), &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for start in ["label=\"", "legend=\"", "<legend>\""] {
            let after = text.split(start).skip(1);
            found.extend(after.filter_map(|rest| rest.split_once('"')).map(|(label, _)| label.to_owned()));
        }
    }
    found
}

#[test]
fn every_label_has_an_entry() {
    let known: BTreeSet<String> = terms()
        .iter()
        .flat_map(|own| own.labels.iter().chain([&own.term]))
        .map(|label| label.to_lowercase())
        .collect();
    let controls = labels();
    assert!(controls.len() > 25, "only {} labels found", controls.len());
    let figures =
        Metric::ALL.into_iter().flat_map(|metric| [metric.label().to_owned(), metric.short().to_owned()]);
    let missing: Vec<String> = controls
        .into_iter()
        .filter(|label| !PLAIN.contains(&label.as_str()))
        .chain(figures)
        .filter(|label| !known.contains(&label.to_lowercase()))
        .collect();
    assert!(missing.is_empty(), "the glossary has no entry for {missing:?}");
}

#[test]
fn entries_are_whole_and_none_claims_the_label_of_another() {
    let (mut ids, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for own in terms() {
        assert!(ids.insert(own.id.clone()), "{} twice", own.id);
        assert!(own.definition.ends_with('.') && own.definition.len() < 330, "{}", own.id);
        assert!(!own.source.is_empty(), "{}", own.id);
        let names: BTreeSet<String> =
            own.labels.iter().chain([&own.term]).map(|label| label.to_lowercase()).collect();
        for label in names {
            assert!(labels.insert(label.clone()), "{label} twice, in {}", own.id);
        }
    }
}

fn written() -> String {
    let mut all = terms();
    all.sort_by_key(|own| own.term.to_lowercase());
    let mut body = "<h1>Glossary</h1>\n<p>What the words of the playground mean, how they are computed, and where they come \
                    from. The same words stand on the page: point at a label, reach it with Tab, or touch it.</p>\n<dl>\n"
        .to_owned();
    for own in &all {
        body += &format!(
            "<dt id=\"{}\">{}</dt>\n<dd>\n<p>{}</p>\n",
            own.id,
            escaped(&own.term),
            escaped(&own.definition)
        );
        if let Some(formula) = &own.formula {
            body += &format!("<p><code>{}</code></p>\n", escaped(formula));
        }
        body += &format!("<p class=\"source\">{}</p>\n</dd>\n", escaped(&own.source));
    }
    body += "</dl>\n";
    page("Glossary · Tandem", &body)
}

#[test]
fn the_page_is_the_one_that_the_data_make() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/glossary.html");
    let page = written();
    if std::env::var_os("TANDEM_UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "public/glossary.html is of other data: TANDEM_UPDATE=1 cargo test --test glossary"
    );
}

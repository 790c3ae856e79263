//! Which licences the crates may have that the page, the command line and our own tools are made of. What cargo knows of
//! each is held against a list, without a network. Advisories need one, and are looked up on their own:
//! `.github/workflows/audit.yml`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::setup::WASM;
use crate::step::{ask, cargo};

/// Licences under which anyone may use, change and pass on Tandem, closed or open, and that ask for no more than a notice.
const ALLOWED: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails on a crate whose licence allows less.
pub fn check(root: &Path) -> Result<()> {
    let mut metadata = cargo(root);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", WASM]);
    if let Some(host) = host(root) {
        metadata.args(["--filter-platform", &host]);
    }
    let text = ask(&mut metadata).context("`cargo metadata` failed: is Cargo.lock up to date?")?;
    let (count, wrong) = judge(&serde_json::from_str(&text)?);
    if count == 0 {
        bail!("`cargo metadata` names no crates");
    }
    if !wrong.is_empty() {
        bail!("licences that are not on the list in tools/xtask/src/licences.rs:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// The platform that cargo builds for here.
fn host(root: &Path) -> Option<String> {
    let version = ask(cargo(root).arg("-vV"))?;
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// How many crates there are, and what is wrong with some.
fn judge(metadata: &Value) -> (usize, Vec<String>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let used: Vec<String> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| text(&node["id"])).collect();
    let mut wrong = Vec::new();
    for package in list(&metadata["packages"]).iter().filter(|own| used.contains(&text(&own["id"]))) {
        let licence = text(&package["license"]);
        if !allows(&licence) {
            let name = (text(&package["name"]), text(&package["version"]));
            wrong.push(format!(
                "  {} {}: {}",
                name.0,
                name.1,
                if licence.is_empty() { "none named" } else { &licence }
            ));
        }
    }
    (used.len(), wrong)
}

/// Whether an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` leaves a choice that is on the list. Old crates
/// write `/` for OR. AND binds closer than OR.
fn allows(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "\u{1f}WITH\u{1f}");
    let words: Vec<&str> = spaced.split([' ', '\n', '\t']).filter(|word| !word.is_empty()).collect();
    let mut rest = &words[..];
    either(&mut rest).unwrap_or(false) && rest.is_empty()
}

fn either(rest: &mut &[&str]) -> Option<bool> {
    let mut value = both(rest)?;
    while let Some((&"OR", tail)) = rest.split_first() {
        *rest = tail;
        value |= both(rest)?;
    }
    Some(value)
}

fn both(rest: &mut &[&str]) -> Option<bool> {
    let mut value = one(rest)?;
    while let Some((&"AND", tail)) = rest.split_first() {
        *rest = tail;
        value &= one(rest)?;
    }
    Some(value)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    if *first != "(" {
        let name = first.replace('\u{1f}', " ");
        return Some(ALLOWED.contains(&name.as_str()));
    }
    let value = either(rest)?;
    let (close, tail) = rest.split_first()?;
    *rest = tail;
    (*close == ")").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_on_the_list_is_enough_and_every_duty_must_be_on_it() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "MIT OR GPL-3.0 AND MPL-2.0",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR GPL-3.0",
            "MIT Apache-2.0",
            "OR",
            "MPL-2.0",
            "MIT WITH GPL",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }

    #[test]
    fn a_crate_is_named_with_its_licence() {
        let package = |id: &str, licence: Value| serde_json::json!({"id": id, "name": id, "version": "1.0.0", "license": licence});
        let metadata = serde_json::json!({
            "packages": [package("a", "MIT".into()), package("b", "GPL-3.0".into()), package("c", Value::Null), package("elsewhere", Value::Null)],
            "resolve": {"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
        });
        assert_eq!(
            judge(&metadata),
            (3, vec!["  b 1.0.0: GPL-3.0".to_owned(), "  c 1.0.0: none named".to_owned()])
        );
    }
}

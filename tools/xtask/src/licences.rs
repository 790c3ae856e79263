//! Whether the crates that the page, the command line and our own tools are made of have a licence that `deny.toml`
//! allows. `cargo deny check` reads the same file and asks the same, and more: `.github/workflows/audit.yml` runs it.
//! Here its crate for licences alone is compiled, since the whole of it takes longer than all our own tests.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

use crate::setup::WASM;
use crate::step::{ask, cargo};

/// The file that says what is allowed.
const POLICY: &str = "deny.toml";

/// Fails on a crate whose licence allows less.
pub fn check(root: &Path) -> Result<()> {
    let allowed = allowed(&fs::read_to_string(root.join(POLICY)).context(POLICY)?).context(POLICY)?;
    let mut metadata = cargo(root);
    // The page's crates come with a feature.
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--all-features",
        "--filter-platform",
        WASM,
    ]);
    if let Some(host) = host(root) {
        metadata.args(["--filter-platform", &host]);
    }
    let text = ask(&mut metadata).context("`cargo metadata` failed: is Cargo.lock up to date?")?;
    let (count, wrong) = judge(&serde_json::from_str(&text)?, &allowed);
    if count == 0 {
        bail!("`cargo metadata` names no crates");
    }
    if !wrong.is_empty() {
        bail!("licences that {POLICY} does not allow:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// The list of licences in a policy.
fn allowed(policy: &str) -> Result<Vec<Licensee>> {
    let policy: toml::Table = policy.parse()?;
    let list = policy.get("licenses").and_then(|own| own.get("allow")).and_then(toml::Value::as_array);
    let licence = |own: &toml::Value| {
        let name = own.as_str().context("a licence is a text")?;
        Licensee::parse(name).with_context(|| format!("{name} is no licence"))
    };
    list.context("no list `licenses.allow`")?.iter().map(licence).collect()
}

/// The platform that cargo builds for here.
fn host(root: &Path) -> Option<String> {
    let version = ask(cargo(root).arg("-vV"))?;
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// How many crates there are, and what is wrong with some.
fn judge(metadata: &Value, allowed: &[Licensee]) -> (usize, Vec<String>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let used: Vec<String> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| text(&node["id"])).collect();
    let mut wrong = Vec::new();
    for package in list(&metadata["packages"]).iter().filter(|own| used.contains(&text(&own["id"]))) {
        let licence = text(&package["license"]);
        if !allows(&licence, allowed) {
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            let named = if licence.is_empty() { "none named" } else { &licence };
            wrong.push(format!("  {name} {version}: {named}"));
        }
    }
    (used.len(), wrong)
}

/// Whether an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` leaves a choice that is on the list. Old crates
/// write `/` for OR.
fn allows(expression: &str, allowed: &[Licensee]) -> bool {
    Expression::parse_mode(expression, ParseMode::LAX)
        .is_ok_and(|own| own.evaluate(|duty| allowed.iter().any(|licence| licence.satisfies(duty))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Licensee> {
        allowed("[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\", \"Unicode-3.0\"]")
            .unwrap()
    }

    #[test]
    fn a_choice_on_the_list_is_enough_and_every_duty_must_be_on_it() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "MIT OR GPL-3.0-only AND MPL-2.0",
        ] {
            assert!(allows(good, &list()), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR GPL-3.0-only",
            "MIT Apache-2.0",
            "OR",
            "MPL-2.0",
            "MIT WITH GPL",
        ] {
            assert!(!allows(bad, &list()), "{bad}");
        }
    }

    #[test]
    fn a_policy_without_a_list_or_with_a_licence_that_is_none_is_refused() {
        assert!(allowed("[licenses]").is_err());
        assert!(allowed("[licenses]\nallow = [\"MITT\"]").is_err());
    }

    #[test]
    fn a_crate_is_named_with_its_licence() {
        let package = |id: &str, licence: Value| serde_json::json!({"id": id, "name": id, "version": "1.0.0", "license": licence});
        let metadata = serde_json::json!({
            "packages": [package("a", "MIT".into()), package("b", "GPL-3.0-only".into()), package("c", Value::Null), package("elsewhere", Value::Null)],
            "resolve": {"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
        });
        assert_eq!(
            judge(&metadata, &list()),
            (3, vec!["  b 1.0.0: GPL-3.0-only".to_owned(), "  c 1.0.0: none named".to_owned()])
        );
    }
}

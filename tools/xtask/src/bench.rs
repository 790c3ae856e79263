//! How fast it is: the workloads of `benches/workloads.rs` natively (criterion) and as WASM in Chromium, and what a
//! reader feels on the page. Prints each figure beside its budget, and leaves all of them in `target/bench.json`.
//!
//! Machines are noisy: compare ratios of one run, not runs of two days. A budget that is missed is told and fails
//! nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bundle::{benchmarks, bundle};
use crate::serve::{Place, start};
use crate::setup;
use crate::site::Site;
use crate::step::{cargo, run, run_watched, step};

/// What the design allows, in milliseconds: of a workload in a browser, or of a figure of the page.
const BUDGETS: [(&str, f64); 17] = [
    ("evaluate", 0.02),
    ("evaluate-moe", 0.02),
    ("evaluate-open", 0.02),
    ("evaluate-sram", 0.02),
    ("frontier", 100.0),
    ("frontier-moe", 100.0),
    ("map", 300.0),
    ("replay", 80.0),
    ("replay-million", 60_000.0),
    ("first chart", 1000.0),
    ("slider to pixels, p95", 16.0),
    ("slider with a pin, p95", 16.0),
    ("blocked by frontier", 50.0),
    ("blocked by breakeven", 50.0),
    ("blocked by sensitivity", 50.0),
    ("blocked by replay", 50.0),
    ("blocked by agents", 50.0),
];

/// Measures all and prints the table.
pub fn bench(root: &Path, browser_only: bool) -> Result<()> {
    let folder = root.join("tests").join("e2e");
    setup::node()?;
    let chromium = setup::chromium()?;
    setup::npm_packages(&folder)?;
    let mut assets = bundle(root, "")?.assets;
    assets.extend(Site::new(benchmarks(root)?).assets);
    let site = Arc::new(Site { assets, tag: String::new() });
    if !browser_only {
        step("native", || run(cargo(root).args(["bench", "--package", "tandem", "--bench", "speed"])))?;
    }
    let native = native(&root.join("target").join("criterion"))?;

    let at = Place { host: "127.0.0.1".to_owned(), port: 0, base: "/".to_owned() };
    let served = start(site, &at, false)?;
    let mut last = String::new();
    step("in a browser", || {
        let mut node = Command::new("node");
        node.current_dir(&folder)
            .arg("bench.mjs")
            .env("TANDEM_URL", &served.url)
            .env("TANDEM_DEEP_URL", &served.url)
            .env("CHROME", &chromium);
        run_watched(&mut node, |line| line.clone_into(&mut last))
    })?;
    let browser: Value = serde_json::from_str(&last).context("the browser's half gave no figures")?;
    let page = page(&browser);
    print(&native, &browser, &page);
    let all = json!({ "native_ms": native, "browser_ms": browser["workloads"], "page_ms": page, "browser": browser });
    let path = root.join("target").join("bench.json");
    fs::write(&path, serde_json::to_string_pretty(&all)?)?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

/// The median milliseconds of each workload, where criterion left them.
fn native(folder: &Path) -> Result<BTreeMap<String, f64>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).context("nothing was measured natively yet")? {
        let entry = entry?;
        let path = entry.path().join("time").join("new").join("estimates.json");
        let Ok(text) = fs::read_to_string(path) else { continue };
        let nanoseconds = serde_json::from_str::<Value>(&text)?["median"]["point_estimate"].as_f64();
        if let Some(nanoseconds) = nanoseconds {
            found.insert(entry.file_name().to_string_lossy().into_owned(), nanoseconds / 1e6);
        }
    }
    Ok(found)
}

/// What a reader feels, by name.
fn page(browser: &Value) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, value: &Value| {
        if let Some(value) = value.as_f64() {
            found.insert(name.to_owned(), value);
        }
    };
    add("first chart", &browser["start"]);
    for (name, of) in [
        ("slider to pixels", "default"),
        ("slider on the landing page", "landing"),
        ("slider over one chart", "alone"),
        ("slider with a pin", "pinned"),
    ] {
        let drag = &browser["drag"][of];
        add(&format!("{name}, median"), &drag["p50"]);
        add(&format!("{name}, p95"), &drag["p95"]);
        add(&format!("{name}, longest task"), &drag["blocked"]);
    }
    for (view, blocked) in browser["searches"].as_object().into_iter().flatten() {
        add(&format!("blocked by {view}"), blocked);
    }
    found
}

fn print(native: &BTreeMap<String, f64>, browser: &Value, page: &BTreeMap<String, f64>) {
    let budget = |id: &str| BUDGETS.iter().find(|(own, _)| *own == id).map(|(_, most)| *most);
    let verdict = |id: &str, value: Option<f64>| match (budget(id), value) {
        (Some(most), Some(value)) => format!("{} {}", if value <= most { "≤" } else { "ABOVE" }, time(most)),
        _ => String::new(),
    };
    println!("\n{:<26} {:>11} {:>11} {:>7}  budget", "", "native", "browser", "ratio");
    for (id, own) in native {
        let there = browser["workloads"][id]["median"].as_f64();
        let shown = there.map(time).unwrap_or_default();
        let ratio = there.map(|there| format!("{:.2}", there / own)).unwrap_or_default();
        println!("{id:<26} {:>11} {shown:>11} {ratio:>7}  {}", time(*own), verdict(id, there.or(Some(*own))));
    }
    println!();
    for (name, value) in page {
        println!("{name:<38} {:>11} {:>7}  {}", time(*value), "", verdict(name, Some(*value)));
    }
}

fn time(milliseconds: f64) -> String {
    match milliseconds {
        own if own < 1.0 => format!("{:.1} µs", own * 1e3),
        own if own < 1000.0 => format!("{own:.1} ms"),
        own => format!("{:.2} s", own / 1e3),
    }
}

//! What a first visit may weigh over the wire, in brotli bytes, and how much of it is spent.

use anyhow::{Result, bail};

use crate::site::{Asset, Site};

/// All that a first visit loads. The design wants 300 kB; this ratchet holds what is reached.
const FIRST_VISIT: usize = 426_500;

/// Its WASM alone: the module and the mix board. The design wants 250 kB: of what is reached, 42 are data and texts, 99 the
/// model, its links and charts, 68 the views and 32 the board, the rest the framework and the standard library. Panics without words would take 20 more off,
/// but only with a standard library of one's own making, which stable Rust does not offer.
const WASM: usize = 406_000;

/// What a first visit does not run, and the first touch brings.
const TOUCHED: usize = 95_500;

/// How its name begins.
const COLD: &str = "cold-";

/// The views that are loaded when they are first shown, all together.
const VIEWS: usize = 257_000;

/// The module of the long jobs and the scripts around it, which come with the first question that needs them.
const LATER: usize = 562_000;

/// How the names of what only some visits load begin: long questions, and `host-` where the page stands in another one.
const QUESTIONS: [&str; 6] = ["ask-", "host-", "jobs-", "later-", "save-", "worker-"];

/// How the names of late views begin.
const PART: &str = "part-";

/// The one that every visit shows: it comes after the figures and before anything is touched.
const BOARD: &str = "part-split_board-";

/// How the names of what a reader asks for begin: gallery, stories, sharing, help and the words on terms.
const ON_DEMAND: [&str; 7] = ["link-", "glossary-", "help-", "library-", "share-", "stories-", "terms-"];

/// All of that together.
const ASKED_FOR: usize = 21_000;

/// Prints the size of each file, and fails above the budget.
pub fn hold(site: &Site) -> Result<()> {
    println!("\n{:>10} {:>10}  file", "raw kB", "brotli kB");
    for (name, asset) in &site.assets {
        println!("{:>10} {:>10}  {name}", kilo(asset.bytes.len()), kilo(over_the_wire(asset)));
    }
    let first_visit = spend(site, loaded_first);
    let wasm = spend(site, |name, asset| name.ends_with(".wasm") && loaded_first(name, asset));
    let touched = spend(site, |name, _| name.starts_with(COLD));
    let views = spend(site, |name, _| is_view(name));
    let later = spend(site, |name, _| is_question(name));
    let asked_for = spend(site, |name, _| on_demand(name));
    println!(
        "{:>10} {:>10}  first visit, of {}",
        kilo(first_visit.0),
        kilo(first_visit.1),
        kilo(FIRST_VISIT)
    );
    println!("{:>10} {:>10}  of it WASM, of {}", kilo(wasm.0), kilo(wasm.1), kilo(WASM));
    println!("{:>10} {:>10}  with the first touch, of {}", kilo(touched.0), kilo(touched.1), kilo(TOUCHED));
    println!("{:>10} {:>10}  views that come later, of {}", kilo(views.0), kilo(views.1), kilo(VIEWS));
    println!("{:>10} {:>10}  for the first long question, of {}", kilo(later.0), kilo(later.1), kilo(LATER));
    println!(
        "{:>10} {:>10}  for gallery, stories, sharing, terms and help, of {}\n",
        kilo(asked_for.0),
        kilo(asked_for.1),
        kilo(ASKED_FOR)
    );
    let spent = [
        ("a first visit", first_visit.1, FIRST_VISIT),
        ("the WASM", wasm.1, WASM),
        ("what comes with the first touch", touched.1, TOUCHED),
        ("views that come later", views.1, VIEWS),
        ("the first long question", later.1, LATER),
        ("what a reader asks for", asked_for.1, ASKED_FOR),
    ];
    for (what, spent, budget) in spent {
        if spent > budget {
            bail!("{what} takes {} kB of brotli; the budget is {}", kilo(spent), kilo(budget));
        }
    }
    Ok(())
}

/// The template, and all that it names directly or through another file: just those have a hash in their name.
fn loaded_first(name: &str, asset: &Asset) -> bool {
    let named = asset.immutable && !comes_later(name);
    name == "index.html" || name.starts_with("snippets/") || named
}

fn comes_later(name: &str) -> bool {
    is_question(name) || on_demand(name) || is_view(name) || name.starts_with(COLD)
}

fn is_view(name: &str) -> bool {
    name.starts_with(PART) && !name.starts_with(BOARD)
}

fn is_question(name: &str) -> bool {
    QUESTIONS.iter().any(|start| name.starts_with(start))
}

fn on_demand(name: &str) -> bool {
    ON_DEMAND.iter().any(|start| name.starts_with(start))
}

/// Raw and brotli bytes of the files chosen.
fn spend(site: &Site, choose: impl Fn(&str, &Asset) -> bool) -> (usize, usize) {
    site.assets
        .iter()
        .filter(|(name, asset)| choose(name, asset))
        .fold((0, 0), |(raw, wire), (_, asset)| (raw + asset.bytes.len(), wire + over_the_wire(asset)))
}

fn over_the_wire(asset: &Asset) -> usize {
    asset.brotli().map_or(asset.bytes.len(), <[u8]>::len)
}

fn kilo(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}

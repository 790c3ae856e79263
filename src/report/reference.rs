//! The reference of link keys as Markdown, made from the code that reads them.

use crate::scenario::link::{self, KeyDoc};
use crate::scenario::presets::PRESETS;

/// All keys and presets as a Markdown page.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Keys of a link\n\nA link is `v1` and `key=value` pairs joined by `&`, after the `#` of an address. Only what \
         differs from the default is written. Numbers take `k`, `M`, `ms`, `s`, `%`; a `k` of tokens is 1024.\n\n",
    );
    let all = link::reference();
    page.push_str(&table(all.iter().filter(|doc| !doc.view)));
    page.push_str("\n## Keys of the page\n\nThey change no figure.\n\n");
    page.push_str(&table(all.iter().filter(|doc| doc.view)));
    page.push_str("\n## Presets\n\n");
    for preset in PRESETS {
        page.push_str(&format!("- **{}**: `{}`. {}\n", preset.name, preset.link, preset.notice));
    }
    page
}

fn table<'a>(docs: impl Iterator<Item = &'a KeyDoc>) -> String {
    let mut text = String::from("| key | meaning | default | values | example |\n|---|---|---|---|---|\n");
    for KeyDoc { key, meaning, example, default, range, .. } in docs {
        let example = if example.is_empty() { String::new() } else { format!("`{key}={example}`") };
        text.push_str(&format!("| `{key}` | {meaning} | {default} | {range} | {example} |\n"));
    }
    text
}

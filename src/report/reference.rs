//! The reference of link keys as Markdown, made from the code that reads them.

use crate::scenario::link::{self, KeyDoc};
use crate::scenario::presets::{NOTICES, PRESETS};

/// All keys and presets as a Markdown page.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Keys of a link\n\nA link is `v1` and `key=value` pairs joined by `&`, after the `#` of an address. Only what \
         differs from the default is written. Numbers take `k`, `M`, `ms`, `s`, `%`; a `k` of tokens is 1024.\n\n\
         Chips and models go by their identifiers and by the names that people use (`tandem catalog chips`, `tandem catalog \
         models`): `h100` is `h100-sxm`, `deepseek-ai/DeepSeek-R1-0528` is `deepseek-v3`, and a name such as \
         `Qwen3-32B-AWQ` states `weights=int4` unless the link does. Spelling counts for little: capitals, blanks and \
         underscores do not matter. A name that could stand for several entries stands for none.\n\n\
         An unknown name, or a value that cannot be read or lies outside its range, stops everything: nothing is evaluated, \
         and the answer says what may have been meant. An unknown key is a remark. `tandem --lenient` goes on with the rest.\n\n",
    );
    let all = link::reference();
    page.push_str(&table(all.iter().filter(|doc| !doc.view)));
    page.push_str("\n## Models of your own\n\n");
    page.push_str(link::ARCHITECTURE);
    page.push_str("\n## Keys of the page\n\nThey change no figure.\n\n");
    page.push_str(&table(all.iter().filter(|doc| doc.view)));
    page.push_str("\n## Presets\n\n");
    for (preset, notice) in PRESETS.iter().zip(NOTICES) {
        page.push_str(&format!("- **{}**: `{}`. {notice}\n", preset.name, preset.link));
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

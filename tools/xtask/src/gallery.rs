//! The pictures of the gallery: what each entry shows, as the command line draws it, on light and on dark ground.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::step::{ask, cargo, run};

/// Where they are in the site; `public/library.js` asks for them there.
pub const FOLDER: &str = "pictures/";

/// Width and height in CSS pixels, as `public/library.js` has them.
const SIZE: [&str; 2] = ["340", "240"];

/// Draws them all: starting points and stories.
pub fn draw(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    run(cargo(root).args(["build", "--quiet", "--package", "tandem", "--bin", "tandem"]))?;
    // Cargo put this very program beside it.
    let tandem = std::env::current_exe()?.with_file_name(format!("tandem{EXE_SUFFIX}"));
    let starts = ask(Command::new(&tandem).args(["catalog", "scenarios", "--json"]))
        .context("the command line lists no scenarios")?;
    let stories = fs::read_to_string(root.join("public/stories.json")).context("public/stories.json")?;
    let mut files = BTreeMap::new();
    for (id, link) in starting(&starts)?.into_iter().chain(told(&stories)?) {
        for ground in ["light", "dark"] {
            let svg = ask(Command::new(&tandem)
                .args(["render", &link, "--theme", ground, "--width", SIZE[0], "--height", SIZE[1]]))
            .with_context(|| format!("there is no picture of {id}: tandem render '{link}'"))?;
            files.insert(format!("{FOLDER}{id}-{ground}.svg"), svg.into_bytes());
        }
    }
    Ok(files)
}

/// Identifier and link of each starting point.
fn starting(json: &str) -> Result<Vec<(String, String)>> {
    let all: Value = serde_json::from_str(json)?;
    entries(&all)?.iter().map(|own| Ok((text(own, "id")?, text(own, "link")?))).collect()
}

/// The same of each story, whose second step sets what the first one showed beside something else.
fn told(json: &str) -> Result<Vec<(String, String)>> {
    let all: Value = serde_json::from_str(json)?;
    let story = |own: &Value| {
        let steps = entries(&own["steps"])?;
        let step = steps.get(1).or(steps.first()).context("a story has no step")?;
        Ok((format!("story-{}", text(own, "id")?), text(step, "link")?))
    };
    entries(&all["stories"])?.iter().map(story).collect()
}

fn entries(list: &Value) -> Result<&Vec<Value>> {
    list.as_array().context("no list")
}

fn text(of: &Value, key: &str) -> Result<String> {
    Ok(of[key].as_str().with_context(|| format!("no {key}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_a_name_and_a_link() {
        let one = |id: &str, link: &str| vec![(id.to_owned(), link.to_owned())];
        assert_eq!(starting(r#"[{"id": "a", "link": "v1"}]"#).unwrap(), one("a", "v1"));
        let steps = |steps: &str| format!(r#"{{"stories": [{{"id": "a", "steps": [{steps}]}}]}}"#);
        let both = steps(r#"{"link": "v1"}, {"link": "v1&isl=4k"}"#);
        assert_eq!(told(&both).unwrap(), one("story-a", "v1&isl=4k"));
        assert_eq!(told(&steps(r#"{"link": "v1"}"#)).unwrap(), one("story-a", "v1"));
        assert!(told(&steps("")).is_err());
        assert!(starting(r#"[{"id": "a"}]"#).is_err());
    }
}

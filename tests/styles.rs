//! The stylesheet holds the very colours that charts are painted with. After a change of the theme,
//! `TANDEM_UPDATE=1 cargo test --test styles` brings it up to date.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tandem::chart::theme::css;

const FROM: &str = "/* Colours, written from src/chart/theme.rs: see tests/styles.rs */\n";
const TO: &str = "/* End of colours */\n";

#[test]
fn the_stylesheet_has_the_colours_of_the_charts() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/styles.css");
    let sheet = std::fs::read_to_string(path).unwrap();
    let (before, rest) = sheet.split_once(FROM).expect("the mark before the colours");
    let (colours, after) = rest.split_once(TO).expect("the mark after the colours");
    if colours != css() && std::env::var_os("TANDEM_UPDATE").is_some() {
        std::fs::write(path, format!("{before}{FROM}{}{TO}{after}", css())).unwrap();
        return;
    }
    assert_eq!(colours, css(), "the colours of public/styles.css are out of date");
}

//! Goldens let a harmless change pass and tell any other by where it is and how large: the comparison itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says plainly what it expects")]

mod support;

use std::fs;
use std::path::Path;

use insta::Snapshot;
use support::golden::pictures::{self, Picture};
use support::golden::reports::{self, RELATIVE, Reports};
use support::golden::{Differences, Form, settings};
use tandem::report::{Strictness, reply};

const LINK: &str = "v1&model=llama3-8b&pool=h200*1&concurrency=4";

/// How a report of [`LINK`] differs from one whose line of this path is another.
fn report_with(path: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    let old = reports::laid_out(LINK, &reply(LINK, Strictness::Lenient));
    let start = format!("  {path} = ");
    assert_eq!(old.lines().filter(|line| line.starts_with(&start)).count(), 1, "{path} in {old}");
    let line = |line: &str| match line.strip_prefix(&start) {
        Some(value) => format!("{start}{}\n", change(value)),
        None => format!("{line}\n"),
    };
    let new: String = old.lines().map(line).collect();
    told::<Reports>(&old, &new)
}

fn told<F: Form>(old: &str, new: &str) -> Vec<String> {
    Differences::between::<F>(old, new).to_string().lines().map(|line| line.trim().to_owned()).collect()
}

fn times(factor: f64) -> impl Fn(&str) -> String {
    move |value| (value.parse::<f64>().unwrap() * factor).to_string()
}

#[test]
fn a_number_may_move_by_a_millionth_of_itself() {
    for path in ["metrics.ttft.value", "pools[0].memory.capacity", "tpot_parts[1].seconds"] {
        for factor in [1.0, 1.0 + 1e-9, 1.0 - 1e-9, 1.0 + RELATIVE / 2.0] {
            assert_eq!(report_with(path, times(factor)), Vec::<String>::new(), "{path} × {factor}");
        }
        assert_eq!(report_with(path, times(1.0 + RELATIVE * 2.0)).len(), 1);
        assert_eq!(report_with(path, times(-1.0)).len(), 1);
    }
    // Near nothing, a share says nothing.
    assert!(told::<Reports>("v1\n  a = 0.0\n", "v1\n  a = -1e-15\n").is_empty());
    assert_eq!(told::<Reports>("v1\n  a = 0.0\n", "v1\n  a = 1e-9\n"), ["a of v1: 0.0 → 1e-9"]);
}

#[test]
fn a_number_beyond_is_told_by_its_path_and_its_link() {
    let told = report_with("metrics.ttft.value", times(1.001));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with(&format!("metrics.ttft.value of {LINK}: 0.")), "{}", told[0]);
    assert!(told[0].ends_with(" (+0.1 %)"), "{}", told[0]);
    let told = report_with("pools[0].memory.weights", times(0.5));
    assert!(told[0].starts_with(&format!("pools[0].memory.weights of {LINK}: ")), "{}", told[0]);
    assert!(told[0].ends_with(" (−50 %)"), "{}", told[0]);
}

#[test]
fn a_word_may_not_change() {
    for (path, old, new) in [
        ("sentence", "serves", "served"),
        ("metrics.ttft.unit", "\"s\"", "\"ms\""),
        ("slo.met", "true", "false"),
        ("saturation", "null", "0.0"),
    ] {
        let told = report_with(path, |value| {
            assert!(value.contains(old), "{path} = {value}");
            value.replace(old, new)
        });
        assert_eq!(told.len(), 1, "{path}");
        assert!(told[0].starts_with(&format!("{path} of {LINK}: ")), "{}", told[0]);
    }
}

#[test]
fn a_value_that_comes_or_goes_or_moves_is_told() {
    let old = "v1\n  a = 1\n  b = 2\n  c = 3\n";
    assert_eq!(told::<Reports>(old, "v1\n  a = 1\n  c = 3\n"), ["b of v1: gone: 2"]);
    assert_eq!(told::<Reports>("v1\n  a = 1\n  c = 3\n", old), ["b of v1: new: 2"]);
    assert_eq!(told::<Reports>(old, "v1\n  a = 1\n  c = 3\n  b = 2\n").len(), 2);
    assert_eq!(told::<Reports>(old, &old.replace("v1", "v1&isl=4k")).len(), 8);
    assert_eq!(told::<Reports>(old, "").len(), 4);
}

#[test]
fn the_largest_differences_come_first_and_not_too_many() {
    let page = |change: f64| {
        let line = |index: u32| format!("  n[{index}] = {}\n", 100.0 + change * f64::from(index));
        format!("v1\n  word = \"{change}\"\n{}", (0..40).map(line).collect::<String>())
    };
    let told = told::<Reports>(&page(0.0), &page(0.5));
    assert_eq!(told.len(), 21);
    assert_eq!(told[0], r#"word of v1: "0" → "0.5""#);
    assert_eq!(told[1], "n[39] of v1: 100 → 119.5 (+19.5 %)");
    assert_eq!(told[19], "n[21] of v1: 100 → 110.5 (+10.5 %)");
    assert_eq!(told[20], "and 20 more");
}

#[test]
fn a_report_is_laid_out_by_value_in_its_own_order() {
    let link = "v1&nothing=\"a\": b, [{&model=llama3-8b&pool=h200*1";
    let reply = reply(link, Strictness::Lenient);
    let page = reports::laid_out(link, &reply);
    let mut json = reply.json_line();
    // Every value stands in the JSON, later than the one before it.
    for line in page.lines().skip(1) {
        let (path, value) = line.strip_prefix("  ").unwrap().split_once(" = ").unwrap();
        let at = json.find(value).unwrap_or_else(|| panic!("{path} = {value} in {json}"));
        json = json.split_off(at + value.len());
    }
    assert_eq!(json.trim_end_matches(['}', ']']), "");
    assert!(page.contains("  notices[0] = "), "{page}");
    assert!(page.contains("  warnings = []\n"), "{page}");
}

/// Marks of every kind, one of them a hairline, as the painter writes them: in quarters of a pixel.
const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 400 200" role="img">
<title>A picture &amp; "more"</title>
<rect x="40" y="80" width="200" height="2" fill="#E4E7EC" stroke="none"/>
<rect x="40" y="84" width="200" height="40" fill="#E4E7EC" stroke="none"/>
<rect x="40" y="90" width="120" height="40" fill="#1241AD" stroke="none"/>
<polyline fill="none" stroke="#15181E" stroke-width="8" points="40,80 60,90 80,120 "/>
<circle cx="80" cy="120" r="12" fill="#15181E"/>
<text x="40" y="20" dy="0.5ex" font-family="system-ui, &apos;Segoe UI&apos;" font-size="48.00000000000001">1 req/s</text>
</svg>
"##;

/// How [`SVG`] differs from one in which a text is another.
fn picture_with(old: &str, new: &str) -> Vec<String> {
    assert_eq!(SVG.matches(old).count(), 1, "{old}");
    told_of(&SVG.replace(old, new))
}

/// How [`SVG`] differs from another picture.
fn told_of(svg: &str) -> Vec<String> {
    told::<Picture>(&pictures::laid_out(SVG), &pictures::laid_out(svg))
}

#[test]
fn a_picture_is_a_mark_per_line_in_pixels() {
    assert_eq!(
        pictures::laid_out(SVG).lines().collect::<Vec<_>>(),
        [
            r#"svg height=50 role=img viewBox="0 0 400 200" width=100"#,
            r#"title "A picture & \"more\"""#,
            "rect x=10 y=20 height=0.5 width=50 fill=#E4E7EC stroke=none",
            "rect x=10 y=21 height=10 width=50 fill=#E4E7EC stroke=none",
            "rect x=10 y=22.5 height=10 width=30 fill=#1241AD stroke=none",
            r#"polyline points="10,20 15,22.5 20,30" stroke-width=2 fill=none stroke=#15181E"#,
            "circle cx=20 cy=30 r=3 fill=#15181E",
            r#"text x=10 y=5 font-size=12 dy=0.5ex font-family="system-ui, 'Segoe UI'" "1 req/s""#,
        ]
    );
}

#[test]
fn a_mark_may_move_by_a_pixel() {
    for (old, new) in [
        (r#"x="40" y="84""#, r#"x="44" y="80""#),
        (r#"cx="80""#, r#"cx="77""#),
        ("60,90", "63,87"),
        (r#"width="120""#, r#"width="124""#),
        // The same picture in other words.
        (r#"cx="80" cy="120""#, r#"cy="120" cx="80""#),
        ("48.00000000000001", "48"),
    ] {
        assert_eq!(picture_with(old, new), Vec::<String>::new(), "{new}");
    }
}

#[test]
fn a_mark_that_moves_further_is_told() {
    let told = |old, new| picture_with(old, new).join("; ");
    assert_eq!(told(r#"x="40" y="84""#, r#"x="52" y="80""#), "line 4, rect x: 10 → 13 (3 px)");
    assert_eq!(told(r#"cy="120""#, r#"cy="132""#), "line 7, circle cy: 30 → 33 (3 px)");
    assert_eq!(told("60,90", "60,102"), "line 6, polyline points[3]: 22.5 → 25.5 (3 px)");
    assert_eq!(told(r#"width="120""#, r#"width="108""#), "line 5, rect width: 30 → 27 (3 px)");
    // A hairline that is twice as thick is another line, though half a pixel is little.
    assert_eq!(told(r#"height="2""#, r#"height="4""#), "line 3, rect height: 0.5 → 1 (0.5 px)");
    // The largest first.
    let both = SVG.replace(r#"cy="120""#, r#"cy="140""#).replace(r#"width="120""#, r#"width="108""#);
    assert_eq!(told_of(&both), ["line 7, circle cy: 30 → 35 (5 px)", "line 5, rect width: 30 → 27 (3 px)"]);
}

#[test]
fn words_and_looks_of_a_picture_may_not_change() {
    let told = |old, new| picture_with(old, new).join("; ");
    assert_eq!(told("1 req/s", "2 req/s"), r#"line 8, text: "1 req/s" → "2 req/s""#);
    assert_eq!(told("#1241AD", "#1241AE"), "line 5, rect fill: #1241AD → #1241AE");
    assert_eq!(told(r#"stroke-width="8""#, r#"stroke-width="9""#), "line 6, polyline stroke-width: 2 → 2.25");
    assert_eq!(told(r#"width="100""#, r#"width="400""#).split(':').next(), Some("line 1, svg width"));
    assert_eq!(told("60,90 ", ""), r#"line 6, polyline points: "10,20 15,22.5 20,30" → "10,20 20,30""#);
}

#[test]
fn a_mark_that_goes_or_comes_is_told_alone() {
    let rect = "<rect x=\"40\" y=\"84\" width=\"200\" height=\"40\" fill=\"#E4E7EC\" stroke=\"none\"/>\n";
    let line = "rect x=10 y=21 height=10 width=50 fill=#E4E7EC stroke=none";
    assert_eq!(picture_with(rect, ""), [format!("line 4, rect: gone: {line}")]);
    assert_eq!(picture_with(rect, &rect.repeat(2)).len(), 1);
    assert_eq!(told_of(&SVG.replace(rect, "").replace("</svg>", &format!("{rect}</svg>"))).len(), 2);
}

/// What insta is told, which fails the test and takes a golden anew by it.
#[test]
fn insta_takes_what_agrees_for_the_same() {
    let snapshot = |name: &str, text: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, format!("---\nsource: tests/goldens.rs\n---\n{text}\n")).unwrap();
        Snapshot::from_file(&file).unwrap()
    };
    let old = snapshot("old.snap", "v1\n  a = 1.0\n  b = 2.0");
    let settings = settings::<Reports>();
    assert!(settings.comparator().matches(&old, &old));
    assert!(settings.comparator().matches(&old, &snapshot("near.snap", "v1\n  a = 1.000000001\n  b = 2.0")));
    assert!(!settings.comparator().matches(&old, &snapshot("far.snap", "v1\n  a = 1.001\n  b = 2.0")));
    assert!(!settings.comparator().matches(&old, &snapshot("less.snap", "v1\n  a = 1.0")));
}

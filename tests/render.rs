//! `tandem render`: the chart of a link as a file, which stands by itself and has the same bytes everywhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says plainly what it expects")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Options, Tree};

const LINK: &str = "v1&model=llama3-8b&pool=h200*8";

fn tandem(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tandem")).args(arguments).output().unwrap()
}

/// The picture of a link as text.
fn svg(link: &str, more: &[&str]) -> String {
    let output = tandem(&[&["render", link], more].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let text = String::from_utf8(output.stdout).unwrap();
    let parsed = Tree::from_str(&text, &Options::default());
    assert!(parsed.is_ok(), "{:?}", parsed.err());
    text
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn curves_say_what_they_show() {
    let text = svg(&format!("{LINK}&y=tpot&pin=v1%26model%3Dllama3-8b%26pool%3Db200*4"), &[]);
    let title = "<title>Time per output token against input length: Llama 3 / 3.1 8B on 8 × H200 SXM</title>";
    for words in [title, "Input length (tokens)", "TPOT ≤ 50", ">4 × B200 SXM<", ">8 × H200 SXM<", "16k"]
    {
        assert!(text.contains(words), "{words} is missing");
    }
    assert!(text.contains("width=\"960\""), "the usual width");
}

#[test]
fn each_view_has_its_chart() {
    let other = [
        ("frontier", ["against interactivity", "Frontier", "This scenario"]),
        ("breakeven", ["Best by cost of input and output tokens", "Input length", "This scenario"]),
        ("size", ["Cheapest deployments for this load", "Cost per hour", "H100 SXM"]),
        ("sensitivity", ["What moves", "10 % more", "H200 SXM memory bandwidth"]),
        ("replay", ["Time per output token", "p99", "What was done when"]),
        ("agents", ["Input that was cached", "Money per task", "with tiers"]),
        ("why", ["Where TTFT goes", "Where TPOT goes", "Weights"]),
        ("roofline", ["Operations under the roofs", "H200 SXM BF16", "Arithmetic intensity"]),
        ("memory", ["Memory of one chip of each pool", "KV cache", "151"]),
        ("flow", ["What flows where", "All chips", "loaded"]),
    ];
    let mut seen = vec![svg(LINK, &[])];
    for (view, words) in other {
        let text = svg(&format!("{LINK}&view={view}"), &[]);
        for word in words {
            assert!(text.contains(word), "{view}: {word} is missing");
        }
        assert_eq!(svg(LINK, &["--view", view]), text, "the option says the same as the link");
        assert!(!seen.contains(&text));
        seen.push(text);
    }
}

#[test]
fn the_same_link_gives_the_same_bytes_and_a_theme_others() {
    assert_eq!(svg(LINK, &[]), svg(LINK, &[]));
    let dark = svg(LINK, &["--theme", "dark"]);
    assert_ne!(dark, svg(LINK, &[]));
    let wide = svg(LINK, &["--width", "1200", "--height", "300"]);
    assert!(wide.contains("width=\"1200\" height=\"300\""));
}

#[test]
fn a_png_has_its_size_and_letters() {
    let mut written = Vec::new();
    for name in ["one.png", "two.png"] {
        let file = scratch(name);
        let path = file.to_str().unwrap();
        let output =
            tandem(&["render", LINK, "-o", path, "--width", "640", "--height", "360", "--scale", "2"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        written.push(fs::read(&file).unwrap());
    }
    assert_eq!(written[0], written[1]);
    let picture = Pixmap::decode_png(&written[0]).unwrap();
    assert_eq!((picture.width(), picture.height()), (1280, 720));
    // The title is dark on light: without a font nothing would stand in the top rows.
    let ground = picture.pixels()[0];
    let rows = |from: usize, to: usize| {
        let part = &picture.pixels()[from * 1280..to * 1280];
        part.iter().filter(|own| own.red() < 110 && **own != ground).count()
    };
    assert!(rows(0, 60) > 500, "{} dark pixels in the title", rows(0, 60));
    assert!(rows(60, 720) > 2000, "{} dark pixels below", rows(60, 720));
}

#[test]
fn mistakes_are_named() {
    let text = "v1&model=llama3-8b&pool=h200*8&isl=pear&banana=1";
    let output = tandem(&["render", text, "--lenient"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("Note: isl") && told.contains("banana"), "{told}");
    assert!(output.stdout.starts_with(b"<svg"));
    let output = tandem(&["render", text]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{told}");
    assert!(told.contains("isl=pear: expected a number of tokens"), "{told}");

    let code = |arguments: &[&str]| {
        let output = tandem(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, told) = code(&["render", "pear"]);
    assert!(status == Some(2) && told.contains("This is no link"), "{told}");
    let (status, told) = code(&["render", LINK, "-o", "chart.gif"]);
    assert!(status == Some(1) && told.contains("chart.gif"), "{told}");
    let (status, told) = code(&["render", "v1&model=llama3.1-405b&pool=h100-sxm*1"]);
    assert!(status == Some(1) && !told.is_empty(), "{told}");
    let (status, told) = code(&["render", LINK, "--width", "7"]);
    assert!(status == Some(2) && told.contains("240"), "{told}");
    let (status, told) = code(&["render", "v1&isl=pear", "--strict"]);
    assert!(status == Some(2) && told.contains("isl"), "{told}");
}

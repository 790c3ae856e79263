//! Laws of the link: what is written reads back, anything can be read, and old links load for ever.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

mod support;

use proptest::prelude::*;
use tandem::report::{Reply, Strictness, reply};
use tandem::scenario::link::{self, LONGEST, parse, write};

/// What some text format takes for its own: quotes, brackets, code.
const UNSAFE: &[u8] = b"<>\"'()[]{}`|\\^#";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(scenario in support::scenarios(), view in support::views()) {
        prop_assert_eq!(&scenario.check(), &[]);
        let text = write(&scenario, &view);
        let parsed = parse(&text);
        prop_assert_eq!(&parsed.notices, &[], "{}", text);
        prop_assert_eq!(&parsed.scenario, &scenario, "{}", text);
        prop_assert_eq!(&parsed.view, &view, "{}", text);
        prop_assert_eq!(write(&parsed.scenario, &parsed.view), text.as_str());
        // An address may be handed on through anything that keeps plain text.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !UNSAFE.contains(&byte));
        prop_assert!(plain, "{}", text);
        prop_assert_eq!(&parse(&format!("https://example.org/a/?embed=1#{text}")).scenario, &scenario);
    }

    #[test]
    fn any_text_gives_a_valid_scenario(text in any::<String>()) {
        sound(&text);
    }

    #[test]
    fn any_bytes_give_a_valid_scenario(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_values_give_a_valid_scenario(pairs in pairs()) {
        let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        sound(&format!("v1&{}", pairs.join("&")));
    }

    #[test]
    fn a_damaged_link_gives_a_valid_scenario(
        scenario in support::scenarios(),
        at in any::<prop::sample::Index>(),
        with in any::<char>(),
    ) {
        let mut letters: Vec<char> = write(&scenario, &[]).chars().collect();
        let place = at.index(letters.len());
        letters[place] = with;
        sound(&letters.iter().collect::<String>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the limits allow is answered, in finite numbers or with a reason.
    #[test]
    fn every_link_is_answered(scenario in prop_oneof![support::scenarios(), support::sensible_scenarios()]) {
        let link = write(&scenario, &[]);
        let answer = reply(&link, Strictness::Strict);
        let json = answer.json_line();
        prop_assert!(!json.contains('\n') && !json.contains("NaN") && !json.contains("null,\"low\""));
        match answer {
            Reply::Report(report) => {
                prop_assert_eq!(&report.link, &link);
                prop_assert!(!report.sentence.contains(['∞', '–']), "{}", report.sentence);
            }
            Reply::Failure(failure) => prop_assert!(failure.error.ends_with('.'), "{}", failure.error),
        }
    }
}

/// Known keys with values that come near to good ones, and some that do not.
fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let keys: Vec<String> = link::reference().iter().map(|doc| doc.key.to_owned()).collect();
    let value = prop_oneof![
        "[0-9.]{1,6}(k|M|ms|s|%|GB/s|)",
        "-?[0-9]{0,3}e[0-9+-]{1,4}",
        "(NaN|inf|-inf|none|auto|native|pd|colocated|afd|own|fp8|vllm)",
        "(h200|h100-sxm|b200|groq3-lp30|x)\\*[0-9]{1,9}(:(tp|pp|dp|etp|ep|pcp|dcp)[0-9]{0,9}){0,6}",
        "(dense|moe|mla-moe):[0-9.]{1,5}(B|T|)(:[0-9.]{1,3}%25)?",
        "(h200|b200|x):[0-9.]{1,4}(,(h200|b200):[0-9.]{1,4}){0,3}",
        "(my-npu|h200|):(bf16=[0-9.]{1,4}:)?mem=[0-9]{1,6}:bw=[0-9e]{1,5}(:(up|fp8|usd|w|x)=[0-9.x]{0,6}){0,3}(,b:bf16=1)?",
        "(mine|llama3-8b):h=[0-9]{1,6}:v=[0-9]{1,7}(:(gqa|mla|lin|mamba|csa|ffn|moe|l|ctx|w|tied)=[0-9x*/wi]{1,20}){0,5}",
        "mine:h=4096:v=32000(:gqa=[0-9]{1,4}x[0-9]{1,2}x[0-9]{1,4}(/w[0-9]{1,5})?\\*[0-9]{1,4}){1,2}:ffn=[0-9]{1,6}",
        "(chat|agent|[0-9.]{1,4}/[0-9.]{1,4}|[0-9]{1,4}(s|ms|h|)/[0-9]{1,4}(s|min|))",
        "[0-9.]{1,5}x[0-9.]{1,5}(k|)",
        "(hbm|dram|ssd|network):[0-9]{1,5}(GB|TB|PB|)@[0-9]{1,5}(GB/s|TB/s|)(,ssd:8TB@10GB/s)?",
        "([0-9]{1,8}req|round-robin|least-loaded|prefix)",
        ".{0,12}",
    ];
    proptest::collection::vec((prop::sample::select(keys), value), 0..12)
}

fn sound(text: &str) {
    let parsed = parse(text);
    assert_eq!(parsed.scenario.check(), [], "{text:?}");
    for notice in &parsed.notices {
        let words = notice.to_string();
        assert!(!words.is_empty() && words.chars().count() < 1000, "{words}");
        assert!(!words.chars().any(char::is_control), "{words:?}");
    }
    // Reading once settles it: what was understood is written and read without a notice.
    let settled = parse(&write(&parsed.scenario, &parsed.view));
    assert_eq!(settled.notices, [], "{text:?}");
    assert_eq!(settled.scenario, parsed.scenario, "{text:?}");
    assert_eq!(settled.view, parsed.view, "{text:?}");
}

/// So many lines of the golden links are out in the world, and this is their digest (FNV-1a, 64 bits). Links that are
/// added below are frozen by raising the number with the next release; what is frozen never changes.
const FROZEN: (usize, u64) = (63, 0x329d_5ba2_6701_9b5f);

#[test]
fn frozen_golden_links_are_never_changed_and_never_taken_away() {
    let text = include_str!("golden/links.txt");
    let lines: Vec<&str> = text.split_inclusive('\n').take(FROZEN.0).collect();
    let digest = lines.concat().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    assert_eq!(
        (lines.len(), digest),
        FROZEN,
        "links that were given out must load for ever; add new ones below"
    );
}

#[test]
fn scripts_take_links_as_long_as_the_reader_does() {
    let script = include_str!("../public/link.js");
    let (_, rest) = script.split_once("LONGEST_LINK = ").expect("public/link.js names its limit");
    let number: String = rest.chars().take_while(|own| *own != ';').filter(char::is_ascii_digit).collect();
    assert_eq!(number, LONGEST.to_string());
}

/// Each link of that file reads without a remark, and writes its canonical form.
#[test]
fn golden_links_load_for_ever() {
    let lines =
        include_str!("golden/links.txt").lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut count = 0;
    for line in lines {
        let (text, canonical) = line.split_once(" -> ").expect("a golden line is `link -> canonical link`");
        let parsed = parse(text.trim());
        let again = parse(canonical.trim());
        assert_eq!(again.scenario, parsed.scenario, "{text}");
        if again.notices.is_empty() {
            assert_eq!(parsed.notices, [], "{text}");
            assert_eq!(write(&parsed.scenario, &parsed.view), canonical.trim(), "{text}");
        } else {
            // A word of an older link is told of, means what it meant, and is written in today's.
            assert!(parsed.notices.iter().all(|own| !own.changes_meaning()), "{text}: {:?}", parsed.notices);
            let today = write(&parsed.scenario, &parsed.view);
            assert_eq!(
                (parse(&today).scenario, parse(&today).notices),
                (parsed.scenario, Vec::new()),
                "{text}"
            );
        }
        count += 1;
    }
    assert!(count >= 30, "golden links were lost: {count} left");
}

#[test]
fn hostile_links_take_little_time() {
    let start = std::time::Instant::now();
    for text in [
        "&".repeat(1 << 20),
        "=".repeat(1 << 20),
        "%".repeat(1 << 20),
        "a&".repeat(1 << 20),
        "pin=%&".repeat(1 << 18),
        "isl=1&".repeat(1 << 18),
        format!("isl={}", "9".repeat(1 << 20)),
        format!("isl=1e{}", "9".repeat(1 << 16)),
        format!("model={}", "dense:".repeat(1 << 16)),
        format!("model={}", "x".repeat(1 << 20)),
        format!("{}=1", "m".repeat(1 << 20)),
        format!("pool=h200*8{}", ":tp8".repeat(1 << 16)),
        format!("rents={}", "h200:1,".repeat(1 << 16)),
        format!("chip={}", "a:bf16=1:mem=1:bw=50,".repeat(1 << 15)),
        "chip=a&".repeat(1 << 17),
        format!("chip=a{}", ":bf16=1".repeat(1 << 16)),
        format!("arch=a:h=1:v=1{}", ":gqa=1x1x1".repeat(1 << 16)),
        format!("arch=a:h=1:v=1:gqa=1x1x1{}", "/w1".repeat(1 << 16)),
        format!("arch=a:gqa={}", "1x".repeat(1 << 16)),
        format!("arch={}", "-".repeat(1 << 16)),
        format!("tier={}", "dram:1TB@1GB/s,".repeat(1 << 15)),
        format!("sessions={}", "1x".repeat(1 << 16)),
        "é".repeat(1 << 20),
    ] {
        sound(&text);
    }
    // Generous, for a slow machine: all of them together take some tens of milliseconds.
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn what_a_link_brings_along_works_like_the_catalogue() {
    let own = "v1&chip=my-npu:bf16=500:fp8=1000:mem=96:bw=4000:up=400x8:out=50:w=700:usd=2.5&pool=my-npu*8";
    let Reply::Report(report) = reply(own, Strictness::Strict) else { panic!("{own}") };
    assert!(report.sentence.starts_with("8 × my-npu serve"), "{}", report.sentence);
    assert_eq!(serde_json::to_value(report.evidence.id).unwrap(), "datasheet-only");
    let json = serde_json::to_value(&*report).unwrap();
    // Eight chips at $2.50 an hour and eight times 700 W, with what a system adds to it, and PUE.
    let metric = |id: &str| json["metrics"][id]["value"].as_f64().unwrap();
    let watts = metric("energy") * metric("throughput");
    assert!((watts / (8.0 * 700.0 * 1.66 * 1.25) - 1.0).abs() < 1e-9, "{watts}");
    for basis in ["market", "list", "contract", "own", "tco"] {
        let Reply::Report(report) = reply(&format!("{own}&price={basis}"), Strictness::Strict) else {
            panic!()
        };
        assert!(serde_json::to_value(&*report).unwrap()["metrics"]["cost"]["value"].is_f64(), "{basis}");
    }
    // The architecture of a catalogue model under a name of its own gives the same figures.
    let figures = |link: &str| match reply(link, Strictness::Strict) {
        Reply::Report(report) => {
            (serde_json::to_value(&*report).unwrap()["metrics"]["tpot"]["value"].clone(), report.sentence)
        }
        Reply::Failure(failure) => panic!("{link}: {}", failure.error),
    };
    let known = figures("v1&model=llama3-8b&pool=h200*1");
    let own = figures("v1&arch=mine:h=4096:v=128256:gqa=32x8x128*32:ffn=14336*32&model=mine&pool=h200*1");
    assert_eq!(known.0, own.0);
    assert!(own.1.contains("with mine"), "{}", own.1);
}

#[test]
fn a_bad_chip_leaves_the_others() {
    let parsed = parse(
        "v1&chip=a:bf16=100:mem=48:bw=900,h200:bf16=1:mem=1:bw=50,b:bf16=0:mem=1:bw=50&chip=c:x=1&pool=a*4&isl=4k",
    );
    let words: Vec<String> = parsed.notices.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    assert!(words[0].contains("h200 stands in the catalogue"), "{words:?}");
    assert!(words[1].contains("bf16=0 is outside 0.1 to 1e6 TFLOPS"), "{words:?}");
    assert!(words[2].contains("x is no figure of a chip"), "{words:?}");
    assert_eq!(write(&parsed.scenario, &[]), "v1&chip=a:bf16=100:mem=48:bw=900&isl=4k&pool=a*4");
}

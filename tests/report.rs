//! Sentences, Markdown and CSV of a result.

#![allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]

mod support;

use support::golden::{self, reports};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::evidence::Band;
use tandem::explore::{Knob, sweep};
use tandem::metric::Metric;
use tandem::report::{self, Strictness, reply, verdict, words};
use tandem::scenario::Scenario;
use tandem::scenario::link::parse;
use tandem::units::Seconds;

fn evaluated(link: &str) -> (Scenario, Evaluation) {
    let parsed = parse(link);
    assert_eq!(parsed.notices, []);
    let evaluation = evaluate(&parsed.scenario).unwrap();
    (parsed.scenario, evaluation)
}

fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn the_sentence_answers_the_question_that_was_asked() {
    let sentence = |link: &str| {
        let (scenario, evaluation) = evaluated(link);
        plain(&report::sentence(&scenario, &evaluation))
    };
    let closed = sentence("v1&model=llama3-8b&concurrency=1&pool=rtx-5090*1&isl=2k&osl=512");
    assert!(
        closed.starts_with("1 × RTX 5090 serves 1 concurrent request at 2k/512 with Llama 3"),
        "{closed}"
    );
    assert!(
        closed.contains(" tok/s/user (")
            && closed.contains("/Mtok of input and output (")
            && closed.contains("TTFT ")
            && closed.contains("decode is memory-bandwidth-bound (weights), at ")
    );
    let open = sentence("v1&model=llama3-8b&rate=1&pool=h200*8");
    assert!(open.starts_with("8 × H200 SXM hold 1 req/s of 8k/1k with"), "{open}");
    let saturated = sentence("v1&rate=1000");
    assert!(saturated.starts_with("Saturated: 1k req/s offered, "), "{saturated}");
    assert!(
        saturated.contains("; limited by ") && saturated.contains("8 × H100 SXM + 8 × H200 SXM at capacity"),
        "{saturated}"
    );
}

#[test]
fn the_verdict_names_what_is_missed_and_by_how_much() {
    let (scenario, mut evaluation) = evaluated("v1");
    let band = Band { low: 0.8, high: 1.6 };
    (evaluation.evidence.ttft, evaluation.evidence.tpot) = (band, band);
    let mut said = |ttft: f64, tpot: f64| {
        (evaluation.steady.ttft, evaluation.steady.tpot) = (Seconds::new(ttft), Seconds::new(tpot));
        let verdict = verdict(&scenario, &evaluation);
        (verdict.met, plain(&verdict.text))
    };
    assert_eq!(said(1.0, 0.02), (true, "Meets TTFT ≤ 2 s and TPOT ≤ 50 ms.".to_owned()));
    assert_eq!(
        said(1.5, 0.02),
        (true, "Likely meets TTFT ≤ 2 s (1.50 s, up to 2.4 s); meets TPOT ≤ 50 ms.".to_owned())
    );
    assert_eq!(said(3.0, 0.02), (false, "Misses TTFT ≤ 2 s by 1 s (+50 %); meets TPOT ≤ 50 ms.".to_owned()));
    assert_eq!(
        said(3.0, 0.06),
        (false, "Misses TTFT ≤ 2 s by 1 s (+50 %) and TPOT ≤ 50 ms by 10 ms (+20 %).".to_owned())
    );
    let (scenario, evaluation) = evaluated("v1&ttft=none&tpot=none");
    assert_eq!(verdict(&scenario, &evaluation).text, "No service level is set.");
    let (scenario, evaluation) = evaluated("v1&rate=1000");
    assert!(!verdict(&scenario, &evaluation).met);
}

#[test]
fn refusals_are_sentences() {
    let refused = |link: &str| words::refusal(&evaluate(&parse(link).scenario).unwrap_err());
    for link in [
        "v1&model=deepseek-v3&pool=h100-sxm*1:tp1",
        "v1&pool=h200*8:tp16",
        "v1&pool=h200*8:tp8:etp1:ep1&model=deepseek-v3",
    ] {
        let text = refused(link);
        assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{text}");
    }
    assert!(refused("v1&pool=h200*8:tp16").contains("It needs 8 more chips."));
}

#[test]
fn markdown_carries_settings_figures_and_the_link() {
    let (scenario, evaluation) = evaluated("v1&isl=16k&hit=50%");
    let page = report::markdown(&scenario, &evaluation, "https://example.org/t/");
    assert!(page.contains("[Open in Tandem](https://example.org/t/#v1&isl=16k&hit=0.5)"), "{page}");
    for metric in Metric::ALL {
        assert!(page.contains(&format!("| {} |", metric.label())));
    }
    assert!(page.contains("| Prefix cache hits |"));
    let widths: Vec<usize> =
        page.lines().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count()).collect();
    assert!(widths.iter().all(|width| *width == 3 || *width == 4), "{widths:?}");
}

#[test]
fn csv_is_rectangular_and_reads_back() {
    let (scenario, _) = evaluated("v1&pool=h100-sxm*2");
    let samples = sweep(&scenario, Knob::Isl, &[1024.0, 8192.0, 4e6]);
    let page = report::csv(Knob::Isl, &samples);
    let mut reader = csv::Reader::from_reader(page.as_bytes());
    let columns = reader.headers().unwrap().len();
    assert_eq!(columns, 2 + 3 * Metric::ALL.len());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(&rows[0][0], "1024");
    let ttft = samples[0].result.as_ref().unwrap().steady.ttft.get();
    assert_eq!(rows[0][1].parse::<f64>().unwrap(), ttft);
    assert!(rows[2][1].is_empty() && rows[2][columns - 1].starts_with("Does not fit"), "{:?}", rows[2]);
}

/// Whole reports. They change with the constants and the laws, on purpose: `cargo xtask bless`.
#[test]
fn golden_reports() {
    let links = include_str!("golden/reported.txt").lines();
    let reports: Vec<String> =
        links.map(|link| reports::laid_out(link, &reply(link, Strictness::Lenient))).collect();
    assert!(reports.len() >= 20, "golden links were lost: {} left", reports.len());
    golden::settings::<reports::Reports>().bind(|| insta::assert_snapshot!(reports.join("\n")));
}

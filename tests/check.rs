//! The check against measured rows: which files it reads, what it says of bad rows, and its statistics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use serde_json::Value;
use tandem::check::{CheckReport, check, check_with};
use tandem::evaluate::{Evaluation, evaluate};
use tandem::evidence::Band;
use tandem::evidence::rows::HeaderError;
use tandem::scenario::{Load, Scenario, Split};
use tandem::serve::Refusal;
use tandem::units::Seconds;

const HEADER: &str = "id,model,engine,weights,experts,isl,osl,length_spread,concurrency,pool,prefill,decode,ttft_ms,tpot_ms,measured,source\n";

const ROW: &str = "a,llama3-70b,vllm,fp8,fp8,1000,101,0.8,10,h200*8:tp4,,,1000,10,2026-01-01,test\n";

/// A model that predicts what it is told, with bands of 10 %.
fn told(ttft_ms: f64, tpot_ms: f64) -> impl Fn(&Scenario) -> Result<Evaluation, Refusal> {
    move |scenario| {
        let mut evaluation = evaluate(scenario)?;
        evaluation.steady.ttft = Seconds::millis(ttft_ms);
        evaluation.steady.tpot = Seconds::millis(tpot_ms);
        let band = Band { low: 0.9, high: 1.1 };
        (evaluation.evidence.ttft, evaluation.evidence.tpot) = (band, band);
        evaluation.evidence.throughput = band;
        Ok(evaluation)
    }
}

fn checked(rows: &str) -> CheckReport {
    check(&format!("{HEADER}{rows}")).unwrap()
}

#[test]
fn a_row_becomes_the_scenario_it_describes() {
    let row = "a,deepseek-v3,sglang,fp8-block,nvfp4,8192,1024,0.8,128,,b200*16:tp1:dp8:ep8,gb200-nvl72*32:tp8:ep8,1,1,,\n";
    check_with(&format!("{HEADER}{row}"), |scenario| {
        assert_eq!(scenario.model, "deepseek-v3");
        assert_eq!(scenario.engine.id(), "sglang");
        assert_eq!(scenario.formats.weights.map(|format| format.id()), Some("fp8-block"));
        assert_eq!(scenario.formats.experts.map(|format| format.id()), Some("nvfp4"));
        assert_eq!((scenario.workload.isl.get(), scenario.workload.osl.get()), (8192.0, 1024.0));
        assert_eq!((scenario.workload.spread, scenario.workload.hit), (0.8, 0.0));
        assert_eq!(scenario.load, Load::Closed { concurrency: 128.0 });
        let Split::PrefillDecode { prefill, decode } = &scenario.split else { panic!("no split") };
        assert_eq!((prefill.chip.as_str(), prefill.chips, decode.chips), ("b200", 16, 32));
        assert_eq!(prefill.layout.map(|layout| (layout.dp, layout.ep)), Some((8, 8)));
        evaluate(scenario)
    })
    .unwrap();
}

/// Scripts of InferenceX for gpt-oss state a cache in fp8 on B200, and none on Hopper and AMD.
#[test]
fn a_row_that_says_nothing_of_its_cache_has_what_its_script_states() {
    let header = HEADER.trim_end();
    for (engine, chip, kv) in [
        ("vllm", "b200", Some("fp8")),
        ("trtllm", "b200", Some("fp8")),
        ("vllm", "h200", None),
        ("trtllm", "h200", None),
        ("vllm", "mi300x", None),
    ] {
        let row = format!(
            "a,gpt-oss-120b,{engine},bf16,mxfp4,1024,1024,0.8,64,{chip}*2:tp2:etp2,,,50,5,2026-02-25,test,inferencex"
        );
        check_with(&format!("{header},profile\n{row}\n"), |scenario| {
            assert_eq!(scenario.formats.kv.map(|format| format.id()), kv, "{engine} on {chip}");
            evaluate(scenario)
        })
        .unwrap();
    }
}

#[test]
fn figures_follow_their_definitions() {
    let report = check_with(&format!("{HEADER}{ROW}"), told(1200.0, 9.0)).unwrap();
    assert_eq!((report.rows, report.predicted), (1, 1));
    let point = &report.points[0];
    // 10 / (1 s + 10 ms · 100) · 101 / 8 measured, 10 / (1.2 s + 9 ms · 100) · 101 / 8 predicted.
    assert_eq!(point.measured_tok_s_per_chip, Some(10.0 / 2.0 * 101.0 / 8.0));
    assert!((point.tok_s_per_chip.value - 10.0 / 2.1 * 101.0 / 8.0).abs() < 1e-9);
    assert!((point.ttft_ms.low - 1080.0).abs() < 1e-9 && (point.ttft_ms.high - 1320.0).abs() < 1e-9);
    let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-9;
    assert!(near(report.ttft.median_ape, 20.0) && near(report.ttft.bias, 20.0));
    assert!(near(report.tpot.median_ape, 10.0) && near(report.tpot.bias, -10.0));
    assert_eq!((report.ttft.coverage_80, report.throughput.coverage_80), (Some(0.0), Some(1.0)));
    assert_eq!(report.order.pairs, 0);
    assert_eq!(report.order.agreement, None);
}

#[test]
fn pairs_compare_rows_of_equal_work() {
    // Twice as fast on the same chips; then a row that is within 15 %, one of another length and one of another model.
    let rows = "a,llama3-70b,vllm,fp8,fp8,1000,101,1,10,h200*8:tp4,,,1000,10,,\n\
                b,llama3-70b,vllm,fp8,fp8,1000,101,1,10,h200*8:tp8,,,500,5,,\n\
                c,llama3-70b,vllm,fp8,fp8,1000,101,1,10,h200*8:tp2,,,950,10,,\n\
                d,llama3-70b,vllm,fp8,fp8,2000,101,1,10,h200*8:tp8,,,100,1,,\n\
                e,llama3-8b,vllm,fp8,fp8,1000,101,1,10,h200*8:tp8,,,100,1,,\n";
    let right = check_with(&format!("{HEADER}{rows}"), |scenario| {
        let tp = scenario.split.pools()[0].1.layout.map_or(1.0, |layout| f64::from(layout.tp));
        told(8000.0 / tp, 80.0 / tp)(scenario)
    })
    .unwrap();
    assert_eq!((right.order.pairs, right.order.agreement), (2, Some(1.0)));
    let wrong = check_with(&format!("{HEADER}{rows}"), |scenario| {
        let tp = scenario.split.pools()[0].1.layout.map_or(1.0, |layout| f64::from(layout.tp));
        told(1000.0 * tp, 10.0 * tp)(scenario)
    })
    .unwrap();
    assert_eq!(wrong.order.agreement, Some(0.0));
}

#[test]
fn the_json_has_exactly_the_promised_keys() {
    let rows = format!("{ROW}b,no-such-model,vllm,fp8,fp8,1000,101,1,10,h200*8:tp4,,,1000,10,,\n");
    let json: Value = serde_json::to_value(checked(&rows)).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&json),
        ["order", "points", "predicted", "rows", "throughput", "tpot", "ttft", "unpredicted"]
    );
    let stats = ["bias", "coverage_80", "mean_ape", "median_ape", "p90_ape", "within_20", "within_25"];
    for name in ["ttft", "tpot", "throughput"] {
        assert_eq!(keys(&json[name]), stats);
        assert!(json[name]["median_ape"].is_number());
    }
    assert_eq!(keys(&json["order"]), ["agreement", "pairs"]);
    assert_eq!(keys(&json["unpredicted"][0]), ["id", "reason"]);
    assert_eq!(keys(&json["points"][0]), ["id", "tok_s_per_chip", "tpot_ms", "ttft_ms"]);
    assert_eq!(keys(&json["points"][0]["ttft_ms"]), ["high", "low", "value"]);
}

#[test]
fn files_are_read_by_column_name() {
    let plain = checked(ROW);
    let shuffled = "\u{feff}decode,pool,tpot_ms,ttft_ms,concurrency,osl,isl,experts,weights,engine,model,id,note,prefill,Length_Spread\r\n\
                    ,h200*8:tp4,10,1000,10,101,1000,fp8,fp8,vllm,llama3-70b,a,\"a, b\",,0.8\r\n";
    let own = check(shuffled).unwrap();
    assert_eq!(own.points[0].setup.origin.note, "a, b");
    // The same figures, though they come from another line of a file with other columns.
    let figures = |report: &CheckReport| serde_json::to_value(report).unwrap();
    assert_eq!(figures(&own), figures(&plain));
    assert_eq!(own.points[0].measured_ttft_ms, plain.points[0].measured_ttft_ms);
    // Formats, spread and names may be left out.
    let few = "model,engine,isl,osl,concurrency,pool,ttft_ms,tpot_ms\nllama3-8b,vllm,1k,101,1,h200*1,,5\n";
    let report = check(few).unwrap();
    assert_eq!((report.predicted, report.points[0].id.as_str()), (1, "line 2"));
    assert_eq!(report.ttft.median_ape, None);
    assert!(report.tpot.median_ape.is_some());
    assert_eq!(report.throughput.median_ape, None);
}

#[test]
fn a_file_without_its_columns_is_refused_by_name() {
    assert_eq!(check(""), Err(HeaderError::Empty));
    assert_eq!(check("\u{feff}\r\n"), Err(HeaderError::Empty));
    let error = check("id,model,engine,isl,osl\n").unwrap_err().to_string();
    assert!(error.contains("concurrency, ttft_ms, tpot_ms, pool"), "{error}");
    assert!(error.contains("id, model, engine"), "{error}");
    assert_eq!(check(HEADER).unwrap().rows, 0);
}

#[test]
fn bad_rows_are_reported_with_line_and_field() {
    let row = |field: usize, value: &str| {
        let mut cells: Vec<&str> = ROW.trim_end().split(',').collect();
        cells[field] = value;
        let report = checked(&format!("{ROW}{}\n{ROW}", cells.join(",")));
        assert_eq!((report.rows, report.predicted), (3, 2), "{value}");
        assert_eq!(report.unpredicted.len(), 1);
        report.unpredicted[0].reason.clone()
    };
    for (field, value, expected) in [
        (1, "gpt-9", "line 3: no model is called gpt-9"),
        (1, "", "line 3: model: is blank"),
        (
            2,
            "lmdeploy",
            "line 3: engine: lmdeploy is none of vllm, sglang, trtllm, atom, llamacpp, mlx, vllm-tpu, neuron",
        ),
        (3, "fp7", "line 3: weights: fp7 is none of"),
        (5, "long", "line 3: isl: long is not a number above 0"),
        (6, "-1", "line 3: osl: -1 is not"),
        (7, "2", "line 3: spread: 2 is outside 0 to 1"),
        (8, "", "line 3: concurrency: is blank"),
        (8, "NaN", "line 3: concurrency: NaN is not"),
        (9, "", "line 3: pool: is blank, and so are prefill and decode"),
        (9, "h200:tp4", "line 3: pool: h200 has no number of chips"),
        (9, "h2000*8:tp4", "line 3: no chip is called h2000"),
        (10, "h200*8", "line 3: pool: stands beside prefill or decode"),
        (12, "fast", "line 3: ttft_ms: fast is not"),
        (13, "inf", "line 3: tpot_ms: inf is not"),
    ] {
        let reason = row(field, value);
        assert!(reason.contains(expected), "{reason} / {expected}");
    }
    let dos = checked(&format!("{ROW}\n\nb,llama3-70b,vllm,fp8\n").replace('\n', "\r\n"));
    assert_eq!(dos.unpredicted[0].reason, "line 5: isl: is blank");
    let report = checked("b,llama3-70b,vllm,fp8\n");
    assert_eq!(report.unpredicted[0].reason, "line 2: isl: is blank");
}

#[test]
fn any_text_is_checked_without_harm() {
    for text in ["\"", "a\n\"\n", "\u{0}", ",,,\n,,,", &format!("{HEADER}\"{}", "x,".repeat(100_000))] {
        let _ = check(text);
    }
    let many = ROW.repeat(3000);
    let start = std::time::Instant::now();
    assert_eq!(checked(&many).predicted, 3000);
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn the_summary_ends_the_text() {
    let text = tandem::report::check::text(&checked(ROW), None);
    let tail: Vec<&str> = text.lines().rev().take(15).collect();
    for word in ["Summary", "TTFT", "TPOT", "tok/s/chip", "Order"] {
        assert!(tail.iter().any(|line| line.contains(word)), "{word} is missing in {tail:?}");
    }
    assert!(text.lines().any(|line| line.contains("llama3-70b") && line.contains("h200*8:tp4")));
}

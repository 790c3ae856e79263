//! The binary as a user or a script meets it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says plainly what it expects"
)]

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn tandem() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tandem"))
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = tandem()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // The command may have seen enough before the end.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_link_is_answered() {
    let output = run(&["eval", "v1"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.starts_with("8 × H100 SXM + 8 × H200 SXM serve 64 users at 8k/1k"), "{page}");
    assert!(page.contains("Link: v1") && output.stderr.is_empty());

    let address = run(&["eval", "https://example.org/t/?embed=1#v1&isl=4k", "--json"], b"");
    let bare = run(&["eval", "--json", "isl=4096"], b"");
    assert_eq!(address.stdout, bare.stdout);
    let report = &lines(&bare)[0];
    assert_eq!(report["link"], "v1&isl=4k");
    for metric in ["ttft", "tpot", "throughput", "per-chip", "cost"] {
        let figure = &report["metrics"][metric];
        let [low, value, high] = ["low", "value", "high"].map(|key| figure[key].as_f64().unwrap());
        assert!(0.0 < low && low <= value && value <= high, "{metric}: {figure}");
        assert!(figure["text"].is_string() && figure["unit"].is_string());
    }
    assert_eq!(report["pools"][0]["role"], "prefill");
    for (parts, metric) in [("ttft_parts", "ttft"), ("tpot_parts", "tpot")] {
        let sum: f64 =
            report[parts].as_array().unwrap().iter().map(|part| part["seconds"].as_f64().unwrap()).sum();
        let whole = report["metrics"][metric]["value"].as_f64().unwrap();
        assert!((sum / whole - 1.0).abs() < 1e-6, "{parts}: {sum} of {whole}");
    }
}

#[test]
fn what_was_dropped_is_told() {
    let output = run(&["eval", "v1&isl=long"], b"");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("isl=long"));
    let output = run(&["eval", "v1&isl=long", "--strict"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let output = run(&["eval", "v1&isl=long", "--json"], b"");
    assert!(lines(&output)[0]["notices"][0].as_str().unwrap().contains("8k holds"));
}

#[test]
fn refusals_say_what_to_change() {
    let link = "v1&model=deepseek-v3&pool=h100-sxm*2:tp2";
    let output = run(&["eval", link], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).starts_with("Does not fit:"), "{}", text(&output.stderr));
    let output = run(&["eval", link, "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(lines(&output)[0]["error"].as_str().unwrap().starts_with("Does not fit:"));
    assert_eq!(run(&["eval", "hello"], b"").status.code(), Some(1));
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for arguments in
        [&["eval"][..], &[], &["nonsense"], &["catalog", "cats"], &["eval", "v1", "--batch"], &["check"]]
    {
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(run(&["--version"], b"").status.code(), Some(0));
    assert_eq!(run(&["--help"], b"").status.code(), Some(0));
}

#[test]
fn a_batch_keeps_order_and_answers_every_line() {
    let long = format!("v1&x={}", "y".repeat(100_000));
    let mut input = Vec::new();
    for line in
        ["v1", "", "nonsense", "#v1&isl=4k\r", "v1&model=deepseek-v3&pool=h100-sxm*1:tp1", &long, "v1&isl=x"]
    {
        input.extend_from_slice(line.as_bytes());
        input.push(b'\n');
    }
    input.extend_from_slice(b"v1&\xff\xfe\n");
    input.extend_from_slice(b"v1&isl=2k");
    let output = run(&["eval", "--batch"], &input);
    assert_eq!(output.status.code(), Some(0));
    let answers = lines(&output);
    assert_eq!(answers.len(), 9);
    let links: Vec<Option<&str>> =
        answers.iter().map(|answer| answer["link"].as_str().filter(|_| answer["error"].is_null())).collect();
    assert_eq!(
        links,
        [Some("v1"), None, None, Some("v1&isl=4k"), None, None, Some("v1"), None, Some("v1&isl=2k")]
    );
    for (line, words) in [(1, "empty"), (2, "no link"), (4, "Does not fit"), (5, "64 kB"), (7, "UTF-8")] {
        let error = answers[line]["error"].as_str().unwrap();
        assert!(error.contains(words), "{error}");
    }
    let strict = lines(&run(&["eval", "--batch", "--strict"], &input));
    assert!(strict[6]["error"].as_str().unwrap().contains("isl=x"));
    // One at a time and all together give the same answer.
    let alone = run(&["eval", "--json", "v1&isl=2k"], b"");
    assert_eq!(text(&alone.stdout).trim_end(), text(&output.stdout).lines().last().unwrap());
    assert!(run(&["eval", "--batch"], b"").stdout.is_empty());
}

#[test]
fn a_batch_answers_before_the_input_ends() {
    let mut child =
        tandem().args(["eval", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    for _ in 0..3 {
        stdin.write_all(b"v1\n").unwrap();
        stdin.flush().unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte != [b'\n'] {
            answer.extend(byte);
        }
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["link"], "v1");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_closed_pipe_is_no_crash() {
    for arguments in [&["eval", "--batch"][..], &["keys"], &["catalog", "models", "--json"]] {
        let mut child = tandem()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let _ = child.stdin.take().unwrap().write_all("v1\n".repeat(2000).as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    }
}

#[test]
fn a_measurement_file_is_checked() {
    let file = "id,model,engine,isl,osl,concurrency,pool,ttft_ms,tpot_ms\r\n\
                a,llama3-70b,vllm,1024,1024,16,h100-sxm*4:tp4,200,14\r\n\
                b,llama3-70b,nope,1024,1024,16,h100-sxm*4:tp4,200,14\r\n";
    let output = run(&["check", "-", "--json"], file.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = &lines(&output)[0];
    assert_eq!((&report["rows"], &report["predicted"]), (&Value::from(2), &Value::from(1)));
    let output = run(&["check", "-"], file.as_bytes());
    let page = text(&output.stdout);
    assert!(
        page.contains("2 rows, 1 predicted (50.0 %)") && page.contains("b: line 3: engine: nope"),
        "{page}"
    );

    let output = run(&["check", "-"], b"a,b\n1,2\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("columns missing: model"));
    assert_eq!(run(&["check", "no/such/file.csv"], b"").status.code(), Some(1));
}

#[test]
fn the_catalogue_and_the_keys_are_listed() {
    for kind in ["chips", "models"] {
        let table = run(&["catalog", kind], b"");
        let json = run(&["catalog", kind, "--json"], b"");
        let entries: Value = serde_json::from_slice(&json.stdout).unwrap();
        for entry in entries.as_array().unwrap() {
            let id = entry["id"].as_str().unwrap();
            assert!(text(&table.stdout).lines().any(|line| line.split(' ').next() == Some(id)), "{id}");
        }
    }
    let keys = run(&["keys"], b"");
    for doc in tandem::scenario::link::reference() {
        assert!(text(&keys.stdout).contains(&format!("| `{}` |", doc.key)), "{}", doc.key);
    }
}

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
    assert!(page.starts_with("8 × H100 SXM + 8 × H200 SXM serve 64 concurrent requests at 8k/1k"), "{page}");
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
    let output = run(&["eval", "v1&model=DeepSeek-R1&pool=h100*16&nothing=1"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for part in
        ["model=DeepSeek-R1: read as deepseek-v3", "pool=h100*16: read as h100-sxm", "nothing: no such key"]
    {
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
    }
    assert!(text(&output.stdout).contains("Link: v1&model=deepseek-v3&pool=h100-sxm*16"));
    let output = run(&["eval", "v1&nothing=1", "--strict"], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert_eq!(run(&["eval", "v1&pool=h100*16", "--strict"], b"").status.code(), Some(0));
}

/// Nothing is evaluated when a part of the question is not understood, at any door.
#[test]
fn what_is_not_understood_is_answered_by_no_verb() {
    let bad = "v1&model=lama3-8b&pool=h200*1&horizon=20req";
    for verb in [
        &["eval"][..],
        &["frontier"],
        &["size", "--chips", "h200"],
        &["breakeven", "--size", "3"],
        &["sensitivity"],
        &["replay"],
        &["render"],
        &["diff", "v1"],
    ] {
        let output = run(&[verb, &[bad]].concat(), b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{verb:?}");
        let said = text(&output.stderr);
        for part in ["model=lama3-8b", "unknown model", "Did you mean llama3-8b", "tandem catalog models"] {
            assert!(said.contains(part), "{verb:?}: {said}");
        }
        if verb[0] != "render" {
            let output = run(&[verb, &[bad, "--json"]].concat(), b"");
            assert_eq!((output.status.code(), output.stderr.len()), (Some(2), 0), "{verb:?}");
            let answer = &lines(&output)[0];
            assert!(answer["error"].as_str().unwrap().contains("lama3-8b"), "{verb:?}: {answer}");
            assert_eq!(answer["faults"][0]["key"], "model", "{verb:?}");
            assert_eq!(answer["faults"][0]["nearest"][0], "llama3-8b", "{verb:?}");
            assert!(answer["link"].as_str().unwrap().contains("model=lama3-8b"), "{verb:?}: {answer}");
        }
        if ["eval", "frontier", "size", "sensitivity", "replay"].contains(&verb[0]) {
            let input = format!("{bad}\nv1&model=llama3-8b&pool=h200*1&horizon=20req\n{bad}");
            let output = run(&[verb, &["--batch"]].concat(), input.as_bytes());
            assert_eq!(output.status.code(), Some(0), "{verb:?}: {}", text(&output.stderr));
            let answers = lines(&output);
            let wrong: Vec<bool> = answers.iter().map(|own| own["error"].is_string()).collect();
            assert_eq!(wrong, [true, false, true], "{verb:?}");
        }
        // The rest, for those who ask for it. What follows it may not fit, which is another answer.
        let rest = "v1&isl=long&model=llama3-8b&pool=h200*1&horizon=20req";
        let output = run(&[verb, &[rest, "--lenient"]].concat(), b"");
        assert_eq!(output.status.code(), Some(0), "{verb:?}: {}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains("isl=long") && text(&output.stderr).contains("8k is used instead")
        );
        assert_eq!(run(&[verb, &[rest, "--lenient", "--strict"]].concat(), b"").status.code(), Some(2));
    }
    let output = run(&["render", "v1&view=frontire"], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("Did you mean frontier?"), "{}", text(&output.stderr));
    for link in ["v1&isl=long", "v1&hit=120%", "v1&pool=h200*8:tpx", "v1&pin=v1%26isl=x", "hello"] {
        let output = run(&["eval", link], b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{link}");
    }
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
    assert_eq!(links, [Some("v1"), None, None, Some("v1&isl=4k"), None, None, None, None, Some("v1&isl=2k")]);
    for (line, words) in [
        (1, "empty"),
        (2, "no link"),
        (4, "Does not fit"),
        (5, "64 kB"),
        (6, "isl=x: expected"),
        (7, "UTF-8"),
    ] {
        let error = answers[line]["error"].as_str().unwrap();
        assert!(error.contains(words), "{error}");
    }
    let lenient = lines(&run(&["eval", "--batch", "--lenient"], &input));
    assert_eq!(lenient[6]["link"], "v1");
    assert!(lenient[6]["notices"][0].as_str().unwrap().contains("8k is used instead"));
    // One at a time and all together give the same answer.
    let alone = run(&["eval", "--json", "v1&isl=2k"], b"");
    assert_eq!(text(&alone.stdout).trim_end(), text(&output.stdout).lines().last().unwrap());
    assert!(run(&["eval", "--batch"], b"").stdout.is_empty());
}

#[test]
fn every_batch_verb_answers_line_by_line() {
    let good = "v1&model=llama3-8b&pool=h100-sxm*2&concurrency=4&horizon=40req&lengths=chat";
    let other = "v1&model=llama3-8b&pool=h200*1&concurrency=2&horizon=40req&isl=1k&nothing=1";
    let small = "v1&model=deepseek-v3&pool=h100-sxm*1:tp1";
    let input = format!("{good}\n\nnonsense\n{other}\n{small}\n{good}");
    for verb in [&["frontier"][..], &["size", "--chips", "h100-sxm"], &["sensitivity"], &["replay"]] {
        let batch = run(&[verb, &["--batch"]].concat(), input.as_bytes());
        assert_eq!(batch.status.code(), Some(0), "{verb:?}: {}", text(&batch.stderr));
        assert!(batch.stderr.is_empty(), "{verb:?}: {}", text(&batch.stderr));
        let answers = lines(&batch);
        assert_eq!(answers.len(), 6, "{verb:?}");
        for (line, words) in [(1, "empty"), (2, "no link")] {
            assert!(answers[line]["error"].as_str().unwrap().contains(words), "{verb:?}: {}", answers[line]);
        }
        // A sizing chooses pools of its own; to all others this one is too small.
        let fault = answers[4]["error"].as_str();
        assert!(
            verb[0] == "size" || fault.is_some_and(|own| own.contains("fit")),
            "{verb:?}: {}",
            answers[4]
        );
        assert!(answers[3]["notices"][0].as_str().unwrap().contains("nothing: no such key"), "{verb:?}");
        assert_eq!(answers[0], answers[5], "{verb:?}");
        // One at a time and all together give the same answer.
        let alone = run(&[verb, &["--json", good]].concat(), b"");
        let mut together = answers[0].clone();
        if verb[0] != "replay" {
            assert_eq!(
                together.as_object_mut().unwrap().remove("notices"),
                Some(serde_json::json!([])),
                "{verb:?}"
            );
        }
        assert_eq!(lines(&alone)[0], together, "{verb:?}");
        assert_eq!(run(&[verb, &["--batch", good]].concat(), b"").status.code(), Some(2), "{verb:?}");
        assert_eq!(run(verb, b"").status.code(), Some(2), "{verb:?}");
    }
}

#[test]
fn a_question_of_the_worker_is_answered() {
    let output = run(&["job"], b"share\njson\nv1&isl=4k\n");
    assert_eq!(output.stdout, run(&["eval", "--json", "v1&isl=4k"], b"").stdout);
    let output = run(&["job"], b"dance\nv1");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), "no job is called dance\n"));
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
    for arguments in
        [&["eval", "--batch"][..], &["sensitivity", "--batch"], &["keys"], &["catalog", "models", "--json"]]
    {
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

/// A table of kernels under another name says how to name its operator, and a chip that nobody knows is told once.
#[test]
fn a_table_of_kernels_says_what_it_lacks() {
    let row = "b999,vllm,bf16,bf16,1,1024,32,8,128,50\n";
    let table = format!("system,eng,dtype,kv,b,s,hq,hkv,d,us\n{}", row.repeat(30));
    let output = run(&["check", "-"], table.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--op: one of gemm, "), "{}", text(&output.stderr));
    let output = run(&["check", "-", "--op", "attn_gen"], table.as_bytes());
    let told = text(&output.stdout);
    assert!(told.contains("  line 2 and 29 more: `system` is \"b999\""), "{told}");
    assert_eq!(told.matches("b999\", which").count(), 1, "{told}");
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

#[test]
fn a_configuration_becomes_a_link() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/configs/gpt-oss-120b.json");
    let output = run(&["import", file, "--name", "My OSS"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.starts_with("my-oss: 117B parameters, 5.71B per token, 36 layers"), "{page}");
    assert!(page.contains("KV cache: 36.9"), "{page}");
    assert!(page.contains("model=gpt-oss-120b also finds"), "{page}");
    let link = page.lines().last().unwrap().strip_prefix("Link: ").unwrap();
    let eval = run(&["eval", "--strict", &format!("{link}&pool=h200*1")], b"");
    assert_eq!(eval.status.code(), Some(0), "{}", text(&eval.stderr));
    assert!(text(&eval.stdout).contains("with my-oss"));

    let config = std::fs::read(file).unwrap();
    let json = lines(&run(&["import", "-", "--json"], &config));
    assert_eq!(json[0]["same_as"], "gpt-oss-120b");
    assert_eq!(json[0]["layers"], 36);
    assert!(json[0]["link"].as_str().unwrap().starts_with("v1&arch="));

    for (arguments, input, said) in [
        (vec!["import", "-"], "{}", "no config.json of a language model"),
        (vec!["import", "-"], r#"{"hidden_size": 64}"#, "vocab_size (vocabulary) is missing"),
        (vec!["import", "no-such-file.json"], "", "no-such-file.json"),
        (vec!["import", file, "--name", "llama3-8b"], "", "stands in the catalogue"),
    ] {
        let output = run(&arguments, input.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
}

fn plain(output: &Output) -> String {
    text(&output.stdout).replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn the_frontier_is_listed_as_links() {
    let link = "v1&prefill=h100-sxm*4&decode=h200*4";
    let output = run(&["frontier", link], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = plain(&output);
    assert!(
        page.contains("tok/s/user") && page.contains(" prefill + ") && page.contains(" × H200 SXM tp"),
        "{page}"
    );
    let json = &lines(&run(&["frontier", link, "--metric", "cost", "--json"], b""))[0];
    assert_eq!((&json["metric"], &json["link"]), (&Value::from("cost"), &Value::from(link)));
    let points = json["points"].as_array().unwrap();
    let best: Vec<&Value> = points.iter().filter(|own| own["on_frontier"] == true).collect();
    assert!(best.len() >= 4);
    // Whoever pays less waits more.
    for pair in best.windows(2) {
        let figure = |own: &Value, key: &str| own[key].as_f64().unwrap();
        assert!(figure(pair[0], "interactivity") < figure(pair[1], "interactivity"));
        assert!(figure(pair[0], "value") < figure(pair[1], "value"));
    }
    let point = best[0];
    let eval = &lines(&run(&["eval", point["link"].as_str().unwrap(), "--json"], b""))[0];
    assert_eq!(eval["metrics"]["cost"]["value"], point["value"]);
    assert_eq!(eval["metrics"]["interactivity"]["value"], point["interactivity"]);
}

#[test]
fn sizing_answers_in_a_sentence() {
    let arguments = ["size", "v1&concurrency=100", "--chips", "h200,b200,groq3-lp30"];
    let output = run(&arguments, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = plain(&output);
    assert!(
        page.starts_with(
            "Cheapest for 100 concurrent requests at 8k/1k with Llama 3.1 / 3.3 70B under TTFT ≤ 2 s and TPOT ≤ 50 ms with 20 % headroom: "
        ),
        "{page}"
    );
    for part in [
        "/h (",
        "\nNext: ",
        "  Deployment ",
        "TTFT mean / p95",
        "TPOT mean / p95",
        "Headroom",
        "Limited by",
        "Evidence",
        "Without a price:",
        "if it rents below $",
        "/h per chip",
        "80 % band",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let json = run(&[&arguments[..], &["--json"]].concat(), b"");
    let report = &lines(&json)[0];
    let sentence = report["sentence"].as_str().unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(page.lines().next(), Some(sentence.as_str()));
    let first = &report["deployments"][0];
    let eval = &lines(&run(&["eval", first["link"].as_str().unwrap(), "--json"], b""))[0];
    assert_eq!(eval["slo"]["met"], true);
    assert_eq!(eval["metrics"]["cost"]["value"], first["per_mtok"]);
    for key in
        ["split", "chips", "bought", "per_month", "power", "ttft_p95", "tpot_p95", "verdict", "evidence"]
    {
        assert!(!first[key].is_null(), "{key} is missing in {first}");
    }
    assert!(first["headroom"]["share"].as_f64().unwrap() >= 0.2);
    assert!(report["unpriced"].as_array().unwrap().iter().all(|own| own["per_hour"].is_null()));

    let output = run(&["size", "v1&tpot=1ms", "--chips", "h200"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).starts_with("No deployment of these chips carries"),
        "{}",
        text(&output.stderr)
    );
    let output = run(&["size", "v1&tpot=1ms", "--chips", "h200", "--json"], b"");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0));
    assert!(lines(&output)[0]["unfit"][0]["reason"].as_str().unwrap().starts_with("Even one user waits"));
    let output = run(&["size", "v1", "--chips", "h10"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--chips=h10: unknown chip \"h10\". Did you mean h100-sxm"));
}

#[test]
fn sizing_keeps_to_what_is_wanted() {
    let size =
        |more: &[&str]| run(&[&["size", "v1&model=llama3-8b&rate=5"][..], more, &["--json"]].concat(), b"");
    let rows = |more: &[&str]| {
        let output = size(more);
        assert_eq!(output.status.code(), Some(0), "{more:?}: {}", text(&output.stderr));
        lines(&output)[0]["deployments"].as_array().unwrap().clone()
    };
    let chips = |own: &Value| own["bought"].as_array().unwrap().clone();
    for own in rows(&["--chips", "H200,gb200"]) {
        for kind in chips(&own) {
            let unit = if kind["chip"] == "h200" { 8 } else { 4 };
            assert_eq!(kind["unit"], unit, "{kind}");
            assert_eq!(kind["chips"].as_u64().unwrap() % unit, 0, "{kind}");
        }
    }
    assert!(rows(&["--vendors", "AMD"]).iter().all(|own| own["label"].as_str().unwrap().contains("MI")));
    assert!(rows(&["--max-chips", "4"]).iter().all(|own| own["chips"].as_u64().unwrap() <= 4));
    assert!(rows(&["--budget", "5k"]).iter().all(|own| own["per_month"].as_f64().unwrap() <= 5000.0));
    assert!(rows(&["--power", "0.005"]).iter().all(|own| own["power"].as_f64().unwrap() <= 5000.0));
    assert!(rows(&["--singly", "--chips", "h200"]).iter().all(|own| chips(own)[0]["unit"] == 1));
    assert!(rows(&["--same-vendor"]).len() > 5);
    for (more, part) in [
        (["--vendors", "nvida"], "--vendors=nvida: expected one of AMD"),
        (["--max-chips", "none"], "--max-chips=none: "),
        (["--budget", "0"], "--budget=0: "),
        (["--power", "1horse"], "--power=1horse: "),
    ] {
        let output = size(&more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(text(&output.stderr).contains(part), "{more:?}: {}", text(&output.stderr));
    }
    let output = size(&["--budget", "1"]);
    assert!(
        lines(&output)[0]["sentence"].as_str().unwrap().starts_with("Nothing within these limits carries "),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn a_map_shows_who_wins_where() {
    let arguments = ["breakeven", "v1&osl=256", "--size", "17"];
    let output = run(&arguments, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = plain(&output);
    assert!(page.starts_with("At "), "{page}");
    assert!(
        page.contains(" req/s, ") && page.contains("Best by $/Mtok in+out among those that keep"),
        "{page}"
    );
    assert!(page.contains("A  8 × H100 SXM prefill + 8 × H200 SXM decode, best on "), "{page}");
    assert!(page.contains("B  16 × H100 SXM, best on ") && page.contains("nothing keeps the service level"));
    let json = &lines(&run(&[&arguments[..], &["--json"]].concat(), b""))[0];
    assert_eq!(json["contenders"].as_array().unwrap().len(), 3);
    for key in ["winners", "margins", "distances", "reaches"] {
        let rows = json[key].as_array().unwrap();
        assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (17, 17));
    }
    assert!(!json["boundary"].as_array().unwrap().is_empty());
    assert!(json["empty"][0]["reason"].as_str().unwrap().starts_with("Nothing keeps the service level."));

    let output = run(&["breakeven", "v1&pool=h200*8", "--x", "mix"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--x mix: the first scenario has no such axis"));
    for wrong in [&["--x", "length"][..], &["--size", "1"], &["--metric", "speed"]] {
        let output = run(&[&["breakeven", "v1"], wrong].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(text(&output.stderr).contains(wrong[1]), "{}", text(&output.stderr));
    }
}

#[test]
fn levers_are_shown_as_a_tornado() {
    let output = run(&["sensitivity", "v1", "--metric", "tpot"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = plain(&output);
    assert!(page.starts_with("Time per output token of 8 × H100 SXM tp"), "{page}");
    assert!(page.contains("10 % less") && page.contains("H200 SXM memory bandwidth"), "{page}");
    let json = &lines(&run(&["sensitivity", "v1", "--metric", "cost", "--json"], b""))[0];
    let swings = json["swings"].as_array().unwrap();
    let sum: f64 = swings
        .iter()
        .filter(|own| own["lever"] == "price")
        .map(|own| own["more"]["change"].as_f64().unwrap())
        .sum();
    assert!((sum - 0.1).abs() < 1e-9, "dearer chips together make the whole dearer: {sum}");
    let unpriced = "v1&isl=4k&concurrency=4&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s";
    let output = run(&["sensitivity", unpriced, "--metric", "cost"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("has no public rental-market price"), "{}", text(&output.stderr));
}

#[test]
fn differences_are_put_down_to_changes() {
    let (before, after) = ("v1", "v1&isl=4k&prefill=b200*8");
    let output = run(&["diff", before, after], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = plain(&output);
    assert!(
        page.starts_with("TTFT ") && page.contains("input length") && page.contains("prefill chip"),
        "{page}"
    );
    let json = &lines(&run(&["diff", before, after, "--json"], b""))[0];
    for metric in json["metrics"].as_array().unwrap() {
        let figure = |key: &str| metric[key].as_f64().unwrap();
        let shares = metric["shares"].as_array().unwrap();
        let sum: f64 = shares.iter().map(|own| own["change"].as_f64().unwrap()).sum();
        let whole = figure("after") - figure("before");
        assert!((sum - whole).abs() <= 1e-9 * figure("after").abs().max(figure("before").abs()), "{metric}");
    }
    // Two deployments under different loads are told as they stand, and once more under one load.
    assert!(page.contains("Both under the load") && page.contains("at 4k/1k"), "{page}");
    let held = &json["same_load"]["changes"];
    assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
    assert!(held[0].as_str().unwrap().contains("prefill chip"), "{held}");
    let output = run(&["diff", "--same-load", before, after], b"");
    let page = plain(&output);
    assert!(page.contains("Held equal: input length.") && !page.contains("Both under"), "{page}");
    // What only a replay knows of is a change, and a small one is not printed as rounding.
    for more in ["seed=7", "horizon=1h", "micro=2", "routing=prefix", "spec=mtp:1", "sessions=20x1k"] {
        let page = plain(&run(&["diff", "v1", &format!("v1&{more}")], b""));
        assert!(!page.contains("the same") && !page.contains("e−"), "{more}: {page}");
    }
    let same = run(&["diff", "v1", "v1"], b"");
    assert_eq!(text(&same.stdout), "The two scenarios are the same.\n");
    let output = run(&["diff", "v1", "v1&model=deepseek-v3&pool=h100-sxm*1"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).starts_with("The second scenario: Does not fit"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn deployments_on_a_map_share_the_load_of_the_first() {
    let links = ["v1&pool=h200*8&osl=256&rate=2", "v1&pool=b200*8&osl=4k&concurrency=8&ttft=9s"];
    let contenders = |more: &[&str]| -> Vec<String> {
        let map = run(&[&["breakeven", links[0], links[1], "--size", "3", "--json"], more].concat(), b"");
        let json = &lines(&map)[0];
        json["contenders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["link"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(contenders(&[])[1], "v1&osl=256&rate=2&pool=b200*8");
    // The axis is one of requests per second for both all the same.
    assert_eq!(contenders(&["--own-load"])[1], "v1&osl=4k&rate=2&pool=b200*8&ttft=9s");
    let own = contenders(&["--own-load", "--closed", "--y", "tpot"]);
    assert_eq!(own[1], "v1&osl=4k&concurrency=8&pool=b200*8&ttft=9s");
    // Otherwise a closed loop offers what it serves.
    assert!(contenders(&["--own-load", "--y", "tpot"])[1].contains("rate="));
}

#[test]
fn searches_complain_like_an_evaluation() {
    for verb in ["frontier", "size", "breakeven", "sensitivity"] {
        let output = run(&[verb, "hello"], b"");
        assert_eq!(output.status.code(), Some(2), "{verb}");
        assert!(text(&output.stderr).contains("This is no link"), "{verb}");
        assert_eq!(run(&[verb], b"").status.code(), Some(2), "{verb}");
        let output = run(&[verb, "v1&model=nothing"], b"");
        assert!(text(&output.stderr).contains("nothing"), "{verb}: {}", text(&output.stderr));
    }
    assert_eq!(run(&["diff", "v1"], b"").status.code(), Some(2));
    let output = run(&["frontier", "v1&model=deepseek-v3&pool=h100-sxm*1"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("Does not fit"), "{}", text(&output.stderr));
}

// Replays.

/// The head of the Azure code trace of 2023 (CC BY 4.0), with a line that is broken.
const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,8
2023-11-16 18:17:04.0781490,110,27
2023-11-16 18:17:04.1190000,many,14
2023-11-16 18:17:04.2098000,7433,14
";
const SERVER: &str = "v1&model=llama3-8b&pool=h100-sxm*1";

#[test]
fn a_replay_tells_distributions_in_words_and_in_json() {
    let link = "v1&model=llama3-8b&isl=1k&osl=128&pool=h100-sxm*1&concurrency=4&ttft=1s&horizon=300req";
    let output = run(&["replay", link], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    for said in [
        "answered 300 of 300 requests",
        "Time to first token",
        "From token to token",
        "p99 (95 %)",
        "kept the service level",
        "of the input tokens, 0",
        "The first 8 are left out of the distributions",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let output = run(&["replay", link, "--json"], b"");
    let report = &lines(&output)[0];
    let replay = &report["replay"];
    assert_eq!(replay["counts"]["finished"], 300);
    for time in ["ttft", "tpot", "e2e"] {
        let own = &replay[time];
        let [p50, p90, p95, p99] = ["p50", "p90", "p95", "p99"].map(|at| own[at]["value"].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p90 && p90 <= p95 && p95 <= p99, "{time}: {own}");
        let interval = own["p50"]["interval"].as_array().unwrap();
        assert!(interval[0].as_f64().unwrap() <= p50 && p50 <= interval[1].as_f64().unwrap());
    }
    let gaps = ["p50", "p90", "p95", "p99"].map(|at| replay["itl"][at].as_f64().unwrap());
    assert!(gaps[0] > 0.0 && gaps.is_sorted(), "{gaps:?}");
    assert!(replay["goodput"].as_f64().unwrap() > 0.0 && replay["hit"] == 0.0 && replay["kept"].is_array());
    // The same seed gives the same bytes.
    assert_eq!(output.stdout, run(&["replay", link, "--json"], b"").stdout);
}

#[test]
fn a_trace_is_replayed_and_its_broken_lines_are_named() {
    let output = run(&["replay", SERVER, "--trace", "-", "--csv", "-"], AZURE.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("line 5") && told.contains("many"), "{told}");
    let records: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(records[0].starts_with("index,session,arrival_s,input_tokens,output_tokens"), "{}", records[0]);
    assert_eq!(records.len(), 1 + 4);
    let columns = records[0].split(',').count();
    let mut inputs: Vec<&str> = Vec::new();
    for record in &records[1..] {
        let fields: Vec<&str> = record.split(',').collect();
        assert_eq!(fields.len(), columns);
        assert_eq!(fields[9], "finished");
        inputs.push(fields[3]);
    }
    inputs.sort_unstable();
    assert_eq!(inputs, ["110", "3180", "4808", "7433"]);

    let report = &lines(&run(&["replay", SERVER, "--trace", "-", "--json"], AZURE.as_bytes()))[0];
    assert_eq!(report["replay"]["counts"]["arrived"], 4);
    assert_eq!(report["replay"]["tokens"]["written"], 10 + 8 + 27 + 14);
    assert!(report["notices"].to_string().contains("line 5"), "{}", report["notices"]);

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/traces/mooncake_first_500.jsonl");
    let report = &lines(&run(&["replay", SERVER, "--trace", file, "--json"], b""))[0];
    assert_eq!(report["replay"]["counts"]["arrived"], 500);
    assert!(report["replay"]["hit"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_no_trace_is_refused() {
    for (arguments, input) in [
        (vec!["replay", SERVER, "--trace", "-"], "neither one\nnor the other\n"),
        (vec!["replay", SERVER, "--trace", "no/such/file.csv"], ""),
        (vec!["replay", "v1&model=deepseek-v3&pool=h100-sxm*1"], ""),
    ] {
        let output = run(&arguments, input.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

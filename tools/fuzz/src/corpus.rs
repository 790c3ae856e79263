//! Where inputs start from.

use std::fs;
use std::path::{Path, PathBuf};

use tandem::catalog;
use tandem::explore::{Axis, Written};
use tandem::jobs::share::Format;
use tandem::jobs::wire::Rest;
use tandem::jobs::{Question, agents, diff, frontier, import, map, pays, replay, sensitivity, share, size};
use tandem::metric::Metric;
use tandem::scenario::{link, presets};

/// What looks like markup, and must never become it.
const MARKUP: [&str; 4] =
    ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "\"><svg/onload=1>", "&lt;b&gt;"];

/// Texts that upset one thing or another.
const ODD: [&str; 12] = [
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\r\n",
    "\n\n",
    "%00",
    "%",
    "%ff%fe",
    "é",
    "\u{1F600}",
    "\u{2028}",
    "\u{85}",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder of the repository, in order.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|own| own.path())).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| fs::read(path).ok()).collect()
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_default()
}

/// The lines of golden links, and presets.
fn golden() -> Vec<String> {
    let golden = text("tests/golden/links.txt");
    let lines = golden.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
    let links = lines.flat_map(|line| line.split(" -> ").map(|own| own.trim().to_owned()));
    let presets = presets::PRESETS.iter().map(|preset| preset.link.to_owned());
    links.chain(presets).collect()
}

/// Links, and inputs that once broke a promise.
#[must_use]
pub fn links() -> Vec<Vec<u8>> {
    golden().into_iter().map(String::into_bytes).chain(files("tools/fuzz/regressions/link")).collect()
}

/// Keys, examples, chips, models and odd texts.
#[must_use]
pub fn link_words() -> Vec<String> {
    let mut words = Vec::new();
    for doc in link::reference() {
        words.push(doc.key.to_owned());
        words.push(doc.example.to_owned());
        words.push(format!("&{}=", doc.key));
        words.push(format!("&{}={}", doc.key, doc.example));
    }
    words.extend(catalog::chips().iter().map(|own| own.id.to_string()));
    words.extend(catalog::models().iter().map(|own| own.id.to_string()));
    words.extend(Metric::ALL.iter().map(|own| own.id().to_owned()));
    words.extend(
        ["auto", "none", "native", "colocated", "pd", "afd", "draft", "pd-afd", "pd-draft", "mtp:3", "tp8"]
            .map(str::to_owned),
    );
    words.extend(MARKUP.iter().chain(&ODD).map(|own| (*own).to_owned()));
    words
}

/// Configurations.
#[must_use]
pub fn configs() -> Vec<Vec<u8>> {
    files("tests/fixtures/configs").into_iter().chain(files("tools/fuzz/regressions/config")).collect()
}

/// Fields of configurations, and values that some have.
#[must_use]
pub fn config_words() -> Vec<String> {
    let mut words = Vec::new();
    for config in files("tests/fixtures/configs") {
        let config = String::from_utf8_lossy(&config).into_owned();
        words.extend(config.lines().map(|line| line.trim().to_owned()).filter(|line| line.len() < 80));
        words.extend(config.split('"').skip(1).step_by(2).filter(|own| own.len() < 40).map(str::to_owned));
    }
    words.sort();
    words.dedup();
    words.extend(
        ["null", "true", "false", "[]", "{}", "[[]]", "\"\"", "-1", "1e400", "{\"a\":", "[1,2", "Infinity"]
            .map(str::to_owned),
    );
    words.extend(MARKUP.iter().chain(&ODD).map(|own| (*own).to_owned()));
    words
}

/// Measurement files, a few rows each.
#[must_use]
pub fn measurements() -> Vec<Vec<u8>> {
    let all = text("tests/fixtures/published.csv");
    let above = all.lines().take_while(|line| line.starts_with('#')).count();
    let lines: Vec<&str> = all.lines().skip(above).collect();
    let header = lines.first().copied().unwrap_or_default();
    let some =
        lines.get(1..).unwrap_or_default().chunks(2).map(|rows| format!("{header}\n{}\n", rows.join("\n")));
    let small = "model,engine,isl,osl,concurrency,ttft_ms,tpot_ms,pool,prefill,decode,weights,kv,length_spread,id\n\
        llama3-70b,vllm,1024,128,8,200,20,h200*8:tp8,,,fp8,fp8,0.8,a\n\
        llama3-8b,sglang,1k,1k,4,50,5,,h100-sxm*1,h200*1,,,1,b\n";
    some.map(String::into_bytes)
        .chain([small.as_bytes().to_vec()])
        .chain(files("tools/fuzz/regressions/measurements"))
        .collect()
}

/// Columns, cells and separators.
#[must_use]
pub fn measurement_words() -> Vec<String> {
    let mut words: Vec<String> = measurements()
        .iter()
        .flat_map(|file| {
            let file = String::from_utf8_lossy(file).into_owned();
            file.split([',', '\n']).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    words.sort();
    words.dedup();
    words.extend(["\"", "\"\"", "\"a\nb\"", ",,", "# ", ",\n"].map(str::to_owned));
    words.extend(catalog::chips().iter().map(|own| format!("{}*8", own.id)));
    words.extend(catalog::models().iter().map(|own| own.id.to_string()));
    words.extend(MARKUP.iter().chain(&ODD).map(|own| (*own).to_owned()));
    words
}

/// Traces of each format, a few lines each.
#[must_use]
pub fn traces() -> Vec<Vec<u8>> {
    let mooncake = text("tests/fixtures/traces/mooncake_first_500.jsonl");
    let lines: Vec<&str> = mooncake.lines().collect();
    let some = lines.chunks(4).take(24).map(|lines| lines.join("\n").into_bytes());
    let own = [
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,374,44\n2023-11-16 18:17:04.0319600,396,109\n",
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,API log\n",
        "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n0,1,2.5,ChatGPT,472,18,490,Conversation log\n9.5,1,1,ChatGPT,600,20,620,API log\n",
        "{\"timestamp\": 0, \"input_length\": 100, \"output_length\": 20, \"hash_ids\": [0, 1]}\n{\"timestamp\": 27, \"input_length\": 1600, \"output_length\": 5, \"hash_ids\": [0, 1, 2, 9]}\n",
    ];
    let own = own.into_iter().map(|own| own.as_bytes().to_vec());
    some.chain(own).chain(files("tools/fuzz/regressions/trace")).collect()
}

/// Fields of traces.
#[must_use]
pub fn trace_words() -> Vec<String> {
    let fields = [
        "timestamp",
        "input_length",
        "output_length",
        "hash_ids",
        "TIMESTAMP",
        "ContextTokens",
        "GeneratedTokens",
        "Timestamp",
        "Session ID",
        "Request tokens",
        "Response tokens",
        "requests",
        "block_size",
        "id",
        "t",
        "in",
        "out",
        "think_time",
        "type",
        "api_time",
        "models",
        "hash_id_scope",
        "local",
        "subagent",
        "2023-11-16 18:17:03.9799600",
        "2024-05-10 00:00:00.009930+00:00",
        "24:60:61",
        "[]",
        "{}",
        "[0,1,2]",
        "[18446744073709551615]",
        "null",
        "\"\"",
        "{\"requests\":[",
        "]}",
        "\n{",
        "}\n",
    ];
    fields.iter().chain(&MARKUP).chain(&ODD).map(|own| (*own).to_owned()).collect()
}

/// A question of each kind about a few links.
#[must_use]
pub fn questions() -> Vec<Vec<u8>> {
    let links = [
        "v1",
        "v1&model=llama3-8b&pool=h100-sxm*2",
        "v1&model=gpt-oss-120b&attention=h200*8&ffn=b200*8&rate=2",
    ];
    let text = |own: Question| own.text().into_bytes();
    links.into_iter().flat_map(about).map(text).chain(files("tools/fuzz/regressions/job")).collect()
}

/// A question of each kind about a link.
fn about(link: &str) -> Vec<Question> {
    let (own, metric) = (|| link.to_owned(), Metric::CostTotal);
    let config = Rest("{\"model_type\":\"llama\"}".to_owned());
    let links = vec![own(), "v1".to_owned()];
    let mut questions: Vec<Question> = vec![
        agents::Question { link: own() }.into(),
        diff::Question { before: own(), after: "v1".to_owned(), apart: false }.into(),
        frontier::Question { metric, link: own() }.into(),
        import::Question { name: "mine".to_owned(), text: config }.into(),
        map::Question { metric, x: Axis::Ttft, y: Axis::Tpot, links }.into(),
        sensitivity::Question { metric: Metric::Throughput, link: own() }.into(),
        size::Question { written: Written::default(), link: own() }.into(),
        pays::Question { link: own() }.into(),
    ];
    for format in [Format::Markdown, Format::Csv, Format::Json, Format::svg(true)] {
        questions.push(share::Question { format, link: own(), runs: Rest::default() }.into());
    }
    for wish in [replay::Wish::Figures, replay::Wish::Records, replay::Wish::Lanes((0.0, 9.0))] {
        let trace = Rest::default();
        questions.push(replay::Question { speed: 1.0, wish, link: own(), trace }.into());
    }
    questions
}

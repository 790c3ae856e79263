//! What is fuzzed. A target takes any bytes, panics when a promise is broken, and tells what kind of answer it had.

use std::collections::BTreeSet;
use std::sync::Arc;

use tandem::catalog::import::model_from_config;
use tandem::check::{Interval, Stats, check};
use tandem::jobs::{Job, Question};
use tandem::machine::constants;
use tandem::replay::requests::Pacing;
use tandem::replay::{Asked, Replay};
use tandem::report;
use tandem::report::import::Summary;
use tandem::scenario::trace::{Loaded, Reader};
use tandem::scenario::{Scenario, link};
use tandem::serve::{Deployment, Models};

use crate::corpus;
use crate::execution::{Told, Turn, kind, variant};
use crate::sound::{answer, evaluation, message, parsed};

/// Something that reads foreign text.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is fuzzed.
    pub about: &'static str,
    /// Takes an input.
    pub check: fn(&[u8], Turn) -> Told,
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that mean something to it.
    pub words: fn() -> Vec<String>,
}

/// All targets.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "link",
        about: "the codec of links",
        check: link,
        seeds: corpus::links,
        words: corpus::link_words,
    },
    Target {
        name: "reply",
        about: "the answer to a link",
        check: reply,
        seeds: corpus::links,
        words: corpus::link_words,
    },
    Target {
        name: "config",
        about: "import of a config.json",
        check: config,
        seeds: corpus::configs,
        words: corpus::config_words,
    },
    Target {
        name: "measurements",
        about: "the reader of measurement files and the check against them",
        check: measurements,
        seeds: corpus::measurements,
        words: corpus::measurement_words,
    },
    Target {
        name: "trace",
        about: "the reader of traces and the start of their replay",
        check: trace,
        seeds: corpus::traces,
        words: corpus::trace_words,
    },
    Target {
        name: "job",
        about: "the questions of the page's worker",
        check: job,
        seeds: corpus::questions,
        words: corpus::link_words,
    },
];

/// The codec of links.
pub fn link(bytes: &[u8], _: Turn) -> Told {
    let text = String::from_utf8_lossy(bytes);
    let parsed = parsed(&text);
    // A key that does not exist is as good as any other; of the others the first few tell enough.
    let problems: BTreeSet<(String, String)> = parsed
        .notices
        .iter()
        .map(|own| (own.key.clone(), variant(&own.problem)))
        .filter(|(_, problem)| problem != "UnknownKey")
        .take(3)
        .collect();
    let what =
        (problems, variant(&parsed.scenario.split), variant(&parsed.scenario.load), link::is_link(&text));
    Told { kind: kind(&what), taken: parsed.scenario != Scenario::default() }
}

/// The answer to a link. Each input is read, written and read again, evaluated, and every number of the evaluation and
/// every metric looked at. One in four has its sentence and remarks put together, one in four is written as text and one
/// in four as Markdown, each drawn apart.
pub fn reply(bytes: &[u8], turn: Turn) -> Told {
    let text = String::from_utf8_lossy(bytes);
    let parsed = parsed(&text);
    let (taken, said) = answer(&parsed.scenario, turn);
    let scenario = &parsed.scenario;
    let what = (said, variant(&scenario.split), variant(&scenario.load), scenario.spec.is_some());
    Told { kind: kind(&what), taken }
}

/// Import of a `config.json`. What can be imported is summed up, and its link read back and evaluated; reports are
/// written of as many as [`reply`] writes.
pub fn config(bytes: &[u8], turn: Turn) -> Told {
    let text = String::from_utf8_lossy(bytes);
    let imported = match model_from_config(&text) {
        Ok(imported) => imported,
        Err(error) => {
            message(&error.to_string());
            return Told::refused(&(variant(&error), error.to_string().split(':').next().map(str::len)));
        }
    };
    let summary = Summary::of(&imported);
    for value in [
        summary.parameters,
        summary.active_parameters,
        summary.max_context,
        summary.kv_bytes_per_token,
        summary.state_bytes,
    ] {
        assert!(value.is_finite() && value >= 0.0, "{summary:?}");
    }
    assert!(
        summary.active_parameters <= summary.parameters * (1.0 + 1e-9),
        "more is active than there is: {summary:?}"
    );
    summary.notes.iter().for_each(|note| message(note));
    summary.text().lines().filter(|line| !line.is_empty()).for_each(message);
    let own = parsed(&summary.link);
    assert_eq!(own.notices, [], "the link of an import: {}", summary.link);
    assert_eq!(own.scenario.model().map(|model| model.architecture()), Ok(imported.model.architecture()));
    let (_, said) = answer(&own.scenario, turn);
    Told::taken(&(said, variant(&imported.model.attention), summary.notes.len(), summary.weights))
}

/// The reader of measurement files. Each is read and checked, and every row and number looked at; one in four is also
/// written as the report of the command line, and one in four, drawn apart, as the page on accuracy.
pub fn measurements(bytes: &[u8], turn: Turn) -> Told {
    let text = String::from_utf8_lossy(bytes);
    let found = match check(&text) {
        Ok(found) => found,
        Err(error) => {
            message(&error.to_string());
            return Told::refused(&variant(&error));
        }
    };
    assert_eq!(found.rows, found.points.len() + found.unpredicted.len(), "a row is lost");
    for point in &found.points {
        let finite =
            |own: &Interval| [own.low, own.value, own.high].iter().all(|end| end.is_finite() && *end > 0.0);
        assert!([point.ttft_ms, point.tpot_ms, point.tok_s_per_chip].iter().all(finite), "{point:?}");
    }
    let share = |own: Option<f64>| own.is_none_or(f64::is_finite);
    let stats = |own: &Stats| format!("{own:?}");
    for own in [&found.ttft, &found.tpot, &found.throughput] {
        let text = stats(own);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    assert!(share(found.order.agreement));
    for row in &found.unpredicted {
        message(&row.reason);
        message(&row.id);
    }
    if turn.has(1, 4) {
        let text = report::check::text(&found, Some(4));
        assert!(!text.contains('∞'), "{text}");
    }
    if turn.has(2, 4) {
        let page = report::accuracy::html(&found, "");
        assert!(!page.contains('∞'), "{page}");
        // What a file says is never markup.
        assert!(!page.contains("<img") && !page.contains("<script>"), "markup out of a file");
    }
    // Reasons begin with line and field.
    let reasons: BTreeSet<usize> = found
        .unpredicted
        .iter()
        .take(2)
        .map(|own| own.reason.split(':').nth(1).map_or(0, |field| field.len().min(16)))
        .collect();
    Told { kind: kind(&(found.points.len().min(4), reasons)), taken: !found.points.is_empty() }
}

/// Requests of a trace that are replayed, and events of the replay.
const REPLAYED: (u32, u64) = (64, 3000);

/// The reader of traces: in one piece or in many, it reads the same. Each input is read in one piece and every record
/// looked at; one in four is read in small pieces too, and one in eight, drawn apart, replayed and reported.
pub fn trace(bytes: &[u8], turn: Turn) -> Told {
    let read = |piece: usize| {
        let mut reader = Reader::new();
        bytes.chunks(piece.max(1)).for_each(|part| reader.push(part));
        reader.finish()
    };
    let whole = read(bytes.len());
    if turn.has(1, 4) {
        assert_eq!(read(1 + bytes.len() % 13), whole, "read otherwise in pieces");
    }
    let Loaded { trace, format, problems, .. } = whole;
    problems.iter().for_each(|problem| message(&problem.to_string()));
    let mut last = 0.0;
    for record in trace.records() {
        let numbers = [record.arrival.get(), record.input.get(), record.output.get()];
        assert!(numbers.iter().all(|own| own.is_finite() && *own >= 0.0), "{record:?}");
        assert!(record.arrival.get() >= last, "out of order: {record:?}");
        assert!(record.pause.is_none_or(|own| own.get().is_finite() && own.get() >= 0.0), "{record:?}");
        assert!(record.session.is_none_or(|own| own < trace.sessions()), "{record:?}");
        last = record.arrival.get();
    }
    let summary = format!("{:?}", trace.summary());
    assert!(!summary.contains("NaN") && !summary.contains("inf"), "{summary}");
    let some = !trace.is_empty();
    let what =
        (format.map(|own| variant(&own)), trace.len().min(8), problems.len().min(4), trace.sessions() > 0);
    if turn.has(2, 8) && (1..=REPLAYED.0).contains(&trace.len()) {
        let pacing = if bytes.len().is_multiple_of(2) {
            Pacing::Recorded { speed: 1.0 }
        } else {
            Pacing::Closed { concurrency: 4 }
        };
        replay(&Asked::Trace(Arc::new(trace), pacing));
    }
    Told { kind: kind(&what), taken: some }
}

fn replay(asked: &Asked) {
    let scenario = link::parse("v1&model=llama3-8b&pool=h100-sxm*1:tp1&tier=dram:10GB@20GB/s").scenario;
    let models = Models::of(&scenario).expect("a model of the catalogue");
    let deployment = Deployment::new(&scenario, constants(), &models).expect("it fits");
    let mut engine = Replay::start(&deployment, asked);
    let progress = engine.run(REPLAYED.1);
    let result = engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived));
    let text = report::replay::text(&scenario, &result);
    assert!(!text.contains("NaN") && !text.contains("inf ") && !text.contains('∞'), "{text}");
}

/// Slices of a job that are done, of few jobs and of most.
const SLICES: (usize, usize) = (12, 2);

/// The questions of the page's worker: any is answered, refused in words, or goes on. A slice takes milliseconds, so that
/// one job in eight is followed for twelve of them and the others for two.
pub fn job(bytes: &[u8], turn: Turn) -> Told {
    let text = String::from_utf8_lossy(bytes);
    let question = match Question::read(&text) {
        Ok(question) => question,
        Err(error) => {
            assert!(!error.is_empty());
            return Told::refused(&error.split(' ').next());
        }
    };
    // What was read is written so that it reads back: the other end says the same. A time or speed may be no number.
    let written = question.text();
    let again = Question::read(&written).map(|own| own.text());
    assert_eq!(again.as_deref(), Ok(written.as_str()), "{text}");
    let mut job = Job::new(question);
    let mut lines = 0;
    for _ in 0..if turn.has(1, 8) { SLICES.0 } else { SLICES.1 } {
        let slice = job.step();
        // NaN goes over this wire for what is not there.
        let none = |field: &str| matches!(field, "inf" | "-inf");
        assert!(!slice.text.split(['\t', '\n']).any(none), "{}", slice.text);
        lines += slice.text.lines().count();
        if slice.done {
            break;
        }
    }
    Told::taken(&(text.lines().next().map(str::to_owned), lines.min(6)))
}

/// A scenario that is gone through, not drawn.
pub(crate) fn stands(scenario: &Scenario) -> String {
    match tandem::evaluate::evaluate(scenario) {
        Ok(own) => {
            evaluation(&own);
            "served".to_owned()
        }
        Err(refusal) => {
            message(&report::words::refusal(&refusal));
            variant(&refusal)
        }
    }
}

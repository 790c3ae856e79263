//! `replay`: a scenario or a trace event by event.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tandem::machine::constants;
use tandem::replay::requests::Pacing;
use tandem::replay::{self, Asked};
use tandem::report::replay as told;
use tandem::report::words;
use tandem::scenario::trace::{Reader, Trace};
use tandem::serve::{Deployment, Models, Refusal};
use tandem::units::format::Unit;

use super::batch::batch;
use super::failure::Failure;
use super::input::{Reading, note, read};
use super::json::json;

#[derive(Args)]
pub(super) struct Replay {
    /// The link: a whole address or what follows its #, such as 'v1&model=deepseek-v3&rate=4'
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// Replay the requests of this file instead of drawn ones (Azure or BurstGPT CSV, Mooncake JSONL, sessions); - for
    /// standard input
    #[arg(long)]
    trace: Option<PathBuf>,
    /// Replay the trace this many times as fast as recorded
    #[arg(long, default_value_t = 1.0, requires = "trace", conflicts_with = "users")]
    speed: f64,
    /// Let so many users go through the trace, each sending the next request of a session when the last is answered
    #[arg(long, requires = "trace")]
    users: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Write a line for every request to this file; - for standard output, in place of the report
    #[arg(long, conflicts_with = "batch")]
    csv: Option<PathBuf>,
    /// A link a line in, a JSON object a line out, as `eval --batch`; each replays the same trace, if there is one
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Replay {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.batch { self.many(out) } else { self.one(out) }
    }

    /// What is replayed: the scenario's own requests, or those of a trace.
    fn asked(&self, notices: &mut Vec<String>) -> Result<Asked, Failure> {
        let Some(file) = &self.trace else { return Ok(Asked::Scenario) };
        let speed = self.speed;
        if !(speed > 0.0 && speed <= 1e6) {
            return Err(Failure::Input(format!("--speed {speed}: must be above 0 and at most 1e6")));
        }
        let pacing =
            self.users.map_or(Pacing::Recorded { speed }, |concurrency| Pacing::Closed { concurrency });
        Ok(Asked::Trace(Arc::new(read_trace(file, notices)?), pacing))
    }

    fn many(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.trace.as_deref() == Some(Path::new("-")) {
            return Err(Failure::Input("--trace -: standard input holds the links of a batch".to_owned()));
        }
        let mut of_trace = Vec::new();
        let asked = self.asked(&mut of_trace)?;
        note(&of_trace)?;
        batch(out, |line| {
            let (scenario, notices) = read(line, self.reading)?;
            let refused = |refusal: Refusal| Failure::Input(words::refusal(&refusal));
            let models = Models::of(&scenario).map_err(refused)?;
            let deployment = Deployment::new(&scenario, constants(), &models).map_err(refused)?;
            let mut engine = replay::Replay::start(&deployment, &asked);
            let progress = engine.run(u64::MAX);
            let result = engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived));
            let report = told::ReplayReport::new(&scenario, &result, notices);
            Ok(serde_json::to_string(&report).map_err(io::Error::from)?)
        })
    }

    fn one(&self, out: &mut impl Write) -> Result<(), Failure> {
        let (scenario, mut notices) = read(self.link.as_deref().unwrap_or_default(), self.reading)?;
        let asked = self.asked(&mut notices)?;
        if !self.json {
            note(&notices)?;
        }
        let refused = |refusal: Refusal| Failure::Input(words::refusal(&refusal));
        let models = Models::of(&scenario).map_err(refused)?;
        let deployment = Deployment::new(&scenario, constants(), &models).map_err(refused)?;
        let start = Instant::now();
        let mut engine = replay::Replay::start(&deployment, &asked);
        let progress = engine.run(u64::MAX);
        let took = start.elapsed().as_secs_f64();
        let per_second = |count: f64| Unit::Count.format(libm::round(count / took.max(1e-9)));
        writeln!(
            io::stderr(),
            "Replayed in {}: {} events and {} tokens a second.",
            Unit::Seconds.format(took),
            per_second(progress.events as f64),
            per_second(progress.tokens as f64)
        )?;
        if let Some(file) = &self.csv {
            let records = told::csv(engine.records());
            if file.as_os_str() == "-" {
                for piece in records {
                    out.write_all(piece.as_bytes())?;
                }
                return Ok(());
            }
            let failed = |error: io::Error| Failure::Input(format!("{}: {error}", file.display()));
            let mut target = BufWriter::new(fs::File::create(file).map_err(failed)?);
            for piece in records {
                target.write_all(piece.as_bytes()).map_err(failed)?;
            }
            target.flush().map_err(failed)?;
        }
        let result = engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived));
        if self.json {
            json(out, &told::ReplayReport::new(&scenario, &result, notices))
        } else {
            let mut page = told::text(&scenario, &result);
            // Only requests of its own are those of the steady state.
            if matches!(asked, Asked::Scenario)
                && let Some(why) = told::beside(&scenario, &result)
            {
                page.push_str(&format!("Note: {why}\n"));
            }
            Ok(out.write_all(page.as_bytes())?)
        }
    }
}

/// A trace, read in pieces; what had to be left out becomes a notice.
fn read_trace(file: &Path, notices: &mut Vec<String>) -> Result<Trace, Failure> {
    let name = file.display();
    let failed = |error: io::Error| Failure::Input(format!("{name}: {error}"));
    let mut input: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(fs::File::open(file).map_err(failed)?)
    };
    let mut reader = Reader::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = input.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        reader.push(buffer.get(..count).unwrap_or_default());
    }
    let loaded = reader.finish();
    let problems = loaded.problems.iter().take(5).map(|problem| format!("{name}: {problem}"));
    if loaded.trace.is_empty() {
        let why: Vec<String> = problems.collect();
        return Err(Failure::Input(
            format!("{}\n{name}: holds no request", why.join("\n")).trim().to_owned(),
        ));
    }
    notices.extend(problems);
    if loaded.skipped > 0 {
        notices.push(format!("{name}: left out {} lines or requests", loaded.skipped));
    }
    Ok(loaded.trace)
}

//! Commands of the binary `tandem`. Everything they know comes from the library; here is only reading, writing and
//! exit codes: 0 for an answer, 1 for a refusal or bad input, 2 for wrong usage.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tandem::catalog;
use tandem::evidence::check::check;
use tandem::evidence::evaluate;
use tandem::report::{self, Reply, Strictness, reply, words};
use tandem::scenario::link;

/// A playground for LLM inference architectures: latency, throughput, cost and energy of any model on any mix of chips.
#[derive(Parser)]
#[command(name = "tandem", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Evaluate a scenario given as a link
    Eval(Eval),
    /// Predict the rows of a measurement file and sum up the errors
    Check(Check),
    /// List the chips or models of the catalogue
    Catalog(Catalog),
    /// Explain every key of a link, as Markdown
    Keys,
}

#[derive(Args)]
struct Eval {
    /// The link: a whole address or what follows its #, such as 'v1&model=deepseek-v3&isl=8k'
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Read links from standard input, one a line, and write one JSON object a line, in the same order; a line that
    /// cannot be evaluated is answered with {"error": ...} in its place
    #[arg(long)]
    batch: bool,
    /// Refuse a link of which any part cannot be taken as it stands
    #[arg(long)]
    strict: bool,
}

#[derive(Args)]
struct Check {
    /// The CSV file; - for standard input
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print at most this many rows before the summary
    #[arg(long, conflicts_with = "json")]
    rows: Option<usize>,
}

#[derive(Args)]
struct Catalog {
    /// What to list
    kind: Kind,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Chips
    Chips,
    /// Models
    Models,
}

/// Why a command ends without an answer.
enum Failure {
    /// The input is at fault.
    Input(String),
    /// Reading or writing failed.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match &cli.command {
        Command::Eval(arguments) if arguments.batch => {
            batch(&mut BufReader::with_capacity(1 << 16, io::stdin().lock()), &mut out, strictness(arguments))
        }
        Command::Eval(arguments) => eval(arguments, &mut out),
        Command::Check(arguments) => run_check(arguments, &mut out),
        Command::Catalog(arguments) => list(arguments, &mut out),
        Command::Keys => out.write_all(report::reference::markdown().as_bytes()).map_err(Failure::from),
    };
    match result.and_then(|()| out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, as in `tandem keys | head`.
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Dropping the buffer would try to write once more, in vain.
            let _ = out.into_parts();
            ExitCode::SUCCESS
        }
        Err(Failure::Io(error)) => complain(&error.to_string()),
        Err(Failure::Input(message)) => complain(&message),
    }
}

fn complain(message: &str) -> ExitCode {
    // Nothing is left to do when even standard error is closed.
    if !message.is_empty() {
        let _ = writeln!(io::stderr(), "{message}");
    }
    ExitCode::from(1)
}

const fn strictness(arguments: &Eval) -> Strictness {
    if arguments.strict { Strictness::Strict } else { Strictness::Lenient }
}

fn eval(arguments: &Eval, out: &mut impl Write) -> Result<(), Failure> {
    let text = arguments.link.as_deref().unwrap_or_default();
    let answer = reply(text, strictness(arguments));
    if arguments.json {
        writeln!(out, "{}", answer.json_line())?;
        return match answer {
            Reply::Report(_) => Ok(()),
            Reply::Failure(_) => Err(Failure::Input(String::new())),
        };
    }
    match answer {
        Reply::Failure(failure) => {
            let mut lines: Vec<String> =
                failure.notices.iter().map(|notice| format!("Note: {notice}")).collect();
            lines.push(failure.error);
            Err(Failure::Input(lines.join("\n")))
        }
        Reply::Report(_) => {
            let parsed = link::parse(text);
            for notice in &parsed.notices {
                writeln!(io::stderr(), "Note: {notice}")?;
            }
            let evaluation =
                evaluate(&parsed.scenario).map_err(|refusal| Failure::Input(words::refusal(&refusal)))?;
            Ok(out.write_all(report::text(&parsed.scenario, &evaluation).as_bytes())?)
        }
    }
}

/// A pure filter: one line in, one line out. Answers are flushed whenever the input pauses, so that the other end of two
/// pipes never waits, and are else written in large pieces.
fn batch<R: Read>(
    input: &mut BufReader<R>,
    out: &mut impl Write,
    strictness: Strictness,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            out.flush()?;
        }
        line.clear();
        // One byte more than a link may have, to tell a full line from a cut one.
        let limit = link::LONGEST as u64 + 2;
        let read = input.by_ref().take(limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let answer = if line.last() != Some(&b'\n') && read as u64 == limit {
            input.skip_until(b'\n')?;
            failure(format!("The line is longer than {} kB.", link::LONGEST / 1024))
        } else {
            match std::str::from_utf8(&line) {
                Ok(text) => reply(text.trim_end_matches(['\n', '\r']), strictness),
                Err(_) => failure("The line is not UTF-8 text.".to_owned()),
            }
        };
        writeln!(out, "{}", answer.json_line())?;
    }
}

fn failure(error: String) -> Reply {
    Reply::Failure(report::Failure { link: String::new(), error, notices: Vec::new() })
}

fn run_check(arguments: &Check, out: &mut impl Write) -> Result<(), Failure> {
    let name = arguments.file.display();
    let bytes = if arguments.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(&arguments.file)
    }
    .map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let result = check(&text).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    if arguments.json {
        json(out, &result)
    } else {
        Ok(out.write_all(report::check::text(&result, arguments.rows).as_bytes())?)
    }
}

fn list(arguments: &Catalog, out: &mut impl Write) -> Result<(), Failure> {
    match (arguments.kind, arguments.json) {
        (Kind::Chips, true) => json(out, &catalog::chips()),
        (Kind::Models, true) => json(out, &catalog::models()),
        (Kind::Chips, false) => Ok(out.write_all(report::catalog::chips().as_bytes())?),
        (Kind::Models, false) => Ok(out.write_all(report::catalog::models().as_bytes())?),
    }
}

/// One line of JSON.
fn json(out: &mut impl Write, value: &impl serde::Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

//! Commands of the binary `tandem`. Everything they know comes from the library; here is only reading, writing and
//! exit codes: 0 for an answer, 1 for what cannot be served or a file that cannot be used, 2 for a question that is not
//! understood, be it a link or an argument.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use catalog::{Catalog, Import};
use check::{Check, Claims};
use eval::Eval;
use explore::{Breakeven, Diff, Frontier, Sensitivity, Size};
use failure::Failure;
use render::Render;
use replay::Replay;
use tandem::report::{self, Reply};

mod batch;
mod catalog;
mod check;
mod eval;
mod explore;
mod failure;
mod input;
mod job;
mod json;
mod png;
mod render;
mod replay;

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
    /// Draw the chart that the page shows for a link, as SVG or PNG
    Render(Render),
    /// Replay a scenario event by event: the distribution of times, what the pools did and the fate of every request
    Replay(Replay),
    /// Predict the rows of a measurement file and sum up the errors
    Check(Check),
    /// Find the deployments of a scenario's chips that no other beats in speed per user and a second metric
    Frontier(Frontier),
    /// Find the cheapest deployment that carries a scenario's load within its service level
    Size(Size),
    /// Draw which of several scenarios is best over two axes
    Breakeven(Breakeven),
    /// Show what more bandwidth, compute, memory, link or money would change
    Sensitivity(Sensitivity),
    /// Put the difference between two scenarios down to what changed
    Diff(Diff),
    /// Hold the claims of makers against the model
    Claims(Claims),
    /// List the chips or models of the catalogue
    Catalog(Catalog),
    /// Read a model from a Hugging Face config.json and print it as part of a link
    Import(Import),
    /// Explain every key of a link, as Markdown
    Keys,
    /// Answer a question of the page's worker, read from standard input, in the worker's own words
    #[command(hide = true)]
    Job,
}

impl Command {
    /// Whether the answer is wanted as JSON.
    const fn json(&self) -> bool {
        match self {
            Self::Eval(verb) => verb.json,
            Self::Replay(verb) => verb.json,
            Self::Frontier(verb) => verb.json,
            Self::Size(verb) => verb.json,
            Self::Breakeven(verb) => verb.json,
            Self::Sensitivity(verb) => verb.json,
            Self::Diff(verb) => verb.json,
            _ => false,
        }
    }
}

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let json = cli.command.json();
    let result = match &cli.command {
        Command::Eval(verb) => verb.run(&mut out),
        Command::Render(verb) => verb.run(&mut out),
        Command::Replay(verb) => verb.run(&mut out),
        Command::Check(verb) => verb.run(&mut out),
        Command::Frontier(verb) => verb.run(&mut out),
        Command::Size(verb) => verb.run(&mut out),
        Command::Breakeven(verb) => verb.run(&mut out),
        Command::Sensitivity(verb) => verb.run(&mut out),
        Command::Diff(verb) => verb.run(&mut out),
        Command::Claims(verb) => verb.run(&mut out),
        Command::Catalog(verb) => verb.run(&mut out),
        Command::Import(verb) => verb.run(&mut out),
        Command::Keys => catalog::keys(&mut out),
        Command::Job => job::job(&mut out),
    };
    match result.and_then(|()| out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, as in `tandem keys | head`.
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Dropping the buffer would try to write once more, in vain.
            let _ = out.into_parts();
            ExitCode::SUCCESS
        }
        Err(Failure::Io(error)) => complain(&error.to_string(), 1),
        Err(Failure::Input(message)) => complain(&message, 1),
        Err(Failure::Misread(message)) => complain(&message, 2),
        Err(Failure::Asked(failure)) => refuse(&mut out, *failure, json),
    }
}

/// Says why a link has no answer, in the form in which the answer was wanted.
fn refuse(out: &mut impl Write, failure: report::Failure, json: bool) -> ExitCode {
    let code = if failure.misread { 2 } else { 1 };
    if json {
        let _ = writeln!(out, "{}", Reply::Failure(failure).json_line()).and_then(|()| out.flush());
        return ExitCode::from(code);
    }
    // What is not understood stands in the reason already.
    let notices = failure.notices.iter().filter(|_| failure.faults.is_empty());
    let mut lines: Vec<String> = notices.map(|notice| format!("Note: {notice}")).collect();
    lines.push(failure.error);
    complain(&lines.join("\n"), code)
}

fn complain(message: &str, code: u8) -> ExitCode {
    // Nothing is left to do when even standard error is closed.
    if !message.is_empty() {
        let _ = writeln!(io::stderr(), "{message}");
    }
    ExitCode::from(code)
}

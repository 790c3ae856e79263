//! Commands of the binary `tandem`. Everything they know comes from the library; here is only reading, writing and
//! exit codes: 0 for an answer, 1 for a refusal or bad input, 2 for wrong usage.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use tandem::catalog;
use tandem::catalog::import::model_from_config;
use tandem::chart::theme::{DARK, LIGHT};
use tandem::check::check;
use tandem::evaluate::evaluate;
use tandem::evidence::nearest::Library;
use tandem::explore::{self, Axis, MapSearch};
use tandem::figure::making::Making;
use tandem::figure::view::{Reason, Tab, View, pinned};
use tandem::jobs::{Job, Question};
use tandem::machine::constants;
use tandem::metric::Metric;
use tandem::replay::requests::Pacing;
use tandem::replay::{Asked, Replay};
use tandem::report::explore as told;
use tandem::report::replay::ReplayReport;
use tandem::report::{self, Reply, Strictness, reply, words};
use tandem::scenario::trace::{Reader, Trace};
use tandem::scenario::{Scenario, link};
use tandem::serve::{Deployment, Models, Refusal};
use tandem::units::format::Unit;

mod png;

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
    Replay(ReplayArguments),
    /// Predict the rows of a measurement file and sum up the errors
    Check(Check),
    /// Find the deployments of a scenario's chips that no other beats in speed per user and a second metric
    Frontier(Frontier),
    /// Find the cheapest deployment that carries a scenario's load within its service level
    Size(Size),
    /// Draw which of several scenarios is best over two axes
    Breakeven(Breakeven),
    /// Show what more bandwidth, arithmetic, memory, link or money would change
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
struct Render {
    /// The link: a whole address or what follows its #, with what it says of the view, such as 'v1&isl=8k&y=tpot'
    link: String,
    /// The file, which ends in .svg or .png; - for SVG on standard output
    #[arg(long, short, default_value = "-")]
    output: PathBuf,
    /// Width in CSS pixels, 240 to 4096
    #[arg(long, default_value_t = 960, value_parser = clap::value_parser!(u32).range(240..=4096))]
    width: u32,
    /// Height in CSS pixels, 240 to 4096; without it what suits the chart
    #[arg(long, value_parser = clap::value_parser!(u32).range(240..=4096))]
    height: Option<u32>,
    /// Pixels of a PNG to a CSS pixel
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=4))]
    scale: u32,
    /// On a light or a dark ground
    #[arg(long, value_enum, default_value_t = Ground::Light)]
    theme: Ground,
    /// Another view than the link's
    #[arg(long, value_enum)]
    view: Option<Shown>,
    /// Refuse a link of which any part cannot be taken as it stands
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ground {
    Light,
    Dark,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shown {
    /// A metric against a knob
    Curves,
    /// Throughput or cost against interactivity
    Frontier,
    /// Who is best over two axes
    Breakeven,
    /// What moves a metric
    Sensitivity,
    /// How times spread over requests one by one, and what each replica did when
    Replay,
    /// Hit rate, time and money against the number of agents
    Agents,
    /// Where the time goes
    Why,
    /// Each operation under the roof of its chip
    Roofline,
    /// What fills the memory of each chip
    Memory,
    /// What flows where
    Flow,
}

impl Shown {
    /// As the link says it.
    const fn id(self) -> &'static str {
        match self {
            Self::Curves => Tab::Curves.id(),
            Self::Frontier => Tab::Frontier.id(),
            Self::Breakeven => Tab::BreakEven.id(),
            Self::Sensitivity => Tab::Sensitivity.id(),
            Self::Replay => Tab::Replay.id(),
            Self::Agents => Tab::Agents.id(),
            Self::Why => Reason::Why.id(),
            Self::Roofline => Reason::Roofline.id(),
            Self::Memory => Reason::Memory.id(),
            Self::Flow => Reason::Flow.id(),
        }
    }
}

#[derive(Args)]
struct ReplayArguments {
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
    json: bool,
    /// Write a line for every request to this file; - for standard output, in place of the report
    #[arg(long, conflicts_with = "batch")]
    csv: Option<PathBuf>,
    /// A link a line in, a JSON object a line out, as `eval --batch`; each replays the same trace, if there is one
    #[arg(long)]
    batch: bool,
    /// Refuse a link of which any part cannot be taken as it stands
    #[arg(long)]
    strict: bool,
}

#[derive(Args)]
struct Claims {
    /// Print one JSON array
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Print the claims page as HTML
    #[arg(long)]
    html: bool,
}

#[derive(Args)]
struct Check {
    /// The CSV file; - for standard input
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the accuracy page: the summary and where the errors sit, as HTML
    #[arg(long, conflicts_with_all = ["json", "rows"])]
    html: bool,
    /// Print at most this many rows before the summary
    #[arg(long, conflicts_with = "json")]
    rows: Option<usize>,
}

#[derive(Args)]
struct Frontier {
    /// The link of the scenario
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// The metric against speed per user: throughput per chip, a cost or an energy
    #[arg(long, default_value = "per-chip", value_parser = metric)]
    metric: Metric,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
}

#[derive(Args)]
struct Size {
    /// The link of the scenario; its load, model, service level and prices count, its pools do not
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// Chips to choose from, separated by commas; without them all of the catalogue
    #[arg(long, value_delimiter = ',')]
    chips: Vec<String>,
    /// Print at most this many deployments
    #[arg(long, default_value_t = 12, conflicts_with = "json")]
    top: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
}

#[derive(Args)]
struct Breakeven {
    /// The links of the scenarios; a single one is compared with its chips in other splits
    #[arg(required = true)]
    links: Vec<String>,
    /// The horizontal axis: isl, osl, load, size, mix, hit, ttft or tpot
    #[arg(long, default_value = "isl", value_parser = axis)]
    x: Axis,
    /// The vertical axis
    #[arg(long, default_value = "load", value_parser = axis)]
    y: Axis,
    /// The metric that decides
    #[arg(long, default_value = "cost", value_parser = metric)]
    metric: Metric,
    /// Points each way, 2 to 257
    #[arg(long, default_value_t = 33, value_parser = clap::value_parser!(u16).range(2..=257))]
    size: u16,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Sensitivity {
    /// The link of the scenario
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// The metric that answers
    #[arg(long, default_value = "throughput", value_parser = metric)]
    metric: Metric,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
}

#[derive(Args)]
struct Diff {
    /// The link of the first scenario
    before: String,
    /// The link of the second
    after: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A metric by its identifier.
fn metric(id: &str) -> Result<Metric, String> {
    let known = || Metric::ALL.map(Metric::id).join(", ");
    Metric::from_id(id).ok_or_else(|| format!("one of {} is expected", known()))
}

/// An axis by its identifier.
fn axis(id: &str) -> Result<Axis, String> {
    let known = || Axis::ALL.map(Axis::id).join(", ");
    Axis::from_id(id).ok_or_else(|| format!("one of {} is expected", known()))
}

#[derive(Args)]
struct Import {
    /// The config.json; - for standard input
    file: PathBuf,
    /// Call the model so; letters, digits, dots and hyphens are kept
    #[arg(long)]
    name: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
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
            batch(&mut out, |line| Ok(reply(line, strictness(arguments)).json_line()))
        }
        Command::Frontier(arguments) if arguments.batch => batch(&mut out, |line| {
            let (scenario, notices) = read(line)?;
            noted(&frontier_of(&scenario, arguments.metric)?, notices)
        }),
        Command::Size(arguments) if arguments.batch => batch(&mut out, |line| {
            let (scenario, notices) = read(line)?;
            let sizing = sized(&scenario, &arguments.chips)?;
            noted(&told::size::SizingReport::new(&sizing), notices)
        }),
        Command::Sensitivity(arguments) if arguments.batch => batch(&mut out, |line| {
            let (scenario, notices) = read(line)?;
            let (tornado, pays) = tornado(&scenario, arguments.metric)?;
            noted(&told::sensitivity::SensitivityReport::new(&tornado, pays.as_ref()), notices)
        }),
        Command::Replay(arguments) if arguments.batch => replay_batch(arguments, &mut out),
        Command::Job => job(&mut out),
        Command::Eval(arguments) => eval(arguments, &mut out),
        Command::Render(arguments) => render(arguments, &mut out),
        Command::Replay(arguments) => run_replay(arguments, &mut out),
        Command::Check(arguments) => run_check(arguments, &mut out),
        Command::Frontier(arguments) => frontier(arguments, &mut out),
        Command::Size(arguments) => size(arguments, &mut out),
        Command::Breakeven(arguments) => breakeven(arguments, &mut out),
        Command::Sensitivity(arguments) => sensitivity(arguments, &mut out),
        Command::Diff(arguments) => diff(arguments, &mut out),
        Command::Claims(arguments) => claims(arguments, &mut out),
        Command::Catalog(arguments) => list(arguments, &mut out),
        Command::Import(arguments) => import(arguments, &mut out),
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

/// Measured runs, drawn beside the curves as on the page.
const MEASURED: &str = include_str!("../public/measured.csv");

fn render(arguments: &Render, out: &mut impl Write) -> Result<(), Failure> {
    let parsed = link::parse(&arguments.link);
    if arguments.strict && !parsed.notices.is_empty() {
        let notices = told_of(&parsed.notices);
        return Err(Failure::Input(notices.join("\n")));
    }
    let scenario = scenario(&arguments.link)?;
    let mut told = parsed.view;
    if let Some(shown) = arguments.view {
        told.retain(|(key, _)| key != "view");
        told.push(("view".to_owned(), shown.id().to_owned()));
    }
    let view = View::read(&told);
    if view.alone || view.tab != Tab::BreakEven {
        served(&scenario)?;
    }
    let figure = Making::new(scenario, view, pinned(&told), Library::read(MEASURED)).finish();
    let theme = if arguments.theme == Ground::Dark { &DARK } else { &LIGHT };
    let svg = figure.svg(f64::from(arguments.width), arguments.height.map(f64::from), theme);
    let file = &arguments.output;
    let name = file.display();
    let bytes = match file.extension().and_then(|own| own.to_str()) {
        _ if file.as_os_str() == "-" => return Ok(out.write_all(svg.as_bytes())?),
        Some("svg") => svg.into_bytes(),
        Some("png") => png::png(&svg, arguments.scale as f32).map_err(Failure::Input)?,
        _ => {
            return Err(Failure::Input(format!(
                "--output {name}: a name that ends in .svg or .png is expected"
            )));
        }
    };
    fs::write(file, bytes).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

/// A pure filter: a line of standard input in, a line out, in the same order, in constant memory. What cannot be answered
/// is answered with the reason in its place. Answers are flushed whenever the input pauses, so that the other end of two
/// pipes never waits, and are else written in large pieces.
fn batch(
    out: &mut impl Write,
    mut answer: impl FnMut(&str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let input = &mut BufReader::with_capacity(1 << 16, io::stdin().lock());
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
        let answered = if line.last() != Some(&b'\n') && read as u64 == limit {
            input.skip_until(b'\n')?;
            Err(Failure::Input(format!("The line is longer than {} kB.", link::LONGEST / 1024)))
        } else {
            match std::str::from_utf8(&line) {
                Ok(text) => answer(text.trim_end_matches(['\n', '\r'])),
                Err(_) => Err(Failure::Input("The line is not UTF-8 text.".to_owned())),
            }
        };
        match answered {
            Ok(text) => writeln!(out, "{text}")?,
            Err(Failure::Input(error)) => {
                let text = std::str::from_utf8(&line).unwrap_or_default();
                let parsed = report::no_link(text).is_none().then(|| link::parse(text));
                let failure = report::Failure {
                    link: parsed.as_ref().map_or_else(String::new, |own| link::write(&own.scenario, &[])),
                    error,
                    notices: parsed.map_or_else(Vec::new, |own| told_of(&own.notices)),
                };
                writeln!(out, "{}", Reply::Failure(failure).json_line())?;
            }
            Err(other) => return Err(other),
        }
    }
}

/// A report of a batch, with what its link said that could not be taken as it stands.
#[derive(Serialize)]
struct Noted<'r, R> {
    #[serde(flatten)]
    report: &'r R,
    notices: Vec<String>,
}

fn noted<R: Serialize>(report: &R, notices: Vec<String>) -> Result<String, Failure> {
    Ok(serde_json::to_string(&Noted { report, notices }).map_err(io::Error::from)?)
}

fn told_of(notices: &[link::Notice]) -> Vec<String> {
    notices.iter().map(ToString::to_string).collect()
}

/// The scenario of a link whose fields are all in range, and what of the link was dropped.
fn read(text: &str) -> Result<(Scenario, Vec<String>), Failure> {
    if let Some(reason) = report::no_link(text) {
        return Err(Failure::Input(reason.to_owned()));
    }
    let parsed = link::parse(text);
    match parsed.scenario.check().first() {
        Some(invalid) => Err(Failure::Input(format!("{invalid}."))),
        None => Ok((parsed.scenario, told_of(&parsed.notices))),
    }
}

/// As [`read`]; what was dropped is told on standard error.
fn scenario(text: &str) -> Result<Scenario, Failure> {
    let (scenario, notices) = read(text)?;
    for notice in notices {
        writeln!(io::stderr(), "Note: {notice}")?;
    }
    Ok(scenario)
}

/// What the page's worker would answer to a question.
fn job(out: &mut impl Write) -> Result<(), Failure> {
    let mut question = String::new();
    io::stdin().lock().read_to_string(&mut question)?;
    answer(Question::read(&question).map_err(Failure::Input)?, out)
}

/// Answers a question of the page's worker.
fn answer(question: impl Into<Question>, out: &mut impl Write) -> Result<(), Failure> {
    let mut job = Job::new(question.into());
    loop {
        let slice = job.step();
        out.write_all(slice.text.as_bytes())?;
        if slice.done {
            return Ok(());
        }
    }
}

/// A refusal when the scenario cannot be served as it stands.
fn served(scenario: &Scenario) -> Result<(), Failure> {
    evaluate(scenario).map(|_| ()).map_err(|refusal| Failure::Input(words::refusal(&refusal)))
}

/// The frontier of a scenario.
fn frontier_of(scenario: &Scenario, metric: Metric) -> Result<explore::Frontier, Failure> {
    let found = explore::frontier_of(scenario, metric);
    if found.points.is_empty() {
        // Whatever keeps the scenario itself from being served is the best reason there is.
        served(scenario)?;
    }
    Ok(found)
}

fn frontier(arguments: &Frontier, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = scenario(arguments.link.as_deref().unwrap_or_default())?;
    let found = frontier_of(&scenario, arguments.metric)?;
    if arguments.json {
        json(out, &found)
    } else {
        Ok(out.write_all(told::frontier::text(&found).as_bytes())?)
    }
}

/// The sizing of a scenario, out of these chips or of all.
fn sized(scenario: &Scenario, chips: &[String]) -> Result<explore::Sizing, Failure> {
    scenario.model().map_err(|unknown| Failure::Input(unknown.to_string()))?;
    for id in chips {
        if scenario.chip(id).is_none() {
            let near = catalog::nearest_chip_ids(id).join(", ");
            let near = if near.is_empty() { String::new() } else { format!("; near: {near}") };
            return Err(Failure::Input(format!("--chips: no chip is called {id}{near}")));
        }
    }
    let all = || explore::all_chips(scenario);
    let chips = if chips.is_empty() { all() } else { chips.to_vec() };
    Ok(explore::size(scenario, &chips))
}

fn size(arguments: &Size, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = scenario(arguments.link.as_deref().unwrap_or_default())?;
    let sizing = sized(&scenario, &arguments.chips)?;
    if arguments.json {
        json(out, &told::size::SizingReport::new(&sizing))?;
        if sizing.deployments.is_empty() { Err(Failure::Input(String::new())) } else { Ok(()) }
    } else if sizing.deployments.is_empty() {
        Err(Failure::Input(told::size::text(&sizing, arguments.top).trim_end().to_owned()))
    } else {
        Ok(out.write_all(told::size::text(&sizing, arguments.top).as_bytes())?)
    }
}

fn breakeven(arguments: &Breakeven, out: &mut impl Write) -> Result<(), Failure> {
    let mut contenders = arguments.links.iter().map(|text| scenario(text)).collect::<Result<Vec<_>, _>>()?;
    if let [only] = &contenders[..] {
        contenders = explore::rivals(only);
    }
    for contender in &contenders {
        contender.model().map_err(|unknown| Failure::Input(unknown.to_string()))?;
    }
    for (name, axis) in [("--x", arguments.x), ("--y", arguments.y)] {
        // A contender that lacks an axis just never wins; one that all lack makes no map.
        if !contenders.first().is_some_and(|own| MapSearch::applies(axis, std::slice::from_ref(own))) {
            let id = axis.id();
            return Err(Failure::Input(format!("{name} {id}: the first scenario has no such axis")));
        }
    }
    if arguments.x == arguments.y {
        return Err(Failure::Input(format!("--y {}: the axes must differ", arguments.y.id())));
    }
    let axes = (arguments.x, arguments.y);
    let mut map = MapSearch::new(&contenders, arguments.metric, axes, usize::from(arguments.size));
    while !map.step(256) {}
    if arguments.json {
        json(out, &told::map::answer(&map))
    } else {
        Ok(out.write_all(told::map::text(&map).as_bytes())?)
    }
}

/// How a metric answers to each lever, and the price below which a chip without one would be cheaper.
fn tornado(
    scenario: &Scenario,
    metric: Metric,
) -> Result<(explore::Sensitivity, Option<explore::BreakEven>), Failure> {
    let found = explore::sensitivity(scenario, metric)
        .map_err(|reason| Failure::Input(told::sensitivity::no_base(&reason)))?;
    Ok((found, explore::break_even_price(scenario)))
}

fn sensitivity(arguments: &Sensitivity, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = scenario(arguments.link.as_deref().unwrap_or_default())?;
    let (tornado, pays) = tornado(&scenario, arguments.metric)?;
    if arguments.json {
        json(out, &told::sensitivity::SensitivityReport::new(&tornado, pays.as_ref()))
    } else {
        Ok(out.write_all(told::sensitivity::text(&tornado, pays.as_ref()).as_bytes())?)
    }
}

fn claims(arguments: &Claims, out: &mut impl Write) -> Result<(), Failure> {
    let judged = report::claims::judged();
    if arguments.json {
        json(out, &report::claims::reports(&judged))
    } else if arguments.html {
        Ok(out.write_all(report::claims::html(&judged).as_bytes())?)
    } else {
        Ok(out.write_all(report::claims::text(&judged).as_bytes())?)
    }
}

fn diff(arguments: &Diff, out: &mut impl Write) -> Result<(), Failure> {
    let (before, after) = (scenario(&arguments.before)?, scenario(&arguments.after)?);
    for (name, own) in [("first", &before), ("second", &after)] {
        if let Err(refusal) = evaluate(own) {
            return Err(Failure::Input(format!("The {name} scenario: {}", words::refusal(&refusal))));
        }
    }
    let found = explore::diff(&before, &after).map_err(|refusal| Failure::Input(words::refusal(&refusal)))?;
    if arguments.json {
        json(out, &told::diff::DiffReport::new(&before, &after, &found))
    } else {
        Ok(out.write_all(told::diff::text(&found, &after).as_bytes())?)
    }
}

/// What is replayed: the scenario's own requests, or those of a trace.
fn asked(arguments: &ReplayArguments, notices: &mut Vec<String>) -> Result<Asked, Failure> {
    let Some(file) = &arguments.trace else { return Ok(Asked::Scenario) };
    let speed = arguments.speed;
    if !(speed > 0.0 && speed <= 1e6) {
        return Err(Failure::Input(format!("--speed {speed}: must be above 0 and at most 1e6")));
    }
    let pacing =
        arguments.users.map_or(Pacing::Recorded { speed }, |concurrency| Pacing::Closed { concurrency });
    Ok(Asked::Trace(Arc::new(read_trace(file, notices)?), pacing))
}

fn replay_batch(arguments: &ReplayArguments, out: &mut impl Write) -> Result<(), Failure> {
    if arguments.trace.as_deref() == Some(Path::new("-")) {
        return Err(Failure::Input("--trace -: standard input holds the links of a batch".to_owned()));
    }
    let mut of_trace = Vec::new();
    let asked = asked(arguments, &mut of_trace)?;
    for notice in of_trace {
        writeln!(io::stderr(), "Note: {notice}")?;
    }
    batch(out, |line| {
        let (scenario, notices) = read(line)?;
        if arguments.strict && !notices.is_empty() {
            return Err(Failure::Input(format!("The link has a mistake: {}.", notices.join("; "))));
        }
        let refused = |refusal: Refusal| Failure::Input(words::refusal(&refusal));
        let models = Models::of(&scenario).map_err(refused)?;
        let deployment = Deployment::new(&scenario, constants(), &models).map_err(refused)?;
        let mut engine = Replay::start(&deployment, &asked);
        let progress = engine.run(u64::MAX);
        let result = engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived));
        let report = ReplayReport::new(&scenario, &result, notices);
        Ok(serde_json::to_string(&report).map_err(io::Error::from)?)
    })
}

fn run_replay(arguments: &ReplayArguments, out: &mut impl Write) -> Result<(), Failure> {
    let parsed = link::parse(arguments.link.as_deref().unwrap_or_default());
    let mut notices = told_of(&parsed.notices);
    if arguments.strict && !notices.is_empty() {
        return Err(Failure::Input(notices.join("\n")));
    }
    let scenario = parsed.scenario;
    if let Some(invalid) = scenario.check().first() {
        return Err(Failure::Input(invalid.to_string()));
    }
    let asked = asked(arguments, &mut notices)?;
    if !arguments.json {
        for notice in &notices {
            writeln!(io::stderr(), "Note: {notice}")?;
        }
    }
    let refused = |refusal: Refusal| Failure::Input(words::refusal(&refusal));
    let models = Models::of(&scenario).map_err(refused)?;
    let deployment = Deployment::new(&scenario, constants(), &models).map_err(refused)?;
    let start = Instant::now();
    let mut engine = Replay::start(&deployment, &asked);
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
    if let Some(file) = &arguments.csv {
        let records = report::replay::csv(engine.records());
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
    if arguments.json {
        json(out, &ReplayReport::new(&scenario, &result, notices))
    } else {
        Ok(out.write_all(report::replay::text(&scenario, &result).as_bytes())?)
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

fn run_check(arguments: &Check, out: &mut impl Write) -> Result<(), Failure> {
    let name = arguments.file.display();
    let text = read_text(&arguments.file)?;
    let result = check(&text).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    if arguments.json {
        json(out, &result)
    } else if arguments.html {
        Ok(out.write_all(report::accuracy::html(&result).as_bytes())?)
    } else {
        Ok(out.write_all(report::check::text(&result, arguments.rows).as_bytes())?)
    }
}

/// A file, or standard input for `-`.
fn read_text(file: &Path) -> Result<String, Failure> {
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    }
    .map_err(|error| Failure::Input(format!("{}: {error}", file.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn import(arguments: &Import, out: &mut impl Write) -> Result<(), Failure> {
    let input =
        |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", arguments.file.display()));
    let imported = model_from_config(&read_text(&arguments.file)?).map_err(|error| input(&error))?;
    let imported = match &arguments.name {
        Some(name) => {
            imported.renamed(name).map_err(|error| Failure::Input(format!("--name {name}: {error}")))?
        }
        None => imported,
    };
    let summary = report::import::Summary::of(&imported);
    if arguments.json { json(out, &summary) } else { Ok(out.write_all(summary.text().as_bytes())?) }
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

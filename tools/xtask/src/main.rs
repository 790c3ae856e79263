//! The project's own tool, run as `cargo xtask VERB`: one command to a live page, one to green tests.
//!
//! | file | step |
//! |---|---|
//! | `setup` | puts in place what a fresh machine lacks |
//! | `bundle` | compiles the page and writes `dist/` |
//! | `gallery` | draws the pictures of the gallery |
//! | `cold`, `visit` | cut off the page what a first visit does not run, and find out what it runs |
//! | `order` | puts the functions of a module in an order that compresses |
//! | `site` | the files of `dist/` in memory: type, tag, compressed forms |
//! | `budget` | what a first visit may weigh |
//! | `serve` | answers HTTP out of a site |
//! | `watch` | notices changed sources |
//! | `check` | formatting, lints, licences, spelling, native tests |
//! | `bless` | takes golden files for what the code makes now |
//! | `catalogue` | how old the prices of the catalogue are today |
//! | `licences` | which licences the crates may have |
//! | `browser` | tests in a real browser |
//! | `bench` | how fast it is, natively and in a browser |
//! | `tally` | counts tests, whoever ran them |
//! | `step` | runs a command or a step, says so, and takes the time |
//!
//! A new verb is a variant of [`Verb`], an arm in [`run`] and a file.

mod bench;
mod bless;
mod browser;
mod budget;
mod bundle;
mod catalogue;
mod check;
mod cold;
mod gallery;
mod licences;
mod order;
mod serve;
mod setup;
mod site;
mod step;
mod tally;
mod visit;
mod watch;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// Tandem's own tool.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the page, serve it, rebuild and reload when a source changes
    Serve(ServeArgs),
    /// Write dist/, which any static host can serve from any path, and hold it to the size budget
    Build(BuildArgs),
    /// The fast half of `test`: formatting, lints for native and wasm32, spelling, native tests
    Check,
    /// Everything: check, build, size budget, browser tests; sets up a fresh machine first
    Test,
    /// Only the browser tests, on a fresh build
    Browser(BrowserArgs),
    /// Measure speed, natively and in a browser, and print it beside its budget
    Bench(BenchArgs),
    /// Find out which functions of the page a first visit runs, and list the others: they come later
    Visit,
    /// List the prices that are too old today, and the offers that have ended; never an error
    Catalogue,
    /// Take golden reports, charts and public files for what the code makes now
    Bless,
    /// Throw damaged input at whatever reads foreign text; `cargo xtask fuzz --help` names the targets
    Fuzz(FuzzArgs),
    /// Fit the constants on the measurements in a folder, and write them where the library reads them
    Calibrate(CalibrateArgs),
}

#[derive(Args)]
struct ServeArgs {
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Path to serve under, as a static host with sub-paths would
    #[arg(long, default_value = "/")]
    base: String,
    /// Serve dist/ as it stands: no build, no watching
    #[arg(long)]
    no_build: bool,
}

#[derive(Args)]
struct BuildArgs {
    /// Address that the site will have, for the preview that others show of a link to it
    #[arg(long, value_name = "URL", default_value = "", value_parser = site_address, hide_default_value = true)]
    site: String,
}

#[derive(Args)]
struct BenchArgs {
    /// Leave the native half as it was measured last
    #[arg(long)]
    browser_only: bool,
}

#[derive(Args)]
struct CalibrateArgs {
    /// Folder with serving.csv and ops/
    folder: PathBuf,
    /// Only one stage
    #[arg(value_parser = ["kernels", "collectives", "engines"])]
    stage: Option<String>,
}

#[derive(Args)]
#[command(disable_help_flag = true)]
struct FuzzArgs {
    /// Handed on to the fuzzer
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Args)]
struct BrowserArgs {
    /// Run only the test files whose name contains one of these
    filter: Vec<String>,
    /// Test dist/ as it stands
    #[arg(long)]
    no_build: bool,
    /// Also in Firefox, which is installed if it must be; without this where it is there
    #[arg(long)]
    firefox: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    let root = &root();
    match verb {
        Verb::Serve(args) => {
            let at = serve::Place { host: args.host, port: args.port, base: args.base };
            if args.no_build { serve::still(root, &at) } else { serve::live(root, &at) }
        }
        Verb::Build(args) => {
            let site = bundle::bundle(root, &args.site)?;
            budget::hold(&site)
        }
        Verb::Check => {
            let tally = check::check(root, false)?;
            println!("\n{tally}");
            Ok(())
        }
        Verb::Test => test(root),
        Verb::Bench(args) => bench::bench(root, args.browser_only),
        Verb::Calibrate(args) => calibrate(root, &args),
        Verb::Visit => visit::visit(root),
        Verb::Catalogue => catalogue::tell(root),
        Verb::Bless => bless::bless(root),
        // The one target that is JavaScript.
        Verb::Fuzz(FuzzArgs { args }) if args.first().is_some_and(|target| target == "message") => {
            setup::node()?;
            let mut command = Command::new("node");
            command.current_dir(root).arg("tests/e2e/messages.mjs");
            step::run(command.args(args.iter().skip(1)))
        }
        Verb::Fuzz(args) => {
            let mut command = step::cargo(root);
            // Fast, and an overflow is a finding.
            command.args(["run", "--profile", "fuzz", "--package", "fuzz", "--bin", "fuzz", "--"]);
            step::run(command.args(&args.args))
        }
        Verb::Browser(args) => {
            let site =
                if args.no_build { site::Site::read(&root.join("dist"))? } else { bundle::bundle(root, "")? };
            let tally = browser::test(root, site, &args.filter, args.firefox)?;
            println!("\n{tally}");
            Ok(())
        }
    }
}

/// A program of its own, so that xtask needs neither the library nor a solver. Each stage is built anew, as the library
/// holds the constants that the stage before has written.
fn calibrate(root: &Path, args: &CalibrateArgs) -> Result<()> {
    for stage in ["kernels", "collectives", "engines"] {
        if args.stage.as_deref().is_none_or(|own| own == stage) {
            let mut command = step::cargo(root);
            command.args(["run", "--release", "--package", "calibrate", "--"]).arg(&args.folder).arg(stage);
            step::run(&mut command)?;
        }
    }
    Ok(())
}

/// Cheapest first, so that a slip shows early. The last line printed is the count of all tests.
fn test(root: &Path) -> Result<()> {
    let start = Instant::now();
    let native = check::check(root, true)?;
    let site = bundle::bundle(root, "")?;
    budget::hold(&site)?;
    let browser = browser::test(root, site, &[], false)?;
    println!("\nnative  {native}");
    println!("browser {browser}");
    println!("total   {} in {:.0} s", native + browser, start.elapsed().as_secs_f64());
    Ok(())
}

/// A whole address with a slash at the end. It goes into HTML and JSON as it is, so that nothing in it may need escaping.
fn site_address(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(String::new());
    }
    let whole = ["https://", "http://"].iter().any(|start| text.starts_with(start));
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/%[]@".contains(&byte));
    if whole && plain {
        Ok(format!("{text}/"))
    } else {
        Err("an address such as https://example.org/tandem/".to_owned())
    }
}

/// The top of the repository.
fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).map_or_else(|| here.clone(), Path::to_path_buf)
}

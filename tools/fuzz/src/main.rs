//! `cargo xtask fuzz`: runs a target for long, by hand.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use fuzz::pairs;
use fuzz::run::{Plan, Ran, run};
use fuzz::targets::TARGETS;

/// Throws damaged input at whatever reads foreign text.
#[derive(Parser)]
#[command(
    bin_name = "cargo xtask fuzz",
    after_help = "`cargo xtask fuzz message` takes --runs, --seed and --minutes too, and throws messages at the scripts that hear them \
                  (tests/e2e/messages.mjs)."
)]
struct Cli {
    /// A target, `all` of them, or `pairs`: not drawn but gone through, each pair of chips with each model
    #[arg(value_parser = ["all", "pairs", "link", "reply", "config", "measurements", "trace", "job"])]
    target: String,
    /// Inputs for each target
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// Where the draws start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads, each with a seed of its own: this one, the next, and so on
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// End each target after so many minutes
    #[arg(long, default_value_t = 20)]
    minutes: u64,
    /// Longest input, in bytes
    #[arg(long, default_value_t = 4096)]
    longest: usize,
}

fn main() -> ExitCode {
    match fuzz(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(cli: &Cli) -> Result<()> {
    if cli.target == "pairs" {
        return all_pairs();
    }
    let plan = Plan {
        runs: cli.runs,
        seed: cli.seed,
        jobs: cli.jobs,
        time: Duration::from_secs(cli.minutes * 60),
        longest: cli.longest,
        slow: Duration::from_secs(1),
        memory: 2 << 30,
    };
    let mut broken = 0;
    for target in TARGETS.iter().filter(|own| cli.target == "all" || own.name == cli.target) {
        println!("{}: {}", target.name, target.about);
        let Ran { runs, taken, kinds, took, longest, findings } = run(target, &plan);
        let seconds = took.as_secs_f64();
        println!(
            "{}: {runs} inputs in {seconds:.0} s ({:.0} a second), {taken} taken, {kinds} kinds of answers, at most {longest:.1?} for one, {} findings",
            target.name,
            runs as f64 / seconds,
            findings.len()
        );
        broken += findings.len();
        for (number, finding) in findings.iter().enumerate() {
            let folder = Path::new("target/fuzz").join(target.name);
            std::fs::create_dir_all(&folder)?;
            let file = folder.join(format!("seed{}-{number}", cli.seed));
            std::fs::write(&file, &finding.input)?;
            println!(
                "  {}\n    {:?}\n    {}",
                finding.what,
                String::from_utf8_lossy(&finding.input),
                file.display()
            );
        }
    }
    if broken > 0 {
        bail!("{broken} findings: mend each, and put its input into tools/fuzz/regressions/TARGET");
    }
    Ok(())
}

fn all_pairs() -> Result<()> {
    let mut broken = Vec::new();
    for way in pairs::WAYS {
        let start = Instant::now();
        let found = pairs::go(way, 0, 1);
        let count: u64 = found.answers.values().sum();
        println!("{way}: {count} scenarios in {:.0} s: {:?}", start.elapsed().as_secs_f64(), found.answers);
        broken.extend(found.broken);
    }
    if !broken.is_empty() {
        let some: Vec<&str> = broken.iter().take(10).map(String::as_str).collect();
        bail!("{} broke a promise, among them\n{}", broken.len(), some.join("\n"));
    }
    Ok(())
}

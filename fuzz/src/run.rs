//! The runner: draws inputs from a seed, hands them to a target, and keeps those that do something new as a start for
//! others. A panic, an answer that takes too long and a process that grows too large are findings.
//!
//! The compiler's coverage is not asked for; a target tells what kind of answer an input had, and that leads well enough
//! through formats that are made of keys and values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mutate::{Draw, mutate};
use crate::targets::Target;

/// How much, and within which limits.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Inputs.
    pub runs: u64,
    /// Where the draws start.
    pub seed: u64,
    /// End early after so long.
    pub time: Duration,
    /// Longest input, in bytes.
    pub longest: usize,
    /// Longest time for one input.
    pub slow: Duration,
    /// Most memory of the whole process, in bytes.
    pub memory: u64,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// Inputs tried.
    pub runs: u64,
    /// Kinds of answers seen.
    pub kinds: usize,
    /// Time taken.
    pub took: Duration,
    /// The longest time that one input took.
    pub longest: Duration,
    /// Broken promises, each place in the code once.
    pub findings: Vec<Finding>,
}

/// A broken promise.
#[derive(Debug)]
pub struct Finding {
    /// What was said, with the place in the code.
    pub what: String,
    /// The input, cut down as far as it still shows.
    pub input: Vec<u8>,
}

/// Most inputs kept beside the seeds.
const MOST_KEPT: usize = 4096;

/// Most findings before a run gives up.
const MOST_FINDINGS: usize = 20;

/// Tries to make a finding smaller.
const TRIES: usize = 400;

/// How much longer than allowed an input may take before it is taken to hang.
const HANGS: u32 = 20;

thread_local! {
    /// Where the last panic of this thread happened, and what it said.
    static SAID: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// The input under way, for whoever has to say what the process died of.
struct Watched {
    input: Mutex<Vec<u8>>,
    /// Milliseconds since the start of the run when the input was handed over.
    since: AtomicU64,
    done: AtomicBool,
}

/// Runs a target.
#[must_use]
pub fn run(target: &Target, plan: &Plan) -> Ran {
    let start = Instant::now();
    let watched = Watched { input: Mutex::default(), since: AtomicU64::new(0), done: AtomicBool::new(false) };
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let text = info.payload_as_str().unwrap_or("a panic without words").to_owned();
        SAID.set(Some((place, text)));
    }));
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| watch(&watched, start, plan));
        let ran = inputs(target, plan, &watched, start);
        watched.done.store(true, Ordering::Relaxed);
        ran
    });
    drop(panic::take_hook());
    ran
}

fn inputs(target: &Target, plan: &Plan, watched: &Watched, start: Instant) -> Ran {
    let mut draw = Draw::new(plan.seed);
    let mut kept: Vec<Vec<u8>> = (target.seeds)();
    let words = (target.words)();
    let given = kept.len();
    let mut kinds: BTreeSet<u64> = BTreeSet::new();
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    let mut ran =
        Ran { runs: 0, kinds: 0, took: Duration::ZERO, longest: Duration::ZERO, findings: Vec::new() };
    while ran.runs < plan.runs && findings.len() < MOST_FINDINGS && start.elapsed() < plan.time {
        // The seeds come first as they are.
        let at = usize::try_from(ran.runs).unwrap_or(usize::MAX);
        let input = match kept.get(at).filter(|_| at < given) {
            Some(seed) => seed.clone(),
            None => {
                let other = draw.of(&kept).cloned().unwrap_or_default();
                let seed = draw.of(&kept).cloned().unwrap_or_default();
                mutate(&mut draw, &seed, &other, &words, plan.longest)
            }
        };
        ran.runs += 1;
        let before = Instant::now();
        let outcome = attempt(target, &input, watched, start);
        let took = before.elapsed();
        ran.longest = ran.longest.max(took);
        let broken = match outcome {
            Ok(kind) => {
                if kinds.insert(kind) && kept.len() < given + MOST_KEPT {
                    kept.push(input.clone());
                }
                // On a busy machine one measurement says little.
                (took > plan.slow && (0..3).all(|_| work(target, &input, watched, start) > plan.slow))
                    .then(|| ("time".to_owned(), format!("takes {took:?}, and {:?} is allowed", plan.slow)))
            }
            Err(said) => Some(said),
        };
        if let Some((place, text)) = broken
            && !findings.contains_key(&place)
        {
            let shows =
                |input: &[u8]| attempt(target, input, watched, start).is_err_and(|(own, _)| own == place);
            let input = smaller(&mut draw, input, shows);
            findings.insert(place.clone(), Finding { what: format!("{place}: {text}"), input });
        }
    }
    ran.took = start.elapsed();
    ran.kinds = kinds.len();
    ran.findings = findings.into_values().collect();
    ran
}

/// What the target says of an input: what kind it is, or the place of a panic and its words.
fn attempt(
    target: &Target,
    input: &[u8],
    watched: &Watched,
    start: Instant,
) -> Result<u64, (String, String)> {
    hand_over(watched, input, start);
    panic::catch_unwind(AssertUnwindSafe(|| (target.check)(input)))
        .map_err(|_| SAID.take().unwrap_or_default())
}

/// How long the processor works on an input, whatever else keeps it busy meanwhile.
fn work(target: &Target, input: &[u8], watched: &Watched, start: Instant) -> Duration {
    let (clock, worked) = (Instant::now(), on_processor());
    // Whether it panics is not the question here.
    let _ = attempt(target, input, watched, start);
    match (worked, on_processor()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => clock.elapsed(),
    }
}

/// Time that this thread has had on a processor, where the system tells it as Linux does.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Drops pieces of an input as long as it shows the same.
fn smaller(draw: &mut Draw, mut input: Vec<u8>, shows: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    for _ in 0..TRIES {
        let from = draw.below(input.len());
        let most = (input.len() / 2).max(1);
        let to = (from + 1 + draw.below(most)).min(input.len());
        let mut fewer = input.clone();
        fewer.drain(from..to);
        if shows(&fewer) {
            input = fewer;
        }
    }
    input
}

fn hand_over(watched: &Watched, input: &[u8], start: Instant) {
    let mut held = watched.input.lock().unwrap_or_else(PoisonError::into_inner);
    held.clear();
    held.extend_from_slice(input);
    drop(held);
    watched.since.store(millis(start.elapsed()), Ordering::Relaxed);
}

/// Ends the process when an input hangs or eats memory: nobody else could then.
fn watch(watched: &Watched, start: Instant, plan: &Plan) {
    while !watched.done.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        let since = watched.since.load(Ordering::Relaxed);
        let hangs = millis(start.elapsed()).saturating_sub(since) > millis(plan.slow * HANGS);
        let grown = resident().filter(|&bytes| bytes > plan.memory);
        if watched.done.load(Ordering::Relaxed) || !(hangs || grown.is_some()) {
            continue;
        }
        let input = watched.input.lock().unwrap_or_else(PoisonError::into_inner);
        let why = grown.map_or_else(|| "hangs".to_owned(), |bytes| format!("{} MB in use", bytes >> 20));
        eprintln!("fuzz: {why} at {:?}", String::from_utf8_lossy(&input));
        std::process::exit(1);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Memory of this process, where the system tells it as Linux does.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|own| own << 10)
}

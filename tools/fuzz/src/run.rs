//! The runner: draws inputs from a seed, hands them to a target, and keeps those that do something new as a start for
//! others. A panic, an answer that takes too long and a process that grows too large are findings.
//!
//! The compiler's coverage is not asked for; a target tells what kind of answer an input had, and that leads well enough
//! through formats that are made of keys and values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::execution::{Told, Turn};
use crate::mutate::{Draw, mutate};
use crate::targets::Target;

/// How much, and within which limits.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Inputs, of all threads together.
    pub runs: u64,
    /// Where the draws start; each further thread takes the next number.
    pub seed: u64,
    /// Threads that draw, each for itself.
    pub jobs: u64,
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
    /// Inputs of them that were not only refused.
    pub taken: u64,
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

/// What takes longer than this, and than all before, is measured once more.
const NOTICEABLE: Duration = Duration::from_millis(5);

/// How much longer than allowed an input may take before it is taken to hang.
const HANGS: u32 = 20;

/// How many times as long one may wait that has no processor to work with.
const PATIENCE: u32 = 30;

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
    /// What the system tells of the thread that works on it, where it does as Linux does.
    worker: OnceLock<PathBuf>,
}

/// Runs a target.
#[must_use]
pub fn run(target: &Target, plan: &Plan) -> Ran {
    let start = Instant::now();
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let text = info.payload_as_str().unwrap_or("a panic without words").to_owned();
        SAID.set(Some((place, text)));
    }));
    let jobs = plan.jobs.max(1);
    let alone = |job: u64| {
        let share = plan.runs / jobs + u64::from(job < plan.runs % jobs);
        let own = Plan { runs: share, seed: plan.seed.wrapping_add(job), ..*plan };
        let watched = Watched {
            input: Mutex::default(),
            since: AtomicU64::new(0),
            done: AtomicBool::new(false),
            worker: OnceLock::new(),
        };
        std::thread::scope(|scope| {
            if let Ok(task) = std::fs::read_link("/proc/thread-self") {
                let _ = watched.worker.set(Path::new("/proc").join(task).join("schedstat"));
            }
            scope.spawn(|| watch(&watched, start, &own));
            let ran = inputs(target, &own, &watched, start);
            watched.done.store(true, Ordering::Relaxed);
            ran
        })
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..jobs).map(|job| scope.spawn(move || alone(job))).collect();
        let mut all = alone(0);
        for other in others {
            let other = other.join().expect("the runner itself does not panic");
            all.runs += other.runs;
            all.taken += other.taken;
            all.longest = all.longest.max(other.longest);
            all.kinds.extend(other.kinds);
            all.broken.extend(other.broken);
        }
        all
    });
    drop(panic::take_hook());
    Ran {
        runs: all.runs,
        taken: all.taken,
        kinds: all.kinds.len(),
        took: start.elapsed(),
        longest: all.longest,
        findings: std::mem::take(&mut all.broken).into_values().collect(),
    }
}

/// What one thread came to.
#[derive(Debug, Default)]
struct Drawn {
    runs: u64,
    taken: u64,
    longest: Duration,
    /// Kinds of answers.
    kinds: BTreeSet<u64>,
    /// Findings by their place in the code.
    broken: BTreeMap<String, Finding>,
}

/// Inputs to start from.
struct Kept {
    all: Vec<Vec<u8>>,
    /// How many were given; they stay as they are.
    given: usize,
    /// Which of all were taken and not only refused.
    good: Vec<usize>,
    /// Kinds of answers, and which input is kept for each.
    kinds: BTreeMap<u64, Option<usize>>,
}

impl Kept {
    /// An input to damage. Three in four were taken, since what is damaged once more after it has been refused is refused
    /// again and says little. Half are the shorter of two: many more of these can be tried.
    fn seed(&self, draw: &mut Draw) -> &[u8] {
        let from_good = draw.below(4) > 0;
        let mut one = || {
            let good = draw.of(&self.good).and_then(|&place| self.all.get(place));
            let any = draw.of(&self.all);
            good.filter(|_| from_good).or(any).map_or(&[][..], Vec::as_slice)
        };
        let (first, second) = (one(), one());
        if draw.below(2) == 0 && second.len() < first.len() { second } else { first }
    }

    /// Keeps an input whose answer is of a new kind, or that is the shortest so far with one of its kind.
    fn answered(&mut self, input: &[u8], told: Told) {
        match self.kinds.get(&told.kind) {
            None => {
                let room = self.all.len() < self.given + MOST_KEPT;
                self.kinds.insert(told.kind, room.then_some(self.all.len()));
                if room {
                    if told.taken {
                        self.good.push(self.all.len());
                    }
                    self.all.push(input.to_vec());
                }
            }
            Some(&Some(place)) => {
                if let Some(own) = self.all.get_mut(place).filter(|own| own.len() > input.len()) {
                    *own = input.to_vec();
                }
            }
            Some(None) => {}
        }
    }
}

fn inputs(target: &Target, plan: &Plan, watched: &Watched, start: Instant) -> Drawn {
    let mut draw = Draw::new(plan.seed);
    let all: Vec<Vec<u8>> = (target.seeds)();
    let mut kept = Kept { given: all.len(), all, good: Vec::new(), kinds: BTreeMap::new() };
    let words = (target.words)();
    let mut ran = Drawn::default();
    while ran.runs < plan.runs && ran.broken.len() < MOST_FINDINGS && start.elapsed() < plan.time {
        // The seeds come first as they are.
        let at = usize::try_from(ran.runs).ok().filter(|at| *at < kept.given);
        let (input, turn) = match at.and_then(|at| kept.all.get(at)) {
            Some(seed) => (seed.clone(), Turn::All),
            None => {
                let other = draw.of(&kept.all).map_or(&[][..], Vec::as_slice);
                let seed = kept.seed(&mut draw);
                let input = mutate(&mut draw, seed, other, &words, plan.longest);
                let turn = Turn::of(&input);
                (input, turn)
            }
        };
        ran.runs += 1;
        let before = Instant::now();
        let outcome = attempt(target, &input, turn, watched, start);
        let mut took = before.elapsed();
        // On a busy machine one measurement says little.
        if took > ran.longest.max(NOTICEABLE) {
            took = took.min(work(target, &input, watched, start));
        }
        ran.longest = ran.longest.max(took);
        let broken = match outcome {
            Ok(told) => {
                ran.taken += u64::from(told.taken);
                match at {
                    Some(at) if told.taken => kept.good.push(at),
                    Some(_) => {}
                    None => kept.answered(&input, told),
                }
                (took > plan.slow && (0..3).all(|_| work(target, &input, watched, start) > plan.slow))
                    .then(|| ("time".to_owned(), format!("takes {took:?}, and {:?} is allowed", plan.slow)))
            }
            Err(said) => Some(said),
        };
        if let Some((place, text)) = broken
            && !ran.broken.contains_key(&place)
        {
            let shows = |input: &[u8]| {
                attempt(target, input, Turn::All, watched, start).is_err_and(|(own, _)| own == place)
            };
            let input = smaller(&mut draw, input, shows);
            ran.broken.insert(place.clone(), Finding { what: format!("{place}: {text}"), input });
        }
    }
    ran.kinds = kept.kinds.into_keys().collect();
    ran
}

/// What the target says of an input, or the place of a panic and its words.
fn attempt(
    target: &Target,
    input: &[u8],
    turn: Turn,
    watched: &Watched,
    start: Instant,
) -> Result<Told, (String, String)> {
    hand_over(watched, input, start);
    panic::catch_unwind(AssertUnwindSafe(|| (target.check)(input, turn)))
        .map_err(|_| SAID.take().unwrap_or_default())
}

/// How long the processor works on an input, whatever else keeps it busy meanwhile.
fn work(target: &Target, input: &[u8], watched: &Watched, start: Instant) -> Duration {
    let worked = || watched.worker.get().and_then(|file| on_processor(file));
    let (clock, before) = (Instant::now(), worked());
    // Whether it panics is not the question here.
    let _ = attempt(target, input, Turn::of(input), watched, start);
    match (before, worked()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => clock.elapsed(),
    }
}

/// Time that a thread has had on a processor.
fn on_processor(file: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(file).ok()?;
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
    let worked = || watched.worker.get().and_then(|file| on_processor(file));
    // The input that was under way when last looked, and the time that its thread had had by then.
    let mut seen = (u64::MAX, worked());
    while !watched.done.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        let since = watched.since.load(Ordering::Relaxed);
        if since != seen.0 {
            seen = (since, worked());
        }
        let waited = Duration::from_millis(millis(start.elapsed()).saturating_sub(since));
        let limit = plan.slow * HANGS;
        // On a machine that is busy with other things a thread may wait for its turn as long as that.
        let took = match (seen.1, worked()) {
            (Some(before), Some(now)) if waited < limit * PATIENCE => now.saturating_sub(before),
            _ => waited,
        };
        let hangs = waited > limit && took > limit;
        let grown = resident().filter(|&bytes| bytes > plan.memory);
        if watched.done.load(Ordering::Relaxed) || !(hangs || grown.is_some()) {
            continue;
        }
        let input = watched.input.lock().unwrap_or_else(PoisonError::into_inner);
        let why = grown
            .map_or_else(|| format!("hangs for {waited:.0?}"), |bytes| format!("{} MB in use", bytes >> 20));
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

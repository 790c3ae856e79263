//! The scenario replayed event by event: progress while it runs, then distributions, accounts and what the pools did.
//!
//! A trace comes along as text and is read in pieces too. While a long replay runs, its distributions so far are told
//! whenever twice as many requests are done, so that telling costs no more than the end does.

use std::sync::Arc;

use super::field::{Fields, Line};
use super::lanes::Recorder;
use super::run::{Run, Seen, fewer};
use super::{Slice, Work};
use crate::metric::Metric;
use crate::replay::record::End;
use crate::replay::requests::{ENOUGH, Pacing};
use crate::replay::statistics::{Distribution, Estimate};
use crate::replay::{Asked, Record, Replay};
use crate::report::replay as told;
use crate::scenario::trace::{Reader, Trace};
use crate::scenario::traffic::Horizon;
use crate::scenario::{Scenario, link};
use crate::units::Seconds;

pub(super) const VERB: &str = "replay";

/// Events of a slice: 5 ms natively where requests are short (900,000 events a second), 25 ms in a trace of long prompts
/// that are all different (160,000), and about twice that in a browser. Nothing waits longer for a cancel.
const EVENTS: u64 = 4096;
/// Bytes of a trace that a slice reads.
const PIECE: usize = 1 << 18;
/// Records of a slice.
const RECORDS: usize = 4096;
/// Requests after which the first distributions are told.
const FIRST: u32 = 16_384;

/// What is wanted of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// How many times as fast a trace is replayed as it was recorded.
    pub speed: f64,
    /// What the answer is.
    pub answer: Answer,
}

/// What can be told of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// Its figures.
    Figures,
    /// A line of CSV per request.
    Records,
    /// What each replica did in a window of time, in seconds; [`super::lanes::read`] reads it.
    Lanes {
        /// From when.
        from: f64,
        /// Until when; infinite for all there is.
        to: f64,
    },
}

/// What to ask of a scenario, given as a link; the text of a trace may follow directly.
#[must_use]
pub fn question(link: &str, wish: Wish) -> String {
    let (kind, (from, to)) = match wish.answer {
        Answer::Figures => ("figures", (0.0, 0.0)),
        Answer::Records => ("records", (0.0, 0.0)),
        Answer::Lanes { from, to } => ("lanes", (from, to)),
    };
    let head = Line::default().number(wish.speed).text(kind).number(from).number(to).text(link).end();
    format!("{VERB}\n{head}")
}

/// What is known of a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The trace at a glance: a name and a number each, with the number's unit as [`Kind`].
    pub trace: Vec<Figure>,
    /// What is wrong with the trace, a line each.
    pub problems: Vec<String>,
    /// How far the replay is.
    pub far: Far,
    /// Why there is no replay.
    pub refused: Option<String>,
    /// What it came to, in sentences; the first sums up.
    pub told: Vec<String>,
    /// The figures of the result.
    pub figures: Vec<Figure>,
    /// How times are distributed.
    pub spreads: Vec<Spread>,
    /// Length of the intervals of all tracks, in seconds.
    pub interval: f64,
    /// Levels over time.
    pub tracks: Vec<Track>,
    /// Whether all this is of the whole replay.
    pub done: bool,
}

/// How far a replay is. Times in seconds, `NaN` where there is none yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Far {
    /// Share of the work that is done, about.
    pub share: f64,
    /// Time in the replay.
    pub now: f64,
    /// Requests that came.
    pub arrived: f64,
    /// Requests answered.
    pub finished: f64,
    /// p50 and p99 of the time to first token so far.
    pub ttft: (f64, f64),
    /// The same of the time per output token.
    pub tpot: (f64, f64),
}

impl Default for Far {
    fn default() -> Self {
        let none = (f64::NAN, f64::NAN);
        Self { share: 0.0, now: 0.0, arrived: 0.0, finished: 0.0, ttft: none, tpot: none }
    }
}

/// What a number counts, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests, sessions.
    Count,
    /// Seconds.
    Time,
    /// Requests per second.
    Rate,
    /// Tokens.
    Tokens,
    /// Tokens per second.
    Throughput,
    /// A share, 0 to 1.
    Share,
    /// Words and no number.
    Words,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::Count, "n"),
    (Kind::Time, "s"),
    (Kind::Rate, "r"),
    (Kind::Tokens, "t"),
    (Kind::Throughput, "x"),
    (Kind::Share, "p"),
    (Kind::Words, "w"),
];

impl Kind {
    fn id(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("w", |(_, id)| id)
    }

    fn from_id(id: &str) -> Option<Self> {
        KINDS.iter().find(|(_, own)| *own == id).map(|(kind, _)| *kind)
    }
}

/// A number and what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// What it counts.
    pub kind: Kind,
    /// How many.
    pub value: f64,
    /// Its 95 % interval, where it is known.
    pub interval: Option<(f64, f64)>,
}

/// How a time is distributed over requests. Times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// What is measured.
    pub id: String,
    /// Mean, p50, p90, p95 and p99, each with its 95 % interval where it is known.
    pub estimates: Vec<(f64, Option<(f64, f64)>)>,
    /// The longest; no number where it is not known.
    pub longest: f64,
    /// Share of requests and the time they stay within, ascending; empty where only the quantiles are known.
    pub curve: Vec<(f64, f64)>,
}

/// A level over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// What is counted.
    pub id: String,
    /// Whose it is: a role.
    pub of: String,
    /// The mean level in each interval.
    pub levels: Vec<f64>,
}

impl Outcome {
    /// Takes in a line of the answer. A line that says nothing known is left aside.
    pub fn take(&mut self, line: &str) {
        let mut fields = Fields::of(line);
        let _ = self.read(&mut fields);
    }

    fn read(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        match fields.text()? {
            "trace" => self.trace.push(figure(fields)?),
            "problem" => self.problems.push(fields.text()?.to_owned()),
            "refused" => self.refused = Some(fields.text()?.to_owned()),
            "far" => {
                let mut next = || fields.number();
                self.far = Far {
                    share: next()?,
                    now: next()?,
                    arrived: next()?,
                    finished: next()?,
                    ttft: (next()?, next()?),
                    tpot: (next()?, next()?),
                };
            }
            "begin" => {
                self.interval = fields.number()?;
                self.done = fields.flag()?;
                self.told.clear();
                self.figures.clear();
                self.spreads.clear();
                self.tracks.clear();
            }
            "told" => self.told.push(fields.text()?.to_owned()),
            "figure" => self.figures.push(figure(fields)?),
            "spread" => {
                let id = fields.text()?.to_owned();
                let longest = fields.number()?;
                let mut estimates = Vec::new();
                for _ in 0..ESTIMATES {
                    let (value, low, high) = (fields.number()?, fields.number()?, fields.number()?);
                    estimates.push((value, (low.is_finite() && high.is_finite()).then_some((low, high))));
                }
                let mut curve = Vec::new();
                while let (Some(share), Some(value)) = (fields.number(), fields.number()) {
                    curve.push((share, value));
                }
                self.spreads.push(Spread { id, estimates, longest, curve });
            }
            "track" => {
                let (id, of) = (fields.text()?.to_owned(), fields.text()?.to_owned());
                let mut levels = Vec::new();
                while let Some(level) = fields.number() {
                    levels.push(level);
                }
                self.tracks.push(Track { id, of, levels });
            }
            _ => {}
        }
        Some(())
    }
}

/// Mean and quantiles of a spread.
const ESTIMATES: usize = 5;

fn figure(fields: &mut Fields<'_>) -> Option<Figure> {
    let (label, kind) = (fields.text()?.to_owned(), Kind::from_id(fields.text()?)?);
    let value = fields.number()?;
    let interval = fields.number().zip(fields.number());
    Some(Figure { label, kind, value, interval })
}

fn write_figure(head: &str, label: &str, kind: Kind, value: f64) -> Line {
    Line::default().text(head).text(label).text(kind.id()).number(value)
}

/// The work.
enum Stage {
    Reading { text: String, at: usize, reader: Box<Reader> },
    Running { run: Box<Run>, next: u32 },
    Watching { run: Box<Run>, next: u32, recorder: Box<Recorder> },
    Writing { run: Box<Run>, at: usize },
}

struct Replaying {
    wish: Wish,
    scenario: Scenario,
    stage: Option<Stage>,
}

pub(super) fn start(rest: &str) -> Box<dyn Work> {
    let (head, text) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut fields = Fields::of(head);
    let speed = fields.number().filter(|speed| *speed > 0.0 && *speed <= 1e6).unwrap_or(1.0);
    let kind = fields.text();
    let (from, to) = (fields.number().unwrap_or(0.0), fields.number().unwrap_or(f64::INFINITY));
    let answer = match kind {
        Some("records") => Answer::Records,
        Some("lanes") => Answer::Lanes { from, to },
        _ => Answer::Figures,
    };
    let wish = Wish { speed, answer };
    let scenario = link::parse(fields.text().unwrap_or_default()).scenario;
    let stage = if text.is_empty() {
        wish.begin(Run::new(scenario.clone(), Asked::Scenario))
    } else {
        Stage::Reading { text: text.to_owned(), at: 0, reader: Box::new(Reader::new()) }
    };
    Box::new(Replaying { wish, scenario, stage: Some(stage) })
}

impl Work for Replaying {
    fn step(&mut self) -> Slice {
        let (text, next) = match self.stage.take() {
            None => (String::new(), None),
            Some(Stage::Reading { text, at, reader }) => self.read(text, at, reader),
            Some(Stage::Running { run, next }) => self.run(run, next),
            Some(Stage::Watching { run, next, recorder }) => watch(run, next, recorder),
            Some(Stage::Writing { run, at }) => write(run, at),
        };
        self.stage = next;
        Slice { text, done: self.stage.is_none() }
    }
}

fn refused(reason: &str) -> (String, Option<Stage>) {
    (Line::default().text("refused").text(reason).end(), None)
}

impl Replaying {
    fn read(&self, text: String, at: usize, mut reader: Box<Reader>) -> (String, Option<Stage>) {
        let end = at.saturating_add(PIECE).min(text.len());
        reader.push(text.as_bytes().get(at..end).unwrap_or_default());
        if end < text.len() {
            return (String::new(), Some(Stage::Reading { text, at: end, reader }));
        }
        let loaded = reader.finish();
        let mut answer = String::new();
        if self.wish.answer == Answer::Figures {
            for problem in &loaded.problems {
                answer += &Line::default().text("problem").text(&problem.to_string()).end();
            }
            let summary = loaded.trace.summary();
            let format = loaded.format.map_or_else(String::new, |format| format.to_string());
            answer += &write_figure("trace", &format, Kind::Words, 0.0).end();
            let rate = summary.rate.map_or(f64::NAN, |rate| rate.get());
            for (label, kind, value) in [
                ("requests", Kind::Count, f64::from(summary.requests)),
                ("left out", Kind::Count, loaded.skipped as f64),
                ("from first to last", Kind::Time, summary.duration.get()),
                ("on average", Kind::Rate, rate),
                ("input p50", Kind::Tokens, summary.input.p50.get()),
                ("input p95", Kind::Tokens, summary.input.p95.get()),
                ("output p50", Kind::Tokens, summary.output.p50.get()),
                ("output p95", Kind::Tokens, summary.output.p95.get()),
                ("sessions", Kind::Count, f64::from(summary.sessions)),
            ] {
                answer += &write_figure("trace", label, kind, value).end();
            }
        }
        if loaded.trace.is_empty() {
            return (answer + &refused("The file holds no request.").0, None);
        }
        let asked = Asked::Trace(Arc::new(loaded.trace), Pacing::Recorded { speed: self.wish.speed });
        (answer, Some(self.wish.begin(Run::new(self.scenario.clone(), asked))))
    }

    fn run(&self, mut run: Box<Run>, mut next: u32) -> (String, Option<Stage>) {
        let records = self.wish.answer == Answer::Records;
        let slice = run.go(EVENTS, |seen| {
            let progress = seen.progress;
            let mut text = far(&seen);
            if !records && (progress.done || progress.finished >= next) {
                next = progress.finished.saturating_mul(2);
                text += &write_result(&seen);
            }
            (if records { String::new() } else { text }, progress.done)
        });
        match slice {
            Err(reason) => refused(&reason),
            Ok((text, false)) => (text, Some(Stage::Running { run, next })),
            Ok((text, true)) => (text, records.then_some(Stage::Writing { run, at: 0 })),
        }
    }
}

impl Wish {
    fn begin(self, run: Run) -> Stage {
        let run = Box::new(run);
        match self.answer {
            Answer::Lanes { from, to } => {
                Stage::Watching { run, next: FIRST, recorder: Box::new(Recorder::new(from, to)) }
            }
            Answer::Figures | Answer::Records => Stage::Running { run, next: FIRST },
        }
    }
}

/// Goes on event by event, so that nothing is missed of what replicas do.
fn watch(mut run: Box<Run>, mut next: u32, mut recorder: Box<Recorder>) -> (String, Option<Stage>) {
    let own = &mut recorder;
    let events = |engine: &mut Replay<'_>| {
        let mut progress = engine.progress();
        for _ in 0..fewer(EVENTS, engine) {
            progress = engine.run(1);
            own.see(engine, progress.now.get());
            if progress.done || own.over(progress.now.get()) {
                break;
            }
        }
        progress
    };
    let progress = match run.drive(events, |seen| seen.progress) {
        Err(reason) => return refused(&reason),
        Ok(progress) => progress,
    };
    let now = progress.now.get();
    if progress.done || recorder.over(now) {
        recorder.finish(now);
        return (recorder.write(now, true), None);
    }
    let tell = progress.finished >= next;
    if tell {
        next = progress.finished.saturating_mul(2);
    }
    let text = if tell { recorder.write(now, false) } else { String::new() };
    (text, Some(Stage::Watching { run, next, recorder }))
}

/// The share of the work that is done, about: of the time or of the requests, whichever the replay ends by.
fn share(seen: &Seen<'_, '_>) -> f64 {
    let Seen { scenario, asked, progress, .. } = seen;
    let done = f64::from(progress.finished + progress.rejected);
    let of_trace = |trace: &Trace| done / f64::from(trace.len().max(1));
    let share = match (asked, scenario.traffic.horizon) {
        (_, Some(Horizon::Time { time })) => progress.now / time,
        (_, Some(Horizon::Requests { count })) => done / f64::from(count.max(1)),
        (Asked::Trace(trace, _), None) => of_trace(trace),
        (Asked::Scenario, None) => done / f64::from(ENOUGH),
    };
    share.min(1.0)
}

fn far(seen: &Seen<'_, '_>) -> String {
    let (live, progress) = (seen.engine.so_far(), seen.progress);
    let line = Line::default()
        .text("far")
        .number(share(seen))
        .number(progress.now.get())
        .number(f64::from(progress.arrived))
        .number(f64::from(progress.finished));
    let line = [live.ttft, live.tpot].into_iter().fold(line, |line, own| {
        let [p50, _, _, p99] = own.unwrap_or([Seconds::new(f64::NAN); 4]);
        line.number(p50.get()).number(p99.get())
    });
    line.end()
}

fn write_result(seen: &Seen<'_, '_>) -> String {
    let Seen { scenario, asked, engine, progress } = *seen;
    let result = engine.result(scenario.slo, asked.warm_up(scenario, progress.arrived));
    let mut text = Line::default().text("begin").number(result.interval.get()).flag(progress.done).end();
    let mut say = |sentence: &str| text += &Line::default().text("told").text(sentence).end();
    say(&told::sentence(scenario, &result));
    told::fate(&result).iter().for_each(|line| say(line));
    let mut figure = |label: &str, kind: Kind, value: f64, interval: Option<(f64, f64)>| {
        let line = write_figure("figure", label, kind, value);
        text += &interval.into_iter().fold(line, |line, (low, high)| line.number(low).number(high)).end();
    };
    figure("Goodput at the service level", Kind::Rate, result.goodput.get(), None);
    if let Some((kept, low, high)) = result.kept {
        figure("Kept the service level", Kind::Share, kept, Some((low, high)));
    }
    figure("Answered", Kind::Rate, result.rate.get(), None);
    figure("Output", Kind::Throughput, result.throughput.get(), None);
    figure("Input that was cached", Kind::Share, result.hit, None);
    figure("of it from beyond the chips", Kind::Share, result.loaded, None);
    figure("Requests under way", Kind::Count, result.in_flight.get(), None);
    for pool in &result.pools {
        figure(&format!("Busy, {}", pool.role), Kind::Share, pool.utilisation, None);
        if pool.keeps_cache() {
            figure(&format!("KV cache in use, {}", pool.role), Kind::Share, pool.occupancy, None);
        }
    }
    let all =
        || engine.records().iter().filter(|own| own.end == End::Finished && own.index >= result.warm_up);
    let of = |read: fn(&Record) -> f32| all().map(|own| f64::from(read(own))).collect::<Vec<_>>();
    text += &write_spread(Metric::Ttft.id(), result.ttft, of(|own| own.ttft));
    text += &write_spread(Metric::Tpot.id(), result.tpot, all().filter_map(Record::tpot).collect());
    text += &write_spread(Metric::E2e.id(), result.e2e, of(|own| own.e2e));
    text += &write_spread("wait", result.wait, of(|own| own.wait));
    if let Some(own) = result.itl {
        // Over all tokens, of which only the quantiles are kept.
        let plain = |value| Estimate { value, interval: None };
        let line = Line::default().text("spread").text("itl").number(f64::NAN);
        let all = [own.mean, own.p50, own.p90, own.p95, own.p99].map(plain);
        text += &all.into_iter().fold(line, write_estimate).end();
    }
    let mut track = |id: &str, of: &str, levels: &[f64]| {
        let line = Line::default().text("track").text(id).text(of);
        text += &levels.iter().fold(line, |line, level| line.number(rounded(*level))).end();
    };
    for pool in &result.pools {
        let role = pool.role.to_string();
        let busy: Vec<f64> = pool.reading.iter().zip(&pool.writing).map(|(a, b)| (a + b).min(1.0)).collect();
        track("busy", &role, &busy);
        if !pool.keeps_cache() {
            continue;
        }
        track("used", &role, &pool.used);
        track("queue", &role, &pool.queue);
        track("batch", &role, &pool.batches);
    }
    if let Some(link) = &result.link {
        track("link", "link", &link.load);
    }
    track("inside", "", &result.inside);
    text
}

/// A level as fine as any picture shows it, in few letters.
fn rounded(level: f64) -> f64 {
    libm::round(level * 1e4) / 1e4
}

/// The shares of a curve: even ones, and the tail ever finer.
fn shares() -> impl Iterator<Item = f64> {
    let even = (0..=198).map(|step| f64::from(step) / 200.0);
    let tail = (0..=100).map(|step| 0.99 + f64::from(step) / 10_000.0);
    even.chain(tail)
}

fn write_spread(id: &str, own: Option<Distribution>, mut values: Vec<f64>) -> String {
    let Some(own) = own else { return String::new() };
    values.sort_unstable_by(f64::total_cmp);
    let line = Line::default().text("spread").text(id).number(own.longest.get());
    let line = [own.mean, own.p50, own.p90, own.p95, own.p99].into_iter().fold(line, write_estimate);
    let last = values.len().saturating_sub(1) as f64;
    let at = |place: f64| values.get(place as usize).copied().unwrap_or_default();
    let line = shares().fold(line, |line, share| {
        // Between two neighbours, as the quantiles are.
        let place = share * last;
        let (low, high) = (at(libm::floor(place)), at(libm::ceil(place)));
        line.number(share).number(low + (high - low) * (place - libm::floor(place)))
    });
    line.end()
}

fn write_estimate(line: Line, own: Estimate) -> Line {
    let (low, high) = own.interval.map_or((f64::NAN, f64::NAN), |(low, high)| (low.get(), high.get()));
    line.number(own.value.get()).number(low).number(high)
}

/// Records as CSV, some at a time.
fn write(mut run: Box<Run>, at: usize) -> (String, Option<Stage>) {
    let slice = run.go(0, |seen| {
        let all = seen.engine.records();
        let mut text = if at == 0 { format!("{}\n", Record::COLUMNS) } else { String::new() };
        for record in all.iter().skip(at).take(RECORDS) {
            record.csv(&mut text);
        }
        (text, at.saturating_add(RECORDS) < all.len())
    });
    match slice {
        Err(reason) => refused(&reason),
        Ok((text, more)) => (text, more.then_some(Stage::Writing { run, at: at + RECORDS })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{Job, lanes};
    use crate::machine::constants;
    use crate::replay::Replayed;
    use crate::serve::{Deployment, Models};

    const ONCE: Wish = Wish { speed: 1.0, answer: Answer::Figures };

    fn answer(question: &str) -> (String, u32) {
        let mut job = Job::new(question).unwrap();
        let (mut text, mut slices) = (String::new(), 1);
        loop {
            let slice = job.step();
            text += &slice.text;
            if slice.done {
                return (text, slices);
            }
            slices += 1;
        }
    }

    fn outcome(text: &str) -> Outcome {
        let mut outcome = Outcome::default();
        text.lines().for_each(|line| outcome.take(line));
        outcome
    }

    fn direct(link: &str, asked: &Asked) -> Replayed {
        let scenario = link::parse(link).scenario;
        let models = Models::of(&scenario).unwrap();
        let deployment = Deployment::new(&scenario, constants(), &models).unwrap();
        let mut engine = Replay::start(&deployment, asked);
        let progress = engine.run(u64::MAX);
        engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived))
    }

    fn same(outcome: &Outcome, direct: &Replayed) {
        assert!(outcome.done);
        assert_eq!(outcome.refused, None);
        let spread = |id: &str| outcome.spreads.iter().find(|own| own.id == id).unwrap();
        for (id, own) in [("ttft", &direct.ttft), ("tpot", &direct.tpot), ("e2e", &direct.e2e)] {
            let (spread, own) = (spread(id), own.as_ref().unwrap());
            let estimates = [own.mean, own.p50, own.p90, own.p95, own.p99];
            for (read, own) in spread.estimates.iter().zip(estimates) {
                assert_eq!(read.0, own.value.get(), "{id}");
                assert_eq!(read.1, own.interval.map(|(low, high)| (low.get(), high.get())));
            }
            assert_eq!(spread.longest, own.longest.get());
            // The curve runs through the quantiles.
            let (_, p99) = *spread.curve.iter().find(|(share, _)| *share == 0.99).unwrap();
            assert!((p99 / own.p99.value.get() - 1.0).abs() < 1e-9, "{id} {p99}");
            assert!(spread.curve.is_sorted_by(|one, two| one.0 <= two.0 && one.1 <= two.1));
        }
        let figure = |label: &str| outcome.figures.iter().find(|own| own.label == label).unwrap();
        assert_eq!(figure("Goodput at the service level").value, direct.goodput.get());
        assert_eq!(figure("Input that was cached").value, direct.hit);
        assert_eq!(figure("Kept the service level").interval, direct.kept.map(|(_, low, high)| (low, high)));
        let track = |id: &str| outcome.tracks.iter().find(|own| own.id == id).unwrap();
        assert_eq!(track("used").levels.len(), direct.pools[0].used.len());
        for (read, own) in track("queue").levels.iter().zip(&direct.pools[0].queue) {
            assert!((read - own).abs() < 1e-4);
        }
        assert_eq!(outcome.interval, direct.interval.get());
    }

    #[test]
    fn slices_come_to_what_one_run_comes_to() {
        for link in [
            "v1&model=llama3-8b&pool=h100-sxm*1&lengths=chat&rate=4&horizon=3000req",
            "v1&isl=1k&osl=211&rate=4&horizon=1000req",
            "v1&model=minimax-m2&isl=8k&osl=256&concurrency=8&pool=h200*8&sessions=6x1k&tier=dram:1TB@50GB/s&horizon=2500req",
        ] {
            let (text, slices) = answer(&question(link, ONCE));
            let outcome = outcome(&text);
            assert!(slices > 1, "{slices} slices");
            same(&outcome, &direct(link, &Asked::Scenario));
            assert!(outcome.told[0].contains("answered"), "{:?}", outcome.told);
            assert!(outcome.far.share > 0.9 && outcome.far.ttft.0 > 0.0, "{:?}", outcome.far);
        }
    }

    #[test]
    fn a_trace_is_previewed_and_replayed() {
        let file = include_str!("../../tests/fixtures/traces/mooncake_first_500.jsonl");
        let broken = format!("{file}\nnot a line\n");
        let link = "v1&model=llama3-8b&pool=h100-sxm*8";
        let (text, _) = answer(&(question(link, ONCE) + &broken));
        let outcome = outcome(&text);
        assert_eq!(outcome.trace[0].label, "Mooncake trace");
        assert_eq!(outcome.trace[1].value, 500.0);
        assert!(outcome.problems[0].starts_with("line 50"), "{:?}", outcome.problems);
        let mut reader = Reader::new();
        reader.push(file.as_bytes());
        let trace = Arc::new(reader.finish().trace);
        same(&outcome, &direct(link, &Asked::Trace(trace, Pacing::Recorded { speed: 1.0 })));
    }

    #[test]
    fn records_come_as_csv() {
        let link = "v1&model=llama3-8b&pool=h100-sxm*1&rate=2&horizon=5000req";
        let (text, _) = answer(&question(link, Wish { answer: Answer::Records, ..ONCE }));
        assert!(text.starts_with(Record::COLUMNS));
        assert_eq!(text.lines().count(), 5001);
        assert!(text.lines().nth(5000).unwrap().split(',').count() == Record::COLUMNS.split(',').count());
    }

    #[test]
    fn lanes_last_as_long_as_the_pools_are_busy() {
        for link in [
            "v1&model=llama3-8b&pool=h100-sxm*2:tp1&lengths=chat&rate=4&horizon=3000req",
            "v1&isl=1k&osl=211&rate=4&horizon=1000req",
            "v1&model=deepseek-v3&isl=4k&osl=211&split=afd&attention=h200*8:tp2&ffn=h200*8&rate=2&horizon=500req",
            "v1&model=deepseek-v3&isl=4k&osl=211&split=pd-afd&prefill=h200*8&attention=h200*8&ffn=h200*8&rate=2&horizon=500req",
            "v1&model=llama3-70b&isl=1k&osl=211&split=draft&draft=l40s*1&verify=h100-sxm*8:tp4&spec=llama3-8b:4:0.75&rate=1&horizon=500req",
            "v1&model=llama3-70b&isl=1k&osl=211&split=pd-draft&prefill=h100-sxm*4:tp4&draft=l40s*1&verify=h100-sxm*4:tp4&spec=llama3-8b:4:0.75&rate=1&horizon=500req",
        ] {
            let whole = Answer::Lanes { from: 0.0, to: f64::INFINITY };
            let (text, _) = answer(&question(link, Wish { answer: whole, ..ONCE }));
            let all = lanes::read(&text);
            let direct = direct(link, &Asked::Scenario);
            let replicas: u32 = direct.pools.iter().map(|own| own.replicas).sum();
            let links = usize::from(direct.link.is_some());
            assert!(all.done && all.lanes.len() == replicas as usize + links, "{}", all.lanes.len());
            let busy = |own: &lanes::Lane| own.spans.iter().map(|span| span.1 - span.0).sum::<f64>();
            let per_pool: f64 = direct
                .pools
                .iter()
                .map(|own| own.utilisation * f64::from(own.replicas) * direct.time.get())
                .sum();
            let watched: f64 = all.lanes.iter().filter(|own| own.label != "link").map(busy).sum();
            assert!((watched / per_pool - 1.0).abs() < 0.01, "{watched} {per_pool}");
            for lane in &all.lanes {
                assert!(lane.spans.len() <= 4 * 720, "{}", lane.spans.len());
                assert!(lane.spans.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 1e-3), "{}", lane.label);
            }
            // A closer look at a part of it shows as much of each activity there.
            let (from, to) = (all.window.1 * 0.4, all.window.1 * 0.5);
            let part = Answer::Lanes { from, to };
            let (text, _) = answer(&question(link, Wish { answer: part, ..ONCE }));
            let part = lanes::read(&text);
            assert_eq!(part.window, (from, to));
            for (whole, part) in all.lanes.iter().zip(&part.lanes) {
                let inside = |span: &(f64, f64, lanes::Act)| (span.1.min(to) - span.0.max(from)).max(0.0);
                let coarse: f64 = whole.spans.iter().map(inside).sum();
                let close: f64 = part.spans.iter().map(inside).sum();
                assert!((coarse - close).abs() < 0.02 * (to - from), "{} {coarse} {close}", whole.label);
                assert!(part.spans.iter().all(|own| own.0 >= from - 1e-6 && own.1 <= to + 1e-6));
            }
            let queue = all.tracks.iter().find(|own| own.label.starts_with("Queue")).unwrap();
            assert!(!queue.share && queue.steps.len() <= 720, "{}", queue.steps.len());
            let starts = queue.steps.iter().map(|own| own.0).skip(1).chain([all.window.1]);
            let area: f64 = queue.steps.iter().zip(starts).map(|(own, end)| own.1 * (end - own.0)).sum();
            let by_series: f64 = direct.pools[0].queue.iter().sum::<f64>() * direct.interval.get();
            assert!((area - by_series).abs() <= 0.02 * by_series + 1e-9, "{area} {by_series}");
            let used = all.tracks.iter().find(|own| own.share).unwrap();
            assert!(used.steps.iter().all(|(_, level)| (0.0..=1.0).contains(level)));
        }
    }

    #[test]
    fn tokens_gaps_come_with_their_quantiles() {
        let link = "v1&model=llama3-8b&pool=h100-sxm*1&lengths=chat&rate=4&horizon=3000req";
        let outcome = outcome(&answer(&question(link, ONCE)).0);
        let gaps = direct(link, &Asked::Scenario).itl.unwrap();
        let own = outcome.spreads.iter().find(|own| own.id == "itl").unwrap();
        assert_eq!(own.estimates[4], (gaps.p99.get(), None));
        assert!(own.curve.is_empty() && own.longest.is_nan());
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let (text, _) = answer(&question("v1&model=deepseek-v3&pool=h100-sxm*1", ONCE));
        assert!(outcome(&text).refused.unwrap().contains("fit"), "{text}");
        let (text, _) = answer(&(question("v1", ONCE) + "neither one nor the other\n"));
        let outcome = outcome(&text);
        assert!(outcome.refused.is_some());
    }
}

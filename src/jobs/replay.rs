//! The scenario replayed event by event: progress while it runs, then distributions, accounts and what the pools did.
//!
//! A trace comes along as text and is read in pieces too. While a long replay runs, its distributions so far are told
//! whenever twice as many requests are done, so that telling costs no more than the end does.

use std::sync::Arc;

use super::slice::{Answered, Ask, Comes, Slice, Work};
use super::wire::{Field, Fields, Line, Rest, choice, last, line, message, messages, tagged};
use crate::replay::lanes::{Act, Lane, Lanes, Recorder, Track as LaneTrack};
use crate::replay::overview::{Overview, Spread, Track};
use crate::replay::requests::Pacing;
use crate::replay::run::{Run, Seen};
use crate::replay::{Asked, Record};
use crate::report::replay::{self as told, Figure};
use crate::scenario::trace::Reader;
use crate::scenario::{Scenario, link};
use crate::units::Seconds;
use crate::units::format::Unit;

/// Events of a slice: 5 ms natively where requests are short (900,000 events a second), 25 ms in a trace of long prompts
/// that are all different (160,000), and about twice that in a browser. Nothing waits longer for a cancel.
const EVENTS: u64 = 4096;
/// Bytes of a trace that a slice reads.
const PIECE: usize = 1 << 18;
/// Records of a slice.
const RECORDS: usize = 4096;
/// Requests after which the first distributions are told.
const FIRST: u32 = 16_384;

/// What to ask of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// How many times as fast a trace is replayed as it was recorded.
    pub speed: f64,
    /// What the answer is.
    pub wish: Wish,
    /// The scenario.
    pub link: String,
    /// The text of a trace; empty where the scenario's own requests are replayed.
    pub trace: Rest,
}

/// What can be told of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// Its figures.
    Figures,
    /// A line of CSV per request.
    Records,
    /// What each replica did from one time to another, in seconds; until infinity for all there is. [`lanes`] reads it.
    Lanes((f64, f64)),
}

message!(Question { speed, wish, link, trace });

impl Field for Wish {
    fn write(&self, line: &mut Line) {
        match self {
            Self::Figures => line.text("figures"),
            Self::Records => line.text("records"),
            Self::Lanes(window) => {
                line.text("lanes");
                window.write(line);
            }
        }
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        match fields.text() {
            "figures" => {}
            "records" => return Self::Records,
            "lanes" => return Self::Lanes(Field::read(fields)),
            _ => fields.fail(),
        }
        Self::Figures
    }
}

/// What is known of a replay, with what there is to say of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The trace at a glance, where there is one.
    pub trace: Option<Preview>,
    /// What is wrong with the trace, a line each.
    pub problems: Vec<String>,
    /// How far the replay is.
    pub far: Far,
    /// Why there is no replay.
    pub refused: Option<String>,
    /// What it came to by now.
    pub found: Found,
}

/// A trace at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Whose format it has.
    pub format: String,
    /// What is in it.
    pub figures: Vec<Figure>,
}

/// How far a replay is. Times in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub ttft: Option<(f64, f64)>,
    /// The same of the time per output token.
    pub tpot: Option<(f64, f64)>,
}

/// What a replay came to, or comes to by now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Whether all this is of the whole replay.
    pub done: bool,
    /// In sentences; the first sums up.
    pub sentences: Vec<String>,
    /// Beside times.
    pub figures: Vec<Figure>,
    /// How times spread, and levels over time.
    pub overview: Overview,
}

message!(Preview { format, figures });
message!(Figure { label, unit, value, interval });
message!(Far { share, now, arrived, finished, ttft, tpot });
message!(Found { done, sentences, figures, overview });
message!(Overview { spreads, interval, tracks });
message!(Spread { id, estimates, longest, curve });
message!(Track { id, of, levels });
message!(Lanes { window, done, lanes, tracks });
message!(Lane { label, spans });
message!(LaneTrack { label, share, steps });
choice!(Act { Prefill, Mixed, Decode, Transfer });
choice!(Unit {
    Number,
    Count,
    Parameters,
    Tokens,
    Seconds,
    TokensPerSecond,
    TokensPerSecondPerUser,
    TokensPerSecondPerChip,
    TokensPerSecondPerMegawatt,
    RequestsPerSecond,
    Dollars,
    DollarsPerHour,
    DollarsPerMonth,
    DollarsPerMillionTokens,
    Bytes,
    BytesPerSecond,
    Flops,
    FlopsPerSecond,
    FlopsPerByte,
    Watts,
    Joules,
    JoulesPerToken,
    Percent,
    Ratio,
});

/// What comes over, unless records or lanes are wished for.
enum Piece {
    /// What is wrong with the trace.
    Problem(String),
    /// What is in it.
    Trace(Preview),
    /// How far the replay is.
    Far(Far),
    /// What it came to.
    Found(Found),
    /// Why there is none.
    Refused(String),
}

tagged!(Piece { "problem" Problem, "trace" Trace, "far" Far, "found" Found, "refused" Refused });

impl Told {
    /// Takes in lines of the answer.
    pub fn take(&mut self, text: &str) {
        for piece in messages(text) {
            match piece {
                Piece::Problem(own) => self.problems.push(own),
                Piece::Trace(own) => self.trace = Some(own),
                Piece::Far(own) => self.far = own,
                Piece::Found(own) => self.found = own,
                Piece::Refused(own) => self.refused = Some(own),
            }
        }
    }
}

/// Reads what each replica did, as far as it came.
#[must_use]
pub fn lanes(answer: &str) -> Lanes {
    last(answer).unwrap_or_default()
}

impl Ask for Question {
    const VERB: &'static str = "replay";
    const COMES: Comes = Comes::Growing("far");
    type Answer = Told;

    fn answer(text: &str) -> Told {
        let mut told = Told::default();
        told.take(text);
        told
    }
}

/// The work.
enum Stage {
    Reading { text: String, at: usize, reader: Box<Reader> },
    Running { run: Box<Run>, next: u32 },
    Watching { run: Box<Run>, next: u32, recorder: Box<Recorder> },
    Writing { run: Box<Run>, at: usize },
}

struct Replaying {
    speed: f64,
    wish: Wish,
    scenario: Scenario,
    stage: Option<Stage>,
}

impl Answered for Question {
    fn links(&self) -> Vec<&str> {
        vec![&self.link]
    }

    fn start(self) -> Box<dyn Work> {
        let Self { speed, wish, link, trace: Rest(text) } = self;
        let speed = if speed > 0.0 && speed <= 1e6 { speed } else { 1.0 };
        let scenario = link::parse(&link).scenario;
        let stage = if text.is_empty() {
            wish.begin(Run::new(scenario.clone(), Asked::Scenario))
        } else {
            Stage::Reading { text, at: 0, reader: Box::new(Reader::new()) }
        };
        Box::new(Replaying { speed, wish, scenario, stage: Some(stage) })
    }
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

fn refused(reason: String) -> (String, Option<Stage>) {
    (line(&Piece::Refused(reason)), None)
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
        if self.wish == Wish::Figures {
            let problems = loaded.problems.iter().map(|own| Piece::Problem(own.to_string()));
            let format = loaded.format.map_or_else(String::new, |format| format.to_string());
            let preview = Piece::Trace(Preview { format, figures: told::preview(&loaded) });
            answer = problems.chain([preview]).map(|own| line(&own)).collect();
        }
        if loaded.trace.is_empty() {
            return (answer + &refused("The file holds no request.".to_owned()).0, None);
        }
        let asked = Asked::Trace(Arc::new(loaded.trace), Pacing::Recorded { speed: self.speed });
        (answer, Some(self.wish.begin(Run::new(self.scenario.clone(), asked))))
    }

    fn run(&self, mut run: Box<Run>, mut next: u32) -> (String, Option<Stage>) {
        let records = self.wish == Wish::Records;
        let slice = run.go(EVENTS, |seen| {
            let progress = seen.progress;
            if records {
                return (String::new(), progress.done);
            }
            let mut text = line(&Piece::Far(far(&seen)));
            if progress.done || progress.finished >= next {
                next = progress.finished.saturating_mul(2);
                text += &line(&Piece::Found(found(&seen)));
            }
            (text, progress.done)
        });
        match slice {
            Err(refusal) => refused(told::refused(&refusal)),
            Ok((text, false)) => (text, Some(Stage::Running { run, next })),
            Ok((text, true)) => (text, records.then_some(Stage::Writing { run, at: 0 })),
        }
    }
}

impl Wish {
    fn begin(self, run: Run) -> Stage {
        let run = Box::new(run);
        match self {
            Self::Lanes((from, to)) => {
                Stage::Watching { run, next: FIRST, recorder: Box::new(Recorder::new(from, to)) }
            }
            Self::Figures | Self::Records => Stage::Running { run, next: FIRST },
        }
    }
}

/// Goes on event by event, so that nothing is missed of what replicas do.
fn watch(mut run: Box<Run>, mut next: u32, mut recorder: Box<Recorder>) -> (String, Option<Stage>) {
    let progress = match recorder.watch(&mut run, EVENTS) {
        Err(refusal) => return refused(told::refused(&refusal)),
        Ok(progress) => progress,
    };
    let now = progress.now.get();
    if progress.done || recorder.over(now) {
        recorder.finish(now);
        return (line(&recorder.lanes(now, true)), None);
    }
    let tell = progress.finished >= next;
    if tell {
        next = progress.finished.saturating_mul(2);
    }
    let text = if tell { line(&recorder.lanes(now, false)) } else { String::new() };
    (text, Some(Stage::Watching { run, next, recorder }))
}

fn far(seen: &Seen<'_, '_>) -> Far {
    let (live, progress) = (seen.engine.so_far(), seen.progress);
    let ends = |own: Option<[Seconds; 4]>| own.map(|[p50, .., p99]| (p50.get(), p99.get()));
    Far {
        share: seen.share(),
        now: progress.now.get(),
        arrived: f64::from(progress.arrived),
        finished: f64::from(progress.finished),
        ttft: ends(live.ttft),
        tpot: ends(live.tpot),
    }
}

fn found(seen: &Seen<'_, '_>) -> Found {
    let Seen { scenario, asked, engine, progress } = *seen;
    let result = engine.result(scenario.slo, asked.warm_up(scenario, progress.arrived));
    let first = std::iter::once(told::sentence(scenario, &result));
    // Only requests of its own are those of the steady state.
    let own = progress.done && matches!(asked, Asked::Scenario);
    let beside = own.then(|| told::beside(scenario, &result)).flatten();
    Found {
        done: progress.done,
        sentences: first.chain(beside).chain(told::notes(&result)).collect(),
        figures: told::figures(&result),
        overview: Overview::of(&result, engine.records()),
    }
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
        Err(refusal) => refused(told::refused(&refusal)),
        Ok((text, more)) => (text, more.then_some(Stage::Writing { run, at: at + RECORDS })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::question::pieces;
    use crate::machine::constants;
    use crate::replay::{Replay, Replayed};
    use crate::serve::{Deployment, Models};

    fn question(link: &str, wish: Wish, trace: &str) -> Question {
        Question { speed: 1.0, wish, link: link.to_owned(), trace: Rest(trace.to_owned()) }
    }

    fn asked(link: &str, trace: &str) -> (Told, usize) {
        let pieces = pieces(question(link, Wish::Figures, trace));
        (Question::answer(&pieces.concat()), pieces.len())
    }

    fn lanes_of(link: &str, window: (f64, f64)) -> Lanes {
        lanes(&pieces(question(link, Wish::Lanes(window), "")).concat())
    }

    fn direct(link: &str, asked: &Asked) -> Replayed {
        let scenario = link::parse(link).scenario;
        let models = Models::of(&scenario).unwrap();
        let deployment = Deployment::new(&scenario, constants(), &models).unwrap();
        let mut engine = Replay::start(&deployment, asked);
        let progress = engine.run(u64::MAX);
        engine.result(scenario.slo, asked.warm_up(&scenario, progress.arrived))
    }

    fn same(told: &Told, direct: &Replayed) {
        let Found { done, figures, overview, .. } = &told.found;
        assert!(done);
        assert_eq!(told.refused, None);
        let spread = |id: &str| overview.spreads.iter().find(|own| own.id == id).unwrap();
        for (id, own) in [("ttft", &direct.ttft), ("tpot", &direct.tpot), ("e2e", &direct.e2e)] {
            let (spread, own) = (spread(id), own.as_ref().unwrap());
            let estimates = [own.mean, own.p50, own.p90, own.p95, own.p99];
            for (read, own) in spread.estimates.iter().zip(estimates) {
                assert_eq!(read.0, own.value.get(), "{id}");
                assert_eq!(read.1, own.interval.map(|(low, high)| (low.get(), high.get())));
            }
            assert_eq!(spread.longest, Some(own.longest.get()));
            // The curve runs through the quantiles.
            let (_, p99) = *spread.curve.iter().find(|(share, _)| *share == 0.99).unwrap();
            assert!((p99 / own.p99.value.get() - 1.0).abs() < 1e-9, "{id} {p99}");
            assert!(spread.curve.is_sorted_by(|one, two| one.0 <= two.0 && one.1 <= two.1));
        }
        let figure = |label: &str| figures.iter().find(|own| own.label == label).unwrap();
        assert_eq!(figure("Goodput at the service level").value, direct.goodput.get());
        assert_eq!(figure("Input that was cached").value, direct.hit);
        assert_eq!(figure("Kept the service level").interval, direct.kept.map(|(_, low, high)| (low, high)));
        let track = |id: &str| overview.tracks.iter().find(|own| own.id == id).unwrap();
        assert_eq!(track("used").levels.len(), direct.pools[0].used.len());
        for (read, own) in track("queue").levels.iter().zip(&direct.pools[0].queue) {
            assert!((read - own).abs() < 1e-4);
        }
        assert_eq!(overview.interval, direct.interval.get());
    }

    #[test]
    fn slices_come_to_what_one_run_comes_to() {
        for link in [
            "v1&model=llama3-8b&pool=h100-sxm*1&lengths=chat&rate=4&horizon=3000req",
            "v1&isl=1k&osl=211&rate=4&horizon=1000req",
            "v1&model=minimax-m2&isl=8k&osl=256&concurrency=8&pool=h200*8&sessions=6x1k&tier=dram:1TB@50GB/s&horizon=2500req",
        ] {
            let (told, slices) = asked(link, "");
            assert!(slices > 1, "{slices} slices");
            same(&told, &direct(link, &Asked::Scenario));
            assert!(told.found.sentences[0].contains("answered"), "{:?}", told.found.sentences);
            assert!(told.far.share > 0.9 && told.far.ttft.unwrap().0 > 0.0, "{:?}", told.far);
        }
    }

    #[test]
    fn a_trace_is_previewed_and_replayed() {
        let file = include_str!("../../tests/fixtures/traces/mooncake_first_500.jsonl");
        let broken = format!("{file}\nnot a line\n");
        let link = "v1&model=llama3-8b&pool=h100-sxm*8";
        let (told, _) = asked(link, &broken);
        let preview = told.trace.as_ref().unwrap();
        assert_eq!(preview.format, "Mooncake trace");
        assert_eq!(preview.figures[0].value, 500.0);
        assert!(told.problems[0].starts_with("line 50"), "{:?}", told.problems);
        let mut reader = Reader::new();
        reader.push(file.as_bytes());
        let trace = Arc::new(reader.finish().trace);
        same(&told, &direct(link, &Asked::Trace(trace, Pacing::Recorded { speed: 1.0 })));
    }

    #[test]
    fn records_come_as_csv() {
        let link = "v1&model=llama3-8b&pool=h100-sxm*1&rate=2&horizon=5000req";
        let text = pieces(question(link, Wish::Records, "")).concat();
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
            let all = lanes_of(link, (0.0, f64::INFINITY));
            let direct = direct(link, &Asked::Scenario);
            let replicas: u32 = direct.pools.iter().map(|own| own.replicas).sum();
            let links = usize::from(direct.link.is_some());
            assert!(all.done && all.lanes.len() == replicas as usize + links, "{}", all.lanes.len());
            let busy = |own: &Lane| own.spans.iter().map(|span| span.1 - span.0).sum::<f64>();
            let per_pool: f64 = direct
                .pools
                .iter()
                .map(|own| own.utilisation * f64::from(own.replicas) * direct.time.get())
                .sum();
            let seen: f64 = all.lanes.iter().filter(|own| own.label != "link").map(busy).sum();
            assert!((seen / per_pool - 1.0).abs() < 0.01, "{seen} {per_pool}");
            for lane in &all.lanes {
                assert!(lane.spans.len() <= 4 * 720, "{}", lane.spans.len());
                assert!(lane.spans.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 1e-3), "{}", lane.label);
            }
            // A closer look at a part of it shows as much of each activity there.
            let (from, to) = (all.window.1 * 0.4, all.window.1 * 0.5);
            let part = lanes_of(link, (from, to));
            assert_eq!(part.window, (from, to));
            for (whole, part) in all.lanes.iter().zip(&part.lanes) {
                let inside = |span: &(f64, f64, Act)| (span.1.min(to) - span.0.max(from)).max(0.0);
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
        let overview = asked(link, "").0.found.overview;
        let gaps = direct(link, &Asked::Scenario).itl.unwrap();
        let own = overview.spreads.iter().find(|own| own.id == "itl").unwrap();
        assert_eq!(own.estimates[4], (gaps.p99.get(), None));
        assert!(own.curve.is_empty() && own.longest.is_none());
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let (told, _) = asked("v1&model=deepseek-v3&pool=h100-sxm*1", "");
        assert!(told.refused.unwrap().contains("fit"));
        let (told, _) = asked("v1", "neither one nor the other\n");
        assert!(told.refused.is_some());
    }
}

//! What each replica did when, in as many columns as a picture has, however long a replay lasts.
//!
//! Each column keeps how long each activity took in it. Where the end is not known, columns double in length as time
//! goes on; where a window is asked for, they divide it. Of queues and of room in use they
//! keep the mean.

use super::field::{Fields, Line};
use crate::scenario::Role;
use crate::serve::replay::Replay;
use crate::serve::replay::pool::Pool;
use crate::serve::replay::worker::Doing;

/// Columns of the picture.
const COLUMNS: usize = 720;
/// Length of the first columns where the end is not known, in seconds.
const SHORTEST: f64 = 1.0 / 64.0;
/// Most lanes of replicas.
const LANES: usize = 12;
/// Activities.
const KINDS: usize = 4;

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reads prompts.
    Prefill,
    /// Reads prompts and writes answers in the same steps.
    Mixed,
    /// Writes answers.
    Decode,
    /// Moves caches.
    Transfer,
}

const ACTS: [Act; KINDS] = [Act::Prefill, Act::Mixed, Act::Decode, Act::Transfer];

/// What was done in a window of time, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lanes {
    /// The window.
    pub window: (f64, f64),
    /// Whether the replay went through all of it.
    pub done: bool,
    /// The lanes, those who read prompts first.
    pub lanes: Vec<Lane>,
    /// What is counted below them.
    pub tracks: Vec<Track>,
}

/// A replica or a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Its name.
    pub label: String,
    /// From when to when it did what, in order.
    pub spans: Vec<(f64, f64, Act)>,
}

/// A level over the same time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Its name.
    pub label: String,
    /// Whether it is a share, 0 to 1, and no number.
    pub share: bool,
    /// When it changes, and to what.
    pub steps: Vec<(f64, f64)>,
}

/// Reads the lines of an answer; each `window` begins anew.
#[must_use]
pub fn read(answer: &str) -> Lanes {
    let mut lanes = Lanes::default();
    for line in answer.lines() {
        let mut fields = Fields::of(line);
        match fields.text() {
            Some("window") => {
                let done = fields.flag().unwrap_or(false);
                let window = (fields.number().unwrap_or(0.0), fields.number().unwrap_or(0.0));
                lanes = Lanes { window, done, ..Lanes::default() };
            }
            Some("lane") => {
                let label = fields.text().unwrap_or_default().to_owned();
                let spans = fields.numbers();
                let span = |own: &[f64]| match own {
                    [from, to, act] => Some((*from, *to, *ACTS.get(*act as usize)?)),
                    _ => None,
                };
                lanes.lanes.push(Lane { label, spans: spans.chunks(3).filter_map(span).collect() });
            }
            Some("level") => {
                let label = fields.text().unwrap_or_default().to_owned();
                let share = fields.flag().unwrap_or(false);
                let numbers = fields.numbers();
                let step = |own: &[f64]| Some((*own.first()?, *own.get(1)?));
                lanes.tracks.push(Track {
                    label,
                    share,
                    steps: numbers.chunks(2).filter_map(step).collect(),
                });
            }
            _ => {}
        }
    }
    lanes
}

/// One lane as it is watched.
struct Watched {
    label: String,
    /// Pool and replica; none for the link.
    place: Option<(usize, usize)>,
    /// What it does now: since when, how long, what.
    now: Option<(f64, f64, Act)>,
    columns: Vec<[f64; KINDS]>,
}

/// Watches a replay event by event.
pub(super) struct Recorder {
    from: f64,
    to: f64,
    width: f64,
    lanes: Vec<Watched>,
    levels: Vec<Level>,
    /// Since when the levels are what they are.
    since: f64,
}

/// A level as it is watched.
struct Level {
    label: String,
    share: bool,
    now: f64,
    /// Its area in each column.
    columns: Vec<[f64; KINDS]>,
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Colocated => "replica",
        Role::Prefill => "prefill",
        Role::Decode => "decode",
        Role::Attention => "attention",
        Role::Ffn => "FFN",
        Role::Draft => "draft",
        Role::Verify => "verify",
    }
}

impl Recorder {
    /// Watches a window; all there is where it has no end.
    pub(super) fn new(from: f64, to: f64) -> Self {
        let width = if to.is_finite() { ((to - from) / COLUMNS as f64).max(1e-6) } else { SHORTEST };
        Self { from: from.max(0.0), to, width, lanes: Vec::new(), levels: Vec::new(), since: 0.0 }
    }

    /// Whether the window is over.
    pub(super) fn over(&self, now: f64) -> bool {
        now > self.to
    }

    /// Looks at a replay after an event.
    pub(super) fn see(&mut self, engine: &Replay<'_>, now: f64) {
        if self.lanes.is_empty() {
            self.set_up(engine);
        }
        self.grow(now);
        let Self { from, to, width, lanes, .. } = self;
        for lane in lanes {
            let (current, begun) = match lane.place {
                Some((pool, worker)) => {
                    let worker = engine.pools().get(pool).and_then(|own| own.workers.get(worker));
                    match worker.map_or(Doing::Nothing, |own| own.doing) {
                        Doing::Nothing => (None, 0.0),
                        Doing::Decode { since, takes, .. } => (Some((since, takes, Act::Decode)), since),
                        Doing::Reading { since, takes, steps, .. } => {
                            (Some((since, takes, if steps > 0 { Act::Mixed } else { Act::Prefill })), since)
                        }
                    }
                }
                None => match engine.wire().filter(|own| own.active() > 0) {
                    Some(_) => {
                        let since = lane.now.map_or(now, |own| own.0);
                        (Some((since, now - since, Act::Transfer)), since)
                    }
                    None => (None, 0.0),
                },
            };
            if let Some((since, takes, act)) = lane.now
                && (current.is_none() || since != begun)
            {
                // A transfer lasts until it is gone.
                let takes = if lane.place.is_some() { takes } else { now - since };
                add(&mut lane.columns, (*from, *to, width), (since, since + takes), act as usize, 1.0);
            }
            lane.now = current;
        }
        self.level(now);
        let levels = engine.pools().iter().flat_map(|own| [waiting(own), used(own)]);
        for (level, own) in self.levels.iter_mut().zip(levels) {
            level.now = own;
        }
    }

    /// Ends what is still going on.
    pub(super) fn finish(&mut self, now: f64) {
        self.grow(now);
        self.level(now);
        let Self { from, to, width, lanes, .. } = self;
        for lane in lanes {
            if let Some((since, takes, act)) = lane.now.take() {
                let end = if lane.place.is_some() { since + takes } else { now };
                add(&mut lane.columns, (*from, *to, width), (since, end.min(now)), act as usize, 1.0);
            }
        }
    }

    fn set_up(&mut self, engine: &Replay<'_>) {
        let pools = engine.pools();
        let all: usize = pools.iter().map(|own| own.workers.len()).sum();
        for (index, pool) in pools.iter().enumerate() {
            let (count, name) = (pool.workers.len(), name(pool.plan.role));
            // What the others leave, and at least an equal part.
            let each = LANES.saturating_sub(all - count).max(LANES / pools.len());
            for worker in 0..count.min(each) {
                let label = match count {
                    1 => name.to_owned(),
                    _ if worker + 1 == each && count > each => format!("{name} {} of {count}", worker + 1),
                    _ => format!("{name} {}", worker + 1),
                };
                self.lanes.push(Watched::new(label, Some((index, worker))));
            }
            let of = |what: &str| if pools.len() > 1 { format!("{what}, {name}") } else { what.to_owned() };
            self.levels.push(Level::new(of("Queue"), false));
            self.levels.push(Level::new(of("KV cache in use"), true));
        }
        if engine.wire().is_some() {
            self.lanes.push(Watched::new("link".to_owned(), None));
        }
    }

    /// Levels have been what they are until now.
    fn level(&mut self, now: f64) {
        let Self { from, to, width, levels, since, .. } = self;
        for level in levels {
            add(&mut level.columns, (*from, *to, width), (*since, now), 0, level.now);
        }
        *since = now;
    }

    /// Doubles columns until the time so far has room, where the end is not known.
    fn grow(&mut self, now: f64) {
        if self.to.is_finite() {
            return;
        }
        while now - self.from >= self.width * COLUMNS as f64 {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.lanes.iter_mut().for_each(|own| halve(&mut own.columns));
        self.levels.iter_mut().for_each(|own| halve(&mut own.columns));
        self.width *= 2.0;
    }

    /// The lines of all that was seen.
    pub(super) fn write(&self, now: f64, done: bool) -> String {
        let to = if self.to.is_finite() { self.to } else { now };
        let mut text = Line::default().text("window").flag(done).number(self.from).number(to).end();
        for lane in &self.lanes {
            let line = Line::default().text("lane").text(&lane.label);
            let spans = lane.spans(self.from, self.width);
            text += &spans
                .iter()
                .fold(line, |line, (from, to, act)| {
                    line.number(fine(*from)).number(fine(*to)).number(f64::from(*act as u8))
                })
                .end();
        }
        for level in &self.levels {
            let line = Line::default().text("level").text(&level.label).flag(level.share);
            let steps = level.steps((self.from, to.min(now), self.width));
            text +=
                &steps.iter().fold(line, |line, (at, own)| line.number(fine(*at)).number(fine(*own))).end();
        }
        text
    }
}

impl Level {
    fn new(label: String, share: bool) -> Self {
        Self { label, share, now: 0.0, columns: vec![[0.0; KINDS]; COLUMNS] }
    }

    /// Its mean in each column until the end, without those that change nothing.
    fn steps(&self, (from, to, width): (f64, f64, f64)) -> Vec<(f64, f64)> {
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for (index, [area, ..]) in self.columns.iter().enumerate() {
            let start = from + index as f64 * width;
            let length = (to - start).min(width);
            if length <= width * 1e-9 {
                break;
            }
            let mean = area / length;
            if steps.last().is_none_or(|(_, last)| *last != mean) {
                steps.push((start, mean));
            }
        }
        steps
    }
}

impl Watched {
    fn new(label: String, place: Option<(usize, usize)>) -> Self {
        Self { label, place, now: None, columns: vec![[0.0; KINDS]; COLUMNS] }
    }

    /// Spans that take as long in each column as what they stand for. What began before goes on first.
    fn spans(&self, from: f64, width: f64) -> Vec<(f64, f64, Act)> {
        let mut spans: Vec<(f64, f64, Act)> = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let (start, end) = (from + index as f64 * width, from + (index + 1) as f64 * width);
            let whole: f64 = column.iter().sum();
            if whole <= width * 1e-9 {
                continue;
            }
            let before = spans.last().filter(|own| own.1 >= start - width * 1e-6).map(|own| own.2);
            // After a rest, what is done is done at the end of the column.
            let mut at = if before.is_some() || index == 0 { start } else { (end - whole).max(start) };
            let first = ACTS.into_iter().filter(|act| Some(*act) == before);
            let others = ACTS.into_iter().filter(|act| Some(*act) != before);
            for act in first.chain(others) {
                let time = column.get(act as usize).copied().unwrap_or(0.0);
                if time <= width * 1e-9 {
                    continue;
                }
                match spans.last_mut() {
                    Some(last) if last.2 == act && last.1 >= at - width * 1e-6 => last.1 = at + time,
                    _ => spans.push((at, at + time, act)),
                }
                at += time;
            }
        }
        spans
    }
}

/// Microseconds are as fine as any picture shows.
fn fine(value: f64) -> f64 {
    libm::round(value * 1e6) / 1e6
}

/// Adds what a span comes to in each column that it reaches into.
fn add(
    columns: &mut [[f64; KINDS]],
    (from, to, width): (f64, f64, &f64),
    span: (f64, f64),
    slot: usize,
    height: f64,
) {
    let (start, end) = (span.0.max(from), span.1.min(to));
    if start >= end {
        return;
    }
    let (first, last) = ((start - from) / width, (end - from) / width);
    let most = columns.len().saturating_sub(1);
    for index in (first as usize).min(most)..=(last as usize).min(most) {
        let place = index as f64;
        let share = (last.min(place + 1.0) - first.max(place)).max(0.0);
        if let Some(slot) = columns.get_mut(index).and_then(|own| own.get_mut(slot)) {
            *slot += share * width * height;
        }
    }
}

fn halve(columns: &mut [[f64; KINDS]]) {
    for index in 0..columns.len() {
        let of = |at: usize| columns.get(at).copied().unwrap_or([0.0; KINDS]);
        let (one, two) = (of(2 * index), of(2 * index + 1));
        if let Some(slot) = columns.get_mut(index) {
            for ((slot, one), two) in slot.iter_mut().zip(one).zip(two) {
                *slot = one + two;
            }
        }
    }
}

fn waiting<S>(pool: &Pool<S>) -> f64 {
    pool.workers.iter().map(|own| own.waiting.len() as f64).sum()
}

fn used<S>(pool: &Pool<S>) -> f64 {
    let all = pool.blocks.max(1) as f64 * pool.workers.len().max(1) as f64;
    pool.workers.iter().map(|own| own.noted as f64).sum::<f64>() / all
}

//! What each replica did when, in as many columns as a picture has, however long a replay lasts.
//!
//! Each column keeps how long each activity took in it. Where the end is not known, columns double in length as time
//! goes on; where a window is asked for, they divide it. Of queues and of room in use they
//! keep the mean.

use serde::Serialize;

use super::beside::Remembered;
use super::engine::Progress;
use super::pool::Pool;
use super::replica::Activity;
use super::run::{Run, fewer};
use super::start::Replay;
use crate::scenario::Role;
use crate::serve::{Beside, Refusal, Shares};

/// Columns of the picture.
const COLUMNS: usize = 720;

/// The latest that a window begins or ends, in seconds; beyond, columns would be no times any more.
const LATEST: f64 = 1e12;
/// Length of the first columns where the end is not known, in seconds.
const SHORTEST: f64 = 1.0 / 64.0;
/// Most lanes of replicas.
const LANES: usize = 12;
/// Activities.
const KINDS: usize = 4;

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lane {
    /// Its name.
    pub label: String,
    /// From when to when it did what, in order.
    pub spans: Vec<(f64, f64, Act)>,
}

/// A level over the same time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Track {
    /// Its name.
    pub label: String,
    /// Whether it is a share, 0 to 1, and no number.
    pub share: bool,
    /// When it changes, and to what.
    pub steps: Vec<(f64, f64)>,
}

/// One lane as it is watched.
#[derive(Debug)]
struct Watched {
    label: String,
    /// Pool and replica; none for the link.
    place: Option<(usize, usize)>,
    /// What it does now.
    now: Option<Now>,
    /// None where it is watched for the sake of pools beside it alone.
    columns: Vec<[f64; KINDS]>,
}

/// What a replica does now.
#[derive(Clone, Copy, Debug)]
struct Now {
    since: f64,
    takes: f64,
    /// Time in which a drafter reads before all of them begin.
    ahead: f64,
    act: Act,
    /// Shares of it in which the pools of the half are at work.
    shares: Shares,
}

impl Now {
    /// What a replica does, which shares prompts and decode steps with the pools beside it like this.
    fn of(activity: Activity, reading: Shares, writing: Shares) -> Option<Self> {
        match activity {
            Activity::Idle => None,
            Activity::Decode { since, takes, ahead, .. } => {
                Some(Self { since, takes, ahead, act: Act::Decode, shares: writing })
            }
            Activity::Prefill { since, takes, share, steps } => {
                let rest = if steps > 0 { 1.0 - share } else { 0.0 };
                let of = |read: f64, write: f64| share * read + rest * write;
                let shares = Shares {
                    holder: of(reading.holder, writing.holder),
                    ffn: of(reading.ffn, writing.ffn),
                    draft: of(reading.draft, writing.draft),
                };
                let act = if steps > 0 { Act::Mixed } else { Act::Prefill };
                Some(Self { since, takes, ahead: 0.0, act, shares })
            }
        }
    }
}

/// A pool that has a part in the steps of another, as it is watched.
#[derive(Debug)]
struct Helped {
    /// The other, and what it is made of itself.
    pool: usize,
    plan: Beside,
    lanes: Vec<Watched>,
}

/// Watches a replay event by event.
#[derive(Debug)]
pub struct Recorder {
    from: f64,
    to: f64,
    width: f64,
    lanes: Vec<Watched>,
    helped: Vec<Helped>,
    shares: Remembered,
    levels: Vec<Level>,
    /// Since when the levels are what they are.
    since: f64,
}

/// A level as it is watched.
#[derive(Debug)]
struct Level {
    label: String,
    share: bool,
    now: f64,
    /// Its area in each column.
    columns: Vec<[f64; KINDS]>,
}

/// What a replica of a pool is called.
fn name(role: Role) -> &'static str {
    match role {
        Role::Colocated => "replica",
        other => other.name(),
    }
}

impl Recorder {
    /// Watches a window; all there is where it has no end. No replay lasts longer than [`LATEST`].
    #[must_use]
    pub fn new(from: f64, to: f64) -> Self {
        let from = if from.is_nan() { 0.0 } else { from.clamp(0.0, LATEST) };
        let to = if to.is_finite() { to.min(LATEST) } else { f64::INFINITY };
        let width = if to.is_finite() { ((to - from) / COLUMNS as f64).max(1e-6) } else { SHORTEST };
        Self {
            from,
            to,
            width,
            lanes: Vec::new(),
            helped: Vec::new(),
            shares: Remembered::default(),
            levels: Vec::new(),
            since: 0.0,
        }
    }

    /// Whether the window is over.
    #[must_use]
    pub fn over(&self, now: f64) -> bool {
        now > self.to
    }

    /// Goes on for so many events at most, one by one, so that nothing is missed of what replicas do.
    ///
    /// # Errors
    /// Why the scenario can't be served.
    pub fn watch(&mut self, run: &mut Run, events: u64) -> Result<Progress, Refusal> {
        let go = |engine: &mut Replay<'_>| {
            let mut progress = engine.progress();
            for _ in 0..fewer(events, engine) {
                progress = engine.run(1);
                self.see(engine, progress.now.get());
                if progress.done || self.over(progress.now.get()) {
                    break;
                }
            }
            progress
        };
        run.drive(go, |seen| seen.progress)
    }

    /// Looks at a replay after an event.
    pub fn see(&mut self, engine: &Replay<'_>, now: f64) {
        if self.lanes.is_empty() {
            self.set_up(engine);
        }
        self.grow(now);
        let Self { from, to, width, lanes, helped, shares, .. } = self;
        for lane in lanes {
            let Some((index, worker)) = lane.place else {
                // A transfer lasts until it is gone.
                let busy = engine.wire().is_some_and(|own| own.active() > 0);
                match (lane.now, busy) {
                    (None, true) => {
                        let shares = Shares::WHOLE;
                        lane.now =
                            Some(Now { since: now, takes: 0.0, ahead: 0.0, act: Act::Transfer, shares });
                    }
                    (Some(own), false) => {
                        let ended = Now { takes: now - own.since, ..own };
                        ends(lane, &mut [], (*from, *to, width), ended);
                        lane.now = None;
                    }
                    _ => {}
                }
                continue;
            };
            let Some((pool, steps)) = engine.pools_with_steps().nth(index) else { continue };
            let Some(own) = pool.replicas.iter().nth(worker) else { continue };
            let begun = match own.activity {
                Activity::Idle => None,
                Activity::Decode { since, .. } | Activity::Prefill { since, .. } => Some(since),
            };
            if let Some(before) = lane.now
                && begun != Some(before.since)
            {
                ends(lane, helped, (*from, *to, width), before);
            }
            let parts = match lane.now {
                Some(before) if begun == Some(before.since) => {
                    // It may have been cut short.
                    if let Activity::Decode { takes, .. } = own.activity {
                        lane.now = Some(Now { takes, ..before });
                    }
                    continue;
                }
                _ if pool.helpers.is_empty() || own.decoding == 0 => Shares::WHOLE,
                _ => shares.shares(steps, own.crowd, own.context),
            };
            lane.now = Now::of(own.activity, pool.reading_shares, parts);
        }
        self.level(now);
        let levels = engine.pools().flat_map(|own| [waiting(own), used(own)]);
        for (level, own) in self.levels.iter_mut().zip(levels) {
            level.now = own;
        }
    }

    /// Ends what is still going on.
    pub fn finish(&mut self, now: f64) {
        self.grow(now);
        self.level(now);
        let Self { from, to, width, lanes, helped, .. } = self;
        for lane in lanes {
            if let Some(own) = lane.now.take() {
                let end = if lane.place.is_some() { (own.since + own.takes).min(now) } else { now };
                ends(lane, helped, (*from, *to, width), Now { takes: end - own.since, ..own });
            }
        }
    }

    fn set_up(&mut self, engine: &Replay<'_>) {
        let pools: Vec<&Pool> = engine.pools().collect();
        let all: usize = pools.iter().map(|own| own.replicas.len()).sum();
        for (index, pool) in pools.iter().enumerate() {
            let (count, name) = (pool.replicas.len(), name(pool.plan.role));
            // What the others leave, and at least an equal part.
            let each = LANES.saturating_sub(all - count).max(LANES / pools.len());
            for worker in 0..count.min(each) {
                let label = numbered(name, worker, each, count);
                self.lanes.push(Watched::new(label, Some((index, worker))));
            }
            if !pool.helpers.is_empty() {
                // Their part in the steps of all, also of those that are not shown.
                for worker in count.min(each)..count {
                    let hidden =
                        Watched { columns: Vec::new(), ..Watched::new(String::new(), Some((index, worker))) };
                    self.lanes.push(hidden);
                }
            }
            for helper in &pool.helpers {
                let (count, name) = (helper.plan.replicas as usize, self::name(helper.plan.role));
                let label = |replica| Watched::new(numbered(name, replica, LANES / 2, count), None);
                let lanes = (0..count.min(LANES / 2)).map(label).collect();
                self.helped.push(Helped { pool: index, plan: helper.plan, lanes });
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
        let helped = self.helped.iter_mut().flat_map(|own| &mut own.lanes);
        self.lanes.iter_mut().chain(helped).for_each(|own| halve(&mut own.columns));
        self.levels.iter_mut().for_each(|own| halve(&mut own.columns));
        self.width *= 2.0;
    }

    /// All that was seen so far.
    #[must_use]
    pub fn lanes(&self, now: f64, done: bool) -> Lanes {
        let to = if self.to.is_finite() { self.to } else { now };
        let shown = |link: bool| {
            self.lanes.iter().filter(move |own| !own.columns.is_empty() && own.place.is_none() == link)
        };
        let helped = self.helped.iter().flat_map(|own| &own.lanes);
        let lane = |own: &Watched| Lane { label: own.label.clone(), spans: own.spans(self.from, self.width) };
        let track = |own: &Level| Track {
            label: own.label.clone(),
            share: own.share,
            steps: own.steps((self.from, to.min(now), self.width)),
        };
        Lanes {
            window: (self.from, to),
            done,
            lanes: shown(false).chain(helped).chain(shown(true)).map(lane).collect(),
            tracks: self.levels.iter().map(track).collect(),
        }
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
        steps.into_iter().map(|(at, mean)| (fine(at), fine(mean))).collect()
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
        spans.into_iter().map(|(from, to, act)| (fine(from), fine(to), act)).collect()
    }
}

/// What one replica of so many is called, of which so many are shown.
fn numbered(name: &str, replica: usize, shown: usize, count: usize) -> String {
    match count {
        1 => name.to_owned(),
        _ if replica + 1 == shown && count > shown => format!("{name} {} of {count}", replica + 1),
        _ => format!("{name} {}", replica + 1),
    }
}

/// What a lane did is over: it counts for itself and, by their shares, for the pools beside it.
fn ends(lane: &mut Watched, helped: &mut [Helped], window: (f64, f64, &f64), own: Now) {
    let (begins, end, act) = (own.since + own.ahead, own.since + own.takes, own.act as usize);
    add(&mut lane.columns, window, (begins, end), act, own.shares.holder);
    let Some((pool, worker)) = lane.place else { return };
    for helper in helped.iter_mut().filter(|helper| helper.pool == pool) {
        let replica = helper.plan.replica(u32::try_from(worker).unwrap_or(u32::MAX)) as usize;
        let part = 1.0 / helper.plan.ratio.max(1e-9);
        let Some(other) = helper.lanes.get_mut(replica) else { continue };
        if own.ahead > 0.0 && helper.plan.role == Role::Draft {
            add(&mut other.columns, window, (own.since, begins), Act::Prefill as usize, part);
        }
        add(&mut other.columns, window, (begins, end), act, own.shares.of(helper.plan.role) * part);
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
    if start >= end || columns.is_empty() {
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

fn waiting(pool: &Pool) -> f64 {
    pool.replicas.iter().map(|own| own.waiting.len() as f64).sum()
}

fn used(pool: &Pool) -> f64 {
    let all = pool.blocks.max(1) as f64 * pool.replicas.len() as f64;
    pool.replicas.iter().map(|own| own.noted as f64).sum::<f64>() / all
}

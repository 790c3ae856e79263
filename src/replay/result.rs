//! What a replay comes to: distributions, goodput, what the pools did over time, and the accounts that must balance.

use serde::Serialize;

use super::beside::Helper;
use super::cache::{ByPlace, Moved};
use super::engine::{Engine, State};
use super::histogram::Histogram;
use super::meter::{Meter, Tally};
use super::pool::Pool;
use super::record::{End, Record};
use super::replica::Replica;
use super::series::Series;
use super::statistics::{Distribution, distribution};
use super::steps::Steps;
use crate::scenario::{Role, Slo};
use crate::units::{Bytes, Requests, RequestsPerSecond, Seconds, TokensPerSecond};

/// Result of a replay, complete or stopped half-way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    /// Where every request went.
    pub counts: Counts,
    /// From the first arrival to the last token.
    pub time: Seconds,
    /// Requests at the start that are left out of the distributions, because they met an empty service.
    pub warm_up: u32,
    /// Time to first token.
    pub ttft: Option<Distribution>,
    /// Mean time per output token after the first, by request.
    pub tpot: Option<Distribution>,
    /// Time from one token to the next, over all tokens.
    pub itl: Option<Gaps>,
    /// Of a closed loop: what a benchmark would have measured, which stops long before the replay.
    pub benchmark: Option<Benchmark>,
    /// Time to the last token.
    pub e2e: Option<Distribution>,
    /// Time until admitted.
    pub wait: Option<Distribution>,
    /// The two classes where some requests go first: those, then the others.
    pub classes: Vec<Class>,
    /// Requests answered per second while requests came.
    pub rate: RequestsPerSecond,
    /// Output tokens per second while requests came.
    pub throughput: TokensPerSecond,
    /// Requests per second that kept the service level.
    pub goodput: RequestsPerSecond,
    /// Share of the requests that kept it, 0 to 1, and its 95 % interval.
    pub kept: Option<(f64, f64, f64)>,
    /// Whether requests came faster than they were answered, so that times depend on how long that lasted.
    pub saturated: bool,
    /// Mean number of requests under way.
    pub in_flight: Requests,
    /// Share of input tokens that were cached.
    pub hit: f64,
    /// Share of input tokens that came from beyond the chips' memory.
    pub loaded: f64,
    /// Tokens, each counted where it happens.
    pub tokens: Tally,
    /// What went over the link between pools.
    pub link: Option<Link>,
    /// The pools, prefill first.
    pub pools: Vec<PoolReplayed>,
    /// Length of the intervals of all series.
    pub interval: Seconds,
    /// Mean number of requests under way in each interval.
    pub inside: Vec<f64>,
}

/// Requests that go first, or those that don't.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Class {
    /// Whether they go first.
    pub urgent: bool,
    /// Time to first token.
    pub ttft: Option<Distribution>,
    /// Mean time per output token after the first, by request.
    pub tpot: Option<Distribution>,
}

impl Class {
    /// Both classes; none where nobody goes first.
    fn both(measured: &[&Record]) -> Vec<Self> {
        let of = |urgent: bool| {
            let own = || measured.iter().filter(|record| record.urgent == urgent);
            let ttft: Vec<f64> = own().map(|record| f64::from(record.ttft)).collect();
            let tpot: Vec<f64> = own().filter_map(|record| record.tpot()).collect();
            Self { urgent, ttft: distribution(&ttft), tpot: distribution(&tpot) }
        };
        if measured.iter().any(|record| record.urgent) { vec![of(true), of(false)] } else { Vec::new() }
    }
}

/// The first requests of a closed loop, as many as benchmarks send. All users begin at once, which those feel that come
/// first; the closed form of such a run is [`crate::serve`] with so many `prompts`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Benchmark {
    /// How many.
    pub requests: u32,
    /// Their mean time to first token.
    pub ttft: Seconds,
    /// The mean of their times per output token, where answers have more than one.
    pub tpot: Option<Seconds>,
}

impl Benchmark {
    fn of(measured: &[&Record], requests: u32) -> Option<Self> {
        let first = || measured.iter().filter(|record| record.index < requests);
        let count = first().count();
        if u32::try_from(count) != Ok(requests) {
            return None;
        }
        let mean = |sum: f64, count: usize| Seconds::new(sum / count.max(1) as f64);
        let tpots: Vec<f64> = first().filter_map(|record| record.tpot()).collect();
        Some(Self {
            requests,
            ttft: mean(first().map(|record| f64::from(record.ttft)).sum(), count),
            tpot: (!tpots.is_empty()).then(|| mean(tpots.iter().sum(), tpots.len())),
        })
    }
}

/// Where every request went: those that came are the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Came.
    pub arrived: u32,
    /// Answered.
    pub finished: u32,
    /// Turned away, because no replica has room for them.
    pub rejected: u32,
    /// Under way when the replay was stopped.
    pub unfinished: u32,
    /// Times that one gave way to others.
    pub preemptions: u64,
    /// Of those, times that its cache waited in the host's memory.
    pub swaps: u64,
}

/// Time from one token to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gaps {
    /// Tokens that followed another.
    pub count: u64,
    /// Mean.
    pub mean: Seconds,
    /// Quantiles, to one part in 64.
    pub p50: Seconds,
    /// 90 % are shorter.
    pub p90: Seconds,
    /// 95 % are shorter.
    pub p95: Seconds,
    /// 99 % are shorter.
    pub p99: Seconds,
}

/// Transfers between pools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// Bytes that were to be moved.
    pub sent: Bytes,
    /// Bytes that arrived.
    pub moved: Bytes,
    /// Share of the link in use, in each interval.
    pub load: Vec<f64>,
}

/// What a pool did. Series have one value per interval, means over all replicas.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolReplayed {
    /// Role.
    pub role: Role,
    /// Replicas.
    pub replicas: u32,
    /// Share of time in which a replica was busy.
    pub utilisation: f64,
    /// Share of time that went to prompts.
    pub prefill_share: f64,
    /// Mean share of the room for cache that was in use, and the most in any interval.
    pub occupancy: f64,
    /// The most in any interval.
    pub peak_occupancy: f64,
    /// Blocks still held: none when all requests are done.
    pub held: u64,
    /// Tokens of cache that a replica holds; none where it has a part in the steps of another.
    pub room: f64,
    /// Mean sequences in decode per replica.
    pub batch: f64,
    /// Decode steps over all replicas.
    pub steps: u64,
    /// Times that a sequence gave way to others.
    pub preemptions: u64,
    /// Blocks that fell out of nearer places into farther ones, and those that were loaded back.
    pub demoted: [u64; 4],
    /// Loaded back, by place.
    pub loaded: [u64; 4],
    /// Share of time that prompts took, by interval.
    pub reading: Vec<f64>,
    /// Share of time that decode took, by interval.
    pub writing: Vec<f64>,
    /// Share of the room for cache in use, by interval.
    pub used: Vec<f64>,
    /// Requests that waited to be admitted, over the pool, by interval.
    pub queue: Vec<f64>,
    /// Sequences in decode per replica, by interval.
    pub batches: Vec<f64>,
}

impl PoolReplayed {
    /// Whether it keeps the caches; else it has a part in the steps of the pool before it, which does.
    #[must_use]
    pub fn keeps_cache(&self) -> bool {
        self.room > 0.0
    }
}

/// Quantiles while a replay runs, to one part in 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Live {
    /// p50, p90, p95 and p99 of the time to first token.
    pub ttft: Option<[Seconds; 4]>,
    /// The same of the time per output token.
    pub tpot: Option<[Seconds; 4]>,
    /// The same of the time from token to token.
    pub itl: Option<[Seconds; 4]>,
    /// The same of the time to the last token.
    pub e2e: Option<[Seconds; 4]>,
}

impl<S: Steps> Engine<S> {
    /// Quantiles so far; costs the same however many requests are done.
    #[must_use]
    pub fn so_far(&self) -> Live {
        let Meter { ttft, tpot, itl, e2e, .. } = &self.state.meter;
        let four = |own: &Histogram| {
            let at = |share| own.quantile(share).map(Seconds::new);
            Some([at(0.5)?, at(0.9)?, at(0.95)?, at(0.99)?])
        };
        Live { ttft: four(ttft), tpot: four(tpot), itl: four(itl), e2e: four(e2e) }
    }

    /// What the replay came to so far, without the first `warm_up` requests in the distributions.
    #[must_use]
    pub fn result(&self, slo: Slo, warm_up: u32) -> Replayed {
        let State { pools, link, meter, .. } = &self.state;
        let (progress, tokens) = (self.progress(), meter.tokens);
        // A run is all of it.
        let run = self.state.source.of_benchmark();
        let warm_up = if run.is_some() { 0 } else { warm_up };
        let mut measured: Vec<&Record> = self
            .records()
            .iter()
            .filter(|record| record.end == End::Finished && record.index >= warm_up)
            .collect();
        measured.sort_unstable_by_key(|record| record.index);
        let of = |value: fn(&Record) -> f64| {
            distribution(&measured.iter().map(|record| value(record)).collect::<Vec<_>>())
        };
        let tpots: Vec<f64> = measured.iter().filter_map(|record| record.tpot()).collect();
        let end = if progress.done { meter.last.max(progress.now.get()) } else { progress.now.get() };
        let window = Window::of(self.records(), &measured, end);
        let keeps = |record: &Record| {
            slo.ttft.is_none_or(|limit| f64::from(record.ttft) <= limit.at.get())
                && slo.tpot.is_none_or(|limit| record.tpot().is_none_or(|tpot| tpot <= limit.at.get()))
        };
        let kept = measured.iter().filter(|record| keeps(record)).count();
        let width = self.widest(end);
        let laid = |series: &Series, scale: f64| {
            let mut series = series.clone();
            series.widen_to(width);
            series.means(end).into_iter().map(|mean| mean * scale).collect::<Vec<_>>()
        };
        Replayed {
            counts: Counts {
                arrived: progress.arrived,
                finished: progress.finished,
                rejected: progress.rejected,
                unfinished: self.unfinished(),
                preemptions: pools.iter().map(|pool| pool.preemptions).sum(),
                swaps: pools.iter().map(|pool| pool.swaps).sum(),
            },
            time: Seconds::new(end),
            warm_up,
            ttft: of(|record| f64::from(record.ttft)),
            tpot: distribution(&tpots),
            itl: self.gaps(),
            benchmark: run.and_then(|requests| Benchmark::of(&measured, requests)),
            e2e: of(|record| f64::from(record.e2e)),
            wait: of(|record| f64::from(record.wait)),
            classes: Class::both(&measured),
            rate: RequestsPerSecond::new(window.rate(|_| 1.0)),
            throughput: TokensPerSecond::new(window.rate(|record| f64::from(record.output))),
            goodput: RequestsPerSecond::new(window.rate(|record| f64::from(u8::from(keeps(record))))),
            kept: share(kept, measured.len()),
            saturated: saturated(&measured),
            in_flight: Requests::new(meter.inside.area(end) / end.max(1e-12)),
            hit: tokens.cached as f64 / (tokens.cached + tokens.read).max(1) as f64,
            loaded: tokens.loaded as f64 / (tokens.cached + tokens.read).max(1) as f64,
            tokens,
            link: link.as_ref().map(|wire| Link {
                sent: Bytes::new(tokens.sent),
                moved: wire.moved(),
                load: laid(&meter.link_load, 1.0),
            }),
            pools: pools
                .iter()
                .flat_map(|pool| {
                    let own = std::iter::once(pool_replayed(pool, end, &laid));
                    own.chain(pool.helpers.iter().map(|helper| helper_replayed(pool, helper, end, &laid)))
                })
                .collect(),
            interval: Seconds::new(width),
            inside: laid(&meter.inside, 1.0),
        }
    }

    /// The longest interval of any series, so that all can be laid side by side.
    fn widest(&self, end: f64) -> f64 {
        let State { pools, meter, .. } = &self.state;
        let mut probe = Series::default();
        probe.change(end, 0.0);
        let pools = pools.iter().flat_map(|pool| {
            let own = [&pool.prefill_busy, &pool.decode_busy, &pool.used, &pool.queue, &pool.batch];
            own.into_iter()
                .chain(pool.helpers.iter().flat_map(|own| [&own.prefill_busy, &own.decode_busy]))
                .map(Series::width)
        });
        pools.chain([meter.inside.width(), meter.link_load.width()]).fold(probe.width(), f64::max)
    }

    fn gaps(&self) -> Option<Gaps> {
        let at = |share| self.state.meter.itl.quantile(share).map(Seconds::new);
        Some(Gaps {
            count: self.state.meter.itl.count() as u64,
            mean: Seconds::new(self.state.meter.itl.mean()?),
            p50: at(0.5)?,
            p90: at(0.9)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
        })
    }
}

fn pool_replayed(pool: &Pool, end: f64, laid: &impl Fn(&Series, f64) -> Vec<f64>) -> PoolReplayed {
    let replicas = pool.replicas.len() as f64;
    let time = end.max(1e-12) * replicas;
    let (reading, writing) = (pool.prefill_busy.area(end) / time, pool.decode_busy.area(end) / time);
    let room = (pool.blocks.max(1)) as f64;
    let used = laid(&pool.used, 1.0 / (replicas * room));
    let moved = |of: fn(&Moved) -> ByPlace| {
        pool.replicas.iter().fold([0_u64; 4], |mut sum, replica| {
            for (slot, more) in sum.iter_mut().zip(of(&replica.cache.moved()).0) {
                *slot += more;
            }
            sum
        })
    };
    PoolReplayed {
        role: pool.plan.role,
        replicas: pool.plan.replicas,
        utilisation: (reading + writing).min(1.0),
        prefill_share: reading,
        occupancy: pool.used.area(end) / (time * room),
        peak_occupancy: used.iter().fold(0.0, |most: f64, &own| most.max(own)),
        held: pool.replicas.iter().map(Replica::used).sum(),
        room: pool.plan.room.tokens,
        batch: pool.batch.area(end) / time,
        steps: pool.steps,
        preemptions: pool.preemptions,
        demoted: moved(|moved| moved.demoted),
        loaded: moved(|moved| moved.loaded),
        reading: laid(&pool.prefill_busy, 1.0 / replicas),
        writing: laid(&pool.decode_busy, 1.0 / replicas),
        used,
        queue: laid(&pool.queue, 1.0),
        batches: laid(&pool.batch, 1.0 / replicas),
    }
}

/// A pool that has a part in the steps of another, which keeps cache and queue.
fn helper_replayed(
    pool: &Pool,
    helper: &Helper,
    end: f64,
    laid: &impl Fn(&Series, f64) -> Vec<f64>,
) -> PoolReplayed {
    let replicas = f64::from(helper.plan.replicas.max(1));
    let time = end.max(1e-12) * replicas;
    let (reading, writing) = (helper.prefill_busy.area(end) / time, helper.decode_busy.area(end) / time);
    PoolReplayed {
        role: helper.plan.role,
        replicas: helper.plan.replicas,
        utilisation: (reading + writing).min(1.0),
        prefill_share: reading,
        occupancy: 0.0,
        peak_occupancy: 0.0,
        held: 0,
        room: 0.0,
        batch: pool.batch.area(end) / time,
        steps: 0,
        preemptions: 0,
        demoted: [0; 4],
        loaded: [0; 4],
        reading: laid(&helper.prefill_busy, 1.0 / replicas),
        writing: laid(&helper.decode_busy, 1.0 / replicas),
        used: Vec::new(),
        queue: Vec::new(),
        batches: laid(&pool.batch, 1.0 / replicas),
    }
}

/// The time in which requests came, without warm-up and without the end, when there are ever fewer of them.
struct Window<'r> {
    from: f64,
    to: f64,
    all: &'r [Record],
}

impl<'r> Window<'r> {
    fn of(all: &'r [Record], measured: &[&Record], end: f64) -> Self {
        let from = measured.first().map_or(0.0, |record| record.arrival);
        let to = measured.last().map_or(end, |record| record.arrival);
        // All at once is no window.
        let to = if to - from > 0.2 * (end - from) { to } else { end };
        Self { from, to, all }
    }

    fn rate(&self, weight: impl Fn(&Record) -> f64) -> f64 {
        let sum: f64 = self
            .all
            .iter()
            .filter(|record| {
                let end = record.arrival + f64::from(record.e2e);
                record.end == End::Finished && end > self.from && end <= self.to
            })
            .map(weight)
            .sum();
        sum / (self.to - self.from).max(1e-12)
    }
}

/// Whether requests came faster than they were answered: the later one came, the longer it waited to be admitted, until
/// the wait was of the order of the service.
fn saturated(measured: &[&Record]) -> bool {
    let size = measured.len() / 10;
    if size < 10 {
        return false;
    }
    let tenth = |number: usize, value: fn(&Record) -> f32| {
        let part = measured.iter().skip(number * size).take(size);
        part.map(|record| f64::from(value(record))).sum::<f64>() / size as f64
    };
    let wait = |number| tenth(number, |record| record.wait);
    let (first, middle, last) = (wait(1), wait(5), wait(9));
    last > 1.3 * middle && middle > 1.3 * first && last > 0.3 * (tenth(9, |record| record.e2e) - last)
}

/// A share with its 95 % interval (Wilson).
fn share(part: usize, whole: usize) -> Option<(f64, f64, f64)> {
    let (part, whole) = (part as f64, whole as f64);
    if whole < 1.0 {
        return None;
    }
    let (share, z) = (part / whole, 1.96);
    let centre = (share + z * z / (2.0 * whole)) / (1.0 + z * z / whole);
    let half =
        z * (share * (1.0 - share) / whole + z * z / (4.0 * whole * whole)).sqrt() / (1.0 + z * z / whole);
    Some((share, (centre - half).max(0.0), (centre + half).min(1.0)))
}

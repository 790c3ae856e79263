//! What a picture of a replay is made of: how times spread over its requests, and levels over its time.

use serde::Serialize;

use super::record::{End, Record};
use super::result::Replayed;
use super::statistics::{Distribution, Estimate};

/// How times spread over requests and levels over time. All times in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    /// How each time is distributed.
    pub spreads: Vec<Spread>,
    /// Length of the intervals of all tracks.
    pub interval: f64,
    /// Levels over time.
    pub tracks: Vec<Track>,
}

/// How a time is distributed over requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// What is measured: `ttft`, `tpot`, `e2e`, `wait` or `itl`.
    pub id: String,
    /// Mean, p50, p90, p95 and p99, each with its 95 % interval where it is known.
    pub estimates: Vec<(f64, Option<(f64, f64)>)>,
    /// The longest, where it is known.
    pub longest: Option<f64>,
    /// Share of requests and the time they stay within, ascending; empty where only the quantiles are known.
    pub curve: Vec<(f64, f64)>,
}

/// A level over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    /// What is counted.
    pub id: String,
    /// Whose it is: a role, the link, or nobody's in particular.
    pub of: String,
    /// The mean level in each interval.
    pub levels: Vec<f64>,
}

impl Overview {
    /// An overview of a replay and its records.
    #[must_use]
    pub fn of(result: &Replayed, records: &[Record]) -> Self {
        Self { spreads: spreads(result, records), interval: result.interval.get(), tracks: tracks(result) }
    }
}

fn spreads(result: &Replayed, records: &[Record]) -> Vec<Spread> {
    let all = || records.iter().filter(|own| own.end == End::Finished && own.index >= result.warm_up);
    let of = |read: fn(&Record) -> f32| all().map(|own| f64::from(read(own))).collect::<Vec<_>>();
    let spread = |id: &str, own: Option<Distribution>, values: Vec<f64>| {
        own.map(|own| Spread {
            id: id.to_owned(),
            estimates: [own.mean, own.p50, own.p90, own.p95, own.p99].map(estimate).to_vec(),
            longest: Some(own.longest.get()),
            curve: curve(values),
        })
    };
    let measured = [
        spread("ttft", result.ttft, of(|own| own.ttft)),
        spread("tpot", result.tpot, all().filter_map(Record::tpot).collect()),
        spread("e2e", result.e2e, of(|own| own.e2e)),
        spread("wait", result.wait, of(|own| own.wait)),
    ];
    // Over all tokens, of which only the quantiles are kept.
    let gaps = result.itl.map(|own| Spread {
        id: "itl".to_owned(),
        estimates: [own.mean, own.p50, own.p90, own.p95, own.p99].map(|own| (own.get(), None)).to_vec(),
        longest: None,
        curve: Vec::new(),
    });
    measured.into_iter().flatten().chain(gaps).collect()
}

fn estimate(own: Estimate) -> (f64, Option<(f64, f64)>) {
    (own.value.get(), own.interval.map(|(low, high)| (low.get(), high.get())))
}

/// The times within which shares of the requests stay.
fn curve(mut values: Vec<f64>) -> Vec<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let at = |place: f64| values.get(place as usize).copied().unwrap_or_default();
    let within = |share: f64| {
        // Between two neighbours, as the quantiles are.
        let place = share * last;
        let (low, high) = (at(libm::floor(place)), at(libm::ceil(place)));
        (share, low + (high - low) * (place - libm::floor(place)))
    };
    shares().map(within).collect()
}

/// The shares of a curve: even ones, and the tail ever finer.
fn shares() -> impl Iterator<Item = f64> {
    let even = (0..=198).map(|step| f64::from(step) / 200.0);
    let tail = (0..=100).map(|step| 0.99 + f64::from(step) / 10_000.0);
    even.chain(tail)
}

fn tracks(result: &Replayed) -> Vec<Track> {
    let mut tracks = Vec::new();
    let mut track = |id: &str, of: &str, levels: &[f64]| {
        let levels = levels.iter().copied().map(rounded).collect();
        tracks.push(Track { id: id.to_owned(), of: of.to_owned(), levels });
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
    tracks
}

/// A level as fine as any picture shows it, in few letters.
fn rounded(level: f64) -> f64 {
    libm::round(level * 1e4) / 1e4
}

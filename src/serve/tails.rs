//! How times spread over requests: percentiles of TTFT and TPOT.
//!
//! Both are laws with few parameters, kept with the result and worked out when somebody asks: the share of requests within a
//! time, and by bisection the time within which a share of them is. The means stay those of the closed form.
//!
//! **TTFT** is a sum: what every request takes; its own reading, which goes with its length; the readings of others in its step;
//! and a wait. Of arrivals
//! - the share `1 − p` finds no reading under way and waits for the rest of a decode step, evenly distributed;
//! - the share p finds one: it waits for the rest of it (even), and as likely as the replica is loaded for more (exponential):
//!   the decomposition of M/G/1, with `W(c + v)/2` for the mean rest and `W(1 + v)/(2(1 − ρ)√m)` for the mean of more, where a
//!   reading takes W and varies by v, m prompts fit a step, and arrivals that R replicas take in turn vary by `c = cv²/R`. p is
//!   what makes the mean wait that of the closed form.
//! - Who comes meets long readings more often than there are, and in them more others: as many as a Poisson number (fewer
//!   where replicas take their turns).
//! - In a closed loop nobody waits for more than all others, so that what is beyond the rest is even too where they are few; requests that follow
//!   an answer of the same replica come at the beginning of a step; and users whose answers have equal length keep their order, in bunches of
//!   a geometric number where the replica that decodes reads, and else with waits between even and exponential.
//!
//! **TPOT** of a request is the mean over its tokens: the step at the least company, and what others do to it. In an open loop these
//! are a compound Poisson number: each who comes during the answer stalls it by a prompt and lengthens the steps that are left,
//! each who was there before lengthens those until it leaves. A service that others slow down keeps them longer, by which their
//! number varies more: by `(1 − η)^−1.5`, with η the elasticity of TPOT in the number of others. In a closed loop each of the
//! others comes once in a round, so that their number hardly varies for who stays as long as they do. The sum is gamma
//! distributed (Wilson and Hilferty's cube), around a mean that is the same for answers of all lengths.
//!
//! `tests/tails.rs` holds both against replays.

use serde::{Serialize, Serializer};

use crate::scenario::{Percentile, Scenario, traffic};
use crate::units::{Seconds, larger};

/// How the times that users feel spread over requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// Time to first token.
    first: First,
    /// Time per output token, of each request the mean over its tokens.
    token: Token,
}

/// What TTFT is made of, over requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct First {
    /// What each takes: the engine's work, the way of the cache.
    pub(super) base: f64,
    /// Own reading, on average over lengths, with the decode steps that go on meanwhile.
    pub(super) own: f64,
    /// By how much the prompts of others in the same step lengthen it, on average.
    pub(super) beside: f64,
    /// Mean wait for a decode step under way.
    pub(super) step: f64,
    /// Mean wait for readings of others.
    pub(super) queue: f64,
    /// Mean wait for room.
    pub(super) room: f64,
    /// Time of a decode step, as a share of the time that one is under way.
    pub(super) without: f64,
    /// The station that reads prompts.
    pub(super) ahead: Before,
    /// Requests a second of it.
    pub(super) rate: f64,
    /// Stations that take their turns.
    pub(super) replicas: f64,
    /// Squared coefficient of variation of the gaps between all arrivals.
    pub(super) gaps: f64,
    /// Users of the station in a closed loop.
    pub(super) users: Option<f64>,
    /// How much each round is like the one before.
    pub(super) again: f64,
    /// Whether prompts have a pool of their own.
    pub(super) apart: bool,
    /// Lengths of prompts.
    pub(super) lengths: Scatter,
    /// Latencies of prompts of typical lengths.
    pub(super) typical: [f64; 4],
    /// How much the time of a prompt varies.
    pub(super) variation: f64,
    /// Users that begin a run at once: their share of all requests, and their mean TTFT.
    pub(super) burst: Option<(f64, f64)>,
    /// Sequences that the stations have room for, and the mean time that one stays there.
    pub(super) places: (f64, f64),
    /// Wait for room in a closed loop and its standard deviation, where it is not below 0.
    pub(super) line: (f64, f64),
}

/// What prompts find at the station that reads them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Before {
    /// Time that a reading takes, with the decode steps that go on meanwhile, and that of a decode step without.
    pub(super) with: f64,
    pub(super) without: f64,
    /// Prompts of a reading, the most that there can be, and the time that so many take.
    pub(super) group: f64,
    pub(super) most: f64,
    pub(super) full: f64,
    /// Share of all steps that prompts are read in, and of the time.
    pub(super) reads: f64,
    pub(super) load: f64,
    /// By how much longer a step lasts for who comes in it.
    pub(super) longer: f64,
    /// From the end of an answer until its user's next prompt is in line; endless in an open loop.
    pub(super) delay: f64,
    /// Share of prompts that follow an answer of the station that reads them.
    pub(super) in_step: f64,
}

/// What TPOT is made of, over requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    /// Time per token, and of it the step with nobody else.
    pub(super) mean: f64,
    pub(super) alone: f64,
    /// Time by which another sequence lengthens a step, per token.
    pub(super) slope: f64,
    /// Time per token that prompts of others take.
    pub(super) stalls: f64,
    /// Others in decode.
    pub(super) others: f64,
    /// Others who come during an answer.
    pub(super) come: f64,
    /// Most time by which one of them holds it up.
    pub(super) most: f64,
    /// Tokens after the first.
    pub(super) tokens: f64,
    /// Tokens that a step yields.
    pub(super) yields: f64,
    /// Variation of their number over its mean; none in a closed loop.
    pub(super) disperses: Option<f64>,
    /// How much prompts vary.
    pub(super) variation: f64,
    /// Lengths of answers.
    pub(super) lengths: Scatter,
    /// Share of the time that the user sees as time between tokens.
    pub(super) seen: f64,
}

/// How lengths scatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scatter {
    /// Evenly, so far to both sides of the mean, in means.
    Even(f64),
    /// Log-normal, with this standard deviation of the logarithm.
    LogNormal(f64),
}

/// Requests of which a share waits evenly long or longer.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Share of all requests.
    share: f64,
    /// The least that they take.
    from: f64,
    /// How far the even part reaches beyond.
    width: f64,
    /// How many of them wait for more, and how long on average.
    more: (f64, f64),
}

impl Tails {
    pub(super) const fn new(first: First, token: Token) -> Self {
        Self { first, token }
    }

    /// The same of a run: the share of its first round and what that takes to the first token, and the mean TTFT of the settled
    /// service and of the run.
    pub(super) fn in_run(self, (share, burst): (f64, f64), (settled, mean): (Seconds, Seconds)) -> Self {
        let First { base, queue, .. } = self.first;
        let first = base + burst;
        let later =
            if share < 1.0 { (mean.get() - share * first) / (1.0 - share) - settled.get() } else { 0.0 };
        let own =
            First { queue: (queue + later).max(0.0), burst: Some((share.min(1.0), first)), ..self.first };
        Self { first: own, ..self }
    }

    /// The same as users see it: the first token so much later, and of the time per token this share.
    pub(super) fn seen(self, late: Seconds, mean: Seconds, seen: f64) -> Self {
        let Self { mut first, mut token } = self;
        first.base += late.get();
        token.stalls = (token.stalls + mean.get() - token.mean).max(0.0);
        (token.mean, token.seen) = (mean.get(), seen);
        Self { first, token }
    }

    /// Time to first token that this share of requests keeps.
    #[must_use]
    pub fn ttft(&self, percentile: Percentile) -> Seconds {
        let parts = self.first.parts();
        let most = parts.iter().map(|own| own.from + own.width + 8.0 * own.more.0 * own.more.1);
        let share = |time: f64| parts.iter().map(|own| own.share * own.within(time)).sum::<f64>();
        Seconds::new(invert(share, percentile.share(), most.fold(0.0, f64::max)))
    }

    /// Time per output token that this share of requests keeps.
    #[must_use]
    pub fn tpot(&self, percentile: Percentile) -> Seconds {
        let parts = self.token.parts();
        if parts.is_empty() {
            return Seconds::new(self.token.mean * self.token.seen);
        }
        let most =
            parts.iter().map(|own| own.from + own.mean + 6.0 * own.variance.sqrt()).fold(0.0, f64::max);
        let share = |time: f64| parts.iter().map(|own| own.share * own.within(time)).sum::<f64>();
        Seconds::new(invert(share, percentile.share(), most) * self.token.seen)
    }
}

/// The percentiles that people ask for, in seconds.
impl Serialize for Tails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |time: &dyn Fn(Percentile) -> Seconds| Quantiles {
            p50: time(Percentile::P50),
            p90: time(Percentile::P90),
            p95: time(Percentile::P95),
            p99: time(Percentile::P99),
        };
        let both = Both { ttft: of(&|own| self.ttft(own)), tpot: of(&|own| self.tpot(own)) };
        both.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Both {
    ttft: Quantiles,
    tpot: Quantiles,
}

#[derive(Serialize)]
struct Quantiles {
    p50: Seconds,
    p90: Seconds,
    p95: Seconds,
    p99: Seconds,
}

/// Where a growing share reaches this one, searched from 0 to about `most`.
fn invert(share: impl Fn(f64) -> f64, wanted: f64, most: f64) -> f64 {
    let (mut low, mut high) = (0.0, most.max(1e-9));
    for _ in 0..40 {
        if share(high) >= wanted {
            break;
        }
        (low, high) = (high, high * 1.6);
    }
    let (mut below, mut above) = (share(low), share(high));
    for turn in 0..60 {
        if high - low <= 1e-6 * high {
            break;
        }
        // Along the chord, and where that is slow in the middle.
        let along = ((wanted - below) / (above - below).max(1e-12)).clamp(0.02, 0.98);
        let at = low + (high - low) * if turn % 3 == 2 { 0.5 } else { along };
        let own = share(at);
        if own < wanted {
            (low, below) = (at, own);
        } else {
            (high, above) = (at, own);
        }
    }
    high
}

impl Part {
    /// Share of these requests that take no longer.
    fn within(&self, time: f64) -> f64 {
        let (beyond, (often, mean)) = (time - self.from, self.more);
        if beyond < 0.0 {
            return 0.0;
        }
        let even = if beyond >= self.width { 1.0 } else { beyond / self.width };
        if often <= 0.0 || mean <= 0.0 {
            return even;
        }
        let fades = |time: f64| libm::exp(-time / mean);
        // The share that is late although its even part is over.
        let late = if self.width <= 1e-9 * mean {
            fades(beyond)
        } else if beyond >= self.width {
            mean / self.width * (fades(beyond - self.width) - fades(beyond))
        } else {
            mean / self.width * (1.0 - fades(beyond))
        };
        (even - often * late).max(0.0)
    }
}

/// What stands for all requests by the shares of those that take longer: more of the long ones than of the short, and the
/// percentiles that people ask for in the middle of a range.
const LONG: [f64; 11] = [0.0, 0.2, 0.4, 0.6, 0.75, 0.87, 0.93, 0.97, 0.985, 0.995, 1.0];
/// The same with more of the short ones.
const SHORT: [f64; 9] = [0.0, 0.008, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0];
/// Even lengths.
const EVEN: [f64; 9] = [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0];

/// The middle of each range of shares, and its width.
fn middles(edges: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    edges.windows(2).filter_map(|pair| match pair {
        [low, high] => Some((f64::midpoint(*low, *high), high - low)),
        _ => None,
    })
}

/// Where the standard normal law has this share below (Acklam's rational approximation, to nine digits).
fn normal(share: f64) -> f64 {
    const CENTRE: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_8,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const UNDER: [f64; 5] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
    ];
    const TAIL: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_4,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const BELOW: [f64; 4] =
        [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let polynomial = |of: &[f64], at: f64| of.iter().fold(0.0, |sum, own| sum * at + own);
    let tail = |share: f64| {
        let at = (-2.0 * libm::log(share)).sqrt();
        polynomial(&TAIL, at) / (polynomial(&BELOW, at) * at + 1.0)
    };
    let share = share.clamp(1e-12, 1.0 - 1e-12);
    if share < 0.024_25 {
        tail(share)
    } else if share > 1.0 - 0.024_25 {
        -tail(1.0 - share)
    } else {
        let (at, square) = (share - 0.5, (share - 0.5) * (share - 0.5));
        polynomial(&CENTRE, square) * at / (polynomial(&UNDER, square) * square + 1.0)
    }
}

/// Share of a gamma distribution with this mean and variance that is no more (Wilson and Hilferty 1931).
fn gamma(value: f64, mean: f64, variance: f64) -> f64 {
    if value < 0.0 {
        return 0.0;
    }
    if variance <= 1e-12 * mean * mean {
        return if value >= mean * (1.0 - 1e-9) { 1.0 } else { 0.0 };
    }
    let ninth = variance / (9.0 * mean * mean);
    let at = (libm::cbrt(value / mean) - 1.0 + ninth) / ninth.sqrt();
    0.5 * libm::erfc(-at * std::f64::consts::FRAC_1_SQRT_2)
}

impl Scatter {
    /// Of prompts and of answers.
    pub(super) fn of(scenario: &Scenario) -> (Self, Self) {
        match &scenario.traffic.lengths {
            Some(lengths) => {
                let (input, output) = lengths.tails();
                (Self::LogNormal(traffic::sigma(input)), Self::LogNormal(traffic::sigma(output)))
            }
            None => {
                let spread = scenario.workload.spread;
                let both = Self::Even((1.0 - spread) / (1.0 + spread));
                (both, both)
            }
        }
    }

    /// Whether all are alike.
    fn is_equal(self) -> bool {
        match self {
            Self::Even(width) => width < 1e-6,
            Self::LogNormal(sigma) => sigma < 1e-6,
        }
    }

    /// Lengths with these shares of shorter ones, in means.
    fn points(self, edges: &[f64]) -> Vec<(f64, f64)> {
        let at = |share: f64| match self {
            Self::Even(width) => 1.0 + width * (2.0 * share - 1.0),
            Self::LogNormal(sigma) => libm::exp(sigma * normal(share) - sigma * sigma / 2.0),
        };
        middles(edges).map(|(share, width)| (at(share), width)).collect()
    }

    /// Squared coefficient of variation.
    fn variation(self) -> f64 {
        match self {
            Self::Even(width) => width * width / 3.0,
            Self::LogNormal(sigma) => libm::expm1(sigma * sigma),
        }
    }
}

impl First {
    /// Own readings over their mean, by length, with their shares.
    fn readings(&self) -> Vec<(f64, f64)> {
        let [low, middle, high, highest] = self.typical;
        if self.lengths.is_equal() || middle <= 0.0 {
            return vec![(1.0, 1.0)];
        }
        let times: Vec<(f64, f64)> = match self.lengths {
            Scatter::Even(_) => {
                // A parabola through the three points of Gauss and Legendre.
                let apart = 0.774_596_669_241_483;
                let slope = (high - low) / (2.0 * apart);
                let bend = (high + low - 2.0 * middle) / (2.0 * apart * apart);
                let at = |y: f64| (middle + slope * y + bend * y * y).max(1e-3 * middle);
                middles(&EVEN).map(|(share, width)| (at(2.0 * share - 1.0), width)).collect()
            }
            Scatter::LogNormal(sigma) => {
                let known = [(0.0, low), (1.154_405, middle), (2.366_76, high), (3.750_44, highest)]
                    .map(|(z, time)| (libm::exp(sigma * z), time));
                let at = |share: f64| between(&known, libm::exp(sigma * normal(share))).max(0.5 * low);
                middles(&LONG).map(|(share, width)| (at(share), width)).collect()
            }
        };
        let mean: f64 = times.iter().map(|(time, share)| time * share).sum();
        times.into_iter().map(|(time, share)| (time / mean, share)).collect()
    }

    /// Readings as arrivals meet them, over their mean: the longer the more often.
    fn met(&self, readings: &[(f64, f64)], swings: f64) -> Vec<(f64, f64)> {
        // Of the numbers of prompts in steps.
        const SWING: [(f64, f64); 4] = [(-0.8, 0.55), (0.5, 0.3), (1.6, 0.12), (3.2, 0.03)];
        let group = self.ahead.group.sqrt();
        let mut sizes: Vec<(f64, f64)> = Vec::with_capacity(20);
        for pair in readings.chunks(2) {
            let share: f64 = pair.iter().map(|(_, share)| share).sum();
            let time = pair.iter().map(|(time, share)| time * share).sum::<f64>() / share;
            let size = 1.0 + (time - 1.0) / group;
            if swings > 0.02 {
                for (at, part) in SWING {
                    let own = size * (1.0 + swings.sqrt() * at);
                    if own > 0.0 {
                        sizes.push((own, share * part * own));
                    }
                }
            } else {
                sizes.push((size, share * size));
            }
        }
        let all: f64 = sizes.iter().map(|(_, share)| share).sum();
        for (_, share) in &mut sizes {
            *share /= all;
        }
        sizes
    }

    /// All requests in parts.
    fn parts(&self) -> Vec<Part> {
        let line = Line::new(self);
        let mut parts = Vec::with_capacity(256);
        for &(time, share) in &line.readings {
            let from = self.base + self.own * time;
            line.random(&mut parts, from, share * (1.0 - self.again));
            if self.again > 0.0 && self.apart {
                let (from, half) = (from + self.beside + self.step, share * self.again / 2.0);
                parts.push(Part { share: half, from, width: 0.0, more: (1.0, self.queue) });
                parts.push(Part { share: half, from, width: 2.0 * self.queue, more: (0.0, 0.0) });
            } else if self.again > 0.0 {
                self.in_bunches(&mut parts, from, share * self.again);
            }
        }
        self.wait_for_room(&mut parts);
        if let Some((share, mean)) = self.burst {
            for part in &mut parts {
                part.share *= 1.0 - share;
            }
            for &(time, part) in &line.readings {
                let from = (self.base + self.own * time).min(mean);
                parts.push(Part { share: share * part, from, width: 2.0 * (mean - from), more: (0.0, 0.0) });
            }
        }
        parts
    }

    /// Requests of users who come together each time: a geometric number of them, and no more than there are, each of whom takes
    /// as long.
    fn in_bunches(&self, parts: &mut Vec<Part>, from: f64, share: f64) {
        let extra = self.queue + self.beside;
        let mean = extra / (self.ahead.with / self.ahead.group).max(1e-12);
        let most = (self.users.unwrap_or(1.0) - 1.0).clamp(0.0, 15.0);
        let next = mean / (1.0 + mean);
        let (mut numbers, mut left, mut weight) = (Vec::with_capacity(16), most, 1.0);
        let mut number = 0.0;
        // Of a fraction of a user there is as much of a chance.
        while left > -1.0 && weight > 1e-4 {
            numbers.push((number, weight * (1.0 + left).min(1.0)));
            (number, left, weight) = (number + 1.0, left - 1.0, weight * next);
        }
        let all: f64 = numbers.iter().map(|(_, weight)| weight).sum();
        let others: f64 = numbers.iter().map(|(number, weight)| number * weight).sum::<f64>() / all;
        let each = if others > 0.0 { extra / others } else { 0.0 };
        for (number, weight) in numbers {
            let from = from + number * each;
            parts.push(Part { share: share * weight / all, from, width: 2.0 * self.step, more: (0.0, 0.0) });
        }
    }

    /// Some wait for room before all else.
    fn wait_for_room(&self, parts: &mut Vec<Part>) {
        if self.room <= 0.0 {
            return;
        }
        if self.users.is_some() {
            self.wait_in_line(parts);
            return;
        }
        let (places, stay) = self.places;
        let load = (self.rate * self.replicas * stay / places).min(0.98);
        let each = (stay / (places * (1.0 - load))).max(self.room);
        let often = self.room / each;
        for at in 0..parts.len() {
            if let Some(part) = parts.get_mut(at) {
                let (more, mean) = part.more;
                let waits = Part { share: part.share * often, more: (1.0, each + more * mean), ..*part };
                part.share *= 1.0 - often;
                parts.push(waits);
            }
        }
    }
}

impl First {
    /// Users of a closed loop are in line one behind the other, so that each waits about as long, and nobody where there is room.
    fn wait_in_line(&self, parts: &mut Vec<Part>) {
        let (mean, varies) = self.line;
        let waits = NORMAL.map(|(at, share)| ((mean + varies * at).max(0.0), share));
        let all: f64 = waits.iter().map(|(wait, share)| wait * share).sum();
        let scale = if all > 0.0 { self.room / all } else { 0.0 };
        let before = std::mem::take(parts);
        for (wait, share) in waits {
            let wait = wait * scale;
            let apart = (varies * scale * 0.7).min(2.0 * wait);
            parts.extend(before.iter().map(|own| Part {
                share: own.share * share,
                from: own.from + wait - apart / 2.0,
                width: own.width + apart,
                ..*own
            }));
        }
    }
}

/// The normal law in parts: standard deviations from the mean, and their shares.
const NORMAL: [(f64, f64); 7] =
    [(-1.7, 0.07), (-0.8, 0.25), (0.0, 0.36), (0.8, 0.2), (1.5, 0.08), (2.2, 0.03), (3.0, 0.01)];

/// A convex curve between known points: between the chord, and what goes on from the points before and behind.
fn between(known: &[(f64, f64); 4], at: f64) -> f64 {
    let upper = known.iter().skip(1).position(|(x, _)| at < *x).unwrap_or(2);
    let point = |index: usize| known.get(index).copied().unwrap_or_default();
    let slope = |index: usize| {
        let ((x, y), (next, later)) = (point(index), point(index + 1));
        (later - y) / (next - x).max(1e-12)
    };
    let (x, y) = point(upper);
    let chord = y + slope(upper) * (at - x);
    let (next, later) = point(upper + 1);
    if at <= x || at >= next {
        return chord;
    }
    let before = upper.checked_sub(1).map_or(0.0, |before| y + slope(before) * (at - x));
    // Prompts end with the window, so that the last point may stand for shorter ones.
    let behind = if upper == 0 { later - slope(1) * (next - at) } else { 0.0 };
    f64::midpoint(larger(before, behind).min(chord), chord)
}

/// The waits of those who come at random.
struct Line<'f> {
    first: &'f First,
    /// Own readings over their mean.
    readings: Vec<(f64, f64)>,
    /// Those that arrivals meet.
    sizes: Vec<(f64, f64)>,
    /// How long they wait.
    waits: Waits,
    /// Others who come while nothing is read, and while a mean reading lasts.
    come: [f64; 2],
    /// Variation of their number over its mean.
    disperses: f64,
    /// Time that each of them adds.
    each: f64,
    /// How far a wait for more ends with the users that there are, 0 to 1.
    ends: f64,
}

/// Waits for readings of others.
#[derive(Clone, Copy, Debug)]
struct Waits {
    /// How arrivals come: whether at the beginning of a step, how many do, and how often they find a reading.
    ways: [(bool, f64, f64); 2],
    /// How many of these wait for it.
    often: f64,
    /// The mean rest of a reading over its length, at random and at its beginning.
    rest: [f64; 2],
    /// How often there is more to wait for, and how long.
    more: (f64, f64),
}

impl Waits {
    /// How many find a reading, and the mean rest over all, where a mean one takes so long.
    fn found(&self, reading: f64) -> (f64, f64) {
        self.ways.iter().fold((0.0, 0.0), |(found, rest), &(at_once, share, reads)| {
            let [random, begins] = self.rest;
            let own = share * reads;
            (found + own, rest + own * reading * if at_once { begins } else { random })
        })
    }

    /// Waits with this mean: fewer of them, or all of them longer.
    fn of_mean(self, mean: f64, reading: f64) -> Self {
        let (found, rest) = self.found(reading);
        let (often, more) = self.more;
        // What nobody finds nobody waits for.
        let scale = mean / larger(rest + found * often * more, 1e-3 * mean).max(1e-15);
        let longer = scale.max(1.0);
        Self {
            often: scale.min(1.0),
            rest: self.rest.map(|rest| rest * longer),
            more: (often, more * longer),
            ..self
        }
    }

    /// The same in a closed loop: those who follow an answer find a reading the more often, and only what is left of the mean is
    /// a wait for more.
    fn among_users(mut self, mean: f64, reading: f64, load: f64) -> Self {
        let (_, rest) = self.found(reading);
        let scale = mean / larger(rest, 1e-3 * mean).max(1e-15);
        if scale > 1.0
            && let [_, (true, _, reads)] = &mut self.ways
            && *reads > 0.0
        {
            *reads = load.min(*reads * scale);
        }
        // However evenly they come, who waits longer for it comes any time of it.
        let (_, rest) = self.found(reading);
        let [random, begins] = self.rest;
        let any = larger(random, 0.5);
        let most = larger(any / random.max(1e-12), 1.0);
        self.rest = [random * (mean / rest.max(1e-15)).clamp(1.0, most), begins];
        let (found, rest) = self.found(reading);
        let left = mean - rest;
        let (often, most) = self.more;
        if left <= 0.0 || found <= 0.0 || most <= 0.0 {
            return Self { more: (0.0, 0.0), ..self }.of_mean(mean, reading);
        }
        let often = often.max(left / (found * most)).clamp(1e-6, 1.0);
        Self { more: (often, left / (found * often)), ..self }
    }
}

impl<'f> Line<'f> {
    fn new(first: &'f First) -> Self {
        let First { ahead, .. } = *first;
        let (with, most) = (ahead.with, ahead.most);
        // Answers that end with the same step elsewhere are followed by prompts that come together, whose turn it is.
        let replicas = if first.apart && first.users.is_some() { 1.0 } else { first.replicas };
        let fellows = first
            .users
            .map_or(1.0, |users| 1.0 - 1.0 / (users * if first.apart { 1.0 } else { replicas }).max(1.0));
        let (rate, load) = (first.rate * fellows, ahead.load.min(0.999) * fellows);
        let full = (rate * ahead.full / most).clamp(0.0, 0.97);
        let swings = if load * with > 0.0 { (ahead.longer * fellows / (load * with)).min(1.0) } else { 0.0 };
        let readings = first.readings();
        let sizes = first.met(&readings, swings);
        let size: f64 = sizes.iter().map(|(size, share)| size * share).sum();
        let turns = (first.gaps / replicas).max(0.02);
        let varies = first.variation / ahead.group + swings;
        let uneven = (turns + varies) / (1.0 + varies);
        // Prompts of scattered lengths are cut where a step is full, so that steps take work and not prompts.
        let deep = 1.0 + (most - 1.0) * libm::exp(-100.0 * first.lengths.variation());
        let often_more = libm::pow(full, deep);
        let mut more = with / 2.0 * size * uneven / (most.sqrt() * (1.0 - full));
        let mut ends = 0.0;
        if let Some(users) = first.users {
            let all = ((users - 1.0) * ahead.with / ahead.group - with * size / 2.0).max(0.0);
            more = more.min(all / 2.0);
            // Beyond some means nobody is left in line.
            ends = (1.0 - (all / more.max(1e-15) - 2.0) / 3.0).clamp(0.0, 1.0);
        }
        let in_step = if first.users.is_some() && !first.apart { ahead.in_step } else { 0.0 };
        let late = ahead.delay / with.max(1e-12);
        let bound = in_step / (1.0 + late * late);
        let soon = (ahead.reads * (1.0 + ahead.delay / ahead.without.max(1e-12))).min(load);
        let rest = [uneven / 2.0, (1.0 - late).max(0.5)];
        let ways = [(false, 1.0 - bound, load), (true, bound, soon)];
        let waits = Waits { ways, often: 1.0, rest, more: (often_more, more) };
        let waits = if first.users.is_some() {
            waits.among_users(first.queue, with * size, load)
        } else {
            waits.of_mean(first.queue, with * size)
        };
        let come = [rate * first.without, rate * with];
        let company = load * come[1] * size + (1.0 - load) * come[0];
        let shared = if replicas > 1.0 { (1.0 - 1.0 / (replicas * replicas)) / 6.0 } else { 0.0 };
        Self {
            first,
            readings,
            sizes,
            waits,
            come,
            disperses: first.gaps / replicas + shared,
            each: if company > 1e-9 { first.beside / company } else { 0.0 },
            ends,
        }
    }

    /// Requests of which this share comes at random, and which take no less than `from`.
    fn random(&self, parts: &mut Vec<Part>, from: f64, share: f64) {
        let (step, apart) = (self.first.step, self.first.apart);
        let cap = (self.first.ahead.most - 1.0).max(0.0);
        let after = from + if apart { step } else { 0.0 };
        let Waits { ways, often, rest, more } = self.waits;
        for (at_once, way, reads) in ways {
            let share = share * way;
            if share <= 0.0 {
                continue;
            }
            let found = reads * often;
            // A decode step that is under way: nobody waits for one who waits for a reading.
            let wait = if apart { step } else { step / (1.0 - reads).max(1e-3) };
            let mut add = |share: f64, from: f64, width: f64, more: (f64, f64)| {
                parts.push(Part { share, from, width, more });
            };
            for (others, part) in self.number(self.come[0], cap) {
                let from = from + self.each * others;
                let (from, width) = if at_once { (from + wait, 0.0) } else { (from, 2.0 * wait) };
                add(share * (1.0 - reads) * part, from, width, (0.0, 0.0));
            }
            if reads > found {
                add(share * (reads - found), after + self.each * self.come[1].min(cap), 0.0, (0.0, 0.0));
            }
            if found <= 0.0 {
                continue;
            }
            for &(size, met) in &self.sizes {
                let rest = self.first.ahead.with * size * if at_once { rest[1] } else { rest[0] };
                for (others, part) in self.number(self.come[1] * size, cap) {
                    let (share, from) = (share * found * met * part, after + self.each * others);
                    let (from, width) = if at_once { (from + rest, 0.0) } else { (from, 2.0 * rest) };
                    let (often, more) = more;
                    if self.first.users.is_some() {
                        add(share * (1.0 - often), from, width, (0.0, 0.0));
                        add(share * often * self.ends, from, width + 2.0 * more, (0.0, 0.0));
                        add(share * often * (1.0 - self.ends), from, width, (1.0, more));
                    } else {
                        add(share, from, width, (often, more));
                    }
                }
            }
        }
    }

    /// Numbers of others with their probabilities, of this mean and at most so many.
    fn number(&self, mean: f64, most: f64) -> Numbers {
        Numbers::new(mean, self.disperses, most)
    }
}

/// Numbers with their probabilities.
struct Numbers {
    all: [(f64, f64); 8],
    at: usize,
    count: usize,
}

impl Numbers {
    fn new(mean: f64, disperses: f64, most: f64) -> Self {
        let mut all = [(0.0, 0.0); 8];
        let mut fill = |from: &mut dyn Iterator<Item = (f64, f64)>| {
            let mut count = 0;
            for (place, own) in all.iter_mut().zip(from) {
                *place = own;
                count += 1;
            }
            count
        };
        let whole = libm::floor(mean);
        let part = mean - whole;
        let variance = (mean * disperses).max(part * (1.0 - part));
        let count = if mean < 1e-6 || most <= 0.0 {
            fill(&mut [(0.0, 1.0)].into_iter())
        } else if mean < 2.5 && disperses > 0.95 {
            // Poisson; the last stands for all that are more.
            let (mut next, mut left) = (libm::exp(-mean), 1.0);
            fill(&mut (0..8).map(|number| {
                let own = if number == 7 { left } else { next };
                left -= own;
                next *= mean / f64::from(number + 1);
                (f64::from(number).min(most), own)
            }))
        } else if mean < 1.0 && variance <= part * (1.0 - part) * 1.05 {
            fill(&mut [(0.0, 1.0 - mean), (1.0_f64.min(most), mean)].into_iter())
        } else {
            let apart = variance.sqrt();
            fill(&mut NORMAL.iter().map(|(at, share)| ((mean + apart * at).clamp(0.0, most), *share)))
        };
        Self { all, at: 0, count }
    }
}

impl Iterator for Numbers {
    type Item = (f64, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let own = self.all.get(self.at).copied().filter(|_| self.at < self.count);
        self.at += 1;
        own
    }
}

/// Requests with answers of one length.
#[derive(Clone, Copy, Debug)]
struct Answers {
    /// Share of all requests.
    share: f64,
    /// Time per token with nobody else.
    from: f64,
    /// What others add on average, and how much that varies.
    mean: f64,
    variance: f64,
}

impl Answers {
    /// Share of them whose tokens take no longer.
    fn within(&self, time: f64) -> f64 {
        gamma(time - self.from, self.mean, self.variance)
    }
}

impl Token {
    /// What the last step yields beyond an answer of so many tokens, on average and in answers: half of a step but for its first.
    fn beyond(&self, tokens: f64) -> f64 {
        (self.yields - 1.0) / 2.0 / tokens.max(1.0)
    }

    /// Answers by length; none where there is only one token.
    fn parts(&self) -> Vec<Answers> {
        if self.tokens < 1.0 {
            return Vec::new();
        }
        let lengths = if self.lengths.is_equal() { vec![(1.0, 1.0)] } else { self.lengths.points(&SHORT) };
        let slows = self.slope * self.others;
        let step = self.alone + slows;
        let elastic = ((self.stalls + slows) / self.mean).min(0.95);
        let one = |(length, share): (f64, f64)| {
            // The first token is no token after the first.
            let tokens = (self.tokens * length + length - 1.0).max(1.0);
            let stays = tokens / self.tokens;
            let come = self.come * stays;
            let each = (self.stalls * self.tokens / self.come.max(1e-9)).min(self.most) / tokens;
            let (slope, half) = (self.slope, self.slope / 2.0);
            let rest = step * self.beyond(tokens);
            let variance = match self.disperses {
                Some(disperses) => {
                    let there = self.others * slope * slope / 3.0 / stays.clamp(0.3, 1.0);
                    let during = come * ((each + half) * (each + half) + slope * slope / 12.0);
                    disperses / libm::pow(1.0 - elastic, 1.5) * (during + there)
                }
                None => {
                    // Of those who come once in a round this share has come.
                    let round = stays.min(1.0);
                    self.others * (round * (1.0 - round) + 0.02) * each * each
                }
            };
            Answers {
                share,
                from: (self.alone + step * (self.beyond(tokens) - self.beyond(self.tokens))).max(0.0),
                mean: self.stalls + slows,
                variance: variance + come * each * each * self.variation + rest * rest / 3.0,
            }
        };
        lengths.into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_law_and_back() {
        for (share, at) in
            [(0.5, 0.0), (0.95, 1.644_853_627), (0.01, -2.326_347_874), (0.001, -3.090_232_306)]
        {
            assert!((normal(share) - at).abs() < 1e-8, "{share}: {}", normal(share));
        }
    }

    #[test]
    fn a_gamma_law_of_one_is_exponential() {
        // 1 - exp(-x): the median is ln 2 and 95 in 100 are below 2.9957. The cube is within a hundredth.
        assert!((gamma(std::f64::consts::LN_2, 1.0, 1.0) - 0.5).abs() < 0.01);
        assert!((gamma(2.995_7, 1.0, 1.0) - 0.95).abs() < 0.003);
        assert!(gamma(0.9, 1.0, 0.0) < 0.5 && gamma(1.0, 1.0, 0.0) > 0.5);
    }

    #[test]
    fn waits_have_the_means_of_their_parts() {
        // The mean is the integral of the share that is still waiting.
        for part in [
            Part { share: 1.0, from: 1.0, width: 2.0, more: (0.0, 0.0) },
            Part { share: 1.0, from: 1.0, width: 2.0, more: (0.4, 3.0) },
            Part { share: 1.0, from: 1.0, width: 0.0, more: (0.4, 3.0) },
        ] {
            let step = 1e-3;
            let mean: f64 = (0..60_000).map(|at| (1.0 - part.within(f64::from(at) * step)) * step).sum();
            let known = part.from + part.width / 2.0 + part.more.0 * part.more.1;
            assert!((mean - known).abs() < 2e-3, "{part:?}: {mean} is not {known}");
        }
    }

    #[test]
    fn numbers_have_their_mean_and_sum_to_one() {
        for (mean, disperses) in [(0.0, 1.0), (0.3, 1.0), (1.7, 1.0), (0.3, 0.2), (6.0, 1.0), (6.0, 0.3)] {
            let all: Vec<(f64, f64)> = Numbers::new(mean, disperses, 100.0).collect();
            let sum: f64 = all.iter().map(|(_, share)| share).sum();
            let own: f64 = all.iter().map(|(number, share)| number * share).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{mean}: {sum}");
            assert!((own - mean).abs() < 0.03 * mean + 1e-3, "{mean}: {own}");
        }
    }

    #[test]
    fn a_convex_curve_is_between_its_chord_and_its_ends() {
        // A floor of 1 until 4, then a slope of 1.
        let floor = |x: f64| larger(1.0, x - 3.0);
        let known = [1.0, 3.0, 9.0, 27.0].map(|x| (x, floor(x)));
        for x in [2.0, 4.0, 6.0, 8.0, 20.0] {
            assert!((between(&known, x) / floor(x) - 1.0).abs() < 0.6, "{x}: {}", between(&known, x));
        }
        assert!((between(&known, 3.0) - 1.0).abs() < 1e-9 && (between(&known, 9.0) - 6.0).abs() < 1e-9);
    }
}

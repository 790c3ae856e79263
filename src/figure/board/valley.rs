//! What a metric comes to over all ways to share out the chips of two pools, which of them keep the service level, and which
//! is best.
//!
//! Up to [`MOST`] ways are all evaluated, coarse ones first; of more, those a power of two apart, so that whole nodes are
//! among them, and then, around the best, ever nearer ones.

use std::collections::{BTreeMap, BTreeSet};

use super::Exchange;
use crate::evaluate::{Evaluation, evaluate};
use crate::explore::{Miss, holds, miss};
use crate::machine::constants;
use crate::metric::Metric;
use crate::report::words;
use crate::scenario::{Limit, Scenario, Slo};
use crate::units::Seconds;

/// Ways that are all evaluated.
const MOST: u32 = 320;
/// A metric this many times worse than the best is as high as the valley goes.
const STEEP: f64 = 3.0;
/// A metric that varies less than this over all ways is not stretched to the whole height.
const FLAT: f64 = 1.1;

/// How a way keeps the service level, with the reserve used up where the scenario keeps one.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It does.
    Meets,
    /// It is late by this factor.
    Late(Miss, f64),
    /// More is offered than it can serve.
    Overloaded,
    /// Nothing runs, for this reason.
    Refused(String),
}

/// One way, evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Each metric, in the order of [`Metric::ALL`], where it has a value.
    values: [Option<f64>; Metric::ALL.len()],
    /// How it keeps the service level.
    pub standing: Standing,
}

impl Point {
    fn of(scenario: &Scenario) -> Self {
        let evaluation = match evaluate(scenario) {
            Ok(evaluation) => evaluation,
            Err(refusal) => {
                let standing = Standing::Refused(words::refusal(&refusal));
                return Self { values: [None; Metric::ALL.len()], standing };
            }
        };
        let values = Metric::ALL.map(|metric| metric.read(&evaluation).ok().map(|own| own.value));
        Self { values, standing: standing(scenario, &evaluation) }
    }

    /// A metric, where it has a value.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let place = Metric::ALL.iter().position(|own| *own == metric)?;
        self.values[place].filter(|value| value.is_finite() && *value > 0.0)
    }

    /// Whether it keeps the service level.
    #[must_use]
    pub fn meets(&self) -> bool {
        self.standing == Standing::Meets
    }

    /// How late it is, at most: 1 where it is not, without end where it serves nothing.
    fn late(&self) -> f64 {
        match self.standing {
            Standing::Meets => 1.0,
            Standing::Late(_, factor) => factor,
            Standing::Overloaded | Standing::Refused(_) => f64::INFINITY,
        }
    }
}

fn standing(scenario: &Scenario, evaluation: &Evaluation) -> Standing {
    let slo = &scenario.slo;
    let (missed, evaluation) = if scenario.reserve.is_default() {
        (miss(slo, evaluation), Some(evaluation.clone()))
    } else {
        let held = holds(scenario, evaluation, constants());
        (held.miss, held.evaluation)
    };
    match (missed, evaluation) {
        (None, _) => Standing::Meets,
        (Some(Miss::Saturated), _) | (_, None) => Standing::Overloaded,
        (Some(missed), Some(own)) => Standing::Late(missed, excess(slo, &own)),
    }
}

/// How many times over its limit the later of the two latencies is.
fn excess(slo: &Slo, own: &Evaluation) -> f64 {
    let over = |limit: Option<Limit>, value: fn(&Evaluation, &Limit) -> Seconds| {
        limit.map_or(1.0, |limit| value(own, &limit) / limit.at)
    };
    let ttft = over(slo.ttft, |own, limit| own.steady.ttft_of(limit.percentile));
    let tpot = over(slo.tpot, |own, limit| own.steady.tpot_of(limit.percentile));
    ttft.max(tpot).max(1.0)
}

/// The way that is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The way.
    pub way: u32,
    /// What the metric comes to there, where it has a value.
    pub value: Option<f64>,
    /// Whether the service level is kept there. Where no way keeps it, the least late is marked.
    pub meets: bool,
}

/// A metric over all ways, as far as they are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Valley {
    /// Any scenario on it.
    base: Scenario,
    /// The ways.
    exchange: Exchange,
    /// Ways that are to be evaluated, the next one last.
    waiting: Vec<u32>,
    points: BTreeMap<u32, Point>,
}

/// Between ways that are all evaluated, as a power of two.
fn stride(exchange: &Exchange) -> u32 {
    let mut stride = 1;
    while exchange.ways() / stride > MOST {
        stride *= 2;
    }
    stride
}

/// The ways that are all evaluated, the last one first: both ends, then ever nearer ones.
fn coarse_first(exchange: &Exchange) -> Vec<u32> {
    let (stride, last) = (stride(exchange), exchange.ways() - 1);
    let all = last / stride + 2;
    // The first pool holds one chip more than the number of the way: whole nodes are multiples of the stride.
    let way = |at: u32| (at * stride).saturating_sub(1).min(last);
    let mut order = Vec::new();
    let mut known = BTreeSet::new();
    let mut apart = all.next_power_of_two();
    while apart > 0 {
        order.extend((0..=all).step_by(apart as usize).map(way).filter(|&way| known.insert(way)));
        apart /= 2;
    }
    order.reverse();
    order
}

impl Valley {
    /// All ways of a scenario, none of them evaluated yet.
    #[must_use]
    pub fn new(scenario: &Scenario, exchange: &Exchange) -> Self {
        // Two scenarios that differ by their way only are on one valley.
        let base = exchange.at(scenario, 0);
        Self { base, exchange: exchange.clone(), waiting: coarse_first(exchange), points: BTreeMap::new() }
    }

    /// The ways.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Whether the other is over the same ways of the same scenario.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.base == other.base && self.exchange == other.exchange
    }

    /// A way, where it is evaluated.
    #[must_use]
    pub fn point(&self, way: u32) -> Option<&Point> {
        self.points.get(&way)
    }

    /// A way, evaluated now where it is not yet.
    #[must_use]
    pub fn evaluated(&self, way: u32) -> Point {
        self.points.get(&way).cloned().unwrap_or_else(|| Point::of(&self.at(way)))
    }

    /// Where a way stands on the line of a metric: the share of the first pool and the height. Between two ways that are
    /// evaluated it is on the straight line.
    #[must_use]
    pub fn spot(&self, way: u32, metric: Metric) -> Option<(f64, f64)> {
        let share = self.exchange.share(way);
        let lines = self.line(metric);
        let pairs = lines.iter().flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])));
        let alone = lines.iter().filter(|line| line.len() == 1).map(|line| (line[0], line[0]));
        let (from, to) = pairs.chain(alone).find(|(from, to)| from.0 <= share && share <= to.0)?;
        let part = if to.0 > from.0 { (share - from.0) / (to.0 - from.0) } else { 0.0 };
        Some((share, from.1 + part * (to.1 - from.1)))
    }

    /// How many ways are evaluated.
    #[must_use]
    pub fn known(&self) -> usize {
        self.points.len()
    }

    /// The scenario at a way.
    #[must_use]
    pub fn at(&self, way: u32) -> Scenario {
        self.exchange.at(&self.base, way)
    }

    /// Evaluates one more way; `false` where none is left that matters to the metric.
    pub fn step(&mut self, metric: Metric) -> bool {
        let Some(way) = self.next(metric) else { return false };
        self.points.insert(way, Point::of(&self.at(way)));
        true
    }

    /// The way that is to be evaluated next.
    fn next(&mut self, metric: Metric) -> Option<u32> {
        if let Some(way) = self.waiting.pop() {
            return Some(way);
        }
        let last = self.exchange.ways() - 1;
        let mut near = stride(&self.exchange) / 2;
        while near > 0 {
            let best = self.mark(metric)?.way;
            let around = [best.saturating_sub(near), (best + near).min(last)];
            let missing = around.into_iter().find(|way| !self.points.contains_key(way));
            if missing.is_some() {
                return missing;
            }
            near /= 2;
        }
        None
    }

    /// The best way by a metric among those that keep the service level, else the one that is least late. Of equals the
    /// first.
    #[must_use]
    pub fn mark(&self, metric: Metric) -> Option<Mark> {
        let cost = |value: f64| if metric.more_is_better() { -value } else { value };
        let kept = self.points.iter().filter(|(_, point)| point.meets());
        let kept = kept.filter_map(|(&way, point)| Some((way, point.value(metric)?)));
        let best = kept.reduce(|best, own| if cost(own.1) < cost(best.1) { own } else { best });
        if let Some((way, value)) = best {
            return Some(Mark { way, value: Some(value), meets: true });
        }
        if self.points.values().any(Point::meets) {
            return None;
        }
        let late = self.points.iter().filter(|(_, point)| point.late().is_finite());
        let least = late.reduce(|least, own| if own.1.late() < least.1.late() { own } else { least });
        least.map(|(&way, point)| Mark { way, value: point.value(metric), meets: false })
    }

    /// The metric along the ways: share of the first pool, and height between 0 and 1 on a scale of equal ratios. One that
    /// is far worse than the best is as high, or as low, as the picture. The line breaks where there is no value.
    #[must_use]
    pub fn line(&self, metric: Metric) -> Vec<Vec<(f64, f64)>> {
        let values = || self.points.values().filter_map(|own| own.value(metric));
        let (low, high) =
            values().fold((f64::INFINITY, 0.0_f64), |(low, high), own| (low.min(own), high.max(own)));
        let (low, high) = if metric.more_is_better() {
            (low.max(high / STEEP), high)
        } else {
            (low, high.min(low * STEEP))
        };
        let (middle, half) = (libm::sqrt(low * high), libm::sqrt(FLAT));
        let (low, high) = (low.min(middle / half), high.max(middle * half));
        let whole = libm::log(high / low);
        let height = |value: f64| (libm::log(value / low) / whole).clamp(0.0, 1.0);
        let mut lines = vec![Vec::new()];
        for (&way, own) in &self.points {
            match (own.value(metric), lines.last_mut()) {
                (Some(value), Some(line)) => line.push((self.exchange.share(way), height(value))),
                (None, Some(line)) if !line.is_empty() => lines.push(Vec::new()),
                _ => {}
            }
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Ranges of shares in which the service level is not kept, each with whether anything runs there at all; the ends of the
    /// first and last reach to the ends of the picture.
    #[must_use]
    pub fn failing(&self) -> Vec<(f64, f64, bool)> {
        let points: Vec<(f64, &Point)> =
            self.points.iter().map(|(&way, own)| (self.exchange.share(way), own)).collect();
        let kind = |own: &Point| (!own.meets()).then(|| own.late().is_finite());
        let edge = |at: usize| match (at.checked_sub(1).and_then(|before| points.get(before)), points.get(at))
        {
            (Some((before, _)), Some((after, _))) => f64::midpoint(*before, *after),
            (None, _) => 0.0,
            (_, None) => 1.0,
        };
        let mut ranges: Vec<(f64, f64, bool)> = Vec::new();
        for (at, (_, own)) in points.iter().enumerate() {
            let Some(runs) = kind(own) else { continue };
            let (from, to) = (edge(at), edge(at + 1));
            match ranges.last_mut() {
                Some(last) if last.1 >= from && last.2 == runs => last.1 = to,
                _ => ranges.push((from, to, runs)),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Knob, sweep};
    use crate::figure::board::Kept;
    use crate::figure::curves::SAMPLES;
    use crate::scenario::link;

    fn filled(text: &str, kept: Kept, metric: Metric) -> Valley {
        let scenario = link::parse(text).scenario;
        let mut valley = Valley::new(&scenario, &Exchange::of(&scenario, 0, kept).unwrap());
        while valley.step(metric) {}
        valley
    }

    #[test]
    fn the_values_are_those_of_the_curve_over_the_mix() {
        for text in [
            "v1",
            "v1&model=llama3-8b&prefill=h100-sxm*4:tp2&decode=h200*20:tp4&rate=12",
            "v1&model=llama3-8b&isl=2k&prefill=h100-sxm*8&decode=h200*190",
        ] {
            let scenario = link::parse(text).scenario;
            let valley = filled(text, Kept::Chips, Metric::CostTotal);
            let curve = sweep(&scenario, Knob::Mix, &Knob::Mix.values(&scenario, SAMPLES));
            assert!(curve.len() >= 15);
            let mut compared = 0;
            for sample in curve {
                // Samples that close in on a wall stand between the ways.
                let way = valley.exchange().nearest(sample.x);
                let same = (valley.exchange().share(way) - sample.x).abs() < 1e-9;
                let Some(point) = valley.point(way).filter(|_| same) else { continue };
                for metric in Metric::ALL {
                    let own = sample.result.as_ref().ok().and_then(|own| metric.read(own).ok());
                    let own = own.map(|own| own.value).filter(|own| own.is_finite() && *own > 0.0);
                    assert_eq!(point.value(metric), own, "{text} {metric:?} {}", sample.x);
                }
                compared += 1;
            }
            assert!(compared >= 15, "{text}");
        }
    }

    #[test]
    fn the_mark_is_the_best_that_keeps_the_service_level() {
        for (text, kept) in [("v1", Kept::Chips), ("v1&ttft=1.3s", Kept::Dollars), ("v1&rate=2", Kept::Power)]
        {
            for metric in [Metric::CostTotal, Metric::ThroughputPerChip, Metric::Ttft] {
                let valley = filled(text, kept, metric);
                let mark = valley.mark(metric).unwrap();
                assert!(mark.meets);
                let slo = valley.at(mark.way).slo;
                let best = mark.value.unwrap();
                for way in 0..valley.exchange().ways() {
                    let Ok(own) = evaluate(&valley.at(way)) else { continue };
                    if miss(&slo, &own).is_some() {
                        continue;
                    }
                    let value = metric.read(&own).unwrap().value;
                    let no_better = if metric.more_is_better() { value <= best } else { value >= best };
                    assert!(no_better, "{text} {metric:?}: {value} at {way}, {best} at {}", mark.way);
                }
            }
        }
    }

    #[test]
    fn where_no_way_keeps_the_service_level_the_least_late_is_marked() {
        let valley = filled("v1&ttft=30ms", Kept::Chips, Metric::CostTotal);
        let mark = valley.mark(Metric::CostTotal).unwrap();
        assert!(!mark.meets);
        let late = valley.point(mark.way).unwrap().late();
        assert!(late > 1.0 && valley.points.values().all(|own| own.late() >= late));
        assert!(matches!(valley.failing()[..], [(0.0, _, false), .., (_, 1.0, _)]));
    }

    #[test]
    fn the_ends_that_cannot_serve_are_told() {
        let valley = filled("v1", Kept::Chips, Metric::CostTotal);
        let failing = valley.failing();
        assert_eq!(failing.first().map(|own| (own.0, own.2)), Some((0.0, false)), "{failing:?}");
        assert_eq!(failing.last().map(|own| own.1), Some(1.0), "{failing:?}");
        assert!(failing.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{failing:?}");
        let mark = valley.exchange().share(valley.mark(Metric::CostTotal).unwrap().way);
        assert!(failing.iter().all(|(from, to, _)| mark < *from || mark > *to));
        let line: Vec<(f64, f64)> = valley.line(Metric::CostTotal).concat();
        assert!(line.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(line.iter().all(|(_, height)| (0.0..=1.0).contains(height)));
        assert!(line.iter().any(|(_, height)| *height == 0.0), "the best is at the bottom");
        for way in valley.points.keys() {
            let spot = valley.spot(*way, Metric::CostTotal);
            let own = line.iter().copied().find(|own| Some(own.0) == spot.map(|spot| spot.0));
            assert_eq!(spot.is_some(), own.is_some(), "{way}");
            assert!(spot.zip(own).is_none_or(|(one, two)| (one.1 - two.1).abs() < 1e-12), "{way}");
        }
    }

    #[test]
    fn many_ways_are_narrowed_down() {
        let text = "v1&model=llama3-8b&isl=2k&concurrency=4000&prefill=h100-sxm*512&decode=h200*512";
        let valley = filled(text, Kept::Chips, Metric::CostTotal);
        assert_eq!(valley.exchange().ways(), 1023);
        assert!((256..300).contains(&valley.known()), "{}", valley.known());
        let mark = valley.mark(Metric::CostTotal).unwrap();
        let (value, slo) = (mark.value.unwrap(), valley.at(0).slo);
        let costs = (0..1023_u32).filter_map(|way| {
            let own = evaluate(&valley.at(way)).ok().filter(|own| miss(&slo, own).is_none())?;
            Metric::CostTotal.read(&own).ok()
        });
        let least = costs.map(|own| own.value).fold(f64::INFINITY, f64::min);
        assert!(value <= 1.01 * least, "{value} {least}");
    }
}

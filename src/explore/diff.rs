//! The difference between two scenarios, attributed to what changed.
//!
//! The share of a change is its mean effect over all orders in which the changes can be made (the Shapley value), so the
//! shares add up to the whole difference and no order is favoured. With many changes the mean is over the order of the
//! table and its reverse. Changes that only make a scenario together, such as another model and the chips that hold it,
//! count as one.

use serde::Serialize;

use super::shape::Shape;
use crate::evaluate::evaluate_with;
use crate::machine::constants;
use crate::metric::Metric;
use crate::scenario::Scenario;
use crate::serve::{Binding, Refusal};

/// Most changes of which all orders are tried: each more doubles the evaluations.
const MOST_EXACT: usize = 7;

/// A part of a scenario that can change by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// The model, with the one that the scenario brings along.
    Model,
    /// Format of the weights and experts.
    Weights,
    /// Format of the KV cache.
    Kv,
    /// Input length.
    Isl,
    /// Output length.
    Osl,
    /// Spread of lengths.
    Spread,
    /// Prefix cache hit rate.
    Hit,
    /// Users or requests.
    Load,
    /// Serving software.
    Engine,
    /// The pools altogether, where the splits differ.
    Split,
    /// Chips of the pool at this place, prefill first: kind and, where they differ too, layout.
    Chip(usize),
    /// Number of chips of the pool at this place.
    Chips(usize),
    /// Layout of the pool at this place.
    Layout(usize),
    /// Link between pools.
    Link,
    /// Service level, which layouts are chosen for.
    Slo,
    /// Prices.
    Pricing,
    /// Chips that the scenario brings along.
    Custom,
}

/// The part of a difference that is put down to a change, or to several that only go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// What changed.
    pub aspects: Vec<Aspect>,
    /// Change of the metric, in its base unit.
    pub change: f64,
}

/// The difference of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The metric.
    pub metric: Metric,
    /// Its value before.
    pub before: f64,
    /// Its value after.
    pub after: f64,
    /// What limits it before and after.
    pub limits: [Binding; 2],
    /// What the difference is put down to, largest first. The shares add up to `after - before`.
    pub shares: Vec<Share>,
}

/// The difference between two scenarios.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// What changed, in the order of the table.
    pub aspects: Vec<Aspect>,
    /// The metrics that have a value on both sides.
    pub differences: Vec<Difference>,
    /// Metrics without a value on one side, with the reason.
    pub absent: Vec<(Metric, String)>,
    /// Whether all orders of the changes were tried, rather than one and its reverse.
    pub exact: bool,
}

/// All metrics of a scenario, or why one has no value.
type Readings = Vec<Result<(f64, Binding), String>>;

/// Puts the difference between two scenarios down to what changed.
///
/// ```
/// use tandem::explore::diff;
/// use tandem::scenario::link;
///
/// let before = link::parse("v1&model=llama3-8b&pool=h100-sxm*1").scenario;
/// let after = link::parse("v1&model=llama3-8b&pool=h200*1&isl=16k").scenario;
/// let told = diff(&before, &after)?;
/// for own in &told.differences {
///     let shares: f64 = own.shares.iter().map(|share| share.change).sum();
///     assert!((own.after - own.before - shares).abs() <= 1e-9 * own.after.abs().max(own.before.abs()));
/// }
/// # Ok::<(), tandem::serve::Refusal>(())
/// ```
///
/// # Errors
/// The refusal of the first of the two that cannot be served.
pub fn diff(before: &Scenario, after: &Scenario) -> Result<Diff, Refusal> {
    let aspects = changed(before, after);
    let tables = constants();
    let read = |scenario: &Scenario| -> Result<Readings, Refusal> {
        let evaluation = evaluate_with(scenario, tables)?;
        let metrics = Metric::ALL.into_iter();
        Ok(metrics
            .map(|metric| metric.read(&evaluation).map(|own| (own.value, metric.limit(&evaluation))))
            .collect())
    };
    let (first, last) = (read(before)?, read(after)?);

    // Changes that cannot be made one by one are made together, the smallest groups that work.
    let mut groups: Vec<Vec<Aspect>> = aspects.iter().map(|&own| vec![own]).collect();
    let (steps, exact) = loop {
        let exact = groups.len() <= MOST_EXACT;
        let paths = if exact { Paths::lattice(groups.len()) } else { Paths::two(groups.len()) };
        let states: Vec<Option<Vec<Option<f64>>>> = paths
            .states
            .iter()
            .map(|state| {
                let mut scenario = before.clone();
                for (index, group) in groups.iter().enumerate() {
                    if state.get(index) == Some(&true) {
                        for &aspect in group {
                            take(&mut scenario, after, aspect);
                        }
                    }
                }
                read(&scenario).ok().map(|own| own.into_iter().map(|own| own.ok().map(|own| own.0)).collect())
            })
            .collect();
        match states.iter().position(Option::is_none) {
            None => break (paths.steps(&states), exact),
            Some(failed) => {
                let state = paths.states.get(failed).cloned().unwrap_or_default();
                groups = merged(groups, &state);
            }
        }
    };

    let mut differences = Vec::new();
    let mut absent = Vec::new();
    for (index, metric) in Metric::ALL.into_iter().enumerate() {
        match (first.get(index), last.get(index)) {
            (Some(Ok(before)), Some(Ok(after))) => {
                let mut shares: Vec<Share> = groups
                    .iter()
                    .enumerate()
                    .map(|(group, aspects)| Share {
                        aspects: aspects.clone(),
                        change: steps.get(group).and_then(|own| own.get(index)).copied().unwrap_or(0.0),
                    })
                    .collect();
                settle(&mut shares, after.0 - before.0);
                shares.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
                let limits = [before.1, after.1];
                differences.push(Difference { metric, before: before.0, after: after.0, limits, shares });
            }
            (Some(Err(reason)), _) | (_, Some(Err(reason))) => absent.push((metric, reason.clone())),
            _ => {}
        }
    }
    Ok(Diff { aspects, differences, absent, exact })
}

/// Puts what is lost to rounding, or to a metric that has no value half-way, on the largest share.
fn settle(shares: &mut [Share], whole: f64) {
    let sum: f64 = shares.iter().map(|own| own.change).sum();
    if let Some(largest) = shares.iter_mut().max_by(|a, b| a.change.abs().total_cmp(&b.change.abs())) {
        largest.change += whole - sum;
    }
}

/// The first group that a failed state has changed goes together with the first that it has not.
fn merged(mut groups: Vec<Vec<Aspect>>, state: &[bool]) -> Vec<Vec<Aspect>> {
    let made = state.iter().position(|&own| own);
    let open = state.iter().position(|&own| !own);
    // The two ends can be served, so a failed state has both kinds.
    let (Some(made), Some(open)) = (made, open) else { return groups };
    if made >= groups.len() || open >= groups.len() {
        return groups;
    }
    let other = groups.remove(made.max(open));
    if let Some(group) = groups.get_mut(made.min(open)) {
        group.extend(other);
        group.sort();
    }
    groups
}

/// The states that scenarios pass through between two ends, and the steps between them with their weights.
struct Paths {
    states: Vec<Vec<bool>>,
    /// Change, state before and after, weight.
    edges: Vec<(usize, usize, usize, f64)>,
    changes: usize,
}

impl Paths {
    /// All orders: every set of changes, each step weighed by the share of orders that take it.
    fn lattice(changes: usize) -> Self {
        let sets = 1_usize << changes;
        let made = |set: usize, change: usize| set >> change & 1 == 1;
        let states = (0..sets).map(|set| (0..changes).map(|change| made(set, change)).collect()).collect();
        let factorial = |n: usize| (1..=n).fold(1.0, |product, own| product * own as f64);
        let mut edges = Vec::new();
        for set in 0..sets {
            let size = set.count_ones() as usize;
            for change in (0..changes).filter(|&change| !made(set, change)) {
                let weight = factorial(size) * factorial(changes - size - 1) / factorial(changes);
                edges.push((change, set, set | 1 << change, weight));
            }
        }
        Self { states, edges, changes }
    }

    /// One order and its reverse.
    fn two(changes: usize) -> Self {
        let forward = (0..=changes).map(|count| (0..changes).map(|change| change < count).collect());
        let backward =
            (0..=changes).map(|count| (0..changes).map(|change| change >= changes - count).collect());
        let mut edges: Vec<_> = (0..changes).map(|change| (change, change, change + 1, 0.5)).collect();
        let second = changes + 1;
        edges.extend((0..changes).map(|step| (changes - 1 - step, second + step, second + step + 1, 0.5)));
        Self { states: forward.chain(backward).collect(), edges, changes }
    }

    /// The weighed mean effect of each change on each metric.
    fn steps(&self, states: &[Option<Vec<Option<f64>>>]) -> Vec<Vec<f64>> {
        let mut steps = vec![vec![0.0; Metric::ALL.len()]; self.changes];
        let value = |state: usize, metric: usize| *states.get(state)?.as_ref()?.get(metric)?;
        for &(change, from, to, weight) in &self.edges {
            let Some(place) = steps.get_mut(change) else { continue };
            for (metric, sum) in place.iter_mut().enumerate() {
                if let (Some(before), Some(after)) = (value(from, metric), value(to, metric)) {
                    *sum += weight * (after - before);
                }
            }
        }
        steps
    }
}

/// What differs between two scenarios, in the order of the table. The seed changes no figure in steady state.
#[must_use]
pub fn changed(before: &Scenario, after: &Scenario) -> Vec<Aspect> {
    let mut all = vec![
        Aspect::Model,
        Aspect::Weights,
        Aspect::Kv,
        Aspect::Isl,
        Aspect::Osl,
        Aspect::Spread,
        Aspect::Hit,
        Aspect::Load,
        Aspect::Engine,
        Aspect::Link,
        Aspect::Slo,
        Aspect::Pricing,
        Aspect::Custom,
    ];
    let alike = Shape::of(&before.split) == Shape::of(&after.split)
        && std::mem::discriminant(&before.split) == std::mem::discriminant(&after.split);
    if alike {
        for place in 0..before.split.pools().len() {
            all.extend([Aspect::Chip(place), Aspect::Chips(place), Aspect::Layout(place)]);
        }
    } else {
        all.push(Aspect::Split);
    }
    all.retain(|&aspect| {
        let mut changed = before.clone();
        take(&mut changed, after, aspect);
        changed != *before
    });
    all.sort();
    all
}

/// Takes one aspect over from another scenario.
fn take(scenario: &mut Scenario, from: &Scenario, aspect: Aspect) {
    let pool = |place: usize| from.split.pools().get(place).map(|&(_, pool)| pool.clone());
    match aspect {
        Aspect::Model => {
            scenario.model.clone_from(&from.model);
            scenario.custom.model.clone_from(&from.custom.model);
        }
        Aspect::Weights => {
            scenario.formats.weights = from.formats.weights;
            scenario.formats.experts = from.formats.experts;
        }
        Aspect::Kv => scenario.formats.kv = from.formats.kv,
        Aspect::Isl => scenario.workload.isl = from.workload.isl,
        Aspect::Osl => scenario.workload.osl = from.workload.osl,
        Aspect::Spread => scenario.workload.spread = from.workload.spread,
        Aspect::Hit => scenario.workload.hit = from.workload.hit,
        Aspect::Load => scenario.load = from.load,
        Aspect::Engine => scenario.engine = from.engine,
        Aspect::Split => scenario.split = from.split.clone(),
        Aspect::Chip(place) => {
            if let (Some(own), Some(other)) = (scenario.split.pools_mut().into_iter().nth(place), pool(place))
            {
                own.chip = other.chip;
            }
        }
        Aspect::Chips(place) => {
            if let (Some(own), Some(other)) = (scenario.split.pools_mut().into_iter().nth(place), pool(place))
            {
                own.chips = other.chips;
            }
        }
        Aspect::Layout(place) => {
            if let (Some(own), Some(other)) = (scenario.split.pools_mut().into_iter().nth(place), pool(place))
            {
                own.layout = other.layout;
            }
        }
        Aspect::Link => scenario.link = from.link,
        Aspect::Slo => scenario.slo = from.slo,
        Aspect::Pricing => scenario.pricing = from.pricing.clone(),
        Aspect::Custom => {
            scenario.custom.chips.clone_from(&from.custom.chips);
            scenario.custom.tuned.clone_from(&from.custom.tuned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::link;

    fn between(before: &str, after: &str) -> Diff {
        diff(&link::parse(before).scenario, &link::parse(after).scenario).unwrap()
    }

    #[test]
    fn shares_add_up_to_the_whole() {
        for (before, after) in [
            ("v1", "v1&isl=4k&concurrency=128&prefill=b200*8"),
            ("v1", "v1&pool=b200*8&model=gpt-oss-120b&weights=mxfp4"),
            (
                "v1",
                "v1&isl=4k&osl=512&hit=0.5&concurrency=32&engine=sglang&prefill=b200*4&decode=b200*4&ttft=1s",
            ),
            ("v1&model=llama3-8b&pool=h100-sxm*1:tp1", "v1&model=deepseek-v3&pool=b200*8:tp8"),
        ] {
            let diff = between(before, after);
            assert!(diff.differences.len() >= 10, "{after}");
            let (first, last) = (link::parse(before).scenario, link::parse(after).scenario);
            for own in &diff.differences {
                let sum: f64 = own.shares.iter().map(|share| share.change).sum();
                let scale = own.before.abs().max(own.after.abs());
                assert!((sum - (own.after - own.before)).abs() <= 1e-12 * scale, "{after}: {own:?}");
                let value =
                    |scenario: &Scenario| own.metric.read(&evaluate(scenario).unwrap()).unwrap().value;
                assert_eq!((value(&first), value(&last)), (own.before, own.after));
                let mut named: Vec<Aspect> =
                    own.shares.iter().flat_map(|share| share.aspects.clone()).collect();
                named.sort();
                assert_eq!(named, diff.aspects);
            }
        }
    }

    #[test]
    fn one_change_takes_all_and_none_takes_nothing() {
        let diff = between("v1", "v1&isl=4k");
        assert_eq!(diff.aspects, [Aspect::Isl]);
        assert!(diff.differences.iter().all(|own| own.shares.len() == 1));
        let same = between("v1", "v1&seed=7");
        assert!(same.aspects.is_empty() && same.exact);
        assert!(same.differences.iter().all(|own| own.shares.is_empty() && own.before == own.after));
    }

    #[test]
    fn a_price_changes_cost_and_nothing_else() {
        let diff = between("v1&pool=h200*8", "v1&pool=h200*8&rents=h200:7.7&concurrency=32");
        for own in &diff.differences {
            let price = own.shares.iter().find(|share| share.aspects == [Aspect::Pricing]).unwrap();
            let costs = matches!(
                own.metric,
                Metric::CostTotal
                    | Metric::CostInput
                    | Metric::CostOutput
                    | Metric::PerHour
                    | Metric::PerMonth
            );
            assert_eq!(price.change.abs() > 1e-12, costs, "{:?} {}", own.metric, price.change);
        }
    }

    #[test]
    fn the_way_back_has_opposite_signs() {
        let (there, back) =
            (between("v1", "v1&isl=4k&prefill=b200*8"), between("v1&isl=4k&prefill=b200*8", "v1"));
        for (one, other) in there.differences.iter().zip(&back.differences) {
            for share in &one.shares {
                let twin = other.shares.iter().find(|own| own.aspects == share.aspects).unwrap();
                assert!((twin.change + share.change).abs() <= 1e-9 * one.before.abs().max(one.after.abs()));
            }
        }
    }

    #[test]
    fn what_only_goes_together_counts_as_one() {
        let diff = between("v1&model=llama3-8b&pool=h100-sxm*1:tp1", "v1&model=deepseek-v3&pool=b200*8:tp8");
        assert!(diff.differences[0].shares.len() < diff.aspects.len());
    }

    #[test]
    fn a_scenario_that_cannot_be_served_has_no_difference() {
        let bad = link::parse("v1&model=deepseek-v3&pool=h100-sxm*1").scenario;
        assert!(diff(&Scenario::default(), &bad).is_err());
    }
}

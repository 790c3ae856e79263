//! The difference between two scenarios, attributed to what changed.
//!
//! What can change is what a link can say: the parts follow from the table of its keys, so a new key is a part of its own
//! until it is put beside another, and none is forgotten.
//!
//! The share of a change is its mean effect over all orders in which the changes can be made (the Shapley value), so the
//! shares add up to the whole difference and no order is favoured. With many changes the mean is over the order of the
//! table and its reverse. Changes that only make a scenario together, such as another model and the chips that hold it,
//! count as one; of a metric also those that only together leave it a value, such as more load and the chips to bear it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::shape::Shape;
use crate::evaluate::evaluate_with;
use crate::machine::{Constants, constants};
use crate::metric::Metric;
use crate::scenario::{Role, Scenario, link};
use crate::serve::{Binding, Refusal};

/// Most changes of which all orders are tried: each more doubles the evaluations.
const MOST_EXACT: usize = 7;

/// Changes below this share of the value are rounding, and count as none.
const NONE: f64 = 1e-9;

/// Keys of a link that change together, each under the first of its line. A key that stands in no line is on its own.
const TOGETHER: [&[&str]; 7] = [
    &["model", "arch"],
    &["weights", "experts"],
    &["spread", "lengths"],
    &["concurrency", "rate", "cv", "burst"],
    &["ttft", "tpot"],
    &["price", "estimate", "rents", "years", "interest", "network", "storage", "pue", "kwh", "util"],
    &["sessions", "agents"],
];

/// A part of a scenario that can change by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// What stands under a key of a link, and under those that change with it.
    Key(&'static str),
    /// The pools altogether, where the splits differ.
    Split,
    /// Chips of the pool at this place, prefill first: kind and, where they differ too, layout.
    Chip(usize),
    /// Number of chips of the pool at this place.
    Chips(usize),
    /// Layout of the pool at this place.
    Layout(usize),
}

impl Aspect {
    /// Of a key of a link; none of the keys of pools, which are told apart by what differs in them.
    fn of(key: &'static str) -> Option<Self> {
        let pool = key == "split" || Role::ALL.into_iter().any(|role| role.key() == key);
        let first = TOGETHER.iter().find(|keys| keys.contains(&key)).and_then(|keys| keys.first().copied());
        (!pool).then_some(Self::Key(first.unwrap_or(key)))
    }

    /// Where it stands in the order of the table: pools after all else, place by place.
    fn order(self) -> (usize, usize, usize) {
        match self {
            Self::Key(key) => (0, link::place_of(key).unwrap_or(usize::MAX), 0),
            Self::Split => (1, 0, 0),
            Self::Chip(place) => (2, place, 0),
            Self::Chips(place) => (2, place, 1),
            Self::Layout(place) => (2, place, 2),
        }
    }
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
    /// What the difference is put down to, largest first. The shares add up to `after - before`; what is only rounding is 0.
    pub shares: Vec<Share>,
}

/// A metric without a value on one side or both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Absent {
    /// The metric.
    pub metric: Metric,
    /// Why it has none before and after, where it has none.
    pub reasons: [Option<String>; 2],
}

impl Absent {
    /// Whether it has no value for the same reason on both sides.
    #[must_use]
    pub fn alike(&self) -> bool {
        matches!(&self.reasons, [Some(before), Some(after)] if before == after)
    }
}

/// The difference between two scenarios.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// What changed, in the order of the table.
    pub aspects: Vec<Aspect>,
    /// The metrics that have a value on both sides.
    pub differences: Vec<Difference>,
    /// The others.
    pub absent: Vec<Absent>,
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
    let tables = constants();
    let (first, last) = (read(before, tables)?, read(after, tables)?);
    let aspects = changed(before, after);
    let mut between = Between { before, after, tables, aspects: &aspects, known: BTreeMap::new() };

    // Changes that cannot be made one by one are made together, the smallest groups that work.
    let single = aspects.iter().map(|&own| vec![own]).collect();
    let (groups, _) = between.parted(single, None);
    let mut exact = groups.len() <= MOST_EXACT;
    let (mut differences, mut absent) = (Vec::new(), Vec::new());
    for ((index, metric), ends) in Metric::ALL.into_iter().enumerate().zip(first.into_iter().zip(last)) {
        let ((before, limited), (after, limits)) = match ends {
            (Ok(before), Ok(after)) => (before, after),
            (before, after) => {
                absent.push(Absent { metric, reasons: [before.err(), after.err()] });
                continue;
            }
        };
        let (groups, steps) = between.parted(groups.clone(), Some(index));
        exact &= groups.len() <= MOST_EXACT;
        let shares = groups.into_iter().zip(steps).map(|(aspects, change)| Share { aspects, change });
        let mut shares: Vec<Share> = shares.collect();
        settle(&mut shares, before, after);
        shares.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
        differences.push(Difference { metric, before, after, limits: [limited, limits], shares });
    }
    Ok(Diff { aspects, differences, absent, exact })
}

fn read(scenario: &Scenario, tables: &Constants) -> Result<Readings, Refusal> {
    let evaluation = evaluate_with(scenario, tables)?;
    let one = |metric: Metric| metric.read(&evaluation).map(|own| (own.value, metric.limit(&evaluation)));
    Ok(Metric::ALL.into_iter().map(one).collect())
}

/// What lies between two scenarios: all that some of the changes make of the first.
struct Between<'a> {
    before: &'a Scenario,
    after: &'a Scenario,
    tables: &'a Constants,
    aspects: &'a [Aspect],
    /// The metrics of what was looked at, by the changes that are made; none where that cannot be served.
    known: BTreeMap<Vec<bool>, Option<Vec<Option<f64>>>>,
}

impl Between<'_> {
    /// Changes in groups that can be made one after another in every order that is tried, and the weighed mean effect of each
    /// on a metric that keeps its value meanwhile; without a metric, only whether it can be served counts.
    fn parted(
        &mut self,
        mut groups: Vec<Vec<Aspect>>,
        metric: Option<usize>,
    ) -> (Vec<Vec<Aspect>>, Vec<f64>) {
        loop {
            let exact = groups.len() <= MOST_EXACT;
            let paths = if exact { Paths::lattice(groups.len()) } else { Paths::two(groups.len()) };
            let values = paths.states.iter().map(|state| self.value(&groups, state, metric));
            let values: Vec<Option<f64>> = values.collect();
            let failed = paths.states.iter().zip(&values).filter(|own| own.1.is_none()).map(|own| own.0);
            let count = |state: &&Vec<bool>| state.iter().filter(|own| **own).count();
            let Some(failed) = failed.min_by_key(count) else {
                let steps = paths.steps(&values);
                return (groups, steps);
            };
            let Some((made, open)) = self.partners(&groups, failed, metric) else {
                // Nothing is left to put together: the ends themselves have no value.
                let steps = vec![0.0; groups.len()];
                return (groups, steps);
            };
            groups = merged(groups, made, open);
        }
    }

    /// Of a state without a value, a change that was made and one that was not which only go together: without the first, or
    /// with the second, there is a value, where any does that by itself.
    fn partners(
        &mut self,
        groups: &[Vec<Aspect>],
        state: &[bool],
        metric: Option<usize>,
    ) -> Option<(usize, usize)> {
        let mut mends = |made: bool| {
            let places: Vec<usize> = (0..state.len()).filter(|&at| state.get(at) == Some(&made)).collect();
            let mended = places.iter().copied().find(|&at| {
                let turned: Vec<bool> = (0..).zip(state).map(|(own, &set)| set ^ (own == at)).collect();
                self.value(groups, &turned, metric).is_some()
            });
            mended.or(places.first().copied())
        };
        Some((mends(true)?, mends(false)?))
    }

    /// A metric with these groups of changes made; a nought without one.
    fn value(&mut self, groups: &[Vec<Aspect>], state: &[bool], metric: Option<usize>) -> Option<f64> {
        let made =
            |aspect: &Aspect| groups.iter().zip(state).any(|(group, &made)| made && group.contains(aspect));
        let made: Vec<bool> = self.aspects.iter().map(made).collect();
        if !self.known.contains_key(&made) {
            let readings = self.taken(&made).and_then(|own| read(&own, self.tables).ok());
            let values = readings.map(|own| own.into_iter().map(|own| own.ok().map(|own| own.0)).collect());
            self.known.insert(made.clone(), values);
        }
        let values = self.known.get(&made)?.as_ref()?;
        metric.map_or(Some(0.0), |index| values.get(index).copied().flatten())
    }

    /// The first scenario with these changes made; none where they mean nothing without the others.
    fn taken(&self, made: &[bool]) -> Option<Scenario> {
        if made.iter().all(|&own| own) {
            return Some(self.after.clone());
        }
        if made.iter().all(|&own| !own) {
            return Some(self.before.clone());
        }
        take(self.before, self.after, |aspect| {
            self.aspects.iter().zip(made).any(|(own, &made)| made && *own == aspect)
        })
    }
}

/// Puts what is lost to rounding on the largest share. What is not more than rounding in itself is none.
fn settle(shares: &mut [Share], before: f64, after: f64) {
    let rounding = NONE * before.abs().max(after.abs());
    let whole = if (after - before).abs() <= rounding { 0.0 } else { after - before };
    for own in shares.iter_mut().filter(|own| own.change.abs() <= rounding) {
        own.change = 0.0;
    }
    let sum: f64 = shares.iter().map(|own| own.change).sum();
    if let Some(largest) = shares.iter_mut().max_by(|a, b| a.change.abs().total_cmp(&b.change.abs()))
        && sum != whole
    {
        largest.change += whole - sum;
    }
}

/// Two groups as one.
fn merged(mut groups: Vec<Vec<Aspect>>, made: usize, open: usize) -> Vec<Vec<Aspect>> {
    let other = groups.remove(made.max(open));
    if let Some(group) = groups.get_mut(made.min(open)) {
        group.extend(other);
        group.sort_by_key(|own| own.order());
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

    /// The weighed mean effect of each change.
    fn steps(&self, values: &[Option<f64>]) -> Vec<f64> {
        let mut steps = vec![0.0; self.changes];
        let value = |state: usize| values.get(state).copied().flatten();
        for &(change, from, to, weight) in &self.edges {
            if let (Some(sum), Some(before), Some(after)) = (steps.get_mut(change), value(from), value(to)) {
                *sum += weight * (after - before);
            }
        }
        steps
    }
}

/// What differs between two scenarios, in the order of the table: every key of a link under which they say different things.
#[must_use]
pub fn changed(before: &Scenario, after: &Scenario) -> Vec<Aspect> {
    let mut all: Vec<Aspect> = Vec::new();
    for key in link::differing(before, after) {
        all.extend(Aspect::of(key).filter(|own| !all.contains(own)));
    }
    let own = Aspect::Key("chip");
    if before.custom.tuned != after.custom.tuned && !all.contains(&own) {
        all.push(own);
    }
    let pools = before.split.pools().into_iter().zip(after.split.pools());
    if !alike(before, after) {
        all.push(Aspect::Split);
    } else {
        for (place, ((_, one), (_, other))) in pools.enumerate() {
            let differs = [
                (one.chip != other.chip, Aspect::Chip(place)),
                (one.chips != other.chips, Aspect::Chips(place)),
                (one.layout != other.layout, Aspect::Layout(place)),
            ];
            all.extend(differs.into_iter().filter(|own| own.0).map(|own| own.1));
        }
    }
    all.sort_by_key(|own| own.order());
    all
}

/// Whether the pools of two scenarios can be told apart one by one.
fn alike(one: &Scenario, other: &Scenario) -> bool {
    Shape::of(&one.split) == Shape::of(&other.split)
        && std::mem::discriminant(&one.split) == std::mem::discriminant(&other.split)
}

/// A scenario with some aspects taken over from another.
fn take(own: &Scenario, other: &Scenario, taken: impl Fn(Aspect) -> bool) -> Option<Scenario> {
    let split = taken(Aspect::Split);
    let mut scenario = link::mixed(own, other, |key| Aspect::of(key).map_or(split, &taken))?;
    if alike(own, other) {
        for (place, (pool, (_, from))) in
            scenario.split.pools_mut().into_iter().zip(other.split.pools()).enumerate()
        {
            if taken(Aspect::Chip(place)) {
                pool.chip.clone_from(&from.chip);
            }
            if taken(Aspect::Chips(place)) {
                pool.chips = from.chips;
            }
            if taken(Aspect::Layout(place)) {
                pool.layout = from.layout;
            }
        }
    }
    Some(scenario)
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
                named.sort_by_key(|own| own.order());
                assert_eq!(named, diff.aspects);
            }
        }
    }

    #[test]
    fn one_change_takes_all_and_none_takes_nothing() {
        let diff = between("v1", "v1&isl=4k");
        assert_eq!(diff.aspects, [Aspect::Key("isl")]);
        assert!(diff.differences.iter().all(|own| own.shares.len() == 1));
        let same = between("v1", "v1&isl=8k");
        assert!(same.aspects.is_empty() && same.exact);
        assert!(same.differences.iter().all(|own| own.shares.is_empty() && own.before == own.after));
        // What only a replay knows of is a change without a share.
        let seed = between("v1", "v1&seed=7");
        assert_eq!(seed.aspects, [Aspect::Key("seed")]);
        assert!(seed.differences.iter().flat_map(|own| &own.shares).all(|own| own.change == 0.0));
    }

    #[test]
    fn no_key_is_the_same() {
        for doc in link::reference().into_iter().filter(|doc| !doc.view) {
            let base = match doc.key {
                "cv" | "burst" => "v1&rate=1",
                "agents" => "v1&sessions=20x1k",
                "pool" => "v1&split=colocated",
                "attention" | "ffn" | "micro" => "v1&split=afd",
                "draft" | "verify" => "v1&split=draft",
                "overlap" | "redundant" => "v1&model=deepseek-v3&pool=h200*16",
                _ => "v1",
            };
            let [before, after] = [base.to_owned(), format!("{base}&{}={}", doc.key, doc.example)]
                .map(|text| link::parse(&text).understood().unwrap().scenario);
            let aspects = changed(&before, &after);
            assert!(!aspects.is_empty(), "{}={} is the same as {base}", doc.key, doc.example);
            let own = Aspect::of(doc.key);
            // Lengths of a workload bring their means along, and pools are told apart by what differs in them.
            assert!(own.is_none_or(|own| aspects.contains(&own)), "{}: {aspects:?}", doc.key);
            if !["lengths", "model", "arch"].contains(&doc.key) && own.is_some() {
                assert_eq!(aspects.len(), 1, "{}: {aspects:?}", doc.key);
            }
            let taken = take(&before, &after, |own| aspects.contains(&own)).unwrap();
            assert_eq!(link::write(&taken, &[]), link::write(&after, &[]), "{}", doc.key);
            let none = take(&before, &after, |_| false).unwrap();
            assert_eq!(link::write(&none, &[]), link::write(&before, &[]), "{}", doc.key);
        }
    }

    #[test]
    fn each_change_gets_its_own_share() {
        let model = "v1&model=deepseek-v3&pool=h200*16:tp1:dp16";
        for (more, key) in [
            ("spec=mtp:1", "spec"),
            ("max-seqs=4", "max-seqs"),
            ("redundant=0", "redundant"),
            ("cap=300W", "cap"),
        ] {
            let diff = between(model, &format!("{model}&{more}&concurrency=96"));
            let keys = [Aspect::Key("concurrency"), Aspect::Key(key)];
            assert!(keys.iter().all(|own| diff.aspects.contains(own)) && diff.aspects.len() == 2, "{more}");
            let own = diff.differences.iter().find(|own| own.metric == Metric::Tpot).unwrap();
            for key in keys {
                let share = own.shares.iter().find(|share| share.aspects == [key]).unwrap();
                assert!(share.change != 0.0, "{more}: {own:?}");
            }
            // Alone, neither has a part of the other.
            let alone = between(model, &format!("{model}&{more}"));
            assert_eq!(alone.aspects, [Aspect::Key(key)]);
        }
    }

    #[test]
    fn what_would_be_overloaded_by_itself_goes_together() {
        let diff = between(
            "v1&model=llama3-70b&pool=h200*8:tp8&rate=1",
            "v1&model=llama3-70b&pool=h200*64:tp8&rate=10&engine=sglang",
        );
        let ttft = diff.differences.iter().find(|own| own.metric == Metric::Ttft).unwrap();
        let together = [Aspect::Key("concurrency"), Aspect::Chips(0)];
        assert!(ttft.shares.iter().any(|own| own.aspects == together), "{ttft:?}");
        // All orders leave a cost its value.
        let cost = diff.differences.iter().find(|own| own.metric == Metric::CostTotal).unwrap();
        assert_eq!(cost.shares.len(), 3);
        let lost = between(
            "v1&model=llama3-70b&pool=h200*8:tp8&rate=1",
            "v1&model=llama3-70b&pool=h200*8:tp8&rate=99",
        );
        let ttft = lost.absent.iter().find(|own| own.metric == Metric::Ttft).unwrap();
        assert!(ttft.reasons[0].is_none() && ttft.reasons[1].as_ref().unwrap().contains("holds up to"));
    }

    #[test]
    fn rounding_is_no_change() {
        let mut shares = [1e-13, -3e-12].map(|change| Share { aspects: Vec::new(), change });
        settle(&mut shares, 1.0, 1.0 + 2e-13);
        assert!(shares.iter().all(|own| own.change == 0.0));
        let mut shares = [0.5, -3e-12].map(|change| Share { aspects: Vec::new(), change });
        settle(&mut shares, 1.0, 1.5);
        assert_eq!(shares.map(|own| own.change), [0.5, 0.0]);
    }

    #[test]
    fn a_price_changes_cost_and_nothing_else() {
        let diff = between("v1&pool=h200*8", "v1&pool=h200*8&rents=h200:7.7&concurrency=32");
        for own in &diff.differences {
            let price = own.shares.iter().find(|share| share.aspects == [Aspect::Key("price")]).unwrap();
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

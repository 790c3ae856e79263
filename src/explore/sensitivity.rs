//! Sensitivity: what more bandwidth, compute, memory, link or money changes in a metric, and what binds afterwards.
//!
//! A chip is tuned in place and keeps its name, so the laws fitted to it go on holding for the shares of its peaks that
//! kernels reach. Layouts stay as they were settled for the scenario: a lever shows physics, not another choice.
//!
//! In an open loop what is served follows from what is offered, whatever the chips: only latencies answer there. All else is
//! read at the most that the deployment carries, found anew with each lever pulled.

use serde::Serialize;

use super::deployed::Deployed;
use super::knob::pin;
use super::shape;
use crate::catalog::Chip;
use crate::catalog::chip::Peaks;
use crate::cost::chip_price;
use crate::evaluate::{Evaluation, evaluate_with};
use crate::machine::{WeightHome, constants};
use crate::metric::Metric;
use crate::scenario::{ChipRent, Limits, Load, PoolLink, Scenario, Slo};
use crate::serve::{Binding, Refusal};
use crate::units::{BytesPerSecond, RequestsPerSecond};

use super::objective::miss;

/// Steps in which the most that a deployment carries is enclosed between a load and its double: to one part in 10,000.
const HALVINGS: usize = 13;

/// Doublings and halvings of the offered load until one of the two ends is found: a millionfold each way.
const DOUBLINGS: usize = 20;

/// What can be had more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lever {
    /// Bandwidth of the memory that holds the weights.
    Bandwidth,
    /// Compute of all formats.
    Compute,
    /// Capacity of the memory that holds the weights.
    Memory,
    /// The fast link inside a domain.
    ScaleUp,
    /// The network between domains and pools.
    Network,
    /// The stated link between pools.
    PoolLink,
    /// Price of a chip.
    Price,
}

impl Lever {
    /// All levers, in the order of menus.
    pub const ALL: [Self; 7] = [
        Self::Bandwidth,
        Self::Compute,
        Self::Memory,
        Self::ScaleUp,
        Self::Network,
        Self::PoolLink,
        Self::Price,
    ];
}

/// What a factor on a lever comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The factor: 1.1 = 10 % more.
    pub factor: f64,
    /// The metric, in its base unit.
    pub value: f64,
    /// Change of the metric as a share of its value before.
    pub change: f64,
    /// What limits the metric then: a latency's phase, or the deployment.
    pub binding: Binding,
}

/// One bar of the tornado.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Swing {
    /// The lever.
    pub lever: Lever,
    /// The chip that is tuned; absent for the link between pools.
    pub chip: Option<String>,
    /// A tenth less: divided by 1.1.
    pub less: Option<Outcome>,
    /// A tenth more.
    pub more: Option<Outcome>,
    /// Twice as much.
    pub double: Option<Outcome>,
}

/// The tornado.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The scenario with its layouts written down.
    #[serde(flatten)]
    pub deployed: Deployed,
    /// The metric.
    #[serde(serialize_with = "super::plain::metric")]
    pub metric: Metric,
    /// Its value as things stand.
    pub value: f64,
    /// The most requests per second that the deployment carries as things stand, where the metric is read there and not at
    /// the scenario's load.
    pub held: Option<f64>,
    /// What limits the metric as things stand: a latency's phase, or the deployment.
    pub binding: Binding,
    /// The levers, widest swing first.
    pub swings: Vec<Swing>,
}

/// Why there is no tornado.
#[derive(Clone, Debug, PartialEq)]
pub enum NoBase {
    /// The scenario cannot be served.
    Refused(Refusal),
    /// The metric has no value, such as a cost without a price.
    Absent(String),
}

/// How a metric answers to each lever of a scenario.
///
/// ```
/// use tandem::explore::sensitivity;
/// use tandem::metric::Metric;
/// use tandem::scenario::link;
///
/// let scenario = link::parse("v1&model=llama3-70b&concurrency=1&pool=h100-sxm*4").scenario;
/// let Ok(tornado) = sensitivity(&scenario, Metric::Tpot) else { panic!("it can be served") };
/// for swing in &tornado.swings {
///     if let Some(more) = &swing.more {
///         assert!(more.change <= 1e-6, "more of {:?} never slows a token down", swing.lever);
///     }
/// }
/// ```
///
/// # Errors
/// [`NoBase`] when the scenario has no value to start from.
pub fn sensitivity(scenario: &Scenario, metric: Metric) -> Result<Sensitivity, NoBase> {
    let scenario = pin(scenario);
    let tables = constants();
    let standing = evaluate_with(&scenario, tables).map_err(NoBase::Refused)?;
    // An overloaded deployment has no latency to improve, but more of something would let it carry more.
    let overloaded = metric.waits() && standing.steady.saturation.is_some();
    let metric = if overloaded { Metric::RequestRate } else { metric };
    let fullest = matches!(scenario.load, Load::Open { .. }) && !metric.is_latency();
    let within = fullest && !overloaded && keeps_any(&scenario);
    let evaluated = |own: &Scenario| {
        if fullest { carried(own, within) } else { evaluate_with(own, tables).ok() }
    };
    let base = if fullest { evaluated(&scenario).unwrap_or(standing) } else { standing };
    let read = |evaluation: &Evaluation| match metric.read(evaluation) {
        Ok(own) if own.value.is_finite() => Ok(own.value),
        Ok(_) => Err("there is no finite value".to_owned()),
        Err(reason) => Err(reason),
    };
    let value = read(&base).map_err(NoBase::Absent)?;
    let outcome = |lever: Lever, chip: Option<&str>, factor: f64| {
        let evaluation = evaluated(&pulled(&scenario, lever, chip, factor)?)?;
        let after = read(&evaluation).ok()?;
        let change = if value == 0.0 { 0.0 } else { after / value - 1.0 };
        Some(Outcome { factor, value: after, change, binding: metric.limit(&evaluation) })
    };
    let swings = swings(&scenario, &outcome);
    Ok(Sensitivity {
        metric,
        value,
        held: fullest.then_some(base.steady.rate.get()),
        binding: metric.limit(&base),
        swings,
        deployed: Deployed::of(&scenario),
    })
}

/// What a lever of a chip comes to, by its factor.
type Pull<'a> = dyn Fn(Lever, Option<&str>, f64) -> Option<Outcome> + 'a;

/// What each lever comes to, widest swing first.
fn swings(scenario: &Scenario, outcome: &Pull<'_>) -> Vec<Swing> {
    let kinds = shape::kinds(scenario);
    let mut swings = Vec::new();
    for lever in Lever::ALL {
        let chips: Vec<Option<&str>> = match lever {
            Lever::PoolLink => vec![None],
            _ => kinds.iter().map(|id| Some(id.as_str())).collect(),
        };
        for chip in chips {
            if pulled(scenario, lever, chip, 1.0).is_some() {
                swings.push(Swing {
                    lever,
                    chip: chip.map(str::to_owned),
                    less: outcome(lever, chip, 1.0 / 1.1),
                    more: outcome(lever, chip, 1.1),
                    double: outcome(lever, chip, 2.0),
                });
            }
        }
    }
    let width = |own: &Swing| {
        let sides = [own.less, own.more].into_iter().flatten();
        sides.map(|outcome| outcome.change.abs()).fold(0.0, f64::max)
    };
    swings.sort_by(|a, b| width(b).total_cmp(&width(a)));
    swings
}

/// The scenario under another rate of an open loop.
fn offered(scenario: &Scenario, requests: f64) -> Scenario {
    let mut scenario = scenario.clone();
    if let Load::Open { rate, .. } = &mut scenario.load {
        *rate = RequestsPerSecond::new(Limits::RATE.clamp(requests));
    }
    scenario
}

/// Whether next to no load is served within the service level.
fn keeps_any(scenario: &Scenario) -> bool {
    let Load::Open { rate, .. } = scenario.load else { return false };
    let idle = offered(scenario, rate.get() * libm::ldexp(1.0, -(DOUBLINGS as i32)));
    evaluate_with(&idle, constants()).is_ok_and(|own| miss(&idle.slo, &own).is_none())
}

/// What a deployment serves under the most that it carries in an open loop, within the service level or at all; none where it
/// carries nothing.
fn carried(scenario: &Scenario, within: bool) -> Option<Evaluation> {
    let Load::Open { rate, .. } = scenario.load else { return None };
    let slo = if within { scenario.slo } else { Slo { ttft: None, tpot: None } };
    let at = |requests: f64| {
        let own = evaluate_with(&offered(scenario, requests), constants()).ok()?;
        miss(&slo, &own).is_none().then_some(own)
    };
    let mut low = rate.get();
    let mut best = at(low);
    let factor = if best.is_some() { 2.0 } else { 0.5 };
    let mut high = None;
    for _ in 0..DOUBLINGS {
        let next = low * factor;
        let own = at(next);
        if factor > 1.0 {
            let Some(own) = own else {
                high = Some(next);
                break;
            };
            (low, best) = (next, Some(own));
        } else {
            let before = low;
            low = next;
            if own.is_some() {
                (high, best) = (Some(before), own);
                break;
            }
        }
    }
    let mut high = high?;
    for _ in 0..HALVINGS {
        let middle = (low * high).sqrt();
        match at(middle) {
            Some(own) => (low, best) = (middle, Some(own)),
            None => high = middle,
        }
    }
    best
}

/// The scenario with so many times as much of something; `None` where it has none of it.
fn pulled(scenario: &Scenario, lever: Lever, chip: Option<&str>, factor: f64) -> Option<Scenario> {
    let mut scenario = scenario.clone();
    if lever == Lever::PoolLink {
        let PoolLink::Custom { bandwidth, .. } = &mut scenario.link else { return None };
        *bandwidth = BytesPerSecond::new(bandwidth.get() * factor);
        return Some(scenario);
    }
    let id = chip?;
    if lever == Lever::Price {
        let rent = chip_price(&scenario, id).ok()? * factor;
        scenario.pricing.rents.push(ChipRent { chip: id.to_owned(), rent });
        return Some(scenario);
    }
    let mut tuned = scenario.chip(id)?.clone();
    tune(&mut tuned, lever, factor)?;
    scenario.custom.tuned.retain(|own| own.id != tuned.id);
    scenario.custom.tuned.push(tuned);
    Some(scenario)
}

/// Scales a figure of a chip; `None` where it has none.
fn tune(chip: &mut Chip, lever: Lever, factor: f64) -> Option<()> {
    let in_sram = constants().sram(chip).is_some_and(|row| row.weights == WeightHome::Sram);
    match lever {
        Lever::Bandwidth if in_sram => {
            let sram = chip.sram.as_mut()?;
            sram.bandwidth = Some(sram.bandwidth? * factor);
        }
        Lever::Bandwidth => {
            let memory = chip.memory.as_mut()?;
            memory.bandwidth = memory.bandwidth * factor;
        }
        Lever::Memory if in_sram => {
            let sram = chip.sram.as_mut()?;
            sram.capacity = sram.capacity * factor;
        }
        Lever::Memory => {
            let memory = chip.memory.as_mut()?;
            memory.capacity = memory.capacity * factor;
            memory.usable = memory.usable.map(|usable| usable * factor);
        }
        Lever::Compute => {
            let peaks = &mut chip.peaks;
            let Peaks { fp4, fp8, int8, bf16, assumed_bf16 } = peaks;
            for peak in [fp4, fp8, int8, bf16, assumed_bf16] {
                *peak = peak.map(|own| own * factor);
            }
        }
        Lever::ScaleUp => {
            let link = chip.scale_up.as_mut()?;
            link.bandwidth = link.bandwidth * factor;
        }
        Lever::Network => chip.scale_out = Some(chip.scale_out? * factor),
        Lever::PoolLink | Lever::Price => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::scenario::link;

    /// In an open loop what is served is what is offered, and still each lever answers: by what the deployment carries.
    #[test]
    fn an_open_loop_answers_by_what_is_carried() {
        let text = "v1&model=llama3-70b&isl=4k&osl=1k&pool=h200*8:tp4&ttft=none&tpot=50ms&rate=";
        let low = tornado(&format!("{text}0.5"), Metric::ThroughputPerChip);
        let held = low.held.unwrap();
        for rate in ["2", "100"] {
            let own = tornado(&format!("{text}{rate}"), Metric::ThroughputPerChip);
            assert!((own.held.unwrap() / held - 1.0).abs() < 1e-2, "{rate}: {:?} and {held}", own.held);
        }
        let more = |own: &Sensitivity| {
            own.swings.iter().filter_map(|own| own.more).map(|own| own.change).fold(0.0, f64::max)
        };
        assert!(more(&low) > 0.02, "{low:?}");
        let mut scenario = link::parse(&format!("{text}{}", held * 0.995)).scenario;
        assert_eq!(miss(&scenario.slo, &evaluate(&pin(&scenario)).unwrap()), None);
        scenario.load = link::parse(&format!("{text}{}", held * 1.02)).scenario.load;
        let layouts = pin(&link::parse(&format!("{text}0.5")).scenario).split;
        scenario.split = layouts;
        assert!(miss(&scenario.slo, &evaluate(&scenario).unwrap()).is_some());
        // Cheaper tokens come with more of them.
        let cost = tornado(&format!("{text}0.5"), Metric::CostTotal);
        let best = cost.swings.iter().filter(|own| own.lever != Lever::Price).filter_map(|own| own.more);
        assert!(best.map(|own| own.change).fold(0.0, f64::min) < -0.02, "{cost:?}");
        // Where there is no latency, there is a load that would hold.
        let over = tornado(&format!("{text}100"), Metric::Ttft);
        assert_eq!((over.metric, over.held.is_some()), (Metric::RequestRate, true));
        assert!(more(&over) > 0.02);
        // Latencies answer under the load of the scenario.
        let tpot = tornado(&format!("{text}0.5"), Metric::Tpot);
        assert_eq!((tpot.metric, tpot.held), (Metric::Tpot, None));
    }

    fn tornado(text: &str, metric: Metric) -> Sensitivity {
        sensitivity(&link::parse(text).scenario, metric).unwrap()
    }

    fn change(tornado: &Sensitivity, lever: Lever, chip: &str) -> (f64, f64) {
        let swing = tornado
            .swings
            .iter()
            .find(|own| own.lever == lever && own.chip.as_deref().is_none_or(|own| own == chip))
            .unwrap();
        (swing.less.unwrap().change, swing.more.unwrap().change)
    }

    #[test]
    fn more_never_costs_throughput_and_less_never_brings_any() {
        for text in [
            "v1",
            "v1&model=deepseek-v3&pool=b200*8&concurrency=512",
            "v1&isl=4k&concurrency=4&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s",
        ] {
            let tornado = tornado(text, Metric::Throughput);
            assert!(tornado.swings.len() >= 5, "{text}");
            for own in tornado.swings {
                let [less, more, double] =
                    [own.less, own.more, own.double].map(|own| own.map(|own| own.change));
                // Less memory may hold no user any more; then there is no bar on that side.
                assert!(less.is_none_or(|less| less < 1e-6), "{text}: {:?}", own.lever);
                assert!(
                    more.unwrap() > -1e-6 && double.unwrap() >= more.unwrap() - 1e-6,
                    "{text}: {:?}",
                    own.lever
                );
            }
        }
    }

    #[test]
    fn a_lone_user_gains_by_bandwidth_what_reading_weights_takes() {
        let tornado = tornado("v1&model=llama3-70b&concurrency=1&isl=1k&pool=h200*4:tp4", Metric::Tpot);
        let (less, more) = change(&tornado, Lever::Bandwidth, "h200");
        assert!((-0.0909..-0.03).contains(&more) && (0.03..0.1).contains(&less), "{less} {more}");
        assert_eq!(tornado.swings[0].lever, Lever::Bandwidth);
        let (_, compute) = change(&tornado, Lever::Compute, "h200");
        assert!(compute.abs() < 0.01, "{compute}");
    }

    #[test]
    fn cost_is_proportional_to_the_price_of_the_only_chip() {
        let tornado = tornado("v1&pool=h200*8", Metric::CostTotal);
        let (less, more) = change(&tornado, Lever::Price, "h200");
        assert!((more - 0.1).abs() < 1e-9 && (less - (1.0 / 1.1 - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn a_factor_of_one_changes_nothing() {
        let base = link::parse("v1&link=50GB/s").scenario;
        let whole = evaluate(&base).unwrap();
        for lever in Lever::ALL {
            for chip in ["h100-sxm", "h200"] {
                let mut same = evaluate(&pulled(&base, lever, Some(chip), 1.0).unwrap()).unwrap();
                // A price that a lever states has a spread of its own; what it costs is the same.
                let spreads = |own: &mut Evaluation, from: &Evaluation| {
                    own.costs.spread = from.costs.spread;
                    own.costs.spread_total = from.costs.spread_total;
                    own.costs.spread_input = from.costs.spread_input;
                    own.costs.spread_output = from.costs.spread_output;
                };
                if lever == Lever::Price {
                    spreads(&mut same, &whole);
                }
                assert_eq!(same, whole, "{lever:?}");
            }
        }
    }

    #[test]
    fn what_cannot_start_says_why() {
        let scenario = link::parse("v1&model=deepseek-v3&pool=h100-sxm*2").scenario;
        assert!(matches!(sensitivity(&scenario, Metric::Ttft), Err(NoBase::Refused(_))));
        let scenario = link::parse("v1&prefill=h200*8&decode=groq3-lp30*256&link=50GB/s&isl=4k").scenario;
        assert!(matches!(sensitivity(&scenario, Metric::CostTotal), Err(NoBase::Absent(_))));
    }
}

//! The knobs a curve can sweep, each with its range and how it changes a scenario.

use serde::{Deserialize, Serialize};

use super::shape;
use crate::catalog::family::{self, Family};
use crate::catalog::model::{Attention, Model};
use crate::evaluate::{Evaluation, evaluate};
use crate::scenario::{Load, Scenario, Split};
use crate::serve::{Refusal, Saturation, find_model};
use crate::units::{RequestsPerSecond, Tokens};

/// How near a wall is found, as a share of its place.
const NEAR: f64 = 2e-3;

/// What a curve varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knob {
    /// Input length.
    Isl,
    /// Output length.
    Osl,
    /// Concurrency or request rate, whichever the scenario has.
    Load,
    /// Parameters of the model, in its family (a catalogue model is replaced by its family of equal shape).
    ModelSize,
    /// Share of all chips that do prefill; only with a prefill/decode split.
    Mix,
    /// Prefix cache hit rate.
    Hit,
}

/// One point of a curve.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Value of the knob, in its base unit.
    pub x: f64,
    /// The result, or why there is none.
    pub result: Result<Evaluation, Refusal>,
}

impl Sample {
    /// Where more is offered than can be served: what arrives, and what would hold.
    #[must_use]
    pub fn saturation(&self) -> Option<Saturation> {
        self.result.as_ref().ok().and_then(|own| own.steady.saturation)
    }
}

impl Knob {
    /// All knobs, in the order of menus.
    pub const ALL: [Self; 6] = [Self::Isl, Self::Osl, Self::Load, Self::ModelSize, Self::Mix, Self::Hit];

    /// Identifier in links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Isl => "isl",
            Self::Osl => "osl",
            Self::Load => "load",
            Self::ModelSize => "size",
            Self::Mix => "mix",
            Self::Hit => "hit",
        }
    }

    /// The knob with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|knob| knob.id() == id)
    }

    /// Name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Isl => "Input length",
            Self::Osl => "Output length",
            Self::Load => "Load",
            Self::ModelSize => "Model size",
            Self::Mix => "Share of chips in prefill",
            Self::Hit => "Prefix cache hit rate",
        }
    }

    /// Values worth a curve for this scenario, smallest first; empty where the knob does not apply.
    #[must_use]
    pub fn values(self, scenario: &Scenario, samples: usize) -> Vec<f64> {
        match self {
            Self::Isl => geometric(128.0, self.longest(scenario, scenario.workload.osl.get()), samples),
            Self::Osl => {
                geometric(2.0, self.longest(scenario, scenario.workload.isl.get()).min(65_536.0), samples)
            }
            Self::Load => match scenario.load {
                Load::Closed { concurrency } => {
                    geometric(1.0, (concurrency * 16.0).clamp(256.0, 1e6), samples)
                }
                Load::Open { rate, .. } => {
                    geometric((rate.get() / 64.0).max(1e-4), (rate.get() * 16.0).min(1e6), samples)
                }
            },
            Self::ModelSize => geometric(family::MIN_TOTAL, family::MAX_TOTAL, samples),
            Self::Mix => mixes(scenario, samples),
            Self::Hit => {
                (0..samples).map(|i| 0.99 * i as f64 / samples.max(2).saturating_sub(1) as f64).collect()
            }
        }
    }

    /// The longest input or output worth showing beside `rest` tokens of the other: the model's context, or what the
    /// scenario asks for when that is more.
    fn longest(self, scenario: &Scenario, rest: f64) -> f64 {
        let context = find_model(scenario).map_or(131_072.0, |model| model.max_context.get());
        (context - rest).max(self.current(scenario).unwrap_or(0.0)).max(4096.0)
    }

    /// Where the scenario stands on this knob.
    #[must_use]
    pub fn current(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Isl => Some(scenario.workload.isl.get()),
            Self::Osl => Some(scenario.workload.osl.get()),
            Self::Load => Some(match scenario.load {
                Load::Closed { concurrency } => concurrency,
                Load::Open { rate, .. } => rate.get(),
            }),
            Self::ModelSize => Some(find_model(scenario).ok()?.parameters().total()),
            Self::Mix => match &scenario.split {
                Split::PrefillDecode { prefill, .. } => {
                    Some(f64::from(prefill.chips) / f64::from(scenario.split.chips().max(1)))
                }
                _ => None,
            },
            Self::Hit => Some(scenario.workload.hit),
        }
    }

    /// The scenario with the knob at this value; `None` where the knob does not apply.
    #[must_use]
    pub fn apply(self, scenario: &Scenario, x: f64) -> Option<Scenario> {
        let mut changed = scenario.clone();
        match self {
            Self::Isl => changed.workload.isl = Tokens::new(x),
            Self::Osl => changed.workload.osl = Tokens::new(x),
            Self::Load => match &mut changed.load {
                Load::Closed { concurrency } => *concurrency = x,
                Load::Open { rate, .. } => *rate = RequestsPerSecond::new(x),
            },
            Self::Hit => changed.workload.hit = x,
            Self::ModelSize => {
                let model = find_model(scenario).ok()?;
                changed.model = of_size(&model, x).id.into_owned();
                unpin(&mut changed);
            }
            Self::Mix => {
                let chips = scenario.split.chips();
                let Split::PrefillDecode { prefill, decode } = &mut changed.split else { return None };
                let wanted = (x * f64::from(chips)).round().clamp(1.0, f64::from(chips.max(2) - 1));
                prefill.chips = wanted as u32;
                decode.chips = chips.max(2) - prefill.chips;
                unpin(&mut changed);
            }
        }
        Some(changed)
    }
}

/// Evaluates the scenario at each value of the knob that makes a scenario.
///
/// Where layouts are left to the tool, a curve over lengths or load keeps those it chose for the scenario itself as long as they
/// hold what is asked, so that it shows one deployment, and goes on with others where only those do. A curve over size or
/// mix chooses anew at each point.
///
/// Where an open loop loses its steady state, two more samples stand close on both sides of the place.
///
/// ```
/// use tandem::explore::{Knob, sweep};
/// use tandem::scenario::link;
///
/// let scenario = link::parse("v1&model=llama3-8b&pool=h100-sxm*1:tp1").scenario;
/// let curve = sweep(&scenario, Knob::Isl, &[1024.0, 8192.0, 65_536.0]);
/// let ttft: Vec<f64> =
///     curve.iter().filter_map(|own| own.result.as_ref().ok()).map(|own| own.steady.ttft.get()).collect();
/// assert!(ttft.is_sorted(), "a longer prompt takes longer");
/// ```
#[must_use]
pub fn sweep(scenario: &Scenario, knob: Knob, values: &[f64]) -> Vec<Sample> {
    let own = match knob {
        Knob::ModelSize | Knob::Mix => None,
        Knob::Isl | Knob::Osl | Knob::Load | Knob::Hit => Some(pin(scenario)).filter(|own| own != scenario),
    };
    let sample = |x: f64| {
        let kept = own.as_ref().and_then(|own| evaluate(&knob.apply(own, x)?).ok());
        let result = match kept.filter(|own| own.steady.saturation.is_none()) {
            Some(kept) => Ok(kept),
            None => evaluate(&knob.apply(scenario, x)?),
        };
        Some(Sample { x, result })
    };
    let mut curve: Vec<Sample> = Vec::with_capacity(values.len());
    for own in values.iter().filter_map(|&x| sample(x)) {
        let ends = curve.last().map(|before| (before.x, before.saturation().is_some()));
        if let (Some((from, full)), Ok(_)) = (ends, &own.result)
            && full != own.saturation().is_some()
            && curve.last().is_some_and(|before| before.result.is_ok())
        {
            curve.extend(around_wall((from, own.x), full, &sample));
        }
        curve.push(own);
    }
    curve
}

/// Closes in on the place between two samples where the steady state ends or begins; `full` says whether the first of them
/// has none.
fn around_wall(
    (mut low, mut high): (f64, f64),
    full: bool,
    sample: &impl Fn(f64) -> Option<Sample>,
) -> Vec<Sample> {
    let (mut before, mut after) = (None, None);
    while high - low > NEAR * high.abs() {
        let Some(own) = sample(f64::midpoint(low, high)).filter(|own| own.result.is_ok()) else { break };
        if own.saturation().is_some() == full {
            (low, before) = (own.x, Some(own));
        } else {
            (high, after) = (own.x, Some(own));
        }
    }
    before.into_iter().chain(after).collect()
}

/// The values of a knob at which a curve, as [`sweep`] draws it, meets the end of its steady state; and whether there is none
/// above.
#[must_use]
pub fn walls(curve: &[Sample]) -> Vec<(f64, bool)> {
    let served = |own: &Sample| own.result.is_ok().then(|| own.saturation().is_some());
    let wall = |pair: &[Sample]| match pair {
        [low, high] => match (served(low)?, served(high)?) {
            (false, true) => Some((low.x, true)),
            (true, false) => Some((high.x, false)),
            _ => None,
        },
        _ => None,
    };
    curve.windows(2).filter_map(wall).collect()
}

/// The scenario with the layouts that the tool chooses for it written down.
#[must_use]
pub fn pin(scenario: &Scenario) -> Scenario {
    evaluate(scenario).map_or_else(|_| scenario.clone(), |own| shape::laid_out(scenario, &own.steady.pools))
}

/// Leaves the layouts to the tool.
fn unpin(scenario: &mut Scenario) {
    for pool in scenario.split.pools_mut() {
        pool.layout = None;
    }
}

/// The model's family at another size: latent attention and experts are kept, and the share of active parameters.
fn of_size(model: &Model, parameters: f64) -> Model {
    let own = model.parameters();
    let share = own.active() / own.total();
    let latent = model.attention.iter().any(|layers| matches!(layers.kind, Attention::Latent { .. }));
    match (model.has_moe(), latent) {
        (true, true) => family::scaled(Family::MlaMoe, parameters, Some(share)),
        (true, false) => family::scaled(Family::Moe, parameters, Some(share)),
        (false, _) => family::scaled(Family::DenseGqa, parameters, None),
    }
}

/// Values from `low` to `high` at equal ratios.
pub(super) fn geometric(low: f64, high: f64, samples: usize) -> Vec<f64> {
    let steps = samples.max(2).saturating_sub(1) as f64;
    let ratio = libm::log(high / low);
    (0..samples.max(2))
        .map(|i| if i as f64 == steps { high } else { low * libm::exp(ratio * i as f64 / steps) })
        .collect()
}

/// Every share that a whole number of prefill chips makes, thinned to about so many.
fn mixes(scenario: &Scenario, samples: usize) -> Vec<f64> {
    let chips = scenario.split.chips();
    if !matches!(scenario.split, Split::PrefillDecode { .. }) || chips < 2 {
        return Vec::new();
    }
    let step = (chips as usize / samples.max(1)).max(1);
    (1..chips).step_by(step).map(|prefill| f64::from(prefill) / f64::from(chips)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_knob_moves_what_it_names() {
        let scenario = Scenario::default();
        for knob in Knob::ALL {
            let values = knob.values(&scenario, 9);
            assert!(values.len() >= 9, "{knob:?} has {} values", values.len());
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{knob:?}: {values:?}");
            for x in values {
                let changed = knob.apply(&scenario, x).expect("the default scenario has every knob");
                let back = knob.current(&changed).expect("and stands somewhere on it");
                // Scaled models meet their size within half a percent; counts of chips are whole.
                assert!(
                    (back / x - 1.0).abs() < 0.01 || (back - x).abs() < 1e-9,
                    "{knob:?}: {x} became {back}"
                );
            }
        }
    }

    #[test]
    fn a_colocated_pool_has_no_mix() {
        let scenario = Scenario {
            split: Split::Colocated { pool: crate::scenario::Pool::new("h200", 8) },
            ..Scenario::default()
        };
        assert!(Knob::Mix.values(&scenario, 10).is_empty());
        assert!(Knob::Mix.apply(&scenario, 0.5).is_none());
    }

    #[test]
    fn a_curve_does_not_end_where_another_layout_would_hold() {
        for link in [
            "v1",
            "v1&model=llama3-70b&pool=h100-sxm*8&concurrency=8",
            "v1&model=llama3-70b&pool=h100-sxm*8&rate=0.2",
        ] {
            let scenario = crate::scenario::link::parse(link).scenario;
            for knob in [Knob::Isl, Knob::Osl, Knob::Load] {
                for own in sweep(&scenario, knob, &knob.values(&scenario, 12)) {
                    let refused = own.result.as_ref().err();
                    let stands = knob.apply(&scenario, own.x).unwrap();
                    let widest = |mut own: Scenario| {
                        for pool in own.split.pools_mut() {
                            let tp =
                                crate::scenario::Layout { tp: 8, etp: 8, ..crate::scenario::Layout::SINGLE };
                            pool.layout = Some(tp);
                        }
                        evaluate(&own)
                    };
                    let Ok(wide) = widest(stands) else { continue };
                    assert!(refused.is_none(), "{link} {knob:?} {}: {refused:?}", own.x);
                    let served = own.result.as_ref().unwrap().steady.saturation.is_none();
                    assert!(served || wide.steady.saturation.is_some(), "{link} {knob:?} {}", own.x);
                }
            }
        }
    }

    #[test]
    fn a_curve_ends_close_to_its_wall() {
        use crate::metric::Metric;
        for link in [
            "v1&model=llama3-70b&pool=h200*8:tp4&rate=2",
            "v1&prefill=h100-sxm*8:tp4&decode=h200*8:tp4&rate=3",
            "v1&model=deepseek-v3&split=afd&attention=h200*8:tp1:dp8&ffn=h200*16&rate=6",
        ] {
            let scenario = crate::scenario::link::parse(link).scenario;
            for knob in [Knob::Load, Knob::Isl, Knob::Osl] {
                let curve = sweep(&scenario, knob, &knob.values(&scenario, 24));
                assert!(curve.windows(2).all(|pair| pair[0].x < pair[1].x), "{link} {knob:?}");
                for (x, above) in walls(&curve) {
                    let (held, lost) = if above { (x, x * 1.01) } else { (x, x * 0.99) };
                    let saturated = |x: f64| {
                        let own = sweep(&scenario, knob, &[x]).pop().and_then(|own| own.result.ok());
                        own.is_some_and(|own| own.steady.saturation.is_some())
                    };
                    assert!(!saturated(held) && saturated(lost), "{link} {knob:?}: {x}");
                }
                if knob == Knob::Load {
                    // What is told of a sample beyond the wall is the place of the wall.
                    let [(wall, true)] = walls(&curve)[..] else { panic!("{link}: {:?}", walls(&curve)) };
                    let told = curve.last().and_then(Sample::saturation).unwrap().capacity.get();
                    assert!((wall / told - 1.0).abs() < 0.01, "{link}: {wall} {told}");
                }
                for own in &curve {
                    let Ok(evaluation) = &own.result else { continue };
                    let ends = own.saturation().is_some();
                    assert_eq!(Metric::Ttft.read(evaluation).is_err(), ends, "{link} {knob:?} {}", own.x);
                    assert_eq!(Metric::E2e.read(evaluation).is_err(), ends, "{link} {knob:?} {}", own.x);
                }
            }
        }
    }
}

//! How far a scenario lies from the runs that were measured.
//!
//! Measured runs stand in groups (`served.csv`): a model in a number format under an engine on a chip, by one command line,
//! in one pool or two, over a range of lengths, users per chip and ranks. Beside what is of another kind, a scenario is
//! as far from a group as the length of the vector of natural logarithms of how many times longer, busier or wider it is
//! than any run of the group. A context beyond the window that the model was made for counts by the logarithm of how many
//! times beyond. What no measured run had (cache hits, flags of its own, another KV cache) counts one each, and whatever
//! differs one at least ([`super::difference`]).
//!
//! Each kind of distance widens a band: errors that have nothing to do with each other add as squares, so that a band's
//! half-widths, as logarithms, grow by `sqrt(1 + sum of slope x distance^2)`. The slopes (`distance.csv`) are fitted on points
//! that a fit did not see.

use std::sync::OnceLock;

use super::difference::{Difference, Differences};
use crate::catalog::columns::Slopes;
use crate::catalog::model::{Attention, Ffn};
use crate::catalog::{self, Engine, Model, NumberFormat, Profile};
use crate::pass::Numerics;
use crate::scenario::{ExpertParallel, Load, PoolLink, Scenario, Split};
use crate::serve::Steady;
use crate::units::decimal::decimal;

/// The row of `distance.csv` as a constant.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/distance.rs"));
}

/// Kinds of distance.
pub const PARTS: usize = Slopes::NAMES.len();

/// How far apart by kind, in the order of [`Slopes`].
pub type Parts = [f64; PARTS];

/// By what factor beyond the range of a group a scenario still counts as near it.
const NEAR: f64 = 3.0;
/// How far from the lengths of a group the coefficient of variation of a scenario's lengths may lie to count as the same.
const SCATTER: f64 = 0.1;

/// What a group of measured runs has in common, or what a scenario asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Model.
    pub model: String,
    /// What its layers are made of.
    pub layers: u8,
    /// Engine.
    pub engine: Engine,
    /// Format of the experts, or of most weights where there are none.
    pub format: NumberFormat,
    /// Format of most of what every token passes.
    pub weights: NumberFormat,
    /// Format of the KV cache.
    pub kv: NumberFormat,
    /// Command line.
    pub profile: Profile,
    /// Whether prefill and decode have pools of their own.
    pub split: bool,
}

/// A scenario as seen from measured runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it is of.
    pub kind: Kind,
    /// Logarithms of mean input and output length, of users per chip and of tensor-parallel ranks.
    pub at: [f64; 4],
    /// Whether it says itself in which format the cache is kept.
    pub states_kv: bool,
    /// Coefficient of variation of its input lengths, or of its output lengths where those vary more.
    pub scatter: f64,
    /// Logarithm of how many times its context is longer than the model was made for, 0 within.
    pub beyond: f64,
    /// What no measured run had.
    pub differs: Differences,
}

/// Runs of one kind on one chip, and the range that they cover.
#[derive(Clone, Debug)]
pub struct Group {
    /// The chip, or one of the two.
    pub chip: String,
    /// What they have in common.
    pub kind: Kind,
    /// Least and largest of [`Place::at`].
    pub range: [(f64, f64); 4],
    /// Least and largest of [`Place::scatter`].
    pub scatter: (f64, f64),
}

impl Place {
    /// Of a scenario and what came of it.
    #[must_use]
    pub fn new(scenario: &Scenario, steady: &Steady) -> Option<Self> {
        let model = scenario.model().ok()?;
        let numerics = Numerics::resolve(&model, scenario.formats);
        let users = match scenario.load {
            Load::Closed { concurrency } => concurrency,
            Load::Open { .. } => steady.in_flight.get().max(1.0),
        };
        let ranks = steady.pools.last().map_or(1.0, |pool| f64::from(pool.layout.tp));
        let load = &scenario.workload;
        let (isl, osl) = (scenario.mean_input().get(), load.mean_osl().get());
        let (prompts, answers) = scenario.traffic.variation(load);
        let beyond = libm::log((isl + osl) / model.max_context.get()).max(0.0);
        let weights = numerics.weights(&model);
        Some(Self {
            kind: Kind {
                model: model.id.clone().into_owned(),
                layers: layers(&model),
                engine: scenario.engine,
                format: if model.has_moe() { numerics.experts } else { weights },
                weights,
                kv: numerics.kv,
                profile: scenario.flags.profile,
                split: matches!(scenario.split, Split::PrefillDecode { .. }),
            },
            at: [isl, osl, users / f64::from(steady.chips.max(1)), ranks].map(|own| libm::log(own.max(1e-9))),
            states_kv: scenario.formats.kv.is_some(),
            scatter: prompts.max(answers).max(0.0).sqrt(),
            beyond,
            differs: own(scenario, &model, beyond),
        })
    }

    /// The same where more differs.
    #[must_use]
    pub fn with(&self, differs: Differences) -> std::borrow::Cow<'_, Self> {
        use std::borrow::Cow;
        if differs.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { differs: self.differs.and(differs), ..self.clone() })
    }

    /// How far it is from a group, and what of it no run of the group had.
    #[must_use]
    pub fn from(&self, group: &Group) -> (Parts, Differences) {
        let (own, other) = (&self.kind, &group.kind);
        let model = if own.model == other.model {
            0.0
        } else if own.layers == other.layers {
            0.5
        } else {
            1.0
        };
        let outside = |(own, (low, high)): (&f64, &(f64, f64))| (low - own).max(own - high).max(0.0);
        let far = self.at.iter().zip(&group.range).map(outside).map(|own| own * own).sum::<f64>().sqrt();
        let differs = self
            .differs
            .with(Difference::Model, model > 0.0)
            .with(Difference::Engine, own.engine != other.engine)
            .with(Difference::Format, own.format != other.format || own.weights != other.weights)
            .with(Difference::Cache, own.kv != other.kv && self.states_kv)
            .with(Difference::Split, own.split != other.split)
            .with(Difference::Load, far > libm::log(NEAR))
            .with(Difference::Lengths, outside((&self.scatter, &group.scatter)) > SCATTER);
        let one = |holds: bool| f64::from(u8::from(holds));
        let parts = [
            model,
            one(differs.has(Difference::Engine)),
            one(differs.has(Difference::Format)),
            one(own.profile == Profile::Defaults),
            far,
            self.beyond,
            // A cache of which the scenario says nothing is still another one. Whatever differs counts as one at least: what a
            // link changes never brings it nearer.
            f64::max(
                differs.changes() + one(own.kv != other.kv && !self.states_kv),
                one(!differs.is_empty()),
            ),
        ];
        (parts, differs)
    }

    /// How far away the group is that widens a band least, of those from which nothing differs or else of all, and what differs
    /// from the one that is most alike: of the same model before all.
    #[must_use]
    pub fn nearest<'a>(
        &self,
        groups: impl Iterator<Item = &'a Group>,
        slopes: &Parts,
    ) -> Option<(Parts, Differences)> {
        let mut near: Option<(bool, f64, Parts)> = None;
        let mut alike: Option<((bool, usize), Differences)> = None;
        for (parts, differs) in groups.map(|group| self.from(group)) {
            let (other, wide) = (!differs.is_empty(), widening(&parts, slopes));
            if near.is_none_or(|own| (other, wide) < (own.0, own.1)) {
                near = Some((other, wide, parts));
            }
            let unlike = (differs.has(Difference::Model), differs.iter().count());
            if alike.is_none_or(|own| unlike < own.0) {
                alike = Some((unlike, differs));
            }
        }
        near.zip(alike).map(|((.., parts), (_, differs))| (parts, differs))
    }
}

/// What of a scenario no measured run had, whatever it is held against.
fn own(scenario: &Scenario, model: &Model, beyond: f64) -> Differences {
    let pools = scenario.split.pools();
    let irregular = match scenario.load {
        Load::Open { cv, .. } => cv != 1.0 || scenario.traffic.burst.is_some(),
        Load::Closed { .. } => false,
    };
    // Absent in a model without experts, whatever is asked.
    let experts = model.has_moe() && scenario.experts != ExpertParallel::default();
    let pauses = matches!(scenario.load, Load::Closed { .. }) && scenario.pause().get() > 0.0;
    Differences::NONE
        .with(Difference::OwnModel, catalog::model(&scenario.model).is_none())
        .with(Difference::Context, beyond > 0.0)
        .with(Difference::Hits, scenario.cached_share() > 0.0)
        .with(Difference::Arrivals, irregular)
        .with(Difference::Pauses, pauses)
        .with(Difference::Experting, experts)
        .with(Difference::Link, pools.len() > 1 && scenario.link != PoolLink::Auto)
}

/// By how much the half-widths of a band grow so far away.
#[must_use]
pub fn widening(parts: &Parts, slopes: &Parts) -> f64 {
    let square: f64 = parts.iter().zip(slopes).map(|(part, slope)| slope * part * part).sum();
    (1.0 + square).sqrt()
}

/// The fitted slopes.
#[must_use]
pub const fn slopes() -> &'static Parts {
    &rows::BAND
}

/// The measured groups behind the calibration, read once: each evaluation asks.
#[must_use]
pub fn groups() -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        include_str!(concat!(env!("OUT_DIR"), "/served.csv")).lines().filter_map(group).collect()
    })
}

/// A line in the order of `catalog::columns::Served`.
fn group(line: &str) -> Option<Group> {
    let mut cells = line.split(',');
    let (chip, model) = (cells.next()?.to_owned(), cells.next()?.to_owned());
    let kind = Kind {
        layers: catalog::model(&model).map_or(0, layers),
        model,
        engine: Engine::from_id(cells.next()?)?,
        format: NumberFormat::from_id(cells.next()?)?,
        weights: NumberFormat::from_id(cells.next()?)?,
        kv: NumberFormat::from_id(cells.next()?)?,
        profile: Profile::from_id(cells.next()?)?,
        split: cells.next()? == "yes",
    };
    let mut range = [(0.0, 0.0); 4];
    let mut ends = || Some((decimal(cells.next()?)?, decimal(cells.next()?)?));
    for own in &mut range {
        let (low, high) = ends()?;
        *own = (libm::log(low), libm::log(high));
    }
    Some(Group { chip, kind, range, scatter: ends()? })
}

/// What the layers of a model are made of, a bit for each kind.
fn layers(model: &Model) -> u8 {
    let attention = |layers: &crate::catalog::model::AttentionLayers| match layers.kind {
        Attention::Grouped { window: None, indexer: None, .. } => 1,
        Attention::Grouped { .. } => 2,
        Attention::Latent { indexer: None, .. } => 4,
        Attention::Latent { .. } => 8,
        Attention::Linear { .. } | Attention::Mamba { .. } => 16,
        Attention::Compressed { .. } => 32,
    };
    let experts =
        |layers: &crate::catalog::model::FfnLayers| u8::from(matches!(layers.kind, Ffn::Moe { .. })) << 6;
    let bits = model.attention.iter().map(attention).chain(model.ffn.iter().map(experts));
    bits.fold(0, |all, own| all | own)
}

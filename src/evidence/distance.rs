//! How far a scenario lies from the runs that were measured.
//!
//! Measured runs stand in groups (`served.csv`): a model in a number format under an engine on a chip, by one command line,
//! in one pool or two, over a range of lengths, users per chip and ranks. Beside what is of another kind, a scenario is
//! as far from a group as the length of the vector of natural logarithms of how many times longer, busier or wider it is
//! than any run of the group. A context beyond the window that the model was made for counts by the logarithm of how many
//! times beyond. What no measured run had (cache hits, flags of its own, sessions) counts one each.
//!
//! Each kind of distance widens a band: errors that have nothing to do with each other add as squares, so that a band's
//! half-widths, as logarithms, grow by `sqrt(1 + sum of slope x distance^2)`. The slopes (`distance.csv`) are fitted on points
//! that a fit did not see.

use std::sync::OnceLock;

use crate::catalog::columns::Slopes;
use crate::catalog::model::{Attention, Ffn};
use crate::catalog::{self, Engine, Model, NumberFormat, Profile};
use crate::pass::Numerics;
use crate::scenario::{Load, Scenario, Split};
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
    /// Logarithm of how many times its context is longer than the model was made for, 0 within.
    pub beyond: f64,
    /// How much no measured run had.
    pub changed: f64,
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
        let (isl, osl) = (load.mean_isl().get(), load.mean_osl().get());
        let own_flags = scenario.flags.chunk.is_some()
            || scenario.flags.sequences.is_some()
            || scenario.flags.stream.is_some();
        let changed = [load.hit > 0.0, own_flags, scenario.custom.model.is_some()];
        Some(Self {
            kind: Kind {
                model: model.id.clone().into_owned(),
                layers: layers(&model),
                engine: scenario.engine,
                format: if model.has_moe() { numerics.experts } else { numerics.weights(&model) },
                profile: scenario.flags.profile,
                split: matches!(scenario.split, Split::PrefillDecode { .. }),
            },
            at: [isl, osl, users / f64::from(steady.chips.max(1)), ranks].map(|own| libm::log(own.max(1e-9))),
            beyond: libm::log((isl + osl) / model.max_context.get()).max(0.0),
            changed: changed.into_iter().map(|own| f64::from(u8::from(own))).sum(),
        })
    }

    /// How far it is from a group.
    #[must_use]
    pub fn from(&self, group: &Group) -> Parts {
        let (own, other) = (&self.kind, &group.kind);
        let differs = |differs: bool| f64::from(u8::from(differs));
        let model = if own.model == other.model {
            0.0
        } else if own.layers == other.layers {
            0.5
        } else {
            1.0
        };
        let outside = |(own, (low, high)): (&f64, &(f64, f64))| (low - own).max(own - high).max(0.0);
        let far = self.at.iter().zip(&group.range).map(outside).map(|own| own * own).sum::<f64>().sqrt();
        [
            model,
            differs(own.engine != other.engine),
            differs(own.format != other.format),
            differs(own.profile == Profile::Defaults),
            far,
            self.beyond,
            self.changed,
        ]
    }

    /// How far it is from the group that widens a band least.
    #[must_use]
    pub fn nearest<'a>(&self, groups: impl Iterator<Item = &'a Group>, slopes: &Parts) -> Option<Parts> {
        let parts = groups.map(|group| self.from(group));
        parts
            .map(|parts| (widening(&parts, slopes), parts))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|own| own.1)
    }
}

/// Whether runs so far away are of the same thing at a neighbouring load.
#[must_use]
pub fn near(parts: &Parts) -> bool {
    let of = |slope: Slopes| parts.get(slope as usize).copied().unwrap_or(0.0);
    let same = [Slopes::model, Slopes::engine, Slopes::format, Slopes::beyond, Slopes::changed];
    same.into_iter().all(|kind| of(kind) <= 0.0) && of(Slopes::far) <= libm::log(NEAR)
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
        profile: Profile::from_id(cells.next()?)?,
        split: cells.next()? == "yes",
    };
    let mut range = [(0.0, 0.0); 4];
    for ends in &mut range {
        let mut end = || Some(libm::log(decimal(cells.next()?)?));
        *ends = (end()?, end()?);
    }
    Some(Group { chip, kind, range })
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

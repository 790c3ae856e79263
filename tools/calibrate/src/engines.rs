//! What serving engines add to the kernels: one joint robust fit of all engines on all served points.
//!
//! # Form
//!
//! A constant of an engine on a generation of silicon is what makes sense times a factor that all engines have in common,
//! one of the engine and one of the generation. The logarithm of each factor has a prior around 0 with a stated spread, so
//! that an engine with few points is like the others, and a constant that points say nothing of stays where it makes sense.
//! There is nothing of a row, a model or a chip.
//!
//! # Weights
//!
//! A source with 1,700 rows does not outvote thirty others: the weights of a source add up to the root of its number of
//! rows, and within it those of a chip to the root of theirs. Large residuals count less and less (Cauchy), as runs that
//! speculate, and runs whose mean holds seconds of warm-up, stand among the others without a mark.
//!
//! # Leaving out
//!
//! Whole sources, whole chips and series are left out in turn, and what is left is fitted again from where the fit of all
//! stands.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tandem::catalog::Engine;
use tandem::catalog::columns::Engines;
use tandem::machine::{Constants, EngineRow, Generation, constants};
use tandem::units::Seconds;

use crate::newton::{self, Problem, Residual};
use crate::served::{Measured, Point, Speed};
use crate::table::{Line, short};

/// What a residual of TPOT and one of TTFT are at ordinary rows, as logarithms; beyond, they count less and less.
const SCALES: (f64, f64) = (0.12, 0.25);
/// Step of the differences, in logarithms.
const STEP: f64 = 0.02;
/// Least share of a prior's variance that points must take away for a constant to leave its prior.
const DETERMINED: f64 = 0.1;

/// One fitted column of `engines.csv`.
struct Constant {
    name: &'static str,
    get: fn(&EngineRow) -> f64,
    set: fn(&mut EngineRow, f64),
    prior: f64,
    /// Standard deviations of the logarithm: of what all engines share, of an engine, of a generation.
    spreads: [f64; 3],
    /// Beyond these it makes no sense.
    bounds: (f64, f64),
}

macro_rules! scale {
    ($name:literal, $field:ident) => {
        Constant {
            name: $name,
            get: |row| row.$field,
            set: |row, value| row.$field = value,
            prior: 1.0,
            spreads: [0.1, 0.12, 0.12],
            bounds: (0.75, 1.33),
        }
    };
}

macro_rules! time {
    ($name:literal, $field:ident, $unit:ident, $per_second:expr, $prior:expr, $spread:expr) => {
        Constant {
            name: $name,
            get: |row| row.$field.get() * $per_second,
            set: |row, value| row.$field = Seconds::$unit(value),
            prior: $prior,
            spreads: [$spread, 1.2 * $spread, 0.8 * $spread],
            bounds: ($prior / 20.0, $prior * 20.0),
        }
    };
}

static FITTED: [Constant; 19] = [
    time!("step_us", step, micros, 1e6, 300.0, 0.5),
    time!("host_us", host, micros, 1e6, 1000.0, 0.4),
    time!("sequence_us", sequence, micros, 1e6, 8.0, 0.6),
    time!("layer_us", layer, micros, 1e6, 3.0, 0.5),
    time!("expert_layer_us", expert_layer, micros, 1e6, 15.0, 0.6),
    scale!("floor", floor_scale),
    scale!("gemm", gemm_scale),
    scale!("attention", attention_scale),
    scale!("experts", expert_scale),
    scale!("experts_fp4", expert_fp4_scale),
    scale!("experts_mixed", expert_mixed_scale),
    scale!("link", link_scale),
    scale!("interference", interference),
    Constant {
        name: "mixing",
        get: |row| row.mixing,
        set: |row, value| row.mixing = value,
        prior: 0.6,
        spreads: [0.4, 0.6, 0.2],
        bounds: (0.05, 1.0),
    },
    scale!("prefill", prefill_scale),
    Constant { spreads: [0.2, 0.4, 0.3], bounds: (0.5, 3.0), ..scale!("prefill_mixed", prefill_mixed_scale) },
    time!("launch_us", launch, micros, 1e6, 250.0, 0.4),
    time!("launch_experts_us", expert_launch, micros, 1e6, 250.0, 0.4),
    time!("request_ms", request, millis, 1e3, 10.0, 0.6),
];

/// A chip of each generation, in the order of the file.
const CHIPS: [&str; Generation::ALL.len()] = ["h100-sxm", "b200"];

/// Fitted factors and what came of them.
#[derive(Clone)]
pub struct Fit {
    /// Logarithms of the factors: common, then by engine, then by generation but the first.
    factors: Vec<f64>,
    /// Share of each prior's variance that the points took away.
    pub told: Vec<f64>,
}

/// Place of a constant's factor among all: what all share, of an engine, of a later generation.
#[derive(Clone, Copy)]
enum Level {
    Common,
    Engine(usize),
    Generation(usize),
}

fn place(level: Level, constant: usize) -> usize {
    let block = match level {
        Level::Common => 0,
        Level::Engine(engine) => 1 + engine,
        Level::Generation(later) => 1 + Engine::FITTED.len() + later,
    };
    block * FITTED.len() + constant
}

/// Factors in all.
const FACTORS: usize = FITTED.len() * (Engine::FITTED.len() + Generation::ALL.len());

/// Place of an engine among those that are fitted.
fn engine_place(engine: Engine) -> usize {
    Engine::FITTED.iter().position(|own| *own == engine).unwrap_or(0)
}

/// Which factors make up a row.
fn levels(row: &EngineRow) -> Vec<Level> {
    let mut levels = vec![Level::Common, Level::Engine(engine_place(row.engine))];
    if let Some(later) = (row.generation as usize).checked_sub(1) {
        levels.push(Level::Generation(later));
    }
    levels
}

/// All rows of the file as they are built in: what is not fitted stays.
fn built_in() -> Vec<EngineRow> {
    Engine::FITTED.iter().flat_map(|&engine| CHIPS.map(|chip| *constants().engine(engine, chip))).collect()
}

/// The rows that these factors make, one constant of which may be shifted.
fn rows(factors: &[f64]) -> Vec<EngineRow> {
    let mut rows = built_in();
    for row in &mut rows {
        let levels = levels(row);
        for (index, own) in FITTED.iter().enumerate() {
            let log: f64 = levels.iter().filter_map(|level| factors.get(place(*level, index))).sum();
            let (low, high) = own.bounds;
            (own.set)(row, (own.prior * log.exp()).clamp(low, high));
        }
    }
    rows
}

/// The tables with these rows.
fn tables(rows: &[EngineRow]) -> Constants {
    rows.iter().fold(constants().clone(), |tables, row| tables.with_engine(*row))
}

impl Fit {
    /// At the priors.
    pub fn start() -> Self {
        Self { factors: vec![0.0; FACTORS], told: vec![0.0; FACTORS] }
    }

    /// The tables with its constants.
    pub fn tables(&self) -> Constants {
        tables(&rows(&self.factors))
    }

    /// Factors that points hold away from their priors.
    pub fn count(&self) -> usize {
        self.told.iter().filter(|told| **told >= DETERMINED).count()
    }

    /// Constants whose common factor the points say little of.
    pub fn untold(&self) -> Vec<&'static str> {
        let told =
            |index: usize| self.told.get(place(Level::Common, index)).is_some_and(|own| *own >= DETERMINED);
        FITTED.iter().enumerate().filter(|(index, _)| !told(*index)).map(|(_, own)| own.name).collect()
    }
}

/// How much each point counts.
pub fn weights(points: &[Point], seen: &impl Fn(usize) -> bool) -> Vec<f64> {
    let counts = |index: usize, point: &Point| {
        if seen(index) && !point.is_suspect() && point.has_engine() { point.flag() } else { 0.0 }
    };
    let mut cells: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (index, point) in points.iter().enumerate() {
        *cells.entry((point.source(), point.chip.as_str())).or_default() += counts(index, point);
    }
    // Of each source the rows, and the roots of its chips' rows.
    let mut sources: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for ((source, _), rows) in &cells {
        let own = sources.entry(source).or_default();
        *own = (own.0 + rows, own.1 + rows.sqrt());
    }
    let weigh = |(index, point): (usize, &Point)| {
        let rows = cells.get(&(point.source(), point.chip.as_str())).copied().unwrap_or(0.0);
        let (all, roots) = sources.get(point.source()).copied().unwrap_or((0.0, 0.0));
        let own = counts(index, point);
        if own > 0.0 { own * all.sqrt() * (rows.sqrt() / roots) / rows } else { 0.0 }
    };
    points.iter().enumerate().map(weigh).collect()
}

/// What is judged of a point: logarithms of predicted over measured, each over what is ordinary.
fn judged(point: &Point, speed: Option<Speed>) -> [Option<f64>; 2] {
    let Some(speed) = speed else { return [None, None] };
    let Measured { ttft, tpot, throughput } = point.measured;
    let off = |measured: Option<f64>, predicted: f64, scale: f64| Some((predicted / measured?).ln() / scale);
    let rate = || off(throughput.filter(|_| ttft.is_none()), point.throughput(speed), SCALES.0);
    [off(tpot, speed.tpot, SCALES.0).or_else(rate), off(ttft, speed.ttft, SCALES.1)]
}

/// The points as a least-squares problem in the factors.
struct Served<'a> {
    points: &'a [Point],
    weights: Vec<f64>,
}

impl Served<'_> {
    fn predictions(&self, tables: &Constants) -> Vec<[Option<f64>; 2]> {
        let judge = |(point, weight): (&Point, &f64)| {
            if *weight > 0.0 { judged(point, point.predict(tables)) } else { [None, None] }
        };
        self.points.iter().zip(&self.weights).map(judge).collect()
    }

    /// Derivatives by each constant of each row: of the points that take the row.
    fn slopes(&self, factors: &[f64], here: &[[Option<f64>; 2]]) -> Vec<Vec<(usize, [f64; 2])>> {
        let rows = rows(factors);
        let jobs: Vec<(usize, usize)> =
            (0..rows.len()).flat_map(|row| (0..FITTED.len()).map(move |index| (row, index))).collect();
        let slope = |&(row, index): &(usize, usize)| {
            let (Some(own), Some(constant)) = (rows.get(row), FITTED.get(index)) else { return Vec::new() };
            let takes = |point: &&(usize, &Point)| {
                point.1.scenario.engine == own.engine
                    && self.weights.get(point.0).is_some_and(|weight| *weight > 0.0)
                    && point.1.rows().iter().any(|other| other.generation == own.generation)
            };
            let points: Vec<(usize, &Point)> =
                self.points.iter().enumerate().filter(|point| takes(&point)).collect();
            if points.is_empty() {
                return Vec::new();
            }
            let mut shifted = rows.clone();
            if let Some(row) = shifted.get_mut(row) {
                (constant.set)(row, (constant.get)(row) * STEP.exp());
            }
            let tables = tables(&shifted);
            let one = |(at, point): (usize, &Point)| {
                let there = judged(point, point.predict(&tables));
                let here = here.get(at).copied().unwrap_or([None, None]);
                let by = |place: usize| match (there.get(place), here.get(place)) {
                    (Some(Some(there)), Some(Some(here))) => (there - here) / STEP,
                    _ => 0.0,
                };
                (at, [by(0), by(1)])
            };
            points.into_iter().map(one).collect()
        };
        newton::side_by_side(&jobs, slope)
    }
}

impl Problem for Served<'_> {
    fn residuals(&self, factors: &[f64]) -> Vec<Residual> {
        let judged = self.predictions(&tables(&rows(factors)));
        let one = |(own, weight): ([Option<f64>; 2], &f64)| {
            own.map(|value| Residual {
                value: value.unwrap_or(0.0),
                weight: if value.is_some() { *weight } else { 0.0 },
            })
        };
        judged.into_iter().zip(&self.weights).flat_map(one).collect()
    }

    fn jacobian(&self, factors: &[f64]) -> Vec<Vec<(usize, f64)>> {
        let here = self.predictions(&tables(&rows(factors)));
        let slopes = self.slopes(factors, &here);
        let mut jacobian: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.points.len() * 2];
        let built_in = built_in();
        for ((row, index), own) in
            (0..built_in.len()).flat_map(|row| (0..FITTED.len()).map(move |index| (row, index))).zip(slopes)
        {
            let Some(levels) = built_in.get(row).map(levels) else { continue };
            for (at, slopes) in own {
                for (place_of, slope) in slopes.into_iter().enumerate() {
                    if let Some(line) = jacobian.get_mut(at * 2 + place_of) {
                        line.extend(levels.iter().map(|level| (place(*level, index), slope)));
                    }
                }
            }
        }
        jacobian
    }
}

/// Standard deviations of the priors of all factors.
fn spreads() -> Vec<f64> {
    let of = |kind: usize| FITTED.iter().map(move |own| own.spreads.get(kind).copied().unwrap_or(0.1));
    let engines = Engine::FITTED.iter().flat_map(|_| of(1));
    let later = Generation::ALL.iter().skip(1).flat_map(|_| of(2));
    of(0).chain(engines).chain(later).collect()
}

/// The fit on the points that `seen` picks, from another on.
pub fn fit(points: &[Point], seen: impl Fn(usize) -> bool, from: &Fit, rounds: usize) -> Fit {
    let problem = Served { points, weights: weights(points, &seen) };
    let spreads = spreads();
    let (factors, told) = newton::solve(&problem, from.factors.clone(), &spreads, rounds);
    // What the points say next to nothing of goes back to its prior.
    let settle = |(factor, told): (f64, &f64)| if *told < DETERMINED { 0.0 } else { factor };
    let factors = factors.into_iter().zip(&told).map(settle).collect();
    Fit { factors, told }
}

/// Predictions for each point from fits that saw nothing of its group: a fit for each group, or for each of so many folds,
/// to which groups go in turn, in the order of their names' checksums, which mixes them without random numbers.
pub fn left_out(
    points: &[Point],
    group: impl Fn(&Point) -> String,
    folds: usize,
    from: &Fit,
    rounds: usize,
) -> Vec<Option<Speed>> {
    let mut names: Vec<(u64, String)> =
        points.iter().map(&group).map(|name| (checksum(&name), name)).collect();
    names.sort();
    names.dedup();
    let folds = folds.min(names.len()).max(1);
    let fold_of = |point: &Point| {
        let name = group(point);
        names.binary_search(&(checksum(&name), name)).unwrap_or(0) % folds
    };
    let own: Vec<usize> = points.iter().map(fold_of).collect();
    let mut predictions = vec![None; points.len()];
    for fold in 0..folds {
        let fit = fit(points, |index| own.get(index) != Some(&fold), from, rounds);
        let tables = fit.tables();
        for ((point, prediction), &own) in points.iter().zip(&mut predictions).zip(&own) {
            if own == fold {
                *prediction = point.predict(&tables);
            }
        }
    }
    predictions
}

/// FNV-1a.
fn checksum(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Header and lines of `engines.csv`; what is not fitted stays as it stands in the file.
pub fn file(fit: &Fit, old: &[Line]) -> Result<(String, Vec<String>)> {
    let rows = rows(&fit.factors);
    let line = |own: &Line| {
        let (engine, generation) = (own.text("engine"), own.text("generation"));
        let row = rows.iter().find(|row| row.engine.id() == engine && row.generation.id() == generation);
        let mut cells = vec![engine.to_owned(), generation.to_owned()];
        for name in Engines::NAMES {
            let fitted = row.and_then(|row| {
                Some(short((FITTED.iter().find(|constant| constant.name == name)?.get)(row)))
            });
            cells.push(fitted.unwrap_or_else(|| own.text(name).to_owned()));
        }
        cells.join(",")
    };
    let lines: Vec<String> = old.iter().map(line).collect();
    let header = format!("engine,generation,{}", Engines::NAMES.join(","));
    (lines.len() >= rows.len()).then_some((header, lines)).context("engines.csv lacks rows")
}

/// What all engines have in common, for the reader of a fit: each constant, its prior and how far points determine it.
pub fn tell(fit: &Fit) {
    for (index, own) in FITTED.iter().enumerate() {
        let at = |level: Level| {
            let place = place(level, index);
            let factor = fit.factors.get(place).copied().unwrap_or(0.0).exp();
            format!("{factor:6.3} ({:3.0} %)", fit.told.get(place).copied().unwrap_or(0.0) * 100.0)
        };
        let engines: Vec<String> = Engine::FITTED
            .iter()
            .map(|engine| format!("{} {}", engine.id(), at(Level::Engine(engine_place(*engine)))))
            .collect();
        println!(
            "{:18} prior {:8} common {} {} blackwell {}",
            own.name,
            own.prior,
            at(Level::Common),
            engines.join(" "),
            at(Level::Generation(0))
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_columns_are_of_the_file() {
        for constant in &FITTED {
            assert!(Engines::NAMES.contains(&constant.name), "{}", constant.name);
        }
    }

    #[test]
    fn each_constant_sets_what_it_gets() {
        for own in &FITTED {
            let mut row = built_in()[0];
            (own.set)(&mut row, 1.25 * own.prior);
            assert!(((own.get)(&row) / own.prior - 1.25).abs() < 1e-9, "{}", own.name);
        }
    }
}

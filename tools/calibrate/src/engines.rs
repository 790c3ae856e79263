//! What serving engines add to the kernels: one joint robust fit per engine on its served points.
//!
//! Each constant has a prior (a value that makes sense, and how far from it one would still believe it, as a standard
//! deviation of the logarithm), and the generations of one engine are tied to each other, so that silicon with few
//! points borrows from silicon with many. Anchors stand beside the points: batch-1 decode of dense models on one chip
//! may take no longer than memory bandwidth and a modest overhead allow. `STRENGTH` says how much the priors weigh;
//! leaving series and whole cells out chose it.

use anyhow::{Context, Result};
use tandem::catalog::{self, Engine, NumberFormat};
use tandem::machine::{Constants, EngineRow, Generation, constants};
use tandem::scenario::{Formats, Layout, Load, Pool, Scenario, Slo, Split, Workload};
use tandem::serve::serve;
use tandem::units::{Seconds, Tokens};

use crate::fit::{Bounds, lasting, least_squares, robust};
use crate::served::{Point, Speed};

/// Residual of TPOT, and of TTFT, beyond which points count less and less: runs that speculate, and runs whose mean holds
/// seconds of warm-up, stand among the others without a mark.
const SCALES: (f64, f64) = (0.08, 0.15);
/// Weight of TTFT against TPOT.
const TTFT_WEIGHT: f64 = 0.8;
/// Highest batch-1 TPOT over bytes by bandwidth that an anchor lets pass.
const ANCHOR: f64 = 1.33;
/// Weight of an anchor that is exceeded.
const ANCHOR_WEIGHT: f64 = 40.0;

/// How strongly priors and ties pull.
#[derive(Clone, Copy, Debug)]
pub struct Strength {
    /// Towards the priors.
    pub prior: f64,
    /// Between generations.
    pub tie: f64,
}

/// One fitted column of `engines.csv`.
struct Constant {
    name: &'static str,
    get: fn(&EngineRow) -> f64,
    set: fn(&mut EngineRow, f64),
    prior: f64,
    /// Standard deviation of the logarithm around the prior.
    spread: f64,
    bounds: Bounds,
}

macro_rules! scale {
    ($name:literal, $field:ident, $prior:expr, $spread:expr, $low:expr, $high:expr) => {
        Constant {
            name: $name,
            get: |row| row.$field,
            set: |row, value| row.$field = value,
            prior: $prior,
            spread: $spread,
            bounds: ($low, $high),
        }
    };
}

macro_rules! time {
    ($name:literal, $field:ident, $unit:ident, $per_second:expr, $prior:expr, $spread:expr, $low:expr, $high:expr) => {
        Constant {
            name: $name,
            get: |row| row.$field.get() * $per_second,
            set: |row, value| row.$field = Seconds::$unit(value),
            prior: $prior,
            spread: $spread,
            bounds: ($low, $high),
        }
    };
}

static FITTED: [Constant; 18] = [
    time!("step_us", step, micros, 1e6, 400.0, 1.0, 10.0, 3000.0),
    time!("sequence_us", sequence, micros, 1e6, 4.0, 0.8, 0.1, 60.0),
    time!("layer_us", layer, micros, 1e6, 2.0, 0.7, 0.2, 6.0),
    time!("expert_layer_us", expert_layer, micros, 1e6, 15.0, 0.8, 1.0, 80.0),
    scale!("floor", floor_scale, 1.0, 0.25, 0.4, 1.3),
    scale!("gemm", gemm_scale, 1.0, 0.12, 0.7, 1.5),
    scale!("attention", attention_scale, 1.0, 0.15, 0.7, 1.5),
    scale!("experts", expert_scale, 1.0, 0.25, 0.6, 2.0),
    scale!("experts_fp4", expert_fp4_scale, 1.0, 0.25, 0.6, 2.0),
    scale!("experts_mixed", expert_mixed_scale, 1.0, 0.25, 0.6, 2.0),
    scale!("link", link_scale, 1.0, 0.3, 0.5, 2.5),
    scale!("interference", interference, 1.0, 0.12, 0.6, 1.4),
    scale!("mixing", mixing, 0.4, 0.5, 0.02, 0.95),
    scale!("prefill", prefill_scale, 1.0, 0.2, 0.6, 2.0),
    scale!("prefill_experts", prefill_expert_scale, 1.0, 0.3, 0.6, 2.5),
    time!("launch_us", launch, micros, 1e6, 40.0, 0.6, 5.0, 300.0),
    time!("launch_experts_us", expert_launch, micros, 1e6, 120.0, 0.8, 10.0, 1500.0),
    time!("request_ms", request, millis, 1e3, 15.0, 0.8, 1.0, 200.0),
];

/// A chip of each generation with rows of its own, in the order of the file.
const CHIPS: [&str; Generation::ALL.len()] = ["h100-sxm", "b200"];

/// Fitted constants of all rows.
pub fn count() -> usize {
    FITTED.len() * CHIPS.len() * Engine::FITTED.len()
}

/// The engine's rows, one per generation.
fn rows_of(engine: Engine, numbers: &[f64]) -> Vec<EngineRow> {
    let mut rows = Vec::new();
    for (chip, numbers) in CHIPS.iter().zip(numbers.chunks(FITTED.len())) {
        let mut row = *constants().engine(engine, chip);
        for (constant, &value) in FITTED.iter().zip(numbers) {
            (constant.set)(&mut row, value);
        }
        rows.push(row);
    }
    rows
}

/// The tables with these rows.
pub fn tables(rows: &[EngineRow]) -> Constants {
    rows.iter().fold(constants().clone(), |tables, row| tables.with_engine(*row))
}

/// Rows of all engines, fitted on the points that `seen` picks, from the given rows on or else from the priors.
pub fn fit(
    points: &[Point],
    seen: impl Fn(usize) -> bool,
    strength: Strength,
    from: Option<&[EngineRow]>,
    tolerance: f64,
) -> Vec<EngineRow> {
    let mut rows = Vec::new();
    for engine in Engine::FITTED {
        let own: Vec<&Point> = points
            .iter()
            .enumerate()
            .filter(|(index, point)| seen(*index) && point.scenario.engine == engine && !point.is_suspect())
            .map(|(_, point)| point)
            .collect();
        rows.extend(fit_engine(engine, &own, strength, from, tolerance));
    }
    rows
}

fn fit_engine(
    engine: Engine,
    points: &[&Point],
    strength: Strength,
    from: Option<&[EngineRow]>,
    tolerance: f64,
) -> Vec<EngineRow> {
    let anchors = anchors(engine);
    let priors: Vec<f64> = FITTED.iter().map(|own| own.prior).collect();
    let start: Vec<f64> = match from {
        Some(rows) => rows
            .iter()
            .filter(|row| row.engine == engine)
            .flat_map(|row| FITTED.iter().map(|own| (own.get)(row)))
            .collect(),
        None => priors.iter().chain(&priors).copied().collect(),
    };
    let bounds: Vec<Bounds> = FITTED.iter().chain(&FITTED).map(|own| own.bounds).collect();
    let residuals = |numbers: &[f64], shrink: fn(f64, f64) -> f64| {
        let tables = tables(&rows_of(engine, numbers));
        let mut residuals = Vec::with_capacity(points.len() * 2 + 80);
        for point in points {
            let Some(Speed { ttft, tpot }) = point.predict(&tables) else {
                residuals.extend([0.0, 0.0]);
                continue;
            };
            residuals.push(shrink((tpot / point.measured.tpot).ln(), SCALES.0));
            residuals.push(TTFT_WEIGHT * shrink((ttft / point.measured.ttft).ln(), SCALES.1));
        }
        for (scenario, light) in &anchors {
            let ratio = serve(scenario, &tables).map_or(1.0, |steady| steady.tpot.get() / light);
            residuals.push(ANCHOR_WEIGHT * (ratio / ANCHOR).ln().max(0.0));
        }
        let (first, second) = numbers.split_at(FITTED.len());
        for ((constant, one), two) in FITTED.iter().zip(first).zip(second) {
            residuals.push(strength.prior * (one / constant.prior).ln() / constant.spread);
            residuals.push(strength.prior * (two / constant.prior).ln() / constant.spread);
            residuals.push(strength.tie * (one / two).ln() / constant.spread);
        }
        residuals
    };
    // From the priors every point is far off: the gentler loss leads near before the other one picks the bulk.
    let near = match from {
        Some(_) => start,
        None => least_squares(&start, &bounds, tolerance * 10.0, |numbers| residuals(numbers, robust)).0,
    };
    let (numbers, _) = least_squares(&near, &bounds, tolerance, |numbers| residuals(numbers, lasting));
    rows_of(engine, &numbers)
}

/// Dense models alone on one chip with one user, and the time to read their weights once: on chips whose kernels were
/// measured, as only there what lies above that time is the engine's.
fn anchors(engine: Engine) -> Vec<(Scenario, f64)> {
    let mut anchors = Vec::new();
    for (model, chip) in [
        ("llama3-8b", "h100-sxm"),
        ("llama3-8b", "h200"),
        ("llama3-8b", "a100-80"),
        ("qwen3-32b", "h200"),
        ("qwen3-32b", "b200"),
        ("gemma3-27b", "h200"),
        ("llama3-70b", "b200"),
        ("llama3-70b", "b300"),
    ] {
        let (Some(own), Some(memory)) =
            (catalog::model(model), catalog::chip(chip).and_then(|own| own.memory.as_ref()))
        else {
            continue;
        };
        let parameters = own.parameters();
        let unread = if own.tied_embeddings { 0.0 } else { parameters.embedding };
        let light = 2.0 * (parameters.total() - unread) / memory.bandwidth.get();
        let scenario = Scenario {
            model: model.to_owned(),
            engine,
            formats: Formats { weights: Some(NumberFormat::Bf16), ..Formats::default() },
            workload: Workload { isl: Tokens::new(512.0), osl: Tokens::new(128.0), spread: 1.0, hit: 0.0 },
            load: Load::Closed { concurrency: 1.0 },
            slo: Slo::default(),
            split: Split::Colocated {
                pool: Pool { chip: chip.to_owned(), chips: 1, layout: Some(Layout::SINGLE) },
            },
            ..Scenario::default()
        };
        anchors.push((scenario, light));
    }
    anchors
}

/// Predictions for each point from fits that saw nothing of its group. Groups go to the folds in turn, in the order of
/// their names' checksums, which mixes them without random numbers.
pub fn left_out(
    points: &[Point],
    group: impl Fn(&Point) -> String,
    folds: usize,
    strength: Strength,
    from: &[EngineRow],
    tolerance: f64,
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
        let rows = fit(points, |index| own.get(index) != Some(&fold), strength, Some(from), tolerance);
        let tables = tables(&rows);
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

/// Header and lines of `engines.csv`.
pub fn file(rows: &[EngineRow]) -> Result<(String, Vec<String>)> {
    let names: Vec<&str> = FITTED.iter().map(|own| own.name).collect();
    let header = format!("engine,generation,{}", names.join(","));
    let lines = rows.iter().map(|row| {
        let mut cells = vec![row.engine.id().to_owned(), row.generation.id().to_owned()];
        cells.extend(
            FITTED
                .iter()
                .map(|own| format!("{:.3e}", (own.get)(row)))
                .map(|text| text.parse::<f64>().map_or(text, |value| format!("{value}"))),
        );
        cells.join(",")
    });
    let lines: Vec<String> = lines.collect();
    (lines.len() == CHIPS.len() * Engine::FITTED.len()).then_some((header, lines)).context("rows are missing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem::catalog::columns::Engines;

    #[test]
    fn the_file_has_the_columns_that_the_library_reads() -> Result<()> {
        let rows: Vec<EngineRow> = Engine::FITTED
            .iter()
            .flat_map(|&engine| CHIPS.map(|chip| *constants().engine(engine, chip)))
            .collect();
        let (header, lines) = file(&rows)?;
        assert_eq!(header.split(',').skip(2).collect::<Vec<_>>(), Engines::NAMES);
        for (line, row) in lines.iter().zip(&rows) {
            assert!(line.starts_with(&format!("{},{},", row.engine.id(), row.generation.id())), "{line}");
        }
        Ok(())
    }
}

//! Collectives inside one node: `t = (t0^q + (V/(link·e))^q)^(1/q)`, fitted per operation, chip, library and ranks.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog;

use crate::fit::{Bounds, least_squares, quantile, robust};
use crate::table::{self, short};
use tandem::check::kernels::chip_of;

const SCALE: f64 = 0.1;
const ENOUGH: usize = 5;
const FOLDS: usize = 3;
/// Latency in µs, share of the link, exponent.
const BOUNDS: [Bounds; 3] = [(0.5, 500.0), (0.01, 1.0), (0.5, 8.0)];
const STARTS: [[f64; 3]; 2] = [[8.0, 0.7, 1.0], [15.0, 0.4, 3.0]];

/// Bytes over bandwidth at full speed, and the measured time, both in µs.
type Sample = (f64, f64);

/// Fits all collectives and writes the file.
pub fn calibrate(ops: &Path, file: &Path) -> Result<()> {
    let mut groups: BTreeMap<(&str, &str, String, u32), Vec<Sample>> = BTreeMap::new();
    for line in table::read(&ops.join("comm.csv"))? {
        let Some(id) = chip_of(line.text("system")).map(|chip| &*chip.id) else { continue };
        if line.text("dtype") == "int8" {
            continue;
        }
        let (operation, passes) = match line.text("op") {
            "all_reduce" => ("all-reduce", 2.0),
            "all_gather" => ("all-gather", 1.0),
            "reduce_scatter" => ("reduce-scatter", 1.0),
            _ => continue,
        };
        let link =
            catalog::chip(id).and_then(|chip| chip.scale_up).context("a chip without a scale-up link")?;
        let ranks = line.number("ranks")?;
        let volume = line.number("bytes")? * passes * (ranks - 1.0) / ranks;
        let library = line.text("impl").trim_start_matches("custom_").to_owned();
        let sample = (volume / link.bandwidth.get() * 1e6, line.number("us")?);
        groups.entry((operation, id, library, ranks as u32)).or_default().push(sample);
    }
    let mut lines = Vec::new();
    for ((operation, chip, library, ranks), samples) in &groups {
        if samples.len() < ENOUGH {
            continue;
        }
        let numbers: Vec<String> = fit(samples).iter().map(|&value| short(value)).collect();
        let error = unseen_error(samples);
        lines.push(format!("{operation},{chip},{library},{ranks},{},{error:.3}", numbers.join(",")));
    }
    let header = "operation,chip,library,ranks,t0_us,efficiency,q,error";
    table::write(
        file,
        &format!("on {} exchanges", groups.values().map(Vec::len).sum::<usize>()),
        header,
        &lines,
    )
}

fn time(numbers: &[f64], transfer: f64) -> f64 {
    let &[t0, efficiency, q] = numbers else { return f64::NAN };
    (t0.powf(q) + (transfer / efficiency).powf(q)).powf(1.0 / q)
}

fn fit(samples: &[Sample]) -> Vec<f64> {
    let mut best: Option<(Vec<f64>, f64)> = None;
    for start in STARTS {
        let found = least_squares(&start, &BOUNDS, 1e-8, |numbers| {
            samples.iter().map(|own| robust((time(numbers, own.0) / own.1).ln(), SCALE)).collect()
        });
        if best.as_ref().is_none_or(|(_, cost)| found.1 < *cost) {
            best = Some(found);
        }
    }
    best.map(|(numbers, _)| numbers).unwrap_or_default()
}

fn unseen_error(samples: &[Sample]) -> f64 {
    let mut errors = Vec::new();
    for fold in 0..FOLDS {
        let part = |seen: bool| -> Vec<Sample> {
            let chosen = samples.iter().enumerate().filter(|(index, _)| (index % FOLDS != fold) == seen);
            chosen.map(|(_, own)| *own).collect()
        };
        let numbers = fit(&part(true));
        errors.extend(part(false).iter().map(|own| (time(&numbers, own.0) / own.1 - 1.0).abs() * 100.0));
    }
    quantile(&errors, 0.5)
}

//! Laws of single kernels.
//!
//! Each operator, chip and format gets six constants, fitted with the very function that the library evaluates on the
//! chip's peaks as the catalogue states them. Efficiencies stay at or below one: no kernel beats the data sheet.
//! `*` is one set over all measured chips, each chip with equal weight. The error of a row is the median over shapes
//! that a fit on the other three quarters did not see.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::model::GROUP;
use tandem::catalog::{self, Chip, ComputeType, NumberFormat};
use tandem::machine::{Kernel, KernelRow, Operator, Work};
use tandem::units::{Bytes, Seconds};

use crate::fit::{Bounds, least_squares, quantile, robust};
use crate::table::{self, Line, short};

/// Residuals beyond this share count less and less.
const SCALE: f64 = 0.1;
/// Fewest shapes for a law of its own.
const ENOUGH: usize = 25;
/// Folds behind the stated error.
const FOLDS: usize = 4;
/// floor in µs, shares of arithmetic peak and bandwidth, half-throughput tiles, split depth, least rows.
const BOUNDS: [Bounds; 6] =
    [(0.3, 60.0), (0.01, 1.0), (0.02, 1.0), (0.01, 3000.0), (32.0, 1e5), (1.0, 256.0)];
const STARTS: [[f64; 6]; 3] = [
    [5.0, 0.6, 0.8, 20.0, 1024.0, 8.0],
    [2.0, 0.4, 0.7, 200.0, 4096.0, 1.5],
    [12.0, 0.2, 0.9, 2.0, 20_000.0, 32.0],
];
/// Edge of an output tile, as the library counts tiles.
const TILE: f64 = 128.0;

/// A measured kernel.
pub struct Sample {
    chip: &'static Chip,
    unit: ComputeType,
    work: Work,
    time: f64,
}

/// Operator, chip, format and unit, in the words of the file.
type Key = (&'static str, &'static str, &'static str, &'static str);

/// The chip that a table calls so.
pub fn chip_id(system: &str) -> Option<&'static str> {
    Some(match system {
        "a100_sxm" => "a100-80",
        "h100_sxm" => "h100-sxm",
        "h200_sxm" => "h200",
        "b200_sxm" => "b200",
        "gb200" => "gb200-nvl72",
        "b300_sxm" => "b300",
        "gb300" => "gb300-nvl72",
        "l40s" => "l40s",
        "rtx_pro_6000_server" => "rtx-pro-6000-bw",
        _ => return None,
    })
}

/// Fits all operators and writes the file.
pub fn calibrate(ops: &Path, file: &Path) -> Result<()> {
    let mut groups: BTreeMap<Key, Vec<Sample>> = BTreeMap::new();
    for (name, operator) in [
        ("gemm", "gemm"),
        ("gemm_vllm", "gemm-vllm"),
        ("attn_ctx", "prefill-attention"),
        ("attn_gen", "decode-attention"),
        ("mla_ctx", "prefill-mla"),
        ("mla_gen", "decode-mla"),
        ("moe", "experts"),
        ("moe_blackwell", "experts"),
    ] {
        for line in table::read(&ops.join(format!("{name}.csv")))? {
            if let Some((key, sample)) = sample(operator, &line).with_context(|| format!("in {name}.csv"))? {
                groups.entry(key).or_default().push(sample);
            }
        }
    }
    groups.retain(|_, samples| samples.len() >= ENOUGH);
    let mut pooled: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
    for (&(operator, _, format, unit), samples) in &groups {
        pooled.entry((operator, "*", format, unit)).or_default().extend(samples);
    }
    // A format that one chip alone has is no law for all chips, nor is weight-only integer arithmetic.
    pooled.retain(|&(_, _, format, _), samples| {
        let first = samples.first().map(|own| &own.chip.id);
        samples.iter().any(|own| Some(&own.chip.id) != first) && !format.starts_with("int")
    });
    let mut lines = vec!["elementwise,*,bf16,bf16,2,0.3,0.7,0,1000000000,1,".to_owned()];
    let mut all: Vec<(Key, Vec<&Sample>)> = pooled.into_iter().collect();
    all.extend(groups.iter().map(|(&key, samples)| (key, samples.iter().collect())));
    for (key, samples) in &all {
        // One pooled set per format: the unit that most chips use.
        if key.1 == "*" && all.iter().any(|(own, others)| rival(own, key) && others.len() > samples.len()) {
            continue;
        }
        let operator = Operator::from_id(key.0).context("no such operator")?;
        let law = fit(operator, samples);
        let error = unseen_error(operator, samples);
        eprintln!("{:52} {:5} shapes, {error:5.1} %", format!("{key:?}"), samples.len());
        let numbers: Vec<String> = law.iter().map(|&value| short(value)).collect();
        lines.push(format!("{},{},{},{},{},{error:.3}", key.0, key.1, key.2, key.3, numbers.join(",")));
    }
    lines.sort();
    let header = "operator,chip,format,unit,t0_us,compute,bandwidth,half_tiles,split,pad_rows,error";
    table::write(
        file,
        &format!("on {} kernels", groups.values().map(Vec::len).sum::<usize>()),
        header,
        &lines,
    )
}

fn rival(own: &Key, other: &Key) -> bool {
    own.1 == "*" && own.0 == other.0 && own.2 == other.2 && own.3 != other.3
}

/// A line as a sample, unless no law is fitted on its like.
fn sample(operator: &'static str, line: &Line) -> Result<Option<(Key, Sample)>> {
    let Some(id) = chip_id(line.text("system")) else { return Ok(None) };
    let chip = catalog::chip(id).with_context(|| format!("the catalogue has no {id}"))?;
    let attention =
        matches!(operator, "prefill-attention" | "decode-attention" | "prefill-mla" | "decode-mla");
    let dtype = line.text("dtype");
    if attention && dtype != "bf16" || line.text("dist") == "balanced" {
        return Ok(None);
    }
    let named = if attention { line.text("kv") } else { dtype };
    let blackwell = chip.peaks.fp4.is_some();
    let (format, unit) = match named {
        "bf16" => ("bf16", ComputeType::Bf16),
        "fp8" if attention => ("fp8", ComputeType::Bf16),
        "fp8" => ("fp8", ComputeType::Fp8),
        // vLLM's table has no kernel of its own for block scales.
        "fp8_block" if operator != "gemm-vllm" => ("fp8-block", ComputeType::Fp8),
        "nvfp4" => ("nvfp4", ComputeType::Fp4),
        "int8_wo" => ("int8", ComputeType::Bf16),
        "int4_wo" => ("int4", ComputeType::Bf16),
        "w4a16_mxfp4" if !blackwell => ("mxfp4", ComputeType::Bf16),
        "w4a8_mxfp4_mxfp8" => ("mxfp4", ComputeType::Fp8),
        _ => return Ok(None),
    };
    if chip.rate(unit).is_none_or(|rate| rate.unit != unit || rate.assumed) {
        return Ok(None);
    }
    let format_of = NumberFormat::from_id(format).context("no such format")?;
    let work = work(operator, line, format_of, unit)?;
    let time = line.number("us")? * 1e-6;
    Ok(Some(((operator, id, format, unit.id()), Sample { chip, unit, work, time })))
}

/// The work of a measured shape, counted as a pass counts it.
fn work(operator: &str, line: &Line, format: NumberFormat, unit: ComputeType) -> Result<Work> {
    let get = |name: &str| line.number(name);
    let tiles = |length: f64| (length / TILE).max(1.0);
    let (weight, activation) = (format.weight_bytes(GROUP), unit.activation_bytes());
    Ok(match operator {
        "gemm" | "gemm-vllm" => {
            let (m, n, k) = (get("m")?, get("n")?, get("k")?);
            Work {
                flops_per_row: 2.0 * n * k,
                rows: m,
                bytes: Bytes::new(n * k * weight + m * k * activation + m * n * 2.0),
                tiles: tiles(m) * tiles(n),
                depth: k,
            }
        }
        "prefill-attention" => {
            let (b, s, q, kv, d) = (get("b")?, get("s")?, get("hq")?, get("hkv")?, get("d")?);
            Work {
                flops_per_row: 2.0 * b * q * d * s,
                rows: s,
                bytes: Bytes::new(b * s * (q + kv) * 2.0 * d * 2.0),
                tiles: b * q * tiles(s),
                depth: s / 2.0,
            }
        }
        "decode-attention" => {
            let (b, s, q, kv, d) = (get("b")?, get("s")?, get("hq")?, get("hkv")?, get("d")?);
            Work {
                flops_per_row: 4.0 * b * kv * d * s,
                rows: q / kv,
                bytes: Bytes::new(2.0 * b * s * kv * d * weight + 4.0 * b * q * d),
                tiles: b * kv,
                depth: s,
            }
        }
        "prefill-mla" => {
            let (b, s, h) = (get("b")?, get("s")?, get("h")?);
            Work {
                flops_per_row: b * h * s * 320.0,
                rows: s,
                bytes: Bytes::new(b * s * h * 640.0 * 2.0),
                tiles: b * h * tiles(s),
                depth: s / 2.0,
            }
        }
        "decode-mla" => {
            let (b, s, h) = (get("b")?, get("s")?, get("h")?);
            Work {
                flops_per_row: 2.0 * b * s * 1088.0,
                rows: h,
                bytes: Bytes::new(b * s * 576.0 * weight + b * h * 1088.0 * 2.0),
                tiles: b,
                depth: s,
            }
        }
        _ => {
            let (tokens, hidden, k, all) = (get("tokens")?, get("hidden")?, get("topk")?, get("experts")?);
            let (inter, ep) = (get("inter")? / get("tp")?, get("ep")?);
            let mine = tokens * k / ep;
            let reached = tandem::pass::touched(all, k, all / ep, tokens);
            let each = mine / reached;
            Work {
                flops_per_row: 6.0 * reached * hidden * inter,
                rows: each,
                bytes: Bytes::new(
                    reached * 3.0 * hidden * inter * weight
                        + mine * (hidden * (activation + 2.0) + 3.0 * inter * 2.0),
                ),
                tiles: reached * tiles(each) * tiles(2.0 * inter),
                depth: hidden,
            }
        }
    })
}

fn law(operator: Operator, numbers: &[f64], sample: &Sample) -> Option<Kernel> {
    let &[t0, compute, bandwidth, half_tiles, split, pad_rows] = numbers else { return None };
    let row = KernelRow {
        operator,
        chip: "*",
        format: NumberFormat::Bf16,
        unit: sample.unit,
        t0: Seconds::micros(t0),
        compute,
        bandwidth,
        half_tiles,
        split,
        pad_rows,
    };
    Kernel::from_row(&row, sample.chip, sample.unit)
}

fn log_error(operator: Operator, numbers: &[f64], sample: &Sample) -> f64 {
    law(operator, numbers, sample).map_or(0.0, |law| (law.time(&sample.work).0.get() / sample.time).ln())
}

fn fit(operator: Operator, samples: &[&Sample]) -> Vec<f64> {
    let mut best: Option<(Vec<f64>, f64)> = None;
    for start in STARTS {
        let found = least_squares(&start, &BOUNDS, 1e-8, |numbers| {
            samples.iter().map(|own| robust(log_error(operator, numbers, own), SCALE)).collect()
        });
        if best.as_ref().is_none_or(|(_, cost)| found.1 < *cost) {
            best = Some(found);
        }
    }
    best.map(|(numbers, _)| numbers).unwrap_or_default()
}

/// Median absolute error in percent on shapes outside the fit.
fn unseen_error(operator: Operator, samples: &[&Sample]) -> f64 {
    let mut errors = Vec::new();
    for fold in 0..FOLDS {
        let part = |seen: bool| -> Vec<&Sample> {
            let chosen = samples.iter().enumerate().filter(|(index, _)| (index % FOLDS != fold) == seen);
            chosen.map(|(_, own)| *own).collect()
        };
        let numbers = fit(operator, &part(true));
        errors
            .extend(part(false).iter().map(|own| log_error(operator, &numbers, own).exp_m1().abs() * 100.0));
    }
    quantile(&errors, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synthetic_table_gives_its_constants_back() {
        let truth = [4.0, 0.6, 0.8, 30.0, 4096.0, 8.0];
        let mut samples = Vec::new();
        for m in [1.0, 16.0, 64.0, 256.0, 1024.0, 8192.0] {
            for (n, k) in
                [(1024.0, 4096.0), (4096.0, 4096.0), (8192.0, 8192.0), (512.0, 16_384.0), (28_672.0, 4096.0)]
            {
                let line = Line::of(&[
                    ("system", "h100_sxm".to_owned()),
                    ("dtype", "bf16".to_owned()),
                    ("m", format!("{m}")),
                    ("n", format!("{n}")),
                    ("k", format!("{k}")),
                    ("us", "1".to_owned()),
                ]);
                let (_, mut own) = sample("gemm", &line).unwrap().unwrap();
                own.time = law(Operator::Gemm, &truth, &own).unwrap().time(&own.work).0.get();
                samples.push(own);
            }
        }
        let found = fit(Operator::Gemm, &samples.iter().collect::<Vec<_>>());
        for (found, truth) in found.iter().zip(truth).take(3) {
            assert!((found / truth - 1.0).abs() < 0.03, "{found} is not {truth}");
        }
        assert!(unseen_error(Operator::Gemm, &samples.iter().collect::<Vec<_>>()) < 3.0);
    }
}

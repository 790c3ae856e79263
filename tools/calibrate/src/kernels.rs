//! Laws of single kernels.
//!
//! Each operator, chip, format and unit gets the few constants of its law, fitted with the very function that the library
//! evaluates, on the chip's peaks as the catalogue states them. Every constant has a prior (a value that physics or common
//! experience gives, and how far from it one would still believe it, as a standard deviation of the logarithm) and a range
//! that it cannot leave; constants that end on an end of their range are told of. A newer sibling of a chip is fitted inside
//! the law of the older one: no part of it is slower. `*` is one set over all measured chips, each chip with equal weight.
//! The error of a row is the median over shapes that a fit on the other three quarters did not see; that of `*` rows is
//! on chips that a fit on the others did not see.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::{Chip, ComputeType, NumberFormat};
use tandem::check::kernels::{Sample, Table, samples};
use tandem::machine::{Form, Kernel, KernelRow, Measured, Operator, constants};
use tandem::units::Seconds;

use crate::errors::{self, FOLDS};
use crate::fit::{Bounds, least_squares, quantile, robust};
use crate::table::{self, short};

/// Residuals beyond this share count less and less.
const SCALE: f64 = 0.08;
/// Weight of a prior's residual against that of a shape.
const PRIOR: f64 = 0.15;
/// Fewest shapes for a law of its own.
const ENOUGH: usize = 20;
/// Exponentials per clock of one core, and its clock, from which the prior of their cost follows.
const EXPONENTIALS: f64 = 16.0;
const CLOCK: f64 = 1.8e9;
/// Times below which the fastest kernels of a table show no launch by the host.
const LAUNCHED: f64 = 50e-6;
/// The highest tile that TensorRT-LLM and `FlashInfer` have for experts: their ladder goes from 8 to 256 rows
/// (`trtllm_fused_moe_kernel_launcher.cu`, `computeSelectedTileN`); Triton's kernels guess alike (`opt_flags.py`).
const HIGHEST: f64 = 256.0;
/// What must be left of the residuals for a guess of tiles to be believed.
const EXPLAINS: f64 = 0.8;
/// Newer and older siblings.
const SIBLINGS: [(&str, &str); 3] = [("h200", "h100-sxm"), ("b300", "b200"), ("gb300-nvl72", "gb200-nvl72")];

/// The constants of a law, in the order of the file.
const NAMES: [&str; 14] = [
    "t0_us",
    "ramp_us",
    "compute",
    "bandwidth",
    "l2",
    "half",
    "split",
    "pad_rows",
    "stream",
    "exponential",
    "extra_keys",
    "beside",
    "host_us",
    "tile_rows",
];

/// A constant of a law: what one would believe without a table.
#[derive(Clone, Copy)]
enum Prior {
    /// It is not part of the operator's law.
    Absent,
    /// It is known.
    Fixed(f64),
    /// Value, standard deviation of its logarithm, range.
    Fitted(f64, f64, Bounds),
}

use Prior::{Absent, Fitted, Fixed};

/// Operator, chip, format and unit, in the words of the file.
type Key = (&'static str, String, &'static str, &'static str);

/// The priors of an operator.
fn priors(operator: Operator) -> [Prior; 14] {
    match operator {
        Operator::Gemm | Operator::GemmVllm => [
            Fitted(5.0, 1.0, (0.5, 60.0)),
            Fitted(3.0, 1.5, (0.01, 100.0)),
            Fitted(0.7, 0.3, (0.15, 1.0)),
            Fitted(0.85, 0.2, (0.3, 1.0)),
            Fitted(1.01, 1.0, (1.0, 6.0)),
            Fitted(0.1, 1.5, (1e-4, 4.0)),
            Fitted(8192.0, 1.0, (128.0, 1e5)),
            Fixed(16.0),
            Fitted(10.0, 2.0, (0.3, 300.0)),
            Absent,
            Absent,
            Fitted(0.3, 1.0, (0.01, 3.0)),
            Absent,
            Absent,
        ],
        Operator::DecodeAttention
        | Operator::DecodeMultiHead
        | Operator::DecodeByHead
        | Operator::DecodeMla => decode_priors(operator),
        Operator::PrefillAttention | Operator::PrefillMla => [
            Fitted(10.0, 1.0, (1.0, 120.0)),
            Absent,
            Fitted(0.7, 0.3, (0.1, 1.0)),
            Fixed(0.9),
            Absent,
            Fitted(0.3, 1.5, (1e-4, 4.0)),
            Absent,
            Fixed(16.0),
            Absent,
            Fitted(240.0, 0.4, (4.0, 1600.0)),
            Fitted(64.0, 0.7, (1.0, 300.0)),
            Fitted(1.1, 0.7, (0.05, 6.0)),
            Absent,
            Absent,
        ],
        Operator::Experts | Operator::Elementwise => [
            Fitted(25.0, 1.0, (1.0, 120.0)),
            Fitted(5.0, 1.5, (0.01, 60.0)),
            Fitted(0.6, 0.3, (0.1, 1.0)),
            Fitted(0.85, 0.2, (0.3, 1.0)),
            Absent,
            Fitted(0.1, 1.0, (1e-3, 1.0)),
            Absent,
            Fitted(16.0, 1.0, (1.0, 128.0)),
            Fitted(10.0, 2.0, (0.3, 300.0)),
            Absent,
            Absent,
            Fitted(1.2, 0.5, (0.1, 4.0)),
            Absent,
            Absent,
        ],
    }
}

/// Those of an operator that attends from one token of each sequence.
fn decode_priors(operator: Operator) -> [Prior; 14] {
    match operator {
        Operator::DecodeAttention | Operator::DecodeMultiHead => [
            Fitted(10.0, 1.0, (1.0, 80.0)),
            Fitted(10.0, 2.0, (0.01, 200.0)),
            Fitted(0.6, 0.4, (0.3, 1.0)),
            Fitted(0.9, 0.15, (0.3, 1.0)),
            Fitted(1.01, 1.0, (1.0, 6.0)),
            Absent,
            Absent,
            Fixed(16.0),
            Fitted(30.0, 3.0, (0.3, 1000.0)),
            Absent,
            Absent,
            Absent,
            Absent,
            Absent,
        ],
        // What heads read again is mostly in the L2, so that its share may lie above one.
        Operator::DecodeByHead => [
            Fitted(10.0, 1.0, (1.0, 80.0)),
            Absent,
            Fixed(1.0),
            Fitted(0.5, 2.0, (0.005, 5.0)),
            Absent,
            Absent,
            Absent,
            Absent,
            Fitted(5.0, 3.0, (0.01, 1000.0)),
            Absent,
            Absent,
            Absent,
            Absent,
            Absent,
        ],
        _ => [
            Fitted(10.0, 1.0, (1.0, 80.0)),
            Fitted(10.0, 2.0, (0.01, 200.0)),
            Fitted(0.6, 0.4, (0.05, 1.0)),
            Fitted(0.9, 0.15, (0.3, 1.0)),
            Fitted(1.01, 1.0, (1.0, 6.0)),
            Fitted(0.05, 2.0, (1e-4, 2.0)),
            Absent,
            // No more than the heads of a tile, so that more heads never take less time.
            Fitted(16.0, 1.0, (8.0, 64.0)),
            Fitted(30.0, 3.0, (0.3, 1000.0)),
            Absent,
            Absent,
            Absent,
            Absent,
            Absent,
        ],
    }
}

/// The priors of a row: those of its operator, with what the chip tells.
fn priors_of(operator: Operator, own: &[&Sample], elder: Option<&[f64; 14]>) -> [Prior; 14] {
    let mut priors = priors(operator);
    let Some(first) = own.first() else { return priors };
    let measured = constants().measured(&first.chip.id);
    let sram = first.chip.sram.map_or(0.0, |own| own.capacity.get());
    let alone = own.iter().all(|sample| sample.chip.id == first.chip.id);
    if !alone || sram < 48e6 {
        priors[4] = if matches!(priors[4], Absent) { Absent } else { Fixed(1.0) };
    }
    if let (Fitted(_, spread, range), Some(rate)) = (priors[9], first.chip.rate(first.unit)) {
        // Blackwell Ultra computes twice as many exponentials.
        let per_clock =
            if first.chip.id.ends_with("300-nvl72") || first.chip.id == "b300" { 2.0 } else { 1.0 }
                * EXPONENTIALS;
        let cost = rate.peak.get() / (measured.cores * CLOCK * per_clock);
        priors[9] = Fitted(cost.clamp(8.0, 1500.0), spread, range);
    }
    if operator == Operator::GemmVllm {
        let times: Vec<f64> = own.iter().map(|sample| sample.time.get()).collect();
        let least = quantile(&times, 0.02) * 0.95;
        if least > LAUNCHED {
            priors[12] = Fitted(least * 1e6, 0.3, (1.0, 400.0));
        }
    }
    if let Some(elder) = elder {
        within(&mut priors, elder, first, operator);
    }
    priors
}

/// Keeps a newer sibling's law inside the older one's: no part of it takes longer.
fn within(priors: &mut [Prior; 14], elder: &[f64; 14], own: &Sample, operator: Operator) {
    let Some((_, old)) = SIBLINGS.iter().find(|(new, _)| *new == own.chip.id) else { return };
    let Some(old) = tandem::catalog::chip(old) else { return };
    let cores = |chip: &Chip| constants().measured(&chip.id).cores;
    let peak = |chip: &Chip| chip.rate(own.unit).map_or(1.0, |rate| rate.peak.get());
    let bandwidth = |chip: &Chip| chip.memory.as_ref().map_or(1.0, |own| own.bandwidth.get());
    let (p, bw, c) =
        (peak(old) / peak(own.chip), bandwidth(old) / bandwidth(own.chip), cores(old) / cores(own.chip));
    // At most, or at least, what the older one has.
    let most = [1.0, 1.0, 0.0, 0.0, 0.0, c, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0 / bw, 1.0, 0.0];
    let least = [0.0, 0.0, p, bw, 0.0, 0.0, 0.0, 0.0, bw / c, 0.0, 0.0, 0.0, 0.0, 0.0];
    // A slower memory leaves that much room for a longer ramp: the first bytes may not come later.
    let reads = |chip: &Chip, share: f64| 1e6 * Form::ramp().get() / (bandwidth(chip) * share);
    let room = (reads(old, elder[3]) - reads(own.chip, 0.95 * elder[3])).max(0.0);
    for (index, prior) in priors.iter_mut().enumerate() {
        let Fitted(value, spread, (low, high)) = *prior else { continue };
        if operator == Operator::DecodeMla && index == 7 {
            // Rows of a tile are the same machine's.
            *prior = Fixed(elder[index]);
            continue;
        }
        let more = if index == 1 { room } else { 0.0 };
        let high = if most[index] > 0.0 { high.min(elder[index] * most[index] + more) } else { high };
        let low = if least[index] > 0.0 { low.max(elder[index] * least[index]) } else { low };
        // Where no room is left the two are one.
        *prior = if low * 1.02 < high {
            Fitted(value.clamp(low, high), spread, (low, high))
        } else if least[index] > 0.0 {
            Fixed(high.max(low.min(high)))
        } else {
            Fixed(high)
        };
    }
}

/// The law that numbers mean on a chip.
fn law(operator: Operator, numbers: &[f64; 14], sample: &Sample, measured: &Measured<'_>) -> Option<Kernel> {
    let row = row(operator, "*", sample.format, sample.unit, numbers);
    Kernel::from_row(&row, sample.chip, sample.unit, measured.cores)
}

fn row(
    operator: Operator,
    chip: &'static str,
    format: NumberFormat,
    unit: ComputeType,
    numbers: &[f64; 14],
) -> KernelRow {
    let &[
        t0,
        ramp,
        compute,
        bandwidth,
        l2,
        half,
        split,
        pad_rows,
        stream,
        exponential,
        extra_keys,
        beside,
        host,
        tile_rows,
    ] = numbers;
    KernelRow {
        operator,
        chip,
        format,
        unit,
        t0: Seconds::micros(t0),
        ramp: Seconds::micros(ramp),
        compute,
        bandwidth,
        l2,
        half,
        split,
        pad_rows,
        stream,
        exponential,
        extra_keys,
        beside,
        host: Seconds::micros(host),
        tile_rows,
    }
}

/// What a constant is that the law does without.
const NEUTRAL: [f64; 14] =
    [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, f64::INFINITY, 1.0, f64::INFINITY, 0.0, 0.0, 0.0, 0.0, 0.0];

fn error(operator: Operator, numbers: &[f64; 14], sample: &Sample, measured: &Measured<'_>) -> f64 {
    let work = sample.by_head.as_ref().filter(|_| operator == Operator::DecodeByHead).unwrap_or(&sample.work);
    law(operator, numbers, sample, measured).map_or(0.0, |law| (law.time(work).time / sample.time).ln())
}

/// All constants from those that are fitted.
fn whole(priors: &[Prior; 14], fitted: &[f64]) -> [f64; 14] {
    let mut fitted = fitted.iter();
    let mut numbers = NEUTRAL;
    for (number, prior) in numbers.iter_mut().zip(priors) {
        match prior {
            Absent => {}
            Fixed(value) => *number = *value,
            Fitted(..) => *number = fitted.next().copied().unwrap_or(*number),
        }
    }
    numbers
}

fn fit(operator: Operator, samples: &[&Sample], priors: &[Prior; 14]) -> [f64; 14] {
    solve(operator, samples, priors).0
}

/// The constants, and what is left of the residuals.
fn solve(operator: Operator, samples: &[&Sample], priors: &[Prior; 14]) -> ([f64; 14], f64) {
    let own: Vec<(f64, f64, Bounds)> = priors
        .iter()
        .filter_map(|prior| match *prior {
            Fitted(value, spread, range) => Some((value, spread, range)),
            _ => None,
        })
        .collect();
    let bounds: Vec<Bounds> = own.iter().map(|&(_, _, range)| range).collect();
    let measured: Vec<Measured<'_>> =
        samples.iter().map(|sample| constants().measured(&sample.chip.id)).collect();
    let mut best: Option<(Vec<f64>, f64)> = None;
    for nudge in [1.0, 0.4, 2.5] {
        let start: Vec<f64> = own
            .iter()
            .enumerate()
            .map(|(index, &(value, _, (low, high)))| {
                let nudge: f64 = if index % 2 == 0 { nudge } else { 1.0 / nudge };
                (value * nudge).clamp(low * 1.001, high * 0.999)
            })
            .collect();
        let found = least_squares(&start, &bounds, 1e-7, |fitted| {
            let numbers = whole(priors, fitted);
            let shapes = samples.iter().zip(&measured);
            let mut residuals: Vec<f64> = shapes
                .map(|(sample, known)| robust(error(operator, &numbers, sample, known), SCALE))
                .collect();
            residuals.extend(
                fitted
                    .iter()
                    .zip(&own)
                    .map(|(value, (prior, spread, _))| PRIOR * (value / prior).ln() / spread),
            );
            residuals
        });
        if best.as_ref().is_none_or(|(_, cost)| found.1 < *cost) {
            best = Some(found);
        }
    }
    let (numbers, cost) = best.unwrap_or_default();
    (whole(priors, &numbers), cost)
}

/// Whether kernels of experts guess the height of their tiles, which the shapes tell: a guess that explains much is one.
/// Newer siblings run the kernels of the older ones.
fn guessing(
    operator: Operator,
    samples: &[&Sample],
    elder: Option<&[f64; 14]>,
    mut priors: [Prior; 14],
) -> [Prior; 14] {
    if operator != Operator::Experts {
        return priors;
    }
    let plain = priors;
    priors[13] = Fixed(HIGHEST);
    let better = elder.map_or_else(
        || solve(operator, samples, &priors).1 < EXPLAINS * solve(operator, samples, &plain).1,
        |elder| elder[13] > 0.0,
    );
    if better { priors } else { plain }
}

/// Absolute errors in percent on the part of the samples that a fit on the others did not see.
fn unseen(
    operator: Operator,
    samples: &[&Sample],
    priors: &[Prior; 14],
    fold: impl Fn(usize) -> usize,
) -> Vec<f64> {
    errors::unseen(samples, fold, |seen, left| {
        let numbers = fit(operator, seen, priors);
        let ratio = |sample: &&Sample| {
            let known = constants().measured(&sample.chip.id);
            error(operator, &numbers, sample, &known).exp()
        };
        left.iter().map(ratio).collect()
    })
}

/// Fits all operators and writes the file.
pub fn calibrate(ops: &Path, file: &Path) -> Result<()> {
    let groups = read(ops)?;
    let mut laws: BTreeMap<Key, [f64; 14]> = BTreeMap::new();
    let mut lines = vec!["elementwise,*,bf16,bf16,2,,0.3,0.7,,,,,,,,,,,".to_owned()];
    let mut held: BTreeMap<(&str, bool), Vec<f64>> = BTreeMap::new();
    let mut on_bounds = Vec::new();
    // Older siblings first.
    let newer = |key: &Key| SIBLINGS.iter().any(|(new, _)| *new == key.1);
    let mut order: Vec<&Key> = groups.keys().collect();
    order.sort_by_key(|key| newer(key));
    for key in order {
        let own: Vec<&Sample> = groups.get(key).into_iter().flatten().collect();
        let operator = Operator::from_id(key.0).context("no such operator")?;
        let old = SIBLINGS.iter().find(|(new, _)| *new == key.1).map(|(_, old)| (*old).to_owned());
        let elder = old.and_then(|old| laws.get(&(key.0, old, key.2, key.3)));
        let priors = guessing(operator, &own, elder, priors_of(operator, &own, elder));
        let numbers = fit(operator, &own, &priors);
        let errors = unseen(operator, &own, &priors, |index| index % FOLDS);
        let median = quantile(&errors, 0.5);
        eprintln!(
            "{:58} {:5} shapes, held out {median:5.1} % p90 {:5.1}  {}",
            format!("{} {} {} {}", key.0, key.1, key.2, key.3),
            own.len(),
            quantile(&errors, 0.9),
            shown(&priors, &numbers)
        );
        held.entry((key.0, key.2 == "fp8")).or_default().extend(&errors);
        told(&mut on_bounds, key, &priors, &numbers);
        lines.push(line(key, &priors, &numbers, median));
        laws.insert(key.clone(), numbers);
    }
    pooled(&groups, &mut lines)?;
    lines.sort();
    let mut header = String::new();
    for ((operator, narrow), errors) in &held {
        let name = if *narrow { format!("{operator} in fp8") } else { (*operator).to_owned() };
        let [median, p90] = [0.5, 0.9].map(|share| quantile(errors, share));
        header += &format!("# Held out: {name}, median {median:.1} %, 90th percentile {p90:.1} %.\n");
    }
    for own in &on_bounds {
        header += &format!("# On a bound: {own}.\n");
    }
    eprint!("{header}");
    header += &format!("operator,chip,format,unit,{},error", NAMES.join(","));
    let count = groups.values().map(Vec::len).sum::<usize>();
    table::write(file, &format!("on {count} kernels"), &header, &lines)
}

/// The set over all chips, per operator and format: the unit that most chips use.
fn pooled(groups: &BTreeMap<Key, Vec<Sample>>, lines: &mut Vec<String>) -> Result<()> {
    let mut pooled: BTreeMap<(&str, &str, &str), Vec<&Sample>> = BTreeMap::new();
    for ((operator, _, format, unit), samples) in groups {
        if !operator.starts_with("decode-by") && !operator.starts_with("decode-multi") {
            pooled.entry((operator, format, unit)).or_default().extend(samples);
        }
    }
    for ((name, format, unit), samples) in &pooled {
        let mut chips: Vec<&str> = samples.iter().map(|own| &*own.chip.id).collect();
        chips.sort_unstable();
        chips.dedup();
        // A format that one chip alone has is no law for all chips.
        if chips.len() < 2 {
            continue;
        }
        let operator = Operator::from_id(name).context("no such operator")?;
        let mut priors = priors_of(operator, samples, None);
        // Chips differ: what they have in common is no worse than a kernel that somebody cared for.
        for (index, range) in [(1, (0.01, 20.0)), (3, (0.6, 0.95))] {
            if let Fitted(value, spread, _) = priors[index] {
                priors[index] = Fitted(value, spread, range);
            }
        }
        let priors = guessing(operator, samples, None, priors);
        let numbers = fit(operator, samples, &priors);
        let place = |index: usize| {
            samples.get(index).and_then(|own| chips.binary_search(&&*own.chip.id).ok()).unwrap_or(0)
        };
        let errors = unseen(operator, samples, &priors, place);
        let key = (operator.id(), "*".to_owned(), *format, *unit);
        eprintln!(
            "{name} * {format} {unit}: chips left out {:.1} %  {}",
            quantile(&errors, 0.5),
            shown(&priors, &numbers)
        );
        lines.push(line(&key, &priors, &numbers, quantile(&errors, 0.5)));
    }
    Ok(())
}

/// The tables, by operator, chip, format and unit.
fn read(ops: &Path) -> Result<BTreeMap<Key, Vec<Sample>>> {
    let mut groups: BTreeMap<Key, Vec<Sample>> = BTreeMap::new();
    for name in ["gemm", "gemm_vllm", "attn_ctx", "attn_gen", "mla_ctx", "mla_gen", "moe", "moe_blackwell"] {
        let path = ops.join(format!("{name}.csv"));
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let table = Table::named(name).context("no such table")?;
        // Rows of chips that the catalogue does not have are left out.
        for own in samples(table, &text)?.into_iter().flatten() {
            let assumed = own.chip.rate(own.unit).is_none_or(|rate| rate.unit != own.unit || rate.assumed);
            // A table may say that a chip computes in a unit that it has not: then it converts.
            let unit = if assumed { ComputeType::Bf16 } else { own.unit };
            if impossible(&own) {
                continue;
            }
            let key = (own.operator.id(), own.chip.id.to_string(), own.format.id(), unit.id());
            groups.entry(key).or_default().push(Sample { unit, ..own });
        }
    }
    groups.retain(|_, samples| samples.len() >= ENOUGH);
    Ok(groups)
}

/// Whether a table claims more than the data sheet allows: some times were taken of a kernel that did not do its work. What
/// fits into a large L2 may come faster.
fn impossible(own: &Sample) -> bool {
    let Some(memory) = &own.chip.memory else { return true };
    let large = own.chip.sram.map_or(0.0, |own| own.capacity.get());
    let cached = large >= 48e6 && own.work.bytes.get() < 1.2 * large;
    let reading = own.work.bytes / memory.bandwidth;
    let computing = own.chip.rate(own.unit).map_or(Seconds::ZERO, |rate| own.work.flops() / rate.peak);
    (reading * 0.9 > own.time && !cached) || computing * 0.9 > own.time
}

fn shown(priors: &[Prior; 14], numbers: &[f64; 14]) -> String {
    let fitted = NAMES.iter().zip(priors).zip(numbers).filter(|((_, prior), _)| matches!(prior, Fitted(..)));
    fitted.map(|((name, _), value)| format!("{name}={} ", short(*value))).collect()
}

/// Constants that a table pushes against an end of their range.
fn told(lines: &mut Vec<String>, key: &Key, own: &[Prior; 14], numbers: &[f64; 14]) {
    let Some(operator) = Operator::from_id(key.0) else { return };
    for (place, ((name, prior), value)) in NAMES.iter().zip(own).zip(numbers).enumerate() {
        let Fitted(_, _, (low, high)) = prior else { continue };
        // Ends that the older sibling set are no news.
        let Fitted(_, _, own) = priors(operator)[place] else { continue };
        if (own.0, own.1) != (*low, *high) {
            continue;
        }
        let share = (value / low).ln() / (high / low).ln();
        if !(0.01..=0.99).contains(&share) && *name != "l2" {
            lines.push(format!("{} {} {} {}: {name} = {}", key.0, key.1, key.2, key.3, short(*value)));
        }
    }
}

fn line(key: &Key, priors: &[Prior; 14], numbers: &[f64; 14], error: f64) -> String {
    let cells: Vec<String> = priors
        .iter()
        .zip(numbers)
        .map(|(prior, value)| match prior {
            Absent => String::new(),
            // Three digits: no kernel is known better, and visitors load the file.
            _ => format!("{value:.2e}").parse::<f64>().map_or_else(|_| short(*value), short),
        })
        .collect();
    format!("{},{},{},{},{},{error:.1}", key.0, key.1, key.2, key.3, cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synthetic_table_gives_its_constants_back() {
        let mut text = "system,eng,dtype,m,n,k,us\n".to_owned();
        for m in [1, 16, 64, 256, 1024, 8192] {
            for (n, k) in
                [(1024, 4096), (4096, 4096), (8192, 8192), (512, 16_384), (28_672, 4096), (20_480, 20_480)]
            {
                text += &format!("h100_sxm,x,bf16,{m},{n},{k},1\n");
            }
        }
        let mut own: Vec<Sample> =
            samples(Table::Gemm, &text).unwrap().into_iter().map(Result::unwrap).collect();
        let measured = constants().measured("h100-sxm");
        let mut truth = NEUTRAL;
        truth[..13].copy_from_slice(&[4.0, 4.0, 0.6, 0.8, 1.0, 0.2, 4096.0, 16.0, 15.0, 0.0, 0.0, 0.3, 0.0]);
        for sample in &mut own {
            let law = law(Operator::Gemm, &truth, sample, &measured).unwrap();
            sample.time = law.time(&sample.work).time;
        }
        let all: Vec<&Sample> = own.iter().collect();
        let priors = priors_of(Operator::Gemm, &all, None);
        let found = fit(Operator::Gemm, &all, &priors);
        for index in [0, 2, 3] {
            assert!((found[index] / truth[index] - 1.0).abs() < 0.1, "{}: {found:?}", NAMES[index]);
        }
        assert!(quantile(&unseen(Operator::Gemm, &all, &priors, |index| index % FOLDS), 0.5) < 3.0);
    }
}

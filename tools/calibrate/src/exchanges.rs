//! Expert exchanges: a straight line over tokens, fitted per kernel, part and chip over all ranks, shapes and nodes at once.
//! The law is the library's own (`tandem::machine`).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::{self, Engine};
use tandem::check::kernels::chip_of;
use tandem::machine::{ExchangeKernel, ExchangePart, ExchangeRow, Fabric, Parcel, Reach, constants};
use tandem::units::{BytesPerSecond, Seconds};

use crate::errors::{Errors, FOLDS, unseen};
use crate::fit::{Bounds, least_squares, priors, quantile, robust};
use crate::table::{self, Line, short};

const SCALE: f64 = 0.1;
/// Processors that DeepEP's high-throughput kernels take, as its authors time them.
const SMS: f64 = 20.0;
/// Ranges, centres and spreads (in logarithms): latency in µs, the same for each doubling of ranks, share of the link, copies
/// a chip makes for itself, GB/s that a processor moves, µs for each doubling of nodes, share of the network, how fast that
/// falls beyond four nodes.
const BOUNDS: [Bounds; 8] =
    [(1.0, 400.0), (0.05, 10.0), (0.03, 1.0), (0.02, 8.0), (2.0, 40.0), (1.0, 60.0), (0.3, 1.0), (0.01, 2.0)];
const CENTRES: [f64; 8] = [15.0, 1.0, 0.6, 0.5, 10.0, 8.0, 0.95, 0.1];
const SPREADS: [f64; 8] = [2.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.1, 2.0];
/// Share of the link, and its spread, of kernels that their processors limit: 153 of H800's 200 GB/s (DeepEP's own figures).
const LINK: (f64, f64) = (0.77, 0.05);
const NAMES: [&str; 8] = ["t0_us", "hop_us", "efficiency", "base", "sm_GBps", "node_us", "network", "crowd"];

/// One exchange.
#[derive(Clone, Copy, Debug)]
struct Sample {
    reach: Reach,
    parcel: Parcel,
    sms: Option<f64>,
    measured: f64,
}

type Key = (&'static str, &'static str, &'static str);

/// Fits all expert exchanges and writes the file.
pub fn calibrate(ops: &Path, file: &Path) -> Result<()> {
    let mut groups: BTreeMap<Key, Vec<Sample>> = BTreeMap::new();
    for name in ["moe_a2a.csv", "moe_a2a_multinode.csv"] {
        for line in table::read(&ops.join(name))? {
            let Some((key, sample)) = read(&line)? else { continue };
            groups.entry(key).or_default().push(sample);
        }
    }
    let mut rows: Vec<(Key, Vec<f64>, usize, f64)> = Vec::new();
    let mut errors = Errors::default();
    for (&(kernel, part, chip), samples) in &groups {
        let law = Law::new(kernel, part)?;
        let numbers = law.fit(samples);
        let unseen = law.unseen(samples);
        errors.add(&[if part == "prepare" { "prepare" } else { "exchange" }, chip, kernel], &unseen);
        crate::fit::tell_bounds(&format!("{kernel} {part} {chip}"), &NAMES, &numbers, &BOUNDS);
        rows.push(((kernel, part, chip), numbers, samples.len(), quantile(&unseen, 0.5)));
    }
    inherit_nodes(&mut rows, &groups);
    medians(&mut rows);
    let lines: Vec<String> = rows.iter().map(line).collect();
    let header = "kernel,part,chip,t0_us,hop_us,efficiency,base,sms,sm_GBps,node_us,network,crowd,rows,error";
    let count = groups.values().map(Vec::len).sum::<usize>();
    table::write(file, &format!("on {count} exchanges{}", errors.told()), header, &lines)
}

fn read(line: &Line) -> Result<Option<(Key, Sample)>> {
    let Some(chip) = chip_of(line.text("system")).map(|own| &*own.id) else { return Ok(None) };
    let format = line.text("dtype");
    let kernel = ExchangeKernel::from_measured(line.text("impl"), format);
    let Some((kernel, part)) = kernel.zip(ExchangePart::from_measured(line.text("phase"))) else {
        return Ok(None);
    };
    let top_k = line.number("topk")?;
    let bytes = part.bytes(line.number("hidden")?, top_k, format);
    let tables = constants();
    let found = catalog::chip(chip).with_context(|| format!("the catalogue has no {chip}"))?;
    let fabric = Fabric::new(tables, found, tables.engine(Engine::Sglang, chip), tables.measured(chip));
    let sample = Sample {
        reach: fabric.reach(line.number("ep")? as u32),
        parcel: Parcel { tokens: line.number("tokens")?, top_k, bytes },
        sms: line.number("sms").ok().filter(|sms| *sms > 0.0),
        measured: line.number("us")?,
    };
    Ok(Some(((kernel.id(), part.id(), chip), sample)))
}

/// The law of one kernel and part.
struct Law {
    kernel: ExchangeKernel,
    part: ExchangePart,
}

impl Law {
    fn new(kernel: &str, part: &str) -> Result<Self> {
        Ok(Self {
            kernel: ExchangeKernel::from_id(kernel).context("unknown kernels")?,
            part: ExchangePart::from_id(part).context("an unknown part")?,
        })
    }

    fn row(&self, numbers: &[f64]) -> Option<ExchangeRow> {
        let &[t0, hop, efficiency, base, per_sm, node, network, crowd] = numbers else { return None };
        Some(ExchangeRow {
            kernel: self.kernel,
            part: self.part,
            chip: "*",
            t0: Seconds::micros(t0),
            hop: Seconds::micros(hop),
            efficiency,
            base,
            sms: if self.kernel.takes_processors() { SMS } else { 0.0 },
            per_sm: BytesPerSecond::giga(per_sm),
            node: Seconds::micros(node),
            network,
            crowd,
        })
    }

    fn priors(&self) -> ([f64; 8], [f64; 8]) {
        let (mut centres, mut spreads) = (CENTRES, SPREADS);
        if self.kernel.takes_processors() {
            (centres[2], spreads[2]) = LINK;
        }
        (centres, spreads)
    }

    fn times(&self, numbers: &[f64], samples: &[Sample]) -> Vec<f64> {
        let row = self.row(numbers);
        let time = |own: &Sample| {
            row.as_ref().map_or(f64::NAN, |row| row.time(&own.reach, &own.parcel, own.sms).get() * 1e6)
        };
        samples.iter().map(time).collect()
    }

    fn fit(&self, samples: &[Sample]) -> Vec<f64> {
        let found = [15.0, 60.0, 200.0].into_iter().map(|t0| {
            let (centres, spreads) = self.priors();
            let mut start = centres;
            start[0] = t0;
            least_squares(&start, &BOUNDS, 1e-8, |numbers| {
                let times = self.times(numbers, samples);
                let seen =
                    times.iter().zip(samples).map(|(time, own)| robust((time / own.measured).ln(), SCALE));
                seen.chain(priors(numbers, &centres, &spreads)).collect()
            })
        });
        found.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(numbers, _)| numbers).unwrap_or_default()
    }

    fn unseen(&self, samples: &[Sample]) -> Vec<f64> {
        unseen(
            samples,
            |index| index % FOLDS,
            |seen, left| {
                let times = self.times(&self.fit(seen), left);
                times.iter().zip(left).map(|(time, own)| time / own.measured).collect()
            },
        )
    }
}

/// What crosses nodes was measured on some chips with some kernels: the others take it from kernels of their kind.
fn inherit_nodes(rows: &mut [(Key, Vec<f64>, usize, f64)], groups: &BTreeMap<Key, Vec<Sample>>) {
    let low = |kernel: &str| kernel.contains("low") || kernel.contains("sided");
    let seen: Vec<(Key, Vec<f64>)> = rows
        .iter()
        .filter(|(key, ..)| groups.get(key).is_some_and(|own| own.iter().any(|own| own.reach.nodes > 1.0)))
        .map(|(key, numbers, ..)| (*key, numbers.clone()))
        .collect();
    for ((kernel, part, chip), numbers, ..) in rows {
        if seen.iter().any(|(key, _)| *key == (*kernel, *part, *chip)) {
            continue;
        }
        let direction = if *part == "combine" { "combine" } else { "dispatch" };
        let like: Vec<&Vec<f64>> = seen
            .iter()
            .filter(|(key, _)| low(key.0) == low(kernel) && key.1 == direction)
            .map(|(_, own)| own)
            .collect();
        for place in 5..8 {
            let values: Vec<f64> = like.iter().map(|own| own[place]).collect();
            numbers[place] = quantile(&values, 0.5);
        }
    }
}

/// Rows for chips that nobody measured: medians over chips, of the kernels that every engine can fall back on.
fn medians(rows: &mut Vec<(Key, Vec<f64>, usize, f64)>) {
    for kernel in [ExchangeKernel::Low.id(), ExchangeKernel::Normal.id()] {
        for part in [ExchangePart::Dispatch.id(), ExchangePart::Combine.id()] {
            let own: Vec<_> = rows.iter().filter(|(key, ..)| (key.0, key.1) == (kernel, part)).collect();
            let median = |place: usize| {
                quantile(&own.iter().map(|(_, numbers, ..)| numbers[place]).collect::<Vec<_>>(), 0.5)
            };
            let numbers: Vec<f64> = (0..BOUNDS.len()).map(median).collect();
            rows.push(((kernel, part, "*"), numbers, 0, 0.0));
        }
    }
    rows.sort_by_key(|(key, ..)| *key);
}

fn line(((kernel, part, chip), numbers, rows, error): &(Key, Vec<f64>, usize, f64)) -> String {
    let own: Vec<String> = numbers.iter().map(|&number| short(number)).collect();
    let moved = ExchangeKernel::from_id(kernel).is_some_and(ExchangeKernel::takes_processors);
    let (sms, per_sm) = if moved { (short(SMS), own[4].clone()) } else { ("0".into(), "0".into()) };
    let [t0, hop, efficiency, base] = [0, 1, 2, 3].map(|place: usize| own[place].clone());
    let [node, network, crowd] = [5, 6, 7].map(|place: usize| own[place].clone());
    format!(
        "{kernel},{part},{chip},{t0},{hop},{efficiency},{base},{sms},{per_sm},{node},{network},{crowd},{rows},{error:.1}"
    )
}

//! Collectives inside a domain: the smaller of two straight lines, fitted per operation, chip and library over all ranks at
//! once. The law is the library's own (`tandem::machine`), so that what is fitted is what runs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::{self, Engine};
use tandem::check::kernels::chip_of;
use tandem::machine::{Collective, CollectiveLaw, Fabric, Operation, Topology, constants};
use tandem::units::{Bytes, Seconds};

use crate::errors::{Errors, FOLDS, unseen};
use crate::fit::{Bounds, least_squares, priors, quantile, robust};
use crate::table::{self, short};

const SCALE: f64 = 0.1;
const ENOUGH: usize = 5;
/// Ranges, centres and spreads (in logarithms) of latency and of a step in µs, share of the link the sooner way, how much later
/// the wider way starts in µs, share of the link the wider way.
const BOUNDS: [Bounds; 5] = [(0.5, 60.0), (0.01, 8.0), (0.02, 1.0), (0.1, 100.0), (0.1, 1.0)];
const CENTRES: [f64; 5] = [5.0, 1.0, 0.5, 10.0, 0.8];
const SPREADS: [f64; 5] = [1.0, 1.0, 0.7, 1.0, 0.3];
/// The last one: what few ranks lack of a switched link, or how fast ranks get in each other's way on a bus.
const PAIR: (Bounds, f64, f64) = ((0.01, 0.95), 0.4, 1.0);
const CROWD: (Bounds, f64, f64) = ((0.01, 2.2), 0.5, 1.0);
const STARTS: [[f64; 6]; 3] =
    [[5.0, 1.0, 0.5, 10.0, 0.8, 0.4], [10.0, 2.0, 0.3, 25.0, 0.75, 0.4], [3.0, 0.2, 0.7, 5.0, 0.8, 0.8]];

/// An exchange: ranks, bytes of the message, measured µs.
type Sample = (u32, f64, f64);

/// What was measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    operation: &'static str,
    chip: &'static str,
    library: &'static str,
}

/// Fits all collectives and writes the file.
pub fn calibrate(ops: &Path, file: &Path) -> Result<()> {
    let groups = read(&ops.join("comm.csv"))?;
    let mut lines = Vec::new();
    let mut errors = Errors::default();
    let mut nccl: Option<(Key, Vec<f64>)> = None;
    for (key, samples) in groups.iter().filter(|(_, samples)| samples.len() >= ENOUGH) {
        // NCCL comes first by name. Engines take its ways where they are faster.
        let other = nccl.as_ref().filter(|(own, _)| own.chip == key.chip && own.operation == key.operation);
        let law = Law::new(*key, other.map(|(_, numbers)| numbers.clone()))?;
        let numbers = law.fit(samples);
        if key.library == "nccl" {
            nccl = Some((*key, numbers.clone()));
        }
        let unseen = law.unseen(samples);
        errors.add(&[key.operation, key.chip, key.library], &unseen);
        law.tell_bounds(*key, &numbers);
        let cells: Vec<String> = law.cells(&numbers).into_iter().map(short).collect();
        let Key { operation, chip, library } = *key;
        let (rows, error) = (samples.len(), quantile(&unseen, 0.5));
        lines.push(format!("{operation},{chip},{library},{},{rows},{error:.1}", cells.join(",")));
    }
    let header = "operation,chip,library,t0_us,hop_us,low,switch_us,efficiency,pair,crowd,rows,error";
    let count = groups.values().map(Vec::len).sum::<usize>();
    table::write(file, &format!("on {count} exchanges{}", errors.told()), header, &lines)
}

fn read(file: &Path) -> Result<BTreeMap<Key, Vec<Sample>>> {
    let mut groups: BTreeMap<Key, Vec<Sample>> = BTreeMap::new();
    for line in table::read(file)? {
        let Some(chip) = chip_of(line.text("system")).map(|own| &*own.id) else { continue };
        let operation = match line.text("op") {
            "all_reduce" => Operation::AllReduce,
            "all_gather" => Operation::AllGather,
            "reduce_scatter" => Operation::ReduceScatter,
            "alltoall" => Operation::AllToAll,
            _ => continue,
        };
        let ranks = line.number("ranks")? as u32;
        let named = line.text("impl").trim_start_matches("custom_");
        let own = Engine::ALL.into_iter().find(|engine| engine.id() == named);
        // An engine's own kernels do not leave the host: what was measured under its name there was NCCL's.
        let host = constants().fabric(chip).host;
        let library =
            own.filter(|engine| *engine == Engine::Trtllm || ranks <= host).map_or("nccl", Engine::id);
        let sample = (ranks, line.number("bytes")?, line.number("us")?);
        groups.entry(Key { operation: operation.id(), chip, library }).or_default().push(sample);
    }
    Ok(groups)
}

/// The law of one group, and what its last constant means.
struct Law {
    fabric: Fabric<'static>,
    operation: Operation,
    direct: bool,
    bus: bool,
    /// Constants of NCCL's ways.
    other: Option<Vec<f64>>,
}

impl Law {
    fn new(key: Key, other: Option<Vec<f64>>) -> Result<Self> {
        let chip = catalog::chip(key.chip).with_context(|| format!("the catalogue has no {}", key.chip))?;
        let tables = constants();
        let engine = tables.engine(Engine::Vllm, key.chip);
        let operation = Operation::from_id(key.operation).context("an unknown operation")?;
        Ok(Self {
            fabric: Fabric::new(tables, chip, engine, tables.measured(key.chip)),
            operation,
            direct: key.library != "nccl",
            bus: tables.fabric(key.chip).topology == Topology::Bus,
            other,
        })
    }

    fn last(&self) -> (Bounds, f64, f64) {
        if self.bus { CROWD } else { PAIR }
    }

    fn bounds(&self) -> Vec<Bounds> {
        BOUNDS.into_iter().chain([self.last().0]).collect()
    }

    /// The columns of a row.
    fn cells(&self, numbers: &[f64]) -> Vec<f64> {
        let &[t0, hop, low, switch, efficiency, last] = numbers else { return Vec::new() };
        let (pair, crowd) = if self.bus { (0.0, last) } else { (last, 0.0) };
        vec![t0, hop, low, switch, efficiency, pair, crowd]
    }

    fn collective(&self, numbers: &[f64], ranks: u32, direct: bool) -> Option<Collective> {
        let [t0, hop, low, switch, efficiency, pair, crowd] = self.cells(numbers).try_into().ok()?;
        let (t0, hop, switch) = (Seconds::micros(t0), Seconds::micros(hop), Seconds::micros(switch));
        let law = CollectiveLaw { t0, hop, low, switch, efficiency, pair, crowd };
        Some(self.fabric.alone(self.operation, ranks, &law, direct))
    }

    /// Predicted µs.
    fn times(&self, numbers: &[f64], samples: &[Sample]) -> Vec<f64> {
        let mut by_ranks: BTreeMap<u32, [Option<Collective>; 2]> = BTreeMap::new();
        let mut time = |&(ranks, bytes, _): &Sample| {
            let ways = by_ranks.entry(ranks).or_insert_with(|| {
                let other = self.other.as_deref().and_then(|other| self.collective(other, ranks, false));
                [self.collective(numbers, ranks, self.direct), other]
            });
            let times = ways.iter().flatten().map(|own| own.time(Bytes::new(bytes)).0.get() * 1e6);
            times.fold(f64::INFINITY, f64::min)
        };
        samples.iter().map(&mut time).collect()
    }

    fn fit(&self, samples: &[Sample]) -> Vec<f64> {
        let (_, centre, spread) = self.last();
        let centres: Vec<f64> = CENTRES.into_iter().chain([centre]).collect();
        let spreads: Vec<f64> = SPREADS.into_iter().chain([spread]).collect();
        let found = STARTS.iter().map(|start| {
            least_squares(start, &self.bounds(), 1e-8, |numbers| {
                let times = self.times(numbers, samples);
                let seen = times.iter().zip(samples).map(|(time, own)| robust((time / own.2).ln(), SCALE));
                seen.chain(priors(numbers, &centres, &spreads)).collect()
            })
        });
        found.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(numbers, _)| numbers).unwrap_or_default()
    }

    /// Absolute errors in percent of sizes that the fit did not see.
    fn unseen(&self, samples: &[Sample]) -> Vec<f64> {
        unseen(
            samples,
            |index| index % FOLDS,
            |seen, left| {
                let times = self.times(&self.fit(seen), left);
                times.iter().zip(left).map(|(time, own)| time / own.2).collect()
            },
        )
    }

    /// Says which constants the data pushed to the end of what physics allows.
    fn tell_bounds(&self, key: Key, numbers: &[f64]) {
        let names = ["t0_us", "hop_us", "low", "switch_us", "efficiency", "pair or crowd"];
        crate::fit::tell_bounds(&format!("{key:?}"), &names, numbers, &self.bounds());
    }
}

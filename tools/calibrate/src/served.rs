//! Served points of `serving.csv` and `independent.csv`, row by row as a scenario with what was measured and how much it
//! counts in a fit.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::{self, Engine};
use tandem::evidence::rows;
use tandem::machine::{Constants, EngineRow, constants};
use tandem::scenario::{Layout, Load, Scenario, Split};
use tandem::serve::serve;

use crate::table::{self, Line};

/// What counts how much, by the flag of a row: something essential of a `doubt` is assumed, a `batch` starts and ends
/// together, and `llamacpp` rows are of single streams.
const FLAGS: [(&str, f64); 4] = [("ok", 1.0), ("batch", 0.5), ("llamacpp", 0.5), ("doubt", 0.3)];

/// A served point.
#[derive(Clone, Debug)]
pub struct Point {
    /// Row name.
    pub id: String,
    /// What ran.
    pub scenario: Scenario,
    /// The chip that decodes.
    pub chip: String,
    /// The row as it stands in the table.
    pub line: Line,
    /// Measured.
    pub measured: Measured,
    /// Whether it is of the table of the many sources.
    pub independent: bool,
    /// Whether another row of the table has the same run with fewer chips.
    pub repeated: bool,
}

/// What was measured: times in seconds, output tokens per second and chip.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Time to first token.
    pub ttft: Option<f64>,
    /// Time per output token.
    pub tpot: Option<f64>,
    /// Output tokens per second and chip.
    pub throughput: Option<f64>,
}

/// TTFT and TPOT in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Time to first token.
    pub ttft: f64,
    /// Time per output token.
    pub tpot: f64,
}

impl Point {
    /// Whether prefill and decode have pools of their own.
    pub fn is_split(&self) -> bool {
        matches!(self.scenario.split, Split::PrefillDecode { .. })
    }

    /// Colocated rows on rack-scale systems whose description the data's own notes call wrong, and rows that multiply what
    /// their source did not: InferenceX's `{tp: 4, ep: 4}` on one node is four chips, whose experts four ranks share, but it
    /// stands as sixteen chips, `tp16:etp4:ep4`, or beside its own row with the same times on four. And rows that no chip can
    /// have run as they are described: prompts read faster than the peak of the data sheet, as a benchmark that repeats
    /// its prompts makes of a prefix cache.
    pub fn is_suspect(&self) -> bool {
        let squared = |own: Layout| own.etp > 1 && own.etp == own.ep;
        let pools = self.scenario.split.pools();
        let multiplied = pools.iter().any(|(_, pool)| pool.layout.is_some_and(squared));
        multiplied || self.repeated || self.beats_light() || (self.chip.starts_with("gb") && !self.is_split())
    }

    /// Whether the dense and expert products alone need more than the chips' best peak.
    fn beats_light(&self) -> bool {
        let (Some(throughput), Some(model)) =
            (self.measured.throughput, catalog::model(&self.scenario.model))
        else {
            return false;
        };
        let workload = self.scenario.workload;
        let read = self.scenario.mean_input().get() * (1.0 - workload.hit);
        let tokens = throughput * (1.0 + read / workload.osl.get());
        let pools = self.scenario.split.pools();
        let best = pools.iter().filter_map(|(_, pool)| {
            let peaks = catalog::chip(&pool.chip)?.peaks;
            [peaks.fp4, peaks.fp8, peaks.int8, peaks.bf16]
                .into_iter()
                .flatten()
                .map(|own| own.get())
                .reduce(f64::max)
        });
        best.reduce(f64::max).is_some_and(|peak| tokens * 2.0 * model.parameters().active() > peak)
    }

    /// Whether engines have a say in it: machines that stream their weights have none.
    pub fn has_engine(&self) -> bool {
        let known = |chip: &str| tandem::catalog::chip(chip);
        let pools = self.scenario.split.pools();
        pools.iter().all(|(_, pool)| known(&pool.chip).is_some_and(|chip| constants().sram(chip).is_none()))
    }

    /// How far its flag counts.
    pub fn flag(&self) -> f64 {
        if !Engine::FITTED.contains(&self.scenario.engine) {
            return 0.0;
        }
        if !self.independent {
            return 1.0;
        }
        let own = self.line.text("flag");
        FLAGS.iter().find(|(flag, _)| *flag == own).map_or(0.0, |(_, weight)| *weight)
    }

    /// Whose run it is.
    pub fn source(&self) -> &str {
        self.line.text("source")
    }

    /// The rows of constants that it takes.
    pub fn rows(&self) -> Vec<EngineRow> {
        let mut rows: Vec<EngineRow> = Vec::new();
        for (_, pool) in self.scenario.split.pools() {
            let row = *constants().engine(self.scenario.engine, &pool.chip);
            if !rows.iter().any(|own| own.generation == row.generation) {
                rows.push(row);
            }
        }
        rows
    }

    /// What is predicted, when the scenario can be served.
    pub fn predict(&self, tables: &Constants) -> Option<Speed> {
        let steady = serve(&self.scenario, tables).ok()?;
        Some(Speed { ttft: steady.ttft.get(), tpot: steady.tpot.get() })
    }

    /// Output tokens per second and chip, from latencies in a closed loop.
    pub fn throughput(&self, speed: Speed) -> f64 {
        let osl = self.scenario.workload.osl.get();
        let Load::Closed { concurrency } = self.scenario.load else { return f64::NAN };
        concurrency / (speed.ttft + speed.tpot * (osl - 1.0)) * osl / f64::from(self.scenario.split.chips())
    }

    /// What stays together when series are left out: all loads of one deployment and shape.
    pub fn series(&self) -> String {
        ["model", "engine", "weights", "pool", "prefill", "decode", "isl", "osl"]
            .map(|column| self.line.text(column))
            .join(" ")
    }

    /// Model and chip.
    pub fn cell(&self) -> String {
        format!("{} {}", self.scenario.model, self.chip)
    }
}

/// Reads both tables in a folder; a row that makes no sense is an error.
pub fn read(folder: &Path) -> Result<Vec<Point>> {
    let mut points = read_table(&folder.join("serving.csv"), false)?;
    let others = folder.join("independent.csv");
    // A folder may have one table or both.
    if others.exists() {
        points.extend(read_table(&others, true)?);
    }
    repeats(&mut points);
    Ok(points)
}

/// Marks rows that have model, lengths, users and both times of another, on more chips.
fn repeats(points: &mut [Point]) {
    let run = |point: &Point| {
        let text = ["model", "engine", "weights", "isl", "osl", "concurrency", "ttft_ms", "tpot_ms"]
            .map(|column| point.line.text(column));
        (!text[6].is_empty() && !text[7].is_empty()).then(|| text.join(" "))
    };
    let mut fewest: BTreeMap<String, u32> = BTreeMap::new();
    for point in points.iter() {
        let Some(run) = run(point) else { continue };
        let chips = point.scenario.split.chips();
        fewest.entry(run).and_modify(|own| *own = chips.min(*own)).or_insert(chips);
    }
    for point in points {
        let least = run(point).and_then(|run| fewest.get(&run).copied());
        point.repeated = least.is_some_and(|least| least < point.scenario.split.chips());
    }
}

fn read_table(path: &Path, independent: bool) -> Result<Vec<Point>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let rows = rows::read(&text).with_context(|| format!("{}", path.display()))?;
    let lines = table::read(path)?;
    let mut points = Vec::new();
    for (row, line) in rows.into_iter().zip(lines) {
        let row = row.map_err(|problem| {
            anyhow::anyhow!("{}: row {}: {}", path.display(), problem.id, problem.reason)
        })?;
        points.push(point(row, line, independent));
    }
    Ok(points)
}

/// Engines whose rows were entered as `vllm` for want of a name, and what the note of such a row says.
const RENAMED: [(&str, Engine); 6] = [
    ("ATOM", Engine::Atom),
    ("llama.cpp", Engine::Llamacpp),
    ("anubis", Engine::Llamacpp),
    ("mlx-lm", Engine::Mlx),
    ("NxD", Engine::Neuron),
    ("Transformers NeuronX", Engine::Neuron),
];

fn point(mut row: rows::Row, line: Line, independent: bool) -> Point {
    let note = line.text("note");
    if let Some((_, engine)) = RENAMED.iter().find(|(said, _)| independent && note.contains(said)) {
        row.scenario.engine = *engine;
    }
    // A static batch is a run of a request of each user.
    if let (true, Load::Closed { concurrency }, None) =
        (independent && line.text("flag") == "batch", row.scenario.load, row.scenario.flags.prompts)
    {
        row.scenario.flags.prompts = Some(concurrency as u32);
    }
    let chip = row.scenario.split.pools().last().map(|(_, pool)| pool.chip.clone()).unwrap_or_default();
    // The time to first token of a run that the cache limits is its queue.
    let queued = independent && line.text("flag") == "queue";
    let measured = Measured {
        ttft: row.ttft_ms.filter(|_| !queued).map(|own| own / 1e3),
        tpot: row.tpot_ms.map(|own| own / 1e3),
        throughput: row.measured_throughput(),
    };
    Point { id: row.id, scenario: row.scenario, chip, line, measured, independent, repeated: false }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says plainly what it expects")]
mod tests {
    use super::*;

    fn points(rows: &str) -> Vec<Point> {
        let header = "id,model,engine,weights,experts,isl,osl,length_spread,concurrency,pool,prefill,decode,ttft_ms,tpot_ms\n";
        // Of the process, as tests run side by side.
        let file =
            std::env::temp_dir().join(format!("tandem-served-{}-{}.csv", std::process::id(), rows.len()));
        fs::write(&file, format!("{header}{rows}")).unwrap();
        let mut points = read_table(&file, false).unwrap();
        fs::remove_file(&file).unwrap();
        repeats(&mut points);
        points
    }

    #[test]
    fn a_run_that_stands_on_more_chips_too_is_left_out() {
        let own = points(
            "a,kimi-k2,vllm,nvfp4,nvfp4,1024,1024,0.8,4,b200*4:tp4:ep4,,,170,8.4\n\
             b,kimi-k2,vllm,nvfp4,nvfp4,1024,1024,0.8,4,b200*16:tp4:dp4:ep16,,,170,8.4\n\
             c,kimi-k2,vllm,nvfp4,nvfp4,1024,1024,0.8,4,b200*16:tp4:dp4:ep16,,,171,8.4\n",
        );
        assert_eq!(own.iter().map(Point::is_suspect).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn prompts_faster_than_the_data_sheet_are_left_out() {
        // 64 users read 2,000 tokens each every 2.1 s: half of the 2.0 PFLOP/s of an H200 in 8 bits. Every 0.6 s: 3.5.
        let row = |tpot: f64| format!("a,llama3-8b,vllm,fp8,fp8,2000,100,1,64,h200*1:tp1,,,122,{tpot}\n");
        assert!(!points(&row(20.0))[0].is_suspect());
        assert!(points(&row(4.9))[0].is_suspect());
    }
}

//! The table of served points, row by row as a scenario with what was measured.

use std::path::Path;

use anyhow::{Context, Result};
use tandem::catalog::{Engine, NumberFormat, Profile};
use tandem::machine::Constants;
use tandem::scenario::{Flags, Formats, Layout, Load, Scenario, Slo, Split, Workload, notation};
use tandem::serve::serve;
use tandem::units::Tokens;

use crate::table::{self, Line};

/// A served point.
#[derive(Clone, Debug)]
pub struct Point {
    /// What ran.
    pub scenario: Scenario,
    /// The chip that decodes.
    pub chip: String,
    /// The row as it stands in the table.
    pub line: Line,
    /// Measured.
    pub measured: Speed,
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
    /// stands as sixteen chips, `tp16:etp4:ep4`.
    pub fn is_suspect(&self) -> bool {
        let squared = |own: Layout| own.etp > 1 && own.etp == own.ep;
        let pools = self.scenario.split.pools();
        let multiplied = pools.iter().any(|(_, pool)| pool.layout.is_some_and(squared));
        multiplied || (self.chip.starts_with("gb") && !self.is_split())
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

/// Reads the table; a row that makes no sense is an error.
pub fn read(path: &Path) -> Result<Vec<Point>> {
    table::read(path)?
        .into_iter()
        .map(|line| {
            let id = line.text("id").to_owned();
            point(line).with_context(|| format!("row {id}"))
        })
        .collect()
}

fn point(line: Line) -> Result<Point> {
    let pool = |column: &str| notation::parse(line.text(column)).with_context(|| format!("`{column}`"));
    let split = if line.text("pool").is_empty() {
        Split::PrefillDecode { prefill: pool("prefill")?, decode: pool("decode")? }
    } else {
        Split::Colocated { pool: pool("pool")? }
    };
    let chip = split.pools().last().map(|(_, pool)| pool.chip.clone()).unwrap_or_default();
    let scenario = Scenario {
        model: line.text("model").to_owned(),
        engine: Engine::from_id(line.text("engine")).context("no such engine")?,
        formats: Formats {
            weights: NumberFormat::from_id(line.text("weights")),
            experts: NumberFormat::from_id(line.text("experts")),
            kv: None,
        },
        workload: Workload {
            isl: Tokens::new(line.number("isl")?),
            osl: Tokens::new(line.number("osl")?),
            spread: line.number("length_spread")?,
            hit: 0.0,
        },
        load: Load::Closed { concurrency: line.number("concurrency")? },
        slo: Slo::default(),
        flags: Flags {
            profile: match line.text("profile") {
                "" => Profile::default(),
                profile => Profile::from_id(profile).context("no such profile")?,
            },
            prompts: line.text("prompts").parse().ok(),
            ..Flags::default()
        },
        split,
        ..Scenario::default()
    };
    let measured = Speed { ttft: line.number("ttft_ms")? / 1e3, tpot: line.number("tpot_ms")? / 1e3 };
    Ok(Point { scenario, chip, measured, line })
}

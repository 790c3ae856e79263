//! Time of one kernel on one chip.
//!
//! The law joins a fixed floor, an arithmetic and a memory limit, and the share of the chip that the work can fill:
//!
//! `t = t0 + ((F/(P·c))⁴ + (B/(BW·b))⁴)^¼ · (1 + h/x)`
//!
//! F counts rows padded up to what a tile needs, x is the number of output tiles times the pieces its depth splits
//! into, h the number of pieces at which half the throughput is reached. The fourth power lets the larger limit win
//! with a soft corner. Whatever the fit says, a kernel is never faster than the data sheet's speed of light.
//! Source: fits over measured kernels (`constants/kernels.csv`).

use serde::Serialize;

use super::constants::{KernelRow, Measured, On, Operator};
use crate::catalog::{Chip, ComputeType, NumberFormat, Rate};
use crate::units::{Bytes, BytesPerSecond, Flops, FlopsPerSecond, Seconds, larger};

/// What binds an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Arithmetic.
    Compute,
    /// Memory bandwidth.
    Bandwidth,
    /// Fixed time of a kernel or of a message.
    Latency,
    /// Link bandwidth.
    Link,
}

/// Work of one kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Arithmetic per row.
    pub flops_per_row: f64,
    /// Rows: tokens of a matrix product, queries of attention.
    pub rows: f64,
    /// Memory traffic.
    pub bytes: Bytes,
    /// Independent output tiles.
    pub tiles: f64,
    /// Length of the reduction, or of the cache.
    pub depth: f64,
}

impl Work {
    /// Arithmetic without padding.
    #[must_use]
    pub fn flops(&self) -> Flops {
        Flops::new(self.flops_per_row * self.rows)
    }
}

/// Where a law comes from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// Measured on this chip in this format.
    Measured,
    /// Measured on a sibling or in a neighbouring format.
    Inherited,
    /// The set fitted over all measured chips.
    AnyChip,
}

/// The law of an operator on a chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernel {
    floor: Seconds,
    peak: FlopsPerSecond,
    bandwidth: BytesPerSecond,
    compute_rate: FlopsPerSecond,
    memory_rate: BytesPerSecond,
    half_tiles: f64,
    split: f64,
    pad_rows: f64,
    /// Where the constants come from.
    pub provenance: Provenance,
    /// The unit that does the work: another than the format's where the chip lacks that.
    pub unit: ComputeType,
    /// Whether its peak is inferred from that of another format.
    pub assumed_rate: bool,
}

impl Kernel {
    /// The law for an operator on a chip in a number format, from the nearest evidence: this chip, its sibling, the
    /// same chip in a format of the same or a wider unit, then the set over all chips. `None` when the chip has no
    /// published peak or bandwidth.
    #[must_use]
    pub fn find(
        measured: &Measured<'_>,
        operator: Operator,
        chip: &Chip,
        format: NumberFormat,
    ) -> Option<Self> {
        let attention = !matches!(operator, Operator::Gemm | Operator::GemmVllm | Operator::Experts);
        let wanted = if attention { ComputeType::Bf16 } else { format.compute_type() };
        let unit = chip.rate(wanted)?.unit;
        // A chip without the unit runs the next wider one, so the law of that unit's format applies.
        let native = match unit {
            _ if attention => format,
            _ if unit == wanted => format,
            ComputeType::Fp4 => NumberFormat::Nvfp4,
            ComputeType::Fp8 => NumberFormat::Fp8,
            ComputeType::Int8 => NumberFormat::Int8,
            ComputeType::Bf16 => NumberFormat::Bf16,
        };
        let other = if operator == Operator::GemmVllm { Operator::Gemm } else { operator };
        let own = |operator, format| measured.kernel(On::Itself, operator, format);
        let near = |operator, format| measured.kernel(On::Sibling, operator, format);
        let any = |operator, format| measured.kernel(On::Any, operator, format);
        let stand_in = stand_in(native);
        let (row, provenance) = own(operator, native)
            .or_else(|| own(other, native))
            .map(|row| (row, Provenance::Measured))
            .or_else(|| near(operator, native).map(|row| (row, Provenance::Inherited)))
            .or_else(|| near(other, native).map(|row| (row, Provenance::Inherited)))
            .or_else(|| own(other, stand_in).map(|row| (row, Provenance::Inherited)))
            .or_else(|| near(other, stand_in).map(|row| (row, Provenance::Inherited)))
            .or_else(|| any(other, native).map(|row| (row, Provenance::AnyChip)))
            .or_else(|| any(other, stand_in).map(|row| (row, Provenance::AnyChip)))
            .or_else(|| any(other, NumberFormat::Bf16).map(|row| (row, Provenance::AnyChip)))?;
        // mxfp4 experts are multiplied in 8 bits on chips whose measured kernels do so.
        let unit = if row.chip == "*" { unit } else { row.unit };
        let kernel = Self { provenance, ..Self::from_row(row, chip, unit)? };
        Some(kernel.with_compute(measured.compute))
    }

    /// The law of one row of constants on a chip whose `unit` does the arithmetic. `None` when the chip has no published
    /// peak or bandwidth.
    #[must_use]
    pub fn from_row(row: &KernelRow, chip: &Chip, unit: ComputeType) -> Option<Self> {
        let bandwidth = chip.memory.as_ref()?.bandwidth;
        let Rate { unit, peak, assumed } = chip.rate(unit)?;
        Some(Self {
            floor: row.t0,
            peak,
            bandwidth,
            compute_rate: peak * row.compute,
            memory_rate: bandwidth * row.bandwidth,
            half_tiles: row.half_tiles,
            split: row.split,
            pad_rows: row.pad_rows,
            provenance: Provenance::Measured,
            unit,
            assumed_rate: assumed,
        })
    }

    /// The law of a chip that reaches only this share of the arithmetic efficiency.
    #[must_use]
    fn with_compute(self, share: f64) -> Self {
        Self { compute_rate: self.compute_rate * share, ..self }
    }

    /// The law at a share of the clock at which it was measured. The clock of the memory is another and stays.
    #[must_use]
    pub fn at_clock(self, clock: f64) -> Self {
        self.with_compute(clock)
    }

    /// The law inside an engine whose floors and whose kernels proper take so many times as long. The part of the time
    /// that comes from too few tiles to fill the chip is latency and stays.
    #[must_use]
    pub fn inside(self, floor_scale: f64, scale: f64) -> Self {
        Self {
            floor: self.floor * floor_scale,
            compute_rate: self.compute_rate / scale,
            memory_rate: self.memory_rate / scale,
            half_tiles: self.half_tiles / scale,
            ..self
        }
    }

    /// Time of the work, and what binds it. No work takes no time.
    #[must_use]
    pub fn time(&self, work: &Work) -> (Seconds, Limit) {
        if work.rows <= 0.0 {
            return (Seconds::ZERO, Limit::Latency);
        }
        let padded = Flops::new(work.flops_per_row * larger(work.rows, self.pad_rows));
        let compute = (padded / self.compute_rate).get();
        let memory = (work.bytes / self.memory_rate).get();
        let pieces = larger(work.tiles, 1.0) * larger(work.depth / self.split, 1.0);
        let core = fourth_root(fourth(compute) + fourth(memory)) * (1.0 + self.half_tiles / pieces);
        let light = (work.flops() / self.peak).max(work.bytes / self.bandwidth);
        let time = (self.floor + Seconds::new(core)).max(light);
        let limit = if self.floor.get() > core {
            Limit::Latency
        } else if compute > memory {
            Limit::Compute
        } else {
            Limit::Bandwidth
        };
        (time, limit)
    }
}

fn fourth(x: f64) -> f64 {
    let square = x * x;
    square * square
}

fn fourth_root(x: f64) -> f64 {
    x.sqrt().sqrt()
}

/// The measured format whose kernels come nearest when a format itself was not measured.
const fn stand_in(format: NumberFormat) -> NumberFormat {
    match format {
        NumberFormat::Fp8Block | NumberFormat::Int8 => NumberFormat::Fp8,
        NumberFormat::Mxfp4 => NumberFormat::Nvfp4,
        NumberFormat::Fp8 => NumberFormat::Fp8Block,
        NumberFormat::Nvfp4 | NumberFormat::Int4 | NumberFormat::Bf16 => NumberFormat::Bf16,
    }
}

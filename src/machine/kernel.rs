//! Time of one kernel on one chip.
//!
//! One form for all operators, of few parameters, each of which means something:
//!
//! `t = t0 + join(compute, max(memory, stream)) + beside`
//!
//! - `t0`: floor of a kernel.
//! - compute: arithmetic over peak and efficiency. Rows are padded up to the tile of the matrix unit, an exponential of the
//!   softmax counts as so many FLOPs, a core sets out with so many keys more than it sees, and pieces (output tiles, times
//!   the parts that the depth splits into) that do not fill the cores take `1 + half/pieces` times as long.
//! - memory: bytes over bandwidth and efficiency, and a ramp, as the first tens of megabytes come slower.
//! - stream: what one core reads in sequence where the kernel does not split it.
//! - beside: bytes before and after, that nothing hides.
//! - join: of memory and compute in a matrix product both matter near the ridge (fourth powers); attention takes the larger.
//!
//! Whatever a fit says, no kernel is faster than the data sheet's roofline, and no time falls when any size grows.
//! Measured tables are timed warm: where a chip has a large L2, what fits there is read faster. Weights and caches of a
//! serving step find nothing of themselves there, so a pass does not use that ([`Kernel::in_a_step`]).
//! Source: fits over measured kernels (`constants/kernels.csv`); priors and ranges stand there.

use serde::Serialize;

use super::constants::{Form, KernelRow, Measured, On, Operator};
use super::work::Work;
use crate::catalog::{Chip, ComputeType, NumberFormat, Rate};
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, Seconds, larger, smaller};

/// What binds an operation: which roof is over it, by arithmetic and bytes at the full peaks of the data sheet. How much of
/// that roof a kernel reaches is another question ([`Bound::roof`]). Near the ridge both roofs bind a matrix product, and the
/// one that its kernel takes longer at is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Arithmetic: the operation is right of the ridge.
    Compute,
    /// Memory bandwidth: it is left of the ridge, whatever its efficiency.
    Bandwidth,
    /// Fixed time of a kernel or of a message, more than half of it all.
    Latency,
    /// Link bandwidth.
    Link,
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

/// Time of an operation and what binds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// How long it takes.
    pub time: Seconds,
    /// What binds it.
    pub limit: Limit,
    /// How long it would take at the roof that binds; over the time, the share of it that is reached.
    pub roof: Seconds,
    /// The part of the time that is fixed: launches, and the latency of messages.
    pub fixed: Seconds,
    /// What the rest of it takes time by.
    pub side: Limit,
    /// How long it would take at the roof of that side; another than `roof` only near the ridge.
    pub under: Seconds,
    /// Share of the rest by which the other side takes part, where the two are so near that more of either would help.
    pub other: f64,
    /// The unit that does the arithmetic, where any does.
    pub unit: Option<ComputeType>,
}

impl Bound {
    /// An operation that is nothing but latency.
    #[must_use]
    pub const fn latency(time: Seconds) -> Self {
        Self { fixed: time, ..Self::plain(time, Limit::Latency) }
    }
}

impl Bound {
    /// Nothing of it fixed, and without what is known of the roof.
    const fn plain(time: Seconds, limit: Limit) -> Self {
        Self {
            time,
            limit,
            roof: Seconds::ZERO,
            fixed: Seconds::ZERO,
            side: limit,
            under: Seconds::ZERO,
            other: 0.0,
            unit: None,
        }
    }
}

impl From<(Seconds, Limit)> for Bound {
    /// Without what is known of the roof.
    fn from((time, limit): (Seconds, Limit)) -> Self {
        if limit == Limit::Latency { Self::latency(time) } else { Self::plain(time, limit) }
    }
}

/// How far from the ridge, as a factor, a matrix product is near both roofs: kernels reach 0.3 to 1 of the roof that binds, so
/// that the ridge of what they reach lies as far from that of the data sheet.
const NEAR: f64 = 1.0 / 0.3;

/// The law of an operator on a chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernel {
    floor: Seconds,
    peak: FlopsPerSecond,
    bandwidth: BytesPerSecond,
    compute_rate: FlopsPerSecond,
    memory_rate: BytesPerSecond,
    ramp: Seconds,
    ramp_bytes: Bytes,
    stream_rate: BytesPerSecond,
    beside_rate: BytesPerSecond,
    half_tiles: f64,
    split: f64,
    pad_rows: f64,
    /// Most rows of a tile whose height is a guess.
    tile_rows: f64,
    exponential: f64,
    extra_keys: f64,
    /// Where compute and memory both count near the ridge.
    soft: bool,
    /// Whether engines have no other kernel for the format.
    fallback: bool,
    /// Whether its own rates all lie below the peaks, so that a time needs no look at the roofs.
    below: bool,
    /// Bytes of the L2 and how many times faster it is, where measured tables show it.
    cache: Option<(Bytes, f64)>,
    /// Least time of a kernel that the host launches.
    host: Seconds,
    /// Where the constants come from.
    pub provenance: Provenance,
    /// The unit that does the work: another than the format's where the chip lacks that.
    pub unit: ComputeType,
    /// Whether its peak is inferred from that of another format.
    pub assumed_rate: bool,
}

impl Kernel {
    /// The law for an operator on a chip in a number format, from the nearest evidence: this chip, its sibling, the
    /// same chip in a neighbouring format, then the set over all chips with what is known of the chip's family. Attention
    /// computes in 16 bits whatever its cache is kept in. `None` when the chip has no published peak or bandwidth.
    #[must_use]
    pub fn find(
        measured: &Measured<'_>,
        operator: Operator,
        chip: &Chip,
        format: NumberFormat,
    ) -> Option<Self> {
        let wanted = match format {
            _ if operator.is_attention() => ComputeType::Bf16,
            // Chips that multiply in 4 bits take mxfp4 weights as they are, beside activations in 8 bits.
            NumberFormat::Mxfp4 if operator == Operator::Experts && chip.peaks.fp4.is_some() => {
                ComputeType::Fp8
            }
            _ => format.compute_type(),
        };
        Self::find_in(measured, operator, chip, format, wanted).map(Self::in_a_step)
    }

    /// The same for arithmetic in a given unit (attention in 8 bits, 4-bit weights beside 16-bit or 8-bit activations), as
    /// tables show it that time one kernel again and again.
    #[must_use]
    pub fn find_in(
        measured: &Measured<'_>,
        operator: Operator,
        chip: &Chip,
        format: NumberFormat,
        wanted: ComputeType,
    ) -> Option<Self> {
        let unit = chip.rate(wanted)?.unit;
        // A chip without the unit runs the next wider one, so the law of that unit's format applies.
        let native = match (operator, format, unit) {
            _ if operator.is_attention() || unit == wanted => format,
            // 4-bit experts beside 16-bit activations are the same kernel whichever way their numbers are coded.
            (Operator::Experts, NumberFormat::Nvfp4, ComputeType::Bf16) => NumberFormat::Mxfp4,
            _ => unit.own_format(),
        };
        let wide = (NumberFormat::Bf16, ComputeType::Bf16);
        let choices = [(native, unit), stand_in(operator, native, unit), wide];
        let other = if operator == Operator::GemmVllm { Operator::Gemm } else { operator };
        let found = |operator, (format, unit)| {
            let of = |on| measured.kernel(on, operator, format, unit);
            of(On::Itself)
                .map(|row| (row, On::Itself))
                .or_else(|| of(On::Sibling).map(|row| (row, On::Sibling)))
        };
        // The format itself, in either kernel; then its neighbours, of which a chip has one or none.
        let own = found(operator, choices[0]).or_else(|| found(other, choices[0]));
        let (row, provenance) = match own {
            Some((row, On::Itself)) => (row, Provenance::Measured),
            Some((row, _)) => (row, Provenance::Inherited),
            None => match choices[1..].iter().find_map(|choice| found(other, *choice)) {
                Some((row, _)) => (row, Provenance::Inherited),
                None => {
                    let any = |&(format, unit): &(NumberFormat, ComputeType)| {
                        measured.kernel(On::Any, other, format, unit)
                    };
                    (choices.iter().find_map(any)?, Provenance::AnyChip)
                }
            },
        };
        // 4-bit experts are multiplied in 8 or 16 bits on chips whose measured kernels do so.
        let unit = if row.chip == "*" { unit } else { row.unit };
        let kernel = Self { provenance, ..Self::from_row(row, chip, unit, measured.cores)? };
        Some(if provenance == Provenance::AnyChip {
            kernel.of_family(measured, chip, native)
        } else {
            kernel
        })
    }

    /// The law of one row of constants on a chip of so many cores whose `unit` does the arithmetic. `None` when the chip
    /// has no published peak or bandwidth.
    #[must_use]
    pub fn from_row(row: &KernelRow, chip: &Chip, unit: ComputeType, cores: f64) -> Option<Self> {
        let bandwidth = chip.memory.as_ref()?.bandwidth;
        let Rate { unit, peak, assumed } = chip.rate(unit)?;
        let sram = chip.sram.map(|own| own.capacity).filter(|own| *own >= Form::large_cache());
        Some(Self {
            floor: row.t0,
            peak,
            bandwidth,
            compute_rate: peak * row.compute,
            memory_rate: bandwidth * row.bandwidth,
            ramp: row.ramp,
            ramp_bytes: Form::ramp(),
            stream_rate: bandwidth * (row.stream / cores),
            beside_rate: bandwidth / row.beside,
            half_tiles: row.half * cores,
            split: row.split,
            pad_rows: row.pad_rows,
            tile_rows: row.tile_rows,
            exponential: row.exponential,
            extra_keys: row.extra_keys,
            soft: !row.operator.is_attention(),
            fallback: false,
            below: false,
            cache: sram.map(|own| (own, row.l2)).filter(|own| own.1 > 1.0),
            host: row.host,
            provenance: Provenance::Measured,
            unit,
            assumed_rate: assumed,
        })
    }

    /// What is known of the family of a chip that nobody measured, on top of the set over all chips.
    fn of_family(self, known: &Measured<'_>, chip: &Chip, format: NumberFormat) -> Self {
        let pad_rows = if known.matrix_units { self.pad_rows } else { 1.0 };
        let exponential = if known.matrix_units { self.exponential } else { 0.0 };
        let own = Self {
            floor: self.floor.max(known.floor),
            compute_rate: self.compute_rate * known.compute,
            memory_rate: self.memory_rate * known.bandwidth,
            beside_rate: self.beside_rate * known.bandwidth,
            pad_rows,
            exponential,
            ..self
        };
        match (format, known.block, &chip.memory) {
            (NumberFormat::Fp8Block, Some(block), Some(memory)) => Self {
                compute_rate: own.compute_rate * block.compute,
                stream_rate: memory.bandwidth * (block.core / known.cores),
                split: f64::INFINITY,
                fallback: true,
                ..own
            },
            _ => own,
        }
    }

    /// The law in a serving step. Tables time a kernel again and again: what fits into a large L2 is read from it, and a
    /// kernel that the host launches takes at least as long as the launch. In a step weights and caches find nothing of
    /// themselves in an L2, and kernels run in graphs.
    #[must_use]
    pub fn in_a_step(self) -> Self {
        Self { cache: None, host: Seconds::ZERO, ..self }
    }

    /// The law at a share of the clock at which it was measured. The clock of the memory is another and stays.
    #[must_use]
    pub fn at_clock(self, clock: f64) -> Self {
        Self { peak: self.peak * clock, compute_rate: self.compute_rate * clock, ..self }.settled()
    }

    /// The law inside an engine whose floors and whose kernels proper take so many times as long. The part of the time
    /// that comes from too few tiles to fill the chip is latency and stays.
    #[must_use]
    pub fn inside(self, floor_scale: f64, scale: f64) -> Self {
        Self {
            floor: self.floor * floor_scale,
            ramp: self.ramp * scale,
            compute_rate: self.compute_rate / scale,
            memory_rate: self.memory_rate / scale,
            stream_rate: self.stream_rate / scale,
            beside_rate: self.beside_rate / scale,
            half_tiles: self.half_tiles / scale,
            ..self
        }
        .settled()
    }

    /// The law of a narrower format of which an engine has several kernels to choose from: it reads no slower than the law
    /// of the wider format reads the more bytes, and starts no later. `share` is the bytes of the narrower over those of
    /// the wider format. Fallback kernels stay as they are: there is nothing beside them.
    #[must_use]
    pub fn at_least(self, wide: &Self, share: f64) -> Self {
        if self.fallback {
            return self;
        }
        Self {
            floor: self.floor.min(wide.floor),
            ramp: self.ramp.min(wide.ramp),
            memory_rate: self.memory_rate.max(wide.memory_rate * share),
            stream_rate: self.stream_rate.max(wide.stream_rate * share),
            beside_rate: self.beside_rate.max(wide.beside_rate),
            half_tiles: smaller(self.half_tiles, wide.half_tiles),
            // For a few rows engines have kernels that do not pad.
            pad_rows: if self.soft { 1.0 } else { smaller(self.pad_rows, wide.pad_rows) },
            extra_keys: smaller(self.extra_keys, wide.extra_keys),
            compute_rate: self.compute_rate.max(if self.unit == wide.unit && !self.soft {
                wide.compute_rate
            } else {
                self.compute_rate
            }),
            exponential: if self.soft {
                self.exponential
            } else {
                smaller(self.exponential, wide.exponential)
            },
            ..self
        }
    }

    /// Time of the work, and what binds it. No work takes no time.
    #[must_use]
    pub fn time(&self, work: &Work) -> Bound {
        if work.rows <= 0.0 {
            return Bound::latency(Seconds::ZERO);
        }
        let cold = self.cold(work);
        let (compute, reading, proper) = self.proper(work, cold);
        let (arithmetic, traffic) = self.roofs(work, cold);
        let roof = larger(arithmetic, traffic);
        let time = larger(larger(proper, roof), self.host.get());
        let fixed = larger(self.floor.get(), self.host.get());
        // Near the ridge both bind a matrix product, and the kernel says which of them more.
        let near = self.soft && roof < NEAR * smaller(arithmetic, traffic);
        let computes = if near { compute > reading } else { arithmetic > traffic };
        let (side, under) = if computes { (Limit::Compute, arithmetic) } else { (Limit::Bandwidth, traffic) };
        let limit = if fixed > time * 0.5 { Limit::Latency } else { side };
        Bound {
            time: Seconds::new(time),
            limit,
            roof: Seconds::new(roof),
            fixed: Seconds::new(fixed),
            side,
            under: Seconds::new(under),
            other: if self.soft && time <= proper { corner(compute, reading, computes) } else { 0.0 },
            unit: Some(self.unit),
        }
    }

    /// Time of the work alone, which is all that a search for the balance of a deployment asks for.
    #[must_use]
    pub fn seconds(&self, work: &Work) -> Seconds {
        if work.rows <= 0.0 {
            return Seconds::ZERO;
        }
        let cold = self.cold(work);
        let (_, _, time) = self.proper(work, cold);
        if self.below {
            return Seconds::new(larger(time, self.host.get()));
        }
        let (arithmetic, traffic) = self.roofs(work, cold);
        Seconds::new(larger(larger(time, larger(arithmetic, traffic)), self.host.get()))
    }

    /// Of what is read, the share that the memory itself must bring.
    #[inline]
    fn cold(&self, work: &Work) -> f64 {
        self.cache.map_or(1.0, |(size, faster)| {
            let part = (1.0 - work.streamed.get() / size.get()) / Form::cache_edge();
            let hit = smaller(larger(part, 0.0), 1.0);
            1.0 - hit * (1.0 - 1.0 / faster)
        })
    }

    /// The time at the full peaks: of the arithmetic, and of the traffic.
    #[inline]
    fn roofs(&self, work: &Work, cold: f64) -> (f64, f64) {
        ((work.flops() / self.peak).get(), (work.bytes / self.bandwidth).get() * cold)
    }

    /// The time that the kernel computes, that it reads, and that it takes, wherever the roofs are.
    #[inline]
    fn proper(&self, work: &Work, cold: f64) -> (f64, f64, f64) {
        // A tile is as high as what the kernel expects of each expert, up to the highest that it has.
        let tile = larger(self.pad_rows, smaller(work.guess, self.tile_rows));
        let padded = work.flops_per_row * larger(work.rows, tile) + self.exponential * work.exponentials;
        let parts = larger(work.depth / self.split, 1.0);
        let pieces = larger(work.tiles, 1.0) * parts;
        let filled = padded / self.compute_rate.get() * (1.0 + self.half_tiles / pieces);
        let compute = if self.soft { filled } else { filled * (1.0 + self.extra_keys / work.keys) };
        let streamed = work.streamed.get();
        let memory = streamed * cold / self.memory_rate.get()
            + self.ramp.get() * streamed / (streamed + self.ramp_bytes.get());
        let stream = work.stream.get() / (parts * self.stream_rate.get());
        let reading = larger(memory, stream);
        let core =
            if self.soft { fourth_root(fourth(compute) + fourth(reading)) } else { larger(compute, reading) };
        let beside = (work.beside / self.beside_rate).get();
        (compute, reading, self.floor.get() + core + beside)
    }

    /// The same, knowing whether its own rates all lie below the peaks, so that it needs no look at the roofs.
    const fn settled(self) -> Self {
        let below = self.compute_rate.get() <= self.peak.get()
            && self.memory_rate.get() <= self.bandwidth.get()
            && self.beside_rate.get() <= self.bandwidth.get()
            && self.cache.is_none();
        Self { below, ..self }
    }
}

/// What a little more of the side that does not bind would gain, as a share of what both would, at the soft corner of two
/// times.
fn corner(compute: f64, reading: f64, computes: bool) -> f64 {
    let (binds, other) =
        if computes { (fourth(compute), fourth(reading)) } else { (fourth(reading), fourth(compute)) };
    if binds + other > 0.0 { other / (binds + other) } else { 0.0 }
}

fn fourth(x: f64) -> f64 {
    let square = x * x;
    square * square
}

fn fourth_root(x: f64) -> f64 {
    x.sqrt().sqrt()
}

/// The measured format whose kernels come nearest when a format itself was not measured, and the unit they use.
const fn stand_in(
    operator: Operator,
    format: NumberFormat,
    unit: ComputeType,
) -> (NumberFormat, ComputeType) {
    let attention = operator.is_attention();
    match format {
        // An 8-bit cache under 8-bit arithmetic is next of kin to the same cache under 16-bit arithmetic.
        NumberFormat::Fp8 if attention && !matches!(unit, ComputeType::Bf16) => (format, ComputeType::Bf16),
        _ if attention => (NumberFormat::Bf16, ComputeType::Bf16),
        NumberFormat::Fp8Block | NumberFormat::Int8 => (NumberFormat::Fp8, ComputeType::Fp8),
        // 4-bit weights in blocks of 32 whichever way their numbers are coded: dequantised in 16 bits.
        NumberFormat::Int4 if matches!(operator, Operator::Experts) => {
            (NumberFormat::Mxfp4, ComputeType::Bf16)
        }
        NumberFormat::Mxfp4 if !matches!(unit, ComputeType::Bf16) => (NumberFormat::Nvfp4, ComputeType::Fp4),
        NumberFormat::Fp8 => (NumberFormat::Fp8Block, ComputeType::Fp8),
        _ => (NumberFormat::Bf16, ComputeType::Bf16),
    }
}

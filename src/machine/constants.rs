//! The fitted constants of `data/constants/`, read once, and what of them holds for a chip. Each file says where its figures
//! come from; `build.rs` takes the words out of them.

use std::ops::Range;
use std::sync::OnceLock;

use super::engine::{EngineRow, Generation};
use super::link::{LinkKind, LinkRow};
use super::work::Skew;
use crate::catalog::columns::{Collectives, Families, KernelForm, Kernels, SramMachines};
use crate::catalog::{Chip, ComputeType, Engine, NumberFormat};
use crate::units::decimal::decimal;
use crate::units::order;
use crate::units::{Bytes, FlopsPerSecond, Seconds, power};

/// Class of operator with a law of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// Dense matrix product, TensorRT-LLM's and SGLang's kernels.
    Gemm,
    /// Dense matrix product, vLLM's kernels.
    GemmVllm,
    /// Causal attention over a prompt.
    PrefillAttention,
    /// Attention of one new token per sequence over its cache.
    DecodeAttention,
    /// The same in kernels that read the cache once for each query head: the fallback where more query heads share a
    /// KV head than the proper kernel has room for.
    DecodeByHead,
    /// The same where each query head has a KV head of its own.
    DecodeMultiHead,
    /// Latent attention over a prompt, expanded.
    PrefillMla,
    /// Latent attention of one new token, absorbed.
    DecodeMla,
    /// Grouped expert products.
    Experts,
    /// Norms, rotary embedding, state updates: memory traffic with little arithmetic.
    Elementwise,
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 10] = [
        Self::Gemm,
        Self::GemmVllm,
        Self::PrefillAttention,
        Self::DecodeAttention,
        Self::DecodeByHead,
        Self::DecodeMultiHead,
        Self::PrefillMla,
        Self::DecodeMla,
        Self::Experts,
        Self::Elementwise,
    ];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::GemmVllm => "gemm-vllm",
            Self::PrefillAttention => "prefill-attention",
            Self::DecodeAttention => "decode-attention",
            Self::DecodeByHead => "decode-by-head",
            Self::DecodeMultiHead => "decode-multi-head",
            Self::PrefillMla => "prefill-mla",
            Self::DecodeMla => "decode-mla",
            Self::Experts => "experts",
            Self::Elementwise => "elementwise",
        }
    }

    /// The operator with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.id() == id)
    }

    /// Whether it attends: its format is that of the cache, and memory and compute overlap.
    #[must_use]
    pub const fn is_attention(self) -> bool {
        !matches!(self, Self::Gemm | Self::GemmVllm | Self::Experts | Self::Elementwise)
    }
}

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Each rank gets the sum.
    AllReduce,
    /// Each rank gets all parts.
    AllGather,
    /// Each rank gets its part of the sum.
    ReduceScatter,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 3] = [Self::AllReduce, Self::AllGather, Self::ReduceScatter];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AllReduce => "all-reduce",
            Self::AllGather => "all-gather",
            Self::ReduceScatter => "reduce-scatter",
        }
    }

    /// The operation with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.id() == id)
    }

    /// Bytes on each chip's link for a message of `bytes` among `ranks`.
    pub(super) fn volume(self, bytes: Bytes, ranks: f64) -> Bytes {
        let share = (ranks - 1.0) / ranks;
        match self {
            Self::AllReduce => bytes * (2.0 * share),
            Self::AllGather | Self::ReduceScatter => bytes * share,
        }
    }
}

/// One row of `kernels.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelRow {
    /// Operator.
    pub operator: Operator,
    /// Chip, or `*` for the set fitted over all chips.
    pub chip: &'static str,
    /// Number format of the weights, or of the cache for attention.
    pub format: NumberFormat,
    /// Unit whose peak `compute` refers to.
    pub unit: ComputeType,
    /// Floor of one kernel inside a graph.
    pub t0: Seconds,
    /// What large reads take longer, as they come slower at first.
    pub ramp: Seconds,
    /// Share of the arithmetic peak at full occupancy.
    pub compute: f64,
    /// Share of the memory bandwidth.
    pub bandwidth: f64,
    /// How many times faster what fits into a large L2 is read than from the memory.
    pub l2: f64,
    /// Pieces per core at which half of the compute rate is reached.
    pub half: f64,
    /// Depth at which the work of one tile splits.
    pub split: f64,
    /// Rows a tile has at least.
    pub pad_rows: f64,
    /// Bandwidth of one core, in shares of the chip's bandwidth per core.
    pub stream: f64,
    /// FLOPs that an exponential of the softmax counts for.
    pub exponential: f64,
    /// Keys that a query costs beyond those it sees.
    pub extra_keys: f64,
    /// Time of what is read and written beside the work, against its bytes over the bandwidth.
    pub beside: f64,
    /// Least time where the host launches the kernel alone; engines do so in graphs.
    pub host: Seconds,
}

/// One row of `collectives.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollectiveRow {
    /// What is exchanged.
    pub operation: Operation,
    /// Chip.
    pub chip: &'static str,
    /// Engine whose implementation was measured; none for NCCL's.
    pub library: Option<Engine>,
    /// Ranks.
    pub ranks: u32,
    /// Latency of an empty message.
    pub t0: Seconds,
    /// Share of the scale-up bandwidth.
    pub efficiency: f64,
    /// Exponent that joins latency and transfer.
    pub q: f64,
    /// `t0` to the power of `q`, which every message would raise anew.
    pub raised: f64,
}

/// Which memory of a chip with a law of its own holds the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightHome {
    /// The SRAM: chips form a pipeline of stages.
    Sram,
    /// The main memory: chips read each layer together.
    Memory,
}

impl WeightHome {
    fn from_id(id: &str) -> Option<Self> {
        match id {
            "sram" => Some(Self::Sram),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }
}

/// One row of `sram.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SramRow {
    /// Chip, or `*` for SRAM machines without a row of their own.
    pub chip: &'static str,
    /// Where the weights are.
    pub weights: WeightHome,
    /// Time per layer beside the reads.
    pub layer: Seconds,
    /// Time per layer for each 1,024 elements of hidden width.
    pub hidden: Seconds,
    /// Time per layer with routed experts, in addition.
    pub experts: Seconds,
    /// Share of the bandwidth of the memory that holds the weights.
    pub share: f64,
    /// Chips that read one layer together at most.
    pub wide: u32,
    /// Share of that memory that weights and cache may take.
    pub usable: f64,
    /// Share of the arithmetic peak reached.
    pub compute: f64,
    /// Arithmetic peak to assume where the data sheet gives none.
    pub peak: Option<FlopsPerSecond>,
    /// Whether served speeds were measured by others than the maker.
    pub measured: bool,
}

/// A chip's family, from `families.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyRow {
    /// Chip.
    pub chip: &'static str,
    /// Generation of silicon, which picks the row of an engine.
    pub generation: Generation,
    /// Measured chip whose efficiencies an unmeasured one inherits.
    pub sibling: Option<&'static str>,
    /// Cores: streaming multiprocessors, compute units, tensor cores of a TPU.
    pub cores: f64,
    /// Floor of a kernel at least, where no kernel of the family was measured.
    pub floor: Seconds,
    /// Share of the arithmetic efficiency of the measured chips that an unmeasured one reaches.
    pub compute: f64,
    /// Share of their memory efficiency.
    pub bandwidth: f64,
    /// Whether it has matrix units, whose tiles are padded; without them exponentials cost what products cost.
    pub matrix_units: bool,
}

/// A short name as one number, in the order of its letters. Comparing texts took a quarter of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name(u128);

impl Name {
    /// `None` for a longer name than any table has.
    fn new(text: &str) -> Option<Self> {
        let mut letters = [0; size_of::<u128>()];
        letters.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self(u128::from_be_bytes(letters)))
    }
}

/// A chip's family, and the rows of other tables that are of the chip and of its sibling.
#[derive(Clone, Debug)]
struct Family {
    row: FamilyRow,
    kernels: [Range<usize>; 2],
    collectives: [Range<usize>; 2],
}

/// All tables, those with a key in its order.
#[derive(Clone, Debug)]
pub struct Constants {
    kernels: Vec<(Name, KernelRow)>,
    collectives: Vec<(Name, CollectiveRow)>,
    /// By engine and generation.
    engines: [[EngineRow; Generation::ALL.len()]; Engine::ALL.len()],
    families: Vec<(Name, Family)>,
    /// Laws fitted over all chips.
    any: Range<usize>,
    sram: Vec<(Name, SramRow)>,
    /// By kind.
    links: [LinkRow; LinkKind::ALL.len()],
}

/// The rows of one chip in a table.
type Rows<'a, T> = &'a [(Name, T)];

/// Whose rows of a table.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// The chip's own.
    Itself,
    /// Those of the measured chip whose efficiencies it inherits.
    Sibling,
    /// The set fitted over all chips.
    Any,
}

/// What the tables say of a chip, found once for all the laws of a replica: of itself, and of the measured chip whose
/// efficiencies it inherits.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    kernels: [Rows<'a, KernelRow>; 3],
    collectives: [Rows<'a, CollectiveRow>; 2],
    /// Cores of the chip.
    pub cores: f64,
    /// Floor of a kernel of its family.
    pub floor: Seconds,
    /// Share of the arithmetic efficiency of the measured chips that its family reaches.
    pub compute: f64,
    /// Share of their memory efficiency.
    pub bandwidth: f64,
    /// Whether it has matrix units.
    pub matrix_units: bool,
}

/// What the kernel law has in common for all operators and chips, from `form.csv`.
mod form {
    include!(concat!(env!("OUT_DIR"), "/form.rs"));
}

/// What the kernel law has in common for all operators and chips; `form.csv` explains it.
pub struct Form;

impl Form {
    /// Bytes at which half of the ramp is paid.
    #[must_use]
    pub const fn ramp() -> Bytes {
        Bytes::new(KernelForm::ramp_MB.of(&form::KERNEL) * 1e6)
    }

    /// L2 from which on tables of kernels that are timed warm show it.
    #[must_use]
    pub const fn large_cache() -> Bytes {
        Bytes::new(KernelForm::large_cache_MB.of(&form::KERNEL) * 1e6)
    }

    /// Share of an L2 within which reads change from all found there to none.
    #[must_use]
    pub const fn cache_edge() -> f64 {
        KernelForm::cache_edge.of(&form::KERNEL)
    }

    /// Routing as skewed as in tables of kernels.
    #[must_use]
    pub const fn power_law() -> Skew {
        Skew { hot: KernelForm::hot.of(&form::KERNEL), reach: KernelForm::reach.of(&form::KERNEL) }
    }

    /// Routing as skewed as in serving.
    #[must_use]
    pub const fn served() -> Skew {
        Skew { hot: KernelForm::served.of(&form::KERNEL), ..Self::power_law() }
    }

    /// Cores of a chip that nobody knows them of.
    #[must_use]
    pub const fn cores() -> f64 {
        KernelForm::cores.of(&form::KERNEL)
    }
}

impl<'a> Measured<'a> {
    /// The law of an operator in a format, exactly as fitted on one of the chips.
    #[must_use]
    pub fn kernel(
        &self,
        on: On,
        operator: Operator,
        format: NumberFormat,
        unit: ComputeType,
    ) -> Option<&'a KernelRow> {
        let wanted = |row: &&KernelRow| row.operator == operator && row.format == format && row.unit == unit;
        self.kernels[on as usize].iter().map(|(_, row)| row).find(wanted)
    }

    /// The rows of a collective by any library, on the chip itself and on the one it inherits from.
    pub fn collectives(
        &self,
        operation: Operation,
    ) -> [impl Iterator<Item = &'a CollectiveRow> + Clone + use<'a>; 2] {
        self.collectives
            .map(|rows| rows.iter().map(|(_, row)| row).filter(move |row| row.operation == operation))
    }
}

/// The tables, read at first use.
#[must_use]
pub fn constants() -> &'static Constants {
    static TABLES: OnceLock<Constants> = OnceLock::new();
    TABLES.get_or_init(|| {
        let kernels =
            sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/kernels.csv")), kernel_row), |row| {
                Name::new(row.chip)
            });
        let collectives =
            sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/collectives.csv")), collective_row), |row| {
                Name::new(row.chip)
            });
        let families = rows(include_str!(concat!(env!("OUT_DIR"), "/families.csv")), family_row);
        let family = |row: FamilyRow| {
            let names = [Some(row.chip), row.sibling].map(|name| Name::new(name?));
            Family {
                row,
                kernels: names.map(|name| of(&kernels, name)),
                collectives: names.map(|name| of(&collectives, name)),
            }
        };
        let families = families.into_iter().map(family).collect();
        Constants {
            families: sorted(families, |own| Name::new(own.row.chip)),
            any: of(&kernels, Name::new("*")),
            kernels,
            collectives,
            engines: Engine::ALL
                .map(|engine| Generation::ALL.map(|generation| EngineRow::new(engine, generation))),
            sram: sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/sram.csv")), sram_row), |row| {
                Name::new(row.chip)
            }),
            links: LinkKind::ALL.map(LinkRow::new),
        }
    })
}

impl Constants {
    /// What is known of a chip.
    #[must_use]
    pub fn measured(&self, chip: &str) -> Measured<'_> {
        let any = rows_in(&self.kernels, &self.any);
        let Some(Family { row, kernels, collectives }) = self.family(chip) else {
            return Measured {
                kernels: [&[], &[], any],
                collectives: [&[], &[]],
                cores: Form::cores(),
                floor: Seconds::ZERO,
                compute: 1.0,
                bandwidth: 1.0,
                matrix_units: true,
            };
        };
        let [own, near] = kernels.each_ref().map(|rows| rows_in(&self.kernels, rows));
        Measured {
            kernels: [own, near, any],
            collectives: collectives.each_ref().map(|rows| rows_in(&self.collectives, rows)),
            cores: row.cores,
            floor: row.floor,
            compute: row.compute,
            bandwidth: row.bandwidth,
            matrix_units: row.matrix_units,
        }
    }

    /// The engine's constants on a chip: those of its generation, else those of any.
    #[must_use]
    pub fn engine(&self, engine: Engine, chip: &str) -> &EngineRow {
        let generation = self.family(chip).map_or(Generation::Any, |own| own.row.generation);
        &self.engines[engine as usize][generation as usize]
    }

    /// The same tables with another row for the engine and generation that the row names, as calibration tries them.
    #[must_use]
    pub fn with_engine(mut self, row: EngineRow) -> Self {
        self.engines[row.engine as usize][row.generation as usize] = row;
        self
    }

    fn family(&self, chip: &str) -> Option<&Family> {
        find(&self.families, &Name::new(chip)?)
    }

    /// The constants of a chip that streams weights through stages instead of launching kernels: its own row, or the one
    /// for SRAM machines that nobody knows more of. `None` for chips that the kernel laws describe.
    #[must_use]
    pub fn sram(&self, chip: &Chip) -> Option<&SramRow> {
        let row = |id: &str| find(&self.sram, &Name::new(id)?);
        row(&chip.id).or_else(|| chip.is_sram_machine().then(|| row("*")).flatten())
    }

    /// The constants of a kind of link.
    #[must_use]
    pub fn link(&self, kind: LinkKind) -> LinkRow {
        self.links[kind as usize]
    }

    /// Whether kernels of this chip or of one of its family were measured.
    #[must_use]
    pub fn has_measured_kernels(&self, chip: &str) -> bool {
        let [own, near, _] = self.measured(chip).kernels;
        !(own.is_empty() && near.is_empty())
    }
}

/// The cells of one line.
struct Cells<'a> {
    cells: Vec<&'a str>,
}

impl<'a> Cells<'a> {
    fn text(&self, column: impl Into<usize>) -> Option<&'a str> {
        self.cells.get(column.into()).copied()
    }

    fn number(&self, column: impl Into<usize>) -> Option<f64> {
        decimal(self.text(column)?).filter(|value| value.is_finite())
    }
}

/// Reads the lines; one that says nothing sensible is left out, and a test counts them.
fn rows<T>(text: &'static str, read: impl Fn(&Cells<'static>) -> Option<T>) -> Vec<T> {
    text.lines().filter_map(|line| read(&Cells { cells: line.split(',').collect() })).collect()
}

/// Rows in the order of their keys; one whose name is too long for a key is left out, and a test counts them.
fn sorted<T, K: Copy + Ord>(rows: Vec<T>, key: impl Fn(&T) -> Option<K>) -> Vec<(K, T)> {
    let mut rows: Vec<(K, T)> = rows.into_iter().filter_map(|row| Some((key(&row)?, row))).collect();
    order::sort_by_key(&mut rows, |(key, _)| *key);
    rows
}

/// Where the rows of one name are.
fn of<T>(table: &[(Name, T)], name: Option<Name>) -> Range<usize> {
    let before =
        |past: bool| table.partition_point(|(own, _)| Some(*own) < name || (past && Some(*own) == name));
    before(false)..before(true)
}

fn rows_in<'a, T>(table: Rows<'a, T>, rows: &Range<usize>) -> Rows<'a, T> {
    table.get(rows.clone()).unwrap_or_default()
}

/// The row of a table with this key.
fn find<'a, K: Ord, T>(table: &'a [(K, T)], wanted: &K) -> Option<&'a T> {
    let at = table.binary_search_by(|(key, _)| key.cmp(wanted)).ok()?;
    table.get(at).map(|(_, row)| row)
}

/// The number of a cell, or what an empty cell stands for.
fn or(cells: &Cells<'static>, column: impl Into<usize> + Copy, empty: f64) -> Option<f64> {
    if cells.text(column)?.is_empty() { Some(empty) } else { cells.number(column) }
}

fn kernel_row(cells: &Cells<'static>) -> Option<KernelRow> {
    Some(KernelRow {
        operator: Operator::from_id(cells.text(Kernels::operator)?)?,
        chip: cells.text(Kernels::chip)?,
        format: NumberFormat::from_id(cells.text(Kernels::format)?)?,
        unit: ComputeType::from_id(cells.text(Kernels::unit)?)?,
        t0: Seconds::micros(cells.number(Kernels::t0_us)?),
        ramp: Seconds::micros(or(cells, Kernels::ramp_us, 0.0)?),
        compute: cells.number(Kernels::compute)?,
        bandwidth: cells.number(Kernels::bandwidth)?,
        l2: or(cells, Kernels::l2, 1.0)?,
        half: or(cells, Kernels::half, 0.0)?,
        split: or(cells, Kernels::split, f64::INFINITY)?,
        pad_rows: or(cells, Kernels::pad_rows, 1.0)?,
        stream: or(cells, Kernels::stream, f64::INFINITY)?,
        exponential: or(cells, Kernels::exponential, 0.0)?,
        extra_keys: or(cells, Kernels::extra_keys, 0.0)?,
        beside: or(cells, Kernels::beside, 0.0)?,
        host: Seconds::micros(or(cells, Kernels::host_us, 0.0)?),
    })
}

fn collective_row(cells: &Cells<'static>) -> Option<CollectiveRow> {
    Some(CollectiveRow {
        operation: Operation::from_id(cells.text(Collectives::operation)?)?,
        chip: cells.text(Collectives::chip)?,
        library: match cells.text(Collectives::library)? {
            "nccl" => None,
            engine => Some(Engine::from_id(engine)?),
        },
        ranks: cells.text(Collectives::ranks)?.parse().ok()?,
        t0: Seconds::micros(cells.number(Collectives::t0_us)?),
        efficiency: cells.number(Collectives::efficiency)?,
        q: cells.number(Collectives::q)?,
        raised: power(
            Seconds::micros(cells.number(Collectives::t0_us)?).get(),
            cells.number(Collectives::q)?,
        ),
    })
}

fn family_row(cells: &Cells<'static>) -> Option<FamilyRow> {
    let sibling = cells.text(Families::sibling).filter(|name| !name.is_empty());
    Some(FamilyRow {
        chip: cells.text(Families::chip)?,
        generation: Generation::from_id(cells.text(Families::generation)?)?,
        sibling,
        cores: cells.number(Families::cores)?,
        floor: Seconds::micros(or(cells, Families::floor_us, 0.0)?),
        compute: or(cells, Families::compute, 1.0)?,
        bandwidth: or(cells, Families::bandwidth, 1.0)?,
        matrix_units: cells.text(Families::matrix)? != "no",
    })
}

fn sram_row(cells: &Cells<'static>) -> Option<SramRow> {
    Some(SramRow {
        chip: cells.text(SramMachines::chip)?,
        weights: WeightHome::from_id(cells.text(SramMachines::weights)?)?,
        layer: Seconds::micros(cells.number(SramMachines::layer_us)?),
        hidden: Seconds::micros(cells.number(SramMachines::hidden_us)?),
        experts: Seconds::micros(cells.number(SramMachines::moe_us)?),
        share: cells.number(SramMachines::share)?,
        wide: cells.text(SramMachines::wide)?.parse().ok()?,
        usable: cells.number(SramMachines::usable)?,
        compute: cells.number(SramMachines::compute)?,
        peak: match cells.text(SramMachines::peak_TFLOPS)? {
            "" => None,
            _ => Some(FlopsPerSecond::tera(cells.number(SramMachines::peak_TFLOPS)?)),
        },
        measured: match cells.text(SramMachines::evidence)? {
            "measured" => true,
            "claim" => false,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_data_files_is_lost() {
        let tables = constants();
        let lines = |file: &str| {
            file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).count() - 1
        };
        assert_eq!(tables.kernels.len(), lines(include_str!("../../data/constants/kernels.csv")));
        assert_eq!(tables.collectives.len(), lines(include_str!("../../data/constants/collectives.csv")));
        assert_eq!(tables.families.len(), lines(include_str!("../../data/constants/families.csv")));
        assert_eq!(tables.sram.len(), lines(include_str!("../../data/constants/sram.csv")));
        let engines = tables.engines.iter().flatten().count();
        assert_eq!(engines, lines(include_str!("../../data/constants/engines.csv")));
        assert_eq!(tables.links.len(), lines(include_str!("../../data/constants/links.csv")));
    }

    #[test]
    fn rows_are_found_under_their_names() {
        let tables = constants();
        for engine in Engine::ALL {
            for (generation, chip) in [(Generation::Any, "h100-sxm"), (Generation::Blackwell, "b200")] {
                let row = tables.engine(engine, chip);
                assert_eq!((row.engine, row.generation), (engine, generation));
                // The first number of the file's row, so that no constant is taken for another.
                let start = format!("{},{},", engine.id(), generation.id());
                let file = include_str!("../../data/constants/engines.csv");
                let line = file.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default();
                let step = line.split(',').next().and_then(decimal).unwrap_or_default();
                assert_eq!(row.step, Seconds::micros(step));
            }
        }
        for kind in LinkKind::ALL {
            assert_eq!(tables.link(kind), LinkRow::new(kind));
        }
    }

    #[test]
    fn each_law_is_found_again() {
        let tables = constants();
        for (_, row) in &tables.kernels {
            let on = if row.chip == "*" { On::Any } else { On::Itself };
            assert_eq!(tables.measured(row.chip).kernel(on, row.operator, row.format, row.unit), Some(row));
        }
        for (_, row) in &tables.collectives {
            assert!(tables.measured(row.chip).collectives(row.operation)[0].clone().any(|own| own == row));
        }
    }
}

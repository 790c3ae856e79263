//! The fitted constants: data files beside this code, read once. Each file says where its figures come from; `build.rs`
//! takes the words out of them.

use std::ops::Range;
use std::sync::OnceLock;

use super::collective::Operation;
use crate::catalog::{Chip, ComputeType, Engine, NumberFormat};
use crate::units::decimal::decimal;
use crate::units::order;
use crate::units::{Bytes, FlopsPerSecond, Seconds, Tokens, power};

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
    /// The operator of this name in the data file.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Some(match id {
            "gemm" => Self::Gemm,
            "gemm-vllm" => Self::GemmVllm,
            "prefill-attention" => Self::PrefillAttention,
            "decode-attention" => Self::DecodeAttention,
            "prefill-mla" => Self::PrefillMla,
            "decode-mla" => Self::DecodeMla,
            "experts" => Self::Experts,
            "elementwise" => Self::Elementwise,
            _ => return None,
        })
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
    /// Share of the arithmetic peak at full occupancy.
    pub compute: f64,
    /// Share of the memory bandwidth at full occupancy.
    pub bandwidth: f64,
    /// Tiles at which half of the throughput is reached.
    pub half_tiles: f64,
    /// Depth at which the work of one tile splits.
    pub split: f64,
    /// Rows a tile has at least.
    pub pad_rows: f64,
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

/// One row of `engines.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EngineRow {
    /// Engine.
    pub engine: Engine,
    /// Generation of silicon, or `any`.
    pub generation: &'static str,
    /// Host work per step.
    pub step: Seconds,
    /// Host work per step for each sequence in it: sampling, detokenising, bookkeeping.
    pub sequence: Seconds,
    /// Small kernels and gaps per layer.
    pub layer: Seconds,
    /// Small kernels and gaps around the experts of a layer: choosing, sorting, quantising and putting together.
    pub expert_layer: Seconds,
    /// Floors of kernels in the engine's graphs against the floors of kernels alone.
    pub floor_scale: f64,
    /// Dense matrix products in decode against the measured ones.
    pub gemm_scale: f64,
    /// Attention against the measured one.
    pub attention_scale: f64,
    /// Expert products in decode against the measured ones, weights and activations in 16 or 8 bits.
    pub expert_scale: f64,
    /// The same with weights and activations in 4 bits.
    pub expert_fp4_scale: f64,
    /// The same with mxfp4 weights and wider activations.
    pub expert_mixed_scale: f64,
    /// Exchanges against the measured ones.
    pub link_scale: f64,
    /// Share of a prefill that stalls running decodes.
    pub interference: f64,
    /// Share of a decode step that a prompt in it saves.
    pub mixing: f64,
    /// Dense matrix products and attention in prefill against the measured ones.
    pub prefill_scale: f64,
    /// Expert products in prefill against the measured ones.
    pub prefill_expert_scale: f64,
    /// Host time to launch a layer of a prefill.
    pub launch: Seconds,
    /// Host time to launch the experts of a layer of a prefill.
    pub expert_launch: Seconds,
    /// Work per request.
    pub request: Seconds,
    /// Decode steps from the end of a prefill until the first token reaches the user.
    pub first_steps: f64,
    /// Decode steps that a prompt waits with data-parallel attention, until the other ranks have one too.
    pub rank_steps: f64,
    /// Share of the prompts ahead that a closed-loop request waits for.
    pub burst: f64,
    /// The same where prefill has a pool of its own, which takes prompts first come, first served.
    pub split_burst: f64,
    /// Prompts that arrive together when answers have equal length.
    pub group: f64,
    /// Batched-token budget of a step.
    pub chunk: Tokens,
    /// Share of device memory the engine may take.
    pub memory_fraction: f64,
    /// Engine, graphs and communication buffers.
    pub reserve: Bytes,
}

impl EngineRow {
    /// Expert products in decode against the measured ones, in the kernels that a format takes.
    #[must_use]
    pub const fn experts(&self, format: NumberFormat) -> f64 {
        match format {
            NumberFormat::Nvfp4 => self.expert_fp4_scale,
            NumberFormat::Mxfp4 => self.expert_mixed_scale,
            // Nobody measured expert kernels with int4 weights; they inherit the law of 16 bits, and its scale.
            NumberFormat::Int4
            | NumberFormat::Bf16
            | NumberFormat::Fp8
            | NumberFormat::Fp8Block
            | NumberFormat::Int8 => self.expert_scale,
        }
    }
}

/// Which memory of a chip with a law of its own holds the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightHome {
    /// The SRAM: chips form a pipeline of stages.
    Sram,
    /// The main memory: chips read each layer together.
    Memory,
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

/// One row of `links.csv`; the file explains the links.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkRow {
    /// Latency of an empty message.
    pub latency: Seconds,
    /// Share of the link's bandwidth.
    pub efficiency: f64,
    /// Exponent that joins latency and transfer.
    pub q: f64,
}

/// A chip's family, from `families.csv`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyRow {
    /// Chip.
    pub chip: &'static str,
    /// Generation of silicon, which picks the row of an engine.
    pub generation: &'static str,
    /// Measured chip whose efficiencies an unmeasured one inherits.
    pub sibling: Option<&'static str>,
    /// Share of the arithmetic efficiency of the measured chips that an unmeasured one reaches.
    pub compute: f64,
}

/// What stands in for an engine that the data file lacks; a test sees to it that none does.
const PLAIN_ENGINE: EngineRow = EngineRow {
    engine: Engine::Vllm,
    generation: "any",
    step: Seconds::micros(600.0),
    sequence: Seconds::micros(5.0),
    layer: Seconds::micros(4.0),
    expert_layer: Seconds::micros(20.0),
    floor_scale: 1.0,
    gemm_scale: 1.0,
    attention_scale: 1.0,
    expert_scale: 1.0,
    expert_fp4_scale: 1.0,
    expert_mixed_scale: 1.0,
    link_scale: 1.0,
    interference: 1.0,
    mixing: 0.5,
    prefill_scale: 1.0,
    prefill_expert_scale: 1.0,
    launch: Seconds::micros(40.0),
    expert_launch: Seconds::micros(200.0),
    request: Seconds::millis(15.0),
    first_steps: 4.0,
    rank_steps: 1.0,
    burst: 0.06,
    split_burst: 0.06,
    group: 6.0,
    chunk: Tokens::new(8192.0),
    memory_fraction: 0.9,
    reserve: Bytes::giga(1.5),
};

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
    engines: Vec<EngineRow>,
    families: Vec<(Name, Family)>,
    /// Laws fitted over all chips.
    any: Range<usize>,
    sram: Vec<(Name, SramRow)>,
    links: Vec<(&'static str, LinkRow)>,
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
    /// Share of the arithmetic efficiency of the measured chips that this one reaches, where published figures tell.
    pub compute: f64,
}

impl<'a> Measured<'a> {
    /// The law of an operator in a format, exactly as fitted on one of the chips.
    #[must_use]
    pub fn kernel(&self, on: On, operator: Operator, format: NumberFormat) -> Option<&'a KernelRow> {
        let wanted = |row: &&KernelRow| row.operator == operator && row.format == format;
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
            engines: rows(include_str!(concat!(env!("OUT_DIR"), "/engines.csv")), engine_row),
            sram: sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/sram.csv")), sram_row), |row| {
                Name::new(row.chip)
            }),
            links: rows(include_str!(concat!(env!("OUT_DIR"), "/links.csv")), link_row),
        }
    })
}

impl Constants {
    /// What is known of a chip.
    #[must_use]
    pub fn measured(&self, chip: &str) -> Measured<'_> {
        let any = rows_in(&self.kernels, &self.any);
        let Some(Family { row, kernels, collectives }) = self.family(chip) else {
            return Measured { kernels: [&[], &[], any], collectives: [&[], &[]], compute: 1.0 };
        };
        let [own, near] = kernels.each_ref().map(|rows| rows_in(&self.kernels, rows));
        Measured {
            kernels: [own, near, any],
            collectives: collectives.each_ref().map(|rows| rows_in(&self.collectives, rows)),
            compute: row.compute,
        }
    }

    /// The engine's constants on a chip: those of its generation, else those of any.
    #[must_use]
    pub fn engine(&self, engine: Engine, chip: &str) -> &EngineRow {
        let generation = self.family(chip).map_or("any", |own| own.row.generation);
        let find =
            |generation| self.engines.iter().find(|row| row.engine == engine && row.generation == generation);
        find(generation).or_else(|| find("any")).unwrap_or(&PLAIN_ENGINE)
    }

    /// The same tables with another row for the engine that the row names, as calibration tries them.
    #[must_use]
    pub fn with_engine(mut self, row: EngineRow) -> Self {
        match self.engines.iter_mut().find(|own| own.engine == row.engine && own.generation == row.generation)
        {
            Some(own) => *own = row,
            None => self.engines.push(row),
        }
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

    /// The constants of a kind of link; a plain one where the file lacks it.
    #[must_use]
    pub fn link(&self, kind: &str) -> LinkRow {
        let plain = LinkRow { latency: Seconds::micros(10.0), efficiency: 0.8, q: 1.0 };
        self.links.iter().find(|(own, _)| *own == kind).map_or(plain, |(_, row)| *row)
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
    fn text(&self, column: usize) -> Option<&'a str> {
        self.cells.get(column).copied().map(str::trim)
    }

    fn number(&self, column: usize) -> Option<f64> {
        decimal(self.text(column)?).filter(|value| value.is_finite())
    }
}

/// Reads the lines after comments and header; a line that says nothing sensible is left out, and a test counts them.
fn rows<T>(text: &'static str, read: impl Fn(&Cells<'static>) -> Option<T>) -> Vec<T> {
    data_lines(text).filter_map(|line| read(&Cells { cells: line.split(',').collect() })).collect()
}

fn data_lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).skip(1)
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

fn kernel_row(cells: &Cells<'static>) -> Option<KernelRow> {
    Some(KernelRow {
        operator: Operator::from_id(cells.text(0)?)?,
        chip: cells.text(1)?,
        format: NumberFormat::from_id(cells.text(2)?)?,
        unit: match cells.text(3)? {
            "bf16" => ComputeType::Bf16,
            "fp8" => ComputeType::Fp8,
            "int8" => ComputeType::Int8,
            "fp4" => ComputeType::Fp4,
            _ => return None,
        },
        t0: Seconds::micros(cells.number(4)?),
        compute: cells.number(5)?,
        bandwidth: cells.number(6)?,
        half_tiles: cells.number(7)?,
        split: cells.number(8)?,
        pad_rows: cells.number(9)?,
    })
}

fn collective_row(cells: &Cells<'static>) -> Option<CollectiveRow> {
    Some(CollectiveRow {
        operation: Operation::from_id(cells.text(0)?)?,
        chip: cells.text(1)?,
        library: match cells.text(2)? {
            "nccl" => None,
            engine => Some(Engine::from_id(engine)?),
        },
        ranks: cells.text(3)?.parse().ok()?,
        t0: Seconds::micros(cells.number(4)?),
        efficiency: cells.number(5)?,
        q: cells.number(6)?,
        raised: power(Seconds::micros(cells.number(4)?).get(), cells.number(6)?),
    })
}

fn family_row(cells: &Cells<'static>) -> Option<FamilyRow> {
    let sibling = cells.text(2).filter(|name| !name.is_empty());
    let compute = match cells.text(3)? {
        "" => 1.0,
        _ => cells.number(3)?,
    };
    Some(FamilyRow { chip: cells.text(0)?, generation: cells.text(1)?, sibling, compute })
}

fn engine_row(cells: &Cells<'static>) -> Option<EngineRow> {
    Some(EngineRow {
        engine: Engine::from_id(cells.text(0)?)?,
        generation: cells.text(1)?,
        step: Seconds::micros(cells.number(2)?),
        sequence: Seconds::micros(cells.number(3)?),
        layer: Seconds::micros(cells.number(4)?),
        expert_layer: Seconds::micros(cells.number(5)?),
        floor_scale: cells.number(6)?,
        gemm_scale: cells.number(7)?,
        attention_scale: cells.number(8)?,
        expert_scale: cells.number(9)?,
        expert_fp4_scale: cells.number(10)?,
        expert_mixed_scale: cells.number(11)?,
        link_scale: cells.number(12)?,
        interference: cells.number(13)?,
        mixing: cells.number(14)?,
        prefill_scale: cells.number(15)?,
        prefill_expert_scale: cells.number(16)?,
        launch: Seconds::micros(cells.number(17)?),
        expert_launch: Seconds::micros(cells.number(18)?),
        request: Seconds::millis(cells.number(19)?),
        first_steps: cells.number(20)?,
        rank_steps: cells.number(21)?,
        burst: cells.number(22)?,
        split_burst: cells.number(23)?,
        group: cells.number(24)?,
        chunk: Tokens::new(cells.number(25)?),
        memory_fraction: cells.number(26)?,
        reserve: Bytes::giga(cells.number(27)?),
    })
}

fn sram_row(cells: &Cells<'static>) -> Option<SramRow> {
    Some(SramRow {
        chip: cells.text(0)?,
        weights: match cells.text(1)? {
            "sram" => WeightHome::Sram,
            "memory" => WeightHome::Memory,
            _ => return None,
        },
        layer: Seconds::micros(cells.number(2)?),
        hidden: Seconds::micros(cells.number(3)?),
        experts: Seconds::micros(cells.number(4)?),
        share: cells.number(5)?,
        wide: cells.text(6)?.parse().ok()?,
        usable: cells.number(7)?,
        compute: cells.number(8)?,
        peak: match cells.text(9)? {
            "" => None,
            _ => Some(FlopsPerSecond::tera(cells.number(9)?)),
        },
        measured: match cells.text(10)? {
            "measured" => true,
            "claim" => false,
            _ => return None,
        },
    })
}

fn link_row(cells: &Cells<'static>) -> Option<(&'static str, LinkRow)> {
    let row = LinkRow {
        latency: Seconds::micros(cells.number(1)?),
        efficiency: cells.number(2)?,
        q: cells.number(3)?,
    };
    Some((cells.text(0)?, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_data_files_is_lost() {
        let tables = constants();
        assert_eq!(
            tables.kernels.len(),
            data_lines(include_str!("../../data/constants/kernels.csv")).count()
        );
        assert_eq!(
            tables.collectives.len(),
            data_lines(include_str!("../../data/constants/collectives.csv")).count()
        );
        assert_eq!(
            tables.engines.len(),
            data_lines(include_str!("../../data/constants/engines.csv")).count()
        );
        assert_eq!(
            tables.families.len(),
            data_lines(include_str!("../../data/constants/families.csv")).count()
        );
        assert_eq!(tables.links.len(), data_lines(include_str!("../../data/constants/links.csv")).count());
        assert_eq!(tables.sram.len(), data_lines(include_str!("../../data/constants/sram.csv")).count());
    }

    #[test]
    fn each_law_is_found_again() {
        let tables = constants();
        for (_, row) in &tables.kernels {
            let on = if row.chip == "*" { On::Any } else { On::Itself };
            assert_eq!(tables.measured(row.chip).kernel(on, row.operator, row.format), Some(row));
        }
        for (_, row) in &tables.collectives {
            assert!(tables.measured(row.chip).collectives(row.operation)[0].clone().any(|own| own == row));
        }
    }
}

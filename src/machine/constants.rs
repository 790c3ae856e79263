//! The fitted constants of `data/constants/`, read once, and what of them holds for a chip. Each file says where its figures
//! come from; `build.rs` takes the words out of them.

use std::ops::Range;
use std::sync::OnceLock;

use super::engine::{EngineRow, Generation};
use super::exchange::{ExchangeKernel, ExchangePart, ExchangeRow};
use super::link::{LinkKind, LinkRow};
use super::memory::{Aside, MemoryRow, ShareOf};
use super::power::PowerRow;
use super::profile::ProfileRow;
use super::routing::Skew;
use crate::catalog::columns::{
    Collectives, Exchanges, Fabrics, Families, KernelForm, Kernels, MemoryShares, Power, Profiles,
    SramMachines,
};
use crate::catalog::{Chip, ComputeType, Engine, NumberFormat, Profile};
use crate::units::decimal::decimal;
use crate::units::order;
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, Seconds};

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
    /// Each rank gets a part of its own from every other.
    AllToAll,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 4] = [Self::AllReduce, Self::AllGather, Self::ReduceScatter, Self::AllToAll];

    /// The identifier in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AllReduce => "all-reduce",
            Self::AllGather => "all-gather",
            Self::ReduceScatter => "reduce-scatter",
            Self::AllToAll => "all-to-all",
        }
    }

    /// The operation with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.id() == id)
    }

    /// How often the data go around.
    pub(super) const fn passes(self) -> f64 {
        match self {
            Self::AllReduce => 2.0,
            Self::AllGather | Self::ReduceScatter | Self::AllToAll => 1.0,
        }
    }

    /// Bytes on each chip's link among `ranks`, for each byte of the message.
    pub(super) const fn volume(self, ranks: f64) -> f64 {
        self.passes() * (ranks - 1.0) / ranks
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
    /// Most rows of a tile whose height the kernel guesses before it knows who gets which token; 0 where none guesses.
    pub tile_rows: f64,
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
    /// How long it takes.
    pub law: CollectiveLaw,
}

/// How long a collective takes among the ranks of a domain; `collectives.csv` explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollectiveLaw {
    /// Latency of an empty message, before any step.
    pub t0: Seconds,
    /// Latency of a step.
    pub hop: Seconds,
    /// Share of the link the sooner way.
    pub low: f64,
    /// How much later the wider way starts.
    pub switch: Seconds,
    /// Share of the link the wider way, with many ranks.
    pub efficiency: f64,
    /// What few ranks lack of it.
    pub pair: f64,
    /// Exponent with which it falls from two ranks on.
    pub crowd: f64,
}

impl CollectiveLaw {
    /// The link and nothing else.
    const LINK: Self = Self {
        t0: Seconds::ZERO,
        hop: Seconds::ZERO,
        low: 1.0,
        switch: Seconds::ZERO,
        efficiency: 1.0,
        pair: 0.0,
        crowd: 0.0,
    };
}

/// What lies between the chips of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Any two talk at full speed.
    Switch,
    /// Each pair has a link of its own.
    Mesh,
    /// Neighbours have.
    Torus,
    /// PCI Express.
    Bus,
}

impl Topology {
    fn from_id(id: &str) -> Option<Self> {
        match id {
            "switch" => Some(Self::Switch),
            "mesh" => Some(Self::Mesh),
            "torus" => Some(Self::Torus),
            "bus" => Some(Self::Bus),
            _ => None,
        }
    }
}

/// One row of `fabrics.csv`; the file explains the columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FabricRow {
    /// The chips that have it, with blanks between.
    pub chips: &'static str,
    /// What lies between them.
    pub topology: Topology,
    /// Links of a chip that share its bandwidth.
    pub links: f64,
    /// Chips of a host; 0 = the domain.
    pub host: u32,
    /// How long collectives take on chips without measurements, where those of a sibling do not tell.
    pub law: Option<CollectiveLaw>,
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
    /// Time per token outside the layers.
    pub token: Seconds,
    /// Time from one stage to the next.
    pub hop: Seconds,
    /// Time per layer beside the reads.
    pub layer: Seconds,
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
    /// Shortest and longest time per token of public speeds, as factors of the law fitted without them.
    pub spread: (f64, f64),
    /// Whether those speeds may have come by speculation that nobody states.
    pub may_speculate: bool,
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
    /// How its kernels multiply block-scaled 8-bit weights, where they fall behind those of other formats.
    pub block: Option<Fallback>,
}

/// Kernels that engines fall back to where nobody wrote better ones for a format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fallback {
    /// Share of the arithmetic efficiency of other formats.
    pub compute: f64,
    /// What one core reads in sequence, in shares of the chip's bandwidth per core: such kernels do not split the depth.
    pub core: f64,
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
    collectives: [Range<usize>; 3],
    exchanges: [Range<usize>; 2],
}

/// All tables, those with a key in its order.
#[derive(Clone, Debug)]
pub struct Constants {
    kernels: Vec<(Name, KernelRow)>,
    collectives: Vec<(Name, CollectiveRow)>,
    exchanges: Vec<(Name, ExchangeRow)>,
    /// By the chips that have them.
    fabrics: Vec<(Name, FabricRow)>,
    /// Of chips that stand in no row.
    any_fabric: FabricRow,
    /// By engine and generation.
    engines: [[EngineRow; Generation::ALL.len()]; Engine::ALL.len()],
    families: Vec<(Name, Family)>,
    /// Laws fitted over all chips.
    any: Range<usize>,
    sram: Vec<(Name, SramRow)>,
    memory: Vec<MemoryRow>,
    profiles: Vec<ProfileRow>,
    powers: Vec<(Name, PowerRow)>,
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
    collectives: [Rows<'a, CollectiveRow>; 3],
    exchanges: [Rows<'a, ExchangeRow>; 2],
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
    /// How its kernels multiply block-scaled 8-bit weights, where they fall behind.
    pub block: Option<Fallback>,
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
        Skew {
            popularity: KernelForm::power_law.of(&form::KERNEL),
            reach: KernelForm::reach.of(&form::KERNEL),
            ..Skew::NONE
        }
    }

    /// Routing as skewed as in serving, and what balancing leaves of it.
    #[must_use]
    pub const fn served() -> Skew {
        Skew {
            popularity: KernelForm::popularity.of(&form::KERNEL),
            drawn: true,
            reach: KernelForm::reach.of(&form::KERNEL),
            replica: KernelForm::replica.of(&form::KERNEL),
            packing: KernelForm::packing.of(&form::KERNEL),
            drift: KernelForm::drift.of(&form::KERNEL),
        }
    }

    /// Redundant experts that wide deployments keep, as a share of the experts.
    #[must_use]
    pub const fn redundant() -> f64 {
        KernelForm::redundant.of(&form::KERNEL)
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
        let of = |rows: Rows<'a, CollectiveRow>| {
            rows.iter().map(|(_, row)| row).filter(move |row| row.operation == operation)
        };
        [of(self.collectives[0]), of(self.collectives[1])]
    }

    /// The rows of a collective on the elder sibling: of the chip where it was measured itself, else of the one it inherits from.
    pub fn elder(&self, operation: Operation) -> impl Iterator<Item = &'a CollectiveRow> + use<'a> {
        let rows = self.collectives[if self.collectives[0].is_empty() { 2 } else { 1 }];
        rows.iter().map(|(_, row)| row).filter(move |row| row.operation == operation)
    }

    /// The row of a part of an expert exchange by these kernels, on the chip itself or on the one it inherits from.
    #[must_use]
    pub fn exchange(&self, kernel: ExchangeKernel, part: ExchangePart) -> Option<&'a ExchangeRow> {
        self.exchanges.into_iter().find_map(|rows| exchange_of(rows, kernel, part))
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
        let exchanges =
            sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/exchanges.csv")), exchange_row), |row| {
                Name::new(row.chip)
            });
        let families = rows(include_str!(concat!(env!("OUT_DIR"), "/families.csv")), family_row);
        let siblings: Vec<(&str, Option<&str>)> =
            families.iter().map(|row: &FamilyRow| (row.chip, row.sibling)).collect();
        let family = |row: FamilyRow| {
            let names = [Some(row.chip), row.sibling].map(|name| Name::new(name?));
            let elder = |name| siblings.iter().find(|(own, _)| Some(*own) == name)?.1;
            let [own, near] = names.map(|name| of(&collectives, name));
            Family {
                row,
                kernels: names.map(|name| of(&kernels, name)),
                collectives: [own, near, of(&collectives, Name::new(elder(row.sibling).unwrap_or_default()))],
                exchanges: names.map(|name| of(&exchanges, name)),
            }
        };
        let families = families.into_iter().map(family).collect();
        let (fabrics, any_fabric) = fabrics();
        Constants {
            families: sorted(families, |own| Name::new(own.row.chip)),
            any: of(&kernels, Name::new("*")),
            kernels,
            collectives,
            exchanges,
            fabrics,
            any_fabric,
            engines: Engine::ALL
                .map(|engine| Generation::ALL.map(|generation| EngineRow::new(engine, generation))),
            sram: sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/sram.csv")), sram_row), |row| {
                Name::new(row.chip)
            }),
            memory: rows(include_str!(concat!(env!("OUT_DIR"), "/memory.csv")), memory_row),
            profiles: rows(include_str!(concat!(env!("OUT_DIR"), "/profiles.csv")), profile_row),
            powers: sorted(rows(include_str!(concat!(env!("OUT_DIR"), "/power.csv")), power_row), |row| {
                Name::new(row.silicon)
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
        let Some(Family { row, kernels, collectives, exchanges }) = self.family(chip) else {
            let (collectives, exchanges) = ([&[][..]; 3], [&[][..]; 2]);
            return Measured {
                kernels: [&[], &[], any],
                collectives,
                exchanges,
                cores: Form::cores(),
                floor: Seconds::ZERO,
                compute: 1.0,
                bandwidth: 1.0,
                matrix_units: true,
                block: None,
            };
        };
        let [own, near] = kernels.each_ref().map(|rows| rows_in(&self.kernels, rows));
        Measured {
            kernels: [own, near, any],
            collectives: collectives.each_ref().map(|rows| rows_in(&self.collectives, rows)),
            exchanges: exchanges.each_ref().map(|rows| rows_in(&self.exchanges, rows)),
            cores: row.cores,
            floor: row.floor,
            compute: row.compute,
            bandwidth: row.bandwidth,
            matrix_units: row.matrix_units,
            block: row.block,
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

    /// How the engine shares out the memory of a chip with so much of it: the last row that suits it, its own before
    /// those of any.
    ///
    /// # Panics
    /// Never: each engine has a row for any chip of any memory, as a test sees to.
    #[must_use]
    pub fn memory(&self, engine: Engine, chip: &str, capacity: Bytes) -> &MemoryRow {
        let suits = |on: &str| {
            let own = |row: &&MemoryRow| row.engine == engine && row.chip == on && row.from <= capacity;
            self.memory.iter().rfind(own)
        };
        suits(chip).or_else(|| suits("*")).unwrap_or(&self.memory[0])
    }

    /// What a profile sets for an engine with a model on a chip with so much memory, and nothing else.
    #[must_use]
    pub fn profile_alone(
        &self,
        profile: Profile,
        engine: Engine,
        model: &str,
        (chip, memory): (&str, Bytes),
    ) -> ProfileRow {
        let of = |engine: Option<Engine>| {
            let own = |row: &&ProfileRow| row.profile == profile && row.engine == engine;
            self.profiles.iter().filter(own).find(|row| row.suits(model, chip, memory))
        };
        of(Some(engine)).or_else(|| of(None)).copied().unwrap_or(ProfileRow::NONE)
    }

    /// What a profile sets for an engine with a model on a chip with so much memory, and where it leaves something open what
    /// the engine does on its own.
    #[must_use]
    pub fn profile(
        &self,
        profile: Profile,
        engine: Engine,
        model: &str,
        (chip, memory): (&str, Bytes),
    ) -> ProfileRow {
        let defaults = self.profile_alone(Profile::Defaults, engine, model, (chip, memory));
        if profile == Profile::Defaults {
            return defaults;
        }
        self.profile_alone(profile, engine, model, (chip, memory)).over(&defaults)
    }

    /// What a chip draws of its TDP: its own row, that of its sibling, of its generation or of its class. `None` only where
    /// a class has no row, which the build refuses.
    #[must_use]
    pub fn power(&self, chip: &Chip) -> Option<&PowerRow> {
        let row = |id: &str| find(&self.powers, &Name::new(id)?);
        let kin = || {
            let family = &self.family(&chip.id)?.row;
            family.sibling.and_then(row).or_else(|| row(family.generation.id()))
        };
        row(&chip.id).or_else(kin).or_else(|| row(chip.class.id()))
    }

    /// What lies between the chips of a domain.
    #[must_use]
    pub fn fabric(&self, chip: &str) -> &FabricRow {
        Name::new(chip).and_then(|name| find(&self.fabrics, &name)).unwrap_or(&self.any_fabric)
    }

    /// How long collectives take on chips of which nothing is known.
    #[must_use]
    pub fn any_collective(&self) -> &CollectiveLaw {
        self.any_fabric.law.as_ref().unwrap_or(&CollectiveLaw::LINK)
    }

    /// The row of a part of an expert exchange by these kernels on one of these chips, with blanks between.
    #[must_use]
    pub fn exchange(&self, chips: &str, kernel: ExchangeKernel, part: ExchangePart) -> Option<&ExchangeRow> {
        let rows = |chip| rows_in(&self.exchanges, &of(&self.exchanges, Name::new(chip)));
        chips.split(' ').map(rows).find_map(|rows| exchange_of(rows, kernel, part))
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

fn exchange_of<'a>(
    rows: Rows<'a, ExchangeRow>,
    kernel: ExchangeKernel,
    part: ExchangePart,
) -> Option<&'a ExchangeRow> {
    rows.iter().map(|(_, row)| row).find(|row| row.kernel == kernel && row.part == part)
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
        tile_rows: or(cells, Kernels::tile_rows, 0.0)?,
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
        law: collective_law(cells, Collectives::t0_us.into())?,
    })
}

/// The constants of a collective, in the order of both files that have them, from the column of the first on.
fn collective_law(cells: &Cells<'_>, first: usize) -> Option<CollectiveLaw> {
    let number = |place: usize| cells.number(first + place);
    Some(CollectiveLaw {
        t0: Seconds::micros(number(0)?),
        hop: Seconds::micros(number(1)?),
        low: number(2)?,
        switch: Seconds::micros(number(3)?),
        efficiency: number(4)?,
        pair: number(5)?,
        crowd: number(6)?,
    })
}

fn exchange_row(cells: &Cells<'static>) -> Option<ExchangeRow> {
    Some(ExchangeRow {
        kernel: ExchangeKernel::from_id(cells.text(Exchanges::kernel)?)?,
        part: ExchangePart::from_id(cells.text(Exchanges::part)?)?,
        chip: cells.text(Exchanges::chip)?,
        t0: Seconds::micros(cells.number(Exchanges::t0_us)?),
        hop: Seconds::micros(cells.number(Exchanges::hop_us)?),
        efficiency: cells.number(Exchanges::efficiency)?,
        base: cells.number(Exchanges::base)?,
        sms: cells.number(Exchanges::sms)?,
        per_sm: BytesPerSecond::giga(cells.number(Exchanges::sm_GBps)?),
        node: Seconds::micros(cells.number(Exchanges::node_us)?),
        network: cells.number(Exchanges::network)?,
        crowd: cells.number(Exchanges::crowd)?,
    })
}

/// The kinds of links by chip, and that of chips that stand in no row.
fn fabrics() -> (Vec<(Name, FabricRow)>, FabricRow) {
    let mut any = FabricRow { chips: "", topology: Topology::Switch, links: 0.0, host: 0, law: None };
    let mut known = Vec::new();
    for row in rows(include_str!(concat!(env!("OUT_DIR"), "/fabrics.csv")), fabric_row) {
        if row.chips.is_empty() {
            any = row;
        } else {
            known.extend(row.chips.split(' ').map(|chip| (chip, row)));
        }
    }
    let by_chip = sorted(known, |(chip, _)| Name::new(chip));
    (by_chip.into_iter().map(|(name, (_, row))| (name, row)).collect(), any)
}

fn fabric_row(cells: &Cells<'static>) -> Option<FabricRow> {
    Some(FabricRow {
        chips: cells.text(Fabrics::chips)?,
        topology: Topology::from_id(cells.text(Fabrics::topology)?)?,
        links: cells.number(Fabrics::links)?,
        host: cells.text(Fabrics::host)?.parse().ok()?,
        law: match cells.text(Fabrics::t0_us)? {
            "" => None,
            _ => Some(collective_law(cells, Fabrics::t0_us.into())?),
        },
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
        block: match cells.text(Families::block)? {
            "" => None,
            _ => Some(Fallback {
                compute: cells.number(Families::block)?,
                core: cells.number(Families::core)?,
            }),
        },
    })
}

fn memory_row(cells: &Cells<'static>) -> Option<MemoryRow> {
    use MemoryShares as Column;
    let number = |column: Column| cells.number(column);
    let mega = |column: Column| number(column).map(Bytes::mega);
    let stated = |column| match cells.text(column)? {
        "" => Some(None),
        _ => Some(Some(number(column)?)),
    };
    Some(MemoryRow {
        engine: Engine::from_id(cells.text(Column::engine)?)?,
        chip: cells.text(Column::chip)?,
        from: Bytes::new(number(Column::from_GiB)? * 1024.0 * 1024.0 * 1024.0),
        of: match cells.text(Column::of)? {
            "total" => ShareOf::Total,
            "free" => ShareOf::Free,
            _ => return None,
        },
        share: stated(Column::share)?,
        wide: stated(Column::dp_share)?,
        tokens: number(Column::tokens)?,
        sequences: [number(Column::sequences)?, number(Column::wide)?],
        aside: Aside::mebi(
            [
                number(Column::fixed_MiB)?,
                number(Column::token_MiB)?,
                number(Column::sequence_MiB)?,
                number(Column::rank_MiB)?,
                number(Column::dp_MiB)?,
                number(Column::floor_MiB)?,
            ],
            number(Column::dp_most)?,
        ),
        context: mega(Column::context_MB)?,
        ranks: mega(Column::ranks_MB)?,
        graph: mega(Column::graph_MB)?,
        logits: (number(Column::rows)?, number(Column::logit_B)?),
        beyond: number(Column::beyond)?,
        held: number(Column::held)?,
    })
}

fn profile_row(cells: &Cells<'static>) -> Option<ProfileRow> {
    use Profiles as Column;
    // A blank cell leaves it open; what cannot be read is no row.
    let open = |column: Column| match cells.text(column)? {
        "" => Some(None),
        _ => Some(Some(cells.number(column)?)),
    };
    let engine = match cells.text(Column::engine)? {
        "*" => None,
        engine => Some(Engine::from_id(engine)?),
    };
    let shared = match cells.text(Column::ranks)? {
        "" => None,
        "all" => Some(true),
        "each" => Some(false),
        _ => return None,
    };
    Some(ProfileRow {
        profile: Profile::from_id(cells.text(Column::profile)?)?,
        engine,
        from: Bytes::new(cells.number(Column::from_GiB)? * 1024.0 * 1024.0 * 1024.0),
        chip: cells.text(Column::silicon)?,
        model: cells.text(Column::model)?,
        chunk: open(Column::chunk)?,
        prompts: open(Column::prompts)?,
        spare: open(Column::spare)?,
        sequences: open(Column::max_seqs)?,
        shared,
        memory: open(Column::memory)?,
        stream: open(Column::stream)?,
        textless: open(Column::textless)?,
        first_split: open(Column::first_split)?,
        poll: [open(Column::poll)?, open(Column::poll_busy)?],
        balance: open(Column::balance)?,
        mixed: open(Column::mixed)?.map(|mixed| mixed > 0.0),
        version: cells.text(Column::version)?,
        users: open(Column::users)?,
        kv: NumberFormat::from_id(cells.text(Column::kv)?),
    })
}

fn power_row(cells: &Cells<'static>) -> Option<PowerRow> {
    Some(PowerRow {
        silicon: cells.text(Power::silicon)?,
        idle: cells.number(Power::idle)?,
        awake: cells.number(Power::awake)?,
        compute: cells.number(Power::compute)?,
        bend: cells.number(Power::bend)?,
        memory: cells.number(Power::memory)?,
        held: cells.number(Power::held)?,
        knee: cells.number(Power::knee)?,
        slowest: cells.number(Power::slowest)?,
        band: (cells.number(Power::low)?, cells.number(Power::high)?),
    })
}

fn sram_row(cells: &Cells<'static>) -> Option<SramRow> {
    Some(SramRow {
        chip: cells.text(SramMachines::chip)?,
        weights: WeightHome::from_id(cells.text(SramMachines::weights)?)?,
        token: Seconds::micros(cells.number(SramMachines::token_us)?),
        hop: Seconds::micros(cells.number(SramMachines::hop_us)?),
        layer: Seconds::micros(cells.number(SramMachines::layer_us)?),
        experts: Seconds::micros(cells.number(SramMachines::moe_us)?),
        share: cells.number(SramMachines::share)?,
        wide: cells.text(SramMachines::wide)?.parse().ok()?,
        usable: cells.number(SramMachines::usable)?,
        compute: cells.number(SramMachines::compute)?,
        peak: match cells.text(SramMachines::peak_TFLOPS)? {
            "" => None,
            _ => Some(FlopsPerSecond::tera(cells.number(SramMachines::peak_TFLOPS)?)),
        },
        spread: (cells.number(SramMachines::tpot_low)?, cells.number(SramMachines::tpot_high)?),
        may_speculate: match cells.text(SramMachines::speculation)? {
            "unstated" => true,
            "none" => false,
            _ => return None,
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
        assert_eq!(tables.exchanges.len(), lines(include_str!("../../data/constants/exchanges.csv")));
        assert_eq!(tables.families.len(), lines(include_str!("../../data/constants/families.csv")));
        assert_eq!(tables.sram.len(), lines(include_str!("../../data/constants/sram.csv")));
        assert_eq!(tables.powers.len(), lines(include_str!("../../data/constants/power.csv")));
        // Engines that are not fitted have one row for all generations.
        let engines = Engine::ALL.len() + Engine::FITTED.len() * (Generation::ALL.len() - 1);
        assert_eq!(engines, lines(include_str!("../../data/constants/engines.csv")));
        assert_eq!(tables.links.len(), lines(include_str!("../../data/constants/links.csv")));
    }

    #[test]
    fn every_chip_has_one_kind_of_link() {
        let tables = constants();
        let text = include_str!("../../data/constants/fabrics.csv");
        let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        let named: Vec<&str> = rows
            .filter_map(|line| line.split(',').nth(1))
            .flat_map(|chips| chips.split(' '))
            .filter(|chip| !chip.is_empty())
            .collect();
        for chip in &named {
            assert!(crate::catalog::chip(chip).is_some(), "fabrics.csv: no chip is called {chip}");
            assert_eq!(named.iter().filter(|own| *own == chip).count(), 1, "fabrics.csv has {chip} twice");
        }
        assert_eq!(tables.fabrics.len(), named.len(), "a row of fabrics.csv cannot be read");
        assert!(tables.any_fabric.law.is_some(), "fabrics.csv needs a row for chips that stand nowhere");
        // A chip that inherits its collectives has a sibling that was measured.
        for (_, row) in tables.fabrics.iter().filter(|(_, row)| row.law.is_none()) {
            for chip in row.chips.split(' ') {
                let known = tables.measured(chip).collectives.iter().any(|rows| !rows.is_empty());
                assert!(known, "{chip} has neither measured collectives nor a law in fabrics.csv");
            }
        }
    }

    #[test]
    fn rows_are_found_under_their_names() {
        let tables = constants();
        for engine in Engine::ALL {
            for (generation, chip) in [(Generation::Any, "h100-sxm"), (Generation::Blackwell, "b200")] {
                let row = tables.engine(engine, chip);
                assert_eq!((row.engine, row.generation), (engine, generation));
                // The first number of the file's row, so that no constant is taken for another.
                let file = include_str!("../../data/constants/engines.csv");
                let found = |of: Generation| {
                    let start = format!("{},{},", engine.id(), of.id());
                    file.lines().find_map(|line| line.strip_prefix(&start))
                };
                let line = found(generation).or_else(|| found(Generation::Any)).unwrap_or_default();
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
        for (_, row) in &tables.exchanges {
            let found = tables.exchange(row.chip, row.kernel, row.part);
            assert_eq!(found, Some(row));
        }
        for (_, row) in &tables.collectives {
            assert!(tables.measured(row.chip).collectives(row.operation)[0].clone().any(|own| own == row));
        }
    }
}

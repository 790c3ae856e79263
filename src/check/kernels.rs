//! Kernels and collectives that somebody measured, against the laws of the machine: tables with the columns of
//! `measurements/ops/`, one operator a table.
//!
//! The headers repeat, so the file's name (or `--op`) says which operator a table is of. A kernel is predicted alone and
//! warm, as such tables time it: without what an engine adds.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::stats::percentile;
use crate::catalog::model::GROUP;
use crate::catalog::{self, Chip, ComputeType, Engine, NumberFormat};
use crate::evidence::rows::Unpredicted;
use crate::machine::{
    Constants, EngineRow, ExchangeKernel, ExchangePart, Fabric, Form, Grouped, Heads, Kernel, Latent, On,
    Operation, Operator, Parcel, Skew, Work, constants,
};
use crate::units::{Bytes, Seconds};

/// Elements of latent attention as DeepSeek has it: latent, rotary part, query and key, value.
const LATENT: [f64; 4] = [512.0, 64.0, 192.0, 128.0];
/// Query heads per KV head up to which decode kernels share one read of the cache.
const SHARED: f64 = 32.0;

/// What a table is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Dense matrix products of TensorRT-LLM.
    Gemm,
    /// Those of vLLM.
    GemmVllm,
    /// Attention of prompts.
    PrefillAttention,
    /// Attention of new tokens over the cache.
    DecodeAttention,
    /// Latent attention of prompts.
    PrefillMla,
    /// Latent attention of new tokens.
    DecodeMla,
    /// Grouped expert products.
    Experts,
    /// Collectives inside a node.
    Collectives,
    /// Expert dispatch and combine.
    ExpertExchange,
}

impl Table {
    /// Names of files, and what they are of.
    const NAMES: [(&'static str, Self); 11] = [
        ("gemm", Self::Gemm),
        ("gemm_vllm", Self::GemmVllm),
        ("attn_ctx", Self::PrefillAttention),
        ("attn_gen", Self::DecodeAttention),
        ("mla_ctx", Self::PrefillMla),
        ("mla_gen", Self::DecodeMla),
        ("moe", Self::Experts),
        ("moe_blackwell", Self::Experts),
        ("comm", Self::Collectives),
        ("moe_a2a", Self::ExpertExchange),
        ("moe_a2a_multinode", Self::ExpertExchange),
    ];

    /// The table that a file of this name (its stem) holds, or that an operator's identifier means.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let file = Self::NAMES.into_iter().find(|(own, _)| *own == name).map(|(_, table)| table);
        file.or_else(|| {
            Self::NAMES.into_iter().map(|(_, table)| table).find(|table| table.operator() == name)
        })
    }

    /// Names that a table goes by.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        Self::NAMES.into_iter().map(|(name, _)| name).collect()
    }

    /// What the report calls its operator. Collectives have a name each.
    #[must_use]
    pub const fn operator(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::GemmVllm => "gemm-vllm",
            Self::PrefillAttention => "prefill-attention",
            Self::DecodeAttention => "decode-attention",
            Self::PrefillMla => "mla-prefill",
            Self::DecodeMla => "mla-decode",
            Self::Experts => "experts",
            Self::Collectives => "all-reduce",
            Self::ExpertExchange => "expert-exchange",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Gemm | Self::GemmVllm => &["system", "dtype", "m", "n", "k", "us"],
            Self::PrefillAttention | Self::DecodeAttention => {
                &["system", "dtype", "kv", "b", "s", "hq", "hkv", "d", "us"]
            }
            Self::PrefillMla | Self::DecodeMla => &["system", "dtype", "kv", "h", "b", "s", "us"],
            Self::Experts => {
                &["system", "dtype", "tokens", "hidden", "inter", "topk", "experts", "tp", "ep", "dist", "us"]
            }
            Self::Collectives => &["system", "impl", "op", "dtype", "ranks", "bytes", "us"],
            Self::ExpertExchange => &[
                "system", "impl", "phase", "dtype", "ep", "nodes", "hidden", "topk", "experts", "tokens",
                "us",
            ],
        }
    }
}

/// Why no row of a table can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// It has no header.
    Empty,
    /// Columns are missing.
    Missing {
        /// What the table is of.
        operator: &'static str,
        /// Their names.
        missing: Vec<&'static str>,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: a header line with column names is expected"),
            Self::Missing { operator, missing } => {
                write!(f, "columns missing for a table of {operator}: {}", missing.join(", "))
            }
        }
    }
}

impl std::error::Error for TableError {}

/// The cells of a row by the names of their columns.
struct Cells<'a> {
    header: &'a [String],
    record: csv::StringRecord,
}

impl Cells<'_> {
    fn text(&self, column: &str) -> &str {
        let place = self.header.iter().position(|own| own == column);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    /// A number above zero.
    fn number(&self, column: &str) -> Result<f64, String> {
        let text = self.text(column);
        let value =
            text.parse::<f64>().ok().filter(|value| value.is_finite() && (1e-9..1e18).contains(value));
        value.ok_or_else(|| format!("`{column}` is {text:?}; a number above 0 is expected"))
    }
}

/// A measured kernel: what it did, by which law it is predicted, and how long it took.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The chip.
    pub chip: &'static Chip,
    /// The law.
    pub operator: Operator,
    /// Number format of the weights or of the cache.
    pub format: NumberFormat,
    /// Unit that computes.
    pub unit: ComputeType,
    /// What it did.
    pub work: Work,
    /// The same if every query head reads the cache for itself.
    pub by_head: Option<Work>,
    /// How long it took.
    pub time: Seconds,
}

/// The chip of the catalogue that a table calls so: by its identifier, or as the public tables write it.
#[must_use]
pub fn chip_of(system: &str) -> Option<&'static Chip> {
    let id = match system {
        "a100_sxm" => "a100-80",
        "h100_sxm" => "h100-sxm",
        "h200_sxm" => "h200",
        "b200_sxm" => "b200",
        "gb200" | "gb200_sxm" => "gb200-nvl72",
        "b300_sxm" => "b300",
        "gb300" | "gb300_sxm" => "gb300-nvl72",
        "rtx_pro_6000_server" => "rtx-pro-6000-bw",
        "b60" => "arc-pro-b60",
        other => return catalog::chip(other).or_else(|| catalog::chip(&other.replace('_', "-"))),
    };
    catalog::chip(id)
}

/// Format and unit of a data type as tables write it.
fn format_of(table: Table, dtype: &str, kv: &str) -> Result<(NumberFormat, ComputeType), String> {
    use ComputeType::{Bf16, Fp4, Fp8, Int8};
    if matches!(
        table,
        Table::PrefillAttention | Table::DecodeAttention | Table::PrefillMla | Table::DecodeMla
    ) {
        let unit = match dtype {
            "bf16" | "fp16" => Bf16,
            "fp8" => Fp8,
            _ => return Err(format!("`dtype` is {dtype:?}; bf16 or fp8 is expected of attention")),
        };
        return match kv {
            "bf16" | "fp16" => Ok((NumberFormat::Bf16, unit)),
            "fp8" | "int8" => Ok((NumberFormat::Fp8, unit)),
            _ => Err(format!("`kv` is {kv:?}; bf16 or fp8 is expected")),
        };
    }
    Ok(match dtype {
        "bf16" | "fp16" => (NumberFormat::Bf16, Bf16),
        "fp8" => (NumberFormat::Fp8, Fp8),
        "fp8_block" | "fp8-block" => (NumberFormat::Fp8Block, Fp8),
        "nvfp4" => (NumberFormat::Nvfp4, Fp4),
        "int8_wo" => (NumberFormat::Int8, Bf16),
        "int8" | "sq" => (NumberFormat::Int8, Int8),
        "int4_wo" | "int4" | "w4a16" => (NumberFormat::Int4, Bf16),
        "w4a16_mxfp4" | "mxfp4" => (NumberFormat::Mxfp4, Bf16),
        "w4a8_mxfp4_mxfp8" | "w4a8_mxfp4_fp8" => (NumberFormat::Mxfp4, Fp8),
        _ => {
            return Err(format!(
                "`dtype` is {dtype:?}; bf16, fp8, fp8_block, nvfp4, int8, sq, int8_wo, int4_wo, w4a16_mxfp4 or \
                 w4a8_mxfp4_mxfp8 is expected"
            ));
        }
    })
}

/// A row of a table of kernels.
fn sample(table: Table, cells: &Cells<'_>) -> Result<Sample, String> {
    let system = cells.text("system");
    let chip = chip_of(system)
        .ok_or_else(|| format!("`system` is {system:?}, which the catalogue does not have"))?;
    let (format, unit) = format_of(table, cells.text("dtype"), cells.text("kv"))?;
    let get = |column: &str| cells.number(column);
    let (weight, activation) = (format.weight_bytes(GROUP), unit.activation_bytes());
    let heads = || -> Result<Heads, String> {
        let d = get("d")?;
        Ok(Heads { q: get("hq")?, kv: get("hkv")?, d, v: d, cached: 2.0 * d, element: format.cached_bytes() })
    };
    let [rank, rope, d, v] = LATENT;
    let mut by_head = None;
    let (operator, work) = match table {
        Table::Gemm | Table::GemmVllm => {
            let operator = if table == Table::Gemm { Operator::Gemm } else { Operator::GemmVllm };
            (operator, Work::product(get("m")?, get("n")?, get("k")?, weight, activation))
        }
        Table::PrefillAttention => {
            let s = get("s")?;
            (Operator::PrefillAttention, Work::prefill(heads()?, get("b")?, s, 0.0, s / 2.0))
        }
        Table::DecodeAttention => {
            let heads = heads()?;
            let (b, s) = (get("b")?, get("s")?);
            by_head = Some(Work::decode_by_head(heads, b, s));
            let group = heads.q / heads.kv;
            let operator = if group > SHARED {
                Operator::DecodeByHead
            } else if group <= 1.0 {
                Operator::DecodeMultiHead
            } else {
                Operator::DecodeAttention
            };
            (operator, Work::decode(heads, b, s, 1.0))
        }
        Table::PrefillMla => {
            let s = get("s")?;
            (Operator::PrefillMla, Work::prefill_latent(get("h")?, [d, v], get("b")?, [s, 0.0], s / 2.0))
        }
        Table::DecodeMla => {
            let latent = Latent { heads: get("h")?, rank, rope, element: format.cached_bytes() };
            (Operator::DecodeMla, Work::decode_latent(latent, get("b")?, get("s")?, 1.0))
        }
        Table::Experts => {
            let grouped = Grouped {
                experts: get("experts")?,
                slots: get("experts")?,
                top_k: get("topk")?,
                ep: get("ep")?,
                width: get("hidden")?,
                inter: get("inter")? / get("tp")?,
                matrices: 3.0,
                weight,
                activation,
            };
            let skew = if cells.text("dist") == "balanced" { Skew::NONE } else { Form::power_law() };
            (Operator::Experts, Work::experts(grouped, get("tokens")?, skew))
        }
        Table::Collectives | Table::ExpertExchange => return Err("not a kernel".to_owned()),
    };
    let time = Seconds::micros(get("us")?);
    Ok(Sample { chip, operator, format, unit, work, by_head, time })
}

impl Sample {
    /// The law's time. Kernels beside the proper one stand in for it where tables have them.
    #[must_use]
    pub fn predict(&self, tables: &Constants) -> Option<Seconds> {
        let measured = tables.measured(&self.chip.id);
        let law = |operator| Kernel::find_in(&measured, operator, self.chip, self.format, self.unit);
        let has = |operator| {
            [On::Itself, On::Sibling]
                .into_iter()
                .any(|on| measured.kernel(on, operator, self.format, self.unit).is_some())
        };
        match (self.operator, &self.by_head) {
            (Operator::DecodeByHead, Some(work)) if has(Operator::DecodeByHead) => {
                Some(law(Operator::DecodeByHead)?.time(work).time)
            }
            (Operator::DecodeMultiHead, _) if has(Operator::DecodeMultiHead) => {
                Some(law(Operator::DecodeMultiHead)?.time(&self.work).time)
            }
            (Operator::DecodeByHead | Operator::DecodeMultiHead, _) => {
                Some(law(Operator::DecodeAttention)?.time(&self.work).time)
            }
            (operator, _) => Some(law(operator)?.time(&self.work).time),
        }
    }
}

/// The rows of a table of kernels; one that cannot be read is a problem in its place.
///
/// # Errors
/// [`TableError`] when the header lacks a column that such a table must have.
pub fn samples(table: Table, text: &str) -> Result<Vec<Result<Sample, String>>, TableError> {
    let mut samples = Vec::new();
    each(table, text, |_, cells| samples.push(sample(table, cells)))?;
    Ok(samples)
}

/// Calls for each row of a table, with its line.
fn each(table: Table, text: &str, mut row: impl FnMut(u64, &Cells<'_>)) -> Result<(), TableError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) if !header.is_empty() => header.iter().map(str::to_ascii_lowercase).collect(),
        _ => return Err(TableError::Empty),
    };
    let lacks = |name: &&&str| !header.iter().any(|own| own == *name);
    let missing: Vec<&'static str> = table.columns().iter().filter(lacks).copied().collect();
    if !missing.is_empty() {
        return Err(TableError::Missing { operator: table.operator(), missing });
    }
    for record in reader.records() {
        let Ok(record) = record else { continue };
        let line = record.position().map_or(0, csv::Position::line);
        row(line, &Cells { header: &header, record });
    }
    Ok(())
}

/// What a check of a table of kernels comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KernelReport {
    /// Rows of the file.
    pub rows: usize,
    /// Rows that the laws predict.
    pub predicted: usize,
    /// Errors by operator.
    pub kernels: BTreeMap<String, OperatorErrors>,
    /// Rows without a prediction, with the reason.
    pub unpredicted: Vec<Unpredicted>,
}

/// Errors of one operator.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OperatorErrors {
    /// All of them.
    #[serde(flatten)]
    pub all: Errors,
    /// By chip of the catalogue.
    pub by_chip: BTreeMap<String, Errors>,
    /// By number format as the table writes it: of the weights, or of the cache.
    pub by_format: BTreeMap<String, Errors>,
}

/// Absolute errors in percent; absent without predicted rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Rows.
    pub rows: usize,
    /// Rows that the laws predict.
    pub predicted: usize,
    /// Median of absolute errors.
    pub median_ape: Option<f64>,
    /// 90th percentile of absolute errors.
    pub p90_ape: Option<f64>,
    /// Median of signed errors; positive when predictions are too high.
    pub bias: Option<f64>,
    /// Signed errors.
    #[serde(skip)]
    signed: Vec<f64>,
}

impl Errors {
    fn take(&mut self, error: Option<f64>) {
        self.rows += 1;
        self.signed.extend(error);
    }

    fn sum_up(&mut self) {
        self.signed.sort_by(f64::total_cmp);
        self.predicted = self.signed.len();
        self.bias = percentile(&self.signed, 0.5);
        let mut sizes: Vec<f64> = self.signed.iter().map(|error| error.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        self.median_ape = percentile(&sizes, 0.5);
        self.p90_ape = percentile(&sizes, 0.9);
    }
}

/// Holds a table of kernels or collectives against the laws.
///
/// # Errors
/// [`TableError`] when the header lacks a column that such a table must have. A row that cannot be read is part of the
/// report.
pub fn check_kernels(table: Table, text: &str) -> Result<KernelReport, TableError> {
    let tables = constants();
    let mut kernels: BTreeMap<String, OperatorErrors> = BTreeMap::new();
    let mut unpredicted = Vec::new();
    let mut rows = 0;
    each(table, text, |line, cells| {
        rows += 1;
        let predicted = predicted(table, cells, tables);
        let system = cells.text("system");
        let chip = chip_of(system).map_or(system, |chip| &*chip.id).to_owned();
        let own = kernels.entry(operator_of(table, cells)).or_default();
        let error =
            predicted.as_ref().ok().map(|(predicted, measured)| (*predicted / *measured - 1.0) * 100.0);
        for errors in [
            &mut own.all,
            own.by_chip.entry(chip).or_default(),
            own.by_format.entry(format_name(cells)).or_default(),
        ] {
            errors.take(error);
        }
        if let Err(reason) = predicted {
            let id = format!("line {line}");
            unpredicted.push(Unpredicted { reason: format!("{id}: {reason}"), id });
        }
    })?;
    for own in kernels.values_mut() {
        own.all.sum_up();
        own.by_chip.values_mut().chain(own.by_format.values_mut()).for_each(Errors::sum_up);
    }
    let predicted = rows - unpredicted.len();
    Ok(KernelReport { rows, predicted, kernels, unpredicted })
}

/// What the report calls the operator of a row.
fn operator_of(table: Table, cells: &Cells<'_>) -> String {
    match table {
        Table::Collectives => cells.text("op").replace('_', "-"),
        Table::GemmVllm => Table::Gemm.operator().to_owned(),
        _ => table.operator().to_owned(),
    }
}

/// The format of a row: of the cache where it has one, and of the arithmetic where that is another than usual.
fn format_name(cells: &Cells<'_>) -> String {
    let (dtype, kv) = (cells.text("dtype").replace('_', "-"), cells.text("kv").replace('_', "-"));
    match (&*dtype, &*kv) {
        (_, "") => dtype,
        ("bf16" | "fp16", _) => kv,
        _ => format!("{kv} in {dtype}"),
    }
}

/// Predicted and measured time of a row.
fn predicted(table: Table, cells: &Cells<'_>, tables: &Constants) -> Result<(Seconds, Seconds), String> {
    match table {
        Table::Collectives => collective(cells, tables),
        Table::ExpertExchange => exchange(cells, tables),
        _ => {
            let own = sample(table, cells)?;
            let time = own.predict(tables).ok_or("the chip has no published peak or bandwidth")?;
            Ok((time, own.time))
        }
    }
}

/// A chip's links without what an engine adds, under the engine whose exchanges a table has.
fn with_fabric<T>(
    cells: &Cells<'_>,
    tables: &Constants,
    answer: impl FnOnce(&Fabric<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let system = cells.text("system");
    let chip = chip_of(system)
        .ok_or_else(|| format!("`system` is {system:?}, which the catalogue does not have"))?;
    let engine = Engine::ALL.into_iter().find(|engine| cells.text("impl").ends_with(engine.id()));
    let engine = engine.unwrap_or(Engine::Trtllm);
    let alone = EngineRow { link_scale: 1.0, ..*tables.engine(engine, &chip.id) };
    answer(&Fabric::new(tables, chip, &alone, tables.measured(&chip.id)))
}

/// A collective inside a node, by the library of the row: NCCL, or an engine's own kernels.
fn collective(cells: &Cells<'_>, tables: &Constants) -> Result<(Seconds, Seconds), String> {
    let op = cells.text("op").replace("alltoall", "all_to_all").replace('_', "-");
    let operation = Operation::from_id(&op).ok_or_else(|| {
        format!("`op` is {op:?}; all_reduce, all_gather, reduce_scatter or alltoall is expected")
    })?;
    let library = cells.text("impl").trim_start_matches("custom_");
    let library = Engine::ALL.into_iter().find(|engine| engine.id() == library);
    let (ranks, bytes) = (cells.number("ranks")? as u32, cells.number("bytes")?);
    let time = with_fabric(cells, tables, |fabric| {
        Ok(fabric.by(operation, ranks, library).time(Bytes::new(bytes)).0)
    })?;
    Ok((time, Seconds::micros(cells.number("us")?)))
}

/// One part of an expert exchange by the kernels of the row.
fn exchange(cells: &Cells<'_>, tables: &Constants) -> Result<(Seconds, Seconds), String> {
    let format = cells.text("dtype");
    let kernel = ExchangeKernel::from_measured(cells.text("impl"), format).ok_or_else(|| {
        format!("`impl` is {:?}, which is no kernel of an expert exchange", cells.text("impl"))
    })?;
    let part = ExchangePart::from_measured(cells.text("phase")).ok_or_else(|| {
        format!(
            "`phase` is {:?}; dispatch, combine, combine_lowp or prepare is expected",
            cells.text("phase")
        )
    })?;
    let (top_k, ranks) = (cells.number("topk")?, cells.number("ep")? as u32);
    let bytes = part.bytes(cells.number("hidden")?, top_k, format);
    let parcel = Parcel { tokens: cells.number("tokens")?, top_k, bytes };
    let sms = cells.number("sms").ok().filter(|sms| *sms > 0.0);
    let time = with_fabric(cells, tables, |fabric| {
        fabric
            .exchange_by(kernel, part, ranks, &parcel, sms)
            .ok_or_else(|| "nothing is known of such kernels".to_owned())
    })?;
    Ok((time, Seconds::micros(cells.number("us")?)))
}

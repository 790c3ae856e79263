//! Rows of a measurement file as scenarios.
//!
//! Two readers share what a row means: [`read`] takes any CSV and explains what is wrong with it, [`plain`] takes the
//! file that the page brings along, which quotes nothing, so that the page need not carry a CSV parser.
//!
//! Comments, lines that begin with `#` and a blank, may stand above the header.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;

use crate::catalog::{self, Engine, NumberFormat, Profile};
use crate::machine::constants;
use crate::pass::Numerics;
use crate::scenario::{Flags, Formats, Limits, Load, Scenario, Slo, Split, Workload, notation};
use crate::units::Tokens;
use crate::units::decimal::decimal;
use crate::units::format::{self, Unit};

/// Columns without which nothing can be predicted.
const REQUIRED: [&str; 7] = ["model", "engine", "isl", "osl", "concurrency", "ttft_ms", "tpot_ms"];

/// Times that can be measured, in milliseconds: from a nanosecond to thirty years.
const TIMES: RangeInclusive<f64> = 1e-6..=1e12;

/// Longest excerpt of a cell in a message.
const EXCERPT: usize = 60;

/// Longest excerpt of a header in a message.
const HEADER: usize = 800;

/// What a row was measured on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// Model.
    pub model: String,
    /// Chips, joined by a plus sign where the pools differ.
    pub chip: String,
    /// Engine.
    pub engine: String,
    /// Pools as written.
    pub pools: String,
    /// Nominal input length.
    pub isl: f64,
    /// Nominal output length.
    pub osl: f64,
    /// Users.
    pub concurrency: f64,
    /// Whose run it is, how far to trust the row, and what is said of it.
    pub origin: Origin,
}

/// Where a row comes from, as its file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Whose run it is.
    pub source: String,
    /// How far to trust it; empty is as `ok`.
    pub flag: String,
    /// What is said of it.
    pub note: String,
}

/// A row without a prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unpredicted {
    /// Row name.
    pub id: String,
    /// Why not, with the line of the file.
    pub reason: String,
}

/// Why no row of a file can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The file has no header.
    Empty,
    /// Columns are missing.
    MissingColumns {
        /// Their names.
        missing: Vec<&'static str>,
        /// The columns there are.
        found: Vec<String>,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: a header line with column names is expected"),
            Self::MissingColumns { missing, found } => write!(
                f,
                "columns missing: {}; the header has {}",
                missing.join(", "),
                if found.is_empty() { "none".to_owned() } else { found.join(", ") }
            ),
        }
    }
}

impl std::error::Error for HeaderError {}

/// A row that can be evaluated.
pub struct Row {
    /// Row name.
    pub id: String,
    /// Line of the file on which it starts.
    pub line: u64,
    /// What was served, on what, to how many.
    pub scenario: Scenario,
    /// Measured TTFT in milliseconds.
    pub ttft_ms: Option<f64>,
    /// Measured TPOT in milliseconds.
    pub tpot_ms: Option<f64>,
    /// Output tokens per second of the whole deployment as its source reports them.
    pub tokens_per_second: Option<f64>,
    isl: f64,
    osl: f64,
    concurrency: f64,
    pools: String,
    origin: Origin,
}

impl Row {
    /// Output tokens per second and chip at these times, in milliseconds.
    #[must_use]
    pub fn throughput_per_chip(&self, ttft_ms: f64, tpot_ms: f64) -> f64 {
        let seconds = (ttft_ms + tpot_ms * (self.osl - 1.0)) * 1e-3;
        self.concurrency / seconds * self.osl / f64::from(self.scenario.split.chips().max(1))
    }

    /// Output tokens per second and chip as measured: from the two times, or where one is missing from what the source
    /// reports.
    #[must_use]
    pub fn measured_throughput(&self) -> Option<f64> {
        let reported = || Some(self.tokens_per_second? / f64::from(self.scenario.split.chips().max(1)));
        let times = self.ttft_ms.zip(self.tpot_ms);
        times.map(|(ttft, tpot)| self.throughput_per_chip(ttft, tpot)).or_else(reported)
    }

    /// What it was measured on.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let mut chips: Vec<&str> =
            self.scenario.split.pools().into_iter().map(|(_, pool)| pool.chip.as_str()).collect();
        chips.dedup();
        Setup {
            model: self.scenario.model.clone(),
            chip: chips.join(" + "),
            engine: self.scenario.engine.id().to_owned(),
            pools: self.pools.clone(),
            isl: self.isl,
            osl: self.osl,
            concurrency: self.concurrency,
            origin: self.origin.clone(),
        }
    }
}

/// Reads all rows; one that cannot be read is a problem in its place.
pub fn read(text: &str) -> Result<Vec<Result<Row, Unpredicted>>, HeaderError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (text, above) = without_comments(text);
    if text.trim().is_empty() {
        return Err(HeaderError::Empty);
    }
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
        Err(_) => return Err(HeaderError::Empty),
    };
    let column = |name: &str| header.iter().position(|known| known == name);
    let mut missing: Vec<&'static str> = REQUIRED.into_iter().filter(|name| column(name).is_none()).collect();
    if column("pool").is_none() && (column("prefill").is_none() || column("decode").is_none()) {
        missing.push("pool (or prefill and decode)");
    }
    if !missing.is_empty() {
        let mut room = HEADER;
        let found = header.iter().take(40).map(|name| excerpt(name)).take_while(|name| {
            let length = name.chars().count() + 2;
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        });
        let found = found.collect();
        return Err(HeaderError::MissingColumns { missing, found });
    }
    let mut rows = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 + above };
    for (index, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                rows.push(Err(Unpredicted { id: format!("row {}", index + 1), reason: error.to_string() }));
                continue;
            }
        };
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let cell = |name: &str| column(name).and_then(|at| record.get(at)).filter(|cell| !cell.is_empty());
        let id = cell("id").map_or_else(|| format!("line {line}"), excerpt);
        rows.push(row(id.clone(), line, cell).map_err(|(field, problem)| Unpredicted {
            id,
            reason: format!("line {line}: {field}: {problem}"),
        }));
    }
    Ok(rows)
}

/// Reads rows without quotes, each with its date and its source; `None` stands for a row that cannot be read.
pub fn plain(text: &str) -> impl Iterator<Item = Option<(Row, &str, &str)>> {
    let (text, above) = without_comments(text);
    let mut lines = (above + 1..).zip(text.lines());
    let header: Vec<&str> = lines.next().map(|(_, line)| cells(line).collect()).unwrap_or_default();
    lines.filter(|(_, line)| !line.trim().is_empty()).map(move |(number, line)| {
        let record: Vec<&str> = cells(line).collect();
        let cell = |name: &str| {
            let at = header.iter().position(|known| *known == name)?;
            record.get(at).copied().filter(|cell| !cell.is_empty())
        };
        let row = row(cell("id")?.to_owned(), number, cell).ok()?;
        Some((row, cell("measured").unwrap_or_default(), cell("source").unwrap_or_default()))
    })
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(str::trim)
}

/// The text below its leading comments, and how many lines those take.
fn without_comments(mut text: &str) -> (&str, u64) {
    let mut above = 0;
    while text.starts_with("# ") {
        text = text.split_once('\n').map_or("", |(_, rest)| rest);
        above += 1;
    }
    (text, above)
}

/// Line numbers of ascending places in a text. The reader's own point at the end of the line before where lines end in
/// CR LF or blank lines stand in between.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first letter at or after a place.
    fn of(&mut self, place: u64) -> u64 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        while let Some(&byte) = self.text.get(self.at)
            && (self.at < place || byte == b'\n' || byte == b'\r')
        {
            self.line += u64::from(byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

type Problem = (&'static str, String);

fn row<'a>(id: String, line: u64, cell: impl Fn(&str) -> Option<&'a str>) -> Result<Row, Problem> {
    let needed = |field: &'static str| cell(field).ok_or((field, "is blank".to_owned()));
    let positive = |field: &'static str, text: &str, value: Option<f64>| {
        value
            .filter(|value| *value > 0.0 && value.is_finite())
            .ok_or_else(|| (field, format!("{} is not a number above 0", excerpt(text))))
    };
    let tokens = |field| needed(field).and_then(|text| positive(field, text, Unit::Tokens.parse(text).ok()));
    let number = |field, text: &str| positive(field, text, decimal(text));
    let format = |field: &'static str| {
        cell(field).map(|text| {
            NumberFormat::from_id(&text.to_ascii_lowercase()).ok_or_else(|| {
                let known = NumberFormat::ALL.map(NumberFormat::id).join(", ");
                (field, format!("{} is none of {known}", excerpt(text)))
            })
        })
    };
    // A name that stands for nothing stays as it is, and the row is refused for it.
    let pool = |field: &'static str, text: &str| {
        let mut pool = notation::parse(text).map_err(|error| (field, error.to_string()))?;
        if let Some(chip) = catalog::chip_named(&pool.chip) {
            pool.chip = chip.id.clone().into_owned();
        }
        Ok::<_, Problem>(pool)
    };

    let engine = needed("engine")?;
    let engine = Engine::called(engine).ok_or_else(|| {
        let known = Engine::ALL.map(Engine::id).join(", ");
        ("engine", format!("{} is none of {known}", excerpt(engine)))
    })?;
    let (isl, osl) = (tokens("isl")?, tokens("osl")?);
    let concurrency = needed("concurrency").and_then(|text| number("concurrency", text))?;
    let spread = match cell("length_spread") {
        Some(text) => number("length_spread", text)?,
        None => 1.0,
    };
    let (split, pools) = match (cell("pool"), cell("prefill"), cell("decode")) {
        (Some(text), None, None) => (Split::Colocated { pool: pool("pool", text)? }, excerpt(text)),
        (None, Some(first), Some(second)) => (
            Split::PrefillDecode { prefill: pool("prefill", first)?, decode: pool("decode", second)? },
            format!("{} > {}", excerpt(first), excerpt(second)),
        ),
        (Some(_), _, _) => {
            return Err(("pool", "stands beside prefill or decode; one row has one or the other".to_owned()));
        }
        (None, None, Some(_)) => return Err(("prefill", "is blank although decode is given".to_owned())),
        (None, Some(_), None) => return Err(("decode", "is blank although prefill is given".to_owned())),
        (None, None, None) => return Err(("pool", "is blank, and so are prefill and decode".to_owned())),
    };
    let profile = match cell("profile") {
        Some(text) => Profile::from_id(&text.to_ascii_lowercase()).ok_or_else(|| {
            let known = Profile::ALL.map(Profile::id).join(", ");
            ("profile", format!("{} is none of {known}", excerpt(text)))
        })?,
        None => Profile::default(),
    };
    let prompts = match cell("prompts") {
        Some(text) => Some(run(text)?),
        None => None,
    };
    let time = |field: &'static str| {
        let Some(text) = cell(field) else { return Ok(None) };
        let time = number(field, text)?;
        // Beyond, errors in percent are no numbers any more.
        if TIMES.contains(&time) {
            Ok(Some(time))
        } else {
            Err((field, format!("{} ms is no time that can be measured", excerpt(text))))
        }
    };
    let (ttft_ms, tpot_ms) = (time("ttft_ms")?, time("tpot_ms")?);
    let said = |field: &str| cell(field).unwrap_or_default().to_owned();
    let origin = Origin { source: said("source"), flag: said("flag"), note: said("note") };
    let tokens_per_second = cell("out_tok_s").map(|text| number("out_tok_s", text)).transpose()?;
    let model = needed("model")?;
    let named = catalog::model_named(model);
    let stated = named.and_then(|own| own.format.filter(|_| !own.released));
    let mut scenario = Scenario {
        model: named.map_or_else(|| model.to_ascii_lowercase(), |own| own.model.id.clone().into_owned()),
        formats: Formats {
            weights: format("weights").transpose()?.or(stated),
            experts: format("experts").transpose()?,
            kv: format("kv").transpose()?,
        },
        workload: Workload { isl: Tokens::new(isl), osl: Tokens::new(osl), spread, hit: 0.0 },
        load: Load::Closed { concurrency },
        engine,
        flags: Flags { profile, prompts, ..Flags::default() },
        split,
        slo: Slo::default(),
        ..Scenario::default()
    };
    if scenario.formats.kv.is_none() {
        scenario.formats.kv = unsaid_cache(&scenario);
    }
    Ok(Row { id, line, scenario, ttft_ms, tpot_ms, tokens_per_second, isl, osl, concurrency, pools, origin })
}

/// The format of the KV cache that the command line of a measured run states where its row does not: that of the pool which
/// keeps the cache, beside weights in 8-bit or 4-bit floats.
#[must_use]
pub fn unsaid_cache(run: &Scenario) -> Option<NumberFormat> {
    let (_, pool) = run.split.pools().pop()?;
    let memory = catalog::chip(&pool.chip)?.memory.as_ref()?.capacity;
    let kv = constants().profile(run.flags.profile, run.engine, &run.model, (&pool.chip, memory)).kv?;
    let own = Numerics::resolve(catalog::model(&run.model)?, run.formats);
    let narrow = |format| {
        use NumberFormat::{Fp8, Fp8Block, Mxfp4, Nvfp4};
        matches!(format, Fp8 | Fp8Block | Nvfp4 | Mxfp4)
    };
    (narrow(own.dense) || narrow(own.experts)).then_some(kv)
}

/// Requests of a run.
fn run(text: &str) -> Result<u32, Problem> {
    let count = decimal(text).filter(|count| Limits::PROMPTS.admit(*count).is_ok());
    count.filter(|count| libm::floor(*count) == *count).map(|count| count as u32).ok_or_else(|| {
        let Limits { low, high, .. } = Limits::PROMPTS;
        ("prompts", format!("{} is no whole number from {low} to {high}", excerpt(text)))
    })
}

fn excerpt(text: &str) -> String {
    format::excerpt(text, EXCERPT)
}

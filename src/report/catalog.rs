//! The catalogue as tables for a terminal.

use serde::Serialize;

use crate::catalog::{self, ApiPrice, Chip, Model, PriceBasis};
use crate::scenario::Scenario;
use crate::scenario::presets::{NOTICES, PRESETS, Preset};
use crate::units::Dollars;
use crate::units::format::{ABSENT, Unit};

/// All chips, with what an hour of each costs on the basis.
#[must_use]
pub fn chips(basis: PriceBasis) -> String {
    let mut scenario = Scenario::default();
    scenario.pricing.basis = basis;
    let head = ["id", "name", "status", "8-bit", "memory", "bandwidth"].map(str::to_owned);
    let [id, name, status, rate, memory, bandwidth] = head;
    let price = format!("price ({})", basis.id());
    let head = [id, name, status, rate, memory, bandwidth, price, "also called".to_owned()];
    let rows = catalog::chips().iter().map(|own| chip(own, &scenario));
    let table = align(std::iter::once(head).chain(rows));
    format!(
        "{table}\n{}: dollars per chip-hour. {ABSENT} = no public price on this basis; * = stale on {}.\nBases: {} (--price).\n",
        basis.label(),
        catalog::read_on(),
        PriceBasis::ALL.map(PriceBasis::id).join(", ")
    )
}

/// All models, and how families are written.
#[must_use]
pub fn models() -> String {
    let head = ["id", "name", "released", "parameters", "active", "context", "also called"];
    let table = align(std::iter::once(head.map(str::to_owned)).chain(catalog::models().iter().map(model)));
    format!(
        "{table}\nAny size: dense:70B, moe:235B:9%, mla-moe:671B:5.5% (family, total, active share)\n{NAMES}"
    )
}

/// How names of models are read.
const NAMES: &str = "Names of model hubs are read too: deepseek-ai/DeepSeek-R1-0528, meta-llama/Llama-3.3-70B-Instruct, \
                     Qwen3-32B-AWQ (weights=int4)\n";

/// An entry with its other names, for machines.
#[derive(Serialize)]
pub struct Named<T: Serialize + 'static> {
    #[serde(flatten)]
    entry: &'static T,
    /// Other names by which links and files may call it.
    aliases: Vec<&'static str>,
}

/// All chips with their other names.
#[must_use]
pub fn named_chips() -> Vec<Named<Chip>> {
    let named = |entry: &'static Chip| Named { entry, aliases: catalog::chip_aliases(&entry.id).collect() };
    catalog::chips().iter().map(named).collect()
}

/// All models with their other names.
#[must_use]
pub fn named_models() -> Vec<Named<Model>> {
    let named = |entry: &'static Model| Named { entry, aliases: catalog::model_aliases(&entry.id).collect() };
    catalog::models().iter().map(named).collect()
}

/// List prices of models behind an API, with their date and their end.
#[must_use]
pub fn prices() -> String {
    let head = ["offer", "provider", "model", "input", "cached", "output", "as of", "withdrawn"];
    let row = |own: &ApiPrice| {
        let dollars = |price: Dollars| Unit::Dollars.format(price.get());
        [
            own.name.to_owned(),
            own.provider.to_owned(),
            own.model.unwrap_or(ABSENT).to_owned(),
            dollars(own.input),
            own.cached.map_or_else(|| ABSENT.to_owned(), dollars),
            dollars(own.output),
            own.as_of.to_owned(),
            own.withdrawn
                .map_or_else(String::new, |day| format!("{}{day}", if own.ended { "" } else { "on " })),
        ]
    };
    let table = align(std::iter::once(head.map(str::to_owned)).chain(catalog::api_prices().iter().map(row)));
    format!("{table}\nDollars per million tokens. Source: {}.\n", catalog::api_price_sources())
}

/// A scenario to start from.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Start {
    /// Identifier.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// What there is to notice.
    pub notice: &'static str,
    /// The scenario, and how it is looked at.
    pub link: &'static str,
}

/// The scenarios to start from, in the order of the gallery.
#[must_use]
pub fn starts() -> Vec<Start> {
    let start = |(own, notice): (&Preset, _)| Start { id: own.id, name: own.name, notice, link: own.link };
    PRESETS.iter().zip(NOTICES).map(start).collect()
}

/// The same as a table.
#[must_use]
pub fn scenarios() -> String {
    let head = ["id", "name", "link"].map(str::to_owned);
    let rows = starts().into_iter().map(|own| [own.id, own.name, own.link].map(str::to_owned));
    align(std::iter::once(head).chain(rows))
}

fn chip(chip: &Chip, scenario: &Scenario) -> [String; 8] {
    let show =
        |unit: Unit, value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), |value| unit.format(value));
    [
        chip.id.clone().into_owned(),
        chip.name.clone().into_owned(),
        chip.status.id().to_owned(),
        show(Unit::FlopsPerSecond, chip.peaks.fp8.or(chip.peaks.int8).map(|peak| peak.get())),
        match (&chip.memory, &chip.sram) {
            (Some(memory), _) => format!("{} {}", Unit::Bytes.format(memory.named.get()), memory.kind),
            (None, Some(sram)) => format!("{} SRAM", Unit::Bytes.format(sram.capacity.get())),
            (None, None) => ABSENT.to_owned(),
        },
        show(
            Unit::BytesPerSecond,
            match (&chip.memory, chip.sram) {
                (Some(memory), _) => Some(memory.bandwidth.get()),
                (None, sram) => sram.and_then(|sram| sram.bandwidth).map(|bandwidth| bandwidth.get()),
            },
        ),
        price(chip, scenario),
        catalog::chip_aliases(&chip.id).collect::<Vec<_>>().join(" "),
    ]
}

/// Price of a chip-hour, marked where it is stale.
fn price(chip: &Chip, scenario: &Scenario) -> String {
    let own = super::price::price(scenario, &chip.id);
    let mark = if own.stale { " *" } else { "" };
    own.per_hour
        .map_or_else(|| ABSENT.to_owned(), |price| format!("{}{mark}", Unit::DollarsPerHour.format(price)))
}

fn model(model: &Model) -> [String; 7] {
    let parameters = model.parameters();
    [
        model.id.clone().into_owned(),
        model.name.clone().into_owned(),
        model.released.clone().into_owned(),
        Unit::Parameters.format(parameters.total()),
        Unit::Parameters.format(parameters.active()),
        Unit::Tokens.format(model.max_context.get()),
        catalog::model_aliases(&model.id).collect::<Vec<_>>().join(" "),
    ]
}

/// Columns wide enough for their cells.
fn align<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut page = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        page.push_str(line.join("  ").trim_end());
        page.push('\n');
    }
    page
}

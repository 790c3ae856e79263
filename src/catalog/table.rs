//! The chips and models as `build.rs` writes them, an entry a line, read once, and found by their identifiers.
//!
//! Lines of text and not constants of Rust: on the page, most of a constant entry would be absent figures and addresses
//! of its texts. `schema` writes the cells in the order in which they are read here; the architecture of a model is
//! spelt as in links.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::architecture::{self, Architecture};
use super::chip::{Chip, ChipClass, ChipPrice, Memory, Peaks, ScaleUp, Sold, Sram, Status};
use super::lookup;
use super::model::{Model, Release};
use super::number::NumberFormat;
use super::provenance::{Confidence, Provenance};
use super::quote::{PriceClass, PriceTerm, Quote};
use super::spelling;
use crate::units::decimal::decimal;
use crate::units::order;
use crate::units::{Bytes, BytesPerSecond, Dollars, DollarsPerHour, FlopsPerSecond, Tokens, Watts};

const CHIP_LINES: &str = include_str!(concat!(env!("OUT_DIR"), "/chips.txt"));
const MODEL_LINES: &str = include_str!(concat!(env!("OUT_DIR"), "/models.txt"));
const CHIP_ALIASES: &str = include_str!(concat!(env!("OUT_DIR"), "/chip-aliases.txt"));
const MODEL_ALIASES: &str = include_str!(concat!(env!("OUT_DIR"), "/model-aliases.txt"));
// CHIP_BLOCKS, MODEL_BLOCKS, FILE_BLOCKS: where blocks of entries come from, by identifier or file.
include!(concat!(env!("OUT_DIR"), "/provenance.rs"));

/// All chips, by vendor, then year.
#[must_use]
pub fn chips() -> &'static [Chip] {
    &all_chips().entries
}

/// All models, by vendor, then release.
#[must_use]
pub fn models() -> &'static [Model] {
    &all_models().entries
}

/// The chip with this identifier.
///
/// ```
/// let chip = tandem::catalog::chip("h100-sxm").unwrap();
/// assert_eq!(chip.vendor, "NVIDIA");
/// assert_eq!(tandem::catalog::nearest_chip_ids("h100-sxn").first(), Some(&"h100-sxm"));
/// ```
#[must_use]
pub fn chip(id: &str) -> Option<&'static Chip> {
    all_chips().find(id)
}

/// The model with this identifier. Scaled families have theirs too: see [`super::parse_family_id`].
#[must_use]
pub fn model(id: &str) -> Option<&'static Model> {
    all_models().find(id)
}

/// The chips of each vendor, for menus.
pub fn chips_by_vendor() -> impl Iterator<Item = (&'static str, &'static [Chip])> {
    all_chips().by_vendor()
}

/// The models of each vendor, for menus.
pub fn models_by_vendor() -> impl Iterator<Item = (&'static str, &'static [Model])> {
    all_models().by_vendor()
}

/// Other names of the chip with this identifier, as its file lists them.
pub fn chip_aliases(id: &str) -> impl Iterator<Item = &'static str> {
    aliases(CHIP_ALIASES, id)
}

/// Other names of the model with this identifier, as its file lists them.
pub fn model_aliases(id: &str) -> impl Iterator<Item = &'static str> {
    aliases(MODEL_ALIASES, id)
}

/// The aliases of an entry: a line has its identifier and then they, some with the format that they stand for.
fn aliases(text: &'static str, id: &str) -> impl Iterator<Item = &'static str> {
    let line = text.lines().find(|line| line.split(' ').next() == Some(id)).unwrap_or_default();
    line.split(' ').skip(1).map(|alias| alias.split(':').next().unwrap_or(alias))
}

/// Where the blocks of a file of several entries come from, such as `prices.toml`, as far as it says; empty in browsers.
/// Chips and models have their own.
#[must_use]
pub fn file_provenance(file: &str) -> &'static [Provenance] {
    provenance(FILE_BLOCKS, file)
}

type Blocks = &'static [(&'static str, &'static [Provenance])];

fn provenance(all: Blocks, id: &str) -> &'static [Provenance] {
    all.iter().find(|(own, _)| *own == id).map_or(&[], |(_, blocks)| blocks)
}

/// Entries of one kind, by vendor.
pub(super) struct Table<T> {
    /// The entries.
    entries: Vec<T>,
    /// Their identifiers in alphabetical order, with their positions.
    ids: Vec<(&'static str, usize)>,
    /// Their identifiers and aliases as [`spelling::key`] files them, in alphabetical order, with their positions and the
    /// format that the checkpoint of that name has.
    names: Vec<(String, usize, Option<NumberFormat>)>,
    /// The vendors, with their first position and the one after their last.
    vendors: Vec<(&'static str, usize, usize)>,
}

impl<T> Table<T> {
    /// The entry with this identifier.
    fn find(&self, id: &str) -> Option<&T> {
        lookup::position(&self.ids, id).and_then(|position| self.entries.get(position))
    }

    /// The entry with this identifier or alias as [`spelling::key`] files it, and the format that the name stands for.
    pub(super) fn named(&self, key: &str) -> Option<(&T, Option<NumberFormat>)> {
        let found = self.names.binary_search_by(|(name, ..)| name.as_str().cmp(key)).ok()?;
        let (_, position, format) = self.names.get(found)?;
        Some((self.entries.get(*position)?, *format))
    }

    /// Identifiers that may have been meant, nearest first.
    pub(super) fn nearest(&'static self, wanted: &str) -> Vec<&'static str> {
        let mut ids = vec![""; self.entries.len()];
        for (id, position) in &self.ids {
            if let Some(slot) = ids.get_mut(*position) {
                *slot = id;
            }
        }
        let mut names =
            self.names.iter().filter_map(|(name, at, _)| Some((Cow::Borrowed(&**name), *ids.get(*at)?)));
        lookup::nearest_of(wanted, &mut || names.next())
    }

    /// The entries of each vendor.
    fn by_vendor(&self) -> impl Iterator<Item = (&'static str, &[T])> {
        self.vendors.iter().filter_map(|&(vendor, from, to)| Some((vendor, self.entries.get(from..to)?)))
    }
}

/// All chips.
pub(super) fn all_chips() -> &'static Table<Chip> {
    static CHIPS: OnceLock<Table<Chip>> = OnceLock::new();
    CHIPS.get_or_init(|| read(CHIP_LINES, CHIP_ALIASES, read_chip))
}

/// All models.
pub(super) fn all_models() -> &'static Table<Model> {
    static MODELS: OnceLock<Table<Model>> = OnceLock::new();
    MODELS.get_or_init(|| read(MODEL_LINES, MODEL_ALIASES, read_model))
}

/// Reads all lines; one without tabs names the vendor of those below it. None is left out, as a test sees to.
fn read<T>(
    text: &'static str,
    aliases: &'static str,
    entry: fn(&'static str, &mut Cells) -> Option<T>,
) -> Table<T> {
    let mut table = Table { entries: Vec::new(), ids: Vec::new(), names: Vec::new(), vendors: Vec::new() };
    let mut vendor = "";
    for line in text.lines() {
        let mut cells = Cells(line.split('\t'));
        let Some(first) = cells.text() else { continue };
        let position = table.entries.len();
        if first.len() == line.len() {
            vendor = first;
            table.vendors.push((vendor, position, position));
        } else if let Some(entry) = entry(vendor, &mut Cells(line.split('\t'))) {
            table.ids.push((first, position));
            table.entries.push(entry);
            if let Some((.., end)) = table.vendors.last_mut() {
                *end = position + 1;
            }
        }
    }
    order::sort_by_key(&mut table.ids, |(id, _)| *id);
    table.names = table.ids.iter().map(|(id, at)| (spelling::key(id), *at, None)).collect();
    for line in aliases.lines() {
        let mut names = line.split(' ');
        if let Some(at) = names.next().and_then(|id| lookup::position(&table.ids, id)) {
            table.names.extend(names.map(|text| {
                let (name, format) = text.split_once(':').unwrap_or((text, ""));
                (spelling::key(name), at, NumberFormat::from_id(format))
            }));
        }
    }
    order::sort_by(&mut table.names, |(one, ..), (other, ..)| one.cmp(other));
    table
}

/// The cells of a line, one after another.
struct Cells(std::str::Split<'static, char>);

impl Cells {
    fn text(&mut self) -> Option<&'static str> {
        self.0.next()
    }

    fn words(&mut self) -> Option<Cow<'static, str>> {
        self.text().map(Cow::Borrowed)
    }

    /// A number in its unit, or nothing.
    fn figure<Q>(&mut self, unit: impl Fn(f64) -> Q) -> Option<Q> {
        decimal(self.text()?).map(unit)
    }

    fn whole(&mut self) -> Option<u32> {
        self.text()?.parse().ok()
    }
}

fn read_chip(vendor: &'static str, cells: &mut Cells) -> Option<Chip> {
    let id = cells.text()?;
    Some(Chip {
        vendor: Cow::Borrowed(vendor),
        id: Cow::Borrowed(id),
        name: cells.words()?,
        class: ChipClass::from_id(cells.text()?)?,
        year: cells.whole()? as u16,
        status: Status::from_id(cells.text()?)?,
        peaks: Peaks {
            fp4: cells.figure(FlopsPerSecond::tera),
            fp8: cells.figure(FlopsPerSecond::tera),
            int8: cells.figure(FlopsPerSecond::tera),
            bf16: cells.figure(FlopsPerSecond::tera),
            assumed_bf16: cells.figure(FlopsPerSecond::tera),
        },
        memory: {
            let kind = cells.words()?;
            let named = cells.figure(Bytes::giga);
            let (capacity, usable) = (cells.figure(Bytes::new), cells.figure(Bytes::new));
            let figures = named.zip(capacity).zip(cells.figure(BytesPerSecond::giga));
            figures.map(|((named, capacity), bandwidth)| Memory { kind, named, capacity, usable, bandwidth })
        },
        sram: {
            let (capacity, bandwidth) = (cells.figure(Bytes::mega), cells.figure(BytesPerSecond::giga));
            capacity.map(|capacity| Sram { capacity, bandwidth })
        },
        scale_up: {
            let (bandwidth, domain) = (cells.figure(BytesPerSecond::giga), cells.whole());
            bandwidth.zip(domain).map(|(bandwidth, domain)| ScaleUp { bandwidth, domain })
        },
        scale_out: cells.figure(BytesPerSecond::giga),
        tdp: cells.figure(Watts::new),
        it_power: cells.figure(Watts::new),
        sold: {
            let (rented, bought) = (cells.whole(), cells.whole());
            rented.zip(bought).map_or_else(Sold::default, |(rented, bought)| Sold { rented, bought })
        },
        price: read_price(cells)?,
        confidence: Confidence::from_id(cells.text()?)?,
        sources: cells.words()?,
        notes: cells.words()?,
        provenance: provenance(CHIP_BLOCKS, id),
    })
}

/// What a chip costs: the purchase with its date, then the bases with a price per hour.
fn read_price(cells: &mut Cells) -> Option<ChipPrice> {
    let capex = cells.figure(Dollars::new);
    let date = cells.text()?;
    let capex_as_of = date.strip_suffix(STALE).unwrap_or(date);
    let (market, list) = (read_quote(cells.text()?), read_quote(cells.text()?));
    let (contract, tco) = (read_quote(cells.text()?), read_quote(cells.text()?));
    Some(ChipPrice {
        capex,
        capex_as_of: Cow::Borrowed(capex_as_of),
        capex_stale: capex_as_of.len() < date.len(),
        market,
        list,
        contract,
        tco,
        given: None,
    })
}

/// What stands behind the date of a price that is older than prices may be.
const STALE: char = '!';

/// Value, low, high, date, class, term, `e` or `-` for estimates, and an address, with blanks between.
fn read_quote(text: &'static str) -> Option<Quote> {
    let mut parts = text.split(' ');
    let mut price = || parts.next().and_then(decimal).map(DollarsPerHour::new);
    let (value, low, high) = (price()?, price()?, price()?);
    let date = parts.next()?;
    let as_of = date.strip_suffix(STALE).unwrap_or(date);
    Some(Quote {
        value,
        low,
        high,
        as_of: Cow::Borrowed(as_of),
        class: PriceClass::from_id(parts.next()?)?,
        term: PriceTerm::from_id(parts.next()?)?,
        estimate: parts.next()? == "e",
        stale: as_of.len() < date.len(),
        url: Cow::Borrowed(parts.next().unwrap_or_default()),
    })
}

fn read_model(_vendor: &'static str, cells: &mut Cells) -> Option<Model> {
    let billions = |value: f64| libm::round(value * 1e9);
    let tokens = |text: &str| decimal(text).map(Tokens::new).ok_or_else(String::new);
    let id = cells.text()?;
    let (name, released) = (cells.words()?, cells.words()?);
    let (published_parameters, published_active) = (cells.figure(billions), cells.figure(billions));
    let Architecture { hidden, vocab, tied_embeddings, max_context, layers, attention, ffn, .. } =
        architecture::read(cells.text()?, tokens).ok()?;
    let (releases, checkpoints) = read_releases(cells.text()?)?;
    Some(Model {
        id: Cow::Borrowed(id),
        name,
        released,
        published_parameters,
        published_active,
        hidden,
        vocab,
        tied_embeddings,
        max_context,
        layers,
        attention: Cow::Owned(attention),
        ffn: Cow::Owned(ffn),
        releases: Cow::Owned(releases),
        checkpoints: Cow::Owned(checkpoints),
        confidence: Confidence::from_id(cells.text()?)?,
        sources: cells.words()?,
        notes: cells.words()?,
        provenance: provenance(MODEL_BLOCKS, id),
    })
}

/// Releases, and what they are called on Hugging Face where a browser does not read it.
fn read_releases(text: &'static str) -> Option<(Vec<Release>, Vec<&'static str>)> {
    let one = |text: &'static str| {
        let (code, name) = text.split_once('=').unwrap_or((text, ""));
        Some((Release::from_code(code)?, name))
    };
    text.split(' ').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::{CHIP_LINES, MODEL_LINES, Table, all_chips, all_models};

    /// As many entries as lines, and no vendor without one.
    fn whole<T>(table: &Table<T>, text: &str) {
        assert_eq!(table.entries.len() + table.vendors.len(), text.lines().count());
        assert_eq!(table.ids.len(), table.entries.len());
        assert!(table.vendors.iter().all(|(_, from, to)| from < to));
        assert_eq!(table.by_vendor().map(|(_, own)| own.len()).sum::<usize>(), table.entries.len());
    }

    #[test]
    fn every_line_is_read() {
        whole(all_chips(), CHIP_LINES);
        whole(all_models(), MODEL_LINES);
    }
}

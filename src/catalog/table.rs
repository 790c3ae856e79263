//! Chips and models as `build.rs` writes them, an entry a line, read once.
//!
//! Lines of text and not constants of Rust: on the page, most of a constant entry would be absent figures and addresses
//! of its texts.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::chip::{Chip, ChipClass, ChipPrice, Confidence, Memory, Peaks, ScaleUp, Sram, Status};
use super::model::{Attention, AttentionLayers, Ffn, FfnLayers, Indexer, Model};
use super::number::NumberFormat;
use super::{generated, lookup};
use crate::units::decimal::decimal;
use crate::units::order;
use crate::units::{Bytes, BytesPerSecond, Dollars, DollarsPerHour, FlopsPerSecond, Tokens, Watts};

/// Entries of one kind, by vendor.
pub struct Table<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Their identifiers in alphabetical order, with their positions.
    pub ids: Vec<(&'static str, usize)>,
    /// The vendors, with their first position and the one after their last.
    pub vendors: Vec<(&'static str, usize, usize)>,
}

impl<T> Table<T> {
    /// The entry with this identifier.
    pub fn find(&self, id: &str) -> Option<&T> {
        lookup::position(&self.ids, id).and_then(|position| self.entries.get(position))
    }

    /// The entries of each vendor.
    pub fn by_vendor(&self) -> impl Iterator<Item = (&'static str, &[T])> {
        self.vendors.iter().filter_map(|&(vendor, from, to)| Some((vendor, self.entries.get(from..to)?)))
    }
}

/// All chips.
pub fn chips() -> &'static Table<Chip> {
    static CHIPS: OnceLock<Table<Chip>> = OnceLock::new();
    CHIPS.get_or_init(|| read(generated::CHIPS, chip))
}

/// All models.
pub fn models() -> &'static Table<Model> {
    static MODELS: OnceLock<Table<Model>> = OnceLock::new();
    MODELS.get_or_init(|| read(generated::MODELS, |_, cells| model(cells)))
}

/// Reads all lines; one without tabs names the vendor of those below it. None is left out, as a test sees to.
fn read<T>(text: &'static str, entry: fn(&'static str, &mut Cells) -> Option<T>) -> Table<T> {
    let mut table = Table { entries: Vec::new(), ids: Vec::new(), vendors: Vec::new() };
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

fn confidence(id: &str) -> Option<Confidence> {
    Some(match id {
        "high" => Confidence::High,
        "medium" => Confidence::Medium,
        "low" => Confidence::Low,
        _ => return None,
    })
}

fn chip(vendor: &'static str, cells: &mut Cells) -> Option<Chip> {
    Some(Chip {
        vendor: Cow::Borrowed(vendor),
        id: cells.words()?,
        name: cells.words()?,
        class: match cells.text()? {
            "gpu" => ChipClass::Gpu,
            "context-gpu" => ChipClass::ContextGpu,
            "tpu" => ChipClass::Tpu,
            "asic" => ChipClass::Asic,
            "lpu-sram" => ChipClass::LpuSram,
            "wafer" => ChipClass::Wafer,
            "edge" => ChipClass::Edge,
            _ => return None,
        },
        year: cells.whole()? as u16,
        status: match cells.text()? {
            "shipping" => Status::Shipping,
            "announced" => Status::Announced,
            "estimate" => Status::Estimate,
            "shelved" => Status::Shelved,
            _ => return None,
        },
        peaks: Peaks {
            fp4: cells.figure(FlopsPerSecond::tera),
            fp8: cells.figure(FlopsPerSecond::tera),
            int8: cells.figure(FlopsPerSecond::tera),
            bf16: cells.figure(FlopsPerSecond::tera),
        },
        memory: {
            let kind = cells.words()?;
            let (capacity, bandwidth) = (cells.figure(Bytes::giga), cells.figure(BytesPerSecond::giga));
            capacity.zip(bandwidth).map(|(capacity, bandwidth)| Memory { kind, capacity, bandwidth })
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
        all_in_power: cells.figure(Watts::new),
        price: ChipPrice {
            capex: cells.figure(Dollars::new),
            owner: cells.figure(DollarsPerHour::new),
            rent_low: cells.figure(DollarsPerHour::new),
            rent_typical: cells.figure(DollarsPerHour::new),
        },
        confidence: confidence(cells.text()?)?,
        sources: cells.words()?,
        notes: cells.words()?,
    })
}

fn model(cells: &mut Cells) -> Option<Model> {
    let billions = |value: f64| libm::round(value * 1e9);
    Some(Model {
        id: cells.words()?,
        name: cells.words()?,
        released: cells.words()?,
        published_parameters: cells.figure(billions),
        published_active: cells.figure(billions),
        hidden: cells.whole()?,
        vocab: cells.whole()?,
        tied_embeddings: cells.whole()? == 1,
        max_context: cells.figure(Tokens::new)?,
        layers: cells.whole()?,
        attention: Cow::Owned(cells.text()?.split(';').map(attention).collect::<Option<_>>()?),
        ffn: Cow::Owned(cells.text()?.split(';').map(ffn).collect::<Option<_>>()?),
        native_weights: NumberFormat::from_id(cells.text()?)?,
        native_experts: NumberFormat::from_id(cells.text()?)?,
        confidence: confidence(cells.text()?)?,
        sources: cells.words()?,
        notes: cells.words()?,
    })
}

/// Count, kind and figures of a group of layers.
fn group(text: &str) -> Option<(u32, &str, impl FnMut() -> Option<u32>)> {
    let mut words = text.split(' ');
    let count = words.next()?.parse().ok()?;
    Some((count, words.next()?, move || words.next()?.parse().ok()))
}

fn attention(text: &str) -> Option<AttentionLayers> {
    let (count, kind, mut next) = group(text)?;
    let kind = match kind {
        "g" => Attention::Grouped {
            heads: next()?,
            kv_heads: next()?,
            head_dim: next()?,
            v_dim: next()?,
            window: next(),
            shared_kv: next()? == 1,
            output_gate: next()? == 1,
            indexer: indexer(&mut next),
        },
        "l" => Attention::Latent {
            heads: next()?,
            q_rank: next(),
            kv_rank: next()?,
            rope_dim: next()?,
            nope_dim: next()?,
            v_dim: next()?,
            indexer: indexer(&mut next),
        },
        "d" => Attention::Linear {
            key_heads: next()?,
            value_heads: next()?,
            key_dim: next()?,
            value_dim: next()?,
            extra_parameters: next()?,
        },
        "m" => Attention::Mamba { heads: next()?, head_dim: next()?, state: next()?, groups: next()? },
        "c" => Attention::Compressed {
            heads: next()?,
            head_dim: next()?,
            q_rank: next()?,
            window: next()?,
            ratio: next(),
            out_groups: next()?,
            out_rank: next()?,
            indexer: indexer(&mut next),
        },
        _ => return None,
    };
    Some(AttentionLayers { count, kind })
}

fn indexer(next: &mut impl FnMut() -> Option<u32>) -> Option<Indexer> {
    Some(Indexer { heads: next()?, dim: next()?, top_k: next()? })
}

fn ffn(text: &str) -> Option<FfnLayers> {
    let (count, kind, mut next) = group(text)?;
    let kind = match kind {
        "d" => Ffn::Dense { inter: next()?, matrices: next()? },
        "e" => Ffn::Moe {
            experts: next()?,
            top_k: next()?,
            inter: next()?,
            width: next(),
            shared_inter: next()?,
            matrices: next()?,
        },
        _ => return None,
    };
    Some(FfnLayers { count, kind })
}

#[cfg(test)]
mod tests {
    use super::{Table, chips, generated, models};

    /// As many entries as lines, and no vendor without one.
    fn whole<T>(table: &Table<T>, text: &str) {
        assert_eq!(table.entries.len() + table.vendors.len(), text.lines().count());
        assert_eq!(table.ids.len(), table.entries.len());
        assert!(table.vendors.iter().all(|(_, from, to)| from < to));
        assert_eq!(table.by_vendor().map(|(_, own)| own.len()).sum::<usize>(), table.entries.len());
    }

    #[test]
    fn every_line_is_read() {
        whole(chips(), generated::CHIPS);
        whole(models(), generated::MODELS);
    }
}

//! A chip's file, `data/chips/ID.toml`.

use serde::Deserialize;

use super::checks::{Checks, Cited, block, cell, words};
use crate::catalog::bounds;
use crate::catalog::chip::{ChipClass, Status};
use crate::catalog::provenance::Confidence;

/// A chip.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipFile {
    /// Identifier in links, and the name of the file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Maker.
    pub vendor: String,
    /// Family of architecture.
    pub class: ChipClass,
    /// Year of first shipment or announcement.
    pub year: u32,
    /// Whether one can have it.
    pub status: Status,
    /// Month in which the figures were gathered.
    pub date: String,
    /// How far to trust them.
    pub confidence: Confidence,
    /// Where they come from.
    pub sources: String,
    /// What a reader must know beside them.
    #[serde(default)]
    pub notes: String,
    /// Dense arithmetic peaks.
    #[serde(default)]
    pub peaks: PeaksFile,
    /// Main memory.
    pub memory: Option<MemoryFile>,
    /// Memory on the die.
    pub sram: Option<SramFile>,
    /// Fast link domain.
    #[serde(default)]
    pub scale_up: ScaleUpFile,
    /// Network beyond it.
    pub scale_out: Option<ScaleOutFile>,
    /// Power.
    #[serde(default)]
    pub power: PowerFile,
    /// What it costs.
    #[serde(default)]
    pub price: PriceFile,
}

block! {
    /// Dense arithmetic peaks.
    #[derive(Default)]
    PeaksFile {
        /// In 4-bit floats.
        fp4_TFLOPS: Option<f64>,
        /// In 8-bit floats.
        fp8_TFLOPS: Option<f64>,
        /// In 8-bit integers.
        int8_TOPS: Option<f64>,
        /// In 16-bit floats.
        bf16_TFLOPS: Option<f64>,
        /// In 16-bit floats where nobody publishes it: by the ratio of the maker's chips that publish both.
        assumed_bf16_TFLOPS: Option<f64>,
    }
}

block! {
    /// Main memory.
    MemoryFile {
        /// Technology.
        kind: String,
        /// Capacity.
        capacity_GB: f64,
        /// Bandwidth.
        bandwidth_GBps: Option<f64>,
    }
}

block! {
    /// Memory on the die.
    SramFile {
        /// Capacity.
        capacity_MB: f64,
        /// Bandwidth.
        bandwidth_GBps: Option<f64>,
    }
}

block! {
    /// Fast link domain.
    #[derive(Default)]
    ScaleUpFile {
        /// Bandwidth per chip and direction.
        bandwidth_GBps: Option<f64>,
        /// Chips of the domain.
        domain_chips: Option<u32>,
    }
}

block! {
    /// Network beyond the fast domain.
    ScaleOutFile {
        /// Bandwidth per chip and direction.
        bandwidth_GBps: f64,
    }
}

block! {
    /// Power.
    #[derive(Default)]
    PowerFile {
        /// Of the chip alone.
        tdp_W: Option<f64>,
        /// With its share of host, network and cooling.
        all_in_W: Option<f64>,
    }
}

block! {
    /// Prices of a chip with its share of the system around it.
    #[derive(Default)]
    PriceFile {
        /// Share of a system's purchase price.
        capex_USD: Option<f64>,
        /// Total cost of ownership, as published.
        owner_USD_per_hour: Option<f64>,
        /// Low end of rents.
        rent_low_USD_per_hour: Option<f64>,
        /// Typical on-demand rent.
        rent_typical_USD_per_hour: Option<f64>,
    }
}

impl ChipFile {
    /// Whether it makes sense.
    pub fn check(&self, c: &mut Checks) {
        c.identity(&self.id, &self.name, &self.vendor, &self.date, &self.sources);
        c.count("year", self.year, bounds::YEAR);
        for (block, cited) in self.blocks() {
            c.cited(block, cited);
        }
        self.check_compute(c);
        self.check_links_and_power(c);
        let price = &self.price;
        c.range("price.capex_USD", price.capex_USD, bounds::CAPEX, 1.0);
        c.range("price.owner_USD_per_hour", price.owner_USD_per_hour, bounds::PRICE, 1.0);
        c.range("price.rent_low_USD_per_hour", price.rent_low_USD_per_hour, bounds::PRICE, 1.0);
        c.range("price.rent_typical_USD_per_hour", price.rent_typical_USD_per_hour, bounds::PRICE, 1.0);
        if let (Some(low), Some(typical)) = (price.rent_low_USD_per_hour, price.rent_typical_USD_per_hour) {
            c.ensure(low <= typical, || format!("the low rent {low} is above the typical rent {typical}"));
        }
    }

    fn check_compute(&self, c: &mut Checks) {
        let p = &self.peaks;
        c.range("peaks.fp4_TFLOPS", p.fp4_TFLOPS, bounds::FP4, 1e12);
        c.range("peaks.fp8_TFLOPS", p.fp8_TFLOPS, bounds::FP8, 1e12);
        c.range("peaks.int8_TOPS", p.int8_TOPS, bounds::INT8, 1e12);
        c.range("peaks.bf16_TFLOPS", p.bf16_TFLOPS, bounds::BF16, 1e12);
        c.range("peaks.assumed_bf16_TFLOPS", p.assumed_bf16_TFLOPS, bounds::BF16, 1e12);
        c.ensure(p.bf16_TFLOPS.is_none() || p.assumed_bf16_TFLOPS.is_none(), || {
            "[peaks] has both bf16_TFLOPS and assumed_bf16_TFLOPS; leave out the assumed one".to_owned()
        });
        let rising = [p.bf16_TFLOPS.or(p.assumed_bf16_TFLOPS), p.fp8_TFLOPS, p.fp4_TFLOPS];
        c.ensure(rising.iter().flatten().is_sorted(), || {
            "a narrower float is slower than a wider one in [peaks]; are the columns swapped, or is one peak sparse?".to_owned()
        });
        if let Some(memory) = &self.memory {
            c.text("memory.kind", &memory.kind);
            c.range("memory.capacity_GB", memory.capacity_GB, bounds::MEMORY, 1e9);
            c.range("memory.bandwidth_GBps", memory.bandwidth_GBps, bounds::BANDWIDTH, 1e9);
        }
        if let Some(sram) = &self.sram {
            c.range("sram.capacity_MB", sram.capacity_MB, bounds::SRAM, 1e6);
            c.range("sram.bandwidth_GBps", sram.bandwidth_GBps, bounds::SRAM_BANDWIDTH, 1e9);
        }
        let pure_sram = matches!(self.class, ChipClass::LpuSram | ChipClass::Wafer);
        c.ensure(self.memory.is_some() || (pure_sram && self.sram.is_some()), || {
            format!(
                "a chip of class {:?} needs a [memory] table; only lpu-sram and wafer may live from [sram] alone",
                self.class.id()
            )
        });
    }

    fn check_links_and_power(&self, c: &mut Checks) {
        c.range("scale_up.bandwidth_GBps", self.scale_up.bandwidth_GBps, bounds::SCALE_UP, 1e9);
        c.count("scale_up.domain_chips", self.scale_up.domain_chips, bounds::DOMAIN);
        let beyond = self.scale_out.as_ref().map(|link| link.bandwidth_GBps);
        c.range("scale_out.bandwidth_GBps", beyond, bounds::SCALE_OUT, 1e9);
        c.range("power.tdp_W", self.power.tdp_W, bounds::POWER, 1.0);
        c.range("power.all_in_W", self.power.all_in_W, bounds::POWER, 1.0);
        if let (Some(tdp), Some(all_in)) = (self.power.tdp_W, self.power.all_in_W) {
            c.ensure(all_in >= tdp, || {
                format!("`all_in_W = {all_in}` includes the chip and can't be below `tdp_W = {tdp}`")
            });
        }
    }

    /// The blocks that say where they come from.
    #[must_use]
    pub fn blocks(&self) -> Vec<(&'static str, Cited<'_>)> {
        let blocks = [
            ("peaks", Some(self.peaks.cited())),
            ("memory", self.memory.as_ref().map(MemoryFile::cited)),
            ("sram", self.sram.as_ref().map(SramFile::cited)),
            ("scale_up", Some(self.scale_up.cited())),
            ("scale_out", self.scale_out.as_ref().map(ScaleOutFile::cited)),
            ("power", Some(self.power.cited())),
            ("price", Some(self.price.cited())),
        ];
        let cited = blocks.into_iter().filter_map(|(block, cited)| Some((block, cited?)));
        cited.filter(|(_, cited)| !cited.is_empty()).collect()
    }

    /// Its cells in the order in which `table` reads them; without words for people where a browser reads them.
    #[must_use]
    pub fn cells(&self, browser: bool) -> Vec<String> {
        let p = &self.peaks;
        let (kind, capacity, bandwidth) = match &self.memory {
            Some(own) if own.bandwidth_GBps.is_some() => {
                (own.kind.clone(), Some(own.capacity_GB), own.bandwidth_GBps)
            }
            _ => (String::new(), None, None),
        };
        let sram = self.sram.as_ref();
        let (reach, domain) = match (self.scale_up.bandwidth_GBps, self.scale_up.domain_chips) {
            (Some(reach), Some(domain)) => (Some(reach), Some(f64::from(domain))),
            _ => (None, None),
        };
        let notes = match &self.memory {
            Some(MemoryFile { kind, capacity_GB, bandwidth_GBps: None, .. }) => {
                format!("{capacity_GB} GB of {kind} at an unpublished bandwidth. {}", self.notes)
            }
            _ => self.notes.clone(),
        };
        vec![
            self.id.clone(),
            self.name.clone(),
            self.class.id().to_owned(),
            self.year.to_string(),
            self.status.id().to_owned(),
            cell(p.fp4_TFLOPS),
            cell(p.fp8_TFLOPS),
            cell(p.int8_TOPS),
            cell(p.bf16_TFLOPS),
            cell(p.assumed_bf16_TFLOPS),
            kind,
            cell(capacity),
            cell(bandwidth),
            cell(sram.map(|own| own.capacity_MB)),
            cell(sram.and_then(|own| own.bandwidth_GBps)),
            cell(reach),
            cell(domain),
            cell(self.scale_out.as_ref().map(|link| link.bandwidth_GBps)),
            cell(self.power.tdp_W),
            cell(self.power.all_in_W),
            cell(self.price.capex_USD),
            cell(self.price.owner_USD_per_hour),
            cell(self.price.rent_low_USD_per_hour),
            cell(self.price.rent_typical_USD_per_hour),
            self.confidence.id().to_owned(),
            words(&format!("{} (read {})", self.sources, self.date), browser),
            words(&notes, browser),
        ]
    }
}

//! A chip's file, `data/chips/ID.toml`.

use serde::Deserialize;

use super::checks::{Checks, Cited, block, cell, words};
use crate::catalog::bounds;
use crate::catalog::chip::{ChipClass, Status};
use crate::catalog::provenance::Confidence;
use crate::catalog::quote::{PriceBasis, PriceClass, PriceTerm};

/// A chip.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipFile {
    /// Identifier in links, and the name of the file.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Other names that people use for it.
    #[serde(default)]
    pub aliases: Vec<String>,
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
    /// How many one can get.
    pub sold: Option<SoldFile>,
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
        /// Capacity as its maker names it.
        named_GB: f64,
        /// Capacity as driver and tools report it.
        capacity_bytes: u64,
        /// What the driver lets one process have of it, where that is less.
        usable_bytes: Option<u64>,
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
        /// IT power provisioned for it, with its share of host and network, before facility overhead. Of a whole machine the
        /// machine's.
        it_W: Option<f64>,
    }
}

block! {
    /// The fewest chips that one can get.
    SoldFile {
        /// By renting: an instance, a node.
        rented_chips: u32,
        /// By buying: a card, a node, a rack.
        bought_chips: u32,
    }
}

block! {
    /// Prices of a chip with its share of the system around it. What it says of its origin is about the purchase.
    #[derive(Default)]
    PriceFile {
        /// Share of a system's purchase price.
        capex_USD: Option<f64>,
        /// Prices per hour, any number of them a basis.
        #[serde(default)]
        per_hour: Vec<HourlyFile>,
    }
}

block! {
    /// A price of a chip-hour.
    HourlyFile {
        /// The way to pay.
        basis: PriceBasis,
        /// The price.
        USD: f64,
        /// Low end, where the source gives a range.
        low_USD: Option<f64>,
        /// High end.
        high_USD: Option<f64>,
        /// Who asks it.
        class: PriceClass,
        /// For how long one commits.
        term: PriceTerm,
        /// Name of who asks it, or of who surveyed.
        provider: String,
        /// Whether its source calls it an estimate.
        #[serde(default)]
        estimate: bool,
    }
}

impl ChipFile {
    /// Whether it makes sense.
    pub fn check(&self, c: &mut Checks) {
        c.identity(&self.id, &self.name, &self.vendor, &self.date, &self.sources);
        c.aliases(&self.aliases);
        c.count("year", self.year, bounds::YEAR);
        for (block, cited) in self.blocks() {
            c.cited(block, cited);
        }
        self.check_compute(c);
        self.check_links_and_power(c);
        self.price.check(c);
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
            let (capacity, usable) =
                (memory.capacity_bytes as f64, memory.usable_bytes.map(|own| own as f64));
            c.range("memory.named_GB", memory.named_GB, bounds::MEMORY, 1e9);
            c.range("memory.capacity_bytes", capacity, bounds::MEMORY, 1.0);
            c.range("memory.usable_bytes", usable, bounds::MEMORY, 1.0);
            c.ensure(usable.is_none_or(|usable| usable <= capacity), || {
                "`memory.usable_bytes` is a part of `memory.capacity_bytes` and can't be above it".to_owned()
            });
            // A GB may be 10^9 or 2^30 bytes, and firmware keeps a little.
            let ratio = capacity / (memory.named_GB * 1e9);
            c.ensure((0.9..1.1).contains(&ratio), || {
                format!(
                    "`memory.capacity_bytes = {capacity}` and `memory.named_GB = {}` are not of the same memory",
                    memory.named_GB
                )
            });
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
        c.range("power.it_W", self.power.it_W, bounds::POWER, 1.0);
        if let Some(sold) = &self.sold {
            c.count("sold.rented_chips", sold.rented_chips, bounds::SOLD);
            c.count("sold.bought_chips", sold.bought_chips, bounds::SOLD);
            c.ensure(sold.source.is_some() && sold.as_of.is_some(), || {
                "[sold] needs `source` and `as_of`".to_owned()
            });
        }
        if let (Some(tdp), Some(it)) = (self.power.tdp_W, self.power.it_W) {
            c.ensure(it >= tdp, || {
                format!("`it_W = {it}` includes the chip and can't be below `tdp_W = {tdp}`")
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
            ("sold", self.sold.as_ref().map(SoldFile::cited)),
            ("price", Some(self.price.cited())),
        ];
        let rows = self.price.per_hour.iter().map(|own| (own.block(), Some(own.cited())));
        let cited = blocks.into_iter().chain(rows).filter_map(|(block, cited)| Some((block, cited?)));
        cited.filter(|(_, cited)| !cited.is_empty()).collect()
    }

    /// Its cells in the order in which `table` reads them; without words for people where a browser reads them. `stale` says
    /// of a date whether it is longer ago than prices may be.
    #[must_use]
    pub fn cells(&self, browser: bool, stale: &dyn Fn(&str) -> bool) -> Vec<String> {
        let p = &self.peaks;
        let memory = self.memory.as_ref().filter(|own| own.bandwidth_GBps.is_some());
        let bytes = |bytes: u64| bytes as f64;
        let sram = self.sram.as_ref();
        let (reach, domain) = match (self.scale_up.bandwidth_GBps, self.scale_up.domain_chips) {
            (Some(reach), Some(domain)) => (Some(reach), Some(f64::from(domain))),
            _ => (None, None),
        };
        let notes = match &self.memory {
            Some(MemoryFile { kind, named_GB, bandwidth_GBps: None, .. }) => {
                format!("{named_GB} GB of {kind} at an unpublished bandwidth. {}", self.notes)
            }
            _ => self.notes.clone(),
        };
        let mut cells = vec![
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
            memory.map(|own| own.kind.clone()).unwrap_or_default(),
            cell(memory.map(|own| own.named_GB)),
            cell(memory.map(|own| bytes(own.capacity_bytes))),
            cell(memory.and_then(|own| own.usable_bytes).map(bytes)),
            cell(memory.and_then(|own| own.bandwidth_GBps)),
            cell(sram.map(|own| own.capacity_MB)),
            cell(sram.and_then(|own| own.bandwidth_GBps)),
            cell(reach),
            cell(domain),
            cell(self.scale_out.as_ref().map(|link| link.bandwidth_GBps)),
            cell(self.power.tdp_W),
            cell(self.power.it_W),
            cell(self.sold.as_ref().map(|own| f64::from(own.rented_chips))),
            cell(self.sold.as_ref().map(|own| f64::from(own.bought_chips))),
        ];
        cells.extend(self.price.cells(browser, stale));
        cells.extend([
            self.confidence.id().to_owned(),
            words(&format!("{} (read {})", self.sources, self.date), browser),
            words(&notes, browser),
        ]);
        cells
    }
}

impl PriceFile {
    fn check(&self, c: &mut Checks) {
        c.range("price.capex_USD", self.capex_USD, bounds::CAPEX, 1.0);
        if self.capex_USD.is_some() {
            c.ensure(self.as_of.is_some() && self.source.is_some(), || {
                "[price] needs `source` and `as_of`: a purchase price without its date is none".to_owned()
            });
        }
        for own in &self.per_hour {
            own.check(c);
        }
    }

    /// The purchase with its date, then what is shown of each basis with a price per hour.
    fn cells(&self, browser: bool, stale: &dyn Fn(&str) -> bool) -> Vec<String> {
        let capex = self.capex_USD.and(self.as_of.as_deref()).unwrap_or_default();
        let quotes = PriceBasis::QUOTED.map(|basis| self.quote(basis, browser, stale));
        [cell(self.capex_USD), dated(capex, stale)].into_iter().chain(quotes).collect()
    }

    /// What is shown of a basis: of the rows that are not stale, where there are such, a survey's newest, else the median by
    /// price (of an even number the lower), with the ends of all rows. Rows that are estimates of their source count only
    /// where there is no other.
    fn quote(&self, basis: PriceBasis, browser: bool, stale: &dyn Fn(&str) -> bool) -> String {
        let own = |estimate: bool| {
            let rows = self.per_hour.iter().filter(move |own| own.basis == basis && own.estimate == estimate);
            rows.collect::<Vec<&HourlyFile>>()
        };
        let mut rows = own(false);
        if rows.is_empty() {
            rows = own(true);
        }
        rows.sort_by(|a, b| a.USD.total_cmp(&b.USD));
        let old = |own: &HourlyFile| stale(own.as_of.as_deref().unwrap_or_default());
        let mut candidates: Vec<&HourlyFile> = rows.iter().copied().filter(|own| !old(own)).collect();
        if candidates.is_empty() {
            candidates.clone_from(&rows);
        }
        let surveys = candidates.iter().filter(|own| own.class == PriceClass::Survey);
        let newest = surveys.max_by_key(|own| own.as_of.as_deref().unwrap_or_default());
        let median = candidates.get(candidates.len().saturating_sub(1) / 2);
        let Some(shown) = newest.or(median) else {
            return String::new();
        };
        let low = rows.iter().map(|own| own.low_USD.unwrap_or(own.USD)).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(|own| own.high_USD.unwrap_or(own.USD)).fold(0.0, f64::max);
        let date = dated(shown.as_of.as_deref().unwrap_or_default(), stale);
        let (class, term) = (shown.class.id(), shown.term.id());
        let estimate = if shown.estimate { "e" } else { "-" };
        let text = format!("{} {low} {high} {date} {class} {term} {estimate}", shown.USD);
        if browser { text } else { format!("{text} {}", shown.url.as_deref().unwrap_or_default()) }
    }
}

/// A date, marked where it is too long ago.
fn dated(date: &str, stale: &dyn Fn(&str) -> bool) -> String {
    format!("{date}{}", if stale(date) { "!" } else { "" })
}

impl HourlyFile {
    /// What its block is called where it says where it comes from.
    const fn block(&self) -> &'static str {
        match self.basis {
            PriceBasis::Market => "price.market",
            PriceBasis::List => "price.list",
            PriceBasis::Contract => "price.contract",
            PriceBasis::Own => "price.own",
            PriceBasis::Tco => "price.tco",
        }
    }

    fn check(&self, c: &mut Checks) {
        let block = self.block();
        c.range(&format!("{block}.USD"), self.USD, bounds::PRICE, 1.0);
        c.between(&format!("{block}.low_USD"), self.low_USD, bounds::PRICE.low, self.USD);
        c.between(&format!("{block}.high_USD"), self.high_USD, self.USD, bounds::PRICE.high);
        c.text(&format!("{block}.provider"), &self.provider);
        c.ensure(self.basis != PriceBasis::Own, || {
            "`basis = \"own\"` has no price per hour: it follows from `capex_USD`; a published total is \"tco\"".to_owned()
        });
        let fits = match self.basis {
            PriceBasis::Market | PriceBasis::List => self.term == PriceTerm::OnDemand,
            PriceBasis::Contract => matches!(self.term, PriceTerm::OneYear | PriceTerm::ThreeYears),
            PriceBasis::Own | PriceBasis::Tco => self.term == PriceTerm::None,
        };
        c.ensure(fits, || {
            format!(
                "`term = {:?}` does not belong to `basis = {:?}`: market and list are on-demand, contract is 1-year or \
                 3-year, tco has none",
                self.term.id(),
                self.basis.id()
            )
        });
        c.ensure(self.source.is_some() && self.url.is_some() && self.as_of.is_some(), || {
            format!("a row of {block} ({}) needs `source`, `url` and `as_of`", self.provider)
        });
    }
}

//! Time of an exchange between the chips of a replica.
//!
//! Inside a scale-up domain the smaller of two straight lines: the way that starts sooner and the way that moves more.
//!
//! `t = min(t0 + hop·s + W/(link·low·g), t0 + hop·s + switch + V/(link·e·g))`
//!
//! `V = b·2(n − 1)/n` for an all-reduce, `b·(n − 1)/n` for the others. `W`: an engine's own all-reduce reads the messages of
//! all others, `b·(n − 1)`; NCCL's low-latency protocols move `V` too. An engine takes NCCL's ways where they are faster. `s`: steps of the slowest rank. `g = (1 − pair/n)·
//! (2/n)^crowd` says how the share of the link changes with ranks, and on a mesh or torus how many links they use.
//! Constants: those of the chip, of the kind of link, or of the measured sibling (`constants/collectives.csv`, `fabrics.csv`).
//!
//! Beyond the domain the exchange is hierarchical: NCCL's inside, then across nodes on as many network cards as the domain
//! has chips. An all-reduce crosses twice for each doubling of nodes, the others once.

use super::constants::{CollectiveLaw, CollectiveRow, Constants, FabricRow, Measured, Operation, Topology};
use super::engine::{EngineRow, Generation};
use super::exchange::{ExchangeKernel, ExchangePart, ExchangeRow, Parcel, Reach};
use super::link::{LinkKind, LinkRow};
use crate::catalog::{Chip, Engine};
use crate::units::{Bytes, BytesPerSecond, Seconds, larger, power, smaller};

/// Ranks from which on a tree takes no more steps than a ring: NCCL still goes around at 16 on NVL72.
const TREE: f64 = 16.0;
/// A way that nothing takes.
const NO_WAY: (f64, f64) = (f64::INFINITY, 0.0);

/// The links of a chip as collectives see them.
#[derive(Clone, Debug)]
pub struct Fabric<'a> {
    tables: &'a Constants,
    engine: &'a EngineRow,
    measured: Measured<'a>,
    row: &'a FabricRow,
    network_row: LinkRow,
    link: Option<BytesPerSecond>,
    domain: u32,
    network: Option<BytesPerSecond>,
}

/// A collective among a fixed number of ranks, resolved to its constants.
#[derive(Clone, Copy, Debug)]
pub struct Collective {
    operation: Operation,
    ranks: u32,
    inner: f64,
    outer: f64,
    /// Start and seconds per byte of the message of each way there is, the sooner and the wider way of each library: the engine's
    /// own, NCCL's, both on the elder sibling, and what is fused with a norm.
    ways: [(f64, f64); 10],
    /// Seconds per byte of the message on the links alone.
    least: f64,
    /// Latency across nodes.
    crossing: f64,
    /// Seconds per byte of the message across nodes.
    across: f64,
    scale: f64,
}

/// An expert exchange among a fixed number of ranks, resolved to its constants.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Dispatch and combine of decode, then of prefill.
    rows: [[Option<&'a ExchangeRow>; 2]; 2],
    reach: Reach,
    /// Processors of a chip.
    processors: f64,
}

impl<'a> Fabric<'a> {
    /// The fabric of a chip under an engine, whose own all-reduce is used where it was measured.
    #[must_use]
    pub fn new(tables: &'a Constants, chip: &Chip, engine: &'a EngineRow, measured: Measured<'a>) -> Self {
        Self {
            tables,
            engine,
            measured,
            row: tables.fabric(&chip.id),
            network_row: tables.link(LinkKind::across(engine.engine)),
            link: chip.scale_up.map(|up| up.bandwidth),
            domain: chip.scale_up.map_or(1, |up| up.domain).max(1),
            network: chip.scale_out,
        }
    }

    /// Chips that reach each other over the scale-up link.
    #[must_use]
    pub fn domain(&self) -> u32 {
        self.domain
    }

    /// The bandwidth of a chip to its replica's others: scale-up while they fit in the domain, else the network.
    #[must_use]
    pub fn bandwidth(&self, ranks: u32) -> BytesPerSecond {
        let slow = self.network.or(self.link).unwrap_or(BytesPerSecond::giga(1.0));
        if ranks <= self.domain { self.link.unwrap_or(slow) } else { slow }
    }

    /// Latency and time of one hop of so many bytes to the next stage of a replica of so many chips.
    #[must_use]
    pub fn hop(&self, chips: u32, bytes: Bytes) -> (Seconds, Seconds) {
        let (kind, bandwidth) = if chips <= self.domain {
            (LinkKind::Domain, self.bandwidth(2) * self.row.share(2.0))
        } else {
            (LinkKind::Network, self.bandwidth(u32::MAX))
        };
        let link = self.tables.link(kind);
        (link.latency, link.latency + bytes / (bandwidth * link.efficiency))
    }

    /// The constants of a collective among so many ranks under the engine.
    #[must_use]
    pub fn collective(&self, operation: Operation, ranks: u32) -> Collective {
        if ranks <= 1 {
            // Nothing is said to anybody.
            let (law, direct) = self.law(operation, None);
            return self.alone(operation, ranks, law, direct);
        }
        let mut alone = self.by(operation, ranks, Some(self.engine.engine));
        // A newer chip runs what its elder sibling runs, though a table shows it slower: an engine's later release mends that.
        for (law, direct) in self.elder(operation, ranks) {
            let elder = self.alone(operation, ranks, law, direct);
            let place = if direct { 4 } else { 6 };
            [alone.ways[place], alone.ways[place + 1]] = [elder.ways[0], elder.ways[1]];
        }
        if let Some((law, direct)) = self.fused(operation, ranks) {
            let fused = self.alone(operation, ranks, law, direct);
            [alone.ways[8], alone.ways[9]] = [fused.ways[0], fused.ways[1]];
        }
        // What crosses nodes is NCCL's, which no engine makes faster as it does its own kernels.
        let own = self.engine.link_scale;
        let scale = if ranks <= self.domain { own } else { own.max(1.0) };
        Collective { scale, ..alone }
    }

    /// A collective as it runs alone by an engine's kernels, or by NCCL's where `library` is none. An engine takes NCCL's ways
    /// where they are faster, or where its own do not reach.
    #[must_use]
    pub fn by(&self, operation: Operation, ranks: u32, library: Option<Engine>) -> Collective {
        let alone = |(law, direct)| self.alone(operation, ranks, law, direct);
        let mut found = alone(self.law(operation, None));
        if let Some(own) = library.and_then(|engine| self.own(operation, ranks, engine)).map(alone) {
            [found.ways[2], found.ways[3]] = [found.ways[0], found.ways[1]];
            [found.ways[0], found.ways[1]] = [own.ways[0], own.ways[1]];
        }
        found
    }

    /// A collective by this law, as it runs alone. `direct`: the sooner way, every rank reads the messages of all others.
    #[must_use]
    pub fn alone(&self, operation: Operation, ranks: u32, law: &CollectiveLaw, direct: bool) -> Collective {
        let inner = f64::from(ranks.min(self.domain).max(1));
        let outer = f64::from(ranks.max(1)) / inner;
        let link = self.bandwidth(ranks.min(self.domain)).get() * self.row.share(inner);
        let volume = operation.volume(inner);
        let crowd = if law.crowd > 0.0 { power(2.0 / inner, law.crowd) } else { 1.0 };
        let share = (1.0 - law.pair / inner) * crowd;
        let read = if direct { inner - 1.0 } else { volume };
        let passes = operation.passes();
        let crossings = if outer > 1.0 { libm::ceil(libm::log2(libm::ceil(outer))) * passes } else { 0.0 };
        let LinkRow { latency, efficiency } = self.network_row;
        let network = self.network.map_or(link, BytesPerSecond::get) * efficiency;
        let floor = law.t0.get() + law.hop.get() * self.row.steps(inner);
        Collective {
            operation,
            ranks,
            inner,
            outer,
            ways: [
                (floor, read / (link * law.low * share)),
                (floor + law.switch.get(), volume / (link * law.efficiency * share)),
                NO_WAY,
                NO_WAY,
                NO_WAY,
                NO_WAY,
                NO_WAY,
                NO_WAY,
                NO_WAY,
                NO_WAY,
            ],
            least: volume / link,
            crossing: latency.get() * crossings,
            across: operation.volume(outer) / (inner * network),
            scale: 1.0,
        }
    }

    /// The law of an engine's own kernels, where it has some for so many ranks.
    fn own(&self, operation: Operation, ranks: u32, engine: Engine) -> Option<(&'a CollectiveLaw, bool)> {
        (ranks <= self.reached(engine))
            .then(|| self.law(operation, Some(engine)))
            .filter(|(_, direct)| *direct)
    }

    /// The all-reduces that vLLM and SGLang fuse with the norm behind them on Blackwell, which are TensorRT-LLM's by way of
    /// `FlashInfer`: vLLM `config/vllm.py`, `enable_allreduce_rms_fusion`; SGLang `server_args.py`,
    /// `enable_flashinfer_allreduce_fusion`. Both want NVLink.
    fn fused(&self, operation: Operation, ranks: u32) -> Option<(&'a CollectiveLaw, bool)> {
        let engine = self.engine.engine;
        let fuses = matches!(engine, Engine::Vllm | Engine::Sglang)
            && self.engine.generation == Generation::Blackwell
            && self.row.topology == Topology::Switch
            && ranks <= self.reached(engine);
        fuses.then(|| self.own(operation, ranks, Engine::Trtllm)).flatten()
    }

    /// Ranks that an engine's own kernels reach.
    fn reached(&self, engine: Engine) -> u32 {
        let host = if engine == Engine::Trtllm { 0 } else { self.row.host };
        if host == 0 { self.domain } else { host.min(self.domain) }
    }

    /// The engine's kernels and NCCL's as they run on the elder sibling of the chip whose law is used.
    fn elder(
        &self,
        operation: Operation,
        ranks: u32,
    ) -> impl Iterator<Item = (&'a CollectiveLaw, bool)> + use<'a> {
        let engine = self.engine.engine;
        let reached = ranks <= self.reached(engine);
        let used = move |row: &&CollectiveRow| row.library.is_none_or(|own| own == engine && reached);
        self.measured.elder(operation).filter(used).map(|row| (&row.law, row.library.is_some()))
    }

    /// The law of a collective by a library, or else by NCCL, and whether every rank reads the messages of all others.
    fn law(&self, operation: Operation, library: Option<Engine>) -> (&'a CollectiveLaw, bool) {
        let [itself, sibling] = self.measured.collectives(operation).map(|rows| {
            let by = |library| rows.clone().find(|row| row.library == library);
            by(library).or_else(|| by(None)).map(|row| (&row.law, row.library.is_some()))
        });
        let kind = self.row.law.as_ref().map(|law| (law, false));
        itself.or(kind).or(sibling).unwrap_or_else(|| (self.tables.any_collective(), false))
    }

    /// The expert exchange among so many ranks under the engine.
    #[must_use]
    pub fn exchange(&self, ranks: u32) -> Exchange<'a> {
        let parts = [ExchangePart::Dispatch, ExchangePart::Combine];
        let row = |kernels, part| exchange(self.tables, &self.measured, self.row, kernels, part);
        Exchange {
            rows: kernels(self.engine.engine).map(|kernels| parts.map(|part| row(kernels, part))),
            reach: self.reach(ranks),
            processors: self.measured.cores,
        }
    }

    /// Time of one part of it by certain kernels, on so many processors or as many as they take; none where nothing is known
    /// of them.
    #[must_use]
    pub fn exchange_by(
        &self,
        kernel: ExchangeKernel,
        part: ExchangePart,
        ranks: u32,
        parcel: &Parcel,
        sms: Option<f64>,
    ) -> Option<Seconds> {
        let row = exchange(self.tables, &self.measured, self.row, &[kernel], part)?;
        Some(row.time(&self.reach(ranks), parcel, sms))
    }

    /// What lies between so many ranks of an expert exchange.
    #[must_use]
    pub fn reach(&self, ranks: u32) -> Reach {
        let inside = ranks.min(self.domain).max(1);
        let link = self.bandwidth(inside);
        Reach {
            ranks: f64::from(ranks),
            nodes: f64::from(ranks.max(1)) / f64::from(inside),
            link: link * self.row.share(f64::from(inside)),
            network: self.network.unwrap_or(link),
        }
    }
}

/// The kernels of an engine's expert exchange in decode and in prefill, in the order in which it prefers them: NVLink's where
/// one domain holds many hosts, low-latency ones inside graphs, those of high throughput in prefills. What a call costs the host
/// is the engine's.
fn kernels(engine: Engine) -> [&'static [ExchangeKernel]; 2] {
    use ExchangeKernel::{Low, Normal, NvlinkTwoSided, TrtllmNormal};
    match engine {
        Engine::Trtllm => [&[NvlinkTwoSided, Low], &[NvlinkTwoSided, TrtllmNormal, Normal]],
        _ => [&[Low], &[Normal]],
    }
}

/// The row of the first of these kernels that was measured on the chip itself, on its sibling, or on a chip with the same kind
/// of link; else that of any chip.
fn exchange<'a>(
    tables: &'a Constants,
    measured: &Measured<'a>,
    fabric: &FabricRow,
    kernels: &[ExchangeKernel],
    part: ExchangePart,
) -> Option<&'a ExchangeRow> {
    let near = |kernel: &ExchangeKernel| {
        measured.exchange(*kernel, part).or_else(|| tables.exchange(fabric.chips, *kernel, part))
    };
    let any = |kernel: &ExchangeKernel| tables.exchange("*", *kernel, part);
    kernels.iter().find_map(near).or_else(|| kernels.iter().find_map(any))
}

impl FabricRow {
    /// Share of a chip's links that so many ranks use.
    fn share(&self, ranks: f64) -> f64 {
        let used = match self.topology {
            Topology::Switch | Topology::Bus => return 1.0,
            Topology::Mesh => ranks - 1.0,
            Topology::Torus => libm::log2(ranks),
        };
        smaller(larger(used, 1.0) / self.links, 1.0)
    }

    /// Steps of the slowest rank of a ring, which on a torus goes around each axis in turn.
    fn steps(&self, ranks: f64) -> f64 {
        match self.topology {
            Topology::Torus => {
                let axes = larger(self.links / 2.0, 1.0);
                axes * (power(ranks, 1.0 / axes) - 1.0)
            }
            Topology::Switch | Topology::Mesh | Topology::Bus => {
                if ranks <= TREE {
                    ranks - 1.0
                } else {
                    (TREE - 1.0) / libm::log2(TREE) * libm::log2(ranks)
                }
            }
        }
    }
}

impl Exchange<'_> {
    /// Time of one part in a pass: by low-latency kernels in decode, by those of high throughput in prefill.
    #[must_use]
    pub fn time(&self, prefill: bool, part: ExchangePart, parcel: &Parcel) -> Seconds {
        let [time, ..] = self.timed(prefill, part, parcel);
        time
    }

    /// The same, for how long of it the processors of the chip are kept from other work, and what of it no faster link would
    /// shorten.
    #[must_use]
    pub fn timed(&self, prefill: bool, part: ExchangePart, parcel: &Parcel) -> [Seconds; 3] {
        let row = self.rows[usize::from(prefill)][usize::from(part != ExchangePart::Dispatch)];
        row.map_or([Seconds::ZERO; 3], |row| {
            let time = row.time(&self.reach, parcel, None);
            [time, row.held(time, self.processors), row.unlinked(&self.reach, parcel, time)]
        })
    }
}

impl Collective {
    /// Time of a message that is nearly empty.
    #[must_use]
    pub fn latency(&self) -> Seconds {
        let floor = self.ways.iter().fold(f64::INFINITY, |least, way| smaller(least, way.0));
        let inner = if self.inner > 1.0 { floor * self.scale } else { 0.0 };
        Seconds::new(inner + self.crossing)
    }

    /// Time for a message of `bytes` (of the whole message), and the bytes on each chip's link.
    #[must_use]
    pub fn time(&self, bytes: Bytes) -> (Seconds, Bytes) {
        if self.ranks <= 1 || bytes.get() <= 0.0 {
            return (Seconds::ZERO, Bytes::ZERO);
        }
        let mut time = 0.0;
        if self.inner > 1.0 {
            let size = bytes.get();
            let way = |fastest, (start, slope): (f64, f64)| smaller(fastest, start + size * slope);
            let fastest = self.ways.into_iter().fold(f64::INFINITY, way);
            time = larger(fastest * self.scale, size * self.least);
        }
        if self.outer > 1.0 {
            time += self.crossing + bytes.get() * self.across;
        }
        let inside = bytes * self.operation.volume(self.inner);
        (Seconds::new(time), inside)
    }
}

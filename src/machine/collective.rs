//! Time of an exchange between the chips of a replica.
//!
//! Inside a scale-up domain: `t = (t0^q + (V/(link·e))^q)^(1/q)` with the measured constants of the chip, its sibling,
//! or the median of all measured chips. Beyond it the data leave over the network: a hierarchical exchange pays the
//! inner one, then the outer one over the scale-out link with a latency of its own.
//! Source: `data/constants/collectives.csv`; across nodes the expert exchange measured on Hopper over 400 Gb/s InfiniBand
//! reaches about 0.8 of the card's bandwidth with a floor of 25 to 50 µs.

use super::constants::{CollectiveRow, Constants, Measured, Operation};
use super::engine::EngineRow;
use super::link::{LinkKind, LinkRow};
use crate::catalog::{Chip, Engine};
use crate::units::{Bytes, BytesPerSecond, Seconds, larger, power};

/// The links of a chip as collectives see them.
#[derive(Clone, Debug)]
pub struct Fabric<'a> {
    tables: &'a Constants,
    engine: &'a EngineRow,
    measured: Measured<'a>,
    network_row: LinkRow,
    exchange_row: LinkRow,
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
    t0: f64,
    /// `t0` to the power of `q`.
    raised: f64,
    rate: f64,
    q: f64,
    link: f64,
    network: f64,
    network_row: LinkRow,
    scale: f64,
}

impl<'a> Fabric<'a> {
    /// The fabric of a chip under an engine, whose own all-reduce is used where it was measured.
    #[must_use]
    pub fn new(tables: &'a Constants, chip: &Chip, engine: &'a EngineRow, measured: Measured<'a>) -> Self {
        Self {
            tables,
            engine,
            measured,
            network_row: tables.link(LinkKind::Network),
            exchange_row: tables.link(LinkKind::Exchange),
            link: chip.scale_up.map(|up| up.bandwidth),
            domain: chip.scale_up.map_or(1, |up| up.domain).max(1),
            network: chip.scale_out,
        }
    }

    /// The tables behind it.
    #[must_use]
    pub fn tables(&self) -> &'a Constants {
        self.tables
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

    /// The constants of a collective among so many ranks.
    #[must_use]
    pub fn collective(&self, operation: Operation, ranks: u32) -> Collective {
        let inner = ranks.min(self.domain).max(1);
        let outer = f64::from(ranks) / f64::from(inner);
        let link = self.bandwidth(inner);
        let measured = self.row(operation, inner);
        let (t0, efficiency, q, raised) = measured.map_or_else(
            || {
                let LinkRow { latency, efficiency, q } = self.tables.link(LinkKind::Domain);
                (latency, efficiency, q, power(latency.get(), q))
            },
            |row| (row.t0, row.efficiency, row.q, row.raised),
        );
        Collective {
            operation,
            ranks,
            inner: f64::from(inner),
            outer,
            t0: t0.get(),
            raised,
            rate: link.get() * efficiency,
            q,
            link: link.get(),
            network: self.network.unwrap_or(link).get(),
            network_row: self.network_row,
            scale: self.engine.link_scale,
        }
    }

    /// The measurement that is nearest in chip, then library, then ranks.
    fn row(&self, operation: Operation, ranks: u32) -> Option<&'a CollectiveRow> {
        self.measured.collectives(operation).into_iter().find_map(|rows| {
            [Some(self.engine.engine), Some(Engine::Trtllm), None].into_iter().find_map(|library| {
                let own = rows.clone().filter(|row| row.library == library);
                own.min_by_key(|row| (row.ranks.abs_diff(ranks), row.ranks))
            })
        })
    }

    /// Time for one direction of the expert exchange: each rank sends each of its tokens to the ranks that hold its
    /// experts. `tokens` is per rank, `bytes` per token.
    #[must_use]
    pub fn expert_exchange(&self, ranks: u32, tokens: f64, top_k: f64, bytes: Bytes) -> Seconds {
        if ranks <= 1 || tokens <= 0.0 {
            return Seconds::ZERO;
        }
        let ways = f64::from(ranks);
        let nodes = ways / f64::from(ranks.min(self.domain));
        let exchange = self.exchange_row;
        if nodes <= 1.0 {
            let destinations = (ways - 1.0) * (1.0 - power(1.0 - 1.0 / ways, top_k));
            return exchange.latency
                + bytes * (tokens * destinations) / (self.bandwidth(ranks) * exchange.efficiency);
        }
        // A token crosses the network once for each remote node that holds one of its experts.
        let remote = (nodes - 1.0) * (1.0 - power(1.0 - 1.0 / nodes, top_k));
        let across = self.network_row;
        let network = self.bandwidth(ranks) * across.efficiency;
        across.latency + exchange.latency + bytes * (tokens * remote) / network
    }
}

impl Collective {
    /// Time of a message that is nearly empty.
    #[must_use]
    pub fn latency(&self) -> Seconds {
        let inner = if self.inner > 1.0 { self.t0 * self.scale } else { 0.0 };
        let outer = if self.outer > 1.0 { self.network_row.latency } else { Seconds::ZERO };
        Seconds::new(inner) + outer
    }

    /// Time for a message of `bytes` (of the whole message), and the bytes on each chip's link.
    #[must_use]
    pub fn time(&self, bytes: Bytes) -> (Seconds, Bytes) {
        if self.ranks <= 1 || bytes.get() <= 0.0 {
            return (Seconds::ZERO, Bytes::ZERO);
        }
        let inside = self.operation.volume(bytes, self.inner);
        let mut time = Seconds::ZERO;
        if self.inner > 1.0 {
            let transfer = inside.get() / self.rate;
            let joined = power(self.raised + power(transfer, self.q), 1.0 / self.q);
            time += Seconds::new(larger(joined * self.scale, inside.get() / self.link));
        }
        if self.outer > 1.0 {
            // Each chip carries its share of the message across nodes.
            let across = self.operation.volume(bytes / self.inner, self.outer);
            let LinkRow { latency, efficiency, .. } = self.network_row;
            time += latency + Seconds::new(across.get() / (self.network * efficiency));
        }
        (time, inside)
    }
}

//! The way of the KV cache from prefill to decode.
//!
//! A request's cache is the sum over layers of what attention keeps, once, however many ranks copy it. It leaves layer
//! by layer while the prefill still runs, so only the last layer's share and what the link cannot keep up with are felt.
//! What connects the pools decides the bandwidth ([`super::connection`]).

use super::connection::{Connection, connection, together};
use super::outcome::{Flow, Per, Transfer};
use super::refusal::Refusal;
use super::side::Side;
use crate::catalog::Chip;
use crate::catalog::model::{Kept, Model};
use crate::machine::LinkRow;
use crate::pass::Numerics;
use crate::scenario::{Role, Scenario};
use crate::units::{Bytes, BytesPerSecond, RequestsPerSecond, Seconds, Tokens};

/// The way between two pools.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    bytes: Bytes,
    /// What one request gets when it is alone.
    bandwidth: BytesPerSecond,
    /// What all replicas of the narrower pool carry together.
    total: BytesPerSecond,
    latency: Seconds,
    /// Rewriting the cache in the receiver's layout.
    convert: Seconds,
    /// Whether the scenario asks for a scale-up domain that the pools do not share.
    pub(super) apart: bool,
}

/// What the two ends of a way bring, before it is known how many chips each has: a search settles it once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends {
    /// Per request.
    bytes: Bytes,
    /// Per chip and direction.
    sends: BytesPerSecond,
    /// Per chip and direction.
    receives: BytesPerSecond,
    latency: Seconds,
    /// Whether the scenario asks for a scale-up domain that the pools do not share.
    apart: bool,
}

/// The ends of a way between chips of two kinds, so many in all.
///
/// # Errors
/// [`Refusal::MissingFigure`] when a chip has no published network bandwidth and the scenario states no link.
pub fn ends(
    scenario: &Scenario,
    row: LinkRow,
    model: &Model,
    numerics: Numerics,
    isl: Tokens,
    chips: (&Chip, &Chip, u32),
) -> Result<Ends, Refusal> {
    let Connection { first: sends, second: receives, latency, apart } = connection(scenario, row, chips)?;
    Ok(Ends { bytes: cache_bytes(model, numerics, isl), sends, receives, latency, apart })
}

impl Ends {
    /// The way between replicas of so many chips, so many of them on each side, where both keep the cache alike.
    #[must_use]
    pub fn path(&self, from: (f64, f64), to: (f64, f64)) -> Path {
        Path {
            bytes: self.bytes,
            bandwidth: (self.sends * from.0).min(self.receives * to.0),
            total: (self.sends * (from.0 * from.1)).min(self.receives * (to.0 * to.1)),
            latency: self.latency,
            convert: Seconds::ZERO,
            apart: self.apart,
        }
    }
}

/// The way from a prefill pool to a decode pool.
///
/// # Errors
/// [`Refusal::MissingFigure`] when a chip has no published network bandwidth and the scenario states no link.
pub fn path(
    scenario: &Scenario,
    row: LinkRow,
    model: &Model,
    numerics: Numerics,
    isl: Tokens,
    from: &Side<'_>,
    to: &Side<'_>,
) -> Result<Path, Refusal> {
    let ends = ends(scenario, row, model, numerics, isl, together(from, to))?;
    let side =
        |end: &Side<'_>| (f64::from(end.settled.replica.layout().chips()), f64::from(end.settled.replicas));
    Ok(Path { convert: conversion(ends.bytes, from, to), ..ends.path(side(from), side(to)) })
}

/// Time to read and write the cache once more where the two ends keep it differently: other chips page it otherwise, and
/// other degrees of parallelism spread its heads and layers otherwise.
fn conversion(cache: Bytes, from: &Side<'_>, to: &Side<'_>) -> Seconds {
    let (here, there) = (from.settled.replica.layout(), to.settled.replica.layout());
    if from.chip.id == to.chip.id && (here.tp, here.pp) == (there.tp, there.pp) {
        return Seconds::ZERO;
    }
    let main = to.chip.memory.as_ref().map(|memory| memory.bandwidth);
    let memory = main.or_else(|| to.chip.sram.and_then(|sram| sram.bandwidth));
    // A sequence lies on the ranks of one data-parallel group.
    let chips = f64::from(there.tp) * f64::from(there.pp) * f64::from(there.pcp);
    memory.map_or(Seconds::ZERO, |bandwidth| cache * 2.0 / (bandwidth * chips))
}

/// Cache and state of a prompt, each element once.
#[must_use]
pub fn cache_bytes(model: &Model, numerics: Numerics, isl: Tokens) -> Bytes {
    Bytes::new(model.cached_bytes(isl, numerics.kv, Kept::default()) + model.state_elements() * 4.0)
}

impl Path {
    /// KV cache of a request.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// What a report says of the flow, the same as [`Self::state`] for a list of flows.
    #[must_use]
    pub fn flow(&self, state: &Transfer, to: Role) -> Flow {
        Flow {
            from: Role::Prefill,
            to,
            per: Per::Request,
            bytes: state.bytes,
            bandwidth: state.bandwidth,
            time: state.time,
            exposed: state.exposed,
            utilisation: state.utilisation,
        }
    }

    /// What one request gets when it is alone, what all get together, and the latency.
    #[must_use]
    pub fn bandwidths(&self) -> (BytesPerSecond, BytesPerSecond, Seconds) {
        (self.bandwidth, self.total, self.latency)
    }

    /// Most requests per second the way carries.
    #[must_use]
    pub fn most(&self) -> RequestsPerSecond {
        RequestsPerSecond::new(self.total.get() / self.bytes.get().max(1.0))
    }

    /// Time on the wire at this rate: a busy link is shared.
    fn time(&self, rate: RequestsPerSecond) -> Seconds {
        let load = (rate / self.most()).min(0.999);
        self.latency + self.convert + self.bytes / (self.bandwidth * (1.0 - load))
    }

    /// What of the transfer is not hidden behind a prefill of this length.
    #[must_use]
    pub fn exposed(&self, rate: RequestsPerSecond, prefill: Seconds, layers: u32) -> Seconds {
        let time = self.time(rate);
        let last_layer = (time - self.latency) / f64::from(layers.max(1));
        self.latency + last_layer.max(time - self.latency - prefill)
    }

    /// What a report says of the transfer.
    #[must_use]
    pub fn state(&self, rate: RequestsPerSecond, prefill: Seconds, layers: u32) -> Transfer {
        Transfer {
            bytes: self.bytes,
            bandwidth: self.bandwidth,
            time: self.time(rate),
            exposed: self.exposed(rate, prefill, layers),
            utilisation: (rate / self.most()).min(1.0),
        }
    }
}

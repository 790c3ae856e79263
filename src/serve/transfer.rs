//! The way of the KV cache from prefill to decode.
//!
//! A request's cache is the sum over layers of what attention keeps, once, however many ranks copy it. It leaves layer
//! by layer while the prefill still runs, so only the last layer's share and what the link cannot keep up with are felt.
//! What connects the pools decides the bandwidth ([`super::connection`]).

use super::connection::{Connection, connection};
use super::deployment::Side;
use super::outcome::{Flow, Per, Transfer};
use super::refusal::Refusal;
use crate::catalog::model::Model;
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
    let Connection { first: sends, second: receives, latency, apart } = connection(scenario, row, from, to)?;
    let replica = |end: &Side<'_>| f64::from(end.settled.replica.layout().chips());
    let pool = |end: &Side<'_>| replica(end) * f64::from(end.settled.replicas);
    let cache = cache_bytes(model, numerics, isl);
    Ok(Path {
        bytes: cache,
        bandwidth: (sends * replica(from)).min(receives * replica(to)),
        total: (sends * pool(from)).min(receives * pool(to)),
        latency,
        convert: conversion(cache, from, to),
        apart,
    })
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
    let chips = f64::from(there.tp) * f64::from(there.pp);
    memory.map_or(Seconds::ZERO, |bandwidth| cache * 2.0 / (bandwidth * chips))
}

/// Cache and state of a prompt, each element once.
fn cache_bytes(model: &Model, numerics: Numerics, isl: Tokens) -> Bytes {
    let layers = model.attention.iter().map(|layers| {
        let kept =
            layers.kind.cached_elements(isl) * numerics.kv_bytes() + layers.kind.state_elements() * 4.0;
        f64::from(layers.count) * kept
    });
    Bytes::new(layers.sum())
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

//! The way of the KV cache from prefill to decode.
//!
//! A request's cache is the sum over layers of what attention keeps, once, however many ranks copy it. It leaves layer
//! by layer while the prefill still runs, so only the last layer's share and what the link cannot keep up with are felt.
//! The slower end decides the bandwidth: a replica sends over the links of all its chips. Unlike chips, and pools beyond
//! one scale-up domain, meet over the network.

use super::deployment::Side;
use super::outcome::Transfer;
use super::refusal::Refusal;
use crate::catalog::Chip;
use crate::catalog::model::Model;
use crate::machine::LinkRow;
use crate::pass::Numerics;
use crate::scenario::{PoolLink, Scenario};
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
    let together = from.pool.chips.saturating_add(to.pool.chips);
    let domain = from.chip.scale_up.filter(|_| from.chip.id == to.chip.id).filter(|up| together <= up.domain);
    let per_chip = |chip: &Chip| match (scenario.link, domain) {
        (PoolLink::Custom { bandwidth }, _) => Ok(bandwidth),
        (PoolLink::Auto, Some(up)) => Ok(up.bandwidth * row.efficiency),
        (PoolLink::Auto, None) => match chip.scale_out {
            Some(network) => Ok(network * row.efficiency),
            None => Err(Refusal::MissingFigure {
                chip: chip.id.to_string(),
                figure: "network bandwidth; state a link",
            }),
        },
    };
    let (sends, receives) = (per_chip(from.chip)?, per_chip(to.chip)?);
    let replica = |end: &Side<'_>| f64::from(end.settled.replica.layout().chips());
    let pool = |end: &Side<'_>| replica(end) * f64::from(end.settled.replicas);
    Ok(Path {
        bytes: cache_bytes(model, numerics, isl),
        bandwidth: (sends * replica(from)).min(receives * replica(to)),
        total: (sends * pool(from)).min(receives * pool(to)),
        latency: row.latency,
    })
}

/// Cache and state of a prompt, each element once.
pub(super) fn cache_bytes(model: &Model, numerics: Numerics, isl: Tokens) -> Bytes {
    let layers = model.attention.iter().map(|layers| {
        let kept =
            layers.kind.cached_elements(isl) * numerics.kv_bytes() + layers.kind.state_elements() * 4.0;
        f64::from(layers.count) * kept
    });
    Bytes::new(layers.sum())
}

impl Path {
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
        self.latency + self.bytes / (self.bandwidth * (1.0 - load))
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

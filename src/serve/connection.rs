//! What connects two pools: how many bytes per second each end moves, and how long an empty message takes.
//!
//! A replica sends over the links of all its chips, and the slower end decides. Unlike chips, and pools that together
//! exceed one scale-up domain, never share that domain: whatever the scenario says, they meet over a network.

use super::refusal::Refusal;
use super::side::Side;
use crate::catalog::Chip;
use crate::catalog::chip::ScaleUp;
use crate::machine::{LinkRow, wire};
use crate::scenario::{PoolLink, Scenario, Wire};
use crate::units::{BytesPerSecond, Seconds};

/// The way between two pools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connection {
    /// What a chip of the first pool sends or receives.
    pub first: BytesPerSecond,
    /// What a chip of the second pool sends or receives.
    pub second: BytesPerSecond,
    /// Time of an empty message.
    pub latency: Seconds,
    /// Whether the scenario asks for a scale-up domain that the pools do not share.
    pub apart: bool,
}

/// The way between pools of two chips, so many in all. `row` says what a transfer between pools reaches of a link.
///
/// # Errors
/// [`Refusal::MissingFigure`] when a chip has no published network bandwidth and the scenario states no link.
pub fn connection(
    scenario: &Scenario,
    row: LinkRow,
    (first, second, together): (&Chip, &Chip, u32),
) -> Result<Connection, Refusal> {
    let shared = shared((first, second, together));
    let both = |bandwidth, latency| Connection { first: bandwidth, second: bandwidth, latency, apart: false };
    let network = |chip: &Chip| {
        let known = chip.scale_out.map(|network| network * row.efficiency);
        known.ok_or_else(|| Refusal::MissingFigure {
            chip: chip.id.to_string(),
            figure: "network bandwidth; state a link",
        })
    };
    let unknown = |chip: &Chip| Refusal::MissingFigure {
        chip: chip.id.to_string(),
        figure: "bandwidth of such a link",
    };
    let named = |kind, chip: &Chip| wire(kind, &chip.id).ok_or_else(|| unknown(chip));
    match (scenario.link, shared) {
        (PoolLink::Custom { bandwidth, latency }, _) => Ok(both(bandwidth, latency.unwrap_or(row.latency))),
        (PoolLink::Auto, Some(up)) => Ok(both(up.bandwidth * row.efficiency, row.latency)),
        (PoolLink::Wire(Wire::Domain), Some(up)) => {
            let own = named(Wire::Domain, first)?;
            Ok(both(up.bandwidth * own.efficiency, own.latency))
        }
        (PoolLink::Auto | PoolLink::Wire(Wire::Domain), None) => Ok(Connection {
            first: network(first)?,
            second: network(second)?,
            latency: row.latency,
            apart: scenario.link != PoolLink::Auto,
        }),
        (PoolLink::Wire(kind), _) => {
            // Each end has what its own instances have of such a wire.
            let end = |chip: &Chip| {
                let own = named(kind, chip)?;
                let bandwidth = own.bandwidth.ok_or_else(|| unknown(chip))?;
                Ok((bandwidth * own.efficiency, own.latency))
            };
            let ((first, latency), (second, _)) = (end(first)?, end(second)?);
            Ok(Connection { first, second, latency, apart: false })
        }
    }
}

/// The scale-up domain that two pools share, if they do.
fn shared((first, second, together): (&Chip, &Chip, u32)) -> Option<ScaleUp> {
    first.scale_up.filter(|_| first.id == second.id).filter(|up| together <= up.domain)
}

/// Whether the way between two pools is that of a scale-up domain that they share.
#[must_use]
pub fn inside(scenario: &Scenario, pools: (&Chip, &Chip, u32)) -> bool {
    matches!(scenario.link, PoolLink::Auto | PoolLink::Wire(Wire::Domain)) && shared(pools).is_some()
}

/// The chips of two pools, and how many they are in all.
#[must_use]
pub fn together<'a>(first: &Side<'a>, second: &Side<'a>) -> (&'a Chip, &'a Chip, u32) {
    (first.chip, second.chip, first.pool.chips.saturating_add(second.pool.chips))
}

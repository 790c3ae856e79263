//! Links between pools that go by a name (`constants/wires.csv`).

use crate::catalog::columns::Wires;
use crate::scenario::Wire;
use crate::units::{BytesPerSecond, Seconds};

/// The rows of the file as constants, each called after its wire.
mod rows {
    include!(concat!(env!("OUT_DIR"), "/wires.rs"));
}

/// The figures of a wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WireRow {
    /// Bandwidth per chip and direction; none where it is the chip's own scale-up link.
    pub bandwidth: Option<BytesPerSecond>,
    /// Time of an empty message.
    pub latency: Seconds,
    /// Share of the bandwidth that a transfer reaches.
    pub efficiency: f64,
}

/// The figures of a wire.
#[must_use]
pub fn wire(wire: Wire) -> WireRow {
    let row = match wire {
        Wire::Domain => &rows::DOMAIN,
        Wire::Pcie5 => &rows::PCIE5,
        Wire::Ib400 => &rows::IB400,
        Wire::Eth400 => &rows::ETH400,
        Wire::Eth800 => &rows::ETH800,
        Wire::Efa => &rows::EFA,
    };
    let bandwidth = Wires::bandwidth_GBps.of(row);
    WireRow {
        bandwidth: (bandwidth > 0.0).then(|| BytesPerSecond::giga(bandwidth)),
        latency: Seconds::micros(Wires::latency_us.of(row)),
        efficiency: Wires::efficiency.of(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wire_has_a_row() {
        let text = include_str!("../../data/constants/wires.csv");
        for own in Wire::ALL {
            assert!(text.lines().any(|line| line.starts_with(&format!("{},", own.id()))), "{own:?}");
            let row = wire(own);
            assert_eq!(row.bandwidth.is_none(), own == Wire::Domain);
            assert!(row.latency.get() > 0.0 && row.efficiency > 0.0 && row.efficiency <= 1.0);
        }
    }
}

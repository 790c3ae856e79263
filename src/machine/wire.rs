//! Links between pools that go by a name (`constants/wires.csv`).

use std::sync::OnceLock;

use crate::scenario::Wire;
use crate::units::decimal::decimal;
use crate::units::{BytesPerSecond, Seconds};

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
    static ROWS: OnceLock<Vec<(Wire, WireRow)>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let lines = include_str!(concat!(env!("OUT_DIR"), "/wires.csv")).lines();
        lines.skip(1).filter_map(row).collect()
    });
    let found = rows.iter().find(|(own, _)| *own == wire).map(|(_, row)| *row);
    // The file has a row for each wire, which a test checks.
    found.unwrap_or(WireRow { bandwidth: None, latency: Seconds::micros(10.0), efficiency: 0.8 })
}

fn row(line: &str) -> Option<(Wire, WireRow)> {
    let mut cells = line.split(',');
    let wire = Wire::from_id(cells.next()?)?;
    let mut number = || decimal(cells.next()?.trim());
    let bandwidth = number()?;
    let row = WireRow {
        bandwidth: (bandwidth > 0.0).then(|| BytesPerSecond::giga(bandwidth)),
        latency: Seconds::micros(number()?),
        efficiency: number()?,
    };
    Some((wire, row))
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

//! Links between pools that go by a name (`constants/wires.csv`).

use crate::catalog::columns::Wires;
use crate::scenario::Wire;
use crate::units::decimal::decimal;
use crate::units::{BytesPerSecond, Seconds};

/// The rows of the file.
const ROWS: &str = include_str!(concat!(env!("OUT_DIR"), "/wires.csv"));

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

/// The figures of a wire at a chip: what its instances have of such a wire, divided among their chips.
///
/// `None` only for a wire that the file lacks, of which a test knows.
#[must_use]
pub fn wire(wire: Wire, chip: &str) -> Option<WireRow> {
    row(wire, chip).or_else(|| row(wire, "*"))
}

fn row(wire: Wire, chip: &str) -> Option<WireRow> {
    let line = ROWS.lines().find(|line| line.split(',').take(2).eq([wire.id(), chip]))?;
    let number = |column: Wires| line.split(',').nth(column.into()).and_then(decimal);
    let bandwidth = number(Wires::bandwidth_GBps)?;
    Some(WireRow {
        bandwidth: (bandwidth > 0.0).then(|| BytesPerSecond::giga(bandwidth)),
        latency: Seconds::micros(number(Wires::latency_us)?),
        efficiency: number(Wires::efficiency)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn each_wire_has_a_row() {
        let lines = ROWS.lines().count();
        let mut read = 0;
        for own in Wire::ALL {
            let row = wire(own, "").unwrap_or_else(|| panic!("{own:?} has no row"));
            assert_eq!(row.bandwidth.is_none(), own == Wire::Domain);
            assert!(row.latency.get() > 0.0 && row.efficiency > 0.0 && row.efficiency <= 1.0);
            let chips = catalog::chips().iter().map(|chip| &*chip.id).chain(["*"]);
            read += chips.filter(|chip| super::row(own, chip).is_some()).count();
        }
        assert_eq!(read, lines, "a row of no wire or chip, or one that cannot be read");
    }

    #[test]
    fn an_instance_divides_its_network_among_its_chips() {
        let giga = |chip| wire(Wire::Efa, chip).and_then(|row| row.bandwidth).map(BytesPerSecond::get);
        for (chip, expected) in [("h100-sxm", 50e9), ("trn2", 25e9), ("trn1", 6.25e9), ("b300", 100e9)] {
            assert_eq!(giga(chip), Some(expected), "{chip}");
        }
    }
}

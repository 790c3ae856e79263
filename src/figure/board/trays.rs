//! Where each chip is drawn: cells in trays whose widths are what the pools have, one after the other over the whole width.

/// Chips are told apart one by one down to this width of each, in pixels.
const ALONE: f64 = 9.0;
/// In groups of eight, a column of two cells is at least so wide, in pixels.
const COLUMN: f64 = 5.0;
/// Chips, or smaller groups, of a group.
const GROUP: u32 = 8;
/// No icon of one chip is wider, in pixels.
const WIDEST: f64 = 40.0;
/// Room between trays and between groups, in pixels.
const GAP: f64 = 3.0;

/// The room for all trays, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// From the first tray to the last.
    pub width: f64,
    /// Of each of them.
    pub height: f64,
    /// What each handle between two of them takes.
    pub handle: f64,
}

/// A pool as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Tray {
    /// From where to where it reaches, in pixels.
    pub span: (f64, f64),
    /// The outline of its cells, in pixels, as the path of a drawing.
    pub path: String,
    /// How many cells that is.
    pub cells: u32,
    /// Whether they stand in groups, or each is a chip by itself.
    pub grouped: bool,
}

/// Chips that a cell stands for, so that every cell can be seen: one, or the least power of eight. From eight on, so many
/// cells stand together in a group.
#[must_use]
pub fn unit(chips: u32, width: f64) -> u32 {
    let each = width / f64::from(chips.max(1));
    if each >= ALONE {
        return 1;
    }
    let mut unit = 1;
    while 2.0 * f64::from(unit) * each < COLUMN && unit < u32::MAX / GROUP {
        unit *= GROUP;
    }
    unit
}

/// The trays of pools with so many chips, each of which counts for so much: one after the other, a handle between each two.
#[must_use]
pub fn trays(pools: &[(u32, f64)], room: Room) -> Vec<Tray> {
    let Room { width, height, handle } = room;
    let chips = pools.iter().fold(0_u32, |sum, (chips, _)| sum.saturating_add(*chips));
    let whole: f64 = pools.iter().map(|(chips, weight)| f64::from(*chips) * weight).sum();
    let alone = width / f64::from(chips.max(1)) >= ALONE;
    let unit = unit(chips, width);
    let free = (width - handle * pools.len().saturating_sub(1) as f64).max(0.0);
    let mut left = 0.0;
    let tray = |&(chips, weight): &(u32, f64)| {
        let right = left + free * f64::from(chips) * weight / whole;
        let cells = chips.div_ceil(unit);
        let path = if alone {
            row((left, right), cells, height)
        } else {
            groups((left, right), f64::from(chips) / f64::from(unit), height)
        };
        let tray = Tray { span: (left, right), path, cells, grouped: !alone };
        left = right + handle;
        tray
    };
    pools.iter().map(tray).collect()
}

/// Chips one by one, evenly over the tray.
fn row((left, right): (f64, f64), cells: u32, height: f64) -> String {
    let pitch = (right - left) / f64::from(cells.max(1));
    let wide = (0.75 * pitch).min(WIDEST);
    let high = (height - 4.0 * GAP).min(wide.max(14.0));
    let top = (height - high) / 2.0;
    let mut path = String::new();
    for cell in 0..cells {
        let middle = left + (f64::from(cell) + 0.5) * pitch;
        rect(&mut path, (middle - wide / 2.0, top), (wide, high));
    }
    path
}

/// So many cells in columns of two and groups of eight; the last one is as high as the part of a cell that is left.
fn groups((left, right): (f64, f64), cells: f64, height: f64) -> String {
    let whole = libm::ceil(cells) as u32;
    let columns = whole.div_ceil(2);
    let pitch = (right - left) / (cells / 2.0);
    // An odd cell has a column of its own, and half a column of room.
    let pitch = pitch.min((right - left) / f64::from(columns.max(1)));
    let group = f64::from(GROUP / 2);
    let gap = GAP.min(0.25 * group * pitch);
    let inner = pitch - gap / group;
    // What the columns of a group leave is shared out on both sides of it.
    let lead = gap / 2.0 * (f64::from(columns) / group).min(1.0);
    let (wide, high) = (inner - (0.2 * inner).min(1.0), (height - 2.0 * GAP - 1.0) / 2.0);
    let mut path = String::new();
    for cell in 0..whole {
        let column = f64::from(cell / 2);
        let x = left + libm::floor(column / group) * group * pitch + lead + (column % group) * inner;
        let y = GAP + f64::from(cell % 2) * (high + 1.0);
        let part = (cells - f64::from(cell)).clamp(0.0, 1.0);
        rect(&mut path, (x, y + high * (1.0 - part)), (wide, high * part));
    }
    path
}

fn rect(path: &mut String, (x, y): (f64, f64), (wide, high): (f64, f64)) {
    path.push_str(&format!("M{x:.1} {y:.1}h{wide:.1}v{high:.1}h-{wide:.1}z"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(width: f64) -> Room {
        Room { width, height: 34.0, handle: 24.0 }
    }

    fn cells(path: &str) -> usize {
        path.matches('M').count()
    }

    #[test]
    fn every_chip_is_drawn_while_there_is_room() {
        for (prefill, decode, width) in [(8, 8, 1060.0), (8, 256, 1060.0), (1, 15, 340.0), (30, 33, 1060.0)] {
            let drawn = trays(&[(prefill, 1.0), (decode, 1.0)], room(width));
            assert_eq!(unit(prefill + decode, width), 1, "{prefill} + {decode}");
            assert_eq!(
                drawn.iter().map(|own| cells(&own.path) as u32).collect::<Vec<_>>(),
                [prefill, decode]
            );
        }
    }

    #[test]
    fn many_chips_are_drawn_in_groups_and_stay_right() {
        for (chips, width) in [(1024_u32, 1060.0), (264, 340.0), (100_000, 1060.0), (65, 60.0), (1023, 900.0)]
        {
            let unit = unit(chips, width);
            let [one] = &trays(&[(chips, 2.5)], room(width))[..] else { panic!("one tray") };
            assert_eq!(one.cells, chips.div_ceil(unit));
            assert_eq!(cells(&one.path) as u32, one.cells);
            assert!(one.cells <= 700, "{chips}: {}", one.cells);
        }
    }

    #[test]
    fn trays_are_as_wide_as_what_they_hold() {
        let drawn = trays(&[(4, 3.0), (12, 1.0)], room(824.0));
        assert_eq!(drawn[0].span, (0.0, 400.0));
        assert_eq!(drawn[1].span, (424.0, 824.0));
    }

    #[test]
    fn no_cell_leaves_its_tray() {
        for (first, second, width) in [(8, 256, 1060.0), (3, 1021, 1060.0), (5, 3, 320.0), (999, 4001, 700.0)]
        {
            for tray in trays(&[(first, 1.0), (second, 1.7)], room(width)) {
                let (left, right) = (tray.span.0 - 0.2, tray.span.1 + 0.2);
                for cell in tray.path.split('M').skip(1) {
                    let number = |text: &str| text.parse::<f64>().unwrap();
                    let (x, rest) = cell.split_once(' ').unwrap();
                    let (y, rest) = rest.split_once('h').unwrap();
                    let (wide, rest) = rest.split_once('v').unwrap();
                    let (high, _) = rest.split_once('h').unwrap();
                    let [x, y, wide, high] = [x, y, wide, high].map(number);
                    assert!(
                        x >= left && x + wide <= right,
                        "{first} + {second}: {x} {wide} in {left} {right}"
                    );
                    assert!(y >= 0.0 && y + high <= 34.0 && high >= 0.0);
                }
            }
        }
    }
}

//! What figures without curves share once they are laid out: spots that a pointer or the arrow keys can reach, and the
//! facts about each.
//!
//! A front end needs only [`LaidOut`]: it paints the drawing, asks what is under the pointer and shows the [`Facts`].

use std::any::Any;

use super::geometry::{Point, Rect};
use super::hit::Step;
use super::mark::Drawing;
use super::theme::Hue;

/// A spot of a picture, by its place in the data; it survives a new layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The row: of cells, a lever, a pool, a lane.
    pub row: usize,
    /// The place in the row.
    pub column: usize,
}

impl Spot {
    /// In this row, at this place.
    #[must_use]
    pub const fn new(row: usize, column: usize) -> Self {
        Self { row, column }
    }
}

/// What a tooltip shows about a spot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What it is.
    pub title: String,
    /// The figures, formatted.
    pub rows: Vec<Fact>,
    /// Why it is so.
    pub note: Option<String>,
    /// Where it is, in CSS pixels.
    pub place: Rect,
}

/// One figure of a tooltip.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is; empty if the text speaks for itself.
    pub label: String,
    /// The figure, formatted.
    pub text: String,
    /// The colours that stand for it in the picture, if any do.
    pub hue: Option<Hue>,
}

impl Facts {
    /// About the spot at this place.
    pub(super) fn new(title: impl Into<String>, place: Rect) -> Self {
        Self { title: title.into(), place, ..Self::default() }
    }

    /// The same with one more figure; an empty text is no figure.
    pub(super) fn with(mut self, label: impl Into<String>, text: impl Into<String>) -> Self {
        let (label, text) = (label.into(), text.into());
        if !text.is_empty() {
            self.rows.push(Fact { label, text, hue: None });
        }
        self
    }

    /// The same with a reason.
    pub(super) fn because(mut self, note: Option<&String>) -> Self {
        self.note = note.filter(|note| !note.is_empty()).cloned();
        self
    }

    /// What a screen reader says: `8 × H200: Context length 32k, Load 4 req/s. KV cache fills HBM`.
    #[must_use]
    pub fn spoken(&self) -> String {
        let figure = |fact: &Fact| {
            if fact.label.is_empty() { fact.text.clone() } else { format!("{} {}", fact.label, fact.text) }
        };
        let figures: Vec<String> = self.rows.iter().map(figure).collect();
        let mut text = self.title.clone();
        if !figures.is_empty() {
            text.push_str(&format!(": {}", figures.join(", ")));
        }
        if let Some(note) = &self.note {
            text.push_str(&format!(". {note}"));
        }
        text
    }
}

/// A figure laid out at a size: what to paint, and spots to point at. What nobody points at has none.
///
/// Who keeps one can ask for its own type, which may know more.
pub trait LaidOut: Any + Send + Sync {
    /// What to paint.
    fn drawing(&self) -> &Drawing;

    /// The spot under the pointer.
    fn nearest(&self, _pointer: Point) -> Option<Spot> {
        None
    }

    /// What to show at a spot; `None` where there is no such spot.
    fn facts(&self, _spot: Spot) -> Option<Facts> {
        None
    }

    /// The spot after a move of the arrow keys; without a spot, the one to begin with. At an edge it stays.
    fn step(&self, _spot: Option<Spot>, _step: Step) -> Option<Spot> {
        None
    }
}

/// The move through rows of these lengths: left and right in a row, up and down to the same column or the last one.
/// Rows without spots are passed over.
pub(super) fn walk(lengths: &[usize], spot: Option<Spot>, step: Step) -> Option<Spot> {
    let length = |row: usize| lengths.get(row).copied().unwrap_or(0);
    let Some(current) = spot.filter(|spot| spot.column < length(spot.row)) else {
        return (0..lengths.len()).find(|&row| length(row) > 0).map(|row| Spot::new(row, 0));
    };
    let last = length(current.row).saturating_sub(1);
    let to = |row: Option<usize>| {
        row.map_or(current, |row| Spot::new(row, current.column.min(length(row).saturating_sub(1))))
    };
    Some(match step {
        Step::Previous => Spot { column: current.column.saturating_sub(1), ..current },
        Step::Next => Spot { column: (current.column + 1).min(last), ..current },
        Step::First => Spot { column: 0, ..current },
        Step::Last => Spot { column: last, ..current },
        Step::SeriesBefore => to((0..current.row).rev().find(|&row| length(row) > 0)),
        Step::SeriesAfter => to((current.row + 1..lengths.len()).find(|&row| length(row) > 0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_walk_rows_of_unlike_length() {
        let lengths = [0, 3, 0, 1];
        let mut spot = None;
        let mut go = |step: Step| {
            spot = walk(&lengths, spot, step);
            spot.map(|spot| (spot.row, spot.column))
        };
        assert_eq!(go(Step::Next), Some((1, 0)));
        assert_eq!(go(Step::Last), Some((1, 2)));
        assert_eq!(go(Step::Next), Some((1, 2)));
        assert_eq!(go(Step::SeriesAfter), Some((3, 0)));
        assert_eq!(go(Step::SeriesAfter), Some((3, 0)));
        assert_eq!(go(Step::SeriesBefore), Some((1, 0)));
        assert_eq!(go(Step::SeriesBefore), Some((1, 0)));
        assert_eq!(walk(&[], None, Step::Next), None);
        assert_eq!(walk(&lengths, Some(Spot::new(9, 9)), Step::Last), Some(Spot::new(1, 0)));
    }

    #[test]
    fn facts_read_as_a_sentence() {
        let facts = Facts::new("8 × H200", Rect::default())
            .with("Context", "32k")
            .with("empty", "")
            .with("", "12 % cheaper")
            .because(Some(&"HBM is full".to_owned()));
        assert_eq!(facts.spoken(), "8 × H200: Context 32k, 12 % cheaper. HBM is full");
        assert_eq!(Facts::new("idle", Rect::default()).because(Some(&String::new())).spoken(), "idle");
    }
}

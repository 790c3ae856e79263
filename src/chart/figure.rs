//! A figure: anything that a view shows, whatever its kind. It has a title, can be laid out at any size, and says what it
//! shows as a sentence and as a table.
//!
//! Each kind implements [`Figure`] beside its own layout; curves and points do so here.

use super::describe::{self, Cell, Table};
use super::geometry::Size;
use super::layout::{Options, Scene};
use super::mark::Drawing;
use super::model::Chart;
use super::spot::LaidOut;
use super::text::TextMeasure;
use super::theme::Theme;
use crate::units::format::{Unit, format_plain};

/// What a figure is laid out with.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// Its colours.
    pub theme: &'a Theme,
    /// How wide text is.
    pub measure: &'a dyn TextMeasure,
    /// What of title and legend it has.
    pub options: Options,
    /// The height of curves and points as a share of their width: they have none of their own.
    pub flat: f64,
}

impl Style<'_> {
    /// The usual height of curves and points as a share of their width.
    pub const FLAT: f64 = 0.56;
}

/// What a view shows.
pub trait Figure: Send + Sync {
    /// What it shows, in a few words.
    fn title(&self) -> &str;

    /// The same, to be changed.
    fn title_mut(&mut self) -> &mut String;

    /// The height that suits it at this width, in CSS pixels.
    fn height(&self, width: f64, style: &Style<'_>) -> f64;

    /// Where everything goes at this size.
    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut>;

    /// What it says, for those who do not see it.
    fn sentence(&self) -> String;

    /// Its values, as a table for each figure that it consists of.
    fn sheets(&self) -> Vec<Table>;
}

impl dyn Figure + '_ {
    /// Its values as comma-separated values in base units, an empty line between tables.
    #[must_use]
    pub fn csv(&self) -> String {
        self.sheets().iter().map(Table::csv).collect::<Vec<_>>().join("\n")
    }
}

impl Figure for Chart {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        libm::round(style.flat * width)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(Scene::with_options(self, size, style.theme, style.measure, style.options))
    }

    fn sentence(&self) -> String {
        describe::sentence(self)
    }

    fn sheets(&self) -> Vec<Table> {
        vec![values(self)]
    }
}

/// A chart has a cursor of its own, which knows its series ([`super::hit`]).
impl LaidOut for Scene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }
}

/// Every value of every visible series, a row each.
fn values(chart: &Chart) -> Table {
    let head = |label: &str, unit: Unit| match unit.base() {
        "" | "1" => label.to_owned(),
        base => format!("{label} ({base})"),
    };
    // Plain numbers, which a sheet can reckon with.
    let number = |value: Option<f64>| Cell { text: value.map(format_plain).unwrap_or_default(), value };
    let mut rows = Vec::new();
    for series in chart.series.iter().filter(|series| series.visible) {
        rows.extend(series.samples.iter().map(|own| {
            vec![
                Cell::words(series.label.clone()),
                number(Some(own.x)),
                number(own.y),
                number(own.band.map(|band| band.0)),
                number(own.band.map(|band| band.1)),
                Cell::words(own.note.clone().unwrap_or_default()),
            ]
        }));
    }
    Table {
        caption: chart.title.clone(),
        headers: vec![
            "series".to_owned(),
            head(&chart.x.label, chart.x.unit),
            head(&chart.y.label, chart.y.unit),
            "low".to_owned(),
            "high".to_owned(),
            "note".to_owned(),
        ],
        rows,
    }
}

//! A figure as it leaves the page: as a picture that stands by itself, and as the table behind it.

use crate::chart::describe;
use crate::chart::figure::Figure as _;
use crate::chart::geometry::Size;
use crate::chart::heat::{HeatMap, HeatScene};
use crate::chart::layout::{Options, Scene};
use crate::chart::mark::Drawing;
use crate::chart::model::Chart;
use crate::chart::svg;
use crate::chart::text::TableMeasure;
use crate::chart::theme::Theme;
use crate::chart::tornado::{Tornado, TornadoScene};
use crate::report::{sentence, words};
use crate::scenario::Scenario;
use crate::units::format::{Unit, format_plain};

/// The width of a picture where none is asked for, in CSS pixels.
pub const WIDTH: f64 = 960.0;

/// Widths and heights that a picture can have, in CSS pixels.
pub const SIZES: (f64, f64) = (240.0, 4096.0);

/// Everything a view can show.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Curves or points.
    Chart(Chart),
    /// Who is best where.
    Map(HeatMap),
    /// What moves a metric.
    Levers(Tornado),
}

impl Picture {
    /// The same picture with a title that says of which scenario it is.
    #[must_use]
    pub fn of(mut self, scenario: &Scenario) -> Self {
        let title = match &mut self {
            Self::Chart(own) => &mut own.title,
            Self::Map(own) => &mut own.title,
            Self::Levers(own) => &mut own.title,
        };
        *title = format!("{title}: {}", name(scenario));
        self
    }

    /// What it shows.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Chart(own) => &own.title,
            Self::Map(own) => &own.title,
            Self::Levers(own) => &own.title,
        }
    }

    /// The picture as SVG. Without a height it has the one that suits it.
    #[must_use]
    pub fn svg(&self, width: f64, height: Option<f64>, theme: &Theme) -> String {
        let options = Options::STANDALONE;
        let flat = |share: f64| Size::new(width, height.unwrap_or_else(|| libm::round(share * width)));
        let (drawing, told): (Drawing, String) = match self {
            Self::Chart(own) => {
                let scene = Scene::with_options(own, flat(0.56), theme, &TableMeasure, options);
                (scene.drawing, describe::sentence(own))
            }
            Self::Map(own) => {
                let scene = HeatScene::new(own, flat(0.5), theme, &TableMeasure, options);
                (scene.drawing().clone(), own.sentence())
            }
            Self::Levers(own) => {
                let wanted =
                    || libm::ceil(TornadoScene::height_for(own, width, theme, &TableMeasure, options));
                let size = Size::new(width, height.unwrap_or_else(wanted));
                let scene = TornadoScene::new(own, size, theme, &TableMeasure, options);
                (scene.drawing().clone(), own.sentence())
            }
        };
        svg::svg(&drawing, self.title(), &told)
    }

    /// The figures as comma-separated values, in base units. Curves and points come as one row a value.
    #[must_use]
    pub fn csv(&self) -> String {
        match self {
            Self::Chart(own) => sheet(own),
            Self::Map(own) => own.table().csv(),
            Self::Levers(own) => own.table().csv(),
        }
    }
}

/// What to call a scenario: model and silicon.
#[must_use]
pub fn name(scenario: &Scenario) -> String {
    format!("{} on {}", words::model(&scenario.model), sentence::deployment(scenario))
}

fn sheet(chart: &Chart) -> String {
    let head = |label: &str, unit: Unit| match base(unit) {
        "" => quoted(label),
        base => quoted(&format!("{label} ({base})")),
    };
    let mut text = format!(
        "series,{},{},low,high,note\n",
        head(&chart.x.label, chart.x.unit),
        head(&chart.y.label, chart.y.unit)
    );
    for series in chart.series.iter().filter(|series| series.visible) {
        for own in &series.samples {
            let number = |value: Option<f64>| value.map(format_plain).unwrap_or_default();
            text.push_str(&format!(
                "{},{},{},{},{},{}\n",
                quoted(&series.label),
                format_plain(own.x),
                number(own.y),
                number(own.band.map(|band| band.0)),
                number(own.band.map(|band| band.1)),
                quoted(own.note.as_deref().unwrap_or_default())
            ));
        }
    }
    text
}

/// The unit of the plain number.
const fn base(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Tokens => "tokens",
        Unit::Bytes => "B",
        Unit::TokensPerSecond => "tok/s",
        Unit::TokensPerSecondPerUser => "tok/s/user",
        Unit::TokensPerSecondPerChip => "tok/s/chip",
        Unit::TokensPerSecondPerMegawatt => "tok/s/MW",
        Unit::RequestsPerSecond => "req/s",
        Unit::DollarsPerMillionTokens => "$/Mtok",
        Unit::JoulesPerToken => "J/tok",
        _ => "",
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

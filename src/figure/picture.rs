//! A figure as it leaves the page: as a picture that stands by itself, and as the table behind it.

use crate::chart::bars::BarScene;
use crate::chart::describe;
use crate::chart::figure::Figure as _;
use crate::chart::flow::{Flow, FlowScene};
use crate::chart::geometry::{Point, Rect, Size};
use crate::chart::heat::{HeatMap, HeatScene};
use crate::chart::layout::{Options, Scene};
use crate::chart::mark::{Drawing, Mark};
use crate::chart::model::{Bars, Chart};
use crate::chart::svg;
use crate::chart::text::TableMeasure;
use crate::chart::theme::Theme;
use crate::chart::timeline::{Timeline, TimelineScene};
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
    /// Bars of parts.
    Bars(Bars),
    /// What flows where.
    Flow(Flow),
    /// What was done when.
    Timeline(Timeline),
    /// Several, one below the other, under a title of their own.
    Stack(String, Vec<Picture>),
}

/// The height of a chart as a share of its width, alone and among others.
const FLAT: (f64, f64) = (0.56, 0.34);

impl Picture {
    /// The same picture with a title that says of which scenario it is.
    #[must_use]
    pub fn of(mut self, scenario: &Scenario) -> Self {
        let title = match &mut self {
            Self::Chart(own) => &mut own.title,
            Self::Map(own) => &mut own.title,
            Self::Levers(own) => &mut own.title,
            Self::Bars(own) => &mut own.title,
            Self::Flow(own) => &mut own.title,
            Self::Timeline(own) => &mut own.title,
            Self::Stack(own, parts) => {
                // Only its parts have titles that are drawn, and the first is read first.
                if let Some(first) = parts.first_mut() {
                    *first = std::mem::replace(first, Self::Stack(String::new(), Vec::new())).of(scenario);
                }
                own
            }
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
            Self::Bars(own) => &own.title,
            Self::Flow(own) => &own.title,
            Self::Timeline(own) => &own.title,
            Self::Stack(own, _) => own,
        }
    }

    /// The picture as SVG. Without a height it has the one that suits it.
    #[must_use]
    pub fn svg(&self, width: f64, height: Option<f64>, theme: &Theme) -> String {
        let (drawing, told) = self.drawn(width, height, theme, FLAT.0);
        svg::svg(&drawing, self.title(), &told)
    }

    /// What is painted, and what it says in a sentence. A chart is as `flat` as that.
    fn drawn(&self, width: f64, height: Option<f64>, theme: &Theme, flat: f64) -> (Drawing, String) {
        let (options, measure) = (Options::STANDALONE, &TableMeasure);
        let sized = |wanted: f64| Size::new(width, height.unwrap_or_else(|| libm::ceil(wanted)));
        let broad = |share: f64| Size::new(width, height.unwrap_or_else(|| libm::round(share * width)));
        match self {
            Self::Chart(own) => {
                let scene = Scene::with_options(own, broad(flat), theme, measure, options);
                (scene.drawing, describe::sentence(own))
            }
            Self::Map(own) => {
                let scene = HeatScene::new(own, broad(0.5), theme, measure, options);
                (scene.drawing().clone(), own.sentence())
            }
            Self::Levers(own) => {
                let size = sized(TornadoScene::height_for(own, width, theme, measure, options));
                (TornadoScene::new(own, size, theme, measure, options).drawing().clone(), own.sentence())
            }
            Self::Bars(own) => {
                let size = sized(BarScene::height_for(own, width, options));
                let scene = BarScene::with_options(own, size, theme, measure, options);
                (scene.drawing, describe::bars_sentence(own))
            }
            Self::Flow(own) => {
                let size = sized(FlowScene::height_for(own, width, theme, measure, options));
                (FlowScene::new(own, size, theme, measure, options).drawing().clone(), own.sentence())
            }
            Self::Timeline(own) => {
                let size = sized(TimelineScene::height_for(own, width, theme, measure, options));
                (TimelineScene::new(own, size, theme, measure, options).drawing().clone(), own.sentence())
            }
            Self::Stack(_, parts) => stacked(parts, width, height, theme),
        }
    }

    /// The figures as comma-separated values, in base units. Curves and points come as one row a value.
    #[must_use]
    pub fn csv(&self) -> String {
        match self {
            Self::Chart(own) => sheet(own),
            Self::Map(own) => own.table().csv(),
            Self::Levers(own) => own.table().csv(),
            Self::Bars(own) => describe::bars_table(own).csv(),
            Self::Flow(own) => own.table().csv(),
            Self::Timeline(own) => own.table().csv(),
            // Tables of unlike columns, an empty line between two.
            Self::Stack(_, parts) => parts.iter().map(Self::csv).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// Pictures one below the other. In a height that is given, each has the share that it would have had.
fn stacked(parts: &[Picture], width: f64, height: Option<f64>, theme: &Theme) -> (Drawing, String) {
    let drawn = |height: &dyn Fn(usize) -> Option<f64>| -> Vec<(Drawing, String)> {
        let part = |(index, own): (usize, &Picture)| own.drawn(width, height(index), theme, FLAT.1);
        parts.iter().enumerate().map(part).collect()
    };
    let natural = drawn(&|_| None);
    let whole: f64 = natural.iter().map(|(own, _)| own.size.height).sum();
    let parts = match height {
        Some(height) => {
            drawn(&|index| natural.get(index).map(|(own, _)| libm::floor(own.size.height * height / whole)))
        }
        None => natural,
    };
    let mut all = Drawing::new(Size::new(width, height.unwrap_or(whole)), theme);
    let (mut top, mut told) = (0.0, Vec::new());
    for (own, words) in parts {
        all.marks.extend(own.marks.into_iter().map(|mark| lowered(mark, top)));
        top += own.size.height;
        told.push(words);
    }
    (all, told.join(" "))
}

/// A shape so much further down.
fn lowered(mark: Mark, by: f64) -> Mark {
    let point = |own: Point| Point::new(own.x, own.y + by);
    let points = |all: Vec<Point>| all.into_iter().map(point).collect();
    match mark {
        Mark::Fill { rect, colour } => {
            Mark::Fill { rect: Rect { top: rect.top + by, bottom: rect.bottom + by, ..rect }, colour }
        }
        Mark::Hair { from, to, width, colour, dash } => {
            Mark::Hair { from: point(from), to: point(to), width, colour, dash }
        }
        Mark::Line { points: all, width, colour, dash } => {
            Mark::Line { points: points(all), width, colour, dash }
        }
        Mark::Area { points: all, colour } => Mark::Area { points: points(all), colour },
        Mark::Symbol { marker, at, radius, colour, halo } => {
            Mark::Symbol { marker, at: point(at), radius, colour, halo }
        }
        Mark::Text { text, at, size, bold, colour, anchor } => {
            Mark::Text { text, at: point(at), size, bold, colour, anchor }
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

//! What a chart says, before anyone decides where it goes: axes, series, rules and bars, as plain data.

use crate::units::format::Unit;

use super::frontier::Better;

/// Curves and points over two axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What the chart shows, in a few words.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Everything drawn in data coordinates, bottom to top.
    pub series: Vec<Series>,
    /// Limits and landmarks drawn across the plot.
    pub rules: Vec<Rule>,
    /// Where curves end for good.
    pub walls: Vec<Wall>,
}

/// One axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What is plotted, without the unit: `Context length`.
    pub label: String,
    /// The unit of the values, which formats ticks, tooltips and tables.
    pub unit: Unit,
    /// How values become places.
    pub scale: ScaleKind,
    /// Which values fit on the axis.
    pub domain: Domain,
    /// Which way is better, if one is.
    pub better: Option<Better>,
}

impl Axis {
    /// A linear axis fitted to the data.
    #[must_use]
    pub fn linear(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit, ..Self::default() }
    }

    /// A logarithmic axis fitted to the data, with ticks on powers of two where the unit counts so.
    #[must_use]
    pub fn log(label: impl Into<String>, unit: Unit) -> Self {
        let scale = if unit.is_binary() { ScaleKind::Binary } else { ScaleKind::Log };
        Self { label: label.into(), unit, scale, ..Self::default() }
    }

    /// The same axis with another domain.
    #[must_use]
    pub fn with_domain(self, domain: Domain) -> Self {
        Self { domain, ..self }
    }

    /// The same axis with a direction in which it gets better.
    #[must_use]
    pub fn with_better(self, better: Better) -> Self {
        Self { better: Some(better), ..self }
    }

    /// The title beside the axis: label and, where the ticks leave it out, the unit.
    #[must_use]
    pub fn title(&self) -> String {
        match self.unit.axis_note() {
            Some(note) => format!("{} ({note})", self.label),
            None => self.label.clone(),
        }
    }
}

/// How values become places along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ScaleKind {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm, with ticks on 1, 2, 5 and powers of ten.
    Log,
    /// By their logarithm, with ticks on powers of two.
    Binary,
}

impl ScaleKind {
    /// Whether places go by the logarithm.
    #[must_use]
    pub(super) const fn is_log(self) -> bool {
        !matches!(self, Self::Linear)
    }
}

/// Which values fit on an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Domain {
    /// What the visible series need, out to round values.
    #[default]
    Auto,
    /// As [`Domain::Auto`], and zero (on a linear scale).
    FromZero,
    /// What the visible series need and no more; right for a knob whose range is known.
    Tight,
    /// From the first to the second, whatever the data.
    Fixed(f64, f64),
}

/// One line or cloud of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What the legend and the tooltip address it by; unique in the chart.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// Its stroke, so that colour is never the only difference.
    pub dash: Dash,
    /// The symbol on its samples; on a dense line only a few carry it.
    pub marker: Option<Marker>,
    /// How the samples are joined.
    pub join: Join,
    /// The values, in order of x where they are joined.
    pub samples: Vec<Sample>,
    /// Whether it is drawn, fitted and read out.
    pub visible: bool,
    /// How loud it is.
    pub emphasis: Emphasis,
    /// Whether its label stands at the end of the line.
    pub end_label: bool,
}

impl Series {
    /// A solid line with a label at its end.
    #[must_use]
    pub fn line(id: impl Into<String>, label: impl Into<String>, paint: Paint, samples: Vec<Sample>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            paint,
            samples,
            visible: true,
            end_label: true,
            ..Self::default()
        }
    }

    /// Unjoined points, such as measurements; a band on a sample becomes a whisker.
    #[must_use]
    pub fn points(
        id: impl Into<String>,
        label: impl Into<String>,
        paint: Paint,
        marker: Marker,
        samples: Vec<Sample>,
    ) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            paint,
            marker: Some(marker),
            join: Join::None,
            samples,
            visible: true,
            ..Self::default()
        }
    }

    /// Measurements beside a model: rings in the colour of text, with whiskers where their spread is known.
    #[must_use]
    pub fn measured(id: impl Into<String>, label: impl Into<String>, samples: Vec<Sample>) -> Self {
        Self::points(id, label, Paint::Ink, Marker::Ring, samples)
    }

    /// The line in the dress of the `index`-th series: colour, dash and marker all differ from its neighbours'.
    #[must_use]
    pub fn nth(index: usize, id: impl Into<String>, label: impl Into<String>, samples: Vec<Sample>) -> Self {
        let line = Self::line(id, label, Paint::Series(index), samples);
        Self { dash: Dash::nth(index), marker: Some(Marker::nth(index)), ..line }
    }
}

/// One value of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Where along the horizontal axis.
    pub x: f64,
    /// The value; `None` is a gap in the line, with the reason in [`Sample::note`].
    pub y: Option<f64>,
    /// The interval the value is thought to lie in, lower end first.
    pub band: Option<(f64, f64)>,
    /// A label at the point itself, such as a layout on a frontier.
    pub label: Option<String>,
    /// More for the tooltip: a configuration, a source, or why there is no value.
    pub note: Option<String>,
}

impl Sample {
    /// A plain value. What is not finite is a gap.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y: y.is_finite().then_some(y), ..Self::default() }
    }

    /// A gap at this x, and why.
    #[must_use]
    pub fn gap(x: f64, reason: impl Into<String>) -> Self {
        Self { x, note: Some(reason.into()), ..Self::default() }
    }

    /// The same value with an interval around it.
    #[must_use]
    pub fn with_band(self, low: f64, high: f64) -> Self {
        let band = (low.is_finite() && high.is_finite()).then(|| (low.min(high), low.max(high)));
        Self { band, ..self }
    }

    /// The same value with a label at its point.
    #[must_use]
    pub fn with_label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same value with more for the tooltip.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// Where a colour comes from; the theme says which it is in dark and in light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paint {
    /// The `n`-th colour of the palette, which starts over after eight.
    Series(usize),
    /// The colour of a part that silicon or time plays, the same in every chart.
    Tint(Tint),
    /// The colour of text.
    Ink,
    /// The colour of secondary text.
    Muted,
    /// The colour of grid lines: what is empty or free.
    Faint,
}

impl Default for Paint {
    fn default() -> Self {
        Self::Series(0)
    }
}

/// A part that silicon or time can play. Its colour is the same wherever it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tint {
    /// Reading the prompt; warm.
    Prefill,
    /// Writing the answer; cool.
    Decode,
    /// What moves between chips; grey.
    Link,
    /// Attention, over the KV cache.
    Attention,
    /// Feed-forward layers and experts.
    Ffn,
    /// Proposing tokens.
    Draft,
    /// Checking proposed tokens.
    Verify,
    /// Waiting.
    Queue,
}

impl Tint {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Prefill,
        Self::Decode,
        Self::Link,
        Self::Attention,
        Self::Ffn,
        Self::Draft,
        Self::Verify,
        Self::Queue,
    ];

    /// The name in the stylesheet: `--role-prefill`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefill => "prefill",
            Self::Decode => "decode",
            Self::Link => "link",
            Self::Attention => "attention",
            Self::Ffn => "ffn",
            Self::Draft => "draft",
            Self::Verify => "verify",
            Self::Queue => "queue",
        }
    }

    /// The place in the series palette whose hue it wears; a chart colours by tint or by series, not by both.
    #[must_use]
    pub const fn slot(self) -> usize {
        match self {
            Self::Decode => 0,
            Self::Ffn => 1,
            Self::Attention => 2,
            Self::Draft => 3,
            Self::Queue => 4,
            Self::Verify => 5,
            Self::Link => 6,
            Self::Prefill => 7,
        }
    }
}

/// The stroke of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long dashes.
    Long,
    /// Short dashes.
    Short,
    /// Dots.
    Dotted,
    /// Dash and dot.
    DashDot,
}

impl Dash {
    /// The dash that goes with the `n`-th colour: solid for the first four, so that few series stay calm.
    #[must_use]
    pub const fn nth(index: usize) -> Self {
        match index % 8 {
            0 => Self::Solid,
            1 => Self::Long,
            2 => Self::DashDot,
            3 => Self::Short,
            4 => Self::Solid,
            5 => Self::Long,
            6 => Self::Dotted,
            _ => Self::DashDot,
        }
    }

    /// Drawn and left-out lengths in CSS pixels, in turn; empty for an unbroken line.
    #[must_use]
    pub const fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Long => &[9.0, 4.0],
            Self::Short => &[5.0, 3.0],
            Self::Dotted => &[2.0, 3.0],
            Self::DashDot => &[9.0, 3.0, 2.0, 3.0],
        }
    }
}

/// The symbol of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marker {
    /// A filled disc.
    Disc,
    /// A filled square.
    Square,
    /// A filled triangle, point up.
    Triangle,
    /// A filled diamond.
    Diamond,
    /// A filled triangle, point down.
    Wedge,
    /// A ring; used for measurements.
    Ring,
    /// A diagonal cross.
    Cross,
    /// An upright cross.
    Plus,
}

impl Marker {
    /// The marker that goes with the `n`-th colour.
    #[must_use]
    pub const fn nth(index: usize) -> Self {
        match index % 8 {
            0 => Self::Disc,
            1 => Self::Square,
            2 => Self::Triangle,
            3 => Self::Diamond,
            4 => Self::Wedge,
            5 => Self::Ring,
            6 => Self::Cross,
            _ => Self::Plus,
        }
    }
}

/// How the samples of a series are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Join {
    /// By straight segments on the screen; never by splines, which overshoot.
    #[default]
    Straight,
    /// By steps that keep the old value until the next sample.
    StepAfter,
    /// By steps that take the new value right after the old sample.
    StepBefore,
    /// Not at all.
    None,
}

/// How loud a series is, for highlighting one among many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Emphasis {
    /// Faded into the background.
    Dim,
    /// As usual.
    #[default]
    Normal,
    /// Brought forward.
    Strong,
}

/// A line across the plot at one value: a limit to meet, or a landmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which axis the value belongs to.
    pub axis: Along,
    /// The value.
    pub value: f64,
    /// What it is: `TPOT ≤ 50 ms`.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// Whether the axis stretches to show it; if not, and it lies outside, its label says at the edge where it would be.
    pub fit: bool,
}

impl Wall {
    /// The line that it is, and its label.
    #[must_use]
    pub(super) fn rule(&self) -> Rule {
        Rule { axis: Along::X, value: self.x, label: self.label.clone(), paint: self.paint, fit: false }
    }
}

impl Rule {
    /// A level line to compare with, such as a list price. It does not stretch the axis: what lies far out is told at the
    /// edge.
    #[must_use]
    pub fn reference(value: f64, label: impl Into<String>) -> Self {
        Self { axis: Along::Y, value, label: label.into(), paint: Paint::Muted, fit: false }
    }
}

/// A value of the horizontal axis beyond which there is nothing to draw. It does not stretch the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Wall {
    /// Where it stands.
    pub x: f64,
    /// Whether there is nothing above it, or nothing below.
    pub above: bool,
    /// What it is: `holds up to 31 req/s`.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
    /// Whether what lies beyond is hatched.
    pub hatched: bool,
}

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Along {
    /// The horizontal axis: the rule stands upright.
    X,
    /// The vertical axis: the rule lies flat.
    Y,
}

/// Horizontal stacked bars: where each millisecond, byte or dollar goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What the chart shows, in a few words.
    pub title: String,
    /// The unit of all values.
    pub unit: Unit,
    /// The bars, top to bottom.
    pub bars: Vec<Bar>,
    /// Whether bars share one scale, or each fills the width.
    pub scale: BarScale,
}

/// What the length of a bar means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BarScale {
    /// The value, on one axis for all bars.
    #[default]
    Shared,
    /// The share of the bar's own total: for bars of unlike size, such as TTFT beside TPOT.
    Own,
}

/// One stacked bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// What it is: `TTFT`.
    pub label: String,
    /// Its parts, left to right. Negative and non-finite values count as zero.
    pub segments: Vec<Segment>,
    /// A limit on the bar's own axis, such as the memory of a chip or an SLO.
    pub limit: Option<(f64, String)>,
}

impl Bar {
    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.segments.iter().map(Segment::size).sum()
    }
}

/// One part of a bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// What the tooltip addresses it by.
    pub id: String,
    /// What people read: `weights`.
    pub label: String,
    /// How much.
    pub value: f64,
    /// Its colour.
    pub paint: Paint,
    /// More for the tooltip, such as the binding limit.
    pub note: Option<String>,
}

impl Segment {
    /// A part of this size.
    #[must_use]
    pub fn new(id: impl Into<String>, label: impl Into<String>, value: f64, paint: Paint) -> Self {
        Self { id: id.into(), label: label.into(), value, paint, note: None }
    }

    /// The value as a length: never negative, never absent.
    #[must_use]
    pub fn size(&self) -> f64 {
        if self.value.is_finite() { self.value.max(0.0) } else { 0.0 }
    }
}

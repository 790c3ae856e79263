//! A chart in words: a sentence instead of the picture, a phrase for the place of the cursor, and tables.

use super::hit::{Cursor, HitMode};
use super::layout::{Scene, interpolated};
use super::model::{Along, Axis, BarScale, Bars, Chart, Join, Sample, ScaleKind, Series, Wall};
use super::scale::Scale;
use crate::units::format::{ABSENT, Precision, Unit};
use crate::units::order;

/// How many crossings and limits are worth telling; more would bury the rest.
const MOST: usize = 4;
/// Changes below this share of the value count as none.
const FLAT: f64 = 0.03;

/// The chart as a few sentences: what it shows over which range, how each series runs, where they cross, and which
/// limits they meet.
#[must_use]
pub fn sentence(chart: &Chart) -> String {
    let mut text = String::new();
    if !chart.title.is_empty() {
        text.push_str(&chart.title);
        text.push_str(". ");
    }
    let shown: Vec<&Series> =
        chart.series.iter().filter(|series| series.visible && values(series).next().is_some()).collect();
    if shown.is_empty() {
        text.push_str("No data.");
        return text;
    }
    let xs = || shown.iter().flat_map(|series| values(series)).map(|(x, _)| x);
    let (low, high) = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
    let unit = chart.x.unit;
    text.push_str(&format!("{} over {}", in_words(&chart.y), lower_first(&in_words(&chart.x))));
    if low < high {
        text.push_str(&format!(" from {} to {}", unit.format(low), unit.format(high)));
    }
    text.push_str(match (chart.x.scale.is_log(), chart.y.scale.is_log()) {
        (true, true) => ", both axes logarithmic.",
        (true, false) => ", the horizontal axis logarithmic.",
        (false, true) => ", the vertical axis logarithmic.",
        (false, false) => ".",
    });
    for series in &shown {
        text.push(' ');
        text.push_str(&trend(chart, series));
    }
    for crossing in crossings(chart).into_iter().take(MOST) {
        text.push(' ');
        text.push_str(&crossing);
    }
    for limit in limits(chart, &shown).into_iter().take(MOST) {
        text.push(' ');
        text.push_str(&limit);
    }
    text + &walls(chart)
}

/// Where curves end for good.
#[must_use]
pub fn walls(chart: &Chart) -> String {
    let one = |wall: &Wall| {
        let side = if wall.above { "above" } else { "below" };
        format!(" No steady state {side} {}: {}.", chart.x.unit.format(wall.x), wall.label)
    };
    chart.walls.iter().map(one).collect()
}

/// What a screen reader says when the cursor moves: `Context length 32k: 18.4 ms, 8 × H200`.
#[must_use]
pub fn spoken(scene: &Scene, cursor: Cursor, mode: HitMode) -> Option<String> {
    let readout = scene.readout(cursor, mode)?;
    let row = readout.rows.iter().find(|row| row.focus)?;
    let mut text = format!("{} {}: {}, {}", scene.chart.x.label, readout.x_text, row.text, row.label);
    if let Some(band) = &row.band {
        text.push_str(&format!(", likely {band}"));
    }
    if let Some(note) = &row.note {
        text.push_str(&format!(", {note}"));
    }
    Some(text)
}

/// Rows and columns, for a table beside the picture or a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The column heads, units included.
    pub headers: Vec<String>,
    /// The rows, each as long as the heads.
    pub rows: Vec<Vec<Cell>>,
}

/// One entry of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// As people read it.
    pub text: String,
    /// The number behind it, in the base of its unit.
    pub value: Option<f64>,
}

impl Cell {
    /// A figure in its unit.
    #[must_use]
    pub fn new(unit: Unit, value: f64) -> Self {
        Self { text: unit.format(value), value: value.is_finite().then_some(value) }
    }

    /// Words, with no figure behind them.
    #[must_use]
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None }
    }
}

impl Table {
    /// The table as comma-separated values: numbers plain, words quoted where they must be.
    #[must_use]
    pub fn csv(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| {
            let mut line = cells.collect::<Vec<_>>().join(",");
            line.push('\n');
            line
        };
        let mut text = line(&mut self.headers.iter().map(|head| quoted(head)));
        for row in &self.rows {
            text.push_str(&line(&mut row.iter().map(|cell| match cell.value {
                Some(value) => crate::units::format::format_plain(value),
                None if cell.text == ABSENT => String::new(),
                None => quoted(&cell.text),
            })));
        }
        text
    }
}

/// The visible data as tables: the lines side by side by x, and the unjoined points in a list.
#[must_use]
pub fn tables(chart: &Chart) -> Vec<Table> {
    let visible = || chart.series.iter().filter(|series| series.visible && !series.samples.is_empty());
    let lines: Vec<&Series> =
        visible().filter(|series| series.join != Join::None && !has_labels(series)).collect();
    let points: Vec<&Series> =
        visible().filter(|series| series.join == Join::None || has_labels(series)).collect();
    let mut tables = Vec::new();
    if !lines.is_empty() {
        tables.push(table_of_lines(chart, &lines));
    }
    if !points.is_empty() {
        tables.push(table_of_points(chart, &points));
    }
    tables
}

/// The bars as a few sentences: each total, and what makes up most of it.
#[must_use]
pub fn bars_sentence(bars: &Bars) -> String {
    let mut text = if bars.title.is_empty() { String::new() } else { format!("{}. ", bars.title) };
    if bars.bars.is_empty() {
        text.push_str("No data.");
    }
    let sentences: Vec<String> = bars
        .bars
        .iter()
        .map(|bar| {
            let total = bar.total();
            let mut parts: Vec<_> = bar.segments.iter().filter(|segment| segment.size() > 0.0).collect();
            order::sort_by(&mut parts, |a, b| b.size().total_cmp(&a.size()));
            let named: Vec<String> = parts
                .iter()
                .take(3)
                .map(|part| {
                    let share = Unit::Percent.format_with(part.size() / total, Precision::SHORT);
                    format!("{share} {}", part.label)
                })
                .collect();
            let limit = match &bar.limit {
                Some((value, label)) if total > *value => format!(", above {label}"),
                Some((_, label)) => format!(", within {label}"),
                None => String::new(),
            };
            let total = bars.unit.format(total);
            if named.is_empty() {
                format!("{}: {total}{limit}.", bar.label)
            } else {
                format!("{}: {total}{limit}, of which {}.", bar.label, join_words(&named))
            }
        })
        .collect();
    text.push_str(&sentences.join(" "));
    if bars.scale == BarScale::Own && bars.bars.len() > 1 {
        text.push_str(" Each bar has its own scale.");
    }
    text
}

/// The bars as a table of their segments.
#[must_use]
pub fn bars_table(bars: &Bars) -> Table {
    let rows = bars.bars.iter().flat_map(|bar| {
        let total = bar.total();
        bar.segments.iter().map(move |segment| {
            let share = if total > 0.0 { segment.size() / total } else { 0.0 };
            vec![
                Cell::words(bar.label.clone()),
                Cell::words(segment.label.clone()),
                Cell::new(bars.unit, segment.value),
                Cell::new(Unit::Percent, share),
            ]
        })
    });
    Table {
        caption: bars.title.clone(),
        headers: ["Bar", "Part", "Size", "Share"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn has_labels(series: &Series) -> bool {
    series.samples.iter().any(|sample| sample.label.is_some())
}

/// The values of a series that have one, as they lie in its order.
fn values(series: &Series) -> impl DoubleEndedIterator<Item = (f64, f64)> {
    series
        .samples
        .iter()
        .filter_map(|sample| Some((sample.x, sample.y?)))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// The axis label; its unit follows with each number.
fn in_words(axis: &Axis) -> String {
    axis.label.clone()
}

/// `Context length` inside a sentence, but `TPOT` as it is.
pub(super) fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && second.is_ascii_lowercase() => {
            let rest = text.get(first.len_utf8()..).unwrap_or_default();
            format!("{}{rest}", first.to_ascii_lowercase())
        }
        _ => text.to_owned(),
    }
}

pub(super) fn join_words(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How a series runs: `H200 rises from 9 ms to 50 ms.`
fn trend(chart: &Chart, series: &Series) -> String {
    let unit = chart.y.unit;
    let label = &series.label;
    let all: Vec<(f64, f64)> = values(series).collect();
    let low = all.iter().copied().fold(None, |least: Option<(f64, f64)>, point| match least {
        Some(least) if least.1 <= point.1 => Some(least),
        _ => Some(point),
    });
    let high = all.iter().copied().fold(None, |most: Option<(f64, f64)>, point| match most {
        Some(most) if most.1 >= point.1 => Some(most),
        _ => Some(point),
    });
    let (Some(&first), Some(&last), Some(low), Some(high)) = (all.first(), all.last(), low, high) else {
        return format!("{label} has no values.");
    };
    let say = |value: f64| unit.format(value);
    if series.join == Join::None {
        let count = all.len();
        return match count {
            1 => format!("{label}: one point at {}.", say(first.1)),
            _ => format!("{label}: {count} points between {} and {}.", say(low.1), say(high.1)),
        };
    }
    if all.len() == 1 {
        return format!("{label} is {} at {}.", say(first.1), chart.x.unit.format(first.0));
    }
    let size = high.1.abs().max(low.1.abs());
    let differ = |a: f64, b: f64| (a - b).abs() > FLAT * size;
    let gap = series.samples.iter().find(|sample| sample.y.is_none() && sample.x > last.0);
    let end = gap
        .map(|sample| {
            let reason = sample.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            format!(", and ends at {}{reason}", chart.x.unit.format(last.0))
        })
        .unwrap_or_default();
    let run = if !differ(high.1, low.1) {
        format!("stays near {}", say(last.1))
    } else if differ(high.1, first.1) && differ(high.1, last.1) {
        let x = chart.x.unit.format(high.0);
        format!("rises from {} to {} at {x}, then falls to {}", say(first.1), say(high.1), say(last.1))
    } else if differ(low.1, first.1) && differ(low.1, last.1) {
        let x = chart.x.unit.format(low.0);
        format!("falls from {} to {} at {x}, then rises to {}", say(first.1), say(low.1), say(last.1))
    } else if last.1 > first.1 {
        format!("rises from {} to {}", say(first.1), say(last.1))
    } else {
        format!("falls from {} to {}", say(first.1), say(last.1))
    };
    format!("{label} {run}{end}.")
}

/// Where two lines change places.
fn crossings(chart: &Chart) -> Vec<String> {
    let lines: Vec<&Series> = chart
        .series
        .iter()
        .filter(|series| series.visible && series.join == Join::Straight && !has_labels(series))
        .collect();
    let mut found = Vec::new();
    for (index, a) in lines.iter().enumerate() {
        for b in lines.iter().skip(index + 1) {
            for (x, a_falls_below) in crossing_points(chart, a, b).into_iter().take(2) {
                let (below, above) = if a_falls_below { (a, b) } else { (b, a) };
                let x = chart.x.unit.format_with(x, Precision::SHORT);
                found.push(format!("From about {x}, {} is below {}.", below.label, above.label));
            }
        }
    }
    found
}

/// The x of each crossing, and whether the first line comes out below.
fn crossing_points(chart: &Chart, a: &Series, b: &Series) -> Vec<(f64, bool)> {
    let mut xs: Vec<f64> = values(a).chain(values(b)).map(|(x, _)| x).collect();
    order::sort_by(&mut xs, f64::total_cmp);
    xs.dedup();
    let (Some(&low), Some(&high)) = (xs.first(), xs.last()) else { return Vec::new() };
    let scale = Scale::new(chart.x.scale, (low, high), (0.0, 1.0));
    // Lines are straight on the screen, so they cross where they do in the space of the axes.
    let screen = Scale::new(chart.y.scale, (1.0, 10.0), (0.0, 1.0));
    let at = |series: &Series, x: f64| {
        value_at(series, x, &scale, chart.y.scale).and_then(|value| screen.forward(value))
    };
    let mut previous: Option<(f64, f64)> = None;
    let mut found = Vec::new();
    for x in xs {
        let (Some(ya), Some(yb)) = (at(a, x), at(b, x)) else {
            previous = None;
            continue;
        };
        let difference = ya - yb;
        if difference == 0.0 {
            continue;
        }
        if let Some((last_x, last)) = previous
            && (last < 0.0) != (difference < 0.0)
        {
            found.push((scale.between(last_x, x, last / (last - difference)), difference < 0.0));
        }
        previous = Some((x, difference));
    }
    found
}

fn value_at(series: &Series, x: f64, scale: &Scale, kind: ScaleKind) -> Option<f64> {
    if let Some(sample) = series.samples.iter().find(|sample| sample.x == x) {
        return sample.y;
    }
    series.samples.windows(2).find_map(|pair| match pair {
        [a, b] if a.x < x && x < b.x => interpolated(a, b, x, scale, kind),
        _ => None,
    })
}

/// How the lines stand to the limits on the vertical axis.
fn limits(chart: &Chart, shown: &[&Series]) -> Vec<String> {
    let mut found = Vec::new();
    for rule in chart.rules.iter().filter(|rule| rule.axis == Along::Y && rule.value.is_finite()) {
        for series in shown.iter().filter(|series| series.join != Join::None && !has_labels(series)) {
            let above = |value: f64| value > rule.value;
            let all: Vec<(f64, f64)> = values(series).collect();
            let Some(&(_, first)) = all.first() else { continue };
            let change = all.iter().find(|(_, value)| above(*value) != above(first));
            let side = |is_above: bool| if is_above { "above" } else { "at or below" };
            found.push(match change {
                None => format!("{} is {} {} throughout.", series.label, side(above(first)), rule.label),
                Some((x, value)) => {
                    let x = chart.x.unit.format(*x);
                    format!("{} is {} {} from {x} on.", series.label, side(above(*value)), rule.label)
                }
            });
        }
    }
    found
}

fn table_of_lines(chart: &Chart, lines: &[&Series]) -> Table {
    let mut xs: Vec<f64> = lines
        .iter()
        .flat_map(|series| &series.samples)
        .map(|sample| sample.x)
        .filter(|x| x.is_finite())
        .collect();
    order::sort_by(&mut xs, f64::total_cmp);
    xs.dedup();
    let cell = |series: &Series, x: f64| match series.samples.iter().find(|sample| sample.x == x) {
        Some(sample) => cell_of(chart.y.unit, sample),
        None => Cell::words(ABSENT),
    };
    let row = |x: f64| {
        let mut row = vec![Cell::new(chart.x.unit, x)];
        row.extend(lines.iter().map(|series| cell(series, x)));
        row
    };
    let mut headers = vec![chart.x.title()];
    headers.extend(lines.iter().map(|series| series.label.clone()));
    Table {
        caption: format!("{}: {}", chart.title, chart.y.title()),
        headers,
        rows: xs.into_iter().map(row).collect(),
    }
}

fn table_of_points(chart: &Chart, points: &[&Series]) -> Table {
    let rows = points.iter().flat_map(|series| {
        series.samples.iter().map(|sample| {
            vec![
                Cell::words(series.label.clone()),
                Cell::words(sample.label.clone().or_else(|| sample.note.clone()).unwrap_or_default()),
                Cell::new(chart.x.unit, sample.x),
                cell_of(chart.y.unit, sample),
            ]
        })
    });
    Table {
        caption: format!("{}: points", chart.title),
        headers: vec!["Series".to_owned(), "Point".to_owned(), chart.x.title(), chart.y.title()],
        rows: rows.collect(),
    }
}

fn cell_of(unit: Unit, sample: &Sample) -> Cell {
    let Some(value) = sample.y else {
        return Cell::words(sample.note.clone().unwrap_or_else(|| ABSENT.to_owned()));
    };
    let mut cell = Cell::new(unit, value);
    if let Some((low, high)) = sample.band {
        cell.text.push_str(&format!(" ({} to {})", unit.format(low), unit.format(high)));
    }
    cell
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::geometry::Size;
    use crate::chart::model::{Bar, Paint, Rule, Segment};
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn plain(text: &str) -> String {
        text.replace(['\u{a0}', '\u{202f}'], " ")
    }

    fn chart() -> Chart {
        let line = |values: &[(f64, f64)]| values.iter().map(|&(x, y)| Sample::new(x, y)).collect::<Vec<_>>();
        let mut lpu = line(&[(1024.0, 0.002), (8192.0, 0.009), (32_768.0, 0.03)]);
        lpu.push(Sample::gap(131_072.0, "does not fit"));
        let h200 = line(&[(1024.0, 0.009), (8192.0, 0.011), (32_768.0, 0.019), (131_072.0, 0.05)]);
        Chart {
            title: "Latency".to_owned(),
            x: Axis::log("Context length", Unit::Tokens),
            y: Axis::log("TPOT", Unit::Seconds),
            series: vec![Series::nth(0, "h200", "H200", h200), Series::nth(1, "lpu", "LPU, 64", lpu)],
            rules: vec![Rule {
                axis: Along::Y,
                value: 0.02,
                label: "20 ms".to_owned(),
                paint: Paint::Ink,
                fit: false,
            }],
            ..Chart::default()
        }
    }

    #[test]
    fn a_chart_reads_as_sentences() {
        assert_eq!(
            plain(&sentence(&chart())),
            "Latency. TPOT over context length from 1k to 128k, both axes logarithmic. H200 rises from 9 ms to 50 ms. \
             LPU, 64 rises from 2 ms to 30 ms, and ends at 32k (does not fit). From about 13,000, H200 is below LPU, \
             64. H200 is above 20 ms from 128k on. LPU, 64 is above 20 ms from 32k on."
        );
        assert_eq!(sentence(&Chart::default()), "No data.");
    }

    #[test]
    fn trends_have_turning_points() {
        let mut chart = chart();
        chart.rules.clear();
        chart.series.truncate(1);
        let mut say = |values: &[f64]| {
            let samples = values.iter().enumerate().map(|(x, &y)| Sample::new(1.0 + x as f64, y)).collect();
            chart.series = vec![Series::nth(0, "a", "A", samples)];
            plain(&trend(&chart, &chart.series[0]))
        };
        assert_eq!(say(&[1.0, 5.0, 2.0]), "A rises from 1 s to 5 s at 2, then falls to 2 s.");
        assert_eq!(say(&[5.0, 1.0, 2.0]), "A falls from 5 s to 1 s at 2, then rises to 2 s.");
        assert_eq!(say(&[5.0, 5.01, 4.99]), "A stays near 4.99 s.");
        assert_eq!(say(&[5.0, 3.0]), "A falls from 5 s to 3 s.");
        assert_eq!(say(&[5.0]), "A is 5 s at 1.");
    }

    #[test]
    fn the_cursor_speaks() {
        let scene = Scene::new(&chart(), Size::new(600.0, 300.0), &LIGHT, &TableMeasure);
        let at = |series, sample| {
            spoken(&scene, Cursor { series, sample }, HitMode::X).map(|text| plain(&text)).unwrap_or_default()
        };
        assert_eq!(at(0, 2), "Context length 32k: 19 ms, H200");
        assert_eq!(at(1, 3), "Context length 128k: does not fit, LPU, 64");
    }

    #[test]
    fn tables_line_up_and_export() {
        let tables = tables(&chart());
        assert_eq!(tables.len(), 1);
        let csv = tables.first().map(Table::csv).unwrap_or_default();
        assert_eq!(
            csv,
            "Context length (tokens),H200,\"LPU, 64\"\n1024,0.009,0.002\n8192,0.011,0.009\n32768,0.019,0.03\n\
             131072,0.05,does not fit\n"
        );
    }

    #[test]
    fn points_are_listed() {
        let mut chart = chart();
        let samples = vec![Sample::new(1.0, 2.0).with_label("TP8").with_band(1.0, 3.0)];
        chart.series =
            vec![Series::points("m", "measured", Paint::Ink, super::super::model::Marker::Ring, samples)];
        let rows: Vec<Vec<String>> = tables(&chart)
            .iter()
            .flat_map(|table| &table.rows)
            .map(|row| row.iter().map(|cell| plain(&cell.text)).collect())
            .collect();
        assert_eq!(rows, [["measured", "TP8", "1", "2 s (1 s to 3 s)"]]);
    }

    #[test]
    fn bars_read_as_sentences() {
        let bar = Bar {
            label: "TPOT".to_owned(),
            segments: vec![
                Segment::new("w", "weights", 0.006, Paint::Series(0)),
                Segment::new("k", "KV cache", 0.003, Paint::Series(1)),
                Segment::new("l", "link", 0.001, Paint::Series(2)),
            ],
            limit: Some((0.02, "20 ms".to_owned())),
        };
        let bars =
            Bars { title: "Why".to_owned(), unit: Unit::Seconds, bars: vec![bar], scale: BarScale::Own };
        assert_eq!(
            plain(&bars_sentence(&bars)),
            "Why. TPOT: 10 ms, within 20 ms, of which 60 % weights, 30 % KV cache and 10 % link."
        );
        assert_eq!(bars_table(&bars).rows.len(), 3);
    }
}

//! A ranking: a level bar for each of several, best first, with its 80 % interval as a whisker.

use super::describe::{Cell, Table};
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::hit::Step;
use super::layout::{EDGE, GAP, LINE};
use super::mark::{Anchor, Drawing};
use super::model::{Dash, Paint, ScaleKind};
use super::pen::Pen;
use super::scale::Scale;
use super::spot::{Facts, LaidOut, Spot, walk};
use crate::units::format::{Precision, Unit};

/// Between the tops of two bars.
const ROW: f64 = 26.0;
/// The thickness of a bar.
const BAR: f64 = 16.0;
/// Half the height of the end of a whisker.
const END: f64 = 4.0;
/// Most of the width that names take.
const NAMES: f64 = 0.42;
/// Room below for ticks and the title of the axis.
const BELOW: f64 = 2.0 * LINE + 2.0 * GAP;

/// Bars by size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// What it shows, in a few words.
    pub title: String,
    /// What the bars measure.
    pub measure: String,
    /// The unit of the bars.
    pub unit: Unit,
    /// The bars, in the order in which they stand.
    pub bars: Vec<Ranked>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    /// What it is of.
    pub label: String,
    /// Its size.
    pub value: f64,
    /// The ends of its 80 % interval.
    pub low: f64,
    /// The high end.
    pub high: f64,
    /// Its colour.
    pub paint: Paint,
    /// What else there is to say of it.
    pub note: String,
}

impl Ranked {
    fn sound(&self) -> bool {
        [self.value, self.low, self.high].iter().all(|own| own.is_finite() && *own >= 0.0)
    }
}

/// A laid-out ranking, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct RankingScene {
    ranking: Ranking,
    /// The place of each bar, over the whole width.
    rows: Vec<Rect>,
    drawing: Drawing,
}

impl RankingScene {
    fn new(ranking: &Ranking, size: Size, style: &Style<'_>) -> Self {
        let mut pen = Pen::new(size, style.theme, style.measure);
        let top = pen.title(&ranking.title, style.options);
        let names = ranking.bars.iter().map(|own| pen.width(&own.label)).fold(0.0, f64::max);
        let names = names.min(size.width * NAMES);
        let values = ranking.bars.iter().map(|own| pen.width(&ranking.unit.format(own.value)));
        let values = values.fold(0.0, f64::max) + GAP;
        let count = ranking.bars.len();
        let bottom = top + count as f64 * ROW;
        let plot = Rect::new(EDGE + names + GAP, top, size.width - EDGE - values, bottom);
        let mut rows = Vec::new();
        let most = ranking.bars.iter().map(|own| own.high.max(own.value)).fold(0.0, f64::max);
        if plot.width() > 40.0 && ranking.bars.iter().all(Ranked::sound) && most > 0.0 {
            let scale = Scale::new(ScaleKind::Linear, (0.0, most), (plot.left, plot.right));
            pen.x_axis(&scale, ranking.unit, &ranking.measure, &plot, 0.0);
            let theme = style.theme;
            for (index, own) in ranking.bars.iter().enumerate() {
                let upper = top + index as f64 * ROW;
                let middle = upper + ROW / 2.0;
                let at = |value: f64| scale.map(value).unwrap_or(plot.left);
                let bar = Rect::new(
                    plot.left,
                    middle - BAR / 2.0,
                    at(own.value).max(plot.left + 1.0),
                    middle + BAR / 2.0,
                );
                let name = Point::new(EDGE + names, middle);
                pen.text(&own.label, name, Anchor::End, theme.ink, names);
                pen.fill(bar, theme.hue(own.paint).line.faded(0.75).over(theme.surface));
                let (low, high) = (at(own.low), at(own.high));
                if own.low < own.high {
                    let ends = [low, high].map(|x| Point::new(x, middle));
                    pen.hair(ends[0], ends[1], 1.5, theme.ink, Dash::Solid);
                    for end in ends {
                        let (up, down) = (Point::new(end.x, middle - END), Point::new(end.x, middle + END));
                        pen.hair(up, down, 1.5, theme.ink, Dash::Solid);
                    }
                }
                let right = Point::new(high.max(bar.right) + GAP, middle);
                pen.text(&ranking.unit.format(own.value), right, Anchor::Start, theme.ink, values);
                rows.push(Rect::new(EDGE, upper, size.width - EDGE, upper + ROW));
            }
        }
        Self { ranking: ranking.clone(), rows, drawing: pen.finish() }
    }
}

impl Figure for Ranking {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, _: f64, style: &Style<'_>) -> f64 {
        let title = if style.options.title { EDGE + LINE + GAP } else { EDGE };
        title + self.bars.len().max(1) as f64 * ROW + BELOW
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(RankingScene::new(self, size, style))
    }

    fn sentence(&self) -> String {
        let short = |value: f64| self.unit.format_with(value, Precision::SHORT);
        let one = |own: &Ranked| {
            let band = if own.low < own.high {
                format!(" ({} to {})", short(own.low), short(own.high))
            } else {
                String::new()
            };
            format!("{} {}{band}", own.label, self.unit.format(own.value))
        };
        let told: Vec<String> = self.bars.iter().map(one).collect();
        let told = if told.is_empty() { "No data".to_owned() } else { told.join(", ") };
        let title = if self.title.is_empty() { String::new() } else { format!("{}: ", self.title) };
        format!("{title}{told}.")
    }

    fn sheets(&self) -> Vec<Table> {
        let row = |own: &Ranked| {
            let cell = |value: f64| Cell::new(self.unit, value);
            vec![
                Cell::words(own.label.clone()),
                cell(own.value),
                cell(own.low),
                cell(own.high),
                Cell::words(own.note.clone()),
            ]
        };
        vec![Table {
            caption: self.title.clone(),
            headers: ["", self.measure.as_str(), "80 % from", "to", ""].map(str::to_owned).to_vec(),
            rows: self.bars.iter().map(row).collect(),
        }]
    }
}

impl LaidOut for RankingScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        let row = self.rows.iter().position(|own| own.contains(pointer))?;
        Some(Spot::new(row, 0))
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let (own, place) = (self.ranking.bars.get(spot.row)?, self.rows.get(spot.row)?);
        let unit = self.ranking.unit;
        let short = |value: f64| unit.format_with(value, Precision::SHORT);
        let band = format!("{} to {}", short(own.low), short(own.high));
        let facts = Facts::new(own.label.clone(), *place)
            .with(self.ranking.measure.clone(), unit.format(own.value))
            .with("80 % interval", if own.low < own.high { band } else { String::new() });
        Some(facts.because(Some(&own.note)))
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        // One column: the arrows along it go up and down.
        let step = match step {
            Step::Next => Step::SeriesAfter,
            Step::Previous => Step::SeriesBefore,
            other => other,
        };
        walk(&vec![1; self.rows.len()], spot, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::layout::Options;
    use crate::chart::mark::Mark;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn ranking() -> Ranking {
        let bar = |label: &str, value: f64| Ranked {
            label: label.to_owned(),
            value,
            low: 0.8 * value,
            high: 1.5 * value,
            paint: Paint::Series(0),
            note: "limited by decode".to_owned(),
        };
        Ranking {
            title: "Cost per hour".to_owned(),
            measure: "Cost per hour".to_owned(),
            unit: Unit::DollarsPerHour,
            bars: vec![bar("16 × H200", 40.0), bar("8 × B200", 60.0)],
        }
    }

    fn scene(own: &Ranking) -> RankingScene {
        let style =
            Style { theme: &LIGHT, measure: &TableMeasure, options: Options::STANDALONE, flat: Style::FLAT };
        let size = Size::new(600.0, own.height(600.0, &style));
        RankingScene::new(own, size, &style)
    }

    #[test]
    fn bars_are_as_long_as_they_are_large_and_whiskers_reach_their_ends() {
        let scene = scene(&ranking());
        let bars: Vec<Rect> = scene
            .drawing
            .marks
            .iter()
            .filter_map(|own| match own {
                Mark::Fill { rect, .. } if (rect.height() - BAR).abs() < 0.1 => Some(*rect),
                _ => None,
            })
            .collect();
        assert_eq!(bars.len(), 2);
        assert!((bars[1].width() / bars[0].width() - 1.5).abs() < 1e-9);
        let whisker = |middle: f64| {
            scene.drawing.marks.iter().find_map(|own| match own {
                Mark::Hair { from, to, .. } if from.y == to.y && (from.y - middle).abs() < 0.1 => {
                    Some((from.x, to.x))
                }
                _ => None,
            })
        };
        let (low, high) = whisker(bars[0].centre().y).unwrap();
        assert!(((low - bars[0].left) / bars[0].width() - 0.8).abs() < 1e-9);
        assert!(((high - bars[0].left) / bars[0].width() - 1.5).abs() < 1e-9);
    }

    #[test]
    fn a_bar_answers_to_pointer_and_keys() {
        let scene = scene(&ranking());
        let spot = scene.nearest(scene.rows[1].centre()).unwrap();
        let said = scene.facts(spot).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said, "8 × B200: Cost per hour $60.00/h, 80 % interval $48/h to $90/h. limited by decode");
        let first = scene.step(None, Step::Next);
        assert_eq!(first, Some(Spot::new(0, 0)));
        assert_eq!(scene.step(first, Step::Next), Some(Spot::new(1, 0)));
        let said = ranking().sentence().replace('\u{a0}', " ");
        assert_eq!(
            said,
            "Cost per hour: 16 × H200 $40.00/h ($32/h to $60/h), 8 × B200 $60.00/h ($48/h to $90/h)."
        );
        let none = Ranking::default();
        assert_eq!(none.sentence(), "No data.");
        assert!(scene_of_nothing(&none));
        let mut odd = ranking();
        odd.bars[0].high = f64::NAN;
        assert!(scene_of_nothing(&odd));
    }

    fn scene_of_nothing(own: &Ranking) -> bool {
        let scene = scene(own);
        scene.rows.is_empty() && scene.nearest(Point::new(100.0, 100.0)).is_none()
    }
}

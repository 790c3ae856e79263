//! What each lever would do: bars to either side of the present value, the most powerful lever on top.
//!
//! Whether a change is for the better is told by colour and in words.

use super::describe::{Cell, Table};
use super::figure::{Figure, Style};
use super::frontier::Better;
use super::geometry::{Point, Rect, Size};
use super::hit::Step;
use super::layout::{EDGE, GAP, LINE, Options};
use super::mark::{Anchor, Drawing};
use super::model::{Dash, Paint, ScaleKind};
use super::pen::{Key, Pen, legend_places};
use super::scale::Scale;
use super::spot::{Facts, LaidOut, Spot, walk};
use super::text::TextMeasure;
use super::theme::{Colour, Hue, Theme};
use crate::units::format::{Precision, Unit};

/// Narrower pictures put the name of a lever above its bars.
const NARROW: f64 = 520.0;
/// The usual thickness of a bar.
const BAR: f64 = 24.0;
/// Between levers.
const BETWEEN: f64 = 10.0;

/// The colour of a change: good and bad as everywhere on the page, the bad one pale as well, so that the two differ for
/// every eye; muted where neither way is better.
fn colour(theme: &Theme, better: Option<bool>) -> Colour {
    match better {
        Some(true) => theme.good,
        Some(false) => theme.bad.with_alpha(0.6).over(theme.surface),
        None => theme.hue(Paint::Muted).line,
    }
}

/// Levers around one present value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tornado {
    /// What the chart shows, in a few words.
    pub title: String,
    /// What the levers change: `Cost`.
    pub metric: String,
    /// The unit of all values.
    pub unit: Unit,
    /// Which way it gets better, if it does.
    pub better: Option<Better>,
    /// The value as things are.
    pub present: f64,
    /// The levers, in any order.
    pub levers: Vec<Lever>,
}

/// One lever.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lever {
    /// What people read: `Memory bandwidth`.
    pub label: String,
    /// What happens when it is turned down.
    pub low: Effect,
    /// What happens when it is turned up.
    pub high: Effect,
    /// What limits next, once this lever is pulled in the better direction.
    pub next: Option<String>,
}

/// What one setting of a lever does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effect {
    /// The setting: `½×`, `9.6 TB/s`.
    pub setting: String,
    /// The value it leads to; `None` if it does not fit.
    pub value: Option<f64>,
    /// Why, or why not.
    pub note: Option<String>,
}

impl Effect {
    /// This setting leads to this value; what is not finite is no value.
    #[must_use]
    pub fn new(setting: impl Into<String>, value: f64) -> Self {
        Self { setting: setting.into(), value: value.is_finite().then_some(value), note: None }
    }

    /// This setting does not fit, and why.
    #[must_use]
    pub fn none(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { setting: setting.into(), value: None, note: Some(reason.into()) }
    }
}

impl Lever {
    /// How far its ends lie apart, as the present value counts with them.
    fn swing(&self, present: f64) -> f64 {
        let ends = || [self.low.value, self.high.value].into_iter().flatten().chain([present]);
        ends().fold(f64::NEG_INFINITY, f64::max) - ends().fold(f64::INFINITY, f64::min)
    }

    fn effects(&self) -> [&Effect; 2] {
        [&self.low, &self.high]
    }
}

impl Tornado {
    /// The levers from the most powerful to the least, as indices.
    fn order(&self) -> Vec<usize> {
        let swing = |index: &usize| self.levers.get(*index).map_or(0.0, |lever| lever.swing(self.present));
        let mut order: Vec<usize> = (0..self.levers.len()).collect();
        order.sort_by(|a, b| swing(b).total_cmp(&swing(a)).then(a.cmp(b)));
        order
    }

    /// Whether the value is better than the present one; `None` if it is the same, or neither way is better.
    fn better_at(&self, value: f64) -> Option<bool> {
        let rises = value > self.present;
        let differs = rises || value < self.present;
        self.better.filter(|_| differs).map(|better| rises == (better == Better::Higher))
    }

    /// `−12 %`, if a share can be told.
    fn change(&self, value: f64) -> Option<String> {
        let change = (value - self.present) / self.present.abs();
        change.is_finite().then(|| Unit::Percent.format_change(change, Precision::SHORT))
    }

    /// `½× → $1.20 (+12 %)`.
    fn words(&self, effect: &Effect) -> String {
        match effect.value {
            Some(value) => {
                let change = self.change(value).map(|change| format!(" ({change})")).unwrap_or_default();
                format!("{} → {}{change}", effect.setting, self.unit.format(value))
            }
            None => format!("{} does not fit", effect.setting),
        }
    }

    /// As much of [`Tornado::words`] as fits: the value goes before the change does.
    fn short(&self, effect: &Effect, fits: &dyn Fn(&str) -> bool) -> String {
        let full = self.words(effect);
        let Some(value) = effect.value.filter(|_| !fits(&full)) else { return full };
        let change = self.change(value).unwrap_or_else(|| self.unit.format(value));
        let shorter = [format!("{} {change}", effect.setting), change];
        shorter.into_iter().find(|words| fits(words)).unwrap_or(full)
    }

    /// The levers as a table, from the most powerful on.
    #[must_use]
    pub fn table(&self) -> Table {
        let rows = self.order().into_iter().filter_map(|index| self.levers.get(index)).flat_map(|lever| {
            lever.effects().map(|effect| {
                let change = effect.value.map_or(f64::NAN, |value| value / self.present - 1.0);
                let note = effect.note.as_ref().or(lever.next.as_ref());
                vec![
                    Cell::words(lever.label.clone()),
                    Cell::words(effect.setting.clone()),
                    Cell::new(self.unit, effect.value.unwrap_or(f64::NAN)),
                    Cell::new(Unit::Percent, change),
                    Cell::words(note.cloned().unwrap_or_default()),
                ]
            })
        });
        Table {
            caption: self.title.clone(),
            headers: ["Lever", "Setting", &self.metric, "Change", "Limit"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
    }
}

/// A laid-out tornado, in CSS pixels. A spot's row counts the levers as drawn; its column is 0 for the lever turned
/// down and 1 for up.
#[derive(Clone, Debug, PartialEq)]
pub struct TornadoScene {
    /// What it shows.
    pub tornado: Tornado,
    /// The lever in each row, as an index.
    pub order: Vec<usize>,
    /// The whole row and the bars of each lever, as drawn; a bar without length has no width.
    rows: Vec<(Rect, [Rect; 2])>,
    drawing: Drawing,
    theme: Theme,
}

/// What does not change with the thickness of the bars.
struct Frame {
    narrow: bool,
    /// Above each bar.
    above: f64,
    /// Below each bar.
    below: f64,
    keys: Vec<Key>,
}

impl Frame {
    fn new(tornado: &Tornado, width: f64, theme: &Theme) -> Self {
        let narrow = width < NARROW;
        let keys = [("better", true), ("worse", false)].into_iter().map(|(label, better)| Key {
            label: label.to_owned(),
            colour: colour(theme, Some(better)),
            hatched: false,
        });
        Self {
            narrow,
            above: if narrow { LINE } else { 0.0 },
            below: if narrow || tornado.levers.iter().any(|lever| lever.next.is_some()) {
                LINE + 4.0
            } else {
                0.0
            },
            keys: if tornado.better.is_some() { keys.collect() } else { Vec::new() },
        }
    }
}

impl TornadoScene {
    /// The height at which bars have their usual thickness.
    #[must_use]
    pub fn height_for(
        tornado: &Tornado,
        width: f64,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> f64 {
        let frame = Frame::new(tornado, width, theme);
        Self::top(tornado, &frame, width, measure, options)
            + tornado.levers.len() as f64 * (frame.above + BAR + frame.below + BETWEEN)
            + 2.0 * LINE
            + GAP
            + EDGE
    }

    /// Where the bars begin: below the title, the legend and the label of the present value.
    fn top(tornado: &Tornado, frame: &Frame, width: f64, measure: &dyn TextMeasure, options: Options) -> f64 {
        let title = if options.title && !tornado.title.is_empty() { LINE + GAP } else { 0.0 };
        let places = legend_places(&frame.keys, width, EDGE + title, measure);
        let legend = places.last().filter(|_| options.legend);
        legend.map_or(EDGE + title, |last| last.y + LINE + GAP) + LINE + GAP
    }

    /// Lays a tornado out, with or without its title and legend.
    #[must_use]
    pub fn new(
        tornado: &Tornado,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let frame = Frame::new(tornado, size.width, theme);
        let mut pen = Pen::new(size, theme, measure);
        let below_title = pen.title(&tornado.title, options);
        if options.legend {
            pen.legend(&frame.keys, below_title);
        }
        let top = Self::top(tornado, &frame, size.width, measure, options);
        let order = tornado.order();
        let names = if frame.narrow {
            0.0
        } else {
            let widest = tornado.levers.iter().map(|lever| pen.width(&lever.label)).fold(0.0, f64::max);
            widest.min(size.width * 0.28) + GAP
        };
        let (left, right) = (EDGE + names, (size.width - EDGE).max(EDGE + names + 1.0));
        let bottom = (size.height - EDGE - 2.0 * LINE - GAP).max(top);
        let scale = scale_of(tornado, (left, right), &mut |text| measure.width(text, super::layout::TEXT));
        let plot = Rect::new(left, top, right, bottom);
        // Where no value is negative, the axis need not say so below the words.
        let values = tornado.levers.iter().flat_map(Lever::effects).filter_map(|effect| effect.value);
        let least = if values.fold(tornado.present, f64::min) >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        pen.x_axis(&scale, tornado.unit, &tornado.metric, &plot, least);

        let count = order.len().max(1) as f64;
        let thickness = ((bottom - top) / count - frame.above - frame.below - BETWEEN).clamp(4.0, 1.6 * BAR);
        let mut scene = Self {
            tornado: tornado.clone(),
            order,
            rows: Vec::new(),
            drawing: Drawing::new(size, theme),
            theme: *theme,
        };
        let present = scale.map(tornado.present);
        if let Some(x) = present {
            let (from, to) = (Point::new(x, top - 4.0), Point::new(x, bottom));
            pen.hair(from, to, 1.5, theme.ink, Dash::Solid);
            let label = format!("now {}", tornado.unit.format(tornado.present));
            let half = pen.width(&label) / 2.0;
            let x = x.min(size.width - EDGE - half).max(EDGE + half);
            let at = Point::new(x, top - 4.0 - LINE / 2.0);
            pen.bold(&label, at, Anchor::Middle, theme.ink, size.width - 2.0 * EDGE);
        }
        let mut y = top + BETWEEN / 2.0;
        for index in &scene.order {
            let Some(lever) = tornado.levers.get(*index) else { continue };
            let bar = Rect::new(left, y + frame.above, right, y + frame.above + thickness);
            let row = Rect::new(EDGE, y, right, bar.bottom + frame.below);
            let ink = theme.ink;
            if frame.narrow {
                pen.plated(&lever.label, Point::new(EDGE, y + LINE / 2.0), ink, right - EDGE);
            } else {
                let at = Point::new(left - GAP, bar.centre().y);
                pen.text(&lever.label, at, Anchor::End, ink, names - GAP);
            }
            let bars = draw_bars(tornado, lever, bar, &scale, &mut pen);
            if let Some(next) = &lever.next {
                let words = format!("then {next}");
                let wide = pen.width(&words);
                let (middle, y) = (present.unwrap_or(left), bar.bottom + LINE / 2.0 + 3.0);
                // On the side of the present value that has more room; on its line only where neither has enough.
                let (before, after) = (middle - GAP - left, right - middle - GAP);
                if frame.narrow || wide > before.max(after) {
                    pen.plated(&words, Point::new(left, y), theme.muted, right - left);
                } else if after >= wide {
                    pen.text(&words, Point::new(middle + GAP, y), Anchor::Start, theme.muted, after);
                } else {
                    pen.text(&words, Point::new(middle - GAP, y), Anchor::End, theme.muted, before);
                }
            }
            scene.rows.push((row, bars));
            y = row.bottom + BETWEEN;
        }
        scene.drawing = pen.finish();
        scene
    }

    fn effect(&self, spot: Spot) -> Option<(&Lever, &Effect)> {
        let lever = self.tornado.levers.get(*self.order.get(spot.row)?)?;
        Some((lever, lever.effects().get(spot.column).copied()?))
    }
}

/// A scale with room beside the longest bars for what stands at their ends.
fn scale_of(tornado: &Tornado, range: (f64, f64), width: &mut dyn FnMut(&str) -> f64) -> Scale {
    let ends = tornado
        .levers
        .iter()
        .flat_map(Lever::effects)
        .filter_map(|effect| effect.value)
        .chain([tornado.present]);
    let finite = || ends.clone().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low < high { (low, high) } else { (tornado.present, tornado.present) };
    // The words go outside the bars; each side gives up to a third of its length for the widest of them.
    let (mut before, mut after) = (0.0_f64, 0.0_f64);
    for effect in tornado.levers.iter().flat_map(Lever::effects) {
        let wide = width(&tornado.words(effect)) + 2.0 * GAP;
        match effect.value {
            Some(value) if value > tornado.present => after = after.max(wide),
            Some(_) => before = before.max(wide),
            None => {}
        }
    }
    let length = range.1 - range.0;
    let inner = (range.0 + before.min(length / 3.0), range.1 - after.min(length / 3.0));
    let inner = Scale::new(ScaleKind::Linear, (low, high), inner);
    let wide = (inner.invert(range.0), inner.invert(range.1));
    Scale::new(ScaleKind::Linear, wide, range)
}

/// The two bars of a lever with what stands at their ends.
fn draw_bars(tornado: &Tornado, lever: &Lever, bar: Rect, scale: &Scale, pen: &mut Pen<'_>) -> [Rect; 2] {
    let middle = scale.map(scale.clamp(tornado.present)).unwrap_or(bar.left);
    let nowhere = Rect::new(middle, bar.top, middle, bar.bottom);
    let mut bars = [nowhere, nowhere];
    let places = lever
        .effects()
        .map(|effect| effect.value.and_then(|value| scale.map(scale.clamp(value))).unwrap_or(middle));
    // Two ends on one side share the thickness, or the longer would hide the shorter.
    let sides = places.map(|place| place - middle);
    let shared = sides[0] * sides[1] > 0.0;
    for (index, ((effect, place), rect)) in lever.effects().into_iter().zip(places).zip(&mut bars).enumerate()
    {
        let half = bar.centre().y;
        let (top, bottom) = match (shared, index) {
            (false, _) => (bar.top, bar.bottom),
            (true, 0) => (bar.top, half - 0.5),
            (true, _) => (half + 0.5, bar.bottom),
        };
        *rect = Rect::new(place.min(middle), top, place.max(middle), bottom);
        let better = effect.value.and_then(|value| tornado.better_at(value));
        pen.fill(*rect, colour(pen.theme, better));
    }
    // Words at the ends: outside, or inside where outside is too narrow.
    for (index, (effect, rect)) in lever.effects().into_iter().zip(bars).enumerate() {
        // An end that stays where it is takes the side that is free.
        let other = sides.get(1 - index).copied().unwrap_or(0.0);
        let own = sides.get(index).copied().unwrap_or(0.0);
        let leftwards = own < 0.0 || (own == 0.0 && (other > 0.0 || (other == 0.0 && index == 0)));
        let outside = if leftwards { rect.left - GAP - bar.left } else { bar.right - GAP - rect.right };
        let room = outside.max(rect.width() - 2.0 * GAP);
        let words = tornado.short(effect, &|words| pen.width(words) <= room);
        let wide = pen.width(&words);
        let y = if shared && bar.height() < 2.0 * LINE - 4.0 {
            // Two lines of words do not fit side by side on one bar; they part around its middle.
            bar.centre().y + if index == 0 { -LINE / 2.0 } else { LINE / 2.0 }
        } else {
            rect.centre().y
        };
        let hue = pen.theme.ink;
        if outside >= wide || outside >= rect.width() {
            let (x, anchor) =
                if leftwards { (rect.left - GAP, Anchor::End) } else { (rect.right + GAP, Anchor::Start) };
            pen.text(&words, Point::new(x, y), anchor, hue, outside);
        } else {
            let fill = colour(pen.theme, effect.value.and_then(|value| tornado.better_at(value)));
            let (x, anchor) =
                if leftwards { (rect.left + GAP, Anchor::Start) } else { (rect.right - GAP, Anchor::End) };
            pen.text(&words, Point::new(x, y), anchor, fill.ink_on(), rect.width() - 2.0 * GAP);
        }
    }
    bars
}

impl Figure for Tornado {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        TornadoScene::height_for(self, width, style.theme, style.measure, style.options)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(TornadoScene::new(self, size, style.theme, style.measure, style.options))
    }

    /// The chart as a few sentences: the present value, and each lever from the most powerful on.
    fn sentence(&self) -> String {
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}. ", self.title) };
        if self.levers.is_empty() {
            text.push_str("No data.");
            return text;
        }
        text.push_str(&format!("{} is {} at present.", self.metric, self.unit.format(self.present)));
        for index in self.order() {
            let Some(lever) = self.levers.get(index) else { continue };
            let side = |effect: &Effect| {
                let side = match effect.value.and_then(|value| self.better_at(value)) {
                    Some(true) => ", better",
                    Some(false) => ", worse",
                    None => "",
                };
                format!("{}{side}", self.words(effect))
            };
            let next = lever.next.as_ref().map(|next| format!("; then {next}")).unwrap_or_default();
            text.push_str(&format!(" {}: {}; {}{next}.", lever.label, side(&lever.low), side(&lever.high)));
        }
        text
    }

    fn sheets(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

impl LaidOut for TornadoScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        let (row, (_, bars)) =
            self.rows.iter().enumerate().find(|(_, (row, _))| row.grown(BETWEEN / 2.0).contains(pointer))?;
        let distance = |rect: &Rect| {
            let inside = rect.clamp(pointer);
            // Beside both bars, the one that reaches further this way answers.
            inside.distance(pointer) - rect.width() / 1e4
        };
        let (column, _) = bars.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
        Some(Spot::new(row, column))
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let (lever, effect) = self.effect(spot)?;
        let tornado = &self.tornado;
        let place = self.rows.get(spot.row)?.1.get(spot.column).copied()?;
        let side = effect.value.and_then(|value| tornado.better_at(value));
        let facts = Facts::new(format!("{} {}", lever.label, effect.setting), place).with(
            tornado.metric.clone(),
            effect.value.map_or_else(|| "does not fit".to_owned(), |value| tornado.unit.format(value)),
        );
        let change = effect.value.and_then(|value| tornado.change(value)).unwrap_or_default();
        let facts = facts.with(
            "",
            match side {
                Some(true) => format!("{change}, better"),
                Some(false) => format!("{change}, worse"),
                None => change,
            },
        );
        let next = lever.next.clone().filter(|_| side == Some(true)).unwrap_or_default();
        let mut facts = facts.with("then", next).because(effect.note.as_ref());
        if let (Some(better), Some(fact)) = (side, facts.rows.get_mut(1)) {
            let text = if better { self.theme.good } else { self.theme.bad };
            fact.hue = Some(Hue { line: colour(&self.theme, Some(better)), text });
        }
        Some(facts)
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        walk(&vec![2; self.rows.len()], spot, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn tornado() -> Tornado {
        let lever = |label: &str, low: f64, high: f64| Lever {
            label: label.to_owned(),
            low: Effect::new("½×", low),
            high: Effect::new("2×", high),
            next: Some("link bandwidth".to_owned()),
        };
        Tornado {
            title: "Levers".to_owned(),
            metric: "Cost".to_owned(),
            unit: Unit::DollarsPerMillionTokens,
            better: Some(Better::Lower),
            present: 1.0,
            levers: vec![lever("Clock", 1.1, 0.95), lever("Bandwidth", 1.8, 0.6), lever("Nothing", 1.0, 1.0)],
        }
    }

    fn scene(tornado: &Tornado, width: f64) -> TornadoScene {
        let height = TornadoScene::height_for(tornado, width, &LIGHT, &TableMeasure, Options::PAGE);
        TornadoScene::new(tornado, Size::new(width, height), &LIGHT, &TableMeasure, Options::PAGE)
    }

    #[test]
    fn the_most_powerful_lever_is_on_top() {
        assert_eq!(scene(&tornado(), 700.0).order, [1, 0, 2]);
    }

    #[test]
    fn bars_run_from_the_present_to_the_effect() {
        for width in [340.0, 700.0] {
            let scene = scene(&tornado(), width);
            let [low, high] = scene.rows[0].1;
            // $1.80 lies right of $1, $0.60 left, and lengths are as the changes.
            assert!((high.right - low.left).abs() < 1e-9);
            assert!((low.width() / high.width() - 0.8 / 0.4).abs() < 1e-6);
            assert!(scene.rows[2].1.iter().all(|bar| bar.width() < 1e-9));
        }
    }

    #[test]
    fn a_bar_says_what_becomes_better_and_what_limits_next() {
        let scene = scene(&tornado(), 700.0);
        let [low, high] = scene.rows[0].1;
        assert_eq!(scene.nearest(low.centre()), Some(Spot::new(0, 0)));
        assert_eq!(scene.nearest(high.centre()), Some(Spot::new(0, 1)));
        let said = |column| scene.facts(Spot::new(0, column)).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said(1), "Bandwidth 2×: Cost $0.60/Mtok, −40 %, better, then link bandwidth");
        assert_eq!(said(0), "Bandwidth ½×: Cost $1.80/Mtok, +80 %, worse");
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let mut tornado = tornado();
        tornado.levers[0].low = Effect::none("½×", "weights exceed HBM");
        assert!(tornado.sentence().contains("Clock: ½× does not fit; 2× →"), "{}", tornado.sentence());
        let scene = scene(&tornado, 700.0);
        let said = scene.facts(Spot::new(1, 0)).unwrap().spoken();
        assert_eq!(said, "Clock ½×: Cost does not fit. weights exceed HBM");
        let table = tornado.table();
        assert_eq!(table.rows.len(), 6);
        assert!(table.rows.iter().all(|row| row.len() == table.headers.len()));
    }

    #[test]
    fn nothing_to_turn_is_survived() {
        let empty = Tornado { present: f64::NAN, ..Tornado::default() };
        let scene = scene(&empty, 300.0);
        assert_eq!(scene.step(None, Step::Next), None);
        assert_eq!(scene.nearest(Point::new(10.0, 10.0)), None);
        assert_eq!(empty.sentence(), "No data.");
    }
}

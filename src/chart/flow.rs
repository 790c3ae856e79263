//! Pools of chips and what flows between them: where each token runs, how busy each part is, and which one holds the
//! rest up.
//!
//! Boxes stand in a row where there is room, and on top of each other where there is not. An arrow is as thick as its
//! link is busy. Arrows there and back between two boxes run side by side; those past other boxes run around them.

use super::describe::{Cell, Table, join_words};
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::hit::Step;
use super::layout::{EDGE, GAP, LINE, Options, TEXT};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{Dash, Paint, Tint};
use super::pen::Pen;
use super::spot::{Facts, LaidOut, Spot, walk};
use super::text::{TextMeasure, wrapped};
use super::theme::{Colour, Theme};
use crate::units::format::{ABSENT, Precision, Unit};

/// The least width of a box in a row, and of the space between boxes.
const BOX: f64 = 150.0;
const SPACE: f64 = 116.0;
/// The width of the arrow in and of the arrow out, in a row.
const DOOR: f64 = 76.0;
/// The most lines a subtitle or a label takes.
const MOST_LINES: usize = 4;
/// Inside a box, around its text.
const PAD: f64 = 10.0;
/// The thickness of a utilisation bar.
const BAR: f64 = 6.0;
/// Between lanes of arrows that run around boxes.
const DETOUR: f64 = 18.0;

/// Pools and flows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// What the diagram shows, in a few words.
    pub title: String,
    /// The pools, in the order in which a request meets them.
    pub pools: Vec<Pool>,
    /// What flows between them.
    pub links: Vec<Link>,
}

/// One pool of chips.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool {
    /// The part it plays, in words: `Prefill`.
    pub role: String,
    /// The colour of the part it plays.
    pub paint: Paint,
    /// What it is: `8 × H200`.
    pub title: String,
    /// How it is laid out: `TP8, batch 64`.
    pub subtitle: String,
    /// What is asked of it, as a share of what it can do.
    pub utilisation: Option<f64>,
    /// Whether it holds the rest up.
    pub bottleneck: bool,
    /// More for the tooltip.
    pub note: Option<String>,
}

/// Where a flow begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Outside, where requests come from.
    Requests,
    /// A pool, by its index.
    Pool(usize),
    /// Outside, where tokens go.
    Tokens,
}

/// One flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it comes from.
    pub from: End,
    /// Where it goes.
    pub to: End,
    /// What flows: `KV cache, 1.2 GB per request`.
    pub label: String,
    /// What is asked of the link, as a share of what it can carry.
    pub utilisation: Option<f64>,
    /// Whether it holds the rest up.
    pub bottleneck: bool,
    /// More for the tooltip.
    pub note: Option<String>,
}

impl Link {
    /// A flow of this from here to there.
    #[must_use]
    pub fn new(from: End, to: End, label: impl Into<String>) -> Self {
        Self { from, to, label: label.into(), utilisation: None, bottleneck: false, note: None }
    }

    /// The same over a link that is loaded to this share.
    #[must_use]
    pub fn with_utilisation(self, utilisation: f64) -> Self {
        Self { utilisation: Some(utilisation), ..self }
    }

    /// The gap between boxes that it lies in, counted from before the first box; and, if it runs around boxes, from
    /// which to which.
    fn course(&self, count: usize) -> Option<Course> {
        let last = count.checked_sub(1)?;
        let index = |end: End| match end {
            End::Pool(index) => (index <= last).then_some(index),
            End::Requests | End::Tokens => None,
        };
        match (self.from, self.to) {
            (End::Requests, to) => match index(to)? {
                0 => Some(Course::Gap { gap: 0, back: false }),
                to => Some(Course::Around { from: Some(0), to: Some(to) }),
            },
            (from, End::Tokens) => {
                let from = index(from)?;
                if from == last {
                    Some(Course::Gap { gap: count, back: false })
                } else {
                    Some(Course::Around { from: Some(from), to: None })
                }
            }
            (from, to) => {
                let (from, to) = (index(from)?, index(to)?);
                Some(match from.abs_diff(to) {
                    1 => Course::Gap { gap: from.max(to), back: to < from },
                    _ => Course::Around { from: Some(from), to: Some(to) },
                })
            }
        }
    }

    fn words(&self) -> String {
        match share(self.utilisation) {
            Some(share) if self.label.is_empty() => share,
            Some(share) => format!("{}, {share}", self.label),
            None => self.label.clone(),
        }
    }
}

/// How an arrow runs.
#[derive(Clone, Copy)]
enum Course {
    /// Straight through the gap between neighbours, or from or to the outside.
    Gap { gap: usize, back: bool },
    /// Around boxes; `None` is the outside after the last box.
    Around { from: Option<usize>, to: Option<usize> },
}

/// `64 %`, if it is a share.
fn share(utilisation: Option<f64>) -> Option<String> {
    utilisation
        .filter(|share| share.is_finite())
        .map(|share| Unit::Percent.format_with(share.max(0.0), Precision::SHORT))
}

impl Flow {
    fn name(&self, end: End) -> String {
        match end {
            End::Requests => "requests".to_owned(),
            End::Tokens => "tokens".to_owned(),
            End::Pool(index) => {
                self.pools.get(index).map_or_else(|| ABSENT.to_owned(), |pool| pool.role.clone())
            }
        }
    }

    /// The links that leave a pool, as indices; those from outside belong to the pool they reach.
    fn links_of(&self, pool: usize) -> impl Iterator<Item = usize> + '_ {
        let own = move |link: &Link| match (link.from, link.to) {
            (End::Pool(from), _) => from == pool,
            (_, End::Pool(to)) => to == pool,
            _ => false,
        };
        self.links.iter().enumerate().filter(move |(_, link)| own(link)).map(|(index, _)| index)
    }

    /// Pools and flows as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let row = |name: String, what: String, utilisation: Option<f64>, bottleneck: bool| {
            vec![
                Cell::words(name),
                Cell::words(what),
                Cell::new(Unit::Percent, utilisation.unwrap_or(f64::NAN)),
                Cell::words(if bottleneck { "bottleneck" } else { "" }),
            ]
        };
        let pools = self.pools.iter().map(|pool| {
            let what = if pool.subtitle.is_empty() {
                pool.title.clone()
            } else {
                format!("{}, {}", pool.title, pool.subtitle)
            };
            row(pool.role.clone(), what, pool.utilisation, pool.bottleneck)
        });
        let links = self.links.iter().map(|link| {
            let name = format!("{} → {}", self.name(link.from), self.name(link.to));
            row(name, link.label.clone(), link.utilisation, link.bottleneck)
        });
        Table {
            caption: self.title.clone(),
            headers: ["Part", "What", "Loaded", "Limit"].map(str::to_owned).to_vec(),
            rows: pools.chain(links).collect(),
        }
    }
}

/// A laid-out diagram, in CSS pixels. A spot's row is a pool; its column 0 is the pool itself, and the others are the
/// flows out of it, after those from outside into it.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowScene {
    /// What it shows.
    pub flow: Flow,
    /// The height that the diagram takes at this width.
    pub height: f64,
    /// The place of each pool.
    boxes: Vec<Rect>,
    /// What answers to the pointer for each link: its arrow and its label.
    arrows: Vec<Vec<Rect>>,
    drawing: Drawing,
    theme: Theme,
}

impl FlowScene {
    /// The height that a diagram of this width takes.
    #[must_use]
    pub fn height_for(
        flow: &Flow,
        width: f64,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> f64 {
        Self::new(flow, Size::new(width, 1.0), theme, measure, options).height
    }

    /// Lays a diagram out, with or without its title. The height follows from the width: what is below the given height
    /// is left off.
    #[must_use]
    pub fn new(flow: &Flow, size: Size, theme: &Theme, measure: &dyn TextMeasure, options: Options) -> Self {
        let mut pen = Pen::new(size, theme, measure);
        let top = pen.title(&flow.title, options);
        let mut scene = Self {
            flow: flow.clone(),
            height: top + EDGE,
            boxes: Vec::new(),
            arrows: vec![Vec::new(); flow.links.len()],
            drawing: Drawing::new(size, theme),
            theme: *theme,
        };
        let count = flow.pools.len() as f64;
        let gaps = (count - 1.0).max(0.0);
        if !flow.pools.is_empty() {
            let bottom = if size.width >= count * BOX + gaps * SPACE + 2.0 * (DOOR + EDGE) {
                scene.draw_row(top, &mut pen)
            } else {
                scene.draw_stack(top, &mut pen)
            };
            scene.height = bottom + EDGE;
        }
        scene.drawing = pen.finish();
        scene
    }

    /// The links through a gap, as indices, and whether each runs backwards.
    fn through(&self, gap: usize) -> Vec<(usize, bool)> {
        let count = self.flow.pools.len();
        let course = |(index, link): (usize, &Link)| match link.course(count)? {
            Course::Gap { gap: own, back } if own == gap => Some((index, back)),
            _ => None,
        };
        self.flow.links.iter().enumerate().filter_map(course).collect()
    }

    /// The links around boxes, as indices with their ends.
    fn around(&self) -> Vec<(usize, Option<usize>, Option<usize>)> {
        let count = self.flow.pools.len();
        let course = |(index, link): (usize, &Link)| match link.course(count)? {
            Course::Around { from, to } => Some((index, from, to)),
            Course::Gap { .. } => None,
        };
        self.flow.links.iter().enumerate().filter_map(course).collect()
    }

    /// The height of a box whose text has this much room.
    fn box_height(&self, room: f64, measure: &dyn TextMeasure) -> f64 {
        let subtitle = |pool: &Pool| wrapped(&pool.subtitle, TEXT, room, MOST_LINES, measure).len() as f64;
        let lines = self.flow.pools.iter().map(subtitle).fold(0.0, f64::max);
        let busy = self.flow.pools.iter().any(|pool| share(pool.utilisation).is_some());
        let bar = if busy { LINE + BAR + 4.0 } else { 0.0 };
        2.0 * PAD + (2.0 + lines) * LINE + bar
    }

    /// Boxes side by side; gives the lower end of it all.
    fn draw_row(&mut self, top: f64, pen: &mut Pen<'_>) -> f64 {
        let width = pen.size.width;
        let count = self.flow.pools.len();
        let gaps = count.saturating_sub(1) as f64;
        // What is left over goes to boxes and gaps alike.
        let spare = width - 2.0 * (DOOR + EDGE) - count as f64 * BOX - gaps * SPACE;
        let each = spare / (count as f64 + gaps).max(1.0);
        let wide = (BOX + each).min(2.0 * BOX);
        let space = if gaps > 0.0 {
            ((width - 2.0 * (DOOR + EDGE) - count as f64 * wide) / gaps).min(2.4 * SPACE)
        } else {
            0.0
        };
        let whole = count as f64 * wide + gaps * space;
        let left = (width - whole) / 2.0;

        // Each arrow of a gap has a level of its own: its label above, its line below.
        let reach = |gap: usize| if gap == 0 || gap == count { left - EDGE } else { space };
        let levels: Vec<Vec<f64>> = (0..=count)
            .map(|gap| {
                let room = reach(gap) - 2.0 * GAP;
                let lines = |index: usize| label_lines_of(&self.flow, index, room, pen.measure) as f64;
                self.through(gap).iter().map(|(index, _)| lines(*index) * LINE + 18.0).collect()
            })
            .collect();
        let tallest = levels.iter().map(|levels| levels.iter().sum::<f64>()).fold(0.0, f64::max);
        let height = self.box_height(wide - 2.0 * PAD, pen.measure).max(tallest + GAP);
        for index in 0..count {
            let x = left + index as f64 * (wide + space);
            self.boxes.push(Rect::new(x, top, x + wide, top + height));
        }
        for (gap, levels) in levels.into_iter().enumerate() {
            let (from, to) =
                match (gap.checked_sub(1).and_then(|index| self.boxes.get(index)), self.boxes.get(gap)) {
                    (None, Some(after)) => (EDGE, after.left),
                    (Some(before), Some(after)) => (before.right, after.left),
                    (Some(before), None) => (before.right, width - EDGE),
                    (None, None) => continue,
                };
            let mut y = top + (height - levels.iter().sum::<f64>()) / 2.0;
            for ((index, back), level) in self.through(gap).into_iter().zip(levels) {
                let line = y + level - 10.0;
                let (start, end) = if back { (to, from) } else { (from, to) };
                let arrow = [Point::new(start, line), Point::new(end, line)];
                let room = to - from - 2.0 * GAP;
                let at = Point::new(f64::midpoint(from, to), y + LINE / 2.0);
                self.draw_arrow(index, &arrow, pen);
                self.draw_label(index, at, Anchor::Middle, room, pen);
                y += level;
            }
        }
        self.draw_boxes(pen);
        let mut bottom = top + height;
        // Around boxes: down, along below them and up again.
        for (order, (index, from, to)) in self.around().into_iter().enumerate() {
            let spread = (order % 4) as f64 * 14.0;
            let foot = |end: Option<usize>, shift: f64| match end.and_then(|end| self.boxes.get(end)) {
                Some(rect) => Point::new(rect.centre().x + shift, rect.bottom),
                None => Point::new(width - EDGE - 4.0, top + height),
            };
            let (a, b) = (foot(from, -12.0 - spread), foot(to, 12.0 + spread));
            let room = (a.x - b.x).abs().max(wide) - 2.0 * GAP;
            let lines = label_lines_of(&self.flow, index, room, pen.measure);
            let y = bottom + DETOUR;
            let mut path = vec![a, Point::new(a.x, y), Point::new(b.x, y)];
            // What leaves the diagram goes on to its edge.
            if to.is_some() {
                path.push(b);
            }
            self.draw_arrow(index, &path, pen);
            let at = Point::new(f64::midpoint(a.x, b.x), y + 4.0 + LINE / 2.0);
            self.draw_label(index, at, Anchor::Middle, room, pen);
            bottom = y + 4.0 + lines as f64 * LINE;
        }
        bottom
    }

    /// Boxes on top of each other; gives the lower end of it all.
    fn draw_stack(&mut self, top: f64, pen: &mut Pen<'_>) -> f64 {
        let width = pen.size.width;
        let count = self.flow.pools.len();
        let around = self.around();
        let left = EDGE;
        let right = (width - EDGE - around.len() as f64 * DETOUR).max(left + 1.0);
        let height = self.box_height(right - left - 2.0 * PAD, pen.measure);
        // Labels of arrows around boxes stand in the gap after the box they start from, beside their upright.
        let beside = |gap: usize| -> Vec<usize> {
            let starts = |from: Option<usize>, to: Option<usize>| match (from, to) {
                (Some(from), Some(to)) => from.min(to) + 1,
                (Some(from), None) | (None, Some(from)) => from + 1,
                (None, None) => 0,
            };
            around.iter().filter(|(_, from, to)| starts(*from, *to) == gap).map(|course| course.0).collect()
        };
        let mut y = top;
        for gap in 0..=count {
            let through = self.through(gap);
            let others = beside(gap);
            let columns = (through.len() + others.len()).max(1) as f64;
            let column = (right - left) / columns;
            let room = column - 24.0 - GAP;
            let indices = through.iter().map(|(index, _)| *index).chain(others.iter().copied());
            let lines = indices.map(|index| label_lines_of(&self.flow, index, room, pen.measure));
            let most = lines.fold(0, usize::max) as f64;
            let tall = if most > 0.0 { (most * LINE + 14.0).max(36.0) } else { GAP };
            if gap > 0 || !through.is_empty() {
                for (place, &(index, back)) in through.iter().enumerate() {
                    let x = left + place as f64 * column + 14.0;
                    let (start, end) = if back { (y + tall, y) } else { (y, y + tall) };
                    self.draw_arrow(index, &[Point::new(x, start), Point::new(x, end)], pen);
                    let lines = label_lines_of(&self.flow, index, room, pen.measure) as f64;
                    let at = Point::new(x + 12.0, y + (tall - lines * LINE) / 2.0 + LINE / 2.0);
                    self.draw_label(index, at, Anchor::Start, room, pen);
                }
                for (place, &index) in others.iter().enumerate() {
                    let x = right - place as f64 * column;
                    let lines = label_lines_of(&self.flow, index, room, pen.measure) as f64;
                    let at = Point::new(x, y + (tall - lines * LINE) / 2.0 + LINE / 2.0);
                    self.draw_label(index, at, Anchor::End, room, pen);
                }
                y += if gap == count && through.is_empty() && others.is_empty() { 0.0 } else { tall };
            }
            if gap < count {
                self.boxes.push(Rect::new(left, y, right, y + height));
                y += height;
            }
        }
        for (order, &(index, from, to)) in around.iter().enumerate() {
            let x = right + (order as f64 + 0.6) * DETOUR;
            let shift = order as f64 * 9.0;
            let side = |end: Option<usize>, out: bool| match end.and_then(|end| self.boxes.get(end)) {
                Some(rect) if out => Point::new(rect.right, rect.bottom - 14.0 - shift),
                Some(rect) => Point::new(rect.right, rect.top + 14.0 + shift),
                None => Point::new(x, y - 2.0),
            };
            let (a, b) = (side(from, true), side(to, false));
            let mut path = vec![a, Point::new(x, a.y)];
            if to.is_some() {
                path.push(Point::new(x, b.y));
            }
            path.push(b);
            self.draw_arrow(index, &path, pen);
        }
        self.draw_boxes(pen);
        y
    }

    fn draw_boxes(&self, pen: &mut Pen<'_>) {
        for (pool, rect) in self.flow.pools.iter().zip(&self.boxes) {
            draw_pool(pool, *rect, pen);
        }
    }

    /// A line with a head at its end.
    fn draw_arrow(&mut self, index: usize, path: &[Point], pen: &mut Pen<'_>) {
        let Some(link) = self.flow.links.get(index) else { return };
        let colour = tone(link.bottleneck, pen.theme);
        let width = thickness(link.utilisation);
        let head = 5.0 + width;
        let (Some(&end), Some(&before)) = (path.last(), path.get(path.len().saturating_sub(2))) else {
            return;
        };
        let length = before.distance(end);
        if length < 1.0 {
            return;
        }
        // Arrows run level or upright, so a head is a triangle along or across.
        let along = Point::new((end.x - before.x) / length, (end.y - before.y) / length);
        let neck = Point::new(end.x - along.x * head, end.y - along.y * head);
        let half = head * 0.62;
        let corners = vec![
            end,
            Point::new(neck.x - along.y * half, neck.y + along.x * half),
            Point::new(neck.x + along.y * half, neck.y - along.x * half),
        ];
        let mut points = path.to_vec();
        if let Some(last) = points.last_mut() {
            *last = neck;
        }
        let hits = path.windows(2).filter_map(|pair| match pair {
            [a, b] => Some(Rect::between(*a, *b).grown(6.0)),
            _ => None,
        });
        if let Some(places) = self.arrows.get_mut(index) {
            places.extend(hits);
        }
        if let [from, to] = points.as_slice() {
            pen.hair(*from, *to, width, colour, Dash::Solid);
        } else {
            pen.marks.push(Mark::Line { points, width, colour, dash: Dash::Solid });
        }
        pen.marks.push(Mark::Area { points: corners, colour });
    }

    fn draw_label(&mut self, index: usize, at: Point, anchor: Anchor, room: f64, pen: &mut Pen<'_>) {
        let Some(link) = self.flow.links.get(index) else { return };
        let colour = if link.bottleneck { pen.theme.warning } else { pen.theme.ink };
        let words = link.words();
        let lines = wrapped(&words, TEXT, room, MOST_LINES, pen.measure);
        let width = lines.iter().map(|line| pen.width(line)).fold(0.0, f64::max);
        let lines = pen.lines(&words, at, anchor, colour, room, MOST_LINES) as f64;
        let left = anchor.left(at.x, width);
        let top = at.y - LINE / 2.0;
        if lines > 0.0
            && let Some(places) = self.arrows.get_mut(index)
        {
            places.push(Rect::new(left, top, left + width, top + lines * LINE));
        }
    }

    /// What stands at a spot: a pool alone, or one of the links of a pool.
    fn link_at(&self, spot: Spot) -> Option<usize> {
        self.flow.links_of(spot.row).nth(spot.column.checked_sub(1)?)
    }
}

fn label_lines_of(flow: &Flow, index: usize, room: f64, measure: &dyn TextMeasure) -> usize {
    flow.links.get(index).map_or(0, |link| wrapped(&link.words(), TEXT, room, MOST_LINES, measure).len())
}

/// The colour of an arrow: lit where it holds the rest up.
fn tone(bottleneck: bool, theme: &Theme) -> Colour {
    if bottleneck { theme.warning } else { theme.hue(Paint::Tint(Tint::Link)).line }
}

/// The thickness of an arrow: from 1.5 to 9 pixels as its link is busy.
fn thickness(utilisation: Option<f64>) -> f64 {
    match utilisation.filter(|share| share.is_finite()) {
        Some(share) => 1.5 + 7.5 * share.clamp(0.0, 1.0),
        None => 2.0,
    }
}

fn draw_pool(pool: &Pool, rect: Rect, pen: &mut Pen<'_>) {
    let theme = pen.theme;
    let hue = theme.hue(pool.paint);
    pen.fill(rect, hue.line.faded(0.08).over(theme.surface));
    if pool.bottleneck {
        pen.frame(rect, 2.5, theme.warning);
    } else {
        pen.frame(rect, 1.0, theme.border);
    }
    pen.fill(Rect { right: rect.left + 5.0, ..rect }, hue.line);
    let (left, right) = (rect.left + PAD + 3.0, rect.right - PAD);
    let room = right - left;
    let mut y = rect.top + PAD + LINE / 2.0;
    let mut beside = 0.0;
    if pool.bottleneck && room > 130.0 {
        beside = pen.bold("bottleneck", Point::new(right, y), Anchor::End, theme.warning, room * 0.5) + GAP;
    }
    pen.text(&pool.role, Point::new(left, y), Anchor::Start, hue.text, room - beside);
    y += LINE;
    pen.bold(&pool.title, Point::new(left, y), Anchor::Start, theme.ink, room);
    y += LINE;
    pen.lines(&pool.subtitle, Point::new(left, y), Anchor::Start, theme.muted, room, MOST_LINES);
    if let (Some(busy), Some(words)) = (pool.utilisation, share(pool.utilisation)) {
        let bar = Rect::new(left, rect.bottom - PAD - BAR, right, rect.bottom - PAD);
        let at = Point::new(left, bar.top - 4.0 - LINE / 2.0);
        pen.text(&format!("{words} loaded"), at, Anchor::Start, theme.ink, room);
        pen.fill(bar, theme.grid);
        let colour = if pool.bottleneck { theme.warning } else { hue.line };
        pen.fill(Rect { right: left + room * busy.clamp(0.0, 1.0), ..bar }, colour);
    }
}

impl Figure for Flow {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, style: &Style<'_>) -> f64 {
        FlowScene::height_for(self, width, style.theme, style.measure, style.options)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(FlowScene::new(self, size, style.theme, style.measure, style.options))
    }

    /// The diagram as a few sentences: each pool, each flow, and the bottleneck.
    fn sentence(&self) -> String {
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}. ", self.title) };
        if self.pools.is_empty() {
            text.push_str("No data.");
            return text;
        }
        let mut told: Vec<String> = Vec::new();
        for pool in &self.pools {
            let busy = share(pool.utilisation).map(|share| format!("{share} loaded")).unwrap_or_default();
            let parts: Vec<&str> = [pool.title.as_str(), &pool.subtitle, &busy]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            told.push(format!("{}: {}.", pool.role, parts.join(", ")));
        }
        for link in &self.links {
            let words = link.words();
            let words = if words.is_empty() { words } else { format!(": {words}") };
            told.push(format!("From {} to {}{words}.", self.name(link.from), self.name(link.to)));
        }
        let pools = self.pools.iter().filter(|pool| pool.bottleneck).map(|pool| pool.role.clone());
        let links = self.links.iter().filter(|link| link.bottleneck);
        let links =
            links.map(|link| format!("the link from {} to {}", self.name(link.from), self.name(link.to)));
        let held: Vec<String> = pools.chain(links).collect();
        if !held.is_empty() {
            told.push(format!("Bottleneck: {}.", join_words(&held)));
        }
        text.push_str(&told.join(" "));
        text
    }

    fn sheets(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

impl LaidOut for FlowScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        let hit = |places: &Vec<Rect>| places.iter().any(|place| place.contains(pointer));
        if let Some(row) = self.boxes.iter().position(|rect| rect.contains(pointer)) {
            return Some(Spot::new(row, 0));
        }
        let link = self.arrows.iter().position(hit)?;
        (0..self.flow.pools.len()).find_map(|row| {
            let place = self.flow.links_of(row).position(|index| index == link)?;
            Some(Spot::new(row, place + 1))
        })
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let tail = |bottleneck: bool| if bottleneck { "bottleneck" } else { "" };
        if spot.column == 0 {
            let pool = self.flow.pools.get(spot.row)?;
            let place = self.boxes.get(spot.row).copied()?;
            return Some(
                Facts::new(format!("{}, {}", pool.role, pool.title), place)
                    .with("", pool.subtitle.clone())
                    .with("loaded", share(pool.utilisation).unwrap_or_default())
                    .with("", tail(pool.bottleneck))
                    .because(pool.note.as_ref()),
            );
        }
        let index = self.link_at(spot)?;
        let link = self.flow.links.get(index)?;
        let place = self.arrows.get(index)?.first().copied().unwrap_or_default();
        Some(
            Facts::new(format!("{} → {}", self.flow.name(link.from), self.flow.name(link.to)), place)
                .with("", link.label.clone())
                .with("loaded", share(link.utilisation).unwrap_or_default())
                .with("", tail(link.bottleneck))
                .because(link.note.as_ref()),
        )
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        let lengths: Vec<usize> =
            (0..self.boxes.len()).map(|row| 1 + self.flow.links_of(row).count()).collect();
        walk(&lengths, spot, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn flow(pools: usize) -> Flow {
        let pool = |index: usize| Pool {
            role: format!("Pool {index}"),
            paint: Paint::Series(index),
            title: "8 × H200".to_owned(),
            subtitle: "TP8".to_owned(),
            utilisation: Some(0.5),
            bottleneck: index == 1,
            note: None,
        };
        let mut links = vec![Link::new(End::Requests, End::Pool(0), "4 req/s")];
        for index in 1..pools {
            links.push(Link::new(End::Pool(index - 1), End::Pool(index), "KV cache").with_utilisation(0.3));
        }
        links.push(Link::new(End::Pool(1), End::Pool(0), "back").with_utilisation(2.0));
        links.push(Link::new(End::Pool(pools - 1), End::Tokens, "9k tok/s"));
        Flow { title: "Pools".to_owned(), pools: (0..pools).map(pool).collect(), links }
    }

    fn scene(flow: &Flow, width: f64) -> FlowScene {
        let height = FlowScene::height_for(flow, width, &LIGHT, &TableMeasure, Options::PAGE);
        FlowScene::new(flow, Size::new(width, height), &LIGHT, &TableMeasure, Options::PAGE)
    }

    #[test]
    fn boxes_stand_in_a_row_or_on_top_of_each_other() {
        let row = scene(&flow(2), 1000.0);
        assert!(row.boxes[0].right < row.boxes[1].left && row.boxes[0].top == row.boxes[1].top);
        let stack = scene(&flow(2), 360.0);
        assert!(stack.boxes[0].bottom < stack.boxes[1].top && stack.boxes[0].left == stack.boxes[1].left);
        for scene in [row, stack] {
            assert!(scene.boxes.iter().all(|rect| rect.bottom <= scene.height && rect.left >= 0.0));
        }
    }

    #[test]
    fn every_arrow_and_box_can_be_hit_and_read() {
        for width in [360.0, 1000.0] {
            let scene = scene(&flow(3), width);
            for (row, rect) in scene.boxes.iter().enumerate() {
                assert_eq!(scene.nearest(rect.centre()), Some(Spot::new(row, 0)));
            }
            for link in 0..scene.flow.links.len() {
                let place = scene.arrows[link][0].centre();
                let spot = scene.nearest(place).unwrap();
                assert_eq!(scene.link_at(spot), Some(link), "at {width}");
            }
        }
        let scene = scene(&flow(2), 1000.0);
        let said = |row, column| scene.facts(Spot::new(row, column)).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said(1, 0), "Pool 1, 8 × H200: TP8, loaded 50 %, bottleneck");
        assert_eq!(said(0, 1), "requests → Pool 0: 4 req/s");
        assert_eq!(said(0, 2), "Pool 0 → Pool 1: KV cache, loaded 30 %");
        assert_eq!(said(1, 2), "Pool 1 → tokens: 9k tok/s");
    }

    #[test]
    fn a_busier_link_has_a_thicker_arrow() {
        assert!(thickness(Some(0.1)) < thickness(Some(0.9)));
        assert!((thickness(Some(3.0)) - thickness(Some(1.0))).abs() < 1e-12);
        assert!(thickness(Some(f64::NAN)) > 0.0);
    }

    #[test]
    fn the_sentence_names_the_bottleneck() {
        let said = flow(2).sentence().replace('\u{a0}', " ");
        assert_eq!(
            said,
            "Pools. Pool 0: 8 × H200, TP8, 50 % loaded. Pool 1: 8 × H200, TP8, 50 % loaded. From requests to Pool 0: 4 \
             req/s. From Pool 0 to Pool 1: KV cache, 30 %. From Pool 1 to Pool 0: back, 200 %. From Pool 1 to tokens: \
             9k tok/s. Bottleneck: Pool 1."
        );
    }

    #[test]
    fn links_to_nowhere_and_around_boxes_are_survived() {
        let mut flow = flow(3);
        flow.links.push(Link::new(End::Pool(2), End::Pool(0), "around"));
        flow.links.push(Link::new(End::Pool(1), End::Pool(1), "itself"));
        flow.links.push(Link::new(End::Pool(9), End::Tokens, "nowhere"));
        flow.links.push(Link::new(End::Requests, End::Tokens, "past"));
        flow.links.push(Link::new(End::Pool(0), End::Tokens, "early"));
        for width in [1.0, 100.0, 360.0, 1400.0] {
            let scene = scene(&flow, width);
            assert!(scene.height > 100.0);
            let _ = scene.nearest(Point::new(50.0, 50.0));
        }
        let empty = scene(&Flow::default(), 300.0);
        assert_eq!(empty.step(None, Step::Next), None);
        assert_eq!(Flow::default().sentence(), "No data.");
    }
}

//! A map of who wins where: regions over two axes, coloured by winner, and pale where the error bands leave it open.
//!
//! This is the break-even map: which design is cheapest, or fastest, over context and load, say. Where nothing fits,
//! the map is hatched. Lines between the winners, names in their regions and a mark at the present scenario lie over it.

use super::describe::{Cell, Table, join_words, lower_first};
use super::figure::{Figure, Style};
use super::geometry::{Point, Rect, Size};
use super::hit::{LEAST_DRAG, Step, Zoom};
use super::labels::beside;
use super::layout::{EDGE, GAP, LINE, Options, Scene, TEXT};
use super::mark::{Anchor, Drawing, Mark};
use super::model::{Axis, Chart, Dash, Domain, Marker, Paint, ScaleKind, Series};
use super::pen::{Pen, keep_inside};
use super::regions::{Ground, Place, Regions};
use super::scale::{Scale, mended};
use super::spot::{Facts, LaidOut, Spot, walk};
use super::text::{TextMeasure, ellipsis};
use super::theme::Theme;
use crate::units::format::{Precision, Unit};

/// The opacity of a winner's colour where the error bands overlap, and where it surely wins.
const TINTS: [f64; 2] = [0.3, 0.85];
/// What the pale parts are called.
const OPEN: &str = "pale: error bands overlap";
/// What a cell without a winner is called.
const NOTHING: &str = "Nothing fits the limits";
/// The height as a share of the width.
const FLAT: f64 = 0.5;

/// Who wins where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// What the map shows, in a few words.
    pub title: String,
    /// The horizontal axis; its domain follows from the columns.
    pub x: Axis,
    /// The vertical axis; its domain follows from the rows.
    pub y: Axis,
    /// The middle of each column, ascending.
    pub xs: Vec<f64>,
    /// The middle of each row, ascending from the bottom.
    pub ys: Vec<f64>,
    /// Who can win.
    pub winners: Vec<Winner>,
    /// The cells, row by row from the bottom, each row from the left. A missing cell counts as one where nothing fits.
    pub cells: Vec<MapCell>,
    /// What the margin is, as words before its value: `cheaper than the next by`.
    pub margin: String,
    /// The unit of the margins.
    pub unit: Unit,
    /// Where two winners draw, as polylines of values on the axes. Where there are none, the border is half-way.
    pub boundaries: Vec<Vec<(f64, f64)>>,
    /// The present scenario, and what to call it.
    pub present: Option<(f64, f64, String)>,
}

/// Somebody who can win.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Winner {
    /// What the legend addresses it by; unique in the map.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its colour.
    pub paint: Paint,
}

/// One cell of the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapCell {
    /// The index of the winner; `None` where nothing fits.
    pub winner: Option<usize>,
    /// How far ahead of the next it is, zero for a draw.
    pub margin: f64,
    /// How far the winner is from being another, as logarithm of a ratio.
    pub distance: f64,
    /// How far the error bands reach of that: where they reach further, it may be another.
    pub reach: f64,
    /// Why: the next best, the binding limit, or why nothing fits.
    pub note: Option<String>,
}

impl MapCell {
    /// Won by this one, by this margin.
    #[must_use]
    pub const fn won(winner: usize, margin: f64) -> Self {
        Self { winner: Some(winner), margin, distance: margin, reach: 0.0, note: None }
    }

    /// Nothing fits, and why.
    #[must_use]
    pub fn none(reason: impl Into<String>) -> Self {
        Self { winner: None, margin: 0.0, distance: 0.0, reach: 0.0, note: Some(reason.into()) }
    }

    /// The same cell with a reason.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

impl HeatMap {
    /// The cells whose middles lie in a part of the axes, and what lies there with them. A part without any cell is none.
    #[must_use]
    pub fn within(&self, zoom: &Zoom) -> Self {
        let inside = |all: &[f64], domain: Option<(f64, f64)>| -> Vec<usize> {
            let (low, high) = domain.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            let at = all.iter().enumerate().filter(|(_, own)| low <= **own && **own <= high);
            at.map(|(index, _)| index).collect()
        };
        let (columns, rows) = (inside(&self.xs, zoom.x), inside(&self.ys, zoom.y));
        if columns.is_empty() || rows.is_empty() {
            return self.clone();
        }
        let values =
            |all: &[f64], kept: &[usize]| kept.iter().filter_map(|at| all.get(*at).copied()).collect();
        let cell = |row: &usize, column: &usize| self.cell(*column, *row).cloned().unwrap_or_default();
        Self {
            xs: values(&self.xs, &columns),
            ys: values(&self.ys, &rows),
            cells: rows.iter().flat_map(|row| columns.iter().map(move |column| cell(row, column))).collect(),
            present: self.present.clone().filter(|(x, y, _)| {
                let holds = |domain: Option<(f64, f64)>, own: f64| {
                    domain.is_none_or(|(low, high)| low <= own && own <= high)
                };
                holds(zoom.x, *x) && holds(zoom.y, *y)
            }),
            ..self.clone()
        }
    }

    /// The cell in this column and row, from the lower left.
    #[must_use]
    pub fn cell(&self, column: usize, row: usize) -> Option<&MapCell> {
        if column >= self.xs.len() {
            return None;
        }
        self.cells.get(row.checked_mul(self.xs.len())?.checked_add(column)?)
    }

    /// The winner of a cell, if the map knows it.
    fn winner(&self, column: usize, row: usize) -> Option<usize> {
        self.cell(column, row)?.winner.filter(|&winner| winner < self.winners.len())
    }

    fn name(&self, winner: Option<usize>) -> &str {
        winner.and_then(|winner| self.winners.get(winner)).map_or(NOTHING, |winner| &winner.label)
    }

    /// Whether there is a grid to draw: at least one cell, with middles in order and on the scale.
    fn sound(&self) -> bool {
        let along = |kind: ScaleKind, middles: &[f64]| {
            !middles.is_empty()
                && middles.iter().all(|value| value.is_finite() && (!kind.is_log() || *value > 0.0))
                && middles.windows(2).all(|pair| matches!(pair, [a, b] if a < b))
        };
        along(self.x.scale, &self.xs) && along(self.y.scale, &self.ys)
    }

    /// The column and row that hold the present scenario.
    fn present_cell(&self) -> Option<(usize, usize)> {
        let (x, y, _) = self.present.as_ref().filter(|_| self.sound())?;
        let column = place_in(&edges(self.x.scale, &self.xs), *x)?;
        Some((column, place_in(&edges(self.y.scale, &self.ys), *y)?))
    }

    /// The share of the cells that each wins, most first; `None` is where nothing fits.
    fn shares(&self) -> Vec<(Option<usize>, f64)> {
        let count = self.xs.len() * self.ys.len();
        let mut won = vec![0_usize; self.winners.len() + 1];
        for row in 0..self.ys.len() {
            for column in 0..self.xs.len() {
                let slot = self.winner(column, row).unwrap_or(self.winners.len());
                if let Some(cells) = won.get_mut(slot) {
                    *cells += 1;
                }
            }
        }
        let mut shares: Vec<(Option<usize>, f64)> = won
            .into_iter()
            .enumerate()
            .filter(|(_, cells)| *cells > 0)
            .map(|(slot, cells)| {
                ((slot < self.winners.len()).then_some(slot), cells as f64 / count.max(1) as f64)
            })
            .collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        shares
    }

    /// `8 × H200, cheaper than the next by 12 %`.
    fn verdict(&self, column: usize, row: usize) -> String {
        let winner = self.winner(column, row);
        match (winner, self.cell(column, row)) {
            (Some(_), Some(cell)) if cell.margin.is_finite() => {
                let margin = self.unit.format_with(cell.margin, Precision::SHORT);
                format!("{}, {} {margin}", self.name(winner), self.margin)
            }
            (Some(_), _) => self.name(winner).to_owned(),
            _ => lower_first(NOTHING),
        }
    }

    /// Who wins from where on, along one axis through the present scenario.
    fn changes(&self, axis: &Axis, middles: &[f64], winners: Vec<Option<usize>>) -> String {
        let edges = edges(axis.scale, middles);
        let mut told: Vec<String> = Vec::new();
        let mut last = None;
        for (index, winner) in winners.into_iter().enumerate() {
            if last == Some(winner) {
                continue;
            }
            let name = winner.map_or_else(|| lower_first(NOTHING), |_| self.name(winner).to_owned());
            told.push(match (last, edges.get(index)) {
                (Some(_), Some(edge)) => {
                    format!("from about {} {name}", axis.unit.format_with(*edge, Precision::SHORT))
                }
                _ => name,
            });
            last = Some(winner);
        }
        format!(" Along {} there: {}.", lower_first(&axis.label), told.join(", "))
    }

    /// Every cell as a row of a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let rows = self.ys.iter().enumerate().flat_map(|(row, y)| {
            self.xs.iter().enumerate().map(move |(column, x)| {
                let winner = self.winner(column, row);
                let cell = self.cell(column, row);
                let margin = cell.filter(|_| winner.is_some()).map_or(f64::NAN, |cell| cell.margin);
                let note = cell.and_then(|cell| cell.note.clone()).unwrap_or_default();
                vec![
                    Cell::new(self.x.unit, *x),
                    Cell::new(self.y.unit, *y),
                    Cell::words(self.name(winner)),
                    Cell::new(self.unit, margin),
                    Cell::words(note),
                ]
            })
        });
        Table {
            caption: self.title.clone(),
            headers: vec![
                self.x.title(),
                self.y.title(),
                "Winner".to_owned(),
                self.margin.clone(),
                "Why".to_owned(),
            ],
            rows: rows.collect(),
        }
    }
}

/// The edges of cells with these middles: halfway between neighbours as the axis sees it, one more than there are
/// middles.
fn edges(kind: ScaleKind, middles: &[f64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (middles.first(), middles.last()) else { return Vec::new() };
    let ends = mended(kind, (first, last));
    if middles.len() < 2 {
        return vec![ends.0, ends.1];
    }
    let scale = Scale::new(kind, ends, (0.0, 1.0));
    let places: Vec<f64> = middles.iter().filter_map(|&middle| scale.map(middle)).collect();
    let between: Vec<f64> = places
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(f64::midpoint(*a, *b)),
            _ => None,
        })
        .collect();
    let (Some(&low), Some(&high)) = (between.first(), between.last()) else { return vec![ends.0, ends.1] };
    // The outer cells reach as far out as in.
    std::iter::once(-low)
        .chain(between.iter().copied())
        .chain(std::iter::once(2.0 - high))
        .map(|place| scale.invert(place))
        .collect()
}

/// Between which edges a value lies.
fn place_in(edges: &[f64], value: f64) -> Option<usize> {
    let (first, last) = (edges.first()?, edges.last()?);
    if !(*first..=*last).contains(&value) {
        return None;
    }
    Some(edges.partition_point(|edge| *edge <= value).saturating_sub(1).min(edges.len().checked_sub(2)?))
}

/// A laid-out map, in CSS pixels. A spot's row counts from the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatScene {
    /// What it shows.
    pub map: HeatMap,
    /// The rectangle between the axes.
    pub plot: Rect,
    /// From values to places along the horizontal axis.
    pub x: Scale,
    /// From values to places along the vertical axis.
    pub y: Scale,
    /// The edges of the columns, left to right.
    columns: Vec<f64>,
    /// The edges of the rows, from the bottom up.
    rows: Vec<f64>,
    drawing: Drawing,
}

impl HeatScene {
    /// The rectangle that a drag selects; `None` if it was too short to mean anything.
    #[must_use]
    pub fn selection(&self, from: Point, to: Point) -> Option<Rect> {
        let rect = Rect::between(self.plot.clamp(from), self.plot.clamp(to));
        (rect.width() >= LEAST_DRAG && rect.height() >= LEAST_DRAG).then_some(rect)
    }

    /// The part of the axes that a drag selects.
    #[must_use]
    pub fn drag(&self, from: Point, to: Point) -> Option<Zoom> {
        let rect = self.selection(from, to)?;
        let x = self.x.zoomed(rect.left, rect.right);
        Some(Zoom { x: Some(x), y: Some(self.y.zoomed(rect.top, rect.bottom)) })
    }

    /// The part of the axes in view after a zoom in (a factor below 1) or out: about the scenario where it is in view,
    /// else about the middle.
    #[must_use]
    pub fn turned(&self, factor: f64) -> Zoom {
        let place = |(x, y, _): &(f64, f64, String)| Some(Point::new(self.x.map(*x)?, self.y.map(*y)?));
        let present = self.map.present.as_ref().and_then(place).filter(|at| self.plot.contains(*at));
        let at = present.unwrap_or(self.plot.centre());
        // Out by no end is all there is.
        if factor.is_infinite() {
            return Zoom::default();
        }
        Zoom { x: Some(self.x.zoomed_about(at.x, factor)), y: Some(self.y.zoomed_about(at.y, factor)) }
    }

    /// Lays a map out, with or without its title and legend.
    #[must_use]
    pub fn new(
        map: &HeatMap,
        size: Size,
        theme: &Theme,
        measure: &dyn TextMeasure,
        options: Options,
    ) -> Self {
        let sound = map.sound();
        let (x_edges, y_edges) = if sound {
            (edges(map.x.scale, &map.xs), edges(map.y.scale, &map.ys))
        } else {
            (Vec::new(), Vec::new())
        };
        let spanned = |axis: &Axis, edges: &[f64]| {
            let ends = edges.first().zip(edges.last());
            let domain = ends.map_or(Domain::Auto, |(low, high)| Domain::Fixed(*low, *high));
            axis.clone().with_domain(domain)
        };
        let chart = Chart {
            title: map.title.clone(),
            x: spanned(&map.x, &x_edges),
            y: spanned(&map.y, &y_edges),
            series: if sound { legend_of(map) } else { Vec::new() },
            ..Chart::default()
        };
        let axes = Scene::laid_out(&chart, size, theme, measure, options, !sound);
        let along = |scale: &Scale, edges: &[f64]| -> Vec<f64> {
            edges.iter().filter_map(|&edge| scale.map(scale.clamp(edge))).collect()
        };
        let mut scene = Self {
            map: map.clone(),
            plot: axes.plot,
            x: axes.x,
            y: axes.y,
            columns: along(&axes.x, &x_edges),
            rows: along(&axes.y, &y_edges),
            drawing: Drawing::new(size, theme),
        };
        // An empty drawing of the axes means that there was no room.
        if !axes.drawing.marks.is_empty() {
            let mut pen = Pen::new(size, theme, measure);
            scene.draw_regions(&mut pen);
            keep_inside(&mut pen.marks, size, measure);
            pen.marks.extend(axes.drawing.marks);
            let mut over = Pen::new(size, theme, measure);
            scene.draw_scale(&mut over);
            scene.draw_names(&mut over);
            keep_inside(&mut over.marks, size, measure);
            pen.marks.append(&mut over.marks);
            scene.drawing.marks = pen.marks;
        }
        scene
    }

    fn cell_rect(&self, column: usize, row: usize) -> Option<Rect> {
        let (left, right) = (self.columns.get(column)?, self.columns.get(column + 1)?);
        let (bottom, top) = (self.rows.get(row)?, self.rows.get(row + 1)?);
        Some(Rect::new(*left, *top, *right, *bottom))
    }

    /// The regions of the winners and the lines between them.
    fn draw_regions(&self, pen: &mut Pen<'_>) {
        let middles = |scale: &Scale, all: &[f64]| -> Vec<f64> {
            all.iter().filter_map(|&own| scale.map(scale.clamp(own))).collect()
        };
        let places = (middles(&self.x, &self.map.xs), middles(&self.y, &self.map.ys));
        if places.0.len() != self.map.xs.len() || places.1.len() != self.map.ys.len() {
            return;
        }
        let map = &self.map;
        let place = |index: usize| {
            let (column, row) = (index % map.xs.len().max(1), index / map.xs.len().max(1));
            let own = map.cell(column, row).cloned().unwrap_or_default();
            Place { winner: map.winner(column, row), distance: own.distance, reach: own.reach }
        };
        let ground = Ground {
            xs: &map.xs,
            ys: &map.ys,
            logs: (map.x.scale.is_log(), map.y.scale.is_log()),
            places: (0..map.xs.len() * map.ys.len()).map(place).collect(),
            boundaries: &map.boundaries,
        };
        let regions = Regions::of(&ground, (&places.0, &places.1), &self.plot);
        pen.hatch(&regions.bare, pen.theme.muted.faded(0.55));
        let surface = pen.theme.surface;
        for (tint, parts) in TINTS.into_iter().zip([regions.won, regions.sure]) {
            for (winner, points) in parts {
                let Some(winner) = self.map.winners.get(winner) else { continue };
                // Opaque, or the seams between parts would show.
                let colour = pen.theme.hue(winner.paint).line.faded(tint).over(surface);
                pen.marks.push(Mark::Area { points, colour });
            }
        }
        // A pale seam sets the line off from dark regions.
        for (width, colour) in [(4.0, surface.faded(0.7)), (2.0, pen.theme.ink)] {
            for points in &regions.borders {
                pen.marks.push(Mark::Line { points: points.clone(), width, colour, dash: Dash::Solid });
            }
        }
    }

    /// What the pale parts mean, above the plot on the right.
    fn draw_scale(&self, pen: &mut Pen<'_>) {
        let open = |own: &MapCell| own.winner.is_some() && own.distance < own.reach;
        if !self.map.sound() || !self.map.cells.iter().any(open) {
            return;
        }
        let (side, y) = (11.0, self.plot.top - GAP - 4.0 - LINE / 2.0);
        let taken = EDGE + pen.width(&self.map.y.title()) + 3.0 * GAP;
        let right = pen.size.width - EDGE;
        let room = pen.width(OPEN);
        if right - taken < room + side + GAP {
            return;
        }
        let (muted, ink) = (pen.theme.muted, pen.theme.ink);
        pen.text(OPEN, Point::new(right, y), Anchor::End, muted, room);
        let left = right - room - GAP - side;
        let rect = Rect::new(left, y - side / 2.0, left + side, y + side / 2.0);
        pen.fill(rect, ink.faded(TINTS[0]).over(pen.theme.surface));
    }

    /// The mark at the present scenario, and the name of each winner in the midst of its region.
    fn draw_names(&self, pen: &mut Pen<'_>) {
        let mut taken = Vec::new();
        if let Some((x, y, label)) = &self.map.present
            && let (Some(x), Some(y)) = (self.x.map(*x), self.y.map(*y))
            && self.plot.contains(Point::new(x, y))
        {
            let at = Point::new(x, y);
            taken.push(Rect::between(at, at).grown(9.0));
            let (colour, halo) = (pen.theme.ink, pen.theme.surface);
            pen.marks.push(Mark::Symbol { marker: Marker::Diamond, at, radius: 6.0, colour, halo });
            let text = ellipsis(label, TEXT, self.plot.width() * 0.6, pen.measure);
            let width = pen.width(&text);
            if let Some(rect) = beside(at, width, LINE, 12.0, &[], &self.plot).filter(|_| !text.is_empty()) {
                pen.plate(rect);
                let at = Point::new(rect.left, rect.centre().y);
                pen.text(&text, at, Anchor::Start, colour, width);
                taken.push(rect.grown(3.0));
            }
        }
        let depth = self.depths();
        let mut names: Vec<Option<usize>> = self.map.shares().iter().map(|share| share.0).collect();
        // The largest region chooses first.
        for winner in names.drain(..) {
            // A name too long for its region is shortened before it is left out; the bold cut runs wider.
            let fit = [0.5, 0.3, 0.2].into_iter().find_map(|share| {
                let text = ellipsis(self.map.name(winner), TEXT, self.plot.width() * share, pen.measure);
                let width = pen.width(&text) * 1.1 + 8.0;
                let rect = if text.is_empty() { None } else { self.room_for(winner, width, &depth, &taken) };
                Some((text, rect?))
            });
            let Some((text, rect)) = fit else { continue };
            let paint = winner.and_then(|winner| self.map.winners.get(winner));
            let colour = paint.map_or(pen.theme.muted, |winner| pen.theme.hue(winner.paint).text);
            pen.plate(rect.grown(-3.0));
            pen.bold(&text, rect.centre(), Anchor::Middle, colour, rect.width() * 1.2);
            taken.push(rect);
        }
    }

    /// How many cells each cell lies from the edge of its region.
    fn depths(&self) -> Vec<u32> {
        let (columns, rows) = (self.map.xs.len(), self.map.ys.len());
        let mut depth = vec![1_u32; columns * rows];
        let at = |column: usize, row: usize| row * columns + column;
        // Two sweeps, there and back, carry the distance from every edge; the map's own edge counts.
        let relax = |depth: &mut Vec<u32>, column: usize, row: usize, neighbours: &[(usize, usize)]| {
            let mut least = u32::MAX;
            for &(other_column, other_row) in neighbours {
                let inside = other_column < columns && other_row < rows;
                let same = inside && self.map.winner(other_column, other_row) == self.map.winner(column, row);
                let other = if same { depth.get(at(other_column, other_row)).copied() } else { None };
                least = least.min(other.map_or(1, |other| other.saturating_add(1)));
            }
            least
        };
        for row in 0..rows {
            for column in 0..columns {
                let near = [(column.wrapping_sub(1), row), (column, row.wrapping_sub(1))];
                let value = relax(&mut depth, column, row, &near);
                if let Some(cell) = depth.get_mut(at(column, row)) {
                    *cell = value;
                }
            }
        }
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                let value = relax(&mut depth, column, row, &[(column + 1, row), (column, row + 1)]);
                if let Some(cell) = depth.get_mut(at(column, row)) {
                    *cell = value.min(*cell);
                }
            }
        }
        depth
    }

    /// A place for a name of this width all in its own region and clear of what is taken, as deep as can be.
    fn room_for(&self, winner: Option<usize>, width: f64, depth: &[u32], taken: &[Rect]) -> Option<Rect> {
        let columns = self.map.xs.len();
        let mut own: Vec<(usize, u32)> = depth
            .iter()
            .copied()
            .enumerate()
            .filter(|(index, _)| self.map.winner(index % columns.max(1), index / columns.max(1)) == winner)
            .collect();
        own.sort_by_key(|&(index, depth)| (std::cmp::Reverse(depth), index));
        own.into_iter().find_map(|(index, _)| {
            let middle = self.cell_rect(index % columns, index / columns)?.centre();
            let half = (LINE + 4.0) / 2.0;
            let rect =
                Rect::new(middle.x - width / 2.0, middle.y - half, middle.x + width / 2.0, middle.y + half);
            let corners = [
                Point::new(rect.left, rect.top),
                Point::new(rect.right, rect.top),
                Point::new(rect.left, rect.bottom),
                Point::new(rect.right, rect.bottom),
                Point::new(middle.x, rect.top),
                Point::new(middle.x, rect.bottom),
            ];
            let own = |corner: &Point| {
                self.nearest(*corner).is_some_and(|spot| self.map.winner(spot.column, spot.row) == winner)
            };
            let free = !taken.iter().any(|other| other.overlaps(&rect));
            (free && corners.iter().all(own)).then_some(rect)
        })
    }
}

impl Figure for HeatMap {
    fn title(&self) -> &str {
        &self.title
    }

    fn title_mut(&mut self) -> &mut String {
        &mut self.title
    }

    fn height(&self, width: f64, _: &Style<'_>) -> f64 {
        libm::round(FLAT * width)
    }

    fn lay_out(&self, size: Size, style: &Style<'_>) -> Box<dyn LaidOut> {
        Box::new(HeatScene::new(self, size, style.theme, style.measure, style.options))
    }

    /// The map as a few sentences: who wins how much of it, who wins at the present scenario, and how that changes along
    /// each axis from there.
    fn sentence(&self) -> String {
        let mut text = if self.title.is_empty() { String::new() } else { format!("{}. ", self.title) };
        if !self.sound() {
            text.push_str("No data.");
            return text;
        }
        let range = |axis: &Axis, middles: &[f64]| {
            let ends = middles.first().zip(middles.last());
            let ends = ends.map_or_else(String::new, |(low, high)| {
                format!(" from {} to {}", axis.unit.format(*low), axis.unit.format(*high))
            });
            format!("{}{ends}", lower_first(&axis.label))
        };
        text.push_str(&format!("Over {} and {}: ", range(&self.x, &self.xs), range(&self.y, &self.ys)));
        let shares: Vec<String> = self
            .shares()
            .into_iter()
            .map(|(winner, share)| {
                let share = Unit::Percent.format_with(share, Precision::SHORT);
                match winner {
                    Some(_) => format!("{} wins {share}", self.name(winner)),
                    None => format!("nothing fits the limits in {share}"),
                }
            })
            .collect();
        text.push_str(&format!("{}.", join_words(&shares)));
        if let Some((column, row)) = self.present_cell()
            && let Some((_, _, label)) = &self.present
        {
            text.push_str(&format!(" At {}: {}.", lower_first(label), self.verdict(column, row)));
            let across = (0..self.xs.len()).map(|column| self.winner(column, row)).collect();
            let up = (0..self.ys.len()).map(|row| self.winner(column, row)).collect();
            text.push_str(&self.changes(&self.x, &self.xs, across));
            text.push_str(&self.changes(&self.y, &self.ys, up));
        }
        text
    }

    fn sheets(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

impl LaidOut for HeatScene {
    fn drawing(&self) -> &Drawing {
        &self.drawing
    }

    fn nearest(&self, pointer: Point) -> Option<Spot> {
        let column = place_in(&self.columns, pointer.x)?;
        // Places fall from row to row.
        let upwards: Vec<f64> = self.rows.iter().map(|edge| -edge).collect();
        Some(Spot::new(place_in(&upwards, -pointer.y)?, column))
    }

    fn facts(&self, spot: Spot) -> Option<Facts> {
        let map = &self.map;
        let (x, y) = (map.xs.get(spot.column)?, map.ys.get(spot.row)?);
        let winner = map.winner(spot.column, spot.row);
        let cell = map.cell(spot.column, spot.row);
        let facts = Facts::new(map.name(winner), self.cell_rect(spot.column, spot.row)?)
            .with(map.x.label.clone(), map.x.unit.format(*x))
            .with(map.y.label.clone(), map.y.unit.format(*y));
        let margin = cell.map(|cell| cell.margin).filter(|margin| winner.is_some() && margin.is_finite());
        let facts = match margin {
            Some(margin) => facts.with(map.margin.clone(), map.unit.format_with(margin, Precision::SHORT)),
            None => facts,
        };
        Some(facts.because(cell.and_then(|cell| cell.note.as_ref())))
    }

    fn step(&self, spot: Option<Spot>, step: Step) -> Option<Spot> {
        // Rows count upwards, so the arrow up leads to the row after.
        let step = match step {
            Step::SeriesBefore => Step::SeriesAfter,
            Step::SeriesAfter => Step::SeriesBefore,
            other => other,
        };
        let lengths = vec![self.columns.len().saturating_sub(1); self.rows.len().saturating_sub(1)];
        if spot.is_none()
            && let Some((column, row)) = self.map.present_cell()
        {
            return Some(Spot::new(row, column));
        }
        walk(&lengths, spot, step)
    }
}

/// The winners that win somewhere, as a chart's legend lists them: series without samples.
fn legend_of(map: &HeatMap) -> Vec<Series> {
    let shares = map.shares();
    let won = |winner: Option<usize>| shares.iter().any(|share| share.0 == winner);
    let winners = map.winners.iter().enumerate().filter(|(index, _)| won(Some(*index)));
    let entry = |(_, winner): (usize, &Winner)| {
        Series::points(winner.id.clone(), winner.label.clone(), winner.paint, Marker::Square, Vec::new())
    };
    let nothing = won(None).then(|| Series::points("", NOTHING, Paint::Muted, Marker::Cross, Vec::new()));
    winners.map(entry).chain(nothing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::text::TableMeasure;
    use crate::chart::theme::LIGHT;

    fn map() -> HeatMap {
        let xs: Vec<f64> = (0..8).map(|step| 1024.0 * libm::exp2(f64::from(step))).collect();
        let ys = vec![1.0, 2.0, 3.0, 4.0];
        let cells = (0..32)
            .map(|index| match (index % 8, index / 8) {
                (7, 3) => MapCell::none("KV cache does not fit"),
                (column, _) if column < 4 => MapCell::won(0, 0.1 * f64::from(4 - column)),
                _ => MapCell::won(1, 0.3).with_note("weights stream once"),
            })
            .collect();
        HeatMap {
            title: "Who is cheaper".to_owned(),
            x: Axis::log("Context length", Unit::Tokens),
            y: Axis::linear("Load", Unit::RequestsPerSecond),
            xs,
            ys,
            winners: ["A", "B"]
                .into_iter()
                .enumerate()
                .map(|(index, name)| Winner {
                    id: name.to_owned(),
                    label: name.to_owned(),
                    paint: Paint::Series(index),
                })
                .collect(),
            cells,
            margin: "cheaper by".to_owned(),
            unit: Unit::Percent,
            boundaries: Vec::new(),
            present: Some((8192.0, 3.1, "This scenario".to_owned())),
        }
    }

    fn scene(map: &HeatMap) -> HeatScene {
        HeatScene::new(map, Size::new(600.0, 400.0), &LIGHT, &TableMeasure, Options::PAGE)
    }

    #[test]
    fn edges_lie_halfway_as_the_axis_sees_it() {
        let near = |found: Vec<f64>, expect: &[f64]| {
            assert_eq!(found.len(), expect.len());
            for (a, b) in found.iter().zip(expect) {
                assert!((a / b - 1.0).abs() < 1e-9 || (a - b).abs() < 1e-9, "{found:?}");
            }
        };
        near(edges(ScaleKind::Linear, &[1.0, 2.0, 4.0]), &[0.5, 1.5, 3.0, 5.0]);
        let root = std::f64::consts::SQRT_2;
        near(edges(ScaleKind::Log, &[1.0, 2.0, 4.0]), &[1.0 / root, root, 2.0 * root, 4.0 * root]);
        near(edges(ScaleKind::Log, &[8.0]), &[4.0, 16.0]);
        assert!(edges(ScaleKind::Linear, &[]).is_empty());
    }

    #[test]
    fn every_cell_answers_for_its_own_middle() {
        let map = map();
        let scene = scene(&map);
        for row in 0..4 {
            for column in 0..8 {
                let middle = scene.cell_rect(column, row).unwrap().centre();
                assert_eq!(scene.nearest(middle), Some(Spot::new(row, column)));
            }
        }
        // The middle of a cell is the place of its value.
        let first = scene.cell_rect(0, 0).unwrap().centre();
        assert!((scene.x.invert(first.x) / 1024.0 - 1.0).abs() < 1e-9);
        assert!((scene.y.invert(first.y) - 1.0).abs() < 1e-9);
        assert_eq!(scene.nearest(Point::new(scene.plot.left - 5.0, 100.0)), None);
    }

    #[test]
    fn a_cell_says_who_wins_by_how_much_and_why() {
        let scene = scene(&map());
        let said = scene.facts(Spot::new(1, 6)).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said, "B: Context length 64k, Load 2 req/s, cheaper by 30 %. weights stream once");
        let said = scene.facts(Spot::new(3, 7)).unwrap().spoken().replace('\u{a0}', " ");
        assert_eq!(said, "Nothing fits the limits: Context length 128k, Load 4 req/s. KV cache does not fit");
        assert_eq!(scene.facts(Spot::new(4, 0)), None);
    }

    #[test]
    fn the_arrows_begin_at_the_present_and_go_up_with_the_axis() {
        let scene = scene(&map());
        let start = scene.step(None, Step::Next);
        assert_eq!(start, Some(Spot::new(2, 3)));
        assert_eq!(scene.step(start, Step::SeriesBefore), Some(Spot::new(3, 3)));
        assert_eq!(scene.step(start, Step::SeriesAfter), Some(Spot::new(1, 3)));
        assert_eq!(scene.step(start, Step::Last), Some(Spot::new(2, 7)));
    }

    #[test]
    fn the_sentence_tells_shares_and_break_even() {
        let said = map().sentence().replace('\u{a0}', " ");
        assert_eq!(
            said,
            "Who is cheaper. Over context length from 1k to 128k and load from 1 req/s to 4 req/s: A wins 50 %, B wins \
             47 % and nothing fits the limits in 3.1 %. At this scenario: A, cheaper by 10 %. Along context length there: A, from \
             about 12,000 B. Along load there: A."
        );
    }

    #[test]
    fn equal_neighbours_become_one_part() {
        let mut map = map();
        let cells = 64 * 64;
        map.x = Axis::linear("x", Unit::Number);
        map.xs = (0..64).map(f64::from).map(|x| 1.0 + x).collect();
        map.ys = map.xs.clone();
        map.cells = (0..cells).map(|index| MapCell::won(usize::from(index % 64 >= 32), 0.3)).collect();
        let scene = scene(&map);
        let wide =
            |points: &[Point]| points.iter().map(|own| own.x).fold(0.0, f64::max) - points[0].x > 100.0;
        let areas = scene
            .drawing
            .marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Area { points, .. } if wide(points)));
        // Two runs in each of 65 rows of squares, and over them as many that are sure.
        assert_eq!(areas.count(), 2 * 2 * 65);
        // The same border from top to bottom is one line, with a seam beneath.
        let long = |points: &[Point]| (points[0].y - points[points.len() - 1].y).abs() > 100.0;
        let borders = scene
            .drawing
            .marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Line { points, .. } if long(points)));
        assert_eq!(borders.count(), 2);
    }

    #[test]
    fn a_table_has_every_cell() {
        let table = map().table();
        assert_eq!(table.rows.len(), 32);
        assert!(table.rows.iter().all(|row| row.len() == table.headers.len()));
        assert_eq!(table.rows[31][2].text, NOTHING);
        assert_eq!(table.rows[31][3].value, None);
    }

    #[test]
    fn no_cells_one_cell_and_unsound_middles_are_survived() {
        let mut odd = map();
        odd.xs = vec![3.0, 2.0, f64::NAN];
        let mut single = map();
        single.xs = vec![4096.0];
        single.ys = vec![0.0];
        single.cells.truncate(1);
        for map in [HeatMap::default(), odd] {
            let scene = scene(&map);
            assert_eq!(scene.nearest(scene.plot.centre()), None);
            assert_eq!(scene.step(None, Step::Next), None);
            assert!(map.sentence().ends_with("No data."));
        }
        assert_eq!(scene(&single).nearest(scene(&single).plot.centre()), Some(Spot::new(0, 0)));
    }
}

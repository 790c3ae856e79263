//! The break-even map: over two axes, which of several deployments is best by a metric among those that keep the
//! service level, by how much, and where the winner changes.
//!
//! The map starts coarse and halves its spacing. A point whose coarser neighbours all have the same winner by a clear
//! margin takes it over with an interpolated margin; the rest, near boundaries, is evaluated. Where a contender leaves
//! layouts to the tool and all neighbours settled on the same ones, so does the point between.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::axis::{Axis, priced, prices};
use super::deployed::Deployed;
use super::knob::Knob;
use super::objective::{Miss, missing};
use super::shape;
use crate::cost::Spread;
use crate::evaluate::{Evaluation, evaluate_with};
use crate::evidence::Band;
use crate::machine::{Constants, constants};
use crate::metric::Estimate;
use crate::metric::Metric;
use crate::scenario::{Layout, Limit, Scenario};
use crate::serve::{Refusal, Saturation};
use crate::units::Seconds;

/// Spacing of the first points.
const COARSEST: usize = 8;

/// Halvings of the way between two points on which a contender stops keeping the service level: to a percent of a value that
/// changes by half between them.
const HALVINGS: usize = 6;

/// Margin from which a winner is clear: below, a point is evaluated.
const CLEAR: f64 = 0.03;

/// What a contender comes to at a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellOutcome {
    /// It keeps the service level with this value of the metric.
    Keeps {
        /// In the base unit of the metric.
        value: f64,
        /// Its 80 % interval, as factors.
        band: Band,
        /// How far it is from missing the service level.
        sure: Sure,
    },
    /// It misses the service level.
    Misses {
        /// How.
        miss: Miss,
        /// What the metric comes to all the same; none where it has no value.
        value: Option<f64>,
        /// How far it is from keeping it.
        sure: Sure,
        /// What would hold, where more is offered than can be served.
        saturation: Option<Saturation>,
    },
    /// It cannot be served.
    Refused {
        /// Why not.
        refusal: Refusal,
    },
    /// It has no such axis, or the metric has no value.
    Unknown {
        /// Why not, in words.
        reason: String,
    },
}

/// How sure something is: how far the estimates lie from where it would turn, and how far their 80 % intervals reach. Both are
/// natural logarithms of ratios.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sure {
    /// From the estimates to where it turns.
    pub distance: f64,
    /// From the estimates to the end of their intervals.
    pub reach: f64,
}

impl Sure {
    /// Nothing could turn it.
    const WHOLLY: Self = Self { distance: 10.0, reach: 0.0 };

    /// What is left of the distance beyond the intervals: below zero, it may be the other way round.
    #[must_use]
    pub fn left(self) -> f64 {
        self.distance - self.reach
    }

    /// The less sure of two.
    fn least(self, other: Self) -> Self {
        if other.left() < self.left() { other } else { self }
    }

    /// How surely a service level is kept by what keeps it.
    fn keeping(scenario: &Scenario, own: &Evaluation) -> Self {
        let Evaluation { steady, evidence, .. } = own;
        let limit = |limit: Option<Limit>, value: Option<Seconds>, high: f64| {
            let (limit, value) = limit.zip(value)?;
            Some(Self { distance: libm::log(limit.at.get() / value.get()), reach: libm::log(high) })
        };
        let of = |own: Option<Limit>| own.map(|own| own.percentile);
        let slo = &scenario.slo;
        let room = matches!(scenario.load, crate::scenario::Load::Open { .. }).then(|| Self {
            distance: -libm::log(steady.utilisation().max(1e-6)),
            reach: -libm::log(evidence.throughput.low),
        });
        [
            limit(slo.ttft, of(slo.ttft).map(|own| steady.ttft_of(own)), evidence.ttft.high),
            limit(slo.tpot, of(slo.tpot).map(|own| steady.tpot_of(own)), evidence.tpot.high),
            room,
        ]
        .into_iter()
        .flatten()
        .filter(|own| own.left().is_finite())
        .fold(Self::WHOLLY, Self::least)
    }

    /// How surely one is missed by what misses it: as sure as what is missed most surely.
    fn missing(scenario: &Scenario, own: &Evaluation) -> Self {
        let Evaluation { steady, evidence, .. } = own;
        if let Some(own) = steady.saturation {
            let distance = libm::log(own.offered.get() / own.capacity.get());
            return Self { distance, reach: libm::log(evidence.throughput.high) };
        }
        let over = |limit: Option<Limit>, value: &dyn Fn(Limit) -> Seconds, low: f64| {
            let limit = limit?;
            Some(Self { distance: libm::log(value(limit).get() / limit.at.get()), reach: -libm::log(low) })
        };
        let slo = &scenario.slo;
        let all = [
            over(slo.ttft, &|own| steady.ttft_of(own.percentile), evidence.ttft.low),
            over(slo.tpot, &|own| steady.tpot_of(own.percentile), evidence.tpot.low),
        ];
        let all = all.into_iter().flatten().filter(|own| own.distance > 0.0 && own.left().is_finite());
        all.reduce(|one, other| if other.left() > one.left() { other } else { one }).unwrap_or(Self::WHOLLY)
    }
}

/// One point of the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The best contender; absent where none keeps the service level.
    pub winner: Option<usize>,
    /// How far the runner-up is behind: 0.2 = its value is 20 % worse; absent where there is none.
    pub margin: Option<f64>,
    /// How sure it is that this one wins; absent where none does.
    pub sure: Option<Sure>,
    /// What each contender comes to; empty where neighbours decided.
    pub outcomes: Vec<CellOutcome>,
}

/// A piece of the boundary between two winners, in values of the axes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// One end.
    pub from: (f64, f64),
    /// The other end.
    pub to: (f64, f64),
    /// The winners on its two sides; absent where nothing keeps the service level.
    pub between: (Option<usize>, Option<usize>),
}

/// The map, as far as a search has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// Who competes.
    pub contenders: Vec<Deployed>,
    /// The metric that decides.
    #[serde(serialize_with = "super::plain::metric")]
    pub metric: Metric,
    /// The horizontal axis.
    pub x: AxisValues,
    /// The vertical axis.
    pub y: AxisValues,
    /// Index of the winner at each point, row by row from the smallest y; none where nothing keeps the service level.
    pub winners: Vec<Vec<Option<usize>>>,
    /// How far the runner-up is behind; none where there is none.
    pub margins: Vec<Vec<Option<f64>>>,
    /// How sure the winner is: how far it is from being another, as logarithm of a ratio; none where nobody wins.
    pub distances: Vec<Vec<Option<f64>>>,
    /// How far the 80 % intervals reach of that; where they reach further, it may be another.
    pub reaches: Vec<Vec<Option<f64>>>,
    /// Lines along which the winner changes.
    pub boundary: Vec<Segment>,
    /// Points that were evaluated; the others follow their neighbours.
    pub evaluated: usize,
    /// The chip whose price an axis varies, if one does.
    pub priced: Option<String>,
    /// Contenders that win nowhere, and why, once somebody has said so.
    pub excluded: Vec<Excluded>,
    /// Why points are as they are, of those of which someone has said so: on the page of all, in a report of the evaluated
    /// ones at which nothing keeps the service level.
    #[serde(rename = "empty")]
    pub reasons: Vec<Reason>,
}

impl Default for Map {
    /// Nobody competes over nothing.
    fn default() -> Self {
        let [x, y, ..] = Axis::ALL.map(|axis| AxisValues { axis, values: Vec::new() });
        Self {
            contenders: Vec::new(),
            metric: Metric::CostTotal,
            x,
            y,
            winners: Vec::new(),
            margins: Vec::new(),
            distances: Vec::new(),
            reaches: Vec::new(),
            priced: None,
            excluded: Vec::new(),
            boundary: Vec::new(),
            evaluated: 0,
            reasons: Vec::new(),
        }
    }
}

/// One axis of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValues {
    /// What varies.
    pub axis: Axis,
    /// Values, smallest first.
    pub values: Vec<f64>,
}

impl Serialize for AxisValues {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("AxisValues", 3)?;
        fields.serialize_field("id", self.axis.id())?;
        fields.serialize_field("label", self.axis.label())?;
        fields.serialize_field("values", &self.values)?;
        fields.end()
    }
}

/// Why a point of a map is as it is, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// Position among the values of x.
    pub x: usize,
    /// Position among the values of y.
    pub y: usize,
    /// The words.
    pub reason: String,
}

/// A contender that wins nowhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Excluded {
    /// Its place among the contenders.
    pub contender: usize,
    /// Why, in words.
    pub reason: String,
}

/// A map under construction.
#[derive(Clone, Debug)]
pub struct MapSearch {
    contenders: Vec<Scenario>,
    tables: &'static Constants,
    metric: Metric,
    axes: (Axis, Axis),
    /// The chip whose price an axis varies, if one does.
    priced: String,
    xs: Vec<f64>,
    ys: Vec<f64>,
    cells: Vec<Option<Cell>>,
    /// Layouts that each contender settled on at a point.
    layouts: Vec<Vec<Vec<Layout>>>,
    stride: usize,
    /// Next point to look at, row by row.
    next: usize,
    evaluated: usize,
}

impl MapSearch {
    /// A map of so many points each way. The first contender's range is shown.
    ///
    /// ```
    /// use tandem::explore::{Axis, Knob, MapSearch};
    /// use tandem::metric::Metric;
    /// use tandem::scenario::link;
    ///
    /// let links = ["v1&model=llama3-8b&pool=h100-sxm*2", "v1&model=llama3-8b&pool=b200*1"];
    /// let contenders = links.map(|own| link::parse(own).scenario);
    /// let mut map = MapSearch::new(&contenders, Metric::CostTotal, (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load)), 9);
    /// // It gets finer as it goes, so that it can be shown before it is whole.
    /// while !map.step(16) {}
    /// assert!(map.cells().iter().all(Option::is_some));
    /// ```
    #[must_use]
    pub fn new(contenders: &[Scenario], metric: Metric, axes: (Axis, Axis), size: usize) -> Self {
        let chip = priced(contenders);
        let values = |axis: Axis| match axis {
            Axis::Price => prices(contenders, &chip, size),
            _ => contenders.first().map_or(Vec::new(), |own| axis.values(own, size)),
        };
        Self::over(contenders, metric, axes, (values(axes.0), values(axes.1)))
    }

    /// A map over these values, each rising.
    #[must_use]
    pub fn over(
        contenders: &[Scenario],
        metric: Metric,
        axes: (Axis, Axis),
        (xs, ys): (Vec<f64>, Vec<f64>),
    ) -> Self {
        let count = xs.len() * ys.len();
        Self {
            contenders: contenders.iter().map(|own| mapped(own, contenders, axes)).collect(),
            priced: priced(contenders),
            tables: constants(),
            metric,
            axes,
            cells: vec![None; count],
            layouts: vec![Vec::new(); count],
            xs,
            ys,
            stride: COARSEST,
            next: 0,
            evaluated: 0,
        }
    }

    /// Evaluates up to so many points; whether the map is complete.
    pub fn step(&mut self, points: usize) -> bool {
        let most = self.evaluated + points;
        while self.evaluated < most {
            if self.next >= self.cells.len() {
                if self.stride <= 1 {
                    return true;
                }
                self.stride /= 2;
                self.next = 0;
            }
            let index = self.next;
            self.next += 1;
            let width = self.xs.len().max(1);
            let (x, y) = (index % width, index / width);
            let on = |at: usize, length: usize| at.is_multiple_of(self.stride) || at + 1 == length;
            let due = on(x, width) && on(y, self.ys.len());
            if due && self.cells.get(index).is_some_and(Option::is_none) {
                self.look(x, y);
            }
        }
        self.stride <= 1 && self.next >= self.cells.len()
    }

    /// The points so far, row by row from the smallest y; `None` where the map is still coarser.
    #[must_use]
    pub fn cells(&self) -> &[Option<Cell>] {
        &self.cells
    }

    /// What is known so far; nobody has said yet why points are as they are.
    #[must_use]
    pub fn answer(&self) -> Map {
        let (columns, rows) = (self.xs.len(), self.ys.len());
        let row = |y: usize| (0..columns).map(move |x| self.cell(x, y));
        Map {
            contenders: self.contenders.iter().map(Deployed::of).collect(),
            metric: self.metric,
            x: AxisValues { axis: self.axes.0, values: self.xs.clone() },
            y: AxisValues { axis: self.axes.1, values: self.ys.clone() },
            winners: (0..rows).map(|y| row(y).map(|cell| cell?.winner).collect()).collect(),
            margins: (0..rows).map(|y| row(y).map(|cell| cell?.margin).collect()).collect(),
            distances: (0..rows).map(|y| row(y).map(|cell| Some(cell?.sure?.distance)).collect()).collect(),
            reaches: (0..rows).map(|y| row(y).map(|cell| Some(cell?.sure?.reach)).collect()).collect(),
            boundary: self.boundary(),
            evaluated: self.evaluated,
            priced: self.priced().map(str::to_owned),
            excluded: Vec::new(),
            reasons: Vec::new(),
        }
    }

    /// The point at these positions, or the nearest coarser one below and left of it.
    #[must_use]
    pub fn cell(&self, x: usize, y: usize) -> Option<&Cell> {
        let mut stride = 1;
        while stride <= COARSEST {
            let index = (y - y % stride) * self.xs.len() + (x - x % stride);
            if let Some(Some(cell)) = self.cells.get(index) {
                return Some(cell);
            }
            stride *= 2;
        }
        None
    }

    /// Values of the two axes.
    #[must_use]
    pub fn values(&self) -> (&[f64], &[f64]) {
        (&self.xs, &self.ys)
    }

    /// The axes.
    #[must_use]
    pub fn axes(&self) -> (Axis, Axis) {
        self.axes
    }

    /// The contenders.
    #[must_use]
    pub fn contenders(&self) -> &[Scenario] {
        &self.contenders
    }

    /// The chip whose price an axis varies.
    #[must_use]
    pub fn priced(&self) -> Option<&str> {
        let varies = self.axes.0 == Axis::Price || self.axes.1 == Axis::Price;
        varies.then_some(self.priced.as_str())
    }

    /// The metric that decides.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Points evaluated so far; the others took over what their neighbours agree on.
    #[must_use]
    pub fn evaluated(&self) -> usize {
        self.evaluated
    }

    /// A contender at a point: what a click makes the scenario.
    #[must_use]
    pub fn scenario(&self, contender: usize, x: usize, y: usize) -> Option<Scenario> {
        self.placed(contender, (*self.xs.get(x)?, *self.ys.get(y)?))
    }

    fn placed(&self, contender: usize, (x, y): (f64, f64)) -> Option<Scenario> {
        let at_x = self.axes.0.apply_to(self.contenders.get(contender)?, &self.priced, x)?;
        self.axes.1.apply_to(&at_x, &self.priced, y)
    }

    /// How each contender fares at a point, in full also where neighbours decided.
    #[must_use]
    pub fn outcomes(&self, x: usize, y: usize) -> Vec<CellOutcome> {
        (0..self.contenders.len()).map(|contender| self.outcome(contender, x, y, None).0).collect()
    }

    fn outcome(
        &self,
        contender: usize,
        x: usize,
        y: usize,
        pinned: Option<&[Layout]>,
    ) -> (CellOutcome, Vec<Layout>) {
        let at = self.xs.get(x).zip(self.ys.get(y)).map(|(&x, &y)| (x, y));
        self.outcome_at(contender, at, pinned)
    }

    /// What a contender comes to at these values of the axes, with these layouts where it leaves them to the tool.
    fn outcome_at(
        &self,
        contender: usize,
        at: Option<(f64, f64)>,
        pinned: Option<&[Layout]>,
    ) -> (CellOutcome, Vec<Layout>) {
        let Some(mut scenario) = at.and_then(|at| self.placed(contender, at)) else {
            return (CellOutcome::Unknown { reason: "it has no such axis".to_owned() }, Vec::new());
        };
        if let Some(layouts) = pinned {
            for (pool, &layout) in scenario.split.pools_mut().into_iter().zip(layouts) {
                pool.layout = pool.layout.or(Some(layout));
            }
        }
        let evaluation = match evaluate_with(&scenario, self.tables) {
            Ok(evaluation) => evaluation,
            Err(refusal) => return (CellOutcome::Refused { refusal }, Vec::new()),
        };
        let layouts = evaluation.steady.pools.iter().map(|pool| pool.layout).collect();
        let outcome = match missing(&scenario, &evaluation, self.tables) {
            Some(miss) => CellOutcome::Misses {
                miss,
                value: self.metric.read(&evaluation).ok().map(|own| own.value),
                sure: Sure::missing(&scenario, &evaluation),
                saturation: evaluation.steady.saturation,
            },
            None => match self.metric.read(&evaluation) {
                Ok(own) if own.value.is_finite() => CellOutcome::Keeps {
                    value: own.value,
                    band: factors(own),
                    sure: Sure::keeping(&scenario, &evaluation),
                },
                Ok(_) => CellOutcome::Unknown { reason: "there is no finite value".to_owned() },
                Err(reason) => CellOutcome::Unknown { reason },
            },
        };
        (outcome, layouts)
    }

    fn look(&mut self, x: usize, y: usize) {
        let around = self.around(x, y);
        let corners: Vec<(usize, &Cell)> =
            around.iter().filter_map(|&(at, _)| Some((at, self.cells.get(at)?.as_ref()?))).collect();
        let whole = corners.len() == around.len() && !corners.is_empty();
        let agreed = whole.then(|| agreement(&corners)).flatten();
        let index = y * self.xs.len() + x;
        let cell = match agreed {
            Some((winner, true)) => {
                let mean = |of: &dyn Fn(&Cell) -> Option<f64>| -> Option<f64> {
                    let parts =
                        around.iter().map(|&(at, share)| Some(of(self.cells.get(at)?.as_ref()?)? * share));
                    parts.sum()
                };
                let distance = mean(&|own| Some(own.sure?.distance));
                let reach = mean(&|own| Some(own.sure?.reach));
                let sure = distance.zip(reach).map(|(distance, reach)| Sure { distance, reach });
                Cell { winner, margin: mean(&|own| own.margin), sure, outcomes: Vec::new() }
            }
            _ => {
                let mut outcomes = Vec::new();
                let mut layouts = Vec::new();
                for contender in 0..self.contenders.len() {
                    let settled: Vec<&[Layout]> = around
                        .iter()
                        .filter_map(|&(at, _)| self.layouts.get(at)?.get(contender))
                        .map(Vec::as_slice)
                        .collect();
                    let same = whole && settled.len() == around.len();
                    let same = same && settled.windows(2).all(|pair| pair[0] == pair[1]);
                    let pinned = settled.first().copied().filter(|own| same && !own.is_empty());
                    let (outcome, own) = self.outcome(contender, x, y, pinned);
                    outcomes.push(outcome);
                    layouts.push(own);
                }
                self.evaluated += 1;
                if let Some(place) = self.layouts.get_mut(index) {
                    *place = layouts;
                }
                Cell::of(outcomes, self.metric)
            }
        };
        if let Some(place) = self.cells.get_mut(index) {
            *place = Some(cell);
        }
    }

    /// The points of the coarser grid around a point with their shares in an interpolation; none at the first spacing.
    fn around(&self, x: usize, y: usize) -> Vec<(usize, f64)> {
        let coarse = self.stride * 2;
        if self.stride >= COARSEST {
            return Vec::new();
        }
        let sides = |at: usize, length: usize| {
            let last = length.saturating_sub(1);
            let low = at - at % coarse;
            if at == low || at == last {
                return vec![(at, 1.0)];
            }
            let high = (low + coarse).min(last);
            let share = (at - low) as f64 / (high - low) as f64;
            vec![(low, 1.0 - share), (high, share)]
        };
        let mut around = Vec::new();
        for (row, vertical) in sides(y, self.ys.len()) {
            for (column, horizontal) in sides(x, self.xs.len()) {
                around.push((row * self.xs.len() + column, vertical * horizontal));
            }
        }
        around
    }

    /// The lines along which the winner changes, on the finest complete spacing. Between two contenders the line goes
    /// where their values meet. Where one of them stops keeping the service level, such as at the wall of its capacity, the
    /// line goes there: half-way until the map is complete, then where a search between the points finds it.
    #[must_use]
    pub fn boundary(&self) -> Vec<Segment> {
        let (columns, rows) = (self.xs.len(), self.ys.len());
        let mut segments = Vec::new();
        for y in 0..rows.saturating_sub(1) {
            for x in 0..columns.saturating_sub(1) {
                let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
                let cells = corners.map(|(x, y)| self.cells.get(y * columns + x).and_then(Option::as_ref));
                let [Some(a), Some(b), Some(c), Some(d)] = cells else { continue };
                let ring = [a, b, c, d];
                let mut crossings: Vec<Crossing> = Vec::new();
                for (side, (from, to)) in ring.into_iter().zip([b, c, d, a]).enumerate() {
                    if from.winner == to.winner {
                        continue;
                    }
                    let (start, end) = (corners.get(side), corners.get((side + 1) % 4));
                    if let (Some(&start), Some(&end)) = (start, end) {
                        let share = meeting(from, to, self.metric);
                        let share = share.unwrap_or_else(|| self.end_of(start, end, [from, to]));
                        let at = self.between(start, end, share);
                        crossings.push(Crossing { at, winners: (from.winner, to.winner) });
                    }
                }
                match crossings[..] {
                    [one, two] => segments.push(joined(&one, &two)),
                    // Three winners meet, or two pass each other: all lines run to the middle.
                    _ if crossings.len() > 2 => {
                        let count = crossings.len() as f64;
                        let middle = crossings.iter().fold((0.0, 0.0), |sum, own| {
                            (sum.0 + own.at.0 / count, sum.1 + own.at.1 / count)
                        });
                        segments.extend(crossings.iter().map(|own| Segment {
                            from: own.at,
                            to: middle,
                            between: own.winners,
                        }));
                    }
                    _ => {}
                }
            }
        }
        segments
    }

    /// Where between two points the winner of the first is no longer best, as a share of the way.
    fn end_of(&self, start: (usize, usize), end: (usize, usize), cells: [&Cell; 2]) -> f64 {
        let complete = self.stride <= 1 && self.next >= self.cells.len();
        let (mut low, mut high) = (0.0, 1.0);
        if !complete {
            return 0.5;
        }
        let [first, second] = cells.map(|own| own.winner);
        let layouts = |contender: usize| {
            let near = [start, end].map(|(x, y)| self.layouts.get(y * self.xs.len() + x));
            let mut near = near.into_iter().flatten().filter_map(move |own| own.get(contender));
            near.find(|own| !own.is_empty()).map(Vec::as_slice)
        };
        for _ in 0..HALVINGS {
            let share = f64::midpoint(low, high);
            let at = Some(self.between(start, end, share));
            let both = first.into_iter().chain(second);
            let outcomes = both.map(|own| self.outcome_at(own, at, layouts(own)).0).collect();
            // Of the two that were asked, in this order.
            let best = Cell::of(outcomes, self.metric).winner;
            let holds = if first.is_some() { best == Some(0) } else { best.is_none() };
            if holds { low = share } else { high = share }
        }
        f64::midpoint(low, high)
    }

    /// The place between two grid points.
    fn between(&self, from: (usize, usize), to: (usize, usize), share: f64) -> (f64, f64) {
        let along = |axis: Axis, values: &[f64], from: usize, to: usize| {
            let (low, high) =
                (values.get(from).copied().unwrap_or(0.0), values.get(to).copied().unwrap_or(0.0));
            if axis.is_logarithmic() && low > 0.0 && high > 0.0 {
                low * libm::exp(libm::log(high / low) * share)
            } else {
                low + (high - low) * share
            }
        };
        (along(self.axes.0, &self.xs, from.0, to.0), along(self.axes.1, &self.ys, from.1, to.1))
    }

    /// Points that each contender wins, and points at which nothing keeps the service level.
    #[must_use]
    pub fn tally(&self) -> (Vec<usize>, usize) {
        let mut wins = vec![0; self.contenders.len()];
        let mut none = 0;
        for cell in self.cells.iter().flatten() {
            match cell.winner.and_then(|winner| wins.get_mut(winner)) {
                Some(count) => *count += 1,
                None => none += 1,
            }
        }
        (wins, none)
    }

    /// Whether all contenders have this axis.
    #[must_use]
    pub fn applies(axis: Axis, contenders: &[Scenario]) -> bool {
        contenders.iter().all(|own| !shape::kinds(own).is_empty() && !axis.values(own, 2).is_empty())
    }
}

/// A contender whose place on the axes means the same as that of the first: users or requests per second, and of a limit
/// the same percentile.
fn mapped(own: &Scenario, contenders: &[Scenario], axes: (Axis, Axis)) -> Scenario {
    let mut own = own.clone();
    let Some(first) = contenders.first() else { return own };
    for axis in [axes.0, axes.1] {
        match axis {
            Axis::Knob(Knob::Load) => own.load = first.load,
            Axis::Ttft => own.slo.ttft = first.slo.ttft,
            Axis::Tpot => own.slo.tpot = first.slo.tpot,
            // The price is set for all that have the chip.
            Axis::Knob(_) | Axis::Price => {}
        }
    }
    own
}

/// The interval of an estimate as factors.
fn factors(own: Estimate) -> Band {
    if own.value > 0.0 {
        Band { low: own.low / own.value, high: own.high / own.value }
    } else {
        Band { low: 1.0, high: 1.0 }
    }
}

/// The boundary crosses a side of a square here.
#[derive(Clone, Copy, Debug)]
struct Crossing {
    at: (f64, f64),
    winners: (Option<usize>, Option<usize>),
}

fn joined(one: &Crossing, two: &Crossing) -> Segment {
    Segment { from: one.at, to: two.at, between: one.winners }
}

/// What all corners agree on, and whether so clearly that points between need no evaluation.
fn agreement(corners: &[(usize, &Cell)]) -> Option<(Option<usize>, bool)> {
    let first = corners.first()?.1;
    if corners.iter().any(|(_, own)| own.winner != first.winner) {
        return None;
    }
    let clear = corners.iter().all(|(_, own)| match (own.winner, own.margin) {
        (Some(_), Some(margin)) => margin > CLEAR,
        // Without a runner-up or a winner the same has to hold all around.
        _ => true,
    });
    let alike = corners.iter().all(|(_, own)| own.margin.is_some() == first.margin.is_some());
    Some((first.winner, clear && alike))
}

/// Where between two points the values of their winners meet, as a share of the way; nothing where one of them has no
/// value on one side.
fn meeting(from: &Cell, to: &Cell, metric: Metric) -> Option<f64> {
    let (first, second) = (from.winner?, to.winner?);
    let ahead = |cell: &Cell| {
        let value = |contender: usize| match cell.outcomes.get(contender) {
            Some(CellOutcome::Keeps { value, .. }) if *value > 0.0 => Some(libm::log(*value)),
            _ => None,
        };
        let sign = if metric.more_is_better() { 1.0 } else { -1.0 };
        Some((value(first)? - value(second)?) * sign)
    };
    match (ahead(from), ahead(to)) {
        (Some(here), Some(there)) if here > there => Some((here / (here - there)).clamp(0.0, 1.0)),
        _ => None,
    }
}

impl Cell {
    /// The winner among contenders, its margin over the runner-up, and how sure that is: whether the winner keeps the service
    /// level, whether the runner-up is worse, and whether those that would be better miss it.
    fn of(outcomes: Vec<CellOutcome>, metric: Metric) -> Self {
        let mut kept: Vec<(usize, f64, Band, Sure)> = outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| match outcome {
                CellOutcome::Keeps { value, band, sure } => Some((index, *value, *band, *sure)),
                _ => None,
            })
            .collect();
        let more = metric.more_is_better();
        // Of equals the first contender wins.
        kept.sort_by(|a, b| if more { b.1.total_cmp(&a.1) } else { a.1.total_cmp(&b.1) });
        let ahead = |best: f64, next: f64| if more { best / next } else { next / best };
        let margin = match kept[..] {
            [(_, best, ..), (_, next, ..), ..] if best > 0.0 && next > 0.0 => Some(ahead(best, next) - 1.0),
            _ => None,
        };
        let between = |(_, best, own, _): &(usize, f64, Band, Sure), next: f64, other: Band| {
            let (upper, lower) = if more { (*own, other) } else { (other, *own) };
            let ratio = upper.times(Spread { low: 1.0 / lower.high, high: 1.0 / lower.low });
            Sure { distance: libm::log(ahead(*best, next)), reach: -libm::log(ratio.low) }
        };
        let sure = kept.first().map(|best| {
            let rivals = kept.iter().skip(1).map(|(_, next, band, _)| between(best, *next, *band));
            let barred = outcomes.iter().filter_map(|own| match own {
                CellOutcome::Misses { value: Some(value), sure, .. } if ahead(*value, best.1) > 1.0 => {
                    Some(*sure)
                }
                _ => None,
            });
            let all = rivals.chain(barred).filter(|own| own.left().is_finite());
            all.fold(best.3, Sure::least)
        });
        Self { winner: kept.first().map(|own| own.0), margin, sure, outcomes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::explore::miss;
    use crate::scenario::link;

    fn contenders(links: &[&str]) -> Vec<Scenario> {
        links.iter().map(|text| link::parse(text).scenario).collect()
    }

    fn complete(mut map: MapSearch) -> MapSearch {
        while !map.step(100) {}
        map
    }

    const AXES: (Axis, Axis) = (Axis::Knob(Knob::Isl), Axis::Knob(Knob::Load));

    #[test]
    fn winners_are_those_of_direct_evaluation() {
        let contenders = contenders(&[
            "v1&pool=h200*16&osl=256",
            "v1&prefill=h100-sxm*8&decode=h200*8&osl=256",
            "v1&pool=b200*8&osl=256",
        ]);
        let map = complete(MapSearch::new(&contenders, Metric::CostTotal, AXES, 33));
        assert!(map.cells().iter().all(Option::is_some));
        let (wins, none) = map.tally();
        assert!(wins.iter().filter(|&&count| count > 0).count() >= 2 && none > 0, "{wins:?}, {none}");
        assert!(map.evaluated() < 33 * 33 * 2 / 3, "{} evaluated", map.evaluated());
        let (xs, ys) = map.values();
        let mut wrong = 0;
        for (y, &load) in ys.iter().enumerate() {
            for (x, &isl) in xs.iter().enumerate() {
                let mut best: Option<(usize, f64)> = None;
                for (index, contender) in contenders.iter().enumerate() {
                    let own = AXES.1.apply(&AXES.0.apply(contender, isl).unwrap(), load).unwrap();
                    let Ok(evaluation) = evaluate(&own) else { continue };
                    if miss(&own.slo, &evaluation).is_none() {
                        let value = Metric::CostTotal.read(&evaluation).unwrap().value;
                        if best.is_none_or(|other| value < other.1) {
                            best = Some((index, value));
                        }
                    }
                }
                wrong += usize::from(map.cell(x, y).unwrap().winner != best.map(|own| own.0));
            }
        }
        // Islands smaller than the first spacing may be missed, no more.
        assert!(wrong * 100 <= 33 * 33, "{wrong} of {} points differ", 33 * 33);
    }

    #[test]
    fn the_boundary_runs_where_values_meet() {
        let contenders =
            contenders(&["v1&pool=h100-sxm*8&ttft=none&tpot=none", "v1&pool=b200*8&ttft=none&tpot=none"]);
        let map = complete(MapSearch::new(&contenders, Metric::CostTotal, AXES, 33));
        let boundary = map.boundary();
        assert!(!boundary.is_empty());
        for segment in boundary {
            let (isl, load) = segment.from;
            let value = |contender: &Scenario| {
                let own = AXES.1.apply(&AXES.0.apply(contender, isl).unwrap(), load).unwrap();
                Metric::CostTotal.read(&evaluate(&own).unwrap()).unwrap().value
            };
            let ratio = value(&contenders[0]) / value(&contenders[1]);
            // A cost steps where the chosen layout changes, and where the cache runs out of room.
            assert!((ratio - 1.0).abs() < 0.12, "at {isl} and {load} the costs are as {ratio}");
        }
    }

    #[test]
    fn steps_of_any_size_draw_the_same_map() {
        let contenders = contenders(&["v1", "v1&pool=b200*8"]);
        let axes = (Axis::Knob(Knob::Osl), Axis::Tpot);
        let mut small = MapSearch::new(&contenders, Metric::CostTotal, axes, 17);
        let mut early = 0;
        while !small.step(1) {
            early += usize::from(small.cell(16, 16).is_some());
        }
        assert!(early > 0);
        assert_eq!(small.cells(), complete(MapSearch::new(&contenders, Metric::CostTotal, axes, 17)).cells());
    }

    /// The price at which two cost the same is where the boundary runs, and around it neither is sure.
    #[test]
    fn a_price_is_an_axis() {
        let contenders = contenders(&[
            "v1&model=llama3-70b&rate=1&ttft=none&tpot=none&pool=h200*8",
            "v1&model=llama3-70b&rate=1&ttft=none&tpot=none&pool=b200*8",
        ]);
        let axes = (Axis::Knob(Knob::Isl), Axis::Price);
        let map = complete(MapSearch::new(&contenders, Metric::CostTotal, axes, 17));
        assert_eq!(map.priced(), Some("b200"));
        let h200 = crate::cost::chip_price(&contenders[0], "h200").unwrap().get();
        let boundary = map.boundary();
        let low: Vec<f64> = boundary
            .iter()
            .flat_map(|own| [own.from, own.to])
            .filter(|at| at.0 < 4096.0)
            .map(|at| at.1)
            .collect();
        // Equal numbers of chips, equal requests: equal prices.
        assert!(
            !low.is_empty() && low.iter().all(|price| (price / h200 - 1.0).abs() < 0.02),
            "{low:?} and {h200}"
        );
        let (_, ys) = map.values();
        let column = |y: usize| map.cell(0, y).unwrap();
        assert_eq!((column(0).winner, column(ys.len() - 1).winner), (Some(1), Some(0)));
        let near =
            (0..ys.len()).min_by(|a, b| (ys[*a] - h200).abs().total_cmp(&(ys[*b] - h200).abs())).unwrap();
        assert!(column(near).sure.unwrap().left() < 0.0, "{:?}", column(near));
        assert!(column(0).sure.unwrap().left() > 0.0, "{:?}", column(0));
        let answer = map.answer();
        assert_eq!(answer.distances[0][0].is_some(), answer.winners[0][0].is_some());
    }

    #[test]
    fn an_axis_that_nobody_has_leaves_reasons() {
        let contenders = contenders(&["v1&pool=h200*8"]);
        assert!(!MapSearch::applies(Axis::Knob(Knob::Mix), &contenders));
        let map = complete(MapSearch::over(
            &contenders,
            Metric::CostTotal,
            (Axis::Knob(Knob::Mix), Axis::Tpot),
            (vec![0.5], vec![0.05]),
        ));
        assert_eq!(map.cell(0, 0).unwrap().winner, None);
        assert!(matches!(map.outcomes(0, 0)[..], [CellOutcome::Unknown { .. }]));
        assert!(complete(MapSearch::new(&[], Metric::CostTotal, AXES, 9)).cells().is_empty());
    }

    #[test]
    fn the_boundary_stands_at_the_wall() {
        let links = ["v1&model=llama3-70b&pool=h200*8:tp4&rate=2&ttft=none&tpot=none"];
        let map = complete(MapSearch::new(&contenders(&links), Metric::CostTotal, AXES, 17));
        let boundary = map.boundary();
        assert!(boundary.len() > 10, "{}", boundary.len());
        for (isl, load) in boundary.iter().flat_map(|own| [own.from, own.to]) {
            let at = |factor: f64| {
                let own = AXES.1.apply(&AXES.0.apply(&map.contenders()[0], isl).unwrap(), load * factor);
                let own = own.unwrap();
                miss(&own.slo, &evaluate(&own).unwrap())
            };
            assert_eq!((at(0.99), at(1.01)), (None, Some(Miss::Saturated)), "at {isl} and {load}");
        }
    }
}

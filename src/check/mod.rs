//! Bring your own measurement: predicts the rows of a file of served points and says how far off the model is.
//!
//! # Definitions
//!
//! - Throughput per chip, measured and predicted alike, is concurrency / (TTFT + TPOT · (OSL − 1)) · OSL / chips with the
//!   nominal OSL and the chips of all pools. Its band is the model's band of throughput.
//! - Errors are (predicted − measured) / measured. APE is their size in percent, bias the median with its sign.
//! - Percentiles interpolate linearly between the two nearest ranks (rank p · (n − 1), the usual default of numerical
//!   packages).
//! - A pair for the order is two rows of equal model, ISL, OSL and concurrency whose measured throughputs per chip lie
//!   more than 15 % apart (larger / smaller > 1.15). It agrees when the prediction names the same one faster.
//! - A row with only one of the two times is predicted and judged on that one; its throughput is what the source reports
//!   (`out_tok_s`, output tokens per second of the whole deployment), if it does.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evaluate::{Evaluation, evaluate};
use crate::evidence::Band;
use crate::evidence::rows::{self, HeaderError, Row, Setup, Unpredicted};
use crate::scenario::Scenario;
use crate::serve::Refusal;

pub mod kernels;
mod stats;

pub use stats::{Interval, Stats};

/// How far apart two measured throughputs must be for their order to mean something.
const APART: f64 = 1.15;

/// What a check comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Rows of the file.
    pub rows: usize,
    /// Rows that the model predicts.
    pub predicted: usize,
    /// Errors of TTFT.
    pub ttft: Stats,
    /// Errors of TPOT.
    pub tpot: Stats,
    /// Errors of throughput per chip.
    pub throughput: Stats,
    /// Whether the faster of two deployments is named right.
    pub order: Order,
    /// Rows without a prediction, with the reason.
    pub unpredicted: Vec<Unpredicted>,
    /// Rows with a prediction.
    pub points: Vec<Point>,
}

/// Agreement on which of two deployments is faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Order {
    /// Pairs compared.
    pub pairs: u64,
    /// Share of them that the prediction orders like the measurement; absent without pairs.
    pub agreement: Option<f64>,
}

/// A predicted row. What was measured stays out of the JSON: whoever has the file has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Row name.
    pub id: String,
    /// Predicted TTFT in milliseconds.
    pub ttft_ms: Interval,
    /// Predicted TPOT in milliseconds.
    pub tpot_ms: Interval,
    /// Predicted output tokens per second and chip.
    pub tok_s_per_chip: Interval,
    /// Measured TTFT in milliseconds.
    #[serde(skip)]
    pub measured_ttft_ms: Option<f64>,
    /// Measured TPOT in milliseconds.
    #[serde(skip)]
    pub measured_tpot_ms: Option<f64>,
    /// Measured output tokens per second and chip.
    #[serde(skip)]
    pub measured_tok_s_per_chip: Option<f64>,
    /// What was measured.
    #[serde(skip)]
    pub setup: Setup,
}

/// Checks the model against measured rows, given as the text of a CSV file.
///
/// # Errors
/// [`HeaderError`] when the file has no usable header. A row that cannot be read or predicted is part of the report.
pub fn check(text: &str) -> Result<CheckReport, HeaderError> {
    check_with(text, evaluate)
}

/// Checks another model than the built-in one, as calibration does.
///
/// # Errors
/// [`HeaderError`] when the file has no usable header.
pub fn check_with(
    text: &str,
    model: impl Fn(&Scenario) -> Result<Evaluation, Refusal>,
) -> Result<CheckReport, HeaderError> {
    let mut points = Vec::new();
    let mut unpredicted = Vec::new();
    let rows = rows::read(text)?;
    let count = rows.len();
    for row in rows {
        match row {
            Ok(row) => match predict(&row, &model) {
                Ok(point) => points.push(point),
                Err(reason) => {
                    unpredicted
                        .push(Unpredicted { id: row.id, reason: format!("line {}: {reason}", row.line) });
                }
            },
            Err(problem) => unpredicted.push(problem),
        }
    }
    Ok(CheckReport {
        rows: count,
        predicted: points.len(),
        ttft: Stats::of(points.iter().map(Point::ttft)),
        tpot: Stats::of(points.iter().map(Point::tpot)),
        throughput: Stats::of(points.iter().map(Point::throughput)),
        order: order(&points),
        unpredicted,
        points,
    })
}

impl Point {
    /// Measured and predicted TTFT.
    #[must_use]
    pub const fn ttft(&self) -> (Option<f64>, Interval) {
        (self.measured_ttft_ms, self.ttft_ms)
    }

    /// Measured and predicted TPOT.
    #[must_use]
    pub const fn tpot(&self) -> (Option<f64>, Interval) {
        (self.measured_tpot_ms, self.tpot_ms)
    }

    /// Measured and predicted throughput per chip.
    #[must_use]
    pub const fn throughput(&self) -> (Option<f64>, Interval) {
        (self.measured_tok_s_per_chip, self.tok_s_per_chip)
    }
}

impl CheckReport {
    /// The points grouped by a property of their setup, groups in alphabetical order.
    #[must_use]
    pub fn groups(&self, of: impl Fn(&Setup) -> &str) -> BTreeMap<&str, Vec<&Point>> {
        let mut groups: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
        for point in &self.points {
            let key = of(&point.setup);
            // The closure's result is tied to the point, so the key lives as long as the report.
            groups.entry(key).or_default().push(point);
        }
        groups
    }
}

fn predict(row: &Row, model: &impl Fn(&Scenario) -> Result<Evaluation, Refusal>) -> Result<Point, String> {
    let evaluation = model(&row.scenario).map_err(|refusal| refusal.to_string())?;
    let (steady, evidence) = (&evaluation.steady, &evaluation.evidence);
    if let Some(endless) = steady.saturation {
        return Err(endless.to_string());
    }
    let interval = |value: f64, band: Band| {
        let interval = Interval { value, low: value * band.low, high: value * band.high };
        let usable = value > 0.0 && [value, interval.low, interval.high].iter().all(|end| end.is_finite());
        usable.then_some(interval).ok_or("the prediction is not a finite number")
    };
    let ttft_ms = interval(steady.ttft.as_millis(), evidence.ttft)?;
    let tpot_ms = interval(steady.tpot.as_millis(), evidence.tpot)?;
    let per_chip = row.throughput_per_chip(ttft_ms.value, tpot_ms.value);
    Ok(Point {
        id: row.id.clone(),
        ttft_ms,
        tpot_ms,
        tok_s_per_chip: interval(per_chip, evidence.throughput)?,
        measured_ttft_ms: row.ttft_ms,
        measured_tpot_ms: row.tpot_ms,
        measured_tok_s_per_chip: row.measured_throughput(),
        setup: row.setup(),
    })
}

/// Counts pairs within groups of equal workload. Sorting by measurement and counting ranks keeps a file of any size in
/// time near its length.
fn order(points: &[Point]) -> Order {
    /// Model, and the bits of ISL, OSL and concurrency.
    type Work<'a> = (&'a str, [u64; 3]);
    let mut groups: BTreeMap<Work<'_>, Vec<(f64, f64)>> = BTreeMap::new();
    for point in points {
        let Some(measured) = point.measured_tok_s_per_chip else { continue };
        let Setup { model, isl, osl, concurrency, .. } = &point.setup;
        let key = (model.as_str(), [isl, osl, concurrency].map(|number| number.to_bits()));
        groups.entry(key).or_default().push((measured, point.tok_s_per_chip.value));
    }
    let (mut pairs, mut agree) = (0, 0);
    for group in groups.values() {
        let (own_pairs, own_agree) = stats::ordered_pairs(group, APART);
        pairs += own_pairs;
        agree += own_agree;
    }
    Order { pairs, agreement: (pairs > 0).then(|| agree as f64 / pairs as f64) }
}

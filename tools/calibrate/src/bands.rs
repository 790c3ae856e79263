//! 80 % intervals per evidence class, split-conformal: the 10th and 90th percentile of measured over predicted on points
//! that the fit behind the prediction did not see.
//!
//! What is left out matches what the class lacks: series (other loads and shapes of the same deployment stay) for
//! points measured nearby, all points of a model on a chip for the same chip, all points of a chip for its family.
//! The last two classes have no measured points; they widen the family's band by a stated power.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use tandem::evidence::EvidenceClass;

use crate::fit::quantile;
use crate::served::{Point, Speed};
use crate::table::{self, short};

/// Powers of the family's band for classes without measured points: assumptions.
const WIDENED: [(EvidenceClass, f64); 2] =
    [(EvidenceClass::DatasheetOnly, 1.5), (EvidenceClass::VendorClaim, 2.0)];

/// Low and high factor of TTFT, TPOT and throughput.
type Band = [(f64, f64); 3];

/// The band of the points that `chosen` picks.
fn band(points: &[Point], predictions: &[Option<Speed>], chosen: impl Fn(&Point) -> bool) -> Band {
    let ratios = |read: &dyn Fn(&Point, Speed) -> f64| {
        let own: Vec<f64> = points
            .iter()
            .zip(predictions)
            .filter(|(point, _)| chosen(point) && !point.is_suspect())
            .filter_map(|(point, speed)| Some(read(point, point.measured) / read(point, (*speed)?)))
            .collect();
        (quantile(&own, 0.1).min(1.0), quantile(&own, 0.9).max(1.0))
    };
    [
        ratios(&|_, speed| speed.ttft),
        ratios(&|_, speed| speed.tpot),
        ratios(&|point, speed| point.throughput(speed)),
    ]
}

/// Shares of points inside the bands that the other half of the series makes: TTFT, TPOT, throughput.
pub fn coverage(points: &[Point], predictions: &[Option<Speed>]) -> [f64; 3] {
    let mut names: Vec<String> = points.iter().map(Point::series).collect();
    names.sort();
    names.dedup();
    let half = |point: &Point| names.binary_search(&point.series()).unwrap_or(0) % 2;
    // Place of a point's band: its half of the series, and its split.
    let place = |point: &Point| half(point) * 2 + usize::from(point.is_split());
    let bands = [2, 3, 0, 1].map(|other| band(points, predictions, |own| place(own) == other));
    let mut inside = [0.0; 3];
    let mut all = 0.0;
    for (point, speed) in points.iter().zip(predictions) {
        let (Some(speed), false) = (*speed, point.is_suspect()) else { continue };
        let Some(band) = bands.get(place(point)) else { continue };
        all += 1.0;
        let ratios = [
            point.measured.ttft / speed.ttft,
            point.measured.tpot / speed.tpot,
            point.throughput(point.measured) / point.throughput(speed),
        ];
        for ((count, ratio), (low, high)) in inside.iter_mut().zip(ratios).zip(band) {
            if (*low..=*high).contains(&ratio) {
                *count += 1.0;
            }
        }
    }
    inside.map(|count| count / f64::max(all, 1.0))
}

/// Writes the bands from predictions of points left out by series, by cell and by chip. Two pools that must match each
/// other are harder to predict than one, so prefill/decode has bands of its own.
pub fn write(file: &Path, points: &[Point], left_out: [&[Option<Speed>]; 3]) -> Result<()> {
    let mut lines = Vec::new();
    let mut alone = [(1.0, 1.0); 3];
    for (split, is_split) in [("colocated", false), ("prefill-decode", true)] {
        let mut widest: Band = [(1.0, 1.0); 3];
        let mut add = |class: EvidenceClass, own: Band, basis: &str| {
            // Less evidence never makes a band narrower.
            for (wide, own) in widest.iter_mut().zip(own) {
                *wide = (wide.0.min(own.0), wide.1.max(own.1));
            }
            let numbers: Vec<String> =
                widest.iter().flat_map(|(low, high)| [round(*low, false), round(*high, true)]).collect();
            lines.push(format!("{},{split},{},{basis}", class.id(), numbers.join(",")));
            widest
        };
        let mut family = [(1.0, 1.0); 3];
        let classes = [EvidenceClass::MeasuredNearby, EvidenceClass::SameChip, EvidenceClass::SameFamily];
        for (class, predictions) in classes.into_iter().zip(left_out) {
            family = add(class, band(points, predictions, |own| own.is_split() == is_split), "measured");
        }
        if !is_split {
            alone = family;
        }
        // What makes prefill/decode hard is how it was set up, not how little is known of the silicon.
        for (class, power) in WIDENED {
            add(class, alone.map(|(low, high): (f64, f64)| (low.powf(power), high.powf(power))), "widened");
        }
    }
    let header = "class,split,ttft_low,ttft_high,tpot_low,tpot_high,throughput_low,throughput_high,basis";
    table::write(file, &format!("on {} served points", points.len()), header, &lines)
}

/// Two digits behind the point, away from one.
fn round(factor: f64, up: bool) -> String {
    let hundred = factor * 100.0;
    short(if up { hundred.ceil() } else { hundred.floor() } / 100.0)
}

/// Writes which model ran on which chip under which engine, and how many points each has.
pub fn write_served(file: &Path, points: &[Point]) -> Result<()> {
    let mut counts: BTreeMap<(String, String, &str), usize> = BTreeMap::new();
    for point in points.iter().filter(|point| !point.is_suspect()) {
        let pools = point.scenario.split.pools();
        let mut chips: Vec<String> = pools.into_iter().map(|(_, pool)| pool.chip.clone()).collect();
        chips.dedup();
        for chip in chips {
            let key = (chip, point.scenario.model.clone(), point.scenario.engine.id());
            *counts.entry(key).or_default() += 1;
        }
    }
    let lines: Vec<String> = counts
        .iter()
        .map(|((chip, model, engine), count)| format!("{chip},{model},{engine},{count}"))
        .collect();
    table::write(file, &format!("on {} served points", points.len()), "chip,model,engine,points", &lines)
}

//! How far predictions lie from measurements, in all and by cell.

use std::collections::BTreeMap;

use crate::fit::quantile;
use crate::served::{Point, Speed};

/// A point and what is predicted of it.
type Pair<'a> = (&'a Point, Speed);

/// Signed errors in percent of what is measured of the points: TTFT, TPOT, throughput.
fn errors(pairs: &[Pair<'_>]) -> [Vec<f64>; 3] {
    let of = |read: &dyn Fn(&Pair<'_>) -> Option<(f64, f64)>| -> Vec<f64> {
        pairs
            .iter()
            .filter_map(read)
            .map(|(predicted, measured)| (predicted / measured - 1.0) * 100.0)
            .collect()
    };
    [
        of(&|(point, speed)| Some((speed.ttft, point.measured.ttft?))),
        of(&|(point, speed)| Some((speed.tpot, point.measured.tpot?))),
        of(&|(point, speed)| Some((point.throughput(*speed), point.measured.throughput?))),
    ]
}

/// Absolute errors in percent: median and 90th percentile, and the median of signed errors.
fn summary(errors: &[f64]) -> String {
    let sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    if sizes.is_empty() {
        return format!("{:28}", "-");
    }
    format!(
        "{:5.1} p90 {:5.1} bias {:+6.1}",
        quantile(&sizes, 0.5),
        quantile(&sizes, 0.9),
        quantile(errors, 0.5)
    )
}

/// A line of figures.
fn line(name: &str, pairs: &[Pair<'_>]) -> String {
    let [ttft, tpot, throughput] = errors(pairs);
    format!(
        "{name:44} n {:4}  TPOT {}  TTFT {}  tok/s/chip {}",
        pairs.len(),
        summary(&tpot),
        summary(&ttft),
        summary(&throughput)
    )
}

/// Medians and nine tenths in one line, for the head of a file of constants.
pub fn told(points: &[Point], predictions: &[Option<Speed>], chosen: impl Fn(&Point) -> bool) -> String {
    let pairs = pairs(points, predictions, chosen);
    let [ttft, tpot, throughput] = errors(&pairs).map(|own| {
        let sizes: Vec<f64> = own.iter().map(|error| error.abs()).collect();
        format!("{:.1}/{:.0}", quantile(&sizes, 0.5), quantile(&sizes, 0.9))
    });
    format!("TPOT {tpot}, TTFT {ttft}, throughput {throughput}")
}

/// Medians of absolute errors in percent: TTFT, TPOT, throughput.
pub fn medians(points: &[Point], predictions: &[Option<Speed>], chosen: impl Fn(&Point) -> bool) -> [f64; 3] {
    errors(&pairs(points, predictions, chosen)).map(|own| {
        let sizes: Vec<f64> = own.iter().map(|error| error.abs()).collect();
        quantile(&sizes, 0.5)
    })
}

/// The points that are chosen, with what is predicted of them.
fn pairs<'a>(
    points: &'a [Point],
    predictions: &[Option<Speed>],
    chosen: impl Fn(&Point) -> bool,
) -> Vec<Pair<'a>> {
    let own = points.iter().zip(predictions).filter(|(point, _)| chosen(point) && !point.is_suspect());
    own.filter_map(|(point, speed)| Some((point, (*speed)?))).collect()
}

/// Prints the errors in all, and by the keys asked for.
pub fn print(title: &str, points: &[Point], predictions: &[Option<Speed>], keys: &[fn(&Point) -> String]) {
    let pairs: Vec<Pair<'_>> =
        points.iter().zip(predictions).filter_map(|(point, speed)| Some((point, (*speed)?))).collect();
    println!("{title}: {} of {} rows predicted", pairs.len(), points.len());
    for key in keys {
        let mut groups: BTreeMap<String, Vec<Pair<'_>>> = BTreeMap::new();
        for pair in &pairs {
            groups.entry(key(pair.0)).or_default().push(*pair);
        }
        for (name, pairs) in groups {
            println!("{}", line(&name, &pairs));
        }
    }
    println!();
}

//! How far predictions lie from measurements, in all and by cell.

use std::collections::BTreeMap;

use crate::fit::quantile;
use crate::served::{Point, Speed};

/// Absolute errors in percent: median and 90th percentile of TPOT and TTFT, median of throughput, medians of signed errors.
pub fn line(name: &str, pairs: &[(&Point, Speed)]) -> String {
    let errors = |read: &dyn Fn(&Point, Speed) -> f64| -> Vec<f64> {
        pairs
            .iter()
            .map(|(point, speed)| (read(point, *speed) / read(point, point.measured) - 1.0) * 100.0)
            .collect()
    };
    let median = |errors: &[f64], share: f64| {
        quantile(&errors.iter().map(|error| error.abs()).collect::<Vec<_>>(), share)
    };
    let tpot = errors(&|_, speed| speed.tpot);
    let ttft = errors(&|_, speed| speed.ttft);
    let throughput = errors(&|point, speed| point.throughput(speed));
    format!(
        "{name:44} n {:4}  TPOT {:5.1} p90 {:5.1} bias {:+6.1}  TTFT {:5.1} p90 {:5.0} bias {:+6.1}  tok/s/chip {:5.1}",
        pairs.len(),
        median(&tpot, 0.5),
        median(&tpot, 0.9),
        quantile(&tpot, 0.5),
        median(&ttft, 0.5),
        median(&ttft, 0.9),
        quantile(&ttft, 0.5),
        median(&throughput, 0.5),
    )
}

/// Prints the errors in all, by split, by engine and, if asked, by cell.
pub fn print(title: &str, points: &[Point], predictions: &[Option<Speed>], cells: bool) {
    let pairs: Vec<(&Point, Speed)> =
        points.iter().zip(predictions).filter_map(|(point, speed)| Some((point, (*speed)?))).collect();
    println!("{title}: {} of {} rows predicted", pairs.len(), points.len());
    println!("{}", line("all", &pairs));
    let mut keys: Vec<fn(&Point) -> String> =
        vec![|point| if point.is_split() { "split".to_owned() } else { "colocated".to_owned() }, |point| {
            format!("{} {}", point.scenario.engine.id(), if point.is_split() { "split" } else { "colocated" })
        }];
    if cells {
        keys.push(|point| {
            let split = if point.is_split() { "split" } else { "colocated" };
            format!("{} {} {} {split}", point.scenario.engine.id(), point.scenario.model, point.chip)
        });
    }
    for key in keys {
        let mut groups: BTreeMap<String, Vec<(&Point, Speed)>> = BTreeMap::new();
        for pair in &pairs {
            groups.entry(key(pair.0)).or_default().push(*pair);
        }
        for (name, pairs) in groups {
            println!("{}", line(&name, &pairs));
        }
    }
}

//! The rows that the constants are fitted on, under `data/measurements/`: no yardstick falls by more than a point, bands hold
//! what they promise, and what is said of sources left out is of these rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use tandem::check::{CheckReport, Interval, Point, Stats, check};

const ROWS: &str = include_str!("../data/measurements/served.csv");
const YARDSTICKS: &str = include_str!("../data/measurements/yardsticks.csv");
const LEFT_OUT: &str = include_str!("../data/measurements/left_out.csv");

/// Percentage points by which a median may be worse than the last fit left it.
const SLACK: f64 = 1.0;

fn report() -> CheckReport {
    check(ROWS).expect("a header that can be read")
}

/// The lines of a table below comments and header.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect())
}

fn group(point: &Point) -> &'static str {
    match point.setup.origin.flag.as_str() {
        "ok" => "others",
        "" if point.setup.pools.contains('>') => "two-pools",
        "" => "one-pool",
        _ => "other",
    }
}

/// Errors of a group of rows.
fn stats(report: &CheckReport, of: &str, figure: &str) -> Stats {
    let read: fn(&Point) -> (Option<f64>, Interval) = match figure {
        "ttft" => Point::ttft,
        "tpot" => Point::tpot,
        "throughput" => Point::throughput,
        other => panic!("no figure is called {other}"),
    };
    Stats::of(report.points.iter().filter(|point| group(point) == of).map(read))
}

#[test]
fn no_yardstick_falls_by_more_than_a_point() {
    let report = report();
    let mut worse = Vec::new();
    let mut held = 0;
    for line in lines(YARDSTICKS) {
        let [of, figure, median] = line[..] else { panic!("{line:?}") };
        let median: f64 = median.parse().expect("a number");
        let now = stats(&report, of, figure).median_ape.expect("rows of each group");
        println!("{of:10} {figure:10} {median:5.1} -> {now:5.1} %");
        if now > median + SLACK {
            worse.push(format!("{of} {figure}: {median} -> {now:.1} %"));
        }
        held += 1;
    }
    assert_eq!(held, 9, "three groups, three figures");
    assert!(worse.is_empty(), "{worse:?}");
}

#[test]
fn nearly_all_rows_are_predicted() {
    let report = report();
    assert!(report.rows > 1500);
    let share = report.predicted as f64 / report.rows as f64;
    assert!(share > 0.97, "{:?}", report.unpredicted);
}

#[test]
fn bands_hold_what_they_promise() {
    let report = report();
    for of in ["others", "one-pool", "two-pools"] {
        for figure in ["ttft", "tpot", "throughput"] {
            let inside = stats(&report, of, figure).coverage_80.expect("rows of each group");
            println!("{of:10} {figure:10} {:.1} % inside", inside * 100.0);
            assert!((0.65..=0.97).contains(&inside), "{of} {figure}: {inside}");
        }
    }
}

#[test]
fn sources_left_out_are_told_of_these_rows() {
    let report = report();
    let known: BTreeMap<&str, &Point> =
        report.points.iter().map(|point| (point.id.as_str(), point)).collect();
    let mut told = 0;
    for line in lines(LEFT_OUT) {
        let point = known.get(line[0]).unwrap_or_else(|| panic!("{} is no row", line[0]));
        let numbers: Vec<f64> = line[2..].iter().map(|cell| cell.parse().expect("a number")).collect();
        for interval in numbers.chunks(3) {
            assert!(interval[1] <= interval[0] && interval[0] <= interval[2], "{}: {interval:?}", point.id);
        }
        told += 1;
    }
    assert!(told as f64 > 0.9 * report.predicted as f64, "{told} of {}", report.predicted);
}

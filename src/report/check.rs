//! A check against measurements, for a terminal: the rows, where the errors sit, and at the end the whole summary.

use crate::check::kernels::{Errors, KernelReport};
use crate::check::{CheckReport, Interval, Point, Stats};
use crate::evidence::rows::Setup;
use crate::units::format::{Precision, Unit};

/// Most unpredicted rows that are listed.
const MOST_UNPREDICTED: usize = 20;

/// The check as text. `rows` limits the table of rows.
#[must_use]
pub fn text(report: &CheckReport, rows: Option<usize>) -> String {
    let mut page = String::new();
    let shown = rows.unwrap_or(usize::MAX).min(report.points.len());
    if shown > 0 {
        page.push_str(&table(report.points.iter().take(shown)));
    }
    if shown < report.points.len() {
        page.push_str(&format!("… and {} more rows\n", report.points.len() - shown));
    }
    page.push_str("\nMedian error (and bias) by\n");
    for (title, of) in [
        ("model", (|setup: &Setup| setup.model.as_str()) as fn(&Setup) -> &str),
        ("chip", |setup| setup.chip.as_str()),
        ("engine", |setup| setup.engine.as_str()),
    ] {
        for (name, points) in report.groups(of) {
            let stats =
                |of: fn(&Point) -> (Option<f64>, Interval)| short(&Stats::of(points.iter().map(|p| of(p))));
            page.push_str(&format!(
                "  {title:6}  {name:26} {:5} rows  TTFT {}  TPOT {}  tok/s/chip {}\n",
                points.len(),
                stats(Point::ttft),
                stats(Point::tpot),
                stats(Point::throughput)
            ));
        }
    }
    if !report.unpredicted.is_empty() {
        page.push_str("\nNot predicted\n");
        for row in report.unpredicted.iter().take(MOST_UNPREDICTED) {
            // A row without a name goes by its line, which the reason begins with.
            let name = Some(&row.id).filter(|own| !row.reason.starts_with(&format!("{own}: ")));
            let name = name.map_or_else(String::new, |own| format!("{own}: "));
            page.push_str(&format!("  {name}{}\n", row.reason));
        }
        if let Some(more) = report.unpredicted.len().checked_sub(MOST_UNPREDICTED).filter(|more| *more > 0) {
            page.push_str(&format!("  … and {more} more\n"));
        }
    }
    page.push_str(&summary(report));
    page
}

/// A check of a table of kernels as text.
#[must_use]
pub fn kernels(report: &KernelReport) -> String {
    let percent = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} %"));
    let line = |what: &str, name: &str, errors: &Errors| {
        let Errors { rows, predicted, median_ape, p90_ape, bias, .. } = errors;
        let [median, p90, bias] = [*median_ape, *p90_ape, *bias].map(percent);
        format!(
            "  {what:9} {name:20} {rows:6} rows {predicted:6} predicted   median {median:>8}   90th percentile \
             {p90:>8}   bias {bias:>8}\n"
        )
    };
    let mut page = String::new();
    for (operator, own) in &report.kernels {
        page.push_str(&format!("{operator}\n{}", line("all", "", &own.all)));
        for (what, parts) in [("chip", &own.by_chip), ("format", &own.by_format)] {
            for (name, errors) in parts {
                page.push_str(&line(what, name, errors));
            }
        }
    }
    if !report.unpredicted.is_empty() {
        page.push_str("\nNot predicted\n");
        // The same reason for many rows is said once.
        let mut reasons: Vec<(&str, &str, usize)> = Vec::new();
        for row in &report.unpredicted {
            let (line, reason) = row.reason.split_once(": ").unwrap_or(("", &row.reason));
            match reasons.iter_mut().find(|(_, own, _)| *own == reason) {
                Some((.., count)) => *count += 1,
                None => reasons.push((line, reason, 1)),
            }
        }
        for (line, reason, count) in reasons.iter().take(MOST_UNPREDICTED) {
            let others = if *count > 1 { format!(" and {} more", *count - 1) } else { String::new() };
            page.push_str(&format!("  {line}{others}: {reason}\n"));
        }
        if let Some(more) = reasons.len().checked_sub(MOST_UNPREDICTED).filter(|more| *more > 0) {
            page.push_str(&format!("  … and {more} more reasons\n"));
        }
    }
    page.push_str(&format!("\n{} rows, {} predicted\n", report.rows, report.predicted));
    page
}

/// The summary alone.
#[must_use]
pub fn summary(report: &CheckReport) -> String {
    let mut page = format!(
        "\nSummary\n  {} rows, {} predicted ({})\n\n  {:12}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>12}\n",
        report.rows,
        report.predicted,
        share(ratio(report.predicted, report.rows)),
        "error in %",
        "median",
        "mean",
        "90th",
        "bias",
        "within 20",
        "within 25",
        "in band"
    );
    for (name, stats) in [("TTFT", &report.ttft), ("TPOT", &report.tpot), ("tok/s/chip", &report.throughput)]
    {
        page.push_str(&format!(
            "  {name:12}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>12}\n",
            percent(stats.median_ape),
            percent(stats.mean_ape),
            percent(stats.p90_ape),
            signed(stats.bias),
            share(stats.within_20),
            share(stats.within_25),
            share(stats.coverage_80)
        ));
    }
    page.push_str(&format!(
        "\n  Order: {} of {} pairs more than 15 % apart named right\n",
        share(report.order.agreement),
        report.order.pairs
    ));
    page
}

fn table<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let mut page = format!(
        "{:10} {:20} {:>7} {:>6} {:>6}  {:24} {:24} {:24} pools\n{:10} {:20} {:>7} {:>6} {:>6}  {:24} {:24} {:24}\n",
        "",
        "",
        "",
        "",
        "",
        "TTFT ms",
        "TPOT ms",
        "tok/s/chip",
        "id",
        "model",
        "isl",
        "osl",
        "users",
        "was, model (error)",
        "was, model (error)",
        "was, model (error)"
    );
    for point in points {
        let Setup { model, isl, osl, concurrency, pools, .. } = &point.setup;
        page.push_str(&format!(
            "{:10} {model:20} {:>7} {:>6} {:>6}  {:24} {:24} {:24} {pools}\n",
            point.id,
            Unit::Tokens.format(*isl),
            Unit::Tokens.format(*osl),
            concurrency,
            cell(point.ttft()),
            cell(point.tpot()),
            cell(point.throughput())
        ));
    }
    page
}

/// Measured, predicted and error; an error outside the band carries a mark.
fn cell((measured, predicted): (Option<f64>, Interval)) -> String {
    let number = |value: f64| Unit::Number.format_with(value, Precision::NORMAL);
    let Some(measured) = measured else { return format!("–, {}", number(predicted.value)) };
    let outside = if (predicted.low..=predicted.high).contains(&measured) { "" } else { "!" };
    let error = (predicted.value - measured) / measured * 100.0;
    format!("{}, {} ({error:+.0} %){outside}", number(measured), number(predicted.value))
}

fn short(stats: &Stats) -> String {
    format!("{:>6} ({:>6})", percent(stats.median_ape), signed(stats.bias))
}

pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

pub(super) fn signed(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:+.1}").replace('-', "−"))
}

pub(super) fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
}

//! The claims page: what makers say their silicon does, and what the model makes of it, as text, JSON and one static page.
//!
//! The page is written by `tandem claims --html` and kept in `public/`; a test holds it against the code, so that it always
//! tells what the constants of the same commit say. Every deployment in it is a link into the playground.

use serde::Serialize;

use super::html::escaped;
use super::words;
use crate::explore::claims::{Judged, Point, Standing, Verdict, claims, judge};
use crate::metric::Metric;
use crate::scenario::{Scenario, link};
use crate::units::format::{Precision, Unit};

/// A claim with its verdict, for machines.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimReport {
    /// Identifier.
    pub id: String,
    /// Whose claim it is.
    pub who: String,
    /// When it was made.
    pub date: String,
    /// What is claimed.
    pub said: String,
    /// How many times better.
    pub factor: f64,
    /// By which metric.
    pub metric: &'static str,
    /// The praised deployment as a link.
    pub praised: String,
    /// The other as a link.
    pub against: String,
    /// The verdict in a sentence.
    pub sentence: String,
    /// The verdict for machines.
    pub verdict: Verdict,
    /// Both sides at the stated point, then at others.
    pub points: Vec<Point>,
    /// Where it is said.
    pub source: String,
}

/// All claims, judged.
#[must_use]
pub fn judged() -> Vec<Judged> {
    claims().iter().map(judge).collect()
}

/// The claims as plain data.
#[must_use]
pub fn reports(all: &[Judged]) -> Vec<ClaimReport> {
    let report = |judged: &Judged| {
        let own = &judged.claim;
        ClaimReport {
            id: own.id.clone(),
            who: own.who.clone(),
            date: own.date.clone(),
            said: own.said.clone(),
            factor: own.factor,
            metric: own.metric.id(),
            praised: link::write(&own.praised, &[]),
            against: link::write(&own.against, &[]),
            sentence: sentence(judged),
            verdict: judged.verdict.clone(),
            points: judged.points.clone(),
            source: own.source.clone(),
        }
    };
    all.iter().map(report).collect()
}

/// The verdict in a sentence.
#[must_use]
pub fn sentence(judged: &Judged) -> String {
    let claim = &judged.claim;
    let factor = judged.points.first().and_then(|own| own.factor);
    let model = factor.map_or(String::new(), |(value, low, high)| {
        format!("the model has {} ({} to {})", times(value), times(low), times(high))
    });
    match &judged.verdict {
        Verdict::Agrees => format!("Within the band: {model}."),
        Verdict::Less => format!("Not reproduced: {model}."),
        Verdict::More => format!("Exceeded: {model}."),
        Verdict::OnlyPraised => {
            let most = judged.points.first().map_or(String::new(), |own| cell(claim.metric, &own.against));
            format!(
                "No multiple can be stated: only the praised deployment gets that fast (the other: {most})."
            )
        }
        Verdict::NotReached => {
            let most = judged.points.first().map_or(String::new(), |own| cell(claim.metric, &own.praised));
            format!("Not reproduced: in the model the praised deployment does not get that fast ({most}).")
        }
        Verdict::HoldsBelow { chip, limit } => {
            let missing = match claim.metric {
                Metric::ThroughputPerMegawatt => "whose power is not published",
                _ => "which has no public price",
            };
            format!("It depends on {}, {missing}: {}.", words::chip(chip), holds(claim.metric, *limit))
        }
        Verdict::Open { reason } => format!("Left open: {reason}."),
    }
}

fn holds(metric: Metric, limit: f64) -> String {
    match metric {
        _ if limit <= 0.0 => "no figure would do, since the other chips alone take more".to_owned(),
        Metric::ThroughputPerMegawatt => format!("the claim holds below {} W a chip, all in", digits(limit)),
        _ => format!("the claim holds below ${limit:.2} a chip-hour"),
    }
}

/// The factor of a point, or what it hangs on.
fn outcome(metric: Metric, point: &Point) -> String {
    match (point.factor, &point.limit) {
        (Some((value, low, high)), _) => format!("{} ({} to {})", times(value), times(low), times(high)),
        (None, Some((_, limit))) => holds(metric, *limit),
        (None, None) => "–".to_owned(),
    }
}

fn times(factor: f64) -> String {
    format!("{}x", digits(factor))
}

fn digits(value: f64) -> String {
    Unit::Number.format_with(value, Precision::SHORT)
}

fn cell(metric: Metric, standing: &Standing) -> String {
    match standing {
        Standing::Value { value, low, high, .. } => {
            let write = |value: f64| metric.unit().format_with(value, Precision::SHORT);
            format!("{} ({} to {})", write(*value), write(*low), write(*high))
        }
        Standing::TooSlow { most } => {
            format!("at most {}", Unit::TokensPerSecondPerUser.format_with(*most, Precision::SHORT))
        }
        Standing::Absent { reason } => reason.clone(),
    }
}

fn at(point: &Point) -> String {
    point.speed.map_or("Stated loads".to_owned(), |speed| format!("{speed} tok/s/user"))
}

/// The claims as text.
#[must_use]
pub fn text(all: &[Judged]) -> String {
    let mut text = String::new();
    for judged in all {
        let claim = &judged.claim;
        text.push_str(&format!("{}, {}: {}.\n  {}\n", claim.who, claim.date, claim.said, sentence(judged)));
        for point in judged.points.iter().skip(1) {
            text.push_str(&format!("  at {:>14}: {}\n", at(point), outcome(claim.metric, point)));
        }
        text.push('\n');
    }
    text
}

/// The claims as a static page.
#[must_use]
pub fn html(all: &[Judged]) -> String {
    let mut page = String::from(HEAD);
    for judged in all {
        let claim = &judged.claim;
        page.push_str(&format!(
            "<h2 id=\"{}\">{}, {}</h2>\n<p>“{}.”</p>\n<p><strong>{}</strong> {}</p>\n",
            escaped(&claim.id),
            escaped(&claim.who),
            escaped(&claim.date),
            escaped(&claim.said),
            escaped(&sentence(judged)),
            escaped(&claim.remark)
        ));
        page.push_str(&format!(
            "<table><caption>{}</caption><thead><tr><th scope=\"col\">At</th><th scope=\"col\">{}</th>\
             <th scope=\"col\">{}</th><th scope=\"col\">Factor</th></tr></thead><tbody>\n",
            escaped(claim.metric.label()),
            open("Praised", &claim.praised),
            open("Against", &claim.against)
        ));
        for (index, point) in judged.points.iter().enumerate() {
            let factor = outcome(claim.metric, point);
            let stated = if index == 0 && point.speed.is_some() { ", as claimed" } else { "" };
            page.push_str(&format!(
                "<tr><th scope=\"row\">{}{stated}</th><td>{}</td><td>{}</td><td>{factor}</td></tr>\n",
                at(point),
                escaped(&cell(claim.metric, &point.praised)),
                escaped(&cell(claim.metric, &point.against)),
            ));
        }
        page.push_str(&format!(
            "</tbody></table>\n<p class=\"source\">Source: {}.</p>\n",
            escaped(&claim.source)
        ));
    }
    page.push_str(FOOT);
    super::html::page("Claims, held against Tandem", &page)
}

/// A word that opens a scenario.
fn open(word: &str, scenario: &Scenario) -> String {
    let address = link::write(scenario, &[]).replace('&', "&amp;").replace('"', "%22");
    format!("<a href=\"./#{address}\">{word}</a>")
}

const HEAD: &str = r#"<h1>At which operating point does a claim hold?</h1>
<p>Makers state multiples: so many times the throughput, so many times cheaper. Each holds at one operating point, and near
the speed limit of the slower deployment any multiple can be had. Below, each claim is two deployments that anyone can open
and change. The scenarios are our reading, since workloads and layouts are seldom published; the intervals are the model's
80 % bands, which are wide for silicon that nobody outside its maker has measured. Where a claim names a speed, both sides
carry as many users as let them keep it.</p>
"#;

const FOOT: &str = "<p>Written by <code>tandem claims --html</code>.</p>
";

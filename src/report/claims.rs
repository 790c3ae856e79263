//! The claims page: what makers say their silicon does, and what the model makes of it, as text, JSON and one static page.
//!
//! The page is written by `tandem claims --html` and kept in `public/`; a test holds it against the code, so that it always
//! tells what the constants of the same commit say. Every deployment in it is a link into the playground.

use serde::Serialize;

use super::html::escaped;
use super::words;
use crate::explore::claims::{Claim, Extent, Judged, Point, Standing, Verdict, claims, judge};
use crate::machine::constants;
use crate::metric::Metric;
use crate::pass::Numerics;
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
    /// How many times better than another deployment, where a multiple is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// The figure in the base unit of the metric, where one is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// By which metric.
    pub metric: &'static str,
    /// The praised deployment as a link.
    pub praised: String,
    /// The other as a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Model, formats, engine, speculation and lengths of the deployments.
    pub assumed: String,
    /// What of them is not stated.
    pub unstated: String,
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
            factor: against(own).map(|_| own.extent.factor()),
            value: figure(own),
            metric: own.metric.id(),
            praised: link::write(&own.praised, &[]),
            against: against(own).map(|own| link::write(own, &[])),
            assumed: assumed(own),
            unstated: own.unstated.clone(),
            sentence: sentence(judged),
            verdict: judged.verdict.clone(),
            points: judged.points.clone(),
            source: own.source.clone(),
        }
    };
    all.iter().map(report).collect()
}

/// The deployment that a multiple is over.
fn against(claim: &Claim) -> Option<&Scenario> {
    match &claim.extent {
        Extent::Times { against, .. } => Some(against),
        Extent::Figure { .. } => None,
    }
}

/// The figure that is claimed.
const fn figure(claim: &Claim) -> Option<f64> {
    match claim.extent {
        Extent::Times { .. } => None,
        Extent::Figure { value } => Some(value),
    }
}

/// What the deployments of a claim run, said once where it is the same.
fn assumed(claim: &Claim) -> String {
    let praised = run(&claim.praised);
    match against(claim).map(run) {
        None => praised,
        Some(other) if other == praised => format!("both {praised}"),
        Some(other) => format!("praised {praised}; against {other}"),
    }
}

/// Model, formats, engine, speculation and lengths of a deployment.
fn run(scenario: &Scenario) -> String {
    let mut parts = vec![words::model(&scenario.model)];
    if let Ok(model) = scenario.model() {
        let own = Numerics::resolve(&model, scenario.formats);
        let experts = if model.has_moe() { format!(", experts {}", own.experts.id()) } else { String::new() };
        parts.push(format!("weights {}{experts}, cache {}", own.weights(&model).id(), own.kv.id()));
    }
    let kernels = |id: &str| scenario.chip(id).is_some_and(|chip| constants().sram(chip).is_none());
    if scenario.split.pools().iter().any(|(_, pool)| kernels(&pool.chip)) {
        parts.push(scenario.engine.name().to_owned());
    }
    parts.push(scenario.speculation().map_or("no speculation".to_owned(), |own| {
        format!("{} tokens drafted by {}", own.tokens, own.drafter.name())
    }));
    let length = |tokens: f64| Unit::Tokens.format_with(tokens, Precision::SHORT);
    let workload = &scenario.workload;
    parts.push(format!("{} in and {} out", length(workload.isl.get()), length(workload.osl.get())));
    parts.join(", ")
}

/// The verdict in a sentence.
#[must_use]
pub fn sentence(judged: &Judged) -> String {
    let claim = &judged.claim;
    let factor = judged.points.first().and_then(|own| own.factor);
    let model = match (factor, figure(claim), judged.points.first()) {
        (Some((ratio, ..)), Some(value), Some(point)) => {
            let said = claim.metric.unit().format_with(value, Precision::SHORT);
            format!(
                "the model has {}, {} of the stated {said}",
                cell(claim.metric, &point.praised),
                times(ratio)
            )
        }
        (Some((value, low, high)), ..) => {
            format!("the model has {} ({} to {})", times(value), times(low), times(high))
        }
        _ => String::new(),
    };
    match &judged.verdict {
        Verdict::Agrees if factor.is_some_and(|(value, ..)| far(value, claim.extent.factor())) => {
            format!("Far from it, though within the band: {model}.")
        }
        Verdict::Agrees => format!("Within the band: {model}."),
        Verdict::Less => format!("Not reproduced: {model}."),
        Verdict::More => format!("Exceeded: {model}."),
        Verdict::OnlyPraised => {
            let other = judged.points.first().and_then(|own| own.against.as_ref());
            let most = other.map_or(String::new(), |own| cell(claim.metric, own));
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

/// Whether a factor is more than twice another, or less than half of it: a wide band then says little.
fn far(value: f64, claimed: f64) -> bool {
    !(0.5..=2.0).contains(&(value / claimed))
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
    format!("{}×", digits(factor))
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
        text.push_str(&format!("  Assumed: {}. Not stated: {}.\n", assumed(claim), claim.unstated));
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
            "<p>Assumed: {}. Not stated: {}.</p>\n",
            escaped(&assumed(claim)),
            escaped(&claim.unstated)
        ));
        page.push_str(&table(judged));
        page.push_str(&format!(
            "</tbody></table>\n<p class=\"source\">Source: {}.</p>\n",
            escaped(&claim.source)
        ));
    }
    page.push_str(FOOT);
    super::html::page("Claims, held against Tandem", &page)
}

/// The deployments of a claim at its operating point and at others.
fn table(judged: &Judged) -> String {
    let claim = &judged.claim;
    let (first, second, third) = match against(claim) {
        Some(other) => (open("Praised", &claim.praised), open("Against", other), "Factor"),
        None => (open("Model", &claim.praised), "Stated".to_owned(), "Model over stated"),
    };
    let said = figure(claim).map(|value| claim.metric.unit().format_with(value, Precision::SHORT));
    let mut table = format!(
        "<table><caption>{}</caption><thead><tr><th scope=\"col\">At</th><th scope=\"col\">{first}</th>\
         <th scope=\"col\">{second}</th><th scope=\"col\">{third}</th></tr></thead><tbody>\n",
        escaped(claim.metric.label()),
    );
    for (index, point) in judged.points.iter().enumerate() {
        let factor = outcome(claim.metric, point);
        let stated = if index == 0 && point.speed.is_some() { ", as claimed" } else { "" };
        let other = point.against.as_ref().map(|own| cell(claim.metric, own)).or_else(|| said.clone());
        table.push_str(&format!(
            "<tr><th scope=\"row\">{}{stated}</th><td>{}</td><td>{}</td><td>{factor}</td></tr>\n",
            at(point),
            escaped(&cell(claim.metric, &point.praised)),
            escaped(&other.unwrap_or_default()),
        ));
    }
    table
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
carry as many users as let them keep it. Where a maker or a preview gives a figure, the model's stands beside it, also where
it is far off. What each deployment is assumed to run, and what nobody states, stands with each claim.</p>
"#;

const FOOT: &str = "<p>Written by <code>tandem claims --html</code>.</p>
";

//! Claims of makers and figures of previews, held against the model: at which operating point it has the same, and at which
//! not.
//!
//! A claim names two deployments, a metric and a factor; a figure names one deployment and a value. Where it names a speed,
//! both sides take as many users as let them keep it, and the factor is read there and at other speeds: near the speed limit
//! of the slower side any multiple can be had, and beyond it there is none to state. A side whose chips have no public price
//! or power leaves the factor open; then the price or power below which the claim would hold is what can be said.

use csv::StringRecord;
use serde::Serialize;

use crate::cost::{chip_power, chip_price};
use crate::evaluate::{Evaluation, evaluate_with};
use crate::machine::{Constants, constants};
use crate::metric::Metric;
use crate::scenario::{Load, Scenario, link};

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Identifier.
    pub id: String,
    /// Whose claim it is.
    pub who: String,
    /// When it was made.
    pub date: String,
    /// What is claimed, in our words.
    pub said: String,
    /// How much.
    pub extent: Extent,
    /// By which metric.
    pub metric: Metric,
    /// Tokens per second and user that all sides keep; none where each is taken at its own load.
    pub speed: Option<f64>,
    /// The deployment that is praised.
    pub praised: Scenario,
    /// What of the deployments is not stated and assumed here.
    pub unstated: String,
    /// Where it is said.
    pub source: String,
    /// What to know about the reading.
    pub remark: String,
}

/// What a claim says of the praised deployment.
#[derive(Clone, Debug)]
pub enum Extent {
    /// So many times better than another.
    Times {
        /// How many.
        factor: f64,
        /// The other deployment.
        against: Box<Scenario>,
    },
    /// A figure of its own.
    Figure {
        /// In the base unit of the metric.
        value: f64,
    },
}

impl Extent {
    /// The factor that the model has where it agrees: the claimed one, or for a figure one.
    #[must_use]
    pub fn factor(&self) -> f64 {
        match self {
            Self::Times { factor, .. } => *factor,
            Self::Figure { .. } => 1.0,
        }
    }
}

/// One side of a claim at an operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The metric and its 80 % interval, and the users it takes.
    Value {
        /// In the base unit of the metric.
        value: f64,
        /// Low end of the interval.
        low: f64,
        /// High end of the interval.
        high: f64,
        /// Users in flight.
        users: f64,
    },
    /// Even one user alone is served more slowly; this many tokens per second at most.
    TooSlow {
        /// Tokens per second and user.
        most: f64,
    },
    /// There is no figure, such as a price nobody publishes.
    Absent {
        /// Why not.
        reason: String,
    },
}

/// Both sides at an operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Tokens per second and user that both keep; none at the sides' own loads.
    pub speed: Option<f64>,
    /// The praised deployment.
    pub praised: Standing,
    /// The other; none where a figure is claimed.
    pub against: Option<Standing>,
    /// How many times better the praised one is than the other, or the model's figure than the claimed one, with its 80 %
    /// interval.
    pub factor: Option<(f64, f64, f64)>,
    /// Where a figure of one kind of chip is not published: the chip, and the dollars per hour or watts a chip below
    /// which the claimed factor would hold.
    pub limit: Option<(String, f64)>,
}

/// What the model makes of a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The factor lies in the interval at the stated point.
    Agrees,
    /// The model has less.
    Less,
    /// The model has more.
    More,
    /// Only the praised side reaches the stated speed: no multiple can be stated, or any.
    OnlyPraised,
    /// The praised side does not reach the stated speed.
    NotReached,
    /// No figure is published; the claim holds where a chip of this kind costs or draws less than this.
    HoldsBelow {
        /// The chip.
        chip: String,
        /// Dollars per hour, or watts, by the metric.
        limit: f64,
    },
    /// Nothing can be said.
    Open {
        /// Why not.
        reason: String,
    },
}

/// A claim with what the model makes of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// At the stated operating point.
    pub verdict: Verdict,
    /// The stated point first, then the others by speed.
    pub points: Vec<Point>,
}

/// Speeds at which a claim is looked at beside its own.
const SPEEDS: [f64; 8] = [25.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 600.0];

/// Most users that are tried.
const MOST_USERS: f64 = 65_536.0;

/// All claims of the table.
#[must_use]
pub fn claims() -> Vec<Claim> {
    let text = include_str!(concat!(env!("OUT_DIR"), "/claims.csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let Ok(head) = reader.headers().cloned() else { return Vec::new() };
    reader.records().flatten().filter_map(|row| claim(&head, &row)).collect()
}

/// A row of the table, whose columns go by their names.
fn claim(head: &StringRecord, row: &StringRecord) -> Option<Claim> {
    let cell = |name: &str| row.get(head.iter().position(|own| own == name)?);
    let text = |name: &str| cell(name).map(str::to_owned);
    let scenario = |name: &str| Some(link::parse(cell(name)?).scenario);
    let number = |name: &str| cell(name)?.parse::<f64>().ok();
    let extent = match (number("factor"), number("value")) {
        (Some(factor), None) => Extent::Times { factor, against: Box::new(scenario("against")?) },
        (None, Some(value)) => Extent::Figure { value },
        _ => return None,
    };
    Some(Claim {
        id: text("id")?,
        who: text("who")?,
        date: text("date")?,
        said: text("said")?,
        extent,
        metric: Metric::from_id(cell("metric")?)?,
        speed: number("speed"),
        praised: scenario("praised")?,
        unstated: text("unstated")?,
        source: text("source")?,
        remark: text("remark")?,
    })
}

/// What the model makes of a claim.
#[must_use]
pub fn judge(claim: &Claim) -> Judged {
    let tables = constants();
    let stated = point(claim, tables, claim.speed);
    let mut points = vec![stated.clone()];
    if claim.speed.is_some() && matches!(claim.extent, Extent::Times { .. }) {
        let others = SPEEDS.into_iter().filter(|&speed| Some(speed) != claim.speed);
        points.extend(others.map(|speed| point(claim, tables, Some(speed))));
    }
    Judged { claim: claim.clone(), verdict: verdict(claim, &stated), points }
}

fn verdict(claim: &Claim, stated: &Point) -> Verdict {
    if let Some((_, low, high)) = stated.factor {
        let claimed = claim.extent.factor();
        return if claimed < low {
            Verdict::More
        } else if claimed > high {
            Verdict::Less
        } else {
            Verdict::Agrees
        };
    }
    match (&stated.praised, &stated.against) {
        (Standing::TooSlow { .. }, _) => Verdict::NotReached,
        (_, Some(Standing::TooSlow { .. })) => Verdict::OnlyPraised,
        (Standing::Absent { reason }, _) | (_, Some(Standing::Absent { reason })) => match &stated.limit {
            Some((chip, limit)) => Verdict::HoldsBelow { chip: chip.clone(), limit: *limit },
            None => Verdict::Open { reason: reason.clone() },
        },
        _ => Verdict::Open { reason: "there is no finite factor".to_owned() },
    }
}

/// The price or power of the one kind of chip without a published one, below which the claim would hold.
fn limit(claim: &Claim, tables: &Constants, speed: Option<f64>) -> Option<(String, f64)> {
    let Extent::Times { factor, against } = &claim.extent else { return None };
    let power = claim.metric == Metric::ThroughputPerMegawatt;
    let known = |scenario: &Scenario, chip: &str| {
        if power {
            chip_power(scenario, chip).ok().map(|own| own.get())
        } else {
            chip_price(scenario, chip).ok().map(|own| own.get())
        }
    };
    // Tokens per second over dollars per hour or watts: what the factor multiplies.
    let tokens =
        |scenario: &Scenario| at_speed(scenario, tables, speed).ok().map(|own| own.steady.throughput().get());
    let pools = against.split.pools();
    let budget: Option<f64> =
        pools.iter().map(|(_, pool)| Some(known(against, &pool.chip)? * f64::from(pool.chips))).sum();
    let allowed = tokens(&claim.praised)? / (tokens(against)? / budget?) / factor;
    let (mut spent, mut unknown) = (0.0, None::<(String, f64)>);
    for (_, pool) in claim.praised.split.pools() {
        let chips = f64::from(pool.chips);
        match (known(&claim.praised, &pool.chip), &mut unknown) {
            (Some(each), _) => spent += each * chips,
            (None, Some((chip, count))) if *chip == pool.chip => *count += chips,
            // Two unknowns leave no limit for either.
            (None, Some(_)) => return None,
            (None, none) => *none = Some((pool.chip.clone(), chips)),
        }
    }
    unknown.map(|(chip, chips)| (chip, (allowed - spent) / chips))
}

fn point(claim: &Claim, tables: &Constants, speed: Option<f64>) -> Point {
    let praised = standing(&claim.praised, tables, claim.metric, speed);
    let (against, factor) = match &claim.extent {
        Extent::Times { against, .. } => {
            let against = standing(against, tables, claim.metric, speed);
            let factor = factor(claim.metric, &praised, &against);
            (Some(against), factor)
        }
        Extent::Figure { value } => {
            let said = Standing::Value { value: *value, low: *value, high: *value, users: 0.0 };
            (None, factor(claim.metric, &praised, &said))
        }
    };
    let too_slow = |own: &Standing| matches!(own, Standing::TooSlow { .. });
    let slow = too_slow(&praised) || against.as_ref().is_some_and(too_slow);
    let limit = if factor.is_none() && !slow { limit(claim, tables, speed) } else { None };
    Point { speed, praised, against, factor, limit }
}

/// The ratio of two estimates; their errors are taken as independent.
fn factor(metric: Metric, praised: &Standing, against: &Standing) -> Option<(f64, f64, f64)> {
    let (
        Standing::Value { value, low, high, .. },
        Standing::Value { value: other, low: least, high: most, .. },
    ) = (praised, against)
    else {
        return None;
    };
    let (ratio, up, down) = if metric.more_is_better() {
        (value / other, (high / value, other / least), (value / low, most / other))
    } else {
        (other / value, (most / other, value / low), (other / least, high / value))
    };
    let joint = |(a, b): (f64, f64)| {
        let (a, b) = (libm::log(a), libm::log(b));
        libm::exp((a * a + b * b).sqrt())
    };
    let (up, down) = (joint(up), joint(down));
    (ratio.is_finite() && up.is_finite() && down.is_finite()).then_some((ratio, ratio / down, ratio * up))
}

fn standing(scenario: &Scenario, tables: &Constants, metric: Metric, speed: Option<f64>) -> Standing {
    let evaluation = match at_speed(scenario, tables, speed) {
        Ok(evaluation) => evaluation,
        Err(standing) => return standing,
    };
    match metric.read(&evaluation) {
        Ok(own) => Standing::Value {
            value: own.value,
            low: own.low,
            high: own.high,
            users: evaluation.steady.in_flight.get(),
        },
        Err(reason) => Standing::Absent { reason },
    }
}

/// The scenario with as many users as let it keep the speed.
fn at_speed(scenario: &Scenario, tables: &Constants, speed: Option<f64>) -> Result<Evaluation, Standing> {
    let served = |users: f64| {
        let load = Load::Closed { concurrency: users };
        let refused = |refusal: crate::serve::Refusal| Standing::Absent { reason: refusal.to_string() };
        evaluate_with(&Scenario { load, ..scenario.clone() }, tables).map_err(refused)
    };
    let Some(speed) = speed else {
        let refused = |refusal: crate::serve::Refusal| Standing::Absent { reason: refusal.to_string() };
        return evaluate_with(scenario, tables).map_err(refused);
    };
    let keeps = |evaluation: &Evaluation| evaluation.steady.interactivity().get() >= speed;
    let mut best = served(1.0)?;
    if !keeps(&best) {
        return Err(Standing::TooSlow { most: best.steady.interactivity().get() });
    }
    // Layouts are chosen anew for each load, so speed need not fall evenly: the largest load found by halving steps.
    let (mut users, mut step) = (1.0, MOST_USERS / 2.0);
    while step >= 1.0 {
        let more = served(users + step)?;
        if keeps(&more) {
            users += step;
            best = more;
        }
        step /= 2.0;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_claim_of_two_links_without_a_notice() {
        let all = claims();
        let lines =
            include_str!("../../data/claims.csv").lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(all.len(), lines);
        let text = include_str!("../../data/claims.csv");
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let column = |name: &str| head.iter().position(|own| own == name).unwrap();
        let sides = [column("praised"), column("against")];
        for row in reader.records().map(Result::unwrap) {
            for at in sides.into_iter().filter(|&at| !row[at].is_empty()) {
                assert_eq!(link::parse(&row[at]).notices, [], "{}", &row[0]);
            }
            assert!(row[column("unstated")].len() > 10, "{} says nothing of what it assumes", &row[0]);
        }
    }

    #[test]
    fn a_deployment_is_once_as_good_as_itself() {
        for metric in [Metric::Throughput, Metric::CostTotal] {
            let scenario = link::parse("v1&model=llama3-8b&pool=h100-sxm*4").scenario;
            let mut claim = claims().remove(0);
            claim.metric = metric;
            claim.speed = Some(50.0);
            let against = Box::new(scenario.clone());
            let times = |factor: f64| Extent::Times { factor, against: against.clone() };
            claim.extent = times(1.0);
            claim.praised = scenario;
            let judged = judge(&claim);
            assert_eq!(judged.verdict, Verdict::Agrees);
            let (ratio, low, high) = judged.points[0].factor.unwrap();
            assert!((ratio - 1.0).abs() < 1e-9 && low < 1.0 && high > 1.0);
            claim.extent = times(100.0);
            assert_eq!(judge(&claim).verdict, Verdict::Less);
            claim.extent = times(0.01);
            assert_eq!(judge(&claim).verdict, Verdict::More);
        }
    }

    #[test]
    fn a_figure_is_held_against_the_models_own() {
        let mut claim = claims().remove(0);
        claim.metric = Metric::Interactivity;
        claim.speed = None;
        claim.praised = link::parse("v1&model=llama3-8b&concurrency=1&pool=h100-sxm*1").scenario;
        let speed = evaluate_with(&claim.praised, constants()).unwrap().steady.interactivity().get();
        for (share, verdict) in [(1.0, Verdict::Agrees), (10.0, Verdict::Less), (0.1, Verdict::More)] {
            claim.extent = Extent::Figure { value: speed * share };
            let judged = judge(&claim);
            assert_eq!(judged.verdict, verdict);
            assert!((judged.points[0].factor.unwrap().0 * share - 1.0).abs() < 1e-9);
            assert_eq!(judged.points.len(), 1);
        }
    }

    #[test]
    fn a_price_nobody_publishes_leaves_a_limit() {
        let mut claim = claims().into_iter().find(|own| own.id == "rubin-tokens").unwrap();
        let Verdict::HoldsBelow { chip, limit } = judge(&claim).verdict else { panic!("no limit") };
        assert_eq!(chip, "vr200-nvl72");
        // At exactly this rent the factor is the claimed one.
        let rent = crate::units::DollarsPerHour::new(limit);
        claim.praised.pricing.rents.push(crate::scenario::ChipRent { chip, rent });
        let (ratio, ..) = judge(&claim).points[0].factor.unwrap();
        assert!((ratio / claim.extent.factor() - 1.0).abs() < 1e-9, "{ratio}");
    }
}

//! Claims of makers, held against the model: at which operating point it has the same multiple, and at which not.
//!
//! A claim names two deployments, a metric and a factor. Where it names a speed, both sides take as many users as let
//! them keep it, and the factor is read there and at other speeds: near the speed limit of the slower side any multiple
//! can be had, and beyond it there is none to state. A side whose chips have no public price or power leaves the factor
//! open; then the price or power below which the claim would hold is what can be said.

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
    /// How many times better.
    pub factor: f64,
    /// By which metric.
    pub metric: Metric,
    /// Tokens per second and user that both sides keep; none where each is taken at its own load.
    pub speed: Option<f64>,
    /// The deployment that is praised.
    pub praised: Scenario,
    /// The one it is held against.
    pub against: Scenario,
    /// Where it is said.
    pub source: String,
    /// What to know about the reading.
    pub remark: String,
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
    /// The other.
    pub against: Standing,
    /// How many times better the praised one is, with its 80 % interval.
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
    Some(Claim {
        id: text("id")?,
        who: text("who")?,
        date: text("date")?,
        said: text("said")?,
        factor: cell("factor")?.parse().ok()?,
        metric: Metric::from_id(cell("metric")?)?,
        speed: cell("speed")?.parse().ok(),
        praised: scenario("praised")?,
        against: scenario("against")?,
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
    if claim.speed.is_some() {
        let others = SPEEDS.into_iter().filter(|&speed| Some(speed) != claim.speed);
        points.extend(others.map(|speed| point(claim, tables, Some(speed))));
    }
    Judged { claim: claim.clone(), verdict: verdict(claim, &stated), points }
}

fn verdict(claim: &Claim, stated: &Point) -> Verdict {
    if let Some((_, low, high)) = stated.factor {
        return if claim.factor < low {
            Verdict::More
        } else if claim.factor > high {
            Verdict::Less
        } else {
            Verdict::Agrees
        };
    }
    match (&stated.praised, &stated.against) {
        (Standing::TooSlow { .. }, _) => Verdict::NotReached,
        (_, Standing::TooSlow { .. }) => Verdict::OnlyPraised,
        (Standing::Absent { reason }, _) | (_, Standing::Absent { reason }) => match &stated.limit {
            Some((chip, limit)) => Verdict::HoldsBelow { chip: chip.clone(), limit: *limit },
            None => Verdict::Open { reason: reason.clone() },
        },
        _ => Verdict::Open { reason: "there is no finite factor".to_owned() },
    }
}

/// The price or power of the one kind of chip without a published one, below which the claim would hold.
fn limit(claim: &Claim, tables: &Constants, speed: Option<f64>) -> Option<(String, f64)> {
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
    let pools = claim.against.split.pools();
    let budget: Option<f64> =
        pools.iter().map(|(_, pool)| Some(known(&claim.against, &pool.chip)? * f64::from(pool.chips))).sum();
    let allowed = tokens(&claim.praised)? / (tokens(&claim.against)? / budget?) / claim.factor;
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
    let against = standing(&claim.against, tables, claim.metric, speed);
    let factor = factor(claim.metric, &praised, &against);
    let slow = [&praised, &against].iter().any(|own| matches!(own, Standing::TooSlow { .. }));
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
            for at in sides {
                assert_eq!(link::parse(&row[at]).notices, [], "{}", &row[0]);
            }
        }
    }

    #[test]
    fn a_deployment_is_once_as_good_as_itself() {
        for metric in [Metric::Throughput, Metric::CostTotal] {
            let scenario = link::parse("v1&model=llama3-8b&pool=h100-sxm*4").scenario;
            let mut claim = claims().remove(0);
            claim.metric = metric;
            claim.speed = Some(50.0);
            claim.factor = 1.0;
            claim.praised = scenario.clone();
            claim.against = scenario;
            let judged = judge(&claim);
            assert_eq!(judged.verdict, Verdict::Agrees);
            let (ratio, low, high) = judged.points[0].factor.unwrap();
            assert!((ratio - 1.0).abs() < 1e-9 && low < 1.0 && high > 1.0);
            claim.factor = 100.0;
            assert_eq!(judge(&claim).verdict, Verdict::Less);
            claim.factor = 0.01;
            assert_eq!(judge(&claim).verdict, Verdict::More);
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
        assert!((ratio / claim.factor - 1.0).abs() < 1e-9, "{ratio}");
    }
}

//! The cheapest deployments for a load: one sentence, a table as a buyer reads it, and JSON. Page and command line show the
//! same cells.

use serde::Serialize;

use super::{change, columns, load, miss, service_level};
use crate::cost::{Spread, chip_hour};
use crate::evidence::{Band, EvidenceClass};
use crate::explore::{
    Bought, BreakEven, Deployed, Deployment, Miss, PriceLine, RunnerUp, Sizing, Times, Unfit, Verdict,
    price_lines,
};
use crate::report::{Named, departures, finite, words};
use crate::scenario::{Limit, Reserve, Scenario, SplitKind, link};
use crate::serve::Binding;
use crate::units::format::{Precision, Unit};

/// Runner-ups that the text names.
const RUNNER_UPS: usize = 3;

/// The answer in a sentence: the cheapest deployment and what it costs, or why there is none.
#[must_use]
pub fn sentence(sizing: &Sizing) -> String {
    let scenario = &sizing.scenario;
    let asked = format!("{}{}", load(scenario), terms(sizing));
    if let Some(best) = sizing.deployments.first() {
        return format!(
            "Cheapest for {asked}: {} at {} ({}, {}).",
            best.deployed.label,
            hourly(best),
            range(best),
            monthly(best)
        );
    }
    let barred = |own: &&(String, Unfit)| {
        matches!(own.1, Unfit::Chips { .. } | Unfit::Budget { .. } | Unfit::Power { needs: Some(_) })
    };
    if let Some((chip, reason)) = sizing.unfit.iter().find(barred) {
        return format!(
            "Nothing within these limits carries {asked}. {}: {}",
            words::chip(chip),
            unfit(scenario, reason)
        );
    }
    if let Some(best) = sizing.unpriced.first() {
        return format!(
            "No chip with a {} carries {asked}; of those without one {} do.",
            scenario.pricing.basis.figure(),
            best.deployed.label
        );
    }
    format!("No deployment of these chips carries {asked}.{}", first_reason(sizing))
}

/// Service level and reserve: ` under p95 TTFT ≤ 2 s with 20 % headroom`.
fn terms(sizing: &Sizing) -> String {
    let level = service_level(&sizing.scenario);
    let mut text = if level.is_empty() { String::new() } else { format!(" under {level}") };
    let Reserve { headroom, spare } = sizing.reserve;
    let mut kept = Vec::new();
    if let Some(share) = headroom.filter(|own| *own > 0.0) {
        kept.push(format!("{} headroom", Unit::Percent.format_with(share, Precision::SHORT)));
    }
    match spare {
        0 => {}
        1 => kept.push("a replica to spare".to_owned()),
        more => kept.push(format!("{more} replicas to spare")),
    }
    if !kept.is_empty() {
        text.push_str(&format!(" with {}", kept.join(" and ")));
    }
    text
}

/// The deployments that come next, the best of another split always among them.
fn runner_ups(sizing: &Sizing) -> Vec<&Deployment> {
    let Some((best, rest)) = sizing.deployments.split_first() else { return Vec::new() };
    let mut next: Vec<&Deployment> = rest.iter().take(RUNNER_UPS).collect();
    if next.iter().all(|own| own.split == best.split)
        && let Some(other) = rest.iter().find(|own| own.split != best.split)
    {
        next.truncate(RUNNER_UPS - 1);
        next.push(other);
    }
    next
}

/// The price below which a chip would be cheapest: `LPX would be cheapest if it rents below $0.12/h per chip`.
#[must_use]
pub fn pays_below(own: &BreakEven) -> String {
    let price = Unit::DollarsPerHour.format(own.below.get());
    format!(
        "{} would be cheapest if it rents below {price} per chip ({})",
        words::chip(&own.chip),
        own.deployed.label
    )
}

/// Why a chip is in no deployment of its own, in words.
#[must_use]
pub fn unfit(scenario: &Scenario, unfit: &Unfit) -> String {
    let slo = &scenario.slo;
    let seconds = |own: crate::units::Seconds| Unit::Seconds.format(own.get());
    let of = |limit: Option<Limit>| {
        limit.and_then(|own| own.percentile).map_or_else(String::new, |own| format!("{own} "))
    };
    let level = |limit: Option<Limit>| limit.map_or_else(String::new, |own| seconds(own.at));
    match unfit {
        Unfit::Refused { refusal } => words::refusal(refusal),
        Unfit::NoRoom => "The model fits on no number of chips.".to_owned(),
        Unfit::Ttft { best } => format!(
            "Even one user waits {} for a first token: {}TTFT is above {}.",
            seconds(*best),
            of(slo.ttft),
            level(slo.ttft)
        ),
        Unfit::Tpot { best } => format!(
            "Even one user waits {} for each token: {}TPOT is above {}.",
            seconds(*best),
            of(slo.tpot),
            level(slo.tpot)
        ),
        Unfit::Both { ttft, tpot } => format!(
            "Even for one user no layout keeps both limits: TTFT is {} and TPOT {} at best, not in one layout.",
            seconds(*ttft),
            seconds(*tpot)
        ),
        Unfit::TooMany { most } => {
            format!("It serves one user in time, but no number of chips up to {most} carries the load.")
        }
        Unfit::Chips { needs } => format!("It takes {needs} chips, more than are allowed."),
        Unfit::Budget { per_hour } => format!(
            "It costs {}, above the budget.",
            Unit::DollarsPerMonth.format(per_hour.per_month().get())
        ),
        Unfit::Power { needs: Some(needs) } => {
            format!("It needs {} provisioned, more than is allowed.", Unit::Watts.format(needs.get()))
        }
        Unfit::Power { needs: None } => "Nobody published its power.".to_owned(),
    }
}

fn first_reason(sizing: &Sizing) -> String {
    let told = |reason: &Unfit| unfit(&sizing.scenario, reason);
    match &sizing.unfit[..] {
        [] => String::new(),
        [(chip, reason)] => format!(" {}: {}", words::chip(chip), told(reason)),
        [(chip, reason), rest @ ..] => {
            format!(" {}: {} {} other chips fail too.", words::chip(chip), told(reason), rest.len())
        }
    }
}

fn hourly(own: &Deployment) -> String {
    own.per_hour.map_or_else(|| "no price".to_owned(), |own| Unit::DollarsPerHour.format(own.get()))
}

/// Dollars per hour and the ends of their 80 % interval: the prices of the chips lie between theirs, and it takes more or fewer
/// chips where they serve less or more than estimated. None where a chip has no price.
#[must_use]
pub fn per_hour(own: &Deployment) -> Option<[f64; 3]> {
    let value = own.per_hour?.get();
    let scenario = own.deployed.scenario();
    let (mut low, mut high) = (0.0, 0.0);
    for bought in &own.bought {
        let hour = chip_hour(&scenario, &bought.chip).ok()?;
        low += hour.low.get() * f64::from(bought.chips);
        high += hour.high.get() * f64::from(bought.chips);
    }
    let prices = Spread { low: (low / value).min(1.0), high: (high / value).max(1.0) };
    let band = own.evidence.throughput.inverse().times(prices);
    Some([value, value * band.low, value * band.high])
}

/// The interval of what a deployment costs per hour.
fn range(own: &Deployment) -> String {
    let short = |value: f64| Unit::DollarsPerHour.format_with(value, Precision::SHORT);
    per_hour(own).map_or_else(String::new, |[_, low, high]| format!("{} to {}", short(low), short(high)))
}

fn monthly(own: &Deployment) -> String {
    let month = own.per_hour.map(|own| own.per_month().get());
    month.map_or_else(String::new, |own| Unit::DollarsPerMonth.format_with(own, Precision::STEADY))
}

/// What is bought, by kind: `16 × B200 SXM`.
#[must_use]
pub fn bought(own: &[Bought]) -> String {
    let kinds: Vec<String> = own.iter().map(|own| words::chips(own.chips, &own.chip)).collect();
    kinds.join(" + ")
}

/// The mean with the 95th percentile behind it.
fn times(own: &Times) -> String {
    format!("{} / {}", Unit::Seconds.format(own.mean.get()), Unit::Seconds.format(own.p95.get()))
}

/// What carries more load, or what breaks.
fn spare(own: &Deployment) -> String {
    own.headroom.map_or_else(String::new, |own| {
        let share = Unit::Percent.format_with(own.share, Precision::SHORT);
        match own.breaks {
            None => format!("≥ {share}"),
            Some(breaks) => format!("{share}, then {}", miss(breaks)),
        }
    })
}

/// How surely the service level is kept, in a word.
#[must_use]
pub const fn verdict(own: Verdict) -> &'static str {
    match own {
        Verdict::Meets => "meets",
        Verdict::Likely => "likely",
        Verdict::Misses => "misses",
    }
}

/// What a row rests on: `Same chip measured: TTFT ±30 %, TPOT ±12 %`.
fn evidence(own: &Deployment) -> String {
    let half = |band: Band| Unit::Percent.format_with((band.high - band.low) / 2.0, Precision::SHORT);
    format!(
        "{}: TTFT ±{}, TPOT ±{}",
        words::evidence(own.evidence.class),
        half(own.evidence.ttft),
        half(own.evidence.tpot)
    )
}

/// What comes next of the same chips: `colocated +12 %`.
fn next(own: &Deployment) -> String {
    own.runner_up.as_ref().map_or_else(String::new, |next| {
        let split = next.deployed.scenario().split.kind();
        format!("{} {}", words::split(split), change(next.dearer))
    })
}

/// Headings of the columns behind the name of a deployment.
pub const HEADINGS: [&str; 13] = [
    "Chips",
    "$/h",
    "80 % band",
    "$/month",
    "$/Mtok in+out",
    "Power",
    "TTFT mean / p95",
    "TPOT mean / p95",
    "Headroom",
    "SLO",
    "Limited by",
    "Evidence",
    "Next split",
];

/// The cells under [`HEADINGS`].
#[must_use]
pub fn cells(own: &Deployment) -> Vec<String> {
    let limited = words::binding(own.binding);
    vec![
        bought(&own.bought),
        hourly(own),
        range(own),
        monthly(own),
        own.per_mtok.map_or_else(String::new, |own| Unit::DollarsPerMillionTokens.format(own)),
        own.power.map_or_else(String::new, |own| Unit::Watts.format(own.get())),
        times(&own.ttft),
        times(&own.tpot),
        spare(own),
        verdict(own.verdict).to_owned(),
        limited.strip_prefix("limited by ").unwrap_or(limited).to_owned(),
        evidence(own),
        next(own),
    ]
}

/// Beyond the first so many deployments, the cheapest of each kind of chip that has none of its own among them: mixtures of
/// the cheapest chips fill a table, and a reader who asks for his own looks for it.
fn shown(sizing: &Sizing, most: usize) -> impl Iterator<Item = &Deployment> {
    let all = sizing.deployments.iter().enumerate();
    all.filter(move |(place, own)| *place < most || own.bought.len() == 1).map(|(_, own)| own)
}

/// The table of some deployments.
fn table<'a>(own: impl Iterator<Item = &'a Deployment>) -> String {
    let heading = std::iter::once("Deployment").chain(HEADINGS).map(str::to_owned);
    let mut rows = vec![heading.collect::<Vec<String>>()];
    rows.extend(
        own.map(|own| std::iter::once(own.deployed.label.clone()).chain(cells(own)).collect::<Vec<String>>()),
    );
    columns(&rows)
}

/// The answer with a table of all deployments.
#[must_use]
pub fn text(sizing: &Sizing, most: usize) -> String {
    let mut page = sentence(sizing);
    page.push('\n');
    // The silicon is what is looked for.
    let asked = Scenario { split: Scenario::default().split, ..sizing.scenario.clone() };
    if let Some(own) = departures::line(&asked) {
        page.push_str(&format!("{own}\n"));
    }
    let next: Vec<String> = runner_ups(sizing)
        .into_iter()
        .filter_map(|own| {
            let dearer = own.per_hour? / sizing.deployments.first()?.per_hour? - 1.0;
            Some(format!("{} at {} ({})", own.deployed.label, hourly(own), change(dearer)))
        })
        .collect();
    if !next.is_empty() {
        page.push_str(&format!("Next: {}.\n", next.join("; ")));
    }
    if !sizing.deployments.is_empty() {
        page.push('\n');
        page.push_str(&table(shown(sizing, most)));
        if let Some(left @ 1..) = sizing.deployments.len().checked_sub(shown(sizing, most).count()) {
            page.push_str(&format!("  and {left} more\n"));
        }
    }
    if !sizing.unpriced.is_empty() {
        page.push_str("\nWithout a price:\n");
        page.push_str(&table(sizing.unpriced.iter()));
    }
    if let Some(first) = sizing.deployments.iter().chain(&sizing.unpriced).next() {
        page.push_str(&format!("\nLink: {}\n", first.deployed.link));
    }
    let lines = price_lines(&sizing.scenario);
    if !lines.is_empty() {
        page.push_str("\nList prices of the model at this mix of tokens:\n");
        let row = |own: &PriceLine| {
            vec![
                format!("{}, {}", own.name, own.provider),
                Unit::DollarsPerMillionTokens.format(own.per_mtok),
                own.as_of.to_owned(),
                own.withdrawn.map_or_else(String::new, |day| format!("until {day}")),
            ]
        };
        page.push_str(&columns(&lines.iter().map(row).collect::<Vec<_>>()));
    }
    if !sizing.break_even.is_empty() {
        page.push_str("\nChips without a public price:\n");
        for own in &sizing.break_even {
            page.push_str(&format!("  {}\n", pays_below(own)));
        }
    }
    if !sizing.unfit.is_empty() {
        page.push_str("\nIn no deployment alone:\n");
        for (chip, reason) in &sizing.unfit {
            page.push_str(&format!("  {}: {}\n", words::chip(chip), unfit(&sizing.scenario, reason)));
        }
    }
    page
}

/// The answer as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizingReport<'a> {
    /// What was asked.
    pub link: String,
    /// The share by which the load may grow within the service level.
    pub headroom: Option<f64>,
    /// Replicas that each pool may lose.
    pub spare: u32,
    /// The answer in a sentence.
    pub sentence: String,
    /// The cheapest deployment of each kind of chip, of each split where it costs least, and of kinds together where they
    /// cost less than each alone; cheapest first.
    pub deployments: Vec<DeploymentReport<'a>>,
    /// The same of chips without a price, fewest first.
    pub unpriced: Vec<DeploymentReport<'a>>,
    /// Chips that carry the load in no deployment of their own.
    pub unfit: Vec<UnfitReport<'a>>,
    /// What chips without a public price would have to cost, highest first.
    pub break_even: &'a [BreakEven],
    /// List prices of the model at this mix of tokens, cheapest first.
    pub list_prices: Vec<PriceLine>,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeploymentReport<'a> {
    /// The deployment.
    #[serde(flatten)]
    pub deployed: &'a Deployed,
    /// Its split.
    pub split: SplitKind,
    /// Chips over all pools.
    pub chips: u32,
    /// The same by kind, with the fewest that one can get.
    pub bought: &'a [Bought],
    /// Dollars per hour; null where a chip of it has no price.
    pub per_hour: Option<f64>,
    /// The ends of the 80 % interval of that: of the prices of its chips, and of how many it takes.
    pub per_hour_band: Option<[f64; 2]>,
    /// Dollars per month of 730.5 hours.
    pub per_month: Option<f64>,
    /// Dollars per million tokens, input and output together.
    pub per_mtok: Option<f64>,
    /// Watts to provision, through the meter of the building.
    pub power: Option<f64>,
    /// Seconds to the first token, on average.
    pub ttft: Option<f64>,
    /// Nineteen requests in twenty wait no longer for it.
    pub ttft_p95: Option<f64>,
    /// Seconds per output token, on average.
    pub tpot: Option<f64>,
    /// Nineteen requests in twenty take no longer for each, on average over their tokens.
    pub tpot_p95: Option<f64>,
    /// How surely the service level is kept with the reserve used up: `meets`, `likely`.
    pub verdict: Verdict,
    /// What the estimates rest on, and their 80 % intervals as factors.
    pub evidence: EvidenceReport,
    /// What limits it.
    pub binding: Named<Binding>,
    /// How much more it carries.
    pub headroom: Option<HeadroomReport>,
    /// The next cheapest of the same chips in another split.
    pub runner_up: Option<&'a RunnerUp>,
}

/// What a deployment's estimates rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvidenceReport {
    /// The class.
    pub class: Named<EvidenceClass>,
    /// Band of TTFT.
    pub ttft: Band,
    /// Band of TPOT.
    pub tpot: Band,
    /// Band of throughput at full load.
    pub throughput: Band,
}

/// How much more load a deployment carries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadroomReport {
    /// The share that the load may grow by.
    pub share: Option<f64>,
    /// `saturated`, `ttft` or `tpot`; null where nothing breaks at twice the load.
    pub breaks: Option<Miss>,
    /// What limits the deployment there.
    pub binding: Named<Binding>,
}

/// A chip that carries the load in no deployment of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnfitReport<'a> {
    /// The chip.
    pub chip: &'a str,
    /// Why not.
    pub reason: String,
}

impl<'a> DeploymentReport<'a> {
    fn new(own: &'a Deployment) -> Self {
        let class = own.evidence.class;
        Self {
            deployed: &own.deployed,
            split: own.split,
            chips: own.chips,
            bought: &own.bought,
            per_hour: own.per_hour.and_then(|own| finite(own.get())),
            per_hour_band: per_hour(own).map(|[_, low, high]| [low, high]),
            per_month: own.per_hour.and_then(|own| finite(own.per_month().get())),
            per_mtok: own.per_mtok.and_then(finite),
            power: own.power.and_then(|own| finite(own.get())),
            ttft: finite(own.ttft.mean.get()),
            ttft_p95: finite(own.ttft.p95.get()),
            tpot: finite(own.tpot.mean.get()),
            tpot_p95: finite(own.tpot.p95.get()),
            verdict: own.verdict,
            evidence: EvidenceReport {
                class: Named { id: class, text: words::evidence(class) },
                ttft: own.evidence.ttft,
                tpot: own.evidence.tpot,
                throughput: own.evidence.throughput,
            },
            binding: Named { id: own.binding, text: words::binding(own.binding) },
            headroom: own.headroom.map(|room| HeadroomReport {
                share: finite(room.share),
                breaks: room.breaks,
                binding: Named { id: room.binding, text: words::binding(room.binding) },
            }),
            runner_up: own.runner_up.as_ref(),
        }
    }
}

impl<'a> SizingReport<'a> {
    /// An answer with its words.
    #[must_use]
    pub fn new(sizing: &'a Sizing) -> Self {
        Self {
            link: link::write(&sizing.scenario, &[]),
            headroom: sizing.reserve.headroom,
            spare: sizing.reserve.spare,
            sentence: sentence(sizing),
            deployments: sizing.deployments.iter().map(DeploymentReport::new).collect(),
            unpriced: sizing.unpriced.iter().map(DeploymentReport::new).collect(),
            unfit: sizing
                .unfit
                .iter()
                .map(|(chip, reason)| UnfitReport { chip, reason: unfit(&sizing.scenario, reason) })
                .collect(),
            break_even: &sizing.break_even,
            list_prices: price_lines(&sizing.scenario),
        }
    }
}

//! The cheapest deployments for a load: one sentence with runner-ups, headroom and what binds, a table, and JSON.

use serde::Serialize;

use super::{change, columns, load, miss, service_level};
use crate::explore::{BreakEven, Deployed, Deployment, Miss, PriceLine, Shape, Sizing, Unfit, price_lines};
use crate::report::{Named, finite, words};
use crate::scenario::link;
use crate::serve::Binding;
use crate::units::format::{Precision, Unit};

/// Runner-ups that the sentence names.
const RUNNER_UPS: usize = 3;

/// Chips without a price that the sentence names.
const UNPRICED: usize = 3;

/// The answer in a few sentences: the cheapest deployment, what it has to spare and what binds it, those that come next,
/// and what chips without a public price would have to cost.
#[must_use]
pub fn sentence(sizing: &Sizing) -> String {
    let scenario = &sizing.scenario;
    let level = service_level(scenario);
    let under = if level.is_empty() { String::new() } else { format!(" under {level}") };
    let Some((best, rest)) = sizing.deployments.split_first() else {
        return format!(
            "No deployment of these chips carries {}{under}.{}",
            load(scenario),
            first_reason(sizing)
        );
    };
    let mut text = format!(
        "Cheapest for {}{under}: {} at {}{}, {}, {}.",
        load(scenario),
        best.deployed.label,
        hourly(best),
        per_mtok(best),
        spare(best),
        words::binding(best.binding)
    );
    let next: Vec<String> = runner_ups(best, rest)
        .into_iter()
        .map(|own| format!("{} at {} ({})", own.deployed.label, hourly(own), dearer(own, best)))
        .collect();
    if !next.is_empty() {
        text.push_str(&format!(" Next: {}.", next.join("; ")));
    }
    let unpriced: Vec<String> = sizing.break_even.iter().take(UNPRICED).map(pays_below).collect();
    if !unpriced.is_empty() {
        text.push_str(&format!(" Without a public price: {}.", unpriced.join("; ")));
    }
    text
}

/// The deployments that come next, the best of another split always among them.
fn runner_ups<'a>(best: &Deployment, rest: &'a [Deployment]) -> Vec<&'a Deployment> {
    let mut next: Vec<&Deployment> = rest.iter().take(RUNNER_UPS).collect();
    if next.iter().all(|own| own.split == best.split)
        && let Some(other) = rest.iter().find(|own| own.split != best.split)
    {
        next.truncate(RUNNER_UPS - 1);
        next.push(other);
    }
    next
}

/// The price below which a chip pays: `LPX pays below $0.12/h per chip`.
#[must_use]
pub fn pays_below(own: &BreakEven) -> String {
    let price = Unit::DollarsPerHour.format(own.below.get());
    format!("{} pays below {price} per chip ({})", words::chip(&own.chip), own.deployed.label)
}

/// Why a chip is in no deployment of its own, in words.
#[must_use]
pub fn unfit(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Refused { refusal } => words::refusal(refusal),
        Unfit::NoRoom => "The model fits on no number of chips.".to_owned(),
        Unfit::Ttft { best } => {
            format!("Even one user waits {} for a first token.", Unit::Seconds.format(best.get()))
        }
        Unfit::Tpot { best } => {
            format!("Even one user waits {} for each token.", Unit::Seconds.format(best.get()))
        }
        Unfit::TooMany => "No number of chips up to 4096 carries the load.".to_owned(),
    }
}

fn first_reason(sizing: &Sizing) -> String {
    match &sizing.unfit[..] {
        [] => String::new(),
        [(chip, reason)] => format!(" {}: {}", words::chip(chip), unfit(reason)),
        [(chip, reason), rest @ ..] => {
            format!(" {}: {} {} other chips fail too.", words::chip(chip), unfit(reason), rest.len())
        }
    }
}

fn hourly(own: &Deployment) -> String {
    Unit::DollarsPerHour.format(own.per_hour.get())
}

fn monthly(own: &Deployment) -> String {
    Unit::DollarsPerMonth.format(own.per_hour.per_month().get())
}

fn per_mtok(own: &Deployment) -> String {
    let tokens = own.per_mtok.map_or_else(String::new, |dollars| {
        format!(", {} of input and output", Unit::DollarsPerMillionTokens.format(dollars))
    });
    format!(" ({}{tokens})", monthly(own))
}

fn dearer(own: &Deployment, best: &Deployment) -> String {
    change(own.per_hour / best.per_hour - 1.0)
}

fn spare(own: &Deployment) -> String {
    let share = |share: f64| Unit::Percent.format_with(share, Precision::SHORT);
    match own.headroom {
        None => "headroom unknown".to_owned(),
        Some(room) => match room.breaks {
            None => "good for twice the load".to_owned(),
            Some(breaks) if room.share < 0.005 => {
                format!("with no load to spare before {} breaks", miss(breaks))
            }
            Some(breaks) => {
                format!("with {} more load to spare before {} breaks", share(room.share), miss(breaks))
            }
        },
    }
}

/// A line of the table.
fn row(own: &Deployment) -> Vec<String> {
    vec![
        own.deployed.label.clone(),
        own.chips.to_string(),
        hourly(own),
        monthly(own),
        own.per_mtok.map_or_else(String::new, |own| Unit::DollarsPerMillionTokens.format(own)),
        Unit::Seconds.format(own.ttft.get()),
        Unit::Seconds.format(own.tpot.get()),
        own.headroom.map_or_else(String::new, |own| {
            let more = if own.breaks.is_none() { "≥ " } else { "" };
            format!("{more}{}", Unit::Percent.format_with(own.share, Precision::SHORT))
        }),
    ]
}

/// Beyond the first so many deployments, the cheapest of each kind of chip that has none of its own among them: mixtures of
/// the cheapest chips fill a table, and a reader who asks for his own looks for it.
fn alone(sizing: &Sizing, most: usize) -> Vec<&Deployment> {
    let mut seen: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (place, own) in sizing.deployments.iter().enumerate() {
        let scenario = own.deployed.scenario();
        let pools = scenario.split.pools();
        let Some((_, first)) = pools.first() else { continue };
        if pools.iter().all(|(_, pool)| pool.chip == first.chip) && !seen.contains(&first.chip) {
            seen.push(first.chip.clone());
            if place >= most {
                found.push(own);
            }
        }
    }
    found
}

/// The answer with a table of all deployments.
#[must_use]
pub fn text(sizing: &Sizing, most: usize) -> String {
    let mut page = sentence(sizing);
    page.push('\n');
    if !sizing.deployments.is_empty() {
        let mut rows = vec![
            ["Deployment", "chips", "$/h", "$/month", "$/Mtok in+out", "TTFT", "TPOT", "spare"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let alone = alone(sizing, most);
        rows.extend(sizing.deployments.iter().take(most).map(row));
        rows.extend(alone.iter().map(|own| row(own)));
        page.push('\n');
        page.push_str(&columns(&rows));
        if let Some(left @ 1..) = sizing.deployments.len().checked_sub(most + alone.len()) {
            page.push_str(&format!("  and {left} more\n"));
        }
        page.push_str(&format!(
            "\nLink: {}\n",
            sizing.deployments.first().map_or("", |own| &own.deployed.link)
        ));
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
        page.push_str("\nNot alone:\n");
        let row = |(chip, reason): &(String, Unfit)| vec![words::chip(chip).to_owned(), unfit(reason)];
        for row in sizing.unfit.iter().map(row) {
            page.push_str(&format!("  {}\n", row.join(": ")));
        }
    }
    page
}

/// The answer as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizingReport<'a> {
    /// What was asked.
    pub link: String,
    /// The answer in a few sentences.
    pub sentence: String,
    /// The cheapest deployment of each split and choice of chips, cheapest first.
    pub deployments: Vec<DeploymentReport<'a>>,
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
    pub split: Shape,
    /// Chips over all pools.
    pub chips: u32,
    /// Dollars per hour.
    pub per_hour: Option<f64>,
    /// Dollars per month of 730.5 hours.
    pub per_month: Option<f64>,
    /// Dollars per million tokens, input and output together.
    pub per_mtok: Option<f64>,
    /// Seconds to the first token.
    pub ttft: Option<f64>,
    /// Seconds per output token.
    pub tpot: Option<f64>,
    /// What limits it.
    pub binding: Named<Binding>,
    /// How much more it carries.
    pub headroom: Option<HeadroomReport>,
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

impl<'a> SizingReport<'a> {
    /// An answer with its words.
    #[must_use]
    pub fn new(sizing: &'a Sizing) -> Self {
        let deployment = |own: &'a Deployment| DeploymentReport {
            deployed: &own.deployed,
            split: own.split,
            chips: own.chips,
            per_hour: finite(own.per_hour.get()),
            per_month: finite(own.per_hour.per_month().get()),
            per_mtok: own.per_mtok.and_then(finite),
            ttft: finite(own.ttft.get()),
            tpot: finite(own.tpot.get()),
            binding: Named { id: own.binding, text: words::binding(own.binding) },
            headroom: own.headroom.map(|room| HeadroomReport {
                share: finite(room.share),
                breaks: room.breaks,
                binding: Named { id: room.binding, text: words::binding(room.binding) },
            }),
        };
        Self {
            link: link::write(&sizing.scenario, &[]),
            sentence: sentence(sizing),
            deployments: sizing.deployments.iter().map(deployment).collect(),
            unfit: sizing
                .unfit
                .iter()
                .map(|(chip, reason)| UnfitReport { chip, reason: unfit(reason) })
                .collect(),
            break_even: &sizing.break_even,
            list_prices: price_lines(&sizing.scenario),
        }
    }
}

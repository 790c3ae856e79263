//! Verbs about many scenarios: `frontier`, `size`, `breakeven`, `sensitivity` and `diff`.

use std::io::Write;

use clap::Args;
use tandem::evaluate::evaluate;
use tandem::explore::{self, Axis, MapSearch};
use tandem::metric::Metric;
use tandem::report::{explore as told, words};
use tandem::scenario::Scenario;

use super::batch::{batch, noted};
use super::failure::Failure;
use super::input::{Reading, read, scenario, served};
use super::json::json;

#[derive(Args)]
pub(super) struct Frontier {
    /// The link of the scenario
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// The metric against speed per user: throughput per chip, a cost or an energy
    #[arg(long, default_value = "per-chip", value_parser = against)]
    metric: Metric,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    reading: Reading,
}

/// The frontier of a scenario.
fn frontier_of(scenario: &Scenario, metric: Metric) -> Result<explore::Frontier, Failure> {
    let found = explore::frontier_of(scenario, metric);
    if found.points.is_empty() {
        // Whatever keeps the scenario itself from being served is the best reason there is.
        served(scenario)?;
    }
    Ok(found)
}

impl Frontier {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.batch {
            return batch(out, |line| {
                let (scenario, notices) = read(line, self.reading)?;
                noted(&frontier_of(&scenario, self.metric)?, notices)
            });
        }
        let scenario = scenario(self.link.as_deref().unwrap_or_default(), self.reading)?;
        let found = frontier_of(&scenario, self.metric)?;
        if self.json {
            json(out, &found)
        } else {
            Ok(out.write_all(told::frontier::text(&found).as_bytes())?)
        }
    }
}

#[derive(Args)]
pub(super) struct Size {
    /// The link of the scenario; its load, model, service level and prices count, its pools do not
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    #[command(flatten)]
    wanted: Wanted,
    /// Print at most this many deployments, and one of each kind of chip beyond
    #[arg(long, default_value_t = 12, conflicts_with = "json")]
    top: usize,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Args)]
struct Wanted {
    /// Chips to choose from, separated by commas; without them all of the catalogue
    #[arg(long, value_delimiter = ',')]
    chips: Vec<String>,
    /// Vendors to choose from, separated by commas; without them all
    #[arg(long, value_delimiter = ',')]
    vendors: Vec<String>,
    /// All chips of a deployment from one vendor
    #[arg(long)]
    same_vendor: bool,
    /// Most chips of a deployment
    #[arg(long, value_name = "N", default_value = "", hide_default_value = true)]
    max_chips: String,
    /// Most dollars per month, for example 50k
    #[arg(long, value_name = "DOLLARS", default_value = "", hide_default_value = true)]
    budget: String,
    /// Most power to provision, in megawatts or with a unit, for example 500kW
    #[arg(long, value_name = "MEGAWATTS", default_value = "", hide_default_value = true)]
    power: String,
    /// Chips one by one, not by the instance, node or rack in which they are rented or sold
    #[arg(long)]
    singly: bool,
}

impl Wanted {
    fn read(&self, scenario: &Scenario) -> Result<explore::Wanted, Failure> {
        let written = explore::Written {
            chips: self.chips.join(","),
            vendors: self.vendors.join(","),
            same_vendor: self.same_vendor,
            max_chips: self.max_chips.clone(),
            budget: self.budget.clone(),
            power: self.power.clone(),
            singly: self.singly,
        };
        explore::Wanted::read(&written, scenario, "--").map_err(Failure::Misread)
    }
}

impl Size {
    /// The sizing of a scenario, of what is wanted.
    fn sized(&self, scenario: &Scenario) -> Result<explore::Sizing, Failure> {
        scenario.model().map_err(|unknown| Failure::Input(unknown.to_string()))?;
        Ok(explore::size(scenario, &self.wanted.read(scenario)?))
    }

    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.batch {
            return batch(out, |line| {
                let (scenario, notices) = read(line, self.reading)?;
                noted(&told::size::SizingReport::new(&self.sized(&scenario)?), notices)
            });
        }
        let scenario = scenario(self.link.as_deref().unwrap_or_default(), self.reading)?;
        let sizing = self.sized(&scenario)?;
        let nothing = sizing.deployments.is_empty() && sizing.unpriced.is_empty();
        if self.json {
            json(out, &told::size::SizingReport::new(&sizing))?;
            if nothing { Err(Failure::Input(String::new())) } else { Ok(()) }
        } else if nothing {
            Err(Failure::Input(told::size::text(&sizing, self.top).trim_end().to_owned()))
        } else {
            Ok(out.write_all(told::size::text(&sizing, self.top).as_bytes())?)
        }
    }
}

#[derive(Args)]
pub(super) struct Breakeven {
    /// The links of the scenarios; a single one is compared with its chips in other splits
    #[arg(required = true)]
    links: Vec<String>,
    /// The horizontal axis: isl, osl, load, size, mix, hit, ttft, tpot or price (of the chip that sets the scenarios apart)
    #[arg(long, default_value = "isl", value_parser = axis)]
    x: Axis,
    /// The vertical axis
    #[arg(long, default_value = "load", value_parser = axis)]
    y: Axis,
    /// The metric that decides
    #[arg(long, default_value = "cost", value_parser = metric)]
    metric: Metric,
    /// Keep each scenario's own load, lengths and service level, instead of those of the first
    #[arg(long)]
    own_load: bool,
    /// Keep the concurrency of closed loops, instead of offering the requests per second that they serve
    #[arg(long)]
    closed: bool,
    /// Points each way, 2 to 257
    #[arg(long, default_value_t = 33, value_parser = clap::value_parser!(u16).range(2..=257))]
    size: u16,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Breakeven {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let mut contenders =
            self.links.iter().map(|text| scenario(text, self.reading)).collect::<Result<Vec<_>, _>>()?;
        if !self.closed {
            contenders = contenders.iter().map(explore::opened).collect();
        }
        match &contenders[..] {
            [only] => contenders = explore::rivals(only),
            [first, rest @ ..] if !self.own_load => {
                let rest = rest.iter().map(|own| explore::shared(own, first));
                contenders = std::iter::once(first.clone()).chain(rest).collect();
            }
            _ => {}
        }
        for contender in &contenders {
            contender.model().map_err(|unknown| Failure::Input(unknown.to_string()))?;
        }
        for (name, axis) in [("--x", self.x), ("--y", self.y)] {
            // A contender that lacks an axis just never wins; one that all lack makes no map.
            if !contenders.first().is_some_and(|own| MapSearch::applies(axis, std::slice::from_ref(own))) {
                let id = axis.id();
                return Err(Failure::Input(format!("{name} {id}: the first scenario has no such axis")));
            }
        }
        if self.x == self.y {
            return Err(Failure::Input(format!("--y {}: the axes must differ", self.y.id())));
        }
        let axes = (self.x, self.y);
        let mut map = MapSearch::new(&contenders, self.metric, axes, usize::from(self.size));
        while !map.step(256) {}
        if self.json {
            json(out, &told::map::answer(&map))
        } else {
            Ok(out.write_all(told::map::text(&map).as_bytes())?)
        }
    }
}

#[derive(Args)]
pub(super) struct Sensitivity {
    /// The link of the scenario
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    link: Option<String>,
    /// The metric that answers
    #[arg(long, default_value = "throughput", value_parser = metric)]
    metric: Metric,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// A link a line in, a JSON object a line out, as `eval --batch`
    #[arg(long)]
    batch: bool,
    #[command(flatten)]
    reading: Reading,
}

/// How a metric answers to each lever, and the price below which a chip without one would be cheaper.
fn tornado(
    scenario: &Scenario,
    metric: Metric,
) -> Result<(explore::Sensitivity, Option<explore::BreakEven>), Failure> {
    let found = explore::sensitivity(scenario, metric)
        .map_err(|reason| Failure::Input(told::sensitivity::no_base(&reason)))?;
    Ok((found, explore::break_even_price(scenario)))
}

impl Sensitivity {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.batch {
            return batch(out, |line| {
                let (scenario, notices) = read(line, self.reading)?;
                let (tornado, pays) = tornado(&scenario, self.metric)?;
                noted(&told::sensitivity::SensitivityReport::new(&tornado, pays.as_ref()), notices)
            });
        }
        let scenario = scenario(self.link.as_deref().unwrap_or_default(), self.reading)?;
        let (tornado, pays) = tornado(&scenario, self.metric)?;
        if self.json {
            json(out, &told::sensitivity::SensitivityReport::new(&tornado, pays.as_ref()))
        } else {
            Ok(out.write_all(told::sensitivity::text(&tornado, pays.as_ref()).as_bytes())?)
        }
    }
}

#[derive(Args)]
pub(super) struct Diff {
    /// The link of the first scenario
    before: String,
    /// The link of the second
    after: String,
    /// Hold the first scenario to the load, lengths and service level of the second
    #[arg(long)]
    same_load: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Diff {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let (own, after) = (scenario(&self.before, self.reading)?, scenario(&self.after, self.reading)?);
        let before = if self.same_load { explore::shared(&own, &after) } else { own.clone() };
        for (name, own) in [("first", &before), ("second", &after)] {
            if let Err(refusal) = evaluate(own) {
                return Err(Failure::Input(format!("The {name} scenario: {}", words::refusal(&refusal))));
            }
        }
        let found =
            explore::diff(&before, &after).map_err(|refusal| Failure::Input(words::refusal(&refusal)))?;
        // Two deployments under different loads are told as they stand, and once more under one load.
        let held = explore::compared(&own, &after, self.same_load);
        let level = if held == own { None } else { explore::diff(&held, &after).ok() };
        let level = level.as_ref().map(|found| (&held, found));
        let equal = told::diff::equal(&own, &before, &after);
        if self.json {
            json(out, &told::diff::DiffReport::new(&before, &after, &found).under(level, &after))
        } else {
            let mut page = told::diff::text(&found, &after);
            page.extend(equal.map(|equal| format!("{equal}\n")));
            page.push_str(&told::diff::under(level, &after));
            Ok(out.write_all(page.as_bytes())?)
        }
    }
}

/// A metric that can stand against interactivity, by its identifier.
fn against(id: &str) -> Result<Metric, String> {
    let known: Vec<Metric> = Metric::ALL.into_iter().filter(|own| explore::stands(*own)).collect();
    let names: Vec<&str> = known.iter().map(|own| own.id()).collect();
    let found = known.iter().find(|own| own.id() == id).copied();
    found.ok_or_else(|| format!("one of {} is expected", names.join(", ")))
}

/// A metric by its identifier.
fn metric(id: &str) -> Result<Metric, String> {
    let known = || Metric::ALL.map(Metric::id).join(", ");
    Metric::from_id(id).ok_or_else(|| format!("one of {} is expected", known()))
}

/// An axis by its identifier.
fn axis(id: &str) -> Result<Axis, String> {
    let known = || Axis::ALL.map(Axis::id).join(", ");
    Axis::from_id(id).ok_or_else(|| format!("one of {} is expected", known()))
}

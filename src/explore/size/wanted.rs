//! Which deployments are wanted: of which chips, by which vendors, and how large, dear and hungry they may be.

use crate::catalog::{self, Status};
use crate::cost::Energy;
use crate::scenario::{Limits, Scenario, link};
use crate::units::format::Unit;
use crate::units::{Dollars, Watts};

use super::answer::{Deployment, Unfit};

/// What a deployment must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Chips to choose from.
    pub chips: Vec<String>,
    /// Whether all chips of a deployment must come from one vendor.
    pub same_vendor: bool,
    /// Most chips.
    pub max_chips: Option<u32>,
    /// Most that it may cost per month.
    pub budget: Option<Dollars>,
    /// Most power to provision, through the meter of the building.
    pub power: Option<Watts>,
    /// Whether chips are had one by one, whatever they are rented or sold in.
    pub singly: bool,
}

/// The same as people write it: names separated by commas, numbers with units; what is empty says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Chips, by any of their names.
    pub chips: String,
    /// Vendors.
    pub vendors: String,
    /// Whether all chips of a deployment must come from one vendor.
    pub same_vendor: bool,
    /// Most chips.
    pub max_chips: String,
    /// Dollars per month.
    pub budget: String,
    /// Megawatts, or with a unit of its own.
    pub power: String,
    /// Whether chips are had one by one.
    pub singly: bool,
}

/// Most chips that may be asked for.
const MAX_CHIPS: Limits = Limits { field: "max-chips", low: 1.0, high: 1e6, unit: "chips" };
/// Dollars per month that may be asked for.
const BUDGET: Limits = Limits { field: "budget", low: 1.0, high: 1e12, unit: "$/month" };
/// Power that may be asked for.
const POWER: Limits = Limits { field: "power", low: 1.0, high: 1e11, unit: "W" };

/// The chips that sizing considers when nobody names others: all of the catalogue that can be modelled and were not
/// withdrawn, and those that the scenario brings along.
#[must_use]
pub fn all_chips(scenario: &Scenario) -> Vec<String> {
    let own = scenario.custom.chips.iter();
    let all = catalog::chips().iter().filter(|chip| chip.status != Status::Shelved).chain(own);
    all.filter(|chip| chip.gap().is_none()).map(|chip| chip.id.to_string()).collect()
}

impl Wanted {
    /// These chips, and nothing else asked.
    #[must_use]
    pub fn of(chips: &[String]) -> Self {
        Self { chips: chips.to_vec(), ..Self::default() }
    }

    /// Reads what was written. `before` stands before the name of a field in an error: `--` on a command line.
    ///
    /// # Errors
    /// The field, what is wrong with it, what is accepted and what comes near.
    pub fn read(written: &Written, scenario: &Scenario, before: &str) -> Result<Self, String> {
        let key = |name: &str| format!("{before}{name}");
        let named = names(&written.chips)
            .map(|name| {
                link::chip_named(&scenario.custom, &key("chips"), name).map_err(|notice| notice.to_string())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let vendors = names(&written.vendors)
            .map(|name| {
                link::vendor_named(&scenario.custom, &key("vendors"), name)
                    .map_err(|notice| notice.to_string())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut chips = if named.is_empty() { all_chips(scenario) } else { named };
        let mut seen = Vec::new();
        chips.retain(|id| {
            let first = !seen.contains(id);
            seen.push(id.clone());
            first && (vendors.is_empty() || vendors.contains(&vendor(scenario, id)))
        });
        if chips.is_empty() {
            let none = if names(&written.chips).next().is_some() {
                format!("none of the chips of {} is made by it", key("chips"))
            } else {
                "none of its chips can be modelled".to_owned()
            };
            return Err(format!("{}={}: {none}", key("vendors"), written.vendors.trim()));
        }
        let number =
            |name: &str, text: &str, unit: Unit, limits: Limits| number(&key(name), text, unit, limits);
        Ok(Self {
            chips,
            same_vendor: written.same_vendor,
            max_chips: number("max-chips", &written.max_chips, Unit::Count, MAX_CHIPS)?
                .map(|own| own.floor() as u32),
            budget: number("budget", &written.budget, Unit::DollarsPerMonth, BUDGET)?.map(Dollars::new),
            power: number("power", &megawatts(&written.power), Unit::Watts, POWER)?.map(Watts::new),
            singly: written.singly,
        })
    }

    /// The fewest of a chip that one can get, in the way to pay that the scenario chooses.
    pub(super) fn unit(&self, scenario: &Scenario, id: &str) -> u32 {
        let sold = scenario.chip(id).map(|own| own.sold.on(scenario.pricing.basis));
        sold.filter(|_| !self.singly).unwrap_or(1).max(1)
    }

    /// Whether these two may stand in one deployment.
    pub(super) fn may_join(&self, scenario: &Scenario, one: &str, other: &str) -> bool {
        !self.same_vendor || vendor(scenario, one) == vendor(scenario, other)
    }

    /// What keeps a deployment out; nothing where it is wanted.
    pub(super) fn bars(&self, own: &Deployment) -> Option<Unfit> {
        if self.max_chips.is_some_and(|most| own.chips > most) {
            return Some(Unfit::Chips { needs: own.chips });
        }
        if let (Some(budget), Some(per_hour)) = (self.budget, own.per_hour)
            && per_hour.per_month() > budget
        {
            return Some(Unfit::Budget { per_hour });
        }
        match self.power {
            Some(most) if own.power.is_none_or(|needs| needs > most) => {
                Some(Unfit::Power { needs: own.power })
            }
            _ => None,
        }
    }
}

/// Power to provision for a deployment, where it is known.
pub(super) fn provisioned(energy: &Energy) -> Option<Watts> {
    energy.provisioned.as_ref().ok().copied()
}

/// Who makes a chip.
fn vendor(scenario: &Scenario, id: &str) -> String {
    scenario.chip(id).map_or_else(String::new, |chip| chip.vendor.to_string())
}

/// Names between commas.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// A bare number of watts means megawatts.
fn megawatts(text: &str) -> String {
    let text = text.trim();
    let bare = !text.is_empty() && !text.ends_with(|last: char| last.is_ascii_alphabetic());
    if bare { format!("{text} MW") } else { text.to_owned() }
}

/// A number in its unit; none where nothing is written.
fn number(key: &str, text: &str, unit: Unit, limits: Limits) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let range = || format!("{} to {}", unit.format(limits.low), unit.format(limits.high));
    match unit.parse(text) {
        Ok(value) if limits.admit(value).is_ok() => Ok(Some(value)),
        Ok(value) => Err(format!("{key}={text}: {} is outside {}", unit.format(value), range())),
        Err(error) => Err(format!("{key}={text}: {error}; write a number from {}", range())),
    }
}

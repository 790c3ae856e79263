//! Power and energy of a deployment in steady state, on two bases.
//!
//! - *Drawn*: what the chips take while they do what they do, as their own meters see it, without host, network and building.
//!   A chip draws by its duty ([`crate::serve::Duty`]): so much while it reads prompts, so much in decode steps, and its idle
//!   power the rest of the time ([`crate::machine::power`]).
//! - *Provisioned*: what a data centre sets aside, at any load: IT power of each chip with its share of host and network
//!   (`it_W` of `data/chips`; where only the TDP is known, that times an assumed factor), times PUE, once. A power cap is
//!   subtracted from it. A figure of a whole machine already has its host.
//!
//! Where only a share of the paid time serves requests, chips idle in the rest of it: they draw their idle power there, and
//! provisioned power goes on.

use serde::Serialize;

use super::spread::Spread;
use super::unpriced::Unpriced;
use crate::catalog::{Chip, assumptions};
use crate::machine::{Constants, PowerRow, constants};
use crate::scenario::Scenario;
use crate::serve::{Duty, Spell, Steady, cap};
use crate::units::{Joules, Watts};

/// Power of one chip of a pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolPower {
    /// Mean draw over time.
    pub drawn: Result<Watts, Unpriced>,
    /// Draw while it reads prompts; nothing where it never does.
    pub prefill: Option<Watts>,
    /// Draw in decode steps; nothing where it takes none.
    pub decode: Option<Watts>,
    /// Draw with weights loaded and nothing to do.
    pub idle: Option<Watts>,
    /// IT power provisioned for it, with its share of host and network, before PUE.
    pub provisioned: Result<Watts, Unpriced>,
}

/// Power and energy of a deployment. Absent figures carry the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Energy {
    /// Of one chip of each pool, in the order of the pools.
    pub pools: Vec<PoolPower>,
    /// What all chips draw in steady state.
    pub drawn: Result<Watts, Unpriced>,
    /// How far that may be off.
    pub drawn_spread: Spread,
    /// IT power of the deployment as provisioned, with host and network.
    pub it: Result<Watts, Unpriced>,
    /// The same through the meter of the building: times PUE.
    pub provisioned: Result<Watts, Unpriced>,
    /// How far that may be off.
    pub provisioned_spread: Spread,
    /// Drawn energy per output token.
    pub joules_drawn: Result<Joules, Unpriced>,
    /// Provisioned energy per output token.
    pub joules: Result<Joules, Unpriced>,
}

/// Power and energy of a served scenario.
#[must_use]
pub fn energy(scenario: &Scenario, steady: &Steady, tables: &Constants) -> Energy {
    let mut pools = Vec::with_capacity(steady.pools.len());
    let (mut drawn, mut idle, mut it) = (Total::NONE, Total::NONE, Total::NONE);
    for pool in &steady.pools {
        let chips = f64::from(pool.chips);
        let missing = |figure| Unpriced { chip: pool.chip.clone(), figure };
        let own = match scenario.chip(&pool.chip) {
            None => PoolPower::unknown(missing("power")),
            Some(chip) => power(scenario, tables, chip, pool.duty),
        };
        let spread = scenario.chip(&pool.chip).map_or(Spread::NONE, |chip| spreads(tables, chip));
        drawn.add(&own.drawn, chips, spread);
        idle.add(&own.idle.ok_or_else(|| missing("thermal design power")), chips, spread);
        it.add(&own.provisioned, chips, scenario.chip(&pool.chip).map_or(Spread::NONE, assumed));
        pools.push(own);
    }
    let (rate, pricing) = (steady.throughput().get(), &scenario.pricing);
    let used = pricing.utilisation;
    let joules_drawn = match (&drawn.watts, &idle.watts) {
        (Ok(at_work), Ok(idle)) => Ok(Joules::new((at_work.get() + idle.get() * (1.0 - used) / used) / rate)),
        (Err(missing), _) | (_, Err(missing)) => Err(missing.clone()),
    };
    let provisioned = it.watts.clone().map(|watts| watts * pricing.pue);
    Energy {
        pools,
        drawn_spread: drawn.spread(),
        drawn: drawn.watts,
        provisioned_spread: it.spread(),
        it: it.watts,
        joules: provisioned.clone().map(|watts| Joules::new(watts.get() / (rate * used))),
        provisioned,
        joules_drawn,
    }
}

/// IT power provisioned for one chip, with its share of host and network, before PUE.
///
/// # Errors
/// [`Unpriced`] when neither that nor the chip's own power is published.
pub fn chip_power(scenario: &Scenario, id: &str) -> Result<Watts, Unpriced> {
    let missing = || Unpriced { chip: id.to_owned(), figure: "power" };
    let chip = scenario.chip(id).ok_or_else(missing)?;
    let capped = capped(scenario, constants(), chip);
    provisioned(chip, capped).ok_or_else(missing)
}

/// What a chip is provisioned for under a cap that is a share of its TDP.
fn provisioned(chip: &Chip, cap: f64) -> Option<Watts> {
    // Where only the chip's own power is known, the system around it adds as much as it does around others.
    let around = assumptions().system_power_factor.value;
    let whole = chip.it_power.or_else(|| chip.tdp.map(|own| own * around))?;
    // A cap leaves the host as it is.
    Some(chip.tdp.map_or(whole, |own| whole - own * (1.0 - cap)))
}

/// The cap that a chip keeps, as a share of its TDP.
fn capped(scenario: &Scenario, tables: &Constants, chip: &Chip) -> f64 {
    let asked = cap(scenario, chip).unwrap_or(1.0);
    let least = tables.power(chip).map_or(0.0, PowerRow::least);
    if asked < 1.0 { asked.max(least) } else { 1.0 }
}

fn power(scenario: &Scenario, tables: &Constants, chip: &Chip, duty: Duty) -> PoolPower {
    let missing = |figure| Unpriced { chip: chip.id.to_string(), figure };
    let cap = capped(scenario, tables, chip);
    let provisioned = provisioned(chip, cap).ok_or_else(|| missing("power"));
    let Some((tdp, row)) = chip.tdp.zip(tables.power(chip)) else {
        return PoolPower { provisioned, ..PoolPower::unknown(missing("thermal design power")) };
    };
    let at_work = |spell: Spell| tdp * row.at_work(spell.compute, spell.memory, cap);
    let idle = tdp * row.idle.min(cap);
    let Duty { prefill, decode } = duty;
    let rest = (1.0 - prefill.share - decode.share).max(0.0);
    let drawn = at_work(prefill) * prefill.share + at_work(decode) * decode.share + idle * rest;
    PoolPower {
        drawn: Ok(drawn),
        prefill: (prefill.share > 0.0).then(|| at_work(prefill)),
        decode: (decode.share > 0.0).then(|| at_work(decode)),
        idle: Some(idle),
        provisioned,
    }
}

/// How far the drawn power of a chip may be off.
fn spreads(tables: &Constants, chip: &Chip) -> Spread {
    tables.power(chip).map_or(Spread::NONE, |row| Spread { low: row.band.0, high: row.band.1 })
}

/// How far the provisioned power of a chip may be off: where it is published it is what it is.
fn assumed(chip: &Chip) -> Spread {
    if chip.it_power.is_some() {
        return Spread::NONE;
    }
    let factor = assumptions().system_power_factor;
    Spread { low: factor.low / factor.value, high: factor.high / factor.value }
}

impl Spread {
    /// Nothing is uncertain.
    const NONE: Self = Self { low: 1.0, high: 1.0 };
}

impl PoolPower {
    fn unknown(missing: Unpriced) -> Self {
        Self {
            drawn: Err(missing.clone()),
            prefill: None,
            decode: None,
            idle: None,
            provisioned: Err(missing),
        }
    }
}

/// A sum over pools, with the ends of its interval: pools of one kind err alike.
struct Total {
    watts: Result<Watts, Unpriced>,
    low: f64,
    high: f64,
}

impl Total {
    const NONE: Self = Self { watts: Ok(Watts::ZERO), low: 0.0, high: 0.0 };

    fn add(&mut self, each: &Result<Watts, Unpriced>, chips: f64, spread: Spread) {
        match (&mut self.watts, each) {
            (Ok(so_far), Ok(each)) => {
                let own = *each * chips;
                *so_far += own;
                self.low += own.get() * spread.low;
                self.high += own.get() * spread.high;
            }
            (Ok(_), Err(missing)) => self.watts = Err(missing.clone()),
            (Err(_), _) => {}
        }
    }

    fn spread(&self) -> Spread {
        match &self.watts {
            Ok(watts) if watts.get() > 0.0 => {
                Spread { low: self.low / watts.get(), high: self.high / watts.get() }
            }
            _ => Spread::NONE,
        }
    }
}

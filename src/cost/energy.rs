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

use super::spread::{Spread, Sum};
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
    let (mut drawn, mut idle, mut it) = (Sum::default(), Sum::default(), Sum::default());
    for pool in &steady.pools {
        let chips = f64::from(pool.chips);
        let missing = |figure| Unpriced { chip: pool.chip.clone(), figure };
        let (own, meter, published) = match scenario.chip(&pool.chip) {
            None => (PoolPower::unknown(missing("power")), Spread::NONE, Spread::NONE),
            Some(chip) => (power(scenario, tables, chip, pool.duty), spreads(tables, chip), assumed(chip)),
        };
        add(&mut drawn, &own.drawn, chips, meter);
        add(&mut idle, &own.idle.ok_or_else(|| missing("thermal design power")), chips, meter);
        add(&mut it, &own.provisioned, chips, published);
        pools.push(own);
    }
    let (rate, pricing) = (steady.throughput().get(), &scenario.pricing);
    let used = pricing.utilisation;
    let joules_drawn = drawn.whole().and_then(|at_work| {
        let idle = idle.whole()?;
        Ok(Joules::new((at_work + idle * (1.0 - used) / used) / rate))
    });
    let provisioned = it.whole().map(|watts| Watts::new(watts) * pricing.pue);
    Energy {
        pools,
        drawn: drawn.whole().map(Watts::new),
        drawn_spread: drawn.spread(),
        it: it.whole().map(Watts::new),
        joules: provisioned.clone().map(|watts| Joules::new(watts.get() / (rate * used))),
        provisioned,
        provisioned_spread: it.spread(),
        joules_drawn,
    }
}

/// The power of so many chips to a sum.
fn add(sum: &mut Sum, each: &Result<Watts, Unpriced>, chips: f64, spread: Spread) {
    match each {
        Ok(each) => {
            let own = each.get() * chips;
            sum.add([own, own * spread.low, own * spread.high]);
        }
        Err(missing) => sum.lack(missing.clone()),
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

//! A scenario settled on its silicon: the lengths it comes to, and for each pool the replica, its layout and the number
//! of copies. The closed form and the replay both start from here, so that they speak of the same deployment.

use super::layouts::{Demand, Setting, Settled, settle};
use super::outcome::Warning;
use super::refusal::Refusal;
use super::station::Station;
use super::transfer::{self, Path};
use crate::catalog::model::Model;
use crate::catalog::{self, Chip, Status};
use crate::machine::Constants;
use crate::pass::Numerics;
use crate::scenario::{Load, Pool, Role, Scenario, Split};
use crate::units::Tokens;

/// A scenario with every pool settled.
#[derive(Clone, Debug)]
pub struct Deployment<'a> {
    /// What is asked.
    pub scenario: &'a Scenario,
    /// The model.
    pub model: &'a Model,
    /// The formats in force.
    pub numerics: Numerics,
    /// The lengths.
    pub lengths: Lengths,
    /// The pool that only reads prompts, and the way from it to the other; none where one pool does both.
    pub prefill: Option<(Side<'a>, Path)>,
    /// The pool that writes answers.
    pub decode: Side<'a>,
}

/// A pool on its silicon.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// What it does.
    pub role: Role,
    /// What the scenario says of it.
    pub pool: &'a Pool,
    /// Its chip.
    pub chip: &'a Chip,
    /// Its replica, and how many there are.
    pub settled: Settled<'a>,
}

impl<'a> Deployment<'a> {
    /// Settles a scenario, which must be within its limits.
    ///
    /// # Errors
    /// [`Refusal`] when a pool can't hold the model or no link is known.
    pub fn new(scenario: &'a Scenario, tables: &'a Constants, model: &'a Model) -> Result<Self, Refusal> {
        let numerics = Numerics::resolve(model, scenario.formats);
        let lengths = Lengths::of(scenario);
        let side = |pool, role| Side::new(scenario, tables, model, numerics, pool, role);
        let (prefill, decode) = match &scenario.split {
            Split::Colocated { pool } => (None, side(pool, Role::Colocated)?),
            Split::PrefillDecode { prefill, decode } => {
                let (from, to) = (side(prefill, Role::Prefill)?, side(decode, Role::Decode)?);
                let path =
                    transfer::path(scenario, tables.link("pool"), model, numerics, lengths.isl, &from, &to)?;
                (Some((from, path)), to)
            }
        };
        Ok(Self { scenario, model, numerics, lengths, prefill, decode })
    }
}

impl<'a> Side<'a> {
    fn new(
        scenario: &'a Scenario,
        tables: &'a Constants,
        model: &'a Model,
        numerics: Numerics,
        pool: &'a Pool,
        role: Role,
    ) -> Result<Self, Refusal> {
        let chip = scenario.chip(&pool.chip).ok_or_else(|| Refusal::UnknownChip {
            chip: pool.chip.clone(),
            nearest: catalog::nearest_chip_ids(&pool.chip).into_iter().map(str::to_owned).collect(),
        })?;
        let lengths = Lengths::of(scenario);
        let demand = Demand {
            role,
            new: lengths.new,
            past: lengths.past,
            context: lengths.context,
            longest: if role == Role::Prefill { scenario.workload.isl } else { lengths.longest },
            tokens: lengths.tokens,
            users: users(scenario, scenario.split.chips()),
            ttft: scenario.slo.ttft,
            tpot: scenario.slo.tpot,
        };
        let setting = Setting { tables, model, chip, engine: scenario.engine, numerics };
        Ok(Self { role, pool, chip, settled: settle(&setting, pool, &demand)? })
    }

    /// The pool as a queueing station.
    #[must_use]
    pub fn station(&self, lengths: &Lengths) -> Station<'a, '_> {
        let settled = &self.settled;
        let prefills = self.role != Role::Decode;
        Station {
            replica: &settled.replica,
            replicas: f64::from(settled.replicas),
            prefill: prefills.then(|| settled.replica.prefill(lengths.new, lengths.past)),
            tokens: lengths.tokens,
            context: lengths.context,
            fits: settled.replica.whole_sequences(lengths.context).max(1.0),
            spacing: None,
        }
    }

    /// What is unwise about the pool whatever its load.
    #[must_use]
    pub fn warnings(&self, numerics: Numerics) -> Vec<Warning> {
        let (chip, settled) = (self.chip, &self.settled);
        let mut warnings = Vec::new();
        if chip.status != Status::Shipping {
            warnings.push(Warning::NotShipping { chip: chip.id.to_string() });
        }
        if settled.replica.emulated() {
            warnings.push(Warning::EmulatedFormat { chip: chip.id.to_string(), format: numerics.weights });
        }
        if settled.replica.assumes_rate() {
            warnings.push(Warning::AssumedRate { chip: chip.id.to_string() });
        }
        let used = settled.replicas.saturating_mul(settled.replica.layout().chips());
        if used < self.pool.chips {
            warnings.push(Warning::IdleChips { role: self.role, chips: self.pool.chips - used });
        }
        warnings
    }
}

/// The lengths that a scenario comes to.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Mean input length.
    pub isl: Tokens,
    /// Mean output length.
    pub osl: Tokens,
    /// New tokens of a prompt.
    pub new: Tokens,
    /// Tokens of a prompt that the prefix cache has.
    pub past: Tokens,
    /// Output tokens after the first, never quite 0 so that rates stay finite.
    pub tokens: f64,
    /// Mean cache of a sequence in decode.
    pub context: Tokens,
    /// Longest cache of a sequence.
    pub longest: Tokens,
}

impl Lengths {
    /// The lengths of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let isl = scenario.workload.mean_isl();
        let osl = scenario.workload.mean_osl();
        // At least the last token of a prompt is always computed.
        let past = (isl * scenario.workload.hit).min(isl - Tokens::new(1.0)).max(Tokens::ZERO);
        Self {
            isl,
            osl,
            new: isl - past,
            past,
            tokens: (osl.get() - 1.0).max(1e-3),
            context: isl + osl / 2.0,
            longest: scenario.workload.isl + scenario.workload.osl,
        }
    }
}

fn users(scenario: &Scenario, chips: u32) -> f64 {
    match scenario.load {
        Load::Closed { concurrency } => concurrency,
        // Enough users to judge layouts by; the open loop finds its own number.
        Load::Open { .. } => 32.0 * f64::from(chips),
    }
}

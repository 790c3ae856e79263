//! A scenario settled on its silicon: the lengths it comes to, and for each pool the replica, its layout and the number
//! of copies. The closed form and the replay both start from here, so that they speak of the same deployment.

use super::half::Half;
use super::layouts::{Demand, Setting, Settled, settle};
use super::models::Models;
use super::outcome::{PoolState, Warning};
use super::refusal::Refusal;
use super::replica::Prefill;
use super::transfer::{self, Path};
use crate::catalog::model::Model;
use crate::catalog::{self, Chip, Status};
use crate::machine::{Constants, LinkKind};
use crate::pass::{Numerics, Portion};
use crate::scenario::{Load, Pool, Role, Scenario, traffic};
use crate::units::{Requests, Seconds, Tokens};

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
    /// The pool that only reads prompts, and the way from it to the pool that keeps the KV cache; none where prompts are
    /// read by those who write answers.
    pub prefill: Option<(Side<'a>, Path)>,
    /// The pools that write answers.
    pub decode: Half<'a>,
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
    /// [`Refusal`] when a pool can't hold its part of the model or no link is known.
    pub fn new(
        scenario: &'a Scenario,
        tables: &'a Constants,
        models: &'a Models<'a>,
    ) -> Result<Self, Refusal> {
        let model: &'a Model = &models.model;
        let numerics = Numerics::resolve(model, scenario.formats);
        let lengths = Lengths { window: model.max_context, ..Lengths::of(scenario) };
        let maker = Maker { scenario, tables, model, numerics };
        let reader = scenario.split.prefill().map(|pool| maker.side(pool, Role::Prefill)).transpose()?;
        let mut decode = maker.half(models.drafter.as_deref(), &lengths)?;
        let prefill = match reader {
            None => None,
            Some(from) => {
                let row = tables.link(LinkKind::Pool);
                let path =
                    transfer::path(scenario, row, model, numerics, lengths.isl, &from, &decode.holder)?;
                decode.share_link(path.bytes(), lengths.tokens);
                Some((from, path))
            }
        };
        Ok(Self { scenario, model, numerics, lengths, prefill, decode })
    }
}

/// What the pools of a deployment are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) tables: &'a Constants,
    pub(super) model: &'a Model,
    pub(super) numerics: Numerics,
}

impl<'a> Maker<'a> {
    /// A pool in a role.
    pub(super) fn side(&self, pool: &'a Pool, role: Role) -> Result<Side<'a>, Refusal> {
        let Self { scenario, tables, model, numerics } = *self;
        let chip = scenario.chip(&pool.chip).ok_or_else(|| Refusal::UnknownChip {
            chip: pool.chip.clone(),
            nearest: catalog::nearest_chip_ids(&pool.chip).into_iter().map(str::to_owned).collect(),
        })?;
        let lengths = Lengths::of(scenario);
        let reads = scenario.split.prefill().is_none() && !matches!(role, Role::Ffn | Role::Draft);
        let demand = Demand {
            role,
            prefills: reads || role == Role::Prefill,
            decodes: role != Role::Prefill,
            new: lengths.new,
            past: lengths.past,
            context: lengths.context,
            longest: if role == Role::Prefill { lengths.longest_prompt } else { lengths.longest },
            tokens: lengths.tokens,
            users: self.users(),
            closed: matches!(scenario.load, Load::Closed { .. }),
            ttft: scenario.slo.ttft,
            tpot: scenario.slo.tpot,
        };
        let portion = match role {
            Role::Attention => Portion::Attention,
            Role::Ffn => Portion::Ffn,
            _ => Portion::Whole,
        };
        let setting = Setting { tables, model, chip, engine: scenario.engine, numerics, portion };
        Ok(Side { role, pool, chip, settled: settle(&setting, pool, &demand)? })
    }

    /// Users over the deployment.
    pub(super) fn users(&self) -> f64 {
        let pools = self.scenario.split.pools();
        // Who only proposes serves nobody.
        let serving = pools.iter().filter(|(role, _)| *role != Role::Draft);
        users(self.scenario, serving.fold(0, |sum, (_, pool)| sum.saturating_add(pool.chips)))
    }
}

impl Side<'_> {
    /// The pool at rest.
    #[must_use]
    pub fn idle(&self) -> PoolState {
        PoolState {
            role: self.role,
            chip: self.pool.chip.clone(),
            chips: self.pool.chips,
            replicas: self.settled.replicas,
            layout: self.settled.replica.layout(),
            layout_chosen: self.settled.chosen,
            utilisation: 0.0,
            batch: Requests::ZERO,
            memory: self.settled.replica.memory(0.0, Tokens::new(1.0)),
            step: Seconds::ZERO,
            ops: Vec::new(),
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
    /// How much prompts vary: their squared coefficient of variation.
    pub variation: f64,
    /// Where prompts are log-normal, the standard deviation of their logarithm.
    pub sigma: Option<f64>,
    /// Tokens that the model's window holds; prompts are shorter.
    pub window: Tokens,
    /// Longest prompt.
    pub longest_prompt: Tokens,
    /// Longest cache of a sequence.
    pub longest: Tokens,
}

impl Lengths {
    /// The lengths of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let drawn = &scenario.traffic;
        let (variation, answers) = drawn.variation(&scenario.workload);
        // Prompts of sessions are histories, which scatter less than what is new in them.
        let tail = drawn.lengths.as_ref().filter(|_| drawn.sessions.is_none()).map(|own| own.tails().0);
        let isl = scenario.mean_input();
        let osl = scenario.workload.mean_osl();
        let longest_prompt = scenario.traffic.longest_input(&scenario.workload);
        // At least the last token of a prompt is always computed.
        let past = (isl * scenario.cached_share()).min(isl - Tokens::new(1.0)).max(Tokens::ZERO);
        Self {
            isl,
            osl,
            new: isl - past,
            past,
            tokens: (osl.get() - 1.0).max(1e-3),
            // The longer an answer the longer it is in decode: a step finds more of the long ones.
            context: isl + osl * ((1.0 + answers) / 2.0),
            variation,
            sigma: tail.map(traffic::sigma),
            window: Tokens::new(f64::INFINITY),
            longest_prompt,
            longest: longest_prompt + scenario.workload.osl,
        }
    }
}

impl Lengths {
    /// The mean prompt: by the times of short and long ones, not by their lengths.
    #[must_use]
    pub fn prefill(&self, read: impl Fn(Tokens, Tokens) -> Prefill) -> Prefill {
        let mean = read(self.new, self.past);
        let Some(sigma) = self.sigma else {
            let elastic = mean.elastic();
            return Prefill { variation: self.variation * elastic * elastic, ..mean };
        };
        let most = (self.window - self.osl).max(self.isl) / self.isl;
        let (mut sum, mut squares) =
            (Prefill { latency: Seconds::ZERO, occupancy: Seconds::ZERO, chunks: 0.0, ..mean }, 0.0);
        for (scale, share) in traffic::typical(sigma) {
            let scale = scale.min(most);
            let own = read((self.new * scale).max(Tokens::new(1.0)), self.past * scale);
            sum.latency += own.latency * share;
            sum.occupancy += own.occupancy * share;
            sum.chunks += own.chunks * share;
            squares += own.occupancy.get() * own.occupancy.get() * share;
        }
        let occupancy = sum.occupancy.get().max(1e-12);
        // What prompts share of a step is there however long they are.
        sum.variation = (squares / (occupancy * occupancy) - 1.0).max(0.0);
        sum
    }
}

fn users(scenario: &Scenario, chips: u32) -> f64 {
    match scenario.load {
        Load::Closed { concurrency } => concurrency,
        // Enough users to judge layouts by; the open loop finds its own number.
        Load::Open { .. } => 32.0 * f64::from(chips),
    }
}

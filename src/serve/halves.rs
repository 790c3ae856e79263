//! From the pools of a scenario to pools on their silicon: each by itself, and the decode side put together from its own.

use super::capped;
use super::connection::{Connection, connection, inside, together};
use super::draft::{Away, Draft};
use super::flags::Flags;
use super::half::Half;
use super::layouts::{Demand, Setting, options};
use super::lengths::Lengths;
use super::refusal::Refusal;
use super::replica::{Replica, does_not_fit};
use super::side::Side;
use super::transfer::{Ends, ends};
use super::turns::Partner;
use crate::catalog::model::Ffn;
use crate::catalog::{self, Model, NumberFormat};
use crate::machine::{Constants, LinkKind, holders};
use crate::pass::{Numerics, Portion};
use crate::scenario::{DecodeHalf, Drafter, Formats, Layout, Pool, Role, Scenario};
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// Bytes of an activation that comes back from a feed-forward layer.
const WIDE: f64 = 2.0;

/// What the pools of a deployment are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) tables: &'a Constants,
    pub(super) model: &'a Model,
    pub(super) numerics: Numerics,
}

impl<'a> Maker<'a> {
    /// What a pool can be in a role: the layout it states, or each that holds its part of the model.
    pub(super) fn sides(&self, pool: &'a Pool, role: Role) -> Result<Vec<Side<'a>>, Refusal> {
        let Self { scenario, tables, model, numerics } = *self;
        let chip = scenario.chip(&pool.chip).ok_or_else(|| Refusal::UnknownChip {
            chip: pool.chip.clone(),
            nearest: catalog::nearest_chip_ids(&pool.chip).into_iter().map(str::to_owned).collect(),
        })?;
        let lengths = Lengths::of(scenario);
        let longest = if role == Role::Prefill { lengths.longest_prompt } else { lengths.longest };
        let portion = match role {
            Role::Attention => Portion::Attention,
            Role::Ffn => Portion::Ffn,
            _ => Portion::Whole,
        };
        let setting = Setting {
            tables,
            model,
            chip,
            engine: scenario.engine,
            numerics,
            flags: Flags::of(scenario, tables, chip),
            portion,
            experts: scenario.experts,
            clock: capped::clock(scenario, tables, chip)?,
        };
        let options = options(&setting, pool, &Demand { role, longest })?;
        Ok(options.into_iter().map(|settled| Side { role, pool, chip, settled }).collect())
    }

    /// The pool that keeps the KV cache, and its role.
    pub(super) fn holder(&self) -> (&'a Pool, Role) {
        let split = &self.scenario.split;
        match split.decode_half() {
            DecodeHalf::Whole(pool) if split.prefill().is_none() => (pool, Role::Colocated),
            DecodeHalf::Whole(pool) => (pool, Role::Decode),
            DecodeHalf::AttentionFfn { attention, .. } => (attention, Role::Attention),
            DecodeHalf::DraftVerify { verify, .. } => (verify, Role::Verify),
        }
    }

    /// What the pool beside it can be, if there is one.
    pub(super) fn seconds(&self, drafter: Option<&'a Model>) -> Result<Option<Vec<Side<'a>>>, Refusal> {
        match (self.scenario.split.decode_half(), drafter) {
            (DecodeHalf::AttentionFfn { ffn, .. }, _) => Some(self.sides(ffn, Role::Ffn)).transpose(),
            (DecodeHalf::DraftVerify { draft, .. }, Some(model)) => {
                Some(self.drafting(model).sides(draft, Role::Draft)).transpose()
            }
            _ => Ok(None),
        }
    }

    /// The maker of a pool that proposes tokens.
    fn drafting(&self, model: &'a Model) -> Self {
        let numerics = if self.own_head() {
            self.numerics
        } else {
            Numerics::resolve(model, Formats { experts: None, ..self.scenario.formats })
        };
        Maker { model, numerics, ..*self }
    }

    /// Whether the model's own head proposes.
    fn own_head(&self) -> bool {
        self.scenario.speculation().is_some_and(|own| own.drafter == Drafter::Mtp)
    }

    /// The decode side of these pools.
    pub(super) fn half(
        &self,
        holder: Side<'a>,
        second: Option<Side<'a>>,
        drafter: Option<&'a Model>,
        lengths: &Lengths,
    ) -> Result<Half<'a>, Refusal> {
        let role = holder.role;
        let prefills = self.scenario.split.prefill().is_none();
        let (partner, away) = match role {
            Role::Attention => (second.map(|ffn| self.partner(&holder, ffn)).transpose()?, None),
            _ => (None, second),
        };
        let draft = drafter.map(|model| self.draft(&holder, away, model)).transpose()?;
        let half = Half { holder, partner, draft, prefills };
        let fits = half.fits(lengths.longest);
        if fits < 1.0 {
            // Without a drafter the model fits, or the pool would have been refused.
            let replica = &half.holder.settled.replica;
            let (has, needs) = replica.need(lengths.longest);
            let beside = half.draft.as_ref().map_or(Bytes::ZERO, |draft| draft.weights);
            let cache = half.draft.as_ref().map_or(Bytes::ZERO, |draft| draft.replica.cache(lengths.longest));
            return Err(does_not_fit(role, half.holder.chip, has, needs + beside + cache, None));
        }
        Ok(half)
    }

    fn partner(&self, holder: &Side<'a>, side: Side<'a>) -> Result<Partner<'a>, Refusal> {
        let trips: u32 = self.model.ffn.iter().map(|layers| layers.count).sum();
        if trips == 0 {
            let message = format!("{} has no feed-forward layers for a pool of their own", self.model.name);
            return Err(Refusal::Invalid { message });
        }
        let connection =
            connection(self.scenario, self.tables.link(LinkKind::Pool), together(holder, &side))?;
        let hidden = f64::from(self.model.hidden);
        let format = if self.model.has_moe() { self.numerics.experts } else { self.numerics.dense };
        let (copies, handed) = self.copies(&side, inside(self.scenario, together(holder, &side)));
        let links = side.chip.scale_up.map_or(side.chip.scale_out, |up| Some(up.bandwidth));
        let domain = self.tables.link(LinkKind::Domain).efficiency;
        let chips = f64::from(side.settled.replica.layout().chips()) / ratio(holder, &side);
        let links = links.map_or(connection.second, |own| own * domain) * chips;
        Ok(Partner {
            bandwidth: share(&connection, holder, &side),
            handed: (handed / copies, links),
            ratio: ratio(holder, &side),
            micro: self.scenario.micro,
            trips: f64::from(trips),
            out: Bytes::new(copies * hidden * format.compute_type().activation_bytes()),
            back: Bytes::new(copies * hidden * WIDE),
            arriving: Bytes::ZERO,
            connection,
            side,
        })
    }

    /// The ends of the way of a cache between two pools, where one is known.
    pub(super) fn ways(&self, from: &Pool, to: &Pool) -> Option<Ends> {
        let Self { scenario, tables, model, numerics } = *self;
        let chips =
            (scenario.chip(&from.chip)?, scenario.chip(&to.chip)?, from.chips.saturating_add(to.chips));
        ends(scenario, tables.link(LinkKind::Pool), model, numerics, scenario.mean_input(), chips).ok()
    }

    /// Times that a token of each user takes on the way to a pool of feed-forward layers and back, in all layers: by that pool's
    /// end, by the other's where all its chips take part, and where a single one does.
    pub(super) fn way(&self, side: &Side<'_>) -> [Seconds; 3] {
        let (pool, _) = self.holder();
        let pools = (pool.chips, side.pool.chips);
        let Some(chip) = self.scenario.chip(&pool.chip) else { return [Seconds::ZERO; 3] };
        let ends = (chip, side.chip, pools.0.saturating_add(pools.1));
        let row = self.tables.link(LinkKind::Pool);
        let Ok(connection) = connection(self.scenario, row, ends) else { return [Seconds::ZERO; 3] };
        let (copies, handed) = self.copies(side, inside(self.scenario, ends));
        let bytes = Bytes::new(f64::from(self.model.hidden) * f64::from(self.model.layers) * WIDE);
        let chips = f64::from(side.settled.replica.layout().chips() * side.settled.replicas);
        let links = side.chip.scale_up.map_or(side.chip.scale_out, |up| Some(up.bandwidth));
        let on = links.map_or(Seconds::ZERO, |own| bytes * handed / (own * chips));
        let theirs = (bytes * copies / (connection.second * chips)).max(on);
        [theirs, bytes * copies / (connection.first * f64::from(pools.0)), bytes * copies / connection.first]
    }

    /// Copies of a token that come to a pool of feed-forward layers, and those that it hands on inside its nodes, mean of the
    /// layers: one to each rank with one of its experts where attention is in the same domain, else one to each node. What
    /// streams weights through stages takes every token once.
    fn copies(&self, side: &Side<'_>, inside: bool) -> (f64, f64) {
        let Layout { etp, ep, .. } = side.settled.replica.layout();
        let domain = side.chip.scale_up.map_or(1, |up| up.domain).max(1);
        let nodes = f64::from(etp.saturating_mul(ep)) / f64::from(domain);
        let streams = side.settled.replica.pipeline().is_some();
        let (mut come, mut handed, mut layers) = (0.0, 0.0, 0.0);
        for group in self.model.ffn.iter() {
            let count = f64::from(group.count);
            layers += count;
            let (to, on) = match group.kind {
                Ffn::Moe { top_k, .. } if !streams => {
                    let k = f64::from(top_k);
                    let (ranks, nodes) = (holders(f64::from(ep), k), holders(nodes, k));
                    if inside { (ranks, 0.0) } else { (nodes, (ranks - nodes).max(0.0)) }
                }
                _ => (1.0, 0.0),
            };
            come += to * count;
            handed += on * count;
        }
        (come / layers, handed / layers)
    }

    fn draft(
        &self,
        holder: &Side<'a>,
        away: Option<Side<'a>>,
        model: &'a Model,
    ) -> Result<Draft<'a>, Refusal> {
        let Self { scenario, tables, .. } = *self;
        let speculation = scenario.speculation();
        let own_head = self.own_head();
        let tokens = speculation.as_ref().map_or(0, |own| own.tokens);
        let tokens_per_step = speculation.as_ref().map_or(1.0, |own| own.tokens_per_step(&scenario.model));
        let numerics = self.drafting(model).numerics;
        if let Some(side) = away {
            let connection = connection(scenario, tables.link(LinkKind::Pool), together(&side, holder))?;
            let hidden = if own_head { f64::from(self.model.hidden) * WIDE } else { 0.0 };
            let reversed = Connection { first: connection.second, second: connection.first, ..connection };
            return Ok(Draft {
                replica: side.settled.replica.clone(),
                weights: Bytes::ZERO,
                tokens,
                tokens_per_step,
                ratio: ratio(holder, &side),
                hidden: Bytes::new(hidden),
                away: Some(Away { bandwidth: share(&reversed, holder, &side), side, connection }),
            });
        }
        let layout = holder.settled.replica.layout();
        let stages = if holder.settled.replica.pipeline().is_some() { layout.pp } else { 1 };
        let layout = Layout { pp: stages, ..layout };
        let flags = Flags::of(scenario, tables, holder.chip);
        let replica = Replica::new(tables, model, holder.chip, scenario.engine, numerics, (layout, flags))?
            .with_experts(scenario.experts)
            .at_clock(capped::clock(scenario, tables, holder.chip)?);
        Ok(Draft {
            replica,
            weights: weights(model, numerics, own_head),
            tokens,
            tokens_per_step,
            ratio: 1.0,
            hidden: Bytes::ZERO,
            away: None,
        })
    }
}

/// Replicas of one pool for each replica of another.
fn ratio(holder: &Side<'_>, other: &Side<'_>) -> f64 {
    f64::from(holder.settled.replicas) / f64::from(other.settled.replicas.max(1))
}

/// What one replica of the first pool has of the way to the second, when all use it at once.
fn share(connection: &Connection, first: &Side<'_>, second: &Side<'_>) -> BytesPerSecond {
    let chips = |side: &Side<'_>| f64::from(side.settled.replica.layout().chips());
    let theirs = connection.second * (chips(second) / ratio(first, second));
    (connection.first * chips(first)).min(theirs)
}

/// Weights of a drafter; a prediction head shares embedding and output head with its model.
fn weights(model: &Model, numerics: Numerics, own_head: bool) -> Bytes {
    let parameters = model.parameters();
    let vocabulary = if own_head { 0.0 } else { parameters.embedding + parameters.head };
    let parts = [
        (parameters.attention, numerics.attention),
        (parameters.dense_ffn, numerics.dense),
        (parameters.shared_ffn, numerics.shared),
        (parameters.router, NumberFormat::Bf16),
        (parameters.routed_experts, numerics.experts),
        (vocabulary, numerics.head),
    ];
    Bytes::new(parts.into_iter().map(|(size, format)| size * numerics.weight_bytes(format)).sum())
}

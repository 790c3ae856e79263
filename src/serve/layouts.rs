//! Which layouts a pool of chips can take, and which of them suits a role when the scenario leaves the choice open.

use super::flags::Flags;
use super::refusal::Refusal;
use super::replica::{Replica, does_not_fit};
use crate::catalog::model::Model;
use crate::catalog::{Chip, Engine};
use crate::machine::{Constants, SramRow, WeightHome};
use crate::pass::{Numerics, Portion};
use crate::scenario::{ExpertParallel, Layout, Pool, Role};
use crate::units::{Bytes, Seconds, Tokens};

/// What a layout must carry.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Role of the pool.
    pub role: Role,
    /// Whether the pool reads prompts.
    pub prefills: bool,
    /// Whether it takes part in writing answers.
    pub decodes: bool,
    /// New tokens of a prompt.
    pub new: Tokens,
    /// Cached tokens before them.
    pub past: Tokens,
    /// Mean cache of a sequence in decode.
    pub context: Tokens,
    /// Longest cache of a sequence.
    pub longest: Tokens,
    /// Output tokens after the first.
    pub tokens: f64,
    /// Users over the pool at most.
    pub users: f64,
    /// Whether these users wait for each answer, rather than coming at a rate of their own.
    pub closed: bool,
    /// Longest acceptable time for a prompt.
    pub ttft: Option<Seconds>,
    /// Longest acceptable time per token.
    pub tpot: Option<Seconds>,
}

/// What a layout is chosen for: the same for all candidates.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a, 'b> {
    /// The fitted constants.
    pub tables: &'a Constants,
    /// The model.
    pub model: &'a Model,
    /// The chip of the pool.
    pub chip: &'b Chip,
    /// The serving software.
    pub engine: Engine,
    /// The formats in force.
    pub numerics: Numerics,
    /// The command line in force.
    pub flags: Flags,
    /// The part of each layer that the pool computes.
    pub portion: Portion,
    /// What is asked about the experts.
    pub experts: ExpertParallel,
    /// Share of its clock that the power cap leaves the chip.
    pub clock: f64,
}

impl<'a> Setting<'a, '_> {
    fn replica(&self, layout: Layout) -> Result<Replica<'a>, Refusal> {
        let whole = Replica::new(
            self.tables,
            self.model,
            self.chip,
            self.engine,
            self.numerics,
            (layout, self.flags),
        )?
        .with_experts(self.experts)
        .at_clock(self.clock);
        Ok(if self.portion == Portion::Whole { whole } else { whole.only(self.portion) })
    }

    /// The constants of a chip that streams weights through stages; none where kernel laws apply.
    fn stages(&self) -> Option<&'a SramRow> {
        self.tables.sram(self.chip)
    }

    /// A replica in each of the layouts to choose from on so many chips. Kernels are the same in all of them, and are found once.
    fn replicas(&self, chips: u32) -> impl Iterator<Item = Result<(Layout, Replica<'a>), Refusal>> {
        let mut first: Option<Replica<'a>> = None;
        self.candidates(chips).into_iter().map(move |layout| {
            let replica = match first.as_ref().and_then(|own| own.in_layout(layout)) {
                Some(replica) => replica,
                None => self.replica(layout)?,
            };
            first.get_or_insert_with(|| replica.clone());
            Ok((layout, replica))
        })
    }

    /// The layouts to choose from on so many chips.
    fn candidates(&self, chips: u32) -> Vec<Layout> {
        match self.stages() {
            Some(row) => together(row.wide.min(chips)),
            None => candidates(self.model, self.chip, chips),
        }
    }
}

/// Micro-batches that a pool of feed-forward layers keeps on stages of their own.
const GROUPS: f64 = 4.0;

/// A pool with its layout settled.
#[derive(Clone, Debug)]
pub struct Settled<'a> {
    /// One of its replicas.
    pub replica: Replica<'a>,
    /// Copies of the model.
    pub replicas: u32,
    /// Whether the layout was chosen here.
    pub chosen: bool,
}

/// All layouts worth trying on so many chips, smallest replica first. Degrees are powers of two; a replica larger than
/// the scale-up domain becomes a pipeline over domains, or data-parallel attention with experts over all of its chips.
#[must_use]
pub fn candidates(model: &Model, chip: &Chip, chips: u32) -> Vec<Layout> {
    let domain = chip.scale_up.map_or(1, |up| up.domain).max(1);
    let heads = model.attention_heads();
    let experts = model.has_moe();
    let mut layouts = Vec::new();
    let mut size = 1;
    while size <= chips {
        let (wide, stages) = if size <= domain { (size, 1) } else { split(size, domain) };
        if stages <= model.layers.max(1) {
            let tp = Layout { tp: wide, pp: stages, etp: wide, ..Layout::SINGLE };
            if wide <= heads {
                layouts.push(tp);
                if experts && wide > 1 {
                    layouts.push(Layout { etp: 1, ep: wide, ..tp });
                }
            }
            if experts && wide > 1 {
                layouts.push(Layout { dp: wide, ep: wide, pp: stages, ..Layout::SINGLE });
            }
            if experts && stages > 1 && chip.scale_out.is_some() {
                layouts.push(Layout { dp: size, ep: size, ..Layout::SINGLE });
            }
        }
        let Some(next) = size.checked_mul(2) else { break };
        size = next;
    }
    layouts
}

/// Replicas whose chips read every layer together: powers of two, and as many as may.
pub(super) fn together(most: u32) -> Vec<Layout> {
    let powers = (0..u32::BITS).map(|power| 1 << power).take_while(|&size| size < most);
    powers.chain([most.max(1)]).map(|size| Layout { tp: size, etp: size, ..Layout::SINGLE }).collect()
}

/// The largest power of two inside the domain, and the stages that make up the rest.
fn split(size: u32, domain: u32) -> (u32, u32) {
    let mut wide = 1;
    while wide * 2 <= domain {
        wide *= 2;
    }
    (wide, size.div_ceil(wide))
}

/// Settles the layout of a pool: the one it states, or the best of the candidates for its role.
///
/// # Errors
/// A layout that cannot be, too few chips, or a model that does not fit.
pub fn settle<'a>(setting: &Setting<'a, '_>, pool: &Pool, demand: &Demand) -> Result<Settled<'a>, Refusal> {
    if let Some(layout) = pool.layout {
        return stated(setting, pool, layout, demand);
    }
    if let Some(row) = setting.stages().filter(|row| row.weights == WeightHome::Sram) {
        return pipeline(setting, row, pool, demand);
    }
    let mut best: Option<(Score, Settled<'a>)> = None;
    let mut smallest_need: Option<(Bytes, Bytes)> = None;
    for found in setting.replicas(pool.chips) {
        let (layout, replica) = found?;
        let replicas = pool.chips / layout.chips().max(1);
        if replica.sequences_that_fit(demand.longest) < 1.0 {
            smallest_need = Some(replica.need(demand.longest));
            continue;
        }
        let score = score(&replica, f64::from(replicas), demand);
        if best.as_ref().is_none_or(|(own, _)| score.beats(own)) {
            best = Some((score, Settled { replica, replicas, chosen: true }));
        }
    }
    match (best, smallest_need) {
        (Some((_, settled)), _) => Ok(settled),
        (None, Some((has, needs))) => {
            let enough = fitting(setting, demand.longest);
            let more = enough.map(|chips| chips.saturating_sub(pool.chips));
            Err(does_not_fit(demand.role, setting.chip, has, needs, more))
        }
        (None, None) => Err(Refusal::TooFewChips { role: demand.role, needs: 1, has: pool.chips }),
    }
}

fn stated<'a>(
    setting: &Setting<'a, '_>,
    pool: &Pool,
    layout: Layout,
    demand: &Demand,
) -> Result<Settled<'a>, Refusal> {
    if let Some(reason) = impossible(setting, layout) {
        return Err(Refusal::BadLayout { role: demand.role, layout, reason });
    }
    let needs = layout.chips();
    if needs > pool.chips {
        return Err(Refusal::TooFewChips { role: demand.role, needs, has: pool.chips });
    }
    let replica = setting.replica(layout)?;
    if replica.sequences_that_fit(demand.longest) < 1.0 {
        let (has, need) = replica.need(demand.longest);
        let more = match replica.pipeline() {
            Some(own) => Some(own.chips_for(1.0, demand.longest)),
            None => fitting(setting, demand.longest).map(f64::from),
        };
        // A stated layout may hold less than the pool: what counts is the chips of one replica.
        let more = more.map(|chips| to_count(chips).saturating_sub(needs)).filter(|&more| more > 0);
        return Err(does_not_fit(demand.role, setting.chip, has, need, more));
    }
    Ok(Settled { replica, replicas: pool.chips / needs.max(1), chosen: false })
}

/// Why a layout cannot be on a chip.
fn impossible(setting: &Setting<'_, '_>, layout: Layout) -> Option<String> {
    let Layout { tp, pp, pcp, dcp, .. } = layout;
    // Chips that stream weights may share a layer out over several stages.
    if setting.stages().is_some() {
        let spread = layout.context() > 1;
        return spread.then(|| {
            format!(
                "shares contexts out, which chips that stream weights do not: leave out pcp{pcp} and dcp{dcp}"
            )
        });
    }
    if setting.portion == Portion::Ffn && layout.context() > 1 {
        return Some(format!(
            "shares contexts out, of which FFN layers have none: leave out pcp{pcp} and dcp{dcp}"
        ));
    }
    if pp > setting.model.layers {
        return Some("has more stages than the model has layers".to_owned());
    }
    if setting.model.has_moe() && !layout.matched() {
        let shared = if pcp > 1 { ", or to tp times dp times pcp" } else { "" };
        return Some(format!("needs etp times ep equal to tp times dp{shared}"));
    }
    let copies = setting.model.cache_copies(tp);
    if dcp <= copies && tp.is_multiple_of(dcp.max(1)) {
        return None;
    }
    let nearest = (1..=copies).filter(|&own| tp.is_multiple_of(own)).min_by_key(|own| own.abs_diff(dcp));
    Some(format!(
        "has dcp{dcp}; dcp divides tp{tp} and is at most the {copies} ranks that hold copies of the same KV cache: dcp{} is \
         nearest",
        nearest.unwrap_or(1)
    ))
}

/// An SRAM machine is one pipeline over all chips of the pool; what is left after weights and cache makes stages wider.
fn pipeline<'a>(
    setting: &Setting<'a, '_>,
    row: &SramRow,
    pool: &Pool,
    demand: &Demand,
) -> Result<Settled<'a>, Refusal> {
    let at = |tp: u32, pp: u32| Layout { tp, pp, etp: tp, ..Layout::SINGLE };
    let probe = setting.replica(at(1, pool.chips.max(1)))?;
    let needed = probe.pipeline().map_or(1.0, |own| own.chips_for(1.0, demand.longest));
    if needed > f64::from(pool.chips) {
        let (has, needs) = probe.need(demand.longest);
        let more = to_count(needed).saturating_sub(pool.chips);
        return Err(does_not_fit(demand.role, setting.chip, has, needs, Some(more)));
    }
    // Wider stages read faster; the pipeline keeps at least as many stages as users it can serve at once, and no chip
    // stays idle.
    let mut width = 1;
    // Feed-forward layers of their own serve groups of users that pass together: a few stages keep a few groups apart.
    let apart = if setting.portion == Portion::Ffn { GROUPS } else { f64::from(setting.model.layers) };
    while width * 2 <= row.wide
        && pool.chips.is_multiple_of(width * 2)
        && f64::from(pool.chips / (width * 2)) >= demand.users.min(apart)
    {
        width *= 2;
    }
    let layout = at(width, (pool.chips / width).max(1));
    let replica = setting.replica(layout)?;
    Ok(Settled { replica, replicas: 1, chosen: true })
}

/// The smallest number of chips on which the model fits in some candidate layout.
fn fitting(setting: &Setting<'_, '_>, longest: Tokens) -> Option<u32> {
    setting
        .replicas(4096)
        .flatten()
        .filter(|(_, replica)| replica.sequences_that_fit(longest) >= 1.0)
        .map(|(layout, _)| layout.chips())
        .min()
}

/// The share of the limit on TTFT that a prompt alone may take: the rest is for the queue.
const PROMPT: f64 = 0.7;

/// How well a layout serves its role: first whether it keeps all limits, then how much it serves; of those that miss one,
/// how many times its limit the worst takes.
#[derive(Clone, Copy, Debug)]
struct Score {
    keeps: bool,
    value: f64,
}

impl Score {
    fn beats(&self, other: &Self) -> bool {
        (self.keeps, self.value) > (other.keeps, other.value)
    }
}

fn score(replica: &Replica<'_>, replicas: f64, demand: &Demand) -> Score {
    let prefill = replica.prefill(demand.new, demand.past);
    let room = replica.whole(replica.sequences_that_fit(demand.context));
    let batch = (demand.users / replicas).min(room).max(1e-3);
    let step = replica.decode_step(batch, demand.context);
    // How many times its limit a time takes; what has no limit is never over one.
    let over = |time: Seconds, limit: Option<Seconds>| limit.map_or(0.0, |limit| time / limit);
    let (prompt_over, step_over) =
        (over(prefill.latency, demand.ttft.map(|limit| limit * PROMPT)), over(step, demand.tpot));
    let by_limit = |over: f64, serves: f64| {
        if over <= 1.0 { Score { keeps: true, value: serves } } else { Score { keeps: false, value: -over } }
    };
    let prefill_rate = replicas / prefill.least().get();
    let decode_rate = replicas * batch / (demand.tokens * step.get());
    match (demand.prefills, demand.decodes) {
        (true, false) => by_limit(prompt_over, prefill_rate),
        (false, _) => by_limit(step_over, decode_rate),
        (true, true) => {
            let both = 1.0 / (1.0 / prefill_rate + 1.0 / decode_rate);
            let worst = prompt_over.max(step_over);
            // Requests that come at a rate must be carried before anything else, which a layout with short prompts may not
            // do: there the one with the shortest step is chosen, as long as nothing here knows the rate.
            if worst > 1.0 && !demand.closed {
                Score { keeps: false, value: -step.get() }
            } else {
                by_limit(worst, both)
            }
        }
    }
}

/// A count of chips from a computed number, which may be too large for any.
fn to_count(chips: f64) -> u32 {
    if chips.is_finite() && chips >= 0.0 { chips.ceil().min(f64::from(u32::MAX)) as u32 } else { u32::MAX }
}

//! Which layouts a pool of chips can take. Which of them it takes where the scenario leaves the choice open is in
//! [`super::choose`].

use super::flags::Flags;
use super::refusal::Refusal;
use super::replica::{Replica, does_not_fit};
use crate::catalog::model::Model;
use crate::catalog::{Chip, Engine};
use crate::machine::{Constants, SramRow, WeightHome};
use crate::pass::{Numerics, Portion};
use crate::scenario::{ExpertParallel, Layout, Pool, Role};
use crate::units::{Bytes, Tokens};

/// What every layout of a pool must hold.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Role of the pool.
    pub role: Role,
    /// Longest cache of a sequence.
    pub longest: Tokens,
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

    /// A replica in each of these layouts. Kernels are the same in all of them, and are found once; so are collectives where a
    /// layout has them in common with the one before.
    pub(super) fn replicas(
        &self,
        layouts: Vec<Layout>,
    ) -> impl Iterator<Item = Result<(Layout, Replica<'a>), Refusal>> {
        let mut last: Option<Replica<'a>> = None;
        layouts.into_iter().map(move |layout| {
            let replica = match last.as_ref().and_then(|own| own.in_layout(layout)) {
                Some(replica) => replica,
                None => self.replica(layout)?,
            };
            last = Some(replica.clone());
            Ok((layout, replica))
        })
    }

    /// The layouts to choose from on so many chips, for sequences up to so long.
    pub(super) fn candidates(&self, chips: u32, role: Role, longest: Tokens) -> Result<Vec<Layout>, Refusal> {
        Ok(match self.stages() {
            Some(row) if row.weights == WeightHome::Memory => together(row.wide, chips, self.model.layers),
            Some(row) => {
                let needed = self.needed(chips, longest)?.0;
                let mut layouts = pipelines(chips, row.wide);
                layouts.retain(|own| f64::from(own.chips()) >= needed);
                layouts
            }
            None => {
                let mut layouts = candidates(self.model, self.chip, chips);
                // Attention alone has no experts to spread.
                if self.portion == Portion::Attention {
                    let experts = self.model.has_moe();
                    layouts.retain(|own| !experts || own.etp == 1);
                }
                let contexts = self.contexts(&layouts, chips, role);
                layouts.extend(contexts);
                layouts
            }
        })
    }

    /// The same layouts with contexts shared out: in a pool that only reads prompts over copies inside a domain, in others over
    /// the ranks that else copy the KV cache.
    fn contexts(&self, layouts: &[Layout], chips: u32, role: Role) -> Vec<Layout> {
        let domain = self.chip.scale_up.map_or(1, |up| up.domain).max(1);
        let plain = layouts.iter().filter(|own| own.dp == 1 && own.pp == 1);
        if role == Role::Ffn || role == Role::Draft {
            return Vec::new();
        }
        if role == Role::Prefill {
            if !self.engine.spreads_prompts() {
                return Vec::new();
            }
            let copies = |own: &'_ &Layout| {
                let most = domain.min(chips) / own.chips().max(1);
                let own = **own;
                powers(most).skip(1).map(move |pcp| Layout { pcp, ..own })
            };
            return plain.flat_map(|own| copies(&own)).collect();
        }
        let shared = |own: &Layout| {
            let copies = self.model.cache_copies(own.tp);
            let dcp = powers(copies).filter(|&dcp| own.tp.is_multiple_of(dcp)).last()?;
            (dcp > 1).then_some(Layout { dcp, ..*own })
        };
        plain.filter(|_| self.engine.spreads_caches()).filter_map(shared).collect()
    }

    /// Chips that a pipeline takes for one sequence, and a replica of so many to say what it lacks.
    fn needed(&self, chips: u32, longest: Tokens) -> Result<(f64, Replica<'a>), Refusal> {
        let probe = self.replica(Layout { pp: chips.max(1), ..Layout::SINGLE })?;
        Ok((probe.pipeline().map_or(1.0, |own| own.chips_for(1.0, longest)), probe))
    }
}

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

/// Most tensor-parallel ranks that are tried beyond a scale-up domain.
const SLICES: u32 = 16;

/// Most pipeline stages that are tried with every other degree; beyond, only what holds a model that else finds no room.
const STAGES: u32 = 4;

/// All layouts worth trying on so many chips: tensor by data-parallel ranks, whole experts on each rank or slices of all, in up
/// to four stages. Degrees are powers of two; where they leave chips of the pool over, ranks of experts also take all, half or
/// a third of them.
#[must_use]
pub fn candidates(model: &Model, chip: &Chip, chips: u32) -> Vec<Layout> {
    let domain = chip.scale_up.map_or(1, |up| up.domain).max(1);
    let widest = domain.max(SLICES).min(model.attention_heads().max(1));
    let experts = model.has_moe();
    let mut layouts = Vec::new();
    let few = (1..=STAGES).map(|pp| (pp, true));
    let many = powers(model.layers).skip_while(|&pp| pp <= STAGES).map(|pp| (pp, false));
    for (pp, free) in few.chain(many).filter(|own| own.0 <= model.layers.max(1)) {
        for tp in powers(widest.min(chips / pp)) {
            // A pipeline of many stages is there for the room, and takes the widest ranks that fit in a domain.
            if !free && (tp > domain || tp * 2 <= domain.min(widest)) {
                continue;
            }
            let most = chips / pp / tp;
            for dp in ranks(if free { most } else { most.min(1) }, experts) {
                let own = Layout { tp, pp, dp, etp: tp, ep: dp, ..Layout::SINGLE };
                let all = tp * dp;
                if !experts || all == 1 {
                    layouts.push(own);
                } else {
                    layouts.push(Layout { etp: all, ep: 1, ..own });
                    layouts.push(Layout { etp: 1, ep: all, ..own });
                }
            }
        }
    }
    layouts
}

/// Powers of two up to a number.
fn powers(most: u32) -> impl Iterator<Item = u32> {
    (0..u32::BITS).map(|power| 1 << power).take_while(move |&size| size <= most)
}

/// Numbers of data-parallel ranks on so many places.
fn ranks(most: u32, experts: bool) -> Vec<u32> {
    let mut ranks: Vec<u32> = powers(most).collect();
    if experts {
        let whole = [most / 3, most / 2, most].into_iter().filter(|&own| own > 2 && !own.is_power_of_two());
        ranks.extend(whole);
    }
    ranks
}

/// Replicas whose chips read every layer together, so many at most: powers of two, and as many as may, in up to four stages or in as
/// many as there are chips for.
fn together(wide: u32, chips: u32, layers: u32) -> Vec<Layout> {
    let most = wide.min(chips).max(1);
    let sizes = powers(most.saturating_sub(1)).chain([most]);
    let stages = |size: u32| {
        let all = (chips / size).clamp(1, layers.max(1));
        let stages = (1..=STAGES.min(all)).chain((all > STAGES).then_some(all));
        stages.map(move |pp| Layout { tp: size, pp, etp: size, ..Layout::SINGLE })
    };
    sizes.flat_map(stages).collect()
}

/// Pipelines whose chips keep the weights in SRAM: sizes up to all chips, widths that divide them.
fn pipelines(chips: u32, wide: u32) -> Vec<Layout> {
    let mut layouts = Vec::new();
    let sizes = powers(chips.saturating_sub(1)).flat_map(|size| [size, size.saturating_add(size / 2)]);
    for size in sizes.chain([chips]) {
        let size = size.min(chips).max(1);
        for width in powers(wide.min(size)) {
            let layout = Layout { tp: width, pp: size / width, etp: width, ..Layout::SINGLE };
            if size.is_multiple_of(width) && !layouts.contains(&layout) {
                layouts.push(layout);
            }
        }
    }
    layouts
}

/// What a pool can be: the layout it states, or each of the candidates that holds the longest sequence.
///
/// # Errors
/// A layout that cannot be, too few chips, or a model that does not fit.
pub fn options<'a>(
    setting: &Setting<'a, '_>,
    pool: &Pool,
    demand: &Demand,
) -> Result<Vec<Settled<'a>>, Refusal> {
    if let Some(layout) = pool.layout {
        return Ok(vec![stated(setting, pool, layout, demand)?]);
    }
    let mut options = Vec::new();
    let mut most_room: Option<(Bytes, Bytes)> = None;
    for found in setting.replicas(setting.candidates(pool.chips, demand.role, demand.longest)?) {
        let (layout, replica) = found?;
        let replicas = pool.chips / layout.chips().max(1);
        if replica.sequences_that_fit(demand.longest) < 1.0 {
            // What the largest replica lacks says most.
            let own = replica.need(demand.longest);
            if most_room.is_none_or(|(has, _)| own.0 >= has) {
                most_room = Some(own);
            }
        } else {
            // Beside another pool it is asked the same in each pairing.
            let paired = demand.role != Role::Colocated;
            let replica = if paired { replica.remembering() } else { replica };
            options.push(Settled { replica, replicas, chosen: true });
        }
    }
    if !options.is_empty() {
        return Ok(options);
    }
    let refused = |(has, needs), more| Err(does_not_fit(demand.role, setting.chip, has, needs, more));
    if setting.stages().is_some_and(|row| row.weights == WeightHome::Sram) {
        let (needed, probe) = setting.needed(pool.chips, demand.longest)?;
        let more = to_count(needed).saturating_sub(pool.chips);
        return refused(probe.need(demand.longest), Some(more));
    }
    let Some(need) = most_room else {
        return Err(Refusal::TooFewChips { role: demand.role, needs: 1, has: pool.chips });
    };
    refused(need, fitting(setting, demand).map(|chips| chips.saturating_sub(pool.chips)))
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
            None => fitting(setting, demand).map(f64::from),
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
    if let Some(row) = setting.stages() {
        let wide = row.wide.max(1);
        if tp > wide {
            return Some(format!(
                "has tp{tp}; of these chips at most {wide} read one layer together: tp{wide} with more stages is nearest"
            ));
        }
        // Nor do copies of attention share one set of experts.
        let dp = layout.dp;
        if dp > 1 {
            return Some(format!(
                "has dp{dp}; these chips make pipelines of tp times pp chips: leave it out, further replicas stand beside the first"
            ));
        }
        if setting.model.has_moe() && !layout.matched() {
            return Some("needs etp times ep equal to tp: more stages spread experts out".to_owned());
        }
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

/// The smallest number of chips on which the model fits in some candidate layout.
fn fitting(setting: &Setting<'_, '_>, demand: &Demand) -> Option<u32> {
    let mut layouts = setting.candidates(MOST, demand.role, demand.longest).ok()?;
    layouts.sort_by_key(Layout::chips);
    setting
        .replicas(layouts)
        .flatten()
        .find(|(_, replica)| replica.sequences_that_fit(demand.longest) >= 1.0)
        .map(|(layout, _)| layout.chips())
}

/// Chips up to which a place for the model is looked for.
const MOST: u32 = 4096;

/// A count of chips from a computed number, which may be too large for any.
fn to_count(chips: f64) -> u32 {
    if chips.is_finite() && chips >= 0.0 { chips.ceil().min(f64::from(u32::MAX)) as u32 } else { u32::MAX }
}

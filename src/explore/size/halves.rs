//! Splits of decode: attention and FFN layers, or draft and verify, on pools of their own. Their layouts are the tool's
//! choice; what it chose is written down, and the pools then shrink to what they need.
//!
//! Such a split is worth a line where it costs less than the same chips without it, so a search starts from just below what
//! those cost, and is over soon where nothing holds there.

use super::ask::Ask;
use super::plan::{Part, Plan};
use super::stations::MOST_CHIPS;
use crate::explore::shape;
use crate::scenario::{Pool, SplitKind};
use crate::serve::Steady;

/// The splits that are tried.
pub(super) const KINDS: [SplitKind; 4] =
    [SplitKind::Afd, SplitKind::Draft, SplitKind::PdAfd, SplitKind::PdDraft];

/// Kinds of chips, cheapest alone first, that others are put beside.
pub(super) const MAINS: usize = 2;

/// Shares of the chips of decode that the second pool gets: FFN layers, or the draft model.
const SHARES: [f64; 4] = [0.5, 0.25, 0.75, 0.125];

/// Shares of what such a deployment may cost at which it is laid out: with more chips the tool may choose layouts that keep
/// the service level less well.
const SCALES: [f64; 2] = [1.0, 0.6];

/// Units of a machine without a price that are tried beside priced chips.
const MACHINES: [u32; 4] = [1, 2, 4, 16];

/// Times over its limits from which a first try ends the search.
const HOPELESS: f64 = 2.0;

/// A split of decode on one kind of chip that is worth less than `below`; with prefill as it stands in `prefill`.
pub(super) fn on_one(
    ask: &Ask,
    kind: SplitKind,
    prefill: Option<&Part>,
    id: &str,
    below: f64,
) -> Option<Plan> {
    let unit = ask.unit(id);
    let each = ask.price(id).unwrap_or(1.0);
    let all = if below.is_finite() { chips_below(below, each, unit) } else { None }?;
    let before = prefill.map_or(0, |own| own.chips(own.replicas));
    let rest = all.checked_sub(before).filter(|own| *own >= 2)?;
    let mut sizes = Vec::new();
    for (scale, share) in scaled() {
        let some = ((f64::from(rest) * scale) as u32).max(2);
        let second = ((f64::from(some) * share) as u32).clamp(1, some - 1);
        if !sizes.contains(&(some - second, second)) {
            sizes.push((some - second, second));
        }
    }
    cheapest(ask, kind, prefill, (id, id), &sizes, below)
}

/// The same on two kinds: attention or verify on the first, FFN or draft on the second.
pub(super) fn on_two(
    ask: &Ask,
    kind: SplitKind,
    prefill: Option<&Part>,
    (main, second): (&str, &str),
    below: f64,
) -> Option<Plan> {
    let before = prefill.map_or(0, |own| own.chips(own.replicas));
    let (each, other) = (ask.price(main)?, ask.price(second)?);
    let unit = (ask.unit(main), ask.unit(second));
    let mut sizes = Vec::new();
    for (scale, share) in scaled() {
        let Some(seconds) = chips_below(below * scale * share, other, unit.1) else { continue };
        let left = below * scale - f64::from(seconds) * other;
        let Some(mains) = chips_below(left, each, unit.0).and_then(|own| own.checked_sub(before)) else {
            continue;
        };
        if mains > 0 && !sizes.contains(&(mains, seconds)) {
            sizes.push((mains, seconds));
        }
    }
    cheapest(ask, kind, prefill, (main, second), &sizes, below)
}

/// Decode split between priced chips and a machine without a price, as few of it as may be, where the priced ones are worth
/// less than `below`. All that hold are handed out: which is best depends on what the rest is worth.
pub(super) fn beside(
    ask: &Ask,
    kind: SplitKind,
    prefill: Option<&Part>,
    (main, id): (&str, &str),
    below: f64,
) -> Vec<Plan> {
    let before = prefill.map_or(0, |own| own.chips(own.replicas));
    let Some(each) = ask.price(main) else { return Vec::new() };
    let (unit, own) = (ask.unit(main), ask.unit(id));
    let mut plans = Vec::new();
    for units in MACHINES {
        for share in [0.6, 0.3] {
            let mains = chips_below(below * share, each, unit).and_then(|own| own.checked_sub(before));
            let Some(mains) = mains.filter(|own| *own > 0) else { continue };
            let size = (mains, units.saturating_mul(own));
            let Some((plan, steady)) = laid_out(ask, kind, prefill, (main, id), size) else { continue };
            if ask.missed(&steady).is_none() {
                let order: Vec<usize> = (0..plan.parts.len()).rev().collect();
                plans.push(ask.shrunk(plan, &order));
            } else if ask.pressure(&steady) > HOPELESS {
                break;
            }
        }
        if !plans.is_empty() {
            break;
        }
    }
    plans
}

/// Each share at each scale.
fn scaled() -> impl Iterator<Item = (f64, f64)> {
    SCALES.into_iter().flat_map(|scale| SHARES.map(|share| (scale, share)))
}

/// The most chips that are worth less than so much, in units.
fn chips_below(worth: f64, each: f64, unit: u32) -> Option<u32> {
    let units = libm::ceil(worth / (each.max(1e-9) * f64::from(unit))) - 1.0;
    let chips = units.min(f64::from(MOST_CHIPS / unit.max(1))) * f64::from(unit);
    (chips >= 1.0).then_some(chips as u32)
}

/// The cheapest of these sizes, shrunk to what it needs.
fn cheapest(
    ask: &Ask,
    kind: SplitKind,
    prefill: Option<&Part>,
    chips: (&str, &str),
    sizes: &[(u32, u32)],
    below: f64,
) -> Option<Plan> {
    let mut best: Option<(f64, Plan)> = None;
    let mut near = false;
    for (tried, &size) in sizes.iter().enumerate() {
        let Some((plan, steady)) = laid_out(ask, kind, prefill, chips, size) else {
            continue;
        };
        if ask.missed(&steady).is_some() {
            // A smaller one is no better where none of the full size comes near.
            near |= ask.pressure(&steady) <= HOPELESS;
            if !near && (tried == 1 || tried + 1 >= SHARES.len()) {
                break;
            }
            continue;
        }
        let order: Vec<usize> = (0..plan.parts.len()).rev().collect();
        near = true;
        let plan = ask.packed(ask.shrunk(plan, &order));
        let worth = ask.worth(&ask.bought(&plan));
        if worth < best.as_ref().map_or(below, |own| own.0) {
            best = Some((worth, plan));
        }
    }
    best.map(|own| own.1)
}

/// So many chips of the main pool and of the second in the layouts that the tool chooses for them, and what they serve.
fn laid_out(
    ask: &Ask,
    kind: SplitKind,
    prefill: Option<&Part>,
    (main, second): (&str, &str),
    sizes: (u32, u32),
) -> Option<(Plan, Steady)> {
    let open = (Pool::new(main, sizes.0), Pool::new(second, sizes.1));
    // A drafter comes before the pool that checks.
    let decode = if kind.has_draft() { vec![open.1, open.0] } else { vec![open.0, open.1] };
    let mut pools: Vec<Pool> =
        prefill.map(|own| shape::pool(&own.chip, own.chips(own.replicas), own.layout)).into_iter().collect();
    pools.extend(decode);
    let split = shape::split(kind, pools)?;
    let steady = ask.served(split.clone())?;
    let parts = split.pools().into_iter().map(|(role, pool)| {
        let state = steady.pools.iter().find(|own| own.role == role)?;
        Some(Part { chip: pool.chip.clone(), layout: state.layout, replicas: state.replicas })
    });
    let plan = Plan { kind, parts: parts.collect::<Option<Vec<Part>>>()? };
    Some((plan, steady))
}

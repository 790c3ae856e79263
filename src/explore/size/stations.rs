//! How few replicas carry the load: estimated from what one replica does ([`crate::serve::survey`]), then served in full.

use super::answer::Unfit;
use super::ask::{Ask, mean};
use super::plan::{Part, Plan, smallest};
use crate::explore::objective::Miss;
use crate::scenario::{Limit, Load, Role, Scenario, SplitKind};
use crate::serve::survey::Offer;
use crate::serve::{Steady, serve};
use crate::units::Seconds;

/// Most chips of a pool that sizing tries.
pub(super) const MOST_CHIPS: u32 = 4096;

/// Layouts that are compared where they cost the same.
const TIES: usize = 3;

/// Share of its time that a prefill replica may be busy before its queue is felt: where a search starts.
const BUSY: f64 = 0.85;

/// Mean time to first token over the limit of a high percentile, where a search starts.
const TAIL: f64 = 0.6;

/// The same of the time per token.
const STEADY: f64 = 0.9;

/// Times that a plan grows before it is given up.
const GROWTHS: usize = 24;

/// A layout of a chip in one role with the number of replicas that the load seems to take.
#[derive(Clone, Debug)]
pub(super) struct Stationed {
    pub(super) chip: usize,
    pub(super) part: Part,
    /// What all of them are worth.
    pub(super) worth: f64,
}

/// A number of replicas, at least one; `None` where no whole number is meant.
fn to_count(replicas: f64) -> Option<u32> {
    (replicas.is_finite() && replicas <= f64::from(MOST_CHIPS)).then(|| replicas.ceil().max(1.0) as u32)
}

impl Ask {
    /// Replicas that the load seems to take where they prefill and decode.
    fn together(&self, offer: &Offer) -> Option<u32> {
        let slo = &self.scenario.slo;
        let most = offer
            .points
            .iter()
            .filter_map(|at| offer.colocated(at, 1.0))
            .filter(|own| slo.tpot.is_none_or(|limit| own.tpot <= mean(limit, STEADY).get()))
            .filter(|own| slo.ttft.is_none_or(|limit| own.ttft <= mean(limit, TAIL).get()))
            .map(|own| match self.peak.load {
                Load::Open { .. } => own.rate,
                Load::Closed { .. } => own.users + own.rate * self.scenario.pause().get(),
            })
            .fold(0.0, f64::max);
        let load = match self.peak.load {
            Load::Open { rate, .. } => rate.get(),
            Load::Closed { concurrency } => concurrency,
        };
        to_count(load / most)
    }

    /// Decode replicas that the load takes on an offer, and the rate they are made for.
    pub(super) fn decodes(&self, offer: &Offer) -> Option<(u32, f64)> {
        let limit = self.scenario.slo.tpot;
        let keeps = |tpot: Seconds| limit.is_none_or(|limit| tpot <= mean(limit, STEADY));
        let at = offer.points.iter().rev().find(|at| keeps(at.tpot))?;
        let rate = self.rate(at.tpot);
        Some((to_count(rate / at.rate)?, rate))
    }

    fn prefills(&self, offer: &Offer, rate: f64) -> Option<u32> {
        if !self.may_keep(offer) {
            return None;
        }
        to_count(rate / (BUSY * offer.prompts()))
    }

    /// An offer in one role with the replicas that the load seems to take; `None` where it takes too many.
    pub(super) fn stationed(
        &self,
        (chip, id): (usize, &str),
        offer: &Offer,
        role: Role,
        rate: f64,
    ) -> Option<Stationed> {
        let replicas = match role {
            Role::Prefill => self.prefills(offer, rate)?,
            _ => self.decodes(offer)?.0,
        };
        let chips = replicas.saturating_mul(offer.chips);
        let worth = f64::from(chips) * self.price(id).unwrap_or(1.0);
        let part = Part { chip: id.to_owned(), layout: offer.layout, replicas };
        (chips <= MOST_CHIPS).then_some(Stationed { chip, part, worth })
    }

    /// The pool of the fewest chips that does everything.
    pub(super) fn fewest(&self, id: &str, offers: &[Offer]) -> Option<Plan> {
        let unit = self.unit(id);
        let mut ranked: Vec<(u32, u32, &Offer)> = offers
            .iter()
            .filter(|own| self.may_keep(own))
            .map(|own| {
                let replicas = self.together(own).unwrap_or(MOST_CHIPS / own.chips.max(1)).max(1);
                (replicas.saturating_mul(own.chips.max(1)), replicas, own)
            })
            .collect();
        ranked.sort_by_key(|own| own.0);
        let chips = |plan: &Plan| self.bought(plan).iter().map(|own| own.chips).sum::<u32>();
        let mut best: Option<(u32, Plan)> = None;
        for &(_, guess, offer) in &ranked {
            let size = offer.chips.max(1);
            let plan = |replicas: u32| Plan::colocated(id, offer.layout, replicas);
            let most = match &best {
                Some((chips, _)) => (chips.saturating_sub(unit) / size).saturating_sub(self.spare),
                None => MOST_CHIPS / size,
            };
            // What seems to take twice as many as would be better is not better.
            let hopeless = best.is_some() && (guess / 2 > most || !self.holds(&plan(most)));
            if most == 0 || hopeless {
                continue;
            }
            if let Some(replicas) = smallest(guess, most, |replicas| self.holds(&plan(replicas))) {
                let plan = plan(replicas);
                best = Some((chips(&plan), plan));
            }
        }
        let (chips, plan) = best?;
        Some(self.easiest(id, chips, plan, ranked.into_iter().map(|own| own.2)))
    }

    /// Of layouts on as many chips the one that is farthest from its limits.
    fn easiest<'a>(&self, id: &str, chips: u32, plan: Plan, offers: impl Iterator<Item = &'a Offer>) -> Plan {
        let all = |size: u32| (chips / size.max(1)).saturating_sub(self.spare);
        let pressed = |plan: &Plan| {
            let steady = self.at_peak(plan)?;
            self.missed(&steady).is_none().then(|| self.pressure(&steady))
        };
        let own = plan.parts.first().map(|own| own.layout);
        let whole = own.map(|own| Plan::colocated(id, own, all(own.chips())));
        let mut best = (whole.as_ref().and_then(pressed).unwrap_or(f64::INFINITY), plan);
        for offer in offers.filter(|offer| Some(offer.layout) != own && all(offer.chips) > 0).take(TIES) {
            let other = Plan::colocated(id, offer.layout, all(offer.chips));
            if let Some(pressure) = pressed(&other).filter(|pressure| *pressure < best.0) {
                best = (pressure, other);
            }
        }
        best.1
    }

    /// From a guess of replicas up to a plan that keeps the service level, and down until no pool can lose one; pools shrink
    /// in this order.
    pub(super) fn tightest(&self, start: &Plan, order: [usize; 2]) -> Option<Plan> {
        let plan = self.grown(start)?;
        let mut plan = self.shrunk(plan, &order);
        // Chips that come with those that are needed let the other pool be smaller.
        for at in [0, 1] {
            if let Some(full) = self.full(&plan, at) {
                plan = self.shrunk(full, &[1 - at]);
            }
        }
        Some(self.packed(plan))
    }

    /// Grows pools until they keep the service level, each time the one that keeps it from doing so.
    fn grown(&self, start: &Plan) -> Option<Plan> {
        let mut plan = start.clone();
        let mut run = 0;
        for _ in 0..GROWTHS {
            let steady = self.at_peak(&plan)?;
            let Some(missed) = self.missed(&steady) else { return Some(plan) };
            let busy = |index: usize| steady.pools.get(index).map_or(0.0, |own| own.utilisation);
            let slow = usize::from(missed == Miss::Tpot || busy(1) > busy(0));
            let part = plan.parts.get_mut(slow)?;
            run += 1;
            part.replicas =
                part.replicas.saturating_add((part.replicas / 8).max(1).saturating_mul(1 + run / 4));
            if part.chips(part.replicas) > MOST_CHIPS {
                return None;
            }
        }
        None
    }

    /// The plan with as few replicas in each of these pools as keep the service level, one pool after another.
    pub(super) fn shrunk(&self, mut plan: Plan, order: &[usize]) -> Plan {
        for &at in order {
            let Some(now) = plan.parts.get(at).map(|own| own.replicas) else { continue };
            if now <= 1 {
                continue;
            }
            let with = |replicas: u32| {
                let mut own = plan.clone();
                own.parts[at].replicas = replicas;
                own
            };
            // It holds as it is: what is sought is below.
            let found = smallest(now - (now / 8).max(1), now - 1, |replicas| self.holds(&with(replicas)));
            plan = with(found.unwrap_or(now));
        }
        plan
    }

    /// The plan with a pool that takes all of its kind that is paid for; `None` where it does already.
    fn full(&self, plan: &Plan, at: usize) -> Option<Plan> {
        let part = plan.parts.get(at)?;
        if plan.parts.iter().filter(|own| own.chip == part.chip).count() > 1 {
            return None;
        }
        let bought = self.bought(plan).iter().find(|own| own.chip == part.chip)?.chips;
        let replicas = (bought / part.layout.chips().max(1)).saturating_sub(self.spare);
        let mut own = plan.clone();
        own.parts[at].replicas = replicas;
        (replicas > part.replicas).then_some(own)
    }

    /// Two pools of one chip on as few chips together as may be, at the numbers in which one gets them.
    pub(super) fn packed(&self, mut plan: Plan) -> Plan {
        while let Some(fewer) = self.repacked(&plan) {
            plan = fewer;
        }
        plan
    }

    /// The same two pools on one unit less.
    fn repacked(&self, plan: &Plan) -> Option<Plan> {
        let [one, other] = &plan.parts[..] else { return None };
        if one.chip != other.chip {
            return None;
        }
        let bought = self.bought(plan);
        let only = bought.first()?;
        let all = only.chips.checked_sub(only.unit)?;
        let (size, rest) = (one.layout.chips().max(1), other.layout.chips().max(1));
        [-1_i64, 1, -2, 2, -3, 3].into_iter().find_map(|step| {
            let first = u32::try_from(i64::from(one.replicas) + step).ok().filter(|own| *own > 0)?;
            let left = all.checked_sub((first + self.spare).saturating_mul(size))?;
            let second = (left / rest).checked_sub(self.spare).filter(|own| *own > 0)?;
            // Fewer in both were tried before.
            let less = first <= one.replicas && second <= other.replicas;
            let own = plan.with(&[first, second]);
            (!less && self.holds(&own)).then_some(own)
        })
    }

    /// Prefill for decode, as they are stationed.
    pub(super) fn pair(&self, prefill: &Part, decode: &Part) -> Option<Plan> {
        let start = Plan { kind: SplitKind::Pd, parts: vec![prefill.clone(), decode.clone()] };
        let dear = |part: &Part| f64::from(part.layout.chips()) * self.price(&part.chip).unwrap_or(1.0);
        let order = if dear(prefill) > dear(decode) { [0, 1] } else { [1, 0] };
        self.tightest(&start, order)
    }
}

impl Ask {
    /// Why a chip carries the load in no number: what even one user feels, and what of it is too long.
    pub(super) fn too_slow(&self, id: &str, colocated: &[Offer], decode: &[Offer]) -> Unfit {
        if colocated.is_empty() && decode.is_empty() {
            return Unfit::NoRoom;
        }
        let slo = self.scenario.slo;
        let of = |limit: Option<Limit>| limit.and_then(|own| own.percentile);
        let late = |time: Seconds, limit: Option<Limit>| limit.is_some_and(|limit| time > limit.at);
        let prompt = |own: &&Offer| own.prefill.map_or(f64::INFINITY, |own| own.latency.get());
        let token = |own: &&Offer| own.points.first().map_or(f64::INFINITY, |own| own.step.get());
        let soonest = colocated.iter().min_by(|one, other| prompt(one).total_cmp(&prompt(other)));
        let fastest = colocated.iter().min_by(|one, other| token(one).total_cmp(&token(other)));
        let mut lone: Vec<Plan> = colocated.iter().map(|own| Plan::colocated(id, own.layout, 1)).collect();
        // Prefill in the one layout, decode in the other.
        lone.extend(soonest.zip(fastest).map(|(prefill, decode)| {
            let part = |own: &Offer| Part { chip: id.to_owned(), layout: own.layout, replicas: 1 };
            Plan { kind: SplitKind::Pd, parts: vec![part(prefill), part(decode)] }
        }));
        let felt: Vec<(Seconds, Seconds)> = lone
            .iter()
            .filter_map(|own| self.lone(own))
            .map(|own| (own.ttft_of(of(slo.ttft)), own.tpot_of(of(slo.tpot))))
            .collect();
        let least = |times: &mut dyn Iterator<Item = Seconds>| {
            Seconds::new(times.map(Seconds::get).fold(f64::INFINITY, f64::min))
        };
        let ttft = least(&mut felt.iter().map(|own| own.0));
        let tpot = least(&mut felt.iter().map(|own| own.1));
        if !ttft.is_finite() || !tpot.is_finite() {
            return Unfit::NoRoom;
        }
        if late(tpot, slo.tpot) {
            return Unfit::Tpot { best: tpot };
        }
        if late(ttft, slo.ttft) {
            return Unfit::Ttft { best: ttft };
        }
        if felt.iter().all(|own| late(own.0, slo.ttft) || late(own.1, slo.tpot)) {
            return Unfit::Both { ttft, tpot };
        }
        Unfit::TooMany { most: MOST_CHIPS }
    }

    /// One user on a plan.
    fn lone(&self, plan: &Plan) -> Option<Steady> {
        let split = plan.bare()?;
        let load = Load::Closed { concurrency: 1.0 };
        serve(&Scenario { split, load, ..self.scenario.clone() }, self.tables).ok()
    }
}

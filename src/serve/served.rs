//! From a balance that was found to what is reported of it, in the same way whether prompts are read apart or not.

use super::account::{Account, add, parts};
use super::binding::longest;
use super::deployment::Deployment;
use super::first_token::FirstToken;
use super::outcome::{
    Binding, Cause, Flow, Part, Phase, PoolState, Reason, Saturation, Steady, Transfer, Warning,
};
use super::station::Operating;
use super::tails::Tails;
use crate::pass::Op;
use crate::scenario::{Load, Role};
use crate::units::{Requests, RequestsPerSecond, Seconds};

/// A deployment in balance: what the colocated and the disaggregated forms find out each in their way.
#[derive(Clone, Debug)]
pub struct Served<'d, 'a> {
    /// What is served on.
    pub deployment: &'d Deployment<'a>,
    /// A decode replica at its number of sequences.
    pub operating: Operating,
    /// What the time to first token is made of.
    pub ttft: FirstToken,
    /// How times spread over requests.
    pub tails: Tails,
    /// Mean time to first token of a service that has run for long.
    pub settled: Seconds,
    /// Requests per second over the deployment.
    pub rate: f64,
    /// Most of them that it could serve.
    pub capacity: f64,
    /// Most of them that may arrive for good.
    pub wall: f64,
    /// Share of the work that prefill is in a colocated pool.
    pub prefill_share: f64,
    /// The operations of a prompt.
    pub prefill_ops: Vec<Op>,
    /// Where a decode step goes.
    pub account: Account,
    /// The pools, prefill first.
    pub pools: Vec<PoolState>,
    /// The KV transfer, where there is one.
    pub transfer: Option<Transfer>,
    /// All that flows between pools.
    pub flows: Vec<Flow>,
    /// What has no slack left, if anything.
    pub scarce: Option<Binding>,
    /// What is offered beyond the capacity, and what limits that where it is known.
    pub offered: Option<(RequestsPerSecond, Option<Binding>)>,
    /// What is unwise but possible.
    pub warnings: Vec<Warning>,
}

impl Served<'_, '_> {
    /// What is reported.
    #[must_use]
    pub fn steady(mut self) -> Steady {
        let Deployment { scenario, ref lengths, ref decode, .. } = *self.deployment;
        let (mut first, operating, rate) = (self.ttft, self.operating, self.rate);
        let steps = decode.steps_per_token(lengths.tokens);
        let mut tpot_parts = self.account.per_token(1.0 / steps);
        let between = operating.tpot - operating.step * steps;
        add(&mut tpot_parts, Cause::Interference, Binding::Interference, between);
        // What users see of an answer begins later, and ends with it.
        let (unseen, seen) = self.deployment.unseen();
        let late = operating.tpot * unseen;
        first.step += late;
        if unseen > 0.0 && unseen >= lengths.tokens {
            let flags = decode.holder.settled.replica.flags();
            self.warnings.push(Warning::OneMessage { tokens: flags.stream });
        }
        for part in &mut tpot_parts {
            part.time = part.time * seen;
        }
        let (ttft, tpot) = (first.total(), operating.tpot * seen);
        let ttft_parts = first.parts(&self.prefill_ops);
        let decoding = tpot * lengths.tokens;
        let phases = self.phases(&ttft_parts, &tpot_parts);
        let binding = self.scarce.unwrap_or_else(|| longest(&phases, ttft, decoding));
        let saturation = self.offered.map(|(offered, limit)| Saturation {
            offered,
            capacity: RequestsPerSecond::new(self.wall),
            binding: limit.unwrap_or(binding),
        });
        let in_flight = self.in_flight(&first, decoding);
        let mut steady = Steady {
            ttft,
            ttft_settled: self.settled + late,
            tpot,
            e2e: ttft + decoding,
            tails: self.tails.seen(late, operating.tpot, seen),
            ttft_parts,
            tpot_parts,
            rate: RequestsPerSecond::new(rate),
            capacity: RequestsPerSecond::new(self.capacity.max(rate)),
            wall: RequestsPerSecond::new(self.wall),
            in_flight,
            isl: lengths.isl,
            osl: lengths.osl,
            chips: scenario.split.chips(),
            prefill_share: self.prefill_share,
            pools: self.pools,
            transfer: self.transfer,
            flows: self.flows,
            binding,
            phases,
            saturation,
            warnings: self.warnings,
        };
        if saturation.is_some() {
            endless(&mut steady);
        }
        steady
    }

    /// Requests under way. Those in a queue that grows without end are no number.
    fn in_flight(&self, first: &FirstToken, decoding: Seconds) -> Requests {
        let Deployment { scenario, .. } = *self.deployment;
        let rate = self.rate;
        Requests::new(match scenario.load {
            Load::Closed { concurrency } => concurrency - rate * scenario.pause().get(),
            Load::Open { .. } => {
                let waits = if self.offered.is_some() { first.queue + first.room } else { Seconds::ZERO };
                rate * (first.total() - waits + decoding).get()
            }
        })
    }

    /// Why each phase takes its time, from the same parts as the latencies.
    fn phases(&self, ttft: &[Part], tpot: &[Part]) -> Vec<Phase> {
        let Account { ops, partner_ops, draft_ops, parts: step, .. } = &self.account;
        let prompt = parts(self.prefill_ops.iter(), self.ttft.prefill);
        let mut phases = vec![
            Phase::new(Role::Prefill, ttft, &[&self.prefill_ops], step),
            Phase::new(Role::Decode, tpot, &[ops, partner_ops, draft_ops], &prompt),
        ];
        let alone = |ops: &[Op]| parts(ops.iter(), ops.iter().map(Op::exposed).sum());
        let of = |is: &dyn Fn(Cause) -> bool| -> Vec<Part> {
            step.iter().copied().filter(|part| is(part.cause)).collect()
        };
        if !draft_ops.is_empty() {
            let drafting = of(&|cause| cause == Cause::Draft);
            phases.push(Phase::new(Role::Draft, &drafting, &[draft_ops], &[]));
        }
        if !partner_ops.is_empty() {
            phases.push(Phase::new(Role::Attention, &alone(ops), &[ops], &[]));
            phases.push(Phase::new(Role::Ffn, &alone(partner_ops), &[partner_ops], &[]));
        } else if !draft_ops.is_empty() {
            let checking = of(&|cause| !matches!(cause, Cause::Draft | Cause::Link));
            phases.push(Phase::new(Role::Verify, &checking, &[ops], &[]));
        }
        phases
    }
}

/// Of a queue that grows without end: no time to the first token, and nothing that it is made of.
fn endless(steady: &mut Steady) {
    let never = Seconds::new(f64::INFINITY);
    (steady.ttft, steady.ttft_settled, steady.e2e) = (never, never, never);
    steady.ttft_parts.clear();
    for phase in steady.phases.iter_mut().filter(|own| own.phase == Role::Prefill) {
        phase.time = never;
        phase.work = Some(phase.own());
        phase.reason = Reason { limit: Binding::Queue, share: 1.0, of_peak: None };
    }
}

//! From a balance that was found to what is reported of it, in the same way whether prompts are read apart or not.

use super::account::{Account, push};
use super::deployment::Deployment;
use super::first_token::FirstToken;
use super::outcome::{Binding, Cause, Flow, PoolState, Saturation, Steady, Transfer, Warning};
use super::station::Operating;
use crate::pass::Op;
use crate::scenario::Load;
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
    /// Mean time to first token of a service that has run for long.
    pub settled: Seconds,
    /// Requests per second over the deployment.
    pub rate: f64,
    /// Most of them that it could serve.
    pub capacity: f64,
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
    /// What limits the deployment.
    pub binding: Binding,
    /// What is offered beyond the capacity, what is served of it, and what limits that.
    pub saturation: Option<Saturation>,
    /// What is unwise but possible.
    pub warnings: Vec<Warning>,
}

impl Served<'_, '_> {
    /// What is reported.
    #[must_use]
    pub fn steady(self) -> Steady {
        let Deployment { scenario, ref lengths, ref decode, .. } = *self.deployment;
        let (ttft, operating, rate) = (self.ttft.total(), self.operating, self.rate);
        let tokens_per_step = decode.tokens_per_step();
        let mut tpot_parts = self.account.per_token(tokens_per_step);
        push(&mut tpot_parts, Cause::Interference, operating.tpot - operating.step / tokens_per_step);
        let e2e = ttft + operating.tpot * lengths.tokens;
        Steady {
            ttft,
            ttft_settled: self.settled,
            tpot: operating.tpot,
            e2e,
            ttft_parts: self.ttft.parts(&self.prefill_ops),
            tpot_parts,
            rate: RequestsPerSecond::new(rate),
            capacity: RequestsPerSecond::new(self.capacity.max(rate)),
            in_flight: Requests::new(match scenario.load {
                Load::Closed { concurrency } => concurrency - rate * scenario.pause().get(),
                Load::Open { .. } => rate * e2e.get(),
            }),
            isl: lengths.isl,
            osl: lengths.osl,
            chips: scenario.split.chips(),
            prefill_share: self.prefill_share,
            pools: self.pools,
            transfer: self.transfer,
            flows: self.flows,
            binding: self.binding,
            saturation: self.saturation,
            warnings: self.warnings,
        }
    }
}

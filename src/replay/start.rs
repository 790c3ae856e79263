//! From a deployment to an engine that replays it.

use std::sync::Arc;

use super::engine::{Common, Engine, State};
use super::id::ByPool;
use super::pool::PoolPlan;
use super::requests::{Pacing, Source};
use super::steps::{Room, Silicon, Steps};
use super::wire::Wire;
use crate::scenario::trace::Trace;
use crate::scenario::traffic::{Place, Preemption};
use crate::scenario::{Load, Role, Scenario};
use crate::serve::{Deployment, Half, Scheduler, Side, balanced, cache_bytes};
use crate::units::{BytesPerSecond, Tokens};

/// A replay of a deployment.
pub type Replay<'a> = Engine<Silicon<'a>>;

/// What is replayed.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Requests drawn as the scenario says.
    Scenario,
    /// Those of a trace.
    Trace(Arc<Trace>, Pacing),
}

impl Asked {
    /// Requests at the start to leave out of distributions: a replay begins with an empty service, which its users don't
    /// meet. A trace is taken as it is, a run that is asked for too, and sessions begin as if the service had run before.
    #[must_use]
    pub fn warm_up(&self, scenario: &Scenario, arrived: u32) -> u32 {
        match (self, scenario.load) {
            (Self::Scenario, Load::Open { .. }) => arrived / 20,
            (Self::Scenario, Load::Closed { concurrency }) if scenario.traffic.sessions.is_none() => {
                (libm::round(concurrency * 2.0).clamp(2.0, 1e9) as u32).min(arrived / 4)
            }
            _ => 0,
        }
    }
}

impl<'a> Replay<'a> {
    /// Sets up the replay of a deployment.
    ///
    /// ```
    /// use tandem::machine::constants;
    /// use tandem::scenario::link;
    /// use tandem::replay::{Asked, Replay};
    /// use tandem::serve::{Deployment, Models};
    ///
    /// let scenario = link::parse("v1&model=llama3-8b&rate=4&pool=h100-sxm*1:tp1&horizon=200req").scenario;
    /// let models = Models::of(&scenario)?;
    /// let deployment = Deployment::new(&scenario, constants(), &models)?;
    /// let mut engine = Replay::start(&deployment, &Asked::Scenario);
    /// let progress = engine.run(u64::MAX);
    /// assert!(progress.done);
    /// let counts = engine.result(scenario.slo, 0).counts;
    /// assert_eq!(counts.arrived, counts.finished);
    /// # Ok::<(), tandem::serve::Refusal>(())
    /// ```
    #[must_use]
    pub fn start(deployment: &Deployment<'a>, asked: &Asked) -> Self {
        let scenario = deployment.scenario;
        let rules = rules(&deployment.decode.holder);
        let source = match asked {
            Asked::Scenario => {
                let source = Source::from_scenario(scenario, rules.block)
                    .within(deployment.model.max_context, scenario);
                match deployment.decode.holder.settled.replica.flags().prompts {
                    // A run begins with all users at once.
                    Some(prompts) => source.run(prompts, scenario),
                    // Users of a service come one by one, as if it had run before.
                    None if source.users().is_some() => source.over(balanced(deployment).e2e),
                    None => source,
                }
            }
            Asked::Trace(trace, pacing) => {
                Source::from_trace(Arc::clone(trace), *pacing, scenario, rules.block)
            }
        };
        let typical = match asked {
            Asked::Scenario => {
                Typical { prompt: deployment.lengths.isl, context: deployment.lengths.context }
            }
            Asked::Trace(trace, _) => Typical::of(trace),
        };
        let block = source.block();
        let pool = |half: &Half<'a>, steps: &Silicon<'a>| plan(deployment, half, steps, typical, block);
        let flags = deployment.decode.holder.settled.replica.flags();
        let common = Common {
            overhead: deployment.decode.engine().request,
            unseen: flags.unseen(deployment.prefill.is_some(), f64::INFINITY),
            layers: deployment.model.layers,
        };
        let ByPool { prefill: prefill_steps, decode: decode_steps } = steps(deployment);
        let decode = pool(&deployment.decode, &decode_steps);
        match (&deployment.prefill, prefill_steps) {
            (Some((side, path)), Some(prefill_steps)) => {
                let prefill = pool(&Half::reader(side), &prefill_steps);
                let (each, total, latency) = path.bandwidths();
                let link = Wire::new(each, total, latency);
                Self::disaggregated(source, (prefill, prefill_steps), (decode, decode_steps), link, common)
            }
            _ => Self::colocated(source, decode, decode_steps, common),
        }
    }
}

/// A replay laid aside: all of it but the step times, which belong to a deployment. Whoever answers in slices keeps it
/// together with the scenario, and sets the deployment up again for each slice.
#[derive(Clone, Debug)]
pub struct Parked(State);

impl Replay<'_> {
    /// Lays the replay aside.
    #[must_use]
    pub fn park(self) -> Parked {
        Parked(self.state)
    }
}

impl Parked {
    /// Goes on where the replay was laid aside, on the deployment that it was started on.
    #[must_use]
    pub fn resume<'a>(self, deployment: &Deployment<'a>) -> Replay<'a> {
        Engine { state: self.0, steps: steps(deployment) }
    }
}

/// Step times of the pools of a deployment.
fn steps<'a>(deployment: &Deployment<'a>) -> ByPool<Silicon<'a>> {
    let silicon = |half: Half<'a>| {
        Silicon::new(half, |context| cache_bytes(deployment.model, deployment.numerics, context))
    };
    ByPool {
        prefill: deployment.prefill.as_ref().map(|(side, _)| silicon(Half::reader(side))),
        decode: silicon(deployment.decode.clone()),
    }
}

/// Lengths around which the room for cache is exact.
#[derive(Clone, Copy, Debug)]
struct Typical {
    prompt: Tokens,
    context: Tokens,
}

impl Typical {
    fn of(trace: &Trace) -> Self {
        let count = f64::from(trace.len().max(1));
        let (input, output) =
            trace.records().fold((Tokens::ZERO, Tokens::ZERO), |(input, output), record| {
                (input + record.input, output + record.output)
            });
        let prompt = (input / count).max(Tokens::new(1.0));
        Self { prompt, context: prompt + output / count / 2.0 }
    }
}

fn rules(side: &Side<'_>) -> Scheduler {
    let replica = &side.settled.replica;
    Scheduler::of(replica.engine().engine, replica.flags(), replica.ranks())
}

/// Decode steps that flags keep a prompt from being read, as the closed form has it.
fn held(deployment: &Deployment<'_>) -> f64 {
    let half = &deployment.decode;
    let replica = &half.holder.settled.replica;
    let users = match deployment.scenario.load {
        Load::Closed { concurrency } => concurrency / half.replicas(),
        Load::Open { rate, .. } => {
            let step = half.step(1.0, deployment.lengths.context) / half.tokens_per_step();
            rate.get() / half.replicas() * deployment.lengths.tokens * step.get()
        }
    };
    replica.flags().held(
        (users, if users > 1.0 { 1.0 } else { 0.0 }),
        replica.ranks(),
        deployment.lengths.tokens,
    )
}

fn plan<'a>(
    deployment: &Deployment<'a>,
    half: &Half<'a>,
    steps: &Silicon<'a>,
    typical: Typical,
    block: u32,
) -> PoolPlan {
    let scenario = deployment.scenario;
    let side: &Side<'a> = &half.holder;
    let replica = &side.settled.replica;
    let engine = *replica.engine();
    let swaps = scenario.traffic.preemption == Preemption::Swap;
    let rules = rules(side);
    // Each data-parallel rank takes as much.
    let budget = rules.budget * f64::from(replica.layout().dp.max(1));
    let mut scheduler = Scheduler { block, swaps, budget, ..rules };
    if replica.pipeline().is_some() {
        // Prompts stream through a pipeline one after another.
        scheduler.prompts = 1;
    }
    let at = if side.role == Role::Prefill { typical.prompt } else { typical.context };
    let room = Room::of(steps, at, deployment.lengths.longest);
    let held = if half.prefills && side.role != Role::Prefill { held(deployment) } else { 0.0 };
    let chips = f64::from(replica.layout().chips());
    let replicas = f64::from(side.settled.replicas.max(1));
    let per_token = steps.cache(at) / at.get().max(1.0);
    // Decode keeps no prefixes, but what gives way there may go to the host.
    let of_decode = |place: Place| swaps && place == Place::Dram;
    let tiers = scenario.traffic.tiers.iter().filter(|tier| half.prefills || of_decode(tier.place));
    let tiers = tiers.map(|tier| {
        let bytes = match tier.place {
            Place::Network => tier.capacity / replicas,
            Place::Hbm | Place::Dram | Place::Ssd => tier.capacity * chips,
        };
        let tokens = Tokens::new(bytes.get() / per_token.get().max(1e-9));
        (tier.place, tokens, BytesPerSecond::new(tier.bandwidth.get() * chips))
    });
    PoolPlan {
        role: side.role,
        tiers: tiers.collect(),
        replicas: side.settled.replicas.max(1),
        scheduler,
        room,
        interference: engine.interference,
        mixing: engine.mixing,
        held,
        routing: scenario.traffic.routing,
    }
}

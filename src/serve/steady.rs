//! Steady state of a deployment, with or without a pool of its own for prefill, in a closed or an open loop. How the decode
//! side is split does not matter here ([`super::half`]).
//!
//! The unknown is the number of sequences in decode per replica. From it follow step time, TPOT and rate
//! ([`super::station`]), from the rate the waits, and from both the users in flight, which rise with it; a closed loop
//! asks for as many as there are users, an open loop for the rate offered. What exceeds the room for KV cache or the
//! capacity waits, and saturation is said in words instead of latencies without meaning.

use super::deployment::Deployment;
use super::models::Models;
use super::outcome::{PoolState, Steady, Warning};
use super::outline::{Outline, Rival, Short};
use super::refusal::Refusal;
use super::scheduler::Scheduler;
use super::{capped, colocated, disaggregated};
use crate::catalog::{self, Engine, acceptance};
use crate::machine::Constants;
use crate::scenario::{Drafter, Layout, Load, Role, Scenario};

/// Serves a scenario.
///
/// # Errors
/// [`Refusal`] says why it can't be served and what to change.
pub fn serve(scenario: &Scenario, tables: &Constants) -> Result<Steady, Refusal> {
    if let Some(invalid) = scenario.check().first() {
        return Err(Refusal::Invalid { message: invalid.to_string() });
    }
    if let Some(fewer) = fewer(scenario) {
        return serve(&fewer, tables);
    }
    let models = Models::of(scenario)?;
    let deployment = Deployment::new(scenario, tables, &models)?;
    let mut steady = balanced(&deployment);
    let speculates = deployment.decode.draft.as_ref().is_some_and(|draft| draft.tokens > 0);
    if speculates || deployment.decode.partner.is_some() {
        steady.warnings.push(Warning::Unmeasured);
    }
    for pool in steady.pools.iter().filter(|pool| pool.role != Role::Prefill) {
        let row = scenario.chip(&pool.chip).and_then(|chip| tables.sram(chip));
        let said = Warning::UnstatedSpeculation { chip: pool.chip.clone(), twice: speculates };
        if row.is_some_and(|own| own.may_speculate) && !steady.warnings.contains(&said) {
            steady.warnings.push(said);
        }
    }
    if deployment.lengths.longest > models.model.max_context {
        steady.warnings.push(Warning::BeyondContext { max_context: models.model.max_context });
    }
    steady.warnings.extend(missing(scenario, tables));
    let unshared = unshared(scenario.engine, &steady.pools);
    steady.warnings.extend(unshared);
    steady.warnings.extend(capped::warnings(scenario, tables));
    Ok(steady)
}

/// The balance of a deployment, without what there is to say of the scenario beside it.
#[must_use]
pub fn balanced(deployment: &Deployment<'_>) -> Steady {
    match &deployment.prefill {
        None => colocated::serve(deployment),
        Some((reader, path)) => disaggregated::serve(deployment, reader, path),
    }
}

/// What users feel of the same balance; an error where that surely falls short of a rival.
pub fn outline(deployment: &Deployment<'_>, rival: Option<&Rival>) -> Result<Outline, Short> {
    match &deployment.prefill {
        None => colocated::outline(deployment, rival),
        Some((reader, path)) => disaggregated::outline(deployment, (reader, path), rival),
    }
}

/// A run of fewer requests than users leaves some of them nothing to ask.
fn fewer(scenario: &Scenario) -> Option<Scenario> {
    let (Load::Closed { concurrency }, Some(prompts)) = (scenario.load, scenario.flags.prompts) else {
        return None;
    };
    let prompts = f64::from(prompts);
    (prompts < concurrency)
        .then(|| Scenario { load: Load::Closed { concurrency: prompts }, ..scenario.clone() })
}

/// Ways to share contexts out that the layouts take and the engine does not know.
fn unshared(engine: Engine, pools: &[PoolState]) -> impl Iterator<Item = Warning> + use<> {
    let any = |degree: fn(&Layout) -> u32| pools.iter().any(|pool| degree(&pool.layout) > 1);
    let prompts = !engine.spreads_prompts() && any(|layout| layout.pcp);
    let caches = !engine.spreads_caches() && any(|layout| layout.dcp);
    let ways = [(true, prompts), (false, caches)].into_iter().filter(|(_, missing)| *missing);
    ways.map(move |(prompts, _)| Warning::NoContextParallel { engine, prompts })
}

/// What is asked for and does not exist: an engine without kernels for a chip, a head that nobody trained. SRAM machines come
/// with software of their own, and of a chip by its figures nobody knows the maker.
fn missing(scenario: &Scenario, tables: &Constants) -> Vec<Warning> {
    let mut missing: Vec<Warning> = Vec::new();
    let mut seen = Vec::new();
    for (_, pool) in scenario.split.pools() {
        let Some(chip) = catalog::chip(&pool.chip).filter(|chip| tables.sram(chip).is_none()) else {
            continue;
        };
        if seen.contains(&&*pool.chip) || Scheduler::runs_on(scenario.engine, &chip.vendor) {
            continue;
        }
        seen.push(&*pool.chip);
        let others =
            Engine::ALL.into_iter().filter(|engine| Scheduler::runs_on(*engine, &chip.vendor)).collect();
        missing.push(Warning::NoSuchEngine { chip: pool.chip.clone(), engine: scenario.engine, others });
    }
    let own_head = scenario.spec.as_ref().is_some_and(|own| own.drafter == Drafter::Mtp && own.tokens > 0);
    if own_head && catalog::model(&scenario.model).is_some() && !acceptance::has_head(&scenario.model) {
        missing.push(Warning::NoHead { model: scenario.model.clone() });
    }
    missing
}

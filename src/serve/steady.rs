//! Steady state of a deployment, with or without a pool of its own for prefill, in a closed or an open loop. How the decode
//! side is split does not matter here ([`super::half`]).
//!
//! The unknown is the number of sequences in decode per replica. From it follow step time, TPOT and rate
//! ([`super::station`]), from the rate the waits, and from both the users in flight, which rise with it; a closed loop
//! asks for as many as there are users, an open loop for the rate offered. What exceeds the room for KV cache or the
//! capacity waits, and saturation is said in words instead of latencies without meaning.

use super::deployment::Deployment;
use super::models::Models;
use super::outcome::{Steady, Warning};
use super::refusal::Refusal;
use super::{capped, colocated, disaggregated};
use crate::machine::Constants;
use crate::scenario::{Load, Role, Scenario};

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
    let mut steady = match &deployment.prefill {
        None => colocated::serve(&deployment),
        Some((reader, path)) => disaggregated::serve(&deployment, reader, path),
    };
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
    steady.warnings.extend(capped::warnings(scenario, tables));
    Ok(steady)
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

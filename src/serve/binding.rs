//! What limits a deployment as a whole: what has no slack left, else what limits the phase that takes most of a request's
//! time. Why each phase takes its time is said apart ([`super::phase`]).

use super::outcome::{Binding, Phase, Transfer};
use crate::scenario::Role;
use crate::units::Seconds;

/// The station that has no slack left, if any.
#[must_use]
pub(super) fn scarce_station(prefill: f64, decode: f64, transfer: &Transfer) -> Option<Binding> {
    let loads =
        [(prefill, Binding::Prefill), (decode, Binding::Decode), (transfer.utilisation, Binding::Link)];
    let (load, binding) =
        loads.into_iter().fold((0.0, Binding::Decode), |most, own| if own.0 > most.0 { own } else { most });
    (load > 0.9).then_some(binding)
}

/// What limits the phase that takes most of a request's time; `decode` is all of its tokens.
#[must_use]
pub(super) fn longest(phases: &[Phase], ttft: Seconds, decode: Seconds) -> Binding {
    let role = if ttft > decode { Role::Prefill } else { Role::Decode };
    match phases.iter().find(|own| own.phase == role).map(|own| own.reason.limit) {
        // Prompts that hold up the answers of others take more of the chips than there is.
        Some(Binding::Interference) => Binding::Prefill,
        Some(Binding::Steps) => Binding::Decode,
        Some(limit) => limit,
        None => Binding::LatencyFloor,
    }
}
